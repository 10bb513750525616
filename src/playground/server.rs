//! One real server in a folder of its own: started, waited for, signalled, stopped.
//!
//! The process is killed when its `Server` is dropped, and by the [`Guardian`](super::guardian) when we are gone.
//! Administration goes through the unix socket as root, who has no password and no other way in.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Row};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parking_lot::Mutex;

use super::error::Error;
use super::flavour::Flavour;
use super::guardian::Guardian;
use super::ports;

const START_TIMEOUT: Duration = Duration::from_secs(60);
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);
/// `sockaddr_un.sun_path` has 108 bytes, one of them for the terminator.
const SOCKET_PATH_LIMIT: usize = 107;

/// Small enough that a cluster of five fits into a gigabyte, and no flush on commit: this data is for play and
/// tests, and must survive the death of a server's process, not of the machine.
const COMMON_OPTIONS: [&str; 18] = [
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--performance-schema=OFF",
    "--innodb-buffer-pool-size=24M",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-lock-wait-timeout=5",
    "--sync-binlog=0",
    "--key-buffer-size=1M",
    "--table-open-cache=400",
    "--max-connections=1000",
    "--max-allowed-packet=64M",
    "--local-infile=ON",
    "--log-bin=binlog",
    // Its default name has the name of the machine in it, which may change before a kept cluster starts again.
    "--relay-log=relaylog",
    "--binlog-format=ROW",
    "--log-slave-updates=ON",
    "--character-set-server=utf8mb4",
    "--lc-messages=en_US",
];

/// How one server is started; the same on each restart.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) flavour: Flavour,
    /// Its folder: data, socket, log.
    pub(crate) folder: PathBuf,
    pub(crate) server_id: u32,
    pub(crate) read_only: bool,
    pub(crate) as_root: bool,
    /// Options of the caller, after all others.
    pub(crate) extra: Vec<String>,
}

/// A real database server, listening on 127.0.0.1 and on a unix socket.
#[derive(Debug)]
pub struct Server {
    name: String,
    port: u16,
    launch: Launch,
    guardian: Arc<Guardian>,
    process: Mutex<Option<Child>>,
}

impl Server {
    /// Starts a server on a data directory that exists (`<folder>/data`), preferably on `port`, and returns once it
    /// answers. A port that somebody else holds or snatches is replaced by another.
    pub(crate) async fn launch(
        name: &str,
        launch: Launch,
        port: Option<u16>,
        guardian: Arc<Guardian>,
    ) -> Result<Server, Error> {
        let socket = launch.folder.join("socket");
        if socket.as_os_str().len() > SOCKET_PATH_LIMIT {
            return Err(Error::PathTooLong(socket));
        }
        let port = match port.filter(|port| ports::is_free(*port)) {
            Some(port) => port,
            None => ports::free_port()?,
        };
        let mut server = Server { name: name.to_owned(), port, launch, guardian, process: Mutex::new(None) };
        for _ in 0..3 {
            match server.start().await {
                Err(Error::NotReady { log, .. }) if log.contains("in use") => server.port = ports::free_port()?,
                other => return other.map(|()| server),
            }
        }
        Err(Error::NoPort)
    }

    /// The name that the cluster gave it, such as `rs0-primary`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where clients connect: `127.0.0.1:<port>`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its TCP port; the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its unix socket.
    pub fn socket(&self) -> PathBuf {
        self.launch.folder.join("socket")
    }

    /// Its error log, over all starts.
    pub fn log(&self) -> PathBuf {
        self.launch.folder.join("log")
    }

    /// MariaDB's or MySQL's.
    pub fn flavour(&self) -> Flavour {
        self.launch.flavour
    }

    /// The running process, or `None` while it is stopped.
    pub fn pid(&self) -> Option<u32> {
        self.process.lock().as_ref().map(Child::id)
    }

    /// Starts the process if it is not running and returns once it answers.
    pub async fn start(&self) -> Result<(), Error> {
        if self.pid().is_some() {
            return Ok(());
        }
        let child = self.command()?.spawn().map_err(Error::io(&self.launch.program))?;
        self.guardian.started(child.id());
        *self.process.lock() = Some(child);
        self.wait_until_it_answers().await
    }

