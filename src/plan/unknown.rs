//! Statements whose meaning is not known here. They go to one shard if their names show that they cannot be about a
//! table on several shards; a server answers them, or says what is wrong with them.

use crate::sharding::schema::{is_the_servers, same_name};
use crate::sharding::{DatabaseId, Placement, ShardId};
use crate::sql::parse::ast::TableName;
use crate::sql::parse::{self, Problem};
use crate::sql::tokens::{Mode, Op};
use crate::sql::{Lexer, Token, TokenKind, facts};

use super::bind::RouteTemplate;
use super::catalog::wanted::{is_assembled, names_of};
use super::names::NewText;
use super::narrow::TableId;
use super::scope::Scopes;
use super::{PlanError, Route, StatementKind, ddl, functions, routine};

/// Tokens of FLUSH that are looked at.
const MAX_FLUSH_WORDS: usize = 4096;

/// The route of a statement that the parser does not know.
pub(super) fn route(scopes: &mut Scopes<'_, '_>, sql: &[u8], problem: Problem) -> Result<RouteTemplate, PlanError> {
    if let Problem::Syntax(at) = problem {
        return Err(PlanError::Syntax { at });
    }
    if problem == Problem::TooDeep {
        return Err(PlanError::unsupported("a statement with subqueries nested as deep"));
    }
    let words = words(sql, scopes, 3);
    if words.first().is_some_and(|word| word == "FLUSH")
        && let Some(route) = flush_tables(scopes, sql)?
    {
        return Ok(route);
    }
    refuse_by_words(&words)?;
    refuse_plan_of_another(&words, sql, scopes)?;
    let Some(names) = parse::mentioned_tables(sql, scopes.ctx.mode) else {
        return Err(PlanError::unsupported("a statement with names that cannot be read"));
    };
    note_schemas(scopes, &names);
    let shows = ["SHOW", "DESCRIBE", "DESC", "EXPLAIN", "HELP"];
    let is_shown = words.first().is_some_and(|word| shows.contains(&word.as_str()));
    if !is_shown && names_of(sql, scopes.ctx.mode).iter().any(|table| is_assembled(table)) {
        return Err(PlanError::unsupported("information_schema in this statement"));
    }
    if let Some(routine) = parse::routine(sql, scopes.ctx.mode)
        && let Some(route) = routine::route(scopes, &routine, &names)?
    {
        return Ok(route);
    }
    let verb = words.first().map_or("", String::as_str);
    let mut place: Option<ShardId> = None;
    for name in &names {
        let Some(shard) = place_of(scopes, name, verb)? else { continue };
        if place.is_some_and(|place| place != shard) {
            return Err(PlanError::unsupported("a statement on tables of several shards"));
        }
        place = Some(shard);
    }
    // A procedure's results come from there.
    scopes.edits.note_database(scopes.ctx.database);
    let shard = place.or_else(|| default_shard(scopes)).ok_or(PlanError::NoDatabase)?;
    Ok(RouteTemplate::fixed(Route::One(shard)))
}

/// Notes which databases and schemas of the servers the text names, so that it is asked whether the user may use them. In
/// texts that are not understood, a name before a point may also be a table's or an alias.
fn note_schemas(scopes: &mut Scopes<'_, '_>, names: &[TableName]) {
    for written in names.iter().filter_map(|name| name.database.as_ref()) {
        let schema = scopes.ctx.schema;
        let is_physical = schema.shards.iter().any(|shard| same_name(&shard.schema, &written.text));
        let is_system = is_the_servers(&written.text);
        if is_physical || is_system || schema.database(&written.text).is_some() {
            scopes.edits.note_qualifier(&written.text);
        }
    }
}

/// SET is evaluated on the default shard of the database, or any: what its subqueries read must be there, under its own name.
pub(super) fn check_set(scopes: &mut Scopes<'_, '_>, sql: &[u8]) -> Result<(), PlanError> {
    if !Lexer::new(sql, scopes.ctx.mode).any(|token| token.is_word(sql, "SELECT")) {
        return Ok(());
    }
    if !names_of(sql, scopes.ctx.mode).is_empty() {
        return Err(PlanError::unsupported(
            "information_schema in SET of more than user variables: SELECT ... INTO those",
        ));
    }
    let home = default_shard(scopes);
    let names = parse::mentioned_names(sql, scopes.ctx.mode)
        .ok_or_else(|| PlanError::unsupported("a subquery in SET with names that cannot be read"))?;
    note_schemas(scopes, &names);
    for name in names {
        let Some(database) = routine::database_of(scopes, &name) else { continue };
        let rule =
            TableId::find(scopes.ctx.schema, database, &name.table.text).and_then(|id| id.table(scopes.ctx.schema));
        let is_there = match rule.map(|rule| (&rule.placement, rule.is_renamed())) {
            Some((Placement::Single(shard), false)) => Some(*shard) == home,
            Some((Placement::Reference(shards), false)) => home.is_some_and(|home| shards.contains(home)),
            Some(_) => false,
            None => name.database.is_none(),
        };
        if !is_there {
            let table = &name.table.text;
            return Err(PlanError::unsupported(format!(
                "a subquery about '{table}' in SET of more than user variables: SELECT ... INTO those"
            )));
        }
    }
    Ok(())
}

