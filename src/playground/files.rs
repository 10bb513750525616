//! The demo's config as a user would write it: `shardgate.toml` and `rules/shop.toml` in the cluster's folder.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::config;
use crate::sharding::Schema;

use super::cluster::{Cluster, SERVICE_USER};
use super::error::Error;
use super::shop::{DATABASE, SHARDS};

/// The demo's client user; it exists on ShardGate only.
pub(crate) const USER: &str = "app";
/// No secret: ShardGate and the servers listen on the loopback address only.
pub(crate) const USER_PASSWORD: &str = "app";
/// The console's user.
pub(crate) const OPERATOR: &str = "operator";
pub(crate) const OPERATOR_PASSWORD: &str = "operator";

/// Writes both files, new on each start, since ports and passwords change; returns the path of `shardgate.toml`.
pub(crate) fn write(cluster: &Cluster, port: u16, console: u16) -> Result<PathBuf, Error> {
    let rules = cluster.folder().join("rules");
    std::fs::create_dir_all(&rules).map_err(Error::io(&rules))?;
    put(&rules.join("shop.toml"), &shop_rules())?;
    let config = cluster.folder().join("shardgate.toml");
    put(&config, &main_file(cluster, port, console))?;
    Ok(config)
}

/// Passwords stand in it: nobody else may read it.
fn put(path: &Path, text: &str) -> Result<(), Error> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut open = std::fs::OpenOptions::new();
    let file = open.write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes())).map_err(Error::io(path))
}

fn main_file(cluster: &Cluster, port: u16, console: u16) -> String {
    let mut text = format!(
        "# Written by `shardgate playground` at each start.\n\
         rules = [\"rules/*.toml\"]\n\n\
         [server]\nlisten = \"127.0.0.1:{port}\"\n\n\
         [[users]]\nname = \"{USER}\"\npassword = \"{USER_PASSWORD}\"\ndatabases = [\"{DATABASE}\"]\n\
         # May change rules and reload the configuration.\nadmin = true\n\n\
         [console]\nlisten = \"127.0.0.1:{console}\"\n\n\
         [[console.users]]\nname = \"{OPERATOR}\"\npassword = \"{OPERATOR_PASSWORD}\"\n"
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

fn shop_rules() -> String {
    let mut text = format!("database = \"{DATABASE}\"\ndefault_shard = \"s0\"\n");
    for shard in 0..SHARDS {
        let _ = write!(
            text,
            "\n[[shards]]\nname = \"s{shard}\"\nreplica_set = \"rs{}\"\nschema = \"shop_{shard}\"\n",
            shard / 2
        );
    }
    let shards: Vec<String> = (0..SHARDS).map(|shard| format!("\"s{shard}\"")).collect();
    let _ = write!(
        text,
        "\n[[tables]]\nname = \"users\"\nshard_key = \"user_id\"\nfunction = {{ kind = \"hash\", slots = 1024 }}\nshards = [{}]\n",
        shards.join(", ")
    );
    for table in ["orders", "order_items"] {
        let _ = write!(text, "\n[[tables]]\nname = \"{table}\"\nshard_key = \"user_id\"\ncolocated_with = \"users\"\n");
    }
    for table in ["products", "countries"] {
        let _ = write!(text, "\n[[tables]]\nname = \"{table}\"\nkind = \"reference\"\n");
    }
    text.push_str("\n[[tables]]\nname = \"settings\"\nkind = \"single\"\nshard = \"s0\"\n");
    text
}

/// The rules of a config file, compiled.
pub(crate) fn schema(config: &Path) -> Result<Schema, Error> {
    config::load(config).map(|loaded| loaded.schema).map_err(|error| Error::Config(error.to_string()))
}
