//! The files that a configuration was read from: to see that one of them has changed, and to tell what is different now.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::SystemTime;

use toml::{Table, Value};

use crate::sharding::schema::same_name;

/// Tells contents apart that must not be kept.
static DIGEST: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Keys whose values are shown to nobody.
const SECRET: &[&str] = &["password", "native_hash", "sha256_hash"];

/// Parts of the main file that count at start only.
const AT_START: &[&str] =
    &["server.listen", "server.workers", "server.plan_cache", "transactions", "console", "log.format"];

/// A file or folder that was looked at.
#[derive(Clone, PartialEq)]
pub(super) struct SeenFile {
    path: PathBuf,
    content: Content,
}

#[derive(Clone, PartialEq)]
enum Content {
    /// The main file, or one with rules. The label stands for it in a diff.
    Settings { label: String, settings: Table, text: String },
    /// A file that these name: of certificates, of passwords; of a sharding function's map, with its text.
    Attached { digest: u64, map: Option<String> },
    /// A folder in which files were searched.
    Folder,
}

/// Without what is in it: passwords.
impl fmt::Debug for SeenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeenFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SeenFile {
    /// A main or rule file. What is no TOML never becomes a configuration.
    pub(super) fn settings(path: &str, text: &str) -> Self {
        let settings: Table = text.parse().unwrap_or_default();
        let label = settings.get("database").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { path: path.into(), content: Content::Settings { label, settings, text: text.to_owned() } }
    }

    pub(super) fn attached(path: &Path, bytes: &[u8]) -> Self {
        Self { path: path.to_owned(), content: Content::Attached { digest: DIGEST.hash_one(bytes), map: None } }
    }

    /// The map of a sharding function.
    pub(super) fn map(path: &Path, text: &str) -> Self {
        let content = Content::Attached { digest: DIGEST.hash_one(text.as_bytes()), map: Some(text.to_owned()) };
        Self { path: path.to_owned(), content }
    }

    /// The file's path, if it has the rules of this database.
    pub(super) fn rules_of(&self, database: &str) -> Option<&Path> {
        let is_meant =
            matches!(&self.content, Content::Settings { label, .. } if !label.is_empty() && same_name(label, database));
        is_meant.then_some(self.path.as_path())
    }

    /// The rules of tables that it has, each as it is written.
    pub(super) fn rules(&self) -> Vec<(String, String)> {
        let Content::Settings { label, settings, .. } = &self.content else { return Vec::new() };
        let tables = settings.get("tables").and_then(Value::as_array).into_iter().flatten();
        let rule = |table: &Value| {
            let mut keys = table.as_table()?.clone();
            let name = keys.remove("name")?.as_str()?.to_owned();
            let pairs: Vec<String> = keys.iter().map(|(key, value)| format!("{key} = {}", shown(key, value))).collect();
            Some((format!("{label}.{name}"), pairs.join(", ")))
        };
        tables.filter_map(rule).collect()
    }

    /// Its text, if a configuration can be read again from that.
    pub(super) fn text(&self) -> Option<(PathBuf, String)> {
        match &self.content {
            Content::Settings { text, .. } | Content::Attached { map: Some(text), .. } => {
                Some((self.path.clone(), text.clone()))
            }
            Content::Attached { map: None, .. } | Content::Folder => None,
        }
    }

    pub(super) fn folder(path: &Path) -> Self {
        Self { path: path.to_owned(), content: Content::Folder }
    }

    /// What is different about a file without reading it; `None` if it is not there.
    pub(super) fn stamp(&self) -> Option<(SystemTime, u64)> {
        let facts = std::fs::metadata(&self.path).ok()?;
        Some((facts.modified().ok()?, facts.len()))
    }
}

/// One difference between two configurations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it is: `users[app].databases` in the main file, `shop: tables[orders].shards` in a rule file.
    pub key: String,
    /// On one line, without secrets; `None`: it was not there.
    pub before: Option<String>,
    /// `None`: it is not there any more.
    pub after: Option<String>,
    /// Whether it counts only after a restart.
    pub needs_restart: bool,
}

/// What is different, in the order of names. Remarks, blanks and order do not count.
pub(super) fn differences(before: &[SeenFile], after: &[SeenFile]) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut names: Vec<String> = before.iter().chain(after).filter_map(name).collect();
    names.sort();
    names.dedup();
    for file in names {
        let of = |files: &[SeenFile]| files.iter().find(|seen| name(seen).as_ref() == Some(&file)).cloned();
        match (of(before).map(|seen| seen.content), of(after).map(|seen| seen.content)) {
            (Some(Content::Attached { digest: one, .. }), Some(Content::Attached { digest: other, .. }))
                if one != other =>
            {
                let contents = |which: &str| Some(format!("{which} contents"));
                changes.push(change(file, contents("other"), contents("new")));
            }
            (one, other) => {
                let table = |content| match content {
                    Some(Content::Settings { settings, .. }) => Some(Value::Table(settings)),
                    Some(Content::Attached { .. } | Content::Folder) | None => None,
                };
                let prefix = if file.is_empty() { file } else { format!("{file}: ") };
                compare(&prefix, table(one).as_ref(), table(other).as_ref(), &mut changes);
            }
        }
    }
    changes
}

