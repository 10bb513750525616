//! The second half of a staged write: what the statement changed on the scratch is told to the shards, and what they say
//! of it becomes the answer.

use std::sync::Arc;

use super::error::ClientMessage;
use super::session::Session;
use super::staged::{Order, Ran, store_as_is};
use super::transactions::rolls_back_transaction;
use crate::backend::connection::Watch;
use crate::exec::apply::{self, Manner, PassedOver, Writer};
use crate::exec::conditions::Condition;
use crate::exec::failure::Failure;
use crate::exec::links::{Link, Side};
use crate::exec::prepared::Execution;
use crate::exec::rows::Rows;
use crate::exec::scratch::text_literal;
use crate::exec::stage::Table;
use crate::exec::tally::{self, Tally, Written};
use crate::exec::write_back::{Given, Order as ShardOrder, Step, WriteBack};
use crate::plan::narrow::TableId;
use crate::plan::staged::{Insertion, StageKind, WrittenTable};
use crate::plan::{Numbers, Plan};
use crate::sharding::{Schema, Sequence, ShardId};
use crate::wire::error_code as codes;

/// New rows are sent to the shards when there are so many bytes of them.
const FLUSH: usize = 8 * 1024 * 1024;

/// Rows that get their numbers from a sequence, or whose parents are looked for, at once.
const TAKEN_TOGETHER: usize = 500;

/// What follows the rows of an INSERT.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tail<'a> {
    /// Of the statement, if anything follows.
    plan: Option<&'a Plan>,
    /// If it has parameters.
    execution: Option<&'a Execution>,
    /// What all shards take for the present.
    timestamp: Option<&'a str>,
}

/// The rows of an INSERT, and where they go.
struct NewRows<'a> {
    target: &'a WrittenTable,
    /// Asks for them.
    sql: String,
    how: &'a Insertion,
    back: WriteBack<'a>,
}

/// What became of the rows on the shards.
#[derive(Debug, Default)]
struct Told {
    /// That a sequence gave to one of them.
    first_number: Option<u64>,
    /// UPDATE IGNORE.
    passed_over: Vec<PassedOver>,
}

impl Session {
    /// Tells the shards what the statement did on the scratch.
    pub(super) async fn write_back(
        &mut self,
        scratch: &mut Link,
        order: &Order<'_>,
        tables: &[Table],
        ran: Ran,
        keeps_transaction: bool,
    ) -> Result<Ran, ClientMessage> {
        let mut writers: Vec<Writer> = Vec::new();
        let returned = ran.returned.as_ref().map(|returned| returned.rows.len());
        let done = self.write_all(scratch, order, (tables, returned), &mut writers, keeps_transaction).await;
        let done = done.map(|told| Told { first_number: order.first_number.or(told.first_number), ..told });
        let undone = match &done {
            Err(failure) if keeps_transaction => apply::undo(&mut writers, failure, &self.interrupt).await,
            _ => true,
        };
        if order.timestamp.is_some() {
            for writer in writers.iter_mut().filter(|writer| writer.link.lease.is_usable()) {
                let sql = "SET timestamp = DEFAULT";
                if writer.link.lease.execute("the statement's time", sql, &self.interrupt).await.is_err() {
                    writer.link.lease.spoil();
                }
            }
        }
        let mut written: Vec<Written> = writers.iter().map(Writer::total).collect();
        if let Ok(Told { first_number: Some(first), .. }) = &done {
            self.last.insert_id = *first;
        } else if matches!(order.staging.kind, StageKind::Insert(_)) && done.is_ok() {
            for writer in &mut writers {
                let last = writer.written.iter().map(|written| written.last_insert_id).rfind(|number| *number != 0);
                if let Some(last) = last
                    && self.has_numbered(&mut writer.link, last).await
                {
                    self.last.insert_id = writer.total().last_insert_id;
                    break;
                }
            }
        }
        let broken = writers.iter().find(|writer| !writer.link.lease.is_usable()).map(|writer| writer.link.shard);
        self.keep_usable(writers.into_iter().map(|writer| writer.link).collect());
        let Told { first_number, passed_over } = match done {
            Ok(told) => told,
            Err(failure) => {
                let message = self.failed(failure, broken).await;
                if !undone && !rolls_back_transaction(message.code) {
                    self.transaction_was_lost().await;
                }
                return Err(message);
            }
        };
        if let StageKind::Insert(_) = &order.staging.kind {
            let is_sharded = order.staging.targets.iter().any(|target| target.is_sharded(&self.schema));
            let tally = if is_sharded { Tally::Sum } else { Tally::Same };
            let mut total = tally::total(&std::mem::take(&mut written), tally);
            total.last_insert_id = first_number.unwrap_or(total.last_insert_id);
            return Ok(inserted(ran, total));
        }
        Ok(self.without(ran, passed_over))
    }

