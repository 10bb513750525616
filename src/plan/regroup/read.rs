//! Which statements can be answered from groups, and what their aggregates become.

use crate::sharding::schema::same_name;
use crate::sql::Op;
use crate::sql::parse::ast::{Call, Expression, Item, ItemKind, Span};
use crate::sql::tokens::{Token, TokenKind, closes_last};

use super::columns::References;
use super::kept::Kept;
use super::{Column, Edit, First, Piece, RegroupPlan, Role, TABLE, Use};
use crate::plan::functions;
use crate::plan::merged::{Element, Statement};
use crate::plan::names::Part;
use crate::plan::scope::{QueryId, Scopes};
use crate::plan::{Guard, names};

/// The plan for a query whose FROM is spread; `None` where it cannot be answered so. `guards` gets the literals that
/// decided.
pub(in crate::plan) fn plan(
    scopes: &Scopes<'_, '_>,
    query: QueryId,
    sql: &[u8],
    guards: &mut Vec<Guard>,
) -> Option<RegroupPlan> {
    let statement = Statement::open(scopes, query, sql)?;
    let mut reader = Reader::new(&statement)?;
    reader.aggregates()?;
    let kept = reader.kept().filter(|kept| *kept != Kept::First)?;
    let plan = reader.read(kept)?;
    guards.append(&mut reader.guards);
    Some(plan)
}

/// A stretch of the statement in which columns of FROM may stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Region {
    pub(super) span: Span,
    pub(super) clause: Clause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    Item,
    GroupBy,
    Having,
    Window,
    OrderBy,
}

pub(super) struct Reader<'s, 'a, 'q> {
    pub(super) statement: &'s Statement<'s, 'a, 'q>,
    pub(super) regions: Vec<Region>,
    pub(super) columns: Vec<Column>,
    /// Replacements, with the stretches of text that they replace.
    pub(super) edits: Vec<(Span, Vec<Piece>)>,
    /// Arguments of aggregates of different values.
    pub(super) distinct: Vec<Span>,
    pub(super) is_aggregated: bool,
    /// Select items that are columns of the groups.
    shown_keys: Vec<usize>,
    pub(super) guards: Vec<Guard>,
}

impl<'s, 'a, 'q> Reader<'s, 'a, 'q> {
    pub(super) fn new(statement: &'s Statement<'s, 'a, 'q>) -> Option<Self> {
        let select = statement.select;
        let items = select.items.iter().map(|item| (&item.expression, Clause::Item));
        let clauses = [
            (&select.group_by, Clause::GroupBy),
            (&select.having, Clause::Having),
            (&select.window, Clause::Window),
            (&statement.query.order_by, Clause::OrderBy),
        ];
        let clauses = clauses.into_iter().filter_map(|(expression, clause)| Some((expression.as_ref()?, clause)));
        let all: Vec<(&Expression, Clause)> = items.chain(clauses).collect();
        let is_locked = !statement.query.locking.is_empty() || statement.query.into.is_some();
        let has_wildcard = select.items.iter().any(Item::is_wildcard);
        if is_locked || has_wildcard || select.from.is_empty() || all.iter().any(|(part, _)| !part.queries.is_empty()) {
            return None;
        }
        let regions = all.iter().map(|(part, clause)| Region { span: part.span, clause: *clause }).collect();
        let (columns, edits) = (Vec::new(), Vec::new());
        Some(Self {
            statement,
            regions,
            columns,
            edits,
            distinct: Vec::new(),
            is_aggregated: false,
            shown_keys: Vec::new(),
            guards: Vec::new(),
        })
    }

    /// Finds the aggregates, and replaces those that have parts.
    pub(super) fn aggregates(&mut self) -> Option<()> {
        let statement = self.statement;
        let calls = statement.calls().filter(|call| self.regions.iter().any(|region| region.span.contains(call.span)));
        let calls: Vec<&Call> = calls.filter(|call| !functions::is_scalar(&call.name)).collect();
        for call in calls {
            let follows =
                |word: &str| statement.token_from(call.span.end).is_some_and(|token| statement.is(token, word));
            // The arguments of GROUPING are elements of GROUP BY.
            if follows("OVER") || functions::is_window_function(&call.name) || call.name == "grouping" {
                continue;
            }
            if !call.is_plain || ["WITHIN", "FILTER"].into_iter().any(follows) {
                return None;
            }
            self.is_aggregated = true;
            self.aggregate(call)?;
        }
        Some(())
    }

