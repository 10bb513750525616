//! Which tables of `information_schema` name databases and tables, so that ShardGate must put their rows together, and
//! which of the rows a statement can mean.
//!
//! A condition narrows only where it stands alone between ANDs in the WHERE of the block that names the table: then no
//! row that fails it can matter, whatever is joined with what.

use crate::plan::Binding;
use crate::plan::names::Anchor;
use crate::sql::literal::unescape;
use crate::sql::{Lexer, Mode, Op, Token, TokenKind};
use crate::value::Value;

/// The columns of a table that say what its rows are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    pub schema: &'static str,
    pub table: Option<&'static str>,
}

/// Tables about the sessions and rights of ShardGate's clients, and about files, of which they see none.
const OF_SESSIONS: &[&str] = &[
    "PROCESSLIST",
    "USER_PRIVILEGES",
    "SCHEMA_PRIVILEGES",
    "TABLE_PRIVILEGES",
    "COLUMN_PRIVILEGES",
    "FILES",
    "TABLESPACES",
];

/// Whether rows of the `information_schema` table are put together here.
pub fn is_assembled(table: &str) -> bool {
    owner(table).is_some() || OF_SESSIONS.iter().any(|name| name.eq_ignore_ascii_case(table))
}

/// Whether the table tells names, or what one server does, in ways that cannot be put together.
pub fn is_of_one_server(table: &str) -> bool {
    let upper = table.to_ascii_uppercase();
    upper.starts_with("INNODB_") || upper == "TABLESPACES_EXTENSIONS"
}

/// What tells the rows of a table that is about databases.
pub fn owner(table: &str) -> Option<Owner> {
    let of = |schema, table| Some(Owner { schema, table });
    match table.to_ascii_uppercase().as_str() {
        "TABLES"
        | "COLUMNS"
        | "STATISTICS"
        | "VIEWS"
        | "PARTITIONS"
        | "KEY_COLUMN_USAGE"
        | "TABLE_CONSTRAINTS"
        | "TABLE_STATISTICS"
        | "INDEX_STATISTICS"
        | "TABLES_EXTENSIONS"
        | "COLUMNS_EXTENSIONS"
        | "VIEW_ROUTINE_USAGE"
        | "ST_GEOMETRY_COLUMNS" => of("TABLE_SCHEMA", Some("TABLE_NAME")),
        // MySQL's CHECK_CONSTRAINTS do not name their tables.
        "REFERENTIAL_CONSTRAINTS" | "TABLE_CONSTRAINTS_EXTENSIONS" | "CHECK_CONSTRAINTS" => {
            of("CONSTRAINT_SCHEMA", Some("TABLE_NAME"))
        }
        "COLUMN_STATISTICS" => of("SCHEMA_NAME", Some("TABLE_NAME")),
        "GEOMETRY_COLUMNS" => of("F_TABLE_SCHEMA", Some("F_TABLE_NAME")),
        "VIEW_TABLE_USAGE" => of("VIEW_SCHEMA", Some("VIEW_NAME")),
        "TRIGGERS" => of("EVENT_OBJECT_SCHEMA", Some("EVENT_OBJECT_TABLE")),
        "ROUTINES" => of("ROUTINE_SCHEMA", None),
        "PARAMETERS" => of("SPECIFIC_SCHEMA", None),
        "EVENTS" => of("EVENT_SCHEMA", None),
        "SCHEMATA" | "SCHEMATA_EXTENSIONS" => of("SCHEMA_NAME", None),
        _ => None,
    }
}

/// A place of a statement that names such a table.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::plan) struct Reference {
    pub(in crate::plan) table: String,
    /// What its columns are qualified with.
    pub(in crate::plan) alias: String,
    /// All names in the statement, where it can mean only columns that it names.
    pub(in crate::plan) words: Option<Vec<String>>,
    /// The WHERE of its block.
    pub(in crate::plan) filter: Option<(Anchor, Anchor)>,
    /// What DATABASE() is.
    pub(in crate::plan) current: Option<String>,
}

