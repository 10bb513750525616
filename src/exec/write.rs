//! A write on several shards under autocommit: one transaction per shard, all kept or none.
//!
//! The statement runs on every shard before any commits; a failure anywhere rolls all back. What this cannot do is
//! survive a crash between the commits: that takes two-phase commit.

use std::future::poll_fn;
use std::task::Poll;

use futures_util::future::maybe_done;
use mysql_common::constants::StatusFlags;

use super::cancel;
use super::conditions::{self, Condition};
use super::failure::Failure;
use super::links::Link;
use super::prepared;
use crate::backend::answer::Answer;
use crate::backend::error::Error;
use crate::backend::interrupt::Interrupt;
use crate::wire::error_code::ErrorCode;
use crate::wire::response::OkPacket;

/// What one shard gets.
#[derive(Debug)]
pub struct Order {
    pub command: Command,
    /// Rows of an INSERT that was split.
    pub rows: Option<usize>,
}

/// The statement as one shard gets it.
#[derive(Debug)]
pub enum Command {
    /// COM_QUERY with this text.
    Text(Vec<u8>),
    /// COM_STMT_EXECUTE of this text with these parameters.
    Prepared(prepared::Execution),
}

/// Waits for all futures. Each is polled with the task's own waker, which is the one that an interrupt wakes.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(|future| Box::pin(maybe_done(future))).collect();
    poll_fn(|cx| {
        let mut is_pending = false;
        for future in &mut running {
            is_pending |= future.as_mut().poll(cx).is_pending();
        }
        if is_pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    running.iter_mut().filter_map(|future| future.as_mut().take_output()).collect()
}

/// What the shards said, taken together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    pub affected_rows: u64,
    /// Of the first shard that gave one.
    pub last_insert_id: u64,
    pub warnings: u16,
    pub info: Vec<u8>,
    pub conditions: Vec<Condition>,
}

/// An INSERT of one row has no info line; as part of a longer one it counts in that one's.
fn with_info_of_one_row(mut written: Written) -> Written {
    // 2: the row replaced another, or updated it. 0: it was there already, and was left alone.
    let duplicates = u64::from(written.affected_rows != 1);
    written.info = format!("Records: 1  Duplicates: {duplicates}  Warnings: {}", written.warnings).into_bytes();
    written
}

/// How the answers of several shards become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// Each shard wrote rows of its own.
    Sum,
    /// Each shard wrote the same rows (a reference table).
    Same,
}

/// Runs each order on its link. On success the links are committed and idle. On failure nothing is kept anywhere,
/// unless the error says otherwise.
pub async fn write_all(
    links: &mut [Link],
    orders: &[Order],
    tally: Tally,
    timestamp: Option<&str>,
    interrupt: &Interrupt,
) -> Result<Written, Failure> {
    match run_everywhere(links, orders, timestamp, interrupt).await {
        Ok(written) => {
            commit(links, interrupt).await?;
            Ok(total(&written, tally))
        }
        Err(failure) => {
            roll_back(links, interrupt).await;
            Err(failure)
        }
    }
}

async fn run_everywhere(
    links: &mut [Link],
    orders: &[Order],
    timestamp: Option<&str>,
    interrupt: &Interrupt,
) -> Result<Vec<Written>, Failure> {
    let running = links.iter_mut().zip(orders).map(|(link, order)| run_on_one(link, order, timestamp, interrupt));
    // All are awaited even if one fails: a connection in the middle of an answer could not be rolled back.
    all(running).await.into_iter().collect()
}

async fn run_on_one(
    link: &mut Link,
    order: &Order,
    timestamp: Option<&str>,
    interrupt: &Interrupt,
) -> Result<Written, Failure> {
    let connection = &mut *link.lease;
    if let Some(now) = timestamp {
        // Every copy must get the same NOW().
        connection.execute("the statement's time", &format!("SET timestamp = {now}"), interrupt).await?;
    }
    connection.execute("the start of a transaction", "START TRANSACTION", interrupt).await?;
    let answer = match &order.command {
        Command::Text(text) => connection.query(text, interrupt).await?,
        Command::Prepared(execution) => prepared::execute_collected(connection, execution, interrupt).await?,
    };
    let mut written = read(&answer, connection.class().session_track())?;
    if written.warnings > 0 {
        written.conditions = conditions::fetch(connection, interrupt).await?;
    }
    if timestamp.is_some() {
        connection.execute("the statement's time", "SET timestamp = DEFAULT", interrupt).await?;
    }
    Ok(if order.rows == Some(1) { with_info_of_one_row(written) } else { written })
}

