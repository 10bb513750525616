//! INSERT and REPLACE: each row goes to the shard where its key belongs. Rows are stretches of the client's text, so
//! that a statement of many rows is cut without being parsed value by value.

use crate::sharding::schema::same_name;
use crate::sharding::{Column, ShardId, ShardSet, Sharded, Table};
use crate::sql::facts::Facts;
use crate::sql::parse::ast::{
    Assignment, Cell, ColumnName, Insert, Item, ItemKind, Operand, Query, Row, Source as Rows, Term,
};

use super::bind::{Narrowed, RouteTemplate, Target};
use super::instance::Source;
use super::names::Anchor;
use super::narrow::{Known, TableId};
use super::numbering::{Form, Number, Numbering};
use super::rows::{InsertTemplate, RowKey, RowTemplate, numbered};
use super::scope::{InstanceId, QueryId, Scopes};
use super::{Action, PlanError, Route, StatementKind, read, write};

/// How an INSERT is answered, and whether it writes copies of a reference table.
pub(super) fn action<'q>(
    scopes: &mut Scopes<'_, 'q>,
    insert: &'q Insert,
    sql: &[u8],
    facts: &Facts,
) -> Result<Action, PlanError> {
    let (block, target) = scopes.read_target(&insert.target)?;
    for column in insert.columns.iter().flatten() {
        scopes.edit_column(column, Some(target));
    }
    scopes.read_expression(&insert.expression, Some(block), None)?;
    let query = match &insert.source {
        Rows::Query(query) => Some((query.as_ref(), scopes.read_query(query, None)?)),
        Rows::Rows(_) | Rows::Set { .. } => None,
    };
    let into = Into { target, insert };
    into.check_read(scopes)?;
    if let Source::Sharded(id) = &scopes.instances[target].source
        && let Some(sharded) = id.sharded(scopes.ctx.schema)
    {
        into.check_on_duplicate(scopes, sharded)?;
    }
    let action = match scopes.instances[target].source.clone() {
        Source::Sharded(id) => into.sharded(scopes, id, query),
        Source::Fixed { table: Some(id), is_reference: true, .. } => into.copies(scopes, id, (sql, facts)),
        Source::Fixed { .. } | Source::Derived { .. } | Source::Nowhere => into.unsharded(scopes, query),
    };
    let reads_own = into.reads_own(scopes);
    let staged =
        || if reads_own { None } else { scopes.staged_insert(sql, facts, target, (insert, query.map(|(_, id)| id))) };
    match action {
        Ok(Action::Route(route)) if route.may_be_refused() => {
            Ok(Action::Route(RouteTemplate { staged: staged(), ..route }))
        }
        Ok(Action::Insert(template)) => Ok(Action::Insert(InsertTemplate { staged: staged(), ..template })),
        Err(
            error @ (PlanError::Unsupported { .. }
            | PlanError::KeyNotLiteral { .. }
            | PlanError::MissingShardKey { .. }),
        ) => {
            if reads_own {
                return Err(PlanError::unsupported(
                    "several rows over several shards with subqueries about the table itself, which see the rows before \
                     them: insert them one by one",
                ));
            }
            let staged = staged().ok_or(error)?;
            Ok(Action::Route(RouteTemplate { staged: Some(staged), ..RouteTemplate::fixed(Route::Staged) }))
        }
        action => action,
    }
}

/// The table that an INSERT is into.
struct Into<'q> {
    target: InstanceId,
    insert: &'q Insert,
}

impl<'q> Into<'q> {
    fn unsharded(&self, scopes: &Scopes<'_, '_>, query: Option<(&Query, QueryId)>) -> Result<Action, PlanError> {
        if scopes.sharded().next().is_none() {
            return read::unsharded(scopes, StatementKind::Write).map(RouteTemplate::fixed).map(Action::Route);
        }
        let refused = Some("INSERT ... SELECT from several shards".to_owned());
        let spread = query.map_or(Err(String::new()), |(_, id)| scopes.spread_of_query(id));
        let roots = query.map_or(Vec::new(), |(_, id)| read::roots(scopes, id));
        let narrowed = Narrowed { refused: refused.clone(), ..read::narrowed(scopes, spread, &roots, refused, true) };
        Ok(Action::Route(RouteTemplate::narrowed(narrowed)))
    }

