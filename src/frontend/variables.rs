//! Session variables and user variables: what SET means for the statements that follow, on whatever connection.
//!
//! The server is asked what an assignment does (its checks, its errors, its conversions), and the value that came out is
//! read back and kept as a literal. Each connection that is used later is brought to the kept values first.

use std::ops::Range;
use std::sync::Arc;

use data_encoding::{HEXLOWER, HEXUPPER_PERMISSIVE};
use mysql_common::collations::{Collation, CollationId};

use super::error::ClientMessage;
use super::query::Statement;
use super::session::{Current, Session};
use super::shared::Shared;
use super::transactions::End;
use super::user_variables;
use crate::backend::answer::Answer;
use crate::backend::error::{Error, Reason};
use crate::backend::settings::Settings;
use crate::exec::cancel;
use crate::exec::links::{Link, Side};
use crate::plan::Plan;
use crate::sharding::DatabaseId;
use crate::sharding::schema::is_the_servers;
use crate::sql::Lexer;
use crate::sql::control::{Assignment, Scope, SimpleValue, TransactionScope, simple_value};
use crate::sql::tokens::Mode;
use crate::txn::transaction::Isolation;
use crate::value::{Charset, Value};
use crate::wire::column::{BINARY_COLLATION, ColumnDefinition};
use crate::wire::error_code as codes;
use crate::wire::response::OkPacket;
use crate::wire::session_track::StateChange;
use crate::wire::walker::AnswerKind;
use crate::wire::{ColumnFlags, ColumnType, text};

/// The three variables behind SET NAMES.
const CHARACTER_SETS: [&str; 3] = ["character_set_client", "character_set_results", "collation_connection"];

/// Character sets whose every character has two or four bytes.
const WIDE: [&str; 4] = ["ucs2", "utf16", "utf16le", "utf32"];

/// Variables that would act on more than the session, or only on the connection at hand.
const REFUSED: [&str; 3] = ["insert_id", "gtid_next", "gtid_seq_no"];

/// A character set for clients in which ASCII is not what it is elsewhere: `[` is a letter.
const NOT_ASCII: &str = "swe7";

fn unreadable() -> ClientMessage {
    ClientMessage::unsupported("statements in the character set swe7")
}

/// Whether a value is the name of this character set.
fn names_charset(sql: &[u8], value: Range<usize>, mode: Mode, charset: &str) -> bool {
    match simple_value(sql, value, mode) {
        Some(SimpleValue::Literal(Value::Text { bytes, .. })) => bytes.eq_ignore_ascii_case(charset.as_bytes()),
        Some(SimpleValue::Word(word)) => word.eq_ignore_ascii_case(charset),
        _ => false,
    }
}

/// Whether the value of character_set_results is one of `WIDE`.
fn is_wide(value: &[u8]) -> bool {
    let name = value.trim_ascii();
    let name = name.strip_prefix(b"'").and_then(|name| name.strip_suffix(b"'")).unwrap_or(name);
    WIDE.iter().any(|wide| name.eq_ignore_ascii_case(wide.as_bytes()))
}

/// Settings of a session whose client named this collation in its handshake.
pub(super) fn after_handshake(shared: &Shared, collation: u16) -> Arc<Settings> {
    let found = Collation::resolve(CollationId::from(collation));
    // Old clients name collations that the fleet's servers do not have: MySQL 8's default on MariaDB.
    let is_unknown = found.collation().is_empty() || (shared.version().mariadb && found.collation().contains("_0900_"));
    let (charset, collation) =
        if is_unknown { ("utf8mb4", "utf8mb4_general_ci") } else { (found.charset(), found.collation()) };
    let mut settings = Settings::default();
    settings.set("character_set_client", &quoted(charset));
    settings.set("character_set_results", &quoted(charset));
    settings.set("collation_connection", &quoted(collation));
    shared.interner.intern(settings)
}

