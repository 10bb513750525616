//! Files that clients load into several shards: what goes wrong on the way leaves nothing, numbers come from sequences, and
//! nobody gets a file that was not asked for.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;

use harness::answer::Answer;
use harness::client::{Client, LOCAL_FILES, Login, USUAL};
use harness::layout::{PASSWORD, USER};
use harness::stage::{Setup, Stage, World};
use harness::talk::wait_until;

fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]))
}

fn common() -> &'static Stage {
    world().common()
}

const LOAD: &str = "LOAD DATA LOCAL INFILE 'items.txt' INTO TABLE items (id, note, amount)";

/// Lines for `count` keys from `first` on.
fn lines(first: i64, count: i64) -> Vec<u8> {
    (first..first + count).map(|id| format!("{id}\tnote {id}\t1\n")).collect::<String>().into_bytes()
}

fn loaded(client: &mut Client, first: i64) -> String {
    client.value(&format!("SELECT COUNT(*) FROM items WHERE id >= {first} AND id < {}", first + 10_000))
}

#[test]
fn a_long_file_is_loaded_whole() {
    let mut client = common().connect();
    let first = world().ids();
    // Fields with ends of lines in them, and lines longer than a packet of the file.
    client.file =
        (first..first + 3000).map(|id| format!("{id}|\"{}\n;\"|2;\n", "x".repeat(190))).collect::<String>().into();
    let ok = client.run(
        &format!("{LOAD} ").replace("(id", "FIELDS TERMINATED BY '|' ENCLOSED BY '\"' LINES TERMINATED BY ';\n' (id"),
    );
    assert_eq!((ok.affected_rows, ok.info.as_str()), (3000, "Records: 3000  Deleted: 0  Skipped: 0  Warnings: 0"));
    let sums = format!(
        "SELECT COUNT(*), SUM(amount), MIN(LENGTH(note)), MAX(LENGTH(note)) FROM items WHERE id >= {first} AND id < {}",
        first + 10_000
    );
    assert_eq!(client.rows(&sums)[0], ["3000", "6000", "192", "192"]);
    common().assert_sound();
}

/// A server reads a file in its database's character set, which it forgets when a connection is reset for the next session.
#[test]
fn files_are_read_in_the_character_set_of_the_database() {
    let replica_set = "pool = { max = 3, wait = \"10s\" }".to_owned();
    let stage = world().stage(Setup { replica_set, ..Setup::default() });
    for (set, schema) in [(0, "shop_0"), (0, "shop_1"), (1, "shop_2"), (1, "shop_3")] {
        world().root(set).run(&format!("ALTER DATABASE {schema} CHARACTER SET utf8mb4"));
    }
    for round in 0..4 {
        let mut client = stage.connect();
        let first = world().ids();
        client.file = (first..first + 8).map(|id| format!("{id}\tä\t1\n")).collect::<String>().into_bytes();
        client.run(LOAD);
        let texts = format!("SELECT DISTINCT HEX(note) FROM items WHERE id >= {first} AND id < {}", first + 8);
        assert_eq!(client.rows(&texts), [["C3A4"]], "round {round}");
        // Rows are gathered on a connection that is reset then.
        client.value("SELECT COUNT(*) FROM items a JOIN items b ON a.note = b.note AND a.id = b.amount");
    }
    stage.assert_sound();
}

#[test]
fn rows_that_are_there_are_passed_over_or_replaced() {
    let mut client = common().connect();
    let first = world().ids();
    client.run("BEGIN");
    client.run(&format!("INSERT INTO items (id, note) VALUES ({first}, 'kept')"));
    client.file = lines(first, 2000);
    assert_eq!(client.run(LOAD).info, "Records: 2000  Deleted: 0  Skipped: 1  Warnings: 1");
    let note = format!("SELECT note FROM items WHERE id = {first}");
    assert_eq!(client.value(&note), "kept");
    client.file = lines(first, 10);
    let ok = client.run(&LOAD.replace("INTO", "REPLACE INTO"));
    assert_eq!((ok.affected_rows, ok.info.as_str()), (20, "Records: 10  Deleted: 10  Skipped: 0  Warnings: 0"));
    assert_eq!(client.value(&note), format!("note {first}"));
    client.run("ROLLBACK");
    assert_eq!(loaded(&mut client, first), "0");
    common().assert_sound();
}

