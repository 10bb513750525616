//! Names in stored programs that can be tables': their parameters, variables, columns and labels may be called as tables
//! are. A program's text is not parsed; each word stands where a table can be named, or it does not. In doubt it does.

use super::ast::TableName;
use super::cursor::Tokens;
use super::qualifier;
use crate::sql::tokens::{Op, TokenKind};

/// Tokens at the beginning that are looked at for what is created.
const MAX_HEAD: usize = 24;

/// After these a table is named, and after a comma another one; or, where they stand in parentheses, there.
const LISTS: [&str; 6] = ["FROM", "JOIN", "STRAIGHT_JOIN", "UPDATE", "DELETE", "USING"];

/// The same, but for the parentheses: those hold columns.
const NAMES: [&str; 8] = ["TABLE", "TABLES", "INSERT", "REPLACE", "REFERENCES", "TRUNCATE", "HANDLER", "VIEW"];

/// One table may be named behind these, in whatever clause they stand.
const ONES: [&str; 5] = ["ON", "LIKE", "DESC", "DESCRIBE", "EXPLAIN"];

/// Words between those and the name.
const BETWEEN: [&str; 15] = [
    "INTO",
    "IGNORE",
    "LOW_PRIORITY",
    "HIGH_PRIORITY",
    "DELAYED",
    "QUICK",
    "IF",
    "NOT",
    "EXISTS",
    "ONLY",
    "LOCAL",
    "LATERAL",
    "TEMPORARY",
    "EXTENDED",
    "NO_WRITE_TO_BINLOG",
];

/// What ends a list of tables.
const ENDS: [&str; 22] = [
    "SELECT",
    "SET",
    "WHERE",
    "GROUP",
    "ORDER",
    "HAVING",
    "LIMIT",
    "VALUES",
    "VALUE",
    "WINDOW",
    "FOR",
    "DO",
    "THEN",
    "ELSE",
    "BEGIN",
    "END",
    "DECLARE",
    "RETURN",
    "RETURNING",
    "CALL",
    "INTO",
    "DUPLICATE",
];

/// In the parentheses behind these, FROM leads to a value.
const CALLS: [&str; 5] = ["EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "MID"];

/// Words of statements that change something, or of which it is not known; some are functions too.
const WRITES: [&str; 16] = [
    "ALTER", "CALL", "CREATE", "DELETE", "DROP", "EXECUTE", "HANDLER", "INSERT", "LOAD", "LOCK", "PREPARE", "RENAME",
    "REPLACE", "SHARE", "TRUNCATE", "UPDATE",
];

/// CREATE, ALTER or DROP of a stored function or procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routine {
    pub creates: bool,
    pub name: TableName,
    /// It may be more than reading.
    pub may_write: bool,
}

/// What may be named here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clause {
    Tables,
    /// Not in parentheses.
    Names,
    /// The arguments of one of [`CALLS`].
    Arguments,
    Others,
}

/// The function or procedure that the statement is about. `None` also for functions of a library, which are a server's.
pub(super) fn routine(tokens: &Tokens<'_>) -> Option<Routine> {
    let told = match tokens.is_any_word(0, &["ALTER", "DROP"]) {
        true => 1,
        false if is_program(tokens) => (1..MAX_HEAD).find(|at| tokens.is_any_word(*at, &["PROCEDURE", "FUNCTION"]))?,
        false => return None,
    };
    let is_library = (0..tokens.list.len()).any(|at| tokens.is_word(at, "SONAME"));
    if !tokens.is_any_word(told, &["PROCEDURE", "FUNCTION"]) || is_library {
        return None;
    }
    let mut at = told + 1;
    while tokens.is_any_word(at, &["IF", "NOT", "EXISTS"]) {
        at += 1;
    }
    at += if tokens.is_op(at + 1, Op::Dot) { 2 } else { 0 };
    let name = TableName { database: qualifier(tokens, at), table: tokens.ident(at).ok()? };
    let is_call = |at: usize| tokens.is_op(at + 1, Op::LParen);
    let may_write = (at + 1..tokens.list.len()).any(|at| tokens.is_any_word(at, &WRITES) && !is_call(at));
    Some(Routine { creates: tokens.is_word(0, "CREATE"), name, may_write })
}

/// Whether a stored program is created or altered.
pub(super) fn is_program(tokens: &Tokens<'_>) -> bool {
    if !tokens.is_any_word(0, &["CREATE", "ALTER"]) {
        return false;
    }
    let others = ["TABLE", "VIEW", "INDEX", "TEMPORARY", "UNIQUE", "DATABASE", "SCHEMA", "SERVER", "SEQUENCE"];
    let is_told = |at: &usize| tokens.is_any_word(*at, &["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"]);
    let told = (1..MAX_HEAD).find(is_told);
    told.is_some_and(|told| !(1..told).any(|at| tokens.is_any_word(at, &others)))
}

