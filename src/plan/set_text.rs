//! The texts that shards get for a set operation whose rows are merged.
//!
//! For ORDER BY, and to leave out repeats, the shard sorts the result of the operators, as
//! `WITH shardgate_set (c0, c1) AS (...) SELECT c0, c1 ... ORDER BY c0`: what its columns are called and what type they
//! are is asked of a server that prepares the client's own text.

use crate::sharding::schema::same_name;
use crate::sql::Op;
use crate::sql::parse::ast::{Item, ItemKind, Query, Select, Span};
use crate::sql::tokens::TokenKind;

use super::Guard;
use super::functions;
use super::merged::{Element, MergePlan, Statement};
use super::names::{Part, Splice};
use super::scope::BlockId;
use super::sets::Exactness;
use super::sort_key::{ColumnAt, SortKey, SortValue, UNMERGEABLE, is_called, pads_unless};

/// The name of the result on the shards.
const SET: &str = "shardgate_set";

/// What the rows of a set operation are sorted by.
#[derive(PartialEq)]
enum SortBy {
    /// The column at this place.
    Column(usize),
    /// An expression over columns, as the shards' texts have it.
    Expression(Vec<Part>),
}

struct Writer<'w, 's, 'a, 'q> {
    statement: &'w Statement<'s, 'a, 'q>,
    ast: &'q Query,
    guards: Vec<Guard>,
}

/// The plan for a query that comes to this on its shards. `guards` gets the literals that decided.
pub(super) fn plan(
    statement: &Statement<'_, '_, '_>,
    ast: &Query,
    exactness: Exactness,
    guards: &mut Vec<Guard>,
) -> Option<MergePlan> {
    let mut writer = Writer { statement, ast, guards: Vec::new() };
    let plan = writer.plan(exactness)?;
    guards.append(&mut writer.guards);
    Some(plan)
}

impl Writer<'_, '_, '_, '_> {
    fn plan(&mut self, exactness: Exactness) -> Option<MergePlan> {
        let statement = self.statement;
        let is_distinct = matches!(exactness, Exactness::Distinct);
        let others = match &exactness {
            Exactness::Once(blocks) => self.left_out(blocks)?,
            Exactness::Concatenated | Exactness::Distinct => Vec::new(),
        };
        let limit = match &self.ast.limit {
            Some(limit) => Some(statement.limit(limit.span)?),
            None => None,
        };
        let mut plan = MergePlan { limits_shards: true, is_distinct, others, ..MergePlan::CONCATENATION };
        if is_distinct || self.ast.order_by.is_some() {
            self.sort(&mut plan, limit.is_some())?;
            plan.limit = limit.map(|(template, _)| template);
        } else if let Some((template, splice)) = limit {
            plan.splices.push(splice);
            plan.limit = Some(template);
        }
        plan.params = statement.params_of(&plan.splices);
        Some(plan)
    }

