//! Groups of rows to one row each: what GROUP BY and the aggregate functions make of rows that each shard has grouped
//! already.
//!
//! Each row is a shard's part of a group. Parts with equal keys come one after the other, so only one group is held at
//! a time. Exact numbers stay exact, of any length.

use std::cmp::Ordering;

use super::json::Whole;
use super::key::{Cells, Encoding, Key, Keys, Values, binary_real, integer, little_endian, real};
use super::texts::{Joined, Part};
use super::{MergeError, real as reals};
use crate::value::decimal::Decimal;

/// How the cells of one column in the parts of a group become one.
#[derive(Debug, Clone, PartialEq)]
pub enum Combine {
    /// COUNT: 64-bit integers are added.
    Count,
    /// SUM of exact numbers; the parts are decimals.
    Sum,
    /// SUM of DOUBLEs.
    RealSum,
    /// MIN and MAX: the cell of the part whose key is the least or the greatest, and with it the cells `with` it.
    Extreme {
        key: Key,
        is_greatest: bool,
        with: Vec<usize>,
    },
    /// SUM of exact numbers of which `sum` is another one, with more digits.
    Rounded {
        sum: usize,
        decimals: usize,
    },
    /// AVG of exact numbers, from sum and count, which are combined before it.
    Average {
        sum: usize,
        count: usize,
        decimals: usize,
    },
    /// AVG of DOUBLEs.
    RealAverage {
        sum: usize,
        count: usize,
    },
    And,
    Or,
    Xor,
    /// STD, VARIANCE and their kin, from count, average and variance of the parts. `decimals`: how many are written, if
    /// not all.
    Deviation {
        count: usize,
        mean: usize,
        variance: usize,
        of: Deviation,
        decimals: Option<usize>,
    },
    /// GROUP_CONCAT: beside it the cells that tell bytes and elements of the part, the bytes that the server allows, and how
    /// it can be cut: between characters of UTF-8 (2), between any bytes (1), or not here (0).
    Texts {
        separator: usize,
        size: usize,
        elements: usize,
        most: usize,
        cut: usize,
    },
    /// JSON_ARRAYAGG. `most`: how long it may be, without its brackets.
    Array {
        is_value: bool,
        most: Option<usize>,
    },
    /// JSON_OBJECTAGG.
    Object {
        is_value: bool,
    },
}

/// Which of the measures of how values differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deviation {
    /// Of a sample, and not of all values.
    pub is_sample: bool,
    /// The standard deviation, and not the variance.
    pub is_root: bool,
}

/// One column that is combined. All others keep the first part's cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    pub cell: usize,
    pub combine: Combine,
    /// Of parts that are the same but for their shard only the first counts.
    pub is_once: bool,
}

/// Texts that were longer than servers allow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cuts {
    /// The numbers of the elements that were cut, so many as anyone asks for.
    pub elements: Vec<u64>,
    pub count: u64,
    /// Parts that a server had cut already, and warned of.
    pub parts: u64,
}

/// Most numbers of elements that are kept: `max_error_count`'s default.
const KEPT: usize = 64;

/// What a column came to so far. `None` of a value: only NULLs.
#[derive(Debug)]
enum State {
    Count(i128),
    Sum(Option<Decimal>),
    RealSum(Option<f64>),
    Extreme {
        keys: Keys,
        best: Values,
        spare: Values,
    },
    Bits(u64),
    Moments(Moments),
    Texts(Joined),
    Json(Whole),
    /// Computed from others.
    Derived,
}

/// What the deviation of values comes from.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    /// The sum of the squares of the distances from the mean.
    squares: f64,
}

impl Moments {
    /// Those of both parts: the distance of their means counts for as many values as there are.
    fn joined(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let distance = other.mean - self.mean;
        let squares = self.squares + other.squares + distance * distance * self.count * other.count / count;
        Self { count, mean: self.mean + distance * other.count / count, squares }
    }

    fn measured(self, of: Deviation) -> Option<f64> {
        let count = if of.is_sample { self.count - 1.0 } else { self.count };
        let variance = (count > 0.0).then_some(self.squares / count)?;
        Some(if of.is_root { variance.sqrt() } else { variance })
    }
}

