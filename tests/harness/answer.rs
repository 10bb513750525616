//! A server's complete answer to one command, field by field, and what differs between two of them.

use std::collections::BTreeSet;
use std::fmt::Write;

/// One column definition, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    pub catalog: String,
    pub schema: String,
    pub table: String,
    pub org_table: String,
    pub name: String,
    pub org_name: String,
    /// MariaDB's extended metadata, where the client asked for it.
    pub extended: Option<Vec<u8>>,
    pub charset: u16,
    pub length: u32,
    pub kind: u8,
    pub flags: u16,
    pub decimals: u8,
}

/// What an OK packet says, or the packet that ends a result set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ok {
    pub affected_rows: u64,
    pub last_insert_id: u64,
    pub status: u16,
    pub warnings: u16,
    pub info: String,
}

/// A server's error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerError {
    pub code: u16,
    pub sqlstate: String,
    pub message: String,
}

/// Its values, as text or as a binary row has them.
pub type Row = Vec<Option<Vec<u8>>>;

/// One result of a command; a multi-statement or CALL has several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Ok(Ok),
    Rows {
        columns: Vec<Column>,
        rows: Vec<Row>,
        end: Ok,
    },
    /// `after` holds what came before the error when it broke off a result set.
    Error {
        error: ServerError,
        after: Option<(Vec<Column>, usize)>,
    },
}

impl Answer {
    /// The rows as text, NULL as `NULL`; empty if there are none.
    pub fn text(&self) -> Vec<Vec<String>> {
        let cell = |cell: &Option<Vec<u8>>| match cell {
            Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            None => "NULL".to_owned(),
        };
        match self {
            Answer::Rows { rows, .. } => rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
            _ => Vec::new(),
        }
    }

    /// The single value of a one-row, one-column result.
    pub fn scalar(&self) -> String {
        self.text().into_iter().flatten().next().unwrap_or_else(|| panic!("no rows: {self:?}"))
    }

