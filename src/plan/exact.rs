//! Whether a statement, run on each shard alone, gives the whole answer.
//!
//! Two proofs. If all rows that matter, of all tables, are on one shard, that shard's answer is the answer, whatever the
//! statement does. If FROM is spread by shard keys (every combination of rows is from one shard, and each on its own),
//! the shards' answers, one after the other, are the answer, provided that nothing (ORDER BY, an aggregate) looks at
//! all rows together.

use crate::sharding::{Part, ShardSet};
use crate::sql::parse::ast::{Call, ColumnName, Expression, JoinKind, Query};

use super::condition::{Cond, Leaf, rules_of_sides};
use super::functions;
use super::instance::{Key, Source};
use super::narrow::{Narrow, TableId, Test};
use super::scope::{BlockId, InstanceId, Node, QueryId, Scopes, TermScope};
use super::sort_key::is_fickle;

/// How a part of FROM is spread.
#[derive(Debug, Clone, Default)]
pub(super) struct Spread {
    /// An instance in the place of which there are always rows; its key's shards are those that matter. `None`: the
    /// part is whole on every shard.
    pub(super) anchor: Option<InstanceId>,
    /// The same for further parts, each of which has rows of its own: those of a set operation.
    pub(super) others: Vec<InstanceId>,
    /// Instances whose keys are equal, and lead to the shard where the combination of rows is.
    pub(super) keys: Vec<InstanceId>,
}

/// Instances that have something of an instance's key in common with it, in all combinations of rows that matter.
struct Class {
    /// All of the key: rows are on the same shard.
    whole: Vec<InstanceId>,
    /// One column of it.
    parts: Vec<(Part, Vec<InstanceId>)>,
    /// Of a key of several columns: the table that conditions on others are said of, so that they come together.
    table: Option<TableId>,
}

impl Class {
    fn new(scopes: &Scopes<'_, '_>, instance: InstanceId) -> Self {
        let of = &scopes.instances[instance];
        let table = of.key.as_ref().filter(|_| of.alike.is_some()).map(|key| key.table);
        let parts = if of.alike.is_some() { of.parts() } else { Vec::new() };
        let parts = parts.into_iter().map(|part| (part, scopes.class_of_part(instance, part, &[])));
        Self { whole: scopes.class_of(instance), parts: parts.collect(), table }
    }

    fn members(&self) -> impl Iterator<Item = InstanceId> {
        self.whole.iter().chain(self.parts.iter().flat_map(|(_, ids)| ids)).copied()
    }

    /// Whether what is said of this column of an instance's key is said of the class.
    fn has(&self, id: InstanceId, part: Part) -> bool {
        self.whole.contains(&id) || self.parts.iter().any(|(of, ids)| *of == part && ids.contains(&id))
    }
}

/// What cannot be spread, in words for an error: "a join off the shard key".
type Exactness<T> = Result<T, String>;

impl Scopes<'_, '_> {
    /// All instances that are tables with a shard key, and are read.
    pub(super) fn sharded(&self) -> impl Iterator<Item = InstanceId> {
        let is_read =
            |id: &InstanceId| matches!(self.instances[*id].source, Source::Sharded(_)) && self.target != Some(*id);
        (0..self.instances.len()).filter(is_read)
    }

    /// Where the tables without a shard key are, all of them; `None` if there are none.
    pub(super) fn fixed_at(&self) -> Option<ShardSet> {
        let sets = self.instances.iter().filter_map(|instance| match &instance.source {
            Source::Fixed { at, .. } => Some(at.clone()),
            Source::Sharded(_) | Source::Derived { .. } | Source::Nowhere => None,
        });
        sets.reduce(|mut both, more| {
            both.intersect_with(&more);
            both
        })
    }

    /// Whether a table without a shard key is in a physical schema that several shards have in common.
    pub(super) fn meets_shared(&self) -> bool {
        self.instances.iter().any(|instance| match &instance.source {
            Source::Fixed { at, .. } => self.shards_of(instance).is_some_and(|homes| homes.len() < at.len()),
            Source::Sharded(_) | Source::Derived { .. } | Source::Nowhere => false,
        })
    }

