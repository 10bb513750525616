//! Whatever type a shard key has, and however a statement writes a value beside it: the rows that come through ShardGate are
//! those that all shards together have for the same condition. Keys and conditions are random; `PLACEMENT_SEED` repeats a
//! run's, `PLACEMENT_ROUNDS` makes it longer.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use harness::answer::Answer;
use harness::client::{Client, Param};
use harness::stage::{Setup, World};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

/// A table by its key's type: name, column, rule without the shards, and what its values are made of.
const TABLES: [(&str, &str, &str, Kind); 34] = [
    ("k_big", "BIGINT", "function = { kind = \"hash\", slots = 64 }", Kind::Integer),
    ("k_unsigned", "INT UNSIGNED", "function = { kind = \"mod\" }", Kind::Integer),
    ("k_tiny", "TINYINT", "function = { kind = \"range\", bounds = [-50, 0, 50] }", Kind::Integer),
    (
        "k_range",
        "INT",
        "function = { kind = \"range-mod\", bounds = [100], counts = [1, 3], min = 0 }\nout_of_range = \"s3\"",
        Kind::Integer,
    ),
    (
        "k_bin",
        "VARCHAR(20) COLLATE utf8mb4_bin",
        "key_type = \"text\"\ncollation = \"utf8mb4_bin\"\nfunction = { kind = \"crc32-slots\", slots = 100 }",
        Kind::Text,
    ),
    (
        "k_ci",
        "VARCHAR(20) COLLATE utf8mb4_general_ci",
        "key_type = \"text\"\ncollation = \"utf8mb4_general_ci\"\nfunction = { kind = \"hash\", slots = 64 }",
        Kind::Text,
    ),
    (
        "k_latin",
        "CHAR(9) CHARACTER SET latin1 COLLATE latin1_swedish_ci",
        "key_type = \"text\"\ncollation = \"latin1_swedish_ci\"\nfunction = { kind = \"hash\", slots = 64 }",
        Kind::Text,
    ),
    ("k_bytes", "VARBINARY(16)", "key_type = \"bytes\"\nfunction = { kind = \"jump\", buckets = 4 }", Kind::Text),
    (
        "k_date",
        "DATE",
        "key_type = \"date\"\nfunction = { kind = \"date\", unit = \"month\", step = 3, buckets = 4, wrap = true }",
        Kind::Date,
    ),
    (
        "k_days",
        "DATE",
        "key_type = \"date\"\nfunction = { kind = \"range\", bounds = [\"2024-01-15\", \"2024-02-01\", \"2024-02-20\"] }",
        Kind::Date,
    ),
    (
        "k_two",
        "INT",
        "function = { kind = \"mod\" }\nwithin = { shard_key = \"n\", function = { kind = \"mod\" }, shards = 2 }",
        Kind::Integer,
    ),
    (
        "k_two_days",
        "DATE",
        "key_type = \"date\"\nfunction = { kind = \"range\", bounds = [\"2024-02-01\"] }\n\
         within = { shard_key = \"n\", function = { kind = \"range\", bounds = [500] }, shards = 2 }",
        Kind::Date,
    ),
    (
        "k_joint",
        "BIGINT UNSIGNED",
        "shard_key = [\"k\", \"n\"]\nfunction = { kind = \"hash\", slots = 64 }",
        Kind::Integer,
    ),
    (
        "k_joint_text",
        "CHAR(20) COLLATE utf8mb4_bin",
        "shard_key = [{ column = \"k\", key_type = \"text\", collation = \"utf8mb4_bin\" }, \"n\"]\n\
         function = { kind = \"hash\", slots = 64 }",
        Kind::Text,
    ),
    (
        "k_joint_days",
        "DATE",
        "shard_key = [\"n\", { column = \"k\", key_type = \"date\" }]\nfunction = { kind = \"hash\", slots = 64 }",
        Kind::Date,
    ),
    (
        "k_sum",
        "SMALLINT",
        "shard_key = [\"k\", \"n\"]\nfunction = { kind = \"cobar-expression\", columns = [\"k\", \"n\"], expression = \
         \"(${k} + 200 + ${n}) % 4\" }",
        Kind::Integer,
    ),
    (
        "k_dimensions",
        "INT",
        "shard_key = [\"k\", \"n\"]\nfunction = { kind = \"cobar-dimension2\", keyTypeX = \"long\", partitionCountX = \"2\", \
         partitionLengthX = \"512\", keyTypeY = \"long\", partitionCountY = \"2\", partitionLengthY = \"512\" }",
        Kind::Integer,
    ),
    ("k_medium", "MEDIUMINT UNSIGNED", "function = { kind = \"jump\", buckets = 4 }", Kind::Integer),
    (
        "k_char",
        "CHAR(20) COLLATE utf8mb4_bin",
        "key_type = \"text\"\ncollation = \"utf8mb4_bin\"\nfunction = { kind = \"hash\", slots = 64 }",
        Kind::Text,
    ),
    ("k_binary", "BINARY(8)", "key_type = \"bytes\"\nfunction = { kind = \"hash\", slots = 64 }", Kind::Text),
    (
        "k_body",
        "TEXT COLLATE utf8mb4_general_ci",
        "key_type = \"text\"\ncollation = \"utf8mb4_general_ci\"\nfunction = { kind = \"hash\", slots = 64 }",
        Kind::Text,
    ),
    (
        "k_time",
        "DATETIME",
        "key_type = \"datetime\"\nfunction = { kind = \"date\", unit = \"week\", begin = \"2024-01-01\", buckets = 4 }\nout_of_range = \"s0\"",
        Kind::Date,
    ),
    ("k_whole", "DECIMAL(20,0)", "key_type = \"decimal\"\nfunction = { kind = \"mod\" }", Kind::Decimal),
    (
        "k_short",
        "DECIMAL(4,0) UNSIGNED",
        "key_type = \"decimal\"\nfunction = { kind = \"range\", bounds = [2, 6, 100] }",
        Kind::Decimal,
    ),
    (
        "k_money",
        "DECIMAL(10,2)",
        "key_type = \"decimal\"\nscale = 2\nfunction = { kind = \"hash\", slots = 64 }",
        Kind::Decimal,
    ),
    (
        "k_amount",
        "DECIMAL(30,3)",
        "key_type = \"decimal\"\nscale = 3\nfunction = { kind = \"range\", bounds = [0, 3, 100] }",
        Kind::Decimal,
    ),
    (
        "k_listed",
        "DECIMAL(5,1)",
        "key_type = \"decimal\"\nscale = 1\nfunction = { kind = \"list\", values = [[\"1.0\", \"2.5\"], [\"-1.0\"], [\"3.0\", \"0.5\"], \
         [\"100.0\"]], default = 3 }",
        Kind::Decimal,
    ),
    ("k_year", "YEAR", "key_type = \"year\"\nfunction = { kind = \"mod\" }", Kind::Year),
    (
        "k_years",
        "YEAR",
        "key_type = \"year\"\nfunction = { kind = \"range\", bounds = [1971, 2000, 2030] }",
        Kind::Year,
    ),
    ("k_clock", "TIME", "key_type = \"time\"\nfunction = { kind = \"hash\", slots = 64 }", Kind::Time),
    ("k_bits", "BIT(8)", "key_type = \"bit\"\nfunction = { kind = \"range\", bounds = [3, 7, 50] }", Kind::Bits),
    (
        "k_enum",
        "ENUM('a','b','2','Ö','z z') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        "key_type = \"enum\"\ncollation = \"utf8mb4_general_ci\"\nfunction = { kind = \"hash\", slots = 64 }",
        Kind::Member,
    ),
    (
        "k_label",
        "ENUM('b','a','2','it''s') CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
        "key_type = \"enum\"\ncollation = \"as-written\"\nfunction = { kind = \"list\", values = [[\"a\"], [\"b\", \"2\"], [\"it's\"]], \
         default = 3 }",
        Kind::Member,
    ),
    (
        "k_set",
        "SET('a','b','2') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "key_type = \"enum\"\ncollation = \"utf8mb4_bin\"\nfunction = { kind = \"crc32-slots\", slots = 100 }",
        Kind::Member,
    ),
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Integer,
    Text,
    Date,
    Decimal,
    Year,
    Time,
    Bits,
    /// ENUM and SET.
    Member,
}

