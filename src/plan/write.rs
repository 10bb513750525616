//! UPDATE and DELETE.

use crate::sharding::schema::same_name;
use crate::sharding::{Column, ShardSet, Table};
use crate::sql::facts::Facts;
use crate::sql::parse::ast::{Assignment, ColumnName, Delete, NamedTable, Operand, TableName, Update};
use crate::sql::parse::only_table;
use crate::sql::tokens::{self, Mode};
use crate::sql::{Lexer, Token};

use super::bind::RouteTemplate;
use super::instance::Source;
use super::narrow::{Known, TableId};
use super::scope::{BlockId, InstanceId, Naming, Scopes};
use super::staged::{Clauses, StagePlan};
use super::{PlanError, Route, StatementKind, read};

/// What a write does beside its tables and conditions.
struct Write<'q> {
    block: BlockId,
    /// Instances whose rows it may change.
    targets: Vec<InstanceId>,
    /// What it may not do on several shards, or on several copies.
    refused: Option<&'q str>,
    is_nondeterministic: bool,
}

/// The route of an UPDATE, and whether it writes copies of a reference table.
pub(super) fn route_update<'q>(
    scopes: &mut Scopes<'_, 'q>,
    update: &'q Update,
    sql: &[u8],
    facts: &Facts,
) -> Result<RouteTemplate, PlanError> {
    let with = scopes.open_with(&update.with, None);
    let block = scopes.read_tables(&update.tables, update.filter.as_ref(), None, Naming::Aliased)?;
    for expression in [Some(&update.set), update.order_by.as_ref(), update.limit.as_ref()].into_iter().flatten() {
        scopes.read_expression(expression, Some(block), Some(block))?;
    }
    scopes.close_with(with)?;
    let mut targets = Vec::new();
    let mut assigned = Vec::new();
    let mut columns: Vec<(InstanceId, Vec<String>)> = Vec::new();
    let (mut moves, mut is_certain, mut renumbered) = (false, true, None);
    for assignment in &update.assignments {
        let mut of = targets_of(scopes, block, &assignment.column);
        if of.is_empty() {
            // There is no such column, which a server will say.
            of.extend(scopes.blocks[block].instances.first());
        }
        check_referred(scopes, &of, assignment)?;
        match assigned_key(scopes, block, &of, assignment) {
            NewKey::Same => {}
            NewKey::Given(table, key) => assigned.push((table, key)),
            NewKey::Unknown => moves = true,
        }
        renumbered = renumbered.or_else(|| assigned_number(scopes, &of, assignment));
        is_certain &= of.len() == 1;
        columns.extend(of.iter().map(|id| (*id, vec![assignment.column.column.text.clone()])));
        targets.extend(of);
    }
    let refused = match update {
        Update { limit: Some(_), .. } => Some("UPDATE with LIMIT over several shards"),
        Update { order_by: Some(_), .. } => Some("UPDATE with ORDER BY over several shards"),
        Update { has_returning: true, .. } => Some("RETURNING over several shards"),
        _ => None,
    };
    let mode = scopes.ctx.mode;
    let takes_moment = |id: &InstanceId| {
        let table = scopes.instances[*id].table().and_then(|id| id.table(scopes.ctx.schema));
        table.is_some_and(|table| columns_of_the_moment(table, mode).next().is_some())
    };
    let is_nondeterministic = facts.is_of_server() || targets.iter().any(takes_moment) && says_default(sql, mode);
    let write = Write { block, targets, refused, is_nondeterministic };
    let clauses =
        Clauses { filter: update.filter.as_ref(), order_by: update.order_by.as_ref(), limit: update.limit.as_ref() };
    let is_doubtful =
        scopes.ctx.mode.mariadb && reads_own(scopes, block) && reads_assigned(update, sql, scopes.ctx.mode);
    let may_stage = is_certain && !update.has_returning && !is_doubtful;
    let staged = || if may_stage { scopes.staged_update(sql, facts, &columns, &clauses, update.ignores) } else { None };
    if moves {
        let staged = staged().ok_or_else(|| PlanError::unsupported("changing the shard key"))?;
        return Ok(RouteTemplate { staged: Some(staged), renumbered, ..RouteTemplate::fixed(Route::Staged) });
    }
    let route = or_staged(route_write(scopes, &write), !assigned.is_empty(), staged);
    let route = route.map_err(|error| if is_doubtful { doubtful() } else { error })?;
    Ok(RouteTemplate { assigned, renumbered, ..route })
}

