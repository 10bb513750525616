//! The placements of the shop, as config files and as the SQL that fills the servers: two physical layouts under the
//! natural key, and one in which every table has another key, so that no two rows that belong together are together.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use shardgate::playground::Cluster;
use shardgate::playground::cluster::SERVICE_USER;
use shardgate::sharding::{Located, Placement, Schema, ShardId, ShardSet};

use super::tables::Table;

/// By which keys tables are sharded, and how shards are told apart on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `shop_0.users` ... `shop_3.users`.
    SchemaPerShard,
    /// `shop_t.users_0` ... `shop_t.users_3`, two on each server.
    TablePerShard,
    /// `shop_o0.users` ... `shop_o3.users`; no table is colocated with another.
    OffKey,
}

/// The logical database, and the schema of the plain server.
pub const DATABASE: &str = "shop";
pub const USER: &str = "app";
pub const PASSWORD: &str = "secret";
const SHARDS: usize = 4;

/// Tables and the lines of their rules; `ALL` stands for the list of shards. Tables without a rule are single.
type Rules = &'static [(&'static str, &'static str)];

/// Each user's orders and their items are with the user.
const NATURAL: Rules = &[
    ("users", "shard_key = \"user_id\"\nfunction = { kind = \"hash\", slots = 1024 }\nshards = ALL"),
    ("orders", "shard_key = \"user_id\"\ncolocated_with = \"users\""),
    ("order_items", "shard_key = \"user_id\"\ncolocated_with = \"users\""),
    ("tickets", "shard_key = \"ticket_id\"\nfunction = { kind = \"mod\" }\nshards = ALL"),
    (
        "logins",
        "shard_key = \"login\"\nkey_type = \"text\"\ncollation = \"ascii_bin\"\n\
         function = { kind = \"hash\", slots = 64 }\nshards = ALL",
    ),
    ("countries", "kind = \"reference\""),
    ("products", "kind = \"reference\""),
    ("samples", "shard_key = \"sample_id\"\nfunction = { kind = \"hash\", slots = 64 }\nshards = ALL"),
    ("words", "shard_key = \"word_id\"\nfunction = { kind = \"mod\" }\nshards = ALL"),
    // Not there until a case makes them.
    ("made", "shard_key = \"id\"\nfunction = { kind = \"mod\" }\nshards = ALL"),
    ("made_copies", "kind = \"reference\""),
];

/// Every join between sharded tables is off the key, most predicates are, and a unique key does not imply a shard.
const OFF_KEY: Rules = &[
    ("users", "shard_key = \"user_id\"\nfunction = { kind = \"hash\", slots = 1024 }\nshards = ALL"),
    ("orders", "shard_key = \"order_id\"\nfunction = { kind = \"mod\" }\nshards = ALL"),
    ("order_items", "shard_key = \"product_id\"\nfunction = { kind = \"hash\", slots = 64 }\nshards = ALL"),
    (
        "tickets",
        "shard_key = \"title\"\nkey_type = \"text\"\ncollation = \"utf8mb4_general_ci\"\n\
         function = { kind = \"hash\", slots = 64 }\nshards = ALL",
    ),
    ("logins", "shard_key = \"attempts\"\nfunction = { kind = \"mod\" }\nshards = ALL"),
    ("countries", "kind = \"reference\""),
    ("products", "shard_key = \"product_id\"\nfunction = { kind = \"mod\" }\nshards = ALL"),
    ("samples", "shard_key = \"grp\"\nfunction = { kind = \"mod\" }\nnull_key = \"s2\"\nshards = ALL"),
    (
        "words",
        "shard_key = \"general\"\nkey_type = \"text\"\ncollation = \"utf8mb4_general_ci\"\n\
         function = { kind = \"hash\", slots = 64 }\nnull_key = \"s0\"\nshards = ALL",
    ),
    // Not there until a case makes them.
    ("made", "shard_key = \"id\"\nfunction = { kind = \"mod\" }\nshards = ALL"),
    ("made_copies", "kind = \"reference\""),
];

impl Layout {
    pub const ALL: [Layout; 3] = [Layout::SchemaPerShard, Layout::TablePerShard, Layout::OffKey];

