//! SET: the list of its assignments.

use std::borrow::Cow;
use std::ops::Range;

use super::{Control, Parsed, syntax};
use crate::sql::cursor::{Cursor, user_var};
use crate::sql::literal::{self, unescape, value_of};
use crate::sql::shape::{Literal, LiteralKind};
use crate::sql::tokens::{Mode, Op, Token, TokenKind, ident};
use crate::value::Value;

/// One part of SET.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    /// `name` is in lower case; `value` is the place of the expression, which with `is_default` is the word DEFAULT.
    System { scope: Scope, name: String, value: Range<usize>, is_default: bool },
    /// `name` is in lower case, without `@`.
    User { name: String, value: Range<usize> },
    /// SET NAMES; without a charset it is DEFAULT.
    Names { charset: Option<String>, collation: Option<String> },
    /// SET CHARACTER SET; `None` is DEFAULT.
    CharacterSet(Option<String>),
    /// What this grammar does not know (SET PASSWORD, SET ROLE, SET STATEMENT, structured variables): it takes the
    /// rest of the statement.
    Other,
}

/// What an assignment to a system variable changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    Session,
    /// `SET @@transaction_read_only = 1`: what the next transaction is, as by SET TRANSACTION.
    Next,
    Global,
    Persist,
    PersistOnly,
}

/// An expression that is no more than a constant or a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum SimpleValue<'a> {
    Literal(Value<'a>),
    /// A bare word: ON, OFF, a character set, NULL.
    Word(Cow<'a, str>),
    /// The name in lower case, without `@`.
    UserVar(String),
    /// The name in lower case, with its scope.
    SystemVar {
        scope: Option<Scope>,
        name: String,
    },
}

/// The value of an expression of SET at this place, if it is a simple one.
pub fn simple_value<'a>(sql: &'a [u8], place: Range<usize>, mode: Mode) -> Option<SimpleValue<'a>> {
    let text = sql.get(place)?;
    let mut cursor = Cursor::new(text, mode);
    let negative = cursor.eat_op(Op::Minus);
    let token = cursor.take()?;
    if cursor.peek().is_some() {
        return None;
    }
    if negative {
        let value = literal_value(token, text, mode)?;
        return Some(SimpleValue::Literal(literal::negated(value)));
    }
    match token.kind {
        TokenKind::Word | TokenKind::QuotedIdent => ident(token, text, mode).map(SimpleValue::Word),
        TokenKind::UserVar => user_var(token, text, mode).map(SimpleValue::UserVar),
        TokenKind::SystemVar => {
            let (scope, name) = system_name(&String::from_utf8_lossy(token.text(text)))?;
            Some(SimpleValue::SystemVar { scope, name })
        }
        _ => literal_value(token, text, mode).map(SimpleValue::Literal),
    }
}

fn literal_value<'a>(token: Token, text: &'a [u8], mode: Mode) -> Option<Value<'a>> {
    let kind = match token.kind {
        TokenKind::Integer => LiteralKind::Integer,
        TokenKind::Decimal => LiteralKind::Decimal,
        TokenKind::Float => LiteralKind::Float,
        TokenKind::String { .. } => LiteralKind::String,
        TokenKind::NationalString => LiteralKind::NationalString,
        _ => return None,
    };
    Some(value_of(Literal { start: token.start, end: token.end, kind }, text, mode))
}

/// After SET.
pub(super) fn set(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    if cursor.mode.mariadb && cursor.eat_word("STATEMENT") {
        return for_statement(cursor);
    }
    if ["PASSWORD", "ROLE", "STATEMENT"].iter().any(|word| cursor.is_word(word))
        || cursor.clone().eat_words(&["DEFAULT", "ROLE"])
    {
        cursor.take_rest();
        return Ok(Control::Set(vec![Assignment::Other]));
    }
    let mut assignments = Vec::new();
    // A scope holds for the names after it that have none of their own.
    let mut scope = Scope::Session;
    loop {
        assignments.push(assignment(cursor, &mut scope)?);
        if !cursor.eat_op(Op::Comma) {
            return Ok(Control::Set(assignments));
        }
    }
}

/// After SET STATEMENT.
fn for_statement(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    let begin = cursor.position();
    let mut depth = 0_u32;
    while let Some(token) = cursor.peek() {
        if depth == 0 && cursor.is_word("FOR") {
            let assignments = begin..cursor.taken_to().max(begin);
            cursor.take();
            let begin = cursor.taken_to();
            cursor.take_rest();
            return Ok(Control::SetStatement { assignments, statement: begin..cursor.taken_to() });
        }
        match token.kind {
            TokenKind::Op(Op::LParen) => depth += 1,
            TokenKind::Op(Op::RParen) => depth = depth.saturating_sub(1),
            _ => {}
        }
        cursor.take();
    }
    Err(syntax(cursor))
}

fn assignment(cursor: &mut Cursor<'_>, scope: &mut Scope) -> Parsed<Assignment> {
    let Some(first) = cursor.peek() else { return Err(syntax(cursor)) };
    match first.kind {
        TokenKind::UserVar => user_variable(cursor),
        TokenKind::SystemVar => system_variable(cursor),
        TokenKind::Word | TokenKind::QuotedIdent => named(cursor, scope),
        _ => Err(syntax(cursor)),
    }
}

fn user_variable(cursor: &mut Cursor<'_>) -> Parsed<Assignment> {
    let Some(name) = cursor.eat_user_var() else { return Ok(other(cursor)) };
    let (value, _) = value(cursor)?;
    Ok(Assignment::User { name, value })
}

