//! Child tables: rows are where the row of their parent is that they name, are found and joined there, and never anywhere else.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use harness::answer::{Answer, ServerError};
use harness::client::{Client, Param};
use harness::stage::{Setup, Stage, World};

const RULES: &str = r#"
[[tables]]
name = "accounts"
shard_key = "owner"
function = { kind = "mod" }
shards = ["s0", "s1", "s2", "s3"]

[[tables]]
name = "entries"
shard_key = "account_id"
parent = { table = "accounts", column = "id" }

[[tables]]
name = "notes"
physical = "{table}_{index}"
shard_key = "entry"
parent = { table = "entries", column = "code" }

# By value: the parent's own key.
[[tables]]
name = "badges"
shard_key = "owner_id"
parent = { table = "accounts", column = "owner" }
"#;

const TABLES: &[&str] = &[
    "CREATE TABLE accounts (id INT PRIMARY KEY, owner INT NOT NULL, name VARCHAR(9))",
    "CREATE TABLE entries (id INT PRIMARY KEY, account_id INT, code VARCHAR(9) NOT NULL UNIQUE, amount INT, \
     FOREIGN KEY (account_id) REFERENCES accounts (id))",
    "CREATE TABLE notes (id INT PRIMARY KEY, entry VARCHAR(9), body VARCHAR(20))",
    "CREATE TABLE badges (id INT PRIMARY KEY, owner_id INT NOT NULL)",
    "INSERT INTO accounts VALUES (10, 0, 'a'), (11, 1, 'b'), (12, 2, 'c'), (13, 3, 'd'), (14, 1, 'e')",
    "INSERT INTO entries VALUES (1, 10, 'x', 5), (2, 11, 'y', 6), (3, 12, 'z', 7), (4, 14, 'ü', 8)",
    "INSERT INTO notes (body, entry, id) VALUES ('one', 'x', 1), ('two', 'Z', 2), ('three', 'ü', 3)",
    "INSERT INTO badges VALUES (1, 3), (2, 1)",
];

fn code(client: &mut Client, sql: &str) -> u16 {
    client.one(sql).error().map_or(0, |error| error.code)
}

/// A ShardGate in front of the tables, and administrators of the two servers.
fn filled() -> (Stage, [Client; 2]) {
    let world = World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]);
    let stage = world.stage(Setup { rules: RULES.to_owned(), ..Default::default() });
    let mut client = stage.connect();
    for sql in TABLES {
        client.run(sql);
    }
    (stage, [world.root(0), world.root(1)])
}

#[test]
fn child_rows_are_where_their_parents_are() {
    let (stage, [mut first, mut second]) = filled();
    let mut client = stage.connect();
    assert_eq!(first.value("SELECT GROUP_CONCAT(id) FROM shop_0.entries"), "1");
    assert_eq!(first.value("SELECT GROUP_CONCAT(id ORDER BY id) FROM shop_1.entries"), "2,4");
    assert_eq!(second.value("SELECT GROUP_CONCAT(id) FROM shop_2.entries"), "3");
    // A row of a child's child.
    assert_eq!(second.value("SELECT GROUP_CONCAT(id) FROM shop_2.notes_2"), "2");
    assert_eq!(first.value("SELECT GROUP_CONCAT(id) FROM shop_1.notes_1"), "3");
    assert_eq!(second.value("SELECT GROUP_CONCAT(id) FROM shop_3.badges"), "1");

    // Reads: by the parent's key on one shard, joined on their shards, by other columns on all.
    let joined = "SELECT COUNT(*), SUM(amount) FROM accounts a JOIN entries e ON e.account_id = a.id LEFT JOIN notes n ON n.entry = e.code";
    assert_eq!(client.one(joined).text(), [["4", "26"]]);
    let route = client.one(format!("EXPLAIN ROUTE {joined} WHERE a.owner = 1")).text();
    assert!(route.iter().flatten().any(|cell| cell.contains("s1")), "{route:?}");
    assert!(!route.iter().flatten().any(|cell| cell.contains("gather")), "{route:?}");
    assert_eq!(client.value("SELECT amount FROM entries WHERE account_id = 12"), "7");
    assert_eq!(client.one("SELECT account_id, COUNT(*) c FROM entries GROUP BY account_id ORDER BY 1").text().len(), 4);
    let exists = "SELECT COUNT(*) FROM accounts a WHERE EXISTS (SELECT 1 FROM entries e WHERE e.account_id = a.id)";
    assert_eq!(client.value(exists), "4");

    // A row without a parent, or without a key, is refused; so is what would leave children behind.
    assert_eq!(code(&mut client, "INSERT INTO entries VALUES (9, 99, 'q', 1)"), 1452);
    assert_eq!(code(&mut client, "INSERT INTO entries VALUES (9, NULL, 'q', 1)"), 1048);
    assert_eq!(code(&mut client, "INSERT INTO entries (id, code) VALUES (9, 'q')"), 1048);
    assert_eq!(code(&mut client, "UPDATE accounts SET id = 20 WHERE owner = 0"), 1235);
    assert_eq!(code(&mut client, "UPDATE accounts SET owner = 2 WHERE id = 10"), 1235);
    assert_eq!(code(&mut client, "INSERT INTO accounts VALUES (10, 0, 'a') ON DUPLICATE KEY UPDATE id = 99"), 1235);
    assert_eq!(client.value("SELECT COUNT(*) FROM entries"), "4");
    assert_eq!(client.value("SELECT id FROM accounts WHERE owner = 0"), "10");
}

