//! The tier of last resort: the rows that each table contributes go into temporary tables on one server, and the
//! client's own statement, with those names in it, runs there.
//!
//! What comes from where is decided here: which places of the text name a table, which shards can hold rows of it that
//! matter, which columns the statement can mean. All of it may be too much and never too little: a column counts as
//! needed if a word of its name stands anywhere in the text, and not behind the name of another table.

use crate::sharding::schema::same_name;
use crate::sharding::{DatabaseId, Schema, ShardId, ShardSet, Table};
use crate::sql::facts::Facts;
use crate::sql::parse::ast::{Ident, ItemKind, JoinCondition, Locking, NamedTable, Span, TableName};
use crate::sql::parse::conjunct::Reader;
use crate::sql::tokens::TokenKind;
use crate::sql::{Lexer, Mode, facts};

use super::catalog::wanted::{Reference, Wanted, is_assembled, is_of_one_server};
use super::condensed::{Condensed, CondensedQuery};
use super::few::Few;
use super::filter::{self, Filter};
use super::gathered_text::{FinalText, Place, Writing};
use super::instance::Source as Rows;
use super::names::{Anchor, write_quoted};
use super::narrow::{Narrow, TableId};
use super::reduction::Reduction;
use super::scope::{InstanceId, Node, QueryId, Scopes, TermScope};
use super::search::Search;
use super::{Binding, PlanError, functions};

/// How a statement is answered by gathering.
#[derive(Debug, Clone, PartialEq)]
pub struct GatherPlan {
    pub(super) sources: Vec<Source>,
    text: FinalText,
    /// The parameters in that text, as indexes of the statement's own, where they are not those.
    params: Option<Vec<u16>>,
    /// Queries in it that can be answered by themselves.
    condensed: Vec<Condensed>,
    is_one_row: bool,
    /// It may call routines, which are where tables without a rule are.
    has_unknown_calls: bool,
    /// The session's, where names without a database are looked for.
    database: Option<DatabaseId>,
}

/// One place of the text that names a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Source {
    /// As the client calls the table.
    pub(super) written: String,
    /// What its columns are qualified with.
    alias: String,
    pub(super) database: Option<DatabaseId>,
    pub(super) table: Option<TableId>,
    pub(super) from: From,
    /// Of a table that is not sharded: where it is written, and so where a transaction sees and locks its own rows.
    home: Option<ShardId>,
    /// Columns that the statement may mean; `None`: all that `*` gives.
    columns: Option<Vec<String>>,
    /// Those of them that `*` does not mean.
    invisible: Vec<String>,
    /// What rows are left where they are.
    filters: Vec<Filter>,
    /// The same by answers to other queries of the statement, which are there before.
    reductions: Vec<Reduction>,
    /// How few of the others are enough.
    few: Option<Few>,
    /// What words its rows must have: others stay where they are.
    pub(super) searches: Vec<Search>,
    /// `PARTITION (p0)`
    partition: Option<(Anchor, Anchor)>,
    /// The text says more of the table than a temporary one can be asked: partitions, indexes.
    pub(super) is_hinted: bool,
    /// How its rows are locked: the clause without the list of tables that it names.
    locking: Vec<(Anchor, Anchor)>,
    pub(super) role: Role,
    /// Its rows are what an INSERT is made of, and as many as there are.
    pub(super) is_streamed: bool,
    /// Where the text names it.
    pub(super) at: Anchor,
}

/// What the statement does with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A query reads it.
    Read,
    /// A write reads it: its rows must not change before the write is kept.
    ReadToWrite,
    /// Its rows are written. The temporary table has the name of the scratch's own.
    Written,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum From {
    /// One restriction for each use of the place: a common table expression has several.
    Sharded(Vec<Narrow>),
    /// On each of these, all rows.
    Fixed(ShardSet),
    /// The server's own schemas, which are never gathered,
    System,
    /// but for the tables of `information_schema` that name databases and tables.
    Catalog(Reference),
}

