//! Cobar: `schema.xml`, `rule.xml`, `server.xml`.

use std::collections::BTreeMap;
use std::path::Path;

use roxmltree::Node;

use super::ImportError;
use super::document::{attribute, children, fail, inner, properties, property, text, unread_parts, with_xml};
use super::draft::{
    Database, Draft, Function, Placement, Replica, Shard, Table, User, Within, expanded, plain, quoted, quoted_list,
};
use super::leftover;
use crate::sharding::function::registry;

/// Where one physical schema is.
#[derive(Debug, Clone)]
struct Source {
    address: String,
    schema: String,
    user: String,
    password: String,
}

/// The first rule of a table that can be translated.
#[derive(Debug)]
struct Rule {
    column: String,
    function: Option<Function>,
    key_type: &'static str,
    within: Option<Within>,
}

/// A function with what it says of the column; of Dimension2PartitionFunction both of them.
#[derive(Debug, Clone)]
enum Known {
    One(Function, &'static str),
    /// X and how many nodes it has, then Y.
    Two((Function, &'static str, usize), (Function, &'static str)),
}

pub(super) fn read(folder: &Path) -> Result<Draft, ImportError> {
    let mut draft = Draft::default();
    let schema_file = folder.join("schema.xml");
    let rule_file = folder.join("rule.xml");
    let rules = match rule_file.exists() {
        true => with_xml(&rule_file, |root| Ok(read_rules(root, folder, &mut draft)))?,
        false => {
            draft.not_translated("there is no rule.xml: tables on several dataNodes have no function yet");
            BTreeMap::new()
        }
    };
    with_xml(&schema_file, |root| {
        let sources = read_sources(root, &mut draft);
        let nodes = read_nodes(root, &sources, &mut draft);
        for schema in children(root, "schema") {
            let database = read_schema(schema, &nodes, &rules, &mut draft);
            draft.databases.push(database);
        }
        match draft.databases.is_empty() {
            true => Err(fail(&schema_file, "there is no <schema>")),
            false => Ok(()),
        }
    })?;
    let server_file = folder.join("server.xml");
    if server_file.exists() {
        with_xml(&server_file, |root| {
            read_users(root, &mut draft);
            Ok(())
        })?;
    }
    if draft.users.is_empty() {
        draft.not_translated("there is no server.xml with a <user>: correct the user in shardgate.toml");
        draft.users.push(User { name: "app".to_owned(), password: "change me".to_owned(), databases: Vec::new() });
    }
    Ok(draft)
}

fn indexed(stem: &str, number: usize) -> String {
    format!("{stem}[{number}]")
}

/// `<dataSource>`: a location may stand for several schemas, `host:port/db$1-3`.
fn read_sources(root: Node<'_, '_>, draft: &mut Draft) -> BTreeMap<String, Source> {
    let mut sources = BTreeMap::new();
    for node in children(root, "dataSource") {
        let name = attribute(node, "name");
        let mut read = vec!["name", "location", "user", "password"];
        read.extend(attribute(node, "type").eq_ignore_ascii_case("mysql").then_some("type"));
        leftover::tell(&format!("dataSource {name}"), &unread_parts(node, &read), draft);
        let locations = children(node, "property").find(|property| attribute(*property, "name") == "location");
        let locations: Vec<String> =
            locations.map(|locations| children(locations, "location").map(inner).collect()).unwrap_or_default();
        let mut all: Vec<String> = Vec::new();
        for location in &locations {
            if location.matches('$').count() > 1 {
                draft.not_translated(format!(
                    "dataSource {name}: {location} has more than one range: write a location for each server"
                ));
            } else {
                all.extend(expanded(location, |stem, number| format!("{stem}{number}")));
            }
        }
        for (index, location) in all.iter().enumerate() {
            let (address, schema) = location.split_once('/').unwrap_or((location, ""));
            let source = Source {
                address: address.to_owned(),
                schema: schema.to_owned(),
                user: property(node, "user").unwrap_or_default(),
                password: property(node, "password").unwrap_or_default(),
            };
            if all.len() == 1 {
                sources.insert(name.to_owned(), source.clone());
            }
            sources.insert(indexed(name, index), source);
        }
    }
    sources
}

/// `<dataNode>`: its sources, the primary first. A node whose primary is not defined is left out, and so refused by `check`.
fn read_nodes(
    root: Node<'_, '_>,
    sources: &BTreeMap<String, Source>,
    draft: &mut Draft,
) -> BTreeMap<String, Vec<Source>> {
    let mut nodes: BTreeMap<String, Vec<Source>> = BTreeMap::new();
    for node in children(root, "dataNode") {
        let name = attribute(node, "name");
        leftover::tell(&format!("dataNode {name}"), &unread_parts(node, &["name", "dataSource"]), draft);
        let references = children(node, "property").find(|property| attribute(*property, "name") == "dataSource");
        let lines: Vec<Vec<String>> = references
            .into_iter()
            .flat_map(|lines| children(lines, "dataSourceRef").map(inner).collect::<Vec<_>>())
            .map(|line| expanded(&line, indexed))
            .collect();
        let Some((primaries, others)) = lines.split_first() else {
            draft.not_translated(format!("dataNode {name} has no dataSourceRef: say where it is"));
            continue;
        };
        for (index, primary) in primaries.iter().enumerate() {
            let node = if primaries.len() == 1 { name.to_owned() } else { indexed(name, index) };
            let Some(primary_source) = sources.get(primary) else {
                draft.not_translated(format!("dataNode {node}: there is no dataSource {primary}: say where it is"));
                continue;
            };
            let mut all = vec![primary_source.clone()];
            for standby in others.iter().map(|line| line.get(index)) {
                match standby.map(|name| (name, sources.get(name))) {
                    Some((_, Some(source))) => all.push(source.clone()),
                    Some((name, None)) => {
                        draft.not_translated(format!("dataNode {node}: there is no dataSource {name}: give it its replicas"));
                    }
                    None => draft.not_translated(format!(
                        "dataNode {node}: a later dataSourceRef names fewer sources than the first: give it its replicas"
                    )),
                }
            }
            nodes.insert(node, all);
        }
    }
    nodes
}

fn read_rules(root: Node<'_, '_>, folder: &Path, draft: &mut Draft) -> BTreeMap<String, Rule> {
    let functions: BTreeMap<&str, Node<'_, '_>> =
        children(root, "function").map(|function| (attribute(function, "name"), function)).collect();
    let mut rules = BTreeMap::new();
    for table_rule in children(root, "tableRule") {
        let name = attribute(table_rule, "name");
        let all: Vec<Node<'_, '_>> = children(table_rule, "rule").collect();
        let part = |rule: &Node<'_, '_>, part: &str| children(*rule, part).next().map(inner).unwrap_or_default();
        let known = |name: &str| read_function(*functions.get(name)?, folder);
        let simple = all.iter().find_map(|rule| {
            let algorithm = part(rule, "algorithm");
            match call(&algorithm) {
                Some((function, columns)) => known(&function).and_then(|function| rule_of(function, &columns)),
                None => arithmetic(&algorithm),
            }
        });
        if all.len() > 1 && simple.is_some() {
            draft.changed(format!(
                "rule {name} has {} rules; the first that can be written here is used, and statements that name only the \
                 columns of the others go to all shards",
                all.len()
            ));
        }
        let rule = match simple {
            Some(rule) => {
                if rule.function.as_ref().is_some_and(|function| function.kind == "inline") {
                    draft.changed(format!(
                        "rule {name}: the arithmetic is an inline expression here; give its names as many numbers as the \
                         table has dataNodes, and compare keys with the old proxy"
                    ));
                }
                rule
            }
            None => {
                let columns = all.first().map(|rule| part(rule, "columns")).unwrap_or_default();
                let algorithm = all.first().map(|rule| part(rule, "algorithm")).unwrap_or_default();
                draft.not_translated(format!(
                    "rule {name}: {algorithm} over {columns} is more than one function of one column; its tables have no \
                     function yet: choose one column that decides, or move the rows to another function"
                ));
                let column = columns.split(',').next().unwrap_or_default().trim().to_owned();
                Rule { column, function: None, key_type: "", within: None }
            }
        };
        rules.insert(name.to_owned(), rule);
    }
    rules
}

/// `f(${a})`, `f(a)` or `f(${a}, ${b})`: the function and the columns.
fn call(algorithm: &str) -> Option<(String, Vec<String>)> {
    let (function, rest) = algorithm.trim().split_once('(')?;
    let arguments = rest.trim().strip_suffix(')')?;
    let column = |argument: &str| {
        let argument = argument.trim();
        argument.strip_prefix("${").and_then(|inner| inner.strip_suffix('}')).unwrap_or(argument).trim().to_owned()
    };
    let columns: Vec<String> = arguments.split(',').map(column).collect();
    let is_word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    let function = function.trim().to_owned();
    (is_word(&function) && columns.iter().all(|column| is_word(column))).then_some((function, columns))
}

fn rule_of(function: Known, columns: &[String]) -> Option<Rule> {
    match (function, columns) {
        (Known::One(function, key_type), [column]) => {
            Some(Rule { column: column.clone(), function: Some(function), key_type, within: None })
        }
        // The node is x + size * y: all nodes of one y follow each other.
        (Known::Two((x, x_type, size), (y, y_type)), [x_column, y_column]) => {
            let within = Within { key: x_column.clone(), key_type: x_type, function: x, shards: size };
            Some(Rule { column: y_column.clone(), function: Some(y), key_type: y_type, within: Some(within) })
        }
        _ => None,
    }
}

/// An expression of numbers and one column, such as `${id} % 4`: the number of the dataNode.
fn arithmetic(algorithm: &str) -> Option<Rule> {
    /// More dataNodes than a modulo of this size has are unlikely.
    const MOST: usize = 1024;
    let (before, rest) = algorithm.split_once("${")?;
    let (column, after) = rest.split_once('}')?;
    let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-*/%()".contains(c));
    let is_word = !column.trim().is_empty() && column.trim().chars().all(|c| c.is_alphanumeric() || c == '_');
    if !(is_plain(before) && is_plain(after) && is_word) {
        return None;
    }
    let size: usize = after.rsplit_once('%')?.1.trim().trim_end_matches(')').trim().parse().ok()?;
    let column = column.trim().to_owned();
    let names: Vec<String> = (0..size.min(MOST)).map(|number| number.to_string()).collect();
    let expression = format!("${{{}{column}{}}}", before.trim_start(), after.trim_end());
    let function = Function::new("inline")
        .with_text("algorithm-expression", &expression)
        .with_text("column", &column)
        .with("names", quoted_list(names.iter().map(String::as_str)));
    Some(Rule { column, function: Some(function), key_type: "", within: None })
}

/// X and Y of Dimension2PartitionFunction as functions of their own.
fn read_dimensions(node: Node<'_, '_>) -> Option<Known> {
    let dimension = |letter: &str| {
        let of = |name: &str| property(node, &format!("{name}{letter}"));
        let is_text = of("keyType")?.eq_ignore_ascii_case("string");
        let mut function = Function::new(if is_text { "cobar-string" } else { "cobar-long" });
        let count = of("partitionCount")?;
        for (name, value) in [
            ("partitionCount", Some(count.clone())),
            ("partitionLength", of("partitionLength")),
            ("hashSlice", of("hashSlice")),
            ("hashLength", of("hashLength")),
        ] {
            if let Some(value) = value {
                function = function.with_text(name, &value);
            }
        }
        let sizes: Option<Vec<usize>> = count.split(',').map(|part| part.trim().parse().ok()).collect();
        Some((function, if is_text { "text" } else { "" }, sizes?.into_iter().sum::<usize>()))
    };
    let (y, y_type, _) = dimension("Y")?;
    Some(Known::Two(dimension("X")?, (y, y_type)))
}

fn read_function(node: Node<'_, '_>, folder: &Path) -> Option<Known> {
    let class = attribute(node, "class").rsplit('.').next().unwrap_or_default();
    let kind = registry::original("cobar", class)?;
    if kind.name == "cobar-dimension2" {
        return read_dimensions(node);
    }
    let mut function = Function::new(kind.name);
    for (name, value) in properties(node) {
        function = match name.as_str() {
            "fileMapPath" => {
                let contents = text(&folder.join(&value)).ok()?;
                function.with("fileMap", quoted(&contents))
            }
            _ => function.with_text(&name, &value),
        };
    }
    Some(Known::One(function, if kind.name == "cobar-long" { "" } else { "text" }))
}

fn read_schema(
    schema: Node<'_, '_>,
    nodes: &BTreeMap<String, Vec<Source>>,
    rules: &BTreeMap<String, Rule>,
    draft: &mut Draft,
) -> Database {
    let mut database = Database { name: attribute(schema, "name").to_owned(), ..Database::default() };
    let place = format!("schema {}", database.name);
    leftover::tell(&place, &unread_parts(schema, &["name", "dataNode", "table"]), draft);
    let default = attribute(schema, "dataNode");
    if !default.is_empty() {
        database.default_shard = add_shard(&mut database, default, nodes, draft);
    }
    for table in children(schema, "table") {
        const READ: [&str; 4] = ["name", "dataNode", "rule", "ruleRequired"];
        leftover::tell(&format!("table {}", attribute(table, "name")), &unread_parts(table, &READ), draft);
        for name in attribute(table, "name").split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let names = expanded(attribute(table, "dataNode"), indexed);
            let shards: Vec<String> = names.iter().map(|node| add_shard(&mut database, node, nodes, draft)).collect();
            let placement = placement(name, attribute(table, "rule"), shards, rules, draft);
            let is_required = attribute(table, "ruleRequired") == "true";
            database.tables.push(Table::new(name, placement).requiring_key(is_required));
        }
    }
    if database.default_shard.is_empty() {
        database.default_shard = database.shards.first().map(|shard| shard.name.clone()).unwrap_or_default();
    }
    draft.translated(format!(
        "schema {}: {} shards, {} tables",
        database.name,
        database.shards.len(),
        database.tables.len()
    ));
    database
}

