//! COM_STMT_*: prepared statements whose ids are ShardGate's own.
//!
//! PREPARE asks one shard what the statement's parameters and columns are; the others learn of it when an execution
//! leads there. The plan is made once, at PREPARE; EXECUTE binds the parameters that carry shard keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use smallvec::SmallVec;

use super::client::Packet;
use super::commands::STMT_EXECUTE;
use super::error::ClientMessage;
use super::locks;
use super::merging::Merging;
use super::numbered::Numbering;
use super::query::Statement as Text;
use super::session::{Current, Flow, Session};
use super::several::{Numbers, numbers_of, own_rows};
use super::short_way::{Order as ShortOrder, Way};
use super::transactions::{End, Own};
use crate::backend::buffer::Scratch;
use crate::backend::connection::Watch;
use crate::backend::settings::Settings;
use crate::exec::links::{Link, Side};
use crate::exec::prepared::{self, Execution};
use crate::exec::sink::Cursor;
use crate::exec::write::{Command as WriteCommand, Order};
use crate::plan::{Action, Binding, Plan, PlanError, Route, StatementKind};
use crate::sharding::ShardId;
use crate::sql::Literal;
use crate::sql::control::{self, Control};
use crate::sql::lock_calls;
use crate::sql::tokens::Mode;
use crate::sql::{Lexer, Shape, Token, TokenKind};
use crate::value::Value;
use crate::wire::StatusFlags;
use crate::wire::command::{Arguments, Command, Execute, Given, PrepareOk};
use crate::wire::error_code as codes;
use crate::wire::packet;
use crate::wire::response::{self, OkPacket};
use crate::wire::walker::AnswerKind;

/// Bytes of long data that one session may pile up before it executes.
const MAX_LONG_DATA: usize = 64 * 1024 * 1024;

/// The prepared statements of one session.
#[derive(Debug, Default)]
pub(super) struct Statements {
    by_id: HashMap<u32, Box<Prepared>>,
    last_id: u32,
    /// The one that was prepared last; 0 if that failed.
    prepared_last: u32,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) text: Arc<[u8]>,
    pub(super) literals: Vec<Literal>,
    pub(super) plan: Arc<Plan>,
    /// The assignments of SET STATEMENT, which was before `text`.
    settings: Option<Box<[u8]>>,
    /// What the plan was made for.
    pub(super) current: Current,
    pub(super) mode: Mode,
    /// The session's settings under which the text is read as it was prepared; not known of what SET STATEMENT was before.
    under: Option<Arc<Settings>>,
    schema_version: u64,
    pub(super) params: u16,
    pub(super) arguments: Arguments,
    pub(super) long_data: BTreeMap<u16, Vec<u8>>,
    /// SEND_LONG_DATA went wrong: the next execution says so.
    long_data_failed: bool,
    cursor: Option<Open>,
}

/// A cursor that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// On a shard, by the server's id of the statement.
    On(ShardId, u32),
    /// Nowhere: it has no rows.
    Nowhere,
}

impl Session {
    /// COM_STMT_PREPARE.
    pub(super) async fn prepare(&mut self, sql: &[u8]) -> Result<(), ClientMessage> {
        self.setup_is_current();
        self.statements.prepared_last = 0;
        if self.statements.by_id.len() >= self.setup.options.max_prepared {
            let text = "Can't create more than max_prepared statements in one session";
            return Err(ClientMessage::new(codes::MAX_PREPARED_STMT_COUNT_REACHED, text));
        }
        match control::parse(sql, self.mode) {
            Some(Ok(Control::SetStatement { assignments, statement })) => {
                let assignments = &sql[assignments];
                let before = self.set_for_one(assignments).await?;
                let done = self.prepare_under(Some(assignments), &sql[statement]).await;
                self.set_back(before);
                done
            }
            _ => self.prepare_under(None, sql).await,
        }
    }