    pub(super) fn read(&mut self, kept: Kept) -> Option<RegroupPlan> {
        self.keys()?;
        self.references()?;
        self.titles();
        let first = match kept {
            Kept::First => Some(self.first()?),
            // One server takes the first row that it meets where an order tells equal rows apart.
            Kept::Different if !self.is_ordered_by_items()? => return None,
            Kept::Groups | Kept::Different => None,
        };
        self.finish(kept, first)
    }

    /// Without a column in it, an aggregate that stays would count a shard without rows: its groups have a row all the same.
    fn names_a_column(&self, arguments: &[Element]) -> bool {
        let tokens = arguments.iter().flat_map(|argument| &argument.tokens);
        let mut columns = tokens.filter_map(|token| self.statement.column_in(std::slice::from_ref(token)));
        columns
            .any(|column| !same_name(&column.column.text, "DISTINCT") && !self.owners(&column.column.text).is_empty())
    }

    fn aggregate(&mut self, call: &Call) -> Option<()> {
        let arguments = self.statement.elements(call.arguments)?;
        let first = arguments.first()?;
        let is_distinct = first.tokens.first().is_some_and(|token| self.statement.is(token, "DISTINCT"));
        if is_distinct && !matches!(call.name.as_str(), "min" | "max") {
            if arguments.iter().any(|argument| self.divides(argument)) || !self.names_a_column(&arguments) {
                return None;
            }
            self.distinct.push(call.arguments);
            return Some(());
        }
        let [argument] = arguments.as_slice() else { return None };
        let part = |names: &str| {
            vec![Part::Text(format!("{names}(")), self.statement.copy(call.arguments), Part::Text(")".to_owned())]
        };
        // What a server says of the width of a parameter depends on how it was bound.
        if call.name != "count" && !self.statement.params_within(call.span).is_empty() {
            return None;
        }
        let pieces = match call.name.as_str() {
            "count" => {
                let count = self.part(part("COUNT"));
                count_of(count)
            }
            "sum" if !self.divides(argument) => {
                let sum = self.part(part("SUM"));
                vec![Piece::Sum(sum, Use::AsItIs)]
            }
            "avg" if !self.divides(argument) => {
                let (sum, count) = (part("SUM"), part("COUNT"));
                let (sum, count) = (self.part(sum), self.part(count));
                self.average(call, sum, count)
            }
            function @ ("min" | "max" | "bit_and" | "bit_or" | "bit_xor" | "any_value") => {
                let function = function.to_ascii_uppercase();
                let part = self.part(part(&function));
                vec![Piece::Text(format!("{function}(")), Piece::Column(part), Piece::Text(")".to_owned())]
            }
            _ => return None,
        };
        self.edits.push((call.span, pieces));
        Some(())
    }

    /// Whether values may have digits that their type does not show, which a sum counts.
    fn divides(&self, argument: &Element) -> bool {
        let statement = self.statement;
        let instances = &statement.scopes.blocks[statement.block].instances;
        argument.tokens.iter().any(|token| token.is_op(Op::Slash))
            || !instances.iter().all(|id| statement.scopes.instances[*id].table().is_some())
    }

    fn part(&mut self, value: Vec<Part>) -> usize {
        self.column(None, value, Role::Part)
    }

    /// Adds a column of the groups.
    pub(super) fn column(&mut self, name: Option<String>, value: Vec<Part>, role: Role) -> usize {
        let name = name.unwrap_or_else(|| format!("shardgate.{}", self.columns.len()));
        self.columns.push(Column { name, value, role });
        self.columns.len() - 1
    }

    /// Reads GROUP BY: what is grouped by an expression gets a column of its own, which stands for it everywhere.
    fn keys(&mut self) -> Option<()> {
        for element in self.group_elements()? {
            let span = match self.item_of(&element)? {
                Some(item) => self.statement.select.items[item].expression.span,
                None => element.span,
            };
            let tokens = self.statement.tokens_in(span);
            if self.touches(span) || self.statement.is_fickle(tokens) {
                return None;
            }
            let is_closed = tokens.iter().all(|token| token.kind != TokenKind::Param && !token.is_op(Op::Slash));
            if tokens.len() > 1 && is_closed && self.statement.column_in(tokens).is_none() {
                self.key(span);
            }
        }
        Some(())
    }

    /// The elements of GROUP BY.
    pub(super) fn group_elements(&self) -> Option<Vec<Element>> {
        let statement = self.statement;
        let Some(group_by) = &statement.select.group_by else { return Some(Vec::new()) };
        match statement.tokens_in(group_by.span) {
            [.., last, _, _] if self.has_rollup() => statement.elements(Span { end: last.end, ..group_by.span }),
            _ => statement.elements(group_by.span),
        }
    }

