//! MyCAT 1.6 (`schema.xml`, `rule.xml`, `server.xml`) and its descendant dble: version 2 has the same files, version 3
//! `sharding.xml`, `db.xml` and `user.xml`.

use std::collections::BTreeMap;
use std::path::Path;

use roxmltree::Node;

use super::ImportError;
use super::document::{attribute, children, folder_of, inner, properties, property, text, unread_parts, with_xml};
use super::draft::{Database, Draft, Function, Placement, Replica, Shard, Table, User, expanded, plain, quoted};
use super::leftover;
use crate::sharding::function::registry;

/// What nodes, groups of servers and functions are called.
struct Names {
    system: &'static str,
    node: &'static str,
    /// The attribute of a node that names its group of servers.
    group: &'static str,
}

const MYCAT: Names = Names { system: "mycat", node: "dataNode", group: "dataHost" };
const DBLE: Names = Names { system: "dble", node: "shardingNode", group: "dbGroup" };
const DBLE_2: Names = Names { system: "dble", ..MYCAT };

/// A group of servers.
#[derive(Debug, Default)]
struct Group {
    primary: String,
    replicas: Vec<Replica>,
    user: String,
    password: String,
}

/// Groups and nodes: a node's group and schema.
#[derive(Debug, Default)]
struct Servers {
    groups: BTreeMap<String, Group>,
    nodes: BTreeMap<String, (String, String)>,
}

/// A rule's column and function.
#[derive(Debug, Clone)]
struct Rule {
    column: String,
    function: Option<Function>,
    key_type: &'static str,
}

