//! Rows that sequences number, over real servers: as one server numbers them, and unique whatever dies.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use harness::answer::Answer;
use harness::client::{Client, Param};
use harness::stage::{Setup, Stage, World};
use harness::talk::wait_until;

const SHARDS: &str = "function = { kind = \"mod\" }\nshards = [\"s0\", \"s1\", \"s2\", \"s3\"]";

fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]))
}

/// A ShardGate with these tables: name, key, sequence. They are made through it, if they are not there.
fn stage(tables: &[(&str, &str, &str)]) -> Stage {
    let rule = |(name, key, sequence): &(&str, &str, &str)| {
        format!("\n[[tables]]\nname = \"{name}\"\nshard_key = \"{key}\"\nsequence = {sequence}\n{SHARDS}\n")
    };
    let stage = world().stage(Setup { tables: tables.iter().map(rule).collect(), ..Setup::default() });
    let mut client = stage.connect();
    for (name, _, _) in tables {
        client.run(&create(name));
        // The columns are read after DDL, not before it is answered.
        wait_until("the columns to be known", std::time::Duration::from_secs(10), || {
            !matches!(client.one(format!("EXPLAIN ROUTE INSERT INTO {name} VALUES (1, 1, 'x')")), Answer::Error { .. })
        });
    }
    stage
}

fn create(name: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {name} (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, who INT NOT NULL DEFAULT 1, \
         text VARCHAR(40) UNIQUE) ENGINE=InnoDB"
    )
}

/// The same on one server that numbers the rows itself.
fn plain(name: &str) -> Client {
    let mut root = world().root(0);
    root.run("CREATE DATABASE IF NOT EXISTS plain; USE plain");
    root.run(&create(name));
    root
}

#[test]
fn rows_are_numbered_as_one_server_numbers_them() {
    for (table, key) in [("invoices", "who"), ("notes", "id")] {
        let stage = stage(&[(table, key, "{ column = \"id\" }")]);
        let (mut ours, mut theirs) = (stage.connect(), plain(table));
        let statements = [
            "INSERT INTO T (who, text) VALUES (2, 'a')",
            "INSERT INTO T (who, text) VALUES (1, 'b'), (2, 'c'), (3, 'd'), (4, 'e')",
            "INSERT INTO T VALUES (NULL, 3, 'f')",
            "INSERT INTO T VALUES (0, 3, 'g'), (DEFAULT, 4, 'h')",
            "INSERT INTO T SET who = 7, text = 'i'",
            "INSERT INTO T SET id = DEFAULT, who = 7",
            "INSERT INTO T (id, who) VALUES (100, 1)",
            "INSERT INTO T (who) VALUES (1)",
            "INSERT INTO T (text, id, who) VALUES ('k', '150', 2)",
            "INSERT INTO T () VALUES ()",
            "REPLACE INTO T (who, text) VALUES (9, 'z')",
            "INSERT INTO T (id, who) VALUES (-7, 1)",
            "INSERT INTO T (id, who) VALUES (163, 1), (160, 4), (161, 2)",
            "INSERT INTO T (id, who, text) VALUES (163, 1, 'given'), (162, 4, 'given too') ON DUPLICATE KEY UPDATE id = id, text = 'there'",
            "REPLACE INTO T (id, who) VALUES (171, 4), (170, 2), (161, 2)",
            "INSERT INTO T (who) VALUES (6)",
            "UPDATE T SET id = 190 WHERE id = 163",
            "INSERT INTO T (who) VALUES (6)",
            "UPDATE T SET id = 500 WHERE id = 499",
            "INSERT INTO T (who) VALUES (6)",
            "INSERT IGNORE INTO T (who, text) VALUES (1, 'l')",
            "BEGIN; INSERT INTO T (who) VALUES (1), (2), (3); ROLLBACK; INSERT INTO T (who) VALUES (2)",
            "INSERT INTO T (who, text) VALUES (5, 'm') ON DUPLICATE KEY UPDATE who = who",
            "SET sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO'); INSERT INTO T (id, who) VALUES (0, 4)",
            "INSERT INTO T (who) VALUES (8)",
            "INSERT INTO T (who, text) VALUES (1 + 1, 'n')",
            "INSERT INTO T (who) VALUES (3), (4 + 1)",
            "INSERT INTO T (who, text) VALUES (2, 'n') ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), text = 'o'",
            "INSERT INTO T (who) VALUES (8)",
        ];
        for statement in statements {
            // The shard key has to come from somewhere, and rows that are there must be on its shard.
            let is_left_out = if key == "who" { "() VALUES ()" } else { "ON DUPLICATE KEY UPDATE id" };
            if statement.contains(is_left_out) {
                continue;
            }
            let statement = statement.replace(" T ", &format!(" {table} "));
            let (a, b) = (ours.run(&statement), theirs.run(&statement));
            let told = |ok: &harness::answer::Ok| (ok.affected_rows, ok.last_insert_id, ok.info.clone());
            assert_eq!(told(&a), told(&b), "{statement}");
            let last = "SELECT LAST_INSERT_ID()";
            assert_eq!(ours.value(last), theirs.value(last), "{statement}");
        }
        prepared_alike(table, &mut ours, &mut theirs);
        returned_alike(table, &mut ours, &mut theirs);
        let all = format!("SELECT id, who, text FROM {table} ORDER BY id");
        let rows = theirs.rows(&all);
        assert_eq!(ours.rows(&all), rows);
        assert!(rows.len() > 20, "{rows:?}");
        // Which is 2, and there already.
        let again = format!("INSERT INTO {table} (id, who) VALUES (1.5, 1)");
        assert_eq!(ours.error(&again).code, theirs.error(&again).code);
        stage.assert_sound();
    }
}

