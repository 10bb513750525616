//! Sends one statement to both sides and judges the answers; finds the smallest statement and the fewest rows that
//! still differ.

use std::time::{Duration, Instant};

use crate::compare::{Judge, all_brief};
use crate::harness::answer::{Answer, Leniency, ServerError};
use crate::harness::client::{Client, ClientError, Param};
use crate::harness::other_ways::{describe, with_word};
use crate::kind::Kind;
use crate::meaning::{self, Catalog, Output};
use crate::schema::Schema;
use crate::shrink;
use crate::tree::{Block, Body, Expr, Limit, OrderBy, OrderItem, Query};
use crate::world::World;

/// ER_NOT_SUPPORTED_YET
const NOT_SUPPORTED_YET: u16 = 1235;
/// A statement is made smaller for no longer than this.
const SHRINKING: Duration = Duration::from_secs(40);

/// How a statement is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Text,
    Prepared,
    /// Prepared, and executed with NULL for each parameter before.
    Again,
}

/// What came of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Same,
    /// Both fail alike.
    SameError,
    /// The plain server itself did not answer in time, or ended.
    Unanswered,
    /// ShardGate says in these words that it cannot.
    Refused(String),
    Different(Vec<String>),
}

/// A statement that is answered differently, as small as it could be made.
#[derive(Debug)]
pub struct Finding {
    pub text: String,
    pub report: String,
}

/// A statement as a server gets it.
#[derive(Debug)]
struct Sent {
    sql: String,
    params: Vec<Param>,
    mode: Mode,
    counts_found: bool,
}

/// Sends the statement to both.
pub fn check(world: &mut World<'_>, query: &Query, output: &Output, mode: Mode) -> Outcome {
    let expected = match send(world.plain(), query, mode) {
        Ok(expected) => expected,
        Err(error) => return unanswered(world, query, &error),
    };
    let got = match world.sharded().and_then(|client| send(client, query, mode)) {
        Ok(got) => got,
        Err(error) => {
            world.drop_sessions();
            return Outcome::Different(vec![format!("the session ended: {error}")]);
        }
    };
    let fails = |answers: &[Answer]| answers.iter().find_map(Answer::error).cloned();
    if let Some(error) = fails(&expected).filter(|error| error.message.contains("#sql")) {
        // It lost a temporary table of its own.
        eprintln!("the plain server: {}: {}", error.message, query.text());
        return Outcome::Unanswered;
    }
    if let Some(error) = fails(&got).filter(is_refusal) {
        return Outcome::Refused(error.message);
    }
    let uncut = output.is_cut.then(|| Query { limit: None, ..query.clone() });
    let mut uncut = match uncut.map(|query| send(world.plain(), &query, mode)).transpose() {
        Ok(answers) => answers.map(|mut answers| answers.remove(0)),
        Err(error) => return unanswered(world, query, &error),
    };
    let forms = other_forms(query, mode, output.columns.len());
    let is_binary = mode != Mode::Text;
    let settled = world.other_ways().settle(expected, &got, is_binary, |client, word| {
        let answers = forms.iter().map(|form| form.send(client, word));
        Ok(answers.collect::<Result<Vec<_>, _>>()?.concat())
    });
    let expected = match settled {
        Ok(expected) => expected,
        Err(error) => return unanswered(world, query, &error),
    };
    if let (Some(uncut), Some(Answer::Rows { columns, .. })) = (&mut uncut, expected.first()) {
        columns.iter().enumerate().for_each(|(number, column)| describe(uncut, number, column, is_binary));
    }
    let text = query.text();
    let has_open_evaluation =
        text.starts_with("WITH ") || ["(SELECT", "JOIN", " , "].iter().any(|word| text.contains(word));
    let is_mysql = world.is_mysql();
    let leniency = leniency();
    let output = if is_mysql { &output.clone().without_json_keys() } else { output };
    let uncut = uncut.as_ref();
    let mut judge = Judge { output, uncut, plain: world.plain(), leniency, has_open_evaluation };
    let lines = judge.differences(&expected, &got);
    match (lines.is_empty(), fails(&expected)) {
        (true, Some(_)) => Outcome::SameError,
        (true, None) => Outcome::Same,
        (false, _) => Outcome::Different(lines),
    }
}

