//! Where rows of child tables belong: on the shard that has the row of the parent table that they name. Servers are asked, and
//! the parent's row is locked on its shard until the transaction ends, as a foreign key would have it.

use std::collections::HashMap;
use std::sync::Arc;

use super::session::Session;
use super::staged::store_as_is;
use crate::backend::settings::Settings;
use crate::exec::failure::Failure;
use crate::exec::links::{Link, Need, Side};
use crate::exec::stage::quoted;
use crate::exec::write_back::{Found, WriteBack};
use crate::plan::PlanError;
use crate::plan::narrow::TableId;
use crate::plan::staged::WrittenTable;
use crate::sharding::{Parent, ShardId, Table};

/// Values that one question asks for.
const AT_ONCE: usize = 100;

/// A parent table, and who asks for its rows.
struct Asked {
    child: String,
    child_column: String,
    table: Table,
    column: String,
    /// Of connections apart from the transaction's.
    settings: Arc<Settings>,
    /// Of the transaction's own, of which autocommit must stay as it is.
    within: Arc<Settings>,
}

impl Session {
    /// Finds the parents of these rows of a child table, which are new or changed. Nothing is done for other tables.
    pub(super) async fn find_parents(
        &mut self,
        target: &WrittenTable,
        back: &mut WriteBack<'_>,
        rows: &[Vec<u8>],
    ) -> Result<(), Failure> {
        let Some(asked) = self.asked_parent(target, back) else { return Ok(()) };
        let mut keys: Vec<Vec<u8>> = Vec::new();
        for row in rows {
            keys.extend(back.named_parent(row)?);
        }
        keys.sort();
        keys.dedup();
        let mut found = self.look_for(&asked, &keys, false).await?;
        let missing: Vec<Vec<u8>> = keys.iter().filter(|key| !found.contains_key(*key)).cloned().collect();
        // What others have committed since the transaction's snapshot counts, as for a foreign key.
        found.extend(self.look_for(&asked, &missing, true).await?);
        if let Some(missing) = keys.iter().find(|key| !found.contains_key(*key)) {
            return Err(asked.missing(missing));
        }
        self.lock_parents(&asked, &keys, &found).await?;
        back.know(found);
        Ok(())
    }

    fn asked_parent(&self, target: &WrittenTable, back: &WriteBack<'_>) -> Option<Asked> {
        let Parent { table, column } = back.parent()?;
        let parent = TableId::find(&self.schema, target.table?.database, table)?.table(&self.schema)?;
        Some(Asked {
            child: target.written.clone(),
            child_column: back.parent_key()?.to_owned(),
            table: parent.clone(),
            column: column.clone(),
            settings: self.variant(|settings| {
                store_as_is(settings);
                settings.unset("autocommit");
            }),
            within: self.variant(store_as_is),
        })
    }

    /// Where rows with these values are. Shards that take part in the transaction are asked within it, unless what is
    /// `committed` is to be seen.
    async fn look_for(&mut self, asked: &Asked, keys: &[Vec<u8>], committed: bool) -> Result<Found, Failure> {
        let mut found = Found::new();
        for some in keys.chunks(AT_ONCE) {
            for shard in asked.table.shard_set().iter() {
                if committed && !self.txn.has_branch(shard) {
                    continue;
                }
                let text = asked.search(&self.schema.shard(shard).schema, shard, some);
                for place in self.ask_for_parents(asked, shard, &text, committed).await? {
                    let Some(key) = place.and_then(|place| some.get(place)) else { continue };
                    if found.insert(key.clone(), shard).is_some_and(|other| other != shard) {
                        return Err(asked.ambiguous(key));
                    }
                }
            }
        }
        Ok(found)
    }