    /// `settings`: what SET STATEMENT assigns, if anything.
    async fn prepare_under(&mut self, settings: Option<&[u8]>, sql: &[u8]) -> Result<(), ClientMessage> {
        let plan = self.plan_or_probe(sql).await?;
        if self.txn.is_lost() {
            return Err(super::transactions::lost());
        }
        self.check_access(&plan)?;
        if plan.load().is_some() {
            return Err(not_preparable());
        }
        let (params, answer) = match &plan.action {
            Action::Route(_) | Action::Insert(_) => {
                let described = self.describe(&plan, sql).await?;
                (described.params, described.payloads)
            }
            Action::Control(Control::CreateSelect(create)) if self.has_params(sql) => {
                let query = &sql[create.query.clone()];
                let plan = self.plan_or_probe(query).await?;
                let described = self.describe(&plan, query).await?.of_params()?;
                (described.params, described.payloads)
            }
            Action::Control(Control::Set(_) | Control::SetSelected(_)) if self.has_params(sql) => {
                let described = self.describe_markers(Lexer::new(sql, self.mode).filter(is_marker).count()).await?;
                (described.params, described.payloads)
            }
            // Answered by ShardGate, and without parameters.
            Action::Control(Control::ShowCatalog(show)) => (0, self.listing(show, sql).await?.prepared(self.form())),
            Action::Control(_) => (0, Vec::new()),
            Action::LocalSelect(items) => (0, self.local_definitions(items)),
        };
        let id = self.statements.next_id();
        let statement = Prepared {
            text: sql.into(),
            literals: self.shape.literals().to_vec(),
            plan,
            settings: settings.map(Box::from),
            current: self.current.clone(),
            mode: self.mode,
            under: settings.is_none().then(|| Arc::clone(&self.settings)),
            schema_version: self.schema.version,
            params,
            arguments: Arguments::default(),
            long_data: BTreeMap::new(),
            long_data_failed: false,
            cursor: None,
        };
        self.statements.by_id.insert(id, Box::new(statement));
        self.statements.prepared_last = id;
        let out = self.prepare_answer(id, answer);
        self.send(&out).await
    }

    fn prepare_answer(&mut self, id: u32, mut payloads: Vec<Vec<u8>>) -> Vec<u8> {
        if payloads.is_empty() {
            let mut payload = Vec::new();
            PrepareOk { statement_id: id, columns: 0, params: 0, warnings: 0 }.write(&mut payload);
            payloads.push(payload);
        }
        let mut out = Vec::new();
        for (index, payload) in payloads.iter_mut().enumerate() {
            if index == 0 {
                payload[1..5].copy_from_slice(&id.to_le_bytes());
            }
            packet::write_packet(&mut out, &mut self.client.seq, payload);
        }
        out
    }

    /// Whether the text that was prepared in `mode`, under these settings, means the same now.
    pub(super) fn reads_like(&self, text: &[u8], mode: Mode, settings: &Settings) -> bool {
        let charset = |settings: &Settings| settings.get("character_set_client").map(str::to_owned);
        mode.reads_like(self.mode, text) && (text.is_ascii() || charset(settings) == charset(&self.settings))
    }

