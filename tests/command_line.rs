//! The commands beside `serve`, run as an operator runs them: what they print where, and what they exit with.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::Path;
use std::process::Command;

use shardgate::playground::cluster::SERVICE_USER;
use shardgate::playground::{Cluster, ClusterOptions};

const RULES: &str = r#"
database = "shop"
default_shard = "s0"

[[shards]]
name = "s0"
replica_set = "rs0"
schema = "shop_0"

[[shards]]
name = "s1"
replica_set = "rs1"
schema = "shop_1"

[[tables]]
name = "users"
shard_key = "user_id"
function = { kind = "hash", slots = 64 }
shards = ["s0", "s1"]

[[tables]]
name = "logins"
shard_key = "login"
key_type = "text"
collation = "utf8mb4_general_ci"
function = { kind = "hash", slots = 64 }
shards = ["s0", "s1"]

[[tables]]
name = "tickets"
physical = "{table}_{index}"
shard_key = "id"
function = { kind = "mod" }
shards = ["s0", "s1"]
null_key = "s1"

[[tables]]
name = "files"
shard_key = "digest"
key_type = "bytes"
function = { kind = "hash", slots = 64 }
shards = ["s0", "s1"]

[[tables]]
name = "countries"
kind = "reference"

[[tables]]
name = "settings"
kind = "single"
"#;

/// A configuration in a folder of its own.
struct Site(tempfile::TempDir);

/// What a run of the binary left.
#[derive(Debug)]
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Site {
    /// Servers that are not there.
    fn offline() -> Site {
        Site::new(&main_file(&[("127.0.0.1:1", &[]), ("127.0.0.1:2", &[])], "x"), RULES)
    }

    fn new(main: &str, rules: &str) -> Site {
        use std::os::unix::fs::OpenOptionsExt;
        let site = Site(tempfile::tempdir().unwrap());
        for (name, text) in [("shardgate.toml", main), ("shop.toml", rules)] {
            let mut open = std::fs::OpenOptions::new();
            let file = open.write(true).create(true).truncate(true).mode(0o600).open(site.0.path().join(name));
            std::io::Write::write_all(&mut file.unwrap(), text.as_bytes()).unwrap();
        }
        site
    }

    /// Runs the binary in the site's folder, where its configuration is found by itself.
    fn run(&self, arguments: &[&str]) -> Run {
        run_in(self.0.path(), arguments)
    }
}

fn run_in(folder: &Path, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_shardgate"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("SHARDGATE_CONFIG")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// For each replica set its primary and replicas.
fn main_file(sets: &[(&str, &[String])], password: &str) -> String {
    let mut text = "rules = [\"shop.toml\"]\n[[users]]\nname = \"app\"\npassword = \"app\"\n".to_owned();
    for (index, (primary, replicas)) in sets.iter().enumerate() {
        text += &format!(
            "[[replica_sets]]\nname = \"rs{index}\"\nprimary = \"{primary}\"\nreplicas = {replicas:?}\n\
             user = \"{SERVICE_USER}\"\npassword = \"{password}\"\nconnect_timeout = \"5s\"\n"
        );
    }
    text
}

#[test]
fn it_says_what_it_is_and_what_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let version = run_in(folder.path(), &["--version"]);
    assert_eq!((version.code, version.out.as_str()), (Some(0), concat!("shardgate ", env!("CARGO_PKG_VERSION"), "\n")));
    let help = run_in(folder.path(), &["--help"]);
    assert_eq!(help.code, Some(0));
    for command in ["serve", "playground", "check", "init", "shard-of", "split", "explain"] {
        assert!(help.out.contains(&format!("  {command} ")), "{}", help.out);
        let own = run_in(folder.path(), &[command, "--help"]);
        assert!(own.code == Some(0) && own.out.contains("Usage: shardgate"), "{own:?}");
    }
    for wrong in [&["chekc"][..], &[], &["check", "--conect"], &["shard-of", "users"]] {
        let run = run_in(folder.path(), wrong);
        assert!(run.code == Some(2) && run.err.contains("Usage: shardgate"), "{run:?}");
    }
}

#[test]
fn a_configuration_that_is_wrong_ends_every_command_with_all_its_problems() {
    let main = "rules = [\"shop.toml\"]\n[server]\nlisten = 3\n[[users]]\nname = \"app\"\npassword = { env = \"\" }\n";
    let site = Site::new(main, &RULES.replace("shard_key = \"login\"", "shard_kye = \"login\""));
    for command in [
        &["check"][..],
        &["check", "--connect"],
        &["serve"],
        &["init"],
        &["shard-of", "users", "1"],
        &["explain", "DO 1"],
    ] {
        let run = site.run(command);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{run:?}");
        for place in
            ["shardgate.toml:3: server.listen: ", "shardgate.toml:6: users[0].password.env: ", "shop.toml:23: "]
        {
            assert!(run.err.lines().any(|line| line.starts_with(place)), "{place}: {}", run.err);
        }
        assert!(run.err.trim_end().lines().last().unwrap().starts_with("shardgate: the configuration has "), "{run:?}");
    }
    let nothing = tempfile::tempdir().unwrap();
    let run = run_in(nothing.path(), &["check"]);
    assert!(run.code == Some(2) && run.err.starts_with("shardgate.toml: cannot read the file: "), "{run:?}");
}

