//! Character sets of statements: how a client's bytes are cut into characters, and turned into Unicode.
//!
//! Decoding promises to give what the server gives, or nothing: a key value that is decoded otherwise than the server
//! decodes it would be looked for on the wrong shard. So the byte pairs on which servers and the WHATWG tables differ
//! are not decoded, and of the sets that nobody has compared only ASCII is.

use std::borrow::Cow;

use super::pairs;

/// A character set, as far as lexing and key values need to tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Charset {
    /// utf8mb3 and utf8mb4.
    Utf8,
    /// MySQL's latin1, which is cp1252.
    Latin1,
    /// US-ASCII.
    Ascii,
    /// Bytes without a character set.
    Binary,
    // Multi-byte sets whose trail bytes may be `\` or a quote: the lexer must step over whole characters.
    /// Simplified Chinese, two bytes.
    Gbk,
    /// Simplified Chinese, two or four bytes.
    Gb18030,
    /// Traditional Chinese, two bytes.
    Big5,
    /// Japanese, two bytes, as JIS X 0208 has it.
    Sjis,
    /// Japanese, two bytes, as Microsoft has it.
    Cp932,
    /// Any other single-byte-safe superset of ASCII (latin2, koi8r, euckr ...): lexed as bytes; values known only when
    /// ASCII.
    Other,
    /// Sets in which an ASCII byte may mean another character (ucs2, utf16, utf32, swe7): values are never known.
    NotAscii,
}

impl Charset {
    /// The set of this MySQL name (`utf8mb4`, `latin1`; any case). An unknown name is `NotAscii`, of which nothing is
    /// assumed.
    pub fn from_mysql_name(name: &str) -> Self {
        const NAMES: &[(&str, Charset)] = &[
            ("utf8mb4", Charset::Utf8),
            ("utf8mb3", Charset::Utf8),
            ("utf8", Charset::Utf8),
            ("latin1", Charset::Latin1),
            ("ascii", Charset::Ascii),
            ("binary", Charset::Binary),
            ("gbk", Charset::Gbk),
            ("gb18030", Charset::Gb18030),
            ("big5", Charset::Big5),
            ("sjis", Charset::Sjis),
            ("cp932", Charset::Cp932),
        ];
        // Sets that hold ASCII as it is and never use its bytes inside a longer character.
        const ASCII_SUPERSETS: &[&str] = &[
            "armscii8", "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "dec8", "eucjpms", "euckr",
            "gb2312", "geostd8", "greek", "hebrew", "hp8", "keybcs2", "koi8r", "koi8u", "latin2", "latin5", "latin7",
            "macce", "macroman", "tis620", "ujis",
        ];
        let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        match known {
            Some((_, charset)) => *charset,
            None if ASCII_SUPERSETS.iter().any(|other| other.eq_ignore_ascii_case(name)) => Self::Other,
            None => Self::NotAscii,
        }
    }

    /// The text of `bytes` as the server understands them; `None` where that is not known for certain, or where the
    /// bytes are no text of this set. Allocates only for non-ASCII text of other sets than UTF-8.
    pub fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        if self == Self::NotAscii {
            return None;
        }
        if bytes.is_ascii() || self == Self::Utf8 {
            return std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
        }
        if self == Self::Latin1 {
            return Some(Cow::Owned(bytes.iter().map(|byte| latin1_char(*byte)).collect()));
        }
        pairs::decode(self, bytes)
    }

    /// The length in bytes, at least 1, of the character that `bytes` starts with, as the server's lexer cuts it: 1 in
    /// sets without dangerous trail bytes, and for a character that is malformed or cut off.
    pub fn char_len(self, bytes: &[u8]) -> usize {
        let (Some(&lead), Some(&trail)) = (bytes.first(), bytes.get(1)) else { return 1 };
        let trail_of_gbk = matches!(trail, 0x40..=0x7E | 0x80..=0xFE);
        let two_bytes = match self {
            Self::Gbk => matches!(lead, 0x81..=0xFE) && trail_of_gbk,
            Self::Gb18030 if matches!(lead, 0x81..=0xFE) && trail.is_ascii_digit() => {
                let four = matches!(bytes.get(2..4), Some([0x81..=0xFE, b'0'..=b'9']));
                return if four { 4 } else { 1 };
            }
            Self::Gb18030 => matches!(lead, 0x81..=0xFE) && trail_of_gbk,
            Self::Big5 => matches!(lead, 0xA1..=0xF9) && matches!(trail, 0x40..=0x7E | 0xA1..=0xFE),
            Self::Sjis | Self::Cp932 => {
                matches!(lead, 0x81..=0x9F | 0xE0..=0xFC) && matches!(trail, 0x40..=0x7E | 0x80..=0xFC)
            }
            Self::Utf8 | Self::Latin1 | Self::Ascii | Self::Binary | Self::Other | Self::NotAscii => false,
        };
        if two_bytes { 2 } else { 1 }
    }
}

