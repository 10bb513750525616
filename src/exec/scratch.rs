//! Rows that ShardGate has, put into a temporary table of a connection, so that a server can judge conditions on them.
//!
//! A connection that has such tables must be spoiled or freed of them before anyone else gets it.

use data_encoding::HEXLOWER;
use mysql_common::constants::{ColumnFlags, ColumnType};

use crate::backend::connection::Connection;
use crate::backend::error::Error;
use crate::backend::interrupt::Interrupt;
use crate::wire::column::ColumnDefinition;

/// The column that counts the rows, from 0. No column of a catalogue has such a name.
pub const NUMBER: &str = "shardgate row";

/// Statements are not made longer than this, but for rows that are.
const LARGEST_INSERT: usize = 512 * 1024;

/// Makes a temporary table (quoted) with columns like these.
pub async fn create_like(
    connection: &mut Connection,
    table: &str,
    columns: &[ColumnDefinition<'_>],
    interrupt: &Interrupt,
) -> Result<(), Error> {
    let mut sql = format!("CREATE TEMPORARY TABLE {table} ({} BIGINT UNSIGNED", quoted(NUMBER));
    for column in columns {
        let name = String::from_utf8_lossy(column.name);
        sql.push_str(&format!(", {} {}", quoted(&name), sql_type(column)));
    }
    sql.push(')');
    connection.execute("a temporary table", &sql, interrupt).await.map(drop)
}

/// Makes a temporary table with some columns of a table of the server's own (quoted).
pub async fn create_from(
    connection: &mut Connection,
    table: &str,
    columns: &[String],
    like: &str,
    interrupt: &Interrupt,
) -> Result<(), Error> {
    let list: Vec<_> = columns.iter().map(|name| quoted(name)).collect();
    let sql = format!("CREATE TEMPORARY TABLE {table} SELECT {} FROM {like} WHERE FALSE", list.join(", "));
    connection.execute("a temporary table", &sql, interrupt).await.map(drop)
}

/// Fills a temporary table (quoted). `introducer` is the character set of the rows' bytes.
pub async fn fill<'r>(
    connection: &mut Connection,
    table: &str,
    rows: impl Iterator<Item = &'r [Option<Vec<u8>>]>,
    introducer: &str,
    interrupt: &Interrupt,
) -> Result<(), Error> {
    let head = format!("INSERT INTO {table} VALUES ");
    let mut sql = head.clone();
    for row in rows {
        if sql.len() > head.len() {
            sql.push(',');
        }
        sql.push('(');
        for (index, cell) in row.iter().enumerate() {
            if index > 0 {
                sql.push(',');
            }
            write_literal(cell.as_deref(), introducer, &mut sql);
        }
        sql.push(')');
        if sql.len() > LARGEST_INSERT {
            connection.execute("rows for a temporary table", &sql, interrupt).await?;
            sql.truncate(head.len());
        }
    }
    if sql.len() > head.len() {
        connection.execute("rows for a temporary table", &sql, interrupt).await?;
    }
    Ok(())
}

/// A literal that means the same under every sql_mode and character set of a session.
fn write_literal(cell: Option<&[u8]>, introducer: &str, sql: &mut String) {
    let Some(bytes) = cell else {
        sql.push_str("NULL");
        return;
    };
    let is_number = !bytes.is_empty() && bytes.len() < 19 && bytes.iter().all(u8::is_ascii_digit);
    let is_plain = |byte: &u8| (byte.is_ascii_graphic() || *byte == b' ') && !b"'\\".contains(byte);
    match std::str::from_utf8(bytes) {
        Ok(text) if is_number => sql.push_str(text),
        Ok(text) if bytes.iter().all(is_plain) => {
            sql.push('\'');
            sql.push_str(text);
            sql.push('\'');
        }
        _ => {
            sql.push('_');
            sql.push_str(introducer);
            sql.push_str(" x'");
            HEXLOWER.encode_append(bytes, sql);
            sql.push('\'');
        }
    }
}

/// A type that holds what such a column holds, and compares like it.
fn sql_type(column: &ColumnDefinition<'_>) -> String {
    // MySQL 8 tells names apart by case, and says so.
    let is_binary = column.flags.contains(ColumnFlags::BINARY_FLAG);
    let collation = if is_binary { "utf8mb3_bin" } else { "utf8mb3_general_ci" };
    let text = format!("CHARACTER SET utf8mb3 COLLATE {collation}");
    let is = |kinds: &[ColumnType]| kinds.iter().any(|kind| *kind as u8 == column.column_type);
    let unsigned = if column.flags.contains(ColumnFlags::UNSIGNED_FLAG) { " UNSIGNED" } else { "" };
    if is(&[ColumnType::MYSQL_TYPE_LONGLONG, ColumnType::MYSQL_TYPE_LONG, ColumnType::MYSQL_TYPE_SHORT])
        || is(&[ColumnType::MYSQL_TYPE_TINY, ColumnType::MYSQL_TYPE_INT24])
    {
        return format!("BIGINT{unsigned}");
    }
    if is(&[ColumnType::MYSQL_TYPE_DATETIME, ColumnType::MYSQL_TYPE_TIMESTAMP]) {
        return format!("DATETIME({})", column.decimals.min(6));
    }
    if is(&[ColumnType::MYSQL_TYPE_VAR_STRING, ColumnType::MYSQL_TYPE_STRING]) {
        return format!("VARCHAR({}) {text}", column.length.clamp(1, 4096));
    }
    format!("LONGTEXT {text}")
}

/// A name in the quotes that every sql_mode knows.
pub fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text for every sql_mode but NO_BACKSLASH_ESCAPES.
pub fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