#[test]
fn a_good_configuration_is_summed_up() {
    let run = Site::offline().run(&["check"]);
    let summary = "ok: 2 replica sets, 2 shards, 1 database, 6 tables with rules\n";
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), summary, ""));
}

#[test]
fn certificates_that_are_none_are_found_by_check() {
    let main = main_file(&[("127.0.0.1:1", &[]), ("127.0.0.1:2", &[])], "x");
    let tls = "[server]\ntls = { mode = \"required\", cert = \"shop.toml\", key = \"shop.toml\" }\n";
    let run = Site::new(&(main + tls), RULES).run(&["check"]);
    assert!(run.code == Some(2) && run.err.contains("shop.toml: "), "{run:?}");
}

#[test]
fn shards_of_keys_are_told_or_refused() {
    let site = Site::offline();
    let good = [
        (
            "users",
            "42",
            "shop.users user_id = 42: shard s0 (bucket 19 of 64), replica set rs0 at 127.0.0.1:1, table shop_0.users",
        ),
        ("SHOP.Users", "'42'", "shop.users user_id = '42': shard s0 (bucket 19 of 64)"),
        ("users", "-5", "shop.users user_id = -5: shard "),
        ("logins", "ada", "shop.logins login = ada: shard "),
        ("files", "0x00ff", "shop.files digest = 0x00ff: shard "),
        (
            "tickets",
            "7",
            "shop.tickets id = 7: shard s1 (bucket 1 of 2), replica set rs1 at 127.0.0.1:2, table shop_1.tickets_1",
        ),
        ("tickets", "NULL", "shop.tickets id = NULL: shard s1,"),
        ("settings", "x", "shop.settings is a single table: every row is on shard s0,"),
        ("countries", "x", "shop.countries is a reference table: every row is on each of its shards\n  shard s0,"),
    ];
    for (table, key, wanted) in good {
        let run = site.run(&["shard-of", table, key]);
        assert!(run.code == Some(0) && run.out.starts_with(wanted), "{table} {key}: {run:?}");
    }
    let upper = site.run(&["shard-of", "logins", "ADA"]).out;
    assert_eq!(upper.replace("ADA", "ada"), site.run(&["shard-of", "logins", "ada"]).out);
    let bad = [
        ("user", "1", "table user has no rule"),
        ("shpo.users", "1", "unknown database shpo; known databases: shop"),
        ("users", "abc", "abc is no number"),
        ("users", "null", "rows with user_id = NULL are refused"),
        ("users", "99999999999999999999999", "it is not certain what a server stores"),
        ("files", "0x0g", "digits that are not hexadecimal"),
    ];
    for (table, key, wanted) in bad {
        let run = site.run(&["shard-of", table, key]);
        assert!(run.code == Some(1) && run.err.contains(wanted) && run.out.is_empty(), "{table} {key}: {run:?}");
    }
}

#[test]
fn statements_are_explained_or_refused() {
    let site = Site::offline();
    let good = [
        (
            "SELECT * FROM users WHERE user_id = 42",
            "1 relay shard=s0 replica_set=rs0 schema=shop_0\n    SELECT * FROM users WHERE user_id = 42\n",
        ),
        (
            "DELETE FROM tickets WHERE id = 3",
            "1 relay shard=s1 replica_set=rs1 schema=shop_1\n    DELETE FROM `tickets_1`",
        ),
        ("SELECT name FROM users WHERE user_id = ?", "1 scatter shard=s0 "),
        (
            "UPDATE users SET name = 'x'",
            "1 scatter shard=s0 replica_set=rs0 schema=shop_0 merge=\"sum of affected rows\"\n",
        ),
        ("SELECT name FROM users ORDER BY name", "1 merge shard=s0 "),
        // Whether the column has a default, a server must say.
        ("INSERT INTO users (name) VALUES ('x')", "1 staged shard=s0 "),
        ("SELECT DATABASE()", "1 local\n    SELECT DATABASE()\n"),
    ];
    for (statement, wanted) in good {
        let run = site.run(&["explain", statement]);
        assert!(run.code == Some(0) && run.out.starts_with(wanted), "{statement}: {run:?}");
    }
    let bad = [
        (&["SELECT * FROM users WHERE name = 'x"][..], "syntax error at "),
        (&["INSERT INTO users VALUES (1, 'x')"], "columns = [\"a\", \"b\"]"),
        (&["SELECT 1; SELECT 2"], "several statements"),
        (&[" "], "the statement is empty"),
        (&["--database", "shpo", "SELECT 1"], "unknown database shpo; known databases: shop"),
    ];
    for (arguments, wanted) in bad {
        let run = site.run(&[&["explain"], arguments].concat());
        assert!(run.code == Some(1) && run.err.contains(wanted) && run.out.is_empty(), "{arguments:?}: {run:?}");
    }
}

