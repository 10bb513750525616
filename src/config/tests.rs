//! Whole configurations: those in `tests/cases/config`, each of which says what is wrong with it, and the examples in
//! `rules`, which say where keys lead.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::*;
use crate::backend::options::{PoolOptions, TlsMode};
use crate::frontend::options::Options;
use crate::sharding::function::registry;
use crate::sharding::{Database, Located, Placement, ShardId};
use crate::value::{Charset, Value};
use crate::wire::Secret;
use crate::wire::auth::{AuthPlugin, Credential};

const MAIN: &str = r#"
rules = ["rules/*.toml"]

[[users]]
name = "app"
password = "secret"

[[replica_sets]]
name = "rs0"
primary = "127.0.0.1:3306"
user = "shardgate"
password = "hidden"

[[replica_sets]]
name = "rs1"
primary = "127.0.0.1:3307"
user = "shardgate"
password = "hidden"
"#;

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
"#;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn toml_files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(project().join(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(!files.is_empty(), "{folder}");
    files
}

/// A folder with these files, and with a good main and rule file where they give none.
fn folder_of(files: &[(String, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    let given = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    for (name, text) in [("shardgate.toml", MAIN), ("rules/shop.toml", RULES)].into_iter().chain(given) {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        set_mode(&path, 0o600);
    }
    folder
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A case: `# expect:` lines, then files, each after a line `# file: NAME`.
fn read_case(text: &str) -> (Vec<String>, Vec<(String, String)>) {
    let mut expected = Vec::new();
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("# file: ") {
            files.push((name.to_owned(), String::new()));
        } else if let Some((_, text)) = files.last_mut() {
            text.push_str(line);
            text.push('\n');
        } else if let Some(problem) = line.strip_prefix("# expect: ") {
            expected.push(problem.to_owned());
        }
    }
    (expected, files)
}

#[test]
fn bad_configurations_are_refused_for_all_their_reasons() {
    let mut wrong = Vec::new();
    for path in toml_files("tests/cases/config") {
        let (expected, files) = read_case(&std::fs::read_to_string(&path).unwrap());
        let folder = folder_of(&files);
        let prefix = format!("{}/", folder.path().display());
        let found = match load(&folder.path().join("shardgate.toml")) {
            Ok(config) => config.warnings.iter().map(|warning| format!("warning: {warning}")).collect(),
            Err(problems) => problems.0.iter().map(ToString::to_string).collect::<Vec<_>>(),
        };
        let found: Vec<String> = found.iter().map(|problem| problem.replace(&prefix, "")).collect();
        if found != expected {
            wrong.push(format!("{}\n# expect: {}", path.display(), found.join("\n# expect: ")));
        }
    }
    assert!(wrong.is_empty(), "these have other problems than they expect:\n{}\n", wrong.join("\n"));
}

/// How long that may take is a matter of `benches/rules.rs`; here a search among all names for each name would be felt.
#[test]
fn thousands_of_tables_on_hundreds_of_shards_are_found_by_name() {
    let mut rules = "database = \"shop\"\ndefault_shard = \"s0\"\n".to_owned();
    for shard in 0..256 {
        let set = shard % 2;
        rules += &format!("[[shards]]\nname = \"s{shard}\"\nreplica_set = \"rs{set}\"\nschema = \"shop_{shard}\"\n");
    }
    let names = (0..256).map(|shard| format!("\"s{shard}\"")).collect::<Vec<_>>().join(", ");
    for table in 0..2000 {
        let physical = if table % 2 == 0 { "" } else { "physical = \"{table}_{index}\"\n" };
        rules += &format!(
            "[[tables]]\nname = \"t{table}\"\nshard_key = \"id\"\nfunction = {{ kind = \"mod\" }}\nshards = [{names}]\n{physical}"
        );
    }
    let folder = folder_of(&[("rules/shop.toml".into(), rules)]);
    let config = load(&folder.path().join("shardgate.toml")).unwrap();
    let (_, database) = config.schema.database("shop").unwrap();
    assert_eq!(database.tables().count(), 2000);
    for (index, table) in database.tables().enumerate() {
        assert_eq!(database.table_index(&table.name.to_uppercase()), Some(index));
        let Placement::Sharded(sharded) = &table.placement else { panic!("{}", table.name) };
        assert_eq!(sharded.locate(&Value::Int(300)), Located::Shard(ShardId(44)));
        let is_renamed = table.physical_name(ShardId(44)) == format!("{}_44", table.name);
        assert_eq!(is_renamed, table.is_renamed());
    }
}

#[test]
fn a_small_configuration_has_defaults_for_the_rest() {
    let folder = folder_of(&[]);
    let config = load(&folder.path().join("shardgate.toml")).unwrap();
    let users = config.frontend.users.clone();
    assert_eq!(users[0].databases, ["shop"]);
    assert_eq!(config.frontend, Options { users, ..Options::default() });
    let set = &config.backend.replica_sets[1];
    assert_eq!((&set.pool, set.response_timeout.as_secs()), (&PoolOptions::default(), 600));
    assert_eq!(config.backend.monitor.failures, 3);
    assert_eq!(config.schema.shards[1].replica_set, crate::sharding::ReplicaSetId(1));
    assert_eq!(config.schema.database("shop").unwrap().1.tables().count(), 0);
    assert!(config.warnings.is_empty());
}

#[test]
fn a_full_configuration_is_read_as_written() {
    let main = r#"
rules = ["rules/shop.toml"]
[server]
listen = ["127.0.0.1:8066", "[::1]:8066"]
max_sessions = 500
idle_timeout = "1h 30m"
handshake_timeout = "5s"
max_packet = "16MiB"
default_auth = "caching_sha2_password"
server_version = "10.11.6-MariaDB"
workers = 2
write_timeout = "20s"
plan_cache = 500
max_prepared = 64
tls = { mode = "required", cert = "cert.pem", key = "own.key" }
[[users]]
name = "app"
password = { file = "app.password" }
databases = ["SHOP"]
read_write_splitting = true
[[users]]
name = "native"
password = { native_hash = "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4" }
[[users]]
name = "sha"
password = { sha256_hash = "$A$005$abcdefghijklmnopqrst0123456789012345678901234567890123456789012" }
[[users]]
name = "empty"
password = ""
[[replica_sets]]
name = "rs0"
primary = "db1:3306"
replicas = ["db2:3306", { address = "unix:/run/db3.sock", weight = 3 }]
user = "shardgate"
password = { env = "PATH" }
pool = { max = 8, min = 2, idle = "1m", lifetime = "2h", wait = "500ms", check_after = "10s" }
tls = { mode = "verify-ca", ca = "ca.pem", cert = "me.pem", key = "me.key" }
max_replica_lag = "30s"
connect_timeout = "1s"
response_timeout = "1m"
[[replica_sets]]
name = "rs1"
primary = "[::1]:3306"
user = "shardgate"
password = "p"
tls = "verify-identity"
[monitor]
interval = "500ms"
timeout = "1s"
failures = 5
[log]
format = "json"
level = "warn,shardgate::backend=debug"
"#;
    let pem = ["cert.pem", "own.key", "ca.pem", "me.pem", "me.key"].map(|name| (name.into(), String::new()));
    let own = [("shardgate.toml".into(), main.into()), ("app.password".into(), "pa ss\r\n".into())];
    let folder = folder_of(&[own.as_slice(), &pem].concat());
    let config = load(&folder.path().join("shardgate.toml")).unwrap();
    let (server, path) = (&config.frontend, |name| folder.path().join(name));
    assert_eq!(server.listen.len(), 2);
    assert_eq!((server.idle_timeout.as_secs(), server.write_timeout.as_secs()), (5400, 20));
    assert_eq!((server.plan_cache, server.max_prepared, server.workers), (500, 64, 2));
    assert_eq!(server.default_auth, AuthPlugin::CachingSha2Password);
    assert_eq!(server.tls.identity, Some((path("cert.pem"), path("own.key"))));
    assert_eq!(server.users[0].credential, Credential::Plain(Secret::new("pa ss")));
    assert!(matches!(server.users[1].credential, Credential::NativeHash([0x6C, 0x89, ..])));
    assert!(matches!(&server.users[2].credential, Credential::Sha256Crypt(hash) if hash.starts_with("$A$005$")));
    assert_eq!(server.users[3].credential, Credential::Empty);
    let set = &config.backend.replica_sets[0];
    assert_eq!(set.replicas[1].address.to_string(), "unix:/run/db3.sock");
    assert_eq!((set.replicas[0].weight, set.replicas[1].weight), (1, 3));
    assert_eq!(set.password.expose(), std::env::var("PATH").unwrap());
    assert_eq!((set.pool.max, set.pool.wait.as_millis()), (8, 500));
    assert_eq!((set.tls.mode, &set.tls.ca), (TlsMode::VerifyCa, &Some(path("ca.pem"))));
    assert_eq!(config.backend.monitor.failures, 5);
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn secrets_are_not_printed() {
    let folder = folder_of(&[]);
    let config = load(&folder.path().join("shardgate.toml")).unwrap();
    let printed = format!("{config:?}");
    assert!(printed.contains("***") && !printed.contains("secret") && !printed.contains("hidden"));
}

#[test]
fn passwords_that_everyone_can_read_are_warned_of() {
    let elsewhere =
        |main: &str| main.replace("\"secret\"", "{ file = \"pw\" }").replace("\"hidden\"", "{ env = \"PATH\" }");
    let cases = [
        (MAIN.to_owned(), 0o600, 0o644, None),
        (MAIN.to_owned(), 0o640, 0o600, None),
        (MAIN.to_owned(), 0o644, 0o600, Some("users[0].password: this file can be read by every user")),
        (elsewhere(MAIN), 0o644, 0o600, None),
        (elsewhere(MAIN), 0o600, 0o644, Some("pw can be read by every user")),
    ];
    for (main, main_mode, file_mode, warning) in cases {
        let folder = folder_of(&[("shardgate.toml".into(), main), ("pw".into(), "x\n".into())]);
        let path = folder.path().join("shardgate.toml");
        set_mode(&path, main_mode);
        set_mode(&folder.path().join("pw"), file_mode);
        let warnings = load(&path).unwrap().warnings;
        assert_eq!(warnings.len(), usize::from(warning.is_some()), "{warnings:?}");
        assert!(warnings.iter().all(|found| found.to_string().contains(warning.unwrap())), "{warnings:?}");
    }
}

#[test]
fn a_missing_main_file_is_named() {
    let problems = load(Path::new("nowhere/shardgate.toml")).unwrap_err().to_string();
    assert!(problems.starts_with("nowhere/shardgate.toml: cannot read the file: "), "{problems}");
}

#[test]
fn examples_route_their_keys_as_they_say() {
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for path in toml_files("rules") {
        let text = std::fs::read_to_string(&path).unwrap();
        let main = MAIN.replace("rules/*.toml", path.to_str().unwrap());
        let folder = folder_of(&[("shardgate.toml".into(), main)]);
        let config = load(&folder.path().join("shardgate.toml")).unwrap_or_else(|problems| panic!("{problems}"));
        let database = &config.schema.databases[0];
        let routes: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# route: ")).collect();
        assert!(!routes.is_empty(), "{}", path.display());
        let found = routes.iter().map(|route| {
            let (key, _) = written(route);
            format!("{key} -> {}", lead(&config.schema, database, route))
        });
        let found: Vec<String> = found.collect();
        if found != routes {
            wrong.push(format!("{}\n# route: {}", path.display(), found.join("\n# route: ")));
        }
        all.push(path);
    }
    assert!(wrong.is_empty(), "these route otherwise than they say:\n{}\n", wrong.join("\n"));
    let list: Vec<String> = all.iter().map(|path| format!("{path:?}")).collect();
    let main = MAIN.replace("\"rules/*.toml\"", &list.join(", "));
    let folder = folder_of(&[("shardgate.toml".into(), main)]);
    assert_eq!(load(&folder.path().join("shardgate.toml")).unwrap().schema.databases.len(), all.len());
}

#[test]
fn every_function_has_an_example() {
    let texts: String = toml_files("rules").iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    // No table can have rows that move with the clock.
    let missing = registry::NAMED.iter().map(|kind| kind.name).filter(|name| *name != "mycat-hot-date");
    let missing: Vec<&str> = missing.filter(|name| !texts.contains(&format!("kind = \"{name}\""))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// `users '42' -> s1`: what leads, and where.
fn written(route: &str) -> (&str, &str) {
    route.split_once(" -> ").unwrap()
}

/// Where the key leads: a shard, and the table's name there if it is another.
fn lead(schema: &Schema, database: &Database, route: &str) -> String {
    let (table, key) = written(route).0.split_once(' ').unwrap();
    let table = database.table(table).unwrap();
    let Placement::Sharded(sharded) = &table.placement else { panic!("{} is not sharded", table.name) };
    let place = |shard: ShardId| {
        let (physical, name) = (table.physical_name(shard), &schema.shard(shard).name);
        if physical == table.name { name.clone() } else { format!("{name} {physical}") }
    };
    let parts: Vec<&str> = key.split(", ").collect();
    if parts.len() > 1 {
        let values: Vec<Value<'_>> = parts.iter().map(|part| value(part)).collect();
        return match sharded.place_all(&values) {
            Ok(shard) => place(shard),
            Err((_, Located::Null)) => "null".to_owned(),
            Err(_) => "anywhere".to_owned(),
        };
    }
    let value = value(key);
    // Both questions lead to the same shard; `place` alone knows where NULL goes.
    let (located, placed) = (sharded.locate(&value), sharded.place(&value));
    assert!(!matches!(located, Located::Shard(_)) || located == placed, "{route}");
    match if matches!(value, Value::Null) { placed } else { located } {
        Located::Shard(shard) => place(shard),
        Located::Nowhere => "nowhere".to_owned(),
        Located::Null => "null".to_owned(),
        Located::Unplaced | Located::Anywhere => "anywhere".to_owned(),
    }
}

/// A literal of the examples.
fn value(text: &str) -> Value<'_> {
    if let Some(inner) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return Value::Text { bytes: Cow::Borrowed(inner.as_bytes()), charset: Charset::Utf8 };
    }
    match (text, text.parse(), text.parse()) {
        ("NULL", _, _) => Value::Null,
        (_, Ok(integer), _) => Value::Int(integer),
        (_, _, Ok(integer)) => Value::UInt(integer),
        _ => Value::Decimal(Cow::Borrowed(text.as_bytes())),
    }
}
