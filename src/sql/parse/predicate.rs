//! Conditions, read for what they prove. AND, OR and the comparisons of a column with constants or with another column
//! are understood where nothing else is in their way; everything else is `Opaque`.
//!
//! It never has to know how the server's other operators bind. OR, XOR and AND bind weaker than all others, so the
//! text is cut at these first, in this order; a piece is understood only if all of its tokens are.

use crate::sql::tokens::{Op, TokenKind};

use super::ast::{Comparison, Constant, Operand, Predicate};
use super::cursor::{Cursor, Tokens};
use super::expression;

/// Longer lists of AND or OR are not looked into.
const MAX_TERMS: usize = 4096;

/// What all tokens of `cursor`, taken together, require.
pub(super) fn read(cursor: Cursor<'_, '_>) -> Predicate {
    let Some(cuts) = Cuts::find(cursor) else {
        return Predicate::Opaque;
    };
    if !cuts.or.is_empty() {
        return Predicate::Or(pieces(cursor, &cuts.or).map(read_conjunction).collect());
    }
    read_conjunction(cursor)
}

/// Tokens without OR outside of parentheses.
fn read_conjunction(cursor: Cursor<'_, '_>) -> Predicate {
    let Some(cuts) = Cuts::find(cursor) else {
        return Predicate::Opaque;
    };
    match (cuts.has_xor, cuts.and.is_empty()) {
        (true, _) => Predicate::Opaque,
        (false, true) => read_leaf(cursor),
        (false, false) => Predicate::And(pieces(cursor, &cuts.and).map(read_leaf).collect()),
    }
}

/// The pieces that all must be true, without parentheses around them. None if that is uncertain.
pub(super) fn conjuncts<'t, 'a>(cursor: Cursor<'t, 'a>) -> Vec<Cursor<'t, 'a>> {
    if let Some(inner) = unwrapped(cursor).filter(|inner| commas(*inner).is_empty()) {
        return conjuncts(inner);
    }
    match Cuts::find(cursor) {
        Some(cuts) if cuts.or.is_empty() && !cuts.has_xor && !cuts.and.is_empty() => {
            pieces(cursor, &cuts.and).flat_map(conjuncts).collect()
        }
        Some(_) => vec![cursor],
        None => Vec::new(),
    }
}

/// Where the weakest operators are, outside of parentheses.
#[derive(Default)]
struct Cuts {
    or: Vec<usize>,
    and: Vec<usize>,
    has_xor: bool,
}

impl Cuts {
    /// `None` if something is there that makes the cutting uncertain.
    fn find(cursor: Cursor<'_, '_>) -> Option<Self> {
        let tokens = cursor.tokens;
        let mut cuts = Self::default();
        let (mut open_betweens, mut cases, mut ends, mut open_cases) = (0u32, 0u32, 0u32, 0u32);
        for index in outside_parentheses(cursor) {
            match tokens.kind(index)? {
                // `@a := x OR y` assigns `x OR y`; `{d x}` is a grammar of its own.
                TokenKind::Op(Op::Assign | Op::LBrace | Op::RBrace) => return None,
                TokenKind::Op(Op::PipePipe) if !tokens.mode.pipes_as_concat && open_cases == 0 => cuts.or.push(index),
                TokenKind::Op(Op::AmpAmp) if open_cases == 0 => cuts.and.push(index),
                TokenKind::Word if tokens.is_word(index, "CASE") => {
                    cases += 1;
                    open_cases += 1;
                }
                TokenKind::Word if tokens.is_word(index, "END") => {
                    ends += 1;
                    open_cases = open_cases.saturating_sub(1);
                }
                _ if open_cases > 0 => {}
                TokenKind::Word if tokens.is_word(index, "BETWEEN") => open_betweens += 1,
                TokenKind::Word if tokens.is_word(index, "AND") && open_betweens > 0 => open_betweens -= 1,
                TokenKind::Word if tokens.is_word(index, "OR") => cuts.or.push(index),
                TokenKind::Word if tokens.is_word(index, "XOR") => cuts.has_xor = true,
                TokenKind::Word if tokens.is_word(index, "AND") => cuts.and.push(index),
                _ => {}
            }
        }
        // END is no reserved word: as many as there are CASEs means that none is a column.
        (cases == ends && cuts.or.len() + cuts.and.len() < MAX_TERMS).then_some(cuts)
    }
}

