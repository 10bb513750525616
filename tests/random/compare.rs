//! Whether two answers to a statement are the same, as far as SQL determines them.

use std::collections::HashMap;

use crate::harness::answer::{Answer, Column, Leniency, Row, brief, differences};
use crate::harness::client::Client;
use crate::kind::Collation;
use crate::meaning::{Order, Output, Quality};
use crate::queries::collation_of;

/// Sums in another order differ by a few units in the last place for each addend; all here are of similar size.
const TOLERANCE: f64 = 1e-9;

/// What the two answers are judged by.
pub struct Judge<'a> {
    pub output: &'a Output,
    /// Where LIMIT cuts among rows of which any may come first: the plain server's answer without the LIMIT.
    pub uncut: Option<&'a Answer>,
    /// Of the plain server: asked for the weights of texts.
    pub plain: &'a mut Client,
    pub leniency: Leniency,
    /// Whether the statement has an outer join. Where WHERE makes an inner one of it, a server shows columns as NOT NULL,
    /// unless it found its tables to be empty before.
    pub has_outer_join: bool,
    /// Whether it joins, or filters derived tables. The order in which a server does that decides which rows a condition is
    /// evaluated for, and so what it warns of.
    pub has_open_evaluation: bool,
}

impl Judge<'_> {
    /// A line for each difference.
    pub fn differences(&mut self, expected: &[Answer], got: &[Answer]) -> Vec<String> {
        let (mut expected, mut got) = (bits_alike(expected, got), bits_alike(got, expected));
        let wide = widened(&expected, &got);
        got = widened(&got, &expected);
        expected = wide;
        if self.has_outer_join {
            without_flag(&mut expected, NOT_NULL);
            without_flag(&mut got, NOT_NULL);
        }
        let (expected, got) = (expected.as_slice(), got.as_slice());
        let mut lines = differences(&codes(expected), &codes(got), &self.leniency);
        for (expected, got) in expected.iter().zip(got) {
            if !self.has_open_evaluation {
                lines.extend(warnings(expected, got));
            }
            if let (Answer::Rows { columns, rows: expected, .. }, Answer::Rows { rows: got, .. }) = (expected, got) {
                lines.extend(self.rows(columns, expected, got));
            }
        }
        lines
    }

    fn rows(&mut self, columns: &[Column], expected: &[Row], got: &[Row]) -> Option<String> {
        if expected == got || expected.len() != got.len() {
            // The number of rows was compared before.
            return None;
        }
        let uncut = match self.uncut {
            Some(Answer::Rows { rows, .. }) => rows.as_slice(),
            _ => &[],
        };
        let weights = self.weights(expected.iter().chain(got).chain(uncut));
        let read = |rows: &[Row]| -> Vec<Known> { rows.iter().map(|row| self.known(columns, row, &weights)).collect() };
        let (expected_rows, got_rows, uncut) = (read(expected), read(got), read(uncut));
        let is_same = match (&self.output.order, self.output.is_cut) {
            (_, true) => keys(&expected_rows) == keys(&got_rows) && all_in(&got_rows, uncut),
            (Order::Total, false) => expected_rows.iter().zip(&got_rows).all(|(expected, got)| expected.is_same(got)),
            (Order::Open, false) => same_rows(expected_rows.clone(), got_rows.clone()),
            (Order::Keys(_), false) => same_by_keys(&expected_rows, &got_rows),
        };
        (!is_same).then(|| {
            let answer =
                |rows: &[Row]| Answer::Rows { columns: columns.to_vec(), rows: rows.to_vec(), end: Default::default() };
            let leniency = Leniency { unordered: self.output.order == Order::Open, ..Leniency::default() };
            differences(&[answer(expected)], &[answer(got)], &leniency).join("\n")
        })
    }

    fn quality(&self, column: usize) -> Quality {
        self.output.columns.get(column).map_or(Quality::Exact, |column| column.quality)
    }

    /// The collation in which a column's texts are equal, where that is what counts.
    fn collation(&self, column: usize) -> Option<Collation> {
        let is_key = matches!(&self.output.order, Order::Keys(keys) if keys.contains(&column));
        match self.quality(column) {
            Quality::Loose(collation) => Some(collation),
            _ if is_key => collation_of(self.output.columns[column].kind),
            _ => None,
        }
    }

    fn known(&self, columns: &[Column], row: &Row, weights: &Weights) -> Known {
        let mut known = Known::default();
        let weight = |collation, bytes: &Vec<u8>| match weights.get(&(collation, trimmed(bytes).to_vec())) {
            Some(weight) => weight.clone(),
            None => bytes.clone(),
        };
        for (number, cell) in row.iter().enumerate() {
            known.cells.push(cell.as_ref().map(|bytes| match self.quality(number) {
                Quality::Exact => bytes.clone(),
                Quality::Loose(collation) => weight(collation, bytes),
                Quality::Bag => elements(bytes),
                Quality::Approximate => {
                    known.numbers.push(number_of(columns[number].kind, bytes));
                    Vec::new()
                }
            }));
        }
        if let Order::Keys(keys) = &self.output.order {
            let key = |column: &usize| {
                let cell = row[*column].as_ref()?;
                if columns[*column].kind == DECIMAL {
                    return Some(without_last_zeros(cell));
                }
                Some(self.collation(*column).map_or_else(|| cell.clone(), |collation| weight(collation, cell)))
            };
            known.keys = keys.iter().map(key).collect();
        }
        known
    }

    /// By what texts are compared that may be spelled in several ways.
    fn weights<'r>(&mut self, rows: impl Iterator<Item = &'r Row>) -> Weights {
        let mut weights = Weights::new();
        for row in rows {
            for (number, cell) in row.iter().enumerate() {
                if let (Some(collation), Some(bytes)) = (self.collation(number), cell) {
                    weights.insert((collation, trimmed(bytes).to_vec()), Vec::new());
                }
            }
        }
        let keys: Vec<(Collation, Vec<u8>)> = weights.keys().cloned().collect();
        for chunk in keys.chunks(200) {
            let weight = |(collation, bytes): &(Collation, Vec<u8>)| {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                let text = format!("CONVERT(CONVERT(x'{hex}' USING utf8mb4) USING {})", collation.charset());
                format!("HEX(WEIGHT_STRING({text} COLLATE {}))", collation.name())
            };
            let sql = format!("SELECT {}", chunk.iter().map(weight).collect::<Vec<_>>().join(", "));
            let found = self.plain.one(&sql).text().remove(0);
            weights.extend(chunk.iter().cloned().zip(found.into_iter().map(String::into_bytes)));
        }
        weights
    }
}

