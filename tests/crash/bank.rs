//! Servers with accounts and lists, ShardGates' configurations, and what clients were told.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant};

use shardgate::playground::cluster::SERVICE_USER;
use shardgate::playground::{Cluster, ClusterOptions};

use crate::harness::client::Client;
use crate::harness::layout::{PASSWORD, USER};
use crate::harness::relay::Relay;
use crate::harness::stage::administrator;
use crate::harness::talk::wait_until;

pub const SHARDS: usize = 4;
pub const SERVERS: usize = 2;
/// Accounts, and lists: both have these numbers.
pub const ACCOUNTS: u64 = 40;
pub const BALANCE: i64 = 1000;

/// A branch that is not ShardGate's, as XA RECOVER shows it.
const OTHERS: &str = "of others";

/// What a client knows of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    Done,
    Refused,
    /// The connection ended, or ShardGate said that it does not know.
    Nothing,
}

/// What a transaction leaves behind: two entries, or an element of two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    Entries,
    Elements,
}

/// Servers behind a network that fails, and what clients were told.
pub struct Bank {
    pub cluster: Cluster,
    pub relays: Vec<Relay>,
    pub runtime: tokio::runtime::Runtime,
    pub heard: Mutex<HashMap<u64, (Trace, Heard)>>,
    pub next: AtomicU64,
    pub stop: AtomicBool,
}

impl Bank {
    pub fn open(server: Option<PathBuf>) -> Bank {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = ["--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1", "--innodb-lock-wait-timeout=2"];
        let options = ClusterOptions {
            server,
            replica_sets: vec![0; SERVERS],
            server_options: options.map(str::to_owned).to_vec(),
            ..Default::default()
        };
        let cluster = runtime.block_on(Cluster::start(options)).unwrap();
        runtime.block_on(cluster.grant("bank\\_%")).unwrap();
        let relays = cluster.replica_sets.iter().map(|set| Relay::start(&runtime, set.primary.port())).collect();
        let (heard, next, stop) = (Mutex::default(), AtomicU64::new(1), AtomicBool::new(false));
        let bank = Bank { cluster, relays, runtime, heard, next, stop };
        (0..SHARDS).for_each(|shard| bank.fill(shard));
        bank
    }

    fn fill(&self, shard: usize) {
        let mut root = self.root(shard % SERVERS);
        root.run(&format!(
            "CREATE DATABASE bank_{shard}; USE bank_{shard};
             CREATE TABLE accounts (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL) ENGINE=InnoDB;
             CREATE TABLE entries (account BIGINT, transfer BIGINT, PRIMARY KEY (account, transfer)) ENGINE=InnoDB;
             CREATE TABLE lists (id BIGINT PRIMARY KEY, elements LONGTEXT NOT NULL) ENGINE=InnoDB"
        ));
        let own = || (0..ACCOUNTS).filter(|id| id % SHARDS as u64 == shard as u64);
        let accounts: Vec<String> = own().map(|id| format!("({id}, {BALANCE})")).collect();
        let lists: Vec<String> = own().map(|id| format!("({id}, '')")).collect();
        root.run(&format!("INSERT INTO accounts VALUES {}", accounts.join(",")));
        root.run(&format!("INSERT INTO lists VALUES {}", lists.join(",")));
    }

    pub fn root(&self, server: usize) -> Client {
        administrator(&self.cluster.replica_sets[server].primary.socket())
    }

    /// Somebody else's transaction, prepared for as long as it takes: nobody may touch it.
    pub fn leave_a_branch_of_others(&self) {
        let mut other = self.root(0);
        other.run("CREATE DATABASE others; CREATE TABLE others.t (a INT) ENGINE=InnoDB");
        other.run(&format!(
            "XA START '{OTHERS}'; INSERT INTO others.t VALUES (1); XA END '{OTHERS}'; XA PREPARE '{OTHERS}'"
        ));
    }

    /// A configuration of a ShardGate of its own.
    pub fn config(&self, name: &str, port: u16) -> PathBuf {
        let folder = self.cluster.folder().join(name);
        std::fs::create_dir_all(folder.join("rules")).unwrap();
        std::fs::write(folder.join("rules/bank.toml"), rules()).unwrap();
        let path = folder.join("shardgate.toml");
        std::fs::write(&path, self.main_file(port)).unwrap();
        path
    }

    fn main_file(&self, port: u16) -> String {
        let mut main = format!(
            "rules = [\"rules/*.toml\"]\n\n[server]\nlisten = \"127.0.0.1:{port}\"\n\n[[users]]\nname = \"{USER}\"\n\
             password = \"{PASSWORD}\"\n\n[transactions]\ncluster = \"bank\"\nrecovery_interval = \"200ms\"\n\
             commit_timeout = \"5s\"\ntake_over_after = \"3s\"\n\n[monitor]\ninterval = \"200ms\"\ntimeout = \"1s\"\n"
        );
        for (set, relay) in self.cluster.replica_sets.iter().zip(&self.relays) {
            let _ = write!(
                main,
                "\n[[replica_sets]]\nname = \"{}\"\nprimary = \"{}\"\nuser = \"{SERVICE_USER}\"\npassword = \"{}\"\n\
                 connect_timeout = \"2s\"\nresponse_timeout = \"6s\"\n",
                set.name,
                relay.address(),
                self.cluster.service_password()
            );
        }
        main
    }

    /// Branches of ShardGate's that are prepared.
    pub fn in_doubt(&self) -> usize {
        self.prepared().iter().filter(|name| *name != OTHERS).count()
    }

    pub fn others_are_left_alone(&self) -> bool {
        self.prepared().iter().any(|name| name == OTHERS)
    }

    fn prepared(&self) -> Vec<String> {
        (0..SERVERS).flat_map(|server| self.root(server).rows("XA RECOVER")).map(|row| row[3].clone()).collect()
    }

    /// Restarts what was killed until nothing is in doubt any more. What the network holds up stays so.
    pub fn settle(&self, seed: u64) {
        for set in &self.cluster.replica_sets {
            self.runtime.block_on(set.primary.start()).unwrap();
        }
        let begun = Instant::now();
        wait_until(&format!("seed {seed}: nothing is in doubt"), Duration::from_secs(30), || self.in_doubt() == 0);
        println!("nothing was in doubt after {:.1} s", begun.elapsed().as_secs_f64());
    }
}

fn rules() -> String {
    let mut rules = "database = \"bank\"\ndefault_shard = \"s0\"\n".to_owned();
    for shard in 0..SHARDS {
        let set = shard % SERVERS;
        let _ =
            write!(rules, "\n[[shards]]\nname = \"s{shard}\"\nreplica_set = \"rs{set}\"\nschema = \"bank_{shard}\"\n");
    }
    let function = "function = { kind = \"mod\" }\nshards = [\"s0\", \"s1\", \"s2\", \"s3\"]";
    let _ = write!(
        rules,
        "\n[[tables]]\nname = \"accounts\"\nshard_key = \"id\"\n{function}\n\n[[tables]]\nname = \"entries\"\n\
         shard_key = \"account\"\ncolocated_with = \"accounts\"\n\n[[tables]]\nname = \"lists\"\nshard_key = \"id\"\n\
         colocated_with = \"accounts\"\n"
    );
    rules
}