/// The indexes of the tokens outside of parentheses; of parentheses, the opening one.
fn outside_parentheses(cursor: Cursor<'_, '_>) -> impl Iterator<Item = usize> {
    let mut at = cursor.at;
    std::iter::from_fn(move || {
        let index = (at < cursor.end).then_some(at)?;
        at = if cursor.tokens.is_op(index, Op::LParen) { cursor.tokens.close_of(index) + 1 } else { index + 1 };
        Some(index)
    })
}

/// The pieces of `cursor` between the tokens at `cuts`.
fn pieces<'c, 't, 'a>(cursor: Cursor<'t, 'a>, cuts: &'c [usize]) -> impl Iterator<Item = Cursor<'t, 'a>> + 'c
where
    't: 'c,
    'a: 'c,
{
    let starts = std::iter::once(cursor.at).chain(cuts.iter().map(|cut| cut + 1));
    let ends = cuts.iter().copied().chain(std::iter::once(cursor.end));
    starts.zip(ends).map(move |(at, end)| cursor.within(at, end))
}

/// A piece without AND and OR outside of parentheses (but for BETWEEN and CASE).
fn read_leaf(cursor: Cursor<'_, '_>) -> Predicate {
    if let Some(inner) = unwrapped(cursor) {
        return if commas(inner).is_empty() { read(inner) } else { Predicate::Opaque };
    }
    if let Some(between) = read_between(cursor) {
        return between;
    }
    let tokens = cursor.tokens;
    let mut operator = None;
    for index in outside_parentheses(cursor) {
        let is_operator = comparison_at(tokens, index).is_some() || tokens.is_any_word(index, &["IN", "IS"]);
        if is_operator && operator.replace(index).is_some() {
            return Predicate::Opaque;
        }
    }
    let Some(index) = operator else {
        return constant(cursor).map_or(Predicate::Opaque, Predicate::Truth);
    };
    let (left, right) = (cursor.within(cursor.at, index), cursor.within(index + 1, cursor.end));
    match comparison_at(tokens, index) {
        // With all rows of none even NULL compares as true.
        Some(_) if right.is_word("ALL") => Predicate::Opaque,
        Some(comparison) => Predicate::Compare { left: operand(left), comparison, right: operand(right) },
        None if tokens.is_word(index, "IN") => read_in(left, right),
        None if right.end == right.at + 1 && right.is_word("NULL") => Predicate::IsNull(operand(left)),
        None => Predicate::Opaque,
    }
}