#[test]
fn child_rows_follow_what_they_name() {
    let (stage, [mut first, mut second]) = filled();
    let mut client = stage.connect();
    // In one transaction with a parent that nobody else sees.
    client.run("BEGIN");
    client.run("INSERT INTO accounts VALUES (15, 3, 'f')");
    client.run("INSERT INTO entries VALUES (5, 15, 'v', 9), (6, 10, 'w', 9)");
    client.run("INSERT INTO notes SELECT id + 10, code, 'made' FROM entries WHERE id > 4");
    client.run("COMMIT");
    assert_eq!(second.value("SELECT GROUP_CONCAT(id) FROM shop_3.entries"), "5");
    assert_eq!(second.value("SELECT GROUP_CONCAT(id) FROM shop_3.notes_3"), "15");
    // A parent that came to be after the transaction's snapshot.
    let mut other = stage.connect();
    client.run("BEGIN");
    client.run("SELECT COUNT(*) FROM accounts");
    other.run("INSERT INTO accounts VALUES (16, 2, 'g')");
    client.run("INSERT INTO entries VALUES (7, 16, 'u', 1)");
    client.run("ROLLBACK");
    assert_eq!(client.value("SELECT COUNT(*) FROM entries WHERE id = 7"), "0");
    // To another parent: the row moves, with its children refused.
    assert_eq!(client.one("UPDATE entries SET account_id = 13 WHERE id = 3").error().unwrap().code, 1235);
    client.run("UPDATE notes SET entry = 'x' WHERE id = 3");
    assert_eq!(first.value("SELECT GROUP_CONCAT(id ORDER BY id) FROM shop_0.notes_0"), "1,3,16");
    assert_eq!(client.value("SELECT body FROM notes n JOIN entries e ON e.code = n.entry WHERE n.id = 3"), "three");
    assert_eq!(client.one("UPDATE notes SET entry = 'nothing' WHERE id = 3").error().unwrap().code, 1452);
    client.run("UPDATE entries SET amount = amount + 1 WHERE account_id = 10");
    client.run("DELETE e FROM entries e JOIN accounts a ON a.id = e.account_id WHERE a.owner = 3");
    assert_eq!(client.value("SELECT GROUP_CONCAT(id ORDER BY id) FROM entries"), "1,2,3,4,6");
    let sql = b"INSERT INTO notes (id, entry, body) VALUES (?, ?, 'p')";
    let statement = client.prepare(sql).unwrap().unwrap();
    for (id, entry) in [(20, "y"), (21, "z")] {
        let answers = client.execute(&statement, &[Param::Int(id), Param::Text(entry.into())]).unwrap();
        assert!(answers.iter().all(|answer| answer.error().is_none()), "{answers:?}");
    }
    assert_eq!(second.value("SELECT GROUP_CONCAT(id ORDER BY id) FROM shop_2.notes_2"), "2,21");
    stage.assert_sound();
}

const COLOCATED: &str = r#"
[[tables]]
name = "NAME"
shard_key = "owner_id"
function = { kind = "mod" }
shards = ["s0", "s1", "s2", "s3"]
"#;

/// Each refers to the one before, by the shard key.
const REFERRING: &[&str] = &[
    "CREATE TABLE owners (owner_id INT PRIMARY KEY, name VARCHAR(9) UNIQUE)",
    "CREATE TABLE pets (owner_id INT NOT NULL, no INT NOT NULL, kind VARCHAR(9), seen TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00:00' \
     ON UPDATE CURRENT_TIMESTAMP, PRIMARY KEY (owner_id, no), FOREIGN KEY (owner_id) REFERENCES owners (owner_id) ON UPDATE CASCADE)",
    "CREATE TABLE toys (id INT PRIMARY KEY, owner_id INT NOT NULL, pet INT NOT NULL, what VARCHAR(9), \
     FOREIGN KEY (owner_id, pet) REFERENCES pets (owner_id, no) ON UPDATE CASCADE ON DELETE CASCADE)",
    "INSERT INTO owners VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (8, 'e')",
    "INSERT INTO pets (owner_id, no, kind) VALUES (1, 1, 'cat'), (1, 2, 'dog'), (2, 1, 'cow'), (4, 1, 'ant')",
    "INSERT INTO toys VALUES (1, 1, 1, 'ball'), (2, 1, 1, 'rope'), (3, 1, 2, 'ball'), (4, 2, 1, 'bell'), (5, 4, 1, 'leaf')",
];