#[test]
fn a_line_that_cannot_be_placed_ends_the_statement_and_not_the_transaction() {
    let mut client = common().connect();
    let first = world().ids();
    client.run("BEGIN");
    client.run(&format!("INSERT INTO items (id) VALUES ({first})"));
    client.file = [lines(first + 1, 3000), b"1\t2\t3\t\xE4\n".to_vec(), lines(first + 4000, 3000)].concat();
    let error = client.error(LOAD.replace("(id", "CHARACTER SET utf8mb4 (id"));
    assert!(error.message.contains("line 3001"), "{}", error.message);
    assert_eq!(loaded(&mut client, first), "1");
    client.run("COMMIT");
    assert_eq!(loaded(&mut client, first), "1");
    common().assert_sound();
}

/// A LOAD DATA for which the file is asked.
fn begin_load(client: &mut Client) {
    client.command(0x03, LOAD.as_bytes()).unwrap();
    assert_eq!(client.read_packet().unwrap(), b"\xfbitems.txt");
}

/// Neither a row from `first` on, nor a lock on it.
fn assert_nothing_is_left(first: i64) {
    let mut other = common().connect();
    wait_until("its locks to go", Duration::from_secs(10), || {
        !matches!(other.one(format!("INSERT INTO items (id) VALUES ({first})")), Answer::Error { .. })
    });
    assert_eq!(loaded(&mut other, first), "1");
    common().assert_sound();
}

#[test]
fn a_client_that_leaves_in_the_middle_leaves_nothing() {
    let mut client = common().connect();
    let first = world().ids();
    begin_load(&mut client);
    client.write_packet(&lines(first, 5000)).unwrap();
    drop(client);
    assert_nothing_is_left(first);
}

/// What client libraries send in the place of a file that they cannot open, or will not give.
#[test]
fn a_client_that_gives_no_file_loads_no_row() {
    let mut client = common().connect();
    let first = world().ids();
    client.file = Vec::new();
    for statement in [LOAD.to_owned(), LOAD.replace("(id, note, amount)", "(@a, note) SET id = @a + 1")] {
        assert_eq!(client.run(&statement).info, "Records: 0  Deleted: 0  Skipped: 0  Warnings: 0");
    }
    assert_eq!(loaded(&mut client, first), "0");
    common().assert_sound();
}

#[test]
fn packets_out_of_order_end_the_session_and_leave_nothing() {
    let mut client = common().connect();
    let first = world().ids();
    begin_load(&mut client);
    client.write_packet(&lines(first, 100)).unwrap();
    client.tcp().write_all(b"\x05\0\0\xf7\xff\xfe\xfd\xfc\xfb").unwrap();
    assert!(client.answers(false).is_err() || client.query("SELECT 1").is_err());
    assert_nothing_is_left(first);
}

#[test]
fn a_line_that_never_ends_is_refused_before_it_is_held_whole() {
    let stage = world().stage(Setup { server: "max_packet = \"1MiB\"".to_owned(), ..Setup::default() });
    let mut client = stage.connect();
    let first = world().ids();
    begin_load(&mut client);
    client.write_packet(&lines(first, 10)).unwrap();
    for _ in 0..40 {
        client.write_packet(&vec![b'x'; 100_000]).unwrap();
    }
    client.write_packet(&[]).unwrap();
    let answers = client.answers(false).unwrap();
    assert!(answers[0].error().is_some(), "{answers:?}");
    assert_eq!(loaded(&mut client, first), "0");
    stage.assert_sound();
}

#[test]
fn a_load_that_is_killed_leaves_nothing_and_the_session_goes_on() {
    let (mut client, mut other) = (common().connect(), common().connect());
    let first = world().ids();
    client.run("BEGIN");
    client.run(&format!("INSERT INTO items (id) VALUES ({first})"));
    let id = client.value("SELECT CONNECTION_ID()");
    begin_load(&mut client);
    client.write_packet(&lines(first + 1, 5000)).unwrap();
    other.run(&format!("KILL QUERY {id}"));
    std::thread::sleep(Duration::from_millis(300));
    // The client does not know, and sends on.
    client.write_packet(&lines(first + 6000, 100)).unwrap();
    client.write_packet(&[]).unwrap();
    let answers = client.answers(false).unwrap();
    assert_eq!(answers[0].error().unwrap().code, 1317);
    assert_eq!(loaded(&mut client, first), "1");
    client.run("COMMIT");
    assert_eq!(loaded(&mut client, first), "1");
    common().assert_sound();
}

