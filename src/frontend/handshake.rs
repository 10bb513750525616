//! Letting a client in: greeting, TLS, password, default database.

use std::net::SocketAddr;
use std::sync::Arc;

use super::client::{Client, ClientError};
use super::error::ClientMessage;
use super::options::{TlsMode, User};
use super::response;
use super::session::{Current, Session};
use super::shared::Shared;
use super::variables;
use crate::backend::interrupt::Interrupt;
use crate::backend::pool::WorkerId;
use crate::wire::auth::{Account, Credential, Login, RejectReason, ServerAuth, ServerStep};
use crate::wire::capability::{self, RelayedCapabilities};
use crate::wire::error_code as codes;
use crate::wire::handshake::{ClientHello, Handshake, HandshakeResponse, SCRAMBLE_LEN, new_scramble};
use crate::wire::packet;
use crate::wire::response::OkPacket;
use crate::wire::{CapabilityFlags, Secret, StatusFlags, WireError};

/// No client needs more to log in.
pub(super) const LARGEST_PACKET: usize = 64 * 1024;

/// A client that has just connected.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) client: Client,
    pub(super) peer: SocketAddr,
    pub(super) worker: WorkerId,
    pub(super) interrupt: Arc<Interrupt>,
}

/// What the client sent to log in with.
struct Hello {
    capabilities: CapabilityFlags,
    extended_metadata: bool,
    charset: u8,
    user: Vec<u8>,
    response: Vec<u8>,
    database: Option<Vec<u8>>,
    plugin: Option<Vec<u8>>,
}

impl Hello {
    fn of(login: &HandshakeResponse<'_>) -> Hello {
        Hello {
            capabilities: login.capabilities,
            extended_metadata: login.extended_metadata,
            charset: login.charset,
            user: login.user.to_vec(),
            response: login.auth_response.to_vec(),
            database: login.database.map(<[u8]>::to_vec),
            plugin: login.plugin.map(<[u8]>::to_vec),
        }
    }
}

/// Greets the client and lets it in; `None` when it was refused or went away. The client has been told why.
pub(super) async fn log_in(mut arrival: Arrival, shared: Arc<Shared>) -> Option<Session> {
    arrival.interrupt.arm(shared.setup().options.handshake_timeout);
    let Some(registered) = shared.registry.admit(Arc::clone(&arrival.interrupt)) else {
        let message = ClientMessage::fatal(codes::CON_COUNT_ERROR, "Too many connections: max_sessions is reached");
        arrival.refuse(&message, false).await;
        return None;
    };
    let scramble = new_scramble(&mut rand::thread_rng());
    let (arrival, hello) = match arrival.meet(&shared, registered.entry.id, scramble).await {
        Ok(met) => met,
        Err((arrival, error)) => {
            if let Some(mut arrival) = arrival {
                arrival.give_up(error).await;
            }
            return None;
        }
    };
    let mut arrival = arrival;
    if hello.capabilities.contains(CapabilityFlags::CLIENT_COMPRESS) {
        // PHP's client compresses then, although it was not offered.
        let text = "Bad handshake: the client compresses, which was not offered; connect without compression";
        arrival.give_up(Refused::Message(ClientMessage::fatal(codes::HANDSHAKE_ERROR, text))).await;
        return None;
    }
    let user = match arrival.verify(&shared, &hello, scramble).await {
        Ok(user) => user,
        Err(error) => {
            arrival.give_up(error).await;
            return None;
        }
    };
    registered.entry.user.lock().clone_from(&user.name);
    let capabilities = hello.capabilities & capability::offered(shared.setup().tls.is_some());
    arrival.client.set_max_packet(shared.setup().options.max_packet);
    let class = RelayedCapabilities::of(capabilities, hello.extended_metadata && shared.offers_extended_metadata());
    shared.saw_class(class);
    let mut session = Session::new(arrival, shared, registered, user, capabilities, class);
    session.begin_with(variables::after_handshake(&session.shared, u16::from(hello.charset)));
    session.last.found_rows = u64::from(session.mode.mariadb);
    if let Err(message) = session.finish_login(hello.database.as_deref()).await {
        session.refuse(&message).await;
        return None;
    }
    Some(session)
}

