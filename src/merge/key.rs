//! Cells as the server compares them.
//!
//! A key is read once, when its row is offered, into slots that compare fast; the buffers are used again for the next
//! row. Numbers and times come in the text or the binary form of the protocol. Text is not compared itself: its weights
//! are, which the server computed. Under a collation that pads, the shorter of two texts counts as if blanks followed
//! it, and the weight of a blank comes with the row.

use std::cell::Cell;
use std::cmp::Ordering;

use super::MergeError;
use super::reach::{Found, Reach, padded};
use crate::value::decimal;

/// How the cells of a result are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Text,
    /// Cells without the length before them, if their type has one.
    Binary,
}

/// How the cells of one column compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    Integer {
        unsigned: bool,
    },
    /// Exact numbers, as text in both encodings.
    Decimal,
    Real,
    /// DATE and DATETIME.
    Moment,
    /// TIME, which can be negative and longer than a day.
    Duration,
    /// BIT: the same number can have leading zero bytes.
    Bits,
    Bytes,
}

/// Where the cells of a key are among those of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Plain {
        cell: usize,
        compare: Compare,
    },
    /// The weights of a text, and the weight of a blank: empty under a collation that does not pad.
    Weights {
        cell: usize,
        blank: usize,
    },
}

/// One element of ORDER BY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub source: Source,
    pub descending: bool,
}

/// The cells of a row; `None` is NULL.
pub trait Cells {
    fn cell(&self, index: usize) -> Option<&[u8]>;
}

impl Cells for [Option<&[u8]>] {
    fn cell(&self, index: usize) -> Option<&[u8]> {
        self.get(index).copied().flatten()
    }
}

/// The value of one key in one row.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Slot {
    Null,
    Integer(i128),
    Real(f64),
    /// A stretch of `Values::bytes`.
    Bytes {
        start: usize,
        end: usize,
    },
}

/// What two rows are to each other.
struct Walk {
    order: Ordering,
    /// They differ by what may lie behind what was sorted by. That is their order all the same if what is sorted by next
    /// says so too, or is equal.
    has_doubt: bool,
    /// That says otherwise.
    is_disputed: bool,
}

/// The values of all keys in one row.
#[derive(Debug, Default)]
pub struct Values {
    slots: Vec<Slot>,
    bytes: Vec<u8>,
    /// Bytes of the longest slot.
    longest: usize,
}

impl Clone for Values {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), bytes: self.bytes.clone(), longest: self.longest }
    }

    fn clone_from(&mut self, other: &Self) {
        self.slots.clone_from(&other.slots);
        self.bytes.clone_from(&other.bytes);
        self.longest = other.longest;
    }
}

/// What is common to the keys of all rows.
#[derive(Debug, Clone)]
pub struct Keys {
    keys: Vec<Key>,
    encoding: Encoding,
    /// The weight of a blank, by key; `None` until a row told it.
    blanks: Vec<Option<Vec<u8>>>,
    /// How much of a text the servers have sorted by.
    reach: Reach,
    /// What lies behind that tells rows from each other.
    counts_all: bool,
    /// Only the order by the first so many of the keys is one that the client knows of.
    asked: usize,
    /// Two rows were compared of which it is not known which one the servers have before the other.
    is_in_doubt: Cell<bool>,
}

impl Keys {
    pub fn new(keys: Vec<Key>, encoding: Encoding) -> Self {
        let blanks = vec![None; keys.len()];
        let is_in_doubt = Cell::new(false);
        Self { keys, encoding, blanks, reach: Reach::Whole, counts_all: false, asked: usize::MAX, is_in_doubt }
    }