pub(super) fn default_shard(scopes: &Scopes<'_, '_>) -> Option<ShardId> {
    let schema = scopes.ctx.schema;
    let database = scopes.ctx.database.or((!schema.databases.is_empty()).then_some(DatabaseId(0)))?;
    Some(schema.database_of(database).default_shard)
}

/// Statements that no name tells enough about.
fn refuse_by_words(words: &[String]) -> Result<(), PlanError> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["CREATE" | "DROP" | "ALTER", what @ ("DATABASE" | "SCHEMA"), ..] => {
            Err(PlanError::unsupported(format!("{} {what}", words[0])))
        }
        [
            "SHOW",
            what @ ("ENGINE" | "MASTER" | "BINARY" | "BINLOG" | "SLAVE" | "REPLICA" | "REPLICAS" | "RELAYLOG" | "ALL"),
            ..,
        ] => Err(PlanError::unsupported(format!("SHOW {what}: it concerns one server, ask it"))),
        ["SHOW", what @ ("EXPLAIN" | "ANALYZE"), ..] => {
            Err(PlanError::unsupported(format!("SHOW {what}: explain the statement itself, or ask the servers")))
        }
        // A server shows any account its own password's hash, and there all users have ShardGate's.
        ["SHOW", "CREATE", "USER", ..] => {
            Err(PlanError::unsupported("SHOW CREATE USER: accounts are those of ShardGate's configuration"))
        }
        [what @ ("LOCK" | "UNLOCK"), "INSTANCE", ..] => Err(PlanError::unsupported(format!(
            "{what} INSTANCE, which would stay with a connection that clients share: do it on the servers"
        ))),
        ["GET", ..] => {
            Err(PlanError::unsupported("GET DIAGNOSTICS outside of stored programs: SHOW WARNINGS and SHOW ERRORS"))
        }
        ["FLUSH", rest @ ..] if !rest.iter().any(|word| ["TABLE", "TABLES"].contains(word)) => concerns_one(&words),
        ["ALTER", "INSTANCE", ..]
        | ["CREATE" | "ALTER" | "DROP", "TABLESPACE" | "LOGFILE" | "UNDO" | "RESOURCE", ..]
        | ["CREATE" | "DROP", "SPATIAL", "REFERENCE"] => concerns_one(&words),
        ["GRANT" | "REVOKE", ..] | ["CREATE" | "DROP" | "ALTER" | "RENAME", "USER" | "ROLE" | "SERVER", ..] => {
            Err(PlanError::unsupported("managing the servers' accounts: do it on the servers"))
        }
        [
            "SHUTDOWN" | "RESTART" | "INSTALL" | "UNINSTALL" | "PURGE" | "RESET" | "CHANGE" | "CLONE" | "BINLOG"
            | "BACKUP",
            ..,
        ]
        | ["START" | "STOP", "SLAVE" | "REPLICA" | "ALL" | "GROUP_REPLICATION", ..] => concerns_one(&words[..1]),
        _ => Ok(()),
    }
}

/// The number of a connection would be a server's own, of whoever has that.
fn refuse_plan_of_another(words: &[String], sql: &[u8], scopes: &Scopes<'_, '_>) -> Result<(), PlanError> {
    let explains = words.first().is_some_and(|word| ["EXPLAIN", "DESCRIBE", "DESC"].contains(&word.as_str()));
    // FORMAT = x INTO @y may stand before.
    let is_of_another = || self::words(sql, scopes, 12).windows(2).any(|two| two == ["FOR", "CONNECTION"]);
    match explains && is_of_another() {
        true => Err(PlanError::unsupported("EXPLAIN FOR CONNECTION: explain the statement itself, or ask the servers")),
        false => Ok(()),
    }
}

fn concerns_one(words: &[&str]) -> Result<(), PlanError> {
    Err(PlanError::unsupported(format!("{}: it concerns one server, do it there", words.join(" "))))
}

/// FLUSH TABLES: on every server of the database. The lock that it can take would keep ShardGate's own commits, and every
/// other client of the servers, from writing.
fn flush_tables(scopes: &Scopes<'_, '_>, sql: &[u8]) -> Result<Option<RouteTemplate>, PlanError> {
    let words = words(sql, scopes, MAX_FLUSH_WORDS);
    let is_local = words.get(1).is_some_and(|word| word == "LOCAL" || word == "NO_WRITE_TO_BINLOG");
    let rest = words.get(if is_local { 2 } else { 1 }..).unwrap_or_default();
    let [first, rest @ ..] = rest else { return Ok(None) };
    if first != "TABLE" && first != "TABLES" {
        return Ok(None);
    }
    if rest.iter().any(|word| word == "LOCK" || word == "EXPORT") {
        return Err(PlanError::unsupported(
            "FLUSH TABLES WITH READ LOCK, which stops all clients of the servers: use LOCK TABLES ... READ, or \
             START TRANSACTION WITH CONSISTENT SNAPSHOT",
        ));
    }
    if rest.iter().any(|word| word != ";") {
        return Ok(None);
    }
    let schema = scopes.ctx.schema;
    let shards = match scopes.ctx.database {
        Some(database) => schema.database_of(database).shards.clone(),
        None => schema.databases.iter().flat_map(|database| database.shards.iter()).collect(),
    };
    Ok(Some(RouteTemplate::fixed(Route::Scatter(schema.distinct_copies(&shards)))))
}

