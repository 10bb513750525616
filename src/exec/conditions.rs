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
}

/// Asks for the conditions; a COMMIT would make the server forget them.
pub async fn fetch(connection: &mut Connection, interrupt: &Interrupt) -> Result<Vec<Condition>, Error> {
    let answer = connection.query(b"SHOW WARNINGS", interrupt).await?;
    let (_, rows) = answer.table();
    let condition = |row: &&[u8]| {
        let mut cells =
            text::cells(row).map(|cell| String::from_utf8_lossy(cell.ok().flatten().unwrap_or_default()).into_owned());
        let mut cell = || cells.next().unwrap_or_default();
        Condition { level: cell(), code: cell(), message: cell() }
    };
    Ok(rows.iter().map(condition).collect())
}
