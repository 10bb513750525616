//! Statements that no shard can answer and no merge: the rows that they need are gathered into temporary tables on one
//! server, where the client's own statement then runs (`plan::gather`, `exec::gather`).

use std::sync::Arc;
use std::time::Duration;

use super::error::ClientMessage;
use super::explained::Measuring;
use super::query::Statement;
use super::regrouped::are_alike;
use super::session::Session;
use crate::backend::buffer::Buffer;
use crate::backend::connection::Watch;
use crate::backend::settings::Settings;
use crate::exec::cancel;
use crate::exec::links::{Link, Need, Side};
use crate::exec::prepared::{self, Execution};
use crate::exec::relay::{self, Relay};
use crate::plan::gather::{Choice, Gathering};
use crate::plan::regroup::Resort;
use crate::plan::{Binding, Described, Plan, Renames, StatementKind};
use crate::sharding::{Schema, ShardId, ShardSet};
use crate::sql::{Lexer, Mode, Token, TokenKind};
use crate::wire::command::PrepareOk;
use crate::wire::error_code as codes;
use crate::wire::walker::{AnswerKind, Summary};

/// How often a statement is gathered again because a table is not yet alike on all shards, and how long after.
pub(super) const CHANGES: u32 = 50;
const CHANGE: Duration = Duration::from_millis(100);

/// How the statement over the gathered rows is sent.
#[derive(Debug)]
pub(super) enum Last {
    Text,
    /// As a prepared statement with these parameters; the text is put in.
    Prepared(Execution, AnswerKind),
}

/// A statement to be gathered.
#[derive(Debug)]
pub(super) struct Order<'a> {
    pub(super) plan: &'a Plan,
    pub(super) sql: &'a [u8],
    pub(super) gathering: Gathering,
    pub(super) last: Last,
    pub(super) more_follows: bool,
}

impl Session {
    /// What a plan gathers for one statement.
    pub(super) fn gathering(&self, plan: &Plan, binding: &Binding<'_>) -> Option<Gathering> {
        self.gathering_by(plan, binding, false)
    }

    /// `may_condense`: queries in it may be answered by themselves.
    pub(super) fn gathering_by(&self, plan: &Plan, binding: &Binding<'_>, may_condense: bool) -> Option<Gathering> {
        let preferred = self.scratch_shards();
        // A replica that was not asked to answer reads may be behind, and a lock on a copy must be on the one that all
        // sessions lock.
        let is_as_new = preferred.is_empty() || self.side(plan) == Side::Replica;
        let is_locking = plan.kind == StatementKind::LockingRead;
        let choice = Choice {
            preferred: &preferred,
            may_use_copies: is_as_new && !is_locking && !self.reads_own_state(),
            may_filter: true,
            may_condense,
        };
        plan.gather().map(|gather| gather.bind(binding, choice))
    }

    /// The shards of the replica set that is configured to hold temporary tables; none if there is none.
    pub(super) fn scratch_shards(&self) -> ShardSet {
        let Some(name) = &self.setup.options.gather.scratch else { return ShardSet::empty() };
        let is_there = |shard: &ShardId| {
            let set = self.schema.shard(*shard).replica_set;
            self.setup.topology.set(set).options.name == *name
        };
        self.schema.all_shards().filter(is_there).collect()
    }

    /// Which of the scratch's servers: a replica where a set was configured, but not for a transaction that has written,
    /// whose statements may call what looks at tables by itself.
    fn scratch_side(&self, plan: &Plan, scratch: ShardId) -> Side {
        let has_written = self.txn.branches().iter().any(|branch| branch.wrote);
        match self.scratch_shards().contains(scratch) && !has_written && !plan.kind.is_write() {
            true => Side::Replica,
            false => self.side(plan),
        }
    }

    /// Whether a connection beside the session's own would see other rows, or other tables.
    fn reads_own_state(&self) -> bool {
        self.txn.is_open() || !self.autocommit || self.links.has_lasting_pins()
    }

    /// A statement that came as text.
    pub(super) async fn gather_text(&mut self, plan: &Plan, statement: &Statement<'_>) -> Result<(), ClientMessage> {
        let (sql, more_follows) = (statement.sql, statement.more_follows);
        if let Some((gathering, otherwise)) = self.condensing(plan, &self.binding(sql))
            && self.is_worth_condensing(plan, &otherwise).await?
        {
            let order = Order { plan, sql, gathering, last: Last::Text, more_follows };
            if Box::pin(self.gather(order)).await? {
                return Ok(());
            }
            self.shape.read(sql, self.mode);
        }
        let mut left = CHANGES;
        loop {
            let gathering = self.gathering(plan, &self.binding(sql));
            let gathering =
                gathering.ok_or_else(|| ClientMessage::unsupported("this statement over several shards"))?;
            let done = Box::pin(self.gather(Order { plan, sql, gathering, last: Last::Text, more_follows })).await;
            if !self.waits_for_change(&done, &mut left).await {
                return done.map(drop);
            }
        }
    }

