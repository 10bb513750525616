//! Conditions with their columns resolved: what WHERE and ON say about shard keys.

use crate::sharding::Part;
use crate::sql::parse::ast::{ColumnName, Comparison, Condition, JoinCondition, JoinKind, Operand, Predicate, Span};

use super::PlanError;
use super::instance::Role;
use super::narrow::{Known, Narrow, Test};
use super::resolve::{Found, Owner, members};
use super::scope::{BlockId, InstanceId, Node, QueryId, Scopes};

/// The part of a FROM in which a name is looked up.
#[derive(Clone, Copy)]
struct Visible<'n, 'q> {
    block: BlockId,
    nodes: &'n [Node<'q>],
}

/// A condition. `rejects` are instances whose row cannot be a row of NULLs if the condition is true.
#[derive(Debug, Clone)]
pub(super) enum Cond {
    And(Vec<Cond>),
    Or(Vec<Cond>),
    Leaf { leaf: Leaf, rejects: Vec<InstanceId> },
}

/// What a condition without AND and OR says.
#[derive(Debug, Clone)]
pub(super) enum Leaf {
    /// Of the shard key of an instance, or one column of it.
    Key(InstanceId, Part, Test),
    /// The shard keys of two colocated instances are equal, or that of a child and the column of its parent that it names.
    Same(InstanceId, InstanceId),
    /// This column is equal of the shard keys of two instances that are placed alike by keys of several columns.
    SamePart(InstanceId, InstanceId, Part),
    /// Of constants alone.
    Constant(Narrow),
    Opaque,
}

impl Cond {
    fn opaque(rejects: Vec<InstanceId>) -> Self {
        Self::Leaf { leaf: Leaf::Opaque, rejects }
    }

    /// The conditions that must all be true.
    pub(super) fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::And(terms) => terms.iter().flat_map(Self::conjuncts).collect(),
            Self::Or(_) | Self::Leaf { .. } => vec![self],
        }
    }

    /// Whether it cannot be true where `instance` has a row of NULLs.
    fn rejects(&self, instance: InstanceId) -> bool {
        match self {
            Self::And(terms) => terms.iter().any(|term| term.rejects(instance)),
            Self::Or(terms) => terms.iter().all(|term| term.rejects(instance)),
            Self::Leaf { rejects, .. } => rejects.contains(&instance),
        }
    }
}