    /// Shuts down cleanly: SIGTERM, and SIGKILL if that takes too long.
    pub async fn stop(&self) -> Result<(), Error> {
        self.signal(Signal::SIGCONT)?;
        self.signal(Signal::SIGTERM)?;
        let deadline = Instant::now() + STOP_TIMEOUT;
        while Instant::now() < deadline {
            if self.reap_if_ended() {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        self.end_at_once();
        Ok(())
    }

    /// Ends the process as a crash would.
    pub fn kill9(&self) {
        self.end_at_once();
    }

    /// `stop`, then `start` on the same port.
    pub async fn restart(&self) -> Result<(), Error> {
        self.stop().await?;
        self.start().await
    }

    /// Freezes the process: connections stay open and nothing answers.
    pub fn pause(&self) -> Result<(), Error> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets a paused process go on.
    pub fn resume(&self) -> Result<(), Error> {
        self.signal(Signal::SIGCONT)
    }

    /// A new connection as root through the socket.
    pub async fn connect(&self) -> Result<Conn, Error> {
        Conn::new(self.root()).await.map_err(|source| self.failed(source))
    }

    /// Runs one or more statements (`;` between them) as root on a connection of their own; returns the rows of the
    /// first.
    pub async fn execute(&self, sql: &str) -> Result<Vec<Row>, Error> {
        let mut conn = self.connect().await?;
        let result = async {
            let mut answer = conn.query_iter(sql).await?;
            let rows = answer.collect().await?;
            // Errors of later statements show only when their results are asked for.
            answer.drop_result().await?;
            Ok(rows)
        };
        let rows = result.await.map_err(|source| self.failed(source))?;
        let _ = conn.disconnect().await;
        Ok(rows)
    }

    /// The last lines of the log.
    pub fn log_tail(&self) -> String {
        log_tail(&self.log())
    }

    /// Ends the process for good: cleanly if `clean`, and in any case before it returns.
    pub(crate) fn end(&self, clean: bool) {
        if clean && self.signal(Signal::SIGTERM).is_ok() {
            let deadline = Instant::now() + STOP_TIMEOUT;
            while Instant::now() < deadline && !self.reap_if_ended() {
                std::thread::sleep(POLL);
            }
        }
        self.end_at_once();
    }

    fn command(&self) -> Result<Command, Error> {
        let log = File::options().create(true).append(true).open(self.log()).map_err(Error::io(self.log()))?;
        let errors = log.try_clone().map_err(Error::io(self.log()))?;
        let launch = &self.launch;
        let mut command = Command::new(&launch.program);
        command.arg("--no-defaults").args(COMMON_OPTIONS).args(launch.flavour.options());
        command.arg(format!("--datadir={}", launch.folder.join("data").display()));
        command.arg(format!("--tmpdir={}", launch.folder.display()));
        command.arg(format!("--socket={}", self.socket().display()));
        command.arg(format!("--pid-file={}", launch.folder.join("pid").display()));
        command.args([format!("--port={}", self.port), format!("--server-id={}", launch.server_id)]);
        command.arg(if launch.read_only { "--read-only=ON" } else { "--read-only=OFF" });
        if launch.as_root {
            command.arg("--user=root");
        }
        command.args(&launch.extra);
        // A group of its own: Ctrl-C in the terminal is ours to handle.
        command.process_group(0).stdin(Stdio::null()).stdout(log).stderr(errors).current_dir(&launch.folder);
        Ok(command)
    }

    async fn wait_until_it_answers(&self) -> Result<(), Error> {
        let begun = Instant::now();
        while begun.elapsed() < START_TIMEOUT {
            if self.reap_if_ended() {
                break;
            }
            if let Ok(mut conn) = Conn::new(self.root()).await
                && conn.query_drop("DO 1").await.is_ok()
            {
                let _ = conn.disconnect().await;
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        self.end_at_once();
        Err(Error::NotReady { server: self.name.clone(), waited: begun.elapsed(), log: self.log_tail() })
    }

    fn root(&self) -> Opts {
        let socket = self.socket().display().to_string();
        OptsBuilder::default().socket(Some(socket)).user(Some("root")).max_allowed_packet(Some(64 << 20)).into()
    }

    fn failed(&self, source: mysql_async::Error) -> Error {
        Error::Sql { server: self.name.clone(), source }
    }

    fn signal(&self, signal: Signal) -> Result<(), Error> {
        // The lock is held over the call: a process that is not yet reaped cannot have lent its number to another.
        let process = self.process.lock();
        let Some(child) = process.as_ref() else { return Ok(()) };
        let pid = child.id();
        kill(Pid::from_raw(pid.cast_signed()), signal).map_err(|source| Error::Signal { pid, source })
    }

    fn reap_if_ended(&self) -> bool {
        let mut process = self.process.lock();
        let Some(child) = process.as_mut() else { return true };
        let ended = !matches!(child.try_wait(), Ok(None));
        if ended {
            self.guardian.ended(child.id());
            *process = None;
        }
        ended
    }

    fn end_at_once(&self) {
        if let Some(mut child) = self.process.lock().take() {
            let _ = child.kill();
            let _ = child.wait();
            self.guardian.ended(child.id());
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end_at_once();
    }
}

fn log_tail(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
