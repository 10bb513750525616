//! A MySQL client that hides nothing: blocking, one packet at a time, and written apart from ShardGate's own codec,
//! so that an error in that codec cannot hide itself.
//!
//! Every read has a time limit: a server that hangs fails the test instead of stopping it.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::answer::{Answer, Column, Ok as OkFields, Row, ServerError};
use super::tls;

pub const LONG_PASSWORD: u32 = 1;
pub const FOUND_ROWS: u32 = 1 << 1;
pub const LONG_FLAG: u32 = 1 << 2;
pub const CONNECT_WITH_DB: u32 = 1 << 3;
pub const LOCAL_FILES: u32 = 1 << 7;
pub const SSL: u32 = 1 << 11;
pub const PROTOCOL_41: u32 = 1 << 9;
pub const TRANSACTIONS: u32 = 1 << 13;
pub const SECURE_CONNECTION: u32 = 1 << 15;
pub const MULTI_STATEMENTS: u32 = 1 << 16;
pub const MULTI_RESULTS: u32 = 1 << 17;
pub const PS_MULTI_RESULTS: u32 = 1 << 18;
pub const PLUGIN_AUTH: u32 = 1 << 19;
pub const CONNECT_ATTRS: u32 = 1 << 20;
pub const PLUGIN_AUTH_LENENC: u32 = 1 << 21;
pub const SESSION_TRACK: u32 = 1 << 23;
pub const DEPRECATE_EOF: u32 = 1 << 24;
/// Of MariaDB's own capabilities: MARIADB_CLIENT_EXTENDED_METADATA.
pub const EXTENDED_METADATA: u32 = 1 << 3;

pub const MORE_RESULTS_EXIST: u16 = 0x0008;
pub const IN_TRANSACTION: u16 = 0x0001;
pub const AUTOCOMMIT: u16 = 0x0002;

/// What most drivers ask for.
pub const USUAL: u32 = LONG_PASSWORD
    | LONG_FLAG
    | LOCAL_FILES
    | PROTOCOL_41
    | TRANSACTIONS
    | SECURE_CONNECTION
    | MULTI_STATEMENTS
    | MULTI_RESULTS
    | PS_MULTI_RESULTS
    | PLUGIN_AUTH
    | DEPRECATE_EOF;

/// Bytes of a file in one packet.
const FILE_PIECE: usize = 1000;

/// How to log in.
#[derive(Clone, Debug)]
pub struct Login {
    pub user: String,
    pub password: String,
    pub database: Option<String>,
    pub capabilities: u32,
    /// MariaDB's own, which take the place of LONG_PASSWORD.
    pub mariadb: u32,
    /// The collation id of the handshake: 45 is utf8mb4_general_ci.
    pub collation: u8,
    pub timeout: Duration,
    /// Encrypt, whoever the server is.
    pub tls: bool,
    /// The method to begin with; `None`: the one that the server names.
    pub plugin: Option<&'static str>,
}

impl Login {
    pub fn new(user: &str, password: &str) -> Login {
        Login {
            user: user.to_owned(),
            password: password.to_owned(),
            database: None,
            capabilities: USUAL,
            mariadb: 0,
            collation: 45,
            timeout: Duration::from_secs(20),
            tls: false,
            plugin: None,
        }
    }

    pub fn database(mut self, database: &str) -> Login {
        self.database = Some(database.to_owned());
        self
    }

    pub fn capabilities(mut self, capabilities: u32) -> Login {
        self.capabilities = capabilities;
        self
    }

    pub fn mariadb(mut self, capabilities: u32) -> Login {
        self.mariadb = capabilities;
        self
    }

    pub fn plugin(mut self, plugin: &'static str) -> Login {
        self.plugin = Some(plugin);
        self
    }

    pub fn tls(mut self) -> Login {
        self.tls = true;
        self
    }

    pub fn timeout(mut self, timeout: Duration) -> Login {
        self.timeout = timeout;
        self
    }
}

/// Why a connection is no longer usable, or was never made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("i/o: {0}")]
    Io(#[from] io::Error),
    #[error("refused with error {} ({}): {}", .0.code, .0.sqlstate, .0.message)]
    Refused(ServerError),
    #[error("protocol: {0}")]
    Protocol(String),
}

