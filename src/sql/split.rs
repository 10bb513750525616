//! Several statements in one text, cut at the `;` between them.
//!
//! A `;` in the body of a stored routine, trigger or event, or in a compound statement, is none of them: the words
//! that open and close such bodies are counted. Where that count goes wrong the pieces are such that the server refuses
//! them, not such that it runs something else: a body cut short is a syntax error.

use std::ops::Range;

use crate::sql::lexer::Lexer;
use crate::sql::tokens::{Mode, Op, Token, TokenKind};

/// The statements of `sql` as byte ranges, without the `;` and the spaces around. Between two `;` an empty range stands
/// for the empty statement that the server refuses; at the end of the text there is none. A statement may consist of
/// comments only.
pub fn statements(sql: &[u8], mode: Mode) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    let mut body = Body::default();
    for token in Lexer::new(sql, mode) {
        if token.is_op(Op::Semicolon) && body.depth == 0 {
            ranges.push(trimmed(sql, start..token.start as usize));
            start = token.end as usize;
            body = Body::default();
        } else {
            body.note(token, sql);
        }
    }
    ranges.push(trimmed(sql, start..sql.len()));
    while ranges.last().is_some_and(Range::is_empty) {
        ranges.pop();
    }
    ranges
}

fn trimmed(sql: &[u8], range: Range<usize>) -> Range<usize> {
    let text = &sql[range.clone()];
    let start = range.start + (text.len() - text.trim_ascii_start().len());
    start..start + text.trim_ascii().len()
}

/// How deep the tokens so far are in a compound statement.
#[derive(Debug, Default)]
struct Body {
    kind: Kind,
    depth: u32,
    before: Before,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No token yet.
    #[default]
    Unknown,
    /// CREATE or ALTER, of what is not known yet.
    Definition,
    /// BEGIN: a transaction, or BEGIN NOT ATOMIC.
    Begin,
    Compound,
    Plain,
}

/// What the last token was.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// What a statement of a body can follow.
    #[default]
    Start,
    /// What the body itself can follow, in the head of a routine.
    Head,
    End,
    Other,
}

impl Body {
    fn note(&mut self, token: Token, sql: &[u8]) {
        let word = if token.kind == TokenKind::Word { token.text(sql) } else { &[] };
        let is = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
        match self.kind {
            Kind::Plain => return,
            Kind::Unknown => self.begin(&is),
            Kind::Definition => {
                if is(&["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"]) {
                    self.kind = Kind::Compound;
                } else if is(&["TABLE", "VIEW", "INDEX", "DATABASE", "SCHEMA", "USER", "ROLE", "SERVER", "SEQUENCE"]) {
                    self.kind = Kind::Plain;
                }
            }
            Kind::Begin => {
                self.kind = if is(&["NOT"]) { Kind::Compound } else { Kind::Plain };
                self.depth = u32::from(self.kind == Kind::Compound);
            }
            Kind::Compound => self.count(&is),
        }
        self.before = before(token, &is);
    }

    fn begin(&mut self, is: &impl Fn(&[&str]) -> bool) {
        self.kind = if is(&["CREATE", "ALTER"]) {
            Kind::Definition
        } else if is(&["BEGIN"]) {
            Kind::Begin
        } else if is(&["IF", "CASE", "WHILE", "REPEAT", "LOOP", "FOR"]) {
            self.depth = 1;
            Kind::Compound
        } else {
            Kind::Plain
        };
    }

    fn count(&mut self, is: &impl Fn(&[&str]) -> bool) {
        let begins = match self.before {
            Before::End => return,
            Before::Start => true,
            Before::Head => self.depth == 0,
            Before::Other => false,
        };
        let opens = is(&["BEGIN", "CASE"]) || (begins && is(&["IF", "LOOP", "WHILE", "REPEAT", "FOR"]));
        if opens {
            self.depth += 1;
        } else if is(&["END"]) {
            self.depth = self.depth.saturating_sub(1);
        }
    }
}

