//! Who is meant by a name: the query blocks of a statement, the tables that each of them names, and the conditions that
//! their rows must meet, with columns resolved to tables.
//!
//! A column counts as a shard key only where no other column can be meant. A bare name in a block with several tables
//! is the shard key of the one table that has a key of this name: if another had such a column too, the name would be
//! ambiguous, and the server refuses that.

use crate::sql::Literal;
use crate::sql::parse::ast::{
    Condition, Expression, JoinCondition, JoinKind, NamedTable, Query, Select, TableName, TableRef, Term,
};

use super::condition::Cond;
use super::cte_copies::Uses;
use super::derived::CteFrame;
use super::instance::{Instance, Source};
use super::names::{Edits, NewText};
use super::narrow::TableId;
use super::{Context, PlanError};

/// Index into `Scopes::instances`.
pub(super) type InstanceId = usize;
/// Index into `Scopes::blocks`.
pub(super) type BlockId = usize;
/// Index into `Scopes::queries`.
pub(super) type QueryId = usize;

/// A statement may name so many tables, common table expressions counted at each use.
const MAX_INSTANCES: usize = 1000;

/// FROM as a tree.
#[derive(Debug)]
pub(super) enum Node<'q> {
    Leaf(InstanceId),
    List(Vec<Node<'q>>),
    Join {
        left: Box<Node<'q>>,
        right: Box<Node<'q>>,
        kind: JoinKind,
        condition: &'q JoinCondition,
        rule: Option<usize>,
    },
}

/// One SELECT block, or the tables and conditions of an UPDATE or DELETE.
#[derive(Debug, Default)]
pub(super) struct Block<'q> {
    pub(super) parent: Option<BlockId>,
    pub(super) instances: Vec<InstanceId>,
    pub(super) from: Vec<Node<'q>>,
    pub(super) select: Option<&'q Select>,
    /// All of FROM has been read.
    pub(super) is_complete: bool,
    /// A column of an enclosing block is named in it.
    pub(super) is_correlated: bool,
    /// The instances whose shard key leads to the shard where the block's rows are.
    pub(super) leading: Vec<InstanceId>,
}

/// One query expression.
#[derive(Debug)]
pub(super) struct QueryScope<'q> {
    pub(super) ast: &'q Query,
    pub(super) terms: Vec<TermScope>,
}

/// One operand of a set operation.
#[derive(Debug, Clone, Copy)]
pub(super) enum TermScope {
    Block(BlockId),
    Query(QueryId),
    Values,
}

/// What is called in an expression, and in which block.
#[derive(Debug)]
pub(super) struct Calls<'q> {
    pub(super) block: Option<BlockId>,
    pub(super) expression: &'q Expression,
}

/// How the physical name of a renamed table gets into the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// With the logical name as its alias.
    Aliased,
    /// Alone; qualifiers follow it.
    Spliced,
}

/// The blocks of one statement.
#[derive(Debug)]
pub(super) struct Scopes<'a, 'q> {
    pub(super) ctx: &'a Context<'a>,
    pub(super) literals: &'a [Literal],
    pub(super) blocks: Vec<Block<'q>>,
    pub(super) queries: Vec<QueryScope<'q>>,
    pub(super) instances: Vec<Instance>,
    /// The places of the text that name a table; one within a common table expression once for each of its uses.
    pub(super) places: Vec<(&'q NamedTable, InstanceId)>,
    pub(super) rules: Vec<Cond>,
    /// What each of the rules was read from; `None`: USING, NATURAL.
    pub(super) conditions: Vec<Option<&'q Condition>>,
    pub(super) calls: Vec<Calls<'q>>,
    pub(super) edits: Edits,
    /// What an INSERT is into: its rows are not read.
    pub(super) target: Option<InstanceId>,
    pub(super) ctes: Vec<CteFrame<'q>>,
    pub(super) uses: Uses<'q>,
}

type Result<T> = std::result::Result<T, PlanError>;

impl<'a, 'q> Scopes<'a, 'q> {
    pub(super) fn new(ctx: &'a Context<'a>, literals: &'a [Literal]) -> Self {
        Self {
            ctx,
            literals,
            blocks: Vec::new(),
            queries: Vec::new(),
            instances: Vec::new(),
            places: Vec::new(),
            rules: Vec::new(),
            conditions: Vec::new(),
            calls: Vec::new(),
            edits: Edits::default(),
            target: None,
            ctes: Vec::new(),
            uses: Uses::default(),
        }
    }

    /// Reads a query expression within `parent`.
    pub(super) fn read_query(&mut self, query: &'q Query, parent: Option<BlockId>) -> Result<QueryId> {
        let visible_ctes = self.open_with(&query.with, parent);
        let mut terms = Vec::new();
        for term in &query.terms {
            terms.push(match term {
                Term::Select(select) => TermScope::Block(self.read_select(select, parent)?),
                Term::Nested(nested) => TermScope::Query(self.read_query(nested, parent)?),
                Term::Values(expression) => {
                    self.read_expression(expression, parent, None)?;
                    TermScope::Values
                }
            });
        }
        let of_tail = match terms.as_slice() {
            [TermScope::Block(block)] => Some(*block),
            _ => parent,
        };
        for expression in [&query.order_by, &query.limit].into_iter().flatten() {
            self.read_expression(expression, of_tail, of_tail)?;
        }
        for name in query.locking.iter().filter_map(|clause| clause.of.as_ref()).flat_map(|(_, names)| names) {
            self.edit_database(name.database.as_ref());
        }
        self.close_with(visible_ctes)?;
        self.queries.push(QueryScope { ast: query, terms });
        Ok(self.queries.len() - 1)
    }