/// Where all of it is for one shard, too: its server has loaded what came, and holds that for the whole file.
#[test]
fn a_load_into_one_shard_that_is_killed_is_taken_back() {
    let (mut client, mut other) = (common().connect(), common().connect());
    client.run("BEGIN");
    client.run("INSERT INTO settings (id, name) VALUES (7000, 'before')");
    let id = client.value("SELECT CONNECTION_ID()");
    client.command(0x03, b"LOAD DATA LOCAL INFILE 'items.txt' INTO TABLE settings (id, name)").unwrap();
    assert_eq!(client.read_packet().unwrap(), b"\xfbitems.txt");
    let lines = |from: i64| (from..from + 3000).map(|id| format!("{id}\tx{id}\n")).collect::<String>().into_bytes();
    client.write_packet(&lines(10_000)).unwrap();
    other.run(&format!("KILL QUERY {id}"));
    std::thread::sleep(Duration::from_millis(300));
    client.write_packet(&lines(20_000)).unwrap();
    client.write_packet(&[]).unwrap();
    let answers = client.answers(false).unwrap();
    assert_eq!(answers[0].error().unwrap().code, 1317);
    client.run("COMMIT");
    assert_eq!(other.rows("SELECT id FROM settings WHERE id >= 7000"), [["7000"]]);
    other.run("DELETE FROM settings WHERE id >= 7000");
    common().assert_sound();
}

#[test]
fn a_client_without_files_is_not_asked_for_one() {
    let login = Login::new(USER, PASSWORD).database("shop").capabilities(USUAL & !LOCAL_FILES);
    let mut client = common().try_connect(&login).unwrap();
    let error = client.error(LOAD);
    assert!([1148, 3948].contains(&error.code), "{error:?}");
    assert_eq!(client.value("SELECT 1"), "1");
}

#[test]
fn sequences_number_rows_of_files_and_of_queries() {
    let tables = "\n[[tables]]\nname = \"bills\"\nshard_key = \"who\"\nsequence = { column = \"id\" }\n\
                  function = { kind = \"mod\" }\nshards = [\"s0\", \"s1\", \"s2\", \"s3\"]\n";
    let stage = world().stage(Setup { tables: tables.to_owned(), ..Setup::default() });
    let mut client = stage.connect();
    client
        .run("CREATE TABLE bills (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, who INT NOT NULL, text VARCHAR(40))");
    wait_until("the columns to be known", Duration::from_secs(10), || {
        !matches!(client.one("EXPLAIN ROUTE INSERT INTO bills VALUES (1, 1, 'x')"), Answer::Error { .. })
    });
    client.file = b"1\ta\n2\tb\n3\tc\n".to_vec();
    let ok = client.run("LOAD DATA LOCAL INFILE 'f' INTO TABLE bills (who, text)");
    assert_eq!(ok.info, "Records: 3  Deleted: 0  Skipped: 0  Warnings: 0");
    let (ids, all) = ("SELECT GROUP_CONCAT(id ORDER BY id) FROM bills", "SELECT COUNT(*) FROM bills");
    assert_eq!(client.value(ids), "1,2,3");
    assert_eq!(client.value("SELECT LAST_INSERT_ID()"), "1");
    client.file = b"50\t1\td\n\\N\t2\te\n0\t3\tf\n".to_vec();
    client.run("LOAD DATA LOCAL INFILE 'f' INTO TABLE bills");
    assert_eq!(client.value(ids), "1,2,3,50,51,52");
    // Queries, keys that are expressions, and numbers that are.
    let ok = client.run("INSERT INTO bills (who, text) SELECT who + 1, text FROM bills WHERE who < 3 ORDER BY id");
    assert_eq!((ok.affected_rows, ok.last_insert_id), (4, 53));
    assert_eq!(client.value("SELECT LAST_INSERT_ID()"), "53");
    let ok = client.run("INSERT INTO bills (who, text) VALUES (1 + 1, 'g'), (2, 'h')");
    assert_eq!(
        (ok.affected_rows, client.value("SELECT LAST_INSERT_ID()").as_str()),
        (2, &*ok.last_insert_id.to_string())
    );
    client.run("INSERT INTO bills VALUES (90 + 10, 7, 'i'), (NULL, 8, 'j')");
    client.run("INSERT INTO bills (who) VALUES (4)");
    let high = "SELECT GROUP_CONCAT(id ORDER BY id) FROM bills WHERE id >= 100";
    assert_eq!(client.value(high), "100,101,102");
    let distinct = client.value("SELECT COUNT(DISTINCT id) FROM bills");
    assert_eq!(client.value(all), distinct);
    stage.assert_sound();
}

#[test]
fn variables_of_a_load_are_nobody_elses() {
    let first = world().ids();
    let mut client = common().connect();
    client.file = lines(first, 40);
    client.run("LOAD DATA LOCAL INFILE 'f' INTO TABLE items (id, @of_load, amount) SET note = LEFT(@of_load, 3)");
    drop(client);
    for id in first..first + 4 {
        let mut other = common().connect();
        let sql = format!("SELECT COUNT(*) FROM items WHERE id = {id} AND @of_load IS NULL");
        assert_eq!(other.value(&sql), "1");
    }
}
