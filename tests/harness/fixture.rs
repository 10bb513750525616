//! The servers of a test binary: one plain server with everything, and two servers behind several ShardGates, one for
//! each layout. They start with the first test that asks for them, and end with the process.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock};

use shardgate::playground::flavour::Flavour;
use shardgate::playground::{Cluster, ClusterOptions, ports};

use super::client::{Client, ClientError, EXTENDED_METADATA, Login};
use super::contents::{self, Held};
use super::layout::{self, DATABASE, Layout, PASSWORD, PhysicalTable, USER};
use super::other_ways::OtherWays;
use super::proxy::Proxy;
use super::tables;
use shardgate::sharding::Schema;

/// Where a case can be run.
#[derive(Clone, Debug)]
pub struct Target {
    pub name: String,
    pub port: u16,
    /// Of the handshake.
    pub collation: u8,
    /// How rows are placed; `None` where they are all together.
    pub layout: Option<Layout>,
}

impl Target {
    /// A session of the application's user, in the shop. It asks for what Node's and MariaDB's drivers ask for.
    pub fn connect(&self) -> Result<Client, ClientError> {
        self.connect_as(&self.login())
    }

    pub fn connect_as(&self, login: &Login) -> Result<Client, ClientError> {
        Client::connect(("127.0.0.1", self.port), login)
    }

    pub fn login(&self) -> Login {
        let login = Login { collation: self.collation, ..Login::new(USER, PASSWORD).database(DATABASE) };
        login.mariadb(EXTENDED_METADATA)
    }
}

/// A time zone in which an hour comes twice, from 1729990800 on, at the end of the summer of 2024.
const ZONE: &str = "INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (4242, 'N');
INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('Test/Twice', 4242);
INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, `Offset`, Is_DST, Abbreviation)
  VALUES (4242, 0, 7200, 1, 'SUM'), (4242, 1, 3600, 0, 'WIN');
INSERT INTO mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id)
  VALUES (4242, 1000000000, 0), (4242, 1729990800, 1)";

/// Everything that is running.
#[derive(Debug)]
pub struct Fixture {
    pub cluster: &'static Cluster,
    /// The plain server.
    pub plain: Target,
    /// ShardGate, in the order of [`Layout::ALL`].
    pub sharded: Vec<Target>,
    /// There is no ShardGate: `sharded` is the plain server again.
    pub with_itself: bool,
    proxies: Vec<Proxy<'static>>,
    runtime: tokio::runtime::Runtime,
    refills: Mutex<Vec<Refill>>,
    other_ways: Mutex<OtherWays>,
    /// All physical tables.
    held: Vec<Held>,
    schemas: Vec<(Layout, Schema)>,
}

/// How one server's rows are put back.
#[derive(Debug)]
struct Refill {
    root: Client,
    /// The logical table and the SQL.
    tables: Vec<(String, String)>,
}

