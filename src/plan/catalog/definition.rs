//! Names of schemas, tables and constraints in a definition as SHOW CREATE TABLE writes it, told from those of columns
//! and keys by where they stand: a column may be called like a physical table.

use crate::sql::Lexer;
use crate::sql::tokens::{Mode, Op, Token, TokenKind};

/// A name, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name<'n> {
    Schema(&'n str),
    Table(&'n str),
    /// Of a foreign key or a CHECK; or of a key, since a foreign key's has its name.
    Constraint(&'n str),
}

/// Whether a text is such a definition.
pub fn is_one(text: &[u8]) -> bool {
    created(text, &tokens(text)).is_some()
}

/// The definition, or a part of one, with the names that `new` gives for its own; `None` if it gives none. A schema's new
/// name is empty where the table is to stand without one.
pub fn renamed(shown: &[u8], new: impl Fn(Name<'_>) -> Option<String>) -> Option<Vec<u8>> {
    let tokens = tokens(shown);
    let created = created(shown, &tokens);
    let mut out = Vec::new();
    let mut done = 0;
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| is_name(token)) {
        let text = name(token.text(shown));
        let is_dot = |token: Option<&Token>| token.is_some_and(|token| token.is_op(Op::Dot));
        let is_qualified = at > 0 && is_dot(tokens.get(at - 1));
        let is_schema = !is_qualified && is_dot(tokens.get(at + 1));
        let given = match &tokens[..at] {
            _ if is_schema => new(Name::Schema(&text)),
            _ if is_qualified || created == Some(at) => new(Name::Table(&text)),
            [.., before] if before.is_word(shown, "REFERENCES") => new(Name::Table(&text)),
            [.., before] if ["CONSTRAINT", "KEY"].iter().any(|word| before.is_word(shown, word)) => {
                new(Name::Constraint(&text))
            }
            before if is_in_union(shown, before) => new(Name::Table(&text)),
            _ => None,
        };
        let Some(given) = given else { continue };
        out.extend_from_slice(&shown[done..token.start as usize]);
        let is_left_out = is_schema && given.is_empty();
        match token.kind {
            _ if is_left_out => {}
            TokenKind::QuotedIdent => write_like(&given, shown[token.start as usize], &mut out),
            _ => out.extend_from_slice(given.as_bytes()),
        }
        done = if is_left_out { tokens[at + 1].end as usize } else { token.end as usize };
    }
    if done == 0 {
        return None;
    }
    out.extend_from_slice(&shown[done..]);
    Some(out)
}

/// Strings are in single quotes whatever the mode, and names may be in double ones.
fn tokens(shown: &[u8]) -> Vec<Token> {
    Lexer::new(shown, Mode { ansi_quotes: true, ..Mode::default() }).collect()
}

/// Where the name is of what a definition creates: behind CREATE [OR REPLACE] [TEMPORARY] TABLE or SEQUENCE.
fn created(shown: &[u8], tokens: &[Token]) -> Option<usize> {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(shown, word));
    let mut at = usize::from(is(0, "CREATE"));
    at += if is(at, "OR") && is(at + 1, "REPLACE") { 2 } else { 0 };
    at += usize::from(is(at, "TEMPORARY"));
    (at > 0 && (is(at, "TABLE") || is(at, "SEQUENCE"))).then_some(at + 1)
}

/// Whether what follows `before` is among the tables of the option UNION=(...).
fn is_in_union(shown: &[u8], before: &[Token]) -> bool {
    let is_listed = |token: &&Token| is_name(token) || token.is_op(Op::Comma);
    let listed = before.iter().rev().take_while(is_listed).count();
    match &before[..before.len() - listed] {
        [.., union, equals, open] => union.is_word(shown, "UNION") && equals.is_op(Op::Eq) && open.is_op(Op::LParen),
        _ => false,
    }
}

fn is_name(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent)
}

fn name(written: &[u8]) -> String {
    let text = String::from_utf8_lossy(written);
    for quote in ["`", "\""] {
        if let Some(inside) = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
            return inside.replace(&quote.repeat(2), quote);
        }
    }
    text.into_owned()
}

/// Writes a name between quotes of this kind.
fn write_like(name: &str, quote: u8, out: &mut Vec<u8>) {
    out.push(quote);
    for byte in name.bytes() {
        out.push(byte);
        out.extend((byte == quote).then_some(quote));
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(name: Name<'_>) -> Option<String> {
        let new = match name {
            Name::Schema("d_0") => "d",
            Name::Schema("d_1") => "",
            Name::Table("t_0" | "t 0") => "t",
            Name::Table("t`0") => "t`",
            Name::Constraint("f@t_0") => "f",
            _ => return None,
        };
        Some(new.to_owned())
    }

    #[test]
    fn names_are_known_by_their_places() {
        let cases = [
            (
                "CREATE TABLE `t_0` (\n  `t_0` int DEFAULT 't_0' COMMENT 't_0 `t_0`',\n  `d_0` int,\n  KEY `t_0` (`t_0`)\n)",
                "CREATE TABLE `t` (\n  `t_0` int DEFAULT 't_0' COMMENT 't_0 `t_0`',\n  `d_0` int,\n  KEY `t_0` (`t_0`)\n)",
            ),
            ("CREATE TEMPORARY TABLE t_0 (t_0 int)", "CREATE TEMPORARY TABLE t (t_0 int)"),
            ("CREATE TABLE \"t_0\" (\"t_0\" int)", "CREATE TABLE \"t\" (\"t_0\" int)"),
            ("CREATE TABLE `d_0`.`t_0` (`t_0` int)", "CREATE TABLE `d`.`t` (`t_0` int)"),
            ("CREATE TABLE `d_1`.`t_0` (`t_0` int)", "CREATE TABLE `t` (`t_0` int)"),
            ("CREATE TABLE `t``0` (`my t_0` int)", "CREATE TABLE `t``` (`my t_0` int)"),
            (
                "KEY `f@t_0` (`t_0`), CONSTRAINT `f@t_0` FOREIGN KEY (`t_0`) REFERENCES `t 0` (`t_0`)",
                "KEY `f` (`t_0`), CONSTRAINT `f` FOREIGN KEY (`t_0`) REFERENCES `t` (`t_0`)",
            ),
            ("REFERENCES `d_0`.`t_0` (`d_0`)", "REFERENCES `d`.`t` (`d_0`)"),
            ("`n` int DEFAULT nextval(`d_0`.`t_0`)", "`n` int DEFAULT nextval(`d`.`t`)"),
            (") ENGINE=MRG_MyISAM UNION=(`t_0`,`u`,`t_0`)", ") ENGINE=MRG_MyISAM UNION=(`t`,`u`,`t`)"),
            ("(`t_0` + `d_0`) > 0", "(`t_0` + `d_0`) > 0"),
        ];
        for (shown, wanted) in cases {
            let given = renamed(shown.as_bytes(), new).unwrap_or_else(|| shown.as_bytes().to_vec());
            assert_eq!(String::from_utf8_lossy(&given), wanted);
        }
    }

    #[test]
    fn definitions_of_tables_are_known() {
        for text in ["CREATE TABLE t", "CREATE OR REPLACE TABLE t", "CREATE TEMPORARY TABLE t", "CREATE SEQUENCE s"] {
            assert!(is_one(text.as_bytes()), "{text}");
        }
        for text in ["CREATE VIEW v", "TABLE t", "select 1", "", "CREATE ALGORITHM=UNDEFINED VIEW `t` AS select 1"] {
            assert!(!is_one(text.as_bytes()), "{text}");
        }
    }
}
