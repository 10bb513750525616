//! Sends one statement to both sides and judges the answers; finds the smallest statement and the fewest rows that
//! still differ.

use std::time::{Duration, Instant};

use crate::compare::{Judge, all_brief};
use crate::harness::answer::{Answer, Leniency, ServerError};
use crate::harness::client::{Client, ClientError};
use crate::meaning::{self, Catalog, Output};
use crate::schema::Schema;
use crate::shrink;
use crate::tree::Query;
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

type Sent = Result<Vec<Answer>, ClientError>;

/// Sends the statement to both.
pub fn check(world: &mut World<'_>, query: &Query, output: &Output, mode: Mode) -> Outcome {
    let expected = match send(world.plain(), query, mode) {
        Ok(expected) => expected,
        Err(error) => {
            eprintln!("the plain server: {error}: {}", query.text());
            world.drop_sessions();
            return Outcome::Unanswered;
        }
    };
    let got = match world.sharded().and_then(|client| send(client, query, mode)) {
        Ok(got) => got,
        Err(error) => {
            world.drop_sessions();
            return Outcome::Different(vec![format!("the session ended: {error}")]);
        }
    };
    let fails = |answers: &[Answer]| answers.iter().find_map(Answer::error).cloned();
    if let Some(error) = fails(&got).filter(is_refusal) {
        return Outcome::Refused(error.message);
    }
    let uncut = output.is_cut.then(|| Query { limit: None, ..query.clone() });
    let uncut = uncut.map(|query| send(world.plain(), &query, mode).expect("it was answered with a LIMIT").remove(0));
    let text = query.text();
    let has_outer_join = text.contains("LEFT JOIN") || text.contains("RIGHT JOIN");
    let has_derived = text.contains("FROM (") || text.contains("JOIN (") || text.starts_with("WITH ");
    let has_open_evaluation = has_derived || text.contains("JOIN") || text.contains(" , ");
    let is_mysql = world.is_mysql();
    let leniency = leniency(is_mysql && has_derived);
    let output = if is_mysql { &output.clone().without_json_keys() } else { output };
    let uncut = uncut.as_ref();
    let mut judge = Judge { output, uncut, plain: world.plain(), leniency, has_outer_join, has_open_evaluation };
    let lines = judge.differences(&expected, &got);
    match (lines.is_empty(), fails(&expected)) {
        (true, Some(_)) => Outcome::SameError,
        (true, None) => Outcome::Same,
        (false, _) => Outcome::Different(lines),
    }
}

/// Servers have that number for what they do not know, too.
pub fn is_refusal(error: &ServerError) -> bool {
    error.code == NOT_SUPPORTED_YET && error.message.starts_with("ShardGate")
}

/// Rows are compared apart from the rest, by what is certain of them; and so are warnings, of which there are as many as
/// a server happened to evaluate something. Of columns of derived tables, MySQL tells by its plan whether they are the
/// tables' behind them.
fn leniency(has_mysql_derived: bool) -> Leniency {
    let mut ignored = vec!["rows", "warnings"];
    if has_mysql_derived {
        ignored.extend(["schema", "org_table"]);
    }
    Leniency { unordered: false, ignored: ignored.into_iter().map(str::to_owned).collect() }
}

/// The answers, and behind them what is asked next after SQL_CALC_FOUND_ROWS.
fn send(client: &mut Client, query: &Query, mode: Mode) -> Sent {
    let mut answers = match mode {
        Mode::Text => client.query(query.text())?,
        Mode::Prepared => {
            let (sql, params) = query.prepared();
            match client.prepare(sql.as_bytes())? {
                Err(error) => return Ok(vec![Answer::Error { error, after: None }]),
                Ok(statement) => {
                    let answers = client.execute(&statement, &params)?;
                    client.close(&statement)?;
                    let columns = statement.columns;
                    let described = Answer::Rows { columns, rows: Vec::new(), end: Default::default() };
                    answers.into_iter().chain([described]).collect()
                }
            }
        }
    };
    let has_failed = answers.iter().any(|answer| answer.error().is_some());
    if !has_failed && query.block().is_some_and(|block| block.counts_found) {
        let mut found = client.query("SELECT FOUND_ROWS()")?;
        if let Some(Answer::Rows { end, .. }) = found.first_mut() {
            // MySQL warns that it is deprecated.
            end.warnings = 0;
        }
        answers.extend(found);
    }
    Ok(answers)
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
    if mode == Mode::Prepared {
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
