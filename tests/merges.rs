//! Merged answers where something is short, long or lost: memory, rows, connections. Their contents are what
//! `equivalence.rs` asks about.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use harness::answer::Answer;
use harness::client::{Client, Param};
use harness::fake_backend::{FakeBackend, Fault};
use harness::stage::{Setup, Stage, World};
use harness::talk::{wait_until, within};

/// For what must not hang; nothing is expected to take that long.
const SOON: Duration = Duration::from_secs(10);
/// For answers of many megabytes.
const PATIENCE: Duration = Duration::from_secs(120);

fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]))
}

/// Rows on all shards; a condition that means them.
fn fill(client: &mut Client, rows: i64, note: impl Fn(i64) -> String) -> String {
    fill_in(world(), client, rows, note)
}

fn fill_in(world: &World, client: &mut Client, rows: i64, note: impl Fn(i64) -> String) -> String {
    let first = world.ids();
    for some in (first..first + rows).collect::<Vec<_>>().chunks(500) {
        let values: Vec<String> = some.iter().map(|id| format!("({id}, '{}', {})", note(*id), id % 1000)).collect();
        client.run(&format!("INSERT INTO items (id, note, amount) VALUES {}", values.join(",")));
    }
    format!("id BETWEEN {first} AND {}", first + rows - 1)
}

/// A ShardGate that sees the second server through another eye.
fn behind(fake: &FakeBackend) -> Stage {
    let replica_set = "response_timeout = \"1s\"\npool = { max = 8, wait = \"1s\" }".to_owned();
    let primaries = BTreeMap::from([(1, fake.address())]);
    world().stage(Setup { replica_set, primaries, ..Default::default() })
}

#[test]
fn more_groups_than_there_is_memory_for_are_answered() {
    let stage = world().stage(Setup { server: "merge_memory = \"64KiB\"".to_owned(), ..Default::default() });
    let mut client = stage.connect();
    let range = fill(&mut client, 4000, |id| format!("note {}", id % 2000));
    let sql =
        format!("SELECT note, COUNT(*), SUM(amount) FROM items WHERE {range} GROUP BY note ORDER BY SUM(amount), note");
    let wanted = world().common().connect().rows(&sql);
    assert_eq!(wanted.len(), 2000);
    assert_eq!(client.rows(&sql), wanted);
    let prepared = client.prepare(sql.as_bytes()).unwrap().unwrap();
    match client.execute(&prepared, &[]).unwrap().remove(0) {
        Answer::Rows { rows, .. } => assert_eq!(rows.len(), 2000),
        other => panic!("{other:?}"),
    }
    // The connections of a transaction are kept, and so is what it wrote.
    client.run("BEGIN");
    client.run(&format!("UPDATE items SET amount = amount + 1 WHERE {range}"));
    let within_it = client.rows(&sql);
    assert_eq!(within_it.len(), 2000);
    assert_ne!(within_it, wanted);
    client.run("ROLLBACK");
    assert_eq!(client.rows(&sql), wanted);
    stage.assert_sound();
}

