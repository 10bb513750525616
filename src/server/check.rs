//! `shardgate check`: everything that is wrong or doubtful with a configuration, at once, each with its place and what to do.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value as Json, json};

use super::operate::counted;
use crate::backend::comparison::compare;
use crate::backend::interrupt::Watchdog;
use crate::backend::topology::Topology;
use crate::config::{self, Config, Problem};
use crate::txn::decision::DecisionTable;

/// How bad a finding is; the worst is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Warning = 1,
    Error = 2,
}

type Findings = Vec<(Level, Problem)>;

/// 0 when all is well, 1 when something is doubtful, 2 when something is wrong: in the files or, with `connect`, with the
/// servers.
pub fn check(path: &Path, connect: bool, json: bool) -> anyhow::Result<ExitCode> {
    let (findings, config) = match config::load(path) {
        Ok(config) => (findings(&config, connect)?, Some(config)),
        Err(problems) => (problems.0.into_iter().map(|problem| (Level::Error, problem)).collect(), None),
    };
    if json {
        writeln!(std::io::stdout().lock(), "{}", as_json(&findings))?;
    } else {
        print(&findings, config.as_ref(), connect)?;
    }
    let worst = findings.iter().map(|(level, _)| *level).max();
    Ok(ExitCode::from(worst.map_or(0, |level| level as u8)))
}

/// In the order of files and lines, as far as they have any.
fn findings(config: &Config, connect: bool) -> anyhow::Result<Findings> {
    let warnings = config.warnings.iter().cloned().map(|warning| (Level::Warning, warning));
    let mut findings: Findings = warnings.collect();
    if let Err(error) = check_tls(config) {
        let file = config.path.display().to_string();
        findings.push((Level::Error, Problem { file, line: None, key: String::new(), message: format!("{error:#}") }));
    }
    if connect {
        let decisions = DecisionTable::new(&config.transactions.schema).to_string();
        let found = super::control_runtime()?.block_on(compare(&config.backend, &config.schema, &decisions));
        findings.extend(found.iter().map(|difference| {
            let level = if difference.is_harmless() { Level::Warning } else { Level::Error };
            (level, config.problem(difference.subject(), difference.to_string()))
        }));
    }
    findings.sort_by(|(_, one), (_, other)| (&one.file, one.line).cmp(&(&other.file, other.line)));
    Ok(findings)
}

/// What the files of certificates and keys hold is known only once they are used.
fn check_tls(config: &Config) -> anyhow::Result<()> {
    super::tls::server_config(&config.frontend.tls)?;
    Topology::new(&config.backend, 1, Watchdog::new())?;
    Ok(())
}

fn print(findings: &Findings, config: Option<&Config>, connect: bool) -> anyhow::Result<()> {
    for (level, problem) in findings {
        let prefix = if *level == Level::Warning { "warning: " } else { "" };
        eprintln!("{prefix}{problem}");
    }
    let errors = findings.iter().filter(|(level, _)| *level == Level::Error).count();
    let Some(config) = config else {
        eprintln!("shardgate: the configuration has {}", counted(errors, "problem"));
        return Ok(());
    };
    if errors > 0 {
        eprintln!("shardgate: {} found", counted(errors, "error"));
        return Ok(());
    }
    let tables: usize =
        config.schema.databases.iter().map(|database| database.tables().count() + database.patterns().len()).sum();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "ok: {}, {}, {}, {}{}",
        counted(config.backend.replica_sets.len(), "replica set"),
        counted(config.schema.shards.len(), "shard"),
        counted(config.schema.databases.len(), "database"),
        counted(tables, "table") + if tables == 1 { " with a rule" } else { " with rules" },
        match findings.len() {
            0 if connect => "; the servers agree".to_owned(),
            0 => String::new(),
            warnings => format!("; {}", counted(warnings, "warning")),
        }
    )?;
    Ok(())
}

fn as_json(findings: &Findings) -> Json {
    let word = |level: Level| match level {
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let shown = |(level, problem): &(Level, Problem)| {
        let Problem { file, line, key, message } = problem;
        json!({ "level": word(*level), "file": file, "line": line, "key": key, "message": message })
    };
    let worst = findings.iter().map(|(level, _)| *level).max().map_or("ok", word);
    json!({ "worst": worst, "findings": findings.iter().map(shown).collect::<Vec<_>>() })
}
