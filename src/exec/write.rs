//! A write on several shards: all keep it or none.
//!
//! Under autocommit the statement has a transaction for itself, which is committed as any other. Inside a transaction a
//! savepoint on each shard takes a statement back that fails on one of them.

use futures_util::future::join;

use super::all::all;
use super::commit::{self, Part};
use super::conditions;
use super::failure::Failure;
use super::feed::{self, Intake};
use super::links::Link;
use super::prepared;
use super::returned::{self, Returned};
use super::row_numbers::{OwnRows, row_of};
use super::tally::{Written, with_info_of_one_row};
use super::unread;
use crate::backend::answer::Answer;
use crate::backend::connection::Connection;
use crate::backend::error::{Error, Reason};
use crate::backend::interrupt::Interrupt;
use crate::sharding::ShardId;
use crate::wire::error_code as codes;
use crate::wire::text;
use crate::wire::walker::AnswerKind;

/// What one shard gets.
#[derive(Debug)]
pub struct Order {
    pub command: Command,
    /// Of an INSERT that was split.
    pub rows: Option<OwnRows>,
}

/// The statement as one shard gets it.
#[derive(Debug)]
pub enum Command {
    /// COM_QUERY with this text.
    Text(Vec<u8>),
    /// COM_STMT_EXECUTE of this text with these parameters.
    Prepared(prepared::Execution),
    /// LOAD DATA LOCAL, with what there is of the file for this shard.
    File(Intake),
}

impl Order {
    /// The statement as the shard gets it.
    pub fn text(&self) -> Option<&[u8]> {
        match &self.command {
            Command::Text(text) => Some(text),
            Command::Prepared(execution) => Some(&execution.text),
            Command::File(_) => None,
        }
    }

    /// To be given again, if the statement must be. Not what is too long to be kept for that.
    pub fn again(&self) -> Option<Order> {
        /// In bytes: longer ones take so long that what is lost when they fail matters less.
        const LONGEST: usize = 64 * 1024;
        let command = match &self.command {
            Command::Text(text) if text.len() <= LONGEST => Command::Text(text.clone()),
            Command::Prepared(execution) if execution.size() <= LONGEST => Command::Prepared(execution.clone()),
            Command::Text(_) | Command::Prepared(_) | Command::File(_) => return None,
        };
        Some(Order { command, rows: self.rows.clone() })
    }
}

/// One shard's share of the statement.
#[derive(Debug)]
pub struct Share {
    pub link: Link,
    pub order: Order,
    /// Sent before the statement: what begins the shard's transaction, or the statement's savepoint.
    pub before: Vec<String>,
}

/// What takes a statement back that failed on one shard of several.
pub(super) const SAVEPOINT: &str = "SAVEPOINT shardgate_statement";
const TAKE_BACK: &str = "ROLLBACK TO SAVEPOINT shardgate_statement";

/// In which transactions a statement runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounds {
    /// In such that it begins itself.
    Alone,
    /// In those that are open.
    Within,
    /// Where LOCK TABLES keeps tables locked.
    Locked,
}

/// When the shards run it. Statements that lock the same rows of several shards in different orders deadlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turns {
    /// All at the same time: for what only adds rows.
    AtOnce,
    /// The others once the first has: who waits for a row there holds none elsewhere. That is all that can be waited for
    /// where all shards have the same rows, or two share the work.
    FirstAlone,
    /// One after the other, in the order of all statements that do so.
    OneByOne,
}

impl Turns {
    /// How many of `all` shards are to have the statement when the answer of this one is awaited, in the order of both.
    pub fn due(self, shard: usize, all: usize) -> usize {
        match self {
            Turns::FirstAlone if shard == 0 => all.min(1),
            Turns::AtOnce | Turns::FirstAlone => all,
            Turns::OneByOne => shard + 1,
        }
    }
}

/// How the shards run it.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'a> {
    pub turns: Turns,
    /// What all of them take for the present.
    pub timestamp: Option<&'a str>,
    /// The numbers that the first gives to new rows are those of the others, which have copies of the table.
    pub first_numbers: bool,
}

/// Runs the statement on all shards: they all keep it, or none does.
pub async fn write(
    shares: Vec<Share>,
    how: Manner<'_>,
    bounds: Bounds,
    context: &commit::Context<'_>,
) -> (Vec<Link>, Within) {
    let (links, done) = match bounds {
        Bounds::Within => return write_within(shares, how, context.interrupt).await,
        Bounds::Alone => write_alone(shares, how, context).await,
        Bounds::Locked => write_locked(shares, how, context.interrupt).await,
    };
    (links, done.map_or_else(Within::TakenBack, Within::Done))
}

