//! The whole of the rules at one moment: shards, logical databases, their tables. A schema is never changed: a reload,
//! or a look at the live columns, makes a new one.

use std::cmp::Ordering;

use super::pattern::Patterns;
use super::shard_set::{ShardId, ShardSet};
use super::table::{Physical, Placement, Table};

/// A replica set: an index into the configured ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReplicaSetId(pub u16);

/// A logical database: an index into `Schema::databases`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DatabaseId(pub u16);

/// All shards and logical databases.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// Indexed by [`ShardId`].
    pub shards: Vec<Shard>,
    /// Indexed by [`DatabaseId`].
    pub databases: Vec<Database>,
    /// Tells this schema from earlier and later ones of the same process; plans are kept by it.
    pub version: u64,
    /// For a transaction whose connections hold locks on tables that are not sharded: where several shards are in one
    /// physical schema, such a table is on one of them only, so that all of the transaction meets it on one connection.
    pub(super) is_apart: bool,
}

/// Of the version of a schema that is apart. Versions count from 0.
const APART: u64 = 1 << 63;

impl Schema {
    /// The logical database of this name.
    pub fn database(&self, name: &str) -> Option<(DatabaseId, &Database)> {
        let index = self.databases.iter().position(|database| same_name(&database.name, name))?;
        Some((DatabaseId(index as u16), &self.databases[index]))
    }

    /// The logical database of an id that this schema gave.
    pub fn database_of(&self, id: DatabaseId) -> &Database {
        &self.databases[usize::from(id.0)]
    }

    /// The shard of an id that this schema gave.
    pub fn shard(&self, id: ShardId) -> &Shard {
        &self.shards[usize::from(id.0)]
    }

    /// All shards, of whichever database.
    pub fn all_shards(&self) -> impl Iterator<Item = ShardId> + use<> {
        (0_u16..).map(ShardId).take(self.shards.len())
    }

    /// The shard of this name, as hints and the command line give it.
    pub fn shard_named(&self, name: &str) -> Option<ShardId> {
        let index = self.shards.iter().position(|shard| same_name(&shard.name, name))?;
        Some(ShardId(index as u16))
    }

    /// The same, with each shard's connection for itself.
    pub fn apart(&self) -> Self {
        Self { is_apart: true, version: self.version | APART, ..self.clone() }
    }

    /// All shards on which a table can be found that is written on `homes`.
    pub fn shards_beside(&self, homes: &ShardSet) -> ShardSet {
        if self.is_apart {
            return homes.clone();
        }
        let is_there = |id: &ShardId| homes.iter().any(|home| self.shard(home).is_same_place(self.shard(*id)));
        self.all_shards().filter(is_there).collect()
    }

    /// The schema for a statement that names the tables `mentioned`, some of which have been copied to each of `shards`.
    pub fn with_copies(&self, copies: &[Copied<'_>], shards: &ShardSet, mentioned: &[String]) -> Self {
        let databases = (0_u16..).map(DatabaseId).zip(&self.databases).map(|(id, database)| {
            let mut tables: Vec<Table> = mentioned.iter().filter_map(|name| database.table(name)).cloned().collect();
            tables.sort_by(|one, other| compare_names(&one.name, &other.name));
            for copied in copies.iter().filter(|copied| copied.database == id) {
                let at = tables.binary_search_by(|table| compare_names(&table.name, copied.table));
                let columns = at.ok().and_then(|at| tables[at].columns.take());
                let physical = Physical::Renamed(copied.physical.to_owned());
                let placement = Placement::Reference(shards.clone());
                let copy = Table { name: copied.table.to_owned(), placement, columns, is_mixed: false, physical };
                match at {
                    Ok(at) => tables[at] = copy,
                    Err(at) => tables.insert(at, copy),
                }
            }
            Database {
                name: database.name.clone(),
                shards: database.shards.clone(),
                tables,
                patterns: Patterns::default(),
                ..*database
            }
        });
        Self {
            databases: databases.collect(),
            shards: self.shards.clone(),
            version: self.version,
            is_apart: self.is_apart,
        }
    }

    /// Whether the database has no rule for this name, under which a shard keeps its rows of a table with one.
    pub fn is_kept_by_shard(&self, database: DatabaseId, name: &str) -> bool {
        let of = self.database_of(database);
        let home = self.shard(of.default_shard);
        let is_at_home = |shard: &ShardId| self.shard(*shard).is_same_place(home);
        let is_kept = |table: &Table| {
            table.shard_set().iter().any(|shard| is_at_home(&shard) && same_name(table.physical_name(shard), name))
        };
        let mut tables = self.databases.iter().flat_map(Database::tables);
        of.table(name).is_none() && tables.any(|table| table.is_renamed() && is_kept(table))
    }

    /// Of `shards`, one (the lowest) for each physical schema: shards of a table-per-shard layout share one.
    pub fn distinct_copies(&self, shards: &ShardSet) -> ShardSet {
        let mut copies = ShardSet::empty();
        for id in shards {
            if !copies.iter().any(|copy| self.shard(copy).is_same_place(self.shard(id))) {
                copies.insert(id);
            }
        }
        copies
    }
}

/// A table of which there are copies.
#[derive(Debug, Clone, Copy)]
pub struct Copied<'a> {
    pub database: DatabaseId,
    /// Its logical name.
    pub table: &'a str,
    /// What each copy is called.
    pub physical: &'a str,
}

