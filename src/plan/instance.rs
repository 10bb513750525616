//! What a name in FROM stands for: a table with its rule, a query, or something without rows of its own.

use crate::sharding::schema::{is_the_servers, same_name};
use crate::sharding::{ColocationId, DatabaseId, Part, Placement, ShardSet, Table};
use crate::sql::parse::ast::TableName;

use super::PlanError;
use super::cte_copies::UseId;
use super::narrow::TableId;
use super::scope::{BlockId, InstanceId, QueryId, Scopes};

/// One table in one FROM.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) block: BlockId,
    /// What columns are qualified with.
    pub(super) name: String,
    pub(super) database: Option<DatabaseId>,
    pub(super) source: Source,
    pub(super) key: Option<Key>,
    /// The columns of the shard key behind the first.
    pub(super) more_keys: Vec<String>,
    /// Of a key of several columns: what it is placed like.
    pub(super) alike: Option<ColocationId>,
    /// Of a child table: what its key leads to, with the column of the parent that has the same id.
    pub(super) child_of: Option<ColocationId>,
    /// Columns by which rows of child tables are placed.
    pub(super) referred: Vec<(String, ColocationId)>,
    /// An outer join can put NULLs in the place of its rows.
    pub(super) is_nullable: bool,
    /// Qualifiers of its columns must be replaced: no alias hides the physical name.
    pub(super) is_spliced: bool,
    /// Names of all columns, where they are known.
    pub(super) columns: Option<Vec<String>>,
    /// Conditions that all of its rows that matter meet: indexes into `Scopes::rules`.
    pub(super) rules: Vec<usize>,
    /// Those of them that can be asked of its rows before they are joined with others.
    pub(super) filters: Vec<usize>,
    /// For a shard key that a derived table passes on: who has it within, and who has it outside.
    pub(super) inner: Option<InstanceId>,
    pub(super) outer: Option<InstanceId>,
    /// The use of a common table expression in whose text it is named.
    pub(super) within: Option<UseId>,
}

/// Where an instance's rows are.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    Sharded(TableId),
    /// On each of these shards, all of them.
    Fixed {
        at: ShardSet,
        table: Option<TableId>,
        is_reference: bool,
    },
    Derived {
        query: QueryId,
        is_lateral: bool,
    },
    /// Not in a table: JSON_TABLE, or a recursive use of a common table expression.
    Nowhere,
}

/// What a column is to the placement of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A column of the shard key.
    Key(Part),
    /// Rows of child tables are where the row is that they name by it.
    Referred,
}

/// The shard key of an instance.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) column: String,
    pub(super) table: TableId,
    /// `None`: rows with equal keys may be on different shards.
    pub(super) colocation: Option<ColocationId>,
}

impl Instance {
    pub(super) fn new(block: BlockId, name: String, source: Source) -> Self {
        Self {
            block,
            name,
            database: None,
            source,
            key: None,
            more_keys: Vec::new(),
            alike: None,
            child_of: None,
            referred: Vec::new(),
            is_nullable: false,
            is_spliced: false,
            columns: None,
            rules: Vec::new(),
            filters: Vec::new(),
            inner: None,
            outer: None,
            within: None,
        }
    }

    /// Its rule, if it is a table that has one.
    pub(super) fn table(&self) -> Option<TableId> {
        match &self.source {
            Source::Sharded(table) => Some(*table),
            Source::Fixed { table, .. } => *table,
            Source::Derived { .. } | Source::Nowhere => None,
        }
    }

    /// The query that it is, if it is a derived table or a common table expression.
    pub(super) fn query(&self) -> Option<QueryId> {
        match &self.source {
            Source::Derived { query, .. } => Some(*query),
            Source::Sharded(_) | Source::Fixed { .. } | Source::Nowhere => None,
        }
    }

    /// Where it is, if it has no shard key.
    pub(super) fn fixed_places(&self) -> ShardSet {
        match &self.source {
            Source::Fixed { at, .. } => at.clone(),
            Source::Sharded(_) | Source::Derived { .. } | Source::Nowhere => ShardSet::empty(),
        }
    }

    /// Whether it may have a column of this name.
    pub(super) fn may_have(&self, column: &str) -> bool {
        match &self.columns {
            Some(columns) => columns.iter().any(|name| same_name(name, column)),
            None => true,
        }
    }

    /// Whether it has a column of this name, as far as its columns are known.
    pub(super) fn certainly_has(&self, column: &str) -> bool {
        self.columns.is_some() && self.may_have(column) || self.role_of(column).is_some()
    }

    /// Whether its shard key is this column, or begins with it.
    pub(super) fn has_key(&self, column: &str) -> bool {
        self.part_of(column) == Some(Part::FIRST)
    }

    /// What this column is, if it matters to where rows are.
    pub(super) fn role_of(&self, column: &str) -> Option<Role> {
        self.part_of(column).map(Role::Key).or_else(|| self.link_of(column).map(|_| Role::Referred))
    }

    /// The id that children have which this column places.
    pub(super) fn link_of(&self, column: &str) -> Option<ColocationId> {
        self.referred.iter().find(|(name, _)| same_name(name, column)).map(|(_, id)| *id)
    }