#[test]
fn what_cannot_be_gathered_for_want_of_room_is_merged_where_any_order_is_right() {
    let stage = world().stage(Setup { more: "[gather]\nmax_rows = 50".to_owned(), ..Default::default() });
    let mut client = stage.connect();
    let range = fill(&mut client, 1200, |id| format!("note {}", id % 7));
    let sql = format!(
        "SELECT note, STD(amount), VAR_SAMP(amount), COUNT(*), GROUP_CONCAT(amount, 'x' SEPARATOR ';'), \
         SUM(amount), STDDEV_SAMP(id) FROM items WHERE {range} AND amount <> ? GROUP BY note ORDER BY note"
    );
    let written = sql.replace('?', "3");
    let wanted = world().common().connect().rows(&written);
    assert_eq!(wanted.len(), 7);
    let found = client.rows(&written);
    let number = |cell: &str| cell.parse::<f64>().unwrap();
    let texts = |cell: &str| {
        let mut texts: Vec<String> = cell.split(';').map(str::to_owned).collect();
        texts.sort_unstable();
        texts
    };
    for (one, other) in wanted.iter().zip(&found) {
        assert_eq!((&one[0], &one[3], &one[5]), (&other[0], &other[3], &other[5]));
        assert_eq!(texts(&one[4]), texts(&other[4]));
        for place in [1, 2, 6] {
            let (one, other) = (number(&one[place]), number(&other[place]));
            assert!((one - other).abs() <= one.abs() * 1e-12, "{one} {other}");
        }
    }
    assert_eq!(found.len(), wanted.len());
    // With a parameter, and rows in binary form.
    let prepared = client.prepare(sql.as_bytes()).unwrap().unwrap();
    match client.execute(&prepared, &[Param::Int(3)]).unwrap().remove(0) {
        Answer::Rows { rows, .. } => assert_eq!(rows.len(), 7),
        other => panic!("{other:?}"),
    }
    // Which texts come first is open here, and so is which of them are cut.
    client.run("SET SESSION group_concat_max_len = 1000");
    let long = format!("SELECT GROUP_CONCAT(note), COUNT(*) FROM items WHERE {range}");
    assert_eq!(client.rows(&long)[0][0].len(), 1000);
    let warnings = client.rows("SHOW WARNINGS");
    assert_eq!((warnings.len(), warnings[0][1].as_str()), (1, "1260"));
    // What must be on one server has no other way.
    let nested = format!("SELECT CONCAT(GROUP_CONCAT(note ORDER BY id), 'x') FROM items WHERE {range}");
    assert_eq!(client.error(&nested).code, 1104);
    stage.assert_sound();
}

/// Statements whose answer is determined, over `items`; `?` is a condition.
const IN_ORDER: &[&str] = &[
    "SELECT note, GROUP_CONCAT(id ORDER BY id), COUNT(*) FROM items WHERE ? GROUP BY note ORDER BY note",
    "SELECT GROUP_CONCAT(note, ':', amount ORDER BY amount DESC, id SEPARATOR ' | ') AS g FROM items WHERE ?",
    "SELECT note, GROUP_CONCAT(amount ORDER BY id DESC) g, SUM(amount), AVG(amount), MAX(note) FROM items WHERE ? \
     GROUP BY note ORDER BY SUM(amount) DESC, note LIMIT 3",
    "SELECT note, GROUP_CONCAT(DISTINCT amount ORDER BY amount DESC SEPARATOR '') FROM items WHERE ? GROUP BY note \
     ORDER BY note DESC",
    "SELECT COUNT(DISTINCT amount), SUM(DISTINCT amount), AVG(DISTINCT amount), COUNT(*) FROM items WHERE ?",
    "SELECT note AS n, COUNT(DISTINCT amount, id), MIN(id) FROM items WHERE ? GROUP BY n ORDER BY 1",
    "SELECT COUNT(DISTINCT amount), GROUP_CONCAT(DISTINCT amount ORDER BY amount) FROM items WHERE ? LIMIT 5",
    "SELECT amount % 5, GROUP_CONCAT(note ORDER BY note, id) FROM items WHERE ? GROUP BY amount % 5 ORDER BY 1 LIMIT 1, 2",
    "SELECT GROUP_CONCAT(id ORDER BY id), COUNT(*) FROM items WHERE ? AND id < 0",
    "SELECT COUNT(DISTINCT note), GROUP_CONCAT(DISTINCT note ORDER BY note DESC), MAX(note) FROM items WHERE ?",
    "SELECT amount % 3 AS m, GROUP_CONCAT(note, '' ORDER BY CONCAT(note, id) DESC SEPARATOR 'é') FROM items WHERE ? \
     GROUP BY m ORDER BY m DESC",
    "SELECT c.name, GROUP_CONCAT(i.id ORDER BY i.id), COUNT(*) FROM items i JOIN colours c ON c.code = i.amount % 4 \
     WHERE i.? GROUP BY c.name ORDER BY c.name",
    "SELECT slot, note, GROUP_CONCAT(slot ORDER BY slot), COUNT(DISTINCT slot) FROM items WHERE ? GROUP BY slot, note \
     ORDER BY note",
    "SELECT note, COUNT(*), SUM(amount), AVG(amount) FROM items WHERE ? GROUP BY note WITH ROLLUP",
    "SELECT note, amount >= 0 AS m, COUNT(*) AS n, MAX(id) FROM items WHERE ? GROUP BY note, m WITH ROLLUP HAVING n > 40",
];