impl Fixture {
    /// The one of this process, on MariaDB or what SHARDGATE_TEST_SERVER names. It is never dropped: the cluster's guardian ends the servers after the last test.
    pub fn shared() -> &'static Fixture {
        static SHARED: OnceLock<Fixture> = OnceLock::new();
        SHARED.get_or_init(|| Fixture::start(std::env::var_os("SHARDGATE_TEST_SERVER").map(Into::into)))
    }

    /// The same on MySQL's server, if SHARDGATE_TEST_MYSQLD names one.
    pub fn mysql() -> Option<&'static Fixture> {
        static MYSQL: OnceLock<Option<Fixture>> = OnceLock::new();
        let start = || std::env::var_os("SHARDGATE_TEST_MYSQLD").map(|server| Fixture::start(Some(server.into())));
        MYSQL.get_or_init(start).as_ref()
    }

    fn start(server: Option<PathBuf>) -> Fixture {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = ClusterOptions { server, replica_sets: vec![0, 0, 0], ..Default::default() };
        let cluster: &'static Cluster = Box::leak(Box::new(runtime.block_on(Cluster::start(options)).unwrap()));
        runtime.block_on(cluster.grant("shop%")).unwrap();
        let primary = &cluster.replica_sets[0].primary;
        let collation = default_collation(primary.flavour());
        let plain = Target { name: "the plain server".into(), port: primary.port(), collation, layout: None };
        if std::env::var_os("EQUIVALENCE_SELF").is_some() {
            return Fixture::of_plain_server(runtime, cluster, plain);
        }
        let ports = Layout::ALL.map(|_| ports::free_port().unwrap());
        let configs: Vec<_> = Layout::ALL
            .iter()
            .zip(ports)
            .map(|(layout, port)| layout.write_config(&cluster.folder().join(format!("{layout:?}")), cluster, port))
            .collect();
        let all: &'static _ = Box::leak(Box::new(tables::load()));
        let mut per_server = [plain_tables(all), Vec::new(), Vec::new()];
        let mut held: Vec<Held> = per_server[0].iter().map(|table| Held::new(0, None, table)).collect();
        let mut schemas = Vec::new();
        for (config, layout) in configs.iter().zip(Layout::ALL) {
            let schema = shardgate::config::load(config).unwrap_or_else(|problems| panic!("{problems}")).schema;
            for set in [1, 2] {
                let tables = layout::physical_tables(&schema, set, all);
                held.extend(tables.iter().map(|table| Held::new(set, Some(layout), table)));
                per_server[set].extend(tables);
            }
            schemas.push((layout, schema));
        }
        let refills = per_server.iter().enumerate().map(|(set, tables)| fill(cluster, set, tables)).collect();
        (0..per_server.len()).for_each(|set| run_all(&mut root(cluster, set), ZONE));
        let proxies: Vec<_> =
            configs.iter().zip(ports).map(|(config, port)| Proxy::start(cluster, config, port)).collect();
        let sharded = Layout::ALL.iter().zip(ports);
        let sharded = sharded
            .map(|(layout, port)| Target {
                name: format!("ShardGate, {}", layout.name()),
                port,
                collation,
                layout: Some(*layout),
            })
            .collect();
        let refills = Mutex::new(refills);
        let other_ways = Mutex::new(other_ways(cluster, &plain, all));
        Fixture { cluster, plain, sharded, with_itself: false, proxies, runtime, refills, other_ways, held, schemas }
    }

    /// `EQUIVALENCE_SELF=1`: the plain server against itself, which shows cases that cannot hold anywhere.
    fn of_plain_server(runtime: tokio::runtime::Runtime, cluster: &'static Cluster, plain: Target) -> Fixture {
        let all: &'static _ = Box::leak(Box::new(tables::load()));
        let refills = Mutex::new(vec![fill(cluster, 0, &plain_tables(all))]);
        let sharded = vec![Target { name: "the plain server again".into(), ..plain.clone() }];
        let other_ways = Mutex::new(other_ways(cluster, &plain, all));
        let (proxies, held, schemas) = (Vec::new(), Vec::new(), Vec::new());
        Fixture { cluster, plain, sharded, with_itself: true, proxies, runtime, refills, other_ways, held, schemas }
    }

    /// Whose servers they are.
    pub fn flavour(&self) -> Flavour {
        self.cluster.replica_sets[0].primary.flavour()
    }

    /// The ShardGate in front of this layout.
    pub fn proxy(&self, layout: Layout) -> &Proxy<'static> {
        let index = Layout::ALL.iter().position(|known| *known == layout).unwrap();
        &self.proxies[index]
    }

    /// The tables that `is_touched` names as they were at the start. No session may have a transaction open on them.
    pub fn restore(&self, is_touched: impl Fn(&str) -> bool) {
        for Refill { root, tables } in self.refills.lock().unwrap().iter_mut() {
            let sql: String =
                tables.iter().filter(|(table, _)| is_touched(table)).map(|(_, sql)| sql.as_str()).collect();
            if !sql.is_empty() {
                run_all(root, &sql);
            }
        }
    }

    /// How the tables that `is_touched` names differ from the plain server's, in one placement.
    pub fn contents_differ(&self, layout: Layout, is_touched: impl Fn(&str) -> bool) -> Vec<String> {
        let mut refills = self.refills.lock().unwrap();
        let (_, schema) = self.schemas.iter().find(|(known, _)| *known == layout).unwrap();
        let mut servers: Vec<&mut Client> = refills.iter_mut().map(|refill| &mut refill.root).collect();
        contents::differences(&mut servers, &self.held, (layout, schema), is_touched)
    }

    /// The plain server, for what it says in other ways.
    pub fn other_ways(&self) -> MutexGuard<'_, OtherWays> {
        self.other_ways.lock().unwrap()
    }

    /// Runs something of the cluster that waits.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// The one that the server takes for utf8mb4 when only the character set is named. MySQL shows the collation of the
/// handshake in column definitions; with any other, ShardGate's sessions, which name the character set, would differ.
fn default_collation(flavour: Flavour) -> u8 {
    match flavour {
        Flavour::MariaDb => 45,
        Flavour::MySql => 255,
    }
}

fn other_ways(cluster: &Cluster, plain: &Target, all: &[tables::Table]) -> OtherWays {
    OtherWays::new(root(cluster, 0), plain.port, &plain.login(), "", all)
}

/// MySQL refuses dates of zeros unless told so.
fn root(cluster: &Cluster, set: usize) -> Client {
    let server = &cluster.replica_sets[set].primary;
    let mut root = Client::connect_unix(&server.socket(), &Login::new("root", "")).unwrap();
    run_all(&mut root, "SET SESSION sql_mode = 'STRICT_TRANS_TABLES'");
    root
}

fn plain_tables(all: &'static [tables::Table]) -> Vec<PhysicalTable<'static>> {
    let whole = |table: &'static tables::Table| PhysicalTable {
        shard: None,
        schema: DATABASE.to_owned(),
        name: table.name.clone(),
        table,
        rows: table.rows.iter().map(String::as_str).collect(),
    };
    all.iter().map(whole).collect()
}

/// Creates and fills the tables of one server; gives what is needed to fill them again.
fn fill(cluster: &Cluster, set: usize, tables: &[PhysicalTable<'_>]) -> Refill {
    let mut root = root(cluster, set);
    let mut schemas: Vec<&str> = tables.iter().map(|table| table.schema.as_str()).collect();
    schemas.dedup();
    let user = format!("CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON {DATABASE}.* TO {USER}@'%'");
    run_all(&mut root, &user);
    for schema in schemas {
        run_all(&mut root, &format!("CREATE DATABASE IF NOT EXISTS {schema}"));
    }
    let create: String = tables.iter().map(PhysicalTable::create).collect();
    run_all(&mut root, &create);
    let refills: Vec<_> = tables.iter().map(|table| (table.table.name.clone(), table.refill())).collect();
    run_all(&mut root, &refills.iter().map(|(_, sql)| sql.as_str()).collect::<String>());
    Refill { root, tables: refills }
}

fn run_all(client: &mut Client, sql: &str) {
    let answers = client.query(sql.trim_end_matches(';')).unwrap();
    let error = answers.iter().find_map(|answer| answer.error());
    assert!(error.is_none(), "{error:?}: a session may have left a transaction open");
}
