//! Tables as a server describes them, with what comparing and checking them needs beyond columns: engine, keys, constraints,
//! triggers, partitions.

use std::collections::BTreeMap;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::control::{self, ANSWER_TIMEOUT, ControlError};
use super::live_schema::{LiveColumn, describe};

/// `ER_BAD_FIELD_ERROR`.
const NO_SUCH_COLUMN: u16 = 1054;
/// `ER_UNKNOWN_TABLE`, of information_schema.
const NO_SUCH_TABLE: u16 = 1109;

/// By name.
pub(super) type Tables = BTreeMap<String, LiveTable>;

/// One table.
#[derive(Debug, Clone, Default)]
pub(super) struct LiveTable {
    /// As the server spells it.
    pub(super) name: String,
    /// In order.
    pub(super) columns: Vec<LiveColumn>,
    pub(super) is_view: bool,
    /// ENGINE; empty for a view.
    pub(super) engine: String,
    /// TABLE_COLLATION, what new columns get; empty for a view.
    pub(super) collation: String,
    /// By name.
    pub(super) keys: BTreeMap<String, LiveKey>,
    /// By name.
    pub(super) foreign_keys: BTreeMap<String, ForeignKey>,
    /// CHECK clauses, sorted: their names may differ.
    pub(super) checks: Vec<String>,
    /// In the order in which they act.
    pub(super) triggers: Vec<Trigger>,
    /// How it is partitioned, then each partition; empty: it is not.
    pub(super) partitions: Vec<String>,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trigger {
    /// As in `BEFORE INSERT`.
    pub(super) event: String,
    pub(super) statement: String,
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
pub(super) async fn read(connection: &mut Conn, schema: &str) -> Result<Tables, ControlError> {
    let with_columns =
        |(name, columns): (String, _)| (name.clone(), LiveTable { name, columns, ..LiveTable::default() });
    let mut tables: Tables = describe(connection, schema, None).await?.into_iter().map(with_columns).collect();
    read_kinds(connection, schema, &mut tables).await?;
    read_keys(connection, schema, &mut tables).await?;
    read_checks(connection, schema, &mut tables).await?;
    read_triggers(connection, schema, &mut tables).await?;
    read_partitions(connection, schema, &mut tables).await?;
    Ok(tables)
}

async fn read_kinds(connection: &mut Conn, schema: &str, tables: &mut Tables) -> Result<(), ControlError> {
    let sql = "SELECT table_name, table_type LIKE '%VIEW', COALESCE(engine, ''), COALESCE(table_collation, '') \
               FROM information_schema.tables WHERE table_schema = ?";
    let rows: Vec<(String, bool, String, String)> = ask(connection, sql, schema).await?;
    for (name, is_view, engine, collation) in rows {
        if let Some(table) = tables.get_mut(&name) {
            (table.is_view, table.engine, table.collation) = (is_view, engine, collation);
        }
    }
    Ok(())
}

async fn read_keys(connection: &mut Conn, schema: &str, tables: &mut Tables) -> Result<(), ControlError> {
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
    Ok(())
}

async fn read_checks(connection: &mut Conn, schema: &str, tables: &mut Tables) -> Result<(), ControlError> {
    // MariaDB says of which table they are; names of MySQL's are unique in the schema; MySQL before 8.0.16 has none.
    let of_mariadb =
        "SELECT table_name, check_clause FROM information_schema.check_constraints WHERE constraint_schema = ?";
    let of_mysql = "SELECT t.table_name, CONCAT(c.check_clause, IF(t.enforced = 'NO', ' NOT ENFORCED', '')) \
                    FROM information_schema.check_constraints c JOIN information_schema.table_constraints t \
                    USING (constraint_schema, constraint_name) WHERE constraint_schema = ? AND constraint_type = 'CHECK'";
    let mut rows = ask(connection, of_mariadb, schema).await;
    if is_refused(&rows, NO_SUCH_COLUMN) {
        rows = ask(connection, of_mysql, schema).await;
    }
    let rows: Vec<(String, String)> = if is_refused(&rows, NO_SUCH_TABLE) { Vec::new() } else { rows? };
    for (name, clause) in rows {
        tables.entry(name).and_modify(|table| table.checks.push(clause));
    }
    tables.values_mut().for_each(|table| table.checks.sort());
    Ok(())
}

async fn read_triggers(connection: &mut Conn, schema: &str, tables: &mut Tables) -> Result<(), ControlError> {
    let sql = "SELECT event_object_table, CONCAT(action_timing, ' ', event_manipulation), action_statement \
               FROM information_schema.triggers WHERE event_object_schema = ? \
               ORDER BY event_object_table, action_timing, event_manipulation, action_order";
    let rows: Vec<(String, String, String)> = ask(connection, sql, schema).await?;
    for (name, event, statement) in rows {
        tables.entry(name).and_modify(|table| table.triggers.push(Trigger { event, statement }));
    }
    Ok(())
}

async fn read_partitions(connection: &mut Conn, schema: &str, tables: &mut Tables) -> Result<(), ControlError> {
    let sql = "SELECT table_name, CONCAT_WS(' ', partition_method, partition_expression, subpartition_method, \
               subpartition_expression), CONCAT_WS(' ', partition_name, partition_description, subpartition_name) \
               FROM information_schema.partitions WHERE table_schema = ? AND partition_name IS NOT NULL \
               ORDER BY table_name, partition_ordinal_position, subpartition_ordinal_position";
    let rows: Vec<(String, String, String)> = ask(connection, sql, schema).await?;
    for (name, method, partition) in rows {
        let Some(table) = tables.get_mut(&name) else { continue };
        if table.partitions.is_empty() {
            table.partitions.push(method);
        }
        table.partitions.push(partition);
    }
    Ok(())
}

fn is_refused<T>(answer: &Result<T, ControlError>, code: u16) -> bool {
    matches!(answer, Err(ControlError::Server(mysql_async::Error::Server(error))) if error.code == code)
}

async fn ask<T>(connection: &mut Conn, sql: &str, schema: &str) -> Result<Vec<T>, ControlError>
where
    T: mysql_async::prelude::FromRow + Send + 'static,
{
    control::within(ANSWER_TIMEOUT, connection.exec(sql, (schema,))).await
}
