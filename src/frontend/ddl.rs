//! DDL on several shards.
//!
//! The tables are looked at on all shards, and rows that would be in the way are looked for; the statement is written down in
//! the journal, runs on the first shard (what is wrong with it shows there, and nothing has been altered then) and on all
//! others at once. What fails on some of them only stays in the journal (`ddl_journal.rs`).

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::configuration::Wish;
use super::error::ClientMessage;
use super::query::Statement;
use super::session::Session;
use super::shared::{Setup, Shared};
use super::transactions::End;
use crate::backend::settings::Settings;
use crate::exec::conditions::Condition;
use crate::exec::ddl::definitions::{survey, undo as undo_of};
use crate::exec::ddl::trial::{self, Attempt, Obstacle};
use crate::exec::ddl::{self as run, Change, Changed, DdlError, Journal, Part, Place, mend, numbers};
use crate::exec::failure::Failure;
use crate::exec::links::Side;
use crate::exec::recovery;
use crate::exec::tally::{self, Tally, Written};
use crate::exec::write::{self as writes, Command, Order, Share};
use crate::plan::{DdlPlan, Plan, Route, TableEffect};
use crate::sharding::schema::same_name;
use crate::sharding::{DatabaseId, Placement, Schema, ShardId, ShardSet};
use crate::sql::definition;
use crate::txn::ddl::{self, Effect, Objection, Print};
use crate::txn::ddl_journal::ShardState;
use crate::txn::ddl_lines::{Hindrance, Rows, Strictness};
use crate::txn::in_flight::Place as CrashPlace;
use crate::txn::transaction::quoted;
use crate::wire::StatusFlags;
use crate::wire::error_code as codes;
use crate::wire::response::OkPacket;

/// The last count of ALTER TABLE's info line.
const WARNINGS: &str = "Warnings: ";

