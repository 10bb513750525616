//! What a statement does with the texts of an answer that is gathered in the place of a query.
//!
//! As a column of a temporary table a text has another strength than as the value of an expression: beside a text of another
//! collation another one of the two could count (manual, "Collation Coercibility in Expressions"). That does not matter
//! where it meets none.

use crate::sql::parse::ast::Span;
use crate::sql::tokens::{Op, Token, TokenKind, ident};
use crate::sql::{Lexer, Mode};

/// What a text of an answer may meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meets {
    /// It is of a column of a table anyway.
    Anything,
    /// It is shown, or sorted or grouped by.
    Nothing,
    /// Texts of other answers.
    Answers,
    /// What it should not.
    Others,
}

/// The text around the queries that are answered by themselves.
pub(super) struct Around<'a> {
    sql: &'a [u8],
    mode: Mode,
    /// Those outside of all parentheses, and the parentheses themselves.
    tokens: Vec<Token>,
    /// Those in parentheses.
    within: Vec<Token>,
}

/// Where a name stands as `q.m` or `m`: its tokens.
#[derive(Clone, Copy)]
struct Name {
    first: usize,
    last: usize,
}

impl<'a> Around<'a> {
    /// `queries`: where each of them stands.
    pub(super) fn new(sql: &'a [u8], mode: Mode, queries: &[Span]) -> Self {
        let (mut tokens, mut within, mut depth) = (Vec::new(), Vec::new(), 0_u32);
        let is_around =
            |token: &Token| !queries.iter().any(|query| query.start <= token.start && token.end <= query.end);
        for token in Lexer::new(sql, mode).filter(is_around) {
            depth -= u32::from(token.is_op(Op::RParen) && depth > 0);
            if depth == 0 {
                tokens.push(token);
            } else {
                within.push(token);
            }
            depth += u32::from(token.is_op(Op::LParen));
        }
        Self { sql, mode, tokens, within }
    }

    /// What the column of this name meets; `answers`: what answers are called in FROM.
    pub(super) fn of_column(&self, name: &str, answers: &[&str]) -> Meets {
        let is_it = |token: &Token| self.is_name(*token, name);
        if self.within.iter().any(is_it) || self.has_word("NATURAL") {
            return Meets::Others;
        }
        let places = (0..self.tokens.len()).filter(|at| is_it(&self.tokens[*at]) && !self.is_op(at + 1, Op::Dot));
        let met: Vec<Meets> = places.map(|at| self.of_place(self.name_ending(at), answers)).collect();
        [Meets::Others, Meets::Answers].into_iter().find(|kind| met.contains(kind)).unwrap_or(Meets::Nothing)
    }

    /// The same of the value of a query in parentheses that begins here.
    pub(super) fn of_value(&self, from: u32) -> Meets {
        let before = self.tokens.partition_point(|token| token.end <= from);
        let is_value = before > 0
            && self.is_op(before - 1, Op::LParen)
            && self.is_op(before, Op::RParen)
            && !self
                .within
                .iter()
                .any(|token| self.tokens[before - 1].end <= token.start && token.end <= self.tokens[before].start);
        match before.checked_sub(1).filter(|_| is_value) {
            Some(first) if self.is_element(Name { first, last: before }) => Meets::Nothing,
            _ => Meets::Others,
        }
    }

    fn of_place(&self, name: Name, answers: &[&str]) -> Meets {
        if self.is_element(name) || self.is_any_word(name.first.wrapping_sub(1), &["AS"]) {
            return Meets::Nothing;
        }
        let other = if self.is_op(name.last + 1, Op::Eq) {
            self.name_from(name.last + 2).map(|other| (name.first, other, other.last))
        } else if name.first > 1 && self.is_op(name.first - 1, Op::Eq) {
            let other = self.name_ending(name.first - 2);
            Some((other.first, other, name.last))
        } else {
            None
        };
        let Some((first, other, last)) = other else { return Meets::Others };
        let is_qualified = |name: &&str| self.is_name(self.tokens[other.first], name);
        let is_answer = other.first < other.last && answers.iter().any(is_qualified);
        let is_alone = self.is_any_word(first.wrapping_sub(1), &["ON", "AND", "WHERE"]) && !self.has_word("BETWEEN");
        if is_answer && is_alone && self.ends_condition(last + 1) { Meets::Answers } else { Meets::Others }
    }

    /// Whether it is all of a select item, or of what is sorted or grouped by.
    fn is_element(&self, name: Name) -> bool {
        const BEHIND: [&str; 8] = ["FROM", "AS", "ASC", "DESC", "LIMIT", "HAVING", "ORDER", "GROUP"];
        let before = name.first.wrapping_sub(1);
        let behind = name.last + 1;
        (self.is_op(before, Op::Comma) || self.is_any_word(before, &["SELECT", "DISTINCT", "BY"]))
            && (self.ends_item(behind) || self.is_any_word(behind, &BEHIND) || self.is_alias(behind))
    }

