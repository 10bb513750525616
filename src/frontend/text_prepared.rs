//! PREPARE, EXECUTE and DEALLOCATE as SQL text.
//!
//! The text is kept with the session; EXECUTE writes the user variables' values in the place of the markers and runs
//! what comes out like any other statement, so it is routed by its values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use data_encoding::HEXUPPER_PERMISSIVE;

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
        let values: Vec<Cow<'_, [u8]>> = using.iter().map(|argument| self.value_of(argument)).collect();
        let values: Vec<&[u8]> = values.iter().map(AsRef::as_ref).collect();
        let sql = filled(text, self.mode, &values)
            .ok_or_else(|| ClientMessage::new(codes::WRONG_ARGUMENTS, "Incorrect arguments to EXECUTE"))?;
        let statement = Statement { sql: &sql, more_follows };
        Box::pin(self.statement(&statement)).await
    }

    /// What stands for a marker, as a literal.
    fn value_of<'v>(&'v self, argument: &'v Argument) -> Cow<'v, [u8]> {
        match argument {
            Argument::UserVar(variable) => {
                let literal = self.user_variables.literal(variable);
                let said = |name| self.settings.get(name).unwrap_or_default().trim_matches('\'');
                let connection = (said("character_set_client"), said("collation_connection"));
                parameter(literal, connection, self.mode.no_backslash_escapes)
            }
            Argument::Literal(literal) => Cow::Borrowed(literal),
        }
    }

    pub(super) fn deallocate_text(&mut self, name: &str) -> Result<(), ClientMessage> {
        let known = self.text_statements.remove(&name.to_lowercase()).is_some();
        if known { Ok(()) } else { Err(unknown(name, "DEALLOCATE PREPARE")) }
    }
}

/// What a parameter with the value of a user variable is: the literal without its COLLATE. A parameter takes the collation of what it
/// is compared with, where a named one would count for more than a column's; among literals it is one in
/// `collation_connection` (`connection`: the client's character set, and this), as variables mostly are.
fn parameter<'l>(literal: &'l str, connection: (&str, &str), no_backslash_escapes: bool) -> Cow<'l, [u8]> {
    let Some((text, collation)) = literal.split_once(" COLLATE ") else { return Cow::Borrowed(literal.as_bytes()) };
    let parts = text.strip_prefix('_').and_then(|text| text.strip_suffix('\'')?.split_once(" x'"));
    let plain = parts.filter(|(charset, _)| (*charset, collation) == connection).and_then(|(charset, digits)| {
        let bytes = HEXUPPER_PERMISSIVE.decode(digits.as_bytes()).ok()?;
        // In others a byte of a character can be a quote.
        let is_safe = matches!(charset, "utf8mb4" | "utf8mb3" | "latin1" | "ascii") && !bytes.contains(&0);
        is_safe.then_some(bytes)
    });
    let Some(bytes) = plain else { return Cow::Borrowed(text.as_bytes()) };
    let mut quoted = vec![b'\''];
    for byte in bytes {
        if byte == b'\'' || byte == b'\\' && !no_backslash_escapes {
            quoted.push(byte);
        }
        quoted.push(byte);
    }
    quoted.push(b'\'');
    Cow::Owned(quoted)
}

fn unknown(name: &str, verb: &str) -> ClientMessage {
    let text = format!("Unknown prepared statement handler ({name}) given to {verb}");
    ClientMessage::new(codes::UNKNOWN_STMT_HANDLER, text)
}

#[cfg(test)]
mod tests {
    use super::parameter;

    #[test]
    fn parameters_leave_the_collation_to_what_they_meet() {
        let utf8 = ("utf8mb4", "utf8mb4_unicode_ci");
        let written = |literal, no_escapes| String::from_utf8_lossy(&parameter(literal, utf8, no_escapes)).into_owned();
        assert_eq!(written("CAST(1 AS UNSIGNED)", false), "CAST(1 AS UNSIGNED)");
        assert_eq!(written("_binary x'27'", false), "_binary x'27'");
        assert_eq!(written("_utf8mb4 x'4127C39F5C' COLLATE utf8mb4_unicode_ci", false), r"'A''ß\\'");
        assert_eq!(written("_utf8mb4 x'5C' COLLATE utf8mb4_unicode_ci", true), r"'\'");
        assert_eq!(written("_utf8mb4 x'00' COLLATE utf8mb4_unicode_ci", false), "_utf8mb4 x'00'");
        assert_eq!(written("_utf8mb4 x'41' COLLATE utf8mb4_bin", false), "_utf8mb4 x'41'");
        assert_eq!(written("_latin1 x'41' COLLATE latin1_swedish_ci", false), "_latin1 x'41'");
    }
}
