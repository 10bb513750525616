//! What becomes of a change that is not done everywhere: it is resumed, taken back, or forgotten.

use futures_util::future::join_all;
use mysql_async::Row;
use mysql_async::prelude::Queryable;

use super::definitions::{
    connect_to, full_name, has_rows, in_its_words, physical, print, prints, run_by_control, shard_of, show, translated,
};
use super::{Changed, DdlError, Entry, Journal, Part, Place, numbers, trial};
use crate::backend::control::{ANSWER_TIMEOUT, ControlError, within};
use crate::sharding::ShardId;
use crate::txn::ddl::{self, Effect, Print, Rest};
use crate::txn::ddl_journal::ShardState;
use crate::txn::ddl_lines::{self, Reversal};
use crate::txn::transaction::quoted;

/// Seconds for which a turn is waited for: who has given up holds it until the server has seen that its connection is gone.
const GRACE: u32 = 2;

/// What became of each shard.
pub type Outcomes = Vec<(String, Result<(), String>)>;

/// Values that do not fit must not be bent into what does.
const STRICT: &str = "SET SESSION sql_mode = 'STRICT_ALL_TABLES'";

/// Does what is left of a change.
pub async fn resume(place: Place<'_>, id: u64) -> Result<Outcomes, DdlError> {
    let (mut journal, entry) = take(place, id).await?;
    let restarts = numbers::before(&mut journal, place, &entry.change).await?;
    let mut after = None;
    for part in entry.change.parts.iter().filter(|part| part.state == ShardState::Done) {
        after = Some(print(place, &entry.change.tables, shard_of(place, part)?).await?);
    }
    if after.is_none() {
        after = done_unseen(place, &entry).await?;
    }
    let mut open: Vec<&Part> = entry.change.parts.iter().filter(|part| part.state != ShardState::Done).collect();
    // Those that have certainly not run first: they show what the others must look like.
    let mut outcomes = Vec::new();
    for certain in [true, false] {
        let mut later = Vec::new();
        for part in open {
            let shard = shard_of(place, part)?;
            let now = print(place, &entry.change.tables, shard).await?;
            let done = match ddl::rest(&part.was, &now, after.as_ref()) {
                Rest::Run => run_by_control(place, shard, &[entry.change.settings.as_bytes(), &part.text]).await,
                Rest::Done => Ok(()),
                Rest::Unknown if certain => {
                    later.push(part);
                    continue;
                }
                Rest::Unknown => Err("the table is neither as it was before nor as on the other shards".to_owned()),
            };
            let state = if done.is_ok() { ShardState::Done } else { ShardState::Failed };
            journal.note(id, &part.shard, state, done.as_ref().err().map_or("", String::as_str)).await?;
            if done.is_ok() && after.is_none() {
                after = Some(print(place, &entry.change.tables, shard).await?);
            }
            outcomes.push((part.shard.clone(), done));
        }
        open = later;
    }
    if outcomes.iter().all(|(_, done)| done.is_ok()) {
        numbers::after(place, restarts).await;
    }
    end(journal, id, &outcomes).await?;
    Ok(outcomes)
}

/// What the tables are where the change was done on all shards before anybody could note it: they are alike, and nowhere as
/// before.
async fn done_unseen(place: Place<'_>, entry: &Entry) -> Result<Option<Print>, DdlError> {
    let shards = entry.change.parts.iter().map(|part| shard_of(place, part)).collect::<Result<Vec<_>, _>>()?;
    let now = prints(place, &entry.change.tables, &shards).await?;
    let is_done =
        entry.change.parts.iter().zip(&now).all(|(part, print)| part.was != *print && Some(print) == now.first());
    Ok(now.into_iter().next().filter(|_| is_done))
}

