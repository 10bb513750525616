//! The user variables of a session, and what brings a connection to them.

use std::collections::{BTreeMap, BTreeSet};

use crate::txn::transaction::quoted;

/// By names without `@`, in lower case.
#[derive(Debug, Default, Clone)]
pub(super) struct UserVariables {
    /// As SQL literals.
    values: BTreeMap<String, String>,
    /// Of those that are NULL now: what they were before. Connections may still have that, and NULL is of its type.
    before: BTreeMap<String, String>,
}

impl UserVariables {
    /// The value as an SQL literal.
    pub(super) fn literal(&self, name: &str) -> &str {
        self.values.get(name).map_or("NULL", String::as_str)
    }

    /// `None`: it is NULL now.
    pub(super) fn set(&mut self, name: &str, value: Option<String>) {
        let before = match value {
            Some(value) => {
                self.before.remove(name);
                self.values.insert(name.to_owned(), value);
                None
            }
            None => self.values.remove(name),
        };
        if let Some(before) = before {
            self.before.insert(name.to_owned(), before);
        }
    }

    /// Takes a variable away, as if it had never been set; its value.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.before.remove(name);
        self.values.remove(name)
    }

    /// The names of all that were ever set.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.values.keys().chain(self.before.keys())
    }

    /// What a SET is to assign so that a connection has them. Those that were never set are NULL on a clean connection, and
    /// there is no better NULL.
    pub(super) fn assignments<'n>(&self, names: impl Iterator<Item = &'n String>) -> Vec<String> {
        let names: BTreeSet<&String> = names.collect();
        let assignment = |name: &String| match (self.values.get(name), self.before.get(name)) {
            (Some(value), _) => Some(format!("{} = {value}", written(name))),
            (None, Some(before)) => Some(format!("{0} = {before}, {0} = NULL", written(name))),
            (None, None) => None,
        };
        names.into_iter().filter_map(assignment).collect()
    }

    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.before.clear();
    }
}

/// As it stands in a statement.
pub(super) fn written(name: &str) -> String {
    format!("@{}", quoted(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_is_null_again_is_set_so() {
        let mut variables = UserVariables::default();
        let names = ["a", "b", "c"].map(str::to_owned);
        let assigned = |variables: &UserVariables| variables.assignments(names.iter().chain(&names)).join(", ");
        variables.set("c", None);
        assert_eq!(assigned(&variables), "");
        variables.set("a", Some("5".to_owned()));
        variables.set("b", Some("6".to_owned()));
        assert_eq!(assigned(&variables), "@`a` = 5, @`b` = 6");
        variables.set("a", None);
        variables.set("a", None);
        assert_eq!(
            (assigned(&variables).as_str(), variables.literal("a")),
            ("@`a` = 5, @`a` = NULL, @`b` = 6", "NULL")
        );
        assert_eq!(variables.names().collect::<Vec<_>>(), ["b", "a"]);
        variables.set("a", Some("'x'".to_owned()));
        assert_eq!((variables.take("b").as_deref(), assigned(&variables).as_str()), (Some("6"), "@`a` = 'x'"));
        variables.clear();
        assert_eq!(variables.names().next(), None);
    }
}