/// What may be chosen when a statement runs.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// Shards whose server should do the work, if any can be preferred.
    pub preferred: &'a ShardSet,
    /// Tables that are whole on the scratch's shard are read where they are. Not in a transaction, whose own writes
    /// another connection does not see.
    pub may_use_copies: bool,
    /// Predicates may be evaluated where the rows are. Not where tables are not the ones that the plan knows.
    pub may_filter: bool,
    /// Queries may be answered by themselves.
    pub may_condense: bool,
}

/// One statement, ready to be gathered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathering {
    /// The temporary tables are made on this shard's server, in its schema.
    pub scratch: ShardId,
    pub sources: Vec<Gathered>,
    /// Queries to be answered by themselves, whose tables are not among `sources`.
    pub condensed: Vec<CondensedQuery>,
    /// The client's statement, over the temporary tables.
    pub text: Vec<u8>,
    /// The parameters in `text`, as indexes of the statement's own, where they are not those.
    pub params: Option<Vec<u16>>,
    /// Names of common table expressions that stand in `text` again, each with the client's.
    pub copies: Vec<(String, String)>,
    /// The same over the scratch's own tables, as far as it has them. Where it has all of them, it says what the answer's
    /// columns are.
    pub example: Vec<u8>,
    /// An aggregate without groups: FOUND_ROWS() is 1, whatever LIMIT leaves of it.
    pub is_one_row: bool,
    /// Routines may do more than read.
    pub may_call_routines: bool,
}

/// One temporary table to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// As the client calls the table.
    pub written: String,
    /// The temporary table's name.
    pub temporary: String,
    /// The table as the scratch's shard has it, quoted; `None`: it has none of this name.
    pub copy: Option<Vec<u8>>,
    pub columns: Option<Vec<String>>,
    /// Those of `columns` that `*` does not mean, where something may be meant by it.
    pub invisible: Vec<String>,
    /// A shard that has the table, and its name there, quoted.
    pub model: (ShardId, Vec<u8>),
    /// It is a table of `information_schema`: these rows of it.
    pub catalog: Option<Wanted>,
    /// FROM, as each shard that is asked has it.
    pub fetches: Vec<(ShardId, Vec<u8>)>,
    /// WHERE, ORDER BY and LIMIT, or nothing. It leaves out rows that the statement would reject in any case.
    pub filter: Vec<u8>,
    /// How many rows it leaves of each shard, where it ends with a LIMIT.
    pub at_most: Option<u64>,
    /// Conditions that follow from answers, each with the column that it is about as the fetch names it.
    pub reductions: Vec<(Vec<u8>, Reduction)>,
    /// The locking clause, or nothing.
    pub locking: Vec<u8>,
    /// Its rows are written: it is gathered whole, and hides the scratch's own table.
    pub is_written: bool,
    /// No budget limits how many rows there are.
    pub is_streamed: bool,
}

