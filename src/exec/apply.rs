//! Brings the changes of a staged write to its shards: several statements on each, side by side on all of them.

use super::all::all;
use super::conditions;
use super::failure::Failure;
use super::links::Link;
use super::prepared::{self, Execution};
use super::tally::{Tally, Written, total, with_info_of_one_row};
use super::write::{SAVEPOINT, leaves_transaction, number_made, numbered_apart, read, take_back};
use super::write_back::{Kind, Order, Step};
use crate::backend::interrupt::Interrupt;
use crate::sharding::ShardId;
use crate::wire::error_code::{self, ErrorCode};

/// One shard that is written.
#[derive(Debug)]
pub struct Writer {
    pub link: Link,
    /// What it is told next.
    pub orders: Vec<Order>,
    /// What it did so far.
    pub written: Vec<Written>,
    has_savepoint: bool,
}

/// How the orders are sent.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'a> {
    /// In a transaction that goes on if the statement fails: a savepoint takes it back.
    pub keeps_transaction: bool,
    /// What each INSERT is executed with, if it has parameters.
    pub execution: Option<&'a Execution>,
    pub interrupt: &'a Interrupt,
}

impl Writer {
    pub fn new(link: Link) -> Self {
        Self { link, orders: Vec::new(), written: Vec::new(), has_savepoint: false }
    }

    /// One whose link was needed for something else in between.
    pub fn resumed(link: Link, has_savepoint: bool) -> Self {
        Self { has_savepoint, ..Self::new(link) }
    }

    /// Whether what it does from now on can be taken back.
    pub fn has_savepoint(&self) -> bool {
        self.has_savepoint
    }

    /// What all of its statements did together.
    pub fn total(&self) -> Written {
        total(&self.written, Tally::Sum)
    }

    async fn mark(&mut self, manner: Manner<'_>) -> Result<(), Failure> {
        if manner.keeps_transaction && !self.has_savepoint {
            self.link.lease.execute("a savepoint", SAVEPOINT, manner.interrupt).await?;
            self.has_savepoint = true;
        }
        Ok(())
    }

    async fn run(&mut self, manner: Manner<'_>) -> Result<(), Failure> {
        let orders = std::mem::take(&mut self.orders);
        if !orders.is_empty() {
            self.mark(manner).await?;
        }
        let mut updates = Vec::new();
        for order in orders {
            if order.kind == Kind::Update {
                updates.push(order);
                continue;
            }
            // What comes next may need the keys that they give up.
            self.run_updates(std::mem::take(&mut updates), manner).await?;
            let written = self.run_one(&order, manner).await?;
            self.written.push(written);
        }
        self.run_updates(updates, manner).await
    }

    /// Runs UPDATEs in an order in which they are possible: a row may get the key that another of them is about to give up.
    async fn run_updates(&mut self, mut left: Vec<Order>, manner: Manner<'_>) -> Result<(), Failure> {
        loop {
            let before = left.len();
            let mut refused = None;
            for order in std::mem::take(&mut left) {
                match self.run_one(&order, manner).await {
                    Ok(written) => self.written.push(written),
                    Err(Failure::Server { code, message }) if code == error_code::DUP_ENTRY && order.rows == 1 => {
                        refused = Some(Failure::Server { code, message });
                        left.push(order);
                    }
                    Err(failure) => return Err(failure),
                }
            }
            match refused {
                None => return Ok(()),
                Some(failure) if left.len() == before => return Err(failure),
                Some(_) => {}
            }
        }
    }

    /// Runs INSERTs of rows that want numbers: those that were given to the first row of each.
    async fn run_numbering(&mut self, manner: Manner<'_>) -> Result<Vec<u64>, Failure> {
        self.mark(manner).await?;
        let mut numbers = Vec::new();
        for order in std::mem::take(&mut self.orders) {
            self.link.lease.execute("LAST_INSERT_ID()", "SET last_insert_id = 0", manner.interrupt).await?;
            let written = self.run_one(&order, manner).await?;
            self.written.push(written);
            numbers.push(number_made(&mut self.link, manner.interrupt).await?);
        }
        Ok(numbers)
    }

    /// The same where another copy of the table has given them.
    async fn run_numbered(&mut self, numbers: &[u64], manner: Manner<'_>) -> Result<(), Failure> {
        self.mark(manner).await?;
        for (order, number) in std::mem::take(&mut self.orders).iter().zip(numbers) {
            if *number > 0 {
                let sql = format!("SET insert_id = {number}");
                self.link.lease.execute("the rows' numbers", &sql, manner.interrupt).await?;
            }
            let done = self.run_one(order, manner).await;
            if done.is_err() {
                // A statement that has not come to its rows leaves the number to the next.
                self.link.lease.spoil();
            }
            let written = done?;
            if *number > 0 && written.last_insert_id != *number {
                return Err(numbered_apart());
            }
            self.written.push(written);
        }
        Ok(())
    }

