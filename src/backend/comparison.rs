//! The rules beside what all servers have: everything in which they differ, said with the place, what was expected, and
//! what to do.
//!
//! Nothing is changed, and rows are not looked at: that each lies on the shard that its key leads to is not shown here.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::control::{self, ANSWER_TIMEOUT, ControlError};
use super::live_schema::LiveColumn;
use super::live_table::{self, LiveTable, Tables};
use super::options::{Address, Options, ReplicaSetOptions};
use super::rights::{self, MissingRight};
use super::survey::{self, Finding, survey};
use super::table_checks::{self, Doubt};
use crate::sharding::live::{KeyMismatch, check_key};
use crate::sharding::schema::{ReplicaSetId, Schema, Shard, same_name};
use crate::sharding::{Database, Placement, ShardId, Table};

/// One thing that is not as the rules have it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is")]
pub enum Difference {
    #[error(transparent)]
    Server(Finding),
    #[error("replica set {set}: without its primary these shards are not compared: {shards}")]
    NotCompared { set: String, shards: String },
    #[error("replica set {set}: cannot read schema {schema} (of {shards}) on {server}: {error}")]
    Unreadable { set: String, schema: String, shards: String, server: Address, error: ControlError },
    #[error(
        "replica set {set}: there is no schema {schema} (of {shards}) on {server}, or user {user} may not see it; \
         `shardgate init` creates it"
    )]
    NoSchema { set: String, schema: String, shards: String, server: Address, user: String },
    #[error(
        "{0}: there is no such table; create it, as it is on the other shards where they have it, or correct the rule"
    )]
    NoTable(Place),
    #[error("{place}: the table is called \"{there}\" there, and letter case counts on this server; rename it")]
    OtherCase { place: Place, there: String },
    #[error("{place}: {mismatch}")]
    Key { place: Place, mismatch: KeyMismatch },
    #[error("{place}: the columns are not those of shard {other}: {detail}; ALTER the table on one of them")]
    Columns { place: Place, other: String, detail: String },
    #[error("{place}: it is not as on shard {other}: {detail}; make them alike")]
    Definition { place: Place, other: String, detail: String },
    #[error("{place}: {doubt}")]
    Doubtful { place: Place, doubt: Doubt },
    #[error(transparent)]
    Right(MissingRight),
    #[error(
        "{place}: the rule's columns are {expected}, and the table has {found}; correct `columns`, or leave it out"
    )]
    RuleColumns { place: Place, expected: String, found: String },
    #[error(
        "{database}: table {table} has no rule, and is in {places} too: statements find it on the default shard {default} \
         only; give it a rule, or drop it there"
    )]
    Unruled { database: String, table: String, places: String, default: String },
}

