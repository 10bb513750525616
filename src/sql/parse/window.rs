//! By which columns rows are put together: those of GROUP BY, and of PARTITION BY in windows. Elements that are anything
//! but a column are passed over: each element only divides the rows further.

use crate::sql::tokens::Op;

use super::ast::{ColumnName, Window};
use super::cursor::Cursor;
use super::{expression, predicate};

/// Begin what follows PARTITION BY in a window.
const PARTITION_END: &[&str] = &["ORDER", "ROWS", "RANGE", "GROUPS"];

/// The window behind the word OVER, which stands at `over`.
pub(super) fn read_after(cursor: &Cursor<'_, '_>, over: usize) -> Window {
    match cursor.tokens.is_op(over + 1, Op::LParen) {
        true => read_parenthesised(cursor, over + 1),
        false => Window { is_named: true, partition: Vec::new() },
    }
}

/// All of `name AS (...), name AS (...)`.
pub(super) fn read_definitions(cursor: Cursor<'_, '_>) -> Vec<Window> {
    let tokens = cursor.tokens;
    let mut windows = Vec::new();
    let mut at = cursor.at;
    while at < cursor.end {
        if tokens.is_op(at, Op::LParen) {
            windows.push(read_parenthesised(&cursor, at));
            at = tokens.close_of(at);
        }
        at += 1;
    }
    windows
}

/// The window in the parenthesis that opens at `open`.
fn read_parenthesised(cursor: &Cursor<'_, '_>, open: usize) -> Window {
    let tokens = cursor.tokens;
    let mut inner = cursor.within(open + 1, tokens.close_of(open));
    let begins_clause = inner.is_any_word(&["PARTITION"]) || inner.is_any_word(PARTITION_END);
    let is_named = !inner.is_at_end() && !begins_clause;
    if is_named {
        inner.at += 1;
    }
    if !inner.take_words(&["PARTITION", "BY"]) {
        return Window { is_named, partition: Vec::new() };
    }
    let end = (inner.at..inner.end).find(|at| tokens.is_any_word(*at, PARTITION_END)).unwrap_or(inner.end);
    Window { is_named, partition: columns_of(inner.within(inner.at, end)) }
}

/// The columns in a GROUP BY. WITH ROLLUP has rows for more than groups.
pub(super) fn group_columns(cursor: Cursor<'_, '_>) -> Vec<ColumnName> {
    let is_rollup = (cursor.at..cursor.end).any(|at| cursor.tokens.is_word(at, "ROLLUP"));
    if is_rollup { Vec::new() } else { columns_of(cursor) }
}

fn columns_of(list: Cursor<'_, '_>) -> Vec<ColumnName> {
    let columns = predicate::split_at_commas(list);
    columns.filter_map(|element| expression::column_in(element.tokens, element.at, element.end)).collect()
}