/// Runs the statement in transactions that it begins itself, and commits them. Afterwards no link is in a transaction,
/// and nothing is kept if it failed.
async fn write_alone(
    shares: Vec<Share>,
    how: Manner<'_>,
    context: &commit::Context<'_>,
) -> (Vec<Link>, Result<Vec<Written>, Failed>) {
    let timestamp = how.timestamp;
    let (mut links, done) = run_everywhere(shares, how, context.interrupt).await;
    let written = match done {
        Ok(written) => written,
        Err(failed) => {
            take_back_all(&mut links, timestamp, context.interrupt).await;
            return (links, Err(failed));
        }
    };
    let parts = links.into_iter().zip(&written).map(|(link, written)| Part { link, wrote: !written.is_nothing() });
    let mut parts: Vec<Part> = parts.collect();
    let done = commit::commit(&mut parts, context).await;
    (parts.into_iter().map(|part| part.link).collect(), done.map(|()| written).map_err(Failed::nowhere))
}

/// Runs the statement where LOCK TABLES keeps tables locked: servers begin no XA branch there, and BEGIN would unlock. So
/// each shard has a plain transaction by `autocommit = 0`; nothing is kept if the statement fails on one, but a server or
/// ShardGate that dies between the commits can leave it on some.
async fn write_locked(
    mut shares: Vec<Share>,
    how: Manner<'_>,
    interrupt: &Interrupt,
) -> (Vec<Link>, Result<Vec<Written>, Failed>) {
    shares.iter_mut().for_each(|share| share.before.push("SET autocommit = 0".to_owned()));
    let (mut links, done) = run_everywhere(shares, how, interrupt).await;
    let ending = if done.is_ok() { commit::COMMIT } else { commit::ROLLBACK };
    let ended = everywhere(&mut links, ending, interrupt).await;
    clear_time(&mut links, how.timestamp.filter(|_| done.is_err()), interrupt).await;
    if !everywhere(&mut links, "SET autocommit = 1", interrupt).await {
        links.iter_mut().for_each(|link| link.lease.spoil());
    }
    let done = match ended {
        true => done,
        false if done.is_err() => done,
        false => {
            Err(Failed::nowhere(Failure::OutcomeUnknown("a server failed at COMMIT under LOCK TABLES".to_owned())))
        }
    };
    (links, done)
}

/// What became of a statement inside a transaction.
#[derive(Debug)]
pub enum Within {
    Done(Vec<Written>),
    /// It left nothing, and the transaction goes on.
    TakenBack(Failed),
    /// It could not be taken back everywhere: the transaction must be rolled back.
    Spoiled(Failed),
}

/// Why a statement failed, and where it did.
#[derive(Debug)]
pub struct Failed {
    pub failure: Failure,
    /// `None`: on no shard in particular.
    pub shard: Option<ShardId>,
}

impl Failed {
    fn nowhere(failure: Failure) -> Self {
        Self { failure, shard: None }
    }
}

/// Runs the statement in the transactions that are open on the links. What fails is taken back also where there is one share only:
/// a file may end early, which its server does not hold for an error, or a server may have rolled back more than the statement.
async fn write_within(mut shares: Vec<Share>, how: Manner<'_>, interrupt: &Interrupt) -> (Vec<Link>, Within) {
    shares.iter_mut().for_each(|share| share.before.push(SAVEPOINT.to_owned()));
    let (mut links, done) = run_everywhere(shares, how, interrupt).await;
    let failed = match done {
        Ok(written) => return (links, Within::Done(written)),
        Err(failed) => failed,
    };
    if !leaves_transaction(&failed.failure) || !clear_time(&mut links, how.timestamp, interrupt).await {
        return (links, Within::Spoiled(failed));
    }
    match everywhere(&mut links, TAKE_BACK, interrupt).await {
        true => (links, Within::TakenBack(failed)),
        false => (links, Within::Spoiled(failed)),
    }
}

