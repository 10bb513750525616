//! SELECT and what is like it.

use crate::sharding::{Schema, ShardId, ShardSet};
use crate::sql::facts::Facts;
use crate::sql::parse;
use crate::sql::parse::ast::{Query, Statement};

use super::Gathers;
use super::bind::{Narrowed, RouteTemplate, Target};
use super::exact::Spread;
use super::gather::GatherPlan;
use super::instance::Source;
use super::narrow::{Narrow, TableId};
use super::scope::{BlockId, InstanceId, QueryId, Scopes, TermScope};
use super::sets::{self, SetPlan};
use super::{Context, Guard, PlanError, Route, StatementKind, merged, regroup};

/// The route of a query expression that is the whole statement.
pub(super) fn route<'q>(
    scopes: &mut Scopes<'_, 'q>,
    query: &'q Query,
    sql: &[u8],
    facts: &Facts,
    guards: &mut Vec<Guard>,
) -> Result<RouteTemplate, PlanError> {
    let id = scopes.read_query(query, None)?;
    if scopes.calls_any() {
        // What a server says of a function that it does not have names its schema.
        scopes.edits.note_database(scopes.ctx.database);
    }
    if scopes.groups_any() {
        scopes.edits.keep_two_values();
    }
    if scopes.reads_catalog()? {
        let refused = || PlanError::unsupported("information_schema in such a statement");
        let gather = gather_plan(scopes, id, sql, facts).ok_or_else(refused)?;
        return Ok(RouteTemplate { gather: Some(gather), ..RouteTemplate::fixed(Route::Gather) });
    }
    if scopes.sharded().next().is_none() {
        let kind = if scopes.locks_rows() { StatementKind::LockingRead } else { StatementKind::Read };
        return match unsharded(scopes, kind) {
            Ok(route) => Ok(RouteTemplate::fixed(route)),
            Err(error) => {
                let gather = gather_plan(scopes, id, sql, facts).ok_or(error)?;
                Ok(RouteTemplate { gather: Some(gather), ..RouteTemplate::fixed(Route::Gather) })
            }
        };
    }
    let feature = scopes.merged_feature_of(id);
    let spread = scopes.spread_of_query(id);
    let roots = scopes.term_blocks(id);
    let needs_merge = feature.is_some();
    let is_spread =
        spread.as_ref().is_ok_and(|spread| spread.anchor.is_some()) && scopes.check_subqueries(&roots).is_ok();
    let mut narrowed = narrowed(scopes, spread, &roots, feature, scopes.locks_rows());
    let is_block = matches!(scopes.queries[id].terms.as_slice(), [TermScope::Block(_)]);
    if !is_block {
        match sets::plan(scopes, id, sql, guards) {
            Some(SetPlan::Concatenated) => narrowed.refused = None,
            Some(SetPlan::Merged(plan)) => narrowed.merge = Some(plan),
            None => {}
        }
    } else if needs_merge && is_spread {
        let plan = merged::plan(scopes, id, sql, guards).or_else(|| sets::plan_distinct(scopes, id, sql, guards));
        narrowed.merge = plan.map(Box::new);
        narrowed.regroup = regroup::plan(scopes, id, sql, guards).map(Box::new);
    }
    if narrowed.refused.is_some() && narrowed.merge.is_none() && narrowed.regroup.is_none() {
        narrowed.regroup = regroup::plan_within(scopes, id, sql, guards).map(Box::new);
    }
    if facts.hints_rows {
        // Each shard would obey, for rows of its own.
        let feature = "SET_VAR of sql_select_limit or max_sort_length over several shards";
        narrowed = Narrowed { refused: Some(feature.to_owned()), merge: None, regroup: None, ..narrowed };
    }
    // What servers say of a column may depend on how they read a derived table.
    let is_derived = |id: &InstanceId| matches!(scopes.instances[*id].source, Source::Derived { .. });
    let has_derived = roots.iter().any(|block| scopes.blocks[*block].instances.iter().any(is_derived));
    let may_be_refused = narrowed.refused.is_some() || narrowed.at.is_some() || has_derived || !is_block;
    let gather = if may_be_refused || scopes.ctx.gathers == Gathers::Always {
        gather_plan(scopes, id, sql, facts)
    } else {
        None
    };
    if may_be_refused && gather.is_none() && scopes.cte_texts().are_uncertain(scopes, sql) {
        let feature = "a common table expression that is read twice and has other rows each time (RAND(), UUID())";
        narrowed.refused = Some(feature.to_owned());
    }
    Ok(RouteTemplate { gather, ..RouteTemplate::narrowed(narrowed) })
}

/// The same where all that it reads is to be gathered.
pub(super) fn gathered<'q>(
    scopes: &mut Scopes<'_, 'q>,
    query: &'q Query,
    sql: &[u8],
    facts: &Facts,
) -> Result<RouteTemplate, PlanError> {
    let id = scopes.read_query(query, None)?;
    let refused = || PlanError::unsupported("this query in CREATE TABLE ... SELECT over several shards");
    let gather = gather_plan(scopes, id, sql, facts).ok_or_else(refused)?;
    Ok(RouteTemplate { gather: Some(gather), ..RouteTemplate::fixed(Route::Gather) })
}