fn read(answer: &Answer, session_track: bool) -> Result<Written, Failure> {
    if let Some(error) = answer.error() {
        let message = String::from_utf8_lossy(error.message).into_owned();
        return Err(Failure::Server { code: error.code, message });
    }
    if answer.summary.has_rows {
        return Err(Failure::Unsupported("RETURNING in a write on several shards".to_owned()));
    }
    let ok = answer.ok(session_track).unwrap_or_default();
    Ok(Written {
        affected_rows: ok.affected_rows,
        last_insert_id: ok.last_insert_id,
        warnings: ok.warnings,
        info: ok.info.to_vec(),
        conditions: Vec::new(),
    })
}

async fn commit(links: &mut [Link], interrupt: &Interrupt) -> Result<(), Failure> {
    let total = links.len();
    for done in 0..total {
        let (committed, rest) = links.split_at_mut(done);
        let Some((link, rest)) = rest.split_first_mut() else { break };
        let failed = match link.lease.query(b"COMMIT", interrupt).await {
            Ok(answer) => answer.error().map(|e| (e.code, String::from_utf8_lossy(e.message).into_owned())).map(Ok),
            Err(error) => Some(Err(error)),
        };
        let Some(failed) = failed else { continue };
        let server = link.lease.server().to_owned();
        roll_back(rest, interrupt).await;
        return Err(commit_failure(failed, &server, committed, total));
    }
    Ok(())
}

fn commit_failure(
    failed: Result<(ErrorCode, String), Error>,
    server: &str,
    committed: &[Link],
    total: usize,
) -> Failure {
    match failed {
        Ok((code, message)) if committed.is_empty() => Failure::Server { code, message },
        Ok((_, message)) => Failure::PartlyCommitted(format!(
            "{} of {total} shards are committed; {server} refused: {message}",
            committed.len()
        )),
        Err(error) if committed.is_empty() && total == 1 => Failure::OutcomeUnknown(error),
        Err(error) => Failure::PartlyCommitted(format!(
            "{} of {total} shards are committed; on {server} it is not known: {error}",
            committed.len()
        )),
    }
}

/// Best effort: a connection on which ROLLBACK fails is closed by its pool, which rolls back as well.
async fn roll_back(links: &mut [Link], interrupt: &Interrupt) {
    let rolling = links.iter_mut().map(|link| async move {
        if link.lease.is_usable() {
            let rolled_back = link.lease.query(b"ROLLBACK", interrupt).await;
            if rolled_back.is_err() || link.lease.query(b"SET timestamp = DEFAULT", interrupt).await.is_err() {
                link.lease.spoil();
            }
        } else {
            if link.lease.is_busy() {
                cancel::kill(&link.lease, cancel::Kill::Connection);
            }
            link.lease.spoil();
        }
    });
    all(rolling).await;
}

/// One answer out of many.
fn total(written: &[Written], tally: Tally) -> Written {
    let mut parts = written.iter();
    let Some(first) = parts.next() else { return Written::default() };
    if tally == Tally::Same {
        return first.clone();
    }
    parts.fold(first.clone(), |sum, part| Written {
        affected_rows: sum.affected_rows + part.affected_rows,
        last_insert_id: if sum.last_insert_id == 0 { part.last_insert_id } else { sum.last_insert_id },
        warnings: sum.warnings.saturating_add(part.warnings),
        info: add_info(&sum.info, &part.info),
        conditions: [sum.conditions, part.conditions.clone()].concat(),
    })
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

/// The present, as `SET timestamp` takes it.
pub fn now() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{}.{:06}", now.as_secs(), now.subsec_micros())
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
