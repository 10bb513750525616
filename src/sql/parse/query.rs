//! Query expressions: SELECT blocks, set operations, WITH, derived tables.

use crate::sql::tokens::{Op, TokenKind};

use super::ast::{
    Condition, Cte, Expression, Ident, Item, ItemKind, Locking, Query, Select, SetKind, SetOperator, Span, TableName,
    TableRef, Term, With,
};
use super::cursor::{Cursor, Tokens};
use super::expression::{self, Stop};
use super::{Result, from, predicate, window};

/// Reserved words with which a clause of a SELECT, or what follows it, begins.
const CLAUSES: &[&str] = &[
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "WINDOW",
    "ORDER",
    "LIMIT",
    "INTO",
    "FOR",
    "LOCK",
    "PROCEDURE",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "FETCH",
    "OFFSET",
    "RETURNING",
    "ON",
];
/// What ends a clause that is not a list.
pub(super) const CLAUSE_END: Stop = Stop { words: CLAUSES, at_comma: false };
const ITEM_END: Stop = Stop { words: CLAUSES, at_comma: true };
const INTO_END: Stop =
    Stop { words: &["FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "FOR", "LOCK", "UNION"], at_comma: false };

/// The query in the parenthesis that comes next.
pub(super) fn read_parenthesised(cursor: &mut Cursor<'_, '_>) -> Result<Query> {
    let mut inner = cursor.take_parenthesised()?;
    let query = read(&mut inner)?;
    inner.expect_end()?;
    Ok(query)
}

/// The query expression at the cursor.
pub(super) fn read(cursor: &mut Cursor<'_, '_>) -> Result<Query> {
    let start = cursor.at;
    let with = read_with(cursor)?;
    let mut query = Query {
        span: Default::default(),
        with,
        terms: Vec::new(),
        operators: Vec::new(),
        order_by: None,
        limit: None,
        locking: Vec::new(),
        into: None,
    };
    loop {
        read_term(cursor, &mut query)?;
        read_tail(cursor, &mut query)?;
        let kind = match () {
            () if cursor.take_word("UNION") => SetKind::Union,
            () if cursor.take_word("EXCEPT") => SetKind::Except,
            () if cursor.take_word("INTERSECT") => SetKind::Intersect,
            () => break,
        };
        let is_all = cursor.take_word("ALL");
        cursor.skip_words(&["ALL", "DISTINCT"]);
        query.operators.push(SetOperator { kind, is_all });
    }
    query.span = cursor.tokens.span(start, cursor.at);
    Ok(query)
}

/// WITH and its queries, if it comes next.
pub(super) fn read_with(cursor: &mut Cursor<'_, '_>) -> Result<With> {
    let mut with = With::default();
    if !cursor.take_word("WITH") {
        return Ok(with);
    }
    with.is_recursive = cursor.take_word("RECURSIVE");
    loop {
        let start = cursor.at;
        let name = cursor.take_ident()?;
        let columns = read_names(cursor)?;
        cursor.expect_word("AS")?;
        let query = read_parenthesised(cursor)?;
        // MariaDB's: CYCLE a, b RESTRICT.
        if cursor.take_word("CYCLE") {
            cursor.take_ident()?;
            while cursor.take_op(Op::Comma) {
                cursor.take_ident()?;
            }
            cursor.expect_word("RESTRICT")?;
        }
        with.ctes.push(Cte { span: cursor.tokens.span(start, cursor.at), name, columns, query });
        if !cursor.take_op(Op::Comma) {
            return Ok(with);
        }
    }
}

/// `(a, b)`, if it comes next.
pub(super) fn read_names(cursor: &mut Cursor<'_, '_>) -> Result<Vec<Ident>> {
    let mut names = Vec::new();
    if !cursor.is_op(Op::LParen) {
        return Ok(names);
    }
    let mut inner = cursor.take_parenthesised()?;
    loop {
        names.push(inner.take_ident()?);
        if !inner.take_op(Op::Comma) {
            inner.expect_end()?;
            return Ok(names);
        }
    }
}

fn read_term(cursor: &mut Cursor<'_, '_>, query: &mut Query) -> Result<()> {
    let term = if cursor.is_op(Op::LParen) {
        Term::Nested(Box::new(read_parenthesised(cursor)?))
    } else if cursor.take_word("VALUES") {
        Term::Values(expression::read(cursor, CLAUSE_END)?)
    } else if cursor.is_word("TABLE") {
        Term::Select(Box::new(read_table_statement(cursor)?))
    } else {
        Term::Select(Box::new(read_select(cursor, query)?))
    };
    query.terms.push(term);
    Ok(())
}

/// MySQL's `TABLE t`, which is `SELECT * FROM t`.
fn read_table_statement(cursor: &mut Cursor<'_, '_>) -> Result<Select> {
    let start = cursor.at;
    cursor.expect_word("TABLE")?;
    let mut table = from::read_named_table(cursor)?;
    if let TableRef::Table(named) = &mut table {
        named.takes_alias = false;
    }
    let span = cursor.tokens.span(start, cursor.at);
    let expression = Expression { span, ..Expression::default() };
    let item = Item { expression, kind: ItemKind::Wildcard(None), alias: None };
    Ok(Select { span, items: vec![item], from: vec![table], ..Select::default() })
}

fn read_select(cursor: &mut Cursor<'_, '_>, query: &mut Query) -> Result<Select> {
    const OPTIONS: &[&str] = &[
        "ALL",
        "DISTINCT",
        "DISTINCTROW",
        "HIGH_PRIORITY",
        "STRAIGHT_JOIN",
        "SQL_SMALL_RESULT",
        "SQL_BIG_RESULT",
        "SQL_BUFFER_RESULT",
        "SQL_NO_CACHE",
        "SQL_CACHE",
        "SQL_CALC_FOUND_ROWS",
    ];
    let start = cursor.at;
    cursor.expect_word("SELECT")?;
    let mut select = Select::default();
    while cursor.is_any_word(OPTIONS) {
        select.is_distinct |= cursor.is_any_word(&["DISTINCT", "DISTINCTROW"]);
        select.counts_found_rows |= cursor.is_word("SQL_CALC_FOUND_ROWS");
        cursor.at += 1;
    }
    loop {
        select.items.push(read_item(cursor)?);
        if !cursor.take_op(Op::Comma) {
            break;
        }
    }
    read_into(cursor, query)?;
    if cursor.take_word("FROM") && !cursor.take_word("DUAL") {
        select.from = from::read(cursor)?;
    }
    select.filter = read_condition_after(cursor, "WHERE")?;
    if cursor.take_words(&["GROUP", "BY"]) {
        let from = cursor.at;
        select.group_by = Some(expression::read(cursor, CLAUSE_END)?);
        select.group_columns = window::group_columns(cursor.within(from, cursor.at));
    }
    if cursor.take_word("HAVING") {
        select.having = Some(expression::read(cursor, CLAUSE_END)?);
    }
    if cursor.take_word("WINDOW") {
        let from = cursor.at;
        select.window = Some(expression::read(cursor, CLAUSE_END)?);
        select.named_windows = window::read_definitions(cursor.within(from, cursor.at));
    }
    select.span = cursor.tokens.span(start, cursor.at);
    Ok(select)
}

/// The condition after `word`, if that comes next.
pub(super) fn read_condition_after(cursor: &mut Cursor<'_, '_>, word: &str) -> Result<Option<Condition>> {
    if cursor.take_word(word) { read_condition(cursor, CLAUSE_END).map(Some) } else { Ok(None) }
}

/// The condition at the cursor.
pub(super) fn read_condition(cursor: &mut Cursor<'_, '_>, stop: Stop) -> Result<Condition> {
    let mut whole = *cursor;
    let expression = expression::read(cursor, stop)?;
    if cursor.at == whole.at {
        return Err(cursor.problem());
    }
    whole.end = cursor.at;
    Ok(Condition { expression, predicate: predicate::read(whole) })
}

/// ORDER BY, LIMIT, INTO and the locking clauses, in any order.
fn read_tail(cursor: &mut Cursor<'_, '_>, query: &mut Query) -> Result<()> {
    loop {
        if cursor.take_words(&["ORDER", "BY"]) {
            query.order_by = Some(expression::read(cursor, CLAUSE_END)?);
        } else if cursor.is_any_word(&["LIMIT", "OFFSET", "FETCH"]) {
            cursor.at += 1;
            let read = expression::read(cursor, CLAUSE_END)?;
            // In MariaDB OFFSET ends an expression.
            query.limit = Some(match query.limit.take() {
                Some(before) => before.followed_by(read),
                None => read,
            });
        } else if cursor.is_word("INTO") {
            read_into(cursor, query)?;
        } else if cursor.is_any_word(&["FOR", "LOCK"]) {
            read_locking(cursor, query)?;
        } else {
            return Ok(());
        }
    }
}

fn read_into(cursor: &mut Cursor<'_, '_>, query: &mut Query) -> Result<()> {
    if cursor.take_word("INTO") {
        let target = expression::read(cursor, INTO_END)?;
        query.into = Some(target.span);
    }
    Ok(())
}

fn read_locking(cursor: &mut Cursor<'_, '_>, query: &mut Query) -> Result<()> {
    let start = cursor.at;
    let known = cursor.take_words(&["LOCK", "IN", "SHARE", "MODE"])
        || cursor.take_words(&["FOR", "UPDATE"])
        || cursor.take_words(&["FOR", "SHARE"]);
    if !known {
        return Err(cursor.problem());
    }
    let of = read_locked_tables(cursor)?;
    if cursor.take_word("WAIT") {
        cursor.at += 1;
    }
    if !cursor.take_words(&["SKIP", "LOCKED"]) {
        cursor.take_word("NOWAIT");
    }
    query.locking.push(Locking { span: cursor.tokens.span(start, cursor.at), of });
    Ok(())
}

fn read_locked_tables(cursor: &mut Cursor<'_, '_>) -> Result<Option<(Span, Vec<TableName>)>> {
    let start = cursor.at;
    if !cursor.take_word("OF") {
        return Ok(None);
    }
    let mut names = Vec::new();
    loop {
        names.push(expression::read_table_name(cursor)?);
        if !cursor.take_op(Op::Comma) {
            return Ok(Some((cursor.tokens.span(start, cursor.at), names)));
        }
    }
}

fn read_item(cursor: &mut Cursor<'_, '_>) -> Result<Item> {
    let start = cursor.at;
    let mut expression = expression::read(cursor, ITEM_END)?;
    if cursor.at == start {
        return Err(cursor.problem());
    }
    let tokens = cursor.tokens;
    let value_end = value_end(tokens, start, cursor.at);
    let alias = if value_end < cursor.at { Some(alias_name(tokens, cursor.at - 1)?) } else { None };
    let value = cursor.within(start, value_end);
    expression.span = tokens.span(start, value_end);
    let kind = item_kind(value, &expression);
    if alias.is_none() && matches!(kind, ItemKind::Constant(_)) {
        let is_string =
            |index: &usize| matches!(tokens.kind(*index), Some(TokenKind::String { .. } | TokenKind::NationalString));
        let strings = (start..value_end).filter(is_string).map(|index| tokens.span(index, index + 1).start);
        tokens.string_items.borrow_mut().extend(strings);
    }
    Ok(Item { expression, kind, alias })
}

fn item_kind(value: Cursor<'_, '_>, expression: &Expression) -> ItemKind {
    let tokens = value.tokens;
    if tokens.is_op(value.end - 1, Op::Star) {
        let qualifier = expression.columns.first().filter(|column| column.column.text == "*");
        let table = qualifier
            .and_then(|column| Some(TableName { database: column.database.clone(), table: column.table.clone()? }));
        return ItemKind::Wildcard(table);
    }
    if let Some(column) = expression::column_in(tokens, value.at, value.end) {
        return ItemKind::Column(column);
    }
    if let Some(constant) = predicate::constant(value) {
        return ItemKind::Constant(constant);
    }
    let is_bare_call = value.end == value.at + 3 && tokens.is_op(value.at + 1, Op::LParen);
    match expression.calls.first() {
        Some(call) if is_bare_call && call.is_plain => ItemKind::BareCall(call.name.clone()),
        _ => ItemKind::Other,
    }
}

fn alias_name(tokens: &Tokens<'_>, index: usize) -> Result<Ident> {
    if let Some(TokenKind::String { .. }) = tokens.kind(index) {
        let span = tokens.span(index, index + 1);
        tokens.string_names.borrow_mut().push(span.start);
        let inner = &tokens.text(index)[1..tokens.text(index).len() - 1];
        return Ok(Ident { text: String::from_utf8_lossy(inner).into_owned(), span });
    }
    tokens.ident(index)
}

/// Whether these tokens, a select item, end in an alias.
pub(super) fn has_alias(tokens: &Tokens<'_>) -> bool {
    let end = tokens.list.len();
    end > 0 && value_end(tokens, 0, end) < end
}

/// Where the value of the select item `from..to` ends, and the alias (with AS) begins.
fn value_end(tokens: &Tokens<'_>, from: usize, to: usize) -> usize {
    let last = to - 1;
    let is_name = tokens.is_identifier(last) || matches!(tokens.kind(last), Some(TokenKind::String { .. }));
    if last == from || !is_name || tokens.is_op(last - 1, Op::Dot) {
        return to;
    }
    if tokens.is_word(last - 1, "AS") {
        return last - 1;
    }
    let is_alias = ends_value(tokens, last - 1) && !continues_value(tokens, from, last);
    if is_alias { last } else { to }
}

/// Whether a value may end with this token.
fn ends_value(tokens: &Tokens<'_>, index: usize) -> bool {
    const OPERATORS: &[&str] = &[
        "NOT",
        "AND",
        "OR",
        "XOR",
        "DIV",
        "MOD",
        "LIKE",
        "IN",
        "IS",
        "BETWEEN",
        "COLLATE",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "INTERVAL",
        "REGEXP",
        "RLIKE",
        "ESCAPE",
        "BINARY",
        "OVER",
        "SOUNDS",
        "DATE",
        "TIME",
        "TIMESTAMP",
        "ALL",
    ];
    match tokens.kind(index) {
        Some(TokenKind::Op(op)) => op == Op::RParen || op == Op::RBrace,
        Some(TokenKind::Word) => !tokens.is_any_word(index, OPERATORS),
        _ => true,
    }
}

/// Whether the token belongs to the value before it: a second string, the unit of an interval, END.
fn continues_value(tokens: &Tokens<'_>, from: usize, index: usize) -> bool {
    let is_string = |at: usize| matches!(tokens.kind(at), Some(TokenKind::String { .. } | TokenKind::NationalString));
    if is_string(index) {
        // A date's text is one string only.
        let is_dated = index >= from + 2 && tokens.is_any_word(index - 2, &["DATE", "TIME", "TIMESTAMP"]);
        return is_string(index - 1) && !is_dated || tokens.text(index - 1).starts_with(b"_");
    }
    if tokens.kind(index) != Some(TokenKind::Word) {
        return false;
    }
    let count = |word: &str| (from..=index).filter(|at| tokens.is_word(*at, word)).count();
    if tokens.is_word(index, "END") {
        return count("CASE") >= count("END");
    }
    tokens.is_any_word(index, UNITS) && count("INTERVAL") > 0
}

const UNITS: &[&str] = &[
    "MICROSECOND",
    "SECOND",
    "MINUTE",
    "HOUR",
    "DAY",
    "WEEK",
    "MONTH",
    "QUARTER",
    "YEAR",
    "SECOND_MICROSECOND",
    "MINUTE_MICROSECOND",
    "MINUTE_SECOND",
    "HOUR_MICROSECOND",
    "HOUR_SECOND",
    "HOUR_MINUTE",
    "DAY_MICROSECOND",
    "DAY_SECOND",
    "DAY_MINUTE",
    "DAY_HOUR",
    "YEAR_MONTH",
];