    fn copies(&self, scopes: &Scopes<'_, '_>, id: TableId, (sql, facts): (&[u8], &Facts)) -> Result<Action, PlanError> {
        let table = id.table(scopes.ctx.schema);
        let copies = table.map(|table| table.shard_set()).unwrap_or_default();
        let number = table.and_then(|table| table.columns.iter().flatten().find(|column| column.auto_increment));
        let notes = number.map_or(0, |number| self.notes(&number.name));
        let mode = scopes.ctx.mode;
        let mut of_the_moment = table.into_iter().flat_map(|table| write::columns_of_the_moment(table, mode));
        let is_given = |column: &Column| {
            let place = table.map(|table| self.place_of(table, &column.name));
            matches!(place, Some(Ok(Some(_)))) && !write::says_default(sql, mode)
        };
        let is_nondeterministic = facts.is_of_server() || !of_the_moment.all(is_given);
        write::check_copies(scopes, &copies, is_nondeterministic, notes)?;
        let mut template = RouteTemplate::fixed(Route::Scatter(copies.clone()));
        if copies.len() > 1 {
            if self.insert.has_returning {
                return Err(PlanError::unsupported("RETURNING in a write to a reference table"));
            }
            if let Some((table, number)) = table.zip(number) {
                template.copied = self.copied(scopes, table, &number.name)?;
            }
        }
        Ok(Action::Route(template))
    }

    /// What the rows say of the column that servers number.
    fn copied(&self, scopes: &Scopes<'_, '_>, table: &Table, number: &str) -> Result<Vec<Number>, PlanError> {
        let place = self.place_of(table, number)?;
        match (self.rows(), place) {
            (Some(rows), place) => Ok(rows.iter().map(|row| number_of(scopes, row, place)).collect()),
            // Copies could take the rows in another order, and number them in it.
            (None, _) => Err(PlanError::unsupported(format!(
                "INSERT ... SELECT into reference table '{}', whose rows servers number,",
                table.name
            ))),
        }
    }

    /// The rows that it gives itself.
    fn rows(&self) -> Option<&[Row]> {
        match &self.insert.source {
            Rows::Rows(rows) => Some(rows),
            Rows::Set { row, .. } => Some(std::slice::from_ref(row)),
            Rows::Query(_) => None,
        }
    }

    /// How often an INSERT of one row notes that row's number in ON DUPLICATE KEY UPDATE: `id = LAST_INSERT_ID(id)`.
    fn notes(&self, number: &str) -> usize {
        let is_it = |column: &ColumnName| same_name(&column.column.text, number);
        let notes =
            |assignment: &&Assignment| is_it(&assignment.column) && assignment.noted.as_ref().is_some_and(is_it);
        match self.rows() {
            Some([_]) => self.insert.on_duplicate.iter().filter(notes).count(),
            _ => 0,
        }
    }

    /// MySQL lets subqueries in rows read the table only under another name, or in a derived table. A server sees that where they
    /// name the table as the INSERT does, but not where its name on the shard takes an alias.
    fn check_read(&self, scopes: &Scopes<'_, '_>) -> Result<(), PlanError> {
        let target = &scopes.instances[self.target];
        let table = target.table().and_then(|id| id.table(scopes.ctx.schema)).filter(|table| table.is_renamed());
        let Some(table) = table.filter(|_| self.rows().is_some() && !scopes.ctx.mode.mariadb) else { return Ok(()) };
        let is_read = |id: InstanceId| {
            let other = &scopes.instances[id];
            id != self.target
                && other.table() == target.table()
                && same_name(&other.name, &target.name)
                && !scopes.is_within_derived(other.block)
        };
        match (0..scopes.instances.len()).any(is_read) {
            true => Err(PlanError::ReadsTarget { table: table.name.clone() }),
            false => Ok(()),
        }
    }

