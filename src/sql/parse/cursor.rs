//! A statement's tokens in a row, with a place in them: what the parser reads from.

use std::cell::RefCell;

use crate::sql::lexer::Lexer;
use crate::sql::split;
use crate::sql::tokens::{self, Mode, Op, Token, TokenKind};

use super::ast::{Ident, Span};
use super::{Problem, Result};

/// Subqueries and parentheses of conditions may be nested so deep. MySQL allows 63 subqueries.
const MAX_DEPTH: u32 = 64;

/// What may follow a query in parentheses within a larger one.
const AFTER_NESTED_QUERY: &[&str] =
    &["UNION", "EXCEPT", "INTERSECT", "MINUS", "ORDER", "LIMIT", "FOR", "LOCK", "INTO", "FETCH", "OFFSET"];

/// All tokens of one statement; parentheses are known to match.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    pub(super) sql: &'a [u8],
    pub(super) mode: Mode,
    pub(super) list: Vec<Token>,
    /// For each opening parenthesis, the index of its closing one; 0 for other tokens.
    close: Vec<u32>,
    /// For each opening parenthesis, whether a query expression is in it.
    has_query: Vec<bool>,
    /// The indexes of all `?`.
    params: Vec<u32>,
    /// Statements are in it, as in the body of a routine.
    pub(super) has_body: bool,
    /// Where strings begin that were read as names.
    pub(super) string_names: RefCell<Vec<u32>>,
    /// The same of strings that are select items without an alias, which are called by what is in them.
    pub(super) string_items: RefCell<Vec<u32>>,
}

impl<'a> Tokens<'a> {
    /// Cuts the statement. A `;` at the end is left out; one before other text is a problem, but in the body of a routine.
    pub(super) fn read(sql: &'a [u8], mode: Mode) -> Result<Self> {
        let mut list: Vec<Token> = Lexer::new(sql, mode).collect();
        while list.last().is_some_and(|token| token.is_op(Op::Semicolon)) {
            list.pop();
        }
        let mut close = vec![0; list.len()];
        let (mut open, mut has_body) = (Vec::new(), false);
        for (index, token) in list.iter().enumerate() {
            match token.kind {
                TokenKind::Op(Op::LParen) => open.push(index),
                TokenKind::Op(Op::RParen) => {
                    let start = open.pop().ok_or(Problem::Syntax(token.start))?;
                    close[start] = index as u32;
                }
                TokenKind::Op(Op::Semicolon) => has_body = true,
                TokenKind::Invalid => return Err(Problem::Syntax(token.start)),
                _ => {}
            }
        }
        if has_body && split::statements(sql, mode).len() > 1 {
            let at = list.iter().find(|token| token.is_op(Op::Semicolon)).map_or(0, |token| token.start);
            return Err(Problem::Syntax(at));
        }
        if !open.is_empty() {
            return Err(Problem::Syntax(sql.len() as u32));
        }
        let params = (0..list.len() as u32).filter(|index| list[*index as usize].kind == TokenKind::Param).collect();
        let has_query = vec![false; list.len()];
        let mut tokens = Self {
            sql,
            mode,
            list,
            close,
            has_query,
            params,
            has_body,
            string_names: RefCell::default(),
            string_items: RefCell::default(),
        };
        tokens.find_queries();
        Ok(tokens)
    }

    /// `(SELECT ..)` holds a query, and so does `((SELECT ..) UNION ..)`, but not `((SELECT ..) + 1)`. From the end to
    /// the start, so that a long row of parentheses costs no more than its length.
    fn find_queries(&mut self) {
        for open in (0..self.list.len()).rev() {
            if self.is_op(open, Op::LParen) {
                let inner = open + 1;
                let behind = self.close_of(inner) + 1;
                self.has_query[open] = self.is_any_word(inner, &["SELECT", "WITH", "TABLE"])
                    || (self.is_op(inner, Op::LParen)
                        && self.has_query[inner]
                        && (behind == self.close_of(open) || self.is_any_word(behind, AFTER_NESTED_QUERY)));
            }
        }
    }

    /// Whether a query expression begins behind the parenthesis at `open`.
    pub(super) fn opens_query(&self, open: usize) -> bool {
        self.has_query.get(open).copied().unwrap_or(false)
    }

    /// The index of the parenthesis that closes the one at `open`.
    pub(super) fn close_of(&self, open: usize) -> usize {
        self.close.get(open).map_or(self.list.len(), |index| *index as usize)
    }

    pub(super) fn kind(&self, index: usize) -> Option<TokenKind> {
        self.list.get(index).map(|token| token.kind)
    }

    pub(super) fn is_op(&self, index: usize, op: Op) -> bool {
        self.kind(index) == Some(TokenKind::Op(op))
    }

    /// Whether the token is this keyword; a name after a dot is none.
    pub(super) fn is_word(&self, index: usize, word: &str) -> bool {
        self.list.get(index).is_some_and(|token| token.is_word(self.sql, word)) && !self.follows_dot(index)
    }

    pub(super) fn is_any_word(&self, index: usize, words: &[&str]) -> bool {
        self.kind(index) == Some(TokenKind::Word) && words.iter().any(|word| self.is_word(index, word))
    }

