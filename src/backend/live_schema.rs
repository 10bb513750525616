//! What the tables with rules look like on the servers: the columns that an INSERT without a column list means, and
//! the facts that the rules are checked against.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::control::{self, ANSWER_TIMEOUT, ControlError};
use super::topology::Topology;
use crate::sharding::live::check_key;
use crate::sharding::schema::{DatabaseId, ReplicaSetId, Schema, Shard, same_name};
use crate::sharding::table::{Column, ColumnKind, Table};
use crate::sharding::{Database, Placement};

/// What could be read of the tables with rules.
#[derive(Debug, Default)]
pub struct LiveTables {
    /// Columns by logical database and table; none for a table that does not exist. Tables of servers that could not be
    /// asked are missing.
    pub columns: BTreeMap<(DatabaseId, String), Vec<Column>>,
    /// Of the tables that were to be compared, and could be: whether shards have their columns in different orders.
    pub mixed: BTreeMap<(DatabaseId, String), bool>,
    /// The replica sets that could not be asked, and why.
    pub failed: Vec<(String, ControlError)>,
}

/// A column as a server describes it.
#[derive(Debug, Clone)]
pub(super) struct LiveColumn {
    pub(super) column: Column,
    /// COLUMN_TYPE: `int(11) unsigned`, `varchar(80)`.
    pub(super) column_type: String,
}

type Described =
    (String, String, String, String, String, String, Option<u64>, Option<String>, Option<String>, Option<String>);

/// Control connections to the primaries, opened as they are needed; `None`: that failed.
struct Primaries<'t> {
    topology: &'t Topology,
    open: HashMap<ReplicaSetId, Option<Conn>>,
    failed: Vec<(String, ControlError)>,
}

/// Version text, `@@global.sql_mode` and `@@global.max_sort_length` of the first primary that answers.
pub async fn server_facts(topology: &Topology) -> Result<(String, String, usize), ControlError> {
    let mut failed = None;
    for set in &topology.sets {
        let address = &set.primary().map_or(&set.servers[0], |server| server).address;
        match control::connect(&set.options, address).await {
            Ok(mut connection) => {
                let asked = connection.query_first("SELECT VERSION(), @@global.sql_mode, @@global.max_sort_length");
                let facts = control::within(ANSWER_TIMEOUT, asked).await?;
                connection.disconnect().await?;
                return Ok(facts.unwrap_or_default());
            }
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or(ControlError::NoServer))
}

/// Reads the columns of every table with a rule, from the first shard of each, and from all shards of those that `is_unfinished`
/// names by database and table. A replica set that does not answer keeps no other from being read.
pub async fn load(topology: &Topology, schema: &Schema, is_unfinished: impl Fn(&str, &str) -> bool) -> LiveTables {
    let mut primaries = Primaries { topology, open: HashMap::new(), failed: Vec::new() };
    let (mut columns, mut mixed) = (BTreeMap::new(), BTreeMap::new());
    for (id, database) in ids(schema) {
        for shard in database.patterns().iter().filter_map(|pattern| pattern.shard_set().first()) {
            primaries.meet(database, schema.shard(shard)).await;
        }
        for table in database.tables() {
            let Some(shard) = table.shard_set().first() else { continue };
            let Some(live) = primaries.describe(schema.shard(shard), table.physical_name(shard)).await else {
                continue;
            };
            if is_unfinished(&database.name, &table.name)
                && let Some(is_mixed) = primaries.is_mixed(schema, table, &live).await
            {
                mixed.insert((id, table.name.clone()), is_mixed);
            }
            columns.insert((id, table.name.clone()), live);
        }
    }
    LiveTables { columns, mixed, failed: primaries.close().await }
}

/// The key columns that contradict their rules, one line each. Such tables are not routed by key.
pub fn mismatches(schema: &Schema) -> Vec<String> {
    let mut lines = Vec::new();
    for (_, database) in ids(schema) {
        for table in database.tables() {
            let (Placement::Sharded(sharded), Some(_)) = (&table.placement, &table.columns) else { continue };
            for mismatch in check_key(sharded, |name| table.column(name)) {
                lines.push(format!("{}.{}: {mismatch}", database.name, table.name));
            }
        }
    }
    lines
}

/// Whether two readings of the same rules found the same columns, in the same state.
pub fn is_same(one: &Schema, other: &Schema) -> bool {
    // Tables that fit a pattern are in the order in which they were met, with names of tables that do not exist.
    let columns = |schema: &Schema| {
        let tables = ids(schema).flat_map(|(id, database)| database.tables().map(move |table| (id, table)));
        let known =
            tables.filter_map(|(id, table)| Some(((id, table.name.clone()), (table.columns.clone()?, table.is_mixed))));
        known.collect::<BTreeMap<_, _>>()
    };
    one.version != 0 && columns(one) == columns(other)
}

fn ids(schema: &Schema) -> impl Iterator<Item = (DatabaseId, &crate::sharding::Database)> {
    (0u16..).map(DatabaseId).zip(&schema.databases)
}

impl Primaries<'_> {
    /// Has the database meet the tables of a shard that fit its patterns.
    async fn meet(&mut self, database: &Database, shard: &Shard) {
        let id = shard.replica_set;
        let Some(connection) = self.connection(id).await else { return };
        let sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = ?";
        let asked = connection.exec(sql, (shard.schema.as_str(),));
        match control::within(ANSWER_TIMEOUT, asked).await {
            Ok(names) => {
                let names: Vec<String> = names;
                names.iter().for_each(|name| database.meet(name));
            }
            Err(error) => {
                self.failed.push((self.topology.set(id).options.name.clone(), error));
                self.open.insert(id, None);
            }
        }
    }

    /// The columns of one physical table, in order; none if it does not exist, `None` if its server cannot be asked.
    async fn describe(&mut self, shard: &Shard, table: &str) -> Option<Vec<Column>> {
        let id = shard.replica_set;
        let connection = self.connection(id).await?;
        match describe(connection, &shard.schema, Some(table)).await {
            Ok(mut tables) => Some(tables.pop().map_or_else(Vec::new, |(_, columns)| columns)),
            Err(error) => {
                self.failed.push((self.topology.set(id).options.name.clone(), error));
                self.open.insert(id, None);
                None
            }
        }
        .map(|columns| columns.into_iter().map(|live| live.column).collect())
    }

    /// Whether a shard has the columns in another order than the first one, which has them as in `first`; `None` if that cannot be
    /// told. Values without names would be taken for those of other columns there.
    async fn is_mixed(&mut self, schema: &Schema, table: &Table, first: &[Column]) -> Option<bool> {
        let mut is_mixed = false;
        for shard in table.shard_set().iter().skip(1) {
            let other = self.describe(schema.shard(shard), table.physical_name(shard)).await?;
            is_mixed |= have_other_places(first, &other);
        }
        Some(is_mixed)
    }

    async fn connection(&mut self, id: ReplicaSetId) -> Option<&mut Conn> {
        let place = match self.open.entry(id) {
            Entry::Occupied(known) => return known.into_mut().as_mut(),
            Entry::Vacant(place) => place,
        };
        let set = self.topology.set(id);
        let address = &set.primary().map_or(&set.servers[0], |server| server).address;
        match control::connect(&set.options, address).await {
            Ok(connection) => place.insert(Some(connection)).as_mut(),
            Err(error) => {
                self.failed.push((set.options.name.clone(), error));
                place.insert(None);
                None
            }
        }
    }

    async fn close(self) -> Vec<(String, ControlError)> {
        for connection in self.open.into_values().flatten() {
            // What was asked is known; how the goodbye goes does not matter.
            let _ = connection.disconnect().await;
        }
        self.failed
    }
}

