//! Free TCP ports for servers that keep their port over a restart.
//!
//! Ports that the kernel hands out for `bind(0)` are the same ones that it gives to outgoing connections, so a
//! stopped server could lose its port to a passing client. These are taken from below that range.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};

use parking_lot::Mutex;
use rand::Rng;

use super::error::Error;

/// Above the registered ports that people run databases on, below Linux's default ephemeral range (32768).
const RANGE: std::ops::Range<u16> = 20_000..32_000;
const ATTEMPTS: usize = 200;

/// What this process has given out. Its user may not have bound it yet.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port that could be bound on 127.0.0.1 a moment ago, and that this process was not given before. Another process may
/// take it before its user does: who starts a server on it must be ready to ask for another.
pub fn free_port() -> Result<u16, Error> {
    let mut random = rand::thread_rng();
    let mut given = GIVEN.lock();
    let mut ports = (0..ATTEMPTS).map(|_| random.gen_range(RANGE));
    ports.find(|port| is_free(*port) && given.insert(*port)).ok_or(Error::NoPort)
}

/// Whether `port` can be bound on 127.0.0.1 now.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let ports: Vec<u16> = (0..1_000).map(|_| free_port().unwrap()).collect();
        let different: BTreeSet<&u16> = ports.iter().collect();
        assert_eq!(different.len(), ports.len());
    }

    #[test]
    fn a_port_in_use_is_not_free() {
        let port = free_port().unwrap();
        let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(!is_free(port));
    }
}
