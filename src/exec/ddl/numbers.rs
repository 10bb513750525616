//! What DDL does to the counters of sequences: a table that is created, dropped, emptied or renamed has its rows numbered as
//! one server would number them then, and `AUTO_INCREMENT = n` sets the next number.

use super::{Change, Changed, DdlError, Journal, Place};
use crate::exec::sequence::restart::Restart;
use crate::exec::sequence::trust::TRUST;
use crate::plan::ddl::NextNumber;
use crate::plan::narrow::TableId;
use crate::sharding::Schema;
use crate::txn::ddl::Effect;

/// Before the statement: what was leased until now is given up by all ShardGates.
pub async fn before(journal: &mut Journal<'_>, place: Place<'_>, change: &Change) -> Result<Vec<Restart>, DdlError> {
    let mut restarts = Vec::new();
    for (at, changed) in change.tables.iter().enumerate() {
        let (Some(first), Some(table)) = (first_number(change, at, changed), ruled(place.schema, changed)) else {
            continue;
        };
        restarts.extend(place.sequences.begin_restart(place.topology, place.schema, table, first).await?);
    }
    if restarts.iter().any(|restart| restart.is_shared) {
        journal.announce().await?;
        tokio::time::sleep(TRUST).await;
    }
    Ok(restarts)
}

/// When the statement is done on all shards. A counter that cannot be set goes on upwards.
pub async fn after(place: Place<'_>, restarts: Vec<Restart>) {
    for restart in restarts {
        if let Err(error) = place.sequences.restart(place.topology, place.schema, restart).await {
            tracing::warn!(%error, "the sequence of a table that was changed is not set, and goes on upwards");
        }
    }
}

/// The number that the table's rows are to begin at; `None`: as before.
fn first_number(change: &Change, at: usize, changed: &Changed) -> Option<u64> {
    let NextNumber { named, replaces } = NextNumber::of(&change.statement);
    let is_new = || change.parts.iter().any(|part| part.was.0.get(at) == Some(&None));
    match changed.effect {
        Effect::Drops => Some(1),
        Effect::Creates if replaces || is_new() => Some(named.unwrap_or(1)),
        Effect::Creates => None,
        Effect::Changes => named,
    }
}

fn ruled(schema: &Schema, changed: &Changed) -> Option<TableId> {
    TableId::find(schema, schema.database(&changed.database)?.0, &changed.table)
}
