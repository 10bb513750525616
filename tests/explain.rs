//! EXPLAIN, EXPLAIN ROUTE and EXPLAIN ANALYZE ROUTE over real servers.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::sync::OnceLock;

use harness::stage::{Stage, World};

/// Columns of EXPLAIN ANALYZE ROUTE.
const TIER: usize = 1;
const SHARD: usize = 2;
const ROWS: usize = 7;
const BYTES: usize = 8;

fn common() -> &'static Stage {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[0, 0], &[("shop", [0, 0, 1, 1])])).common()
}

/// Rows for every shard, and a condition that means them.
fn fill(first: i64) -> String {
    let rows: Vec<String> = (first..first + 8).map(|key| format!("({key}, {})", key % 3)).collect();
    common().connect().run(&format!("INSERT INTO items (id, amount) VALUES {}", rows.join(",")));
    format!("id BETWEEN {first} AND {}", first + 7)
}

#[test]
fn explain_of_several_shards_tells_what_each_server_says() {
    let mut client = common().connect();
    let of_one = client.rows("EXPLAIN SELECT * FROM items WHERE id = 1");
    // MySQL has no such word any more.
    let extended = if client.value("SELECT VERSION()").contains("MariaDB") { "EXTENDED" } else { "FORMAT=TRADITIONAL" };
    for sql in [
        "EXPLAIN SELECT * FROM items",
        "EXPLAIN SELECT * FROM items ORDER BY amount LIMIT 3",
        "EXPLAIN UPDATE items SET amount = 2",
        &format!("EXPLAIN {extended} SELECT COUNT(*) FROM items"),
    ] {
        let rows = client.rows(sql);
        let shards: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(shards, ["s0", "s1", "s2", "s3"], "{sql}");
        assert!(rows.iter().all(|row| row.len() > of_one[0].len()), "{sql}: {rows:?}");
    }
    assert_eq!(client.rows("EXPLAIN FORMAT=JSON SELECT * FROM items").len(), 4);
    let analyze = if extended == "EXTENDED" { "ANALYZE" } else { "EXPLAIN ANALYZE" };
    for sql in ["SELECT * FROM items ORDER BY amount LIMIT 3", "SELECT COUNT(*) FROM items"] {
        let rows = client.rows(&format!("{analyze} {sql}"));
        let shards: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(shards, ["s0", "s1", "s2", "s3"], "{sql}");
    }
    assert_eq!(client.error(format!("{analyze} UPDATE items SET amount = 2")).code, 1235);
    assert_eq!(client.error("EXPLAIN SELECT nope FROM items").code, 1054);
    // Nothing was run, and the session goes on.
    assert_eq!(client.value("SELECT 1"), "1");
}

#[test]
fn the_place_of_a_key_is_told() {
    let mut client = common().connect();
    let place = ["shop.items", "3", "4", "s3", "rs1", "shop_3", "items"];
    assert_eq!(client.rows("SHOW SHARD FOR items = '7'"), [place]);
    assert_eq!(client.rows("show shard for shop.items = 7;"), [place]);
    for spelling in ["+7", "(7)", "'7' ''", "_latin1'7'", "0x07", "x'07'", "7.0", "'07'"] {
        assert_eq!(client.rows(&format!("SHOW SHARD FOR items = {spelling}")), [place], "{spelling}");
    }
    assert_eq!(client.rows("SHOW SHARD FOR items = TRUE")[0][1], "1");
    assert_eq!(client.rows("SHOW SHARD FOR colours = 7").len(), 4);
    assert_eq!(client.rows("SHOW SHARD FOR settings = 7")[0][3], "s0");
    for (sql, code) in [
        ("SHOW SHARD FOR nothing = 1", 1146),
        ("SHOW SHARD FOR shop_hidden.items = 1", 1044),
        ("SHOW SHARD FOR items", 1064),
        ("SHOW SHARD FOR items = NULL", 1048),
        ("SHOW SHARD FOR items = 1 + 1", 1235),
    ] {
        assert_eq!(client.error(sql).code, code, "{sql}");
    }
}

#[test]
fn explain_analyze_route_counts_rows_and_bytes_of_each_step() {
    let range = fill(70_000);
    let mut client = common().connect();
    let cases = [
        (format!("SELECT * FROM items WHERE {range}"), "scatter", 8),
        (format!("SELECT id FROM items WHERE {range} ORDER BY amount, id LIMIT 5"), "merge", 5),
        ("SELECT * FROM items WHERE id = 70000".to_owned(), "relay", 1),
        (format!("SELECT id FROM items WHERE {range} ORDER BY amount, id LIMIT 3 OFFSET 6"), "merge", 2),
        (format!("SELECT SQL_CALC_FOUND_ROWS id FROM items WHERE {range} ORDER BY amount, id LIMIT 2"), "merge", 2),
    ];
    for (sql, tier, expected) in cases {
        let rows = client.rows(&format!("EXPLAIN ANALYZE ROUTE {sql}"));
        let (answer, steps) = rows.split_last().unwrap();
        assert_eq!((answer[TIER].as_str(), answer[ROWS].as_str()), ("answer", expected.to_string().as_str()), "{sql}");
        assert!(steps.iter().all(|step| step[TIER] == tier && !step[SHARD].is_empty()), "{sql}: {rows:?}");
        let of_steps: u64 = steps.iter().map(|step| step[ROWS].parse::<u64>().unwrap()).sum();
        assert!(of_steps >= expected, "{sql}: {rows:?}");
        let ms = |place: usize| answer[place].parse::<f64>().unwrap();
        assert!(ms(BYTES + 1) <= ms(BYTES + 2), "{sql}: {rows:?}");
        assert!(rows.iter().all(|row| row[BYTES].parse::<u64>().unwrap() > 20), "{sql}: {rows:?}");
        // What was counted went nowhere: the session's answers are in step.
        assert_eq!(client.value("SELECT 2"), "2");
    }
    let moved = [
        (format!("SELECT COUNT(DISTINCT amount) FROM items WHERE {range}"), "regroup"),
        (
            format!("SELECT COUNT(*) FROM items a JOIN items b ON a.amount = b.amount WHERE a.{range} AND b.{range}"),
            "gather",
        ),
    ];
    for (sql, tier) in moved {
        let rows = client.rows(&format!("EXPLAIN ANALYZE ROUTE {sql}"));
        let [steps @ .., over, answer] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((answer[TIER].as_str(), answer[ROWS].as_str()), ("answer", "1"), "{sql}");
        assert!(rows.iter().rev().skip(1).all(|step| step[TIER] == tier), "{sql}: {rows:?}");
        let counts: Vec<u64> = steps.iter().map(|step| step[ROWS].parse().unwrap()).collect();
        assert!(counts.len() >= 4 && counts.iter().all(|count| *count > 0), "{sql}: {rows:?}");
        // It gave the answer, a while after the statement came.
        assert_eq!(over[ROWS..=BYTES], answer[ROWS..=BYTES], "{sql}: {rows:?}");
        let ms = |step: &[String]| step[BYTES + 2].parse::<f64>().unwrap();
        assert!(ms(over) < ms(answer), "{sql}: {rows:?}");
    }
    assert_eq!(client.error(format!("EXPLAIN ANALYZE ROUTE DELETE FROM items WHERE {range}")).code, 1235);
    assert_eq!(client.error("EXPLAIN ANALYZE ROUTE SELECT nope FROM items").code, 1054);
    let plain = client.rows(&format!("EXPLAIN ROUTE SELECT * FROM items WHERE {range}"));
    assert_eq!(plain[0].len(), ROWS);
    common().assert_sound();
}
