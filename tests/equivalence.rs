//! Each statement of `cases/equivalence` goes to a plain server and to ShardGate in front of the same data in several
//! placements, as text and prepared, and the complete answers must be the same.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::path::Path;

use harness::answer::{Answer, INTERNAL, brief, differences};
use harness::cases::{self, Case, Step};
use harness::client::{Client, ClientError};
use harness::fixture::{Fixture, Target};
use harness::layout::Layout;
use harness::other_ways::with_word;
use shardgate::playground::flavour::Flavour;

/// Fewer statements mean that a file was not found.
const LEAST_CASES: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Mode {
    Text,
    Prepared,
}

#[test]
fn answers_are_those_of_a_single_server() {
    check_all(Fixture::shared());
}

#[test]
fn answers_are_those_of_a_single_mysql() {
    match Fixture::mysql() {
        Some(fixture) => check_all(fixture),
        None => eprintln!("skipped: SHARDGATE_TEST_MYSQLD does not name MySQL's server"),
    }
}

/// Why `answer::INTERNAL` is not compared: one server says this and that of one column, by words that change nothing else.
#[test]
fn internal_flags_are_the_optimisers() {
    for fixture in [Some(Fixture::shared()), Fixture::mysql()].into_iter().flatten() {
        let mut client = fixture.plain.connect().unwrap();
        let mut flags = |sql: &str| match client.one(sql) {
            Answer::Rows { columns, .. } => columns[0].flags,
            other => panic!("{other:?}"),
        };
        let said = ["", "DISTINCT", "SQL_BIG_RESULT DISTINCT", "SQL_BUFFER_RESULT"]
            .map(|words| flags(&format!("SELECT {words} user_id FROM orders")) & INTERNAL);
        assert!(said.iter().any(|flags| *flags != said[0]), "{said:04x?}");
    }
}

/// MySQL's catalogue is made of views: how it describes their columns depends on what its optimiser made of them, and so
/// on the rows.
const OF_VIEWS: [&str; 8] = ["schema", "table", "org_table", "org_name", "type", "length", "flags", "decimals"];

/// Does not compare what MySQL leaves open.
fn spare_mysql(case: &mut Case) {
    let is_about_catalogue = |step: &Step| {
        let text = String::from_utf8_lossy(&step.sql).to_lowercase();
        text.contains("information_schema") || ["show", "desc"].iter().any(|verb| text.starts_with(verb))
    };
    let fields: &[&str] = if case.steps.iter().any(is_about_catalogue) { &OF_VIEWS } else { &[] };
    for step in &mut case.steps {
        step.leniency
            .ignored
            .extend(step.open_on_mysql.iter().cloned().chain(fields.iter().map(|field| field.to_string())));
    }
}

fn check_all(fixture: &Fixture) {
    let mut all = cases::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/equivalence"));
    all.retain(|case| case.is_for(fixture.flavour()));
    if fixture.flavour() == Flavour::MySql {
        all.iter_mut().for_each(spare_mysql);
    }
    let statements: usize = all.iter().map(|case| case.steps.len()).sum();
    assert!(statements >= LEAST_CASES, "only {statements} statements found");
    let wanted = std::env::var("EQUIVALENCE").unwrap_or_default();
    let chosen = all.iter().filter(|case| {
        let text = case.steps.iter().any(|step| String::from_utf8_lossy(&step.sql).contains(&wanted));
        wanted.is_empty() || text || case.place.contains(&wanted)
    });
    let mut failed = Vec::new();
    for case in chosen {
        let found: Vec<Difference> =
            [Mode::Text, Mode::Prepared].into_iter().flat_map(|mode| compare(fixture, case, mode)).collect();
        if !found.is_empty() {
            eprintln!("{}", report(case, &found));
            failed.push(case.place.as_str());
        }
    }
    assert!(failed.is_empty(), "{} of {} cases differ:\n  {}", failed.len(), all.len(), failed.join("\n  "));
}

/// What differs in one step of a case, somewhere.
struct Difference {
    step: usize,
    lines: Vec<String>,
    /// The target and the mode.
    place: String,
}

