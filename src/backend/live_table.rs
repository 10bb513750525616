//! Tables as a server describes them, with what comparing and checking them needs beyond columns: engine, keys, foreign keys.

use std::collections::BTreeMap;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::control::{self, ANSWER_TIMEOUT, ControlError};
use super::live_schema::{LiveColumn, describe};

/// One table.
#[derive(Debug, Clone, Default)]
pub(super) struct LiveTable {
    /// In order.
    pub(super) columns: Vec<LiveColumn>,
    /// ENGINE; empty for a view.
    pub(super) engine: String,
    /// TABLE_COLLATION, what new columns get; empty for a view.
    pub(super) collation: String,
    /// By name.
    pub(super) keys: BTreeMap<String, LiveKey>,
    /// By name.
    pub(super) foreign_keys: BTreeMap<String, ForeignKey>,
}

/// A key (index).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LiveKey {
    pub(super) is_unique: bool,
    /// In order: column (empty: an expression), and how much of it.
    pub(super) parts: Vec<(String, Option<u64>)>,
}

/// A foreign key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ForeignKey {
    /// Schema and table that it refers to.
    pub(super) parent: (String, String),
    /// Own column and the parent's, in order.
    pub(super) columns: Vec<(String, String)>,
}

/// All tables of a physical schema.
pub(super) async fn read(connection: &mut Conn, schema: &str) -> Result<BTreeMap<String, LiveTable>, ControlError> {
    let with_columns = |(name, columns)| (name, LiveTable { columns, ..LiveTable::default() });
    let mut tables: BTreeMap<String, LiveTable> =
        describe(connection, schema, None).await?.into_iter().map(with_columns).collect();
    let sql = "SELECT table_name, COALESCE(engine, ''), COALESCE(table_collation, '') FROM information_schema.tables \
               WHERE table_schema = ?";
    let rows: Vec<(String, String, String)> = ask(connection, sql, schema).await?;
    for (name, engine, collation) in rows {
        if let Some(table) = tables.get_mut(&name) {
            (table.engine, table.collation) = (engine, collation);
        }
    }
    let sql = "SELECT table_name, index_name, non_unique, COALESCE(column_name, ''), sub_part \
               FROM information_schema.statistics WHERE table_schema = ? ORDER BY table_name, index_name, seq_in_index";
    let rows: Vec<(String, String, u64, String, Option<u64>)> = ask(connection, sql, schema).await?;
    for (name, key, non_unique, column, prefix) in rows {
        if let Some(table) = tables.get_mut(&name) {
            let key = table.keys.entry(key).or_default();
            key.is_unique = non_unique == 0;
            key.parts.push((column, prefix));
        }
    }
    let sql = "SELECT table_name, constraint_name, column_name, referenced_table_schema, referenced_table_name, \
               referenced_column_name FROM information_schema.key_column_usage WHERE table_schema = ? AND \
               referenced_table_name IS NOT NULL ORDER BY table_name, constraint_name, ordinal_position";
    let rows: Vec<(String, String, String, String, String, String)> = ask(connection, sql, schema).await?;
    for (name, key, column, parent_schema, parent, parent_column) in rows {
        if let Some(table) = tables.get_mut(&name) {
            let key = table.foreign_keys.entry(key).or_default();
            key.parent = (parent_schema, parent);
            key.columns.push((column, parent_column));
        }
    }
    Ok(tables)
}

async fn ask<T>(connection: &mut Conn, sql: &str, schema: &str) -> Result<Vec<T>, ControlError>
where
    T: mysql_async::prelude::FromRow + Send + 'static,
{
    control::within(ANSWER_TIMEOUT, connection.exec(sql, (schema,))).await
}
