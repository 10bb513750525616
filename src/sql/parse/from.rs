//! FROM: tables, derived tables and joins.

use crate::sql::tokens::{Op, TokenKind};

use super::ast::{DerivedTable, Ident, JoinCondition, JoinKind, NamedTable, Span, TableRef};
use super::cursor::Cursor;
use super::expression::{self, Stop};
use super::{Problem, Result, query};

/// Joins in one chain. MySQL and MariaDB allow 61 tables; a chain is a tree as deep as it is long.
const MAX_JOINS: usize = 100;

/// Reserved words that can follow a table, and so are no alias of it.
const NOT_ALIASES: &[&str] = &[
    "ON",
    "USING",
    "JOIN",
    "INNER",
    "LEFT",
    "RIGHT",
    "CROSS",
    "NATURAL",
    "STRAIGHT_JOIN",
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "FOR",
    "LOCK",
    "INTO",
    "PROCEDURE",
    "SET",
    "USE",
    "IGNORE",
    "FORCE",
    "PARTITION",
    "VALUES",
    "SELECT",
    "OFFSET",
    "FETCH",
    "RETURNING",
    "AS",
    "OUTER",
    "WITH",
];
const ON_END: Stop = Stop {
    words: &[
        "ON",
        "USING",
        "JOIN",
        "INNER",
        "LEFT",
        "RIGHT",
        "CROSS",
        "NATURAL",
        "STRAIGHT_JOIN",
        "WHERE",
        "GROUP",
        "HAVING",
        "WINDOW",
        "ORDER",
        "LIMIT",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "FOR",
        "LOCK",
        "INTO",
        "PROCEDURE",
        "SET",
        "OFFSET",
        "FETCH",
        "RETURNING",
    ],
    at_comma: true,
};

/// The tables after FROM (or UPDATE), separated by commas.
pub(super) fn read(cursor: &mut Cursor<'_, '_>) -> Result<Vec<TableRef>> {
    let mut tables = vec![read_joined(cursor)?];
    while cursor.take_op(Op::Comma) {
        tables.push(read_joined(cursor)?);
    }
    Ok(tables)
}

/// A table and the joins behind it.
fn read_joined(cursor: &mut Cursor<'_, '_>) -> Result<TableRef> {
    let mut joined = read_factor(cursor)?;
    let mut joins = 0;
    while let Some((kind, is_natural)) = read_join_words(cursor)? {
        joins = one_more(joins)?;
        let mut right = read_factor(cursor)?;
        // `a LEFT JOIN b JOIN c ON .. ON ..`: an outer join needs its condition, so that the next join is inside.
        while kind != JoinKind::Inner && !is_natural && !cursor.is_any_word(&["ON", "USING"]) {
            joins = one_more(joins)?;
            right = read_inner_join(cursor, right)?;
        }
        let condition = if is_natural { JoinCondition::Natural } else { read_join_condition(cursor)? };
        joined = TableRef::Join { left: Box::new(joined), right: Box::new(right), kind, condition };
    }
    // A second condition for joins already read: legal, rare, and not understood here.
    let ends_insert = cursor.clone().take_words(&["ON", "DUPLICATE", "KEY", "UPDATE"]);
    if cursor.is_any_word(&["ON", "USING"]) && !ends_insert { Err(cursor.problem()) } else { Ok(joined) }
}

fn one_more(joins: usize) -> Result<usize> {
    if joins < MAX_JOINS { Ok(joins + 1) } else { Err(Problem::TooDeep) }
}

/// One more join, with its own condition, of the right side of a join whose condition has not come yet.
fn read_inner_join(cursor: &mut Cursor<'_, '_>, left: TableRef) -> Result<TableRef> {
    let Some((kind, is_natural)) = read_join_words(cursor)? else {
        return Err(cursor.problem());
    };
    let right = read_factor(cursor)?;
    let condition = if is_natural { JoinCondition::Natural } else { read_join_condition(cursor)? };
    if condition == JoinCondition::None {
        return Err(cursor.problem());
    }
    Ok(TableRef::Join { left: Box::new(left), right: Box::new(right), kind, condition })
}

/// The kind of the join that comes next, and whether it is NATURAL.
fn read_join_words(cursor: &mut Cursor<'_, '_>) -> Result<Option<(JoinKind, bool)>> {
    if cursor.take_word("STRAIGHT_JOIN") {
        return Ok(Some((JoinKind::Inner, false)));
    }
    let is_natural = cursor.take_word("NATURAL");
    let kind = if cursor.take_word("LEFT") {
        JoinKind::Left
    } else if cursor.take_word("RIGHT") {
        JoinKind::Right
    } else {
        let has_word = cursor.take_word("INNER") || cursor.take_word("CROSS");
        if !has_word && !is_natural && !cursor.is_word("JOIN") {
            return Ok(None);
        }
        JoinKind::Inner
    };
    if kind != JoinKind::Inner {
        cursor.take_word("OUTER");
    }
    cursor.expect_word("JOIN")?;
    Ok(Some((kind, is_natural)))
}

