//! EXPLAIN of statements that several shards answer, EXPLAIN ROUTE, and EXPLAIN ANALYZE ROUTE.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use super::error::ClientMessage;
use super::query::Statement;
use super::response::{self, LocalColumn};
use super::session::Session;
use crate::backend::connection::Watch;
use crate::backend::transport::Transport;
use crate::exec::links::{Link, Side};
use crate::exec::measured::{self, Measured};
use crate::exec::sink::Cursor;
use crate::plan::{Plan, StatementKind, explain};
use crate::sharding::{ReplicaSetId, ShardId};
use crate::sql::parse;
use crate::wire::error_code as codes;
use crate::wire::packet;
use crate::wire::response::OkPacket;
use crate::wire::walker::{AnswerKind, ResultWalker};

/// What EXPLAIN ROUTE tells of each step.
const STEP: [&str; 7] = ["step", "tier", "shard", "replica_set", "schema", "sql", "merge"];
/// What EXPLAIN ANALYZE ROUTE tells beside it.
const MEASURED: [&str; 4] = ["rows", "bytes", "first_row_ms", "total_ms"];

/// A statement that is run for what moving its rows costs.
#[derive(Debug)]
pub(super) struct Measuring {
    begun: Instant,
    /// Of each step that moves rows into temporary tables, in order.
    moved: Vec<Measured>,
    /// When the statement over them was sent.
    sent_last: Option<Duration>,
}

impl Measuring {
    pub(super) fn new() -> Measuring {
        Measuring { begun: Instant::now(), moved: Vec::new(), sent_last: None }
    }

    pub(super) fn took(&mut self, step: Measured) {
        self.moved.push(step);
    }

    pub(super) fn steps(&self) -> usize {
        self.moved.len()
    }

    /// Forgets steps that are done anew.
    pub(super) fn back_to(&mut self, steps: usize) {
        self.moved.truncate(steps);
    }

    pub(super) fn sends_last(&mut self) {
        self.sent_last = Some(self.begun.elapsed());
    }

    /// What the statement over the temporary tables took of the whole.
    fn last_of(&self, whole: Measured) -> Option<Measured> {
        let sent = self.sent_last?;
        let [first, total] = [whole.first, whole.total].map(|time| time.saturating_sub(sent));
        Some(Measured { first, total, ..whole })
    }
}

impl Session {
    /// EXPLAIN ROUTE; with `analyze` also what each step costs when it is run.
    pub(super) async fn explain_route(
        &mut self,
        sql: &[u8],
        analyze: bool,
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let plan = self.plan_or_probe(sql).await?;
        self.check_access(&plan)?;
        if let Some(numbered) = self.numbered_for_show(&plan, sql).await {
            return Box::pin(self.explain_route(&numbered, analyze, more_follows)).await;
        }
        let steps = match self.shipped_steps(&plan, sql).await? {
            Some(steps) => steps,
            None if self.condenses(&plan, sql).await? => explain::condensed_steps(&plan, &self.binding(sql)),
            None => explain::steps(&plan, &self.binding(sql))?,
        };
        let names = STEP.iter().chain(MEASURED.iter().filter(|_| analyze));
        let columns: Vec<_> = names.map(|name| LocalColumn::text(name, 1024)).collect();
        let mut cells: Vec<_> = steps.iter().map(|step| self.explained(step)).collect();
        if analyze {
            self.analyze(&plan, sql, &steps, &mut cells).await?;
        }
        self.send_table(&columns, &cells, more_follows).await
    }

    fn explained(&self, step: &explain::Step) -> Vec<Option<String>> {
        let set = step.replica_set.map(|set| &self.setup.topology.set(ReplicaSetId(set)).options.name);
        let or_null = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        vec![
            Some(step.step.to_string()),
            Some(step.tier.to_owned()),
            or_null(&step.shard),
            set.cloned(),
            or_null(&step.schema),
            Some(String::from_utf8_lossy(&step.sql).into_owned()),
            or_null(step.merge),
        ]
    }