fn placement(
    table: &str,
    rule: &str,
    shards: Vec<String>,
    rules: &BTreeMap<String, Rule>,
    draft: &mut Draft,
) -> Placement {
    match (rules.get(rule), shards.as_slice()) {
        (None, [shard]) if rule.is_empty() => Placement::Single(shard.clone()),
        (Some(rule), _) => {
            let within = rule.within.as_ref().map(|within| (&within.key, within.key_type));
            for (column, _) in
                [Some((&rule.column, rule.key_type)), within].into_iter().flatten().filter(|(_, kind)| *kind == "text")
            {
                draft.changed(format!(
                    "table {table}: {column} is taken for a text column, which Cobar does not say, and read as it is written; \
                     if it is an integer, take key_type and collation out"
                ));
            }
            let (key, function) = (rule.column.clone(), rule.function.clone());
            Placement::Sharded { key, key_type: rule.key_type, function, within: rule.within.clone(), shards }
        }
        (None, _) => {
            draft.not_translated(match rule.is_empty() {
                true => format!("table {table} is on several dataNodes without a rule: give it one"),
                false => format!("table {table}: rule {rule} is not in rule.xml: give it a function"),
            });
            Placement::Sharded { key: "id".to_owned(), key_type: "", function: None, within: None, shards }
        }
    }
}