impl<'q> Scopes<'_, 'q> {
    /// How the query, which is the whole statement, would be gathered. `names` are all names in its text, each with what
    /// qualifies it. `None`: where copies of a common table expression would be needed that are not alike.
    pub(super) fn gather_plan(
        &self,
        root: QueryId,
        sql: &[u8],
        names: &[TableName],
        facts: &Facts,
    ) -> Option<GatherPlan> {
        let mut plan = self.gathered(sql, names, |_| Role::Read)?;
        if facts.hints_rows {
            // The shards do not see the hint.
            plan.sources.iter_mut().for_each(|source| source.few = None);
        }
        // Who counts all rows may count those of a subquery (MariaDB 10.11).
        let may_condense = !facts.calc_found_rows && !facts.hints_rows;
        // Copies of a common table expression would have to read one table.
        if may_condense && plan.params.is_none() {
            plan.condensed = self.condensed(root, &plan.sources, sql);
            plan.text.condense(&plan.condensed);
            for source in plan.sources.iter_mut().filter(|source| source.few.is_none()) {
                source.reductions = self.reductions(source, &plan.condensed);
            }
        }
        Some(GatherPlan { is_one_row: self.is_one_row(root), ..plan })
    }

    /// How the rows of the tables that a statement names would be gathered.
    pub(super) fn gathered(
        &self,
        sql: &[u8],
        names: &[TableName],
        role: impl Fn(InstanceId) -> Role,
    ) -> Option<GatherPlan> {
        let ctes = self.cte_texts();
        if ctes.are_uncertain(self, sql) {
            return None;
        }
        let reader = Reader::new(sql, self.ctx.mode)?;
        let mut places: Vec<(&NamedTable, Vec<InstanceId>)> = Vec::new();
        for (named, instance) in &self.places {
            let within = self.instances[*instance].within;
            let is_same = |known: &NamedTable, instances: &[InstanceId]| {
                let is_apart = ctes.has_copies() && self.instances[instances[0]].within != within;
                known.name.table.span == named.name.table.span && !is_apart
            };
            match places.iter_mut().find(|(known, instances)| is_same(known, instances)) {
                Some((_, instances)) => instances.push(*instance),
                None => places.push((named, vec![*instance])),
            }
        }
        places.sort_by_key(|(named, _)| named.name.table.span.start);
        let sources = places.iter().map(|(named, instances)| {
            let role = instances.first().map_or(Role::Read, |first| role(*first));
            let source = self.source(named, instances, names, &reader)?;
            let can_search = role == Role::Read && source.locking.is_empty() && !ctes.has_copies();
            let searches = if can_search { self.searches_of(instances, sql, &reader) } else { Vec::new() };
            let may_be_few = role == Role::Read && source.locking.is_empty() && !source.is_catalog();
            let few = may_be_few.then(|| self.few(instances, &source.filters, sql, &reader)).flatten();
            Some(Source { role, searches, few, ..source })
        });
        let sources: Vec<Source> = sources.collect::<Option<_>>()?;
        let place = |((named, instances), source): (&(&'q NamedTable, Vec<InstanceId>), &Source)| Place {
            named,
            within: if ctes.has_copies() { self.instances[instances[0]].within } else { None },
            is_direct: source.from == From::System || source.role == Role::Written,
            is_written: source.role == Role::Written,
            is_catalog: source.is_catalog(),
        };
        let places: Vec<Place<'_>> = places.iter().zip(&sources).map(place).collect();
        let searches = sources
            .iter()
            .enumerate()
            .flat_map(|(place, source)| source.searches.iter().map(move |search| (place, search.clone())));
        let text = self.final_text(&places, &ctes, searches);
        let params = ctes.has_copies().then(|| text.params(&params_of(sql, self.ctx.mode), self.literals));
        let (has_unknown_calls, database) = (self.calls_unknown(), self.ctx.database);
        let condensed = Vec::new();
        Some(GatherPlan { text, params, sources, condensed, is_one_row: false, has_unknown_calls, database })
    }

    /// Whether it calls functions.
    pub(super) fn calls_any(&self) -> bool {
        self.calls.iter().any(|calls| !calls.expression.calls.is_empty())
    }

    /// Whether rows are made of several somewhere in it.
    pub(super) fn groups_any(&self) -> bool {
        let selects = self.blocks.iter().filter_map(|block| block.select);
        selects.into_iter().any(|select| select.is_distinct || select.group_by.is_some())
    }

    /// Whether it names no table, nor may read one in another way.
    pub(super) fn reads_nothing(&self) -> bool {
        self.places.is_empty() && !self.calls_unknown()
    }

    /// Whether it may call routines.
    pub(super) fn calls_unknown(&self) -> bool {
        let mut calls = self.calls.iter().flat_map(|calls| &calls.expression.calls);
        let is_known = |name: &str| functions::is_spreadable(name) || facts::is_native(name);
        calls.any(|call| !call.is_plain || !is_known(&call.name))
    }

    /// Whether the query aggregates all rows to one.
    pub(super) fn is_one_row(&self, root: QueryId) -> bool {
        let [TermScope::Block(block)] = self.queries[root].terms.as_slice() else { return false };
        let Some(select) = self.blocks[*block].select else { return false };
        let items = || select.items.iter().map(|item| &item.expression);
        select.group_by.is_none()
            && select.having.is_none()
            && !items().any(|item| item.has_window)
            && items().flat_map(|item| &item.calls).any(|call| call.is_plain && functions::is_aggregate(&call.name))
    }

    fn source(
        &self,
        named: &NamedTable,
        instances: &[InstanceId],
        names: &[TableName],
        reader: &Reader<'_>,
    ) -> Option<Source> {
        let first = &self.instances[*instances.first()?];
        let from = match &first.source {
            Rows::Sharded(_) => From::Sharded(instances.iter().map(|id| self.narrow_of(*id)).collect()),
            Rows::Fixed { .. } if first.database.is_none() => match self.catalog_table(named) {
                Some(table) => From::Catalog(self.reference(table, instances, names)),
                None => From::System,
            },
            Rows::Fixed { at, .. } => From::Fixed(at.clone()),
            Rows::Derived { .. } | Rows::Nowhere => return None,
        };
        let anchors = |span: Span| (Anchor::new(span.start, self.literals), Anchor::new(span.end, self.literals));
        let (columns, invisible) = self.columns_of(instances, names).unzip();
        Some(Source {
            written: named.name.table.text.clone(),
            alias: first.name.clone(),
            database: first.database,
            table: first.table(),
            home: self.shards_of(first).and_then(|shards| shards.first()),
            from,
            columns,
            invisible: invisible.unwrap_or_default(),
            filters: self.filters_of(instances, reader),
            reductions: Vec::new(),
            few: None,
            searches: Vec::new(),
            partition: named.partition.map(anchors),
            is_hinted: named.partition.is_some() || named.index_hints.is_some(),
            locking: self.locking_of(*instances.first()?).into_iter().map(anchors).collect(),
            role: Role::Read,
            is_streamed: false,
            at: Anchor::new(named.name.table.span.start, self.literals),
        })
    }

    /// The table of `information_schema` that is named, if its rows are put together.
    fn catalog_table<'n>(&self, named: &'n NamedTable) -> Option<&'n str> {
        let is_there = match &named.name.database {
            Some(database) => same_name(&database.text, "information_schema"),
            None => self.ctx.in_catalog,
        };
        Some(named.name.table.text.as_str()).filter(|table| is_there && is_assembled(table))
    }

    fn reference(&self, table: &str, instances: &[InstanceId], names: &[TableName]) -> Reference {
        let is_whole = instances.iter().any(|id| self.is_meant_whole(*id));
        let first = instances.first().map(|id| &self.instances[*id]);
        let filter = first.and_then(|first| self.blocks[first.block].select?.filter.as_ref());
        let span = filter.map(|filter| filter.expression.span);
        Reference {
            table: table.to_owned(),
            alias: first.map_or(String::new(), |first| first.name.clone()),
            words: (!is_whole).then(|| names.iter().map(|name| name.table.text.clone()).collect()),
            filter: span.map(|span| (Anchor::new(span.start, self.literals), Anchor::new(span.end, self.literals))),
            current: self.ctx.database_name(),
        }
    }

    /// Whether the statement reads what must be put together of all shards' catalogues.
    pub(super) fn reads_catalog(&self) -> Result<bool, PlanError> {
        let of_one_server = self.places.iter().find(|(named, _)| {
            let database = named.name.database.as_ref();
            database.is_some_and(|name| same_name(&name.text, "information_schema"))
                && is_of_one_server(&named.name.table.text)
        });
        if let Some((named, _)) = of_one_server {
            let table = &named.name.table.text;
            return Err(PlanError::unsupported(format!("information_schema.{table}: it concerns one server, ask it")));
        }
        Ok(self.places.iter().any(|(named, _)| self.catalog_table(named).is_some()))
    }

    /// For statements that write.
    pub(super) fn refuse_catalog(&self) -> Result<(), PlanError> {
        match self.reads_catalog()? {
            true => Err(PlanError::unsupported("information_schema in a statement that writes")),
            false => Ok(()),
        }
    }

    /// The columns that the statement may mean; never none. Also those of them that must be invisible.
    fn columns_of(&self, instances: &[InstanceId], names: &[TableName]) -> Option<(Vec<String>, Vec<String>)> {
        let table = self.instances[*instances.first()?].table()?.table(self.ctx.schema)?;
        let columns = table.columns.as_ref().filter(|columns| !columns.is_empty())?;
        // An index that has all of the columns would be locked in the place of the rows.
        let is_locked = instances.iter().any(|id| !self.locking_of(*id).is_empty());
        let is_whole = is_locked || instances.iter().any(|id| self.is_meant_whole(*id));
        let is_own =
            |qualifier: &Ident| instances.iter().any(|id| same_name(&self.instances[*id].name, &qualifier.text));
        let is_named = |column: &str| {
            let means = |name: &TableName| same_name(&name.table.text, column);
            names.iter().any(|name| means(name) && name.database.as_ref().is_none_or(is_own))
        };
        let needed = columns.iter().filter(|column| is_named(&column.name) || is_whole && !column.invisible);
        let needed: Vec<String> = needed.map(|column| column.name.clone()).collect();
        let named = columns.iter().filter(|column| column.invisible && is_named(&column.name));
        let invisible: Vec<String> = named.filter(|_| is_whole).map(|column| column.name.clone()).collect();
        match needed.as_slice() {
            _ if is_whole && invisible.is_empty() => None,
            [] => Some((vec![shortest(table)?], invisible)),
            _ => Some((needed, invisible)),
        }
    }

    /// Whether a `*` may mean all columns of the instance, or a join compares all that have the same name.
    fn is_meant_whole(&self, id: InstanceId) -> bool {
        let instance = &self.instances[id];
        let block = &self.blocks[instance.block];
        let Some(select) = block.select else { return true };
        let is_starred = select.items.iter().any(|item| match &item.kind {
            ItemKind::Wildcard(Some(name)) => same_name(&name.table.text, &instance.name),
            ItemKind::Wildcard(None) => true,
            _ => false,
        });
        is_starred || block.from.iter().any(has_natural_join)
    }

    /// Whether rows that are read anywhere in the statement stay locked.
    pub(super) fn locks_rows(&self) -> bool {
        self.queries.iter().any(|query| !query.ast.locking.is_empty())
    }

    /// The pieces of the first clause that locks the rows of this table.
    fn locking_of(&self, id: InstanceId) -> Vec<Span> {
        let instance = &self.instances[id];
        let around = (0..self.queries.len()).filter(|query| self.term_blocks(*query).contains(&instance.block));
        let mut clauses = around.flat_map(|query| &self.queries[query].ast.locking);
        let is_meant = |clause: &&Locking| {
            let names = clause.of.as_ref().map(|(_, names)| names);
            names.is_none_or(|names| names.iter().any(|name| same_name(&name.table.text, &instance.name)))
        };
        let Some(Locking { span, of }) = clauses.find(is_meant) else { return Vec::new() };
        match of {
            Some((of, _)) => vec![Span { end: of.start, ..*span }, Span { start: of.end, ..*span }],
            None => vec![*span],
        }
    }
}