    /// Runs a statement whose rows are moved as a whole, and counts what it moves. Of any other the steps are run one after the
    /// other, so that their times are their own, and then, if there are several, the whole. Its rows go nowhere; its line is the
    /// last.
    async fn analyze(
        &mut self,
        plan: &Plan,
        sql: &[u8],
        steps: &[explain::Step],
        cells: &mut Vec<Vec<Option<String>>>,
    ) -> Result<(), ClientMessage> {
        if !matches!(plan.kind, StatementKind::Read | StatementKind::Show) {
            return Err(ClientMessage::unsupported("EXPLAIN ANALYZE ROUTE of a statement that writes or locks"));
        }
        if plan.facts.named_locks {
            return Err(ClientMessage::unsupported(
                "EXPLAIN ANALYZE ROUTE of a statement that takes or releases locks",
            ));
        }
        let whole = match steps.iter().any(|step| step.follows_others) {
            true => self.measure_moved(sql, steps, cells).await?,
            false => self.measure_steps(plan, sql, steps, cells).await?,
        };
        let mut line = vec![Some((steps.len() + 1).to_string()), Some("answer".to_owned())];
        line.resize(STEP.len(), None);
        line[5] = Some(String::from_utf8_lossy(sql).into_owned());
        line.extend(shown(Some(whole)));
        cells.push(line);
        Ok(())
    }

    async fn measure_moved(
        &mut self,
        sql: &[u8],
        steps: &[explain::Step],
        cells: &mut [Vec<Option<String>>],
    ) -> Result<Measured, ClientMessage> {
        self.measuring = Some(Measuring::new());
        let whole = self.measure_whole(sql).await;
        let measuring = self.measuring.take();
        let whole = whole?;
        let followers = steps.iter().filter(|step| step.follows_others).count();
        let last = measuring.as_ref().and_then(|measuring| measuring.last_of(whole)).filter(|_| followers == 1);
        let mut moved = measuring.map_or(Vec::new(), |measuring| measuring.moved).into_iter();
        for (step, line) in steps.iter().zip(cells.iter_mut()) {
            line.extend(shown(if step.follows_others { last } else { moved.next() }));
        }
        Ok(whole)
    }

    async fn measure_steps(
        &mut self,
        plan: &Plan,
        sql: &[u8],
        steps: &[explain::Step],
        cells: &mut [Vec<Option<String>>],
    ) -> Result<Measured, ClientMessage> {
        let mut only = None;
        for (step, line) in steps.iter().zip(cells.iter_mut()) {
            let measured = match self.shard_of(step) {
                Some(shard) => Some(self.measure(plan, shard, &step.sql).await?),
                None => None,
            };
            only = measured.filter(|_| steps.len() == 1);
            line.extend(shown(measured));
        }
        match only {
            Some(whole) => Ok(whole),
            None => self.measure_whole(sql).await,
        }
    }

    /// The shard that runs the step by itself.
    fn shard_of(&self, step: &explain::Step) -> Option<ShardId> {
        if step.follows_others { None } else { self.schema.shard_named(&step.shard) }
    }

    /// Runs a text on a shard, and reads its rows for nothing.
    async fn measure(&mut self, plan: &Plan, shard: ShardId, text: &[u8]) -> Result<Measured, ClientMessage> {
        let mut link = self.obtain_for(plan, shard).await?;
        let mut watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
        let measured = measured::run(&mut link.lease, text, &mut watch).await;
        if link.lease.is_usable() {
            self.links.put(link);
        } else {
            crate::exec::cancel::abandon(link);
        }
        match measured {
            Ok(measured) => Ok(measured),
            Err(failure) => Err(self.failed(failure, Some(shard)).await),
        }
    }

    async fn obtain_for(&mut self, plan: &Plan, shard: ShardId) -> Result<Link, ClientMessage> {
        let side: Side = self.side(plan);
        let mut link = self.obtain(shard, side).await?;
        self.before_sending(plan, &mut link).await?;
        Ok(link)
    }

    /// Runs the whole statement as it would be run, with a reader that counts in the place of the client.
    async fn measure_whole(&mut self, sql: &[u8]) -> Result<Measured, ClientMessage> {
        let begun = Instant::now();
        let plan = self.plan_or_probe(sql).await?;
        let measured = self.answer_aside(&plan, sql, move |reader, walker| count(reader, walker, begun)).await?;
        if self.last.failed {
            let condition = self.diagnostics.conditions(true).next();
            let text = condition.map_or("the statement failed".to_owned(), |condition| condition.message.clone());
            return Err(ClientMessage::new(codes::UNKNOWN_ERROR, text));
        }
        Ok(measured)
    }

