//! A backend that lies: a relay in front of a real server which does one wrong thing when told to.
//!
//! What it does wrong is said by the statement itself (a text such as `'fault-garbage'` in it), so that the monitor and
//! other sessions see an ordinary server; or, for logins, by [`FakeBackend::misbehave_at_login`]. Only standard sockets
//! and its own few lines about packets: nothing of ShardGate's codec.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is done to the answer of one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Bytes that are no packets.
    Garbage,
    /// Packets numbered from 7 on.
    WrongSequence,
    /// 250 columns are announced, and two follow.
    LyingColumnCount,
    /// Not a byte, ever.
    Silent,
    /// The connection ends in the middle of a packet.
    HalfPacket,
    /// The connection ends behind a whole row.
    EndsInRows,
    /// The connection ends before the packet that ends the result.
    NoEnd,
    /// The connection ends before the answer.
    Closed,
    /// An answer of length 0.
    EmptyPacket,
    /// A second, unasked answer right behind the first.
    Surplus,
    /// The connection ends behind the whole answer.
    LostBehind,
}

impl Fault {
    pub const ALL: [Fault; 11] = [
        Fault::Garbage,
        Fault::WrongSequence,
        Fault::LyingColumnCount,
        Fault::Silent,
        Fault::HalfPacket,
        Fault::EndsInRows,
        Fault::NoEnd,
        Fault::Closed,
        Fault::EmptyPacket,
        Fault::Surplus,
        Fault::LostBehind,
    ];

    /// The text in a statement that asks for it.
    pub fn word(self) -> String {
        format!("fault-{self:?}")
    }
}

/// What is done to every new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginFault {
    None,
    /// Not even a greeting.
    Silent,
    /// An HTTP answer.
    Garbage,
    /// A greeting that breaks off.
    HalfGreeting,
    /// Error 1040 instead of a greeting.
    TooManyConnections,
    /// A greeting, and error 1045 for whatever password.
    Refused,
    /// Accepted and closed.
    Closed,
}

/// Listens until the process ends.
#[derive(Debug)]
pub struct FakeBackend {
    pub port: u16,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    upstream: u16,
    login: Mutex<LoginFault>,
    connections: AtomicUsize,
}

