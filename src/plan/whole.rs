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
        let is_leading = |column: &&ColumnName| !is_renamed(select, column) && self.is_leading(block, column);
        select.group_columns.iter().any(|column| is_leading(&column))
    }

    /// Whether equal rows of the result are from one shard.
    pub(super) fn has_whole_duplicates(&self, block: BlockId) -> bool {
        let is_shown = |item: &Item| match &item.kind {
            ItemKind::Column(column) => self.is_leading(block, column),
            ItemKind::Wildcard(None) => !self.blocks[block].leading.is_empty(),
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
        let is_by_key = |window: &Window| window.partition.iter().any(|column| self.is_leading(block, column));
        let are_named_whole = !named.is_empty() && named.iter().all(|window| window.is_named || is_by_key(window));
        let is_whole = |window: &Window| is_by_key(window) || window.is_named && are_named_whole;
        expressions.all(|expression| expression.windows.iter().all(is_whole))
    }
}

/// Whether the name of a column is also that of a select item, which may be another one.
fn is_renamed(select: &Select, column: &ColumnName) -> bool {
    let is_alias = |item: &Item| item.alias.as_ref().is_some_and(|alias| same_name(&alias.text, &column.column.text));
    column.table.is_none() && select.items.iter().any(is_alias)
}
