//! LOAD DATA and LOAD XML.

use crate::sql::cursor::user_var;
use crate::sql::lines::Format;
use crate::sql::literal;
use crate::sql::tokens::{Op, TokenKind};

use super::ast::{ColumnName, Constant, Expression, Span, TableName};
use super::cursor::Cursor;
use super::expression::{self, Stop};
use super::{Result, dml, predicate};

const ASSIGNMENTS_END: Stop = Stop { words: &[], at_comma: false };
const ASSIGNMENT_END: Stop = Stop { words: &[], at_comma: true };

/// LOAD DATA, or LOAD XML.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    pub is_xml: bool,
    /// The client has the file.
    pub is_local: bool,
    /// What the client calls it.
    pub file: Vec<u8>,
    /// REPLACE: rows take the places of those that are there.
    pub replaces: bool,
    pub target: TableName,
    /// `PARTITION (p0, p1)`
    pub has_partition: bool,
    /// In lower case.
    pub charset: Option<String>,
    pub format: Format,
    /// `IGNORE n LINES`, and where the number stands.
    pub ignored: Option<(u64, Span)>,
    /// Where the fields go; `None`: to the table's columns in their order.
    pub fields: Option<Vec<Destination>>,
    pub assignments: Vec<SetColumn>,
    /// The names and subqueries of SET.
    pub set: Expression,
}

/// Where a field goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Destination {
    Column(ColumnName),
    /// In lower case, without `@`.
    Variable(String),
}

/// `column = value` of SET.
#[derive(Debug, Clone, PartialEq)]
pub struct SetColumn {
    pub column: ColumnName,
    pub value: SetValue,
}

/// What SET gives to a column.
#[derive(Debug, Clone, PartialEq)]
pub enum SetValue {
    Constant(Constant),
    /// Nothing but a user variable: in lower case, without `@`.
    Variable(String),
    Opaque,
}

/// The statement, if it comes next.
pub(super) fn read(cursor: &mut Cursor<'_, '_>) -> Option<Result<Load>> {
    let mut ahead = *cursor;
    let is_load = ahead.take_word("LOAD") && ahead.is_any_word(&["DATA", "XML"]);
    is_load.then(|| {
        *cursor = ahead;
        read_load(cursor)
    })
}

fn read_load(cursor: &mut Cursor<'_, '_>) -> Result<Load> {
    let is_xml = cursor.is_word("XML");
    cursor.at += 1;
    cursor.skip_words(&["LOW_PRIORITY", "CONCURRENT"]);
    let is_local = cursor.take_word("LOCAL");
    cursor.expect_word("INFILE")?;
    let file = read_text(cursor)?;
    let replaces = cursor.take_word("REPLACE");
    if !replaces {
        cursor.take_word("IGNORE");
    }
    cursor.expect_word("INTO")?;
    cursor.expect_word("TABLE")?;
    let target = expression::read_table_name(cursor)?;
    let has_partition = cursor.take_word("PARTITION");
    if has_partition {
        cursor.take_parenthesised()?;
    }
    let charset = read_charset(cursor)?;
    let mut format = Format::default();
    if cursor.tokens.mode.no_backslash_escapes {
        format.escape = None;
    }
    if cursor.take_words(&["ROWS", "IDENTIFIED", "BY"]) {
        read_text(cursor)?;
    }
    read_fields(cursor, &mut format)?;
    read_lines(cursor, &mut format)?;
    let ignored = read_ignored(cursor)?;
    let fields = read_destinations(cursor)?;
    let (assignments, set) = if cursor.take_word("SET") { read_set(cursor)? } else { Default::default() };
    let load = Load {
        is_xml,
        is_local,
        file,
        replaces,
        target,
        has_partition,
        charset,
        format,
        ignored,
        fields,
        assignments,
        set,
    };
    Ok(load)
}