    /// Whether GROUP BY ends WITH ROLLUP, whose columns a server describes by how it ran it.
    fn has_rollup(&self) -> bool {
        let group_by = self.statement.select.group_by.as_ref();
        let last = group_by.and_then(|group_by| self.statement.tokens_in(group_by.span).last());
        last.is_some_and(|last| self.statement.is(last, "ROLLUP"))
    }

    /// The select item that an element of GROUP BY means by its place or its alias; inner `None`: it is no such one.
    pub(super) fn item_of(&mut self, element: &Element) -> Option<Option<usize>> {
        let items = &self.statement.select.items;
        if let [token] = element.tokens.as_slice()
            && token.kind == TokenKind::Integer
        {
            let text = token.text(self.statement.sql);
            let place = std::str::from_utf8(text).ok()?.parse::<usize>().ok()?.checked_sub(1)?;
            self.guard(token)?;
            return (place < items.len()).then_some(Some(place));
        }
        if self.statement.may_be_place(&element.tokens) || self.is_wrapped(element) {
            return None;
        }
        match self.statement.column_in(&element.tokens) {
            Some(column) if column.table.is_none() && self.owners(&column.column.text).is_empty() => {
                let is_it = |place: &usize| {
                    let alias = items[*place].alias.as_ref();
                    alias.is_some_and(|alias| crate::sharding::schema::same_name(&alias.text, &column.column.text))
                };
                let mut named = (0..items.len()).filter(is_it);
                match (named.next(), named.next()) {
                    (Some(only), None) => Some(Some(only)),
                    _ => None,
                }
            }
            _ => Some(None),
        }
    }

    /// A column in parentheses: a name in HAVING means it like one without.
    fn is_wrapped(&self, element: &Element) -> bool {
        let mut inner = element.tokens.as_slice();
        while let [first, within @ .., last] = inner
            && first.is_op(Op::LParen)
            && last.is_op(Op::RParen)
        {
            inner = within;
        }
        inner.len() < element.tokens.len() && self.statement.column_in(inner).is_some()
    }

    /// A literal that must be the same in all statements of the plan.
    fn guard(&mut self, token: &Token) -> Option<()> {
        let literal = self.statement.literal_at(token.start)?;
        let text = token.text(self.statement.sql).to_vec();
        self.guards.push(Guard { literal, text });
        Some(())
    }

    /// Whether something within `span` is replaced, or an aggregate stands in it.
    fn touches(&self, span: Span) -> bool {
        self.edits.iter().any(|(edit, _)| span.contains(*edit)) || self.distinct.iter().any(|it| span.contains(*it))
    }

    /// Makes a column of the expression, and puts it in its place wherever it stands.
    fn key(&mut self, span: Span) {
        let wanted = self.statement.tokens_in(span).to_vec();
        let column = self.column(None, vec![self.statement.copy(span)], Role::Key);
        let regions: Vec<Span> = self.regions.iter().map(|region| region.span).collect();
        for region in regions {
            let tokens = self.statement.tokens_in(region).to_vec();
            let mut at = 0;
            while at + wanted.len() <= tokens.len() {
                let found = &tokens[at..at + wanted.len()];
                let place = Span { start: found[0].start, end: found[wanted.len() - 1].end };
                let is_free = !self.edits.iter().any(|(edit, _)| edit.contains(place));
                if !is_free || !self.are_same(&wanted, found) || !self.is_operand(&tokens, at, wanted.len()) {
                    at += 1;
                    continue;
                }
                for token in wanted.iter().chain(found).copied().collect::<Vec<_>>() {
                    // What is no literal needs no guard.
                    let _ = self.guard(&token);
                }
                let items = &self.statement.select.items;
                self.shown_keys.extend(items.iter().position(|item| item.expression.span == place));
                self.edits.push((place, vec![Piece::Column(column)]));
                at += wanted.len();
            }
        }
    }

    pub(super) fn are_same(&self, one: &[Token], other: &[Token]) -> bool {
        let sql = self.statement.sql;
        let is_same = |(one, other): (&Token, &Token)| match (one.kind, other.kind) {
            (TokenKind::Word, TokenKind::Word) => one.text(sql).eq_ignore_ascii_case(other.text(sql)),
            (left, right) => left == right && one.text(sql) == other.text(sql),
        };
        one.len() == other.len() && one.iter().zip(other).all(is_same)
    }

