//! Writes that no shard can do by itself (`plan::staged`): the rows that they touch are locked and gathered on a scratch,
//! the client's own statement runs there, and what it changed is written to the shards, all in one transaction.

use std::slice;
use std::sync::Arc;

use super::deadlocks::ENDURED;
use super::error::ClientMessage;
use super::gather_load::AT_ONCE;
use super::gathered::Last;
use super::query::Statement;
use super::response;
use super::session::Session;
use super::transactions::{End, rolls_back_transaction};
use crate::backend::connection::Watch;
use crate::backend::settings::Settings;
use crate::exec::conditions::{self, Condition};
use crate::exec::failure::Failure;
use crate::exec::gather::{self, Scratch, Taken};
use crate::exec::links::{Link, Need, Side};
use crate::exec::prepared::{self, Execution};
use crate::exec::relay;
use crate::exec::returned::Returned;
use crate::exec::stage::{Filled, Site, Table};
use crate::exec::tally::{self, Written};
use crate::exec::unread;
use crate::exec::write::Turns;
use crate::plan::Plan;
use crate::plan::gather::Gathered;
use crate::plan::staged::{Insertion, StageKind, Staging, WrittenTable};
use crate::sharding::ShardId;
use crate::wire::StatusFlags;
use crate::wire::error_code as codes;
use crate::wire::response::OkPacket;
use crate::wire::walker::AnswerKind;

/// The sql_mode under which rows are stored: every value as it is, whatever a column's rules say of new ones.
const LENIENT: &str = "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'";

/// A write to be staged.
#[derive(Debug)]
pub(super) struct Order<'a> {
    pub(super) plan: &'a Plan,
    pub(super) staging: Staging,
    pub(super) last: Last,
    /// The parameters of what follows an INSERT's rows.
    pub(super) tail: Option<Execution>,
    pub(super) more_follows: bool,
    /// What the statement takes for the present, if it asks.
    pub(super) timestamp: Option<String>,
    /// Of those that a sequence has given to the rows already.
    pub(super) first_number: Option<u64>,
}

/// How the rows of a table are fetched that is changed.
#[derive(Debug, Clone, Copy)]
struct Loading {
    /// The temporary table has the keys of the table.
    is_unique: bool,
    /// Shards leave out rows that the statement would leave out.
    is_filtered: bool,
}

/// What became of the statement on the scratch.
pub(super) struct Ran {
    pub(super) written: Written,
    pub(super) conditions: Vec<Condition>,
    pub(super) returned: Option<Returned>,
}

impl Session {
    /// A write that came as text.
    pub(super) async fn stage_text(&mut self, plan: &Plan, statement: &Statement<'_>) -> Result<(), ClientMessage> {
        self.stage_numbered(plan, statement, None).await
    }

    /// The same for an INSERT whose rows have numbers of a sequence, the first of them this one.
    pub(super) async fn stage_numbered(
        &mut self,
        plan: &Plan,
        statement: &Statement<'_>,
        first_number: Option<u64>,
    ) -> Result<(), ClientMessage> {
        let binding = self.binding(statement.sql);
        plan.check_staged(&binding)?;
        let staging = plan.staging(&binding, &self.scratch_shards());
        let staging = staging.ok_or_else(|| ClientMessage::unsupported("this write over several shards"))?;
        let more_follows = statement.more_follows;
        let timestamp = self.time_of(plan);
        let order = Order { plan, staging, last: Last::Text, tail: None, more_follows, timestamp, first_number };
        Box::pin(self.write_staged(order)).await
    }

