//! Rules as they are written -> a [`Schema`], or everything that is wrong with them.
//!
//! Names are resolved, slots are mapped, physical names are formed and checked for clashes, and tables that are sharded
//! alike are found. Nothing is guessed: what is missing or contradicts itself is an error, and all errors are reported.

mod error;
mod tables;

use std::collections::{HashMap, HashSet};

use super::function::FunctionSpec;
use super::key::KeyType;
use super::pattern::{self, Patterns};
use super::schema::{Database, ReplicaSetId, Schema, Shard};
use super::shard_set::{MAX_SHARDS, ShardId, ShardSet};
use super::table::{Column, KeyRequired, Parent, Sequence, Table};

pub use error::{Place, RuleError, RuleProblem};

/// The most logical databases of one configuration.
pub const MAX_DATABASES: usize = 1024;

/// The most tables with a rule in one database.
pub const MAX_TABLES: usize = 4096;

/// All rules.
#[derive(Debug, Clone, Default)]
pub struct SchemaSpec {
    /// Becomes `Schema::version`.
    pub version: u64,
    /// One for each logical database.
    pub databases: Vec<DatabaseSpec>,
}

/// The rules of one logical database.
#[derive(Debug, Clone)]
pub struct DatabaseSpec {
    /// As the client names it.
    pub name: String,
    /// The database's shards; their names are unique over all databases.
    pub shards: Vec<ShardSpec>,
    /// Where tables without a rule are.
    pub default_shard: String,
    /// Whether reads may go to replicas.
    pub read_write_splitting: bool,
    /// Tables with a rule.
    pub tables: Vec<TableSpec>,
}

/// One shard.
#[derive(Debug, Clone)]
pub struct ShardSpec {
    /// Its name in rules and hints.
    pub name: String,
    /// Where it is.
    pub replica_set: ReplicaSetId,
    /// The physical schema.
    pub schema: String,
}

/// One table's rule.
#[derive(Debug, Clone)]
pub struct TableSpec {
    /// The logical name.
    pub name: String,
    /// Without it the physical name is the logical one.
    pub physical: Option<PhysicalSpec>,
    /// All columns in order, if they are known.
    pub columns: Option<Vec<Column>>,
    /// Where the rows lie.
    pub placement: PlacementSpec,
}

/// What a table is called on its shards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhysicalSpec {
    /// `{table}`, `{index}` or `{index:04}` (position of the shard in the table's list, with leading zeros up to so many digits),
    /// `{bucket}` (of a shard with one bucket, its number or name).
    Pattern(String),
    /// One name for each of its shards, in their order.
    Names(Vec<String>),
}

/// Where a table's rows lie.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one for each table, while rules are read")]
pub enum PlacementSpec {
    /// Spread by a key.
    Sharded(ShardedSpec),
    /// A copy in every physical schema of the database.
    Reference,
    /// On one shard; without a name on the database's default shard.
    Single(Option<String>),
}

/// The rule of a sharded table.
#[derive(Debug, Clone, Default)]
pub struct ShardedSpec {
    /// The column whose value decides.
    pub key_column: String,
    /// Without it that of the table it is colocated with, else an integer.
    pub key: Option<KeyType>,
    /// Without it that of the table it is colocated with.
    pub function: Option<FunctionSpec>,
    /// Without it those of the table it is colocated with.
    pub shards: Option<ShardsSpec>,
    /// The second column of the key.
    pub within: Option<WithinSpec>,
    /// Further columns of the key, where the function takes the values of all together.
    pub joint: Vec<KeyColumnSpec>,
    /// The table that this one must be sharded alike.
    pub colocated_with: Option<String>,
    /// The table by whose rows the rows of this one are placed.
    pub parent: Option<Parent>,
    /// The shard, one of the table's, of rows whose key is NULL.
    pub null_key: Option<String>,
    /// The shard, one of the table's, of rows for whose key the function has no bucket.
    pub out_of_range: Option<String>,
    /// Which statements must tell the key.
    pub key_required: KeyRequired,
    /// Whether a comparison of the key with a value that leads nowhere for certain is an error.
    pub refuses_uncertain: bool,
    /// Whether each shard may number its own rows of an AUTO_INCREMENT column.
    pub auto_increment_per_shard: bool,
    /// What numbers rows over all shards.
    pub sequence: Option<Sequence>,
}

/// A further column of a key of which one function takes all values.
#[derive(Debug, Clone)]
pub struct KeyColumnSpec {
    /// The column.
    pub column: String,
    /// Its type.
    pub key: KeyType,
}

/// The second column of a shard key: the shards of each bucket of the first are shared out by it.
#[derive(Debug, Clone)]
pub struct WithinSpec {
    /// The column.
    pub key_column: String,
    /// Without it an integer.
    pub key: Option<KeyType>,
    /// Over the shards of one bucket of the first column.
    pub function: FunctionSpec,
    /// How many shards each bucket of the first column has, which follow each other in the table's list.
    pub shards: usize,
}

