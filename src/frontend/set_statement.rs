//! SET STATEMENT ... FOR: MariaDB's variables for one statement. MariaDB's JDBC driver sets time-outs so.

use std::sync::Arc;

use super::error::ClientMessage;
use super::query::Statement;
use super::session::Session;
use crate::backend::settings::Settings;
use crate::exec::links::{Link, Side};
use crate::plan::Action;
use crate::sql::control::{self, Assignment, Control, SimpleValue, simple_value};
use crate::sql::tokens::Mode;

/// What assignments of constants have made of settings: drivers send the same ones with each statement.
#[derive(Debug)]
pub(super) struct ForOne {
    assignments: Box<[u8]>,
    before: Arc<Settings>,
    after: Arc<Settings>,
}

impl Session {
    /// Runs a statement with other settings than the session's.
    pub(super) async fn set_statement(
        &mut self,
        assignments: &[u8],
        inner: &Statement<'_>,
    ) -> Result<(), ClientMessage> {
        match control::parse(inner.sql, self.mode) {
            Some(Ok(Control::SetStatement { .. })) => {
                return Err(ClientMessage::unsupported("SET STATEMENT within SET STATEMENT"));
            }
            Some(Ok(Control::Set(list))) if list.iter().any(|one| !matches!(one, Assignment::User { .. })) => {
                // It would be undone with the others.
                return Err(ClientMessage::unsupported("SET of a system variable within SET STATEMENT"));
            }
            _ => {}
        }
        let before = self.set_for_one(assignments).await?;
        let done = Box::pin(self.statement(inner)).await;
        self.set_back(before);
        done
    }

    /// Makes the settings those of the next statement; what they were.
    pub(super) async fn set_for_one(&mut self, assignments: &[u8]) -> Result<Arc<Settings>, ClientMessage> {
        let (before, mode) = (Arc::clone(&self.settings), self.mode);
        let known = self.for_one.as_ref();
        let known = known.filter(|known| *known.assignments == *assignments && Arc::ptr_eq(&known.before, &before));
        match known.map(|known| Arc::clone(&known.after)) {
            Some(after) => self.set_back(after),
            None => self.ask_for_one(assignments).await?,
        }
        if (Mode { lenient: mode.lenient, ..self.mode }) != mode {
            // The server would read the text by the session's own sql_mode, and only run it under this one.
            self.set_back(before);
            return Err(ClientMessage::unsupported("SET STATEMENT with an sql_mode that changes how a text is read"));
        }
        Ok(before)
    }

    /// Makes the settings what they were.
    pub(super) fn set_back(&mut self, before: Arc<Settings>) {
        self.settings = before;
        self.settings_changed();
    }

    /// Which variables may be set so, and what they become, is for a server to say.
    async fn ask_for_one(&mut self, assignments: &[u8]) -> Result<(), ClientMessage> {
        let before = Arc::clone(&self.settings);
        let sql = [b"SET ", assignments].concat();
        let plan = self.plan_or_probe(&sql).await?;
        if let Action::Control(Control::Set(list)) = &plan.action {
            self.refuse_foreign(list, &sql)?;
        }
        let shard = self.home_shard(&self.schema);
        // Apart from the session's transaction, of which this is no part.
        let mut link = Link::apart(&self.need().2, shard, Side::Primary).await?;
        self.bring_user_variables(&mut link, &plan).await?;
        if !plan.facts.writes_user_vars.is_empty() {
            link.lease.has_user_variables_of(self.variables_id);
        }
        let probe = [b"SET STATEMENT ", assignments, b" FOR DO 0"].concat();
        let answer = link.lease.query(&probe, &self.interrupt).await?;
        if let Some(error) = answer.error() {
            let message = ClientMessage::from(error);
            self.links.put(link);
            return Err(message);
        }
        let Action::Control(Control::Set(list)) = &plan.action else {
            self.links.put(link);
            return Err(ClientMessage::unsupported("this form of SET STATEMENT"));
        };
        let answer = link.lease.query(&sql, &self.interrupt).await?;
        if let Some(error) = answer.error() {
            return Err(ClientMessage::from(error));
        }
        let idle_timeout = self.idle_timeout;
        self.read_back(&mut link, list, &plan.facts.writes_user_vars).await?;
        self.idle_timeout = idle_timeout;
        self.links.put(link);
        let is_constant = |assignment: &Assignment| match assignment {
            Assignment::System { value, .. } => matches!(
                simple_value(&sql, value.clone(), self.mode),
                Some(SimpleValue::Literal(_) | SimpleValue::Word(_))
            ),
            _ => false,
        };
        if list.iter().all(is_constant) {
            let after = Arc::clone(&self.settings);
            self.for_one = Some(ForOne { assignments: assignments.into(), before, after });
        }
        Ok(())
    }
}
