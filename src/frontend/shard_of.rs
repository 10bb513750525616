//! SHOW SHARD FOR table = key, or = (key, key ...) where the key has several columns: the bucket, shard, replica set and
//! physical table of a row with this key; of a table that is not sharded, all places of its rows.

use std::ops::Range;

use super::error::ClientMessage;
use super::query::Statement;
use super::response::LocalColumn;
use super::session::Session;
use crate::plan::PlanError;
use crate::plan::narrow::literal_of;
use crate::sharding::schema::same_name;
use crate::sharding::{DatabaseId, KeyType, Located, Part, Placement, ShardId, ShardSet, Sharded, Table};
use crate::sql::Mode;
use crate::value::Value;
use crate::wire::error_code as codes;

/// The values of a key: a literal, or several in parentheses.
fn values(sql: &[u8], place: Range<usize>, mode: Mode) -> Option<Vec<Value<'static>>> {
    let text = sql.get(place.clone())?;
    if !(text.first() == Some(&b'(') && text.last() == Some(&b')')) {
        return value(text, mode).map(|only| vec![only]);
    }
    let parts = split_at_commas(sql, place.start + 1..place.end - 1);
    parts.into_iter().map(|one| value(sql.get(one)?, mode)).collect()
}

/// At commas that are not within a text.
fn split_at_commas(sql: &[u8], place: Range<usize>) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut quote, mut is_escaped) = (Vec::new(), place.start, None, false);
    for at in place.clone() {
        match (sql[at], quote) {
            _ if is_escaped => is_escaped = false,
            (b'\\', Some(_)) => is_escaped = true,
            (byte, Some(open)) if byte == open => quote = None,
            (_, Some(_)) => {}
            (byte @ (b'\'' | b'"'), None) => quote = Some(byte),
            (b',', None) => {
                parts.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(start..place.end);
    parts
}

/// A literal; also of a date or a time, as `DATE'2024-01-31'` and `{d '2024-01-31'}`, and of bytes.
fn value(text: &[u8], mode: Mode) -> Option<Value<'static>> {
    let text = text.trim_ascii();
    if let Some(bytes) = hexadecimal(text) {
        return Some(Value::Binary(bytes.into()));
    }
    let inner = text.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")).map_or(text, <[u8]>::trim_ascii);
    let kinds: &[&[u8]] = if inner == text { &[b"DATE", b"TIME", b"TIMESTAMP"] } else { &[b"d", b"t", b"ts"] };
    let word = inner.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let behind = inner[word..].trim_ascii_start();
    let is_of_time = kinds.iter().any(|kind| inner[..word].eq_ignore_ascii_case(kind));
    let literal = if is_of_time && matches!(behind.first(), Some(b'\'' | b'"')) { behind } else { text };
    literal_of(literal, mode)
}

/// `x'6162'` or `0x6162`.
fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let digits = match text {
        [b'0', b'x', digits @ ..] | [b'x' | b'X', b'\'', digits @ .., b'\''] => digits,
        _ => return None,
    };
    let nibble = |digit: &u8| char::from(*digit).to_digit(16).map(|value| value as u8);
    let nibbles = digits.iter().map(nibble).collect::<Option<Vec<u8>>>()?;
    let leading = nibbles.len() % 2;
    let first = nibbles.first().copied().filter(|_| leading == 1);
    let rest = nibbles.get(leading..)?.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]);
    Some(first.into_iter().chain(rest).collect())
}

/// Bytes beside an integer are a number.
fn as_the_column<'v>(value: Value<'v>, key: &KeyType) -> Value<'v> {
    match (&value, key) {
        (Value::Binary(bytes), KeyType::Integer(_)) if bytes.len() <= 8 => {
            Value::UInt(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        }
        _ => value,
    }
}

/// What is not known of a value, or known to be impossible.
fn uncertain(sql: &[u8], key: Range<usize>, column: &str, sharded: &Sharded, part: Part) -> ClientMessage {
    let written = String::from_utf8_lossy(&sql[key]).into_owned();
    let text =
        format!("it is not certain what a server stores for {written} in '{column}' ({})", sharded.key_type(part));
    ClientMessage::new(codes::NOT_SUPPORTED_YET, text)
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
                let columns: Vec<&str> = sharded.key_columns().collect();
                let mut values = values(sql, key.clone(), self.mode);
                // One column may be both of a key of two.
                let is_one = matches!(columns.as_slice(), [one, other] if same_name(one, other));
                if let Some([only]) = values.as_deref().filter(|_| is_one) {
                    values = Some(vec![only.clone(), only.clone()]);
                }
                let values = values.filter(|values| values.len() == columns.len());
                let Some(values) = values else {
                    let text = match columns.as_slice() {
                        [_] => "SHOW SHARD FOR with anything but a literal as the key".to_owned(),
                        several => {
                            format!("SHOW SHARD FOR with anything but a literal for each of ({})", several.join(", "))
                        }
                    };
                    return Err(ClientMessage::unsupported(&text));
                };
                let parts = (0_u8..).zip(values);
                let values: Vec<Value<'_>> =
                    parts.map(|(part, value)| as_the_column(value, sharded.key_type(Part(part)))).collect();
                let placed = match values.as_slice() {
                    [only] => match sharded.place(only) {
                        Located::Shard(shard) => Ok(shard),
                        located => Err((Part::FIRST, located)),
                    },
                    several => sharded.place_all(several),
                };
                let bucket = || match values.as_slice() {
                    [only] => sharded.bucket(only),
                    several => sharded.bucket_of_all(several),
                };
                match placed {
                    Ok(shard) => (ShardSet::single(shard), bucket()),
                    Err((part, Located::Anywhere | Located::Nowhere)) => {
                        return Err(uncertain(sql, key, columns[usize::from(part.0)], sharded, part));
                    }
                    Err((part, located)) => {
                        let value = &values[usize::from(part.0)];
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
        self.named_database(name)
    }
}
