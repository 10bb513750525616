//! What a plain server says of a SELECT's columns when it is asked the same in other ways.
//!
//! Servers describe computed columns by how they went about the statement: whether rows passed through a temporary table, of
//! which kind, whether a derived table was merged, whether there turned out to be no rows before they were looked for. So
//! one statement has several descriptions, by the optimiser's choice. Here that choice is forced, one way after the other: by
//! its switches, by words in the statement, and by tables with the same rows that are built otherwise. What a server was
//! seen to say in one of these ways is an answer to the statement; everything else is a difference.

use std::collections::BTreeSet;

use super::answer::{Answer, Column, INTERNAL, Row, ServerError};
use super::client::{Client, ClientError, Login};
use super::layout::{DATABASE, PASSWORD, PhysicalTable};
use super::tables::Table;

/// One way of asking.
#[derive(Clone, Copy, Debug)]
struct Way {
    build: Build,
    /// What is set before the statement, and put back after it.
    settings: &'static [(&'static str, &'static str)],
    /// A word behind SELECT.
    word: &'static str,
}

/// How tables with the plain server's rows are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Build {
    /// Not at all: the plain server's own.
    Own,
    /// Anew, from the same rows.
    Again,
    /// The same columns without keys, as temporary tables have them.
    WithoutKeys,
    /// By an engine that knows how many rows there are, so that the optimiser reads tables of one row, or none, itself.
    Counted,
    /// Without rows.
    Empty,
    /// Without rows, by an engine that knows that.
    CountedEmpty,
    /// With all rows that there were at first.
    Full,
}

const BUILDS: [Build; 7] =
    [Build::Own, Build::Again, Build::WithoutKeys, Build::Counted, Build::Empty, Build::CountedEmpty, Build::Full];

/// Who asks in other ways.
const OTHER: &str = "other";

const SWITCH: &str = "optimizer_switch";
const OF_MARIADB: &[&[(&str, &str)]] = &[
    &[],
    &[(SWITCH, "'derived_merge=off'")],
    &[(SWITCH, "'derived_merge=off,condition_pushdown_for_derived=off'")],
    &[(SWITCH, "'materialization=off'")],
    &[(SWITCH, "'semijoin=off'")],
    &[(SWITCH, "'semijoin=off,materialization=off'")],
    &[(SWITCH, "'in_to_exists=off'")],
    &[(SWITCH, "'join_cache_incremental=off,join_cache_hashed=off,join_cache_bka=off'")],
    &[("join_cache_level", "0")],
    &[("big_tables", "1")],
];
const OF_MYSQL: &[&[(&str, &str)]] = &[
    &[],
    &[(SWITCH, "'derived_merge=off'")],
    &[(SWITCH, "'derived_merge=off,derived_condition_pushdown=off'")],
    &[(SWITCH, "'materialization=off'")],
    &[(SWITCH, "'semijoin=off'")],
    &[(SWITCH, "'semijoin=off,materialization=off'")],
    &[(SWITCH, "'subquery_to_derived=on'")],
    &[(SWITCH, "'block_nested_loop=off,hash_join=off'")],
    &[("big_tables", "1")],
];
const WORDS: [&str; 4] = ["", "SQL_BUFFER_RESULT", "SQL_BIG_RESULT", "SQL_SMALL_RESULT"];

/// The plain server, with its tables and those that are built otherwise.
#[derive(Debug)]
pub struct OtherWays {
    root: Client,
    session: Client,
    is_mysql: bool,
    tables: Vec<Table>,
    tables_at_first: Vec<Table>,
    /// Of the rows that there are now.
    built: BTreeSet<Build>,
}

