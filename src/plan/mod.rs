//! Statement and schema to plan: which shards answer, and with what text.
//!
//! It promises never to narrow a route on what is not proven, and to refuse (`PlanError::Unsupported`) what cannot be
//! answered as one server would. A plan belongs to a shape: `bind` gives the route for the literals and parameters of
//! one statement, `render` the text for one shard. Nothing here does I/O.

mod assigned;
pub mod bind;
pub mod cache;
pub mod catalog;
pub mod condensed;
mod condition;
mod cte_copies;
pub mod ddl;
mod derived;
mod edits;
mod exact;
pub mod explain;
mod few;
pub mod filled;
mod filter;
mod finer;
mod functions;
pub mod gather;
mod gathered_text;
pub mod grouped;
mod insert;
mod instance;
mod key_lists;
pub mod load;
mod local;
pub mod mentions;
pub mod merged;
pub mod names;
pub mod narrow;
mod numbering;
pub mod placed_lines;
mod read;
pub mod reduction;
pub mod regroup;
mod resolve;
mod routine;
pub mod rows;
mod scope;
mod search;
mod session_view;
mod set_text;
mod sets;
pub mod shipped;
pub mod sort_key;
pub mod staged;
mod unknown;
mod view;
mod whole;
mod write;

use thiserror::Error;

use crate::sharding::live::check_key;
use crate::sharding::{DatabaseId, Located, Part, Schema, ShardId, ShardSet, Sharded, Table};
use crate::sql::control::{self, Control, ControlError, CreateRuled, CreateSelect, TableName};
use crate::sql::facts::Facts;
use crate::sql::hint::{self, Hint, HintError, Side};
use crate::sql::parse::ast::{Ddl, DdlKind, Statement};
use crate::sql::parse::{self, Problem};
use crate::sql::{Lexer, Literal, Mode, Shape};
use crate::value::Value;

pub use bind::RouteTemplate;
pub use ddl::{DdlPlan, TableEffect};
pub use load::LoadPlan;
pub use local::{LocalItem, LocalValue};
pub use names::{Described, Renames};
pub use numbering::{Numbers, Parameter};
pub use rows::{InsertTemplate, ShardRows};

/// What a statement is planned against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub schema: &'a Schema,
    /// The session's current database.
    pub database: Option<DatabaseId>,
    /// The session has selected `information_schema`. Plans that were made so must not be kept for others.
    pub in_catalog: bool,
    pub mode: Mode,
    pub gathers: Gathers,
}

/// Of which reads it is planned how their rows would be gathered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Gathers {
    /// Those that may need it.
    #[default]
    IfNeeded,
    /// Every read of several shards.
    Always,
    /// The query is gathered, wherever its tables are.
    Only,
}

impl Context<'_> {
    /// What DATABASE() is.
    fn database_name(&self) -> Option<String> {
        match self.database {
            Some(id) => Some(self.schema.database_of(id).name.clone()),
            None => self.in_catalog.then(|| "information_schema".to_owned()),
        }
    }
}

/// How a statement of one shape is answered. Immutable; shared by sessions.
#[derive(Debug, Clone)]
pub struct Plan {
    pub kind: StatementKind,
    /// What the session must know of the statement.
    pub facts: Facts,
    pub action: Action,
    /// Literals that must be as they were when the plan was made.
    pub guards: Vec<Guard>,
    /// The server commits the open transaction before it runs the statement.
    pub implicit_commit: bool,
    /// Whether other statements of the shape may use the plan (if the guards hold).
    pub is_cacheable: bool,
    /// EXPLAIN of a statement, which is not run.
    pub explains: bool,
    /// EXPLAIN of a statement that is not run, or only reads: shards may be asked one by one.
    pub explains_parts: bool,
    /// Its rows tell the names of tables.
    tells_names: bool,
    /// What a comment asks for.
    pub hint_side: Option<Side>,
    /// The same write runs on all copies of a reference table: its affected rows are those of one of them.
    pub writes_copies: bool,
    /// It calls a procedure, or a function that is not known to be the server's own.
    pub calls_routines: bool,
    /// All that it does is to compute a row from nothing, or less (DO).
    pub is_apart: bool,
    /// It is about rows of a table that is not sharded, which the connections of several shards could meet at.
    pub meets_shared: bool,
    ddl: Option<Box<DdlPlan>>,
    load: Option<Box<LoadPlan>>,
    /// What a server has told of the answer's columns over the client's own tables, where the plan names others.
    pub described: Option<Vec<Described>>,
    names: names::Edits,
    /// Shards on which `names` change the text.
    altered: ShardSet,
    /// Shards whose result columns have other names than the client's.
    renamed: ShardSet,
    is_plain: bool,
}