type Functions = BTreeMap<String, (Function, &'static str)>;

pub(super) fn read(folder: &Path) -> Result<Draft, ImportError> {
    read_with(folder, &MYCAT)
}

fn read_with(folder: &Path, names: &Names) -> Result<Draft, ImportError> {
    let folder = folder_of(folder);
    let mut draft = Draft::default();
    let rules = with_xml(&folder.join("rule.xml"), |root| {
        let functions = read_functions(root, names, folder, &mut draft);
        let rules = children(root, "tableRule").map(|rule| {
            let part = |name| {
                let rule = children(rule, "rule").next();
                rule.and_then(|rule| children(rule, name).next().map(inner)).unwrap_or_default()
            };
            (attribute(rule, "name").to_owned(), rule_of(part("columns"), &part("algorithm"), &functions))
        });
        Ok(rules.collect::<BTreeMap<String, Rule>>())
    })?;
    with_xml(&folder.join("schema.xml"), |root| {
        let mut servers = Servers::default();
        for host in children(root, "dataHost") {
            let name = attribute(host, "name");
            let mut read = vec!["name", "writeHost", "dbDriver"];
            read.extend(attribute(host, "dbType").eq_ignore_ascii_case("mysql").then_some("dbType"));
            leftover::tell(&format!("dataHost {name}"), &unread_parts(host, &read), &mut draft);
            let mut group = Group::default();
            for write in children(host, "writeHost") {
                group.add(write, "weight", &mut draft);
                children(write, "readHost").for_each(|read| group.add(read, "weight", &mut draft));
            }
            servers.groups.insert(attribute(host, "name").to_owned(), group);
        }
        read_nodes(root, names, &mut servers, &mut draft);
        for schema in children(root, "schema") {
            let database = read_schema(schema, &servers, &rules, &mut draft);
            draft.databases.push(database);
        }
        Ok(())
    })?;
    read_users(&folder.join("server.xml"), &mut draft, |root, draft| {
        leftover::tell("server.xml", &unread_parts(root, &["user"]), draft);
        for user in children(root, "user") {
            let name = attribute(user, "name");
            const READ: [&str; 5] = ["name", "password", "schemas", "defaultAccount", "defaultSchema"];
            leftover::tell(&format!("user {name}"), &unread_parts(user, &READ), draft);
            let schemas = property(user, "schemas").unwrap_or_default();
            add_user(draft, name, property(user, "password").unwrap_or_default(), &schemas);
        }
    })?;
    Ok(draft)
}

/// Users, from a file that need not be there.
fn read_users(file: &Path, draft: &mut Draft, read: impl FnOnce(Node<'_, '_>, &mut Draft)) -> Result<(), ImportError> {
    if file.exists() {
        with_xml(file, |root| {
            read(root, draft);
            Ok(())
        })?;
    }
    if draft.users.is_empty() {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        draft.not_translated(format!("there is no {name} with users: correct the user in shardgate.toml"));
        add_user(draft, "app", "change me".to_owned(), "");
    }
    Ok(())
}

pub(super) fn read_dble(folder: &Path) -> Result<Draft, ImportError> {
    if !folder.join("sharding.xml").exists() && folder.join("schema.xml").exists() {
        return read_with(folder, &DBLE_2);
    }
    let mut draft = Draft::default();
    let mut servers = Servers::default();
    with_xml(&folder.join("db.xml"), |root| {
        for node in children(root, "dbGroup") {
            let name = attribute(node, "name");
            leftover::tell(&format!("dbGroup {name}"), &unread_parts(node, &["name", "dbInstance"]), &mut draft);
            let mut group = Group::default();
            let is_on = |instance: &Node<'_, '_>| attribute(*instance, "disabled") != "true";
            let (primary, others): (Vec<_>, Vec<_>) = children(node, "dbInstance")
                .filter(is_on)
                .partition(|instance| attribute(*instance, "primary") == "true");
            primary.into_iter().chain(others).for_each(|instance| group.add(instance, "readWeight", &mut draft));
            servers.groups.insert(attribute(node, "name").to_owned(), group);
        }
        Ok(())
    })?;
    with_xml(&folder.join("sharding.xml"), |root| {
        read_nodes(root, &DBLE, &mut servers, &mut draft);
        let functions = read_functions(root, &DBLE, folder, &mut draft);
        for schema in children(root, "schema") {
            let database = read_dble_schema(schema, &servers, &functions, &mut draft);
            draft.databases.push(database);
        }
        Ok(())
    })?;
    read_users(&folder.join("user.xml"), &mut draft, |root, draft| {
        let others = unread_parts(root, &["shardingUser", "managerUser"]);
        if root
            .children()
            .any(|child| matches!(child.tag_name().name(), "rwSplitUser" | "analysisUser" | "hybridTAUser"))
        {
            draft.not_translated(
                "user.xml: users of one group of servers have no logical database: give them one whose tables are single, and \
                 read_write_splitting = true",
            );
        }
        let is_told =
            |name: &String| matches!(name.as_str(), "rwSplitUser" | "analysisUser" | "hybridTAUser" | "version");
        let others: Vec<String> = others.into_iter().filter(|name| !is_told(name)).collect();
        leftover::tell("user.xml", &others, draft);
        for user in children(root, "shardingUser") {
            let (name, password) = (attribute(user, "name"), attribute(user, "password").to_owned());
            leftover::tell(&format!("user {name}"), &unread_parts(user, &["name", "password", "schemas"]), draft);
            add_user(draft, name, password, attribute(user, "schemas"));
        }
    })?;
    Ok(draft)
}

impl Group {
    /// The first server is the primary. `weight`: the attribute that has a replica's.
    fn add(&mut self, node: Node<'_, '_>, weight: &str, draft: &mut Draft) {
        let read = ["url", "user", "password", "host", "name", "primary", "disabled", "id", "readHost", weight];
        let url = attribute(node, "url");
        leftover::tell(&format!("server {url}"), &unread_parts(node, &read), draft);
        let address = without_driver(url);
        if self.primary.is_empty() {
            self.primary = address.to_owned();
            self.user = attribute(node, "user").to_owned();
            self.password = attribute(node, "password").to_owned();
        } else {
            if (attribute(node, "user"), attribute(node, "password")) != (&self.user, &self.password) {
                draft.not_translated(format!(
                    "server {url}: it has another user or password than {}, and a replica set has one account for all: give it that",
                    self.primary
                ));
            }
            // Where all have 0 they share the reads alike.
            let weight = attribute(node, weight).parse().ok().filter(|weight| *weight > 0);
            self.replicas.push(Replica { weight, ..Replica::at(address) });
        }
    }
}

/// `jdbc:mysql://host:port/schema?x=y`, which MyCAT takes with dbDriver="jdbc", as `host:port`.
fn without_driver(url: &str) -> &str {
    let address = url.split_once("://").map_or(url, |(_, rest)| rest);
    address.split(['/', '?']).next().unwrap_or_default()
}

fn add_user(draft: &mut Draft, name: &str, password: String, schemas: &str) {
    let databases = expanded(schemas, |stem, number| format!("{stem}{number}"));
    draft.users.push(User { name: name.to_owned(), password, databases });
}

fn names_of(text: &str) -> Vec<String> {
    // `distribute(...)` only says in which order nodes of several hosts are listed.
    let inner = text.trim().strip_prefix("distribute(").and_then(|inner| inner.strip_suffix(')'));
    expanded(inner.unwrap_or(text), |stem, number| format!("{stem}{number}"))
}

/// `<dataNode name="dn$0-3" dataHost="h" database="db$0-3"/>`: each group has all schemas, and there is a name for each of those.
fn read_nodes(root: Node<'_, '_>, names: &Names, servers: &mut Servers, draft: &mut Draft) {
    for node in children(root, names.node) {
        let all = names_of(attribute(node, "name"));
        let groups = names_of(attribute(node, names.group));
        let schemas = names_of(attribute(node, "database"));
        let place = format!("{} {}", names.node, attribute(node, "name"));
        leftover::tell(&place, &unread_parts(node, &["name", names.group, "database"]), draft);
        if all.len() != groups.len() * schemas.len() {
            draft.not_translated(format!(
                "{place}: {} names for {} of {} and {} databases: there must be one for each pair",
                all.len(),
                groups.len(),
                names.group,
                schemas.len()
            ));
            continue;
        }
        let pairs = groups.iter().flat_map(|group| schemas.iter().map(move |schema| (group.clone(), schema.clone())));
        servers.nodes.extend(all.into_iter().zip(pairs));
    }
}

fn read_functions(root: Node<'_, '_>, names: &Names, folder: &Path, draft: &mut Draft) -> Functions {
    let mut functions = Functions::new();
    for node in children(root, "function") {
        let name = attribute(node, "name");
        let class = attribute(node, "class").rsplit('.').next().unwrap_or_default();
        let class = dble_alias(class).filter(|_| names.system == "dble").unwrap_or(class);
        let Some(kind) = registry::original(names.system, class).filter(|kind| kind.name != "mycat-hot-date") else {
            draft.not_translated(format!("function {name} of class {class}: its tables have no function yet"));
            continue;
        };
        let mut function = Function::new(kind.name);
        let mut key_type = key_type(kind.name);
        for (name, value) in properties(node) {
            let is_text_list = name == "type" && value != "0";
            function = match name.as_str() {
                "mapFile" | "ruleFile" | "weightMapFile" => match text(&folder.join(&value)) {
                    Ok(contents) => {
                        function.with(if name == "ruleFile" { "mapFile" } else { &name }, quoted(&contents))
                    }
                    Err(error) => {
                        draft.not_translated(format!("map file {error}: give its lines as {name}"));
                        function
                    }
                },
                "bucketMapPath" => function,
                _ => function.with_text(&name, &value),
            };
            if is_text_list {
                key_type = "text";
            }
            if name == "dateFormat" && value.contains('H') {
                key_type = "datetime";
            }
        }
        if matches!(kind.name, "mycat-mod" | "mycat-long") {
            draft.changed(format!(
                "function {name}: {} as of MyCAT from the end of 2020; if yours is older, write {}",
                kind.name,
                if kind.name == "mycat-mod" { "mycat-mod-before-2020-10" } else { "mycat-long-before-2020" }
            ));
        }
        if key_type.starts_with("date") {
            draft.changed(format!(
                "function {name}: dates are computed in UTC; add timezone = \"Asia/Shanghai\" or what the old process had"
            ));
        }
        functions.insert(name.to_owned(), (function, key_type));
    }
    functions
}

/// Other names of dble's functions.
fn dble_alias(class: &str) -> Option<&'static str> {
    match class.to_ascii_lowercase().as_str() {
        "hash" | "partitionbylong" => Some("Hash"),
        "stringhash" | "partitionbystring" => Some("StringHash"),
        "enum" | "partitionbyfilemap" => Some("Enum"),
        "numberrange" | "autopartitionbylong" => Some("NumberRange"),
        "patternrange" | "partitionbypattern" => Some("PatternRange"),
        "date" | "partitionbydate" => Some("Date"),
        "jumpstringhash" | "partitionbyjumpconsistenthash" => Some("jumpStringHash"),
        _ => None,
    }
}

