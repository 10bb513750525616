//! What is whole on each shard, although its rows are on several: groups and partitions by the shard key, and rows that
//! show it, of which equal ones can only be on one shard.

use crate::sharding::schema::same_name;
use crate::sql::parse::ast::{ColumnName, Expression, Item, ItemKind, Select, Window};

use super::scope::{BlockId, InstanceId, Scopes};

impl Scopes<'_, '_> {
    /// The instances of a block whose shard key leads to the shard where its rows are. All of FROM has been read.
    pub(super) fn leading(&self, block: BlockId) -> Vec<InstanceId> {
        let spread = self.spread_of_block(block).unwrap_or_default();
        spread.keys.into_iter().filter(|id| !self.may_be_missing(*id) && self.is_placed_by_key(*id)).collect()
    }

    /// Whether an outer join can put NULL in the place of the instance's shard key.
    pub(super) fn may_be_missing(&self, id: InstanceId) -> bool {
        let instance = &self.instances[id];
        instance.is_nullable || instance.inner.is_some_and(|inner| self.may_be_missing(inner))
    }

    /// Whether its rows are where their keys lead.
    pub(super) fn is_placed_by_key(&self, id: InstanceId) -> bool {
        let key = self.instances[id].key.as_ref();
        key.and_then(|key| key.table.sharded(self.ctx.schema)).is_some_and(|rule| rule.is_placed_by_key())
    }

    /// Whether rows of the block with different values of the column may be on different shards, and with equal ones not.
    pub(super) fn is_leading(&self, block: BlockId, column: &ColumnName) -> bool {
        self.key_of(block, column).is_some_and(|id| self.blocks[block].leading.contains(&id))
    }

    /// Whether all rows of a group are on one shard.
    pub(super) fn has_whole_groups(&self, block: BlockId) -> bool {
        let Some(select) = self.blocks[block].select else { return false };
        select
            .group_columns
            .iter()
            .any(|column| self.is_leading(block, column) && !self.is_renamed(block, select, column))
    }

    /// Whether equal rows of the result are from one shard.
    pub(super) fn has_whole_duplicates(&self, block: BlockId) -> bool {
        let is_shown = |item: &Item| match &item.kind {
            ItemKind::Column(column) => self.is_leading(block, column),
            ItemKind::Wildcard(None) => self.blocks[block].leading.iter().any(|id| !self.has_hidden_key(*id)),
            _ => false,
        };
        self.blocks[block].select.is_some_and(|select| select.items.iter().any(is_shown))
    }

    /// Whether all rows that a window function in these expressions looks at are on one shard.
    pub(super) fn has_whole_windows<'e>(
        &self,
        block: BlockId,
        mut expressions: impl Iterator<Item = &'e Expression>,
    ) -> bool {
        let named = self.blocks[block].select.map_or(&[][..], |select| select.named_windows.as_slice());
        let is_meant = |column: &ColumnName| {
            let select = self.blocks[block].select;
            self.is_leading(block, column) && select.is_some_and(|select| !self.is_renamed(block, select, column))
        };
        let is_by_key = |window: &Window| window.partition.iter().any(is_meant);
        let are_named_whole = !named.is_empty() && named.iter().all(|window| window.is_named || is_by_key(window));
        let is_whole = |window: &Window| is_by_key(window) || window.is_named && are_named_whole;
        expressions.all(|expression| expression.windows.iter().all(is_whole))
    }

    /// Whether the key column of the instance takes no part in `*` and NATURAL.
    pub(super) fn has_hidden_key(&self, id: InstanceId) -> bool {
        let instance = &self.instances[id];
        let table = instance.table().and_then(|id| id.table(self.ctx.schema));
        let columns = table.and_then(|table| table.columns.as_ref());
        let is_key = |name: &str| instance.key.as_ref().is_some_and(|key| same_name(&key.column, name));
        columns.is_some_and(|columns| columns.iter().any(|column| column.invisible && is_key(&column.name)))
    }

    /// Whether a bare name in GROUP BY or PARTITION BY, that of the key which it is in FROM, may mean a select item that is
    /// something else. Servers take the item where the name is not clear in FROM.
    fn is_renamed(&self, block: BlockId, select: &Select, column: &ColumnName) -> bool {
        let name = &column.column.text;
        if column.table.is_some() {
            return false;
        }
        let key = self.key_of(block, column);
        let others = self.blocks[block].instances.iter().filter(|id| Some(**id) != key);
        let is_clear = !others.into_iter().any(|id| self.instances[*id].may_have(name));
        select.items.iter().any(|item| {
            let is_it = || matches!(&item.kind, ItemKind::Column(found) if self.key_of(block, found) == key);
            match (&item.alias, &item.kind) {
                (Some(alias), _) => same_name(&alias.text, name) && !is_it(),
                (None, _) if is_clear => false,
                (None, ItemKind::Column(found)) => same_name(&found.column.text, name) && !is_it(),
                (None, ItemKind::Wildcard(_) | ItemKind::Constant(_)) => true,
                // A column in parentheses is called as it is without.
                (None, ItemKind::BareCall(_) | ItemKind::Other) => {
                    item.expression.calls.is_empty()
                        && item.expression.columns.iter().any(|found| same_name(&found.column.text, name))
                }
            }
        })
    }
}
