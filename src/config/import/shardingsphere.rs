//! ShardingSphere-Proxy 5: `config-*.yaml`, one for each logical database, and `global.yaml` (or `server.yaml`) with users.

use std::path::Path;

use serde_json::Value as Json;

use super::ImportError;
use super::document::{files, list, object, scalar, string, unread, yaml};
use super::draft::{
    Database, Draft, Function, Placement, Replica, Shard, Table, User, Within, plain, quoted, quoted_list,
};
use super::leftover;
use super::shardingsphere_nodes::{
    combinations, data_nodes, in_order, is_understood, pattern, split_outside, without_parser,
};
use crate::sharding::function::compute::Buckets;
use crate::sharding::function::params::{Param, Params};
use crate::sharding::function::{Named, registry};

/// What is read of a file, of a data source, of a table and of a sharding rule.
const FILE: [&str; 7] =
    ["databaseName", "schemaName", "dataSources", "rules", "authority", "shardingRule", "masterSlaveRule"];
const SOURCE: [&str; 6] = ["url", "username", "password", "driverClassName", "dataSourceClassName", "jdbcUrl"];
const SHARDING: [&str; 15] = [
    "!",
    "tables",
    "autoTables",
    "bindingTables",
    "broadcastTables",
    "defaultDatabaseStrategy",
    "defaultTableStrategy",
    "defaultShardingColumn",
    "defaultKeyGenerateStrategy",
    "defaultAuditStrategy",
    "shardingAlgorithms",
    "keyGenerators",
    "auditors",
    "shardingCache",
    "defaultType",
];
const TABLE: [&str; 8] = [
    "logicTable",
    "actualDataNodes",
    "actualDataSources",
    "databaseStrategy",
    "tableStrategy",
    "shardingStrategy",
    "keyGenerateStrategy",
    "auditStrategy",
];

