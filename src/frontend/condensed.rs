//! Queries of a gathered statement that are answered by themselves (`plan::condensed`): ShardGate answers each as if its client
//! had sent it, and keeps the rows in a temporary table that has the types which the server gives such an answer.
//!
//! Wherever something about that is not as it would be within the statement, an error or a warning, a type whose values are not what
//! is shown of them, the rows of the tables are gathered instead: what the client is told comes from its own statement.

use std::sync::Arc;
use std::time::Instant;

use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use super::error::ClientMessage;
use super::regrouped::travels;
use super::session::Session;
use super::transactions::rolls_back_transaction;
use crate::backend::error::Error;
use crate::backend::settings::Settings;
use crate::exec::failure::Failure;
use crate::exec::gather::{Scratch, Site, Taken};
use crate::exec::links::Link;
use crate::exec::measured::Measured;
use crate::plan::condensed::{CondensedQuery, Digits};
use crate::plan::gather::{Gathered, Gathering};
use crate::plan::reduction::{Answer, MAX_ROWS};
use crate::plan::{Binding, Plan, Route, StatementKind};
use crate::wire::packet::{HEADER_LEN, MAX_PAYLOAD};
use crate::wire::text;
use crate::wire::walker::{PacketKind, ResultWalker};

/// Bytes of an answer that is held until it is whole. What is longer is no answer that condenses much.
const LONGEST: usize = 8 * 1024 * 1024;

impl Session {
    /// What a plan gathers where queries in it are answered by themselves, if they can be; and what it gathers otherwise.
    pub(super) fn condensing(&self, plan: &Plan, binding: &Binding<'_>) -> Option<(Gathering, Gathering)> {
        let is_usual = self.setup.options.gather.ship_from.is_some()
            && plan.kind == StatementKind::Read
            && self.temporary_tables.is_empty()
            && !self.links.has_table_locks()
            // Its snapshots are of the shards that are known to be read.
            && !self.txn.is_unseen()
            // The first statement of several would use that up.
            && !self.txn.has_next();
        if !is_usual {
            return None;
        }
        let condensing = self.gathering_by(plan, binding, true).filter(|gathering| !gathering.condensed.is_empty())?;
        Some((condensing, self.gathering(plan, binding)?))
    }

    /// Whether the statement goes that way.
    pub(super) async fn condenses(&mut self, plan: &Plan, sql: &[u8]) -> Result<bool, ClientMessage> {
        if !matches!(plan.bind(&self.binding(sql)), Ok(Route::Gather)) {
            return Ok(false);
        }
        match self.condensing(plan, &self.binding(sql)) {
            Some((_, otherwise)) => self.is_worth_condensing(plan, &otherwise).await,
            None => Ok(false),
        }
    }

    /// Whether that is worth it. Of few rows, gathering them all is as good, and their columns are described as those of tables
    /// even where the answer is empty, by which servers choose another plan.
    pub(super) async fn is_worth_condensing(
        &mut self,
        plan: &Plan,
        otherwise: &Gathering,
    ) -> Result<bool, ClientMessage> {
        let (least, side) = (self.setup.options.gather.ship_from.unwrap_or(u64::MAX), self.side(plan));
        let mut rows = 0;
        for source in otherwise.sources.iter().filter(|source| source.catalog.is_none()) {
            if rows >= least {
                break;
            }
            let Some(expected) = self.expected_rows(source, side).await? else { return Ok(false) };
            rows += expected;
        }
        Ok(rows >= least)
    }

    /// Makes and fills the tables of all answers; of other tables no rows are gathered then that they rule out. `false`: that
    /// cannot be.
    pub(super) async fn condense_all(
        &mut self,
        scratch: &mut Link,
        gathering: &mut Gathering,
    ) -> Result<bool, ClientMessage> {
        let mut text = std::mem::take(&mut gathering.text);
        let (mut taken, mut answers, mut collations) = (Taken::default(), Vec::new(), Vec::new());
        // Texts that are compared with those of other answers count as in the statement if all have one collation.
        let meet = gathering.condensed.iter().any(CondensedQuery::meets_answers);
        for (number, query) in gathering.condensed.iter().enumerate() {
            let Some(mut table) = self.make_condensed(scratch, query).await? else { return Ok(false) };
            if meet {
                collations.extend(table.collations(&mut scratch.lease, &self.interrupt).await?);
                collations.dedup();
            }
            if collations.len() > 1 {
                return Ok(false);
            }
            query.put_literals(&table.names(), &mut text);
            let measuring = self.measuring.take();
            let found = self.condensed_rows(&query.sql).await?;
            self.measuring = measuring;
            let Some((rows, measured)) = found else { return Ok(false) };
            self.measuring.iter_mut().for_each(|measuring| measuring.took(measured));
            if query.digits != Digits::Any && has_decimals(&table) {
                let shown = cells_of(&rows);
                if !shown.iter().flatten().flatten().all(|value| query.digits.are_in(value)) {
                    return Ok(false);
                }
            }
            let is_read = rows.len() <= MAX_ROWS && gathering.is_reduced_by(number);
            answers.push(is_read.then(|| Answer { types: table.types().to_vec(), rows: cells_of(&rows) }));
            let keeping = self.keeping();
            self.adapt(scratch, &keeping).await?;
            let budget = self.budget();
            // A server may give an expression a type that not all of its values have room in.
            match table.keep(scratch, rows, (budget, &mut taken), &self.interrupt).await {
                Ok(true) => {}
                // Also a column's name that the client's character set does not have.
                Ok(false) | Err(Failure::Server { .. }) => return Ok(false),
                Err(failure) => return Err(failure.into()),
            }
        }
        gathering.text = text;
        gathering.reduce(&answers);
        Ok(true)
    }

