//! CHECK REFERENCE TABLE: whether the copies of a reference table hold the same rows. Each server computes the checksum of its copy
//! over all rows (CHECKSUM TABLE ... EXTENDED), whatever their order. Copies are not read at one moment, so what differs is looked
//! at again before it is told.

use std::collections::BTreeMap;
use std::time::Duration;

use super::catalog::answer_rows;
use super::error::ClientMessage;
use super::response::LocalColumn;
use super::session::Session;
use crate::plan::PlanError;
use crate::sharding::{DatabaseId, Placement, ShardId, Table};
use crate::sql::control::TableName;

/// How often copies that differ are looked at, and what lies between.
const LOOKS: usize = 3;
const BETWEEN: Duration = Duration::from_millis(300);

/// What a server says of its copy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Copy {
    Sum(String),
    Missing,
    Failed(String),
}

impl Session {
    /// `names`: none for all reference tables of the current database.
    pub(super) async fn check_references(
        &mut self,
        names: &[TableName],
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let columns = [("Table", 256), ("Shard", 64), ("Replica_set", 64), ("Checksum", 64), ("Status", 256)];
        let columns = columns.map(|(name, length)| LocalColumn::text(name, length));
        let mut rows = Vec::new();
        for (id, name) in self.reference_tables(names)? {
            rows.extend(self.check_reference(id, &name).await?);
        }
        self.send_table(&columns, &rows, more_follows).await
    }

    fn reference_tables(&self, names: &[TableName]) -> Result<Vec<(DatabaseId, String)>, ClientMessage> {
        if names.is_empty() {
            let id = self.database().ok_or(PlanError::NoDatabase)?;
            let is_reference = |table: &&Table| matches!(table.placement, Placement::Reference(_));
            let tables = self.schema.database_of(id).tables().filter(is_reference);
            return Ok(tables.map(|table| (id, table.name.clone())).collect());
        }
        names.iter().map(|name| self.reference_table(name)).collect()
    }

    fn reference_table(&self, name: &TableName) -> Result<(DatabaseId, String), ClientMessage> {
        let id = match &name.database {
            None => self.database().ok_or(PlanError::NoDatabase)?,
            Some(database) => self.named_database(database)?,
        };
        match self.schema.database_of(id).table(&name.table) {
            Some(Table { name, placement: Placement::Reference(_), .. }) => Ok((id, name.clone())),
            _ => Err(ClientMessage::unsupported(&format!(
                "CHECK REFERENCE TABLE of '{}', which is no reference table",
                name.table
            ))),
        }
    }

    /// A row for each copy.
    async fn check_reference(&mut self, id: DatabaseId, name: &str) -> Result<Vec<Vec<Option<String>>>, ClientMessage> {
        let mut copies = self.copies(id, name).await?;
        for _ in 1..LOOKS {
            if copies.windows(2).all(|pair| pair[0].1 == pair[1].1) {
                break;
            }
            tokio::time::sleep(BETWEEN).await;
            copies = self.copies(id, name).await?;
        }
        let usual = most_frequent(copies.iter().map(|(_, copy)| copy));
        let table = format!("{}.{name}", self.schema.database_of(id).name);
        let row = |(shard, copy): (ShardId, Copy)| {
            let of = self.schema.shard(shard);
            let set = self.setup.topology.set(of.replica_set).options.name.clone();
            let status = match &copy {
                Copy::Missing => "missing".to_owned(),
                Copy::Failed(reason) => reason.clone(),
                Copy::Sum(_) if Some(&copy) == usual.as_ref() => "OK".to_owned(),
                Copy::Sum(_) => "differs".to_owned(),
            };
            let sum = if let Copy::Sum(sum) = copy { Some(sum) } else { None };
            vec![Some(table.clone()), Some(of.name.clone()), Some(set), sum, Some(status)]
        };
        Ok(copies.into_iter().map(row).collect())
    }

    async fn copies(&mut self, id: DatabaseId, name: &str) -> Result<Vec<(ShardId, Copy)>, ClientMessage> {
        let Some(table) = self.schema.database_of(id).table(name) else { return Ok(Vec::new()) };
        let quoted = |name: &str| format!("`{}`", name.replace('`', "``"));
        let asked: Vec<(ShardId, String)> = table
            .shard_set()
            .iter()
            .map(|shard| {
                let place =
                    format!("{}.{}", quoted(&self.schema.shard(shard).schema), quoted(table.physical_name(shard)));
                (shard, format!("CHECKSUM TABLE {place} EXTENDED"))
            })
            .collect();
        let mut copies = Vec::new();
        for (shard, sql) in asked {
            let copy = match self.ask_spare(shard, sql.as_bytes()).await {
                Err(message) if message.fatal => return Err(message),
                Err(message) | Ok(Err(message)) => Copy::Failed(self.in_logical_names(message, Some(shard)).text),
                Ok(Ok(answer)) => match answer_rows(&answer).next().and_then(|row| row.into_iter().nth(1)) {
                    Some(Some(sum)) => Copy::Sum(String::from_utf8_lossy(&sum).into_owned()),
                    _ => Copy::Missing,
                },
            };
            copies.push((shard, copy));
        }
        Ok(copies)
    }
}

/// What most of the copies are; where two are equally frequent, the one that stands first.
fn most_frequent<'c>(copies: impl Iterator<Item = &'c Copy> + Clone) -> Option<Copy> {
    let mut counts: BTreeMap<&Copy, usize> = BTreeMap::new();
    copies.clone().filter(|copy| matches!(copy, Copy::Sum(_))).for_each(|copy| *counts.entry(copy).or_default() += 1);
    let most = counts.values().max().copied()?;
    copies.into_iter().find(|copy| counts.get(copy) == Some(&most)).cloned()
}
