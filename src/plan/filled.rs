//! The text that EXECUTE runs of a statement that was prepared as text: values in the places of its markers.
//!
//! A literal is not all that a marker is. A select item without an alias is called by the text that was prepared; MySQL
//! takes a number in ORDER BY or GROUP BY for a place in the select list, and a marker for a value; and NULL is a number
//! for LIMIT only as a parameter.

use crate::sql::parse::ast::{Expression, JoinCondition, Query, Select, Source, Span, Statement, TableRef, Term};
use crate::sql::parse::parse;
use crate::sql::{Lexer, Mode, Op, Token, TokenKind};

use super::names;

/// `text` with these values in it, one for each marker in order. `None`: their number is not the same.
pub fn filled(text: &[u8], mode: Mode, values: &[&[u8]]) -> Option<Vec<u8>> {
    let tokens: Vec<Token> = Lexer::new(text, mode).collect();
    let is_marker = |token: &&Token| token.kind == TokenKind::Param;
    let markers: Vec<u32> = tokens.iter().filter(is_marker).map(|token| token.start).collect();
    if markers.len() != values.len() {
        return None;
    }
    let mut parts = Parts::default();
    if !values.is_empty()
        && let Ok(statement) = parse(text, mode)
    {
        parts.read(&statement);
    }
    // An item without a marker is called the same as it is.
    parts.untitled.retain(|item| markers.iter().any(|marker| (item.start..item.end).contains(marker)));
    parts.untitled.sort_by_key(|item| item.end);
    let close = |item: Span, done: usize, out: &mut Vec<u8>| {
        let end = item.end as usize;
        out.extend_from_slice(&text[done..end]);
        names::write_title(&text[item.start as usize..end], mode.charset, out);
        end
    };
    let mut untitled = parts.untitled.iter().peekable();
    let mut values = values.iter();
    let (mut out, mut done) = (Vec::with_capacity(text.len()), 0);
    for (place, token) in tokens.iter().enumerate() {
        while let Some(item) = untitled.next_if(|item| item.end <= token.start) {
            done = close(*item, done, &mut out);
        }
        if token.kind == TokenKind::Param {
            out.extend_from_slice(&text[done..token.start as usize]);
            let value = values.next().copied().unwrap_or_default();
            out.extend_from_slice(parts.written(value, &tokens, place, text, mode));
            done = token.end as usize;
        }
    }
    for item in untitled {
        done = close(*item, done, &mut out);
    }
    out.extend_from_slice(&text[done..]);
    Some(out)
}

/// The parts of a statement where a marker is not the same as its value.
#[derive(Debug, Default)]
struct Parts {
    /// Select items without an alias.
    untitled: Vec<Span>,
    /// What ORDER BY and GROUP BY list.
    lists: Vec<Span>,
}

impl Parts {
    fn read(&mut self, statement: &Statement) {
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Insert(insert) => {
                self.expression(&insert.expression);
                if let Source::Query(query) = &insert.source {
                    self.query(query);
                }
            }
            Statement::Update(update) => {
                update.with.ctes.iter().for_each(|cte| self.query(&cte.query));
                update.tables.iter().for_each(|table| self.table(table));
                self.expression(&update.set);
                self.clauses(update.filter.iter().map(|condition| &condition.expression).chain(&update.limit));
                self.list(update.order_by.as_ref());
            }
            Statement::Delete(delete) => {
                delete.with.ctes.iter().for_each(|cte| self.query(&cte.query));
                delete.tables.iter().for_each(|table| self.table(table));
                self.clauses(delete.filter.iter().map(|condition| &condition.expression).chain(&delete.returning));
                self.list(delete.order_by.as_ref());
            }
            // Their answers have columns of their own, or none.
            Statement::Ddl(_)
            | Statement::Load(_)
            | Statement::View(_)
            | Statement::ShowTable(_)
            | Statement::Explain(_) => {}
        }
    }

    fn query(&mut self, query: &Query) {
        query.with.ctes.iter().for_each(|cte| self.query(&cte.query));
        for term in &query.terms {
            match term {
                Term::Select(select) => self.select(select),
                Term::Nested(nested) => self.query(nested),
                Term::Values(expression) => self.expression(expression),
            }
        }
        self.list(query.order_by.as_ref());
    }

    fn select(&mut self, select: &Select) {
        for item in &select.items {
            self.expression(&item.expression);
            if item.alias.is_none() {
                self.untitled.push(item.expression.span);
            }
        }
        select.from.iter().for_each(|table| self.table(table));
        self.clauses(select.filter.iter().map(|condition| &condition.expression).chain(&select.having));
        self.list(select.group_by.as_ref());
    }

    fn table(&mut self, table: &TableRef) {
        match table {
            TableRef::Table(_) => {}
            TableRef::Derived(derived) => self.query(&derived.query),
            TableRef::Function { arguments, .. } => self.expression(arguments),
            TableRef::Join { left, right, condition, .. } => {
                self.table(left);
                self.table(right);
                if let JoinCondition::On(condition) = condition {
                    self.expression(&condition.expression);
                }
            }
            TableRef::List(tables) => tables.iter().for_each(|table| self.table(table)),
        }
    }

    fn clauses<'e>(&mut self, clauses: impl Iterator<Item = &'e Expression>) {
        clauses.for_each(|expression| self.expression(expression));
    }

    fn list(&mut self, list: Option<&Expression>) {
        if let Some(list) = list {
            self.expression(list);
            self.lists.push(list.span);
        }
    }

    fn expression(&mut self, expression: &Expression) {
        expression.queries.iter().for_each(|query| self.query(query));
    }

    /// How the value is written in the place of the marker, the token at `place`.
    fn written<'v>(&self, value: &'v [u8], tokens: &[Token], place: usize, text: &[u8], mode: Mode) -> &'v [u8] {
        if value.eq_ignore_ascii_case(b"NULL") && is_in_limit(&tokens[..place], text) {
            return b"0";
        }
        // Any constant sorts alike.
        let is_element = !mode.mariadb && self.lists.iter().any(|list| is_element(*list, tokens, place, text));
        if is_element { b"NULL" } else { value }
    }
}