    /// The answer to an UPDATE IGNORE of which the shards have passed over some rows.
    fn without(&self, ran: Ran, passed_over: Vec<PassedOver>) -> Ran {
        if passed_over.is_empty() {
            return ran;
        }
        let count = passed_over.len() as u64;
        // MariaDB says nothing of keys that are there already.
        let is_told = |passed: &PassedOver| !self.mode.mariadb || passed.code != codes::DUP_ENTRY;
        let told = passed_over.into_iter().filter(is_told).map(|PassedOver { shard, code, message }| {
            let told = self.in_logical_names(ClientMessage::new(code, message), Some(shard));
            Condition { level: "Warning".to_owned(), code: code.number.to_string(), message: told.text }
        });
        let told: Vec<Condition> = told.collect();
        let written = tally::without_rows(ran.written, count, told.len(), self.class.found_rows());
        Ran { written, conditions: [ran.conditions, told].concat(), ..ran }
    }

    async fn write_all(
        &mut self,
        scratch: &mut Link,
        order: &Order<'_>,
        (tables, returned): (&[Table], Option<usize>),
        writers: &mut Vec<Writer>,
        keeps_transaction: bool,
    ) -> Result<Told, Failure> {
        let schema = Arc::clone(&self.schema);
        let mut told = Told::default();
        for (target, table) in order.staging.targets.iter().zip(tables) {
            match &order.staging.kind {
                StageKind::Update { .. } | StageKind::Delete if table.key.is_empty() => {
                    self.refill(scratch, order, (target, table), writers, keeps_transaction).await?;
                }
                StageKind::Update { ignores } => {
                    let mut back = WriteBack::of_update(&schema, target, table, *ignores);
                    let changed = table.changed(back.columns());
                    self.take_changed(scratch, &changed, target, &mut back).await?;
                    if back.moves_rows() {
                        check_children(&schema, target)?;
                        self.check_moves(scratch, target, table, *ignores).await?;
                    }
                    match ignores {
                        false if back.moves_rows() && !table.followed.is_empty() => {
                            let orders = back.take(None);
                            self.move_with_children(scratch, (target, table), orders, writers, keeps_transaction)
                                .await?;
                        }
                        true => {
                            let passed = self.tell_ignoring(writers, back.take_steps(), keeps_transaction).await?;
                            told.passed_over.extend(passed);
                        }
                        false => self.tell(writers, back.take(None), Tail::default(), keeps_transaction).await?,
                    }
                }
                StageKind::Delete => {
                    table.keep_deleted(&mut scratch.lease, &self.interrupt).await?;
                    let mut back = WriteBack::of_delete(&schema, target, table);
                    self.read_rows_back(scratch, &table.deleted(), |row| back.delete(row)).await?;
                    self.tell(writers, back.take(None), Tail::default(), keeps_transaction).await?;
                }
                StageKind::Insert(how) => {
                    let back = WriteBack::of_insert(&schema, target, table);
                    let rows = NewRows { target, sql: table.inserted(), how, back };
                    let (first_number, count) =
                        self.insert_rows(scratch, order, rows, writers, keeps_transaction).await?;
                    // What a row has replaced that is gone itself would still be there.
                    if returned.is_some_and(|returned| returned != count) {
                        return Err(Failure::Unsupported(format!(
                            "RETURNING of rows of '{}' of which one replaces another",
                            target.written
                        )));
                    }
                    told.first_number = first_number;
                }
            }
        }
        Ok(told)
    }

