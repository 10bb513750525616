//! What is enough of a shard's rows: its groups, its different rows, or the first of them.

use crate::sharding::schema::same_name;
use crate::sql::parse::ast::{Item, Span};
use crate::sql::tokens::{Token, TokenKind};

use super::read::{Reader, Region};
use super::{First, Role};
use crate::plan::merged::Element;
use crate::plan::names::Part;

/// What a shard sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Groups,
    /// Each row once.
    Different,
    /// As many rows as LIMIT says.
    First,
}

impl Reader<'_, '_, '_> {
    /// What is enough of a shard's rows, if not all of them are needed.
    pub(super) fn kept(&self) -> Option<Kept> {
        let statement = self.statement;
        let select = statement.select;
        if self.is_aggregated || select.group_by.is_some() {
            return Some(Kept::Groups);
        }
        let has_window = select.window.is_some()
            || select
                .items
                .iter()
                .map(|item| &item.expression)
                .chain(&statement.query.order_by)
                .any(|it| it.has_window);
        let is_uncertain = |region: &Region| {
            statement.is_fickle(statement.tokens_in(region.span)) || statement.hands_on_values(region.span)
        };
        if has_window || select.having.is_some() || self.regions.iter().any(is_uncertain) {
            return None;
        }
        match (select.is_distinct, &statement.query.limit) {
            (true, _) => Some(Kept::Different),
            (false, limit) => limit.is_some().then_some(Kept::First),
        }
    }

    /// Which rows of a shard are the first.
    pub(super) fn first(&mut self) -> Option<First> {
        let statement = self.statement;
        let (limit, _) = statement.limit(statement.query.limit.as_ref()?.span)?;
        let mut order = Vec::new();
        if let Some(order_by) = &statement.query.order_by {
            if !statement.params_within(order_by.span).is_empty() {
                return None;
            }
            for element in statement.elements(order_by.span)? {
                let before = if order.is_empty() { "" } else { ", " };
                order.push(Part::Text(before.to_owned()));
                order.push(statement.copy(self.ordered_by(&element)?));
                order.push(Part::Text(if element.descending { " DESC" } else { "" }.to_owned()));
            }
        }
        if self.columns.is_empty() {
            self.column(None, vec![Part::Text("1".to_owned())], Role::Key);
        }
        Some(First { order, limit })
    }

    /// Whether what rows are sorted by can be seen in them.
    pub(super) fn is_ordered_by_items(&mut self) -> Option<bool> {
        let statement = self.statement;
        let Some(order_by) = &statement.query.order_by else { return Some(true) };
        for element in statement.elements(order_by.span)? {
            let by = statement.tokens_in(self.ordered_by(&element)?);
            let is_it = |item: &Item| self.are_same(statement.tokens_in(item.expression.span), by);
            if !statement.select.items.iter().any(is_it) {
                return Some(false);
            }
        }
        Some(true)
    }

    /// What an element of ORDER BY means, in the words of FROM.
    fn ordered_by(&mut self, element: &Element) -> Option<Span> {
        let statement = self.statement;
        let items = &statement.select.items;
        let called = |tokens: &[Token]| {
            let column = statement.column_in(tokens).filter(|column| column.table.is_none());
            let name = column.map(|column| column.column.text).unwrap_or_default();
            let is_it = |item: &&Item| item.alias.as_ref().is_some_and(|alias| same_name(&alias.text, &name));
            items.iter().filter(is_it).map(|item| item.expression.span).collect::<Vec<_>>()
        };
        match (element.tokens.as_slice(), called(&element.tokens).as_slice()) {
            ([token], _) if token.kind == TokenKind::Integer => {
                let place = self.item_of(element)??;
                Some(items[place].expression.span)
            }
            (_, [only]) => Some(*only),
            (tokens, []) => {
                let names_item = tokens.iter().any(|token| !called(std::slice::from_ref(token)).is_empty());
                (!names_item).then_some(element.span)
            }
            _ => None,
        }
    }
}
