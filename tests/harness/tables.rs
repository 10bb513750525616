//! `tables.sql`, read: table definitions, and rows with the value of their first column.

use shardgate::value::{Charset, Value};

const TEXT: &str = include_str!("tables.sql");

/// A table and its rows, as SQL.
#[derive(Debug)]
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

/// The value of a row's first column: an integer or a text in ASCII.
pub fn key(row: &str) -> Value<'_> {
    let inner = &row[1..];
    match inner.strip_prefix('\'') {
        None => Value::Int(inner.split([',', ')']).next().unwrap().trim().parse().unwrap()),
        Some(text) => {
            let bytes = text.replace("''", "\u{1}").replace("\\\\", "\\");
            let bytes = bytes.split('\'').next().unwrap().replace('\u{1}', "'").into_bytes();
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
    assert_eq!(key("(-7, 'x')"), Value::Int(-7));
    let text = |text: &'static str| Value::Text {
        bytes: text.as_bytes().into(),
        charset: Charset::from_mysql_name("utf8mb4"),
    };
    assert_eq!(key("('O''Hara', 6)"), text("O'Hara"));
    assert_eq!(key("('back\\\\slash', 6)"), text("back\\slash"));
    assert_eq!(key("('', 0)"), text(""));
}
