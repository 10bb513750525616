//! Short words for what tests say most often.

use std::io::Read;
use std::time::{Duration, Instant};

use super::answer::{Answer, Ok as OkFields, ServerError};
use super::client::{Client, ClientError};

/// How a client leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// COM_QUIT.
    Quit,
    /// Its end of the connection is closed without a word.
    Fin,
    /// As when its machine was switched off and on again.
    Reset,
}

pub const LEAVES: [Leave; 3] = [Leave::Quit, Leave::Fin, Leave::Reset];

impl Client {
    /// Runs one or more statements; an error fails the test.
    pub fn run(&mut self, sql: &str) -> OkFields {
        let answers = self.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        match answers.last() {
            Some(Answer::Ok(ok) | Answer::Rows { end: ok, .. }) => ok.clone(),
            other => panic!("{sql}: {other:?}"),
        }
    }

    /// The rows as text.
    pub fn rows(&mut self, sql: &str) -> Vec<Vec<String>> {
        match self.one(sql) {
            answer @ Answer::Rows { .. } => answer.text(),
            other => panic!("{sql}: {other:?}"),
        }
    }

    /// The only value.
    pub fn value(&mut self, sql: &str) -> String {
        match self.one(sql) {
            answer @ Answer::Rows { .. } => answer.scalar(),
            other => panic!("{sql}: {other:?}"),
        }
    }

    /// The error; anything else fails the test.
    pub fn error(&mut self, sql: impl AsRef<[u8]>) -> ServerError {
        let sql = sql.as_ref();
        match self.one(sql) {
            Answer::Error { error, .. } => error,
            other => panic!("no error: {}: {other:?}", String::from_utf8_lossy(sql)),
        }
    }

    /// Code and SQLSTATE of the error.
    pub fn refusal(&mut self, sql: impl AsRef<[u8]>) -> (u16, String) {
        let error = self.error(sql);
        (error.code, error.sqlstate)
    }

    pub fn leave(mut self, how: Leave) {
        match how {
            Leave::Quit => self.command(0x01, &[]).unwrap(),
            Leave::Fin => {}
            Leave::Reset => socket2::SockRef::from(self.tcp()).set_linger(Some(Duration::ZERO)).unwrap(),
        }
    }

    /// Whether the other end closes the connection within the client's time limit; what it still says is read.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.tcp().read_to_end(&mut rest) {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

/// The error that a command was answered with, or `None` if the connection was closed instead.
pub fn error_or_end(answer: Result<Answer, ClientError>) -> Option<ServerError> {
    match answer {
        Ok(Answer::Error { error, .. }) => Some(error),
        Ok(other) => panic!("neither an error nor the end: {other:?}"),
        Err(ClientError::Io(error)) if is_end(error.kind()) => None,
        Err(error) => panic!("neither an error nor the end: {error}"),
    }
}

pub fn is_end(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// Waits for something that happens by itself, at most `limit`.
pub fn wait_until(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs it and fails if it took longer than `limit`.
pub fn within<T>(limit: Duration, what: &str, run: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = run();
    assert!(begun.elapsed() < limit, "{what} took {:?}", begun.elapsed());
    result
}
