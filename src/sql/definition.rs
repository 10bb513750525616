//! The columns that a CREATE TABLE defines, as servers write it down (SHOW CREATE TABLE, dumps): names, types, and what
//! decides how values are stored. Whatever else a column has is passed over.

use crate::sql::lexer::Lexer;
use crate::sql::tokens::{self, Mode, Op, Token, TokenKind};

/// One column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// In lower case, without what stands in parentheses.
    pub data_type: String,
    /// The number in parentheses behind the type, if there is one.
    pub length: Option<u64>,
    /// All that stands in those parentheses, as it is written.
    pub arguments: String,
    pub is_unsigned: bool,
    pub is_nullable: bool,
    pub is_generated: bool,
    pub is_invisible: bool,
    pub auto_increment: bool,
    /// The column's own, or the table's. `None`: not told.
    pub collation: Option<String>,
}

/// Whether the table may have columns that the statement does not define: those of a query.
pub fn has_more(sql: &[u8], mode: Mode) -> bool {
    Lexer::new(sql, mode).any(|token| token.is_word(sql, "SELECT"))
}

/// The number that the statement has AUTO_INCREMENT go on with: the table's option, or 1 of TRUNCATE.
pub fn first_number(sql: &[u8], mode: Mode) -> Option<u64> {
    let tokens: Vec<Token> = Lexer::new(sql, mode).collect();
    if tokens.first()?.is_word(sql, "TRUNCATE") {
        return Some(1);
    }
    let mut depth = 0_u32;
    let mut found = None;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Op(Op::LParen) => depth += 1,
            TokenKind::Op(Op::RParen) => depth = depth.saturating_sub(1),
            _ if depth == 0 && token.is_word(sql, "AUTO_INCREMENT") => {
                let behind = tokens[at + 1..].iter().find(|token| !token.is_op(Op::Eq));
                let number = behind.and_then(|token| std::str::from_utf8(token.text(sql)).ok()?.parse().ok());
                found = number.or(found);
            }
            _ => {}
        }
    }
    found
}

/// Whether it is CREATE OR REPLACE.
pub fn replaces(sql: &[u8], mode: Mode) -> bool {
    let mut tokens = Lexer::new(sql, mode);
    ["CREATE", "OR", "REPLACE"].iter().all(|word| tokens.next().is_some_and(|token| token.is_word(sql, word)))
}

/// The columns; none if the statement is not of that form.
pub fn columns(sql: &[u8], mode: Mode) -> Vec<Column> {
    let tokens: Vec<Token> = Lexer::new(sql, mode).collect();
    let Some(open) = tokens.iter().position(|token| token.is_op(Op::LParen)) else { return Vec::new() };
    let (mut columns, mut element, mut depth) = (Vec::new(), Vec::new(), 1);
    let mut rest = tokens[open + 1..].iter();
    for token in rest.by_ref() {
        match token.kind {
            TokenKind::Op(Op::LParen) => depth += 1,
            TokenKind::Op(Op::RParen) => depth -= 1,
            _ => {}
        }
        if depth == 0 || depth == 1 && token.is_op(Op::Comma) {
            columns.extend(column(&element, sql, mode));
            element.clear();
        } else {
            element.push(*token);
        }
        if depth == 0 {
            break;
        }
    }
    let options: Vec<Token> = rest.copied().collect();
    let of_table = named(&options, sql, &["COLLATE"]);
    for column in columns.iter_mut().filter(|column: &&mut Column| column.collation.is_none()) {
        column.collation.clone_from(&of_table);
    }
    columns
}

/// Words that begin an element that is no column, unless they are quoted.
const OTHERS: [&str; 10] =
    ["PRIMARY", "KEY", "UNIQUE", "INDEX", "CONSTRAINT", "FULLTEXT", "SPATIAL", "CHECK", "FOREIGN", "PERIOD"];

