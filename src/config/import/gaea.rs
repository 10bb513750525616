//! Gaea: one JSON file for each namespace.

use std::path::Path;

use serde_json::Value as Json;

use super::ImportError;
use super::document::{files, json, list, object, scalar, string, unread};
use super::draft::{Database, Draft, Function, Placement, Replica, Shard, Table, User, plain, quoted, quoted_list};
use super::kingshard::periods;
use super::leftover;

/// What is read of a namespace, of a slice, of a user and of a rule.
const NAMESPACE: [&str; 9] = [
    "name",
    "online",
    "allowed_dbs",
    "default_phy_dbs",
    "slices",
    "shard_rules",
    "users",
    "default_slice",
    "global_sequences",
];
const SLICE: [&str; 6] = ["name", "user_name", "password", "master", "slaves", "statistic_slaves"];
const USER: [&str; 5] = ["user_name", "password", "namespace", "rw_flag", "other_property"];
const RULE: [&str; 20] = [
    "db",
    "table",
    "type",
    "key",
    "parent_table",
    "slices",
    "locations",
    "databases",
    "date_range",
    "table_row_limit",
    "partition_count",
    "partition_length",
    "hash_slice",
    "seed",
    "virtual_bucket_times",
    "pad_from",
    "pad_length",
    "mod_begin",
    "mod_end",
    "padding",
];

pub(super) fn read(path: &Path) -> Result<Draft, ImportError> {
    let mut draft = Draft::default();
    for file in files(path, &["json"])? {
        read_namespace(&json(&file)?, &mut draft);
    }
    Ok(draft)
}

fn read_namespace(namespace: &Json, draft: &mut Draft) {
    let sets: Vec<(String, String)> = list(namespace, "slices").iter().map(|slice| read_slice(slice, draft)).collect();
    let default = string(namespace, "default_slice");
    let set_of = |slice: &str, place: &str, draft: &mut Draft| set_of(&sets, slice, place, draft);
    let allowed = object(namespace, "allowed_dbs").filter(|(_, is_allowed)| is_allowed.as_bool() != Some(false));
    let databases: Vec<String> = allowed.map(|(name, _)| name.clone()).collect();
    for name in &databases {
        let physical =
            namespace.get("default_phy_dbs").map(|map| string(map, name)).filter(|schema| !schema.is_empty());
        let schema = physical.unwrap_or_else(|| name.clone());
        let set = set_of(&default, "default_slice", draft);
        let shard = Shard { name: plain(&format!("{name}_default")), set, schema };
        let default_shard = shard.name.clone();
        draft.databases.push(Database { name: name.clone(), default_shard, shards: vec![shard], tables: Vec::new() });
    }
    for user in list(namespace, "users") {
        let (name, password) = (string(user, "user_name"), string(user, "password"));
        leftover::tell(&format!("user {name}"), &unread(user, &USER), draft);
        if string(user, "rw_flag") == "1" {
            draft.not_translated(format!(
                "user {name} may only read in Gaea: leave it out, or take the rights from the servers' account"
            ));
        }
        draft.users.push(User { name, password, databases: databases.clone() });
    }
    for rule in list(namespace, "shard_rules") {
        read_rule(rule, &set_of, draft);
    }
    for sequence in list(namespace, "global_sequences") {
        let (name, table, column) = (string(sequence, "db"), string(sequence, "table"), string(sequence, "pk_name"));
        let database = draft.databases.iter_mut().find(|database| database.name == name);
        let known = database.and_then(|database| database.tables.iter_mut().find(|known| known.name == table));
        match known {
            Some(known) => {
                known.number(&column, "segment");
                draft.changed(format!(
                    "table {name}.{table}: {column} is numbered by a sequence of ShardGate's, which begins behind the highest number there is"
                ));
            }
            None => draft
                .not_translated(format!("global sequence of {name}.{table}: there is no such table in shard_rules")),
        }
    }
    leftover::tell(&format!("namespace {}", string(namespace, "name")), &unread(namespace, &NAMESPACE), draft);
    draft.translated(format!("namespace {}: {} databases", string(namespace, "name"), databases.len()));
}

