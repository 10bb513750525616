//! Connections of the control plane, by `mysql_async`: monitoring, live schemas, KILL. Never on the path of a query.

use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{ClientIdentity, Conn, OptsBuilder, SslOpts};

use super::error::Error;
use super::options::{Address, ReplicaSetOptions, TlsMode, TlsOptions};
use crate::wire::error_code as codes;

/// A failed control statement.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error("{}", in_plain_words(.0))]
    Server(#[from] mysql_async::Error),
    #[error(transparent)]
    Backend(#[from] Error),
    #[error("no replica set is configured")]
    NoServer,
    #[error("no answer within {0:?}")]
    Timeout(Duration),
}

/// Longest wait for the answer to a question about schemas.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Without what the library says of its own layers. (The account in a refused login is in the configuration.)
fn in_plain_words(error: &mysql_async::Error) -> String {
    match error {
        mysql_async::Error::Server(error) if error.code == codes::ACCESS_DENIED_ERROR.number => {
            format!("it did not let ShardGate in (error {})", error.code)
        }
        mysql_async::Error::Server(error) => format!("{} (error {})", error.message, error.code),
        mysql_async::Error::Io(mysql_async::IoError::Io(error)) => error.to_string(),
        other => other.to_string(),
    }
}

/// Opens a connection with the replica set's account and TLS mode.
pub async fn connect(set: &ReplicaSetOptions, address: &Address) -> Result<Conn, ControlError> {
    within(set.connect_timeout, Conn::new(opts(set, address))).await
}

/// Runs one statement on a connection of its own.
pub async fn run(set: &ReplicaSetOptions, address: &Address, sql: &str) -> Result<(), ControlError> {
    let mut connection = connect(set, address).await?;
    within(set.connect_timeout, connection.query_drop(sql)).await?;
    Ok(connection.disconnect().await?)
}

/// What is asked, or an error after so long: a server that has been stopped accepts and never answers.
pub async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, mysql_async::Error>>,
) -> Result<T, ControlError> {
    match tokio::time::timeout(limit, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(ControlError::Timeout(limit)),
    }
}

fn opts(set: &ReplicaSetOptions, address: &Address) -> OptsBuilder {
    let builder = OptsBuilder::default()
        .user(Some(set.user.clone()))
        .pass(Some(set.password.expose().to_owned()))
        .prefer_socket(false)
        // Both known: otherwise the library asks for them on each connect.
        .max_allowed_packet(Some(16 * 1024 * 1024))
        .wait_timeout(Some(28_800));
    match address {
        Address::Tcp { host, port } => builder.ip_or_hostname(host.clone()).tcp_port(*port).ssl_opts(ssl(&set.tls)),
        Address::Unix(path) => builder.socket(Some(path.display().to_string())),
    }
}

fn ssl(tls: &TlsOptions) -> Option<SslOpts> {
    if tls.mode == TlsMode::Off {
        return None;
    }
    let mut ssl = SslOpts::default()
        .with_danger_accept_invalid_certs(tls.mode == TlsMode::Required)
        .with_danger_skip_domain_validation(tls.mode != TlsMode::VerifyIdentity);
    if let Some(ca) = &tls.ca {
        ssl = ssl.with_root_certs(vec![ca.clone().into()]);
    }
    if let Some((cert, key)) = &tls.identity {
        ssl = ssl.with_client_identity(Some(ClientIdentity::new(cert.clone().into(), key.clone().into())));
    }
    Some(ssl)
}