pub(super) fn read(path: &Path) -> Result<Draft, ImportError> {
    let mut draft = Draft::default();
    for file in files(path, &["yaml", "yml"])? {
        let config = yaml(&file)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        leftover::tell(&name, &unread(&config, &FILE), &mut draft);
        let is_old = |rule: &&Json| rule.as_object().is_some();
        if ["shardingRule", "masterSlaveRule", "encryptRule"]
            .iter()
            .any(|key| config.get(key).as_ref().is_some_and(is_old))
        {
            draft.not_translated(format!(
                "{name}: its rules are written as version 4 has them (shardingRule), and were not read: write them as version 5 does, \
                 under rules: - !SHARDING, and import again"
            ));
        }
        if let Some(authority) = config.get("authority") {
            read_users(authority, &mut draft);
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

/// `authority`: users, and which databases they may use.
fn read_users(authority: &Json, draft: &mut Draft) {
    leftover::tell("authority", &unread(authority, &["users", "privilege"]), draft);
    let privilege = authority.get("privilege");
    let kind = privilege.map(|privilege| string(privilege, "type")).unwrap_or_default().to_uppercase();
    let mappings = privilege
        .and_then(|privilege| privilege.get("props"))
        .map(|props| string(props, "user-database-mappings"))
        .unwrap_or_default();
    let is_mapped = kind == "DATABASE_PERMITTED" && !mappings.is_empty();
    if !kind.is_empty() && kind != "ALL_PERMITTED" && !is_mapped {
        draft.not_translated(format!("authority.privilege {kind}: say in [[users]] which databases each user may use"));
    }
    for user in list(authority, "users") {
        let written = string(user, "user");
        let (name, host) = written.split_once('@').unwrap_or((&written, "%"));
        leftover::tell(&format!("user {name}"), &unread(user, &["user", "password", "admin"]), draft);
        if !matches!(host, "%" | "" | "*") {
            draft.changed(format!("user {name}: it could log in from {host} only, and can from everywhere here"));
        }
        if string(user, "admin") == "true" {
            draft.changed(format!("user {name}: set admin = true in [[users]] if it may change rules here too"));
        }
        let of_user = mappings.split(',').filter_map(|pair| pair.split_once('='));
        let own = of_user.filter(|(user, _)| user.split('@').next().unwrap_or_default().trim() == name);
        let databases: Vec<String> = own.map(|(_, database)| database.trim().to_owned()).collect();
        let is_all = databases.iter().any(|database| database == "*");
        if is_mapped && databases.is_empty() {
            draft.not_translated(format!(
                "user {name}: it may use no database (user-database-mappings), and was left out"
            ));
            continue;
        }
        let databases = if is_all { Vec::new() } else { databases };
        draft.users.push(User { name: name.to_owned(), password: string(user, "password"), databases });
    }
}

/// A data source: its name, replica set and schema.
struct Source {
    name: String,
    /// The source that a group of `!READWRITE_SPLITTING` writes to: data nodes may still name it.
    written: Option<String>,
    set: String,
    schema: String,
}

impl Source {
    fn is_named(&self, name: &str) -> bool {
        self.name == name || self.written.as_deref() == Some(name)
    }
}

fn read_database(config: &Json, draft: &mut Draft) {
    let name = Some(string(config, "databaseName")).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| string(config, "schemaName"));
    let mut sources = Vec::new();
    for (source, of) in object(config, "dataSources") {
        leftover::tell(&format!("data source {source}"), &unread(of, &SOURCE), draft);
        let url = Some(string(of, "url")).filter(|url| !url.is_empty()).unwrap_or_else(|| string(of, "jdbcUrl"));
        if let Some((_, options)) = url.split_once('?') {
            draft.changed(format!("data source {source}: {options}: options of the driver mean nothing here"));
        }
        let place = url.split("//").nth(1).unwrap_or_default();
        let (address, schema) = place.split_once('/').unwrap_or((place, ""));
        let schema = schema.split(['?', ';']).next().unwrap_or_default().to_owned();
        let mut addresses = address.split(',').map(with_port);
        let primary = addresses.next().unwrap_or_default();
        let replicas: Vec<Replica> = addresses.map(|address| Replica::at(&address)).collect();
        let set = draft.set(&primary, &replicas, &string(of, "username"), &string(of, "password"));
        sources.push(Source { name: source.clone(), written: None, set, schema });
    }
    join_replicas(config, &mut sources, draft);
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
            "SINGLE" => read_single(rule, &sources, &mut database, draft),
            "READWRITE_SPLITTING" => {
                let known = ["!", "dataSources", "dataSourceGroups"];
                leftover::tell("rule !READWRITE_SPLITTING", &unread(rule, &known), draft);
            }
            other => draft.not_translated(format!(
                "rule !{other} of database {}: there is nothing like it here; leave it to the application, or to the servers",
                database.name
            )),
        }
    }
    draft.translated(format!("database {}: {} tables", database.name, database.tables.len()));
    draft.databases.push(database);
}

/// Drivers take MySQL's port where none is written.
fn with_port(address: &str) -> String {
    let address = address.trim();
    if address.is_empty() || address.contains(':') { address.to_owned() } else { format!("{address}:3306") }
}

/// `!READWRITE_SPLITTING`: a group is one source, the one that is written, with the others as its replicas.
fn join_replicas(config: &Json, sources: &mut Vec<Source>, draft: &mut Draft) {
    let rules = list(config, "rules").iter().filter(|rule| string(rule, "!") == "READWRITE_SPLITTING");
    for (group, of) in rules.flat_map(|rule| object(rule, "dataSources").chain(object(rule, "dataSourceGroups"))) {
        let write = string(of, "writeDataSourceName");
        let reads: Vec<String> = list(of, "readDataSourceNames").iter().map(scalar).collect();
        // A source may name several servers itself, its primary first.
        let addresses_of = |draft: &Draft, name: &str| {
            let set = &sources.iter().find(|source| source.name == name)?.set;
            let known = draft.sets.iter().find(|known| known.name == *set)?;
            let replicas = known.replicas.iter().map(|replica| replica.address.clone());
            Some(std::iter::once(known.primary.clone()).chain(replicas).collect::<Vec<String>>())
        };
        let replicas: Vec<String> = reads.iter().filter_map(|name| addresses_of(draft, name)).flatten().collect();
        let unknown: Vec<&String> = reads.iter().filter(|name| addresses_of(draft, name).is_none()).collect();
        for name in unknown {
            draft.not_translated(format!(
                "group {group}: data source {name} is not defined: give the replica set this replica"
            ));
        }
        let Some(primary) = addresses_of(draft, &write).and_then(|all| all.into_iter().next()) else {
            draft.not_translated(format!("group {group}: data source {write} is not defined: say where it is"));
            continue;
        };
        draft.sets.retain(|set| !replicas.contains(&set.primary) || set.primary == primary);
        if let Some(set) = draft.sets.iter_mut().find(|set| set.primary == primary) {
            let others = replicas.iter().filter(|replica| **replica != primary);
            set.replicas.extend(others.map(|replica| Replica::at(replica)));
        }
        sources.retain(|source| !reads.contains(&source.name));
        if let Some(source) = sources.iter_mut().find(|source| source.name == write) {
            source.written = Some(std::mem::replace(&mut source.name, group.clone()));
        }
        draft.changed(format!(
            "read/write splitting of {group}: set read_write_splitting = true in the rule file, or for users, if reads may go to \
             replicas"
        ));
    }
}

