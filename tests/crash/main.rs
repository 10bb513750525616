//! What if it dies right here? Clients move money between accounts on four shards and append to lists, and write down
//! what they were told, while ShardGate is killed at each named place of a distributed commit and at random, backends are
//! killed and started again, and connections are cut and held up. Afterwards nothing is half there, nothing is in doubt,
//! nothing that was acknowledged is gone and nothing that was refused is there.
//!
//! `CRASH_ROUNDS` (2) is how often each place is visited, `CRASH_SECONDS` (15) how long random faults go on,
//! `CRASH_SEED` repeats the choices of an earlier run as far as threads allow.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(clippy::print_stdout, reason = "the seed and the counts are for who runs it")]
#![allow(unreachable_pub, reason = "modules of one test")]

#[path = "../harness/mod.rs"]
mod harness;

mod bank;
mod clients;
mod audit;
mod chaos;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use shardgate::playground::ports;

use bank::Bank;
use chaos::Chaos;
use harness::proxy::Proxy;

const CLIENTS: u64 = 8;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn run(server: Option<PathBuf>) {
    let seed = number("CRASH_SEED", rand::random::<u32>().into());
    println!("seed {seed}");
    let bank = Arc::new(Bank::open(server));
    bank.leave_a_branch_of_others();
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
        let mut chaos = Chaos::new(&bank, seed, ports[0], &configs[0]);
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