fn returned_alike(table: &str, ours: &mut Client, theirs: &mut Client) {
    if !theirs.value("SELECT VERSION()").contains("MariaDB") {
        return;
    }
    for statement in [
        "INSERT INTO T (who, text) VALUES (4, 'r1'), (3, 'r2'), (2, 'r3'), (1, 'r4') RETURNING id, text, id + who",
        "INSERT INTO T (id, who, text) VALUES (5200, 1, 'r5'), (5100, 2, 'r6'), (5150, 3, 'r7') RETURNING id, text",
        "INSERT INTO T (who) VALUES (4), (3) ON DUPLICATE KEY UPDATE text = 'r8' RETURNING id",
    ] {
        let statement = statement.replace(" T ", &format!(" {table} "));
        assert_eq!(ours.rows(&statement), theirs.rows(&statement), "{statement}");
        let last = "SELECT LAST_INSERT_ID()";
        assert_eq!(ours.value(last), theirs.value(last), "{statement}");
    }
}

fn prepared_alike(table: &str, ours: &mut Client, theirs: &mut Client) {
    let text = |text: &str| Param::Text(text.to_owned());
    let cases: [(&str, Vec<Param>); 4] = [
        ("INSERT INTO T (who, text) VALUES (?, ?)", vec![Param::Int(3), text("p1")]),
        ("INSERT INTO T (who, text) VALUES (?, ?), (?, ?)", vec![Param::Int(1), text("p2"), Param::Int(2), text("p3")]),
        ("INSERT INTO T VALUES (?, ?, ?)", vec![Param::Null, Param::Int(2), text("p4")]),
        ("INSERT INTO T VALUES (?, ?, ?)", vec![Param::Int(5000), Param::Int(2), text("p5")]),
    ];
    for (statement, params) in &cases {
        let statement = statement.replace(" T ", &format!(" {table} "));
        let mut answers = Vec::new();
        for client in [&mut *ours, &mut *theirs] {
            let prepared = client.prepare(statement.as_bytes()).unwrap().unwrap();
            let answer = client.execute(&prepared, params).unwrap().pop().unwrap();
            let Answer::Ok(ok) = answer else { panic!("{statement}: {answer:?}") };
            client.close(&prepared).unwrap();
            answers.push((ok.affected_rows, ok.last_insert_id, ok.info, client.value("SELECT LAST_INSERT_ID()")));
        }
        assert_eq!(answers[0], answers[1], "{statement}");
    }
}