fn has_natural_join(node: &Node<'_>) -> bool {
    match node {
        Node::Leaf(_) => false,
        Node::List(nodes) => nodes.iter().any(has_natural_join),
        Node::Join { left, right, condition, .. } => {
            **condition == JoinCondition::Natural || has_natural_join(left) || has_natural_join(right)
        }
    }
}

/// A column that costs little to fetch.
fn shortest(table: &Table) -> Option<String> {
    let columns = table.columns.as_ref()?;
    let is_short = |column: &&crate::sharding::Column| {
        column.kind.as_ref().is_some_and(|kind| kind.max_length.is_none() && kind.data_type != "json")
    };
    columns.iter().find(is_short).or(columns.first()).map(|column| column.name.clone())
}

impl Gathered {
    /// A temporary table for rows that are in no table of the client's; `written` is what messages call it.
    pub fn of_rows(written: &str, temporary: &str, scratch: ShardId) -> Self {
        Self {
            written: written.to_owned(),
            temporary: temporary.to_owned(),
            copy: None,
            columns: None,
            invisible: Vec::new(),
            model: (scratch, Vec::new()),
            catalog: None,
            fetches: Vec::new(),
            filter: Vec::new(),
            at_most: None,
            reductions: Vec::new(),
            locking: Vec::new(),
            is_written: false,
            is_streamed: false,
        }
    }
}

