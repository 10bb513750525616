//! Passwords, from where the file says they are.

use std::path::Path;

use zeroize::Zeroizing;

use super::section::{Item, Section};
use crate::wire::Secret;

/// What a password may be written as, in messages.
const SOURCES: &str = "a text, { env = \"VARIABLE\" } or { file = \"path\" }";

/// A password given as text, by an environment variable or by a file (whose last line break does not count). Paths are
/// relative to `folder`.
pub(super) fn read(item: &Item<'_>, folder: &Path) -> Option<Secret> {
    if item.is_text() {
        return item.text().map(Secret::new);
    }
    if !item.is_table() {
        item.expected(SOURCES);
        return None;
    }
    let section = item.section(SOURCES)?;
    let secret = from_section(&section, folder);
    section.finish();
    secret.unwrap_or_else(|| {
        item.problem(format!("a password is {SOURCES}"));
        None
    })
}

/// The password of `{ env = .. }` or `{ file = .. }`: `None` if it has neither key or both, `Some(None)` if what it names
/// cannot be read (reported).
pub(super) fn from_section(section: &Section<'_>, folder: &Path) -> Option<Option<Secret>> {
    match (section.item("env"), section.item("file")) {
        (Some(item), None) => Some(item.text().and_then(|variable| from_environment(&item, &variable))),
        (None, Some(item)) => Some(item.text().and_then(|path| from_file(&item, &folder.join(path)))),
        (None, None) | (Some(_), Some(_)) => None,
    }
}

fn from_environment(item: &Item<'_>, variable: &str) -> Option<Secret> {
    let value = std::env::var(variable).ok();
    if value.is_none() {
        item.problem(format!("the environment variable {variable} is not set, or is not UTF-8"));
    }
    value.map(Secret::new)
}

fn from_file(item: &Item<'_>, path: &Path) -> Option<Secret> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) => {
            item.problem(format!("cannot read {}: {error}", path.display()));
            return None;
        }
    };
    item.saw(path, text.as_bytes());
    if is_world_readable(path) {
        item.warning(format!("{} can be read by every user of this machine; chmod o-rwx it", path.display()));
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Some(Secret::new(line.strip_suffix('\r').unwrap_or(line)))
}

/// Whether the file's mode lets everyone read it.
pub(super) fn is_world_readable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|facts| facts.permissions().mode() & 0o004 != 0)
}
