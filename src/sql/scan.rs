//! Where one token ends: the leaves of the lexer, each a function from a position in the statement to the end of what
//! begins there. They hold no state; `tokens` decides which of them applies.

use crate::sql::tokens::Mode;
use crate::value::Charset;

/// Which bytes an unquoted identifier is made of, by byte value.
pub(super) type Alphabet = [bool; 256];

static EVERY_HIGH_BYTE: Alphabet = alphabet(&[]);
// 0xA0 is a space in cp1252.
static LATIN1: Alphabet = alphabet(&[0xA0]);
// 0xA0 and 0xFF are spaces in some of these sets, letters in others.
static OTHER: Alphabet = alphabet(&[0xA0, 0xFF]);

const fn alphabet(holes: &[u8]) -> Alphabet {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80;
        byte += 1;
    }
    let mut hole = 0;
    while hole < holes.len() {
        table[holes[hole] as usize] = false;
        hole += 1;
    }
    table
}

pub(super) fn alphabet_of(charset: Charset) -> &'static Alphabet {
    match charset {
        Charset::Latin1 => &LATIN1,
        Charset::Other => &OTHER,
        _ => &EVERY_HIGH_BYTE,
    }
}

/// Whether a character of this set may end in a byte that is a quote, a backslash or another ASCII character.
pub(super) fn has_ascii_trail_bytes(charset: Charset) -> bool {
    matches!(charset, Charset::Gbk | Charset::Gb18030 | Charset::Big5 | Charset::Sjis | Charset::Cp932)
}

/// Whether the server skips this byte between tokens.
pub(super) fn is_space(byte: u8, charset: Charset) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ') || (byte == 0xA0 && charset == Charset::Latin1)
}

/// Bytes that are of no interest to those who look for literals: letters, spaces, and operators (or parts of them) that
/// begin neither a literal nor a comment, and that no name can touch.
static PLAIN: [bool; 256] = plain();

const fn plain() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8,
            b'\t'..=b'\r' | b' ' | b'a'..=b'z' | b'A'..=b'Z'
            | b',' | b'(' | b')' | b'=' | b'+' | b'*' | b'%' | b'<' | b'>' | b'!');
        byte += 1;
    }
    table
}

/// The end of the plain bytes at `at`.
#[inline]
pub(super) fn plain_end(sql: &[u8], at: usize) -> usize {
    // Four at a time: the loop is the greater part of reading a statement.
    let (fours, rest) = sql[at..].as_chunks::<4>();
    let is_plain = |byte: u8| PLAIN[usize::from(byte)];
    let mut end = at;
    for [a, b, c, d] in fours {
        if !is_plain(*a) {
            return end;
        }
        if !is_plain(*b) {
            return end + 1;
        }
        if !is_plain(*c) {
            return end + 2;
        }
        if !is_plain(*d) {
            return end + 3;
        }
        end += 4;
    }
    end + rest.iter().take_while(|byte| is_plain(**byte)).count()
}

pub(super) fn skip_while(sql: &[u8], mut at: usize, accept: impl Fn(u8) -> bool) -> usize {
    while let Some(&byte) = sql.get(at) {
        if !accept(byte) {
            break;
        }
        at += 1;
    }
    at
}

pub(super) fn digits_end(sql: &[u8], at: usize) -> usize {
    skip_while(sql, at, |byte| byte.is_ascii_digit())
}

/// The end of an unquoted identifier that begins, or goes on, at `at`.
#[inline]
pub(super) fn word_end(sql: &[u8], at: usize, alphabet: &Alphabet) -> usize {
    skip_while(sql, at, |byte| alphabet[usize::from(byte)])
}

/// The same where characters may end in an ASCII byte (`0x81 0x60` is a letter of GBK, not a backtick).
pub(super) fn wide_word_end(sql: &[u8], mut at: usize, alphabet: &Alphabet, charset: Charset) -> usize {
    while let Some(&byte) = sql.get(at) {
        if !alphabet[usize::from(byte)] {
            break;
        }
        at += charset.char_len(&sql[at..]);
    }
    at.min(sql.len())
}

/// The end of a string whose opening quote is at `open`; `None` if it is not closed.
#[inline]
pub(super) fn string_end(sql: &[u8], open: usize, mode: Mode) -> Option<usize> {
    let quote = *sql.get(open)?;
    if has_ascii_trail_bytes(mode.charset) {
        return wide_string_end(sql, open, quote, mode);
    }
    let mut at = open + 1;
    loop {
        let rest = sql.get(at..)?;
        at += match mode.no_backslash_escapes {
            true => memchr::memchr(quote, rest)?,
            false => memchr::memchr2(quote, b'\\', rest)?,
        };
        let closes = sql[at] == quote && sql.get(at + 1) != Some(&quote);
        if closes {
            return Some(at + 1);
        }
        at += 2;
    }
}

