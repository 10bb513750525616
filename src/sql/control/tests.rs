//! Statements and what they are read as.

use proptest::prelude::*;

use super::*;
use crate::value::{Charset, Value};

fn read(sql: &str) -> Option<Parsed<Control>> {
    parse(sql.as_bytes(), Mode::default())
}

fn check(cases: &[(&str, Control)]) {
    for (sql, expected) in cases {
        assert_eq!(read(sql), Some(Ok(expected.clone())), "{sql}");
        assert_eq!(read(&format!("/* x */ {} ; ", sql.to_lowercase())).map(|read| read.is_ok()), Some(true), "{sql}");
    }
}

#[test]
fn transactions() {
    let begin = |read_only, consistent_snapshot| Control::Begin { read_only, consistent_snapshot };
    let commit = |chain, release| Control::Commit { chain, release };
    let rollback = |chain, release| Control::Rollback { chain, release };
    let name = |name: &str| name.to_owned();
    check(&[
        ("BEGIN", begin(None, false)),
        ("BEGIN WORK;", begin(None, false)),
        ("START TRANSACTION", begin(None, false)),
        ("START TRANSACTION READ ONLY", begin(Some(true), false)),
        ("START TRANSACTION READ WRITE, WITH CONSISTENT SNAPSHOT", begin(Some(false), true)),
        ("START/**/TRANSACTION WITH CONSISTENT SNAPSHOT", begin(None, true)),
        ("/*!50001 BEGIN */", begin(None, false)),
        ("COMMIT", commit(None, None)),
        ("COMMIT WORK AND CHAIN NO RELEASE", commit(Some(true), Some(false))),
        ("COMMIT AND NO CHAIN RELEASE", commit(Some(false), Some(true))),
        ("COMMIT RELEASE", commit(None, Some(true))),
        ("ROLLBACK", rollback(None, None)),
        ("ROLLBACK WORK AND CHAIN", rollback(Some(true), None)),
        ("ROLLBACK TO sp", Control::RollbackTo(name("sp"))),
        ("ROLLBACK WORK TO SAVEPOINT `s p`", Control::RollbackTo(name("s p"))),
        ("ROLLBACK TO SAVEPOINT", Control::RollbackTo(name("SAVEPOINT"))),
        ("SAVEPOINT a", Control::Savepoint(name("a"))),
        ("RELEASE SAVEPOINT a", Control::ReleaseSavepoint(name("a"))),
        (
            "SHOW SHARD FOR shop.orders = '42'",
            Control::ShowShard {
                table: TableName { database: Some(name("shop")), table: name("orders") },
                key: 29..33,
            },
        ),
        (
            "CHECK REFERENCE TABLE a, b.`c`",
            Control::CheckReference {
                tables: vec![
                    TableName { database: None, table: "a".into() },
                    TableName { database: Some("b".into()), table: "c".into() },
                ],
            },
        ),
        ("CHECK REFERENCE TABLES", Control::CheckReference { tables: Vec::new() }),
        ("SHOW RULES", Control::ShowRules),
        (
            "DROP SHARDED TABLE RULE t",
            Control::ChangeRule {
                verb: RuleVerb::Drop,
                table: TableName { database: None, table: "t".into() },
                body: 25..25,
            },
        ),
        (
            "ALTER SHARDED TABLE RULE t (shards = [\"s0\"])",
            Control::ChangeRule {
                verb: RuleVerb::Alter,
                table: TableName { database: None, table: "t".into() },
                body: 28..43,
            },
        ),
        ("RELOAD CONFIG", Control::ReloadConfig),
        ("ROLLBACK CONFIG", Control::RollbackConfig),
    ]);
}

#[test]
fn set_transaction() {
    let set = |scope, isolation, read_only| Control::SetTransaction { scope, isolation, read_only };
    check(&[
        ("SET TRANSACTION READ ONLY", set(TransactionScope::NextOnly, None, Some(true))),
        (
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE",
            set(TransactionScope::Session, Some(Isolation::ReadCommitted), Some(false)),
        ),
        (
            "SET LOCAL TRANSACTION READ ONLY, ISOLATION LEVEL SERIALIZABLE",
            set(TransactionScope::Session, Some(Isolation::Serializable), Some(true)),
        ),
        (
            "SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            set(TransactionScope::Global, Some(Isolation::RepeatableRead), None),
        ),
        (
            "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED",
            set(TransactionScope::NextOnly, Some(Isolation::ReadUncommitted), None),
        ),
    ]);
}