impl GatherPlan {
    /// The statement's sources, and its text over them.
    pub fn bind(&self, input: &Binding<'_>, choice: Choice<'_>) -> Gathering {
        let scratch = self.scratch(input.schema, choice.preferred);
        let is_direct = |source: &Source| match &source.from {
            From::System => true,
            From::Fixed(at) => choice.may_use_copies && at.contains(scratch),
            From::Sharded(_) | From::Catalog(_) => false,
        };
        let direct: Vec<bool> = self.sources.iter().map(is_direct).collect();
        let is_there = |source: &Source| source.is_there(input.schema, scratch);
        let there: Vec<bool> = self.sources.iter().map(is_there).collect();
        let is_condensed = |source: &Source| self.condensed.iter().any(|query| query.has(source));
        // Only the scratch's own tables tell what columns an answer has.
        let condenses =
            choice.may_condense && self.sources.iter().all(|source| !is_condensed(source) || is_there(source));
        let own = Writing { input, scratch, sources: &self.sources, direct: &there, condenses: false };
        let mut example = Vec::new();
        self.text.render(&own, &mut example);
        let queries = self.condensed.iter().enumerate().filter(|_| condenses);
        let condensed = queries.map(|(number, query)| query.write(number, &self.text, &own));
        let condensed = condensed.collect::<Option<Vec<_>>>().unwrap_or_default();
        let condenses = !condensed.is_empty();
        let is_gathered = |(place, source): &(usize, &Source)| !(direct[*place] || condenses && is_condensed(source));
        let parts = self.sources.iter().enumerate().filter(is_gathered);
        let gathered = |(place, source): (usize, &Source)| {
            source.gathered(place, scratch, input, Choice { may_condense: condenses, ..choice })
        };
        let sources = parts.map(gathered).collect();
        let mut text = Vec::new();
        self.text.render(&Writing { direct: &direct, condenses, ..own }, &mut text);
        let (params, copies) = match direct.iter().all(|direct| *direct) {
            true => (None, Vec::new()),
            false => (self.params_of(&condensed, input), self.text.copies()),
        };
        let (is_one_row, may_call_routines) = (self.is_one_row, self.has_unknown_calls);
        Gathering { scratch, sources, condensed, text, params, copies, example, is_one_row, may_call_routines }
    }