type Result<T> = std::result::Result<T, ClientError>;

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<tls::TlsStream>),
}

/// An authenticated connection.
#[derive(Debug)]
pub struct Client {
    stream: Stream,
    sequence: u8,
    capabilities: u32,
    /// MariaDB's own that were agreed on.
    mariadb: u32,
    pub server_version: String,
    pub connection_id: u32,
    /// The OK packet that ended the login.
    pub welcome: OkFields,
    /// What the server's greeting offered.
    pub offered: u32,
    /// Whether the password itself had to be sent, sealed.
    pub fully_authenticated: bool,
    /// What is sent to a server that asks for a file.
    pub file: Vec<u8>,
}

/// A statement prepared by COM_STMT_PREPARE.
#[derive(Clone, Debug)]
pub struct Statement {
    pub id: u32,
    pub params: u16,
    pub columns: Vec<Column>,
    pub warnings: u16,
}

/// A value bound to a `?`.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    Null,
    Int(i64),
    UInt(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// NEWDECIMAL, as its text.
    Decimal(String),
    /// DATE: year, month, day.
    Date(u16, u8, u8),
    /// DATETIME: the same, hour, minute, second.
    DateTime((u16, u8, u8), (u8, u8, u8)),
}

impl Client {
    /// Connects over TCP and logs in.
    pub fn connect(address: impl ToSocketAddrs, login: &Login) -> Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(login.timeout))?;
        stream.set_write_timeout(Some(login.timeout))?;
        Client::log_in(Stream::Tcp(stream), login)
    }

    /// Connects through a unix socket and logs in.
    pub fn connect_unix(socket: &Path, login: &Login) -> Result<Client> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(login.timeout))?;
        Client::log_in(Stream::Unix(stream), login)
    }

    /// Runs a text statement; one answer for each of its results.
    pub fn query(&mut self, sql: impl AsRef<[u8]>) -> Result<Vec<Answer>> {
        self.command(0x03, sql.as_ref())?;
        self.answers(false)
    }

    /// Runs a text statement that has one result.
    pub fn one(&mut self, sql: impl AsRef<[u8]>) -> Answer {
        let sql = sql.as_ref();
        let show = || String::from_utf8_lossy(sql).into_owned();
        let mut answers = self.query(sql).unwrap_or_else(|error| panic!("{}: {error}", show()));
        assert_eq!(answers.len(), 1, "{}: {answers:?}", show());
        answers.remove(0)
    }

    /// Prepares a statement. The inner error is the server's.
    pub fn prepare(&mut self, sql: &[u8]) -> Result<std::result::Result<Statement, ServerError>> {
        self.command(0x16, sql)?;
        let head = self.read_packet()?;
        if head.first() == Some(&0xff) {
            return Ok(Err(parse_error(&head)));
        }
        let mut at = Cursor::new(&head[1..]);
        let (id, column_count, params) = (at.u32()?, at.u16()?, at.u16()?);
        at.u8()?;
        let warnings = at.u16()?;
        if params > 0 {
            self.definitions(usize::from(params))?;
        }
        let columns = if column_count > 0 { self.definitions(usize::from(column_count))? } else { Vec::new() };
        Ok(Ok(Statement { id, params, columns, warnings }))
    }

    /// Executes a prepared statement without a cursor.
    pub fn execute(&mut self, statement: &Statement, params: &[Param]) -> Result<Vec<Answer>> {
        self.execute_flagged(statement, params, 0)
    }

    /// The same with flags: 1 asks for a cursor, which the server need not open.
    pub fn execute_flagged(&mut self, statement: &Statement, params: &[Param], flags: u8) -> Result<Vec<Answer>> {
        let mut body = statement.id.to_le_bytes().to_vec();
        body.extend([flags, 1, 0, 0, 0]);
        encode_params(params, &mut body);
        self.command(0x17, &body)?;
        self.answers(true)
    }

    /// COM_STMT_CLOSE, which has no answer.
    pub fn close(&mut self, statement: &Statement) -> Result<()> {
        self.command(0x19, &statement.id.to_le_bytes())
    }

    /// Any other command that is answered by OK or an error (INIT_DB, PING, RESET_CONNECTION, ...).
    pub fn simple(&mut self, command: u8, body: &[u8]) -> Result<Answer> {
        self.command(command, body)?;
        self.first_answer(false)
    }

    /// Sends a command and leaves its answer unread.
    pub fn command(&mut self, command: u8, body: &[u8]) -> Result<()> {
        self.sequence = 0;
        let mut payload = vec![command];
        payload.extend_from_slice(body);
        self.write_packet(&payload)
    }

    /// A command was written past this client: its answer's first packet is number 1.
    pub fn command_was_sent(&mut self) {
        self.sequence = 1;
    }

    /// Reads the next packet, put together if it was split.
    pub fn read_packet(&mut self) -> Result<Vec<u8>> {
        let mut payload = Vec::new();
        loop {
            let mut head = [0; 4];
            self.read_exact(&mut head)?;
            let length = u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize;
            if head[3] != self.sequence {
                return Err(ClientError::Protocol(format!("sequence id {}, expected {}", head[3], self.sequence)));
            }
            self.sequence = self.sequence.wrapping_add(1);
            let start = payload.len();
            payload.resize(start + length, 0);
            self.read_exact(&mut payload[start..])?;
            if length < 0xff_ffff {
                return Ok(payload);
            }
        }
    }

    /// Sends a packet, split if it is large.
    pub fn write_packet(&mut self, payload: &[u8]) -> Result<()> {
        let mut rest = payload;
        loop {
            let (now, later) = rest.split_at(rest.len().min(0xff_ffff));
            let mut packet = u32::try_from(now.len()).unwrap_or_default().to_le_bytes()[..3].to_vec();
            packet.push(self.sequence);
            packet.extend_from_slice(now);
            self.sequence = self.sequence.wrapping_add(1);
            match &mut self.stream {
                Stream::Tcp(stream) => stream.write_all(&packet)?,
                Stream::Unix(stream) => stream.write_all(&packet)?,
                Stream::Tls(stream) => stream.write_all(&packet)?,
            }
            if now.len() < 0xff_ffff {
                return Ok(());
            }
            rest = later;
        }
    }

    fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.read_exact(buffer),
            Stream::Unix(stream) => stream.read_exact(buffer),
            Stream::Tls(stream) => stream.read_exact(buffer),
        }
    }

    /// The TCP connection itself, for what no client should do with it.
    pub fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Stream::Tcp(stream) => stream,
            Stream::Tls(stream) => &stream.sock,
            Stream::Unix(_) => panic!("not a TCP connection"),
        }
    }

    /// All results of the command that was sent.
    pub fn answers(&mut self, binary: bool) -> Result<Vec<Answer>> {
        let mut answers = Vec::new();
        loop {
            let answer = self.first_answer(binary)?;
            let more = answer.status().is_some_and(|status| status & MORE_RESULTS_EXIST != 0);
            answers.push(answer);
            if !more {
                return Ok(answers);
            }
        }
    }

    fn first_answer(&mut self, binary: bool) -> Result<Answer> {
        let head = self.read_packet()?;
        match head.first() {
            Some(0x00) => Ok(Answer::Ok(parse_ok(&head)?)),
            // Commands such as SET_OPTION are answered by EOF from clients that did not deprecate it.
            Some(0xfe) if head.len() < 9 => Ok(Answer::Ok(self.end(&head)?)),
            Some(0xff) => Ok(Answer::Error { error: parse_error(&head), after: None }),
            Some(0xfb) => {
                self.send_file()?;
                self.first_answer(binary)
            }
            Some(_) => {
                let count = usize::try_from(Cursor::new(&head).length()?).unwrap_or(usize::MAX);
                self.result_set(count, binary)
            }
            None => Err(ClientError::Protocol("an empty packet".into())),
        }
    }

    /// In pieces that are cut anywhere.
    fn send_file(&mut self) -> Result<()> {
        let file = std::mem::take(&mut self.file);
        for piece in file.chunks(FILE_PIECE) {
            self.write_packet(piece)?;
        }
        self.write_packet(&[])
    }

    fn result_set(&mut self, count: usize, binary: bool) -> Result<Answer> {
        let columns = self.definitions(count)?;
        let mut rows = Vec::new();
        loop {
            let packet = self.read_packet()?;
            match packet.first() {
                Some(0xff) => {
                    return Ok(Answer::Error { error: parse_error(&packet), after: Some((columns, rows.len())) });
                }
                Some(0xfe) if packet.len() < 0xff_ffff => {
                    let end = self.end(&packet)?;
                    return Ok(Answer::Rows { columns, rows, end });
                }
                _ if binary => rows.push(binary_row(&columns, packet)?),
                _ => rows.push(text_row(count, &packet)?),
            }
        }
    }

    fn definitions(&mut self, count: usize) -> Result<Vec<Column>> {
        let extended = self.mariadb & EXTENDED_METADATA != 0;
        let columns = (0..count).map(|_| parse_column(&self.read_packet()?, extended)).collect::<Result<Vec<_>>>()?;
        if self.capabilities & DEPRECATE_EOF == 0 {
            let end = self.read_packet()?;
            if end.first() != Some(&0xfe) || end.len() != 5 {
                return Err(ClientError::Protocol(format!("no EOF after column definitions: {end:02x?}")));
            }
        }
        Ok(columns)
    }

    /// The packet that ends a result set, in the negotiated form.
    fn end(&self, packet: &[u8]) -> Result<OkFields> {
        if self.capabilities & DEPRECATE_EOF != 0 {
            return parse_ok(packet);
        }
        if packet.len() != 5 {
            return Err(ClientError::Protocol(format!("not an EOF packet: {packet:02x?}")));
        }
        let mut at = Cursor::new(&packet[1..]);
        Ok(OkFields { warnings: at.u16()?, status: at.u16()?, ..Default::default() })
    }

    fn log_in(stream: Stream, login: &Login) -> Result<Client> {
        let mut client = Client {
            stream,
            sequence: 0,
            capabilities: login.capabilities,
            mariadb: 0,
            server_version: String::new(),
            connection_id: 0,
            welcome: OkFields::default(),
            offered: 0,
            fully_authenticated: false,
            file: Vec::new(),
        };
        let greeting = client.read_packet()?;
        if greeting.first() == Some(&0xff) {
            return Err(ClientError::Refused(parse_error(&greeting)));
        }
        let greeting = Greeting::parse(&greeting)?;
        client.server_version = greeting.version;
        client.connection_id = greeting.connection_id;
        client.offered = greeting.capabilities;
        client.capabilities &= greeting.capabilities;
        // MariaDB clears bit 0 in its greeting to say that it is not MySQL; a client that sets it is an ordinary one.
        client.capabilities |= login.capabilities & LONG_PASSWORD;
        client.mariadb = login.mariadb & greeting.mariadb;
        if client.mariadb != 0 {
            client.capabilities &= !LONG_PASSWORD;
        }
        if login.database.is_some() {
            client.capabilities |= CONNECT_WITH_DB;
        }
        let plugin = match login.plugin.unwrap_or(&greeting.plugin) {
            "caching_sha2_password" => "caching_sha2_password",
            _ => "mysql_native_password",
        };
        if login.tls {
            client.start_tls(login)?;
        }
        let response = client.handshake_response(login, plugin, &greeting.salt);
        client.write_packet(&response)?;
        client.welcome = client.finish_login(login, plugin.to_owned(), greeting.salt)?;
        Ok(client)
    }

    /// SSLRequest, then TLS under everything that follows.
    fn start_tls(&mut self, login: &Login) -> Result<()> {
        self.capabilities |= SSL;
        let mut body = self.capabilities.to_le_bytes().to_vec();
        body.extend((1u32 << 30).to_le_bytes());
        body.push(login.collation);
        body.extend([0; 19]);
        body.extend(self.mariadb.to_le_bytes());
        self.write_packet(&body)?;
        let Stream::Tcp(stream) = &self.stream else {
            return Err(ClientError::Protocol("TLS goes over TCP only".into()));
        };
        self.stream = Stream::Tls(Box::new(tls::start(stream.try_clone()?)?));
        Ok(())
    }

    fn handshake_response(&self, login: &Login, plugin: &str, salt: &[u8]) -> Vec<u8> {
        let mut body = self.capabilities.to_le_bytes().to_vec();
        body.extend((1u32 << 30).to_le_bytes());
        body.push(login.collation);
        body.extend([0; 19]);
        body.extend(self.mariadb.to_le_bytes());
        body.extend(login.user.as_bytes());
        body.push(0);
        let proof = scramble(plugin, login.password.as_bytes(), salt);
        body.push(u8::try_from(proof.len()).unwrap_or_default());
        body.extend(proof);
        if let Some(database) = &login.database {
            body.extend(database.as_bytes());
            body.push(0);
        }
        if self.capabilities & PLUGIN_AUTH != 0 {
            body.extend(plugin.as_bytes());
            body.push(0);
        }
        if self.capabilities & CONNECT_ATTRS != 0 {
            let mut attributes = Vec::new();
            for text in ["_client_name", "harness", "program_name", "a test"] {
                length_encoded(text.as_bytes(), &mut attributes);
            }
            length_encoded(&attributes, &mut body);
        }
        body
    }

    fn finish_login(&mut self, login: &Login, mut plugin: String, mut salt: Vec<u8>) -> Result<OkFields> {
        let password = login.password.as_bytes();
        loop {
            let packet = self.read_packet()?;
            match packet.as_slice() {
                [0x00, ..] => return parse_ok(&packet),
                [0xff, ..] => return Err(ClientError::Refused(parse_error(&packet))),
                [0xfe, rest @ ..] => {
                    let mut at = Cursor::new(rest);
                    plugin = at.text_to_zero()?;
                    salt = at.rest().iter().copied().filter(|byte| *byte != 0).collect();
                    self.write_packet(&scramble(&plugin, password, &salt))?;
                }
                [0x01, 0x03] => {}
                [0x01, 0x04] => self.full_authentication(password, &salt)?,
                other => return Err(ClientError::Protocol(format!("{plugin}: unexpected packet {other:02x?}"))),
            }
        }
    }

    /// caching_sha2_password without TLS: the password, XORed with the salt, under the server's RSA key.
    fn full_authentication(&mut self, password: &[u8], salt: &[u8]) -> Result<()> {
        use rsa::pkcs8::DecodePublicKey;
        self.fully_authenticated = true;
        if !matches!(self.stream, Stream::Tcp(_)) {
            return self.write_packet(&[password, &[0]].concat());
        }
        self.write_packet(&[0x02])?;
        let packet = self.read_packet()?;
        let pem = String::from_utf8_lossy(packet.get(1..).unwrap_or_default()).into_owned();
        let key = rsa::RsaPublicKey::from_public_key_pem(pem.trim_end_matches('\0'))
            .map_err(|error| ClientError::Protocol(format!("public key: {error}")))?;
        let secret: Vec<u8> =
            password.iter().chain([&0]).zip(salt.iter().cycle()).map(|(byte, salt)| byte ^ salt).collect();
        let sealed = key
            .encrypt(&mut rand::thread_rng(), rsa::Oaep::new::<Sha1>(), &secret)
            .map_err(|error| ClientError::Protocol(error.to_string()))?;
        self.write_packet(&sealed)
    }
}