const TABLES: &str = "
CREATE TABLE users (user_id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(80));
CREATE TABLE logins (login VARCHAR(40) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY);
CREATE TABLE files (digest VARBINARY(32) NOT NULL PRIMARY KEY);
CREATE TABLE countries (code CHAR(2) NOT NULL PRIMARY KEY)";

/// Real servers: `rs0` has a replica, `rs1` none.
struct Live {
    runtime: tokio::runtime::Runtime,
    cluster: Cluster,
    site: Site,
}

impl Live {
    fn start() -> Live {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = std::env::var_os("SHARDGATE_TEST_SERVER").map(Into::into);
        let options = ClusterOptions { replica_sets: vec![1, 0], server, ..Default::default() };
        let cluster = runtime.block_on(Cluster::start(options)).unwrap();
        runtime.block_on(cluster.grant("shop\\_%")).unwrap();
        let site = Site::new(&live_main_file(&cluster, cluster.service_password()), RULES);
        Live { runtime, cluster, site }
    }

    /// As root on the primary of a set.
    fn execute(&self, set: usize, sql: &str) {
        self.runtime.block_on(self.cluster.replica_sets[set].primary.execute(sql)).unwrap();
    }

    /// The exit code, and what was said with the names of servers instead of their addresses.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, Vec<String>) {
        self.run_at(&self.site, arguments)
    }

    fn run_at(&self, site: &Site, arguments: &[&str]) -> (Option<i32>, Vec<String>) {
        let run = site.run(arguments);
        let mut text = run.out + &run.err;
        for server in self.cluster.servers() {
            text = text.replace(&server.address(), server.name());
        }
        (run.code, text.lines().map(str::to_owned).collect())
    }

    /// Compares, and expects these lines, each with these words; the last is the sum.
    fn expect_differences(&self, worst: i32, wanted: &[&str]) {
        let (code, lines) = self.run(&["check", "--connect"]);
        let agree = lines.len() == wanted.len() && lines.iter().zip(wanted).all(|(line, wanted)| line.contains(wanted));
        assert!(
            code == Some(worst) && agree,
            "exit {code:?}, wanted\n  {}\ngot\n  {}",
            wanted.join("\n  "),
            lines.join("\n  ")
        );
    }
}

fn live_main_file(cluster: &Cluster, password: &str) -> String {
    let sets: Vec<(String, Vec<String>)> = cluster
        .replica_sets
        .iter()
        .map(|set| (set.primary.address(), set.replicas.iter().map(|replica| replica.address()).collect()))
        .collect();
    let sets: Vec<(&str, &[String])> =
        sets.iter().map(|(primary, replicas)| (primary.as_str(), &replicas[..])).collect();
    main_file(&sets, password)
}

#[test]
fn servers_are_prepared_and_compared() {
    let live = Live::start();
    schemas_are_created_once(&live);
    tables_are_compared(&live);
    servers_that_do_not_answer_are_named_once(&live);
    a_split_replica_set_is_left_alone(&live);
}

fn schemas_are_created_once(live: &Live) {
    live.expect_differences(2, &[
        "shardgate.toml:5: replica_sets[0]: replica set rs0: there is no schema shop_0 (of shard s0) on rs0-primary",
        "warning: shardgate.toml:5: replica_sets[0]: replica set rs0: user shardgate cannot read the decision table on",
        "shardgate.toml:12: replica_sets[1]: replica set rs1: there is no schema shop_1 (of shard s1) on rs1-primary",
        "warning: shardgate.toml:12: replica_sets[1]: replica set rs1: user shardgate cannot read the decision table on",
        "shardgate: 2 errors found",
    ]);
    let created = ["rs0: created schema shop_0 on rs0-primary", "rs1: created schema shop_1 on rs1-primary"];
    assert_eq!(live.run(&["init"]), (Some(0), created.map(str::to_owned).to_vec()));
    let there = ["rs0: schema shop_0 is on rs0-primary already", "rs1: schema shop_1 is on rs1-primary already"];
    assert_eq!(live.run(&["init"]), (Some(0), there.map(str::to_owned).to_vec()));
}

