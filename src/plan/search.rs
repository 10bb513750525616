//! MATCH ... AGAINST where rows are gathered: no temporary table has the index, so each shard searches its own rows.
//!
//! That is exact where MATCH stands as a condition by itself that every row of one table must meet: whether a row has the
//! words does not depend on other rows. The shard sends no others, and the statement over them need not ask again. How
//! well a row fits does depend on others, and so does WITH QUERY EXPANSION.

use crate::sharding::schema::same_name;
use crate::sql::parse::ast::{ColumnName, Span};
use crate::sql::parse::conjunct::{Conjunct, Reader};
use crate::sql::tokens::{Op, Token, TokenKind};
use crate::sql::{Lexer, Mode};
use crate::value::{Charset, Value};

use super::Binding;
use super::filter::write_string;
use super::names::Anchor;
use super::scope::{InstanceId, Scopes};

/// Words behind AGAINST that are no columns.
const WORDS: [&str; 4] = ["BOOLEAN", "LANGUAGE", "MODE", "NATURAL"];

/// One condition `MATCH ... AGAINST`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Search {
    pub(super) span: Span,
    from: Anchor,
    to: Anchor,
    /// Its `?`, with the place of its value.
    param: Option<(Anchor, Anchor, u16)>,
}

impl Scopes<'_, '_> {
    /// The searches that every row of the place must meet which these instances are.
    pub(super) fn searches_of(&self, instances: &[InstanceId], sql: &[u8], reader: &Reader<'_>) -> Vec<Search> {
        let [id] = *instances else { return Vec::new() };
        let conditions = self.instances[id].filters.iter().filter_map(|rule| self.conditions[*rule]);
        let conjuncts = conditions.flat_map(|condition| reader.conjuncts(condition.expression.span));
        conjuncts.filter_map(|conjunct| self.search(id, sql, &conjunct)).collect()
    }

    fn search(&self, id: InstanceId, sql: &[u8], conjunct: &Conjunct) -> Option<Search> {
        let is_word = |column: &ColumnName| {
            column.table.is_none() && WORDS.iter().any(|word| same_name(word, &column.column.text))
        };
        let mut columns = conjunct.columns.iter().filter(|column| !is_word(column));
        let is_of_it = columns.all(|column| self.certainly_means(column, id));
        if !is_of_it || !is_search(sql, self.ctx.mode, conjunct.span) {
            return None;
        }
        let anchor = |offset| Anchor::new(offset, self.literals);
        let param = match conjunct.params.as_slice() {
            [] => None,
            [(index, span)] => Some((anchor(span.start), anchor(span.end), *index)),
            _ => return None,
        };
        let Span { start, end } = conjunct.span;
        Some(Search { span: conjunct.span, from: anchor(start), to: anchor(end), param })
    }
}

/// Whether it is `MATCH (...) AGAINST (...)` and nothing else, without an expansion.
fn is_search(sql: &[u8], mode: Mode, span: Span) -> bool {
    let Some(text) = sql.get(span.start as usize..span.end as usize) else { return false };
    let tokens: Vec<Token> = Lexer::new(text, mode).collect();
    let is = |at: usize, word: &str| {
        tokens.get(at).is_some_and(|token| token.kind == TokenKind::Word && token.is_word(text, word))
    };
    let close = |open: usize| {
        let mut depth = 0_i32;
        let at = tokens.iter().skip(open).position(|token| {
            depth += i32::from(token.is_op(Op::LParen)) - i32::from(token.is_op(Op::RParen));
            depth == 0
        });
        at.map(|at| at + open).filter(|_| tokens[open].is_op(Op::LParen))
    };
    let against = match is(0, "MATCH") && tokens.len() > 1 {
        true => close(1).map(|end| end + 1).filter(|at| is(*at, "AGAINST") && at + 1 < tokens.len()),
        false => None,
    };
    let ends = against.and_then(|at| close(at + 1)) == tokens.len().checked_sub(1);
    against.is_some() && ends && !(0..tokens.len()).any(|at| is(at, "EXPANSION"))
}

impl Search {
    /// Writes the condition for a shard; `false`: its parameter cannot be said as a literal.
    pub(super) fn write(&self, input: &Binding<'_>, out: &mut Vec<u8>) -> bool {
        let offset = |anchor: &Anchor| anchor.offset(input.literals);
        let (start, end) = (offset(&self.from), offset(&self.to));
        let text = |from: usize, to: usize| input.sql.get(from..to).unwrap_or_default();
        let Some((from, to, index)) = &self.param else {
            out.extend_from_slice(text(start, end));
            return true;
        };
        let value = input.params.get(usize::from(*index)).unwrap_or(&Value::Unknown);
        let Value::Text { bytes, charset: Charset::Utf8 } = value else { return false };
        if input.mode.charset != Charset::Utf8 || std::str::from_utf8(bytes).is_err() {
            return false;
        }
        out.extend_from_slice(text(start, offset(from)));
        write_string(bytes, input.mode.no_backslash_escapes, out);
        out.extend_from_slice(text(offset(to), end));
        true
    }

    /// Writes what stands in its place over rows that all meet it; `false`: nothing can.
    pub(super) fn write_met(&self, input: &Binding<'_>, out: &mut Vec<u8>) -> bool {
        if !self.write(input, &mut Vec::new()) {
            return false;
        }
        // The parameters of the statement stay as many as they are.
        out.extend_from_slice(if self.param.is_some() { b"(1 OR ? IS NULL)" } else { b"1" });
        true
    }
}