/// Runs the case everywhere and puts back what it wrote.
fn compare(fixture: &Fixture, case: &Case, mode: Mode) -> Vec<Difference> {
    let expected = run(&fixture.plain, case, mode, false);
    if std::env::var_os("EQUIVALENCE_SHOW").is_some() {
        show(case, &expected);
    }
    if fixture.with_itself && case.writes() {
        fixture.restore(|table| case.names(table));
    }
    let mut found = Vec::new();
    for target in &fixture.sharded {
        let off_key = target.layout == Some(Layout::OffKey);
        if off_key && case.needs_natural_key() {
            continue;
        }
        let got = run(target, case, mode, !fixture.with_itself);
        let mut is_whole = true;
        for (number, step) in case.steps.iter().enumerate() {
            if off_key && refusal(step, mode).is_some() {
                // Under another key it may be answered; what follows may ask about it.
                is_whole = false;
                break;
            }
            let step = if off_key { as_off_key(step) } else { step.clone() };
            let mut lines = judge(fixture, &step, mode, &expected[number], &got[number]);
            lines.extend(target.layout.and_then(|layout| leak(layout, &expected[number], &got[number])));
            if !lines.is_empty() {
                found.push(Difference { step: number, lines, place: format!("{} ({mode:?})", target.name) });
            }
        }
        if let Some(layout) = target.layout.filter(|_| is_whole && case.writes() && !case.leaves_own_rows()) {
            let lines = fixture.contents_differ(layout, |table| case.names(table));
            if !lines.is_empty() {
                let place = format!("{} ({mode:?})", target.name);
                found.push(Difference { step: case.steps.len() - 1, lines, place });
            }
        }
    }
    if case.writes() {
        fixture.restore(|table| case.names(table));
    }
    found
}

/// What the plain server said.
fn show(case: &Case, answers: &[StepResult]) {
    for (step, answer) in case.steps.iter().zip(answers) {
        let said = answer.as_ref().map_or_else(Clone::clone, |answers| all_brief(answers));
        eprintln!("{}: {}\n  {said}", case.place, String::from_utf8_lossy(&step.sql));
    }
}

/// Rows that are on one shard under the natural key, and so in the plain server's order, are on several here.
fn as_off_key(step: &Step) -> Step {
    let mut step = step.clone();
    step.leniency.unordered |= step.names_no_order();
    step
}

/// The differences of a case, those that are the same in several places once.
fn report(case: &Case, found: &[Difference]) -> String {
    let mut text = format!("---- {}\n", case.place);
    for (number, step) in case.steps.iter().enumerate() {
        let here: Vec<&Difference> = found.iter().filter(|difference| difference.step == number).collect();
        if !here.is_empty() {
            text += &format!("  {}\n", String::from_utf8_lossy(&step.sql));
        }
        let mut kinds: Vec<&Vec<String>> = here.iter().map(|difference| &difference.lines).collect();
        kinds.sort();
        kinds.dedup();
        for lines in kinds {
            let places = here.iter().filter(|difference| difference.lines == *lines);
            let places: Vec<&str> = places.map(|difference| difference.place.as_str()).collect();
            text += &format!("    {}:\n      {}\n", places.join(", "), lines.join("\n      "));
        }
    }
    text
}

type StepResult = Result<Vec<Answer>, String>;

/// The answers of each step. Steps that ShardGate refuses are not sent to the plain server.
fn run(target: &Target, case: &Case, mode: Mode, through_shardgate: bool) -> Vec<StepResult> {
    let mut client = match target.connect() {
        Ok(client) => client,
        Err(error) => return case.steps.iter().map(|_| Err(format!("connect: {error}"))).collect(),
    };
    let mut lost = false;
    let mut one = |step: &Step| {
        if lost {
            return Err("the connection was lost before".to_owned());
        }
        if !through_shardgate && refusal(step, mode).is_some() {
            return Ok(Vec::new());
        }
        execute(&mut client, step, mode).map_err(|error| {
            lost = true;
            error.to_string()
        })
    };
    case.steps.iter().map(&mut one).collect()
}

fn goes_prepared(step: &Step, mode: Mode) -> bool {
    step.prepared_only || (mode == Mode::Prepared && step.is_preparable())
}

