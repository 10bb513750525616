//! What reads of several shards lock, and what is left of a transaction when one of them ends before its time: the same as
//! on one server, whatever way the rows take.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use harness::answer::Answer;
use harness::client::Client;
use harness::stage::{Stage, World};
use harness::talk::{wait_until, within};

/// For what must not hang; nothing is expected to take that long.
const SOON: Duration = Duration::from_secs(10);

/// Keys of a test's rows on each shard. There must be so many that an index is worth its while.
const ROWS: i64 = 400;

const COM_QUERY: u8 = 0x03;

fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]))
}

fn stage() -> &'static Stage {
    world().common()
}

/// Tests here take turns: InnoDB locks what a statement looks at, and that can be another test's rows.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn is_mariadb(client: &mut Client) -> bool {
    client.value("SELECT VERSION()").contains("MariaDB")
}

/// Rows on every shard, from the returned key on.
fn fill() -> i64 {
    let first = world().ids();
    let rows: Vec<String> = (first..first + 4 * ROWS).map(|id| format!("({id}, {})", id % 7)).collect();
    stage().connect().run(&format!("INSERT INTO items (id, amount) VALUES {}", rows.join(",")));
    first
}

/// A session that waits a second for a lock.
fn impatient() -> Client {
    let mut client = stage().connect();
    client.run("SET innodb_lock_wait_timeout = 1");
    client
}

