//! Vitess: a VSchema in JSON, of one keyspace (the file's name is its name) or of several (`keyspaces`).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use super::ImportError;
use super::document::{files, json, list, object, scalar, string, text, unread};
use super::draft::{Database, Draft, Function, Placement, Shard, Table, User, plain, quoted};
use super::leftover;
use crate::sharding::function::registry;

/// What is read of a file of several keyspaces, of a keyspace and of a table.
const FILE: [&str; 7] = [
    "keyspaces",
    "routing_rules",
    "shard_routing_rules",
    "keyspace_routing_rules",
    "routingRules",
    "shardRoutingRules",
    "keyspaceRoutingRules",
];
const KEYSPACE: [&str; 9] = [
    "sharded",
    "vindexes",
    "tables",
    "routing_rules",
    "shard_routing_rules",
    "keyspace_routing_rules",
    "routingRules",
    "shardRoutingRules",
    "keyspaceRoutingRules",
];
const TABLE: [&str; 10] = [
    "type",
    "column_vindexes",
    "columnVindexes",
    "auto_increment",
    "autoIncrement",
    "columns",
    "pinned",
    "source",
    "column_list_authoritative",
    "columnListAuthoritative",
];

/// Of the two shards that are assumed.
const RANGES: &str = "[\"-80\", \"80-\"]";

pub(super) fn read(path: &Path) -> Result<Draft, ImportError> {
    let mut draft = Draft::default();
    draft.users.push(User { name: "app".to_owned(), password: "change me".to_owned(), databases: Vec::new() });
    for file in files(path, &["json"])? {
        let schema = json(&file)?;
        if !["keyspaces", "sharded", "tables", "vindexes"].iter().any(|key| schema.get(*key).is_some()) {
            draft.not_translated(format!(
                "{}: it is no VSchema (it has neither keyspaces nor tables), and nothing was made of it by itself",
                file.display()
            ));
            continue;
        }
        note_routing("the file", &schema, &mut draft);
        if schema.get("keyspaces").is_some() {
            leftover::tell("the file", &unread(&schema, &FILE), &mut draft);
            for (name, keyspace) in object(&schema, "keyspaces") {
                read_keyspace(name, &with_maps(keyspace, &file, &mut draft), &mut draft);
            }
        } else {
            let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            read_keyspace(&name, &with_maps(&schema, &file, &mut draft), &mut draft);
        }
    }
    draft.not_translated(
        "servers, users and shards are not in a VSchema: two shards, -80 and 80-, on two replica sets are assumed; correct \
         addresses, accounts, schemas, [[shards]] and ranges",
    );
    Ok(draft)
}

/// The keyspace with the maps in it that its vindexes only name the files of, as seen from the folder of the VSchema.
fn with_maps(keyspace: &Json, file: &Path, draft: &mut Draft) -> Json {
    let mut keyspace = keyspace.clone();
    let Some(vindexes) = keyspace.get_mut("vindexes").and_then(Json::as_object_mut) else { return keyspace };
    for (name, vindex) in vindexes {
        let Some(params) = vindex.get_mut("params").and_then(Json::as_object_mut) else { continue };
        for (path_key, key) in [("region_map", "region_map"), ("json_path", "json")] {
            let Some(path) = params.remove(path_key) else { continue };
            let path = scalar(&path);
            match text(&file.parent().unwrap_or(Path::new("")).join(&path)) {
                Ok(map) => {
                    draft.translated(format!("vindex {name}: the map of {path} is in the rule"));
                    params.insert(key.to_owned(), Json::String(map));
                }
                Err(error) => draft.not_translated(format!(
                    "vindex {name}: its map {path} could not be read: put it beside the VSchema and import again, or write {key} into \
                     the function ({error})"
                )),
            }
        }
    }
    keyspace
}

