//! Text to statement: a parser for the skeleton of the statements that are routed by what they say.
//!
//! It is a grammar of our own, not a general SQL parser. MySQL's clauses begin with reserved words, so a statement is
//! cut into clauses without knowing the grammar of expressions, and a WHERE into the terms of its ANDs and ORs without
//! knowing the binding of the other operators. So nothing that MySQL or MariaDB can write inside of an expression can
//! be misread: it is understood whole, token for token, or it is opaque. `plan` narrows a route only on what is
//! understood.
//!
//! It promises not to overflow the stack and to take time linear in the text (times the levels of nesting, which are
//! bounded). What it does not know is `Problem::Unknown`; text that is certainly no statement is `Problem::Syntax`.

pub mod ast;
pub mod conjunct;
mod cursor;
mod ddl;
mod dml;
mod expression;
mod from;
pub mod load;
mod predicate;
mod program;
mod query;
mod window;

use thiserror::Error;

use super::tokens::{Mode, Op};
use ast::{Ident, Statement, TableName};
use cursor::{Cursor, Tokens};

pub use dml::only_table;
pub use program::Routine;

/// Why a statement has no skeleton. Offsets are bytes of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Problem {
    /// No server could read it: parentheses do not match, a string is not closed.
    #[error("syntax error at byte {0}")]
    Syntax(u32),
    /// This parser does not know it.
    #[error("not understood at byte {0}")]
    Unknown(u32),
    /// More levels of subqueries than MySQL allows.
    #[error("nested too deep")]
    TooDeep,
}

type Result<T> = std::result::Result<T, Problem>;

/// The skeleton of the one statement in `sql`. A `;` may end it.
pub fn parse(sql: &[u8], mode: Mode) -> Result<Statement> {
    parse_tokens(&Tokens::read(sql, mode)?)
}

/// The same, and where strings begin that are names in it, as in `SELECT id AS 'key'`: a shape says nothing of their texts.
pub fn parse_with_string_names(sql: &[u8], mode: Mode) -> (Result<Statement>, Vec<u32>) {
    match Tokens::read(sql, mode) {
        Ok(tokens) => {
            let parsed = parse_tokens(&tokens);
            let mut names = tokens.string_names.take();
            // Only GROUP BY, ORDER BY and PARTITION BY look for them.
            if (0..tokens.list.len()).any(|index| tokens.is_word(index, "BY")) {
                names.extend(tokens.string_items.take());
            }
            (parsed, names)
        }
        Err(problem) => (Err(problem), Vec::new()),
    }
}

fn parse_tokens(tokens: &Tokens<'_>) -> Result<Statement> {
    if tokens.has_body {
        return Err(Problem::Unknown(0));
    }
    let mut cursor = Cursor::new(tokens);
    let explain = ddl::read_explain(&mut cursor);
    let statement = read_statement(&mut cursor)?;
    cursor.expect_end()?;
    Ok(match explain {
        Some(is_run) => Statement::Explain(ddl::explain(statement, is_run)),
        None => statement,
    })
}

/// Whether the text of a select item ends in an alias.
pub fn has_alias(item: &[u8], mode: Mode) -> bool {
    Tokens::read(item, mode).is_ok_and(|tokens| query::has_alias(&tokens))
}

/// Where the statement begins that an EXPLAIN is about, in bytes. `None` if there is none.
pub fn explained_at(sql: &[u8], mode: Mode) -> Option<usize> {
    let tokens = Tokens::read(sql, mode).ok()?;
    let mut cursor = Cursor::new(&tokens);
    ddl::read_explain(&mut cursor)?;
    Some(tokens.span(cursor.at, cursor.at + 1).start as usize)
}

fn read_statement(cursor: &mut Cursor<'_, '_>) -> Result<Statement> {
    let mut ahead = *cursor;
    let with = query::read_with(&mut ahead)?;
    if ahead.is_word("UPDATE") {
        *cursor = ahead;
        return dml::read_update(cursor, with).map(Statement::Update);
    }
    if ahead.is_word("DELETE") {
        *cursor = ahead;
        return dml::read_delete(cursor, with).map(Statement::Delete);
    }
    if cursor.is_any_word(&["SELECT", "WITH", "VALUES", "TABLE"]) || cursor.is_op(Op::LParen) {
        return query::read(cursor).map(Statement::Query);
    }
    if cursor.is_any_word(&["INSERT", "REPLACE"]) {
        return dml::read_insert(cursor).map(Statement::Insert);
    }
    if let Some(view) = ddl::read_view(cursor) {
        return view.map(|view| Statement::View(Box::new(view)));
    }
    if let Some(load) = load::read(cursor) {
        return load.map(|load| Statement::Load(Box::new(load)));
    }
    if cursor.is_any_word(&["CREATE", "DROP", "ALTER", "TRUNCATE", "RENAME"]) {
        return ddl::read(cursor).map(Statement::Ddl);
    }
    if cursor.is_any_word(&["SHOW", "DESCRIBE", "DESC", "EXPLAIN"]) {
        return ddl::read_show(cursor).map(Statement::ShowTable);
    }
    Err(cursor.problem())
}

/// Every name in the statement that could be a table's: identifiers, and dotted pairs of them. `None` if the
/// statement cannot be cut into tokens for certain.
pub fn mentioned_names(sql: &[u8], mode: Mode) -> Option<Vec<TableName>> {
    names_in(&Tokens::read(sql, mode).ok()?)
}

/// The same, but in a stored program only what stands where a table can.
pub fn mentioned_tables(sql: &[u8], mode: Mode) -> Option<Vec<TableName>> {
    let tokens = Tokens::read(sql, mode).ok()?;
    let names = names_in(&tokens)?;
    Some(if program::is_program(&tokens) { program::tables(&tokens, names) } else { names })
}

/// The stored function or procedure that the statement creates, alters or drops.
pub fn routine(sql: &[u8], mode: Mode) -> Option<Routine> {
    program::routine(&Tokens::read(sql, mode).ok()?)
}

fn names_in(tokens: &Tokens<'_>) -> Option<Vec<TableName>> {
    let mut names = Vec::new();
    for index in 0..tokens.list.len() {
        if !tokens.is_identifier(index) {
            continue;
        }
        let table = tokens.ident(index).ok()?;
        names.push(TableName { database: qualifier(tokens, index), table });
    }
    Some(names)
}

fn qualifier(tokens: &Tokens<'_>, index: usize) -> Option<Ident> {
    let is_qualified = index >= 2 && tokens.is_op(index - 1, Op::Dot) && tokens.is_identifier(index - 2);
    if is_qualified { tokens.ident(index - 2).ok() } else { None }
}