/// SET as text: `scope name=value`, with `!` after a value that is DEFAULT.
fn shown(sql: &str) -> String {
    let Some(Ok(Control::Set(assignments))) = read(sql) else { return format!("{:?}", read(sql)) };
    let show = |assignment: Assignment| match assignment {
        Assignment::System { scope, name, value, is_default } => {
            format!("{scope:?} {name}={}{}", &sql[value], if is_default { "!" } else { "" })
        }
        Assignment::User { name, value } => format!("@{name}={}", &sql[value]),
        Assignment::Names { charset, collation } => format!("names {charset:?} {collation:?}"),
        Assignment::CharacterSet(charset) => format!("charset {charset:?}"),
        Assignment::Other => "other".to_owned(),
    };
    assignments.into_iter().map(show).collect::<Vec<_>>().join("; ")
}

#[test]
fn set() {
    let cases = [
        ("SET autocommit=0", "Session autocommit=0"),
        ("SET a = 1, @@b := f(1, 2), @@global.c=(3),d=4", "Session a=1; Session b=f(1, 2); Global c=(3); Session d=4"),
        (
            "SET GLOBAL a=1, b=2, SESSION c=3, d=4, @@e=5",
            "Global a=1; Global b=2; Session c=3; Session d=4; Session e=5",
        ),
        ("SET LOCAL a=1, PERSIST b=2, PERSIST_ONLY c=3", "Session a=1; Persist b=2; PersistOnly c=3"),
        ("SET @@persist.a=1, @@local.`B`=2, @@SESSION . c = 3", "Persist a=1; Session b=2; Session c=3"),
        (
            "SET a=DEFAULT, `b`=default , c=defaults, d='DEFAULT'",
            "Session a=DEFAULT!; Session b=default!; Session c=defaults; Session d='DEFAULT'",
        ),
        ("SET @X = 1, @`y z`:=@x + (1, 2) /* c */, @'q'=3", "@x=1; @y z=@x + (1, 2); @q=3"),
        ("SET @a = CASE 1 WHEN 1 THEN 2 END, b=1 ;", "@a=CASE 1 WHEN 1 THEN 2 END; Session b=1"),
        ("SET NAMES utf8mb4", "names Some(\"utf8mb4\") None"),
        ("SET NAMES 'utf8mb4' COLLATE 'utf8mb4_bin', @a=1", "names Some(\"utf8mb4\") Some(\"utf8mb4_bin\"); @a=1"),
        ("SET NAMES DEFAULT", "names None None"),
        ("SET NAMES binary, autocommit=1", "names Some(\"binary\") None; Session autocommit=1"),
        ("SET CHARACTER SET latin1", "charset Some(\"latin1\")"),
        ("SET CHARSET 'gbk', CHAR SET DEFAULT", "charset Some(\"gbk\"); charset None"),
        ("SET names = 1, session = 2", "Session names=1; Session session=2"),
        ("SET PASSWORD FOR a@b = 'x'", "other"),
        ("SET ROLE NONE", "other"),
        ("SET DEFAULT ROLE a TO b", "other"),
        ("SET STATEMENT a=1 FOR SELECT 1", "other"),
        ("SET a=1, hot.key_buffer_size=2, b=3", "Session a=1; other"),
        ("SET @@hot.key_buffer_size=2", "other"),
    ];
    for (sql, expected) in cases {
        assert_eq!(shown(sql), expected, "{sql}");
    }
}

#[test]
fn settings_for_one_statement() {
    let mode = Mode { mariadb: true, ..Mode::default() };
    let cases = [
        ("SET STATEMENT a=1 FOR SELECT 1", Some(("a=1", " SELECT 1"))),
        (
            "set statement a=(SELECT 1 FOR UPDATE), b = 2 for/*x*/SELECT 1 FOR UPDATE;",
            Some(("a=(SELECT 1 FOR UPDATE), b = 2", "/*x*/SELECT 1 FOR UPDATE")),
        ),
        ("SET STATEMENT FOR SELECT 1", Some(("", " SELECT 1"))),
        ("SET STATEMENT a=1", None),
        ("SET STATEMENT a=(1 FOR SELECT 1", None),
    ];
    for (sql, expected) in cases {
        let found = match parse(sql.as_bytes(), mode) {
            Some(Ok(Control::SetStatement { assignments, statement })) => Some((&sql[assignments], &sql[statement])),
            _ => None,
        };
        assert_eq!(found, expected, "{sql}");
    }
}