/// Errors after which InnoDB has rolled back the statement only (MySQL manual, "InnoDB Error Handling").
pub(super) fn leaves_transaction(failure: &Failure) -> bool {
    match failure {
        Failure::Server { code, .. } => !matches!(code.number, 1206 | 1213 | 1614),
        Failure::Unplaced(_) | Failure::Line { .. } | Failure::File(_) => true,
        Failure::Sequence(_) | Failure::Unsupported(_) => true,
        // KILL QUERY, of which the servers have not heard.
        Failure::Backend(Error::Interrupted(Reason::QueryKilled)) => true,
        _ => false,
    }
}

/// After KILL QUERY the answer to the statement is still to come.
async fn execute(link: &mut Link, sql: &str, interrupt: &Interrupt) -> bool {
    if link.lease.is_busy() {
        unread::pass_over_whole(std::iter::once(&mut *link), AnswerKind::Query, interrupt).await;
    }
    link.lease.is_usable() && link.lease.execute("an end of a statement", sql, interrupt).await.is_ok()
}

/// Takes the statement back where the savepoint was set.
pub(super) async fn take_back(links: Vec<&mut Link>, interrupt: &Interrupt) -> bool {
    all(links.into_iter().map(|link| execute(link, TAKE_BACK, interrupt)).collect()).await.into_iter().all(|done| done)
}

/// Takes back the time that was set for the statement; it failed before that was done.
async fn clear_time(links: &mut [Link], timestamp: Option<&str>, interrupt: &Interrupt) -> bool {
    timestamp.is_none() || everywhere(links, "SET timestamp = DEFAULT", interrupt).await
}

async fn everywhere(links: &mut [Link], sql: &str, interrupt: &Interrupt) -> bool {
    all(links.iter_mut().map(|link| execute(link, sql, interrupt)).collect()).await.into_iter().all(|done| done)
}

/// `timestamp`: that of the statement, not one that the client has set.
async fn take_back_all(links: &mut [Link], timestamp: Option<&str>, interrupt: &Interrupt) {
    commit::roll_back(links.iter_mut().collect(), interrupt).await;
    for link in links.iter_mut() {
        // A connection whose time may be set must not go to anyone else.
        let is_as_before = timestamp.is_none() || execute(link, "SET timestamp = DEFAULT", interrupt).await;
        if !link.lease.is_usable() || !is_as_before {
            link.lease.spoil();
        }
    }
}

async fn run_everywhere(
    shares: Vec<Share>,
    how: Manner<'_>,
    interrupt: &Interrupt,
) -> (Vec<Link>, Result<Vec<Written>, Failed>) {
    if how.first_numbers && shares.len() > 1 {
        return run_after_the_first(shares, how.timestamp, interrupt).await;
    }
    let done = match how.turns {
        Turns::FirstAlone | Turns::OneByOne if shares.len() > 1 => run_in_turns(shares, how, interrupt).await,
        _ => run_at_once(shares, how.timestamp, interrupt).await,
    };
    let (links, done): (Vec<Link>, Vec<_>) = done.into_iter().unzip();
    let done = links.iter().map(|link| link.shard).zip(done).collect();
    let done = worst_first(done).and_then(|written| {
        returned::check_alike(&written).map_err(Failed::nowhere)?;
        Ok(written)
    });
    (links, done)
}

/// All are awaited even if one fails: a connection in the middle of an answer could not be rolled back.
async fn run_at_once(shares: Vec<Share>, timestamp: Option<&str>, interrupt: &Interrupt) -> Vec<Done> {
    all(shares.into_iter().map(|share| run_on_one(share, timestamp, interrupt)).collect()).await
}

/// On the first shard, while the others only begin, and then on these. What fails for a row of one shard is for the others to
/// run all the same: theirs may fail for an earlier row, which is the client's error.
async fn run_in_turns(mut shares: Vec<Share>, how: Manner<'_>, interrupt: &Interrupt) -> Vec<Done> {
    let timestamp = how.timestamp;
    let mut others = shares.split_off(1);
    let beginning = all(others.iter_mut().map(|share| begin(share, timestamp, interrupt)).collect());
    let (mut done, begun) = join(run_at_once(shares, timestamp, interrupt), beginning).await;
    let mut waiting = others.into_iter().zip(begun).map(|(share, begun)| (share, begun.err()));
    let is_over = |(_, done): &Done| matches!(done, Err(failure) if !is_of_row(failure));
    let mut is_done = done.iter().any(is_over);
    while !is_done {
        let turn = if how.turns == Turns::OneByOne { 1 } else { usize::MAX };
        let running = waiting.by_ref().take(turn).map(|(share, failed)| run_begun(share, failed, timestamp, interrupt));
        let more = all(running.collect()).await;
        if more.is_empty() {
            return done;
        }
        is_done = more.iter().any(is_over);
        done.extend(more);
    }
    // What these have begun ends with the statement.
    done.extend(waiting.map(|(share, failed)| (share.link, failed.map_or_else(|| Ok(Written::default()), Err))));
    done
}

