//! DDL on several shards, and SHOW DDL, RESUME DDL and ROLLBACK DDL.
//!
//! The tables are looked at on all shards, the statement is written down in the journal, runs on the first shard (what is
//! wrong with it shows there, and nothing has been altered then) and on all others at once. What fails on some of them only
//! stays in the journal, for RESUME DDL or ROLLBACK DDL by any ShardGate.

use std::sync::Arc;

use super::configuration::Wish;
use super::error::ClientMessage;
use super::query::Statement;
use super::response::LocalColumn;
use super::session::Session;
use super::shared::Setup;
use crate::backend::settings::Settings;
use crate::exec::conditions::Condition;
use crate::exec::ddl::{self as run, Change, Changed, Journal, Outcomes, Part, Place};
use crate::exec::failure::Failure;
use crate::exec::links::Side;
use crate::exec::recovery;
use crate::exec::tally::{self, Tally, Written};
use crate::exec::write::{Command, Order, Share};
use crate::plan::{DdlPlan, Plan, Route, TableEffect};
use crate::sharding::{DatabaseId, Schema, ShardId, ShardSet};
use crate::txn::ddl::{self, Effect, Print};
use crate::txn::ddl_journal::ShardState;
use crate::txn::in_flight::{InFlight, Place as CrashPlace};
use crate::wire::StatusFlags;
use crate::wire::error_code as codes;
use crate::wire::response::OkPacket;
use crate::wire::{ColumnFlags, ColumnType};

/// The last count of ALTER TABLE's info line.
const WARNINGS: &str = "Warnings: ";

/// How the shards of one statement ended.
struct Ran {
    done: Vec<(ShardId, Written)>,
    failed: Vec<(ShardId, Failure)>,
}

impl Session {
    /// DDL whose route has several shards. There is no transaction around it on the servers either.
    pub(super) async fn ddl(
        &mut self,
        plan: &Arc<Plan>,
        statement: &Statement<'_>,
        shards: &ShardSet,
    ) -> Result<(), ClientMessage> {
        let orders = self.orders(plan, statement, shards);
        let changed = match plan.ddl().filter(|_| !self.links.has_table_locks()) {
            Some(ddl) => self.change(ddl, statement, orders).await,
            // What changes no table, or happens where only the session's own connections may touch the tables.
            None => {
                let ran = self.change_on(orders).await;
                self.outcome_of(ran, None)
            }
        };
        let written = match changed {
            Ok(written) => written,
            Err(message) => {
                self.tables_were_changed().await;
                return Err(message);
            }
        };
        self.tables_were_changed().await;
        let written = self.total(plan, &written);
        self.last.row_count = i64::try_from(written.affected_rows).unwrap_or(i64::MAX);
        self.diagnostics.clear();
        let mut conditions = written.conditions.clone();
        self.rename_conditions(&mut conditions, None);
        self.diagnostics.set(conditions);
        self.send_ok(tally::ok_packet(&written, StatusFlags::empty()), statement.more_follows).await
    }

    /// One answer out of many: rows are counted over the shards of a sharded table, warnings are those of the first shard.
    fn total(&self, plan: &Plan, written: &[(ShardId, Written)]) -> Written {
        let parts: Vec<Written> = written.iter().map(|(_, written)| written.clone()).collect();
        let tally = if plan.ddl().is_some_and(|ddl| ddl.is_of_copies) { Tally::Same } else { Tally::Sum };
        let mut total = tally::total(&parts, tally);
        if let Some(first) = parts.into_iter().next() {
            total.warnings = first.warnings;
            let info = String::from_utf8_lossy(&total.info).into_owned();
            if let Some((counts, _)) = info.rsplit_once(WARNINGS) {
                total.info = format!("{counts}{WARNINGS}{}", first.warnings).into_bytes();
            }
            total.conditions = first.conditions;
        }
        total
    }

    /// Runs DDL of ShardGate's own making, without an answer for the client.
    pub(super) async fn change_by(&mut self, sql: &[u8]) -> Result<(), ClientMessage> {
        let plan = self.plan(sql)?;
        self.check_access(&plan)?;
        let shards = match plan.bind(&self.binding(sql))? {
            Route::One(shard) => ShardSet::single(shard),
            Route::Scatter(shards) => shards,
            _ => return Err(ClientMessage::unsupported("such a statement about tables")),
        };
        let statement = Statement { sql, more_follows: false };
        let orders = self.orders(&plan, &statement, &shards);
        let changed = match plan.ddl().filter(|_| shards.len() > 1) {
            Some(ddl) => self.change(ddl, &statement, orders).await,
            None => {
                let ran = self.change_on(orders).await;
                self.outcome_of(ran, None)
            }
        };
        self.tables_were_changed().await;
        changed.map(drop)
    }

