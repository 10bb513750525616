//! Changes of tables over several shards: what other ShardGates see of them, what a failure on some shards leaves, and what
//! becomes of one whose ShardGate died in the middle.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use harness::client::Client;
use harness::stage::{Setup, Stage, World};
use harness::talk::wait_until;

const SOON: Duration = Duration::from_secs(10);

fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]))
}

/// The tests alter the same tables, and look at all of the journal.
fn in_turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn stage() -> Stage {
    world().stage(Setup::default())
}

/// The physical schema of a shard, and its replica set.
const SHARDS: [(&str, usize); 4] = [("shop_0", 0), ("shop_1", 0), ("shop_2", 1), ("shop_3", 1)];

/// Where the column is, shard by shard.
fn has_column(column: &str) -> [bool; 4] {
    SHARDS.map(|(schema, set)| {
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = '{schema}' AND \
             table_name = 'items' AND column_name = '{column}'"
        );
        world().root(set).value(&sql) == "1"
    })
}

fn has_table(table: &str) -> [bool; 4] {
    SHARDS.map(|(schema, set)| {
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{schema}' AND table_name = '{table}'"
        );
        world().root(set).value(&sql) == "1"
    })
}

#[test]
fn other_shardgates_see_an_altered_table_soon() {
    let _turn = in_turn();
    let (here, elsewhere) = (stage(), stage());
    let (mut one, mut other) = (here.connect(), elsewhere.connect());
    let block = world().ids();
    one.run("ALTER TABLE items ADD COLUMN seen INT NOT NULL DEFAULT 3 FIRST");
    assert_eq!(has_column("seen"), [true; 4]);
    one.run(&format!("INSERT INTO items VALUES (1, {block}, 'x', 0, NULL), (2, {}, 'y', 0, NULL)", block + 1));
    let insert = format!("INSERT INTO items VALUES (4, {}, 'z', 0, NULL), (5, {}, 'z', 0, NULL)", block + 2, block + 3);
    wait_until("the other ShardGate", SOON, || other.one(&insert).error().is_none());
    let rows = format!("SELECT id, seen FROM items WHERE id BETWEEN {block} AND {} ORDER BY id", block + 9);
    let seen: Vec<String> = other.rows(&rows).into_iter().map(|row| row[1].clone()).collect();
    assert_eq!(seen, ["1", "2", "4", "5"]);
    for key in block..block + 4 {
        // Each row is where its key says.
        assert_eq!(one.rows(&format!("SELECT seen FROM items WHERE id = {key}")).len(), 1, "{key}");
    }
    one.run("ALTER TABLE items DROP COLUMN seen");
    assert_eq!(has_column("seen"), [false; 4]);
    assert!(one.rows("SHOW DDL").is_empty());
    here.assert_sound();
}

/// An INSERT without names of columns needs to know them.
#[test]
fn an_alter_is_no_part_of_a_circle_over_shards() {
    let _turn = in_turn();
    let (stage, block) = (stage(), world().ids());
    let (mut one, mut two, mut alters) = (stage.connect(), stage.connect(), stage.connect());
    let insert = |key: i64| format!("INSERT INTO items (id) VALUES ({})", block + key);
    one.run(&format!("BEGIN; {}", insert(1)));
    two.run(&format!("BEGIN; {}", insert(2)));
    std::thread::scope(|scope| {
        let altered = scope.spawn(|| alters.run("ALTER TABLE items ADD COLUMN circled INT"));
        // It is done on the first shard, and waits for these two on theirs.
        wait_until("the first shard", SOON, || has_column("circled")[0]);
        std::thread::sleep(Duration::from_millis(200));
        let mut writers = [(&mut one, insert(6)), (&mut two, insert(5))];
        std::thread::scope(|scope| {
            let tasks: Vec<_> = writers.iter_mut().map(|(client, sql)| scope.spawn(move || client.run(sql))).collect();
            tasks.into_iter().for_each(|task| drop(task.join().unwrap()));
        });
        writers.into_iter().for_each(|(client, _)| drop(client.run("COMMIT")));
        altered.join().unwrap();
    });
    assert_eq!(has_column("circled"), [true; 4]);
    let rows = format!("FROM items WHERE id BETWEEN {block} AND {}", block + 9);
    assert_eq!(one.value(&format!("SELECT COUNT(*) {rows}")), "4");
    one.run(&format!("DELETE {rows}"));
    // Who does not want to wait is told so, and nothing is left of it.
    two.run(&format!("BEGIN; {}", insert(3)));
    one.run("SET lock_wait_timeout = 1");
    let error = one.error("ALTER TABLE items DROP COLUMN circled");
    two.run("ROLLBACK");
    assert_eq!(error.code, 1205, "{error:?}");
    let id = one.rows("SHOW DDL").first().map(|row| row[0].clone());
    id.iter().for_each(|id| drop(one.run(&format!("RESUME DDL {id}"))));
    if id.is_none() {
        one.run("ALTER TABLE items DROP COLUMN circled");
    }
    assert_eq!(has_column("circled"), [false; 4]);
    assert!(one.rows("SHOW DDL").is_empty());
    stage.assert_sound();
}

