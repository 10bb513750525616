//! LOAD DATA LOCAL: the client's file is read as it comes, and each line goes on to the shard where its row belongs, as it
//! stands in the file. All shards load at the same time, and keep what they have loaded together or not at all.

use std::sync::Arc;

use futures_util::future::join;

use super::client::{Client, ClientError};
use super::error::ClientMessage;
use super::query::Statement;
use super::session::Session;
use crate::backend::answer::Answer;
use crate::backend::error::{Error, Reason};
use crate::backend::interrupt::Interrupt;
use crate::exec::commit;
use crate::exec::failure::Failure;
use crate::exec::feed::{self, Inlet};
use crate::exec::links::Link;
use crate::exec::row_numbers::{in_order, with_row};
use crate::exec::sink::SinkError;
use crate::exec::tally::{self, Tally, Written};
use crate::exec::write::{self as writes, Command, Failed, Manner, Order, Turns, Within};
use crate::plan::load::{LineSplit, LoadPlan};
use crate::plan::placed_lines::{Default as KeyDefault, Placer};
use crate::plan::{Plan, PlanError};
use crate::sharding::{Schema, ShardId, ShardSet, Sharded, Table};
use crate::sql::lines::{Cutter, Wanted, is_cut_by_bytes};
use crate::value::Charset;
use crate::wire::error_code as codes;
use crate::wire::packet;
use crate::wire::{CapabilityFlags, response, text};

/// Rows whose numbers in the file are kept for the warnings of their shards, of one file.
const NUMBERED_ROWS: usize = 1 << 20;

impl Session {
    /// A file for these shards.
    pub(super) async fn load_file(
        &mut self,
        plan: &Plan,
        statement: &Statement<'_>,
        shards: &ShardSet,
    ) -> Result<(), ClientMessage> {
        let Some(load) = plan.load() else { return Err(ClientMessage::unsupported("this LOAD DATA")) };
        self.check_may_load()?;
        let schema = Arc::clone(&self.schema);
        let lines = match &load.split {
            None => Lines::Whole,
            Some(split) => match self.splitter(&schema, load, split, shards).await? {
                Some(splitter) => Lines::Split(Box::new(splitter)),
                None => return self.stage_text(plan, statement).await,
            },
        };
        let bounds = self.bounds();
        let (mut inlets, mut orders) = (Vec::new(), Vec::new());
        for shard in shards.iter() {
            let mut text = plan.render_load(&self.binding(statement.sql), shard);
            if plan.facts.needs_local_values() {
                text = self.with_local_values(&text);
            }
            let (inlet, intake) = feed::feed(text, load.file.clone());
            inlets.push(inlet);
            orders.push((shard, Order { command: Command::File(intake), rows: None }));
        }
        let shares = self.shares(plan, orders, bounds).await?;
        let timestamp = self.time_of(plan);
        let (shared, setup, interrupt) =
            (Arc::clone(&self.shared), Arc::clone(&self.setup), Arc::clone(&self.interrupt));
        let context = commit::Context {
            in_flight: &shared.in_flight,
            topology: &setup.topology,
            schema: &schema,
            interrupt: &interrupt,
        };
        let feeder = Feeder { client: &mut self.client, interrupt: &interrupt, inlets, lines, name: &load.file };
        let how = Manner { turns: Turns::AtOnce, timestamp: timestamp.as_deref(), first_numbers: false };
        let writing = writes::write(shares, how, bounds, &context);
        let (lines, (links, done)) = join(feeder.run(), writing).await;
        let (mut links, mut written) = self.written(links, lines.renumber_error(done, shards, &schema), bounds).await?;
        let last = lines.renumber(&mut written, shards, &schema);
        if !plan.facts.writes_user_vars.is_empty() {
            links.iter_mut().for_each(|link| link.lease.has_user_variables_of(self.variables_id));
        }
        // The rows are written: a server that is lost now must not make an error of that. The fields of the last line are what its
        // variables hold.
        let found = last.and_then(|last| links.iter().position(|link| link.shard == last));
        if let Some(link) = links.get_mut(found.unwrap_or_default()) {
            let _ = self.read_user_variables(link, &plan.facts.writes_user_vars).await;
        }
        for link in &mut links {
            let asked = self.ask_number(link, "SELECT LAST_INSERT_ID()").await.ok().flatten();
            if let Some(new) = asked.filter(|number| *number != self.last.insert_id) {
                self.last.insert_id = new;
                break;
            }
        }
        let tally = if plan.writes_copies { Tally::Same } else { Tally::Sum };
        let total = in_order(tally::total(&written, tally), &written, None);
        self.tell_written(links, total, None, statement.more_follows).await
    }

