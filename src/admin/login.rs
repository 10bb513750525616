//! Letting an operator in.

use std::io;
use std::time::Duration;

use super::channel::Channel;
use super::options::Options;
use crate::wire::auth::{Account, AuthPlugin, Credential, Login, ServerAuth, ServerKeys, ServerStep};
use crate::wire::error_code as codes;
use crate::wire::handshake::{ClientHello, Handshake, HandshakeResponse, new_scramble};
use crate::wire::response::ErrPacket;
use crate::wire::{CapabilityFlags, Secret, StatusFlags};

/// From the connection to the end of authentication.
const LIMIT: Duration = Duration::from_secs(10);

/// No TLS, no multiple statements, and the old form of result sets, which every client reads.
const OFFERED: CapabilityFlags = CapabilityFlags::CLIENT_PROTOCOL_41
    .union(CapabilityFlags::CLIENT_LONG_PASSWORD)
    .union(CapabilityFlags::CLIENT_LONG_FLAG)
    .union(CapabilityFlags::CLIENT_CONNECT_WITH_DB)
    .union(CapabilityFlags::CLIENT_TRANSACTIONS)
    .union(CapabilityFlags::CLIENT_SECURE_CONNECTION)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH);

/// The operator's name; an error once the client was told, or has gone.
pub(super) async fn log_in(channel: &mut Channel, id: u32, options: &Options, keys: &ServerKeys) -> io::Result<String> {
    let scramble = new_scramble(&mut rand::thread_rng());
    let mut greeting = Vec::new();
    Handshake {
        server_version: concat!("8.0.36-ShardGate-console-", env!("CARGO_PKG_VERSION")).as_bytes(),
        connection_id: id,
        scramble,
        capabilities: OFFERED,
        extended_metadata: false,
        charset: 45,
        status: StatusFlags::SERVER_STATUS_AUTOCOMMIT,
        plugin: AuthPlugin::NativePassword.name().as_bytes(),
    }
    .write(&mut greeting);
    channel.send([greeting.as_slice()]).await?;
    let payload = channel.receive(LIMIT).await?;
    let Ok(ClientHello::Login(hello)) = ClientHello::parse(&payload) else {
        return Err(refuse(channel, "the console speaks plain MySQL 4.1 or later, without TLS").await);
    };
    let name = String::from_utf8_lossy(hello.user).into_owned();
    let (mut auth, mut step) = ServerAuth::start(account(options, &name), attempt(&hello, scramble));
    loop {
        match step {
            ServerStep::Send(payload) => {
                channel.send([payload.as_slice()]).await?;
                step = auth.on_packet(&channel.receive(LIMIT).await?, keys);
            }
            ServerStep::Accept { send, .. } => {
                channel.send(send.as_deref()).await?;
                return Ok(name);
            }
            ServerStep::Reject { .. } => {
                return Err(refuse(channel, &format!("Access denied for user '{name}' to the console")).await);
            }
        }
    }
}

fn account(options: &Options, name: &str) -> Account {
    let known = options.users.iter().find(|user| user.name == name);
    // A stranger takes the same steps as somebody who is known.
    let credential = known.map_or_else(|| Credential::Plain(Secret::new("nobody")), |user| user.credential.clone());
    Account { credential, known: known.is_some(), cached_digest: None }
}

fn attempt<'a>(hello: &HandshakeResponse<'a>, scramble: [u8; crate::wire::handshake::SCRAMBLE_LEN]) -> Login<'a> {
    Login {
        scramble,
        plugin: hello.plugin,
        response: hello.auth_response,
        is_secure: false,
        default_plugin: AuthPlugin::NativePassword,
    }
}

async fn refuse(channel: &mut Channel, reason: &str) -> io::Error {
    let mut payload = Vec::new();
    ErrPacket { code: codes::ACCESS_DENIED_ERROR, message: reason.as_bytes() }.write(&mut payload);
    // It is refused either way.
    let _ = channel.send([payload.as_slice()]).await;
    io::Error::new(io::ErrorKind::PermissionDenied, reason.to_owned())
}
