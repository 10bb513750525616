//! Reads of several shards whose rows ShardGate merges: ORDER BY, LIMIT, OFFSET, DISTINCT; `grouped` has GROUP BY.
//!
//! Each shard gets the client's own text with a few splices. Select items that only the merge needs stand behind the
//! client's, so that the columns that the client sees are the server's own; LIMIT asks for as many rows as can be
//! needed of one shard. The shard sorts; what is left is to merge sorted streams by the values in their rows.
//!
//! Where it is in doubt what the server sorts by, there is no such plan.

use std::ops::Range;

use crate::merge::Limit;
use crate::sharding::{ShardId, ShardSet};
use crate::sql::parse::ast::{Call, ColumnName, Ident, Query, Select, Span};
use crate::sql::tokens::{Op, Token, TokenKind, ident};
use crate::sql::{Lexer, Literal, PieceKind};
use crate::value::Value;

use super::grouped::{self, GroupPlan};
use super::names::{Anchor, Part, Splice};
use super::narrow::Known;
use super::scope::{BlockId, QueryId, Scopes, TermScope};
use super::sort_key::{KeyReader, SortKey};
use super::{Binding, Guard};

/// How the rows of several shards become the rows of one.
#[derive(Debug, Clone, PartialEq)]
pub struct MergePlan {
    pub(super) splices: Vec<Splice>,
    /// The same for all shards but the first.
    pub(super) others: Vec<Splice>,
    /// The parameters in the spliced text, in order, as indexes of the statement's own.
    pub(super) params: Vec<u16>,
    /// Select items behind the client's.
    pub hidden: u16,
    /// What the rows of each shard are sorted by.
    pub keys: Vec<SortKey>,
    /// The client has asked for the first so many of them.
    pub asked_keys: usize,
    /// Of rows with equal keys only the first is wanted.
    pub is_distinct: bool,
    pub groups: Option<GroupPlan>,
    pub(super) limit: Option<LimitTemplate>,
    /// Each shard's first rows are enough.
    pub(super) limits_shards: bool,
    /// SQL_CALC_FOUND_ROWS: FOUND_ROWS() counts the rows behind LIMIT as well.
    pub(super) counts_found_rows: bool,
    /// A single server would come to other values that are as right: where there is room to gather the rows, it does.
    pub(super) is_loose: bool,
    /// The client's columns are those of its own text, and not those of the shards' answers.
    pub is_described: bool,
    /// A single server reads what it answers from a temporary table.
    pub is_of_table: bool,
}

/// LIMIT, but for its numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LimitTemplate {
    count: Known,
    offset: Option<Known>,
}

/// What answers a statement whose rows are too many to be gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    Merge,
    /// Of the groups of each shard.
    Regroup,
}

/// How rows that LIMIT leaves out are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// Not at all.
    None,
    /// Each shard counts its own: FOUND_ROWS().
    ByShards,
    /// As they are merged, all of them.
    All,
}

impl MergePlan {
    /// All rows of the shards as they are, one shard's after the other's.
    pub const CONCATENATION: Self = Self {
        splices: Vec::new(),
        others: Vec::new(),
        params: Vec::new(),
        hidden: 0,
        keys: Vec::new(),
        asked_keys: 0,
        is_distinct: false,
        groups: None,
        limit: None,
        limits_shards: false,
        counts_found_rows: false,
        is_loose: false,
        is_described: false,
        is_of_table: false,
    };

    /// Whether each shard sends the first of its rows only.
    pub fn cuts_shards(&self) -> bool {
        self.limits_shards && self.limit.is_some()
    }

    /// Whether the statement itself says how many rows are wanted.
    pub fn has_limit(&self) -> bool {
        self.limit.is_some()
    }

    pub fn counting(&self) -> Counting {
        match (self.counts_found_rows, self.cuts_shards()) {
            (false, _) => Counting::None,
            (true, true) => Counting::ByShards,
            (true, false) => Counting::All,
        }
    }

