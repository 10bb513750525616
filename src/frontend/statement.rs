//! One statement of any kind, with all that may surround it: the unhurried way of `query`.

use std::collections::VecDeque;
use std::sync::Arc;

use super::client::Packet;
use super::configuration::Wish;
use super::error::ClientMessage;
use super::numbered::Numbering;
use super::query::Statement;
use super::session::{Current, Flow, Session};
use super::several::{Numbers, numbers_of, own_rows};
use super::transactions::{End as TransactionEnd, Own, rolls_back_transaction};
use crate::backend::error::Error;
use crate::exec::conditions;
use crate::exec::failure::Failure;
use crate::exec::links::{Link, Side};
use crate::exec::write::{Command, Order};
use crate::plan::{self, Action, Binding, Context, Gathers, Plan, PlanError, Route, StatementKind};
use crate::sharding::{ShardId, ShardSet};
use crate::sql::tokens::Mode;
use crate::sql::{Lexer, lock_calls, split};
use crate::txn::transaction::quoted;
use crate::wire::error_code as codes;
use crate::wire::walker::{AnswerKind, Summary};
use crate::wire::{CapabilityFlags, StatusFlags};

/// The number that the connection has made last. From then on it has made none, so that one that a client gives to a row is
/// not taken for one that was made before, for whomever.
pub(super) const TAKE_INSERT_ID: &str = "SELECT LAST_INSERT_ID(), LAST_INSERT_ID(0)";

impl Session {
    /// All statements of a COM_QUERY, one after the other; the first error ends them.
    pub(super) async fn query_slowly(&mut self, packet: Packet) -> Flow {
        let sql = &packet.payload()[1..];
        let outcome = self.shape.read(sql, self.mode);
        let several =
            outcome.has_several_statements && self.capabilities.contains(CapabilityFlags::CLIENT_MULTI_STATEMENTS);
        let whole = 0..sql.len();
        let mut mode = self.mode;
        let parts = if several { split::statements(sql, mode) } else { Vec::from([whole]) };
        let mut parts = VecDeque::from(parts);
        while let Some(range) = parts.pop_front() {
            let statement = Statement { sql: &sql[range.clone()], more_follows: !parts.is_empty() };
            self.last.failed = false;
            if let Err(message) = self.statement(&statement).await {
                return self.refuse(&message).await;
            }
            if self.last.failed {
                break;
            }
            if let Some(next) = parts.front().filter(|_| self.mode != mode) {
                // It has changed how the rest is read.
                let rest = next.start;
                mode = self.mode;
                let read = split::statements(&sql[rest..], mode);
                parts = read.into_iter().map(|range| range.start + rest..range.end + rest).collect();
            }
        }
        Flow::Continue
    }

    /// Plans and runs one statement; its answer is sent, or the error is returned.
    pub(super) async fn statement(&mut self, statement: &Statement<'_>) -> Result<(), ClientMessage> {
        // It may be one of several in a packet.
        self.interrupt.forget_servers();
        self.setup_is_current();
        let mut plan = self.plan_or_probe(statement.sql).await?;
        if self.ends_for_newer(&plan).await? || self.keep_apart(&plan) {
            plan = self.plan_or_probe(statement.sql).await?;
        }
        self.client.begin_statement(false);
        let done = self.run(&plan, statement).await;
        if !self.may_read_again(&plan, &done) {
            return done;
        }
        self.interrupt.forget_servers();
        self.avoids_replicas = true;
        let done = Box::pin(self.run(&plan, statement)).await;
        self.avoids_replicas = false;
        done
    }

    /// What commits by itself ends the transaction before all else where that keeps an earlier configuration: it is done under the one
    /// of now. Whether the plan is to be made again.
    pub(super) async fn ends_for_newer(&mut self, plan: &Plan) -> Result<bool, ClientMessage> {
        let is_newest = || self.shared.setup().generation == self.setup.generation;
        if !plan.implicit_commit || self.txn.is_lost() || is_newest() {
            return Ok(false);
        }
        self.check_access(plan)?;
        self.refuse_in_xa()?;
        self.end_transaction(TransactionEnd::Commit).await?;
        self.setup_is_current();
        Ok(true)
    }

