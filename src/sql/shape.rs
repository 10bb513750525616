//! The shape of a statement: its text with the literals taken out. Statements of one shape share one plan.
//!
//! One pass, no allocation once the buffers are warm. The key is the raw text in which each literal is
//! replaced by a zero byte and its kind; a zero byte stands nowhere else in a readable statement, so equal keys mean
//! equal tokens but for the literals. Because all else is raw, an offset in one text of a shape maps to the other texts
//! by the lengths of the literals before it: see `rewrite::Mapping`.

use crate::sql::lexer::{Lexer, PieceKind};
use crate::sql::rows;
use crate::sql::tokens::{Mode, Op, TokenKind};

/// A literal, or a comment without meaning, in the statement; `start..end` are byte offsets of its raw text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Literal {
    pub start: u32,
    pub end: u32,
    pub kind: LiteralKind,
}

impl Literal {
    /// The raw text, quotes and all.
    pub fn text<'a>(&self, sql: &'a [u8]) -> &'a [u8] {
        sql.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// The kind of a literal. Its number is part of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LiteralKind {
    /// Digits without a sign: the sign of a negative number is an operator, and stays in the key.
    Integer = b'i',
    /// `1.5`
    Decimal = b'd',
    /// `1e5`
    Float = b'f',
    /// `'x'`, `"x"`
    String = b's',
    /// The string after a word that begins with `_`, which is mostly a character set: `_latin1'x'`.
    IntroducedString = b'_',
    /// `N'x'`
    NationalString = b'n',
    /// `0x41`, `x'41'`
    Hex = b'x',
    /// `0b01`, `b'01'`
    Bit = b'b',
    /// A comment without meaning, so that its text never makes another shape.
    Comment = b'c',
}

/// What kind of statement the text begins with, as far as those need to know who have no plan yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leading {
    /// No token at all: only spaces and comments.
    Nothing,
    Select,
    Insert,
    Replace,
    Update,
    Delete,
    /// Anything else.
    Other,
}

/// What the pass over a statement found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub leading: Leading,
    /// How many `?` there are.
    pub params: u32,
    /// Whether all of it could be cut into tokens. If not, the key must not be looked up or stored: the statement is
    /// wrong, or not understood for certain.
    pub is_readable: bool,
    /// An INSERT or REPLACE with more than one row of VALUES, whose shape hardly comes twice.
    pub is_multi_row: bool,
    /// Whether tokens follow a `;`. A stored routine's body counts too: `split` can tell.
    pub has_several_statements: bool,
}

/// Scratch space for shapes: one owner reads many statements with it, one after the other.
#[derive(Debug, Default)]
pub struct Shape {
    key: Vec<u8>,
    literals: Vec<Literal>,
    semicolons: Vec<u32>,
}

// What a rare large statement needed is given back with the next small one.
const KEPT_KEY: usize = 16 * 1024;
const KEPT_LITERALS: usize = 1024;

impl Shape {
    pub fn of(sql: &[u8], mode: Mode) -> Shape {
        let mut shape = Shape::default();
        shape.read(sql, mode);
        shape
    }

    /// Reads `sql`, forgetting what was read before.
    pub fn read(&mut self, sql: &[u8], mode: Mode) -> Outcome {
        self.clear();
        let mut lexer = Lexer::new(sql, mode);
        let mut outcome = Outcome {
            leading: Leading::Nothing,
            params: 0,
            is_readable: true,
            is_multi_row: false,
            has_several_statements: false,
        };
        let mut after_underscore = false;
        let mut raw = 0;
        while !lexer.is_at_end() {
            let passed = lexer.skip_plain();
            let matters = outcome.leading == Leading::Nothing || after_underscore || !self.semicolons.is_empty();
            if matters && self.note_passed(&sql[passed], &mut outcome) {
                after_underscore = false;
            }
            if let Some((start, end)) = lexer.next_integer() {
                self.take_literal(sql, &mut raw, (start, end), LiteralKind::Integer);
                self.note(TokenKind::Integer, start, &mut outcome);
                after_underscore = false;
                continue;
            }
            let Some(piece) = lexer.next_piece() else { break };
            if let Some(kind) = literal_kind(piece.kind, after_underscore) {
                self.take_literal(sql, &mut raw, (piece.start, piece.end), kind);
            }
            if let PieceKind::Token(token) = piece.kind {
                after_underscore = token == TokenKind::Word && sql[piece.start] == b'_';
                if outcome.leading == Leading::Nothing {
                    outcome.leading = leading(&sql[piece.start..piece.end]);
                }
                self.note(token, piece.start, &mut outcome);
            }
        }
        self.key.extend_from_slice(&sql[raw..]);
        let is_insert = matches!(outcome.leading, Leading::Insert | Leading::Replace);
        outcome.is_multi_row = is_insert && rows::may_be_several(&self.key) && rows::are_several(sql, mode);
        outcome
    }