/// The characters of cp1252's bytes 0x80 to 0x9F; MySQL maps the five that cp1252 leaves open to themselves.
const LATIN1_HIGH: [char; 32] = [
    '\u{20AC}', '\u{81}', '\u{201A}', '\u{0192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{02C6}',
    '\u{2030}', '\u{0160}', '\u{2039}', '\u{0152}', '\u{8D}', '\u{017D}', '\u{8F}', '\u{90}', '\u{2018}', '\u{2019}',
    '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{02DC}', '\u{2122}', '\u{0161}', '\u{203A}',
    '\u{0153}', '\u{9D}', '\u{017E}', '\u{0178}',
];

/// The character of a byte of MySQL's latin1.
pub fn latin1_char(byte: u8) -> char {
    match byte {
        0x80..=0x9F => LATIN1_HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// The byte of a character in MySQL's latin1, if it has one.
pub fn latin1_byte(character: char) -> Option<u8> {
    match u8::try_from(character) {
        Ok(byte) if !(0x80..=0x9F).contains(&byte) => Some(byte),
        _ => LATIN1_HIGH.iter().position(|high| *high == character).map(|index| 0x80 + index as u8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Charset; 11] = [
        Charset::Utf8,
        Charset::Latin1,
        Charset::Ascii,
        Charset::Binary,
        Charset::Gbk,
        Charset::Gb18030,
        Charset::Big5,
        Charset::Sjis,
        Charset::Cp932,
        Charset::Other,
        Charset::NotAscii,
    ];

    #[test]
    fn names_are_known_in_any_case() {
        let cases = [
            ("UTF8MB4", Charset::Utf8),
            ("utf8", Charset::Utf8),
            ("Latin1", Charset::Latin1),
            ("gb2312", Charset::Other),
            ("koi8r", Charset::Other),
            ("utf16", Charset::NotAscii),
            ("swe7", Charset::NotAscii),
            ("", Charset::NotAscii),
        ];
        for (name, wanted) in cases {
            assert_eq!(Charset::from_mysql_name(name), wanted, "{name}");
        }
    }

    #[test]
    fn characters_are_cut_as_the_server_cuts_them() {
        let cases: &[(Charset, &[u8], usize)] = &[
            (Charset::Gbk, b"\x95\\'", 2),
            (Charset::Gbk, b"\x95'", 1),
            (Charset::Gbk, b"\x95", 1),
            (Charset::Gb18030, b"\x81\x30\x81\x30", 4),
            (Charset::Gb18030, b"\x81\x30\x81'", 1),
            (Charset::Big5, b"\xA5\\", 2),
            (Charset::Big5, b"\x95\\", 1),
            (Charset::Sjis, b"\x95\\", 2),
            (Charset::Sjis, b"\xB1\\", 1),
            (Charset::Utf8, "é".as_bytes(), 1),
            (Charset::Gbk, b"", 1),
        ];
        for (charset, bytes, wanted) in cases {
            assert_eq!(charset.char_len(bytes), *wanted, "{charset:?} {bytes:x?}");
        }
    }

    #[test]
    fn latin1_is_cp1252_with_its_holes_filled() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = Charset::Latin1.decode(&bytes).map(Cow::into_owned).unwrap_or_default();
        assert!(text.contains('€') && text.contains('\u{81}') && text.contains('ÿ'));
        assert!(text.chars().zip(bytes).all(|(character, byte)| latin1_byte(character) == Some(byte)));
        assert_eq!((latin1_byte('\u{80}'), latin1_byte('ж')), (None, None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_cut_and_decoded_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            for charset in ALL {
                let length = charset.char_len(&bytes);
                prop_assert!(length >= 1 && length <= bytes.len().max(1));
                let _ = charset.decode(&bytes);
            }
        }
    }
}