/// The group at hand.
#[derive(Debug)]
pub struct Group {
    aggregates: Vec<Aggregate>,
    states: Vec<State>,
    encoding: Encoding,
    cells: Vec<Option<Vec<u8>>>,
    is_open: bool,
    /// By aggregate: elements of texts in all groups so far.
    counted: Vec<u64>,
    cuts: Cuts,
    /// Both as they were before the group.
    before: (Vec<u64>, u64),
    /// Bytes of JSON in the group.
    bytes: usize,
    budget: usize,
}

impl Group {
    /// `columns`: how many cells rows have. What is computed from other columns must stand behind those. `budget`: bytes
    /// that what is put together for one group may have.
    pub fn new(columns: usize, aggregates: Vec<Aggregate>, encoding: Encoding, budget: usize) -> Self {
        let counted = vec![0; aggregates.len()];
        let (states, cells, cuts) = (Vec::new(), vec![None; columns], Cuts::default());
        let before = (counted.clone(), 0);
        Self { aggregates, states, encoding, cells, is_open: false, counted, cuts, before, bytes: 0, budget }
    }

    /// The texts that were cut so far.
    pub fn cuts(&self) -> &Cuts {
        &self.cuts
    }

    /// Whether there is a part at least.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Nobody wants the group that was finished last: a server would not have put its texts together.
    pub fn pass_over(&mut self) {
        self.counted.clone_from(&self.before.0);
        self.cuts.count = self.before.1;
        self.cuts.elements.truncate(usize::try_from(self.cuts.count).unwrap_or(KEPT));
    }

    /// Begins with the first part.
    pub fn begin(&mut self, row: &(impl Cells + ?Sized)) -> Result<(), MergeError> {
        for (index, cell) in self.cells.iter_mut().enumerate() {
            keep(cell, row.cell(index));
        }
        self.states.clear();
        self.bytes = 0;
        self.before.0.clone_from(&self.counted);
        self.before.1 = self.cuts.count;
        for index in 0..self.aggregates.len() {
            let state = self.first(index, row)?;
            self.states.push(state);
        }
        self.is_open = true;
        Ok(())
    }

    fn first(&mut self, index: usize, row: &(impl Cells + ?Sized)) -> Result<State, MergeError> {
        let aggregate = &self.aggregates[index];
        let cell = row.cell(aggregate.cell);
        Ok(match &aggregate.combine {
            Combine::Count => State::Count(self.count(cell)?),
            Combine::Sum => State::Sum(exact(cell)?),
            Combine::RealSum => State::RealSum(self.real(cell)?),
            Combine::Extreme { key, .. } => {
                let (mut keys, mut best) = (Keys::new(vec![*key], self.encoding), Values::default());
                keys.read(row, &mut best)?;
                State::Extreme { keys, best, spare: Values::default() }
            }
            Combine::And | Combine::Or | Combine::Xor => State::Bits(self.bits(cell)?),
            Combine::Deviation { .. } => State::Moments(self.moments(&aggregate.combine, row)?),
            Combine::Texts { .. } => State::Texts(self.texts(index, Joined::default(), row)?),
            Combine::Array { is_value, .. } => self.json(index, Whole::array(*is_value), cell)?,
            Combine::Object { is_value } => self.json(index, Whole::object(*is_value), cell)?,
            Combine::Rounded { .. } | Combine::Average { .. } | Combine::RealAverage { .. } => State::Derived,
        })
    }