    /// A client that has not said that it can send files must not be asked for one.
    pub(super) fn check_may_load(&self) -> Result<(), ClientMessage> {
        if self.capabilities.contains(CapabilityFlags::CLIENT_LOCAL_FILES) {
            return Ok(());
        }
        Err(match self.mode.mariadb {
            true => ClientMessage::new(
                codes::NOT_ALLOWED_COMMAND,
                "The used command is not allowed because the MariaDB server or client has disabled the local infile capability",
            ),
            false => ClientMessage::new(
                codes::CLIENT_LOCAL_FILES_DISABLED,
                "Loading local data is disabled; this must be enabled on both the client and server sides",
            ),
        })
    }

    /// What finds the shards of lines; `None`: only a server can tell where lines of this file end.
    async fn splitter<'s>(
        &mut self,
        schema: &'s Schema,
        load: &LoadPlan,
        split: &LineSplit,
        shards: &ShardSet,
    ) -> Result<Option<Splitter<'s>>, ClientMessage> {
        let found = split.table.table(schema).zip(split.table.sharded(schema)).zip(shards.first());
        let Some(((table, sharded), first)) = found else {
            return Err(ClientMessage::unsupported("LOAD DATA into a table without a rule"));
        };
        let charset = match &load.charset {
            Some(charset) => charset.clone(),
            None => self.ask_text(first, "SELECT @@character_set_database", 0).await?.unwrap_or_default(),
        };
        if !is_cut_by_bytes(&charset) {
            return Ok(None);
        }
        let default = self.key_default(schema, first, table, sharded).await?;
        let keeps_zero = self.mode.no_auto_value_on_zero;
        let charset = Charset::from_mysql_name(&charset);
        let numbers = split.number.map(|_| keeps_zero);
        let wanted = Wanted {
            format: split.format.clone(),
            fields: split.fields,
            values: std::iter::once(split.key).chain(split.number).collect(),
            ignored: split.ignored,
            is_utf8: charset == Charset::Utf8,
            longest: self.setup.options.max_packet,
        };
        Ok(Some(Splitter {
            cutter: Cutter::new(wanted),
            placer: Placer { table, sharded, charset, default, numbers },
            shards: shards.iter().collect(),
            rows: vec![Vec::new(); shards.len()],
            ignored: split.ignored,
            records: 0,
            last: None,
        }))
    }

    /// What rows have as their shard key whose line does not tell it.
    async fn key_default(
        &mut self,
        schema: &Schema,
        shard: ShardId,
        table: &Table,
        sharded: &Sharded,
    ) -> Result<KeyDefault, ClientMessage> {
        let quoted = crate::txn::transaction::quoted;
        let name = sharded.key_column.replace('\\', "\\\\").replace('\'', "''").replace('_', "\\_").replace('%', "\\%");
        let place = format!("{}.{}", quoted(&schema.shard(shard).schema), quoted(table.physical_name(shard)));
        let sql = format!("SHOW COLUMNS FROM {place} LIKE '{name}'");
        let answer = self.ask_spare(shard, sql.as_bytes()).await??;
        let cells = first_row(&answer);
        let extra = cells.get(5).cloned().flatten().unwrap_or_default();
        Ok(match cells.get(4) {
            Some(None) => KeyDefault::Null,
            Some(Some(text)) if !extra.to_ascii_uppercase().contains("DEFAULT_GENERATED") && !text.contains('(') => {
                KeyDefault::Given(text.clone().into_bytes())
            }
            _ => KeyDefault::Unknown,
        })
    }

    async fn ask_text(&mut self, shard: ShardId, sql: &str, cell: usize) -> Result<Option<String>, ClientMessage> {
        let answer = self.ask_spare(shard, sql.as_bytes()).await??;
        Ok(first_row(&answer).into_iter().nth(cell).flatten())
    }

    /// A file that one server reads into a temporary table.
    pub(super) async fn load_on_scratch(
        &mut self,
        scratch: &mut Link,
        text: Vec<u8>,
        name: &[u8],
    ) -> Result<Answer, ClientMessage> {
        let (inlet, mut intake) = feed::feed(text, name.to_vec());
        let interrupt = Arc::clone(&self.interrupt);
        let inlets = vec![inlet];
        let feeder = Feeder { client: &mut self.client, interrupt: &interrupt, inlets, lines: Lines::Whole, name };
        let loading = feed::load(&mut scratch.lease, &mut intake, &interrupt);
        let (_, answer) = join(feeder.run(), loading).await;
        Ok(answer?)
    }
}

