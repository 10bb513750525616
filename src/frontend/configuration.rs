//! RELOAD CONFIG and ROLLBACK CONFIG, rules that are changed by statements, and another look at the tables after DDL: a session only passes the order on, to who keeps the configuration (`server`), and
//! shows what came of it.

use std::time::Duration;

use tokio::sync::oneshot;

use super::error::ClientMessage;
use super::query::Statement;
use super::response::LocalColumn;
use super::session::Session;
use super::shared::Shared;
use crate::plan::PlanError;
use crate::sharding::schema::same_name;
use crate::sharding::{Placement, Schema, Table};
use crate::sql::control::{CreateRuled, RuleVerb, TableName};
use crate::sql::definition;
use crate::wire::error_code as codes;

/// Longest wait for an answer: servers may have to be asked for their tables.
const LONGEST: Duration = Duration::from_secs(60);

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Read the files again, and run by what they say.
    Reload,
    /// Run by the configuration before this one.
    Rollback,
    /// Ask the servers what the tables look like now.
    LookAtTables,
    /// The rules of all tables.
    ShowRules,
    /// Another rule for a table, in its file and in force.
    ChangeRule { database: String, change: RuleChange },
}

/// What is to be done with the rule of a table. `body`: its keys as rule files have them, separated by commas:
/// `shard_key = "id", function = { kind = "mod" }, shards = ["s0", "s1"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleChange {
    /// A rule for a table that has none.
    Create { table: String, body: String },
    /// Other values for some keys; the others stay.
    Alter { table: String, body: String },
    /// No rule any more.
    Drop { table: String },
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

impl Effect {
    /// Columns of a table of differences, with their lengths.
    pub const COLUMNS: [(&str, u32); 4] = [("Key", 256), ("Before", 1024), ("After", 1024), ("Effect", 256)];
    /// Columns of a table of rules, with their lengths.
    pub const RULE_COLUMNS: [(&str, u32); 3] = [("Table", 256), ("Rule", 4096), ("File", 1024)];

    /// A row of a table of differences.
    pub fn cells(self) -> Vec<Option<String>> {
        vec![Some(self.key), self.before, self.after, Some(self.effect)]
    }

    /// A row of a table of rules, as [`Wish::ShowRules`] answers them.
    pub fn rule_cells(self) -> Vec<Option<String>> {
        vec![Some(self.key), self.after, Some(self.effect)]
    }
}

impl Session {
    pub(super) async fn order(&mut self, wish: Wish, more_follows: bool) -> Result<(), ClientMessage> {
        let effects = self.ordered_by_admin(wish).await?;
        let columns = Effect::COLUMNS.map(|(name, length)| LocalColumn::text(name, length));
        let rows: Vec<Vec<Option<String>>> = effects.into_iter().map(Effect::cells).collect();
        self.diagnostics.clear();
        self.send_table(&columns, &rows, more_follows).await
    }

    async fn ordered_by_admin(&self, wish: Wish) -> Result<Vec<Effect>, ClientMessage> {
        if !self.user.admin {
            let text = "Access denied; you need the right admin = true in [[users]] for this operation";
            return Err(ClientMessage::new(codes::SPECIFIC_ACCESS_DENIED_ERROR, text));
        }
        self.ordered(wish).await.map_err(|reasons| ClientMessage::new(codes::UNKNOWN_ERROR, not_changed(&reasons)))
    }

    /// CREATE, ALTER and DROP SHARDED TABLE RULE.
    pub(super) async fn change_rule(
        &mut self,
        verb: RuleVerb,
        table: &TableName,
        body: &str,
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let wish = self.rule_wish(verb, table, body)?;
        self.order(wish, more_follows).await
    }

    fn rule_wish(&self, verb: RuleVerb, table: &TableName, body: &str) -> Result<Wish, ClientMessage> {
        let database = match &table.database {
            Some(database) => database.clone(),
            None => self.database().map(|id| self.schema.database_of(id).name.clone()).ok_or(PlanError::NoDatabase)?,
        };
        let (table, body) = (table.table.clone(), body.to_owned());
        let change = match verb {
            RuleVerb::Create => RuleChange::Create { table, body },
            RuleVerb::Alter => RuleChange::Alter { table, body },
            RuleVerb::Drop => RuleChange::Drop { table },
        };
        Ok(Wish::ChangeRule { database, change })
    }