#[test]
fn a_number_that_the_client_gives_is_not_its_last_insert_id() {
    let stage = world().stage(Setup::default());
    let mut other = stage.connect();
    other.run("INSERT INTO settings (name) VALUES ('one'), ('two')");
    // This session gets the other's connection, and what that says of LAST_INSERT_ID().
    let mut client = stage.connect();
    assert_eq!(client.run("INSERT INTO settings (id, name) VALUES (70, 'seventy')").last_insert_id, 70);
    assert_eq!(client.value("SELECT LAST_INSERT_ID()"), "0");
    client.run("INSERT INTO settings (name) VALUES ('next')");
    assert_eq!(client.value("SELECT LAST_INSERT_ID()"), "71");
    client.run("INSERT INTO settings (id, name) VALUES (90, 'ninety')");
    assert_eq!(client.value("SELECT LAST_INSERT_ID()"), "71");
}

/// Nor where several shards or copies get rows, or a query gives them.
#[test]
fn numbers_that_the_client_gives_to_several_shards_are_not_its_last_insert_id() {
    let stage = stage(&[("given", "who", "{ column = \"id\", size = 10 }")]);
    let mut other = stage.connect();
    other.run("INSERT INTO given (who) VALUES (0), (1), (2), (3)");
    other.run("INSERT INTO settings (name) VALUES ('another')");
    let statements = [
        "INSERT INTO given (who, id) VALUES (0, #00001), (1, #00002), (2, #00003)",
        "INSERT INTO given (who, id) SELECT who, id + #00010 FROM given WHERE id < 4",
        "INSERT INTO given (who, id) VALUES (2, LAST_INSERT_ID() + #00020)",
        "INSERT INTO settings (id, name) SELECT id + #00030, CONCAT('#', id) FROM given WHERE id < 3",
        "INSERT INTO settings (id, name) VALUES (#00040, '#00041'), (#00042, '#00043')",
    ];
    let mut client = stage.connect();
    for (own, statement) in ["0", "4444"].iter().flat_map(|own| statements.map(|statement| (*own, statement))) {
        client.run(&format!("DO LAST_INSERT_ID({own})"));
        client.run(&statement.replace('#', if own == "0" { "71" } else { "72" }));
        assert_eq!(client.value("SELECT LAST_INSERT_ID()"), own, "{statement}");
    }
    client.run("INSERT INTO settings (name) SELECT CONCAT('made', id) FROM given WHERE id < 3");
    let made = client.value("SELECT MIN(id) FROM settings WHERE name LIKE 'made%'");
    assert_eq!(client.value("SELECT LAST_INSERT_ID()"), made);
}

#[test]
fn numbers_given_to_a_table_that_is_just_made_move_the_sequence() {
    let rule = "\n[[tables]]\nname = \"made_*\"\nshard_key = \"who\"\nsequence = { column = \"id\" }\n\
        function = { kind = \"hash\", slots = 1024 }\nshards = [\"s0\", \"s1\", \"s2\", \"s3\"]\n";
    let stage = world().stage(Setup { tables: rule.to_owned(), ..Setup::default() });
    for begin in ["SET autocommit = 0", "BEGIN", "SET autocommit = 0"] {
        let mut client = stage.connect();
        client.run("DROP TABLE IF EXISTS made_now");
        client.run("CREATE TABLE made_now (id INT NOT NULL AUTO_INCREMENT, who INT NOT NULL, PRIMARY KEY (id, who))");
        client.run(begin);
        client.run("INSERT INTO made_now VALUES (1, 1), (2, 2), (3, 3), (50, 4)");
        client.run("INSERT INTO made_now (who) VALUES (4)");
        assert_eq!(client.value("SELECT LAST_INSERT_ID()"), "51", "{begin}");
        client.run("INSERT INTO made_now (who) VALUES (1), (2), (3)");
        client.run("COMMIT");
        let ids = client.value("SELECT GROUP_CONCAT(id ORDER BY id) FROM made_now");
        assert_eq!(ids, "1,2,3,50,51,52,53,54", "{begin}");
    }
    stage.assert_sound();
}

