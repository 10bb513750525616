//! Aggregates whose values must come one by one: of different values (`COUNT(DISTINCT x)`), and texts in an order
//! (`GROUP_CONCAT(x ORDER BY y)`).
//!
//! For these the shards group more finely than the statement does, also by the values or by what they are sorted by, and
//! sort the parts of a group so. Where they are merged the parts come in that order, and equal ones one after the
//! other. All aggregates of a statement must agree on one such order.

use crate::sql::parse::ast::{Call, Span};
use crate::sql::tokens::{Token, TokenKind};

use super::merged::{Element, Statement};

/// What stands between the parentheses of an aggregate.
pub(super) struct Arguments {
    pub(super) is_distinct: bool,
    /// The values, without DISTINCT.
    pub(super) values: Span,
    pub(super) elements: Vec<Element>,
    pub(super) order: Vec<Element>,
    pub(super) separator: Option<Span>,
}

impl Arguments {
    /// `None` where they say something else: a subquery, LIMIT.
    pub(super) fn read(statement: &Statement<'_, '_, '_>, call: &Call) -> Option<Self> {
        let tokens = statement.tokens_in(call.arguments);
        let is_distinct = tokens.first().is_some_and(|token| statement.is(token, "DISTINCT"));
        let tokens = if is_distinct { &tokens[1..] } else { tokens };
        if tokens.iter().any(|token| ["DISTINCT", "SELECT", "LIMIT"].iter().any(|word| statement.is(token, word))) {
            return None;
        }
        let find = |word: &str| tokens.iter().position(|token| statement.is(token, word));
        let (order, separator) = (find("ORDER"), find("SEPARATOR"));
        let end = separator.unwrap_or(tokens.len());
        let values = span_of(&tokens[..order.unwrap_or(end)])?;
        let order = match order {
            Some(order) => statement.elements(span_of(tokens.get(order + 2..end)?)?)?,
            None => Vec::new(),
        };
        let separator = match separator {
            Some(separator) => Some(span_of(tokens.get(separator + 1..)?)?),
            None => None,
        };
        Some(Self { is_distinct, values, elements: statement.elements(values)?, order, separator })
    }
}

fn span_of(tokens: &[Token]) -> Option<Span> {
    Some(Span { start: tokens.first()?.start, end: tokens.last()?.end })
}

/// What the aggregates of a statement ask for together.
#[derive(Default)]
pub(super) struct Finer {
    order: Vec<Element>,
    distinct: Vec<Element>,
}

impl Finer {
    /// Notes what one aggregate needs; `None` if another needs something else.
    pub(super) fn add(&mut self, statement: &Statement<'_, '_, '_>, arguments: &Arguments) -> Option<()> {
        let is_alike = |one: &Element, other: &Element| is_same(statement, one, other);
        if self.order.is_empty() {
            self.order.clone_from(&arguments.order);
        } else if !arguments.order.is_empty() {
            let are_same = self.order.len() == arguments.order.len()
                && self
                    .order
                    .iter()
                    .zip(&arguments.order)
                    .all(|(one, other)| is_alike(one, other) && one.descending == other.descending);
            are_same.then_some(())?;
        }
        if arguments.is_distinct {
            let are_in = |some: &[Element], all: &[Element]| {
                some.iter().all(|element| all.iter().any(|other| is_alike(other, element)))
            };
            let (known, wanted) = (&self.distinct, &arguments.elements);
            if known.is_empty() {
                self.distinct.clone_from(wanted);
            } else if !are_in(known, wanted) || !are_in(wanted, known) {
                return None;
            }
        }
        Some(())
    }

    /// What the parts of a group are made by and sorted by. `None`: equal values would not meet.
    pub(super) fn keys(self, statement: &Statement<'_, '_, '_>) -> Option<Vec<Element>> {
        let is_in = |list: &[Element], element: &Element| list.iter().any(|other| is_same(statement, other, element));
        let Self { order, distinct } = self;
        if !distinct.is_empty() && !order.iter().all(|element| is_in(&distinct, element)) {
            return None;
        }
        let more: Vec<Element> = distinct.into_iter().filter(|element| !is_in(&order, element)).collect();
        let keys = [order, more].concat();
        // A number alone means a place, and a constant keeps no order.
        keys.iter().all(|element| statement.names_column(element)).then_some(keys)
    }
}

/// Whether both are written alike, whatever values stand in statements of this shape.
fn is_same(statement: &Statement<'_, '_, '_>, one: &Element, other: &Element) -> bool {
    let is_fixed = |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent | TokenKind::Op(_));
    if !one.tokens.iter().all(is_fixed) {
        return false;
    }
    let text = |element: &Element| statement.sql.get(element.span.start as usize..element.span.end as usize);
    text(one).zip(text(other)).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}