/// MariaDB (10.11) makes a multi-table UPDATE of one whose subqueries read its table, and evaluates SET with the old values
/// then; over copies it would see those that were set before.
fn doubtful() -> PlanError {
    PlanError::unsupported(
        "an UPDATE over several shards whose subqueries read its own table, and whose SET reads a column that it sets \
         before: use several statements",
    )
}

/// Whether subqueries read the only table of the statement, too.
fn reads_own(scopes: &Scopes<'_, '_>, block: BlockId) -> bool {
    matches!(scopes.blocks[block].instances[..], [target] if scopes.has_another_of(target))
}

/// Whether a value in SET names a column that is set before.
fn reads_assigned(update: &Update, sql: &[u8], mode: Mode) -> bool {
    let (from, to) = (update.set.span.start, update.set.span.end);
    let within = |token: &Token| token.start >= from && token.end <= to;
    let named: Vec<(u32, String)> = Lexer::new(sql, mode)
        .filter(within)
        .filter_map(|token| Some((token.start, tokens::ident(token, sql, mode)?.into_owned())))
        .collect();
    update.assignments.windows(2).any(|pair| {
        let (set, next) = (&pair[0].column.column.text, pair[1].column.column.span.start);
        named.iter().any(|(start, name)| *start > next && same_name(name, set))
    })
}

/// The route, with what is done where it is refused.
fn or_staged(
    route: Result<RouteTemplate, PlanError>,
    may_move: bool,
    staged: impl Fn() -> Option<Box<StagePlan>>,
) -> Result<RouteTemplate, PlanError> {
    match route {
        Ok(route) if may_move || route.may_be_refused() => Ok(RouteTemplate { staged: staged(), ..route }),
        Err(error @ PlanError::Unsupported { .. }) => {
            let staged = staged().ok_or(error)?;
            Ok(RouteTemplate { staged: Some(staged), ..RouteTemplate::fixed(Route::Staged) })
        }
        route => route,
    }
}

/// What an assignment makes of the shard key.
enum NewKey {
    /// It leaves it as it is.
    Same,
    /// `None`: no value is known before the statement runs.
    Given(TableId, Option<Known>),
    /// Of which table is not known either.
    Unknown,
}

/// The instances that an assigned column can belong to.
fn targets_of(scopes: &Scopes<'_, '_>, block: BlockId, column: &ColumnName) -> Vec<InstanceId> {
    if column.table.is_some()
        && let Some(id) = scopes.resolve_qualified(block, None, column)
    {
        return vec![id];
    }
    let all = &scopes.blocks[block].instances;
    let name = &column.column.text;
    // If others had the column too, its name would be ambiguous.
    if let Some(certain) = all.iter().find(|id| scopes.instances[**id].certainly_has(name)) {
        return vec![*certain];
    }
    all.iter().copied().filter(|id| scopes.instances[*id].may_have(name)).collect()
}

fn assigned_key(scopes: &Scopes<'_, '_>, block: BlockId, targets: &[InstanceId], assignment: &Assignment) -> NewKey {
    let name = &assignment.column.column.text;
    let Some(target) = targets.iter().find(|id| scopes.instances[**id].part_of(name).is_some()) else {
        return NewKey::Same;
    };
    let given = match &assignment.value {
        Operand::Constant(constant) => Known::of(constant, scopes.literals),
        Operand::Column(column)
            if scopes.key_of(block, column) == Some(*target) && same_name(&column.column.text, name) =>
        {
            return NewKey::Same;
        }
        _ => None,
    };
    let key = scopes.instances[*target].key.as_ref();
    key.map_or(NewKey::Unknown, |key| NewKey::Given(key.table, given))
}