/// What running a statement means to a session and to the choice between primary and replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// Changes nothing and locks nothing.
    Read,
    /// FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE.
    LockingRead,
    Write,
    Ddl,
    Call,
    /// SHOW, DESCRIBE, EXPLAIN.
    Show,
    Other,
}

impl StatementKind {
    /// Whether it needs the primary.
    pub fn is_write(self) -> bool {
        !matches!(self, Self::Read | Self::Show)
    }

    /// Whether it may leave other rows behind than it found.
    pub fn may_change_rows(self) -> bool {
        !matches!(self, Self::Read | Self::LockingRead | Self::Show)
    }
}

/// Who answers.
#[derive(Debug, Clone)]
pub enum Action {
    /// The session itself.
    Control(Control),
    /// The shards of a route.
    Route(RouteTemplate),
    /// The shards on which the rows belong.
    Insert(InsertTemplate),
    /// The session itself: every select item is known to it.
    LocalSelect(Vec<LocalItem>),
}

/// A literal that decided something while the plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// Index into the shape's literals.
    pub literal: u32,
    /// Its raw text.
    pub text: Vec<u8>,
}

impl Guard {
    /// Whether the statement has the same literal there.
    pub fn holds(&self, sql: &[u8], literals: &[Literal]) -> bool {
        literals.get(self.literal as usize).is_some_and(|literal| literal.text(sql) == self.text)
    }
}

/// One statement of the plan's shape.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// The schema that the plan was made with.
    pub schema: &'a Schema,
    pub sql: &'a [u8],
    /// Of `sql`, as its shape has them.
    pub literals: &'a [Literal],
    /// Of a prepared statement; a value that is missing counts as unknown.
    pub params: &'a [Value<'a>],
    pub mode: Mode,
}

/// The shards that a statement needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    One(ShardId),
    /// Any one of these, which all give the same answer.
    Any(ShardSet),
    /// All of these: the rows of a read are concatenated, a write runs on each.
    Scatter(ShardSet),
    /// All of these, whose rows are merged as `Plan::merge` says.
    Merge(ShardSet),
    /// All of these, whose groups become the answer's as `Plan::regroup` says.
    Regroup(ShardSet),
    /// The rows of an INSERT, by shard.
    Split(Vec<ShardRows>),
    /// As the plan's `gather` says: the rows that matter are brought together, and the statement runs over them.
    Gather,
    /// A write that runs over gathered rows, and what it changed is written to the shards (`Plan::staging`).
    Staged,
    /// These read the client's file, or lines of it (`Plan::load`).
    Load(ShardSet),
}

