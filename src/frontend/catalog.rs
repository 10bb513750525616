//! SHOW TABLES and its kind: shards are asked, and what they say is put together in the client's names.
//!
//! Servers are asked on connections of their own, apart from the session's transaction, but for what shows one table:
//! that may be a temporary one.

use std::borrow::Cow;
use std::sync::Arc;

use super::error::ClientMessage;
use super::query::Statement;
use super::response;
use super::session::{Current, Session};
use crate::backend::answer::Answer;
use crate::backend::pool::Lease;
use crate::backend::settings::Settings;
use crate::exec::conditions::Condition;
use crate::exec::links::{Link, Need, Side};
use crate::exec::scratch::{self, quoted};
use crate::plan::catalog::columns::{self, Content};
use crate::plan::catalog::places::{Place, place_of, places};
use crate::plan::catalog::rows::Collector;
use crate::plan::catalog::{Row, text};
use crate::sharding::schema::is_the_servers;
use crate::sharding::{DatabaseId, Schema, ShardId};
use crate::sql::control::{ShowCatalog, ShowFilter, Shown};
use crate::sql::{Lexer, Op, TokenKind};
use crate::wire::column::{self, ColumnDefinition};
use crate::wire::command::PrepareOk;
use crate::wire::error_code as codes;
use crate::wire::response::{EofPacket, OkPacket};
use crate::wire::{StatusFlags, text as cells};

/// A result set that was collected.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Payloads.
    pub(super) definitions: Vec<Vec<u8>>,
    pub(super) rows: Vec<Row>,
}

/// Whose catalogue is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Logical(DatabaseId),
    /// `information_schema`, which is alike on all servers.
    System,
}

/// The temporary table that conditions of SHOW are judged on.
const FILTERED: &str = "shardgate_show";

impl Session {
    /// SHOW TABLES and its kind.
    pub(super) async fn show_catalog(
        &mut self,
        show: &ShowCatalog,
        sql: &[u8],
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let mut listing = self.listing(show, sql).await?;
        if show.shown.is_list() {
            self.cut_listing(&mut listing);
        }
        self.send_listing(&listing, more_follows).await
    }

    /// Servers take SHOW for a SELECT.
    fn cut_listing(&self, listing: &mut Listing) {
        if let Some(limit) = self.rows_limit() {
            listing.rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
    }

    /// A collected result set, which also counts as the session's last statement.
    pub(super) async fn send_listing(&mut self, listing: &Listing, more_follows: bool) -> Result<(), ClientMessage> {
        self.send_listing_with(listing, Vec::new(), more_follows).await
    }

    /// The same with what SHOW WARNINGS is to tell.
    pub(super) async fn send_listing_with(
        &mut self,
        listing: &Listing,
        conditions: Vec<Condition>,
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        self.last.row_count = -1;
        self.last.found_rows = listing.rows.len() as u64;
        self.diagnostics.clear();
        let warnings = u16::try_from(conditions.len()).unwrap_or(u16::MAX);
        self.diagnostics.set(conditions);
        let mut end = OkPacket { status: self.status(), warnings, ..OkPacket::default() };
        end.status.set(StatusFlags::SERVER_MORE_RESULTS_EXISTS, more_follows);
        let (mut out, form) = (Vec::new(), self.form());
        let Listing { definitions, rows } = listing;
        response::collected(&mut out, &mut self.client.seq, definitions, rows, &end, form);
        self.send(&out).await
    }

    /// The answer.
    pub(super) async fn listing(&mut self, show: &ShowCatalog, sql: &[u8]) -> Result<Listing, ClientMessage> {
        let schema = std::sync::Arc::clone(&self.schema);
        match (show.shown, self.target(show)?) {
            (_, Some(Target::System)) => {
                let shard = self.home_shard(&schema);
                let answer = self.ask_spare(shard, sql).await??;
                Ok(Listing::of(&answer))
            }
            (Shown::Everywhere, _) => {
                let databases = (0u16..).map(DatabaseId).take(schema.databases.len());
                let own: Vec<_> = databases.filter(|id| self.may_use(&schema.database_of(*id).name)).collect();
                let places: Vec<_> = own.into_iter().filter_map(|id| places(&schema, id).into_iter().next()).collect();
                let all: Vec<&Place<'_>> = places.iter().collect();
                self.list(show, sql, &all).await
            }
            (Shown::Tables | Shown::Objects, Some(Target::Logical(id))) => {
                let places = places(&schema, id);
                let with_shares = is_status(&sql[..show.filter_at]);
                let is_asked = |place: &&Place<'_>| match show.shown {
                    Shown::Tables => place.is_needed(with_shares),
                    _ => place.is_default,
                };
                let asked: Vec<&Place<'_>> = places.iter().filter(is_asked).collect();
                self.list(show, sql, &asked).await
            }
            (_, Some(Target::Logical(id))) => self.show_one(show, sql, &schema, id).await,
            (_, None) => Err(ClientMessage::new(codes::NO_DB_ERROR, "No database selected")),
        }
    }