/// Not even those that it shows.
#[test]
fn explain_route_takes_no_numbers() {
    let stage = stage(&[("shown", "who", "{ column = \"id\", size = 10 }")]);
    let mut client = stage.connect();
    let mut route = |statement: &str| -> Vec<(String, String)> {
        let rows = client.one(format!("EXPLAIN ROUTE {statement}")).text();
        rows.iter().map(|row| (row[2].clone(), row[5].clone())).collect()
    };
    let insert = "INSERT INTO shown (who, text) VALUES (1, 'a'), (2, 'b')";
    let parts = |first: u64| {
        let part = |who: u64, text: &str| {
            (
                format!("s{who}"),
                format!("INSERT INTO shown (`id`, who, text) VALUES ({}, {who}, '{text}')", first + who - 1),
            )
        };
        [part(1, "a"), part(2, "b")]
    };
    assert_eq!(route(insert), parts(1));
    assert_eq!(route(insert), parts(1));
    let mut other = stage.connect();
    other.run("INSERT INTO shown (who, text) VALUES (3, 'x')");
    assert_eq!(route(insert), parts(2));
    other.run("INSERT INTO shown (who, text) VALUES (3, 'y')");
    assert_eq!(other.value("SELECT LAST_INSERT_ID()"), "2");
    stage.assert_sound();
}

#[test]
fn rows_are_numbered_under_locks_of_their_table() {
    let stage = stage(&[("locked", "who", "{ column = \"id\", size = 10 }")]);
    let mut client = stage.connect();
    client.run("LOCK TABLES locked WRITE");
    client.run("INSERT INTO locked (who, text) VALUES (1, 'a'), (2, 'b')");
    client.run("INSERT INTO locked (id, who, text) VALUES (20, 3, 'c')");
    client.run("INSERT INTO locked (who, text) VALUES (4, 'd'), (5, 'e')");
    client.run("UNLOCK TABLES");
    assert_eq!(client.value("SELECT GROUP_CONCAT(id, text ORDER BY id) FROM locked"), "1a,2b,20c,21d,22e");
    stage.assert_sound();
}

#[test]
fn a_sequence_begins_behind_the_rows_that_are_there() {
    let stage = stage(&[("old", "who", "{ column = \"id\", size = 10 }")]);
    let mut client = stage.connect();
    world().root(1).run("INSERT INTO shop_3.old (id, who) VALUES (4711, 3)");
    client.run("INSERT INTO old (who) VALUES (1)");
    assert_eq!(client.value("SELECT LAST_INSERT_ID()"), "4712");
}

#[test]
fn a_table_that_is_emptied_made_anew_or_set_is_numbered_as_one_server_does() {
    let stage = stage(&[("renewed", "who", "{ column = \"id\", size = 10 }")]);
    let (mut ours, mut theirs) = (stage.connect(), plain("renewed"));
    let insert = "INSERT INTO renewed (who) VALUES (1), (2), (3)";
    let made = create("renewed").replace("IF NOT EXISTS ", "");
    let changes = [
        "SELECT 1",
        "TRUNCATE TABLE renewed",
        "ALTER TABLE renewed AUTO_INCREMENT = 500",
        "ALTER TABLE renewed AUTO_INCREMENT = 2",
        "DELETE FROM renewed WHERE id > 400; ALTER TABLE renewed AUTO_INCREMENT 50, COMMENT 'lower'",
        "ALTER TABLE renewed ADD more INT",
        "INSERT INTO renewed (id, who) VALUES (2000000000, 4); DELETE FROM renewed; ALTER TABLE renewed AUTO_INCREMENT = 1",
        &format!("DROP TABLE renewed; {made}"),
        &format!("DROP TABLE renewed; {made} AUTO_INCREMENT = 70"),
        &format!("{} AUTO_INCREMENT = 7000", create("renewed")),
        "INSERT INTO renewed (id, who) VALUES (4000, 1); DELETE FROM renewed",
    ];
    for change in changes {
        ours.run(change);
        theirs.run(change);
        // Only once: what one client is told of a change another knows soon after.
        assert_eq!(ours.run(insert).last_insert_id, theirs.run(insert).last_insert_id, "{change}");
    }
    // A number that no server takes does not move it.
    for client in [&mut ours, &mut theirs] {
        client.error("INSERT INTO renewed (id, who) VALUES (9223372036854775808, 1)");
    }
    assert_eq!(ours.run(insert).last_insert_id, theirs.run(insert).last_insert_id);
    // Nor does the last one of all for ever.
    ours.run("INSERT INTO renewed (id, who) VALUES (9223372036854775807, 1)");
    ours.error(insert);
    ours.run("TRUNCATE TABLE renewed");
    assert_eq!(ours.run(insert).last_insert_id, 1);
}

