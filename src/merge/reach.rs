//! How much of a text the servers sort by: `max_sort_length`.
//!
//! Of two texts that differ only behind that, neither comes before the other, and what is sorted by next decides. MySQL
//! sorts by so many bytes of weights where the collation pads, and by all of them where it does not. MariaDB (10.11) has
//! several ways, by the size of the rows and whether there is a LIMIT: so many bytes of weights, at most those of a
//! quarter as many characters of four bytes, or the weights of so many bytes of text. Bytes it cuts somewhat earlier, and
//! sorts by their length then. What lies between the least and the most is in doubt.

use std::cmp::Ordering;

/// What the servers do with long texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// They sort by all of them.
    #[default]
    Whole,
    /// As MySQL does, with this `max_sort_length`.
    MySql(usize),
    /// As MariaDB does.
    MariaDb(usize),
}

/// Where texts compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Same,
    Differs(Ordering),
    /// Only the servers know whether they sorted by this difference, or by their lengths, which say otherwise if it
    /// `is_disputed`.
    InDoubt {
        order: Ordering,
        is_disputed: bool,
    },
}

/// Up to where weights are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bounds {
    /// All that is before this.
    surely: usize,
    /// Nothing that is behind this.
    at_most: usize,
}

impl Reach {
    /// Texts of no more bytes of weights are sorted by as a whole.
    pub(super) fn short(self) -> usize {
        match self {
            Self::Whole => usize::MAX,
            Self::MySql(length) | Self::MariaDb(length) => length / 2,
        }
    }

    /// The order of two texts by their weights. `blank`: the weight of one, empty where the collation does not pad.
    /// `counts_all`: what lies behind is not sorted by, but tells texts from each other.
    pub(super) fn compare(self, left: &[u8], right: &[u8], blank: &[u8], counts_all: bool) -> Found {
        self.within(self.bounds(blank), left, right, blank, counts_all)
    }

    /// The same of bytes.
    pub(super) fn compare_bytes(self, left: &[u8], right: &[u8], counts_all: bool) -> Found {
        let surely = match self {
            Self::Whole | Self::MySql(_) => usize::MAX,
            // Their length comes behind them, in at most four bytes.
            Self::MariaDb(length) => length.saturating_sub(4),
        };
        self.within(Bounds { surely, at_most: usize::MAX }, left, right, b"", counts_all)
    }

    fn within(self, bounds: Bounds, left: &[u8], right: &[u8], blank: &[u8], counts_all: bool) -> Found {
        let first = |length: usize| padded(&left[..left.len().min(length)], &right[..right.len().min(length)], blank);
        match first(bounds.surely) {
            Ordering::Equal => {}
            order => return Found::Differs(order),
        }
        match first(if counts_all { usize::MAX } else { bounds.at_most }) {
            Ordering::Equal => Found::Same,
            order => {
                let by_length = left.len().cmp(&right.len());
                let may_be_by_length = matches!(self, Self::MariaDb(_)) && blank.is_empty();
                let is_disputed = may_be_by_length && by_length != Ordering::Equal && by_length != order;
                Found::InDoubt { order, is_disputed }
            }
        }
    }

    fn bounds(self, blank: &[u8]) -> Bounds {
        let exactly = |length: usize| {
            // Part of a weight is seldom told from the same part of another.
            let surely = length - length % blank.len().max(1);
            Bounds { surely, at_most: length }
        };
        match (self, blank) {
            (Self::Whole, _) | (Self::MySql(_), []) => Bounds { surely: usize::MAX, at_most: usize::MAX },
            (Self::MySql(length), _) | (Self::MariaDb(length), [_]) => exactly(length),
            // One weight for each character, which is most often its code point.
            (Self::MariaDb(length), [0, b' '] | [0, 0, b' ']) => Bounds {
                surely: length.div_ceil(4).saturating_mul(blank.len()),
                at_most: length.saturating_mul(blank.len()),
            },
            (Self::MariaDb(length), [_, _]) => exactly(length),
            // Texts that are not padded, weights of several levels.
            (Self::MariaDb(_), _) => Bounds { surely: self.short(), at_most: usize::MAX },
        }
    }
}