    /// What restricts the shards of an instance's rows that matter.
    pub(super) fn narrow_of(&self, instance: InstanceId) -> Narrow {
        let class = Class::new(self, instance);
        let mut rules: Vec<usize> = class.members().flat_map(|id| self.instances[id].rules.iter().copied()).collect();
        rules.sort_unstable();
        rules.dedup();
        self.all_of(rules.into_iter().map(|rule| self.lower(&self.rules[rule], &class)).collect(), &class.whole)
    }

    /// The conjunction of conditions on instances of a class.
    fn all_of(&self, terms: Vec<Narrow>, class: &[InstanceId]) -> Narrow {
        let keys = class.iter().filter_map(|id| self.instances[*id].key.as_ref());
        let is_joint = |key: &&Key| key.table.sharded(self.ctx.schema).is_some_and(|sharded| !sharded.joint.is_empty());
        match keys.filter(is_joint).map(|key| key.table).next() {
            Some(table) => Narrow::all_of_joint(terms, table),
            None => Narrow::all_of(terms),
        }
    }

    /// The instance and those whose key equals its key in all combinations of rows that matter.
    fn class_of(&self, instance: InstanceId) -> Vec<InstanceId> {
        self.class_with(instance, &[])
    }

    /// The same where `rules` hold too, which no instance alone is bound to.
    fn class_with(&self, instance: InstanceId, rules: &[usize]) -> Vec<InstanceId> {
        closure(instance, |id| {
            let of = &self.instances[id];
            let passed = of.inner.into_iter().chain(of.outer);
            let equal = self.equal_to(id, rules, |leaf| match leaf {
                Leaf::Same(one, other) => Some((*one, *other)),
                _ => None,
            });
            passed.chain(equal).chain(self.alike_in_all_parts(id, rules)).collect()
        })
    }

    /// The instances whose keys of several columns are equal to that of `instance`, column by column, where its own rules and
    /// `rules` hold.
    fn alike_in_all_parts(&self, instance: InstanceId, rules: &[usize]) -> Vec<InstanceId> {
        if self.instances[instance].alike.is_none() {
            return Vec::new();
        }
        let parts = self.instances[instance].parts().into_iter();
        let classes = parts.map(|part| self.class_of_part(instance, part, rules));
        let common = classes.reduce(|both, more| both.into_iter().filter(|id| more.contains(id)).collect());
        common.unwrap_or_default()
    }

    /// The instance and those of which this column of the key equals its own in all combinations of rows that matter.
    fn class_of_part(&self, instance: InstanceId, part: Part, rules: &[usize]) -> Vec<InstanceId> {
        closure(instance, |id| {
            self.equal_to(id, rules, |leaf| match leaf {
                Leaf::SamePart(one, other, of) if *of == part => Some((*one, *other)),
                _ => None,
            })
        })
    }

    /// The other sides of the equalities that `id` stands in, by its own rules and `rules`. `sides`: those of a leaf, if it
    /// is an equality that counts.
    fn equal_to(
        &self,
        id: InstanceId,
        rules: &[usize],
        sides: impl Fn(&Leaf) -> Option<(InstanceId, InstanceId)>,
    ) -> Vec<InstanceId> {
        let all = self.instances[id].rules.iter().chain(rules);
        let conjuncts = all.flat_map(|rule| self.rules[*rule].conjuncts());
        let pairs = conjuncts.filter_map(|cond| match cond {
            Cond::Leaf { leaf, .. } => sides(leaf),
            Cond::And(_) | Cond::Or(_) => None,
        });
        pairs.filter_map(|(one, other)| if one == id { Some(other) } else { (other == id).then_some(one) }).collect()
    }

    fn lower(&self, cond: &Cond, class: &Class) -> Narrow {
        match cond {
            Cond::And(terms) => {
                let terms = terms.iter().map(|term| self.lower(term, class)).collect();
                self.all_of(with_ranges_closed(terms), &class.whole)
            }
            Cond::Or(terms) => Narrow::any_of(terms.iter().map(|term| self.lower(term, class)).collect()),
            Cond::Leaf { leaf: Leaf::Constant(narrow), .. } => narrow.clone(),
            Cond::Leaf { leaf: Leaf::Key(id, part, test), .. } if class.has(*id, *part) => {
                let is_missing_row = *test == Test::IsNull && self.may_be_missing(*id);
                match &self.instances[*id].key {
                    Some(key) if !is_missing_row => {
                        let test = match test {
                            Test::NullSafeEqual { known, .. } => {
                                Test::NullSafeEqual { known: known.clone(), may_be_missing: self.may_be_missing(*id) }
                            }
                            other => other.clone(),
                        };
                        Narrow::Key { table: class.table.unwrap_or(key.table), part: *part, test }
                    }
                    _ => Narrow::All,
                }
            }
            Cond::Leaf { .. } => Narrow::All,
        }
    }