/// Why a client was not let in.
enum Refused {
    Client(ClientError),
    Message(ClientMessage),
}

impl From<ClientError> for Refused {
    fn from(error: ClientError) -> Self {
        Refused::Client(error)
    }
}

impl From<WireError> for Refused {
    fn from(error: WireError) -> Self {
        Refused::Message(wire_message(error))
    }
}

impl Arrival {
    /// Greeting, and the change to TLS if the client wants it.
    async fn meet(
        mut self,
        shared: &Shared,
        id: u32,
        scramble: [u8; SCRAMBLE_LEN],
    ) -> Result<(Arrival, Hello), (Option<Arrival>, Refused)> {
        if let Err(error) = self.greet(shared, id, scramble).await {
            return Err((Some(self), error.into()));
        }
        // Exactly one packet: what follows an SSLRequest belongs to TLS.
        let payload = match self.client.next_packet_exactly(LARGEST_PACKET, &self.interrupt).await {
            Ok(payload) => payload,
            Err(error) => return Err((Some(self), error.into())),
        };
        match ClientHello::parse(&payload) {
            Ok(ClientHello::Login(login)) => {
                if shared.setup().options.tls.mode == TlsMode::Required {
                    let text = "Connections using insecure transport are prohibited: ShardGate requires TLS";
                    let message = ClientMessage::fatal(codes::SECURE_TRANSPORT_REQUIRED, text);
                    return Err((Some(self), Refused::Message(message)));
                }
                Ok((self, Hello::of(&login)))
            }
            Ok(ClientHello::SslRequest { .. }) => self.meet_over_tls(shared).await,
            Err(error) => Err((Some(self), error.into())),
        }
    }

    async fn meet_over_tls(self, shared: &Shared) -> Result<(Arrival, Hello), (Option<Arrival>, Refused)> {
        let Some(config) = shared.setup().tls.clone() else {
            return Err((Some(self), WireError::Unsupported("TLS, which was not offered").into()));
        };
        let Arrival { client, peer, worker, interrupt } = self;
        let accepted = client.accept_tls(config, shared.setup().options.handshake_timeout).await;
        // A client whose TLS failed cannot be told so.
        let client = accepted.map_err(|error| (None, Refused::Client(error)))?;
        let mut arrival = Arrival { client, peer, worker, interrupt };
        let packet = match arrival.client.next_packet_in_turn(&arrival.interrupt).await {
            Ok(packet) => packet,
            Err(error) => return Err((Some(arrival), error.into())),
        };
        match ClientHello::parse(packet.payload()) {
            Ok(ClientHello::Login(login)) => {
                let hello = Hello::of(&login);
                Ok((arrival, hello))
            }
            Ok(ClientHello::SslRequest { .. }) => {
                Err((Some(arrival), WireError::Malformed("a second request for TLS").into()))
            }
            Err(error) => Err((Some(arrival), error.into())),
        }
    }

    async fn greet(&mut self, shared: &Shared, id: u32, scramble: [u8; SCRAMBLE_LEN]) -> Result<(), ClientError> {
        let version = shared.greeting_version();
        let mut out = Vec::new();
        let at = packet::begin(&mut out);
        Handshake {
            server_version: version.as_bytes(),
            connection_id: id,
            scramble,
            capabilities: capability::offered(shared.setup().tls.is_some()),
            extended_metadata: shared.offers_extended_metadata(),
            charset: 45,
            status: StatusFlags::SERVER_STATUS_AUTOCOMMIT,
            plugin: shared.setup().options.default_auth.name().as_bytes(),
        }
        .write(&mut out);
        packet::finish(&mut out, at, &mut self.client.seq);
        self.client.send(&out, &self.interrupt).await
    }

