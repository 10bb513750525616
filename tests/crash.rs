//! What if it dies right here? Clients move money between accounts on four shards and write down each transfer, while
//! ShardGate is killed at each named place of a distributed commit and at random, backends are killed and started again,
//! and connections are cut. Afterwards nothing is half there, nothing is in doubt, nothing that was acknowledged is gone
//! and nothing that was refused is there.
//!
//! `CRASH_ROUNDS` (2) is how often each place is visited, `CRASH_SECONDS` (15) how long random faults go on,
//! `CRASH_SEED` repeats the choices of an earlier run as far as threads allow.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(clippy::print_stdout, reason = "the seed and the counts are for who runs it")]

mod harness;

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use shardgate::playground::cluster::SERVICE_USER;
use shardgate::playground::{Cluster, ClusterOptions, ports};

use harness::answer::Answer;
use harness::client::{Client, Login};
use harness::layout::{PASSWORD, USER};
use harness::proxy::Proxy;
use harness::stage::administrator;
use harness::talk::wait_until;

const SHARDS: usize = 4;
const SERVERS: usize = 2;
const ACCOUNTS: u64 = 40;
const BALANCE: i64 = 1000;
const CLIENTS: u64 = 8;

/// Where ShardGate can be told to kill itself; `after_claim` comes behind places that leave something to claim.
const PLACES: [&str; 10] = [
    "before_prepare",
    "between_prepares",
    "after_prepare",
    "after_claim",
    "while_deciding",
    "after_claim",
    "after_decision",
    "after_claim",
    "between_commits",
    "after_commit",
];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What a client knows of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Done,
    Refused,
    /// The connection ended, or ShardGate said that it does not know.
    Nothing,
}

/// Servers, configurations, and what clients were told.
struct Bank {
    cluster: Cluster,
    runtime: tokio::runtime::Runtime,
    heard: Mutex<HashMap<u64, Heard>>,
    next: AtomicU64,
    stop: AtomicBool,
}

impl Bank {
    fn open(server: Option<PathBuf>) -> Bank {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = ["--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1", "--innodb-lock-wait-timeout=2"];
        let options = ClusterOptions {
            server,
            replica_sets: vec![0; SERVERS],
            server_options: options.map(str::to_owned).to_vec(),
            ..Default::default()
        };
        let cluster = runtime.block_on(Cluster::start(options)).unwrap();
        runtime.block_on(cluster.grant("bank\\_%")).unwrap();
        let (heard, next, stop) = (Mutex::default(), AtomicU64::new(1), AtomicBool::new(false));
        let bank = Bank { cluster, runtime, heard, next, stop };
        for shard in 0..SHARDS {
            bank.root(shard % SERVERS).run(&format!(
                "CREATE DATABASE bank_{shard}; USE bank_{shard};
                 CREATE TABLE accounts (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL) ENGINE=InnoDB;
                 CREATE TABLE entries (account BIGINT, transfer BIGINT, PRIMARY KEY (account, transfer)) ENGINE=InnoDB"
            ));
            let rows: Vec<String> = (0..ACCOUNTS)
                .filter(|id| id % SHARDS as u64 == shard as u64)
                .map(|id| format!("({id}, {BALANCE})"))
                .collect();
            bank.root(shard % SERVERS).run(&format!("INSERT INTO bank_{shard}.accounts VALUES {}", rows.join(",")));
        }
        bank
    }

    fn root(&self, server: usize) -> Client {
        administrator(&self.cluster.replica_sets[server].primary.socket())
    }

