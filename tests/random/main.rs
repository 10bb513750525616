//! Statements from a seed, over tables from the same seed: each answer must be the plain server's. tests/README.md says
//! how to run it for longer, and what it found.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![allow(unreachable_pub, reason = "modules of one test")]

#[path = "../harness/mod.rs"]
mod harness;

mod dice;
mod kind;
mod schema;
mod tree;
mod scope;
mod meaning;
mod expressions;
mod subqueries;
mod sources;
mod queries;
mod circumstances;
mod world;
mod compare;
mod shrink;
mod run;
mod writes;
mod writing;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use circumstances::Circumstances;
use dice::Dice;
use meaning::Catalog;
use queries::Grower;
use run::{Finding, Mode, Outcome, check, smallest};
use schema::Schema;
use tree::Query;
use world::{Servers, World};

/// Statements over the same tables.
const PER_SCHEMA: usize = 250;
/// How often its tables are filled for writes.
const FILLINGS: usize = 2;
/// Without RANDOM_SEED: the same ones each time, so that what passed once passes again.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;
/// Without RANDOM_SECONDS and RANDOM_QUERIES.
const SECONDS_OF_READS: u64 = 300;
const SECONDS_OF_WRITES: u64 = 60;
/// More differences than this are the same one again, mostly.
const MOST_FINDINGS: usize = 8;

/// What was seen so far.
#[derive(Debug, Default)]
struct Tally {
    statements: usize,
    errors: usize,
    unanswered: usize,
    /// How often, and the shortest statement, by ShardGate's words.
    refused: BTreeMap<String, (usize, String)>,
    findings: Vec<Finding>,
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    statements: usize,
    until: Instant,
    findings: usize,
}

#[test]
fn random_statements_are_answered_like_a_single_server_does() {
    run_all(std::env::var_os("SHARDGATE_TEST_SERVER").map(Into::into), (reads_of_seed, SECONDS_OF_READS));
}

#[test]
fn random_statements_are_answered_like_a_single_mysql_does() {
    match std::env::var_os("SHARDGATE_TEST_MYSQLD") {
        Some(server) => run_all(Some(server.into()), (reads_of_seed, SECONDS_OF_READS)),
        None => eprintln!("skipped: SHARDGATE_TEST_MYSQLD does not name MySQL's server"),
    }
}

#[test]
fn random_writes_leave_what_a_single_server_has() {
    run_all(std::env::var_os("SHARDGATE_TEST_SERVER").map(Into::into), (writes_of_seed, SECONDS_OF_WRITES));
}

