//! UNION, INTERSECT and EXCEPT over several shards.
//!
//! Each shard gets the whole of it, and answers it of its own rows. That is exact in three cases. UNION ALL: the rows of
//! all shards together are those of all operands. Equal rows are on one shard, because all operands show the shard
//! key at the same place: then any operator is exact. And a UNION of different rows, which are sorted on the shards and
//! merged without repeats; so an operand may also be whole on each shard. In a UNION ALL such an operand is left to the
//! first shard.

use crate::sharding::{ColocationId, ShardId, ShardSet};
use crate::sql::parse::ast::{Item, ItemKind, JoinCondition, SetKind, SetOperator};

use super::Guard;
use super::exact::{Spread, merged_tail};
use super::instance::{Key, Source};
use super::merged::{MergePlan, Statement};
use super::scope::{BlockId, Calls, Node, QueryId, Scopes, TermScope};
use super::set_text;
use super::sort_key::is_fickle;

/// A column of the result that is a shard key: its place, what leads to the same shard where it is equal, and where NULL is.
type ShownKey = (usize, ColocationId, Option<ShardId>);

/// What the shards' answers to a set operation come to.
pub(super) enum Exactness {
    /// One after the other they are the answer.
    Concatenated,
    /// They are, if these operands are answered by one shard only.
    Once(Vec<BlockId>),
    /// Without what is repeated.
    Distinct,
}