    /// Nothing tells the rows of a temporary table without a key apart. All of them are replaced, which nobody else sees.
    async fn refill(
        &mut self,
        scratch: &mut Link,
        order: &Order<'_>,
        (target, table): (&WrittenTable, &Table),
        writers: &mut Vec<Writer>,
        keeps_transaction: bool,
    ) -> Result<(), Failure> {
        let schema = Arc::clone(&self.schema);
        let how = Insertion { verb: "INSERT", ..Insertion::default() };
        let mut back = WriteBack::of_insert(&schema, target, table);
        back.delete_all(table.rows());
        let rows = NewRows { target, sql: table.left(), how: &how, back };
        self.insert_rows(scratch, order, rows, writers, keeps_transaction).await.map(drop)
    }

    /// Streams the new rows to their shards. The first number that a sequence gave to one of them, and how many there are.
    async fn insert_rows(
        &mut self,
        scratch: &mut Link,
        order: &Order<'_>,
        rows: NewRows<'_>,
        writers: &mut Vec<Writer>,
        keeps_transaction: bool,
    ) -> Result<(Option<u64>, usize), Failure> {
        let NewRows { target, sql, how, mut back } = rows;
        let schema = Arc::clone(&self.schema);
        let sequence = target.sequence(&schema).zip(target.table);
        let keeps_zero = self.settings.get("sql_mode").is_some_and(|mode| mode.contains("NO_AUTO_VALUE_ON_ZERO"));
        let is_there = how.tails.iter().any(|(_, tail)| !tail.is_empty());
        let tail = match is_there {
            true => {
                Tail { plan: Some(order.plan), execution: order.tail.as_ref(), timestamp: order.timestamp.as_deref() }
            }
            false => Tail::default(),
        };
        self.send_text(&mut scratch.lease, sql.as_bytes()).await?;
        let mut rows = Rows::new(&scratch.lease);
        let (mut batch, mut first_number, mut count, mut is_over) = (Vec::new(), None, 0, false);
        let is_batched = sequence.is_some() || back.parent().is_some();
        while !is_over {
            let mut watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
            let row = rows.next(&mut scratch.lease, &mut watch).await?;
            count += usize::from(row.is_some());
            match row {
                Some(row) if is_batched => batch.push(row.to_vec()),
                Some(row) => back.insert(row, how, keeps_zero, None)?,
                None => is_over = true,
            }
            if is_batched && (is_over || batch.len() >= TAKEN_TOGETHER) {
                self.find_parents(target, &mut back, &batch).await?;
                let numbers = match sequence {
                    Some(sequence) => self.numbers_for(&schema, sequence, &batch, &back, keeps_zero).await?,
                    None => vec![None; batch.len()],
                };
                for (row, number) in batch.drain(..).zip(numbers) {
                    first_number = first_number.or(number);
                    back.insert(&row, how, keeps_zero, number)?;
                }
            }
            if is_over || back.size() >= FLUSH {
                self.tell(writers, back.take(Some(how)), tail, keeps_transaction).await?;
            }
        }
        Ok((first_number, count))
    }

    /// A number for each of the rows that wants one.
    async fn numbers_for(
        &self,
        schema: &Schema,
        (sequence, table): (&Sequence, TableId),
        batch: &[Vec<u8>],
        back: &WriteBack<'_>,
        keeps_zero: bool,
    ) -> Result<Vec<Option<u64>>, Failure> {
        let given: Vec<Option<Given>> =
            batch.iter().map(|row| back.number(row, keeps_zero)).collect::<Result<_, _>>()?;
        let wants = |given: &Option<Given>| *given == Some(Given::Nothing);
        let highest = given.iter().filter_map(|given| match given {
            Some(Given::Number(number)) => *number,
            Some(Given::Nothing) | None => None,
        });
        let wanted = given.iter().filter(|given| wants(given)).count();
        let numbers = Numbers { table, sequence, wanted, highest: highest.max() };
        let taken = match batch.is_empty() {
            true => Vec::new(),
            false => {
                let taken = self.shared.sequences.take(&self.setup.topology, schema, &numbers).await;
                taken.map_err(|error| Failure::Sequence(Box::new(error)))?
            }
        };
        let mut taken = taken.into_iter();
        Ok(given.iter().map(|given| if wants(given) { taken.next() } else { None }).collect())
    }