/// A value as a statement has it: a literal, or bound.
#[derive(Debug, Clone)]
enum Spelling {
    Literal(String),
    Bound(Param),
}

fn rules() -> String {
    let rule = |(name, _, rule, _): &(&str, &str, &str, Kind)| {
        let key = if rule.starts_with("shard_key") { "" } else { "shard_key = \"k\"\n" };
        format!("\n[[tables]]\nname = \"{name}\"\n{key}shards = [\"s0\", \"s1\", \"s2\", \"s3\"]\n{rule}\n")
    };
    TABLES.iter().map(rule).collect()
}

/// Values near each other and near the ends of ranges, so that equal ones are frequent.
fn value(kind: Kind, rng: &mut StdRng) -> Spelling {
    use Spelling::{Bound, Literal};
    match kind {
        Kind::Decimal => decimal_value(rng),
        Kind::Year => year_value(rng),
        Kind::Time => time_value(rng),
        Kind::Bits => bits_value(rng),
        Kind::Member => member_value(rng),
        Kind::Integer => {
            let number: i64 =
                *[rng.gen_range(-130..130), rng.gen_range(0..12), 100, 127, 128, 255, -1].choose(rng).unwrap();
            match rng.gen_range(0..15) {
                12 => Literal(format!("N'{number}'")),
                13 => Literal(format!("0b{:b}", number.unsigned_abs())),
                14 => Literal(format!("-{}", -number)),
                0 => Literal(format!("'{number}'")),
                1 => Literal(format!("0{}", number.unsigned_abs())),
                2 => Literal(format!("{number}.0")),
                3 => Literal(format!("{number}.5")),
                4 => Literal(format!("0x{:02X}", number.unsigned_abs())),
                5 => Literal(format!("' {number} x'")),
                6 => Literal(format!("{number}e0")),
                7 => Bound(Param::Text(number.to_string())),
                8 => Bound(Param::Double(number as f64)),
                9 => Bound(Param::Decimal(format!("{number}.00"))),
                10 => Bound(Param::Int(number)),
                _ => Literal(number.to_string()),
            }
        }
        Kind::Text => {
            let text =
                *["a", "A", "á", "b", "ab", "aB", "a ", " a", "", "ß", "ss", "7", "07", "Ä", "z"].choose(rng).unwrap();
            match rng.gen_range(0..10) {
                8 => Literal(format!("N'{text}'")),
                9 => Literal(format!(
                    "'{}' '{}'",
                    text.chars().take(1).collect::<String>(),
                    text.chars().skip(1).collect::<String>()
                )),
                0 => Bound(Param::Text(text.to_owned())),
                1 => Bound(Param::Bytes(text.as_bytes().to_vec())),
                2 => Literal(format!("_utf8mb4'{text}'")),
                3 if text.is_ascii() => Literal(format!("_latin1'{text}'")),
                4 if text.is_ascii() && !text.is_empty() => {
                    Literal(format!("x'{}'", text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>()))
                }
                5 => Literal("7".to_owned()),
                _ => Literal(format!("'{text}'")),
            }
        }
        Kind::Date => {
            let (month, day) = (*[1_u8, 1, 2, 2, 3, 7, 12].choose(rng).unwrap(), rng.gen_range(1..30));
            let time = *[(0, 0, 0), (0, 0, 0), (10, 20, 30)].choose(rng).unwrap();
            let clock = format!("{:02}:{:02}:{:02}", time.0, time.1, time.2);
            match rng.gen_range(0..9) {
                0 => Literal(format!("'2024-{month}-{day}'")),
                1 => Literal(format!("2024{month:02}{day:02}")),
                2 => Literal(format!("'2024-{month:02}-{day:02} {clock}'")),
                3 => Literal(format!("'2024/{month:02}/{day:02}'")),
                4 => Literal(format!("DATE'2024-{month:02}-{day:02}'")),
                5 => Bound(Param::Date(2024, month, day)),
                6 => Bound(Param::DateTime((2024, month, day), time)),
                7 => Bound(Param::Text(format!("2024-{month:02}-{day:02}"))),
                _ => Literal(format!("'2024-{month:02}-{day:02}'")),
            }
        }
    }
}