/// On the first shard, and then on the others with the numbers that it gave to the rows.
async fn run_after_the_first(
    mut shares: Vec<Share>,
    timestamp: Option<&str>,
    interrupt: &Interrupt,
) -> (Vec<Link>, Result<Vec<Written>, Failed>) {
    let mut others = shares.split_off(1);
    // What it says of LAST_INSERT_ID() afterwards is of these rows, or nothing.
    shares.iter_mut().for_each(|share| share.before.push("SET last_insert_id = 0".to_owned()));
    let plain = Manner { turns: Turns::AtOnce, timestamp, first_numbers: false };
    let (mut links, first) = Box::pin(run_everywhere(shares, plain, interrupt)).await;
    let asked = match (&first, links.first_mut()) {
        (Ok(_), Some(link)) => number_made(link, interrupt).await,
        _ => Ok(0),
    };
    let first = first.and_then(|written| asked.map(|number| (written, number)).map_err(Failed::nowhere));
    let (written, number) = match first {
        Ok(first) => first,
        Err(failed) => {
            // They must be where the first is to be rolled back with it.
            for share in &mut others {
                for sql in std::mem::take(&mut share.before) {
                    execute(&mut share.link, &sql, interrupt).await;
                }
            }
            links.extend(others.into_iter().map(|share| share.link));
            return (links, Err(failed));
        }
    };
    // It holds for the next row that is numbered, which each of these is.
    for share in others.iter_mut().filter(|_| number > 0) {
        share.before.push(format!("SET insert_id = {number}"));
    }
    let (mut more, done) = Box::pin(run_everywhere(others, plain, interrupt)).await;
    if done.is_err() {
        // One that has not come to its rows would give the number to the next that it numbers.
        more.iter_mut().for_each(|link| link.lease.spoil());
    }
    links.append(&mut more);
    let is_alike = |other: &Written| number == 0 || other.last_insert_id == number;
    let done = done.and_then(|done| match done.iter().all(is_alike) {
        true => Ok([written, done].concat()),
        false => Err(Failed::nowhere(numbered_apart())),
    });
    (links, done)
}

/// Copies of a table have not done the same with the same rows.
pub(super) fn numbered_apart() -> Failure {
    let text = "an INSERT into a reference table whose copies number the rows in different ways: CHECK REFERENCE TABLE tells \
                whether they are alike";
    Failure::Unsupported(text.to_owned())
}

/// The first number that the server has made for rows of the statement before, or that this has noted; 0: none.
pub(super) async fn number_made(link: &mut Link, interrupt: &Interrupt) -> Result<u64, Failure> {
    // `sql_select_limit` may be 0.
    let answer = link.lease.query(b"SELECT LAST_INSERT_ID() LIMIT 1", interrupt).await?;
    let (_, rows) = answer.table();
    let cell = rows.first().and_then(|row| text::cells(row).next()).and_then(Result::ok).flatten();
    Ok(cell.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok()).unwrap_or_default())
}

/// That it is about a row, and not about locks or what else keeps a statement from being run.
fn is_of_row(failure: &Failure) -> bool {
    let waited = matches!(failure, Failure::Server { code, .. } if *code == codes::LOCK_WAIT_TIMEOUT);
    let is_killed = matches!(failure, Failure::Backend(_));
    leaves_transaction(failure) && !waited && !is_killed
}

/// What failed worst is what the client must know: a deadlock has rolled back more than a duplicate key.
fn worst_first(done: Vec<(ShardId, Result<Written, Failure>)>) -> Result<Vec<Written>, Failed> {
    let (mut all, mut failed) = (Vec::new(), Vec::new());
    for (shard, done) in done {
        match done {
            Ok(written) => all.push(written),
            Err(failure) => failed.push(Failed { failure, shard: Some(shard) }),
        }
    }
    failed.sort_by_key(|Failed { failure, .. }| (leaves_transaction(failure), row_of(failure).unwrap_or(usize::MAX)));
    failed.into_iter().next().map_or(Ok(all), Err)
}

/// What became of it on one shard.
pub(super) type Done = (Link, Result<Written, Failure>);

