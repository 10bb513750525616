//! The moment of a statement: what several shards read or write, they do at one time, as NOW() tells it.

use std::sync::Arc;

use super::session::Session;
use crate::backend::settings::Settings;
use crate::exec::write as writes;
use crate::plan::{Plan, Route, StatementKind};

impl Session {
    /// The time that a statement must have on all shards alike, unless the client has set one.
    pub(super) fn time_of(&self, plan: &Plan) -> Option<String> {
        let is_wanted = plan.facts.time_dependent || plan.writes_copies;
        (is_wanted && self.settings.get("timestamp").is_none()).then(writes::now)
    }

    /// Gives all connections of a read one time, where several may tell it. What the settings were, if that has changed them.
    pub(super) fn hold_time(&mut self, plan: &Plan, route: &Route) -> Option<Arc<Settings>> {
        let reads = matches!(plan.kind, StatementKind::Read | StatementKind::LockingRead);
        let is_of_one = matches!(route, Route::One(_) | Route::Any(_));
        if !reads || is_of_one {
            return None;
        }
        let now = self.time_of(plan)?;
        let held = self.variant(|settings| settings.set("timestamp", &now));
        Some(std::mem::replace(&mut self.settings, held))
    }

    /// `before`: what [`hold_time`](Self::hold_time) said.
    pub(super) fn let_time_go(&mut self, before: Option<Arc<Settings>>) {
        if let Some(before) = before {
            self.settings = before;
        }
    }
}
