//! Rows of colocated tables follow the rows that they refer to, where a foreign key says ON UPDATE CASCADE and a new shard key
//! takes the row that it refers to elsewhere.
//!
//! The row is inserted on its new shard first, then the child rows move (a staged UPDATE like a client's, which may have
//! others follow in turn), and then the row is deleted on its old shard. So the servers check every foreign key all the time.

use super::error::ClientMessage;
use super::gathered::Last;
use super::session::Session;
use super::staged::{Order, store_as_is};
use super::transactions::rolls_back_transaction;
use super::writing_back::Tail;
use crate::exec::apply::{self, Manner, Writer};
use crate::exec::cascade::{Cascade, Following};
use crate::exec::failure::Failure;
use crate::exec::links::{Link, Side};
use crate::exec::scratch::text_literal;
use crate::exec::stage::Table;
use crate::exec::write_back::{Kind, Order as ShardOrder};
use crate::plan::staged::{StageKind, WrittenTable};
use crate::sharding::schema::same_name;
use crate::sharding::{Placement, Schema, Sharded};
use crate::txn::transaction::quoted;
use crate::wire::text;

/// One column of a foreign key, as `information_schema` has it.
struct Reference {
    table: String,
    key: String,
    column: String,
    referred: String,
    cascades: bool,
}

impl Session {
    /// Notes which foreign keys refer to a table of which rows may move: `Table::followed` and `has_other_references`.
    pub(super) async fn find_references(
        &mut self,
        scratch: &mut Link,
        target: &WrittenTable,
        table: &mut Table,
    ) -> Result<(), ClientMessage> {
        let schema = std::sync::Arc::clone(&self.schema);
        let Some(sharded) = target.table.and_then(|id| id.sharded(&schema)) else { return Ok(()) };
        let is_assigned = |key: &str| target.assigned.iter().any(|name| same_name(name, key));
        if !sharded.key_columns().any(is_assigned) {
            return Ok(());
        }
        let within = text_literal(&schema.shard(scratch.shard).schema);
        let sql = format!(
            "SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_COLUMN_NAME, r.UPDATE_RULE = 'CASCADE' \
             FROM information_schema.KEY_COLUMN_USAGE AS k JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r \
             ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.TABLE_NAME = k.TABLE_NAME AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME \
             WHERE k.REFERENCED_TABLE_SCHEMA = {within} AND k.REFERENCED_TABLE_NAME = {} \
             ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION",
            text_literal(&target.physical)
        );
        let mut found: Vec<Reference> = Vec::new();
        self.read_rows_back(scratch, &sql, |row| {
            let mut cells = text::cells(row).map(|cell| {
                cell.ok().flatten().map_or_else(String::new, |bytes| String::from_utf8_lossy(bytes).into_owned())
            });
            let mut next = || cells.next().unwrap_or_default();
            let (table, key, column, referred) = (next(), next(), next(), next());
            found.push(Reference { table, key, column, referred, cascades: next() == "1" });
            Ok(())
        })
        .await?;
        for key in found.chunk_by(|one, other| one.table == other.table && one.key == other.key) {
            match cascade_of(&schema, (target, sharded), table, key, scratch) {
                Some(cascade) => {
                    let kept = self.set_by_server(scratch, &key[0].table).await?;
                    table.followed.push(Cascade { kept, ..cascade });
                }
                None => table.has_other_references = true,
            }
        }
        Ok(())
    }

    /// Columns with ON UPDATE CURRENT_TIMESTAMP.
    async fn set_by_server(&mut self, scratch: &mut Link, physical: &str) -> Result<Vec<String>, ClientMessage> {
        let sql = format!(
            "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {} \
             AND EXTRA LIKE '%on update%'",
            text_literal(&self.schema.shard(scratch.shard).schema),
            text_literal(physical)
        );
        let mut names = Vec::new();
        self.read_rows_back(scratch, &sql, |row| {
            let name = text::cells(row).next().and_then(Result::ok).flatten().unwrap_or_default();
            names.push(String::from_utf8_lossy(name).into_owned());
            Ok(())
        })
        .await?;
        Ok(names)
    }

