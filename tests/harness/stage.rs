//! Servers that are shared by a test binary, and ShardGates in front of them that are not: each test may have one with
//! a configuration of its own, over the same small tables.
//!
//! Tests do not meet on rows: [`World::ids`] gives each its own block of keys, and says on which shard a key is.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use shardgate::playground::cluster::SERVICE_USER;
use shardgate::playground::{Cluster, ClusterOptions, ports};

use super::client::{Client, ClientError, Login};
use super::layout::{PASSWORD, USER};
use super::proxy::Proxy;

const SHARDS: usize = 4;
/// Keys of one block; a multiple of the number of shards.
const BLOCK: i64 = 10_000;

/// Each shard has these; `colours` is a reference table, `settings` is used on the first shard only.
const TABLES: &str = "
CREATE TABLE items (id BIGINT NOT NULL PRIMARY KEY, note VARCHAR(200) DEFAULT NULL, amount INT NOT NULL DEFAULT 0,
  slot INT DEFAULT NULL UNIQUE) ENGINE=InnoDB;
CREATE TABLE parts (item_id BIGINT NOT NULL, part_no INT NOT NULL, label VARCHAR(50) DEFAULT NULL, data LONGBLOB,
  PRIMARY KEY (item_id, part_no)) ENGINE=InnoDB;
CREATE TABLE colours (code INT NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL) ENGINE=InnoDB;
INSERT INTO colours VALUES (1, 'red'), (2, 'green'), (3, 'blue');
CREATE TABLE settings (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE,
  value VARCHAR(200) DEFAULT NULL) ENGINE=InnoDB";

/// A logical database: its name, and the replica set of each of its four shards.
pub type Database = (&'static str, [usize; SHARDS]);

/// The servers of a test binary. They end with the process.
#[derive(Debug)]
pub struct World {
    pub cluster: Cluster,
    databases: &'static [Database],
    runtime: tokio::runtime::Runtime,
    common: OnceLock<Stage>,
    next_block: AtomicI64,
    stages: AtomicUsize,
}

/// What a ShardGate's configuration says besides the necessary.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Lines of `[server]`.
    pub server: String,
    /// Lines of each `[[replica_sets]]`.
    pub replica_set: String,
    /// Lines of the rule file's head.
    pub rules: String,
    /// Rules of further tables.
    pub tables: String,
    /// Further lines at the end: more users, `[monitor]`.
    pub more: String,
    /// Other addresses than the servers' own for the primaries of some replica sets.
    pub primaries: BTreeMap<usize, String>,
    /// The same for replicas: by replica set and number.
    pub replicas: BTreeMap<(usize, usize), String>,
    /// Weights of replicas, in order; 1 where missing.
    pub weights: Vec<u32>,
}

/// A ShardGate of its own.
#[derive(Debug)]
pub struct Stage {
    pub proxy: Proxy<'static>,
    pub database: &'static str,
}

