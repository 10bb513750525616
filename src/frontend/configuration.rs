//! RELOAD CONFIG and ROLLBACK CONFIG, and another look at the tables after DDL: a session only passes the order on, to who keeps the configuration (`server`), and
//! shows what came of it.

use std::time::Duration;

use tokio::sync::oneshot;

use super::error::ClientMessage;
use super::response::LocalColumn;
use super::session::Session;
use crate::wire::error_code as codes;

/// Longest wait for an answer: servers may have to be asked for their tables.
const LONGEST: Duration = Duration::from_secs(60);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Read the files again, and run by what they say.
    Reload,
    /// Run by the configuration before this one.
    Rollback,
    /// Ask the servers what the tables look like now.
    LookAtTables,
}

/// A wish, and where its outcome is awaited.
#[derive(Debug)]
pub struct Order {
    pub wish: Wish,
    /// What has changed; or why nothing has, one line for each reason.
    pub answer: oneshot::Sender<Result<Vec<Effect>, Vec<String>>>,
}

/// One difference between two configurations, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Where it is, as in `shop: tables[orders].shards`.
    pub key: String,
    /// `None`: it was not there.
    pub before: Option<String>,
    /// `None`: it is not there any more.
    pub after: Option<String>,
    /// `applied`, `needs a restart`, or a remark.
    pub effect: String,
}

impl Session {
    pub(super) async fn order(&mut self, wish: Wish, more_follows: bool) -> Result<(), ClientMessage> {
        if !self.user.admin {
            let text = "Access denied; you need the right admin = true in [[users]] for this operation";
            return Err(ClientMessage::new(codes::SPECIFIC_ACCESS_DENIED_ERROR, text));
        }
        let effects = self.ordered(wish).await.map_err(|reasons| {
            let text = format!("The configuration was not changed: {}", reasons.join("\n"));
            ClientMessage::new(codes::UNKNOWN_ERROR, text)
        })?;
        let columns = [("Key", 256), ("Before", 1024), ("After", 1024), ("Effect", 256)];
        let columns = columns.map(|(name, length)| LocalColumn::text(name, length));
        let cells = |effect: Effect| vec![Some(effect.key), effect.before, effect.after, Some(effect.effect)];
        let rows: Vec<Vec<Option<String>>> = effects.into_iter().map(cells).collect();
        self.diagnostics.clear();
        self.send_table(&columns, &rows, more_follows, false).await
    }

    pub(super) async fn ordered(&self, wish: Wish) -> Result<Vec<Effect>, Vec<String>> {
        let (answer, outcome) = oneshot::channel();
        let gone = |_| vec!["ShardGate is stopping".to_owned()];
        self.shared.orders.send(Order { wish, answer }).await.map_err(|_| gone(()))?;
        match tokio::time::timeout(LONGEST, outcome).await {
            Ok(outcome) => outcome.map_err(|_| gone(()))?,
            Err(_) => Err(vec![format!("it is not done after {LONGEST:?}; the log says what becomes of it")]),
        }
    }
}
