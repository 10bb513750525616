//! Copies of reference tables: CHECK REFERENCE TABLE finds the one that is not like the others.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use harness::stage::{Setup, World};

const RULES: &str =
    "\n[[tables]]\nname = \"lands\"\nkind = \"reference\"\n\n[[tables]]\nname = \"units\"\nkind = \"reference\"\n";

#[test]
fn copies_that_differ_are_found() {
    let world = World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]);
    let stage = world.stage(Setup { rules: RULES.to_owned(), ..Default::default() });
    let mut client = stage.connect();
    client.run("CREATE TABLE lands (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20))");
    client.run("CREATE TABLE units (id INT PRIMARY KEY)");
    client.run("INSERT INTO lands (name) VALUES ('one'), ('two'), (NULL)");
    let status = |rows: &[Vec<String>]| rows.iter().map(|row| row[4].clone()).collect::<Vec<_>>();
    let rows = client.one("CHECK REFERENCE TABLE lands, shop.units").text();
    assert_eq!(status(&rows), ["OK"; 8]);
    assert_eq!((rows[0][0].as_str(), rows[7][0].as_str()), ("shop.lands", "shop.units"));
    let mut server = world.root(1);
    server.run("UPDATE shop_2.lands SET name = 'zwei' WHERE id = 2");
    server.run("DROP TABLE shop_3.units");
    let rows = client.one("CHECK REFERENCE TABLES").text();
    let of = |table: &str| {
        let own: Vec<Vec<String>> = rows.iter().filter(|row| row[0] == table).cloned().collect();
        status(&own)
    };
    assert_eq!(of("shop.lands"), ["OK", "OK", "differs", "OK"]);
    assert_eq!(of("shop.units")[..3], ["OK", "OK", "OK"]);
    assert_eq!(of("shop.units")[3], "missing");
    let refused = client.one("CHECK REFERENCE TABLE items");
    assert!(refused.error().unwrap().message.contains("no reference table"));
    stage.assert_sound();
}

#[test]
fn copies_whose_counters_differ_get_the_numbers_of_the_first() {
    let world = World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]);
    let stage = world.stage(Setup { rules: RULES.to_owned(), ..Default::default() });
    let mut client = stage.connect();
    client.run(
        "CREATE TABLE lands (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) UNIQUE, n INT NOT NULL DEFAULT 1)",
    );
    client.run("CREATE TABLE units (id INT PRIMARY KEY)");
    client.run("INSERT INTO units VALUES (1), (2), (3)");
    client.run("INSERT INTO lands (name) VALUES ('one'), ('two')");
    world.root(1).run("ALTER TABLE shop_2.lands AUTO_INCREMENT = 500");
    world.root(1).run("ALTER TABLE shop_3.lands AUTO_INCREMENT = 700");
    for statement in [
        "INSERT IGNORE INTO lands (name) VALUES ('one'), ('three'), ('two'), ('four')",
        "INSERT INTO lands (name, n) VALUES ('one', 2), ('five', 3), ('two', 4), ('six', 5) ON DUPLICATE KEY UPDATE n = VALUES(n)",
        "INSERT INTO lands (name) VALUES ('one'), ('six') ON DUPLICATE KEY UPDATE n = n + 1",
        "INSERT INTO lands (name) VALUES ('two') ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), n = 8",
        "INSERT INTO lands (name) VALUES ('seven') ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)",
        "REPLACE INTO lands (name) VALUES ('one'), ('eight'), ('two')",
        "INSERT INTO lands (id, name) VALUES (0, 'nine'), (NULL, 'ten')",
        "INSERT INTO lands (name) SELECT CONCAT('unit ', id) FROM units",
        "INSERT INTO lands (id, name) SELECT NULL, CONCAT('more ', id) FROM units",
        "INSERT IGNORE INTO lands (name) SELECT CONCAT('unit ', id + 1) FROM units",
        "INSERT INTO lands (name) VALUES ('last')",
    ] {
        client.run(statement);
        let rows = client.one("CHECK REFERENCE TABLE lands").text();
        assert!(rows.iter().all(|row| row[4] == "OK"), "{statement}: {rows:?}");
    }
    let highest: u64 = client.value("SELECT MAX(id) FROM lands").parse().unwrap();
    assert!(highest < 100, "{highest}");
    let mixed = client.error("INSERT INTO lands (id, name) VALUES (900, 'given'), (NULL, 'wanted')");
    assert!(mixed.message.contains("give a number to all of them, or to none"), "{}", mixed.message);
    stage.assert_sound();
}
