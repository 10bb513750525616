//! INSERTs into tables that a sequence numbers: numbers are fetched, put into the text, and what comes out is planned and
//! run like any other statement. The answer says of insert ids what a server says that numbers the rows itself.

use std::sync::Arc;

use super::error::ClientMessage;
use super::gathered::Last;
use super::prepared::Prepared;
use super::query::Statement;
use super::session::Session;
use super::several::{self, own_rows};
use super::staged::Order as StagedOrder;
use crate::exec::links::Side;
use crate::exec::write::{Command, Order};
use crate::plan::narrow::TableId;
use crate::plan::staged::StageKind;
use crate::plan::{Binding, Numbers, Parameter, Plan, Route, ShardRows};
use crate::sharding::{Schema, ShardId};
use crate::value::Value;
use crate::wire::command::{Execute, Given};
use crate::wire::walker::AnswerKind;

/// A statement with its numbers.
#[derive(Debug)]
pub(super) struct Numbered {
    text: Vec<u8>,
    /// Of a prepared statement, in which numbers are parameters.
    parameters: Vec<Parameter>,
    /// What LAST_INSERT_ID() is when it is done: the first number.
    first: u64,
}

/// What a sequence has to do with a statement.
#[derive(Debug)]
pub(super) enum Numbering {
    Nothing,
    /// All rows have numbers. The sequence goes on behind this one, if they are inserted.
    Given {
        table: TableId,
        highest: u64,
    },
    Numbered(Numbered),
    /// An UPDATE gives rows this number. The sequence goes on behind it, if there are such rows.
    Updated {
        table: TableId,
        number: u64,
    },
}

/// What a statement without rows of its own has to do with a sequence.
fn of_update(plan: &Plan, binding: &Binding<'_>) -> Numbering {
    let given = plan.renumbered(binding);
    given.map_or(Numbering::Nothing, |(table, number)| Numbering::Updated { table, number })
}

impl Session {
    /// The statement with the numbers that its rows want.
    pub(super) async fn numbered(
        &mut self,
        plan: &Plan,
        statement: &Statement<'_>,
    ) -> Result<Numbering, ClientMessage> {
        let schema = Arc::clone(&self.schema);
        let binding = Binding { schema: &schema, ..self.binding(statement.sql) };
        let Some(numbers) = plan.numbers(&binding) else { return Ok(of_update(plan, &binding)) };
        let taken = self.take_numbers(&schema, &numbers).await?;
        Ok(match taken.first() {
            Some(&first) => {
                let text = plan.numbered(&binding, &taken);
                Numbering::Numbered(Numbered { text, parameters: Vec::new(), first })
            }
            None => self.given_by_hand(&schema, &numbers).await,
        })
    }

    /// The statement with the numbers that its rows would get, as far as they are known here: none is taken. `None`: no row
    /// wants one.
    pub(super) async fn numbered_for_show(&self, plan: &Plan, sql: &[u8]) -> Option<Vec<u8>> {
        let binding = self.binding(sql);
        let numbers = plan.numbers(&binding).filter(|numbers| numbers.wanted > 0)?;
        let first = self.shared.sequences.next(&self.setup.topology, &self.schema, numbers.table).await;
        let shown: Vec<u64> = (first..).take(numbers.wanted).collect();
        Some(plan.numbered(&binding, &shown))
    }

    /// The same for an execution of a prepared statement.
    pub(super) async fn numbered_execution(
        &mut self,
        statement: &Prepared,
        plan: &Plan,
        body: &[u8],
    ) -> Result<Numbering, ClientMessage> {
        let schema = Arc::clone(&self.schema);
        let values = statement.values(body);
        let binding = statement.binding(&schema, &values);
        let Some(numbers) = plan.numbers(&binding) else { return Ok(of_update(plan, &binding)) };
        let taken = self.take_numbers(&schema, &numbers).await?;
        let Some(first) = taken.first().copied() else { return Ok(self.given_by_hand(&schema, &numbers).await) };
        let (text, parameters) = plan.numbered_by_parameters(&binding, &taken);
        Ok(Numbering::Numbered(Numbered { text, parameters, first }))
    }