    /// Whether values of a row can depend on the rows before it in the statement.
    fn reads_own(&self, scopes: &Scopes<'_, '_>) -> bool {
        matches!(&self.insert.source, Rows::Rows(rows) if rows.len() > 1) && scopes.has_another_of(self.target)
    }

    /// The place of a column in the rows; `None` if the rows leave it out.
    fn place_of(&self, table: &Table, column: &str) -> Result<Option<usize>, PlanError> {
        let by_name = |columns: &[ColumnName]| columns.iter().position(|name| same_name(&name.column.text, column));
        match (&self.insert.source, &self.insert.columns) {
            (Rows::Set { columns, .. }, _) => Ok(by_name(columns)),
            (_, Some(columns)) if !columns.is_empty() => Ok(by_name(columns)),
            (Rows::Rows(rows), _) if rows.iter().all(|row| row.values.is_empty()) => Ok(None),
            _ => {
                let columns = table.columns.as_ref();
                let columns = columns.ok_or_else(|| PlanError::unknown_columns(table))?;
                let visible = columns.iter().filter(|column| !column.invisible);
                Ok(visible.into_iter().position(|other| same_name(&other.name, column)))
            }
        }
    }

    fn sharded(
        &self,
        scopes: &Scopes<'_, '_>,
        id: TableId,
        query: Option<(&Query, QueryId)>,
    ) -> Result<Action, PlanError> {
        let Some((table, sharded)) = id.table(scopes.ctx.schema).zip(id.sharded(scopes.ctx.schema)) else {
            return Err(PlanError::unsupported("an INSERT into a table without a rule"));
        };
        let shards = sharded.shard_set();
        let only = shards.first().filter(|_| shards.len() == 1);
        let numbered_column = numbered_column(table, sharded).filter(|_| only.is_none() || sharded.sequence.is_some());
        let numbering = match numbered_column {
            Some(column) => Some(Numbering {
                place: self.place_of(table, column)?,
                column: column.to_owned(),
                form: self.form(scopes),
            }),
            None => None,
        };
        if query.is_some() && sharded.sequence.is_some() {
            // It must give numbers to rows, or learn of those that they bring.
            return Err(PlanError::unsupported(format!(
                "INSERT ... SELECT into '{}', which has a sequence,",
                table.name
            )));
        }
        let is_left_out = numbering.as_ref().is_some_and(|numbering| numbering.place.is_none());
        if is_left_out && sharded.sequence.is_none() {
            return Err(numbered(table));
        }
        if let Some((ast, query)) = query {
            return self.of_query(scopes, (id, table, sharded), ast, query, only);
        }
        let rows = self.rows().unwrap_or_default();
        self.check_counts(table, rows)?;
        let is_number = |column: &str| numbered_column.is_some_and(|number| same_name(number, column));
        let place = |column: &str| match self.place_of(table, column) {
            _ if only.is_some() => Ok(None),
            Ok(None) if !is_number(column) => Err(missing(table, sharded, column)),
            place => place,
        };
        let first = place(&sharded.key_column)?;
        let others: Result<Vec<KeyPlace<'_>>, PlanError> =
            sharded.key_columns().skip(1).map(|column| Ok((column, place(column)?))).collect();
        let others = others?;
        let key = ((sharded.key_column.as_str(), first), others.as_slice());
        let not_null = if rows.len() > 1 && scopes.ctx.mode.lenient { self.not_null(table) } else { Vec::new() };
        let template = |row: &Row| {
            let nulls = nulls(scopes, row, &not_null);
            template(scopes, (table, sharded), row, key, numbering.as_ref())
                .map(|template| RowTemplate { nulls, ..template })
        };
        let templates: Result<Vec<_>, _> = rows.iter().map(template).collect();
        // Which rows are returned of those that are passed over, no shard says.
        let is_open = self.insert.has_returning && self.insert.ignores;
        let refused = is_open.then(|| "RETURNING with IGNORE over several shards".to_owned());
        let template = InsertTemplate {
            table: id,
            rows: templates?,
            only,
            refused: refused.or_else(|| scopes.unspreadable_feature()),
            others: self.others(scopes),
            numbering: numbering.filter(|_| sharded.sequence.is_some()),
            staged: None,
            ignores: self.insert.ignores,
            meets_rows: self.insert.ignores || self.insert.is_replace || !self.insert.on_duplicate.is_empty(),
            updates: !self.insert.on_duplicate.is_empty(),
            returns: self.insert.has_returning,
        };
        Ok(Action::Insert(template))
    }