fn decimal_value(rng: &mut StdRng) -> Spelling {
    use Spelling::{Bound, Literal};
    let text =
        *["1", "1.0", "01.00", "2.5", "2.50", "-1", "-0", "0.5", ".5", "3", "3.005", "2.999", "99.95", "100", "100.0"]
            .choose(rng)
            .unwrap();
    match rng.gen_range(0..9) {
        0 => Literal(format!("'{text}'")),
        1 => Literal(format!("{text}e0")),
        2 => Literal(format!("' {text}x'")),
        3 => Bound(Param::Text(text.to_owned())),
        4 => Bound(Param::Decimal(format!("{:.3}", text.parse::<f64>().unwrap()))),
        5 => Bound(Param::Double(text.parse().unwrap())),
        6 => Bound(Param::Int(text.parse::<f64>().unwrap() as i64)),
        7 => Literal((*["12345678901234567890", "0x32", "1e18", "9007199254740993"].choose(rng).unwrap()).to_owned()),
        _ => Literal(text.to_owned()),
    }
}

fn year_value(rng: &mut StdRng) -> Spelling {
    use Spelling::{Bound, Literal};
    let year = *[0_i64, 1, 69, 70, 71, 99, 1901, 1970, 1971, 1999, 2000, 2001, 2069, 2155].choose(rng).unwrap();
    match rng.gen_range(0..8) {
        // What MySQL takes short ones for, bound, depends on what was bound before.
        3..=5 if year < 1900 => Literal(year.to_string()),
        0 => Literal(format!("'{year}'")),
        1 => Literal(format!("'{:02}'", year % 100)),
        2 => Literal(format!("{year}.0")),
        3 => Bound(Param::Int(year)),
        4 => Bound(Param::Text(year.to_string())),
        5 => Bound(Param::Double(year as f64)),
        6 => Literal(format!("'{year}-01-01'")),
        _ => Literal(year.to_string()),
    }
}