pub(super) async fn run_on_one(mut share: Share, timestamp: Option<&str>, interrupt: &Interrupt) -> Done {
    let failed = begin(&mut share, timestamp, interrupt).await.err();
    run_begun(share, failed, timestamp, interrupt).await
}

/// Sends what goes before the statement.
async fn begin(share: &mut Share, timestamp: Option<&str>, interrupt: &Interrupt) -> Result<(), Failure> {
    let connection = &mut *share.link.lease;
    if let Some(now) = timestamp {
        // Every copy must get the same NOW().
        connection.execute("the statement's time", &format!("SET timestamp = {now}"), interrupt).await?;
    }
    for sql in &share.before {
        connection.execute("the start of a transaction", sql, interrupt).await?;
    }
    Ok(())
}

/// The statement, unless what goes before it has `failed`.
async fn run_begun(share: Share, failed: Option<Failure>, timestamp: Option<&str>, interrupt: &Interrupt) -> Done {
    let Share { mut link, mut order, .. } = share;
    let done = match failed {
        None => run_order(&mut link, &mut order, timestamp, interrupt).await,
        Some(failure) => Err(failure),
    };
    let done = match &order.rows {
        Some(rows) => rows.renumber(done),
        None => done,
    };
    (link, done)
}

async fn run_order(
    link: &mut Link,
    order: &mut Order,
    timestamp: Option<&str>,
    interrupt: &Interrupt,
) -> Result<Written, Failure> {
    let connection = &mut *link.lease;
    let answer = match &mut order.command {
        Command::Text(text) => connection.query(text, interrupt).await?,
        Command::Prepared(execution) => prepared::execute_collected(connection, execution, interrupt).await?,
        Command::File(intake) => feed::load(connection, intake, interrupt).await?,
    };
    let own = order.rows.as_ref();
    let mut written = match read(&answer, connection.class().session_track()) {
        Err(failure) if own.is_some_and(|own| own.is_one() && own.ignores) && is_of_check(&failure) => {
            passed_over(connection, interrupt).await?
        }
        read => read?,
    };
    written.returned = match (written.returned.take(), own) {
        (Some(returned), Some(own)) => Some(returned.about(own)?),
        (Some(_), None) => return Err(Failure::Unsupported("RETURNING in a write on several shards".to_owned())),
        (None, _) => None,
    };
    if written.warnings > 0 && written.conditions.is_empty() {
        written.conditions = conditions::fetch(connection, interrupt).await?;
    }
    if timestamp.is_some() {
        connection.execute("the statement's time", "SET timestamp = DEFAULT", interrupt).await?;
    }
    Ok(match own.filter(|own| own.is_one()) {
        Some(own) if written.info.is_empty() => with_info_of_one_row(written, own.ignores, own.updates),
        Some(_) | None => written,
    })
}

/// MariaDB (10.11) fails an INSERT IGNORE of one row that breaks a CHECK, or the condition of a view, and passes over such a row of
/// several.
fn is_of_check(failure: &Failure) -> bool {
    matches!(failure, Failure::Server { code, .. } if [4025, 1369].contains(&code.number))
}

/// What a statement of several rows says of one that it passes over, and which the server has just refused.
async fn passed_over(connection: &mut Connection, interrupt: &Interrupt) -> Result<Written, Failure> {
    let mut conditions = conditions::fetch(connection, interrupt).await?;
    for condition in conditions.iter_mut().filter(|condition| condition.is_error()) {
        "Warning".clone_into(&mut condition.level);
    }
    let warnings = u16::try_from(conditions.len()).unwrap_or(u16::MAX);
    let info = format!("Records: 0  Duplicates: 0  Warnings: {warnings}").into_bytes();
    Ok(Written { warnings, info, conditions, ..Written::default() })
}

pub(super) fn read(answer: &Answer, session_track: bool) -> Result<Written, Failure> {
    if let Some(error) = answer.error() {
        return Err(error.into());
    }
    let ok = answer.ok(session_track).unwrap_or_default();
    Ok(Written {
        affected_rows: ok.affected_rows,
        last_insert_id: ok.last_insert_id,
        warnings: ok.warnings,
        info: ok.info.to_vec(),
        conditions: Vec::new(),
        returned: Returned::of(answer),
    })
}

/// The present, as `SET timestamp` takes it.
pub fn now() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{}.{:06}", now.as_secs(), now.subsec_micros())
}