    /// The parameters in the text over what is gathered, where they are not all of the statement's.
    fn params_of(&self, condensed: &[CondensedQuery], input: &Binding<'_>) -> Option<Vec<u16>> {
        if condensed.is_empty() {
            return self.params.clone();
        }
        let is_left = |index: &u16| !self.condensed.iter().any(|query| query.has_param(*index));
        Some((0..input.params.len() as u16).filter(is_left).collect())
    }

    /// Where the most tables are, of the preferred shards if there are such.
    fn scratch(&self, schema: &Schema, preferred: &ShardSet) -> ShardId {
        let has = |source: &&Source, shard: ShardId| match &source.from {
            From::Fixed(at) => at.contains(shard),
            From::Sharded(_) => source.places(schema).contains(shard),
            From::System | From::Catalog(_) => true,
        };
        let fixed = |shard| {
            self.sources.iter().filter(|source| matches!(source.from, From::Fixed(_)) && has(source, shard)).count()
        };
        let all = |shard| self.sources.iter().filter(|source| has(source, shard)).count();
        let shards = (0..schema.shards.len()).map(|index| ShardId(index as u16));
        let home = self.database.map(|database| schema.database_of(database).default_shard);
        let is_home = |shard| home == Some(shard);
        let rank = |shard: &ShardId| {
            (
                // Routines are where tables without a rule are, and found there alone.
                self.has_unknown_calls && is_home(*shard),
                preferred.contains(*shard),
                all(*shard),
                fixed(*shard),
                is_home(*shard),
                std::cmp::Reverse(shard.0),
            )
        };
        shards.max_by_key(rank).unwrap_or(ShardId(0))
    }
}

