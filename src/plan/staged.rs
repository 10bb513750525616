//! Writes that no shard can do by itself: over several shards with LIMIT, by a join or a subquery off the shard key, with
//! a new value of the shard key, of rows whose key only a server can compute.
//!
//! The rows that such a write touches or reads are gathered (`gather`), locked, on one server; there the client's own
//! statement runs, over tables that look like its own, and so counts, converts, warns and fails as the client's server
//! would. What it changed is then written to the shards by primary key, and what it inserted by shard key.

use crate::sharding::schema::same_name;
use crate::sharding::{Column, Placement, Schema, Sequence, ShardId, ShardSet, Table};
use crate::sql::facts::Facts;
use crate::sql::parse::ast::{Condition, Expression, Insert, Source as Rows, Span, Tail};
use crate::sql::parse::load::Load;
use crate::sql::{Lexer, TokenKind};
use crate::value::Value;

use super::gather::{Choice, GatherPlan, Gathering, Role};
use super::instance::{Instance, Source};
use super::names::{Anchor, write_quoted};
use super::narrow::{Narrow, TableId};
use super::scope::{InstanceId, QueryId, Scopes};
use super::{Binding, Plan, PlanError, bind, functions, write};
use crate::sql::parse;

/// What stands before the number of rows.
const LIMIT: &str = " LIMIT ";

/// How a write is staged.
#[derive(Debug, Clone, PartialEq)]
pub struct StagePlan {
    gather: GatherPlan,
    targets: Vec<Target>,
    change: Change,
    /// Conditions, order and limit of a write of one table, where each shard may judge them.
    narrowing: Vec<(&'static str, Anchor, Anchor)>,
    /// What each of the sharded tables needs that are read.
    keys: Vec<(TableId, Narrow)>,
}

/// A table that is written.
#[derive(Debug, Clone, PartialEq)]
struct Target {
    written: String,
    /// Its place among the gathered sources; an INSERT's target has none.
    source: Option<usize>,
    table: Option<TableId>,
    shards: ShardSet,
    assigned: Vec<String>,
}

/// What is done with the rows.
#[derive(Debug, Clone, PartialEq)]
enum Change {
    Update { ignores: bool },
    Delete,
    Insert { verb: &'static str, tail: Option<(Anchor, Anchor, (u16, u16))>, returns: bool, computed: Option<String> },
}

/// One statement, ready to be staged.
#[derive(Debug, Clone)]
pub struct Staging {
    pub gathering: Gathering,
    pub targets: Vec<WrittenTable>,
    pub kind: StageKind,
}

/// What becomes of the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageKind {
    /// Changed rows are written back by their keys. With IGNORE, those that a shard refuses stay as they are.
    Update { ignores: bool },
    /// Rows that are gone are deleted by their keys.
    Delete,
    /// New rows are inserted.
    Insert(Insertion),
}

impl StageKind {
    /// Whether it makes rows, and changes none.
    pub fn inserts(&self) -> bool {
        matches!(self, Self::Insert(_))
    }
}

/// How rows are inserted on the shards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Insertion {
    /// `INSERT`, `INSERT IGNORE` or `REPLACE`.
    pub verb: &'static str,
    /// What follows the rows, on each shard.
    pub tails: Vec<(ShardId, Vec<u8>)>,
    /// The statement's parameters that are in it: `params.0..params.1`.
    pub params: (u16, u16),
    /// RETURNING: the client gets the rows as they were staged.
    pub returns: bool,
    /// A generated column for which a query has values. MariaDB takes them in temporary tables only, and passes over them.
    pub computed: Option<String>,
}

/// One table that is written, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenTable {
    /// As the client calls it.
    pub written: String,
    /// Its place in `Gathering::sources`.
    pub source: Option<usize>,
    pub table: Option<TableId>,
    /// Its name on each of its shards, quoted and with its schema.
    pub places: Vec<(ShardId, Vec<u8>)>,
    /// Columns that an UPDATE assigns.
    pub assigned: Vec<String>,
    /// The name of the table that stands for it on the scratch.
    pub physical: String,
    /// What the statement says behind the name: the partitions that its rows are in, and stay in.
    pub partition: Vec<u8>,
}

