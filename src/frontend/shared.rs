//! What all sessions of one ShardGate share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::options::{Options, User};
use super::registry::Registry;
use crate::backend::topology::Topology;
use crate::plan::cache::{Cache, Limits};
use crate::sharding::Schema;
use crate::txn::in_flight::InFlight;
use crate::wire::CapabilityFlags;
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
}

impl Default for Servers {
    /// Until a server has answered.
    fn default() -> Self {
        let sql_mode = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION";
        Servers { version: "10.11.0-MariaDB-ShardGate".to_owned(), sql_mode: sql_mode.to_owned() }
    }
}

/// The parts of the proxy that every session works with.
pub struct Shared {
    pub options: Options,
    pub users: HashMap<String, Arc<User>>,
    pub schema: ArcSwap<Schema>,
    /// How often `schema` was replaced: cheaper to compare than the schemas.
    schema_edition: AtomicU64,
    pub topology: Arc<Topology>,
    /// Distributed transactions.
    pub in_flight: Arc<InFlight>,
    pub plans: Cache,
    pub registry: Arc<Registry>,
    /// For the password exchange of caching_sha2_password on plain connections.
    pub keys: ServerKeys,
    /// By user: what lets the fast path of caching_sha2_password check passwords of which only a hash is configured.
    pub digests: Mutex<HashMap<String, [u8; 32]>>,
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Asks for the live schemas to be read again: after DDL.
    pub schema_changed: tokio::sync::Notify,
    servers: ArcSwap<Servers>,
    /// Capabilities of the last client that logged in: connections are kept warm for the next like it.
    usual_class: AtomicU32,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Shared {
    pub fn new(
        options: Options,
        schema: Arc<Schema>,
        topology: Arc<Topology>,
        in_flight: Arc<InFlight>,
        keys: ServerKeys,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Shared {
        let users = options.users.iter().map(|user| (user.name.clone(), Arc::new(user.clone()))).collect();
        Shared {
            users,
            schema: ArcSwap::new(schema),
            schema_edition: AtomicU64::new(0),
            topology,
            in_flight,
            plans: Cache::new(Limits { entries: options.plan_cache, ..Limits::default() }),
            registry: Registry::new(options.max_sessions),
            keys,
            digests: Mutex::default(),
            tls,
            schema_changed: tokio::sync::Notify::new(),
            servers: ArcSwap::default(),
            usual_class: AtomicU32::new(capability::offered(false).bits()),
            options,
        }
    }

    /// Sessions take over the new schema with their next statement.
    pub fn replace_schema(&self, schema: Arc<Schema>) {
        self.schema.store(schema);
        self.schema_edition.fetch_add(1, Ordering::Release);
    }

    pub(super) fn schema_edition(&self) -> u64 {
        self.schema_edition.load(Ordering::Acquire)
    }

    /// A server has answered for the first time.
    pub fn learn(&self, servers: Servers) {
        self.servers.store(Arc::new(servers));
    }

    pub fn version_text(&self) -> String {
        self.options.server_version.clone().unwrap_or_else(|| self.servers.load().version.clone())
    }

    /// What the servers are, whatever clients are told: they are who reads the statements.
    pub fn version(&self) -> ServerVersion {
        ServerVersion::parse(self.servers.load().version.as_bytes())
    }

    pub fn default_sql_mode(&self) -> String {
        self.servers.load().sql_mode.clone()
    }

    pub fn usual_class(&self) -> RelayedCapabilities {
        RelayedCapabilities::of(CapabilityFlags::from_bits_retain(self.usual_class.load(Ordering::Relaxed)))
    }

    pub fn saw_class(&self, capabilities: CapabilityFlags) {
        self.usual_class.store(capabilities.bits(), Ordering::Relaxed);
    }
}
