//! The journal of changes of tables over several shards: two tables beside the decision table, on the first replica set
//! by name. A change is written down before the first shard is altered, and removed once all of them are.

use super::transaction::quoted;

/// The statements about the journal.
#[derive(Debug, Clone)]
pub struct JournalTables {
    name: String,
    /// In backticks.
    schema: String,
}

/// How far a shard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardState {
    /// It was not begun, or nobody could write down how it ended.
    Waiting,
    Done,
    Failed,
}

impl ShardState {
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// `None` for a word that no ShardGate writes.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Waiting, Self::Done, Self::Failed].into_iter().find(|state| state.word() == word)
    }
}

impl JournalTables {
    pub fn new(schema: &str) -> JournalTables {
        JournalTables { name: schema.to_owned(), schema: quoted(schema) }
    }

    /// The schema that the tables are in.
    pub fn schema_name(&self) -> &str {
        &self.name
    }

    /// The same in backticks.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    fn changes(&self) -> String {
        format!("{}.ddl_journal", self.schema)
    }

    fn shards(&self) -> String {
        format!("{}.ddl_shard", self.schema)
    }

    fn version(&self) -> String {
        format!("{}.ddl_version", self.schema)
    }

    /// Makes what is missing.
    pub fn create(&self) -> [String; 4] {
        let engine = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='DDL of ShardGate'";
        [
            format!("CREATE DATABASE IF NOT EXISTS {}", self.schema),
            format!(
                "CREATE TABLE IF NOT EXISTS {} (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, \
                 cluster VARBINARY(64) NOT NULL, db VARCHAR(64) NOT NULL, statement LONGBLOB NOT NULL, \
                 settings LONGBLOB NOT NULL, tables LONGBLOB NOT NULL, locks LONGBLOB NOT NULL, \
                 created TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) {engine}",
                self.changes()
            ),
            format!(
                "CREATE TABLE IF NOT EXISTS {} (id BIGINT UNSIGNED NOT NULL, position INT NOT NULL, \
                 shard VARCHAR(255) NOT NULL, text LONGBLOB NOT NULL, reversal LONGBLOB NOT NULL, was LONGBLOB NOT NULL, \
                 state VARBINARY(16) NOT NULL, error LONGBLOB NOT NULL, PRIMARY KEY (id, position)) {engine}",
                self.shards()
            ),
            format!(
                "CREATE TABLE IF NOT EXISTS {} (cluster VARBINARY(64) NOT NULL PRIMARY KEY, \
                 version BIGINT UNSIGNED NOT NULL) {engine}",
                self.version()
            ),
        ]
    }

    /// Parameters: cluster, db, statement, settings, tables, locks.
    pub fn insert_change(&self) -> String {
        format!(
            "INSERT INTO {} (cluster, db, statement, settings, tables, locks) VALUES (?, ?, ?, ?, ?, ?)",
            self.changes()
        )
    }

    /// Parameters: id, position, shard, text, reversal, was.
    pub fn insert_shard(&self) -> String {
        format!(
            "INSERT INTO {} (id, position, shard, text, reversal, was, state, error) VALUES (?, ?, ?, ?, ?, ?, 'waiting', '')",
            self.shards()
        )
    }

    /// Parameters: state, error, id, shard.
    pub fn note(&self) -> String {
        format!("UPDATE {} SET state = ?, error = ? WHERE id = ? AND shard = ?", self.shards())
    }

    /// Parameter: id.
    pub fn forget(&self) -> [String; 2] {
        [format!("DELETE FROM {} WHERE id = ?", self.changes()), format!("DELETE FROM {} WHERE id = ?", self.shards())]
    }

    /// All changes of a cluster (a parameter): id, db, statement, settings, tables, locks, created.
    pub fn select_changes(&self) -> String {
        format!(
            "SELECT id, db, statement, settings, tables, locks, CAST(created AS CHAR) FROM {} WHERE cluster = ? \
             ORDER BY id",
            self.changes()
        )
    }

    /// The tables of all changes of a cluster (a parameter).
    pub fn select_changed_tables(&self) -> String {
        format!("SELECT tables FROM {} WHERE cluster = ?", self.changes())
    }

    /// The shards of a change (a parameter): shard, text, reversal, was, state, error.
    pub fn select_shards(&self) -> String {
        format!("SELECT shard, text, reversal, was, state, error FROM {} WHERE id = ? ORDER BY position", self.shards())
    }

    /// Tells all ShardGates that a table has changed. Parameter: cluster.
    pub fn count_up(&self) -> String {
        format!(
            "INSERT INTO {} (cluster, version) VALUES (?, 1) ON DUPLICATE KEY UPDATE version = version + 1",
            self.version()
        )
    }

    /// Parameter: cluster.
    pub fn select_version(&self) -> String {
        format!("SELECT version FROM {} WHERE cluster = ?", self.version())
    }
}

/// The lock that a table's changes take turns by, short enough for every server.
pub fn lock_name(cluster: &str, database: &str, table: &str) -> String {
    let name = format!("{cluster}\n{}\n{}", database.to_lowercase(), table.to_lowercase());
    format!("shardgate.ddl.{:016x}", super::ddl::hash(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_one_lock_however_it_is_written() {
        assert_eq!(lock_name("c", "Shop", "T"), lock_name("c", "shop", "t"));
        assert_ne!(lock_name("c", "shop", "t"), lock_name("d", "shop", "t"));
        assert!(lock_name("c", "shop", "t").len() <= 64);
    }

    #[test]
    fn states_read_back() {
        for state in [ShardState::Waiting, ShardState::Done, ShardState::Failed] {
            assert_eq!(ShardState::parse(state.word()), Some(state));
        }
        assert_eq!(ShardState::parse("x"), None);
    }
}