impl<'q> Scopes<'_, 'q> {
    /// How an UPDATE of these instances, with the columns that are assigned in each, can be staged.
    pub(super) fn staged_update(
        &self,
        sql: &[u8],
        facts: &Facts,
        targets: &[(InstanceId, Vec<String>)],
        clauses: &Clauses<'q>,
        ignores: bool,
    ) -> Option<Box<StagePlan>> {
        self.staged(sql, facts, targets, Change::Update { ignores }, clauses)
    }

    /// How a DELETE from these instances can be staged.
    pub(super) fn staged_delete(
        &self,
        sql: &[u8],
        facts: &Facts,
        targets: &[InstanceId],
        clauses: &Clauses<'q>,
    ) -> Option<Box<StagePlan>> {
        let targets: Vec<_> = targets.iter().map(|id| (*id, Vec::new())).collect();
        self.staged(sql, facts, &targets, Change::Delete, clauses)
    }

    fn staged(
        &self,
        sql: &[u8],
        facts: &Facts,
        targets: &[(InstanceId, Vec<String>)],
        change: Change,
        clauses: &Clauses<'q>,
    ) -> Option<Box<StagePlan>> {
        let mut distinct: Vec<(InstanceId, Vec<String>)> = Vec::new();
        for (id, columns) in targets {
            match distinct.iter_mut().find(|(known, _)| known == id) {
                Some((_, known)) => known.extend(columns.iter().cloned()),
                None => distinct.push((*id, columns.clone())),
            }
        }
        let is_target = |id: InstanceId| distinct.iter().any(|(target, _)| *target == id);
        let gather = self.sources_of(sql, facts, |id| if is_target(id) { Role::Written } else { Role::ReadToWrite })?;
        let mut found: Vec<Target> = Vec::new();
        for (id, assigned) in distinct {
            let target = self.target(id, assigned, &gather)?;
            // Two temporary tables cannot both stand for one.
            if found.iter().any(|known| known.source == target.source || known.is_same_table(&target)) {
                return None;
            }
            found.push(target);
        }
        if found.is_empty() || shared(&found).is_empty() && !self.can_be_brought_together(targets) {
            return None;
        }
        let is_alone = gather.sources.len() == 1;
        let narrowing = if is_alone { self.narrowing(facts, clauses) } else { Vec::new() };
        Some(Box::new(StagePlan { gather, targets: found, change, narrowing, keys: self.keys() }))
    }

    /// Whether one server can have stand-ins for tables of which it does not have all itself: they are told apart by their
    /// names alone, and no single server can be asked who refers to them, as rows that move must know, or whether the
    /// statement may read what it writes (1093).
    fn can_be_brought_together(&self, targets: &[(InstanceId, Vec<String>)]) -> bool {
        let instance = |(id, _): &(InstanceId, Vec<String>)| &self.instances[*id];
        let database = targets.first().and_then(|first| instance(first).database);
        targets.iter().all(|target| {
            let moves = |column: &String| instance(target).part_of(column).is_some();
            instance(target).database == database && !target.1.iter().any(moves) && !self.has_another_of(target.0)
        })
    }

    /// How an INSERT into the instance can be staged.
    pub(super) fn staged_insert(
        &self,
        sql: &[u8],
        facts: &Facts,
        id: InstanceId,
        (insert, query): (&Insert, Option<QueryId>),
    ) -> Option<Box<StagePlan>> {
        let is_far = insert
            .tail
            .as_ref()
            .is_some_and(|tail| self.is_far(tail, insert, (sql, facts), id) || self.names_selected(tail, insert, id));
        // Only the shards know which rows were there already.
        let may_be_there = insert.ignores || insert.tail.is_some();
        if insert.has_partition || insert.has_returning && may_be_there || is_far {
            return None;
        }
        let mut gather = self.sources_of(sql, facts, |_| Role::ReadToWrite)?;
        if query.is_some_and(|query| self.is_streamed(query)) {
            gather.sources.iter_mut().for_each(|source| source.is_streamed = true);
        }
        let target = self.inserted_into(id)?;
        let verb = match (insert.is_replace, insert.ignores) {
            (true, _) => "REPLACE",
            (false, true) => "INSERT IGNORE",
            (false, false) => "INSERT",
        };
        let tail = insert.tail.as_ref().map(|Tail { span, params }| {
            (Anchor::new(span.start, self.literals), Anchor::new(span.end, self.literals), *params)
        });
        let computed = query.and_then(|_| self.computed(insert, id));
        let change = Change::Insert { verb, tail, returns: insert.has_returning, computed };
        Some(Box::new(StagePlan { gather, targets: vec![target], change, narrowing: Vec::new(), keys: self.keys() }))
    }

    /// The first generated column among those that get values.
    fn computed(&self, insert: &Insert, id: InstanceId) -> Option<String> {
        let columns = self.instances[id].table()?.table(self.ctx.schema)?.columns.as_ref()?;
        let is_computed = |column: &&Column| column.kind.as_ref().is_some_and(|kind| kind.generated);
        let gets_values = |column: &&Column| match &insert.columns {
            Some(named) => named.iter().any(|name| same_name(&name.column.text, &column.name)),
            None => !column.invisible,
        };
        columns.iter().filter(is_computed).find(gets_values).map(|column| column.name.clone())
    }

    /// Whether a SELECT of the same query would stream its rows however many there are: combinations of rows are each on one
    /// shard, and nothing else of a sharded table is read.
    fn is_streamed(&self, query: QueryId) -> bool {
        let blocks = self.term_blocks(query);
        let is_spread = blocks.iter().all(|block| self.spread_of_block(*block).is_ok());
        let is_within = |id: InstanceId| blocks.iter().any(|block| self.blocks[*block].instances.contains(&id));
        is_spread && (self.sharded().count() == 1 || self.sharded().all(is_within))
    }

    /// A table that gets rows, and of which none are read.
    fn inserted_into(&self, id: InstanceId) -> Option<Target> {
        let instance = &self.instances[id];
        Some(Target {
            written: instance.name.clone(),
            source: None,
            table: instance.table(),
            shards: self.shards_of(instance)?,
            assigned: Vec::new(),
        })
    }

    /// How a file can be loaded into the instance: read on one server, and its rows inserted as those of a query.
    pub(super) fn staged_load(&self, sql: &[u8], facts: &Facts, id: InstanceId, load: &Load) -> Option<Box<StagePlan>> {
        if load.has_partition {
            return None;
        }
        let target = self.inserted_into(id)?;
        // A client that sends its file cannot be stopped: rows that are there already are passed over.
        let verb = if load.replaces { "REPLACE" } else { "INSERT IGNORE" };
        let gather = self.sources_of(sql, facts, |_| Role::ReadToWrite)?;
        let change = Change::Insert { verb, tail: None, returns: false, computed: None };
        Some(Box::new(StagePlan { gather, targets: vec![target], change, narrowing: Vec::new(), keys: self.keys() }))
    }

    fn keys(&self) -> Vec<(TableId, Narrow)> {
        let needed = |id: InstanceId| Some((self.instances[id].key.as_ref()?.table, self.narrow_of(id)));
        self.sharded().filter_map(needed).collect()
    }

    /// Whether what follows the rows, which only the shards can run, needs more than a shard has.
    fn is_far(&self, tail: &Tail, insert: &Insert, (sql, facts): (&[u8], &Facts), id: InstanceId) -> bool {
        let reads = insert.expression.queries.iter().any(|query| query.span.start >= tail.span.start);
        let calls = insert.expression.calls.iter().filter(|call| call.span.start >= tail.span.start);
        let is_unknown = calls.into_iter().any(|call| !call.is_plain || !functions::is_spreadable(&call.name));
        let is_apart = facts.nondeterministic || facts.needs_local_values() || !facts.writes_user_vars.is_empty();
        let text = sql.get(tail.span.start as usize..tail.span.end as usize).unwrap_or_default();
        let is_copied = matches!(self.instances[id].source, Source::Fixed { is_reference: true, .. });
        let table = self.instances[id].table().and_then(|id| id.table(self.ctx.schema)).filter(|_| is_copied);
        let is_of_the_moment = |table: &Table| write::columns_of_the_moment(table, self.ctx.mode).next().is_some();
        let takes_moment = write::says_default(text, self.ctx.mode) && table.is_some_and(is_of_the_moment);
        reads || is_unknown || is_apart || takes_moment
    }

    /// Whether what follows the rows names columns of the SELECT that they come from: where they are inserted, there is
    /// only the row.
    fn names_selected(&self, tail: &Tail, insert: &Insert, id: InstanceId) -> bool {
        if !matches!(insert.source, Rows::Query(_)) {
            return false;
        }
        let target = &insert.target.table.text;
        let table = self.instances[id].table().and_then(|id| id.table(self.ctx.schema));
        let columns = table.and_then(|table| table.columns.as_ref());
        let is_own = |name: &str| columns.is_none_or(|known| known.iter().any(|column| same_name(&column.name, name)));
        let named = insert.expression.columns.iter().filter(|column| column.column.span.start >= tail.span.start);
        named.into_iter().any(|column| match &column.table {
            Some(table) => !same_name(&table.text, target),
            None => !is_own(&column.column.text),
        })
    }

    fn sources_of(&self, sql: &[u8], facts: &Facts, role: impl Fn(InstanceId) -> Role) -> Option<GatherPlan> {
        // A named lock that is taken for each row, or for none, is not known before.
        if facts.takes_named_locks {
            return None;
        }
        let names = match self.places.is_empty() {
            true => Vec::new(),
            false => parse::mentioned_names(sql, self.ctx.mode)?,
        };
        self.gathered(sql, &names, role)
    }

    fn target(&self, id: InstanceId, assigned: Vec<String>, gather: &GatherPlan) -> Option<Target> {
        let instance = &self.instances[id];
        let (named, _) = self.places.iter().find(|(_, known)| *known == id)?;
        let at = Anchor::new(named.name.table.span.start, self.literals);
        let source = gather.sources.iter().position(|source| source.role == Role::Written && source.at == at)?;
        Some(Target {
            written: named.name.table.text.clone(),
            source: Some(source),
            table: instance.table(),
            shards: self.shards_of(instance)?,
            assigned,
        })
    }

    /// The shards on which a table is written; of copies in one physical schema, one.
    pub(super) fn shards_of(&self, instance: &Instance) -> Option<ShardSet> {
        let table = instance.table().and_then(|id| id.table(self.ctx.schema));
        match (&instance.source, table) {
            (Source::Sharded(_), Some(table)) | (Source::Fixed { table: Some(_), .. }, Some(table)) => {
                Some(table.shard_set())
            }
            (Source::Fixed { table: None, .. }, _) => {
                let database = instance.database?;
                Some(ShardSet::single(self.ctx.schema.database_of(database).default_shard))
            }
            _ => None,
        }
    }

    /// What a shard may judge by itself of the conditions, order and limit of a write of one table.
    fn narrowing(&self, facts: &Facts, clauses: &Clauses<'q>) -> Vec<(&'static str, Anchor, Anchor)> {
        let is_judged = |expression: &Expression| {
            expression.queries.is_empty()
                && !expression.assigns_variable
                && expression.columns.iter().all(|column| column.database.is_none())
                && expression.calls.iter().all(|call| call.is_plain && functions::is_scalar(&call.name))
        };
        let sets_nothing = facts.reads_user_vars.is_empty() && facts.writes_user_vars.is_empty();
        if facts.nondeterministic || facts.needs_local_values() || facts.uses_last_insert_id || !sets_nothing {
            return Vec::new();
        }
        let anchored = |word: &'static str, span: Span| {
            (word, Anchor::new(span.start, self.literals), Anchor::new(span.end, self.literals))
        };
        let mut parts = Vec::new();
        match clauses.filter.map(|filter| &filter.expression) {
            Some(filter) if !is_judged(filter) => return parts,
            Some(filter) => parts.push(anchored(" WHERE ", filter.span)),
            None => {}
        }
        match (clauses.order_by, clauses.limit) {
            (Some(order), Some(limit)) if is_judged(order) => {
                parts.push(anchored(" ORDER BY ", order.span));
                parts.push(anchored(LIMIT, limit.span));
            }
            (None, Some(limit)) => parts.push(anchored(LIMIT, limit.span)),
            _ => {}
        }
        parts
    }
}