/// Where the table of a name is, if it can be one; its database is edited. `verb`: the statement's first word.
fn place_of(scopes: &mut Scopes<'_, '_>, name: &TableName, verb: &str) -> Result<Option<ShardId>, PlanError> {
    let schema = scopes.ctx.schema;
    let qualified = name.database.as_ref().and_then(|written| schema.database(&written.text));
    if qualified.is_some() {
        scopes.edit_database(name.database.as_ref());
    }
    let database = match (&name.database, qualified) {
        (_, Some((id, _))) => Some(id),
        (None, None) => scopes.ctx.database,
        // `t.c`, or a schema of the server's own.
        (Some(_), None) => None,
    };
    let Some(database) = database else { return Ok(None) };
    let Some(id) = TableId::find(schema, database, &name.table.text) else {
        if schema.is_kept_by_shard(database, &name.table.text) {
            return Err(ddl::kept_by_shard(&name.table.text));
        }
        let shown = schema.database(&name.table.text).filter(|_| name.database.is_none() && verb == "SHOW");
        if let Some((_, shown)) = shown {
            // SHOW TABLES FROM db
            let default_shard = shown.default_shard;
            scopes.edit_database(Some(&name.table));
            return Ok(Some(default_shard));
        }
        return Ok(qualified.map(|(_, database)| database.default_shard));
    };
    let Some(table) = id.table(schema) else { return Ok(None) };
    let shard = match &table.placement {
        Placement::Single(shard) => Some(*shard),
        // It only reads, and names that it gives are looked for there.
        Placement::Reference(shards) if verb == "HANDLER" => {
            default_shard(scopes).filter(|home| shards.contains(*home)).or(shards.first())
        }
        _ if verb == "HANDLER" => {
            let feature = format!("HANDLER on '{}', whose rows several shards have: SELECT them", table.name);
            return Err(PlanError::unsupported(feature));
        }
        _ => None,
    };
    if shard.is_none() {
        return Err(PlanError::unsupported(format!("this statement on '{}', which is on several shards", table.name)));
    }
    if table.is_renamed() {
        let written = name.table.text.clone();
        scopes.edits.replace(name.table.span, NewText::Table { table: id, written }, scopes.literals);
    }
    Ok(shard)
}

/// The first words of a statement, in upper case.
fn words(sql: &[u8], scopes: &Scopes<'_, '_>, count: usize) -> Vec<String> {
    let upper = |token: Token| String::from_utf8_lossy(token.text(sql)).to_ascii_uppercase();
    Lexer::new(sql, scopes.ctx.mode).take(count).map(upper).collect()
}

/// Whether it is a DO of nothing but the servers' own functions, literals and variables.
pub(super) fn only_computes(sql: &[u8], mode: Mode) -> bool {
    let mut tokens = Lexer::new(sql, mode).peekable();
    if !tokens.next().is_some_and(|token| token.is_word(sql, "DO")) {
        return false;
    }
    while let Some(token) = tokens.next() {
        let is_called = tokens.peek().is_some_and(|next| next.is_op(Op::LParen));
        let name = String::from_utf8_lossy(token.text(sql)).to_ascii_lowercase();
        match token.kind {
            TokenKind::Word if is_called && !functions::is_scalar(&name) && !facts::is_native(&name) => return false,
            TokenKind::Word if token.is_word(sql, "SELECT") => return false,
            TokenKind::QuotedIdent | TokenKind::Invalid => return false,
            _ => {}
        }
    }
    true
}

/// What a statement that the parser does not know is to the session, and whether it commits the open transaction.
pub(super) fn kind(sql: &[u8], scopes: &Scopes<'_, '_>) -> (StatementKind, bool) {
    let words = words(sql, scopes, 2);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["SHOW" | "DESCRIBE" | "DESC" | "EXPLAIN" | "HELP", ..] => (StatementKind::Show, false),
        ["CALL", ..] => (StatementKind::Call, false),
        ["INSERT" | "REPLACE" | "UPDATE" | "DELETE" | "LOAD", ..] => (StatementKind::Write, false),
        ["CREATE" | "DROP", "TEMPORARY", ..] => (StatementKind::Write, false),
        ["CREATE" | "ALTER" | "DROP" | "RENAME" | "TRUNCATE" | "GRANT" | "REVOKE" | "INSTALL" | "UNINSTALL", ..] => {
            (StatementKind::Ddl, true)
        }
        ["ANALYZE" | "OPTIMIZE" | "REPAIR" | "CHECK" | "CACHE" | "FLUSH" | "RESET" | "LOCK", ..] => {
            (StatementKind::Ddl, true)
        }
        _ => (StatementKind::Other, false),
    }
}