    /// The same for rows that are sorted by so much of their texts.
    pub(super) fn reaching(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// Rows are the same only if all of their texts are.
    pub(super) fn counting_all(mut self) -> Self {
        self.counts_all = true;
        self
    }

    /// The same where the client has asked for the first so many of the keys only.
    pub(super) fn asked(mut self, asked: usize) -> Self {
        self.asked = asked;
        self
    }

    /// An error if an order that was told may be another one.
    pub(super) fn check(&self) -> Result<(), MergeError> {
        if self.is_in_doubt.get() { Err(MergeError::InDoubt) } else { Ok(()) }
    }

    /// Whether a text in the row is so long that it may be sorted by in part.
    pub(super) fn are_long(&self, values: &Values) -> bool {
        values.longest > self.reach.short()
    }

    /// Reads the keys of a row into `values`, whose buffers are used again.
    pub fn read(&mut self, row: &(impl Cells + ?Sized), values: &mut Values) -> Result<(), MergeError> {
        values.slots.clear();
        values.bytes.clear();
        values.longest = 0;
        for (key, known_blank) in self.keys.iter().zip(&mut self.blanks) {
            let slot = match key.source {
                Source::Plain { cell, compare } => match row.cell(cell) {
                    None => Slot::Null,
                    Some(bytes) => values.plain(bytes, compare, self.encoding)?,
                },
                Source::Weights { cell, blank } => match (row.cell(cell), row.cell(blank)) {
                    (None, None) => Slot::Null,
                    (Some(weights), Some(blank)) => {
                        match known_blank {
                            Some(known) if known == blank => {}
                            Some(_) => return Err(MergeError::UnknownCollation),
                            None => *known_blank = Some(blank.to_vec()),
                        }
                        values.kept(weights)
                    }
                    _ => return Err(MergeError::UnknownCollation),
                },
            };
            values.slots.push(slot);
        }
        Ok(())
    }

    /// The order of two rows of different shards.
    pub fn compare(&self, one: &Values, other: &Values) -> Ordering {
        let walk = self.walk(usize::MAX, one, other);
        if walk.is_disputed {
            self.is_in_doubt.set(true);
        }
        walk.order
    }

    /// The same by their first keys only, by all that tells rows from each other, whatever the servers have sorted by.
    pub(super) fn compare_first(&self, count: usize, one: &Values, other: &Values) -> Ordering {
        self.walk(count, one, other).order
    }

    /// An error if no server would have sorted this row behind the one that was before it in its stream, or, where it
    /// `may_vary` how servers sort them, only some would.
    pub(super) fn check_next(&self, row: &Values, before: &Values, may_vary: bool) -> Result<(), MergeError> {
        let walk = self.walk(usize::MAX, row, before);
        match walk {
            Walk { has_doubt: false, order: Ordering::Less, .. } => Err(MergeError::Unsorted),
            Walk { is_disputed: true, .. } if may_vary => Err(MergeError::InDoubt),
            _ => Ok(()),
        }
    }

    fn walk(&self, count: usize, one: &Values, other: &Values) -> Walk {
        let mut walk = Walk { order: Ordering::Equal, has_doubt: false, is_disputed: false };
        for (index, key) in self.keys.iter().enumerate().take(count) {
            let found = self.compare_at(index, one, other);
            let (order, is_disputed) = match found {
                Found::Same => continue,
                Found::Differs(order) => (order, false),
                Found::InDoubt { order, is_disputed } => (order, is_disputed),
            };
            let order = if key.descending { order.reverse() } else { order };
            if !walk.has_doubt {
                walk.order = order;
            }
            walk.is_disputed |= index < self.asked && (is_disputed || order != walk.order);
            if matches!(found, Found::Differs(_)) {
                break;
            }
            walk.has_doubt = true;
        }
        walk
    }

    fn compare_at(&self, index: usize, one: &Values, other: &Values) -> Found {
        let (Some(left), Some(right)) = (one.slots.get(index), other.slots.get(index)) else { return Found::Same };
        let order = match (*left, *right) {
            (Slot::Null, Slot::Null) => Ordering::Equal,
            (Slot::Null, _) => Ordering::Less,
            (_, Slot::Null) => Ordering::Greater,
            (Slot::Integer(left), Slot::Integer(right)) => left.cmp(&right),
            (Slot::Real(left), Slot::Real(right)) => left.partial_cmp(&right).unwrap_or(Ordering::Equal),
            (Slot::Bytes { start, end }, Slot::Bytes { start: from, end: to }) => {
                let (left, right) = (&one.bytes[start..end], &other.bytes[from..to]);
                let blank = self.blanks[index].as_deref().unwrap_or_default();
                let is_long = left.len().max(right.len()) > self.reach.short();
                match self.keys[index].source {
                    Source::Plain { compare: Compare::Decimal, .. } => decimal::compare(left, right),
                    Source::Plain { .. } if is_long => return self.reach.compare_bytes(left, right, self.counts_all),
                    Source::Weights { .. } if is_long => {
                        return self.reach.compare(left, right, blank, self.counts_all);
                    }
                    Source::Weights { .. } => padded(left, right, blank),
                    Source::Plain { .. } => left.cmp(right),
                }
            }
            // The same key is read in the same way in all rows.
            _ => Ordering::Equal,
        };
        if order == Ordering::Equal { Found::Same } else { Found::Differs(order) }
    }
}

impl Values {
    /// Whether the first key is NULL.
    pub(super) fn is_null(&self) -> bool {
        matches!(self.slots.first(), Some(Slot::Null) | None)
    }

