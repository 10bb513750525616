//! PREPARE, EXECUTE and DEALLOCATE PREPARE as text.

use super::{Control, ControlError, Parsed, expect_words, name, syntax};
use crate::sql::cursor::Cursor;
use crate::sql::literal::unescape;
use crate::sql::tokens::{Op, TokenKind};

/// Where the text of a prepared statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrepareSource {
    /// This is it, in the client's character set.
    Text(Vec<u8>),
    /// In the user variable of this name, in lower case, without `@`.
    UserVar(String),
}

/// What stands for a marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// The user variable of this name, in lower case, without `@`.
    UserVar(String),
    /// As it is written.
    Literal(Vec<u8>),
}

/// After PREPARE.
pub(super) fn prepare(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    let name = name(cursor)?;
    expect_words(cursor, &["FROM"])?;
    match source(cursor) {
        Some(source) if cursor.is_at_end() => Ok(Control::Prepare { name, source }),
        _ if cursor.is_at_end() => Err(syntax(cursor)),
        _ => Err(ControlError::Unsupported { feature: "PREPARE from an expression" }),
    }
}

/// After EXECUTE.
pub(super) fn execute(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    let name = name(cursor)?;
    let is_immediate = cursor.mode.mariadb && name.eq_ignore_ascii_case("IMMEDIATE");
    if is_immediate && !cursor.is_at_end() && !cursor.is_word("USING") {
        let source = source(cursor).filter(|_| cursor.is_at_end() || cursor.is_word("USING"));
        let source = source.ok_or(ControlError::Unsupported { feature: "EXECUTE IMMEDIATE of an expression" })?;
        return Ok(Control::ExecuteImmediate { source, using: using(cursor)? });
    }
    Ok(Control::Execute { name, using: using(cursor)? })
}

fn source(cursor: &mut Cursor<'_>) -> Option<PrepareSource> {
    match cursor.peek().filter(|token| matches!(token.kind, TokenKind::String { .. })) {
        Some(text) => {
            cursor.take();
            Some(PrepareSource::Text(unescape(text.text(cursor.sql), cursor.mode).into_owned()))
        }
        None => cursor.eat_user_var().map(PrepareSource::UserVar),
    }
}

fn using(cursor: &mut Cursor<'_>) -> Parsed<Vec<Argument>> {
    let mut using = Vec::new();
    if cursor.eat_word("USING") {
        loop {
            using.push(argument(cursor)?);
            if !cursor.eat_op(Op::Comma) {
                break;
            }
        }
    }
    Ok(using)
}

fn argument(cursor: &mut Cursor<'_>) -> Parsed<Argument> {
    let argument = match cursor.eat_user_var() {
        Some(variable) => Some(Argument::UserVar(variable)),
        // MySQL takes variables only.
        None if !cursor.mode.mariadb => return Err(syntax(cursor)),
        None => literal(cursor).map(Argument::Literal),
    };
    let is_whole = cursor.is_op(Op::Comma) || cursor.is_at_end();
    match argument {
        Some(argument) if is_whole => Ok(argument),
        _ if is_whole => Err(syntax(cursor)),
        _ => Err(ControlError::Unsupported { feature: "EXECUTE with anything but user variables and literals" }),
    }
}

/// A string or a number, with its sign.
fn literal(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    use TokenKind::{Decimal, Float, Hex, Integer};
    let sign: &[u8] = if cursor.eat_op(Op::Minus) { b"-" } else { b"" };
    let is_number = |kind: TokenKind| matches!(kind, Integer | Decimal | Float);
    let is_literal =
        |kind: TokenKind| is_number(kind) || matches!(kind, TokenKind::String { .. } | Hex) && sign.is_empty();
    let is_null = sign.is_empty() && cursor.is_word("NULL");
    let token = cursor.peek().filter(|token| is_null || is_literal(token.kind))?;
    cursor.take();
    Some([sign, token.text(cursor.sql)].concat())
}
