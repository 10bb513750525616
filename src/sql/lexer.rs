//! The lexer: a statement's bytes cut into tokens exactly where the server cuts them.
//!
//! It allocates nothing and cannot fail. What the server would refuse, or what cannot be cut for certain (a string that
//! is not closed, a zero byte, `1.e(`), comes out as `TokenKind::Invalid`: a statement that has such a token must not
//! be routed by what it seems to say. Executable comments (`/*!50001 .. */`) are opened or left out as the server of
//! `Mode::server_version` would; other comments are skipped, but seen by those who ask for `next_piece`.

use std::ops::Range;

use crate::sql::scan::{self, Alphabet};
use crate::sql::tokens::{Mode, Op, Token, TokenKind};
use crate::value::Charset;

/// What `Lexer::next_piece` finds: tokens, and what lies between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    pub kind: PieceKind,
    pub start: usize,
    pub end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    Token(TokenKind),
    /// A comment without meaning: `/* x */`, `-- x`, `# x`, the last two without their line feed.
    Comment,
    /// `/*shardgate: .. */`
    ShardgateHint,
    /// `/*+ .. */`: optimizer hints, which the server reads in some places.
    OptimizerHint,
    /// Where an executable comment begins (`/*!50001`) or ends (`*/`).
    Gate,
    /// An executable comment that this server leaves out, whole.
    ClosedGate,
}

/// An iterator over the tokens of a statement. Cloning it is cheap and marks a place to come back to.
#[derive(Clone)]
pub struct Lexer<'a> {
    sql: &'a [u8],
    at: usize,
    mode: Mode,
    alphabet: &'static Alphabet,
    wide: bool,
    /// In an executable comment that was opened.
    gated: bool,
    /// What begins at `at` is a name, whatever its first byte is: it touches a dot.
    name_follows: bool,
    /// Where the last token ended, if it was a `Word`.
    word_end: usize,
}

impl std::fmt::Debug for Lexer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lexer").field("at", &self.at).field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let piece = self.next_piece()?;
            if let PieceKind::Token(kind) = piece.kind {
                // `new` refuses texts whose offsets do not fit.
                return Some(Token { kind, start: piece.start as u32, end: piece.end as u32 });
            }
        }
    }
}

type Cut = (PieceKind, usize);

const fn token(kind: TokenKind, end: usize) -> Cut {
    (PieceKind::Token(kind), end)
}

const fn op(op: Op, end: usize) -> Cut {
    token(TokenKind::Op(op), end)
}

impl<'a> Lexer<'a> {
    /// A lexer over the whole of `sql`, which may hold several statements. A text of 4 GiB or more, which no server
    /// accepts, or in a character set whose ASCII is not ASCII, is one `Invalid` token of one byte.
    pub fn new(sql: &'a [u8], mode: Mode) -> Self {
        let alphabet = scan::alphabet_of(mode.charset);
        let wide = scan::has_ascii_trail_bytes(mode.charset);
        // A zero byte is always `Invalid`.
        let readable = u32::try_from(sql.len()).is_ok() && (mode.charset != Charset::NotAscii || sql.is_empty());
        let sql = if readable { sql } else { &[0] };
        Self { sql, at: 0, mode, alphabet, wide, gated: false, name_follows: false, word_end: usize::MAX }
    }

    /// The next token, comment or comment mark; spaces are between them.
    #[inline]
    pub fn next_piece(&mut self) -> Option<Piece> {
        while let Some(&byte) = self.sql.get(self.at) {
            if !scan::is_space(byte, self.mode.charset) {
                return Some(self.cut(byte));
            }
            self.at += 1;
        }
        self.end_of_text()
    }