fn time_value(rng: &mut StdRng) -> Spelling {
    use Spelling::{Bound, Literal};
    let text = *[
        "10:20:30",
        "-10:20:30",
        "00:00:00",
        "-00:00:00",
        "1:2:3",
        "01:02:03",
        "102030",
        "100:00:00",
        "838:59:59",
        "10:20",
    ]
    .choose(rng)
    .unwrap();
    match rng.gen_range(0..8) {
        0 => Literal(format!("TIME'{text}'")),
        1 => Literal("102030".to_owned()),
        2 => Literal(format!("'{text}.000'")),
        3 => Literal("'2024-01-05 10:20:30'".to_owned()),
        4 => Bound(Param::Text(text.to_owned())),
        5 => Bound(Param::DateTime((2024, 1, 5), (10, 20, 30))),
        _ => Literal(format!("'{text}'")),
    }
}

fn bits_value(rng: &mut StdRng) -> Spelling {
    use Spelling::{Bound, Literal};
    let bits = *[0_i64, 1, 2, 3, 7, 48, 49, 50, 65, 255].choose(rng).unwrap();
    match rng.gen_range(0..9) {
        0 => Literal(format!("b'{bits:b}'")),
        1 => Literal(format!("x'{bits:02x}'")),
        2 => Literal(format!("'{}'", *["1", "A", "2", "", "0"].choose(rng).unwrap())),
        3 => Literal(format!("{bits}.0")),
        4 => Bound(Param::Int(bits)),
        5 => Bound(Param::Bytes(vec![bits as u8])),
        6 => Bound(Param::Text("A".to_owned())),
        _ => Literal(bits.to_string()),
    }
}

fn member_value(rng: &mut StdRng) -> Spelling {
    use Spelling::{Bound, Literal};
    let text = *["a", "A", "b", "a ", "2", "1", "3", "ö", "a,b", "b,a", "z z", "", "0", "it\\'s", "zz", "á"]
        .choose(rng)
        .unwrap();
    match rng.gen_range(0..8) {
        0 => Literal(rng.gen_range(0..6).to_string()),
        1 => Bound(Param::Int(rng.gen_range(0..6))),
        2 => Bound(Param::Text(text.replace('\\', ""))),
        3 => Literal(format!("_utf8mb4'{text}'")),
        4 => Bound(Param::Bytes(text.replace('\\', "").into_bytes())),
        5 => Literal("x'61'".to_owned()),
        _ => Literal(format!("'{text}'")),
    }
}

