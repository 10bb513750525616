//! What the console needs to be told. `config` fills these in from `[console]`.

use std::net::{Ipv4Addr, SocketAddr};

use crate::wire::auth::Credential;

/// Where the console listens, and for whom. Without users there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Default 127.0.0.1:9066. There is no TLS: an address that others can reach is for networks that are trusted.
    pub listen: SocketAddr,
    /// Who may log in. None by default, and no console then.
    pub users: Vec<Operator>,
}

impl Default for Options {
    fn default() -> Self {
        Options { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9066)), users: Vec::new() }
    }
}

/// An account of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Unique; letter case counts.
    pub name: String,
    pub credential: Credential,
}
