//! Executions of prepared statements: their parameters in the text and payload that a shard, or the server that has all
//! rows, gets; and those that no shard can answer by itself, whose rows are merged, moved or staged.

use std::sync::Arc;

use super::error::ClientMessage;
use super::gathered::{CHANGES, Last, Order as GatherOrder};
use super::merging::{Merging, Request};
use super::prepared::Prepared;
use super::regrouped::Order as RegroupOrder;
use super::session::{Current, Session};
use super::shipped::Candidate;
use super::staged::Order as StagedOrder;
use crate::exec::prepared::Execution;
use crate::exec::write::{Command as WriteCommand, Order};
use crate::plan::gather::Gathering;
use crate::plan::merged::Instead;
use crate::plan::regroup::{Regrouping, Resort};
use crate::plan::shipped::Shipped;
use crate::plan::staged::StageKind;
use crate::plan::{Binding, Plan, PlanError, Route};
use crate::sharding::{Schema, ShardId, ShardSet};
use crate::sql::{Shape, parameter};
use crate::value::Value;
use crate::wire::command::{Execute, Given};
use crate::wire::error_code as codes;
use crate::wire::walker::AnswerKind;

impl Prepared {
    pub(super) fn binding<'a>(&'a self, schema: &'a Schema, params: &'a [Value<'a>]) -> Binding<'a> {
        Binding { schema, sql: &self.text, literals: &self.literals, params, mode: self.mode }
    }

    pub(super) fn route(&self, schema: &Schema, body: &[u8]) -> Result<Route, PlanError> {
        let values = self.values(body);
        self.plan.bind(&self.binding(schema, &values))
    }

    pub(super) fn value<'b>(&'b self, index: u16, body: &'b [u8]) -> Value<'b> {
        match self.long_data.get(&index) {
            // Text or BLOB: the type that the client names with it is one of those.
            Some(data) => Value::Text { bytes: data.as_slice().into(), charset: self.mode.charset },
            None => self.arguments.value(index, body, self.mode.charset),
        }
    }

    /// Those of an execution.
    pub(super) fn values<'b>(&'b self, body: &'b [u8]) -> Vec<Value<'b>> {
        (0..self.params).map(|index| self.value(index, body)).collect()
    }

    /// What the shards are asked for groups, with the parameters' values in it. `None`: they cannot be written.
    fn regrouping(&self, schema: &Schema, shards: &ShardSet, body: &[u8]) -> Option<Regrouping> {
        let values = self.values(body);
        let binding = self.binding(schema, &values);
        let mut regrouping = self.plan.regrouping(&binding, shards)?;
        for (shard, text) in &mut regrouping.groups {
            let params = self.plan.params_of_share(&binding, *shard, &regrouping.fetch_params);
            let of_text = params.iter().map(|param| self.value(*param, body));
            *text = parameter::filled_in(text, self.mode, of_text)?;
        }
        Some(regrouping)
    }

    /// The execution of a text that has these of the statement's parameters.
    pub(super) fn execution_of(&self, text: Vec<u8>, params: &[u16], body: &[u8]) -> Result<Execution, ClientMessage> {
        self.execution_given(text, params.iter().map(|param| Given::Own(*param)), body)
    }

    /// The same where some of them are not the client's.
    pub(super) fn execution_given(
        &self,
        text: Vec<u8>,
        given: impl ExactSizeIterator<Item = Given> + Clone,
        body: &[u8],
    ) -> Result<Execution, ClientMessage> {
        let mut payload = Vec::new();
        self.arguments.write_given(body, given.clone(), 0, 0, &mut payload).map_err(super::handshake::wire_message)?;
        let long_data = |(place, given): (u16, Given)| match given {
            Given::Own(param) => Some((place, self.long_data.get(&param)?.clone())),
            Given::Number(_) => None,
        };
        let kinds = self.arguments.kinds(given.clone());
        Ok(Execution { text, kinds, payload, long_data: (0u16..).zip(given).filter_map(long_data).collect() })
    }

    /// The execution as one of several shards gets it.
    pub(super) fn share(&self, schema: &Schema, shard: ShardId, body: &[u8]) -> Result<Execution, ClientMessage> {
        let values = self.values(body);
        let mut text = Vec::new();
        // Without values: the text is prepared once, whatever they are.
        if !self.plan.render_share(&self.binding(schema, &[]), shard, &mut text) {
            text = self.text.to_vec();
        }
        let own: Vec<u16> = (0..self.params).collect();
        let params = self.plan.params_of_share(&self.binding(schema, &values), shard, &own);
        self.execution_of(text, &params, body)
    }

    /// The execution as one shard gets it.
    pub(super) fn execution(
        &self,
        schema: &Schema,
        shard: ShardId,
        body: &[u8],
        flags: u8,
    ) -> Result<Execution, ClientMessage> {
        let mut text = Vec::new();
        if !self.plan.render(&self.binding(schema, &[]), shard, &mut text) {
            text.clear();
            text.extend_from_slice(&self.text);
        }
        let mut payload = Vec::new();
        let written = self.arguments.write(body, 0..self.params, 0, flags, &mut payload);
        written.map_err(super::handshake::wire_message)?;
        let long_data = self.long_data.iter().map(|(param, data)| (*param, data.clone())).collect();
        let own = self.arguments.kinds((0..self.params).map(Given::Own));
        // With a cursor, MySQL (9.7) never again gives rows of the statement without one.
        let kinds = if flags == 0 { own } else { own.with_cursor() };
        Ok(Execution { text, kinds, payload, long_data })
    }
}

impl Session {
    /// The statement runs where its large table is, if the others can go there. Whether the client has its answer.
    pub(super) async fn ship_prepared(
        &mut self,
        statement: &mut Prepared,
        plan: &Arc<Plan>,
        head: Execute,
        body: &[u8],
    ) -> Result<bool, ClientMessage> {
        if !self.may_ship(plan) || head.wants_cursor() {
            return Ok(false);
        }
        let (schema, text) = (Arc::clone(&self.schema), Arc::clone(&statement.text));
        let shape = Shape::of(&text, statement.mode);
        let database = match &statement.current {
            Current::Logical(id) => Some(*id),
            Current::None | Current::System(_) => None,
        };
        let shipment = {
            let values = statement.values(body);
            let candidate = Candidate { plan, input: statement.binding(&schema, &values), database };
            let Some(mut shipment) = self.shipment(&candidate, &shape).await? else { return Ok(false) };
            if !self.deliver(&candidate, &mut shipment).await? {
                return Ok(false);
            }
            shipment
        };
        let Shipped { schema, plan: shipped, route, .. } = shipment.shipped;
        let before = self.use_shipped(schema);
        statement.plan = Arc::new(shipped);
        let there = Arc::clone(&statement.plan);
        let done = Box::pin(self.execute_on_route(statement, &there, route, head, body)).await;
        statement.plan = Arc::clone(plan);
        self.end_shipping(before).await;
        self.judged_shipped(done)
    }