    /// Whether a statement is to be gathered again, after a while, because it met a table in the middle of a change that goes
    /// over its shards: on one server it would have seen the table as it was, or as it is then.
    pub(super) async fn waits_for_change(&self, done: &Result<bool, ClientMessage>, left: &mut u32) -> bool {
        let is_amid = matches!(done, Err(message) if message.code.number == codes::TABLE_DEF_CHANGED.number);
        if !is_amid || *left == 0 || self.txn.is_open() || self.interrupt.reason().is_some() {
            return false;
        }
        *left -= 1;
        tokio::time::sleep(CHANGE).await;
        true
    }

    /// Gathers, runs the statement, and relays its answer. `false`, and nothing was sent: queries in it cannot be answered by
    /// themselves.
    pub(super) async fn gather(&mut self, order: Order<'_>) -> Result<bool, ClientMessage> {
        if !order.gathering.sources.is_empty() && searches_words(&order.gathering.text, self.mode) {
            let feature = "MATCH ... AGAINST about rows that must be gathered, but as a condition of WHERE by itself";
            return Err(ClientMessage::unsupported(feature));
        }
        let side = self.scratch_side(order.plan, order.gathering.scratch);
        let mut scratch = Link::apart(&self.need().2, order.gathering.scratch, side).await?;
        let done = self.gather_on(&mut scratch, order).await;
        self.clean(scratch).await;
        if !matches!(done, Ok(true)) {
            self.measuring = None;
        }
        done
    }

    /// Nobody gets the connection with the temporary tables on it.
    pub(super) async fn clean(&self, mut scratch: Link) {
        if !scratch.lease.is_usable() {
            cancel::abandon(scratch);
        } else if scratch.lease.reset(&self.interrupt).await.is_ok() {
            scratch.lease.give_back();
        }
    }

    async fn gather_on(&mut self, scratch: &mut Link, mut order: Order<'_>) -> Result<bool, ClientMessage> {
        let there = self.definitions(scratch, &order).await?;
        let condenses = !order.gathering.condensed.is_empty();
        if condenses && (there.is_none() || !self.condense_all(scratch, &mut order.gathering).await?) {
            return Ok(false);
        }
        self.load(scratch, order.plan, &order.gathering).await?;
        self.check_locks(order.plan).await?;
        self.make_ready(scratch, &order, there.is_some()).await?;
        let mut text = order.gathering.text.clone();
        if order.plan.facts.needs_local_values() {
            text = self.with_local_values(&text);
        }
        let mut described = Vec::new();
        if let Some(there) = there {
            let here = match self.prepared_columns(scratch, &text).await {
                Err(_) if condenses && scratch.lease.is_usable() => return Ok(false),
                here => here?.unwrap_or_default(),
            };
            if condenses && !are_alike(&here, &there, Resort::First) {
                return Ok(false);
            }
            described.extend(here.into_iter().zip(there).map(|(here, there)| Described { here, there }));
        }
        let Order { plan, sql, gathering, last, more_follows } = order;
        let kind = self.send_last(scratch, last, text).await?;
        let mut read = Buffer::default();
        if condenses {
            // Its error may come of the answers' being tables.
            let Some(first) = self.first_of_answer(scratch, kind).await? else { return Ok(false) };
            read = first;
        }
        let schema = Arc::clone(&self.schema);
        let renames = Renames { definitions: &described, ..renames_of(plan, &schema, &gathering) };
        let ended = self.relay_last(scratch, kind, read, &renames, more_follows).await?;
        if let Err(message) = self.after_gathered(plan, sql, gathering.is_one_row, scratch, ended).await {
            self.lose_track(&message);
        }
        Ok(true)
    }

