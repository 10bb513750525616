//! Statements that several shards run: reads whose rows are put one after the other, and writes in a transaction over the
//! shards.

use std::sync::Arc;

use super::deadlocks::ENDURED;
use super::error::ClientMessage;
use super::merging::{Merging, Request};
use super::query::Statement;
use super::session::Session;
use super::statement::TAKE_INSERT_ID;
use super::transactions::{End, rolls_back_transaction};
use crate::backend::buffer::Buffer;
use crate::backend::connection::Watch;
use crate::backend::error::{Error, Reason};
use crate::exec::conditions::said_once;
use crate::exec::failure::Failure;
use crate::exec::feed::Intake;
use crate::exec::links::{Link, Need, Side};
use crate::exec::returned::{self, Returned};
use crate::exec::row_numbers::{OwnRows, in_order};
use crate::exec::scatter::{self, Job, Outcome};
use crate::exec::tally::{self, Tally, Written};
use crate::exec::write::{self as writes, Bounds, Command, Failed, Manner, Order, Share, Turns, Within};
use crate::exec::{cancel, prepared, relay, unread};
use crate::merge::Limit;
use crate::plan::merged::MergePlan;
use crate::plan::{Binding, Plan, ShardRows, StatementKind};
use crate::sharding::{ShardId, ShardSet};
use crate::txn::transaction::{Beginning, Transaction};
use crate::wire::StatusFlags;
use crate::wire::error_code::{self as codes, ErrorCode};
use crate::wire::walker::AnswerKind;

/// Where rows that are inserted get their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// From the servers, each for itself, if they want any.
    OfServers,
    /// From the first copy of a reference table, for all.
    OfFirstCopy,
    /// They have them from a sequence, this one first.
    From(u64),
}

/// Connections with a statement under way.
pub(super) struct Sent {
    pub(super) links: Vec<Link>,
    /// By link: what was read of the answer already.
    pub(super) ahead: Vec<Buffer>,
}

impl Session {
    /// The statement on each shard, in that shard's names.
    pub(super) fn orders(&self, plan: &Plan, statement: &Statement<'_>, shards: &ShardSet) -> Vec<(ShardId, Order)> {
        let binding = self.binding(statement.sql);
        let order = |shard: ShardId| {
            let mut text = Vec::new();
            if !plan.render_share(&binding, shard, &mut text) {
                text.clear();
                text.extend_from_slice(statement.sql);
            }
            (shard, Order { command: Command::Text(text), rows: None })
        };
        shards.iter().map(order).collect()
    }

    /// A write on several shards: in the session's transaction, or in one of its own.
    pub(super) async fn write_everywhere(
        &mut self,
        plan: &Plan,
        orders: Vec<(ShardId, Order)>,
        numbers: Numbers,
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let bounds = self.bounds();
        let rows_of = |order: &Order| order.rows.as_ref().map(|rows| rows.places.clone());
        let places: Option<Vec<Vec<u32>>> = orders.iter().map(|(_, order)| rows_of(order)).collect();
        let first_numbers = numbers == Numbers::OfFirstCopy;
        let (mut links, mut written) = self.write_until_done(plan, orders, bounds, first_numbers).await?;
        let returned = self.returned_by(plan, &links, &mut written)?;
        let mut total = tally::total(&written, if plan.writes_copies { Tally::Same } else { Tally::Sum });
        let numbered = match numbers {
            Numbers::From(first) => Some(first).filter(|_| total.affected_rows > 0 || returned.is_some()),
            Numbers::OfServers | Numbers::OfFirstCopy => {
                let said: Vec<u64> = written.iter().map(|written| written.last_insert_id).collect();
                let (made, told) = self.insert_ids(&mut links, &said, places.as_deref(), returned.is_some()).await;
                total.last_insert_id = told;
                made
            }
        };
        if places.is_some() {
            total = in_order(total, &written, places.as_deref());
        }
        total.returned = returned;
        self.tell_written(links, total, numbered, more_follows).await
    }

