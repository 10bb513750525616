//! What can go wrong while real servers are started, spoken to and stopped.

use std::path::PathBuf;
use std::time::Duration;

/// Why the playground could not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server binary was named and none lies where Debian and the vendors put it.
    #[error(
        "no MariaDB or MySQL server found ({searched}); install mariadb-server-core or name one with --server PATH"
    )]
    NoServer {
        /// The places that were looked at.
        searched: String,
    },
    /// The program that makes a data directory is not beside the server nor in PATH.
    #[error("{0} is needed to make a MariaDB data directory, and is neither beside the server nor in PATH")]
    NoInstaller(&'static str),
    /// A file or folder could not be made, read or removed.
    #[error("{path}: {source}")]
    Io {
        /// What was being touched.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program could not be started or reported failure.
    #[error("{program} failed: {detail}")]
    Program {
        /// The program's path.
        program: PathBuf,
        /// Its exit status, or why it did not start, and the end of its log.
        detail: String,
    },
    /// A server did not answer in time after it was started.
    #[error("server {server} did not answer within {waited:?}; the end of its log:\n{log}")]
    NotReady {
        /// The server's name.
        server: String,
        /// How long it was waited for.
        waited: Duration,
        /// The last lines of its log.
        log: String,
    },
    /// The folder's path is so long that a unix socket in it could not be bound.
    #[error("{0} is too long for a unix socket: name a shorter folder with --dir")]
    PathTooLong(PathBuf),
    /// The folder for a cluster has something else in it.
    #[error("{0} is neither empty nor a kept playground: name another folder with --dir")]
    ForeignFolder(PathBuf),
    /// No port of the range below the ephemeral ports could be bound.
    #[error("no free TCP port found on 127.0.0.1")]
    NoPort,
    /// A statement that sets up or inspects a server failed.
    #[error("server {server}: {source}")]
    Sql {
        /// The server's name.
        server: String,
        /// The server's own error, or the connection's.
        source: mysql_async::Error,
    },
    /// A replica did not catch up with its primary in time.
    #[error("replica {0} did not catch up with its primary in time")]
    Lagging(String),
    /// The operating system refused a signal.
    #[error("cannot signal process {pid}: {source}")]
    Signal {
        /// The process that was meant.
        pid: u32,
        /// What the system said.
        source: nix::errno::Errno,
    },
    /// The demo's rules, as written by the playground, were refused.
    #[error("the demo's own config is refused: {0}")]
    Config(String),
    /// The proxy in front of the cluster ended with an error.
    #[error("the proxy ended: {0}")]
    Serve(String),
}

impl Error {
    /// For `map_err` on anything that touches `path`.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { path, source }
    }
}