    async fn change(
        &mut self,
        plan: &DdlPlan,
        statement: &Statement<'_>,
        orders: Vec<(ShardId, Order)>,
    ) -> Result<Vec<(ShardId, Written)>, ClientMessage> {
        let (setup, in_flight) = (Arc::clone(&self.setup), Arc::clone(&self.shared.in_flight));
        let schema = Arc::clone(&self.schema);
        let place = ddl_place(&setup, &schema, &in_flight);
        let tables = changed_tables(plan, &schema);
        let mut journal = Journal::open(place).await?;
        let locks = journal.take_turn(&tables).await?;
        let shards: Vec<ShardId> = orders.iter().map(|(shard, _)| *shard).collect();
        let (surveys, prints) = run::survey(place, &tables, &shards).await?;
        ddl::check(&surveys, plan.is_tolerant)?;
        let change = Change {
            database: self.database().map(|id| schema.database_of(id).name.clone()).unwrap_or_default(),
            statement: statement.sql.to_vec(),
            settings: self.settings_of_change(),
            parts: parts(&schema, &tables, &orders, prints, plan),
            tables,
        };
        let id = journal.record(&change, &locks).await?;
        recovery::die_at(&in_flight, CrashPlace::DdlRecorded);
        let ran = self.run_in_order(orders).await;
        if ran.failed.is_empty() || ran.left_nothing() {
            journal.forget(id).await?;
        } else {
            for (shard, _) in &ran.done {
                journal.note(id, &schema.shard(*shard).name, ShardState::Done, "").await?;
            }
            for (shard, failure) in &ran.failed {
                journal.note(id, &schema.shard(*shard).name, ShardState::Failed, &failure.to_string()).await?;
            }
        }
        journal.announce().await?;
        self.outcome_of(ran, Some(id))
    }

    /// What a statement about tables depends on, for whoever resumes it.
    fn settings_of_change(&self) -> String {
        const NAMES: [&str; 7] = [
            "character_set_client",
            "character_set_results",
            "collation_connection",
            "sql_mode",
            "time_zone",
            "foreign_key_checks",
            "unique_checks",
        ];
        let mut settings = Settings::default();
        for name in NAMES {
            if let Some(value) = self.settings.get(name) {
                settings.set(name, value);
            }
        }
        settings.difference(&Settings::default(), |name| name).unwrap_or_default()
    }

    /// On the first shard, and where that goes well, on all others at once. An error from the first has altered nothing.
    async fn run_in_order(&mut self, mut orders: Vec<(ShardId, Order)>) -> Ran {
        let rest = orders.split_off(1.min(orders.len()));
        let mut ran = self.change_on(orders).await;
        if ran.failed.is_empty() {
            recovery::die_at(&self.shared.in_flight, CrashPlace::DdlBegun);
            let others = self.change_on(rest).await;
            ran.done.extend(others.done);
            ran.failed.extend(others.failed);
        }
        ran
    }

    async fn change_on(&mut self, orders: Vec<(ShardId, Order)>) -> Ran {
        let mut ran = Ran { done: Vec::new(), failed: Vec::new() };
        let mut shares = Vec::new();
        for (shard, order) in orders {
            match self.obtain(shard, Side::Primary).await {
                Ok(link) => shares.push(Share { link, order, before: Vec::new() }),
                Err(message) => ran.failed.push((shard, Failure::Server { code: message.code, message: message.text })),
            }
        }
        for (link, done) in run::run(shares, &self.interrupt).await {
            let shard = link.shard;
            match done {
                Ok(written) => ran.done.push((shard, written)),
                Err(failure) => ran.failed.push((shard, failure)),
            }
            self.keep_usable(vec![link]);
        }
        ran
    }

    /// What the client is told, by what became of all shards.
    fn outcome_of(&self, mut ran: Ran, id: Option<u64>) -> Result<Vec<(ShardId, Written)>, ClientMessage> {
        if ran.failed.is_empty() {
            return Ok(ran.done);
        }
        let names = |shards: Vec<ShardId>| {
            shards.into_iter().map(|shard| self.schema.shard(shard).name.clone()).collect::<Vec<_>>().join(", ")
        };
        let done = names(ran.done.iter().map(|(shard, _)| *shard).collect());
        let failed = names(ran.failed.iter().map(|(shard, _)| *shard).collect());
        let is_clean = ran.left_nothing();
        let (shard, failure) = ran.failed.swap_remove(0);
        let message = self.in_logical_names(failure.into(), Some(shard));
        if is_clean {
            return Err(message);
        }
        let hint = match id {
            Some(id) => format!("SHOW DDL tells more, RESUME DDL {id} tries again"),
            None => "the tables differ between the shards now".to_owned(),
        };
        let text = format!("{} (ShardGate: done on the shards {done}, failed on {failed}; {hint})", message.text);
        Err(ClientMessage { text, ..message })
    }

