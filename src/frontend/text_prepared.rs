//! PREPARE, EXECUTE and DEALLOCATE as SQL text.
//!
//! The text is kept with the session; EXECUTE writes the user variables' values in the place of the markers and runs
//! what comes out like any other statement, so it is routed by its values.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::ClientMessage;
use super::prepared::prepared_otherwise;
use super::query::Statement;
use super::session::Session;
use crate::backend::settings::Settings;
use crate::exec::links::Side;
use crate::plan::Action;
use crate::plan::filled::filled;
use crate::sql::control::{Argument, Control, PrepareSource};
use crate::sql::tokens::Mode;
use crate::wire::error_code as codes;
use crate::wire::response::OkPacket;

/// Statements that one session may have prepared by name.
const MAX: usize = 1024;

/// By name, in lower case.
pub(super) type TextStatements = HashMap<String, TextStatement>;

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct TextStatement {
    text: Vec<u8>,
    /// What it was prepared under.
    mode: Mode,
    settings: Arc<Settings>,
}

impl Session {
    pub(super) async fn prepare_text(
        &mut self,
        name: &str,
        source: &PrepareSource,
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let text = self.text_of(source).await?;
        self.text_statements.remove(&name.to_lowercase());
        if self.text_statements.len() >= MAX {
            let text = "Can't create more statements prepared by name in one session";
            return Err(ClientMessage::new(codes::MAX_PREPARED_STMT_COUNT_REACHED, text));
        }
        self.check_text(&text).await?;
        let statement = TextStatement { text, mode: self.mode, settings: Arc::clone(&self.settings) };
        self.text_statements.insert(name.to_lowercase(), statement);
        self.diagnostics.clear();
        self.last.row_count = 0;
        self.send_ok(OkPacket { info: b"Statement prepared", ..OkPacket::default() }, more_follows).await
    }

    /// A server says whether it is a statement that can be prepared.
    async fn check_text(&mut self, text: &[u8]) -> Result<(), ClientMessage> {
        let plan = self.plan_or_probe(text).await?;
        self.check_access(&plan)?;
        match &plan.action {
            Action::Control(Control::CreateSelect(_)) => Ok(()),
            Action::Control(Control::SetStatement { statement, .. }) => {
                self.check_inner(&text[statement.clone()]).await
            }
            Action::Control(Control::SetSelected(set)) => self.check_inner(&set.query).await,
            _ => self.describe(&plan, text).await.map(drop),
        }
    }

    async fn check_inner(&mut self, text: &[u8]) -> Result<(), ClientMessage> {
        let plan = self.plan_or_probe(text).await?;
        self.check_access(&plan)?;
        self.describe(&plan, text).await.map(drop)
    }

    async fn text_of(&mut self, source: &PrepareSource) -> Result<Vec<u8>, ClientMessage> {
        match source {
            PrepareSource::Text(text) => Ok(text.clone()),
            PrepareSource::UserVar(variable) => self.text_of_variable(variable).await,
        }
    }

    async fn text_of_variable(&mut self, variable: &str) -> Result<Vec<u8>, ClientMessage> {
        let literal = self.user_variables.literal(variable);
        let sql = format!("SELECT {literal}");
        let shard = self.home_shard(&self.schema);
        let mut link = self.obtain(shard, Side::Primary).await?;
        let answer = link.lease.query(sql.as_bytes(), &self.interrupt).await?;
        let (_, rows) = answer.table();
        let cell = rows.first().and_then(|row| crate::wire::text::cells(row).next()).and_then(Result::ok).flatten();
        let text = cell.unwrap_or(b"NULL").to_vec();
        self.links.put(link);
        Ok(text)
    }

    pub(super) async fn execute_text(
        &mut self,
        name: &str,
        using: &[Argument],
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let known = self.text_statements.get(&name.to_lowercase()).ok_or_else(|| unknown(name, "EXECUTE"))?.clone();
        if !self.reads_like(&known.text, known.mode, &known.settings) {
            return Err(prepared_otherwise());
        }
        self.execute_with(&known.text, using, more_follows).await
    }

    pub(super) async fn execute_immediate(
        &mut self,
        source: &PrepareSource,
        using: &[Argument],
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let text = self.text_of(source).await?;
        Box::pin(self.check_text(&text)).await?;
        self.execute_with(&text, using, more_follows).await
    }

    async fn execute_with(&mut self, text: &[u8], using: &[Argument], more_follows: bool) -> Result<(), ClientMessage> {
        let values: Vec<&[u8]> = using.iter().map(|argument| self.value_of(argument)).collect();
        let sql = filled(text, self.mode, &values)
            .ok_or_else(|| ClientMessage::new(codes::WRONG_ARGUMENTS, "Incorrect arguments to EXECUTE"))?;
        let statement = Statement { sql: &sql, more_follows };
        Box::pin(self.statement(&statement)).await
    }

    /// What stands for a marker, as a literal.
    fn value_of<'v>(&'v self, argument: &'v Argument) -> &'v [u8] {
        match argument {
            Argument::UserVar(variable) => self.user_variables.literal(variable).as_bytes(),
            Argument::Literal(literal) => literal,
        }
    }

    pub(super) fn deallocate_text(&mut self, name: &str) -> Result<(), ClientMessage> {
        let known = self.text_statements.remove(&name.to_lowercase()).is_some();
        if known { Ok(()) } else { Err(unknown(name, "DEALLOCATE PREPARE")) }
    }
}

fn unknown(name: &str, verb: &str) -> ClientMessage {
    let text = format!("Unknown prepared statement handler ({name}) given to {verb}");
    ClientMessage::new(codes::UNKNOWN_STMT_HANDLER, text)
}
