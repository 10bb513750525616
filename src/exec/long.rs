//! Statements of ShardGate's own about rows that may hold long values.
//!
//! As a literal a value takes up to twice its bytes, and servers take no statement of more than `max_allowed_packet`, which a
//! value may have by itself. So what would make a row's text long goes as a parameter, in pieces.

use super::failure::Failure;
use super::prepared::{self, Execution};
use crate::backend::answer::Answer;
use crate::backend::connection::Connection;
use crate::backend::interrupt::Interrupt;
use crate::wire::command::execute_with_long_data;

/// The text of one row is not made longer than this by literals, but for short ones.
const ROOM: usize = 256 * 1024;

/// Shorter values are always literals.
const SHORT: usize = 256;

/// A statement, and the values of its parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Sql {
    pub text: Vec<u8>,
    values: Vec<Vec<u8>>,
}

impl From<Vec<u8>> for Sql {
    fn from(text: Vec<u8>) -> Self {
        Self { text, values: Vec::new() }
    }
}

impl Sql {
    /// Bytes that it occupies.
    pub fn len(&self) -> usize {
        self.text.len() + self.values.iter().map(Vec::len).sum::<usize>()
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether a value is to be a parameter, in a row whose text begins at `row`.
    pub(super) fn takes_apart(&self, value: &[u8], row: usize) -> bool {
        value.len() > SHORT && self.text.len() - row + 2 * value.len() > ROOM
    }

    /// Writes a string of bytes as a parameter, between these words.
    pub(super) fn push_apart(&mut self, before: &[u8], value: &[u8], after: &[u8]) {
        self.text.extend_from_slice(before);
        self.text.push(b'?');
        self.text.extend_from_slice(after);
        self.values.push(value.to_vec());
    }

    /// Appends another piece of the statement.
    pub(super) fn append(&mut self, more: &Sql) {
        self.text.extend_from_slice(&more.text);
        self.values.extend_from_slice(&more.values);
    }

    /// Runs it; the answer may be the server's error.
    pub async fn run(&self, connection: &mut Connection, interrupt: &Interrupt) -> Result<Answer, Failure> {
        if self.values.is_empty() {
            return Ok(connection.query(&self.text, interrupt).await?);
        }
        let (kinds, payload) = execute_with_long_data(self.values.len());
        let long_data = (0u16..).zip(self.values.iter().cloned()).collect();
        let execution = Execution { text: self.text.clone(), kinds, payload, long_data };
        let answer = prepared::execute_collected(connection, &execution, interrupt).await;
        // Nothing like it comes again.
        connection.statements.remove(&self.text);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stay_short() {
        let mut sql = Sql::from(b"INSERT INTO t VALUES ".to_vec());
        let row = sql.text.len();
        assert!(!sql.takes_apart(&[b'a'; 100_000], row));
        assert!(sql.takes_apart(&[b'a'; 200_000], row));
        sql.text.resize(row + ROOM, b' ');
        assert!(sql.takes_apart(&[b'a'; SHORT + 1], row));
        assert!(!sql.takes_apart(&[b'a'; SHORT], row));
        assert!(!sql.takes_apart(&[b'a'; 100_000], sql.text.len()));
    }

    #[test]
    fn pieces_keep_their_values_in_order() {
        let mut sql = Sql::from(b"UPDATE t SET a = ".to_vec());
        sql.push_apart(b"CONVERT(", b"x", b" USING utf8mb4)");
        let mut more = Sql::from(b", b = ".to_vec());
        more.push_apart(b"", b"yz", b"");
        sql.append(&more);
        assert_eq!(sql.text, b"UPDATE t SET a = CONVERT(? USING utf8mb4), b = ?");
        assert_eq!(sql.values, [b"x".to_vec(), b"yz".to_vec()]);
        assert_eq!(sql.len(), sql.text.len() + 3);
    }
}
