//! SHOW SHARD FOR table = key, or = (key, key) where the key has two columns: the bucket, shard, replica set and physical table of a row with this key; of a table that is
//! not sharded, all places of its rows.

use std::ops::Range;

use super::error::ClientMessage;
use super::query::Statement;
use super::response::LocalColumn;
use super::session::Session;
use crate::plan::PlanError;
use crate::sharding::schema::same_name;
use crate::sharding::{DatabaseId, Located, Part, Placement, ShardId, ShardSet, Sharded, Table};
use crate::sql::Mode;
use crate::sql::control::{SimpleValue, simple_value};
use crate::value::Value;
use crate::wire::error_code as codes;

/// A literal, or two in parentheses.
fn values<'a>(sql: &'a [u8], place: Range<usize>, mode: Mode) -> Option<Vec<Value<'a>>> {
    let value = |place: Range<usize>| match simple_value(sql, place, mode) {
        Some(SimpleValue::Literal(value)) => Some(value),
        Some(SimpleValue::Word(word)) if word.eq_ignore_ascii_case("NULL") => Some(Value::Null),
        _ => None,
    };
    let text = sql.get(place.clone())?;
    if !(text.first() == Some(&b'(') && text.last() == Some(&b')')) {
        return value(place).map(|only| vec![only]);
    }
    let (start, end) = (place.start + 1, place.end - 1);
    // A comma within a text leaves something that is no literal.
    let mut commas = (start..end).filter(|at| sql[*at] == b',');
    commas.find_map(|comma| Some(vec![value(start..comma)?, value(comma + 1..end)?]))
}

impl Session {
    pub(super) async fn show_shard(
        &mut self,
        (database, table): (Option<&str>, &str),
        key: Range<usize>,
        statement: &Statement<'_>,
    ) -> Result<(), ClientMessage> {
        let names = ["Table", "Bucket", "Buckets", "Shard", "Replica_set", "Schema", "Physical_table"];
        let columns: Vec<LocalColumn> = names.map(|name| LocalColumn::text(name, 256)).to_vec();
        let rows = self.places(self.database_named(database)?, table, key, statement.sql)?;
        self.send_table(&columns, &rows, statement.more_follows).await
    }

    fn places(
        &self,
        id: DatabaseId,
        name: &str,
        key: Range<usize>,
        sql: &[u8],
    ) -> Result<Vec<Vec<Option<String>>>, ClientMessage> {
        let database = self.schema.database_of(id);
        let Some(table) = database.table(name) else {
            let text = format!("Table '{}.{name}' has no rule", database.name);
            return Err(ClientMessage::new(codes::NO_SUCH_TABLE, text));
        };
        let (shards, bucket) = match &table.placement {
            Placement::Reference(shards) => (shards.clone(), None),
            Placement::Single(shard) => (ShardSet::single(*shard), None),
            Placement::Sharded(Sharded { parent: Some(parent), .. }) => {
                let text = format!("SHOW SHARD FOR a child table: its rows are where those of '{}' are", parent.table);
                return Err(ClientMessage::unsupported(&text));
            }
            Placement::Sharded(sharded) => {
                let values = values(sql, key, self.mode).filter(|values| values.len() == sharded.key_columns().count());
                let Some(values) = values else {
                    let text = match &sharded.within {
                        Some(_) => {
                            "SHOW SHARD FOR with anything but two literals, as in (1, 2), as a key of two columns"
                        }
                        None => "SHOW SHARD FOR with anything but a literal as the key",
                    };
                    return Err(ClientMessage::unsupported(text));
                };
                let placed = match values.as_slice() {
                    [first, second] => sharded.place_both(first, second),
                    _ => match sharded.place(&values[0]) {
                        Located::Shard(shard) => Ok(shard),
                        located => Err((Part::First, located)),
                    },
                };
                match placed {
                    Ok(shard) => (ShardSet::single(shard), sharded.bucket(&values[0])),
                    Err((part, located)) => {
                        let value = &values[if part == Part::First { 0 } else { 1 }];
                        return Err(PlanError::unplaced(located, table, sharded, part, value).into());
                    }
                }
            }
        };
        Ok(shards.iter().map(|shard| self.place_row(&database.name, table, shard, bucket)).collect())
    }

    fn place_row(
        &self,
        database: &str,
        table: &Table,
        id: ShardId,
        bucket: Option<(usize, usize)>,
    ) -> Vec<Option<String>> {
        let shard = self.schema.shard(id);
        let set = &self.setup.topology.set(shard.replica_set).options.name;
        vec![
            Some(format!("{database}.{}", table.name)),
            bucket.map(|(bucket, _)| bucket.to_string()),
            bucket.map(|(_, buckets)| buckets.to_string()),
            Some(shard.name.clone()),
            Some(set.clone()),
            Some(shard.schema.clone()),
            Some(table.physical_name(id).to_owned()),
        ]
    }

    /// The database of this name, which the user may use; without a name the current one.
    fn database_named(&self, name: Option<&str>) -> Result<DatabaseId, ClientMessage> {
        let Some(name) = name else { return self.database().ok_or_else(|| PlanError::NoDatabase.into()) };
        let is_own = self.user.databases.iter().any(|own| same_name(own, name));
        let found = self.schema.database(name).filter(|_| is_own);
        found.map(|(id, _)| id).ok_or_else(|| PlanError::UnknownDatabase(name.to_owned()).into())
    }
}