    /// The database that a statement is about; `None` if none is named or selected.
    fn target(&self, show: &ShowCatalog) -> Result<Option<Target>, ClientMessage> {
        let of_subject = show.subject.as_ref().and_then(|subject| subject.name.database.as_deref());
        let Some(name) = show.database.as_ref().map(|place| place.name.as_str()).or(of_subject) else {
            return Ok(match &self.current {
                Current::None => None,
                Current::Logical(id) => Some(Target::Logical(*id)),
                Current::System(_) => Some(Target::System),
            });
        };
        if name.eq_ignore_ascii_case("information_schema") {
            return Ok(Some(Target::System));
        }
        let is_known = self.schema.database(name).is_some();
        if !is_known && is_the_servers(name) {
            return Err(self.access_denied(name));
        }
        Ok(Some(Target::Logical(self.named_database(name)?)))
    }

    /// A list: every place tells its part.
    async fn list(&mut self, show: &ShowCatalog, sql: &[u8], places: &[&Place<'_>]) -> Result<Listing, ClientMessage> {
        let mut collected: Option<(Listing, Collector)> = None;
        for place in places {
            let text = text_for(show, sql, place);
            let answer = self.ask_spare(place.shard, &text).await?.map_err(|error| error.logical(place))?;
            let (_, collector) = collected.get_or_insert_with(|| {
                let listing = Listing { rows: Vec::new(), ..Listing::of(&answer) };
                let collector = collector(&answer);
                (listing, collector)
            });
            answer_rows(&answer).for_each(|row| collector.add(place, row));
        }
        let Some((mut listing, collector)) = collected else { return Ok(Listing::default()) };
        listing.rows = collector.finish();
        if let Some(place) = places.first().filter(|_| listing.names().first().is_some_and(|name| is_title(name))) {
            listing.entitle(&format!("Tables_in_{}", place.database()), show.filter.as_ref());
        }
        if let Some(filter) = &show.filter
            && let Some(place) = places.first()
        {
            self.filter(&mut listing, show, filter, sql, place.shard).await?;
        }
        Ok(listing)
    }

    /// What shows one table, or something else that one shard has.
    async fn show_one(
        &mut self,
        show: &ShowCatalog,
        sql: &[u8],
        schema: &Schema,
        id: DatabaseId,
    ) -> Result<Listing, ClientMessage> {
        let database = schema.database_of(id);
        let subject = show.subject.as_ref().map(|subject| subject.name.table.as_str());
        let table = subject.filter(|_| show.shown != Shown::CreateOther).and_then(|name| database.table(name));
        let shard = table.and_then(|table| table.shard_set().first()).unwrap_or(database.default_shard);
        let place = place_of(schema, id, shard);
        let of_table = subject.map(|name| table.map_or(name, |table| table.physical_name(shard)));
        let text = text_for_table(show, sql, &place, of_table);
        let answer = self.ask_held(shard, &text).await?.map_err(|error| error.logical(&place))?;
        let mut collector = collector(&answer);
        let mut listing = Listing::of(&answer);
        if show.shown != Shown::Index {
            let rows = std::mem::take(&mut listing.rows);
            listing.rows = rows.into_iter().map(|row| collector.in_logical_names(&place, row)).collect();
            return Ok(listing);
        }
        // A table without a rule, and a temporary one, need no adoption.
        if table.is_some_and(|table| !self.temporary_tables.contains(&table.name.to_lowercase())) {
            answer_rows(&answer).for_each(|row| collector.add(&place, row));
            for other in table.map(|table| table.shard_set()).unwrap_or_default().iter().filter(|other| *other != shard)
            {
                let there = place_of(schema, id, other);
                let of_table = table.map(|table| table.physical_name(other));
                let text = text_for_table(show, sql, &there, of_table);
                let answer = self.ask_spare(other, &text).await?.map_err(|error| error.logical(&there))?;
                answer_rows(&answer).for_each(|row| collector.add(&there, row));
            }
            listing.rows = collector.finish();
        }
        if let Some(filter) = &show.filter {
            self.filter(&mut listing, show, filter, sql, shard).await?;
        }
        Ok(listing)
    }

    /// SHOW DATABASES: those that the user may use.
    pub(super) async fn show_databases(
        &mut self,
        filter: Option<&ShowFilter>,
        statement: &Statement<'_>,
    ) -> Result<(), ClientMessage> {
        let shard = self.home_shard(&self.schema);
        let sql: &[u8] = match filter {
            Some(ShowFilter::Where(_)) => b"SHOW DATABASES WHERE 1",
            _ => b"SHOW DATABASES",
        };
        let mut listing = Listing::of(&self.ask_spare(shard, sql).await??);
        let own = self.schema.databases.iter().map(|database| database.name.as_str());
        let mut names: Vec<_> = own.filter(|name| self.may_use(name)).chain(["information_schema"]).collect();
        names.sort_unstable();
        listing.rows = names.into_iter().map(|name| vec![Some(name.as_bytes().to_vec())]).collect();
        match filter {
            None => {}
            Some(ShowFilter::Like(pattern)) => {
                let folds = self.folds_names(shard).await?;
                let is_kept = |row: &Row| row.iter().flatten().any(|name| text::is_like(name, pattern, folds));
                listing.rows.retain(is_kept);
                listing.entitle("Database", filter);
            }
            Some(ShowFilter::Where(place)) => {
                let condition = self.with_database(statement.sql.get(place.clone()).unwrap_or_default());
                self.judge(&mut listing, &condition, shard).await?;
            }
        }
        self.cut_listing(&mut listing);
        self.send_listing(&listing, statement.more_follows).await
    }

    /// Keeps the rows that LIKE or WHERE lets through.
    async fn filter(
        &mut self,
        listing: &mut Listing,
        show: &ShowCatalog,
        filter: &ShowFilter,
        sql: &[u8],
        shard: ShardId,
    ) -> Result<(), ClientMessage> {
        match filter {
            ShowFilter::Like(pattern) => {
                let at = listing.position(|content, name| name == "Name" || content == Content::Table);
                let ignore_case = show.shown != Shown::Tables || self.folds_names(shard).await?;
                let is_kept = |row: &Row| {
                    let cell = at.and_then(|at| row.get(at)?.as_deref()).unwrap_or_default();
                    text::is_like(cell, pattern, ignore_case)
                };
                listing.rows.retain(is_kept);
                Ok(())
            }
            ShowFilter::Where(place) => {
                let condition = self.with_database(sql.get(place.clone()).unwrap_or_default());
                self.judge(listing, &condition, shard).await
            }
        }
    }

    /// Whether the server takes names of tables that differ in case for the same.
    pub(super) async fn folds_names(&mut self, shard: ShardId) -> Result<bool, ClientMessage> {
        let answer = self.ask_spare(shard, b"SELECT @@lower_case_table_names").await??;
        let folds = answer_rows(&answer).next().and_then(|row| row.into_iter().next().flatten());
        Ok(folds.is_some_and(|value| value != b"0"))
    }

    /// Keeps the rows for which a condition is true; a server says.
    pub(super) async fn judge(
        &mut self,
        listing: &mut Listing,
        condition: &[u8],
        shard: ShardId,
    ) -> Result<(), ClientMessage> {
        if Lexer::new(condition, self.mode).any(|token| token.is_word(condition, "SELECT")) {
            return Err(ClientMessage::unsupported("a subquery in the WHERE of SHOW"));
        }
        let parsed: Vec<_> = listing.definitions.iter().filter_map(|def| ColumnDefinition::parse(def).ok()).collect();
        let numbered = (0u64..).zip(&listing.rows).map(|(number, row)| {
            let number = Some(number.to_string().into_bytes());
            std::iter::once(number).chain(row.iter().cloned()).collect::<Row>()
        });
        let numbered: Vec<Row> = numbered.collect();
        let charset = self.results_charset().into_owned();
        let mut lease = self.spare(shard).await?;
        scratch::create_like(&mut lease, FILTERED, &parsed, &self.interrupt).await?;
        scratch::fill(&mut lease, FILTERED, numbered.iter().map(Vec::as_slice), &charset, &self.interrupt).await?;
        let mut text = format!("SELECT {} FROM {FILTERED} WHERE (", quoted(scratch::NUMBER)).into_bytes();
        text.extend_from_slice(condition);
        text.extend_from_slice(b"\n)");
        let answer = lease.query(&text, &self.interrupt).await?;
        lease.execute("a temporary table", &format!("DROP TEMPORARY TABLE {FILTERED}"), &self.interrupt).await?;
        lease.give_back();
        if let Some(error) = answer.error() {
            let message = ClientMessage::from(error);
            return Err(self.in_logical_names(message, Some(shard)));
        }
        let numbers = answer_rows(&answer).filter_map(|row| String::from_utf8(row.into_iter().next()??).ok());
        let mut kept: Vec<usize> = numbers.filter_map(|number| number.parse().ok()).collect();
        kept.sort_unstable();
        listing.rows = kept.into_iter().filter_map(|index| listing.rows.get(index).cloned()).collect();
        Ok(())
    }

    /// A text with the logical database in the place of DATABASE().
    fn with_database(&self, text: &[u8]) -> Vec<u8> {
        let tokens: Vec<_> = Lexer::new(text, self.mode).collect();
        let name = match &self.current {
            Current::None => None,
            Current::Logical(id) => Some(self.schema.database_of(*id).name.as_str()),
            Current::System(name) => Some(name.as_ref()),
        };
        let value = name.map_or("NULL".to_owned(), |name| format!("'{}'", name.replace('\'', "''")));
        let (mut out, mut done) = (Vec::new(), 0);
        for window in tokens.windows(3) {
            let is_call = (window[0].is_word(text, "DATABASE") || window[0].is_word(text, "SCHEMA"))
                && window[1].kind == TokenKind::Op(Op::LParen)
                && window[2].kind == TokenKind::Op(Op::RParen);
            if is_call {
                out.extend_from_slice(&text[done..window[0].start as usize]);
                out.extend_from_slice(value.as_bytes());
                done = window[2].end as usize;
            }
        }
        out.extend_from_slice(&text[done..]);
        out
    }

    /// The character set of the rows that servers send.
    fn results_charset(&self) -> Cow<'_, str> {
        let name = self.settings.get("character_set_results").unwrap_or("utf8mb4").trim_matches('\'');
        // NULL: as they are stored, which is utf8 for names.
        let name = if name.eq_ignore_ascii_case("NULL") { "utf8mb4" } else { name };
        name.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().into()
    }

