//! The value of a literal, where it is known for certain.
//!
//! Strings come out unescaped, in the character set that the server reads them in; that `character_set_connection` can
//! hold them is the caller's concern, as are adjacent strings (`'a' 'b'` is one) and signs, which are not part of a
//! literal. What a bit literal means depends on what it is compared with: its value is `Unknown`.

use std::borrow::Cow;

use crate::sql::scan;
use crate::sql::shape::{Literal, LiteralKind};
use crate::sql::tokens::Mode;
use crate::value::{Charset, Value};

/// The value of a literal of `sql`. Allocates only for strings with escapes or doubled quotes.
pub fn value_of<'a>(literal: Literal, sql: &'a [u8], mode: Mode) -> Value<'a> {
    let text = literal.text(sql);
    match literal.kind {
        LiteralKind::Integer => integer(text),
        LiteralKind::Decimal => Value::Decimal(Cow::Borrowed(text)),
        LiteralKind::Float => float(text),
        LiteralKind::String => in_charset(unescape(text, mode), mode.charset),
        // The server takes the client's bytes as utf8mb3, without a conversion.
        LiteralKind::NationalString => in_charset(unescape(text.get(1..).unwrap_or_default(), mode), Charset::Utf8),
        LiteralKind::IntroducedString => match introducer(literal, sql) {
            Some(charset) => in_charset(unescape(text, mode), charset),
            None => Value::Unknown,
        },
        LiteralKind::Hex => bytes_of_hex(text).map_or(Value::Unknown, |bytes| Value::Hex(Cow::Owned(bytes))),
        LiteralKind::Bit | LiteralKind::Comment => Value::Unknown,
    }
}

/// The value with a minus sign before it; `Unknown` for what is not a number.
pub fn negated(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Null => Value::Null,
        Value::Int(number) => match number.checked_neg() {
            Some(negative) => Value::Int(negative),
            None => Value::UInt(number.unsigned_abs()),
        },
        Value::UInt(number) => match 0_i64.checked_sub_unsigned(number) {
            Some(negative) => Value::Int(negative),
            None => Value::Decimal(Cow::Owned(format!("-{number}").into_bytes())),
        },
        Value::Decimal(text) => Value::Decimal(match text.strip_prefix(b"-") {
            Some(positive) => Cow::Owned(positive.to_vec()),
            None => Cow::Owned([b"-", text.strip_prefix(b"+").unwrap_or(&text)].concat()),
        }),
        Value::Double(number) => Value::Double(-number),
        Value::Text { .. } | Value::Binary(_) | Value::Hex(_) | Value::Temporal(_) | Value::Unknown => Value::Unknown,
    }
}

/// The bytes that a hex literal stands for as a string: `0x41`, `x'41'`.
pub(super) fn bytes_of_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits = match text {
        [b'0', b'x', digits @ ..] => digits,
        [_, b'\'', digits @ .., b'\''] => digits,
        _ => return None,
    };
    // An odd number of digits, possible after 0x only, lacks a leading zero.
    let (lone, pairs) = digits.split_at(digits.len() % 2);
    let byte =
        |pair: &[u8]| pair.iter().try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)? as u8));
    lone.chunks(2).chain(pairs.chunks(2)).map(byte).collect()
}

/// The contents of a string, whose text includes its quotes, as the server stores them.
pub fn unescape(text: &[u8], mode: Mode) -> Cow<'_, [u8]> {
    let Some((&quote, rest)) = text.split_first() else { return Cow::Borrowed(text) };
    let inner = rest.strip_suffix(&[quote]).unwrap_or(rest);
    let has_escapes = match mode.no_backslash_escapes {
        true => memchr::memchr(quote, inner),
        false => memchr::memchr2(quote, b'\\', inner),
    };
    match has_escapes {
        None => Cow::Borrowed(inner),
        Some(_) => Cow::Owned(without_escapes(inner, quote, mode)),
    }
}

fn without_escapes(inner: &[u8], quote: u8, mode: Mode) -> Vec<u8> {
    let wide = scan::has_ascii_trail_bytes(mode.charset);
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(&byte) = rest.first() {
        let length = if wide { mode.charset.char_len(rest).min(rest.len()) } else { 1 };
        let taken = match (byte, rest.get(1)) {
            _ if length > 1 => {
                out.extend_from_slice(&rest[..length]);
                length
            }
            (b'\\', Some(&escaped)) if !mode.no_backslash_escapes => {
                push_escaped(&mut out, escaped);
                2
            }
            (_, Some(&next)) if byte == quote && next == quote => {
                out.push(quote);
                2
            }
            _ => {
                out.push(byte);
                1
            }
        };
        rest = &rest[taken..];
    }
    out
}

fn push_escaped(out: &mut Vec<u8>, escaped: u8) {
    match escaped {
        b'0' => out.push(0),
        b'b' => out.push(8),
        b'n' => out.push(b'\n'),
        b'r' => out.push(b'\r'),
        b't' => out.push(b'\t'),
        b'Z' => out.push(26),
        // They keep their backslash, for LIKE.
        b'%' | b'_' => out.extend_from_slice(&[b'\\', escaped]),
        other => out.push(other),
    }
}

fn integer(text: &[u8]) -> Value<'_> {
    /// So many digits fit into 63 bits, whatever they are.
    const SMALL: usize = 18;
    if text.len() <= SMALL {
        return Value::Int(text.iter().fold(0, |number, digit| number * 10 + i64::from(digit & 0x0F)));
    }
    let number = text.iter().try_fold(0_u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit.checked_sub(b'0').filter(|digit| *digit <= 9)?))
    });
    match number.map(|number| (i64::try_from(number), number)) {
        Some((Ok(number), _)) => Value::Int(number),
        Some((Err(_), number)) => Value::UInt(number),
        None => Value::Decimal(Cow::Borrowed(text)),
    }
}

