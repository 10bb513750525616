//! Accepting clients and handing each to an event loop of its own thread.
//!
//! There is one single-threaded event loop per worker. A session lives on one of them for all its life, so that
//! nothing on the path of a query crosses threads; new clients go to the worker with the fewest.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::session;
use super::shared::Shared;
use crate::backend::pool::WorkerId;

/// Clients accepted and not yet taken over by their worker.
const HANDED_OVER: usize = 1024;

/// Stack of a worker, in bytes. Parsing bounds its depth; this leaves it room to spare.
const STACK: usize = 8 * 1024 * 1024;

/// How often a worker looks after its share of the pools.
const MAINTENANCE: Duration = Duration::from_secs(1);

/// The listening sockets, bound.
#[derive(Debug)]
pub struct Listener {
    sockets: Vec<TcpListener>,
}

impl Listener {
    /// Binds all addresses. Port 0 takes a free one.
    pub async fn bind(addresses: &[SocketAddr]) -> io::Result<Listener> {
        let mut sockets = Vec::new();
        for address in addresses {
            let bound = TcpListener::bind(address).await;
            sockets.push(bound.map_err(|e| io::Error::new(e.kind(), format!("cannot listen on {address}: {e}")))?);
        }
        Ok(Listener { sockets })
    }

    /// Where it listens, with the ports that were found.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect()
    }

    /// Accepts until it is cancelled.
    pub async fn run(self, workers: Arc<Workers>) {
        let mut accepting = JoinSet::new();
        for socket in self.sockets {
            accepting.spawn(accept(socket, Arc::clone(&workers)));
        }
        while accepting.join_next().await.is_some() {}
    }
}

async fn accept(socket: TcpListener, workers: Arc<Workers>) {
    loop {
        match socket.accept().await {
            Ok((stream, peer)) => match stream.into_std() {
                Ok(stream) => workers.hand_over(stream, peer).await,
                Err(error) => tracing::warn!(%peer, %error, "cannot take over a client"),
            },
            Err(error) => {
                // Out of file descriptors, mostly: waiting lets sessions end.
                tracing::error!(%error, "cannot accept a client");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// The threads that run sessions.
#[derive(Debug)]
pub struct Workers {
    workers: Vec<Worker>,
}

#[derive(Debug)]
struct Worker {
    clients: mpsc::Sender<(std::net::TcpStream, SocketAddr)>,
    sessions: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Workers {
    pub fn start(count: usize, shared: &Arc<Shared>) -> io::Result<Workers> {
        let workers = (0..count.max(1)).map(|id| start_worker(WorkerId(id), Arc::clone(shared)));
        Ok(Workers { workers: workers.collect::<io::Result<_>>()? })
    }

    async fn hand_over(&self, stream: std::net::TcpStream, peer: SocketAddr) {
        let fewest = self.workers.iter().min_by_key(|worker| worker.sessions.load(Ordering::Relaxed));
        let Some(worker) = fewest else { return };
        worker.sessions.fetch_add(1, Ordering::Relaxed);
        if worker.clients.send((stream, peer)).await.is_err() {
            worker.sessions.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Lets no client in any more, and waits for the threads, which end with their last session.
    pub fn join(self) {
        for worker in self.workers {
            drop(worker.clients);
            if worker.thread.join().is_err() {
                tracing::error!("a worker thread has panicked");
            }
        }
    }
}

fn start_worker(id: WorkerId, shared: Arc<Shared>) -> io::Result<Worker> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (clients, mut accepted) = mpsc::channel::<(std::net::TcpStream, SocketAddr)>(HANDED_OVER);
    let sessions = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sessions);
    let work = async move {
        let maintenance = tokio::spawn(maintain(id, Arc::clone(&shared)));
        let mut running = JoinSet::new();
        loop {
            tokio::select! {
                client = accepted.recv() => match client {
                    Some((stream, peer)) => match TcpStream::from_std(stream) {
                        Ok(stream) => {
                            let guard = Count(Arc::clone(&counter));
                            running.spawn(session::run(stream, peer, id, Arc::clone(&shared), guard));
                        }
                        Err(error) => tracing::warn!(%peer, %error, "cannot take over a client"),
                    },
                    None => break,
                },
                Some(ended) = running.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a session has panicked");
                    }
                }
            }
        }
        while running.join_next().await.is_some() {}
        maintenance.abort();
    };
    let thread = std::thread::Builder::new()
        .stack_size(STACK)
        .name(format!("worker-{}", id.0))
        .spawn(move || runtime.block_on(work))?;
    Ok(Worker { clients, sessions, thread })
}

/// Counts one session of a worker for as long as it lives.
#[derive(Debug)]
pub struct Count(Arc<AtomicUsize>);

impl Drop for Count {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Opens and closes pooled connections on the event loop that will use them.
async fn maintain(worker: WorkerId, shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(MAINTENANCE);
    loop {
        ticks.tick().await;
        for server in shared.setup().topology.servers() {
            server.pool.maintain(worker, shared.usual_class()).await;
        }
    }
}