/// Rules that send a table's statements elsewhere.
fn note_routing(place: &str, of: &Json, draft: &mut Draft) {
    let rules = FILE.iter().filter(|name| **name != "keyspaces" && of.get(**name).is_some());
    for rules in rules {
        draft
            .not_translated(format!("{place}: {rules}: there are none here; give each table one rule, under one name"));
    }
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
    let all: BTreeMap<&String, &Json> = object(keyspace, "tables").collect();
    leftover::tell(&format!("keyspace {name}"), &unread(keyspace, &KEYSPACE), draft);
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
            (true, _) => sharded(table, rule, &all, &vindexes, &names, draft),
        };
        leftover::tell(&format!("table {name}.{table}"), &unread(rule, &TABLE), draft);
        let source = string(rule, "source");
        if !source.is_empty() {
            draft.changed(format!(
                "table {name}.{table}: it was kept up from {source}; here writes of a reference table go to all of its copies, and {source} \
                 is a table of its own"
            ));
        }
        let made = Table::new(table, placement);
        let number = rule
            .get("auto_increment")
            .or(rule.get("autoIncrement"))
            .map(|number| string(number, "column"))
            .unwrap_or_default();
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

/// A list under its own name, or as Vitess' tools print it.
fn either<'j>(of: &'j Json, name: &str, printed: &str) -> &'j [Json] {
    if of.get(name).is_some() { list(of, name) } else { list(of, printed) }
}

/// A vindex as a table uses it.
struct Used<'v> {
    name: String,
    kind: String,
    columns: Vec<String>,
    /// Parameters, and the table that writes it.
    vindex: Option<&'v Json>,
}

impl<'v> Used<'v> {
    fn read(entry: &Json, vindexes: &BTreeMap<&String, &'v Json>) -> Self {
        let name = string(entry, "name");
        let columns = match list(entry, "columns") {
            [] => vec![string(entry, "column")],
            columns => columns.iter().map(scalar).collect(),
        };
        let vindex = vindexes.get(&name).copied();
        Self { kind: vindex.map(|vindex| string(vindex, "type")).unwrap_or_default(), name, columns, vindex }
    }

    fn param(&self, name: &str) -> String {
        self.vindex.and_then(|vindex| vindex.get("params")).map(|params| string(params, name)).unwrap_or_default()
    }

    fn is_lookup(&self) -> bool {
        self.kind.starts_with("lookup") || self.kind.starts_with("consistent_lookup")
    }
}

/// What there is to say of the vindexes behind the primary one: here only that one places rows.
fn note_secondary(table: &str, used: &Used<'_>, draft: &mut Draft) {
    let (columns, name) = (used.columns.join(", "), &used.name);
    let unique = if used.kind.contains("unique") {
        "; nothing keeps its values unique over all shards: see that they are unique by themselves (a sequence), or by a key with the \
         shard key in it"
    } else {
        ""
    };
    if used.is_lookup() {
        draft.not_translated(format!(
            "table {table}: vindex {name} ({}) over {columns}: reads by it go to all shards, each of which should have an index on it, \
             and {} is not written any more: drop it once you stay{unique}",
            used.kind,
            used.param("table")
        ));
    } else {
        draft.changed(format!(
            "table {table}: vindex {name} ({}) over {columns}: reads by it go to all shards",
            used.kind
        ));
    }
}

/// The first vindex is the primary one.
fn sharded(
    table: &str,
    rule: &Json,
    tables: &BTreeMap<&String, &Json>,
    vindexes: &BTreeMap<&String, &Json>,
    shards: &[String],
    draft: &mut Draft,
) -> Placement {
    let pinned = string(rule, "pinned");
    if !pinned.is_empty() {
        draft.changed(format!("table {table}: it is pinned to {pinned}, and single here; correct its shard"));
        return Placement::Single(shards[0].clone());
    }
    let mut used: Vec<Used<'_>> =
        either(rule, "column_vindexes", "columnVindexes").iter().map(|entry| Used::read(entry, vindexes)).collect();
    if used.is_empty() {
        draft.not_translated(format!(
            "table {table} has no vindex: say where its rows are, with a shard_key or kind = \"single\""
        ));
        return unknown("id", shards);
    }
    let primary = used.remove(0);
    used.iter().for_each(|used| note_secondary(table, used, draft));
    if primary.is_lookup() {
        return by_lookup(table, &primary, tables, vindexes, shards, draft);
    }
    match primary.kind.as_str() {
        "null" => Placement::Single(shards[0].clone()),
        "multicol" | "region_experimental" | "region_json" => of_several(table, &primary, shards, draft),
        _ => functional(table, &primary, shards, draft),
    }
}

fn unknown(key: &str, shards: &[String]) -> Placement {
    Placement::Sharded {
        key: key.to_owned(),
        key_type: "",
        joint: Vec::new(),
        function: None,
        within: None,
        shards: shards.to_vec(),
    }
}