/// Of a text in a collation.
type Weights = HashMap<(Collation, Vec<u8>), Vec<u8>>;

/// The answers without rows, and errors without their words, which name physical tables.
fn codes(answers: &[Answer]) -> Vec<Answer> {
    let mut answers = answers.to_vec();
    for answer in &mut answers {
        if let Answer::Error { error, .. } = answer {
            error.message.clear();
            // Which of two errors it is that an aggregate stands in the wrong place depends on MariaDB's plan.
            if error.code == WRONG_PLACE_OF_AGGREGATE {
                (error.code, error.sqlstate) = (MIXED_WITH_AGGREGATE, "42000".to_owned());
            }
        }
    }
    answers
}

/// A warning must not be lost; but a server may evaluate more than another, and so find more to warn of.
pub fn warnings(expected: &Answer, got: &Answer) -> Option<String> {
    let count = |answer: &Answer| match answer {
        Answer::Ok(end) | Answer::Rows { end, .. } => end.warnings,
        Answer::Error { .. } => 0,
    };
    let (expected, got) = (count(expected), count(got));
    (expected > 0 && got == 0).then(|| format!("warnings: expected {expected}, got {got}"))
}

/// What is certain of a row.
#[derive(Clone, Debug, Default, PartialEq)]
struct Known {
    /// What the rows are ordered by, if they are not ordered entirely.
    keys: Vec<Option<Vec<u8>>>,
    cells: Vec<Option<Vec<u8>>>,
    /// Of approximate columns, in order.
    numbers: Vec<f64>,
}

