//! Cobar: `schema.xml`, `rule.xml`, `server.xml`.

use std::collections::BTreeMap;
use std::path::Path;

use roxmltree::Node;

use super::ImportError;
use super::document::{
    attribute, children, fail, folder_of, inner, properties, property, text, unread_parts, with_xml,
};
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
    /// Further columns, with their types, where the function takes all together.
    joint: Vec<(String, &'static str)>,
}

/// A function with what it says of the column; of Dimension2PartitionFunction both of them.
#[derive(Debug, Clone)]
enum Known {
    One(Function, &'static str),
    /// X and how many nodes it has, then Y.
    Two((Function, &'static str, usize), (Function, &'static str)),
}

pub(super) fn read(folder: &Path) -> Result<Draft, ImportError> {
    let folder = folder_of(folder);
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
    let known = |name: &str| read_function(*functions.get(name)?, folder);
    let mut rules = BTreeMap::new();
    for table_rule in children(root, "tableRule") {
        let name = attribute(table_rule, "name");
        let part = |rule: &Node<'_, '_>, part: &str| children(*rule, part).next().map(inner).unwrap_or_default();
        let all: Vec<(String, String)> =
            children(table_rule, "rule").map(|rule| (part(&rule, "columns"), part(&rule, "algorithm"))).collect();
        let found = all.iter().enumerate().find_map(|(place, (columns, algorithm))| {
            let simple = call(algorithm)
                .and_then(|(function, columns)| rule_of(known(&function)?, &columns))
                .or_else(|| expression(columns, algorithm, &known));
            simple.map(|rule| (place, rule))
        });
        let rule = match found {
            Some((place, rule)) => {
                note_others(name, &all, place, draft);
                rule
            }
            None => {
                let (columns, algorithm) = all.first().cloned().unwrap_or_default();
                draft.not_translated(format!(
                    "rule {name}: {algorithm} over {columns} is made of more than known functions, +, - and %; its tables have no function \
                     yet: give them one that computes the same (compare with `shardgate place`), or move the rows"
                ));
                let column = columns.split(',').next().unwrap_or_default().trim().to_owned();
                Rule { column, function: None, key_type: "", within: None, joint: Vec::new() }
            }
        };
        rules.insert(name.to_owned(), rule);
    }
    rules
}

/// Says what becomes of the rules behind the one that is used, and before it.
fn note_others(name: &str, all: &[(String, String)], used: usize, draft: &mut Draft) {
    let function_of = |algorithm: &str| algorithm.split('(').next().map(str::trim).unwrap_or_default().to_owned();
    let (columns, algorithm) = &all[used];
    for (place, (other_columns, other)) in all.iter().enumerate().filter(|(place, _)| *place != used) {
        // The same function with NULL for a column: conditions on the other column lead to few shards here as well.
        if function_of(other) == function_of(algorithm) && other.contains("null") {
            continue;
        }
        let order = if place < used { "before" } else { "behind" };
        draft.changed(format!(
            "rule {name}: rows are placed by {algorithm} over {columns}; {other} over {other_columns}, which stands {order} it, is not used: \
             statements that name only those columns go to all shards"
        ));
    }
}

/// An algorithm that computes with functions and columns, as Cobar does: see `cobar-expression`.
fn expression(columns: &str, algorithm: &str, known: &impl Fn(&str) -> Option<Known>) -> Option<Rule> {
    let is_plain = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_${}()+-%,".contains(c);
    if !algorithm.chars().all(is_plain) || algorithm.contains("$(") {
        return None;
    }
    let used: Vec<String> = columns.split(',').map(|column| column.trim().to_owned()).collect();
    let mut functions: BTreeMap<String, (Function, &'static str)> = BTreeMap::new();
    let mut types: BTreeMap<String, &'static str> = BTreeMap::new();
    let mut rest = algorithm;
    let mut last = String::new();
    while let Some(start) = rest.find(|c: char| c.is_alphanumeric() || c == '_') {
        let is_column = rest[..start].ends_with("${");
        let opens = rest[..start].trim().trim_end_matches("${").trim() == "(";
        let end = rest[start..].find(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(rest.len(), |at| start + at);
        let word = &rest[start..end];
        let calls = rest[end..].trim_start().starts_with('(');
        if is_column {
            let column = used.iter().find(|column| column.eq_ignore_ascii_case(word))?;
            let of_function = functions.get(&last).filter(|_| opens).map_or("", |(_, key_type)| *key_type);
            types.entry(column.clone()).or_insert(of_function);
        } else if calls {
            let Known::One(function, key_type) = known(word)? else { return None };
            functions.insert(word.to_owned(), (function, key_type));
        } else if !word.eq_ignore_ascii_case("null") && word.parse::<u64>().is_err() {
            return None;
        }
        word.clone_into(&mut last);
        rest = &rest[end..];
    }
    let used: Vec<&String> = used.iter().filter(|column| types.contains_key(*column)).collect();
    let (first, others) = used.split_first()?;
    let tables: Vec<String> =
        functions.iter().map(|(name, (function, _))| format!("{name} = {}", function.text())).collect();
    let mut function = Function::new("cobar-expression")
        .with_text("expression", algorithm.trim())
        .with("columns", quoted_list(used.iter().map(|column| column.as_str())));
    if !tables.is_empty() {
        function = function.with("functions", format!("{{ {} }}", tables.join(", ")));
    }
    let type_of = |column: &String| types.get(column).copied().unwrap_or_default();
    Some(Rule {
        column: (*first).clone(),
        function: Some(function),
        key_type: type_of(first),
        within: None,
        joint: others.iter().map(|column| ((*column).clone(), type_of(column))).collect(),
    })
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
            Some(Rule { column: column.clone(), function: Some(function), key_type, within: None, joint: Vec::new() })
        }
        // The node is x + size * y: all nodes of one y follow each other.
        (Known::Two((x, x_type, size), (y, y_type)), [x_column, y_column]) => {
            let within = Within { key: x_column.clone(), key_type: x_type, function: x, shards: size };
            Some(Rule {
                column: y_column.clone(),
                function: Some(y),
                key_type: y_type,
                within: Some(within),
                joint: Vec::new(),
            })
        }
        _ => None,
    }
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
            let within = rule.within.iter().map(|within| (&within.key, within.key_type));
            let joint = rule.joint.iter().map(|(column, kind)| (column, *kind));
            let all = std::iter::once((&rule.column, rule.key_type)).chain(within).chain(joint);
            for (column, _) in all.filter(|(_, kind)| *kind == "text") {
                draft.changed(format!(
                    "table {table}: {column} is taken for a text column, which Cobar does not say, and read as it is written; \
                     if it is an integer, take key_type and collation out"
                ));
            }
            let (key, function) = (rule.column.clone(), rule.function.clone());
            Placement::Sharded {
                key,
                key_type: rule.key_type,
                joint: rule.joint.clone(),
                function,
                within: rule.within.clone(),
                shards,
            }
        }
        (None, _) => {
            draft.not_translated(match rule.is_empty() {
                true => format!("table {table} is on several dataNodes without a rule: give it one"),
                false => format!("table {table}: rule {rule} is not in rule.xml: give it a function"),
            });
            Placement::untranslated(shards)
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
