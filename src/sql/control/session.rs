//! KILL, LOCK TABLES, UNLOCK TABLES.

use super::{Control, ControlError, Parsed, expect_words, syntax};
use crate::sql::cursor::{Cursor, TableName};
use crate::sql::tokens::Op;

/// One table of LOCK TABLES.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLock {
    pub table: TableName,
    pub write: bool,
}

/// After KILL. Only a number can be translated to a server's connection.
pub(super) fn kill(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    cursor.eat_one_of(&["HARD", "SOFT"]);
    let query_only = cursor.eat_word("QUERY");
    if !query_only {
        cursor.eat_word("CONNECTION");
    }
    let id = cursor.eat_integer();
    match id {
        Some(id) if cursor.is_at_end() => Ok(Control::Kill { query_only, id }),
        _ if cursor.is_at_end() => Err(syntax(cursor)),
        _ => Err(ControlError::Unsupported { feature: "KILL with anything but a connection id" }),
    }
}

/// After LOCK. `None` for LOCK INSTANCE and the like.
pub(super) fn lock(cursor: &mut Cursor<'_>) -> Option<Parsed<Control>> {
    cursor.eat_one_of(&["TABLE", "TABLES"]).then(|| lock_tables(cursor))
}

fn lock_tables(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    let mut locks = Vec::new();
    loop {
        locks.push(table_lock(cursor)?);
        if !cursor.eat_op(Op::Comma) {
            break;
        }
    }
    // MariaDB: how long to wait.
    if cursor.eat_word("WAIT") {
        cursor.eat_integer().ok_or_else(|| syntax(cursor))?;
    } else {
        cursor.eat_word("NOWAIT");
    }
    Ok(Control::LockTables(locks))
}

/// `name [[AS] alias] {READ [LOCAL] | [LOW_PRIORITY] WRITE [CONCURRENT]}`
fn table_lock(cursor: &mut Cursor<'_>) -> Parsed<TableLock> {
    let table = cursor.eat_table().ok_or_else(|| syntax(cursor))?;
    let is_kind = |cursor: &Cursor<'_>| ["READ", "WRITE", "LOW_PRIORITY"].iter().any(|word| cursor.is_word(word));
    if cursor.eat_word("AS") || !is_kind(cursor) {
        cursor.eat_ident().ok_or_else(|| syntax(cursor))?;
    }
    if cursor.eat_word("READ") {
        cursor.eat_word("LOCAL");
        return Ok(TableLock { table, write: false });
    }
    cursor.eat_word("LOW_PRIORITY");
    expect_words(cursor, &["WRITE"])?;
    cursor.eat_word("CONCURRENT");
    Ok(TableLock { table, write: true })
}

/// After UNLOCK. `None` for UNLOCK INSTANCE and the like.
pub(super) fn unlock(cursor: &mut Cursor<'_>) -> Option<Parsed<Control>> {
    cursor.eat_one_of(&["TABLE", "TABLES"]).then_some(Ok(Control::UnlockTables))
}