#[test]
fn random_writes_leave_what_a_single_mysql_has() {
    match std::env::var_os("SHARDGATE_TEST_MYSQLD") {
        Some(server) => run_all(Some(server.into()), (writes_of_seed, SECONDS_OF_WRITES)),
        None => eprintln!("skipped: SHARDGATE_TEST_MYSQLD does not name MySQL's server"),
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// One seed's statements, and its place among the seeds.
type OneSeed = fn(&Servers, u64, usize, Bounds, &mut Tally);

fn run_all(server: Option<PathBuf>, (one_seed, seconds): (OneSeed, u64)) {
    let bounds = Bounds::asked(seconds);
    let servers = Servers::start(server);
    let mut tally = Tally::default();
    for (number, seed) in seeds().enumerate() {
        if tally.is_enough(bounds) {
            break;
        }
        eprintln!("seed {seed}, after {} statements", tally.statements);
        one_seed(&servers, seed, number, bounds, &mut tally);
    }
    servers.stop();
    tally.report();
}

fn writes_of_seed(servers: &Servers, seed: u64, number: usize, bounds: Bounds, tally: &mut Tally) {
    let mut dice = Dice::new(seed);
    let schema = Schema::new(&mut dice, servers.is_mysql);
    let mut world = servers.open(&schema, Circumstances::of_writes(seed), number);
    let mut grower = Grower::new(Dice::new(dice.next()), &schema, servers.is_mysql);
    for filling in 0..FILLINGS {
        let done = writing::one_filling(&mut world, &schema, &mut grower, &mut dice);
        tally.statements += done.statements;
        tally.errors += done.failed;
        done.refused.into_iter().for_each(|(words, text)| tally.refuse(words, text));
        if let Some(report) = done.found {
            eprintln!("---- seed {seed}, filling {filling}\n{report}");
            let text = report.lines().filter(|line| !line.starts_with(' ')).collect::<Vec<_>>().join(" ");
            tally.findings.push(Finding { text, report });
        }
        if tally.is_enough(bounds) {
            break;
        }
    }
    assert_sound(&world);
}

/// Those of RANDOM_SEED and up, or the usual ones; with RANDOM_SECONDS or RANDOM_QUERIES then new ones and up.
fn seeds() -> Box<dyn Iterator<Item = u64>> {
    if let Some(seed) = number("RANDOM_SEED") {
        return Box::new(seed..);
    }
    if number("RANDOM_SECONDS").or(number("RANDOM_QUERIES")).is_none() {
        return Box::new(SEEDS);
    }
    let fresh = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()) * 1000;
    Box::new(SEEDS.chain(fresh..))
}

fn reads_of_seed(servers: &Servers, seed: u64, number: usize, bounds: Bounds, tally: &mut Tally) {
    let mut dice = Dice::new(seed);
    let schema = Schema::new(&mut dice, servers.is_mysql);
    let mut world = servers.open(&schema, Circumstances::of_seed(seed, &schema), number);
    let catalog = Catalog::of_tables(&schema.shapes);
    let mut grower = Grower::new(Dice::new(dice.next()), &schema, servers.is_mysql);
    for statement in 0..PER_SCHEMA {
        if tally.is_enough(bounds) {
            return;
        }
        let query = grower.statement();
        let output = meaning::of(&query, &catalog).expect("only such statements are grown");
        let modes: &[Mode] = match statement % 4 {
            1 => &[Mode::Text, Mode::Prepared],
            // MariaDB 10.11 itself takes merged derived tables for ungrouped columns (1140) when it executes them again.
            3 if servers.is_mysql => &[Mode::Text, Mode::Again],
            3 => &[Mode::Text, Mode::Prepared],
            _ => &[Mode::Text],
        };
        for mode in modes {
            if std::env::var_os("RANDOM_SHOW").is_some() {
                eprintln!("{}", query.text());
            }
            tally.statements += 1;
            let outcome = check(&mut world, &query, &output, *mode);
            if let Outcome::Different(_) = outcome {
                let finding =
                    smallest(&mut world, &schema, &query, *mode, |outcome| matches!(outcome, Outcome::Different(_)));
                tally.found(seed, statement, *mode, finding);
                break;
            }
            tally.count(outcome, &query);
        }
    }
    assert_sound(&world);
}

/// A panic ends a task, not the process.
fn assert_sound(world: &World<'_>) {
    let log = world.proxy.logged();
    let panic = log.lines().position(|line| line.contains("panicked"));
    let near = |at: usize| log.lines().skip(at).take(5).collect::<Vec<_>>().join("\n");
    assert!(panic.is_none(), "ShardGate panicked: {}", near(panic.unwrap_or_default()));
}

impl Bounds {
    /// By the environment; `seconds` where that says nothing.
    fn asked(seconds: u64) -> Bounds {
        let statements = number("RANDOM_QUERIES");
        let seconds = number("RANDOM_SECONDS").or(statements.is_none().then_some(seconds));
        Bounds {
            statements: statements.map_or(usize::MAX, |count| usize::try_from(count).unwrap()),
            until: Instant::now() + Duration::from_secs(seconds.unwrap_or(24 * 3600)),
            findings: number("RANDOM_FINDINGS").map_or(MOST_FINDINGS, |count| usize::try_from(count).unwrap()),
        }
    }
}

impl Tally {
    fn is_enough(&self, bounds: Bounds) -> bool {
        self.statements >= bounds.statements || Instant::now() > bounds.until || self.findings.len() >= bounds.findings
    }

    fn count(&mut self, outcome: Outcome, query: &Query) {
        match outcome {
            Outcome::Same | Outcome::Different(_) => {}
            Outcome::SameError => self.errors += 1,
            Outcome::Unanswered => self.unanswered += 1,
            Outcome::Refused(words) => self.refuse(words, query.text()),
        }
    }

    fn refuse(&mut self, words: String, text: String) {
        let (count, shortest) = self.refused.entry(words).or_default();
        *count += 1;
        if shortest.is_empty() || text.len() < shortest.len() {
            *shortest = text;
        }
    }

    fn found(&mut self, seed: u64, statement: usize, mode: Mode, finding: Finding) {
        eprintln!("---- seed {seed}, statement {statement} ({mode:?})\n{}", finding.report);
        self.findings.push(finding);
    }

    fn report(&self) {
        let refused: usize = self.refused.values().map(|(count, _)| count).sum();
        let Tally { statements, errors, unanswered, .. } = self;
        eprintln!("{statements} statements: {errors} failed alike, {refused} were refused");
        eprintln!("  the plain server did not answer {unanswered}");
        for (words, (count, shortest)) in &self.refused {
            eprintln!("  refused {count} times: {words}\n    {shortest}");
        }
        let texts: Vec<&str> = self.findings.iter().map(|finding| finding.text.as_str()).collect();
        assert!(texts.is_empty(), "{} statements are answered differently:\n  {}", texts.len(), texts.join("\n  "));
        assert_eq!(refused, 0, "statements were refused");
    }
}