    /// Runs the write in the session's transaction, or in one of its own.
    pub(super) async fn write_staged(&mut self, order: Order<'_>) -> Result<(), ClientMessage> {
        let writes_own = order.staging.targets.iter().all(|target| self.is_own(target));
        if self.txn.refuses_writes() && !writes_own {
            let stop = if self.mode.mariadb { "" } else { "." };
            let text = format!("Cannot execute statement in a READ ONLY transaction{stop}");
            return Err(ClientMessage::new(codes::CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, text));
        }
        if order.plan.load().is_some() {
            self.check_may_load()?;
        }
        let is_alone = self.autocommit && !self.txn.is_open();
        // A file's rows come only once.
        let mut left = if is_alone && order.plan.load().is_none() { ENDURED } else { 0 };
        let next = self.txn.next();
        // What a run leaves in the session, the next one must not begin with.
        let before = is_alone.then(|| (self.user_variables.clone(), self.last));
        let ran = loop {
            if !self.txn.is_open() {
                self.txn.begin(next);
            }
            let message = match self.stage(&order, !is_alone).await {
                Ok(ran) => break ran,
                Err(message) => message,
            };
            if is_alone || rolls_back_transaction(message.code) {
                self.end_transaction(End::Rollback).await?;
            }
            if message.code != codes::LOCK_DEADLOCK || !self.runs_again(&mut left) {
                return Err(message);
            }
            if let Some((variables, last)) = &before {
                (self.user_variables, self.last) = (variables.clone(), *last);
            }
        };
        if is_alone {
            self.end_transaction(End::Commit).await?;
        }
        self.last.row_count = i64::try_from(ran.written.affected_rows).unwrap_or(i64::MAX);
        self.diagnostics.clear();
        let mut conditions = ran.conditions;
        self.rename_conditions(&mut conditions, None);
        self.diagnostics.set(conditions);
        match ran.returned {
            None => self.send_ok(tally::ok_packet(&ran.written, StatusFlags::empty()), order.more_follows).await,
            Some(returned) => self.send_returned(&returned, ran.written.warnings, order.more_follows).await,
        }
    }

    pub(super) async fn send_returned(
        &mut self,
        returned: &Returned,
        warnings: u16,
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        self.last.row_count = -1;
        let mut end = OkPacket { status: self.status(), warnings, ..OkPacket::default() };
        end.status.set(StatusFlags::SERVER_MORE_RESULTS_EXISTS, more_follows);
        let mut out = Vec::new();
        let form = self.form();
        response::passed_on(&mut out, &mut self.client.seq, &returned.definitions, &returned.rows, &end, form);
        self.send(&out).await
    }

    pub(super) async fn stage(&mut self, order: &Order<'_>, keeps_transaction: bool) -> Result<Ran, ClientMessage> {
        let shard = order.staging.gathering.scratch;
        let session = self.writing_settings();
        let mut scratch = Link::apart(&Need { settings: &session, ..self.need().2 }, shard, Side::Primary).await?;
        let done = self.stage_on(&mut scratch, order, keeps_transaction).await;
        self.clean(scratch).await;
        done.map_err(|message| self.in_logical_names(message, Some(shard)))
    }

    async fn stage_on(
        &mut self,
        scratch: &mut Link,
        order: &Order<'_>,
        keeps_transaction: bool,
    ) -> Result<Ran, ClientMessage> {
        self.check_temporary(order)?;
        let (loading, session) = (self.staging_settings(), self.writing_settings());
        let has_target = |target| self.scratch_has(scratch.shard, target);
        let has_targets = order.staging.targets.iter().all(has_target);
        let is_there = has_targets && order.staging.gathering.sources.iter().all(|source| source.copy.is_some());
        let mut definitions = None;
        if is_there {
            definitions = self.check_statement(scratch, order).await?;
        }
        self.adapt(scratch, &loading).await?;
        self.stay_out_of_the_log(scratch).await?;
        let mut tables = self.described_targets(scratch, &order.staging.targets).await?;
        let mut read = self.make_read(scratch, order).await?;
        if !is_there && self.make_missing(scratch, order, &mut tables).await? {
            // The tables that the scratch does not have are there now, and empty.
            self.adapt(scratch, &session).await?;
            definitions = self.check_statement(scratch, order).await?;
        }
        let mut taken = Taken::default();
        self.fill_read(scratch, order, &mut read, &mut taken).await?;
        self.adapt(scratch, &loading).await?;
        self.load_targets(scratch, order, &mut tables, taken).await?;
        self.adapt(scratch, &session).await?;
        let ran = self.run_staged(scratch, order, definitions).await?;
        self.refuse_computed(order, &ran)?;
        self.adapt(scratch, &loading).await?;
        self.write_back(scratch, order, &tables, ran, keeps_transaction).await
    }

