//! The server's greeting: HandshakeV10.

use mysql_common::constants::{CapabilityFlags, StatusFlags};
use rand::{CryptoRng, Rng};

use super::ServerVersion;
use crate::wire::WireError;
use crate::wire::capability::{EXTENDED_METADATA, IS_MYSQL};
use crate::wire::reader::Reader;
use crate::wire::response::{ERR, ErrPacket};
use crate::wire::writer::Put;

/// Bytes of the challenge that passwords are mixed with.
pub const SCRAMBLE_LEN: usize = 20;

const PROTOCOL_VERSION: u8 = 10;

/// A new challenge, without NUL (old clients read it as a string) and without `$` (it separates the parts of a stored
/// password).
pub fn new_scramble(rng: &mut (impl Rng + CryptoRng)) -> [u8; SCRAMBLE_LEN] {
    std::array::from_fn(|_| {
        let byte = rng.gen_range(1..127);
        if byte == b'$' { 127 } else { byte }
    })
}

/// What a server says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake<'a> {
    pub server_version: &'a [u8],
    pub connection_id: u32,
    pub scramble: [u8; SCRAMBLE_LEN],
    pub capabilities: CapabilityFlags,
    /// MariaDB's: see [`EXTENDED_METADATA`].
    pub extended_metadata: bool,
    /// The default collation's number, lower eight bits.
    pub charset: u8,
    pub status: StatusFlags,
    /// The authentication method that the server proposes; empty: mysql_native_password.
    pub plugin: &'a [u8],
}

/// The first packet from a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Greeting<'a> {
    Handshake(Handshake<'a>),
    /// It does not talk to us: too many connections, host blocked.
    Refused(ErrPacket<'a>),
}

impl<'a> Greeting<'a> {
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        match payload.first() {
            Some(&ERR) => ErrPacket::parse(payload).map(Self::Refused),
            Some(&PROTOCOL_VERSION) => Handshake::parse(payload).map(Self::Handshake),
            Some(_) => Err(WireError::Unsupported("a greeting of another version than 10")),
            None => Err(WireError::Truncated("greeting")),
        }
    }
}

impl<'a> Handshake<'a> {
    fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        reader.skip(1, "protocol version")?;
        let server_version = reader.nul_bytes("server version")?;
        let connection_id = reader.u32("connection id")?;
        let mut scramble = [0; SCRAMBLE_LEN];
        scramble[..8].copy_from_slice(reader.bytes(8, "scramble")?);
        reader.skip(1, "greeting")?;
        let lower = reader.u16("capabilities")?;
        let charset = reader.u8("character set")?;
        let status = StatusFlags::from_bits_retain(reader.u16("status flags")?);
        let upper = reader.u16("capabilities")?;
        let capabilities = CapabilityFlags::from_bits_retain(u32::from(lower) | u32::from(upper) << 16);
        reader.skip(1 + 6, "greeting")?;
        let own = reader.u32("capabilities")?;
        let extended_metadata = !capabilities.contains(IS_MYSQL) && own & EXTENDED_METADATA != 0;
        if !capabilities.contains(CapabilityFlags::CLIENT_PROTOCOL_41 | CapabilityFlags::CLIENT_SECURE_CONNECTION) {
            return Err(WireError::Unsupported("a server older than MySQL 4.1"));
        }
        // The second part has at least 13 bytes, of which the last is NUL; what a longer one has more is not used.
        scramble[8..].copy_from_slice(reader.bytes(12, "scramble")?);
        let plugin = match capabilities.contains(CapabilityFlags::CLIENT_PLUGIN_AUTH) {
            true => plugin_name(&mut reader)?,
            false => &b""[..],
        };
        Ok(Self { server_version, connection_id, scramble, capabilities, extended_metadata, charset, status, plugin })
    }

    pub fn version(&self) -> ServerVersion {
        ServerVersion::parse(self.server_version)
    }

    /// Appends the payload. The version must have no NUL.
    pub fn write(&self, out: &mut Vec<u8>) {
        let own = if self.extended_metadata { EXTENDED_METADATA } else { 0 };
        let bits = self.capabilities.difference(if own == 0 { CapabilityFlags::empty() } else { IS_MYSQL }).bits();
        out.put_u8(PROTOCOL_VERSION);
        out.put_nul_bytes(self.server_version);
        out.put_u32(self.connection_id);
        out.extend_from_slice(&self.scramble[..8]);
        out.put_u8(0);
        out.put_u16(bits as u16);
        out.put_u8(self.charset);
        out.put_u16(self.status.bits());
        out.put_u16((bits >> 16) as u16);
        out.put_u8(SCRAMBLE_LEN as u8 + 1);
        out.extend_from_slice(&[0; 6]);
        out.put_u32(own);
        out.extend_from_slice(&self.scramble[8..]);
        out.put_u8(0);
        if self.capabilities.contains(CapabilityFlags::CLIENT_PLUGIN_AUTH) {
            out.put_nul_bytes(self.plugin);
        }
    }
}