/// The rows and columns that one statement can mean.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// In upper case.
    pub table: String,
    /// Columns of other names are not needed; `None`: all are.
    pub words: Option<Vec<String>>,
    /// Rows of other schemas do not matter.
    pub schema: Option<String>,
    /// Nor do those of other tables.
    pub name: Option<String>,
}

impl Reference {
    pub(in crate::plan) fn wanted(&self, input: &Binding<'_>) -> Wanted {
        let mut wanted =
            Wanted { table: self.table.to_ascii_uppercase(), words: self.words.clone(), schema: None, name: None };
        let Some(((from, to), owner)) = self.filter.zip(owner(&self.table)) else { return wanted };
        let range = from.offset(input.literals)..to.offset(input.literals);
        for (column, value) in self.equalities(input, range) {
            if column.eq_ignore_ascii_case(owner.schema) {
                wanted.schema = Some(value);
            } else if owner.table.is_some_and(|name| column.eq_ignore_ascii_case(name)) {
                wanted.name = Some(value);
            }
        }
        wanted
    }

    /// `column = value` between the ANDs of a condition.
    fn equalities(&self, input: &Binding<'_>, range: std::ops::Range<usize>) -> Vec<(String, String)> {
        let sql = input.sql;
        let all: Vec<Token> = Lexer::new(sql, input.mode).collect();
        let is_before = |token: &&Token| (token.start as usize) < range.start;
        let mut params = all.iter().filter(is_before).filter(|token| token.kind == TokenKind::Param).count();
        let inside = all.iter().filter(|token| token.start as usize >= range.start && token.end as usize <= range.end);
        let mut terms: Vec<Vec<(Token, usize)>> = vec![Vec::new()];
        let mut depth = 0_u32;
        for token in inside {
            match token.kind {
                TokenKind::Op(Op::LParen) => depth += 1,
                TokenKind::Op(Op::RParen) => depth = depth.saturating_sub(1),
                _ => {}
            }
            let is = |word| token.is_word(sql, word);
            // Anything but AND that binds weaker than a comparison, or has an AND of its own.
            if depth == 0 && (["OR", "XOR", "BETWEEN", "CASE"].into_iter().any(is) || is_logical_sign(*token, sql)) {
                return Vec::new();
            }
            if depth == 0 && is("AND") {
                terms.push(Vec::new());
            } else if let Some(term) = terms.last_mut() {
                term.push((*token, params));
            }
            params += usize::from(token.kind == TokenKind::Param);
        }
        terms.iter().filter_map(|term| self.equality(term, input)).collect()
    }

    fn equality(&self, term: &[(Token, usize)], input: &Binding<'_>) -> Option<(String, String)> {
        let at = term.iter().position(|(token, _)| token.is_op(Op::Eq))?;
        let (left, right) = (&term[..at], &term[at + 1..]);
        let one = |column, value| Some((self.column(column, input)?, self.value(value, input)?));
        one(left, right).or_else(|| one(right, left))
    }

    fn column(&self, tokens: &[(Token, usize)], input: &Binding<'_>) -> Option<String> {
        let name = |token: &Token| Some(crate::sql::ident(*token, input.sql, input.mode)?.into_owned());
        match tokens {
            [(column, _)] => name(column),
            [(table, _), (dot, _), (column, _)] if dot.is_op(Op::Dot) => {
                name(table).filter(|table| table.eq_ignore_ascii_case(&self.alias))?;
                name(column)
            }
            _ => None,
        }
    }

    /// A value that is text of ASCII characters: their comparison is known under any collation.
    fn value(&self, tokens: &[(Token, usize)], input: &Binding<'_>) -> Option<String> {
        let bytes = match tokens {
            [(token, param)] => match token.kind {
                TokenKind::String { .. } => unescape(token.text(input.sql), input.mode).into_owned(),
                TokenKind::Param => match input.params.get(*param)? {
                    Value::Text { bytes, .. } => bytes.to_vec(),
                    _ => return None,
                },
                _ => return None,
            },
            [(function, _), (open, _), (close, _)] if open.is_op(Op::LParen) && close.is_op(Op::RParen) => {
                let is = |word| function.is_word(input.sql, word);
                if !is("DATABASE") && !is("SCHEMA") {
                    return None;
                }
                self.current.clone()?.into_bytes()
            }
            _ => return None,
        };
        let text = String::from_utf8(bytes).ok().filter(|text| text.is_ascii())?;
        Some(text.trim_end_matches(' ').to_owned())
    }
}

