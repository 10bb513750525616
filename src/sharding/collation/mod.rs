//! Collations that a text key may have: those in which two texts are equal exactly when their characters' weights are,
//! one weight each, so that equality can be computed here and not only by a server. All others are refused by name.
//!
//! Every other collation (unicode_ci, 0900_ai_ci, uca1400 ...) ignores, contracts or expands characters by tables that
//! differ between server versions; a key under one of them would be hashed otherwise than the server compares it.

mod general_ci;
mod latin1;

use smallvec::SmallVec;

use crate::value::{Charset, charset};

/// A canonical text or byte string: equal keys have equal bytes.
pub type KeyBytes = SmallVec<[u8; 64]>;

/// What U+FFFD weighs in general_ci, and with it every character beyond the Basic Multilingual Plane.
const SUPPLEMENTARY: u16 = 0xFFFD;
/// What a space weighs, in each collation here.
const SPACE: u16 = 0x20;

/// A collation under which text keys can be compared here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextCollation {
    charset: ColumnCharset,
    weights: Weights,
    /// PAD SPACE: trailing spaces do not count.
    pads: bool,
    /// No collation: texts are taken as they are written, whatever the column takes for equal.
    as_written: bool,
}

/// Character sets of text key columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ColumnCharset {
    Utf8mb4,
    Utf8mb3,
    Latin1,
    Ascii,
}

/// What a character counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Weights {
    /// Itself.
    CodePoint,
    /// Its weight in utf8mb4_general_ci. In ascii_general_ci characters weigh the same.
    GeneralCi,
    Latin1SwedishCi,
    Latin1GeneralCi,
}

/// What stands in the place of a collation's name where texts are taken as they are written.
pub const AS_WRITTEN: &str = "as-written";

/// The names, and what they mean.
const KNOWN: &[(&str, TextCollation)] = &[
    ("utf8mb4_bin", collation(ColumnCharset::Utf8mb4, Weights::CodePoint, true)),
    ("utf8mb4_nopad_bin", collation(ColumnCharset::Utf8mb4, Weights::CodePoint, false)),
    ("utf8mb4_0900_bin", collation(ColumnCharset::Utf8mb4, Weights::CodePoint, false)),
    ("utf8mb4_general_ci", collation(ColumnCharset::Utf8mb4, Weights::GeneralCi, true)),
    ("utf8mb4_general_nopad_ci", collation(ColumnCharset::Utf8mb4, Weights::GeneralCi, false)),
    ("utf8mb3_bin", collation(ColumnCharset::Utf8mb3, Weights::CodePoint, true)),
    ("utf8mb3_nopad_bin", collation(ColumnCharset::Utf8mb3, Weights::CodePoint, false)),
    ("utf8mb3_general_ci", collation(ColumnCharset::Utf8mb3, Weights::GeneralCi, true)),
    ("utf8mb3_general_nopad_ci", collation(ColumnCharset::Utf8mb3, Weights::GeneralCi, false)),
    ("latin1_bin", collation(ColumnCharset::Latin1, Weights::CodePoint, true)),
    ("latin1_nopad_bin", collation(ColumnCharset::Latin1, Weights::CodePoint, false)),
    ("latin1_swedish_ci", collation(ColumnCharset::Latin1, Weights::Latin1SwedishCi, true)),
    ("latin1_swedish_nopad_ci", collation(ColumnCharset::Latin1, Weights::Latin1SwedishCi, false)),
    ("latin1_general_ci", collation(ColumnCharset::Latin1, Weights::Latin1GeneralCi, true)),
    ("ascii_bin", collation(ColumnCharset::Ascii, Weights::CodePoint, true)),
    ("ascii_nopad_bin", collation(ColumnCharset::Ascii, Weights::CodePoint, false)),
    ("ascii_general_ci", collation(ColumnCharset::Ascii, Weights::GeneralCi, true)),
    ("ascii_general_nopad_ci", collation(ColumnCharset::Ascii, Weights::GeneralCi, false)),
    (AS_WRITTEN, TextCollation { as_written: true, ..collation(ColumnCharset::Utf8mb4, Weights::CodePoint, false) }),
];

