//! Copies of reference tables: CHECK REFERENCE TABLE finds the one that is not like the others.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use harness::client::Client;
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

#[test]
fn defaults_of_the_moment_are_the_same_on_all_copies() {
    let world = World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]);
    let stage = world.stage(Setup { rules: RULES.to_owned(), ..Default::default() });
    let mut client = stage.connect();
    client.run(
        "CREATE TABLE lands (id VARCHAR(40) NOT NULL DEFAULT (UUID()) PRIMARY KEY, name VARCHAR(20) UNIQUE, \
         luck DOUBLE DEFAULT (RAND()), made TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))",
    );
    client.run("CREATE TABLE units (id INT PRIMARY KEY)");
    client.run("INSERT INTO units VALUES (1), (2), (3)");
    for statement in [
        "INSERT INTO lands (name) VALUES ('one'), ('two')",
        "UPDATE lands SET made = SYSDATE(6), luck = @@server_id",
        "INSERT INTO lands SET name = 'three'",
        "INSERT INTO lands (id, name, luck) VALUES ('4', 'four', 4)",
        "INSERT INTO lands (id, name, luck) VALUES (DEFAULT, 'five', DEFAULT)",
        "INSERT INTO lands (id, name, luck) VALUES ('6', 'six', DEFAULT)",
        "INSERT IGNORE INTO lands (name) VALUES ('one'), ('seven')",
        "REPLACE INTO lands (name) VALUES ('two'), ('eight')",
        "INSERT INTO lands (name) SELECT CONCAT('unit ', id) FROM units",
        "INSERT INTO lands (name) VALUES ('one'), ('nine') ON DUPLICATE KEY UPDATE luck = 9",
        "UPDATE lands SET luck = DEFAULT WHERE name < 'o'",
        "UPDATE lands SET luck = 1 WHERE name > 't'",
    ] {
        client.run(statement);
        let rows = client.one("CHECK REFERENCE TABLE lands").text();
        assert!(rows.iter().all(|row| row[4] == "OK"), "{statement}: {rows:?}");
    }
    assert_eq!(client.value("SELECT COUNT(*), COUNT(DISTINCT id) = COUNT(*) FROM lands"), "12");
    client.run("ALTER TABLE lands ADD COLUMN changed TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)");
    let rows = client.one("CHECK REFERENCE TABLE lands").text();
    assert!(rows.iter().all(|row| row[4] == "OK"), "{rows:?}");
    for refused in [
        "ADD COLUMN other CHAR(36) DEFAULT (UUID())",
        "ADD COLUMN other DOUBLE NOT NULL DEFAULT (RAND()), ADD KEY (name)",
    ] {
        let code = client.error(format!("ALTER TABLE lands {refused}")).code;
        // MySQL refuses such a default itself where it writes a binary log.
        assert!([1235, 1674].contains(&code), "{refused}: {code}");
    }
    client.run("ALTER TABLE units ADD COLUMN n INT NOT NULL AUTO_INCREMENT, ADD UNIQUE KEY (n)");
    let rows = client.one("CHECK REFERENCE TABLE units").text();
    assert!(rows.iter().all(|row| row[4] == "OK"), "{rows:?}");
    let statement = "INSERT INTO lands (name) VALUES ('one') ON DUPLICATE KEY UPDATE luck = DEFAULT";
    assert_eq!(client.error(statement).code, 1235);
    stage.assert_sound();
}

#[test]
fn rows_get_one_time_on_all_shards() {
    let world = World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]);
    let stage = world.stage(Setup::default());
    let mut client = stage.connect();
    let times =
        |client: &mut Client, rows: &str| client.value(&format!("SELECT COUNT(DISTINCT made) FROM items WHERE {rows}"));
    client.run("INSERT INTO items (id, amount) VALUES (1, 1), (2, 2), (3, 3), (4, 4)");
    client.run(
        "ALTER TABLE items ADD COLUMN made TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)",
    );
    assert_eq!(times(&mut client, "id < 5"), "1");
    for written in [
        "INSERT INTO items (id, amount) VALUES (5, 1), (6, 2), (7, 3), (8, 4)",
        "UPDATE items SET amount = amount + 1 WHERE id > 4",
        "INSERT INTO items (id, amount) VALUES (5, 1), (6, 2), (7, 3), (8, 4) ON DUPLICATE KEY UPDATE amount = items.amount + 1",
        "REPLACE INTO items (id, amount) VALUES (5, 1), (6, 2), (7, 3), (8, 4)",
        "UPDATE items SET amount = amount + 1 WHERE id > 4 ORDER BY amount DESC LIMIT 4",
        "INSERT INTO items (id, amount) SELECT id, amount FROM items WHERE id > 4 ON DUPLICATE KEY UPDATE amount = VALUES(amount) + 9",
    ] {
        client.run(written);
        assert_eq!(times(&mut client, "id > 4"), "1", "{written}");
    }
}

#[test]
fn a_list_that_is_dropped_in_part_is_so_on_all_shards() {
    let world = World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]);
    let stage = world.stage(Setup { rules: RULES.to_owned(), ..Default::default() });
    let mut client = stage.connect();
    client.run("CREATE TABLE lands (id INT PRIMARY KEY)");
    let refused = client.error("DROP TABLE lands, units");
    assert!(refused.code == 1051 && refused.message.contains("shop.units"), "{}", refused.message);
    let left = client.rows("SHOW TABLES LIKE 'lands'").len();
    // MySQL drops none of them.
    assert_eq!(left, usize::from(!client.value("SELECT VERSION()").contains("MariaDB")));
    let mut servers = [0, 1].map(|set| world.root(set));
    let there =
        |server: &mut Client| server.rows("SELECT 1 FROM information_schema.TABLES WHERE TABLE_NAME = 'lands'").len();
    assert_eq!(servers.each_mut().map(there), [2 * left; 2]);
    assert!(client.rows("SHOW DDL").is_empty());
    client.run("CREATE TABLE IF NOT EXISTS lands (id INT PRIMARY KEY)");
    client.run("CREATE TABLE units (id INT, FOREIGN KEY (id) REFERENCES lands (id))");
    let code = client.error("DROP TABLE lands").code;
    assert!([1451, 3730].contains(&code), "{code}");
    client.run("DROP TABLE units, lands");
    assert_eq!(servers.each_mut().map(there), [0; 2]);
    stage.assert_sound();
}
