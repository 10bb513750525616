//! LOCK TABLES and UNLOCK TABLES: real locks on every shard of the tables, kept on the session's own connections.
//!
//! The shards are locked one after the other in an order that all sessions of all ShardGates have in common (names of
//! replica sets, schemas and shards), so that two of them never wait for each other. Who writes holds shards in any order, though, for
//! as long as its transaction lasts, and no server sees a circle of waits for tables over several: so whoever holds a shard's tables waits for
//! the next one's for a moment only. Then it gives them up, waits for that shard alone, and begins again. A statement that leads to a
//! shard without a lock names a table that was not locked: the servers cannot tell there, so ShardGate does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::ClientMessage;
use super::session::Session;
use super::transactions::End;
use crate::backend::settings::Settings;
use crate::exec::cancel;
use crate::exec::links::Side;
use crate::plan::narrow::TableId;
use crate::plan::{Plan, Route};
use crate::sharding::schema::same_name;
use crate::sharding::{DatabaseId, Placement, ShardId, ShardSet};
use crate::sql::TableName;
use crate::sql::control::{TableLock, TableLocks};
use crate::txn::transaction::quoted;
use crate::wire::error_code as codes;

/// How long a shard is waited for while others are locked, in seconds, as servers take it.
const WAIT_WITH_LOCKS: u64 = 1;

impl Session {
    /// LOCK TABLES, which commits and unlocks first.
    pub(super) async fn lock_tables(&mut self, locks: &TableLocks) -> Result<(), ClientMessage> {
        let texts = self.locks_by_shard(locks)?;
        self.end_transaction(End::Commit).await?;
        self.unlock_tables().await?;
        self.begin_sequences(locks).await;
        let patience = locks.wait.map(Duration::from_secs).or_else(|| self.lock_patience());
        let until = patience.and_then(|patience| Instant::now().checked_add(patience));
        while let Some((busy, message)) = self.lock_in_order(&texts, locks.wait).await? {
            if until.is_some_and(|until| Instant::now() >= until) {
                return Err(message);
            }
            self.lock_in_order(&texts[busy..=busy], locks.wait).await?;
            self.unlock_tables().await?;
        }
        self.locked_tables = locks.tables.iter().map(|lock| lock.table.table.clone()).collect();
        Ok(())
    }

    /// How long the session waits for tables; `None`: as long as the servers let it.
    pub(super) fn lock_patience(&self) -> Option<Duration> {
        let own = self.settings.get("lock_wait_timeout")?;
        own.trim_matches('\'').parse().ok().map(Duration::from_secs)
    }

    /// Locks one shard after the other. If one behind the first is busy, that one and what it said: nothing is locked then.
    async fn lock_in_order(
        &mut self,
        texts: &[(ShardId, String)],
        wait: Option<u64>,
    ) -> Result<Option<(usize, ClientMessage)>, ClientMessage> {
        self.txn.set_unbranched(true);
        let patient = Arc::clone(&self.settings);
        let brief = self.variant(|settings| {
            settings.set("lock_wait_timeout", &WAIT_WITH_LOCKS.to_string());
            settings.set("innodb_lock_wait_timeout", &WAIT_WITH_LOCKS.to_string());
        });
        for (number, (shard, text)) in texts.iter().enumerate() {
            let (settings, wait) = match number {
                0 => (&patient, wait),
                _ => (&brief, wait.map(|seconds| seconds.min(WAIT_WITH_LOCKS))),
            };
            let wait = wait.map_or_else(String::new, |seconds| format!(" WAIT {seconds}"));
            let Err(message) = self.lock_on(*shard, &format!("{text}{wait}"), settings).await else { continue };
            self.unlock_tables().await?;
            let is_busy = number > 0 && message.code.number == codes::LOCK_WAIT_TIMEOUT.number;
            return if is_busy { Ok(Some((number, message))) } else { Err(message) };
        }
        Ok(None)
    }

