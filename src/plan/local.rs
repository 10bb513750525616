//! SELECTs that the session answers by itself: `SELECT DATABASE()`, `SELECT CONNECTION_ID()`. A shard would tell its own
//! schema, and its own connection.

use crate::sql::parse::ast::{Item, ItemKind, Query, Select, Term};
use crate::sql::{Literal, Mode};

use super::Guard;

/// One column of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalItem {
    /// What the column is called: its alias, or its text as the client wrote it.
    pub name: Vec<u8>,
    pub value: LocalValue,
}

/// What only the session knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalValue {
    /// DATABASE(), SCHEMA()
    Database,
    ConnectionId,
    /// USER(), SESSION_USER(), SYSTEM_USER()
    User,
    CurrentUser,
    FoundRows,
    RowCount,
}

/// The items of a query that consists of nothing but these; `guards` gets what must stay so.
pub(super) fn items(
    query: &Query,
    (sql, mode): (&[u8], Mode),
    literals: &[Literal],
    guards: &mut Vec<Guard>,
) -> Option<Vec<LocalItem>> {
    let [Term::Select(select)] = query.terms.as_slice() else {
        return None;
    };
    let is_bare = Select { span: select.span, items: select.items.clone(), ..Select::default() } == **select;
    let has_tail = query.order_by.is_some() || !query.locking.is_empty() || query.into.is_some();
    if !is_bare || has_tail || !query.with.ctes.is_empty() {
        return None;
    }
    if let Some(limit) = &query.limit {
        guards.push(one_row(limit.span, sql, literals)?);
    }
    let items: Vec<LocalItem> = select.items.iter().map(|item| local(item, sql)).collect::<Option<_>>()?;
    // MySQL (from 8.0.17 on) warns of FOUND_ROWS(), in its own words.
    let is_warned_of = !mode.mariadb && items.iter().any(|item| item.value == LocalValue::FoundRows);
    (!is_warned_of).then_some(items)
}

/// `LIMIT n` with n > 0, which changes nothing for one row.
fn one_row(span: crate::sql::parse::ast::Span, sql: &[u8], literals: &[Literal]) -> Option<Guard> {
    let literal = literals.iter().position(|literal| literal.start == span.start && literal.end == span.end)?;
    let text = literals[literal].text(sql);
    let is_more = std::str::from_utf8(text).ok()?.parse::<u64>().ok()? > 0;
    is_more.then(|| Guard { literal: literal as u32, text: text.to_vec() })
}

fn local(item: &Item, sql: &[u8]) -> Option<LocalItem> {
    let span = item.expression.span;
    let text = sql.get(span.start as usize..span.end as usize)?;
    let value = match &item.kind {
        ItemKind::BareCall(name) => match name.as_str() {
            "database" | "schema" => LocalValue::Database,
            "connection_id" => LocalValue::ConnectionId,
            "user" | "session_user" | "system_user" => LocalValue::User,
            "current_user" => LocalValue::CurrentUser,
            "found_rows" => LocalValue::FoundRows,
            "row_count" => LocalValue::RowCount,
            _ => return None,
        },
        ItemKind::Other if text.eq_ignore_ascii_case(b"CURRENT_USER") => LocalValue::CurrentUser,
        _ => return None,
    };
    let name = item.alias.as_ref().map_or_else(|| text.to_vec(), |alias| alias.text.clone().into_bytes());
    Some(LocalItem { name, value })
}