/// Those of the names that stand where a table can; of a pair with a dot, always.
pub(super) fn tables(tokens: &Tokens<'_>, names: Vec<TableName>) -> Vec<TableName> {
    let places = places(tokens);
    let is_table = |name: &TableName| name.database.is_some() || places.contains(&name.table.span.start);
    names.into_iter().filter(is_table).collect()
}

/// Where tables can be named.
fn places(tokens: &Tokens<'_>) -> Vec<u32> {
    let (mut clause, mut is_due) = (Clause::Others, false);
    let mut outer = Vec::new();
    let mut places = Vec::new();
    for at in 0..tokens.list.len() {
        match tokens.list[at].kind {
            TokenKind::Op(Op::LParen) => {
                outer.push(clause);
                clause = match clause {
                    _ if at > 0 && tokens.is_any_word(at - 1, &CALLS) => Clause::Arguments,
                    Clause::Tables => Clause::Tables,
                    Clause::Names | Clause::Arguments | Clause::Others => Clause::Others,
                };
                is_due = clause == Clause::Tables;
            }
            TokenKind::Op(Op::RParen) => {
                clause = outer.pop().unwrap_or(Clause::Others);
                is_due = false;
            }
            TokenKind::Op(Op::Comma) => is_due = matches!(clause, Clause::Tables | Clause::Names),
            TokenKind::Op(Op::Semicolon) => {
                outer.clear();
                (clause, is_due) = (Clause::Others, false);
            }
            TokenKind::Word if clause == Clause::Arguments => is_due = false,
            TokenKind::Word if tokens.is_any_word(at, &LISTS) => {
                // ON DUPLICATE KEY UPDATE
                let sets = at > 0 && tokens.is_any_word(at - 1, &["KEY"]);
                clause = if sets { Clause::Others } else { Clause::Tables };
                is_due = !sets;
            }
            TokenKind::Word if tokens.is_any_word(at, &NAMES) => (clause, is_due) = (Clause::Names, true),
            TokenKind::Word if tokens.is_any_word(at, &ONES) => is_due = true,
            TokenKind::Word if is_due && tokens.is_any_word(at, &BETWEEN) => {}
            TokenKind::Word if tokens.is_any_word(at, &ENDS) => (clause, is_due) = (Clause::Others, false),
            TokenKind::Word | TokenKind::QuotedIdent => {
                if is_due {
                    places.push(tokens.list[at].start);
                }
                is_due = false;
            }
            _ => is_due = false,
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use crate::sql::parse::mentioned_tables;
    use crate::sql::tokens::Mode;

    #[test]
    fn programs_name_tables_only_where_tables_stand() {
        let cases: [(&str, &[&str]); 10] = [
            ("CREATE PROCEDURE p(OUT o INT, users INT) BEGIN SET o = 42, @x = users; END", &[]),
            (
                "CREATE PROCEDURE p() BEGIN CREATE TEMPORARY TABLE leak (a INT, b INT); DROP TABLE leak, more; END",
                &["leak", "leak", "more"],
            ),
            (
                "CREATE FUNCTION f(x INT) RETURNS INT RETURN (SELECT MAX(a) FROM u, (v, w) JOIN y ON a = b, z WHERE c IN (d, e))",
                &["u", "v", "w", "y", "a", "z"],
            ),
            ("CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = b", &["x", "a"]),
            (
                "CREATE DEFINER = `a`@`b` PROCEDURE p() INSERT IGNORE INTO t (a, b) SELECT c, d FROM s ON DUPLICATE KEY UPDATE e = f",
                &["t", "s"],
            ),
            (
                "CREATE PROCEDURE p() BEGIN DECLARE n INT; SELECT COUNT(*) INTO n FROM t LIMIT 1; UPDATE a x, b SET c = d; END",
                &["t", "a", "b"],
            ),
            ("CREATE PROCEDURE p() DELETE QUICK t, u FROM t JOIN u USING (id)", &["t", "u", "t", "u", "id"]),
            ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO TRUNCATE TABLE t", &["SCHEDULE", "t"]),
            ("CREATE PROCEDURE p() SELECT users FROM shop.items", &["shop", "items"]),
            ("CREATE PROCEDURE p() SELECT * FROM (SELECT 1 FROM d WHERE e) q, r", &["d", "r"]),
        ];
        for (sql, expected) in cases {
            let names = mentioned_tables(sql.as_bytes(), Mode::default()).unwrap_or_default();
            let names: Vec<&str> = names.iter().map(|name| name.table.text.as_str()).collect();
            assert_eq!(names, expected, "{sql}");
        }
    }
}