    /// The plan of a text. Where there is none because the text was not understood, a server is asked whether it would
    /// understand it (it prepares, and does not run it): a syntax error is the server's to tell.
    pub(super) async fn plan_or_probe(&mut self, sql: &[u8]) -> Result<Arc<Plan>, ClientMessage> {
        let error = match self.plan(sql) {
            Err(error @ (PlanError::Syntax { .. } | PlanError::Unsupported { .. })) => error,
            Err(error @ PlanError::UnknownColumns { .. }) => return Box::pin(self.plan_of_unknown(sql, error)).await,
            other => return Ok(other?),
        };
        let shard = self.home_shard(&self.schema);
        let mut link = self.obtain(shard, Side::Primary).await?;
        let probe = link.lease.prepare(sql, &self.interrupt).await?;
        let refused = probe.error().filter(|error| error.code == codes::PARSE_ERROR);
        let message = refused.map(ClientMessage::from);
        if let Some(id) = probe.prepared_id() {
            link.lease.statements.discard(id);
        }
        self.links.put(link);
        Err(message.unwrap_or_else(|| error.into()))
    }

    /// The plan of a statement about a table whose columns are not known: it may not be there, or only just, by DDL through
    /// another ShardGate.
    async fn plan_of_unknown(&mut self, sql: &[u8], error: PlanError) -> Result<Arc<Plan>, ClientMessage> {
        let PlanError::UnknownColumns { first: Some((shard, physical)), .. } = &error else { return Err(error.into()) };
        let schema = Arc::clone(&self.schema);
        let mut databases = schema.databases.iter().filter(|database| database.shards.contains(*shard));
        if !databases.any(|database| self.may_use(&database.name)) {
            return Err(error.into());
        }
        let show = format!("SHOW COLUMNS FROM {}.{}", quoted(&schema.shard(*shard).schema), quoted(physical));
        match self.ask_spare(*shard, show.as_bytes()).await? {
            Ok(_) => {
                // Whatever comes of it: the plan tells.
                let _ = self.ordered(Wish::LookAtTables).await;
                self.setup_is_current();
                Ok(self.plan(sql)?)
            }
            Err(refused) if refused.code == codes::NO_SUCH_TABLE => Err(self.in_logical_names(refused, Some(*shard))),
            Err(_) => Err(error.into()),
        }
    }

    /// The plan of a text, from the cache or made now.
    pub(super) fn plan(&mut self, sql: &[u8]) -> Result<Arc<Plan>, PlanError> {
        let outcome = self.shape.read(sql, self.mode);
        let is_usual = !matches!(self.current, Current::System(_));
        let cacheable = outcome.is_readable && !outcome.is_multi_row && !outcome.has_several_statements && is_usual;
        let lookup = self.lookup();
        if cacheable && let Some(plan) = self.shared.plans.get(&lookup.key(&self.shape), sql, self.shape.literals()) {
            return Ok(plan);
        }
        let plan = Arc::new(plan::plan(sql, &self.shape, &self.context(Gathers::IfNeeded))?);
        if cacheable && plan.is_cacheable {
            self.shared.plans.put(&lookup.key(&self.shape), Arc::clone(&plan));
        }
        Ok(plan)
    }

