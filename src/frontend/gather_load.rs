//! Filling the temporary tables of a statement whose rows are gathered: each is made with the types of the client's
//! table, then the rows of its shards are streamed into it.

use std::slice;
use std::sync::Arc;
use std::time::Instant;

use super::error::ClientMessage;
use super::explained::Measuring;
use super::session::Session;
use super::staged::store_as_is;
use crate::backend::answer::Answer;
use crate::backend::connection::Watch;
use crate::backend::error::Error;
use crate::backend::settings::Settings;
use crate::exec::failure::Failure;
use crate::exec::gather::{self, Budget, Definition, Scratch, Site, Taken};
use crate::exec::links::{Link, Need, Side};
use crate::exec::unread;
use crate::exec::write::Turns;
use crate::plan::Plan;
use crate::plan::gather::{Gathered, Gathering};
use crate::plan::regroup;
use crate::sharding::ShardId;
use crate::wire::error_code as codes;
use crate::wire::walker::AnswerKind;

/// Shards that work at once for one table.
pub(super) const AT_ONCE: usize = 8;

impl Session {
    /// Makes and fills all temporary tables. The connection is left with other settings than the session's.
    pub(super) async fn load(
        &mut self,
        scratch: &mut Link,
        plan: &Plan,
        gathering: &Gathering,
    ) -> Result<(), ClientMessage> {
        let loading = self.loading();
        self.adapt(scratch, &loading).await?;
        self.stay_out_of_the_log(scratch).await?;
        let mut taken = Taken::default();
        for source in &gathering.sources {
            if let Some(wanted) = &source.catalog {
                self.assemble(scratch, &source.temporary, wanted).await?;
                continue;
            }
            let mut table = self.make(scratch, source, &loading).await?;
            self.fill(slice::from_mut(scratch), &mut table, source, plan, &mut taken).await?;
        }
        Ok(())
    }

    /// Temporary tables are in MariaDB's binary log, unless all of it is by rows. Where the account may not say so they
    /// stay in it.
    pub(super) async fn stay_out_of_the_log(&mut self, scratch: &mut Link) -> Result<(), ClientMessage> {
        if scratch.lease.version().mariadb {
            let _ = scratch.lease.query(b"SET sql_log_bin = 0", &self.interrupt).await?;
        }
        Ok(())
    }

    /// The session's settings for storing rows: a value is stored as it came.
    pub(super) fn loading(&self) -> Arc<Settings> {
        self.variant(|settings| {
            store_as_is(settings);
            settings.set("character_set_client", "'binary'");
            settings.set("collation_connection", "'binary'");
            settings.unset("autocommit");
            if self.mode.mariadb {
                // What the table has was let in there.
                settings.set("check_constraint_checks", "0");
            }
            // To make a temporary table is a write.
            settings.unset("transaction_read_only");
        })
    }

    /// The session's settings for reading rows as they are stored, and all of them.
    pub(super) fn fetching(&self) -> Arc<Settings> {
        self.variant(|settings| {
            settings.set("character_set_results", "NULL");
            settings.unset("sql_select_limit");
            settings.unset("max_join_size");
        })
    }

    /// What one statement may gather.
    pub(super) fn budget(&self) -> Budget {
        let options = &self.setup.options.gather;
        Budget { max_rows: options.max_rows, max_bytes: options.max_bytes }
    }

    /// The same for one table. Groups are made where their rows are, and as many as there are a single server would have to
    /// keep as well: only their bytes count.
    fn budget_of(&self, source: &Gathered) -> Budget {
        if source.is_streamed {
            return Budget::NONE;
        }
        let budget = self.budget();
        match source.temporary == regroup::TABLE {
            true => Budget { max_rows: u64::MAX, ..budget },
            false => budget,
        }
    }

    /// Makes the temporary table.
    pub(super) async fn make(
        &mut self,
        scratch: &mut Link,
        source: &Gathered,
        loading: &Arc<Settings>,
    ) -> Result<Scratch, ClientMessage> {
        let schema = self.schema.shard(scratch.shard).schema.clone();
        let is_hidden = self.links.has_table_locks()
            || self.temporary_tables.iter().any(|name| name.eq_ignore_ascii_case(&source.written));
        let site = Site { gathered: source, schema: Some(&schema), interrupt: &self.interrupt };
        if let Some(copy) = source.copy.as_ref().filter(|_| !is_hidden) {
            return Ok(site.create(&mut scratch.lease, copy).await?);
        }
        let definition = self.definition(source, is_hidden, loading).await?;
        let site = Site { gathered: source, schema: Some(&schema), interrupt: &self.interrupt };
        Ok(site.create_as(&mut scratch.lease, &definition).await?)
    }

