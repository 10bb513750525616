//! What a table has that its rule cannot keep, or not on all shards together: keys, numbers and references that each server
//! sees to for its own rows only.

use super::live_table::{ForeignKey, LiveTable};
use crate::sharding::schema::same_name;
use crate::sharding::{Column, Database, Placement, Schema, ShardId, Sharded, Table};

/// Engines whose writes can be taken back, and prepared.
const TRANSACTIONAL: &[&str] = &["innodb", "rocksdb", "tokudb", "ndbcluster", "ndb"];

const NO_COLUMN: &str = "the table has no such column";

/// One thing that is doubtful about one table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is")]
pub enum Doubt {
    #[error(
        "its engine is {0}, which has no transactions: what is written there stays when the rest is taken back; \
         ALTER TABLE ... ENGINE = InnoDB"
    )]
    Engine(String),
    #[error(
        "the shard key \"{0}\" can be NULL, and the rule has no null_key: such rows are refused with error 1048; make the \
         column NOT NULL, or name a shard in null_key"
    )]
    NullableKey(String),
    #[error(
        "the shard key \"{column}\" is {column_type}, and what place a fraction of a second has is not certain: rows with one are \
         refused with error 1235; make the column one of whole seconds"
    )]
    Fractions { column: String, column_type: String },
    #[error(
        "unique key {name} ({columns}) does not contain the shard key \"{key}\": each server keeps it for its own rows, and \
         two shards can have the same values; add the shard key to it, or see to it that values are unique by themselves"
    )]
    UniquePerShard { name: String, columns: String, key: String },
    #[error(
        "column \"{0}\" is AUTO_INCREMENT, and no server can number rows of several shards: an INSERT that leaves it out is \
         refused; name a sequence for it, give a value, or let each shard number its own rows with auto_increment = \"per-shard\""
    )]
    Unnumbered(String),
    #[error(
        "column \"{0}\" places the rows of child tables, and {1}: a child row must lead to one parent; add a unique key for it, and \
         see to it that its values are unique over all shards"
    )]
    Referred(String, &'static str),
    #[error(
        "foreign key {name} refers to {parent}, and {why}: a server sees the rows of its own shards only, and refuses rows \
         whose parent is elsewhere; drop it, or make both tables colocated by these columns, or the parent a reference table"
    )]
    ForeignKey { name: String, parent: String, why: String },
}

impl Doubt {
    /// Whether both say the same of two shards, whose schemas and constraints are called otherwise.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::ForeignKey { why, .. }, Self::ForeignKey { why: theirs, .. }) => why == theirs,
            _ => self == other,
        }
    }

    /// Whether all works nevertheless.
    pub fn is_harmless(&self) -> bool {
        match self {
            Self::NullableKey(_) | Self::Fractions { .. } | Self::UniquePerShard { .. } | Self::Unnumbered(_) => true,
            Self::Referred(_, why) => *why != NO_COLUMN,
            Self::Engine(_) | Self::ForeignKey { .. } => false,
        }
    }
}

/// All doubts about a table, as it is on one of its shards.
pub(super) fn doubts(
    schema: &Schema,
    database: &Database,
    table: &Table,
    shard: ShardId,
    live: &LiveTable,
) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if !live.engine.is_empty() && !TRANSACTIONAL.contains(&live.engine.to_ascii_lowercase().as_str()) {
        doubts.push(Doubt::Engine(live.engine.clone()));
    }
    if let Placement::Sharded(sharded) = &table.placement {
        doubts.extend(doubts_of_sharded(sharded, live));
    }
    for (name, key) in &live.foreign_keys {
        if let Some(why) = unkept(schema, database, table, shard, key) {
            let parent = format!("{}.{}", key.parent.0, key.parent.1);
            doubts.push(Doubt::ForeignKey { name: name.clone(), parent, why });
        }
    }
    doubts
}