/// Statements that read the rows `ids` of several shards, one for each way that rows take.
fn reads(ids: &str) -> [(&'static str, String); 5] {
    let items = format!("items FORCE INDEX (PRIMARY) WHERE id IN ({ids})");
    [
        ("scatter", format!("SELECT id FROM {items}")),
        ("merge by order", format!("SELECT id FROM {items} ORDER BY id")),
        ("merge by groups", format!("SELECT amount, COUNT(*) FROM {items} GROUP BY amount")),
        ("gather", format!("SELECT id, ROW_NUMBER() OVER (ORDER BY id) FROM {items}")),
        ("gather for a subquery", format!("SELECT COUNT(*) OVER () FROM (SELECT id FROM {items} LOCK) t")),
    ]
}

/// The read with a locking clause: at its end, or where it says LOCK.
fn locking(read: &str, clause: &str) -> String {
    if read.contains(" LOCK)") { read.replace("LOCK", clause) } else { format!("{read} {clause}") }
}

#[test]
fn rows_that_are_read_for_update_stay_locked_on_their_shards_until_the_transaction_ends() {
    let _turn = turn();
    let first = fill();
    let mut other = impatient();
    let nowait = if is_mariadb(&mut other) { 1205 } else { 3572 };
    let ids = format!("{}, {}, {}", first, first + 1, first + 2);
    for begin in ["BEGIN", "SET autocommit = 0"] {
        for (way, read) in reads(&ids) {
            for clause in ["FOR UPDATE", "LOCK IN SHARE MODE"] {
                let mut client = stage().connect();
                client.run(begin);
                client.rows(&locking(&read, clause));
                for id in first..first + 3 {
                    let look = format!("SELECT id FROM items WHERE id = {id} FOR UPDATE NOWAIT");
                    assert_eq!(other.error(&look).code, nowait, "{begin}; {way} {clause}: {id}");
                }
                if (begin, clause) == ("BEGIN", "FOR UPDATE") {
                    let write = format!("UPDATE items SET note = '{way}' WHERE id = {}", first + 1);
                    assert_eq!(other.error(&write).code, 1205, "{way}");
                }
                if !way.starts_with("gather") {
                    other.run(&format!("UPDATE items SET note = '{way}' WHERE id = {}", first + 40));
                }
                client.run("COMMIT");
                other.run(&format!("UPDATE items SET note = '{way}' WHERE id IN ({ids})"));
            }
        }
    }
    // Alone, a statement lets go when it has answered.
    for (_, read) in reads(&ids) {
        stage().connect().rows(&locking(&read, "FOR UPDATE"));
        other.run(&format!("UPDATE items SET note = 'free' WHERE id IN ({ids})"));
    }
}

/// The row that everybody locks guards a number on another shard, which is read without a lock, counted up by the client and
/// written: a lock that is let go before the write is committed loses one.
#[test]
fn what_a_lock_on_another_shard_guards_is_committed_before_the_lock_is_let_go() {
    const CLIENTS: i64 = 4;
    const ROUNDS: i64 = 25;
    let _turn = turn();
    let first = fill();
    let on = |shard: i64, nth: i64| first + shard + 4 * nth;
    let [lock, number, second] = [on(0, 0), on(1, 0), on(2, 0)];
    // What each client runs before it locks, and what it writes besides the number: the lock's shard is the first and only
    // read, or not the first; one or two others are written.
    for (before, besides) in
        [(None, None), (None, Some(second)), (Some(3), None), (Some(3), Some(second)), (Some(1), None)]
    {
        stage().connect().run(&format!("UPDATE items SET amount = 0 WHERE id IN ({number}, {second})"));
        std::thread::scope(|scope| {
            for client_number in 0..CLIENTS {
                scope.spawn(move || {
                    let mut client = stage().connect();
                    client.run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
                    for _ in 0..ROUNDS {
                        client.run("BEGIN");
                        if let Some(shard) = before {
                            let own = on(shard, 2 + client_number);
                            client.run(&format!("UPDATE items SET note = 'mine' WHERE id = {own}"));
                        }
                        client.rows(&format!("SELECT id FROM items WHERE id = {lock} FOR UPDATE"));
                        for id in std::iter::once(number).chain(besides) {
                            let amount = client.value(&format!("SELECT amount FROM items WHERE id = {id}"));
                            let next = amount.parse::<i64>().unwrap() + 1;
                            client.run(&format!("UPDATE items SET amount = {next} WHERE id = {id}"));
                        }
                        client.run("COMMIT");
                    }
                });
            }
        });
        for id in std::iter::once(number).chain(besides) {
            let counted = stage().connect().value(&format!("SELECT amount FROM items WHERE id = {id}"));
            assert_eq!(counted, (CLIENTS * ROUNDS).to_string(), "before: {before:?}, besides: {besides:?}");
        }
    }
}

#[test]
fn rows_that_are_locked_are_skipped_or_fail_the_read_and_the_transaction_goes_on() {
    let _turn = turn();
    let first = fill();
    let mut holder = stage().connect();
    let mut client = impatient();
    let mariadb = is_mariadb(&mut client);
    let nowait = if mariadb { 1205 } else { 3572 };
    holder.run("BEGIN");
    holder.run(&format!("UPDATE items SET note = 'held' WHERE id = {}", first + 1));
    let ids = format!("{}, {}, {}", first, first + 1, first + 2);
    let mine = format!("id IN ({}, {})", first + 100, first + 101);
    for (way, read) in reads(&ids) {
        client.run("BEGIN");
        client.run(&format!("UPDATE items SET note = '{way}' WHERE {mine}"));
        let mut clauses = vec![("FOR UPDATE", 1205), ("FOR UPDATE NOWAIT", nowait)];
        if mariadb {
            clauses.push(("FOR UPDATE WAIT 0", 1205));
        }
        for (clause, code) in clauses {
            let read = locking(&read, clause);
            assert_eq!(within(SOON, &read, || client.error(&read)).code, code, "{way}: {clause}");
            assert_eq!(client.value(&format!("SELECT COUNT(*) FROM items WHERE {mine} AND note = '{way}'")), "2");
        }
        let left = client.rows(&locking(&read, "FOR UPDATE SKIP LOCKED"));
        if way != "merge by groups" {
            assert_eq!(left.len(), 2, "{way}: {left:?}");
        }
        client.run("COMMIT");
        let kept = stage().connect().value(&format!("SELECT COUNT(*) FROM items WHERE {mine} AND note = '{way}'"));
        assert_eq!(kept, "2", "{way}");
    }
}

#[test]
fn only_the_tables_that_a_clause_names_are_locked() {
    let _turn = turn();
    let first = fill();
    let mut client = impatient();
    if is_mariadb(&mut client) {
        return;
    }
    let mut other = impatient();
    let rows: Vec<String> = (first..first + 4).map(|id| format!("({id}, {})", first + 5 - id)).collect();
    client.run(&format!("INSERT INTO parts (item_id, part_no) VALUES {}", rows.join(",")));
    let ids = format!("{first}, {}, {}", first + 1, first + 2);
    let read = format!(
        "SELECT i.id, p.part_no FROM items i JOIN parts p ON p.part_no = {} - i.id + 5 \
        WHERE i.id IN ({ids}) AND p.item_id IN ({ids}) ORDER BY 1",
        first
    );
    let write = [
        format!("UPDATE items SET note = 'x' WHERE id IN ({ids})"),
        format!("UPDATE parts SET label = 'x' WHERE item_id IN ({ids})"),
    ];
    for (clause, locked) in [
        ("FOR UPDATE", [true, true]),
        ("FOR UPDATE OF i", [true, false]),
        ("FOR SHARE OF p", [false, true]),
        ("FOR UPDATE OF p SKIP LOCKED FOR SHARE OF i NOWAIT", [true, true]),
    ] {
        client.run("BEGIN");
        assert_eq!(client.rows(&format!("{read} {clause}")).len(), 3, "{clause}");
        for (write, locked) in write.iter().zip(locked) {
            let code = other.one(write).error().map(|error| error.code);
            assert_eq!(code, locked.then_some(1205), "{clause}: {write}");
        }
        client.run("ROLLBACK");
    }
}

#[test]
fn a_transaction_goes_on_after_kill_query_in_the_middle_of_a_read() {
    let _turn = turn();
    let first = fill();
    let mut holder = stage().connect();
    let mut client = stage().connect();
    let id = client.value("SELECT CONNECTION_ID()");
    let ids = format!("{}, {}, {}, {}", first, first + 1, first + 2, first + 3);
    let mine = format!("id IN ({}, {}, {})", first + 100, first + 101, first + 103);
    for held in [first, first + 1, first + 3] {
        holder.run("BEGIN");
        holder.run(&format!("UPDATE items SET note = 'held' WHERE id = {held}"));
        for (way, read) in reads(&ids) {
            client.run("BEGIN");
            client.run(&format!("UPDATE items SET note = '{held} {way}' WHERE {mine}"));
            let read = locking(&read, "FOR UPDATE");
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(Duration::from_millis(300));
                    stage().connect().run(&format!("KILL QUERY {id}"));
                });
                assert_eq!(within(SOON, way, || client.error(&read)).code, 1317, "{way}");
            });
            let changed = format!("SELECT COUNT(*) FROM items WHERE {mine} AND note = '{held} {way}'");
            assert_eq!(client.value(&changed), "3", "{way}");
            client.run("COMMIT");
            assert_eq!(stage().connect().value(&changed), "3", "{way}");
        }
        holder.run("ROLLBACK");
    }
}