struct Greeting {
    version: String,
    connection_id: u32,
    salt: Vec<u8>,
    capabilities: u32,
    mariadb: u32,
    plugin: String,
}

impl Greeting {
    fn parse(packet: &[u8]) -> Result<Greeting> {
        let mut at = Cursor::new(packet);
        if at.u8()? != 10 {
            return Err(ClientError::Protocol("not protocol version 10".into()));
        }
        let version = at.text_to_zero()?;
        let connection_id = at.u32()?;
        let mut salt = at.take(8)?.to_vec();
        at.u8()?;
        let low = at.u16()?;
        at.take(3)?;
        let high = at.u16()?;
        at.take(7)?;
        let own = at.u32()?;
        salt.extend_from_slice(at.take(12)?);
        at.u8()?;
        let plugin = at.text_to_zero().unwrap_or_default();
        let capabilities = u32::from(low) | u32::from(high) << 16;
        let mariadb = if capabilities & LONG_PASSWORD == 0 { own } else { 0 };
        Ok(Greeting { version, connection_id, salt, capabilities, mariadb, plugin })
    }
}

pub fn scramble(plugin: &str, password: &[u8], salt: &[u8]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let xor = |left: &[u8], right: &[u8]| left.iter().zip(right).map(|(a, b)| a ^ b).collect();
    if plugin == "caching_sha2_password" {
        let once = Sha256::digest(password);
        let twice = Sha256::digest(once);
        return xor(&once, &Sha256::new().chain_update(twice).chain_update(salt).finalize());
    }
    let once = Sha1::digest(password);
    let twice = Sha1::digest(once);
    xor(&once, &Sha1::new().chain_update(salt).chain_update(twice).finalize())
}

