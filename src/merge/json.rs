//! JSON arrays and objects of several parts as one: JSON_ARRAYAGG and JSON_OBJECTAGG.
//!
//! What stands within is copied as it is. MariaDB's are texts, with each name as often as it came. MySQL's are values:
//! an object has each name once, with the value that came last, and short names before long ones.

use std::collections::BTreeMap;

use super::MergeError;

/// The members of an object, by the lengths of their names and the names.
type Members = BTreeMap<(usize, Vec<u8>), Vec<u8>>;

/// What the parts of a group have come to. `None`: there is no part yet.
#[derive(Debug)]
pub(super) enum Whole {
    Text { text: Option<Vec<u8>>, comma: &'static [u8] },
    Members(Option<Members>),
}

impl Whole {
    pub(super) fn array(is_value: bool) -> Self {
        Self::Text { text: None, comma: if is_value { b", " } else { b"," } }
    }

    pub(super) fn object(is_value: bool) -> Self {
        if is_value { Self::Members(None) } else { Self::Text { text: None, comma: b", " } }
    }

    /// Adds a part: how many bytes that are.
    pub(super) fn add(&mut self, part: Option<&[u8]>) -> Result<usize, MergeError> {
        let Some(part) = part else { return Ok(0) };
        match self {
            Self::Text { text: Some(text), comma } => {
                let rest = inner(part)?;
                if rest.is_empty() {
                    return Ok(0);
                }
                let last = text.pop().ok_or(MergeError::UnreadableCell)?;
                if text.len() > 1 {
                    text.extend_from_slice(comma);
                }
                text.extend_from_slice(rest);
                text.push(last);
            }
            Self::Text { text, .. } => {
                inner(part)?;
                *text = Some(part.to_vec());
            }
            Self::Members(members) => {
                let members = members.get_or_insert_default();
                let mut rest = inner(part)?;
                while !rest.is_empty() {
                    let (name, member, after) = member(rest).ok_or(MergeError::UnreadableCell)?;
                    members.insert((name.len(), name), member.to_vec());
                    rest = after;
                }
            }
        }
        Ok(part.len())
    }

    /// Bytes of a text, without its brackets.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text { text, .. } => text.as_ref().map_or(0, |text| text.len().saturating_sub(2)),
            Self::Members(_) => 0,
        }
    }

    pub(super) fn text(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text { text, .. } => text.clone(),
            Self::Members(members) => {
                let members: Vec<&[u8]> = members.as_ref()?.values().map(Vec::as_slice).collect();
                Some([b"{", members.join(&b", "[..]).as_slice(), b"}"].concat())
            }
        }
    }
}

/// What stands between the brackets.
fn inner(part: &[u8]) -> Result<&[u8], MergeError> {
    match part {
        [b'[', inner @ .., b']'] | [b'{', inner @ .., b'}'] => Ok(inner),
        _ => Err(MergeError::UnreadableCell),
    }
}

/// The first member of an object without its braces: its name, all of it, and what follows.
fn member(text: &[u8]) -> Option<(Vec<u8>, &[u8], &[u8])> {
    let end = end_of_string(text)?;
    let name = unescaped(text.get(1..end - 1)?)?;
    let (mut at, mut depth) = (end, 0_u32);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at += end_of_string(text.get(at..)?)? - 1,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => break,
            _ => {}
        }
        at += 1;
    }
    let after = text.get(at..)?;
    Some((name, text.get(..at)?, after.strip_prefix(b", ").unwrap_or(after)))
}

/// Where the string ends that the text begins with.
fn end_of_string(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    (text.first() == Some(&b'"')).then_some(())?;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// A name without the escapes that MySQL writes.
fn unescaped(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        out.push(match rest.next()? {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let digits = std::str::from_utf8(rest.as_slice().get(..4)?).ok()?;
                rest = rest.as_slice().get(4..)?.iter();
                // Control characters only.
                u8::from_str_radix(digits.strip_prefix("00")?, 16).ok()?
            }
            other => *other,
        });
    }
    Some(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn whole(mut whole: Whole, parts: &[Option<&str>]) -> Result<Option<String>, MergeError> {
        for part in parts {
            whole.add(part.map(str::as_bytes))?;
        }
        Ok(whole.text().map(|text| String::from_utf8(text).unwrap()))
    }

    #[test]
    fn arrays_follow_each_other() {
        let parts = [None, Some("[1, \"]\"]"), Some("[]"), Some("[null]")];
        assert_eq!(whole(Whole::array(true), &parts).unwrap().unwrap(), r#"[1, "]", null]"#);
        assert_eq!(whole(Whole::array(false), &[Some("[]"), Some("[1,2]"), Some("[3]")]).unwrap().unwrap(), "[1,2,3]");
        assert_eq!(whole(Whole::array(true), &[None, None]), Ok(None));
        assert_eq!(whole(Whole::array(true), &[Some("1")]), Err(MergeError::UnreadableCell));
    }

    #[test]
    fn objects_of_texts_keep_all_names() {
        let parts = [Some(r#"{"a":1, "b":2}"#), None, Some(r#"{"a":3}"#)];
        assert_eq!(whole(Whole::object(false), &parts).unwrap().unwrap(), r#"{"a":1, "b":2, "a":3}"#);
    }

    #[test]
    fn objects_that_are_values_have_each_name_once() {
        let parts = [
            Some(r#"{"b": {"x": [1, 2]}, "é": "a, \"b\": }"}"#),
            Some(r#"{"a": 1, "b": 2, "long": null}"#),
            Some("{}"),
            Some("{\"\\\"\\u0001\": [], \"aa\": -1.5}"),
        ];
        let wanted =
            "{\"a\": 1, \"b\": 2, \"\\\"\\u0001\": [], \"aa\": -1.5, \"é\": \"a, \\\"b\\\": }\", \"long\": null}";
        assert_eq!(whole(Whole::object(true), &parts).unwrap().unwrap(), wanted);
        assert_eq!(whole(Whole::object(true), &[Some("{\"a\": ")]), Err(MergeError::UnreadableCell));
        assert_eq!(whole(Whole::object(true), &[Some("{a}")]), Err(MergeError::UnreadableCell));
    }
}