/// A string, or bytes in hexadecimal.
fn read_text(cursor: &mut Cursor<'_, '_>) -> Result<Vec<u8>> {
    let (tokens, at) = (cursor.tokens, cursor.at);
    let text = tokens.text(at);
    let bytes = match tokens.kind(at).filter(|_| !cursor.is_at_end()) {
        Some(TokenKind::String { .. }) => literal::unescape(text, tokens.mode).into_owned(),
        Some(TokenKind::Hex) => literal::bytes_of_hex(text).ok_or_else(|| cursor.problem())?,
        _ => return Err(cursor.problem()),
    };
    cursor.at += 1;
    Ok(bytes)
}

fn read_charset(cursor: &mut Cursor<'_, '_>) -> Result<Option<String>> {
    if !cursor.take_words(&["CHARACTER", "SET"]) && !cursor.take_word("CHARSET") {
        return Ok(None);
    }
    let is_text = matches!(cursor.tokens.kind(cursor.at), Some(TokenKind::String { .. }));
    let name =
        if is_text { String::from_utf8_lossy(&read_text(cursor)?).into_owned() } else { cursor.take_ident()?.text };
    Ok(Some(name.to_ascii_lowercase()))
}

fn read_fields(cursor: &mut Cursor<'_, '_>, format: &mut Format) -> Result<()> {
    if !cursor.take_word("FIELDS") && !cursor.take_word("COLUMNS") {
        return Ok(());
    }
    loop {
        if cursor.take_words(&["TERMINATED", "BY"]) {
            format.field_end = read_text(cursor)?;
        } else if cursor.take_words(&["ENCLOSED", "BY"]) || cursor.take_words(&["OPTIONALLY", "ENCLOSED", "BY"]) {
            format.enclosed = read_byte(cursor)?;
        } else if cursor.take_words(&["ESCAPED", "BY"]) {
            format.escape = read_byte(cursor)?;
        } else {
            return Ok(());
        }
    }
}

/// What is longer than a byte, servers refuse.
fn read_byte(cursor: &mut Cursor<'_, '_>) -> Result<Option<u8>> {
    let problem = cursor.problem();
    match read_text(cursor)?.as_slice() {
        [] => Ok(None),
        [byte] => Ok(Some(*byte)),
        _ => Err(problem),
    }
}

fn read_lines(cursor: &mut Cursor<'_, '_>, format: &mut Format) -> Result<()> {
    if !cursor.take_word("LINES") {
        return Ok(());
    }
    loop {
        if cursor.take_words(&["TERMINATED", "BY"]) {
            format.line_end = read_text(cursor)?;
        } else if cursor.take_words(&["STARTING", "BY"]) {
            format.line_start = read_text(cursor)?;
        } else {
            return Ok(());
        }
    }
}

fn read_ignored(cursor: &mut Cursor<'_, '_>) -> Result<Option<(u64, Span)>> {
    if !cursor.take_word("IGNORE") {
        return Ok(None);
    }
    let (tokens, at) = (cursor.tokens, cursor.at);
    let digits = std::str::from_utf8(tokens.text(at)).ok().filter(|_| tokens.kind(at) == Some(TokenKind::Integer));
    let number = digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| cursor.problem())?;
    cursor.at += 1;
    if !cursor.take_word("LINES") {
        cursor.expect_word("ROWS")?;
    }
    Ok(Some((number, tokens.span(at, at + 1))))
}

fn read_destinations(cursor: &mut Cursor<'_, '_>) -> Result<Option<Vec<Destination>>> {
    if !cursor.is_op(Op::LParen) {
        return Ok(None);
    }
    let mut inner = cursor.take_parenthesised()?;
    let mut fields = Vec::new();
    while !inner.is_at_end() {
        fields.push(match variable(inner.within(inner.at, inner.at + 1)) {
            Some(name) => {
                inner.at += 1;
                Destination::Variable(name)
            }
            None => Destination::Column(expression::read_column(&mut inner)?),
        });
        if !inner.take_op(Op::Comma) {
            inner.expect_end()?;
        }
    }
    Ok((!fields.is_empty()).then_some(fields))
}