    fn kept(&mut self, bytes: &[u8]) -> Slot {
        let start = self.bytes.len();
        self.longest = self.longest.max(bytes.len());
        self.bytes.extend_from_slice(bytes);
        Slot::Bytes { start, end: self.bytes.len() }
    }

    fn plain(&mut self, bytes: &[u8], compare: Compare, encoding: Encoding) -> Result<Slot, MergeError> {
        let read = match (compare, encoding) {
            (Compare::Bytes, _) => Some(self.kept(bytes)),
            (Compare::Decimal, _) => decimal::is_decimal(bytes).then(|| self.kept(bytes)),
            (Compare::Bits, _) => big_endian(bytes).map(Slot::Integer),
            (Compare::Integer { .. }, Encoding::Text) => integer(bytes).map(Slot::Integer),
            (Compare::Integer { unsigned }, Encoding::Binary) => little_endian(bytes, unsigned).map(Slot::Integer),
            (Compare::Real, Encoding::Text) => real(bytes).map(Slot::Real),
            (Compare::Real, Encoding::Binary) => binary_real(bytes).map(Slot::Real),
            // 2024-01-31 12:30:00.000: all cells of a column have the same length.
            (Compare::Moment, Encoding::Text) => Some(self.kept(bytes)),
            (Compare::Moment, Encoding::Binary) => binary_moment(bytes).map(Slot::Integer),
            (Compare::Duration, Encoding::Text) => duration(bytes).map(Slot::Integer),
            (Compare::Duration, Encoding::Binary) => binary_duration(bytes).map(Slot::Integer),
        };
        read.ok_or(MergeError::UnreadableKey)
    }
}

/// An integer of at most 30 digits.
pub(super) fn integer(text: &[u8]) -> Option<i128> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 30 {
        return None;
    }
    let value = digits
        .iter()
        .try_fold(0_i128, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i128::from(digit - b'0')))?;
    Some(if negative { -value } else { value })
}

pub(super) fn little_endian(bytes: &[u8], unsigned: bool) -> Option<i128> {
    if bytes.is_empty() || bytes.len() > 8 {
        return None;
    }
    let value = bytes.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let unused = 64 - 8 * bytes.len() as u32;
    Some(if unsigned { i128::from(value) } else { i128::from(((value << unused) as i64) >> unused) })
}

fn big_endian(bytes: &[u8]) -> Option<i128> {
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |value, byte| value << 8 | i128::from(*byte)))
}

pub(super) fn real(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

pub(super) fn binary_real(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        4 => bytes.try_into().ok().map(|bytes| f64::from(f32::from_le_bytes(bytes))),
        8 => bytes.try_into().ok().map(f64::from_le_bytes),
        _ => None,
    }
}

/// Year, month, day, hour, minute, second, microsecond; what is zero at the end is left out.
fn binary_moment(bytes: &[u8]) -> Option<i128> {
    if !matches!(bytes.len(), 0 | 4 | 7 | 11) {
        return None;
    }
    let at = |index: usize| i128::from(bytes.get(index).copied().unwrap_or(0));
    let micros = at(7) | at(8) << 8 | at(9) << 16 | at(10) << 24;
    let date = (at(0) | at(1) << 8) << 16 | at(2) << 8 | at(3);
    Some((date << 24 | at(4) << 16 | at(5) << 8 | at(6)) << 32 | micros)
}

