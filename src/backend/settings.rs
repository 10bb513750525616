//! Session variables of a client, and how a pooled connection is brought to them.
//!
//! A session's settings are an immutable map behind an `Arc`; equal maps share one `Arc` (the `Interner`), so asking
//! whether a connection already has what a session needs is one pointer comparison.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Weak};

use hashbrown::HashTable;
use parking_lot::Mutex;

/// System variables that differ from the server's defaults: lower-case name -> value as an SQL literal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Settings {
    variables: BTreeMap<Box<str>, Box<str>>,
}

/// Written first: they change how the literals of the other assignments are read.
const CHARACTER_SETS: [&str; 3] = ["character_set_client", "character_set_results", "collation_connection"];

impl Settings {
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.into(), value.into());
    }

    /// The variable goes back to the server's default.
    pub fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(AsRef::as_ref)
    }

    /// The `SET` statement that brings a connection from `have` to `self`; `None` when they are equal.
    pub fn difference(&self, have: &Settings, variable_name: impl Fn(&str) -> &str) -> Option<String> {
        let mut assignments = Vec::new();
        let changed = |name: &&str| self.get(name) != have.get(name);
        // MariaDB (10.11) converts parameters by the collation that SET NAMES said last, whatever collation_connection is.
        let names = self.get("collation_connection").and_then(names_for);
        let names = names.filter(|_| CHARACTER_SETS.iter().any(changed));
        let charset = names.as_ref().map(|(charset, _)| *charset);
        // What NAMES says as well needs no assignment of its own.
        let is_said = |name: &&str| match charset {
            Some(_) if *name == "collation_connection" => true,
            Some(charset) => self.get(name).is_some_and(|value| value.trim_matches('\'') == charset),
            None => !changed(name),
        };
        assignments.extend(names.map(|(_, names)| names));
        for name in CHARACTER_SETS.iter().filter(|name| !is_said(name)) {
            assignments.push(format!("{name} = {}", self.get(name).unwrap_or("DEFAULT")));
        }
        // Servers do not read time zones and modes that stand in a wide character set.
        let is_wide = |settings: &Settings| settings.get("collation_connection").is_some_and(is_wide);
        let introducer = if is_wide(have) || is_wide(self) { "_latin1" } else { "" };
        let literal = |value: &str| match value.starts_with('\'') && value.is_ascii() {
            true => format!("{introducer}{value}"),
            false => value.to_owned(),
        };
        let all = self.variables.keys().chain(have.variables.keys().filter(|name| !self.variables.contains_key(*name)));
        for name in all.map(AsRef::as_ref).filter(changed).filter(|name| !CHARACTER_SETS.contains(name)) {
            let value = self.get(name).map_or_else(|| default_of(name).to_owned(), literal);
            assignments.push(format!("{} = {value}", variable_name(name)));
        }
        (!assignments.is_empty()).then(|| format!("SET {}", assignments.join(", ")))
    }
}

/// The character set of a collation's literal, and what NAMES is to be for it; not for those that clients cannot have.
fn names_for(collation: &str) -> Option<(&str, String)> {
    let name = collation.strip_prefix('\'')?.strip_suffix('\'')?;
    let charset = name.split('_').next().filter(|_| !is_wide(collation))?;
    Some((charset, format!("NAMES {charset} COLLATE {name}")))
}

/// Whether the characters of a collation have no ASCII bytes.
fn is_wide(collation: &str) -> bool {
    ["'utf16", "'utf32", "'ucs2"].iter().any(|charset| collation.starts_with(charset))
}

/// What takes the variable back. To MySQL (9.7) the DEFAULT of these two is 0, whatever the global value.
fn default_of(name: &str) -> &'static str {
    match name {
        "foreign_key_checks" => "@@global.foreign_key_checks",
        "unique_checks" => "@@global.unique_checks",
        _ => "DEFAULT",
    }
}

/// Makes equal settings one allocation.
#[derive(Debug, Default)]
pub struct Interner {
    known: Mutex<HashTable<Weak<Settings>>>,
    hasher: RandomState,
}