    /// The sequences of tables whose rows can be inserted under the locks look at the rows now, not through the locks.
    async fn begin_sequences(&self, locks: &TableLocks) {
        for lock in locks.tables.iter().filter(|lock| !lock.kind.is_shared()) {
            let database = self.database_of_locked(&lock.table).ok();
            let table = database.and_then(|database| TableId::find(&self.schema, database, &lock.table.table));
            let Some(table) = table else { continue };
            if let Err(error) = self.shared.sequences.begin(&self.setup.topology, &self.schema, table).await {
                // The INSERT that wants a number says so too.
                tracing::warn!(%error, "a table is locked whose sequence has not begun");
            }
        }
    }

    async fn lock_on(&mut self, shard: ShardId, text: &str, settings: &Arc<Settings>) -> Result<(), ClientMessage> {
        let mut link = self.obtain_with(settings, shard, Side::Primary).await?;
        let answer = match link.lease.query(text.as_bytes(), &self.interrupt).await {
            Ok(answer) => answer,
            Err(error) => {
                cancel::abandon(link);
                return Err(error.into());
            }
        };
        let refused = answer.error().map(|e| ClientMessage::new(e.code, String::from_utf8_lossy(e.message)));
        link.pins.table_locks = refused.is_none();
        // Under autocommit = 0 it has begun a transaction.
        self.links.settle(link, answer.summary.status.unwrap_or_default(), &mut self.txn);
        refused.map_or(Ok(()), |message| Err(self.in_logical_names(message, Some(shard))))
    }

    /// UNLOCK TABLES; where tables are locked it commits.
    pub(super) async fn unlock_tables(&mut self) -> Result<(), ClientMessage> {
        if !self.links.has_table_locks() {
            // None was taken, or they were lost with their connections.
            self.txn.set_unbranched(false);
            self.locked_tables.clear();
            return Ok(());
        }
        let ended = self.end_transaction(End::Commit).await;
        for link in self.links.held_mut().iter_mut().filter(|link| link.pins.table_locks) {
            if link.lease.execute("UNLOCK TABLES", "UNLOCK TABLES", &self.interrupt).await.is_err() {
                // Closed, it has no locks.
                link.lease.spoil();
            }
            link.pins.table_locks = false;
        }
        self.links.give_back_unpinned();
        self.txn.set_unbranched(false);
        self.locked_tables.clear();
        ended
    }

    /// Error 1100 for a statement that would run on a shard where none of its tables is locked.
    pub(super) fn check_locked(&self, plan: &Plan, route: &Route, shards: &ShardSet) -> Result<(), ClientMessage> {
        if self.locked_tables.is_empty() {
            return Ok(());
        }
        let locked: ShardSet =
            self.links.held().iter().filter(|link| link.pins.table_locks).map(|link| link.shard).collect();
        let names = |known: &[String], name: &String| known.iter().any(|known| same_name(known, name));
        let mut tables = plan.tables().iter().filter(|name| !names(&self.temporary_tables, name));
        let is_elsewhere = !shards.is_subset_of(&locked);
        let unlocked = match (tables.clone().find(|name| !names(&self.locked_tables, name)), is_elsewhere) {
            (Some(name), _) if is_elsewhere || *route == Route::Gather => Some(name),
            // The lock was lost with its connection.
            (None, true) => tables.next(),
            _ => None,
        };
        match unlocked {
            Some(name) => Err(ClientMessage::new(
                codes::TABLE_NOT_LOCKED,
                format!("Table '{name}' was not locked with LOCK TABLES"),
            )),
            None => Ok(()),
        }
    }

