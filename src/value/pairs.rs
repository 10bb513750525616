//! Two-byte characters of Chinese and Japanese sets that are decoded, and those that are not: on some pairs the servers
//! and the WHATWG tables (crate `encoding_rs`) differ, mostly because the servers leave the pair undefined.
//!
//! The runs were found by `SELECT CONVERT(CAST(CHAR(pair USING binary) AS CHAR CHARACTER SET gbk) USING utf8mb4)` for all
//! pairs of each set on MariaDB 10.11.19, which has no gb18030: of that set only the pairs that gbk has too are decoded.

use std::borrow::Cow;

use encoding_rs::{BIG5, Encoding, GBK, SHIFT_JIS};

use super::Charset;

/// Pairs of one set that are not decoded, as inclusive runs in ascending order.
type Runs = &'static [(u16, u16)];

/// The text of non-ASCII `bytes` in one of the sets with two-byte characters; `None` in other sets, and where the
/// servers' decoding is not known.
pub(super) fn decode(charset: Charset, bytes: &[u8]) -> Option<Cow<'_, str>> {
    let (encoding, doubtful): (&'static Encoding, Runs) = match charset {
        Charset::Gbk | Charset::Gb18030 => (GBK, GBK_DOUBTFUL),
        Charset::Big5 => (BIG5, BIG5_DOUBTFUL),
        Charset::Sjis => (SHIFT_JIS, SJIS_DOUBTFUL),
        Charset::Cp932 => (SHIFT_JIS, &[]),
        Charset::Utf8 | Charset::Latin1 | Charset::Ascii | Charset::Binary | Charset::Other | Charset::NotAscii => {
            return None;
        }
    };
    let mut rest = bytes;
    while !rest.is_empty() {
        let (character, after) = rest.split_at_checked(charset.char_len(rest))?;
        if !is_certain(charset, character, doubtful) {
            return None;
        }
        rest = after;
    }
    encoding.decode_without_bom_handling_and_without_replacement(bytes)
}

fn is_certain(charset: Charset, character: &[u8], doubtful: Runs) -> bool {
    match *character {
        [0x00..=0x7F] => true,
        // Half-width katakana.
        [0xA1..=0xDF] => matches!(charset, Charset::Sjis | Charset::Cp932),
        [lead, trail] => {
            let pair = u16::from_be_bytes([lead, trail]);
            !doubtful.iter().any(|(first, last)| (*first..=*last).contains(&pair))
        }
        _ => false,
    }
}

#[rustfmt::skip]
const GBK_DOUBTFUL: Runs = &[
    (0xA140, 0xA17E), (0xA180, 0xA1A0), (0xA240, 0xA27E), (0xA280, 0xA2A0), (0xA2AB, 0xA2B0), (0xA2E3, 0xA2E4),
    (0xA2EF, 0xA2F0), (0xA2FD, 0xA2FE), (0xA340, 0xA37E), (0xA380, 0xA3A0), (0xA440, 0xA47E), (0xA480, 0xA4A0),
    (0xA4F4, 0xA4FE), (0xA540, 0xA57E), (0xA580, 0xA5A0), (0xA5F7, 0xA5FE), (0xA640, 0xA67E), (0xA680, 0xA6A0),
    (0xA6B9, 0xA6C0), (0xA6D9, 0xA6DF), (0xA6EC, 0xA6ED), (0xA6F3, 0xA6F3), (0xA6F6, 0xA6FE), (0xA740, 0xA77E),
    (0xA780, 0xA7A0), (0xA7C2, 0xA7D0), (0xA7F2, 0xA7FE), (0xA896, 0xA8A0), (0xA8BC, 0xA8BC), (0xA8BF, 0xA8BF),
    (0xA8C1, 0xA8C4), (0xA8EA, 0xA8FE), (0xA958, 0xA958), (0xA95B, 0xA95B), (0xA95D, 0xA95F), (0xA989, 0xA995),
    (0xA997, 0xA9A3), (0xA9F0, 0xA9FE), (0xAAA1, 0xAAFE), (0xABA1, 0xABFE), (0xACA1, 0xACFE), (0xADA1, 0xADFE),
    (0xAEA1, 0xAEFE), (0xAFA1, 0xAFFE), (0xD7FA, 0xD7FE), (0xF8A1, 0xF8FE), (0xF9A1, 0xF9FE), (0xFAA1, 0xFAFE),
    (0xFBA1, 0xFBFE), (0xFCA1, 0xFCFE), (0xFDA1, 0xFDFE), (0xFE50, 0xFE7E), (0xFE80, 0xFEFE),
];