/// How statements are read under these settings.
pub(super) fn mode(shared: &Shared, settings: &Settings) -> Mode {
    let own = settings.get("sql_mode").map(|value| value.trim_matches('\'').to_owned());
    let sql_mode = own.unwrap_or_else(|| shared.default_sql_mode());
    let has = |name: &str| sql_mode.split(',').any(|word| word.trim().eq_ignore_ascii_case(name));
    let charset = settings.get("character_set_client").map_or("utf8mb4", |value| value.trim_matches('\''));
    let version = shared.version();
    Mode {
        ansi_quotes: has("ANSI_QUOTES"),
        no_backslash_escapes: has("NO_BACKSLASH_ESCAPES"),
        pipes_as_concat: has("PIPES_AS_CONCAT"),
        high_not_precedence: has("HIGH_NOT_PRECEDENCE"),
        ignore_space: has("IGNORE_SPACE"),
        no_auto_value_on_zero: has("NO_AUTO_VALUE_ON_ZERO"),
        oracle: has("ORACLE"),
        lenient: !has("STRICT_TRANS_TABLES") && !has("STRICT_ALL_TABLES"),
        charset: Charset::from_mysql_name(charset),
        server_version: version.number,
        mariadb: version.mariadb,
    }
}

impl Session {
    /// SET, with any number of assignments.
    pub(super) async fn set(
        &mut self,
        assignments: &[Assignment],
        plan: &Plan,
        statement: &Statement<'_>,
    ) -> Result<(), ClientMessage> {
        self.refuse_foreign(assignments, statement.sql)?;
        if let [Assignment::System { name, value, is_default: false, .. }] = assignments
            && name == "autocommit"
            && let Some(on) = switch(statement.sql, value.clone(), self.mode)
        {
            self.set_autocommit(on).await?;
            return self.accept(statement.more_follows).await;
        }
        if let [Assignment::System { scope: Scope::Next, name, value, is_default: false }] = assignments
            && self.has_variable(name)
        {
            self.set_next_transaction(name, value.clone(), statement.sql)?;
            self.diagnostics.clear();
            return self.accept(statement.more_follows).await;
        }
        if !self.autocommit && names_autocommit(assignments) && self.would_commit(plan, statement.sql).await? {
            self.refuse_in_xa()?;
            self.end_transaction(End::Commit).await?;
        }
        let shard = self.home_shard(&self.schema);
        let is_xa_unbound = self.txn.is_xa_unbound() && !statement.sql.contains(&b'(');
        let mut link = self.obtain(shard, Side::Primary).await?;
        if is_xa_unbound {
            // Without parentheses it has neither subqueries nor functions.
            self.txn.unbind_xa();
        }
        self.bring_user_variables(&mut link, plan).await?;
        let assigned = &plan.facts.writes_user_vars;
        if !assigned.is_empty() {
            link.lease.has_user_variables_of(self.variables_id);
        }
        let local = plan.facts.needs_local_values().then(|| self.with_local_values(statement.sql));
        let mut answered = link.lease.query(local.as_deref().unwrap_or(statement.sql), &self.interrupt).await;
        if let Err(Error::Interrupted(Reason::QueryKilled)) = answered {
            // The server says what comes of it, and the transaction on this connection goes on.
            self.interrupt.begin_statement();
            cancel::kill_query(&link.lease).await;
            answered = link.lease.collect(AnswerKind::Query, Some(&self.interrupt)).await;
        }
        let answer = answered?;
        if let Some(error) = answer.error() {
            let message = self.in_logical_names(ClientMessage::from(error), Some(shard));
            // What stands before the error is assigned.
            self.read_user_variables(&mut link, assigned).await?;
            self.settle_set(plan, link).await?;
            return Err(message);
        }
        let warnings = answer.summary.warnings;
        let told = answer.ok(self.class.session_track()).map(|ok| ok.session_state.to_vec());
        // The next statement would make the server forget them.
        match warnings {
            // MariaDB (10.11) leaves the list as it was where no table is read.
            0 if self.mode.mariadb && !reads_tables(statement.sql, self.mode) => {}
            0 => self.diagnostics.clear(),
            _ => self.fetch_diagnostics(&mut link).await?,
        }
        self.read_back(&mut link, assignments, assigned).await?;
        self.last.row_count = 0;
        self.settle_set(plan, link).await?;
        self.state_changes = told.unwrap_or_default();
        self.send_ok(OkPacket { warnings, ..OkPacket::default() }, statement.more_follows).await
    }

