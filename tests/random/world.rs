//! The servers and ShardGate behind and in front of one schema: a plain server with all rows, two with shards.

use std::path::PathBuf;

use shardgate::playground::flavour::Flavour;
use shardgate::playground::{Cluster, ClusterOptions, ports};

use crate::circumstances::{Circumstances, SESSION};
use crate::harness::answer::Answer;
use crate::harness::client::{Client, ClientError, EXTENDED_METADATA, Login};
use crate::harness::layout::{self, DATABASE, PASSWORD, PhysicalTable, USER};
use crate::harness::other_ways::OtherWays;
use crate::harness::proxy::Proxy;
use crate::harness::stage::administrator;
use crate::harness::tables::Table;
use crate::schema::Schema;

/// Three servers; each schema in turn is filled into them.
#[derive(Debug)]
pub struct Servers {
    cluster: Cluster,
    runtime: tokio::runtime::Runtime,
    pub is_mysql: bool,
}

/// A ShardGate in front of a filled schema.
#[derive(Debug)]
pub struct World<'a> {
    servers: &'a Servers,
    pub circumstances: Circumstances,
    pub proxy: Proxy<'a>,
    rules: shardgate::sharding::Schema,
    collation: u8,
    plain: Option<Client>,
    other_ways: Option<OtherWays>,
    tables: Vec<Table>,
    sharded: Option<Client>,
}

impl Servers {
    pub fn start(server: Option<PathBuf>) -> Servers {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = ClusterOptions { server, replica_sets: vec![0, 0, 0], ..Default::default() };
        let cluster = runtime.block_on(Cluster::start(options)).unwrap();
        let is_mysql = cluster.replica_sets[0].primary.flavour() == Flavour::MySql;
        runtime.block_on(cluster.grant("shop%")).unwrap();
        let user =
            format!("CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON {DATABASE}.* TO {USER}@'%'");
        let servers = Servers { cluster, runtime, is_mysql };
        run(&mut servers.root(0), &user);
        servers
    }

    fn root(&self, set: usize) -> Client {
        administrator(&self.cluster.replica_sets[set].primary.socket())
    }

    /// Fills the schema in and starts a ShardGate for it.
    pub fn open(&self, schema: &Schema, circumstances: Circumstances, number: usize) -> World<'_> {
        let port = ports::free_port().unwrap();
        let folder = self.cluster.folder().join(format!("seed{number}"));
        let config = layout::write_config(&folder, &self.cluster, port, &schema.rules);
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, format!("{text}\n{}", circumstances.configuration)).unwrap();
        let rules = shardgate::config::load(&config).unwrap_or_else(|problems| panic!("{problems}")).schema;
        for set in 0..3 {
            let tables = physical(&rules, set, &schema.tables);
            let mut sql = String::new();
            for name in [DATABASE, "shop_0", "shop_1", "shop_2", "shop_3", "shop_t"] {
                sql += &format!("DROP DATABASE IF EXISTS {name};");
            }
            let mut schemas: Vec<&str> = tables.iter().map(|table| table.schema.as_str()).collect();
            schemas.sort_unstable();
            schemas.dedup();
            schemas.iter().for_each(|name| sql += &format!("CREATE DATABASE {name};"));
            tables.iter().for_each(|table| sql += &(table.create() + &table.refill()));
            run(&mut self.prepared_root(set), &sql);
        }
        let proxy = Proxy::start(&self.cluster, &config, port);
        let collation = if self.is_mysql { 255 } else { 45 };
        World {
            servers: self,
            circumstances,
            proxy,
            rules,
            collation,
            plain: None,
            other_ways: None,
            tables: schema.tables.clone(),
            sharded: None,
        }
    }

    fn prepared_root(&self, set: usize) -> Client {
        let mut root = self.root(set);
        run(&mut root, SESSION);
        root
    }

    /// Runs something of the cluster that waits.
    pub fn stop(self) {
        self.runtime.block_on(self.cluster.stop()).unwrap();
    }
}