/// What the column probably is: the old files do not say.
fn key_type(kind: &str) -> &'static str {
    match kind {
        "mycat-string"
        | "dble-string-hash"
        | "dble-jump-string-hash"
        | "mycat-substring"
        | "mycat-prefix-pattern"
        | "mycat-latest-month" => "text",
        "mycat-date" | "mycat-month" | "mycat-month-and-history" | "mycat-range-date-hash" | "dble-date" => "date",
        _ => "",
    }
}

fn rule_of(columns: String, function: &str, functions: &Functions) -> Rule {
    let (function, key_type) =
        functions.get(function).cloned().map_or((None, ""), |(function, key)| (Some(function), key));
    Rule { column: columns, function, key_type }
}

fn add_shard(database: &mut Database, node: &str, servers: &Servers, draft: &mut Draft) -> String {
    let name = plain(node);
    if database.shards.iter().any(|shard| shard.name == name) {
        return name;
    }
    let found = servers.nodes.get(node).and_then(|(group, schema)| Some((servers.groups.get(group)?, schema)));
    match found {
        Some((group, schema)) => {
            let set = draft.set(&group.primary, &group.replicas, &group.user, &group.password);
            database.shards.push(Shard { name: name.clone(), set, schema: schema.clone() });
        }
        None => draft.not_translated(format!("node {node} or its group of servers is not defined: say where it is")),
    }
    name
}