    /// The session's settings for questions of ShardGate's own, on connections that go back to their pool: no transaction
    /// may begin there.
    pub(super) fn asking(&self) -> Arc<Settings> {
        self.variant(|settings| {
            settings.unset("autocommit");
            // How many rows the client wants says nothing of those that its answer is made of.
            settings.unset("sql_select_limit");
        })
    }

    /// A connection of no transaction, for questions of ShardGate's own.
    pub(super) async fn spare(&mut self, shard: ShardId) -> Result<Lease, ClientMessage> {
        let settings = self.asking();
        let link = Link::apart(&Need { settings: &settings, ..self.need().2 }, shard, Side::Primary).await?;
        Ok(link.lease)
    }

    /// A question to a shard, outside of the session's transaction.
    pub(super) async fn ask_spare(
        &mut self,
        shard: ShardId,
        sql: &[u8],
    ) -> Result<Result<Answer, ClientMessage>, ClientMessage> {
        let mut lease = self.spare(shard).await?;
        let answer = lease.query(sql, &self.interrupt).await?;
        lease.give_back();
        Ok(checked(answer))
    }

    /// A question to a shard, where the session's temporary tables are.
    pub(super) async fn ask_held(
        &mut self,
        shard: ShardId,
        sql: &[u8],
    ) -> Result<Result<Answer, ClientMessage>, ClientMessage> {
        let mut link = self.obtain(shard, Side::Primary).await?;
        let answer = link.lease.query(sql, &self.interrupt).await?;
        match answer.summary.status {
            Some(status) => self.links.settle(link, status, &mut self.txn),
            None => self.links.put(link),
        }
        Ok(checked(answer))
    }
}