    /// Whether a SET that names autocommit, which is off, turns it on, and so commits: a server says so on a connection apart.
    /// One that fails commits nothing.
    async fn would_commit(&mut self, plan: &Plan, sql: &[u8]) -> Result<bool, ClientMessage> {
        let shard = self.home_shard(&self.schema);
        let mut link = Link::apart(&self.need().2, shard, Side::Primary).await?;
        self.bring_user_variables(&mut link, plan).await?;
        // Nothing of it is to stay: the connection is not used again.
        let local = plan.facts.needs_local_values().then(|| self.with_local_values(sql));
        let answer = link.lease.query(local.as_deref().unwrap_or(sql), &self.interrupt).await;
        link.lease.spoil();
        let answer = answer?;
        if let Some(error) = answer.error() {
            return Err(self.in_logical_names(ClientMessage::from(error), Some(shard)));
        }
        let answer = link.lease.query(b"SELECT @@session.autocommit", &self.interrupt).await?;
        let values = literals(&answer, system_literal)?;
        Ok(matches!(values.as_slice(), [Some(value)] if value == "1"))
    }

    /// A subquery or a function in SET begins a transaction where the session never commits by itself.
    async fn settle_set(&mut self, plan: &Plan, mut link: Link) -> Result<(), ClientMessage> {
        if self.autocommit {
            self.links.put(link);
            return Ok(());
        }
        let shard = link.shard;
        let status = link.lease.ask_status(&self.interrupt).await?;
        self.links.settle(link, status, &mut self.txn);
        if plan.calls_routines {
            self.txn.note_write(shard);
        }
        Ok(())
    }

