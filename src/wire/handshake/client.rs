//! The client's part: SSLRequest, HandshakeResponse41, COM_CHANGE_USER.

use std::fmt;

use mysql_common::constants::CapabilityFlags as Flags;

use crate::wire::WireError;
use crate::wire::capability::{EXTENDED_METADATA, IS_MYSQL};
use crate::wire::reader::Reader;
use crate::wire::writer::Put;

/// Payload bytes of an SSLRequest.
const SSL_REQUEST_LEN: usize = 32;

/// What a client sends after the greeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientHello<'a> {
    /// TLS begins with the next byte; the login follows inside.
    SslRequest {
        capabilities: Flags,
    },
    Login(HandshakeResponse<'a>),
}

impl<'a> ClientHello<'a> {
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        // The old protocol's flags have two bytes; the bit is in the lower ones.
        let lower = Flags::from_bits_retain(u32::from(reader.clone().u16("capabilities")?));
        if !lower.contains(Flags::CLIENT_PROTOCOL_41) {
            return Err(WireError::Unsupported("a client older than MySQL 4.1"));
        }
        let capabilities = Flags::from_bits_retain(reader.u32("capabilities")?);
        if payload.len() == SSL_REQUEST_LEN && capabilities.contains(Flags::CLIENT_SSL) {
            return Ok(Self::SslRequest { capabilities });
        }
        HandshakeResponse::parse(capabilities, reader).map(Self::Login)
    }
}

/// A login.
#[derive(Clone, PartialEq, Eq)]
pub struct HandshakeResponse<'a> {
    /// As the client sent them: some send what was not offered, so intersect before use.
    pub capabilities: Flags,
    /// MariaDB's: see [`EXTENDED_METADATA`].
    pub extended_metadata: bool,
    /// The longest packet that the client takes; 0 or what it likes.
    pub max_packet: u32,
    /// The collation's number, lower eight bits.
    pub charset: u8,
    pub user: &'a [u8],
    /// The answer to the greeting's scramble, made by `plugin`.
    pub auth_response: &'a [u8],
    /// None also if it is empty.
    pub database: Option<&'a [u8]>,
    /// None: the client knows no plugins, so mysql_native_password.
    pub plugin: Option<&'a [u8]>,
    pub attributes: Attributes<'a>,
}

impl fmt::Debug for HandshakeResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandshakeResponse")
            .field("capabilities", &self.capabilities)
            .field("user", &String::from_utf8_lossy(self.user))
            .field("database", &self.database.map(String::from_utf8_lossy))
            .field("plugin", &self.plugin.map(String::from_utf8_lossy))
            .finish_non_exhaustive()
    }
}

impl<'a> HandshakeResponse<'a> {
    fn parse(capabilities: Flags, mut reader: Reader<'a>) -> Result<Self, WireError> {
        let max_packet = reader.u32("max packet")?;
        let charset = reader.u8("character set")?;
        reader.skip(19, "handshake response")?;
        let own = reader.u32("capabilities")?;
        let extended_metadata = !capabilities.contains(IS_MYSQL) && own & EXTENDED_METADATA != 0;
        let user = reader.nul_bytes("user name")?;
        let auth_response = if capabilities.contains(Flags::CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA) {
            reader.lenenc_bytes("auth response")?
        } else {
            short_auth_response(&mut reader, capabilities)?
        };
        let with_database = capabilities.contains(Flags::CLIENT_CONNECT_WITH_DB) && !reader.is_empty();
        let database = if with_database { Some(reader.nul_bytes("database")?) } else { None };
        let (plugin, attributes) = plugin_and_attributes(&mut reader, capabilities)?;
        let database = database.filter(|name| !name.is_empty());
        Ok(Self {
            capabilities,
            extended_metadata,
            max_packet,
            charset,
            user,
            auth_response,
            database,
            plugin,
            attributes,
        })
    }

    /// Appends the payload, with the fields that `capabilities` names. `user` and `database` must have no NUL; without
    /// PLUGIN_AUTH_LENENC the response must be shorter than 256 bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_head(out, self.capabilities, self.extended_metadata, self.max_packet, self.charset);
        out.put_nul_bytes(self.user);
        if self.capabilities.contains(Flags::CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA) {
            out.put_lenenc_bytes(self.auth_response);
        } else if self.capabilities.contains(Flags::CLIENT_SECURE_CONNECTION) {
            out.put_u8(self.auth_response.len() as u8);
            out.extend_from_slice(self.auth_response);
        } else {
            out.put_nul_bytes(self.auth_response);
        }
        if self.capabilities.contains(Flags::CLIENT_CONNECT_WITH_DB) {
            out.put_nul_bytes(self.database.unwrap_or_default());
        }
        if self.capabilities.contains(Flags::CLIENT_PLUGIN_AUTH) {
            out.put_nul_bytes(self.plugin.unwrap_or_default());
        }
        if self.capabilities.contains(Flags::CLIENT_CONNECT_ATTRS) {
            out.put_lenenc_bytes(self.attributes.0);
        }
    }
}