/// Why a statement has no plan, or no route.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// 1235 (42000)
    #[error("not supported: {feature}")]
    Unsupported { feature: String },
    /// 1046 (3D000)
    #[error("no database selected")]
    NoDatabase,
    /// 1049 (42000)
    #[error("unknown database '{0}'")]
    UnknownDatabase(String),
    /// 1146 (42S02): the database of a table does not exist.
    #[error("table '{database}.{table}' doesn't exist")]
    NoSuchTable { database: String, table: String },
    /// 1064 (42000); `at` is a byte offset.
    #[error("syntax error at byte {at}")]
    Syntax { at: u32 },
    /// 1364 (HY000)
    #[error("shard key '{column}' of '{table}' has no value")]
    MissingShardKey { table: String, column: String, rule: &'static str },
    /// 1048 (23000)
    #[error("shard key '{column}' of '{table}' is NULL, and its rule ({rule}) has no null_key")]
    NullShardKey { table: String, column: String, rule: &'static str },
    /// 1452 (23000): a row of a child table names no row of its parent, by which it would be placed.
    #[error("Cannot add or update a child row: {0}")]
    NoParent(String),
    /// 1526 (HY000)
    #[error("the rule of '{table}' ({rule}) has no shard for {column} = {value}, and no out_of_range")]
    KeyOutOfRange { table: String, column: String, rule: &'static str, value: String },
    /// 1175 (HY000)
    #[error("the rule of '{table}' ({rule}) has key_required: name '{column}' in a condition that leads to its shards")]
    KeyRequired { table: String, column: String, rule: &'static str },
    /// 1175 (HY000)
    #[error(
        "the rule of '{table}' ({rule}) has uncertain_key = \"refuse\", and the statement compares '{column}' with a value of \
         which it is not certain which keys equal it: write it as the column stores it"
    )]
    UncertainKey { table: String, column: String, rule: &'static str },
    /// 1235 (42000): the key's value is an expression, or one whose stored form is not known.
    #[error("shard key '{column}' of '{table}' is not a value that is known before the statement runs")]
    KeyNotLiteral { table: String, column: String },
    /// 1235 (42000): a row that a server made has a key that leads nowhere.
    #[error("no shard can be told for a row of '{table}' by its shard key '{column}' = {value}: {reason}")]
    KeyNowhere { table: String, column: String, value: String, reason: String },
    /// 1235 (42000): the shards would each number rows from 1 on.
    #[error("not supported: AUTO_INCREMENT of '{table}' over several shards")]
    Numbered { table: String },
    /// 1093 (HY000)
    #[error("You can't specify target table '{table}' for update in FROM clause")]
    ReadsTarget { table: String },
    /// 1136 (21S01)
    #[error("column count doesn't match value count at row {row}")]
    ColumnCount { row: usize },
    /// 1235 (42000): an INSERT without a column list needs to know the table's columns.
    #[error("the columns of '{table}' are not known, because no server has told them yet: name them in the INSERT")]
    UnknownColumns {
        table: String,
        /// The first of its shards, and what it is called there.
        first: Option<(ShardId, String)>,
    },
    /// 1412 (HY000)
    #[error(
        "Table definition has changed: the shards have the columns of '{table}' in different orders until a change of it is done on \
         all of them: SHOW DDL shows it, RESUME DDL goes on with it"
    )]
    Mixed { table: String },
    /// A hint names a shard that does not exist.
    #[error("unknown shard '{0}'")]
    UnknownShard(String),
    #[error(transparent)]
    Hint(#[from] HintError),
}

impl PlanError {
    /// An INSERT names no columns of a table that nobody has described.
    fn unknown_columns(table: &Table) -> Self {
        let first = table.shard_set().first().map(|shard| (shard, table.physical_name(shard).to_owned()));
        Self::UnknownColumns { table: table.name.clone(), first }
    }

    /// A row cannot be stored because of where its key leads.
    pub fn unplaced(located: Located, table: &Table, sharded: &Sharded, part: Part, value: &Value<'_>) -> Self {
        let function = match (part, &sharded.within) {
            (Part::SECOND, Some(within)) => &within.function,
            _ => &sharded.function,
        };
        let column = sharded.key_columns().nth(usize::from(part.0)).unwrap_or_default().to_owned();
        let (table, rule) = (table.name.clone(), function.kind());
        match located {
            Located::Null => Self::NullShardKey { table, column, rule },
            Located::Unplaced => Self::KeyOutOfRange { table, column, rule, value: shown(value) },
            Located::Shard(_) | Located::Nowhere | Located::Anywhere => Self::KeyNotLiteral { table, column },
        }
    }

    /// What is said of a row that a server made, and whose key's place is not known.
    pub fn nowhere(table: &Table, sharded: &Sharded, part: Part, value: &Value<'_>) -> Self {
        let column = sharded.key_columns().nth(usize::from(part.0)).unwrap_or_default().to_owned();
        let reason = match check_key(sharded, |name| table.column(name)).first() {
            Some(mismatch) => format!("{mismatch}. `shardgate check --connect` tells all such tables"),
            None => format!("other spellings of it may be equal for a server ({})", sharded.key_type(part)),
        };
        Self::KeyNowhere { table: table.name.clone(), column, value: shown(value), reason }
    }

    /// An `Unsupported`.
    pub(super) fn unsupported(feature: impl Into<String>) -> Self {
        Self::Unsupported { feature: feature.into() }
    }
}

/// A key in a message.
fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Text { bytes, .. } | Value::Decimal(bytes) | Value::Binary(bytes) | Value::Temporal(bytes) => {
            format!("'{}'", String::from_utf8_lossy(bytes))
        }
        Value::Null | Value::Double(_) | Value::Hex(_) | Value::Unknown => "this value".to_owned(),
    }
}