/// The clauses of an UPDATE or DELETE that choose its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clauses<'q> {
    pub(super) filter: Option<&'q Condition>,
    pub(super) order_by: Option<&'q Expression>,
    pub(super) limit: Option<&'q Expression>,
}

/// The shards that have all of the tables.
fn shared(targets: &[Target]) -> ShardSet {
    let shards = targets.iter().map(|target| target.shards.clone());
    let shared = shards.reduce(|mut all, more| {
        all.intersect_with(&more);
        all
    });
    shared.unwrap_or_default()
}

impl Target {
    fn is_same_table(&self, other: &Self) -> bool {
        self.table == other.table && self.shards == other.shards && self.written.eq_ignore_ascii_case(&other.written)
    }

    fn bind(&self, gather: &GatherPlan, input: &Binding<'_>, scratch: ShardId) -> WrittenTable {
        let schema = input.schema;
        let source = self.source.and_then(|place| gather.sources.get(place));
        let table = self.table.and_then(|id| id.table(schema));
        let name = |shard: ShardId| table.map_or(self.written.as_str(), |table| table.physical_name(shard));
        let place = |shard: ShardId| {
            let mut out = Vec::new();
            write_quoted(schema.shard(shard).schema.as_bytes(), &mut out);
            out.push(b'.');
            write_quoted(name(shard).as_bytes(), &mut out);
            (shard, out)
        };
        WrittenTable {
            written: self.written.clone(),
            source: self.source,
            table: self.table,
            places: self.shards.iter().map(place).collect(),
            assigned: self.assigned.clone(),
            physical: name(scratch).to_owned(),
            partition: source.map_or_else(Vec::new, |source| source.partition(input)),
        }
    }
}

