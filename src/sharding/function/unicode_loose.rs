//! Texts as Vitess' `unicode_loose` functions compare them: by the primary weights of the root collation of CLDR 23, so that
//! neither case nor accents count. A key's weights are one after the other, two bytes each, or three with the top bit set.
//! The weights are in `unicode_loose.txt`, which is read when the first rule needs it.

use std::collections::HashMap;
use std::sync::LazyLock;

use smallvec::SmallVec;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

type Weights = SmallVec<[u32; 2]>;

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("unicode_loose.txt")));

/// The most marks behind a character that are looked at for one that belongs to it.
const MAX_MARKS: usize = 30;

/// First and last of code points that follow each other.
type Range = (u32, u32);

/// Vowels that are written before the consonant that they follow, and those consonants.
const WRITTEN_BEFORE: [(Range, &[Range]); 3] = [
    ((0x0E40, 0x0E44), &[(0x0E01, 0x0E2E)]),
    (
        (0x0EC0, 0x0EC4),
        &[
            (0x0E81, 0x0E82),
            (0x0E84, 0x0E84),
            (0x0E87, 0x0E88),
            (0x0E8A, 0x0E8A),
            (0x0E8D, 0x0E8D),
            (0x0E94, 0x0E97),
            (0x0E99, 0x0E9F),
            (0x0EA1, 0x0EA3),
            (0x0EA5, 0x0EA5),
            (0x0EA7, 0x0EA7),
            (0x0EAA, 0x0EAB),
            (0x0EAD, 0x0EAE),
            (0x0EDC, 0x0EDF),
        ],
    ),
    ((0xAAB5, 0xAABC), &[(0xAA80, 0xAAAF)]),
];

/// Of the last of these, only some stand before.
const TAI_VIET_BEFORE: [u32; 5] = [0xAAB5, 0xAAB6, 0xAAB9, 0xAABB, 0xAABC];

/// The key of a text. Trailing spaces (U+0020) do not count.
pub(super) fn key(text: &str) -> Vec<u8> {
    let table = &*TABLE;
    let mut chars: Vec<Option<char>> = text.trim_end_matches(' ').nfd().map(Some).collect();
    let mut key = Vec::with_capacity(chars.len() * 2);
    let mut at = 0;
    while let Some(next) = chars.get(at).copied() {
        at += 1;
        let Some(first) = next else { continue };
        match chars.get(at).copied().flatten() {
            Some(second) if is_written_before(first, second) => {
                append(&table.weights(second), &mut key);
                append(&table.weights(first), &mut key);
                at += 1;
            }
            _ => match table.joined(first, &mut chars[at..]) {
                Some(weights) => append(weights, &mut key),
                None => append(&table.weights(first), &mut key),
            },
        }
    }
    key
}

fn append(weights: &[u32], key: &mut Vec<u8>) {
    for weight in weights {
        let bytes = weight.to_be_bytes();
        match *weight {
            0..=0x7FFF => key.extend_from_slice(&bytes[2..]),
            _ => key.extend_from_slice(&[bytes[1] | 0x80, bytes[2], bytes[3]]),
        }
    }
}

fn is_written_before(vowel: char, consonant: char) -> bool {
    let (vowel, consonant) = (u32::from(vowel), u32::from(consonant));
    let stands_before = vowel < 0xAA00 || TAI_VIET_BEFORE.contains(&vowel);
    let is_in = |range: &Range, code: u32| (range.0..=range.1).contains(&code);
    let is_pair = |(vowels, consonants): &(Range, &[Range])| {
        is_in(vowels, vowel) && consonants.iter().any(|range| is_in(range, consonant))
    };
    stands_before && WRITTEN_BEFORE.iter().any(is_pair)
}

/// What `unicode_loose.txt` says.
#[derive(Debug, Default)]
struct Table {
    /// By first code point.
    runs: Vec<Run>,
    /// Sequences of two and three characters.
    sequences: HashMap<SmallVec<[char; 3]>, Weights>,
}

/// Characters that follow each other.
#[derive(Debug)]
struct Run {
    first: u32,
    count: u32,
    /// Of the first.
    weights: Weights,
    ascends: bool,
}