    /// The numbers in the first column of an answer.
    async fn ask_for_parents(
        &mut self,
        asked: &Asked,
        shard: ShardId,
        text: &[u8],
        apart: bool,
    ) -> Result<Vec<Option<usize>>, Failure> {
        let is_within = self.txn.has_branch(shard) && !apart;
        let mut link = match is_within {
            true => self.obtain_with(&asked.within, shard, Side::Primary).await?,
            false => {
                let need = Need { settings: &asked.settings, ..self.need().2 };
                Link::apart(&need, shard, Side::Primary).await?
            }
        };
        let answer = link.lease.query(text, &self.interrupt).await?;
        match is_within {
            true => self.keep_usable(vec![link]),
            false => link.lease.give_back(),
        }
        if let Some(error) = answer.error() {
            return Err(error.into());
        }
        let number = |row: &&[u8]| {
            let cell = crate::wire::text::cells(row).next()?.ok()??;
            std::str::from_utf8(cell).ok()?.parse().ok()
        };
        Ok(answer.table().1.iter().map(number).collect())
    }

    /// Keeps the rows where they are until the transaction ends.
    async fn lock_parents(&mut self, asked: &Asked, keys: &[Vec<u8>], found: &Found) -> Result<(), Failure> {
        let mut by_shard: HashMap<ShardId, Vec<&Vec<u8>>> = HashMap::new();
        for key in keys {
            if let Some(shard) = found.get(key) {
                by_shard.entry(*shard).or_default().push(key);
            }
        }
        for (shard, keys) in by_shard {
            for some in keys.chunks(AT_ONCE) {
                let text = asked.lock(&self.schema.shard(shard).schema, shard, some);
                let mut link = self.obtain_with(&asked.within, shard, Side::Primary).await?;
                let answer = link.lease.query(&text, &self.interrupt).await?;
                self.keep_usable(vec![link]);
                if let Some(error) = answer.error() {
                    return Err(error.into());
                }
                if answer.table().1.len() < some.len() {
                    return Err(asked.missing(some[0]));
                }
            }
        }
        Ok(())
    }
}

impl Asked {
    fn place(&self, schema: &str, shard: ShardId) -> String {
        format!("{}.{}", quoted(schema), quoted(self.table.physical_name(shard)))
    }

    /// For each value the number of its place in the list, where there is a row with it.
    fn search(&self, schema: &str, shard: ShardId, keys: &[Vec<u8>]) -> Vec<u8> {
        let (place, column) = (self.place(schema, shard), quoted(&self.column));
        let mut text = Vec::new();
        for (number, key) in keys.iter().enumerate() {
            let before = if number == 0 { "" } else { " UNION ALL " };
            text.extend_from_slice(format!("{before}(SELECT {number} FROM {place} WHERE {column} = ").as_bytes());
            text.extend_from_slice(key);
            text.extend_from_slice(b" LIMIT 1)");
        }
        text
    }

    fn lock(&self, schema: &str, shard: ShardId, keys: &[&Vec<u8>]) -> Vec<u8> {
        let (place, column) = (self.place(schema, shard), quoted(&self.column));
        let mut text = format!("SELECT 1 FROM {place} WHERE {column} IN (").into_bytes();
        for (number, key) in keys.iter().enumerate() {
            text.extend_from_slice(if number == 0 { b"" } else { b", " });
            text.extend_from_slice(key);
        }
        text.extend_from_slice(b") LOCK IN SHARE MODE");
        text
    }

    fn missing(&self, key: &[u8]) -> Failure {
        Failure::Unplaced(PlanError::NoParent(format!(
            "'{}' of '{}' is {}, and no row of '{}' has that as '{}', by which it would be placed",
            self.child_column,
            self.child,
            String::from_utf8_lossy(key),
            self.table.name,
            self.column
        )))
    }

    fn ambiguous(&self, key: &[u8]) -> Failure {
        Failure::Unsupported(format!(
            "a row of '{}' with '{}' = {}: several shards have rows of '{}' with that as '{}', which must be unique",
            self.child,
            self.child_column,
            String::from_utf8_lossy(key),
            self.table.name,
            self.column
        ))
    }
}