    fn context(&self, gathers: Gathers) -> Context<'_> {
        let in_catalog = matches!(self.current, Current::System(_));
        Context { schema: &self.schema, database: self.database(), in_catalog, mode: self.mode, gathers }
    }

    /// A plan that can gather, for a read that the shards turned out not to answer, for the reason `feature`.
    pub(super) fn plan_to_gather(
        &mut self,
        plan: &Arc<Plan>,
        sql: &[u8],
        feature: &str,
    ) -> Result<Arc<Plan>, ClientMessage> {
        if plan.gather().is_some() {
            return Ok(Arc::clone(plan));
        }
        if plan.described.is_some() {
            // Tables of it are where only the connections at hand see them.
            return Err(ClientMessage::unsupported(feature));
        }
        self.shape.read(sql, self.mode);
        let planned = plan::plan(sql, &self.shape, &self.context(Gathers::Always)).ok();
        let planned = planned.filter(|plan| plan.gather().is_some());
        planned.map(Arc::new).ok_or_else(|| ClientMessage::unsupported(feature))
    }

    pub(super) async fn run(&mut self, plan: &Arc<Plan>, statement: &Statement<'_>) -> Result<(), ClientMessage> {
        if self.txn.is_lost() && !plan.ends_transaction() {
            return Err(super::transactions::lost());
        }
        self.check_access(plan)?;
        if plan.facts.named_locks {
            let calls = lock_calls::read(statement.sql, self.mode);
            self.call_locks(plan, &calls, statement.sql).await?;
            if let (Some(titles), false) = (&calls.titles, self.lock_values.is_empty()) {
                return self.send_lock_values(&calls, titles, statement.more_follows).await;
            }
        }
        match &plan.action {
            Action::Control(control) => self.control(control, plan, statement).await,
            Action::LocalSelect(items) => self.local_select(items, statement.more_follows).await,
            Action::Route(_) | Action::Insert(_) => self.routed(plan, statement).await,
        }
    }

    /// A user's databases are all that the user can name. (Without privileges of its own on them, a MySQL account sees
    /// nothing in the servers' own schemas but `information_schema`.)
    pub(super) fn check_access(&self, plan: &Plan) -> Result<(), ClientMessage> {
        for name in plan.named_databases() {
            if !name.eq_ignore_ascii_case("information_schema") && !self.may_use(name) {
                return Err(self.access_denied(name));
            }
        }
        Ok(())
    }

    /// A statement for the shards of a route.
    async fn routed(&mut self, plan: &Arc<Plan>, statement: &Statement<'_>) -> Result<(), ClientMessage> {
        match self.numbered(plan, statement).await? {
            Numbering::Nothing => self.run_routed(plan, statement).await,
            Numbering::Numbered(numbered) => Box::pin(self.insert_numbered(numbered, statement.more_follows)).await,
            Numbering::Given { table, highest } => {
                self.run_routed(plan, statement).await?;
                self.pass_given(table, highest).await;
                Ok(())
            }
            Numbering::Updated { table, number } => {
                self.run_routed(plan, statement).await?;
                self.pass_updated(table, number).await;
                Ok(())
            }
        }
    }

    async fn run_routed(&mut self, plan: &Arc<Plan>, statement: &Statement<'_>) -> Result<(), ClientMessage> {
        let route = match plan.bind(&self.binding(statement.sql)) {
            Err(PlanError::Unsupported { .. }) | Ok(Route::Staged) if plan.explains_parts => {
                return Box::pin(self.explain_everywhere(statement)).await;
            }
            bound => bound?,
        };
        self.before_statement(plan, &route)?;
        if plan.implicit_commit {
            self.refuse_in_xa()?;
            self.end_transaction(TransactionEnd::Commit).await?;
        }
        let Some(wanted) = self.wants_transaction(plan) else {
            let is_xa_unbound = self.txn.is_xa_unbound() && plan.is_apart;
            let done = self.on_route(plan, statement, route).await;
            if is_xa_unbound {
                self.txn.unbind_xa();
            }
            return done;
        };
        let shards = self.shards_to_read(plan, &route, &self.binding(statement.sql));
        let mut own = Own::new(wanted, shards);
        loop {
            self.begin_own(&own).await?;
            let done = self.on_route(plan, statement, route.clone()).await;
            if let Some(done) = self.end_own(&mut own, done).await {
                return done;
            }
        }
    }

    /// Those that a read of several is to see at one moment.
    pub(super) fn shards_to_read(&self, plan: &Plan, route: &Route, binding: &Binding<'_>) -> ShardSet {
        match route {
            Route::Gather => {
                let gathering = self.gathering(plan, binding);
                let sources = gathering.iter().flat_map(|gathering| &gathering.sources);
                sources.flat_map(|source| &source.fetches).map(|(shard, _)| *shard).collect()
            }
            route => route_shards(route),
        }
    }

    pub(super) async fn on_route(
        &mut self,
        plan: &Arc<Plan>,
        statement: &Statement<'_>,
        route: Route,
    ) -> Result<(), ClientMessage> {
        let before = self.hold_time(plan, &route);
        let done = self.on_route_by_now(plan, statement, route).await;
        self.let_time_go(before);
        done
    }

    async fn on_route_by_now(
        &mut self,
        plan: &Arc<Plan>,
        statement: &Statement<'_>,
        route: Route,
    ) -> Result<(), ClientMessage> {
        let side = self.side(plan);
        match route {
            Route::One(shard) => self.on_one(plan, statement, shard, side).await,
            Route::Any(shards) => {
                let shard = self.any_of(&shards);
                self.on_one(plan, statement, shard, side).await
            }
            Route::Scatter(shards) if plan.kind == StatementKind::Ddl => {
                Box::pin(self.ddl(plan, statement, &shards)).await
            }
            Route::Scatter(shards) if plan.kind == StatementKind::Write => {
                let orders = self.orders(plan, statement, &shards);
                let numbers = numbers_of(plan, &self.binding(statement.sql));
                self.write_everywhere(plan, orders, numbers, statement.more_follows).await
            }
            Route::Scatter(shards) => self.read_everywhere(plan, statement, &shards, side).await,
            Route::Merge(shards) => self.merge_text(plan, statement, &shards, side).await,
            Route::Regroup(shards) => self.collect_or_merge(plan, statement, Some(&shards), side).await,
            Route::Gather => match Box::pin(self.ship_text(plan, statement)).await? {
                true => Ok(()),
                false => self.collect_or_merge(plan, statement, None, side).await,
            },
            Route::Staged => self.stage_text(plan, statement).await,
            Route::Load(shards) => Box::pin(self.load_file(plan, statement, &shards)).await,
            Route::Split(rows) => {
                let orders = rows.iter().map(|part| {
                    let mut text = Vec::new();
                    plan.render_rows(&self.binding(statement.sql), part, &mut text);
                    (part.shard, Order { command: Command::Text(text), rows: Some(own_rows(plan, part)) })
                });
                let orders = orders.collect();
                self.write_everywhere(plan, orders, Numbers::OfServers, statement.more_follows).await
            }
        }
    }

    /// Checks that hold for every statement that goes to shards, before anything is sent.
    pub(super) fn before_statement(&mut self, plan: &Plan, route: &Route) -> Result<(), ClientMessage> {
        if !self.txn.is_open() {
            // Under autocommit = 0, a statement that commits by itself has taken part in something that is over.
            self.registered.entry.activity.left();
        }
        if !self.links.held().iter().any(|link| link.pins.temporary_tables) {
            // They were lost with their connection.
            self.temporary_tables.clear();
        }
        let shards = route_shards(route);
        self.check_locked(plan, route, &shards)?;
        if matches!(route, Route::Staged) && self.links.has_locks_or_cursors() {
            return Err(ClientMessage::unsupported("such a write over several shards while locks are held"));
        }
        // It is done on connections beside the session's, where names may mean something else than what the client has.
        let changes_all = matches!(route, Route::Scatter(_)) && shards.len() > 1 && plan.kind == StatementKind::Ddl;
        if changes_all && !self.temporary_tables.is_empty() {
            return Err(ClientMessage::unsupported(
                "changing tables on several shards while temporary tables are held",
            ));
        }
        plan.facts.creates_temporary.as_ref().map_or(Ok(()), |table| self.check_room_for_temporary(&table.table))
    }

    pub(super) fn check_room_for_temporary(&self, table: &str) -> Result<(), ClientMessage> {
        match self.temporary_tables.len() < MAX_TEMPORARY_TABLES {
            true => Ok(()),
            false => Err(ClientMessage::unsupported(&format!("so many temporary tables in one session: {table}"))),
        }
    }

    /// One of these shards: one that the session already holds, or the first.
    pub(super) fn any_of(&self, shards: &ShardSet) -> ShardId {
        // Shards in one schema are several connections: the one that wrote sees what it wrote.
        let has_written = |shard: &ShardId| self.txn.branches().iter().any(|part| part.shard == *shard && part.wrote);
        let wrote = shards.iter().find(has_written);
        let held = || shards.iter().find(|shard| self.links.held().iter().any(|link| link.shard == *shard));
        wrote.or_else(held).or_else(|| shards.first()).unwrap_or_else(|| self.home_shard(&self.schema))
    }

    /// One shard answers: the text goes out with that shard's names, and what it says comes back.
    pub(super) async fn on_one(
        &mut self,
        plan: &Arc<Plan>,
        statement: &Statement<'_>,
        shard: ShardId,
        side: Side,
    ) -> Result<(), ClientMessage> {
        let mut text = Vec::new();
        let changed = plan.render(&self.binding(statement.sql), shard, &mut text);
        if plan.facts.needs_local_values() {
            // Functions that a pooled connection would answer for itself.
            text = self.with_local_values(if changed { &text } else { statement.sql });
        } else if !changed {
            text.clear();
            text.extend_from_slice(statement.sql);
        }
        let mut link = self.obtain(shard, side).await?;
        self.before_sending(plan, &mut link).await?;
        if plan.kind.may_change_rows() {
            self.txn.note_write(shard);
        }
        if let Err(failure) = self.send_text(&mut link.lease, &text).await {
            drop(link);
            return Err(self.failed(failure, Some(shard)).await);
        }
        self.relay_answer(plan, statement.sql, link, AnswerKind::Query, statement.more_follows).await
    }

    /// What SET TRANSACTION said of the next transaction, which is one statement.
    pub(super) async fn tell_next_transaction(&self, link: &mut Link) -> Result<(), Error> {
        if self.txn.has_next() && !self.txn.was_begun() {
            // One that fails before its transaction begins does not use it up.
            link.told_next = true;
            for sql in self.txn.next().for_one_statement(link.lease.variable_name("transaction_isolation")) {
                link.lease.execute("SET TRANSACTION", &sql, &self.interrupt).await?;
            }
        }
        Ok(())
    }

    /// What a connection must be given before a statement that uses session state.
    pub(super) async fn before_sending(&mut self, plan: &Plan, link: &mut Link) -> Result<(), ClientMessage> {
        if !plan.begins_nothing() {
            self.tell_next_transaction(link).await?;
        }
        if plan.calls_routines {
            // They may leave variables and temporary tables behind: nobody else gets the connection as it is.
            link.lease.has_user_variables_of(self.variables_id);
        }
        if plan.facts.passes_last_insert_id() {
            let sql = format!("SET last_insert_id = {}", self.last.insert_id);
            link.lease.execute("LAST_INSERT_ID()", &sql, &self.interrupt).await?;
        }
        self.bring_user_variables(link, plan).await?;
        self.watch_call(plan, link).await
    }

    /// The long way after a statement: errors, warnings, and facts that outlive it.
    pub(super) async fn after_statement(
        &mut self,
        plan: &Plan,
        sql: &[u8],
        mut link: Link,
        ended: Summary,
    ) -> Result<(), ClientMessage> {
        self.note(plan, sql, &ended);
        if let Some(code) = ended.error {
            self.last.failed = true;
            let shard = link.shard;
            self.after_error(link, code, &plan.facts.writes_user_vars).await?;
            if plan.kind.may_change_rows() {
                // A procedure may have written before it failed.
                self.txn.note_write(shard);
            }
            return Ok(());
        }
        if !plan.begins_nothing() {
            self.txn.take_next();
        }
        let status = ended.status.unwrap_or_default();
        let facts = &plan.facts;
        let has_warnings = (ended.warnings > 0 && plan.kind != StatementKind::Show) || plan.explains;
        self.ask_what_is_forgotten(&mut link, has_warnings, facts.calc_found_rows).await?;
        let is_told = facts.passes_last_insert_id();
        if is_told || plan.kind.is_write() && ended.last_insert_id != 0 {
            let asked = self.ask_number(&mut link, TAKE_INSERT_ID).await?;
            // A number that the client gave is in the answer, but not what the function says.
            let is_new = is_told || asked == Some(ended.last_insert_id);
            self.last.insert_id = asked.filter(|_| is_new).unwrap_or(self.last.insert_id);
        }
        self.read_user_variables(&mut link, &facts.writes_user_vars).await?;
        self.pin(plan, &mut link);
        let is_free = !link.pins.any() && !status.contains(StatusFlags::SERVER_STATUS_IN_TRANS);
        if plan.kind == StatementKind::Call && is_free {
            // A procedure may have set anything.
            link.lease.reset(&self.interrupt).await?;
        }
        let shard = link.shard;
        let by_call = self.ended_by_call(&mut link).await?;
        self.settle_all(link, status, by_call, TransactionEnd::Commit).await?;
        if plan.kind.may_change_rows() {
            self.txn.note_write(shard);
        }
        if plan.kind == StatementKind::Ddl && self.changes_ruled_tables(plan) {
            self.tables_were_changed().await;
        }
        Ok(())
    }

    /// The server answered with an error, which the client has. Whether the transaction goes on, only the server knows, and what
    /// the statement has made of user variables before it failed.
    async fn after_error(
        &mut self,
        mut link: Link,
        code: crate::wire::error_code::ErrorCode,
        written: &[String],
    ) -> Result<(), ClientMessage> {
        if self.txn.has_next() {
            // What SET TRANSACTION said may still wait on the connection for a transaction to begin.
            link.lease.spoil();
            self.links.put(link);
            return Ok(());
        }
        self.fetch_diagnostics(&mut link).await?;
        self.read_user_variables(&mut link, written).await?;
        let by_call = self.ended_by_call(&mut link).await?;
        if by_call.is_none() && rolls_back_transaction(code) {
            link.pins.transaction = link.xid.is_some();
            self.links.put(link);
            // One shard has rolled back: so must the others.
            return self.end_transaction(TransactionEnd::Rollback).await;
        }
        if !self.txn.is_open() && self.autocommit {
            self.links.put(link);
            return Ok(());
        }
        let status = link.lease.ask_status(&self.interrupt).await?;
        // `innodb_rollback_on_timeout`.
        self.settle_all(link, status, by_call, TransactionEnd::Rollback).await
    }

    /// What the statement leaves on its connection that must not leave the session.
    fn pin(&mut self, plan: &Plan, link: &mut Link) {
        let facts = &plan.facts;
        if let Some(table) = &facts.creates_temporary {
            self.hold_temporary(&table.table, link);
        }
        for dropped in &facts.drops_tables {
            self.forget_temporary(&dropped.table, link);
        }
        link.pins.cursors = link.pins.cursors || facts.uses_handler;
    }

    /// The link has such a temporary table from now on.
    pub(super) fn hold_temporary(&mut self, table: &str, link: &mut Link) {
        self.temporary_tables.push(table.to_ascii_lowercase());
        link.pins.temporary_tables = true;
    }

    pub(super) fn forget_temporary(&mut self, table: &str, link: &mut Link) {
        self.temporary_tables.retain(|known| !known.eq_ignore_ascii_case(table));
        link.pins.temporary_tables &= !self.temporary_tables.is_empty();
    }

    /// Whether the session holds a temporary table of this name, in whatever database.
    pub(super) fn is_temporary(&self, table: &str) -> bool {
        self.temporary_tables.iter().any(|known| known.eq_ignore_ascii_case(table))
    }

    /// Notes what the functions about the last statement answer from now on.
    pub(super) fn note(&mut self, plan: &Plan, sql: &[u8], ended: &Summary) {
        if ended.error.is_some() || ended.has_rows {
            self.last.row_count = -1;
        } else {
            self.last.row_count = i64::try_from(ended.affected_rows).unwrap_or(i64::MAX);
        }
        // What RETURNING returns was not found.
        if ended.has_rows && plan.kind != StatementKind::Write {
            self.last.found_rows = ended.rows;
        }
        // In MariaDB (10.11; MySQL 9.7 does otherwise) a statement without tables and messages leaves the list as it was.
        if self.diagnostics.is_empty() || ended.warnings > 0 {
            return;
        }
        if !self.mode.mariadb || names_a_table(sql, self.mode) {
            self.diagnostics.clear();
        }
    }

    /// SHOW WARNINGS, while the connection still knows.
    pub(super) async fn fetch_diagnostics(&mut self, link: &mut Link) -> Result<(), ClientMessage> {
        let mut conditions = conditions::fetch(&mut link.lease, &self.interrupt).await?;
        self.rename_conditions(&mut conditions, Some(link.shard));
        self.diagnostics.set(conditions);
        Ok(())
    }

    /// Warnings and FOUND_ROWS(). For MariaDB the warnings are rows that were found; in MySQL they go with the next
    /// SELECT.
    pub(super) async fn ask_what_is_forgotten(
        &mut self,
        link: &mut Link,
        has_warnings: bool,
        counts_rows: bool,
    ) -> Result<(), ClientMessage> {
        if has_warnings && !self.mode.mariadb {
            self.fetch_diagnostics(link).await?;
        }
        if counts_rows {
            self.last.found_rows = self.ask_number(link, "SELECT FOUND_ROWS()").await?.unwrap_or_default();
        }
        if has_warnings && self.mode.mariadb {
            self.fetch_diagnostics(link).await?;
        }
        Ok(())
    }

    pub(super) async fn ask_number(&mut self, link: &mut Link, sql: &str) -> Result<Option<u64>, ClientMessage> {
        // `sql_select_limit` may be 0.
        let answer = link.lease.query_patiently(&format!("{sql} LIMIT 1"), &self.interrupt).await?;
        let (_, rows) = answer.table();
        let cell = rows.first().and_then(|row| crate::wire::text::cells(row).next()).and_then(Result::ok).flatten();
        Ok(cell.and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse().ok()))
    }

    /// A statement did not get its answer: what the client is told, and what becomes of the transaction.
    pub(super) async fn failed(&mut self, failure: Failure, shard: Option<ShardId>) -> ClientMessage {
        let lost_branch = shard.is_some_and(|shard| self.txn.has_branch(shard));
        let client_is_there = !matches!(failure, Failure::Client(_));
        let message = match &failure {
            Failure::Server { .. } => self.in_logical_names(failure.into(), shard),
            _ => ClientMessage::from(failure),
        };
        match lost_branch && client_is_there {
            // The client knows from the error that nothing of it is left.
            true if rolls_back_transaction(message.code) => {
                match self.end_transaction(TransactionEnd::Rollback).await {
                    Ok(()) => message,
                    Err(message) => message,
                }
            }
            true => {
                self.transaction_was_lost().await;
                message
            }
            false => message,
        }
    }
}

/// Whether a statement may use a table: all but a SELECT without FROM.
fn names_a_table(sql: &[u8], mode: Mode) -> bool {
    let mut tokens = Lexer::new(sql, mode);
    let is_select = tokens.next().is_some_and(|token| token.is_word(sql, "SELECT"));
    !is_select || tokens.any(|token| token.is_word(sql, "FROM"))
}

/// Temporary tables that one session may have at once.
const MAX_TEMPORARY_TABLES: usize = 1000;

fn route_shards(route: &Route) -> ShardSet {
    match route {
        Route::One(shard) => ShardSet::single(*shard),
        Route::Any(shards) => shards.first().map_or_else(ShardSet::empty, ShardSet::single),
        Route::Scatter(shards) | Route::Merge(shards) | Route::Regroup(shards) | Route::Load(shards) => shards.clone(),
        Route::Split(rows) => rows.iter().map(|part| part.shard).collect(),
        Route::Gather | Route::Staged => ShardSet::empty(),
    }
}