fn add_reference(database: &mut Database, name: String, draft: &mut Draft) {
    draft.changed(format!("table {name}: a reference table has a copy in every schema of the database"));
    database.tables.push(Table::new(&name, Placement::Reference));
}

fn read_sharding(rule: &Json, sources: &[Source], database: &mut Database, draft: &mut Draft) {
    leftover::tell("rule !SHARDING", &unread(rule, &SHARDING), draft);
    for (name, table) in object(rule, "tables") {
        let written = string(table, "actualDataNodes");
        if !written.is_empty() && !is_understood(&written) {
            draft.not_translated(format!(
                "table {name}: its actualDataNodes, {written}, are more than ranges (${{0..3}}) and lists of names, and are not \
                 understood: list the nodes, or give the table a function and its shards"
            ));
            let shards = database.shards.iter().map(|shard| shard.name.clone()).collect();
            database.tables.push(Table::new(name, Placement::untranslated(shards)));
            continue;
        }
        let nodes = data_nodes(&written);
        if let Some(single) = single_table(rule, name, table, &nodes, sources, database) {
            leftover::tell(&format!("table {name}"), &unread(table, &TABLE), draft);
            draft.translated(format!("table {name}: all of it is on one data source"));
            database.tables.push(single);
            continue;
        }
        let placed = table_of(rule, name, table, &nodes, sources, database);
        add_sharded(rule, name, table, (placed, sources), database, draft);
    }
    for (name, table) in object(rule, "autoTables") {
        let placed = auto_table(rule, name, table, sources, database);
        add_sharded(rule, name, table, (placed, sources), database, draft);
    }
    for table in list(rule, "broadcastTables") {
        add_reference(database, scalar(table), draft);
    }
    for group in list(rule, "bindingTables") {
        draft.translated(format!(
            "bindingTables {}: tables of one rule over the same shards are colocated by themselves: joins by all columns of their \
             keys are done by each shard, joins by some of several columns are gathered",
            scalar(group)
        ));
    }
}

type Placed = (Option<String>, Placement);