fn is_logical_sign(token: Token, sql: &[u8]) -> bool {
    matches!(token.text(sql), b"||" | b"&&" | b"!" | b":=")
}

/// Whether a text names `information_schema`, other than to show it.
pub(in crate::plan) fn names_of(sql: &[u8], mode: Mode) -> Vec<String> {
    let names = crate::sql::parse::mentioned_names(sql, mode).unwrap_or_default();
    let is_there = |name: &crate::sql::parse::ast::TableName| {
        name.database.as_ref().is_some_and(|database| database.text.eq_ignore_ascii_case("information_schema"))
    };
    names.into_iter().filter(is_there).map(|name| name.table.text).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::plan::tests::example_schema;
    use crate::sql::Shape;
    use crate::value::Charset;

    /// What is wanted of `t`, by the condition of `SELECT * FROM t WHERE condition`.
    fn wanted(condition: &str) -> (Option<String>, Option<String>) {
        let sql = format!("SELECT '?', ? FROM t WHERE {condition}");
        let schema = example_schema(false);
        let shape = Shape::of(sql.as_bytes(), Mode::default());
        let anchor = |offset: usize| Anchor::new(offset as u32, shape.literals());
        let from = sql.len() - condition.len();
        let reference = Reference {
            table: "tables".to_owned(),
            alias: "t".to_owned(),
            words: None,
            filter: Some((anchor(from), anchor(sql.len()))),
            current: Some("shop".to_owned()),
        };
        let text = |text: &'static str| Value::Text { bytes: text.as_bytes().into(), charset: Charset::Utf8 };
        let params = [Value::Int(1), text("given"), Value::Int(3)];
        let (sql, mode) = (sql.as_bytes(), Mode::default());
        let input = Binding { schema: &schema, sql, literals: shape.literals(), params: &params, mode };
        let wanted = reference.wanted(&input);
        (wanted.schema, wanted.name)
    }

    #[test]
    fn equalities_narrow() {
        let some = |text: &str| Some(text.to_owned());
        let cases = [
            ("TABLE_SCHEMA = 'a' AND t.table_name = 'b '", (some("a"), some("b"))),
            ("`table_schema` = DATABASE() AND x > 1", (some("shop"), None)),
            ("'a' = T.Table_Schema", (some("a"), None)),
            ("table_schema = ? AND table_name = ?", (some("given"), None)),
            ("(table_schema = 'a')", (None, None)),
            ("x.table_schema = 'a'", (None, None)),
            ("table_schema = 'a' OR 1", (None, None)),
            ("table_schema = 'a' || 1", (None, None)),
            ("NOT table_schema = 'a'", (None, None)),
            ("1 BETWEEN 0 AND table_schema = 'a'", (None, None)),
            ("CASE WHEN 1 AND table_schema = 'a' AND 1 THEN 0 END", (None, None)),
            ("table_schema = 'a' COLLATE utf8mb3_bin", (None, None)),
            ("table_schema = 'é'", (None, None)),
            ("table_schema = 1", (None, None)),
            ("table_schema = 'a' = 0", (None, None)),
            ("x = (SELECT 1 AND table_schema = 'a') AND table_name = 'b'", (None, some("b"))),
        ];
        for (condition, expected) in cases {
            assert_eq!(wanted(condition), expected, "{condition}");
        }
    }

    #[test]
    fn tables_by_what_they_tell() {
        assert!(is_assembled("tables") && is_assembled("Key_Column_Usage") && is_assembled("PROCESSLIST"));
        assert!(!is_assembled("ENGINES") && !is_assembled("INNODB_TRX"));
        assert!(is_of_one_server("innodb_sys_tables") && !is_of_one_server("TABLES"));
    }
}