/// Whether there are as many columns, and one of them has another place. (A number of its own is noticed by each statement that
/// would go wrong for it.)
fn have_other_places(one: &[Column], other: &[Column]) -> bool {
    let place = |name: &str| other.iter().position(|column| same_name(&column.name, name));
    let is_elsewhere = |(at, column): (usize, &Column)| place(&column.name).is_some_and(|found| found != at);
    one.len() == other.len() && one.iter().enumerate().any(is_elsewhere)
}

/// The tables of a physical schema (or one of them), each with its columns in order.
pub(super) async fn describe(
    connection: &mut Conn,
    schema: &str,
    table: Option<&str>,
) -> Result<Vec<(String, Vec<LiveColumn>)>, ControlError> {
    let and_table = if table.is_some() { "AND table_name = ?" } else { "" };
    let sql = format!(
        "SELECT table_name, column_name, data_type, column_type, is_nullable, extra, character_maximum_length, \
         collation_name, CAST(generation_expression AS CHAR), CAST(column_default AS CHAR) \
         FROM information_schema.columns \
         WHERE table_schema = ? {and_table} ORDER BY table_name, ordinal_position"
    );
    let arguments: Vec<mysql_async::Value> = [Some(schema), table].into_iter().flatten().map(Into::into).collect();
    let rows: Vec<Described> = control::within(ANSWER_TIMEOUT, connection.exec(sql, arguments)).await?;
    let mut tables: Vec<(String, Vec<LiveColumn>)> = Vec::new();
    for row in rows {
        match tables.last_mut() {
            Some((name, columns)) if *name == row.0 => columns.push(column(schema, row)),
            _ => tables.push((row.0.clone(), vec![column(schema, row)])),
        }
    }
    Ok(tables)
}

fn column(
    schema: &str,
    (_, name, data_type, column_type, nullable, extra, max_length, collation, generation, default): Described,
) -> LiveColumn {
    let extra = extra.to_ascii_lowercase();
    let arguments = |written: &str| {
        let inner = written.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
        inner.map_or_else(String::new, |(inner, _)| inner.to_owned())
    };
    let column = Column {
        name,
        auto_increment: extra.contains("auto_increment"),
        invisible: extra.contains("invisible"),
        kind: Some(ColumnKind {
            data_type: data_type.to_ascii_lowercase(),
            unsigned: column_type.to_ascii_lowercase().contains("unsigned"),
            nullable: nullable.eq_ignore_ascii_case("yes"),
            generated: generation.is_some_and(|expression| !expression.is_empty()),
            max_length,
            collation,
            arguments: arguments(&column_type),
            on_update: extra.contains("on update"),
            default: default.map(|default| default.replace(&format!("`{schema}`."), "")),
        }),
    };
    LiveColumn { column, column_type }
}