    /// CREATE DATABASE and DROP DATABASE: which databases there are, the rules say.
    pub(super) async fn create_or_drop_database(
        &mut self,
        creates: bool,
        name: &str,
        is_tolerant: bool,
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let is_there = self.schema.database(name).is_some();
        if !self.may_use(name) {
            return Err(self.access_denied(name));
        }
        let (code, text) = match (creates, is_there) {
            (true, true) => (codes::DB_CREATE_EXISTS, format!("Can't create database '{name}'; database exists")),
            (false, false) => (codes::DB_DROP_EXISTS, format!("Can't drop database '{name}'; database doesn't exist")),
            (true, false) => {
                return Err(ClientMessage::unsupported(&format!(
                    "CREATE DATABASE of '{name}', for which there is no rule file: write one, and reload the configuration"
                )));
            }
            (false, true) => {
                return Err(ClientMessage::unsupported("DROP DATABASE: drop its tables, then take its rules out"));
            }
        };
        if !is_tolerant {
            return Err(ClientMessage::new(code, text));
        }
        let code = code.number.to_string();
        self.diagnostics.set(vec![Condition { level: "Note".to_owned(), code, message: text }]);
        self.last.row_count = 0;
        // MySQL counts the database that it found.
        let affected_rows = u64::from(creates && !self.mode.mariadb);
        self.send_ok(OkPacket { affected_rows, warnings: 1, ..OkPacket::default() }, more_follows).await
    }

    /// SHOW DDL: the changes that are not done everywhere, shard by shard.
    pub(super) async fn show_ddl(&mut self, more_follows: bool) -> Result<(), ClientMessage> {
        let (setup, in_flight) = (Arc::clone(&self.setup), Arc::clone(&self.shared.in_flight));
        let schema = Arc::clone(&self.schema);
        let mut journal = Journal::open(ddl_place(&setup, &schema, &in_flight)).await?;
        let mut rows = Vec::new();
        for entry in journal.entries().await? {
            let is_allowed = entry.change.tables.iter().all(|changed| self.may_use(&changed.database));
            let state = match entry.is_running {
                true => "running",
                false if entry.change.parts.iter().any(|part| part.state == ShardState::Failed) => "failed",
                false => "interrupted",
            };
            for part in entry.change.parts.iter().filter(|_| is_allowed) {
                rows.push(vec![
                    Some(entry.id.to_string()),
                    Some(entry.change.database.clone()),
                    Some(String::from_utf8_lossy(&entry.change.statement).into_owned()),
                    Some(entry.created.clone()),
                    Some(state.to_owned()),
                    Some(part.shard.clone()),
                    Some(part.state.word().to_owned()),
                    Some(part.error.clone()),
                ]);
            }
        }
        let id = LocalColumn::number("Id", ColumnType::MYSQL_TYPE_LONGLONG, ColumnFlags::UNSIGNED_FLAG, 20);
        let columns: Vec<LocalColumn> = std::iter::once(id)
            .chain([("Database", 64), ("Statement", 65_535), ("Started", 19), ("State", 16)].map(text))
            .chain([("Shard", 64), ("Shard_state", 16), ("Error", 65_535)].map(text))
            .collect();
        self.send_table(&columns, &rows, more_follows).await
    }

    /// RESUME DDL.
    pub(super) async fn resume_ddl(&mut self, id: u64, more_follows: bool) -> Result<(), ClientMessage> {
        let (setup, in_flight) = (Arc::clone(&self.setup), Arc::clone(&self.shared.in_flight));
        let schema = Arc::clone(&self.schema);
        self.check_ddl_access(id).await?;
        let outcomes = run::resume(ddl_place(&setup, &schema, &in_flight), id).await?;
        self.tables_were_changed().await;
        self.send_outcomes(outcomes, more_follows).await
    }