    /// Whether these tokens are a value by themselves, whatever operators stand around them.
    fn is_operand(&self, tokens: &[Token], at: usize, len: usize) -> bool {
        let found = &tokens[at..at + len];
        let before = at.checked_sub(1).and_then(|index| tokens.get(index));
        let after = tokens.get(at + len);
        let is_call = found[0].kind == TokenKind::Word && found[1].is_op(Op::LParen) && closes_last(found);
        let begins = before.is_none_or(|token| token.is_op(Op::LParen) || token.is_op(Op::Comma));
        let is_end = |token: &Token| {
            token.is_op(Op::RParen)
                || token.is_op(Op::Comma)
                || ["ASC", "DESC", "WITH"].into_iter().any(|word| self.statement.is(token, word))
        };
        let is_qualified = before.is_some_and(|token| token.is_op(Op::Dot));
        (is_call && !is_qualified) || (begins && after.is_none_or(is_end))
    }

    /// Gives each column that is left a column of the groups.
    fn references(&mut self) -> Option<()> {
        let references = References::read(self)?;
        for (span, pieces) in references.edits {
            self.edits.push((span, pieces));
        }
        Some(())
    }

    /// Whether the text at `offset` is replaced.
    pub(super) fn is_replaced(&self, offset: u32) -> bool {
        self.edits.iter().any(|(edit, _)| edit.start <= offset && offset < edit.end)
    }

    /// A select item without an alias is called by its text: where that changes, the name must be given.
    fn titles(&mut self) {
        let scopes = self.statement.scopes;
        for item in &self.statement.select.items {
            let span = item.expression.span;
            let is_untitled = item.alias.is_none() && matches!(item.kind, ItemKind::Other | ItemKind::BareCall(_));
            let (from, to) = (self.statement.anchor(span.start), self.statement.anchor(span.end));
            let is_titled =
                scopes.edits.iter().any(|(start, _, text)| start == to && matches!(text, names::NewText::Title { .. }));
            if is_untitled && !is_titled && self.edits.iter().any(|(edit, _)| span.contains(*edit)) {
                self.edits.push((Span { start: span.end, end: span.end }, vec![Piece::Title(from, to)]));
            }
        }
    }

    fn finish(&mut self, kept: Kept, first: Option<First>) -> Option<RegroupPlan> {
        let statement = self.statement;
        let keys = self.columns.iter().filter(|column| column.role != Role::Part).count();
        let is_grouped = statement.select.group_by.is_some();
        // Without a key each shard has one group, also if it has no rows.
        if self.columns.is_empty() || keys == 0 && (is_grouped || kept != Kept::Groups) {
            return None;
        }
        let anchors = |span: Span| (statement.anchor(span.start), statement.anchor(span.end));
        let rows = statement.rows()?;
        let start = statement.select.span.start;
        let with = Span { start: statement.query.span.start, end: start };
        self.edits.push((rows, vec![Piece::Text(format!("FROM `{TABLE}`"))]));
        if with.start < with.end {
            self.edits.push((with, Vec::new()));
        }
        self.edits.sort_by_key(|(span, _)| (span.start, span.end));
        let mut fetch_params = statement.params_within(with);
        for column in &self.columns {
            fetch_params.extend(statement.params_of_parts(&column.value));
        }
        fetch_params.extend(statement.params_within(rows));
        for column in self.columns.iter().filter(|column| column.role == Role::ExactKey) {
            fetch_params.extend(statement.params_of_parts(&column.value));
        }
        let all = statement.params_within(Span { start: 0, end: statement.sql.len() as u32 });
        let gone: Vec<u16> = self.edits.iter().flat_map(|(span, _)| statement.params_within(*span)).collect();
        let edit = |(span, pieces): &(Span, Vec<Piece>)| {
            let (from, to) = anchors(*span);
            Edit { from, to, pieces: pieces.clone() }
        };
        let has_window = statement.select.items.iter().any(|item| item.expression.has_window);
        Some(RegroupPlan {
            columns: std::mem::take(&mut self.columns),
            with: (with.start < with.end).then(|| anchors(with)),
            rows: anchors(rows),
            fetch_params,
            params: all.into_iter().filter(|param| !gone.contains(param)).collect(),
            edits: self.edits.iter().map(edit).collect(),
            shown_keys: std::mem::take(&mut self.shown_keys),
            is_one_row: kept == Kept::Groups && !is_grouped && statement.select.having.is_none() && !has_window,
            of_table: statement.scopes.only_table(),
            // Which rows are the first may be open: one server takes those that it meets first.
            is_loose: self.has_rollup() || first.is_some(),
            first,
        })
    }
}

/// COUNT over the parts, in its own type. Where there are none, it is 0.
pub(super) fn count_of(column: usize) -> Vec<Piece> {
    let text = |text: &str| Piece::Text(text.to_owned());
    vec![text("CAST(IFNULL(SUM("), Piece::Column(column), text("),0) AS SIGNED)")]
}
