//! KILL, LOCK TABLES, UNLOCK TABLES.

use std::ops::Range;

use super::{Control, ControlError, Parsed, expect_words, syntax};
use crate::sql::cursor::{Cursor, TableName};
use crate::sql::tokens::Op;

/// What LOCK TABLES locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLocks {
    pub tables: Vec<TableLock>,
    /// MariaDB: seconds to wait at most; 0 for NOWAIT.
    pub wait: Option<u64>,
}

/// One table of LOCK TABLES.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLock {
    pub table: TableName,
    pub alias: Option<String>,
    pub kind: TableLockKind,
}

/// How a table is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableLockKind {
    Read,
    ReadLocal,
    Write,
    /// MariaDB: as WRITE for all engines but one.
    WriteConcurrent,
}

impl TableLockKind {
    /// Whether several sessions may have it at once.
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Read | Self::ReadLocal)
    }

    pub fn sql(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::ReadLocal => "READ LOCAL",
            Self::Write => "WRITE",
            Self::WriteConcurrent => "WRITE CONCURRENT",
        }
    }
}

/// Whom KILL means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KillTarget {
    /// What the client believes to be a connection id.
    Id(u64),
    /// Where an expression stands that gives it.
    Expression(Range<usize>),
}

/// After KILL.
pub(super) fn kill(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    cursor.eat_one_of(&["HARD", "SOFT"]);
    let query_only = cursor.eat_word("QUERY");
    if !query_only {
        cursor.eat_word("CONNECTION");
    }
    if cursor.is_at_end() {
        return Err(syntax(cursor));
    }
    if cursor.is_word("USER") || cursor.is_word("ID") {
        return Err(ControlError::Unsupported { feature: "KILL with anything but a connection id" });
    }
    let start = cursor.position();
    let id = cursor.eat_integer();
    let target = match id {
        Some(id) if cursor.is_at_end() => KillTarget::Id(id),
        _ => {
            cursor.take_rest();
            KillTarget::Expression(start..cursor.taken_to())
        }
    };
    Ok(Control::Kill { query_only, target })
}

/// After LOCK. `None` for LOCK INSTANCE and the like.
pub(super) fn lock(cursor: &mut Cursor<'_>) -> Option<Parsed<Control>> {
    cursor.eat_one_of(&["TABLE", "TABLES"]).then(|| lock_tables(cursor))
}

fn lock_tables(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    let mut tables = Vec::new();
    loop {
        tables.push(table_lock(cursor)?);
        if !cursor.eat_op(Op::Comma) {
            break;
        }
    }
    let mut wait = None;
    if cursor.eat_word("WAIT") {
        wait = Some(cursor.eat_integer().ok_or_else(|| syntax(cursor))?);
    } else if cursor.eat_word("NOWAIT") {
        wait = Some(0);
    }
    Ok(Control::LockTables(TableLocks { tables, wait }))
}

/// `name [[AS] alias] {READ [LOCAL] | [LOW_PRIORITY] WRITE [CONCURRENT]}`
fn table_lock(cursor: &mut Cursor<'_>) -> Parsed<TableLock> {
    let table = cursor.eat_table().ok_or_else(|| syntax(cursor))?;
    let is_kind = |cursor: &Cursor<'_>| ["READ", "WRITE", "LOW_PRIORITY"].iter().any(|word| cursor.is_word(word));
    let has_alias = cursor.eat_word("AS") || !is_kind(cursor);
    let alias = if has_alias { Some(cursor.eat_ident().ok_or_else(|| syntax(cursor))?) } else { None };
    if cursor.eat_word("READ") {
        let kind = if cursor.eat_word("LOCAL") { TableLockKind::ReadLocal } else { TableLockKind::Read };
        return Ok(TableLock { table, alias, kind });
    }
    cursor.eat_word("LOW_PRIORITY");
    expect_words(cursor, &["WRITE"])?;
    let kind = if cursor.eat_word("CONCURRENT") { TableLockKind::WriteConcurrent } else { TableLockKind::Write };
    Ok(TableLock { table, alias, kind })
}

/// After CREATE DATABASE or DROP DATABASE.
pub(super) fn database(cursor: &mut Cursor<'_>, creates: bool) -> Parsed<Control> {
    let words: &[&str] = if creates { &["IF", "NOT", "EXISTS"] } else { &["IF", "EXISTS"] };
    let is_tolerant = cursor.eat_words(words);
    let name = cursor.eat_ident().ok_or_else(|| syntax(cursor))?;
    // Character sets and the like: those of the physical schemas hold.
    cursor.take_rest();
    Ok(Control::Database { creates, name, is_tolerant })
}

/// After UNLOCK. `None` for UNLOCK INSTANCE and the like.
pub(super) fn unlock(cursor: &mut Cursor<'_>) -> Option<Parsed<Control>> {
    cursor.eat_one_of(&["TABLE", "TABLES"]).then_some(Ok(Control::UnlockTables))
}
