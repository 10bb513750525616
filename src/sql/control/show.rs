//! The SHOW statements that ShardGate answers itself, and EXPLAIN [ANALYZE] ROUTE.

use std::ops::Range;

use super::{Control, ControlError, Parsed, catalog, syntax};
use crate::sql::cursor::Cursor;
use crate::sql::literal::unescape;
use crate::sql::tokens::{Op, TokenKind};

/// What SHOW WARNINGS and SHOW ERRORS show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diagnostics {
    /// Notes and errors too.
    Warnings,
    Errors,
}

/// Which rows a SHOW shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShowFilter {
    /// The pattern, in the client's character set, with its `\%` and `\_`.
    Like(Vec<u8>),
    /// The place of the condition.
    Where(Range<usize>),
}

/// After SHOW. `None` for all those that servers answer.
pub(super) fn show(cursor: &mut Cursor<'_>) -> Option<Parsed<Control>> {
    if let Some(show) = catalog::show(cursor) {
        return Some(show);
    }
    if cursor.eat_word("DDL") {
        return Some(Ok(Control::ShowDdl));
    }
    if cursor.eat_words(&["FULL", "PROCESSLIST"]) {
        return Some(Ok(Control::ShowSessions { full: true }));
    }
    if cursor.eat_word("PROCESSLIST") {
        return Some(Ok(Control::ShowSessions { full: false }));
    }
    if cursor.eat_words(&["SESSION", "VARIABLES"])
        || cursor.eat_words(&["LOCAL", "VARIABLES"])
        || cursor.eat_word("VARIABLES")
    {
        // Servers know what LIKE and WHERE mean.
        cursor.take_rest();
        return Some(Ok(Control::ShowVariables));
    }
    if cursor.eat_words(&["SHARD", "FOR"]) {
        return Some(shard(cursor));
    }
    if cursor.eat_word("RULES") {
        return Some(Ok(Control::ShowRules));
    }
    if cursor.eat_one_of(&["TRANSACTIONS", "METRICS"]) {
        return Some(Err(of_the_console()));
    }
    if cursor.is_word("GRANTS") {
        return grants(cursor);
    }
    if cursor.eat_one_of(&["DATABASES", "SCHEMAS"]) {
        return Some(filter(cursor).map(|filter| Control::ShowDatabases { filter }));
    }
    if cursor.is_word("COUNT") {
        return count(cursor).map(|what| Ok(Control::ShowDiagnostics { what, count: true, limit: None }));
    }
    let what = diagnostics(cursor)?;
    Some(limit(cursor).map(|limit| Control::ShowDiagnostics { what, count: false, limit }))
}

/// What operators say elsewhere.
pub(super) fn of_the_console() -> ControlError {
    let feature =
        "SHOW TRANSACTIONS, SHOW METRICS and RECOVER TRANSACTIONS here: say them on the operator's console ([console])";
    ControlError::Unsupported { feature }
}

/// After SHOW SHARD FOR.
fn shard(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    let table = cursor.eat_table().ok_or_else(|| syntax(cursor))?;
    if !cursor.eat_op(Op::Eq) {
        return Err(syntax(cursor));
    }
    let start = cursor.position();
    cursor.skip_expression();
    if cursor.taken_to() <= start {
        return Err(syntax(cursor));
    }
    Ok(Control::ShowShard { table, key: start..cursor.taken_to() })
}

fn diagnostics(cursor: &mut Cursor<'_>) -> Option<Diagnostics> {
    if cursor.eat_word("WARNINGS") {
        Some(Diagnostics::Warnings)
    } else {
        cursor.eat_word("ERRORS").then_some(Diagnostics::Errors)
    }
}

/// COUNT(*) WARNINGS. COUNT is a function name, which the parenthesis must touch unless sql_mode allows a space.
fn count(cursor: &mut Cursor<'_>) -> Option<Diagnostics> {
    cursor.take();
    let touches = cursor.position() == cursor.taken_to() || cursor.mode.ignore_space;
    let is_star = touches && cursor.eat_op(Op::LParen) && cursor.eat_op(Op::Star) && cursor.eat_op(Op::RParen);
    if is_star { diagnostics(cursor) } else { None }
}