/// Appends the payload of an SSLRequest. `capabilities` must have CLIENT_SSL, and be those of the login that follows.
pub fn write_ssl_request(
    out: &mut Vec<u8>,
    capabilities: Flags,
    extended_metadata: bool,
    max_packet: u32,
    charset: u8,
) {
    write_head(out, capabilities, extended_metadata, max_packet, charset);
}

fn write_head(out: &mut Vec<u8>, capabilities: Flags, extended_metadata: bool, max_packet: u32, charset: u8) {
    let own = if extended_metadata { EXTENDED_METADATA } else { 0 };
    out.put_u32(capabilities.difference(if own == 0 { Flags::empty() } else { IS_MYSQL }).bits());
    out.put_u32(max_packet);
    out.put_u8(charset);
    out.extend_from_slice(&[0; 19]);
    out.put_u32(own);
}

/// The forms of clients that do not set PLUGIN_AUTH_LENENC.
fn short_auth_response<'a>(reader: &mut Reader<'a>, capabilities: Flags) -> Result<&'a [u8], WireError> {
    if capabilities.contains(Flags::CLIENT_SECURE_CONNECTION) {
        let len = reader.u8("auth response")?;
        return reader.bytes(len.into(), "auth response");
    }
    // Some clients leave out the NUL of the last field.
    Ok(reader.nul_bytes("auth response").unwrap_or_else(|_| reader.rest()))
}

fn plugin_and_attributes<'a>(
    reader: &mut Reader<'a>,
    capabilities: Flags,
) -> Result<(Option<&'a [u8]>, Attributes<'a>), WireError> {
    let plugin = if capabilities.contains(Flags::CLIENT_PLUGIN_AUTH) && !reader.is_empty() {
        Some(reader.nul_bytes("plugin name").unwrap_or_else(|_| reader.rest()))
    } else {
        None
    };
    let attributes = if capabilities.contains(Flags::CLIENT_CONNECT_ATTRS) && !reader.is_empty() {
        Attributes(reader.lenenc_bytes("connection attributes")?)
    } else {
        Attributes::default()
    };
    Ok((plugin, attributes))
}

/// A change of user on an open connection: the body of COM_CHANGE_USER.
#[derive(Clone, PartialEq, Eq)]
pub struct ChangeUser<'a> {
    pub user: &'a [u8],
    pub auth_response: &'a [u8],
    pub database: Option<&'a [u8]>,
    pub charset: Option<u16>,
    pub plugin: Option<&'a [u8]>,
    pub attributes: Attributes<'a>,
}

impl fmt::Debug for ChangeUser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeUser").field("user", &String::from_utf8_lossy(self.user)).finish_non_exhaustive()
    }
}

impl<'a> ChangeUser<'a> {
    /// `body` follows the command byte; `capabilities` are those agreed on at login.
    pub fn parse(body: &'a [u8], capabilities: Flags) -> Result<Self, WireError> {
        let mut reader = Reader::new(body);
        let user = reader.nul_bytes("user name")?;
        let auth_response = short_auth_response(&mut reader, capabilities)?;
        let database = if reader.is_empty() { None } else { Some(reader.nul_bytes("database")?) };
        let charset = if reader.is_empty() { None } else { Some(reader.u16("character set")?) };
        let (plugin, attributes) = plugin_and_attributes(&mut reader, capabilities)?;
        let database = database.filter(|name| !name.is_empty());
        Ok(Self { user, auth_response, database, charset, plugin, attributes })
    }
}

/// What a client says of itself (`_client_name`, `program_name`), as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attributes<'a>(pub &'a [u8]);