    /// The places in the rows of columns that are NOT NULL, and not numbered.
    fn not_null(&self, table: &Table) -> Vec<usize> {
        let is_not_null =
            |column: &&Column| !column.auto_increment && column.kind.as_ref().is_some_and(|kind| !kind.nullable);
        let columns = table.columns.iter().flatten().filter(is_not_null);
        columns.filter_map(|column| self.place_of(table, &column.name).ok().flatten()).collect()
    }

    /// What is read beside the target.
    fn others(&self, scopes: &Scopes<'_, '_>) -> Narrowed {
        let tables = scopes.sharded().filter_map(|other| {
            let key = scopes.instances[other].key.as_ref()?;
            Some((key.table, scopes.narrow_of(other)))
        });
        Narrowed {
            spread: None,
            refused: None,
            merge: None,
            regroup: None,
            tables: tables.collect(),
            at: scopes.fixed_at(),
            is_write: true,
        }
    }

    /// How the statement names the columns.
    fn form(&self, scopes: &Scopes<'_, '_>) -> Form {
        let anchor = |offset| Anchor::new(offset, scopes.literals);
        let first = self.insert.columns.as_ref().and_then(|columns| columns.first()).map(|column| {
            let name = column.database.as_ref().or(column.table.as_ref()).unwrap_or(&column.column);
            anchor(name.span.start)
        });
        match (&self.insert.source, first) {
            (Rows::Set { .. }, _) => Form::Set,
            (_, Some(first)) => Form::List(first),
            (_, None) => Form::Bare(anchor(self.insert.target.table.span.end)),
        }
    }

    fn check_counts(&self, table: &Table, rows: &[Row]) -> Result<(), PlanError> {
        let width = match (&self.insert.columns, &table.columns) {
            _ if matches!(self.insert.source, Rows::Set { .. }) => return Ok(()),
            (Some(columns), _) if !columns.is_empty() => columns.len(),
            (_, Some(columns)) => columns.iter().filter(|column| !column.invisible).count(),
            (_, None) => return Ok(()),
        };
        // `VALUES ()` stands for defaults alone.
        let is_wrong = |row: &Row| row.values.len() != width && !row.values.is_empty();
        match rows.iter().position(is_wrong) {
            Some(row) => Err(PlanError::ColumnCount { row: row + 1 }),
            None => Ok(()),
        }
    }