impl WrittenTable {
    /// A shard that has it, and its name there: this one, if it is there.
    pub fn model(&self, preferred: ShardId) -> Option<&(ShardId, Vec<u8>)> {
        self.places.iter().find(|(shard, _)| *shard == preferred).or_else(|| self.places.first())
    }

    pub fn is_on(&self, shard: ShardId) -> bool {
        self.places.iter().any(|(place, _)| *place == shard)
    }

    /// The rule, if it has one.
    pub fn rule<'s>(&self, schema: &'s Schema) -> Option<&'s Table> {
        self.table?.table(schema)
    }

    /// What numbers its rows.
    pub fn sequence<'s>(&self, schema: &'s Schema) -> Option<&'s Sequence> {
        self.table?.sharded(schema)?.sequence.as_ref()
    }

    /// Whether each row is on a shard of its own; otherwise all places have all rows.
    pub fn is_sharded(&self, schema: &Schema) -> bool {
        matches!(self.rule(schema).map(|table| &table.placement), Some(Placement::Sharded(_)))
    }
}

impl Plan {
    /// Whether the statement says as much of shard keys as its tables' rules want to be told.
    pub fn check_staged(&self, input: &Binding<'_>) -> Result<(), PlanError> {
        self.staged().map_or(Ok(()), |plan| bind::check_keys(&plan.keys, true, input))
    }