const fn collation(charset: ColumnCharset, weights: Weights, pads: bool) -> TextCollation {
    TextCollation { charset, weights, pads, as_written: false }
}

/// A collation that text keys cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "ShardGate cannot compare texts as collation \"{0}\" does, so that equal keys could be on different shards; give \
     the key column COLLATE utf8mb4_bin or utf8mb4_general_ci (in ascii and latin1 also ascii_bin, ascii_general_ci, \
     latin1_bin, latin1_swedish_ci, latin1_general_ci); or, where a program writes each key in one way only, take the \
     keys as they are written: collation = \"as-written\""
)]
pub struct UnsupportedCollation(pub String);

impl TextCollation {
    /// The collation of this MySQL name; any case; `utf8_` means `utf8mb3_`.
    pub fn from_mysql_name(name: &str) -> Result<Self, UnsupportedCollation> {
        let lower = name.to_ascii_lowercase();
        let full = lower.strip_prefix("utf8_").map_or(lower.clone(), |rest| format!("utf8mb3_{rest}"));
        let known = KNOWN.iter().find(|(known, _)| *known == full);
        known.map(|(_, collation)| *collation).ok_or_else(|| UnsupportedCollation(name.to_owned()))
    }

    /// MySQL's name. Where two names mean the same, the first.
    pub fn name(self) -> &'static str {
        KNOWN.iter().find(|(_, collation)| *collation == self).map_or("", |(name, _)| name)
    }

    /// Whether trailing spaces do not count.
    pub fn pads(self) -> bool {
        self.pads
    }

    /// Whether texts are taken as they are written, so that a key that is equal for the column may be another one here.
    pub fn is_as_written(self) -> bool {
        self.as_written
    }

    /// Whether equal texts have equal canonical bytes under both collations, so that tables with such keys can be
    /// colocated.
    pub fn agrees_with(self, other: Self) -> bool {
        (self.weights, self.pads, self.as_written) == (other.weights, other.pads, other.as_written)
    }

    /// Whether canonical bytes are the text itself, in UTF-8 (without trailing spaces if the collation pads).
    pub fn keeps_text(self) -> bool {
        self.weights == Weights::CodePoint
    }

    /// How bytes of the column's own character set are decoded.
    pub fn charset(self) -> Charset {
        match self.charset {
            ColumnCharset::Utf8mb4 | ColumnCharset::Utf8mb3 => Charset::Utf8,
            ColumnCharset::Latin1 => Charset::Latin1,
            ColumnCharset::Ascii => Charset::Ascii,
        }
    }

    /// The canonical bytes of a text: under a `_bin` collation its UTF-8, else the weights of its characters, big-endian,
    /// two bytes each; without trailing spaces if the collation pads. `None` if the column's character set lacks one of
    /// the characters: what the server then stores, or compares with, is not known here.
    pub fn canonical(self, text: &str) -> Option<KeyBytes> {
        if !text.is_ascii() && !text.chars().all(|character| self.has(character)) {
            return None;
        }
        if self.weights == Weights::CodePoint {
            let counted = if self.pads { text.trim_end_matches(' ') } else { text };
            return Some(KeyBytes::from_slice(counted.as_bytes()));
        }
        let mut bytes = KeyBytes::new();
        for character in text.chars() {
            bytes.extend_from_slice(&self.weight(character).to_be_bytes());
        }
        while self.pads && bytes.ends_with(&SPACE.to_be_bytes()) {
            bytes.truncate(bytes.len() - 2);
        }
        Some(bytes)
    }

    fn has(self, character: char) -> bool {
        match self.charset {
            ColumnCharset::Utf8mb4 => true,
            ColumnCharset::Utf8mb3 => u32::from(character) <= 0xFFFF,
            ColumnCharset::Latin1 => charset::latin1_byte(character).is_some(),
            ColumnCharset::Ascii => character.is_ascii(),
        }
    }

    fn weight(self, character: char) -> u16 {
        let of_byte =
            |table: &[u8; 256]| charset::latin1_byte(character).map_or(0, |byte| u16::from(table[usize::from(byte)]));
        match self.weights {
            Weights::CodePoint | Weights::GeneralCi => general_ci_weight(character),
            Weights::Latin1SwedishCi => of_byte(&latin1::SWEDISH_CI),
            Weights::Latin1GeneralCi => of_byte(&latin1::GENERAL_CI),
        }
    }
}