impl<'q> Scopes<'_, 'q> {
    /// Resolves the conditions of a block's joins and its WHERE, and notes for each instance which of them all of its
    /// rows must meet.
    pub(super) fn read_conditions(&mut self, block: BlockId, filter: Option<&'q Condition>) -> Result<(), PlanError> {
        let mut from = std::mem::take(&mut self.blocks[block].from);
        let result = from.iter_mut().try_for_each(|node| self.read_join_conditions(block, node));
        let filter_rule = filter.map(|condition| {
            let cond = self.cond(&condition.predicate, Visible { block, nodes: &from });
            self.add_rule(cond, Some(condition))
        });
        let certain: Vec<usize> = filter_rule.into_iter().collect();
        for node in &mut from {
            self.simplify(node, &certain);
        }
        for node in &from {
            self.distribute(node, &certain, &certain, false);
        }
        self.blocks[block].from = from;
        self.blocks[block].is_complete = true;
        result?;
        if let Some(condition) = filter {
            self.read_expression(&condition.expression, Some(block), Some(block))?;
            self.bind_semi_joins(block, &condition.predicate);
            self.note_key_lists(block, &condition.predicate);
        }
        Ok(())
    }

    /// Of what `key IN (SELECT key ...)` reads, only the rows matter whose shard key is that of the row outside.
    fn bind_semi_joins(&mut self, block: BlockId, predicate: &Predicate) {
        match predicate {
            Predicate::And(terms) | Predicate::Or(terms) => {
                terms.iter().for_each(|term| self.bind_semi_joins(block, term));
            }
            Predicate::InQuery { operand, parentheses } => {
                for (inner, cond) in self.semi_join(block, operand, *parentheses) {
                    let rule = self.add_rule(cond, None);
                    self.instances[inner].rules.push(rule);
                }
            }
            _ => {}
        }
    }

    /// The query that is all of the parentheses. Queries within it were read before it.
    pub(super) fn query_in(&self, parentheses: Span) -> Option<QueryId> {
        self.queries.iter().rposition(|query| parentheses.contains(query.ast.span))
    }

    /// What rows of the query in the parentheses must meet, where `operand` is looked up in it.
    fn semi_join(&self, block: BlockId, operand: &Operand, parentheses: Span) -> Vec<(InstanceId, Cond)> {
        let operands = match operand {
            Operand::Row(operands) => operands.as_slice(),
            single => std::slice::from_ref(single),
        };
        let query = self.query_in(parentheses);
        let inner: Vec<Option<InstanceId>> = query.map_or(Vec::new(), |query| self.passed_instances(query));
        let is_alike = inner.len() == operands.len();
        let pairs = operands.iter().zip(inner).filter(|_| is_alike).filter_map(|(operand, inner)| {
            let Operand::Column(column) = operand else { return None };
            let (inner, outer) = self.same_key(inner?, self.key_of(block, column)?)?;
            Some((inner, Cond::Leaf { leaf: Leaf::Same(inner, outer), rejects: Vec::new() }))
        });
        pairs.collect()
    }

    fn add_rule(&mut self, cond: Cond, read_from: Option<&'q Condition>) -> usize {
        self.rules.push(cond);
        self.conditions.push(read_from);
        self.rules.len() - 1
    }

    fn read_join_conditions(&mut self, block: BlockId, node: &mut Node<'q>) -> Result<(), PlanError> {
        match node {
            Node::Leaf(_) => Ok(()),
            Node::List(nodes) => nodes.iter_mut().try_for_each(|node| self.read_join_conditions(block, node)),
            Node::Join { left, right, condition, rule, .. } => {
                self.read_join_conditions(block, left)?;
                self.read_join_conditions(block, right)?;
                let condition: &'q JoinCondition = condition;
                *rule = match condition {
                    JoinCondition::None => None,
                    JoinCondition::On(on) => {
                        // Subqueries and qualifiers in ON see what WHERE sees, but for tables that come later.
                        self.read_expression(&on.expression, Some(block), Some(block))?;
                        let cond = self.cond_of_join(block, left, right, &on.predicate);
                        Some(self.add_rule(cond, Some(on)))
                    }
                    JoinCondition::Using(_) | JoinCondition::Natural => {
                        let cond = self.shared_columns(left, right, condition);
                        Some(self.add_rule(cond, None))
                    }
                };
                Ok(())
            }
        }
    }

    fn cond_of_join(&self, block: BlockId, left: &Node<'q>, right: &Node<'q>, predicate: &Predicate) -> Cond {
        self.cond_in(predicate, &|column| self.resolve_in_join(block, left, right, column))
    }

    /// USING and NATURAL as conditions: the shard keys that both sides have by the same name are equal.
    fn shared_columns(&self, left: &Node<'q>, right: &Node<'q>, condition: &JoinCondition) -> Cond {
        let is_natural = !matches!(condition, JoinCondition::Using(_));
        let names: Vec<String> = match condition {
            JoinCondition::Using(names) => names.iter().map(|name| name.text.clone()).collect(),
            _ => members(left)
                .into_iter()
                .filter_map(|id| Some((id, self.instances[id].key.as_ref()?.column.clone())))
                .flat_map(|(id, first)| std::iter::once(first).chain(self.instances[id].more_keys.iter().cloned()))
                .chain(
                    members(left)
                        .into_iter()
                        .flat_map(|id| self.instances[id].referred.iter().map(|(name, _)| name.clone())),
                )
                .collect(),
        };
        let found = |node: &Node<'q>, name: &str| match self.owner(node, name) {
            // NATURAL does not see a hidden column.
            Owner::Known(instance, _) if is_natural && self.has_hidden_key(instance) => None,
            Owner::Known(instance, _) => Some(self.found(instance, name)),
            _ => None,
        };
        let pairs = names.iter().filter_map(|name| self.same_place(found(left, name)?, found(right, name)?));
        Cond::And(pairs.map(|(leaf, rejects)| Cond::Leaf { leaf, rejects: rejects.to_vec() }).collect())
    }

    /// Both, if equal keys of them are on the same shard.
    fn same_key(&self, left: InstanceId, right: InstanceId) -> Option<(InstanceId, InstanceId)> {
        let (one, other) = (self.instances[left].key.as_ref()?, self.instances[right].key.as_ref()?);
        (left != right && one.colocation.is_some() && one.colocation == other.colocation).then_some((left, right))
    }

    /// What it says of both that these columns are equal, if it says anything of their rows' shards.
    fn same_place(&self, left: Found, right: Found) -> Option<(Leaf, [InstanceId; 2])> {
        let both = [left.instance, right.instance];
        let (one, other) = (&self.instances[left.instance], &self.instances[right.instance]);
        if let (Some(Role::Key(part)), true) = (left.role, one.alike.is_some()) {
            let is_same = left.instance != right.instance && left.role == right.role && one.alike == other.alike;
            return is_same.then_some((Leaf::SamePart(left.instance, right.instance, part), both));
        }
        self.same_keys(left, right).map(|(one, other)| (Leaf::Same(one, other), both))
    }

    /// Both, if their rows are on the same shard where these columns are equal.
    fn same_keys(&self, left: Found, right: Found) -> Option<(InstanceId, InstanceId)> {
        let first = Some(Role::Key(Part::FIRST));
        let is_child = |child: Found, parent: Found| {
            let of = self.instances[child.instance].child_of;
            child.role == first && of.is_some() && of == parent.link && child.instance != parent.instance
        };
        match (left.role == first && right.role == first, is_child(left, right) || is_child(right, left)) {
            (_, true) => Some((left.instance, right.instance)),
            (true, false) => self.same_key(left.instance, right.instance),
            (false, false) => None,
        }
    }

    /// Makes inner joins of outer joins whose rows of NULLs a condition rejects. `certain` are rules that every row of
    /// the result meets.
    fn simplify(&self, node: &mut Node<'q>, certain: &[usize]) {
        match node {
            Node::Leaf(_) => {}
            Node::List(nodes) => nodes.iter_mut().for_each(|node| self.simplify(node, certain)),
            Node::Join { left, right, kind, rule, .. } => {
                let lost = match kind {
                    JoinKind::Inner => Vec::new(),
                    JoinKind::Left => members(right),
                    JoinKind::Right => members(left),
                };
                if lost.iter().any(|id| certain.iter().any(|rule| self.rules[*rule].rejects(*id))) {
                    *kind = JoinKind::Inner;
                }
                let with_own: Vec<usize> = certain.iter().copied().chain(*rule).collect();
                let (of_left, of_right) = rules_of_sides(*kind, certain, &with_own);
                self.simplify(left, of_left);
                self.simplify(right, of_right);
            }
        }
    }

    /// Tells each instance the rules that its rows must meet: WHERE, and the conditions of joins that drop its rows. Of
    /// these, `filters` can be asked of the rows before they are joined: no row of NULLs comes of it.
    fn distribute(&mut self, node: &Node<'q>, rules: &[usize], filters: &[usize], is_nullable: bool) {
        match node {
            Node::Leaf(id) => {
                self.instances[*id].rules = rules.to_vec();
                self.instances[*id].filters = filters.to_vec();
                self.instances[*id].is_nullable = is_nullable;
            }
            Node::List(nodes) => nodes.iter().for_each(|node| self.distribute(node, rules, filters, is_nullable)),
            Node::Join { left, right, kind, rule, .. } => {
                let own: Vec<usize> = rule.iter().copied().collect();
                let with_own = [rules, &own].concat();
                let (of_left, of_right) = rules_of_sides(*kind, rules, &with_own);
                let both = [filters, &own].concat();
                let (left_filters, right_filters): (&[usize], &[usize]) = match kind {
                    JoinKind::Inner => (&both, &both),
                    JoinKind::Left => (filters, &own),
                    JoinKind::Right => (&own, filters),
                };
                self.distribute(left, of_left, left_filters, is_nullable || *kind == JoinKind::Right);
                self.distribute(right, of_right, right_filters, is_nullable || *kind == JoinKind::Left);
            }
        }
    }

    fn cond(&self, predicate: &Predicate, visible: Visible<'_, 'q>) -> Cond {
        self.cond_in(predicate, &|column| self.resolve(visible.block, visible.nodes, column))
    }

    fn cond_in(&self, predicate: &Predicate, resolve: &dyn Fn(&ColumnName) -> Option<Found>) -> Cond {
        match predicate {
            Predicate::And(terms) => Cond::And(terms.iter().map(|term| self.cond_in(term, resolve)).collect()),
            Predicate::Or(terms) => Cond::Or(terms.iter().map(|term| self.cond_in(term, resolve)).collect()),
            Predicate::Compare { left, comparison, right } => self.comparison(left, *comparison, right, resolve),
            Predicate::In { operand, list, .. } => self.membership(operand, list, resolve),
            Predicate::InQuery { operand: Operand::Column(column), .. } => {
                Cond::opaque(resolve(column).into_iter().map(|found| found.instance).collect())
            }
            Predicate::Between { operand: Operand::Column(column), low, high } => {
                let range = (self.known(low), self.known(high));
                match (resolve(column), range) {
                    (Some(found), (Some(low), Some(high))) => {
                        found.tested(Test::Range { low: Some((low, true)), high: Some((high, true)) })
                    }
                    (found, _) => Cond::opaque(found.into_iter().map(|found| found.instance).collect()),
                }
            }
            Predicate::IsNull(Operand::Column(column)) => match resolve(column) {
                Some(Found { instance, role: Some(Role::Key(part)), .. }) => {
                    Cond::Leaf { leaf: Leaf::Key(instance, part, Test::IsNull), rejects: Vec::new() }
                }
                _ => Cond::opaque(Vec::new()),
            },
            Predicate::Truth(constant) => match Known::of(constant, self.literals) {
                Some(known) => Cond::Leaf { leaf: Leaf::Constant(Narrow::Truth(known)), rejects: Vec::new() },
                None => Cond::opaque(Vec::new()),
            },
            Predicate::Between { .. } | Predicate::InQuery { .. } | Predicate::IsNull(_) | Predicate::Opaque => {
                Cond::opaque(Vec::new())
            }
        }
    }

    fn known(&self, operand: &Operand) -> Option<Known> {
        match operand {
            Operand::Constant(constant) => Known::of(constant, self.literals),
            _ => None,
        }
    }

    fn comparison(
        &self,
        left: &Operand,
        comparison: Comparison,
        right: &Operand,
        resolve: &dyn Fn(&ColumnName) -> Option<Found>,
    ) -> Cond {
        if let (Operand::Row(lefts), Operand::Row(rights)) = (left, right) {
            if comparison != Comparison::Equal || lefts.len() != rights.len() {
                return Cond::opaque(Vec::new());
            }
            let pairs = lefts.iter().zip(rights);
            return Cond::And(pairs.map(|(left, right)| self.comparison(left, comparison, right, resolve)).collect());
        }
        let column = |operand: &Operand| match operand {
            Operand::Column(column) => resolve(column),
            _ => None,
        };
        match (column(left), column(right), self.known(left), self.known(right)) {
            (Some(found), _, _, Some(known)) => compared(found, comparison, known),
            (_, Some(found), Some(known), _) => compared(found, mirrored(comparison), known),
            (_, _, Some(left), Some(right)) => {
                let leaf = Leaf::Constant(Narrow::Compare { left, comparison, right });
                Cond::Leaf { leaf, rejects: Vec::new() }
            }
            (left, right, _, _) => self.columns_compared(left, comparison, right),
        }
    }

    fn columns_compared(&self, left: Option<Found>, comparison: Comparison, right: Option<Found>) -> Cond {
        if comparison == Comparison::NullSafeEqual {
            return Cond::opaque(Vec::new());
        }
        let rejects = [left, right].into_iter().flatten().map(|found| found.instance).collect();
        if let (Comparison::Equal, Some(one), Some(other)) = (comparison, left, right)
            && let Some((leaf, _)) = self.same_place(one, other)
        {
            return Cond::Leaf { leaf, rejects };
        }
        Cond::opaque(rejects)
    }

    fn membership(&self, operand: &Operand, list: &[Operand], resolve: &dyn Fn(&ColumnName) -> Option<Found>) -> Cond {
        match operand {
            Operand::Column(column) => {
                let Some(found) = resolve(column) else {
                    return Cond::opaque(Vec::new());
                };
                let known: Option<Vec<Known>> = list.iter().map(|operand| self.known(operand)).collect();
                known.map_or_else(|| Cond::opaque(vec![found.instance]), |known| found.tested(Test::In(known)))
            }
            Operand::Row(columns) => {
                let place =
                    |place: usize, column: &Operand| self.row_membership(place, columns.len(), column, list, resolve);
                Cond::And(columns.iter().enumerate().map(|(index, column)| place(index, column)).collect())
            }
            _ => Cond::opaque(Vec::new()),
        }
    }

    /// What `(.., column, ..) IN ((..), (..))` says about the column at `place` of `width`.
    fn row_membership(
        &self,
        place: usize,
        width: usize,
        column: &Operand,
        list: &[Operand],
        resolve: &dyn Fn(&ColumnName) -> Option<Found>,
    ) -> Cond {
        let values: Option<Vec<Operand>> = list
            .iter()
            .map(|row| match row {
                Operand::Row(values) if values.len() == width => Some(values[place].clone()),
                _ => None,
            })
            .collect();
        match values {
            Some(values) if !matches!(column, Operand::Row(_)) => self.membership(column, &values, resolve),
            _ => Cond::opaque(Vec::new()),
        }
    }
}

