//! ShardGate as its users run it: the real binary, with a config file.

use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use shardgate::playground::Cluster;

const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A running `shardgate serve`; it ends when this is dropped, or with the cluster's guardian.
#[derive(Debug)]
pub struct Proxy<'a> {
    pub port: u16,
    pub log: PathBuf,
    child: Child,
    cluster: &'a Cluster,
}

impl<'a> Proxy<'a> {
    /// Starts it and returns once its port answers.
    pub fn start(cluster: &'a Cluster, config: &Path, port: u16) -> Proxy<'a> {
        Proxy::start_to_crash(cluster, config, port, None)
    }

    /// The same for one that kills itself at a named place. The log goes on from an earlier start.
    pub fn start_to_crash(cluster: &'a Cluster, config: &Path, port: u16, crash_at: Option<&str>) -> Proxy<'a> {
        let log = config.with_file_name("shardgate.log");
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_shardgate"))
            .arg("serve")
            .arg("--config")
            .arg(config)
            .envs(crash_at.map(|place| ("SHARDGATE_CRASH_AT", place)))
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "info".into()))
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        cluster.adopt(child.id());
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().unwrap();
            if ended.is_some() && crash_at.is_some() {
                // It was to crash, and did so while it recovered.
                break;
            }
            let text = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(ended.is_none(), "ShardGate ended with {}:\n{}", ended.unwrap(), text());
            assert!(begun.elapsed() < START_TIMEOUT, "ShardGate does not listen on {port}:\n{}", text());
            std::thread::sleep(Duration::from_millis(10));
        }
        Proxy { port, log, child, cluster }
    }

    /// Whether the process is gone.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Ends it as a crash would.
    pub fn kill9(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged so far.
    pub fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Proxy<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.cluster.release(self.child.id());
    }
}