/// A condition on `k`.
fn condition(kind: Kind, rng: &mut StdRng) -> (String, Vec<Param>) {
    let mut params = Vec::new();
    let mut next = |rng: &mut StdRng| match value(kind, rng) {
        Spelling::Literal(text) => text,
        Spelling::Bound(param) => {
            params.push(param);
            "?".to_owned()
        }
    };
    let text = match rng.gen_range(0..14) {
        12 => format!("(k, n) IN (({}, {}), ({}, 7))", next(rng), rng.gen_range(0..880), next(rng)),
        13 => format!("n = {} AND k IN ({}, {})", rng.gen_range(0..880), next(rng), next(rng)),
        10 => format!("k = {} AND n IN (3, 44, 500, {})", next(rng), rng.gen_range(0..560)),
        11 => format!("n BETWEEN {} AND 520 AND k = {}", rng.gen_range(440..560), next(rng)),
        0 => format!("k IN ({}, {})", next(rng), next(rng)),
        1 => format!("k BETWEEN {} AND {}", next(rng), next(rng)),
        2 => format!("k < {}", next(rng)),
        3 => format!("k >= {} AND k <= {}", next(rng), next(rng)),
        4 => format!("{} = k", next(rng)),
        5 => format!("k <=> {}", next(rng)),
        6 => format!("k = {} OR k = {}", next(rng), next(rng)),
        _ => format!("k = {}", next(rng)),
    };
    (text, params)
}

/// The rows, sorted; `None` if the server refuses the statement.
fn rows(client: &mut Client, sql: &str, params: &[Param]) -> Option<Vec<Vec<String>>> {
    let answer = if params.is_empty() {
        client.one(sql)
    } else {
        let statement = client.prepare(sql.as_bytes()).unwrap().ok()?;
        let answer = client.execute(&statement, params).unwrap().remove(0);
        client.close(&statement).unwrap();
        answer
    };
    let Answer::Rows { .. } = &answer else { return None };
    let mut rows = answer.text();
    rows.sort();
    Some(rows)
}

#[test]
fn a_condition_finds_what_all_shards_have() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("PLACEMENT_SEED").unwrap_or(1);
    let rounds = number("PLACEMENT_ROUNDS").unwrap_or(60);
    let mut rng = StdRng::seed_from_u64(seed);
    let world = World::start(&[0, 0], &[("shop", [0, 0, 1, 1])]);
    let mut shards: Vec<Client> = (0..4).map(|shard| world.root(shard / 2)).collect();
    for (number, shard) in shards.iter_mut().enumerate() {
        shard.run(&format!("USE shop_{number}"));
        // As through ShardGate, where connections are of utf8mb4.
        shard.run("SET NAMES utf8mb4");
        for (name, column, _, kind) in TABLES {
            // Servers look by an index in another way than row by row; and what they find so for a fraction beside whole numbers
            // depends on the statement before, where it is prepared.
            let has_index = matches!(kind, Kind::Year | Kind::Time | Kind::Bits | Kind::Member | Kind::Date);
            let index = if has_index { ", KEY (k)" } else { "" };
            shard.run(&format!("CREATE TABLE {name} (k {column} NULL, n INT NOT NULL PRIMARY KEY{index})"));
        }
    }
    let stage = world.stage(Setup { rules: rules(), ..Default::default() });
    let mut client = stage.connect();
    client.run("SET NAMES utf8mb4");
    let (mut stored, mut found, mut n) = (0, 0, 0);
    for (name, _, _, kind) in TABLES {
        for _ in 0..40 {
            n += 1;
            let (key, params) = match value(kind, &mut rng) {
                Spelling::Literal(text) => (text, Vec::new()),
                Spelling::Bound(param) => ("?".to_owned(), vec![param]),
            };
            let sql = format!("INSERT INTO {name} (k, n) VALUES ({key}, {n})");
            // What is not certain, or too large, is refused.
            let is_stored = match params.as_slice() {
                [] => matches!(client.one(&sql), Answer::Ok(_)),
                params => match client.prepare(sql.as_bytes()).unwrap() {
                    Ok(statement) => matches!(client.execute(&statement, params).unwrap()[0], Answer::Ok(_)),
                    Err(_) => false,
                },
            };
            stored += u32::from(is_stored);
        }
        for _ in 0..rounds {
            let (condition, params) = condition(kind, &mut rng);
            let sql = format!("SELECT k, n FROM {name} WHERE {condition}");
            let all: Option<Vec<_>> = shards.iter_mut().map(|shard| rows(shard, &sql, &params)).collect();
            let Some(all) = all else { continue };
            let mut all: Vec<_> = all.into_iter().flatten().collect();
            all.sort();
            found += all.len();
            let through = rows(&mut client, &sql, &params);
            assert_eq!(through.as_ref(), Some(&all), "seed {seed}: {sql} with {params:?}");
        }
    }
    assert!(stored > 200 && found > 500, "seed {seed}: {stored} rows stored, {found} found: this asks nothing");
}
