//! Stored functions and procedures. One that is about no table, or only reads copies of reference tables, is the same
//! wherever it is called: all shards of its database have it, so that a statement of any shard finds it there.

use super::PlanError;
use super::bind::RouteTemplate;
use super::names::NewText;
use super::narrow::TableId;
use super::scope::Scopes;
use crate::sharding::schema::same_name;
use crate::sharding::{DatabaseId, Placement, ShardId, ShardSet, Table};
use crate::sql::parse::Routine;
use crate::sql::parse::ast::TableName;

/// The route of CREATE, ALTER and DROP; `names` are those in its text that can be tables'. `None`: it is where its tables
/// are, or may be.
pub(super) fn route(
    scopes: &mut Scopes<'_, '_>,
    routine: &Routine,
    names: &[TableName],
) -> Result<Option<RouteTemplate>, PlanError> {
    let schema = scopes.ctx.schema;
    let Some(database) = database_of(scopes, &routine.name) else { return Ok(None) };
    let home = &schema.database_of(database).shards;
    let is_left_of_point = |name: &TableName| {
        names.iter().filter_map(|other| other.database.as_ref()).any(|database| database.span == name.table.span)
    };
    let is_own = |name: &TableName| name.table.span == routine.name.table.span;
    let others = names.iter().filter(|name| routine.creates && !is_own(name) && !is_left_of_point(name));
    let others: Vec<&TableName> = others.collect();
    let mut are_everywhere = true;
    for name in &others {
        are_everywhere &= is_everywhere(scopes, routine, name, home)?;
    }
    if !are_everywhere {
        return Ok(None);
    }
    scopes.edits.note_database(scopes.ctx.database);
    scopes.edit_database(routine.name.database.as_ref());
    for name in others {
        scopes.edit_database(name.database.as_ref());
        let table = database_of(scopes, name).and_then(|id| TableId::find(schema, id, &name.table.text));
        if let Some(table) = table.filter(|id| id.table(schema).is_some_and(Table::is_renamed)) {
            let written = name.table.text.clone();
            scopes.edits.replace(name.table.span, NewText::Table { table, written }, scopes.literals);
        }
    }
    let places = schema.distinct_copies(home);
    Ok(Some(RouteTemplate::on_all(places)))
}

/// A text has one schema in the place of all databases that it names, that of the shard where it runs: a function that is
/// called by its database must not be that of another one.
pub(super) fn check_called(scopes: &Scopes<'_, '_>) -> Result<(), PlanError> {
    let schema = scopes.ctx.schema;
    let calls = scopes.calls.iter().flat_map(|calls| &calls.expression.calls);
    let mut databases = calls.filter_map(|call| call.database.as_ref());
    let called = databases.find(|written| schema.database(&written.text).is_some());
    let current = scopes.ctx.database.map(|id| schema.database_of(id).name.as_str());
    let is_current = |name: &String| current.is_some_and(|current| same_name(current, name));
    match called {
        Some(called) if !scopes.edits.qualifiers().iter().all(is_current) => Err(PlanError::unsupported(format!(
            "calling a function by its database '{}' in a statement about another one, or where another one is selected",
            called.text
        ))),
        _ => Ok(()),
    }
}

/// Whether the name means the same on all shards. Error: it is a table of which each shard's routine would see a part, or
/// would write one copy.
fn is_everywhere(
    scopes: &Scopes<'_, '_>,
    routine: &Routine,
    name: &TableName,
    home: &ShardSet,
) -> Result<bool, PlanError> {
    let schema = scopes.ctx.schema;
    // Without a database behind the point's left side it is a column or a variable, such as NEW.x.
    let Some(database) = database_of(scopes, name) else { return Ok(name.database.is_some()) };
    let Some(id) = TableId::find(schema, database, &name.table.text) else { return Ok(false) };
    let Some(table) = id.table(schema) else { return Ok(false) };
    match &table.placement {
        Placement::Single(_) => Ok(false),
        Placement::Sharded(_) => Err(PlanError::unsupported(format!(
            "a stored routine about '{}', which is on several shards: wherever it runs it sees the rows of one",
            table.name
        ))),
        Placement::Reference(_) if routine.may_write => Err(PlanError::unsupported(format!(
            "a stored routine about the reference table '{}' that may write: it would write one of the copies",
            table.name
        ))),
        Placement::Reference(copies) => {
            let has_copy =
                |place: ShardId| copies.iter().any(|copy| schema.shard(copy).is_same_place(schema.shard(place)));
            Ok(home.iter().all(has_copy))
        }
    }
}

/// The database of what is named.
pub(super) fn database_of(scopes: &Scopes<'_, '_>, name: &TableName) -> Option<DatabaseId> {
    match &name.database {
        Some(written) => scopes.ctx.schema.database(&written.text).map(|(id, _)| id),
        None => scopes.ctx.database,
    }
}
