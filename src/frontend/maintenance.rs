//! ANALYZE, CHECK, CHECKSUM, OPTIMIZE and REPAIR TABLE: each shard of a table does it for its own, and what they say becomes
//! one answer in logical names.
//!
//! What several shards say alike is said once, and `OK` only if all of them say so. A checksum is, as servers compute it, the sum
//! of those of the rows: so it is the sum of the shards'. Of a reference table one copy is summed.

use futures_util::future::join_all;

use super::catalog::{Listing, answer_rows};
use super::error::ClientMessage;
use super::query::Statement;
use super::session::Session;
use super::transactions::End;
use crate::backend::answer::Answer;
use crate::exec::conditions::{self, Condition};
use crate::exec::links::{Link, Side};
use crate::plan::PlanError;
use crate::plan::catalog::Row;
use crate::plan::catalog::places::place_of;
use crate::plan::catalog::text;
use crate::sharding::{DatabaseId, Placement, ShardId, ShardSet};
use crate::sql::control::{Maintenance, Place, TableName};

/// The columns of the answers, but for CHECKSUM TABLE, which has the first and a number.
const TABLE: usize = 0;
const TEXT: usize = 3;
const SUM: usize = 1;

/// A table, and what is asked where.
struct Asked {
    database: DatabaseId,
    /// As answers name it.
    name: String,
    texts: Vec<(ShardId, Vec<u8>)>,
}

/// What a shard has said.
struct Said {
    shard: ShardId,
    answer: Answer,
    conditions: Vec<Condition>,
}

impl Session {
    pub(super) async fn maintain(
        &mut self,
        what: &Maintenance,
        statement: &Statement<'_>,
    ) -> Result<(), ClientMessage> {
        let asked: Vec<Asked> =
            what.tables.iter().map(|table| self.maintained(what, table, statement.sql)).collect::<Result<_, _>>()?;
        if !what.sums {
            self.refuse_in_xa()?;
            self.end_transaction(End::Commit).await?;
        }
        let (mut listing, mut conditions) = (Listing::default(), Vec::new());
        for table in &asked {
            let mut said = self.ask_each(&table.texts).await?;
            for shard in &mut said {
                self.rename_conditions(&mut shard.conditions, Some(shard.shard));
                conditions.append(&mut shard.conditions);
            }
            if let Some(first) = said.first().filter(|_| listing.definitions.is_empty()) {
                listing.definitions = Listing::of(&first.answer).definitions;
            }
            listing.rows.extend(self.put_in_one(table, &said, what.sums));
        }
        self.send_listing_with(&listing, conditions, statement.more_follows).await
    }

    /// The statement about one of its tables, for each shard that has it.
    fn maintained(&self, what: &Maintenance, table: &Place<TableName>, sql: &[u8]) -> Result<Asked, ClientMessage> {
        let TableName { database, table: written } = &table.name;
        let database = self.database_to_maintain(database.as_deref())?;
        let of_database = self.schema.database_of(database);
        // A temporary table hides the other.
        let is_hidden = self.temporary_tables.contains(&written.to_lowercase());
        let rule = of_database.table(written.as_str()).filter(|_| !is_hidden);
        let shards = match rule.map(|rule| (&rule.placement, rule.shard_set())) {
            Some((Placement::Reference(_), copies)) if what.sums => {
                copies.first().map_or_else(ShardSet::empty, ShardSet::single)
            }
            Some((_, shards)) => shards,
            None => ShardSet::single(of_database.default_shard),
        };
        let first = what.tables.first().map_or(0, |table| table.at.start);
        let last = what.tables.last().map_or(0, |table| table.at.end);
        let text = |shard: ShardId| {
            let physical = rule.map_or(written.as_str(), |rule| rule.physical_name(shard));
            let place =
                [self.schema.shard(shard).schema.as_str(), physical].map(crate::exec::scratch::quoted).join(".");
            (shard, [&sql[..first], place.as_bytes(), &sql[last..]].concat())
        };
        let name = format!("{}.{written}", of_database.name);
        Ok(Asked { database, name, texts: shards.iter().map(text).collect() })
    }