impl OtherWays {
    /// `root` may create databases, and has the session's modes set. The application's user sees nothing of all this.
    pub fn new(mut root: Client, port: u16, login: &Login, setup: &str, tables: &[Table]) -> OtherWays {
        run(&mut root, &format!("CREATE USER IF NOT EXISTS {OTHER}@'%' IDENTIFIED BY '{PASSWORD}'"));
        // Tables are read as they are for everybody; a session may have taken rows away that it has not committed.
        run(&mut root, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
        let names = BUILDS.map(Build::database);
        names.iter().for_each(|name| run(&mut root, &format!("GRANT ALL ON {name}.* TO {OTHER}@'%'")));
        let login = Login { user: OTHER.to_owned(), database: None, ..login.clone() };
        let mut session = Client::connect(("127.0.0.1", port), &login).unwrap();
        if !setup.is_empty() {
            run(&mut session, setup);
        }
        let is_mysql = !session.server_version.contains("MariaDB");
        let (tables, tables_at_first) = (tables.to_vec(), tables.to_vec());
        OtherWays { root, session, is_mysql, tables, tables_at_first, built: BTreeSet::new() }
    }

    /// The table has other rows now.
    pub fn refill(&mut self, table: &Table) {
        self.tables.iter_mut().filter(|known| known.name == table.name).for_each(|known| *known = table.clone());
        self.built.clear();
    }

    /// The expected answers, with columns described as in `got`, and errors told as there, wherever the plain server does so in
    /// some way. `ask` sends the statement, with a word behind its first SELECT, in all forms that ask the same;
    /// `is_binary`: the rows are as those of prepared statements.
    pub fn settle(
        &mut self,
        mut expected: Vec<Answer>,
        got: &[Answer],
        is_binary: bool,
        mut ask: impl FnMut(&mut Client, &str) -> Result<Vec<Answer>, ClientError>,
    ) -> Result<Vec<Answer>, ClientError> {
        let mut open = differing(&expected, got);
        for way in ways(self.is_mysql) {
            if open.is_empty() {
                break;
            }
            let seen = self.ask(way, &mut ask)?;
            open.iter_mut().for_each(|open| open.look(&seen));
            for settled in open.extract_if(.., |open| open.is_settled()) {
                if std::env::var_os("OTHER_WAYS").is_some() {
                    eprintln!("{way:?}: {settled:?}");
                }
                settled.settle(&mut expected, is_binary);
            }
        }
        Ok(expected)
    }

    fn ask(
        &mut self,
        way: Way,
        ask: &mut impl FnMut(&mut Client, &str) -> Result<Vec<Answer>, ClientError>,
    ) -> Result<Vec<Answer>, ClientError> {
        if way.build != Build::Own && self.built.insert(way.build) {
            self.build(way.build);
        }
        run(&mut self.session, &format!("USE {}", way.build.database()));
        way.settings.iter().for_each(|(name, value)| run(&mut self.session, &format!("SET SESSION {name} = {value}")));
        let mut seen = ask(&mut self.session, way.word)?;
        way.settings.iter().for_each(|(name, _)| run(&mut self.session, &format!("SET SESSION {name} = DEFAULT")));
        for answer in &mut seen {
            if let Answer::Rows { columns, .. } = answer {
                columns.iter_mut().filter(|column| !column.schema.is_empty()).for_each(|column| {
                    column.schema = DATABASE.to_owned();
                });
            }
        }
        Ok(seen)
    }

    fn build(&mut self, build: Build) {
        let database = build.database();
        let engine = match build {
            Build::Counted | Build::CountedEmpty => "MyISAM",
            _ => "InnoDB",
        };
        let mut sql = format!(
            "DROP DATABASE IF EXISTS {database};CREATE DATABASE {database};SET SESSION default_storage_engine = {engine};"
        );
        let tables = if build == Build::Full { &self.tables_at_first } else { &self.tables };
        for table in tables {
            let rows = match build {
                Build::Empty | Build::CountedEmpty => Vec::new(),
                _ => table.rows.iter().map(String::as_str).collect(),
            };
            let schema = database.to_owned();
            let physical = PhysicalTable { schema, name: table.name.clone(), table, shard: None, rows };
            if build == Build::WithoutKeys {
                let name = &table.name;
                sql += &format!("CREATE TABLE {database}.{name} SELECT * FROM {DATABASE}.{name};");
            } else {
                sql += &(physical.create() + &physical.refill());
            }
            sql += &format!("ANALYZE TABLE {database}.{};", table.name);
        }
        run(&mut self.root, &sql);
    }
}

impl Build {
    fn database(self) -> &'static str {
        match self {
            Build::Own => DATABASE,
            Build::Again => "other_again",
            Build::WithoutKeys => "other_without_keys",
            Build::Counted => "other_counted",
            Build::Empty => "other_empty",
            Build::CountedEmpty => "other_counted_empty",
            Build::Full => "other_full",
        }
    }
}

