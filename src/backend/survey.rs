//! One look at the servers of a replica set, for an operator's command: who answers, and which of them takes writes.
//! The proxy itself has the monitor for that.

use futures_util::future::join_all;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::control::{self, ANSWER_TIMEOUT, ControlError};
use super::options::{Address, ReplicaSetOptions};

/// What one look showed.
#[derive(Debug)]
pub struct Survey {
    /// The server that a proxy would write to; `None`: nobody answers who could be it.
    pub primary: Option<Primary>,
    /// What is wrong with the servers.
    pub findings: Vec<Finding>,
}

/// An open connection to the server that takes the writes of a replica set.
#[derive(Debug)]
pub struct Primary {
    /// Where it is.
    pub address: Address,
    /// For questions and orders of the control plane.
    pub connection: Conn,
    /// Whether `read_only` is off.
    pub is_writable: bool,
    /// Whether names of schemas and tables are the same in any letter case (`lower_case_table_names`).
    pub folds_names: bool,
}

/// Something that is not as the configuration has it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is")]
pub enum Finding {
    #[error(
        "replica set {set}: the {role} {server} cannot be asked: {error}; is the address right, and has user {user} this \
         password there?"
    )]
    Unreachable { set: String, role: &'static str, server: Address, user: String, error: ControlError },
    #[error("replica set {set}: the primary {server} has read_only set, and no other server of the set takes writes")]
    NoneWritable { set: String, server: Address },
    #[error("replica set {set}: {first} and {second} both take writes; set read_only on all but the primary")]
    SeveralWritable { set: String, first: Address, second: Address },
    #[error(
        "replica set {set}: {server} takes the writes and not {configured}; a proxy follows it, and finds it sooner if the \
         configuration says so"
    )]
    OtherPrimary { set: String, server: Address, configured: Address },
}

impl Finding {
    /// The replica set.
    pub fn set(&self) -> &str {
        let (Self::Unreachable { set, .. }
        | Self::NoneWritable { set, .. }
        | Self::SeveralWritable { set, .. }
        | Self::OtherPrimary { set, .. }) = self;
        set
    }

    /// Whether more than one server takes writes.
    pub fn is_split(&self) -> bool {
        matches!(self, Self::SeveralWritable { .. })
    }

    /// Whether all works nevertheless.
    pub fn is_harmless(&self) -> bool {
        match self {
            Self::OtherPrimary { .. } => true,
            Self::Unreachable { .. } | Self::NoneWritable { .. } | Self::SeveralWritable { .. } => false,
        }
    }
}

/// Asks all servers of the set at the same time.
pub async fn survey(set: &ReplicaSetOptions) -> Survey {
    let replicas = set.replicas.iter().map(|replica| ("replica", &replica.address));
    let servers = std::iter::once(("primary", &set.primary)).chain(replicas);
    let asked = join_all(servers.map(|(role, address)| async move { (role, address, look(set, address).await) })).await;
    let mut findings = Vec::new();
    let mut answering = Vec::new();
    for (role, server, answer) in asked {
        let (set, user) = (set.name.clone(), set.user.clone());
        match answer {
            Ok(server) => answering.push(server),
            Err(error) => findings.push(Finding::Unreachable { set, role, server: server.clone(), user, error }),
        }
    }
    findings.extend(judge(set, &answering));
    // As a proxy does: the writable server; the configured one if it is among several, or if there is none.
    let by_rank = |server: &Primary| (!server.is_writable, server.address != set.primary);
    answering.sort_by_key(by_rank);
    let primary = answering.into_iter().next().filter(|server| server.is_writable || server.address == set.primary);
    Survey { primary, findings }
}

fn judge(set: &ReplicaSetOptions, answering: &[Primary]) -> Option<Finding> {
    let name = set.name.clone();
    let writable: Vec<&Address> =
        answering.iter().filter(|server| server.is_writable).map(|server| &server.address).collect();
    match writable.as_slice() {
        [] => {
            let primary = answering.iter().find(|server| server.address == set.primary)?;
            Some(Finding::NoneWritable { set: name, server: primary.address.clone() })
        }
        [only] if **only != set.primary => {
            Some(Finding::OtherPrimary { set: name, server: (*only).clone(), configured: set.primary.clone() })
        }
        [_] => None,
        [first, second, ..] => {
            Some(Finding::SeveralWritable { set: name, first: (*first).clone(), second: (*second).clone() })
        }
    }
}

async fn look(set: &ReplicaSetOptions, address: &Address) -> Result<Primary, ControlError> {
    let mut connection = control::connect(set, address).await?;
    let sql = "SELECT CAST(@@global.read_only AS CHAR), @@global.lower_case_table_names";
    let (read_only, case): (String, u8) =
        control::within(ANSWER_TIMEOUT, connection.query_first(sql)).await?.unwrap_or_default();
    Ok(Primary {
        address: address.clone(),
        connection,
        is_writable: matches!(read_only.as_str(), "0" | "OFF"),
        folds_names: case != 0,
    })
}
