//! Reads whose rows come from several shards and are merged.

use std::sync::Arc;

use mysql_common::constants::{ColumnFlags, ColumnType};

use super::error::ClientMessage;
use super::gathered::Last;
use super::query::Statement;
use super::session::Session;
use super::several::Sent;
use crate::exec::conditions::Condition;
use crate::exec::failure::Failure;
use crate::exec::gather::is_of_values;
use crate::exec::links::{Link, Side};
use crate::exec::merged::{self, Job, Outcome};
use crate::exec::prepared;
use crate::exec::scatter::Status;
use crate::exec::write::{Command, Order};
use crate::merge::{Cuts, Limit, Reach};
use crate::plan::merged::{Counting, Instead, MergePlan};
use crate::plan::regroup::Resort;
use crate::plan::{Binding, Plan, Renames};
use crate::sharding::{ShardId, ShardSet};
use crate::wire::column::ColumnDefinition;
use crate::wire::error_code::{ErrorCode, OUT_OF_SORTMEMORY, TOO_BIG_SELECT};
use crate::wire::walker::{AnswerKind, Summary};

/// What is to be sent to the shards, and what to make of their rows.
pub(super) struct Request<'p> {
    pub(super) merge: &'p MergePlan,
    pub(super) orders: Vec<(ShardId, Order)>,
    pub(super) limit: Limit,
    /// The client's own text, as the first shard would get it alone.
    pub(super) own: Vec<u8>,
    pub(super) kind: AnswerKind,
}

/// ER_CUT_VALUE_GROUP_CONCAT
const CUT: &str = "1260";

/// Whether merging has answered.
pub(super) enum Merging {
    Answered,
    /// It cannot be merged, for this reason, and the client was sent nothing.
    Unsuitable(String),
}

/// Whether an error is one that the text itself causes (names, grouping, collations): the alterations may be what is
/// wrong, or what is named.
pub(super) fn is_of_text(code: ErrorCode) -> bool {
    const CODES: &[u16] = &[1052, 1054, 1055, 1056, 1060, 1064, 1140, 1247, 1267, 1270, 1271, 3065];
    CODES.contains(&code.number)
}

/// A definition as MySQL (9.7) has it of a column of a temporary table, which has a name of its own there: its texts are BLOBs
/// of one kind, and none is unsigned, as x'00' is, and its numbers are not called binary.
fn as_of_table(definition: &[u8]) -> Vec<u8> {
    const KINDS: [ColumnType; 3] =
        [ColumnType::MYSQL_TYPE_TINY_BLOB, ColumnType::MYSQL_TYPE_MEDIUM_BLOB, ColumnType::MYSQL_TYPE_LONG_BLOB];
    const CHARS: [ColumnType; 2] = [ColumnType::MYSQL_TYPE_VAR_STRING, ColumnType::MYSQL_TYPE_STRING];
    const NUMBERS: [ColumnType; 8] = [
        ColumnType::MYSQL_TYPE_TINY,
        ColumnType::MYSQL_TYPE_SHORT,
        ColumnType::MYSQL_TYPE_INT24,
        ColumnType::MYSQL_TYPE_LONG,
        ColumnType::MYSQL_TYPE_LONGLONG,
        ColumnType::MYSQL_TYPE_FLOAT,
        ColumnType::MYSQL_TYPE_DOUBLE,
        ColumnType::MYSQL_TYPE_NEWDECIMAL,
    ];
    let Ok(mut found) = ColumnDefinition::parse(definition) else { return definition.to_vec() };
    let is_in = |kinds: &[ColumnType]| kinds.iter().any(|kind| *kind as u8 == found.column_type);
    let is_blob = is_in(&KINDS);
    if is_blob || is_in(&CHARS) {
        found.flags.remove(ColumnFlags::UNSIGNED_FLAG);
    }
    if is_blob {
        (found.column_type, found.decimals) = (ColumnType::MYSQL_TYPE_BLOB as u8, 0);
        found.flags.insert(ColumnFlags::BLOB_FLAG);
    } else if is_in(&NUMBERS) {
        found.flags.remove(ColumnFlags::BINARY_FLAG);
    } else if is_in(&CHARS) {
        found.decimals = 0;
    }
    found.org_name = found.name;
    let mut out = Vec::new();
    found.write(&mut out);
    out
}

impl Session {
    /// The statement as text.
    pub(super) async fn merge_text(
        &mut self,
        plan: &Arc<Plan>,
        statement: &Statement<'_>,
        shards: &ShardSet,
        side: Side,
    ) -> Result<(), ClientMessage> {
        let request = self.merged_texts(plan, statement, shards)?;
        match self.merge(plan, request, side, statement.more_follows).await? {
            Merging::Answered => Ok(()),
            Merging::Unsuitable(_) if plan.regroup().is_some() => self.regroup_text(plan, statement, shards).await,
            Merging::Unsuitable(feature) => {
                let plan = self.plan_to_gather(plan, statement.sql, &feature)?;
                self.gather_text(&plan, statement).await
            }
        }
    }

