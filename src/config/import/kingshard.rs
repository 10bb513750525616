//! kingshard: `ks.yaml`.

use std::path::Path;

use serde_json::Value as Json;

use super::ImportError;
use super::document::{list, scalar, string, unread, yaml};
use super::draft::{Database, Draft, Function, Placement, Replica, Shard, Table, User, plain, quoted_list};
use super::leftover;

/// What is read of the file, of a node, of a schema and of a rule.
const TOP: [&str; 6] = ["user_list", "user", "password", "nodes", "schema_list", "schema"];
const NODE: [&str; 5] = ["name", "user", "password", "master", "slave"];
const SCHEMA: [&str; 5] = ["user", "nodes", "default", "shard", "db"];
const RULE: [&str; 8] = ["db", "table", "key", "nodes", "type", "locations", "date_range", "table_row_limit"];

pub(super) fn read(path: &Path) -> Result<Draft, ImportError> {
    let file = if path.is_dir() { path.join("ks.yaml") } else { path.to_owned() };
    let config = yaml(&file)?;
    let mut draft = Draft::default();
    for user in list(&config, "user_list") {
        let (name, password) = (string(user, "user"), string(user, "password"));
        draft.users.push(User { name, password, databases: Vec::new() });
    }
    if draft.users.is_empty() && !string(&config, "user").is_empty() {
        let (name, password) = (string(&config, "user"), string(&config, "password"));
        draft.users.push(User { name, password, databases: Vec::new() });
    }
    let sets: Vec<(String, String)> = list(&config, "nodes")
        .iter()
        .map(|node| {
            let slaves = string(node, "slave");
            let replicas: Vec<Replica> =
                slaves.split(',').map(Replica::weighted).filter(|slave| !slave.address.is_empty()).collect();
            let set = draft.set(&string(node, "master"), &replicas, &string(node, "user"), &string(node, "password"));
            let name = string(node, "name");
            leftover::tell(&format!("node {name}"), &unread(node, &NODE), &mut draft);
            (name, set)
        })
        .collect();
    let schemas = match list(&config, "schema_list") {
        [] => config.get("schema").into_iter().collect(),
        schemas => schemas.iter().collect::<Vec<_>>(),
    };
    let is_several = schemas.len() > 1;
    for schema in schemas {
        read_schema(schema, &sets, &mut draft);
        if is_several {
            tell_user(schema, &mut draft);
        }
    }
    leftover::tell("ks.yaml", &unread(&config, &TOP), &mut draft);
    Ok(draft)
}

/// Each table of a node is a shard. kingshard has no logical databases: each rule names the physical one.
fn read_schema(schema: &Json, sets: &[(String, String)], draft: &mut Draft) {
    let default_node = string(schema, "default");
    leftover::tell("schema", &unread(schema, &SCHEMA), draft);
    for rule in list(schema, "shard") {
        // Older files have one database for all tables.
        let name = Some(string(rule, "db")).filter(|name| !name.is_empty()).unwrap_or_else(|| string(schema, "db"));
        if !draft.databases.iter().any(|database| database.name == name) {
            let shard = Shard {
                name: plain(&format!("{name}_default")),
                set: set_of(sets, &default_node, &format!("default of schema {name}"), draft),
                schema: name.clone(),
            };
            let default_shard = shard.name.clone();
            draft.databases.push(Database {
                name: name.clone(),
                default_shard,
                shards: vec![shard],
                tables: Vec::new(),
            });
        }
        let at = draft.databases.iter().position(|database| database.name == name).unwrap_or(0);
        let (shards, placement, physical) = read_rule(rule, sets, &name, draft);
        let table = string(rule, "table");
        draft.translated(format!("table {name}.{table}: {} tables", shards.len()));
        let database = &mut draft.databases[at];
        for shard in shards {
            if !database.shards.iter().any(|known| known.name == shard.name) {
                database.shards.push(shard);
            }
        }
        database.tables.push(Table::new(&table, placement).named(Some(physical.to_owned())));
    }
}

/// Of several schemas each is one user's; here databases are all users' if nothing else is said.
fn tell_user(schema: &Json, draft: &mut Draft) {
    let (user, default_node) = (string(schema, "user"), string(schema, "default"));
    if list(schema, "shard").is_empty() {
        draft.not_translated(format!(
            "schema of user {user}: it has no shard, and all its statements went to {default_node} as they were: say in [[users]] \
             which databases {user} may use"
        ));
    } else {
        draft.changed(format!(
            "schema of user {user}: its rules hold for all users: say in [[users]] which databases {user} may use"
        ));
    }
}