/// Those that change least first.
fn ways(is_mysql: bool) -> impl Iterator<Item = Way> {
    let settings = if is_mysql { OF_MYSQL } else { OF_MARIADB };
    BUILDS.into_iter().flat_map(move |build| {
        WORDS.into_iter().flat_map(move |word| settings.iter().map(move |settings| Way { build, settings, word }))
    })
}

/// What is told in two ways.
#[derive(Debug)]
enum Open {
    Column(OpenColumn),
    Error { answer: usize, got: ServerError, is_seen: bool },
}

#[derive(Debug)]
struct OpenColumn {
    answer: usize,
    place: usize,
    got: Column,
    /// Whether all of it but the flags and the next was seen.
    is_seen: bool,
    /// Whether its name in a table was seen: of a computed column, its own where it was read from a temporary table.
    is_origin_seen: bool,
    /// Flags that were not seen as they are in `got`: each tells something else of how the server went about it.
    flags: u16,
}

impl Open {
    fn look(&mut self, seen: &[Answer]) {
        match self {
            Open::Column(column) => seen.iter().for_each(|answer| column.look(answer)),
            Open::Error { got, is_seen, .. } => {
                *is_seen |= seen.iter().filter_map(Answer::error).any(|error| error.code == got.code);
            }
        }
    }

    fn is_settled(&self) -> bool {
        match self {
            Open::Column(column) => column.is_seen && column.is_origin_seen && column.flags == 0,
            Open::Error { is_seen, .. } => *is_seen,
        }
    }

    fn settle(self, expected: &mut [Answer], is_binary: bool) {
        match self {
            Open::Column(OpenColumn { answer, place, got, .. }) => {
                describe(&mut expected[answer], place, &got, is_binary)
            }
            Open::Error { answer, got, .. } => expected[answer] = Answer::Error { error: got, after: None },
        }
    }
}

impl OpenColumn {
    fn look(&mut self, seen: &Answer) {
        let Answer::Rows { columns, .. } = seen else { return };
        let Some(seen) = columns.get(self.place).filter(|seen| seen.name == self.got.name) else { return };
        let Column { org_name, flags, .. } = self.got.clone();
        self.is_origin_seen |= seen.org_name == org_name;
        self.is_seen |= Column { org_name, flags, ..seen.clone() } == self.got;
        self.flags &= seen.flags ^ self.got.flags;
    }
}

fn differing(expected: &[Answer], got: &[Answer]) -> Vec<Open> {
    let mut found = Vec::new();
    for (answer, pair) in expected.iter().zip(got).enumerate() {
        match pair {
            (Answer::Rows { columns: expected, .. }, Answer::Rows { columns: got, .. }) => {
                let visible = |column: &Column| Column { flags: column.flags & !INTERNAL, ..column.clone() };
                let are_different = |one: &Column, other: &Column| visible(one) != visible(other);
                let pairs = expected.iter().zip(got).enumerate();
                let pairs = pairs.filter(|(_, (one, other))| are_different(one, other));
                found.extend(pairs.map(|(place, (one, other))| {
                    Open::Column(OpenColumn {
                        answer,
                        place,
                        got: other.clone(),
                        is_seen: false,
                        is_origin_seen: one.org_name == other.org_name,
                        flags: (one.flags ^ other.flags) & !INTERNAL,
                    })
                }));
            }
            (Answer::Error { error: expected, .. }, Answer::Error { error: got, .. }) if expected.code != got.code => {
                found.push(Open::Error { answer, got: got.clone(), is_seen: false });
            }
            _ => {}
        }
    }
    found
}