pub fn encode_params(params: &[Param], body: &mut Vec<u8>) {
    if params.is_empty() {
        return;
    }
    let mut nulls = vec![0u8; params.len().div_ceil(8)];
    let (mut types, mut values) = (Vec::new(), Vec::new());
    for (number, param) in params.iter().enumerate() {
        let kind: [u8; 2] = match param {
            Param::Null => [0x06, 0],
            Param::Int(_) => [0x08, 0],
            Param::UInt(_) => [0x08, 0x80],
            Param::Double(_) => [0x05, 0],
            Param::Text(_) => [0xfd, 0],
            Param::Bytes(_) => [0xfc, 0],
            Param::Decimal(_) => [0xf6, 0],
            Param::Date(..) => [0x0a, 0],
            Param::DateTime(..) => [0x0c, 0],
        };
        types.extend(kind);
        match param {
            Param::Null => nulls[number / 8] |= 1 << (number % 8),
            Param::Int(value) => values.extend(value.to_le_bytes()),
            Param::UInt(value) => values.extend(value.to_le_bytes()),
            Param::Double(value) => values.extend(value.to_le_bytes()),
            Param::Text(value) | Param::Decimal(value) => length_encoded(value.as_bytes(), &mut values),
            Param::Bytes(value) => length_encoded(value, &mut values),
            Param::Date(year, month, day) => {
                values.push(4);
                values.extend(year.to_le_bytes());
                values.extend([month, day]);
            }
            Param::DateTime((year, month, day), (hour, minute, second)) => {
                values.push(7);
                values.extend(year.to_le_bytes());
                values.extend([month, day, hour, minute, second]);
            }
        }
    }
    body.extend(nulls);
    body.push(1);
    body.extend(types);
    body.extend(values);
}