fn checked(answer: Answer) -> Result<Answer, ClientMessage> {
    match answer.error() {
        Some(error) => Err(error.into()),
        None => Ok(answer),
    }
}

impl ClientMessage {
    /// A server's message in the client's names.
    pub(super) fn logical(mut self, place: &Place<'_>) -> ClientMessage {
        if let Some(text) = text::in_message(&self.text, place) {
            self.text = text;
        }
        self
    }
}

impl Session {
    /// A server's message in the client's names. `shard`: whose it is, where that is known.
    pub(super) fn in_logical_names(&self, message: ClientMessage, shard: Option<ShardId>) -> ClientMessage {
        match in_names_of(self.all_places(shard).iter(), &message.text) {
            Some(text) => ClientMessage { text, ..message },
            None => message,
        }
    }

    /// The same for what SHOW WARNINGS shows.
    pub(super) fn rename_conditions(&self, conditions: &mut [Condition], shard: Option<ShardId>) {
        if conditions.is_empty() {
            return;
        }
        let places = self.all_places(shard);
        for condition in conditions {
            if let Some(text) = in_names_of(places.iter(), &condition.message) {
                condition.message = text;
            }
        }
    }

    /// Where a message can come from, the session's own database first.
    fn all_places(&self, shard: Option<ShardId>) -> Vec<Place<'_>> {
        let ids = (0u16..).map(DatabaseId).take(self.schema.databases.len());
        let mut ids: Vec<_> = ids.collect();
        ids.sort_by_key(|id| Some(*id) != self.database());
        let of = |id: DatabaseId| match shard {
            Some(shard) => {
                self.schema.database_of(id).shards.contains(shard).then(|| place_of(&self.schema, id, shard))
            }
            None => None,
        };
        match shard {
            Some(_) => ids.into_iter().filter_map(of).collect(),
            None => ids.into_iter().flat_map(|id| places(&self.schema, id)).collect(),
        }
    }
}