fn column(element: &[Token], sql: &[u8], mode: Mode) -> Option<Column> {
    let (first, rest) = element.split_first()?;
    if OTHERS.iter().any(|word| first.is_word(sql, word)) {
        return None;
    }
    let name = tokens::ident(*first, sql, mode)?.into_owned();
    let data_type = String::from_utf8_lossy(rest.first()?.text(sql)).to_ascii_lowercase();
    let length = match rest.get(1..3) {
        Some([open, digits]) if open.is_op(Op::LParen) => std::str::from_utf8(digits.text(sql)).ok()?.parse().ok(),
        _ => None,
    };
    let close = rest.iter().position(|token| token.is_op(Op::RParen));
    let arguments = match (rest.get(1).filter(|open| open.is_op(Op::LParen)), close.map(|close| &rest[close])) {
        (Some(open), Some(close)) => {
            String::from_utf8_lossy(&sql[open.end as usize..close.start as usize]).into_owned()
        }
        _ => String::new(),
    };
    let has = |words: &[&str]| {
        rest.windows(words.len()).any(|some| some.iter().zip(words).all(|(token, word)| token.is_word(sql, word)))
    };
    let is_binary = named(rest, sql, &["CHARSET"]).or_else(|| named(rest, sql, &["SET"])).is_some();
    Some(Column {
        name,
        data_type,
        length,
        arguments,
        is_unsigned: has(&["UNSIGNED"]),
        is_nullable: !has(&["NOT", "NULL"]),
        is_generated: has(&["GENERATED"]) || has(&["AS"]),
        is_invisible: has(&["INVISIBLE"]),
        auto_increment: has(&["AUTO_INCREMENT"]),
        collation: named(rest, sql, &["COLLATE"]).or_else(|| is_binary.then(String::new)),
    })
}

/// The name behind these words, and behind `=`.
fn named(tokens: &[Token], sql: &[u8], words: &[&str]) -> Option<String> {
    let at = tokens
        .windows(words.len())
        .position(|some| some.iter().zip(words).all(|(token, word)| token.is_word(sql, word)))?;
    let mut behind = tokens[at + words.len()..].iter().filter(|token| !token.is_op(Op::Eq));
    behind.next().map(|token| String::from_utf8_lossy(token.text(sql)).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_as_servers_write_them() {
        let sql = b"CREATE TABLE `t` (\n  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,\n  `primary` varchar(40) COLLATE \
            utf8mb4_bin DEFAULT 'a, (b',\n  `c` char(3) CHARACTER SET latin1 NOT NULL,\n  `d` decimal(10,2) GENERATED ALWAYS AS \
            (`id` * 2) VIRTUAL,\n  `e` enum('x','y') DEFAULT NULL COMMENT 'NOT NULL',\n  PRIMARY KEY (`id`),\n  KEY `k` (`c`)\n) \
            ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci";
        let columns = columns(sql, Mode::default());
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["id", "primary", "c", "d", "e"]);
        assert!(columns[0].is_unsigned && columns[0].auto_increment && !columns[0].is_nullable);
        assert_eq!((columns[1].data_type.as_str(), columns[1].length), ("varchar", Some(40)));
        assert_eq!(columns[1].collation.as_deref(), Some("utf8mb4_bin"));
        assert_eq!((columns[3].arguments.as_str(), columns[4].arguments.as_str()), ("10,2", "'x','y'"));
        assert_eq!(columns[2].collation.as_deref(), Some(""));
        assert!(columns[3].is_generated && columns[4].is_nullable);
        assert_eq!(columns[4].collation.as_deref(), Some("utf8mb4_general_ci"));
    }

    #[test]
    fn what_defines_no_columns_has_none() {
        assert!(columns(b"CREATE TABLE a LIKE b", Mode::default()).is_empty());
        assert!(columns(b"CREATE TABLE a (KEY (x", Mode::default()).is_empty());
    }

    #[test]
    fn the_first_number_is_the_tables_option() {
        let first = |sql: &str| first_number(sql.as_bytes(), Mode::default());
        assert_eq!(first("TRUNCATE TABLE t"), Some(1));
        assert_eq!(
            first("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB AUTO_INCREMENT=7 COMMENT 'x'"),
            Some(7)
        );
        assert_eq!(first("ALTER TABLE t MODIFY id BIGINT AUTO_INCREMENT, AUTO_INCREMENT 12"), Some(12));
        assert_eq!(first("ALTER TABLE t ADD id INT AUTO_INCREMENT PRIMARY KEY"), None);
        assert_eq!(first("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY)"), None);
    }
}
