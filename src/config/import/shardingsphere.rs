//! ShardingSphere-Proxy 5: `config-*.yaml`, one for each logical database, and `global.yaml` (or `server.yaml`) with users.

use std::path::Path;

use serde_json::Value as Json;

use super::ImportError;
use super::document::{files, list, object, scalar, string, yaml};
use super::draft::{Database, Draft, Function, Placement, Shard, Table, User, plain, quoted, quoted_list};
use crate::sharding::function::registry;

pub(super) fn read(path: &Path) -> Result<Draft, ImportError> {
    let mut draft = Draft::default();
    for file in files(path, &["yaml", "yml"])? {
        let config = yaml(&file)?;
        for user in config.get("authority").map(|authority| list(authority, "users")).unwrap_or_default() {
            let name = string(user, "user").split('@').next().unwrap_or_default().to_owned();
            draft.users.push(User { name, password: string(user, "password"), databases: Vec::new() });
        }
        if config.get("dataSources").is_some() {
            read_database(&config, &mut draft);
        }
    }
    if draft.users.is_empty() {
        draft.not_translated("there is no file with authority.users: correct the user in shardgate.toml");
        draft.users.push(User { name: "app".to_owned(), password: "change me".to_owned(), databases: Vec::new() });
    }
    Ok(draft)
}

/// A data source: its name, replica set and schema.
struct Source {
    name: String,
    set: String,
    schema: String,
}

fn read_database(config: &Json, draft: &mut Draft) {
    let name = Some(string(config, "databaseName")).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| string(config, "schemaName"));
    let mut sources = Vec::new();
    for (source, of) in object(config, "dataSources") {
        let url = string(of, "url");
        let place = url.split("//").nth(1).unwrap_or_default();
        let (address, schema) = place.split_once('/').unwrap_or((place, ""));
        let schema = schema.split(['?', ';']).next().unwrap_or_default().to_owned();
        let set = draft.set(address, &[], &string(of, "username"), &string(of, "password"));
        sources.push(Source { name: source.clone(), set, schema });
    }
    let of_source = |source: &Source| Shard {
        name: plain(&format!("{name}_{}", source.name)),
        set: source.set.clone(),
        schema: source.schema.clone(),
    };
    let shards: Vec<Shard> = sources.iter().map(of_source).collect();
    let default_shard = shards.first().map(|shard| shard.name.clone()).unwrap_or_default();
    let mut database = Database { name, default_shard, shards, tables: Vec::new() };
    for rule in list(config, "rules") {
        match string(rule, "!").as_str() {
            "SHARDING" => read_sharding(rule, &sources, &mut database, draft),
            "BROADCAST" => {
                for table in list(rule, "tables") {
                    add_reference(&mut database, scalar(table), draft);
                }
            }
            "SINGLE" => {}
            other => draft.not_translated(format!("rule !{other} of database {}", database.name)),
        }
    }
    draft.translated(format!("database {}: {} tables", database.name, database.tables.len()));
    draft.databases.push(database);
}

fn add_reference(database: &mut Database, name: String, draft: &mut Draft) {
    draft.changed(format!("table {name}: a reference table has a copy in every schema of the database"));
    database.tables.push(Table { name, physical: None, placement: Placement::Reference });
}

fn read_sharding(rule: &Json, sources: &[Source], database: &mut Database, draft: &mut Draft) {
    for (name, table) in object(rule, "tables") {
        let strategy = |own: &str, default: &str| {
            let strategy = table.get(own).or_else(|| rule.get(default)).and_then(|strategy| strategy.get("standard"));
            strategy.map(|strategy| (string(strategy, "shardingColumn"), string(strategy, "shardingAlgorithmName")))
        };
        let by_database = strategy("databaseStrategy", "defaultDatabaseStrategy");
        let by_table = strategy("tableStrategy", "defaultTableStrategy");
        let nodes = data_nodes(&string(table, "actualDataNodes"));
        let several_tables = nodes.iter().any(|(_, physical)| *physical != nodes[0].1);
        let several_sources = nodes.iter().any(|(source, _)| *source != nodes[0].0);
        let chosen = match (several_sources, several_tables) {
            (true, true) => None,
            (true, false) => by_database.map(|strategy| (strategy, true)),
            (false, _) => by_table.map(|strategy| (strategy, false)),
        };
        let placed = chosen.and_then(|((column, algorithm), by_database)| {
            let algorithm = rule.get("shardingAlgorithms").and_then(|all| all.get(&algorithm))?;
            place(name, &column, algorithm, &nodes, by_database, sources, database)
        });
        match placed {
            Some((physical, placement)) => {
                if matches!(&placement, Placement::Sharded { key_type, .. } if !key_type.is_empty()) {
                    draft.changed(format!(
                        "table {name}: the key is taken for a DATETIME column; correct key_type if it is another"
                    ));
                }
                database.tables.push(Table { name: name.clone(), physical, placement });
            }
            None => {
                draft.not_translated(format!(
                    "table {name}: only tables that one standard strategy spreads over databases, or over tables of one \
                     database, can be written; give it a function, or choose one of the two levels"
                ));
                let shards = database.shards.iter().map(|shard| shard.name.clone()).collect();
                let placement = Placement::Sharded { key: "id".to_owned(), key_type: "", function: None, shards };
                database.tables.push(Table { name: name.clone(), physical: None, placement });
            }
        }
    }
    for table in list(rule, "broadcastTables") {
        add_reference(database, scalar(table), draft);
    }
    if rule.get("keyGenerators").is_some() {
        draft.changed("keyGenerators: INSERT must name the generated columns here");
    }
}

