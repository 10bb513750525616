//! Statements that no shard can answer and no merge: the rows that they need are gathered into temporary tables on one
//! server, where the client's own statement then runs (`plan::gather`, `exec::gather`).

use std::sync::Arc;

use super::error::ClientMessage;
use super::query::Statement;
use super::session::Session;
use crate::backend::buffer::Buffer;
use crate::backend::connection::Watch;
use crate::backend::error::Error;
use crate::backend::settings::Settings;
use crate::exec::failure::Failure;
use crate::exec::gather::{self, Budget, Scratch, Site, Taken};
use crate::exec::links::{Link, Need, Side};
use crate::exec::prepared::{self, Execution};
use crate::exec::relay::{self, Relay};
use crate::exec::{cancel, unread};
use crate::plan::gather::{Choice, Gathered, Gathering};
use crate::plan::{Binding, Described, Plan, Renames, StatementKind};
use crate::sharding::{ShardId, ShardSet};
use crate::wire::command::PrepareOk;
use crate::wire::error_code as codes;
use crate::wire::walker::{AnswerKind, Summary};

/// Shards that work at once for one table.
const AT_ONCE: usize = 8;

/// The sql_mode under which rows are stored: every value as it is, whatever a column's rules say of new ones.
const LENIENT: &str = "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'";

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
        // A lock on a copy must be on the one that all sessions lock.
        let choice = Choice {
            preferred: &ShardSet::empty(),
            may_use_copies: !self.reads_own_state() && plan.kind != StatementKind::LockingRead,
            may_filter: self.temporary_tables.is_empty(),
        };
        plan.gather().map(|gather| gather.bind(binding, choice))
    }

    /// Whether a connection beside the session's own would see other rows, or other tables.
    fn reads_own_state(&self) -> bool {
        self.txn.is_open() || !self.autocommit || self.links.has_lasting_pins()
    }

    /// A statement that came as text.
    pub(super) async fn gather_text(&mut self, plan: &Plan, statement: &Statement<'_>) -> Result<(), ClientMessage> {
        let gathering = self.gathering(plan, &self.binding(statement.sql));
        let gathering = gathering.ok_or_else(|| ClientMessage::unsupported("this statement over several shards"))?;
        let (sql, more_follows) = (statement.sql, statement.more_follows);
        Box::pin(self.gather(Order { plan, sql, gathering, last: Last::Text, more_follows })).await
    }

    /// Gathers, runs the statement, and relays its answer.
    pub(super) async fn gather(&mut self, order: Order<'_>) -> Result<(), ClientMessage> {
        let side = self.side(order.plan);
        let mut scratch = Link::apart(&self.need().2, order.gathering.scratch, side).await?;
        let done = self.gather_on(&mut scratch, order).await;
        self.clean(scratch).await;
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

    async fn gather_on(&mut self, scratch: &mut Link, order: Order<'_>) -> Result<(), ClientMessage> {
        let shard = order.gathering.scratch;
        let definitions = self.definitions(scratch, &order).await?;
        let loading = self.variant(|settings| {
            for (name, value) in [
                ("character_set_client", "'binary'"),
                ("collation_connection", "'binary'"),
                ("character_set_results", "NULL"),
                ("sql_mode", LENIENT),
                ("time_zone", "'+00:00'"),
            ] {
                settings.set(name, value);
            }
            settings.unset("sql_select_limit");
            settings.unset("autocommit");
        });
        self.adapt(scratch, &loading).await?;
        if scratch.lease.version().mariadb {
            // Temporary tables are in the binary log there, unless all of it is by rows. Where the account may not say
            // so they stay in it.
            let _ = scratch.lease.query(b"SET sql_log_bin = 0", &self.interrupt).await?;
        }
        let mut taken = Taken::default();
        for source in &order.gathering.sources {
            if let Some(wanted) = &source.catalog {
                self.assemble(scratch, &source.temporary, wanted).await?;
                continue;
            }
            let mut table = self.make(scratch, source, &loading).await?;
            self.fill(scratch, &mut table, source, order.plan, &mut taken).await?;
        }
        let was_checked = definitions.is_some() && !self.mode.mariadb;
        let settings = self.variant(|settings| {
            // MySQL tells from unique keys what GROUP BY determines, and temporary tables may have lost theirs.
            if was_checked
                && let Some(mode) = settings.get("sql_mode").map(|mode| mode.replace("ONLY_FULL_GROUP_BY", ""))
            {
                settings.set("sql_mode", &mode);
            }
            if order.gathering.params.is_some() {
                // MySQL pushes no condition into what is read twice, which is written twice here.
                let own = settings.get("optimizer_switch").map_or("", |own| own.trim_matches('\''));
                let comma = if own.is_empty() { "" } else { "," };
                let switch = format!("'{own}{comma}derived_condition_pushdown=off'");
                settings.set("optimizer_switch", &switch);
            }
        });
        self.adapt(scratch, &settings).await?;
        if self.txn.is_open() {
            // So that the status flags say what the client must see.
            let sql = if self.txn.is_read_only() { "START TRANSACTION READ ONLY" } else { "START TRANSACTION" };
            scratch.lease.execute("the start of a transaction", sql, &self.interrupt).await?;
        }
        self.before_sending(order.plan, scratch).await?;
        let mut text = order.gathering.text;
        if order.plan.facts.needs_local_values() {
            text = self.with_local_values(&text);
        }
        let mut described = Vec::new();
        if let Some(there) = definitions {
            let here = self.prepared_columns(scratch, &text).await?.unwrap_or_default();
            described.extend(here.into_iter().zip(there).map(|(here, there)| Described { here, there }));
        }
        let kind = match order.last {
            Last::Text => {
                let sent = self.send_text(&mut scratch.lease, &text).await;
                sent?;
                AnswerKind::Query
            }
            Last::Prepared(mut execution, kind) => {
                execution.text = text;
                let mut watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
                prepared::send(&mut scratch.lease, &execution, &mut watch).await?;
                kind
            }
        };
        let schema = Arc::clone(&self.schema);
        let own = order.plan.renames(&schema, shard);
        let mut renames = Renames { definitions: &described, ..own };
        for source in &order.gathering.sources {
            let name = source.catalog.as_ref().map_or(&source.written, |wanted| &wanted.table);
            renames.tables.push((&source.temporary, name));
        }
        if order.gathering.sources.iter().all(|source| source.catalog.is_some()) {
            renames.schema = Some((&schema.shard(shard).schema, "information_schema"));
        }
        let ended = {
            let mut sink = self.client.sink(&self.interrupt, order.more_follows);
            let mut answer = Relay::new(kind, &scratch.lease, sink.seq, Buffer::default());
            let ended = answer.finish(&mut sink, &mut scratch.lease, &renames, None).await;
            let seq = sink.seq;
            self.client.seq = seq;
            ended?
        };
        if let Err(message) =
            self.after_gathered(order.plan, order.sql, order.gathering.is_one_row, scratch, ended).await
        {
            self.lose_track(&message);
        }
        Ok(())
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
        let mut text = order.gathering.example.clone();
        if order.plan.facts.needs_local_values() {
            text = self.with_local_values(&text);
        }
        let columns = match self.prepared_columns(scratch, &text).await {
            // MariaDB (10.11) checks an ORDER BY of a single row when it prepares, and drops it unchecked when it runs the
            // text: the run will tell.
            Err(error) if error.code == codes::WRONG_FIELD_WITH_GROUP && matches!(order.last, Last::Text) => None,
            columns => columns?,
        };
        let Some(columns) = columns else { return Ok(None) };
        let renames = order.plan.renames(&self.schema, order.gathering.scratch);
        let renamed = columns.iter().map(|payload| {
            let mut out = Vec::new();
            relay::rename(payload, &renames, &mut out).map(|()| out)
        });
        renamed.collect::<Result<_, _>>().map(Some).map_err(super::handshake::wire_message)
    }

    /// What the server says of the columns of a statement that it does not run; `None`: it cannot prepare such ones.
    async fn prepared_columns(
        &mut self,
        scratch: &mut Link,
        text: &[u8],
    ) -> Result<Option<Vec<Vec<u8>>>, ClientMessage> {
        let answer = prepared::prepare(&mut scratch.lease, text, &self.interrupt).await?;
        if let Some(error) = answer.error() {
            if error.code == codes::UNSUPPORTED_PS {
                return Ok(None);
            }
            return Err(ClientMessage::new(error.code, String::from_utf8_lossy(error.message)));
        }
        let mut payloads = answer.payloads();
        let ok = PrepareOk::parse(payloads.next().unwrap_or_default()).map_err(super::handshake::wire_message)?;
        let columns = payloads.filter(|payload| payload.starts_with(b"\x03def")).skip(usize::from(ok.params));
        Ok(Some(columns.map(<[u8]>::to_vec).collect()))
    }

    /// The session's settings with some of them changed.
    pub(super) fn variant(&self, change: impl FnOnce(&mut Settings)) -> Arc<Settings> {
        let mut settings = (*self.settings).clone();
        change(&mut settings);
        self.shared.interner.intern(settings)
    }

    async fn adapt(&mut self, link: &mut Link, settings: &Arc<Settings>) -> Result<(), ClientMessage> {
        let need = Need { settings, ..self.need().2 };
        Ok(link.adapt(&need).await?)
    }

    /// Makes the temporary table.
    async fn make(
        &mut self,
        scratch: &mut Link,
        source: &Gathered,
        loading: &Arc<Settings>,
    ) -> Result<Scratch, ClientMessage> {
        let schema = self.schema.shard(scratch.shard).schema.clone();
        let is_hidden = self.links.has_table_locks()
            || self.temporary_tables.iter().any(|name| name.eq_ignore_ascii_case(&source.written));
        let site = Site { gathered: source, schema: &schema, interrupt: &self.interrupt };
        if let Some(copy) = source.copy.as_ref().filter(|_| !is_hidden) {
            return Ok(site.create(&mut scratch.lease, copy).await?);
        }
        let (shard, table) = &source.model;
        let there = self.schema.shard(*shard).schema.clone();
        let definition = if is_hidden {
            // A temporary table of the client's own, or a locked one: which only its connection knows, or may read.
            let mut link = self.obtain_with(loading, *shard, Side::Primary).await?;
            let site = Site { gathered: source, schema: &there, interrupt: &self.interrupt };
            let shown = site.definition(&mut link.lease, table).await;
            self.links.put(link);
            shown?
        } else {
            let mut link = Link::apart(&Need { settings: loading, ..self.need().2 }, *shard, Side::Primary).await?;
            let site = Site { gathered: source, schema: &there, interrupt: &self.interrupt };
            let shown = site.definition(&mut link.lease, table).await;
            self.clean(link).await;
            shown?
        };
        let site = Site { gathered: source, schema: &schema, interrupt: &self.interrupt };
        Ok(site.create_as(&mut scratch.lease, &definition).await?)
    }

    async fn obtain_with(&mut self, settings: &Arc<Settings>, shard: ShardId, side: Side) -> Result<Link, Error> {
        let (links, txn, need) = self.need();
        links.obtain(&Need { settings, ..need }, shard, side, txn).await
    }

    /// Fetches what belongs into the temporary table. What predicates had to say to rows that the statement may never
    /// show to them, warnings and errors, must not be known: then all rows are fetched.
    async fn fill(
        &mut self,
        scratch: &mut Link,
        table: &mut Scratch,
        source: &Gathered,
        plan: &Plan,
        taken: &mut Taken,
    ) -> Result<(), ClientMessage> {
        let before = *taken;
        match self.fill_from(scratch, table, source, plan, taken).await {
            Ok(warnings) if warnings == 0 || source.filter.is_empty() => return Ok(()),
            Ok(_) => {}
            Err((Failure::Server { code, .. }, links)) if !source.filter.is_empty() && gather::is_of_values(code) => {
                self.keep_usable(links);
            }
            Err((failure, links)) => return Err(self.read_failed(links, failure).await),
        }
        *taken = before;
        table.empty(&mut scratch.lease, &self.interrupt).await?;
        let all = Gathered { filter: Vec::new(), ..source.clone() };
        match self.fill_from(scratch, table, &all, plan, taken).await {
            Ok(_) => Ok(()),
            Err((failure, links)) => Err(self.read_failed(links, failure).await),
        }
    }

    /// Fetches the rows from some shards at a time; how many warnings that gave. On failure with the
    /// connections, some of which may not have outlived it.
    async fn fill_from(
        &mut self,
        scratch: &mut Link,
        table: &mut Scratch,
        source: &Gathered,
        plan: &Plan,
        taken: &mut Taken,
    ) -> Result<u64, (Failure, Vec<Link>)> {
        let fetching = self.variant(|settings| {
            settings.set("character_set_results", "NULL");
            settings.unset("sql_select_limit");
        });
        let side = self.side(plan);
        let mut warnings = 0;
        if !self.autocommit && !self.txn.is_open() {
            // The servers would each begin a transaction, of which the session knew nothing.
            self.txn.begin(Default::default());
        }
        for some in source.fetches.chunks(AT_ONCE) {
            let mut links = Vec::new();
            for (shard, _) in some {
                match self.obtain_with(&fetching, *shard, side).await {
                    Ok(link) => links.push(link),
                    Err(error) => return Err((error.into(), links)),
                }
            }
            let tails = some.iter().map(|(_, from)| [from, source.filter.as_slice(), &source.locking].concat());
            match self.fetch_into(scratch, table, tails.collect(), &mut links, taken).await {
                Ok(more) => warnings += more,
                Err(failure) => return Err((failure, links)),
            }
            self.keep_usable(links);
        }
        Ok(warnings)
    }

    async fn fetch_into(
        &mut self,
        scratch: &mut Link,
        table: &mut Scratch,
        tails: Vec<Vec<u8>>,
        links: &mut [Link],
        taken: &mut Taken,
    ) -> Result<u64, Failure> {
        for (link, tail) in links.iter_mut().zip(tails) {
            self.send_text(&mut link.lease, &table.fetch(&tail)).await?;
        }
        let budget = Budget { max_rows: 1_000_000, max_bytes: 256 << 20 };
        let (mut links, mut warnings) = (links.iter_mut(), 0);
        while let Some(link) = links.next() {
            let watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
            match table.fill(&mut scratch.lease, link, budget, taken, watch).await {
                Ok(more) => warnings += u64::from(more),
                Err(failure) => {
                    unread::pass_over_whole(links, AnswerKind::Query, &self.interrupt).await;
                    return Err(failure);
                }
            }
        }
        Ok(warnings)
    }

    /// What `after_statement` does, for a connection that is not the session's.
    async fn after_gathered(
        &mut self,
        plan: &Plan,
        sql: &[u8],
        is_one_row: bool,
        scratch: &mut Link,
        ended: Summary,
    ) -> Result<(), ClientMessage> {
        self.note(sql, &ended);
        if ended.error.is_some() {
            self.last.failed = true;
            return self.fetch_diagnostics(scratch).await;
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
