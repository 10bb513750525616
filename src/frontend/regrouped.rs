//! Groups of several shards: each shard's go into a temporary table on one server, where the client's own statement
//! runs over them (`plan::regroup`).
//!
//! Before any row is moved that server is asked what the statement's columns are over its own tables, and over the
//! groups. Where the answers differ, or it cannot say, the statement is gathered.

use std::slice;
use std::sync::Arc;

use mysql_common::constants::ColumnType;

use super::error::ClientMessage;
use super::gathered::Last;
use super::merging::is_of_text;
use super::query::Statement;
use super::session::Session;
use crate::backend::buffer::Buffer;
use crate::backend::connection::Watch;
use crate::backend::error::Error;
use crate::backend::settings::Settings;
use crate::exec::failure::Failure;
use crate::exec::gather::{Scratch, Site, Taken};
use crate::exec::links::Link;
use crate::plan::gather::Gathered;
use crate::plan::regroup::{Regrouping, Resort, TABLE};
use crate::plan::{Described, Plan, Renames};
use crate::sharding::ShardSet;
use crate::sql::{Lexer, Mode, TokenKind};
use crate::wire::column::ColumnDefinition;
use crate::wire::error_code as codes;
use crate::wire::packet;
use crate::wire::walker::{AnswerKind, PacketKind, ResultWalker};

const INTEGERS: [ColumnType; 5] = [
    ColumnType::MYSQL_TYPE_TINY,
    ColumnType::MYSQL_TYPE_SHORT,
    ColumnType::MYSQL_TYPE_INT24,
    ColumnType::MYSQL_TYPE_LONG,
    ColumnType::MYSQL_TYPE_LONGLONG,
];

const FLOATS: [ColumnType; 2] = [ColumnType::MYSQL_TYPE_FLOAT, ColumnType::MYSQL_TYPE_DOUBLE];

const TEXTS: [ColumnType; 3] =
    [ColumnType::MYSQL_TYPE_VAR_STRING, ColumnType::MYSQL_TYPE_STRING, ColumnType::MYSQL_TYPE_BLOB];

/// A statement to be answered from groups.
#[derive(Debug)]
pub(super) struct Order<'a> {
    pub(super) plan: &'a Plan,
    pub(super) sql: &'a [u8],
    /// The groups' texts have no parameters any more.
    pub(super) regrouping: Regrouping,
    pub(super) last: Last,
    pub(super) more_follows: bool,
}

/// The table of the groups, and what is said of the statement over it.
struct Table {
    scratch: Scratch,
    text: Vec<u8>,
    described: Vec<Described>,
}

impl Session {
    /// A statement that came as text.
    pub(super) async fn regroup_text(
        &mut self,
        plan: &Plan,
        statement: &Statement<'_>,
        shards: &ShardSet,
    ) -> Result<(), ClientMessage> {
        match self.regroup_shards(plan, statement, shards, Resort::First).await? {
            true => Ok(()),
            false => self.gather_text(plan, statement).await,
        }
    }

    /// The same, if it can be answered so. If not, the client was sent nothing.
    pub(super) async fn regroup_shards(
        &mut self,
        plan: &Plan,
        statement: &Statement<'_>,
        shards: &ShardSet,
        resort: Resort,
    ) -> Result<bool, ClientMessage> {
        let (sql, more_follows) = (statement.sql, statement.more_follows);
        match plan.regrouping(&self.binding(sql), shards) {
            Some(regrouping) => {
                let regrouping = Regrouping { resort, ..regrouping };
                Box::pin(self.regroup(Order { plan, sql, regrouping, last: Last::Text, more_follows })).await
            }
            None => Ok(false),
        }
    }

    /// Whether the client has its answer. If not, it was sent nothing.
    pub(super) async fn regroup(&mut self, order: Order<'_>) -> Result<bool, ClientMessage> {
        let facts = &order.plan.facts;
        let is_of_session =
            facts.needs_local_values() || facts.uses_last_insert_id || !facts.reads_user_vars.is_empty();
        // What the session alone knows is told only to the server that runs the client's own text, and what it has locked
        // other connections wait for.
        if is_of_session || !self.temporary_tables.is_empty() || self.links.has_table_locks() {
            return Ok(false);
        }
        let side = self.side(order.plan);
        let mut scratch = Link::apart(&self.need().2, order.regrouping.scratch, side).await?;
        let done = self.regroup_on(&mut scratch, order).await;
        self.clean(scratch).await;
        if !matches!(done, Ok(true)) {
            self.measuring = None;
        }
        done
    }