/// The table's placement; shards of its own where its tables share a schema.
fn place(
    table: &str,
    column: &str,
    algorithm: &Json,
    nodes: &[(String, String)],
    by_database: bool,
    sources: &[Source],
    database: &mut Database,
) -> Option<(Option<String>, Placement)> {
    let kind = string(algorithm, "type").to_uppercase();
    let known = registry::original("shardingsphere", &kind)?;
    let mut function = Function::new(known.name);
    for (name, value) in object(algorithm, "props") {
        if name != "allow-range-query-with-inline-sharding" {
            function = function.with_text(name, &scalar(value));
        }
    }
    let names: Vec<&str> =
        nodes.iter().map(|(source, table)| if by_database { source } else { table }.as_str()).collect();
    let is_inline = kind == "INLINE";
    if is_inline {
        function = function.with("column", quoted(column)).with("names", quoted_list(names.iter().copied()));
    }
    let of = |source: &str| sources.iter().find(|known| known.name == source);
    let mut shards = Vec::new();
    for (index, (source, _)) in nodes.iter().enumerate() {
        let source = of(source)?;
        let name = match by_database {
            true => plain(&format!("{}_{}", database.name, source.name)),
            false => plain(&format!("{}_{}_{index}", database.name, source.name)),
        };
        if !database.shards.iter().any(|shard| shard.name == name) {
            database.shards.push(Shard { name: name.clone(), set: source.set.clone(), schema: source.schema.clone() });
        }
        shards.push(name);
    }
    let physical = match (by_database, is_inline) {
        (true, _) => Some(nodes[0].1.clone()).filter(|physical| physical != table),
        (false, true) => Some("{bucket}".to_owned()),
        (false, false) => Some(format!("{}{{bucket}}", stem(&names)?)),
    };
    let key_type = if matches!(kind.as_str(), "INTERVAL" | "AUTO_INTERVAL") { "datetime" } else { "" };
    let (key, function) = (column.to_owned(), Some(function));
    Some((physical, Placement::Sharded { key, key_type, function, shards }))
}

/// What the names have before their numbers.
fn stem<'n>(names: &[&'n str]) -> Option<&'n str> {
    let first = names.first()?;
    let stem = first.trim_end_matches(|c: char| c.is_ascii_digit());
    names.iter().all(|name| name.strip_prefix(stem).is_some_and(|rest| rest.parse::<u64>().is_ok())).then_some(stem)
}

/// `ds_${0..1}.t_order_${0..3}` as pairs, the sources outermost.
fn data_nodes(text: &str) -> Vec<(String, String)> {
    let mut nodes = Vec::new();
    for part in split_outside(text) {
        for node in combinations(part.trim()) {
            if let Some((source, table)) = node.split_once('.') {
                nodes.push((source.to_owned(), table.to_owned()));
            }
        }
    }
    nodes
}

/// At commas that are not in braces.
fn split_outside(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, character) in text.char_indices() {
        match character {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Each `${0..3}` or `${['a','b']}` with each of its values.
fn combinations(text: &str) -> Vec<String> {
    /// More nodes than there can be shards.
    const MOST: usize = 4096;
    let Some(dollar) = text.find('$') else { return vec![text.to_owned()] };
    let after = text[dollar + 1..].trim_start_matches("->");
    let Some((inner, rest)) = after.strip_prefix('{').and_then(|inner| inner.split_once('}')) else {
        return vec![text.to_owned()];
    };
    let values: Vec<String> = match inner.split_once("..") {
        Some((first, last)) => match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
            (Ok(first), Ok(last)) => (first..=last).take(MOST).map(|number| number.to_string()).collect(),
            _ => Vec::new(),
        },
        None => {
            let list = inner.trim().trim_start_matches('[').trim_end_matches(']');
            list.split(',').map(|value| value.trim().trim_matches(['\'', '"']).to_owned()).collect()
        }
    };
    let tails = combinations(rest);
    let all = values.iter().flat_map(|value| tails.iter().map(move |tail| format!("{}{value}{tail}", &text[..dollar])));
    all.take(MOST).collect()
}