impl FakeBackend {
    /// A relay to the server on this port of the loopback address.
    pub fn start(upstream: u16) -> FakeBackend {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State { upstream, login: Mutex::new(LoginFault::None), connections: AtomicUsize::new(0) });
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || {
                    state.connections.fetch_add(1, Ordering::Relaxed);
                    let _ = serve(client, &state);
                    state.connections.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        FakeBackend { port, state }
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// From now on; connections that are logged in go on.
    pub fn misbehave_at_login(&self, fault: LoginFault) {
        *self.state.login.lock().unwrap() = fault;
    }

    /// Connections that are open now.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }
}

fn serve(client: TcpStream, state: &State) -> io::Result<()> {
    client.set_nodelay(true)?;
    let login = *state.login.lock().unwrap();
    if login == LoginFault::None {
        return relay(client, TcpStream::connect(("127.0.0.1", state.upstream))?);
    }
    fail_login(client, login, state.upstream)
}

fn fail_login(mut client: TcpStream, fault: LoginFault, upstream: u16) -> io::Result<()> {
    let greeting = || read_packet(&mut TcpStream::connect(("127.0.0.1", upstream))?);
    match fault {
        LoginFault::None | LoginFault::Closed => Ok(()),
        LoginFault::Silent => wait_for_end(client),
        LoginFault::Garbage => client.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        LoginFault::HalfGreeting => client.write_all(&greeting()?[..20]),
        LoginFault::TooManyConnections => client.write_all(&packet(0, b"\xff\x10\x04Too many connections")),
        LoginFault::Refused => {
            client.write_all(&greeting()?)?;
            read_packet(&mut client)?;
            client.write_all(&packet(2, b"\xff\x15\x04#28000Access denied"))
        }
    }
}

fn relay(client: TcpStream, server: TcpStream) -> io::Result<()> {
    server.set_nodelay(true)?;
    let fault = Arc::new(Mutex::new(None));
    let back = {
        let (client, server, fault) = (client.try_clone()?, server.try_clone()?, fault.clone());
        std::thread::spawn(move || {
            let _ = answers(&client, &server, &fault);
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        })
    };
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    while let Ok(packet) = read_packet(&mut from) {
        // COM_QUERY and COM_STMT_PREPARE have the text; the latter is answered as it should be.
        if packet.get(4) == Some(&0x03) {
            let text = String::from_utf8_lossy(&packet);
            *fault.lock().unwrap() = Fault::ALL.into_iter().find(|fault| text.contains(&fault.word()));
        }
        if to.write_all(&packet).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
    let _ = back.join();
    Ok(())
}

/// From the server to its client, until a fault is asked for.
fn answers(mut client: &TcpStream, mut server: &TcpStream, fault: &Mutex<Option<Fault>>) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = server.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        let Some(fault) = *fault.lock().unwrap() else {
            client.write_all(&buffer[..read])?;
            continue;
        };
        let mut answer = buffer[..read].to_vec();
        // The whole answer: a small one has arrived after this.
        server.set_read_timeout(Some(Duration::from_millis(200)))?;
        while let Ok(more @ 1..) = server.read(&mut buffer) {
            answer.extend_from_slice(&buffer[..more]);
        }
        server.set_read_timeout(None)?;
        match spoil(fault, answer) {
            Some(bytes) => client.write_all(&bytes)?,
            None => return wait_for_end(client.try_clone()?),
        }
        if fault != Fault::Surplus {
            return Ok(());
        }
    }
}

/// What is sent instead; `None`: nothing, and the connection stays open.
fn spoil(fault: Fault, mut answer: Vec<u8>) -> Option<Vec<u8>> {
    let packets = boundaries(&answer);
    Some(match fault {
        Fault::Silent => return None,
        Fault::Closed => Vec::new(),
        Fault::LostBehind => answer,
        Fault::Garbage => (0u8..=255).rev().map(|byte| byte.wrapping_mul(37)).collect(),
        Fault::EmptyPacket => packet(1, b""),
        Fault::WrongSequence => {
            packets.iter().for_each(|start| answer[start + 3] = answer[start + 3].wrapping_add(6));
            answer
        }
        Fault::LyingColumnCount => {
            answer[4] = 250;
            answer
        }
        Fault::HalfPacket => {
            answer.truncate(packets[packets.len() - 2] + 6);
            answer
        }
        Fault::EndsInRows => {
            answer.truncate(packets[packets.len() - 2]);
            answer
        }
        Fault::NoEnd => {
            answer.truncate(packets[packets.len() - 1]);
            answer
        }
        Fault::Surplus => {
            answer.extend_from_within(..);
            answer
        }
    })
}

/// Where packets begin.
fn boundaries(bytes: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 0;
    while at + 4 <= bytes.len() {
        starts.push(at);
        at += 4 + usize::from(bytes[at]) + (usize::from(bytes[at + 1]) << 8) + (usize::from(bytes[at + 2]) << 16);
    }
    starts
}

/// Header and payload.
fn read_packet(from: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut packet = vec![0; 4];
    from.read_exact(&mut packet)?;
    let length = usize::from(packet[0]) + (usize::from(packet[1]) << 8) + (usize::from(packet[2]) << 16);
    packet.resize(4 + length, 0);
    from.read_exact(&mut packet[4..])?;
    Ok(packet)
}

fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = (payload.len() as u32).to_le_bytes()[..3].to_vec();
    packet.push(sequence);
    packet.extend_from_slice(payload);
    packet
}

/// Says nothing for as long as the other end waits.
fn wait_for_end(mut client: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    while client.read(&mut buffer)? > 0 {}
    Ok(())
}
