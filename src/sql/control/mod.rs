//! A small grammar of our own for what ShardGate does itself: transactions, USE, SET, KILL, table locks, text PREPARE,
//! diagnostics, EXPLAIN ROUTE, and orders about the configuration.
//!
//! What comes out holds values and offsets of this very text, so it must not be kept for other texts of the shape.
//! Comments, case and a trailing `;` do not matter. The text must be one statement: see `split`.

mod assignment;
mod catalog;
mod maintenance;
mod prepared;
mod session;
mod show;
mod transaction;
mod xa;

use std::ops::Range;

pub use assignment::{Assignment, Scope, SimpleValue, simple_value};
pub use catalog::{Place, ShowCatalog, Shown};
pub use maintenance::Maintenance;
pub use prepared::{Argument, PrepareSource};
pub use session::{KillTarget, TableLock, TableLockKind, TableLocks};
pub use show::{Diagnostics, ShowFilter};
pub use transaction::{Isolation, TransactionScope};
pub use xa::XaVerb;

pub use crate::sql::cursor::TableName;

use crate::sql::cursor::Cursor;
use crate::sql::tokens::{Mode, Op};

/// What can be done with a change of tables that is not done on all shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DdlVerb {
    Resume,
    RollBack,
    Forget,
}

/// SET of user variables as a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetSelected {
    /// INTO variables of its own.
    pub query: Vec<u8>,
    /// Those, and which variable of the client's each is to be.
    pub variables: Vec<(String, String)>,
}

/// A statement that ShardGate acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// BEGIN, START TRANSACTION. `read_only` is `None` if neither READ ONLY nor READ WRITE is given.
    Begin {
        read_only: Option<bool>,
        consistent_snapshot: bool,
    },
    /// `None` where the session's `completion_type` decides.
    Commit {
        chain: Option<bool>,
        release: Option<bool>,
    },
    /// As COMMIT.
    Rollback {
        chain: Option<bool>,
        release: Option<bool>,
    },
    Savepoint(String),
    /// XA, passed on to one server.
    Xa(XaVerb),
    ReleaseSavepoint(String),
    RollbackTo(String),
    /// SET TRANSACTION, with any scope.
    SetTransaction {
        scope: TransactionScope,
        isolation: Option<Isolation>,
        read_only: Option<bool>,
    },
    /// USE.
    Use(String),
    /// SET, in order.
    Set(Vec<Assignment>),
    /// SET of user variables that several shards are read for.
    SetSelected(SetSelected),
    /// MariaDB's `SET STATEMENT assignments FOR statement`: their places.
    SetStatement {
        assignments: Range<usize>,
        statement: Range<usize>,
    },
    Kill {
        query_only: bool,
        target: KillTarget,
    },
    LockTables(TableLocks),
    UnlockTables,
    /// SHOW DDL: changes of tables that are not done on all shards.
    ShowDdl,
    /// What is to become of one of them, by its number.
    MendDdl(DdlVerb, u64),
    /// CREATE DATABASE and DROP DATABASE; `is_tolerant`: with `IF [NOT] EXISTS`.
    Database {
        creates: bool,
        name: String,
        is_tolerant: bool,
    },
    /// `statement` is the place of what is to be explained; `analyze`: and run.
    ExplainRoute {
        statement: Range<usize>,
        analyze: bool,
    },
    /// SHOW WARNINGS, SHOW ERRORS, and with `count` SHOW COUNT(*) of them. `limit` is offset and count.
    ShowDiagnostics {
        what: Diagnostics,
        count: bool,
        limit: Option<(u64, u64)>,
    },
    /// SHOW DATABASES, SHOW SCHEMAS.
    ShowDatabases {
        filter: Option<ShowFilter>,
    },
    /// `SHOW [FULL] PROCESSLIST`.
    ShowSessions {
        full: bool,
    },
    /// `SHOW [SESSION] VARIABLES`.
    ShowVariables,
    /// SHOW GRANTS, of the session's own user.
    ShowGrants,
    /// Lists of tables and the like, and how things were created.
    ShowCatalog(ShowCatalog),
    /// `SHOW SHARD FOR table = key`: the place of the key is that of a literal.
    ShowShard {
        table: TableName,
        key: Range<usize>,
    },
    /// CHECK REFERENCE TABLE tables, or CHECK REFERENCE TABLES for all.
    CheckReference {
        tables: Vec<TableName>,
    },
    /// ANALYZE TABLE and its kind.
    Maintain(Maintenance),
    /// SHOW RULES.
    ShowRules,
    /// `CREATE SHARDED TABLE RULE table (keys)`, ALTER and DROP: the place of the keys.
    ChangeRule {
        verb: RuleVerb,
        table: TableName,
        body: Range<usize>,
    },
    /// CREATE TABLE with a rule in a comment.
    CreateWithRule(CreateRuled),
    /// CREATE TABLE ... SELECT that no shard can run by itself.
    CreateSelect(CreateSelect),
    /// DROP TABLE, or DROP VIEW, of those on different shards whose names are at these places. `is_tolerant`: IF EXISTS.
    DropEach {
        places: Vec<Range<usize>>,
        is_tolerant: bool,
        are_views: bool,
    },
    /// RELOAD CONFIG.
    ReloadConfig,
    /// ROLLBACK CONFIG.
    RollbackConfig,
    /// PREPARE name FROM source.
    Prepare {
        name: String,
        source: PrepareSource,
    },
    /// EXECUTE name USING what stands for its markers.
    Execute {
        name: String,
        using: Vec<Argument>,
    },
    /// EXECUTE IMMEDIATE source USING what stands for its markers.
    ExecuteImmediate {
        source: PrepareSource,
        using: Vec<Argument>,
    },
    /// DEALLOCATE PREPARE, DROP PREPARE.
    Deallocate {
        name: String,
    },
}