fn comparison_at(tokens: &Tokens<'_>, index: usize) -> Option<Comparison> {
    let TokenKind::Op(op) = tokens.kind(index)? else {
        return None;
    };
    Some(match op {
        Op::Eq => Comparison::Equal,
        Op::NullSafeEq => Comparison::NullSafeEqual,
        Op::NotEq => Comparison::NotEqual,
        Op::Lt => Comparison::Less,
        Op::Le => Comparison::LessOrEqual,
        Op::Gt => Comparison::Greater,
        Op::Ge => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

/// What is in the parentheses that enclose all of `cursor`. `None` if there are none, if a query is in them, or if the
/// nesting is too deep to be looked into.
fn unwrapped<'t, 'a>(cursor: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    let encloses = cursor.is_op(Op::LParen)
        && cursor.tokens.close_of(cursor.at) + 1 == cursor.end
        && !cursor.tokens.opens_query(cursor.at);
    if encloses { cursor.nested(cursor.at + 1, cursor.end - 1).ok() } else { None }
}

/// Whether a query in parentheses is all of it.
fn is_query(cursor: Cursor<'_, '_>) -> bool {
    let tokens = cursor.tokens;
    !cursor.is_at_end() && tokens.opens_query(cursor.at) && tokens.close_of(cursor.at) + 1 == cursor.end
}

/// The pieces between commas outside of parentheses.
pub(super) fn split_at_commas<'t, 'a>(cursor: Cursor<'t, 'a>) -> impl Iterator<Item = Cursor<'t, 'a>> {
    let cuts = commas(cursor);
    let starts: Vec<usize> = std::iter::once(cursor.at).chain(cuts.iter().map(|cut| cut + 1)).collect();
    let ends = cuts.into_iter().chain(std::iter::once(cursor.end));
    starts.into_iter().zip(ends).map(move |(at, end)| cursor.within(at, end))
}

fn commas(cursor: Cursor<'_, '_>) -> Vec<usize> {
    outside_parentheses(cursor).filter(|index| cursor.tokens.is_op(*index, Op::Comma)).collect()
}

fn read_between(cursor: Cursor<'_, '_>) -> Option<Predicate> {
    let tokens = cursor.tokens;
    let between = outside_parentheses(cursor).find(|index| tokens.is_word(*index, "BETWEEN"))?;
    let and = outside_parentheses(cursor).find(|index| *index > between && tokens.is_word(*index, "AND"))?;
    Some(Predicate::Between {
        operand: operand(cursor.within(cursor.at, between)),
        low: operand(cursor.within(between + 1, and)),
        high: operand(cursor.within(and + 1, cursor.end)),
    })
}

fn read_in(left: Cursor<'_, '_>, right: Cursor<'_, '_>) -> Predicate {
    let operand_of = operand(left);
    if matches!(operand_of, Operand::Query(_) | Operand::Opaque) {
        return Predicate::Opaque;
    }
    let tokens = right.tokens;
    if is_query(right) {
        return Predicate::InQuery { operand: operand_of, parentheses: tokens.span(right.at, right.end) };
    }
    let Some(inner) = unwrapped(right) else {
        return Predicate::Opaque;
    };
    let commas = commas(inner);
    let spans = pieces(inner, &commas).map(|piece| tokens.span(piece.at, piece.end)).collect();
    Predicate::In { operand: operand_of, list: pieces(inner, &commas).map(operand).collect(), spans }
}

/// All tokens of `cursor` as one operand.
pub(super) fn operand(cursor: Cursor<'_, '_>) -> Operand {
    if cursor.is_word("ROW") && cursor.tokens.is_op(cursor.at + 1, Op::LParen) {
        let parentheses = cursor.within(cursor.at + 1, cursor.end);
        return unwrapped(parentheses).map_or(Operand::Opaque, row);
    }
    if let Some(inner) = unwrapped(cursor) {
        return if commas(inner).is_empty() { operand(inner) } else { row(inner) };
    }
    if is_query(cursor) {
        return Operand::Query(cursor.tokens.span(cursor.at, cursor.end));
    }
    if let Some(column) = expression::column_in(cursor.tokens, cursor.at, cursor.end) {
        return Operand::Column(column);
    }
    constant(cursor).map_or(Operand::Opaque, Operand::Constant)
}

fn row(cursor: Cursor<'_, '_>) -> Operand {
    Operand::Row(pieces(cursor, &commas(cursor)).map(operand).collect())
}

/// The constant that all tokens of `cursor` are, if they are nothing else.
pub(super) fn constant(mut cursor: Cursor<'_, '_>) -> Option<Constant> {
    while let Some(inner) = unwrapped(cursor) {
        cursor = inner;
    }
    let is_negative = cursor.take_op(Op::Minus);
    let is_signed = is_negative || cursor.take_op(Op::Plus);
    let tokens = cursor.tokens;
    let first = cursor.at;
    let is_introduced = tokens.kind(first) == Some(TokenKind::Word) && tokens.text(first).starts_with(b"_");
    cursor.at += usize::from(is_introduced);
    let count = cursor.end.checked_sub(cursor.at)?;
    let kind = if count == 0 { None } else { tokens.kind(cursor.at) }?;
    let literal = Constant::Literal { start: tokens.offset(cursor.at), count: count as u16, is_negative };
    match kind {
        TokenKind::Integer | TokenKind::Decimal | TokenKind::Float if count == 1 && !is_introduced => Some(literal),
        TokenKind::String { .. } | TokenKind::NationalString if !is_signed && count < 100 => {
            let is_text = |index| matches!(tokens.kind(index), Some(TokenKind::String { .. }));
            (cursor.at + 1..cursor.end).all(is_text).then_some(literal)
        }
        TokenKind::Hex | TokenKind::Bit if count == 1 && !is_signed => Some(literal),
        TokenKind::Param if count == 1 => Some(Constant::Param { index: tokens.params_before(cursor.at), is_negative }),
        TokenKind::Word if count == 1 && !is_signed && !is_introduced => word(tokens, cursor.at),
        _ => None,
    }
}

fn word(tokens: &Tokens<'_>, index: usize) -> Option<Constant> {
    if tokens.is_word(index, "NULL") {
        Some(Constant::Null)
    } else if tokens.is_word(index, "TRUE") {
        Some(Constant::Bool(true))
    } else {
        tokens.is_word(index, "FALSE").then_some(Constant::Bool(false))
    }
}