fn length_encoded(bytes: &[u8], out: &mut Vec<u8>) {
    match bytes.len() {
        length @ 0..=250 => out.push(length as u8),
        length @ 251..=0xffff => {
            out.push(0xfc);
            out.extend(&(length as u32).to_le_bytes()[..2]);
        }
        length @ 0x1_0000..=0xff_ffff => {
            out.push(0xfd);
            out.extend(&(length as u32).to_le_bytes()[..3]);
        }
        length => {
            out.push(0xfe);
            out.extend((length as u64).to_le_bytes());
        }
    }
    out.extend_from_slice(bytes);
}

fn parse_ok(packet: &[u8]) -> Result<OkFields> {
    let mut at = Cursor::new(&packet[1..]);
    let (affected_rows, last_insert_id) = (at.length()?, at.length()?);
    let (status, warnings) = (at.u16()?, at.u16()?);
    // Documented as length-encoded only with session tracking; servers send it so in any case, or leave it out.
    let info = match at.rest() {
        [] => String::new(),
        rest => String::from_utf8_lossy(Cursor::new(rest).bytes()?).into_owned(),
    };
    Ok(OkFields { affected_rows, last_insert_id, status, warnings, info })
}

pub fn parse_error(packet: &[u8]) -> ServerError {
    let code = u16::from_le_bytes([packet.get(1).copied().unwrap_or(0), packet.get(2).copied().unwrap_or(0)]);
    let text = String::from_utf8_lossy(packet.get(3..).unwrap_or_default()).into_owned();
    match text.strip_prefix('#').and_then(|rest| rest.split_at_checked(5)) {
        Some((sqlstate, message)) => ServerError { code, sqlstate: sqlstate.to_owned(), message: message.to_owned() },
        None => ServerError { code, sqlstate: String::new(), message: text },
    }
}

