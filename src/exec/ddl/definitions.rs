//! What a table looks like on its shards, asked of the servers by connections of the control plane, and statements that
//! run there the same way.

use futures_util::future::try_join_all;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row};

use super::{AT_ONCE, Changed, DdlError, NO_SUCH_TABLE, Part, Place, connect};
use crate::backend::control::{ANSWER_TIMEOUT, ControlError, within};
use crate::plan::catalog::definition::{self, Name};
use crate::sharding::{Schema, ShardId, Table};
use crate::txn::ddl::{self, Print, Survey};
use crate::txn::transaction::quoted;

/// Definitions are read and written under it, whatever the servers' own mode quotes names with.
pub(super) const PLAIN_MODE: &str = "SET SESSION sql_mode = '', sql_quote_show_create = 1";

/// The tables on all of the shards, each server asked at the same time as the others.
pub async fn survey(
    place: Place<'_>,
    tables: &[Changed],
    shards: &[ShardId],
) -> Result<(Vec<Survey>, Vec<Print>), DdlError> {
    let prints = prints(place, tables, shards).await?;
    let surveys = tables.iter().enumerate().map(|(at, changed)| Survey {
        table: changed.table.clone(),
        effect: changed.effect,
        found: shards
            .iter()
            .zip(&prints)
            .map(|(shard, print)| (place.schema.shard(*shard).name.clone(), print.0[at]))
            .collect(),
    });
    Ok((surveys.collect(), prints))
}

pub(super) async fn prints(place: Place<'_>, tables: &[Changed], shards: &[ShardId]) -> Result<Vec<Print>, DdlError> {
    let mut prints = Vec::new();
    for some in shards.chunks(AT_ONCE) {
        prints.extend(try_join_all(some.iter().map(|shard| print(place, tables, *shard))).await?);
    }
    Ok(prints)
}

/// What takes back the making of a table, or a view, on a shard.
pub fn undo(schema: &Schema, word: &str, changed: &Changed, shard: ShardId) -> String {
    let rule = schema.database(&changed.database).and_then(|(_, database)| database.table(&changed.table));
    let name = rule.map_or(changed.table.as_str(), |rule| rule.physical_name(shard));
    format!("DROP {word} {}", quoted(name))
}

pub(super) fn shard_of(place: Place<'_>, part: &Part) -> Result<ShardId, DdlError> {
    place.schema.shard_named(&part.shard).ok_or_else(|| DdlError::NoSuchShard(part.shard.clone()))
}

pub(super) fn physical<'a>(place: Place<'a>, changed: &'a Changed, shard: ShardId) -> &'a str {
    let rule = place.schema.database(&changed.database).and_then(|(_, database)| database.table(&changed.table));
    rule.map_or(changed.table.as_str(), |rule| rule.physical_name(shard))
}

pub(super) fn full_name(place: Place<'_>, changed: &Changed, shard: ShardId) -> String {
    format!("{}.{}", quoted(&place.schema.shard(shard).schema), quoted(physical(place, changed, shard)))
}

/// Fingerprints of the tables on one shard.
pub(super) async fn print(place: Place<'_>, tables: &[Changed], shard: ShardId) -> Result<Print, DdlError> {
    let mut found = Vec::new();
    for (changed, shown) in tables.iter().zip(show(place, tables, shard).await?) {
        found.push(shown.map(|text| names(place, changed, shard).fingerprint(&text)));
    }
    Ok(Print(found))
}

/// The definitions of the tables on one shard; `None`: there is no such table.
pub(super) async fn show(
    place: Place<'_>,
    tables: &[Changed],
    shard: ShardId,
) -> Result<Vec<Option<String>>, DdlError> {
    let mut conn = connect_to(place, shard).await?;
    within(ANSWER_TIMEOUT, conn.query_drop(PLAIN_MODE)).await?;
    let mut found = Vec::new();
    for changed in tables {
        found.push(show_one(&mut conn, &full_name(place, changed, shard)).await?);
    }
    let _ = conn.disconnect().await;
    Ok(found)
}

pub(super) async fn show_one(conn: &mut Conn, name: &str) -> Result<Option<String>, DdlError> {
    let asked = conn.query_first(format!("SHOW CREATE TABLE {name}"));
    let row: Option<Row> = match within(ANSWER_TIMEOUT, asked).await {
        Ok(row) => row,
        Err(ControlError::Server(mysql_async::Error::Server(error))) if error.code == NO_SUCH_TABLE => None,
        Err(error) => return Err(error.into()),
    };
    let text = row.and_then(|row| row.get::<Vec<u8>, usize>(1));
    Ok(text.map(|text| String::from_utf8_lossy(&text).into_owned()))
}

/// Names on a shard that others call something else.
pub(super) struct Names {
    pub(super) schemas: Vec<String>,
    /// Physical tables, and what stands for them.
    pub(super) tables: Vec<(String, String)>,
}