impl From<ControlError> for PlanError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Syntax { at } => Self::Syntax { at: at as u32 },
            ControlError::Unsupported { feature } => Self::unsupported(feature),
        }
    }
}

/// Plans one statement, whose shape is `shape`. This is the slow path: it parses, and may allocate.
pub fn plan(sql: &[u8], shape: &Shape, ctx: &Context<'_>) -> Result<Plan, PlanError> {
    let facts = Facts::read(sql, ctx.mode);
    let hint = hint::read(sql, ctx.mode)?;
    let is_of_shard =
        |control: &_| hint.shard.is_some() && matches!(control, Ok(Control::ShowCatalog(_) | Control::Maintain(_)));
    if let Some(control) = control::parse(sql, ctx.mode).filter(|control| !is_of_shard(control)) {
        let control = control?;
        let only_asks = matches!(
            control,
            Control::Kill { .. }
                | Control::ShowCatalog(_)
                | Control::ShowVariables
                | Control::ShowDatabases { .. }
                | Control::Maintain(_)
        );
        if only_asks && !facts.writes_user_vars.is_empty() {
            // It would stay on a connection that others get.
            return Err(PlanError::unsupported("assigning user variables in a statement of this kind"));
        }
        let mut draft = Draft::new(ctx, shape.literals());
        if let Control::Set(assignments) = &control
            && let Err(refused) = unknown::check_set(&mut draft.scopes, sql)
        {
            let selected = assigned::selected(assignments, sql, ctx.mode).ok_or(refused)?;
            return Ok(of_session(Control::SetSelected(selected), facts, &hint));
        }
        return Ok(Plan { names: draft.scopes.edits, ..of_session(control, facts, &hint) });
    }
    let mut draft = Draft::new(ctx, shape.literals());
    let (parsed, string_names) = parse::parse_with_string_names(sql, ctx.mode);
    if let Some((comment, body)) = &hint.rule {
        let (table, spares_existing) =
            created_table(&parsed).ok_or_else(|| PlanError::Hint(HintError::Unknown("rule(...)".to_owned())))?;
        let create = CreateRuled { table, comment: comment.clone(), body: body.clone(), spares_existing };
        let control = Control::CreateWithRule(create);
        return Ok(of_session(control, facts, &hint));
    }
    let (kind, action, implicit_commit) = match &parsed {
        Ok(statement) => {
            let action = match draft.action(statement, sql, &facts) {
                Err(error @ PlanError::Unsupported { .. }) => {
                    let control = match created_from(statement, sql, ctx)? {
                        Some(create) => Some(Control::CreateSelect(create)),
                        None => dropped_each(statement),
                    };
                    return control.map(|control| of_session(control, facts, &hint)).ok_or(error);
                }
                action => action?,
            };
            // MariaDB drops what it can of a list, and then says what it could not: on each shard, if it came to the others.
            let is_list = ctx.mode.mariadb && is_scattered(&action);
            if let Some(control) = is_list.then(|| dropped_each(statement)).flatten() {
                return Ok(of_session(control, facts, &hint));
            }
            routine::check_called(&draft.scopes)?;
            (read::kind(statement, draft.scopes.locks_rows()), action, commits(statement))
        }
        Err(problem) => draft.unknown(sql, *problem)?,
    };
    let action = match &hint.shard {
        Some(name) => forced(name, kind, action, ctx)?,
        None => action,
    };
    Ok(Plan {
        kind,
        // What LOAD DATA says is in its literals.
        is_cacheable: !is_multi_row(&parsed) && !facts.load_data,
        facts: Facts {
            uses_last_insert_id: facts.uses_last_insert_id || draft.load.as_ref().is_some_and(|load| load.may_number),
            time_dependent: facts.time_dependent || kind.is_write() && draft.scopes.stamps_rows(),
            ..facts
        },
        writes_copies: draft.writes_copies(kind, &action),
        calls_routines: kind == StatementKind::Call || draft.scopes.calls_unknown(),
        is_apart: matches!(&parsed, Ok(Statement::Query(_))) && draft.scopes.reads_nothing()
            || parsed.is_err() && unknown::only_computes(sql, ctx.mode),
        meets_shared: !implicit_commit && draft.scopes.meets_shared(),
        explains: matches!(&parsed, Ok(Statement::Explain(explain)) if !explain.is_run),
        explains_parts: matches!(&parsed, Ok(Statement::Explain(explain)) if !explain.is_run || kind == StatementKind::Read),
        tells_names: tells_names(&parsed, kind),
        action,
        guards: [draft.guards, guards_of_names(&string_names, sql, shape.literals())].concat(),
        ddl: draft.ddl,
        load: draft.load,
        described: None,
        implicit_commit,
        hint_side: hint.side,
        altered: draft.scopes.edits.altered(ctx.schema),
        renamed: draft.scopes.edits.renamed(ctx.schema),
        names: draft.scopes.edits,
        is_plain: false,
    }
    .with_plainness())
}

