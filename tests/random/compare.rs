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
    /// Whether it joins, or has subqueries or derived tables. The order in which a server goes about them decides which rows a
    /// condition is evaluated for, and so what it warns of.
    pub has_open_evaluation: bool,
}

impl Judge<'_> {
    /// A line for each difference.
    pub fn differences(&mut self, expected: &[Answer], got: &[Answer]) -> Vec<String> {
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
        let weight = |collation, bytes: &Vec<u8>| match weights.get(&(collation, told_apart(collation, bytes).to_vec()))
        {
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
                // -0 and 0 are equal.
                if [FLOAT, DOUBLE].contains(&columns[*column].kind) && number_of(columns[*column].kind, cell) == 0.0 {
                    return Some(b"0".to_vec());
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
                    weights.insert((collation, told_apart(collation, bytes).to_vec()), Vec::new());
                }
            }
        }
        let keys: Vec<(Collation, Vec<u8>)> = weights.keys().cloned().collect();
        let is_mysql = !self.plain.server_version.contains("MariaDB");
        for chunk in keys.chunks(200) {
            let weight = |(collation, bytes): &(Collation, Vec<u8>)| {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                let text = format!("CONVERT(CONVERT(x'{hex}' USING utf8mb4) USING {})", collation.charset());
                format!("HEX(WEIGHT_STRING({text} COLLATE {}))", collation.name(is_mysql))
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
/// MYSQL_TYPE_FLOAT and DOUBLE
const FLOAT: u8 = 0x04;
const DOUBLE: u8 = 0x05;
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

/// What counts of a text: in most collations not the spaces at its end.
fn told_apart(collation: Collation, bytes: &[u8]) -> &[u8] {
    if collation == Collation::NoPad {
        return bytes;
    }
    let end = bytes.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    &bytes[..end]
}

/// The elements of GROUP_CONCAT or of a JSON array, sorted.
fn elements(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let array = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let mut elements: Vec<&str> = array.unwrap_or(&text).split([';', ',']).map(str::trim).collect();
    // With how many decimals an exact number stands in an array depends on whether MySQL had it in a temporary table before.
    let is_number = |element: &str| element.contains('.') && element.parse::<f64>().is_ok();
    for element in elements.iter_mut().filter(|element| array.is_some() && is_number(element)) {
        *element = element.trim_end_matches('0').trim_end_matches('.');
    }
    elements.sort_unstable();
    elements.join(";").into_bytes()
}

/// From a text row, or the bytes of a FLOAT or DOUBLE of a binary one.
fn number_of(kind: u8, bytes: &[u8]) -> f64 {
    match (std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()), kind, bytes.len()) {
        (Some(number), _, _) => number,
        (None, DOUBLE, 8) => f64::from_le_bytes(bytes.try_into().unwrap_or_default()),
        (None, FLOAT, 4) => f64::from(f32::from_le_bytes(bytes.try_into().unwrap_or_default())),
        _ => f64::NAN,
    }
}

/// The statement's answer in a line, for a report.
pub fn all_brief(answers: &[Answer]) -> String {
    answers.iter().map(brief).collect::<Vec<_>>().join("; ")
}
