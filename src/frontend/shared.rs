//! What all sessions of one ShardGate share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::configuration::Order;
use super::deadlocks::Caution;
use super::lock_board::LockBoard;
use super::options::{Options, User};
use super::registry::Registry;
use crate::backend::interrupt::Watchdog;
use crate::backend::settings::Interner;
use crate::backend::topology::Topology;
use crate::exec::sequence::Sequences;
use crate::plan::cache::{Cache, Limits};
use crate::sharding::Schema;
use crate::txn::in_flight::InFlight;
use crate::wire::auth::ServerKeys;
use crate::wire::capability::{self, RelayedCapabilities};
use crate::wire::handshake::ServerVersion;

/// What is known of the fleet's servers, from the first that answered.
#[derive(Debug, Clone)]
pub struct Servers {
    /// As clients are told it.
    pub version: String,
    /// `@@global.sql_mode`: what sessions begin with.
    pub sql_mode: String,
    /// `@@global.max_sort_length`
    sort_length: usize,
    /// They give MariaDB's extended metadata to connections that ask for it.
    have_extended_metadata: bool,
}

/// MariaDB 10.5.2.
const EXTENDED_METADATA_SINCE: u32 = 100_502;

impl Servers {
    pub fn of(version: String, sql_mode: String, sort_length: usize) -> Servers {
        let known = ServerVersion::parse(version.as_bytes());
        let have_extended_metadata = known.mariadb && known.number >= EXTENDED_METADATA_SINCE;
        Servers { version, sql_mode, sort_length, have_extended_metadata }
    }
}

impl Default for Servers {
    /// Until a server has answered.
    fn default() -> Self {
        let sql_mode = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION";
        Servers {
            version: "10.11.0-MariaDB-ShardGate".to_owned(),
            sql_mode: sql_mode.to_owned(),
            sort_length: 1024,
            have_extended_metadata: false,
        }
    }
}

/// What a configuration says, as sessions run by it. It is never changed, only replaced as a whole.
pub struct Setup {
    /// Counts the configurations of this process. The same configuration may meet several states of the live columns.
    pub generation: u64,
    pub options: Options,
    pub users: HashMap<String, Arc<User>>,
    pub schema: Arc<Schema>,
    /// `schema` for transactions that keep its shards apart, once there was one.
    apart: OnceLock<Arc<Schema>>,
    pub topology: Arc<Topology>,
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// By user: what lets the fast path of caching_sha2_password check passwords of which only a hash is configured.
    pub digests: Arc<Mutex<HashMap<String, [u8; 32]>>>,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").field("generation", &self.generation).finish_non_exhaustive()
    }
}

impl Setup {
    pub fn new(
        generation: u64,
        options: Options,
        schema: Arc<Schema>,
        topology: Arc<Topology>,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Setup {
        let users = options.users.iter().map(|user| (user.name.clone(), Arc::new(user.clone()))).collect();
        let (apart, digests) = (OnceLock::new(), Arc::default());
        Setup { generation, options, users, schema, apart, topology, tls, digests }
    }

    /// The schema for transactions that keep its shards apart.
    pub fn schema_apart(&self) -> &Arc<Schema> {
        self.apart.get_or_init(|| Arc::new(self.schema.apart()))
    }

    /// The same configuration over another look at the live columns.
    pub fn with_schema(&self, schema: Arc<Schema>) -> Setup {
        Setup {
            generation: self.generation,
            options: self.options.clone(),
            users: self.users.clone(),
            schema,
            apart: OnceLock::new(),
            topology: Arc::clone(&self.topology),
            tls: self.tls.clone(),
            digests: Arc::clone(&self.digests),
        }
    }
}

/// The parts of the proxy that every session works with.
pub struct Shared {
    setup: ArcSwap<Setup>,
    /// How often `setup` was replaced: cheaper to compare than what it holds.
    edition: AtomicU64,
    pub watchdog: Arc<Watchdog>,
    pub interner: Arc<Interner>,
    /// Distributed transactions.
    pub in_flight: Arc<InFlight>,
    /// Numbers for rows.
    pub sequences: Sequences,
    pub plans: Cache,
    pub registry: Arc<Registry>,
    pub(super) lock_board: LockBoard,
    pub(super) caution: Caution,
    /// For the password exchange of caching_sha2_password on plain connections.
    pub keys: ServerKeys,
    /// Takes RELOAD CONFIG and the like to who keeps the configuration.
    pub orders: mpsc::Sender<Order>,
    servers: ArcSwap<Servers>,
    /// Capabilities of the last client that logged in: connections are kept warm for the next like it.
    usual_class: Mutex<RelayedCapabilities>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("setup", &self.setup.load()).finish_non_exhaustive()
    }
}