/// The shard of a dataNode, in the database's list.
fn add_shard(database: &mut Database, node: &str, nodes: &BTreeMap<String, Vec<Source>>, draft: &mut Draft) -> String {
    let name = plain(node);
    if database.shards.iter().any(|shard| shard.name == name) {
        return name;
    }
    let Some([primary, standbys @ ..]) = nodes.get(node).map(Vec::as_slice) else {
        draft.not_translated(format!("dataNode {node} is not defined: say where it is"));
        return name;
    };
    let standbys: Vec<Replica> = standbys.iter().map(|source| Replica::at(&source.address)).collect();
    let set = draft.set(&primary.address, &standbys, &primary.user, &primary.password);
    database.shards.push(Shard { name: name.clone(), set, schema: primary.schema.clone() });
    name
}

fn read_users(root: Node<'_, '_>, draft: &mut Draft) {
    for user in children(root, "user") {
        let place = format!("user {}", attribute(user, "name"));
        leftover::tell(&place, &unread_parts(user, &["name", "password", "schemas"]), draft);
        let list = property(user, "schemas").unwrap_or_default();
        draft.users.push(User {
            name: attribute(user, "name").to_owned(),
            password: property(user, "password").unwrap_or_default(),
            databases: expanded(&list, indexed),
        });
    }
    leftover::tell("server.xml", &unread_parts(root, &["user"]), draft);
}