/// The replica set of a node. One that is not defined keeps its name, which `check` refuses.
fn set_of(sets: &[(String, String)], node: &str, place: &str, draft: &mut Draft) -> String {
    let found = sets.iter().find(|(name, _)| name == node).map(|(_, set)| set.clone());
    found.unwrap_or_else(|| {
        draft
            .not_translated(format!("{place}: node \"{node}\" is not among the nodes: say which replica set is meant"));
        node.to_owned()
    })
}

fn read_rule(
    rule: &Json,
    sets: &[(String, String)],
    database: &str,
    draft: &mut Draft,
) -> (Vec<Shard>, Placement, &'static str) {
    let (kind, table) = (string(rule, "type"), string(rule, "table"));
    let nodes: Vec<String> = list(rule, "nodes").iter().map(scalar).collect();
    let locations: Vec<usize> = list(rule, "locations").iter().filter_map(|count| scalar(count).parse().ok()).collect();
    let ranges: Vec<String> = list(rule, "date_range").iter().map(scalar).collect();
    let is_date = kind.starts_with("date_");
    let place = format!("table {database}.{table}");
    leftover::tell(&place, &unread(rule, &RULE), draft);
    let counts: Vec<usize> = match is_date {
        true => ranges.iter().map(|range| periods(&kind, range)).collect(),
        false => locations.clone(),
    };
    if nodes.len() != counts.len() {
        let (listed, given) = (nodes.len(), counts.len());
        let entries = if is_date { "date_range" } else { "locations" };
        draft.not_translated(format!(
            "{place}: {listed} nodes and {given} {entries}, which belong together: correct its shards"
        ));
    }
    let mut shards = Vec::new();
    for (node, count) in nodes.iter().zip(counts) {
        let set = set_of(sets, node, &place, draft);
        for _ in 0..count {
            let name = plain(&format!("{database}_{}", shards.len()));
            shards.push(Shard { name, set: set.clone(), schema: database.to_owned() });
        }
    }
    // Another layout of the same nodes needs shards of its own.
    let names: Vec<String> =
        shards.iter().enumerate().map(|(index, shard)| plain(&format!("{database}_{}_{index}", shard.set))).collect();
    for (shard, name) in shards.iter_mut().zip(&names) {
        shard.name.clone_from(name);
    }
    let integers =
        |numbers: &[usize]| format!("[{}]", numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(", "));
    let function = match kind.as_str() {
        "hash" => Some(Function::new("kingshard-hash").with("locations", integers(&locations))),
        "range" => {
            let limit = string(rule, "table_row_limit");
            Some(
                Function::new("kingshard-range").with("locations", integers(&locations)).with("table_row_limit", limit),
            )
        }
        "date_year" | "date_month" | "date_day" => {
            draft.changed(format!(
                "table {database}.{table}: the key is taken for a DATETIME column; with an integer one (seconds) take \
                 key_type out and add timezone. A date without a table went to node 0 silently, here INSERT is refused"
            ));
            let name = format!("kingshard-{}", kind.replace('_', "-"));
            Some(Function::new(&name).with("date_range", quoted_list(ranges.iter().map(String::as_str))))
        }
        _ => {
            draft.not_translated(format!("table {database}.{table}: type {kind} is not known: give it a function"));
            None
        }
    };
    let placement = Placement::Sharded {
        key: string(rule, "key"),
        key_type: if is_date { "datetime" } else { "" },
        joint: Vec::new(),
        function,
        within: None,
        shards: names,
    };
    (shards, placement, if is_date { "{table}_{bucket}" } else { "{table}_{index:04}" })
}

/// How many periods an entry of `date_range` has.
pub(super) fn periods(kind: &str, entry: &str) -> usize {
    use crate::sharding::function::params::{Param, Params};
    use crate::sharding::function::{Named, compute::Buckets, registry};
    let kind = registry::original("kingshard", kind);
    let params = Params::from([("date_range".to_owned(), Param::List(vec![Param::Text(entry.to_owned())]))]);
    match kind.and_then(|kind| Named::read(kind, params).0.ok()).map(|named| named.compute().buckets()) {
        Some(Buckets::Count(count)) => count,
        _ => 0,
    }
}