/// Whether what follows these tokens stands for a number of LIMIT.
fn is_in_limit(before: &[Token], text: &[u8]) -> bool {
    let is = |token: &Token, words: &[&str]| words.iter().any(|word| token.is_word(text, word));
    match before {
        [.., last] if is(last, &["LIMIT", "OFFSET"]) => true,
        [.., limit, _, comma] => comma.is_op(Op::Comma) && is(limit, &["LIMIT"]),
        _ => false,
    }
}

/// Whether the token at `place` is an element of the list and nothing else.
fn is_element(list: Span, tokens: &[Token], place: usize, text: &[u8]) -> bool {
    let token = &tokens[place];
    if !(list.start..list.end).contains(&token.start) {
        return false;
    }
    let before = tokens[..place].iter().filter(|before| before.start >= list.start);
    let depth: i32 =
        before.clone().map(|token| i32::from(token.is_op(Op::LParen)) - i32::from(token.is_op(Op::RParen))).sum();
    let begins = before.clone().next_back().is_none_or(|token| token.is_op(Op::Comma));
    let next = tokens.get(place + 1).filter(|next| next.start < list.end);
    let ends = next.is_none_or(|next| {
        next.is_op(Op::Comma) || ["ASC", "DESC", "WITH"].iter().any(|word| next.is_word(text, word))
    });
    depth == 0 && begins && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mariadb: bool, cases: &[(&str, &[&str], &str)]) {
        for (text, values, wanted) in cases {
            let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
            let mode = Mode { mariadb, ..Mode::default() };
            let found = filled(text.as_bytes(), mode, &values).map(|text| String::from_utf8_lossy(&text).into_owned());
            assert_eq!(found.as_deref(), Some(*wanted), "{text}");
        }
    }

    #[test]
    fn columns_are_called_as_they_were_prepared() {
        check(
            true,
            &[
                ("SELECT id + ?, name FROM t", &["4"], "SELECT id + 4 AS `id + ?`, name FROM t"),
                ("SELECT ? x, `?`, '?' FROM t WHERE a = ?", &["4", "'b'"], "SELECT 4 x, `?`, '?' FROM t WHERE a = 'b'"),
                ("SELECT ?", &["NULL"], "SELECT NULL AS `?`"),
                ("SELECT * FROM (SELECT a+? FROM t) q", &["1"], "SELECT * FROM (SELECT a+1 AS `a+?` FROM t) q"),
                (
                    "SELECT EXISTS(SELECT 1 FROM t WHERE `a` = ?) LIMIT ?",
                    &["1", "2"],
                    "SELECT EXISTS(SELECT 1 FROM t WHERE `a` = 1) AS `EXISTS(SELECT 1 FROM t WHERE ``a`` = ?)` LIMIT 2",
                ),
                ("SELECT a FROM t UNION SELECT ?", &["1"], "SELECT a FROM t UNION SELECT 1 AS `?`"),
                ("DELETE FROM t WHERE a = ?", &["NULL"], "DELETE FROM t WHERE a = NULL"),
            ],
        );
        assert_eq!(filled(b"SELECT ?", Mode::default(), &[]), None);
    }

    #[test]
    fn a_marker_is_no_place_in_the_select_list() {
        let text = "SELECT a, COUNT(*) FROM t GROUP BY a, ? ORDER BY ? DESC, FIELD(a, ?), ?+1, b LIMIT ?";
        let on = |group_by: &str, order_by: &str| {
            format!(
                "SELECT a, COUNT(*) FROM t GROUP BY a, {group_by} ORDER BY {order_by} DESC, FIELD(a, 3), 4+1, b LIMIT 0"
            )
        };
        let values: &[&str] = &["1", "2", "3", "4", "NULL"];
        check(true, &[(text, values, &on("1", "2"))]);
        check(false, &[(text, values, &on("NULL", "NULL"))]);
        check(
            false,
            &[("UPDATE t SET a = 1 ORDER BY b, ? LIMIT 1", &["2"], "UPDATE t SET a = 1 ORDER BY b, NULL LIMIT 1")],
        );
    }
}