fn add_sharded(
    rule: &Json,
    name: &str,
    table: &Json,
    (placed, sources): (Option<Placed>, &[Source]),
    database: &mut Database,
    draft: &mut Draft,
) {
    leftover::tell(&format!("table {name}"), &unread(table, &TABLE), draft);
    let (physical, placement) = placed.unwrap_or_else(|| {
        let reason = unknown_source(table, sources).unwrap_or_else(|| why_not(rule, table));
        draft.not_translated(format!("table {name}: {reason}"));
        let shards = database.shards.iter().map(|shard| shard.name.clone()).collect();
        (None, Placement::untranslated(shards))
    });
    if let Placement::Sharded { key_type, within, .. } = &placement {
        let types = [Some(*key_type), within.as_ref().map(|within| within.key_type)];
        if types.into_iter().flatten().any(|key_type| !key_type.is_empty()) {
            draft.changed(format!(
                "table {name}: the key is taken for a DATETIME column; correct key_type if it is another"
            ));
        }
    }
    let audits =
        ["auditStrategy", "defaultAuditStrategy"].iter().find_map(|key| table.get(*key).or_else(|| rule.get(*key)));
    let is_audited = audits.is_some_and(|strategy| {
        let names = list(strategy, "auditorNames").iter().map(scalar);
        let kind = |name: String| rule.get("auditors")?.get(&name).map(|auditor| string(auditor, "type"));
        names.filter_map(kind).any(|kind| kind.eq_ignore_ascii_case("DML_SHARDING_CONDITIONS"))
    });
    if is_audited {
        draft.translated(format!("table {name}: statements must tell the key (DML_SHARDING_CONDITIONS)"));
    }
    let made = Table::new(name, placement).named(physical).requiring_key(is_audited);
    let generator = table.get("keyGenerateStrategy").or_else(|| rule.get("defaultKeyGenerateStrategy"));
    let column = generator.map(|generator| string(generator, "column")).unwrap_or_default();
    let kind = generator.map(|generator| string(generator, "keyGeneratorName")).unwrap_or_default();
    let kind =
        rule.get("keyGenerators").and_then(|all| all.get(&kind)).map(|of| string(of, "type")).unwrap_or_default();
    let made = match kind.to_uppercase().as_str() {
        "SNOWFLAKE" if !column.is_empty() => {
            draft.changed(format!(
                "table {name}: {column} is numbered by ShardGate's snowflake, whose numbers are others"
            ));
            made.numbered(&column, "snowflake")
        }
        _ if column.is_empty() => made,
        other => {
            draft.changed(format!(
                "table {name}: {column} was made by a generator of type {other}; INSERT must name it here"
            ));
            made
        }
    };
    database.tables.push(made);
}

/// A table with one data node that no strategy spreads.
fn single_table(
    rule: &Json,
    name: &str,
    table: &Json,
    nodes: &[(String, String)],
    sources: &[Source],
    database: &Database,
) -> Option<Table> {
    let [(source, physical)] = nodes else { return None };
    let is_none = |own: &str, default: &str| {
        let strategy = table.get(own).or_else(|| rule.get(default));
        strategy.is_none_or(|strategy| strategy.is_null() || strategy.get("none").is_some())
    };
    if !is_none("databaseStrategy", "defaultDatabaseStrategy") || !is_none("tableStrategy", "defaultTableStrategy") {
        return None;
    }
    let source = sources.iter().find(|known| known.is_named(source))?;
    let shard = plain(&format!("{}_{}", database.name, source.name));
    Some(Table::new(name, Placement::Single(shard)).named(Some(physical.clone()).filter(|physical| physical != name)))
}

/// `!SINGLE`: tables by data source, `ds_0.t` or `ds_0.*`, and where new ones come to be.
fn read_single(rule: &Json, sources: &[Source], database: &mut Database, draft: &mut Draft) {
    leftover::tell("rule !SINGLE", &unread(rule, &["!", "tables", "defaultDataSource"]), draft);
    let shard_of = |name: &str, database: &Database| {
        let source = sources.iter().find(|known| known.is_named(name))?;
        Some(plain(&format!("{}_{}", database.name, source.name)))
    };
    let default = string(rule, "defaultDataSource");
    match shard_of(&default, database) {
        Some(shard) => {
            draft.translated(format!("rule !SINGLE: tables without a rule are on {default}"));
            database.default_shard = shard;
        }
        None if default.is_empty() => {}
        None => draft.not_translated(format!("rule !SINGLE: data source {default} is not defined: see default_shard")),
    }
    for written in list(rule, "tables").iter().map(scalar) {
        let parts: Vec<&str> = written.split('.').collect();
        let (source, table) = match parts.as_slice() {
            [source, .., table] => (*source, *table),
            _ => ("*", written.as_str()),
        };
        match (shard_of(source, database), table) {
            (Some(shard), "*") if shard == database.default_shard => {}
            (Some(shard), "*") => draft.not_translated(format!(
                "rule !SINGLE: tables of {source} ({written}) are not all known here: tables without a rule are looked for on \
                 {} only; give each table that is on {shard} a rule with kind = \"single\", shard = \"{shard}\"",
                database.default_shard
            )),
            (Some(shard), table) => {
                if !database.tables.iter().any(|known| known.name == table) {
                    draft.translated(format!("table {table}: single, on {source}"));
                    database.tables.push(Table::new(table, Placement::Single(shard)));
                }
            }
            (None, _) if source == "*" && sources.len() == 1 => {}
            (None, _) if source == "*" => draft.not_translated(format!(
                "rule !SINGLE: {written}: tables without a rule are looked for on {} only; give each single table that is on \
                 another a rule with kind = \"single\" and its shard",
                database.default_shard
            )),
            (None, _) => {
                draft.not_translated(format!("rule !SINGLE: {written}: data source {source} is not defined"));
            }
        }
    }
}

