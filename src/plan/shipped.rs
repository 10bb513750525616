//! Small tables that are shipped to the shards of a large one.
//!
//! A table whose rows are copied to each of some shards is there what a reference table is. So the statement is planned
//! once more, by a schema that says so: where that plan needs no gathering, the large table's rows stay where they are.

use crate::sharding::{Copied, DatabaseId, Placement, Schema, ShardId, ShardSet};
use crate::sql::{Mode, Shape};

use super::gather::{Choice, From, GatherPlan, Gathered, Role, Source};
use super::{Action, Binding, Context, Gathers, Plan, Route, StatementKind};

/// A table of a statement, with all places of the text that name it.
#[derive(Debug, Clone)]
pub struct Parcel {
    pub database: DatabaseId,
    /// What of it the statement needs.
    pub gathered: Gathered,
    /// Where it is.
    places: ShardSet,
    may_be_shipped: bool,
}

/// What is asked of the shards when some tables have been shipped to them.
#[derive(Debug, Clone)]
pub struct Shipped {
    /// That the plan is made with.
    pub schema: Schema,
    pub plan: Plan,
    /// Never of one shard alone.
    pub route: Route,
    /// Who gets the tables.
    pub shards: ShardSet,
}

/// A statement that is to be planned again.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// How it is gathered.
    pub plan: &'a Plan,
    pub input: Binding<'a>,
    pub shape: &'a Shape,
    pub database: Option<DatabaseId>,
}

impl GatherPlan {
    /// The tables of which one may stay where it is while others are shipped to it. `None`: there are none such.
    pub fn parcels(&self, input: &Binding<'_>) -> Option<Vec<Parcel>> {
        let mut parcels: Vec<Parcel> = Vec::new();
        for (place, source) in self.sources.iter().enumerate() {
            if source.role != Role::Read || matches!(source.from, From::System | From::Catalog(_)) {
                return None;
            }
            if source.is_reference(input.schema) {
                continue;
            }
            let parcel = source.parcel(place, input)?;
            let is_same = |known: &&mut Parcel| {
                known.database == parcel.database && known.gathered.written == parcel.gathered.written
            };
            match parcels.iter_mut().find(is_same) {
                Some(known) => known.unite(parcel, input.mode),
                None => parcels.push(parcel),
            }
        }
        (parcels.len() > 1).then_some(parcels)
    }
}

impl Source {
    fn is_reference(&self, schema: &Schema) -> bool {
        let table = self.table.and_then(|id| id.table(schema));
        table.is_some_and(|table| matches!(table.placement, Placement::Reference(_)))
    }

    fn parcel(&self, place: usize, input: &Binding<'_>) -> Option<Parcel> {
        let choice =
            Choice { preferred: &ShardSet::empty(), may_use_copies: false, may_filter: true, may_condense: false };
        let places = self.places(input.schema);
        let mut gathered = self.gathered(place, places.first()?, input, choice);
        gathered.temporary = format!("shardgate_shipped_{place}");
        Some(Parcel { database: self.database?, gathered, places, may_be_shipped: !self.is_hinted })
    }
}

impl Parcel {
    /// Adds what another place that names the table needs of it.
    fn unite(&mut self, other: Self, mode: Mode) {
        // MySQL opens a temporary table once in a statement.
        self.may_be_shipped &= other.may_be_shipped && mode.mariadb;
        let (own, other) = (&mut self.gathered, other.gathered);
        own.filter.clear();
        own.at_most = None;
        own.columns = match (own.columns.take(), other.columns) {
            (Some(mut columns), Some(more)) => {
                columns.extend(more.into_iter().filter(|name| !columns.contains(name)).collect::<Vec<_>>());
                Some(columns)
            }
            _ => None,
        };
        let is_new = |(shard, _): &(ShardId, Vec<u8>)| !own.fetches.iter().any(|(known, _)| known == shard);
        let more: Vec<_> = other.fetches.into_iter().filter(is_new).collect();
        own.fetches.extend(more);
    }
}

/// Whether there is a table that can stay where it is, if all others are shipped to it.
pub fn may_help(parcels: &[Parcel], asked: &Asked<'_>) -> bool {
    (0..parcels.len()).any(|kept| {
        let others = parcels.iter().enumerate().filter(|(place, _)| *place != kept);
        let others: Vec<Parcel> = others.map(|(_, parcel)| parcel.clone()).collect();
        plan(&others, &parcels[kept..=kept], asked).is_some()
    })
}

/// How many of the tables are shipped, of `parcels` with these `sizes` (in rows, the smallest first), so that no more rows
/// move than in gathering all. `None`: there is no such way, or not even `least` rows would be gathered. `least` 0 asks for
/// any such way, whatever it moves.
pub fn cheapest(parcels: &[Parcel], sizes: &[u64], least: u64, asked: &Asked<'_>) -> Option<(usize, Shipped)> {
    let all: u64 = sizes.iter().sum();
    if all < least {
        return None;
    }
    (1..parcels.len()).find_map(|count| {
        let moved: u64 = sizes[..count].iter().sum();
        let shipped = plan(&parcels[..count], &parcels[count..], asked)?;
        let is_less = moved.saturating_mul(shipped.shards.len() as u64) <= all;
        (is_less || least == 0).then_some((count, shipped))
    })
}

/// The plan with all of `parcels` but those in `kept` shipped. `None`: the statement would be gathered all the same.
fn plan(parcels: &[Parcel], kept: &[Parcel], asked: &Asked<'_>) -> Option<Shipped> {
    if !parcels.iter().all(|parcel| parcel.may_be_shipped) {
        return None;
    }
    let mut shards = ShardSet::empty();
    kept.iter().for_each(|parcel| shards.union_with(&parcel.places));
    let copied = parcels.iter().map(|parcel| Copied {
        database: parcel.database,
        table: &parcel.gathered.written,
        physical: &parcel.gathered.temporary,
    });
    let (before, mentioned) = (asked.input, asked.plan.names.mentioned());
    let schema = before.schema.with_copies(&copied.collect::<Vec<_>>(), &shards, mentioned);
    let ctx = Context {
        schema: &schema,
        database: asked.database,
        in_catalog: false,
        mode: before.mode,
        gathers: Gathers::IfNeeded,
    };
    let mut plan = super::plan(before.sql, asked.shape, &ctx).ok().filter(|plan| plan.kind == StatementKind::Read)?;
    let Action::Route(template) = &mut plan.action else { return None };
    // What cannot be done with the tables where they are now is done with them where they were.
    template.gather = None;
    let route = match plan.bind(&Binding { schema: &schema, ..before }).ok()? {
        Route::One(shard) => Route::Scatter(ShardSet::single(shard)),
        Route::Any(any) => Route::Scatter(ShardSet::single(any.first()?)),
        route @ (Route::Scatter(_) | Route::Merge(_) | Route::Regroup(_)) => route,
        Route::Split(_) | Route::Gather | Route::Staged | Route::Load(_) => return None,
    };
    let (Route::Scatter(shards) | Route::Merge(shards) | Route::Regroup(shards)) = &route else { return None };
    let shards = shards.clone();
    Some(Shipped { schema, plan, route, shards })
}