    pub(super) fn refuse_foreign(&self, assignments: &[Assignment], sql: &[u8]) -> Result<(), ClientMessage> {
        for assignment in assignments {
            match assignment {
                Assignment::Other => {
                    return Err(ClientMessage::unsupported(
                        "this form of SET: it would change an account or a connection that clients share",
                    ));
                }
                Assignment::System { scope: Scope::Session, name, .. } if REFUSED.contains(&name.as_str()) => {
                    return Err(ClientMessage::unsupported(&format!("setting {name}")));
                }
                Assignment::System { scope: Scope::Session, name, value, is_default: false, .. }
                    if name == "sql_auto_is_null" && switch(sql, value.clone(), self.mode) != Some(false) =>
                {
                    return Err(ClientMessage::unsupported(
                        "setting sql_auto_is_null to anything but 0: WHERE id IS NULL would find a row of one connection's, and                          a session has several; ask for LAST_INSERT_ID()",
                    ));
                }
                Assignment::System { scope: Scope::Session, name, value, .. }
                    if name == "character_set_results" && is_wide(sql.get(value.clone()).unwrap_or_default()) =>
                {
                    return Err(ClientMessage::unsupported(
                        "answers in a character set in which not even names of columns are ASCII",
                    ));
                }
                Assignment::Names { charset: Some(name), .. } | Assignment::CharacterSet(Some(name))
                    if name.eq_ignore_ascii_case(NOT_ASCII) =>
                {
                    return Err(unreadable());
                }
                Assignment::System { name, value, .. }
                    if name == "character_set_client" && names_charset(sql, value.clone(), self.mode, NOT_ASCII) =>
                {
                    return Err(unreadable());
                }
                Assignment::System { scope: Scope::Next, .. } if assignments.len() > 1 => {
                    return Err(ClientMessage::unsupported(
                        "a variable of the next transaction beside other assignments: SET TRANSACTION",
                    ));
                }
                Assignment::System { scope: Scope::Next, is_default: true, .. } => {
                    return Err(ClientMessage::unsupported(
                        "DEFAULT for a variable of the next transaction: SET TRANSACTION",
                    ));
                }
                Assignment::System { scope: Scope::Session | Scope::Next, .. }
                | Assignment::User { .. }
                | Assignment::Names { .. }
                | Assignment::CharacterSet(_) => {}
                Assignment::System { name, .. } => {
                    return Err(ClientMessage::unsupported(&format!(
                        "setting the global variable {name}: set it on the servers themselves"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Whether servers call a variable of transactions so.
    fn has_variable(&self, name: &str) -> bool {
        let version = self.shared.version();
        // MariaDB has the newer names since 11.1; MySQL has no others.
        if name.starts_with("tx_") { version.mariadb } else { !version.mariadb || version.number >= 110_100 }
    }

    /// `SET @@transaction_isolation = 'SERIALIZABLE'`
    fn set_next_transaction(&mut self, name: &str, value: Range<usize>, sql: &[u8]) -> Result<(), ClientMessage> {
        let told = if name.ends_with("read_only") {
            switch(sql, value, self.mode).map(|only| (None, Some(only)))
        } else {
            let word = match simple_value(sql, value, self.mode) {
                Some(SimpleValue::Literal(Value::Text { bytes, .. })) => String::from_utf8_lossy(&bytes).into_owned(),
                Some(SimpleValue::Word(word)) => word.into_owned(),
                _ => String::new(),
            };
            let level = Isolation::of_variable(Some(&quoted(&word)));
            (level != Isolation::Global).then_some((Some(level), None))
        };
        match told {
            Some((level, only)) => self.set_transaction(TransactionScope::NextOnly, level, only),
            None => {
                Err(ClientMessage::unsupported("such a value of a variable of the next transaction: SET TRANSACTION"))
            }
        }
    }

    async fn set_autocommit(&mut self, on: bool) -> Result<(), ClientMessage> {
        if on && !self.autocommit {
            self.refuse_in_xa()?;
            self.end_transaction(End::Commit).await?;
        }
        let value: &[u8] = if on { b"ON" } else { b"OFF" };
        StateChange::SystemVariable { name: b"autocommit", value }.write(&mut self.state_changes);
        self.autocommit = on;
        self.change_settings(|settings| match on {
            true => settings.unset("autocommit"),
            false => settings.set("autocommit", "0"),
        });
        Ok(())
    }

    pub(super) fn change_settings(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut settings = (*self.settings).clone();
        change(&mut settings);
        self.settings = self.shared.interner.intern(settings);
        self.settings_changed();
    }

    /// Works out what follows from the settings.
    pub(super) fn settings_changed(&mut self) {
        self.autocommit = self.settings.get("autocommit").is_none_or(|value| value == "1");
        self.mode = mode(&self.shared, &self.settings);
        let is_on = |value: &str| matches!(value.trim_matches('\''), "1" | "ON" | "on");
        let level = Isolation::of_variable(self.settings.get("transaction_isolation"));
        let is_read_only = self.settings.get("transaction_read_only").is_some_and(is_on);
        self.txn.set_defaults(level, is_read_only);
        let collation = self.settings.get("collation_connection").unwrap_or_default().trim_matches('\'');
        self.results_collation = collation_id(collation).unwrap_or(self.results_collation);
    }

    /// Asks the server what the assigned variables are now, and the user variables that are `assigned` within expressions.
    pub(super) async fn read_back(
        &mut self,
        link: &mut Link,
        assignments: &[Assignment],
        assigned: &[String],
    ) -> Result<(), ClientMessage> {
        let mut names: Vec<&str> = Vec::new();
        let mut defaults: Vec<&str> = Vec::new();
        let mut user = Vec::new();
        for assignment in assignments {
            match assignment {
                Assignment::System { name, is_default: true, .. } if !CHARACTER_SETS.contains(&name.as_str()) => {
                    defaults.push(name);
                }
                Assignment::System { name, .. } => names.push(name),
                Assignment::Names { .. } | Assignment::CharacterSet(_) => names.extend(CHARACTER_SETS),
                Assignment::User { name, .. } => user.push(name.clone()),
                Assignment::Other => {}
            }
        }
        if names.iter().any(|name| name.starts_with("character_set_") || name.starts_with("collation_")) {
            names.extend(CHARACTER_SETS);
        }
        let mut values = Vec::new();
        if !names.is_empty() {
            let list: Vec<_> = names.iter().map(|name| format!("@@session.{name}")).collect();
            let answer =
                link.lease.query_patiently(&format!("SELECT {} LIMIT 1", list.join(", ")), &self.interrupt).await?;
            values = literals(&answer, system_literal)?;
        }
        let insert_id = names.iter().zip(&values).find(|(name, _)| ["last_insert_id", "identity"].contains(*name));
        if let Some((_, Some(value))) = insert_id {
            self.last.insert_id = value.parse().unwrap_or(self.last.insert_id);
        }
        if let Some((_, Some(seconds))) = names.iter().zip(&values).find(|(name, _)| **name == "wait_timeout") {
            self.idle_timeout =
                seconds.parse().map_or(self.idle_timeout, |seconds| std::time::Duration::from_secs(seconds).into());
        }
        self.change_settings(|settings| {
            defaults.iter().for_each(|name| settings.unset(canonical_name(name)));
            for (name, value) in names.iter().zip(&values) {
                match (canonical_name(name), value) {
                    // Not a setting of a connection, or (wait_timeout) one of the client's session alone.
                    ("last_insert_id" | "identity" | "wait_timeout" | "interactive_timeout", _) => {}
                    ("autocommit", Some(value)) if value == "1" => settings.unset("autocommit"),
                    (name, Some(value)) => settings.set(name, value),
                    (name, None) => settings.set(name, "NULL"),
                }
            }
        });
        link.lease.has_settings(&self.settings);
        if names.contains(&"wait_timeout") || names.contains(&"interactive_timeout") {
            // This connection would be closed by its server; the client's time-out is ShardGate's to keep.
            link.lease.spoil();
        }
        user.extend(assigned.iter().filter(|name| !user.contains(name)).cloned().collect::<Vec<_>>());
        self.read_user_variables(link, &user).await
    }

    /// Keeps the values that user variables have on this connection.
    pub(super) async fn read_user_variables(&mut self, link: &mut Link, names: &[String]) -> Result<(), ClientMessage> {
        if names.is_empty() {
            return Ok(());
        }
        // A text is on its way in the character set of results, which may not have its letters: as digits it is whole.
        let list: Vec<_> = names
            .iter()
            .map(|name| user_variables::written(name))
            .map(|name| format!("{name}, HEX({name}), COLLATION({name})"))
            .collect();
        link.lease.has_user_variables_of(self.variables_id);
        let answer =
            link.lease.query_patiently(&format!("SELECT {} LIMIT 1", list.join(", ")), &self.interrupt).await?;
        for (name, value) in names.iter().zip(variable_literals(&answer)?) {
            self.user_variables.set(name, value);
        }
        Ok(())
    }

    /// Gives a connection the values of the user variables that the statement reads.
    pub(super) async fn bring_user_variables(&mut self, link: &mut Link, plan: &Plan) -> Result<(), ClientMessage> {
        let facts = &plan.facts;
        let list = match facts.calls_procedure {
            // A procedure may use any of them.
            true => self.user_variables.assignments(self.user_variables.names()),
            false => self.user_variables.assignments(facts.reads_user_vars.iter().chain(&facts.writes_user_vars)),
        };
        if list.is_empty() {
            return Ok(());
        }
        link.lease.has_user_variables_of(self.variables_id);
        if !link.lease.version().mariadb {
            // MySQL (8.0.22) fixes what type a variable has when it prepares a statement.
            link.lease.statements.forget_users_of_variables();
        }
        link.lease.execute("user variables", &format!("SET {}", list.join(", ")), &self.interrupt).await?;
        Ok(())
    }

    /// USE.
    pub(super) fn use_database(&mut self, name: &str) -> Result<(), ClientMessage> {
        self.setup_is_current();
        if name.eq_ignore_ascii_case("information_schema") {
            self.current = Current::System("information_schema".into());
            StateChange::Schema(b"information_schema").write(&mut self.state_changes);
            *self.registered.entry.activity.database.lock() = Some("information_schema".to_owned());
            return Ok(());
        }
        if is_the_servers(name) {
            return Err(self.access_denied(name));
        }
        let Some((id, database)) = self.schema.database(name) else {
            return Err(ClientMessage::new(codes::BAD_DB_ERROR, format!("Unknown database '{name}'")));
        };
        if !self.may_use(&database.name) {
            return Err(self.access_denied(&database.name));
        }
        *self.registered.entry.activity.database.lock() = Some(database.name.clone());
        StateChange::Schema(database.name.as_bytes()).write(&mut self.state_changes);
        self.current = Current::Logical(id);
        Ok(())
    }

    /// A database that a statement names.
    pub(super) fn named_database(&self, name: &str) -> Result<DatabaseId, ClientMessage> {
        match self.schema.database(name) {
            Some((id, database)) if self.may_use(&database.name) => Ok(id),
            Some(_) => Err(self.access_denied(name)),
            None => Err(ClientMessage::new(codes::BAD_DB_ERROR, format!("Unknown database '{name}'"))),
        }
    }

    pub(super) fn access_denied(&self, database: &str) -> ClientMessage {
        let text = format!("Access denied for user '{}'@'%' to database '{database}'", self.user.name);
        ClientMessage::new(codes::DBACCESS_DENIED_ERROR, text)
    }

    pub(super) fn may_use(&self, database: &str) -> bool {
        self.user.databases.iter().any(|allowed| allowed.eq_ignore_ascii_case(database))
    }
}

fn collation_id(name: &str) -> Option<u16> {
    let ids = (1..1024).map(|id| Collation::resolve(CollationId::from(id)));
    ids.filter(|collation| collation.collation().eq_ignore_ascii_case(name)).map(|found| found.id() as u16).next()
}

fn reads_tables(sql: &[u8], mode: Mode) -> bool {
    Lexer::new(sql, mode).any(|token| token.is_word(sql, "FROM"))
}

/// ON, OFF, 1, 0 and their like; `None` for what the server must judge.
fn switch(sql: &[u8], place: Range<usize>, mode: Mode) -> Option<bool> {
    match simple_value(sql, place, mode)? {
        SimpleValue::Literal(Value::Int(0)) => Some(false),
        SimpleValue::Literal(Value::Int(1)) => Some(true),
        SimpleValue::Word(word) if word.eq_ignore_ascii_case("on") || word.eq_ignore_ascii_case("true") => Some(true),
        SimpleValue::Word(word) if word.eq_ignore_ascii_case("off") || word.eq_ignore_ascii_case("false") => {
            Some(false)
        }
        _ => None,
    }
}

/// One name for variables that have two.
fn canonical_name(name: &str) -> &str {
    match name {
        "tx_isolation" => "transaction_isolation",
        "tx_read_only" => "transaction_read_only",
        "character_set_connection" => "collation_connection",
        other => other,
    }
}

fn quoted(text: &str) -> String {
    format!("'{text}'")
}

/// Whether one of them is of autocommit.
fn names_autocommit(assignments: &[Assignment]) -> bool {
    assignments.iter().any(|one| matches!(one, Assignment::System { name, .. } if name == "autocommit"))
}

/// The cells of a one-row answer as SQL literals that have the same value and type; NULL is `None`.
fn literals(
    answer: &Answer,
    literal: fn(&[u8], &ColumnDefinition<'_>) -> String,
) -> Result<Vec<Option<String>>, ClientMessage> {
    if let Some(error) = answer.error() {
        return Err(error.into());
    }
    let (columns, rows) = answer.table();
    let Some(row) = rows.into_iter().next() else { return Ok(vec![None; columns.len()]) };
    let cells = text::cells(row).zip(&columns);
    Ok(cells.map(|(cell, column)| cell.ok().flatten().map(|bytes| literal(bytes, column))).collect())
}

/// User variables from an answer that has of each: it, its bytes as digits, and its collation.
fn variable_literals(answer: &Answer) -> Result<Vec<Option<String>>, ClientMessage> {
    if let Some(error) = answer.error() {
        return Err(error.into());
    }
    let (columns, rows) = answer.table();
    let cells: Vec<_> =
        rows.first().map_or(Vec::new(), |row| text::cells(row).map(|cell| cell.ok().flatten()).collect());
    let literal = |(cells, columns): (&[Option<&[u8]>], &[ColumnDefinition<'_>])| match cells {
        [Some(value), Some(digits), Some(collation)] => Some(number(value, &columns[0]).unwrap_or_else(|| {
            let (digits, collation) = (String::from_utf8_lossy(digits), String::from_utf8_lossy(collation));
            match collation.split_once('_') {
                Some((charset, _)) if !is_broken(charset, &digits) => {
                    format!("_{charset} x'{digits}' COLLATE {collation}")
                }
                _ => format!("_binary x'{digits}'"),
            }
        })),
        _ => None,
    };
    Ok(cells.chunks(3).zip(columns.chunks(3)).map(literal).collect())
}

/// Whether these bytes are no text: LOAD DATA puts them into a variable all the same, and no literal can (1300).
fn is_broken(charset: &str, digits: &str) -> bool {
    let bytes = HEXUPPER_PERMISSIVE.decode(digits.as_bytes());
    charset.starts_with("utf8") && bytes.is_ok_and(|bytes| std::str::from_utf8(&bytes).is_err())
}

/// The cells of a one-row answer as literals with the values, types and collations that they would have as user
/// variables.
pub(super) fn user_literals(answer: &Answer) -> Result<Vec<Option<String>>, ClientMessage> {
    literals(answer, user_literal)
}

/// The value of a system variable: a number, or words in plain quotes.
fn system_literal(bytes: &[u8], column: &ColumnDefinition<'_>) -> String {
    let number = number(bytes, column).map(|number| match number.strip_prefix("CAST(") {
        // Variables have types of their own; some take no expression.
        Some(cast) => cast.split(' ').next().unwrap_or_default().to_owned(),
        None => number,
    });
    number.unwrap_or_else(|| plain_string(bytes))
}

/// The value of a user variable, with its type, character set and collation.
fn user_literal(bytes: &[u8], column: &ColumnDefinition<'_>) -> String {
    if let Some(number) = number(bytes, column) {
        return number;
    }
    let string = plain_string(bytes);
    if column.charset == BINARY_COLLATION {
        return format!("_binary {string}");
    }
    let found = Collation::resolve(CollationId::from(column.charset));
    match found.collation().is_empty() {
        true => string,
        false => format!("_{} {string} COLLATE {}", found.charset(), found.collation()),
    }
}

fn number(bytes: &[u8], column: &ColumnDefinition<'_>) -> Option<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let is = |kinds: &[ColumnType]| kinds.iter().any(|kind| *kind as u8 == column.column_type);
    if is(&[ColumnType::MYSQL_TYPE_LONGLONG, ColumnType::MYSQL_TYPE_LONG, ColumnType::MYSQL_TYPE_SHORT])
        || is(&[ColumnType::MYSQL_TYPE_TINY, ColumnType::MYSQL_TYPE_INT24, ColumnType::MYSQL_TYPE_YEAR])
    {
        // A literal that fits is signed.
        let cast = column.flags.contains(ColumnFlags::UNSIGNED_FLAG) && text.parse::<i64>().is_ok();
        return Some(if cast { format!("CAST({text} AS UNSIGNED)") } else { text });
    }
    if is(&[ColumnType::MYSQL_TYPE_DOUBLE, ColumnType::MYSQL_TYPE_FLOAT]) {
        return Some(if text.contains(['e', 'E']) { text } else { format!("{text}e0") });
    }
    if is(&[ColumnType::MYSQL_TYPE_NEWDECIMAL, ColumnType::MYSQL_TYPE_DECIMAL]) {
        return Some(if text.contains('.') { text } else { format!("CAST({text} AS DECIMAL(65, 0))") });
    }
    None
}

/// A string literal that means the same under every sql_mode.
fn plain_string(bytes: &[u8]) -> String {
    let is_plain = |byte: &u8| (byte.is_ascii_graphic() || *byte == b' ') && !b"'\\".contains(byte);
    match bytes.iter().all(is_plain) {
        true => format!("'{}'", String::from_utf8_lossy(bytes)),
        false => format!("x'{}'", HEXLOWER.encode(bytes)),
    }
}
