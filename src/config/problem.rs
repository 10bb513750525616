//! What is wrong in a configuration, said so that it can be found and mended.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::files::SeenFile;

/// One thing that is wrong, or doubtful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the user's path leads to it.
    pub file: String,
    /// Counted from 1; `None` if the file could not be read.
    pub line: Option<usize>,
    /// The path of the key, as in `tables[1].shards`; empty for the file as a whole.
    pub key: String,
    /// What it is, and what would be valid.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// All that is wrong with a configuration: one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Collects problems and warnings while files are read.
#[derive(Debug, Default)]
pub(super) struct Report {
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    files: RefCell<Vec<SeenFile>>,
    instead: Texts,
}

/// Texts that are read in the place of files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// By path, as the configuration leads to it.
    pub files: BTreeMap<PathBuf, String>,
    /// There are no other files with rules than these.
    pub is_whole: bool,
}

impl Report {
    /// A report on files of which some are read from `instead`.
    pub(super) fn on(instead: Texts) -> Self {
        Self { instead, ..Self::default() }
    }

    pub(super) fn read(&self, path: &Path) -> std::io::Result<String> {
        self.instead.files.get(path).map_or_else(|| std::fs::read_to_string(path), |text| Ok(text.clone()))
    }

    /// The texts that are all the files there are.
    pub(super) fn whole(&self) -> Option<&BTreeMap<PathBuf, String>> {
        self.instead.is_whole.then_some(&self.instead.files)
    }

    pub(super) fn problem(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    pub(super) fn warning(&self, warning: Problem) {
        self.warnings.borrow_mut().push(warning);
    }

    /// A file has been read.
    pub(super) fn saw(&self, file: SeenFile) {
        self.files.borrow_mut().push(file);
    }

    /// The files that have been read.
    pub(super) fn take_files(&self) -> Vec<SeenFile> {
        self.files.take()
    }

    /// The warnings, if there is no problem. Both are in the order of `files`, and of lines within them.
    pub(super) fn finish(self, files: &[String]) -> Result<Vec<Problem>, Problems> {
        let sorted = |mut list: Vec<Problem>| {
            let file = |problem: &Problem| files.iter().position(|file| *file == problem.file);
            list.sort_by_key(|problem| (file(problem), problem.line));
            list
        };
        let problems = self.problems.into_inner();
        if problems.is_empty() { Ok(sorted(self.warnings.into_inner())) } else { Err(Problems(sorted(problems))) }
    }
}

/// The word of `known` that was probably meant by `word`: at most two letters are wrong, and less than half of it.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let close = known.into_iter().map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate));
    let (wrong, candidate) = close.min_by_key(|(wrong, _)| *wrong)?;
    (wrong <= 2 && wrong * 2 < word.chars().count().max(2)).then_some(candidate)
}

/// How many letters must be put in, left out, changed, or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let changed = rows[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut best = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_pen_are_recognised() {
        let known = ["shard_key", "shards", "name", "kind", "tls"];
        let cases = [
            ("shard_kye", Some("shard_key")),
            ("shard-key", Some("shard_key")),
            ("shard", Some("shards")),
            ("nmae", Some("name")),
            ("TLS", Some("tls")),
            ("password", None),
            ("t", None),
        ];
        for (word, wanted) in cases {
            assert_eq!(nearest(word, known), wanted, "{word}");
        }
    }
}
