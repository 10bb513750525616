//! Names of distributed transactions and of their branches. Whoever finds a prepared branch on a server can tell from its
//! name alone whose it is and where its decision is written.
//!
//! A transaction's name (gtrid) is `cluster.instance.epoch.sequence`: the fleet, the ShardGate process (a random number and
//! the second of its start), and a count. A branch's name (bqual) is `number.connection.replica set`: the id of the
//! connection that began it, and the set that decides. Names are text, so that an operator can read what XA RECOVER shows.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use data_encoding::HEXLOWER;

/// The formatID of all our branches: "SGAT".
pub const FORMAT_ID: i64 = 0x5347_4154;

/// The longest name of a cluster: with it a gtrid has at most 64 bytes, the servers' limit.
pub const MAX_CLUSTER: usize = 16;

/// The longest name of a replica set that can decide: a bqual has at most 64 bytes.
pub const MAX_REPLICA_SET: usize = 47;

/// One ShardGate process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    cluster: Arc<str>,
    instance: u32,
    epoch: u64,
}

impl Owner {
    /// `epoch` is the time of the start in seconds; `instance` is random, for those that start in the same second.
    pub fn new(cluster: &str, instance: u32, epoch: u64) -> Owner {
        Owner { cluster: cluster.into(), instance, epoch }
    }

    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// The user-level lock that the process holds on each primary while it lives. At most 64 characters.
    pub fn lock_name(&self) -> String {
        format!("shardgate.{self}")
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:08x}.{:08x}", self.cluster, self.instance, self.epoch)
    }
}

/// Gives each distributed transaction of this process its name.
#[derive(Debug)]
pub struct Names {
    owner: Owner,
    next: AtomicU64,
}

impl Names {
    pub fn new(owner: Owner) -> Names {
        Names { owner, next: AtomicU64::new(1) }
    }

    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    pub fn next(&self) -> Gtrid {
        Gtrid { owner: self.owner.clone(), sequence: self.next.fetch_add(1, Ordering::Relaxed) }
    }
}

/// A distributed transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Gtrid {
    pub owner: Owner,
    pub sequence: u64,
}

impl fmt::Display for Gtrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:x}", self.owner, self.sequence)
    }
}

impl Gtrid {
    /// `None` for bytes that `Display` never writes.
    pub fn parse(bytes: &[u8]) -> Option<Gtrid> {
        let text = std::str::from_utf8(bytes).ok()?;
        // A cluster's name may have dots itself.
        let mut parts = text.rsplitn(4, '.');
        let sequence = hexadecimal(parts.next()?)?;
        let epoch = hexadecimal(parts.next()?)?;
        let instance = u32::try_from(hexadecimal(parts.next()?)?).ok()?;
        let gtrid = Gtrid { owner: Owner::new(parts.next()?, instance, epoch), sequence };
        (gtrid.to_string() == text).then_some(gtrid)
    }
}

/// A branch of a distributed transaction on one shard.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Xid {
    pub gtrid: Gtrid,
    /// Tells the branches of a transaction apart.
    pub number: u16,
    /// The server's id of the connection that began it. MariaDB lets nobody else end the branch before that is gone.
    pub connection: u32,
    /// Name of the replica set on whose primary the decision is, or will be, written.
    pub decider: Arc<str>,
}

impl Xid {
    /// From a row of XA RECOVER; `None` for a branch that is not ShardGate's.
    pub fn parse(format_id: i64, gtrid: &[u8], bqual: &[u8]) -> Option<Xid> {
        if format_id != FORMAT_ID {
            return None;
        }
        let mut parts = std::str::from_utf8(bqual).ok()?.splitn(3, '.');
        let number = parts.next()?.parse().ok()?;
        let connection = parts.next()?.parse().ok()?;
        Some(Xid { gtrid: Gtrid::parse(gtrid)?, number, connection, decider: parts.next()?.into() })
    }

    /// The branch's own part of the name.
    pub fn bqual(&self) -> String {
        format!("{}.{}.{}", self.number, self.connection, self.decider)
    }

    /// As XA statements take it. Hexadecimal: no sql_mode changes what it means.
    pub fn sql(&self) -> String {
        let [gtrid, bqual] = [self.gtrid.to_string(), self.bqual()].map(|part| HEXLOWER.encode(part.as_bytes()));
        format!("X'{gtrid}',X'{bqual}',{FORMAT_ID}")
    }
}

fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xid(cluster: &str) -> Xid {
        let owner = Owner::new(cluster, u32::MAX, u64::from(u32::MAX));
        let decider = "d".repeat(MAX_REPLICA_SET).into();
        Xid { gtrid: Gtrid { owner, sequence: u64::MAX }, number: u16::MAX, connection: u32::MAX, decider }
    }

    #[test]
    fn the_longest_names_fit_into_64_bytes_and_read_back() {
        for cluster in ["c".repeat(MAX_CLUSTER), "a.b".to_owned(), "x".to_owned()] {
            let xid = xid(&cluster);
            let (gtrid, bqual) = (xid.gtrid.to_string(), xid.bqual());
            assert!(gtrid.len() <= 64 && bqual.len() <= 64, "{gtrid} {bqual}");
            assert!(xid.gtrid.owner.lock_name().len() <= 64);
            assert_eq!(Xid::parse(FORMAT_ID, gtrid.as_bytes(), bqual.as_bytes()), Some(xid));
        }
    }

    #[test]
    fn other_peoples_names_are_not_ours() {
        let gtrid = xid("c").gtrid.to_string();
        let cases: [(i64, &[u8], &[u8]); 7] = [
            (1, gtrid.as_bytes(), b"1.7.rs0"),
            (FORMAT_ID, b"", b""),
            (FORMAT_ID, b"c.1.2.3", b"1.7.rs0"),
            (FORMAT_ID, b"\xff.00000001.00000002.3", b"1.7.rs0"),
            (FORMAT_ID, gtrid.as_bytes(), b"rs0"),
            (FORMAT_ID, gtrid.as_bytes(), b"x.7.rs0"),
            (FORMAT_ID, gtrid.as_bytes(), b"1.rs0"),
        ];
        for (format_id, gtrid, bqual) in cases {
            assert_eq!(Xid::parse(format_id, gtrid, bqual), None, "{:?}", String::from_utf8_lossy(gtrid));
        }
    }

    #[test]
    fn names_are_never_given_twice() {
        let names = Names::new(Owner::new("c", 1, 2));
        assert_ne!(names.next(), names.next());
        assert_eq!(names.next().to_string(), "c.00000001.00000002.3");
    }
}