    /// Merges where bringing rows or groups together on one server needs more than there is room for.
    pub(super) async fn or_merge_prepared(
        &mut self,
        done: Result<(), ClientMessage>,
        statement: &Prepared,
        plan: &Plan,
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        let over = match done {
            Err(message) if message.code.number == codes::TOO_BIG_SELECT.number => message,
            done => return done,
        };
        let values = statement.values(body);
        let instead = plan.instead(&statement.binding(&self.schema, &values));
        let Some((instead, shards)) = instead else { return Err(over) };
        let answered = match instead {
            Instead::Regroup => {
                let regrouping = statement.regrouping(&self.schema, &shards, body);
                let regrouping = regrouping.map(|found| Regrouping { resort: Resort::Last, ..found });
                self.regroup_execution(statement, plan, regrouping, head, body).await?
            }
            Instead::Merge => {
                let request = self.merged_execution(statement, plan, &shards, body)?;
                let side = self.side(plan);
                matches!(self.merge(plan, request, side, false).await?, Merging::Answered)
            }
        };
        if answered { Ok(()) } else { Err(over) }
    }

    /// The executions of a statement whose rows are merged.
    pub(super) fn merged_execution<'p>(
        &self,
        statement: &Prepared,
        plan: &'p Plan,
        shards: &ShardSet,
        body: &[u8],
    ) -> Result<Request<'p>, ClientMessage> {
        let values = statement.values(body);
        let binding = statement.binding(&self.schema, &values);
        let Some(merge) = plan.merge() else { return Err(ClientMessage::unsupported("merging this")) };
        let mut orders = Vec::new();
        for (shard, text) in plan.render_merged(merge, &binding, shards) {
            let params = plan.params_of_share(&binding, shard, merge.params());
            let command = WriteCommand::Prepared(statement.execution_of(text, &params, body)?);
            orders.push((shard, Order { command, rows: None }));
        }
        let mut own = statement.text.to_vec();
        if let Some(first) = shards.first() {
            plan.render_own(&binding, first, &mut own);
        }
        let limit = self.limit_of(merge, &binding);
        Ok(Request { merge, orders, limit, own, kind: AnswerKind::Execute { cursor: false } })
    }

    /// The statement runs as a prepared one over the groups of its shards, or over their rows.
    pub(super) async fn regroup_prepared(
        &mut self,
        statement: &Prepared,
        plan: &Plan,
        shards: &ShardSet,
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        let regrouping = statement.regrouping(&self.schema, shards, body);
        match self.regroup_execution(statement, plan, regrouping, head, body).await? {
            true => Ok(()),
            false => self.gather_prepared(statement, plan, head, body).await,
        }
    }

    /// The same over the groups, if it can be answered so. If not, the client was sent nothing.
    async fn regroup_execution(
        &mut self,
        statement: &Prepared,
        plan: &Plan,
        regrouping: Option<Regrouping>,
        head: Execute,
        body: &[u8],
    ) -> Result<bool, ClientMessage> {
        let kind = AnswerKind::Execute { cursor: head.wants_cursor() };
        let Some(regrouping) = regrouping else { return Ok(false) };
        let execution = statement.execution_of(Vec::new(), &regrouping.params, body)?;
        let last = Last::Prepared(execution, kind);
        let order = RegroupOrder { plan, sql: &statement.text, regrouping, last, more_follows: false };
        Box::pin(self.regroup(order)).await
    }

    /// Gathers what the shards turned out not to answer, for the reason `feature`.
    pub(super) async fn gather_unsuitable(
        &mut self,
        statement: &Prepared,
        plan: &Arc<Plan>,
        feature: &str,
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        let plan = self.as_prepared(statement, |session| session.plan_to_gather(plan, &statement.text, feature))?;
        self.gather_prepared(statement, &plan, head, body).await
    }

    /// The statement runs as a prepared one where its rows were gathered.
    pub(super) async fn gather_prepared(
        &mut self,
        statement: &Prepared,
        plan: &Plan,
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        let order = |gathering: Gathering| {
            let own: Vec<u16> = (0..statement.params).collect();
            let params = gathering.params.as_ref().unwrap_or(&own);
            let execution = statement.execution_of(Vec::new(), params, body)?;
            let last = Last::Prepared(execution, AnswerKind::Execute { cursor: head.wants_cursor() });
            Ok::<_, ClientMessage>(GatherOrder { plan, sql: &statement.text, gathering, last, more_follows: false })
        };
        let values = statement.values(body);
        let condensing = self.condensing(plan, &statement.binding(&self.schema, &values));
        if let Some((gathering, otherwise)) = condensing
            && self.is_worth_condensing(plan, &otherwise).await?
            && Box::pin(self.gather(order(gathering)?)).await?
        {
            return Ok(());
        }
        let mut left = CHANGES;
        loop {
            let gathering = self.gathering(plan, &statement.binding(&self.schema, &values));
            let gathering =
                gathering.ok_or_else(|| ClientMessage::unsupported("this statement over several shards"))?;
            let done = Box::pin(self.gather(order(gathering)?)).await;
            if !self.waits_for_change(&done, &mut left).await {
                return done.map(drop);
            }
        }
    }

    /// A write over gathered rows, which runs as a prepared statement too.
    pub(super) async fn stage_prepared(
        &mut self,
        statement: &Prepared,
        plan: &Plan,
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        let values = statement.values(body);
        let binding = statement.binding(&self.schema, &values);
        plan.check_staged(&binding)?;
        let staging = plan.staging(&binding, &self.scratch_shards());
        let staging = staging.ok_or_else(|| ClientMessage::unsupported("this write over several shards"))?;
        let params = staging.gathering.params.clone().unwrap_or_else(|| (0..statement.params).collect());
        let execution = statement.execution_of(Vec::new(), &params, body)?;
        let tail = match &staging.kind {
            StageKind::Insert(how) if how.params.0 < how.params.1 => {
                let params: Vec<u16> = (how.params.0..how.params.1).collect();
                Some(statement.execution_of(Vec::new(), &params, body)?)
            }
            StageKind::Insert(_) | StageKind::Update { .. } | StageKind::Delete => None,
        };
        let kind = AnswerKind::Execute { cursor: head.wants_cursor() };
        let last = Last::Prepared(execution, kind);
        let timestamp = self.time_of(plan);
        let order = StagedOrder { plan, staging, last, tail, more_follows: false, timestamp, first_number: None };
        Box::pin(self.write_staged(order)).await
    }
}
