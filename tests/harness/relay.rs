//! A network that fails: what goes through it can be cut off, or held up while both ends believe to be connected.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rand::Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of the bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Nothing goes through in either direction, not even that an end was closed: as if a host had vanished.
    Stalled,
    /// Both ends are closed.
    Cut,
}

/// Listens on a port of its own and passes everything on to one server.
#[derive(Debug)]
pub struct Relay {
    pub port: u16,
    connections: Arc<Mutex<Vec<watch::Sender<State>>>>,
}

impl Relay {
    /// To `127.0.0.1:<target>`. It ends with the runtime.
    pub fn start(runtime: &tokio::runtime::Runtime, target: u16) -> Relay {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::default();
        runtime.spawn(accept(listener, ([127, 0, 0, 1], target).into(), Arc::clone(&connections)));
        Relay { port, connections }
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Cuts each connection, one of `one_of` of them.
    pub fn cut(&self, random: &mut impl Rng, one_of: u32) {
        self.change(random, one_of, State::Open, State::Cut);
    }

    /// Holds connections up.
    pub fn stall(&self, random: &mut impl Rng, one_of: u32) {
        self.change(random, one_of, State::Open, State::Stalled);
    }

    /// Lets what was held up go on, or some of it.
    pub fn resume(&self, random: &mut impl Rng, one_of: u32) {
        self.change(random, one_of, State::Stalled, State::Open);
    }

    fn change(&self, random: &mut impl Rng, one_of: u32, from: State, to: State) {
        let mut connections = self.connections.lock().unwrap();
        // Those of which both directions have ended.
        connections.retain(|connection| connection.receiver_count() > 0);
        for connection in connections.iter().filter(|_| random.gen_ratio(1, one_of)) {
            connection.send_if_modified(|state| *state == from && std::mem::replace(state, to) != to);
        }
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, connections: Arc<Mutex<Vec<watch::Sender<State>>>>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        // A server that is down refuses: so does the relay, by closing.
        let Ok(server) = TcpStream::connect(target).await else { continue };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (sender, state) = watch::channel(State::Open);
        connections.lock().unwrap().push(sender);
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::spawn(pass_on(from_client, to_server, state.clone()));
        tokio::spawn(pass_on(from_server, to_client, state));
    }
}

async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut buffer = vec![0; 16 * 1024];
    let mut seen = state.clone();
    loop {
        let length = tokio::select! {
            _ = seen.wait_for(|state| *state == State::Cut) => return,
            read = from.read(&mut buffer) => read.unwrap_or(0),
        };
        match state.wait_for(|state| *state != State::Stalled).await {
            Ok(now) if *now == State::Open => {}
            _ => return,
        }
        if length == 0 {
            let _ = to.shutdown().await;
            return;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