    fn read_select(&mut self, select: &'q Select, parent: Option<BlockId>) -> Result<BlockId> {
        let block = self.read_tables(&select.from, select.filter.as_ref(), parent, Naming::Aliased)?;
        self.blocks[block].select = Some(select);
        self.blocks[block].leading = self.leading(block);
        for item in &select.items {
            self.read_expression(&item.expression, Some(block), Some(block))?;
            self.keep_title(item);
        }
        for expression in [&select.group_by, &select.having, &select.window].into_iter().flatten() {
            self.read_expression(expression, Some(block), Some(block))?;
        }
        Ok(block)
    }

    /// A block with these tables and this WHERE.
    pub(super) fn read_tables(
        &mut self,
        tables: &'q [TableRef],
        filter: Option<&'q Condition>,
        parent: Option<BlockId>,
        naming: Naming,
    ) -> Result<BlockId> {
        let block = self.blocks.len();
        self.blocks.push(Block { parent, ..Block::default() });
        for table in tables {
            let node = self.read_table_ref(table, block, naming)?;
            self.blocks[block].from.push(node);
        }
        self.read_conditions(block, filter)?;
        Ok(block)
    }

    fn read_table_ref(&mut self, table: &'q TableRef, block: BlockId, naming: Naming) -> Result<Node<'q>> {
        Ok(match table {
            TableRef::Table(named) => Node::Leaf(self.read_named(named, block, naming)?),
            TableRef::Derived(derived) => {
                let alias = derived.alias.as_ref().map_or(String::new(), |alias| alias.text.clone());
                let parent = if derived.is_lateral { Some(block) } else { self.blocks[block].parent };
                let query = self.read_query(&derived.query, parent)?;
                Node::Leaf(self.add_derived(query, block, alias, &derived.columns, derived.is_lateral)?)
            }
            TableRef::Function { arguments, alias } => {
                self.read_expression(arguments, Some(block), Some(block))?;
                let name = alias.as_ref().map_or(String::new(), |alias| alias.text.clone());
                Node::Leaf(self.add(Instance::new(block, name, Source::Nowhere))?)
            }
            TableRef::List(tables) => {
                let nodes: Result<Vec<_>> =
                    tables.iter().map(|table| self.read_table_ref(table, block, naming)).collect();
                Node::List(nodes?)
            }
            TableRef::Join { left, right, kind, condition } => Node::Join {
                left: Box::new(self.read_table_ref(left, block, naming)?),
                right: Box::new(self.read_table_ref(right, block, naming)?),
                kind: *kind,
                condition,
                rule: None,
            },
        })
    }

    pub(super) fn add(&mut self, instance: Instance) -> Result<InstanceId> {
        if self.instances.len() >= MAX_INSTANCES {
            return Err(PlanError::unsupported(format!("a statement with more than {MAX_INSTANCES} tables")));
        }
        let id = self.instances.len();
        self.blocks[instance.block].instances.push(id);
        self.instances.push(Instance { within: self.uses.open(), ..instance });
        Ok(id)
    }

    fn read_named(&mut self, named: &'q NamedTable, block: BlockId, naming: Naming) -> Result<InstanceId> {
        let name = named.alias.as_ref().unwrap_or(&named.name.table).text.clone();
        if let Some(frame) = self.cte_named(&named.name)? {
            return self.read_cte(frame, named, block, name);
        }
        let mut instance = self.instance_of(&named.name, block, name)?;
        instance.is_spliced = naming == Naming::Spliced;
        let table = instance.table();
        self.check_order(table)?;
        self.edit_table_name(&named.name, table);
        if let Some(table) = table.filter(|_| named.alias.is_none() && named.takes_alias && naming == Naming::Aliased) {
            let written = named.name.table.text.clone();
            self.edits.insert(named.alias_at, NewText::Alias { table, written }, self.literals);
        }
        let id = self.add(instance)?;
        self.places.push((named, id));
        Ok(id)
    }

    /// Refuses a table whose columns have different places on its shards: `*` and values without names would mix them up.
    fn check_order(&self, table: Option<TableId>) -> Result<()> {
        match table.and_then(|id| id.table(self.ctx.schema)).filter(|table| table.is_mixed) {
            Some(table) => Err(PlanError::Mixed { table: table.name.clone() }),
            None => Ok(()),
        }
    }

    /// Reads what an expression contains. Its columns are those of `block`; its subqueries are within `parent`.
    pub(super) fn read_expression(
        &mut self,
        expression: &'q Expression,
        parent: Option<BlockId>,
        block: Option<BlockId>,
    ) -> Result<()> {
        self.calls.push(Calls { block, expression });
        self.edit_calls(expression);
        for column in &expression.columns {
            let found = parent.and_then(|parent| self.resolve_qualified(parent, None, column));
            if let (Some(found), Some(parent)) = (found, parent) {
                self.blocks[parent].is_correlated |= self.instances[found].block != parent;
            }
            self.edit_column(column, found);
        }
        for query in &expression.queries {
            self.read_query(query, parent)?;
        }
        Ok(())
    }

    /// Reads the name of the table that an INSERT is into.
    pub(super) fn read_target(&mut self, name: &TableName) -> Result<(BlockId, InstanceId)> {
        let block = self.blocks.len();
        self.blocks.push(Block { is_complete: true, ..Block::default() });
        let mut instance = self.instance_of(name, block, name.table.text.clone())?;
        instance.is_spliced = true;
        self.check_order(instance.table())?;
        self.edit_table_name(name, instance.table());
        let id = self.add(instance)?;
        self.blocks[block].from.push(Node::Leaf(id));
        self.target = Some(id);
        Ok((block, id))
    }
}
