//! Opening a connection: dial, TLS, authentication. Everything within one time-out.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream};

use super::buffer::Buffer;
use super::connection::{Connection, LoggedIn};
use super::error::{Error, ServerName};
use super::interrupt::Watchdog;
use super::options::{Address, ReplicaSetOptions};
use super::pool::WorkerId;
use super::settings::Settings;
use super::transport::Transport;
use crate::wire::auth::{ClientAuth, ClientStep, LoginError};
use crate::wire::capability::RelayedCapabilities;
use crate::wire::handshake::{Attributes, Greeting, Handshake, HandshakeResponse, write_ssl_request};
use crate::wire::packet::{self, Assembled, Assembler};
use crate::wire::{CapabilityFlags, StatusFlags, WireError};

/// utf8mb4_general_ci: known to every MySQL and MariaDB.
const HANDSHAKE_COLLATION: u8 = 45;

/// A greeting or login answer larger than this is not one.
const LARGEST_LOGIN_PACKET: usize = 64 * 1024;

/// What a server is told of the longest packet that ShardGate takes: no limit of its own.
const MAX_PACKET: u32 = 1 << 30;

/// Makes connections to one server.
#[derive(Debug)]
pub struct Dialer {
    server_index: u32,
    server: Arc<ServerName>,
    address: Address,
    set: Arc<ReplicaSetOptions>,
    tls: Option<Arc<rustls::ClientConfig>>,
    clock: Arc<Watchdog>,
    /// The variables of a new session: none that a client has set.
    fresh: Arc<Settings>,
}

impl Dialer {
    pub fn new(
        server_index: u32,
        address: Address,
        set: Arc<ReplicaSetOptions>,
        tls: Option<Arc<rustls::ClientConfig>>,
        clock: Arc<Watchdog>,
    ) -> Dialer {
        let server =
            Arc::new(ServerName { replica_set: set.name.as_str().into(), address: address.to_string().into() });
        Dialer { server_index, server, address, set, tls, clock, fresh: Arc::new(Settings::default()) }
    }

    pub(super) fn clock(&self) -> &Watchdog {
        &self.clock
    }

    pub fn server(&self) -> &Arc<ServerName> {
        &self.server
    }

    /// Account and address, for control connections to the same server.
    pub fn target(&self) -> (&Arc<ReplicaSetOptions>, &Address) {
        (&self.set, &self.address)
    }

    pub fn connect_timeout(&self) -> Duration {
        self.set.connect_timeout
    }

    /// Dials and logs in. `class` is what the session's client negotiated; the server must offer all of it.
    pub async fn dial(
        &self,
        class: RelayedCapabilities,
        schema: Option<&str>,
        worker: WorkerId,
    ) -> Result<Connection, Error> {
        match tokio::time::timeout(self.set.connect_timeout, self.dial_untimed(class, schema, worker)).await {
            Ok(result) => result,
            Err(_) => Err(self.connect_error(io::ErrorKind::TimedOut.into())),
        }
    }

    async fn dial_untimed(
        &self,
        class: RelayedCapabilities,
        schema: Option<&str>,
        worker: WorkerId,
    ) -> Result<Connection, Error> {
        let mut stream = Stream::new(self, self.open().await.map_err(|e| self.connect_error(e))?);
        let greeting = stream.receive().await?;
        let hello = match Greeting::parse(&greeting).map_err(|source| self.broken(source))? {
            Greeting::Handshake(hello) => hello,
            Greeting::Refused(error) => return Err(self.login_error(&String::from_utf8_lossy(error.message))),
        };
        let mut capabilities = class
            .for_backend(hello.capabilities, hello.extended_metadata)
            .map_err(|source| self.login_error(&source.to_string()))?;
        capabilities.set(CapabilityFlags::CLIENT_CONNECT_WITH_DB, schema.is_some());
        if self.tls.is_some() && matches!(self.address, Address::Tcp { .. }) {
            capabilities |= CapabilityFlags::CLIENT_SSL;
            stream = stream.start_tls(class, capabilities, &hello).await?;
        }
        let status = stream.authenticate(&hello, class, capabilities, schema).await?;
        let mut connection = Connection::new(LoggedIn {
            transport: stream.transport,
            server: Arc::clone(&self.server),
            server_index: self.server_index,
            worker,
            class,
            thread_id: hello.connection_id,
            version: hello.version(),
            response_timeout: self.set.response_timeout,
            schema: schema.map(Into::into),
            settings: Arc::clone(&self.fresh),
            now_ms: self.clock.now_ms(),
        });
        if !status.contains(StatusFlags::SERVER_STATUS_AUTOCOMMIT) {
            // The server's own default is off. Clients of ShardGate begin with it on.
            connection.autocommit_on().await?;
        }
        Ok(connection)
    }

    async fn open(&self) -> io::Result<Transport> {
        match &self.address {
            Address::Unix(path) => Ok(Transport::Unix(UnixStream::connect(path).await?)),
            Address::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                let keepalive =
                    TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(10));
                SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
                Ok(Transport::Tcp(stream))
            }
        }
    }

    fn connect_error(&self, source: io::Error) -> Error {
        Error::Connect { server: Arc::clone(&self.server), source }
    }

    fn login_error(&self, message: &str) -> Error {
        Error::Login { server: Arc::clone(&self.server), message: message.to_owned() }
    }

    fn broken(&self, source: WireError) -> Error {
        Error::Protocol { server: Arc::clone(&self.server), source }
    }
}

