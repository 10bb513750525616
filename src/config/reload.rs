//! `[reload]`: whether changes of the files are noticed without being asked to, and where earlier configurations are kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::section::{Item, Section};

/// When the files are read again without an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReloadOptions {
    /// How often the files are looked at, 1 s to 1 h; `None`, the default: never.
    pub watch: Option<Duration>,
    /// The folder, from that of the main file, that keeps the last ten configurations; without one the main file's name with
    /// `.history` behind it.
    pub history: Option<String>,
    /// Whether they are kept on the disk at all.
    pub keeps_history: bool,
}

impl Default for ReloadOptions {
    fn default() -> Self {
        Self { watch: None, history: None, keeps_history: true }
    }
}

impl ReloadOptions {
    /// Where the configurations before are kept, beside this main file; `None`: in memory.
    pub fn history_of(&self, main: &Path) -> Option<PathBuf> {
        let name = self
            .history
            .clone()
            .unwrap_or_else(|| format!("{}.history", main.file_name().unwrap_or_default().to_string_lossy()));
        self.keeps_history.then(|| main.parent().unwrap_or(Path::new("")).join(name))
    }
}

/// The options; `None`, reported, if something is wrong.
pub(super) fn read(section: &Section<'_>) -> Option<ReloadOptions> {
    let bounds = Duration::from_secs(1)..=Duration::from_secs(3600);
    let watch = section.item("watch").map(|item| match item.as_boolean() {
        Some(false) => Some(None),
        Some(true) | None => item.duration(bounds).map(Some),
    });
    let history = section.item("history");
    let keeps_history = history.as_ref().and_then(Item::as_boolean).unwrap_or(true);
    let history = match history.filter(|item| item.as_boolean().is_none()) {
        Some(item) => Some(item.text()?),
        None => None,
    };
    if history.as_deref() == Some("") {
        section.problem("history", "a folder should be here, or false: configurations are kept in memory then");
    }
    section.finish();
    Some(ReloadOptions { watch: watch.unwrap_or(Some(None))?, history, keeps_history })
}