impl Table {
    /// What is malformed is left out: a test sees that nothing is.
    fn read(text: &str) -> Self {
        let mut table = Self::default();
        let number = |digits: &str| u32::from_str_radix(digits, 16).ok();
        for (start, items) in
            text.lines().filter_map(|line| line.split_once(": ")).filter(|(start, _)| !start.starts_with('#'))
        {
            let chars: Option<SmallVec<[char; 3]>> =
                start.split('.').map(|digits| number(digits).and_then(char::from_u32)).collect();
            if let Some(chars) = chars.filter(|chars| chars.len() > 1) {
                table.sequences.insert(chars, items.split('.').filter_map(number).collect());
                continue;
            }
            let Some(mut first) = number(start) else { continue };
            for item in items.split(' ') {
                let (weights, count, ascends) = match (item.split_once('+'), item.split_once('*')) {
                    (Some((weight, count)), _) => (weight, number(count), true),
                    (None, Some((weight, count))) => (weight, number(count), false),
                    (None, None) => (item, Some(1), false),
                };
                let weights = weights.split('.').filter_map(number).collect();
                let count = count.unwrap_or(1);
                table.runs.push(Run { first, count, weights, ascends });
                first += count;
            }
        }
        table
    }

    fn weights(&self, character: char) -> Weights {
        /// What a character weighs that the table does not know, over its code point.
        const UNKNOWN: u32 = 0x5_0000;
        let code = u32::from(character);
        let before = self.runs.partition_point(|run| run.first <= code);
        match before.checked_sub(1).map(|index| &self.runs[index]).filter(|run| code - run.first < run.count) {
            Some(run) if run.ascends => run.weights.iter().map(|weight| weight + (code - run.first)).collect(),
            Some(run) => run.weights.clone(),
            None => SmallVec::from_slice(&[code + UNKNOWN]),
        }
    }

    /// The weights of `first` with what belongs to it of the characters behind it, which are taken out: the longest
    /// sequence that stands there, and then marks that no other mark of their class keeps from it.
    fn joined(&self, first: char, rest: &mut [Option<char>]) -> Option<&[u32]> {
        let mut sequence: SmallVec<[char; 3]> = SmallVec::from_slice(&[first]);
        let mut found: Option<&Weights> = None;
        let ahead = |count: usize| rest.get(..count)?.iter().copied().collect::<Option<SmallVec<[char; 3]>>>();
        for count in [2, 1] {
            let Some(following) = ahead(count) else { continue };
            let whole: SmallVec<[char; 3]> = std::iter::once(first).chain(following).collect();
            if let Some(weights) = self.sequences.get(&whole) {
                (sequence, found) = (whole, Some(weights));
                break;
            }
        }
        let taken = sequence.len() - 1;
        rest[..taken].fill(None);
        let mut class_before = 0;
        for place in rest[taken..].iter_mut().take(MAX_MARKS) {
            let Some(mark) = *place else { break };
            let class = canonical_combining_class(mark);
            if class == 0 || class <= class_before {
                break;
            }
            sequence.push(mark);
            match self.sequences.get(&sequence) {
                Some(weights) => {
                    found = Some(weights);
                    *place = None;
                }
                None => {
                    sequence.pop();
                    class_before = class;
                }
            }
        }
        found.map(|weights| weights.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_whole() {
        let lines = include_str!("unicode_loose.txt").lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let (start, items) = line.split_once(": ").unwrap_or_default();
            let is_number = |text: &str| u32::from_str_radix(text, 16).is_ok();
            assert!(start.split('.').all(is_number), "{line}");
            let parts = items.split([' ', '.', '+', '*']).filter(|part| *part != "-");
            assert!(parts.into_iter().all(is_number), "{line}");
        }
        assert!(TABLE.runs.windows(2).all(|pair| pair[0].first + pair[0].count <= pair[1].first));
        assert_eq!(TABLE.sequences.len(), 92);
    }

    #[test]
    fn case_accents_and_trailing_spaces_do_not_count() {
        let cases = [
            ("Straße", "STRASSE  "),
            ("é", "e"),
            ("e\u{301}", "E"),
            ("й", "и\u{306}"),
            // A mark of a lower class between the two.
            ("й", "и\u{323}\u{306}"),
            ("\u{FB2}\u{F71}\u{F80}", "\u{FB2}\u{F81}"),
            ("Ａ", "a"),
        ];
        for (left, right) in cases {
            assert_eq!(key(left), key(right), "{left} {right}");
        }
        assert_ne!(key("й"), key("и"));
        assert_ne!(key("a b"), key("ab"));
        assert_ne!(key(" a"), key("a"));
        // Thai: the vowel counts behind its consonant.
        assert_eq!(key("\u{E40}\u{E01}"), [key("\u{E01}"), key("\u{E40}")].concat());
        assert_eq!(key("中"), [0x81, 0x4E, 0x2D]);
        assert!(key("").is_empty());
    }
}
