//! Statements that ShardGate acts on itself.

use std::ops::Range;

use super::configuration::Wish;
use super::error::ClientMessage;
use super::query::Statement;
use super::registry::KillOutcome;
use super::response::{self, LocalColumn};
use super::session::Session;
use super::transactions::{End, isolation};
use crate::backend::error::Reason;
use crate::exec::links::{Link, Need, Side};
use crate::plan::Plan;
use crate::sql::control::{Control, Diagnostics as What, KillTarget, TransactionScope};
use crate::sql::{Lexer, TokenKind};
use crate::txn::transaction::Characteristics;
use crate::wire::column::BINARY_COLLATION;
use crate::wire::error_code as codes;
use crate::wire::response::OkPacket;
use crate::wire::{ColumnFlags, ColumnType, text};

impl Session {
    pub(super) async fn control(
        &mut self,
        control: &Control,
        plan: &Plan,
        statement: &Statement<'_>,
    ) -> Result<(), ClientMessage> {
        match control {
            Control::Xa(verb) => return self.xa(*verb, statement).await,
            Control::Begin { .. } | Control::Commit { .. } | Control::Rollback { .. } if self.txn.is_client_xa() => {
                self.refuse_in_xa()?;
            }
            Control::Begin { read_only, consistent_snapshot } => {
                self.begin(Characteristics {
                    isolation: None,
                    read_only: *read_only,
                    consistent_snapshot: *consistent_snapshot,
                })
                .await?;
            }
            Control::Commit { chain, release } => return self.end(End::Commit, *chain, *release, statement).await,
            Control::Rollback { chain, release } => return self.end(End::Rollback, *chain, *release, statement).await,
            Control::Savepoint(name) => self.savepoint(name).await?,
            Control::RollbackTo(name) => self.roll_back_to(name).await?,
            Control::ReleaseSavepoint(name) => self.release_savepoint(name).await?,
            Control::SetTransaction { scope, isolation: level, read_only } => {
                self.set_transaction(*scope, level.map(isolation), *read_only)?;
            }
            Control::Use(name) => self.use_database(name)?,
            Control::Set(assignments) => return self.set(assignments, plan, statement).await,
            Control::SetSelected(set) => return Box::pin(self.set_selected(set, statement.more_follows)).await,
            Control::Kill { query_only, target } => {
                let id = match target {
                    KillTarget::Id(id) => *id,
                    KillTarget::Expression(place) => self.killed(plan, statement.sql, place.clone()).await?,
                };
                self.kill(id, *query_only)?;
            }
            Control::LockTables(locks) => self.lock_tables(locks).await?,
            Control::UnlockTables => self.unlock_tables().await?,
            Control::ShowDdl => return self.show_ddl(statement.more_follows).await,
            Control::MendDdl(verb, id) => return self.mend_ddl(*verb, *id, statement.more_follows).await,
            Control::Database { creates, name, is_tolerant } => {
                let more_follows = statement.more_follows;
                return self.create_or_drop_database(*creates, name, *is_tolerant, more_follows).await;
            }
            Control::SetStatement { assignments, statement: place } => {
                let inner = Statement { sql: &statement.sql[place.clone()], ..*statement };
                return self.set_statement(&statement.sql[assignments.clone()], &inner).await;
            }
            Control::ExplainRoute { statement: place, analyze } => {
                let inner = statement.sql.get(place.clone()).unwrap_or_default();
                return self.explain_route(inner, *analyze, statement.more_follows).await;
            }
            Control::ShowDiagnostics { what, count, limit } => {
                return self.show_diagnostics(*what, *count, *limit, statement.more_follows).await;
            }
            Control::ShowDatabases { filter } => return self.show_databases(filter.as_ref(), statement).await,
            Control::ShowSessions { full } => return self.show_sessions(*full, statement.more_follows).await,
            Control::ShowVariables => return self.show_variables(statement.sql, statement.more_follows).await,
            Control::ShowGrants => return self.show_grants(statement.more_follows).await,
            Control::ShowCatalog(show) => {
                return self.show_catalog(show, statement.sql, statement.more_follows).await;
            }
            Control::ShowShard { table, key } => {
                let table = (table.database.as_deref(), table.table.as_str());
                return self.show_shard(table, key.clone(), statement).await;
            }
            Control::ReloadConfig => return self.order(Wish::Reload, statement.more_follows).await,
            Control::CheckReference { tables } => {
                return self.check_references(tables, statement.more_follows).await;
            }
            Control::Maintain(what) => return self.maintain(what, statement).await,
            Control::ShowRules => return self.show_rules(statement.more_follows).await,
            Control::ChangeRule { verb, table, body } => {
                let body = String::from_utf8_lossy(statement.sql.get(body.clone()).unwrap_or_default());
                return self.change_rule(*verb, table, &body, statement.more_follows).await;
            }
            Control::CreateWithRule(create) => return self.create_with_rule(create, statement).await,
            Control::CreateSelect(create) => return Box::pin(self.create_select(create, statement)).await,
            Control::DropEach { places, is_tolerant, are_views } => {
                return Box::pin(self.drop_each(places, (*is_tolerant, *are_views), statement)).await;
            }
            Control::RollbackConfig => return self.order(Wish::Rollback, statement.more_follows).await,
            Control::Prepare { name, source } => {
                return self.prepare_text(name, source, statement.more_follows).await;
            }
            Control::Execute { name, using } => return self.execute_text(name, using, statement.more_follows).await,
            Control::ExecuteImmediate { source, using } => {
                return self.execute_immediate(source, using, statement.more_follows).await;
            }
            Control::Deallocate { name } => self.deallocate_text(name)?,
        }
        self.diagnostics.clear();
        self.accept(statement.more_follows).await
    }