    /// A statement that is a transaction by itself, and deadlocks with others over several shards as it would not on one
    /// server, runs again, in the order that all such statements have.
    async fn write_until_done(
        &mut self,
        plan: &Plan,
        mut orders: Vec<(ShardId, Order)>,
        bounds: Bounds,
        first_numbers: bool,
    ) -> Result<(Vec<Link>, Vec<Written>), ClientMessage> {
        let timestamp = self.time_of(plan);
        let mut left = if bounds == Bounds::Alone { ENDURED } else { 0 };
        loop {
            let only_adds_rows = plan.only_adds_rows() && left == ENDURED;
            let turns = if only_adds_rows { Turns::AtOnce } else { self.turns() };
            let again = || orders.iter().map(|(shard, order)| Some((*shard, order.again()?))).collect();
            let again: Option<Vec<(ShardId, Order)>> = (left > 0).then(again).flatten();
            let shares = self.shares(plan, orders, bounds).await?;
            let how = Manner { turns, timestamp: timestamp.as_deref(), first_numbers };
            let (links, done) = writes::write(shares, how, bounds, &self.commit_context()).await;
            match (done, again) {
                (Within::TakenBack(failed), Some(again))
                    if is_deadlock(&failed.failure) && self.runs_again(&mut left) =>
                {
                    links.into_iter().for_each(|link| self.links.put(link));
                    self.registered.entry.activity.left();
                    orders = again;
                }
                (done, _) => return self.written(links, done, bounds).await,
            }
        }
    }

    /// The rows that the shards return, in the client's names.
    fn returned_by(
        &self,
        plan: &Plan,
        links: &[Link],
        written: &mut [Written],
    ) -> Result<Option<Returned>, ClientMessage> {
        let mut parts = Vec::new();
        for (link, written) in links.iter().zip(written) {
            if let Some(mut returned) = written.returned.take() {
                self.rename_definitions(plan, link.shard, &mut returned.definitions)?;
                parts.push(returned);
            }
        }
        Ok(returned::together(parts.into_iter()))
    }

    /// The first number that a server has made, by the rows' order, and the insert id of the answer: that, or the number of the
    /// last row, which the client gave. `said`: by the servers; `places`: of the rows that each of them got.
    async fn insert_ids(
        &mut self,
        links: &mut [Link],
        said: &[u64],
        places: Option<&[Vec<u32>]>,
        has_returned: bool,
    ) -> (Option<u64>, u64) {
        let first_row = |index: usize| places.and_then(|places| places.get(index)?.first().copied());
        let last_row = |index: &usize| places.and_then(|places| places.get(*index)?.last().copied());
        let mut order: Vec<usize> = (0..links.len()).collect();
        order.sort_by_key(|index| first_row(*index));
        let mut made = None;
        for index in order {
            // All are asked: those that are not would remember the number.
            let asked = match said.get(index) {
                Some(0) | None if has_returned => {
                    self.ask_number(&mut links[index], TAKE_INSERT_ID).await.ok().flatten()
                }
                Some(0) | None => None,
                Some(&said) => self.has_numbered(&mut links[index], said).await.then_some(said),
            };
            made = made.or(asked.filter(|number| *number > 0));
        }
        let numbered = (0..said.len()).filter(|index| said[*index] > 0);
        let last = match places {
            Some(_) => numbered.max_by_key(last_row),
            None => numbered.min(),
        };
        (made, made.or(last.map(|index| said[index])).unwrap_or_default())
    }

    /// Whether the server has made the number that its answer to an INSERT tells. One that the client gave is in the answer
    /// as well, but not what LAST_INSERT_ID() says.
    pub(super) async fn has_numbered(&mut self, link: &mut Link, number: u64) -> bool {
        // The rows are written: a server that is lost now must not make an error of that.
        let asked = self.ask_number(link, TAKE_INSERT_ID).await;
        asked.map_or(true, |asked| asked == Some(number))
    }