#[test]
fn other_shardgates_know_a_new_table_at_once() {
    let _turn = in_turn();
    let tables = "[[tables]]\nname = \"fresh\"\nshard_key = \"id\"\ncolocated_with = \"items\"\n".to_owned();
    let [here, elsewhere] = [(); 2].map(|()| world().stage(Setup { tables: tables.clone(), ..Setup::default() }));
    let mut other = elsewhere.connect();
    for turn in 0..3 {
        assert_eq!(other.error("INSERT INTO fresh VALUES (1, 1)").code, 1146);
        here.connect().run("CREATE TABLE fresh (id INT PRIMARY KEY, n INT)");
        match turn {
            0 => assert_eq!(other.run("INSERT INTO fresh VALUES (1, 1), (2, 2), (3, 3)").affected_rows, 3),
            1 => assert_eq!(other.prepare(b"INSERT INTO fresh VALUES (?, 1), (2, ?)").unwrap().unwrap().params, 2),
            _ => assert_eq!(other.error("INSERT INTO fresh VALUES (1, 1, 1)").code, 1136),
        }
        here.connect().run("DROP TABLE fresh");
        wait_until("the table is gone there too", SOON, || {
            other.query("INSERT INTO fresh VALUES (1, 1)").unwrap()[0].error().is_some_and(|error| error.code == 1146)
        });
    }
    here.assert_sound();
    elsewhere.assert_sound();
}

#[test]
fn what_fails_on_some_shards_is_shown_shard_by_shard_and_resumed() {
    let _turn = in_turn();
    let stage = stage();
    let mut client = stage.connect();
    let row = world().ids() + 2;
    client.run(&format!("INSERT INTO items (id, note) VALUES ({row}, 'ж')"));
    // The row is on the third shard, and its note is not to be had in latin1.
    let narrow = "ALTER TABLE items MODIFY note VARCHAR(200) CHARACTER SET latin1";
    let error = client.error(narrow);
    assert!(error.message.contains("done on the shards s0, s1, s3, failed on s2"), "{}", error.message);
    let shown = client.rows("SHOW DDL");
    let states: Vec<_> = shown.iter().map(|row| (row[5].as_str(), row[6].as_str())).collect();
    assert_eq!(states, [("s0", "done"), ("s1", "done"), ("s2", "failed"), ("s3", "done")]);
    assert!(shown.iter().all(|row| row[4] == "failed" && row[2].starts_with("ALTER TABLE items")), "{shown:?}");
    let id = &shown[0][0];
    let refused = client.error(format!("ROLLBACK DDL {id}"));
    assert!(refused.message.contains("column `note` was changed"), "{}", refused.message);
    let refused = client.error(format!("FORGET DDL {id}"));
    assert!(refused.message.contains("do not define items alike"), "{}", refused.message);
    // The shards differ now: nothing that needs them alike begins.
    let refused = client.error("ALTER TABLE items ADD COLUMN other INT");
    assert!(refused.message.contains("not defined alike"), "{}", refused.message);
    let again = client.rows(&format!("RESUME DDL {id}"));
    assert_eq!([&again[0][0], &again[0][1]], ["s2", "failed"]);
    assert!(!again[0][2].contains("ERROR"), "the server's words: {:?}", again[0]);
    // What makes them alike runs, where it is needed, and nothing is left to resume.
    client.run(WIDE_NOTE);
    assert!(client.rows("SHOW DDL").is_empty());
    assert_eq!(client.error(narrow).message.matches("failed on s2").count(), 1);
    let id = client.rows("SHOW DDL")[0][0].clone();
    client.run(&format!("DELETE FROM items WHERE id = {row}"));
    // It waits for who uses the table as long as the ALTER itself would have.
    let mut reader = stage.connect();
    reader.run("BEGIN");
    reader.rows(&format!("SELECT note FROM items WHERE id = {row}"));
    client.run("SET lock_wait_timeout = 1");
    let waited = client.rows(&format!("RESUME DDL {id}"));
    assert!(waited[0][2].starts_with("Lock wait timeout exceeded"), "{waited:?}");
    reader.run("ROLLBACK");
    assert_eq!(client.rows(&format!("RESUME DDL {id}")), [["s2", "done", ""]]);
    assert!(client.rows("SHOW DDL").is_empty());
    assert_eq!(client.error("RESUME DDL 999999").code, 1210);
    assert_eq!(client.error("FORGET DDL 999999").code, 1210);
    client.run(WIDE_NOTE);
    stage.assert_sound();
}