#[test]
fn a_deadlock_in_a_read_of_several_shards_rolls_back_all_of_them() {
    let _turn = turn();
    let first = fill();
    let mut holder = stage().connect();
    let mut client = stage().connect();
    let here = format!("id = {}", first + 2);
    // What is gathered locks more rows, and so may not be the one that is rolled back.
    let reads = reads(&format!("{}, {}", first + 1, first + 2));
    for (way, read) in reads.iter().filter(|(way, _)| !way.starts_with("gather")) {
        let note = |client: &mut Client, place: &str| {
            client.run(&format!("UPDATE items SET note = '{way}' WHERE {place}"));
        };
        holder.run("BEGIN");
        // The one that changed more rows is not chosen to be rolled back.
        let many = format!("id BETWEEN {} AND {} AND id % 4 = {}", first + 200, first + 900, first % 4 + 2);
        note(&mut holder, &many);
        note(&mut holder, &here);
        client.run("BEGIN");
        note(&mut client, &format!("id = {}", first + 101));
        note(&mut client, &format!("id = {}", first + 102));
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(300));
                holder.one(format!("UPDATE items SET note = 'dead' WHERE id = {}", first + 102)).error().cloned()
            });
            let read = locking(read, "FOR UPDATE");
            let code = within(SOON, way, || client.error(&read)).code;
            assert_eq!((code, waits.join().unwrap()), (1213, None), "{way}");
        });
        let mine =
            format!("SELECT COUNT(*) FROM items WHERE id IN ({}, {}) AND note = '{way}'", first + 101, first + 102);
        assert_eq!(client.value(&mine), "0", "{way}");
        client.run("COMMIT");
        holder.run("ROLLBACK");
        assert_eq!(holder.value(&mine), "0", "{way}");
    }
}