fn add_shards(database: &mut Database, nodes: &str, servers: &Servers, draft: &mut Draft) -> Vec<String> {
    names_of(nodes).iter().map(|node| add_shard(database, node, servers, draft)).collect()
}

fn begun(schema: Node<'_, '_>, default: &str, servers: &Servers, draft: &mut Draft) -> Database {
    let mut database = Database { name: attribute(schema, "name").to_owned(), ..Database::default() };
    if let Some(node) = names_of(default).first() {
        database.default_shard = add_shard(&mut database, node, servers, draft);
    }
    database
}

fn finished(mut database: Database, draft: &mut Draft) -> Database {
    if database.default_shard.is_empty() {
        database.default_shard = database.shards.first().map(|shard| shard.name.clone()).unwrap_or_default();
    }
    let (shards, tables) = (database.shards.len(), database.tables.len());
    draft.translated(format!("schema {}: {shards} shards, {tables} tables", database.name));
    database
}

fn read_schema(schema: Node<'_, '_>, servers: &Servers, rules: &BTreeMap<String, Rule>, draft: &mut Draft) -> Database {
    const READ: [&str; 9] =
        ["name", "dataNode", "rule", "type", "ruleRequired", "primaryKey", "autoIncrement", "subTables", "childTable"];
    let mut database = begun(schema, attribute(schema, "dataNode"), servers, draft);
    leftover::tell(&format!("schema {}", database.name), &unread_parts(schema, &["name", "dataNode", "table"]), draft);
    for table in children(schema, "table") {
        leftover::tell(&format!("table {}", attribute(table, "name")), &unread_parts(table, &READ), draft);
        let mut shards = add_shards(&mut database, attribute(table, "dataNode"), servers, draft);
        let names = sub_tables(&mut database, table, &mut shards, draft);
        for name in names_of(attribute(table, "name")) {
            let placement = match (attribute(table, "type"), rules.get(attribute(table, "rule"))) {
                ("global", _) => reference(&name, draft),
                (_, None) if shards.len() == 1 => Placement::Single(shards[0].clone()),
                (_, rule) => sharded(&name, rule.cloned(), &shards, draft),
            };
            let key = key_of(&placement);
            let is_required = attribute(table, "ruleRequired") == "true";
            let made = Table::new(&name, placement).requiring_key(is_required).listed(names.clone());
            let primary = attribute(table, "primaryKey");
            let is_numbered = attribute(table, "autoIncrement") == "true" && !primary.is_empty();
            database.tables.push(if is_numbered { made.numbered(primary, "segment") } else { made });
            if is_numbered {
                draft.changed(format!(
                    "table {name}: {primary} is numbered by a sequence of ShardGate's, which begins behind the highest number there is"
                ));
            }
            children(table, "childTable").for_each(|child| {
                let of = (attribute(child, "joinKey"), attribute(child, "parentKey"));
                add_child(&mut database, child, (&name, &key), of, draft);
            });
        }
    }
    finished(database, draft)
}