    /// Has the shards sort the result.
    fn sort(&mut self, plan: &mut MergePlan, has_limit: bool) -> Option<()> {
        let statement = self.statement;
        let scopes = statement.scopes;
        let names = scopes.names_of(statement.block)?;
        if scopes.has_strange_types() || self.shows_parameters() || plan.is_distinct && self.hands_on_values() {
            return None;
        }
        let mut order = self.order(&names)?;
        plan.asked_keys = order.len();
        if plan.is_distinct {
            // Rows that are equal may have different values of an expression.
            if order.iter().any(|(by, _)| matches!(by, SortBy::Expression(_))) {
                return None;
            }
            for place in 0..names.len() {
                if order.iter().all(|(known, _)| *known != SortBy::Column(place)) {
                    order.push((SortBy::Column(place), false));
                }
            }
        }
        let columns: Vec<String> = (0..names.len()).map(column).collect();
        let list = columns.join(", ");
        let mut tail = vec![Part::Text(format!(") SELECT {list}"))];
        let mut elements = Vec::new();
        for (by, descending) in order {
            let value = match &by {
                SortBy::Column(place) => vec![Part::Text(column(*place))],
                SortBy::Expression(parts) => parts.clone(),
            };
            let plain = match by {
                SortBy::Column(place) => ColumnAt::Shown(u16::try_from(place).ok()?),
                SortBy::Expression(_) => add(plan, &mut tail, &["", ""], &value),
            };
            let weights = add(plan, &mut tail, &["WEIGHT_STRING(", ")"], &value);
            let blank = pads_unless(UNMERGEABLE);
            let blank = add(plan, &mut tail, &blank.each_ref().map(String::as_str), &value);
            plan.keys.push(SortKey { value: SortValue::ByType { plain, weights, blank }, descending });
            elements.push((value, if descending { " DESC" } else { "" }));
        }
        tail.push(Part::Text(format!(" FROM {SET}")));
        for (place, (value, direction)) in elements.into_iter().enumerate() {
            tail.push(Part::Text(if place == 0 { " ORDER BY " } else { ", " }.to_owned()));
            tail.extend(value);
            tail.push(Part::Text(direction.to_owned()));
        }
        if has_limit {
            tail.extend([Part::Text(" LIMIT ".to_owned()), Part::Rows]);
        }
        let start = self.ast.span.start;
        let before = vec![Part::Text(format!("WITH {SET} ({list}) AS ("))];
        plan.splices.push(self.splice(Span { start, end: start }, before));
        plan.splices.push(self.splice(Span { start: self.tail_start()?, end: self.ast.span.end }, tail));
        plan.is_described = true;
        Some(())
    }

    /// What the result is sorted by, with whether that descends.
    fn order(&mut self, names: &[String]) -> Option<Vec<(SortBy, bool)>> {
        let Some(order_by) = &self.ast.order_by else { return Some(Vec::new()) };
        let mut order: Vec<(SortBy, bool)> = Vec::new();
        for element in self.statement.elements(order_by.span)? {
            let by = self.sort_by(&element, names)?;
            if order.iter().all(|(known, _)| *known != by) {
                order.push((by, element.descending));
            }
        }
        Some(order)
    }

    /// The column that an element of ORDER BY means, by its place or by its name; or what it makes of columns.
    fn sort_by(&mut self, element: &Element, names: &[String]) -> Option<SortBy> {
        let statement = self.statement;
        if let [token] = element.tokens.as_slice()
            && token.kind == TokenKind::Integer
        {
            let text = token.text(statement.sql);
            let place = std::str::from_utf8(text).ok()?.parse::<usize>().ok()?.checked_sub(1)?;
            self.guards.push(Guard { literal: statement.literal_at(token.start)?, text: text.to_vec() });
            return (place < names.len()).then_some(SortBy::Column(place));
        }
        if statement.may_be_place(&element.tokens) {
            return None;
        }
        let Some(found) = statement.column_in(&element.tokens) else { return self.expression(element, names) };
        // The only table's name says nothing.
        let is_alone = self.ast.operators.is_empty() && statement.scopes.blocks[statement.block].instances.len() == 1;
        (found.table.is_none() || is_alone && found.database.is_none()).then_some(())?;
        let is_string = |item: &Item| {
            let is_bare = item.alias.is_none() && matches!(item.kind, ItemKind::Constant(_));
            is_bare && is_called(item, &found.column.text, statement.sql)
        };
        (!statement.select.items.iter().any(is_string)).then_some(())?;
        if found.table.is_some() {
            // It is never an alias.
            let is_plain = |item: &Item| match (&item.kind, &item.alias) {
                (ItemKind::Wildcard(_), _) | (ItemKind::Column(_), None) => true,
                (_, Some(alias)) => !same_name(&alias.text, &found.column.text),
                (_, None) => false,
            };
            statement.select.items.iter().all(is_plain).then_some(())?;
        }
        place_of(&found.column.text, names).map(SortBy::Column)
    }

