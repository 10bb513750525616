//! Texts of several parts as one: GROUP_CONCAT.
//!
//! The parts come in the order in which they are wanted. A text that grows longer than the servers' limit is cut where a
//! server would cut it, between two characters, and the element that was cut has the number that a server gives it:
//! elements are counted over all groups.

use super::MergeError;

/// One shard's part of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'p> {
    pub(super) text: Option<&'p [u8]>,
    pub(super) separator: &'p [u8],
    /// Bytes of the whole part on the server, which may have cut it.
    pub(super) size: u64,
    /// How many texts it was made of.
    pub(super) elements: u64,
    /// Bytes that the server allows.
    pub(super) most: u64,
    /// Where the server would cut can be told from the bytes that came.
    pub(super) can_cut: bool,
    /// They are UTF-8.
    pub(super) is_utf8: bool,
}

/// The text of a group so far.
#[derive(Debug, Default)]
pub(super) struct Joined {
    text: Option<Vec<u8>>,
    /// Bytes on the server.
    length: u64,
    is_cut: bool,
    /// What came has other bytes than the server's: it was converted on its way.
    is_converted: bool,
}

/// What a server cuts off a part that is too long may be a whole character more.
const LAST_CHARACTER: u64 = 4;

impl Joined {
    pub(super) fn text(&self) -> Option<&[u8]> {
        self.text.as_deref()
    }

    /// Adds a part. `counted` are the elements so far, in all groups. Gives the number of the element that was cut.
    pub(super) fn add(&mut self, part: Part<'_>, counted: &mut u64) -> Result<Option<u64>, MergeError> {
        let Some(bytes) = part.text.filter(|_| !self.is_cut) else { return Ok(None) };
        let came = bytes.len() as u64;
        self.is_converted |= match part.size > part.most {
            true => came > part.most || came + LAST_CHARACTER <= part.most,
            false => came != part.size,
        };
        let before = self.text.as_ref().map_or(0, |_| self.length + part.separator.len() as u64);
        self.length = before + part.size;
        if self.length > part.most && (self.is_converted || !part.can_cut) {
            return Err(MergeError::LongText);
        }
        let text = match &mut self.text {
            Some(text) => {
                text.extend_from_slice(part.separator);
                text
            }
            none => none.insert(Vec::new()),
        };
        let start = text.len();
        text.extend_from_slice(bytes);
        if self.length <= part.most {
            *counted += part.elements;
            return Ok(None);
        }
        text.truncate(start_of_character(text, part.most as usize, part.is_utf8));
        self.is_cut = true;
        *counted += 1 + whole_elements(bytes, text.len().saturating_sub(start), &part);
        Ok(Some(*counted))
    }
}

/// Where the character begins that the byte at `place` belongs to.
fn start_of_character(text: &[u8], place: usize, is_utf8: bool) -> usize {
    let mut place = place.min(text.len());
    while is_utf8 && place > 0 && text.get(place).is_some_and(|byte| byte & 0xC0 == 0x80) {
        place -= 1;
    }
    place
}

/// How many elements of the part, whose text is `bytes`, end within its first `kept` ones.
fn whole_elements(bytes: &[u8], kept: usize, part: &Part<'_>) -> u64 {
    if part.elements <= 1 || part.separator.is_empty() {
        return 0;
    }
    let ends = memchr::memmem::find_iter(bytes, part.separator).take_while(|end| *end <= kept);
    (ends.count() as u64).min(part.elements - 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// What a server makes of these texts.
    fn part(text: Option<&str>, most: u64) -> Part<'_> {
        let text = text.map(str::as_bytes);
        let size = text.map_or(0, <[u8]>::len) as u64;
        let elements = text.map_or(0, |text| 1 + memchr::memmem::find_iter(text, b", ").count()) as u64;
        let text = text.map(|text| &text[..start_of_character(text, most as usize, true)]);
        Part { text, separator: b", ", size, elements, most, can_cut: true, is_utf8: true }
    }

    /// The text, and the elements that were cut.
    fn joined(parts: &[Option<&str>], most: u64) -> (Option<String>, Vec<u64>) {
        let (mut joined, mut counted) = (Joined::default(), 10);
        let cuts = parts.iter().filter_map(|text| joined.add(part(*text, most), &mut counted).unwrap()).collect();
        (joined.text.map(|text| String::from_utf8(text).unwrap()), cuts)
    }

    #[test]
    fn texts_are_cut_where_a_server_would_cut_them() {
        let parts = [None, Some("ab"), Some("cé, fgh"), None, Some("i")];
        for (most, wanted, cut) in [
            (20, "ab, cé, fgh, i", None),
            (15, "ab, cé, fgh, i", None),
            (14, "ab, cé, fgh, ", Some(14)),
            (12, "ab, cé, fgh", None),
            (11, "ab, cé, fg", Some(13)),
            (8, "ab, cé,", Some(13)),
            (6, "ab, c", Some(12)),
            (5, "ab, c", Some(12)),
            (3, "ab,", Some(12)),
            (1, "a", Some(11)),
        ] {
            let (text, cuts) = joined(&parts, most);
            // What is left out after the twelfth byte is one element.
            let cut = if most == 12 { Some(14) } else { cut };
            assert_eq!((text.as_deref(), cuts.first().copied()), (Some(wanted), cut), "{most}");
            assert!(cuts.len() <= 1, "{most}");
        }
        assert_eq!(joined(&[None, None], 5), (None, Vec::new()));
    }

    #[test]
    fn a_part_that_its_server_has_cut_is_long_enough() {
        let (mut joined, mut counted) = (Joined::default(), 0);
        let cut = Part { size: 900, elements: 90, ..part(Some("12345678"), 8) };
        assert_eq!(joined.add(cut, &mut counted), Ok(Some(1)));
        assert_eq!(joined.add(part(Some("9"), 8), &mut counted), Ok(None));
        assert_eq!(joined.text(), Some(&b"12345678"[..]));
    }

    #[test]
    fn what_was_converted_cannot_be_cut() {
        for (most, wanted) in [(8, Ok(None)), (4, Err(MergeError::LongText))] {
            let (mut joined, mut counted) = (Joined::default(), 0);
            let latin = Part { size: 3, ..part(Some("äöü"), most) };
            assert_eq!(joined.add(latin, &mut counted), Ok(None));
            assert_eq!(joined.add(part(Some("x"), most), &mut counted), wanted);
        }
    }
}
