//! The two physical layouts, as config files and as the SQL that fills the servers.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use shardgate::playground::Cluster;
use shardgate::playground::cluster::SERVICE_USER;
use shardgate::sharding::{Located, Placement, Schema, ShardSet};

use super::tables::{self, Table};

/// How shards are told apart on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `shop_0.users` ... `shop_3.users`.
    SchemaPerShard,
    /// `shop_t.users_0` ... `shop_t.users_3`, two on each server.
    TablePerShard,
}

/// The logical database, and the schema of the plain server.
pub const DATABASE: &str = "shop";
pub const USER: &str = "app";
pub const PASSWORD: &str = "secret";
const SHARDS: usize = 4;

impl Layout {
    pub const ALL: [Layout; 2] = [Layout::SchemaPerShard, Layout::TablePerShard];

    pub fn name(self) -> &'static str {
        match self {
            Layout::SchemaPerShard => "a schema per shard",
            Layout::TablePerShard => "a table per shard",
        }
    }

    fn schema(self, shard: usize) -> String {
        match self {
            Layout::SchemaPerShard => format!("shop_{shard}"),
            Layout::TablePerShard => "shop_t".to_owned(),
        }
    }

    /// Writes `shardgate.toml` and its rules into `folder`; returns the path of the former. The replica sets of the
    /// layouts are the cluster's second and third.
    pub fn write_config(self, folder: &Path, cluster: &Cluster, port: u16, more: &str) -> PathBuf {
        std::fs::create_dir_all(folder.join("rules")).unwrap();
        std::fs::write(folder.join("rules/shop.toml"), self.rules()).unwrap();
        let config = folder.join("shardgate.toml");
        std::fs::write(&config, main_file(cluster, port, more)).unwrap();
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
            Layout::SchemaPerShard => "",
            Layout::TablePerShard => "physical = \"{table}_{index}\"\n",
        };
        let shards = "shards = [\"s0\", \"s1\", \"s2\", \"s3\"]";
        let mut table = |name: &str, lines: &str| {
            let _ = write!(text, "\n[[tables]]\nname = \"{name}\"\n{lines}\n");
        };
        table(
            "users",
            &format!("{physical}shard_key = \"user_id\"\nfunction = {{ kind = \"hash\", slots = 1024 }}\n{shards}"),
        );
        for name in ["orders", "order_items"] {
            table(name, &format!("{physical}shard_key = \"user_id\"\ncolocated_with = \"users\""));
        }
        table("tickets", &format!("{physical}shard_key = \"ticket_id\"\nfunction = {{ kind = \"mod\" }}\n{shards}"));
        let key = "key_type = \"text\"\ncollation = \"ascii_bin\"\n";
        table(
            "logins",
            &format!("{physical}shard_key = \"login\"\n{key}function = {{ kind = \"hash\", slots = 64 }}\n{shards}"),
        );
        table("countries", "kind = \"reference\"");
        table("products", "kind = \"reference\"");
        text
    }

    /// For each physical table of replica set `set`: schema, physical name, the logical table, and its rows there.
    pub fn tables<'a>(self, schema: &Schema, set: usize, all: &'a [Table]) -> Vec<PhysicalTable<'a>> {
        let mut found: Vec<PhysicalTable<'a>> = Vec::new();
        let (_, database) = schema.database(DATABASE).unwrap();
        for table in all {
            let rule = database.table(&table.name);
            let holders = rule.map_or(ShardSet::single(database.default_shard), |rule| rule.shard_set());
            for shard in holders.iter().filter(|shard| usize::from(schema.shard(*shard).replica_set.0) == set) {
                let here = |row: &&String| match rule.map(|rule| &rule.placement) {
                    Some(Placement::Sharded(sharded)) => match sharded.place(&tables::key(row)) {
                        Located::Shard(place) => place == shard,
                        other => panic!("{} {row}: {other:?}", table.name),
                    },
                    _ => true,
                };
                found.push(PhysicalTable {
                    schema: schema.shard(shard).schema.clone(),
                    name: rule.map_or(&*table.name, |rule| rule.physical_name(shard)).to_owned(),
                    table,
                    rows: table.rows.iter().filter(here).map(String::as_str).collect(),
                });
            }
        }
        found
    }
}

/// One table on one server.
#[derive(Debug)]
pub struct PhysicalTable<'a> {
    pub schema: String,
    pub name: String,
    pub table: &'a Table,
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

fn main_file(cluster: &Cluster, port: u16, more: &str) -> String {
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
    text + more
}
