//! Gathering keeps to its budget and says what went beyond it; a replica set of one's choice holds the temporary tables.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use harness::answer::Answer;
use harness::client::{Client, Param};
use harness::stage::{Setup, Stage, World};
use harness::talk::wait_until;

/// Rows of one test's keys: more than the first budget.
const ROWS: i64 = 40;

fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[0, 1], &[("shop", [0, 0, 1, 1])]))
}

fn stage(lines: &str) -> Stage {
    let more = format!("[monitor]\ninterval = \"100ms\"\n\n[gather]\n{lines}");
    world().stage(Setup { more, ..Setup::default() })
}

/// Fills a block of keys; a statement that no shard can answer, about its rows `from..to`.
fn off_the_key(client: &mut Client, from: i64, to: i64) -> String {
    let first = world().ids();
    let rows: Vec<String> = (first..first + ROWS).map(|id| format!("({id}, 'n{}', {id})", id - first)).collect();
    client.run(&format!("INSERT INTO items (id, note, amount) VALUES {}", rows.join(",")));
    let range = |alias: &str| format!("{alias}.amount >= {} AND {alias}.amount < {}", first + from, first + to);
    format!(
        "SELECT COUNT(*), MAX(@@port) FROM items a JOIN items b ON a.amount = b.id WHERE {} AND {}",
        range("a"),
        range("b")
    )
}

