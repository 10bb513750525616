//! Over the example shop of the plans' tests, in both layouts.

use super::columns;
use super::places::{Part, Place, place_of, places};
use super::rows::Collector;
use super::{Row, text};
use crate::plan::tests::example_schema;
use crate::sharding::{DatabaseId, Schema, ShardId};

fn shop(schema: &Schema) -> DatabaseId {
    schema.database("shop").unwrap().0
}

#[test]
fn each_table_is_described_once() {
    let schema = example_schema(true);
    let places = places(&schema, shop(&schema));
    let (here, there) = (&places[0], &places[1]);
    assert!(here.is_default && !there.is_default);
    let known = |place: &Place<'_>, name: &str| place.table(name).map(|known| (known.name.to_owned(), known.part));
    assert_eq!(known(here, "orders_0"), Some(("orders".to_owned(), Part::First)));
    assert_eq!(known(here, "orders_1"), Some(("orders".to_owned(), Part::Share)));
    assert_eq!(known(there, "orders_2"), Some(("orders".to_owned(), Part::Share)));
    assert_eq!(known(there, "countries"), Some(("countries".to_owned(), Part::Copy)));
    assert_eq!(known(here, "unlisted"), Some(("unlisted".to_owned(), Part::First)));
    assert_eq!(known(there, "unlisted"), None, "tables without a rule are on the default shard");
    assert_eq!(known(here, "orders"), None, "it cannot be named");
}

#[test]
fn sizes_are_added_up() {
    for is_tables in [false, true] {
        let schema = example_schema(is_tables);
        let names =
            ["TABLE_SCHEMA", "TABLE_NAME", "ENGINE", "TABLE_ROWS", "AVG_ROW_LENGTH", "DATA_LENGTH", "CREATE_TIME"];
        let names: Vec<String> = names.map(str::to_owned).to_vec();
        let contents = names.iter().map(|name| columns::of_catalog("TABLES", name)).collect();
        let mut collector = Collector::new(names, contents);
        for index in [3, 2, 1, 0] {
            let shard = ShardId(index);
            let place = place_of(&schema, shop(&schema), shard);
            let table = if is_tables { format!("orders_{index}") } else { "orders".to_owned() };
            let created = format!("2024-01-0{} 00:00:00", 4 - index);
            let cells = [place.schema, &table, "InnoDB", "5", "100", "1000", &created];
            let row: Row = cells.iter().map(|cell| Some(cell.as_bytes().to_vec())).collect();
            collector.add(&place, row);
            let other = ["elsewhere", &table, "InnoDB", "5", "100", "1000", &created];
            collector.add(&place, other.iter().map(|cell| Some(cell.as_bytes().to_vec())).collect());
        }
        let rows: Vec<Vec<String>> = collector.finish().into_iter().map(text_of).collect();
        assert_eq!(rows, [["shop", "orders", "InnoDB", "20", "200", "4000", "2024-01-01 00:00:00"]]);
    }
}

fn text_of(row: Row) -> Vec<String> {
    row.into_iter().map(|cell| String::from_utf8(cell.unwrap_or_default()).unwrap()).collect()
}

#[test]
fn names_in_texts() {
    let schema = example_schema(true);
    let place = place_of(&schema, shop(&schema), ShardId(0));
    let cases = [
        ("CREATE TABLE `orders_0` (x INT DEFAULT 'orders_0')", "CREATE TABLE `orders` (x INT DEFAULT 'orders_0')"),
        ("select `data`.`users_1`.`id` from `data`.`users_1`", "select `shop`.`users`.`id` from `shop`.`users`"),
        ("from (`users_0` `users` join `orders_0` `o`)", "from (`users` join `orders` `o`)"),
        (
            "CREATE TABLE `t` (`users_0` int, KEY `data` (`users_0`))",
            "CREATE TABLE `t` (`users_0` int, KEY `data` (`users_0`))",
        ),
        ("select `t`.`users_0` AS `users_1` from `data`.`t`", "select `t`.`users_0` AS `users_1` from `shop`.`t`"),
        ("Trigger Tables, to use Users", "Trigger Tables, to use Users"),
        ("KEY `f@orders_1`, CONSTRAINT `f@orders_1` FOREIGN", "KEY `f`, CONSTRAINT `f` FOREIGN"),
        ("CONSTRAINT `orders_0_ibfk_12` FOREIGN", "CONSTRAINT `orders_ibfk_12` FOREIGN"),
        ("REFERENCES `users_0` (`data`)", "REFERENCES `users` (`data`)"),
        ("CREATE DATABASE `data` /*!40100 x */", "CREATE DATABASE `shop` /*!40100 x */"),
        ("COMMENT='it''s data.users_0'", "COMMENT='it''s data.users_0'"),
        ("INSERT INTO orders_01 VALUES (1)", "INSERT INTO orders_01 VALUES (1)"),
    ];
    for (physical, logical) in cases {
        let new = text::in_sql(physical.as_bytes(), &place).unwrap_or_else(|| physical.as_bytes().to_vec());
        assert_eq!(String::from_utf8(new).unwrap(), logical);
    }
}

