//! Rules for tables by a pattern of their names: each table that fits is sharded from its creation on, and known after a restart.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use harness::client::Client;
use harness::stage::{Setup, World};

const RULES: &str = r#"
[[tables]]
name = "log_*"
shard_key = "id"
function = { kind = "mod" }
shards = ["s0", "s1", "s2", "s3"]

[[tables]]
name = "log_all_*"
kind = "reference"

[[tables]]
name = "ev_*"
physical = "{table}_{index}"
shard_key = "id"
function = { kind = "mod" }
shards = ["s0", "s1", "s2", "s3"]
sequence = { column = "n" }
"#;

fn tables(client: &mut Client) -> Vec<String> {
    let names = client.one("SHOW TABLES").text().into_iter().map(|row| row[0].clone());
    names.filter(|name| name.starts_with("log_") || name.starts_with("ev_")).collect()
}

#[test]
fn tables_that_fit_a_pattern_are_sharded() {
    let world = World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]);
    let setup = || Setup { rules: RULES.to_owned(), ..Default::default() };
    let stage = world.stage(setup());
    let mut client = stage.connect();
    client.run("CREATE TABLE log_one (id INT PRIMARY KEY, t VARCHAR(9))");
    client.run("CREATE TABLE log_two (id INT PRIMARY KEY, t VARCHAR(9))");
    client.run("CREATE TABLE log_all_x (id INT PRIMARY KEY)");
    client.run("CREATE TABLE ev_one (id INT PRIMARY KEY, n BIGINT NOT NULL)");
    client.run("CREATE TABLE ev_bare (id INT PRIMARY KEY, other INT)");
    client.run("INSERT INTO log_one VALUES (1, 'a'), (2, 'b'), (3, 'c'), (6, 'd')");
    client.run("INSERT INTO log_two VALUES (2, 'x'), (6, 'y')");
    client.run("INSERT INTO log_all_x VALUES (7)");
    client.run("INSERT INTO ev_one (id) VALUES (1), (5)");
    // Which has no column for the pattern's sequence.
    client.run("INSERT INTO ev_bare VALUES (1, 10), (2, 20), (3, 30)");
    client.run("INSERT INTO ev_bare (id, other) SELECT id + 4, other FROM ev_bare");
    let (mut first, mut second) = (world.root(0), world.root(1));
    assert_eq!(second.value("SELECT GROUP_CONCAT(id ORDER BY id) FROM shop_2.log_one"), "2,6");
    assert_eq!(first.value("SELECT GROUP_CONCAT(id) FROM shop_1.log_one"), "1");
    assert_eq!(second.value("SELECT id FROM shop_3.log_all_x"), "7");
    assert_eq!(first.value("SELECT GROUP_CONCAT(id ORDER BY id) FROM shop_1.ev_one_1"), "1,5");
    // Alike by one pattern, they are joined on their shards.
    assert_eq!(client.value("SELECT COUNT(*) FROM log_one JOIN log_two USING (id)"), "2");
    assert_eq!(client.value("SELECT COUNT(DISTINCT n) FROM ev_one"), "2");
    assert_eq!(client.value("SELECT GROUP_CONCAT(id ORDER BY id) FROM ev_bare"), "1,2,3,5,6,7");
    assert_eq!(tables(&mut client), ["ev_bare", "ev_one", "log_all_x", "log_one", "log_two"]);
    assert!(client.one("SELECT * FROM log_none").error().is_some_and(|error| error.code == 1146));

    // Another ShardGate meets them when it looks at the servers.
    let other = world.stage(setup());
    let mut client = other.connect();
    assert_eq!(tables(&mut client), ["ev_bare", "ev_one", "log_all_x", "log_one", "log_two"]);
    client.run("INSERT INTO log_two VALUES (7, 'z')");
    assert_eq!(second.value("SELECT id FROM shop_3.log_two"), "7");
    assert_eq!(client.value("SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'ev_one'"), "1");
    client.run("DROP TABLE log_one, log_two, log_all_x, ev_one, ev_bare");
    assert!(tables(&mut client).is_empty());
    stage.assert_sound();
    other.assert_sound();
}
