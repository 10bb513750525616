//! What values there are: few of each kind, so that columns have ties, joins find partners, and NULL is common.

use crate::dice::Dice;
use crate::harness::client::Param;

/// What an expression's value is like; columns of one kind can be compared without conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Small integers, safe to calculate with.
    Int,
    /// Up to the ends of 64 bits: compared and summed only.
    Big,
    Decimal,
    /// Multiples of 1/8.
    Double,
    Text(Collation),
    Bytes,
    Date,
    DateTime,
    Time,
    Year,
    Bit,
    Enum,
    Set,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Collation {
    General,
    Unicode,
    Bin,
    Latin,
    /// In which a space at the end counts.
    NoPad,
    /// Of characters that are no bytes.
    Wide,
}

impl Collation {
    pub const ALL: [Collation; 6] =
        [Collation::General, Collation::Unicode, Collation::Bin, Collation::Latin, Collation::NoPad, Collation::Wide];

    pub fn name(self, is_mysql: bool) -> &'static str {
        match self {
            Collation::General => "utf8mb4_general_ci",
            Collation::Unicode => "utf8mb4_unicode_ci",
            Collation::Bin => "utf8mb4_bin",
            Collation::Latin => "latin1_swedish_ci",
            Collation::NoPad if is_mysql => "utf8mb4_0900_ai_ci",
            Collation::NoPad => "utf8mb4_unicode_nopad_ci",
            Collation::Wide => "utf16_general_ci",
        }
    }

    pub fn charset(self) -> &'static str {
        match self {
            Collation::Latin => "latin1",
            Collation::Wide => "utf16",
            _ => "utf8mb4",
        }
    }
}

/// Column types with the kind of what they hold.
pub const TYPES: [(&str, Kind); 44] = [
    ("TINYINT", Kind::Int),
    ("SMALLINT", Kind::Int),
    ("MEDIUMINT", Kind::Int),
    ("INT", Kind::Int),
    ("BOOL", Kind::Int),
    ("BIGINT", Kind::Big),
    ("BIGINT UNSIGNED", Kind::Big),
    ("INT UNSIGNED", Kind::Big),
    ("DECIMAL(5,2)", Kind::Decimal),
    ("DECIMAL(20,6)", Kind::Decimal),
    ("DECIMAL(14,5)", Kind::Decimal),
    ("DECIMAL(38,0)", Kind::Decimal),
    ("FLOAT", Kind::Double),
    ("DOUBLE", Kind::Double),
    ("CHAR(8)", Kind::Text(Collation::General)),
    ("VARCHAR(20)", Kind::Text(Collation::General)),
    ("VARCHAR(20)", Kind::Text(Collation::Unicode)),
    ("VARCHAR(300)", Kind::Text(Collation::Bin)),
    ("CHAR(5)", Kind::Text(Collation::Bin)),
    ("VARCHAR(20)", Kind::Text(Collation::Latin)),
    ("TINYTEXT", Kind::Text(Collation::Latin)),
    ("TEXT", Kind::Text(Collation::General)),
    ("MEDIUMTEXT", Kind::Text(Collation::Unicode)),
    ("CHAR(8)", Kind::Text(Collation::NoPad)),
    ("VARCHAR(20)", Kind::Text(Collation::NoPad)),
    ("VARCHAR(20)", Kind::Text(Collation::Wide)),
    ("BINARY(3)", Kind::Bytes),
    ("VARBINARY(10)", Kind::Bytes),
    ("BLOB", Kind::Bytes),
    ("DATE", Kind::Date),
    ("DATETIME", Kind::DateTime),
    ("DATETIME(3)", Kind::DateTime),
    ("DATETIME(6)", Kind::DateTime),
    ("TIMESTAMP", Kind::DateTime),
    ("TIMESTAMP(3)", Kind::DateTime),
    ("TIME", Kind::Time),
    ("TIME(2)", Kind::Time),
    ("TIME(6)", Kind::Time),
    ("YEAR", Kind::Year),
    ("BIT(1)", Kind::Bit),
    ("BIT(9)", Kind::Bit),
    ("ENUM('low','mid','high')", Kind::Enum),
    ("SET('a','b','c')", Kind::Set),
    ("JSON", Kind::Json),
];

/// The column's definition but for NULL and defaults.
pub fn definition(type_name: &str, kind: Kind, is_mysql: bool) -> String {
    match kind {
        Kind::Text(collation) => {
            format!("{type_name} CHARACTER SET {} COLLATE {}", collation.charset(), collation.name(is_mysql))
        }
        _ => type_name.to_owned(),
    }
}

const INTS: [&str; 9] = ["0", "1", "2", "3", "-1", "-2", "5", "7", "100"];
const BIG: [&str; 8] = ["0", "1", "2", "3", "255", "65536", "4294967295", "9007199254740993"];
const SIGNED: [&str; 4] = ["-1", "-9223372036854775808", "9223372036854775807", "-4294967296"];
const UNSIGNED: [&str; 2] = ["18446744073709551615", "9223372036854775808"];
const DECIMALS: [&str; 9] = ["0.00", "0.01", "1.50", "-1.50", "2.25", "10.00", "99.99", "-100.25", "999.99"];
const LARGE_DECIMALS: [&str; 2] = ["12345678901234", "-99999999999999"];
const DOUBLES: [&str; 8] = ["0", "0.125", "1.5", "-2.75", "3", "100.5", "-8", "1024.25"];
const LATIN: [&str; 18] =
    ["", "a", "A", "á", "a ", "ab", "Ab", "AB ", "b", "B", "ß", "ss", "é", "e", "10", "9", "a,b", "z"];
