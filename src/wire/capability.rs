//! What the two ends of a connection agree to do.

use mysql_common::constants::CapabilityFlags;

use crate::wire::WireError;

type Flags = CapabilityFlags;

/// What every connection has, on both sides of ShardGate, if the peer can do it.
const BASE: Flags = Flags::CLIENT_LONG_PASSWORD
    .union(Flags::CLIENT_LONG_FLAG)
    .union(Flags::CLIENT_PROTOCOL_41)
    .union(Flags::CLIENT_TRANSACTIONS)
    .union(Flags::CLIENT_SECURE_CONNECTION)
    .union(Flags::CLIENT_PLUGIN_AUTH)
    .union(Flags::CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA)
    .union(Flags::CLIENT_CONNECT_WITH_DB);

/// What changes the bytes or the meaning of an answer.
const RELAYED: Flags = Flags::CLIENT_FOUND_ROWS
    .union(Flags::CLIENT_IGNORE_SPACE)
    .union(Flags::CLIENT_INTERACTIVE)
    .union(Flags::CLIENT_MULTI_RESULTS)
    .union(Flags::CLIENT_PS_MULTI_RESULTS)
    .union(Flags::CLIENT_SESSION_TRACK)
    .union(Flags::CLIENT_DEPRECATE_EOF);

/// Says "MySQL" in a greeting and in a login: without it the last four of the reserved bytes hold MariaDB's own
/// capabilities.
pub const IS_MYSQL: Flags = Flags::CLIENT_LONG_PASSWORD;

/// MARIADB_CLIENT_EXTENDED_METADATA, the only one of MariaDB's own capabilities that is used: definitions of columns name
/// formats and types that the protocol has no number for (JSON, UUID, INET6).
pub const EXTENDED_METADATA: u32 = 1 << 3;

/// What a client is offered. Not offered, because then it may not ask for it: compression, query attributes, optional
/// metadata, multi-factor authentication, NO_SCHEMA.
pub fn offered(tls: bool) -> CapabilityFlags {
    let sessions = Flags::CLIENT_MULTI_STATEMENTS | Flags::CLIENT_CONNECT_ATTRS | Flags::CLIENT_LOCAL_FILES;
    let mut flags = BASE | RELAYED | sessions;
    flags.set(Flags::CLIENT_SSL, tls);
    flags
}

/// The part of a client's capabilities that a backend connection must share, so that answers can be relayed as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RelayedCapabilities {
    flags: CapabilityFlags,
    extended_metadata: bool,
}

impl RelayedCapabilities {
    /// `client`: the capabilities agreed on with the client.
    pub fn of(client: CapabilityFlags, extended_metadata: bool) -> Self {
        Self { flags: client & RELAYED, extended_metadata }
    }

    /// Whether definitions of columns have MariaDB's extended metadata.
    pub fn extended_metadata(self) -> bool {
        self.extended_metadata
    }

    pub fn deprecate_eof(self) -> bool {
        self.flags.contains(Flags::CLIENT_DEPRECATE_EOF)
    }

    /// Whether an UPDATE counts the rows that it found, not those that it changed.
    pub fn found_rows(self) -> bool {
        self.flags.contains(Flags::CLIENT_FOUND_ROWS)
    }

    pub fn session_track(self) -> bool {
        self.flags.contains(Flags::CLIENT_SESSION_TRACK)
    }

    /// What a connection to a backend that offers `server` asks for, besides extended metadata. Fails if the backend cannot
    /// answer as the client needs it, or knows no 4.1 protocol. TLS and a database are added by the caller that wants them.
    pub fn for_backend(self, server: CapabilityFlags, extended_metadata: bool) -> Result<CapabilityFlags, WireError> {
        if !server.contains(Flags::CLIENT_PROTOCOL_41 | Flags::CLIENT_SECURE_CONNECTION) {
            return Err(WireError::Unsupported("a server older than MySQL 4.1"));
        }
        if !server.contains(self.flags) || (self.extended_metadata && !extended_metadata) {
            return Err(WireError::Unsupported("a server without the capabilities that its clients were promised"));
        }
        let base = BASE.difference(Flags::CLIENT_CONNECT_WITH_DB);
        // MariaDB does not offer LONG_PASSWORD (the bit says "MySQL" there), but expects it from clients that do not
        // speak its extensions.
        // Whether a server loads a client's file it says by a variable, which may change while the connection lasts. One that
        // asks for a file without having been told to load one gets none.
        Ok((base & server) | self.flags | Flags::CLIENT_LONG_PASSWORD | Flags::CLIENT_LOCAL_FILES)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_backend_gets_the_clients_relayed_subset() {
        let client = offered(true).difference(Flags::CLIENT_DEPRECATE_EOF);
        let relayed = RelayedCapabilities::of(client, false);
        assert!(!relayed.deprecate_eof() && relayed.session_track());
        let flags = relayed.for_backend(Flags::all(), true).unwrap();
        assert_eq!(flags & RELAYED, client & RELAYED);
        assert!(!flags.intersects(
            Flags::CLIENT_SSL | Flags::CLIENT_CONNECT_WITH_DB | Flags::CLIENT_MULTI_STATEMENTS | Flags::CLIENT_COMPRESS
        ));
        assert!(relayed.for_backend(Flags::all().difference(Flags::CLIENT_SESSION_TRACK), true).is_err());
        assert!(relayed.for_backend(Flags::CLIENT_LONG_PASSWORD, true).is_err());
        let extended = RelayedCapabilities::of(client, true);
        assert!(extended.for_backend(Flags::all(), true).is_ok() && extended.for_backend(Flags::all(), false).is_err());
    }

    #[test]
    fn what_cannot_be_done_is_not_offered() {
        let never = Flags::CLIENT_COMPRESS
            | Flags::CLIENT_ZSTD_COMPRESSION_ALGORITHM
            | Flags::CLIENT_QUERY_ATTRIBUTES
            | Flags::CLIENT_OPTIONAL_RESULTSET_METADATA
            | Flags::CLIENT_NO_SCHEMA;
        assert!(!offered(true).intersects(never));
        assert!(offered(true).contains(Flags::CLIENT_SSL) && !offered(false).contains(Flags::CLIENT_SSL));
    }
}