    /// The rows that the client wants. `None`: that is not known.
    pub fn limit(&self, input: &Binding<'_>) -> Option<Limit> {
        self.limit.as_ref().map_or(Some(Limit::NONE), |template| template.limit(input))
    }

    /// The parameters that the text for a shard has, in order, as indexes of the statement's own.
    pub fn params(&self) -> &[u16] {
        &self.params
    }
}

impl LimitTemplate {
    /// `None`: its numbers are not known.
    pub(super) fn limit(&self, input: &Binding<'_>) -> Option<Limit> {
        let number = |known: &Known| match known.value(input) {
            Value::Int(number) => u64::try_from(number).ok(),
            Value::UInt(number) => Some(number),
            _ => None,
        };
        let offset = self.offset.as_ref().map_or(Some(0), number)?;
        Some(Limit { offset, count: number(&self.count)? })
    }
}

impl super::Plan {
    /// How the rows of several shards are merged, where they are.
    pub fn merge(&self) -> Option<&MergePlan> {
        match &self.action {
            super::Action::Route(template) => template.merge(),
            super::Action::Insert(_) | super::Action::Control(_) | super::Action::LocalSelect(_) => None,
        }
    }

    /// What is done where there is no room to gather the rows, with those of which shards.
    pub fn instead(&self, input: &Binding<'_>) -> Option<(Instead, ShardSet)> {
        match &self.action {
            super::Action::Route(template) => template.instead(input),
            super::Action::Insert(_) | super::Action::Control(_) | super::Action::LocalSelect(_) => None,
        }
    }

    /// Puts the statement as `shard` alone would get it in the place of the client's own text, if it is another.
    pub fn render_own(&self, input: &Binding<'_>, shard: ShardId, text: &mut Vec<u8>) {
        let mut own = Vec::new();
        if self.render(input, shard, &mut own) {
            *text = own;
        }
    }

    /// The statement as each of several shards must get it, whose rows are merged.
    pub fn render_merged(&self, merge: &MergePlan, input: &Binding<'_>, shards: &ShardSet) -> Vec<(ShardId, Vec<u8>)> {
        let limit = merge.limit(input).filter(|_| merge.limits_shards);
        let rows = match merge.limit(input) {
            // How servers describe columns may depend on whether there can be rows.
            Some(limit) if limit.is_reached() && !merge.counts_found_rows => 0,
            _ => limit.map_or(u64::MAX, Limit::of_each),
        };
        let mut of_others = [merge.splices.as_slice(), merge.others.as_slice()].concat();
        of_others.sort_by_key(|splice| (splice.from, splice.to));
        let text = |(place, shard): (usize, ShardId)| {
            let splices = if place == 0 { &merge.splices } else { &of_others };
            let mut text = Vec::new();
            self.names.render_spliced(input, shard, splices, rows, &mut text);
            (shard, text)
        };
        shards.iter().enumerate().map(text).collect()
    }
}