#[test]
fn a_table_whose_shards_have_other_orders_of_columns_is_left_alone_until_they_are_alike() {
    let _turn = in_turn();
    let (stage, elsewhere) = (stage(), stage());
    let (mut client, mut other) = (stage.connect(), elsewhere.connect());
    let row = world().ids() + 3;
    client.run(&format!("INSERT INTO items (id, note, amount) VALUES ({row}, '1', 2)"));
    // Somebody reads the third shard all the while.
    let mut reader = world().root(1);
    reader.run("BEGIN");
    reader.run("SELECT COUNT(*) FROM shop_2.items");
    client.run("SET lock_wait_timeout = 1");
    let error = client.error("ALTER TABLE items MODIFY amount INT NOT NULL DEFAULT 0 AFTER id");
    assert!(error.message.contains("done on the shards s0, s1, s3, failed on s2"), "{}", error.message);
    let statements = [
        "SELECT * FROM items ORDER BY id".to_owned(),
        format!("SELECT * FROM items WHERE id = {row}"),
        format!("INSERT INTO items VALUES ({}, '3', 4, NULL)", row + 1),
        format!("REPLACE INTO items SELECT * FROM items WHERE id = {row}"),
        format!("DELETE FROM items WHERE id = {row}"),
        "SELECT COUNT(*) FROM parts WHERE item_id IN (SELECT id FROM items)".to_owned(),
    ];
    let expected = "the shards have the columns of 'items' in different orders";
    wait_until("the other's eyes", SOON, || other.one(&statements[1]).error().is_some());
    for sql in &statements {
        for client in [&mut client, &mut other] {
            let refused = client.error(sql);
            assert!(refused.code == 1412 && refused.message.contains(expected), "{sql}: {}", refused.message);
        }
    }
    // It is told from the journal, too.
    let later = world().stage(Setup::default());
    assert_eq!(later.connect().error(&statements[0]).code, 1412);
    later.assert_sound();
    reader.run("ROLLBACK");
    let id = client.rows("SHOW DDL")[0][0].clone();
    assert_eq!(client.rows(&format!("RESUME DDL {id}")), [["s2", "done", ""]]);
    assert_eq!(client.rows(&statements[1])[0][1..3], ["2", "1"]);
    wait_until("the other's eyes", SOON, || other.one(&statements[1]).error().is_none());
    client.run("ALTER TABLE items MODIFY amount INT NOT NULL DEFAULT 0 AFTER note");
    assert_eq!(client.rows(&statements[1])[0][1..3], ["1", "2"]);
    client.run(&statements[4]);
    stage.assert_sound();
    elsewhere.assert_sound();
}

/// The column as `items` is made with it.
const WIDE_NOTE: &str = "ALTER TABLE items MODIFY note VARCHAR(200) CHARACTER SET utf8mb4";