    /// Checks the password. An unknown user takes the same steps as a known one.
    async fn verify(
        &mut self,
        shared: &Shared,
        hello: &Hello,
        scramble: [u8; SCRAMBLE_LEN],
    ) -> Result<Arc<User>, Refused> {
        let name = String::from_utf8_lossy(&hello.user).into_owned();
        let user = shared.setup().users.get(&name).cloned();
        authenticate(&mut self.client, &self.interrupt, shared, user.as_ref(), &name, hello.login(scramble), self.peer)
            .await?;
        // An unknown user was rejected.
        user.ok_or(Refused::Client(ClientError::Closed))
    }

    async fn give_up(&mut self, refused: Refused) {
        match refused {
            Refused::Message(message) => self.refuse(&message, true).await,
            Refused::Client(ClientError::Wire(error)) => self.refuse(&wire_message(error), true).await,
            Refused::Client(error) => {
                tracing::debug!(peer = %self.peer, %error, "a client went away before it was let in");
            }
        }
    }

    async fn refuse(&mut self, message: &ClientMessage, greeted: bool) {
        tracing::info!(peer = %self.peer, code = message.code.number, reason = %message.text, "client refused");
        let mut out = Vec::new();
        if greeted {
            response::error(&mut out, &mut self.client.seq, message);
        } else {
            response::error_before_greeting(&mut out, message);
        }
        // It is refused either way.
        let _ = self.client.send(&out, &self.interrupt).await;
    }
}

impl Hello {
    fn login(&self, scramble: [u8; SCRAMBLE_LEN]) -> LoginAttempt<'_> {
        LoginAttempt { scramble, plugin: self.plugin.as_deref(), response: &self.response }
    }
}

/// What a password is checked with.
#[derive(Debug, Clone, Copy)]
pub(super) struct LoginAttempt<'a> {
    pub(super) scramble: [u8; SCRAMBLE_LEN],
    pub(super) plugin: Option<&'a [u8]>,
    pub(super) response: &'a [u8],
}

/// The exchange that proves the password: at login, and for COM_CHANGE_USER.
async fn authenticate(
    client: &mut Client,
    interrupt: &Interrupt,
    shared: &Shared,
    user: Option<&Arc<User>>,
    name: &str,
    attempt: LoginAttempt<'_>,
    peer: SocketAddr,
) -> Result<(), Refused> {
    let account = match user {
        Some(user) => Account {
            credential: user.credential.clone(),
            known: true,
            cached_digest: shared.setup().digests.lock().get(name).copied(),
        },
        None => {
            Account { credential: Credential::Plain(Secret::new("no such user")), known: false, cached_digest: None }
        }
    };
    let login = Login {
        scramble: attempt.scramble,
        plugin: attempt.plugin,
        response: attempt.response,
        is_secure: client.transport().is_private(),
        default_plugin: shared.setup().options.default_auth,
    };
    let (mut auth, mut step) = ServerAuth::start(account, login);
    loop {
        match step {
            ServerStep::Send(payload) => {
                send_payload(client, interrupt, &payload).await?;
                let packet = client.next_packet_in_turn(interrupt).await?;
                step = auth.on_packet(packet.payload(), &shared.keys);
            }
            ServerStep::Accept { send, digest } => {
                if let Some(payload) = send {
                    send_payload(client, interrupt, &payload).await?;
                }
                if let Some(digest) = digest {
                    shared.setup().digests.lock().insert(name.to_owned(), digest);
                }
                return Ok(());
            }
            ServerStep::Reject { reason, using_password } => {
                return Err(Refused::Message(rejection(reason, using_password, name, peer)));
            }
        }
    }
}