/// How long a part of a statement waits for its table at once, in seconds.
const LONGEST_WAIT: u64 = 64;

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
        let changed = match plan.ddl() {
            Some(ddl) if !self.links.has_table_locks() => self.change(plan, ddl, statement, orders).await,
            // Only the session's own connections may touch the tables.
            Some(_) => {
                let ran = self.change_on(orders, None).await;
                self.outcome_of(ran, None)
            }
            None => {
                let ran = self.change_each(orders).await;
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

    /// DROP TABLE or DROP VIEW of several, one after the other.
    pub(super) async fn drop_each(
        &mut self,
        places: &[Range<usize>],
        (is_tolerant, are_views): (bool, bool),
        statement: &Statement<'_>,
    ) -> Result<(), ClientMessage> {
        self.refuse_in_xa()?;
        if !self.temporary_tables.is_empty() || self.links.has_table_locks() {
            let feature = "dropping several tables on several shards at once while temporary tables or locks are held";
            return Err(ClientMessage::unsupported(feature));
        }
        let verb: &[u8] = if are_views { b"DROP VIEW IF EXISTS " } else { b"DROP TABLE IF EXISTS " };
        let drop_of = |place: &Range<usize>| [verb, &statement.sql[place.clone()]].concat();
        let texts: Vec<Vec<u8>> = places.iter().map(drop_of).collect();
        let mut missing = Vec::new();
        for sql in &texts {
            // What is wrong with one is known before any is dropped.
            let plan = self.plan(sql)?;
            self.check_access(&plan)?;
            // MySQL drops none where one is not there; MariaDB drops the others.
            if !is_tolerant && !self.mode.mariadb {
                missing.extend(self.missing_of(&plan).await?);
            }
        }
        if !missing.is_empty() {
            return Err(unknown_tables(&missing.join(","), false));
        }
        let mut conditions = Vec::new();
        let mut referred = None;
        for sql in &texts {
            match self.change_by(sql).await {
                Ok(more) => conditions.extend(more),
                // MariaDB goes on with the others.
                Err(message) if self.mode.mariadb && message.code == codes::ROW_IS_REFERENCED_2 => {
                    referred = referred.or(Some(message));
                }
                Err(message) => return Err(message),
            }
        }
        if let Some(message) = referred {
            return Err(message);
        }
        self.last.row_count = 0;
        self.diagnostics.clear();
        self.rename_conditions(&mut conditions, None);
        if self.mode.mariadb {
            conditions = with_one_note(conditions);
        }
        let unknown = conditions.iter().find(|condition| is_unknown(condition)).filter(|_| !is_tolerant);
        if let Some(name) = unknown.and_then(|condition| condition.message.split('\'').nth(1)) {
            return Err(unknown_tables(name, self.mode.mariadb && are_views));
        }
        let warnings = u16::try_from(conditions.len()).unwrap_or(u16::MAX);
        self.diagnostics.set(conditions);
        self.send_ok(OkPacket { warnings, ..OkPacket::default() }, statement.more_follows).await
    }

    /// The tables that a DROP names and that are not there, on the first of their shards.
    async fn missing_of(&mut self, plan: &Plan) -> Result<Vec<String>, ClientMessage> {
        let schema = Arc::clone(&self.schema);
        let mut missing = Vec::new();
        for (database, table, _) in plan.ddl().map_or(&[][..], |ddl| &ddl.targets) {
            let database = schema.database_of(*database);
            let rule = database.table(table);
            let shard = rule.and_then(|rule| rule.shard_set().first()).unwrap_or(database.default_shard);
            let physical = rule.map_or(table.as_str(), |rule| rule.physical_name(shard));
            let sql = format!("SHOW COLUMNS FROM {}.{}", quoted(&schema.shard(shard).schema), quoted(physical));
            match self.ask_spare(shard, sql.as_bytes()).await? {
                Ok(_) => {}
                Err(error) if error.code == codes::NO_SUCH_TABLE => missing.push(format!("{}.{table}", database.name)),
                Err(error) => return Err(self.in_logical_names(error, Some(shard))),
            }
        }
        Ok(missing)
    }

    /// Runs DDL of ShardGate's own making, without an answer for the client; what it warned of.
    pub(super) async fn change_by(&mut self, sql: &[u8]) -> Result<Vec<Condition>, ClientMessage> {
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
            Some(ddl) => self.change(&plan, ddl, &statement, orders).await,
            None => {
                let ran = self.change_on(orders, None).await;
                self.outcome_of(ran, None)
            }
        };
        self.tables_were_changed().await;
        changed.map(|written| self.total(&plan, &written).conditions)
    }

    async fn change(
        &mut self,
        plan: &Plan,
        ddl: &DdlPlan,
        statement: &Statement<'_>,
        mut orders: Vec<(ShardId, Order)>,
    ) -> Result<Vec<(ShardId, Written)>, ClientMessage> {
        let (setup, shared) = (Arc::clone(&self.setup), Arc::clone(&self.shared));
        let schema = Arc::clone(&self.schema);
        let place = ddl_place(&shared, &setup, &schema);
        let tables = changed_tables(ddl, &schema);
        let mut journal = Journal::open(place).await?;
        let locks = journal.take_turn(&tables).await?;
        let shards: Vec<ShardId> = orders.iter().map(|(shard, _)| *shard).collect();
        let (surveys, mut prints) = survey(place, &tables, &shards).await?;
        // What its rows get of the time is the same on all shards.
        let now = self.settings.get("timestamp").is_none().then(writes::now);
        let settings = self.settings_of_change(now.as_deref());
        let keys = tables.first().map_or(Vec::new(), |changed| keys_of(&schema, changed));
        let is_made = prints.iter().any(|print| print.0.first() == Some(&None)) || ddl.replaces;
        if is_made {
            self.check_created(ddl, statement.sql, &keys)?;
        }
        let texts = self.trial_texts(plan, statement, &shards, place);
        let attempt = tables.first().filter(|_| texts.len() == shards.len());
        let attempt = attempt.map(|changed| Attempt { changed, keys: &keys, settings: &settings, texts: &texts });
        if let Err(objection) = ddl::check(&surveys, ddl.is_tolerant) {
            let needed = match (&objection, &attempt) {
                (Objection::Differs { .. }, Some(attempt)) => trial::aligned(place, attempt, &shards, &prints).await?,
                _ => None,
            };
            let needed = needed.ok_or(objection)?;
            orders = those(orders, &needed);
            prints = those(prints, &needed);
        }
        if let Some(attempt) = attempt.filter(|_| may_meet_rows(statement.sql)) {
            let shards: Vec<ShardId> = orders.iter().map(|(shard, _)| *shard).collect();
            let strictness = self.strictness(rows_of(&schema, attempt.changed));
            if let Some(obstacle) = trial::obstacle(place, &attempt, &shards, strictness).await? {
                return Err(self.in_the_way(&obstacle));
            }
        }
        let change = Change {
            database: self.database().map(|id| schema.database_of(id).name.clone()).unwrap_or_default(),
            statement: statement.sql.to_vec(),
            settings: settings.clone(),
            parts: parts(&schema, &tables, &orders, prints, ddl),
            tables,
        };
        let restarts = numbers::before(&mut journal, place, &change).await?;
        let id = journal.record(&change, &locks).await?;
        recovery::die_at(&shared.in_flight, CrashPlace::DdlRecorded);
        let ran = self.run_in_order(orders, now.as_deref()).await;
        if ran.failed.is_empty() || ran.left_nothing() {
            journal.forget(id).await?;
        } else {
            note(&mut journal, id, &ran, &schema).await?;
        }
        if ran.failed.is_empty() {
            numbers::after(place, restarts).await;
            mend::forget_settled(&mut journal, place, &change.tables).await?;
        }
        journal.announce().await?;
        self.outcome_of(ran, Some(id))
    }

    /// The statement for a trial on each shard; none if there can be no trial of it.
    fn trial_texts(
        &self,
        plan: &Plan,
        statement: &Statement<'_>,
        shards: &[ShardId],
        place: Place<'_>,
    ) -> Vec<(ShardId, Vec<u8>)> {
        let binding = self.binding(statement.sql);
        let schema = place.tables.schema_name();
        let text = |shard: &ShardId| Some((*shard, plan.render_trial(&binding, *shard, schema, trial::TABLE)?));
        shards.iter().filter_map(text).collect()
    }

    fn strictness(&self, rows: Rows) -> Strictness {
        let mode = self.settings.get("sql_mode").map_or_else(|| self.shared.default_sql_mode(), str::to_owned);
        let is_off = |value: &str| matches!(value.trim_matches('\'').to_ascii_uppercase().as_str(), "0" | "OFF");
        Strictness {
            of_values: mode.contains("STRICT_"),
            of_foreign_keys: !self.settings.get("foreign_key_checks").is_some_and(is_off),
            rows,
        }
    }

    /// Rows of a table without the column that its rule shards by would have no place.
    fn check_created(&self, ddl: &DdlPlan, sql: &[u8], keys: &[String]) -> Result<(), ClientMessage> {
        let columns = match ddl.targets.as_slice() {
            [(.., TableEffect::Creates)] if ddl.undo == Some("TABLE") => definition::columns(sql, self.mode),
            _ => return Ok(()),
        };
        let is_there = |key: &&String| columns.iter().any(|column| same_name(&column.name, key));
        match keys.iter().find(|key| !is_there(key)).filter(|_| !columns.is_empty()) {
            Some(key) => Err(without_key(key)),
            None => Ok(()),
        }
    }

    /// As a server says it that meets such a row.
    fn in_the_way(&self, obstacle: &Obstacle) -> ClientMessage {
        let Obstacle { hindrance, name, value, shard } = obstacle;
        let (code, text) = match hindrance {
            Hindrance::KeyGone => return without_key(name),
            Hindrance::Numbered => {
                return ClientMessage::unsupported(&format!(
                    "numbering rows that are on several shards, by '{name}': add the column without AUTO_INCREMENT and fill it first"
                ));
            }
            Hindrance::OfTheMoment => {
                return ClientMessage::unsupported(&format!(
                    "a column whose default is another on each copy of a reference table with rows: add '{name}' with a constant default, \
                     or none, fill it, and then set the default"
                ));
            }
            Hindrance::Duplicate => (codes::DUP_ENTRY, format!("Duplicate entry '{value}' for key '{name}'")),
            Hindrance::NoParent => {
                let text = format!(
                    "Cannot add or update a child row: '{value}' is no key of the table that '{name}' refers to"
                );
                (codes::NO_REFERENCED_ROW, text)
            }
            Hindrance::Check if self.mode.mariadb => (codes::CONSTRAINT_FAILED, format!("CONSTRAINT `{name}` failed")),
            Hindrance::Check => (codes::CHECK_VIOLATED, format!("Check constraint '{name}' is violated.")),
            Hindrance::Null => (codes::INVALID_USE_OF_NULL, format!("Invalid use of NULL value in column '{name}'")),
            Hindrance::TooLong => (codes::DATA_TOO_LONG, format!("Data too long for column '{name}'")),
            Hindrance::OutOfRange => (codes::OUT_OF_RANGE, format!("Out of range value for column '{name}': {value}")),
        };
        ClientMessage::new(code, format!("{text} (ShardGate: on shard {shard}; no shard was changed)"))
    }

    /// What a statement at the time `now` depends on, for whoever resumes it.
    fn settings_of_change(&self, now: Option<&str>) -> String {
        const NAMES: [&str; 8] = [
            "character_set_client",
            "character_set_results",
            "collation_connection",
            "sql_mode",
            "time_zone",
            "foreign_key_checks",
            "unique_checks",
            "timestamp",
        ];
        let mut settings = Settings::default();
        now.iter().for_each(|now| settings.set("timestamp", now));
        for name in NAMES {
            if let Some(value) = self.settings.get(name) {
                settings.set(name, value);
            }
        }
        settings.difference(&Settings::default(), |name| name).unwrap_or_default()
    }

    /// On the first shard, and where that goes well, on all others at once. An error from the first has altered nothing.
    async fn run_in_order(&mut self, mut orders: Vec<(ShardId, Order)>, now: Option<&str>) -> Ran {
        let rest = orders.split_off(1.min(orders.len()));
        let mut ran = self.change_on(orders, now).await;
        if ran.failed.is_empty() {
            recovery::die_at(&self.shared.in_flight, CrashPlace::DdlBegun);
            let others = self.change_on(rest, now).await;
            ran.done.extend(others.done);
            ran.failed.extend(others.failed);
        }
        ran
    }

    /// What is about no table, on one shard after the other, until one refuses. A stored routine may be on some of the shards
    /// only: it is altered or dropped where it is.
    async fn change_each(&mut self, orders: Vec<(ShardId, Order)>) -> Ran {
        let is_missing =
            |failure: &Failure| matches!(failure, Failure::Server { code, .. } if *code == codes::SP_DOES_NOT_EXIST);
        let mut ran = Ran { done: Vec::new(), failed: Vec::new() };
        for order in orders {
            let one = self.change_on(vec![order], None).await;
            self.links.give_back_unpinned();
            ran.done.extend(one.done);
            ran.failed.extend(one.failed);
            if ran.failed.iter().any(|(_, failure)| !is_missing(failure)) {
                return ran;
            }
        }
        if !ran.done.is_empty() {
            ran.failed.clear();
        }
        ran
    }

    /// On all of these shards at once. Who waits for a table holds up all who come behind it, and among them may be a transaction for
    /// which another shard's part waits: a circle that no server sees, and that one server would not have. So each try waits a
    /// moment only, and the next one for twice as long; a part that has waited in vain has changed nothing.
    async fn change_on(&mut self, mut orders: Vec<(ShardId, Order)>, now: Option<&str>) -> Ran {
        let is_busy = |(_, failure): &(ShardId, Failure)| matches!(failure, Failure::Server { code, .. } if code.number == codes::LOCK_WAIT_TIMEOUT.number);
        let until = self.lock_patience().and_then(|patience| Instant::now().checked_add(patience));
        let mut ran = Ran { done: Vec::new(), failed: Vec::new() };
        for wait in (0..).map(|tries| (1 << tries).min(LONGEST_WAIT)) {
            let again: Vec<_> = orders.iter().filter_map(|(shard, order)| Some((*shard, order.again()?))).collect();
            let is_last = again.len() < orders.len();
            let left = until.map(|until| until.saturating_duration_since(Instant::now()).as_secs().max(1));
            let wait = (!is_last).then(|| left.map_or(wait, |left| left.min(wait)));
            let tried = self.try_on(orders, now, wait).await;
            ran.done.extend(tried.done);
            let (busy, failed): (Vec<_>, Vec<_>) = tried.failed.into_iter().partition(is_busy);
            ran.failed.extend(failed);
            let is_over = is_last || until.is_some_and(|until| Instant::now() >= until) || !ran.failed.is_empty();
            if is_over || busy.is_empty() {
                ran.failed.extend(busy);
                break;
            }
            orders = again.into_iter().filter(|(shard, _)| busy.iter().any(|(late, _)| late == shard)).collect();
        }
        ran
    }

    /// Once. `wait`: for so many seconds at most; `None`: as long as the session does.
    async fn try_on(&mut self, orders: Vec<(ShardId, Order)>, now: Option<&str>, wait: Option<u64>) -> Ran {
        let settings = match wait {
            Some(seconds) => self.variant(|settings| settings.set("lock_wait_timeout", &seconds.to_string())),
            None => Arc::clone(&self.settings),
        };
        let mut ran = Ran { done: Vec::new(), failed: Vec::new() };
        let mut shares = Vec::new();
        for (shard, order) in orders {
            match self.obtain_with(&settings, shard, Side::Primary).await.map_err(ClientMessage::from) {
                Ok(link) => shares.push(Share { link, order, before: Vec::new() }),
                Err(message) => ran.failed.push((shard, Failure::Server { code: message.code, message: message.text })),
            }
        }
        for (link, done) in run::run(shares, now, &self.interrupt).await {
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
            None => "the shards differ now".to_owned(),
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
            // Servers commit before they look at rights.
            self.refuse_in_xa()?;
            self.end_transaction(End::Commit).await?;
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
        self.refuse_in_xa()?;
        self.end_transaction(End::Commit).await?;
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

/// ER_BAD_TABLE_ERROR
const UNKNOWN_TABLE: &str = "1051";
/// What MariaDB says instead of a view.
const UNKNOWN_VIEW: &str = "4092";

fn unknown_tables(names: &str, are_views: bool) -> ClientMessage {
    match are_views {
        true => ClientMessage::new(codes::UNKNOWN_VIEW, format!("Unknown VIEW: '{names}'")),
        false => ClientMessage::new(codes::BAD_TABLE_ERROR, format!("Unknown table '{names}'")),
    }
}

/// Whether it tells of a table or view that was not there.
fn is_unknown(condition: &Condition) -> bool {
    [UNKNOWN_TABLE, UNKNOWN_VIEW].contains(&condition.code.as_str())
}

/// MariaDB tells of all that were not there in one note.
fn with_one_note(conditions: Vec<Condition>) -> Vec<Condition> {
    let (unknown, mut others): (Vec<_>, Vec<_>) = conditions.into_iter().partition(is_unknown);
    let names: Vec<&str> = unknown.iter().filter_map(|condition| condition.message.split('\'').nth(1)).collect();
    if let Some(first) = unknown.first() {
        let message = unknown_tables(&names.join(","), first.code == UNKNOWN_VIEW).text;
        others.push(Condition { message, ..first.clone() });
    }
    others
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

/// Writes down how each shard ended.
async fn note(journal: &mut Journal<'_>, id: u64, ran: &Ran, schema: &Schema) -> Result<(), DdlError> {
    for (shard, _) in &ran.done {
        journal.note(id, &schema.shard(*shard).name, ShardState::Done, "").await?;
    }
    for (shard, failure) in &ran.failed {
        journal.note(id, &schema.shard(*shard).name, ShardState::Failed, &failure.to_string()).await?;
    }
    Ok(())
}

/// The columns that the rule of a table shards by.
fn keys_of(schema: &Schema, changed: &Changed) -> Vec<String> {
    let rule = schema.database(&changed.database).and_then(|(_, database)| database.table(&changed.table));
    match rule.map(|rule| &rule.placement) {
        Some(Placement::Sharded(sharded)) => sharded.key_columns().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn rows_of(schema: &Schema, changed: &Changed) -> Rows {
    let rule = schema.database(&changed.database).and_then(|(_, database)| database.table(&changed.table));
    match rule {
        Some(rule) if rule.shard_set().len() > 1 => match &rule.placement {
            // Each shard has its own numbers.
            Placement::Sharded(sharded) if sharded.auto_increment_per_shard => Rows::OnOneShard,
            Placement::Sharded(_) => Rows::InParts,
            _ => Rows::InCopies,
        },
        _ => Rows::OnOneShard,
    }
}

fn without_key(key: &str) -> ClientMessage {
    ClientMessage::unsupported(&format!(
        "a sharded table without the column '{key}' that its rule shards by: give it another rule first (ALTER SHARDED TABLE RULE)"
    ))
}

fn those<T>(all: Vec<T>, wanted: &[bool]) -> Vec<T> {
    all.into_iter().zip(wanted).filter(|(_, is_wanted)| **is_wanted).map(|(one, _)| one).collect()
}

/// Whether rows, or the table's rule, can be in the way of it. Most changes only add what no row contradicts, and need no look.
fn may_meet_rows(sql: &[u8]) -> bool {
    const WORDS: [&str; 10] =
        ["DROP", "RENAME", "UNIQUE", "PRIMARY", "REFERENCES", "CHECK", "MODIFY", "CHANGE", "CONVERT", "TYPE"];
    const FILLS: [&str; 5] = ["AUTO_INCREMENT", "UUID", "RAND", "SYSDATE", "CONNECTION_ID"];
    let text = String::from_utf8_lossy(sql).to_ascii_uppercase();
    // ALTER IGNORE drops such rows, on servers that have it.
    WORDS.iter().any(|word| text.contains(word)) && !text.contains("IGNORE")
        || FILLS.iter().any(|word| text.contains(word))
}

pub(super) fn ddl_place<'a>(shared: &'a Shared, setup: &'a Setup, schema: &'a Schema) -> Place<'a> {
    let in_flight = &shared.in_flight;
    let (tables, cluster) = (&in_flight.journal, in_flight.options.cluster.as_str());
    Place { topology: &setup.topology, schema, tables, sequences: &shared.sequences, cluster, lock_wait: None }
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
        (Some(word), [only]) if was.0 == [None] => undo_of(schema, word, only, shard),
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