/// The plan for a query whose FROM is spread, and whether its parts are understood. `guards` gets the literals that
/// decided.
pub(super) fn plan(scopes: &Scopes<'_, '_>, query: QueryId, sql: &[u8], guards: &mut Vec<Guard>) -> Option<MergePlan> {
    let statement = Statement::read(scopes, query, sql)?;
    let mut keys = KeyReader::new(&statement);
    let mut splices = Vec::new();
    let (mut groups, mut limits_shards, mut is_loose, mut is_described) = (None, true, false, false);
    let asked_keys;
    if statement.is_grouped() {
        let grouping = grouped::read(&statement, &mut keys)?;
        asked_keys = grouping.asked_keys;
        is_described = !grouping.group_by.is_empty();
        splices.extend(statement.regrouping(grouping.group_by)?);
        splices.extend(statement.reordering(grouping.order_by));
        is_loose = grouping.is_loose;
        (groups, limits_shards) = (Some(grouping.plan), grouping.limits_shards);
    } else {
        if let Some(order_by) = &statement.query.order_by {
            for element in statement.elements(order_by.span)? {
                keys.read(&element)?;
            }
        }
        asked_keys = keys.keys.len();
        if statement.select.is_distinct {
            let items = statement.select.items.iter().map(|item| item.expression.span);
            if items.into_iter().any(|span| statement.hands_on_values(span)) {
                return None;
            }
            let order_by = keys.read_all_columns()?;
            splices.extend(statement.insertion_behind_order(order_by));
            // What is added can tell rows apart that are equal.
            limits_shards = keys.hidden.is_empty();
        }
    }
    let counts_found_rows = statement.select.counts_found_rows;
    // What two shards have is found once.
    limits_shards &= !counts_found_rows || groups.is_none() && !statement.select.is_distinct;
    if !keys.hidden.is_empty() {
        splices.push(statement.insertion(statement.end_of_items()?, std::mem::take(&mut keys.hidden)));
    }
    let limit = match &statement.query.limit {
        Some(limit) => {
            let (template, splice) = statement.limit(limit.span)?;
            splices.push(splice);
            Some(template)
        }
        None => None,
    };
    splices.sort_by_key(|splice| splice.from);
    guards.append(&mut keys.guards);
    let params = statement.params_of(&splices);
    let is_distinct = statement.select.is_distinct;
    Some(MergePlan {
        splices,
        others: Vec::new(),
        params,
        hidden: keys.count,
        keys: keys.keys,
        asked_keys,
        is_distinct,
        groups,
        limit,
        limits_shards,
        counts_found_rows,
        is_loose,
        is_described,
        is_of_table: false,
    })
}

/// Reserved words that are values, and not columns.
const VALUES: &[&str] = &["NULL", "TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER"];

/// What is planned.
pub(super) struct Statement<'s, 'a, 'q> {
    pub(super) scopes: &'s Scopes<'a, 'q>,
    pub(super) block: BlockId,
    pub(super) query: &'q Query,
    pub(super) select: &'q Select,
    pub(super) sql: &'s [u8],
    tokens: Vec<Token>,
}

/// One element of a list: its expression, and the word after it.
#[derive(Clone)]
pub(super) struct Element {
    pub(super) span: Span,
    pub(super) descending: bool,
    /// ASC or DESC stands behind it.
    pub(super) has_direction: bool,
    pub(super) tokens: Vec<Token>,
}

impl<'s, 'a, 'q> Statement<'s, 'a, 'q> {
    /// `None` where something other than order and limit needs all rows together.
    fn read(scopes: &'s Scopes<'a, 'q>, query: QueryId, sql: &'s [u8]) -> Option<Self> {
        let statement = Self::open(scopes, query, sql)?;
        let (select, ast, block) = (statement.select, statement.query, statement.block);
        let expressions = || select.items.iter().map(|item| &item.expression).chain(ast.order_by.as_ref());
        let has_window = select.window.is_some() || expressions().any(|expression| expression.has_window);
        let is_both = statement.is_grouped() && select.is_distinct;
        let has_more = has_window && !scopes.has_whole_windows(block, expressions())
            || select.having.is_some() && !scopes.has_whole_groups(block)
            || ast.into.is_some();
        (!is_both && !has_more).then_some(statement)
    }

    /// Any statement of one block, if what it calls means the same on all shards.
    pub(super) fn open(scopes: &'s Scopes<'a, 'q>, query: QueryId, sql: &'s [u8]) -> Option<Self> {
        let scope = &scopes.queries[query];
        let [TermScope::Block(block)] = scope.terms.as_slice() else { return None };
        let select = scopes.blocks[*block].select?;
        if scopes.unspreadable_feature().is_some() {
            return None;
        }
        let tokens = plain_tokens(sql, scopes)?;
        Some(Self { scopes, block: *block, query: scope.ast, select, sql, tokens })
    }

