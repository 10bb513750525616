//! LOAD DATA: which shards read the file, and which of its lines each gets.

use crate::sharding::schema::same_name;
use crate::sharding::{Located, Part, Placement, ShardId, ShardSet, Sharded, Table};
use crate::sql::facts::Facts;
use crate::sql::lines::Format;
use crate::sql::parse::ast::Span;
use crate::sql::parse::load::{Destination, Load, SetValue};

use super::bind::RouteTemplate;
use super::instance::Source;
use super::narrow::{Known, TableId};
use super::rows::numbered;
use super::scope::{InstanceId, Scopes};
use super::staged::StagePlan;
use super::{Binding, Plan, PlanError, Route, StatementKind, read, write};

/// How a file that the client has is read.
#[derive(Debug, Clone)]
pub struct LoadPlan {
    /// What the client calls the file.
    pub file: Vec<u8>,
    /// The character set that the statement names for the file.
    pub charset: Option<String>,
    /// How lines find their shards; `None`: each shard gets all of them.
    pub split: Option<LineSplit>,
    /// Whether a server may number rows, and LAST_INSERT_ID() tell of it.
    pub(super) may_number: bool,
    /// Where the number of lines stands that are ignored, if ShardGate passes over them.
    ignored_at: Option<Span>,
}

/// How lines are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineSplit {
    pub table: TableId,
    pub format: Format,
    /// IGNORE n LINES
    pub ignored: u64,
    /// Fields of a line that are read.
    pub fields: usize,
    /// The one with the shard key.
    pub key: usize,
    /// The one with the number that the shards must not make.
    pub number: Option<usize>,
}

/// The route of LOAD DATA. What is known of a file that the client has is beside it.
pub(super) fn route<'q>(
    scopes: &mut Scopes<'_, 'q>,
    load: &'q Load,
    sql: &[u8],
    facts: &Facts,
) -> Result<(RouteTemplate, Option<Box<LoadPlan>>), PlanError> {
    let (block, target) = scopes.read_target(&load.target)?;
    let columns = load.fields.iter().flatten().filter_map(|field| match field {
        Destination::Column(column) => Some(column),
        Destination::Variable(_) => None,
    });
    for column in columns.chain(load.assignments.iter().map(|set| &set.column)) {
        scopes.edit_column(column, Some(target));
    }
    scopes.read_expression(&load.set, Some(block), None)?;
    let into = Into { scopes, load, sql, facts, target };
    if !load.is_local {
        return into.on_server().map(|route| (RouteTemplate::fixed(route), None));
    }
    let (route, split) = match into.way()? {
        Way::Whole(shards) => (Route::Load(shards), None),
        Way::Split(split) => (Route::Load(into.shards()), Some(split)),
        Way::Staged(reason) => {
            let refused = PlanError::unsupported(reason);
            let staged = Some(into.staged().ok_or(refused)?);
            return Ok((RouteTemplate { staged, ..RouteTemplate::fixed(Route::Staged) }, Some(into.plan(None))));
        }
    };
    // A file may turn out to be one that only a server can cut into lines.
    let staged = if split.is_some() { into.staged() } else { None };
    let plan = into.plan(split);
    Ok((RouteTemplate { staged, ..RouteTemplate::fixed(route) }, Some(plan)))
}

enum Way {
    /// Each of these shards reads all lines.
    Whole(ShardSet),
    Split(LineSplit),
    /// A server reads the lines into a temporary table, because of this.
    Staged(&'static str),
}

struct Into<'s, 'a, 'q> {
    scopes: &'s Scopes<'a, 'q>,
    load: &'q Load,
    sql: &'s [u8],
    facts: &'s Facts,
    target: InstanceId,
}