impl Shared {
    pub fn new(setup: Setup, in_flight: Arc<InFlight>, keys: ServerKeys, orders: mpsc::Sender<Order>) -> Shared {
        Shared {
            edition: AtomicU64::new(0),
            watchdog: Arc::clone(&setup.topology.watchdog),
            interner: Arc::clone(&setup.topology.interner),
            sequences: Sequences::new(&in_flight.options.schema, in_flight.names.owner().to_string()),
            in_flight,
            plans: Cache::new(Limits { entries: setup.options.plan_cache, ..Limits::default() }),
            registry: Registry::new(setup.options.max_sessions),
            lock_board: LockBoard::default(),
            caution: Caution::default(),
            keys,
            orders,
            servers: ArcSwap::default(),
            usual_class: Mutex::new(RelayedCapabilities::of(capability::offered(false), false)),
            setup: ArcSwap::from_pointee(setup),
        }
    }

    /// The newest configuration.
    pub fn setup(&self) -> Arc<Setup> {
        self.setup.load_full()
    }

    /// Sessions take over the new setup with their next statement; those that hold connections, of another configuration,
    /// when they hold none any more.
    pub fn replace_setup(&self, setup: Setup) {
        self.registry.set_limit(setup.options.max_sessions);
        self.setup.store(Arc::new(setup));
        self.edition.fetch_add(1, Ordering::Release);
    }

    pub(super) fn edition(&self) -> u64 {
        self.edition.load(Ordering::Acquire)
    }

    /// A server has answered for the first time.
    pub fn learn(&self, servers: Servers) {
        self.servers.store(Arc::new(servers));
    }

    /// The version that clients are greeted with: as MariaDB's own servers before 11 do it, with a number in front by
    /// which clients that know only MySQL's take them for an old MySQL.
    pub fn greeting_version(&self) -> String {
        let own = || {
            let version = &self.servers.load().version;
            let is_marked = version.starts_with("10.") && version.contains("MariaDB");
            format!("{}{version}", if is_marked { "5.5.5-" } else { "" })
        };
        self.setup.load().options.server_version.clone().unwrap_or_else(own)
    }

    /// What the servers are, whatever clients are told: they are who reads the statements.
    pub fn version(&self) -> ServerVersion {
        ServerVersion::parse(self.servers.load().version.as_bytes())
    }

    /// Whether clients may ask for MariaDB's extended metadata: the servers have it, and clients are told that they are MariaDB's.
    pub fn offers_extended_metadata(&self) -> bool {
        let is_mariadb = |version: &str| ServerVersion::parse(version.as_bytes()).mariadb;
        self.servers.load().have_extended_metadata && is_mariadb(&self.greeting_version())
    }

    pub fn default_sql_mode(&self) -> String {
        self.servers.load().sql_mode.clone()
    }

    /// How much of a text sessions that say nothing of it sort by.
    pub fn default_sort_length(&self) -> usize {
        self.servers.load().sort_length
    }

    pub fn usual_class(&self) -> RelayedCapabilities {
        *self.usual_class.lock()
    }

    pub fn saw_class(&self, class: RelayedCapabilities) {
        *self.usual_class.lock() = class;
    }
}
