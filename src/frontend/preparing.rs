//! What a server says of a statement when it prepares it: its parameters and its columns, in logical names.

use std::sync::Arc;

use super::error::ClientMessage;
use super::gathered::renames_of;
use super::session::Session;
use crate::backend::answer::Answer;
use crate::exec::failure::Failure;
use crate::exec::links::{Link, Need, Side};
use crate::exec::{prepared, relay};
use crate::plan::gather::Gathering;
use crate::plan::staged::WrittenTable;
use crate::plan::{Plan, PlanError, Renames};
use crate::sharding::{ShardId, ShardSet};
use crate::wire::command::{PrepareOk, is_definition};

/// Where a statement can be prepared.
enum Model {
    /// All its tables are there.
    Shard(ShardId),
    /// No shard has all of them: it takes empty copies, also of these tables that are written and that only the session's own
    /// connection has.
    Copies(Gathering, Vec<WrittenTable>),
}

/// A server's answer to PREPARE.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) params: u16,
    /// Payloads of its packets.
    pub(super) payloads: Vec<Vec<u8>>,
}

impl Session {
    /// Prepares where the statement's tables are.
    pub(super) async fn describe(&mut self, plan: &Plan, sql: &[u8]) -> Result<Description, ClientMessage> {
        match self.model(plan, sql)? {
            Model::Shard(shard) => self.describe_on_shard(plan, sql, shard).await,
            Model::Copies(gathering, own) => self.describe_by_copies(plan, &gathering, &own).await,
        }
    }

    /// An error if no values could give the statement a route.
    fn model(&self, plan: &Plan, sql: &[u8]) -> Result<Model, PlanError> {
        if let Some(shard) = plan.example_shard(&self.schema) {
            return Ok(Model::Shard(shard));
        }
        let binding = self.binding(sql);
        let staged = plan.staging(&binding, &ShardSet::empty());
        let (mut own, gathering) =
            staged.map_or((Vec::new(), None), |staging| (staging.targets, Some(staging.gathering)));
        let Some(gathering) = gathering.or_else(|| self.gathering(plan, &binding)) else {
            plan.bind(&binding)?;
            return Ok(Model::Shard(self.home_shard(&self.schema)));
        };
        let is_there = gathering.sources.iter().all(|source| source.copy.is_some());
        own.retain(|target| self.is_own(target));
        // What is read may be a temporary table, too: only the session's own connection knows those.
        let reads_temporary = !self.temporary_tables.is_empty()
            && (own.is_empty() || gathering.sources.iter().any(|source| self.is_temporary(&source.written)));
        Ok(match is_there || reads_temporary || self.links.has_table_locks() {
            true => Model::Shard(gathering.scratch),
            false => Model::Copies(gathering, own),
        })
    }

    async fn describe_on_shard(
        &mut self,
        plan: &Plan,
        sql: &[u8],
        shard: ShardId,
    ) -> Result<Description, ClientMessage> {
        let mut text = Vec::new();
        if !plan.render(&self.binding(sql), shard, &mut text) {
            text.clear();
            text.extend_from_slice(sql);
        }
        // To be prepared, a statement need not make its example's shard take part in the transaction; but what may only read
        // must be told so.
        let joins = self.txn.is_open() && !self.txn.has_branch(shard) && !self.txn.is_read_only();
        let is_apart = joins && !self.links.has_lasting_pins();
        let is_xa_unbound = self.txn.is_xa_unbound();
        let mut link = match is_apart {
            true => {
                let writing = self.writing_settings();
                Link::apart(&Need { settings: &writing, ..self.need().2 }, shard, Side::Primary).await?
            }
            false => self.obtain(shard, Side::Primary).await?,
        };
        if is_xa_unbound {
            self.txn.unbind_xa();
        }
        // Their types are the parameters' and columns'.
        self.bring_user_variables(&mut link, plan).await?;
        let answer = match prepared::prepare(&mut link.lease, &text, &self.interrupt).await {
            Ok(answer) => answer,
            Err(failure) => {
                drop(link);
                return Err(self.failed(failure, Some(shard)).await);
            }
        };
        self.links.put(link);
        self.described(&answer, shard, &plan.renames(&self.schema, shard))
    }

    /// As many markers as a statement of ShardGate's own has.
    pub(super) async fn describe_markers(&mut self, count: usize) -> Result<Description, ClientMessage> {
        let shard = self.home_shard(&self.schema);
        let text = format!("DO {}", vec!["?"; count].join(", "));
        let mut link = Link::apart(&self.need().2, shard, Side::Primary).await?;
        let answer = prepared::prepare(&mut link.lease, text.as_bytes(), &self.interrupt).await?;
        self.clean(link).await;
        self.described(&answer, shard, &Renames::default())
    }