    /// How the whole query is spread.
    pub(super) fn spread_of_query(&self, query: QueryId) -> Exactness<Spread> {
        match self.queries[query].terms.as_slice() {
            [TermScope::Block(block)] => self.spread_of_block(*block),
            [TermScope::Query(nested)] => self.spread_of_query(*nested),
            _ if self.blocks_within(query).iter().all(|block| !self.has_sharded(*block)) => Ok(Spread::default()),
            _ => Err("UNION over several shards".to_owned()),
        }
    }

    /// How FROM of a block is spread.
    pub(super) fn spread_of_block(&self, block: BlockId) -> Exactness<Spread> {
        self.spread_of_list(&self.blocks[block].from.iter().collect::<Vec<_>>(), &[])
    }

    fn spread_of_list(&self, nodes: &[&Node<'_>], rules: &[usize]) -> Exactness<Spread> {
        let mut whole = Spread::default();
        for node in nodes {
            whole = self.joined(whole, self.spread_of_node(node, rules)?, rules)?;
        }
        Ok(whole)
    }

    /// `rules` are those that combinations of rows must meet although no instance in `node` alone is bound to them.
    fn spread_of_node(&self, node: &Node<'_>, rules: &[usize]) -> Exactness<Spread> {
        match node {
            Node::Leaf(id) => self.spread_of_instance(*id),
            Node::List(nodes) => self.spread_of_list(&nodes.iter().collect::<Vec<_>>(), rules),
            Node::Join { left, right, kind, rule, .. } => {
                let own: Vec<usize> = rules.iter().copied().chain(*rule).collect();
                let (of_left, of_right) = rules_of_sides(*kind, rules, &own);
                let (left, right) = (self.spread_of_node(left, of_left)?, self.spread_of_node(right, of_right)?);
                match kind {
                    JoinKind::Inner => self.joined(left, right, &own),
                    JoinKind::Left => self.joined_outer(left, right, &own),
                    JoinKind::Right => self.joined_outer(right, left, &own),
                }
            }
        }
    }

    fn joined(&self, left: Spread, right: Spread, rules: &[usize]) -> Exactness<Spread> {
        match (left.anchor, right.anchor) {
            (_, None) => Ok(left),
            (None, Some(_)) => Ok(right),
            (Some(_), Some(_)) if self.are_linked(&left, &right, rules) => {
                let others = [left.others, right.others].concat();
                Ok(Spread { anchor: left.anchor, others, keys: [left.keys, right.keys].concat() })
            }
            (Some(_), Some(_)) => Err("a join off the shard key".to_owned()),
        }
    }

    fn joined_outer(&self, kept: Spread, lost: Spread, rules: &[usize]) -> Exactness<Spread> {
        if kept.anchor.is_none() && lost.anchor.is_some() {
            // Each shard without a match would add a row of NULLs.
            return Err("an outer join that keeps the rows of an unsharded table".to_owned());
        }
        self.joined(kept, lost, rules)
    }

    /// Whether the keys of both parts are equal in every combination that matters.
    fn are_linked(&self, left: &Spread, right: &Spread, rules: &[usize]) -> bool {
        left.keys.iter().any(|key| {
            let class = self.class_with(*key, rules);
            right.keys.iter().any(|other| class.contains(other))
        })
    }

    fn spread_of_instance(&self, id: InstanceId) -> Exactness<Spread> {
        let instance = &self.instances[id];
        match &instance.source {
            Source::Sharded(_) => Ok(Spread { anchor: Some(id), others: Vec::new(), keys: vec![id] }),
            Source::Fixed { .. } | Source::Nowhere => Ok(Spread::default()),
            // What a lateral derived table sees is checked like a subquery.
            Source::Derived { is_lateral: true, .. } => Ok(Spread::default()),
            Source::Derived { query, .. } if self.queries[*query].terms.len() > 1 && self.is_sharded_query(*query) => {
                self.spread_of_set(*query)
            }
            Source::Derived { query, .. } => {
                let inner = self.spread_of_query(*query)?;
                let merged = self.merged_feature_of(*query);
                match (inner.anchor, merged) {
                    (Some(_), Some(feature)) => Err(feature),
                    (Some(anchor), None) => {
                        let keys = instance.inner.is_some().then_some(id);
                        Ok(Spread { anchor: Some(anchor), others: inner.others, keys: keys.into_iter().collect() })
                    }
                    (None, _) if self.is_arbitrary(*query) => {
                        Err("LIMIT in a derived table over several shards".to_owned())
                    }
                    (None, _) if self.is_fickle(*query) => {
                        Err("a random value in a derived table over several shards".to_owned())
                    }
                    (None, _) => Ok(Spread::default()),
                }
            }
        }
    }

    /// LIMIT without ORDER BY: copies of a table may answer differently.
    pub(super) fn is_arbitrary(&self, query: QueryId) -> bool {
        let scope = &self.queries[query];
        let is_tied = scope.ast.limit.is_some() && scope.ast.order_by.is_none();
        let is_correlated =
            |term: &TermScope| matches!(term, TermScope::Block(block) if self.blocks[*block].is_correlated);
        let has_tables = !self.blocks_within(query).iter().all(|block| self.blocks[*block].instances.is_empty());
        is_tied && has_tables && !scope.terms.iter().any(is_correlated)
    }

    /// Whether each evaluation of the query, on whatever shard, may give something else.
    pub(super) fn is_fickle(&self, query: QueryId) -> bool {
        let within = self.blocks_within(query);
        let mut own = self.calls.iter().filter(|calls| calls.block.is_some_and(|block| within.contains(&block)));
        own.any(|calls| is_fickle(calls.expression.calls.iter().map(|call| &call.name)))
    }

    /// Whether copies of a reference table may answer some query differently.
    pub(super) fn has_arbitrary_query(&self) -> bool {
        (0..self.queries.len()).any(|query| self.is_arbitrary(query))
    }

    /// What needs all rows together in a query that is spread.
    pub(super) fn merged_feature_of(&self, query: QueryId) -> Option<String> {
        let scope = &self.queries[query];
        match scope.terms.as_slice() {
            [TermScope::Block(block)] => {
                self.merged_clause(scope.ast, *block).map(str::to_owned).or_else(|| self.merged_call(*block))
            }
            [TermScope::Query(nested)] => {
                merged_tail(scope.ast).map(str::to_owned).or_else(|| self.merged_feature_of(*nested))
            }
            _ => Some("UNION over several shards".to_owned()),
        }
    }

    /// What in a SELECT needs rows of several shards together, but for functions.
    pub(super) fn merged_clause(&self, query: &Query, block: BlockId) -> Option<&'static str> {
        merged_tail(query).or_else(|| self.merged_select(query.order_by.as_ref(), block))
    }