    /// A configuration of a ShardGate of its own.
    fn config(&self, name: &str, port: u16) -> PathBuf {
        let folder = self.cluster.folder().join(name);
        std::fs::create_dir_all(folder.join("rules")).unwrap();
        let mut rules = "database = \"bank\"\ndefault_shard = \"s0\"\n".to_owned();
        for shard in 0..SHARDS {
            let set = shard % SERVERS;
            let _ = write!(
                rules,
                "\n[[shards]]\nname = \"s{shard}\"\nreplica_set = \"rs{set}\"\nschema = \"bank_{shard}\"\n"
            );
        }
        let function = "function = { kind = \"mod\" }\nshards = [\"s0\", \"s1\", \"s2\", \"s3\"]";
        let _ = write!(
            rules,
            "\n[[tables]]\nname = \"accounts\"\nshard_key = \"id\"\n{function}\n\n[[tables]]\nname = \"entries\"\n\
             shard_key = \"account\"\ncolocated_with = \"accounts\"\n"
        );
        std::fs::write(folder.join("rules/bank.toml"), rules).unwrap();
        let mut main = format!(
            "rules = [\"rules/*.toml\"]\n\n[server]\nlisten = \"127.0.0.1:{port}\"\n\n[[users]]\nname = \"{USER}\"\n\
             password = \"{PASSWORD}\"\n\n[transactions]\ncluster = \"bank\"\nrecovery_interval = \"200ms\"\n\
             commit_timeout = \"5s\"\ntake_over_after = \"3s\"\n\n[monitor]\ninterval = \"200ms\"\ntimeout = \"1s\"\n"
        );
        for set in &self.cluster.replica_sets {
            let _ = write!(
                main,
                "\n[[replica_sets]]\nname = \"{}\"\nprimary = \"{}\"\nuser = \"{SERVICE_USER}\"\npassword = \"{}\"\n\
                 connect_timeout = \"2s\"\n",
                set.name,
                set.primary.address(),
                self.cluster.service_password()
            );
        }
        let path = folder.join("shardgate.toml");
        std::fs::write(&path, main).unwrap();
        path
    }