    /// What each shard is told, in the order in which they are locked.
    fn locks_by_shard(&mut self, locks: &TableLocks) -> Result<Vec<(ShardId, String)>, ClientMessage> {
        let mut shards: Vec<(ShardId, Vec<String>)> = Vec::new();
        let mut all = ShardSet::empty();
        for lock in &locks.tables {
            let (database, table) = (self.database_of_locked(&lock.table)?, &lock.table.table);
            if self.schema.is_kept_by_shard(database, table) {
                let text = format!("Table '{}.{table}' doesn't exist", self.schema.database_of(database).name);
                return Err(ClientMessage::new(codes::NO_SUCH_TABLE, text));
            }
            all.union_with(&self.places_of(database, table));
        }
        for lock in &locks.tables {
            let database = self.database_of_locked(&lock.table)?;
            let mut places = self.places_of(database, &lock.table.table);
            if lock.kind.is_shared() && !self.is_sharded(database, &lock.table.table) {
                // Shards of one schema share it, and each has a connection of its own. (Two of them cannot both lock it for
                // writing.)
                let is_same = |one: ShardId, other| self.schema.shard(one).is_same_place(self.schema.shard(other));
                let same: Vec<_> = all.iter().filter(|one| places.iter().any(|other| is_same(*one, other))).collect();
                for shard in same {
                    places.insert(shard);
                }
            }
            for shard in places.iter() {
                let text = self.lock_text(database, lock, shard);
                match shards.iter_mut().find(|(known, _)| *known == shard) {
                    Some((_, texts)) => texts.push(text),
                    None => shards.push((shard, vec![text])),
                }
            }
        }
        let need = self.need().2;
        shards.sort_by_key(|(id, _)| {
            let shard = need.schema.shard(*id);
            (need.replica_set(*id).to_owned(), shard.schema.clone(), shard.name.clone())
        });
        let text = |texts: Vec<String>| format!("LOCK TABLES {}", texts.join(", "));
        Ok(shards.into_iter().map(|(shard, texts)| (shard, text(texts))).collect())
    }

    fn database_of_locked(&self, name: &TableName) -> Result<DatabaseId, ClientMessage> {
        let Some(written) = &name.database else {
            return self.database().ok_or_else(|| ClientMessage::new(codes::NO_DB_ERROR, "No database selected"));
        };
        if !self.may_use(written) {
            return Err(self.access_denied(written));
        }
        let unknown = || match self.mode.mariadb {
            true => ClientMessage::new(codes::NO_SUCH_TABLE, format!("Table '{written}.{}' doesn't exist", name.table)),
            false => ClientMessage::new(codes::BAD_DB_ERROR, format!("Unknown database '{written}'")),
        };
        self.schema.database(written).map(|(id, _)| id).ok_or_else(unknown)
    }

    fn places_of(&self, database: DatabaseId, table: &str) -> ShardSet {
        let database = self.schema.database_of(database);
        let only = match database.table(table).map(|rule| &rule.placement) {
            Some(Placement::Sharded(_) | Placement::Reference(_)) => {
                return database.table(table).map(|rule| rule.shard_set()).unwrap_or_default();
            }
            Some(Placement::Single(shard)) => *shard,
            None => database.default_shard,
        };
        // The one that reads of it prefer (`any_of`).
        let is_same = |shard: &ShardId| self.schema.shard(*shard).is_same_place(self.schema.shard(only));
        ShardSet::single(database.shards.iter().find(is_same).unwrap_or(only))
    }

    fn is_sharded(&self, database: DatabaseId, table: &str) -> bool {
        let rule = self.schema.database_of(database).table(table);
        rule.is_some_and(|rule| matches!(rule.placement, Placement::Sharded(_)))
    }

    fn lock_text(&self, database: DatabaseId, lock: &TableLock, shard: ShardId) -> String {
        let rule = self.schema.database_of(database).table(&lock.table.table);
        let physical = rule.map_or(lock.table.table.as_str(), |rule| rule.physical_name(shard));
        let name = format!("{}.{}", quoted(&self.schema.shard(shard).schema), quoted(physical));
        let kind = lock.kind.sql();
        match &lock.alias {
            Some(alias) => format!("{name} AS {} {kind}", quoted(alias)),
            // Statements name it by both names (`plan::names`).
            None if !same_name(physical, &lock.table.table) => {
                format!("{name} {kind}, {name} AS {} {kind}", quoted(&lock.table.table))
            }
            None => format!("{name} {kind}"),
        }
    }
}
