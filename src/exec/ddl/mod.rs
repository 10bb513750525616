//! Changes of tables over several shards: looked at before, written down in the journal, run, resumed and taken back.
//!
//! The journal and the locks by which the changes of one table take turns are on the primary of the first replica set by
//! name, the same for all ShardGates. A lock goes with the process that holds it; the journal's rows stay, and whoever
//! asks for it goes on where the other stopped (`mend`). `definitions` has what tables look like on shards, `trial` what they
//! would look like, `numbers` what becomes of sequences.

use std::sync::Arc;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::all::all;
use super::failure::Failure;
use super::links::Link;
use super::sequence::{SequenceError, Sequences};
use super::tally::Written;
use super::write::{self, Share};
use crate::backend::control::{self, ANSWER_TIMEOUT, ControlError, within};
use crate::backend::interrupt::Interrupt;
use crate::backend::replica_set::ReplicaSet;
use crate::backend::topology::Topology;
use crate::sharding::Schema;
use crate::txn::ddl::{Effect, Print};
use crate::txn::ddl_journal::{JournalTables, ShardState, lock_name};

pub mod definitions;
pub mod trial;
pub mod mend;
pub mod numbers;

/// How long a change waits for its turn, in seconds.
const TURN: u32 = 60;

/// Shards that are looked at together.
const AT_ONCE: usize = 32;

const NO_SUCH_TABLE: u16 = 1146;

/// Where changes are made, and in whose name.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub topology: &'a Topology,
    pub schema: &'a Schema,
    pub tables: &'a JournalTables,
    pub sequences: &'a Sequences,
    pub cluster: &'a str,
    /// How many seconds metadata locks are waited for where a change is mended; `None`: as long as the servers will have it.
    pub lock_wait: Option<&'a str>,
}

/// A table that a statement changes, by its logical names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub database: String,
    pub table: String,
    pub effect: Effect,
}

/// One statement, with what each shard gets of it.
#[derive(Debug, Clone)]
pub struct Change {
    pub database: String,
    pub statement: Vec<u8>,
    /// What brings a connection to the client's settings.
    pub settings: String,
    pub tables: Vec<Changed>,
    pub parts: Vec<Part>,
}

/// One shard's part of a change.
#[derive(Debug, Clone)]
pub struct Part {
    pub shard: String,
    pub text: Vec<u8>,
    /// What takes it back; empty where nothing does.
    pub undo: String,
    /// The tables before the statement.
    pub was: Print,
    pub state: ShardState,
    pub error: String,
}

/// A change as the journal has it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: u64,
    pub change: Change,
    pub locks: Vec<String>,
    pub created: String,
    /// Somebody is at it.
    pub is_running: bool,
}

/// Why a change could not be shown, resumed or taken back.
#[derive(Debug, thiserror::Error)]
pub enum DdlError {
    #[error("the journal, or a shard, cannot be reached: {0}")]
    Control(#[from] ControlError),
    #[error("{0}: nothing was done")]
    Sequence(Box<SequenceError>),
    #[error("there is no DDL {0} in the journal")]
    NoSuchChange(u64),
    #[error("another change of the same table is still running")]
    Busy,
    #[error(
        "DDL {0} cannot be taken back: {1}; RESUME DDL {0} goes on with it, and another statement may make the shards alike"
    )]
    NotUndoable(u64, String),
    #[error("table '{table}' is not there any more on shard {shard}")]
    NoTable { table: String, shard: String },
    #[error(
        "DDL {id} is not forgotten while the shards do not define {tables} alike: RESUME DDL {id}, ROLLBACK DDL {id}, or a \
         statement that makes them alike"
    )]
    NotAlike { id: u64, tables: String },
    #[error("table '{table}' on shard {shard} has rows: dropping it would lose them")]
    HasRows { table: String, shard: String },
    #[error("the rules know no shard {0}")]
    NoSuchShard(String),
}

impl From<SequenceError> for DdlError {
    fn from(error: SequenceError) -> Self {
        Self::Sequence(Box::new(error))
    }
}

/// The journal, and the locks that its connection holds.
#[derive(Debug)]
pub struct Journal<'a> {
    place: Place<'a>,
    conn: Conn,
}