impl<'a> Attributes<'a> {
    /// The pairs of name and value, up to the first that is malformed.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut reader = Reader::new(self.0);
        std::iter::from_fn(move || {
            let name = reader.lenenc_bytes("attribute name").ok()?;
            Some((name, reader.lenenc_bytes("attribute value").ok()?))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn login(payload: &[u8]) -> HandshakeResponse<'_> {
        match ClientHello::parse(payload).unwrap() {
            ClientHello::Login(login) => login,
            other => panic!("{other:?}"),
        }
    }

    fn head(capabilities: Flags) -> Vec<u8> {
        let mut out = Vec::new();
        write_head(&mut out, capabilities, false, 1 << 24, 45);
        out
    }

    #[test]
    fn any_subset_of_capabilities_is_a_login() {
        let (old, secure, db, plugin) = (
            Flags::CLIENT_PROTOCOL_41,
            Flags::CLIENT_SECURE_CONNECTION,
            Flags::CLIENT_CONNECT_WITH_DB,
            Flags::CLIENT_PLUGIN_AUTH,
        );
        type Case<'a> = (Flags, &'a [u8], &'a [u8], Option<&'a [u8]>, Option<&'a [u8]>);
        let cases: &[Case<'_>] = &[
            (old, b"me\0", b"", None, None),
            (old, b"me\0pw\0", b"pw", None, None),
            (old | secure, b"me\0\x02pw", b"pw", None, None),
            (old | secure | db, b"me\0\x02pwshop\0", b"pw", Some(b"shop"), None),
            (old | secure | db, b"me\0\0\0", b"", None, None),
            (old | secure | db | plugin, b"me\0\0shop\0native\0", b"", Some(b"shop"), Some(b"native")),
            (old | secure | plugin, b"me\0\0native", b"", None, Some(b"native")),
            (old | secure | plugin | Flags::CLIENT_SSL, b"me\0\0native\0", b"", None, Some(b"native")),
            (old | secure | db | plugin, b"me\0\0", b"", None, None),
        ];
        for (capabilities, rest, auth_response, database, plugin) in cases {
            let payload = [&head(*capabilities)[..], rest].concat();
            let login = login(&payload);
            assert_eq!((login.user, login.auth_response), (&b"me"[..], *auth_response), "{rest:?}");
            assert_eq!((login.database, login.plugin), (*database, *plugin), "{rest:?}");
            assert_eq!((login.max_packet, login.charset), (1 << 24, 45));
        }
    }

    #[test]
    fn attributes_are_pairs() {
        let flags = Flags::CLIENT_PROTOCOL_41 | Flags::CLIENT_SECURE_CONNECTION | Flags::CLIENT_CONNECT_ATTRS;
        let payload = [&head(flags)[..], b"me\0\0\x09\x03pid\x0242\x01x"].concat();
        let attributes = login(&payload).attributes;
        assert_eq!(attributes.iter().collect::<Vec<_>>(), [(&b"pid"[..], &b"42"[..])]);
    }

    #[test]
    fn tls_comes_before_the_login() {
        let flags = Flags::CLIENT_PROTOCOL_41 | Flags::CLIENT_SSL;
        let mut payload = Vec::new();
        write_ssl_request(&mut payload, flags, false, 0, 45);
        assert_eq!(ClientHello::parse(&payload).unwrap(), ClientHello::SslRequest { capabilities: flags });
    }

    #[test]
    fn garbage_and_old_clients_are_told_apart_from_logins() {
        let old = b"\x85\x04\x00\x00\x00root\0";
        assert!(matches!(ClientHello::parse(old), Err(WireError::Unsupported(_))));
        assert!(ClientHello::parse(b"").is_err());
        assert!(ClientHello::parse(b"\x00\x02").is_err());
        assert!(ClientHello::parse(&head(Flags::CLIENT_PROTOCOL_41)).is_err());
        let secret = [&head(Flags::CLIENT_PROTOCOL_41)[..], b"me\0hunter2\0"].concat();
        assert!(!format!("{:?}", login(&secret)).contains("hunter2"));
    }

    #[test]
    fn change_user_may_end_early() {
        let flags = Flags::CLIENT_SECURE_CONNECTION | Flags::CLIENT_PLUGIN_AUTH | Flags::CLIENT_CONNECT_ATTRS;
        let full = ChangeUser::parse(b"me\0\x02pwshop\0\x2D\x00native\0\x00", flags).unwrap();
        assert_eq!((full.user, full.auth_response, full.database), (&b"me"[..], &b"pw"[..], Some(&b"shop"[..])));
        assert_eq!((full.charset, full.plugin), (Some(45), Some(&b"native"[..])));
        let short = ChangeUser::parse(b"me\0\0\0", flags).unwrap();
        assert_eq!((short.database, short.charset, short.plugin), (None, None, None));
        assert!(ChangeUser::parse(b"me\0\x05pw", flags).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(bits in any::<u32>(), payload in prop::collection::vec(any::<u8>(), 0..100)) {
            let flags = Flags::from_bits_retain(bits);
            let _ = ClientHello::parse(&payload);
            let _ = ClientHello::parse(&[&head(flags | Flags::CLIENT_PROTOCOL_41)[..], &payload].concat());
            if let Ok(change) = ChangeUser::parse(&payload, flags) {
                let _ = change.attributes.iter().count();
            }
        }

        #[test]
        fn logins_come_back(
            bits in any::<u32>(), extended_metadata in any::<bool>(), user in "[a-z]{0,10}", auth in prop::collection::vec(1u8.., 0..40),
            database in prop::option::of("[a-z]{1,10}"), plugin in "[a-z]{0,10}", attributes in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut capabilities = Flags::from_bits_retain(bits) | Flags::CLIENT_PROTOCOL_41;
            capabilities.set(Flags::CLIENT_CONNECT_WITH_DB, database.is_some());
            if extended_metadata {
                capabilities.remove(IS_MYSQL);
            }
            let login = HandshakeResponse {
                capabilities,
                extended_metadata,
                max_packet: 7,
                charset: 8,
                user: user.as_bytes(),
                auth_response: &auth,
                database: database.as_deref().map(str::as_bytes),
                plugin: capabilities.contains(Flags::CLIENT_PLUGIN_AUTH).then_some(plugin.as_bytes()),
                attributes: if capabilities.contains(Flags::CLIENT_CONNECT_ATTRS) { Attributes(&attributes) } else { Attributes::default() },
            };
            let mut out = Vec::new();
            login.write(&mut out);
            prop_assert_eq!(ClientHello::parse(&out).unwrap(), ClientHello::Login(login));
        }
    }
}