fn functional(table: &str, used: &Used<'_>, shards: &[String], draft: &mut Draft) -> Placement {
    let key = used.columns.first().map_or("", String::as_str);
    let Some(known) = registry::original("vitess", &used.kind).filter(|_| used.columns.len() < 2) else {
        draft.not_translated(format!(
            "table {table}: vindex type {} over {}: give the table a function that computes the same, or move its rows",
            used.kind,
            used.columns.join(", ")
        ));
        return unknown(key, shards);
    };
    let params = used.vindex.into_iter().flat_map(|vindex| object(vindex, "params"));
    let function = params
        .fold(Function::new(known.name), |function, (name, value)| function.with(name, quoted(&scalar(value))))
        .with("ranges", RANGES);
    let key_type = key_type(&used.kind);
    Placement::Sharded {
        key: key.to_owned(),
        key_type,
        joint: Vec::new(),
        function: Some(function),
        within: None,
        shards: shards.to_vec(),
    }
}

fn key_type(kind: &str) -> &'static str {
    match kind {
        "binary" | "binary_md5" | "cfc" => "bytes",
        "unicode_loose_md5" | "unicode_loose_xxhash" => "text",
        _ => "",
    }
}

/// A keyspace id of several columns.
fn of_several(table: &str, used: &Used<'_>, shards: &[String], draft: &mut Draft) -> Placement {
    let kinds = used.param("column_vindex");
    let mut kinds = kinds.split(',').map(str::trim);
    let of_column = |(place, name): (usize, &String)| {
        let kind = kinds.next().filter(|kind| !kind.is_empty()).unwrap_or("hash");
        let key_type = match used.kind.as_str() {
            "multicol" => key_type(kind),
            "region_json" if place == 1 => "text",
            _ => "",
        };
        (name.clone(), key_type)
    };
    let mut columns = used.columns.iter().enumerate().map(of_column).collect::<Vec<_>>().into_iter();
    let Some((key, key_type)) = columns.next() else {
        draft.not_translated(format!("table {table}: vindex {} has no columns: name them in shard_key", used.name));
        return unknown("id", shards);
    };
    let params = used.vindex.into_iter().flat_map(|vindex| object(vindex, "params"));
    let function = params
        .fold(Function::new(&format!("vitess-{}", used.kind.replace('_', "-"))), |function, (name, value)| {
            function.with(name, quoted(&scalar(value)))
        })
        .with("ranges", RANGES);
    draft.translated(format!("table {table}: {} over {}", used.kind, used.columns.join(", ")));
    Placement::Sharded {
        key,
        key_type,
        joint: columns.collect(),
        function: Some(function),
        within: None,
        shards: shards.to_vec(),
    }
}

/// Rows that are where a lookup table says: where the row is of the table that writes it.
fn by_lookup(
    table: &str,
    used: &Used<'_>,
    tables: &BTreeMap<&String, &Json>,
    vindexes: &BTreeMap<&String, &Json>,
    shards: &[String],
    draft: &mut Draft,
) -> Placement {
    let key = used.columns.first().cloned().unwrap_or_default();
    let owner = used.vindex.map(|vindex| string(vindex, "owner")).unwrap_or_default();
    let column = tables.get(&owner).and_then(|rule| {
        let all = either(rule, "column_vindexes", "columnVindexes").iter().map(|entry| Used::read(entry, vindexes));
        all.into_iter().find(|entry| entry.name == used.name)?.columns.first().cloned()
    });
    match column.filter(|_| owner != table && used.kind.contains("unique")) {
        Some(column) => {
            draft.changed(format!(
                "table {table}: rows are where the row of {owner} is whose {column} they have as {key}, as the lookup vindex {} had it; \
                 INSERT asks {owner}, and {} is not used any more",
                used.name,
                used.param("table")
            ));
            Placement::Child { key, parent: owner, column }
        }
        None => {
            draft.not_translated(format!(
                "table {table}: its primary vindex {} ({}) looks {key} up in {}: name the table whose rows its rows lie with, as in parent = \
                 {{ table = \"orders\", column = \"id\" }}; or, for few keys that never change their place, write them into a file, a line \
                 key=shard number for each row of the lookup table, for function = {{ kind = \"lookup\", map = {{ file = ... }} }}; or \
                 give it a shard key of its own and move the rows",
                used.name,
                used.kind,
                used.param("table")
            ));
            unknown(&key, shards)
        }
    }
}