/// Takes a change back on the shards where it was done, where that loses no rows and no values.
pub async fn roll_back(place: Place<'_>, id: u64) -> Result<Outcomes, DdlError> {
    let (journal, entry) = take(place, id).await?;
    let outcomes = match entry.change.tables.as_slice() {
        _ if entry.change.parts.iter().any(|part| !part.undo.is_empty()) => drop_made(place, &entry).await?,
        [only] if only.effect == Effect::Changes => alter_back(place, &entry, only).await?,
        _ => return Err(DdlError::NotUndoable(id, "only CREATE and ALTER of one table can".to_owned())),
    };
    end(journal, id, &outcomes).await?;
    Ok(outcomes)
}

/// Takes a change out of the journal, if the tables are alike on all shards, so that nothing is left to do for it.
pub async fn forget(place: Place<'_>, id: u64) -> Result<(), DdlError> {
    let (mut journal, entry) = take(place, id).await?;
    let shards = shards_that_are_there(place, &entry);
    if !trial::are_alike(place, &entry.change.tables, &shards).await? {
        let tables = entry.change.tables.iter().map(|changed| changed.table.clone()).collect::<Vec<_>>().join(", ");
        return Err(DdlError::NotAlike { id, tables });
    }
    journal.forget(id).await
}

/// Forgets the changes of these tables that are behind them: all shards define the tables alike again.
pub async fn forget_settled(journal: &mut Journal<'_>, place: Place<'_>, tables: &[Changed]) -> Result<(), DdlError> {
    let is_same = |one: &Changed, other: &Changed| {
        one.database.eq_ignore_ascii_case(&other.database) && one.table.eq_ignore_ascii_case(&other.table)
    };
    for entry in journal.entries().await? {
        let is_covered = entry.change.tables.iter().all(|one| tables.iter().any(|other| is_same(one, other)));
        // What TRUNCATE has done does not show in a definition.
        let empties = String::from_utf8_lossy(&entry.change.statement).to_ascii_uppercase().contains("TRUNCATE");
        if !is_covered || empties {
            continue;
        }
        let shards = shards_that_are_there(place, &entry);
        if trial::are_alike(place, &entry.change.tables, &shards).await? {
            journal.forget(entry.id).await?;
        }
    }
    Ok(())
}

/// The change, with the turn of its tables.
async fn take(place: Place<'_>, id: u64) -> Result<(Journal<'_>, Entry), DdlError> {
    let mut journal = Journal::open(place).await?;
    let entry = journal.entry(id).await?;
    journal.lock(&entry.change.tables, GRACE).await?;
    let entry = journal.entry(id).await?;
    Ok((journal, entry))
}

async fn end(mut journal: Journal<'_>, id: u64, outcomes: &Outcomes) -> Result<(), DdlError> {
    if outcomes.iter().all(|(_, done)| done.is_ok()) {
        journal.forget(id).await?;
    }
    journal.announce().await
}

/// A shard that the rules know no more has nothing to be looked at.
fn shards_that_are_there(place: Place<'_>, entry: &Entry) -> Vec<ShardId> {
    entry.change.parts.iter().filter_map(|part| place.schema.shard_named(&part.shard)).collect()
}

/// Drops the tables that a CREATE has made, if they have no rows.
async fn drop_made(place: Place<'_>, entry: &Entry) -> Result<Outcomes, DdlError> {
    let mut made = Vec::new();
    for part in entry.change.parts.iter().filter(|part| !part.undo.is_empty()) {
        let shard = shard_of(place, part)?;
        if print(place, &entry.change.tables, shard).await? == part.was {
            continue;
        }
        for changed in entry.change.tables.iter().filter(|_| part.undo.starts_with("DROP TABLE")) {
            if has_rows(place, changed, shard).await? {
                return Err(DdlError::HasRows { table: changed.table.clone(), shard: part.shard.clone() });
            }
        }
        made.push((part, shard));
    }
    let undo = async |part: &Part, shard: ShardId| run_by_control(place, shard, &[part.undo.as_bytes()]).await;
    let undone = join_all(made.iter().map(|(part, shard)| undo(part, *shard))).await;
    Ok(made.iter().map(|(part, _)| part.shard.clone()).zip(undone).collect())
}