    fn database_to_maintain(&self, name: Option<&str>) -> Result<DatabaseId, ClientMessage> {
        match name {
            Some(name) => self.named_database(name),
            None => Ok(self.database().ok_or(PlanError::NoDatabase)?),
        }
    }

    /// Asks all shards at the same time, or, where the session holds connections, one after the other on these.
    async fn ask_each(&mut self, texts: &[(ShardId, Vec<u8>)]) -> Result<Vec<Said>, ClientMessage> {
        if self.links.held().is_empty() && !self.txn.is_open() && self.autocommit {
            let need = self.need().2;
            let asked = texts.iter().map(|(shard, sql)| async move {
                let mut link = Link::apart(&need, *shard, Side::Primary).await?;
                let said = ask(&mut link, sql, need.interrupt).await?;
                link.lease.give_back();
                Ok(said)
            });
            return join_all(asked).await.into_iter().collect();
        }
        let mut all = Vec::new();
        for (shard, sql) in texts {
            let mut link = self.obtain(*shard, Side::Primary).await?;
            let said = ask(&mut link, sql, &self.interrupt).await;
            match said.as_ref().ok().and_then(|said| said.answer.summary.status) {
                Some(status) => self.links.settle(link, status, &mut self.txn),
                None => self.links.put(link),
            }
            all.push(said?);
        }
        Ok(all)
    }

    /// The rows about one table.
    fn put_in_one(&self, table: &Asked, said: &[Said], sums: bool) -> Vec<Row> {
        let name = || Some(table.name.clone().into_bytes());
        if sums {
            let cells = said.iter().flat_map(|said| answer_rows(&said.answer)).map(|mut row| row.swap_remove(SUM));
            return vec![vec![name(), sum(cells)]];
        }
        let mut rows: Vec<(Row, usize)> = Vec::new();
        for said in said {
            let place = place_of(&self.schema, table.database, said.shard);
            for mut row in answer_rows(&said.answer) {
                row[TABLE] = name();
                if let Some(cell) = row.get_mut(TEXT).and_then(Option::as_mut)
                    && let Some(renamed) =
                        std::str::from_utf8(cell).ok().and_then(|cell| text::in_message(cell, &place))
                {
                    *cell = renamed.into_bytes();
                }
                match rows.iter_mut().find(|(known, _)| *known == row) {
                    Some((_, times)) => *times += 1,
                    None => rows.push((row, 1)),
                }
            }
        }
        let is_ok = |row: &Row| row.get(TEXT).is_some_and(|cell| cell.as_deref() == Some(b"OK"));
        rows.retain(|(row, times)| *times >= said.len() || !is_ok(row));
        rows.into_iter().map(|(row, _)| row).collect()
    }
}

async fn ask(
    link: &mut Link,
    sql: &[u8],
    interrupt: &crate::backend::interrupt::Interrupt,
) -> Result<Said, ClientMessage> {
    let answer = link.lease.query(sql, interrupt).await?;
    if let Some(error) = answer.error() {
        return Err(error.into());
    }
    let conditions = match answer.summary.warnings {
        0 => Vec::new(),
        _ => conditions::fetch(&mut link.lease, interrupt).await?,
    };
    Ok(Said { shard: link.shard, answer, conditions })
}

/// The sum of checksums, as servers add up those of rows; NULL with one that is not known.
fn sum(cells: impl Iterator<Item = Option<Vec<u8>>>) -> Option<Vec<u8>> {
    let mut total = 0u32;
    for cell in cells {
        let sum: u64 = std::str::from_utf8(&cell?).ok()?.parse().ok()?;
        total = total.wrapping_add(sum as u32);
    }
    Some(total.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_added_like_those_of_rows() {
        let added = |cells: &[Option<&str>]| {
            let cells = cells.iter().map(|cell| cell.map(|text| text.as_bytes().to_vec()));
            sum(cells).map(|sum| String::from_utf8(sum).expect("digits"))
        };
        assert_eq!(added(&[Some("4294967295"), Some("3")]).as_deref(), Some("2"));
        assert_eq!(added(&[Some("1"), None]), None);
        assert_eq!(added(&[]).as_deref(), Some("0"));
    }
}
