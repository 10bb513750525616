//! Tables, their rows and where these are, from a seed.

use std::fmt::Write;

use crate::dice::Dice;
use crate::harness::layout::DATABASE;
use crate::harness::tables::Table;
use crate::kind::{self, Collation, Kind};

/// A column that statements may name.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub type_name: &'static str,
    pub kind: Kind,
    pub nullable: bool,
    /// What it is computed from, and how it is kept.
    pub generated: Option<&'static str>,
}

/// A table as statements see it.
#[derive(Clone, Debug)]
pub struct TableShape {
    pub name: &'static str,
    pub columns: Vec<Column>,
    /// Names of the primary key's columns.
    pub key: Vec<&'static str>,
}

/// All tables of a seed: as statements see them, as SQL, and their rules.
#[derive(Clone, Debug)]
pub struct Schema {
    pub shapes: Vec<TableShape>,
    pub tables: Vec<Table>,
    pub rules: String,
    is_mysql: bool,
}

const WORDS: [&str; 24] = [
    "", "a", "b", "ab", "abc", "ba", "c", "ca", "d", "e", "ef", "f", "g", "h", "i", "k", "l", "m", "n", "one", "two",
    "x", "y", "z",
];

impl Schema {
    pub fn new(dice: &mut Dice, is_mysql: bool) -> Schema {
        let text = [Collation::General, Collation::Bin, Collation::Latin][dice.below(3)];
        let integer = *dice.pick(&["INT", "BIGINT"]);
        let function = *dice.pick(&["{ kind = \"mod\" }", "{ kind = \"hash\", slots = 64 }"]);
        let shards = "shards = [\"s0\", \"s1\", \"s2\", \"s3\"]";
        let per_table = dice.percent(30);
        let physical = if per_table { "physical = \"{table}_{index}\"\n" } else { "" };
        let mut rules = format!("database = \"{DATABASE}\"\ndefault_shard = \"s{}\"\n", dice.below(4));
        for shard in 0..4 {
            let schema = if per_table { "shop_t".to_owned() } else { format!("shop_{shard}") };
            let _ = write!(
                rules,
                "\n[[shards]]\nname = \"s{shard}\"\nreplica_set = \"rs{}\"\nschema = \"{schema}\"\n",
                1 + shard / 2
            );
        }
        let by_text = format!("key_type = \"text\"\ncollation = \"{}\"", text.name(is_mysql));
        for (name, lines) in [
            ("alpha", format!("{physical}shard_key = \"id\"\nfunction = {function}\n{shards}")),
            ("beta", format!("{physical}shard_key = \"id\"\ncolocated_with = \"alpha\"")),
            (
                "gamma",
                format!(
                    "{physical}shard_key = \"code\"\n{by_text}\nfunction = {{ kind = \"hash\", slots = 64 }}\n{shards}"
                ),
            ),
            (
                "delta",
                format!("{physical}shard_key = \"k\"\nnull_key = \"s1\"\nfunction = {{ kind = \"mod\" }}\n{shards}"),
            ),
            ("refs", "kind = \"reference\"".to_owned()),
            ("lone", "kind = \"single\"".to_owned()),
        ] {
            let _ = write!(rules, "\n[[tables]]\nname = \"{name}\"\n{lines}\n");
        }
        let key = |name: &str, type_name: &'static str, kind: Kind| Column {
            name: name.to_owned(),
            type_name,
            kind,
            nullable: false,
            generated: None,
        };
        let mut schema = Schema { shapes: Vec::new(), tables: Vec::new(), rules, is_mysql };
        schema.add("alpha", &["id"], vec![key("id", integer, Kind::Int)], dice);
        let keys = vec![key("id", integer, Kind::Int), key("no", "SMALLINT", Kind::Int)];
        schema.add("beta", &["id", "no"], keys, dice);
        schema.add("gamma", &["code"], vec![key("code", "VARCHAR(12)", Kind::Text(text))], dice);
        schema.add("delta", &["did"], vec![key("did", "MEDIUMINT", Kind::Int)], dice);
        schema.add("refs", &["rid"], vec![key("rid", "INT", Kind::Int)], dice);
        schema.add("lone", &["lid"], vec![key("lid", "INT", Kind::Int)], dice);
        schema
    }

    /// The same with other rows in one table.
    pub fn with_rows(&self, table: usize, rows: Vec<String>) -> Schema {
        let mut changed = self.clone();
        changed.tables[table].rows = rows;
        changed
    }

    fn add(&mut self, name: &'static str, key: &[&'static str], keys: Vec<Column>, dice: &mut Dice) {
        let mut columns = keys;
        // Common to most tables: what NATURAL and USING join on, and beside it the key that is none of the others.
        if name == "delta" || dice.percent(70) {
            let (name, type_name, kind) = ("k".to_owned(), "INT", Kind::Int);
            columns.push(Column { name, type_name, kind, nullable: true, generated: None });
        }
        if dice.percent(60) {
            let kind = Kind::Text(Collation::General);
            let (name, type_name, nullable) = ("s".to_owned(), "VARCHAR(20)", dice.percent(80));
            columns.push(Column { name, type_name, kind, nullable, generated: None });
        }
        for number in 1..=dice.between(3, 7) {
            let (type_name, kind) = *dice.pick(&kind::TYPES);
            columns.push(Column {
                name: format!("{}{number}", &name[..1]),
                type_name,
                kind,
                nullable: dice.percent(75),
                generated: None,
            });
        }
        if dice.percent(30) && columns.iter().any(|column| column.name == "k") {
            let generated = Some(*dice.pick(&["(k + 1) VIRTUAL", "(k DIV 2) STORED"]));
            columns.push(Column { name: "v".to_owned(), type_name: "INT", kind: Kind::Int, nullable: true, generated });
        }
        let definition = definition(&columns, key, self.is_mysql, dice);
        let rows = rows(name, &columns, dice);
        self.tables.push(Table { name: name.to_owned(), definition, rows });
        self.shapes.push(TableShape { name, columns, key: key.to_vec() });
    }
}