/// The NUL after the scramble, then the name. Some old servers leave out the NUL after the name.
fn plugin_name<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], WireError> {
    reader.skip(1, "scramble")?;
    Ok(match reader.nul_bytes("plugin name") {
        Ok(name) => name,
        Err(_) => reader.rest(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scrambles_have_no_nul_and_no_dollar() {
        let mut rng = rand::thread_rng();
        for _ in 0..1000 {
            let scramble = new_scramble(&mut rng);
            assert!(scramble.iter().all(|byte| (1..128).contains(byte) && *byte != b'$'));
        }
    }

    #[test]
    fn a_greeting_of_mariadb() {
        // Lower capabilities without bit 0: MariaDB's own follow in the reserved bytes.
        let payload = b"\x0A5.5.5-10.11.19-MariaDB\0\x07\0\0\0abcdefgh\0\xFE\xF7\x2D\x02\0\xFF\x81\x15\0\0\0\0\0\0\x1D\0\0\0ijklmnopqrst\0mysql_native_password\0";
        let Greeting::Handshake(handshake) = Greeting::parse(payload).unwrap() else { panic!() };
        assert_eq!(handshake.connection_id, 7);
        assert_eq!(&handshake.scramble, b"abcdefghijklmnopqrst");
        assert_eq!(handshake.version(), ServerVersion { number: 101119, mariadb: true });
        assert_eq!(handshake.plugin, b"mysql_native_password");
        assert_eq!(handshake.capabilities.bits(), 0x81FF_F7FE);
        assert!(handshake.extended_metadata);
        assert_eq!(handshake.status, StatusFlags::SERVER_STATUS_AUTOCOMMIT);
    }

    #[test]
    fn refusals_and_other_protocols() {
        let refused = Greeting::parse(b"\xFF\x10\x04Too many connections").unwrap();
        let Greeting::Refused(err) = refused else { panic!("{refused:?}") };
        assert_eq!(err.code.number, 1040);
        for payload in [&b"\x09x\0"[..], b"", b"\x0A8.0", b"HTTP/1.1 400 Bad Request"] {
            assert!(Greeting::parse(payload).is_err());
        }
        let mut old = Vec::new();
        let capabilities = CapabilityFlags::CLIENT_LONG_PASSWORD;
        let status = StatusFlags::empty();
        let scramble = [b'x'; SCRAMBLE_LEN];
        Handshake {
            server_version: b"4.0",
            connection_id: 1,
            scramble,
            capabilities,
            extended_metadata: false,
            charset: 8,
            status,
            plugin: b"",
        }
        .write(&mut old);
        assert!(matches!(Greeting::parse(&old), Err(WireError::Unsupported(_))));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(mut payload in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Greeting::parse(&payload);
            payload.insert(0, PROTOCOL_VERSION);
            let _ = Greeting::parse(&payload);
        }

        #[test]
        fn greetings_come_back(version in "[0-9a-zA-Z.-]{0,20}", connection_id in any::<u32>(), bits in any::<u32>(), charset in any::<u8>(), status in any::<u16>(), extended_metadata in any::<bool>(), plugin in "[a-z_]{0,20}") {
            let mut capabilities = CapabilityFlags::from_bits_retain(bits) | CapabilityFlags::CLIENT_PROTOCOL_41 | CapabilityFlags::CLIENT_SECURE_CONNECTION | CapabilityFlags::CLIENT_PLUGIN_AUTH;
            capabilities.set(IS_MYSQL, !extended_metadata);
            let handshake = Handshake {
                server_version: version.as_bytes(),
                connection_id,
                scramble: new_scramble(&mut rand::thread_rng()),
                capabilities,
                extended_metadata,
                charset,
                status: StatusFlags::from_bits_retain(status),
                plugin: plugin.as_bytes(),
            };
            let mut out = Vec::new();
            handshake.write(&mut out);
            prop_assert_eq!(Greeting::parse(&out).unwrap(), Greeting::Handshake(handshake));
        }
    }
}
