//! `tables.sql`, read: table definitions, and rows with the values of their key columns.

use shardgate::value::{Charset, Value};

const TEXT: &str = include_str!("tables.sql");

/// A table and its rows, as SQL.
#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    /// From behind `CREATE TABLE name` on.
    pub definition: String,
    /// Each with its parentheses.
    pub rows: Vec<String>,
}

/// All tables, in the order of the file.
pub fn load() -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for statement in statements() {
        if let Some(rest) = statement.strip_prefix("CREATE TABLE ") {
            let (name, definition) = rest.split_once(' ').unwrap();
            tables.push(Table { name: name.to_owned(), definition: definition.to_owned(), rows: Vec::new() });
            continue;
        }
        let rest = statement.strip_prefix("INSERT INTO ").unwrap_or_else(|| panic!("not understood: {statement}"));
        let (name, rows) = rest.split_once(" VALUES ").unwrap();
        let table = tables.iter_mut().find(|table| table.name == name).unwrap();
        // Several rows stand on one line only where none holds this in a value.
        table
            .rows
            .extend(rows.trim_start_matches('(').trim_end_matches(')').split("),(").map(|row| format!("({row})")));
    }
    tables
}

fn statements() -> impl Iterator<Item = &'static str> {
    TEXT.split(";\n")
        .map(|text| {
            text.lines().position(|line| !line.starts_with("--") && !line.is_empty()).map_or("", |skip| {
                let at: usize = text.split_inclusive('\n').take(skip).map(str::len).sum();
                &text[at..]
            })
        })
        .filter(|statement| !statement.trim().is_empty())
}

impl Table {
    /// The value of this column in one of the rows: an integer, a text in ASCII or UTF-8, or NULL.
    pub fn value(&self, row: &str, column: &str) -> Value<'static> {
        let is_it =
            |line: &str| line.trim_start().split(' ').next().is_some_and(|name| name.trim_matches('`') == column);
        let lines = self.definition.lines().filter(|line| line.starts_with("  "));
        let number = lines.into_iter().position(is_it).unwrap_or_else(|| panic!("{} has no {column}", self.name));
        value(literals(row)[number])
    }
}

/// The literals between a row's parentheses.
fn literals(row: &str) -> Vec<&str> {
    let inner = &row[1..row.len() - 1];
    let (mut found, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'\'' => quoted = !quoted,
            b',' if !quoted => {
                found.push(inner[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(inner[start..].trim());
    found
}

fn value(literal: &str) -> Value<'static> {
    if literal == "NULL" {
        return Value::Null;
    }
    match literal.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        None => Value::Int(literal.parse().unwrap()),
        Some(text) => {
            let bytes = text.replace("''", "'").replace("\\\\", "\\").into_bytes();
            Value::Text { bytes: bytes.into(), charset: Charset::from_mysql_name("utf8mb4") }
        }
    }
}

#[test]
fn rows_and_their_keys_are_read() {
    let tables = load();
    let counts: Vec<(&str, usize)> = tables.iter().map(|table| (table.name.as_str(), table.rows.len())).collect();
    assert_eq!(counts[0], ("users", 30));
    assert_eq!(counts[5], ("countries", 6));
    let text = |text: &'static str| Value::Text {
        bytes: text.as_bytes().into(),
        charset: Charset::from_mysql_name("utf8mb4"),
    };
    assert_eq!(tables[0].value("(-7, 'x')", "user_id"), Value::Int(-7));
    assert_eq!(tables[4].value("('O''Hara, 7', 6)", "login"), text("O'Hara, 7"));
    assert_eq!(tables[4].value("('back\\\\slash', 6)", "login"), text("back\\slash"));
    assert_eq!(tables[4].value("('it\\'s, ', -6)", "attempts"), Value::Int(-6));
    assert_eq!(tables[1].value("(1, 2, NULL)", "product_id"), Value::Null);
}