/// A slice's name, and its replica set.
fn read_slice(slice: &Json, draft: &mut Draft) -> (String, String) {
    let name = string(slice, "name");
    let mut replicas: Vec<Replica> = list(slice, "slaves").iter().map(server).collect();
    for server in list(slice, "statistic_slaves").iter().map(server) {
        draft.changed(format!(
            "slice {name}: statistic slave {} is a replica of weight 0, which gets no reads: statements that should go there need a \
             connection of their own",
            server.address
        ));
        replicas.push(Replica { weight: Some(0), ..server });
    }
    replicas.retain(|replica| !replica.address.is_empty());
    leftover::tell(&format!("slice {name}"), &unread(slice, &SLICE), draft);
    let master = slice.get("master").map(server).unwrap_or_else(|| Replica::at(""));
    let set = draft.set(&master.address, &replicas, &string(slice, "user_name"), &string(slice, "password"));
    (name, set)
}

/// `host:port`, `host:port@weight`, `host:port@weight#data center`.
fn server(value: &Json) -> Replica {
    Replica::weighted(&scalar(value))
}

/// The replica set of a slice. One that is not defined keeps its name, which `check` refuses.
fn set_of(sets: &[(String, String)], slice: &str, place: &str, draft: &mut Draft) -> String {
    let found = sets.iter().find(|(name, _)| name == slice).map(|(_, set)| set.clone());
    found.unwrap_or_else(|| {
        draft.not_translated(format!(
            "{place}: slice \"{slice}\" is not among the slices: say which replica set is meant"
        ));
        slice.to_owned()
    })
}

fn read_rule(rule: &Json, set_of: &impl Fn(&str, &str, &mut Draft) -> String, draft: &mut Draft) {
    let (name, table, kind) = (string(rule, "db"), string(rule, "table"), string(rule, "type"));
    let Some(at) = draft.databases.iter().position(|database| database.name == name) else {
        return draft.not_translated(format!("table {name}.{table}: {name} is not in allowed_dbs"));
    };
    let key = string(rule, "key");
    leftover::tell(&format!("table {name}.{table}"), &unread(rule, &RULE), draft);
    let (physical, placement) = match kind.as_str() {
        "global" => (None, Placement::Reference),
        "linked" => {
            let parent = string(rule, "parent_table");
            (draft.databases[at].physical_of(&parent), Placement::Colocated { key, with: parent })
        }
        _ => {
            let (shards, physical) = shards(rule, (&name, &table), &kind, set_of, draft);
            let names = shards.iter().map(|shard| shard.name.clone()).collect();
            for shard in shards {
                if !draft.databases[at].shards.iter().any(|known| known.name == shard.name) {
                    draft.databases[at].shards.push(shard);
                }
            }
            let function = function(rule, &kind);
            if function.is_none() {
                draft.not_translated(format!("table {name}.{table}: type {kind} is not known: give it a function"));
            }
            let key_type = match kind.as_str() {
                kind if kind.starts_with("date_") => "datetime",
                "mycat_string" => "text",
                _ => "",
            };
            if !key_type.is_empty() {
                draft.changed(format!(
                    "table {name}.{table}: {key} is taken for a {key_type} column; correct key_type if it is another"
                ));
            }
            (
                Some(physical),
                Placement::Sharded { key, key_type, joint: Vec::new(), function, within: None, shards: names },
            )
        }
    };
    if matches!(placement, Placement::Reference) {
        draft.changed(format!("table {name}.{table}: a reference table has a copy in every schema of the database"));
    }
    draft.databases[at].tables.push(Table::new(&table, placement).named(physical));
}

impl Database {
    fn physical_of(&self, table: &str) -> Option<String> {
        self.tables.iter().find(|known| known.name == table)?.physical.clone()
    }
}