    /// A query of several blocks, of which `first` says what columns are called.
    pub(super) fn of_set(scopes: &'s Scopes<'a, 'q>, query: QueryId, first: BlockId, sql: &'s [u8]) -> Option<Self> {
        let select = scopes.blocks[first].select?;
        let tokens = plain_tokens(sql, scopes)?;
        Some(Self { scopes, block: first, query: scopes.queries[query].ast, select, sql, tokens })
    }

    /// Whether groups are made of rows of several shards.
    fn is_grouped(&self) -> bool {
        let groups = self.select.group_by.is_some() && !self.scopes.has_whole_groups(self.block);
        groups || self.scopes.merged_call(self.block).is_some()
    }

    /// The calls in the block, outside of subqueries.
    pub(super) fn calls(&self) -> impl Iterator<Item = &'q Call> {
        let of_block = self.scopes.calls.iter().filter(|calls| calls.block == Some(self.block));
        of_block.flat_map(|calls| &calls.expression.calls)
    }

    /// Whether it is made of parameters alone. MySQL gives these their types by what stands around them, for the whole
    /// statement: if it stood in a function once more, `? - ?` would be a DECIMAL of 30 decimals for a DOUBLE, and so would
    /// `AVG(?)` where a sum of it is asked for.
    pub(super) fn is_untyped(&self, span: Span) -> bool {
        let mode = self.scopes.ctx.mode;
        if mode.mariadb {
            return false;
        }
        let text = self.sql.get(span.start as usize..span.end as usize).unwrap_or_default();
        let tokens: Vec<Token> = Lexer::new(text, mode).collect();
        let is_call = |at: usize| tokens.get(at + 1).is_some_and(|next| next.text(text) == b"(");
        let has_name = tokens.iter().enumerate().any(|(at, token)| ident(*token, text, mode).is_some() && !is_call(at));
        !has_name && tokens.iter().any(|token| token.kind == TokenKind::Param)
    }

    /// Puts elements before the client's ORDER BY, or makes one. The client's stays: whether a server needs a temporary
    /// table for it shows in the definitions of the columns.
    fn reordering(&self, mut elements: Vec<Part>) -> Option<Splice> {
        if elements.is_empty() {
            return None;
        }
        Some(match &self.query.order_by {
            Some(written) => {
                elements.push(Part::Text(", ".to_owned()));
                self.insertion(written.span.start, elements)
            }
            None => {
                elements.insert(0, Part::Text(" ORDER BY ".to_owned()));
                self.insertion(self.select.span.end, elements)
            }
        })
    }

    /// Adds elements to GROUP BY, or makes one. `None`: it is not known where.
    fn regrouping(&self, mut elements: Vec<Part>) -> Option<Option<Splice>> {
        if elements.is_empty() {
            return Some(None);
        }
        let (at, before) = match &self.select.group_by {
            Some(group_by) => (group_by.span.end, ", "),
            None => (self.rows()?.end, " GROUP BY "),
        };
        elements.insert(0, Part::Text(before.to_owned()));
        Some(Some(self.insertion(at, elements)))
    }

    /// Whether a column is named in it.
    pub(super) fn names_column(&self, element: &Element) -> bool {
        let scopes = self.scopes;
        let may_have = |name: &str| {
            let instances = &scopes.blocks[self.block].instances;
            instances.iter().any(|id| scopes.instances[*id].may_have(name))
        };
        let names = element.tokens.iter().filter_map(|token| self.column_in(std::slice::from_ref(token)));
        names.into_iter().any(|column| may_have(&column.column.text))
    }

    /// Adds elements to ORDER BY, or makes one.
    fn insertion_behind_order(&self, positions: Vec<u16>) -> Option<Splice> {
        let mut before = if self.query.order_by.is_some() { ", " } else { " ORDER BY " };
        let mut parts = Vec::new();
        for position in positions {
            parts.push(Part::Text(format!("{before}{position}")));
            before = ", ";
        }
        let at = self.query.order_by.as_ref().map_or(self.select.span.end, |order_by| order_by.span.end);
        (!parts.is_empty()).then(|| self.insertion(at, parts))
    }

    /// Where the client's select list ends. Not known for `TABLE t`, which has none.
    fn end_of_items(&self) -> Option<u32> {
        let last = self.select.items.last()?;
        let is_written = last.expression.span != self.select.span;
        is_written.then(|| last.alias.as_ref().map_or(last.expression.span.end, |alias| alias.span.end))
    }

    /// Whether a value comes through a function that hands it on. MariaDB (10.11) takes different texts of a TINYTEXT
    /// column for equal once they came through one into a temporary table: what one server answers only a server tells.
    pub(super) fn hands_on_values(&self, span: Span) -> bool {
        const FUNCTIONS: &[&str] = &["CASE", "COALESCE", "GREATEST", "IF", "IFNULL", "LEAST", "NULLIF", "NVL", "NVL2"];
        self.tokens_in(span).iter().any(|token| FUNCTIONS.iter().any(|word| token.is_word(self.sql, word)))
    }

    pub(super) fn tokens_in(&self, span: Span) -> &[Token] {
        let from = self.tokens.partition_point(|token| token.start < span.start);
        let to = self.tokens.partition_point(|token| token.end <= span.end);
        self.tokens.get(from..to).unwrap_or_default()
    }

    /// The first token at `offset` or behind it.
    pub(super) fn token_from(&self, offset: u32) -> Option<&Token> {
        self.tokens.get(self.tokens.partition_point(|token| token.start < offset))
    }

    pub(super) fn is(&self, token: &Token, word: &str) -> bool {
        token.is_word(self.sql, word)
    }

    /// FROM and WHERE.
    pub(super) fn rows(&self) -> Option<Span> {
        let from = self.token_from(self.end_of_items()?).filter(|token| self.is(token, "FROM"))?;
        let clauses = [(&self.select.group_by, 2), (&self.select.having, 1), (&self.select.window, 1)];
        let next = clauses.into_iter().find_map(|(clause, words)| Some((clause.as_ref()?.span.start, words)));
        let end = match next {
            Some((start, words)) => {
                let at = self.tokens.partition_point(|token| token.start < start);
                self.tokens.get(at.checked_sub(words + 1)?)?.end
            }
            None => self.select.span.end,
        };
        Some(Span { start: from.start, end })
    }

    /// The column name that the tokens are, if they are nothing else.
    pub(super) fn column_in(&self, tokens: &[Token]) -> Option<ColumnName> {
        let mode = self.scopes.ctx.mode;
        let name = |index: usize| {
            let token = tokens[index];
            let text = ident(token, self.sql, mode)?.into_owned();
            Some(Ident { text, span: Span { start: token.start, end: token.end } })
        };
        let is_dot = |index: usize| tokens[index].is_op(Op::Dot);
        match tokens.len() {
            1 => {
                let column = name(0)?;
                let is_value = VALUES.iter().any(|word| self.is(&tokens[0], word));
                (!is_value).then_some(ColumnName { database: None, table: None, column })
            }
            3 if is_dot(1) => Some(ColumnName { database: None, table: Some(name(0)?), column: name(2)? }),
            5 if is_dot(1) && is_dot(3) => {
                Some(ColumnName { database: Some(name(0)?), table: Some(name(2)?), column: name(4)? })
            }
            _ => None,
        }
    }

    /// The elements of a list. `None` for what is more than a list of expressions: WITH ROLLUP, an empty element.
    pub(super) fn elements(&self, span: Span) -> Option<Vec<Element>> {
        let mut depth = 0_u32;
        let is_comma = |token: &Token| {
            match token.kind {
                TokenKind::Op(Op::LParen) => depth += 1,
                TokenKind::Op(Op::RParen) => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && token.is_op(Op::Comma)
        };
        self.tokens_in(span).split(is_comma).map(|tokens| self.element(tokens)).collect()
    }

    fn element(&self, tokens: &[Token]) -> Option<Element> {
        let is_word = |word: &str| tokens.last().is_some_and(|token| token.is_word(self.sql, word));
        let (descending, has_direction) = (is_word("DESC"), is_word("DESC") || is_word("ASC"));
        let tokens = if has_direction { &tokens[..tokens.len() - 1] } else { tokens };
        let span = Span { start: tokens.first()?.start, end: tokens.last()?.end };
        let is_more = tokens.iter().any(|token| token.is_word(self.sql, "ROLLUP"));
        (!is_more).then(|| Element { span, descending, has_direction, tokens: tokens.to_vec() })
    }

    /// Whether the query is what EXISTS is about.
    pub(super) fn is_asked_for_existence(&self) -> bool {
        let before = self.tokens.partition_point(|token| token.start < self.query.span.start);
        let [.., exists, open] = &self.tokens[..before] else { return false };
        open.is_op(Op::LParen) && self.is(exists, "EXISTS")
    }

    /// `n`, `m, n` or `n OFFSET m`.
    pub(super) fn limit(&self, span: Span) -> Option<(LimitTemplate, Splice)> {
        let tokens = self.tokens_in(span);
        let (count, offset) = match tokens {
            [count] => (count, None),
            [offset, comma, count] if comma.is_op(Op::Comma) => (count, Some(offset)),
            [count, word, offset] if word.is_word(self.sql, "OFFSET") => (count, Some(offset)),
            _ => return None,
        };
        let offset = match offset {
            Some(offset) => Some(self.number(offset)?),
            None => None,
        };
        let template = LimitTemplate { count: self.number(count)?, offset };
        let splice = Splice { from: self.anchor(span.start), to: self.anchor(span.end), parts: vec![Part::Rows] };
        Some((template, splice))
    }

    fn number(&self, token: &Token) -> Option<Known> {
        match token.kind {
            TokenKind::Integer => {
                let index = self.literal_at(token.start)?;
                Some(Known::Literal { index, count: 1, is_negative: false })
            }
            TokenKind::Param => Some(Known::Param { index: self.params_before(token.start), is_negative: false }),
            _ => None,
        }
    }

    /// The index of the literal that begins at `offset`.
    pub(super) fn literal_at(&self, offset: u32) -> Option<u32> {
        let literals: &[Literal] = self.scopes.literals;
        literals.binary_search_by_key(&offset, |literal| literal.start).ok().map(|index| index as u32)
    }

    /// Whether two pieces of the statement are written alike. Where that is so because of the literals in them, or only they
    /// are not alike, other statements of the shape may be otherwise: that is guarded.
    pub(super) fn are_alike(&self, one: Span, other: Span, guards: &mut Vec<Guard>) -> bool {
        if one == other {
            return true;
        }
        if !self.params_within(one).is_empty() {
            // Each parameter has a value of its own.
            return false;
        }
        let (literals, others) = (self.literals_in(one), self.literals_in(other));
        if self.shape_of(one, literals.clone()) != self.shape_of(other, others.clone()) {
            return false;
        }
        let text = |index: usize| self.scopes.literals[index].text(self.sql).to_vec();
        let mut alike = true;
        for (index, other) in literals.zip(others) {
            alike &= text(index) == text(other);
            guards.extend([index, other].map(|index| Guard { literal: index as u32, text: text(index) }));
        }
        alike
    }

    /// Whether an element of GROUP BY or ORDER BY may be a place in the select list although it is no plain number: `(1)`,
    /// `+1`, `TRUE`, a parameter.
    pub(super) fn may_be_place(&self, element: &[Token]) -> bool {
        let around = [Op::LParen, Op::RParen, Op::Plus, Op::Minus];
        let mut inner = element.iter().filter(|token| !around.iter().any(|op| token.is_op(*op)));
        match (inner.next(), inner.next()) {
            (Some(only), None) => match only.kind {
                TokenKind::Integer => element.len() > 1,
                TokenKind::Param => true,
                _ => self.is(only, "TRUE") || self.is(only, "FALSE"),
            },
            _ => false,
        }
    }

    /// The indexes of the literals in it.
    fn literals_in(&self, span: Span) -> Range<usize> {
        let at = |offset: u32| self.scopes.literals.partition_point(|literal| literal.start < offset);
        at(span.start)..at(span.end)
    }

    /// The text between the literals, and their kinds.
    fn shape_of(&self, span: Span, literals: Range<usize>) -> Vec<u8> {
        let mut shape = Vec::new();
        let mut done = span.start as usize;
        for literal in &self.scopes.literals[literals] {
            shape.extend_from_slice(self.sql.get(done..literal.start as usize).unwrap_or_default());
            shape.extend_from_slice(&[0, literal.kind as u8]);
            done = literal.end as usize;
        }
        shape.extend_from_slice(self.sql.get(done..span.end as usize).unwrap_or_default());
        // Names of tables may differ by case alone.
        if !shape.contains(&b'.') {
            shape.make_ascii_lowercase();
        }
        shape
    }

    fn params_before(&self, offset: u32) -> u16 {
        let before = self.tokens.iter().take_while(|token| token.start < offset);
        before.filter(|token| token.kind == TokenKind::Param).count() as u16
    }

    pub(super) fn anchor(&self, offset: u32) -> Anchor {
        Anchor::new(offset, self.scopes.literals)
    }

    pub(super) fn copy(&self, span: Span) -> Part {
        Part::Copy(self.anchor(span.start), self.anchor(span.end))
    }

    fn insertion(&self, offset: u32, parts: Vec<Part>) -> Splice {
        Splice { from: self.anchor(offset), to: self.anchor(offset), parts }
    }

    /// The parameters in the spliced text.
    pub(super) fn params_of(&self, splices: &[Splice]) -> Vec<u16> {
        let literals = self.scopes.literals;
        let between = |from: usize, to: usize| self.params_within(Span { start: from as u32, end: to as u32 });
        let mut params = Vec::new();
        let mut done = 0;
        for splice in splices {
            params.extend(between(done, splice.from.offset(literals)));
            params.extend(self.params_of_parts(&splice.parts));
            done = splice.to.offset(literals);
        }
        params.extend(between(done, self.sql.len() + 1));
        params
    }

    /// The parameters in a text that is put together.
    pub(super) fn params_of_parts(&self, parts: &[Part]) -> Vec<u16> {
        let literals = self.scopes.literals;
        let copies = parts.iter().filter_map(|part| match part {
            Part::Copy(from, to) => Some((from.offset(literals) as u32, to.offset(literals) as u32)),
            Part::Text(_) | Part::Rows => None,
        });
        copies.flat_map(|(start, end)| self.params_within(Span { start, end })).collect()
    }

    pub(super) fn params_within(&self, span: Span) -> Vec<u16> {
        (self.params_before(span.start)..self.params_before(span.end)).collect()
    }
}

/// All tokens, if none is in an executable comment, whose begin and end are no tokens.
fn plain_tokens(sql: &[u8], scopes: &Scopes<'_, '_>) -> Option<Vec<Token>> {
    let mut lexer = Lexer::new(sql, scopes.ctx.mode);
    while let Some(piece) = lexer.next_piece() {
        if matches!(piece.kind, PieceKind::Gate | PieceKind::ClosedGate) {
            return None;
        }
    }
    Some(Lexer::new(sql, scopes.ctx.mode).collect())
}