impl Source {
    fn reductions(&self, input: &Binding<'_>) -> Vec<(Vec<u8>, Reduction)> {
        let of_column = |reduction: &Reduction| (between(reduction.column, input).to_vec(), reduction.clone());
        self.reductions.iter().map(of_column).collect()
    }

    pub(super) fn is_catalog(&self) -> bool {
        matches!(self.from, From::Catalog(_))
    }

    pub(super) fn places(&self, schema: &Schema) -> ShardSet {
        match &self.from {
            From::Fixed(at) => at.clone(),
            From::Sharded(_) => {
                self.table.and_then(|id| id.table(schema)).map(|table| table.shard_set()).unwrap_or_default()
            }
            From::System | From::Catalog(_) => ShardSet::empty(),
        }
    }

    /// Whether the shard has the table.
    fn is_there(&self, schema: &Schema, shard: ShardId) -> bool {
        match &self.from {
            From::System | From::Catalog(_) => true,
            From::Fixed(_) | From::Sharded(_) => self.places(schema).contains(shard),
        }
    }

    /// The table's name on a shard, quoted.
    pub(super) fn physical(&self, schema: &Schema, shard: ShardId) -> Vec<u8> {
        if let From::Catalog(reference) = &self.from {
            let mut out = b"information_schema.".to_vec();
            write_quoted(reference.table.as_bytes(), &mut out);
            return out;
        }
        let name = self.physical_name(schema, shard);
        let mut out = Vec::new();
        write_quoted(schema.shard(shard).schema.as_bytes(), &mut out);
        out.push(b'.');
        write_quoted(name.as_bytes(), &mut out);
        out
    }

    pub(super) fn physical_name<'a>(&'a self, schema: &'a Schema, shard: ShardId) -> &'a str {
        let table = self.table.and_then(|id| id.table(schema));
        table.map_or(self.written.as_str(), |table| table.physical_name(shard))
    }

