//! A counter is set by DDL: in two steps, around the statement on the shards.
//!
//! Before, its epoch changes, so that ranges leased until then are given up; it goes on upwards meanwhile. Afterwards it is set
//! behind the rows that are there, lower than it was only if nobody has leased in between: what others have leased must not
//! be given out twice.

use mysql_async::prelude::Queryable;

use super::segment::{Counter, Home, connect};
use super::{Reason, SequenceError, Sequences};
use crate::backend::control::{ANSWER_TIMEOUT, within};
use crate::backend::topology::Topology;
use crate::plan::narrow::TableId;
use crate::sharding::Schema;

/// A counter that is about to be set.
#[derive(Debug)]
pub struct Restart {
    table: TableId,
    /// It begins here, or behind the rows.
    first: u64,
    /// With the new epoch; `None`: there is no counter yet.
    counter: Option<Counter>,
    /// Other processes have leased from it, and may use what they have for a while.
    pub is_shared: bool,
}

impl Sequences {
    /// The first step; `None` if the table has no counter to set.
    pub async fn begin_restart(
        &self,
        topology: &Topology,
        schema: &Schema,
        table: TableId,
        first: u64,
    ) -> Result<Option<Restart>, SequenceError> {
        let Some(home) = self.home_of(topology, schema, table) else { return Ok(None) };
        let begun = home.change_epoch().await;
        self.trust.note_changed();
        let (counter, is_shared) = begun.map_err(|reason| home.error(reason))?;
        Ok(Some(Restart { table, first, counter, is_shared }))
    }

    /// The second step.
    pub async fn restart(&self, topology: &Topology, schema: &Schema, restart: Restart) -> Result<(), SequenceError> {
        let Some(home) = self.home_of(topology, schema, restart.table) else { return Ok(()) };
        let done = home.set(&restart).await;
        self.trust.note_changed();
        done.map_err(|reason| home.error(reason))
    }
}

impl Home<'_> {
    /// The counter with its new epoch, and whether others than this process have leased from it.
    async fn change_epoch(&self) -> Result<(Option<Counter>, bool), Reason> {
        let mut conn = connect(self.topology, self.replica_set()).await?;
        if self.counter(&mut conn).await?.is_none() {
            return Ok((None, false));
        }
        within(ANSWER_TIMEOUT, conn.query_drop("START TRANSACTION")).await?;
        let select = format!(
            "SELECT next_value, epoch, is_shared OR owner NOT IN ('', '{}') FROM {} WHERE name = {} FOR UPDATE",
            self.owner,
            self.counters(),
            self.name()
        );
        let found: Option<(u64, u64, bool)> = within(ANSWER_TIMEOUT, conn.query_first(select)).await?;
        let change = format!("UPDATE {} SET epoch = epoch + 1 WHERE name = {}", self.counters(), self.name());
        for sql in [change.as_str(), "COMMIT"] {
            within(ANSWER_TIMEOUT, conn.query_drop(sql)).await?;
        }
        let _ = conn.disconnect().await;
        let is_shared = found.is_some_and(|(.., is_shared)| is_shared);
        Ok((found.map(|(next, epoch, _)| Counter { next, epoch: epoch + 1 }), is_shared))
    }

    async fn set(&self, restart: &Restart) -> Result<(), Reason> {
        if restart.counter.is_none() && restart.first <= 1 {
            // The first lease looks at the rows by itself.
            return Ok(());
        }
        let first = restart.first.max(self.behind_rows(false).await?);
        let mut conn = connect(self.topology, self.replica_set()).await?;
        let (counters, name) = (self.counters(), self.name());
        let Some(Counter { next, epoch }) = restart.counter else {
            self.begin(&mut conn, first).await?;
            return Ok(());
        };
        let set = format!(
            "UPDATE {counters} SET next_value = {first}, epoch = epoch + 1, owner = '', is_shared = FALSE \
             WHERE name = {name} AND epoch = {epoch} AND next_value = {next}"
        );
        within(ANSWER_TIMEOUT, conn.query_drop(set)).await?;
        if conn.affected_rows() == 0 {
            let raise = format!(
                "UPDATE {counters} SET next_value = GREATEST(next_value, {first}), epoch = epoch + 1 WHERE name = {name}"
            );
            within(ANSWER_TIMEOUT, conn.query_drop(raise)).await?;
        }
        let _ = conn.disconnect().await;
        Ok(())
    }
}