impl World<'_> {
    pub fn is_mysql(&self) -> bool {
        self.servers.is_mysql
    }

    /// Puts these rows in the place of all others of the table.
    pub fn refill(&mut self, schema: &Schema, table: usize) {
        if self.circumstances.in_transaction {
            // Its rows are locked.
            self.plain = None;
            self.sharded = None;
        }
        self.tables[table] = schema.tables[table].clone();
        if let Some(other_ways) = &mut self.other_ways {
            other_ways.refill(&schema.tables[table]);
        }
        for set in 0..3 {
            let tables = &schema.tables[table..=table];
            let sql: String = physical(&self.rules, set, tables).iter().map(PhysicalTable::refill).collect();
            if !sql.is_empty() {
                run(&mut self.servers.prepared_root(set), &sql);
            }
        }
    }

    /// A session on the plain server.
    pub fn plain(&mut self) -> &mut Client {
        let port = self.servers.cluster.replica_sets[0].primary.port();
        let (collation, session) = (self.collation, &self.circumstances.session);
        self.plain.get_or_insert_with(|| connect(port, collation, session).unwrap())
    }

    /// The plain server, for what it says in other ways.
    pub fn other_ways(&mut self) -> &mut OtherWays {
        self.other_ways.get_or_insert_with(|| {
            let port = self.servers.cluster.replica_sets[0].primary.port();
            let setup = if self.circumstances.in_transaction { SESSION } else { &self.circumstances.session };
            OtherWays::new(self.servers.prepared_root(0), port, &login(self.collation), setup, &self.tables)
        })
    }

    /// A session on ShardGate; it may be gone. `RANDOM_SELF=1`: on the plain server again, which shows what is not
    /// determined.
    pub fn sharded(&mut self) -> Result<&mut Client, ClientError> {
        if self.sharded.is_none() {
            let itself = std::env::var_os("RANDOM_SELF").is_some();
            let port = if itself { self.servers.cluster.replica_sets[0].primary.port() } else { self.proxy.port };
            self.sharded = Some(connect(port, self.collation, &self.circumstances.session)?);
        }
        Ok(self.sharded.as_mut().expect("just connected"))
    }

    /// The next statement gets a new session. What the plain server still runs would hold its tables' locks; if a statement
    /// was its end, it is started again.
    pub fn drop_sessions(&mut self) {
        self.plain = None;
        self.sharded = None;
        self.other_ways = None;
        let primary = &self.servers.cluster.replica_sets[0].primary;
        if Client::connect_unix(&primary.socket(), &Login::new("root", "")).is_err() {
            eprintln!("the plain server is gone, and is started again");
            self.servers.runtime.block_on(primary.restart()).unwrap();
        }
        let mut root = self.servers.root(0);
        let running =
            format!("SELECT id FROM information_schema.processlist WHERE user = '{USER}' AND command = 'Query'");
        for row in root.one(&running).text() {
            // It may have ended meanwhile.
            let _ = root.query(format!("KILL {}", row[0]));
        }
    }
}

fn connect(port: u16, collation: u8, session: &str) -> Result<Client, ClientError> {
    let mut client = Client::connect(("127.0.0.1", port), &login(collation))?;
    run(&mut client, session);
    Ok(client)
}

fn login(collation: u8) -> Login {
    Login { collation, ..Login::new(USER, PASSWORD).database(DATABASE) }.mariadb(EXTENDED_METADATA)
}

/// The tables of one server: the first has all of them, whole.
fn physical<'a>(rules: &shardgate::sharding::Schema, set: usize, tables: &'a [Table]) -> Vec<PhysicalTable<'a>> {
    if set > 0 {
        return layout::physical_tables(rules, set, tables);
    }
    let whole = |table: &'a Table| PhysicalTable {
        shard: None,
        schema: DATABASE.to_owned(),
        name: table.name.clone(),
        table,
        rows: table.rows.iter().map(String::as_str).collect(),
    };
    tables.iter().map(whole).collect()
}

fn run(client: &mut Client, sql: &str) {
    let answers = client.query(sql.trim_end_matches(';')).unwrap();
    let error = answers.iter().find_map(Answer::error);
    assert!(error.is_none(), "{error:?}: {sql}");
}