    /// Rows were given this number by an UPDATE, unless there were none.
    pub(super) async fn pass_updated(&mut self, table: TableId, number: u64) {
        let schema = Arc::clone(&self.schema);
        let sequence = table.sharded(&schema).and_then(|sharded| sharded.sequence.as_ref());
        let Some(sequence) = sequence.filter(|_| self.last.row_count > 0) else { return };
        let numbers = Numbers { table, sequence, wanted: 0, highest: Some(number) };
        if let Numbering::Given { table, highest } = self.given_by_hand(&schema, &numbers).await {
            self.pass_given(table, highest).await;
        }
    }

    /// As many numbers as are wanted. Where some are, the sequence also learns of the highest number that the rows give.
    async fn take_numbers(&self, schema: &Schema, numbers: &Numbers<'_>) -> Result<Vec<u64>, ClientMessage> {
        if numbers.wanted == 0 {
            return Ok(Vec::new());
        }
        Ok(self.shared.sequences.take(&self.setup.topology, schema, numbers).await?)
    }

    /// What is leased is passed at once; the sequence itself must not move for rows that no server takes.
    async fn given_by_hand(&self, schema: &Schema, numbers: &Numbers<'_>) -> Numbering {
        let Some(highest) = numbers.highest else { return Numbering::Nothing };
        match self.shared.sequences.pass(&self.setup.topology, schema, numbers, highest).await {
            true => Numbering::Given { table: numbers.table, highest },
            false => Numbering::Nothing,
        }
    }

    /// Rows with numbers that the client gave were inserted, unless the statement failed.
    pub(super) async fn pass_given(&mut self, table: TableId, highest: u64) {
        let schema = Arc::clone(&self.schema);
        let sequence = table.sharded(&schema).and_then(|sharded| sharded.sequence.as_ref());
        let Some(sequence) = sequence.filter(|_| !self.last.failed) else { return };
        let numbers = Numbers { table, sequence, wanted: 0, highest: Some(highest) };
        if let Err(error) = self.shared.sequences.take(&self.setup.topology, &schema, &numbers).await {
            tracing::warn!(%error, "the sequence is not moved behind a number that a client gave");
        }
    }

    pub(super) async fn insert_numbered(
        &mut self,
        numbered: Numbered,
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let plan = self.plan(&numbered.text)?;
        let statement = Statement { sql: &numbered.text, more_follows };
        let route = plan.bind(&self.binding(statement.sql))?;
        self.before_statement(&plan, &route)?;
        if route == Route::Staged {
            return self.stage_numbered(&plan, &statement, Some(numbered.first)).await;
        }
        let parts = parts_of(&plan, route)?;
        if let [ShardRows { shard, .. }] = parts[..]
            && (plan.rows() == 1 || plan.returns_rows())
        {
            self.on_one(&plan, &statement, shard, Side::Primary).await?;
            self.note_number(&plan, numbered.first);
            return Ok(());
        }
        let order = |part: &ShardRows| {
            let mut text = Vec::new();
            plan.render_rows(&self.binding(statement.sql), part, &mut text);
            (part.shard, Order { command: Command::Text(text), rows: Some(own_rows(&plan, part)) })
        };
        let orders = parts.iter().map(order).collect();
        self.write_everywhere(&plan, orders, several::Numbers::From(numbered.first), more_follows).await
    }

    pub(super) async fn execute_numbered(
        &mut self,
        statement: &Prepared,
        numbered: Numbered,
        (head, body): (Execute, &[u8]),
    ) -> Result<(), ClientMessage> {
        let plan = self.plan_as_prepared(statement, &numbered.text)?;
        let (route, orders) = self.numbered_orders(&plan, statement, &numbered, body)?;
        self.before_statement(&plan, &route)?;
        if route == Route::Staged {
            return self.stage_execution(&plan, statement, &numbered, (head, body)).await;
        }
        if let [(shard, Order { command: Command::Prepared(execution), .. })] = &orders[..]
            && (plan.rows() == 1 || plan.returns_rows())
        {
            let link = self.begin_execution(&plan, execution, *shard, Side::Primary).await?;
            let kind = AnswerKind::Execute { cursor: false };
            self.relay_answer(&plan, &statement.text, link, kind, false).await?;
            self.note_number(&plan, numbered.first);
            return Ok(());
        }
        self.write_everywhere(&plan, orders, several::Numbers::From(numbered.first), false).await
    }