const WIDE: [&str; 6] = ["日本", "本", "🚀", "😀", "Ω", "İ"];
const BYTES: [&str; 7] = ["''", "x'00'", "x'61'", "x'41'", "x'ff'", "x'6100'", "x'c3a9'"];
const DATES: [&str; 6] = ["2024-02-29", "2024-01-31", "1970-01-01", "0000-00-00", "2023-12-31", "9999-12-31"];
const TIMES_OF_DAY: [&str; 4] = ["00:00:00", "12:30:45", "23:59:59", "07:01:00"];
const TIMES: [&str; 6] = ["00:00:00", "-01:30:00", "838:59:59", "12:30:45", "-838:59:59", "00:00:01"];
const YEARS: [&str; 4] = ["2024", "1999", "2000", "1970"];
const BITS: [&str; 4] = ["b'0'", "b'1'", "b'101'", "b'111111111'"];
const LEVELS: [&str; 3] = ["'low'", "'mid'", "'high'"];
const SETS: [&str; 5] = ["''", "'a'", "'a,b'", "'b,c'", "'a,b,c'"];
const DOCUMENTS: [&str; 6] = ["{\"a\": 1}", "{\"a\": \"x\", \"b\": [1, 2]}", "[1, 2, 3]", "\"s\"", "3", "null"];

/// A value for a column of this type, as SQL.
pub fn stored(type_name: &str, kind: Kind, dice: &mut Dice) -> String {
    match (type_name, kind) {
        ("BOOL", _) => dice.word(&["0", "1"]).to_owned(),
        ("BIGINT", _) if dice.percent(25) => dice.word(&SIGNED).to_owned(),
        ("BIGINT UNSIGNED", _) if dice.percent(25) => dice.word(&UNSIGNED).to_owned(),
        ("INT UNSIGNED", _) => dice.word(&BIG[..7]).to_owned(),
        ("DECIMAL(20,6)" | "DECIMAL(38,0)", _) if dice.percent(25) => dice.word(&LARGE_DECIMALS).to_owned(),
        // Its rounding would warn.
        ("DECIMAL(38,0)", _) => dice.word(&INTS).to_owned(),
        ("BIT(1)", _) => dice.word(&BITS[..2]).to_owned(),
        ("TIMESTAMP" | "TIMESTAMP(3)", _) => {
            format!("'2024-02-{:02} {}'", dice.between(1, 3), dice.word(&TIMES_OF_DAY))
        }
        ("DATETIME(3)" | "DATETIME(6)", _) if dice.percent(40) => "'2024-02-29 12:30:45.125'".to_owned(),
        ("TIME(2)" | "TIME(6)", _) if dice.percent(40) => "'-01:30:00.25'".to_owned(),
        (_, Kind::Date) => format!("'{}'", dice.word(&DATES)),
        (_, Kind::DateTime) => format!("'{} {}'", dice.word(&DATES), dice.word(&TIMES_OF_DAY)),
        (_, Kind::Time) => format!("'{}'", dice.word(&TIMES)),
        // A longer text does not fit into CHAR(5), but none of these is longer.
        _ => literal(kind, dice).0,
    }
}

/// A value of this kind as SQL, and as a parameter if it can be one.
pub fn literal(kind: Kind, dice: &mut Dice) -> (String, Option<Param>) {
    let plain = |text: &str| (text.to_owned(), None);
    match kind {
        Kind::Int => {
            let text = dice.word(&INTS);
            (text.to_owned(), text.parse().ok().map(Param::Int))
        }
        Kind::Big => {
            let text = dice.word(&BIG);
            (text.to_owned(), text.parse().ok().map(Param::Int))
        }
        Kind::Decimal => {
            let text = dice.word(&DECIMALS);
            (text.to_owned(), Some(Param::Decimal(text.to_owned())))
        }
        Kind::Double => {
            let text = dice.word(&DOUBLES);
            (format!("{text}e0"), text.parse().ok().map(Param::Double))
        }
        Kind::Text(collation) => {
            let wide = collation != Collation::Latin && dice.percent(20);
            let text = if wide { dice.word(&WIDE) } else { dice.word(&LATIN) };
            (format!("'{text}'"), Some(Param::Text(text.to_owned())))
        }
        Kind::Bytes => plain(dice.word(&BYTES)),
        Kind::Date => temporal("DATE", dice.word(&DATES[..3])),
        Kind::DateTime => temporal("TIMESTAMP", &format!("{} {}", dice.word(&DATES[..3]), dice.word(&TIMES_OF_DAY))),
        Kind::Time => temporal("TIME", dice.word(&TIMES)),
        Kind::Year => {
            let text = dice.word(&YEARS);
            (text.to_owned(), text.parse().ok().map(Param::Int))
        }
        Kind::Bit => plain(dice.word(&BITS)),
        Kind::Enum => plain(dice.word(&LEVELS)),
        Kind::Set => plain(dice.word(&SETS)),
        Kind::Json => plain(&format!("'{}'", dice.word(&DOCUMENTS))),
    }
}

fn temporal(word: &str, text: &str) -> (String, Option<Param>) {
    (format!("{word}'{text}'"), None)
}