    /// Moves money until told to stop.
    fn be_client(&self, ports: &[u16], seed: u64) {
        let mut random = StdRng::seed_from_u64(seed);
        let mut client = None;
        while !self.stop.load(Ordering::Relaxed) {
            let port = ports[random.gen_range(0..ports.len())];
            let login = Login::new(USER, PASSWORD).database("bank").timeout(Duration::from_secs(15));
            let Some(connected) = client.take().or_else(|| Client::connect(("127.0.0.1", port), &login).ok()) else {
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            let mut connected: Client = connected;
            let transfer = self.next.fetch_add(1, Ordering::Relaxed);
            // Known before it begins: whatever happens, it was tried.
            self.heard.lock().unwrap().insert(transfer, Heard::Nothing);
            let heard = self.transfer(&mut connected, transfer, &mut random);
            self.heard.lock().unwrap().insert(transfer, heard);
            if heard == Heard::Done && random.gen_ratio(9, 10) {
                client = Some(connected);
            }
        }
    }

    fn transfer(&self, client: &mut Client, transfer: u64, random: &mut StdRng) -> Heard {
        let from = random.gen_range(0..ACCOUNTS);
        let to = (from + random.gen_range(1..ACCOUNTS)) % ACCOUNTS;
        let third = (to + 1) % ACCOUNTS;
        let amount = random.gen_range(1..10);
        let entry = |account| format!("INSERT INTO entries VALUES ({account}, {transfer})");
        let pay =
            |account, amount: i64| format!("UPDATE accounts SET balance = balance + {amount} WHERE id = {account}");
        let statements = match random.gen_range(0..4) {
            // One statement on several shards, alone.
            0 => vec![format!("INSERT INTO entries VALUES ({from}, {transfer}), ({to}, {transfer})")],
            // The same in a transaction, after a shard that was only read.
            1 => vec![
                "BEGIN".to_owned(),
                format!("SELECT balance FROM accounts WHERE id = {third}"),
                format!(
                    "UPDATE accounts SET balance = balance + IF(id = {from}, -{amount}, {amount}) WHERE id IN ({from}, {to})"
                ),
                format!("INSERT INTO entries VALUES ({from}, {transfer}), ({to}, {transfer})"),
                "COMMIT".to_owned(),
            ],
            // Under autocommit = 0, statement by statement.
            2 => vec![
                "SET autocommit = 0".to_owned(),
                pay(from, -amount),
                entry(from),
                pay(to, amount),
                entry(to),
                "COMMIT".to_owned(),
                "SET autocommit = 1".to_owned(),
            ],
            _ => vec![
                "BEGIN".to_owned(),
                pay(from, -amount),
                pay(to, amount),
                "SAVEPOINT here".to_owned(),
                pay(third, 1),
                "ROLLBACK TO here".to_owned(),
                entry(from),
                entry(to),
                "COMMIT".to_owned(),
            ],
        };
        let decides =
            if statements.len() == 1 { 0 } else { statements.iter().position(|sql| sql == "COMMIT").unwrap() };
        for (index, sql) in statements.iter().enumerate() {
            let lost = if index < decides { Heard::Refused } else { Heard::Nothing };
            match client.query(sql).map(|mut answers| answers.pop()) {
                Ok(Some(Answer::Error { error, .. })) if error.message.contains("not known") => return Heard::Nothing,
                // The server was lost before it had answered a statement that commits by itself.
                Ok(Some(Answer::Error { error, .. })) if index == decides && [1158, 1159].contains(&error.code) => {
                    return Heard::Nothing;
                }
                Ok(Some(Answer::Error { error, .. })) if index <= decides => {
                    // It must be an error that a client can understand.
                    assert_ne!(error.code, 1235, "{sql}: {error:?}");
                    return Heard::Refused;
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) if index <= decides => return lost,
                Ok(None) | Err(_) => return Heard::Done,
            }
        }
        Heard::Done
    }

    fn in_doubt(&self) -> usize {
        (0..SERVERS).map(|server| self.root(server).rows("XA RECOVER").len()).sum()
    }

    /// What the servers hold, beside what clients were told.
    fn audit(&self, seed: u64) {
        let mut total = 0;
        let mut entries: HashMap<u64, usize> = HashMap::new();
        for shard in 0..SHARDS {
            let mut root = self.root(shard % SERVERS);
            let sum = root.value(&format!("SELECT SUM(balance) FROM bank_{shard}.accounts"));
            total += sum.parse::<i64>().unwrap();
            for row in root.rows(&format!("SELECT transfer FROM bank_{shard}.entries")) {
                *entries.entry(row[0].parse().unwrap()).or_default() += 1;
            }
        }
        let heard = self.heard.lock().unwrap();
        let count = |wanted| heard.values().filter(|heard| **heard == wanted).count();
        println!(
            "seed {seed}: {} transfers done, {} refused, {} unheard of",
            count(Heard::Done),
            count(Heard::Refused),
            count(Heard::Nothing)
        );
        let mut wrong = Vec::new();
        for (transfer, heard) in heard.iter() {
            let found = entries.get(transfer).copied().unwrap_or_default();
            let is_right = match heard {
                Heard::Done => found == 2,
                Heard::Refused => found == 0,
                Heard::Nothing => found == 0 || found == 2,
            };
            if !is_right {
                wrong.push(format!("transfer {transfer} was {heard:?} and has {found} entries of 2"));
            }
        }
        if !wrong.is_empty() {
            for name in ["first", "second"] {
                println!(
                    "{}",
                    std::fs::read_to_string(self.cluster.folder().join(name).join("shardgate.log")).unwrap()
                );
            }
        }
        assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
        assert_eq!(total, BALANCE * i64::try_from(ACCOUNTS).unwrap(), "seed {seed}: money was made or lost");
        assert!(count(Heard::Done) > 100, "seed {seed}: hardly anything worked");
    }

    /// Restarts what was killed until nothing is in doubt any more.
    fn settle(&self, seed: u64) {
        for set in &self.cluster.replica_sets {
            self.runtime.block_on(set.primary.start()).unwrap();
        }
        wait_until(&format!("seed {seed}: nothing is in doubt"), Duration::from_secs(30), || self.in_doubt() == 0);
    }
}

/// Ends and restarts things while clients work.
struct Chaos<'b> {
    bank: &'b Bank,
    random: StdRng,
    port: u16,
    config: &'b Path,
}