/// A message in the names of the first place that has any of its; a place that the message names knows them better, and
/// of those one that knows its tables: another server may have a schema of the same name.
fn in_names_of<'p>(places: impl Iterator<Item = &'p Place<'p>>, message: &str) -> Option<String> {
    let (named, others): (Vec<_>, Vec<_>) = places.partition(|place| message.contains(place.schema));
    let (knowing, named): (Vec<_>, Vec<_>) = named.into_iter().partition(|place| text::has_table_of(message, place));
    knowing.into_iter().chain(named).chain(others).find_map(|place| text::in_message(message, place))
}

impl Listing {
    /// The payloads of the answer to PREPARE.
    pub(super) fn prepared(&self, form: response::Form) -> Vec<Vec<u8>> {
        let mut first = Vec::new();
        let columns = self.definitions.len() as u16;
        PrepareOk { statement_id: 0, columns, params: 0, warnings: 0 }.write(&mut first);
        let end = (!form.deprecate_eof).then(|| {
            let mut payload = Vec::new();
            EofPacket { warnings: 0, status: StatusFlags::empty() }.write(&mut payload);
            payload
        });
        let in_form = |payload: &Vec<u8>| column::in_form(payload, form.extended_metadata).into_owned();
        std::iter::once(first).chain(self.definitions.iter().map(in_form)).chain(end).collect()
    }