/// Whether a statement answers with plans, or with what was found of tables.
fn tells_names(parsed: &Result<Statement, Problem>, kind: StatementKind) -> bool {
    match parsed {
        Ok(statement) => matches!(statement, Statement::Explain(_)),
        Err(_) => matches!(kind, StatementKind::Show | StatementKind::Ddl | StatementKind::Other),
    }
}

/// The table that a CREATE TABLE creates, and whether it says IF NOT EXISTS.
fn created_table(parsed: &Result<Statement, Problem>) -> Option<(TableName, bool)> {
    let Ok(Statement::Ddl(ddl)) = parsed else { return None };
    let name = ddl.targets.first().filter(|_| ddl.kind == DdlKind::CreateTable)?;
    let database = name.database.as_ref().map(|database| database.text.clone());
    Some((TableName { database, table: name.table.text.clone() }, ddl.is_tolerant && !ddl.replaces))
}

/// CREATE TABLE ... SELECT, which no shard can run by itself.
fn created_from(statement: &Statement, sql: &[u8], ctx: &Context<'_>) -> Result<Option<CreateSelect>, PlanError> {
    let Statement::Ddl(Ddl { query: Some(parts), targets, references, is_temporary, .. }) = statement else {
        return Ok(None);
    };
    let [target] = targets.as_slice() else { return Ok(None) };
    if catalog::wanted::names_of(sql, ctx.mode).iter().any(|table| catalog::wanted::is_assembled(table)) {
        return Ok(None);
    }
    let of = |span: parse::ast::Span| span.start as usize..span.end as usize;
    let head = target.database.as_ref().unwrap_or(&target.table).span.start;
    let before: Vec<_> = Lexer::new(sql, ctx.mode).take_while(|token| token.start < head).collect();
    let says = |word: &str| before.iter().any(|token| token.is_word(sql, word));
    let feature = if parts.has_partitions { "PARTITION BY" } else { "a foreign key" };
    if parts.has_partitions || !references.is_empty() {
        return Err(PlanError::unsupported(format!(
            "{feature} in CREATE TABLE ... SELECT over several shards: create the table, then INSERT ... SELECT"
        )));
    }
    let database = target.database.as_ref().map(|database| database.text.clone());
    Ok(Some(CreateSelect {
        table: TableName { database, table: target.table.text.clone() },
        target: head as usize..target.table.span.end as usize,
        definition: of(parts.definition),
        query: of(parts.query),
        is_temporary: *is_temporary,
        replaces: says("REPLACE"),
        is_tolerant: says("EXISTS"),
        verb: parts.verb,
    }))
}

