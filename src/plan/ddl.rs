//! CREATE, ALTER, DROP and TRUNCATE of tables and indexes: on every shard that has the table. Statements that show one
//! table are answered by one shard that has it.

use std::ops::Range;

use crate::sharding::schema::same_name;
use crate::sharding::{self, DatabaseId, Placement, ShardId, ShardSet, Sharded};
use crate::sql::definition;
use crate::sql::parse::Problem;
use crate::sql::parse::ast::{Ddl, DdlKind, ShowTable, TableName, View};
use crate::sql::tokens::Mode;

use super::bind::{RouteTemplate, Target};
use super::names::{Anchor, NewText, write_quoted};
use super::narrow::TableId;
use super::scope::Scopes;
use super::{Binding, Plan, PlanError, Route, unknown};

/// What a statement does to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableEffect {
    Creates,
    Drops,
    Changes,
}

/// What must be known of a statement that changes tables, to run it on several shards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DdlPlan {
    /// By logical names.
    pub targets: Vec<(DatabaseId, String, TableEffect)>,
    /// It says `IF [NOT] EXISTS` or OR REPLACE.
    pub is_tolerant: bool,
    /// CREATE OR REPLACE TABLE.
    pub replaces: bool,
    /// `TABLE` or `VIEW`: dropping one of the target's name takes the statement back.
    pub undo: Option<&'static str>,
    /// All shards have the same rows of the table.
    pub is_of_copies: bool,
    /// Of the name of the table, if it is the only one that is changed.
    place: Option<(Anchor, Anchor)>,
}

/// What a statement says of the number that AUTO_INCREMENT goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextNumber {
    /// `AUTO_INCREMENT = n`, or 1 of TRUNCATE.
    pub named: Option<u64>,
    /// CREATE OR REPLACE.
    pub replaces: bool,
}

impl NextNumber {
    pub fn of(sql: &[u8]) -> NextNumber {
        let mode = Mode::default();
        NextNumber { named: definition::first_number(sql, mode), replaces: definition::replaces(sql, mode) }
    }
}

impl Plan {
    /// The statement as the shard would get it if its schema and the table that is changed had these names; `None` if that
    /// table is not the only one that it changes.
    pub fn render_trial(&self, input: &Binding<'_>, shard: ShardId, schema: &str, table: &str) -> Option<Vec<u8>> {
        let (from, to) = self.ddl()?.place?;
        let place = from.offset(input.literals)..to.offset(input.literals);
        let mut text = Vec::new();
        self.render_around(input, shard, schema, 0..place.start, &mut text)?;
        write_quoted(table.as_bytes(), &mut text);
        self.render_around(input, shard, schema, place.end..input.sql.len(), &mut text)?;
        Some(text)
    }

    fn render_around(
        &self,
        input: &Binding<'_>,
        shard: ShardId,
        schema: &str,
        range: Range<usize>,
        text: &mut Vec<u8>,
    ) -> Option<()> {
        let mut done = range.start;
        for (from, to, new) in self.names.iter() {
            let (start, end) = (from.offset(input.literals), to.offset(input.literals));
            if start < done || end > range.end {
                continue;
            }
            text.extend_from_slice(input.sql.get(done..start)?);
            let is_written = match new {
                NewText::Schema { .. } => {
                    write_quoted(schema.as_bytes(), text);
                    true
                }
                other => other.write(input, shard, text),
            };
            done = if is_written { end } else { start };
        }
        text.extend_from_slice(input.sql.get(done..range.end)?);
        Some(())
    }
}

/// See `DdlPlan`.
pub(super) fn plan(scopes: &Scopes<'_, '_>, ddl: &Ddl) -> Result<DdlPlan, PlanError> {
    let mut targets = Vec::new();
    let mut is_of_copies = false;
    let effects = |at: usize| match ddl.kind {
        DdlKind::CreateTable => TableEffect::Creates,
        DdlKind::DropTable => TableEffect::Drops,
        DdlKind::RenameTable if at.is_multiple_of(2) => TableEffect::Drops,
        DdlKind::RenameTable => TableEffect::Creates,
        DdlKind::AlterTable if ddl.renames => TableEffect::Drops,
        DdlKind::AlterTable | DdlKind::TruncateTable | DdlKind::CreateIndex | DdlKind::DropIndex => {
            TableEffect::Changes
        }
    };
    for (at, name) in ddl.targets.iter().enumerate() {
        let (database, table) = find(scopes, name)?;
        let rule = table.and_then(|id| id.table(scopes.ctx.schema));
        is_of_copies |= rule.is_some_and(|rule| matches!(rule.placement, Placement::Reference(_)));
        targets.push((database, name.table.text.clone(), effects(at)));
    }
    let effect = if ddl.renames { TableEffect::Creates } else { TableEffect::Changes };
    for name in &ddl.others {
        targets.push((find(scopes, name)?.0, name.table.text.clone(), effect));
    }
    // A chain of renames (a to b, c to a) drops and creates the same name.
    if ddl.kind == DdlKind::RenameTable {
        let names: Vec<_> = targets.iter().map(|(database, name, _)| (*database, name.to_lowercase())).collect();
        for (at, (.., effect)) in targets.iter_mut().enumerate() {
            if names.iter().filter(|name| **name == names[at]).count() > 1 {
                *effect = TableEffect::Drops;
            }
        }
    }
    let undo = (ddl.kind == DdlKind::CreateTable && !ddl.is_temporary).then_some("TABLE");
    let place = match (ddl.targets.as_slice(), targets.as_slice()) {
        ([name], [(.., TableEffect::Changes)]) => {
            let span = name.table.span;
            Some((Anchor::new(span.start, scopes.literals), Anchor::new(span.end, scopes.literals)))
        }
        _ => None,
    };
    Ok(DdlPlan { targets, is_tolerant: ddl.is_tolerant, replaces: ddl.replaces, undo, is_of_copies, place })
}

