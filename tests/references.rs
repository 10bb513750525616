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