    /// Passes over words, spaces and operators up to the next byte that could begin a literal, a comment, a parameter, a
    /// `;`, a dot or what is hard to tell, and returns where they are. They are the tokens that `next_piece` would give.
    #[inline]
    pub(super) fn skip_plain(&mut self) -> Range<usize> {
        let start = self.at;
        if self.gated || self.wide || self.name_follows {
            return start..start;
        }
        loop {
            self.at = scan::plain_end(self.sql, self.at);
            let in_word = self.at > start && self.is_word_byte(self.at - 1);
            if in_word && self.is_word_byte(self.at) {
                self.at = scan::word_end(self.sql, self.at + 1, self.alphabet);
            } else if in_word && self.is_prefixed_quote(start) {
                self.at -= 1;
                return start..self.at;
            } else {
                if in_word {
                    self.word_end = self.at;
                }
                return start..self.at;
            }
        }
    }

    /// Whether the byte at `at` is the quote of `x'..'`, `b'..'` or `N'..'`, whose letter is not before `start`.
    fn is_prefixed_quote(&self, start: usize) -> bool {
        let letter = self.at - 1;
        self.byte(self.at) == b'\''
            && matches!(self.sql[letter], b'x' | b'X' | b'b' | b'B' | b'n' | b'N')
            && (letter == start || !self.is_word_byte(letter - 1))
    }