    /// Fails where a shard has let go of what it had locked before all had given their rows.
    async fn check_locks(&mut self, plan: &Plan) -> Result<(), ClientMessage> {
        if !self.status_of_shards(plan).keeps_locks {
            return Ok(());
        }
        let is_held = |shard| self.links.held().iter().any(|link| link.shard == shard);
        if !self.txn.branches().iter().all(|part| is_held(part.shard)) {
            return Err(super::transactions::lost());
        }
        for link in self.links.held_mut() {
            if let Err(error) = link.lease.ask_status(&self.interrupt).await {
                self.links.give_back_unpinned();
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Brings the connection with the temporary tables into the state in which the client's statement runs.
    async fn make_ready(
        &mut self,
        scratch: &mut Link,
        order: &Order<'_>,
        was_checked: bool,
    ) -> Result<(), ClientMessage> {
        let was_checked = was_checked && !self.mode.mariadb;
        let settings = self.variant(|settings| {
            // MySQL tells from unique keys what GROUP BY determines, and temporary tables may have lost theirs.
            if was_checked
                && let Some(mode) = settings.get("sql_mode").map(|mode| mode.replace("ONLY_FULL_GROUP_BY", ""))
            {
                settings.set("sql_mode", &mode);
            }
            if !order.gathering.copies.is_empty() {
                // MySQL pushes no condition into what is read twice, which is written twice here.
                let own = settings.get("optimizer_switch").map_or("", |own| own.trim_matches('\''));
                let comma = if own.is_empty() { "" } else { "," };
                let switch = format!("'{own}{comma}derived_condition_pushdown=off'");
                settings.set("optimizer_switch", &switch);
            }
        });
        self.adapt(scratch, &settings).await?;
        if order.gathering.may_call_routines {
            // What a routine wrote here would be on one shard, and not in the binary log: servers refuse it then (1792).
            let sql = "SET SESSION TRANSACTION READ ONLY";
            scratch.lease.execute("a transaction that reads", sql, &self.interrupt).await?;
        }
        self.before_the_last(scratch, order.plan).await
    }

    /// What the scratch must be given before the client's statement runs there.
    pub(super) async fn before_the_last(&mut self, scratch: &mut Link, plan: &Plan) -> Result<(), ClientMessage> {
        if self.txn.is_open() && !self.txn.is_unseen() {
            // So that the status flags say what the client must see. Not READ WRITE: replicas refuse it, and routines must not write.
            let sql = if self.txn.is_read_only() { "START TRANSACTION READ ONLY" } else { "START TRANSACTION" };
            scratch.lease.execute("the start of a transaction", sql, &self.interrupt).await?;
        }
        self.before_sending(plan, scratch).await
    }

    /// Sends the statement over what was gathered; what kind of answer it has.
    pub(super) async fn send_last(
        &mut self,
        scratch: &mut Link,
        last: Last,
        text: Vec<u8>,
    ) -> Result<AnswerKind, ClientMessage> {
        self.measuring.iter_mut().for_each(Measuring::sends_last);
        match last {
            Last::Text => {
                self.send_text(&mut scratch.lease, &text).await?;
                Ok(AnswerKind::Query)
            }
            Last::Prepared(mut execution, kind) => {
                execution.text = text;
                let mut watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
                prepared::send(&mut scratch.lease, &execution, &mut watch).await?;
                Ok(kind)
            }
        }
    }

    /// Passes its answer on. `read`: what was read of it.
    pub(super) async fn relay_last(
        &mut self,
        scratch: &mut Link,
        kind: AnswerKind,
        read: Buffer,
        renames: &Renames<'_>,
        more_follows: bool,
    ) -> Result<Summary, ClientMessage> {
        let mut sink = self.client.sink(&self.interrupt, more_follows);
        let mut answer = Relay::new(kind, &scratch.lease, sink.seq, read);
        let ended = answer.finish(&mut sink, &mut scratch.lease, renames, None).await;
        let seq = sink.seq;
        self.client.seq = seq;
        Ok(ended?)
    }

    /// The definitions of the answer's columns, from a server that prepares the statement over its own tables. `None`:
    /// there is none that has all of them. An error of the statement is found here, before anything is moved.
    async fn definitions(
        &mut self,
        scratch: &mut Link,
        order: &Order<'_>,
    ) -> Result<Option<Vec<Vec<u8>>>, ClientMessage> {
        let is_there = order.gathering.sources.iter().all(|source| source.copy.is_some());
        // Where tables are locked, other connections wait for the session's own.
        if !is_there || !self.temporary_tables.is_empty() || self.links.has_table_locks() {
            return Ok(None);
        }
        self.described_by(scratch, order.plan, &order.gathering.example, &order.last).await
    }

    /// The definitions of the columns of `text`, which names the scratch's own tables, in the client's names.
    pub(super) async fn described_by(
        &mut self,
        scratch: &mut Link,
        plan: &Plan,
        text: &[u8],
        last: &Last,
    ) -> Result<Option<Vec<Vec<u8>>>, ClientMessage> {
        let mut text = text.to_vec();
        if plan.facts.needs_local_values() {
            text = self.with_local_values(&text);
        }
        let columns = match self.prepared_columns(scratch, &text).await {
            // MariaDB (10.11) checks an ORDER BY of a single row when it prepares, and drops it unchecked when it runs the
            // text: the run will tell.
            Err(error) if error.code == codes::WRONG_FIELD_WITH_GROUP && matches!(last, Last::Text) => None,
            columns => columns?,
        };
        let Some(columns) = columns else { return Ok(None) };
        let renames = plan.renames(&self.schema, scratch.shard);
        let renamed = columns.iter().map(|payload| {
            let mut out = Vec::new();
            relay::rename(payload, &renames, &mut out).map(|()| out)
        });
        renamed.collect::<Result<_, _>>().map(Some).map_err(super::handshake::wire_message)
    }

    /// What the server says of the columns of a statement that it does not run; `None`: it cannot prepare such ones.
    pub(super) async fn prepared_columns(
        &mut self,
        scratch: &mut Link,
        text: &[u8],
    ) -> Result<Option<Vec<Vec<u8>>>, ClientMessage> {
        let answer = prepared::prepare(&mut scratch.lease, text, &self.interrupt).await?;
        if let Some(error) = answer.error() {
            if error.code == codes::UNSUPPORTED_PS {
                return Ok(None);
            }
            let message = ClientMessage::from(error);
            return Err(self.in_logical_names(message, Some(scratch.shard)));
        }
        let mut payloads = answer.payloads();
        let ok = PrepareOk::parse(payloads.next().unwrap_or_default()).map_err(super::handshake::wire_message)?;
        let columns = payloads.filter(|payload| payload.starts_with(b"\x03def")).skip(usize::from(ok.params));
        Ok(Some(columns.map(<[u8]>::to_vec).collect()))
    }

    /// The session's settings with some of them changed.
    pub(super) fn variant(&self, change: impl FnOnce(&mut Settings)) -> Arc<Settings> {
        self.variant_of(&self.settings, change)
    }

    pub(super) fn variant_of(&self, base: &Settings, change: impl FnOnce(&mut Settings)) -> Arc<Settings> {
        let mut settings = base.clone();
        change(&mut settings);
        self.shared.interner.intern(settings)
    }

    pub(super) async fn adapt(&mut self, link: &mut Link, settings: &Arc<Settings>) -> Result<(), ClientMessage> {
        let need = Need { settings, ..self.need().2 };
        Ok(link.adapt(&need).await?)
    }

    /// What `after_statement` does, for a connection that is not the session's.
    pub(super) async fn after_gathered(
        &mut self,
        plan: &Plan,
        sql: &[u8],
        is_one_row: bool,
        scratch: &mut Link,
        ended: Summary,
    ) -> Result<(), ClientMessage> {
        self.note(plan, sql, &ended);
        if ended.error.is_some() {
            self.last.failed = true;
            self.fetch_diagnostics(scratch).await?;
            return self.read_user_variables(scratch, &plan.facts.writes_user_vars).await;
        }
        self.txn.take_next();
        let counts_rows = plan.facts.calc_found_rows;
        self.ask_what_is_forgotten(scratch, ended.warnings > 0, counts_rows && !is_one_row).await?;
        if counts_rows && is_one_row {
            // MariaDB counts the rows below the aggregate, if they are in a temporary table.
            self.last.found_rows = 1;
        }
        if plan.facts.uses_last_insert_id {
            let asked = self.ask_number(scratch, "SELECT LAST_INSERT_ID()").await?;
            self.last.insert_id = asked.unwrap_or(self.last.insert_id);
        }
        self.read_user_variables(scratch, &plan.facts.writes_user_vars).await
    }
}

/// Whether a full-text index may be needed, which temporary tables of InnoDB cannot have.
fn searches_words(sql: &[u8], mode: Mode) -> bool {
    let is_match = |token: Token| token.kind == TokenKind::Word && token.text(sql).eq_ignore_ascii_case(b"MATCH");
    Lexer::new(sql, mode).any(is_match)
}

/// The client's names for what an answer over gathered rows comes from.
pub(super) fn renames_of<'s>(plan: &'s Plan, schema: &'s Schema, gathering: &'s Gathering) -> Renames<'s> {
    let mut renames = plan.renames(schema, gathering.scratch);
    for source in &gathering.sources {
        let name = source.catalog.as_ref().map_or(&source.written, |wanted| &wanted.table);
        renames.tables.push((&source.temporary, name));
    }
    // An answer is no table.
    renames.tables.extend(gathering.condensed.iter().map(|query| (query.temporary.as_str(), "")));
    renames.tables.extend(gathering.copies.iter().map(|(copy, name)| (copy.as_str(), name.as_str())));
    if gathering.condensed.is_empty() && gathering.sources.iter().all(|source| source.catalog.is_some()) {
        renames.schema = Some((&schema.shard(gathering.scratch).schema, "information_schema"));
    }
    renames
}