fn refusal(step: &Step, mode: Mode) -> Option<&(u16, String)> {
    let prepared = step.refused_prepared.as_ref().filter(|_| goes_prepared(step, mode));
    step.refused.as_ref().or(prepared)
}

fn execute(client: &mut Client, step: &Step, mode: Mode) -> Result<Vec<Answer>, ClientError> {
    client.file = step.file.clone();
    if !goes_prepared(step, mode) {
        let mut answers = Vec::new();
        for sql in step.as_texts() {
            answers.extend(client.query(sql)?);
        }
        return Ok(answers);
    }
    let statement = match client.prepare(&step.sql)? {
        Ok(statement) => statement,
        Err(error) => return Ok(vec![Answer::Error { error, after: None }]),
    };
    // What PREPARE says of the columns must fit too: drivers cache it.
    let described = Answer::Rows { columns: statement.columns.clone(), rows: Vec::new(), end: Default::default() };
    let mut answers = vec![described];
    let none = [Vec::new()];
    for set in if step.params.is_empty() { &none[..] } else { &step.params } {
        let params: Vec<_> = set.iter().map(|(param, _)| param.clone()).collect();
        assert_eq!(usize::from(statement.params), params.len(), "{}", String::from_utf8_lossy(&step.sql));
        answers.extend(client.execute(&statement, &params)?);
    }
    client.close(&statement)?;
    Ok(answers)
}

fn judge(fixture: &Fixture, step: &Step, mode: Mode, expected: &StepResult, got: &StepResult) -> Vec<String> {
    let (expected, got) = match (expected, got) {
        (Ok(expected), Ok(got)) => (expected, got),
        (Err(error), _) => return vec![format!("the plain server failed the test: {error}")],
        (_, Err(error)) => return vec![error.clone()],
    };
    let error = got.iter().find_map(Answer::error);
    if expected.is_empty() && got.is_empty() {
        return Vec::new();
    }
    if let Some((code, words)) = refusal(step, mode) {
        return match error {
            Some(error) if error.code == *code && error.message.contains(words.as_str()) => Vec::new(),
            _ => vec![format!("expected a refusal with {code} {words}, got {}", all_brief(got))],
        };
    }
    if step.error_only {
        let failed = expected.iter().any(|answer| answer.error().is_some());
        assert!(failed, "the plain server does not refuse {}", String::from_utf8_lossy(&step.sql));
        return if error.is_some() { Vec::new() } else { vec![format!("expected any error, got {}", all_brief(got))] };
    }
    let lines = differences(expected, got, &step.leniency);
    let is_read = ["SELECT", "WITH"].contains(&step.verb().as_str());
    if lines.is_empty() || !is_read {
        return lines;
    }
    let settled = fixture.other_ways().settle(expected.clone(), got, goes_prepared(step, mode), |client, word| {
        let sql = with_word(&String::from_utf8_lossy(&step.sql), word).into_bytes();
        let other = Step { sql, ..step.clone() };
        let modes = [Mode::Text, Mode::Prepared].into_iter().filter(|asked| *asked >= mode);
        Ok(modes.map(|asked| execute(client, &other, asked)).collect::<Result<Vec<_>, _>>()?.concat())
    });
    differences(&settled.unwrap(), got, &step.leniency)
}

/// A physical name, or one of ShardGate's own, in an answer: whatever a case does not compare, none may show.
fn leak(layout: Layout, expected: &StepResult, got: &StepResult) -> Option<String> {
    let (expected, got) = (expected.as_ref().ok()?, got.as_ref().ok()?);
    let said: Vec<String> = expected.iter().flat_map(Answer::words).collect();
    let names = layout.physical_names();
    let is_leak = |text: &String| names.iter().any(|name| has_word(text, name)) && !said.contains(text);
    let found = got.iter().flat_map(Answer::words).find(is_leak)?;
    let start: String = found.chars().take(200).collect();
    Some(format!("a physical name shows: {start}"))
}

/// Whether a name stands in a text, and not as a part of another.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, behind) = (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
        !before.is_some_and(is_part) && (name.ends_with('_') || !behind.is_some_and(is_part))
    })
}

fn all_brief(answers: &[Answer]) -> String {
    answers.iter().map(brief).collect::<Vec<_>>().join("; ")
}