fn tables_are_compared(live: &Live) {
    live.execute(0, &format!("USE shop_0; {TABLES}; CREATE TABLE tickets_0 (id INT); CREATE TABLE settings (a INT)"));
    live.execute(1, &format!("USE shop_1; {TABLES}; CREATE TABLE tickets_1 (id INT)"));
    let (code, lines) = live.run(&["check", "--connect"]);
    let agree = "ok: 2 replica sets, 2 shards, 1 database, 6 tables with rules; the servers agree";
    assert_eq!((code, lines), (Some(0), vec![agree.to_owned()]));
    what_the_rules_cannot_keep_is_said(live);
    live.execute(
        1,
        "USE shop_1; DROP TABLE countries; RENAME TABLE files TO Files; ALTER TABLE logins MODIFY login VARCHAR(40) \
         COLLATE utf8mb4_unicode_ci NOT NULL; ALTER TABLE users ADD extra INT, MODIFY name VARCHAR(90); \
         ALTER TABLE tickets_1 MODIFY id VARCHAR(9); CREATE TABLE stray (a INT)",
    );
    let place = "shop_1.logins on rs1-primary (replica set rs1)";
    live.expect_differences(2, &[
        "warning: shop.toml:1: shop: table stray has no rule, and is in shop_1 on rs1-primary too",
        "shop.toml:15: tables[0]: shop.users on shard s1: shop_1.users on rs1-primary (replica set rs1): the columns are not \
         those of shard s0: column \"name\" is varchar(90)",
        &format!("shop.logins on shard s1: {place}: column \"login\" has collation utf8mb4_unicode_ci, and the rule says"),
        &format!("shop.logins on shard s1: {place}: the columns are not those of shard s0: column \"login\" is varchar(40)"),
        "shop.tickets on shard s1: shop_1.tickets_1 on rs1-primary (replica set rs1): column \"id\" is varchar, and",
        "shop.tickets on shard s1: shop_1.tickets_1 on rs1-primary (replica set rs1): the columns are not those of shard s0",
        "shop.files on shard s1: shop_1.files on rs1-primary (replica set rs1): the table is called \"Files\" there",
        "shop.countries on shard s1: shop_1.countries on rs1-primary (replica set rs1): there is no such table; create",
        "shardgate: 7 errors found",
    ]);
}