fn doubts_of_sharded(sharded: &Sharded, live: &LiveTable) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for key in sharded.key_columns() {
        let column = live.columns.iter().find(|live| same_name(&live.column.name, key));
        let is_nullable = column.and_then(|live| live.column.kind.as_ref()).is_some_and(|kind| kind.nullable);
        // A child row without a parent has no place anyway.
        if is_nullable && sharded.null_key.is_none() && sharded.parent.is_none() {
            doubts.push(Doubt::NullableKey(key.to_owned()));
        }
        let column_type = column.map(|live| live.column_type.to_ascii_lowercase()).unwrap_or_default();
        let has_fractions =
            ["datetime(", "time("].iter().any(|of| column_type.starts_with(of)) && !column_type.ends_with("(0)");
        if has_fractions && sharded.parent.is_none() {
            doubts.push(Doubt::Fractions { column: key.to_owned(), column_type });
        }
    }
    for (name, unique) in live.keys.iter().filter(|(_, key)| key.is_unique) {
        let has = |key: &str| unique.parts.iter().any(|(column, prefix)| prefix.is_none() && same_name(column, key));
        if !sharded.key_columns().all(has) {
            let columns: Vec<&str> = unique.parts.iter().map(|(column, _)| column.as_str()).collect();
            let (name, columns) = (name.clone(), columns.join(", "));
            let key = sharded.key_columns().collect::<Vec<_>>().join("\", \"");
            doubts.push(Doubt::UniquePerShard { name, columns, key });
        }
    }
    for (column, _) in &sharded.referred {
        let is_there = live.columns.iter().any(|live| same_name(&live.column.name, column));
        let is_alone = |parts: &[(String, Option<u64>)]| matches!(parts, [(only, None)] if same_name(only, column));
        match (is_there, live.keys.values().any(|key| key.is_unique && is_alone(&key.parts))) {
            (true, true) => {}
            (true, false) => doubts.push(Doubt::Referred(column.clone(), "no unique key consists of it")),
            (false, _) => doubts.push(Doubt::Referred(column.clone(), NO_COLUMN)),
        }
    }
    if !sharded.auto_increment_per_shard {
        let of_sequence = sharded.sequence.as_ref().map_or("", |sequence| sequence.column.as_str());
        let is_unnumbered = |column: &Column| column.auto_increment && !same_name(&column.name, of_sequence);
        let numbered = live.columns.iter().filter(|live| is_unnumbered(&live.column));
        doubts.extend(numbered.map(|live| Doubt::Unnumbered(live.column.name.clone())));
    }
    doubts
}

/// Why a row's parent may be on another shard; `None` if it never is.
fn unkept(schema: &Schema, database: &Database, child: &Table, shard: ShardId, key: &ForeignKey) -> Option<String> {
    let home = schema.shard(shard);
    let (parent_schema, parent) = &key.parent;
    if !same_name(parent_schema, &home.schema) {
        return Some("that is in another schema".to_owned());
    }
    let is_here = |table: &&Table| table.shard_set().contains(shard) && same_name(table.physical_name(shard), parent);
    let parent = database.tables().find(is_here);
    match (&child.placement, parent.map(|table| &table.placement)) {
        (_, Some(Placement::Reference(_))) => None,
        // All of one place.
        (Placement::Single(one), Some(Placement::Single(other))) if one == other => None,
        (Placement::Single(one), None) if *one == database.default_shard => None,
        (Placement::Sharded(one), Some(Placement::Sharded(other))) if is_child(one, other) => {
            let by_link = |(own, theirs): &(String, String)| {
                let placed = one.parent.as_ref().map_or("", |parent| parent.column.as_str());
                same_name(own, &one.key_column) && same_name(theirs, placed)
            };
            let why = format!("it does not pair \"{}\" with the column that places the rows", one.key_column);
            (!key.columns.iter().any(by_link)).then_some(why)
        }
        (Placement::Sharded(one), Some(Placement::Sharded(other))) if one.colocation == other.colocation => {
            let mut keys = one.key_columns().zip(other.key_columns());
            let is_paired = |(mine, theirs): (&str, &str)| {
                key.columns.iter().any(|(own, parents)| same_name(own, mine) && same_name(parents, theirs))
            };
            let why = format!("it does not pair the shard keys \"{}\" and \"{}\"", one.key_column, other.key_column);
            (!keys.all(is_paired)).then_some(why)
        }
        (_, Some(Placement::Sharded(_))) => Some("both are not sharded alike".to_owned()),
        (_, Some(Placement::Single(_)) | None) => Some("that is on one shard only".to_owned()),
    }
}