impl Chaos<'_> {
    /// ShardGate dies at each place.
    fn at_places(&mut self, rounds: u64) {
        for _ in 0..rounds {
            for place in PLACES {
                let count = if place == "after_claim" { 1 } else { self.random.gen_range(1..20) };
                let crash_at = format!("{place}:{count}");
                let mut proxy = Proxy::start_to_crash(&self.bank.cluster, self.config, self.port, Some(&crash_at));
                let begun = Instant::now();
                // There may be nothing to claim.
                let patience = Duration::from_secs(if place == "after_claim" { 2 } else { 20 });
                while !proxy.has_ended() && begun.elapsed() < patience {
                    std::thread::sleep(Duration::from_millis(10));
                }
                assert!(proxy.has_ended() || place == "after_claim", "{crash_at} was not reached");
            }
        }
    }

    fn at_random(&mut self, duration: Duration) {
        let begun = Instant::now();
        let mut proxy = Proxy::start(&self.bank.cluster, self.config, self.port);
        while begun.elapsed() < duration {
            std::thread::sleep(Duration::from_millis(self.random.gen_range(100..1500)));
            let server = self.random.gen_range(0..SERVERS);
            match self.random.gen_range(0..4) {
                0 => {
                    proxy.kill9();
                    drop(proxy);
                    proxy = Proxy::start(&self.bank.cluster, self.config, self.port);
                }
                1 => {
                    let primary = &self.bank.cluster.replica_sets[server].primary;
                    primary.kill9();
                    std::thread::sleep(Duration::from_millis(self.random.gen_range(0..500)));
                    self.bank.runtime.block_on(primary.start()).unwrap();
                }
                _ => self.cut_connections(server),
            }
        }
        // The last one stays while everything settles.
        self.bank.stop.store(true, Ordering::Relaxed);
        self.bank.settle(0);
        drop(proxy);
    }

    fn cut_connections(&mut self, server: usize) {
        let mut root = self.bank.root(server);
        let sql = format!("SELECT id FROM information_schema.processlist WHERE user = '{SERVICE_USER}'");
        for row in root.rows(&sql) {
            if self.random.gen_ratio(1, 3) {
                // It may have ended by itself.
                let _ = root.query(format!("KILL {}", row[0]));
            }
        }
    }
}

fn run(server: Option<PathBuf>) {
    let seed = number("CRASH_SEED", rand::random::<u32>().into());
    println!("seed {seed}");
    let bank = Arc::new(Bank::open(server));
    let ports = [ports::free_port().unwrap(), ports::free_port().unwrap()];
    let configs = [bank.config("first", ports[0]), bank.config("second", ports[1])];
    let second = Proxy::start(&bank.cluster, &configs[1], ports[1]);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|index| {
                let bank = &bank;
                // Most clients use the one that crashes; the other one ends what it leaves, and works beside it.
                let ports = if index % 4 == 0 { ports.to_vec() } else { vec![ports[0]] };
                scope.spawn(move || bank.be_client(&ports, seed + index))
            })
            .collect();
        let random = StdRng::seed_from_u64(seed);
        let mut chaos = Chaos { bank: &bank, random, port: ports[0], config: &configs[0] };
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            chaos.at_places(number("CRASH_ROUNDS", 2));
            chaos.at_random(Duration::from_secs(number("CRASH_SECONDS", 15)));
        }));
        bank.stop.store(true, Ordering::Relaxed);
        clients.into_iter().for_each(|client| client.join().unwrap());
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
    });
    bank.settle(seed);
    bank.audit(seed);
    let log = second.logged();
    assert!(!log.contains("panicked"), "seed {seed}: ShardGate panicked:\n{log}");
}

#[test]
fn transfers_survive_the_death_of_everything() {
    run(std::env::var_os("SHARDGATE_TEST_SERVER").map(Into::into));
}

#[test]
fn transfers_survive_the_death_of_everything_on_mysql() {
    if let Some(server) = std::env::var_os("SHARDGATE_TEST_MYSQLD") {
        run(Some(server.into()));
    }
}