    /// The transactions that a write of several shards runs in.
    pub(super) fn bounds(&self) -> Bounds {
        match self.autocommit && !self.txn.is_open() {
            true if self.links.has_table_locks() => Bounds::Locked,
            true => Bounds::Alone,
            false => Bounds::Within,
        }
    }

    /// What the shards wrote; where one failed, an error. The transaction is over then if it could not be kept.
    pub(super) async fn written(
        &mut self,
        links: Vec<Link>,
        done: Within,
        bounds: Bounds,
    ) -> Result<(Vec<Link>, Vec<Written>), ClientMessage> {
        if bounds == Bounds::Alone {
            self.registered.entry.activity.left();
        }
        match done {
            Within::Done(mut written) => {
                for (link, written) in links.iter().zip(&mut written) {
                    self.rename_conditions(&mut written.conditions, Some(link.shard));
                }
                Ok((links, written))
            }
            Within::TakenBack(Failed { failure, shard }) => {
                // Connections that could not be rolled back are spoiled: giving them back closes them.
                links.into_iter().for_each(|link| self.links.put(link));
                Err(self.in_logical_names(failure.into(), shard))
            }
            Within::Spoiled(Failed { failure, shard }) => {
                let by_lock = matches!(
                    failure,
                    Failure::Server { .. } | Failure::Backend(Error::Interrupted(Reason::Deadlocked))
                );
                let message = self.in_logical_names(failure.into(), shard);
                links.into_iter().for_each(|link| self.links.put(link));
                // A server's own error that ends a transaction is known to do so; of others the client is told again.
                match by_lock && rolls_back_transaction(message.code) {
                    true => self.end_transaction(End::Rollback).await?,
                    false => self.transaction_was_lost().await,
                }
                Err(message)
            }
        }
    }

    /// Answers for what was written, and gives the connections back. `numbered`: the first number that was made for a row.
    pub(super) async fn tell_written(
        &mut self,
        links: Vec<Link>,
        mut written: Written,
        numbered: Option<u64>,
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        self.txn.take_next();
        self.last.row_count = i64::try_from(written.affected_rows).unwrap_or(i64::MAX);
        self.diagnostics.clear();
        self.diagnostics.set(std::mem::take(&mut written.conditions));
        if let Some(first) = numbered {
            written.last_insert_id = first;
            self.last.insert_id = first;
        }
        for mut link in links {
            if link.pins.table_locks && !self.autocommit {
                // The statement has begun a plain transaction.
                link.pins.transaction = true;
                self.txn.enlist(link.shard);
                self.txn.note_write(link.shard);
            }
            self.links.put(link);
        }
        if let Some(returned) = &written.returned {
            return self.send_returned(returned, written.warnings, more_follows).await;
        }
        let ok = tally::ok_packet(&written, StatusFlags::empty());
        self.send_ok(ok, more_follows).await
    }

    /// Connections for the orders. Where the statement is alone, what begins its transaction is sent with it.
    pub(super) async fn shares(
        &mut self,
        plan: &Plan,
        orders: Vec<(ShardId, Order)>,
        bounds: Bounds,
    ) -> Result<Vec<Share>, ClientMessage> {
        let shards: Vec<ShardId> = orders.iter().map(|(shard, _)| *shard).collect();
        let mut links = self.obtain_all(plan, &shards, Side::Primary).await?;
        // Servers of MySQL let no temporary table into an XA branch: the shard that holds some is the plain part.
        let plain = links.iter().position(|link| link.pins.temporary_tables).unwrap_or(0);
        let mut own = Transaction::default();
        own.begin(Default::default());
        let mut begun = None;
        if let (Bounds::Alone, Some(link)) = (bounds, links.get(plain)) {
            begun = Some(own.opening(self.beginning(link.shard, link)));
            own.enlist(link.shard);
        }
        let mut shares = Vec::new();
        for (place, (mut link, (shard, order))) in links.drain(..).zip(orders).enumerate() {
            let mut before = Vec::new();
            if bounds == Bounds::Alone {
                let opening = match begun.take_if(|_| place == plain) {
                    Some(opening) => opening,
                    None => own.opening(self.beginning(shards[plain], &link)),
                };
                own.enlist(shard);
                link.xid = opening.xid;
                link.pins.transaction = true;
                self.tell_of_part(&link, own.gtrid());
                before = opening.statements;
            } else {
                self.txn.note_write(shard);
            }
            shares.push(Share { link, order, before });
        }
        Ok(shares)
    }