fn first_row(answer: &Answer) -> Vec<Option<String>> {
    let (_, rows) = answer.table();
    let cells = rows.first().map(|row| text::cells(row).collect::<Vec<_>>()).unwrap_or_default();
    let shown = |cell: Option<&[u8]>| cell.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    cells.into_iter().map(|cell| shown(cell.ok().flatten())).collect()
}

/// Who takes the file from the client.
struct Feeder<'c, 's> {
    client: &'c mut Client,
    interrupt: &'c Interrupt,
    inlets: Vec<Inlet>,
    lines: Lines<'s>,
    name: &'c [u8],
}

/// Which lines each shard gets.
enum Lines<'s> {
    /// All.
    Whole,
    Split(Box<Splitter<'s>>),
}

struct Splitter<'s> {
    cutter: Cutter,
    placer: Placer<'s>,
    /// In the order of the inlets.
    shards: Vec<ShardId>,
    /// For each shard the numbers that its rows have in the file, as far as they are kept.
    rows: Vec<Vec<u32>>,
    ignored: u64,
    records: usize,
    /// Who got the last line.
    last: Option<ShardId>,
}

impl<'s> Feeder<'_, 's> {
    /// Asks the client for the file, once all servers have asked for it, and passes it on. What goes wrong the servers'
    /// connections tell.
    async fn run(mut self) -> Lines<'s> {
        let mut is_wanted = true;
        for inlet in &mut self.inlets {
            is_wanted &= inlet.is_wanted().await;
        }
        let mut failed = None;
        if is_wanted {
            failed = self.pass_on().await.err();
        }
        let mut inlets = self.inlets.into_iter();
        if let Some(failure) = failed {
            // One is enough: what has failed on one shard stays on none.
            let open = inlets.by_ref().find(Inlet::is_open);
            if let Some(open) = open {
                open.refuse(failure, self.interrupt).await;
            }
        }
        for inlet in inlets {
            inlet.end(self.interrupt).await;
        }
        self.lines
    }

    async fn pass_on(&mut self) -> Result<(), Failure> {
        let mut out = Vec::new();
        let at = packet::begin(&mut out);
        response::write_local_infile(&mut out, self.name);
        packet::finish(&mut out, at, &mut self.client.seq);
        self.client.send(&out, self.interrupt).await.map_err(gone)?;
        let mut failed = None;
        loop {
            self.interrupt.arm(self.client.write_timeout());
            let packet = match self.client.next_packet_in_turn(self.interrupt).await {
                Ok(packet) => packet,
                Err(ClientError::Interrupted(Reason::QueryKilled | Reason::ServerDown | Reason::Deadlocked)) => {
                    // The client sends on all the same, and hears of it afterwards.
                    let reason = self.interrupt.reason().unwrap_or(Reason::QueryKilled);
                    self.interrupt.begin_statement();
                    failed = failed.or(Some(Failure::Backend(Error::Interrupted(reason))));
                    continue;
                }
                Err(ClientError::TooLarge) => {
                    let text = "a packet of the file is longer than max_packet".to_owned();
                    failed = failed.or(Some(Failure::File(text)));
                    continue;
                }
                Err(error) => return Err(gone(error)),
            };
            let bytes = packet.payload();
            if bytes.is_empty() {
                break;
            }
            // What follows is only passed over.
            if failed.is_none() && self.inlets.iter().all(Inlet::is_open) {
                failed = self.lines.take(bytes, false, &mut self.inlets, self.interrupt).await.err();
            }
        }
        match failed {
            Some(failure) => Err(failure),
            None => self.lines.take(b"", true, &mut self.inlets, self.interrupt).await,
        }
    }
}