    /// The scratch's connection does not have the client's temporary tables: what may read one in a routine would find a
    /// table that it hides, or none.
    fn check_temporary(&self, order: &Order<'_>) -> Result<(), ClientMessage> {
        if order.plan.calls_routines && !self.temporary_tables.is_empty() {
            let feature = "such a write over several shards that calls routines while temporary tables are held";
            return Err(ClientMessage::unsupported(feature));
        }
        let Staging { targets, gathering, kind } = &order.staging;
        let read = || gathering.sources.iter().filter(|source| !source.is_written);
        if kind.inserts() || !targets.iter().any(|target| self.is_own(target)) && !self.reads_temporary(order) {
            return Ok(());
        }
        // No server can be asked whether the statement may read what it writes (1093).
        let is_read =
            |target: &&WrittenTable| read().any(|source| source.written.eq_ignore_ascii_case(&target.written));
        match targets.iter().find(is_read) {
            None => Ok(()),
            Some(target) => Err(ClientMessage::unsupported(&format!(
                "such a write over several shards with temporary tables that also reads '{}'",
                target.written
            ))),
        }
    }

    /// Whether it is a temporary table of the client's, which only the session's own connection has.
    pub(super) fn is_own(&self, target: &WrittenTable) -> bool {
        target.table.is_none() && self.is_temporary(&target.written)
    }

    fn reads_temporary(&self, order: &Order<'_>) -> bool {
        let mut sources = order.staging.gathering.sources.iter();
        sources.any(|source| !source.is_written && self.is_temporary(&source.written))
    }

    fn scratch_has(&self, scratch: ShardId, target: &WrittenTable) -> bool {
        target.is_on(scratch) && !self.is_own(target)
    }

    /// The statement's own errors are found before anything is locked or moved, and the definitions of what it returns.
    /// Among them is that it reads a table which it writes (1093): once each place has a temporary table of its own, nobody
    /// would say so.
    async fn check_statement(
        &mut self,
        scratch: &mut Link,
        order: &Order<'_>,
    ) -> Result<Option<Vec<Vec<u8>>>, ClientMessage> {
        if order.plan.load().is_some() || self.reads_temporary(order) {
            return Ok(None);
        }
        let mut text = order.staging.gathering.example.clone();
        if order.plan.facts.needs_local_values() {
            text = self.with_local_values(&text);
        }
        self.prepared_columns(scratch, &text).await
    }

    /// What the scratch's connection has while tables are made, filled and read.
    fn staging_settings(&self) -> Arc<Settings> {
        self.variant_of(&self.writing_settings(), |settings| {
            store_as_is(settings);
            settings.unset("autocommit");
        })
    }

    /// The session's, but for what may say what only its next transaction is.
    pub(super) fn writing_settings(&self) -> Arc<Settings> {
        self.variant(|settings| settings.unset("transaction_read_only"))
    }

