//! EXPLAIN ROUTE: a plan as rows for people.

use crate::sharding::{Schema, ShardId, ShardSet};

use super::condensed::CondensedQuery;
use super::gather::{Choice, Gathered, Gathering};
use super::shipped::{Parcel, Shipped};
use super::staged::StageKind;
use super::{Action, Binding, Plan, PlanError, Route};

/// One row: what one shard gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// From 1.
    pub step: u32,
    /// `local`, `relay`, `scatter`, `merge`, `regroup`, `ship`, `gather` or `staged`.
    pub tier: &'static str,
    /// Empty if no shard is asked.
    pub shard: String,
    /// Index into the configured replica sets.
    pub replica_set: Option<u16>,
    /// The physical schema.
    pub schema: String,
    /// The text for the shard.
    pub sql: Vec<u8>,
    /// How the shards' answers become one: empty, `any one`, `concatenate`, `merge by order`, `sum of affected rows`,
    /// `one of equal copies`, `into a temporary table`, `its answer into a temporary table` (of a query that is answered
    /// by itself, by a route of its own), `groups into a temporary table`, `over the temporary tables`, and for what a staged write tells
    /// the shards `changed rows by primary key`, `deleted rows by primary key`, `new rows by shard key`.
    pub merge: &'static str,
    /// It cannot be run by itself: it needs what the steps before it have left there.
    pub follows_others: bool,
}

/// `Step::merge` of the statement over what was gathered.
const OVER_GATHERED: &str = "over the temporary tables";

/// The same of a query whose answer alone is gathered.
pub(super) const ITS_ANSWER: &str = "its answer into a temporary table";

/// The same of what tells the shards what a staged write did.
const WRITES_BACK: [&str; 3] = ["changed rows by primary key", "deleted rows by primary key", "new rows by shard key"];

/// The steps of a statement for which these tables are shipped: a row for each shard that is asked for rows of them, and
/// then those of the statement.
pub fn shipped_steps(parcels: &[Parcel], shipped: &Shipped, input: &Binding<'_>) -> Result<Vec<Step>, PlanError> {
    let fetches = parcels.iter().flat_map(|parcel| fetches_of(&parcel.gathered));
    let fetched = fetches.flat_map(|(shard, sql)| {
        rows("ship", "into a temporary table on each shard", vec![(shard, sql)], input.schema)
    });
    let there = Binding { schema: &shipped.schema, ..*input };
    let over = steps(&shipped.plan, &there)?.into_iter().map(|step| Step { follows_others: true, ..step });
    Ok(fetched.chain(over).zip(1..).map(|(step, number)| Step { step: number, ..step }).collect())
}

/// The steps of one statement.
pub fn steps(plan: &Plan, input: &Binding<'_>) -> Result<Vec<Step>, PlanError> {
    if matches!(plan.action, Action::Control(_) | Action::LocalSelect(_)) {
        let sql = input.sql.to_vec();
        let local = Step {
            step: 1,
            tier: "local",
            shard: String::new(),
            replica_set: None,
            schema: String::new(),
            sql,
            merge: "",
            follows_others: false,
        };
        return Ok(vec![local]);
    }
    let merge_of_many = match (plan.kind.is_write(), plan.writes_copies) {
        (_, true) => "one of equal copies",
        (true, false) => "sum of affected rows",
        (false, false) => "concatenate",
    };
    let of_text = |shard: ShardId| {
        let mut text = Vec::new();
        if plan.render(input, shard, &mut text) { text } else { input.sql.to_vec() }
    };
    let share = |shard: ShardId| {
        let mut text = Vec::new();
        (shard, if plan.render_share(input, shard, &mut text) { text } else { input.sql.to_vec() })
    };
    let texts: Vec<(ShardId, Vec<u8>)> = match plan.bind(input)? {
        Route::One(shard) => return Ok(rows("relay", "", vec![(shard, of_text(shard))], input.schema)),
        Route::Any(shards) => {
            let one = shards.first().map(|shard| (shard, of_text(shard)));
            return Ok(rows("relay", "any one", one.into_iter().collect(), input.schema));
        }
        Route::Scatter(shards) => shards.iter().map(share).collect(),
        Route::Merge(shards) => {
            let texts = plan.merge().map_or(Vec::new(), |merge| plan.render_merged(merge, input, &shards));
            return Ok(rows("merge", "merge by order", texts, input.schema));
        }
        Route::Regroup(shards) => return Ok(regrouped(plan, input, &shards)),
        Route::Gather => return Ok(gathered(plan, input, false)),
        Route::Staged => return Ok(staged(plan, input)),
        Route::Load(shards) => {
            let texts = shards.iter().map(|shard| (shard, plan.render_load(input, shard)));
            let way = if plan.writes_copies { "load" } else { "load by shard key" };
            return Ok(rows(way, "load", texts.collect(), input.schema));
        }
        Route::Split(parts) => {
            let text = |part: &super::ShardRows| {
                let mut text = Vec::new();
                plan.render_rows(input, part, &mut text);
                (part.shard, text)
            };
            parts.iter().map(text).collect()
        }
    };
    Ok(rows("scatter", merge_of_many, texts, input.schema))
}

