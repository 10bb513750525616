//! What SHOW WARNINGS tells of the statement that a connection ran last.

use crate::backend::connection::Connection;
use crate::backend::error::Error;
use crate::backend::interrupt::Interrupt;
use crate::wire::text;

/// One line of SHOW WARNINGS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `Note`, `Warning` or `Error`.
    pub level: String,
    pub code: String,
    pub message: String,
}

impl Condition {
    pub fn is_error(&self) -> bool {
        self.level == "Error"
    }

    /// Whether it says that something in the text is deprecated.
    pub fn is_of_syntax(&self) -> bool {
        OF_SYNTAX.contains(&self.code.as_str())
    }
}

/// Asks for the conditions; a COMMIT would make the server forget them.
pub async fn fetch(connection: &mut Connection, interrupt: &Interrupt) -> Result<Vec<Condition>, Error> {
    let answer = connection.query_patiently("SHOW WARNINGS", interrupt).await?;
    let (_, rows) = answer.table();
    let condition = |row: &&[u8]| {
        let mut cells =
            text::cells(row).map(|cell| String::from_utf8_lossy(cell.ok().flatten().unwrap_or_default()).into_owned());
        let mut cell = || cells.next().unwrap_or_default();
        Condition { level: cell(), code: cell(), message: cell() }
    };
    Ok(rows.iter().map(condition).collect())
}

/// Deprecated syntax: with what is to be used instead, and without, `utf8` and NATIONAL, collations.
const OF_SYNTAX: [&str; 5] = ["1287", "1681", "3719", "3720", "3778"];

/// What else a server says once of a statement, whatever its rows are: a column without a value or default, a statement that
/// its binary log takes for unsafe.
const OF_STATEMENTS: [&str; 2] = ["1364", "1592"];

/// The conditions of both, without what the second says again of the statement as such.
pub fn said_once(first: &[Condition], second: &[Condition]) -> Vec<Condition> {
    let is_of_statement = |new: &Condition| new.is_of_syntax() || OF_STATEMENTS.contains(&new.code.as_str());
    let is_new = |new: &&Condition| !is_of_statement(new) || !first.contains(new);
    first.iter().chain(second.iter().filter(is_new)).cloned().collect()
}

/// How many warnings of these connections say again what one before has said of the statement as such. None, where one does not
/// answer.
pub async fn said_again(connections: impl Iterator<Item = &mut Connection>, interrupt: &Interrupt) -> u16 {
    let (mut all, mut told) = (Vec::new(), 0);
    for connection in connections {
        let Ok(found) = fetch(connection, interrupt).await else { return 0 };
        told += found.len();
        all = said_once(&all, &found);
    }
    u16::try_from(told - all.len()).unwrap_or(u16::MAX)
}