    /// How the temporary table is to look, from a shard that has the table. `is_hidden`: it is a temporary table of the
    /// client's own, or a locked one, which only the session's connection knows, or may read.
    pub(super) async fn definition(
        &mut self,
        source: &Gathered,
        is_hidden: bool,
        loading: &Arc<Settings>,
    ) -> Result<Definition, ClientMessage> {
        let (shard, table) = &source.model;
        let schema = self.schema.shard(*shard).schema.clone();
        let mut link = match is_hidden {
            true => {
                // To set it would end the session's transaction.
                let autocommit = self.settings.get("autocommit").map(str::to_owned);
                let within = self.variant_of(loading, |settings| {
                    autocommit.iter().for_each(|value| settings.set("autocommit", value));
                });
                self.obtain_with(&within, *shard, Side::Primary).await?
            }
            false => Link::apart(&Need { settings: loading, ..self.need().2 }, *shard, Side::Primary).await?,
        };
        let site = Site { gathered: source, schema: Some(&schema), interrupt: &self.interrupt };
        let shown = site.definition(&mut link.lease, table).await;
        match is_hidden {
            true => self.links.put(link),
            false => self.clean(link).await,
        }
        Ok(shown?)
    }

    pub(super) async fn obtain_with(
        &mut self,
        settings: &Arc<Settings>,
        shard: ShardId,
        side: Side,
    ) -> Result<Link, Error> {
        let (links, txn, need) = self.need();
        let link = links.obtain(&Need { settings, ..need }, shard, side, txn).await?;
        if self.txn.is_open() {
            self.tell_of_part(&link, self.txn.gtrid());
        }
        Ok(link)
    }

    /// Fetches what belongs into the temporary table. What predicates had to say to rows that the statement may never
    /// show to them, warnings and errors, must not be known: then all rows are fetched.
    pub(super) async fn fill(
        &mut self,
        into: &mut [Link],
        table: &mut Scratch,
        source: &Gathered,
        plan: &Plan,
        taken: &mut Taken,
    ) -> Result<(), ClientMessage> {
        let before = *taken;
        let measured = self.measuring.as_ref().map_or(0, Measuring::steps);
        match self.fill_from(into, table, source, plan, taken).await {
            Ok(warnings) if warnings == 0 || source.filter.is_empty() => return Ok(()),
            Ok(_) => {}
            Err((Failure::Server { code, .. }, links)) if !source.filter.is_empty() && gather::is_of_values(code) => {
                self.keep_usable(links);
            }
            Err((failure, links)) => return Err(self.load_failed(failure, links, source).await),
        }
        *taken = before;
        self.measuring.iter_mut().for_each(|measuring| measuring.back_to(measured));
        table.empty(into, &self.interrupt).await?;
        let all = Gathered { filter: Vec::new(), at_most: None, ..source.clone() };
        match self.fill_from(into, table, &all, plan, taken).await {
            Ok(_) => Ok(()),
            Err((failure, links)) => Err(self.load_failed(failure, links, source).await),
        }
    }

    /// What the client is told. Where there were too many rows, also how many there may be, and what helps.
    pub(super) async fn load_failed(&mut self, failure: Failure, links: Vec<Link>, source: &Gathered) -> ClientMessage {
        let is_too_much = matches!(failure, Failure::OverBudget { .. });
        let message = self.read_failed(links, failure).await;
        if message.code.number == codes::BAD_FIELD_ERROR.number {
            // The columns are those of another shard.
            let text = format!("Table definition has changed: '{}' is not yet alike on all shards", source.written);
            return ClientMessage::new(codes::TABLE_DEF_CHANGED, text);
        }
        if !is_too_much {
            return message;
        }
        let estimate = match self.estimated_rows(source).await {
            Some(rows) => format!("; its shards expect about {rows} rows"),
            None => String::new(),
        };
        let help = "Raise the setting, or say more of the table in WHERE; EXPLAIN ROUTE shows what is fetched";
        ClientMessage::new(message.code, format!("{}{estimate}. {help}", message.text))
    }

    /// How many rows the servers expect to read of the table.
    async fn estimated_rows(&mut self, source: &Gathered) -> Option<u64> {
        if self.links.has_table_locks() {
            return None;
        }
        let mut total = 0;
        for (shard, from) in &source.fetches {
            let sql = asking_for_rows(from, &source.filter);
            let answer = self.ask_spare(*shard, &sql).await.ok()?.ok()?;
            total += rows_of_plan(&answer)?;
        }
        Some(total)
    }