fn read_join_condition(cursor: &mut Cursor<'_, '_>) -> Result<JoinCondition> {
    if cursor.take_word("ON") {
        return Ok(JoinCondition::On(Box::new(query::read_condition(cursor, ON_END)?)));
    }
    if cursor.take_word("USING") {
        query::read_names(cursor).map(JoinCondition::Using)
    } else {
        Ok(JoinCondition::None)
    }
}

fn read_factor(cursor: &mut Cursor<'_, '_>) -> Result<TableRef> {
    if cursor.is_op(Op::LBrace) {
        return read_odbc_join(cursor);
    }
    let is_lateral = cursor.take_word("LATERAL");
    if cursor.is_op(Op::LParen) && (cursor.tokens.opens_query(cursor.at) || opens_values(cursor)) {
        return read_derived(cursor, is_lateral);
    }
    if cursor.is_op(Op::LParen) {
        let mut inner = cursor.take_parenthesised()?;
        let tables = read(&mut inner)?;
        inner.expect_end()?;
        return Ok(TableRef::List(tables));
    }
    if cursor.is_word("JSON_TABLE") && cursor.tokens.is_op(cursor.at + 1, Op::LParen) {
        return read_json_table(cursor);
    }
    read_named_table(cursor)
}

fn opens_values(cursor: &Cursor<'_, '_>) -> bool {
    cursor.tokens.is_word(cursor.at + 1, "VALUES")
}

/// `{OJ a LEFT JOIN b ON ..}`
fn read_odbc_join(cursor: &mut Cursor<'_, '_>) -> Result<TableRef> {
    cursor.expect_op(Op::LBrace)?;
    cursor.expect_word("OJ")?;
    let end = (cursor.at..cursor.end).find(|index| cursor.tokens.is_op(*index, Op::RBrace)).ok_or(cursor.problem())?;
    let mut inner = cursor.nested(cursor.at, end)?;
    let joined = read_joined(&mut inner)?;
    inner.expect_end()?;
    cursor.at = end + 1;
    Ok(joined)
}

fn read_derived(cursor: &mut Cursor<'_, '_>, is_lateral: bool) -> Result<TableRef> {
    let query = query::read_parenthesised(cursor)?;
    let alias = read_alias(cursor)?;
    let columns = if alias.is_some() { query::read_names(cursor)? } else { Vec::new() };
    Ok(TableRef::Derived(Box::new(DerivedTable { query, is_lateral, alias, columns })))
}

fn read_json_table(cursor: &mut Cursor<'_, '_>) -> Result<TableRef> {
    cursor.at += 1;
    let close = cursor.tokens.close_of(cursor.at);
    let mut inner = cursor.nested(cursor.at + 1, close)?;
    let arguments = expression::read(&mut inner, Stop { words: &[], at_comma: false })?;
    cursor.at = close + 1;
    Ok(TableRef::Function { arguments, alias: read_alias(cursor)? })
}

/// A table by name, with its partitions, alias and index hints.
pub(super) fn read_named_table(cursor: &mut Cursor<'_, '_>) -> Result<TableRef> {
    if cursor.is_any_word(NOT_ALIASES) {
        return Err(cursor.problem());
    }
    let name = expression::read_table_name(cursor)?;
    if cursor.is_op(Op::LParen) {
        return Err(cursor.problem());
    }
    let before = cursor.at;
    if cursor.take_word("PARTITION") {
        cursor.take_parenthesised()?;
    }
    let partition = since(cursor, before);
    let alias_at = cursor.tokens.span(cursor.at - 1, cursor.at).end;
    let alias = read_alias(cursor)?;
    let before = cursor.at;
    read_index_hints(cursor)?;
    let index_hints = since(cursor, before);
    Ok(TableRef::Table(NamedTable { name, alias, alias_at, takes_alias: true, partition, index_hints }))
}

/// What was read since the cursor was at `before`.
fn since(cursor: &Cursor<'_, '_>, before: usize) -> Option<Span> {
    (cursor.at > before).then(|| cursor.tokens.span(before, cursor.at))
}

fn read_alias(cursor: &mut Cursor<'_, '_>) -> Result<Option<Ident>> {
    if cursor.take_word("AS") {
        return cursor.take_ident().map(Some);
    }
    let kind = if cursor.is_at_end() { None } else { cursor.tokens.kind(cursor.at) };
    match kind {
        Some(TokenKind::Word) if !cursor.is_any_word(NOT_ALIASES) && !begins_window(cursor) => {
            cursor.take_ident().map(Some)
        }
        Some(TokenKind::QuotedIdent) => cursor.take_ident().map(Some),
        _ => Ok(None),
    }
}

fn begins_window(cursor: &Cursor<'_, '_>) -> bool {
    cursor.is_word("WINDOW") && cursor.tokens.is_word(cursor.at + 2, "AS")
}

fn read_index_hints(cursor: &mut Cursor<'_, '_>) -> Result<()> {
    while cursor.is_any_word(&["USE", "IGNORE", "FORCE"]) {
        cursor.at += 1;
        if !cursor.take_word("INDEX") {
            cursor.expect_word("KEY")?;
        }
        if cursor.take_word("FOR") && !cursor.take_word("JOIN") && !cursor.take_words(&["ORDER", "BY"]) {
            cursor.expect_word("GROUP")?;
            cursor.expect_word("BY")?;
        }
        cursor.take_parenthesised()?;
    }
    Ok(())
}