    /// ON DUPLICATE KEY UPDATE may give the shard key only the value that the row was placed by, or has already.
    fn check_on_duplicate(&self, scopes: &Scopes<'_, '_>, sharded: &Sharded) -> Result<(), PlanError> {
        let is_key = |column: &ColumnName| sharded.part_of(&column.column.text).is_some();
        let is_same = |one: &ColumnName, other: &ColumnName| same_name(&one.column.text, &other.column.text);
        let is_own = |column: &ColumnName, assignment: &Assignment| {
            is_same(column, &assignment.column)
                && column.table.as_ref().is_none_or(|table| same_name(&table.text, &self.insert.target.table.text))
        };
        let keeps = |assignment: &Assignment| match (&assignment.inserted, &assignment.noted, &assignment.value) {
            (Some(column), ..) => is_same(column, &assignment.column),
            // What a server or a sequence has made is a number above 0, which the function leaves as it is.
            (_, Some(column), _) => is_own(column, assignment) && sharded.is_numbered(&column.column.text),
            (_, _, Operand::Column(column)) => is_own(column, assignment),
            _ => false,
        };
        let id = &scopes.instances[self.target].source;
        let is_renamed =
            matches!(id, Source::Sharded(id) if id.table(scopes.ctx.schema).is_some_and(|table| table.is_renamed()));
        let is_qualified = !self.insert.on_duplicate.is_empty() && !self.insert.expression.columns.is_empty();
        let target = &self.insert.target.table.text;
        let is_read = || scopes.places.iter().any(|(_, id)| same_name(&scopes.instances[*id].name, target));
        if is_renamed && is_qualified && is_read() {
            let feature = "a qualified column in ON DUPLICATE KEY UPDATE of a renamed table that the SELECT reads too";
            return Err(PlanError::unsupported(feature));
        }
        let is_referred = |name: &str| sharded.referred.iter().any(|(column, _)| same_name(column, name));
        let names = self.insert.on_duplicate.iter().filter(|assignment| !keeps(assignment));
        if let Some(name) = names.map(|assignment| &assignment.column.column.text).find(|name| is_referred(name)) {
            return Err(write::referred(target, name));
        }
        let moves = |assignment: &Assignment| is_key(&assignment.column) && !keeps(assignment);
        if self.insert.on_duplicate.iter().any(moves) {
            Err(PlanError::unsupported("changing the shard key"))
        } else {
            Ok(())
        }
    }

    /// INSERT ... SELECT into a sharded table: everything on one shard, or each shard's rows from that shard's own.
    fn of_query(
        &self,
        scopes: &Scopes<'_, '_>,
        (id, table, sharded): (TableId, &Table, &Sharded),
        ast: &Query,
        query: QueryId,
        only: Option<ShardId>,
    ) -> Result<Action, PlanError> {
        let others = self.others(scopes);
        let fixed = |target| Ok(Action::Route(RouteTemplate::to(target)));
        if let Some(shard) = only {
            // Wherever the key comes from, there is but one place for it.
            let narrowed = Narrowed { at: Some(within(others.at.as_ref(), shard)), ..others };
            let has_sources = !narrowed.tables.is_empty();
            return fixed(if has_sources {
                Target::Narrowed(refusing(narrowed))
            } else {
                Target::Fixed(one_of(&narrowed)?)
            });
        }
        if sharded.has_several_columns() {
            return Err(not_literal(table, sharded));
        }
        let place = self.place_of(table, &sharded.key_column)?;
        let place = place.ok_or_else(|| missing(table, sharded, &sharded.key_column))?;
        let item = item_at(ast, place).ok_or_else(|| not_literal(table, sharded))?;
        if let ItemKind::Constant(constant) = &item.kind {
            let key = Known::of(constant, scopes.literals).ok_or_else(|| not_literal(table, sharded))?;
            return fixed(Target::Placed { table: id, key, others });
        }
        let [root] = read::roots(scopes, query)[..] else {
            return Err(not_literal(table, sharded));
        };
        let source = match &item.kind {
            ItemKind::Column(column) => scopes.key_of(root, column),
            _ => None,
        };
        let is_alike = |source: InstanceId| {
            scopes.instances[source].key.as_ref().is_some_and(|key| key.colocation == Some(sharded.colocation))
        };
        let Some(source) = source.filter(|source| is_alike(*source)) else {
            return Err(not_literal(table, sharded));
        };
        if scopes.instances[source].is_nullable {
            return Err(not_literal(table, sharded));
        }
        let merged = scopes.merged_feature_of(query);
        let merged = merged.or_else(|| self.insert.has_returning.then(|| "RETURNING over several shards".to_owned()));
        fixed(Target::Narrowed(read::narrowed(scopes, scopes.spread_of_query(query), &[root], merged, true)))
    }
}

fn refusing(narrowed: Narrowed) -> Narrowed {
    Narrowed { refused: Some("INSERT ... SELECT from several shards".to_owned()), ..narrowed }
}

fn within(at: Option<&ShardSet>, shard: ShardId) -> ShardSet {
    let mut both = ShardSet::single(shard);
    if let Some(at) = at {
        both.intersect_with(at);
    }
    both
}