    /// Fetches the rows from some shards at a time; how many warnings that gave. On failure with the connections, some
    /// of which may not have outlived it.
    pub(super) async fn fill_from(
        &mut self,
        into: &mut [Link],
        table: &mut Scratch,
        source: &Gathered,
        plan: &Plan,
        taken: &mut Taken,
    ) -> Result<u64, (Failure, Vec<Link>)> {
        let fetching = self.fetching();
        let side = self.side(plan);
        let budget = self.budget_of(source);
        let mut warnings = 0;
        if !self.autocommit && !self.txn.is_open() {
            // The servers would each begin a transaction, of which the session knew nothing.
            self.txn.begin(Default::default());
        }
        for some in source.fetches.chunks(AT_ONCE) {
            let mut links = Vec::new();
            for (shard, _) in some {
                let mut link = match self.obtain_with(&fetching, *shard, side).await {
                    Ok(link) => link,
                    Err(error) => return Err((error.into(), links)),
                };
                let told = self.tell_next_transaction(&mut link).await;
                links.push(link);
                if let Err(error) = told {
                    return Err((error.into(), links));
                }
            }
            let tails = some.iter().map(|(_, from)| [from, source.filter.as_slice(), &source.locking].concat());
            let orders = (tails.collect(), self.turns_of(source));
            match self.fetch_into(into, table, orders, &mut links, (budget, taken)).await {
                Ok(more) => warnings += more,
                Err(failure) => return Err((failure, links)),
            }
            self.keep_usable(links);
        }
        Ok(warnings)
    }

    /// When the shards give its rows: in turns, as writes run, where they are locked.
    pub(super) fn turns_of(&self, source: &Gathered) -> Turns {
        if source.locking.is_empty() { Turns::AtOnce } else { self.turns() }
    }

    /// Sends the texts that are due when the answer of the connection `at` is to be read, one for each, of which `sent` were
    /// sent before; how many were then.
    pub(super) async fn send_due(
        &mut self,
        links: &mut [Link],
        texts: &[Vec<u8>],
        (turns, at): (Turns, usize),
        sent: usize,
    ) -> Result<usize, Failure> {
        let due = turns.due(at, links.len());
        for (link, text) in links.iter_mut().zip(texts).take(due).skip(sent) {
            self.send_text(&mut link.lease, text).await?;
        }
        Ok(due)
    }

    async fn fetch_into(
        &mut self,
        into: &mut [Link],
        table: &mut Scratch,
        (tails, turns): (Vec<Vec<u8>>, Turns),
        links: &mut [Link],
        (budget, taken): (Budget, &mut Taken),
    ) -> Result<u64, Failure> {
        let begun = Instant::now();
        let texts: Vec<Vec<u8>> = tails.iter().map(|tail| table.fetch(tail)).collect();
        let (mut sent, mut warnings) = (0, 0);
        for at in 0..links.len() {
            sent = self.send_due(links, &texts, (turns, at), sent).await?;
            let link = &mut links[at];
            let watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
            match table.fill(into, link, begun, (budget, taken), watch).await {
                Ok((more, measured)) => {
                    warnings += u64::from(more);
                    self.measuring.iter_mut().for_each(|measuring| measuring.took(measured));
                }
                Err(failure) => {
                    let unread = links[at + 1..sent].iter_mut();
                    unread::pass_over_whole(unread, AnswerKind::Query, &self.interrupt).await;
                    return Err(failure);
                }
            }
        }
        Ok(warnings)
    }
}

/// Asks a server how many rows it expects to read. Its own default may be a tree, which has no such column (MySQL 9.7).
pub(super) fn asking_for_rows(from: &[u8], filter: &[u8]) -> Vec<u8> {
    [b"EXPLAIN FORMAT=TRADITIONAL SELECT 1", from, filter].concat()
}

/// How many rows a server expects to read, by its answer to EXPLAIN of a table; `None`: it does not say so.
pub(super) fn rows_of_plan(answer: &Answer) -> Option<u64> {
    let (columns, rows) = answer.table();
    // The place differs between servers.
    let at = columns.iter().position(|column| column.name == b"rows")?;
    let cell = crate::wire::text::cells(rows.first()?).nth(at)?.ok()?;
    // NULL: no row can meet the conditions.
    cell.map_or(Some(0), |digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok())
}