#[test]
fn a_read_of_several_shards_in_a_transaction_sees_its_own_writes_and_its_snapshot() {
    let _turn = turn();
    let first = fill();
    let (mut client, mut other) = (stage().connect(), stage().connect());
    let range = format!("id BETWEEN {first} AND {}", first + 7);
    let read = format!("SELECT SUM(amount) OVER (), COUNT(*) OVER () FROM items WHERE {range} LIMIT 1");
    client.run("BEGIN");
    let before = client.rows(&read);
    other.run(&format!("UPDATE items SET amount = amount + 1000 WHERE {range}"));
    other.run(&format!("DELETE FROM items WHERE id = {}", first + 7));
    assert_eq!(client.rows(&read), before);
    client.run(&format!("UPDATE items SET amount = -1 WHERE id = {first}"));
    let own = client.rows(&format!("SELECT amount, COUNT(*) OVER () FROM items WHERE {range} ORDER BY amount LIMIT 1"));
    assert_eq!(own, [["-1", "8"]]);
    client.run("COMMIT");
    assert_ne!(client.rows(&read), before);
}

#[test]
fn connections_and_temporary_tables_go_when_a_read_is_killed_or_its_client_leaves() {
    let _turn = turn();
    let first = fill();
    let endless = format!(
        "SELECT COUNT(*) FROM items a, items b, items c, items d, items e \
        WHERE a.id >= {first} AND b.amount <> e.amount + d.id AND c.note <=> d.note"
    );
    let left = |set: usize| {
        let busy =
            "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'shardgate' AND command <> 'Sleep'";
        // A server may list the transaction of a connection for seconds after the connection has ended (MariaDB 10.11).
        let open = "SELECT COUNT(*) FROM information_schema.innodb_trx \
            JOIN information_schema.processlist ON id = trx_mysql_thread_id";
        let mut root = world().root(set);
        (root.value(busy), root.value(open))
    };
    for leaves in [false, true] {
        let mut client = stage().connect();
        let id = client.value("SELECT CONNECTION_ID()");
        client.command(COM_QUERY, endless.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(700));
        if leaves {
            drop(client);
        } else {
            stage().connect().run(&format!("KILL {id}"));
        }
        for set in [0, 1] {
            wait_until("nothing runs and nothing is open", SOON, || left(set) == ("0".to_owned(), "0".to_owned()));
        }
    }
    stage().assert_sound();
}

/// Half of a commit would be seen if a shard's locks could go before another shard has answered: such a read fails, or runs again.
#[test]
fn a_read_whose_locks_on_a_shard_are_lost_before_another_has_answered_sees_no_half_of_a_commit() {
    let _turn = turn();
    let first = fill();
    let (near, far) = (first, first + 3);
    let both = format!("items FORCE INDEX (PRIMARY) WHERE id IN ({near}, {far})");
    let reads = [
        format!("SELECT amount FROM {both} FOR UPDATE"),
        format!("SELECT amount FROM {both} ORDER BY id FOR UPDATE"),
        format!("SELECT SUM(amount) FROM {both} FOR UPDATE"),
        format!("SELECT amount, ROW_NUMBER() OVER (ORDER BY id) * 0 FROM {both} FOR UPDATE"),
    ];
    for read in reads {
        let mut writer = stage().connect();
        writer.run(&format!("UPDATE items SET amount = 100 WHERE id IN ({near}, {far})"));
        writer.run("BEGIN");
        writer.run(&format!("UPDATE items SET amount = amount - 50 WHERE id = {far}"));
        let (mut reader, sql) = (stage().connect(), read.clone());
        let reading = std::thread::spawn(move || reader.query(&sql));
        let holding = "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_rows_locked > 0";
        let waiting = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
        let holders = || {
            // Servers look again only if nobody has asked for 0.1 s.
            std::thread::sleep(Duration::from_millis(200));
            world().root(0).rows(holding)
        };
        wait_until("one shard has answered and another waits", SOON, || {
            !holders().is_empty() && world().root(1).value(waiting) == "1"
        });
        for row in holders() {
            world().root(0).run(&format!("KILL {}", row[0]));
        }
        writer.run(&format!("UPDATE items SET amount = amount + 50 WHERE id = {near}"));
        writer.run("COMMIT");
        let answer = within(SOON, &read, || reading.join().unwrap()).unwrap().pop().unwrap();
        if let Answer::Rows { .. } = answer {
            let amounts = answer.text().into_iter().flatten().map(|amount| amount.parse::<i64>().unwrap());
            assert_eq!(amounts.sum::<i64>(), 200, "{read}");
        }
    }
    stage().assert_sound();
}
