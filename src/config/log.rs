//! `[log]`: what is logged, and how.

use tracing_subscriber::EnvFilter;

use super::section::Section;

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOptions {
    /// Default `Text`.
    pub format: LogFormat,
    /// A level (`info`, the default), or directives of the tracing crates (`info,shardgate::backend=debug`).
    pub level: String,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object for each line.
    Json,
}

/// The options; `None`, reported, if something is wrong.
pub(super) fn read(section: &Section<'_>) -> Option<LogOptions> {
    let default = LogOptions::default();
    let formats = &[("text", LogFormat::Text), ("json", LogFormat::Json)];
    let format = section.item("format").map_or(Some(default.format), |item| item.choice(formats));
    let level = section.item("level").map_or(Some(default.level), |item| {
        let text = item.text()?;
        if EnvFilter::try_new(&text).is_err() || text.is_empty() {
            item.problem(format!("\"{text}\" is no level; levels are off, error, warn, info, debug, trace"));
        }
        Some(text)
    });
    section.finish();
    Some(LogOptions { format: format?, level: level? })
}
