//! Sends the same writes to a plain server and to ShardGate; after each, answers and the complete table must be the same.
//! Finds the fewest statements that still differ.

use std::time::{Duration, Instant};

use crate::compare::{all_brief, warnings};
use crate::dice::Dice;
use crate::harness::answer::{Answer, Leniency, Ok as OkAnswer, ServerError, differences};
use crate::harness::client::{Client, ClientError};
use crate::queries::Grower;
use crate::run::{Mode, is_refusal};
use crate::schema::{Schema, TableShape};
use crate::world::World;
use crate::writes::Write;

/// Statements upon the same rows; then the tables are filled again.
pub const PER_FILLING: usize = 40;
/// What can be wrong with a row: NULL, a duplicate, a value that is out of range, too long, not of the type, or that no
/// number can hold; a parent that is not there.
const OF_ROWS: [u16; 12] = [1048, 1062, 1264, 1265, 1292, 1364, 1365, 1366, 1406, 1411, 1452, 1690];
const SHRINKING: Duration = Duration::from_secs(60);
/// SERVER_STATUS_IN_TRANS
const IN_TRANSACTION: u16 = 1;

/// A write, and how it was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    write: Write,
    mode: Mode,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    Same {
        failed: bool,
        in_transaction: bool,
    },
    Refused(String),
    /// The answers differ in what SQL leaves open, and so do the rows now.
    Open,
    Different(Vec<String>),
}

/// Fills the tables and writes to them. Statements, those that failed alike, refusals, and a difference.
#[derive(Debug, Default)]
pub struct Filling {
    pub statements: usize,
    pub failed: usize,
    pub refused: Vec<(String, String)>,
    pub found: Option<String>,
}

pub fn one_filling(world: &mut World<'_>, schema: &Schema, grower: &mut Grower<'_>, dice: &mut Dice) -> Filling {
    refill(world, schema);
    let mut filling = Filling::default();
    let mut sent: Vec<Sent> = Vec::new();
    let mut in_transaction = false;
    while filling.statements < PER_FILLING {
        let write = grower.write(in_transaction);
        // MySQL does not prepare BEGIN and SAVEPOINT.
        let mode = if dice.percent(50) || write.table.is_none() { Mode::Text } else { Mode::Prepared };
        let one = Sent { write, mode };
        if std::env::var_os("RANDOM_SHOW").is_some() {
            eprintln!("{}", one.write.template.text());
        }
        filling.statements += 1;
        match check(world, schema, &one) {
            Outcome::Same { failed, in_transaction: now } => {
                filling.failed += usize::from(failed);
                in_transaction = now;
                sent.push(one);
            }
            // What no server evaluates the same way for sure: the tables are filled again.
            Outcome::Open => return filling,
            Outcome::Refused(_) if one.write.reads_own_rows() => {}
            Outcome::Refused(words) => filling.refused.push((words, one.write.template.text())),
            Outcome::Different(lines) => {
                sent.push(one);
                filling.found = Some(smallest(world, schema, sent, lines));
                return filling;
            }
        }
    }
    let misplaced = misplaced(world, schema);
    if !misplaced.is_empty() {
        filling.found = Some(smallest(world, schema, sent, misplaced));
    }
    filling
}

fn refill(world: &mut World<'_>, schema: &Schema) {
    world.drop_sessions();
    (0..schema.tables.len()).for_each(|table| world.refill(schema, table));
}

