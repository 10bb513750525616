//! Rules for tables by a pattern of their names, `log_*`: each table that fits gets a rule of its own, made of the pattern's when its
//! name is first met. What was made stays for as long as the schema; there is room for so many names, and where it is used up the
//! pattern's rule itself stands in: right for tables that have the same name everywhere, and an error on the servers for others.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::RwLock;

use super::schema::{compare_names, same_name};
use super::table::{Physical, Table};

/// The most tables that are made of the patterns of one database.
const MAX_MADE: usize = 4096;

/// The patterns of a database, in the order of its rules: the first that fits decides.
#[derive(Debug, Clone, Default)]
pub(super) struct Patterns {
    /// Called as the pattern.
    rules: Vec<Table>,
    made: Option<Arc<Made>>,
}

/// The tables that have been made.
#[derive(Debug)]
struct Made {
    /// Filled from the start.
    tables: Box<[OnceLock<Table>]>,
    /// By name in lower case.
    places: RwLock<HashMap<String, usize>>,
}

impl Patterns {
    pub(super) fn new(rules: Vec<Table>) -> Self {
        let made = (!rules.is_empty()).then(|| {
            let tables = (0..MAX_MADE).map(|_| OnceLock::new()).collect();
            Arc::new(Made { tables, places: RwLock::default() })
        });
        Self { rules, made }
    }

    /// The place of the table of this name, if a pattern fits.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        let made = self.made.as_ref()?;
        let (index, rule, star) =
            self.rules.iter().enumerate().find_map(|(index, rule)| Some((index, rule, star_of(&rule.name, name)?)))?;
        let folded: String = name.chars().flat_map(char::to_lowercase).collect();
        if let Some(place) = made.places.read().get(&folded) {
            return Some(*place);
        }
        let mut places = made.places.write();
        let next = places.len();
        if let Some(place) = places.get(&folded) {
            return Some(*place);
        }
        let Some(slot) = made.tables.get(next) else { return Some(MAX_MADE + index) };
        // Nobody else fills it: the lock is held.
        let _ = slot.set(made_of(rule, name, star));
        places.insert(folded, next);
        Some(next)
    }

    /// The table at a place that `place` gave.
    pub(super) fn table(&self, place: usize) -> Option<&Table> {
        match place.checked_sub(MAX_MADE) {
            Some(index) => self.rules.get(index),
            None => self.made.as_ref()?.tables.get(place)?.get(),
        }
    }

    /// The tables that have been made.
    pub(super) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.made.iter().flat_map(|made| made.tables.iter()).map_while(OnceLock::get)
    }

    /// The patterns' own rules.
    pub(super) fn rules(&self) -> &[Table] {
        &self.rules
    }

    /// With these tables made of them already.
    pub(super) fn with(self, tables: Vec<Table>) -> Self {
        if let Some(made) = &self.made {
            let mut places = made.places.write();
            for (place, table) in tables.into_iter().enumerate().take(MAX_MADE) {
                places.insert(table.name.chars().flat_map(char::to_lowercase).collect(), place);
                let _ = made.tables[place].set(table);
            }
        }
        self
    }

    /// The name of the table that is called so on some shard.
    pub(super) fn logical(&self, physical: &str) -> Option<String> {
        self.rules.iter().find_map(|rule| {
            let names: Vec<&str> = match &rule.physical {
                Physical::Same => vec![rule.name.as_str()],
                Physical::Renamed(name) => vec![name.as_str()],
                Physical::PerShard(names) => names.iter().map(|(_, name)| name.as_str()).collect(),
            };
            names.iter().find_map(|name| star_of(name, physical)).map(|star| rule.name.replacen('*', star, 1))
        })
    }
}

/// What the star of a pattern stands for in this name.
fn star_of<'n>(pattern: &str, name: &'n str) -> Option<&'n str> {
    let (before, after) = pattern.split_once('*')?;
    let end = name.len().checked_sub(after.len())?;
    let (head, star, tail) = (name.get(..before.len())?, name.get(before.len()..end)?, name.get(end..)?);
    (same_name(head, before) && same_name(tail, after) && !star.is_empty()).then_some(star)
}

fn made_of(rule: &Table, name: &str, star: &str) -> Table {
    let named = |pattern: &str| pattern.replacen('*', star, 1);
    let physical = match &rule.physical {
        Physical::Same => Physical::Same,
        Physical::Renamed(pattern) => Physical::Renamed(named(pattern)),
        Physical::PerShard(names) => {
            Physical::PerShard(names.iter().map(|(shard, pattern)| (*shard, named(pattern))).collect())
        }
    };
    Table { name: name.to_owned(), physical, ..rule.clone() }
}

/// The order of rules in which a longer pattern stands before a shorter one that it is a case of.
pub(super) fn order(one: &Table, other: &Table) -> std::cmp::Ordering {
    other.name.len().cmp(&one.name.len()).then_with(|| compare_names(&one.name, &other.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sharding::{Placement, ShardId};

    fn rule(name: &str) -> Table {
        Table {
            name: name.to_owned(),
            placement: Placement::Single(ShardId(1)),
            columns: None,
            is_mixed: false,
            physical: Physical::PerShard(vec![(ShardId(1), format!("{name}_1"))]),
        }
    }

    #[test]
    fn each_name_gets_a_table_of_its_own() {
        let patterns = Patterns::new(vec![rule("log_*"), rule("*_log")]);
        let place = patterns.place("LOG_2024").unwrap_or(usize::MAX);
        assert_eq!(patterns.place("log_2024"), Some(place));
        let table = patterns.table(place);
        assert_eq!(
            table.map(|table| (table.name.as_str(), table.physical_name(ShardId(1)))),
            Some(("LOG_2024", "log_2024_1"))
        );
        assert!(patterns.place("log_").is_none() && patterns.place("logs").is_none());
        assert_eq!(
            patterns.place("my_log").and_then(|place| patterns.table(place)).map(|table| table.name.as_str()),
            Some("my_log")
        );
        assert_eq!(patterns.tables().count(), 2);
        assert_eq!(patterns.logical("log_7_1").as_deref(), Some("log_7"));
    }

    #[test]
    fn where_there_is_no_room_the_rule_itself_stands_in() {
        let patterns = Patterns::new(vec![rule("log_*")]);
        for number in 0..MAX_MADE {
            assert!(patterns.place(&format!("log_{number}")).is_some());
        }
        let table = patterns.place("log_more").and_then(|place| patterns.table(place));
        assert_eq!(table.map(|table| table.name.as_str()), Some("log_*"));
    }
}