fn what_the_rules_cannot_keep_is_said(live: &Live) {
    let both = |sql: &str| {
        for (set, schema) in [(0, "shop_0"), (1, "shop_1")] {
            live.execute(set, &format!("USE {schema}; {sql}"));
        }
    };
    both(
        "ALTER TABLE users ADD n INT NOT NULL AUTO_INCREMENT UNIQUE; ALTER TABLE countries ADD u BIGINT, \
         ADD CONSTRAINT to_users FOREIGN KEY (u) REFERENCES users (user_id); ALTER TABLE files ENGINE = MyISAM; \
         ALTER TABLE logins DROP PRIMARY KEY, MODIFY login VARCHAR(40) COLLATE utf8mb4_general_ci NULL",
    );
    live.execute(1, "ALTER TABLE shop_1.logins ADD KEY by_login (login), ENGINE = MyISAM");
    live.expect_differences(2, &[
        "warning: shop.toml:15: tables[0]: shop.users on shard s0: shop_0.users on rs0-primary (replica set rs0): unique key n \
         (n) does not contain the shard key \"user_id\"",
        "column \"n\" is AUTO_INCREMENT, and no server can number rows of several shards",
        "shop.logins on shard s0: shop_0.logins on rs0-primary (replica set rs0): the shard key \"login\" can be NULL, and",
        "shop.toml:21: tables[1]: shop.logins on shard s1: shop_1.logins on rs1-primary (replica set rs1): its engine is MyISAM",
        "warning: shop.toml:21: tables[1]: shop.logins on shard s1: shop_1.logins on rs1-primary (replica set rs1): it is not as \
         on shard s0: its engine is MyISAM, not InnoDB, one more key by_login",
        "shop.toml:37: tables[3]: shop.files on shard s0: shop_0.files on rs0-primary (replica set rs0): its engine is MyISAM",
        "foreign key to_users refers to shop_0.users, and both are not sharded alike",
        "shardgate: 3 errors found",
    ]);
    let (code, lines) = live.run(&["check", "--connect", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&lines.concat()).unwrap();
    assert_eq!((code, &found["worst"], found["findings"].as_array().unwrap().len()), (Some(2), &"error".into(), 7));
    assert_eq!((&found["findings"][2]["file"], &found["findings"][2]["line"]), (&"shop.toml".into(), &21.into()));
    both(
        "ALTER TABLE countries DROP FOREIGN KEY to_users, DROP COLUMN u; ALTER TABLE users DROP COLUMN n; \
         ALTER TABLE files ENGINE = InnoDB",
    );
    both("ALTER TABLE logins MODIFY login VARCHAR(40) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY");
    live.execute(1, "ALTER TABLE shop_1.logins DROP KEY by_login, ENGINE = InnoDB");
    let (code, lines) = live.run(&["check", "--connect"]);
    assert_eq!(code, Some(0), "{lines:#?}");
    what_rows_meet_is_compared(live);

    // What an account may not do is found by trying.
    live.execute(0, "CREATE USER poor@'%' IDENTIFIED BY 'poor'; GRANT SELECT ON shop_0.* TO poor@'%'");
    live.runtime.block_on(live.cluster.wait_for_replicas()).unwrap();
    let main = live_main_file(&live.cluster, live.cluster.service_password());
    let main = main.replacen(
        &format!("user = \"{SERVICE_USER}\"\npassword = \"{}\"", live.cluster.service_password()),
        "user = \"poor\"\npassword = \"poor\"",
        1,
    );
    let (code, lines) = live.run_at(&Site::new(&main, RULES), &["check", "--connect"]);
    for words in
        ["cannot read the decision table", "cannot create temporary tables", "cannot see the replication status"]
    {
        assert!(
            lines.iter().any(|line| line.contains(words) && line.contains("shardgate.toml:5")),
            "{words}: {lines:#?}"
        );
    }
    assert_eq!(code, Some(2));
}

/// Constraints, triggers and partitions.
fn what_rows_meet_is_compared(live: &Live) {
    live.execute(
        1,
        "USE shop_1; ALTER TABLE users ADD CONSTRAINT positive CHECK (user_id > 0); \
         CREATE TRIGGER counted BEFORE INSERT ON countries FOR EACH ROW SET @counted = 1; \
         ALTER TABLE logins PARTITION BY KEY (login) PARTITIONS 2; \
         DROP TABLE files; CREATE VIEW files AS SELECT * FROM shop_1.tickets_1",
    );
    let files = "shop.files on shard s1: shop_1.files on rs1-primary (replica set rs1)";
    live.expect_differences(2, &[
        "warning: shop.toml:15: tables[0]: shop.users on shard s1: shop_1.users on rs1-primary (replica set rs1): it is not as \
         on shard s0: one more CHECK ",
        "it is not as on shard s0: it is partitioned; make them alike",
        &format!("shop.toml:37: tables[3]: {files}: the table has no column \"digest\""),
        &format!("shop.toml:37: tables[3]: {files}: the columns are not those of shard s0: no column \"digest\""),
        &format!("warning: shop.toml:37: tables[3]: {files}: it is not as on shard s0: it is a view, not a table"),
        "it is not as on shard s0: its triggers are BEFORE INSERT, not none; make them alike",
        "shardgate: 2 errors found",
    ]);
    live.execute(
        0,
        "USE shop_0; CREATE TRIGGER counted BEFORE INSERT ON countries FOR EACH ROW SET @counted = 2; \
         ALTER TABLE logins PARTITION BY KEY (login) PARTITIONS 3",
    );
    live.execute(1, "USE shop_1; ALTER TABLE users DROP CONSTRAINT positive; DROP VIEW files");
    live.execute(1, "USE shop_1; CREATE TABLE files (digest VARBINARY(32) NOT NULL PRIMARY KEY)");
    live.expect_differences(1, &[
        "ok: 2 replica sets, 2 shards, 1 database, 6 tables with rules; 2 warnings",
        "shop.logins on shard s1: shop_1.logins on rs1-primary (replica set rs1): it is not as on shard s0: no partition p2",
        "it is not as on shard s0: its triggers do something else; make them alike",
    ]);
    for (set, schema) in [(0, "shop_0"), (1, "shop_1")] {
        live.execute(set, &format!("USE {schema}; DROP TRIGGER counted; ALTER TABLE logins REMOVE PARTITIONING"));
    }
}

fn servers_that_do_not_answer_are_named_once(live: &Live) {
    let site = Site::new(&live_main_file(&live.cluster, "wrong"), RULES);
    let (code, lines) = live.run_at(&site, &["check", "--connect"]);
    let starts = [
        "replica set rs0: the primary rs0-primary cannot be asked: ",
        "replica set rs0: the replica rs0-replica1 cannot be asked: ",
        "replica set rs0: without its primary these shards are not compared: s0",
        "replica set rs1: the primary rs1-primary cannot be asked: ",
        "replica set rs1: without its primary these shards are not compared: s1",
        "shardgate: 5 errors found",
    ];
    assert_eq!((code, lines.len()), (Some(2), starts.len()), "{lines:#?}");
    assert!(lines.iter().zip(starts).all(|(line, start)| line.contains(start)), "{lines:#?}");
    assert!(lines[0].contains("did not let ShardGate in (error 1045)"), "{}", lines[0]);

    // The others are prepared all the same.
    live.execute(1, "DROP DATABASE shop_1");
    live.runtime.block_on(live.cluster.replica_sets[0].primary.stop()).unwrap();
    let (code, lines) = live.run(&["init"]);
    assert_eq!(code, Some(1));
    assert!(lines.contains(&"rs1: created schema shop_1 on rs1-primary".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"shardgate: 1 replica set could not be prepared".to_owned()), "{lines:#?}");
    live.runtime.block_on(live.cluster.replica_sets[0].primary.start()).unwrap();
}

fn a_split_replica_set_is_left_alone(live: &Live) {
    let replica = &live.cluster.replica_sets[0].replicas[0];
    live.runtime.block_on(replica.execute("SET GLOBAL read_only = 0")).unwrap();
    live.execute(0, "DROP DATABASE shop_0");
    let (code, lines) = live.run(&["init"]);
    let split = "replica set rs0: rs0-primary and rs0-replica1 both take writes";
    assert!(code == Some(1) && lines.iter().any(|line| line.starts_with(split)), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("shop_0")), "{lines:#?}");

    // After a switchover the new primary is used.
    live.execute(0, "SET GLOBAL read_only = 1");
    let (code, lines) = live.run(&["init"]);
    let moved = "warning: replica set rs0: rs0-replica1 takes the writes and not rs0-primary";
    assert!(code == Some(0) && lines.iter().any(|line| line.starts_with(moved)), "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("rs0: ") && line.contains("rs0-replica1")), "{lines:#?}");
}

/// What a file of `split` says.
fn written(site: &Site, name: &str) -> String {
    std::fs::read_to_string(site.0.path().join(name)).unwrap()
}

/// Rows as mariadb-dump writes them, each with the shard that `shard-of` gives for its key.
fn dump(keys: &[i64]) -> String {
    let rows: Vec<String> = keys.iter().map(|key| format!("({key},'a;\\n b {key}',NULL)")).collect();
    format!(
        "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB\n--\n\n\
         /*!40101 SET NAMES utf8mb4 */;\n/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;\n\n\
         DROP TABLE IF EXISTS `users`;\n/*!40101 SET @saved_cs_client     = @@character_set_client */;\n\
         CREATE TABLE `users` (\n  `name` varchar(20) NOT NULL,\n  `user_id` bigint(20) NOT NULL,\n  `x` int(11) DEFAULT NULL,\n  \
         PRIMARY KEY (`user_id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;\n\
         LOCK TABLES `users` WRITE;\n/*!40000 ALTER TABLE `users` DISABLE KEYS */;\n\
         INSERT INTO `users` (user_id, name, x) VALUES {};\n/*!40000 ALTER TABLE `users` ENABLE KEYS */;\nUNLOCK TABLES;\n\
         CREATE TABLE `countries` (\n  `code` char(2) NOT NULL\n);\nINSERT INTO `countries` VALUES ('DE'),('FR');\n\
         CREATE TABLE `tickets` (\n  `id` int(11) DEFAULT NULL\n);\nINSERT INTO `tickets` VALUES (3),(NULL),(4);\n\
         CREATE TABLE `settings` (a int);\nINSERT INTO `settings` VALUES (1);\n-- Dump completed\n",
        rows.join(",")
    )
}

#[test]
fn a_dump_is_split_by_shard() {
    let site = Site::offline();
    let keys: Vec<i64> = (1..200).collect();
    // Some tools put a mark before UTF-8.
    std::fs::write(site.0.path().join("shop.sql"), format!("\u{FEFF}{}", dump(&keys))).unwrap();
    let run = site.run(&["split", "shop.sql", "--output", "out"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
    let files = [written(&site, "out/s0.sql"), written(&site, "out/s1.sql")];
    for (index, file) in files.iter().enumerate() {
        assert!(file.starts_with(&format!("USE `shop_{index}`;\n/*!40101 SET NAMES utf8mb4 */;\n")), "{file}");
        for part in ["DROP TABLE IF EXISTS `users`", "CREATE TABLE `users`", "UNIQUE_CHECKS=0", "VALUES ('DE'),('FR')"]
        {
            assert!(file.contains(part), "no {part} in {file}");
        }
        assert!(file.contains(&format!("CREATE TABLE `tickets_{index}`")), "{file}");
        assert!(!file.contains("LOCK TABLES") && !file.contains("ENABLE KEYS"), "{file}");
    }
    assert!(files[0].contains("`settings`") && !files[1].contains("`settings`"));
    assert!(
        files[0].contains("INTO `tickets_0` VALUES (4)") && files[1].contains("INTO `tickets_1` VALUES (3), (NULL)")
    );
    for key in keys {
        let shard = site.run(&["shard-of", "users", &key.to_string()]).out;
        let row = format!("({key},'a;\\n b {key}',NULL)");
        let there = [files[0].contains(&row), files[1].contains(&row)];
        assert_eq!(there, [shard.contains("shard s0"), shard.contains("shard s1")], "{key}: {shard}");
        if key > 20 {
            break;
        }
    }
    let again = site.run(&["split", "shop.sql", "--output", "out"]);
    assert!(again.code == Some(1) && again.err.contains("not empty"), "{again:?}");
}

/// Where shards share a schema, what one file drops must not be in another.
#[test]
fn a_table_and_its_rows_are_split_into_one_file() {
    let rules = "database = \"shop\"\ndefault_shard = \"s1\"\n\
                 [[shards]]\nname = \"s0\"\nreplica_set = \"rs0\"\nschema = \"shop_t\"\n\
                 [[shards]]\nname = \"s1\"\nreplica_set = \"rs0\"\nschema = \"shop_t\"\n\
                 [[shards]]\nname = \"s2\"\nreplica_set = \"rs1\"\nschema = \"shop_u\"\n\
                 [[shards]]\nname = \"s3\"\nreplica_set = \"rs1\"\nschema = \"shop_u\"\n\
                 [[tables]]\nname = \"one\"\nkind = \"single\"\nshard = \"s3\"\n";
    let site = Site::new(&main_file(&[("127.0.0.1:1", &[]), ("127.0.0.1:2", &[])], "x"), rules);
    let dump = "DROP TABLE IF EXISTS one;\nCREATE TABLE one (a int);\nINSERT INTO one VALUES (1);\n\
                CREATE TABLE other (a int);\nINSERT INTO other VALUES (2);\nREPLACE INTO shop.one VALUES (3);\n";
    std::fs::write(site.0.path().join("dump.sql"), dump).unwrap();
    let run = site.run(&["split", "dump.sql", "--output", "out"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
    let (other, one) = (written(&site, "out/s1.sql"), written(&site, "out/s3.sql"));
    for part in ["DROP TABLE", "CREATE TABLE one", "VALUES (1)", "VALUES (3)"] {
        assert!(one.contains(part), "no {part} in {one}");
    }
    assert!(other.contains("CREATE TABLE other") && other.contains("VALUES (2)"), "{other}");
    assert_eq!(std::fs::read_dir(site.0.path().join("out")).unwrap().count(), 2);
}

#[test]
fn tables_of_a_pattern_are_split_by_what_the_dump_says_of_them() {
    let rules = "database = \"shop\"\ndefault_shard = \"s0\"\n\
                 [[shards]]\nname = \"s0\"\nreplica_set = \"rs0\"\nschema = \"shop_0\"\n\
                 [[shards]]\nname = \"s1\"\nreplica_set = \"rs1\"\nschema = \"shop_1\"\n\
                 [[tables]]\nname = \"log_*\"\nshard_key = \"id\"\nfunction = { kind = \"mod\" }\nshards = [\"s0\", \"s1\"]\n";
    let site = Site::new(&main_file(&[("127.0.0.1:1", &[]), ("127.0.0.1:2", &[])], "x"), rules);
    let dump = "CREATE TABLE log_a (a int, id int);\nINSERT INTO log_a VALUES (1,4),(2,5);\n\
                CREATE TABLE log_b (id int, b int);\nINSERT INTO log_b VALUES (6,3),(7,4);\n";
    std::fs::write(site.0.path().join("dump.sql"), dump).unwrap();
    let run = site.run(&["split", "dump.sql", "--output", "out"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
    for (file, rows) in [("out/s0.sql", ["(1,4)", "(6,3)"]), ("out/s1.sql", ["(2,5)", "(7,4)"])] {
        let text = written(&site, file);
        assert!(rows.iter().all(|row| text.contains(row)), "{text}");
    }
}

/// As `mysqldump --hex-blob` writes them.
#[test]
fn rows_with_keys_in_hexadecimal_are_split() {
    let site = Site::offline();
    let keys: Vec<String> = (0..40).map(|n| format!("0x{:04X}", 0x6100 + 37 * n)).collect();
    let rows: Vec<String> = keys.iter().map(|key| format!("({key},1)")).collect();
    let dump = format!("INSERT INTO files (digest, size) VALUES {};\n", rows.join(","));
    std::fs::write(site.0.path().join("dump.sql"), dump).unwrap();
    let run = site.run(&["split", "dump.sql", "--output", "out"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
    let files = [written(&site, "out/s0.sql"), written(&site, "out/s1.sql")];
    for (key, row) in keys.iter().zip(&rows).take(8) {
        let shard = site.run(&["shard-of", "files", key]).out;
        let there = files.each_ref().map(|file| file.contains(row));
        assert_eq!(there, [shard.contains("shard s0"), shard.contains("shard s1")], "{key}: {shard}");
        assert!(there.contains(&true), "{key}");
    }
}

#[test]
fn what_has_no_place_in_a_dump_is_told_by_its_line() {
    let site = Site::offline();
    let cases = [
        ("SELECT 1;\n\nINSERT INTO users (name) VALUES ('x');\n", "line 3: only a running server"),
        ("INSERT INTO users VALUES (1);\n", "line 1: the columns of 'users' are not known"),
        ("INSERT INTO \"users\" VALUES (1);\n", "line 1: names in double quotes"),
        ("DROP TABLE IF EXISTS \"users\";\n", "line 1: names in double quotes"),
        ("/*!40101 SET NAMES utf8mb4 */;\n/*!40101 SET NAMES latin1 */;\n", "line 2: texts are read as UTF-8"),
        ("SET a = 1;\nINSERT INTO users (user_id) VALUES (1), (1 + 1);\n", "line 2: "),
        ("\nINSERT INTO users (user_id VALUES (1);\n", "line 2: syntax error"),
        ("USE nonsense;\n", "line 1: unknown database 'nonsense'"),
    ];
    for (index, (dump, told)) in cases.into_iter().enumerate() {
        std::fs::write(site.0.path().join("dump.sql"), dump).unwrap();
        let run = site.run(&["split", "dump.sql", "--output", &format!("out{index}")]);
        assert!(run.code == Some(1) && run.err.contains(told), "{told}: {run:?}");
    }
}

#[test]
fn an_import_ends_with_what_check_says_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/import");
    let whole = run_in(folder.path(), &["import", "--from", "kingshard", &format!("{cases}/kingshard"), "-o", "whole"]);
    assert!(!whole.out.contains("to be mended") && whole.out.contains("next: shardgate check"), "{whole:?}");
    assert_eq!(run_in(folder.path(), &["check", "-c", "whole/shardgate.toml"]).code, Some(0));
    let source = "databaseName: shop\ndataSources:\n  ds_0: {url: \"jdbc:mysql://10.0.0.1/shop\", username: a, password: b}\n\
                  rules:\n- !SHARDING\n  tables:\n    t:\n      actualDataNodes: ds_0.t_0${0..3}\n      tableStrategy:\n        \
                  standard: {shardingColumn: id, shardingAlgorithmName: padded}\n  shardingAlgorithms:\n    padded:\n      \
                  type: INLINE\n      props: {algorithm-expression: \"t_${(id % 4).toString().padLeft(2, '0')}\"}\n";
    std::fs::write(folder.path().join("config-shop.yaml"), source).unwrap();
    let odd = run_in(folder.path(), &["import", "--from", "shardingsphere", "config-shop.yaml", "-o", "odd"]);
    assert_eq!(odd.code, Some(1), "{odd:?}");
    let (_, mended) = odd.out.split_once("to be mended before the start: ").unwrap_or_else(|| panic!("{odd:?}"));
    assert!(mended.contains("padLeft with 2 values is not known"), "{mended}");
}

#[test]
fn a_csv_file_is_split_by_shard() {
    let site = Site::offline();
    let file = "name,user_id\r\n\"one, \"\"1\"\"\",1\r\n\"two\r\nlines\",2\r\nthree,3\r\nfour,4\r\n";
    std::fs::write(site.0.path().join("users.csv"), format!("\u{FEFF}{file}")).unwrap();
    let run = site.run(&["split", "users.csv", "--table", "users", "--header", "--output", "out"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
    let files = [written(&site, "out/s0.csv"), written(&site, "out/s1.csv")];
    assert!(files.iter().all(|file| file.starts_with("name,user_id\r\n")), "{files:?}");
    let rows: usize = files.iter().map(String::len).sum();
    assert_eq!(rows, file.len() + "name,user_id\r\n".len());
    for (key, row) in
        [(1, "\"one, \"\"1\"\"\",1\r\n"), (2, "\"two\r\nlines\",2\r\n"), (3, "three,3\r\n"), (4, "four,4\r\n")]
    {
        let shard = site.run(&["shard-of", "users", &key.to_string()]).out;
        assert!(files[usize::from(shard.contains("shard s1"))].contains(row), "{row}: {files:?}");
    }
    std::fs::write(site.0.path().join("bad.tsv"), "5\ta\n\\N\tb\n").unwrap();
    let bad = ["split", "bad.tsv", "--table", "users", "--columns", "user_id,name", "--output", "bad"];
    let more = ["--fields-terminated-by", "\\t", "--enclosed-by", "", "--escaped-by", "\\"];
    let run = site.run(&[&bad[..], &more[..]].concat());
    assert!(run.code == Some(1) && run.err.contains("line 2: ") && run.err.contains("NULL"), "{run:?}");
}
