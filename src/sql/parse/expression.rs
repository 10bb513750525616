//! Expressions, read for what they contain: names, calls and subqueries. Their grammar does not matter here, because
//! the clauses around them begin with reserved words, which an expression cannot contain outside of parentheses.

use crate::sql::tokens::{Op, TokenKind};

use super::ast::{Call, ColumnName, Expression, Ident, Span, TableName};
use super::cursor::{Cursor, Tokens};
use super::{Problem, Result, query, window};

/// Keywords that stand before a parenthesis without being a function.
const NOT_CALLS: &[&str] = &[
    "AND",
    "OR",
    "XOR",
    "NOT",
    "IN",
    "LIKE",
    "REGEXP",
    "RLIKE",
    "BETWEEN",
    "DIV",
    "IS",
    "AS",
    "OVER",
    "BY",
    "WHEN",
    "THEN",
    "ELSE",
    "CASE",
    "ANY",
    "SOME",
    "ALL",
    "EXISTS",
    "DISTINCT",
    "BINARY",
    "AGAINST",
    "ROW",
    "OF",
    "ESCAPE",
    "COLLATE",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "SELECT",
    "VALUES",
    "VALUE",
    "USING",
    "ON",
    "SET",
    "RETURNING",
    "FROM",
    "LIMIT",
    "FOR",
];

/// Words between the parentheses of a call that are no columns.
const NOT_COLUMNS: &[&str] = &[
    "DISTINCT",
    "ALL",
    "ORDER",
    "BY",
    "ASC",
    "DESC",
    "SEPARATOR",
    "AND",
    "OR",
    "XOR",
    "NOT",
    "IN",
    "LIKE",
    "REGEXP",
    "RLIKE",
    "BETWEEN",
    "DIV",
    "MOD",
    "IS",
    "NULL",
    "TRUE",
    "FALSE",
    "AS",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "INTERVAL",
    "COLLATE",
    "BINARY",
    "LIMIT",
    "FROM",
    "FOR",
    "USING",
    "CHAR",
    "SIGNED",
    "UNSIGNED",
    "INTEGER",
    "DECIMAL",
    "DATE",
    "TIME",
    "DATETIME",
    "DOUBLE",
    "FLOAT",
    "JSON",
    "YEAR",
    "MONTH",
    "DAY",
    "HOUR",
    "MINUTE",
    "SECOND",
    "WEEK",
    "QUARTER",
    "BOTH",
    "LEADING",
    "TRAILING",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
];

/// Where an expression ends, besides at the end of what the cursor may read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    pub(super) words: &'static [&'static str],
    pub(super) at_comma: bool,
}

/// The expression at the cursor, up to `stop`.
pub(super) fn read(cursor: &mut Cursor<'_, '_>, stop: Stop) -> Result<Expression> {
    let start = cursor.at;
    let mut found = Expression::default();
    let mut parenthesis_end = start;
    while !cursor.is_at_end() {
        let is_outside = cursor.at >= parenthesis_end;
        if is_outside && is_stop(cursor, stop) {
            break;
        }
        match cursor.tokens.kind(cursor.at) {
            Some(TokenKind::Op(Op::LParen)) if cursor.tokens.opens_query(cursor.at) => {
                found.queries.push(query::read_parenthesised(cursor)?);
            }
            Some(TokenKind::Op(Op::LParen)) => {
                if is_outside {
                    parenthesis_end = cursor.tokens.close_of(cursor.at);
                }
                cursor.at += 1;
            }
            Some(TokenKind::Op(Op::Assign)) => {
                found.assigns_variable = true;
                cursor.at += 1;
            }
            Some(TokenKind::Word | TokenKind::QuotedIdent) => read_name(cursor, &mut found)?,
            _ => cursor.at += 1,
        }
    }
    found.span = cursor.tokens.span(start, cursor.at);
    Ok(found)
}

fn is_stop(cursor: &Cursor<'_, '_>, stop: Stop) -> bool {
    let tokens = cursor.tokens;
    if stop.at_comma && cursor.is_op(Op::Comma) {
        return true;
    }
    if !cursor.is_any_word(stop.words) {
        return false;
    }
    if cursor.is_any_word(&["OFFSET", "RETURNING"]) {
        // Reserved in MariaDB only.
        return tokens.mode.mariadb;
    }
    if cursor.is_any_word(&["LEFT", "RIGHT"]) {
        return !tokens.is_op(cursor.at + 1, Op::LParen);
    }
    if cursor.is_word("WINDOW") {
        // Not reserved in MariaDB: only `WINDOW w AS (` begins a clause.
        return tokens.is_word(cursor.at + 2, "AS") && tokens.is_op(cursor.at + 3, Op::LParen);
    }
    // PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY a)
    !(cursor.at > 0 && cursor.is_word("GROUP") && tokens.is_word(cursor.at - 1, "WITHIN"))
}