    /// Whether `next_piece` will find nothing more.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.sql.len() && !self.gated
    }

    /// Where the integer at this place is, if there is one and it cannot be anything else: what `next_piece` would give.
    #[inline]
    pub(super) fn next_integer(&mut self) -> Option<(usize, usize)> {
        let start = self.at;
        let end = scan::digits_end(self.sql, start);
        let goes_on = self.sql.get(end).is_some_and(|byte| *byte == b'.' || self.alphabet[usize::from(*byte)]);
        if end == start || goes_on || self.name_follows {
            return None;
        }
        self.at = end;
        Some((start, end))
    }

    fn end_of_text(&mut self) -> Option<Piece> {
        let unclosed = std::mem::take(&mut self.gated);
        let kind = PieceKind::Token(TokenKind::Invalid);
        unclosed.then_some(Piece { kind, start: self.at, end: self.at })
    }

    fn cut(&mut self, byte: u8) -> Piece {
        let start = self.at;
        let (kind, end) = if std::mem::take(&mut self.name_follows) {
            token(TokenKind::Word, self.word_from(start))
        } else {
            self.cut_at(byte, start)
        };
        if kind == PieceKind::Token(TokenKind::Word) {
            self.word_end = end;
        }
        self.at = end;
        Piece { kind, start, end }
    }

    #[inline]
    fn cut_at(&mut self, byte: u8, at: usize) -> Cut {
        let next = self.byte(at + 1);
        match byte {
            b'x' | b'X' if next == b'\'' => self.hex_string(at),
            b'b' | b'B' if next == b'\'' => self.or_invalid(
                TokenKind::Bit,
                scan::quoted_digits_end(self.sql, at, |digit| matches!(digit, b'0' | b'1')),
            ),
            b'n' | b'N' if next == b'\'' => {
                self.or_invalid(TokenKind::NationalString, scan::string_end(self.sql, at + 1, self.mode))
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => token(TokenKind::Word, self.word_from(at)),
            b'0'..=b'9' => self.digits(byte, at),
            b'\'' => self.string(at),
            b'"' if !self.mode.ansi_quotes => self.string(at),
            b'`' | b'"' => {
                self.or_invalid(TokenKind::QuotedIdent, scan::quoted_ident_end(self.sql, at, self.mode.charset))
            }
            b'$' => self.dollar(at),
            0x80.. if self.alphabet[usize::from(byte)] => token(TokenKind::Word, self.word_from(at)),
            b'?' if self.is_word_byte(at + 1) => token(TokenKind::Invalid, at + 1),
            b'?' => token(TokenKind::Param, at + 1),
            b'.' => self.dot(at),
            b'@' => self.variable(at),
            b'#' => self.line_comment(at),
            b'-' if next == b'-' && self.ends_dashes(at + 2) => self.line_comment(at),
            b'/' if next == b'*' => self.comment(at),
            b'*' if next == b'/' && self.gated => {
                self.gated = false;
                (PieceKind::Gate, at + 2)
            }
            // The server ends the statement here and reads the rest without the comment's beginning.
            b';' if self.gated => token(TokenKind::Invalid, at + 1),
            _ => operator(byte, next, self.byte(at + 2), at),
        }
    }

    /// The byte at `at`; 0 after the end, as the server's own buffer has it.
    fn byte(&self, at: usize) -> u8 {
        self.sql.get(at).copied().unwrap_or(0)
    }

    fn is_word_byte(&self, at: usize) -> bool {
        self.sql.get(at).is_some_and(|byte| self.alphabet[usize::from(*byte)])
    }

    fn or_invalid(&self, kind: TokenKind, end: Option<usize>) -> Cut {
        end.map_or(token(TokenKind::Invalid, self.sql.len()), |end| token(kind, end))
    }

    #[inline]
    fn word_from(&self, at: usize) -> usize {
        match self.wide {
            false => scan::word_end(self.sql, at, self.alphabet),
            true => scan::wide_word_end(self.sql, at, self.alphabet, self.mode.charset),
        }
    }

    /// A word in a place where the server does not read whole characters: only ASCII is certain in wide sets.
    fn narrow_word(&self, kind: TokenKind, start: usize, end: usize) -> Cut {
        let doubtful = self.wide && !self.sql[start..end].is_ascii();
        token(if doubtful { TokenKind::Invalid } else { kind }, end)
    }

    fn string(&self, at: usize) -> Cut {
        let kind = TokenKind::String { quote: self.byte(at) };
        self.or_invalid(kind, scan::string_end(self.sql, at, self.mode))
    }

    // Half a byte is an error: `x'123'`.
    fn hex_string(&self, at: usize) -> Cut {
        let end = scan::quoted_digits_end(self.sql, at, |digit| digit.is_ascii_hexdigit());
        self.or_invalid(TokenKind::Hex, end.filter(|end| (end - at) % 2 == 1))
    }

    // MySQL 9 has strings in dollar quotes: `$$x$$`, `$tag$x$tag$`.
    fn dollar(&self, at: usize) -> Cut {
        let end = self.word_from(at);
        let may_quote = !self.mode.mariadb && self.mode.server_version >= 80032;
        let doubtful = may_quote && memchr::memchr(b'$', &self.sql[at + 1..end]).is_some();
        token(if doubtful { TokenKind::Invalid } else { TokenKind::Word }, end)
    }

    /// A number, or an identifier that begins with a digit.
    fn digits(&self, first: u8, start: usize) -> Cut {
        if let Some(cut) = self.prefixed_digits(first, start) {
            return cut;
        }
        let end = scan::digits_end(self.sql, start);
        match self.byte(end) {
            b'.' => self.fraction(end + 1),
            b'e' | b'E' if let Some(end) = scan::exponent_end(self.sql, end) => token(TokenKind::Float, end),
            _ if self.is_word_byte(end) => self.narrow_word(TokenKind::Word, start, self.word_from(end)),
            _ => token(TokenKind::Integer, end),
        }
    }

    /// `0x41` and `0b01`, in lower case only: `0X41` is a name.
    fn prefixed_digits(&self, first: u8, start: usize) -> Option<Cut> {
        let body = start + 2;
        let (kind, end) = match (first, self.byte(start + 1)) {
            (b'0', b'x') => (TokenKind::Hex, scan::skip_while(self.sql, body, |digit| digit.is_ascii_hexdigit())),
            (b'0', b'b') => (TokenKind::Bit, scan::skip_while(self.sql, body, |digit| matches!(digit, b'0' | b'1'))),
            _ => return None,
        };
        (end > body && !self.is_word_byte(end)).then_some(token(kind, end))
    }

    /// The rest of a number after its point. An `e` without an exponent is swallowed by some servers (`1.e(2)` is
    /// `(2)`) and refused by others.
    fn fraction(&self, at: usize) -> Cut {
        let end = scan::digits_end(self.sql, at);
        match self.byte(end) {
            b'e' | b'E' => match scan::exponent_end(self.sql, end) {
                Some(end) => token(TokenKind::Float, end),
                None => token(TokenKind::Invalid, end + 1),
            },
            _ => token(TokenKind::Decimal, end),
        }
    }

    /// After a word that it touches, a dot always begins a name (`t.1e5`); elsewhere digits make it a number.
    fn dot(&mut self, at: usize) -> Cut {
        let digit_follows = self.byte(at + 1).is_ascii_digit();
        if digit_follows && self.word_end != at {
            return self.fraction(at + 1);
        }
        self.name_follows = self.is_word_byte(at + 1);
        op(Op::Dot, at + 1)
    }

    fn variable(&self, at: usize) -> Cut {
        match self.byte(at + 1) {
            b'@' => self.system_variable(at + 2),
            b'`' => self.quoted_variable(scan::quoted_ident_end(self.sql, at + 1, self.mode.charset)),
            b'"' if self.mode.ansi_quotes => {
                self.quoted_variable(scan::quoted_ident_end(self.sql, at + 1, self.mode.charset))
            }
            b'\'' | b'"' => {
                let end = scan::string_end(self.sql, at + 1, self.mode);
                self.quoted_variable(end.filter(|end| memchr::memchr(0, &self.sql[at..*end]).is_none()))
            }
            _ => {
                let end = scan::skip_while(self.sql, at + 1, |byte| byte == b'.' || self.alphabet[usize::from(byte)]);
                let bare = end == at + 1;
                if bare { op(Op::At, end) } else { self.narrow_word(TokenKind::UserVar, at, end) }
            }
        }
    }

    fn quoted_variable(&self, end: Option<usize>) -> Cut {
        self.or_invalid(TokenKind::UserVar, end)
    }

    /// The names after `@@`, with dots between them that touch both.
    fn system_variable(&self, first: usize) -> Cut {
        let mut at = first;
        loop {
            let end = match self.byte(at) {
                b'`' => scan::quoted_ident_end(self.sql, at, self.mode.charset),
                b'"' if self.mode.ansi_quotes && at > first => scan::quoted_ident_end(self.sql, at, self.mode.charset),
                _ => Some(self.word_from(at)).filter(|end| *end > at),
            };
            let Some(end) = end else { return token(TokenKind::Invalid, self.sql.len()) };
            let quote_follows = self.byte(end + 1) == b'`' || (self.mode.ansi_quotes && self.byte(end + 1) == b'"');
            if self.byte(end) != b'.' || !(quote_follows || self.is_word_byte(end + 1)) {
                return token(TokenKind::SystemVar, end);
            }
            at = end + 1;
        }
    }

    fn ends_dashes(&self, at: usize) -> bool {
        let byte = self.byte(at);
        byte.is_ascii_control() || scan::is_space(byte, self.mode.charset)
    }

    fn line_comment(&self, at: usize) -> Cut {
        match scan::line_comment_end(self.sql, at) {
            Some(end) => (PieceKind::Comment, end),
            None => token(TokenKind::Invalid, self.sql.len()),
        }
    }

    fn comment(&mut self, at: usize) -> Cut {
        let marker = match (self.byte(at + 2), self.byte(at + 3)) {
            (b'!', _) => 3,
            (b'M', b'!') if self.mode.mariadb => 4,
            _ => return self.plain_comment(at),
        };
        let (version, length) = self.comment_version(at + marker);
        if self.is_executed(version, marker == 4) {
            self.gated = true;
            return (PieceKind::Gate, at + marker + length);
        }
        match scan::block_comment_end(self.sql, at, 1) {
            Some(end) if memchr::memchr(0, &self.sql[at..end]).is_none() => (PieceKind::ClosedGate, end),
            _ => token(TokenKind::Invalid, self.sql.len()),
        }
    }

    /// The version after `/*!` and how many digits it has; without a version, 0 and 0. MySQL reads six digits since
    /// 8.1, and only if a space follows; MariaDB always does.
    fn comment_version(&self, at: usize) -> (u32, usize) {
        let value = |digits: &[u8]| digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
        let digits = scan::digits_end(self.sql, at).min(at + 6) - at;
        let six = self.mode.mariadb
            || (self.mode.server_version >= 80100 && scan::is_space(self.byte(at + 6), self.mode.charset));
        match digits {
            0..=4 => (0, 0),
            6 if six => (value(&self.sql[at..at + 6]), 6),
            _ => (value(&self.sql[at..at + 5]), 5),
        }
    }

    // MariaDB leaves out what is marked for MySQL 5.7 and later, whose features it does not have.
    fn is_executed(&self, version: u32, for_mariadb: bool) -> bool {
        let for_mysql_only = self.mode.mariadb && !for_mariadb && (50700..=99999).contains(&version);
        version <= self.mode.server_version && !for_mysql_only
    }

    fn plain_comment(&self, at: usize) -> Cut {
        let Some(end) = scan::block_comment_end(self.sql, at, 0) else {
            return token(TokenKind::Invalid, self.sql.len());
        };
        let text = &self.sql[at..end];
        // MySQL reads quoted names in its hints, and a `*/` in one does not end the comment.
        let unbalanced = |quote| text.iter().filter(|byte| **byte == quote).count() % 2 == 1;
        match self.byte(at + 2) {
            b'+' if text.contains(&0) || unbalanced(b'`') || unbalanced(b'"') => {
                token(TokenKind::Invalid, self.sql.len())
            }
            b'+' => (PieceKind::OptimizerHint, end),
            _ if scan::is_shardgate_hint(text) && !text.contains(&0) => (PieceKind::ShardgateHint, end),
            _ => (PieceKind::Comment, end),
        }
    }
}