#[test]
fn rows_that_would_be_in_the_way_are_found_before_a_shard_is_changed() {
    let _turn = in_turn();
    let stage = stage();
    let mut client = stage.connect();
    let block = world().ids();
    let [first, second] = [block + 2, block + 6];
    client.run(&format!("INSERT INTO items (id, note) VALUES ({first}, 'twice'), ({second}, 'twice')"));
    let cases = [
        (
            "ALTER TABLE items ADD UNIQUE KEY by_note (note)".to_owned(),
            1062,
            "Duplicate entry 'twice' for key 'by_note'",
        ),
        ("CREATE UNIQUE INDEX by_note ON shop.items (note(3))".to_owned(), 1062, "Duplicate entry 'twi'"),
        (format!("ALTER TABLE items ADD CONSTRAINT odd CHECK (id <> {second})"), 0, "odd"),
        ("ALTER TABLE items MODIFY note VARCHAR(4)".to_owned(), 1406, "Data too long for column 'note'"),
        ("ALTER TABLE items MODIFY note VARCHAR(200) NOT NULL, ADD UNIQUE (note)".to_owned(), 1062, "twice"),
    ];
    for (sql, code, text) in &cases {
        let refused = client.error(sql);
        assert!(refused.message.contains(text), "{sql}: {}", refused.message);
        assert!(refused.message.contains("on shard s2; no shard was changed"), "{sql}: {}", refused.message);
        assert!(*code == 0 || refused.code == *code, "{sql}: {}", refused.code);
    }
    for numbering in [
        "ADD COLUMN n INT NOT NULL AUTO_INCREMENT, ADD UNIQUE KEY (n)",
        "ADD n BIGINT AUTO_INCREMENT FIRST, ADD KEY (n)",
    ] {
        let refused = client.error(format!("ALTER TABLE items {numbering}"));
        assert!(refused.code == 1235 && refused.message.contains("numbering rows"), "{}", refused.message);
    }
    assert!(client.rows("SHOW DDL").is_empty());
    client.run(&format!("DELETE FROM items WHERE id = {second}"));
    client.run(&cases[0].0);
    client.run("ALTER TABLE items DROP KEY by_note");
    client.run(&cases[2].0);
    client.run("ALTER TABLE items DROP CONSTRAINT odd");
    client.run(&format!("DELETE FROM items WHERE id = {first}"));
    stage.assert_sound();
}

#[test]
fn a_sharded_table_keeps_the_column_that_its_rule_shards_by() {
    let _turn = in_turn();
    let stage = stage();
    let mut client = stage.connect();
    let cases = [
        "ALTER TABLE items CHANGE id idx BIGINT NOT NULL",
        "ALTER TABLE items DROP COLUMN id",
        "ALTER TABLE items RENAME COLUMN ID TO idx",
    ];
    for sql in cases {
        let refused = client.error(sql);
        assert!(
            refused.code == 1235 && refused.message.contains("without the column 'id'"),
            "{sql}: {}",
            refused.message
        );
    }
    assert_eq!(has_column("id"), [true; 4]);
    client.run("DROP TABLE parts");
    let refused = client.error("CREATE TABLE parts (part_no INT PRIMARY KEY, label VARCHAR(50))");
    assert!(refused.message.contains("without the column 'item_id'"), "{}", refused.message);
    assert_eq!(has_table("parts"), [false; 4]);
    // Where somebody has made such a table past ShardGate, rows have no place in it.
    for (schema, set) in SHARDS {
        world().root(set).run(&format!("CREATE TABLE {schema}.parts (part_no INT PRIMARY KEY, label VARCHAR(50))"));
    }
    for insert in ["INSERT INTO parts (part_no, label) VALUES (1, 'x')", "REPLACE INTO parts SET part_no = 1"] {
        let refused = client.error(insert);
        assert!(refused.message.contains("shards by"), "{insert}: {}", refused.message);
    }
    for (schema, set) in SHARDS {
        assert_eq!(world().root(set).value(&format!("SELECT COUNT(*) FROM {schema}.parts")), "0");
        world().root(set).run(&format!("DROP TABLE {schema}.parts"));
    }
    client.run(
        "CREATE TABLE parts (item_id BIGINT NOT NULL, part_no INT NOT NULL, label VARCHAR(50) DEFAULT NULL, data LONGBLOB, \
         PRIMARY KEY (item_id, part_no)) ENGINE=InnoDB",
    );
    stage.assert_sound();
}