/// The shards of a sharded table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShardsSpec {
    /// In this order, each with an equal share.
    Even(Vec<String>),
    /// In this order, each with inclusive ranges of slots.
    Slots(Vec<(String, Vec<(usize, usize)>)>),
}

impl ShardsSpec {
    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let (even, slots) = match self {
            Self::Even(names) => (names.as_slice(), [].as_slice()),
            Self::Slots(shards) => ([].as_slice(), shards.as_slice()),
        };
        even.iter().map(String::as_str).chain(slots.iter().map(|(name, _)| name.as_str()))
    }
}

impl SchemaSpec {
    /// The schema, or all that is wrong, in the order of the rules.
    pub fn build(&self) -> Result<Schema, Vec<RuleError>> {
        let mut errors = Vec::new();
        let mut schema = Schema { version: self.version, ..Schema::default() };
        let mut names = Names::default();
        if self.databases.len() > MAX_DATABASES {
            let too_many = RuleProblem::TooMany { what: "databases", max: MAX_DATABASES };
            return Err(vec![RuleError::new(Place::Database { database: MAX_DATABASES }, "database", too_many)]);
        }
        for (index, database) in self.databases.iter().enumerate() {
            let at = Place::Database { database: index };
            error::check_name(&database.name, at, "database", &mut errors);
            if !names.databases.insert(folded(&database.name)) {
                errors.push(RuleError::new(at, "database", RuleProblem::duplicate("database", &database.name)));
            }
            let shards = add_shards(&mut schema, &mut names, index, &database.shards, &mut errors);
            if let Some(database) = build_database(&schema, &names, index, database, shards, &mut errors) {
                schema.databases.push(database);
            }
        }
        if errors.is_empty() { Ok(schema) } else { Err(errors) }
    }
}

/// What is known by name, so that thousands of names are not compared with each other. In lower case.
#[derive(Debug, Default)]
struct Names {
    databases: HashSet<String>,
    shards: HashMap<String, ShardId>,
    /// The first shard of each physical schema of a replica set, and its database.
    places: HashMap<(ReplicaSetId, String), (ShardId, usize)>,
    /// By shard: the first that is in the same physical schema.
    first_here: Vec<ShardId>,
}

/// A name as [`same_name`](super::schema::same_name) compares it.
pub(in crate::sharding) fn folded(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    name.chars().flat_map(char::to_lowercase).collect()
}

/// Adds the database's shards to the schema; those that were added.
fn add_shards(
    schema: &mut Schema,
    names: &mut Names,
    database: usize,
    specs: &[ShardSpec],
    errors: &mut Vec<RuleError>,
) -> ShardSet {
    let first = schema.shards.len();
    for (index, spec) in specs.iter().enumerate() {
        let at = Place::Shard { database, shard: index };
        error::check_name(&spec.name, at, "name", errors);
        error::check_name(&spec.schema, at, "schema", errors);
        if schema.shards.len() == MAX_SHARDS {
            errors.push(RuleError::new(at, "name", RuleProblem::TooMany { what: "shards", max: MAX_SHARDS }));
            break;
        }
        let id = ShardId(schema.shards.len() as u16);
        if *names.shards.entry(folded(&spec.name)).or_insert(id) != id {
            errors.push(RuleError::new(at, "name", RuleProblem::duplicate("shard", &spec.name)));
        }
        let shard = Shard { name: spec.name.clone(), replica_set: spec.replica_set, schema: spec.schema.clone() };
        let place = (spec.replica_set, folded(&spec.schema));
        let (other, owner) = *names.places.entry(place).or_insert((id, database));
        names.first_here.push(other);
        if owner != database {
            let other = schema.shard(other).name.clone();
            let problem = RuleProblem::ForeignSchema { schema: spec.schema.clone(), shard: other };
            errors.push(RuleError::new(at, "schema", problem));
        }
        schema.shards.push(shard);
    }
    (first..schema.shards.len()).map(|index| ShardId(index as u16)).collect()
}

fn build_database(
    schema: &Schema,
    names: &Names,
    index: usize,
    spec: &DatabaseSpec,
    shards: ShardSet,
    errors: &mut Vec<RuleError>,
) -> Option<Database> {
    let at = Place::Database { database: index };
    if shards.is_empty() {
        errors.push(RuleError::new(at, "shards", RuleProblem::Empty("list of shards")));
        return None;
    }
    let scope = tables::Scope { schema, shards: &shards, names, database: index };
    let default_shard = scope.shard(&spec.default_shard).map_err(|unknown| {
        errors.push(RuleError::new(at, "default_shard", unknown));
    });
    let mut tables = scope.build(spec, default_shard.ok(), errors);
    let mut patterns: Vec<Table> = tables.extract_if(.., |table| table.name.contains('*')).collect();
    patterns.sort_by(pattern::order);
    Some(Database {
        name: spec.name.clone(),
        default_shard: default_shard.ok()?,
        shards,
        read_write_splitting: spec.read_write_splitting,
        tables,
        patterns: Patterns::new(patterns),
    })
}

#[cfg(test)]
mod tests;
