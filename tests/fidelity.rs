//! Values of every column type, the greatest and the oddest of them, arrive as one server gives them, whichever way the
//! statement goes: relayed, concatenated, merged, grouped, gathered; as text and prepared.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::sync::OnceLock;

use harness::answer::{Answer, Column, Row};
use harness::client::{Client, EXTENDED_METADATA, Login};
use harness::stage::{Setup, World};

const COM_STMT_EXECUTE: u8 = 0x17;
const COM_STMT_SEND_LONG_DATA: u8 = 0x18;

/// The name of a column, its type, and its values in the order of the rows.
type Kind = (&'static str, &'static str, &'static [&'static str]);

const NUMBERS: &[Kind] = &[
    ("tiny", "TINYINT", &["-128", "127", "NULL"]),
    ("utiny", "TINYINT UNSIGNED", &["0", "255", "NULL"]),
    ("small", "SMALLINT", &["-32768", "32767", "NULL"]),
    ("usmall", "SMALLINT UNSIGNED ZEROFILL", &["0", "65535", "7"]),
    ("medium", "MEDIUMINT", &["-8388608", "8388607", "NULL"]),
    ("plain", "INT(5) ZEROFILL", &["0", "4294967295", "42"]),
    ("big", "BIGINT", &["-9223372036854775808", "9223372036854775807", "NULL"]),
    ("ubig", "BIGINT UNSIGNED", &["0", "18446744073709551615", "NULL"]),
    (
        "exact",
        "DECIMAL(65,30)",
        &[
            "-99999999999999999999999999999999999.999999999999999999999999999999",
            "0.000000000000000000000000000001",
            "NULL",
        ],
    ),
    (
        "whole",
        "DECIMAL(65,0) UNSIGNED",
        &["0", "99999999999999999999999999999999999999999999999999999999999999999", "NULL"],
    ),
    ("single", "FLOAT", &["3.402823466e38", "1.175494351e-38", "0.1"]),
    ("fixed", "FLOAT(7,3)", &["-9999.999", "1234.5678", "0.0005"]),
    ("dbl", "DOUBLE", &["1.7976931348623157e308", "2.2250738585072014e-308", "-0.0"]),
    ("cents", "DOUBLE(10,2)", &["12345678.99", "-0.005", "1e-3"]),
    ("flag", "BIT(1)", &["b'0'", "b'1'", "NULL"]),
    ("bits", "BIT(64)", &["0", "18446744073709551615", "39"]),
    ("odd_bits", "BIT(13)", &["b'1010111011100'", "92", "0"]),
];

const TIMES: &[Kind] = &[
    ("day", "DATE", &["'0000-00-00'", "'9999-12-31'", "'2024-00-00'"]),
    ("moment", "DATETIME", &["'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'", "'2024-02-00 10:00:00'"]),
    ("fine", "DATETIME(6)", &["'1000-01-01 00:00:00.000001'", "'9999-12-31 23:59:59.999999'", "NULL"]),
    ("stamp", "TIMESTAMP NULL", &["'1970-01-02 00:00:01'", "'2038-01-18 03:14:07'", "'0000-00-00 00:00:00'"]),
    ("fine_stamp", "TIMESTAMP(6) NULL", &["'2024-10-27 02:30:00.123456'", "'2024-03-31 01:59:59.999999'", "NULL"]),
    ("clock", "TIME", &["'-838:59:59'", "'838:59:59'", "'00:00:00'"]),
    ("fine_clock", "TIME(6)", &["'-00:00:00.000001'", "'100:00:00.100000'", "NULL"]),
    ("tenths", "TIME(1)", &["'-838:59:58.9'", "'12:00:00'", "'00:00:00.1'"]),
    ("yr", "YEAR", &["1901", "2155", "'0000'"]),
];