    /// Over empty tables of the same types, under the names that the statement has for them when it runs.
    async fn describe_by_copies(
        &mut self,
        plan: &Plan,
        gathering: &Gathering,
        own: &[WrittenTable],
    ) -> Result<Description, ClientMessage> {
        let mut scratch = Link::apart(&self.need().2, gathering.scratch, Side::Primary).await?;
        let answer = self.prepare_over_copies(&mut scratch, gathering, own).await;
        self.clean(scratch).await;
        let mut described = self.described(&answer?, gathering.scratch, &renames_of(plan, &self.schema, gathering))?;
        if let Some(params) = &gathering.params {
            described.keep_params(params)?;
        }
        Ok(described)
    }

    async fn prepare_over_copies(
        &mut self,
        scratch: &mut Link,
        gathering: &Gathering,
        own: &[WrittenTable],
    ) -> Result<Answer, ClientMessage> {
        let loading = self.loading();
        self.adapt(scratch, &loading).await?;
        self.stay_out_of_the_log(scratch).await?;
        // A table that is written has its own name there, and is not touched where it is there.
        for source in gathering.sources.iter().filter(|source| !source.is_written || source.copy.is_none()) {
            match &source.catalog {
                Some(wanted) => self.assemble(scratch, &source.temporary, wanted).await?,
                None => drop(self.make(scratch, source, &loading).await?),
            }
        }
        for mut table in self.described_targets(scratch, own).await? {
            table.create_for_change(&mut scratch.lease, true, &self.interrupt).await?;
        }
        let session = Arc::clone(&self.settings);
        self.adapt(scratch, &session).await?;
        Ok(prepared::prepare(&mut scratch.lease, &gathering.text, &self.interrupt).await?)
    }

    /// The answer in logical names.
    fn described(&self, answer: &Answer, shard: ShardId, renames: &Renames<'_>) -> Result<Description, ClientMessage> {
        if let Some(error) = answer.error() {
            return Err(self.in_logical_names(error.into(), Some(shard)));
        }
        let mut payloads: Vec<Vec<u8>> = answer.payloads().map(<[u8]>::to_vec).collect();
        let ok = PrepareOk::parse(payloads.first().map_or(&[][..], Vec::as_slice))
            .map_err(super::handshake::wire_message)?;
        if !renames.is_empty() {
            for payload in payloads.iter_mut().filter(|payload| is_definition(payload)).skip(usize::from(ok.params)) {
                let mut renamed = Vec::new();
                relay::rename(payload, renames, &mut renamed).map_err(super::handshake::wire_message)?;
                *payload = renamed;
            }
        }
        Ok(Description { params: ok.params, payloads })
    }

    /// The server would not prepare the statement: its error is the answer, and its connection is none the worse.
    pub(super) async fn not_prepared(&mut self, failure: Failure, link: Link) -> ClientMessage {
        let shard = link.shard;
        let mut link = link;
        if self.txn.has_next() {
            // What SET TRANSACTION said waits on the connection for a transaction to begin.
            link.lease.spoil();
        }
        if matches!(failure, Failure::Server { .. }) {
            self.links.put(link);
            return self.in_logical_names(failure.into(), Some(shard));
        }
        drop(link);
        self.failed(failure, Some(shard)).await
    }
}

impl Description {
    /// Only what it says of parameters, of which it has some.
    pub(super) fn of_params(mut self) -> Result<Self, ClientMessage> {
        let first =
            self.payloads.first_mut().ok_or_else(|| ClientMessage::unsupported("an empty answer to PREPARE"))?;
        let ok = PrepareOk::parse(first).map_err(super::handshake::wire_message)?;
        first.clear();
        PrepareOk { columns: 0, ..ok }.write(first);
        let end = 1 + usize::from(ok.params);
        let has_end = self.payloads.get(end).is_some_and(|payload| !is_definition(payload));
        self.payloads.truncate(end + usize::from(has_end));
        Ok(self)
    }

    /// Where a part of the statement stands twice, so do its parameters: `params` says which is which.
    fn keep_params(&mut self, params: &[u16]) -> Result<(), ClientMessage> {
        let count = params.iter().map(|param| param + 1).max().unwrap_or(0);
        let mut at = 0;
        self.payloads.retain(|payload| {
            if !is_definition(payload) {
                return true;
            }
            at += 1;
            let Some(param) = params.get(at - 1) else { return true };
            !params[..at - 1].contains(param)
        });
        if let Some(first) = self.payloads.first_mut() {
            let ok = PrepareOk::parse(first).map_err(super::handshake::wire_message)?;
            first.clear();
            PrepareOk { params: count, ..ok }.write(first);
        }
        self.params = count;
        Ok(())
    }
}
