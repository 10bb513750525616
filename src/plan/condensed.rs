//! Queries within a gathered statement whose answers are little beside the rows that they are made of: groups, aggregates.
//! Each can be answered by itself, as if the client had sent it alone, and then its answer is gathered in the place of its
//! tables' rows: the statement reads all rows of a temporary table where it had the query.
//!
//! That is only planned here. Whether the answer may stand for the query is seen when it is there (`frontend::condensed`);
//! where not, the rows of the tables are gathered.

use std::ops::Range;

use crate::sharding::{Schema, ShardId};
use crate::sql::parse::ast::{Item, ItemKind, Query, Select, Span};
use crate::sql::tokens::{Op, Token, TokenKind};
use crate::sql::{Lexer, Mode, parameter};

use super::functions;
use super::gather::{From, Source, between, params_of};
use super::gathered_text::{FinalText, Writing};
use super::names::{Anchor, write_quoted};
use super::scope::{InstanceId, QueryId, Scopes, TermScope};

/// One of them, in the client's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condensed {
    pub(super) from: Anchor,
    pub(super) to: Anchor,
    /// It is all of a derived table, which servers merge with what is around it if they can; one of groups they cannot.
    pub(super) is_derived: bool,
    /// Its parameters, by their numbers in the statement.
    params: Range<u16>,
    /// See `CondensedQuery::columns`.
    columns: Option<Vec<bool>>,
}

/// One that is to be answered by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CondensedQuery {
    /// The client's text, with the values of its parameters.
    pub sql: Vec<u8>,
    /// The same over the scratch's own tables.
    pub example: Vec<u8>,
    /// The name of the temporary table for its answer.
    pub temporary: String,
    /// Which of its columns are of tables, or the least or greatest of such: whose collation is as strong as that of the temporary
    /// table's column (manual, "Collation Coercibility in Expressions"). `None`: that is the same of all.
    pub columns: Option<Vec<bool>>,
}

impl Scopes<'_, '_> {
    /// Those of a query that is the whole statement, in the order of the text. None is within another.
    pub(super) fn condensed(&self, root: QueryId, sources: &[Source], sql: &[u8]) -> Vec<Condensed> {
        let params = params_of(sql, self.ctx.mode);
        let is_simple = |query: &Query| query.locking.is_empty() && query.into.is_none();
        if self.uses.has_recursion() || !self.queries.iter().all(|query| is_simple(query.ast)) {
            return Vec::new();
        }
        let is_whole = |id: &QueryId| *id != root && self.queries[*id].ast.with.ctes.is_empty();
        let queries = (0..self.queries.len()).filter(|id| is_whole(id) && self.is_condensing(*id));
        let mut spans: Vec<Span> = queries.map(|id| self.queries[id].ast.span).collect();
        for query in self.queries.iter().filter(|query| query.terms.len() > 1) {
            let selects = query.terms.iter().filter_map(|term| self.select_of(*term));
            spans.extend(selects.filter(|select| condenses(select)).map(|select| select.span));
        }
        spans.retain(|span| self.stands_alone(*span));
        spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        let mut end = 0;
        spans.retain(|span| {
            let is_outermost = span.start >= end;
            end = end.max(span.end);
            is_outermost
        });
        let anchor = |offset| Anchor::new(offset, self.literals);
        let derived = self.instances.iter().filter_map(|instance| instance.query());
        let derived: Vec<Span> = derived.map(|query| self.queries[query].ast.span).collect();
        let params_before = |offset| params.partition_point(|at| *at < offset) as u16;
        let all = spans.into_iter().map(|span| Condensed {
            from: anchor(span.start),
            to: anchor(span.end),
            is_derived: derived.contains(&span),
            params: params_before(span.start)..params_before(span.end),
            columns: self.columns_in(root, span, sql),
        });
        // What is whole on one server is read there.
        let is_sharded = |one: &Condensed| sources.iter().any(|source| one.has(source) && source.is_sharded());
        all.filter(is_sharded).collect()
    }

    /// Which columns are of tables, where that matters: of an operand of the whole statement the answer's definitions show it.
    fn columns_in(&self, root: QueryId, span: Span, sql: &[u8]) -> Option<Vec<bool>> {
        let Some(query) = self.queries.iter().find(|query| query.ast.span == span) else {
            // An operand: of the statement, or of something in it.
            let mut operands = self.queries[root].terms.iter().filter_map(|term| self.select_of(*term));
            return if operands.any(|select| select.span == span) { None } else { Some(Vec::new()) };
        };
        let [TermScope::Block(block)] = query.terms.as_slice() else { return Some(Vec::new()) };
        let of_tables = self.blocks[*block].instances.iter().all(|id| self.instances[*id].table().is_some());
        let select = self.blocks[*block].select.filter(|_| of_tables);
        let items = select.iter().flat_map(|select| &select.items);
        Some(items.map(|item| is_of_column(item, sql, self.ctx.mode)).collect())
    }

    /// The only operand that a query has.
    pub(super) fn only_select(&self, id: QueryId) -> Option<&Select> {
        match self.queries[id].terms.as_slice() {
            [term] => self.select_of(*term),
            _ => None,
        }
    }