impl Known {
    fn is_same(&self, other: &Known) -> bool {
        let numbers = self.numbers.iter().zip(&other.numbers);
        self.cells == other.cells && numbers.into_iter().all(|(one, other)| is_close(*one, *other))
    }
}

fn is_close(one: f64, other: f64) -> bool {
    one == other || (one - other).abs() <= TOLERANCE * one.abs().max(other.abs()).max(1.0)
}

fn same_rows(mut expected: Vec<Known>, mut got: Vec<Known>) -> bool {
    let by = |one: &Known, other: &Known| {
        one.cells
            .cmp(&other.cells)
            .then_with(|| one.numbers.partial_cmp(&other.numbers).unwrap_or(std::cmp::Ordering::Equal))
    };
    expected.sort_by(by);
    got.sort_by(by);
    expected.len() == got.len() && expected.iter().zip(&got).all(|(expected, got)| expected.is_same(got))
}

fn keys(rows: &[Known]) -> Vec<&[Option<Vec<u8>>]> {
    rows.iter().map(|row| row.keys.as_slice()).collect()
}

/// The same keys in the same order, and behind each run of equal keys the same rows.
fn same_by_keys(expected: &[Known], got: &[Known]) -> bool {
    let of_expected = keys(expected);
    if of_expected != keys(got) {
        return false;
    }
    let mut start = 0;
    for run in of_expected.chunk_by(|one, other| one == other) {
        let range = start..start + run.len();
        if !same_rows(expected[range.clone()].to_vec(), got[range].to_vec()) {
            return false;
        }
        start += run.len();
    }
    true
}

const NOT_NULL: u16 = 0x0001;

fn without_flag(answers: &mut [Answer], flag: u16) {
    for answer in answers {
        if let Answer::Rows { columns, .. } = answer {
            columns.iter_mut().for_each(|column| column.flags &= !flag);
        }
    }
}

const WRONG_PLACE_OF_AGGREGATE: u16 = 1111;
const MIXED_WITH_AGGREGATE: u16 = 1140;

/// A DECIMAL as it is compared: IF() of MySQL shows -1 and -1.0000 in one column.
fn without_last_zeros(digits: &[u8]) -> Vec<u8> {
    let end = match digits.contains(&b'.') {
        true => {
            digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + usize::from(digits[last] != b'.'))
        }
        false => digits.len(),
    };
    digits[..end].to_vec()
}

/// MYSQL_TYPE_NEWDECIMAL
const DECIMAL: u8 = 0xF6;
const JSON: u8 = 0xF5;
const DOUBLE: u8 = 0x05;
const BLOB: u8 = 0xFC;
const LONGEST_CONCATENATION: u32 = 67_108_860;

/// MySQL makes an INT of a truth value, and text of a JSON document, when what is computed goes through a temporary
/// table; MariaDB shows the length of GROUP_CONCAT as its limit or as its type's. Where the other answer has the wider
/// integer, the document as it is or the type's length, so has this.
fn widened(answers: &[Answer], others: &[Answer]) -> Vec<Answer> {
    let mut answers = answers.to_vec();
    for (answer, other) in answers.iter_mut().zip(others) {
        let (Answer::Rows { columns, rows, .. }, Answer::Rows { columns: others, .. }) = (answer, other) else {
            continue;
        };
        for (number, (column, other)) in columns.iter_mut().zip(others).enumerate() {
            let are_computed = column.org_table.is_empty() && other.org_table.is_empty();
            match (column.kind, other.kind) {
                _ if !are_computed => {}
                (0x03, 0x08) => {
                    column.kind = other.kind;
                    let cells = rows.iter_mut().filter_map(|row| row[number].as_mut());
                    cells.for_each(|cell| *cell = as_wide(cell));
                }
                // MariaDB: the most that group_concat_max_len allows, or the most that the type does.
                (BLOB, BLOB) if other.length == LONGEST_CONCATENATION => column.length = other.length,
                // MySQL, of a floating-point number without decimals.
                (DOUBLE, DOUBLE) if (column.length, other.length) == (22, 23) => column.length = other.length,
                (JSON, JSON) if column.decimals == 31 && other.decimals == 0 => {
                    (column.charset, column.length, column.decimals) = (other.charset, other.length, other.decimals);
                }
                _ => {}
            }
        }
    }
    answers
}