    /// `None`: not all that the answer can be would be the same there.
    async fn make_condensed(
        &mut self,
        scratch: &mut Link,
        query: &CondensedQuery,
    ) -> Result<Option<Scratch>, ClientMessage> {
        let making = self.making();
        self.adapt(scratch, &making).await?;
        self.stay_out_of_the_log(scratch).await?;
        let schema = self.schema.shard(scratch.shard).schema.clone();
        let answer = Gathered::of_rows("the answer to a query in it", &query.temporary, scratch.shard);
        let site = Site { gathered: &answer, schema: Some(&schema), interrupt: &self.interrupt };
        match site.create_for(&mut scratch.lease, &query.example).await {
            Ok(table) => {
                let is_whole = query.digits != Digits::All || !has_decimals(&table);
                let is_alike = is_whole && travels(&table) && table.texts().all(|column| query.may_be_stored(column));
                Ok(if is_alike { table.for_what_is_shown() } else { None })
            }
            // A name twice, or of a column around it.
            Err(Error::Refused { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The session's settings for storing rows that it was shown.
    fn keeping(&self) -> Arc<Settings> {
        self.variant_of(&self.loading(), |settings| match self.settings.get("time_zone") {
            Some(zone) => settings.set("time_zone", zone),
            None => settings.unset("time_zone"),
        })
    }

    /// The rows that answer it, and what they cost.
    async fn condensed_rows(&mut self, sql: &[u8]) -> Result<Option<(Vec<Vec<u8>>, Measured)>, ClientMessage> {
        let Ok(plan) = self.plan(sql) else { return Ok(None) };
        let is_condensed = match plan.bind(&self.binding(sql)) {
            Ok(Route::One(_) | Route::Any(_) | Route::Merge(_) | Route::Regroup(_)) => true,
            Ok(_) | Err(_) => false,
        };
        if !is_condensed {
            return Ok(None);
        }
        let fetching = self.fetching();
        let before = std::mem::replace(&mut self.settings, fetching);
        let (last, diagnostics) = (self.last, std::mem::take(&mut self.diagnostics));
        self.settings_changed();
        let begun = Instant::now();
        let done = self.answer_aside(&plan, sql, move |reader, walker| collect(reader, walker, begun)).await;
        self.set_back(before);
        let is_clean = !self.last.failed && self.diagnostics.warning_count == 0;
        (self.last, self.diagnostics) = (last, diagnostics);
        match done {
            Ok(rows) => Ok(rows.filter(|_| is_clean)),
            Err(message)
                if rolls_back_transaction(message.code) || self.txn.is_lost() || self.interrupt.reason().is_some() =>
            {
                Err(message)
            }
            Err(_) => Ok(None),
        }
    }
}

fn has_decimals(table: &Scratch) -> bool {
    table.types().iter().any(|kind| kind.starts_with("decimal"))
}

fn cells_of(rows: &[Vec<u8>]) -> Vec<Vec<Option<Vec<u8>>>> {
    let cells = |row: &Vec<u8>| text::cells(row).map(|cell| cell.ok().flatten().map(<[u8]>::to_vec)).collect();
    rows.iter().map(cells).collect()
}

/// Reads to the end of the stream. The rows; `None` if there is too much of them, or an error after some.
async fn collect(mut reader: UnixStream, mut walker: ResultWalker, begun: Instant) -> Option<(Vec<Vec<u8>>, Measured)> {
    let (mut rows, mut held, mut measured) = (Some(Vec::new()), 0, Measured::default());
    let mut unread = Vec::with_capacity(16 * 1024);
    while let Ok(1..) = reader.read_buf(&mut unread).await {
        if measured.bytes == 0 {
            measured.first = begun.elapsed();
        }
        let mut at = 0;
        while let Some(packet) = walker.next_packet(&unread[at..]).ok()? {
            at += HEADER_LEN + packet.payload.len();
            held += packet.payload.len();
            match packet.kind {
                PacketKind::Row if held <= LONGEST && packet.payload.len() < MAX_PAYLOAD => {
                    rows.iter_mut().for_each(|rows| rows.push(packet.payload.to_vec()));
                }
                // What follows is read all the same: the statement is to come to its end.
                PacketKind::Row | PacketKind::Continuation | PacketKind::Err => rows = None,
                _ => {}
            }
        }
        measured.bytes += at as u64;
        unread.drain(..at);
    }
    let rows = rows.filter(|_| walker.is_complete())?;
    measured.rows = rows.len() as u64;
    measured.total = begun.elapsed();
    Some((rows, measured))
}
