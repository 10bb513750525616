//! What SHOW WARNINGS, SHOW ERRORS and `@@warning_count` answer about the last statement.
//!
//! The server keeps that with the connection, and the connection goes back to its pool; so the list is fetched right
//! after a statement that gave warnings. An error is known without asking.

use super::error::ClientMessage;
use crate::exec::conditions::Condition;

/// Most entries kept: `max_error_count`'s default.
const KEPT: usize = 64;

/// The conditions of the last statement that could have any.
#[derive(Debug, Default)]
pub(super) struct Diagnostics {
    conditions: Vec<Condition>,
    /// As the statement reported it: may be more than are kept.
    pub(super) warning_count: u64,
}

impl Diagnostics {
    pub(super) fn is_empty(&self) -> bool {
        self.conditions.is_empty() && self.warning_count == 0
    }

    /// A statement ended without any.
    pub(super) fn clear(&mut self) {
        if !self.is_empty() {
            *self = Diagnostics::default();
        }
    }

    pub(super) fn failed(&mut self, message: &ClientMessage) {
        self.set(vec![Condition {
            level: "Error".to_owned(),
            code: message.code.number.to_string(),
            message: message.text.clone(),
        }]);
    }

    pub(super) fn set(&mut self, conditions: Vec<Condition>) {
        self.warning_count = conditions.len() as u64;
        self.conditions = conditions;
        self.conditions.truncate(KEPT);
    }

    pub(super) fn all(&self) -> &[Condition] {
        &self.conditions
    }

    pub(super) fn conditions(&self, errors_only: bool) -> impl Iterator<Item = &Condition> {
        self.conditions.iter().filter(move |condition| !errors_only || condition.is_error())
    }
}
