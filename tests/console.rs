//! The operator's console: who gets in, what it shows of transactions, and which of them can be ended by hand.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::sync::OnceLock;
use std::time::Duration;

use harness::client::{Client, Login};
use harness::stage::{Setup, Stage, World};
use harness::talk::wait_until;
use shardgate::playground::ports;

/// "SGAT", the formatID of ShardGate's branches.
const FORMAT: u32 = 0x5347_4154;

fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[0, 0], &[("shop", [0, 1, 0, 1])]))
}

/// A ShardGate, and its console's port.
fn stage() -> (Stage, u16) {
    let port = ports::free_port().unwrap();
    let more = format!(
        "[transactions]\nrecovery_interval = \"200ms\"\n\n[console]\nlisten = \"127.0.0.1:{port}\"\n\n\
         [[console.users]]\nname = \"operator\"\npassword = \"secret\"\n"
    );
    (world().stage(Setup { more, ..Setup::default() }), port)
}

fn console(port: u16) -> Client {
    Client::connect(("127.0.0.1", port), &Login::new("operator", "secret")).unwrap()
}

/// Leaves a branch prepared, of a connection that is gone.
fn leave_prepared(set: usize, gtrid: &str, bqual: &str, format: u32, id: i64) {
    let xid = format!("'{gtrid}','{bqual}',{format}");
    let mut root = world().root(set);
    root.run(&format!("USE shop_{set}"));
    root.run(&format!("XA START {xid}; INSERT INTO items (id) VALUES ({id}); XA END {xid}; XA PREPARE {xid}"));
}

fn is_prepared(set: usize, gtrid: &str) -> bool {
    world().root(set).rows("XA RECOVER").iter().any(|row| row[3].starts_with(gtrid))
}

fn states_of(console: &mut Client, name: &str) -> Vec<String> {
    let rows = console.rows("SHOW TRANSACTIONS");
    rows.into_iter().filter(|row| row[0].starts_with(name)).map(|row| row[1].clone()).collect()
}

#[test]
fn only_operators_get_in_and_all_are_told_what_there_is() {
    let (stage, port) = stage();
    for login in [Login::new("operator", "wrong"), Login::new("app", "secret"), Login::new("", "")] {
        assert!(Client::connect(("127.0.0.1", port), &login).is_err(), "{login:?}");
    }
    let mut console = console(port);
    assert!(console.rows("HELP").iter().any(|row| row[0] == "SHOW TRANSACTIONS"));
    for list in ["SHOW HELP", "SHOW COMMANDS"] {
        assert_eq!(console.rows(list), console.rows("HELP"));
    }
    let error = console.error("SELECT 1");
    assert_eq!(error.code, 1064);
    assert!(error.message.contains("RECOVER TRANSACTIONS"), "{}", error.message);
    assert!(console.rows("SHOW METRICS").iter().any(|row| row[0] == "sessions"));
    stage.assert_sound();
}

#[test]
fn operators_see_and_end_sessions_of_all_users() {
    let (stage, port) = stage();
    let (mut console, mut client) = (console(port), stage.connect());
    let id = client.value("SELECT CONNECTION_ID()");
    let is_there = |console: &mut Client| console.rows("SHOW PROCESSLIST").into_iter().any(|row| row[0] == id);
    assert!(is_there(&mut console));
    assert_eq!(console.run(&format!("KILL QUERY {id}")).affected_rows, 1);
    assert_eq!(client.value("SELECT 1"), "1");
    console.run(&format!("KILL {id}"));
    wait_until("the session is gone", Duration::from_secs(5), || !is_there(&mut console));
    assert_eq!(console.error(format!("KILL {id}")).code, 1094);
}

#[test]
fn the_configuration_is_read_again_and_shown() {
    let (_stage, port) = stage();
    let mut console = console(port);
    assert!(console.rows("SHOW RULES").iter().any(|row| row[0] == "shop.items" && row[1].contains("shard_key")));
    assert!(console.rows("RELOAD CONFIG").iter().all(|row| row[3] != "applied"));
    assert!(console.error("ROLLBACK CONFIG").message.contains("not changed"));
}