    /// The statement's raw text with each literal replaced by a zero byte and its kind.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The literals and plain comments, in order.
    pub fn literals(&self) -> &[Literal] {
        &self.literals
    }

    /// Where each `;` is.
    pub fn semicolons(&self) -> &[u32] {
        &self.semicolons
    }

    fn clear(&mut self) {
        self.key.clear();
        self.literals.clear();
        self.semicolons.clear();
        if self.key.capacity() > KEPT_KEY {
            self.key.shrink_to(KEPT_KEY);
        }
        if self.literals.capacity() > KEPT_LITERALS {
            self.literals.shrink_to(KEPT_LITERALS);
        }
    }

    /// `raw`: up to where the text is in the key.
    #[inline]
    fn take_literal(&mut self, sql: &[u8], raw: &mut usize, (start, end): (usize, usize), kind: LiteralKind) {
        self.key.extend_from_slice(&sql[*raw..start]);
        self.key.extend_from_slice(&[0, kind as u8]);
        self.literals.push(Literal { start: start as u32, end: end as u32, kind });
        *raw = end;
    }

    /// Notes what the lexer passed over: whether that is any token.
    fn note_passed(&self, passed: &[u8], outcome: &mut Outcome) -> bool {
        let tokens = passed.trim_ascii_start();
        if tokens.is_empty() {
            return false;
        }
        if outcome.leading == Leading::Nothing {
            outcome.leading = leading(tokens);
        }
        outcome.has_several_statements |= !self.semicolons.is_empty();
        true
    }

    #[inline]
    fn note(&mut self, token: TokenKind, start: usize, outcome: &mut Outcome) {
        match token {
            TokenKind::Op(Op::Semicolon) => return self.semicolons.push(start as u32),
            TokenKind::Param => outcome.params += 1,
            TokenKind::Invalid => outcome.is_readable = false,
            _ => {}
        }
        outcome.has_several_statements |= !self.semicolons.is_empty();
    }
}

#[inline]
fn literal_kind(kind: PieceKind, after_underscore: bool) -> Option<LiteralKind> {
    match kind {
        PieceKind::Token(TokenKind::Integer) => Some(LiteralKind::Integer),
        PieceKind::Token(TokenKind::Decimal) => Some(LiteralKind::Decimal),
        PieceKind::Token(TokenKind::Float) => Some(LiteralKind::Float),
        PieceKind::Token(TokenKind::String { .. }) if after_underscore => Some(LiteralKind::IntroducedString),
        PieceKind::Token(TokenKind::String { .. }) => Some(LiteralKind::String),
        PieceKind::Token(TokenKind::NationalString) => Some(LiteralKind::NationalString),
        PieceKind::Token(TokenKind::Hex) => Some(LiteralKind::Hex),
        PieceKind::Token(TokenKind::Bit) => Some(LiteralKind::Bit),
        PieceKind::Comment => Some(LiteralKind::Comment),
        _ => None,
    }
}