/// A number that the assignment gives to rows of a table that a sequence numbers.
fn assigned_number(
    scopes: &Scopes<'_, '_>,
    targets: &[InstanceId],
    assignment: &Assignment,
) -> Option<(TableId, Known)> {
    let Operand::Constant(constant) = &assignment.value else { return None };
    let is_it = |id: &TableId| {
        let sequence = id.sharded(scopes.ctx.schema).and_then(|sharded| sharded.sequence.as_ref());
        sequence.is_some_and(|sequence| same_name(&sequence.column, &assignment.column.column.text))
    };
    let table = targets.iter().filter_map(|id| scopes.instances[*id].table()).find(is_it)?;
    Some((table, Known::of(constant, scopes.literals)?))
}

/// Rows of child tables stay where they are, and would not be found beside a row that other children name.
fn check_referred(
    scopes: &Scopes<'_, '_>,
    targets: &[InstanceId],
    Assignment { column, value, .. }: &Assignment,
) -> Result<(), PlanError> {
    let name = &column.column.text;
    let keeps = matches!(value, Operand::Column(value) if same_name(&value.column.text, name));
    match targets.iter().find(|id| scopes.instances[**id].link_of(name).is_some()).filter(|_| !keeps) {
        None => Ok(()),
        Some(id) => Err(referred(&scopes.instances[*id].name, name)),
    }
}

/// A column by which rows of child tables are placed is to be changed.
pub(super) fn referred(table: &str, column: &str) -> PlanError {
    PlanError::unsupported(format!("changing '{column}' of '{table}', which places the rows of its child tables,"))
}

/// The route of a DELETE.
pub(super) fn route_delete<'q>(
    scopes: &mut Scopes<'_, 'q>,
    delete: &'q Delete,
    sql: &[u8],
    facts: &Facts,
) -> Result<RouteTemplate, PlanError> {
    let is_single = delete.targets.is_empty();
    let is_unaliased = matches!(only_table(&delete.tables), Some(NamedTable { alias: None, .. }));
    let naming = if is_single && is_unaliased { Naming::Spliced } else { Naming::Aliased };
    let with = scopes.open_with(&delete.with, None);
    let block = scopes.read_tables(&delete.tables, delete.filter.as_ref(), None, naming)?;
    for expression in [&delete.order_by, &delete.limit, &delete.returning].into_iter().flatten() {
        scopes.read_expression(expression, Some(block), Some(block))?;
    }
    scopes.close_with(with)?;
    let mut targets = if is_single { scopes.blocks[block].instances.clone() } else { Vec::new() };
    for name in &delete.targets {
        targets.push(delete_target(scopes, block, name)?);
    }
    let refused = match delete {
        Delete { limit: Some(_), .. } => Some("DELETE with LIMIT over several shards"),
        Delete { order_by: Some(_), .. } => Some("DELETE with ORDER BY over several shards"),
        Delete { returning: Some(_), .. } => Some("RETURNING over several shards"),
        _ => None,
    };
    let clauses =
        Clauses { filter: delete.filter.as_ref(), order_by: delete.order_by.as_ref(), limit: delete.limit.as_ref() };
    let staged = || scopes.staged_delete(sql, facts, &targets, &clauses);
    let write = Write { block, targets: targets.clone(), refused, is_nondeterministic: facts.nondeterministic };
    or_staged(route_write(scopes, &write), false, staged)
}

/// Who is meant by a name before FROM (or USING), which must say it as the server will find it.
fn delete_target(scopes: &mut Scopes<'_, '_>, block: BlockId, name: &TableName) -> Result<InstanceId, PlanError> {
    let database = match &name.database {
        Some(_) => Some(scopes.database_of(name)?),
        None => None,
    };
    let is_meant = |id: &&InstanceId| {
        let instance = &scopes.instances[**id];
        same_name(&instance.name, &name.table.text) && (database.is_none() || database == instance.database)
    };
    let found: Vec<InstanceId> = scopes.blocks[block].instances.iter().filter(is_meant).copied().collect();
    let [target] = found.as_slice() else {
        return Err(PlanError::unsupported("a DELETE whose target is not one table of its FROM"));
    };
    scopes.edit_delete_target(name, *target);
    Ok(*target)
}

