//! Cobar: `schema.xml`, `rule.xml`, `server.xml`.

use std::collections::BTreeMap;
use std::path::Path;

use roxmltree::Node;

use super::ImportError;
use super::document::{attribute, children, fail, inner, properties, property, text, with_xml};
use super::draft::{
    Database, Draft, Function, Placement, Shard, Table, User, Within, expanded, plain, quoted, quoted_list,
};
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
    let rules = with_xml(&folder.join("rule.xml"), |root| Ok(read_rules(root, folder, &mut draft)))?;
    with_xml(&schema_file, |root| {
        let sources = read_sources(root);
        let nodes = read_nodes(root, &sources);
        for schema in children(root, "schema") {
            let database = read_schema(schema, &nodes, &rules, &mut draft);
            draft.databases.push(database);
        }
        match draft.databases.is_empty() {
            true => Err(fail(&schema_file, "there is no <schema>")),
            false => Ok(()),
        }
    })?;
    with_xml(&folder.join("server.xml"), |root| {
        read_users(root, &mut draft);
        Ok(())
    })?;
    Ok(draft)
}

fn indexed(stem: &str, number: usize) -> String {
    format!("{stem}[{number}]")
}

/// `<dataSource>`: a location may stand for several schemas, `host:port/db$1-3`.
fn read_sources(root: Node<'_, '_>) -> BTreeMap<String, Source> {
    let mut sources = BTreeMap::new();
    for node in children(root, "dataSource") {
        let name = attribute(node, "name");
        let locations = children(node, "property").find(|property| attribute(*property, "name") == "location");
        let locations: Vec<String> =
            locations.map(|locations| children(locations, "location").map(inner).collect()).unwrap_or_default();
        let all: Vec<String> = locations
            .iter()
            .flat_map(|location| expanded(location, |stem, number| format!("{stem}{number}")))
            .collect();
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

/// `<dataNode>`: its sources, the primary first.
fn read_nodes(root: Node<'_, '_>, sources: &BTreeMap<String, Source>) -> BTreeMap<String, Vec<Source>> {
    let mut nodes: BTreeMap<String, Vec<Source>> = BTreeMap::new();
    for node in children(root, "dataNode") {
        let name = attribute(node, "name");
        let references = children(node, "property").find(|property| attribute(*property, "name") == "dataSource");
        let lines =
            references.into_iter().flat_map(|lines| children(lines, "dataSourceRef").map(inner).collect::<Vec<_>>());
        for line in lines {
            let names = expanded(&line, indexed);
            for (index, source) in names.iter().enumerate() {
                let Some(source) = sources.get(source) else { continue };
                let node = if names.len() == 1 { name.to_owned() } else { indexed(name, index) };
                nodes.entry(node).or_default().push(source.clone());
            }
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
    let default = attribute(schema, "dataNode");
    if !default.is_empty() {
        database.default_shard = add_shard(&mut database, default, nodes, draft);
    }
    for table in children(schema, "table") {
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
            draft.not_translated(format!("table {table} is on several dataNodes without a rule: give it one"));
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
        draft.not_translated(format!("dataNode {node} is not defined"));
        return name;
    };
    let standbys: Vec<String> = standbys.iter().map(|source| source.address.clone()).collect();
    let set = draft.set(&primary.address, &standbys, &primary.user, &primary.password);
    database.shards.push(Shard { name: name.clone(), set, schema: primary.schema.clone() });
    name
}

fn read_users(root: Node<'_, '_>, draft: &mut Draft) {
    for user in children(root, "user") {
        let list = property(user, "schemas").unwrap_or_default();
        draft.users.push(User {
            name: attribute(user, "name").to_owned(),
            password: property(user, "password").unwrap_or_default(),
            databases: expanded(&list, indexed),
        });
    }
    if children(root, "cluster").next().is_some() || children(root, "quarantine").next().is_some() {
        draft.not_translated(
            "server.xml: <cluster> and <quarantine>; put a load balancer and a firewall before ShardGate",
        );
    }
}