fn parse_column(packet: &[u8], extended: bool) -> Result<Column> {
    let mut at = Cursor::new(packet);
    let mut text = || -> Result<String> { Ok(String::from_utf8_lossy(at.bytes()?).into_owned()) };
    let (catalog, schema, table) = (text()?, text()?, text()?);
    let (org_table, name, org_name) = (text()?, text()?, text()?);
    let extended = if extended { Some(at.bytes()?.to_vec()) } else { None };
    if at.length()? != 12 {
        return Err(ClientError::Protocol(format!("column definition: {packet:02x?}")));
    }
    let (charset, length, kind) = (at.u16()?, at.u32()?, at.u8()?);
    let (flags, decimals) = (at.u16()?, at.u8()?);
    Ok(Column { catalog, schema, table, org_table, name, org_name, extended, charset, length, kind, flags, decimals })
}

fn text_row(count: usize, packet: &[u8]) -> Result<Row> {
    let mut at = Cursor::new(packet);
    let row = (0..count).map(|_| at.nullable_bytes()).collect::<Result<Row>>()?;
    if !at.rest().is_empty() {
        return Err(ClientError::Protocol("bytes after the last value of a row".into()));
    }
    Ok(row)
}

/// Cuts a binary row into the values' own bytes, checking that the columns' types account for all of it.
fn binary_row(columns: &[Column], packet: Vec<u8>) -> Result<Row> {
    let mut at = Cursor::new(&packet);
    at.u8()?;
    let nulls = at.take((columns.len() + 9) / 8)?;
    let mut row = Vec::with_capacity(columns.len());
    for (number, column) in columns.iter().enumerate() {
        let is_null = nulls[(number + 2) / 8] & (1 << ((number + 2) % 8)) != 0;
        row.push(if is_null { None } else { Some(binary_value(column.kind, &mut at)?.to_vec()) });
    }
    if !at.rest().is_empty() {
        return Err(ClientError::Protocol("bytes after the last value of a binary row".into()));
    }
    Ok(row)
}