impl<'a> Journal<'a> {
    /// Opens the journal, and makes its tables where they are not there.
    pub async fn open(place: Place<'a>) -> Result<Journal<'a>, DdlError> {
        let mut conn = connect(home(place.topology)?).await?;
        let probe = conn.exec_drop(place.tables.select_version(), (place.cluster,));
        if within(ANSWER_TIMEOUT, probe).await.is_err() {
            for sql in place.tables.create() {
                within(ANSWER_TIMEOUT, conn.query_drop(sql)).await?;
            }
        }
        Ok(Journal { place, conn })
    }

    /// Waits for the turn of these tables, in the same order everywhere. The locks end with the journal.
    pub async fn lock(&mut self, tables: &[Changed], seconds: u32) -> Result<Vec<String>, DdlError> {
        let name = |changed: &Changed| lock_name(self.place.cluster, &changed.database, &changed.table);
        let mut names: Vec<String> = tables.iter().map(name).collect();
        names.sort_unstable();
        names.dedup();
        for name in &names {
            let asked = self.conn.exec_first("SELECT GET_LOCK(?, ?)", (name, seconds));
            let got: Option<Option<u8>> = within(ANSWER_TIMEOUT.max(TURN_LIMIT), asked).await?;
            if got.flatten() != Some(1) {
                return Err(DdlError::Busy);
            }
        }
        Ok(names)
    }

    /// As `lock`, for a new change.
    pub async fn take_turn(&mut self, tables: &[Changed]) -> Result<Vec<String>, DdlError> {
        self.lock(tables, TURN).await
    }

    /// Writes a change down: what follows can be resumed by anyone.
    pub async fn record(&mut self, change: &Change, locks: &[String]) -> Result<u64, DdlError> {
        let journal = self.place.tables;
        within(ANSWER_TIMEOUT, self.conn.query_drop("START TRANSACTION")).await?;
        let (tables, locks) = (written_tables(&change.tables), locks.join("\n"));
        let head = (self.place.cluster, &change.database, &change.statement, &change.settings, tables, locks);
        within(ANSWER_TIMEOUT, self.conn.exec_drop(journal.insert_change(), head)).await?;
        let id = self.conn.last_insert_id().unwrap_or_default();
        for (position, part) in (0_i32..).zip(&change.parts) {
            let row = (id, position, &part.shard, &part.text, &part.undo, part.was.to_string());
            within(ANSWER_TIMEOUT, self.conn.exec_drop(journal.insert_shard(), row)).await?;
        }
        within(ANSWER_TIMEOUT, self.conn.query_drop("COMMIT")).await?;
        Ok(id)
    }

    /// Writes down how a shard ended.
    pub async fn note(&mut self, id: u64, shard: &str, state: ShardState, error: &str) -> Result<(), DdlError> {
        let row = (state.word(), error, id, shard);
        Ok(within(ANSWER_TIMEOUT, self.conn.exec_drop(self.place.tables.note(), row)).await?)
    }

    /// All shards are done, or none was altered.
    pub async fn forget(&mut self, id: u64) -> Result<(), DdlError> {
        for sql in self.place.tables.forget() {
            within(ANSWER_TIMEOUT, self.conn.exec_drop(sql, (id,))).await?;
        }
        Ok(())
    }

    /// Tells all ShardGates to look at the tables again.
    pub async fn announce(&mut self) -> Result<(), DdlError> {
        let told = self.conn.exec_drop(self.place.tables.count_up(), (self.place.cluster,));
        Ok(within(ANSWER_TIMEOUT, told).await?)
    }

    /// All changes that are not done everywhere.
    pub async fn entries(&mut self) -> Result<Vec<Entry>, DdlError> {
        type Head = (u64, String, Vec<u8>, String, String, String, String);
        let asked = self.conn.exec(self.place.tables.select_changes(), (self.place.cluster,));
        let heads: Vec<Head> = within(ANSWER_TIMEOUT, asked).await?;
        let mut entries = Vec::new();
        for (id, database, statement, settings, tables, locks, created) in heads {
            let parts = self.parts(id).await?;
            let tables = read_tables(&tables);
            let locks: Vec<String> = locks.split('\n').map(str::to_owned).collect();
            let asked = self.conn.exec_first("SELECT IS_USED_LOCK(?)", (locks.first(),));
            let user: Option<Option<u64>> = within(ANSWER_TIMEOUT, asked).await?;
            let is_running = user.flatten().is_some();
            let change = Change { database, statement, settings, tables, parts };
            entries.push(Entry { id, change, locks, created, is_running });
        }
        Ok(entries)
    }

    async fn entry(&mut self, id: u64) -> Result<Entry, DdlError> {
        let entries = self.entries().await?;
        entries.into_iter().find(|entry| entry.id == id).ok_or(DdlError::NoSuchChange(id))
    }

    async fn parts(&mut self, id: u64) -> Result<Vec<Part>, DdlError> {
        type Shard = (String, Vec<u8>, String, String, String, String);
        let asked = self.conn.exec(self.place.tables.select_shards(), (id,));
        let rows: Vec<Shard> = within(ANSWER_TIMEOUT, asked).await?;
        let part = |(shard, text, undo, was, state, error): Shard| Part {
            shard,
            text,
            undo,
            was: Print::parse(&was).unwrap_or(Print(Vec::new())),
            state: ShardState::parse(&state).unwrap_or(ShardState::Waiting),
            error,
        };
        Ok(rows.into_iter().map(part).collect())
    }
}

const TURN_LIMIT: std::time::Duration = std::time::Duration::from_secs(TURN as u64 + 10);

/// Runs the texts on their shards at the same time, which is `now` for them.
pub async fn run(
    shares: Vec<Share>,
    now: Option<&str>,
    interrupt: &Interrupt,
) -> Vec<(Link, Result<Written, Failure>)> {
    all(shares.into_iter().map(|share| write::run_on_one(share, now, interrupt)).collect()).await
}

/// What the version of tables says, compared with that of the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Nothing,
    Unchanged,
    Changed,
}

