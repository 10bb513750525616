//! Reads outside transactions go to replicas by weight, writes to whichever server is writable; servers that are down,
//! stopped or late leave the pool of readers and come back by themselves.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use shardgate::playground::{ReplicaSet, Server};

use harness::client::{Client, Param};
use harness::fake_backend::{FakeBackend, Fault};
use harness::stage::{Setup, Stage, World, administrator};
use harness::talk::{wait_until, within};

/// For what must not hang, and for what the monitor must notice; nothing is expected to take that long.
const SOON: Duration = Duration::from_secs(15);

/// A replica set for each group of tests, since they change its servers.
fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[2, 1, 0], &[("split", [0; 4]), ("moving", [1; 4]), ("alone", [2; 4])]))
}

fn set(index: usize) -> &'static ReplicaSet {
    &world().cluster.replica_sets[index]
}

/// A monitor that looks often, so that tests need not wait.
fn setup(rules: &str) -> Setup {
    Setup {
        rules: rules.to_owned(),
        replica_set: "max_replica_lag = \"2s\"\nconnect_timeout = \"1s\"".to_owned(),
        more: "[monitor]\ninterval = \"100ms\"\ntimeout = \"500ms\"\n\n[[users]]\nname = \"straight\"\npassword = \
               \"secret\"\nread_write_splitting = false"
            .to_owned(),
        weights: vec![3, 1],
        ..Default::default()
    }
}

const SPLIT: &str = "read_write_splitting = true";

/// The server that answers is known by its port.
const WHERE: &str = "SELECT @@port FROM colours WHERE code = 1";

fn port_of(server: &Server) -> String {
    server.port().to_string()
}

/// How many of `count` reads each server answered.
fn readers(client: &mut Client, count: usize) -> BTreeMap<String, usize> {
    let mut readers = BTreeMap::new();
    (0..count).for_each(|_| *readers.entry(client.value(WHERE)).or_default() += 1);
    readers
}

/// Waits until exactly these servers answer reads.
fn wait_for_readers(client: &mut Client, servers: &[&Server]) {
    let mut wanted: Vec<String> = servers.iter().map(|server| port_of(server)).collect();
    wanted.sort();
    let mut seen = readers(client, 40);
    let begun = Instant::now();
    while seen.keys().ne(&wanted) {
        assert!(begun.elapsed() < SOON, "reads go to {seen:?}, not to {wanted:?}");
        std::thread::sleep(Duration::from_millis(50));
        seen = readers(client, 40);
    }
}

fn connect_splitting(stage: &Stage) -> Client {
    let mut client = stage.connect();
    let set = set(0);
    wait_for_readers(&mut client, &[&set.replicas[0], &set.replicas[1]]);
    client
}

/// The tests that change the first set's replicas take turns.
fn first_set() -> std::sync::MutexGuard<'static, ()> {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[test]
fn reads_go_to_replicas_by_weight_and_everything_else_to_the_primary() {
    let _turn = first_set();
    let stage = world().stage_of("split", setup(SPLIT));
    let mut client = connect_splitting(&stage);
    let primary = port_of(&set(0).primary);
    let counts = readers(&mut client, 400);
    let heavy = counts[&port_of(&set(0).replicas[0])];
    assert!((240..=360).contains(&heavy), "three of four should be there: {counts:?}");

    let on_primary = [
        "SELECT @@port FROM colours WHERE code = 1 FOR UPDATE",
        "SELECT @@port FROM colours WHERE code = 1 LOCK IN SHARE MODE",
        "/*shardgate: primary */ SELECT @@port FROM colours WHERE code = 1",
        "SELECT /*shardgate: primary */ @@port FROM colours WHERE code = 1",
        "SELECT @@port FROM colours WHERE code = 1 /*shardgate: primary */",
    ];
    for sql in on_primary {
        for _ in 0..10 {
            assert_eq!(client.value(sql), primary, "{sql}");
        }
    }
    // In transactions, however they begin.
    for begin in ["BEGIN", "SET autocommit = 0"] {
        client.run(begin);
        for _ in 0..10 {
            assert_eq!(client.value(WHERE), primary, "{begin}");
        }
        client.run("COMMIT");
        client.run("SET autocommit = 1");
    }
    assert!(!readers(&mut client, 40).contains_key(&primary), "afterwards reads go to replicas again");
    // What only the primary's connection knows.
    client.run("CREATE TEMPORARY TABLE scratch (a INT)");
    assert_eq!(client.value("SELECT COUNT(*) FROM scratch"), "0");
    client.run("DROP TEMPORARY TABLE scratch");
    // Writes.
    let id = world().ids();
    for key in id..id + 8 {
        client.run(&format!("INSERT INTO items (id) VALUES ({key})"));
        client.run(&format!("UPDATE items SET note = 'written' WHERE id = {key}"));
        let read = format!("/*shardgate: primary */ SELECT note FROM items WHERE id = {key}");
        assert_eq!(client.value(&read), "written");
    }
    // Prepared.
    let statement = client.prepare(WHERE.as_bytes()).unwrap().unwrap();
    let port: u64 = primary.parse().unwrap();
    for _ in 0..20 {
        let answer = client.execute(&statement, &[]).unwrap().remove(0);
        let harness::answer::Answer::Rows { rows, .. } = answer else { panic!("{answer:?}") };
        let bytes = rows[0][0].clone().unwrap();
        assert_ne!(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)), port);
    }
    let statement = client.prepare(b"SELECT note FROM items WHERE id = ? FOR UPDATE").unwrap().unwrap();
    let answer = client.execute(&statement, &[Param::Int(id)]).unwrap().remove(0);
    assert_eq!(answer.text(), [["written"]]);
    stage.assert_sound();
}