    /// CREATE TABLE with its rule in a comment: the rule first, so that the table comes to be where its rows will be.
    pub(super) async fn create_with_rule(
        &mut self,
        create: &CreateRuled,
        statement: &Statement<'_>,
    ) -> Result<(), ClientMessage> {
        let CreateRuled { table, comment, body, spares_existing } = create;
        let mut text = statement.sql.to_vec();
        if let Some(comment) = text.get_mut(comment.clone()) {
            comment.fill(b' ');
        }
        let bare = Statement { sql: &text, ..*statement };
        if *spares_existing && self.rule_in(&self.schema, table).is_some() {
            return Box::pin(self.statement(&bare)).await;
        }
        let wish = self.rule_wish(RuleVerb::Create, table, body)?;
        self.ordered_by_admin(wish).await?;
        let created = match self.missing_key(table, &text) {
            Some(column) => {
                let text = format!("Key column '{column}', a shard key of the rule, doesn't exist in table");
                Err(ClientMessage::new(codes::KEY_COLUMN_DOES_NOT_EXIST, text))
            }
            None => Box::pin(self.statement(&bare)).await,
        };
        // What a server answers to the statement of one shard is relayed.
        if (created.is_err() || self.last.failed)
            && let Ok(wish) = self.rule_wish(RuleVerb::Drop, table, "")
            && let Err(reasons) = self.ordered(wish).await
        {
            tracing::warn!(table = %table.table, ?reasons, "the rule of a table that could not be created is still there");
        }
        created
    }

    /// The table's rule in a schema that may be newer than the session's.
    fn rule_in<'s>(&self, schema: &'s Schema, table: &TableName) -> Option<&'s Table> {
        let database = match &table.database {
            Some(name) => name,
            None => &self.schema.database_of(self.database()?).name,
        };
        schema.database(database)?.1.table(&table.table)
    }

    /// A column of the new rule's shard key that the CREATE TABLE does not define, as far as it names columns.
    fn missing_key(&self, table: &TableName, sql: &[u8]) -> Option<String> {
        let setup = self.shared.setup();
        let Placement::Sharded(sharded) = &self.rule_in(&setup.schema, table)?.placement else { return None };
        let columns = definition::columns(sql, self.mode);
        let is_there = |key: &&str| columns.iter().any(|column| same_name(&column.name, key));
        // CREATE TABLE ... LIKE and AS tell none, or not all.
        let tells_all = !columns.is_empty() && !definition::has_more(sql, self.mode);
        sharded.key_columns().find(|key| !is_there(key)).filter(|_| tells_all).map(str::to_owned)
    }

    /// SHOW RULES.
    pub(super) async fn show_rules(&mut self, more_follows: bool) -> Result<(), ClientMessage> {
        let rules = self.ordered_by_admin(Wish::ShowRules).await?;
        let columns = Effect::RULE_COLUMNS.map(|(name, length)| LocalColumn::text(name, length));
        let rows: Vec<Vec<Option<String>>> = rules.into_iter().map(Effect::rule_cells).collect();
        self.send_table(&columns, &rows, more_follows).await
    }

    pub(super) async fn ordered(&self, wish: Wish) -> Result<Vec<Effect>, Vec<String>> {
        ordered(&self.shared, wish).await
    }
}

/// Passes an order on; what came of it, or why nothing did, one line for each reason.
pub async fn ordered(shared: &Shared, wish: Wish) -> Result<Vec<Effect>, Vec<String>> {
    let (answer, outcome) = oneshot::channel();
    let gone = |_| vec!["ShardGate is stopping".to_owned()];
    shared.orders.send(Order { wish, answer }).await.map_err(|_| gone(()))?;
    match tokio::time::timeout(LONGEST, outcome).await {
        Ok(outcome) => outcome.map_err(|_| gone(()))?,
        Err(_) => Err(vec![format!("it is not done after {LONGEST:?}; the log says what becomes of it")]),
    }
}

/// Why a configuration is still the one that it was.
pub fn not_changed(reasons: &[String]) -> String {
    format!("The configuration was not changed: {}", reasons.join("\n"))
}
