//! Tables whose keys have several columns: joins by all of these columns are done by each shard, and every join answers what one
//! server with all the rows does. `SEVERAL_SEED` repeats a run's choices.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use harness::answer::Answer;
use harness::client::{Client, Param};
use harness::stage::{Setup, World};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

const ALL: &str = "shards = [\"s0\", \"s1\", \"s2\", \"s3\"]";

/// `o` and `i` by two columns, one within the other; `p` and `q` by both together, in another order of the columns.
fn rules() -> String {
    let within = "within = { shard_key = \"k2\", key_type = \"text\", collation = \"utf8mb4_general_ci\", function = \
                  { kind = \"hash\", slots = 8 }, shards = 2 }";
    let both = "shard_key = [{ column = \"k2\", key_type = \"text\", collation = \"utf8mb4_general_ci\" }, \"k1\"]\n\
                function = { kind = \"hash\", slots = 64 }";
    let nested = |name| {
        format!(
            "[[tables]]\nname = \"{name}\"\nshard_key = \"k1\"\nfunction = {{ kind = \"mod\" }}\n{within}\n{ALL}\n\n"
        )
    };
    let joint = |name| format!("[[tables]]\nname = \"{name}\"\n{both}\n{ALL}\n\n");
    [nested("o"), nested("i"), joint("p"), joint("q")].concat()
}

const COLUMNS: &str = "(id INT PRIMARY KEY, k1 INT NOT NULL, k2 VARCHAR(9) COLLATE utf8mb4_general_ci NOT NULL, v INT)";

/// A join or a subquery over two tables, and what else it says.
fn statement(rng: &mut StdRng) -> (String, bool) {
    let (left, right) = *[("o", "i"), ("i", "o"), ("p", "q"), ("o", "o"), ("q", "q")].choose(rng).unwrap();
    let (on, is_whole) = *[
        ("a.k1 = b.k1 AND a.k2 = b.k2", true),
        ("b.k2 = a.k2 AND a.k1 = b.k1 AND a.v < b.v", true),
        ("(a.k1, a.k2) = (b.k1, b.k2)", true),
        ("a.k1 = b.k1", false),
        ("a.k2 = b.k2 AND a.v = b.k1", false),
    ]
    .choose(rng)
    .unwrap();
    let text = *["x", "X", "y", "zz"].choose(rng).unwrap();
    let number = rng.gen_range(0..5);
    let filter = match rng.gen_range(0..6) {
        0 => format!(" WHERE a.k1 = {number}"),
        1 => format!(" WHERE b.k1 = {number} AND a.k2 = '{text}'"),
        2 => format!(" WHERE a.k2 IN ('{text}', 'y') AND b.k2 = '{text}'"),
        3 => format!(" WHERE a.k1 BETWEEN {number} AND 3"),
        4 => format!(" WHERE b.k1 = {number} OR a.k1 = 1"),
        _ => String::new(),
    };
    let join = *["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN"].choose(rng).unwrap();
    let sql = match rng.gen_range(0..6) {
        0 => format!("SELECT COUNT(*), SUM(a.v) FROM {left} a {join} {right} b ON {on}{filter}"),
        1 if is_whole => format!("SELECT a.id, b.id FROM {left} a {join} {right} b USING (k1, k2){filter}"),
        2 => {
            let filter = if filter.contains("b.") { "" } else { &filter };
            let and = if filter.is_empty() { " WHERE" } else { " AND" };
            format!("SELECT a.id FROM {left} a{filter}{and} EXISTS (SELECT 1 FROM {right} b WHERE {on})")
        }
        3 => format!("SELECT a.id, b.v FROM {left} a {join} {right} b ON {on}{filter} ORDER BY a.id, b.id LIMIT 5"),
        _ => format!("SELECT a.id, b.id, b.v FROM {left} a {join} {right} b ON {on}{filter}"),
    };
    (sql, is_whole)
}

fn sorted(answer: &Answer) -> Vec<Vec<String>> {
    let mut rows = answer.text();
    rows.sort();
    rows
}

#[test]
fn joins_by_all_columns_of_the_key_are_whole_on_each_shard() {
    let seed = std::env::var("SEVERAL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut rng = StdRng::seed_from_u64(seed);
    let world = World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]);
    let stage = world.stage(Setup { tables: rules(), ..Default::default() });
    let (mut client, mut plain) = (stage.connect(), world.root(0));
    plain.run("CREATE DATABASE plain; USE plain; SET NAMES utf8mb4");
    client.run("SET NAMES utf8mb4");
    for table in ["o", "i", "p", "q"] {
        let create = format!("CREATE TABLE {table} {COLUMNS}");
        client.run(&create);
        plain.run(&create);
        for id in 0..40 {
            let text = *["x", "X", "x ", "y", "zz"].choose(&mut rng).unwrap();
            let row = format!("INSERT INTO {table} VALUES ({id}, {}, '{text}', {id} % 7)", rng.gen_range(-2..5));
            client.run(&row);
            plain.run(&row);
        }
    }
    let route = |client: &mut Client, sql: &str| client.one(format!("EXPLAIN ROUTE {sql}")).text().concat().concat();
    let mut pushed = 0;
    for _ in 0..250 {
        let (sql, is_whole) = statement(&mut rng);
        let wanted = plain.one(&sql);
        let (wanted, found) = (sorted(&wanted), sorted(&client.one(&sql)));
        assert_eq!(found, wanted, "seed {seed}: {sql}");
        if is_whole {
            pushed += 1;
            let route = route(&mut client, &sql);
            assert!(!route.contains("gather"), "seed {seed}: {sql}: {route}");
        }
    }
    assert!(pushed > 100, "{pushed} joins by the whole key: this asks little");

    // Bound values reach the other table, too.
    let sql = "SELECT a.id, b.id FROM o a JOIN i b ON a.k1 = b.k1 AND b.k2 = a.k2 WHERE a.k1 = ? AND b.k2 = ?";
    let of = |client: &mut Client| client.prepare(sql.as_bytes()).unwrap().unwrap();
    let (statement, on_plain) = (of(&mut client), of(&mut plain));
    for (number, text) in [(1, "x"), (2, "Y"), (-1, "zz")] {
        let params = [Param::Int(number), Param::Text(text.to_owned())];
        let answer = client.execute(&statement, &params).unwrap().remove(0);
        let wanted = plain.execute(&on_plain, &params).unwrap().remove(0);
        assert_eq!(sorted(&answer), sorted(&wanted));
    }
}