fn gather_plan(scopes: &Scopes<'_, '_>, root: QueryId, sql: &[u8], facts: &Facts) -> Option<Box<GatherPlan>> {
    // A named lock that is taken for each row, or for none, is not known before.
    if facts.takes_named_locks {
        return None;
    }
    let names = parse::mentioned_names(sql, scopes.ctx.mode)?;
    scopes.gather_plan(root, sql, &names, facts).map(Box::new)
}

/// The route of a statement without sharded tables.
pub(super) fn unsharded(scopes: &Scopes<'_, '_>, kind: StatementKind) -> Result<Route, PlanError> {
    let Some(at) = scopes.fixed_at() else {
        return Ok(Route::Any(anywhere(scopes.ctx)));
    };
    match (at.first(), kind) {
        (None, _) => Err(PlanError::unsupported("a statement on tables of several shards")),
        (Some(_), StatementKind::Read) => Ok(Route::Any(at)),
        // All sessions must lock the same copy of a reference table.
        (Some(first), _) => Ok(Route::One(first)),
    }
}

/// The shards that can answer what names no table.
pub(super) fn anywhere(ctx: &Context<'_>) -> ShardSet {
    match ctx.database {
        Some(id) => ctx.schema.database_of(id).shards.clone(),
        None => all_shards(ctx.schema),
    }
}

fn all_shards(schema: &Schema) -> ShardSet {
    (0..schema.shards.len()).map(|index| crate::sharding::ShardId(index as u16)).collect()
}

/// What decides the route of a statement with sharded tables. `spread` is of its outermost FROM, in the blocks `roots`;
/// `merged` is what it may not do on several shards.
pub(super) fn narrowed(
    scopes: &Scopes<'_, '_>,
    spread: Result<Spread, String>,
    roots: &[BlockId],
    merged: Option<String>,
    is_write: bool,
) -> Narrowed {
    let tables: Vec<(TableId, Narrow)> = scopes.sharded().filter_map(|id| narrow(scopes, id)).collect();
    let spread = spread.and_then(|spread| scopes.check_subqueries(roots).map(|()| spread));
    let (spread, refused) = match spread {
        Ok(Spread { anchor: Some(anchor), others, .. }) => {
            // Of several parts each needs shards of its own.
            let only = others.is_empty().then_some(anchor);
            (only.and_then(|id| narrow(scopes, id)), merged.or_else(|| scopes.unspreadable_feature()))
        }
        Ok(_) => (None, Some("a subquery over several shards".to_owned())),
        Err(feature) => (None, Some(feature)),
    };
    Narrowed { spread, refused, merge: None, regroup: None, tables, at: scopes.fixed_at(), is_write }
}

fn narrow(scopes: &Scopes<'_, '_>, instance: InstanceId) -> Option<(TableId, Narrow)> {
    let key = scopes.instances[instance].key.as_ref()?;
    Some((key.table, scopes.narrow_of(instance)))
}

/// The blocks that are the operands of a query.
pub(super) fn roots(scopes: &Scopes<'_, '_>, query: QueryId) -> Vec<BlockId> {
    scopes.term_blocks(query)
}

/// The same route for an EXPLAIN of a statement: one shard, or none.
pub(super) fn explained(route: RouteTemplate, home: ShardId) -> RouteTemplate {
    let target = match route.target {
        Target::Narrowed(narrowed) => Target::Narrowed(Narrowed {
            refused: Some("EXPLAIN over several shards".to_owned()),
            merge: None,
            regroup: None,
            ..narrowed
        }),
        // Copies of a reference table are alike.
        Target::Fixed(Route::Scatter(copies)) => Target::Fixed(Route::Any(copies)),
        // The server explains how it would read its own tables.
        Target::Fixed(Route::Gather) => Target::Fixed(Route::Any(ShardSet::single(home))),
        other => other,
    };
    RouteTemplate { target, gather: None, staged: None, copied: Vec::new(), ..route }
}

/// What a statement is to the session; `locks_rows`: one of the queries that were read in it does.
pub(super) fn kind(statement: &Statement, locks_rows: bool) -> StatementKind {
    match statement {
        Statement::Query(_) if locks_rows => StatementKind::LockingRead,
        Statement::Query(_) => StatementKind::Read,
        Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) | Statement::Load(_) => StatementKind::Write,
        Statement::Ddl(_) => StatementKind::Ddl,
        Statement::View(_) => StatementKind::Ddl,
        Statement::ShowTable(_) => StatementKind::Show,
        Statement::Explain(explain) if explain.is_run => kind(&explain.statement, locks_rows),
        Statement::Explain(_) => StatementKind::Show,
    }
}