/// What stands for the file: its database, nothing for the main file, the path of others.
fn name(file: &SeenFile) -> Option<String> {
    match &file.content {
        Content::Settings { label, .. } => Some(label.clone()),
        Content::Attached { .. } => Some(file.path.display().to_string()),
        Content::Folder => None,
    }
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<Change>) {
    let empty = Value::Table(Table::new());
    match (before, after) {
        (one, other) if one == other => {}
        (Some(Value::Table(one)), Some(Value::Table(other))) => {
            let mut keys: Vec<&String> = one.keys().chain(other.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let is_start = path.is_empty() || path.ends_with(": ");
                let inner = if is_start { format!("{path}{key}") } else { format!("{path}.{key}") };
                compare(&inner, one.get(key), other.get(key), changes);
            }
        }
        // A whole file.
        (None, Some(Value::Table(_))) if path.ends_with(": ") => compare(path, Some(&empty), after, changes),
        (Some(Value::Table(_)), None) if path.ends_with(": ") => compare(path, before, Some(&empty), changes),
        (one, other) if entries(one).is_some() && entries(other).is_some() => {
            let (one, other) = (entries(one).unwrap_or_default(), entries(other).unwrap_or_default());
            let mut names: Vec<&str> = one.iter().chain(&other).map(|(name, _)| *name).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                let of = |list: &[(&str, &Value)]| {
                    list.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).clone())
                };
                compare(&format!("{path}[{name}]"), of(&one).as_ref(), of(&other).as_ref(), changes);
            }
        }
        (one, other) => {
            let key = path.rsplit(['.', ' ']).next().unwrap_or(path);
            let shown = |value: Option<&Value>| value.map(|value| shown(key, value));
            changes.push(change(path.to_owned(), shown(one), shown(other)));
        }
    }
}

/// The tables of a list in which each has a name of its own; of nothing, none.
fn entries(value: Option<&Value>) -> Option<Vec<(&str, &Value)>> {
    let Some(value) = value else { return Some(Vec::new()) };
    let named = |value| Some((Value::as_str(Value::get(value, "name")?)?, value));
    value.as_array().filter(|list| !list.is_empty())?.iter().map(named).collect()
}

fn change(key: String, before: Option<String>, after: Option<String>) -> Change {
    let is_below = |part: &str| key.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let needs_restart = AT_START.iter().any(|part| is_below(part));
    Change { key, before, after, needs_restart }
}

fn shown(key: &str, value: &Value) -> String {
    match value {
        _ if SECRET.contains(&key) => "(not shown)".to_owned(),
        Value::Table(table) => {
            let pairs: Vec<String> =
                table.iter().map(|(key, value)| format!("{key} = {}", shown(key, value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| shown("", item)).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_changes(before: &[(&str, &str)], after: &[(&str, &str)]) -> Vec<String> {
        let files = |files: &[(&str, &str)]| -> Vec<SeenFile> {
            files.iter().map(|(path, text)| SeenFile::settings(path, text)).collect()
        };
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let line = |change: Change| {
            let restart = if change.needs_restart { " (restart)" } else { "" };
            format!("{}: {} => {}{restart}", change.key, or_none(change.before), or_none(change.after))
        };
        differences(&files(before), &files(after)).into_iter().map(line).collect()
    }

    #[test]
    fn changes_are_told_key_by_key_and_secrets_are_not() {
        let main =
            "rules = ['r']\n[server]\nworkers = 2\n[[users]]\nname = 'a'\npassword = 'x'\n[[users]]\nname = 'b'\n";
        let other = "# remark\nrules = ['r']\n[server]\nworkers = 3\nmax_sessions = 9\n[[users]]\nname = 'b'\n\
                     [[users]]\nname = 'a'\npassword = 'y'\n[[users]]\nname = 'c'\npassword = 'z'\n";
        let rules = "database = 'shop'\n[[tables]]\nname = 't'\nshards = ['s0', 's1']\n";
        let moved = "database = 'shop'\n[[tables]]\nname = 't'\nshards = ['s1', 's0']\n[[tables]]\nname = 'u'\n";
        assert_eq!(
            shown_changes(&[("m", main), ("r", rules)], &[("m", other), ("r", moved)]),
            [
                "server.max_sessions: - => 9",
                "server.workers: 2 => 3 (restart)",
                "users[a].password: (not shown) => (not shown)",
                "users[c]: - => { name = \"c\", password = (not shown) }",
                "shop: tables[t].shards: [\"s0\", \"s1\"] => [\"s1\", \"s0\"]",
                "shop: tables[u]: - => { name = \"u\" }",
            ]
        );
        assert!(shown_changes(&[("m", main)], &[("m", main)]).is_empty());
        assert_eq!(
            shown_changes(&[("m", main)], &[("m", main), ("r", "database = 'blog'\ndefault_shard = 's0'")]),
            ["blog: database: - => \"blog\"", "blog: default_shard: - => \"s0\""]
        );
    }
}
