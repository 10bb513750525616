//! Numbers of rows in what servers say. `... at row 5` counts the rows of one shard; the client counts those of its
//! statement, or of its file.

use super::conditions::Condition;
use super::failure::Failure;
use super::tally::Written;

/// "Field doesn't have a default value": found before any row is looked at.
const NO_DEFAULT: &str = "1364";

/// The rows of an INSERT that one shard gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRows {
    /// Their places in the statement, from 0, ascending.
    pub places: Vec<u32>,
    /// INSERT IGNORE
    pub ignores: bool,
    /// ON DUPLICATE KEY UPDATE
    pub updates: bool,
}

impl OwnRows {
    pub(super) fn is_one(&self) -> bool {
        self.places.len() == 1
    }

    fn in_statement(&self, message: &str) -> String {
        with_row(message, |row| self.places.get(row).map(|place| (u64::from(*place) + 1).to_string()))
    }

    /// Gives what the shard said of its rows their numbers in the statement.
    pub(super) fn renumber(&self, done: Result<Written, Failure>) -> Result<Written, Failure> {
        match done {
            Ok(mut written) => {
                for condition in &mut written.conditions {
                    condition.message = self.in_statement(&condition.message);
                }
                Ok(written)
            }
            Err(Failure::Server { code, message }) => {
                Err(Failure::Server { code, message: self.in_statement(&message) })
            }
            Err(failure) => Err(failure),
        }
    }
}

/// The message with another number in the place of its row's; `number` gets the row's place, from 0.
pub fn with_row(message: &str, number: impl FnOnce(usize) -> Option<String>) -> String {
    let Some((before, row, behind)) = row_in(message) else { return message.to_owned() };
    match row.checked_sub(1).and_then(number) {
        Some(number) => format!("{before}{number}{behind}"),
        None => message.to_owned(),
    }
}

/// What stands around the number of a row: `... at row 5`, or `Row 5 ...`.
fn row_in(message: &str) -> Option<(&str, usize, &str)> {
    if let Some((before, number)) = message.rsplit_once(" at row ")
        && let Ok(row) = number.parse()
    {
        return Some((&message[..before.len() + " at row ".len()], row, ""));
    }
    let rest = message.strip_prefix("Row ")?;
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    Some(("Row ", rest[..end].parse().ok()?, &rest[end..]))
}

/// The row that a failure is about, if it says so. One server would have stopped at the first.
pub(super) fn row_of(failure: &Failure) -> Option<usize> {
    match failure {
        Failure::Server { message, .. } => row_in(message).map(|(_, row, _)| row),
        _ => None,
    }
}

/// Conditions in the order of the rows that they are about, and no more of them than one server would tell. `places`: the rows
/// of each part, if they are known.
pub fn in_order(total: Written, parts: &[Written], places: Option<&[Vec<u32>]>) -> Written {
    let is_cut = |part: &&Written| usize::from(part.warnings) > part.conditions.len();
    let limit = parts.iter().filter(is_cut).map(|part| part.conditions.len()).max();
    let first = |part: usize| places.and_then(|places| places.get(part)?.first());
    // Those of all parts in a row, but for what was said before.
    let mut told = total.conditions.into_iter().peekable();
    let mut numbered: Vec<(usize, Condition)> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let mut row = first(index).map_or(0, |place| *place as usize + 1);
        for condition in &part.conditions {
            let Some(condition) = told.next_if_eq(condition) else { continue };
            // One that names no row is about that of its neighbours, unless it is about the statement.
            let is_of_all = condition.code == NO_DEFAULT;
            row = row_in(&condition.message).map_or(row, |(_, row, _)| row);
            numbered.push((if is_of_all { 0 } else { row }, condition));
        }
    }
    numbered.sort_by_key(|(row, _)| *row);
    numbered.truncate(limit.unwrap_or(usize::MAX));
    Written { conditions: numbered.into_iter().map(|(_, condition)| condition).collect(), ..total }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_get_other_numbers() {
        let cases = [
            ("Data truncated for column 'a' at row 2", "Data truncated for column 'a' at row 8"),
            ("Row 1 doesn't contain data for all columns", "Row 5 doesn't contain data for all columns"),
            ("Duplicate entry '5' for key 'PRIMARY'", "Duplicate entry '5' for key 'PRIMARY'"),
            (
                "Incorrect value ' at row 2' for column 'a' at row 1",
                "Incorrect value ' at row 2' for column 'a' at row 5",
            ),
            ("Out of range at row 9", "Out of range at row 9"),
            ("Row format", "Row format"),
        ];
        let rows = OwnRows { places: vec![4, 7], ignores: false, updates: false };
        for (message, expected) in cases {
            assert_eq!(rows.in_statement(message), expected);
        }
    }
}