    /// What each shard executes of a numbered statement, which `plan` was made of last.
    fn numbered_orders(
        &self,
        plan: &Plan,
        statement: &Prepared,
        numbered: &Numbered,
        body: &[u8],
    ) -> Result<(Route, Vec<(ShardId, Order)>), ClientMessage> {
        let Numbered { text, parameters, .. } = numbered;
        let values = values_of(parameters, statement, body);
        let own = statement.binding(&self.schema, &values);
        let binding = Binding { sql: text, literals: self.shape.literals(), ..own };
        let route = plan.bind(&binding)?;
        if route == Route::Staged {
            return Ok((route, Vec::new()));
        }
        let count = parameters.len() as u16;
        let mut orders = Vec::new();
        for part in parts_of(plan, route.clone())? {
            let mut text = Vec::new();
            plan.render_rows(&binding, &part, &mut text);
            let places = plan.params_of(&part, count);
            let given = places.iter().map(|place| given(parameters[usize::from(*place)]));
            let command = Command::Prepared(statement.execution_given(text, given, body)?);
            orders.push((part.shard, Order { command, rows: Some(own_rows(plan, &part)) }));
        }
        Ok((route, orders))
    }

    /// Stages a numbered statement, which `plan` was made of last.
    async fn stage_execution(
        &mut self,
        plan: &Plan,
        statement: &Prepared,
        Numbered { text, parameters, first }: &Numbered,
        (head, body): (Execute, &[u8]),
    ) -> Result<(), ClientMessage> {
        let values = values_of(parameters, statement, body);
        let own = statement.binding(&self.schema, &values);
        let binding = Binding { sql: text, literals: self.shape.literals(), ..own };
        plan.check_staged(&binding)?;
        let staging = plan.staging(&binding, &self.scratch_shards());
        let staging = staging.ok_or_else(|| ClientMessage::unsupported("this write over several shards"))?;
        let execution = |places: &[u16]| {
            let given = places.iter().map(|place| given(parameters[usize::from(*place)]));
            statement.execution_given(Vec::new(), given, body)
        };
        let all = match &staging.gathering.params {
            Some(places) => execution(places)?,
            None => execution(&(0..parameters.len() as u16).collect::<Vec<_>>())?,
        };
        let tail = match &staging.kind {
            StageKind::Insert(how) if how.params.0 < how.params.1 => {
                Some(execution(&(how.params.0..how.params.1).collect::<Vec<_>>())?)
            }
            StageKind::Insert(_) | StageKind::Update { .. } | StageKind::Delete => None,
        };
        let last = Last::Prepared(all, AnswerKind::Execute { cursor: head.wants_cursor() });
        let (timestamp, first_number) = (self.time_of(plan), Some(*first));
        let order = StagedOrder { plan, staging, last, tail, more_follows: false, timestamp, first_number };
        Box::pin(self.write_staged(order)).await
    }

    /// Rows were inserted, the first with this number, if any were.
    fn note_number(&mut self, plan: &Plan, number: u64) {
        if !self.last.failed && (self.last.row_count == 1 || plan.returns_rows()) {
            self.last.insert_id = number;
        }
    }
}

/// The rows of each shard.
fn parts_of(plan: &Plan, route: Route) -> Result<Vec<ShardRows>, ClientMessage> {
    match route {
        Route::One(shard) => Ok(vec![ShardRows { shard, rows: (0..plan.rows() as u32).collect() }]),
        Route::Split(parts) => Ok(parts),
        _ => Err(ClientMessage::unsupported("an INSERT of rows that a sequence numbers")),
    }
}

/// What each parameter of the numbered statement is.
fn values_of<'v>(parameters: &[Parameter], statement: &'v Prepared, body: &'v [u8]) -> Vec<Value<'v>> {
    let value = |parameter: &Parameter| match *parameter {
        Parameter::Own(index) => statement.value(index, body),
        Parameter::Number(number) => Value::UInt(number),
    };
    parameters.iter().map(value).collect()
}

fn given(parameter: Parameter) -> Given {
    match parameter {
        Parameter::Own(index) => Given::Own(index),
        Parameter::Number(number) => Given::Number(number),
    }
}