#[test]
fn other_shardgates_give_up_what_they_leased_before_a_table_was_emptied() {
    let table = ("shared", "who", "{ column = \"id\", size = 100 }");
    let stages = [stage(&[table]), stage(&[table])];
    let mut clients = stages.each_ref().map(Stage::connect);
    let insert = "INSERT INTO shared (who) VALUES (1), (2)";
    assert_eq!(clients.each_mut().map(|client| client.run(insert).last_insert_id), [1, 101]);
    clients[0].run("TRUNCATE TABLE shared");
    // In this order: the second begins where the first's lease ends.
    assert_eq!(clients.each_mut().map(|client| client.run(insert).last_insert_id), [1, 101]);
    clients[1].run("DELETE FROM shared WHERE id > 100");
    clients[1].run("ALTER TABLE shared AUTO_INCREMENT = 1");
    assert_eq!(clients.each_mut().map(|client| client.run(insert).last_insert_id), [3, 103]);
}

/// Four sessions of each of two ShardGates insert at once; one ShardGate is killed and started again in between.
fn insert_at_once(table: (&str, &str, &str)) -> BTreeSet<u64> {
    let name = table.0;
    let mut ids = BTreeSet::new();
    let mut rounds = [stage(&[table]), stage(&[table])];
    for round in 0..3 {
        let tasks: Vec<_> = rounds
            .iter()
            .flat_map(|stage| (0..4).map(|_| stage.connect()).collect::<Vec<_>>())
            .map(|mut client| {
                let statement = format!("INSERT INTO {name} (who) VALUES (1), (2), (3)");
                std::thread::spawn(move || {
                    let first = |_| client.run(&statement).last_insert_id;
                    (0..20).map(first).flat_map(|first| first..first + 3).collect::<Vec<u64>>()
                })
            })
            .collect();
        for id in tasks.into_iter().flat_map(|task| task.join().unwrap()) {
            assert!(ids.insert(id), "{id} came twice");
        }
        if round < 2 {
            rounds[0].proxy.kill9();
            rounds[0] = stage(&[table]);
        }
    }
    let found = rounds[1].connect().rows(&format!("SELECT id FROM {name}"));
    let found: BTreeSet<u64> = found.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(found, ids);
    assert_eq!(ids.len(), 3 * 2 * 4 * 20 * 3);
    ids
}

#[test]
fn segments_of_two_shardgates_never_meet() {
    insert_at_once(("segments", "who", "{ column = \"id\", size = 7 }"));
}

#[test]
fn snowflakes_of_two_shardgates_never_meet() {
    let ids = insert_at_once(("flakes", "id", "{ column = \"id\", kind = \"snowflake\" }"));
    let nodes: BTreeSet<u64> = ids.iter().map(|id| id >> 12 & 1023).collect();
    assert!(nodes.len() >= 4, "each process has a node of its own: {nodes:?}");
}

#[test]
fn rows_are_not_inserted_without_their_numbers() {
    let stage = stage(&[("guarded", "who", "{ column = \"id\", size = 1 }")]);
    let mut client = stage.connect();
    client.run("INSERT INTO guarded (who) VALUES (1)");
    let mut root = world().root(0);
    root.run("BEGIN; SELECT * FROM shardgate.sequence WHERE name = 'shop.guarded' FOR UPDATE");
    let error = client.error("INSERT INTO guarded (who) VALUES (1), (2)");
    root.run("ROLLBACK");
    assert_eq!(error.code, 1467);
    assert!(error.message.contains("id of guarded"), "{error:?}");
    assert_eq!(client.value("SELECT COUNT(*) FROM guarded"), "1");
    client.run("INSERT INTO guarded (who) VALUES (1), (2)");
    assert_eq!(client.value("SELECT COUNT(*) FROM guarded"), "3");
}