/// `[LIMIT [offset,] count | LIMIT count OFFSET offset]`, as offset and count.
fn limit(cursor: &mut Cursor<'_>) -> Parsed<Option<(u64, u64)>> {
    if !cursor.eat_word("LIMIT") {
        return Ok(None);
    }
    let first = number(cursor)?;
    if cursor.eat_op(Op::Comma) {
        return number(cursor).map(|count| Some((first, count)));
    }
    if cursor.eat_word("OFFSET") {
        return number(cursor).map(|offset| Some((offset, first)));
    }
    Ok(Some((0, first)))
}

fn number(cursor: &mut Cursor<'_>) -> Parsed<u64> {
    if cursor.peek().is_some_and(|token| token.kind == TokenKind::Param) {
        return Err(ControlError::Unsupported { feature: "a parameter in the LIMIT of SHOW" });
    }
    cursor.eat_integer().ok_or_else(|| syntax(cursor))
}

/// `[LIKE pattern | WHERE condition]`
pub(super) fn filter(cursor: &mut Cursor<'_>) -> Parsed<Option<ShowFilter>> {
    if cursor.eat_word("LIKE") {
        let pattern = cursor.peek().filter(|token| matches!(token.kind, TokenKind::String { .. }));
        let pattern = pattern.ok_or_else(|| syntax(cursor))?;
        cursor.take();
        return Ok(Some(ShowFilter::Like(unescape(pattern.text(cursor.sql), cursor.mode).into_owned())));
    }
    if cursor.eat_word("WHERE") {
        return rest(cursor).map(|place| Some(ShowFilter::Where(place)));
    }
    Ok(None)
}

/// SHOW GRANTS [FOR CURRENT_USER]; of anyone else the servers know.
fn grants(cursor: &mut Cursor<'_>) -> Option<Parsed<Control>> {
    cursor.take();
    if cursor.eat_word("FOR") && cursor.eat_word("CURRENT_USER") && cursor.eat_op(Op::LParen) {
        cursor.eat_op(Op::RParen);
    }
    match cursor.is_at_end() {
        true => Some(Ok(Control::ShowGrants)),
        false => Some(Err(ControlError::Unsupported { feature: "SHOW GRANTS for another user" })),
    }
}

/// After EXPLAIN. `None` for plain EXPLAIN, and for the columns of a table that is named `route`.
pub(super) fn explain(cursor: &mut Cursor<'_>) -> Option<Parsed<Control>> {
    const VERBS: &[&str] = &[
        "ALTER",
        "ANALYZE",
        "BEGIN",
        "CALL",
        "COMMIT",
        "CREATE",
        "DELETE",
        "DESC",
        "DESCRIBE",
        "DO",
        "DROP",
        "EXECUTE",
        "EXPLAIN",
        "GRANT",
        "INSERT",
        "KILL",
        "LOAD",
        "LOCK",
        "OPTIMIZE",
        "PREPARE",
        "RENAME",
        "REPLACE",
        "REVOKE",
        "ROLLBACK",
        "SAVEPOINT",
        "SELECT",
        "SET",
        "SHOW",
        "START",
        "TABLE",
        "TRUNCATE",
        "UNLOCK",
        "UPDATE",
        "USE",
        "VALUES",
        "WITH",
    ];
    let analyze = cursor.eat_word("ANALYZE");
    let explains_route = cursor.eat_word("ROUTE");
    let is_statement = cursor.is_op(Op::LParen) || VERBS.iter().any(|verb| cursor.is_word(verb));
    // EXPLAIN ROUTE x: of a column of a table with this name.
    let mut column = cursor.clone();
    column.take();
    if explains_route && !is_statement && !cursor.is_at_end() && !column.is_at_end() {
        return Some(Err(syntax(cursor)));
    }
    (explains_route && is_statement).then(|| rest(cursor).map(|statement| Control::ExplainRoute { statement, analyze }))
}

/// The place of all that is left before a semicolon; an error if that is nothing.
fn rest(cursor: &mut Cursor<'_>) -> Parsed<Range<usize>> {
    let start = cursor.position();
    if cursor.is_at_end() {
        return Err(syntax(cursor));
    }
    cursor.take_rest();
    Ok(start..cursor.taken_to())
}