    async fn regroup_on(&mut self, scratch: &mut Link, order: Order<'_>) -> Result<bool, ClientMessage> {
        let (plan, regrouping) = (order.plan, &order.regrouping);
        let there = match &plan.described {
            Some(known) => Some(known.iter().map(|column| column.there.clone()).collect()),
            None => self.described_by(scratch, plan, &regrouping.own, &order.last).await?,
        };
        let Some(there) = there else { return Ok(false) };
        let groups = as_gathered(regrouping);
        let Some(mut table) = self.make_groups(scratch, &groups, &order, there).await? else { return Ok(false) };
        let loading = self.loading();
        self.adapt(scratch, &loading).await?;
        match self.fill_from(slice::from_mut(scratch), &mut table.scratch, &groups, plan, &mut Taken::default()).await {
            Ok(0) => {}
            // Warnings are the client's, but how many there are depends on who evaluates what.
            Ok(_) => return Ok(false),
            // What a shard does not accept of the altered text, or cannot sort, says nothing about the client's.
            Err((Failure::Server { code, .. }, links))
                if is_of_text(code) || code.number == codes::OUT_OF_SORTMEMORY.number =>
            {
                self.keep_usable(links);
                return Ok(false);
            }
            // It is in a column that the client does not know.
            Err((Failure::Unsupported(_), links)) => {
                self.keep_usable(links);
                return Ok(false);
            }
            Err((failure, links)) => return Err(self.read_failed(links, failure).await),
        }
        let answering = self.without_group_rule();
        self.adapt(scratch, &answering).await?;
        self.before_the_last(scratch, plan).await?;
        let kind = self.send_last(scratch, order.last, table.text).await?;
        let Some(read) = self.first_of_answer(scratch, kind).await? else { return Ok(false) };
        let schema = Arc::clone(&self.schema);
        let own = plan.renames(&schema, scratch.shard);
        let mut renames = Renames { definitions: &table.described, ..own };
        renames.tables.extend(regrouping.of_table.as_deref().map(|name| (TABLE, name)));
        let ended = self.relay_last(scratch, kind, read, &renames, order.more_follows).await?;
        let is_one_row = regrouping.is_one_row;
        if let Err(message) = self.after_gathered(plan, order.sql, is_one_row, scratch, ended).await {
            self.lose_track(&message);
        }
        Ok(true)
    }