fn definition(columns: &[Column], key: &[&str], is_mysql: bool, dice: &mut Dice) -> String {
    let mut text = "(\n".to_owned();
    for column in columns {
        let null = match column.generated {
            Some(expression) => format!("AS {expression}"),
            None if column.nullable => "NULL DEFAULT NULL".to_owned(),
            None => "NOT NULL".to_owned(),
        };
        let _ =
            writeln!(text, "  {} {} {null},", column.name, kind::definition(column.type_name, column.kind, is_mysql));
    }
    for column in &columns[key.len()..] {
        let indexable = matches!(column.kind, Kind::Int | Kind::Big | Kind::Decimal | Kind::Date | Kind::Time)
            || column.type_name == "VARCHAR(20)";
        if indexable && dice.percent(20) {
            let _ = writeln!(text, "  KEY ({}),", column.name);
        }
    }
    let _ = write!(
        text,
        "  PRIMARY KEY ({})\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci",
        key.join(", ")
    );
    text
}

fn rows(name: &str, columns: &[Column], dice: &mut Dice) -> Vec<String> {
    let most = if name == "refs" || name == "lone" { 8 } else { 24 };
    let count = if dice.percent(5) { 0 } else { dice.between(1, most) };
    let mut rows = Vec::new();
    for number in 0..count {
        let keys = match name {
            "gamma" => vec![format!("'{}'", WORDS[number % WORDS.len()])],
            "beta" => vec![(number / 3 + number % 2).to_string(), number.to_string()],
            "alpha" if number == 3 => vec!["-5".to_owned()],
            _ => vec![number.to_string()],
        };
        let others = columns[keys.len()..].iter().map(|column| match column.generated {
            Some(_) => "DEFAULT".to_owned(),
            None if column.nullable && dice.percent(25) => "NULL".to_owned(),
            None => kind::stored(column.type_name, column.kind, dice),
        });
        let values: Vec<String> = keys.iter().cloned().chain(others.collect::<Vec<_>>()).collect();
        rows.push(format!("({})", values.join(", ")));
    }
    rows
}
