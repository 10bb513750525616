//! What stands in the place of AVG(x): the sum of its sums by the sum of its counts.
//!
//! MySQL (9.7) shows and sorts by an average with four decimals more than the values have, and compares it in HAVING with
//! more of them, where it may be meant by its alias as well. In an expression it has those, or not, by how the server ran the
//! statement.

use crate::sharding::schema::same_name;
use crate::sql::parse::ast::{Call, Span};
use crate::sql::tokens::{Token, TokenKind};

use super::read::{Clause, Reader, count_of};
use super::{Piece, Use};

impl Reader<'_, '_, '_> {
    /// What replaces the call. Where its item is meant in HAVING, that is replaced too.
    pub(super) fn average(&mut self, call: &Call, sum: usize, count: usize) -> Vec<Piece> {
        let is_compared = self.clause_of(call.span) == Some(Clause::Having);
        if is_compared {
            return vec![Piece::Average(sum, count)];
        }
        let named = self.named(call);
        let in_having = named.iter().filter(|(clause, _)| *clause == Clause::Having).map(|(_, span)| *span);
        let in_having: Vec<Span> = in_having.collect();
        let can_be_told = in_having.is_empty() || self.is_title_alone(call);
        if can_be_told {
            for span in in_having {
                self.edits.push((span, vec![Piece::Average(sum, count)]));
            }
        }
        let is_in_expression = named.iter().any(|(clause, span)| *clause == Clause::OrderBy && !self.is_whole(*span));
        let is_shown =
            can_be_told && self.is_whole(call.span) && !is_in_expression && !self.statement.select.is_distinct;
        let used = if is_shown { Use::DividedToBeShown } else { Use::Divided };
        let mut pieces = vec![Piece::Text("(".to_owned()), Piece::Sum(sum, used), Piece::Text(" / ".to_owned())];
        pieces.extend(count_of(count));
        pieces.push(Piece::Text(")".to_owned()));
        pieces
    }

    fn clause_of(&self, span: Span) -> Option<Clause> {
        self.regions.iter().find(|region| region.span.contains(span)).map(|region| region.clause)
    }

    /// Whether this is a whole select item or element of ORDER BY.
    fn is_whole(&self, span: Span) -> bool {
        let statement = self.statement;
        let order_by = statement.query.order_by.as_ref();
        let elements = order_by.and_then(|order_by| statement.elements(order_by.span)).unwrap_or_default();
        let mut items = statement.select.items.iter().map(|item| item.expression.span);
        items.any(|item| item == span) || elements.iter().any(|element| element.span == span)
    }

    /// Where HAVING and ORDER BY name the select item that the call is.
    fn named(&self, call: &Call) -> Vec<(Clause, Span)> {
        let statement = self.statement;
        let Some(title) = self.title(call) else { return Vec::new() };
        let is_it = |token: &&Token| {
            let column = statement.column_in(std::slice::from_ref(token));
            token.kind != TokenKind::Integer && column.is_some_and(|column| same_name(&column.column.text, &title))
        };
        let clauses = self.regions.iter().filter(|region| matches!(region.clause, Clause::Having | Clause::OrderBy));
        let in_clause = |region: &super::read::Region| {
            let tokens = statement.tokens_in(region.span).iter().filter(is_it);
            tokens.map(|token| (region.clause, Span { start: token.start, end: token.end })).collect::<Vec<_>>()
        };
        clauses.flat_map(in_clause).collect()
    }

    fn title(&self, call: &Call) -> Option<String> {
        let item = self.statement.select.items.iter().find(|item| item.expression.span == call.span)?;
        let Span { start, end } = call.span;
        let text = || String::from_utf8_lossy(&self.statement.sql[start as usize..end as usize]).into_owned();
        Some(item.alias.as_ref().map_or_else(text, |alias| alias.text.clone()))
    }

    /// Whether the name of the item can mean nothing else.
    fn is_title_alone(&self, call: &Call) -> bool {
        let Some(title) = self.title(call) else { return false };
        let items = &self.statement.select.items;
        let is_called = |item: &&crate::sql::parse::ast::Item| {
            item.alias.as_ref().is_some_and(|alias| same_name(&alias.text, &title))
        };
        items.iter().filter(is_called).count() == 1 && self.owners(&title).is_empty()
    }
}
