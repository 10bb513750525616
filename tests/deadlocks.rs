//! Transactions that wait for each other on several servers, which none of these can see: one of them is rolled back, soon
//! and whole, and the others go on. Nobody who merely waits is disturbed.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use harness::client::Client;
use harness::stage::{Setup, Stage, World};
use harness::talk::within;

/// Of the servers. MySQL shows lock waits in performance_schema only.
const OPTIONS: [&str; 2] = ["--innodb-lock-wait-timeout=50", "--performance-schema=ON"];

/// Long before the lock wait time-out.
const SOON: Duration = Duration::from_secs(20);

const DEADLOCK: u16 = 1213;
/// A status flag.
const IN_TRANSACTION: u16 = 1;

fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start_with(&OPTIONS, &[0, 0], &[("shop", [0, 0, 1, 1])]))
}

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let more = "[transactions]\ndeadlock_after = \"500ms\"".to_owned();
        world().stage(Setup { more, ..Setup::default() })
    })
}

/// Tests here take turns: InnoDB locks what a statement looks at, and that can be another test's rows.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Rows on the shards 0 to 3; the first two are on one server, the others on another.
fn rows() -> [i64; 4] {
    let first = world().ids();
    let ids = [first, first + 1, first + 2, first + 3];
    stage().connect().run(&format!("INSERT INTO items (id) VALUES {}", ids.map(|id| format!("({id})")).join(", ")));
    ids
}

fn count_up(id: i64) -> String {
    format!("UPDATE items SET amount = amount + 1 WHERE id = {id}")
}

fn amounts(ids: &[i64]) -> Vec<String> {
    let ids = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    let rows = stage().connect().rows(&format!("SELECT amount FROM items WHERE id IN ({ids}) ORDER BY id"));
    rows.into_iter().map(|mut row| row.remove(0)).collect()
}

/// Runs each session's statement at the same time as the others', and what it does then: the error that the statement got,
/// if any.
fn all_at_once(sessions: &mut [(Client, String)], then: &str) -> Vec<Option<u16>> {
    within(SOON, "statements that wait for each other", || {
        std::thread::scope(|scope| {
            let run = |(client, sql): &mut (Client, String)| {
                let error = client.one(sql.as_str()).error().map(|error| error.code);
                client.run(then);
                error
            };
            let running: Vec<_> = sessions.iter_mut().map(|session| scope.spawn(move || run(session))).collect();
            running.into_iter().map(|one| one.join().unwrap()).collect()
        })
    })
}

fn begun(statement: &str) -> Client {
    let mut client = stage().connect();
    client.run("BEGIN");
    client.run(statement);
    client
}

#[test]
fn transactions_behind_a_statement_that_commits_by_itself_are_seen() {
    let _turn = turn();
    let [a, _, c, _] = rows();
    let session = |id: i64| {
        let mut client = stage().connect();
        client.run("SET autocommit = 0");
        client.run("ANALYZE TABLE items");
        client.run(&count_up(id));
        client
    };
    let mut sessions = [(session(a), count_up(c)), (session(c), count_up(a))];
    let mut errors = all_at_once(&mut sessions, "COMMIT");
    errors.sort_unstable();
    assert_eq!(errors, [None, Some(DEADLOCK)]);
    assert_eq!(amounts(&[a, c]), ["1", "1"]);
}

#[test]
fn of_two_transactions_the_younger_is_rolled_back_and_the_other_goes_on() {
    let _turn = turn();
    let [a, b, c, d] = rows();
    for (first, second) in [(a, c), (b, d)] {
        let older = begun(&count_up(first));
        std::thread::sleep(Duration::from_millis(300));
        let mut younger = begun(&count_up(second));
        younger.run("SAVEPOINT s");
        let mut sessions = [(older, count_up(second)), (younger, count_up(first))];
        assert_eq!(all_at_once(&mut sessions, "DO 0"), [None, Some(DEADLOCK)]);
        let [(mut older, _), (mut younger, _)] = sessions;
        // All of it is gone, as after a deadlock within a server, and the session is as good as new.
        assert_eq!(younger.error("ROLLBACK TO SAVEPOINT s").code, 1305);
        assert_eq!(younger.run("DO 0").status & IN_TRANSACTION, 0);
        younger.run("COMMIT");
        older.run("COMMIT");
        assert_eq!(amounts(&[first, second]), ["1", "1"]);
        younger.run("BEGIN");
        younger.run(&count_up(first));
        younger.run(&count_up(second));
        younger.run("COMMIT");
        assert_eq!(amounts(&[first, second]), ["2", "2"]);
    }
}

