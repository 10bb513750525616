//! The functions of other systems compute what those compute: `tests/cases/vectors` holds what their own code said, errors
//! included. Each line goes through `shardgate place`, as a user's would.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use shardgate::server::place::place;

#[test]
fn every_function_computes_what_the_original_computes() {
    let mut differing = Vec::new();
    let mut compared = 0;
    for file in files() {
        let lines = fs::read_to_string(&file).unwrap();
        let mut placed = Vec::new();
        place(lines.as_bytes(), &mut placed).unwrap();
        let placed = String::from_utf8(placed).unwrap();
        assert_eq!(placed.lines().count(), lines.lines().count(), "{}", file.display());
        let wrong: Vec<String> =
            lines.lines().zip(placed.lines()).filter_map(|(wanted, got)| difference(wanted, got)).collect();
        compared += lines.lines().count();
        if !wrong.is_empty() {
            differing.push(format!("{}: {} lines differ\n{}", file.display(), wrong.len(), first_of(&wrong)));
        }
    }
    assert!(differing.is_empty(), "\n{}", differing.join("\n"));
    assert!(compared > 14_000, "only {compared} lines were found");
}

/// Only whether there is an error counts, not its text.
fn difference(wanted: &str, got: &str) -> Option<String> {
    let (wanted, got): (Json, Json) = (serde_json::from_str(wanted).unwrap(), serde_json::from_str(got).unwrap());
    let is_equal = match wanted.get("result") {
        Some(result) => got.get("result") == Some(result),
        None => got.get("error").is_some() && got.get("result").is_none(),
    };
    let said = |json: &Json| json.get("result").or(json.get("error")).cloned().unwrap_or_default();
    (!is_equal).then(|| format!("  {wanted}\n    got {}", said(&got)))
}

fn first_of(wrong: &[String]) -> String {
    let shown = std::env::var("SHARDGATE_TEST_SHOWN").ok().and_then(|shown| shown.parse().ok()).unwrap_or(3);
    wrong.iter().take(shown).map(String::as_str).collect::<Vec<_>>().join("\n")
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/vectors");
    let systems = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut files: Vec<PathBuf> =
        systems.flat_map(|system| fs::read_dir(system).unwrap().map(|entry| entry.unwrap().path())).collect();
    files.sort();
    files
}