fn affected(answer: &Answer) -> Option<u64> {
    match answer {
        Answer::Ok(ok) => Some(ok.affected_rows),
        _ => None,
    }
}

#[test]
fn rows_follow_where_a_foreign_key_says_so() {
    // MySQL 9.7 checks foreign keys above InnoDB unless told otherwise, and then refuses (1452) a cascade to several rows
    // of which one has rows that refer to it.
    let servers = ["--loose-innodb-native-foreign-keys=ON"];
    let world = World::start_with(&servers, &[0, 0], &[("shop", [0, 0, 1, 1])]);
    let rules = ["owners", "pets", "toys", "tags"].map(|name| COLOCATED.replace("NAME", name)).concat();
    let stage = world.stage(Setup { rules, ..Default::default() });
    let (mut ours, mut theirs) = (stage.connect(), world.root(0));
    theirs.run("CREATE DATABASE plain; USE plain");
    for sql in REFERRING {
        ours.run(sql);
        theirs.run(sql);
    }
    let statements = [
        // To another shard, and to the same one.
        "UPDATE owners SET owner_id = 6 WHERE owner_id = 1",
        "UPDATE owners SET owner_id = 12 WHERE owner_id = 4",
        "UPDATE owners SET owner_id = owner_id + 101, name = CONCAT(name, '!') WHERE owner_id < 10 AND name < 'e'",
        // Taken back, wholly or as a statement.
        "BEGIN",
        "UPDATE owners SET owner_id = 77 WHERE owner_id = 107",
        "UPDATE owners SET owner_id = 12 WHERE owner_id = 77",
        "SAVEPOINT s",
        "UPDATE owners SET owner_id = 78 WHERE owner_id = 77",
        "ROLLBACK TO s",
        "COMMIT",
        "BEGIN",
        "UPDATE owners SET owner_id = 90 WHERE name = 'a!'",
        "UPDATE toys SET what = 'none' WHERE owner_id = 90",
        "ROLLBACK",
        // A child that goes by itself has no parent there.
        "UPDATE pets SET owner_id = 13 WHERE owner_id = 12",
        // One of its own, and what follows that.
        "UPDATE pets SET owner_id = 8 WHERE owner_id = 12",
        "DELETE FROM pets WHERE owner_id = 8",
    ];
    for sql in statements {
        let (a, b) = (ours.one(sql), theirs.one(sql));
        match (a.error(), b.error()) {
            (None, None) => assert_eq!(affected(&a), affected(&b), "{sql}"),
            (a, b) => {
                // A duplicate in the parent that a cascade would meet in the child has a code of its own there.
                let code = |error: &ServerError| if error.code == 1761 { 1062 } else { error.code };
                assert_eq!(a.map(code), b.map(code), "{sql}: {a:?}");
            }
        }
        for table in ["owners", "pets", "toys"] {
            let all = format!("SELECT * FROM {table} ORDER BY 1, 2");
            assert_eq!(ours.rows(&all), theirs.rows(&all), "{table} after {sql}");
            for row in theirs.rows(&format!("SELECT owner_id, COUNT(*) FROM {table} GROUP BY owner_id")) {
                let count = format!("SELECT COUNT(*) FROM {table} WHERE owner_id = {}", row[0]);
                assert_eq!(ours.value(&count), row[1], "{count} after {sql}");
            }
        }
    }
    // What does not follow stays, and keeps its parent.
    ours.run("CREATE TABLE tags (id INT PRIMARY KEY, owner_id INT NOT NULL, FOREIGN KEY (owner_id) REFERENCES owners (owner_id))");
    ours.run("INSERT INTO owners VALUES (20, 'z'); INSERT INTO tags VALUES (1, 20)");
    let error = ours.error("UPDATE owners SET owner_id = 21 WHERE owner_id = 20");
    assert!(error.code == 1235 && error.message.contains("ON UPDATE CASCADE"), "{error:?}");
    assert_eq!(ours.value("SELECT COUNT(*) FROM owners WHERE owner_id = 20"), "1");
    stage.assert_sound();
}