    /// Runs a statement whose answer `read` gets in the place of the client, as it would get it, and to its end. The answer may
    /// end with an error (`Last::failed`).
    pub(super) async fn answer_aside<R, T>(
        &mut self,
        plan: &Arc<Plan>,
        sql: &[u8],
        read: impl FnOnce(UnixStream, ResultWalker) -> R,
    ) -> Result<T, ClientMessage>
    where
        R: Future<Output = T> + Send + 'static,
        T: Default + Send + 'static,
    {
        let broken = |error: std::io::Error| ClientMessage::new(codes::NET_ERROR_ON_WRITE, error.to_string());
        let (inner, reader) = UnixStream::pair().map_err(broken)?;
        let walker = ResultWalker::new(AnswerKind::Query, self.class.deprecate_eof()).starting_at(self.client.seq);
        let reading = tokio::spawn(read(reader, walker));
        let (client, seq) = (self.client.replace_transport(Transport::Unix(inner)), self.client.seq);
        let cursor = self.client.replace_cursor(Cursor::Unwanted);
        let statement = Statement { sql, more_follows: false };
        self.last.failed = false;
        let done = Box::pin(self.run(plan, &statement)).await;
        // The reader sees the end.
        drop(self.client.replace_transport(client));
        self.client.replace_cursor(cursor);
        self.client.seq = seq;
        self.client.begin_statement(false);
        done?;
        Ok(reading.await.unwrap_or_default())
    }

    /// EXPLAIN of a statement that several shards answer: what each server says of its part, with the shard's name in
    /// front.
    pub(super) async fn explain_everywhere(&mut self, statement: &Statement<'_>) -> Result<(), ClientMessage> {
        let refused = || ClientMessage::unsupported("EXPLAIN of this over several shards");
        let at = parse::explained_at(statement.sql, self.mode).ok_or_else(refused)?;
        let (words, inner) = statement.sql.split_at(at);
        let plan = self.plan_or_probe(inner).await?;
        let steps = explain::steps(&plan, &self.binding(inner))?;
        let mut definitions: Vec<Vec<u8>> = Vec::new();
        let mut rows = Vec::new();
        for step in &steps {
            let Some(shard) = self.shard_of(step) else { continue };
            let mut link = self.obtain_for(&plan, shard).await?;
            let answer = link.lease.query(&[words, step.sql.as_slice()].concat(), &self.interrupt).await?;
            self.links.put(link);
            if let Some(error) = answer.error() {
                let message = ClientMessage::from(error);
                return Err(self.in_logical_names(message, Some(shard)));
            }
            if definitions.is_empty() {
                let name = self.as_servers_describe(&LocalColumn::text("shard", 64));
                definitions.push(name.definition());
                definitions.extend(answer.definitions().map(<[u8]>::to_vec));
            }
            let renames = plan.renames(&self.schema, shard);
            for row in answer.table().1 {
                let renamed = |cell: &[u8]| renames.sql(cell).unwrap_or_else(|| cell.to_vec());
                let cells = crate::wire::text::cells(row).map(|cell| cell.ok().flatten().map(renamed));
                rows.push(std::iter::once(Some(step.shard.clone().into_bytes())).chain(cells).collect());
            }
        }
        self.last.row_count = -1;
        self.last.found_rows = rows.len() as u64;
        self.diagnostics.clear();
        let mut end = OkPacket { status: self.status(), ..OkPacket::default() };
        end.status.set(crate::wire::StatusFlags::SERVER_MORE_RESULTS_EXISTS, statement.more_follows);
        let mut out = Vec::new();
        let form = self.form();
        response::collected(&mut out, &mut self.client.seq, &definitions, &rows, &end, form);
        self.send(&out).await
    }
}

/// The cells of what was measured; none where nothing was.
fn shown(measured: Option<Measured>) -> [Option<String>; 4] {
    let ms = |time: Duration| format!("{:.3}", time.as_secs_f64() * 1000.0);
    let Some(Measured { rows, bytes, first, total }) = measured else { return Default::default() };
    [Some(rows.to_string()), Some(bytes.to_string()), Some(ms(first)), Some(ms(total))]
}

/// Reads to the end of the stream, and counts what comes.
async fn count(mut reader: UnixStream, mut walker: ResultWalker, begun: Instant) -> Measured {
    let mut measured = Measured::default();
    let mut unread = Vec::with_capacity(64 * 1024);
    while let Ok(1..) = reader.read_buf(&mut unread).await {
        if measured.bytes == 0 {
            measured.first = begun.elapsed();
        }
        let mut at = 0;
        while let Some(packet) = walker.next_packet(&unread[at..]).ok().flatten() {
            at += packet::HEADER_LEN + packet.payload.len();
        }
        measured.bytes += at as u64;
        unread.drain(..at);
    }
    measured.rows = walker.summary().rows;
    measured.total = begun.elapsed();
    measured
}