/// A DROP TABLE or DROP VIEW of several, whose tables no shard has all, or that may fail in part: what it leaves is the same when
/// they are dropped one after the other.
fn dropped_each(statement: &Statement) -> Option<Control> {
    let Statement::Ddl(ddl) = statement else { return None };
    let is_list = ddl.kind == DdlKind::DropTable && ddl.targets.len() > 1;
    let place = |name: &parse::ast::TableName| {
        let start = name.database.as_ref().unwrap_or(&name.table).span.start;
        start as usize..name.table.span.end as usize
    };
    let control = || Control::DropEach {
        places: ddl.targets.iter().map(place).collect(),
        is_tolerant: ddl.is_tolerant,
        are_views: ddl.is_view,
    };
    (is_list && !ddl.is_temporary).then(control)
}

/// `names`: where the strings begin that name what statements select.
fn guards_of_names(names: &[u32], sql: &[u8], literals: &[Literal]) -> Vec<Guard> {
    let guard = |start: &u32| {
        let at = literals.binary_search_by_key(start, |literal| literal.start).ok()?;
        Some(Guard { literal: at as u32, text: literals[at].text(sql).to_vec() })
    };
    names.iter().filter_map(guard).collect()
}

/// A plan while it is made.
struct Draft<'a, 'q> {
    scopes: scope::Scopes<'a, 'q>,
    guards: Vec<Guard>,
    ddl: Option<Box<DdlPlan>>,
    load: Option<Box<LoadPlan>>,
}

impl<'a, 'q> Draft<'a, 'q> {
    fn new(ctx: &'a Context<'a>, literals: &'a [Literal]) -> Self {
        Self { scopes: scope::Scopes::new(ctx, literals), guards: Vec::new(), ddl: None, load: None }
    }

    fn action(&mut self, statement: &'q Statement, sql: &[u8], facts: &Facts) -> Result<Action, PlanError> {
        let scopes = &mut self.scopes;
        match statement {
            Statement::Query(query) if scopes.ctx.gathers == Gathers::Only => read::gathered(scopes, query, sql, facts),
            Statement::Query(query) => {
                match local::items(query, (sql, scopes.ctx.mode), scopes.literals, &mut self.guards) {
                    Some(items) => return Ok(Action::LocalSelect(items)),
                    None => {
                        self.guards.clear();
                        read::route(scopes, query, sql, facts, &mut self.guards)
                    }
                }
            }
            Statement::Insert(insert) => {
                let action = insert::action(scopes, insert, sql, facts)?;
                return scopes.refuse_catalog().map(|()| action);
            }
            Statement::Update(update) => write::route_update(scopes, update, sql, facts)
                .and_then(|route| scopes.refuse_catalog().map(|()| route)),
            Statement::Delete(delete) => write::route_delete(scopes, delete, sql, facts)
                .and_then(|route| scopes.refuse_catalog().map(|()| route)),
            Statement::Load(load) => {
                let (route, load) = load::route(scopes, load, sql, facts)?;
                self.load = load;
                scopes.refuse_catalog().map(|()| route)
            }
            Statement::Ddl(ddl) if ddl.is_complex => ddl::route_complex(scopes, ddl, sql),
            Statement::Ddl(ddl) => {
                self.ddl = Some(Box::new(ddl::plan(scopes, ddl)?));
                ddl::route(scopes, ddl)
            }
            Statement::View(view) => {
                self.ddl = Some(Box::new(ddl::plan_view(scopes, view)?));
                view::route(scopes, view)
            }
            Statement::ShowTable(show) => ddl::route_show(scopes, show),
            Statement::Explain(explain) => {
                let home = unknown::default_shard(scopes).unwrap_or(ShardId(0));
                return Ok(match self.action(&explain.statement, sql, facts)? {
                    Action::Route(route) => Action::Route(read::explained(route, home)),
                    Action::Insert(template) => Action::Insert(template.explained()),
                    other => other,
                });
            }
        }
        .map(Action::Route)
    }

