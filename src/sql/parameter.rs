//! Values of parameters, written into a text in the places of its `?`.
//!
//! A literal must mean what the parameter meant, in the client's character set and sql_mode. Where that is not certain
//! there is none.

use std::io::Write;

use crate::sql::Lexer;
use crate::sql::scan;
use crate::sql::tokens::{Mode, TokenKind};
use crate::value::Value;

/// `text` with these values in it, one for each `?`, in order. `None`: one of them cannot be written.
pub fn filled_in<'v>(text: &[u8], mode: Mode, mut values: impl Iterator<Item = Value<'v>>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut done = 0;
    for marker in Lexer::new(text, mode).filter(|token| token.kind == TokenKind::Param) {
        out.extend_from_slice(&text[done..marker.start as usize]);
        write(&values.next()?, mode, &mut out)?;
        done = marker.end as usize;
    }
    out.extend_from_slice(&text[done..]);
    Some(out)
}

fn write(value: &Value<'_>, mode: Mode, out: &mut Vec<u8>) -> Option<()> {
    match value {
        Value::Null => out.extend_from_slice(b"NULL"),
        // A sign is no part of a literal.
        Value::Int(number) if *number < 0 => write!(out, "({number})").ok()?,
        Value::Int(number) => write!(out, "{number}").ok()?,
        Value::UInt(number) => write!(out, "{number}").ok()?,
        Value::Decimal(text) => {
            out.push(b'(');
            out.extend_from_slice(text);
            // Without a point it would be an integer.
            out.extend_from_slice(if text.contains(&b'.') { b")" } else { b".)" });
        }
        Value::Double(number) if number.is_finite() => write!(out, "({number:e})").ok()?,
        Value::Text { bytes, charset } if *charset == mode.charset => write_string(bytes, mode, out)?,
        Value::Double(_)
        | Value::Text { .. }
        | Value::Binary(_)
        | Value::Hex(_)
        | Value::Temporal(_)
        | Value::Unknown => return None,
    }
    Some(())
}

fn write_string(bytes: &[u8], mode: Mode, out: &mut Vec<u8>) -> Option<()> {
    if scan::has_ascii_trail_bytes(mode.charset) && !bytes.is_ascii() {
        return None;
    }
    out.push(b'\'');
    for byte in bytes {
        if *byte == b'\'' || *byte == b'\\' && !mode.no_backslash_escapes {
            out.push(*byte);
        }
        out.push(*byte);
    }
    out.push(b'\'');
    Some(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::value::Charset;

    fn filled(text: &str, values: Vec<Value<'_>>) -> Option<String> {
        filled_in(text.as_bytes(), Mode::default(), values.into_iter()).map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn values_stand_in_the_places_of_their_markers() {
        let text = |text: &'static str| Value::Text { bytes: text.as_bytes().into(), charset: Charset::Utf8 };
        let cases: Vec<(&str, Vec<Value<'_>>, Option<&str>)> = vec![
            ("a = ? AND '?' = b", vec![Value::Int(5)], Some("a = 5 AND '?' = b")),
            ("a-?", vec![Value::Int(-5)], Some("a-(-5)")),
            ("? ?", vec![Value::Null, Value::UInt(u64::MAX)], Some("NULL 18446744073709551615")),
            ("?", vec![Value::Double(0.1)], Some("(1e-1)")),
            ("?", vec![Value::Double(f64::NAN)], None),
            ("?", vec![Value::Decimal(b"-1.50"[..].into())], Some("(-1.50)")),
            ("?", vec![Value::Decimal(b"7"[..].into())], Some("(7.)")),
            ("?", vec![text("it's \\ é")], Some("'it''s \\\\ é'")),
            ("?", vec![Value::Binary(b"x"[..].into())], None),
            ("?", vec![Value::Unknown], None),
            ("?, ?", vec![Value::Int(1)], None),
        ];
        for (template, values, wanted) in cases {
            assert_eq!(filled(template, values).as_deref(), wanted, "{template}");
        }
    }

    #[test]
    fn texts_whose_characters_end_like_escapes_are_not_written() {
        let mode = Mode { charset: Charset::Gbk, ..Mode::default() };
        let value = |bytes: &'static [u8]| Value::Text { bytes: bytes.into(), charset: Charset::Gbk };
        assert_eq!(filled_in(b"?", mode, std::iter::once(value(b"\xD5\x5C"))), None);
        assert_eq!(filled_in(b"?", mode, std::iter::once(value(b"plain"))).unwrap(), b"'plain'");
    }
}
