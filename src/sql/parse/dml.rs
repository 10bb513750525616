//! INSERT, REPLACE, UPDATE and DELETE.

use crate::sql::tokens::Op;

use super::ast::{
    Assignment, Cell, ColumnName, Delete, Expression, Insert, NamedTable, Row, Source, TableName, TableRef, Tail,
    Update, With,
};
use super::cursor::Cursor;
use super::expression::{self, Stop};
use super::{Result, from, predicate, query};

const ROWS_END: Stop = Stop { words: &["ON", "RETURNING", "AS"], at_comma: false };
const ASSIGNMENTS_END: Stop =
    Stop { words: &["ON", "RETURNING", "AS", "WHERE", "ORDER", "LIMIT", "FROM"], at_comma: false };
const ASSIGNMENT_END: Stop = Stop { at_comma: true, ..ASSIGNMENTS_END };

/// INSERT or REPLACE, whose first word is next.
pub(super) fn read_insert(cursor: &mut Cursor<'_, '_>) -> Result<Insert> {
    let is_replace = cursor.is_word("REPLACE");
    cursor.at += 1;
    cursor.skip_words(&["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY"]);
    let ignores = cursor.take_word("IGNORE");
    cursor.take_word("INTO");
    let target = expression::read_table_name(cursor)?;
    let has_partition = cursor.take_word("PARTITION");
    if has_partition {
        cursor.take_parenthesised()?;
    }
    let columns = read_columns(cursor)?;
    let (source, mut expression) = read_source(cursor)?;
    let tail_start = cursor.at;
    if cursor.take_word("AS") {
        cursor.take_ident()?;
        query::read_names(cursor)?;
    }
    let mut on_duplicate = Vec::new();
    if cursor.take_words(&["ON", "DUPLICATE", "KEY", "UPDATE"]) {
        let (assignments, contents) = read_assignments(cursor)?;
        on_duplicate = assignments;
        merge(&mut expression, contents);
    }
    let tail = tail_of(cursor, tail_start);
    let has_returning = cursor.take_word("RETURNING");
    if has_returning {
        merge(&mut expression, expression::read(cursor, query::CLAUSE_END)?);
    }
    Ok(Insert {
        is_replace,
        ignores,
        target,
        has_partition,
        columns,
        source,
        expression,
        on_duplicate,
        tail,
        has_returning,
    })
}

/// What was read since `start`.
fn tail_of(cursor: &Cursor<'_, '_>, start: usize) -> Option<Tail> {
    let tokens = cursor.tokens;
    let params = (tokens.params_before(start), tokens.params_before(cursor.at));
    (cursor.at > start).then(|| Tail { span: tokens.span(start, cursor.at), params })
}

fn merge(into: &mut Expression, more: Expression) {
    into.columns.extend(more.columns);
    into.calls.extend(more.calls);
    into.queries.extend(more.queries);
    into.assigns_variable |= more.assigns_variable;
    into.has_window |= more.has_window;
}

fn read_columns(cursor: &mut Cursor<'_, '_>) -> Result<Option<Vec<ColumnName>>> {
    if !cursor.is_op(Op::LParen) || cursor.tokens.opens_query(cursor.at) {
        return Ok(None);
    }
    let mut inner = cursor.take_parenthesised()?;
    let mut columns = Vec::new();
    while !inner.is_at_end() {
        columns.push(expression::read_column(&mut inner)?);
        if !inner.take_op(Op::Comma) {
            inner.expect_end()?;
        }
    }
    Ok(Some(columns))
}

fn read_source(cursor: &mut Cursor<'_, '_>) -> Result<(Source, Expression)> {
    if cursor.take_word("VALUES") || cursor.take_word("VALUE") {
        let expression = expression::read(&mut cursor.clone(), ROWS_END)?;
        return Ok((Source::Rows(read_rows(cursor)?), expression));
    }
    if cursor.take_word("SET") {
        return read_set(cursor);
    }
    Ok((Source::Query(Box::new(query::read(cursor)?)), Expression::default()))
}

fn read_rows(cursor: &mut Cursor<'_, '_>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    loop {
        let start = cursor.at;
        cursor.take_word("ROW");
        let inner = cursor.take_parenthesised()?;
        rows.push(row_of(start, cursor.at, inner));
        if !cursor.take_op(Op::Comma) {
            return Ok(rows);
        }
    }
}

/// The row of the tokens `from..to`, whose values are in `inner`.
fn row_of(from: usize, to: usize, inner: Cursor<'_, '_>) -> Row {
    let tokens = inner.tokens;
    let values = if inner.is_at_end() { Vec::new() } else { predicate::split_at_commas(inner).map(cell).collect() };
    Row { span: tokens.span(from, to), values, params: (tokens.params_before(from), tokens.params_before(to)) }
}

fn cell(cursor: Cursor<'_, '_>) -> Cell {
    if cursor.end == cursor.at + 1 && cursor.is_word("DEFAULT") {
        return Cell::Default;
    }
    predicate::constant(cursor).map_or(Cell::Opaque, Cell::Constant)
}