fn before(token: Token, is: &impl Fn(&[&str]) -> bool) -> Before {
    match token.kind {
        TokenKind::Op(Op::Semicolon | Op::Colon) => Before::Start,
        TokenKind::Op(Op::RParen) => Before::Head,
        TokenKind::Word if is(&["END"]) => Before::End,
        TokenKind::Word if is(&["THEN", "ELSE", "DO", "LOOP", "REPEAT", "BEGIN"]) => Before::Start,
        TokenKind::Word if is(&["ROW", "DETERMINISTIC", "DATA", "SQL", "INVOKER", "DEFINER"]) => Before::Head,
        _ => Before::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(sql: &str) -> Vec<&str> {
        statements(sql.as_bytes(), Mode::default()).into_iter().map(|range| &sql[range]).collect()
    }

    #[test]
    fn statements_are_cut_at_semicolons() {
        let cases: [(&str, &[&str]); 12] = [
            ("", &[]),
            (" ; ", &[]),
            ("SELECT 1", &["SELECT 1"]),
            ("SELECT 1 ; SELECT 2;", &["SELECT 1", "SELECT 2"]),
            ("SELECT ';'; SELECT `;` -- ;\n, 1; # ;", &["SELECT ';'", "SELECT `;` -- ;\n, 1", "# ;"]),
            ("SELECT 1;; SELECT 2", &["SELECT 1", "", "SELECT 2"]),
            ("; SELECT 1", &["", "SELECT 1"]),
            ("BEGIN; SELECT 1; COMMIT", &["BEGIN", "SELECT 1", "COMMIT"]),
            (
                "SELECT CASE 1 WHEN 1 THEN 2 END; SELECT IF(1,2,3); SELECT 4",
                &["SELECT CASE 1 WHEN 1 THEN 2 END", "SELECT IF(1,2,3)", "SELECT 4"],
            ),
            (
                "CREATE TABLE event (`begin` date, end date); SELECT 1",
                &["CREATE TABLE event (`begin` date, end date)", "SELECT 1"],
            ),
            ("SELECT 'x; SELECT 2", &["SELECT 'x; SELECT 2"]),
            ("SELECT 1; SELECT 'x; y", &["SELECT 1", "SELECT 'x; y"]),
        ];
        for (sql, expected) in cases {
            assert_eq!(split(sql), expected, "{sql}");
        }
    }

    #[test]
    fn bodies_stay_whole() {
        let bodies = [
            "CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; ELSEIF b THEN SELECT 2; END IF; SELECT IF(1,2,3); END",
            "CREATE DEFINER=`a`@`b` PROCEDURE IF NOT EXISTS p() BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; END",
            "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SET NEW.a = 1; SET NEW.b = 2; END",
            "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW IF NEW.a THEN SET NEW.b = 1; END IF",
            "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = 1",
            "CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN IF(a, 1, 2)",
            "CREATE FUNCTION f() RETURNS INT BEGIN DECLARE x INT; w: WHILE x DO SET x = 1; END WHILE w; RETURN x; END",
            "CREATE PROCEDURE p() BEGIN l: LOOP LEAVE l; END LOOP; REPEAT SET @a=1; UNTIL 1 END REPEAT; SELECT 1; END",
            "CREATE PROCEDURE p() BEGIN CASE a WHEN 1 THEN SELECT 1; ELSE BEGIN END; END CASE; SELECT 3; END",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t; DELETE FROM u; END",
            "CREATE PROCEDURE p() SELECT 1",
            "BEGIN NOT ATOMIC SELECT 1; SELECT 2; END",
            "IF 1 THEN SELECT 1; SELECT 2; END IF",
            "CREATE PROCEDURE p() BEGIN FOR i IN 1..2 DO SELECT i; END FOR; END",
        ];
        for body in bodies {
            assert_eq!(split(&format!("{body}; SELECT 4;")), [body, "SELECT 4"]);
        }
    }

    proptest! {
        #[test]
        fn joined_statements_come_apart_again(
            parts in proptest::collection::vec("(SELECT 1|UPDATE t SET a=';'|BEGIN|/\\* ; \\*/ x|`a;b`|# ;\n1)", 1..8),
        ) {
            let sql = parts.join(" ; ");
            prop_assert_eq!(split(&sql), parts);
        }
    }
}