    /// Reads back the rows that an UPDATE changed.
    async fn take_changed(
        &mut self,
        scratch: &mut Link,
        sql: &str,
        target: &WrittenTable,
        back: &mut WriteBack<'_>,
    ) -> Result<(), Failure> {
        if back.parent().is_none() {
            return self.read_rows_back(scratch, sql, |row| back.update(row)).await;
        }
        self.send_text(&mut scratch.lease, sql.as_bytes()).await?;
        let mut rows = Rows::new(&scratch.lease);
        let (mut batch, mut is_over) = (Vec::new(), false);
        while !is_over {
            let mut watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
            match rows.next(&mut scratch.lease, &mut watch).await? {
                Some(row) => batch.push(row.to_vec()),
                None => is_over = true,
            }
            if is_over || batch.len() >= TAKEN_TOGETHER {
                self.find_parents(target, back, &batch).await?;
                batch.drain(..).try_for_each(|row| back.update(&row))?;
            }
        }
        Ok(())
    }

    pub(super) async fn read_rows_back(
        &mut self,
        scratch: &mut Link,
        sql: &str,
        mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.send_text(&mut scratch.lease, sql.as_bytes()).await?;
        let mut rows = Rows::new(&scratch.lease);
        let mut watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
        while let Some(row) = rows.next(&mut scratch.lease, &mut watch).await? {
            take(row)?;
        }
        Ok(())
    }

    /// A row that moves is deleted and inserted, which foreign keys and triggers would take for something else.
    async fn check_moves(
        &mut self,
        scratch: &mut Link,
        target: &WrittenTable,
        table: &Table,
        ignores: bool,
    ) -> Result<(), Failure> {
        if ignores && !table.followed.is_empty() {
            return Err(Failure::Unsupported(format!(
                "UPDATE IGNORE of the shard key of '{}' so that a row moves which others follow",
                target.written
            )));
        }
        if table.has_other_references {
            return Err(Failure::Unsupported(format!(
                "changing the shard key of '{}' so that a row moves: a foreign key refers to the table (rows follow that refer to \
                 the shard key by one with ON UPDATE CASCADE, from a colocated table)",
                target.written
            )));
        }
        let schema = text_literal(&self.schema.shard(scratch.shard).schema);
        let table = text_literal(&target.physical);
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.TRIGGERS \
             WHERE EVENT_OBJECT_SCHEMA = {schema} AND EVENT_OBJECT_TABLE = {table}"
        );
        let mut found = true;
        self.read_rows_back(scratch, &sql, |row| {
            found = row != b"\x010";
            Ok(())
        })
        .await?;
        match found {
            false => Ok(()),
            true => Err(Failure::Unsupported(format!(
                "changing the shard key of '{}' so that a row moves: the table has triggers",
                target.written
            ))),
        }
    }

    /// Sends the orders to their shards.
    pub(super) async fn tell(
        &mut self,
        writers: &mut Vec<Writer>,
        orders: Vec<ShardOrder>,
        tail: Tail<'_>,
        keeps_transaction: bool,
    ) -> Result<(), Failure> {
        for order in orders {
            let at = self.writer(writers, order.shard, tail).await?;
            writers[at].orders.push(order);
        }
        let manner = Manner { keeps_transaction, execution: tail.execution, interrupt: &self.interrupt };
        apply::run(writers, manner).await
    }

    /// The same for UPDATE IGNORE, row by row.
    async fn tell_ignoring(
        &mut self,
        writers: &mut Vec<Writer>,
        steps: Vec<Step>,
        keeps_transaction: bool,
    ) -> Result<Vec<PassedOver>, Failure> {
        for order in steps.iter().flatten() {
            self.writer(writers, order.shard, Tail::default()).await?;
        }
        let manner = Manner { keeps_transaction, execution: None, interrupt: &self.interrupt };
        apply::run_ignoring(writers, steps, manner).await
    }

    /// The place of the shard among those that are written; it may be a new one.
    pub(super) async fn writer(
        &mut self,
        writers: &mut Vec<Writer>,
        shard: ShardId,
        Tail { plan, timestamp, .. }: Tail<'_>,
    ) -> Result<usize, Failure> {
        if let Some(at) = writers.iter().position(|writer| writer.link.shard == shard) {
            return Ok(at);
        }
        let settings = match plan.is_some() {
            // What follows the rows is the client's own text, and means what it means in the client's session.
            true => Arc::clone(&self.settings),
            // Autocommit stays as it is: to set it would end the transaction.
            false => self.variant(store_as_is),
        };
        let mut link = self.obtain_with(&settings, shard, Side::Primary).await?;
        if let Some(plan) = plan
            && let Err(message) = self.before_sending(plan, &mut link).await
        {
            self.keep_usable(vec![link]);
            return Err(Failure::Server { code: message.code, message: message.text });
        }
        if let Some(now) = timestamp {
            let sql = format!("SET timestamp = {now}");
            link.lease.execute("the statement's time", &sql, &self.interrupt).await?;
        }
        self.txn.note_write(shard);
        writers.push(Writer::new(link));
        Ok(writers.len() - 1)
    }
}

