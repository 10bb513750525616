//! The composition root: builds every part from the configuration, runs them, and takes them down in order.

pub mod check;
mod dump;
mod history;
pub mod import;
mod keeper;
pub mod offline;
pub mod operate;
pub mod place;
pub mod split;
mod tls;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tracing_subscriber::EnvFilter;

use self::keeper::{Keeper, LogLevel};

use crate::admin::console::Console;
use crate::backend::error::Reason;
use crate::backend::interrupt::Watchdog;
use crate::backend::topology::Topology;
use crate::config::{self, Config, LogFormat};
use crate::exec::recovery;
use crate::frontend::configuration::{Order, Wish};
use crate::frontend::deadlocks;
use crate::frontend::listener::{Listener, Workers};
use crate::frontend::shared::{Setup, Shared};
use crate::txn::in_flight::InFlight;
use crate::wire::auth::ServerKeys;

/// How long sessions may finish what they do when ShardGate is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Orders about the configuration that wait their turn.
const ORDERS: usize = 16;

/// How long the first look at the servers may delay the start.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// `shardgate serve`: runs until SIGTERM or SIGINT.
pub fn serve(path: &Path, json: Option<bool>, level: Option<&str>) -> anyhow::Result<ExitCode> {
    let Some(config) = load(path) else { return Ok(ExitCode::from(2)) };
    let is_json = json.unwrap_or(config.log.format == LogFormat::Json);
    let log_level = start_log(is_json, level.unwrap_or(&config.log.level))?;
    control_runtime()?.block_on(async {
        // Before anything else: without a handler the signal would end the process.
        let mut hang_up = signal(SignalKind::hangup())?;
        // A level on the command line stays.
        let proxy = Proxy::start(&config, Some(log_level).filter(|_| level.is_none())).await?;
        for address in proxy.addresses() {
            tracing::info!(%address, "ready for clients");
        }
        if let Some(address) = proxy.console() {
            tracing::info!(%address, "ready for operators");
        }
        loop {
            tokio::select! {
                stopped = stop_signal() => break stopped?,
                _ = hang_up.recv() => proxy.reload().await,
            }
        }
        tracing::info!("stopping");
        proxy.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// `shardgate playground`: real servers with a demo shop, and the proxy in front of them.
pub fn playground(options: crate::playground::Options) -> anyhow::Result<ExitCode> {
    // Its servers do not flush what they commit: that is no news to anyone who plays.
    drop(start_log(false, "warn,shardgate::exec::recovery=error")?);
    control_runtime()?.block_on(async {
        crate::playground::run(options, |path, stop| async move {
            let config = config::load(&path).map_err(|problems| anyhow!("{problems}"))?;
            let proxy = Proxy::start(&config, None).await?;
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

/// What changes the level of a log that has started.
fn start_log(json: bool, level: &str) -> anyhow::Result<LogLevel> {
    let filter = EnvFilter::try_new(level).context("the log level")?;
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let failed = |error| anyhow!("cannot start the log: {error}");
    if json {
        let log = log.json().with_env_filter(filter).with_filter_reloading();
        let handle = log.reload_handle();
        log.try_init().map_err(failed)?;
        return Ok(Box::new(move |level| Ok(handle.reload(EnvFilter::try_new(level)?)?)));
    }
    let log = log.with_env_filter(filter).with_filter_reloading();
    let handle = log.reload_handle();
    log.try_init().map_err(failed)?;
    Ok(Box::new(move |level| Ok(handle.reload(EnvFilter::try_new(level)?)?)))
}

/// For everything that is not a session: accepting, monitoring, signals.
fn control_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?)
}

async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
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
    console: Option<SocketAddr>,
    background: JoinSet<()>,
    keeper: JoinSet<()>,
}

impl Proxy {
    /// Builds all parts and begins to accept clients. Servers that are down do not keep it from starting. `log_level`
    /// changes what is logged, where a configuration may.
    pub async fn start(config: &Config, log_level: Option<LogLevel>) -> anyhow::Result<Proxy> {
        let options = config.frontend.clone();
        let watchdog = Watchdog::new();
        let topology = Arc::new(Topology::new(&config.backend, options.workers, Arc::clone(&watchdog))?);
        let tls = tls::server_config(&options.tls)?;
        // Who sees that clients can connect finds the console there, too.
        let console = match config.console.users.is_empty() {
            true => None,
            false => Some(Console::bind(&config.console).await?),
        };
        let listener = Listener::bind(&options.listen).await?;
        let keys = ServerKeys::generate()?;
        let workers = options.workers;
        let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let in_flight = Arc::new(InFlight::new(config.transactions.clone(), rand::random(), started.as_secs()));
        let (fleet, followed) = watch::channel(Arc::clone(&topology));
        let setup = Setup::new(0, options, Arc::new(config.schema.clone()), topology, tls);
        let (orders, waiting) = mpsc::channel(ORDERS);
        let shared = Arc::new(Shared::new(setup, Arc::clone(&in_flight), keys, orders));

        let mut background = JoinSet::new();
        background.spawn(watchdog.run());
        let recovered = FirstLook::default();
        background.spawn(recovery::run(in_flight, followed, Arc::clone(&recovered.0)));
        background.spawn(deadlocks::run(Arc::clone(&shared)));
        let look = FirstLook::default();
        let mut keeper = JoinSet::new();
        keeper.spawn(
            Keeper::new(config.clone(), Arc::clone(&shared), fleet, log_level).run(waiting, Arc::clone(&look.0)),
        );
        tokio::join!(look.wait(), recovered.wait());

        let addresses = listener.addresses();
        let workers = Arc::new(Workers::start(workers, &shared)?);
        let mut accepting = JoinSet::new();
        accepting.spawn(listener.run(Arc::clone(&workers)));
        let console_address = console.as_ref().and_then(|console| console.address().ok());
        if let Some(console) = console {
            background.spawn(console.run(Arc::clone(&shared)));
        }
        Ok(Proxy { shared, workers, addresses, accepting, console: console_address, background, keeper })
    }

    /// Where clients can connect.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where operators can connect.
    pub fn console(&self) -> Option<SocketAddr> {
        self.console
    }

    /// Reads the configuration again and takes it over. What comes of it is logged.
    pub async fn reload(&self) {
        let (answer, outcome) = oneshot::channel();
        if self.shared.orders.send(Order { wish: Wish::Reload, answer }).await.is_ok() {
            let _ = outcome.await;
        }
    }

    /// Accepts no more clients, lets running statements end for a while, then ends all sessions.
    pub async fn stop(mut self) {
        self.accepting.shutdown().await;
        self.shared.watchdog.raise_all(Reason::Shutdown);
        if tokio::time::timeout(GRACE, self.shared.registry.drained()).await.is_err() {
            tracing::warn!(sessions = self.shared.registry.len(), "ending sessions that are still busy");
            self.shared.watchdog.raise_all(Reason::SessionKilled);
            let _ = tokio::time::timeout(GRACE, self.shared.registry.drained()).await;
        }
        if let Some(workers) = Arc::into_inner(self.workers) {
            let _ = tokio::task::spawn_blocking(move || workers.join()).await;
        }
        self.keeper.shutdown().await;
        self.background.shutdown().await;
    }
}

/// Done once the servers have been asked for their version and schemas, successfully or not.
#[derive(Default)]
struct FirstLook(Arc<Notify>);

impl FirstLook {
    async fn wait(&self) {
        let _ = tokio::time::timeout(FIRST_LOOK, self.0.notified()).await;
    }
}
