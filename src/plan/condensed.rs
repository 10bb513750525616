//! Queries within a gathered statement whose answers are little beside the rows that they are made of: groups, aggregates.
//! Each can be answered by itself, as if the client had sent it alone, and then its answer is gathered in the place of its
//! tables' rows: the statement reads all rows of a temporary table where it had the query.
//!
//! That is only planned here. Whether the answer may stand for the query is seen when it is there (`frontend::condensed`);
//! where not, the rows of the tables are gathered.

use std::ops::Range;

use crate::sharding::{Schema, ShardId};
use crate::sql::parse::ast::{Constant, DerivedTable, Item, ItemKind, Operand, Query, Select, Span, TableRef};
use crate::sql::tokens::{Op, Token, TokenKind, closes_last};
use crate::sql::{Lexer, Mode, parameter};

use super::functions;
use super::gather::{From, Source, between, params_of};
use super::gathered_text::{FinalText, Writing};
use super::mentions::{Around, Meets};
use super::names::{Anchor, write_quoted};
use super::scope::{BlockId, InstanceId, QueryId, Scopes, TermScope};

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
    columns: Option<Vec<Meets>>,
    digits: Digits,
    /// Select items that are literals, with their aliases, by place; empty if there are none.
    literals: Vec<Option<(Anchor, Anchor)>>,
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
    /// What its texts meet, by column. `None`: that is the same of all.
    pub columns: Option<Vec<Meets>>,
    /// What its DECIMALs must show, since they may have more digits in the statement.
    pub digits: Digits,
    /// How the statement reads the answer.
    reading: Vec<u8>,
    /// See `Condensed::literals`.
    literals: Vec<Option<Vec<u8>>>,
}

/// What a DECIMAL must show so that nothing depends on digits which it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digits {
    /// It has no others, or nothing computes with it.
    Any,
    /// It is compared with exact values of so many decimals, and nothing else: shown with a digit behind those it is rounded, but to
    /// no such value, nor past one.
    Behind(usize),
    /// All that a server keeps.
    All,
}