    /// The tables that are written, as they are on the scratch, or on another shard if it does not have them.
    pub(super) async fn described_targets(
        &mut self,
        scratch: &mut Link,
        targets: &[WrittenTable],
    ) -> Result<Vec<Table>, ClientMessage> {
        let schema = self.schema.shard(scratch.shard).schema.clone();
        let mut tables = Vec::new();
        for target in targets {
            let Some((shard, model)) = target.model(scratch.shard) else { continue };
            let model = String::from_utf8_lossy(model);
            let mut other = match (self.is_own(target), *shard == scratch.shard) {
                (true, _) => Some(self.obtain_with(&self.variant(store_as_is), *shard, Side::Primary).await?),
                (false, true) => None,
                (false, false) => Some(Link::apart(&self.need().2, *shard, Side::Primary).await?),
            };
            let site = Site {
                written: &target.written,
                schema: &schema,
                physical: &target.physical,
                interrupt: &self.interrupt,
            };
            let lease = other.as_mut().map_or(&mut scratch.lease, |other| &mut other.lease);
            let described = site.describe(lease, &model).await;
            self.keep_usable(other.into_iter().collect());
            let table = described?;
            if table.key.is_empty() && target.source.is_some() && !self.is_own(target) {
                return Err(ClientMessage::unsupported(&format!(
                    "such a write over several shards of '{}', which has no primary key",
                    target.written
                )));
            }
            tables.push(table);
        }
        Ok(tables)
    }

    /// Makes the tables that are changed and that the scratch does not have. `false`: the statement cannot be prepared, as
    /// there is no table yet that its rows are inserted into.
    async fn make_missing(
        &mut self,
        scratch: &mut Link,
        order: &Order<'_>,
        tables: &mut [Table],
    ) -> Result<bool, ClientMessage> {
        let targets = order.staging.targets.iter().zip(tables);
        for (target, table) in targets {
            if self.scratch_has(scratch.shard, target) {
                continue;
            }
            if target.source.is_none() {
                return Ok(false);
            }
            table.create_for_change(&mut scratch.lease, true, &self.interrupt).await?;
        }
        Ok(true)
    }

    /// Makes the tables that are only read. They come first: they may be made from one that is hidden afterwards.
    async fn make_read(&mut self, scratch: &mut Link, order: &Order<'_>) -> Result<Vec<Scratch>, ClientMessage> {
        let loading = self.loading();
        let mut tables = Vec::new();
        for source in order.staging.gathering.sources.iter().filter(|source| !source.is_written) {
            self.adapt(scratch, &loading).await?;
            tables.push(self.make(scratch, source, &loading).await?);
        }
        Ok(tables)
    }

    /// Gathers their rows.
    async fn fill_read(
        &mut self,
        scratch: &mut Link,
        order: &Order<'_>,
        tables: &mut [Scratch],
        taken: &mut Taken,
    ) -> Result<(), ClientMessage> {
        let loading = self.loading();
        let sources = order.staging.gathering.sources.iter().filter(|source| !source.is_written);
        for (source, table) in sources.zip(tables) {
            self.adapt(scratch, &loading).await?;
            let mut passed_on = Taken::default();
            let taken = if source.is_streamed { &mut passed_on } else { &mut *taken };
            self.fill(slice::from_mut(scratch), table, source, order.plan, taken).await?;
        }
        Ok(())
    }