// A backslash takes one byte with it, not one character: that is how the server reads too.
fn wide_string_end(sql: &[u8], open: usize, quote: u8, mode: Mode) -> Option<usize> {
    let mut at = open + 1;
    while let Some(&byte) = sql.get(at) {
        let length = mode.charset.char_len(&sql[at..]);
        at += match byte {
            _ if length > 1 => length,
            b'\\' if !mode.no_backslash_escapes => 2,
            _ if byte != quote => 1,
            _ if sql.get(at + 1) == Some(&quote) => 2,
            _ => return Some(at + 1),
        };
    }
    None
}

/// The end of a quoted identifier whose opening quote is at `open`; `None` if it is not closed, or holds a zero byte,
/// which the server does not accept in names.
pub(super) fn quoted_ident_end(sql: &[u8], open: usize, charset: Charset) -> Option<usize> {
    let quote = *sql.get(open)?;
    let wide = has_ascii_trail_bytes(charset);
    let mut at = open + 1;
    while let Some(&byte) = sql.get(at) {
        if byte == 0 {
            return None;
        }
        if byte == quote {
            if sql.get(at + 1) != Some(&quote) {
                return Some(at + 1);
            }
            at += 2;
        } else {
            at += if wide { charset.char_len(&sql[at..]) } else { 1 };
        }
    }
    None
}

/// The end of the exponent whose `e` is at `at`; `None` if no number follows the `e`.
pub(super) fn exponent_end(sql: &[u8], at: usize) -> Option<usize> {
    let sign = usize::from(matches!(sql.get(at + 1), Some(b'+' | b'-')));
    let digits = at + 1 + sign;
    let end = digits_end(sql, digits);
    (end > digits).then_some(end)
}

/// The end of `x'..'` or `b'..'` whose letter is at `at`, if all its digits are accepted.
pub(super) fn quoted_digits_end(sql: &[u8], at: usize, accept: impl Fn(u8) -> bool) -> Option<usize> {
    let end = skip_while(sql, at + 2, accept);
    (sql.get(end) == Some(&b'\'')).then_some(end + 1)
}

/// The end of a comment that reaches to the end of its line, without the line feed; `None` if a zero byte is in it,
/// where the server stops reading.
pub(super) fn line_comment_end(sql: &[u8], at: usize) -> Option<usize> {
    match memchr::memchr2(b'\n', 0, &sql[at..]) {
        None => Some(sql.len()),
        Some(length) => (sql[at + length] == b'\n').then_some(at + length),
    }
}

/// The end of the comment whose `/*` is at `open`; `None` if it is not closed. `levels` is how many comments may be
/// nested in it: none in an ordinary one, one in a version comment that the server leaves out.
pub(super) fn block_comment_end(sql: &[u8], open: usize, levels: u8) -> Option<usize> {
    let mut at = open + 2;
    loop {
        at += memchr::memchr2(b'*', b'/', sql.get(at..)?)?;
        match (sql[at], sql.get(at + 1)) {
            (b'*', Some(b'/')) => return Some(at + 2),
            (b'/', Some(b'*')) if levels > 0 => at = block_comment_end(sql, at, levels - 1)?,
            _ => at += 1,
        }
    }
}

/// Whether the comment text (from `/*` to `*/`) speaks to ShardGate: `/* shardgate: primary */`.
pub(super) fn is_shardgate_hint(comment: &[u8]) -> bool {
    hint_body(comment).is_some()
}

/// What follows `shardgate:` in such a comment, up to its `*/`.
pub(super) fn hint_body(comment: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"shardgate";
    let inner = comment.strip_prefix(b"/*")?.strip_suffix(b"*/")?.trim_ascii_start();
    let (name, rest) = inner.split_at_checked(NAME.len())?;
    let rest = name.eq_ignore_ascii_case(NAME).then_some(rest)?;
    rest.trim_ascii_start().strip_prefix(b":")
}

/// `inner` with each doubled quote made single.
pub(super) fn without_doubled(inner: &[u8], quote: u8, charset: Charset) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    let mut at = 0;
    while at < inner.len() {
        let length = charset.char_len(&inner[at..]).min(inner.len() - at);
        out.extend_from_slice(&inner[at..at + length]);
        let doubled = inner[at] == quote && inner.get(at + 1) == Some(&quote);
        at += if doubled { 2 } else { length };
    }
    out
}