/// The stream of one login in progress.
struct Stream<'d> {
    dialer: &'d Dialer,
    transport: Transport,
    buffer: Buffer,
    assembler: Assembler,
}

impl<'d> Stream<'d> {
    fn new(dialer: &'d Dialer, transport: Transport) -> Stream<'d> {
        Stream { dialer, transport, buffer: Buffer::default(), assembler: Assembler::new(LARGEST_LOGIN_PACKET) }
    }

    /// Switches to TLS. A server that does not offer it is refused, never spoken to in clear.
    async fn start_tls(
        mut self,
        class: RelayedCapabilities,
        capabilities: CapabilityFlags,
        hello: &Handshake<'_>,
    ) -> Result<Stream<'d>, Error> {
        let dialer = self.dialer;
        if !hello.capabilities.contains(CapabilityFlags::CLIENT_SSL) {
            return Err(dialer.login_error("TLS is required by the configuration, and the server does not offer it"));
        }
        let mut request = Vec::new();
        let extended = class.extended_metadata();
        write_ssl_request(&mut request, capabilities, extended, MAX_PACKET, HANDSHAKE_COLLATION);
        self.send(&request).await?;
        let (Some(config), Address::Tcp { host, .. }, Transport::Tcp(stream)) =
            (&dialer.tls, &dialer.address, self.transport)
        else {
            return Err(dialer.login_error("TLS needs TCP"));
        };
        let name = rustls::pki_types::ServerName::try_from(host.clone())
            .map_err(|_| dialer.login_error("its host name cannot stand in a certificate"))?;
        let connector = tokio_rustls::TlsConnector::from(Arc::clone(config));
        let stream = connector.connect(name, stream).await.map_err(|e| dialer.connect_error(e))?;
        self.transport = Transport::Tls(Box::new(tokio_rustls::TlsStream::Client(stream)));
        Ok(self)
    }

    /// From the handshake response to the server's OK, whose status is returned.
    async fn authenticate(
        &mut self,
        hello: &Handshake<'_>,
        class: RelayedCapabilities,
        capabilities: CapabilityFlags,
        schema: Option<&str>,
    ) -> Result<StatusFlags, Error> {
        let set = &self.dialer.set;
        let mut auth = ClientAuth::new(hello, set.password.clone(), self.transport.is_private());
        let (plugin, response) = auth.first_response();
        let mut payload = Vec::new();
        HandshakeResponse {
            capabilities,
            extended_metadata: class.extended_metadata(),
            max_packet: MAX_PACKET,
            charset: HANDSHAKE_COLLATION,
            user: set.user.as_bytes(),
            auth_response: &response,
            database: schema.map(str::as_bytes),
            plugin: Some(plugin.name().as_bytes()),
            attributes: Attributes::default(),
        }
        .write(&mut payload);
        self.send(&payload).await?;
        loop {
            let packet = self.receive().await?;
            match auth.on_packet(&packet).map_err(|error| self.login_failure(&error))? {
                ClientStep::Send(payload) => self.send(&payload).await?,
                ClientStep::Wait => {}
                ClientStep::Done => {
                    let track = capabilities.contains(CapabilityFlags::CLIENT_SESSION_TRACK);
                    let ok = crate::wire::response::OkPacket::parse(&packet, track);
                    return Ok(ok.map_err(|source| self.dialer.broken(source))?.status);
                }
            }
        }
    }

    fn login_failure(&self, error: &LoginError) -> Error {
        self.dialer.login_error(&error.to_string())
    }

    async fn send(&mut self, payload: &[u8]) -> Result<(), Error> {
        let mut bytes = Vec::with_capacity(payload.len() + packet::HEADER_LEN);
        let mut seq = self.assembler.next_seq();
        packet::write_packet(&mut bytes, &mut seq, payload);
        self.assembler.expect(seq);
        let mut sent = 0;
        while sent < bytes.len() {
            let wrote = poll_fn(|cx| self.transport.poll_write(cx, &bytes[sent..])).await;
            match wrote.map_err(|e| self.dialer.connect_error(e))? {
                0 => return Err(self.dialer.connect_error(io::ErrorKind::WriteZero.into())),
                n => sent += n,
            }
        }
        poll_fn(|cx| self.transport.poll_flush(cx)).await.map_err(|e| self.dialer.connect_error(e))
    }

    async fn receive(&mut self) -> Result<Vec<u8>, Error> {
        loop {
            let found = self.assembler.next(self.buffer.filled()).map_err(|source| self.dialer.broken(source))?;
            match found {
                Assembled::Payload { payload, consumed } => {
                    let payload = payload.to_vec();
                    self.buffer.consume(consumed);
                    return Ok(payload);
                }
                Assembled::More { consumed, .. } | Assembled::TooLarge { consumed } => self.buffer.consume(consumed),
            }
            let read = poll_fn(|cx| self.transport.poll_read(cx, self.buffer.space())).await;
            match read.map_err(|e| self.dialer.connect_error(e))? {
                0 => return Err(self.dialer.connect_error(io::ErrorKind::UnexpectedEof.into())),
                n => self.buffer.advance(n),
            }
        }
    }
}
