//! Whether an INSERT or REPLACE has more than one row of VALUES: such a statement is split by tokens, not by a plan.

use crate::sql::lexer::Lexer;
use crate::sql::shape::LiteralKind;
use crate::sql::tokens::{Mode, Op, Token, TokenKind};

/// A cheap look at the key of a shape: whether anything like `), (` is in it, without which there is one row at most.
pub(super) fn may_be_several(key: &[u8]) -> bool {
    memchr::memchr_iter(b')', key).any(|at| {
        let mut rest = key[at + 1..].trim_ascii_start();
        while let Some(after) = rest.strip_prefix(&[0, LiteralKind::Comment as u8]) {
            rest = after.trim_ascii_start();
        }
        // A comment that is in the key may hide a comma; so may a space of another character set.
        matches!(rest, [b',' | 0x80.., ..] | [b'/', b'*', ..])
    })
}

/// Whether the INSERT or REPLACE has a second row; reads no further than that.
pub(super) fn are_several(sql: &[u8], mode: Mode) -> bool {
    let mut rows = Rows::Before { depth: 0 };
    for token in Lexer::new(sql, mode) {
        rows = rows.after(token, sql);
        if matches!(rows, Rows::Several | Rows::Over) {
            break;
        }
    }
    rows == Rows::Several
}

/// Where in the statement the pass is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// VALUES has not come yet.
    Before {
        depth: u32,
    },
    /// Outside of the rows, after none or one of them; the next may begin if `separated`.
    Between {
        seen_one: bool,
        separated: bool,
    },
    /// In the first row.
    Inside {
        depth: u32,
    },
    /// After the only row.
    Over,
    Several,
}

impl Rows {
    fn after(self, token: Token, sql: &[u8]) -> Self {
        match (self, token.kind) {
            (Self::Before { depth }, TokenKind::Op(Op::LParen)) => Self::Before { depth: depth + 1 },
            (Self::Before { depth }, TokenKind::Op(Op::RParen)) => Self::Before { depth: depth.saturating_sub(1) },
            (Self::Before { depth: 0 }, _) if token.is_word(sql, "VALUES") || token.is_word(sql, "VALUE") => {
                Self::Between { seen_one: false, separated: true }
            }
            (Self::Between { seen_one: true, separated: true }, TokenKind::Op(Op::LParen)) => Self::Several,
            (Self::Between { seen_one: false, .. }, TokenKind::Op(Op::LParen)) => Self::Inside { depth: 1 },
            (Self::Between { seen_one, .. }, TokenKind::Op(Op::Comma)) => Self::Between { seen_one, separated: true },
            (Self::Between { .. }, _) if token.is_word(sql, "ROW") => self,
            // The name of a table or column was taken for the keyword.
            (Self::Between { seen_one: false, .. }, _) => Self::Before { depth: 0 },
            (Self::Between { .. }, _) if token.is_word(sql, "VALUES") || token.is_word(sql, "VALUE") => {
                Self::Between { seen_one: false, separated: true }
            }
            (Self::Between { .. }, _) => Self::Over,
            (Self::Inside { depth: 1 }, TokenKind::Op(Op::RParen)) => {
                Self::Between { seen_one: true, separated: false }
            }
            (Self::Inside { depth }, TokenKind::Op(Op::RParen)) => Self::Inside { depth: depth - 1 },
            (Self::Inside { depth }, TokenKind::Op(Op::LParen)) => Self::Inside { depth: depth + 1 },
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::shape::Shape;

    #[test]
    fn rows_of_an_insert_are_counted() {
        let several = [
            "INSERT INTO t VALUES (1),(2)",
            "replace t (a, b) value (1, (2)) , (3, 4)",
            "INSERT t VALUES ROW(1), ROW(2)",
            "INSERT INTO t VALUES (),()",
            "INSERT INTO t VALUES (1) /* x */ -- y\n, (2)",
            "INSERT INTO t VALUES (1) /*! , */ (2)",
            "INSERT INTO t VALUES (1) /*+ x */, (2)",
        ];
        let one = [
            "INSERT INTO t VALUES (1, (2), f(3))",
            "INSERT INTO t (value, `values`) VALUES (1, 2)",
            "INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a), b = (2)",
            "INSERT INTO t VALUES (1) AS n(a) ON DUPLICATE KEY UPDATE a = n.a, b = (1)",
            "INSERT INTO t VALUES (1) RETURNING a, (b)",
            "INSERT INTO t SET value = (1), b = (2)",
            "INSERT INTO t SELECT (1), (2)",
        ];
        for sql in several {
            let mut shape = Shape::default();
            assert!(shape.read(sql.as_bytes(), Mode::default()).is_multi_row, "{sql}");
            assert!(are_several(sql.as_bytes(), Mode::default()), "{sql}");
        }
        for sql in one {
            assert!(!are_several(sql.as_bytes(), Mode::default()), "{sql}");
        }
    }
}