/// Whether rows of `child` are where the rows of `parent` are that they name.
fn is_child(child: &Sharded, parent: &Sharded) -> bool {
    child.parent.is_some() && parent.referred.iter().any(|(_, id)| *id == child.colocation)
}

/// What is different in engine, default collation, keys, constraints, triggers and partitions.
pub(super) fn differences(expected: &LiveTable, found: &LiveTable) -> Vec<String> {
    match (expected.is_view, found.is_view) {
        (true, true) => return Vec::new(),
        (true, false) => return vec!["it is a table, not a view".to_owned()],
        (false, true) => return vec!["it is a view, not a table".to_owned()],
        (false, false) => {}
    }
    let mut differences = Vec::new();
    if !expected.engine.eq_ignore_ascii_case(&found.engine) {
        differences.push(format!("its engine is {}, not {}", found.engine, expected.engine));
    }
    if expected.collation != found.collation {
        differences.push(format!("its default collation is {}, not {}", found.collation, expected.collation));
    }
    differences.extend(differences_of_keys(expected, found));
    differences.extend(differences_of_lists("CHECK", &expected.checks, &found.checks));
    differences.extend(differences_of_triggers(expected, found));
    match (expected.partitions.as_slice(), found.partitions.as_slice()) {
        (one, other) if one == other => {}
        (_, []) => differences.push("it is not partitioned".to_owned()),
        ([], _) => differences.push("it is partitioned".to_owned()),
        ([one, ..], [other, ..]) if one != other => {
            differences.push(format!("it is partitioned by {other}, not {one}"));
        }
        ([_, one @ ..], [_, other @ ..]) => differences.extend(differences_of_lists("partition", one, other)),
    }
    differences
}

fn differences_of_keys(expected: &LiveTable, found: &LiveTable) -> Vec<String> {
    let mut differences = Vec::new();
    let mut names: Vec<&String> = expected.keys.keys().chain(found.keys.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        match (expected.keys.get(name), found.keys.get(name)) {
            (Some(_), None) => differences.push(format!("no key {name}")),
            (None, Some(_)) => differences.push(format!("one more key {name}")),
            (Some(one), Some(other)) if one != other => differences.push(format!("key {name} is another")),
            _ => {}
        }
    }
    // Names of constraints are unique in a schema, so that they may differ where shards share one.
    let references = |table: &LiveTable| {
        let mut list: Vec<_> = table.foreign_keys.values().map(|key| key.columns.clone()).collect();
        list.sort();
        list
    };
    if references(expected) != references(found) {
        differences.push("its foreign keys are others".to_owned());
    }
    differences
}

fn differences_of_lists(what: &str, expected: &[String], found: &[String]) -> Vec<String> {
    let missing = expected.iter().filter(|one| !found.contains(one)).map(|one| format!("no {what} {one}"));
    let more = found.iter().filter(|one| !expected.contains(one)).map(|one| format!("one more {what} {one}"));
    missing.chain(more).collect()
}

/// Where tables are called otherwise from shard to shard, so may be the tables that their triggers write to.
fn differences_of_triggers(expected: &LiveTable, found: &LiveTable) -> Vec<String> {
    let events = |table: &LiveTable| table.triggers.iter().map(|one| one.event.clone()).collect::<Vec<_>>();
    let (one, other) = (events(expected), events(found));
    if one != other {
        let list = |events: &[String]| if events.is_empty() { "none".to_owned() } else { events.join(", ") };
        return vec![format!("its triggers are {}, not {}", list(&other), list(&one))];
    }
    if same_name(&expected.name, &found.name) && expected.triggers != found.triggers {
        return vec!["its triggers do something else".to_owned()];
    }
    Vec::new()
}