const TEXTS: &[Kind] = &[
    ("padded", "CHAR(10)", &["'a  '", "''", "'ünïcödé😀x'"]),
    ("varied", "VARCHAR(20)", &["'a  '", "'\\\\ \\' \\\" \\0 \\n \\Z %'", "NULL"]),
    ("latin", "VARCHAR(20) CHARACTER SET latin1", &["'äöü€'", "'\\\\'", "''"]),
    ("western", "VARCHAR(20) CHARACTER SET ascii", &["'a'", "'~'", "NULL"]),
    ("short_utf", "VARCHAR(20) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin", &["'日本'", "'é'", "''"]),
    ("chinese", "VARCHAR(20) CHARACTER SET gbk", &["'中文'", "'乗\\\\'", "NULL"]),
    ("japanese", "VARCHAR(20) CHARACTER SET sjis", &["'表'", "'ソ\\''", "''"]),
    ("russian", "VARCHAR(20) CHARACTER SET cp1251", &["'Привет'", "'ё'", "NULL"]),
    ("wide", "VARCHAR(20) CHARACTER SET utf16", &["'a😀'", "'é'", "''"]),
    ("wider", "VARCHAR(20) CHARACTER SET utf32", &["'a😀'", "'\\''", "NULL"]),
    ("older", "VARCHAR(20) CHARACTER SET ucs2", &["'日'", "'\\\\'", "''"]),
    ("fixed_bytes", "BINARY(5)", &["'a'", "x'00ff005c27'", "NULL"]),
    ("some_bytes", "VARBINARY(20)", &["x'00'", "x'5c275c'", "''"]),
    ("small_text", "TINYTEXT", &["REPEAT('x', 255)", "''", "NULL"]),
    ("a_text", "TEXT", &["REPEAT('é\\'', 20000)", "'\\0'", "NULL"]),
    ("long_text", "LONGTEXT", &["REPEAT('日本', 50000)", "' '", "NULL"]),
    ("small_blob", "TINYBLOB", &["x'00ff'", "''", "NULL"]),
    ("a_blob", "MEDIUMBLOB", &["REPEAT(x'00275cff', 50000)", "x'0a'", "NULL"]),
    ("long_blob", "LONGBLOB", &["REPEAT(x'5c', 300000)", "''", "NULL"]),
    ("choice", "ENUM('','a b','it''s','ü','0','2')", &["'0'", "'nothing of these'", "'it\\'s'"]),
    ("choices", "SET('x','y z','ö','it''s')", &["'x,ö'", "''", "'it\\'s,y z'"]),
    ("latin_choice", "ENUM('ä','b') CHARACTER SET latin1", &["'ä'", "NULL", "'b'"]),
    ("doc", "JSON", &["'{\"a\": [1, 2.50, \"\\\\u00e9 \\\\\\\\ \\'\"], \"b\": null}'", "'[]'", "NULL"]),
];

const SHAPES: &[Kind] = &[
    ("shape", "GEOMETRY", &["ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))')", "NULL"]),
    ("spot", "POINT", &["ST_GeomFromText('POINT(-1.5 1e300)')", "NULL", "ST_GeomFromText('POINT(0 0)')"]),
];

const OF_MARIADB: &[Kind] = &[
    ("ip6", "INET6", &["'::'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'", "NULL"]),
    ("id128", "UUID", &["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-1fff-8fff-ffffffffffff'", "NULL"]),
    ("ip4", "INET4", &["'0.0.0.0'", "'255.255.255.255'", "NULL"]),
];

const ROWS: usize = 3;

struct Pair {
    sharded: Client,
    plain: Client,
    is_mariadb: bool,
}

fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]))
}

/// Sessions with the table of these columns behind them, the rows on different shards.
fn pair(table: &str, kinds: &[Kind]) -> Pair {
    let rule = |name: &str| {
        format!(
            "\n[[tables]]\nname = \"{name}\"\nshard_key = \"id\"\nfunction = {{ kind = \"mod\" }}\n\
             shards = [\"s0\", \"s1\", \"s2\", \"s3\"]\n"
        )
    };
    let stage = Box::leak(Box::new(world().stage(Setup { tables: rule(table), ..Setup::default() })));
    let sharded = stage.try_connect(&stage.login().mariadb(EXTENDED_METADATA)).unwrap();
    let socket = world().cluster.replica_sets[0].primary.socket();
    let mut plain = Client::connect_unix(&socket, &Login::new("root", "").mariadb(EXTENDED_METADATA)).unwrap();
    plain.run("CREATE DATABASE IF NOT EXISTS plain");
    plain.run("USE plain");
    let is_mariadb = plain.value("SELECT VERSION()").contains("MariaDB");
    let mut pair = Pair { sharded, plain, is_mariadb };
    pair.both("SET NAMES utf8mb4");
    // MySQL sorts whole BLOBs in memory.
    pair.both("SET sort_buffer_size = 16777216");
    pair.both("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone = '+01:00'");
    let columns: Vec<String> = kinds.iter().map(|(name, kind, _)| format!("{name} {kind}")).collect();
    let both_generated = "doubled BIGINT AS (id * 2) VIRTUAL, kept VARCHAR(30) AS (CONCAT('k', id)) STORED";
    let hidden = if pair.is_mariadb { "hidden INT INVISIBLE DEFAULT 7" } else { "hidden INT DEFAULT 7 INVISIBLE" };
    pair.both(&format!(
        "CREATE TABLE {table} (id INT NOT NULL PRIMARY KEY, peer INT NOT NULL, {}, {both_generated}, {hidden}) \
         DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci",
        columns.join(", ")
    ));
    for row in 0..ROWS {
        let (names, values): (Vec<_>, Vec<_>) = kinds.iter().map(|(name, _, values)| (*name, values[row])).unzip();
        pair.both(&format!(
            "INSERT INTO {table} (id, peer, {}) VALUES ({row}, {}, {})",
            names.join(", "),
            (row + 1) % ROWS,
            values.join(", ")
        ));
    }
    pair
}

