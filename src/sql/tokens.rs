//! What a statement is made of: tokens, and the `Mode` that their cutting depends on.

use std::borrow::Cow;

pub use crate::sql::lexer::Lexer;

use crate::sql::scan;
use crate::value::Charset;

/// What the cutting and reading of a statement depends on: sql_mode, the client's character set, the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    /// `"x"` is an identifier, not a string.
    pub ansi_quotes: bool,
    /// `\` is an ordinary character in strings.
    pub no_backslash_escapes: bool,
    /// `||` is concatenation, not OR. For parsers: the token is the same.
    pub pipes_as_concat: bool,
    /// NOT binds like `!`. For parsers: the token is the same.
    pub high_not_precedence: bool,
    /// `COUNT (x)` is a call. For parsers: the token is the same.
    pub ignore_space: bool,
    /// 0 in an AUTO_INCREMENT column is a value, and does not ask for one.
    pub no_auto_value_on_zero: bool,
    /// MariaDB's ORACLE: ROWNUM needs no parentheses. For parsers: the token is the same.
    pub oracle: bool,
    /// Neither STRICT_TRANS_TABLES nor STRICT_ALL_TABLES. For plans: the token is the same.
    pub lenient: bool,
    /// character_set_client.
    pub charset: Charset,
    /// 101119 is 10.11.19, 80036 is 8.0.36.
    pub server_version: u32,
    /// MariaDB, not MySQL.
    pub mariadb: bool,
}

impl Mode {
    /// Whether the text, without the meaning of its bytes beyond ASCII, is read alike under both.
    pub fn reads_like(self, other: Mode, text: &[u8]) -> bool {
        let has = |bytes: &[u8]| memchr::memmem::find(text, bytes).is_some();
        (self.ansi_quotes == other.ansi_quotes || !has(b"\""))
            && (self.no_backslash_escapes == other.no_backslash_escapes || !has(b"\\"))
            && (self.pipes_as_concat == other.pipes_as_concat || !has(b"||"))
            && (self.high_not_precedence == other.high_not_precedence || !has(b"!") && !has_not(text))
            && (self.ignore_space == other.ignore_space || !has(b" ("))
            && self.oracle == other.oracle
    }

    /// All of it in one number, for those who compare and hash modes often.
    pub fn bits(self) -> u64 {
        let flags = [
            self.ansi_quotes,
            self.no_backslash_escapes,
            self.pipes_as_concat,
            self.high_not_precedence,
            self.ignore_space,
            self.no_auto_value_on_zero,
            self.oracle,
            self.lenient,
            self.mariadb,
        ];
        let flags = flags.iter().rev().fold(0, |bits, flag| bits << 1 | u64::from(*flag));
        u64::from(self.server_version) << 32 | (self.charset as u64) << 16 | flags
    }
}

/// Whether NOT may stand in the text.
fn has_not(text: &[u8]) -> bool {
    text.windows(3).any(|word| word.eq_ignore_ascii_case(b"not"))
}

impl Default for Mode {
    /// MySQL 8.0 with its default sql_mode, and utf8mb4.
    fn default() -> Self {
        Self {
            ansi_quotes: false,
            no_backslash_escapes: false,
            pipes_as_concat: false,
            high_not_precedence: false,
            ignore_space: false,
            no_auto_value_on_zero: false,
            oracle: false,
            lenient: false,
            charset: Charset::Utf8,
            server_version: 80036,
            mariadb: false,
        }
    }
}

/// One token: `start..end` are byte offsets of its raw text in the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    pub kind: TokenKind,
    pub start: u32,
    pub end: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A keyword, an unquoted identifier or a character set introducer (`_utf8mb4`).
    Word,
    /// `` `x` ``, and `"x"` under ANSI_QUOTES.
    QuotedIdent,
    /// `'x'` or `"x"`.
    String {
        /// `b'\''` or `b'"'`.
        quote: u8,
    },
    /// `N'x'`.
    NationalString,
    /// Digits without a sign.
    Integer,
    /// `1.5`, `.5`, `5.`
    Decimal,
    /// A number with an exponent.
    Float,
    /// `0x41`, `x'41'`.
    Hex,
    /// `0b01`, `b'01'`.
    Bit,
    /// `?`
    Param,
    /// `@x`, `@'x'`, `` @`x` ``; also the host part of `user@host`.
    UserVar,
    /// `@@x`, `` @@session.`x` ``.
    SystemVar,
    /// Operators and punctuation.
    Op(Op),
    /// What the server would refuse, or what cannot be told for certain. At an executable comment that is not closed
    /// it stands at the end of the text and is empty.
    Invalid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// `=`
    Eq,
    /// `<=>`
    NullSafeEq,
    /// `<>` or `!=`
    NotEq,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `:=`
    Assign,
    /// `||`
    PipePipe,
    /// `&&`
    AmpAmp,
    /// `!`
    Bang,
    /// `~`
    Tilde,
    /// `^`
    Caret,
    /// `&`
    Amp,
    /// `|`
    Pipe,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// `->`
    Arrow,
    /// `->>`
    LongArrow,
    /// `(`
    LParen,
    /// `)`
    RParen,
    /// `{`
    LBrace,
    /// `}`
    RBrace,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// `.`
    Dot,
    /// `:`
    Colon,
    /// `@` without a name.
    At,
}

impl Token {
    /// The raw text of the token in the statement that it was cut from.
    pub fn text<'a>(&self, sql: &'a [u8]) -> &'a [u8] {
        sql.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Whether it is this keyword, in any case. Quoted identifiers are not.
    pub fn is_word(&self, sql: &[u8], word: &str) -> bool {
        self.kind == TokenKind::Word && self.text(sql).eq_ignore_ascii_case(word.as_bytes())
    }

    /// Whether it is this operator.
    pub fn is_op(&self, op: Op) -> bool {
        self.kind == TokenKind::Op(op)
    }
}

/// Whether the parenthesis that the second token opens is closed by the last.
pub fn closes_last(tokens: &[Token]) -> bool {
    let mut depth = 0_i32;
    for (index, token) in tokens.iter().enumerate().skip(1) {
        depth += i32::from(token.is_op(Op::LParen)) - i32::from(token.is_op(Op::RParen));
        if depth == 0 {
            return index + 1 == tokens.len();
        }
    }
    false
}

/// The name that an identifier token stands for, unquoted. `None` if it is no identifier, or if its bytes cannot be
/// decoded for certain.
pub fn ident<'a>(token: Token, sql: &'a [u8], mode: Mode) -> Option<Cow<'a, str>> {
    let text = token.text(sql);
    match token.kind {
        TokenKind::Word => mode.charset.decode(text),
        TokenKind::QuotedIdent => unquoted(text, mode),
        _ => None,
    }
}

fn unquoted(text: &[u8], mode: Mode) -> Option<Cow<'_, str>> {
    let (&quote, rest) = text.split_first()?;
    let inner = rest.strip_suffix(&[quote])?;
    if !inner.contains(&quote) {
        return mode.charset.decode(inner);
    }
    let single = scan::without_doubled(inner, quote, mode.charset);
    mode.charset.decode(&single).map(|name| Cow::Owned(name.into_owned()))
}
