//! A place among the tokens of a statement, for grammars that look a few tokens ahead. Clones mark places to return to.

use crate::sql::lexer::Lexer;
use crate::sql::tokens::{Mode, Op, Token, TokenKind, ident};

/// The name of a table as it is written: `t` or `d.t`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableName {
    pub database: Option<String>,
    pub table: String,
}

#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    pub(super) sql: &'a [u8],
    pub(super) mode: Mode,
    lexer: Lexer<'a>,
    next: Option<Token>,
    /// Where the last token that was taken ended.
    taken_to: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(sql: &'a [u8], mode: Mode) -> Self {
        let mut lexer = Lexer::new(sql, mode);
        let next = lexer.next();
        Self { sql, mode, lexer, next, taken_to: 0 }
    }

    pub(super) fn peek(&self) -> Option<Token> {
        self.next
    }

    pub(super) fn take(&mut self) -> Option<Token> {
        let token = self.next?;
        self.next = self.lexer.next();
        self.taken_to = token.end as usize;
        Some(token)
    }

    /// Where the next token begins; the end of the text if there is none.
    pub(super) fn position(&self) -> usize {
        self.next.map_or(self.sql.len(), |token| token.start as usize)
    }

    /// Where the last token that was taken ended.
    pub(super) fn taken_to(&self) -> usize {
        self.taken_to
    }

    /// Whether nothing but semicolons is left.
    pub(super) fn is_at_end(&self) -> bool {
        let mut rest = self.clone();
        while rest.eat_op(Op::Semicolon) {}
        rest.next.is_none()
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.next.is_some_and(|token| token.is_word(self.sql, word))
    }

    pub(super) fn is_op(&self, op: Op) -> bool {
        self.next.is_some_and(|token| token.is_op(op))
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.take();
        }
        found
    }

    /// Takes all of the words, or none.
    pub(super) fn eat_words(&mut self, words: &[&str]) -> bool {
        let start = self.clone();
        let found = words.iter().all(|word| self.eat_word(word));
        if !found {
            *self = start;
        }
        found
    }

    pub(super) fn eat_one_of(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.eat_word(word))
    }

    pub(super) fn eat_op(&mut self, op: Op) -> bool {
        let found = self.is_op(op);
        if found {
            self.take();
        }
        found
    }

    /// Takes a name, quoted or not.
    pub(super) fn eat_ident(&mut self) -> Option<String> {
        let name = ident(self.next?, self.sql, self.mode)?.into_owned();
        self.take();
        Some(name)
    }

    /// Takes `t` or `d.t`.
    pub(super) fn eat_table(&mut self) -> Option<TableName> {
        let first = self.eat_ident()?;
        if !self.eat_op(Op::Dot) {
            return Some(TableName { database: None, table: first });
        }
        self.eat_ident().map(|table| TableName { database: Some(first), table })
    }

    /// Takes digits that fit 64 bits.
    pub(super) fn eat_integer(&mut self) -> Option<u64> {
        let token = self.next.filter(|token| token.kind == TokenKind::Integer)?;
        let number = std::str::from_utf8(token.text(self.sql)).ok()?.parse().ok()?;
        self.take();
        Some(number)
    }

    /// Takes `@x` and gives the name without quotes.
    pub(super) fn eat_user_var(&mut self) -> Option<String> {
        let token = self.next.filter(|token| token.kind == TokenKind::UserVar)?;
        let name = user_var(token, self.sql, self.mode)?;
        self.take();
        Some(name)
    }

    /// Takes all tokens up to a semicolon.
    pub(super) fn take_rest(&mut self) {
        while self.next.is_some() && !self.is_op(Op::Semicolon) {
            self.take();
        }
    }

    /// Takes tokens up to a comma, a semicolon or a closing parenthesis that belongs to what is around.
    pub(super) fn skip_expression(&mut self) {
        let mut depth = 0_u32;
        while let Some(token) = self.next {
            match token.kind {
                TokenKind::Op(Op::LParen) => depth += 1,
                TokenKind::Op(Op::RParen | Op::Comma) if depth == 0 => return,
                TokenKind::Op(Op::RParen) => depth -= 1,
                TokenKind::Op(Op::Semicolon) => return,
                _ => {}
            }
            self.take();
        }
    }
}

/// The name of a user variable, in lower case, because their names compare without case.
pub(super) fn user_var(token: Token, sql: &[u8], mode: Mode) -> Option<String> {
    let text = token.text(sql).strip_prefix(b"@")?;
    let bare = Token { start: token.start + 1, ..token };
    let name = match text.first() {
        Some(b'\'') => decoded_string(text, mode),
        Some(b'"') if !mode.ansi_quotes => decoded_string(text, mode),
        Some(b'`' | b'"') => ident(Token { kind: TokenKind::QuotedIdent, ..bare }, sql, mode).map(Into::into),
        _ => ident(Token { kind: TokenKind::Word, ..bare }, sql, mode).map(Into::into),
    };
    name.map(|name| name.to_lowercase())
}

fn decoded_string(text: &[u8], mode: Mode) -> Option<String> {
    let bytes = crate::sql::literal::unescape(text, mode);
    mode.charset.decode(&bytes).map(|name| name.into_owned())
}