fn unanswered(world: &mut World<'_>, query: &Query, error: &ClientError) -> Outcome {
    eprintln!("the plain server: {error}: {}", query.text());
    world.drop_sessions();
    Outcome::Unanswered
}

/// Servers have that number for what they do not know, too.
pub fn is_refusal(error: &ServerError) -> bool {
    error.code == NOT_SUPPORTED_YET && error.message.starts_with("ShardGate")
}

/// Rows are compared apart from the rest, by what is certain of them; and so are warnings, of which there are as many as
/// a server happened to evaluate something.
fn leniency() -> Leniency {
    Leniency { unordered: false, ignored: ["rows", "warnings"].map(str::to_owned).into() }
}

impl Sent {
    fn of(query: &Query, mode: Mode) -> Sent {
        let (sql, params) = match mode {
            Mode::Text => (query.text(), Vec::new()),
            Mode::Prepared | Mode::Again => query.prepared(),
        };
        Sent { sql, params, mode, counts_found: query.block().is_some_and(|block| block.counts_found) }
    }

    /// The answers, with a word behind SELECT, and behind them what is asked next after SQL_CALC_FOUND_ROWS.
    fn send(&self, client: &mut Client, word: &str) -> Result<Vec<Answer>, ClientError> {
        let sql = with_word(&self.sql, word);
        let mut answers = match self.mode {
            Mode::Text => client.query(sql)?,
            Mode::Prepared | Mode::Again => match client.prepare(sql.as_bytes())? {
                Err(error) => return Ok(vec![Answer::Error { error, after: None }]),
                Ok(statement) => {
                    if self.mode == Mode::Again {
                        let nulls: Vec<Param> = self.params.iter().map(|_| Param::Null).collect();
                        client.execute(&statement, &nulls)?;
                    }
                    let answers = client.execute(&statement, &self.params)?;
                    client.close(&statement)?;
                    let columns = statement.columns;
                    let described = Answer::Rows { columns, rows: Vec::new(), end: Default::default() };
                    answers.into_iter().chain([described]).collect()
                }
            },
        };
        let has_failed = answers.iter().any(|answer| answer.error().is_some());
        if !has_failed && self.counts_found {
            let mut found = client.query("SELECT FOUND_ROWS()")?;
            if let Some(Answer::Rows { end, .. }) = found.first_mut() {
                // MySQL warns that it is deprecated.
                end.warnings = 0;
            }
            answers.extend(found);
        }
        Ok(answers)
    }
}

/// The statement, and as it is without its conditions or where no optimiser can tell that they are false, with its rows in another
/// order, with a limit that is none, or with equal rows: none of these says what a column is. Each of them prepared, too.
fn other_forms(query: &Query, mode: Mode, width: usize) -> Vec<Sent> {
    let by = |position: usize| OrderItem { by: OrderBy::Position(position), descending: false };
    let most = Expr::Literal { text: u64::MAX.to_string(), param: None, kind: Kind::Int };
    let all = Some(Limit { count: most, offset: None });
    let body = match &query.body {
        Body::Block(block) => Body::Block(Box::new(Block { distinct: false, ..(**block).clone() })),
        Body::Set { left, right, .. } => Body::Set { operator: "UNION ALL", left: left.clone(), right: right.clone() },
    };
    let forms = [
        query.clone(),
        Query { order: Vec::new(), ..query.clone() },
        Query { order: vec![by(0)], ..query.clone() },
        Query { order: (0..width).map(by).collect(), ..query.clone() },
        Query { limit: all, ..query.clone() },
        Query { limit: None, order: Vec::new(), ..query.clone() },
        Query { body, ..query.clone() },
        query.with_open_conditions(),
        query.without_conditions(),
    ];
    let sent = |form: &Query| {
        let as_text = (mode == Mode::Text).then(|| Sent { mode: Mode::Prepared, ..Sent::of(form, mode) });
        [Some(Sent::of(form, mode)), as_text].into_iter().flatten()
    };
    forms.iter().flat_map(sent).collect()
}