fn rejection(reason: RejectReason, using_password: bool, name: &str, peer: SocketAddr) -> ClientMessage {
    match reason {
        RejectReason::Denied => {
            let using = if using_password { "YES" } else { "NO" };
            let text = format!("Access denied for user '{name}'@'{}' (using password: {using})", peer.ip());
            ClientMessage::fatal(codes::ACCESS_DENIED_ERROR, text)
        }
        RejectReason::ClientTooOld => ClientMessage::fatal(
            codes::NOT_SUPPORTED_AUTH_MODE,
            "Client does not support authentication protocol requested by server; consider upgrading the client",
        ),
    }
}

async fn send_payload(client: &mut Client, interrupt: &Interrupt, payload: &[u8]) -> Result<(), ClientError> {
    let mut out = Vec::new();
    packet::write_packet(&mut out, &mut client.seq, payload);
    client.send(&out, interrupt).await
}

impl Session {
    /// Selects the default database and says OK.
    async fn finish_login(&mut self, database: Option<&[u8]>) -> Result<(), ClientMessage> {
        if let Some(name) = database {
            self.use_database(&String::from_utf8_lossy(name))?;
        }
        self.interrupt.disarm();
        self.send_ok(OkPacket::default(), false).await?;
        tracing::debug!(session = self.registered.entry.id, user = %self.user.name, peer = %self.peer, "session opened");
        Ok(())
    }

    /// COM_CHANGE_USER: the session starts afresh, as another user if the password is right; else it ends.
    pub(super) async fn change_user(&mut self, body: &[u8]) -> Result<(), ClientMessage> {
        let request = crate::wire::handshake::ChangeUser::parse(body, self.capabilities).map_err(wire_message)?;
        let name = String::from_utf8_lossy(request.user).into_owned();
        let user = self.shared.setup().users.get(&name).cloned();
        // The client mixed its password with a scramble of its own memory; a switch gives it a new one.
        let scramble = new_scramble(&mut rand::thread_rng());
        let attempt = LoginAttempt { scramble, plugin: Some(b""), response: request.auth_response };
        let shared = Arc::clone(&self.shared);
        let verified =
            authenticate(&mut self.client, &self.interrupt, &shared, user.as_ref(), &name, attempt, self.peer).await;
        match (verified, user) {
            (Ok(()), Some(user)) => self.user = user,
            (Err(Refused::Message(message)), _) => return Err(message),
            (Err(Refused::Client(error)), _) => {
                return Err(ClientMessage::fatal(codes::NET_READ_ERROR, error.to_string()));
            }
            (Ok(()), None) => return Err(ClientMessage::fatal(codes::ACCESS_DENIED_ERROR, "Access denied")),
        }
        self.registered.entry.user.lock().clone_from(&self.user.name);
        self.start_afresh().await;
        self.begin_with(variables::after_handshake(&self.shared, request.charset.unwrap_or(45)));
        self.current = Current::None;
        *self.registered.entry.activity.database.lock() = None;
        if let Some(database) = request.database {
            let selected = self.use_database(&String::from_utf8_lossy(database));
            selected.map_err(|message| ClientMessage { fatal: true, ..message })?;
        }
        self.send_ok(OkPacket::default(), false).await
    }
}

/// What a client is told whose bytes make no sense.
pub(super) fn wire_message(error: WireError) -> ClientMessage {
    match error {
        WireError::PacketTooLarge { .. } => ClientMessage::fatal(
            codes::NET_PACKET_TOO_LARGE,
            format!("Got a packet bigger than 'max_allowed_packet' bytes: {error}"),
        ),
        WireError::OutOfOrder { .. } => {
            ClientMessage::fatal(codes::NET_PACKETS_OUT_OF_ORDER, "Got packets out of order")
        }
        WireError::Unsupported(_) => ClientMessage::fatal(codes::NOT_SUPPORTED_AUTH_MODE, error.to_string()),
        WireError::Truncated(_) | WireError::Malformed(_) | WireError::Farewell { .. } => {
            ClientMessage::fatal(codes::HANDSHAKE_ERROR, format!("Bad handshake: {error}"))
        }
    }
}