/// Gives an answer's column another description, and its values the form that belongs to that.
pub fn describe(answer: &mut Answer, place: usize, wanted: &Column, is_binary: bool) {
    if let Answer::Rows { columns, rows, .. } = answer {
        let from = std::mem::replace(&mut columns[place], wanted.clone());
        if let (true, Some(read), Some(written)) =
            (from.kind != wanted.kind, Form::of(&from, is_binary), Form::of(wanted, is_binary))
        {
            let cells = rows.iter_mut().filter_map(|row: &mut Row| row[place].as_mut());
            cells.for_each(|cell| *cell = written.write(read.read(cell)));
        }
    }
}

/// How an integer is written.
#[derive(Clone, Copy, Debug)]
enum Form {
    Digits,
    /// The lowest byte first, so many.
    Little(usize),
    /// The highest byte first, so many: a BIT.
    Big(usize),
}

impl Form {
    fn of(column: &Column, is_binary: bool) -> Option<Form> {
        let bytes = match column.kind {
            0x01 => 1,
            0x02 | 0x0d => 2,
            0x03 | 0x09 => 4,
            0x08 => 8,
            0x10 => return Some(Form::Big(column.length.div_ceil(8) as usize)),
            _ => return None,
        };
        Some(if is_binary { Form::Little(bytes) } else { Form::Digits })
    }

    fn read(self, cell: &[u8]) -> i128 {
        let is_negative = |high: Option<&u8>| high.is_some_and(|byte| byte & 0x80 != 0);
        let from = |bytes: &mut dyn Iterator<Item = &u8>| bytes.fold(0, |number, byte| number << 8 | i128::from(*byte));
        match self {
            Form::Digits => std::str::from_utf8(cell).unwrap().parse().unwrap(),
            Form::Big(_) => from(&mut cell.iter()),
            // Of integers of eight bytes, both signs are the same when they are written again.
            Form::Little(bytes) if is_negative(cell.last()) => from(&mut cell.iter().rev()) - (1 << (8 * bytes)),
            Form::Little(_) => from(&mut cell.iter().rev()),
        }
    }

    fn write(self, number: i128) -> Vec<u8> {
        match self {
            Form::Digits => number.to_string().into_bytes(),
            Form::Little(bytes) => number.to_le_bytes()[..bytes].to_vec(),
            Form::Big(bytes) => number.to_be_bytes()[16 - bytes..].to_vec(),
        }
    }
}

/// The statement with a word behind its first SELECT: that which is in no parentheses, if there is one.
pub fn with_word(sql: &str, word: &str) -> String {
    let at = select(sql, true).or_else(|| select(sql, false));
    match at {
        Some(at) if !word.is_empty() => format!("{} {word}{}", &sql[..at], &sql[at..]),
        _ => sql.to_owned(),
    }
}

/// Behind the first SELECT.
fn select(sql: &str, is_outside: bool) -> Option<usize> {
    let bytes = sql.as_bytes();
    let (mut depth, mut quote) = (0_usize, None);
    for at in 0..bytes.len() {
        match (quote, bytes[at]) {
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, byte @ (b'\'' | b'"' | b'`')) => quote = Some(byte),
            (None, b'(') => depth += 1,
            (None, b')') => depth = depth.saturating_sub(1),
            (None, _) if depth == 0 || !is_outside => {
                let starts = at == 0 || !bytes[at - 1].is_ascii_alphanumeric() && bytes[at - 1] != b'_';
                let word = bytes.get(at..at + 6).is_some_and(|word| word.eq_ignore_ascii_case(b"SELECT"));
                if starts && word {
                    return Some(at + 6);
                }
            }
            _ => {}
        }
    }
    None
}

fn run(client: &mut Client, sql: &str) {
    let answers = client.query(sql.trim_end_matches(';')).unwrap();
    let error = answers.iter().find_map(Answer::error);
    assert!(error.is_none(), "{error:?}: {sql}");
}