    async fn run_one(&mut self, order: &Order, manner: Manner<'_>) -> Result<Written, Failure> {
        let connection = &mut *self.link.lease;
        let answer = match manner.execution.filter(|_| matches!(order.kind, Kind::Insert { .. })) {
            Some(execution) => {
                let execution = Execution { text: order.sql.text.clone(), ..execution.clone() };
                prepared::execute_collected(connection, &execution, manner.interrupt).await?
            }
            None => order.sql.run(connection, manner.interrupt).await?,
        };
        let mut written = read(&answer, connection.class().session_track())?;
        let found = match order.kind {
            Kind::Delete => Some(written.affected_rows),
            Kind::Update => matched(&written.info),
            Kind::Insert { .. } => None,
        };
        if found.is_some_and(|found| found != order.rows) {
            return Err(Failure::Unsupported(format!(
                "a write whose rows are changed by something else at the same time ({} of {} were found on a shard), \
                 such as a cascade of a foreign key",
                found.unwrap_or_default(),
                order.rows
            )));
        }
        if written.warnings > 0 && matches!(order.kind, Kind::Insert { .. }) {
            let mut said = conditions::fetch(connection, manner.interrupt).await?;
            // The client's own text has said so when it was staged; the rest of the text is not the client's.
            let told = said.len();
            said.retain(|condition| !condition.is_of_syntax());
            written.warnings = written.warnings.saturating_sub(u16::try_from(told - said.len()).unwrap_or(u16::MAX));
            written.conditions = said;
        }
        Ok(match order.kind {
            Kind::Insert { ignores, .. } if order.rows == 1 => with_info_of_one_row(written, ignores, false),
            Kind::Insert { .. } | Kind::Update | Kind::Delete => written,
        })
    }
}

/// The first number of `Rows matched: 3  Changed: 1  Warnings: 0`.
fn matched(info: &[u8]) -> Option<u64> {
    let rest = info.strip_prefix(b"Rows matched: ")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
}

/// Whatever is done on the writers' links from now on can be taken back, where the transaction goes on.
pub async fn mark_all(writers: &mut [Writer], manner: Manner<'_>) -> Result<(), Failure> {
    let marked = all(writers.iter_mut().map(|writer| writer.mark(manner)).collect()).await;
    marked.into_iter().collect()
}

/// Runs the orders of all writers. The worst failure is told; the statement is then to be taken back.
pub async fn run(writers: &mut [Writer], manner: Manner<'_>) -> Result<(), Failure> {
    let numbers_copies = |order: &Order| matches!(order.kind, Kind::Insert { numbers_copies: true, .. });
    let done = match writers.iter().flat_map(|writer| &writer.orders).any(numbers_copies) {
        false => all(writers.iter_mut().map(|writer| writer.run(manner)).collect()).await,
        true => {
            // The same copy numbers the rows of every statement.
            writers.sort_by_key(|writer| writer.link.shard);
            let Some((first, others)) = writers.split_first_mut() else { return Ok(()) };
            let numbers = first.run_numbering(manner).await?;
            all(others.iter_mut().map(|writer| writer.run_numbered(&numbers, manner)).collect()).await
        }
    };
    let mut failed: Vec<Failure> = done.into_iter().filter_map(Result::err).collect();
    failed.sort_by_key(leaves_transaction);
    failed.into_iter().next().map_or(Ok(()), Err)
}

/// A row that stays as it was, and what its shard says of it.
#[derive(Debug)]
pub struct PassedOver {
    pub shard: ShardId,
    pub code: ErrorCode,
    pub message: String,
}

/// Carries out UPDATE IGNORE, row by row. What a shard refuses is tried again after the others, which may make room for it; a
/// row that is refused then is passed over.
pub async fn run_ignoring(
    writers: &mut [Writer],
    steps: Vec<Step>,
    manner: Manner<'_>,
) -> Result<Vec<PassedOver>, Failure> {
    let mut left = steps;
    loop {
        let before = left.len();
        let mut refused = Vec::new();
        for step in std::mem::take(&mut left) {
            if let Some(passed) = take_step(writers, &step, manner).await? {
                refused.push(passed);
                left.push(step);
            }
        }
        if left.len() == before || left.is_empty() {
            return Ok(refused);
        }
    }
}

/// Carries out what one row needs, unless its first order is refused.
async fn take_step(writers: &mut [Writer], step: &[Order], manner: Manner<'_>) -> Result<Option<PassedOver>, Failure> {
    for (at, order) in step.iter().enumerate() {
        let Some(writer) = writers.iter_mut().find(|writer| writer.link.shard == order.shard) else { continue };
        writer.mark(manner).await?;
        match writer.run_one(order, manner).await {
            Ok(written) => writer.written.push(written),
            Err(Failure::Server { code, message }) if at == 0 && is_of_row(code) => {
                return Ok(Some(PassedOver { shard: order.shard, code, message }));
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(None)
}

/// What IGNORE makes a warning of: the row stays as it was.
fn is_of_row(code: ErrorCode) -> bool {
    // Keys, NULL, foreign keys, partitions, CHECK of MySQL and of MariaDB.
    [1062, 1586, 1048, 1216, 1217, 1451, 1452, 1526, 1748, 3819, 4025].contains(&code.number)
}

/// Takes back what the writers did, after `failure`. False: it could not be, or the failure has ended the transaction.
pub async fn undo(writers: &mut [Writer], failure: &Failure, interrupt: &Interrupt) -> bool {
    if !leaves_transaction(failure) {
        return false;
    }
    let marked = writers.iter_mut().filter(|writer| writer.has_savepoint);
    take_back(marked.map(|writer| &mut writer.link).collect(), interrupt).await
}
