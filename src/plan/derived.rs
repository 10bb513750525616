//! Queries in the place of tables: derived tables and common table expressions, and the shard key that they pass on.

use crate::sharding::schema::same_name;
use crate::sql::parse::ast::{Cte, Ident, Item, ItemKind, NamedTable, Select, TableName, With};

use super::PlanError;
use super::instance::{Instance, Key, Source};
use super::scope::{BlockId, InstanceId, QueryId, Scopes, TermScope};

type Result<T> = std::result::Result<T, PlanError>;

#[derive(Debug)]
pub(super) struct CteFrame<'q> {
    cte: &'q Cte,
    parent: Option<BlockId>,
    uses: usize,
    is_recursive: bool,
    visibility: Visibility,
}

/// What a name means in the place that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visibility {
    Visible,
    /// Within its own recursive query: itself.
    Open,
    /// Within a recursive query before it: servers do not agree whether it is visible.
    Doubtful,
    Hidden,
}

impl<'q> Scopes<'_, 'q> {
    /// Makes the common table expressions known; gives what `close_with` wants.
    pub(super) fn open_with(&mut self, with: &'q With, parent: Option<BlockId>) -> usize {
        let before = self.ctes.len();
        self.ctes.extend(with.ctes.iter().map(|cte| CteFrame {
            cte,
            parent,
            uses: 0,
            is_recursive: with.is_recursive,
            visibility: Visibility::Visible,
        }));
        before
    }

    pub(super) fn close_with(&mut self, before: usize) -> Result<()> {
        for index in before..self.ctes.len() {
            // The server looks at the names in it all the same.
            if self.ctes[index].uses == 0 {
                self.read_cte_query(index, None)?;
            }
        }
        self.ctes.truncate(before);
        Ok(())
    }

    /// The common table expression that an unqualified name means.
    pub(super) fn cte_named(&self, name: &TableName) -> Result<Option<usize>> {
        let is_named = |frame: &CteFrame<'_>| {
            frame.visibility != Visibility::Hidden && same_name(&frame.cte.name.text, &name.table.text)
        };
        let Some(index) = self.ctes.iter().rposition(is_named).filter(|_| name.database.is_none()) else {
            return Ok(None);
        };
        let frame = &self.ctes[index];
        if frame.visibility == Visibility::Doubtful {
            return Err(PlanError::unsupported("WITH RECURSIVE with a forward reference"));
        }
        // Whether letter case counts depends on the server.
        if frame.cte.name.text != name.table.text {
            return Err(PlanError::unsupported("a common table expression named in another letter case"));
        }
        Ok(Some(index))
    }

    pub(super) fn read_cte(
        &mut self,
        index: usize,
        named: &'q NamedTable,
        block: BlockId,
        name: String,
    ) -> Result<InstanceId> {
        self.ctes[index].uses += 1;
        if self.ctes[index].visibility == Visibility::Open {
            self.uses.note_recursion(self.ctes[index].cte, named);
            return self.add(Instance::new(block, name, Source::Nowhere));
        }
        let query = self.read_cte_query(index, Some(named))?;
        self.add_derived(query, block, name, &self.ctes[index].cte.columns, false)
    }

    /// Reads the query of a common table expression as it sees the names around it: those before it, and itself if it
    /// is recursive.
    fn read_cte_query(&mut self, index: usize, named: Option<&'q NamedTable>) -> Result<QueryId> {
        let before: Vec<Visibility> = self.ctes.iter().map(|frame| frame.visibility).collect();
        let CteFrame { cte, parent, is_recursive, .. } = self.ctes[index];
        for frame in &mut self.ctes[index..] {
            frame.visibility = if is_recursive { Visibility::Doubtful } else { Visibility::Hidden };
        }
        if is_recursive {
            self.ctes[index].visibility = Visibility::Open;
        }
        self.uses.begin(cte, named);
        let query = self.read_query(&cte.query, parent)?;
        self.uses.end();
        for (frame, visibility) in self.ctes.iter_mut().zip(before) {
            frame.visibility = visibility;
        }
        Ok(query)
    }

    pub(super) fn add_derived(
        &mut self,
        query: QueryId,
        block: BlockId,
        name: String,
        columns: &[Ident],
        is_lateral: bool,
    ) -> Result<InstanceId> {
        let passed = self.passed_key(query, columns);
        let mut instance = Instance::new(block, name, Source::Derived { query, is_lateral });
        instance.key = passed.as_ref().map(|(_, key)| key.clone());
        instance.inner = passed.as_ref().map(|(inner, _)| *inner);
        let id = self.add(instance)?;
        if let Some((inner, _)) = passed {
            self.instances[inner].outer = Some(id);
        }
        Ok(id)
    }

    /// The shard key that a query passes on as one of its columns (called `columns`, if they are named): who has it
    /// within, and what it is outside. Only where each row of the query comes from rows of that instance with one key.
    fn passed_key(&self, query: QueryId, columns: &[Ident]) -> Option<(InstanceId, Key)> {
        let (block, select) = self.plain_block(query)?;
        select.items.iter().enumerate().find_map(|(index, item)| {
            let (inner, own_name) = self.passed_item(block, item)?;
            let name = match columns {
                [] => own_name,
                // Behind a `*` it is not known which column is the nth.
                _ if select.items.iter().any(Item::is_wildcard) => return None,
                _ => columns.get(index)?.text.clone(),
            };
            Some((inner, Key { column: name, ..self.instances[inner].key.clone()? }))
        })
    }

    /// The block that a query is, if each row of it comes from rows with one shard key.
    fn plain_block(&self, query: QueryId) -> Option<(BlockId, &'q Select)> {
        let scope = &self.queries[query];
        let [TermScope::Block(block)] = scope.terms.as_slice() else { return None };
        let is_merged = self.merged_clause(scope.ast, *block).is_some() || self.merged_call(*block).is_some();
        Some((*block, self.blocks[*block].select.filter(|_| !is_merged)?))
    }

    /// The instances whose shard keys a query passes on, by select item; none if it is not known which item is which.
    pub(super) fn passed_instances(&self, query: QueryId) -> Vec<Option<InstanceId>> {
        let Some((block, select)) = self.plain_block(query) else { return Vec::new() };
        if select.items.iter().any(Item::is_wildcard) {
            return Vec::new();
        }
        select.items.iter().map(|item| Some(self.passed_item(block, item)?.0)).collect()
    }

    /// The instance whose shard key a select item is (or contains), and what the key is called in the result.
    fn passed_item(&self, block: BlockId, item: &Item) -> Option<(InstanceId, String)> {
        match &item.kind {
            ItemKind::Column(column) => {
                let inner = self.key_of(block, column)?;
                Some((inner, item.alias.as_ref().unwrap_or(&column.column).text.clone()))
            }
            ItemKind::Wildcard(qualifier) => {
                let is_meant = |id: &&InstanceId| {
                    let instance = &self.instances[**id];
                    let name = qualifier.as_ref().map(|name| &name.table.text);
                    instance.key.is_some() && name.is_none_or(|name| *name == instance.name)
                };
                let inner = *self.blocks[block].instances.iter().find(is_meant)?;
                if self.has_hidden_key(inner) {
                    return None;
                }
                Some((inner, self.instances[inner].key.as_ref()?.column.clone()))
            }
            ItemKind::Constant(_) | ItemKind::BareCall(_) | ItemKind::Other => None,
        }
    }
}