    /// Whether it names what is before it.
    fn is_alias(&self, at: usize) -> bool {
        let is_name = |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent);
        self.tokens.get(at).is_some_and(is_name) && (self.ends_item(at + 1) || self.is_any_word(at + 1, &["FROM"]))
    }

    fn ends_item(&self, at: usize) -> bool {
        self.is_end(at) || self.is_op(at, Op::Comma)
    }

    fn ends_condition(&self, at: usize) -> bool {
        const BEHIND: [&str; 12] = [
            "AND",
            "WHERE",
            "GROUP",
            "ORDER",
            "HAVING",
            "LIMIT",
            "JOIN",
            "INNER",
            "LEFT",
            "RIGHT",
            "CROSS",
            "STRAIGHT_JOIN",
        ];
        self.is_end(at) || self.is_any_word(at, &BEHIND)
    }

    fn is_end(&self, at: usize) -> bool {
        at == self.tokens.len() || self.is_op(at, Op::Semicolon)
    }

    /// With its qualifier.
    fn name_ending(&self, last: usize) -> Name {
        let is_qualified = last >= 2 && self.is_op(last - 1, Op::Dot);
        Name { first: if is_qualified { last - 2 } else { last }, last }
    }

    fn name_from(&self, first: usize) -> Option<Name> {
        let last = if self.is_op(first + 1, Op::Dot) { first + 2 } else { first };
        (last < self.tokens.len()).then_some(Name { first, last })
    }

    fn is_name(&self, token: Token, name: &str) -> bool {
        matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent)
            && ident(token, self.sql, self.mode).is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    fn is_op(&self, at: usize, op: Op) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is_op(op))
    }

    fn is_any_word(&self, at: usize, words: &[&str]) -> bool {
        self.tokens.get(at).is_some_and(|token| words.iter().any(|word| token.is_word(self.sql, word)))
    }

    fn has_word(&self, word: &str) -> bool {
        self.tokens.iter().any(|token| token.is_word(self.sql, word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_meet_what_stands_beside_them() {
        for (sql, wanted) in [
            ("SELECT q.m, n FROM (Q) q", Meets::Nothing),
            ("SELECT DISTINCT m FROM (Q) q JOIN t ON t.x = q.n ORDER BY q.`M` DESC, 1", Meets::Nothing),
            ("SELECT n AS m FROM (Q) q GROUP BY m, n HAVING n > 1", Meets::Nothing),
            ("SELECT q.m months, q.m FROM (Q) q LIMIT 3", Meets::Nothing),
            ("SELECT * FROM (Q) q, t", Meets::Nothing),
            ("SELECT m.n, m(1) FROM (Q) m", Meets::Others),
            ("SELECT 1 FROM (Q) q JOIN (Q) r ON q.m = r.m AND q.n = r.n", Meets::Answers),
            ("SELECT 1 FROM (Q) q LEFT JOIN t ON q.n = 1 AND t.x = m WHERE 1", Meets::Others),
            ("SELECT 1 FROM (Q) q LEFT JOIN (Q) r ON q.n = 1 AND m = r.x WHERE 1", Meets::Answers),
            ("SELECT 1 FROM (Q) q JOIN t ON q.m = t.m", Meets::Others),
            ("SELECT 1 FROM (Q) q JOIN (Q) r ON q.m = r.m COLLATE utf8mb4_bin", Meets::Others),
            ("SELECT 1 FROM (Q) q JOIN (Q) r ON q.m = r.m OR 1", Meets::Others),
            ("SELECT 1 FROM (Q) q, (Q) r WHERE 1 BETWEEN 0 AND q.m = r.m", Meets::Others),
            ("SELECT 1 FROM (Q) q JOIN (Q) r USING (m)", Meets::Others),
            ("SELECT 1 FROM (Q) q NATURAL JOIN t", Meets::Others),
            ("SELECT m LIKE 'x' FROM (Q) q", Meets::Others),
            ("SELECT m COLLATE utf8mb4_bin FROM (Q) q", Meets::Others),
            ("SELECT CONCAT(m, 1) FROM (Q) q", Meets::Others),
            ("SELECT 1 FROM (Q) q WHERE m = 'x'", Meets::Others),
            ("SELECT (SELECT m) FROM (Q) q", Meets::Others),
        ] {
            let queries = sql.match_indices("Q)").map(|(at, _)| Span { start: at as u32, end: at as u32 + 1 });
            let queries: Vec<Span> = queries.collect();
            let around = Around::new(sql.as_bytes(), Mode::default(), &queries);
            assert_eq!(around.of_column("m", &["q", "r"]), wanted, "{sql}");
        }
    }

    #[test]
    fn values_meet_nothing_where_they_are_all_of_an_element() {
        for (sql, wanted) in [
            ("SELECT (Q), 1", Meets::Nothing),
            ("SELECT 1, (Q) AS a FROM t", Meets::Nothing),
            ("SELECT 1, (Q) a FROM t", Meets::Nothing),
            ("SELECT 1 FROM t ORDER BY (Q) DESC", Meets::Nothing),
            ("SELECT (Q) = 1", Meets::Others),
            ("SELECT 1 + (Q)", Meets::Others),
            ("SELECT ((Q))", Meets::Others),
            ("SELECT ((Q) + 1)", Meets::Others),
            ("SELECT f((Q))", Meets::Others),
            ("SELECT 1 FROM t WHERE a IN (Q)", Meets::Others),
        ] {
            let at = sql.find("Q)").unwrap_or_default() as u32;
            let around = Around::new(sql.as_bytes(), Mode::default(), &[Span { start: at, end: at + 1 }]);
            assert_eq!(around.of_value(at), wanted, "{sql}");
        }
    }
}