#[test]
fn texts_in_an_order_and_different_values_are_merged_where_they_are_too_many_to_be_gathered() {
    let stage = world().stage(Setup { more: "[gather]\nmax_rows = 50".to_owned(), ..Default::default() });
    let (mut client, mut roomy) = (stage.connect(), world().common().connect());
    let range = fill(&mut client, 600, |id| format!("note {}é", id % 7));
    for length in [1_000_000, 1500, 100, 33] {
        for client in [&mut client, &mut roomy] {
            client.run(&format!("SET SESSION group_concat_max_len = {length}"));
        }
        for sql in IN_ORDER {
            let sql = sql.replace('?', &range);
            assert_eq!(client.rows(&sql), roomy.rows(&sql), "{sql}");
            let warnings = client.value("SELECT @@warning_count");
            assert_eq!(warnings, roomy.value("SELECT @@warning_count"), "{length} {sql}");
            client.rows(&sql);
            roomy.rows(&sql);
            assert_eq!(client.rows("SHOW WARNINGS"), roomy.rows("SHOW WARNINGS"), "{length} {sql}");
        }
    }
    for sql in IN_ORDER {
        let sql = sql.replace('?', &format!("{range} AND amount >= ?"));
        let mut answers = [&mut client, &mut roomy].map(|client| {
            let prepared = client.prepare(sql.as_bytes()).unwrap().unwrap();
            client.execute(&prepared, &[Param::Int(3)]).unwrap().remove(0)
        });
        let [Answer::Rows { rows: found, .. }, Answer::Rows { rows: wanted, .. }] = &mut answers else {
            panic!("{sql}: {answers:?}")
        };
        // MySQL may call an integer less wide that was grouped by.
        for cell in found.iter_mut().chain(wanted.iter_mut()).flatten().flatten() {
            cell.truncate(cell.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        }
        assert_eq!(found, wanted, "{sql}");
    }
    stage.assert_sound();
}

#[test]
fn json_of_many_rows_is_merged_where_they_cannot_be_gathered() {
    let stage = world().stage(Setup { more: "[gather]\nmax_rows = 50".to_owned(), ..Default::default() });
    let (mut client, mut roomy) = (stage.connect(), world().common().connect());
    let range = fill(&mut client, 400, |id| format!("note \\\" {}", id % 3));
    let sql = format!(
        "SELECT note, JSON_ARRAYAGG(amount), JSON_OBJECTAGG(id, note), COUNT(*) FROM items WHERE {range} GROUP BY note \
         ORDER BY note"
    );
    let (found, wanted) = (client.rows(&sql), roomy.rows(&sql));
    let parts = |cell: &str| {
        let inner = cell.get(1..cell.len() - 1).unwrap();
        let mut parts: Vec<String> = inner.split(',').map(|part| part.trim().to_owned()).collect();
        parts.sort_unstable();
        (cell.len(), parts)
    };
    assert_eq!((found.len(), wanted.len()), (3, 3));
    for (one, other) in found.iter().zip(&wanted) {
        assert_eq!((&one[0], &one[3]), (&other[0], &other[3]));
        assert_eq!((parts(&one[1]), parts(&one[2])), (parts(&other[1]), parts(&other[2])));
    }
    stage.assert_sound();
}

#[test]
fn what_no_limit_needs_is_ended_on_the_servers() {
    let replica_set = "pool = { max = 4, wait = \"2s\" }".to_owned();
    let stage = world().stage(Setup { replica_set, ..Default::default() });
    let mut client = stage.try_connect(&stage.login().timeout(PATIENCE)).unwrap();
    // MySQL cannot sort rows of this length within its default.
    client.run("SET SESSION sort_buffer_size = 16777216");
    let range = fill(&mut client, 400, |id| format!("{id:0>200}"));
    // The rows of each shard together are much more than sockets hold.
    let sql = format!(
        "SELECT DISTINCT note, REPEAT(note, 500) FROM items WHERE {range} AND 'early stop' <> '' ORDER BY note LIMIT 3"
    );
    for _ in 0..5 {
        let rows = within(PATIENCE, "a limited merge", || client.rows(&sql));
        assert_eq!(rows.len(), 3);
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "not sorted");
    }
    let running = |set: usize| {
        world().root(set).value(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'shardgate' AND info LIKE '%early stop%'",
        )
    };
    for set in 0..2 {
        wait_until("what is left of the statements is ended", SOON, || running(set) == "0");
    }
    // So it is for prepared ones, with a cursor or without: over several shards all rows come at once.
    for flags in [0, 1] {
        let prepared = client.prepare(sql.as_bytes()).unwrap().unwrap();
        let answers = within(PATIENCE, "a limited merge", || client.execute_flagged(&prepared, &[], flags).unwrap());
        assert!(matches!(&answers[0], Answer::Rows { rows, .. } if rows.len() == 3), "{answers:?}");
    }
    for set in 0..2 {
        wait_until("what is left of prepared statements is ended", SOON, || running(set) == "0");
    }
    // No connection was given back in the middle of an answer, and none was lost to the pool.
    for _ in 0..10 {
        assert_eq!(client.value(&format!("SELECT COUNT(*) FROM items WHERE {range}")), "400");
    }
    // In a transaction the statements are ended, and it goes on.
    client.run("BEGIN");
    client.run(&format!("UPDATE items SET amount = 5000 WHERE {range}"));
    assert_eq!(client.rows(&sql).len(), 3);
    for prepared in [false, true] {
        let rows = || match prepared {
            false => client.rows(&sql).len(),
            true => {
                let prepared = client.prepare(sql.as_bytes()).unwrap().unwrap();
                match client.execute(&prepared, &[]).unwrap().remove(0) {
                    Answer::Rows { rows, .. } => rows.len(),
                    other => panic!("{other:?}"),
                }
            }
        };
        assert_eq!(within(SOON, "a limited merge in a transaction", rows), 3);
        for set in 0..2 {
            assert_eq!(running(set), "0", "what is left of the statement runs on");
        }
    }
    assert_eq!(client.value(&format!("SELECT MIN(amount) FROM items WHERE {range}")), "5000");
    client.run("ROLLBACK");
    assert_ne!(client.value(&format!("SELECT MIN(amount) FROM items WHERE {range}")), "5000");
    stage.assert_sound();
}

