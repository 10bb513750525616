//! What can be wrong with rules, and where: `config` turns the place into a file, a line and a key.

use crate::sharding::function::FunctionError;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct RuleError {
    /// In which part of the rules.
    pub at: Place,
    /// The key of that part, as rule files call it: `shard_key`, `shards`.
    pub key: &'static str,
    /// What it is.
    pub problem: RuleProblem,
}

/// A part of the rules, by its indices in the lists of the [`SchemaSpec`](super::SchemaSpec).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A database itself.
    Database {
        /// In `SchemaSpec::databases`.
        database: usize,
    },
    /// A shard.
    Shard {
        /// In `SchemaSpec::databases`.
        database: usize,
        /// In `DatabaseSpec::shards`.
        shard: usize,
    },
    /// A table.
    Table {
        /// In `SchemaSpec::databases`.
        database: usize,
        /// In `DatabaseSpec::tables`.
        table: usize,
    },
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is")]
pub enum RuleProblem {
    #[error("{0}")]
    BadName(String),
    #[error("{what} \"{name}\" is there twice (letter case does not count)")]
    Duplicate { what: &'static str, name: String },
    #[error("at most {max} {what} are possible")]
    TooMany { what: &'static str, max: usize },
    #[error("the {0} is empty")]
    Empty(&'static str),
    #[error("unknown shard \"{name}\"; known shards: {known}")]
    UnknownShard { name: String, known: String },
    #[error("shard \"{0}\" is one of another database: a name means one shard, and each database has its own")]
    ShardElsewhere(String),
    #[error("shard \"{name}\" is none of the table's; its shards: {own}")]
    ForeignShard { name: String, own: String },
    #[error("the physical schema \"{schema}\" belongs to shard \"{shard}\" of another database")]
    ForeignSchema { schema: String, shard: String },
    #[error("missing: a sharded table needs it, unless colocated_with names a table to take it from")]
    Missing,
    #[error("{0}")]
    Function(#[from] FunctionError),
    #[error("{0}")]
    KeyType(String),
    #[error("unknown table \"{name}\"; sharded tables of this database: {known}")]
    UnknownTable { name: String, known: String },
    #[error("tables are colocated with each other, or children of each other, in a circle: {0}")]
    Circle(String),
    #[error("differs from table \"{table}\", which this table is colocated with: {detail}")]
    NotAlike { table: String, detail: String },
    #[error(
        "\"{pattern}\": {reason}; known are {{table}}, {{index}}, {{index:04}}, {{group}}, {{within}} and {{bucket}}"
    )]
    Pattern { pattern: String, reason: &'static str },
    #[error("there are {names} names for {shards} shards: give one for each shard, in the order of \"shards\"")]
    PhysicalNames { names: usize, shards: usize },
    #[error(
        "the physical table \"{physical}\" of schema \"{schema}\" is that of {other} too; give each its own name, as in \
         physical = \"{{table}}_{{index}}\""
    )]
    PhysicalClash { physical: String, schema: String, other: String },
    #[error("column \"{column}\" is not among the table's columns: {known}")]
    UnknownColumn { column: String, known: String },
    #[error("{0}")]
    Within(String),
    #[error("the servers cannot number the shard key itself: a row is routed by its key before a server sees it")]
    NumberedKey,
}

impl RuleError {
    pub(super) fn new(at: Place, key: &'static str, problem: impl Into<RuleProblem>) -> Self {
        Self { at, key, problem: problem.into() }
    }
}

impl RuleProblem {
    pub(super) fn duplicate(what: &'static str, name: &str) -> Self {
        Self::Duplicate { what, name: name.to_owned() }
    }
}

/// Names are what a server takes as an identifier.
pub(super) fn check_name(name: &str, at: Place, key: &'static str, errors: &mut Vec<RuleError>) {
    /// MySQL's limit for names of schemas, tables and columns.
    const MAX_CHARS: usize = 64;
    let reason = if name.is_empty() {
        "a name cannot be empty".to_owned()
    } else if name.chars().count() > MAX_CHARS {
        format!("\"{name}\" is longer than {MAX_CHARS} characters")
    } else if name.ends_with(' ') || name.chars().any(|character| character == '\0' || character > '\u{FFFF}') {
        format!("\"{}\" is no name that MySQL takes", name.escape_debug())
    } else {
        return;
    };
    errors.push(RuleError::new(at, key, RuleProblem::BadName(reason)));
}