/// CREATE TABLE ... SELECT, with the places of its parts in the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateSelect {
    pub table: TableName,
    /// The table's name as it is written.
    pub target: Range<usize>,
    /// What is between name and query.
    pub definition: Range<usize>,
    pub query: Range<usize>,
    pub is_temporary: bool,
    /// OR REPLACE.
    pub replaces: bool,
    /// IF NOT EXISTS.
    pub is_tolerant: bool,
    /// The first words of the INSERT that brings the rows.
    pub verb: &'static str,
}

/// CREATE TABLE with a rule in a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRuled {
    pub table: TableName,
    /// The place of the comment.
    pub comment: Range<usize>,
    pub body: String,
    /// IF NOT EXISTS.
    pub spares_existing: bool,
}

/// What is done with the rule of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleVerb {
    Create,
    Alter,
    Drop,
}

/// Why a control statement cannot be acted on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// It is wrong at this offset; at the end of the text if something is missing.
    #[error("syntax error at byte {at}")]
    Syntax { at: usize },
    /// The server might accept it, but it must not reach one as it is.
    #[error("{feature} is not supported")]
    Unsupported { feature: &'static str },
}

/// The result of a part of the grammar.
pub(in crate::sql) type Parsed<T> = Result<T, ControlError>;

/// Reads `sql` if it is one of ShardGate's own statements; `None` if it is any other.
pub fn parse(sql: &[u8], mode: Mode) -> Option<Parsed<Control>> {
    let mut cursor = Cursor::new(sql, mode);
    let control = statement(&mut cursor)?;
    Some(control.and_then(|control| match cursor.is_at_end() {
        true => Ok(control),
        false => Err(syntax(&cursor)),
    }))
}