#[test]
fn an_alter_that_was_cut_off_is_taken_back_repeated_or_undone() {
    let _turn = in_turn();
    let stage = stage();
    let mut client = stage.connect();
    let key = world().ids();
    client.run(&format!("INSERT INTO items (id, note) VALUES ({key}, 'first')"));
    let alter = "ALTER TABLE items ADD COLUMN crashed INT NOT NULL DEFAULT 3, ADD UNIQUE KEY by_both (crashed, id)";
    let cut_off = |client: &mut Client| {
        die("ddl_begun", alter);
        wait_until("its locks", SOON, || client.rows("SHOW DDL").iter().all(|row| row[4] == "interrupted"));
        assert_eq!(has_column("crashed"), [true, false, false, false]);
        client.rows("SHOW DDL")[0][0].clone()
    };
    let id = cut_off(&mut client);
    world().root(0).run("UPDATE shop_0.items SET crashed = 4");
    let outcomes = client.rows(&format!("ROLLBACK DDL {id}"));
    assert!(outcomes[0][1] == "failed" && outcomes[0][2].contains("column 'crashed' has values"), "{outcomes:?}");
    world().root(0).run("UPDATE shop_0.items SET crashed = 3");
    assert_eq!(client.rows(&format!("ROLLBACK DDL {id}")), [["s0", "done", ""]]);
    assert_eq!(has_column("crashed"), [false; 4]);
    assert!(client.rows("SHOW DDL").is_empty());
    // Once more, and repeated: it runs where it has not run.
    cut_off(&mut client);
    client.run(alter);
    assert_eq!(has_column("crashed"), [true; 4]);
    assert!(client.rows("SHOW DDL").is_empty());
    client.run("ALTER TABLE items DROP COLUMN crashed, DROP KEY by_both");
    // And undone by hand, on the shard that has it.
    cut_off(&mut client);
    client.run("ALTER TABLE items DROP COLUMN crashed, DROP KEY by_both");
    assert_eq!(has_column("crashed"), [false; 4]);
    assert!(client.rows("SHOW DDL").is_empty());
    // What somebody mends behind ShardGate's back is forgotten when it is told to.
    let id = cut_off(&mut client);
    assert!(client.error(format!("FORGET DDL {id}")).message.contains("alike"));
    world().root(0).run("ALTER TABLE shop_0.items DROP COLUMN crashed, DROP KEY by_both");
    assert!(client.rows(&format!("FORGET DDL {id}")).is_empty());
    assert!(client.rows("SHOW DDL").is_empty());
    client.run(&format!("DELETE FROM items WHERE id = {key}"));
    stage.assert_sound();
}

#[test]
fn a_table_that_only_some_shards_have_is_not_touched_before_one_says_so() {
    let _turn = in_turn();
    let stage = stage();
    let mut client = stage.connect();
    let definition = "(item_id BIGINT NOT NULL, part_no INT NOT NULL, label VARCHAR(50) DEFAULT NULL, data LONGBLOB, \
                      PRIMARY KEY (item_id, part_no)) ENGINE=InnoDB";
    world().root(0).run("DROP TABLE shop_1.parts");
    for sql in ["DROP TABLE parts", "ALTER TABLE parts ADD COLUMN a INT", &format!("CREATE TABLE parts {definition}")] {
        let refused = client.error(sql);
        assert!(refused.message.contains("and not on s1: nothing was done"), "{}", refused.message);
    }
    assert_eq!(has_table("parts"), [true, false, true, true]);
    client.run(&format!("CREATE TABLE IF NOT EXISTS parts {definition}"));
    assert_eq!(has_table("parts"), [true; 4]);
    client.run("ALTER TABLE parts ADD COLUMN a INT");
    client.run("ALTER TABLE parts DROP COLUMN a");
    stage.assert_sound();
}

/// Runs a statement through a ShardGate that kills itself at this place.
fn die(place: &str, sql: &str) {
    let mut stage = world().stage_to_crash(place);
    let mut client = stage.connect();
    assert!(client.query(sql).is_err(), "{place}: it lives");
    wait_until("its death", SOON, || stage.proxy.has_ended());
}