    pub(super) fn gathered(&self, place: usize, scratch: ShardId, input: &Binding<'_>, choice: Choice<'_>) -> Gathered {
        let all = self.places(input.schema);
        let shards = self.shards(input);
        let model = all.first().unwrap_or(scratch);
        let catalog = match &self.from {
            From::Catalog(reference) => Some(reference.wanted(input)),
            From::Sharded(_) | From::Fixed(_) | From::System => None,
        };
        let (mut filter, mut locking) = (Vec::new(), Vec::new());
        let is_all_told = choice.may_filter && filter::write_all(&self.filters, input, &mut filter);
        let few = self.few.as_ref().filter(|_| is_all_told);
        let at_most = few.and_then(|few| few.write(input, &mut filter));
        if self.role == Role::Written {
            locking.extend_from_slice(b" FOR UPDATE");
        } else {
            for clause in &self.locking {
                locking.push(b' ');
                locking.extend_from_slice(between(*clause, input));
            }
            if self.locking.is_empty() && self.role == Role::ReadToWrite {
                // As InnoDB does it for the tables that an UPDATE or an INSERT ... SELECT reads.
                locking.extend_from_slice(b" LOCK IN SHARE MODE");
            }
        }
        Gathered {
            catalog,
            written: self.written.clone(),
            temporary: match self.role {
                Role::Written => self.physical_name(input.schema, scratch).to_owned(),
                Role::Read | Role::ReadToWrite => temporary_name(place),
            },
            is_written: self.role == Role::Written,
            is_streamed: self.is_streamed,
            copy: self.is_there(input.schema, scratch).then(|| self.physical(input.schema, scratch)),
            columns: self.columns.clone(),
            invisible: self.invisible.clone(),
            model: (model, self.physical(input.schema, model)),
            fetches: shards.iter().map(|shard| (shard, self.fetch(shard, input))).collect(),
            filter,
            at_most,
            reductions: if choice.may_condense { self.reductions(input) } else { Vec::new() },
            locking,
        }
    }

    /// The shards that can hold rows that matter; of copies, one.
    fn shards(&self, input: &Binding<'_>) -> ShardSet {
        match &self.from {
            From::Fixed(at) => self.home.or(at.first()).map_or_else(ShardSet::empty, ShardSet::single),
            From::System | From::Catalog(_) => ShardSet::empty(),
            From::Sharded(narrows) => {
                let mut shards = ShardSet::empty();
                for narrow in narrows {
                    shards.union_with(&narrow.shards(input).unwrap_or_else(|| self.places(input.schema)));
                }
                shards
            }
        }
    }

    /// `PARTITION (p0)` behind a space, or nothing.
    pub(super) fn partition(&self, input: &Binding<'_>) -> Vec<u8> {
        self.partition.map_or_else(Vec::new, |partition| [b" ", between(partition, input)].concat())
    }

    /// The table, as a shard is asked for it.
    fn fetch(&self, shard: ShardId, input: &Binding<'_>) -> Vec<u8> {
        let mut rows = self.physical(input.schema, shard);
        rows.extend(self.partition(input));
        rows.extend_from_slice(b" AS ");
        write_quoted(self.alias.as_bytes(), &mut rows);
        let (mut found, mut joint): (Vec<u8>, &[u8]) = (Vec::new(), b" WHERE ");
        for search in &self.searches {
            let mut condition = Vec::new();
            if search.write(input, &mut condition) {
                found.extend([joint, &condition].concat());
                joint = b" AND ";
            }
        }
        if found.is_empty() {
            return [b" FROM ", rows.as_slice()].concat();
        }
        let mut out = [b" FROM (SELECT * FROM ", rows.as_slice(), &found, b") AS "].concat();
        write_quoted(self.alias.as_bytes(), &mut out);
        out
    }
}

/// The client's text between two places.
pub(super) fn between<'a>((from, to): (Anchor, Anchor), input: &Binding<'a>) -> &'a [u8] {
    input.sql.get(from.offset(input.literals)..to.offset(input.literals)).unwrap_or_default()
}

/// The connection has no other table of this name: it is ShardGate's alone while it is used.
pub(super) fn temporary_name(place: usize) -> String {
    format!("shardgate_gathered_{place}")
}

/// Where the parameters stand.
pub(super) fn params_of(sql: &[u8], mode: Mode) -> Vec<u32> {
    Lexer::new(sql, mode).filter(|token| token.kind == TokenKind::Param).map(|token| token.start).collect()
}