    async fn end(
        &mut self,
        end: End,
        chain: Option<bool>,
        release: Option<bool>,
        statement: &Statement<'_>,
    ) -> Result<(), ClientMessage> {
        let (chain, release) = self.completion(chain, release);
        let again = chain.then(|| self.txn.characteristics());
        self.end_transaction(end).await?;
        // What was said of the next transaction is used up, even where there was none.
        self.txn.take_next();
        if let Some(characteristics) = again {
            // On a server, too, a transaction ends what LOCK TABLES did.
            self.unlock_tables().await?;
            self.txn.begin(characteristics);
        }
        self.diagnostics.clear();
        self.accept(statement.more_follows).await?;
        self.ends |= release;
        Ok(())
    }

    /// Whether another transaction begins and whether the session ends: as the statement says, else as `completion_type` does.
    fn completion(&self, chain: Option<bool>, release: Option<bool>) -> (bool, bool) {
        let usual = self.settings.get("completion_type").unwrap_or_default().trim_matches('\'').to_ascii_uppercase();
        let is_usual = |names: [&str; 2]| names.contains(&usual.as_str());
        (chain.unwrap_or(is_usual(["CHAIN", "1"])), release.unwrap_or(is_usual(["RELEASE", "2"])))
    }

    pub(super) fn set_transaction(
        &mut self,
        scope: TransactionScope,
        level: Option<crate::txn::transaction::Isolation>,
        read_only: Option<bool>,
    ) -> Result<(), ClientMessage> {
        match scope {
            TransactionScope::Global => {
                Err(ClientMessage::unsupported("SET GLOBAL TRANSACTION: set it on the servers themselves"))
            }
            TransactionScope::Session => {
                self.change_settings(|settings| {
                    if let Some(level) = level {
                        settings.set("transaction_isolation", level.variable_value());
                    }
                    if let Some(only) = read_only {
                        settings.set("transaction_read_only", if only { "1" } else { "0" });
                    }
                });
                Ok(())
            }
            TransactionScope::NextOnly if self.txn.is_open() => Err(ClientMessage::new(
                codes::CANT_CHANGE_TX_CHARACTERISTICS,
                "Transaction characteristics can't be changed while a transaction is in progress",
            )),
            TransactionScope::NextOnly => {
                self.txn.set_next(level, read_only);
                Ok(())
            }
        }
    }