impl Into<'_, '_, '_> {
    fn plan(&self, split: Option<LineSplit>) -> Box<LoadPlan> {
        let load = self.load;
        let ignored_at = load.ignored.map(|(_, at)| at).filter(|_| split.is_some());
        let (file, charset) = (load.file.clone(), load.charset.clone());
        let columns = self.rule().and_then(|table| table.columns.as_ref());
        let may_number = columns.is_none_or(|columns| columns.iter().any(|column| column.auto_increment));
        Box::new(LoadPlan { file, charset, split, may_number, ignored_at })
    }

    fn staged(&self) -> Option<Box<StagePlan>> {
        self.scopes.staged_load(self.sql, self.facts, self.target, self.load)
    }

    fn rule(&self) -> Option<&Table> {
        self.scopes.instances[self.target].table()?.table(self.scopes.ctx.schema)
    }

    fn shards(&self) -> ShardSet {
        self.rule().map(Table::shard_set).unwrap_or_default()
    }

    /// The file is on a server.
    fn on_server(&self) -> Result<Route, PlanError> {
        let shards = self.shards();
        if shards.len() > 1 {
            let table = &self.load.target.table.text;
            return Err(PlanError::unsupported(format!(
                "LOAD DATA without LOCAL, which reads a file of one server's own, into '{table}', which is on several \
                 shards: use LOAD DATA LOCAL"
            )));
        }
        match shards.first() {
            Some(shard) if self.reads_elsewhere(&ShardSet::single(shard)) => {
                Err(PlanError::unsupported("LOAD DATA with a subquery on tables of other shards"))
            }
            Some(shard) => Ok(Route::One(shard)),
            None => read::unsharded(self.scopes, StatementKind::Write),
        }
    }

    fn way(&self) -> Result<Way, PlanError> {
        let source = &self.scopes.instances[self.target].source;
        let (id, table, sharded) = match (source, self.rule()) {
            (Source::Sharded(id), Some(table)) => match &table.placement {
                Placement::Sharded(sharded) => (*id, table, sharded),
                Placement::Reference(_) | Placement::Single(_) => return Ok(Way::Whole(table.shard_set())),
            },
            (_, Some(table)) => return Ok(self.unsharded(table)),
            (_, None) => {
                let Ok(route) = read::unsharded(self.scopes, StatementKind::Write) else {
                    return Ok(Way::Staged("LOAD DATA with a subquery on tables of other shards"));
                };
                return Ok(match route {
                    Route::One(shard) => Way::Whole(ShardSet::single(shard)),
                    _ => Way::Staged("LOAD DATA into such a table"),
                });
            }
        };
        let shards = sharded.shard_set();
        if sharded.sequence.is_some() {
            return Ok(Way::Staged("LOAD DATA of this kind into a table with a sequence"));
        }
        if self.reads_elsewhere(&shards) {
            return Ok(Way::Staged("LOAD DATA with a subquery on tables of other shards"));
        }
        if shards.len() == 1 {
            return Ok(Way::Whole(shards));
        }
        if self.load.set.assigns_variable {
            return Ok(Way::Staged("LOAD DATA that counts with a user variable over several shards"));
        }
        self.by_key(id, table, sharded)
    }

    /// A reference table, or one on one shard.
    fn unsharded(&self, table: &Table) -> Way {
        let shards = table.shard_set();
        if self.reads_elsewhere(&shards) {
            return Way::Staged("LOAD DATA with a subquery on tables of other shards");
        }
        // Copies must come out alike.
        let differs = self.facts.is_of_server()
            || self.load.set.assigns_variable
            || !self.load.set.queries.is_empty()
            || write::columns_of_the_moment(table, self.scopes.ctx.mode).next().is_some()
            || table.columns.iter().flatten().any(|column| column.auto_increment);
        match shards.len() > 1 && differs {
            true => Way::Staged("LOAD DATA of this kind into a reference table"),
            false => Way::Whole(shards),
        }
    }

    /// Whether subqueries read what some of these shards do not have.
    fn reads_elsewhere(&self, shards: &ShardSet) -> bool {
        let is_read = self.scopes.sharded().next().is_some();
        let fixed = self.scopes.instances.iter().enumerate().filter(|(id, _)| *id != self.target);
        let mut places = fixed.filter_map(|(_, instance)| match &instance.source {
            Source::Fixed { at, .. } => Some(at),
            Source::Sharded(_) | Source::Derived { .. } | Source::Nowhere => None,
        });
        is_read || places.any(|at| !shards.is_subset_of(at))
    }

    fn by_key(&self, id: TableId, table: &Table, sharded: &Sharded) -> Result<Way, PlanError> {
        let load = self.load;
        if load.is_xml {
            return Ok(Way::Staged("LOAD XML of this kind over several shards"));
        }
        if !load.format.has_lines() {
            return Ok(Way::Staged("LOAD DATA of this kind, from a file whose lines have no ends of their own,"));
        }
        let number = table.columns.iter().flatten().find(|column| column.auto_increment);
        let number = number.map(|column| column.name.as_str()).filter(|_| !sharded.auto_increment_per_shard);
        let number = match number {
            Some(column) => match self.source_of(table, column)? {
                From::Field(place) => Some(place),
                From::Nothing => return Err(numbered(table)),
                From::Constant(_) | From::Opaque => {
                    return Ok(Way::Staged("LOAD DATA with a computed number over several shards"));
                }
            },
            None => None,
        };
        if sharded.parent.is_some() {
            return Ok(Way::Staged("LOAD DATA into a child table"));
        }
        if sharded.has_several_columns() {
            return Ok(Way::Staged("LOAD DATA into a table whose shard key has several columns"));
        }
        let key = match self.source_of(table, &sharded.key_column)? {
            From::Field(place) => place,
            From::Constant(known) => return self.at_constant(table, sharded, &known),
            From::Opaque => return Ok(Way::Staged("LOAD DATA with a computed shard key")),
            From::Nothing => {
                let (table, column) = (table.name.clone(), sharded.key_column.clone());
                return Err(PlanError::MissingShardKey { table, column, rule: sharded.function.kind() });
            }
        };
        let fields = match &load.fields {
            Some(fields) => fields.len(),
            None => visible(table)?.count(),
        };
        let ignored = load.ignored.map_or(0, |(lines, _)| lines);
        Ok(Way::Split(LineSplit { table: id, format: load.format.clone(), ignored, fields, key, number }))
    }

    /// All rows have the same key.
    fn at_constant(&self, table: &Table, sharded: &Sharded, known: &Known) -> Result<Way, PlanError> {
        let ctx = self.scopes.ctx;
        let binding =
            Binding { schema: ctx.schema, sql: self.sql, literals: self.scopes.literals, params: &[], mode: ctx.mode };
        let value = known.value(&binding);
        match sharded.place(&value) {
            Located::Shard(shard) => Ok(Way::Whole(ShardSet::single(shard))),
            Located::Anywhere | Located::Nowhere => Ok(Way::Staged("LOAD DATA with such a shard key")),
            located => Err(PlanError::unplaced(located, table, sharded, Part::FIRST, &value)),
        }
    }

    /// Where the value of a column comes from.
    fn source_of(&self, table: &Table, column: &str) -> Result<From, PlanError> {
        let fields = self.load.fields.as_deref();
        let set = self.load.assignments.iter().rfind(|set| same_name(&set.column.column.text, column));
        match set.map(|set| &set.value) {
            Some(SetValue::Constant(constant)) => {
                return Ok(Known::of(constant, self.scopes.literals).map_or(From::Opaque, From::Constant));
            }
            Some(SetValue::Variable(name)) => {
                let is_it = |field: &Destination| matches!(field, Destination::Variable(known) if known == name);
                let place = fields.and_then(|fields| fields.iter().rposition(is_it));
                return Ok(place.map_or(From::Opaque, From::Field));
            }
            Some(SetValue::Opaque) => return Ok(From::Opaque),
            None => {}
        }
        let place = match fields {
            Some(fields) => fields.iter().rposition(
                |field| matches!(field, Destination::Column(known) if same_name(&known.column.text, column)),
            ),
            None => visible(table)?.position(|known| same_name(known, column)),
        };
        Ok(place.map_or(From::Nothing, From::Field))
    }
}

/// Where the value of a column comes from.
enum From {
    Field(usize),
    Constant(Known),
    Opaque,
    Nothing,
}

/// The columns that fields go to where the statement names none.
fn visible(table: &Table) -> Result<impl Iterator<Item = &str>, PlanError> {
    let columns = table.columns.as_ref();
    let columns = columns.ok_or_else(|| PlanError::unknown_columns(table))?;
    Ok(columns.iter().filter(|column| !column.invisible).map(|column| column.name.as_str()))
}

impl Plan {
    /// What is known of the client's file, if the statement is LOAD DATA LOCAL.
    pub fn load(&self) -> Option<&LoadPlan> {
        self.load.as_deref()
    }

    /// LOAD DATA as the shard must get it.
    pub fn render_load(&self, input: &Binding<'_>, shard: ShardId) -> Vec<u8> {
        let mut out = Vec::new();
        let mut done = 0;
        if let Some(at) = self.load.as_ref().and_then(|load| load.ignored_at) {
            // The lines that are to be ignored do not get there.
            self.names.render(input, shard, 0, at.start as usize, &mut out);
            out.push(b'0');
            done = at.end as usize;
        }
        self.names.render(input, shard, done, input.sql.len(), &mut out);
        out
    }
}