    /// The way of an execution that one shard answers, with all that it needs in its packet. Allocates nothing.
    pub(super) fn execute_way(&mut self, body: &[u8]) -> Option<Way> {
        self.setup_is_current();
        let (is_plain, in_transaction) = (self.is_plain(), self.is_in_transaction());
        let id = self.statements.meant(u32::from_le_bytes(*body.first_chunk()?));
        let statement = self.statements.by_id.get_mut(&id)?;
        let is_current = statement.current == self.current
            && statement.schema_version == self.schema.version
            && statement.mode == self.mode
            && statement.under.as_ref().is_none_or(|under| Arc::ptr_eq(under, &self.settings));
        if !is_plain || !is_current || !statement.long_data.is_empty() || statement.long_data_failed {
            return None;
        }
        if statement.cursor.is_some() || statement.settings.is_some() || !statement.plan.is_plain() {
            return None;
        }
        let head = statement.arguments.read(body, statement.params, |_| false).ok()?;
        if head.wants_cursor() {
            return None;
        }
        let mode = statement.mode;
        let mut values = SmallVec::<[Value<'_>; 8]>::new();
        for index in 0..statement.params {
            values.push(statement.arguments.value(index, body, mode.charset));
        }
        let binding = Binding {
            schema: &self.schema,
            sql: &statement.text,
            literals: &statement.literals,
            params: &values,
            mode,
        };
        let Ok(Route::One(shard)) = statement.plan.bind(&binding) else { return None };
        let plan = Arc::clone(&statement.plan);
        if (plan.kind.is_write() || plan.meets_shared) && in_transaction {
            return None;
        }
        let mut altered = Scratch::default();
        if plan.is_altered(shard) {
            altered = Scratch::take();
            plan.render(&binding, shard, &mut altered);
        }
        // The types go with every execution: the client names them once, and each server must have them.
        let mut framed = Scratch::take();
        let at = packet::begin(&mut framed);
        statement.arguments.write(body, 0..statement.params, 0, head.flags, &mut framed).ok()?;
        packet::finish(&mut framed, at, &mut 0);
        let text = Arc::clone(&statement.text);
        let kinds = statement.arguments.kinds((0..statement.params).map(Given::Own));
        let side = self.side(&plan);
        Some(Way { plan, shard, side, order: ShortOrder::Execute { text, altered, kinds, framed } })
    }

    /// COM_STMT_EXECUTE of any other kind.
    pub(super) async fn execute_slowly(&mut self, packet: Packet) -> Flow {
        match self.execute_any(packet).await {
            Ok(()) => Flow::Continue,
            Err(message) => self.refuse(&message).await,
        }
    }

    async fn execute_any(&mut self, packet: Packet) -> Result<(), ClientMessage> {
        let body = &packet.payload()[1..];
        let head = Execute::parse(body).map_err(super::commands::malformed)?;
        let id = self.statements.meant(head.statement_id);
        let mut statement = self.statements.by_id.remove(&id).ok_or_else(unknown_statement)?;
        if let Some(under) = statement.under.as_mut().filter(|under| !Arc::ptr_eq(under, &self.settings)) {
            if !self.reads_like(&statement.text, statement.mode, under) {
                self.statements.by_id.insert(id, statement);
                return Err(prepared_otherwise());
            }
            *under = Arc::clone(&self.settings);
        }
        self.registered.entry.activity.begin(STMT_EXECUTE, self.now_ms(), &statement.text);
        self.answers_in_binary = true;
        self.client.begin_statement(false);
        let mut done = self.execute_under_settings(&mut statement, head, body).await;
        if self.may_read_again(&statement.plan, &done) {
            self.interrupt.forget_servers();
            self.avoids_replicas = true;
            done = Box::pin(self.execute_under_settings(&mut statement, head, body)).await;
            self.avoids_replicas = false;
        }
        self.answers_in_binary = false;
        statement.long_data.clear();
        self.statements.by_id.insert(id, statement);
        done
    }

    async fn execute_under_settings(
        &mut self,
        statement: &mut Prepared,
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        let Some(settings) = statement.settings.clone() else {
            return self.execute_statement(statement, head, body).await;
        };
        let before = self.set_for_one(&settings).await?;
        let done = self.execute_statement(statement, head, body).await;
        self.set_back(before);
        done
    }

    async fn execute_statement(
        &mut self,
        statement: &mut Prepared,
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        if std::mem::take(&mut statement.long_data_failed) {
            return Err(ClientMessage::new(codes::NET_PACKET_TOO_LARGE, "Long data of a parameter is too large"));
        }
        self.close_cursor(statement).await?;
        self.replan(statement)?;
        if self.ends_for_newer(&Arc::clone(&statement.plan)).await? || self.keep_apart(&statement.plan) {
            self.replan(statement)?;
        }
        let long_data = &statement.long_data;
        let read = statement.arguments.read(body, statement.params, |param| long_data.contains_key(&param));
        read.map_err(|error| {
            ClientMessage::new(codes::WRONG_ARGUMENTS, format!("Incorrect arguments to mysqld_stmt_execute: {error}"))
        })?;
        let plan = Arc::clone(&statement.plan);
        self.check_access(&plan)?;
        if plan.facts.named_locks {
            let charset = self.settings.get("character_set_client").unwrap_or("utf8mb4").trim_matches('\'');
            let values = statement.values(body);
            let written = locks::with_values(&statement.text, statement.mode, &values, charset)
                .ok_or_else(|| ClientMessage::unsupported("a parameter of this type beside a named lock"))?;
            let calls = lock_calls::read(&written, self.mode);
            self.call_locks(&plan, &calls, &written).await?;
            let titles = lock_calls::read(&statement.text, self.mode).titles;
            if let (Some(titles), false) = (titles, self.lock_values.is_empty()) {
                return self.send_lock_values(&calls, &titles, false).await;
            }
        }
        let text = Text { sql: &statement.text, more_follows: false };
        match &plan.action {
            Action::Control(Control::ShowCatalog(show)) => self.show_catalog(show, &statement.text, false).await,
            Action::Control(Control::Maintain(what)) => self.maintain(what, &text).await,
            Action::Control(Control::CreateSelect(create)) if statement.params > 0 => {
                Box::pin(self.execute_create_select(create, statement, head, body)).await
            }
            Action::Control(_) if statement.params > 0 => Box::pin(self.execute_filled(statement, body)).await,
            Action::Control(control) => {
                self.shape.read(&statement.text, self.mode);
                self.control(control, &plan, &text).await
            }
            Action::LocalSelect(items) => self.local_select(items, false).await,
            Action::Route(_) | Action::Insert(_) => self.execute_routed(statement, &plan, head, body).await,
        }
    }

    /// One of ShardGate's own statements, with the values of its parameters written in.
    async fn execute_filled(&mut self, statement: &Prepared, body: &[u8]) -> Result<(), ClientMessage> {
        let charset = self.settings.get("character_set_client").unwrap_or("utf8mb4").trim_matches('\'').to_owned();
        let text = locks::with_values(&statement.text, statement.mode, &statement.values(body), &charset)
            .ok_or_else(|| ClientMessage::unsupported("a parameter of this type in SET"))?;
        let plan = self.plan_as_prepared(statement, &text)?;
        let Action::Control(control) = &plan.action else {
            return Err(ClientMessage::unsupported("parameters in this form of SET"));
        };
        self.shape.read(&text, self.mode);
        self.control(control, &plan, &Text { sql: &text, more_follows: false }).await
    }

    /// Another text runs with the parameters of an execution, in the place of the statement's own.
    pub(super) async fn execute_instead(
        &mut self,
        statement: &mut Prepared,
        text: &[u8],
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        let plan = self.plan_as_prepared(statement, text)?;
        let literals = Shape::of(text, statement.mode).literals().to_vec();
        let own = (
            std::mem::replace(&mut statement.text, text.into()),
            std::mem::replace(&mut statement.literals, literals),
            std::mem::replace(&mut statement.plan, Arc::clone(&plan)),
        );
        let done = self.execute_routed(statement, &plan, head, body).await;
        (statement.text, statement.literals, statement.plan) = own;
        done
    }

    fn has_params(&self, sql: &[u8]) -> bool {
        Lexer::new(sql, self.mode).any(|token| is_marker(&token))
    }

    /// A statement that was prepared under other rules, or in another database, is planned again where it may be.
    fn replan(&mut self, statement: &mut Prepared) -> Result<(), ClientMessage> {
        if statement.schema_version == self.schema.version && statement.current == self.current {
            return Ok(());
        }
        statement.plan = self.plan_as_prepared(statement, &statement.text)?;
        statement.schema_version = self.schema.version;
        Ok(())
    }

    /// The plan of a text in the database and under the sql_mode that a statement was prepared in.
    pub(super) fn plan_as_prepared(&mut self, statement: &Prepared, text: &[u8]) -> Result<Arc<Plan>, PlanError> {
        self.as_prepared(statement, |session| session.plan(text))
    }

    /// Plans in the database and under the sql_mode that a statement was prepared in.
    pub(super) fn as_prepared<T>(&mut self, statement: &Prepared, plan: impl FnOnce(&mut Self) -> T) -> T {
        let (current, mode) = (self.current.clone(), self.mode);
        self.current = statement.current.clone();
        self.mode = statement.mode;
        let planned = plan(self);
        self.current = current;
        self.mode = mode;
        planned
    }

    async fn execute_routed(
        &mut self,
        statement: &mut Prepared,
        plan: &Arc<Plan>,
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        self.last.failed = false;
        match self.numbered_execution(statement, plan, body).await? {
            Numbering::Nothing => self.run_execution(statement, plan, head, body).await,
            Numbering::Numbered(numbered) => Box::pin(self.execute_numbered(statement, numbered, (head, body))).await,
            Numbering::Given { table, highest } => {
                self.run_execution(statement, plan, head, body).await?;
                self.pass_given(table, highest).await;
                Ok(())
            }
            Numbering::Updated { table, number } => {
                self.run_execution(statement, plan, head, body).await?;
                self.pass_updated(table, number).await;
                Ok(())
            }
        }
    }

    async fn run_execution(
        &mut self,
        statement: &mut Prepared,
        plan: &Arc<Plan>,
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        let route = statement.route(&self.schema, body)?;
        self.before_statement(plan, &route)?;
        if plan.implicit_commit {
            self.refuse_in_xa()?;
            self.end_transaction(End::Commit).await?;
        }
        let Some(wanted) = self.wants_transaction(plan) else {
            let is_xa_unbound = self.txn.is_xa_unbound() && plan.is_apart;
            let done = self.execute_on_route(statement, plan, route, head, body).await;
            if is_xa_unbound {
                self.txn.unbind_xa();
            }
            return done;
        };
        let shards = {
            let values = statement.values(body);
            self.shards_to_read(plan, &route, &statement.binding(&self.schema, &values))
        };
        let mut own = Own::new(wanted, shards);
        loop {
            self.begin_own(&own).await?;
            let done = self.execute_on_route(statement, plan, route.clone(), head, body).await;
            if let Some(done) = self.end_own(&mut own, done).await {
                return done;
            }
        }
    }

    pub(super) async fn execute_on_route(
        &mut self,
        statement: &mut Prepared,
        plan: &Arc<Plan>,
        route: Route,
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        let before = self.hold_time(plan, &route);
        let is_told =
            head.wants_cursor() && self.class.deprecate_eof() && !matches!(route, Route::One(_) | Route::Any(_));
        self.client.replace_cursor(if is_told { Cursor::Wanted } else { Cursor::Unwanted });
        let done = self.execute_by_now(statement, plan, route, head, body).await;
        if self.client.replace_cursor(Cursor::Unwanted) == Cursor::Told {
            statement.cursor = Some(Open::Nowhere);
        }
        self.let_time_go(before);
        done
    }

    async fn execute_by_now(
        &mut self,
        statement: &mut Prepared,
        plan: &Arc<Plan>,
        route: Route,
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        let side = self.side(plan);
        // A cursor is opened on one shard only. Otherwise all rows come at once, which clients must expect.
        let kind = AnswerKind::Execute { cursor: false };
        match route {
            Route::One(shard) => self.execute_one(statement, plan, shard, side, head, body).await,
            Route::Any(shards) => {
                let shard = self.any_of(&shards);
                self.execute_one(statement, plan, shard, side, head, body).await
            }
            Route::Scatter(shards) if plan.kind == StatementKind::Ddl => {
                self.shape.read(&statement.text, self.mode);
                let text = Text { sql: &statement.text, more_follows: false };
                Box::pin(self.ddl(plan, &text, &shards)).await
            }
            Route::Scatter(shards) => {
                let mut orders = Vec::new();
                for shard in shards.iter() {
                    let execution = statement.share(&self.schema, shard, body)?;
                    orders.push((shard, Order { command: WriteCommand::Prepared(execution), rows: None }));
                }
                if plan.kind == StatementKind::Write {
                    let values = statement.values(body);
                    let numbers = numbers_of(plan, &statement.binding(&self.schema, &values));
                    return self.write_everywhere(plan, orders, numbers, false).await;
                }
                match self.put_together(plan, orders, side, kind, false).await? {
                    Merging::Answered => Ok(()),
                    Merging::Unsuitable(feature) => self.gather_unsuitable(statement, plan, &feature, head, body).await,
                }
            }
            Route::Merge(shards) => {
                let request = self.merged_execution(statement, plan, &shards, body)?;
                match self.merge(plan, request, side, false).await? {
                    Merging::Answered => Ok(()),
                    Merging::Unsuitable(_) if plan.regroup().is_some() => {
                        self.regroup_prepared(statement, plan, &shards, head, body).await
                    }
                    Merging::Unsuitable(feature) => self.gather_unsuitable(statement, plan, &feature, head, body).await,
                }
            }
            Route::Regroup(shards) => {
                let done = self.regroup_prepared(statement, plan, &shards, head, body).await;
                self.or_merge_prepared(done, statement, plan, head, body).await
            }
            Route::Gather => {
                if Box::pin(self.ship_prepared(statement, plan, head, body)).await? {
                    return Ok(());
                }
                let done = self.gather_prepared(statement, plan, head, body).await;
                self.or_merge_prepared(done, statement, plan, head, body).await
            }
            Route::Staged => self.stage_prepared(statement, plan, head, body).await,
            Route::Load(_) => Err(not_preparable()),
            Route::Split(rows) => {
                let mut orders = Vec::new();
                for part in &rows {
                    let mut text = Vec::new();
                    plan.render_rows(&statement.binding(&self.schema, &[]), part, &mut text);
                    let params = plan.params_of(part, statement.params);
                    let command = WriteCommand::Prepared(statement.execution_of(text, &params, body)?);
                    orders.push((part.shard, Order { command, rows: Some(own_rows(plan, part)) }));
                }
                self.write_everywhere(plan, orders, Numbers::OfServers, false).await
            }
        }
    }

    async fn execute_one(
        &mut self,
        statement: &mut Prepared,
        plan: &Arc<Plan>,
        shard: ShardId,
        side: Side,
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        let mut execution = statement.execution(&self.schema, shard, body, head.flags)?;
        if plan.facts.needs_local_values() {
            execution.text = self.with_local_values(&execution.text);
        }
        let mut link = self.begin_execution(plan, &execution, shard, side).await?;
        if head.wants_cursor() {
            link.pins.cursors = true;
            let lent = link.lease.known_statement(&execution.text, execution.kinds);
            lent.iter().for_each(|id| link.lease.statements.lend(*id));
            statement.cursor = lent.map(|id| Open::On(shard, id));
        }
        let kind = AnswerKind::Execute { cursor: head.wants_cursor() };
        self.relay_answer(plan, &statement.text, link, kind, false).await
    }

    /// Sends an execution to a shard; its answer is to be read from the connection.
    pub(super) async fn begin_execution(
        &mut self,
        plan: &Plan,
        execution: &Execution,
        shard: ShardId,
        side: Side,
    ) -> Result<Link, ClientMessage> {
        let mut link = self.obtain(shard, side).await?;
        self.before_sending(plan, &mut link).await?;
        if plan.kind.may_change_rows() {
            self.txn.note_write(shard);
        }
        let sent = {
            let mut watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
            prepared::send(&mut link.lease, execution, &mut watch).await
        };
        match sent {
            Ok(()) => Ok(link),
            Err(failure) => Err(self.not_prepared(failure, link).await),
        }
    }

    /// COM_STMT_FETCH: rows from the connection on which the cursor is open.
    pub(super) async fn fetch(&mut self, id: u32, rows: u32) -> Result<(), ClientMessage> {
        let statement = self.statements.by_id.get(&id).ok_or_else(unknown_statement)?;
        let no_cursor = || {
            let text = format!("The statement ({id}) has no open cursor.");
            ClientMessage::new(codes::STMT_HAS_NO_OPEN_CURSOR, text)
        };
        let Open::On(shard, server_id) = statement.cursor.ok_or_else(no_cursor)? else {
            return self.end_fetching(id).await;
        };
        let plan = Arc::clone(&statement.plan);
        let mut link = self.links.take(shard, Side::Primary).ok_or_else(no_cursor)?;
        let mut payload = Vec::new();
        Command::StmtFetch { statement_id: server_id, rows }.write(&mut payload);
        self.send_payload(&mut link, &payload).await?;
        self.relay_answer(&plan, b"", link, AnswerKind::Fetch, false).await
    }

    /// The answer to a fetch from a cursor without rows, which ends it.
    async fn end_fetching(&mut self, id: u32) -> Result<(), ClientMessage> {
        if let Some(statement) = self.statements.by_id.get_mut(&id) {
            statement.cursor = None;
        }
        let status = self.status() | StatusFlags::SERVER_STATUS_LAST_ROW_SENT;
        let ok = OkPacket { status, ..OkPacket::default() };
        let mut out = Vec::new();
        let at = packet::begin(&mut out);
        response::write_end_of_rows(&mut out, &ok, self.class.deprecate_eof(), self.class.session_track());
        packet::finish(&mut out, at, &mut self.client.seq);
        self.send(&out).await
    }

    /// COM_STMT_RESET.
    pub(super) async fn reset_statement(&mut self, id: u32) -> Result<(), ClientMessage> {
        let mut statement = self.statements.by_id.remove(&id).ok_or_else(unknown_statement)?;
        statement.long_data.clear();
        statement.long_data_failed = false;
        let closed = self.close_cursor(&mut statement).await;
        self.statements.by_id.insert(id, statement);
        closed?;
        self.send_ok(crate::wire::response::OkPacket::default(), false).await
    }

    async fn close_cursor(&mut self, statement: &mut Prepared) -> Result<(), ClientMessage> {
        let Some(Open::On(shard, server_id)) = statement.cursor.take() else { return Ok(()) };
        let Some(mut link) = self.links.take(shard, Side::Primary) else { return Ok(()) };
        let mut payload = Vec::new();
        Command::StmtReset(server_id).write(&mut payload);
        link.lease.ask(&payload, AnswerKind::Single, &self.interrupt).await?;
        link.lease.statements.discard(server_id);
        let mut cursors = self.statements.by_id.values().filter_map(|other| other.cursor);
        let others = cursors.any(|cursor| matches!(cursor, Open::On(on, _) if on == shard));
        link.pins.cursors = others;
        self.links.put(link);
        Ok(())
    }

    /// COM_STMT_SEND_LONG_DATA: kept until the execution. There is no answer, not even to an error.
    pub(super) fn long_data(&mut self, id: u32, param: u16, data: &[u8]) {
        let Some(statement) = self.statements.by_id.get_mut(&id) else { return };
        let total: usize = statement.long_data.values().map(Vec::len).sum();
        if param >= statement.params || total + data.len() > MAX_LONG_DATA {
            statement.long_data_failed = true;
            return;
        }
        statement.long_data.entry(param).or_default().extend_from_slice(data);
    }

    /// COM_STMT_CLOSE. The servers keep the statement for whoever prepares the same text next.
    pub(super) fn close_statement(&mut self, id: u32) {
        if let Some(statement) = self.statements.by_id.remove(&id)
            && let Some(Open::On(shard, _)) = statement.cursor
        {
            // The cursor dies with its connection's next reset; until then the connection is not given back.
            for link in self.links.held_mut().iter_mut().filter(|link| link.shard == shard) {
                link.lease.spoil();
                link.pins.cursors = false;
            }
            self.links.give_back_unpinned();
        }
    }
}

impl Statements {
    /// MariaDB's drivers execute without waiting for what PREPARE says, and call the statement -1 then (10.2.1).
    fn meant(&self, id: u32) -> u32 {
        if id == u32::MAX { self.prepared_last } else { id }
    }

    fn next_id(&mut self) -> u32 {
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            if self.last_id != 0 && !self.by_id.contains_key(&self.last_id) {
                return self.last_id;
            }
        }
    }
}

/// One server reads a text once. Here it is read again by each server that executes it.
pub(super) fn prepared_otherwise() -> ClientMessage {
    ClientMessage::unsupported(
        "executing a statement that was prepared under an sql_mode or a character set in which its text meant something else: prepare it again",
    )
}

fn unknown_statement() -> ClientMessage {
    ClientMessage::new(codes::UNKNOWN_STMT_HANDLER, "Unknown prepared statement handler given to mysqld_stmt_execute")
}

fn is_marker(token: &Token) -> bool {
    token.kind == TokenKind::Param
}

/// What servers say of LOAD DATA.
fn not_preparable() -> ClientMessage {
    ClientMessage::new(codes::UNSUPPORTED_PS, "This command is not supported in the prepared statement protocol yet")
}