#[test]
fn open_transactions_are_shown_with_their_shards() {
    let (stage, port) = stage();
    let mut console = console(port);
    let id = world().ids();
    let mut client = stage.connect();
    client.run(&format!("BEGIN; INSERT INTO items (id) VALUES ({id})"));
    client.run(&format!("INSERT INTO items (id) VALUES ({})", id + 1));
    let rows = console.rows("SHOW TRANSACTIONS");
    let open: Vec<_> = rows.iter().filter(|row| row[1] == "open").collect();
    assert_eq!(open.len(), 1, "{rows:?}");
    assert_eq!(open[0][5], "s0,s1");
    assert!(open[0][0].starts_with("shardgate."), "{open:?}");
    client.run("COMMIT");
    assert!(console.rows("SHOW TRANSACTIONS").iter().all(|row| row[1] != "open"));
    let committed = console.rows("SHOW METRICS").into_iter().find(|row| row[0] == "commits_two_phase").unwrap();
    assert_eq!(committed[1], "1");
}

#[test]
fn branches_in_doubt_are_ended_and_those_of_others_are_not() {
    let (_stage, port) = stage();
    let mut console = console(port);
    let id = world().ids();
    leave_prepared(0, "somebody", "", 1, id);
    let abandoned = "shardgate.00000001.00000002.a1";
    leave_prepared(1, abandoned, "0.7.rs0", FORMAT, id + 1);
    console.rows("RECOVER TRANSACTIONS");
    wait_until("the abandoned branch is rolled back", Duration::from_secs(10), || !is_prepared(1, abandoned));
    assert_eq!(states_of(&mut console, "somebody"), ["of others"]);
    assert!(is_prepared(0, "somebody"));
    assert!(console.error("ROLLBACK TRANSACTION 'somebody'").message.contains("no xid"));
    world().root(0).run("XA ROLLBACK 'somebody'");
}

#[test]
fn where_the_decider_cannot_be_asked_the_operator_decides() {
    let (_stage, port) = stage();
    let mut console = console(port);
    let id = world().ids();
    let [kept, dropped] = ["shardgate.00000001.00000002.b1", "shardgate.00000001.00000002.b2"];
    leave_prepared(0, kept, "0.7.rs9", FORMAT, id);
    leave_prepared(0, dropped, "0.7.rs9", FORMAT, id + 4);
    console.rows("RECOVER TRANSACTIONS");
    assert_eq!(states_of(&mut console, kept), ["in doubt, its ShardGate is gone"]);
    assert_eq!(console.run(&format!("COMMIT TRANSACTION '{kept}'")).affected_rows, 1);
    assert_eq!(console.run(&format!("ROLLBACK TRANSACTION '{dropped}'")).affected_rows, 1);
    assert!(!is_prepared(0, kept) && !is_prepared(0, dropped));
    let found = world().root(0).rows(&format!("SELECT id FROM shop_0.items WHERE id IN ({id}, {})", id + 4));
    assert_eq!(found, [[id.to_string()]]);
    let error = console.error(format!("COMMIT TRANSACTION '{kept}'"));
    assert!(error.message.contains("no server that answers has a prepared branch"), "{}", error.message);
}

#[test]
fn what_the_decider_says_is_not_overruled() {
    let (_stage, port) = stage();
    let mut console = console(port);
    let id = world().ids();
    // An owner that holds its lock is alive, so that nobody else ends its branch.
    let mut owners = [world().root(0), world().root(1)];
    for owner in &mut owners {
        assert_eq!(owner.value("SELECT GET_LOCK('shardgate.shardgate.00000001.00000003', 5)"), "1");
    }
    let [undecided, decided] = ["shardgate.00000001.00000003.c1", "shardgate.00000001.00000003.c2"];
    leave_prepared(1, undecided, "0.7.rs0", FORMAT, id + 1);
    leave_prepared(1, decided, "0.7.rs0", FORMAT, id + 5);
    owners[0].run(&format!(
        "INSERT INTO shardgate.txn_decision (gtrid, outcome, participants, connection) VALUES ('{decided}', 'commit', 'rs1', 7)"
    ));
    console.rows("RECOVER TRANSACTIONS");
    assert_eq!(states_of(&mut console, decided), ["in doubt, its ShardGate is alive"]);
    let error = console.error(format!("COMMIT TRANSACTION '{undecided}'"));
    assert!(error.message.contains("never decided"), "{}", error.message);
    let error = console.error(format!("ROLLBACK TRANSACTION '{decided}'"));
    assert!(error.message.contains("COMMIT TRANSACTION"), "{}", error.message);
    assert_eq!(console.run(&format!("ROLLBACK TRANSACTION '{undecided}'")).affected_rows, 1);
    assert_eq!(console.run(&format!("COMMIT TRANSACTION '{decided}'")).affected_rows, 1);
    assert!(!is_prepared(1, undecided) && !is_prepared(1, decided));
}
