//! What a client is told of sessions and rights: ShardGate's own, in the form in which a server would tell them.

use super::catalog::Listing;
use super::error::ClientMessage;
use super::session::Session;
use crate::exec::links::Side;
use crate::plan::catalog::Row;
use crate::wire::column::ColumnDefinition;

/// Without FULL, statements are cut after so many bytes.
const BRIEF: usize = 100;

impl Session {
    /// SHOW [FULL] PROCESSLIST: the sessions of the same user, in the columns of the servers.
    pub(super) async fn show_sessions(&mut self, full: bool, more_follows: bool) -> Result<(), ClientMessage> {
        let shard = self.home_shard(&self.schema);
        let sql: &[u8] = if full { b"SHOW FULL PROCESSLIST" } else { b"SHOW PROCESSLIST" };
        let mut listing = Listing::of(&self.ask_spare(shard, sql).await??);
        let names: Vec<String> = listing.names();
        listing.rows = self.session_rows(&names, if full { usize::MAX } else { BRIEF });
        self.send_listing(&listing, more_follows).await
    }

    /// The sessions of the user, as rows of the columns with these names.
    pub(super) fn session_rows(&self, names: &[String], shown: usize) -> Vec<Row> {
        let now = self.now_ms();
        let row = |entry: &std::sync::Arc<super::registry::Entry>| {
            let (kind, since, text) = entry.activity.look();
            let runs = kind.is_some();
            let milliseconds = now.saturating_sub(since);
            let cell = |name: &String| match name.to_ascii_uppercase().as_str() {
                "ID" => Some(entry.id.to_string().into_bytes()),
                "USER" => Some(entry.user.lock().clone().into_bytes()),
                "HOST" => Some(entry.activity.host.lock().clone().into_bytes()),
                "DB" => entry.activity.database.lock().clone().map(String::into_bytes),
                "COMMAND" => Some(command(kind).into()),
                "TIME" => Some((milliseconds / 1000).to_string().into_bytes()),
                "TIME_MS" => Some(format!("{milliseconds}.000").into_bytes()),
                "STATE" => Some(if runs { b"executing".to_vec() } else { Vec::new() }),
                "INFO" | "INFO_BINARY" => (runs && !text.is_empty()).then(|| text[..text.len().min(shown)].to_vec()),
                "PROGRESS" => Some(b"0.000".to_vec()),
                _ => Some(b"0".to_vec()),
            };
            names.iter().map(cell).collect()
        };
        self.shared.registry.of_user(&self.user.name).iter().map(row).collect()
    }

    /// SHOW VARIABLES: as the server of the default shard has them under the session's settings, but for what is not a
    /// setting of any connection.
    pub(super) async fn show_variables(&mut self, sql: &[u8], more_follows: bool) -> Result<(), ClientMessage> {
        let shard = self.home_shard(&self.schema);
        let mut link = self.obtain(shard, Side::Primary).await?;
        let answer = link.lease.query(sql, &self.interrupt).await?;
        match answer.summary.status {
            Some(status) => self.links.settle(link, status, &mut self.txn),
            None => self.links.put(link),
        }
        if let Some(error) = answer.error() {
            let message = ClientMessage::from(error);
            return Err(self.in_logical_names(message, Some(shard)));
        }
        let mut listing = Listing::of(&answer);
        for row in &mut listing.rows {
            let own = row.first().and_then(Option::as_deref).and_then(|name| self.own_variable(name));
            if let (Some(own), Some(value)) = (own, row.get_mut(1)) {
                *value = Some(own.into_bytes());
            }
        }
        self.send_listing(&listing, more_follows).await
    }

    /// What a variable is that the session keeps to itself.
    fn own_variable(&self, name: &[u8]) -> Option<String> {
        match name {
            b"wait_timeout" => self.own_wait_timeout().map(|seconds| seconds.to_string()),
            b"last_insert_id" | b"identity" => Some(self.last.insert_id.to_string()),
            b"pseudo_thread_id" => Some(self.registered.entry.id.to_string()),
            b"warning_count" => Some(self.diagnostics.warning_count.to_string()),
            b"error_count" => Some(self.diagnostics.conditions(true).count().to_string()),
            _ => None,
        }
    }

    /// In seconds, where the client has set it.
    pub(super) fn own_wait_timeout(&self) -> Option<u64> {
        let is_own = self.idle_timeout != self.setup.options.idle_timeout.into();
        self.idle_timeout.seconds().filter(|_| is_own)
    }

    /// SHOW GRANTS: the databases that the user may use.
    pub(super) async fn show_grants(&mut self, more_follows: bool) -> Result<(), ClientMessage> {
        let shard = self.home_shard(&self.schema);
        let mut listing = Listing::of(&self.ask_spare(shard, b"SHOW GRANTS").await??);
        let user = format!("`{}`@`%`", self.user.name.replace('`', "``"));
        if let Some(payload) = listing.definitions.first_mut() {
            let title = format!("Grants for {}@%", self.user.name);
            let mut renamed = Vec::new();
            let column = ColumnDefinition::parse(payload).map_err(super::handshake::wire_message)?;
            ColumnDefinition { name: title.as_bytes(), ..column }.write(&mut renamed);
            *payload = renamed;
        }
        let usage = format!("GRANT USAGE ON *.* TO {user}");
        let of = |name: &String| format!("GRANT ALL PRIVILEGES ON `{}`.* TO {user}", name.replace('`', "``"));
        let lines = std::iter::once(usage).chain(self.user.databases.iter().map(of));
        listing.rows = lines.map(|line| vec![Some(line.into_bytes())]).collect();
        self.send_listing(&listing, more_follows).await
    }
}

/// The servers' words for the kinds of commands.
fn command(kind: Option<u8>) -> &'static str {
    match kind {
        None => "Sleep",
        Some(0x02) => "Init DB",
        Some(0x03) => "Query",
        Some(0x04) => "Field List",
        Some(0x09) => "Statistics",
        Some(0x0E) => "Ping",
        Some(0x11) => "Change user",
        Some(0x16) => "Prepare",
        Some(0x17) => "Execute",
        Some(0x18) => "Long Data",
        Some(0x19) => "Close stmt",
        Some(0x1A) => "Reset stmt",
        Some(0x1B) => "Set option",
        Some(0x1C) => "Fetch",
        Some(0x1F) => "Reset connection",
        Some(_) => "Connect",
    }
}
