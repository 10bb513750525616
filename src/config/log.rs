//! `[log]`: what is logged, and how.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

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

const LEVELS: &str = "levels are off, error, warn, info, debug, trace";

/// The options; `None`, reported, if something is wrong.
pub(super) fn read(section: &Section<'_>) -> Option<LogOptions> {
    let default = LogOptions::default();
    let formats = &[("text", LogFormat::Text), ("json", LogFormat::Json)];
    let format = section.item("format").map_or(Some(default.format), |item| item.choice(formats));
    let level = section.item("level").map_or(Some(default.level), |item| {
        let text = item.text()?;
        if EnvFilter::try_new(&text).is_err() || text.is_empty() {
            item.problem(format!("\"{text}\" is no level; {LEVELS}"));
        } else if let Some(word) = lone_target(&text) {
            item.problem(format!(
                "\"{word}\" is no level; {LEVELS}; where it is a part of the program, give it one: \"{word}=debug\""
            ));
        }
        Some(text)
    });
    section.finish();
    Some(LogOptions { format: format?, level: level? })
}

/// A word that is no level. The tracing crates take it for the name of a part of the program, all of whose messages are
/// to be logged, and log nothing else: what a slip of the pen leads to. Directives with spans and paths are meant so.
fn lone_target(text: &str) -> Option<&str> {
    if text.contains('[') {
        return None;
    }
    let is_word = |part: &&str| !part.is_empty() && !part.contains('=') && !part.contains("::");
    text.split(',').map(str::trim).filter(is_word).find(|word| word.parse::<LevelFilter>().is_err())
}

#[cfg(test)]
mod tests {
    use super::lone_target;

    #[test]
    fn words_that_are_no_level_are_found() {
        let cases = [
            ("info", None),
            ("WARN", None),
            ("info,shardgate::backend=debug", None),
            ("off, shardgate=trace", None),
            ("shardgate::backend", None),
            ("warn,[session{user,id}]=debug", None),
            ("loud", Some("loud")),
            ("info,debgu", Some("debgu")),
        ];
        for (level, wanted) in cases {
            assert_eq!(lone_target(level), wanted, "{level}");
        }
    }
}
