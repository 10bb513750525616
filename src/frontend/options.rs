//! What the frontend needs to be told. `config` fills these in from `shardgate.toml`: the ranges here are what it lets
//! through, the defaults what it takes where a key is left out.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::wire::auth::{AuthPlugin, Credential};

/// The listeners, the limits of sessions, and who may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where to listen, one address at least. Default 127.0.0.1:8066.
    pub listen: Vec<SocketAddr>,
    /// TLS from clients.
    pub tls: TlsOptions,
    /// Sessions at once, 1 to 1,000,000; further clients get error 1040. Default 10,000.
    pub max_sessions: usize,
    /// A session that sends nothing for so long is closed, 1 s to 1 year. Default 8 h.
    pub idle_timeout: Duration,
    /// From the connection to the end of authentication, 1 s to 1 h. Default 10 s.
    pub handshake_timeout: Duration,
    /// A client that takes nothing of an answer for so long is disconnected, 1 s to 1 day. Default 1 min.
    pub write_timeout: Duration,
    /// Largest command, in bytes, 1 KiB to 1 GiB; a larger one gets error 1153. Default 64 MiB.
    pub max_packet: usize,
    /// The plugin that the greeting names. Clients may use the other all the same, and a user whose stored hash fits only
    /// one of them is switched to that.
    ///
    /// The default is `mysql_native_password`: every client library of the last twenty years knows it, or ignores what
    /// the greeting names and starts with its own choice (MySQL 8 and 9: `caching_sha2_password`, which is then used). A
    /// greeting that names `caching_sha2_password` fails with builds of MariaDB's library that lack the plugin's file.
    pub default_auth: AuthPlugin,
    /// Version that clients are told; `None`, the default: that of the first server that answers.
    pub server_version: Option<String>,
    /// Who may log in.
    pub users: Vec<User>,
    /// Event loops (threads), 1 to 1024. Default one for each core (in the file: 0).
    pub workers: usize,
    /// Statement shapes whose plan is kept, 1 to 10,000,000. Default 10,000.
    pub plan_cache: usize,
    /// Prepared statements of one session, 1 to 1,000,000; more get error 1461. Default 16,382, as a MySQL server has it.
    pub max_prepared: usize,
    /// What one statement may keep of the groups of several shards that are complete and wait to be sorted, in bytes,
    /// 64 KiB to 64 GiB; a statement that needs more is refused. Default 64 MiB.
    pub merge_memory: usize,
    /// Statements whose rows are gathered on one server.
    pub gather: GatherOptions,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 8066))],
            tls: TlsOptions::default(),
            max_sessions: 10_000,
            idle_timeout: Duration::from_secs(8 * 3600),
            handshake_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(60),
            max_packet: 64 << 20,
            default_auth: AuthPlugin::NativePassword,
            server_version: None,
            users: Vec::new(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            plan_cache: 10_000,
            max_prepared: 16_382,
            merge_memory: 64 << 20,
            gather: GatherOptions::default(),
        }
    }
}

/// What gathering may take, and where it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatherOptions {
    /// Rows of one statement, all tables together, 1 to 10^12; more end with error 1104. Default 1,000,000.
    pub max_rows: u64,
    /// Bytes of their values as text, 64 KiB to 1 TiB. Default 256 MiB.
    pub max_bytes: u64,
    /// The replica set that makes the temporary tables, if it has a shard of the database: on one of its replicas if
    /// that can be. `None`, the default: wherever the most of a statement's tables are.
    pub scratch: Option<String>,
    /// Where servers expect that so many rows would be gathered, or more, small tables are shipped to the shards of large
    /// ones, if that moves fewer rows. `None`: never. Default 1,000.
    pub ship_from: Option<u64>,
}

impl Default for GatherOptions {
    fn default() -> Self {
        GatherOptions { max_rows: 1_000_000, max_bytes: 256 << 20, scratch: None, ship_from: Some(1_000) }
    }
}

/// TLS from clients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Default `Optional`, as MySQL has it.
    pub mode: TlsMode,
    /// PEM files of certificate and key; `None`: a self-signed pair is made at start.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Whether clients use TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsMode {
    /// Not offered.
    Off,
    /// Offered; plain connections are accepted as well.
    #[default]
    Optional,
    /// A client that does not ask for TLS is refused before its password is looked at.
    Required,
}

/// An account of ShardGate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Unique; letter case counts.
    pub name: String,
    /// What a client must know.
    pub credential: Credential,
    /// Logical databases that the user may use. Without the key in the file: all.
    pub databases: Vec<String>,
    /// Whether reads may go to replicas; `None`, the default: as the database says.
    pub read_write_splitting: Option<bool>,
    /// Whether the user may change the configuration: RELOAD CONFIG and ROLLBACK CONFIG. Default false.
    pub admin: bool,
}
