//! Groups of a derived table: where all tables of a statement are in one, the shards make its groups, and the whole
//! statement runs over those.

use super::RegroupPlan;
use super::read::Reader;
use crate::plan::Guard;
use crate::plan::instance::{Instance, Source};
use crate::plan::merged::Statement;
use crate::plan::scope::{BlockId, QueryId, QueryScope, Scopes, TermScope};

/// The plan for a query in whose FROM, at any depth, a derived table has all tables in it, where it can be answered so.
pub(in crate::plan) fn plan_within(
    scopes: &Scopes<'_, '_>,
    root: QueryId,
    sql: &[u8],
    guards: &mut Vec<Guard>,
) -> Option<RegroupPlan> {
    if scopes.locks_rows() || scopes.queries[root].ast.into.is_some() {
        return None;
    }
    let roots = scopes.term_blocks(root);
    let all: Vec<BlockId> = roots.iter().flat_map(|block| scopes.blocks_of_from(*block)).collect();
    let query_of = |block: BlockId| {
        let is_it = |scope: &QueryScope<'_>| matches!(*scope.terms, [TermScope::Block(only)] if only == block);
        scopes.queries.iter().position(is_it)
    };
    let derived = all.iter().copied().filter(|block| !roots.contains(block) && is_by_itself(scopes, *block, &all));
    derived.filter_map(query_of).find_map(|query| {
        let statement = Statement::open(scopes, query, sql)?;
        let mut reader = Reader::new(&statement)?;
        reader.aggregates()?;
        let kept = reader.kept()?;
        let plan = reader.read(kept)?;
        guards.append(&mut reader.guards);
        // Its columns are not those that the client sees.
        Some(RegroupPlan { shown_keys: Vec::new(), is_one_row: scopes.is_one_row(root), ..plan })
    })
}

/// Whether all tables are in FROM of a block that is spread, which is one of the blocks `all` of the outermost FROM. Then the
/// rest of the statement reads nothing else.
fn is_by_itself(scopes: &Scopes<'_, '_>, block: BlockId, all: &[BlockId]) -> bool {
    let hosts = scopes.blocks_of_from(block);
    let is_host = |instance: &Instance| hosts.contains(&instance.block);
    let is_inside = |instance: &Instance| match instance.source {
        Source::Derived { is_lateral, .. } => !is_lateral,
        Source::Sharded(_) | Source::Fixed { .. } => is_host(instance),
        Source::Nowhere => false,
    };
    // What a common table expression within it reads stands elsewhere in the text.
    let mut texts = scopes.instances.iter().filter(|instance| is_host(instance)).map(|instance| instance.within);
    let first = texts.next();
    let is_one_text = texts.all(|text| Some(text) == first);
    let around: Vec<BlockId> = all.iter().copied().filter(|id| !hosts.contains(id)).collect();
    is_one_text
        && scopes.instances.iter().all(is_inside)
        && scopes.spread_of_block(block).is_ok_and(|spread| spread.anchor.is_some())
        && scopes.check_subqueries_within(&[block], &around).is_ok()
}