/// What is to be said where a data node is on a source that there is not.
fn unknown_source(table: &Json, sources: &[Source]) -> Option<String> {
    let nodes = data_nodes(&string(table, "actualDataNodes"));
    let named = string(table, "actualDataSources");
    let of_auto = split_outside(without_parser(&named)).into_iter().flat_map(|part| combinations(part.trim()));
    let mut all = nodes.into_iter().map(|(source, _)| source).chain(of_auto).filter(|name| !name.is_empty());
    let unknown = all.find(|name| !sources.iter().any(|source| source.is_named(name)))?;
    Some(format!("data source {unknown} is not defined: give the table a function and its shards"))
}

/// Why a table's strategies cannot be written, and what to do instead.
fn why_not(rule: &Json, table: &Json) -> String {
    let own = ["databaseStrategy", "tableStrategy", "shardingStrategy"];
    let defaults = ["defaultDatabaseStrategy", "defaultTableStrategy"];
    let strategies =
        own.iter().filter_map(|name| table.get(*name)).chain(defaults.iter().filter_map(|name| rule.get(*name)));
    for (kind, strategy) in strategies.flat_map(|strategy| strategy.as_object().into_iter().flatten()) {
        let name = string(strategy, "shardingAlgorithmName");
        let algorithm = rule.get("shardingAlgorithms").and_then(|all| all.get(&name));
        let algorithm_type = algorithm.map(|algorithm| string(algorithm, "type")).unwrap_or_default().to_uppercase();
        let class = algorithm
            .and_then(|of| of.get("props"))
            .map(|props| string(props, "algorithmClassName"))
            .unwrap_or_default();
        match (kind.as_str(), algorithm_type.as_str()) {
            ("hint", _) => {
                return format!(
                    "a hint strategy ({name}) takes the shard from the program: give the table the column that the program computes its \
                     hint from as shard_key, and where a read must name \
                     its shard it can, with /*shardgate: shard=NAME */"
                );
            }
            (_, "CLASS_BASED") => {
                return format!(
                    "algorithm {name} is a class of your own ({class}): if one of the functions computes the same (compare with \
                     `shardgate place`), name that; else list its results for function = {{ kind = \"lookup\" }}, or move the rows"
                );
            }
            ("complex", _) => {
                return format!(
                    "a complex strategy ({name}) can be written where it is COMPLEX_INLINE over the tables of one database, or the databases \
                     of one table; else choose columns that decide, and move the rows"
                );
            }
            (_, "") => {
                return format!("algorithm {name} is not in shardingAlgorithms: add it, or give the table a function");
            }
            (_, kind) if registry::original("shardingsphere", kind).is_none() => {
                return format!(
                    "algorithm {name} of type {kind} is not known: if one of the functions computes the same (compare with `shardgate \
                     place`), name that; else move the rows"
                );
            }
            _ => {}
        }
    }
    "actualDataNodes and strategies do not fit together: each data node must be what the databaseStrategy and tableStrategy give, \
     database by database; give it a function and list its shards"
        .to_owned()
}

/// A standard strategy: its column and algorithm.
fn standard<'r>(rule: &'r Json, table: &Json, own: &str, default: &str) -> Option<(String, &'r Json)> {
    let strategy = table.get(own).or_else(|| rule.get(default))?.get("standard")?.clone();
    let algorithm = rule.get("shardingAlgorithms")?.get(string(&strategy, "shardingAlgorithmName"))?;
    let column = Some(string(&strategy, "shardingColumn")).filter(|column| !column.is_empty());
    Some((column.unwrap_or_else(|| string(rule, "defaultShardingColumn")), algorithm))
}