    pub fn name(self) -> &'static str {
        match self {
            Layout::SchemaPerShard => "a schema per shard",
            Layout::TablePerShard => "a table per shard",
            Layout::OffKey => "off the key",
        }
    }

    fn schema(self, shard: usize) -> String {
        match self {
            Layout::SchemaPerShard => format!("shop_{shard}"),
            Layout::TablePerShard => "shop_t".to_owned(),
            Layout::OffKey => format!("shop_o{shard}"),
        }
    }

    /// What no client may see.
    pub fn physical_names(self) -> Vec<String> {
        let schemas = (0..SHARDS).map(|shard| self.schema(shard)).chain(["shardgate_".to_owned()]);
        let tables = NATURAL.iter().filter(|(_, lines)| self == Layout::TablePerShard && lines.contains("shard_key"));
        let tables = tables.flat_map(|(table, _)| (0..SHARDS).map(move |shard| format!("{table}_{shard}")));
        schemas.chain(tables).collect()
    }

    /// Writes `shardgate.toml` and its rules into `folder`; returns the path of the former.
    pub fn write_config(self, folder: &Path, cluster: &Cluster, port: u16) -> PathBuf {
        let config = write_config(folder, cluster, port, &self.rules());
        if self == Layout::OffKey {
            // Tables are small here: they are shipped to each other wherever that can be.
            let text = std::fs::read_to_string(&config).unwrap() + "\n[gather]\nship_from = 0\n";
            std::fs::write(&config, text).unwrap();
        }
        config
    }

    fn rules(self) -> String {
        let mut text = format!("database = \"{DATABASE}\"\ndefault_shard = \"s0\"\n");
        for shard in 0..SHARDS {
            let (set, schema) = (1 + shard / 2, self.schema(shard));
            let _ =
                write!(text, "\n[[shards]]\nname = \"s{shard}\"\nreplica_set = \"rs{set}\"\nschema = \"{schema}\"\n");
        }
        let physical = match self {
            Layout::SchemaPerShard | Layout::OffKey => "",
            Layout::TablePerShard => "physical = \"{table}_{index}\"\n",
        };
        for (table, lines) in if self == Layout::OffKey { OFF_KEY } else { NATURAL } {
            let lines = lines.replace("ALL", "[\"s0\", \"s1\", \"s2\", \"s3\"]");
            let physical = if lines.contains("shard_key") { physical } else { "" };
            let _ = write!(text, "\n[[tables]]\nname = \"{table}\"\n{physical}{lines}\n");
        }
        text
    }
}

/// The same with rules from elsewhere. The replica sets of shards are the cluster's second and third.
pub fn write_config(folder: &Path, cluster: &Cluster, port: u16, rules: &str) -> PathBuf {
    std::fs::create_dir_all(folder.join("rules")).unwrap();
    std::fs::write(folder.join("rules/shop.toml"), rules).unwrap();
    let config = folder.join("shardgate.toml");
    std::fs::write(&config, main_file(cluster, port)).unwrap();
    config
}

/// For each physical table of replica set `set`: schema, physical name, the logical table, and its rows there.
pub fn physical_tables<'a>(schema: &Schema, set: usize, all: &'a [Table]) -> Vec<PhysicalTable<'a>> {
    let mut found: Vec<PhysicalTable<'a>> = Vec::new();
    let (_, database) = schema.database(DATABASE).unwrap();
    for table in all {
        let rule = database.table(&table.name);
        let holders = rule.map_or(ShardSet::single(database.default_shard), |rule| rule.shard_set());
        for shard in holders.iter().filter(|shard| usize::from(schema.shard(*shard).replica_set.0) == set) {
            let here = |row: &&String| match rule.map(|rule| &rule.placement) {
                Some(Placement::Sharded(sharded)) => match sharded.place(&table.value(row, &sharded.key_column)) {
                    Located::Shard(place) => place == shard,
                    other => panic!("{} {row}: {other:?}", table.name),
                },
                _ => true,
            };
            found.push(PhysicalTable {
                schema: schema.shard(shard).schema.clone(),
                name: rule.map_or(&*table.name, |rule| rule.physical_name(shard)).to_owned(),
                table,
                shard: Some(shard),
                rows: table.rows.iter().filter(here).map(String::as_str).collect(),
            });
        }
    }
    found
}

/// One table on one server.
#[derive(Debug)]
pub struct PhysicalTable<'a> {
    pub schema: String,
    pub name: String,
    pub table: &'a Table,
    /// `None`: on a server that has all rows.
    pub shard: Option<ShardId>,
    pub rows: Vec<&'a str>,
}

impl PhysicalTable<'_> {
    pub fn create(&self) -> String {
        format!("CREATE TABLE {}.{} {};", self.schema, self.name, self.table.definition)
    }

    /// Back to the rows that it began with.
    pub fn refill(&self) -> String {
        let place = format!("{}.{}", self.schema, self.name);
        let mut sql = format!("DELETE FROM {place};");
        if !self.rows.is_empty() {
            let _ = write!(sql, "INSERT INTO {place} VALUES {};", self.rows.join(","));
        }
        if self.table.definition.contains("AUTO_INCREMENT") {
            let _ = write!(sql, "ALTER TABLE {place} AUTO_INCREMENT = 1;");
        }
        sql
    }
}

fn main_file(cluster: &Cluster, port: u16) -> String {
    let mut text = format!(
        "rules = [\"rules/*.toml\"]\n\n[server]\nlisten = \"127.0.0.1:{port}\"\n\n\
         [[users]]\nname = \"{USER}\"\npassword = \"{PASSWORD}\"\ndatabases = [\"{DATABASE}\"]\n"
    );
    for set in &cluster.replica_sets {
        let replicas: Vec<String> =
            set.replicas.iter().map(|replica| format!("{{ address = \"{}\" }}", replica.address())).collect();
        let _ = write!(
            text,
            "\n[[replica_sets]]\nname = \"{}\"\nprimary = \"{}\"\nreplicas = [{}]\nuser = \"{SERVICE_USER}\"\npassword = \"{}\"\n",
            set.name,
            set.primary.address(),
            replicas.join(", "),
            cluster.service_password(),
        );
    }
    text
}