#[test]
fn simple_values() {
    let word = |word: &'static str| Some(SimpleValue::Word(word.into()));
    let cases = [
        ("ON", word("ON")),
        ("`utf8`", word("utf8")),
        ("-5", Some(SimpleValue::Literal(Value::Int(-5)))),
        ("'a''b'", Some(SimpleValue::Literal(Value::Text { bytes: b"a'b".to_vec().into(), charset: Charset::Utf8 }))),
        ("@A", Some(SimpleValue::UserVar("a".into()))),
        ("@@sql_mode", Some(SimpleValue::SystemVar { scope: None, name: "sql_mode".into() })),
        ("@@GLOBAL.Sql_Mode", Some(SimpleValue::SystemVar { scope: Some(Scope::Global), name: "sql_mode".into() })),
        ("1 + 1", None),
        ("-ON", None),
        ("'a' 'b'", None),
        ("f(1)", None),
        ("", None),
    ];
    for (sql, expected) in cases {
        assert_eq!(simple_value(sql.as_bytes(), 0..sql.len(), Mode::default()), expected, "{sql}");
    }
}

#[test]
fn sessions() {
    let lock = |database: Option<&str>, table: &str, alias: Option<&str>, kind| TableLock {
        table: TableName { database: database.map(str::to_owned), table: table.to_owned() },
        alias: alias.map(str::to_owned),
        kind,
    };
    let locks = |tables, wait| Control::LockTables(TableLocks { tables, wait });
    let (read, local, write) = (TableLockKind::Read, TableLockKind::ReadLocal, TableLockKind::Write);
    check(&[
        ("USE shop", Control::Use("shop".into())),
        ("USE `my shop`;", Control::Use("my shop".into())),
        ("KILL 5", Control::Kill { query_only: false, target: KillTarget::Id(5) }),
        ("KILL HARD CONNECTION 5", Control::Kill { query_only: false, target: KillTarget::Id(5) }),
        ("KILL CONNECTION_ID()", Control::Kill { query_only: false, target: KillTarget::Expression(5..20) }),
        ("KILL QUERY @id + 1;", Control::Kill { query_only: true, target: KillTarget::Expression(11..18) }),
        ("KILL SOFT QUERY 5", Control::Kill { query_only: true, target: KillTarget::Id(5) }),
        ("LOCK TABLE t READ", locks(vec![lock(None, "t", None, read)], None)),
        (
            "LOCK TABLES d.t AS x READ LOCAL, `u` LOW_PRIORITY WRITE, v w WRITE",
            locks(
                vec![
                    lock(Some("d"), "t", Some("x"), local),
                    lock(None, "u", None, write),
                    lock(None, "v", Some("w"), write),
                ],
                None,
            ),
        ),
        ("LOCK TABLES t WRITE WAIT 10", locks(vec![lock(None, "t", None, write)], Some(10))),
        ("LOCK TABLES t READ NOWAIT", locks(vec![lock(None, "t", None, read)], Some(0))),
        ("UNLOCK TABLES", Control::UnlockTables),
        ("UNLOCK TABLE", Control::UnlockTables),
        ("SHOW DDL", Control::ShowDdl),
        ("RESUME DDL 7", Control::MendDdl(DdlVerb::Resume, 7)),
        ("ROLLBACK DDL 7;", Control::MendDdl(DdlVerb::RollBack, 7)),
        ("forget ddl 7", Control::MendDdl(DdlVerb::Forget, 7)),
        (
            "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 */",
            Control::Database { creates: true, name: "shop".into(), is_tolerant: true },
        ),
        ("DROP SCHEMA x", Control::Database { creates: false, name: "x".into(), is_tolerant: false }),
    ]);
}

#[test]
fn shows() {
    let show = |what, count, limit| Control::ShowDiagnostics { what, count, limit };
    let databases = |filter| Control::ShowDatabases { filter };
    check(&[
        ("SHOW WARNINGS", show(Diagnostics::Warnings, false, None)),
        ("SHOW WARNINGS LIMIT 5", show(Diagnostics::Warnings, false, Some((0, 5)))),
        ("SHOW ERRORS LIMIT 2, 5", show(Diagnostics::Errors, false, Some((2, 5)))),
        ("SHOW WARNINGS LIMIT 5 OFFSET 2", show(Diagnostics::Warnings, false, Some((2, 5)))),
        ("SHOW COUNT(*) WARNINGS", show(Diagnostics::Warnings, true, None)),
        ("SHOW COUNT( * ) ERRORS", show(Diagnostics::Errors, true, None)),
        ("SHOW DATABASES", databases(None)),
        ("SHOW SCHEMAS LIKE 'a\\_%'", databases(Some(ShowFilter::Like(b"a\\_%".to_vec())))),
        ("SHOW DATABASES WHERE `Database` = 'x';", databases(Some(ShowFilter::Where(21..37)))),
        ("EXPLAIN ROUTE SELECT 1 /* x */;", Control::ExplainRoute { statement: 14..22, analyze: false }),
        ("EXPLAIN ROUTE (SELECT 1)", Control::ExplainRoute { statement: 14..24, analyze: false }),
        ("EXPLAIN ANALYZE ROUTE SELECT 1", Control::ExplainRoute { statement: 22..30, analyze: true }),
    ]);
}