fn table_of(
    rule: &Json,
    name: &str,
    table: &Json,
    nodes: &[(String, String)],
    sources: &[Source],
    database: &mut Database,
) -> Option<Placed> {
    let (first_source, first_table) = nodes.first()?;
    let several_tables = nodes.iter().any(|(_, physical)| physical != first_table);
    let several_sources = nodes.iter().any(|(source, _)| source != first_source);
    let by_database = standard(rule, table, "databaseStrategy", "defaultDatabaseStrategy");
    let by_table = standard(rule, table, "tableStrategy", "defaultTableStrategy");
    match (several_sources, several_tables) {
        (true, true) => two_levels(name, nodes, (by_database?, by_table?), sources, database),
        (true, false) => match by_database {
            Some((column, algorithm)) => place(name, &column, algorithm, nodes, true, sources, database),
            None => complex_joint(rule, (name, table), nodes, true, sources, database),
        },
        (false, _) => match by_table {
            Some((column, algorithm)) => place(name, &column, algorithm, nodes, false, sources, database),
            None => complex(rule, table, nodes, sources, database)
                .or_else(|| complex_joint(rule, (name, table), nodes, false, sources, database)),
        },
    }
}

/// The database by one column, the table in it by another (or by the same).
fn two_levels(
    name: &str,
    nodes: &[(String, String)],
    ((by, of_databases), (inner, of_tables)): ((String, &Json), (String, &Json)),
    sources: &[Source],
    database: &mut Database,
) -> Option<Placed> {
    let mut databases: Vec<&str> = nodes.iter().map(|(source, _)| source.as_str()).collect();
    databases.dedup();
    let size = nodes.len() / databases.len();
    let tables: Vec<&str> = nodes.iter().take(size).map(|(_, table)| table.as_str()).collect();
    let is_product = nodes.iter().enumerate().all(|(index, (source, table))| {
        databases.get(index / size) == Some(&source.as_str()) && tables.get(index % size) == Some(&table.as_str())
    });
    if !is_product {
        return None;
    }
    let (outer_order, inner_order) = (in_order(of_databases, &databases)?, in_order(of_tables, &tables)?);
    let ordered = outer_order.iter().flat_map(|outer| inner_order.iter().map(move |inner| outer * size + inner));
    let nodes: Vec<(String, String)> = ordered.map(|place| nodes[place].clone()).collect();
    let (first, key_type) = function_of(of_databases, &by, &databases)?;
    let (second, second_type) = function_of(of_tables, &inner, &tables)?;
    let is_inline = second.kind == "shardingsphere-inline";
    let physical = if is_inline { "{bucket}".to_owned() } else { pattern(&tables)? };
    let within = Within { key: inner, key_type: second_type, function: second, shards: size };
    let shards = own_shards(name, &nodes, false, sources, database)?;
    let placement = Placement::Sharded {
        key: by,
        key_type,
        joint: Vec::new(),
        function: Some(first),
        within: Some(within),
        shards,
    };
    Some((Some(physical), placement))
}