    /// Writes back an UPDATE that moves rows which others follow. All of `writers` can be taken back afterwards.
    pub(super) async fn move_with_children(
        &mut self,
        scratch: &mut Link,
        (target, table): (&WrittenTable, &Table),
        orders: Vec<ShardOrder>,
        writers: &mut Vec<Writer>,
        keeps_transaction: bool,
    ) -> Result<(), Failure> {
        let (gone, come): (Vec<ShardOrder>, Vec<ShardOrder>) =
            orders.into_iter().partition(|order| order.kind == Kind::Delete);
        for order in &gone {
            self.writer(writers, order.shard, Tail::default()).await?;
        }
        let manner = Manner { keeps_transaction, execution: None, interrupt: &self.interrupt };
        apply::mark_all(writers, manner).await?;
        self.tell(writers, come, Tail::default(), keeps_transaction).await?;
        for cascade in &table.followed {
            let mut following = Following::new(cascade, table, &target.assigned)?;
            self.read_rows_back(scratch, &table.rekeyed(cascade), |row| following.push(row)).await?;
            if let Some(sql) = following.statement()? {
                self.follow(writers, &sql).await?;
            }
        }
        self.tell(writers, gone, Tail::default(), keeps_transaction).await
    }

    /// Runs the UPDATE of child rows on the connections of the writers, which are on the same shards.
    async fn follow(&mut self, writers: &mut Vec<Writer>, sql: &[u8]) -> Result<(), Failure> {
        let mut marked = Vec::new();
        for writer in writers.drain(..) {
            marked.push((writer.link.shard, writer.has_savepoint()));
            self.keep_usable(vec![writer.link]);
        }
        let done = Box::pin(self.stage_own(sql)).await;
        let ends = done.as_ref().err().is_some_and(|message| rolls_back_transaction(message.code));
        for (shard, has_savepoint) in marked.into_iter().filter(|_| !ends) {
            let settings = self.variant(store_as_is);
            match self.obtain_with(&settings, shard, Side::Primary).await {
                Ok(link) => writers.push(Writer::resumed(link, has_savepoint)),
                Err(error) => {
                    // What was written there can be taken back by nobody.
                    self.transaction_was_lost().await;
                    return Err(error.into());
                }
            }
        }
        done.map_err(|message| Failure::Server { code: message.code, message: message.text })
    }

    async fn stage_own(&mut self, sql: &[u8]) -> Result<(), ClientMessage> {
        let plan = self.plan(sql)?;
        let staging = plan.staging(&self.binding(sql), &self.scratch_shards());
        let staging = staging.filter(|staging| matches!(staging.kind, StageKind::Update { .. }));
        let staging = staging.ok_or_else(|| ClientMessage::unsupported("child rows that follow to another shard"))?;
        let order = Order {
            plan: &plan,
            staging,
            last: Last::Text,
            tail: None,
            more_follows: false,
            timestamp: None,
            first_number: None,
        };
        self.stage(&order, false).await.map(drop)
    }
}

/// The foreign key, if its rows are to follow, and are where the rows are that they refer to.
fn cascade_of(
    schema: &Schema,
    (target, sharded): (&WrittenTable, &Sharded),
    table: &Table,
    key: &[Reference],
    scratch: &Link,
) -> Option<Cascade> {
    let first = key.first().filter(|reference| reference.cascades)?;
    let database = schema.database_of(target.table?.database);
    let rules = (0..).map_while(|at| database.table_at(at));
    let child = rules.filter(|rule| rule.shard_set().contains(scratch.shard));
    let child = child.into_iter().find(|rule| same_name(rule.physical_name(scratch.shard), &first.table))?;
    let Placement::Sharded(of_child) = &child.placement else { return None };
    let is_pair = |(own, referred): (&str, &str)| {
        key.iter().any(|reference| same_name(&reference.column, own) && same_name(&reference.referred, referred))
    };
    if of_child.colocation != sharded.colocation || !of_child.key_columns().zip(sharded.key_columns()).all(is_pair) {
        return None;
    }
    let place = |reference: &Reference| {
        let place = table.columns.iter().position(|column| same_name(&column.name, &reference.referred))?;
        Some((reference.column.clone(), place))
    };
    let columns = key.iter().map(place).collect::<Option<Vec<_>>>()?;
    Some(Cascade { child: format!("{}.{}", quoted(&database.name), quoted(&child.name)), columns, kept: Vec::new() })
}
