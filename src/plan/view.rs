//! CREATE VIEW: on every shard that its rule names, or on the default shard. Each shard's view must show that shard's part
//! of what the view means, so that a SELECT from it is routed as from a table with that rule.

use crate::sharding::schema::same_name;
use crate::sharding::{ShardSet, Sharded};
use crate::sql::parse::ast::{Item, ItemKind, View};

use super::PlanError;
use super::bind::RouteTemplate;
use super::ddl;
use super::instance::Instance;
use super::scope::{BlockId, QueryId, Scopes};

/// The route of CREATE VIEW and ALTER VIEW.
pub(super) fn route<'q>(scopes: &mut Scopes<'_, 'q>, view: &'q View) -> Result<RouteTemplate, PlanError> {
    let (database, table) = ddl::find(scopes, &view.target)?;
    let query = scopes.read_query(&view.query, None)?;
    scopes.refuse_catalog()?;
    scopes.edit_table_name(&view.target, table);
    let places = ddl::places_of(scopes, database, table);
    match table.and_then(|table| table.sharded(scopes.ctx.schema)) {
        Some(_) if is_stand_in(scopes, query) => {}
        Some(rule) => check_spread(scopes, view, query, rule)?,
        None => check_whole(scopes, &places)?,
    }
    Ok(RouteTemplate::on_all(places))
}

/// A view that is whole wherever it is: so must all of its tables be.
fn check_whole(scopes: &Scopes<'_, '_>, places: &ShardSet) -> Result<(), PlanError> {
    if scopes.sharded().next().is_some() {
        return Err(PlanError::unsupported("a view over sharded tables without a rule that shards the view like them"));
    }
    match scopes.fixed_at() {
        Some(at) if !places.is_subset_of(&at) => {
            Err(PlanError::unsupported("a view over tables that are not where the view is"))
        }
        _ => Ok(()),
    }
}

/// A view with the rule of a sharded table: the shards' views together must be the view, and its shard key theirs.
fn check_spread(scopes: &Scopes<'_, '_>, view: &View, query: QueryId, rule: &Sharded) -> Result<(), PlanError> {
    let not_spread = |feature: String| PlanError::unsupported(format!("a sharded view that needs {feature}"));
    let spread = scopes.spread_of_query(query).map_err(not_spread)?;
    let blocks = scopes.term_blocks(query);
    scopes.check_subqueries(&blocks).map_err(not_spread)?;
    if let Some(feature) = scopes.merged_feature_of(query).or_else(|| scopes.unspreadable_feature()) {
        return Err(not_spread(feature));
    }
    let is_alike = |instance: &Instance| {
        instance.key.as_ref().is_some_and(|key| key.colocation == Some(rule.colocation)) && !instance.is_nullable
    };
    let anchor = spread.anchor.filter(|id| is_alike(&scopes.instances[*id]));
    let has_key =
        anchor.is_some() && blocks.first().is_some_and(|block| shows_key(scopes, view, *block, rule, is_alike));
    match has_key {
        true => Ok(()),
        false => Err(PlanError::unsupported(format!(
            "a sharded view whose column '{}' is not the shard key of its tables",
            rule.key_column
        ))),
    }
}

/// Whether it is what dumps write in the place of a view until all that it needs is there: constants under the names of its columns.
/// Each shard shows them for as long; nobody reads it.
fn is_stand_in(scopes: &Scopes<'_, '_>, query: QueryId) -> bool {
    let blocks = scopes.term_blocks(query);
    let select = match blocks.as_slice() {
        [block] => scopes.blocks[*block].select,
        _ => None,
    };
    let is_constant = |item: &Item| matches!(item.kind, ItemKind::Constant(_)) && item.alias.is_some();
    scopes.reads_nothing() && select.is_some_and(|select| select.items.iter().all(is_constant))
}

/// Whether the view's column that is called like its shard key is that of its tables.
fn shows_key(
    scopes: &Scopes<'_, '_>,
    view: &View,
    block: BlockId,
    rule: &Sharded,
    is_alike: impl Fn(&Instance) -> bool,
) -> bool {
    let Some(select) = scopes.blocks[block].select else { return false };
    let is_key = |name: &str| same_name(name, &rule.key_column);
    if let ([item], true) = (select.items.as_slice(), view.columns.is_empty())
        && item.kind == ItemKind::Wildcard(None)
        && let [only] = scopes.blocks[block].instances.as_slice()
    {
        let is_shown = !scopes.has_hidden_key(*only);
        return is_shown && is_alike(&scopes.instances[*only]) && scopes.instances[*only].has_key(&rule.key_column);
    }
    select.items.iter().enumerate().any(|(index, item)| {
        let ItemKind::Column(column) = &item.kind else { return false };
        // After a wildcard the places of columns are not those of items.
        let named = match view.columns.as_slice() {
            [] => Some(item.alias.as_ref().map_or(column.column.text.as_str(), |alias| alias.text.as_str())),
            names if names.len() == select.items.len() => Some(names[index].text.as_str()),
            _ => None,
        };
        let found = scopes.key_of(block, column);
        named.is_some_and(is_key) && found.is_some_and(|id| is_alike(&scopes.instances[id]))
    })
}
