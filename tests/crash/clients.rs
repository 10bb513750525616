//! Clients: transactions of every form, and what was heard of each.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::bank::{ACCOUNTS, Bank, Heard, SHARDS, Trace};
use crate::harness::answer::Answer;
use crate::harness::client::{Client, Login};
use crate::harness::layout::{PASSWORD, USER};

/// A transaction to try: its statements, of which the last before those under autocommit decides.
struct Attempt {
    trace: Trace,
    statements: Vec<String>,
}

impl Bank {
    /// Works until told to stop.
    pub fn be_client(&self, ports: &[u16], seed: u64) {
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
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let attempt = Attempt::new(number, &mut random);
            // Known before it begins: whatever happens, it was tried.
            self.heard.lock().unwrap().insert(number, (attempt.trace, Heard::Nothing));
            let heard = attempt.run(&mut connected);
            self.heard.lock().unwrap().insert(number, (attempt.trace, heard));
            if heard == Heard::Done && random.gen_ratio(9, 10) {
                client = Some(connected);
            }
        }
    }
}

impl Attempt {
    fn new(number: u64, random: &mut StdRng) -> Attempt {
        let from = random.gen_range(0..ACCOUNTS);
        let to = (from + random.gen_range(1..ACCOUNTS)) % ACCOUNTS;
        let third = (to + 1) % ACCOUNTS;
        // On the shard of `from`.
        let near = (from + SHARDS as u64) % ACCOUNTS;
        let amount = random.gen_range(1..10);
        let entry = |account| format!("INSERT INTO entries VALUES ({account}, {number})");
        let pay =
            |account, amount: i64| format!("UPDATE accounts SET balance = balance + {amount} WHERE id = {account}");
        let append = |list| format!("UPDATE lists SET elements = CONCAT(elements, '{number},') WHERE id = {list}");
        let begin = "BEGIN".to_owned();
        let commit = "COMMIT".to_owned();
        let statements = match random.gen_range(0..7) {
            // One statement on several shards, alone.
            0 => vec![format!("INSERT INTO entries VALUES ({from}, {number}), ({to}, {number})")],
            // The same in a transaction, after a shard that was only read.
            1 => vec![
                begin,
                format!("SELECT balance FROM accounts WHERE id = {third}"),
                format!(
                    "UPDATE accounts SET balance = balance + IF(id = {from}, -{amount}, {amount}) WHERE id IN ({from}, {to})"
                ),
                format!("INSERT INTO entries VALUES ({from}, {number}), ({to}, {number})"),
                commit,
            ],
            // Under autocommit = 0, statement by statement.
            2 => vec![
                "SET autocommit = 0".to_owned(),
                pay(from, -amount),
                entry(from),
                pay(to, amount),
                entry(to),
                commit,
                "SET autocommit = 1".to_owned(),
            ],
            3 => vec![
                begin,
                pay(from, -amount),
                pay(to, amount),
                "SAVEPOINT here".to_owned(),
                pay(third, 1),
                "ROLLBACK TO here".to_owned(),
                entry(from),
                entry(to),
                commit,
            ],
            // One shard is read, another one alone is written.
            4 => vec![
                begin,
                format!("SELECT balance FROM accounts WHERE id = {}", (from + 1) % ACCOUNTS),
                pay(from, -amount),
                pay(near, amount),
                entry(from),
                entry(near),
                commit,
            ],
            // Two lists, one after the other, or at once. In the order of their numbers, so that few deadlock.
            5 => vec![begin, append(from.min(to)), append(from.max(to)), commit],
            _ => vec![format!("UPDATE lists SET elements = CONCAT(elements, '{number},') WHERE id IN ({from}, {to})")],
        };
        let trace = if statements.iter().any(|sql| sql.contains("lists")) { Trace::Elements } else { Trace::Entries };
        Attempt { trace, statements }
    }

    fn run(&self, client: &mut Client) -> Heard {
        let decides = self.statements.iter().position(|sql| sql == "COMMIT").unwrap_or(0);
        for (index, sql) in self.statements.iter().enumerate() {
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
}