#[test]
fn a_circle_of_three_is_found_in_every_kind_of_statement() {
    let _turn = turn();
    let [a, b, c, d] = rows();
    // Not there, but on another shard than `c`: no two statements here may want the same two rows in two orders.
    let beside = c + 401;
    // What each of three holds, and what it asks for then; the last to begin is the youngest.
    let cases: [[(String, String); 3]; 3] = [
        [(count_up(a), count_up(c)), (count_up(c), count_up(d)), (count_up(d), count_up(a))],
        [
            (count_up(a), format!("SELECT id FROM items WHERE id = {c} FOR UPDATE")),
            (count_up(c), format!("SELECT COUNT(*) FROM items WHERE id IN ({b}, {d}) FOR UPDATE")),
            (count_up(b), format!("DELETE FROM items WHERE id IN ({a}, {d})")),
        ],
        [
            (
                count_up(b),
                format!("SELECT id, ROW_NUMBER() OVER (ORDER BY id) FROM items WHERE id IN ({c}, {beside}) FOR UPDATE"),
            ),
            (count_up(c), format!("UPDATE items SET amount = amount + 1 WHERE id IN ({a}, {d})")),
            (count_up(d), format!("UPDATE items SET amount = amount + 1 WHERE id IN ({a}, {b}) ORDER BY id LIMIT 2")),
        ],
    ];
    for case in cases {
        let mut sessions = Vec::new();
        for (holds, wants) in case {
            sessions.push((begun(&holds), wants));
            std::thread::sleep(Duration::from_millis(250));
        }
        let asked: Vec<String> = sessions.iter().map(|(_, sql)| sql.clone()).collect();
        // Who is let through holds what it got, so the first may wait for the second until that commits.
        let errors = all_at_once(&mut sessions, "COMMIT");
        assert_eq!(errors, [None, None, Some(DEADLOCK)], "{asked:?}");
    }
}

/// The same without BEGIN: statements that are transactions by themselves lock on both servers in any order.
#[test]
fn statements_that_are_transactions_by_themselves_all_come_to_their_end() {
    const ROUNDS: usize = 40;
    const CLIENTS: usize = 4;
    let _turn = turn();
    let [a, b, c, d] = rows();
    stage().connect().run("REPLACE INTO colours VALUES (90, '0'), (91, '0')");
    let count = "UPDATE items SET amount = amount + 1 WHERE id IN";
    let insert = "INSERT INTO items (id, amount) VALUES";
    let paint = "UPDATE colours SET name = name + 1 WHERE code";
    let is_one = |id: &i64| format!("id = {id}");
    let all = [a, b, c, d].each_ref().map(is_one).join(" OR ");
    // Rows of several shards in different orders, reads that lock them all, a write that is staged, rows that are there already, one
    // row of all copies of a table.
    let ways = [
        [format!("{count} ({a}, {c})"), format!("{count} ({c}, {a})")],
        [format!("{count} ({b}, {c}, {d})"), format!("{count} ({a}, {c}, {d})")],
        [format!("{count} ({b}, {d})"), format!("SELECT SUM(amount) FROM items WHERE {all} FOR UPDATE")],
        [format!("{count} ({d}, {a})"), format!("SELECT id FROM items WHERE {all} FOR UPDATE")],
        [format!("{count} ({a}, {b}, {c}, {d}) ORDER BY id LIMIT 4"), format!("{count} ({a}, {b}, {c}, {d})")],
        [format!("{insert} ({a}, 1), ({c}, 1), ({d}, 1)"), format!("{insert} ({d}, 1), ({b}, 1), ({c}, 1)")]
            .map(|sql| sql + " ON DUPLICATE KEY UPDATE amount = amount + 1"),
        [format!("{paint} = 90"), format!("{paint} IN (90, 91)")],
    ];
    for way in &ways {
        let refused = within(4 * SOON, "writes that meet", || {
            std::thread::scope(|scope| {
                let running: Vec<_> = (0..CLIENTS)
                    .map(|number| {
                        scope.spawn(move || {
                            let mut client = stage().connect();
                            let sql = &way[number % 2];
                            let errors = (0..ROUNDS).filter_map(|_| client.one(sql).error().map(|error| error.code));
                            errors.collect::<Vec<_>>()
                        })
                    })
                    .collect();
                running.into_iter().flat_map(|one| one.join().unwrap()).collect::<Vec<_>>()
            })
        });
        assert_eq!(refused, [0; 0], "{way:?}");
    }
    let done = |times: usize| (times * CLIENTS / 2 * ROUNDS).to_string();
    assert_eq!(amounts(&[a, b, c, d]), [done(7), done(5), done(8), done(8)]);
    for set in [0, 1] {
        for schema in [2 * set, 2 * set + 1] {
            let counted = format!("SELECT name FROM shop_{schema}.colours WHERE code = 90");
            assert_eq!(world().root(set).value(&counted), done(2), "{schema}");
        }
    }
}