    /// Adds another part. `is_same`: another shard has the same one, and it was the last.
    pub fn add(&mut self, row: &(impl Cells + ?Sized), is_same: bool) -> Result<(), MergeError> {
        for index in 0..self.aggregates.len() {
            if is_same && self.aggregates[index].is_once {
                continue;
            }
            let cell = row.cell(self.aggregates[index].cell);
            let state = std::mem::replace(&mut self.states[index], State::Derived);
            self.states[index] = match (state, &self.aggregates[index].combine) {
                (State::Count(count), _) => State::Count(count + self.count(cell)?),
                (State::Sum(sum), _) => State::Sum(joined(sum, exact(cell)?, Decimal::plus)),
                (State::RealSum(sum), _) => State::RealSum(joined(sum, self.real(cell)?, |one, other| one + other)),
                (State::Moments(moments), combine) => State::Moments(moments.joined(self.moments(combine, row)?)),
                (State::Texts(joined), _) => State::Texts(self.texts(index, joined, row)?),
                (State::Json(whole), _) => self.json(index, whole, cell)?,
                (State::Bits(bits), Combine::And) => State::Bits(bits & self.bits(cell)?),
                (State::Bits(bits), Combine::Or) => State::Bits(bits | self.bits(cell)?),
                (State::Bits(bits), _) => State::Bits(bits ^ self.bits(cell)?),
                (State::Extreme { mut keys, mut best, mut spare }, Combine::Extreme { is_greatest, with, .. }) => {
                    keys.read(row, &mut spare)?;
                    let wanted = if *is_greatest { Ordering::Greater } else { Ordering::Less };
                    // NULL is what there is without a value.
                    let is_better = !spare.is_null() && (best.is_null() || keys.compare(&spare, &best) == wanted);
                    if is_better {
                        std::mem::swap(&mut best, &mut spare);
                        for index in with {
                            keep(&mut self.cells[*index], row.cell(*index));
                        }
                    }
                    State::Extreme { keys, best, spare }
                }
                (other, _) => other,
            };
        }
        Ok(())
    }

    /// The group's row; there must be one.
    pub fn finish(&mut self) -> Result<&[Option<Vec<u8>>], MergeError> {
        self.is_open = false;
        for index in 0..self.aggregates.len() {
            let cell = self.aggregates[index].cell;
            self.cells[cell] = match (&self.states[index], &self.aggregates[index].combine) {
                (State::Count(count), _) => {
                    let count = u64::try_from(*count).map_err(|_| MergeError::UnreadableCell)?;
                    Some(self.integer_cell(count))
                }
                (State::Bits(bits), _) => Some(self.integer_cell(*bits)),
                (State::Sum(sum), _) => match sum {
                    Some(sum) if sum.precision() > MAX_DIGITS => return Err(MergeError::TooLarge),
                    sum => sum.as_ref().map(|sum| sum.to_string().into_bytes()),
                },
                (State::RealSum(sum), _) => match sum {
                    Some(sum) if !sum.is_finite() => return Err(MergeError::TooLarge),
                    sum => sum.map(|sum| self.real_cell(sum)),
                },
                (State::Derived, Combine::Rounded { sum, decimals }) => {
                    exact(self.cells[*sum].as_deref())?.map(|sum| sum.rounded(*decimals).to_string().into_bytes())
                }
                (State::Derived, Combine::Average { sum, count, decimals }) => {
                    let (sum, count) =
                        (exact(self.cells[*sum].as_deref())?, self.count(self.cells[*count].as_deref())?);
                    let count = u64::try_from(count).map_err(|_| MergeError::UnreadableCell)?;
                    sum.and_then(|sum| sum.divided(count, *decimals)).map(|average| average.to_string().into_bytes())
                }
                (State::Derived, Combine::RealAverage { sum, count }) => {
                    let (sum, count) =
                        (self.real(self.cells[*sum].as_deref())?, self.count(self.cells[*count].as_deref())?);
                    sum.filter(|_| count > 0).map(|sum| self.real_cell(sum / count as f64))
                }
                (State::Moments(moments), Combine::Deviation { of, decimals, .. }) => {
                    moments.measured(*of).map(|value| match (self.encoding, decimals) {
                        (Encoding::Text, Some(decimals)) => format!("{value:.decimals$}").into_bytes(),
                        _ => self.real_cell(value),
                    })
                }
                (State::Texts(joined), _) => joined.text().map(<[u8]>::to_vec),
                (State::Json(whole), _) => whole.text(),
                (State::Extreme { .. } | State::Derived | State::Moments(_), _) => continue,
            };
        }
        Ok(&self.cells)
    }

    fn moments(&self, combine: &Combine, row: &(impl Cells + ?Sized)) -> Result<Moments, MergeError> {
        let Combine::Deviation { count, mean, variance, .. } = combine else { return Ok(Moments::default()) };
        let count = self.count(row.cell(*count))? as f64;
        let mean = self.real(row.cell(*mean))?.unwrap_or_default();
        Ok(Moments { count, mean, squares: self.real(row.cell(*variance))?.unwrap_or_default() * count })
    }