fn read_name(cursor: &mut Cursor<'_, '_>, found: &mut Expression) -> Result<()> {
    let tokens = cursor.tokens;
    let start = cursor.at;
    if cursor.is_word("NEXT") && tokens.is_word(start + 1, "VALUE")
        || cursor.is_word("PREVIOUS") && tokens.is_word(start + 1, "VALUE")
    {
        // MariaDB's sequences: NEXT VALUE FOR s.
        return Err(cursor.problem());
    }
    if cursor.is_word("OVER") {
        found.has_window = true;
        found.windows.push(window::read_after(cursor, start));
        let end = tokens.span(start.saturating_sub(1), start).end;
        found.calls.iter_mut().filter(|call| call.span.end == end).for_each(|call| call.is_windowed = true);
    }
    let parts = name_parts(tokens, start, cursor.end);
    cursor.at = start + 2 * parts - 1;
    let is_call = cursor.is_op(Op::LParen);
    match (parts, is_call) {
        (1, false) if is_row_number(tokens, start) => {
            let span = tokens.span(start, start + 1);
            let arguments = Span { start: span.end, end: span.end };
            let name = "rownum".to_owned();
            found.calls.push(Call { database: None, name, is_plain: true, span, arguments, is_windowed: false });
        }
        (1, false) => {
            let at = tokens.offset(start);
            let is_argument = found.calls.iter().any(|call| call.arguments.start <= at && at < call.arguments.end);
            if is_argument && !tokens.is_any_word(start, NOT_COLUMNS) {
                found.bare.push(tokens.ident(start)?);
            }
        }
        (1, true) if tokens.is_any_word(start, NOT_CALLS) => {}
        (_, true) => {
            let name = tokens.ident(start + 2 * (parts - 1))?.text.to_ascii_lowercase();
            let close = tokens.close_of(cursor.at);
            let (span, arguments) = (tokens.span(start, close + 1), tokens.span(cursor.at + 1, close));
            let database = if parts == 2 { Some(tokens.ident(start)?) } else { None };
            let is_plain = parts == 1 && tokens.kind(start) == Some(TokenKind::Word);
            found.calls.push(Call { database, name, is_plain, span, arguments, is_windowed: false });
        }
        _ => found.columns.push(column_of(tokens, start, parts)?),
    }
    Ok(())
}

/// ROWNUM, which under sql_mode=ORACLE is a function also without parentheses.
fn is_row_number(tokens: &Tokens<'_>, index: usize) -> bool {
    tokens.mode.mariadb && tokens.mode.oracle && tokens.is_word(index, "ROWNUM")
}

/// How many parts the dotted name at `start` has; `*` can be the last one.
pub(super) fn name_parts(tokens: &Tokens<'_>, start: usize, end: usize) -> usize {
    let mut parts = 1;
    loop {
        let dot = start + 2 * parts - 1;
        let is_name = tokens.is_identifier(dot + 1) || tokens.is_op(dot + 1, Op::Star);
        if parts == 3 || dot + 1 >= end || !tokens.is_op(dot, Op::Dot) || !is_name {
            return parts;
        }
        parts += 1;
    }
}

/// The column name of `parts` parts that begins at `start`.
fn column_of(tokens: &Tokens<'_>, start: usize, parts: usize) -> Result<ColumnName> {
    let last = start + 2 * (parts - 1);
    let column = if tokens.is_op(last, Op::Star) {
        Ident { text: "*".to_owned(), span: tokens.span(last, last + 1) }
    } else {
        tokens.ident(last)?
    };
    let qualifier = |back: usize| (parts > back).then(|| tokens.ident(last - 2 * back)).transpose();
    Ok(ColumnName { database: qualifier(2)?, table: qualifier(1)?, column })
}

/// The column name that the tokens `from..to` are, if they are nothing else.
pub(super) fn column_in(tokens: &Tokens<'_>, from: usize, to: usize) -> Option<ColumnName> {
    if from >= to || !tokens.is_identifier(from) || is_value_word(tokens, from) {
        return None;
    }
    let parts = name_parts(tokens, from, to);
    if from + 2 * parts - 1 != to { None } else { column_of(tokens, from, parts).ok() }
}

/// Reserved words that are values by themselves, and so cannot be columns.
fn is_value_word(tokens: &Tokens<'_>, index: usize) -> bool {
    const VALUES: &[&str] = &[
        "NULL",
        "TRUE",
        "FALSE",
        "DEFAULT",
        "CURRENT_DATE",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "CURRENT_USER",
        "CURRENT_ROLE",
        "LOCALTIME",
        "LOCALTIMESTAMP",
        "UTC_DATE",
        "UTC_TIME",
        "UTC_TIMESTAMP",
        "MAXVALUE",
    ];
    tokens.is_any_word(index, VALUES) || is_row_number(tokens, index)
}

/// The column name that comes next.
pub(super) fn read_column(cursor: &mut Cursor<'_, '_>) -> Result<ColumnName> {
    if cursor.is_at_end() || !cursor.tokens.is_identifier(cursor.at) {
        return Err(cursor.problem());
    }
    let parts = name_parts(cursor.tokens, cursor.at, cursor.end);
    let column = column_of(cursor.tokens, cursor.at, parts)?;
    cursor.at += 2 * parts - 1;
    Ok(column)
}

/// The table name that comes next: `t`, `db.t` or `.t`.
pub(super) fn read_table_name(cursor: &mut Cursor<'_, '_>) -> Result<TableName> {
    if cursor.is_op(Op::Dot) {
        // `.t` is `t` of the current database, but MySQL and MariaDB do not agree on where it is allowed.
        return Err(Problem::Unknown(cursor.tokens.offset(cursor.at)));
    }
    let first = cursor.take_ident()?;
    if !cursor.take_op(Op::Dot) {
        return Ok(TableName { database: None, table: first });
    }
    Ok(TableName { database: Some(first), table: cursor.take_ident()? })
}
