//! Commands that answer from the configuration alone.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use data_encoding::HEXLOWER_PERMISSIVE;

use crate::config::Config;
use crate::plan::{self, Binding, Context, Gathers, PlanError, explain};
use crate::sharding::schema::same_name;
use crate::sharding::{Database, DatabaseId, KeyType, Located, Part, Placement, Schema, ShardId, Sharded, Table};
use crate::sql::{Mode, Shape, split};
use crate::value::{Charset, Value};

/// `shardgate shard-of`: the shard of a key, which has a value for each of its columns. 1 if no shard can be told.
pub fn shard_of(path: &Path, table: &str, keys: &[String]) -> anyhow::Result<ExitCode> {
    let Some(config) = super::load(path) else { return Ok(ExitCode::from(2)) };
    let (database, table) = find(&config.schema, table)?;
    let name = format!("{}.{}", database.name, table.name);
    let mut out = std::io::stdout().lock();
    match &table.placement {
        Placement::Sharded(Sharded { parent: Some(parent), .. }) => {
            bail!(
                "{name} is a child table: its rows are where the rows of {} are whose {} they name; ask for those",
                parent.table,
                parent.column
            )
        }
        Placement::Sharded(sharded) => {
            let columns: Vec<&str> = sharded.key_columns().collect();
            // One column may be both of a key of two.
            let is_one = matches!(columns.as_slice(), [one, other] if same_name(one, other));
            let twice = [keys, keys].concat();
            let keys = if is_one && keys.len() == 1 { twice.as_slice() } else { keys };
            if keys.len() != columns.len() {
                bail!("the key of {name} is ({}): give a value for each", columns.join(", "));
            }
            let [key] = keys else {
                return shard_of_several(&config, (&name, table), sharded, keys);
            };
            let value = value(key, &sharded.key_column, &sharded.key)?;
            let shard = shard_of_key(&config.schema, sharded, &value, key)?;
            let slot = sharded.bucket(&value).map(|(bucket, buckets)| format!(" (bucket {bucket} of {buckets})"));
            let column = &sharded.key_column;
            writeln!(out, "{name} {column} = {key}: {}", place(&config, table, shard, &slot.unwrap_or_default()))?;
        }
        Placement::Reference(shards) => {
            writeln!(out, "{name} is a reference table: every row is on each of its shards")?;
            for shard in shards {
                writeln!(out, "  {}", place(&config, table, shard, ""))?;
            }
        }
        Placement::Single(shard) => {
            writeln!(out, "{name} is a single table: every row is on {}", place(&config, table, *shard, ""))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The shard of a key of several columns.
fn shard_of_several(
    config: &Config,
    (name, table): (&str, &Table),
    sharded: &Sharded,
    keys: &[String],
) -> anyhow::Result<ExitCode> {
    let columns: Vec<&str> = sharded.key_columns().collect();
    let parts = (0_u8..).zip(&columns).zip(keys);
    let values = parts.map(|((part, column), key)| value(key, column, sharded.key_type(Part(part))));
    let values = values.collect::<anyhow::Result<Vec<_>>>()?;
    let shard = sharded.place_all(&values).map_err(|(part, located)| {
        let at = usize::from(part.0);
        let (column, key) = (columns[at], &keys[at]);
        match located {
            Located::Null => anyhow!("rows with {column} = NULL are refused"),
            Located::Unplaced => anyhow!("the rule has no shard for {column} = {key}"),
            _ => anyhow!("it is not certain what a server stores for {key} in {column}"),
        }
    })?;
    let mut written: Vec<String> = columns.iter().zip(keys).map(|(column, key)| format!("{column} = {key}")).collect();
    written.dedup();
    let bucket = sharded.bucket_of_all(&values).map(|(bucket, buckets)| format!(" (bucket {bucket} of {buckets})"));
    let mut out = std::io::stdout().lock();
    writeln!(out, "{name} {}: {}", written.join(", "), place(config, table, shard, &bucket.unwrap_or_default()))?;
    Ok(ExitCode::SUCCESS)
}

fn shard_of_key(schema: &Schema, sharded: &Sharded, value: &Value<'_>, key: &str) -> anyhow::Result<ShardId> {
    let column = &sharded.key_column;
    match sharded.place(value) {
        Located::Shard(shard) => Ok(shard),
        Located::Null => bail!("rows with {column} = NULL are refused: the rule has no null_key"),
        Located::Unplaced => {
            bail!("the rule ({}) has no shard for {column} = {key}, and no out_of_range", sharded.function.kind())
        }
        Located::Nowhere => bail!("{key} is beyond what {column} can hold ({})", sharded.key),
        Located::Anywhere => {
            let shards = sharded.shards.iter().map(|shard| schema.shard(*shard).name.as_str());
            bail!(
                "it is not certain what a server stores for {key} in {column} ({}), so the row may be on any of {}",
                sharded.key,
                shards.collect::<Vec<_>>().join(", ")
            )
        }
    }
}

/// `shard s1 (bucket 7 of 64), replica set rs0 at 10.0.0.5:3306, table shop_1.users`.
fn place(config: &Config, table: &Table, id: ShardId, slot: &str) -> String {
    let shard = config.schema.shard(id);
    let set = &config.backend.replica_sets[usize::from(shard.replica_set.0)];
    let physical = table.physical_name(id);
    format!(
        "shard {}{slot}, replica set {} at {}, table {}.{physical}",
        shard.name, set.name, set.primary, shard.schema
    )
}

/// `shardgate explain`: the route and the text of a statement. 1 if it would be refused.
pub fn explain(path: &Path, database: Option<&str>, statement: &str) -> anyhow::Result<ExitCode> {
    let Some(config) = super::load(path) else { return Ok(ExitCode::from(2)) };
    let schema = &config.schema;
    let database = match database {
        Some(name) => Some(database_named(schema, name)?.0),
        None if schema.databases.len() == 1 => Some(DatabaseId(0)),
        None => None,
    };
    match split::statements(statement.as_bytes(), Mode::default()).len() {
        0 => bail!("the statement is empty"),
        1 => {}
        _ => bail!("these are several statements; explain takes one at a time"),
    }
    let steps = steps(schema, database, statement).map_err(|error| match error {
        PlanError::NoDatabase => anyhow!("no database selected: say --database NAME, one of {}", names(schema)),
        PlanError::Syntax { at } => anyhow!("syntax error at {}", rest(statement, at as usize)),
        PlanError::UnknownColumns { .. } => anyhow!("{error}, or list them in the rule: columns = [\"a\", \"b\"]"),
        other => anyhow!(other),
    })?;
    let mut out = std::io::stdout().lock();
    for step in steps {
        let set = step.replica_set.map(|set| config.backend.replica_sets[usize::from(set)].name.as_str());
        let facts = [
            ("shard", step.shard.as_str()),
            ("replica_set", set.unwrap_or_default()),
            ("schema", &step.schema),
            ("merge", step.merge),
        ];
        write!(out, "{} {}", step.step, step.tier)?;
        for (name, fact) in facts.iter().filter(|(_, fact)| !fact.is_empty()) {
            let quote = if fact.contains(' ') { "\"" } else { "" };
            write!(out, " {name}={quote}{fact}{quote}")?;
        }
        writeln!(out, "\n    {}", String::from_utf8_lossy(&step.sql))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn steps(schema: &Schema, database: Option<DatabaseId>, statement: &str) -> Result<Vec<explain::Step>, PlanError> {
    let (sql, mode) = (statement.as_bytes(), Mode::default());
    let mut shape = Shape::default();
    let outcome = shape.read(sql, mode);
    // What a parameter will be is not known, so that it leads to all shards.
    let params = vec![Value::Unknown; outcome.params as usize];
    let plan =
        plan::plan(sql, &shape, &Context { schema, database, in_catalog: false, mode, gathers: Gathers::IfNeeded })?;
    explain::steps(&plan, &Binding { schema, sql, literals: shape.literals(), params: &params, mode })
}

/// Where a statement stops being understood, with the text from there on.
fn rest(statement: &str, at: usize) -> String {
    const SHOWN: usize = 40;
    match statement.get(at..).map(str::trim) {
        None | Some("") => "the end of the statement".to_owned(),
        Some(rest) => format!("byte {at}, near \"{}\"", rest.chars().take(SHOWN).collect::<String>()),
    }
}

/// `database.table`, or a table where there is one database.
pub(super) fn find<'s>(schema: &'s Schema, name: &str) -> anyhow::Result<(&'s Database, &'s Table)> {
    let (database, table) = match name.split_once('.') {
        Some((database, table)) => (database_named(schema, database)?.1, table),
        None => match schema.databases.as_slice() {
            [only] => (only, name),
            _ => bail!("there is more than one database: say DATABASE.{name}, with one of {}", names(schema)),
        },
    };
    let rule = database.table(table).ok_or_else(|| {
        let ruled: Vec<&str> = database.tables().map(|table| table.name.as_str()).collect();
        anyhow!(
            "table {table} has no rule, so that it is looked for on the default shard {} only; tables with rules: {}",
            schema.shard(database.default_shard).name,
            ruled.join(", ")
        )
    })?;
    Ok((database, rule))
}

pub(super) fn database_named<'s>(schema: &'s Schema, name: &str) -> anyhow::Result<(DatabaseId, &'s Database)> {
    schema.database(name).ok_or_else(|| anyhow!("unknown database {name}; known databases: {}", names(schema)))
}

fn names(schema: &Schema) -> String {
    schema.databases.iter().map(|database| database.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// A key as it is typed: a number, a text with or without quotes, NULL; for a key of bytes also 0x and hexadecimal digits.
fn value<'k>(key: &'k str, column: &str, key_type: &KeyType) -> anyhow::Result<Value<'k>> {
    if key.eq_ignore_ascii_case("null") {
        return Ok(Value::Null);
    }
    let quoted = |quote: char| key.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let text = quoted('\'').or_else(|| quoted('"'));
    let as_text = |text: &'k str| Value::Text { bytes: text.as_bytes().into(), charset: Charset::Utf8 };
    match key_type {
        KeyType::Integer(_) | KeyType::Decimal(_) | KeyType::Year | KeyType::Bit(_) => {
            let number = text.unwrap_or(key).trim();
            if let Ok(integer) = number.parse::<i64>() {
                return Ok(Value::Int(integer));
            }
            // A server that is not strict makes 0 of a text; whoever asks here has mistyped it.
            if number.parse::<f64>().is_err() {
                bail!("{key} is no number, and {column} is {key_type}");
            }
            Ok(as_text(number))
        }
        KeyType::Text(..) | KeyType::Enum(_) | KeyType::Date | KeyType::DateTime | KeyType::Time | KeyType::Uuid => {
            Ok(as_text(text.unwrap_or(key)))
        }
        KeyType::Bytes(_) => match key.strip_prefix("0x") {
            Some(digits) => {
                let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes());
                let bytes = bytes.map_err(|_| anyhow!("{key} has digits that are not hexadecimal"))?;
                Ok(Value::Binary(bytes.into()))
            }
            None => Ok(as_text(text.unwrap_or(key))),
        },
    }
}
