//! Statements tried on an empty table of a shard's definition: what the table would look like, before a shard is changed.
//!
//! The table is in the schema of the decision table, where the account may make tables, and is gone afterwards. One trial at
//! a time runs on a server. Where the definition cannot be made there as it is, nothing is told.

use std::time::Duration;

use futures_util::future::join_all;
use mysql_async::Row;
use mysql_async::prelude::Queryable;

use super::definitions::{
    PLAIN_MODE, connect_to, full_name, names, physical, print, show, show_one, translated, with_constraints_of,
};
use super::{AT_ONCE, Changed, DdlError, Place};
use crate::backend::control::{ANSWER_TIMEOUT, ControlError, within};
use crate::sharding::ShardId;
use crate::txn::ddl::{Definition, Print};
use crate::txn::ddl_lines::{self, Hindrance, Probe, Strictness};
use crate::txn::transaction::quoted;

/// What the table of a trial is called.
pub const TABLE: &str = "ddl_trial";

/// How long a trial waits for another on the same server, in seconds.
const TURN: u32 = 10;

/// A statement about one table, as it is tried.
#[derive(Debug)]
pub struct Attempt<'a> {
    pub changed: &'a Changed,
    /// The columns that the table's rule needs.
    pub keys: &'a [String],
    /// What brings a connection to the client's settings.
    pub settings: &'a str,
    /// The statement on each shard, for the names that a trial has.
    pub texts: &'a [(ShardId, Vec<u8>)],
}

impl Attempt<'_> {
    fn text(&self, shard: ShardId) -> &[u8] {
        self.texts.iter().find(|(of, _)| *of == shard).map_or(&[], |(_, text)| text)
    }
}

/// Names that servers make of a table's, as they are in a trial.
pub(super) fn in_its_names(text: &str, physical: &str) -> String {
    with_constraints_of(text, physical, TABLE)
}

/// A definition: as it is shown, and its fingerprint.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) text: String,
    pub(super) print: Definition,
}

