//! How few rows of each shard are enough where rows are gathered: a query of one table with LIMIT needs no more of a shard
//! than the whole answer has, and EXISTS needs one row.
//!
//! The statement over the gathered rows chooses among them as it would among all. Which rows a LIMIT without a complete order
//! takes is open, and so a shard may choose where it has several that are as good.

use crate::sql::parse::ast::{Expression, Item, Span};
use crate::sql::parse::conjunct::Reader;

use super::filter::Filter;
use super::gather::between;
use super::merged::{Element, LimitTemplate, Statement};
use super::names::Anchor;
use super::scope::{InstanceId, Node, QueryId, Scopes, TermScope};
use super::sort_key::{is_called, is_column};
use super::{Binding, functions};

/// What is said to a shard behind the conditions.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Few {
    order: Option<(Anchor, Anchor)>,
    /// `None`: one row is enough.
    limit: Option<LimitTemplate>,
}

impl Scopes<'_, '_> {
    /// `filters`: all conditions that shards are told of the instances, which are one place of the text.
    pub(super) fn few(
        &self,
        instances: &[InstanceId],
        filters: &[Filter],
        sql: &[u8],
        reader: &Reader<'_>,
    ) -> Option<Few> {
        let [id] = *instances else { return None };
        let block = self.instances[id].block;
        if !matches!(self.blocks[block].from.as_slice(), [Node::Leaf(only)] if *only == id) {
            return None;
        }
        let is_of_block = |query: &QueryId| matches!(self.queries[*query].terms.as_slice(), [TermScope::Block(only)] if *only == block);
        let query = (0..self.queries.len()).find(is_of_block)?;
        let (ast, select) = (self.queries[query].ast, self.blocks[block].select?);
        let has_more = select.is_distinct
            || select.counts_found_rows
            || select.group_by.is_some()
            || select.having.is_some()
            || select.window.is_some()
            || !ast.locking.is_empty()
            || self.blocks[block].is_correlated;
        let of_rows = select.items.iter().map(|item| &item.expression).chain(&ast.order_by);
        if has_more || of_rows.into_iter().any(concerns_other_rows) {
            return None;
        }
        if let Some(condition) = &select.filter {
            // None may be left for the statement over the gathered rows alone.
            let all = reader.all_conjuncts(condition.expression.span)?;
            let told = all.iter().map(|conjunct| self.filter(id, conjunct).filter(|filter| filters.contains(filter)));
            if told.collect::<Option<Vec<_>>>()?.len() != filters.len() {
                return None;
            }
        } else if !filters.is_empty() {
            return None;
        }
        // Only now, since this reads the whole text.
        let statement = Statement::open(self, query, sql)?;
        let limit = match &ast.limit {
            Some(limit) => Some(statement.limit(limit.span)?.0),
            None if statement.is_asked_for_existence() => None,
            None => return None,
        };
        let order = match &ast.order_by {
            Some(order) if limit.is_some() => Some(self.order_of(&statement, id, order)?),
            _ => None,
        };
        Some(Few { order, limit })
    }

    /// ORDER BY where it is of columns of the instance only, whose names mean the same to a shard that is asked for them.
    fn order_of(
        &self,
        statement: &Statement<'_, '_, '_>,
        id: InstanceId,
        order: &Expression,
    ) -> Option<(Anchor, Anchor)> {
        let is_alias = |name: &str| {
            let is_other = |item: &Item| item.alias.is_some() || !is_column(item, name);
            statement.select.items.iter().any(|item| is_called(item, name, statement.sql) && is_other(item))
        };
        let is_own = |element: &Element| {
            let column = statement.column_in(&element.tokens);
            column.is_some_and(|column| !is_alias(&column.column.text) && self.certainly_means(&column, id))
        };
        let Span { start, end } = order.span;
        let anchors = (Anchor::new(start, self.literals), Anchor::new(end, self.literals));
        statement.elements(order.span)?.iter().all(is_own).then_some(anchors)
    }
}

/// Whether what it gives for a row depends on how many others there are.
fn concerns_other_rows(expression: &Expression) -> bool {
    let is_aggregate = expression.calls.iter().any(|call| functions::is_aggregate(&call.name));
    is_aggregate || expression.has_window || expression.assigns_variable
}

impl Few {
    /// Writes ` ORDER BY ... LIMIT n`, and says the number; nothing if it is not known.
    pub(super) fn write(&self, input: &Binding<'_>, out: &mut Vec<u8>) -> Option<u64> {
        let rows = match &self.limit {
            None => 1,
            Some(limit) => limit.limit(input)?.of_each(),
        };
        if let Some((from, to)) = self.order {
            out.extend_from_slice(b" ORDER BY ");
            out.extend_from_slice(between((from, to), input));
        }
        out.extend_from_slice(format!(" LIMIT {rows}").as_bytes());
        Some(rows)
    }
}