#[test]
fn any_shardgate_resumes_what_a_dead_one_left() {
    let _turn = in_turn();
    let stage = stage();
    let mut client = stage.connect();
    for (place, altered) in [("ddl_recorded", [false; 4]), ("ddl_begun", [true, false, false, false])] {
        die(place, "ALTER TABLE items ADD COLUMN crashed INT");
        assert_eq!(has_column("crashed"), altered, "{place}");
        wait_until("its locks", SOON, || client.rows("SHOW DDL").iter().all(|row| row[4] == "interrupted"));
        let shown = client.rows("SHOW DDL");
        assert!(shown.len() == 4 && shown.iter().all(|row| row[6] == "waiting"), "{place}: {shown:?}");
        let outcomes = client.rows(&format!("RESUME DDL {}", shown[0][0]));
        assert!(outcomes.len() == 4 && outcomes.iter().all(|row| row[1] == "done"), "{place}: {outcomes:?}");
        assert_eq!(has_column("crashed"), [true; 4], "{place}");
        assert!(client.rows("SHOW DDL").is_empty());
        client.run("ALTER TABLE items DROP COLUMN crashed");
    }
    // It was done everywhere, and its end alone was not noted.
    die("ddl_recorded", "ALTER TABLE items ADD COLUMN crashed INT");
    for (schema, set) in SHARDS {
        world().root(set).run(&format!("ALTER TABLE {schema}.items ADD COLUMN crashed INT"));
    }
    wait_until("its locks", SOON, || client.rows("SHOW DDL").iter().all(|row| row[4] == "interrupted"));
    let id = client.rows("SHOW DDL")[0][0].clone();
    let outcomes = client.rows(&format!("RESUME DDL {id}"));
    assert!(outcomes.len() == 4 && outcomes.iter().all(|row| row[1] == "done"), "{outcomes:?}");
    assert!(client.rows("SHOW DDL").is_empty());
    client.run("ALTER TABLE items DROP COLUMN crashed");
    stage.assert_sound();
}

#[test]
fn a_create_that_was_cut_off_can_be_taken_back() {
    let _turn = in_turn();
    let stage = stage();
    let mut client = stage.connect();
    client.run("DROP TABLE parts");
    let create = "CREATE TABLE parts (item_id BIGINT NOT NULL, part_no INT NOT NULL, label VARCHAR(50) DEFAULT NULL, \
                  data LONGBLOB, PRIMARY KEY (item_id, part_no)) ENGINE=InnoDB";
    die("ddl_begun", create);
    assert_eq!(has_table("parts"), [true, false, false, false]);
    wait_until("its locks", SOON, || client.rows("SHOW DDL").iter().all(|row| row[4] == "interrupted"));
    let id = client.rows("SHOW DDL")[0][0].clone();
    world().root(0).run("INSERT INTO shop_0.parts (item_id, part_no) VALUES (0, 1)");
    let refused = client.error(format!("ROLLBACK DDL {id}"));
    assert!(refused.message.contains("has rows"), "{}", refused.message);
    world().root(0).run("DELETE FROM shop_0.parts");
    assert_eq!(client.rows(&format!("ROLLBACK DDL {id}")), [["s0", "done", ""]]);
    assert_eq!(has_table("parts"), [false; 4]);
    assert!(client.rows("SHOW DDL").is_empty());
    client.run(create);
    assert_eq!(has_table("parts"), [true; 4]);
    stage.assert_sound();
}

#[test]
fn a_table_made_of_a_single_one_is_where_tables_without_rules_are() {
    let _turn = in_turn();
    let tables = "\n[[tables]]\nname = \"far\"\nkind = \"single\"\nshard = \"s2\"\n".to_owned();
    let stage = world().stage(Setup { tables, ..Setup::default() });
    let mut client = stage.connect();
    client.run("CREATE TABLE far (id INT PRIMARY KEY, note VARCHAR(20))");
    client.run("INSERT INTO far VALUES (1, 'one'), (2, 'two')");
    assert_eq!(has_table("far"), [false, false, true, false]);
    client.run("CREATE TABLE near AS SELECT note FROM far");
    assert_eq!(has_table("near"), [true, false, false, false]);
    assert_eq!(client.value("SELECT GROUP_CONCAT(note ORDER BY note) FROM near"), "one,two");
    client.run("DROP TABLE near");
    client.run("DROP TABLE far");
    assert_eq!(has_table("near"), [false; 4]);
}
