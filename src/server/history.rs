//! The configurations before this one, for ROLLBACK CONFIG: their texts, in a folder beside the main file, so that a restart does
//! not lose them. A folder that cannot be written keeps none of them, which is logged; in memory they are kept all the same.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::config::Texts;

/// How many are kept.
const KEPT: usize = 10;

/// See the top of the file.
#[derive(Debug)]
pub(super) struct History {
    folder: Option<PathBuf>,
    /// The newest last, each with its number.
    kept: VecDeque<(u64, Texts)>,
}

impl History {
    /// What an earlier process has kept in this folder; `None`: in memory only.
    pub(super) fn open(folder: Option<PathBuf>) -> Self {
        let mut kept: Vec<(u64, Texts)> = folder.as_deref().map_or_else(Vec::new, read);
        kept.sort_by_key(|(number, _)| *number);
        let older = kept.len().saturating_sub(KEPT);
        Self { folder, kept: kept.split_off(older).into() }
    }

    /// The one before.
    pub(super) fn last(&self) -> Option<&Texts> {
        self.kept.back().map(|(_, texts)| texts)
    }

    /// Keeps another one, the newest; the oldest goes if there are too many.
    pub(super) fn push(&mut self, texts: Texts) {
        let number = self.kept.back().map_or(1, |(number, _)| number + 1);
        if let Some(folder) = &self.folder
            && let Err(error) = write(folder, number, &texts)
        {
            tracing::warn!(folder = %folder.display(), %error, "the configuration before is kept in memory only");
        }
        self.kept.push_back((number, texts));
        if self.kept.len() > KEPT
            && let Some((oldest, _)) = self.kept.pop_front()
        {
            self.remove(oldest);
        }
    }

    /// Forgets the newest.
    pub(super) fn pop(&mut self) {
        if let Some((number, _)) = self.kept.pop_back() {
            self.remove(number);
        }
    }

    fn remove(&self, number: u64) {
        if let Some(folder) = &self.folder {
            // If it was never written there is nothing to remove.
            let _ = fs::remove_file(file(folder, number));
        }
    }
}

fn file(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.json"))
}

/// What is no configuration of ours is left alone.
fn read(folder: &Path) -> Vec<(u64, Texts)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let found = entries.flatten().filter_map(|entry| {
        let number = entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok()?;
        let files: BTreeMap<PathBuf, String> = serde_json::from_str(&fs::read_to_string(entry.path()).ok()?).ok()?;
        Some((number, Texts { files, is_whole: true }))
    });
    found.collect()
}

/// The main file has passwords, so that only the owner may read it.
fn write(folder: &Path, number: u64, texts: &Texts) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let whole = file(folder, number);
    replace(&whole, &serde_json::to_vec(&texts.files)?, 0o600)
}

/// Puts a text in the place of a file, as a whole or not at all.
pub(super) fn replace(path: &Path, text: &[u8], mode: u32) -> std::io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written =
        OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&beside).and_then(|mut new| {
            new.write_all(text)?;
            new.sync_all()
        });
    written.and_then(|()| fs::rename(&beside, path)).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn texts(text: &str) -> Texts {
        Texts { files: BTreeMap::from([(PathBuf::from("a.toml"), text.to_owned())]), is_whole: true }
    }

    #[test]
    fn the_last_ten_outlive_the_process() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("history");
        let mut history = History::open(Some(folder.clone()));
        assert!(history.last().is_none());
        for number in 0..12 {
            history.push(texts(&number.to_string()));
        }
        let mut again = History::open(Some(folder.clone()));
        for number in (2..12).rev() {
            assert_eq!(again.last(), Some(&texts(&number.to_string())));
            again.pop();
        }
        assert!(again.last().is_none() && History::open(Some(folder)).last().is_none());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_done_without() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("file");
        std::fs::write(&folder, "").unwrap();
        let mut history = History::open(Some(folder));
        history.push(texts("a"));
        assert_eq!(history.last(), Some(&texts("a")));
    }
}