/// One physical schema of one replica set, or a share of it: shards of a table-per-shard layout may have both alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// The name in rules and hints; no two shards of a configuration have the same.
    pub name: String,
    /// Where it is.
    pub replica_set: ReplicaSetId,
    /// The physical schema there.
    pub schema: String,
}

impl Shard {
    /// Whether both are the same physical schema. Names that differ in case only count as the same: on servers with
    /// `lower_case_table_names` they are.
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.replica_set == other.replica_set && same_name(&self.schema, &other.schema)
    }
}

/// One logical database.
#[derive(Debug, Clone)]
pub struct Database {
    /// As the client names it.
    pub name: String,
    /// All shards of the database.
    pub shards: ShardSet,
    /// Where tables without a rule are.
    pub default_shard: ShardId,
    /// Whether reads may go to replicas, where the user's own setting does not say.
    pub read_write_splitting: bool,
    /// Sorted by [`compare_names`].
    pub(super) tables: Vec<Table>,
    /// Rules for tables whose names fit a pattern.
    pub(super) patterns: Patterns,
}

impl Database {
    /// The rule of the table. A table without a rule is a single table on `default_shard`.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.table_at(self.table_index(name)?)
    }

    /// Where [`Database::table_at`] finds the table's rule.
    pub fn table_index(&self, name: &str) -> Option<usize> {
        let found = self.tables.binary_search_by(|table| compare_names(&table.name, name)).ok();
        found.or_else(|| self.patterns.place(name).map(|place| self.tables.len() + place))
    }

    /// The rule at an index that `table_index` gave.
    pub fn table_at(&self, index: usize) -> Option<&Table> {
        match index.checked_sub(self.tables.len()) {
            Some(place) => self.patterns.table(place),
            None => self.tables.get(index),
        }
    }

    /// All tables that have a rule, by name; then those that were met and fit a pattern.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().chain(self.patterns.tables())
    }

    /// The rules for tables by pattern, each as a table that is called as the pattern.
    pub fn patterns(&self) -> &[Table] {
        self.patterns.rules()
    }

    /// Meets a table that a server has under this name, if a pattern fits it.
    pub fn meet(&self, physical: &str) {
        if let Some(name) = self.patterns.logical(physical) {
            self.table_index(&name);
        }
    }
}

/// Whether two names of databases, tables, columns or shards are the same: letter case does not count. (Servers tell
/// table names apart by case unless `lower_case_table_names` is set. Two tables that differ in case only cannot both
/// have a rule, so that a name never misses the rule that the server would apply it to.)
pub fn same_name(left: &str, right: &str) -> bool {
    compare_names(left, right) == Ordering::Equal
}

/// Whether servers keep their own affairs in a schema of this name.
pub fn is_the_servers(schema: &str) -> bool {
    ["information_schema", "mysql", "performance_schema", "sys"].iter().any(|own| same_name(own, schema))
}

/// The order of names, without letter case. Allocates nothing.
pub fn compare_names(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        return left
            .bytes()
            .map(|byte| byte.to_ascii_lowercase())
            .cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()));
    }
    left.chars().flat_map(char::to_lowercase).cmp(right.chars().flat_map(char::to_lowercase))
}