    /// What a server answered.
    pub(super) fn of(answer: &Answer) -> Listing {
        let (columns, _) = answer.table();
        let payload = |column: &ColumnDefinition<'_>| {
            let mut payload = Vec::new();
            column.write(&mut payload);
            payload
        };
        Listing { definitions: columns.iter().map(payload).collect(), rows: answer_rows(answer).collect() }
    }

    /// The columns' names.
    pub(super) fn names(&self) -> Vec<String> {
        let columns = self.definitions.iter().filter_map(|payload| ColumnDefinition::parse(payload).ok());
        columns.map(|column| String::from_utf8_lossy(column.name).into_owned()).collect()
    }

    fn position(&self, is: impl Fn(Content, &str) -> bool) -> Option<usize> {
        self.definitions.iter().position(|payload| match ColumnDefinition::parse(payload) {
            Ok(column) => {
                let name = String::from_utf8_lossy(column.name);
                is(columns::of_show(&name), &name)
            }
            Err(_) => false,
        })
    }

    /// Gives the first column this title, and what LIKE adds to it.
    fn entitle(&mut self, title: &str, filter: Option<&ShowFilter>) {
        let Some(payload) = self.definitions.first_mut() else { return };
        let Ok(column) = ColumnDefinition::parse(payload) else { return };
        let mut title = title.as_bytes().to_vec();
        if let Some(ShowFilter::Like(pattern)) = filter {
            title.extend_from_slice(b" (");
            title.extend_from_slice(pattern);
            title.push(b')');
        }
        let mut renamed = Vec::new();
        // MySQL repeats the title where MariaDB has the column's own name.
        let org_name = if column.org_name == column.name { &title } else { column.org_name };
        ColumnDefinition { name: &title, org_name, ..column }.write(&mut renamed);
        *payload = renamed;
    }
}

/// Rows in text form.
pub(super) fn answer_rows(answer: &Answer) -> impl Iterator<Item = Row> {
    let (_, rows) = answer.table();
    rows.into_iter().map(|row| cells::cells(row).map(|cell| cell.ok().flatten().map(<[u8]>::to_vec)).collect())
}

fn collector(answer: &Answer) -> Collector {
    let (columns, _) = answer.table();
    let names: Vec<String> = columns.iter().map(|column| String::from_utf8_lossy(column.name).into_owned()).collect();
    let mut contents: Vec<Content> = names.iter().map(|name| columns::of_show(name)).collect();
    // The name of SHOW TABLE STATUS is a table's; other statements have names of other things.
    let is_status = names.first().is_some_and(|name| name == "Name") && names.iter().any(|name| name == "Data_length");
    if is_status {
        contents[0] = Content::Table;
    }
    Collector::new(names, contents)
}

/// Whether the column is that of SHOW TABLES.
fn is_title(name: &str) -> bool {
    name.starts_with("Tables_in_")
}

/// Whether the list has numbers that must be added up.
fn is_status(sql: &[u8]) -> bool {
    let upper = sql.to_ascii_uppercase();
    let has = |word: &[u8]| upper.windows(word.len()).any(|window| window == word);
    has(b"STATUS") || has(b"OPEN")
}

/// The statement without its filter (unless that is about what is the same everywhere), for one place.
fn text_for(show: &ShowCatalog, sql: &[u8], place: &Place<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    match &show.database {
        Some(named) => {
            text.extend_from_slice(&sql[..named.at.start]);
            text.extend_from_slice(quoted(place.schema).as_bytes());
            text.extend_from_slice(&sql[named.at.end..show.filter_at]);
        }
        None => text.extend_from_slice(&sql[..show.filter_at]),
    }
    if matches!(show.filter, Some(ShowFilter::Where(_))) {
        // MySQL describes the columns in another way where there is a condition.
        text.extend_from_slice(b" WHERE 1");
    }
    text
}

/// The statement about one table (`None`: about something else), without its filter.
fn text_for_table(show: &ShowCatalog, sql: &[u8], place: &Place<'_>, table: Option<&str>) -> Vec<u8> {
    let Some((subject, table)) = show.subject.as_ref().zip(table) else {
        return text_for(show, sql, place);
    };
    let mut text = sql[..subject.at.start].to_vec();
    if subject.name.database.is_some() || show.database.is_some() {
        text.extend_from_slice(quoted(place.schema).as_bytes());
        text.push(b'.');
    }
    text.extend_from_slice(quoted(table).as_bytes());
    if matches!(show.filter, Some(ShowFilter::Where(_))) {
        text.extend_from_slice(b" WHERE 1");
    }
    text
}