impl World {
    /// Starts the servers, a replica set for each number of replicas, and fills the databases. The first is what
    /// [`World::common`] serves.
    pub fn start(replica_sets: &[usize], databases: &'static [Database]) -> &'static World {
        Self::start_with(&[], replica_sets, databases)
    }

    /// The same with options for each server, as on its command line.
    pub fn start_with(
        server_options: &[&str],
        replica_sets: &[usize],
        databases: &'static [Database],
    ) -> &'static World {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = ClusterOptions {
            server: std::env::var_os("SHARDGATE_TEST_SERVER").map(Into::into),
            replica_sets: replica_sets.to_vec(),
            server_options: server_options.iter().map(ToString::to_string).collect(),
            ..Default::default()
        };
        let cluster = runtime.block_on(Cluster::start(options)).unwrap();
        let world = World {
            cluster,
            databases,
            runtime,
            common: OnceLock::new(),
            next_block: AtomicI64::new(1),
            stages: AtomicUsize::new(0),
        };
        databases.iter().for_each(|database| world.fill(database));
        world.block_on(world.cluster.wait_for_replicas()).unwrap();
        Box::leak(Box::new(world))
    }

    fn fill(&self, (name, sets): &Database) {
        self.block_on(self.cluster.grant(&format!("{name}\\_%"))).unwrap();
        self.root(sets[0]).run(&format!("CREATE DATABASE {name}_hidden; USE {name}_hidden; {TABLES}"));
        for (shard, set) in sets.iter().enumerate() {
            let mut root = self.root(*set);
            root.run(&format!("CREATE DATABASE {name}_{shard}; USE {name}_{shard}; {TABLES}"));
        }
    }

    /// The default configuration, shared by all tests that need nothing else.
    pub fn common(&'static self) -> &'static Stage {
        self.common.get_or_init(|| self.stage(Setup::default()))
    }

    /// A ShardGate in front of the first database.
    pub fn stage(&'static self, setup: Setup) -> Stage {
        self.stage_of(self.databases[0].0, setup)
    }

    /// A ShardGate that kills itself at a named place.
    pub fn stage_to_crash(&'static self, place: &str) -> Stage {
        self.start_stage(self.databases[0].0, Setup::default(), Some(place))
    }

    /// A ShardGate in front of the database with this name.
    pub fn stage_of(&'static self, database: &str, setup: Setup) -> Stage {
        self.start_stage(database, setup, None)
    }

    fn start_stage(&'static self, database: &str, setup: Setup, crash_at: Option<&str>) -> Stage {
        let (database, sets) = self.databases.iter().find(|(name, _)| *name == database).unwrap();
        let folder = self.cluster.folder().join(format!("stage{}", self.stages.fetch_add(1, Ordering::Relaxed)));
        std::fs::create_dir_all(folder.join("rules")).unwrap();
        std::fs::write(folder.join("rules/main.toml"), rules(database, sets, &setup)).unwrap();
        std::fs::write(folder.join("rules/hidden.toml"), hidden_rules(database, sets)).unwrap();
        let port = ports::free_port().unwrap();
        let config = folder.join("shardgate.toml");
        std::fs::write(&config, self.main_file(database, sets, &setup, port)).unwrap();
        Stage { proxy: Proxy::start_to_crash(&self.cluster, &config, port, crash_at), database }
    }

    fn main_file(&self, database: &str, sets: &[usize], setup: &Setup, port: u16) -> String {
        let mut text = format!(
            "rules = [\"rules/*.toml\"]\n\n[server]\nlisten = \"127.0.0.1:{port}\"\n{}\n\n\
             [[users]]\nname = \"{USER}\"\npassword = \"{PASSWORD}\"\ndatabases = [\"{database}\"]\n",
            setup.server
        );
        for (index, set) in self.cluster.replica_sets.iter().enumerate().filter(|(index, _)| sets.contains(index)) {
            let weight = |number: usize| setup.weights.get(number).copied().unwrap_or(1);
            let replicas = set.replicas.iter().enumerate().map(|(number, replica)| {
                let address = setup.replicas.get(&(index, number)).cloned().unwrap_or_else(|| replica.address());
                format!("{{ address = \"{address}\", weight = {} }}", weight(number))
            });
            let primary = setup.primaries.get(&index).cloned().unwrap_or_else(|| set.primary.address());
            let _ = write!(
                text,
                "\n[[replica_sets]]\nname = \"{}\"\nprimary = \"{primary}\"\nreplicas = [{}]\nuser = \"{SERVICE_USER}\"\n\
                 password = \"{}\"\n{}\n",
                set.name,
                replicas.collect::<Vec<_>>().join(", "),
                self.cluster.service_password(),
                setup.replica_set,
            );
        }
        text + "\n" + &setup.more
    }

    /// The first key of a block that no other test uses; it is on shard 0, the next on shard 1, and so on around.
    pub fn ids(&self) -> i64 {
        self.next_block.fetch_add(1, Ordering::Relaxed) * BLOCK
    }

    /// The administrator of a replica set's primary.
    pub fn root(&self, set: usize) -> Client {
        administrator(&self.cluster.replica_sets[set].primary.socket())
    }

    /// Runs something of the cluster that waits.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// Root on the server with this socket.
pub fn administrator(socket: &Path) -> Client {
    Client::connect_unix(socket, &Login::new("root", "")).unwrap()
}

impl Stage {
    pub fn login(&self) -> Login {
        Login::new(USER, PASSWORD).database(self.database)
    }

    /// A session of the application's user, in the database.
    pub fn connect(&self) -> Client {
        self.try_connect(&self.login()).unwrap()
    }

    pub fn try_connect(&self, login: &Login) -> Result<Client, ClientError> {
        Client::connect(("127.0.0.1", self.proxy.port), login)
    }

    /// Nobody's session can be sound when the process panicked or is gone.
    pub fn assert_sound(&self) {
        let log = self.proxy.logged();
        let panic = log.lines().position(|line| line.contains("panicked"));
        let near = |at: usize| log.lines().skip(at).take(5).collect::<Vec<_>>().join("\n");
        assert!(panic.is_none(), "ShardGate panicked: {}", near(panic.unwrap_or_default()));
        let mut client = self.connect();
        assert_eq!(client.value("SELECT 1 + 1"), "2");
    }
}

fn rules(database: &str, sets: &[usize], setup: &Setup) -> String {
    let mut text = format!("database = \"{database}\"\ndefault_shard = \"s0\"\n{}\n", setup.rules);
    for (shard, set) in sets.iter().enumerate() {
        let _ = write!(
            text,
            "\n[[shards]]\nname = \"s{shard}\"\nreplica_set = \"rs{set}\"\nschema = \"{database}_{shard}\"\n"
        );
    }
    text.push_str(
        "
[[tables]]
name = \"items\"
shard_key = \"id\"
function = { kind = \"mod\" }
shards = [\"s0\", \"s1\", \"s2\", \"s3\"]

[[tables]]
name = \"parts\"
shard_key = \"item_id\"
colocated_with = \"items\"

[[tables]]
name = \"colours\"
kind = \"reference\"

[[tables]]
name = \"settings\"
kind = \"single\"
",
    );
    text + &setup.tables
}

/// A database that the application's user may not use.
fn hidden_rules(database: &str, sets: &[usize]) -> String {
    format!(
        "database = \"{database}_hidden\"\ndefault_shard = \"h0\"\n\n[[shards]]\nname = \"h0\"\nreplica_set = \"rs{}\"\n\
         schema = \"{database}_hidden\"\n",
        sets[0]
    )
}