    /// What is staged for one statement; `None` if the plan stages nothing. `scratch`: the shards on one of whose servers it
    /// is to be done, if that can be; none if any will do.
    pub fn staging(&self, input: &Binding<'_>, scratch: &ShardSet) -> Option<Staging> {
        let plan = self.staged()?;
        // The scratch's own tables are hidden by those that are written, as far as it has them.
        let preferred = Some(shared(&plan.targets)).filter(|shared| !shared.is_empty());
        let preferred = preferred.or_else(|| Some(plan.targets.first()?.shards.clone()))?;
        let mut chosen = preferred.clone();
        chosen.intersect_with(scratch);
        let preferred = if chosen.is_empty() { preferred } else { chosen };
        // No temporary table of the client's has the name of a table with a rule, which are those that are filtered.
        let choice = Choice { preferred: &preferred, may_use_copies: false, may_filter: true, may_condense: false };
        let mut gathering = plan.gather.bind(input, choice);
        plan.narrow(input, &mut gathering);
        let scratch = gathering.scratch;
        let kind = match &plan.change {
            Change::Update { ignores } => StageKind::Update { ignores: *ignores },
            Change::Delete => StageKind::Delete,
            Change::Insert { verb, tail, returns, computed } => {
                let render = |shard: ShardId| {
                    let mut out = Vec::new();
                    if let Some((from, to, _)) = tail {
                        out.push(b' ');
                        let (from, to) = (from.offset(input.literals), to.offset(input.literals));
                        self.names.render(input, shard, from, to, &mut out);
                    }
                    (shard, out)
                };
                let tails = plan.targets.iter().flat_map(|target| target.shards.iter()).map(render).collect();
                let params = tail.map_or((0, 0), |(_, _, params)| params);
                StageKind::Insert(Insertion { verb, tails, params, returns: *returns, computed: computed.clone() })
            }
        };
        let targets = plan.targets.iter().map(|target| target.bind(&plan.gather, input, scratch)).collect();
        Some(Staging { gathering, targets, kind })
    }
}