/// `subTables="t_order$1-3"`: tables of one node. Each gets a shard of its own, in the same schema; their names.
fn sub_tables(
    database: &mut Database,
    table: Node<'_, '_>,
    shards: &mut Vec<String>,
    draft: &mut Draft,
) -> Vec<String> {
    let names = names_of(attribute(table, "subTables"));
    let [node] = shards.as_slice() else { return Vec::new() };
    let Some(home) = database.shards.iter().find(|shard| shard.name == *node).cloned().filter(|_| !names.is_empty())
    else {
        return Vec::new();
    };
    let part = |number: usize| Shard { name: format!("{}_part{number}", home.name), ..home.clone() };
    let parts: Vec<Shard> = (0..names.len()).map(part).collect();
    *shards = parts.iter().map(|shard| shard.name.clone()).collect();
    for part in parts {
        if !database.shards.contains(&part) {
            database.shards.push(part);
        }
    }
    draft.translated(format!(
        "table {}: its subTables are shards of one schema, {} to {}",
        attribute(table, "name"),
        shards.first().map_or("", String::as_str),
        shards.last().map_or("", String::as_str)
    ));
    names
}

fn read_dble_schema(schema: Node<'_, '_>, servers: &Servers, functions: &Functions, draft: &mut Draft) -> Database {
    const READ: [&str; 7] =
        ["name", "shardingNode", "shardingColumn", "function", "sqlRequiredSharding", "incrementColumn", "childTable"];
    const TABLES: [&str; 3] = ["shardingTable", "globalTable", "singleTable"];
    let mut database = begun(schema, attribute(schema, "shardingNode"), servers, draft);
    let place = format!("schema {}", database.name);
    let own = unread_parts(schema, &["name", "shardingNode", TABLES[0], TABLES[1], TABLES[2]]);
    leftover::tell(&place, &own, draft);
    let is_table = |node: &Node<'_, '_>| TABLES.contains(&node.tag_name().name());
    for table in schema.children().filter(is_table) {
        leftover::tell(&format!("table {}", attribute(table, "name")), &unread_parts(table, &READ), draft);
        let shards = add_shards(&mut database, attribute(table, "shardingNode"), servers, draft);
        for name in names_of(attribute(table, "name")) {
            let placement = match table.tag_name().name() {
                "globalTable" => reference(&name, draft),
                "singleTable" => Placement::Single(shards.first().cloned().unwrap_or_default()),
                _ => {
                    let column = attribute(table, "shardingColumn").to_owned();
                    let rule = rule_of(column, attribute(table, "function"), functions);
                    sharded(&name, Some(rule), &shards, draft)
                }
            };
            let key = key_of(&placement);
            let is_required = attribute(table, "sqlRequiredSharding") == "true";
            let increment = attribute(table, "incrementColumn");
            let made = Table::new(&name, placement).requiring_key(is_required);
            database.tables.push(if increment.is_empty() { made } else { made.numbered(increment, "segment") });
            if !increment.is_empty() {
                draft.changed(format!(
                    "table {name}: {increment} is numbered by a sequence of ShardGate's, which begins behind the highest number there is"
                ));
            }
            children(table, "childTable").for_each(|child| {
                let of = (attribute(child, "joinColumn"), attribute(child, "parentColumn"));
                add_child(&mut database, child, (&name, &key), of, draft);
            });
        }
    }
    finished(database, draft)
}