impl Interner {
    pub fn intern(&self, settings: Settings) -> Arc<Settings> {
        let hash = self.hasher.hash_one(&settings);
        let mut known = self.known.lock();
        let found = known.find(hash, |weak| weak.upgrade().is_some_and(|s| *s == settings)).and_then(Weak::upgrade);
        if let Some(found) = found {
            return found;
        }
        let fresh = Arc::new(settings);
        known.retain(|weak| weak.strong_count() > 0);
        let rehash = |weak: &Weak<Settings>| weak.upgrade().map_or(0, |s| self.hasher.hash_one(&*s));
        known.insert_unique(hash, Arc::downgrade(&fresh), rehash);
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let mut settings = Settings::default();
        pairs.iter().for_each(|(name, value)| settings.set(name, value));
        settings
    }

    #[test]
    fn character_sets_come_first_and_what_is_gone_goes_back_to_its_default() {
        let want = settings(&[("autocommit", "0"), ("collation_connection", "'latin1_bin'")]);
        let have = settings(&[("sql_mode", "''")]);
        let sql = want.difference(&have, |name| name_of(name));
        let expected = "SET NAMES latin1 COLLATE latin1_bin, character_set_client = DEFAULT, \
                        character_set_results = DEFAULT, autocommit = 0, sql_mode = DEFAULT";
        assert_eq!(sql.as_deref(), Some(expected));
    }

    #[test]
    fn character_sets_are_set_by_names_where_they_can_be() {
        let [client, results, connection] = CHARACTER_SETS;
        let difference = |collation: &str, own: &str| {
            let all = [(client, "'utf8mb4'"), (results, own), (connection, collation)];
            settings(&all).difference(&settings(&[(results, "'latin1'")]), name_of)
        };
        let same = difference("'utf8mb4_bin'", "'utf8mb4'");
        assert_eq!(same.as_deref(), Some("SET NAMES utf8mb4 COLLATE utf8mb4_bin"));
        let none = difference("'utf8mb4_0900_ai_ci'", "NULL");
        let expected = "SET NAMES utf8mb4 COLLATE utf8mb4_0900_ai_ci, character_set_results = NULL";
        assert_eq!(none.as_deref(), Some(expected));
        let wide = difference("'utf16_bin'", "'utf8mb4'");
        let expected = "SET character_set_client = 'utf8mb4', character_set_results = 'utf8mb4', collation_connection = 'utf16_bin'";
        assert_eq!(wide.as_deref(), Some(expected));
        let other = difference("'latin1_swedish_ci'", "'utf8mb4'");
        let expected = "SET NAMES latin1 COLLATE latin1_swedish_ci, character_set_client = 'utf8mb4', character_set_results = 'utf8mb4'";
        assert_eq!(other.as_deref(), Some(expected));
        assert_eq!(names_for("'binary'").map(|(_, names)| names).as_deref(), Some("NAMES binary COLLATE binary"));
    }

    #[test]
    fn checks_are_taken_back_to_what_they_are_globally() {
        let have = settings(&[("foreign_key_checks", "0"), ("unique_checks", "0")]);
        let sql = settings(&[]).difference(&have, |name| name_of(name));
        let expected = "SET foreign_key_checks = @@global.foreign_key_checks, unique_checks = @@global.unique_checks";
        assert_eq!(sql.as_deref(), Some(expected));
    }

    #[test]
    fn texts_are_readable_in_wide_character_sets() {
        let have = settings(&[("collation_connection", "'utf16_bin'")]);
        let sql = settings(&[("time_zone", "'+00:00'"), ("lc_time_names", "0")]).difference(&have, name_of);
        let expected = "SET collation_connection = DEFAULT, lc_time_names = 0, time_zone = _latin1'+00:00'";
        assert_eq!(sql.as_deref(), Some(expected));
    }

    fn name_of(name: &str) -> &str {
        name
    }

    #[test]
    fn equal_settings_are_one_allocation() {
        let interner = Interner::default();
        let one = interner.intern(settings(&[("autocommit", "0")]));
        let two = interner.intern(settings(&[("autocommit", "0")]));
        assert!(Arc::ptr_eq(&one, &two));
        assert!(!Arc::ptr_eq(&one, &interner.intern(settings(&[]))));
    }
}