/// A circle may go through a transaction on one server, whose client another proxy may serve as well.
#[test]
fn a_circle_goes_through_transactions_of_others_too() {
    let _turn = turn();
    let [a, b, c, _] = rows();
    let older = begun(&count_up(c));
    std::thread::sleep(Duration::from_millis(250));
    let mut stranger = world().root(0);
    stranger.run("USE shop_1");
    stranger.run("BEGIN");
    stranger.run(&format!("UPDATE items SET amount = 7 WHERE id = {b}"));
    let mut younger = begun(&format!("UPDATE items SET note = 'mine' WHERE id IN ({a})"));
    younger.run(&format!("UPDATE items SET note = 'mine' WHERE id = {}", c + 1));
    // The stranger waits for the younger, who waits for the older, who waits for the stranger.
    let mut sessions = [
        (older, count_up(b)),
        (stranger, format!("UPDATE shop_0.items SET amount = 7 WHERE id = {a}")),
        (younger, count_up(c)),
    ];
    let errors = all_at_once(&mut sessions, "COMMIT");
    assert_eq!(errors, [None, None, Some(DEADLOCK)]);
}

#[test]
fn who_waits_for_a_lock_that_is_only_held_long_gets_it() {
    let _turn = turn();
    let [a, _, c, _] = rows();
    let mut holder = begun(&count_up(a));
    holder.run(&count_up(c));
    let waiting = |id: i64| {
        std::thread::spawn(move || {
            let mut client = begun(&count_up(id + 1));
            client.run(&count_up(id));
            client.run("COMMIT");
        })
    };
    let waiters = [waiting(a), waiting(c)];
    std::thread::sleep(Duration::from_secs(3));
    assert!(waiters.iter().all(|one| !one.is_finished()));
    holder.run("COMMIT");
    waiters.into_iter().for_each(|one| one.join().unwrap());
    assert_eq!(amounts(&[a, c]), ["2", "2"]);
}

/// A key of one shard's row leads to a row that the same transaction has written by another shard's connection.
#[test]
fn a_transaction_that_waits_for_itself_ends_soon() {
    let _turn = turn();
    let [a, b, ..] = rows();
    let mut root = world().root(0);
    root.run("CREATE TABLE shop_1.kids (id BIGINT PRIMARY KEY, item BIGINT, FOREIGN KEY (item) REFERENCES shop_0.items (id))");
    root.run("CREATE TABLE shop_0.kids LIKE shop_1.kids");
    let more = "[transactions]\ndeadlock_after = \"500ms\"".to_owned();
    let tables = "\n[[tables]]\nname = \"kids\"\nshard_key = \"id\"\nfunction = { kind = \"mod\" }\n\
                  shards = [\"s0\", \"s1\"]\n";
    let stage = world().stage(Setup { more, tables: tables.to_owned(), ..Setup::default() });
    let mut client = stage.connect();
    client.run("BEGIN");
    client.run(&count_up(a));
    let mut waiting = [(client, format!("INSERT INTO kids VALUES ({b}, {a})"))];
    assert_eq!(all_at_once(&mut waiting, "COMMIT"), [Some(DEADLOCK)]);
    assert_eq!(amounts(&[a]), ["0"]);
    root.run("DROP TABLE shop_0.kids, shop_1.kids");
}

/// What a run that was taken back has made of user variables is taken back as well.
#[test]
fn a_staged_write_that_runs_again_begins_afresh() {
    let _turn = turn();
    let first = world().ids() / 4 * 4;
    let mut client = stage().connect();
    client.run("INSERT INTO settings (id, name) VALUES (801, 'a'), (802, 'b'), (803, 'c')");
    client.run("SET @n = 0");
    // It has locked more, so that the other is the victim.
    let mut holder = world().root(0);
    let rows: Vec<String> = (0..60).map(|row| format!("({})", first + 4 + row * 4)).collect();
    holder.run("SET SESSION innodb_lock_wait_timeout = 20");
    holder.run("BEGIN");
    holder.run(&format!("INSERT INTO shop_0.items (id) VALUES {}", rows.join(", ")));
    let staged = format!(
        "INSERT INTO items (id, amount) SELECT {first} + (id - 801) * 4, @n := @n + 1 FROM settings WHERE id BETWEEN 801 AND 803"
    );
    client.command(0x03, staged.as_bytes()).unwrap();
    harness::talk::wait_until("it waits for a row", SOON, || {
        world().root(0).value("SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'") != "0"
    });
    within(SOON, "the deadlock", || holder.run("UPDATE shop_0.settings SET value = 'x' WHERE id BETWEEN 801 AND 803"));
    holder.run("ROLLBACK");
    let answer = within(SOON, "the write", || client.answers(false).unwrap().remove(0));
    assert!(answer.error().is_none(), "{answer:?}");
    assert_eq!(client.value("SELECT @n"), "3");
    assert_eq!(amounts(&[first, first + 4, first + 8]), ["1", "2", "3"]);
    client.run("DELETE FROM settings WHERE id BETWEEN 801 AND 803");
}