#[test]
fn columns_that_differ_between_shards_are_read_as_one_server_would() {
    static DRIFTED: OnceLock<&'static World> = OnceLock::new();
    let world = DRIFTED.get_or_init(|| World::start(&[0], &[("shop", [0, 0, 0, 0])]));
    let mut client = world.common().connect();
    let range = fill_in(world, &mut client, 40, |id| format!("note {id}"));
    for (shard, change) in [(1, "amount BIGINT NOT NULL"), (2, "amount DECIMAL(12,2) NOT NULL")] {
        world.root(0).run(&format!("ALTER TABLE shop_{shard}.items MODIFY {change}"));
    }
    let sql = format!("SELECT id, amount FROM items WHERE {range}");
    let wanted: Vec<Vec<String>> = {
        let mut rows: Vec<(i64, i64)> = (0..40).map(|n| first_of(&range) + n).map(|id| (id, id % 1000)).collect();
        rows.sort_unstable();
        rows.into_iter().map(|(id, amount)| vec![id.to_string(), amount.to_string()]).collect()
    };
    let sorted = |mut rows: Vec<Vec<String>>| {
        rows.sort_unstable_by_key(|row| row[0].parse::<i64>().unwrap());
        rows
    };
    for _ in 0..2 {
        assert_eq!(sorted(client.rows(&sql)), wanted);
        assert_eq!(client.rows(&format!("{sql} ORDER BY id")), wanted);
        let prepared = client.prepare(sql.as_bytes()).unwrap().unwrap();
        let answers = client.execute(&prepared, &[]).unwrap();
        assert!(matches!(&answers[0], Answer::Rows { rows, .. } if rows.len() == 40), "{answers:?}");
        client.run("BEGIN");
        assert_eq!(sorted(client.rows(&sql)), wanted);
        client.run("COMMIT");
    }
    world.common().assert_sound();
}

