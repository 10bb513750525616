//! Writes of several shards that fail, wait for locks or are ended: answers and rows are those of one plain server.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::OnceLock;
use std::thread::JoinHandle;
use std::time::Duration;

use harness::answer::{Answer, Leniency, differences};
use harness::client::Client;
use harness::stage::{Setup, Stage, World};

const CASES: &str = include_str!("cases/sessions/writes.txt");

const TABLES: [&str; 4] = [
    "CREATE TABLE accounts (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(10) NOT NULL, balance INT NOT NULL, code INT, \
     CONSTRAINT not_below CHECK (balance >= 0)) ENGINE=InnoDB",
    "CREATE TABLE entries (account_id BIGINT NOT NULL, no INT NOT NULL, amount INT NOT NULL, PRIMARY KEY (account_id, no), \
     CONSTRAINT of_account FOREIGN KEY (account_id) REFERENCES accounts (id)) ENGINE=InnoDB",
    "CREATE TABLE near (id INT NOT NULL PRIMARY KEY, n INT, note VARCHAR(10)) ENGINE=InnoDB",
    "CREATE TABLE far (id INT NOT NULL PRIMARY KEY, n INT, note VARCHAR(10)) ENGINE=InnoDB",
];

const RULES: &str = r#"
[[tables]]
name = "accounts"
shard_key = "id"
colocated_with = "items"

[[tables]]
name = "entries"
shard_key = "account_id"
colocated_with = "items"

# These two have no shard in common.
[[tables]]
name = "near"
shard_key = "id"
function = { kind = "mod" }
shards = ["s0", "s1"]

[[tables]]
name = "far"
shard_key = "id"
function = { kind = "mod" }
shards = ["s2", "s3"]
"#;

fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]))
}

fn stage() -> Stage {
    world().stage(Setup { tables: RULES.to_owned(), ..Setup::default() })
}

/// A session, which may be busy.
enum Session {
    Idle(Client),
    Running(JoinHandle<(Client, Vec<Answer>)>),
}

/// One server, or ShardGate, with its sessions by name.
struct Side<'a> {
    connect: &'a dyn Fn() -> Client,
    sessions: BTreeMap<char, (String, Option<Session>)>,
}

impl Side<'_> {
    /// Runs a line; what was answered meanwhile.
    fn run(&mut self, line: &str) -> Vec<Answer> {
        let (name, rest) = (line.chars().next().unwrap(), line.get(2..).unwrap_or_default().trim());
        if name == '~' {
            std::thread::sleep(Duration::from_millis(500));
            return Vec::new();
        }
        let sql =
            self.sessions.iter().fold(rest.to_owned(), |sql, (name, (id, _))| sql.replace(&format!("${name}"), id));
        let (mut client, mut answers) = self.take(name);
        match line.as_bytes()[1] {
            b'&' => {
                let running = std::thread::spawn(move || {
                    let answers = client.query(&sql).unwrap();
                    (client, answers)
                });
                self.put(name, Session::Running(running));
                return answers;
            }
            b'.' => {}
            _ => answers.extend(client.query(&sql).unwrap()),
        }
        self.put(name, Session::Idle(client));
        answers
    }

    /// The session, when it is not busy any more, and what it was answered.
    fn take(&mut self, name: char) -> (Client, Vec<Answer>) {
        let (_, session) = self.sessions.entry(name).or_insert_with(|| {
            let mut client = (self.connect)();
            (client.value("SELECT CONNECTION_ID()"), Some(Session::Idle(client)))
        });
        match session.take().unwrap() {
            Session::Idle(client) => (client, Vec::new()),
            Session::Running(running) => running.join().unwrap(),
        }
    }

    fn put(&mut self, name: char, session: Session) {
        self.sessions.get_mut(&name).unwrap().1 = Some(session);
    }
}

fn fill(client: &mut Client) {
    client.run("DELETE FROM entries");
    client.run("DELETE FROM accounts");
    // So many that servers find a few of them by their keys, and lock no others.
    let rows: Vec<String> = (1..=800).map(|id| format!("({id}, 'n{id}', 100, {id})")).collect();
    client.run(&format!("INSERT INTO accounts VALUES {}", rows.join(", ")));
    let rows: Vec<String> = (1..=16).map(|id| format!("({id}, 1, {id}), ({id}, 2, 0)")).collect();
    client.run(&format!("INSERT INTO entries VALUES {}", rows.join(", ")));
    for table in ["near", "far"] {
        client.run(&format!("DELETE FROM {table}"));
        client.run(&format!("INSERT INTO {table} VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c'), (4, 40, 'd')"));
    }
}

fn contents(client: &mut Client) -> Vec<Vec<String>> {
    let tables = ["accounts ORDER BY id", "entries ORDER BY account_id, no", "near ORDER BY id", "far ORDER BY id"];
    tables.iter().flat_map(|table| client.rows(&format!("SELECT * FROM {table}"))).collect()
}

