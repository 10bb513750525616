//! What the backend room needs to be told. `config` fills these in from `shardgate.toml`: the ranges here are what it
//! lets through, the defaults what it takes where a key is left out.

use std::path::PathBuf;
use std::time::Duration;

use crate::wire::Secret;

/// Everything about the fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// In the order of the file: `sharding::ReplicaSetId(n)` is the n-th.
    pub replica_sets: Vec<ReplicaSetOptions>,
    /// How servers are watched.
    pub monitor: MonitorOptions,
}

/// How often servers are looked at, and how long an answer may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorOptions {
    /// Pause between two looks at one server, 100 ms to 1 h. Default 1 s.
    pub interval: Duration,
    /// A look that takes longer counts as failed, 100 ms to 1 min. Default 2 s.
    pub timeout: Duration,
    /// So many failed looks in a row make a server down, 1 to 1000. Default 3.
    pub failures: u32,
}

impl Default for MonitorOptions {
    fn default() -> Self {
        MonitorOptions { interval: Duration::from_secs(1), timeout: Duration::from_secs(2), failures: 3 }
    }
}

/// One primary and its replicas; they share user, password, TLS and limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaSetOptions {
    /// Unique; letter case does not count.
    pub name: String,
    /// The server that is written to, as long as it is the writable one.
    pub primary: Address,
    /// The others. Default none.
    pub replicas: Vec<ReplicaOptions>,
    /// The account that ShardGate has on these servers.
    pub user: String,
    /// That account's password; empty: none.
    pub password: Secret,
    /// Connections to each server of the set.
    pub pool: PoolOptions,
    /// TLS to these servers.
    pub tls: TlsOptions,
    /// A replica further behind than this gets no reads, 1 s to 1 day. Default 10 s.
    pub max_replica_lag: Duration,
    /// From the first SYN to the end of authentication, 100 ms to 1 h. Default 5 s.
    pub connect_timeout: Duration,
    /// The longest silence of a server in the middle of an answer, or before one begins, 100 ms to 30 days; a statement
    /// that takes longer is cancelled. Default 10 min.
    pub response_timeout: Duration,
}

impl ReplicaSetOptions {
    /// Default of `max_replica_lag`.
    pub const MAX_REPLICA_LAG: Duration = Duration::from_secs(10);
    /// Default of `connect_timeout`.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    /// Default of `response_timeout`.
    pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(600);
}

/// One replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaOptions {
    /// Where it listens.
    pub address: Address,
    /// Share of the reads, relative to the other replicas, 0 (none) to 1000. Default 1.
    pub weight: u32,
}

/// Limits of the connections to one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolOptions {
    /// Most connections at once, 1 to 100,000. Default 64.
    pub max: usize,
    /// Kept open even when idle, 0 to `max`. Default 0.
    pub min: usize,
    /// An idle connection above `min` is closed after this, 1 ms to 30 days. Default 5 min.
    pub idle: Duration,
    /// A connection older than this is closed when it comes back, 1 ms to 30 days. Default 1 h.
    pub lifetime: Duration,
    /// How long a statement waits for a connection when all are in use, 1 ms to 30 days. Default 2 s.
    pub wait: Duration,
    /// A connection idle for longer is pinged before use, 1 ms to 30 days. Default 30 s.
    pub check_after: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        PoolOptions {
            max: 64,
            min: 0,
            idle: Duration::from_secs(300),
            lifetime: Duration::from_secs(3600),
            wait: Duration::from_secs(2),
            check_after: Duration::from_secs(30),
        }
    }
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A host name or IP address without brackets, and a port that is not 0.
    Tcp { host: String, port: u16 },
    /// The absolute path of a socket file.
    Unix(PathBuf),
}

impl Address {
    /// Reads `host:port`, `[v6]:port` or `unix:/path/to/socket`.
    pub fn parse(text: &str) -> Option<Address> {
        if let Some(path) = text.strip_prefix("unix:") {
            return path.starts_with('/').then(|| Address::Unix(PathBuf::from(path)));
        }
        let (host, port) = text.rsplit_once(':')?;
        let host = match host.strip_prefix('[') {
            Some(v6) => v6.strip_suffix(']').filter(|v6| v6.parse::<std::net::Ipv6Addr>().is_ok())?,
            None if host.contains(':') => return None,
            None => host,
        };
        let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:".contains(c));
        let port = port.parse().ok().filter(|port| *port != 0)?;
        is_host.then(|| Address::Tcp { host: host.to_owned(), port })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Address::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "{host}:{port}"),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// TLS towards the servers of a replica set. There is no mode that falls back to plain text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// What is asked of the server.
    pub mode: TlsMode,
    /// PEM file of the authorities to trust; `None`: the system's.
    pub ca: Option<PathBuf>,
    /// PEM files of the certificate and key that ShardGate shows to the server.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// What is asked of a server's TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsMode {
    /// Plain text.
    #[default]
    Off,
    /// Encrypted, whoever answers.
    Required,
    /// The certificate must be signed by a trusted authority.
    VerifyCa,
    /// As `VerifyCa`, and made out to the host name that was dialled.
    VerifyIdentity,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_host_and_port_or_a_socket() {
        let cases = [
            ("db1.example.com:3306", Some("db1.example.com:3306")),
            ("[::1]:3306", Some("[::1]:3306")),
            ("unix:/run/mysqld.sock", Some("unix:/run/mysqld.sock")),
            ("::1:3306", None),
            ("db1", None),
            (":3306", None),
            ("db1:0", None),
            ("db1:70000", None),
            ("unix:relative", None),
            ("user@host:1", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(Address::parse(text).map(|address| address.to_string()).as_deref(), wanted, "{text}");
        }
    }
}
