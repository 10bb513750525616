//! Configuration files as users write them -> the options that each part takes, and the sharding rules.
//!
//! A main file (`shardgate.toml`) names rule files, one for each logical database. Everything that is wrong in any of
//! them is reported at once, each with file, line, key and what would be valid; a configuration with a problem is none.
//! What a key means, its range and its default are said where the part declares its options. Reading touches files and
//! environment variables, and nothing else: whether servers are there is not asked here.

mod gather;
pub mod import;
mod main_file;
mod server;
mod users;
mod replica_sets;
mod tls;
mod monitor;
mod transactions;
mod console;
mod log;
mod reload;
mod parameter;
mod function;
mod key_type;
mod rule_file;
mod secret;
mod section;
mod units;
mod problem;
mod files;
pub mod edit;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub use files::Change;
pub use log::{LogFormat, LogOptions};
pub use problem::{Problem, Problems, Texts};
pub use reload::ReloadOptions;

use crate::backend::comparison::Subject;
use crate::sharding::Schema;
use crate::{admin, backend, frontend, txn};

/// All that a configuration says.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[server]` and `[[users]]`.
    pub frontend: frontend::options::Options,
    /// `[[replica_sets]]`, indexed by [`ReplicaSetId`](crate::sharding::ReplicaSetId), and `[monitor]`.
    pub backend: backend::options::Options,
    /// `[transactions]`.
    pub transactions: txn::options::Options,
    /// `[console]`; without users there is none.
    pub console: admin::options::Options,
    /// `[log]`.
    pub log: LogOptions,
    /// `[reload]`.
    pub reload: ReloadOptions,
    /// The sharding rules; `version` is 0.
    pub schema: Schema,
    /// What is probably not meant, in the order of the files.
    pub warnings: Vec<Problem>,
    /// The main file.
    pub path: PathBuf,
    files: Vec<files::SeenFile>,
    places: Places,
}

/// Where things are written, by their names in lower case.
#[derive(Debug, Clone, Default)]
struct Places {
    replica_sets: HashMap<String, Problem>,
    databases: HashMap<String, Problem>,
    /// As `database.table`.
    tables: HashMap<String, Problem>,
}

impl Config {
    /// What is different in `other`.
    pub fn changes_to(&self, other: &Config) -> Vec<Change> {
        files::differences(&self.files, &other.files)
    }

    /// A problem that was found beyond the files, where they speak of its subject.
    pub fn problem(&self, subject: Subject<'_>, message: String) -> Problem {
        let found = match subject {
            Subject::ReplicaSet(name) => self.places.replica_sets.get(&name.to_lowercase()),
            Subject::Database(name) => self.places.databases.get(&name.to_lowercase()),
            Subject::Table(name) => self.places.tables.get(&name.to_lowercase()),
        };
        let file = || Problem {
            file: self.path.display().to_string(),
            line: None,
            key: String::new(),
            message: String::new(),
        };
        Problem { message, ..found.cloned().unwrap_or_else(file) }
    }

    /// The file with the rules of this database.
    pub fn rule_file(&self, database: &str) -> Option<&Path> {
        self.files.iter().find_map(|file| file.rules_of(database))
    }

    /// The rule of each table as it is written, by `database.table`.
    pub fn rules(&self) -> Vec<(String, String)> {
        self.files.iter().flat_map(files::SeenFile::rules).collect()
    }

    /// The texts of the main file, of those with rules, and of the maps that these name.
    pub fn texts(&self) -> Texts {
        let files = self.files.iter().filter_map(files::SeenFile::text);
        Texts { files: files.collect(), is_whole: true }
    }

    /// When each file was last written, and how long it is: what is other tells that one has changed.
    pub fn stamps(&self) -> Vec<Option<(SystemTime, u64)>> {
        self.files.iter().map(files::SeenFile::stamp).collect()
    }
}

/// Reads the main file at `path` and the rule files that it names. On failure all problems, in the order of the files.
pub fn load(path: &Path) -> Result<Config, Problems> {
    main_file::load(path, Texts::default())
}

/// The same, with these texts in the place of files.
pub fn load_with(path: &Path, instead: Texts) -> Result<Config, Problems> {
    main_file::load(path, instead)
}

#[cfg(test)]
mod tests;