    fn follows_dot(&self, index: usize) -> bool {
        index > 0 && self.is_op(index - 1, Op::Dot)
    }

    pub(super) fn is_identifier(&self, index: usize) -> bool {
        matches!(self.kind(index), Some(TokenKind::Word | TokenKind::QuotedIdent))
    }

    /// The raw text of a token; empty after the end.
    pub(super) fn text(&self, index: usize) -> &'a [u8] {
        self.list.get(index).map_or(&[], |token| token.text(self.sql))
    }

    /// The identifier at `index`.
    pub(super) fn ident(&self, index: usize) -> Result<Ident> {
        let token = *self.list.get(index).ok_or(Problem::Unknown(self.offset(index)))?;
        let text = tokens::ident(token, self.sql, self.mode).ok_or(Problem::Unknown(token.start))?;
        Ok(Ident { text: text.into_owned(), span: Span { start: token.start, end: token.end } })
    }

    /// Where the token begins; the end of the text after the last one.
    pub(super) fn offset(&self, index: usize) -> u32 {
        self.list.get(index).map_or(self.sql.len() as u32, |token| token.start)
    }

    /// The text of the tokens `from..to`.
    pub(super) fn span(&self, from: usize, to: usize) -> Span {
        if from >= to {
            let at = self.offset(from);
            return Span { start: at, end: at };
        }
        Span { start: self.offset(from), end: self.list.get(to - 1).map_or(self.sql.len() as u32, |token| token.end) }
    }

    /// How many `?` there are before the token.
    pub(super) fn params_before(&self, index: usize) -> u16 {
        self.params.partition_point(|param| (*param as usize) < index) as u16
    }
}

/// A place in the tokens, up to an end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'t, 'a> {
    pub(super) tokens: &'t Tokens<'a>,
    pub(super) at: usize,
    /// The first token that does not belong to what is read.
    pub(super) end: usize,
    /// Levels of nesting that are left.
    depth_left: u32,
}

impl<'t, 'a> Cursor<'t, 'a> {
    pub(super) fn new(tokens: &'t Tokens<'a>) -> Self {
        Self { tokens, at: 0, end: tokens.list.len(), depth_left: MAX_DEPTH }
    }

    /// A cursor over `from..to` of the same tokens, one level deeper.
    pub(super) fn nested(&self, from: usize, to: usize) -> Result<Self> {
        let depth_left = self.depth_left.checked_sub(1).ok_or(Problem::TooDeep)?;
        Ok(Self { tokens: self.tokens, at: from, end: to, depth_left })
    }

    /// A cursor over `from..to` of the same tokens, as deep as this one.
    pub(super) fn within(&self, from: usize, to: usize) -> Self {
        Self { at: from, end: to, ..*self }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.end
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        !self.is_at_end() && self.tokens.is_word(self.at, word)
    }

    pub(super) fn is_any_word(&self, words: &[&str]) -> bool {
        !self.is_at_end() && self.tokens.is_any_word(self.at, words)
    }

    /// Whether these keywords come next.
    pub(super) fn are_words(&self, words: &[&str]) -> bool {
        self.at + words.len() <= self.end
            && words.iter().enumerate().all(|(ahead, word)| self.tokens.is_word(self.at + ahead, word))
    }

    pub(super) fn is_op(&self, op: Op) -> bool {
        !self.is_at_end() && self.tokens.is_op(self.at, op)
    }

    /// Steps over the keyword if it comes next.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    /// Steps over the keywords if they come next.
    pub(super) fn take_words(&mut self, words: &[&str]) -> bool {
        let found = self.are_words(words);
        self.at += if found { words.len() } else { 0 };
        found
    }

    /// Steps over as many of these keywords as come next.
    pub(super) fn skip_words(&mut self, words: &[&str]) {
        while self.is_any_word(words) {
            self.at += 1;
        }
    }

    pub(super) fn take_op(&mut self, op: Op) -> bool {
        let found = self.is_op(op);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.take_word(word) { Ok(()) } else { Err(self.problem()) }
    }

    pub(super) fn expect_op(&mut self, op: Op) -> Result<()> {
        if self.take_op(op) { Ok(()) } else { Err(self.problem()) }
    }

    pub(super) fn expect_end(&self) -> Result<()> {
        if self.is_at_end() { Ok(()) } else { Err(self.problem()) }
    }

    /// The identifier that comes next.
    pub(super) fn take_ident(&mut self) -> Result<Ident> {
        if self.is_at_end() {
            return Err(self.problem());
        }
        let ident = self.tokens.ident(self.at)?;
        self.at += 1;
        Ok(ident)
    }

    /// A cursor over what the parenthesis that comes next encloses; this one steps behind it.
    pub(super) fn take_parenthesised(&mut self) -> Result<Self> {
        if !self.is_op(Op::LParen) {
            return Err(self.problem());
        }
        let close = self.tokens.close_of(self.at);
        let inner = self.nested(self.at + 1, close)?;
        self.at = close + 1;
        Ok(inner)
    }

    /// What is here is not known to this parser.
    pub(super) fn problem(&self) -> Problem {
        Problem::Unknown(self.tokens.offset(self.at))
    }
}