fn reference(name: &str, draft: &mut Draft) -> Placement {
    draft.changed(format!(
        "table {name}: a reference table has a copy on every shard of the database; see that each has one"
    ));
    Placement::Reference
}

fn sharded(name: &str, rule: Option<Rule>, shards: &[String], draft: &mut Draft) -> Placement {
    if rule.as_ref().is_none_or(|rule| rule.function.is_none()) {
        draft.not_translated(format!("table {name} has no function that is known: give it one"));
    }
    let rule = rule.unwrap_or(Rule { column: "id".to_owned(), function: None, key_type: "" });
    if !rule.key_type.is_empty() {
        draft.changed(format!(
            "table {name}: {} is taken for a {} column, which the old files do not say; correct key_type if it is another \
             (texts are read as they are written)",
            rule.column, rule.key_type
        ));
    }
    let shards = shards.to_vec();
    Placement::Sharded {
        key: rule.column,
        key_type: rule.key_type,
        joint: Vec::new(),
        function: rule.function,
        within: None,
        shards,
    }
}

fn key_of(placement: &Placement) -> String {
    match placement {
        Placement::Sharded { key, .. } | Placement::Colocated { key, .. } | Placement::Child { key, .. } => key.clone(),
        Placement::Reference | Placement::Single(_) => String::new(),
    }
}

/// A child is placed by its parent's row: that is colocation where it is joined by the parent's shard key.
fn add_child(
    database: &mut Database,
    child: Node<'_, '_>,
    (parent, parent_key): (&str, &str),
    (join, of): (&str, &str),
    draft: &mut Draft,
) {
    const READ: [&str; 8] =
        ["name", "joinKey", "parentKey", "joinColumn", "parentColumn", "primaryKey", "autoIncrement", "childTable"];
    let name = attribute(child, "name").to_owned();
    leftover::tell(&format!("child table {name}"), &unread_parts(child, &READ), draft);
    let is_by_value = of.eq_ignore_ascii_case(parent_key);
    let placement = match is_by_value {
        true => Placement::Colocated { key: join.to_owned(), with: parent.to_owned() },
        false => Placement::Child { key: join.to_owned(), parent: parent.to_owned(), column: of.to_owned() },
    };
    if !is_by_value {
        draft.translated(format!(
            "child table {name}: rows are where the row of {parent} is whose {of} they have as {join}; INSERT looks for it, on all \
             shards of {parent} that do not take part in the transaction too, and refuses rows without a parent"
        ));
    }
    let made = Table::new(&name, placement);
    let primary = attribute(child, "primaryKey");
    let is_numbered = attribute(child, "autoIncrement") == "true" && !primary.is_empty();
    database.tables.push(if is_numbered { made.numbered(primary, "segment") } else { made });
    // A child of a child is colocated with it by values only where it has the same key.
    for grandchild in children(child, "childTable") {
        let join = attribute(grandchild, if child.has_attribute("joinKey") { "joinKey" } else { "joinColumn" });
        let of = attribute(grandchild, if child.has_attribute("joinKey") { "parentKey" } else { "parentColumn" });
        let key = if is_by_value {
            attribute(child, if child.has_attribute("joinKey") { "joinKey" } else { "joinColumn" })
        } else {
            ""
        };
        add_child(database, grandchild, (&name, key), (join, of), draft);
    }
}