/// What these say with `@@` and without a scope is about the next transaction.
const OF_TRANSACTIONS: [&str; 4] = ["transaction_isolation", "transaction_read_only", "tx_isolation", "tx_read_only"];

/// `@@x`, `@@session.x`, `@@session . x`
fn system_variable(cursor: &mut Cursor<'_>) -> Parsed<Assignment> {
    let mut text = String::new();
    if let Some(token) = cursor.take() {
        text.push_str(&String::from_utf8_lossy(token.text(cursor.sql)));
    }
    while cursor.eat_op(Op::Dot) {
        text.push('.');
        text.push_str(&cursor.eat_ident().ok_or_else(|| syntax(cursor))?);
    }
    let Some((scope, name)) = system_name(&text) else { return Ok(other(cursor)) };
    let (value, is_default) = value(cursor)?;
    let unscoped = if OF_TRANSACTIONS.contains(&name.as_str()) { Scope::Next } else { Scope::Session };
    Ok(Assignment::System { scope: scope.unwrap_or(unscoped), name, value, is_default })
}

/// What `@@session.x` names; `None` if it has more parts than a scope and a name.
fn system_name(text: &str) -> Option<(Option<Scope>, String)> {
    let plain = text.trim_start_matches('@').replace(['`', '"'], "").to_ascii_lowercase();
    match plain.split_once('.') {
        None => Some((None, plain)),
        Some((_, name)) if name.contains('.') => None,
        Some((scope, name)) => Some((Some(named_scope(scope)?), name.to_owned())),
    }
}

fn named_scope(word: &str) -> Option<Scope> {
    const SCOPES: &[(&str, Scope)] = &[
        ("SESSION", Scope::Session),
        ("LOCAL", Scope::Session),
        ("GLOBAL", Scope::Global),
        ("PERSIST", Scope::Persist),
        ("PERSIST_ONLY", Scope::PersistOnly),
    ];
    SCOPES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, scope)| *scope)
}

/// NAMES, CHARACTER SET, or a variable with or without a scope before it.
fn named(cursor: &mut Cursor<'_>, scope: &mut Scope) -> Parsed<Assignment> {
    let start = cursor.clone();
    if cursor.eat_word("NAMES") && !is_assigned(cursor) {
        return names(cursor);
    }
    *cursor = start.clone();
    let is_character_set =
        cursor.eat_word("CHARSET") || cursor.eat_words(&["CHARACTER", "SET"]) || cursor.eat_words(&["CHAR", "SET"]);
    if is_character_set && !is_assigned(cursor) {
        return Ok(Assignment::CharacterSet(charset(cursor)?));
    }
    *cursor = start;
    system_by_name(cursor, scope)
}

fn is_assigned(cursor: &Cursor<'_>) -> bool {
    cursor.is_op(Op::Eq) || cursor.is_op(Op::Assign) || cursor.is_op(Op::Dot)
}

fn system_by_name(cursor: &mut Cursor<'_>, scope: &mut Scope) -> Parsed<Assignment> {
    let start = cursor.clone();
    let word = cursor.take().map(|token| String::from_utf8_lossy(token.text(cursor.sql)).into_owned());
    match word.as_deref().and_then(named_scope) {
        Some(named) if !is_assigned(cursor) => *scope = named,
        _ => *cursor = start,
    }
    let name = cursor.eat_ident().ok_or_else(|| syntax(cursor))?.to_ascii_lowercase();
    if cursor.is_op(Op::Dot) {
        return Ok(other(cursor));
    }
    let (value, is_default) = value(cursor)?;
    Ok(Assignment::System { scope: *scope, name, value, is_default })
}

/// After NAMES.
fn names(cursor: &mut Cursor<'_>) -> Parsed<Assignment> {
    let charset = charset(cursor)?;
    let collation = match cursor.eat_word("COLLATE") {
        true => self::charset(cursor)?,
        false => None,
    };
    Ok(Assignment::Names { charset, collation })
}

/// A character set or collation as a name or a string; `None` for DEFAULT.
fn charset(cursor: &mut Cursor<'_>) -> Parsed<Option<String>> {
    if cursor.eat_word("DEFAULT") {
        return Ok(None);
    }
    let string = cursor.peek().filter(|token| matches!(token.kind, TokenKind::String { .. }));
    let name = match string {
        None => cursor.eat_ident(),
        Some(token) => {
            let name = cursor.mode.charset.decode(&unescape(token.text(cursor.sql), cursor.mode)).map(Cow::into_owned);
            cursor.take();
            name
        }
    };
    name.map(Some).ok_or_else(|| syntax(cursor))
}

/// `= expression` or `:= expression`: the place of the expression, and whether it is DEFAULT.
fn value(cursor: &mut Cursor<'_>) -> Parsed<(Range<usize>, bool)> {
    if !cursor.eat_op(Op::Eq) && !cursor.eat_op(Op::Assign) {
        return Err(syntax(cursor));
    }
    let start = cursor.position();
    let is_word = cursor.is_word("DEFAULT");
    cursor.skip_expression();
    let place = start..cursor.taken_to();
    if place.is_empty() {
        return Err(syntax(cursor));
    }
    let is_default = is_word && place.len() == "DEFAULT".len();
    Ok((place, is_default))
}

fn other(cursor: &mut Cursor<'_>) -> Assignment {
    cursor.take_rest();
    Assignment::Other
}