fn gone(error: ClientError) -> Failure {
    Failure::Client(match error {
        ClientError::Io(error) => SinkError::Io(error),
        ClientError::Interrupted(reason) => SinkError::Interrupted(reason),
        ClientError::Closed | ClientError::TooLarge => SinkError::Io(std::io::ErrorKind::UnexpectedEof.into()),
        ClientError::Wire(error) => SinkError::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, error)),
    })
}

impl Lines<'_> {
    async fn take(
        &mut self,
        bytes: &[u8],
        is_all: bool,
        inlets: &mut [Inlet],
        interrupt: &Interrupt,
    ) -> Result<(), Failure> {
        match self {
            Lines::Whole => {
                for inlet in inlets {
                    inlet.put(bytes, interrupt).await;
                }
                Ok(())
            }
            Lines::Split(splitter) => splitter.take(bytes, is_all, inlets, interrupt).await,
        }
    }

    /// Warnings tell rows by their numbers, which must be those of the file. Returns who loaded the last line.
    fn renumber(&self, written: &mut [Written], shards: &ShardSet, schema: &Schema) -> Option<ShardId> {
        let Lines::Split(splitter) = self else { return shards.first() };
        for ((written, rows), shard) in written.iter_mut().zip(&splitter.rows).zip(shards.iter()) {
            for condition in &mut written.conditions {
                condition.message = renumbered(&condition.message, rows, &schema.shard(shard).name);
            }
        }
        splitter.last
    }

    /// The same in the error of a shard.
    fn renumber_error(&self, done: Within, shards: &ShardSet, schema: &Schema) -> Within {
        let change = |failed: Failed| {
            let (Lines::Split(splitter), Failed { failure: Failure::Server { code, message }, shard: Some(shard) }) =
                (self, &failed)
            else {
                return failed;
            };
            let rows = shards.iter().position(|known| known == *shard).and_then(|place| splitter.rows.get(place));
            let message = renumbered(message, rows.map_or(&[], Vec::as_slice), &schema.shard(*shard).name);
            Failed { failure: Failure::Server { code: *code, message }, shard: Some(*shard) }
        };
        match done {
            Within::Done(written) => Within::Done(written),
            Within::TakenBack(failed) => Within::TakenBack(change(failed)),
            Within::Spoiled(failed) => Within::Spoiled(change(failed)),
        }
    }
}

impl Splitter<'_> {
    async fn take(
        &mut self,
        bytes: &[u8],
        is_all: bool,
        inlets: &mut [Inlet],
        interrupt: &Interrupt,
    ) -> Result<(), Failure> {
        self.cutter.push(bytes);
        loop {
            let line = self.cutter.next(is_all).map_err(|error| Failure::File(error.to_string()))?;
            let Some(line) = line else { return Ok(()) };
            let of_line = |error: PlanError| Failure::Line { line: line.number, error };
            let shard = self.placer.place(&line).map_err(of_line)?;
            let place = self.shards.iter().position(|known| *known == shard);
            let place = place.ok_or_else(|| of_line(PlanError::UnknownShard(shard.0.to_string())))?;
            if self.records < NUMBERED_ROWS {
                self.rows[place].push(u32::try_from(line.number - self.ignored).unwrap_or(u32::MAX));
            }
            self.records += 1;
            self.last = Some(shard);
            inlets[place].put(line.text, interrupt).await;
        }
    }
}

/// The message with the file's number of a row in the place of the shard's.
fn renumbered(message: &str, rows: &[u32], shard: &str) -> String {
    with_row(message, |row| {
        let own = rows.get(row).map(ToString::to_string);
        Some(own.unwrap_or_else(|| format!("{} (of the lines for shard {shard})", row + 1)))
    })
}