fn one_of(narrowed: &Narrowed) -> Result<Route, PlanError> {
    let shard = narrowed.at.as_ref().and_then(ShardSet::first);
    shard.map(Route::One).ok_or_else(|| PlanError::unsupported("a statement on tables of several shards"))
}

/// The column whose numbers the shards must not make.
fn numbered_column<'t>(table: &'t Table, sharded: &'t Sharded) -> Option<&'t str> {
    if let Some(sequence) = &sharded.sequence {
        return Some(&sequence.column);
    }
    let column = table.columns.iter().flatten().find(|column| column.auto_increment)?;
    (!sharded.auto_increment_per_shard).then_some(&column.name)
}

fn missing(table: &Table, sharded: &Sharded, column: &str) -> PlanError {
    let (table, column) = (table.name.clone(), column.to_owned());
    PlanError::MissingShardKey { table, column, rule: sharded.function.kind() }
}

fn not_literal(table: &Table, sharded: &Sharded) -> PlanError {
    PlanError::KeyNotLiteral { table: table.name.clone(), column: sharded.key_column.clone() }
}

/// The select item that is the `place`th column, if the items before it are one column each.
fn item_at(query: &Query, place: usize) -> Option<&Item> {
    let [Term::Select(select)] = query.terms.as_slice() else {
        return None;
    };
    let items = select.items.get(..=place)?;
    if items.iter().any(Item::is_wildcard) { None } else { items.last() }
}

/// A column of the key, and its place in the rows.
type KeyPlace<'t> = (&'t str, Option<usize>);

/// What a row says of the column in this place; `None`: the rows leave it out.
fn number_of(scopes: &Scopes<'_, '_>, row: &Row, place: Option<usize>) -> Number {
    match place.map(|place| row.values.get(place).unwrap_or(&Cell::Default)) {
        None | Some(Cell::Default) => Number::Left,
        Some(Cell::Constant(constant)) => Known::of(constant, scopes.literals).map_or(Number::Opaque, Number::Known),
        Some(Cell::Opaque) => Number::Opaque,
    }
}

/// What may be NULL of a row's values in these places, and is known when the statement is bound.
fn nulls(scopes: &Scopes<'_, '_>, row: &Row, places: &[usize]) -> Vec<Known> {
    let known = |place: &usize| match row.values.get(*place)? {
        Cell::Constant(constant) => Known::of(constant, scopes.literals),
        Cell::Default | Cell::Opaque => None,
    };
    places.iter().filter_map(known).filter(|known| matches!(known, Known::Null | Known::Param { .. })).collect()
}

fn template(
    scopes: &Scopes<'_, '_>,
    (table, sharded): (&Table, &Sharded),
    row: &Row,
    (first, others): (KeyPlace<'_>, &[KeyPlace<'_>]),
    numbering: Option<&Numbering>,
) -> Result<RowTemplate, PlanError> {
    let cell = |place: usize| row.values.get(place).unwrap_or(&Cell::Default);
    let known = |constant| Known::of(constant, scopes.literals);
    let number = numbering.map_or(Number::Unasked, |numbering| number_of(scopes, row, numbering.place));
    let key_of = |(column, place): KeyPlace<'_>| {
        Ok(match place.map(cell) {
            Some(Cell::Constant(constant)) => known(constant).map_or(RowKey::Opaque, RowKey::Known),
            // A row that is to be numbered is placed when it is.
            Some(Cell::Default) if !matches!(number, Number::Left) => return Err(missing(table, sharded, column)),
            Some(Cell::Default | Cell::Opaque) | None => RowKey::Opaque,
        })
    };
    let key = key_of(first)?;
    let others = others.iter().map(|place| key_of(*place)).collect::<Result<Vec<_>, _>>()?;
    let anchor = |offset| Anchor::new(offset, scopes.literals);
    let (from, to) = (anchor(row.span.start), anchor(row.span.end));
    Ok(RowTemplate { key, others, number, from, to, params: row.params, nulls: Vec::new() })
}