/// A row that moves would leave the rows of its child tables behind.
fn check_children(schema: &Schema, target: &WrittenTable) -> Result<(), Failure> {
    let rule = target.table.and_then(|id| id.sharded(schema));
    match rule.is_some_and(|rule| !rule.referred.is_empty()) {
        false => Ok(()),
        true => Err(Failure::Unsupported(format!(
            "changing the shard key of '{}' so that a row moves: rows of its child tables would stay where they are",
            target.written
        ))),
    }
}

/// The answer to an INSERT: rows and duplicates are counted by the shards; what was wrong with values, by the scratch.
fn inserted(ran: Ran, mut total: Written) -> Ran {
    let warnings = ran.written.warnings.saturating_add(total.warnings);
    let mut conditions = ran.conditions;
    conditions.append(&mut total.conditions);
    let staged = String::from_utf8_lossy(&ran.written.info).into_owned();
    let number = |info: &str, word: &str| -> u64 {
        let rest = info.split_once(word).map_or("", |(_, rest)| rest).trim_start();
        rest.split(' ').next().and_then(|digits| digits.parse().ok()).unwrap_or_default()
    };
    let of_shards = String::from_utf8_lossy(&total.info).into_owned();
    let is_of_file = staged.contains("Deleted:");
    let info = match staged.is_empty() {
        true => String::new(),
        false if is_of_file => {
            // Of a file, whose rows were told to the shards by INSERT IGNORE or REPLACE.
            let (records, affected) = (number(&staged, "Records:"), total.affected_rows);
            let (deleted, skipped) = (affected.saturating_sub(records), records.saturating_sub(affected));
            format!("Records: {records}  Deleted: {deleted}  Skipped: {skipped}  Warnings: {warnings}")
        }
        false => {
            let (records, duplicates) = (number(&staged, "Records:"), number(&of_shards, "Duplicates:"));
            format!("Records: {records}  Duplicates: {duplicates}  Warnings: {warnings}")
        }
    };
    let written = Written {
        affected_rows: total.affected_rows,
        // LOAD DATA tells of none, whatever numbers its rows got.
        last_insert_id: if is_of_file { 0 } else { total.last_insert_id },
        warnings,
        info: info.into_bytes(),
        conditions: Vec::new(),
        returned: None,
    };
    Ran { written, conditions, returned: ran.returned }
}