/// The parser of the statement, chosen by its first words.
fn statement(cursor: &mut Cursor<'_>) -> Option<Parsed<Control>> {
    let start = cursor.clone();
    let first = cursor.take()?;
    let is = |word| first.is_word(start.sql, word);
    if is("BEGIN") {
        return transaction::begin(cursor);
    } else if is("START") {
        return transaction::start(cursor);
    } else if is("COMMIT") {
        return Some(transaction::commit(cursor));
    } else if is("RELOAD") && cursor.eat_word("CONFIG") {
        return Some(Ok(Control::ReloadConfig));
    } else if is("ROLLBACK") && cursor.eat_word("CONFIG") {
        return Some(Ok(Control::RollbackConfig));
    } else if is("RECOVER") && cursor.eat_word("TRANSACTIONS") {
        return Some(Err(show::of_the_console()));
    } else if is("CHECK") && cursor.eat_word("REFERENCE") {
        return Some(check_reference(cursor));
    } else if ["ANALYZE", "CHECK", "CHECKSUM", "OPTIMIZE", "REPAIR"].into_iter().any(is) {
        return maintenance::maintain(cursor, is("CHECKSUM"));
    } else if is("RESUME") && cursor.eat_word("DDL") {
        return Some(integer(cursor).map(|id| Control::MendDdl(DdlVerb::Resume, id)));
    } else if is("ROLLBACK") && cursor.eat_word("DDL") {
        return Some(integer(cursor).map(|id| Control::MendDdl(DdlVerb::RollBack, id)));
    } else if is("FORGET") && cursor.eat_word("DDL") {
        return Some(integer(cursor).map(|id| Control::MendDdl(DdlVerb::Forget, id)));
    } else if (is("CREATE") || is("ALTER") || is("DROP")) && cursor.eat_words(&["SHARDED", "TABLE", "RULE"]) {
        return Some(rule(
            cursor,
            if is("CREATE") {
                RuleVerb::Create
            } else if is("ALTER") {
                RuleVerb::Alter
            } else {
                RuleVerb::Drop
            },
        ));
    } else if (is("CREATE") || is("DROP")) && cursor.eat_one_of(&["DATABASE", "SCHEMA"]) {
        return Some(session::database(cursor, is("CREATE")));
    } else if is("ROLLBACK") {
        return Some(transaction::rollback(cursor));
    } else if is("XA") {
        return Some(xa::xa(cursor));
    } else if is("SAVEPOINT") {
        return Some(name(cursor).map(Control::Savepoint));
    } else if is("RELEASE") && cursor.eat_word("SAVEPOINT") {
        return Some(name(cursor).map(Control::ReleaseSavepoint));
    } else if is("USE") {
        return Some(name(cursor).map(Control::Use));
    } else if is("SET") {
        return Some(transaction::set(cursor).unwrap_or_else(|| assignment::set(cursor)));
    } else if is("KILL") {
        return Some(session::kill(cursor));
    } else if is("LOCK") {
        return session::lock(cursor);
    } else if is("UNLOCK") {
        return session::unlock(cursor);
    } else if is("SHOW") {
        return show::show(cursor);
    } else if is("EXPLAIN") {
        return show::explain(cursor);
    } else if is("PREPARE") {
        return Some(prepared::prepare(cursor));
    } else if is("EXECUTE") {
        return Some(prepared::execute(cursor));
    } else if (is("DEALLOCATE") || is("DROP")) && cursor.eat_word("PREPARE") {
        return Some(name(cursor).map(|name| Control::Deallocate { name }));
    }
    None
}

/// After CHECK REFERENCE.
fn check_reference(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    let mut tables = Vec::new();
    if cursor.eat_word("TABLES") {
        return Ok(Control::CheckReference { tables });
    }
    expect_words(cursor, &["TABLE"])?;
    loop {
        tables.push(cursor.eat_table().ok_or_else(|| syntax(cursor))?);
        if !cursor.eat_op(Op::Comma) {
            return Ok(Control::CheckReference { tables });
        }
    }
}

/// After CREATE SHARDED TABLE RULE.
fn rule(cursor: &mut Cursor<'_>, verb: RuleVerb) -> Parsed<Control> {
    let table = cursor.eat_table().ok_or_else(|| syntax(cursor))?;
    let start = cursor.position();
    if verb == RuleVerb::Drop {
        return Ok(Control::ChangeRule { verb, table, body: start..start });
    }
    cursor.take_rest();
    let end = cursor.taken_to();
    let text = cursor.sql.get(start..end).unwrap_or_default();
    match (text.first(), text.last()) {
        (Some(b'('), Some(b')')) => Ok(Control::ChangeRule { verb, table, body: start + 1..end - 1 }),
        _ => Err(ControlError::Syntax { at: start }),
    }
}

/// An error at the next token.
fn syntax(cursor: &Cursor<'_>) -> ControlError {
    ControlError::Syntax { at: cursor.position() }
}

/// A name is next, or it is an error.
fn name(cursor: &mut Cursor<'_>) -> Parsed<String> {
    cursor.eat_ident().ok_or_else(|| syntax(cursor))
}

/// A number is next, or it is an error.
fn integer(cursor: &mut Cursor<'_>) -> Parsed<u64> {
    cursor.eat_integer().ok_or_else(|| syntax(cursor))
}

/// The words are next, or it is an error.
fn expect_words(cursor: &mut Cursor<'_>, words: &[&str]) -> Parsed<()> {
    cursor.eat_words(words).then_some(()).ok_or_else(|| syntax(cursor))
}

#[cfg(test)]
mod tests;