    /// ROLLBACK DDL.
    pub(super) async fn roll_back_ddl(&mut self, id: u64, more_follows: bool) -> Result<(), ClientMessage> {
        let (setup, in_flight) = (Arc::clone(&self.setup), Arc::clone(&self.shared.in_flight));
        let schema = Arc::clone(&self.schema);
        self.check_ddl_access(id).await?;
        let outcomes = run::roll_back(ddl_place(&setup, &schema, &in_flight), id).await?;
        self.tables_were_changed().await;
        self.send_outcomes(outcomes, more_follows).await
    }

    async fn check_ddl_access(&mut self, id: u64) -> Result<(), ClientMessage> {
        let (setup, in_flight) = (Arc::clone(&self.setup), Arc::clone(&self.shared.in_flight));
        let schema = Arc::clone(&self.schema);
        let mut journal = Journal::open(ddl_place(&setup, &schema, &in_flight)).await?;
        let entries = journal.entries().await?;
        let tables = entries.iter().filter(|entry| entry.id == id).flat_map(|entry| &entry.change.tables);
        for changed in tables {
            if !self.may_use(&changed.database) {
                return Err(self.access_denied(&changed.database));
            }
        }
        Ok(())
    }

    async fn send_outcomes(&mut self, outcomes: Outcomes, more_follows: bool) -> Result<(), ClientMessage> {
        let row = |(shard, done): (String, Result<(), String>)| match done {
            Ok(()) => vec![Some(shard), Some("done".to_owned()), Some(String::new())],
            Err(error) => vec![Some(shard), Some("failed".to_owned()), Some(error)],
        };
        let rows: Vec<_> = outcomes.into_iter().map(row).collect();
        let columns = [("Shard", 64), ("Shard_state", 16), ("Error", 65_535)].map(text);
        self.send_table(&columns, &rows, more_follows).await
    }

    /// Whether it may change a table that has a rule: of others nothing is known here that could change.
    pub(super) fn changes_ruled_tables(&self, plan: &Plan) -> bool {
        let has_rule = |(database, table, _): &(DatabaseId, String, TableEffect)| {
            self.schema.database_of(*database).table(table).is_some()
        };
        plan.ddl().is_none_or(|ddl| ddl.targets.iter().any(has_rule))
    }

    /// Waits until this ShardGate knows the tables as they are now.
    pub(super) async fn tables_were_changed(&mut self) {
        // Where nobody can be asked they are looked at within a minute.
        let _ = self.ordered(Wish::LookAtTables).await;
        self.setup_is_current();
    }
}

impl Ran {
    /// Nothing was done, and all shards that were asked refused for one reason.
    fn left_nothing(&self) -> bool {
        let code = |failure: &Failure| match failure {
            Failure::Server { code, .. } => Some(*code),
            _ => None,
        };
        let first = self.failed.first().and_then(|(_, failure)| code(failure));
        self.done.is_empty() && first.is_some() && self.failed.iter().all(|(_, failure)| code(failure) == first)
    }
}

fn ddl_place<'a>(setup: &'a Setup, schema: &'a Schema, in_flight: &'a InFlight) -> Place<'a> {
    let cluster = &in_flight.options.cluster;
    Place { topology: &setup.topology, schema, tables: &in_flight.journal, cluster }
}

fn text((name, length): (&str, u32)) -> LocalColumn {
    LocalColumn::text(name, length)
}

fn changed_tables(plan: &DdlPlan, schema: &Schema) -> Vec<Changed> {
    let changed = |(database, table, effect): &(DatabaseId, String, TableEffect)| Changed {
        database: schema.database_of(*database).name.clone(),
        table: table.clone(),
        effect: match effect {
            TableEffect::Creates => Effect::Creates,
            TableEffect::Drops => Effect::Drops,
            TableEffect::Changes => Effect::Changes,
        },
    };
    plan.targets.iter().map(changed).collect()
}

fn parts(
    schema: &Schema,
    tables: &[Changed],
    orders: &[(ShardId, Order)],
    prints: Vec<Print>,
    plan: &DdlPlan,
) -> Vec<Part> {
    let undo = |shard: ShardId, was: &Print| match (plan.undo, tables) {
        (Some(word), [only]) if was.0 == [None] => run::undo(schema, word, only, shard),
        _ => String::new(),
    };
    let part = |((shard, order), was): (&(ShardId, Order), Print)| Part {
        shard: schema.shard(*shard).name.clone(),
        text: match &order.command {
            Command::Text(text) => text.clone(),
            Command::File(intake) => intake.text.clone(),
            Command::Prepared(execution) => execution.text.clone(),
        },
        undo: undo(*shard, &was),
        was,
        state: ShardState::Waiting,
        error: String::new(),
    };
    orders.iter().zip(prints).map(part).collect()
}