#[test]
fn users_and_hints_choose_the_side() {
    let _turn = first_set();
    let primary = port_of(&set(0).primary);
    // Off in the database: replicas answer only whom asks for them.
    let stage = world().stage_of("split", setup(""));
    let mut client = stage.connect();
    assert_eq!(readers(&mut client, 20).into_keys().collect::<Vec<_>>(), std::slice::from_ref(&primary));
    let hinted = format!("/*shardgate: replica */ {WHERE}");
    wait_until("a replica is known", SOON, || client.value(&hinted) != primary);
    for _ in 0..20 {
        assert_ne!(client.value(&hinted), primary);
    }
    // On in the database, off for a user.
    let stage = world().stage_of("split", setup(SPLIT));
    connect_splitting(&stage);
    let mut login = stage.login();
    login.user = "straight".to_owned();
    let mut straight = stage.try_connect(&login).unwrap();
    assert_eq!(readers(&mut straight, 20).into_keys().collect::<Vec<_>>(), [primary]);
    stage.assert_sound();
}

#[test]
fn session_state_follows_to_replicas() {
    let _turn = first_set();
    let stage = world().stage_of("split", setup(SPLIT));
    let (mut one, mut two) = (connect_splitting(&stage), connect_splitting(&stage));
    one.run("SET time_zone = '+03:00'");
    one.run("SET @mine = 5");
    for _ in 0..20 {
        assert_eq!(one.rows("SELECT @@time_zone, @mine FROM colours LIMIT 1"), [["+03:00", "5"]]);
        assert_eq!(two.rows("SELECT @@time_zone, @mine FROM colours LIMIT 1"), [["SYSTEM", "NULL"]]);
    }
    stage.assert_sound();
}

#[test]
fn a_replica_that_dies_leaves_and_comes_back() {
    let _turn = first_set();
    let slow = setup(SPLIT).more.replace("interval = \"100ms\"", "interval = \"1s\"");
    let stage = world().stage_of("split", Setup { more: slow, ..setup(SPLIT) });
    let mut client = connect_splitting(&stage);
    let [heavy, light] = &set(0).replicas[..] else { panic!() };
    // Connections to both wait in the pools, and some statements are prepared there.
    let statement = client.prepare(WHERE.as_bytes()).unwrap().unwrap();
    let of_several = "SELECT COUNT(*), MIN(amount) FROM items WHERE id < 0";
    let read_everything = |client: &mut Client| {
        for _ in 0..20 {
            assert!(client.one(WHERE).error().is_none());
            assert!(client.execute(&statement, &[]).unwrap()[0].error().is_none());
            assert_eq!(client.rows(of_several)[0][0], "0");
            assert!(client.one(format!("{WHERE} ORDER BY 1 LIMIT 2")).error().is_none());
        }
    };
    read_everything(&mut client);
    heavy.kill9();
    // Between its end and the moment at which the monitor sees it, the others answer what it was asked.
    read_everything(&mut client);
    wait_for_readers(&mut client, &[light]);
    light.kill9();
    read_everything(&mut client);
    wait_for_readers(&mut client, &[&set(0).primary]);
    world().block_on(heavy.start()).unwrap();
    wait_for_readers(&mut client, &[heavy]);
    world().block_on(light.start()).unwrap();
    wait_for_readers(&mut client, &[heavy, light]);
    stage.assert_sound();
}