/// The same of CREATE VIEW and ALTER VIEW.
pub(super) fn plan_view(scopes: &Scopes<'_, '_>, view: &View) -> Result<DdlPlan, PlanError> {
    let (database, _) = find(scopes, &view.target)?;
    let targets = vec![(database, view.target.table.text.clone(), TableEffect::Creates)];
    Ok(DdlPlan {
        targets,
        is_tolerant: view.is_tolerant,
        replaces: false,
        undo: Some("VIEW"),
        is_of_copies: true,
        place: None,
    })
}

/// The route of a statement about tables as such.
pub(super) fn route(scopes: &mut Scopes<'_, '_>, ddl: &Ddl) -> Result<RouteTemplate, PlanError> {
    check_exchange(scopes, ddl)?;
    let mut places: Option<ShardSet> = None;
    let mut first: Option<TableId> = None;
    for name in ddl.targets.iter().chain(&ddl.others) {
        let (database, table) = find(scopes, name)?;
        if ddl.is_temporary {
            check_temporary_name(&name.table.text, table.and_then(|id| id.table(scopes.ctx.schema)))?;
        }
        let of = places_of(scopes, database, table);
        if places.as_ref().is_some_and(|places| *places != of) {
            return Err(PlanError::unsupported("one statement about tables on different shards"));
        }
        places = Some(of);
        first = first.or(table);
        scopes.edit_table_name(name, table);
    }
    let places = places.unwrap_or_default();
    for name in ddl.like.iter().chain(&ddl.references) {
        let (database, table) = find(scopes, name)?;
        if !are_there(scopes, database, table, &places) {
            return Err(PlanError::unsupported(format!(
                "'{}' beside a table that is on other shards",
                name.table.text
            )));
        }
        scopes.edit_table_name(name, table);
    }
    check_references(scopes, ddl, first)?;
    edit_constraints(scopes, ddl, first)?;
    Ok(RouteTemplate::on_all(places))
}

/// A temporary table would hide shards of a table with a rule.
pub fn check_temporary_name(table: &str, rule: Option<&sharding::Table>) -> Result<(), PlanError> {
    match rule {
        None => Ok(()),
        Some(_) => Err(PlanError::unsupported(format!("a temporary table called '{table}', as a table with a rule"))),
    }
}

/// Whether the table is on all of these shards. Shards that share a schema share the copy of a reference table there.
fn are_there(scopes: &Scopes<'_, '_>, database: DatabaseId, table: Option<TableId>, shards: &ShardSet) -> bool {
    let schema = scopes.ctx.schema;
    let of = places_of(scopes, database, table);
    let rule = table.and_then(|id| id.table(schema));
    let has_copies = rule.is_some_and(|rule| matches!(rule.placement, Placement::Reference(_)));
    let is_shared = |shard: ShardId| of.iter().any(|copy| schema.shard(copy).is_same_place(schema.shard(shard)));
    shards.iter().all(|shard| of.contains(shard) || has_copies && is_shared(shard))
}

/// The route of a statement that is not understood as a whole. One that makes a table of a query runs where the tables of the
/// query are, if the new table belongs there too.
pub(super) fn route_complex(scopes: &mut Scopes<'_, '_>, ddl: &Ddl, sql: &[u8]) -> Result<RouteTemplate, PlanError> {
    let route = unknown::route(scopes, sql, Problem::Unknown(0))?;
    if ddl.query.is_none() {
        return Ok(route);
    }
    for target in &ddl.targets {
        let (database, table) = find(scopes, target)?;
        let places = places_of(scopes, database, table);
        let is_there = matches!(&route.target, Target::Fixed(Route::One(shard)) if places == ShardSet::single(*shard));
        if !is_there {
            return Err(PlanError::unsupported("a table made of tables on another shard"));
        }
    }
    Ok(route)
}