/// The table of `shown`, which is how the shard has it, after some statements. `None`: nobody can tell.
pub(super) async fn after(
    place: Place<'_>,
    changed: &Changed,
    shard: ShardId,
    shown: &str,
    statements: &[&[u8]],
) -> Result<Option<Shown>, DdlError> {
    let mut conn = connect_to(place, shard).await?;
    let schema = place.tables.schema();
    let name = format!("{schema}.{}", quoted(TABLE));
    let limit = Duration::from_secs(u64::from(TURN)) + ANSWER_TIMEOUT;
    let asked = conn.exec_first("SELECT GET_LOCK(?, ?)", (format!("shardgate.{TABLE}"), TURN));
    let got: Option<Option<u8>> = within(limit, asked).await?;
    if got.flatten() != Some(1) {
        return Ok(None);
    }
    let found = run(&mut conn, place, changed, shard, shown, statements).await;
    let _ = within(ANSWER_TIMEOUT, conn.query_drop(format!("DROP TABLE IF EXISTS {name}"))).await;
    let _ = conn.disconnect().await;
    match found {
        Ok(found) => Ok(found),
        // The statement itself is wrong, or its account may not do this: it will be told when it runs.
        Err(DdlError::Control(ControlError::Server(mysql_async::Error::Server(_)))) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn run(
    conn: &mut mysql_async::Conn,
    place: Place<'_>,
    changed: &Changed,
    shard: ShardId,
    shown: &str,
    statements: &[&[u8]],
) -> Result<Option<Shown>, DdlError> {
    let name = quoted(TABLE);
    let mut known = names(place, changed, shard);
    known.schemas.push(place.tables.schema_name().to_owned());
    known.tables.push((TABLE.to_owned(), changed.table.clone()));
    let print = |text: &str| Some(known.fingerprint(text));
    let physical = physical(place, changed, shard);
    let Some((_, elements)) = shown.split_once(" (") else { return Ok(None) };
    let made = format!("CREATE TABLE {name} ({}", in_its_names(elements, physical));
    let before = [
        format!("USE {}", place.tables.schema()),
        format!("DROP TABLE IF EXISTS {name}"),
        PLAIN_MODE.to_owned(),
        "SET SESSION foreign_key_checks = 0".to_owned(),
        made,
    ];
    for sql in before {
        within(ANSWER_TIMEOUT, conn.query_drop(sql)).await?;
    }
    let copy = show_one(conn, &name).await?;
    if copy.as_deref().and_then(print) != print(shown) {
        return Ok(None);
    }
    for sql in statements.iter().filter(|sql| !sql.is_empty()) {
        within(ANSWER_TIMEOUT, conn.query_drop(*sql)).await?;
        within(ANSWER_TIMEOUT, conn.query_drop("SET SESSION foreign_key_checks = 0")).await?;
    }
    within(ANSWER_TIMEOUT, conn.query_drop(PLAIN_MODE)).await?;
    let after = show_one(conn, &name).await?;
    Ok(after.map(|text| Shown { print: print(&text), text: with_constraints_of(&text, TABLE, physical) }))
}

/// Where a table is not defined alike: the shards on which the statement makes it what it is on all others. `None`: there is no
/// such statement. `prints`: of the shards, in the same order.
pub async fn aligned(
    place: Place<'_>,
    attempt: &Attempt<'_>,
    shards: &[ShardId],
    prints: &[Print],
) -> Result<Option<Vec<bool>>, DdlError> {
    let definition = |at: usize| prints[at].0.first().copied().flatten();
    let mut kinds: Vec<(Definition, Option<Definition>)> = Vec::new();
    for (at, shard) in shards.iter().enumerate() {
        if kinds.iter().any(|(known, _)| *known == definition(at)) {
            continue;
        }
        let tables = std::slice::from_ref(attempt.changed);
        let Some(Some(shown)) = show(place, tables, *shard).await?.pop() else { return Ok(None) };
        let statements = [attempt.settings.as_bytes(), attempt.text(*shard)];
        let made = after(place, attempt.changed, *shard, &shown, &statements).await?;
        kinds.push((definition(at), made.map(|made| made.print)));
    }
    let reaches = |goal: Definition| kinds.iter().all(|(from, to)| *from == goal || *to == Some(goal));
    let goal = kinds.iter().filter_map(|(_, to)| *to).find(|goal| reaches(*goal));
    Ok(goal.map(|goal| (0..shards.len()).map(|at| definition(at) != goal).collect()))
}

/// A row, or a rule, that is in the way of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    pub hindrance: Hindrance,
    /// Of the key, the constraint or the column.
    pub name: String,
    pub value: String,
    pub shard: String,
}

/// What is in the way: a rule that would lack its column, or the first row that some shard would refuse the change for. What cannot be told is left to the change itself.
pub async fn obstacle(
    place: Place<'_>,
    attempt: &Attempt<'_>,
    shards: &[ShardId],
    strictness: Strictness,
) -> Result<Option<Obstacle>, DdlError> {
    let Some(first) = shards.first() else { return Ok(None) };
    let Some(Some(before)) = show(place, std::slice::from_ref(attempt.changed), *first).await?.pop() else {
        return Ok(None);
    };
    let statements = [attempt.settings.as_bytes(), attempt.text(*first)];
    let Some(after) = after(place, attempt.changed, *first, &before, &statements).await? else {
        return Ok(None);
    };
    let is_lost = |key: &&String| ddl_lines::has_column(&before, key) && !ddl_lines::has_column(&after.text, key);
    if let Some(key) = attempt.keys.iter().find(is_lost) {
        let (name, value, shard) = (key.clone(), String::new(), String::new());
        return Ok(Some(Obstacle { hindrance: Hindrance::KeyGone, name, value, shard }));
    }
    for some in shards.chunks(AT_ONCE) {
        let asked = some.iter().map(|shard| {
            let here = |shown: &str| translated(place, attempt.changed, shown, *first, *shard);
            let name = full_name(place, attempt.changed, *shard);
            ask(place, *shard, ddl_lines::probes(&here(&before), &here(&after.text), &name, strictness))
        });
        if let Some(found) = join_all(asked).await.into_iter().flatten().next() {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

async fn ask(place: Place<'_>, shard: ShardId, probes: Vec<Probe>) -> Option<Obstacle> {
    if probes.is_empty() {
        return None;
    }
    let limit = place.topology.set(place.schema.shard(shard).replica_set).options.response_timeout;
    let mut conn = connect_to(place, shard).await.ok()?;
    let schema = quoted(&place.schema.shard(shard).schema);
    for sql in [format!("USE {schema}"), PLAIN_MODE.to_owned()] {
        within(ANSWER_TIMEOUT, conn.query_drop(sql)).await.ok()?;
    }
    let mut found = None;
    for probe in probes {
        let row: Option<Row> = within(limit, conn.query_first(probe.query)).await.ok().flatten();
        if let Some(row) = row {
            let value: Option<Vec<u8>> = row.get::<Option<Vec<u8>>, usize>(0).flatten();
            let value = value.map(|value| String::from_utf8_lossy(&value).into_owned()).unwrap_or_default();
            let shard = place.schema.shard(shard).name.clone();
            found = Some(Obstacle { hindrance: probe.hindrance, name: probe.name, value, shard });
            break;
        }
    }
    let _ = conn.disconnect().await;
    found
}

/// Whether the shards define the tables alike.
pub(super) async fn are_alike(place: Place<'_>, tables: &[Changed], shards: &[ShardId]) -> Result<bool, DdlError> {
    let mut found = join_all(shards.iter().map(|shard| print(place, tables, *shard))).await.into_iter();
    let Some(first) = found.next().transpose()? else { return Ok(true) };
    for other in found {
        if other? != first {
            return Ok(false);
        }
    }
    Ok(true)
}