/// The name, if there is nothing but a user variable.
fn variable(cursor: Cursor<'_, '_>) -> Option<String> {
    let token = *cursor.tokens.list.get(cursor.at)?;
    let is_alone = cursor.end == cursor.at + 1 && token.kind == TokenKind::UserVar;
    if is_alone { user_var(token, cursor.tokens.sql, cursor.tokens.mode) } else { None }
}

fn read_set(cursor: &mut Cursor<'_, '_>) -> Result<(Vec<SetColumn>, Expression)> {
    let expression = expression::read(&mut cursor.clone(), ASSIGNMENTS_END)?;
    let mut assignments = Vec::new();
    loop {
        let column = expression::read_column(cursor)?;
        let value = dml::read_assigned(cursor, ASSIGNMENT_END)?;
        let value = match (variable(value), predicate::constant(value)) {
            (Some(name), _) => SetValue::Variable(name),
            (None, Some(constant)) => SetValue::Constant(constant),
            (None, None) => SetValue::Opaque,
        };
        assignments.push(SetColumn { column, value });
        if !cursor.take_op(Op::Comma) {
            return Ok((assignments, expression));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;
    use crate::sql::parse::{Problem, ast::Statement, parse};
    use crate::sql::tokens::Mode;

    fn load(sql: &str) -> std::result::Result<Load, Problem> {
        match parse(sql.as_bytes(), Mode::default())? {
            Statement::Load(load) => Ok(*load),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_of_it_is_read() {
        let sql = r#"LOAD DATA LOW_PRIORITY LOCAL INFILE 'a''b\n' REPLACE INTO TABLE d.t PARTITION (p0) CHARACTER SET LATIN1
            COLUMNS TERMINATED BY ',' OPTIONALLY ENCLOSED BY 0x22 ESCAPED BY '' LINES STARTING BY 'x' TERMINATED BY '\r\n'
            IGNORE 2 ROWS (a, @B, t.c) SET d = @b, e = 5, f = NOW(), g = @b + 1;"#;
        let load = load(sql).unwrap();
        assert_eq!((load.is_local, load.replaces, load.has_partition), (true, true, true));
        assert_eq!((load.file.as_slice(), load.charset.as_deref()), (b"a'b\n".as_slice(), Some("latin1")));
        let format = Format {
            field_end: b",".to_vec(),
            enclosed: Some(b'"'),
            escape: None,
            line_start: b"x".to_vec(),
            line_end: b"\r\n".to_vec(),
        };
        assert_eq!((load.format, load.ignored.unwrap().0), (format, 2));
        let fields = load.fields.unwrap();
        assert!(
            matches!(&fields[..], [Destination::Column(_), Destination::Variable(b), Destination::Column(_)] if b == "b")
        );
        let values: Vec<_> = load.assignments.into_iter().map(|set| set.value).collect();
        assert!(
            matches!(&values[..], [SetValue::Variable(b), SetValue::Constant(_), SetValue::Opaque, SetValue::Opaque] if b == "b")
        );
    }

    #[test]
    fn defaults_are_the_servers() {
        let load = load("load data infile \"f\" ignore into table t").unwrap();
        assert_eq!((load.is_local, load.replaces, load.format), (false, false, Format::default()));
        assert_eq!((load.fields, load.ignored, load.charset), (None, None, None));
    }

    #[test]
    fn what_is_unknown_is_said_to_be() {
        for sql in [
            "LOAD DATA INFILE f INTO TABLE t",
            "LOAD DATA LOCAL INFILE 'f' INTO TABLE t FIELDS ENCLOSED BY 'xy'",
            "LOAD DATA LOCAL INFILE 'f' INTO TABLE t IGNORE x LINES",
            "LOAD DATA FROM S3 'x' INTO TABLE t",
            "LOAD DATA LOCAL INFILE 'f' INTO TABLE t (a,) x",
        ] {
            assert!(matches!(load(sql), Err(Problem::Unknown(_))), "{sql}");
        }
    }
}