impl Difference {
    /// What the configuration says about it, if it says anything.
    pub fn subject(&self) -> Subject<'_> {
        match self {
            Self::Server(finding) => Subject::ReplicaSet(finding.set()),
            Self::NotCompared { set, .. } | Self::Unreadable { set, .. } | Self::NoSchema { set, .. } => {
                Subject::ReplicaSet(set)
            }
            Self::Right(right) => Subject::ReplicaSet(&right.set),
            Self::NoTable(place)
            | Self::OtherCase { place, .. }
            | Self::Key { place, .. }
            | Self::Columns { place, .. }
            | Self::Definition { place, .. }
            | Self::Doubtful { place, .. }
            | Self::RuleColumns { place, .. } => Subject::Table(&place.table),
            Self::Unruled { database, .. } => Subject::Database(database),
        }
    }

    /// Whether all works nevertheless.
    pub fn is_harmless(&self) -> bool {
        match self {
            Self::Server(finding) => finding.is_harmless(),
            Self::Unruled { .. } | Self::Definition { .. } => true,
            Self::Doubtful { doubt, .. } => doubt.is_harmless(),
            Self::Right(right) => right.is_harmless(),
            Self::NotCompared { .. } | Self::Unreadable { .. } | Self::NoSchema { .. } => false,
            Self::NoTable(_) | Self::OtherCase { .. } | Self::Key { .. } => false,
            Self::Columns { .. } | Self::RuleColumns { .. } => false,
        }
    }
}

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// By name.
    ReplicaSet(&'a str),
    /// By name.
    Database(&'a str),
    /// As `database.table`.
    Table(&'a str),
}

/// A physical table.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{table} on shard {shard}: {physical} on {server} (replica set {set})")]
pub struct Place {
    /// `database.table`, as clients say it.
    pub table: String,
    /// The shard's name.
    pub shard: String,
    /// `schema.table` there.
    pub physical: String,
    /// The server that was asked.
    pub server: Address,
    /// Its replica set.
    pub set: String,
}

/// A replica set as its primary shows it.
struct View<'o> {
    set: &'o ReplicaSetOptions,
    server: Address,
    folds_names: bool,
    /// By name; schemas that are missing or cannot be read are not here.
    schemas: BTreeMap<String, Tables>,
}

/// Compares all of it; the servers of all replica sets are asked at the same time. `decisions`: the decision table, quoted.
pub async fn compare(options: &Options, schema: &Schema, decisions: &str) -> Vec<Difference> {
    let sets = (0u16..).map(ReplicaSetId).zip(&options.replica_sets);
    let looks = join_all(sets.map(|(id, set)| look(set, shards_of(schema, id), decisions))).await;
    let mut differences = Vec::new();
    let mut views = Vec::new();
    for (view, found) in looks {
        differences.extend(found);
        views.push(view);
    }
    for database in &schema.databases {
        let pattern_shards =
            database.patterns().iter().flat_map(|pattern| pattern.shard_set().iter().collect::<Vec<_>>());
        for shard in pattern_shards.map(|id| schema.shard(id)) {
            let view = views[usize::from(shard.replica_set.0)].as_ref();
            let tables = view.and_then(|view| view.schemas.get(&shard.schema));
            tables.into_iter().flat_map(Tables::keys).for_each(|name| database.meet(name));
        }
        for table in database.tables() {
            differences.extend(compare_table(schema, &views, database, table));
        }
        differences.extend(unruled(schema, &views, database));
    }
    differences
}

/// The shards of a replica set by physical schema.
fn shards_of(schema: &Schema, id: ReplicaSetId) -> BTreeMap<&str, Vec<&str>> {
    let mut schemas: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for shard in schema.shards.iter().filter(|shard| shard.replica_set == id) {
        schemas.entry(&shard.schema).or_default().push(&shard.name);
    }
    schemas
}

async fn look<'o>(
    set: &'o ReplicaSetOptions,
    wanted: BTreeMap<&str, Vec<&str>>,
    decisions: &str,
) -> (Option<View<'o>>, Vec<Difference>) {
    let survey::Survey { primary, findings } = survey(set).await;
    let mut differences: Vec<Difference> = findings.into_iter().map(Difference::Server).collect();
    let Some(mut primary) = primary else {
        let shards = wanted.into_values().flatten().collect::<Vec<_>>().join(", ");
        differences.push(Difference::NotCompared { set: set.name.clone(), shards });
        return (None, differences);
    };
    let replicas = set.replicas.iter().map(|replica| &replica.address).filter(|address| **address != primary.address);
    let of_replicas = join_all(replicas.map(|address| rights::of_replica(set, address))).await;
    let mut view = View { set, server: primary.address, folds_names: primary.folds_names, schemas: BTreeMap::new() };
    for (schema, shards) in wanted {
        let (set, server) = (set.name.clone(), view.server.clone());
        let (named, shards) = (schema.to_owned(), format!("shard {}", shards.join(", ")));
        match tables(&mut primary.connection, schema).await {
            Ok(Some(tables)) => drop(view.schemas.insert(named, tables)),
            Ok(None) => {
                let user = view.set.user.clone();
                differences.push(Difference::NoSchema { set, schema: named, shards, server, user });
            }
            Err(error) => differences.push(Difference::Unreadable { set, schema: named, shards, server, error }),
        }
    }
    let readable = view.schemas.keys().next().map(String::as_str);
    let of_primary = rights::of_primary(set, &view.server, &mut primary.connection, readable, decisions).await;
    differences.extend(of_replicas.into_iter().flatten().chain(of_primary).map(Difference::Right));
    // What was asked is known; how the goodbye goes does not matter.
    let _ = primary.connection.disconnect().await;
    (Some(view), differences)
}

/// `None`: there is no such schema.
async fn tables(connection: &mut Conn, schema: &str) -> Result<Option<Tables>, ControlError> {
    if !has_schema(connection, schema).await? {
        return Ok(None);
    }
    Ok(Some(live_table::read(connection, schema).await?))
}

/// Whether the server shows a schema of this name.
pub async fn has_schema(connection: &mut Conn, schema: &str) -> Result<bool, ControlError> {
    let sql = "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = ?";
    let count: Option<u64> = control::within(ANSWER_TIMEOUT, connection.exec_first(sql, (schema,))).await?;
    Ok(count != Some(0))
}