/// ShardGate goes first: what it refuses is not asked of the plain server.
fn check(world: &mut World<'_>, schema: &Schema, one: &Sent) -> Outcome {
    let got = match world.sharded().and_then(|client| send(client, one)) {
        Ok(got) => got,
        Err(error) => return Outcome::Different(vec![format!("the session ended: {error}")]),
    };
    if let Some(error) = got.iter().find_map(Answer::error).filter(|error| is_refusal(error)) {
        return Outcome::Refused(error.message.clone());
    }
    let expected = send(world.plain(), one).expect("the plain server answers");
    let error = expected.iter().find_map(Answer::error);
    let mut lines = match (error, got.iter().find_map(Answer::error)) {
        (Some(expected), Some(got)) if fail_alike(expected.code, got.code) => Vec::new(),
        _ => differences(&uncounted(&expected), &uncounted(&got), &leniency(&expected)),
    };
    if is_open(&one.write, error, got.iter().find_map(Answer::error)) {
        return Outcome::Open;
    }
    if one.write.gives_values() {
        lines.extend(expected.iter().zip(&got).filter_map(|(expected, got)| warnings(expected, got)));
    }
    if let Some(name) = one.write.table {
        let shape = schema.shapes.iter().find(|shape| shape.name == name).expect("it was grown from this");
        lines.extend(contents_differ(world, shape));
    }
    let status = expected.iter().rev().find_map(Answer::status);
    let status = status.or_else(|| world.plain().query("DO 0").ok()?.first()?.status()).unwrap_or_default();
    match lines.is_empty() {
        true => Outcome::Same { failed: error.is_some(), in_transaction: status & IN_TRANSACTION != 0 },
        false => Outcome::Different(lines),
    }
}

/// Whether a condition is evaluated at all, and for which rows, is the optimiser's where several tables are read; and a value
/// that is bent on the way is an error in a write.
fn is_open(write: &Write, expected: Option<&ServerError>, got: Option<&ServerError>) -> bool {
    let is_of_value = |error: &ServerError| [1292, 1365, 1411, 1690].contains(&error.code);
    let only = match (expected, got) {
        (Some(only), None) | (None, Some(only)) => only,
        _ => return false,
    };
    is_of_value(only) && write.reads_several()
}

/// Which of several rows fails first is open, and so is what is wrong with it.
fn fail_alike(expected: u16, got: u16) -> bool {
    expected == got || [expected, got].iter().all(|code| OF_ROWS.contains(code))
}

/// The answers without the count of warnings in their words.
fn uncounted(answers: &[Answer]) -> Vec<Answer> {
    let uncounted = |answer: &Answer| match answer {
        Answer::Ok(ok) => {
            let info = ok.info.split_once("Warnings: ").map_or(ok.info.as_str(), |(counts, _)| counts).to_owned();
            Answer::Ok(OkAnswer { info, ..ok.clone() })
        }
        other => other.clone(),
    };
    answers.iter().map(uncounted).collect()
}

/// How often a server warns of the same is its own affair (that a value of a row was bent is not), and so is whether it says in words that nothing was matched:
/// MariaDB does not, where its optimiser has seen that before.
fn leniency(expected: &[Answer]) -> Leniency {
    let changes_nothing = |answer: &Answer| matches!(answer, Answer::Ok(ok) if ok.affected_rows == 0);
    let mut ignored = vec!["warnings"];
    if expected.iter().any(changes_nothing) {
        ignored.push("message");
    }
    Leniency { unordered: false, ignored: ignored.into_iter().map(str::to_owned).collect() }
}

fn send(client: &mut Client, one: &Sent) -> Result<Vec<Answer>, ClientError> {
    if one.mode == Mode::Text {
        return client.query(one.write.template.text());
    }
    let (sql, params) = one.write.template.prepared();
    match client.prepare(sql.as_bytes())? {
        Err(error) => Ok(vec![Answer::Error { error, after: None }]),
        Ok(statement) => {
            let answers = client.execute(&statement, &params)?;
            client.close(&statement)?;
            Ok(answers)
        }
    }
}

fn contents_differ(world: &mut World<'_>, shape: &TableShape) -> Vec<String> {
    let all = format!("SELECT * FROM {} ORDER BY {}", shape.name, shape.key.join(", "));
    let expected = world.plain().one(&all).text();
    let got = match world.sharded().and_then(|client| client.query(all.as_str())) {
        Ok(answers) => answers,
        Err(error) => return vec![format!("the session ended: {error}")],
    };
    if let Some(error) = got.iter().find_map(Answer::error) {
        return vec![format!("{all}: {error:?}")];
    }
    let got = got[0].text();
    let only = |all: &[Vec<String>], others: &[Vec<String>]| {
        all.iter().filter(|row| !others.contains(row)).map(|row| row.join(" | ")).collect::<Vec<_>>()
    };
    if expected == got {
        return Vec::new();
    }
    let (missing, surplus) = (only(&expected, &got), only(&got, &expected));
    vec![format!("{}: {} rows expected, {} there", shape.name, expected.len(), got.len())]
        .into_iter()
        .chain(missing.into_iter().map(|row| format!("  expected {row}")))
        .chain(surplus.into_iter().map(|row| format!("  got      {row}")))
        .collect()
}