/// What one shard is to be told.
struct Way<'e> {
    part: &'e Part,
    shard: ShardId,
    reversal: Reversal,
}

/// Alters the table back to what it was. What that takes is tried on an empty table first, for all shards.
async fn alter_back(place: Place<'_>, entry: &Entry, changed: &Changed) -> Result<Outcomes, DdlError> {
    let refused = |reason: String| DdlError::NotUndoable(entry.id, reason);
    let shards = entry.change.parts.iter().map(|part| shard_of(place, part)).collect::<Result<Vec<_>, _>>()?;
    let now: Vec<Print> = prints(place, &entry.change.tables, &shards).await?;
    let parts = || entry.change.parts.iter().zip(&shards).zip(&now);
    let Some(((_, unchanged), _)) = parts().find(|((part, _), now)| part.was == **now) else {
        return Err(refused("no shard has the table as it was before".to_owned()));
    };
    let before = shown(place, changed, *unchanged).await?;
    let mut ways = Vec::new();
    for ((part, shard), _) in parts().filter(|((part, _), now)| part.was != **now) {
        let own = shown(place, changed, *shard).await?;
        let wanted = translated(place, changed, &before, *unchanged, *shard);
        let reversal = ddl_lines::reversal(&wanted, &own).map_err(refused)?;
        let clauses = trial::in_its_names(&reversal.clauses, physical(place, changed, *shard));
        let text = format!("ALTER TABLE {} {clauses}", quoted(trial::TABLE));
        let tried = trial::after(place, changed, *shard, &own, &[text.as_bytes()]).await?;
        if tried.is_none_or(|tried| part.was != Print(vec![tried.print])) {
            let text = format!("ALTER TABLE {} {}", quoted(&changed.table), reversal.clauses);
            return Err(refused(format!(
                "{text} would not make table '{}' what it was on shard {}",
                changed.table, part.shard
            )));
        }
        ways.push(Way { part, shard: *shard, reversal });
    }
    let done = join_all(ways.iter().map(|way| alter_one_back(place, changed, way))).await;
    Ok(ways.iter().map(|way| way.part.shard.clone()).zip(done).collect())
}

async fn shown(place: Place<'_>, changed: &Changed, shard: ShardId) -> Result<String, DdlError> {
    let gone = || DdlError::NoTable { table: changed.table.clone(), shard: place.schema.shard(shard).name.clone() };
    show(place, std::slice::from_ref(changed), shard).await?.pop().flatten().ok_or_else(gone)
}

/// Where columns are dropped nobody writes between the look at their values and the drop.
async fn alter_one_back(place: Place<'_>, changed: &Changed, way: &Way<'_>) -> Result<(), String> {
    let name = full_name(place, changed, way.shard);
    let text = format!("ALTER TABLE {name} {}", way.reversal.clauses);
    if way.reversal.lost.is_empty() {
        return run_by_control(place, way.shard, &[STRICT.as_bytes(), text.as_bytes()]).await;
    }
    let limit = place.topology.set(place.schema.shard(way.shard).replica_set).options.response_timeout;
    let mut conn = connect_to(place, way.shard).await.map_err(in_its_words)?;
    for sql in [STRICT.to_owned(), format!("LOCK TABLES {name} WRITE")] {
        within(ANSWER_TIMEOUT, conn.query_drop(sql)).await.map_err(in_its_words)?;
    }
    for lost in &way.reversal.lost {
        let asked = format!("SELECT 1 FROM {name} WHERE {} LIMIT 1", lost.condition);
        let row: Result<Option<Row>, ControlError> = within(limit, conn.query_first(asked)).await;
        if row.map_err(in_its_words)?.is_some() {
            return Err(format!("column '{}' has values that dropping it would lose", lost.column));
        }
    }
    within(limit, conn.query_drop(text)).await.map_err(in_its_words)?;
    let _ = conn.disconnect().await;
    Ok(())
}