    /// Makes the table of the groups. `None`: the statement over it would not be described like the client's own, whose
    /// columns are `there`.
    async fn make_groups(
        &mut self,
        scratch: &mut Link,
        groups: &Gathered,
        order: &Order<'_>,
        there: Vec<Vec<u8>>,
    ) -> Result<Option<Table>, ClientMessage> {
        let making = self.making();
        self.adapt(scratch, &making).await?;
        self.stay_out_of_the_log(scratch).await?;
        let Some((_, query)) = order.regrouping.groups.first() else { return Ok(None) };
        let schema = self.schema.shard(scratch.shard).schema.clone();
        let site = Site { gathered: groups, schema: Some(&schema), interrupt: &self.interrupt };
        let table = match site.create_for(&mut scratch.lease, query).await {
            Ok(table) => table,
            Err(Error::Refused { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // A column of the groups does not say that its text is JSON.
        if self.mode.mariadb && table.texts().next().is_some() && makes_json(order.sql, self.mode) {
            return Ok(None);
        }
        // With how many digits MySQL compares an average is known by the default.
        if !self.mode.mariadb && order.regrouping.compares_averages() && self.divides_otherwise(order.sql) {
            return Ok(None);
        }
        let Some(text) = order.regrouping.written(table.types(), self.mode.mariadb).filter(|_| travels(&table)) else {
            return Ok(None);
        };
        let here = match self.prepared_columns(scratch, &text).await {
            Ok(Some(here)) if are_alike(&here, &there, order.regrouping.resort) => here,
            Ok(_) => return Ok(None),
            Err(_) if scratch.lease.is_usable() => return Ok(None),
            Err(error) => return Err(error),
        };
        let is_last = order.regrouping.resort == Resort::Last;
        let is_key = |place: usize| is_last || order.regrouping.shown_keys.contains(&place);
        let described = here.into_iter().zip(there).enumerate().map(|(place, (here, there))| match is_key(place) {
            true => Described { there: as_wide(&there, &here), here },
            false => Described { here, there },
        });
        let described = described.collect();
        Ok(Some(Table { scratch: table, text, described }))
    }

    /// Whether the session, or a hint, says how many digits a quotient has more.
    fn divides_otherwise(&self, sql: &[u8]) -> bool {
        const VARIABLE: &str = "div_precision_increment";
        self.settings.get(VARIABLE).is_some()
            || sql.windows(VARIABLE.len()).any(|text| text.eq_ignore_ascii_case(VARIABLE.as_bytes()))
    }

    /// The session's settings, under which any column can be made.
    pub(super) fn making(&self) -> Arc<Settings> {
        const RULES: [&str; 6] = [
            "ONLY_FULL_GROUP_BY",
            "STRICT_TRANS_TABLES",
            "STRICT_ALL_TABLES",
            "NO_ZERO_IN_DATE",
            "NO_ZERO_DATE",
            "TRADITIONAL",
        ];
        // SHOW obeys it.
        self.variant_of(&self.without_rules(&RULES), |settings| settings.unset("sql_select_limit"))
    }

    /// The session's settings without the rule for columns beside groups, which the client's own statement has met.
    fn without_group_rule(&self) -> Arc<Settings> {
        self.without_rules(&["ONLY_FULL_GROUP_BY"])
    }

    fn without_rules(&self, rules: &[&str]) -> Arc<Settings> {
        self.variant(|settings| {
            if let Some(mode) = settings.get("sql_mode").map(str::to_owned) {
                let kept = mode.trim_matches('\'').split(',').filter(|rule| !rules.contains(rule));
                settings.set("sql_mode", &format!("'{}'", kept.collect::<Vec<_>>().join(",")));
            }
        })
    }

    /// The first bytes of the answer, to its first row if they fit; `None` if it is an error, which was read. MySQL
    /// describes the columns before it knows whether there will be a row.
    pub(super) async fn first_of_answer(
        &mut self,
        scratch: &mut Link,
        kind: AnswerKind,
    ) -> Result<Option<Buffer>, ClientMessage> {
        let mut buffer = Buffer::default();
        let (mut walker, mut at) = (ResultWalker::new(kind, scratch.lease.deprecate_eof()), 0);
        walker = walker.starting_at(scratch.lease.answer_seq());
        while !buffer.is_full() {
            let found = walker.next_packet(buffer.filled().get(at..).unwrap_or_default());
            let found = found.map_err(|source| Failure::from(scratch.lease.protocol(source)))?;
            match found.map(|packet| (packet.kind, packet.payload.len())) {
                Some((PacketKind::Err, _)) => {
                    scratch.lease.answered();
                    return Ok(None);
                }
                Some((PacketKind::Row, _)) => break,
                Some(_) if walker.is_complete() => break,
                Some((_, len)) => at += packet::HEADER_LEN + len,
                None => {
                    let mut watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
                    scratch.lease.read(&mut buffer, &mut watch).await?;
                }
            }
        }
        Ok(Some(buffer))
    }
}

/// The groups as a table that is gathered.
fn as_gathered(regrouping: &Regrouping) -> Gathered {
    let tail = |query: &[u8]| [b" FROM (", query, b") AS `shardgate_parts`"].concat();
    let fetches = regrouping.groups.iter().map(|(shard, query)| (*shard, tail(query))).collect();
    Gathered { fetches, ..Gathered::of_rows("the groups of all shards", TABLE, regrouping.scratch) }
}

/// Whether the columns hold what they are given, and show it as a single server would: a number with a fixed count of
/// decimals is rounded, and what MySQL calls a YEAR it calls an integer when it was grouped.
pub(super) fn travels(table: &Scratch) -> bool {
    let changes = |column_type: &String| {
        column_type.starts_with("double(") || column_type.starts_with("float(") || column_type.starts_with("year")
    };
    !table.types().iter().any(changes)
}

/// Whether a function puts values into JSON, which takes a text that is JSON as what it says.
fn makes_json(sql: &[u8], mode: Mode) -> bool {
    const MAKERS: [&str; 6] = ["json_array", "json_object", "json_set", "json_insert", "json_replace", "json_merge"];
    Lexer::new(sql, mode).filter(|token| token.kind == TokenKind::Word).any(|token| {
        let word = token.text(sql).to_ascii_lowercase();
        MAKERS.iter().any(|maker| word.starts_with(maker.as_bytes()))
    })
}

/// Whether values are written in the same way in both answers.
pub(super) fn are_alike(here: &[Vec<u8>], there: &[Vec<u8>], resort: Resort) -> bool {
    let is_integer = |column: &ColumnDefinition<'_>| INTEGERS.iter().any(|kind| *kind as u8 == column.column_type);
    let is_text = |column: &ColumnDefinition<'_>| TEXTS.iter().any(|kind| *kind as u8 == column.column_type);
    let is_alike = |(one, other): (&Vec<u8>, &Vec<u8>)| {
        let (Ok(one), Ok(other)) = (ColumnDefinition::parse(one), ColumnDefinition::parse(other)) else { return false };
        let are = |is: &dyn Fn(&ColumnDefinition<'_>) -> bool| resort == Resort::Last && is(&one) && is(&other);
        let is_as_wide = one.column_type == other.column_type || are(&is_integer);
        // How many decimals a text has says nothing.
        let is_as_exact = one.decimals == other.decimals || are(&is_text);
        is_as_wide && is_as_exact && one.charset == other.charset && one.name == other.name
    };
    here.len() == there.len() && here.iter().zip(there).all(is_alike)
}

/// A definition with the width of another, which is of the same type or another integer. A floating-point number has no
/// width that depends on it: MySQL calls it narrower in a table that was made for it.
fn as_wide(definition: &[u8], other: &[u8]) -> Vec<u8> {
    let (Ok(found), Ok(other)) = (ColumnDefinition::parse(definition), ColumnDefinition::parse(other)) else {
        return definition.to_vec();
    };
    if FLOATS.iter().any(|kind| *kind as u8 == found.column_type) {
        return definition.to_vec();
    }
    let mut out = Vec::new();
    ColumnDefinition { length: other.length, column_type: other.column_type, ..found }.write(&mut out);
    out
}