#[test]
fn prepared_statements() {
    let name = || "s".to_owned();
    let var = |name: &str| Argument::UserVar(name.to_owned());
    let literal = |text: &str| Argument::Literal(text.as_bytes().to_vec());
    let mariadb = |sql: &str| parse(sql.as_bytes(), Mode { mariadb: true, ..Mode::default() });
    check(&[
        (
            "PREPARE s FROM 'select ''x'''",
            Control::Prepare { name: name(), source: PrepareSource::Text(b"select 'x'".to_vec()) },
        ),
        ("PREPARE s FROM @q", Control::Prepare { name: name(), source: PrepareSource::UserVar("q".into()) }),
        ("EXECUTE s", Control::Execute { name: name(), using: vec![] }),
        ("EXECUTE s USING @a, @`b c`", Control::Execute { name: name(), using: vec![var("a"), var("b c")] }),
        ("EXECUTE immediate", Control::Execute { name: "immediate".to_owned(), using: vec![] }),
        ("DEALLOCATE PREPARE s", Control::Deallocate { name: name() }),
        ("DROP PREPARE s", Control::Deallocate { name: name() }),
    ]);
    // MySQL knows none of these.
    for (sql, expected) in [
        (
            "EXECUTE s USING 1, -2.5, 'x''y', NULL, @a",
            Control::Execute {
                name: name(),
                using: vec![literal("1"), literal("-2.5"), literal("'x''y'"), literal("NULL"), var("a")],
            },
        ),
        (
            "EXECUTE IMMEDIATE 'SELECT ?' USING @a",
            Control::ExecuteImmediate { source: PrepareSource::Text(b"SELECT ?".to_vec()), using: vec![var("a")] },
        ),
        (
            "EXECUTE IMMEDIATE @q",
            Control::ExecuteImmediate { source: PrepareSource::UserVar("q".into()), using: vec![] },
        ),
    ] {
        assert_eq!(mariadb(sql), Some(Ok(expected)), "{sql}");
        assert!(!matches!(read(sql), Some(Ok(_))), "{sql}");
    }
}

#[test]
fn show_of_the_catalogue() {
    let shown = |sql: &str| match read(sql) {
        Some(Ok(Control::ShowCatalog(show))) => {
            let subject = show.subject.as_ref().map(|subject| &sql[subject.at.clone()]);
            let database = show.database.as_ref().map(|database| database.name.clone());
            (show.shown, subject.map(str::to_owned), database, sql[show.filter_at..].trim().to_owned())
        }
        other => panic!("{sql}: {other:?}"),
    };
    let some = |text: &str| Some(text.to_owned());
    let cases = [
        ("SHOW FULL TABLES FROM `d` LIKE 'x%'", (Shown::Tables, None, some("d"), "LIKE 'x%'".to_owned())),
        ("show table status", (Shown::Tables, None, None, String::new())),
        ("SHOW OPEN TABLES IN d;", (Shown::Tables, None, some("d"), ";".to_owned())),
        ("SHOW KEYS IN d.t FROM e WHERE 1", (Shown::Index, some("d.t"), some("e"), "WHERE 1".to_owned())),
        ("SHOW CREATE TABLE `d` . t", (Shown::CreateTable, some("`d` . t"), None, String::new())),
        ("SHOW CREATE SCHEMA IF NOT EXISTS d", (Shown::CreateDatabase, None, some("d"), String::new())),
        ("SHOW CREATE PACKAGE BODY p", (Shown::CreateOther, some("p"), None, String::new())),
        ("SHOW FUNCTION STATUS LIKE 'f'", (Shown::Everywhere, None, None, "LIKE 'f'".to_owned())),
        ("SHOW EVENTS", (Shown::Objects, None, None, String::new())),
    ];
    for (sql, expected) in cases {
        assert_eq!(shown(sql), expected, "{sql}");
    }
}