    /// Adds a part of the aggregate `index` to a text.
    fn texts(&mut self, index: usize, mut joined: Joined, row: &(impl Cells + ?Sized)) -> Result<Joined, MergeError> {
        let Aggregate { cell, combine, .. } = &self.aggregates[index];
        let Combine::Texts { separator, size, elements, most, cut } = combine else { return Ok(joined) };
        let number = |at: usize| match row.cell(at) {
            None => Ok(0),
            cell => self.count(cell).map(|number| u64::try_from(number).unwrap_or_default()),
        };
        let separator = row.cell(*separator).unwrap_or_default();
        let elements = number(*elements)?;
        // What the server counts of a part is its elements and what stands between them.
        let size = number(*size)?.saturating_add(elements.saturating_sub(1).saturating_mul(separator.len() as u64));
        let (most, cut) = (number(*most)?, number(*cut)?);
        let (can_cut, is_utf8) = (cut > 0, cut == 2);
        let part = Part { text: row.cell(*cell), separator, size, elements, most, can_cut, is_utf8 };
        self.cuts.parts += u64::from(part.text.is_some() && size > most);
        if let Some(element) = joined.add(part, &mut self.counted[index])? {
            self.cuts.count += 1;
            if self.cuts.elements.len() < KEPT {
                self.cuts.elements.push(element);
            }
        }
        match joined.text().is_some_and(|text| text.len() > self.budget) {
            true => Err(MergeError::LargeGroup),
            false => Ok(joined),
        }
    }

    fn json(&mut self, index: usize, mut whole: Whole, part: Option<&[u8]>) -> Result<State, MergeError> {
        self.bytes = self.bytes.saturating_add(whole.add(part)?);
        let most = match &self.aggregates[index].combine {
            // It is the same in all parts.
            Combine::Array { most: Some(most), .. } => self.count(self.cells[*most].as_deref())?,
            _ => i128::MAX,
        };
        match () {
            // A server may have cut its part at the limit.
            () if whole.len() as i128 + 4 > most => Err(MergeError::LongText),
            () if self.bytes > self.budget => Err(MergeError::LargeGroup),
            () => Ok(State::Json(whole)),
        }
    }

    fn count(&self, cell: Option<&[u8]>) -> Result<i128, MergeError> {
        let read = cell.and_then(|cell| match self.encoding {
            Encoding::Text => integer(cell),
            Encoding::Binary => little_endian(cell, false),
        });
        read.ok_or(MergeError::UnreadableCell)
    }

    fn bits(&self, cell: Option<&[u8]>) -> Result<u64, MergeError> {
        let read = cell.and_then(|cell| match self.encoding {
            Encoding::Text => integer(cell),
            Encoding::Binary => little_endian(cell, true),
        });
        read.and_then(|bits| u64::try_from(bits).ok()).ok_or(MergeError::UnreadableCell)
    }

    fn real(&self, cell: Option<&[u8]>) -> Result<Option<f64>, MergeError> {
        let Some(cell) = cell else { return Ok(None) };
        let read = match self.encoding {
            Encoding::Text => real(cell),
            Encoding::Binary => binary_real(cell),
        };
        read.map(Some).ok_or(MergeError::UnreadableCell)
    }

    fn integer_cell(&self, value: u64) -> Vec<u8> {
        match self.encoding {
            Encoding::Text => value.to_string().into_bytes(),
            Encoding::Binary => value.to_le_bytes().to_vec(),
        }
    }

    fn real_cell(&self, value: f64) -> Vec<u8> {
        match self.encoding {
            Encoding::Text => reals::written(value).into_bytes(),
            Encoding::Binary => value.to_le_bytes().to_vec(),
        }
    }
}

/// The digits that a DECIMAL can have.
const MAX_DIGITS: usize = 65;

fn exact(cell: Option<&[u8]>) -> Result<Option<Decimal>, MergeError> {
    cell.map(|cell| Decimal::parse(cell).ok_or(MergeError::UnreadableCell)).transpose()
}

fn joined<T>(one: Option<T>, other: Option<T>, join: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(join(one, other)),
        (one, other) => one.or(other),
    }
}