/// Rows that are not found by their key: they are on a shard where nobody looks for them.
fn misplaced(world: &mut World<'_>, schema: &Schema) -> Vec<String> {
    let mut lines = Vec::new();
    let keys = [("alpha", "id"), ("beta", "id"), ("gamma", "code"), ("delta", "k")];
    for (table, key) in keys {
        let shape = schema.shapes.iter().find(|shape| shape.name == table).expect("all schemas have it");
        lines.extend(contents_differ(world, shape));
        let counts = format!("SELECT {key}, COUNT(*) FROM {table} GROUP BY {key}");
        for row in world.plain().one(&counts).text() {
            let value = if row[0] == "NULL" { "NULL".to_owned() } else { format!("'{}'", row[0].replace('\'', "''")) };
            let by_key = format!("SELECT COUNT(*) FROM {table} WHERE {key} <=> {value}");
            let got = world.sharded().map(|client| client.one(&by_key).text());
            let got = got.map_or_else(|error| error.to_string(), |rows| format!("{rows:?}"));
            if got != format!("{:?}", [[&row[1]]]) {
                lines.push(format!("{by_key}: expected {}, got {got}", row[1]));
            }
        }
    }
    lines
}

/// Leaves statements out while a difference stays; then says what it is.
fn smallest(world: &mut World<'_>, schema: &Schema, mut sent: Vec<Sent>, mut lines: Vec<String>) -> String {
    let begun = Instant::now();
    let mut size = sent.len().div_ceil(2);
    while size > 0 && begun.elapsed() < SHRINKING {
        let mut at = 0;
        while at < sent.len() && begun.elapsed() < SHRINKING {
            let mut fewer = sent.clone();
            fewer.drain(at..(at + size).min(fewer.len()));
            match replayed(world, schema, &fewer) {
                Some((count, found)) => {
                    fewer.truncate(count);
                    (sent, lines) = (fewer, found);
                }
                None => at += size,
            }
        }
        size /= 2;
    }
    report(world, schema, &sent, &lines)
}

/// How many of the statements it takes to a difference, and this.
fn replayed(world: &mut World<'_>, schema: &Schema, sent: &[Sent]) -> Option<(usize, Vec<String>)> {
    refill(world, schema);
    for (at, one) in sent.iter().enumerate() {
        if let Outcome::Different(lines) = check(world, schema, one) {
            return Some((at + 1, lines));
        }
    }
    let lines = misplaced(world, schema);
    (!lines.is_empty()).then_some((sent.len(), lines))
}

fn report(world: &mut World<'_>, schema: &Schema, sent: &[Sent], lines: &[String]) -> String {
    let texts: Vec<String> = sent.iter().map(|one| one.write.template.text()).collect();
    let mut report = String::new();
    for table in schema.tables.iter().filter(|table| texts.iter().any(|text| text.contains(table.name.as_str()))) {
        report += &format!("  CREATE TABLE {} {};\n", table.name, table.definition.replace('\n', " "));
        report += &format!("  INSERT INTO {} VALUES {};\n", table.name, table.rows.join(", "));
    }
    refill(world, schema);
    for (one, text) in sent.iter().zip(&texts) {
        report += &format!("{text};\n");
        if one.mode == Mode::Prepared {
            report += &format!("  prepared, with {:?}\n", one.write.template.prepared().1);
        }
        let got = world.sharded().and_then(|client| send(client, one));
        report += &format!("  got      {}\n", got.map_or_else(|error| error.to_string(), |all| all_brief(&all)));
        let expected = send(world.plain(), one);
        report += &format!("  expected {}\n", expected.map_or_else(|error| error.to_string(), |all| all_brief(&all)));
    }
    lines.iter().for_each(|line| report += &format!("  {line}\n"));
    report
}