    /// The connection id that an expression of KILL gives: a server computes it.
    async fn killed(&mut self, plan: &Plan, sql: &[u8], place: Range<usize>) -> Result<u64, ClientMessage> {
        let expression = sql.get(place).unwrap_or_default();
        let mut tokens = Lexer::new(expression, self.mode);
        if tokens.any(|token| token.is_word(expression, "SELECT") || token.kind == TokenKind::Param) {
            return Err(ClientMessage::unsupported("KILL with a subquery or a parameter"));
        }
        let shard = self.home_shard(&self.schema);
        let text = [b"SELECT CAST((", self.with_local_values(expression).as_slice(), b") AS UNSIGNED)"].concat();
        let asking = self.asking();
        let need = Need { settings: &asking, ..self.need().2 };
        let mut link = Link::apart(&need, shard, Side::Primary).await?;
        self.bring_user_variables(&mut link, plan).await?;
        let answer = link.lease.query(&text, &self.interrupt).await?;
        link.lease.give_back();
        match answer.error() {
            Some(error) if error.code == codes::PARSE_ERROR => {
                return Err(ClientMessage::unsupported("KILL with anything but a connection id"));
            }
            Some(error) => return Err(error.into()),
            None => {}
        }
        let (_, rows) = answer.table();
        let cell = rows.first().and_then(|row| text::cells(row).next()).and_then(Result::ok).flatten();
        // NULL is 0 there.
        Ok(cell.and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse().ok()).unwrap_or_default())
    }

    /// KILL, and COM_PROCESS_KILL.
    pub(super) fn kill(&mut self, id: u64, query_only: bool) -> Result<(), ClientMessage> {
        // MySQL's ids have 32 bits, whatever it is told.
        let id = if self.mode.mariadb { id } else { id & u64::from(u32::MAX) };
        let unknown = || ClientMessage::new(codes::NO_SUCH_THREAD, format!("Unknown thread id: {id}"));
        let target = u32::try_from(id).map_err(|_| unknown())?;
        let reason = if query_only { Reason::QueryKilled } else { Reason::SessionKilled };
        if target == self.registered.entry.id {
            // On a server, too, the statement that kills its own session ends with this error.
            let (code, text) = match self.mode.mariadb && !query_only {
                true => (codes::CONNECTION_KILLED, "Connection was killed"),
                false => (codes::QUERY_INTERRUPTED, "Query execution was interrupted"),
            };
            return Err(ClientMessage { fatal: !query_only, ..ClientMessage::new(code, text) });
        }
        match self.shared.registry.kill(target, reason, Some(&self.user.name)) {
            KillOutcome::Done => Ok(()),
            KillOutcome::NoSuchSession => Err(unknown()),
            KillOutcome::NotOwner => {
                Err(ClientMessage::new(codes::KILL_DENIED_ERROR, format!("You are not owner of thread {id}")))
            }
        }
    }

    async fn show_diagnostics(
        &mut self,
        what: What,
        count: bool,
        limit: Option<(u64, u64)>,
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let errors_only = what == What::Errors;
        if count {
            let number = match errors_only {
                true => self.diagnostics.conditions(true).count() as u64,
                false => self.diagnostics.warning_count,
            };
            let name = if errors_only { "@@session.error_count" } else { "@@session.warning_count" };
            let column = LocalColumn::number(name, ColumnType::MYSQL_TYPE_LONGLONG, ColumnFlags::UNSIGNED_FLAG, 21);
            self.last.row_count = -1;
            self.last.found_rows = 1;
            return self.send_rows(&[column], &[vec![Some(number.to_string())]], more_follows).await;
        }
        let (offset, rows) = limit.unwrap_or((0, u64::MAX));
        let conditions = self.diagnostics.conditions(errors_only);
        let shown = conditions.skip(usize::try_from(offset).unwrap_or(usize::MAX));
        let shown = shown.take(usize::try_from(rows).unwrap_or(usize::MAX));
        let cells: Vec<_> =
            shown.map(|c| vec![Some(c.level.clone()), Some(c.code.clone()), Some(c.message.clone())]).collect();
        let columns = [
            LocalColumn { flags: ColumnFlags::NOT_NULL_FLAG, ..LocalColumn::text("Level", 7) },
            LocalColumn::number(
                "Code",
                ColumnType::MYSQL_TYPE_LONG,
                ColumnFlags::NOT_NULL_FLAG | ColumnFlags::UNSIGNED_FLAG,
                if self.mode.mariadb { 4 } else { 5 },
            ),
            LocalColumn { flags: ColumnFlags::NOT_NULL_FLAG, ..LocalColumn::text("Message", 512) },
        ];
        self.send_rows(&columns, &cells, more_follows).await
    }

    /// A result set of ShardGate's own, which also counts as the session's last statement.
    pub(super) async fn send_table(
        &mut self,
        columns: &[LocalColumn],
        rows: &[Vec<Option<String>>],
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        self.last.row_count = -1;
        self.last.found_rows = rows.len() as u64;
        self.diagnostics.clear();
        self.send_rows(columns, rows, more_follows).await
    }

    /// A column of ShardGate's own, with what depends on the session's character set and the kind of server.
    pub(super) fn as_servers_describe(&self, column: &LocalColumn) -> LocalColumn {
        let mut described = column.clone();
        if column.charset != BINARY_COLLATION {
            described.charset = self.results_collation;
            // "Not fixed", in the two families.
            described.decimals = if self.mode.mariadb { 39 } else { 31 };
        }
        described
    }

    pub(super) async fn send_rows(
        &mut self,
        columns: &[LocalColumn],
        rows: &[Vec<Option<String>>],
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let mut end = OkPacket { status: self.status(), ..OkPacket::default() };
        end.status.set(crate::wire::StatusFlags::SERVER_MORE_RESULTS_EXISTS, more_follows);
        let mut out = Vec::new();
        let form = self.form();
        let columns: Vec<_> = columns.iter().map(|column| self.as_servers_describe(column)).collect();
        response::result_set(&mut out, &mut self.client.seq, &columns, rows, &end, form);
        self.send(&out).await
    }
}