    /// The same of the SELECT alone.
    pub(super) fn merged_select(&self, order_by: Option<&Expression>, block: BlockId) -> Option<&'static str> {
        let select = self.blocks[block].select?;
        let expressions = || select.items.iter().map(|item| &item.expression).chain(order_by);
        let has_window = select.window.is_some() || expressions().any(|expression| expression.has_window);
        let has_whole_groups = self.has_whole_groups(block);
        match () {
            () if select.is_distinct && !self.has_whole_duplicates(block) => Some("DISTINCT over several shards"),
            () if select.group_by.is_some() && !has_whole_groups => Some("GROUP BY over several shards"),
            () if select.having.is_some() && !has_whole_groups => Some("HAVING over several shards"),
            () if has_window && !self.has_whole_windows(block, expressions()) => {
                Some("a window function over several shards")
            }
            () if select.counts_found_rows => Some("SQL_CALC_FOUND_ROWS over several shards"),
            () => None,
        }
    }

    /// A function in the block, outside of subqueries, that needs all rows together, or that may.
    pub(super) fn merged_call(&self, block: BlockId) -> Option<String> {
        let of_block = self.calls.iter().filter(|calls| calls.block == Some(block));
        let has_whole_groups = self.has_whole_groups(block);
        of_block.flat_map(|calls| &calls.expression.calls).find_map(|call| {
            let is_whole = (has_whole_groups || call.is_windowed) && functions::is_aggregate(&call.name);
            let is_known = call.is_plain && (functions::is_scalar(&call.name) || is_whole);
            (!is_known).then(|| format!("{}() over several shards", call.name.to_ascii_uppercase()))
        })
    }

    /// What no statement may do on several shards, wherever it stands.
    pub(super) fn unspreadable_feature(&self) -> Option<String> {
        self.unspreadable_feature_but(0)
    }

    /// The same, where LAST_INSERT_ID() may be called so often.
    pub(super) fn unspreadable_feature_but(&self, notes: usize) -> Option<String> {
        let expressions = || self.calls.iter().map(|calls| calls.expression);
        if expressions().any(|expression| expression.assigns_variable) {
            return Some("assigning a user variable over several shards".to_owned());
        }
        let mut calls =
            expressions().flat_map(|expression| expression.calls.iter().map(move |call| (expression, call)));
        let is_note = |call: &Call| call.is_plain && call.name == "last_insert_id";
        let may_note = notes > 0 && calls.clone().filter(|(_, call)| is_note(call)).count() == notes;
        let is_known = |call: &Call| call.is_plain && functions::is_spreadable(&call.name) || may_note && is_note(call);
        let unknown = calls.find(|(expression, call)| !is_known(call) || is_series(expression, call));
        unknown.map(|(_, call)| format!("{}() over several shards", call.name.to_ascii_uppercase()))
    }

    /// Subqueries of a statement whose FROM, in `blocks`, is spread must find on each shard all rows that they need:
    /// their sharded tables must be bound by shard key to a table of that FROM.
    pub(super) fn check_subqueries(&self, blocks: &[BlockId]) -> Exactness<()> {
        self.check_subqueries_within(blocks, &[])
    }

    /// The same of derived tables, which stand in the FROM of the blocks `around`.
    pub(super) fn check_subqueries_within(&self, blocks: &[BlockId], around: &[BlockId]) -> Exactness<()> {
        let hosts: Vec<BlockId> = blocks.iter().flat_map(|block| self.blocks_of_from(*block)).collect();
        let is_subquery = |id: &BlockId| !hosts.contains(id) && !around.contains(id);
        // A lateral derived table is a subquery that happens to stand in FROM.
        let is_lateral = |id: InstanceId| matches!(self.instances[id].source, Source::Derived { is_lateral: true, .. });
        let is_hosted = |id: &InstanceId| hosts.contains(&self.instances[*id].block) && !is_lateral(*id);
        if self.sharded().any(|id| !is_hosted(&id) && !self.class_of(id).iter().any(is_hosted)) {
            return Err("a subquery over several shards that is not bound by shard key".to_owned());
        }
        let is_tied = |query: QueryId| self.is_arbitrary(query) && !self.is_sharded_query(query);
        if (0..self.queries.len()).any(is_tied) {
            return Err("LIMIT in a subquery over several shards".to_owned());
        }
        match (0..self.blocks.len()).filter(is_subquery).any(|id| self.aggregates_outside(id)) {
            true => Err("an aggregate of an outer query's column over several shards".to_owned()),
            false => Ok(()),
        }
    }

    /// Whether a block may call an aggregate whose arguments are columns of an enclosing block: the server computes it
    /// there, over all of its rows.
    fn aggregates_outside(&self, block: BlockId) -> bool {
        let is_own = |name: &str| self.blocks[block].instances.iter().any(|id| self.instances[*id].certainly_has(name));
        self.calls.iter().filter(|calls| calls.block == Some(block)).any(|calls| {
            let aggregates = calls.expression.calls.iter().filter(|call| !functions::is_scalar(&call.name));
            let within = |call: &Call, at: u32| call.arguments.start <= at && at < call.arguments.end;
            aggregates.into_iter().any(|call| {
                let qualified = calls.expression.columns.iter().filter(|column| within(call, column.column.span.start));
                let mut bare = calls.expression.bare.iter().filter(|name| within(call, name.span.start));
                let is_outside = |column: &ColumnName| {
                    let found = self.resolve_qualified(block, None, column);
                    found.is_none_or(|id| self.instances[id].block != block)
                };
                qualified.into_iter().any(is_outside) || bare.any(|name| !is_own(&name.text))
            })
        })
    }

    pub(super) fn is_sharded_query(&self, query: QueryId) -> bool {
        self.blocks_within(query).iter().any(|block| self.has_sharded(*block))
    }

    /// The block and those of the derived tables in its FROM.
    pub(super) fn blocks_of_from(&self, block: BlockId) -> Vec<BlockId> {
        let mut blocks = vec![block];
        let mut done = 0;
        while let Some(block) = blocks.get(done).copied() {
            done += 1;
            for id in &self.blocks[block].instances {
                if let Source::Derived { query, is_lateral: false } = self.instances[*id].source {
                    blocks.extend(self.term_blocks(query));
                }
            }
        }
        blocks
    }

    /// The blocks that are operands of a query.
    pub(super) fn term_blocks(&self, query: QueryId) -> Vec<BlockId> {
        let terms = self.queries[query].terms.iter();
        terms
            .flat_map(|term| match term {
                TermScope::Block(block) => vec![*block],
                TermScope::Query(nested) => self.term_blocks(*nested),
                TermScope::Values => Vec::new(),
            })
            .collect()
    }

    /// The blocks of a query, with those of its derived tables.
    fn blocks_within(&self, query: QueryId) -> Vec<BlockId> {
        self.term_blocks(query).into_iter().flat_map(|block| self.blocks_of_from(block)).collect()
    }

    pub(super) fn has_sharded(&self, block: BlockId) -> bool {
        self.blocks[block].instances.iter().any(|id| matches!(self.instances[*id].source, Source::Sharded(_)))
    }
}

