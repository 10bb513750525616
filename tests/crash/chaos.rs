//! Ends, restarts, cuts and holds up things while clients work.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::bank::{Bank, SERVERS};
use crate::harness::proxy::Proxy;

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

pub struct Chaos<'b> {
    bank: &'b Bank,
    random: StdRng,
    port: u16,
    config: &'b Path,
    /// How often each thing was done.
    done: BTreeMap<&'static str, u32>,
}

impl<'b> Chaos<'b> {
    pub fn new(bank: &'b Bank, seed: u64, port: u16, config: &'b Path) -> Chaos<'b> {
        Chaos { bank, random: StdRng::seed_from_u64(seed), port, config, done: BTreeMap::new() }
    }

    fn count(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    /// ShardGate dies at each place.
    pub fn at_places(&mut self, rounds: u64) {
        for _ in 0..rounds {
            for place in PLACES {
                let count = if place == "after_claim" { 1 } else { self.random.gen_range(1..20) };
                let crash_at = format!("{place}:{count}");
                let mut proxy = Proxy::start_to_crash(&self.bank.cluster, self.config, self.port, Some(&crash_at));
                let begun = Instant::now();
                // There may be nothing to claim.
                let patience = Duration::from_secs(if place == "after_claim" { 2 } else { 30 });
                while !proxy.has_ended() && begun.elapsed() < patience {
                    std::thread::sleep(Duration::from_millis(10));
                }
                assert!(proxy.has_ended() || place == "after_claim", "{crash_at} was not reached");
                if proxy.has_ended() {
                    self.count(place);
                }
            }
        }
        println!("died at {:?}", std::mem::take(&mut self.done));
    }

    pub fn at_random(&mut self, duration: Duration) {
        let begun = Instant::now();
        let mut proxy = Proxy::start(&self.bank.cluster, self.config, self.port);
        while begun.elapsed() < duration {
            std::thread::sleep(Duration::from_millis(self.random.gen_range(100..1500)));
            let server = self.random.gen_range(0..SERVERS);
            match self.random.gen_range(0..8) {
                0 | 1 => {
                    self.count("ShardGate killed");
                    proxy.kill9();
                    drop(proxy);
                    proxy = Proxy::start(&self.bank.cluster, self.config, self.port);
                }
                2 | 3 => self.kill_server(server),
                4 => self.cut_some(server),
                5 => self.stall_for_a_while(server),
                6 => {
                    self.count("connections held up for good");
                    self.bank.relays[server].stall(&mut self.random, 4);
                }
                _ => {
                    // As when the host vanishes: the server does not hear of its end.
                    self.count("ShardGate killed while cut off");
                    self.bank.relays.iter().for_each(|relay| relay.stall(&mut self.random, 1));
                    proxy.kill9();
                    drop(proxy);
                    proxy = Proxy::start(&self.bank.cluster, self.config, self.port);
                }
            }
        }
        println!("at random {:?}", self.done);
        // The last one stays while everything settles.
        self.bank.stop.store(true, Ordering::Relaxed);
        self.bank.settle(0);
        drop(proxy);
    }

    fn kill_server(&mut self, server: usize) {
        self.count("servers killed");
        let primary = &self.bank.cluster.replica_sets[server].primary;
        primary.kill9();
        std::thread::sleep(Duration::from_millis(self.random.gen_range(0..500)));
        self.bank.runtime.block_on(primary.start()).unwrap();
    }

    fn cut_some(&mut self, server: usize) {
        self.count("connections cut");
        self.bank.relays[server].cut(&mut self.random, 3);
    }

    /// Shorter or longer than a step of a commit may take.
    fn stall_for_a_while(&mut self, server: usize) {
        self.count("connections held up");
        let relay = &self.bank.relays[server];
        relay.stall(&mut self.random, 3);
        let longest = if self.random.gen_ratio(1, 5) { 7000 } else { 800 };
        std::thread::sleep(Duration::from_millis(self.random.gen_range(50..longest)));
        relay.resume(&mut self.random, 1);
    }
}
