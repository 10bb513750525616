//! BEGIN to ROLLBACK, and SET TRANSACTION.

use super::{Control, ControlError, Parsed, expect_words, name, syntax};
use crate::sql::cursor::Cursor;
use crate::sql::tokens::Op;

/// A transaction isolation level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Isolation {
    ReadUncommitted,
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

/// Which transactions SET TRANSACTION is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionScope {
    /// The session's later transactions.
    Session,
    /// The next one only.
    NextOnly,
    /// Those of later sessions.
    Global,
}

/// After BEGIN. `None` for a compound statement.
pub(super) fn begin(cursor: &mut Cursor<'_>) -> Option<Parsed<Control>> {
    cursor.eat_word("WORK");
    let is_compound = cursor.is_word("NOT");
    (!is_compound).then_some(Ok(Control::Begin { read_only: None, consistent_snapshot: false }))
}

/// After START. `None` for START REPLICA and the like.
pub(super) fn start(cursor: &mut Cursor<'_>) -> Option<Parsed<Control>> {
    cursor.eat_word("TRANSACTION").then(|| start_transaction(cursor))
}

fn start_transaction(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    let mut read_only = None;
    let mut consistent_snapshot = false;
    if cursor.is_at_end() {
        return Ok(Control::Begin { read_only, consistent_snapshot });
    }
    loop {
        if cursor.eat_word("WITH") {
            expect_words(cursor, &["CONSISTENT", "SNAPSHOT"])?;
            consistent_snapshot = true;
        } else {
            access_mode(cursor, &mut read_only)?;
        }
        if !cursor.eat_op(Op::Comma) {
            return Ok(Control::Begin { read_only, consistent_snapshot });
        }
    }
}

/// READ ONLY or READ WRITE; not both.
fn access_mode(cursor: &mut Cursor<'_>, read_only: &mut Option<bool>) -> Parsed<()> {
    let start = cursor.position();
    expect_words(cursor, &["READ"])?;
    let mode = match cursor.eat_word("ONLY") {
        true => true,
        false => expect_words(cursor, &["WRITE"]).map(|()| false)?,
    };
    match read_only.replace(mode) {
        Some(other) if other != mode => Err(ControlError::Syntax { at: start }),
        _ => Ok(()),
    }
}

/// After COMMIT.
pub(super) fn commit(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    cursor.eat_word("WORK");
    completion(cursor).map(|(chain, release)| Control::Commit { chain, release })
}

/// After ROLLBACK.
pub(super) fn rollback(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    cursor.eat_word("WORK");
    if !cursor.eat_word("TO") {
        return completion(cursor).map(|(chain, release)| Control::Rollback { chain, release });
    }
    let may_be_name = cursor.clone();
    // A savepoint may be named `savepoint`.
    if cursor.eat_word("SAVEPOINT") && cursor.is_at_end() {
        *cursor = may_be_name;
    }
    name(cursor).map(Control::RollbackTo)
}

/// `[AND [NO] CHAIN] [[NO] RELEASE]`
fn completion(cursor: &mut Cursor<'_>) -> Parsed<(Option<bool>, Option<bool>)> {
    let start = cursor.position();
    let mut chain = None;
    if cursor.eat_word("AND") {
        chain = Some(!cursor.eat_word("NO"));
        expect_words(cursor, &["CHAIN"])?;
    }
    let release = match cursor.eat_words(&["NO", "RELEASE"]) {
        true => Some(false),
        false => cursor.eat_word("RELEASE").then_some(true),
    };
    match (chain, release) {
        (Some(true), Some(true)) => Err(ControlError::Syntax { at: start }),
        completion => Ok(completion),
    }
}

/// After SET. `None`, with nothing taken, if it is not SET TRANSACTION.
pub(super) fn set(cursor: &mut Cursor<'_>) -> Option<Parsed<Control>> {
    let start = cursor.clone();
    let scope = match cursor {
        _ if cursor.eat_one_of(&["SESSION", "LOCAL"]) => TransactionScope::Session,
        _ if cursor.eat_word("GLOBAL") => TransactionScope::Global,
        _ => TransactionScope::NextOnly,
    };
    if !cursor.eat_word("TRANSACTION") {
        *cursor = start;
        return None;
    }
    Some(characteristics(cursor, scope))
}

fn characteristics(cursor: &mut Cursor<'_>, scope: TransactionScope) -> Parsed<Control> {
    let mut level = None;
    let mut read_only = None;
    loop {
        let at = cursor.position();
        let is_second = match cursor.eat_word("ISOLATION") {
            true => level.replace(isolation(cursor)?).is_some(),
            false => {
                let is_second = read_only.is_some();
                access_mode(cursor, &mut read_only)?;
                is_second
            }
        };
        if is_second {
            return Err(ControlError::Syntax { at });
        }
        if !cursor.eat_op(Op::Comma) {
            return Ok(Control::SetTransaction { scope, isolation: level, read_only });
        }
    }
}

/// After ISOLATION.
fn isolation(cursor: &mut Cursor<'_>) -> Parsed<Isolation> {
    expect_words(cursor, &["LEVEL"])?;
    const LEVELS: &[(&[&str], Isolation)] = &[
        (&["READ", "UNCOMMITTED"], Isolation::ReadUncommitted),
        (&["READ", "COMMITTED"], Isolation::ReadCommitted),
        (&["REPEATABLE", "READ"], Isolation::RepeatableRead),
        (&["SERIALIZABLE"], Isolation::Serializable),
    ];
    let known = LEVELS.iter().find(|(words, _)| cursor.eat_words(words));
    known.map(|(_, level)| *level).ok_or_else(|| syntax(cursor))
}