impl Digits {
    /// Whether this value shows enough.
    pub fn are_in(self, shown: &[u8]) -> bool {
        match self {
            Digits::Any => true,
            Digits::Behind(decimals) => {
                let at = memchr::memchr(b'.', shown).map_or(shown.len(), |point| point + 1 + decimals);
                shown.get(at..).is_some_and(|rest| rest.iter().any(|digit| *digit != b'0'))
            }
            Digits::All => false,
        }
    }
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
        let anchor = |offset| Anchor::new(offset, self.literals);
        // What is whole on one server is read there.
        let is_sharded = |span: &Span| {
            let (from, to) = (anchor(span.start), anchor(span.end));
            sources.iter().any(|source| from <= source.at && source.at < to && source.is_sharded())
        };
        spans.retain(|span| self.stands_alone(*span) && is_sharded(span));
        spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        let mut end = 0;
        spans.retain(|span| {
            let is_outermost = span.start >= end;
            end = end.max(span.end);
            is_outermost
        });
        let derived = self.instances.iter().filter_map(|instance| instance.query());
        let derived: Vec<Span> = derived.map(|query| self.queries[query].ast.span).collect();
        let around = Around::new(sql, self.ctx.mode, &spans);
        let params_before = |offset| params.partition_point(|at| *at < offset) as u16;
        let condensed = |span: Span| Condensed {
            from: anchor(span.start),
            to: anchor(span.end),
            is_derived: derived.contains(&span),
            params: params_before(span.start)..params_before(span.end),
            columns: self.columns_in(root, span, sql, (&around, &spans)),
            digits: if derived.contains(&span) { Digits::Any } else { self.digits_in(root, span, sql, &around) },
            literals: self.literals_in(span),
        };
        spans.iter().copied().map(condensed).collect()
    }

    /// What its texts meet, where that matters.
    fn columns_in(
        &self,
        root: QueryId,
        span: Span,
        sql: &[u8],
        (around, placed): (&Around<'_>, &[Span]),
    ) -> Option<Vec<Meets>> {
        let Some(query) = self.queries.iter().find(|query| query.ast.span == span) else {
            return self.columns_of_operand(root, span, sql, placed);
        };
        let [TermScope::Block(block)] = query.terms.as_slice() else { return Some(Vec::new()) };
        let of_tables = self.blocks[*block].instances.iter().all(|id| self.instances[*id].table().is_some());
        let select = self.blocks[*block].select.filter(|_| of_tables);
        let items: Vec<&Item> = self.blocks[*block].select.iter().flat_map(|select| &select.items).collect();
        let met = self.met_in(root, span, items.len(), (around, placed));
        let is_as_there = |item: &Item| is_literal(item) || select.is_some() && is_of_column(item, sql, self.ctx.mode);
        let of_item = |(place, item): (usize, &&Item)| match is_as_there(item) {
            true => Meets::Anything,
            false => met.get(place).copied().unwrap_or(Meets::Others),
        };
        Some(items.iter().enumerate().map(of_item).collect())
    }

    /// The same of an operand, of the statement or of something in it. Its texts meet those of the other operands, which are
    /// as strong only if they are answers too.
    fn columns_of_operand(&self, root: QueryId, span: Span, sql: &[u8], placed: &[Span]) -> Option<Vec<Meets>> {
        let block = self.blocks.iter().find(|block| block.select.is_some_and(|select| select.span == span))?;
        let of_tables = block.instances.iter().all(|id| self.instances[*id].table().is_some());
        let is_as_there = |item: &Item| {
            is_literal(item) || of_tables && (item.is_wildcard() || is_of_column(item, sql, self.ctx.mode))
        };
        let items = &block.select?.items;
        if !self.is_operand(root, span) || items.iter().any(Item::is_wildcard) && !items.iter().all(is_as_there) {
            return Some(Vec::new());
        }
        let is_answer = |term: &TermScope| self.select_of(*term).is_some_and(|select| placed.contains(&select.span));
        let beside = if self.queries[root].terms.iter().all(is_answer) { Meets::Answers } else { Meets::Others };
        let of_item = |item| if is_as_there(item) { Meets::Anything } else { beside };
        if items.iter().all(is_as_there) { None } else { Some(items.iter().map(of_item).collect()) }
    }

    /// What uses the value of a query that is no derived table, which would store it, sees digits of a quotient that are not
    /// shown: servers compute more of them.
    fn digits_in(&self, root: QueryId, span: Span, sql: &[u8], around: &Around<'_>) -> Digits {
        if self.is_operand(root, span) || around.of_value(span.start) == Meets::Nothing {
            return Digits::Any;
        }
        let selects = self.blocks.iter().filter_map(|block| block.select).filter(|select| span.contains(select.span));
        match selects.flat_map(|select| &select.items).any(|item| is_quotient(item, sql, self.ctx.mode)) {
            true => self.decimals_beside(span).map_or(Digits::All, Digits::Behind),
            false => Digits::Any,
        }
    }

    /// How many decimals the column has that a condition compares with the value of a query.
    fn decimals_beside(&self, span: Span) -> Option<usize> {
        let is_it = |operand: &Operand| match operand {
            Operand::Query(parentheses) => {
                self.query_in(*parentheses).is_some_and(|query| self.queries[query].ast.span == span)
            }
            _ => false,
        };
        (0..self.instances.len()).find_map(|id| {
            let rules = self.instances[id].filters.iter().filter_map(|rule| self.conditions[*rule]);
            let compared =
                rules.flat_map(|condition| condition.predicate.comparisons()).find_map(|sides| match sides {
                    (Operand::Column(column), other) | (other, Operand::Column(column)) if is_it(other) => Some(column),
                    _ => None,
                })?;
            let kind = self.column_kind(id, compared).filter(|_| self.certainly_means(compared, id))?;
            match kind.data_type.as_str() {
                "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Some(0),
                "decimal" => kind.arguments.split(',').nth(1).map_or(Some(0), |decimals| decimals.trim().parse().ok()),
                _ => None,
            }
        })
    }

    fn is_operand(&self, query: QueryId, span: Span) -> bool {
        let mut operands = self.queries[query].terms.iter().filter_map(|term| self.select_of(*term));
        operands.any(|select| select.span == span)
    }

    fn literals_in(&self, span: Span) -> Vec<Option<(Anchor, Anchor)>> {
        let query = self.queries.iter().position(|query| query.ast.span == span);
        let operand = || self.blocks.iter().filter_map(|block| block.select).find(|select| select.span == span);
        let select = query.map_or_else(operand, |query| self.only_select(query));
        let items: Vec<&Item> = select.iter().flat_map(|select| &select.items).collect();
        let anchor = |offset| Anchor::new(offset, self.literals);
        let literal = |item: &&Item| {
            let Span { start, end } = item.expression.span;
            let end = item.alias.as_ref().map_or(end, |alias| alias.span.end);
            is_literal(item).then(|| (anchor(start), anchor(end)))
        };
        match items.iter().any(|item| is_literal(item)) && !items.iter().any(|item| item.is_wildcard()) {
            true => items.iter().map(literal).collect(),
            false => Vec::new(),
        }
    }

    /// What the columns of a query meet that stands in the statement's own SELECT, not in another one within it.
    fn met_in(&self, root: QueryId, span: Span, count: usize, (around, placed): (&Around<'_>, &[Span])) -> Vec<Meets> {
        let [TermScope::Block(block)] = self.queries[root].terms.as_slice() else { return Vec::new() };
        let is_answer = |query: QueryId| placed.contains(&self.queries[query].ast.span);
        let derived = || self.instances.iter().filter(|instance| instance.query().is_some_and(is_answer));
        let own = || derived().filter(|one| one.query().is_some_and(|query| self.queries[query].ast.span == span));
        if own().next().is_none() {
            return vec![around.of_value(span.start); count];
        }
        if own().any(|instance| instance.block != *block) {
            return Vec::new();
        }
        let answers: Vec<&str> = derived().map(|instance| instance.name.as_str()).collect();
        let names = own().find_map(|instance| self.answer_names(instance.query()?, *block)).unwrap_or_default();
        names.iter().map(|name| name.map_or(Meets::Others, |name| around.of_column(name, &answers))).collect()
    }

    /// What the columns of a derived table of the block are called, where they are not called by their text. `None`: not all
    /// of them are written there.
    pub(super) fn answer_names(&self, query: QueryId, block: BlockId) -> Option<Vec<Option<&str>>> {
        let span = self.queries[query].ast.span;
        let select = self.only_select(query)?;
        if select.items.iter().any(Item::is_wildcard) {
            return None;
        }
        let names = match self.uses.of_query(span) {
            Some(expression) => &expression.columns,
            None => &derived_table(&self.blocks[block].select?.from, span)?.columns,
        };
        Some(match names.as_slice() {
            [] => select.items.iter().map(name_of).collect(),
            names => names.iter().map(|name| Some(name.text.as_str())).collect(),
        })
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
        let blocks = self.blocks.iter().filter(|block| block.select.is_some_and(|select| span.contains(select.span)));
        // A common table expression of the statement.
        let is_outside = |id: &InstanceId| {
            let query = self.instances[*id].query();
            query.is_some_and(|query| !span.contains(self.queries[query].ast.span))
        };
        let reads_outside = blocks.clone().flat_map(|block| &block.instances).any(is_outside);
        let items = blocks.clone().filter_map(|block| block.select).flat_map(|select| &select.items);
        // In MariaDB a column does not say that its text came from a function for JSON.
        let is_json = |name: &str| name.to_ascii_lowercase().contains("json");
        let has_json = items.flat_map(|item| &item.expression.calls).any(|call| is_json(&call.name));
        let calls = self.calls.iter().map(|calls| calls.expression).filter(|expression| span.contains(expression.span));
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

/// It stands in the text that reads the answer, where it is what it was.
fn is_literal(item: &Item) -> bool {
    matches!(item.kind, ItemKind::Constant(Constant::Literal { .. }))
}

/// What a select item is called, if not by its text.
fn name_of(item: &Item) -> Option<&str> {
    match (&item.alias, &item.kind) {
        (Some(alias), _) => Some(&alias.text),
        (None, ItemKind::Column(column)) => Some(&column.column.text),
        (None, _) => None,
    }
}

fn derived_table(from: &[TableRef], span: Span) -> Option<&DerivedTable> {
    from.iter().find_map(|table| match table {
        TableRef::Derived(derived) => Some(&**derived).filter(|derived| derived.query.span == span),
        TableRef::Join { left, right, .. } => {
            [left, right].into_iter().find_map(|side| derived_table(std::slice::from_ref(&**side), span))
        }
        TableRef::List(tables) => derived_table(tables, span),
        TableRef::Table(_) | TableRef::Function { .. } => None,
    })
}

/// Whether a select item divides, and does not round what comes of it.
fn is_quotient(item: &Item, sql: &[u8], mode: Mode) -> bool {
    let Span { start, end } = item.expression.span;
    let text = sql.get(start as usize..end as usize).unwrap_or_default();
    let tokens: Vec<Token> = Lexer::new(text, mode).collect();
    let rounds = tokens.first().is_some_and(|name| {
        ["ROUND", "TRUNCATE", "FLOOR", "CEIL", "CEILING"].iter().any(|word| name.is_word(text, word))
    });
    let divides = |token: &Token| token.is_op(Op::Slash) || token.is_word(text, "AVG");
    tokens.iter().any(divides) && !(rounds && closes_last(&tokens))
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
        let mut reading = Vec::new();
        write_reading(number, self.is_derived, input.schema, own.scratch, &mut reading);
        let literals = self.literals.iter().map(|literal| Some(between((*literal)?, input).to_vec()));
        Some(CondensedQuery {
            reading,
            literals: literals.collect(),
            sql: filled_in(between((self.from, self.to), input))?,
            example: filled_in(&example)?,
            temporary: temporary_name(number),
            columns: self.columns.clone(),
            digits: self.digits,
        })
    }
}

impl CondensedQuery {
    /// Whether the texts of a column may come from a temporary table.
    pub fn may_be_stored(&self, column: usize) -> bool {
        let columns = self.columns.as_ref();
        columns.is_none_or(|columns| columns.get(column).is_some_and(|meets| *meets != Meets::Others))
    }

    /// Puts the literals among the columns into `text`, the statement that reads the answer: what they are beside other
    /// values no table tells. `names`: the table's columns.
    pub fn put_literals(&self, names: &[&str], text: &mut Vec<u8>) {
        let Some(at) = memchr::memmem::find(text, &self.reading).filter(|_| names.len() == self.literals.len()) else {
            return;
        };
        let mut list = Vec::new();
        for (name, literal) in names.iter().zip(&self.literals) {
            list.extend_from_slice(if list.is_empty() { b"" } else { b", " });
            match literal {
                Some(literal) => list.extend_from_slice(literal),
                None => write_quoted(name.as_bytes(), &mut list),
            }
        }
        let star = at + READING.len() - 1;
        text.splice(star..=star, list);
    }

    /// Whether a column, which may be of texts, is compared with those of other answers.
    pub fn meets_answers(&self) -> bool {
        self.columns.iter().flatten().any(|meets| *meets == Meets::Answers)
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

/// What an answer's columns are read by.
const READING: &[u8] = b"SELECT *";

/// Writes the query that reads the answer.
pub(super) fn write_reading(number: usize, is_derived: bool, schema: &Schema, scratch: ShardId, out: &mut Vec<u8>) {
    out.extend_from_slice(READING);
    out.extend_from_slice(b" FROM ");
    write_quoted(schema.shard(scratch).schema.as_bytes(), out);
    out.push(b'.');
    write_quoted(temporary_name(number).as_bytes(), out);
    if is_derived {
        // What has a LIMIT is not merged.
        out.extend_from_slice(format!(" LIMIT {}", u64::MAX).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rounded_to_a_value_of_the_column_does_not_show_enough() {
        let cases: [(Digits, &str, bool); 9] = [
            (Digits::Any, "2.0000", true),
            (Digits::All, "2.3333", false),
            (Digits::Behind(0), "2.3333", true),
            (Digits::Behind(0), "2.0000", false),
            (Digits::Behind(0), "2", false),
            (Digits::Behind(2), "-7.120001", true),
            (Digits::Behind(2), "-7.120000", false),
            (Digits::Behind(4), "2.3333", false),
            (Digits::Behind(6), "2.3333", false),
        ];
        for (digits, shown, wanted) in cases {
            assert_eq!(digits.are_in(shown.as_bytes()), wanted, "{digits:?} {shown}");
        }
    }
}