impl<'q> Scopes<'_, 'q> {
    /// How the rows of a set operation within a statement are spread.
    pub(super) fn spread_of_set(&self, query: QueryId) -> Result<Spread, String> {
        let refused = || "UNION over several shards".to_owned();
        let has_tail = merged_tail(self.queries[query].ast).is_some();
        match self.exactness(query) {
            Some(Exactness::Concatenated) if !has_tail => {}
            _ => return Err(refused()),
        }
        let mut anchors = Vec::new();
        for block in self.leaves(query) {
            let spread = self.spread_of_block(block)?;
            anchors.extend(spread.anchor.into_iter().chain(spread.others));
        }
        let first = anchors.first().copied().ok_or_else(refused)?;
        Ok(Spread { anchor: Some(first), others: anchors.split_off(1), keys: Vec::new() })
    }

    fn exactness(&self, query: QueryId) -> Option<Exactness> {
        let leaves = self.leaves(query);
        if !self.are_alike_placed() || leaves.is_empty() || self.has_values(query) || self.is_recursive(&leaves) {
            return None;
        }
        let operators = self.operators(query);
        let is_all = operators.iter().all(|operator| operator.kind == SetKind::Union && operator.is_all);
        let is_exact = |block: &BlockId| self.is_spread(*block, false);
        let is_whole = |block: &BlockId| self.is_whole(*block);
        if is_all && leaves.iter().all(is_exact) || self.is_by_key(query) {
            return Some(Exactness::Concatenated);
        }
        if is_all && leaves.iter().any(is_exact) && leaves.iter().all(|block| is_exact(block) || is_whole(block)) {
            // Those in parentheses may have an order and a limit of their own.
            let direct = self.queries[query].terms.iter().all(|term| matches!(term, TermScope::Block(_)));
            let once = leaves.into_iter().filter(|block| !is_exact(block)).collect();
            return direct.then_some(Exactness::Once(once));
        }
        let is_union = operators.iter().all(|operator| operator.kind == SetKind::Union);
        let last = self.queries[query].ast.operators.last();
        let is_distinct = is_union && last.is_some_and(|operator| !operator.is_all);
        let is_member = |block: &BlockId| self.is_spread(*block, true) || is_whole(block);
        (is_distinct && leaves.iter().all(is_member)).then_some(Exactness::Distinct)
    }

    /// Whether all sharded tables of the statement are on the same shards: each can be asked for all of it.
    fn are_alike_placed(&self) -> bool {
        let places = |id: usize| self.instances[id].table()?.table(self.ctx.schema).map(|table| table.shard_set());
        let places: Option<Vec<ShardSet>> = self.sharded().map(places).collect();
        places.is_some_and(|places| places.windows(2).all(|pair| pair[0] == pair[1]))
    }

    /// The operands that are blocks, in the order of the text. None if one has an order or a limit of its own.
    fn leaves(&self, query: QueryId) -> Vec<BlockId> {
        let mut leaves = Vec::new();
        for term in &self.queries[query].terms {
            match term {
                TermScope::Block(block) => leaves.push(*block),
                TermScope::Query(nested) => {
                    let of_nested = self.leaves(*nested);
                    if of_nested.is_empty() || merged_tail(self.queries[*nested].ast).is_some() {
                        return Vec::new();
                    }
                    leaves.extend(of_nested);
                }
                TermScope::Values => {}
            }
        }
        leaves
    }

    /// Whether an operand may read the result. (JSON_TABLE counts as such.)
    fn is_recursive(&self, leaves: &[BlockId]) -> bool {
        let blocks = leaves.iter().flat_map(|block| self.blocks_of_from(*block));
        let instances: Vec<_> = blocks.flat_map(|block| &self.blocks[block].instances).collect();
        instances.into_iter().any(|id| matches!(self.instances[*id].source, Source::Nowhere))
    }

    fn has_values(&self, query: QueryId) -> bool {
        self.queries[query].terms.iter().any(|term| match term {
            TermScope::Block(_) => false,
            TermScope::Query(nested) => self.has_values(*nested),
            TermScope::Values => true,
        })
    }

    fn operators(&self, query: QueryId) -> Vec<SetOperator> {
        let mut operators = self.queries[query].ast.operators.clone();
        for term in &self.queries[query].terms {
            if let TermScope::Query(nested) = term {
                operators.extend(self.operators(*nested));
            }
        }
        operators
    }

    /// Whether the shards' rows of an operand are all of its rows.
    fn is_spread(&self, block: BlockId, may_repeat: bool) -> bool {
        let is_placed = self.spread_of_block(block).is_ok_and(|spread| spread.anchor.is_some());
        let clause = self.merged_select(None, block);
        let is_distinct = self.blocks[block].select.is_some_and(|select| select.is_distinct);
        let is_merged = clause.is_some() && !(may_repeat && is_distinct && self.is_only_distinct(block));
        is_placed && !is_merged && self.merged_call(block).is_none()
    }

    /// Whether DISTINCT is all that looks at rows together.
    fn is_only_distinct(&self, block: BlockId) -> bool {
        self.blocks[block].select.is_some_and(|select| {
            let has_more = select.group_by.is_some() || select.having.is_some() || select.counts_found_rows;
            let has_window = select.window.is_some() || select.items.iter().any(|item| item.expression.has_window);
            !has_more && !has_window
        })
    }

    /// Whether an operand has the same rows on each shard.
    fn is_whole(&self, block: BlockId) -> bool {
        let is_unsharded = self.spread_of_block(block).is_ok_and(|spread| spread.anchor.is_none());
        let is_steady = |calls: &Calls<'_>| !is_fickle(calls.expression.calls.iter().map(|call| &call.name));
        is_unsharded
            && !self.blocks_of_from(block).iter().any(|block| self.has_sharded(*block))
            && self.calls.iter().filter(|calls| calls.block == Some(block)).all(is_steady)
    }

    /// Whether equal rows of all operands are on one shard.
    fn is_by_key(&self, query: QueryId) -> bool {
        let mut common: Option<Vec<ShownKey>> = None;
        for block in self.leaves(query).into_iter().filter(|block| !self.is_whole(*block)) {
            if !self.is_spread(block, false) {
                return false;
            }
            let shown = self.shown_keys(block);
            common = Some(match common {
                None => shown,
                Some(known) => known.into_iter().filter(|key| shown.contains(key)).collect(),
            });
        }
        common.is_some_and(|common| !common.is_empty()) && self.keeps_shards_apart(query)
    }

    /// Whether operands that are whole on each shard only take rows away.
    fn keeps_shards_apart(&self, query: QueryId) -> bool {
        let scope = &self.queries[query];
        scope.terms.iter().enumerate().all(|(place, term)| {
            let operator = place.checked_sub(1).and_then(|before| scope.ast.operators.get(before));
            let takes_away = operator.is_some_and(|operator| operator.kind != SetKind::Union);
            match term {
                TermScope::Block(block) => takes_away || !self.is_whole(*block),
                TermScope::Query(nested) => self.keeps_shards_apart(*nested),
                TermScope::Values => false,
            }
        })
    }

    /// The columns of a block that are a shard key which leads to its rows.
    fn shown_keys(&self, block: BlockId) -> Vec<ShownKey> {
        let Some(select) = self.blocks[block].select else { return Vec::new() };
        let of_item = |(place, item): (usize, &Item)| match &item.kind {
            ItemKind::Column(column) if self.is_leading(block, column) => {
                let key = self.instances[self.key_of(block, column)?].key.as_ref()?;
                self.shown_key(place, key)
            }
            _ => None,
        };
        match (select.items.iter().any(Item::is_wildcard), self.blocks[block].instances.as_slice()) {
            (false, _) => select.items.iter().enumerate().filter_map(of_item).collect(),
            (true, [only]) if select.items.len() == 1 && self.blocks[block].leading.contains(only) => {
                let names = self.names_of(block).unwrap_or_default();
                let instance = &self.instances[*only];
                let place = names.iter().position(|name| instance.has_key(name));
                let shown = place.zip(instance.key.as_ref()).and_then(|(place, key)| self.shown_key(place, key));
                shown.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn shown_key(&self, place: usize, key: &Key) -> Option<ShownKey> {
        let null = key.table.sharded(self.ctx.schema).and_then(|rule| rule.null_key);
        Some((place, key.colocation?, null))
    }

    /// What the columns of a block are called; `None` where it is not known how many there are. An expression without an
    /// alias has no name that ORDER BY could use.
    pub(super) fn names_of(&self, block: BlockId) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for item in &self.blocks[block].select?.items {
            match &item.kind {
                ItemKind::Wildcard(qualifier) => {
                    let from = &self.blocks[block];
                    if qualifier.is_none() && from.from.iter().any(shares_columns) {
                        return None;
                    }
                    let is_meant = |id: &&usize| {
                        let name = &self.instances[**id].name;
                        qualifier.as_ref().is_none_or(|qualifier| qualifier.table.text == *name)
                    };
                    let meant: Vec<_> = from.instances.iter().filter(is_meant).collect();
                    if meant.is_empty() {
                        return None;
                    }
                    for id in meant {
                        let table = self.instances[*id].table()?.table(self.ctx.schema)?;
                        let columns = table.columns.as_ref()?.iter().filter(|column| !column.invisible);
                        names.extend(columns.map(|column| column.name.clone()));
                    }
                }
                ItemKind::Column(column) => {
                    names.push(item.alias.as_ref().unwrap_or(&column.column).text.clone());
                }
                ItemKind::Constant(_) | ItemKind::BareCall(_) | ItemKind::Other => {
                    names.push(item.alias.as_ref().map_or(String::new(), |alias| alias.text.clone()));
                }
            }
        }
        Some(names)
    }
}

/// Whether a join makes one column of two.
fn shares_columns(node: &Node<'_>) -> bool {
    match node {
        Node::Leaf(_) => false,
        Node::List(nodes) => nodes.iter().any(shares_columns),
        Node::Join { left, right, condition, .. } => {
            matches!(condition, JoinCondition::Using(_) | JoinCondition::Natural)
                || shares_columns(left)
                || shares_columns(right)
        }
    }
}

/// How a query whose operands are on several shards is answered by them.
#[derive(Debug)]
pub(super) enum SetPlan {
    Concatenated,
    Merged(Box<MergePlan>),
}

/// The plan for a query with set operators, or in parentheses. `None` where it cannot be told that shards can answer it.
pub(super) fn plan(scopes: &Scopes<'_, '_>, query: QueryId, sql: &[u8], guards: &mut Vec<Guard>) -> Option<SetPlan> {
    let ast = scopes.queries[query].ast;
    let blocks = scopes.term_blocks(query);
    let is_apart = ast.into.is_some() || scopes.locks_rows() || scopes.unspreadable_feature().is_some();
    if is_apart || scopes.check_subqueries(&blocks).is_err() {
        return None;
    }
    let exactness = scopes.exactness(query)?;
    if matches!(exactness, Exactness::Concatenated) && merged_tail(ast).is_none() {
        return Some(SetPlan::Concatenated);
    }
    let statement = Statement::of_set(scopes, query, *blocks.first()?, sql)?;
    let plan = set_text::plan(&statement, ast, exactness, guards)?;
    Some(SetPlan::Merged(Box::new(MergePlan { is_of_table: plan.is_described, ..plan })))
}

/// The plan for one SELECT DISTINCT, whose columns are known although `*` stands in its list, or whose rows are sorted by
/// more than the list says: its result is sorted as that of a set operation is.
pub(super) fn plan_distinct(
    scopes: &Scopes<'_, '_>,
    query: QueryId,
    sql: &[u8],
    guards: &mut Vec<Guard>,
) -> Option<MergePlan> {
    let [TermScope::Block(block)] = *scopes.queries[query].terms.as_slice() else { return None };
    let ast = scopes.queries[query].ast;
    let is_distinct = scopes.blocks[block].select.is_some_and(|select| select.is_distinct);
    let is_apart = ast.into.is_some() || scopes.locks_rows() || scopes.unspreadable_feature().is_some();
    if is_apart || !is_distinct || !scopes.is_only_distinct(block) || !scopes.is_spread(block, true) {
        return None;
    }
    let exactness = match scopes.has_whole_duplicates(block) {
        true => Exactness::Concatenated,
        false => Exactness::Distinct,
    };
    let statement = Statement::of_set(scopes, query, block, sql)?;
    let plan = set_text::plan(&statement, ast, exactness, guards)?;
    Some(plan)
}