/// Those of the tables' database.
pub(super) fn names(place: Place<'_>, changed: &Changed, shard: ShardId) -> Names {
    let of = |table: &Table| (table.physical_name(shard).to_owned(), table.name.clone());
    let database = place.schema.database(&changed.database).map(|(_, database)| database);
    let tables = database.into_iter().flat_map(|database| database.tables()).map(of);
    let tables = tables.filter(|(physical, logical)| physical != logical).collect();
    Names { schemas: vec![place.schema.shard(shard).schema.clone()], tables }
}

impl Names {
    /// A fingerprint of a definition in which these names do not count.
    pub(super) fn fingerprint(&self, shown: &str) -> u64 {
        let renamed = definition::renamed(shown.as_bytes(), |name| match name {
            Name::Schema(name) => self.schemas.iter().any(|schema| schema == name).then(String::new),
            Name::Table(name) => {
                self.tables.iter().find(|(physical, _)| physical == name).map(|(_, logical)| logical.clone())
            }
            Name::Constraint(name) => self.tables.iter().find_map(|(physical, logical)| {
                let marked = name.strip_suffix(physical.as_str()).and_then(|own| own.strip_suffix('@'));
                marked.map(str::to_owned).or_else(|| constraint_of(name, physical, logical))
            }),
        });
        ddl::fingerprint(&in_words(renamed, shown))
    }
}

/// A definition as another shard would show it.
pub(super) fn translated(place: Place<'_>, changed: &Changed, shown: &str, from: ShardId, to: ShardId) -> String {
    let Some((_, database)) = place.schema.database(&changed.database) else { return shown.to_owned() };
    let pairs = database.tables().map(|table| (table.physical_name(from), table.physical_name(to)));
    let pairs: Vec<(&str, &str)> = pairs.filter(|(one, other)| one != other).collect();
    let renamed = definition::renamed(shown.as_bytes(), |name| match name {
        Name::Schema(_) => None,
        Name::Table(name) => pairs.iter().find(|(one, _)| *one == name).map(|(_, other)| (*other).to_owned()),
        Name::Constraint(name) => pairs.iter().find_map(|(one, other)| {
            let marked = name.strip_suffix(one).filter(|own| own.ends_with('@'));
            marked.map(|own| format!("{own}{other}")).or_else(|| constraint_of(name, one, other))
        }),
    });
    in_words(renamed, shown)
}

/// A definition, or a part of one, with the names that a server made of one table's made of another's.
pub(super) fn with_constraints_of(shown: &str, from: &str, to: &str) -> String {
    let renamed = definition::renamed(shown.as_bytes(), |name| match name {
        Name::Constraint(name) => constraint_of(name, from, to),
        Name::Schema(_) | Name::Table(_) => None,
    });
    in_words(renamed, shown)
}

/// What a server would have called the constraint of a table if the table had another name.
fn constraint_of(name: &str, from: &str, to: &str) -> Option<String> {
    let rest = name.strip_prefix(from)?;
    ["_ibfk_", "_chk_"].iter().any(|infix| rest.starts_with(infix)).then(|| format!("{to}{rest}"))
}

fn in_words(renamed: Option<Vec<u8>>, shown: &str) -> String {
    renamed.map_or_else(|| shown.to_owned(), |text| String::from_utf8_lossy(&text).into_owned())
}

pub(super) async fn has_rows(place: Place<'_>, changed: &Changed, shard: ShardId) -> Result<bool, DdlError> {
    let mut conn = connect_to(place, shard).await?;
    let asked = conn.query_first(format!("SELECT 1 FROM {} LIMIT 1", full_name(place, changed, shard)));
    let row: Option<Row> = within(ANSWER_TIMEOUT, asked).await?;
    let _ = conn.disconnect().await;
    Ok(row.is_some())
}

pub(super) async fn connect_to(place: Place<'_>, shard: ShardId) -> Result<Conn, ControlError> {
    let mut conn = connect(place.topology.set(place.schema.shard(shard).replica_set)).await?;
    if let Some(seconds) = place.lock_wait {
        let sql = format!("SET SESSION lock_wait_timeout = {seconds}");
        within(ANSWER_TIMEOUT, conn.query_drop(sql)).await?;
    }
    Ok(conn)
}

/// Runs statements one after the other in a shard's schema; an error is in the server's own words.
pub(super) async fn run_by_control(place: Place<'_>, shard: ShardId, texts: &[&[u8]]) -> Result<(), String> {
    let limit = place.topology.set(place.schema.shard(shard).replica_set).options.response_timeout;
    let run = async {
        let mut conn = connect_to(place, shard).await?;
        within(limit, conn.query_drop(format!("USE {}", quoted(&place.schema.shard(shard).schema)))).await?;
        for text in texts.iter().filter(|text| !text.is_empty()) {
            within(limit, conn.query_drop(*text)).await?;
        }
        let _ = conn.disconnect().await;
        Ok::<(), ControlError>(())
    };
    run.await.map_err(in_its_words)
}

pub(super) fn in_its_words(error: ControlError) -> String {
    match error {
        ControlError::Server(mysql_async::Error::Server(error)) => error.message,
        other => other.to_string(),
    }
}