/// Puts a copy into `cell`, whose buffer is used again.
fn keep(cell: &mut Option<Vec<u8>>, value: Option<&[u8]>) {
    match (cell.as_mut(), value) {
        (Some(kept), Some(value)) => {
            kept.clear();
            kept.extend_from_slice(value);
        }
        (_, value) => *cell = value.map(<[u8]>::to_vec),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::merge::key::{Compare, Source};

    fn grouped(aggregates: Vec<Aggregate>, rows: &[&[Option<&str>]]) -> Result<Vec<Option<String>>, MergeError> {
        let mut group = Group::new(rows[0].len(), aggregates, Encoding::Text, usize::MAX);
        for row in rows {
            let cells: Vec<Option<&[u8]>> = row.iter().map(|cell| cell.map(str::as_bytes)).collect();
            if group.is_open() { group.add(cells.as_slice(), false)? } else { group.begin(cells.as_slice())? }
        }
        let cells = group.finish()?;
        Ok(cells.iter().map(|cell| cell.as_ref().map(|cell| String::from_utf8(cell.clone()).unwrap())).collect())
    }

    fn one(combine: Combine, parts: &[Option<&str>]) -> Option<String> {
        let rows: Vec<Vec<Option<&str>>> = parts.iter().map(|part| vec![*part]).collect();
        let rows: Vec<&[Option<&str>]> = rows.iter().map(Vec::as_slice).collect();
        grouped(vec![Aggregate { cell: 0, combine, is_once: false }], &rows).unwrap().remove(0)
    }

    type Parts<'p> = &'p [Option<&'p str>];

    #[test]
    fn parts_become_one() {
        let key = Key { source: Source::Plain { cell: 0, compare: Compare::Decimal }, descending: false };
        let extreme = |is_greatest| Combine::Extreme { key, is_greatest, with: vec![0] };
        let cases: &[(Combine, Parts<'_>, Option<&str>)] = &[
            (Combine::Count, &[Some("3"), Some("0"), Some("4")], Some("7")),
            (Combine::Sum, &[Some("99999999999999999999"), None, Some("0.01")], Some("99999999999999999999.01")),
            (Combine::Sum, &[None, None], None),
            (Combine::RealSum, &[None, Some("0.5"), Some("1e20")], Some("1e20")),
            (extreme(true), &[None, Some("-2.5"), Some("-10.0")], Some("-2.5")),
            (extreme(false), &[Some("-2.5"), None, Some("-10.0")], Some("-10.0")),
            (extreme(false), &[None, None], None),
            (Combine::And, &[Some("18446744073709551615"), Some("6"), Some("3")], Some("2")),
            (Combine::Or, &[Some("0"), Some("6"), Some("3")], Some("7")),
            (Combine::Xor, &[Some("5"), Some("6"), Some("3")], Some("0")),
        ];
        for (combine, parts, wanted) in cases {
            assert_eq!(one(combine.clone(), parts).as_deref(), *wanted, "{combine:?} {parts:?}");
        }
    }

    #[test]
    fn an_average_comes_from_all_sums_and_counts() {
        let aggregates = vec![
            Aggregate { cell: 2, combine: Combine::Sum, is_once: false },
            Aggregate { cell: 3, combine: Combine::Count, is_once: false },
            Aggregate { cell: 1, combine: Combine::Average { sum: 2, count: 3, decimals: 4 }, is_once: false },
        ];
        let rows: &[&[Option<&str>]] =
            &[&[Some("k"), Some("1.0000"), Some("1"), Some("1")], &[Some("K"), Some("2.0000"), Some("4"), Some("2")]];
        let row = grouped(aggregates.clone(), rows).unwrap();
        assert_eq!((row[0].as_deref(), row[1].as_deref()), (Some("k"), Some("1.6667")));
        let rows: &[&[Option<&str>]] = &[&[None, None, None, Some("0")], &[None, None, None, Some("0")]];
        assert_eq!(grouped(aggregates, rows).unwrap()[1], None);
    }

    #[test]
    fn deviations_are_those_of_all_values() {
        // 1, 2, 3 and 10, 20; a part without values.
        let rows: &[&[Option<&str>]] = &[
            &[None, Some("3"), Some("2"), Some("0.6666666666666666")],
            &[None, Some("0"), None, None],
            &[None, Some("2"), Some("15"), Some("25")],
        ];
        let measured = |is_sample, is_root, decimals, rows: &[&[Option<&str>]]| {
            let of = Deviation { is_sample, is_root };
            let combine = Combine::Deviation { count: 1, mean: 2, variance: 3, of, decimals };
            grouped(vec![Aggregate { cell: 0, combine, is_once: false }], rows).unwrap().remove(0)
        };
        assert_eq!(measured(false, false, Some(4), rows).as_deref(), Some("50.9600"));
        assert_eq!(measured(true, false, Some(4), rows).as_deref(), Some("63.7000"));
        assert_eq!(measured(false, true, Some(4), rows).as_deref(), Some("7.1386"));
        assert!(measured(true, true, None, rows).unwrap().starts_with("7.98"));
        assert_eq!(measured(false, false, None, &rows[1..2]), None);
        let one: &[&[Option<&str>]] = &[&[None, Some("1"), Some("7"), Some("0")], rows[1]];
        assert_eq!((measured(false, true, None, one).as_deref(), measured(true, true, None, one)), (Some("0"), None));
    }

    #[test]
    fn texts_are_counted_over_all_groups() {
        let combine = Combine::Texts { separator: 1, size: 2, elements: 3, most: 4, cut: 5 };
        let aggregates = vec![Aggregate { cell: 0, combine, is_once: true }];
        let mut group = Group::new(6, aggregates, Encoding::Text, usize::MAX);
        let mut next = |parts: &[(&str, bool)]| {
            for (text, is_same) in parts {
                let elements = text.split(';').count();
                let (size, elements) = ((text.len() + 1 - elements).to_string(), elements.to_string());
                let came = &text[..text.len().min(5)];
                let row: [Option<&[u8]>; 6] = [came, ";", &size, &elements, "5", "1"].map(|cell| Some(cell.as_bytes()));
                let done = if group.is_open() { group.add(&row[..], *is_same) } else { group.begin(&row[..]) };
                done.unwrap();
            }
            let text = group.finish().unwrap()[0].clone().unwrap();
            (String::from_utf8(text).unwrap(), group.cuts().clone())
        };
        assert_eq!(next(&[("a;b", false), ("c", false), ("c", true)]), ("a;b;c".to_owned(), Cuts::default()));
        let cuts = Cuts { elements: vec![7], count: 1, parts: 1 };
        assert_eq!(next(&[("d", false), ("e", false), ("f;ghi", false), ("j", false)]).0, "d;e;f");
        assert_eq!(next(&[("kl", false)]).1, Cuts { parts: 0, ..cuts.clone() });
        assert_eq!(next(&[("mnopqr", false)]).1, Cuts { elements: vec![7, 9], count: 2, parts: 1 });
        group.pass_over();
        assert_eq!(group.cuts(), &cuts);
    }

    #[test]
    fn json_is_bounded() {
        let budget = |budget, most: Option<&str>| {
            let combine = Combine::Array { is_value: true, most: most.map(|_| 1) };
            let aggregates = vec![Aggregate { cell: 0, combine, is_once: false }];
            let mut group = Group::new(2, aggregates, Encoding::Text, budget);
            let row = [Some(&b"[1, 2]"[..]), most.map(str::as_bytes)];
            group.begin(&row[..])?;
            group.add(&row[..], false)?;
            group.finish().map(|cells| cells[0].clone().unwrap())
        };
        assert_eq!(budget(100, None), Ok(b"[1, 2, 1, 2]".to_vec()));
        assert_eq!(budget(8, None), Err(MergeError::LargeGroup));
        assert_eq!(budget(100, Some("12")), Err(MergeError::LongText));
    }

    #[test]
    fn what_is_no_number_is_an_error() {
        for combine in [Combine::Count, Combine::Sum, Combine::RealSum, Combine::And] {
            let aggregate = Aggregate { cell: 0, combine: combine.clone(), is_once: false };
            assert_eq!(grouped(vec![aggregate], &[&[Some("x")]]), Err(MergeError::UnreadableCell), "{combine:?}");
        }
        let long = "9".repeat(65);
        let sum = Aggregate { cell: 0, combine: Combine::Sum, is_once: false };
        assert_eq!(grouped(vec![sum], &[&[Some(&long)], &[Some("1")]]), Err(MergeError::TooLarge));
    }
}