#[test]
fn names_in_messages() {
    let schema = example_schema(true);
    let place = place_of(&schema, shop(&schema), ShardId(0));
    let cases = [
        ("Table 'data.nowhere' doesn't exist", "Table 'shop.nowhere' doesn't exist"),
        ("Table 'data.orders_0' doesn't exist", "Table 'shop.orders' doesn't exist"),
        ("Table 'orders_1' already exists", "Table 'orders' already exists"),
        ("Duplicate entry 'data.x' for key 'users_0.PRIMARY'", "Duplicate entry 'data.x' for key 'users.PRIMARY'"),
        ("Duplicate entry 'orders_0' for key 'PRIMARY'", "Duplicate entry 'orders_0' for key 'PRIMARY'"),
        (
            "Incorrect integer value: 'data.x' for column `data`.`users_0`.`id` at row 1",
            "Incorrect integer value: 'data.x' for column `shop`.`users`.`id` at row 1",
        ),
        (
            "a foreign key constraint fails (`data`.`orders_0`, CONSTRAINT `f` FOREIGN KEY (`u`) REFERENCES `users_0` (`id`))",
            "a foreign key constraint fails (`shop`.`orders`, CONSTRAINT `f` FOREIGN KEY (`u`) REFERENCES `users` (`id`))",
        ),
        ("Access denied for user 'a'@'%' to database 'data'", "Access denied for user 'a'@'%' to database 'shop'"),
        ("Unknown table 'shop.a,data.b,data.users_0'", "Unknown table 'shop.a,shop.b,shop.users'"),
        (
            "BIGINT value is out of range in '(`data`.`u`.`data` + `data`.`orders_0`.`a`)'",
            "BIGINT value is out of range in '(`shop`.`u`.`data` + `shop`.`orders`.`a`)'",
        ),
        ("Check constraint 'orders_0_chk_1' is violated.", "Check constraint 'orders_chk_1' is violated."),
        (
            "constraint fails (`data`.`orders_0`, CONSTRAINT `f@orders_0` F",
            "constraint fails (`shop`.`orders`, CONSTRAINT `f` F",
        ),
        ("Unknown column 'users_0' in 'field list'", "Unknown column 'users_0' in 'field list'"),
        ("Duplicate column name 'users_0'", "Duplicate column name 'users_0'"),
        ("Duplicate entry '1' for key 'users_1'", "Duplicate entry '1' for key 'users_1'"),
        ("Duplicate entry '1' for key 'orders_0.users_1'", "Duplicate entry '1' for key 'orders.users_1'"),
        ("Can't DROP COLUMN `users_0`; check that it exists", "Can't DROP COLUMN `users_0`; check that it exists"),
        ("Key column 'users_0' doesn't exist in table", "Key column 'users_0' doesn't exist in table"),
        ("Data too long for column 'users_0' at row 1", "Data too long for column 'users_0' at row 1"),
        (
            "Incorrect integer value: 'x' for column `data`.`t`.`users_0` at row 1",
            "Incorrect integer value: 'x' for column `shop`.`t`.`users_0` at row 1",
        ),
        (
            "fails (`data`.`orders_0`, CONSTRAINT `f@orders_0` FOREIGN KEY (`users_0`, `users_1`) REFERENCES `users_0` (`users_1`))",
            "fails (`shop`.`orders`, CONSTRAINT `f` FOREIGN KEY (`users_0`, `users_1`) REFERENCES `users` (`users_1`))",
        ),
        ("Table 'data.USERS' doesn't exist", "Table 'shop.USERS' doesn't exist"),
        ("PROCEDURE data.p does not exist", "PROCEDURE shop.p does not exist"),
        ("argument 1 for routine data.p is not a variable", "argument 1 for routine shop.p is not a variable"),
        ("Unknown column 'data' in 'field list'", "Unknown column 'data' in 'field list'"),
    ];
    for (physical, logical) in cases {
        assert_eq!(text::in_message(physical, &place).as_deref().unwrap_or(physical), logical);
    }
}