    /// An expression over columns of the result. What is no name of one stays as it is.
    fn expression(&self, element: &Element, names: &[String]) -> Option<SortBy> {
        let statement = self.statement;
        let has_more = |word: &str| element.tokens.iter().any(|token| statement.is(token, word));
        if ["SELECT", "OVER"].into_iter().any(has_more) || statement.is_fickle(&element.tokens) {
            return None;
        }
        let mut parts = Vec::new();
        let mut done = element.span.start;
        for (place, token) in element.tokens.iter().enumerate() {
            let next = element.tokens.get(place + 1);
            let Some(name) = statement.column_in(std::slice::from_ref(token)) else { continue };
            let is_call = next.is_some_and(|next| next.is_op(Op::LParen));
            if next.is_some_and(|next| next.is_op(Op::Dot)) {
                return None;
            }
            if is_call && !functions::is_scalar(&name.column.text.to_ascii_lowercase()) {
                return None;
            }
            let Some(place) = place_of(&name.column.text, names).filter(|_| !is_call) else { continue };
            parts.push(statement.copy(Span { start: done, end: token.start }));
            parts.push(Part::Text(column(place)));
            done = token.end;
        }
        parts.push(statement.copy(Span { start: done, end: element.span.end }));
        Some(SortBy::Expression(parts))
    }

    /// Whether a select item has a parameter: what type it has depends on how it is bound.
    fn shows_parameters(&self) -> bool {
        let selects = self.statement.scopes.blocks.iter().filter_map(|block| block.select);
        let mut spans = selects.flat_map(|select| select.items.iter().map(|item| item.expression.span));
        spans.any(|span| !self.statement.params_within(span).is_empty())
    }

    /// Whether an operand hands values on (`Statement::hands_on_values`).
    fn hands_on_values(&self) -> bool {
        let items = |select: &Select| select.items.iter().map(|item| item.expression.span).collect::<Vec<_>>();
        let scopes = self.statement.scopes;
        let selects = scopes.blocks.iter().filter_map(|block| block.select);
        selects.flat_map(items).any(|span| self.statement.hands_on_values(span))
    }

    /// What makes these operands empty.
    fn left_out(&self, blocks: &[BlockId]) -> Option<Vec<Splice>> {
        let mut splices = Vec::new();
        for block in blocks {
            let span = self.statement.scopes.blocks[*block].select?.span;
            let (start, end) = (Span { end: span.start, ..span }, Span { start: span.end, ..span });
            splices.push(self.splice(start, vec![Part::Text("(".to_owned())]));
            splices.push(self.splice(end, vec![Part::Text(" LIMIT 0)".to_owned())]));
        }
        Some(splices)
    }

    /// Where ORDER BY or LIMIT begins, or the statement ends.
    fn tail_start(&self) -> Option<u32> {
        let statement = self.statement;
        let (span, words) = match (&self.ast.order_by, &self.ast.limit) {
            (Some(order_by), _) => (order_by.span, 2),
            (None, Some(limit)) => (limit.span, 1),
            (None, None) => return Some(self.ast.span.end),
        };
        let before = statement.tokens_in(Span { start: 0, end: span.start });
        before.get(before.len().checked_sub(words)?).map(|token| token.start)
    }

    fn splice(&self, span: Span, parts: Vec<Part>) -> Splice {
        Splice { from: self.statement.anchor(span.start), to: self.statement.anchor(span.end), parts }
    }
}

/// What the column of the result at this place is called on the shards.
fn column(place: usize) -> String {
    format!("c{place}")
}

/// The only column with this name.
fn place_of(name: &str, names: &[String]) -> Option<usize> {
    let mut named = names.iter().enumerate().filter(|(_, known)| known.eq_ignore_ascii_case(name));
    match (named.next(), named.next()) {
        (Some((place, _)), None) => Some(place),
        _ => None,
    }
}

/// Adds a select item that only the merge needs: these texts, with the value between them.
fn add(plan: &mut MergePlan, tail: &mut Vec<Part>, texts: &[&str], value: &[Part]) -> ColumnAt {
    tail.push(Part::Text(format!(", {}", texts[0])));
    for text in &texts[1..] {
        tail.extend_from_slice(value);
        tail.push(Part::Text((*text).to_owned()));
    }
    tail.push(Part::Text(format!(" AS `shardgate.{}`", plan.hidden)));
    plan.hidden += 1;
    ColumnAt::Added(plan.hidden - 1)
}
