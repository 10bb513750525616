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

/// A text row is the raw payload cut into values; a binary row is the payload itself.
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
pub const FIELDS: [&str; 17] = [
    "schema",
    "table",
    "org_table",
    "name",
    "org_name",
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

/// GROUP_FLAG, which servers use for themselves: whether the rows went through a temporary table with this column.
const GROUP_FLAG: u16 = 0x8000;
/// PRI_KEY, UNIQUE_KEY, MULTIPLE_KEY and PART_KEY: a column loses some or all when rows go through a temporary table.
const KEY_FLAGS: u16 = 0x0002 | 0x0004 | 0x0008 | 0x4000;
/// BLOB, BINARY and NO_DEFAULT_VALUE: what is computed has them, or not, by whether it was read from a temporary table.
const COMPUTED_FLAGS: u16 = 0x0010 | 0x0080 | 0x1000;
/// NOT_NULL of a column that is NOT NULL in its table (which NO_DEFAULT tells): an outer join takes it away, unless the
/// server made an inner join of that and the rows did not go through a temporary table.
const NOT_NULL: u16 = 0x0001;
const NO_DEFAULT: u16 = 0x1000;
/// The decimals of what is computed, by the same rule; of text also those of MySQL.
const NOT_FIXED: [u8; 2] = [0, 39];
const NOT_FIXED_TEXT: [u8; 2] = [0, 31];
/// MYSQL_TYPE_BLOB, MYSQL_TYPE_VAR_STRING, MYSQL_TYPE_STRING
const TEXTS: [u8; 3] = [0xFC, 0xFD, 0xFE];

/// MYSQL_TYPE_TINY_BLOB, MEDIUM_BLOB, LONG_BLOB and BLOB: of what is computed, BLOB if it was read from a temporary table,
/// else by its length.
const BLOBS: [u8; 4] = [0xF9, 0xFA, 0xFB, 0xFC];

/// MYSQL_TYPE_TINY, SHORT, LONG, LONGLONG and INT24
const INTEGERS: [u8; 5] = [0x01, 0x02, 0x03, 0x08, 0x09];
/// MYSQL_TYPE_VAR_STRING and STRING
const CHARS: [u8; 2] = [0xFD, 0xFE];

/// UNSIGNED, which a TIMESTAMP of MariaDB has where it was read from a temporary table.
const FLAG_OF_MOMENTS: u16 = 0x0020;
/// MYSQL_TYPE_TIMESTAMP
const TIMESTAMP: u8 = 0x07;
/// NO_DEFAULT_VALUE, which a BIT column of MySQL loses in a temporary table.
const FLAG_OF_BITS: u16 = 0x1000;
/// MYSQL_TYPE_BIT
const BIT: u8 = 0x10;

/// Flags that tell how a server went about its own, differently filled tables.
fn flags_of_the_optimiser(one: &Column, other: &Column) -> u16 {
    let (of_one, of_other) = (one.flags & KEY_FLAGS, other.flags & KEY_FLAGS);
    let some_are_lost = of_one & of_other == of_one || of_one & of_other == of_other;
    let is_outer = one.flags & other.flags & NO_DEFAULT != 0;
    let null = if is_outer { NOT_NULL } else { 0 };
    null | GROUP_FLAG
        | if some_are_lost { KEY_FLAGS } else { 0 }
        | if are_computed(one, other) { COMPUTED_FLAGS } else { 0 }
        | if one.kind == BIT && other.kind == BIT { FLAG_OF_BITS } else { 0 }
        | if one.kind == TIMESTAMP && are_computed(one, other) { FLAG_OF_MOMENTS } else { 0 }
}

fn are_computed(one: &Column, other: &Column) -> bool {
    one.org_table.is_empty() && other.org_table.is_empty()
}

/// Whether it comes from a derived table. Servers say so, or which table that reads: without rows, by when they found that
/// there are none.
fn is_column_of_derived(one: &Column, other: &Column) -> bool {
    one.table == other.table && [one, other].iter().any(|column| column.org_table == column.table)
}

/// Whether both are computed, and integers or texts. How wide those are depends on whether they were read from a temporary
/// table, and where no value is to be seen, a server may have found that out before it made one.
fn is_width_open(one: &Column, other: &Column) -> bool {
    let are_in = |kinds: &[u8]| kinds.contains(&one.kind) && kinds.contains(&other.kind);
    are_computed(one, other) && (are_in(&INTEGERS) || are_in(&[CHARS.as_slice(), &BLOBS].concat()))
}

/// Whether there is no value at this place of a row.
fn is_null(row: &Row, place: usize, width: usize) -> bool {
    match row.as_slice() {
        // A binary row: two bits, then one for each column that is NULL.
        [Some(payload)] if payload.first() == Some(&0) && payload.len() > (width + 9) / 8 => {
            payload[1 + (place + 2) / 8] & (1 << ((place + 2) % 8)) != 0
        }
        cells => cells.get(place).is_some_and(Option::is_none),
    }
}

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
                self.columns(expected_columns, columns, &[expected_rows, rows]);
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

    fn columns(&mut self, expected: &[Column], got: &[Column], rows: &[&Vec<Row>; 2]) {
        let are_empty = rows.iter().all(|rows| rows.is_empty());
        let width = expected.len();
        self.field("number of columns", &expected.len(), &got.len());
        for (number, (expected, got)) in expected.iter().zip(got).enumerate() {
            let before = self.lines.len();
            self.field("schema", &expected.schema, &got.schema);
            self.field("table", &expected.table, &got.table);
            if !(are_empty && is_column_of_derived(expected, got)) {
                self.field("org_table", &expected.org_table, &got.org_table);
            }
            self.field("name", &expected.name, &got.name);
            // An expression has its own text as this name if, and only if, the rows went through a temporary table.
            if !(are_computed(expected, got) || are_empty && is_column_of_derived(expected, got)) {
                self.field("org_name", &expected.org_name, &got.org_name);
            }
            self.field("charset", &expected.charset, &got.charset);
            let are_nulls = rows.iter().all(|rows| rows.iter().all(|row| is_null(row, number, width)));
            let is_unseen = are_nulls && is_width_open(expected, got);
            if !is_unseen {
                self.field("length", &expected.length, &got.length);
            }
            let are_blobs = BLOBS.contains(&expected.kind) && BLOBS.contains(&got.kind);
            if !(is_unseen || are_computed(expected, got) && are_blobs) {
                self.field("type", &expected.kind, &got.kind);
            }
            let optional = flags_of_the_optimiser(expected, got);
            let flags = |column: &Column| format!("{:#06x}", column.flags & !optional);
            self.field("flags", &flags(expected), &flags(got));
            let are_in = |known: [u8; 2]| known.contains(&expected.decimals) && known.contains(&got.decimals);
            let is_text = TEXTS.contains(&got.kind) || are_blobs;
            let is_open = are_in(NOT_FIXED) || is_text && are_in(NOT_FIXED_TEXT);
            if !(are_computed(expected, got) && is_open) {
                self.field("decimals", &expected.decimals, &got.decimals);
            }
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