/// What a client has begun to read is not read again from another server: after 256 packets the next has the number that
/// the first one had.
#[test]
fn an_answer_that_breaks_off_on_a_replica_is_an_error_after_any_number_of_rows() {
    let _turn = first_set();
    let [heavy, light] = &set(0).replicas[..] else { panic!() };
    let fakes = [heavy, light].map(|replica| FakeBackend::start(replica.port()));
    let replicas = fakes.iter().enumerate().map(|(number, fake)| ((0, number), fake.address())).collect();
    let stage = world().stage_of("split", Setup { replicas, ..setup(SPLIT) });
    let mut client = connect_splitting(&stage);
    for rows in 245..260 {
        let many = "colours a, colours b, colours c, colours d, colours e, colours f";
        let sql = format!("SELECT a.code, '{}' FROM {many} LIMIT {rows}", Fault::NoEnd.word());
        let error = within(SOON, "an answer that breaks off", || client.one(&sql).error().map(|error| error.code));
        assert_eq!(error, Some(1158), "{rows} rows");
        wait_for_readers(&mut client, &[heavy, light]);
    }
    stage.assert_sound();
}

#[test]
fn a_replica_that_stops_answering_leaves_and_comes_back() {
    let _turn = first_set();
    let stage = world().stage_of("split", setup(SPLIT));
    let mut client = connect_splitting(&stage);
    let [heavy, light] = &set(0).replicas[..] else { panic!() };
    heavy.pause().unwrap();
    for _ in 0..40 {
        within(SOON, "a read", || client.one(WHERE));
    }
    wait_for_readers(&mut client, &[light]);
    heavy.resume().unwrap();
    wait_for_readers(&mut client, &[heavy, light]);
    stage.assert_sound();
}

#[test]
fn a_replica_whose_replication_stops_or_lags_leaves_and_comes_back() {
    let _turn = first_set();
    let stage = world().stage_of("split", setup(SPLIT));
    let mut client = connect_splitting(&stage);
    let [heavy, light] = &set(0).replicas[..] else { panic!() };
    let mut root = administrator(&heavy.socket());
    let delay = match root.value("SELECT VERSION()").contains("MariaDB") {
        true => "CHANGE MASTER TO MASTER_DELAY",
        false => "CHANGE REPLICATION SOURCE TO SOURCE_DELAY",
    };
    for (stop, start) in [
        ("STOP REPLICA SQL_THREAD", "START REPLICA SQL_THREAD"),
        ("STOP REPLICA", "START REPLICA"),
        (&format!("STOP REPLICA; {delay} = 600; START REPLICA"), &format!("STOP REPLICA; {delay} = 0; START REPLICA")),
    ] {
        root.run(stop);
        // Lag shows only when there is something to apply.
        client.run(&format!("INSERT INTO items (id) VALUES ({})", world().ids()));
        wait_for_readers(&mut client, &[light]);
        root.run(start);
        wait_for_readers(&mut client, &[heavy, light]);
    }
    stage.assert_sound();
}

#[test]
fn replicas_are_read_while_their_primary_is_down() {
    let _turn = first_set();
    let stage = world().stage_of("split", setup(SPLIT));
    let mut client = connect_splitting(&stage);
    let [heavy, light] = &set(0).replicas[..] else { panic!() };
    let id = world().ids();
    client.run(&format!("INSERT INTO items (id, note) VALUES ({id}, 'there')"));
    world().block_on(set(0).wait_for_replicas()).unwrap();
    set(0).primary.kill9();
    let write = format!("UPDATE items SET amount = 1 WHERE id = {id}");
    // Beyond max_replica_lag: what nobody writes, replicas cannot lack.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) {
        assert_eq!(client.value(&format!("SELECT note FROM items WHERE id = {id}")), "there");
        assert_eq!(client.value(&format!("SELECT COUNT(*) FROM items WHERE id = {id} OR note = 'nowhere'")), "1");
        assert!([1429, 1158].contains(&client.error(&write).code));
    }
    wait_for_readers(&mut client, &[heavy, light]);
    world().block_on(set(0).primary.start()).unwrap();
    wait_until("writes go on", SOON, || client.one(&write).error().is_none());
    wait_for_readers(&mut client, &[heavy, light]);
    stage.assert_sound();
}