    fn select_of(&self, term: TermScope) -> Option<&Select> {
        match term {
            TermScope::Block(block) => self.blocks[block].select,
            TermScope::Query(_) | TermScope::Values => None,
        }
    }

    /// Whether each of its operands has fewer rows than it reads.
    fn is_condensing(&self, id: QueryId) -> bool {
        self.queries[id].terms.iter().all(|term| self.select_of(*term).is_some_and(condenses))
    }

    /// Whether the text means the same without what is around it. (A column without a qualifier that only the tables around
    /// it have is an unknown one then.)
    fn stands_alone(&self, span: Span) -> bool {
        let is_within = |inner: Span| span.start <= inner.start && inner.end <= span.end;
        let blocks = self.blocks.iter().filter(|block| block.select.is_some_and(|select| is_within(select.span)));
        // A common table expression of the statement.
        let is_outside = |id: &InstanceId| {
            let query = self.instances[*id].query();
            query.is_some_and(|query| !is_within(self.queries[query].ast.span))
        };
        let reads_outside = blocks.clone().flat_map(|block| &block.instances).any(is_outside);
        let items = blocks.clone().filter_map(|block| block.select).flat_map(|select| &select.items);
        // In MariaDB a column does not say that its text came from a function for JSON.
        let is_json = |name: &str| name.to_ascii_lowercase().contains("json");
        let has_json = items.flat_map(|item| &item.expression.calls).any(|call| is_json(&call.name));
        let calls = self.calls.iter().map(|calls| calls.expression).filter(|expression| is_within(expression.span));
        let is_alike = |name: &str| functions::is_spreadable(name);
        !has_json
            && !reads_outside
            && !blocks.into_iter().any(|block| block.is_correlated)
            && calls.into_iter().all(|expression| {
                !expression.assigns_variable
                    && !expression.has_window
                    && expression.calls.iter().all(|call| call.is_plain && is_alike(&call.name))
            })
    }
}

/// Whether it makes one row of several.
fn condenses(select: &Select) -> bool {
    let calls = || select.items.iter().flat_map(|item| &item.expression.calls);
    !select.counts_found_rows
        && (select.is_distinct
            || select.group_by.is_some()
            || calls().any(|call| call.is_plain && functions::is_aggregate(&call.name)))
}

/// Whether a select item is a column, or the least or greatest of one.
fn is_of_column(item: &Item, sql: &[u8], mode: Mode) -> bool {
    if matches!(item.kind, ItemKind::Column(_)) {
        return true;
    }
    let Span { start, end } = item.expression.span;
    let text = sql.get(start as usize..end as usize).unwrap_or_default();
    let tokens: Vec<Token> = Lexer::new(text, mode).collect();
    let [name, open, column @ .., close] = tokens.as_slice() else { return false };
    let is_name = |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent);
    let is_part = |(place, token): (usize, &Token)| if place % 2 == 0 { is_name(token) } else { token.is_op(Op::Dot) };
    ["MIN", "MAX", "ANY_VALUE"].iter().any(|word| name.is_word(text, word))
        && open.is_op(Op::LParen)
        && close.is_op(Op::RParen)
        && column.len() % 2 == 1
        && column.iter().enumerate().all(is_part)
}

impl Condensed {
    /// Whether the place that names the table is within it.
    pub(super) fn has(&self, source: &Source) -> bool {
        self.from <= source.at && source.at < self.to
    }

    /// Whether a parameter of the statement is within it.
    pub(super) fn has_param(&self, index: u16) -> bool {
        self.params.contains(&index)
    }

    /// `own`: how the statement is written over the scratch's own tables. `None`: a parameter's value has no literal.
    pub(super) fn write(&self, number: usize, text: &FinalText, own: &Writing<'_>) -> Option<CondensedQuery> {
        let input = own.input;
        let mut example = Vec::new();
        text.render_between(own, (self.from.offset(input.literals), self.to.offset(input.literals)), &mut example);
        let values = input.params.get(usize::from(self.params.start)..usize::from(self.params.end))?;
        let filled_in = |text: &[u8]| parameter::filled_in(text, input.mode, values.iter().cloned());
        Some(CondensedQuery {
            sql: filled_in(between((self.from, self.to), input))?,
            example: filled_in(&example)?,
            temporary: temporary_name(number),
            columns: self.columns.clone(),
        })
    }
}

impl Source {
    fn is_sharded(&self) -> bool {
        matches!(self.from, From::Sharded(_))
    }
}

/// The connection has no other table of this name: it is ShardGate's alone while it is used.
pub(super) fn temporary_name(number: usize) -> String {
    format!("shardgate_condensed_{number}")
}

/// Writes the query that reads the answer.
pub(super) fn write_reading(number: usize, is_derived: bool, schema: &Schema, scratch: ShardId, out: &mut Vec<u8>) {
    out.extend_from_slice(b"SELECT * FROM ");
    write_quoted(schema.shard(scratch).schema.as_bytes(), out);
    out.push(b'.');
    write_quoted(temporary_name(number).as_bytes(), out);
    if is_derived {
        // What has a LIMIT is not merged.
        out.extend_from_slice(format!(" LIMIT {}", u64::MAX).as_bytes());
    }
}