fn binary_value<'a>(kind: u8, at: &mut Cursor<'a>) -> Result<&'a [u8]> {
    match kind {
        0x01 => at.take(1),
        0x02 | 0x0d => at.take(2),
        0x03 | 0x04 | 0x09 => at.take(4),
        0x05 | 0x08 => at.take(8),
        // Dates and times: a length byte, then that many bytes.
        0x07 | 0x0a | 0x0b | 0x0c => {
            let length = at.u8()?;
            at.take(usize::from(length))
        }
        _ => at.bytes(),
    }
}

/// Reads the wire's primitive forms from a slice.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor(bytes)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (now, rest) =
            self.0.split_at_checked(count).ok_or_else(|| ClientError::Protocol("a packet ends too early".into()))?;
        self.0 = rest;
        Ok(now)
    }

    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    fn number(&mut self, bytes: usize) -> Result<u64> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn u8(&mut self) -> Result<u8> {
        Ok(self.number(1)? as u8)
    }

    fn u16(&mut self) -> Result<u16> {
        Ok(self.number(2)? as u16)
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(self.number(4)? as u32)
    }

    fn length(&mut self) -> Result<u64> {
        match self.u8()? {
            0xfc => self.number(2),
            0xfd => self.number(3),
            0xfe => self.number(8),
            small @ 0..=0xfa => Ok(u64::from(small)),
            other => Err(ClientError::Protocol(format!("{other:#x} is no length"))),
        }
    }

    fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.length()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn nullable_bytes(&mut self) -> Result<Option<Vec<u8>>> {
        if self.0.first() == Some(&0xfb) {
            self.take(1)?;
            return Ok(None);
        }
        Ok(Some(self.bytes()?.to_vec()))
    }

    fn text_to_zero(&mut self) -> Result<String> {
        let end = self.0.iter().position(|byte| *byte == 0);
        let end = end.ok_or_else(|| ClientError::Protocol("a text without its end".into()))?;
        let text = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(text)
    }
}