/// `SET a = 1, b = 2` of INSERT, as one row.
fn read_set(cursor: &mut Cursor<'_, '_>) -> Result<(Source, Expression)> {
    let start = cursor.at;
    let expression = expression::read(&mut cursor.clone(), ASSIGNMENTS_END)?;
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    loop {
        columns.push(expression::read_column(cursor)?);
        values.push(cell(read_assigned(cursor, ASSIGNMENT_END)?));
        if !cursor.take_op(Op::Comma) {
            break;
        }
    }
    let tokens = cursor.tokens;
    let params = (tokens.params_before(start), tokens.params_before(cursor.at));
    let row = Row { span: tokens.span(start, cursor.at), values, params };
    Ok((Source::Set { columns, row }, expression))
}

/// The tokens of the value after `=`, which comes next, up to `end`.
pub(super) fn read_assigned<'t, 'a>(cursor: &mut Cursor<'t, 'a>, end: Stop) -> Result<Cursor<'t, 'a>> {
    if !cursor.take_op(Op::Eq) {
        cursor.expect_op(Op::Assign)?;
    }
    let start = cursor.at;
    expression::read(cursor, end)?;
    if cursor.at == start { Err(cursor.problem()) } else { Ok(cursor.within(start, cursor.at)) }
}

/// The assignments that come next, and what they contain.
fn read_assignments(cursor: &mut Cursor<'_, '_>) -> Result<(Vec<Assignment>, Expression)> {
    let expression = expression::read(&mut cursor.clone(), ASSIGNMENTS_END)?;
    let mut assignments = Vec::new();
    loop {
        let column = expression::read_column(cursor)?;
        let value = read_assigned(cursor, ASSIGNMENT_END)?;
        let (inserted, noted) = (argument_of(value, &["VALUES", "VALUE"]), argument_of(value, &["LAST_INSERT_ID"]));
        assignments.push(Assignment { column, value: predicate::operand(value), inserted, noted });
        if !cursor.take_op(Op::Comma) {
            return Ok((assignments, expression));
        }
    }
}

/// The column of `VALUES(column)`, for these names of the function.
fn argument_of(value: Cursor<'_, '_>, names: &[&str]) -> Option<ColumnName> {
    if !value.is_any_word(names) || !value.tokens.is_op(value.at + 1, Op::LParen) {
        return None;
    }
    expression::column_in(value.tokens, value.at + 2, value.end.checked_sub(1)?)
}

/// UPDATE, which is the next word.
pub(super) fn read_update(cursor: &mut Cursor<'_, '_>, with: With) -> Result<Update> {
    cursor.at += 1;
    cursor.take_word("LOW_PRIORITY");
    let ignores = cursor.take_word("IGNORE");
    let tables = from::read(cursor)?;
    cursor.expect_word("SET")?;
    let (assignments, set) = read_assignments(cursor)?;
    let filter = query::read_condition_after(cursor, "WHERE")?;
    let (order_by, limit) = read_order_and_limit(cursor)?;
    // Only PostgreSQL's UPDATE has FROM or RETURNING; MariaDB's has the latter from 13.0 on.
    let has_returning = cursor.is_word("RETURNING");
    Ok(Update { with, ignores, tables, assignments, set, filter, order_by, limit, has_returning })
}

fn read_order_and_limit(cursor: &mut Cursor<'_, '_>) -> Result<(Option<Expression>, Option<Expression>)> {
    let (mut order_by, mut limit) = (None, None);
    if cursor.take_words(&["ORDER", "BY"]) {
        order_by = Some(expression::read(cursor, query::CLAUSE_END)?);
    }
    if cursor.take_word("LIMIT") {
        limit = Some(expression::read(cursor, query::CLAUSE_END)?);
    }
    Ok((order_by, limit))
}

/// DELETE, which is the next word.
pub(super) fn read_delete(cursor: &mut Cursor<'_, '_>, with: With) -> Result<Delete> {
    cursor.at += 1;
    cursor.skip_words(&["LOW_PRIORITY", "QUICK", "IGNORE"]);
    let mut delete = Delete {
        with,
        targets: Vec::new(),
        tables: Vec::new(),
        filter: None,
        order_by: None,
        limit: None,
        returning: None,
    };
    if cursor.take_word("FROM") {
        let mut ahead = *cursor;
        let targets = read_targets(&mut ahead);
        if ahead.take_word("USING") {
            *cursor = ahead;
            delete.targets = targets?;
            delete.tables = from::read(cursor)?;
        } else {
            delete.tables.push(from::read_named_table(cursor)?);
        }
    } else {
        delete.targets = read_targets(cursor)?;
        cursor.expect_word("FROM")?;
        delete.tables = from::read(cursor)?;
    }
    delete.filter = query::read_condition_after(cursor, "WHERE")?;
    (delete.order_by, delete.limit) = read_order_and_limit(cursor)?;
    if cursor.take_word("RETURNING") {
        delete.returning = Some(expression::read(cursor, query::CLAUSE_END)?);
    }
    Ok(delete)
}

/// `t1, db.t2.*`
fn read_targets(cursor: &mut Cursor<'_, '_>) -> Result<Vec<TableName>> {
    let mut targets = Vec::new();
    loop {
        let name = expression::read_column(cursor)?;
        targets.push(match (name.column.text == "*", name.table) {
            (true, Some(table)) => TableName { database: name.database, table },
            (_, table) => TableName { database: table, table: name.column },
        });
        if !cursor.take_op(Op::Comma) {
            return Ok(targets);
        }
    }
}

/// The one table of a single-table UPDATE or DELETE.
pub fn only_table(tables: &[TableRef]) -> Option<&NamedTable> {
    match tables {
        [TableRef::Table(table)] => Some(table),
        _ => None,
    }
}
