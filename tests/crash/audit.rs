//! What the servers hold in the end, beside what clients were told.

use std::collections::HashMap;

use crate::bank::{ACCOUNTS, BALANCE, Bank, Heard, SERVERS, SHARDS, Trace};

/// Everything on the servers.
#[derive(Default)]
struct Found {
    total: i64,
    /// Entries and elements of each transaction.
    traces: HashMap<u64, usize>,
    lists: Vec<(u64, Vec<u64>)>,
}

impl Bank {
    pub fn audit(&self, seed: u64) {
        let found = self.read();
        self.print_counts(seed);
        let mut wrong = self.contradictions(&found);
        wrong.extend(disorder(&found.lists));
        if found.total != BALANCE * i64::try_from(ACCOUNTS).unwrap() {
            wrong.push(format!("money was made or lost: {} is there", found.total));
        }
        if !self.others_are_left_alone() {
            wrong.push("a branch of somebody else was ended".to_owned());
        }
        if !wrong.is_empty() {
            for name in ["first", "second"] {
                let log = self.cluster.folder().join(name).join("shardgate.log");
                println!("{}", std::fs::read_to_string(log).unwrap());
            }
        }
        assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
    }

    fn read(&self) -> Found {
        let mut found = Found::default();
        for shard in 0..SHARDS {
            let mut root = self.root(shard % SERVERS);
            let sum = root.value(&format!("SELECT SUM(balance) FROM bank_{shard}.accounts"));
            found.total += sum.parse::<i64>().unwrap();
            for row in root.rows(&format!("SELECT transfer FROM bank_{shard}.entries")) {
                *found.traces.entry(row[0].parse().unwrap()).or_default() += 1;
            }
            for row in root.rows(&format!("SELECT id, elements FROM bank_{shard}.lists")) {
                let elements = row[1].split_terminator(',').map(|number| number.parse().unwrap());
                let elements: Vec<u64> = elements.collect();
                elements.iter().for_each(|number| *found.traces.entry(*number).or_default() += 1);
                found.lists.push((row[0].parse().unwrap(), elements));
            }
        }
        found
    }

    fn print_counts(&self, seed: u64) {
        let heard = self.heard.lock().unwrap();
        for (name, trace) in [("transfers", Trace::Entries), ("appends", Trace::Elements)] {
            let count = |wanted| heard.values().filter(|(of, heard)| (*of, *heard) == (trace, wanted)).count();
            let (done, refused) = (count(Heard::Done), count(Heard::Refused));
            println!("seed {seed}: {done} {name} done, {refused} refused, {} unheard of", count(Heard::Nothing));
            assert!(done > 50, "seed {seed}: hardly anything worked");
        }
    }

    fn contradictions(&self, found: &Found) -> Vec<String> {
        let mut wrong = Vec::new();
        for (number, (trace, heard)) in self.heard.lock().unwrap().iter() {
            let traces = found.traces.get(number).copied().unwrap_or_default();
            let is_right = match heard {
                Heard::Done => traces == 2,
                Heard::Refused => traces == 0,
                Heard::Nothing => traces == 0 || traces == 2,
            };
            if !is_right {
                wrong.push(format!("transaction {number} was {heard:?} and has {traces} {trace:?} of 2"));
            }
        }
        wrong
    }
}

/// Two transactions that both appended to two lists did so in the same order on both: each kept its locks until it was
/// decided.
fn disorder(lists: &[(u64, Vec<u64>)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, (id, elements)) in lists.iter().enumerate() {
        for (other_id, others) in &lists[at + 1..] {
            let place: HashMap<u64, usize> =
                others.iter().enumerate().map(|(place, number)| (*number, place)).collect();
            let common: Vec<usize> = elements.iter().filter_map(|number| place.get(number).copied()).collect();
            if !common.is_sorted() {
                wrong.push(format!("lists {id} and {other_id} were appended to in different orders"));
            }
        }
    }
    wrong
}