#[test]
fn a_switchover_by_hand_is_followed() {
    let stage = world().stage_of("moving", setup(""));
    let mut client = stage.connect();
    let (old, new) = (&set(1).primary, &set(1).replicas[0]);
    let (mut old_root, mut new_root) = (administrator(&old.socket()), administrator(&new.socket()));
    let id = world().ids();
    client.run(&format!("INSERT INTO items (id, note) VALUES ({id}, 'before')"));
    assert_eq!(client.value(WHERE), port_of(old));
    // Nobody is writable for a moment: writes get an error in time, and none gets lost.
    old_root.run("SET GLOBAL read_only = 1");
    let write = |key: i64| format!("INSERT INTO items (id, note) VALUES ({key}, 'between')");
    let answer = within(SOON, "a write while nobody is writable", || client.one(write(id + 1)));
    let error = answer.error().unwrap_or_else(|| panic!("{answer:?}"));
    assert!([1290, 1836, 1429].contains(&error.code), "{error:?}");
    world().block_on(set(1).wait_for_replicas()).unwrap();
    new_root.run("STOP REPLICA; RESET REPLICA ALL; SET GLOBAL read_only = 0");
    wait_until("writes go to the new primary", SOON, || client.one(write(id + 2)).error().is_none());
    for key in id + 3..id + 20 {
        client.run(&write(key));
        assert_eq!(client.value(&format!("SELECT note FROM items WHERE id = {key}")), "between");
    }
    assert_eq!(client.value(WHERE), port_of(new));
    let count = |root: &mut Client| -> i64 {
        let sql = (0..4)
            .map(|shard| format!("(SELECT COUNT(*) FROM moving_{shard}.items WHERE id BETWEEN {id} AND {})", id + 19));
        root.value(&format!("SELECT {}", sql.collect::<Vec<_>>().join(" + "))).parse().unwrap()
    };
    assert_eq!((count(&mut old_root), count(&mut new_root)), (1, 19), "nothing was written to the old one any more");
    // A transaction that is open when the servers change does not go on elsewhere.
    let mut fresh = stage.connect();
    fresh.run("BEGIN");
    fresh.run(&write(id + 30));
    fresh.run("COMMIT");
    assert_eq!(fresh.value(WHERE), port_of(new));
    stage.assert_sound();
}

#[test]
fn a_primary_that_is_down_gives_errors_in_time_and_is_used_again() {
    let stage = world().stage_of("alone", setup(SPLIT));
    let mut client = stage.connect();
    let id = world().ids();
    let server = &set(2).primary;
    client.run(&format!("INSERT INTO items (id, note) VALUES ({id}, 'there')"));
    for _ in 0..2 {
        server.kill9();
        for _ in 0..3 {
            for sql in [
                WHERE.to_owned(),
                format!("UPDATE items SET amount = 1 WHERE id = {id}"),
                "BEGIN; DELETE FROM items WHERE id = 0".into(),
            ] {
                let answers = within(SOON, &sql, || client.query(&sql).unwrap());
                let error = answers.last().unwrap().error().unwrap_or_else(|| panic!("{sql}: {answers:?}"));
                assert!([1429, 1158].contains(&error.code), "{sql}: {error:?}");
                client.run("ROLLBACK");
            }
        }
        let error = client.error(WHERE);
        assert_eq!((error.code, error.sqlstate.as_str()), (1429, "HY000"), "known to be down: {error:?}");
        world().block_on(server.start()).unwrap();
        wait_until("it is used again", SOON, || client.one(WHERE).error().is_none());
        assert_eq!(client.value(&format!("SELECT note FROM items WHERE id = {id}")), "there");
    }
    stage.assert_sound();
}