    /// Brings rows or groups together on one server (those of `shards`, where they are known), and merges where that needs
    /// more than there is room for.
    pub(super) async fn collect_or_merge(
        &mut self,
        plan: &Arc<Plan>,
        statement: &Statement<'_>,
        shards: Option<&ShardSet>,
        side: Side,
    ) -> Result<(), ClientMessage> {
        let done = match shards {
            Some(shards) => self.regroup_text(plan, statement, shards).await,
            None => self.gather_text(plan, statement).await,
        };
        let over = match done {
            Err(message) if message.code.number == TOO_BIG_SELECT.number => message,
            done => return done,
        };
        let Some((instead, shards)) = plan.instead(&self.binding(statement.sql)) else { return Err(over) };
        let answered = match instead {
            Instead::Regroup => self.regroup_shards(plan, statement, &shards, Resort::Last).await?,
            Instead::Merge => {
                let request = self.merged_texts(plan, statement, &shards)?;
                matches!(self.merge(plan, request, side, statement.more_follows).await?, Merging::Answered)
            }
        };
        if answered { Ok(()) } else { Err(over) }
    }

    /// What each shard is asked whose rows are merged.
    fn merged_texts<'p>(
        &self,
        plan: &'p Plan,
        statement: &Statement<'_>,
        shards: &ShardSet,
    ) -> Result<Request<'p>, ClientMessage> {
        let Some(merge) = plan.merge() else { return Err(ClientMessage::unsupported("merging this")) };
        let binding = self.binding(statement.sql);
        let order = |(shard, text): (ShardId, Vec<u8>)| (shard, Order { command: Command::Text(text), rows: None });
        let orders = plan.render_merged(merge, &binding, shards).into_iter().map(order).collect();
        let limit = self.limit_of(merge, &binding);
        let mut request = Request { merge, orders, limit, own: statement.sql.to_vec(), kind: AnswerKind::Query };
        if let Some(first) = shards.first() {
            plan.render_own(&binding, first, &mut request.own);
        }
        Ok(request)
    }

    /// Sends each shard its order, and the client the merged rows. Whatever turns out not to be mergeable does so before
    /// the client was sent anything.
    pub(super) async fn merge(
        &mut self,
        plan: &Plan,
        request: Request<'_>,
        side: Side,
        more_follows: bool,
    ) -> Result<Merging, ClientMessage> {
        let Request { merge, orders, limit, own, kind } = request;
        let mut links = self.links_for(plan, &orders, side).await?;
        let described = match merge.is_described {
            true => match self.described_by_first(&mut links, plan, &own).await {
                Ok(Some(mut described)) => {
                    if merge.is_of_table && !self.mode.mariadb {
                        described.iter_mut().for_each(|definition| *definition = as_of_table(definition));
                    }
                    Some(described)
                }
                Ok(None) => {
                    self.keep_usable(links);
                    return Ok(Merging::Unsuitable("a statement that servers do not prepare".to_owned()));
                }
                Err(message) => {
                    self.keep_usable(links);
                    return Err(message);
                }
            },
            false => None,
        };
        let sent = self.send_on(plan, links, &orders).await;
        let is_prepared = matches!(kind, AnswerKind::Execute { .. });
        let Sent { mut links, ahead } = match sent {
            Ok(sent) => sent,
            // A server has prepared the client's own text before: it is the altered one that is wrong.
            Err(message) if is_prepared && is_of_text(message.code) => {
                return Ok(Merging::Unsuitable(format!("this over several shards ({})", message.text)));
            }
            Err(message) => return Err(message),
        };
        let counts_by_shards = merge.counting() == Counting::ByShards;
        let first = links.first().map(|link| link.shard).unwrap_or(ShardId(0));
        let (result, seq) = {
            let job = Job {
                plan: merge,
                described: described.as_deref(),
                limit,
                memory: self.setup.options.merge_memory,
                reach: self.reach(),
                kind,
                renames: Renames {
                    definitions: plan.described.as_deref().unwrap_or_default(),
                    ..plan.renames(&self.schema, first)
                },
                status: Status {
                    asks_warnings: !(counts_by_shards && self.mode.mariadb),
                    ..self.status_of_shards(plan)
                },
                reads_all: counts_by_shards,
            };
            let mut sink = self.client.sink(&self.interrupt, more_follows);
            let result = merged::merge(&mut sink, &mut links, ahead, &job).await;
            (result, sink.seq)
        };
        self.client.seq = seq;
        match result {
            Ok(Outcome::Merged { summaries, found_rows, cuts }) => {
                self.merged(links, summaries, (!counts_by_shards).then_some(found_rows)).await;
                self.tell_cuts(&cuts);
                Ok(Merging::Answered)
            }
            Ok(Outcome::Unsuitable(feature)) => {
                self.keep_usable(links);
                Ok(Merging::Unsuitable(feature))
            }
            Ok(Outcome::Refused { code, message }) if is_of_text(code) => {
                self.judged(links, &own, ClientMessage::new(code, message)).await
            }
            // A text that is not the client's has words that the client does not know.
            Ok(Outcome::Refused { code, .. }) if merge.is_described && is_of_values(code) => {
                self.keep_usable(links);
                Ok(Merging::Unsuitable("values that a server refuses".to_owned()))
            }
            // MySQL sorts no row that is longer than its sort_buffer_size, and need not where it does not sort for the merge.
            Ok(Outcome::Refused { code, .. }) if code.number == OUT_OF_SORTMEMORY.number => {
                self.keep_usable(links);
                Ok(Merging::Unsuitable("rows that a server has no memory to sort".to_owned()))
            }
            Ok(Outcome::Refused { code, message }) => {
                Err(self.read_failed(links, Failure::Server { code, message }).await)
            }
            Err(failure) => Err(self.read_failed(links, failure).await),
        }
    }

    /// What the first shard's server says of the columns of the client's own text.
    async fn described_by_first(
        &mut self,
        links: &mut [Link],
        plan: &Plan,
        own: &[u8],
    ) -> Result<Option<Vec<Vec<u8>>>, ClientMessage> {
        match links.first_mut() {
            Some(link) => self.described_by(link, plan, own, &Last::Text).await,
            None => Ok(None),
        }
    }

    /// A server did not accept the altered text. What it says of the client's own text is what the client is told.
    async fn judged(
        &mut self,
        mut links: Vec<Link>,
        own: &[u8],
        altered: ClientMessage,
    ) -> Result<Merging, ClientMessage> {
        let Some(link) = links.first_mut().filter(|link| link.lease.is_usable()) else {
            self.keep_usable(links);
            return Err(altered);
        };
        let shard = link.shard;
        let asked = prepared::prepare(&mut link.lease, own, &self.interrupt).await;
        self.keep_usable(links);
        match asked {
            Ok(answer) => match answer.error() {
                Some(error) => {
                    let message = ClientMessage::from(error);
                    Err(self.in_logical_names(message, Some(shard)))
                }
                None => Ok(Merging::Unsuitable(format!("this over several shards ({})", altered.text))),
            },
            Err(failure) => Err(self.failed(failure, None).await),
        }
    }

    /// The warnings of texts that were cut are those of the merge, and not of the shards' parts.
    fn tell_cuts(&mut self, cuts: &Cuts) {
        if cuts.count == 0 && cuts.parts == 0 {
            return;
        }
        let others = self.diagnostics.conditions(false).filter(|condition| condition.code != CUT).cloned();
        let mut all: Vec<Condition> = others.collect();
        all.extend(cuts.elements.iter().map(|element| Condition {
            level: "Warning".to_owned(),
            code: CUT.to_owned(),
            message: format!("Row {element} was cut by GROUP_CONCAT()"),
        }));
        let more = cuts.count - cuts.elements.len() as u64;
        self.diagnostics.set(all);
        self.diagnostics.warning_count += more;
    }

    /// The rows that a statement wants: so many as its LIMIT says, or else the session.
    pub(super) fn limit_of(&self, merge: &MergePlan, binding: &Binding<'_>) -> Limit {
        match self.rows_limit().filter(|_| !merge.has_limit()) {
            Some(count) => Limit { offset: 0, count },
            None => merge.limit(binding).unwrap_or(Limit::NONE),
        }
    }

    /// How much of a text the servers sort by under the session's settings.
    fn reach(&self) -> Reach {
        let own = self.settings.get("max_sort_length").and_then(|value| value.trim_matches('\'').parse().ok());
        let length = own.unwrap_or_else(|| self.shared.default_sort_length());
        if self.mode.mariadb { Reach::MariaDb(length) } else { Reach::MySql(length) }
    }

    /// `sql_select_limit`, where it is one.
    pub(super) fn rows_limit(&self) -> Option<u64> {
        let limit = self.settings.get("sql_select_limit")?.trim_matches('\'').parse().ok()?;
        Some(limit).filter(|limit| *limit < u64::MAX)
    }

    /// The client has its rows. `found_rows`: of all shards; `None` if each knows its own.
    async fn merged(&mut self, links: Vec<Link>, summaries: Vec<Option<Summary>>, found_rows: Option<u64>) {
        self.last.row_count = -1;
        self.txn.take_next();
        self.last.found_rows = found_rows.unwrap_or_default();
        self.diagnostics.clear();
        let (mut read, mut ends) = (Vec::new(), Vec::new());
        for (link, summary) in links.into_iter().zip(summaries) {
            match summary {
                Some(summary) => {
                    read.push(link);
                    ends.push(summary);
                }
                None => self.keep_usable(vec![link]),
            }
        }
        let has_warnings = ends.iter().any(|end| end.warnings > 0);
        if found_rows.is_none() {
            if let Err(message) = self.ask_all_what_is_forgotten(&mut read, has_warnings).await {
                self.lose_track(&message);
                return;
            }
        } else if has_warnings && let Err(message) = self.gather_diagnostics(&mut read).await {
            self.lose_track(&message);
            return;
        }
        for (link, end) in read.into_iter().zip(ends) {
            self.links.settle(link, end.status.unwrap_or_default(), &mut self.txn);
        }
    }
}