fn route_write(scopes: &Scopes<'_, '_>, write: &Write<'_>) -> Result<RouteTemplate, PlanError> {
    let is_source = |wanted: fn(&Source) -> bool| write.targets.iter().any(|id| wanted(&scopes.instances[*id].source));
    if is_source(|source| matches!(source, Source::Fixed { is_reference: true, .. })) {
        return route_copies(scopes, write).map(RouteTemplate::fixed);
    }
    if scopes.sharded().next().is_none() {
        return read::unsharded(scopes, StatementKind::Write).map(RouteTemplate::fixed);
    }
    let merged = if is_source(|source| !matches!(source, Source::Sharded(_))) {
        Some("writing an unsharded table by a join with several shards".to_owned())
    } else {
        write.refused.map(str::to_owned)
    };
    let spread = scopes.spread_of_block(write.block);
    let narrowed = read::narrowed(scopes, spread, &[write.block], merged, true);
    Ok(RouteTemplate::narrowed(narrowed))
}

/// A write to a reference table runs on all copies, and must do the same on each.
fn route_copies(scopes: &Scopes<'_, '_>, write: &Write<'_>) -> Result<Route, PlanError> {
    let mut copies: Option<ShardSet> = None;
    for id in &write.targets {
        let of = match &scopes.instances[*id].source {
            Source::Fixed { table: Some(table), is_reference: true, .. } => table.table(scopes.ctx.schema),
            _ => None,
        };
        let set = of.map(|table| table.shard_set());
        if set.is_none() || copies.is_some() && copies != set {
            return Err(PlanError::unsupported("writing a reference table and another table at once"));
        }
        copies = set;
    }
    let copies = copies.unwrap_or_default();
    check_copies(scopes, &copies, write.is_nondeterministic, 0)?;
    if copies.len() > 1 && write.refused.is_some() {
        return Err(PlanError::unsupported("LIMIT, ORDER BY or RETURNING in a write to a reference table"));
    }
    Ok(Route::Scatter(copies))
}

/// The columns whose default is an expression with another value on each server: UUID().
pub(super) fn columns_of_the_moment(table: &Table, mode: Mode) -> impl Iterator<Item = &Column> {
    let differs = move |column: &&Column| {
        let default = column.kind.as_ref().and_then(|kind| kind.default.as_deref());
        default.is_some_and(|text| {
            let facts = Facts::read(text.as_bytes(), mode);
            facts.is_of_server() || facts.needs_local_values()
        })
    };
    table.columns.iter().flatten().filter(differs)
}

impl Scopes<'_, '_> {
    /// Whether a table has a column that may get the time of the statement without being named.
    pub(super) fn stamps_rows(&self) -> bool {
        let is_stamp = |column: &Column| {
            column.kind.as_ref().is_some_and(|kind| {
                let of_time = |text: &str| Facts::read(text.as_bytes(), self.ctx.mode).time_dependent;
                kind.on_update || kind.default.as_deref().is_some_and(of_time)
            })
        };
        let tables = self.instances.iter().filter_map(|instance| instance.table()?.table(self.ctx.schema));
        tables.flat_map(|table| table.columns.iter().flatten()).any(is_stamp)
    }
}

/// Whether a text can ask for a column's default, as a word or a function.
pub(super) fn says_default(sql: &[u8], mode: Mode) -> bool {
    Lexer::new(sql, mode).any(|token| token.is_word(sql, "DEFAULT"))
}

/// Whether a statement reads and computes the same on all copies of a reference table.
pub(super) fn check_copies(
    scopes: &Scopes<'_, '_>,
    copies: &ShardSet,
    is_nondeterministic: bool,
    notes: usize,
) -> Result<(), PlanError> {
    if scopes.sharded().next().is_some() || scopes.fixed_at().is_some_and(|at| !copies.is_subset_of(&at)) {
        return Err(PlanError::unsupported("a write to a reference table that reads other tables"));
    }
    if copies.len() < 2 {
        return Ok(());
    }
    if is_nondeterministic {
        return Err(PlanError::unsupported(
            "a function with another value on each server in a write to a reference table",
        ));
    }
    match scopes.unspreadable_feature_but(notes) {
        Some(feature) => Err(PlanError::unsupported(feature)),
        None if scopes.has_arbitrary_query() => Err(PlanError::unsupported("LIMIT in a write to a reference table")),
        None => Ok(()),
    }
}