#[test]
fn a_column_that_is_full_gets_no_more_rows() {
    let stage = stage(&[("narrow", "who", "{ column = \"id\" }")]);
    let mut client = stage.connect();
    let make = |client: &mut Client, kind: &str| {
        client.run(&format!("ALTER TABLE narrow MODIFY id {kind} NOT NULL AUTO_INCREMENT"));
    };
    make(&mut client, "TINYINT");
    client.run("INSERT INTO narrow (id, who) VALUES (126, 1)");
    wait_until("the column to be known", std::time::Duration::from_secs(10), || {
        client.error("INSERT INTO narrow (who) VALUES (1), (2)").code == 1467
    });
    for verb in ["INSERT", "INSERT IGNORE", "REPLACE"] {
        let error = client.error(format!("{verb} INTO narrow (who) VALUES (1), (2)"));
        assert_eq!(error.code, 1467, "{verb}: {error:?}");
    }
    client.run("SET sql_mode = ''");
    assert_eq!(client.error("INSERT INTO narrow (who) VALUES (3), (4)").code, 1467);
    assert_eq!(client.value("SELECT MAX(id) FROM narrow"), "126");
    make(&mut client, "TINYINT UNSIGNED");
    wait_until("the column to be known", std::time::Duration::from_secs(10), || {
        !matches!(client.one("INSERT INTO narrow (who) VALUES (3)"), Answer::Error { .. })
    });
    assert_eq!(client.value("SELECT COUNT(*) FROM narrow"), "2");
}

#[test]
fn rows_of_one_shard_are_in_the_transaction_that_they_begin() {
    let stage = stage(&[("ledger", "who", "{ column = \"id\" }")]);
    let (mut client, mut other) = (stage.connect(), stage.connect());
    client.run("SET autocommit = 0");
    let insert = client.prepare(b"INSERT INTO ledger (who, text) VALUES (2, ?), (2, ?)").unwrap().unwrap();
    let count = "SELECT COUNT(*) FROM ledger";
    for (prepared, commits) in [(false, false), (true, false), (false, true), (true, true)] {
        let before: i64 = other.value(count).parse().unwrap();
        let texts = [format!("{prepared} {commits} 1"), format!("{prepared} {commits} 2")];
        let answer = match prepared {
            true => client.execute(&insert, &texts.clone().map(Param::Text)).unwrap().remove(0),
            false => {
                client.one(format!("INSERT INTO ledger (who, text) VALUES (2, '{}'), (2, '{}')", texts[0], texts[1]))
            }
        };
        match answer {
            Answer::Ok(ok) => assert_eq!((ok.affected_rows, ok.status & 1), (2, 1), "a transaction is open"),
            other => panic!("{other:?}"),
        }
        client.run(if commits { "COMMIT" } else { "ROLLBACK" });
        let after: i64 = other.value(count).parse().unwrap();
        assert_eq!(after - before, if commits { 2 } else { 0 }, "prepared: {prepared}, commits: {commits}");
    }
    stage.assert_sound();
}

/// One shard has all of its rows: nothing of it is kept, and the next statement gets an answer of its own.
#[test]
fn an_insert_into_one_shard_that_is_killed_is_taken_back() {
    let stage = stage(&[("stopped", "who", "{ column = \"id\" }")]);
    let (mut holder, mut client, mut killer) = (stage.connect(), stage.connect(), stage.connect());
    killer.run("INSERT INTO stopped (who, text) VALUES (1, 'first')");
    holder.run("BEGIN");
    holder.run("INSERT INTO stopped (who, text) VALUES (1, 'taken')");
    client.run("BEGIN");
    client.run("INSERT INTO stopped (who, text) VALUES (2, 'elsewhere')");
    client.command(0x03, b"INSERT INTO stopped (who, text) VALUES (1, 'free'), (1, 'taken')").unwrap();
    wait_until("it waits", std::time::Duration::from_secs(10), || {
        let waiting = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%\\'free\\'%\\'taken\\'%' AND user = 'shardgate'";
        world().root(0).value(waiting) != "0"
    });
    killer.run(&format!("KILL QUERY {}", client.connection_id));
    let answer = client.answers(false).unwrap().remove(0);
    assert_eq!(answer.error().map(|error| error.code), Some(1317), "{answer:?}");
    holder.run("ROLLBACK");
    assert_eq!(client.rows("SELECT who, text FROM stopped WHERE who = 1"), [["1", "first"]]);
    assert_eq!(client.run("UPDATE stopped SET text = 'changed' WHERE who = 1").affected_rows, 1);
    client.run("COMMIT");
    assert_eq!(killer.rows("SELECT who, text FROM stopped ORDER BY who"), [["1", "changed"], ["2", "elsewhere"]]);
    stage.assert_sound();
}