/// The eight bytes of a number that came as four; digits stay.
fn as_wide(cell: &[u8]) -> Vec<u8> {
    let is_text = cell.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
    match <[u8; 4]>::try_from(cell) {
        Ok(bytes) if !is_text => i64::from(i32::from_le_bytes(bytes)).to_le_bytes().to_vec(),
        _ => cell.to_vec(),
    }
}

const BIT: u8 = 0x10;
const INTEGERS: [u8; 2] = [0x03, 0x08];

/// MariaDB makes an integer of a BIT column when rows go through a temporary table. Where the other answer has the
/// integer, the bits become one as well. Of bits, its plan decides whether they are said to come from the derived table or
/// from the table behind it.
fn bits_alike(answers: &[Answer], others: &[Answer]) -> Vec<Answer> {
    let mut answers = answers.to_vec();
    for (answer, other) in answers.iter_mut().zip(others) {
        let (Answer::Rows { columns, rows, .. }, Answer::Rows { columns: others, .. }) = (answer, other) else {
            continue;
        };
        for (number, (column, other)) in columns.iter_mut().zip(others).enumerate() {
            if column.kind == BIT && other.kind == BIT {
                column.org_table.clear();
                column.org_name.clear();
            } else if column.kind == BIT && INTEGERS.contains(&other.kind) {
                *column = other.clone();
                let cells = rows.iter_mut().filter_map(|row| row[number].as_mut());
                cells.for_each(|cell| *cell = as_integer(cell));
            } else if INTEGERS.contains(&column.kind) && other.kind == BIT {
                let cells = rows.iter_mut().filter_map(|row| row[number].as_mut());
                cells.for_each(|cell| *cell = as_text(cell));
            }
        }
    }
    answers
}

/// The digits of a big-endian number.
fn as_integer(bits: &[u8]) -> Vec<u8> {
    let number = bits.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    number.to_string().into_bytes()
}

/// The digits of an integer from a text row, or from a binary one.
fn as_text(cell: &[u8]) -> Vec<u8> {
    if cell.iter().all(u8::is_ascii_digit) {
        return cell.to_vec();
    }
    let number = cell.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    number.to_string().into_bytes()
}

/// Whether each of the rows is there, as often.
fn all_in(rows: &[Known], mut all: Vec<Known>) -> bool {
    rows.iter().all(|row| match all.iter().position(|other| row.is_same(other)) {
        Some(position) => {
            all.swap_remove(position);
            true
        }
        None => false,
    })
}

/// Trailing spaces do not count in the collations that are used.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    &bytes[..end]
}

/// The elements of GROUP_CONCAT or of a JSON array, sorted.
fn elements(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(&text);
    let mut elements: Vec<&str> = inner.split([';', ',']).map(str::trim).collect();
    elements.sort_unstable();
    elements.join(";").into_bytes()
}

/// From a text row, or the bytes of a FLOAT or DOUBLE of a binary one.
fn number_of(kind: u8, bytes: &[u8]) -> f64 {
    match (std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()), kind, bytes.len()) {
        (Some(number), _, _) => number,
        (None, 0x05, 8) => f64::from_le_bytes(bytes.try_into().unwrap_or_default()),
        (None, 0x04, 4) => f64::from(f32::from_le_bytes(bytes.try_into().unwrap_or_default())),
        _ => f64::NAN,
    }
}

/// The statement's answer in a line, for a report.
pub fn all_brief(answers: &[Answer]) -> String {
    answers.iter().map(brief).collect::<Vec<_>>().join("; ")
}