// The server refuses what overflows.
fn float(text: &[u8]) -> Value<'static> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
    number.filter(|number| number.is_finite()).map_or(Value::Unknown, Value::Double)
}

fn in_charset(bytes: Cow<'_, [u8]>, charset: Charset) -> Value<'_> {
    match charset {
        Charset::NotAscii => Value::Unknown,
        Charset::Binary => Value::Binary(bytes),
        charset => Value::Text { bytes, charset },
    }
}

/// The character set named before a string, if only blanks are between. A line feed might end a comment, whose last
/// word is no introducer.
fn introducer(literal: Literal, sql: &[u8]) -> Option<Charset> {
    let before = sql.get(..literal.start as usize)?;
    let blanks = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let before = &before[..before.len() - blanks];
    let letters = before.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let name = before[before.len() - letters..].strip_prefix(b"_")?;
    std::str::from_utf8(name).ok().map(Charset::from_mysql_name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;
    use crate::sql::shape::Shape;

    fn text(bytes: &[u8], charset: Charset) -> Value<'_> {
        Value::Text { bytes: Cow::Borrowed(bytes), charset }
    }

    /// The value of the last literal.
    fn value(sql: &[u8], mode: Mode) -> Value<'_> {
        let mut shape = Shape::default();
        assert!(shape.read(sql, mode).is_readable);
        value_of(*shape.literals().last().unwrap(), sql, mode)
    }

    #[test]
    fn numbers() {
        let decimal = |text: &'static str| Value::Decimal(Cow::Borrowed(text.as_bytes()));
        let cases = [
            ("42", Value::Int(42)),
            ("00042", Value::Int(42)),
            ("9223372036854775807", Value::Int(i64::MAX)),
            ("9223372036854775808", Value::UInt(1 << 63)),
            ("18446744073709551616", decimal("18446744073709551616")),
            ("1.50", decimal("1.50")),
            (".5", decimal(".5")),
            ("5.", decimal("5.")),
            ("1.5e3", Value::Double(1500.0)),
            ("5.e-1", Value::Double(0.5)),
            (".5E1", Value::Double(5.0)),
            ("1e400", Value::Unknown),
            ("b'1'", Value::Unknown),
        ];
        for (sql, expected) in cases {
            assert_eq!(value(sql.as_bytes(), Mode::default()), expected, "{sql}");
        }
    }

    #[test]
    fn signs() {
        let decimal = |text: &'static str| Value::Decimal(Cow::Borrowed(text.as_bytes()));
        let cases = [
            (Value::Int(1), Value::Int(-1)),
            (Value::UInt(1 << 63), Value::Int(i64::MIN)),
            (Value::Int(i64::MIN), Value::UInt(1 << 63)),
            (Value::UInt(u64::MAX), decimal("-18446744073709551615")),
            (decimal("1.5"), decimal("-1.5")),
            (decimal("-1.5"), decimal("1.5")),
            (Value::Double(0.5), Value::Double(-0.5)),
            (text(b"1", Charset::Utf8), Value::Unknown),
        ];
        for (given, expected) in cases {
            assert_eq!(negated(given.clone()), expected, "{given:?}");
        }
    }

    #[test]
    fn strings() {
        let plain_backslash = Mode { no_backslash_escapes: true, ..Mode::default() };
        let gbk = Mode { charset: Charset::Gbk, ..Mode::default() };
        let cases: &[(&[u8], Mode, &[u8])] = &[
            (b"'abc'", Mode::default(), b"abc"),
            (b"''", Mode::default(), b""),
            (b"'it''s'", Mode::default(), b"it's"),
            (b"\"it''s \"\"\"", Mode::default(), b"it''s \""),
            (br"'\0\b\n\r\t\Z\\\'\a'", Mode::default(), b"\0\x08\n\r\t\x1a\\'a"),
            (br#"'\"\%\_%'"#, Mode::default(), br#""\%\_%"#),
            (br"'a\nb'''", plain_backslash, br"a\nb'"),
            (b"'\x81\\' ", gbk, b"\x81\\"),
            (b"'\x81\\\\\\'' '", gbk, b"\x81\\\\' "),
        ];
        for (sql, mode, expected) in cases {
            assert_eq!(value(sql, *mode), text(expected, mode.charset), "{}", String::from_utf8_lossy(sql));
        }
    }

    #[test]
    fn introducers() {
        let mode = Mode::default();
        let cases: &[(&[u8], Value)] = &[
            (b"_latin1'\xe9'", text(b"\xe9", Charset::Latin1)),
            (b"_UTF8MB4  \t'a'", text(b"a", Charset::Utf8)),
            (b"_binary'a'", Value::Binary(Cow::Borrowed(b"a"))),
            (b"_utf16'ab'", Value::Unknown),
            (b"_nonsense'ab'", Value::Unknown),
            (b"_utf8 -- _latin1\n'a'", Value::Unknown),
            (b"_utf8 /* _latin1 */ 'a'", Value::Unknown),
            (b"_a = 'a'", text(b"a", Charset::Utf8)),
            (b"N'a'", text(b"a", Charset::Utf8)),
            (b"0x41", Value::Hex(Cow::Borrowed(b"A"))),
            (b"0x141", Value::Hex(Cow::Borrowed(b"\x01A"))),
            (b"X'4a4B'", Value::Hex(Cow::Borrowed(b"JK"))),
            (b"x''", Value::Hex(Cow::Borrowed(b""))),
        ];
        for (sql, expected) in cases {
            assert_eq!(value(sql, mode), *expected, "{}", String::from_utf8_lossy(sql));
        }
    }
}
