//! The composition root: builds every part from the configuration, runs them, and takes them down in order.

pub mod import;
pub mod offline;
pub mod operate;
pub mod place;
mod tls;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::task::JoinSet;

use crate::backend::error::Reason;
use crate::backend::interrupt::Watchdog;
use crate::backend::topology::Topology;
use crate::backend::{health, live_schema};
use crate::config::{self, Config, LogFormat};
use crate::exec::recovery;
use crate::frontend::listener::{Listener, Workers};
use crate::frontend::shared::{Servers, Shared};
use crate::sharding::Schema;
use crate::txn::in_flight::InFlight;
use crate::wire::auth::ServerKeys;

/// How long sessions may finish what they do when ShardGate is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// How often the live schemas are read again, and how soon after a failure.
const SCHEMA_INTERVAL: Duration = Duration::from_secs(60);
const SCHEMA_RETRY: Duration = Duration::from_secs(1);

/// How long the first look at the servers may delay the start.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// `shardgate serve`: runs until SIGTERM or SIGINT.
pub fn serve(path: &Path, json: Option<bool>, level: Option<&str>) -> anyhow::Result<ExitCode> {
    let Some(config) = load(path) else { return Ok(ExitCode::from(2)) };
    start_log(json.unwrap_or(config.log.format == LogFormat::Json), level.unwrap_or(&config.log.level))?;
    control_runtime()?.block_on(async {
        let proxy = Proxy::start(&config).await?;
        for address in proxy.addresses() {
            tracing::info!(%address, "ready for clients");
        }
        stop_signal().await?;
        tracing::info!("stopping");
        proxy.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// `shardgate playground`: real servers with a demo shop, and the proxy in front of them.
pub fn playground(options: crate::playground::Options) -> anyhow::Result<ExitCode> {
    start_log(false, "warn")?;
    control_runtime()?.block_on(async {
        crate::playground::run(options, |path, stop| async move {
            let config = config::load(&path).map_err(|problems| anyhow!("{problems}"))?;
            let proxy = Proxy::start(&config).await?;
            stop.await;
            proxy.stop().await;
            anyhow::Ok(())
        })
        .await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Prints what is wrong with the configuration, if anything is; `None` then.
fn load(path: &Path) -> Option<Config> {
    match config::load(path) {
        Ok(config) => {
            config.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
            Some(config)
        }
        Err(problems) => {
            eprintln!("{problems}");
            eprintln!("shardgate: the configuration has {}", operate::counted(problems.0.len(), "problem"));
            None
        }
    }
}

fn start_log(json: bool, level: &str) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(level).context("the log level")?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = if json { log.json().try_init() } else { log.try_init() };
    started.map_err(|error| anyhow!("cannot start the log: {error}"))
}

/// For everything that is not a session: accepting, monitoring, signals.
fn control_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?)
}

async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

/// A running ShardGate.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    workers: Arc<Workers>,
    addresses: Vec<SocketAddr>,
    accepting: JoinSet<()>,
    background: JoinSet<()>,
    monitors: JoinSet<()>,
}

impl Proxy {
    /// Builds all parts and begins to accept clients. Servers that are down do not keep it from starting.
    pub async fn start(config: &Config) -> anyhow::Result<Proxy> {
        let (options, backend) = (config.frontend.clone(), &config.backend);
        let watchdog = Watchdog::new();
        let topology = Arc::new(Topology::new(backend, options.workers, Arc::clone(&watchdog))?);
        let tls = tls::server_config(&options.tls)?;
        let listener = Listener::bind(&options.listen).await?;
        let keys = ServerKeys::generate()?;
        let workers = options.workers;
        let schema = Arc::new(config.schema.clone());
        let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let in_flight = Arc::new(InFlight::new(config.transactions.clone(), rand::random(), started.as_secs()));
        let shared = Arc::new(Shared::new(options, schema, Arc::clone(&topology), Arc::clone(&in_flight), keys, tls));

        let mut background = JoinSet::new();
        background.spawn(watchdog.run());
        let look = FirstLook::default();
        background.spawn(follow_servers(Arc::clone(&shared), config.schema.clone(), Arc::clone(&look.0)));
        let monitors = health::watch(&topology, &backend.monitor);
        let recovered = FirstLook::default();
        background.spawn(recovery::run(in_flight, Arc::clone(&topology), Arc::clone(&recovered.0)));
        tokio::join!(look.wait(), recovered.wait());

        let addresses = listener.addresses();
        let workers = Arc::new(Workers::start(workers, &shared)?);
        let mut accepting = JoinSet::new();
        accepting.spawn(listener.run(Arc::clone(&workers)));
        Ok(Proxy { shared, workers, addresses, accepting, background, monitors })
    }

    /// Where clients can connect.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Accepts no more clients, lets running statements end for a while, then ends all sessions.
    pub async fn stop(mut self) {
        self.accepting.shutdown().await;
        self.shared.topology.watchdog.raise_all(Reason::Shutdown);
        if tokio::time::timeout(GRACE, self.shared.registry.drained()).await.is_err() {
            tracing::warn!(sessions = self.shared.registry.len(), "ending sessions that are still busy");
            self.shared.topology.watchdog.raise_all(Reason::SessionKilled);
            let _ = tokio::time::timeout(GRACE, self.shared.registry.drained()).await;
        }
        if let Some(workers) = Arc::into_inner(self.workers) {
            let _ = tokio::task::spawn_blocking(move || workers.join()).await;
        }
        self.monitors.shutdown().await;
        self.background.shutdown().await;
    }
}

/// Done once the servers have been asked for their version and schemas, successfully or not.
#[derive(Default)]
struct FirstLook(Arc<tokio::sync::Notify>);

impl FirstLook {
    async fn wait(&self) {
        let _ = tokio::time::timeout(FIRST_LOOK, self.0.notified()).await;
    }
}

/// Keeps what is known of the servers' versions and tables up to date.
async fn follow_servers(shared: Arc<Shared>, rules: Schema, first: Arc<tokio::sync::Notify>) {
    for version in 1.. {
        let is_complete = read_servers(&shared, &rules, version).await;
        first.notify_one();
        let pause = if is_complete { SCHEMA_INTERVAL } else { SCHEMA_RETRY };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shared.schema_changed.notified() => {}
        }
    }
}

/// Whether every replica set answered. Tables of those that did not stay as they were known.
async fn read_servers(shared: &Shared, rules: &Schema, version: u64) -> bool {
    let topology = &shared.topology;
    match live_schema::server_facts(topology).await {
        Ok((version, sql_mode)) => shared.learn(Servers { version, sql_mode }),
        Err(error) => {
            tracing::warn!(%error, "no server tells its version");
            return false;
        }
    }
    let live = live_schema::load(topology, rules).await;
    for (replica_set, error) in &live.failed {
        tracing::warn!(%replica_set, %error, "cannot read the tables from the servers");
    }
    let known = shared.schema.load();
    let columns = |database: &str, table: &str| {
        let (id, _) = rules.database(database)?;
        match live.columns.get(&(id, table.to_owned())) {
            Some(columns) => Some(columns.clone()).filter(|columns| !columns.is_empty()),
            None => known.database_of(id).table(table)?.columns.clone(),
        }
    };
    let found = rules.with_columns(version, columns);
    for mismatch in live_schema::mismatches(&found) {
        tracing::error!("{mismatch}");
    }
    // An unchanged schema keeps its version, and with it the plans.
    if !live_schema::is_same(&known, &found) {
        shared.replace_schema(Arc::new(found));
    }
    live.failed.is_empty()
}