/// Weights compared as if the shorter were followed by blanks.
pub(super) fn padded(left: &[u8], right: &[u8], blank: &[u8]) -> Ordering {
    let common = left.len().min(right.len());
    let order = left[..common].cmp(&right[..common]);
    if order != Ordering::Equal || left.len() == right.len() || blank.is_empty() {
        return order.then(left.len().cmp(&right.len()));
    }
    let against_blanks = |rest: &[u8]| rest.iter().cmp(blank.iter().cycle().take(rest.len()));
    if left.len() > common { against_blanks(&left[common..]) } else { against_blanks(&right[common..]).reverse() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LESS: Ordering = Ordering::Less;
    const DOUBT: Found = Found::InDoubt { order: LESS, is_disputed: false };

    fn compare(reach: Reach, left: &[u8], right: &[u8], blank: &[u8]) -> Found {
        reach.compare(left, right, blank, false)
    }

    #[test]
    fn what_lies_behind_the_sort_length_is_not_sorted_by() {
        let texts = |common: usize| (vec![b'a'; common], [vec![b'a'; common], b"9".to_vec()].concat());
        for (reach, common, wanted) in [
            (Reach::Whole, 5000, Found::Differs(LESS)),
            (Reach::MySql(64), 63, Found::Differs(LESS)),
            (Reach::MySql(64), 64, Found::Same),
            (Reach::MariaDb(64), 63, Found::Differs(LESS)),
            (Reach::MariaDb(64), 64, Found::Same),
        ] {
            let (left, right) = texts(common);
            assert_eq!(compare(reach, &left, &right, b" "), wanted, "{reach:?} {common}");
        }
        let (left, right) = texts(64);
        assert_eq!(Reach::MySql(64).compare(&left, &right, b" ", true), DOUBT);
        assert_eq!(compare(Reach::MySql(64), &left, &right, b""), Found::Differs(LESS));
        assert_eq!(compare(Reach::MariaDb(64), &left, &right, b""), DOUBT);
        // The shorter comes first if they are cut, and last if not.
        let (shorter, longer) = ([&left[..], b"9"].concat(), [&left[..], b"11"].concat());
        let disputed = Found::InDoubt { order: LESS, is_disputed: true };
        assert_eq!(compare(Reach::MariaDb(64), &longer, &shorter, b""), disputed);
    }

    #[test]
    fn bytes_are_in_doubt_where_their_length_may_stand() {
        let order = |reach: Reach, common: usize| {
            reach.compare_bytes(&[b'a'; 70], &[&vec![b'a'; common][..], b"z"].concat(), false)
        };
        assert_eq!(order(Reach::MySql(64), 100), Found::Differs(LESS));
        assert_eq!(order(Reach::MariaDb(64), 59), Found::Differs(LESS));
        assert_eq!(order(Reach::MariaDb(64), 60), Found::InDoubt { order: LESS, is_disputed: true });
        assert_eq!(order(Reach::MariaDb(64), 100), DOUBT);
    }

    #[test]
    fn where_mariadb_has_several_ways_the_order_is_in_doubt() {
        let weights = |characters: usize, last: u8, width: usize| {
            let character = [vec![0; width - 1], vec![b'a']].concat();
            [character.repeat(characters), vec![0; width - 1], vec![last]].concat()
        };
        for blank in [&b"\0 "[..], b"\0\0 "] {
            let order = |characters| {
                let (left, right) = (weights(characters, 1, blank.len()), weights(characters, 2, blank.len()));
                compare(Reach::MariaDb(1024), &left, &right, blank)
            };
            assert_eq!(order(255), Found::Differs(LESS));
            assert_eq!(order(256), DOUBT);
            assert_eq!(order(1023), DOUBT);
            assert_eq!(order(1024), Found::Same);
        }
    }

    #[test]
    fn short_texts_are_sorted_by_as_a_whole() {
        for blank in [&b""[..], b" ", b"\0 ", b"\0\0 ", b"\x02\x09", b"\x1c\x47\0\x20"] {
            for length in [4, 64, 1023, 1024] {
                for reach in [Reach::MySql(length), Reach::MariaDb(length.max(64))] {
                    assert!(reach.bounds(blank).surely >= reach.short(), "{reach:?} {blank:?}");
                }
            }
        }
    }
}