    /// The error, if it is one.
    pub fn error(&self) -> Option<&ServerError> {
        match self {
            Answer::Error { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Everything in it that is text: names, messages, values.
    pub fn words(&self) -> Vec<String> {
        let of_columns = |columns: &[Column]| {
            let names = |column: &Column| {
                let Column { schema, table, org_table, name, org_name, .. } = column.clone();
                [schema, table, org_table, name, org_name]
            };
            columns.iter().flat_map(names).collect::<Vec<_>>()
        };
        match self {
            Answer::Ok(ok) => vec![ok.info.clone()],
            Answer::Rows { columns, rows, end } => {
                let cells = rows.iter().flatten().flatten().map(|cell| String::from_utf8_lossy(cell).into_owned());
                of_columns(columns).into_iter().chain(cells).chain([end.info.clone()]).collect()
            }
            Answer::Error { error, after } => {
                let columns = after.iter().flat_map(|(columns, _)| of_columns(columns));
                columns.chain([error.message.clone()]).collect()
            }
        }
    }

    /// The server's status flags, if it sent some.
    pub fn status(&self) -> Option<u16> {
        match self {
            Answer::Ok(ok) | Answer::Rows { end: ok, .. } => Some(ok.status),
            Answer::Error { .. } => None,
        }
    }
}

/// Which differences do not count.
#[derive(Clone, Debug, Default)]
pub struct Leniency {
    /// Rows may come in any order.
    pub unordered: bool,
    /// Fields that are not compared: names as in [`FIELDS`].
    pub ignored: BTreeSet<String>,
}

/// Everything that a case may choose not to compare.
pub const FIELDS: [&str; 18] = [
    "schema",
    "table",
    "org_table",
    "name",
    "org_name",
    "extended",
    "charset",
    "length",
    "type",
    "flags",
    "decimals",
    "rows",
    "trailing blanks",
    "affected_rows",
    "last_insert_id",
    "status",
    "warnings",
    "message",
];

/// SERVER_STATUS_NO_GOOD_INDEX_USED, NO_INDEX_USED and QUERY_WAS_SLOW say how the optimiser of a server went about
/// its own, differently filled table; they are no part of the answer.
const STATUS_OF_THE_OPTIMISER: u16 = 0x0010 | 0x0020 | 0x0800;

/// PART_KEY_FLAG and GROUP_FLAG, which the servers' own headers call internal ("Intern"): whether a temporary table that the
/// rows went through had a key with this column, or was grouped by it. `equivalence.rs` has one server say both of one SELECT.
pub const INTERNAL: u16 = 0x4000 | 0x8000;

/// A line for each difference; empty if the answers are the same.
pub fn differences(expected: &[Answer], got: &[Answer], leniency: &Leniency) -> Vec<String> {
    let mut out = Differences { lines: Vec::new(), leniency };
    if expected.len() != got.len() {
        out.lines.push(format!("number of results: expected {}, got {}", expected.len(), got.len()));
    }
    for (expected, got) in expected.iter().zip(got) {
        out.answer(expected, got);
    }
    out.lines
}

struct Differences<'a> {
    lines: Vec<String>,
    leniency: &'a Leniency,
}

impl Differences<'_> {
    fn answer(&mut self, expected: &Answer, got: &Answer) {
        match (expected, got) {
            (Answer::Ok(expected), Answer::Ok(got)) => self.ok(expected, got),
            (
                Answer::Rows { columns: expected_columns, rows: expected_rows, end: expected_end },
                Answer::Rows { columns, rows, end },
            ) => {
                self.columns(expected_columns, columns);
                self.rows(expected_rows, rows);
                self.field("warnings", &expected_end.warnings, &end.warnings);
                self.status(expected_end.status, end.status);
            }
            (Answer::Error { error: expected, .. }, Answer::Error { error: got, .. }) => {
                self.field("error code", &expected.code, &got.code);
                self.field("sqlstate", &expected.sqlstate, &got.sqlstate);
                self.field("message", &expected.message, &got.message);
            }
            _ => self.lines.push(format!("expected {}\n     got {}", brief(expected), brief(got))),
        }
    }

    fn ok(&mut self, expected: &Ok, got: &Ok) {
        self.field("affected_rows", &expected.affected_rows, &got.affected_rows);
        self.field("last_insert_id", &expected.last_insert_id, &got.last_insert_id);
        self.field("warnings", &expected.warnings, &got.warnings);
        self.field("message", &expected.info, &got.info);
        self.status(expected.status, got.status);
    }

    fn status(&mut self, expected: u16, got: u16) {
        let (expected, got) = (expected & !STATUS_OF_THE_OPTIMISER, got & !STATUS_OF_THE_OPTIMISER);
        self.field("status", &format!("{expected:#06x}"), &format!("{got:#06x}"));
    }

    fn columns(&mut self, expected: &[Column], got: &[Column]) {
        self.field("number of columns", &expected.len(), &got.len());
        for (number, (expected, got)) in expected.iter().zip(got).enumerate() {
            let before = self.lines.len();
            self.field("schema", &expected.schema, &got.schema);
            self.field("table", &expected.table, &got.table);
            self.field("org_table", &expected.org_table, &got.org_table);
            self.field("name", &expected.name, &got.name);
            self.field("org_name", &expected.org_name, &got.org_name);
            let extended = |column: &Column| column.extended.as_ref().map(|bytes| bytes.escape_ascii().to_string());
            self.field("extended", &extended(expected), &extended(got));
            self.field("charset", &expected.charset, &got.charset);
            self.field("length", &expected.length, &got.length);
            self.field("type", &expected.kind, &got.kind);
            let flags = |column: &Column| format!("{:#06x}", column.flags & !INTERNAL);
            self.field("flags", &flags(expected), &flags(got));
            self.field("decimals", &expected.decimals, &got.decimals);
            self.field("catalog", &expected.catalog, &got.catalog);
            for line in &mut self.lines[before..] {
                *line = format!("column {number} ({}): {line}", expected.name);
            }
        }
    }

    fn rows(&mut self, expected: &[Row], got: &[Row]) {
        if self.leniency.ignored.contains("rows") {
            return self.field("number of rows", &expected.len(), &got.len());
        }
        let (mut expected, mut got) = (expected.to_vec(), got.to_vec());
        if self.leniency.ignored.contains("trailing blanks") {
            let cells = expected.iter_mut().chain(&mut got).flatten().flatten();
            cells.for_each(|cell| cell.truncate(cell.trim_ascii_end().len()));
        }
        if self.leniency.unordered {
            expected.sort();
            got.sort();
        }
        if expected == got {
            return;
        }
        let mut text = format!("rows: expected {}, got {}", expected.len(), got.len());
        for number in 0..expected.len().max(got.len()) {
            let (left, right) = (expected.get(number), got.get(number));
            if left != right {
                let show = |row: Option<&Row>| row.map_or("(none)".to_owned(), show_row);
                let _ =
                    write!(text, "\n  row {number}: expected {}\n  row {number}:      got {}", show(left), show(right));
                if text.len() > 1500 {
                    text.push_str("\n  ...");
                    break;
                }
            }
        }
        self.lines.push(text);
    }

    fn field<T: PartialEq + std::fmt::Debug>(&mut self, name: &str, expected: &T, got: &T) {
        if expected != got && !self.leniency.ignored.contains(name) {
            self.lines.push(format!("{name}: expected {expected:?}, got {got:?}"));
        }
    }
}

fn show_row(row: &Row) -> String {
    let cells = row.iter().map(|cell| match cell {
        None => "NULL".to_owned(),
        Some(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains(char::is_control) => format!("{text:?}"),
            _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        },
    });
    format!("({})", cells.collect::<Vec<_>>().join(", "))
}

/// An answer in one line.
pub fn brief(answer: &Answer) -> String {
    match answer {
        Answer::Ok(ok) => format!("OK, {} rows affected, {} warnings {}", ok.affected_rows, ok.warnings, ok.info),
        Answer::Rows { columns, rows, .. } => {
            let first = rows.iter().take(3).map(show_row).collect::<Vec<_>>().join(" ");
            format!("{} rows of {} columns: {first}", rows.len(), columns.len())
        }
        Answer::Error { error, after } => {
            let after = after.as_ref().map_or(String::new(), |(_, rows)| format!(" after {rows} rows"));
            format!("error {} ({}){after}: {}", error.code, error.sqlstate, error.message)
        }
    }
}
