//! Gathering keeps to its budget and says what went beyond it; a replica set of one's choice holds the temporary tables.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::sync::OnceLock;
use std::time::Duration;

use harness::client::Client;
use harness::stage::{Setup, Stage, World};
use harness::talk::wait_until;

/// Rows of one test's keys: more than the first budget.
const ROWS: i64 = 40;

fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[0, 1], &[("shop", [0, 0, 1, 1])]))
}

fn stage(lines: &str) -> Stage {
    let more = format!("[monitor]\ninterval = \"100ms\"\n\n[gather]\n{lines}");
    world().stage(Setup { more, ..Setup::default() })
}

/// Fills a block of keys; a statement that no shard can answer, about its rows `from..to`.
fn off_the_key(client: &mut Client, from: i64, to: i64) -> String {
    let first = world().ids();
    let rows: Vec<String> = (first..first + ROWS).map(|id| format!("({id}, 'n{}', {id})", id - first)).collect();
    client.run(&format!("INSERT INTO items (id, note, amount) VALUES {}", rows.join(",")));
    let range = |alias: &str| format!("{alias}.amount >= {} AND {alias}.amount < {}", first + from, first + to);
    format!(
        "SELECT COUNT(*), MAX(@@port) FROM items a JOIN items b ON a.amount = b.id WHERE {} AND {}",
        range("a"),
        range("b")
    )
}

#[test]
fn a_budget_is_kept_and_its_error_tells_what_to_do() {
    let stage = stage("max_rows = 30");
    let mut client = stage.connect();
    let error = client.error(off_the_key(&mut stage.connect(), 0, ROWS));
    assert_eq!(error.code, 1104);
    for words in ["gather.max_rows = 30", "table 'items'", "expect about", "EXPLAIN ROUTE"] {
        assert!(error.message.contains(words), "{}", error.message);
    }
    // What predicates leave of both references is within it.
    assert_eq!(client.rows(&off_the_key(&mut stage.connect(), 0, 15))[0][0], "15");
    stage.assert_sound();
}

#[test]
fn bytes_have_a_budget_of_their_own() {
    let stage = stage("max_bytes = \"64KiB\"");
    let mut client = stage.connect();
    let first = world().ids();
    client.run(&format!("INSERT INTO parts VALUES ({first}, 1, 'x', REPEAT('x', 100000)), ({first}, 2, 'x', 'y')"));
    let sql = |columns: &str| {
        format!(
            "SELECT {columns} FROM parts a JOIN items b ON b.amount = a.part_no WHERE a.item_id >= {first} AND a.item_id < {}",
            first + 3
        )
    };
    let error = client.error(sql("MAX(a.data)"));
    assert!(error.code == 1104 && error.message.contains("gather.max_bytes = 65536"), "{}", error.message);
    // Only what is needed is moved.
    assert_eq!(client.rows(&sql("COUNT(a.part_no)")).len(), 1);
    stage.assert_sound();
}

#[test]
fn temporary_tables_are_where_they_should_be() {
    let set = &world().cluster.replica_sets[1];
    let stage = stage(&format!("scratch = \"{}\"", set.name));
    let mut client = stage.connect();
    let sql = off_the_key(&mut client, 0, ROWS);
    let [primary, replica] = [&set.primary, &set.replicas[0]].map(|server| server.port().to_string());
    wait_until("the replica is in use", Duration::from_secs(15), || {
        client.rows(&sql)[0] == [ROWS.to_string(), replica.clone()]
    });
    // A transaction that has written works with primaries alone, and sees what it wrote.
    client.run("BEGIN");
    assert_eq!(client.rows(&sql)[0], [ROWS.to_string(), replica.clone()]);
    client
        .run(&format!("DELETE FROM items WHERE id = {}", sql.rsplit(' ').next().unwrap().parse::<i64>().unwrap() - 1));
    assert_eq!(client.rows(&sql)[0], [(ROWS - 1).to_string(), primary]);
    client.run("ROLLBACK");
    assert_eq!(client.rows(&sql)[0], [ROWS.to_string(), replica]);
    stage.assert_sound();
}
