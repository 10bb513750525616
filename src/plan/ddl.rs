//! CREATE, ALTER, DROP and TRUNCATE of tables and indexes: on every shard that has the table. Statements that show one
//! table are answered by one shard that has it.

use crate::sharding::{DatabaseId, ShardSet};
use crate::sql::parse::ast::{Ddl, DdlKind, ShowTable, TableName};

use super::bind::RouteTemplate;
use super::narrow::TableId;
use super::scope::Scopes;
use super::{PlanError, Route};

/// The route of a statement about tables as such.
pub(super) fn route(scopes: &mut Scopes<'_, '_>, ddl: &Ddl) -> Result<RouteTemplate, PlanError> {
    let mut places: Option<ShardSet> = None;
    for name in &ddl.targets {
        let (database, table) = find(scopes, name)?;
        if table.is_some() && ddl.is_temporary {
            return Err(PlanError::unsupported(format!(
                "a temporary table called '{}', as a table with a rule",
                name.table.text
            )));
        }
        if table.is_some() && (ddl.is_complex || ddl.kind == DdlKind::RenameTable) {
            return Err(PlanError::unsupported(format!("this change of '{}', which has a rule", name.table.text)));
        }
        let of = places_of(scopes, database, table);
        if places.as_ref().is_some_and(|places| *places != of) {
            return Err(PlanError::unsupported("one statement about tables on different shards"));
        }
        places = Some(of);
        scopes.edit_table_name(name, table);
    }
    for name in &ddl.references {
        let (_, table) = find(scopes, name)?;
        scopes.edit_table_name(name, table);
    }
    let places = places.unwrap_or_default();
    Ok(RouteTemplate::fixed(match (places.first(), places.len()) {
        (Some(only), 1) => Route::One(only),
        _ => Route::Scatter(places),
    }))
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
    Ok((database, TableId::find(scopes.ctx.schema, database, &name.table.text)))
}

pub(super) fn places_of(scopes: &Scopes<'_, '_>, database: DatabaseId, table: Option<TableId>) -> ShardSet {
    match table.and_then(|id| id.table(scopes.ctx.schema)) {
        Some(table) => table.shard_set(),
        None => ShardSet::single(scopes.ctx.schema.database_of(database).default_shard),
    }
}
