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

/// After PREPARE.
pub(super) fn prepare(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    let name = name(cursor)?;
    expect_words(cursor, &["FROM"])?;
    let text = cursor.peek().filter(|token| matches!(token.kind, TokenKind::String { .. }));
    let source = match text {
        Some(text) => {
            cursor.take();
            Some(PrepareSource::Text(unescape(text.text(cursor.sql), cursor.mode).into_owned()))
        }
        None => cursor.eat_user_var().map(PrepareSource::UserVar),
    };
    match source {
        Some(source) if cursor.is_at_end() => Ok(Control::Prepare { name, source }),
        _ if cursor.is_at_end() => Err(syntax(cursor)),
        _ => Err(ControlError::Unsupported { feature: "PREPARE from an expression" }),
    }
}

/// After EXECUTE.
pub(super) fn execute(cursor: &mut Cursor<'_>) -> Parsed<Control> {
    let name = name(cursor)?;
    if name.eq_ignore_ascii_case("IMMEDIATE") && !cursor.is_at_end() {
        return Err(ControlError::Unsupported { feature: "EXECUTE IMMEDIATE" });
    }
    let mut using = Vec::new();
    if cursor.eat_word("USING") {
        loop {
            using.push(variable(cursor)?);
            if !cursor.eat_op(Op::Comma) {
                break;
            }
        }
    }
    Ok(Control::Execute { name, using })
}

fn variable(cursor: &mut Cursor<'_>) -> Parsed<String> {
    let variable = cursor.eat_user_var();
    let is_whole = cursor.is_op(Op::Comma) || cursor.is_at_end();
    match variable {
        Some(variable) if is_whole => Ok(variable),
        _ if is_whole => Err(syntax(cursor)),
        _ => Err(ControlError::Unsupported { feature: "EXECUTE with anything but user variables" }),
    }
}