fn operator(byte: u8, next: u8, third: u8, at: usize) -> Cut {
    let (kind, length) = match (byte, next, third) {
        (b'<', b'=', b'>') => (Op::NullSafeEq, 3),
        (b'-', b'>', b'>') => (Op::LongArrow, 3),
        (b'<', b'=', _) => (Op::Le, 2),
        (b'<', b'>', _) | (b'!', b'=', _) => (Op::NotEq, 2),
        (b'<', b'<', _) => (Op::ShiftLeft, 2),
        (b'>', b'=', _) => (Op::Ge, 2),
        (b'>', b'>', _) => (Op::ShiftRight, 2),
        (b':', b'=', _) => (Op::Assign, 2),
        (b'|', b'|', _) => (Op::PipePipe, 2),
        (b'&', b'&', _) => (Op::AmpAmp, 2),
        (b'-', b'>', _) => (Op::Arrow, 2),
        (b'=', ..) => (Op::Eq, 1),
        (b'<', ..) => (Op::Lt, 1),
        (b'>', ..) => (Op::Gt, 1),
        (b'!', ..) => (Op::Bang, 1),
        (b'~', ..) => (Op::Tilde, 1),
        (b'^', ..) => (Op::Caret, 1),
        (b'&', ..) => (Op::Amp, 1),
        (b'|', ..) => (Op::Pipe, 1),
        (b'+', ..) => (Op::Plus, 1),
        (b'-', ..) => (Op::Minus, 1),
        (b'*', ..) => (Op::Star, 1),
        (b'/', ..) => (Op::Slash, 1),
        (b'%', ..) => (Op::Percent, 1),
        (b'(', ..) => (Op::LParen, 1),
        (b')', ..) => (Op::RParen, 1),
        (b'{', ..) => (Op::LBrace, 1),
        (b'}', ..) => (Op::RBrace, 1),
        (b',', ..) => (Op::Comma, 1),
        (b';', ..) => (Op::Semicolon, 1),
        (b':', ..) => (Op::Colon, 1),
        _ => return token(TokenKind::Invalid, at + 1),
    };
    op(kind, at + length)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARIADB: Mode = Mode { server_version: 101119, mariadb: true, ..MYSQL };
    const MYSQL: Mode = Mode {
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
    };

    /// The tokens as `kind:text`, the kind by its first letters, operators by their text alone.
    fn cut(sql: &[u8], mode: Mode) -> String {
        let show = |token: Token| {
            let text = String::from_utf8_lossy(token.text(sql)).into_owned();
            match token.kind {
                TokenKind::Word => format!("w:{text}"),
                TokenKind::QuotedIdent => format!("q:{text}"),
                TokenKind::String { .. } => format!("s:{text}"),
                TokenKind::NationalString => format!("n:{text}"),
                TokenKind::Integer => format!("i:{text}"),
                TokenKind::Decimal => format!("d:{text}"),
                TokenKind::Float => format!("f:{text}"),
                TokenKind::Hex => format!("x:{text}"),
                TokenKind::Bit => format!("b:{text}"),
                TokenKind::UserVar => format!("u:{text}"),
                TokenKind::SystemVar => format!("v:{text}"),
                TokenKind::Invalid => format!("!:{text}"),
                TokenKind::Param | TokenKind::Op(_) => text,
            }
        };
        Lexer::new(sql, mode).map(show).collect::<Vec<_>>().join(" ")
    }

    fn check(mode: Mode, cases: &[(&str, &str)]) {
        for (sql, expected) in cases {
            assert_eq!(cut(sql.as_bytes(), mode), *expected, "{sql:?}");
        }
    }

    #[test]
    fn numbers_and_names_that_begin_with_digits() {
        check(
            MARIADB,
            &[
                ("1 12. .5 1.5 1e5 1e+5 1.5e-3 .5E1", "i:1 d:12. d:.5 d:1.5 f:1e5 f:1e+5 f:1.5e-3 f:.5E1"),
                ("1a 1e 1ex 1_0 1$ 0x 0xg 0X1F 0b2", "w:1a w:1e w:1ex w:1_0 w:1$ w:0x w:0xg w:0X1F w:0b2"),
                ("1e+ 1e5abc 1.5abc 1.2e+3e4", "w:1e + f:1e5 w:abc d:1.5 w:abc f:1.2e+3 w:e4"),
                ("0x1F 0b01 x'4a' X'4A' b'1' B'0' x'' b''", "x:0x1F b:0b01 x:x'4a' x:X'4A' b:b'1' b:B'0' x:x'' b:b''"),
                ("1..5 1.5.3 1.a 1e5.5", "d:1. d:.5 d:1.5 d:.3 d:1. w:a f:1e5 d:.5"),
                ("t.1a t.1 t.1e5 t.1e+5", "w:t . w:1a w:t . w:1 w:t . w:1e5 w:t . w:1e + i:5"),
                ("t .1b t. 1b `t`.1b .b", "w:t d:.1 w:b w:t . w:1b q:`t` d:.1 w:b . w:b"),
                ("t.x'a' t. x'41' 1a.2b", "w:t . w:x s:'a' w:t . x:x'41' w:1a . w:2b"),
                ("-1 1-1 1--1", "- i:1 i:1 - i:1 i:1 - - i:1"),
                ("1.e(1)", "!:1.e ( i:1 )"),
                ("x'123' 1", "!:x'123' 1"),
                ("b'2'", "!:b'2'"),
            ],
        );
    }

    #[test]
    fn strings_and_quoted_names() {
        let ansi = Mode { ansi_quotes: true, ..MYSQL };
        let plain_backslash = Mode { no_backslash_escapes: true, ..MYSQL };
        check(
            MYSQL,
            &[
                (r#"'a''b' "c""d" 'e\'f' "g'h" ''"#, r#"s:'a''b' s:"c""d" s:'e\'f' s:"g'h" s:''"#),
                ("`a``b` `` `a\\`", "q:`a``b` q:`` q:`a\\`"),
                ("N'a' n'b''c' N\"x\" _utf8mb4'x'", "n:N'a' n:n'b''c' w:N s:\"x\" w:_utf8mb4 s:'x'"),
                (r"'a\\' 'b'", r"s:'a\\' s:'b'"),
                ("'open", "!:'open"),
                ("'a\\", "!:'a\\"),
                ("`open", "!:`open"),
                ("`a\0b`", "!:`a\0b`"),
                ("'a\0b'", "s:'a\0b'"),
            ],
        );
        check(ansi, &[(r#""a""b" 'c' "d\" @"x""#, r#"q:"a""b" s:'c' q:"d\" u:@"x""#)]);
        check(plain_backslash, &[(r"'a\' 'b'", r"s:'a\' s:'b'")]);
    }

    #[test]
    fn variables() {
        check(
            MYSQL,
            &[
                ("@a @a.b @$x @'q w' @\"q\" @`q``w` @1", "u:@a u:@a.b u:@$x u:@'q w' u:@\"q\" u:@`q``w` u:@1"),
                ("@@x @@global.x @@session.`x` @@`x` @@a.b.c", "v:@@x v:@@global.x v:@@session.`x` v:@@`x` v:@@a.b.c"),
                ("@@session . x @@x:=1", "v:@@session . w:x v:@@x := i:1"),
                ("u@localhost 'u'@'%'", "w:u u:@localhost s:'u' u:@'%'"),
                ("@ a", "@ w:a"),
                ("@@ a", "!:@@ a"),
                ("@a:=1", "u:@a := i:1"),
            ],
        );
    }

    #[test]
    fn comments() {
        check(
            MYSQL,
            &[
                ("1 -- x\n2 # y\n3 /* z */4/**/5", "i:1 i:2 i:3 i:4 i:5"),
                ("1 --\t1", "i:1"),
                ("1 --", "i:1"),
                ("1 --\u{1}1", "i:1"),
                ("/*/ 1 */ 2", "i:2"),
                ("1 /* x", "i:1 !:/* x"),
                ("1 /* /* x */ 2", "i:1 i:2"),
                ("1 # a\0b\n2", "i:1 !:# a\0b\n2"),
                ("SELECT /*+ BKA(t) */ 1", "w:SELECT i:1"),
                ("SELECT /*+ QB_NAME(`*/`) */ 1", "w:SELECT !:/*+ QB_NAME(`*/`) */ 1"),
                ("1 */ 2", "i:1 * / i:2"),
            ],
        );
    }

    #[test]
    fn executable_comments() {
        let both: &[(&str, &str)] = &[
            ("/*!50001 1*/ 2", "i:1 i:2"),
            ("/*!50001 1, /* x */ 3*/ 2", "i:1 , i:3 i:2"),
            ("/*! 50001 */ /*!9999 */", "i:50001 i:9999"),
            ("/*!999999 1, /* x */ 3*/ 2", "i:2"),
            ("/*!40000 'a*/b'*/ 3", "s:'a*/b' i:3"),
            ("/*!50001 1, /*! 7*/ 3 */ 2", "i:1 , i:7 i:3 * / i:2"),
            ("/*! 1", "i:1 !:"),
            ("1/*! ; 2*/", "i:1 !:; i:2"),
            ("/*!99999 1", "!:/*!99999 1"),
        ];
        check(MYSQL, both);
        check(MARIADB, both);
        check(
            MARIADB,
            &[
                ("/*!50700 1*/ /*!99999 2*/ /*M!50700 3*/ /*m!50700 4*/ /*!100000 5*/", "i:3 i:5"),
                ("/*!101119 1*/ /*!101120 2*/ /*!500001*/ 3", "i:1 i:3"),
            ],
        );
        check(MYSQL, &[("/*!50700 1*/ /*!80036 2*/ /*!80037 3*/ /*M! 4*/ /*!500001*/ 5", "i:1 i:2 i:1 i:5")]);
        let newer = Mode { server_version: 90700, ..MYSQL };
        check(newer, &[("/*!080100 1*/ /*!090701 2*/ /*!0901002*/", "i:1 i:02")]);
    }

    #[test]
    fn operators() {
        check(
            MYSQL,
            &[
                ("<=> <> != <= >= << >> := || && ->> ->", "<=> <> != <= >= << >> := || && ->> ->"),
                ("=!!1 <!1 <>!1 1<=>!0", "= ! ! i:1 < ! i:1 <> ! i:1 i:1 <=> ! i:0"),
                ("&|&&&", "& | && &"),
                ("{ts '1'} ? ?, a:b", "{ w:ts s:'1' } ? ? , w:a : w:b"),
                ("?a \\N [", "!:? w:a !:\\ w:N !:["),
                ("$a $ $a$b", "w:$a w:$ !:$a$b"),
            ],
        );
        check(MARIADB, &[("$a$b", "w:$a$b")]);
    }

    #[test]
    fn character_sets() {
        let cases: &[(Charset, &[u8], &str)] = &[
            (Charset::Gbk, b"'\x81\\' 'x'", "s s"),
            (Charset::Gbk, b"'\\\x81\\' 'x'", "s !"),
            (Charset::Gbk, b"'\x81' 1", "s i"),
            (Charset::Gbk, b"a\x81`b `\x81``", "w q"),
            (Charset::Gbk, b"1\x81`x`", "! !"),
            (Charset::Gbk, b"@a\x81`,", "! !"),
            (Charset::Utf8, "é `ü` 1ß @ñ".as_bytes(), "w q w u"),
            (Charset::Latin1, b"select\xa01 --\xa05", "w i"),
            (Charset::Latin1, b"a\xe9b", "w"),
            (Charset::Other, b"a\xa0b", "w ! w"),
            (Charset::NotAscii, b"select 1", "!"),
        ];
        for (charset, sql, expected) in cases {
            let tokens = cut(sql, Mode { charset: *charset, ..MYSQL });
            let kinds: Vec<_> = tokens.split(' ').filter_map(|token| Some(token.split_once(':')?.0)).collect();
            assert_eq!(kinds.join(" "), *expected, "{charset:?} {}", String::from_utf8_lossy(sql));
        }
    }

    prop_compose! {
        fn any_mode()(bits in any::<u8>(), charset in 0usize..6) -> Mode {
            let charsets =
                [Charset::Utf8, Charset::Latin1, Charset::Gbk, Charset::Sjis, Charset::Gb18030, Charset::Other];
            Mode {
                ansi_quotes: bits & 1 != 0,
                no_backslash_escapes: bits & 2 != 0,
                charset: charsets[charset],
                server_version: if bits & 4 != 0 { 101119 } else { 90700 },
                mariadb: bits & 4 != 0,
                ..MYSQL
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_are_in_order_and_only_spaces_lie_between(
            parts in proptest::collection::vec(prop_oneof![
                any::<[u8; 2]>().prop_map(Vec::from),
                "[-'\"`@#/*!.;:0-9a-zM+$?]{1,4}".prop_map(String::into_bytes),
            ], 0..20),
            mode in any_mode(),
        ) {
            let sql = parts.concat();
            let mut lexer = Lexer::new(&sql, mode);
            let mut at = 0;
            while let Some(piece) = lexer.next_piece() {
                prop_assert!(at <= piece.start && piece.start <= piece.end && piece.end <= sql.len());
                prop_assert!(sql[at..piece.start].iter().all(|byte| scan::is_space(*byte, mode.charset)));
                let empty = piece.start == piece.end;
                prop_assert!(!empty || piece.kind == PieceKind::Token(TokenKind::Invalid));
                at = piece.end;
            }
            prop_assert!(sql[at..].iter().all(|byte| scan::is_space(*byte, mode.charset)));
        }
    }
}