/// Where the keys of a condition that `fill` made begin.
fn first_of(range: &str) -> i64 {
    range.split(' ').nth(2).unwrap().parse().unwrap()
}

#[test]
fn a_shard_that_is_lost_is_an_error_and_never_fewer_rows() {
    let fake = FakeBackend::start(world().cluster.replica_sets[1].primary.port());
    let stage = behind(&fake);
    let mut client = stage.connect();
    let range = fill(&mut client, 40, |id| format!("note {}", id % 20));
    let whole = format!("SELECT id FROM items WHERE {range}");
    for fault in Fault::ALL {
        let filter = format!("{range} AND '{}' <> ''", fault.word());
        let statements = [
            (format!("SELECT id, note FROM items WHERE {filter} ORDER BY note, id"), 40),
            (format!("SELECT DISTINCT note FROM items WHERE {filter}"), 20),
            (format!("SELECT note, COUNT(*) FROM items WHERE {filter} GROUP BY note"), 20),
            (format!("SELECT note, COUNT(*) FROM items WHERE {filter} GROUP BY note ORDER BY MAX(id)"), 20),
            (format!("SELECT note, COUNT(*) + 1 FROM items WHERE {filter} GROUP BY note HAVING COUNT(*) > 1"), 20),
        ];
        for (sql, rows) in statements {
            let answer = within(SOON, &sql, || client.one(&sql));
            match answer {
                // What comes after a whole answer belongs to no statement.
                Answer::Rows { rows: found, .. } => assert_eq!(found.len(), rows, "{sql}"),
                // Lost, silent for too long, or not to be reached again yet.
                Answer::Error { error, .. } => {
                    assert!([1158, 1159, 1429].contains(&error.code), "{sql}: {error:?}");
                }
                other => panic!("{sql}: {other:?}"),
            }
            let mut after = client.one(&whole);
            if fault == Fault::LostBehind && after.error().is_some_and(|error| error.code == 1158) {
                // The connection was lent again before its end was heard of.
                after = client.one(&whole);
            }
            assert_eq!(after.text().len(), 40, "after {sql}");
        }
    }
    stage.assert_sound();
}

#[test]
fn rows_of_many_packets_are_merged() {
    let mut client = world().common().connect();
    // On the first shard of each server.
    let range = format!("{} AND id % 2 = 0", fill(&mut client, 4, |id| format!("note {id}")));
    for set in 0..2 {
        world().root(set).run("SET GLOBAL max_allowed_packet = 64 << 20");
    }
    // A ShardGate whose connections are all new.
    let stage = world().stage(Setup::default());
    let mut client = stage.try_connect(&stage.login().timeout(PATIENCE)).unwrap();
    // With what stands beside it in a row: two packets, and exactly one of the largest size with an empty one behind it.
    for length in [17_000_000, 0xFF_FFFF - 12] {
        let sql = format!(
            "SELECT id, REPEAT(CHAR(97 + id % 4 USING latin1), {length}) AS long_text, amount FROM items WHERE {range} \
             ORDER BY amount DESC, id"
        );
        let rows = client.rows(&sql);
        assert_eq!(rows.len(), 2);
        let ids: Vec<i64> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] > pair[1]), "{ids:?}");
        for row in rows {
            let letter = b'a' + (row[0].parse::<i64>().unwrap() % 4) as u8;
            assert_eq!(row[1].len(), length);
            assert!(row[1].bytes().all(|byte| byte == letter), "another row's bytes");
        }
    }
    let prepared = client
        .prepare(format!("SELECT id, REPEAT('y', 17000000) FROM items WHERE {range} ORDER BY amount DESC").as_bytes())
        .unwrap()
        .unwrap();
    match client.execute(&prepared, &[]).unwrap().remove(0) {
        Answer::Rows { rows, .. } => assert_eq!(rows.len(), 2),
        other => panic!("{other:?}"),
    }
    stage.assert_sound();
}