/// Tables that change names, or rows, must be sharded alike: the rules go by names.
fn check_exchange(scopes: &Scopes<'_, '_>, ddl: &Ddl) -> Result<(), PlanError> {
    let of_names = ddl.kind == DdlKind::RenameTable || !ddl.others.is_empty();
    let mut rules = Vec::new();
    for name in ddl.targets.iter().chain(&ddl.others).filter(|_| of_names) {
        let (_, table) = find(scopes, name)?;
        rules.push((name, table.and_then(|id| id.table(scopes.ctx.schema)).map(|rule| &rule.placement)));
    }
    let is_alike = |one: Option<&Placement>, other: Option<&Placement>| match (one, other) {
        (Some(Placement::Sharded(one)), Some(Placement::Sharded(other))) => {
            one.colocation == other.colocation && same_name(&one.key_column, &other.key_column)
        }
        (Some(Placement::Sharded(_)), _) | (_, Some(Placement::Sharded(_))) => false,
        (Some(Placement::Reference(_)), other) | (other, Some(Placement::Reference(_))) => {
            matches!(other, Some(Placement::Reference(_)))
        }
        (None | Some(Placement::Single(_)), None | Some(Placement::Single(_))) => true,
    };
    for pair in rules.windows(2) {
        if !is_alike(pair[0].1, pair[1].1) {
            return Err(PlanError::unsupported(format!(
                "making '{}' of '{}', which has another rule: give both the same rule first",
                pair[1].0.table.text, pair[0].0.table.text
            )));
        }
    }
    Ok(())
}

/// A row and the row that it refers to must be on the same shard.
fn check_references(scopes: &Scopes<'_, '_>, ddl: &Ddl, table: Option<TableId>) -> Result<(), PlanError> {
    let schema = scopes.ctx.schema;
    for name in &ddl.references {
        let (_, referenced) = find(scopes, name)?;
        let Some(parent) = referenced.and_then(|id| id.sharded(schema)) else { continue };
        let is_child = |child: &Sharded| parent.referred.iter().any(|(_, id)| *id == child.colocation);
        let is_colocated = table
            .and_then(|id| id.sharded(schema))
            .is_some_and(|child| child.colocation == parent.colocation || is_child(child));
        if !is_colocated {
            return Err(PlanError::unsupported(format!(
                "a foreign key to '{}', whose rows are not on the shards of the rows that refer to them",
                name.table.text
            )));
        }
    }
    Ok(())
}

/// Where shards share a schema, foreign keys (and CHECKs of MySQL) need names of their own on each.
fn edit_constraints(scopes: &mut Scopes<'_, '_>, ddl: &Ddl, table: Option<TableId>) -> Result<(), PlanError> {
    let Some(id) = table.filter(|id| id.table(scopes.ctx.schema).is_some_and(|table| table.is_renamed())) else {
        return Ok(());
    };
    // MariaDB's DROP CONSTRAINT is the only one that drops a CHECK; foreign keys have DROP FOREIGN KEY as well.
    let others = if scopes.ctx.mode.mariadb { Vec::new() } else { [ddl.checks.as_slice(), &ddl.dropped].concat() };
    for name in ddl.constraints.iter().chain(&others) {
        let written = name.text.clone();
        scopes.edits.replace(name.span, NewText::Constraint { table: id, written }, scopes.literals);
    }
    Ok(())
}

/// The route of a statement that shows one table.
pub(super) fn route_show(scopes: &mut Scopes<'_, '_>, show: &ShowTable) -> Result<RouteTemplate, PlanError> {
    let mut name = show.table.clone();
    if let Some((database, _)) = &show.database {
        name.database = Some(database.clone());
    }
    let shown = scopes.instance_of(&name, 0, String::new())?;
    scopes.edit_table_name(&name, shown.table());
    let places = match shown.table().and_then(|table| table.table(scopes.ctx.schema)) {
        Some(table) => table.shard_set(),
        None => shown.fixed_places(),
    };
    Ok(RouteTemplate::fixed(match (places.first(), places.len()) {
        (Some(only), 1) => Route::One(only),
        _ => Route::Any(places),
    }))
}

pub(super) fn find(scopes: &Scopes<'_, '_>, name: &TableName) -> Result<(DatabaseId, Option<TableId>), PlanError> {
    let database = scopes.database_of(name).map_err(|error| match error {
        // The server looks for the database first.
        PlanError::NoSuchTable { database, .. } => PlanError::UnknownDatabase(database),
        other => other,
    })?;
    match scopes.ctx.schema.is_kept_by_shard(database, &name.table.text) {
        true => Err(kept_by_shard(&name.table.text)),
        false => Ok((database, TableId::find(scopes.ctx.schema, database, &name.table.text))),
    }
}

pub(super) fn kept_by_shard(name: &str) -> PlanError {
    PlanError::unsupported(format!(
        "the name '{name}' for a table: under it a shard keeps its rows of a table with a rule"
    ))
}

pub(super) fn places_of(scopes: &Scopes<'_, '_>, database: DatabaseId, table: Option<TableId>) -> ShardSet {
    match table.and_then(|id| id.table(scopes.ctx.schema)) {
        Some(table) => table.shard_set(),
        None => ShardSet::single(scopes.ctx.schema.database_of(database).default_shard),
    }
}
