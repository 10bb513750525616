//! A new configuration is taken over while clients work: as a whole or not at all, with everything that has changed told.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use harness::answer::Answer;
use harness::client::{Client, Login};
use harness::stage::{Setup, Stage, World};
use harness::talk::wait_until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// For what must not hang; nothing is expected to take that long.
const SOON: Duration = Duration::from_secs(10);

const BOSS: &str = "\n[[users]]\nname = \"boss\"\npassword = \"x\"\nadmin = true\n";

fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]))
}

/// A ShardGate whose files are changed by the test.
struct Files {
    stage: Stage,
}

impl Files {
    fn new(more: &str) -> Files {
        let more = format!("{BOSS}{more}");
        Files { stage: world().stage(Setup { more, ..Default::default() }) }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.stage.proxy.log.with_file_name(file)
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    fn change(&self, file: &str, from: &str, to: &str) {
        let text = self.text(file);
        assert!(text.contains(from), "{from}");
        std::fs::write(self.path(file), text.replacen(from, to, 1)).unwrap();
    }

    fn append(&self, file: &str, more: &str) {
        std::fs::write(self.path(file), self.text(file) + more).unwrap();
    }

    fn boss(&self) -> Client {
        self.stage.try_connect(&Login::new("boss", "x")).unwrap()
    }
}

/// Key, before, after and effect of each change, without remarks; or the error.
fn told(client: &mut Client, sql: &str) -> Result<Vec<Vec<String>>, (u16, String)> {
    match client.one(sql) {
        answer @ Answer::Rows { .. } => Ok(answer.text().into_iter().filter(|row| row[3] != "warning").collect()),
        other => {
            let error = other.error().unwrap();
            Err((error.code, error.message.clone()))
        }
    }
}

#[test]
fn changes_are_told_and_in_force_for_sessions_that_go_on() {
    let files = Files::new("");
    let (mut boss, mut session) = (files.boss(), files.stage.connect());
    let id = world().ids();
    session.run(&format!("INSERT INTO items (id) VALUES ({id})"));
    assert_eq!(told(&mut boss, "RELOAD CONFIG").unwrap(), Vec::<Vec<String>>::new());

    files.append("shardgate.toml", "\n[[users]]\nname = \"late\"\npassword = \"late\"\n");
    files.change("shardgate.toml", "[server]\n", "[server]\nmax_prepared = 1\nworkers = 3\n");
    files.append("rules/main.toml", "\n[[tables]]\nname = \"later\"\nkind = \"single\"\n");
    let late = Login::new("late", "late").database("shop");
    assert!(files.stage.try_connect(&late).is_err());
    assert_eq!(
        told(&mut boss, "RELOAD CONFIG;").unwrap(),
        [
            ["server.max_prepared", "NULL", "1", "applied"],
            ["server.workers", "NULL", "3", "needs a restart"],
            ["users[late]", "NULL", "{ name = \"late\", password = (not shown) }", "applied"],
            ["shop: tables[later]", "NULL", "{ kind = \"single\", name = \"later\" }", "applied"],
        ]
    );
    files.stage.try_connect(&late).unwrap();
    assert_eq!(session.value(&format!("SELECT COUNT(*) FROM items WHERE id = {id}")), "1");
    let _first = session.prepare(b"SELECT 1").unwrap().unwrap();
    assert_eq!(session.prepare(b"SELECT 2").unwrap().unwrap_err().code, 1461);

    // And back, twice: there is nothing before the start.
    let back = told(&mut boss, "ROLLBACK CONFIG").unwrap();
    assert_eq!(back[0], ["server.max_prepared", "1", "NULL", "applied"]);
    assert!(files.stage.try_connect(&late).is_err());
    let _second = session.prepare(b"SELECT 2").unwrap().unwrap();
    let (code, message) = told(&mut boss, "ROLLBACK CONFIG").unwrap_err();
    assert_eq!(code, 1105);
    assert!(message.contains("there is no earlier one"), "{message}");
    files.stage.assert_sound();
}

#[test]
fn a_bad_file_changes_nothing_and_all_that_is_wrong_is_said() {
    let files = Files::new("");
    let mut boss = files.boss();
    files.change("shardgate.toml", "[server]\n", "[server]\nmax_sesions = 1\n");
    files.change("rules/main.toml", "[\"s0\", \"s1\", \"s2\", \"s3\"]", "[\"s0\", \"s1\", \"s2\", \"s9\"]");
    files.append("shardgate.toml", "\n[[users]]\nname = \"late\"\npassword = \"late\"\n");
    let (code, message) = told(&mut boss, "RELOAD CONFIG").unwrap_err();
    assert_eq!(code, 1105);
    for part in ["shardgate.toml:", "server.max_sesions: unknown key", "main.toml:", "unknown shard \"s9\""] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(files.stage.try_connect(&Login::new("late", "late")).is_err());
    assert!(files.stage.proxy.logged().contains("the configuration was not changed"));
    files.stage.assert_sound();
}

#[test]
fn statements_change_rules_in_their_file_and_in_force() {
    let files = Files::new("");
    let (mut boss, mut session) = (files.boss(), files.stage.connect());
    let before = files.text("rules/main.toml");
    boss.run("USE shop");
    let rule = "shard_key = \"id\", shards = [\"s0\", \"s1\", \"s2\", \"s3\"], function = { kind = \"mod\" }";
    boss.run(&format!("CREATE SHARDED TABLE RULE declared ({rule})"));
    let after = files.text("rules/main.toml");
    let added = "\n[[tables]]\nname = \"declared\"\nshard_key = \"id\"\nfunction = { kind = \"mod\" }\n\
                 shards = [\"s0\", \"s1\", \"s2\", \"s3\"]\n";
    assert_eq!(after, format!("{before}{added}"));
    boss.run("CREATE TABLE declared (id INT PRIMARY KEY)");
    session.run("INSERT INTO declared VALUES (1), (2), (3), (4)");
    assert_eq!(session.value("/*shardgate: shard=s3 */ SELECT GROUP_CONCAT(id) FROM declared"), "3");
    boss.run("ALTER SHARDED TABLE RULE shop.declared (key_required = true)");
    let error = session.one("SELECT * FROM declared");
    assert_eq!(error.error().unwrap().code, 1175);
    let rules = boss.one("SHOW RULES").text();
    let shown = rules.iter().find(|row| row[0] == "shop.declared").unwrap();
    assert!(shown[1].contains("shard_key = \"id\"") && shown[1].contains("key_required = true"), "{shown:?}");
    assert!(shown[2].ends_with("rules/main.toml"), "{shown:?}");

    // What is wrong changes nothing.
    let (code, message) = told(&mut boss, "ALTER SHARDED TABLE RULE declared (shards = [\"s9\"])").unwrap_err();
    assert!(code == 1105 && message.contains("unknown shard \"s9\""), "{code} {message}");
    let (_, message) = told(&mut boss, &format!("CREATE SHARDED TABLE RULE declared ({rule})")).unwrap_err();
    assert!(message.contains("has a rule"), "{message}");
    assert_eq!(told(&mut boss, "ALTER SHARDED TABLE RULE declared (shards = ").unwrap_err().0, 1064);
    assert_eq!(boss.one("SHOW RULES").text(), rules);

    boss.run("DROP TABLE declared");
    boss.run("DROP SHARDED TABLE RULE declared");
    assert_eq!(files.text("rules/main.toml"), before);

    // With the table itself; and nothing is left of the rule if the table cannot be created.
    boss.run(&format!("CREATE TABLE noted (id INT PRIMARY KEY) /*shardgate: rule({rule}) */"));
    assert!(files.text("rules/main.toml").contains("name = \"noted\""));
    session.run("INSERT INTO noted VALUES (1), (2)");
    assert_eq!(session.value("/*shardgate: shard=s2 */ SELECT id FROM noted"), "2");
    boss.run("DROP TABLE noted");
    boss.run("DROP SHARDED TABLE RULE noted");
    let bad = boss.one(format!("CREATE TABLE noted (id INT PRIMARY KEY, id INT) /*shardgate: rule({rule}) */"));
    assert!(bad.error().is_some());
    assert_eq!(files.text("rules/main.toml"), before);
    files.stage.assert_sound();
}

#[test]
fn what_commits_by_itself_meets_the_rules_of_now() {
    let files = Files::new("");
    let (mut boss, mut other) = (files.boss(), files.stage.connect());
    let before = files.text("rules/main.toml");
    let rule = "shard_key=\"id\",shards=[\"s0\",\"s1\",\"s2\",\"s3\"],function={kind=\"mod\"}";
    let create = format!("CREATE TABLE IF NOT EXISTS late (id INT PRIMARY KEY) /*shardgate: rule({rule}) */");
    boss.run("USE shop; SET autocommit = 0; SELECT COUNT(*) FROM items");
    boss.run(&create);
    boss.run("INSERT INTO late VALUES (1), (2), (3), (4); COMMIT");
    assert_eq!(boss.value("/*shardgate: shard=s3 */ SELECT GROUP_CONCAT(id) FROM late"), "3");
    // A second time.
    assert_eq!(boss.one(&create).error(), None);
    assert_eq!(boss.rows("SHOW WARNINGS")[0][1], "1050");
    boss.run("DROP TABLE late");
    boss.run("DROP SHARDED TABLE RULE late");
    assert_eq!(files.text("rules/main.toml"), before);

    // What cannot be created leaves no rule, on one shard or several.
    for rule in [rule, "kind=\"single\",shard=\"s2\""] {
        boss.run("SELECT COUNT(*) FROM items");
        let bad = boss.one(format!("CREATE TABLE bad (id INT PRIMARY KEY, id INT) /*shardgate: rule({rule}) */"));
        assert_eq!(bad.error().unwrap().code, 1060);
        // One shard's answer is relayed before the rule is taken out, and the session's next statement comes after that.
        boss.run("SHOW RULES");
        assert_eq!(files.text("rules/main.toml"), before);
    }

    // Another session's rule, and a prepared statement.
    other.run("BEGIN; SELECT COUNT(*) FROM items");
    let prepared = other.prepare(b"CREATE TABLE later (id INT PRIMARY KEY)").unwrap().unwrap();
    boss.run(&format!("CREATE SHARDED TABLE RULE later ({rule})"));
    assert!(other.execute(&prepared, &[]).unwrap()[0].error().is_none());
    other.run("INSERT INTO later VALUES (1), (2), (3), (4)");
    assert_eq!(other.value("/*shardgate: shard=s1 */ SELECT GROUP_CONCAT(id) FROM later"), "1");
    boss.run("DROP TABLE later");
    files.stage.assert_sound();
}

#[test]
fn who_is_no_administrator_may_not() {
    let files = Files::new("");
    let mut session = files.stage.connect();
    session.run("USE shop");
    let all = [
        "RELOAD CONFIG",
        "ROLLBACK CONFIG",
        "SHOW RULES",
        "DROP SHARDED TABLE RULE items",
        "CREATE TABLE x (id INT) /*shardgate: rule(kind = \"reference\")*/",
    ];
    for sql in all {
        assert_eq!(told(&mut session, sql).unwrap_err().0, 1227, "{sql}");
    }
}

#[test]
fn an_open_transaction_ends_under_the_rules_that_it_began_with() {
    let files = Files::new("");
    let (mut boss, mut open, mut other) = (files.boss(), files.stage.connect(), files.stage.connect());
    let id = world().ids();
    let insert = |numbers: std::ops::Range<i64>| {
        let rows: Vec<String> = numbers.map(|number| format!("({})", id + number)).collect();
        format!("INSERT INTO items (id) VALUES {}", rows.join(", "))
    };
    open.run("BEGIN");
    open.run(&insert(0..2));
    world().root(1).run("CREATE DATABASE shop_new");
    // Shards are counted anew, and replica sets too; the servers' pools are others.
    let shard = "\n[[shards]]\nname = \"s0\"";
    files.change(
        "rules/main.toml",
        shard,
        &format!("\n[[shards]]\nname = \"new\"\nreplica_set = \"rs1\"\nschema = \"shop_new\"\n{shard}"),
    );
    let text = files.text("shardgate.toml");
    let at = text.find("[[replica_sets]]").unwrap();
    let second = at + 1 + text[at + 1..].find("[[replica_sets]]").unwrap();
    let third = second + text[second..].find("[[users]]").unwrap();
    let swapped = [
        &text[..at],
        &text[second..third],
        "pool = { max = 7 }\n\n",
        &text[at..second],
        "pool = { max = 7 }\n\n",
        &text[third..],
    ];
    std::fs::write(files.path("shardgate.toml"), swapped.concat()).unwrap();
    let changes = told(&mut boss, "RELOAD CONFIG").unwrap();
    let keys: Vec<&str> = changes.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(keys, ["replica_sets[rs0].pool", "replica_sets[rs1].pool", "shop: shards[new]"]);

    other.run(&insert(4..8));
    open.run(&insert(2..4));
    open.run("COMMIT");
    let all = format!("SELECT COUNT(*) FROM items WHERE id BETWEEN {id} AND {}", id + 7);
    assert_eq!([open.value(&all), other.value(&all)], ["8", "8"]);
    for (shard, set) in [(0, 0), (1, 0), (2, 1), (3, 1)] {
        let there = format!("SELECT COUNT(*) FROM shop_{shard}.items WHERE id IN ({id} + {shard}, {id} + 4 + {shard})");
        assert_eq!(world().root(set).value(&there), "2", "{shard}");
    }
    files.stage.assert_sound();
}

#[test]
fn connections_of_a_pool_that_is_gone_are_closed() {
    let files = Files::new("");
    let (mut boss, mut open) = (files.boss(), files.stage.connect());
    let id = world().ids() + 3;
    let count = || {
        let sql = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'shardgate' AND db = 'shop_3'";
        world().root(1).value(sql)
    };
    let before: u32 = count().parse().unwrap();
    open.run("BEGIN");
    open.run(&format!("INSERT INTO items (id) VALUES ({id})"));
    assert_eq!(count(), (before + 1).to_string());
    files.change("shardgate.toml", "name = \"rs1\"\n", "name = \"rs1\"\nmax_replica_lag = \"5s\"\n");
    told(&mut boss, "RELOAD CONFIG").unwrap();
    open.run("COMMIT");
    wait_until("the old connection is closed", SOON, || count() == before.to_string());
    assert_eq!(open.value(&format!("SELECT COUNT(*) FROM items WHERE id = {id}")), "1");
}

#[test]
fn a_signal_or_a_changed_file_is_enough() {
    let files = Files::new("");
    let late = |name: &str| files.stage.try_connect(&Login::new(name, "x")).is_ok();
    files.append("shardgate.toml", "\n[[users]]\nname = \"one\"\npassword = \"x\"\n[reload]\nwatch = \"1s\"\n");
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!late("one"), "files are not watched by default");
    kill(Pid::from_raw(files.stage.proxy.pid() as i32), Signal::SIGHUP).unwrap();
    wait_until("the signal is heeded", SOON, || late("one"));
    // A broken file in between, and a new one beside the others.
    std::fs::write(files.path("rules/broken.toml"), "database = ").unwrap();
    wait_until("the file is noticed", SOON, || files.stage.proxy.logged().contains("broken.toml:1"));
    std::fs::remove_file(files.path("rules/broken.toml")).unwrap();
    files.append("shardgate.toml", "\n[[users]]\nname = \"two\"\npassword = \"x\"\n");
    wait_until("the file is noticed", SOON, || late("two"));
    files.stage.assert_sound();
}

#[test]
fn a_changed_password_ends_no_session_and_lets_nobody_in_by_the_old_one() {
    let files = Files::new("");
    let (mut boss, mut session) = (files.boss(), files.stage.connect());
    files.change("shardgate.toml", "name = \"boss\"\npassword = \"x\"", "name = \"boss\"\npassword = \"y\"");
    told(&mut boss, "RELOAD CONFIG").unwrap();
    assert!(files.stage.try_connect(&Login::new("boss", "x")).is_err());
    files.stage.try_connect(&Login::new("boss", "y")).unwrap();
    assert_eq!([boss.value("SELECT 1"), session.value("SELECT 1")], ["1", "1"]);
}