/// The first key that the statement is about.
fn block(off_the_key: &str) -> i64 {
    off_the_key.split("a.amount >= ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_budget_is_kept_and_its_error_tells_what_to_do() {
    let stage = stage("max_rows = 30");
    let mut client = stage.connect();
    let error = client.error(off_the_key(&mut stage.connect(), 0, ROWS));
    assert_eq!(error.code, 1104);
    for words in ["gather.max_rows = 30", "table 'items'", "expect about", "EXPLAIN ROUTE"] {
        assert!(error.message.contains(words), "{}", error.message);
    }
    // What predicates leave of both references is within it.
    assert_eq!(client.rows(&off_the_key(&mut stage.connect(), 0, 15))[0][0], "15");
    stage.assert_sound();
}

#[test]
fn few_rows_of_each_shard_are_within_a_budget() {
    let stage = stage("max_rows = 30\nship_from = 31");
    let mut client = stage.connect();
    // Eighty rows.
    let [low, high] = [(); 2].map(|()| block(&off_the_key(&mut client, 0, ROWS)));
    let rows = format!("amount >= {low} AND amount < {}", high + ROWS);
    let one = |client: &mut Client, sql: String| client.value(&sql);
    assert_eq!(one(&mut client, format!("SELECT EXISTS (SELECT * FROM items WHERE {rows})")), "1");
    assert_eq!(one(&mut client, format!("SELECT COUNT(*) FROM (SELECT 1 FROM items WHERE {rows} LIMIT 7) q")), "7");
    let top = |order: &str| format!("(SELECT id FROM items WHERE {rows} ORDER BY {order} LIMIT 2)");
    let found = client.rows(&format!("{} UNION ALL {}", top("amount"), top("items.amount DESC")));
    let expected = [low, low + 1, high + ROWS - 1, high + ROWS - 2];
    assert_eq!(found.concat(), expected.map(|id| id.to_string()));
    client.run(&format!("PREPARE p FROM 'SELECT COUNT(*) FROM (SELECT 1 FROM items WHERE {rows} LIMIT ?) q'"));
    client.run("SET @n = 5");
    assert_eq!(client.value("EXECUTE p USING @n"), "5");
    // They go to the shards of the table that they are joined with.
    let newest = format!("SELECT amount FROM items WHERE {rows} ORDER BY amount DESC LIMIT 3");
    let parts: Vec<String> = (0..60).map(|number| format!("({}, {number}, 'few')", low + number)).collect();
    client.run(&format!("INSERT INTO parts (item_id, part_no, label) VALUES {}", parts.join(",")));
    let joined = format!(
        "SELECT p.item_id FROM ({newest}) q JOIN parts p ON p.part_no = {} - q.amount WHERE p.label = 'few' ORDER BY 1",
        high + ROWS
    );
    assert_eq!(client.rows(&joined).concat(), [1, 2, 3].map(|number| (low + number).to_string()));
    assert_eq!(client.rows(&format!("EXPLAIN ROUTE {joined}"))[0][1], "ship");
    // All rows, which are too many.
    assert_eq!(client.error(format!("SELECT COUNT(*) FROM (SELECT amount, ROW_NUMBER() OVER (ORDER BY id) FROM items WHERE {rows} LIMIT 7) q")).code, 1104);
    stage.assert_sound();
}

#[test]
fn aggregates_within_a_statement_are_within_a_budget() {
    let stage = stage("max_rows = 30\nship_from = 31");
    let mut client = stage.connect();
    // Eighty rows.
    let [low, high] = [(); 2].map(|()| block(&off_the_key(&mut client, 0, ROWS)));
    let rows = format!("amount >= {low} AND amount < {}", high + ROWS);
    let count = format!("SELECT COUNT(*) FROM items WHERE {rows}");
    let top = format!("SELECT MAX(amount) FROM items WHERE {rows}");
    let last = high + ROWS - 1;
    let found = |client: &mut Client, sql: &str| client.rows(sql).concat().join(" ");
    assert_eq!(found(&mut client, &format!("SELECT ({count}), ({top})")), format!("80 {last}"));
    assert_eq!(found(&mut client, &format!("{count} UNION ALL {top}")), format!("80 {last}"));
    assert_eq!(
        found(&mut client, &format!("SELECT id FROM items WHERE id = {last} AND amount = ({top})")),
        last.to_string()
    );
    let groups = format!("SELECT amount % 4 AS m, COUNT(*) AS n FROM items WHERE {rows} GROUP BY m");
    let joined = format!(
        "SELECT SUM(q.n), COUNT(*) FROM ({groups}) q JOIN items i ON i.amount = {low} + q.m WHERE i.id BETWEEN {low} AND {low} + 3"
    );
    assert_eq!(found(&mut client, &joined), "80 4");
    assert_eq!(found(&mut client, &format!("SELECT DISTINCT q.n FROM ({groups}) q, ({count}) r")), "20");
    let texts = format!("SELECT CONCAT('m', amount % 2) AS m, COUNT(*) AS n FROM items WHERE {rows} GROUP BY m");
    let both = format!("SELECT q.m, r.n FROM ({texts}) q JOIN ({texts}) r ON q.m = r.m ORDER BY q.m");
    assert_eq!(found(&mut client, &both), "m0 40 m1 40");
    let statement = client.prepare(format!("SELECT ({count}) + ?, ({top})").as_bytes()).unwrap().unwrap();
    match client.execute(&statement, &[Param::Int(1)]).unwrap().remove(0) {
        Answer::Rows { rows, .. } => assert_eq!(rows[0][0].as_deref(), Some(&81_i64.to_le_bytes()[..])),
        other => panic!("{other:?}"),
    }
    let statement = format!("SELECT ({count} AND id > ?), ({top} AND id < ?) + ?");
    let statement = client.prepare(statement.as_bytes()).unwrap().unwrap();
    match client.execute(&statement, &[low, low + 2, 1].map(Param::Int)).unwrap().remove(0) {
        Answer::Rows { rows, .. } => {
            let found: Vec<u8> = rows[0].iter().flatten().flatten().copied().collect();
            assert_eq!(found, [79, low + 2].map(i64::to_le_bytes).concat());
        }
        other => panic!("{other:?}"),
    }
    // The rows of which an answer is compared with stay where they are.
    let counted = format!("SELECT amount % 4, MAX(amount) AS top FROM items WHERE {rows} GROUP BY amount % 4");
    for (sql, expected) in [
        (format!("SELECT amount FROM items WHERE {rows} AND amount = ({top})"), vec![last]),
        (
            format!(
                "SELECT amount FROM items WHERE {rows} AND amount > (SELECT MAX(amount) - COUNT(*) / 30 FROM items WHERE {rows}) ORDER BY 1"
            ),
            vec![last - 2, last - 1, last],
        ),
        (
            format!(
                "SELECT amount FROM items WHERE {rows} AND ({top}) - 2 < amount AND ({top} AND id < {last}) <= amount ORDER BY 1"
            ),
            vec![last - 1, last],
        ),
        (
            format!(
                "SELECT amount FROM items WHERE amount IN (SELECT MAX(amount) FROM items WHERE {rows} GROUP BY amount % 3) ORDER BY 1"
            ),
            vec![last - 2, last - 1, last],
        ),
        (
            format!("SELECT i.amount FROM items i JOIN ({counted}) q ON q.top = i.amount ORDER BY 1"),
            vec![last - 3, last - 2, last - 1, last],
        ),
        (format!("SELECT amount FROM items WHERE {rows} AND amount = ({top} AND id < 0)"), vec![]),
    ] {
        let expected: Vec<String> = expected.iter().map(i64::to_string).collect();
        assert_eq!(client.rows(&sql).concat(), expected, "{sql}");
    }
    let steps = client.rows(&format!("EXPLAIN ROUTE SELECT ({count}), ({top})"));
    assert_eq!(
        steps.iter().map(|step| step[6].as_str()).collect::<Vec<_>>(),
        ["its answer into a temporary table", "its answer into a temporary table", "over the temporary tables"]
    );
    let analyzed = client.rows(&format!("EXPLAIN ANALYZE ROUTE SELECT ({count}), ({top})"));
    let rows_of_steps: Vec<&str> = analyzed.iter().map(|step| step[7].as_str()).collect();
    assert_eq!((analyzed[3][1].as_str(), rows_of_steps), ("answer", vec!["1"; 4]));
    stage.assert_sound();
}

#[test]
fn no_connection_goes_back_with_a_transaction() {
    let tables = "[[tables]]\nname = \"looked_at\"\nshard_key = \"id\"\nfunction = { kind = \"mod\" }\nshards = [\"s0\", \"s1\", \"s2\", \"s3\"]\n";
    let more = "[gather]\nship_from = 1".to_owned();
    let stage = world().stage(Setup { tables: tables.to_owned(), more, ..Setup::default() });
    let mut client = stage.connect();
    client.run("CREATE TABLE looked_at (id INT PRIMARY KEY, a INT)");
    client.run("INSERT INTO looked_at (id, a) VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)");
    client.run("SET autocommit = 0");
    let above = "SELECT id FROM looked_at WHERE a > (SELECT MAX(a) FROM looked_at) - 2 ORDER BY id";
    assert_eq!(client.rows(above).concat(), ["4", "5"]);
    client.run("COMMIT");
    for (set, schema) in [(0, "shop_0"), (0, "shop_1"), (1, "shop_2"), (1, "shop_3")] {
        let mut root = world().root(set);
        root.run("SET lock_wait_timeout = 2");
        root.run(&format!("ALTER TABLE {schema}.looked_at ADD COLUMN b INT"));
    }
    stage.assert_sound();
}

#[test]
fn an_insert_takes_as_many_rows_as_a_query_streams() {
    let stage = stage("max_rows = 30");
    let mut client = stage.connect();
    let filter = |sql: String| sql.split_once(" WHERE ").unwrap().1.split_once(" AND b.").unwrap().0.replace("a.", "");
    let rows = filter(off_the_key(&mut client, 0, ROWS));
    let insert = "INSERT INTO items (id, note, amount) SELECT amount + 50000000";
    let count = |client: &mut Client, some: &str| {
        client.value(&format!("SELECT COUNT(*) FROM items WHERE {}", some.replace("amount", "id - 50000000")))
    };
    let done = client.run(&format!("{insert}, note, -1 FROM items WHERE {rows}"));
    assert_eq!((done.affected_rows, done.info.as_str()), (40, "Records: 40  Duplicates: 0  Warnings: 0"));
    assert_eq!(count(&mut client, &rows), "40");
    // Sorted, grouped, and several of them.
    for query in [
        format!(", MAX(note), -1 FROM items WHERE {rows} GROUP BY amount"),
        format!(", note, -1 FROM items WHERE {rows} ORDER BY note DESC LIMIT 35"),
        format!(
            ", note, -1 FROM items WHERE {rows} UNION ALL SELECT amount + 60000000, note, -1 FROM items WHERE {rows}"
        ),
    ] {
        client.run("BEGIN");
        client.run(&format!("DELETE FROM items WHERE {}", rows.replace("amount", "id - 50000000")));
        let done = client.run(&format!("{insert}{query}"));
        assert!(done.affected_rows > 30, "{query}: {done:?}");
        assert_eq!(count(&mut client, &rows), done.affected_rows.min(40).to_string());
        client.run("ROLLBACK");
    }
    // Rows that must be brought together to be joined are not streamed.
    let joined = format!("{insert} + a.amount, a.note, -1 FROM items a JOIN items b ON a.amount = b.id WHERE a.{rows}");
    let joined = joined.replace("SELECT amount", "SELECT a.amount").replace(" AND amount", " AND a.amount");
    assert_eq!(client.error(&joined).code, 1104);
    assert_eq!(count(&mut client, &rows), "40");
    stage.assert_sound();
}

#[test]
fn bytes_have_a_budget_of_their_own() {
    let stage = stage("max_bytes = \"64KiB\"");
    let mut client = stage.connect();
    let first = world().ids();
    client.run(&format!("INSERT INTO parts VALUES ({first}, 1, 'x', REPEAT('x', 100000)), ({first}, 2, 'x', 'y')"));
    let sql = |columns: &str| {
        format!(
            "SELECT {columns} FROM parts a JOIN items b ON b.amount = a.part_no WHERE a.item_id >= {first} AND a.item_id < {}",
            first + 3
        )
    };
    let error = client.error(sql("MAX(a.data)"));
    assert!(error.code == 1104 && error.message.contains("gather.max_bytes = 65536"), "{}", error.message);
    // Only what is needed is moved.
    assert_eq!(client.rows(&sql("COUNT(a.part_no)")).len(), 1);
    stage.assert_sound();
}

#[test]
fn temporary_tables_are_where_they_should_be() {
    let set = &world().cluster.replica_sets[1];
    let stage = stage(&format!("scratch = \"{}\"", set.name));
    let mut client = stage.connect();
    let sql = off_the_key(&mut client, 0, ROWS);
    let [primary, replica] = [&set.primary, &set.replicas[0]].map(|server| server.port().to_string());
    wait_until("the replica is in use", Duration::from_secs(15), || {
        client.rows(&sql)[0] == [ROWS.to_string(), replica.clone()]
    });
    // A transaction that has written works with primaries alone, and sees what it wrote.
    client.run("BEGIN");
    assert_eq!(client.rows(&sql)[0], [ROWS.to_string(), replica.clone()]);
    client
        .run(&format!("DELETE FROM items WHERE id = {}", sql.rsplit(' ').next().unwrap().parse::<i64>().unwrap() - 1));
    assert_eq!(client.rows(&sql)[0], [(ROWS - 1).to_string(), primary]);
    client.run("ROLLBACK");
    assert_eq!(client.rows(&sql)[0], [ROWS.to_string(), replica]);
    stage.assert_sound();
}

/// A statement about items `first..first + ROWS` that no shard can answer, and that takes its time on each server: as long
/// as it runs, `SLOW` is in the text that a server shows.
const SLOW: &str = "slow_gather";

fn slowly(client: &mut Client) -> String {
    off_the_key(client, 0, ROWS).replacen("COUNT(*)", &format!("COUNT(*), MAX(SLEEP(0.2)), '{SLOW}'"), 1)
}

/// The connections on which the servers of a set run a slow statement of a gather.
fn connections(set: usize) -> Vec<String> {
    running(set, SLOW)
}

/// Those on which a text with these words runs.
fn running(set: usize, words: &str) -> Vec<String> {
    let sql = format!(
        "SELECT id FROM information_schema.processlist WHERE info LIKE '%{words}%' AND info NOT LIKE '%processlist%'"
    );
    world().root(set).rows(&sql).into_iter().flatten().collect()
}

#[test]
fn a_lost_scratch_is_an_error_and_leaves_nothing() {
    let stage = stage("");
    let mut client = stage.connect();
    let sql = slowly(&mut client);
    let killer = std::thread::spawn(move || {
        let mut found = Vec::new();
        wait_until("the statement runs", Duration::from_secs(20), || {
            found = (0..2).flat_map(|set| connections(set).into_iter().map(move |id| (set, id))).collect();
            !found.is_empty()
        });
        for (set, id) in found {
            world().root(set).run(&format!("KILL {id}"));
        }
    });
    let error = client.error(&sql);
    killer.join().unwrap();
    assert!([1158, 1053, 1927, 1317].contains(&error.code), "{error:?}");
    assert_eq!(client.rows("SELECT 1")[0], ["1"]);
    assert_eq!(client.rows(&off_the_key(&mut stage.connect(), 0, ROWS))[0][0], ROWS.to_string());
    stage.assert_sound();
}

#[test]
fn a_shard_that_is_lost_while_it_is_read_is_an_error() {
    let stage = stage("");
    let mut client = stage.connect();
    let sql = off_the_key(&mut client, 0, ROWS) + " FOR UPDATE";
    // The row of the last key is on a shard of the second replica set, and somebody holds it.
    let last = sql.split("b.amount < ").nth(1).unwrap().split(' ').next().unwrap().parse::<i64>().unwrap() - 1;
    let mut holder = stage.connect();
    holder.run("BEGIN");
    // Not by FOR UPDATE, by which the waiting shard is known.
    assert!(
        holder.run(&format!("UPDATE items SET amount = amount WHERE id = {last}")).info.starts_with("Rows matched: 1")
    );
    let killer = std::thread::spawn(move || {
        let mut found = Vec::new();
        wait_until("a shard waits", Duration::from_secs(20), || {
            found = running(1, "FOR UPDATE");
            !found.is_empty()
        });
        found.iter().for_each(|id| drop(world().root(1).run(&format!("KILL {id}"))));
    });
    let error = client.error(&sql);
    killer.join().unwrap();
    assert!([1158, 1053, 1927, 1317].contains(&error.code), "{error:?}");
    holder.run("ROLLBACK");
    assert_eq!(client.rows(&sql)[0][0], ROWS.to_string());
    stage.assert_sound();
}

#[test]
fn what_is_killed_while_it_is_gathered_ends_without_rows() {
    let stage = stage("");
    let mut client = stage.connect();
    let id = client.value("SELECT CONNECTION_ID()");
    let sql = slowly(&mut client);
    let mut other = stage.connect();
    let killer = std::thread::spawn(move || {
        wait_until("the statement runs", Duration::from_secs(20), || {
            !(connections(0).is_empty() && connections(1).is_empty())
        });
        other.run(&format!("KILL QUERY {id}"));
    });
    assert_eq!(client.error(&sql).code, 1317);
    killer.join().unwrap();
    wait_until("nothing runs on the servers", Duration::from_secs(20), || {
        connections(0).is_empty() && connections(1).is_empty()
    });
    stage.assert_sound();
}

#[test]
fn routines_that_write_are_refused_where_rows_are_gathered() {
    let stage = stage("");
    let mut root = world().root(0);
    root.run("SET GLOBAL log_bin_trust_function_creators = 1");
    root.run("USE shop_0");
    root.run("CREATE FUNCTION twice(x INT) RETURNS INT RETURN 2 * x");
    root.run("CREATE FUNCTION noted(x INT) RETURNS INT BEGIN INSERT INTO settings (name) VALUES (CONCAT('noted', x)); RETURN x; END");
    let mut client = stage.connect();
    let sql = off_the_key(&mut client, 0, ROWS);
    let calls = |function: &str| sql.replacen("COUNT(*)", &format!("MAX({function}(a.amount - b.amount))"), 1);
    assert_eq!(client.rows(&calls("twice"))[0][0], "0");
    assert_eq!(client.error(calls("noted")).code, 1792);
    assert_eq!(client.value("SELECT noted(7)"), "7");
    client.run("BEGIN");
    assert_eq!(client.error(calls("noted")).code, 1792);
    assert_eq!(client.value("SELECT noted(8)"), "8");
    client.run("COMMIT");
    assert_eq!(
        client.value("SELECT GROUP_CONCAT(name ORDER BY id) FROM settings WHERE name LIKE 'noted%'"),
        "noted7,noted8"
    );
    root.run("DROP FUNCTION twice");
    root.run("DROP FUNCTION noted");
    stage.assert_sound();
}

/// A statement that joins items with few parts off the key.
fn items_and_parts(client: &mut Client) -> String {
    let first = world().ids();
    let rows: Vec<String> = (first..first + ROWS).map(|id| format!("({id}, 'n', {})", id % 4)).collect();
    client.run(&format!("INSERT INTO items (id, note, amount) VALUES {}", rows.join(",")));
    let parts: Vec<String> = (0..3).map(|part| format!("({}, {part}, 'p{part}')", first + part)).collect();
    client.run(&format!("INSERT INTO parts (item_id, part_no, label) VALUES {}", parts.join(",")));
    let range = |key: &str| format!("{key} BETWEEN {first} AND {}", first + ROWS);
    format!(
        "SELECT p.label, COUNT(*) FROM items a JOIN parts p ON p.part_no = a.amount WHERE {} AND {} GROUP BY p.label ORDER BY 1",
        range("a.id"),
        range("p.item_id")
    )
}

#[test]
fn small_tables_are_shipped_where_that_moves_less() {
    let expected = [["p0", "10"], ["p1", "10"], ["p2", "10"]];
    for (lines, is_shipped) in [("ship_from = 10", true), ("", false), ("ship_from = false", false)] {
        let stage = stage(lines);
        let mut client = stage.connect();
        let sql = items_and_parts(&mut client);
        assert_eq!(client.rows(&sql), expected, "{lines}");
        let steps = client.rows(&format!("EXPLAIN ROUTE {sql}"));
        assert_eq!(steps.iter().any(|step| step[1] == "ship"), is_shipped, "{lines}: {steps:?}");
        assert_eq!(steps.iter().any(|step| step[1] == "gather"), !is_shipped, "{lines}: {steps:?}");
        client.run("BEGIN");
        assert_eq!(client.rows(&sql), expected, "{lines}");
        client.run("ROLLBACK");
        stage.assert_sound();
    }
}

#[test]
fn what_was_shipped_is_gone_however_the_statement_ends() {
    let stage = stage("ship_from = 0");
    let mut client = stage.connect();
    let sql = items_and_parts(&mut client);
    let slow = sql.replacen("COUNT(*)", &format!("COUNT(*), MAX(SLEEP(0.2)), '{SLOW}'"), 1);
    let id = client.value("SELECT CONNECTION_ID()");
    for order in ["KILL QUERY", "KILL"] {
        let (mut other, id) = (stage.connect(), id.clone());
        let killer = std::thread::spawn(move || {
            wait_until("the statement runs", Duration::from_secs(20), || {
                !(connections(0).is_empty() && connections(1).is_empty())
            });
            other.run(&format!("{order} {id}"));
        });
        let is_refused = |answers: Vec<Answer>| answers.iter().any(|answer| answer.error().is_some());
        assert!(client.query(&slow).map_or(true, is_refused), "{order}");
        killer.join().unwrap();
        wait_until("nothing runs on the servers", Duration::from_secs(20), || {
            connections(0).is_empty() && connections(1).is_empty()
        });
    }
    let mut client = stage.connect();
    assert_eq!(client.rows(&sql).len(), 3);
    for shard in ["s0", "s1", "s2", "s3"].repeat(3) {
        let error = client.error(format!("/*shardgate: shard={shard} */ SELECT * FROM shardgate_shipped_1"));
        assert_eq!(error.code, 1146, "{error:?}");
    }
    stage.assert_sound();
}

#[test]
fn every_temporary_table_is_gone() {
    let stage = stage("max_rows = 30");
    let mut client = stage.connect();
    client.error(off_the_key(&mut stage.connect(), 0, ROWS));
    assert_eq!(client.rows(&off_the_key(&mut stage.connect(), 0, 10))[0][0], "10");
    // Where such a table was left, this name would mean it.
    for _ in 0..8 {
        let error = client.error("/*shardgate: shard=s0 */ SELECT * FROM shardgate_gathered_0");
        assert_eq!(error.code, 1146, "{error:?}");
    }
    stage.assert_sound();
}

#[test]
fn a_statement_is_prepared_though_no_shard_has_all_its_tables() {
    let tables = "[[tables]]\nname = \"away\"\nkind = \"single\"\nshard = \"s3\"\n";
    let stage = world().stage(Setup { tables: tables.to_owned(), ..Setup::default() });
    let mut client = stage.connect();
    client.run("CREATE TABLE away (id INT PRIMARY KEY, word VARCHAR(10))");
    client.run("CREATE TABLE IF NOT EXISTS here (id INT PRIMARY KEY, n INT)");
    client.run("INSERT INTO away VALUES (1, 'one'), (2, 'two')");
    client.run("INSERT INTO here VALUES (1, 10), (2, 20)");
    let mut both = |sql: &str, params: &[Param]| {
        let statement = client.prepare(sql.as_bytes()).unwrap().unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        assert_eq!(statement.params, params.len() as u16, "{sql}");
        let answer = client.execute(&statement, params).unwrap().remove(0);
        assert!(answer.error().is_none(), "{sql}: {answer:?}");
        (statement.columns, answer)
    };
    let sql = "SELECT h.n, a.word FROM here h JOIN away a USING (id) WHERE a.id > ? ORDER BY 1";
    let (columns, answer) = both(sql, &[Param::Int(0)]);
    assert_eq!(answer.text().len(), 2);
    let names: Vec<_> = columns.iter().map(|column| (&*column.name, &*column.org_table, &*column.schema)).collect();
    assert_eq!(names, [("n", "here", "shop"), ("word", "away", "shop")]);
    both("INSERT INTO here SELECT id + ?, id FROM away WHERE word = ?", &[Param::Int(2), Param::Text("two".into())]);
    both("UPDATE here SET n = 7 WHERE id IN (SELECT id FROM away WHERE word <> ?)", &[Param::Text("two".into())]);
    both("DELETE h FROM here h JOIN away a ON a.id = h.id WHERE a.word = ?", &[Param::Text("two".into())]);
    assert_eq!(client.rows("SELECT id, n FROM here ORDER BY id"), [["1", "7"], ["4", "2"]]);
    let refused = client.prepare(b"SELECT nothing FROM here JOIN away USING (id)").unwrap().unwrap_err();
    assert!(refused.code == 1054 && refused.message.starts_with("Unknown column 'nothing' in '"), "{refused:?}");
    stage.assert_sound();
}

/// Two tables, `boxes` with a schema for each shard and `lids` with a table for each shard in one schema.
const BOTH_LAYOUTS: &str = r#"
[[tables]]
name = "boxes"
shard_key = "id"
function = { kind = "mod" }
shards = ["s0", "s1", "s2", "s3"]

[[shards]]
name = "t0"
replica_set = "rs0"
schema = "shop_lids"

[[shards]]
name = "t1"
replica_set = "rs1"
schema = "shop_lids"

[[tables]]
name = "lids"
physical = "{table}_{index}"
shard_key = "id"
function = { kind = "mod" }
shards = ["t0", "t1"]
"#;

#[test]
fn a_statement_is_prepared_over_tables_of_both_layouts() {
    for set in 0..2 {
        world().root(set).run("CREATE DATABASE shop_lids");
    }
    let stage = world().stage(Setup { tables: BOTH_LAYOUTS.to_owned(), ..Setup::default() });
    let mut client = stage.connect();
    client.run("CREATE TABLE boxes (id INT PRIMARY KEY, lid INT, name VARCHAR(20))");
    client.run("CREATE TABLE lids (id INT PRIMARY KEY, size DECIMAL(6,2), word VARCHAR(20))");
    let cases: &[(&str, &[i64])] = &[
        ("SELECT COUNT(*) FROM boxes JOIN lids ON boxes.lid = lids.id", &[]),
        (
            "SELECT b.name, l.size, l.word AS w FROM boxes b LEFT JOIN lids l ON l.id = b.lid WHERE b.id > ? ORDER BY b.id",
            &[1],
        ),
        ("SELECT name FROM boxes WHERE lid IN (SELECT id FROM lids WHERE size > ?) ORDER BY name", &[2]),
        ("SELECT id, word FROM lids UNION ALL SELECT id, name FROM boxes ORDER BY 1, 2", &[]),
        ("SELECT b.lid, SUM(l.size), COUNT(*) FROM boxes b, lids l WHERE l.id = b.lid GROUP BY b.lid ORDER BY 1", &[]),
        ("UPDATE boxes SET name = 'u' WHERE id IN (SELECT id FROM lids WHERE id < ?)", &[3]),
        ("UPDATE lids l JOIN boxes b ON b.id = l.id SET l.word = b.name WHERE l.id <> ?", &[5]),
        ("UPDATE boxes SET lid = (SELECT MAX(id) FROM lids) WHERE id = ?", &[4]),
        (
            "UPDATE boxes b JOIN lids l ON b.id = l.id SET b.name = 'q', l.word = CONCAT(b.name, 'r') WHERE b.id > ?",
            &[2],
        ),
        ("DELETE b FROM boxes b JOIN lids l USING (id) WHERE l.id = ?", &[6]),
        ("DELETE FROM lids WHERE id IN (SELECT lid FROM boxes WHERE id = ?)", &[2]),
        ("INSERT INTO boxes SELECT id + ?, id, word FROM lids", &[100]),
        ("REPLACE INTO lids (id, word) SELECT id, name FROM boxes WHERE id > ?", &[100]),
    ];
    let everything = "SELECT * FROM boxes ORDER BY id; SELECT * FROM lids ORDER BY id";
    let mut found = Vec::new();
    for is_prepared in [false, true] {
        client.run("DELETE FROM boxes; DELETE FROM lids");
        client.run("INSERT INTO boxes VALUES (1,2,'a'),(2,3,'b'),(3,3,'c'),(4,9,'d'),(5,1,'e'),(6,NULL,'f')");
        client.run("INSERT INTO lids VALUES (1,1.5,'x'),(2,2.5,'y'),(3,3.5,NULL),(5,4,'z'),(6,5,'v')");
        let mut answers = Vec::new();
        for (sql, params) in cases {
            if is_prepared {
                let statement =
                    client.prepare(sql.as_bytes()).unwrap().unwrap_or_else(|error| panic!("{sql}: {error:?}"));
                assert_eq!(usize::from(statement.params), params.len(), "{sql}");
                let params: Vec<Param> = params.iter().map(|param| Param::Int(*param)).collect();
                let answer = client.execute(&statement, &params).unwrap().remove(0);
                assert!(answer.error().is_none(), "{sql}: {answer:?}");
                if let Answer::Rows { columns, .. } = &answer {
                    let names = |columns: &[harness::answer::Column]| -> Vec<_> {
                        let shown = columns.iter().map(|column| (&column.name, &column.org_table, &column.schema));
                        shown.map(|(name, table, schema)| format!("{name} {table} {schema}")).collect()
                    };
                    assert_eq!(names(&statement.columns), names(columns), "{sql}");
                    assert!(!format!("{columns:?}").contains("shardgate"), "{sql}: {columns:?}");
                }
                // In binary form.
                answers.push(vec![vec![answer.text().len().to_string()]]);
            } else {
                let params = params.iter().map(i64::to_string);
                let text = params.fold((*sql).to_owned(), |text, param| text.replacen('?', &param, 1));
                let answer = client.one(&text);
                assert!(answer.error().is_none(), "{sql}: {answer:?}");
                answers.push(vec![vec![answer.text().len().to_string()]]);
            }
            answers.extend(client.query(everything).unwrap().iter().map(Answer::text));
        }
        found.push(answers);
    }
    for (place, (text, prepared)) in found[0].iter().zip(&found[1]).enumerate() {
        assert_eq!(text, prepared, "after {}", cases[place / 3].0);
    }
    // What no values can make possible is refused when it is prepared, as it is as text.
    let both = "UPDATE boxes b JOIN lids l ON b.id = l.id SET b.id = b.id + 50, l.word = 'r'";
    let refused = client.prepare(both.as_bytes()).unwrap().unwrap_err();
    assert_eq!((refused.code, refused.message), (1235, client.error(both).message));
    client.run("DROP TABLE boxes");
    client.run("DROP TABLE lids");
    stage.assert_sound();
}

#[test]
fn a_table_that_is_changed_on_one_shard_after_the_other_is_waited_for() {
    let tables = "\n[[tables]]\nname = \"changing\"\nshard_key = \"id\"\nfunction = { kind = \"mod\" }\nshards = [\"s0\", \"s1\", \"s2\", \"s3\"]\n";
    let stage = world().stage(Setup { tables: tables.to_owned(), ..Setup::default() });
    let mut client = stage.connect();
    client.run("CREATE TABLE changing (id INT NOT NULL PRIMARY KEY, a INT NOT NULL, b INT NOT NULL)");
    client.run("INSERT INTO changing VALUES (0, 4, 0), (1, 3, 0), (2, 2, 0), (3, 1, 0)");
    let all = "SELECT * FROM changing ORDER BY a, id LIMIT 3";
    client.run(&format!("PREPARE p FROM '{all}'"));
    world().root(1).run("ALTER TABLE shop_3.changing DROP COLUMN b");
    let begun = Instant::now();
    let error = client.error(all);
    assert_eq!((error.code, error.message.contains("'changing'")), (1412, true), "{error:?}");
    assert!(begun.elapsed() > Duration::from_secs(4), "it did not wait");
    // Others get on meanwhile.
    assert_eq!(client.value("SELECT SUM(a) FROM changing"), "10");
    let change = std::thread::spawn(|| {
        std::thread::sleep(Duration::from_millis(300));
        world().root(1).run("ALTER TABLE shop_3.changing ADD COLUMN b INT NOT NULL DEFAULT 0");
    });
    for sql in [all, "EXECUTE p"] {
        // Where the change comes late, it waits again.
        let found = loop {
            match client.query(sql).unwrap().remove(0) {
                Answer::Error { error, .. } => assert_eq!(error.code, 1412, "{error:?}"),
                answer => break answer.text(),
            }
        };
        assert_eq!(found.len(), 3, "{found:?}");
    }
    change.join().unwrap();
    let rows: Vec<String> = client.rows(all).iter().map(|row| row.join(" ")).collect();
    assert_eq!(rows, ["3 1 0", "2 2 0", "1 3 0"]);
    stage.connect().run("DROP TABLE changing");
    stage.assert_sound();
}
