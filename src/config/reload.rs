//! `[reload]`: whether changes of the files are noticed without being asked to.

use std::time::Duration;

use super::section::Section;

/// When the files are read again without an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReloadOptions {
    /// How often the files are looked at, 1 s to 1 h; `None`, the default: never.
    pub watch: Option<Duration>,
}

/// The options; `None`, reported, if something is wrong.
pub(super) fn read(section: &Section<'_>) -> Option<ReloadOptions> {
    let bounds = Duration::from_secs(1)..=Duration::from_secs(3600);
    let watch = section.item("watch").map(|item| match item.as_boolean() {
        Some(false) => Some(None),
        Some(true) | None => item.duration(bounds).map(Some),
    });
    section.finish();
    Some(ReloadOptions { watch: watch.unwrap_or(Some(None))? })
}
