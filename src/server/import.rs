//! `shardgate import`: another proxy's files in, ShardGate's out, and a report.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::config;
use crate::config::import::{self as importers, Note, System};

/// Writes the files to `output`, which must be empty or not there yet. 1 if something could not be translated, or is refused by `check`.
pub fn import(from: System, path: &Path, output: &Path) -> anyhow::Result<ExitCode> {
    let imported = importers::import(from, path)?;
    if output.exists() && fs::read_dir(output).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty", output.display());
    }
    fs::create_dir_all(output.join("rules")).with_context(|| output.display().to_string())?;
    let mut out = std::io::stdout().lock();
    for (file, text) in &imported.files {
        let file = output.join(file);
        // The main file has passwords.
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
        opened.and_then(|mut opened| opened.write_all(text.as_bytes())).with_context(|| file.display().to_string())?;
        writeln!(out, "written: {}", file.display())?;
    }
    type IsOf = fn(&Note) -> bool;
    let sections: [(&str, IsOf); 3] = [
        ("translated", |note| matches!(note, Note::Translated(_))),
        ("changed in meaning", |note| matches!(note, Note::Changed(_))),
        ("not translated", |note| matches!(note, Note::NotTranslated(_))),
    ];
    for (title, is_of) in sections {
        let notes: Vec<&Note> = imported.notes.iter().filter(|note| is_of(note)).collect();
        writeln!(out, "\n{title}: {}", super::operate::counted(notes.len(), "note"))?;
        for note in notes {
            writeln!(out, "  {note}")?;
        }
    }
    // What was taken over as it stood may be nothing that ShardGate knows.
    let main = output.join("shardgate.toml");
    let problems = config::load(&main).err().map(|problems| problems.0).unwrap_or_default();
    if !problems.is_empty() {
        writeln!(out, "\nto be mended before the start: {}", super::operate::counted(problems.len(), "problem"))?;
    }
    for problem in &problems {
        writeln!(out, "  {problem}")?;
    }
    writeln!(out)?;
    writeln!(out, "next: shardgate check --connect -c {}", main.display())?;
    let is_whole = problems.is_empty() && !imported.notes.iter().any(|note| matches!(note, Note::NotTranslated(_)));
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