/// RAND(3): its numbers follow each other from row to row. Of a column it begins anew with each row.
fn is_series(expression: &Expression, call: &Call) -> bool {
    let has_column = expression.columns.iter().any(|column| call.arguments.contains(column.column.span))
        || expression.bare.iter().any(|name| call.arguments.contains(name.span));
    call.name == "rand" && call.arguments.start < call.arguments.end && !has_column
}

/// The instance, its neighbours, theirs, and so on.
fn closure(instance: InstanceId, neighbours: impl Fn(InstanceId) -> Vec<InstanceId>) -> Vec<InstanceId> {
    let mut class = vec![instance];
    let mut done = 0;
    while let Some(id) = class.get(done).copied() {
        done += 1;
        for found in neighbours(id) {
            if !class.contains(&found) {
                class.push(found);
            }
        }
    }
    class
}

/// `a > 1` beside `a < 5` is a range with two ends.
fn with_ranges_closed(mut terms: Vec<Narrow>) -> Vec<Narrow> {
    let column = |index: Option<usize>| match index.map(|index| &terms[index]) {
        Some(Narrow::Key { table, part, .. }) => Some((*table, *part)),
        _ => None,
    };
    let lower = terms
        .iter()
        .position(|term| matches!(term, Narrow::Key { test: Test::Range { low: Some(_), high: None }, .. }));
    let upper = terms
        .iter()
        .position(|term| matches!(term, Narrow::Key { test: Test::Range { low: None, high: Some(_) }, .. }));
    if column(lower) != column(upper) {
        return terms;
    }
    if let (Some(lower), Some(upper)) = (lower, upper)
        && let Narrow::Key { test: Test::Range { high, .. }, .. } = terms[upper].clone()
        && let Narrow::Key { test: Test::Range { high: end, .. }, .. } = &mut terms[lower]
    {
        *end = high;
    }
    terms
}

pub(super) fn merged_tail(query: &Query) -> Option<&'static str> {
    match () {
        () if query.limit.is_some() => Some("LIMIT over several shards"),
        () if query.order_by.is_some() => Some("ORDER BY over several shards"),
        () if query.into.is_some() => Some("SELECT ... INTO over several shards"),
        () => None,
    }
}