impl StagePlan {
    /// Whether it reads tables besides those that it writes.
    pub(super) fn reads_others(&self) -> bool {
        self.gather.sources.iter().any(|source| source.role != Role::Written)
    }

    /// Lets each shard judge what it can of the statement's conditions, unless a value of them cannot be written down.
    fn narrow(&self, input: &Binding<'_>, gathering: &mut Gathering) {
        let mut text = Vec::new();
        for (word, from, to) in &self.narrowing {
            let range = from.offset(input.literals)..to.offset(input.literals);
            let write = if *word == LIMIT { write_count } else { write_value };
            let before = text.len();
            text.extend_from_slice(word.as_bytes());
            match with_values(input, range, write, &mut text) {
                true => {}
                // More rows come than the statement changes.
                false if *word == LIMIT => text.truncate(before),
                false => return,
            }
        }
        if text.is_empty() {
            return;
        }
        for source in &mut gathering.sources {
            source.filter.clone_from(&text);
        }
    }
}

/// Writes a stretch of the statement with the values of its parameters in their places.
fn with_values(
    input: &Binding<'_>,
    range: std::ops::Range<usize>,
    write: fn(&Value<'_>, &mut Vec<u8>) -> bool,
    out: &mut Vec<u8>,
) -> bool {
    let mut done = range.start;
    let params = Lexer::new(input.sql, input.mode).filter(|token| token.kind == TokenKind::Param);
    for (param, token) in params.enumerate() {
        let (start, end) = (token.start as usize, token.end as usize);
        if start < range.start || end > range.end {
            continue;
        }
        out.extend_from_slice(input.sql.get(done..start).unwrap_or_default());
        if !input.params.get(param).is_some_and(|value| write(value, out)) {
            return false;
        }
        done = end;
    }
    out.extend_from_slice(input.sql.get(done..range.end).unwrap_or_default());
    true
}

/// A number of rows, which servers take from a text as well.
fn write_count(value: &Value<'_>, out: &mut Vec<u8>) -> bool {
    let count = match value {
        Value::Int(value) => u64::try_from(*value).ok(),
        Value::UInt(value) => Some(*value),
        Value::Text { bytes, .. } if bytes.iter().all(u8::is_ascii_digit) => {
            std::str::from_utf8(bytes).ok().and_then(|digits| digits.parse().ok())
        }
        _ => None,
    };
    out.extend_from_slice(count.map(|count: u64| count.to_string()).unwrap_or_default().as_bytes());
    count.is_some()
}

/// Only values whose type a literal has too: a text's collation, for one, would be another.
fn write_value(value: &Value<'_>, out: &mut Vec<u8>) -> bool {
    match value {
        Value::Null => out.extend_from_slice(b"NULL"),
        Value::Int(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Value::UInt(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Value::Decimal(digits) => out.extend_from_slice(digits),
        Value::Text { bytes, .. } if bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ') => {
            out.push(b'\'');
            out.extend_from_slice(bytes);
            out.push(b'\'');
        }
        Value::Text { .. }
        | Value::Binary(_)
        | Value::Hex(_)
        | Value::Double(_)
        | Value::Temporal(_)
        | Value::Unknown => return false,
    }
    true
}