    /// Makes the tables that are written, and fills those that are changed.
    async fn load_targets(
        &mut self,
        scratch: &mut Link,
        order: &Order<'_>,
        tables: &mut [Table],
        mut taken: Taken,
    ) -> Result<(), ClientMessage> {
        let (staging, schema) = (&order.staging, Arc::clone(&self.schema));
        for (target, table) in staging.targets.iter().zip(tables) {
            match target.source.and_then(|source| staging.gathering.sources.get(source)) {
                None => {
                    let is_shown = matches!(&staging.kind, StageKind::Insert(how) if how.returns);
                    let numbered = target.sequence(&schema).map(|sequence| sequence.column.as_str());
                    table.create_for_insert(&mut scratch.lease, is_shown, numbered, &self.interrupt).await?;
                }
                Some(source) => {
                    let before = taken;
                    let mut how = Loading { is_unique: true, is_filtered: true };
                    while let Some(next) = self.load_target(scratch, table, (target, source), how, &mut taken).await? {
                        // The rows are locked: the same ones come again.
                        (how, taken) = (next, before);
                    }
                    if matches!(staging.kind, StageKind::Update { .. }) && !self.is_own(target) {
                        self.find_references(scratch, target, table).await?;
                    }
                    if !table.key.is_empty() {
                        table.keep_keys(&mut scratch.lease, &self.interrupt).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Fetches the rows that may be changed. How it must be done instead, if this is not the way.
    async fn load_target(
        &mut self,
        scratch: &mut Link,
        table: &mut Table,
        (target, source): (&WrittenTable, &Gathered),
        how: Loading,
        taken: &mut Taken,
    ) -> Result<Option<Loading>, ClientMessage> {
        table.create_for_change(&mut scratch.lease, how.is_unique, &self.interrupt).await?;
        let fetching = self.fetching();
        let filter: &[u8] = if how.is_filtered { &source.filter } else { b"" };
        for some in source.fetches.chunks(AT_ONCE) {
            let mut links = Vec::new();
            for (shard, _) in some {
                match self.obtain_with(&fetching, *shard, Side::Primary).await {
                    Ok(link) => links.push(link),
                    Err(error) => return Err(self.load_failed(error.into(), links, source).await),
                }
            }
            let tails = some.iter().map(|(_, from)| [from, filter, &source.locking].concat()).collect();
            let turns = self.turns_of(source);
            let result = self.fetch_target(scratch, (table, target), (tails, turns), &mut links, taken).await;
            let filled = match result {
                Ok(filled) => filled,
                Err(Failure::Server { code, .. }) if !filter.is_empty() && gather::is_of_values(code) => {
                    self.keep_usable(links);
                    return Ok(Some(Loading { is_filtered: false, ..how }));
                }
                Err(failure) => return Err(self.load_failed(failure, links, source).await),
            };
            self.keep_usable(links);
            match filled {
                filled if !filled.is_distinct && how.is_unique => {
                    return Ok(Some(Loading { is_unique: false, ..how }));
                }
                // What predicates say to rows that the statement may never show to them must not be known.
                filled if filled.has_warnings && !filter.is_empty() => {
                    return Ok(Some(Loading { is_filtered: false, ..how }));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    async fn fetch_target(
        &mut self,
        scratch: &mut Link,
        (table, target): (&mut Table, &WrittenTable),
        (tails, turns): (Vec<Vec<u8>>, Turns),
        links: &mut [Link],
        taken: &mut Taken,
    ) -> Result<Filled, Failure> {
        let budget = self.budget();
        let mut all = Filled { is_distinct: true, has_warnings: false };
        let texts: Vec<Vec<u8>> = tails.iter().map(|tail| table.fetch(tail)).collect();
        let mut sent = 0;
        for at in 0..links.len() {
            sent = self.send_due(links, &texts, (turns, at), sent).await?;
            let link = &mut links[at];
            let place = target.places.iter().position(|(shard, _)| *shard == link.shard).unwrap_or_default();
            let watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
            match table.fill(&mut scratch.lease, (link, place), budget, taken, watch).await {
                Ok(filled) => {
                    all.is_distinct &= filled.is_distinct;
                    all.has_warnings |= filled.has_warnings;
                }
                Err(failure) => {
                    let unread = links[at + 1..sent].iter_mut();
                    unread::pass_over_whole(unread, AnswerKind::Query, &self.interrupt).await;
                    return Err(failure);
                }
            }
        }
        Ok(all)
    }

    /// Runs the client's statement over the temporary tables.
    async fn run_staged(
        &mut self,
        scratch: &mut Link,
        order: &Order<'_>,
        definitions: Option<Vec<Vec<u8>>>,
    ) -> Result<Ran, ClientMessage> {
        self.before_sending(order.plan, scratch).await?;
        if let Some(now) = &order.timestamp {
            let sql = format!("SET timestamp = {now}");
            scratch.lease.execute("the statement's time", &sql, &self.interrupt).await?;
        }
        let mut text = order.staging.gathering.text.clone();
        if order.plan.facts.needs_local_values() {
            text = self.with_local_values(&text);
        }
        let answer = match (&order.last, order.plan.load()) {
            (_, Some(load)) => self.load_on_scratch(scratch, text, &load.file).await?,
            (Last::Text, None) => scratch.lease.query(&text, &self.interrupt).await?,
            (Last::Prepared(execution, _), None) => {
                let execution = Execution { text, ..execution.clone() };
                prepared::execute_collected(&mut scratch.lease, &execution, &self.interrupt).await?
            }
        };
        if let Some(error) = answer.error() {
            return Err(error.into());
        }
        let ok = answer.ok(self.class.session_track()).unwrap_or_default();
        let written = Written {
            affected_rows: ok.affected_rows,
            last_insert_id: ok.last_insert_id,
            warnings: answer.summary.warnings,
            info: ok.info.to_vec(),
            conditions: Vec::new(),
            returned: None,
        };
        let conditions = match written.warnings {
            0 => Vec::new(),
            _ => conditions::fetch(&mut scratch.lease, &self.interrupt).await?,
        };
        if order.plan.facts.uses_last_insert_id {
            let asked = self.ask_number(scratch, "SELECT LAST_INSERT_ID()").await?;
            self.last.insert_id = asked.unwrap_or(self.last.insert_id);
        }
        self.read_user_variables(scratch, &order.plan.facts.writes_user_vars).await?;
        let returned = Returned::of(&answer);
        let returned = returned.map(|rows| self.as_described(scratch, order, rows, definitions)).transpose()?;
        Ok(Ran { written, conditions, returned })
    }

    /// A query has values for a generated column, which MariaDB refuses if it is strict, but not in temporary tables.
    fn refuse_computed(&self, order: &Order<'_>, ran: &Ran) -> Result<(), ClientMessage> {
        let StageKind::Insert(Insertion { computed: Some(column), verb, .. }) = &order.staging.kind else {
            return Ok(());
        };
        if !self.mode.mariadb || self.mode.lenient || *verb == "INSERT IGNORE" || ran.written.affected_rows == 0 {
            return Ok(());
        }
        let table = order.staging.targets.first().map_or("", |target| target.written.as_str());
        let text = format!("The value specified for generated column '{column}' in table '{table}' has been ignored");
        Err(ClientMessage::new(codes::NON_DEFAULT_VALUE_FOR_GENERATED_COLUMN, text))
    }

    /// What the statement returned, as tables of the client's would be described.
    fn as_described(
        &self,
        scratch: &Link,
        order: &Order<'_>,
        mut returned: Returned,
        definitions: Option<Vec<Vec<u8>>>,
    ) -> Result<Returned, ClientMessage> {
        // MariaDB (10.11) does not describe what an INSERT returns when it prepares it.
        if let Some(prepared) = definitions.filter(|prepared| prepared.len() == returned.definitions.len()) {
            returned.definitions = prepared;
        }
        self.rename_definitions(order.plan, scratch.shard, &mut returned.definitions)?;
        Ok(returned)
    }

    /// Gives columns of a result from `shard` the client's names.
    pub(super) fn rename_definitions(
        &self,
        plan: &Plan,
        shard: ShardId,
        definitions: &mut [Vec<u8>],
    ) -> Result<(), ClientMessage> {
        let renames = plan.renames(&self.schema, shard);
        for payload in definitions {
            let mut renamed = Vec::new();
            relay::rename(payload, &renames, &mut renamed).map_err(super::handshake::wire_message)?;
            *payload = renamed;
        }
        Ok(())
    }
}

/// Under these values are stored as they are.
pub(super) fn store_as_is(settings: &mut Settings) {
    for (name, value) in [
        ("character_set_client", "'utf8mb4'"),
        ("collation_connection", "'utf8mb4_general_ci'"),
        ("character_set_results", "NULL"),
        ("sql_mode", LENIENT),
        ("time_zone", "'+00:00'"),
        // What ShardGate deletes in its temporary tables needs no key.
        ("sql_safe_updates", "0"),
        // Definitions are read with the quotes around their names.
        ("sql_quote_show_create", "1"),
    ] {
        settings.set(name, value);
    }
    settings.unset("sql_select_limit");
}