fn send(client: &mut Client, query: &Query, mode: Mode) -> Result<Vec<Answer>, ClientError> {
    Sent::of(query, mode).send(client, "")
}

/// Makes the statement and the rows behind it as small as they can be while the answers differ.
pub fn smallest(
    world: &mut World<'_>,
    schema: &Schema,
    query: &Query,
    mode: Mode,
    is_wanted: fn(&Outcome) -> bool,
) -> Finding {
    let begun = Instant::now();
    let catalog = Catalog::of_tables(&schema.shapes);
    let mut query = query.clone();
    let fails = |world: &mut World<'_>, query: &Query| {
        meaning::of(query, &catalog).is_some_and(|output| is_wanted(&check(world, query, &output, mode)))
    };
    'smaller: while begun.elapsed() < SHRINKING {
        for smaller in shrink::smaller(&query) {
            if fails(world, &smaller) {
                query = smaller;
                continue 'smaller;
            }
            if begun.elapsed() > SHRINKING {
                break;
            }
        }
        break;
    }
    let mut fewer = schema.clone();
    let text = query.text();
    for table in 0..fewer.tables.len() {
        let is_named = text.contains(fewer.tables[table].name.as_str());
        if is_named && begun.elapsed() < 2 * SHRINKING {
            fewer = with_fewer_rows(world, fewer, table, |world| fails(world, &query));
        }
    }
    let report = report(world, &fewer, &query, mode);
    (0..schema.tables.len()).for_each(|table| world.refill(schema, table));
    Finding { text, report }
}

/// Takes away halves, then quarters, then single rows.
fn with_fewer_rows(
    world: &mut World<'_>,
    mut schema: Schema,
    table: usize,
    mut fails: impl FnMut(&mut World<'_>) -> bool,
) -> Schema {
    let mut size = schema.tables[table].rows.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < schema.tables[table].rows.len() {
            let mut rows = schema.tables[table].rows.clone();
            rows.drain(at..(at + size).min(rows.len()));
            let fewer = schema.with_rows(table, rows);
            world.refill(&fewer, table);
            if fails(world) {
                schema = fewer;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    world.refill(&schema, table);
    schema
}

fn report(world: &mut World<'_>, schema: &Schema, query: &Query, mode: Mode) -> String {
    let text = query.text();
    let mut report = format!("{text};\n");
    report += &format!("  {}\n  behind {}\n", world.circumstances, schema.rules.replace('\n', "; "));
    if mode != Mode::Text {
        let (sql, params) = query.prepared();
        report += &format!("  prepared: {sql}\n  with {params:?}\n");
    }
    for table in schema.tables.iter().filter(|table| text.contains(table.name.as_str())) {
        report += &format!("  CREATE TABLE {} {};\n", table.name, table.definition.replace('\n', " "));
        for row in &table.rows {
            report += &format!("  INSERT INTO {} VALUES {row};\n", table.name);
        }
    }
    let catalog = Catalog::of_tables(&schema.shapes);
    let output = meaning::of(query, &catalog).expect("it was judged before");
    report += &format!("  certain: {:?} {:?}\n", output.order, qualities(&output));
    if let Outcome::Different(lines) = check(world, query, &output, mode) {
        lines.iter().for_each(|line| report += &format!("  {}\n", line.replace('\n', "\n  ")));
    }
    let expected = send(world.plain(), query, mode);
    report += &format!("  expected {}\n", expected.map_or_else(|error| error.to_string(), |all| all_brief(&all)));
    let got = world.sharded().and_then(|client| send(client, query, mode));
    report += &format!("  got      {}\n", got.map_or_else(|error| error.to_string(), |all| all_brief(&all)));
    report
}

fn qualities(output: &Output) -> Vec<meaning::Quality> {
    output.columns.iter().map(|column| column.quality).collect()
}