/// What a character weighs in utf8mb4_general_ci. A server can be asked whether it agrees:
/// `SELECT HEX(WEIGHT_STRING(_utf8mb4'x' COLLATE utf8mb4_general_ci))` gives the two bytes.
pub fn general_ci_weight(character: char) -> u16 {
    let Ok(code) = u16::try_from(u32::from(character)) else { return SUPPLEMENTARY };
    let [high, low] = code.to_be_bytes();
    general_ci::page(high).map_or(code, |weights| weights[usize::from(low)])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn equal(collation: &str, left: &str, right: &str) -> bool {
        let collation = TextCollation::from_mysql_name(collation).unwrap();
        collation.canonical(left).unwrap() == collation.canonical(right).unwrap()
    }

    #[test]
    fn texts_are_equal_as_the_server_has_it() {
        // Each line was asked of MariaDB 10.11.
        let cases = [
            ("utf8mb4_general_ci", "straße", "STRASE", true),
            ("utf8mb4_general_ci", "straße", "STRASSE", false),
            ("utf8mb4_general_ci", "Ångström", "angstrom", true),
            ("utf8mb4_general_ci", "привет", "ПРИВЕТ", true),
            ("utf8mb4_general_ci", "😀", "😁", true),
            ("utf8mb4_general_ci", "a", "a  ", true),
            ("utf8mb4_general_ci", "a", "a\t", false),
            ("utf8mb4_general_nopad_ci", "a", "a ", false),
            ("utf8mb4_general_ci", "", "  ", true),
            ("utf8mb4_bin", "a", "A", false),
            ("utf8mb4_bin", "a", "a ", true),
            ("utf8mb4_0900_bin", "a", "a ", false),
            ("utf8mb4_nopad_bin", "a", "a ", false),
            ("latin1_swedish_ci", "Ä", "ä", true),
            ("latin1_swedish_ci", "A", "ä", false),
            ("latin1_swedish_ci", "É", "e", true),
            ("latin1_general_ci", "é", "É", true),
            ("latin1_general_ci", "é", "e", false),
            ("latin1_bin", "é", "É", false),
            ("ascii_general_ci", "abc", "ABC ", true),
            ("ascii_bin", "abc", "ABC", false),
        ];
        for (collation, left, right, wanted) in cases {
            assert_eq!(equal(collation, left, right), wanted, "{collation}: {left:?} = {right:?}");
        }
    }

    #[test]
    fn characters_that_the_column_lacks_have_no_canonical_form() {
        for (collation, text) in [("latin1_swedish_ci", "ж"), ("utf8mb3_general_ci", "😀"), ("ascii_bin", "é")] {
            assert_eq!(TextCollation::from_mysql_name(collation).unwrap().canonical(text), None, "{collation}");
        }
    }

    #[test]
    fn other_collations_are_refused_with_the_way_out() {
        for name in ["utf8mb4_0900_ai_ci", "utf8mb4_unicode_ci", "latin1_german2_ci", "gbk_chinese_ci", ""] {
            let error = TextCollation::from_mysql_name(name).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("utf8mb4_bin"), "{error}");
        }
        assert_eq!(TextCollation::from_mysql_name("UTF8_general_ci").unwrap().name(), "utf8mb3_general_ci");
    }

    #[test]
    fn ascii_weights_are_those_of_upper_case() {
        for byte in 0..=127u8 {
            assert_eq!(general_ci_weight(char::from(byte)), u16::from(byte.to_ascii_uppercase()));
        }
    }
}