    /// The columns of its shard key, each once.
    pub(super) fn parts(&self) -> Vec<Part> {
        let names = self.key.iter().map(|key| &key.column).chain(&self.more_keys);
        let parts = (0_u8..).zip(names).filter(|(place, name)| self.part_of(name) == Some(Part(*place)));
        parts.map(|(place, _)| Part(place)).collect()
    }

    /// Which column of its shard key this is.
    pub(super) fn part_of(&self, column: &str) -> Option<Part> {
        if self.key.as_ref().is_some_and(|key| same_name(&key.column, column)) {
            return Some(Part::FIRST);
        }
        let place = self.more_keys.iter().position(|more| same_name(more, column))?;
        Some(Part(place as u8 + 1))
    }
}

impl Scopes<'_, '_> {
    /// The table from which all rows come, if that is one with a rule.
    pub(super) fn only_table(&self) -> Option<TableId> {
        let is_table = |instance: &&Instance| !matches!(instance.source, Source::Derived { .. });
        let mut tables = self.instances.iter().filter(is_table).map(Instance::table);
        let first = tables.next().flatten();
        first.filter(|_| tables.all(|table| table == first))
    }

    /// Whether the statement names the instance's table elsewhere, too.
    pub(super) fn has_another_of(&self, id: InstanceId) -> bool {
        let table = self.instances[id].table();
        table.is_some() && (0..self.instances.len()).any(|other| other != id && self.instances[other].table() == table)
    }

    /// Whether a block is part of a derived table or a common table expression.
    pub(super) fn is_within_derived(&self, block: BlockId) -> bool {
        let is_derived = |block: BlockId| {
            let mut queries = self.instances.iter().filter_map(Instance::query);
            queries.any(|query| self.term_blocks(query).contains(&block))
        };
        std::iter::successors(Some(block), |block| self.blocks[*block].parent).any(is_derived)
    }

    /// What a named table is, without its alias.
    pub(super) fn instance_of(&self, name: &TableName, block: BlockId, alias: String) -> Result<Instance, PlanError> {
        let schema = self.ctx.schema;
        let is_system = match &name.database {
            Some(database) => is_the_servers(&database.text),
            None => self.ctx.in_catalog,
        };
        if is_system {
            let of_session = self.ctx.database.or((!schema.databases.is_empty()).then_some(DatabaseId(0)));
            let at = of_session.map(|id| ShardSet::single(schema.database_of(id).default_shard));
            let source = Source::Fixed { at: at.unwrap_or_default(), table: None, is_reference: false };
            return Ok(Instance::new(block, alias, source));
        }
        let database = self.database_of(name)?;
        let mut instance = Instance::new(block, alias, Source::Nowhere);
        instance.database = Some(database);
        let Some(id) = TableId::find(schema, database, &name.table.text) else {
            if schema.is_kept_by_shard(database, &name.table.text) {
                let database = schema.database_of(database).name.clone();
                return Err(PlanError::NoSuchTable { database, table: name.table.text.clone() });
            }
            let at = schema.shards_beside(&ShardSet::single(schema.database_of(database).default_shard));
            instance.source = Source::Fixed { at, table: None, is_reference: false };
            return Ok(instance);
        };
        if let Some(table) = id.table(schema) {
            (instance.source, instance.key) = self.placed(id, table);
            if let Placement::Sharded(sharded) = &table.placement {
                instance.more_keys = sharded.key_columns().skip(1).map(str::to_owned).collect();
                instance.alike = sharded.alike;
                instance.child_of = sharded.parent.as_ref().map(|_| sharded.colocation);
                instance.referred.clone_from(&sharded.referred);
            }
            instance.columns = table.columns.as_ref().map(|all| all.iter().map(|column| column.name.clone()).collect());
        }
        Ok(instance)
    }

    fn placed(&self, id: TableId, table: &Table) -> (Source, Option<Key>) {
        let fixed = |copies: &ShardSet, is_reference| Source::Fixed {
            at: self.ctx.schema.shards_beside(copies),
            table: Some(id),
            is_reference,
        };
        match &table.placement {
            Placement::Sharded(sharded) => {
                let colocation = sharded.shared_colocation();
                (Source::Sharded(id), Some(Key { column: sharded.key_column.clone(), table: id, colocation }))
            }
            Placement::Reference(copies) => (fixed(copies, true), None),
            Placement::Single(shard) => (fixed(&ShardSet::single(*shard), false), None),
        }
    }

    /// The logical database of a table name.
    pub(super) fn database_of(&self, name: &TableName) -> Result<DatabaseId, PlanError> {
        let Some(written) = &name.database else {
            return self.ctx.database.ok_or(PlanError::NoDatabase);
        };
        match self.ctx.schema.database(&written.text) {
            Some((id, _)) => Ok(id),
            // MySQL 8 looks at the database first, MariaDB at the table.
            None if self.ctx.mode.mariadb => {
                Err(PlanError::NoSuchTable { database: written.text.clone(), table: name.table.text.clone() })
            }
            None => Err(PlanError::UnknownDatabase(written.text.clone())),
        }
    }
}