/// Each table of a slice is a shard. MyCAT's kinds have a schema for each instead of a table: `databases`, `db_[0-3]`.
fn shards(
    rule: &Json,
    (database, table): (&str, &str),
    kind: &str,
    set_of: &impl Fn(&str, &str, &mut Draft) -> String,
    draft: &mut Draft,
) -> (Vec<Shard>, String) {
    let slices: Vec<String> = list(rule, "slices").iter().map(scalar).collect();
    let counts: Vec<usize> = match kind.starts_with("date_") {
        true => list(rule, "date_range").iter().map(|entry| periods(kind, &scalar(entry))).collect(),
        false => list(rule, "locations").iter().filter_map(|count| scalar(count).parse().ok()).collect(),
    };
    let schemas: Vec<String> = list(rule, "databases").iter().flat_map(|entry| bracketed(&scalar(entry))).collect();
    let place = format!("table {database}.{table}");
    let all: usize = counts.iter().sum();
    if slices.len() != counts.len() || !schemas.is_empty() && schemas.len() != all {
        draft.not_translated(format!(
            "{place}: {} slices, {} locations or date_range with {all} parts, {} databases do not fit together: correct its shards",
            slices.len(),
            counts.len(),
            schemas.len()
        ));
    }
    let each = slices.iter().zip(counts).flat_map(|(slice, count)| std::iter::repeat_n(slice, count));
    let shards: Vec<Shard> = each
        .enumerate()
        .map(|(index, slice)| {
            let set = set_of(slice, &place, draft);
            // A schema that is not named stays empty, which `check` refuses.
            let schema = if schemas.is_empty() { database } else { schemas.get(index).map_or("", String::as_str) };
            let is_named = !schemas.is_empty() && !schema.is_empty();
            let name = if is_named { format!("{set}_{schema}") } else { format!("{database}_{set}_{index}") };
            Shard { name: plain(&name), set, schema: schema.to_owned() }
        })
        .collect();
    let physical = match (schemas.is_empty(), kind.starts_with("date_")) {
        (false, _) => "{table}",
        (true, true) => "{table}_{bucket}",
        (true, false) => "{table}_{index:04}",
    };
    (shards, physical.to_owned())
}

/// `db_[0-3]`: db_0 to db_3.
fn bracketed(entry: &str) -> Vec<String> {
    let range = entry.split_once('[').and_then(|(stem, rest)| {
        let (first, last) = rest.strip_suffix(']')?.split_once('-')?;
        Some((stem, first.parse::<usize>().ok()?, last.parse::<usize>().ok()?))
    });
    match range {
        Some((stem, first, last)) => (first..=last).take(4096).map(|number| format!("{stem}{number}")).collect(),
        None => vec![entry.to_owned()],
    }
}

fn function(rule: &Json, kind: &str) -> Option<Function> {
    let known = crate::sharding::function::registry::original("gaea", kind)?;
    let mut function = Function::new(known.name);
    if kind.starts_with("date_") {
        let ranges: Vec<String> = list(rule, "date_range").iter().map(scalar).collect();
        return Some(function.with("date_range", quoted_list(ranges.iter().map(String::as_str))));
    }
    let locations: Vec<String> = list(rule, "locations").iter().map(scalar).collect();
    function = function.with("locations", format!("[{}]", locations.join(", ")));
    let names = [
        "table_row_limit",
        "partition_count",
        "partition_length",
        "hash_slice",
        "seed",
        "virtual_bucket_times",
        "pad_from",
        "pad_length",
        "mod_begin",
        "mod_end",
    ];
    for name in names {
        let value = string(rule, name);
        let is_used = !value.is_empty()
            && (name != "table_row_limit" || kind == "range")
            && (name == "table_row_limit" || kind != "range");
        if is_used && kind.starts_with("mycat_") != (name == "table_row_limit") {
            function = function.with(name, quoted(&value));
        }
    }
    Some(function)
}
