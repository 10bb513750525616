//! New text at some places of a statement, all else as the client sent it.
//!
//! A plan knows offsets of the text that it was made from; `Mapping` finds the same places in another text of the shape.

use crate::sql::shape::Literal;

/// `text` instead of the bytes `start..end`; with `start == end` it is inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Splice<T> {
    pub start: u32,
    pub end: u32,
    pub text: T,
}

/// Why splices cannot be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a splice at {start}..{end} overlaps the one before it or leaves the statement")]
pub struct SpliceError {
    pub start: u32,
    pub end: u32,
}

/// Appends `sql` with the splices applied to `out`. They must be in order and must not overlap; if they are not, `out`
/// is left as it was.
pub fn splice<T: AsRef<[u8]>>(
    sql: &[u8],
    splices: impl IntoIterator<Item = Splice<T>>,
    out: &mut Vec<u8>,
) -> Result<(), SpliceError> {
    let before = out.len();
    let mut copied = 0;
    for Splice { start, end, text } in splices {
        let kept = sql.get(copied..start as usize).filter(|_| start <= end && end as usize <= sql.len());
        let Some(kept) = kept else {
            out.truncate(before);
            return Err(SpliceError { start, end });
        };
        out.extend_from_slice(kept);
        out.extend_from_slice(text.as_ref());
        copied = end as usize;
    }
    out.extend_from_slice(&sql[copied..]);
    Ok(())
}

/// From offsets in one text to those in another of the same shape.
#[derive(Debug, Clone, Copy)]
pub struct Mapping<'a> {
    from: &'a [Literal],
    to: &'a [Literal],
}

impl<'a> Mapping<'a> {
    /// A mapping between texts with these literals; `None` if they cannot be of one shape.
    pub fn new(from: &'a [Literal], to: &'a [Literal]) -> Option<Self> {
        (from.len() == to.len()).then_some(Self { from, to })
    }

    /// The same place in the other text. A place inside of a literal maps to one inside of its counterpart.
    pub fn offset(&self, at: u32) -> u32 {
        let before = self.from.partition_point(|literal| literal.end <= at);
        let base = match before.checked_sub(1) {
            Some(last) => self.to[last].end + (at - self.from[last].end),
            None => at,
        };
        match self.from.get(before) {
            Some(literal) if literal.start < at => base.min(self.to[before].end),
            _ => base,
        }
    }

    /// The splice, whose text stays the same, at its place in the other text.
    pub fn splice<T>(&self, splice: Splice<T>) -> Splice<T> {
        Splice { start: self.offset(splice.start), end: self.offset(splice.end), text: splice.text }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sql::{Lexer, Mode, Shape};

    #[test]
    fn splices_are_applied_in_order() {
        let at = |start, end, text| Splice { start, end, text };
        let cases: [(&[Splice<&str>], Option<&str>); 8] = [
            (&[], Some("abcdef")),
            (&[at(0, 2, "X"), at(2, 3, ""), at(6, 6, "!")], Some("Xdef!")),
            (&[at(0, 0, "1"), at(0, 0, "2")], Some("12abcdef")),
            (&[at(0, 6, "")], Some("")),
            (&[at(3, 4, "X"), at(0, 1, "Y")], None),
            (&[at(0, 3, "X"), at(2, 4, "Y")], None),
            (&[at(4, 7, "X")], None),
            (&[at(2, 1, "X")], None),
        ];
        for (splices, expected) in cases {
            let mut out = b">".to_vec();
            let done = splice(b"abcdef", splices.iter().copied(), &mut out);
            assert_eq!(done.is_ok(), expected.is_some(), "{splices:?}");
            assert_eq!(out, format!(">{}", expected.unwrap_or("")).as_bytes(), "{splices:?}");
        }
    }

    #[test]
    fn places_move_with_the_literals_before_them() {
        let from = b"SELECT a, 1 /* c */ FROM t WHERE id = 5 LIMIT 3";
        let to = b"SELECT a, 12345 /**/ FROM t WHERE id = 1234 LIMIT 30";
        let (mut one, mut other) = (Shape::default(), Shape::default());
        one.read(from, Mode::default());
        other.read(to, Mode::default());
        let mapping = Mapping::new(one.literals(), other.literals()).unwrap();
        let place = |text: &[u8], word: &str| memchr::memmem::find(text, word.as_bytes()).unwrap() as u32;
        for word in ["SELECT", "FROM", " t", "WHERE", "LIMIT"] {
            assert_eq!(mapping.offset(place(from, word)), place(to, word), "{word}");
        }
        assert_eq!(mapping.offset(from.len() as u32), to.len() as u32);
    }

    proptest! {
        #[test]
        fn tokens_map_to_tokens(parts in proptest::collection::vec((" [a-z=,( ]{0,5} ", "[0-9]{1,8}", "[0-9]{1,8}"), 1..8)) {
            let one: String = parts.iter().map(|(raw, literal, _)| format!("{raw}{literal}")).collect();
            let other: String = parts.iter().map(|(raw, _, literal)| format!("{raw}{literal}")).collect();
            let (mut from, mut to) = (Shape::default(), Shape::default());
            from.read(one.as_bytes(), Mode::default());
            to.read(other.as_bytes(), Mode::default());
            prop_assert_eq!(from.key(), to.key());
            let mapping = Mapping::new(from.literals(), to.literals()).unwrap();
            let pairs = Lexer::new(one.as_bytes(), Mode::default()).zip(Lexer::new(other.as_bytes(), Mode::default()));
            for (token, image) in pairs {
                prop_assert_eq!(mapping.offset(token.start), image.start);
                prop_assert_eq!(mapping.offset(token.end), image.end);
            }
        }
    }
}