impl Pair {
    fn both(&mut self, sql: &str) {
        self.plain.run(sql);
        self.sharded.run(sql);
    }

    /// Both answer the same, text and prepared.
    fn agree(&mut self, sql: &str) {
        let expected = shown(self.plain.query(sql).unwrap());
        let got = shown(self.sharded.query(sql).unwrap());
        check(sql, "as text", &expected, &got);
        let [expected, got] = [&mut self.plain, &mut self.sharded].map(|client| {
            let statement = client.prepare(sql.as_bytes()).unwrap().unwrap();
            let answers = client.execute(&statement, &[]).unwrap();
            client.close(&statement).unwrap();
            shown(answers)
        });
        check(sql, "prepared", &expected, &got);
    }

    /// Every way that a statement about the table goes.
    fn agree_every_way(&mut self, table: &str, kinds: &[Kind]) {
        for row in 0..ROWS {
            self.agree(&format!("SELECT * FROM {table} WHERE id = {row}"));
        }
        self.agree(&format!("SELECT * FROM {table} ORDER BY id DESC"));
        self.agree(&format!("SELECT t.*, hidden FROM {table} t ORDER BY id"));
        self.agree(&format!("SELECT a.* FROM {table} a JOIN {table} b ON a.peer = b.id ORDER BY a.id"));
        self.agree(&format!(
            "SELECT a.*, b.* FROM {table} a LEFT JOIN {table} b ON b.peer = a.id + 1 ORDER BY a.id, b.id"
        ));
        self.agree(&format!("SELECT * FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY id) n FROM {table}) t ORDER BY n"));
        for (name, kind, _) in kinds {
            self.agree(&format!("SELECT id, {name} FROM {table} ORDER BY {name}, id"));
            let is_comparable = !["GEOMETRY", "POINT", "JSON"].contains(kind);
            if is_comparable {
                self.agree(&format!("SELECT MIN({name}), MAX({name}), COUNT(DISTINCT {name}) FROM {table}"));
                self.agree(&format!(
                    "SELECT a.id, b.id FROM {table} a JOIN {table} b ON a.{name} <=> b.{name} ORDER BY 1, 2"
                ));
            }
            self.agree(&format!(
                "SELECT a.id, HEX(a.{name}) FROM {table} a JOIN {table} b ON a.peer = b.id ORDER BY a.id"
            ));
        }
    }
}

/// Columns and rows.
type Shown = (Vec<Column>, Vec<Row>);

/// What must be the same of an answer: the columns, but for the names of schemas, and the rows.
fn shown(mut answers: Vec<Answer>) -> Shown {
    match answers.pop() {
        Some(Answer::Rows { columns, rows, .. }) => {
            let nameless = |column: Column| Column { schema: String::new(), flags: 0, ..column };
            (columns.into_iter().map(nameless).collect(), rows)
        }
        other => panic!("no rows: {other:?}"),
    }
}

fn check(sql: &str, how: &str, expected: &Shown, got: &Shown) {
    let cell = |cell: &Option<Vec<u8>>| {
        cell.as_ref().map(|bytes| String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned())
    };
    assert_eq!(expected.0, got.0, "{sql}, {how}");
    assert_eq!(expected.1.len(), got.1.len(), "{sql}, {how}");
    for (row, other) in expected.1.iter().zip(&got.1) {
        for ((one, two), column) in row.iter().zip(other).zip(&expected.0) {
            assert!(one == two, "{sql}, {how}: {}: expected {:?}, got {:?}", column.name, cell(one), cell(two));
        }
    }
}

