//! With `atomic_visibility`, what is committed on several shards at once is seen on all of them or on none: by every kind of
//! statement that reads several, and by snapshots.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use harness::answer::Answer;
use harness::client::{Client, Param};
use harness::stage::{Setup, Stage, World};

/// Reads of each form.
const ROUNDS: usize = 60;

fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]))
}

fn stage() -> Stage {
    let more = "[transactions]\natomic_visibility = true".to_owned();
    world().stage(Setup { more, ..Setup::default() })
}

/// Rows with the same amount, on two shards of different servers, and a client that counts them up together.
fn while_two_rows_are_counted_up(stage: &Stage, read: impl FnOnce(i64, i64)) {
    let first = world().ids();
    let second = first + 2;
    stage.connect().run(&format!("INSERT INTO items (id, amount) VALUES ({first}, 0), ({second}, 0)"));
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let done = &is_done;
        scope.spawn(move || {
            let mut client = stage.connect();
            while !done.load(Ordering::Relaxed) {
                client.run(&format!("UPDATE items SET amount = amount + 1 WHERE id IN ({first}, {second})"));
                client.run("BEGIN");
                for id in [first, second] {
                    client.run(&format!("UPDATE items SET amount = amount + 1 WHERE id = {id}"));
                }
                client.run("COMMIT");
            }
        });
        let stops = Stop(&is_done);
        read(first, second);
        drop(stops);
    });
}

/// The writers end when the reader does, however it does.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Statements whose rows are the two amounts.
fn reads(first: i64, second: i64) -> [(&'static str, String); 5] {
    let ids = format!("id IN ({first}, {second})");
    [
        ("scatter", format!("SELECT amount FROM items WHERE {ids}")),
        ("merge", format!("SELECT amount FROM items WHERE {ids} ORDER BY id")),
        (
            "groups",
            format!("SELECT MAX(amount) FROM items WHERE {ids} UNION ALL SELECT MIN(amount) FROM items WHERE {ids}"),
        ),
        (
            "gather",
            format!("SELECT amount FROM (SELECT amount, ROW_NUMBER() OVER (ORDER BY id) FROM items WHERE {ids}) t"),
        ),
        (
            "join",
            format!(
                "SELECT amount FROM items WHERE id = {first} UNION ALL \
                          SELECT (SELECT amount FROM items WHERE id = {second})"
            ),
        ),
    ]
}

fn is_whole(rows: &[Vec<String>]) -> bool {
    rows.len() == 2 && rows[0][0] == rows[1][0]
}

#[test]
fn a_statement_over_several_shards_sees_all_of_a_commit_or_nothing() {
    let stage = stage();
    while_two_rows_are_counted_up(&stage, |first, second| {
        let mut client = stage.connect();
        for isolation in ["REPEATABLE READ", "READ COMMITTED"] {
            client.run(&format!("SET SESSION TRANSACTION ISOLATION LEVEL {isolation}"));
            for (way, read) in reads(first, second) {
                for _ in 0..ROUNDS {
                    let rows = client.rows(&read);
                    assert!(is_whole(&rows), "{isolation}, {way}: {rows:?}");
                }
                // The client has no transaction.
                assert_eq!(client.run(&read).status & 1, 0, "{way}");
            }
        }
        prepared_reads(&mut client, first, second);
        assert_eq!(client.run("DO 0").status & 1, 0);
    });
    stage.assert_sound();
}

fn prepared_reads(client: &mut Client, first: i64, second: i64) {
    let sql = "SELECT amount FROM items WHERE id IN (?, ?) ORDER BY id";
    let statement = client.prepare(sql.as_bytes()).unwrap().unwrap();
    for _ in 0..ROUNDS {
        let answers = client.execute(&statement, &[Param::Int(first), Param::Int(second)]).unwrap();
        let Answer::Rows { rows, .. } = &answers[0] else { panic!("{answers:?}") };
        assert!(rows.len() == 2 && rows[0] == rows[1], "prepared: {rows:?}");
    }
}

#[test]
fn a_snapshot_shows_all_of_a_commit_or_nothing_and_goes_on_doing_so() {
    let stage = stage();
    while_two_rows_are_counted_up(&stage, |first, second| {
        let mut client = stage.connect();
        for begin in
            ["START TRANSACTION WITH CONSISTENT SNAPSHOT", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"]
        {
            for _ in 0..ROUNDS {
                client.run(begin);
                let amount =
                    |client: &mut Client, id| client.value(&format!("SELECT amount FROM items WHERE id = {id}"));
                let (one, other) = (amount(&mut client, second), amount(&mut client, first));
                assert_eq!(one, other, "{begin}");
                let rows = client.rows(&format!("SELECT amount FROM items WHERE id IN ({first}, {second})"));
                assert!(is_whole(&rows) && rows[0][0] == one, "{begin}: {rows:?}, before: {one}");
                client.run("COMMIT");
            }
        }
    });
    stage.assert_sound();
}
