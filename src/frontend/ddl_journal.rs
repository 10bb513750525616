//! SHOW DDL, RESUME DDL, ROLLBACK DDL and FORGET DDL: of sessions, for the tables that their users may use, and of the
//! console, for all.

use std::sync::Arc;

use super::ddl::ddl_place;
use super::error::ClientMessage;
use super::response::LocalColumn;
use super::session::Session;
use super::shared::Shared;
use crate::exec::ddl::mend::{self, Outcomes};
use crate::exec::ddl::{DdlError, Entry, Journal, Part, Place};
use crate::sql::control::DdlVerb;
use crate::txn::ddl_journal::ShardState;
use crate::wire::{ColumnFlags, ColumnType};

/// What is to be done with a change that is not done everywhere.
pub type Verb = DdlVerb;

/// Titles of SHOW DDL.
pub const SHOWN: [&str; 8] = ["Id", "Database", "Statement", "Started", "State", "Shard", "Shard_state", "Error"];

/// Titles of what became of a change, shard by shard.
pub const ENDED: [&str; 3] = ["Shard", "Shard_state", "Error"];

/// Rows of text.
pub type Rows = Vec<Vec<Option<String>>>;

/// All changes that are not done everywhere.
pub async fn show(shared: &Shared) -> Result<Rows, DdlError> {
    Ok(entries(shared).await?.iter().flat_map(rows_of).collect())
}

/// Carries out RESUME, ROLLBACK or FORGET; a row for each shard that was altered, or could not be. `lock_wait`: the
/// `lock_wait_timeout` of who wants it, if there is one.
pub async fn carry_out(shared: &Shared, verb: Verb, id: u64, lock_wait: Option<&str>) -> Result<Rows, DdlError> {
    let setup = shared.setup();
    let place = Place { lock_wait, ..ddl_place(shared, &setup, &setup.schema) };
    let outcomes = match verb {
        DdlVerb::Resume => mend::resume(place, id).await?,
        DdlVerb::RollBack => mend::roll_back(place, id).await?,
        DdlVerb::Forget => {
            mend::forget(place, id).await?;
            Outcomes::new()
        }
    };
    let row = |(shard, done): (String, Result<(), String>)| match done {
        Ok(()) => vec![Some(shard), Some("done".to_owned()), Some(String::new())],
        Err(error) => vec![Some(shard), Some("failed".to_owned()), Some(error)],
    };
    Ok(outcomes.into_iter().map(row).collect())
}

async fn entries(shared: &Shared) -> Result<Vec<Entry>, DdlError> {
    let setup = shared.setup();
    let mut journal = Journal::open(ddl_place(shared, &setup, &setup.schema)).await?;
    journal.entries().await
}

/// One for each shard.
fn rows_of(entry: &Entry) -> Rows {
    let state = match entry.is_running {
        true => "running",
        false if entry.change.parts.iter().any(|part| part.state == ShardState::Failed) => "failed",
        false => "interrupted",
    };
    let row = |part: &Part| {
        let cells = [
            entry.id.to_string(),
            entry.change.database.clone(),
            String::from_utf8_lossy(&entry.change.statement).into_owned(),
            entry.created.clone(),
            state.to_owned(),
            part.shard.clone(),
            part.state.word().to_owned(),
            part.error.clone(),
        ];
        cells.into_iter().map(Some).collect()
    };
    entry.change.parts.iter().map(row).collect()
}

impl Session {
    /// SHOW DDL.
    pub(super) async fn show_ddl(&mut self, more_follows: bool) -> Result<(), ClientMessage> {
        let shared = Arc::clone(&self.shared);
        let entries = entries(&shared).await?;
        let is_allowed = |entry: &&Entry| entry.change.tables.iter().all(|changed| self.may_use(&changed.database));
        let rows: Rows = entries.iter().filter(is_allowed).flat_map(rows_of).collect();
        let lengths = [20, 64, 65_535, 19, 16, 64, 16, 65_535];
        let column = |(name, length): (&str, u32)| match name {
            "Id" => LocalColumn::number(name, ColumnType::MYSQL_TYPE_LONGLONG, ColumnFlags::UNSIGNED_FLAG, length),
            _ => LocalColumn::text(name, length),
        };
        let columns: Vec<LocalColumn> = SHOWN.into_iter().zip(lengths).map(column).collect();
        self.send_table(&columns, &rows, more_follows).await
    }

    /// RESUME, ROLLBACK and FORGET DDL.
    pub(super) async fn mend_ddl(&mut self, verb: Verb, id: u64, more_follows: bool) -> Result<(), ClientMessage> {
        let shared = Arc::clone(&self.shared);
        self.check_ddl_access(&shared, id).await?;
        let rows = carry_out(&shared, verb, id, self.settings.get("lock_wait_timeout")).await?;
        self.tables_were_changed().await;
        let columns: Vec<LocalColumn> =
            ENDED.into_iter().zip([64, 16, 65_535]).map(|(name, length)| LocalColumn::text(name, length)).collect();
        self.send_table(&columns, &rows, more_follows).await
    }

    async fn check_ddl_access(&self, shared: &Shared, id: u64) -> Result<(), ClientMessage> {
        let entries = entries(shared).await?;
        let mut tables = entries.iter().filter(|entry| entry.id == id).flat_map(|entry| &entry.change.tables);
        match tables.find(|changed| !self.may_use(&changed.database)) {
            Some(changed) => Err(self.access_denied(&changed.database)),
            None => Ok(()),
        }
    }
}