#[rustfmt::skip]
const BIG5_DOUBTFUL: Runs = &[
    (0xA145, 0xA145), (0xA14E, 0xA14E), (0xA15A, 0xA15A), (0xA1C2, 0xA1C3), (0xA1C5, 0xA1C5), (0xA1E3, 0xA1E3),
    (0xA1F2, 0xA1F3), (0xA1FE, 0xA1FE), (0xA240, 0xA242), (0xA244, 0xA244), (0xA246, 0xA247), (0xA2CC, 0xA2CC),
    (0xA2CE, 0xA2CE), (0xA3C0, 0xA3E1), (0xC6A1, 0xC6FE), (0xC740, 0xC77E), (0xC7A1, 0xC7FE), (0xC840, 0xC87E),
    (0xC8A1, 0xC8A4), (0xC8CD, 0xC8F1), (0xC8F5, 0xC8FE), (0xF9DD, 0xF9FE),
];

#[rustfmt::skip]
const SJIS_DOUBTFUL: Runs = &[
    (0x815F, 0x8161), (0x817C, 0x817C), (0x8191, 0x8192), (0x81CA, 0x81CA), (0x8740, 0x875D), (0x875F, 0x8775),
    (0x877E, 0x877E), (0x8780, 0x879C), (0xED40, 0xED7E), (0xED80, 0xEDFC), (0xEE40, 0xEE7E), (0xEE80, 0xEEEC),
    (0xEEEF, 0xEEFC), (0xF040, 0xF07E), (0xF080, 0xF0FC), (0xF140, 0xF17E), (0xF180, 0xF1FC), (0xF240, 0xF27E),
    (0xF280, 0xF2FC), (0xF340, 0xF37E), (0xF380, 0xF3FC), (0xF440, 0xF47E), (0xF480, 0xF4FC), (0xF540, 0xF57E),
    (0xF580, 0xF5FC), (0xF640, 0xF67E), (0xF680, 0xF6FC), (0xF740, 0xF77E), (0xF780, 0xF7FC), (0xF840, 0xF87E),
    (0xF880, 0xF8FC), (0xF940, 0xF97E), (0xF980, 0xF9FC), (0xFA40, 0xFA7E), (0xFA80, 0xFAFC), (0xFB40, 0xFB7E),
    (0xFB80, 0xFBFC), (0xFC40, 0xFC4B),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_decoded_as_servers_do_or_not_at_all() {
        let cases: &[(Charset, &[u8], Option<&str>)] = &[
            (Charset::Gbk, b"a\xD6\xD0\xCE\xC4b", Some("a中文b")),
            (Charset::Gb18030, b"\xD6\xD0", Some("中")),
            (Charset::Gb18030, b"\x81\x30\x81\x30", None),
            (Charset::Gbk, b"\x95\\", Some("昞")),
            (Charset::Gbk, b"\x80", None),
            (Charset::Gbk, b"\xD6", None),
            (Charset::Gbk, b"\xA1\x40", None),
            (Charset::Big5, b"\xA4\xA4", Some("中")),
            (Charset::Big5, b"\xA1\x45", None),
            (Charset::Sjis, b"\x83\x65\x83\x58\x83\x67\xB1", Some("テストｱ")),
            (Charset::Sjis, b"\x81\x60", None),
            (Charset::Cp932, b"\x81\x60", Some("～")),
            (Charset::Cp932, b"\x87\x40", Some("①")),
            (Charset::Cp932, b"\xFF", None),
            (Charset::Other, b"\xE9", None),
        ];
        for (charset, bytes, wanted) in cases {
            assert_eq!(decode(*charset, bytes).as_deref(), *wanted, "{charset:?} {bytes:x?}");
        }
    }
}