    fn unknown(&mut self, sql: &[u8], problem: Problem) -> Result<(StatementKind, Action, bool), PlanError> {
        let route = unknown::route(&mut self.scopes, sql, problem)?;
        let (kind, commits) = unknown::kind(sql, &self.scopes);
        Ok((kind, Action::Route(route), commits))
    }

    fn writes_copies(&self, kind: StatementKind, action: &Action) -> bool {
        let loads_all = self.load.as_ref().is_some_and(|load| load.split.is_none());
        kind == StatementKind::Write && (is_scattered(action) || loads_all)
    }
}

/// Whether it goes to several shards, whatever its values are.
fn is_scattered(action: &Action) -> bool {
    matches!(action, Action::Route(route) if matches!(route.target, bind::Target::Fixed(Route::Scatter(_))))
}

/// A statement that the session acts on by itself. What it says is in its literals, so it is not kept.
fn of_session(control: Control, facts: Facts, hint: &Hint) -> Plan {
    let implicit_commit = matches!(
        control,
        Control::Begin { .. }
            | Control::LockTables(_)
            | Control::Database { .. }
            | Control::MendDdl(..)
            | Control::DropEach { .. }
            | Control::CreateSelect(_)
            | Control::CreateWithRule(_)
    );
    Plan {
        kind: StatementKind::Other,
        facts,
        action: Action::Control(control),
        guards: Vec::new(),
        implicit_commit,
        is_cacheable: false,
        explains: false,
        explains_parts: false,
        tells_names: false,
        hint_side: hint.side,
        writes_copies: false,
        calls_routines: false,
        is_apart: false,
        meets_shared: false,
        ddl: None,
        load: None,
        described: None,
        names: names::Edits::default(),
        altered: ShardSet::empty(),
        renamed: ShardSet::empty(),
        is_plain: false,
    }
}

/// Sends a read where a hint says.
fn forced(name: &str, kind: StatementKind, action: Action, ctx: &Context<'_>) -> Result<Action, PlanError> {
    let shard = ctx.schema.shard_named(name).ok_or_else(|| PlanError::UnknownShard(name.to_owned()))?;
    match action {
        Action::Route(_) if !kind.is_write() || kind == StatementKind::LockingRead => {
            Ok(Action::Route(RouteTemplate::fixed(Route::One(shard))))
        }
        Action::LocalSelect(_) | Action::Control(_) => Ok(action),
        Action::Route(_) | Action::Insert(_) => Err(PlanError::unsupported("a hint that picks the shard of a write")),
    }
}

/// Whether the server commits the open transaction before the statement.
fn commits(statement: &Statement) -> bool {
    match statement {
        Statement::Ddl(ddl) => {
            // Temporary tables come and go within transactions.
            !(ddl.is_temporary && matches!(ddl.kind, DdlKind::CreateTable | DdlKind::DropTable))
        }
        Statement::View(_) => true,
        Statement::Query(_)
        | Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Load(_)
        | Statement::ShowTable(_)
        | Statement::Explain(_) => false,
    }
}

fn is_multi_row(parsed: &Result<Statement, Problem>) -> bool {
    matches!(parsed, Ok(Statement::Insert(insert)) if matches!(&insert.source, parse::ast::Source::Rows(rows) if rows.len() > 1))
}

#[cfg(test)]
mod tests;
