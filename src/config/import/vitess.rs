//! Vitess: a VSchema in JSON, of one keyspace (the file's name is its name) or of several (`keyspaces`).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use super::ImportError;
use super::document::{files, json, list, object, scalar, string};
use super::draft::{Database, Draft, Function, Placement, Shard, Table, User, plain, quoted};
use crate::sharding::function::registry;

pub(super) fn read(path: &Path) -> Result<Draft, ImportError> {
    let mut draft = Draft::default();
    draft.users.push(User { name: "app".to_owned(), password: "change me".to_owned(), databases: Vec::new() });
    for file in files(path, &["json"])? {
        let schema = json(&file)?;
        if schema.get("keyspaces").is_some() {
            for (name, keyspace) in object(&schema, "keyspaces") {
                read_keyspace(name, keyspace, &mut draft);
            }
        } else {
            let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            read_keyspace(&name, &schema, &mut draft);
        }
    }
    draft.not_translated(
        "servers, users and shards are not in a VSchema: two shards, -80 and 80-, on two replica sets are assumed; correct \
         addresses, accounts, schemas, [[shards]] and ranges",
    );
    Ok(draft)
}

fn read_keyspace(name: &str, keyspace: &Json, draft: &mut Draft) {
    let is_sharded = keyspace.get("sharded").and_then(Json::as_bool).unwrap_or(false);
    let count = if is_sharded { 2 } else { 1 };
    let shards: Vec<Shard> = (0..count)
        .map(|index| {
            let set = draft.set(&format!("127.0.0.1:{}", 3306 + index), &[], "shardgate", "change me");
            Shard { name: plain(&format!("{name}_{index}")), set, schema: format!("vt_{name}") }
        })
        .collect();
    let names: Vec<String> = shards.iter().map(|shard| shard.name.clone()).collect();
    let vindexes: BTreeMap<&String, &Json> = object(keyspace, "vindexes").collect();
    let mut tables = Vec::new();
    for (table, rule) in object(keyspace, "tables") {
        let placement = match (is_sharded, string(rule, "type").as_str()) {
            (_, "sequence") => {
                draft.changed(format!(
                    "table {name}.{table} is a sequence: ShardGate keeps its own, in a schema of its own"
                ));
                continue;
            }
            (_, "reference") => Placement::Reference,
            (false, _) => Placement::Single(names[0].clone()),
            (true, _) => sharded(table, rule, &vindexes, &names, draft),
        };
        let made = Table::new(table, placement);
        let number = rule.get("auto_increment").map(|number| string(number, "column")).unwrap_or_default();
        if !number.is_empty() {
            draft.changed(format!(
                "table {name}.{table}: {number} is numbered by a sequence of ShardGate's, which begins behind the highest number \
                 there is"
            ));
        }
        tables.push(if number.is_empty() { made } else { made.numbered(&number, "segment") });
    }
    draft.translated(format!("keyspace {name}: {} tables", tables.len()));
    let default_shard = names[0].clone();
    draft.databases.push(Database { name: name.to_owned(), default_shard, shards, tables });
}

/// The first vindex is the primary one.
fn sharded(
    table: &str,
    rule: &Json,
    vindexes: &BTreeMap<&String, &Json>,
    shards: &[String],
    draft: &mut Draft,
) -> Placement {
    let columns = list(rule, "column_vindexes");
    if columns.len() > 1 {
        draft.changed(format!(
            "table {table}: secondary vindexes are left out; reads by their columns go to all shards"
        ));
    }
    let primary = columns.first().cloned().unwrap_or_default();
    let key = match list(&primary, "columns").first() {
        Some(column) => scalar(column),
        None => string(&primary, "column"),
    };
    let vindex = vindexes.get(&string(&primary, "name")).copied().cloned().unwrap_or_default();
    let kind = string(&vindex, "type");
    let known = registry::original("vitess", &kind).filter(|_| list(&primary, "columns").len() < 2);
    let function = known.map(|known| {
        let params = object(&vindex, "params")
            .fold(Function::new(known.name), |function, (name, value)| function.with(name, quoted(&scalar(value))));
        params.with("ranges", "[\"-80\", \"80-\"]")
    });
    if function.is_none() {
        draft.not_translated(format!("table {table}: vindex type {kind} of {key}: give the table a function"));
    }
    let key_type = match kind.as_str() {
        "binary" | "binary_md5" | "cfc" => "bytes",
        "unicode_loose_md5" | "unicode_loose_xxhash" => "text",
        _ => "",
    };
    Placement::Sharded { key, key_type, function, within: None, shards: shards.to_vec() }
}