impl View<'_> {
    fn place(&self, database: &Database, table: &Table, id: ShardId, shard: &Shard) -> Place {
        Place {
            table: format!("{}.{}", database.name, table.name),
            shard: shard.name.clone(),
            physical: format!("{}.{}", shard.schema, table.physical_name(id)),
            server: self.server.clone(),
            set: self.set.name.clone(),
        }
    }
}

fn compare_table(schema: &Schema, views: &[Option<View<'_>>], database: &Database, table: &Table) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut first: Option<(&Shard, &LiveTable)> = None;
    let mut known: Vec<Doubt> = Vec::new();
    for id in table.shard_set().iter() {
        let shard = schema.shard(id);
        // What is missing as a whole has been said.
        let Some(view) = &views[usize::from(shard.replica_set.0)] else { continue };
        let Some(tables) = view.schemas.get(&shard.schema) else { continue };
        let place = view.place(database, table, id, shard);
        let wanted = table.physical_name(id);
        let live = match tables.iter().find(|(name, _)| same_name(name, wanted)) {
            None => {
                differences.push(Difference::NoTable(place));
                continue;
            }
            Some((there, _)) if !view.folds_names && !tables.contains_key(wanted) => {
                differences.push(Difference::OtherCase { place, there: there.clone() });
                continue;
            }
            Some((_, found)) => tables.get(wanted).unwrap_or(found),
        };
        differences.extend(compare_with_rule(table, &place, &live.columns));
        // What is doubtful on each shard alike is said once.
        for doubt in table_checks::doubts(schema, database, table, id, live) {
            if first.is_none() || !known.iter().any(|other| other.is_alike(&doubt)) {
                known.push(doubt.clone());
                differences.push(Difference::Doubtful { place: place.clone(), doubt });
            }
        }
        let Some((other, expected)) = first else {
            first = Some((shard, live));
            continue;
        };
        let other = &other.name;
        let detail = column_differences(&expected.columns, &live.columns).join(", ");
        if !detail.is_empty() {
            differences.push(Difference::Columns { place: place.clone(), other: other.clone(), detail });
        }
        let detail = table_checks::differences(expected, live).join(", ");
        if !detail.is_empty() {
            differences.push(Difference::Definition { place, other: other.clone(), detail });
        }
    }
    differences
}

fn compare_with_rule(table: &Table, place: &Place, columns: &[LiveColumn]) -> Vec<Difference> {
    let mut differences = Vec::new();
    if let Placement::Sharded(sharded) = &table.placement {
        let find = |name: &str| columns.iter().find(|live| same_name(&live.column.name, name)).map(|live| &live.column);
        let mismatches = check_key(sharded, find);
        differences.extend(mismatches.into_iter().map(|mismatch| Difference::Key { place: place.clone(), mismatch }));
    }
    let names = |names: &mut dyn Iterator<Item = &str>| names.collect::<Vec<_>>().join(", ");
    if let Some(expected) = &table.columns {
        let expected = names(&mut expected.iter().map(|column| column.name.as_str()));
        let found = names(&mut columns.iter().map(|live| live.column.name.as_str()));
        if !same_name(&expected, &found) {
            differences.push(Difference::RuleColumns { place: place.clone(), expected, found });
        }
    }
    differences
}

fn column_differences(expected: &[LiveColumn], found: &[LiveColumn]) -> Vec<String> {
    let in_list = |list: &[LiveColumn], name: &str| list.iter().any(|live| same_name(&live.column.name, name));
    let mut differences = Vec::new();
    for live in expected {
        let name = &live.column.name;
        match found.iter().find(|other| same_name(&other.column.name, name)) {
            None => differences.push(format!("no column \"{name}\" ({})", definition(live))),
            Some(other) if definition(other) != definition(live) => {
                differences.push(format!("column \"{name}\" is {}, not {}", definition(other), definition(live)));
            }
            Some(_) => {}
        }
    }
    for live in found.iter().filter(|live| !in_list(expected, &live.column.name)) {
        differences.push(format!("one more column \"{}\" ({})", live.column.name, definition(live)));
    }
    let is_reordered = expected.iter().zip(found).any(|(one, other)| !same_name(&one.column.name, &other.column.name));
    if differences.is_empty() && is_reordered {
        differences.push("they are in another order".to_owned());
    }
    differences
}

/// `int unsigned NOT NULL AUTO_INCREMENT`: a column's type, without the display width that some versions show.
fn definition(live: &LiveColumn) -> String {
    let Some(kind) = &live.column.kind else { return live.column_type.clone() };
    let mut text = live.column_type.to_ascii_lowercase();
    if let (true, Some(open), Some(close)) = (kind.data_type.ends_with("int"), text.find('('), text.find(')')) {
        text.replace_range(open..=close, "");
    }
    if let Some(collation) = &kind.collation {
        text += &format!(" COLLATE {collation}");
    }
    let flags = [
        (!kind.nullable, " NOT NULL"),
        (live.column.auto_increment, " AUTO_INCREMENT"),
        (live.column.invisible, " INVISIBLE"),
        (kind.generated, " GENERATED"),
    ];
    flags.iter().filter(|(is_set, _)| *is_set).for_each(|(_, word)| text += word);
    // MariaDB writes the default of a column that can be NULL and has none.
    if let Some(default) = kind.default.as_deref().filter(|default| *default != "NULL") {
        text += &format!(" DEFAULT {default}");
    }
    text
}

/// Tables without a rule that lie where no statement finds them.
fn unruled(schema: &Schema, views: &[Option<View<'_>>], database: &Database) -> Vec<Difference> {
    let default = schema.shard(database.default_shard);
    let mut strangers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for id in schema.distinct_copies(&database.shards).iter() {
        let shard = schema.shard(id);
        let view = views[usize::from(shard.replica_set.0)].as_ref().filter(|_| !shard.is_same_place(default));
        let Some((view, tables)) = view.and_then(|view| Some((view, view.schemas.get(&shard.schema)?))) else {
            continue;
        };
        for name in tables.keys().filter(|name| !is_ruled(schema, database, shard, name)) {
            strangers.entry(name).or_default().push(format!("{} on {}", shard.schema, view.server));
        }
    }
    let unruled = strangers.into_iter().map(|(table, places)| Difference::Unruled {
        database: database.name.clone(),
        table: table.to_owned(),
        places: places.join(", "),
        default: default.name.clone(),
    });
    unruled.collect()
}

/// Whether a rule puts a table of this name into the physical schema of `shard`.
fn is_ruled(schema: &Schema, database: &Database, shard: &Shard, name: &str) -> bool {
    database.tables().any(|table| {
        let here = table.shard_set();
        here.iter().any(|id| schema.shard(id).is_same_place(shard) && same_name(table.physical_name(id), name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sharding::Column;
    use crate::sharding::table::ColumnKind;

    fn live(name: &str, column_type: &str, nullable: bool) -> LiveColumn {
        let data_type = column_type.split('(').next().unwrap_or_default().to_owned();
        let kind = Some(ColumnKind { data_type, nullable, ..ColumnKind::default() });
        LiveColumn { column: Column { kind, ..Column::named(name) }, column_type: column_type.to_owned() }
    }

    #[test]
    fn columns_that_differ_are_named() {
        let table = || vec![live("id", "int(11)", false), live("n", "decimal(10,2)", true)];
        let cases: [(Vec<LiveColumn>, &str); 6] = [
            (table(), ""),
            (vec![live("ID", "int", false), live("n", "decimal(10,2)", true)], ""),
            (vec![live("n", "decimal(10,2)", true), live("id", "int", false)], "they are in another order"),
            (vec![live("id", "int", false)], "no column \"n\" (decimal(10,2))"),
            ([table(), vec![live("x", "date", true)]].concat(), "one more column \"x\" (date)"),
            (
                vec![live("id", "bigint(20)", true), live("n", "decimal(12,2)", true)],
                "column \"id\" is bigint, not int NOT NULL, column \"n\" is decimal(12,2), not decimal(10,2)",
            ),
        ];
        for (found, wanted) in cases {
            assert_eq!(column_differences(&table(), &found).join(", "), wanted);
        }
        let with = |default: &str| {
            let mut column = live("a", "int", true);
            column.column.kind =
                column.column.kind.map(|kind| ColumnKind { default: Some(default.to_owned()), ..kind });
            vec![column]
        };
        assert_eq!(column_differences(&with("NULL"), &[live("a", "int(11)", true)]), Vec::<String>::new());
        assert_eq!(column_differences(&with("5"), &with("6")), ["column \"a\" is int DEFAULT 6, not int DEFAULT 5"]);
    }
}
