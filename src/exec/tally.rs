//! What several shards answered to one write, as the answer of one server.

use mysql_common::constants::StatusFlags;

use super::conditions::{Condition, said_once};
use super::returned::Returned;
use crate::wire::response::OkPacket;

/// What the shards said, taken together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    pub affected_rows: u64,
    /// Of the first shard that gave one, if there are several.
    pub last_insert_id: u64,
    pub warnings: u16,
    pub info: Vec<u8>,
    pub conditions: Vec<Condition>,
    /// The rows of one shard's RETURNING.
    pub returned: Option<Returned>,
}

impl Written {
    /// No row was even looked at, so that no trigger ran either: an UPDATE says so, and LOAD DATA.
    pub(super) fn is_nothing(&self) -> bool {
        let says_so = self.info.starts_with(b"Rows matched: 0 ") || self.info.starts_with(b"Records: 0 ");
        self.affected_rows == 0 && says_so
    }
}

/// An INSERT of one row has no info line; as part of a longer one it counts in that one's. `ignores`: INSERT IGNORE. `updates`: ON
/// DUPLICATE KEY UPDATE.
pub(super) fn with_info_of_one_row(mut written: Written, ignores: bool, updates: bool) -> Written {
    // 2: the row replaced another, or updated it. 0: it was there already, and was left alone. With IGNORE only those
    // count, without it only the others.
    let is_kept_out =
        ignores && !updates && written.conditions.iter().any(|said| OF_CHECKS.contains(&said.code.as_str()));
    let records = u64::from(!is_kept_out);
    let is_duplicate = if ignores { written.affected_rows == 0 && !is_kept_out } else { written.affected_rows > 1 };
    let duplicates = u64::from(is_duplicate);
    written.info = format!("Records: {records}  Duplicates: {duplicates}  Warnings: {}", written.warnings).into_bytes();
    written
}

/// A row that a CHECK or the condition of a view keeps out does not even count as a record. (Where rows are updated, it may be the
/// update that was kept out, of a row that counts.)
const OF_CHECKS: [&str; 3] = ["1369", "3819", "4025"];

/// How the answers of several shards become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// Each shard wrote rows of its own.
    Sum,
    /// Each shard wrote the same rows (a reference table).
    Same,
}

/// One answer out of many.
pub fn total(written: &[Written], tally: Tally) -> Written {
    let mut parts = written.iter();
    let Some(first) = parts.next() else { return Written::default() };
    if tally == Tally::Same {
        return first.clone();
    }
    parts.fold(first.clone(), |sum, part| {
        let conditions = said_once(&sum.conditions, &part.conditions);
        let again = u16::try_from(sum.conditions.len() + part.conditions.len() - conditions.len()).unwrap_or(u16::MAX);
        Written {
            affected_rows: sum.affected_rows + part.affected_rows,
            last_insert_id: if sum.last_insert_id == 0 { part.last_insert_id } else { sum.last_insert_id },
            warnings: sum.warnings.saturating_add(part.warnings).saturating_sub(again),
            info: with_fewer_warnings(add_info(&sum.info, &part.info), again),
            conditions,
            returned: None,
        }
    })
}

/// The answer to an UPDATE of which `count` rows stay as they were after all, which gave as many `warnings` as these.
/// `finds`: rows are counted that it finds.
pub fn without_rows(written: Written, count: u64, warnings: usize, finds: bool) -> Written {
    let warnings = written.warnings.saturating_add(u16::try_from(warnings).unwrap_or(u16::MAX));
    let (_, numbers) = cut_info(&written.info);
    let info = match numbers.as_slice() {
        [matched, changed, _] => {
            let changed = changed.saturating_sub(count);
            format!("Rows matched: {matched}  Changed: {changed}  Warnings: {warnings}").into_bytes()
        }
        _ => written.info,
    };
    let affected_rows = if finds { written.affected_rows } else { written.affected_rows.saturating_sub(count) };
    Written { affected_rows, warnings, info, ..written }
}

fn with_fewer_warnings(info: Vec<u8>, fewer: u16) -> Vec<u8> {
    const WORD: &str = "Warnings: ";
    let text = String::from_utf8_lossy(&info);
    match text.rsplit_once(WORD).and_then(|(before, count)| Some((before, count.parse::<u64>().ok()?))) {
        Some((before, count)) if fewer > 0 => {
            format!("{before}{WORD}{}", count.saturating_sub(u64::from(fewer))).into_bytes()
        }
        _ => info,
    }
}

/// Adds up the numbers of two lines like `Rows matched: 3  Changed: 1  Warnings: 0`. One line alone stands for both
/// when they are not of the same kind: a single row INSERT has none.
fn add_info(left: &[u8], right: &[u8]) -> Vec<u8> {
    let (left_words, left_numbers) = cut_info(left);
    let (right_words, right_numbers) = cut_info(right);
    if left_words != right_words {
        return if left.is_empty() { right.to_vec() } else { left.to_vec() };
    }
    let mut numbers = left_numbers.iter().zip(&right_numbers).map(|(a, b)| a.saturating_add(*b));
    let mut out = Vec::new();
    for (index, word) in left_words.iter().enumerate() {
        out.extend_from_slice(word);
        if index < left_numbers.len() {
            out.extend_from_slice(numbers.next().unwrap_or_default().to_string().as_bytes());
        }
    }
    out
}

fn cut_info(info: &[u8]) -> (Vec<&[u8]>, Vec<u64>) {
    let (mut words, mut numbers) = (Vec::new(), Vec::new());
    let mut rest = info;
    loop {
        let word = rest.iter().position(u8::is_ascii_digit).unwrap_or(rest.len());
        words.push(&rest[..word]);
        rest = &rest[word..];
        if rest.is_empty() {
            return (words, numbers);
        }
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        let number =
            rest[..digits].iter().fold(0u64, |n, digit| n.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
        numbers.push(number);
        rest = &rest[digits..];
    }
}

/// The OK packet of a finished write.
pub fn ok_packet(written: &Written, status: StatusFlags) -> OkPacket<'_> {
    OkPacket {
        affected_rows: written.affected_rows,
        last_insert_id: written.last_insert_id,
        status,
        warnings: written.warnings,
        info: &written.info,
        session_state: b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_lines_add_up() {
        let cases: [(&str, &str, &str); 4] = [
            (
                "Records: 2  Duplicates: 0  Warnings: 0",
                "Records: 3  Duplicates: 1  Warnings: 0",
                "Records: 5  Duplicates: 1  Warnings: 0",
            ),
            (
                "Rows matched: 1  Changed: 1  Warnings: 0",
                "Rows matched: 9  Changed: 0  Warnings: 2",
                "Rows matched: 10  Changed: 1  Warnings: 2",
            ),
            ("", "Records: 3  Duplicates: 0  Warnings: 0", "Records: 3  Duplicates: 0  Warnings: 0"),
            ("", "", ""),
        ];
        for (left, right, sum) in cases {
            assert_eq!(String::from_utf8_lossy(&add_info(left.as_bytes(), right.as_bytes())), sum);
        }
    }
}