#[test]
fn other_statements_are_left_alone() {
    let others = [
        "",
        "-- x",
        "SELECT 1",
        "BEGIN NOT ATOMIC SELECT 1; END",
        "START REPLICA",
        "LOCK INSTANCE FOR BACKUP",
        "SHOW ENGINES",
        "SHOW COLUMNS FROM t",
        "SHOW GLOBAL VARIABLES LIKE 'x'",
        "SHOW STATUS",
        "SHOW COUNT (*) WARNINGS",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "EXPLAIN route",
        "EXPLAIN route id",
        "DROP TABLE t",
        "(SELECT 1)",
        "RELEASE x",
        "`USE` x",
        "/*!99999 BEGIN */",
    ];
    for sql in others {
        assert_eq!(read(sql), None, "{sql}");
    }
}

#[test]
fn xa_is_read_up_to_its_verb() {
    let xa = |verb| Some(Ok(Control::Xa(verb)));
    assert_eq!(read("XA START 'x'"), xa(XaVerb::Start));
    assert_eq!(read("xa begin x'00', 'b', 1 JOIN"), xa(XaVerb::Start));
    assert_eq!(read("XA END 'x'; "), xa(XaVerb::End));
    assert_eq!(read("XA PREPARE 'x'"), xa(XaVerb::Prepare));
    assert_eq!(read("XA COMMIT 'x' ONE PHASE"), xa(XaVerb::Commit));
    assert_eq!(read("XA ROLLBACK 'x'"), xa(XaVerb::Rollback));
    assert_eq!(read("XA RECOVER FORMAT = 'SQL'"), xa(XaVerb::Recover));
    assert_eq!(read("XA NOTHING"), Some(Err(ControlError::Syntax { at: 3 })));
}

#[test]
fn errors_say_where_or_what() {
    let at = |at| ControlError::Syntax { at };
    let cases = [
        ("BEGIN RELEASE", at(6)),
        ("START TRANSACTION READ ONLY, READ WRITE", at(29)),
        ("START TRANSACTION WITH SNAPSHOT", at(23)),
        ("COMMIT AND CHAIN RELEASE", at(7)),
        ("SAVEPOINT", at(9)),
        ("ROLLBACK TO 'x'", at(12)),
        ("USE", at(3)),
        ("USE a b", at(6)),
        ("SET", at(3)),
        ("SET a", at(5)),
        ("SET a=", at(6)),
        ("SET a=1,", at(8)),
        ("SET @a=1, TRANSACTION READ ONLY", at(22)),
        ("SET a=1; SELECT 1", at(7)),
        ("SET a=1)", at(7)),
        ("KILL", at(4)),
        ("LOCK TABLES t", at(13)),
        ("SHOW WARNINGS LIMIT x", at(20)),
        ("SHOW DATABASES WHERE", at(20)),
        ("PREPARE s FROM", at(14)),
        ("EXECUTE s USING", at(15)),
        ("SET TRANSACTION READ ONLY, READ ONLY", at(27)),
    ];
    for (sql, expected) in cases {
        assert_eq!(read(sql), Some(Err(expected)), "{sql}");
    }
    let unsupported = [
        "KILL QUERY ID 5",
        "KILL USER root",
        "PREPARE s FROM CONCAT('a', 'b')",
        "PREPARE s FROM 'a' 'b'",
        "EXECUTE IMMEDIATE CONCAT('SELECT ', 1)",
        "EXECUTE IMMEDIATE 'SELECT ' 'a'",
        "EXECUTE s USING 1 + 1",
        "EXECUTE s USING b",
        "SHOW WARNINGS LIMIT ?",
    ];
    for sql in unsupported {
        // MySQL knows no EXECUTE of expressions at all.
        let found = parse(sql.as_bytes(), Mode { mariadb: sql.starts_with("EXECUTE"), ..Mode::default() });
        assert!(matches!(found, Some(Err(ControlError::Unsupported { .. }))), "{sql}: {found:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        words in proptest::collection::vec(prop_oneof![
            "(SET|START|TRANSACTION|READ|ONLY|COMMIT|AND|NO|CHAIN|KILL|SHOW|WARNINGS|LIMIT|LOCK|TABLES|PREPARE|FROM|EXPLAIN|ROUTE|NAMES|GLOBAL|@@a|@b|=|,|;|\\(|\\)|'x'|`y`|5|\\.)".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..4),
        ], 0..10),
    ) {
        let sql = words.join(&b' ');
        let _ = parse(&sql, Mode::default());
        let _ = crate::sql::facts::Facts::read(&sql, Mode::default());
        let _ = crate::sql::hint::read(&sql, Mode::default());
        let _ = crate::sql::split::statements(&sql, Mode::default());
    }
}