#[test]
fn numbers_arrive() {
    pair("numbers", NUMBERS).agree_every_way("numbers", NUMBERS);
}

#[test]
fn times_arrive() {
    let mut pair = pair("times", TIMES);
    pair.agree_every_way("times", TIMES);
    pair.both("SET time_zone = '-11:30'");
    pair.agree("SELECT a.* FROM times a JOIN times b ON a.peer = b.id ORDER BY a.id");
}

#[test]
fn texts_arrive() {
    let mut pair = pair("texts", TEXTS);
    pair.agree_every_way("texts", TEXTS);
    for charset in ["latin1", "gbk", "binary"] {
        pair.both(&format!("SET NAMES {charset}"));
        pair.agree("SELECT a.* FROM texts a JOIN texts b ON a.peer = b.id ORDER BY a.id");
        pair.agree("SELECT * FROM texts ORDER BY id");
    }
    pair.both("SET NAMES utf8mb4");
    pair.both("SET sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES,PAD_CHAR_TO_FULL_LENGTH'");
    pair.agree("SELECT a.* FROM texts a JOIN texts b ON a.peer = b.id ORDER BY a.id");
    pair.agree("SELECT * FROM texts ORDER BY id");
}

#[test]
fn shapes_arrive() {
    pair("shapes", SHAPES).agree_every_way("shapes", SHAPES);
}

/// Just less than what servers take in one packet by default.
const GIANT: usize = 16 * 1024 * 1024 - 100;

#[test]
fn values_as_long_as_a_packet_arrive() {
    const GIANTS: &[Kind] = &[
        ("t", "LONGTEXT CHARACTER SET latin1", &["'é'", "NULL", "''"]),
        ("b", "LONGBLOB", &["''", "x'00'", "NULL"]),
        ("j", "JSON", &["NULL", "'[]'", "JSON_ARRAY(REPEAT('é', 400000))"]),
    ];
    let mut pair = pair("giants", GIANTS);
    pair.both(&format!("UPDATE giants SET t = REPEAT('é', {GIANT}) WHERE id = 0"));
    pair.both(&format!("UPDATE giants SET b = REPEAT(x'5c', {GIANT}) WHERE id = 1"));
    let sums = "LENGTH(x.t), SHA2(x.t, 256), LENGTH(x.b), SHA2(x.b, 256), SHA2(x.j, 256)";
    // Gathered, staged, and written back by key and by shard key.
    pair.agree(&format!("SELECT x.id, {sums} FROM giants x JOIN giants y ON y.id = x.peer ORDER BY x.id"));
    pair.both("UPDATE giants SET t = CONCAT(t, 'z'), b = CONCAT(b, x'00'), j = JSON_ARRAY(j, 1) ORDER BY id LIMIT 2");
    pair.both("INSERT INTO giants (id, peer, t, b, j) SELECT id + 10, peer, t, b, j FROM giants ORDER BY id LIMIT 3");
    pair.agree(&format!("SELECT x.id, {sums} FROM giants x ORDER BY x.id"));
    // What is too long for a server is its to say.
    for (row, size) in [(20, GIANT), (21, GIANT + 4096)] {
        let stored = [&mut pair.plain, &mut pair.sharded].map(|client| {
            let insert = format!("INSERT INTO giants (id, peer, b) VALUES ({row}, 0, ?)");
            let statement = client.prepare(insert.as_bytes()).unwrap().unwrap();
            let id = statement.id.to_le_bytes();
            for piece in vec![b'x'; size].chunks(size / 3 + 1) {
                client.command(COM_STMT_SEND_LONG_DATA, &[&id[..], &[0, 0], piece].concat()).unwrap();
            }
            // A BLOB, which was sent before.
            client.command(COM_STMT_EXECUTE, &[&id[..], &[0, 1, 0, 0, 0, 0, 1, 0xfc, 0]].concat()).unwrap();
            client.answers(true).unwrap()[0].error().map(|error| (error.code, error.message.clone()))
        });
        assert_eq!(stored[0], stored[1], "{size} bytes");
    }
    pair.agree("SELECT LENGTH(b), SHA2(b, 256) FROM giants WHERE id = 20");
}

#[test]
fn the_types_of_mariadb_arrive() {
    let mut root = world().root(0);
    if !root.value("SELECT VERSION()").contains("MariaDB") {
        return;
    }
    pair("mariadbs", OF_MARIADB).agree_every_way("mariadbs", OF_MARIADB);
}