#[test]
fn writes_that_fail_fail_as_on_one_server() {
    let stage = stage();
    let mut root = world().root(0);
    root.run("CREATE DATABASE shop; USE shop");
    for table in TABLES {
        stage.connect().run(table);
        root.run(table);
    }
    let plain = || {
        let mut client = world().root(0);
        client.run("USE shop");
        client
    };
    let ours = || stage.connect();
    let mut found = String::new();
    let blocks = CASES.split("\n\n").map(|block| block.lines().filter(|line| !line.starts_with('#')));
    for block in blocks {
        let mut sides = [&plain as &dyn Fn() -> Client, &ours].map(|connect| {
            fill(&mut connect());
            Side { connect, sessions: BTreeMap::new() }
        });
        for line in block {
            // The plain server first: each side has its own locks.
            let [expected, got] = sides.each_mut().map(|side| side.run(line));
            for difference in differences(&expected, &got, &Leniency::default()) {
                let _ = writeln!(found, "{line}\n    {difference}");
            }
        }
        let [expected, got] = sides.map(|side| contents(&mut (side.connect)()));
        if expected != got {
            let missing: Vec<_> = expected.iter().filter(|row| !got.contains(row)).collect();
            let more: Vec<_> = got.iter().filter(|row| !expected.contains(row)).collect();
            let _ = writeln!(found, "rows: missing {missing:?}, and instead {more:?}");
        }
    }
    assert!(found.is_empty(), "\n{found}");
    stage.assert_sound();
}

#[test]
fn files_are_refused_where_one_server_takes_none() {
    let stage = world().stage(Setup::default());
    let mut client = stage.connect();
    let first = world().ids();
    let ways = ["(id, note)", "(@a, note) SET id = @a + 0"];
    for servers in [&[1][..], &[0, 1]] {
        for server in servers {
            world().root(*server).run("SET GLOBAL local_infile = OFF");
        }
        for way in ways {
            client.file = (0..8).map(|n| format!("{}\tx\n", first + n)).collect::<String>().into_bytes();
            let answer = client.one(format!("LOAD DATA LOCAL INFILE 'f' INTO TABLE items {way}"));
            let is_everywhere = servers.len() == 2 || way == ways[0];
            let code = answer.error().map(|error| error.code);
            assert!(code.is_none_or(|code| [1148, 3948, 4166].contains(&code)), "{answer:?}");
            assert!(code.is_some() || !is_everywhere, "{answer:?}");
            client.run(&format!(
                "DELETE FROM items WHERE id >= {first} AND id < {first} + {}",
                if code.is_some() { 0 } else { 8 }
            ));
            let left = client.value(&format!("SELECT COUNT(*) FROM items WHERE id >= {first} AND id < {}", first + 8));
            assert_eq!(left, "0", "{way}");
        }
    }
    for server in [0, 1] {
        world().root(server).run("SET GLOBAL local_infile = ON");
    }
    stage.assert_sound();
}

/// The table of decisions of an earlier version, which had a column less.
#[test]
fn a_table_of_decisions_that_is_older_is_completed() {
    let mut root = world().root(1);
    world().block_on(world().cluster.grant("older")).unwrap();
    root.run(
        "CREATE DATABASE older; CREATE TABLE older.txn_decision (gtrid VARBINARY(64) NOT NULL PRIMARY KEY, \
         outcome VARBINARY(8) NOT NULL, participants BLOB NOT NULL, created TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
         KEY created (created)) ENGINE=InnoDB; INSERT INTO older.txn_decision VALUES ('x', 'commit', '', NOW())",
    );
    let first = world().ids() + 3;
    let more = "[transactions]\nschema = \"older\"".to_owned();
    let stage = world().stage(Setup { more, ..Setup::default() });
    let mut client = stage.connect();
    for turn in 0..2 {
        // The shard that decides is once on each server.
        let ids = [first + 1, first].map(|id| id + 4 * turn);
        client.run("BEGIN");
        for id in if turn == 0 { ids } else { [ids[1], ids[0]] } {
            client.run(&format!("INSERT INTO items (id) VALUES ({id})"));
        }
        client.run("COMMIT");
    }
    assert_eq!(root.value("SELECT connection FROM older.txn_decision WHERE gtrid = 'x'"), "0");
}

/// Its row is then sent as text.
#[test]
fn a_decision_is_recorded_where_a_server_takes_no_more_prepared_statements() {
    let world = World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]);
    let stage = world.stage(Setup::default());
    let mut client = stage.connect();
    for limit in [0, 1000] {
        for server in [0, 1] {
            world.root(server).run(&format!("SET GLOBAL max_prepared_stmt_count = {limit}"));
        }
        let executed = |server: usize| -> u64 {
            world.root(server).rows("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'")[0][1].parse().unwrap()
        };
        let (before, first) = (executed(0) + executed(1), world.ids());
        client.run("BEGIN");
        for id in first..first + 4 {
            client.run(&format!("INSERT INTO items (id) VALUES ({id})"));
        }
        client.run("COMMIT");
        assert_eq!(
            executed(0) + executed(1) > before,
            limit > 0,
            "decisions are prepared statements where they can be"
        );
        let written = format!("SELECT COUNT(*) FROM items WHERE id >= {first} AND id < {}", first + 4);
        assert_eq!(client.value(&written), "4");
    }
    stage.assert_sound();
}