/// COMPLEX_INLINE over the tables of one database, such as `t_${a % 2}_${b % 2}`.
fn complex(
    rule: &Json,
    table: &Json,
    nodes: &[(String, String)],
    sources: &[Source],
    database: &mut Database,
) -> Option<Placed> {
    let strategy = table.get("tableStrategy")?.get("complex")?;
    let algorithm = rule.get("shardingAlgorithms")?.get(string(strategy, "shardingAlgorithmName"))?;
    if string(algorithm, "type").to_uppercase() != "COMPLEX_INLINE" {
        return None;
    }
    let columns: Vec<String> =
        string(strategy, "shardingColumns").split(',').map(|name| name.trim().to_owned()).collect();
    let [one, other] = columns.as_slice() else { return None };
    let expression = string(algorithm.get("props")?, "algorithm-expression");
    let expression = without_parser(&expression).replace("->", "");
    let pieces: Vec<&str> = expression.split(['$', '{', '}']).filter(|piece| !piece.is_empty()).collect();
    let [prefix, first, middle, second] = pieces.as_slice() else { return None };
    let uses =
        |piece: &str, column: &str| piece.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column);
    let column_of = |piece: &str| match (uses(piece, one), uses(piece, other)) {
        (true, false) => Some(one.clone()),
        (false, true) => Some(other.clone()),
        _ => None,
    };
    // Both count from 0, the second one faster.
    let parts = |name: &str| {
        let (group, within) = name.strip_prefix(prefix)?.split_once(middle)?;
        Some((group.parse::<usize>().ok()?, within.parse::<usize>().ok()?))
    };
    let numbers: Vec<(usize, usize)> = nodes.iter().map(|(_, name)| parts(name)).collect::<Option<_>>()?;
    let size = numbers.iter().map(|(_, within)| within + 1).max()?;
    let is_product = numbers.iter().enumerate().all(|(index, pair)| *pair == (index / size, index % size));
    let inline = |piece: &str, column: &str, count: usize| {
        let names: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        Function::new("shardingsphere-inline")
            .with_text("algorithm-expression", &format!("${{{piece}}}"))
            .with_text("column", column)
            .with("names", quoted_list(names.iter().map(String::as_str)))
    };
    let (key, inner) = (column_of(first)?, column_of(second)?);
    let function = inline(first, &key, nodes.len() / size);
    let within = Within { function: inline(second, &inner, size), key: inner, key_type: "", shards: size };
    let shards = own_shards("", nodes, false, sources, database).filter(|_| is_product)?;
    let physical = format!("{prefix}{{group}}{middle}{{within}}");
    Some((
        Some(physical),
        Placement::Sharded {
            key,
            key_type: "",
            joint: Vec::new(),
            function: Some(function),
            within: Some(within),
            shards,
        },
    ))
}

/// COMPLEX_INLINE over the tables of one database, or the databases of one table, whose expression needs all columns together.
fn complex_joint(
    rule: &Json,
    (name, table): (&str, &Json),
    nodes: &[(String, String)],
    by_database: bool,
    sources: &[Source],
    database: &mut Database,
) -> Option<Placed> {
    let of = if by_database { "databaseStrategy" } else { "tableStrategy" };
    let strategy = table.get(of)?.get("complex")?;
    let algorithm = rule.get("shardingAlgorithms")?.get(string(strategy, "shardingAlgorithmName"))?;
    if string(algorithm, "type").to_uppercase() != "COMPLEX_INLINE" {
        return None;
    }
    let columns: Vec<String> =
        string(strategy, "shardingColumns").split(',').map(|column| column.trim().to_owned()).collect();
    let (key, others) = columns.split_first().filter(|(_, others)| !others.is_empty())?;
    let names: Vec<&str> =
        nodes.iter().map(|(source, table)| if by_database { source } else { table }.as_str()).collect();
    let function = Function::new("shardingsphere-complex-inline")
        .with_text("algorithm-expression", without_parser(&string(algorithm.get("props")?, "algorithm-expression")))
        .with_text("sharding-columns", &columns.join(","))
        .with("names", quoted_list(names));
    let physical = match by_database {
        true => Some(nodes[0].1.clone()).filter(|physical| physical != name),
        false => Some("{bucket}".to_owned()),
    };
    let shards = own_shards(name, nodes, by_database, sources, database)?;
    let placement = Placement::Sharded {
        key: key.clone(),
        key_type: "",
        joint: others.iter().map(|column| (column.clone(), "")).collect(),
        function: Some(function),
        within: None,
        shards,
    };
    Some((physical, placement))
}

