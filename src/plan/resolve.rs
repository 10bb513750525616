//! Who a column belongs to, as the server would find it: from the innermost block outwards.

use crate::sharding::schema::same_name;
use crate::sharding::{ColocationId, Part};
use crate::sql::parse::ast::{ColumnName, JoinCondition, JoinKind};

use super::instance::Role;
use super::scope::{BlockId, InstanceId, Node, Scopes};

/// A column's instance, and what the column is to the placement of its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) instance: InstanceId,
    pub(super) role: Option<Role>,
    /// Of a column that places rows of child tables: their id.
    pub(super) link: Option<ColocationId>,
}

/// Who a bare column name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Nobody,
    /// It is the shard key of this instance, or the second column of it, or places rows of others; or the name is ambiguous.
    Known(InstanceId, Role),
    /// Some table may have such a column.
    Maybe,
    /// It can be the column of several tables at once (USING, NATURAL), or of a table that is not sharded.
    Unsafe,
}

impl<'q> Scopes<'_, 'q> {
    /// The instance that a column certainly belongs to, seen from within `block` but for what is not in `nodes`.
    pub(super) fn resolve(&self, block: BlockId, nodes: &[Node<'q>], column: &ColumnName) -> Option<Found> {
        let instance = match &column.table {
            Some(_) => self.resolve_qualified(block, Some(nodes), column)?,
            None => return self.resolve_bare(block, nodes, &column.column.text),
        };
        Some(self.found(instance, &column.column.text))
    }

    pub(super) fn found(&self, instance: InstanceId, column: &str) -> Found {
        let of = &self.instances[instance];
        Found { instance, role: of.role_of(column), link: of.link_of(column) }
    }

    pub(super) fn resolve_in_join(
        &self,
        block: BlockId,
        left: &Node<'q>,
        right: &Node<'q>,
        column: &ColumnName,
    ) -> Option<Found> {
        if column.table.is_some() {
            let instance = self.resolve_among(block, &[members(left), members(right)].concat(), column)?;
            return Some(self.found(instance, &column.column.text));
        }
        match self.list_owner(&[self.owner(left, &column.column.text), self.owner(right, &column.column.text)]) {
            Owner::Known(instance, _) => Some(self.found(instance, &column.column.text)),
            _ => None,
        }
    }

    /// The instance that a qualified column belongs to. `nodes`: where to look in `block` itself; without, in all of it.
    pub(super) fn resolve_qualified(
        &self,
        block: BlockId,
        nodes: Option<&[Node<'q>]>,
        column: &ColumnName,
    ) -> Option<InstanceId> {
        match nodes {
            Some(nodes) => self.resolve_among(block, &nodes.iter().flat_map(members).collect::<Vec<_>>(), column),
            None => self.resolve_among(block, &self.blocks[block].instances, column),
        }
    }

    fn resolve_among(&self, block: BlockId, own: &[InstanceId], column: &ColumnName) -> Option<InstanceId> {
        let qualifier = column.table.as_ref()?;
        let database = match &column.database {
            Some(name) => Some(self.ctx.schema.database(&name.text)?.0),
            None => None,
        };
        let is_meant = |id: &&InstanceId| {
            let instance = &self.instances[**id];
            same_name(&instance.name, &qualifier.text) && (database.is_none() || database == instance.database)
        };
        let mut found: Vec<InstanceId> = own.iter().filter(is_meant).copied().collect();
        let nearest = found.len();
        let mut scope = self.blocks[block].parent;
        while let Some(outer) = scope {
            found.extend(self.blocks[outer].instances.iter().filter(is_meant));
            scope = self.blocks[outer].parent;
        }
        // Whether letter case tells aliases apart depends on the server.
        let is_exact = found.iter().all(|id| self.instances[*id].name == qualifier.text);
        match (found.as_slice(), nearest) {
            ([only], _) => Some(*only),
            ([first, ..], 1) if is_exact => Some(*first),
            _ => None,
        }
    }

    fn resolve_bare(&self, block: BlockId, nodes: &[Node<'q>], name: &str) -> Option<Found> {
        let owners: Vec<Owner> = nodes.iter().map(|node| self.owner(node, name)).collect();
        match self.list_owner(&owners) {
            Owner::Known(instance, _) => Some(self.found(instance, name)),
            Owner::Nobody => {
                let parent = self.blocks[block].parent.filter(|parent| self.blocks[*parent].is_complete)?;
                self.resolve_bare(parent, &self.blocks[parent].from, name)
            }
            // The only table has the column, or an enclosing block has.
            Owner::Maybe | Owner::Unsafe => None,
        }
    }

    /// The instance whose shard key a column certainly is, seen from within `block`.
    pub(super) fn key_of(&self, block: BlockId, column: &ColumnName) -> Option<InstanceId> {
        let found = self.resolve(block, &self.blocks[block].from, column)?;
        (found.role == Some(Role::Key(Part::FIRST))).then_some(found.instance)
    }

    pub(super) fn list_owner(&self, owners: &[Owner]) -> Owner {
        let keys: Vec<Owner> = owners.iter().copied().filter(|owner| matches!(owner, Owner::Known(..))).collect();
        match keys.as_slice() {
            _ if owners.contains(&Owner::Unsafe) => Owner::Unsafe,
            [key] => *key,
            [] if owners.contains(&Owner::Maybe) => Owner::Maybe,
            [] => Owner::Nobody,
            _ => Owner::Unsafe,
        }
    }

    /// Who a bare name means within a part of FROM.
    pub(super) fn owner(&self, node: &Node<'q>, name: &str) -> Owner {
        match node {
            Node::Leaf(id) => match self.instances[*id].role_of(name) {
                Some(role) => Owner::Known(*id, role),
                None if self.instances[*id].may_have(name) => Owner::Maybe,
                None => Owner::Nobody,
            },
            Node::List(nodes) => self.list_owner(&nodes.iter().map(|node| self.owner(node, name)).collect::<Vec<_>>()),
            Node::Join { left, right, kind, condition, .. } => {
                let (left, right) = (self.owner(left, name), self.owner(right, name));
                // The column of USING and NATURAL is that of the side whose rows are kept, and otherwise the left one.
                let (first, second) = if *kind == JoinKind::Right { (right, left) } else { (left, right) };
                match condition {
                    JoinCondition::Using(names) if names.iter().any(|column| same_name(&column.text, name)) => {
                        if matches!(first, Owner::Known(..)) { first } else { Owner::Unsafe }
                    }
                    JoinCondition::Natural => match (first, second) {
                        (Owner::Known(..), _) => first,
                        (Owner::Nobody, _) => second,
                        (_, Owner::Nobody) => first,
                        _ => Owner::Unsafe,
                    },
                    _ => self.list_owner(&[left, right]),
                }
            }
        }
    }
}

/// The instances in a part of FROM.
pub(super) fn members(node: &Node<'_>) -> Vec<InstanceId> {
    match node {
        Node::Leaf(id) => vec![*id],
        Node::List(nodes) => nodes.iter().flat_map(members).collect(),
        Node::Join { left, right, .. } => [members(left), members(right)].concat(),
    }
}