/// The steps of a statement that is gathered, where queries in it are answered by themselves.
pub fn condensed_steps(plan: &Plan, input: &Binding<'_>) -> Vec<Step> {
    gathered(plan, input, true)
}

/// A row for each table and shard, and one for the statement that runs over their rows.
fn gathered(plan: &Plan, input: &Binding<'_>, may_condense: bool) -> Vec<Step> {
    let choice = Choice { preferred: &ShardSet::empty(), may_use_copies: true, may_filter: true, may_condense };
    let Some(gathering) = plan.gather().map(|gather| gather.bind(input, choice)) else { return Vec::new() };
    let steps = gathering_steps(gathering, input.schema);
    steps.zip(1..).map(|(step, number)| Step { step: number, ..step }).collect()
}

/// The same for a write, and a row for each shard that may be written afterwards.
fn staged(plan: &Plan, input: &Binding<'_>) -> Vec<Step> {
    let Some(staging) = plan.staging(input, &ShardSet::empty()) else { return Vec::new() };
    let (verb, merge) = match &staging.kind {
        StageKind::Update { .. } => ("UPDATE", WRITES_BACK[0]),
        StageKind::Delete => ("DELETE FROM", WRITES_BACK[1]),
        StageKind::Insert(how) => (how.verb, WRITES_BACK[2]),
    };
    let between: &[u8] = if staging.kind.inserts() { b" INTO " } else { b" " };
    let places = staging.targets.iter().flat_map(|target| &target.places);
    let written: Vec<Step> = places
        .flat_map(|(shard, name)| {
            let sql = [verb.as_bytes(), between, name].concat();
            rows("staged", merge, vec![(*shard, sql)], input.schema)
        })
        .collect();
    let steps = gathering_steps(staging.gathering, input.schema).map(|step| Step { tier: "staged", ..step });
    steps.chain(written).zip(1..).map(|(step, number)| Step { step: number, ..step }).collect()
}

fn gathering_steps(gathering: Gathering, schema: &Schema) -> impl Iterator<Item = Step> {
    let one = |merge, id, sql| rows("gather", merge, vec![(id, sql)], schema);
    let mut all: Vec<Step> = gathering.condensed.into_iter().map(condensed_step).collect();
    for mut source in gathering.sources {
        source.show_reductions();
        all.extend(fetches_of(&source).flat_map(|(id, sql)| one("into a temporary table", id, sql)));
    }
    all.extend(one(OVER_GATHERED, gathering.scratch, gathering.text));
    all.into_iter()
}

/// A query that is answered by itself, whichever way that goes.
fn condensed_step(query: CondensedQuery) -> Step {
    Step {
        step: 1,
        tier: "gather",
        shard: String::new(),
        replica_set: None,
        schema: String::new(),
        sql: query.sql,
        merge: ITS_ANSWER,
        follows_others: false,
    }
}

/// What each shard is asked for the rows of a table.
fn fetches_of(source: &Gathered) -> impl Iterator<Item = (ShardId, Vec<u8>)> {
    source.fetches.iter().map(|(shard, from)| {
        let columns = source.columns.as_ref().map_or("*".to_owned(), |columns| columns.join(", "));
        (*shard, [format!("SELECT {columns}").as_bytes(), from, &source.filter, &source.locking].concat())
    })
}

/// A row for the groups of each shard, and one for the statement that runs over all of them.
fn regrouped(plan: &Plan, input: &Binding<'_>, shards: &ShardSet) -> Vec<Step> {
    let Some(regrouping) = plan.regrouping(input, shards) else { return Vec::new() };
    let text = regrouping.shown();
    let mut all = rows("regroup", "groups into a temporary table", regrouping.groups, input.schema);
    let last = rows("regroup", OVER_GATHERED, vec![(regrouping.scratch, text)], input.schema);
    all.extend(last.into_iter().map(|step| Step { step: all.len() as u32 + 1, ..step }).collect::<Vec<_>>());
    all
}

fn rows(tier: &'static str, merge: &'static str, texts: Vec<(ShardId, Vec<u8>)>, schema: &Schema) -> Vec<Step> {
    let row = |(index, (id, sql)): (usize, (ShardId, Vec<u8>))| {
        let shard = schema.shard(id);
        Step {
            step: index as u32 + 1,
            tier,
            shard: shard.name.clone(),
            replica_set: Some(shard.replica_set.0),
            schema: shard.schema.clone(),
            sql,
            merge,
            follows_others: merge == OVER_GATHERED || WRITES_BACK.contains(&merge),
        }
    };
    texts.into_iter().enumerate().map(row).collect()
}