/// The rules that the rows of a join's two sides must meet. The side whose rows are kept need not meet the join's own.
pub(super) fn rules_of_sides<'r>(
    kind: JoinKind,
    rules: &'r [usize],
    with_own: &'r [usize],
) -> (&'r [usize], &'r [usize]) {
    match kind {
        JoinKind::Inner => (with_own, with_own),
        JoinKind::Left => (rules, with_own),
        JoinKind::Right => (with_own, rules),
    }
}

impl Found {
    /// The condition that `test` of the column is, which is not true where the column is NULL.
    fn tested(self, test: Test) -> Cond {
        let leaf = match self.role {
            Some(Role::Key(part)) => Leaf::Key(self.instance, part, test),
            Some(Role::Referred) | None => Leaf::Opaque,
        };
        Cond::Leaf { leaf, rejects: vec![self.instance] }
    }
}

fn compared(found: Found, comparison: Comparison, known: Known) -> Cond {
    let range = |low, high| Test::Range { low, high };
    match comparison {
        Comparison::Equal => found.tested(Test::Equal(known)),
        Comparison::Less => found.tested(range(None, Some((known, false)))),
        Comparison::LessOrEqual => found.tested(range(None, Some((known, true)))),
        Comparison::Greater => found.tested(range(Some((known, false)), None)),
        Comparison::GreaterOrEqual => found.tested(range(Some((known, true)), None)),
        Comparison::NotEqual => Cond::opaque(vec![found.instance]),
        Comparison::NullSafeEqual => match found.role {
            Some(Role::Key(part)) => {
                let leaf = Leaf::Key(found.instance, part, Test::NullSafeEqual { known, may_be_missing: false });
                Cond::Leaf { leaf, rejects: Vec::new() }
            }
            Some(Role::Referred) | None => Cond::opaque(Vec::new()),
        },
    }
}

/// The comparison with its sides exchanged.
pub(super) fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}