/// Tables that ShardingSphere names and spreads by itself: table i is on the i-th data source, in turn.
fn auto_table(rule: &Json, name: &str, table: &Json, sources: &[Source], database: &mut Database) -> Option<Placed> {
    let (column, algorithm) = standard(rule, table, "shardingStrategy", "defaultTableStrategy")?;
    let named = string(table, "actualDataSources");
    let of: Vec<String> =
        split_outside(without_parser(&named)).into_iter().flat_map(|part| combinations(part.trim())).collect();
    let known = registry::original("shardingsphere", &string(algorithm, "type").to_uppercase())?;
    let params: Params =
        object(algorithm, "props").map(|(name, value)| (name.clone(), Param::Text(scalar(value)))).collect();
    let Buckets::Count(count) = Named::read(known, params).0.ok()?.compute().buckets() else { return None };
    let nodes: Vec<(String, String)> = (0..count)
        .map(|index| Some((of.get(index % of.len().max(1))?.clone(), format!("{name}_{index}"))))
        .collect::<Option<_>>()?;
    let (function, key_type) = function_of(algorithm, &column, &[])?;
    let shards = own_shards(name, &nodes, false, sources, database)?;
    let placement =
        Placement::Sharded { key: column, key_type, joint: Vec::new(), function: Some(function), within: None, shards };
    Some((Some("{table}_{index}".to_owned()), placement))
}

/// The algorithm as a function of this column that chooses among `names`; and the key's type.
fn function_of(algorithm: &Json, column: &str, names: &[&str]) -> Option<(Function, &'static str)> {
    let kind = string(algorithm, "type").to_uppercase();
    let known = registry::original("shardingsphere", &kind)?;
    let mut function = Function::new(known.name);
    for (name, value) in object(algorithm, "props") {
        if name != "allow-range-query-with-inline-sharding" {
            function = function.with_text(name, without_parser(&scalar(value)));
        }
    }
    if kind == "INLINE" {
        function = function.with("column", quoted(column)).with("names", quoted_list(names.iter().copied()));
    }
    Some((function, if matches!(kind.as_str(), "INTERVAL" | "AUTO_INTERVAL") { "datetime" } else { "" }))
}

/// The shards of the nodes: of a table that is once in each source the sources' own, else one for each node.
fn own_shards(
    table: &str,
    nodes: &[(String, String)],
    by_database: bool,
    sources: &[Source],
    database: &mut Database,
) -> Option<Vec<String>> {
    let mut shards = Vec::new();
    for (index, (source, _)) in nodes.iter().enumerate() {
        let source = sources.iter().find(|known| known.is_named(source))?;
        let name = match by_database {
            true => plain(&format!("{}_{}", database.name, source.name)),
            // Another number of nodes needs other shards.
            false => plain(&format!("{}_{}_{}_{index}", database.name, source.name, nodes.len())),
        };
        let shard = Shard { name: name.clone(), set: source.set.clone(), schema: source.schema.clone() };
        match database.shards.iter().find(|known| known.name == name) {
            None => database.shards.push(shard),
            Some(known) if *known == shard => {}
            // The same number of nodes, spread otherwise.
            Some(_) => {
                let name = plain(&format!("{}_{table}_{index}", database.name));
                database.shards.push(Shard { name: name.clone(), ..shard });
                shards.push(name);
                continue;
            }
        }
        shards.push(name);
    }
    Some(shards)
}

/// The table's placement by one strategy.
fn place(
    table: &str,
    column: &str,
    algorithm: &Json,
    nodes: &[(String, String)],
    by_database: bool,
    sources: &[Source],
    database: &mut Database,
) -> Option<Placed> {
    let names: Vec<&str> =
        nodes.iter().map(|(source, table)| if by_database { source } else { table }.as_str()).collect();
    let (function, key_type) = function_of(algorithm, column, &names)?;
    let physical = match (by_database, function.kind == "shardingsphere-inline") {
        (true, _) => Some(nodes[0].1.clone()).filter(|physical| physical != table),
        (false, true) => Some("{bucket}".to_owned()),
        (false, false) => Some(pattern(&names)?),
    };
    let nodes: Vec<(String, String)> =
        in_order(algorithm, &names)?.into_iter().map(|place| nodes[place].clone()).collect();
    let shards = own_shards(table, &nodes, by_database, sources, database)?;
    let (key, function) = (column.to_owned(), Some(function));
    Some((physical, Placement::Sharded { key, key_type, joint: Vec::new(), function, within: None, shards }))
}