/// Whether any ShardGate has changed tables, asked again and again.
#[derive(Debug, Default)]
pub struct Versions {
    conn: Option<Conn>,
    known: Option<u64>,
}

impl Versions {
    /// Whether tables were changed since the last time. A server that does not answer tells nothing.
    pub async fn look(&mut self, topology: &Topology, tables: &JournalTables, cluster: &str) -> Seen {
        let Some(mut conn) = self.connection(topology).await else { return Seen::Nothing };
        let asked = conn.exec_first(tables.select_version(), (cluster,));
        let found: Option<u64> = match within(ANSWER_TIMEOUT, asked).await {
            Ok(found) => found,
            // There is no journal before the first change.
            Err(ControlError::Server(mysql_async::Error::Server(_))) => None,
            Err(_) => return Seen::Nothing,
        };
        self.conn = Some(conn);
        let version = found.unwrap_or_default();
        match self.known.replace(version) {
            None => Seen::Nothing,
            Some(known) if known == version => Seen::Unchanged,
            Some(_) => Seen::Changed,
        }
    }

    /// The tables of all changes that are not done everywhere; `None` where no server tells.
    pub async fn unfinished(
        &mut self,
        topology: &Topology,
        tables: &JournalTables,
        cluster: &str,
    ) -> Option<Vec<Changed>> {
        let mut conn = self.connection(topology).await?;
        let asked = conn.exec(tables.select_changed_tables(), (cluster,));
        let texts: Vec<String> = match within(ANSWER_TIMEOUT, asked).await {
            Ok(texts) => texts,
            // There is no journal before the first change.
            Err(ControlError::Server(mysql_async::Error::Server(_))) => Vec::new(),
            Err(_) => return None,
        };
        self.conn = Some(conn);
        Some(texts.iter().flat_map(|text| read_tables(text)).collect())
    }

    async fn connection(&mut self, topology: &Topology) -> Option<Conn> {
        match self.conn.take() {
            Some(conn) => Some(conn),
            None => connect(home(topology).ok()?).await.ok(),
        }
    }
}

fn home(topology: &Topology) -> Result<&Arc<ReplicaSet>, ControlError> {
    topology.sets.iter().min_by(|one, other| one.options.name.cmp(&other.options.name)).ok_or(ControlError::NoServer)
}

async fn connect(set: &ReplicaSet) -> Result<Conn, ControlError> {
    let address = &set.primary()?.address;
    control::connect(&set.options, address).await
}

fn written_tables(tables: &[Changed]) -> String {
    let effect = |effect| match effect {
        Effect::Creates => "creates",
        Effect::Drops => "drops",
        Effect::Changes => "changes",
    };
    let line = |changed: &Changed| format!("{}\t{}\t{}", effect(changed.effect), changed.database, changed.table);
    tables.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn read_tables(text: &str) -> Vec<Changed> {
    let read = |line: &str| {
        let mut parts = line.splitn(3, '\t');
        let effect = match parts.next()? {
            "creates" => Effect::Creates,
            "drops" => Effect::Drops,
            _ => Effect::Changes,
        };
        Some(Changed { effect, database: parts.next()?.to_owned(), table: parts.next()?.to_owned() })
    };
    text.lines().filter_map(read).collect()
}