/// Microseconds of `[-]hhh:mm:ss[.ffffff]`.
fn duration(text: &[u8]) -> Option<i128> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let (clock, fraction) = match rest.iter().position(|byte| *byte == b'.') {
        Some(point) => (&rest[..point], &rest[point + 1..]),
        None => (rest, &rest[..0]),
    };
    let mut parts = clock.split(|byte| *byte == b':').map(integer);
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || fraction.len() > 6 {
        return None;
    }
    let micros = if fraction.is_empty() { 0 } else { integer(fraction)? * 10_i128.pow(6 - fraction.len() as u32) };
    let value = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros;
    Some(if negative { -value } else { value })
}

/// A sign, days, hours, minutes, seconds, microseconds; what is zero at the end is left out.
fn binary_duration(bytes: &[u8]) -> Option<i128> {
    if !matches!(bytes.len(), 0 | 8 | 12) {
        return None;
    }
    let at = |index: usize| i128::from(bytes.get(index).copied().unwrap_or(0));
    let long = |index: usize| at(index) | at(index + 1) << 8 | at(index + 2) << 16 | at(index + 3) << 24;
    let seconds = ((long(1) * 24 + at(5)) * 60 + at(6)) * 60 + at(7);
    let value = seconds * 1_000_000 + long(8);
    Some(if at(0) == 1 { -value } else { value })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(compare: Compare, encoding: Encoding, left: &[u8], right: &[u8]) -> Ordering {
        let key = Key { source: Source::Plain { cell: 0, compare }, descending: false };
        ordered(vec![key], encoding, &[Some(left)], &[Some(right)])
    }

    fn ordered(keys: Vec<Key>, encoding: Encoding, left: &[Option<&[u8]>], right: &[Option<&[u8]>]) -> Ordering {
        let mut keys = Keys::new(keys, encoding);
        let (mut one, mut other) = (Values::default(), Values::default());
        keys.read(left, &mut one).unwrap();
        keys.read(right, &mut other).unwrap();
        assert_eq!(keys.compare(&one, &other), keys.compare(&other, &one).reverse());
        keys.compare(&one, &other)
    }

    #[test]
    fn cells_compare_by_value() {
        use Compare::*;
        let signed = Integer { unsigned: false };
        let rising: &[(Compare, Encoding, &[&[u8]])] = &[
            (signed, Encoding::Text, &[b"-9223372036854775808", b"-10", b"-9", b"0", b"9", b"10"]),
            (Integer { unsigned: true }, Encoding::Text, &[b"2", b"18446744073709551615"]),
            (signed, Encoding::Binary, &[b"\x00\x80", b"\xFF\xFF", b"\x00\x00", b"\xFF\x00", b"\x00\x01"]),
            (Integer { unsigned: true }, Encoding::Binary, &[b"\x00", b"\x7F", b"\xFF"]),
            (Decimal, Encoding::Text, &[b"-10.50", b"-9.99", b"-0.01", b"0.00", b"0.01", b"9.99", b"10.00"]),
            (Real, Encoding::Text, &[b"-1e300", b"-0.5", b"0", b"1e-300", b"0.25", b"3", b"1e20"]),
            (Real, Encoding::Binary, &[&(-2.5_f64).to_le_bytes(), &0.25_f64.to_le_bytes(), &3_f64.to_le_bytes()]),
            (Moment, Encoding::Text, &[b"0000-00-00", b"1999-12-31", b"2000-01-01"]),
            (
                Moment,
                Encoding::Binary,
                &[
                    b"",
                    b"\xCF\x07\x0C\x1F",
                    b"\xD0\x07\x01\x01",
                    b"\xD0\x07\x01\x01\x00\x00\x01",
                    b"\xD0\x07\x01\x01\x00\x00\x01\x05\x00\x00\x00",
                    b"\xD0\x07\x01\x01\x01\x00\x00",
                ],
            ),
            (
                Duration,
                Encoding::Text,
                &[b"-838:59:59", b"-01:00:00.5", b"-01:00:00", b"00:00:00", b"00:00:00.25", b"99:00:00", b"100:00:00"],
            ),
            (
                Duration,
                Encoding::Binary,
                &[b"\x01\x01\0\0\0\0\0\0", b"\x01\0\0\0\0\x01\0\0", b"", b"\0\0\0\0\0\0\0\x01", b"\0\x01\0\0\0\0\0\0"],
            ),
            (Bits, Encoding::Text, &[b"\x00", b"\x00\x01", b"\x02", b"\x01\x00"]),
            (Bytes, Encoding::Text, &[b"", b"A", b"a", b"a\0", b"ab"]),
        ];
        for (compare, encoding, cells) in rising {
            for (index, cell) in cells.iter().enumerate() {
                for (other, right) in cells.iter().enumerate() {
                    assert_eq!(
                        order(*compare, *encoding, cell, right),
                        index.cmp(&other),
                        "{compare:?} {cell:?} {right:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn weights_are_padded_with_blanks_where_the_collation_pads() {
        let key = Key { source: Source::Weights { cell: 0, blank: 1 }, descending: false };
        let order = |left: &[u8], right: &[u8], blank: &[u8]| {
            ordered(vec![key], Encoding::Text, &[Some(left), Some(blank)], &[Some(right), Some(blank)])
        };
        assert_eq!(order(b"\0a", b"\0a\0 \0 ", b"\0 "), Ordering::Equal);
        assert_eq!(order(b"\0a", b"\0a\0\t", b"\0 "), Ordering::Greater);
        assert_eq!(order(b"\0a", b"\0a\0b", b"\0 "), Ordering::Less);
        assert_eq!(order(b"\0a", b"\0a\0\t", b""), Ordering::Less);
        assert_eq!(order(b"", b"\0 ", b"\0 "), Ordering::Equal);
    }

    #[test]
    fn nulls_come_first_unless_the_order_is_reversed() {
        let key = |descending| Key { source: Source::Plain { cell: 0, compare: Compare::Bytes }, descending };
        assert_eq!(ordered(vec![key(false)], Encoding::Text, &[None], &[Some(b"")]), Ordering::Less);
        assert_eq!(ordered(vec![key(true)], Encoding::Text, &[None], &[Some(b"")]), Ordering::Greater);
        assert_eq!(ordered(vec![key(true)], Encoding::Text, &[None], &[None]), Ordering::Equal);
    }

    #[test]
    fn what_is_not_of_its_type_is_an_error() {
        let read = |source, row: &[Option<&[u8]>]| {
            Keys::new(vec![Key { source, descending: false }], Encoding::Text).read(row, &mut Values::default())
        };
        let plain = |compare| Source::Plain { cell: 0, compare };
        for compare in [Compare::Integer { unsigned: false }, Compare::Decimal, Compare::Real, Compare::Duration] {
            assert_eq!(read(plain(compare), &[Some(b"x")]), Err(MergeError::UnreadableKey), "{compare:?}");
        }
        let weights = Source::Weights { cell: 0, blank: 1 };
        assert_eq!(read(weights, &[Some(b"x"), None]), Err(MergeError::UnknownCollation));
        assert_eq!(read(weights, &[None, Some(b"x")]), Err(MergeError::UnknownCollation));
        assert_eq!(read(weights, &[None, None]), Ok(()));
    }

    proptest! {
        #[test]
        fn arbitrary_cells_do_not_panic(cell in prop::collection::vec(any::<u8>(), 0..20), binary in any::<bool>()) {
            let encoding = if binary { Encoding::Binary } else { Encoding::Text };
            use Compare::*;
            for compare in [Integer { unsigned: true }, Integer { unsigned: false }, Decimal, Real, Moment, Duration, Bits, Bytes] {
                let key = Key { source: Source::Plain { cell: 0, compare }, descending: false };
                let row: &[Option<&[u8]>] = &[Some(&cell)];
                let _ = Keys::new(vec![key], encoding).read(row, &mut Values::default());
            }
        }
    }
}