    /// On `link`, where the plain part of the transaction is on this shard.
    fn beginning(&self, plain: ShardId, link: &Link) -> Beginning<'_> {
        let set = self.schema.shard(plain).replica_set;
        let in_flight = &*self.shared.in_flight;
        let decider = &self.setup.topology.set(set).options.name;
        let level_variable = link.lease.variable_name("transaction_isolation");
        let connection = link.lease.thread_id();
        Beginning { names: &in_flight.names, table: &in_flight.table, decider, connection, level_variable }
    }

    /// One connection for each shard, ready for the statement; those that were had are kept if one cannot be.
    async fn obtain_all(&mut self, plan: &Plan, shards: &[ShardId], side: Side) -> Result<Vec<Link>, ClientMessage> {
        if !self.autocommit && !self.txn.is_open() && !self.links.has_table_locks() {
            // Left to the servers, each shard would begin a plain transaction, and such can only commit one by one. And what
            // one shard begins is not known here, where its answer is not relayed.
            self.txn.begin(Default::default());
        }
        // Each shard would leave out rows by itself.
        let settings = match self.settings.get("sql_select_limit") {
            Some(_) if shards.len() > 1 => self.variant(|settings| settings.unset("sql_select_limit")),
            _ => Arc::clone(&self.settings),
        };
        let (had, txn, need) = self.need();
        let need = Need { settings: &settings, ..need };
        let (mut links, failed) = had.obtain_all(&need, shards, side, txn).await;
        let mut ready = failed.map_or(Ok(()), |error| Err(error.into()));
        for link in links.iter_mut() {
            if self.txn.is_open() {
                self.tell_of_part(link, self.txn.gtrid());
            }
            if ready.is_ok() {
                ready = self.before_sending(plan, link).await;
            }
        }
        match ready {
            Ok(()) => Ok(links),
            Err(message) => {
                self.keep_usable(links);
                Err(message)
            }
        }
    }

    /// Warnings and FOUND_ROWS() of all shards.
    pub(super) async fn ask_all_what_is_forgotten(
        &mut self,
        links: &mut [Link],
        has_warnings: bool,
    ) -> Result<(), ClientMessage> {
        let (mut all, mut found_rows) = (Vec::new(), 0);
        for link in links {
            self.ask_what_is_forgotten(link, has_warnings, true).await?;
            found_rows += self.last.found_rows;
            all = said_once(&all, self.diagnostics.all());
        }
        self.last.found_rows = found_rows;
        self.diagnostics.set(all);
        Ok(())
    }

    pub(super) async fn gather_diagnostics(&mut self, links: &mut [Link]) -> Result<(), ClientMessage> {
        let mut all = Vec::new();
        for link in links {
            self.fetch_diagnostics(link).await?;
            all = said_once(&all, self.diagnostics.all());
        }
        self.diagnostics.set(all);
        Ok(())
    }

    /// A read on several shards whose rows are put one after the other.
    pub(super) async fn read_everywhere(
        &mut self,
        plan: &Arc<Plan>,
        statement: &Statement<'_>,
        shards: &ShardSet,
        side: Side,
    ) -> Result<(), ClientMessage> {
        let orders = self.orders(plan, statement, shards);
        match self.put_together(plan, orders, side, AnswerKind::Query, statement.more_follows).await? {
            Merging::Answered => Ok(()),
            Merging::Unsuitable(feature) => {
                let plan = self.plan_to_gather(plan, statement.sql, &feature)?;
                self.gather_text(&plan, statement).await
            }
        }
    }

    /// One shard's rows after the other's, or as many of them as the session wants.
    pub(super) async fn put_together(
        &mut self,
        plan: &Plan,
        orders: Vec<(ShardId, Order)>,
        side: Side,
        kind: AnswerKind,
        more_follows: bool,
    ) -> Result<Merging, ClientMessage> {
        let limit = match self.rows_limit() {
            Some(count) => Limit { offset: 0, count },
            None if plan.described.is_some() => Limit::NONE,
            None => return self.concatenate(plan, orders, side, kind, more_follows).await,
        };
        let merge = &MergePlan::CONCATENATION;
        let own = orders.first().and_then(|(_, order)| order.text()).unwrap_or_default().to_vec();
        let request = Request { merge, orders, limit, own, kind };
        self.merge(plan, request, side, more_follows).await
    }

    async fn concatenate(
        &mut self,
        plan: &Plan,
        orders: Vec<(ShardId, Order)>,
        side: Side,
        kind: AnswerKind,
        more_follows: bool,
    ) -> Result<Merging, ClientMessage> {
        let links = self.links_for(plan, &orders, side).await?;
        let Sent { mut links, ahead } = self.send_on(plan, links, &orders).await?;
        let (result, seq) = {
            let job = Job {
                renames: links.iter().map(|link| plan.renames(&self.schema, link.shard)).collect(),
                kind,
                status: self.status_of_shards(plan),
            };
            let mut sink = self.client.sink(&self.interrupt, more_follows);
            let result = scatter::concatenate(&mut sink, &mut links, ahead, &job).await;
            (result, sink.seq)
        };
        self.client.seq = seq;
        let summaries = match result {
            Ok(Outcome::Relayed(summaries)) => summaries,
            Ok(Outcome::Unsuitable(feature)) => {
                self.keep_usable(links);
                return Ok(Merging::Unsuitable(feature));
            }
            Err(failure) => return Err(self.read_failed(links, failure).await),
        };
        self.txn.take_next();
        self.last.row_count = -1;
        self.last.found_rows = summaries.iter().map(|summary| summary.rows).sum();
        self.diagnostics.clear();
        let has_warnings = summaries.iter().any(|summary| summary.warnings > 0);
        if has_warnings && let Err(message) = self.gather_diagnostics(&mut links).await {
            self.lose_track(&message);
            return Ok(Merging::Answered);
        }
        for (link, summary) in links.into_iter().zip(summaries) {
            self.links.settle(link, summary.status.unwrap_or_default(), &mut self.txn);
        }
        Ok(Merging::Answered)
    }

    /// Connections to the shards of `orders`.
    pub(super) async fn links_for(
        &mut self,
        plan: &Plan,
        orders: &[(ShardId, Order)],
        side: Side,
    ) -> Result<Vec<Link>, ClientMessage> {
        let shards: Vec<ShardId> = orders.iter().map(|(shard, _)| *shard).collect();
        self.obtain_all(plan, &shards, side).await
    }

    /// Sends each of the connections its order. Where rows are locked, one shard answers before others lock theirs, as writes have
    /// it.
    pub(super) async fn send_on(
        &mut self,
        plan: &Plan,
        mut links: Vec<Link>,
        orders: &[(ShardId, Order)],
    ) -> Result<Sent, ClientMessage> {
        let turns = if plan.kind == StatementKind::LockingRead { self.turns() } else { Turns::AtOnce };
        let mut ahead: Vec<Buffer> = Vec::with_capacity(links.len());
        let is_awaited = |shard: usize| turns.due(shard, orders.len()) == shard + 1 && shard + 1 < orders.len();
        for (place, (link, (_, order))) in links.iter_mut().zip(orders).enumerate() {
            let mut begun = Buffer::default();
            let mut done = self.send_order(link, order).await;
            if done.is_ok() && is_awaited(place) {
                let mut watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
                done = relay::first(&mut watch, &mut link.lease, &mut begun).await.map_err(Failure::from);
            }
            if let Err(failure) = done {
                let kind = match order.command {
                    Command::Text(_) | Command::File(_) => AnswerKind::Query,
                    Command::Prepared(_) => AnswerKind::Execute { cursor: false },
                };
                unread::pass_over_begun(links.iter_mut().zip(ahead), kind, &self.interrupt).await;
                return Err(self.read_failed(links, failure).await);
            }
            ahead.push(begun);
        }
        Ok(Sent { links, ahead })
    }

    async fn send_order(&mut self, link: &mut Link, order: &Order) -> Result<(), Failure> {
        match &order.command {
            Command::Text(text) | Command::File(Intake { text, .. }) => self.send_text(&mut link.lease, text).await,
            Command::Prepared(execution) => {
                let mut watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
                prepared::send(&mut link.lease, execution, &mut watch).await
            }
        }
    }

    /// A read on several shards failed: what the client is told, and what becomes of the transaction.
    pub(super) async fn read_failed(&mut self, links: Vec<Link>, failure: Failure) -> ClientMessage {
        let of_server = match &failure {
            Failure::Server { code, .. } => Some(*code),
            _ => None,
        };
        let is_broken = |link: &&Link| !link.lease.is_usable() && self.txn.has_branch(link.shard);
        let broken = links.iter().find(is_broken).map(|link| link.shard);
        self.keep_usable(links);
        let message = self.failed(failure, broken).await;
        if let (None, Some(code)) = (broken, of_server)
            && let Err(error) = self.follow_rollback(code).await
        {
            return error;
        }
        message
    }

    /// After a server's error: where it has rolled back its part of the transaction, so must the others.
    async fn follow_rollback(&mut self, code: ErrorCode) -> Result<(), ClientMessage> {
        if rolls_back_transaction(code) && self.txn.is_open() {
            return self.end_transaction(End::Rollback).await;
        }
        // `innodb_rollback_on_timeout`, or `innodb_snapshot_isolation` of MariaDB (1020). An XA branch ends by XA statements only.
        let Some(shard) = self.txn.first_shard() else { return Ok(()) };
        let Some(mut link) = self.links.take(shard, Side::Primary) else { return Ok(()) };
        let status = link.lease.ask_status(&self.interrupt).await?;
        self.links.settle(link, status, &mut self.txn);
        self.end_what_was_torn(End::Rollback).await
    }

    /// After a failure: what is in the middle of an answer is closed, and the rest goes back or stays in its
    /// transaction.
    pub(super) fn keep_usable(&mut self, links: Vec<Link>) {
        for link in links {
            if link.lease.is_usable() {
                self.links.put(link);
            } else {
                cancel::abandon(link);
            }
        }
    }
}

/// What numbers the rows of a write to all copies of a table.
pub(super) fn numbers_of(plan: &Plan, binding: &Binding<'_>) -> Numbers {
    match plan.numbers_copies(binding) {
        true => Numbers::OfFirstCopy,
        false => Numbers::OfServers,
    }
}

/// That two transactions wait for each other: on a server, which has rolled one of them back, or over several.
fn is_deadlock(failure: &Failure) -> bool {
    match failure {
        Failure::Server { code, .. } => *code == codes::LOCK_DEADLOCK,
        Failure::Backend(Error::Interrupted(reason)) => *reason == Reason::Deadlocked,
        _ => false,
    }
}

/// The rows of an INSERT that one shard gets, as its answer is to be read.
pub(super) fn own_rows(plan: &Plan, part: &ShardRows) -> OwnRows {
    let (ignores, updates) = (plan.ignores_duplicates(), plan.updates_duplicates());
    OwnRows { places: part.rows.clone(), ignores, updates }
}