/// What a statement is that begins with these bytes.
fn leading(text: &[u8]) -> Leading {
    let Some(six) = text.first_chunk::<6>() else { return Leading::Other };
    // Sets one bit of each byte: letters become small, and nothing else becomes a letter.
    let (leading, length) = match &six.map(|byte| byte | 0x20) {
        b"select" => (Leading::Select, 6),
        b"insert" => (Leading::Insert, 6),
        b"update" => (Leading::Update, 6),
        b"delete" => (Leading::Delete, 6),
        b"replac" if text.get(6).is_some_and(|byte| byte.eq_ignore_ascii_case(&b'e')) => (Leading::Replace, 7),
        _ => return Leading::Other,
    };
    let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..);
    if text.get(length).is_some_and(goes_on) { Leading::Other } else { leading }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::Charset;

    fn read(sql: &str) -> (Shape, Outcome) {
        let mut shape = Shape::default();
        let outcome = shape.read(sql.as_bytes(), Mode::default());
        (shape, outcome)
    }

    fn key(sql: &str) -> String {
        String::from_utf8(read(sql).0.key).unwrap().replace('\0', "\u{2400}")
    }

    #[test]
    fn literals_leave_the_key() {
        let cases = [
            ("SELECT c FROM t WHERE id=42", "SELECT c FROM t WHERE id=␀i"),
            ("a -1.5, 1e5,'x' , N'y', 0x41, b'1'", "a -␀d, ␀f,␀s , ␀n, ␀x, ␀b"),
            ("_latin1'x' _latin1 /**/ \"x\" _a = 'x'", "_latin1␀_ _latin1 ␀c ␀_ _a = ␀s"),
            ("/* a */ SELECT-- b\n1# c", "␀c SELECT␀c\n␀i␀c"),
            ("/*shardgate: primary*/ 1 /*+ x(1) */", "/*shardgate: primary*/ ␀i /*+ x(1) */"),
            ("/*!50001 1*/ /*!99999 1*/", "/*!50001 ␀i*/ /*!99999 1*/"),
            ("`1`.t1 @'1' @@x.1", "`1`.t1 @'1' @@x.1"),
            ("?", "?"),
        ];
        for (sql, expected) in cases {
            assert_eq!(key(sql), expected, "{sql:?}");
        }
    }

    #[test]
    fn statements_are_told_apart() {
        let plain = Outcome {
            leading: Leading::Other,
            params: 0,
            is_readable: true,
            is_multi_row: false,
            has_several_statements: false,
        };
        let cases = [
            ("", Outcome { leading: Leading::Nothing, ..plain }),
            (" -- x", Outcome { leading: Leading::Nothing, ..plain }),
            ("select ?, ?", Outcome { leading: Leading::Select, params: 2, ..plain }),
            ("/* x */ Update t", Outcome { leading: Leading::Update, ..plain }),
            ("DELETE FROM t;", Outcome { leading: Leading::Delete, ..plain }),
            ("SHOW TABLES; -- x", plain),
            ("BEGIN; COMMIT", Outcome { has_several_statements: true, ..plain }),
            ("SELECT 'x", Outcome { leading: Leading::Select, is_readable: false, ..plain }),
        ];
        for (sql, expected) in cases {
            assert_eq!(read(sql).1, expected, "{sql:?}");
        }
        assert_eq!(read("a;b ;").0.semicolons(), [1, 4]);
    }

    #[test]
    fn large_buffers_are_given_back() {
        let mut shape = Shape::default();
        shape.read(&b"1,".repeat(100_000), Mode::default());
        shape.read(b"1", Mode::default());
        assert!(shape.key.capacity() <= KEPT_KEY && shape.literals.capacity() <= KEPT_LITERALS);
    }

    fn any_literal() -> impl Strategy<Value = (&'static str, String)> {
        prop_oneof![
            "[0-9]{1,6}".prop_map(|text| ("i", text)),
            "[0-9]{0,3}\\.[0-9]{1,4}".prop_map(|text| ("d", text)),
            "[0-9]{1,3}e[-+]?[0-9]{1,2}".prop_map(|text| ("f", text)),
            "'([a-z\"`;#/*?]|''|\\\\.)*'".prop_map(|text| ("s", text)),
            "/\\* [a-z'\"`;]*\\*/".prop_map(|text| ("c", text)),
        ]
    }

    /// The text that a key and the literals of a statement came from.
    fn rebuild(shape: &Shape, sql: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut literals = shape.literals.iter();
        let mut bytes = shape.key.iter();
        while let Some(byte) = bytes.next() {
            if *byte == 0 {
                let literal = literals.next().unwrap();
                assert_eq!(*bytes.next().unwrap(), literal.kind as u8);
                out.extend_from_slice(literal.text(sql));
            } else {
                out.push(*byte);
            }
        }
        out
    }

    proptest! {
        #[test]
        fn statements_that_differ_in_literals_alone_have_one_key(
            parts in proptest::collection::vec(("( a|,|=| `b`|\\(|\\)|\\?|;|/\\*!50001 | @v) ", any_literal(), any_literal()), 1..12),
        ) {
            let one: String = parts.iter().map(|(raw, literal, _)| format!("{raw}{}", literal.1)).collect();
            let same_kinds = parts.iter().all(|(_, literal, other)| literal.0 == other.0);
            let other: String = parts.iter().map(|(raw, literal, other)| {
                format!("{raw}{}", if literal.0 == other.0 { &other.1 } else { &literal.1 })
            }).collect();
            prop_assert_eq!(key(&one), key(&other));
            let third: String = parts.iter().map(|(raw, _, other)| format!("{raw}{}", other.1)).collect();
            prop_assert_eq!(key(&one) == key(&third), same_kinds);
        }

        #[test]
        fn literals_are_those_of_the_lexer(
            sql in "(([-'\"`@#/*!.;:0-9a-zN+$?_é \n]|/\\*!|\\*/|N'|x'|b'|0x|1e| a\\.|_a ){0,30})",
            bits in any::<u8>(),
        ) {
            let mode = Mode {
                ansi_quotes: bits & 1 != 0,
                no_backslash_escapes: bits & 2 != 0,
                charset: if bits & 4 != 0 { Charset::Latin1 } else { Charset::Utf8 },
                ..Mode::default()
            };
            let mut shape = Shape::default();
            let outcome = shape.read(sql.as_bytes(), mode);
            let mut lexer = Lexer::new(sql.as_bytes(), mode);
            let mut pieces = Vec::new();
            while let Some(piece) = lexer.next_piece() {
                pieces.push(piece);
            }
            let count = |kind| pieces.iter().filter(|piece| piece.kind == PieceKind::Token(kind)).count();
            prop_assert_eq!(outcome.params as usize, count(TokenKind::Param));
            prop_assert_eq!(outcome.is_readable, count(TokenKind::Invalid) == 0);
            prop_assert_eq!(shape.semicolons().len(), count(TokenKind::Op(Op::Semicolon)));
            let places = |piece: &crate::sql::lexer::Piece| (piece.start as u32, piece.end as u32);
            let expected: Vec<_> = pieces.iter().filter(|piece| literal_kind(piece.kind, false).is_some()).map(places).collect();
            let found: Vec<_> = shape.literals().iter().map(|literal| (literal.start, literal.end)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn key_and_literals_hold_the_whole_text(sql in "([-'\"`@#/*!.;:0-9a-z+$?\\\\ \n]|/\\*!|\\*/|N'|x')*") {
            let (shape, outcome) = read(&sql);
            prop_assert!(!outcome.is_readable || rebuild(&shape, sql.as_bytes()) == sql.as_bytes());
        }

        #[test]
        fn equal_keys_mean_equal_tokens(
            parts in proptest::collection::vec(("( |,|=|a|\\.|-|/|\\*|x|@|\\(|\n|e|;|/\\*!|\\*/|_)", any_literal(), any_literal()), 1..6),
        ) {
            let one: String = parts.iter().map(|(raw, literal, _)| format!("{raw}{}", literal.1)).collect();
            let other: String = parts.iter().map(|(raw, _, literal)| format!("{raw}{}", literal.1)).collect();
            if read(&one).1.is_readable && read(&other).1.is_readable && key(&one) == key(&other) {
                let kinds = |sql: &str| Lexer::new(sql.as_bytes(), Mode::default()).map(|token| token.kind).collect::<Vec<_>>();
                prop_assert_eq!(kinds(&one), kinds(&other));
            }
        }
    }
}
