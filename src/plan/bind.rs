//! From the values of one statement to its shards.

use crate::sharding::{Located, Part, Schema, ShardId, ShardSet};

use super::gather::GatherPlan;
use super::merged::{Instead, MergePlan};
use super::narrow::{Known, Narrow, TableId};
use super::numbering::{Number, State};
use super::regroup::RegroupPlan;
use super::staged::StagePlan;
use super::{Action, Binding, Plan, PlanError, Renames, Route, ShardRows};

/// Where a statement goes, but for the values that it compares shard keys with.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteTemplate {
    pub(super) target: Target,
    /// Values that an UPDATE gives to shard keys, where they are known: they must not move a row.
    pub(super) assigned: Vec<(TableId, Option<Known>)>,
    /// What is done where no route within the shards is right: for a read,
    pub(super) gather: Option<Box<GatherPlan>>,
    /// and for a write.
    pub(super) staged: Option<Box<StagePlan>>,
    /// What the rows of an INSERT into a reference table say of the column that servers number.
    pub(super) copied: Vec<Number>,
    /// What an UPDATE gives to a column that a sequence numbers.
    pub(super) renumbered: Option<(TableId, Known)>,
}

/// What decides the route.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Target {
    /// Nothing in the values.
    Fixed(Route),
    Narrowed(Narrowed),
    /// The key that a row to be stored has.
    Placed {
        table: TableId,
        key: Known,
        others: Narrowed,
    },
}

/// A statement on sharded tables.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Narrowed {
    /// FROM is spread by shard key: the shards of this table's rows have the whole answer.
    pub(super) spread: Option<(TableId, Narrow)>,
    /// What the statement may not do on several shards.
    pub(super) refused: Option<String>,
    /// How the rows of several shards can be merged all the same.
    pub(super) merge: Option<Box<MergePlan>>,
    /// How groups of several shards become those of all.
    pub(super) regroup: Option<Box<RegroupPlan>>,
    /// What each of the sharded tables needs.
    pub(super) tables: Vec<(TableId, Narrow)>,
    /// Where the other tables are; `None` if there are none.
    pub(super) at: Option<ShardSet>,
    pub(super) is_write: bool,
}

impl RouteTemplate {
    pub(super) fn fixed(route: Route) -> Self {
        Self::to(Target::Fixed(route))
    }

    /// On all of these shards, or the only one.
    pub(super) fn on_all(places: ShardSet) -> Self {
        Self::fixed(match (places.first(), places.len()) {
            (Some(only), 1) => Route::One(only),
            _ => Route::Scatter(places),
        })
    }

    pub(super) fn narrowed(narrowed: Narrowed) -> Self {
        Self::to(Target::Narrowed(narrowed))
    }

    pub(super) fn to(target: Target) -> Self {
        Self { target, assigned: Vec::new(), gather: None, staged: None, copied: Vec::new(), renumbered: None }
    }

    /// Whether some values of the statement may have no route of this kind.
    pub(super) fn may_be_refused(&self) -> bool {
        match &self.target {
            Target::Fixed(_) => self.copied.len() > 1,
            Target::Narrowed(narrowed) => narrowed.refused.is_some() || narrowed.at.is_some(),
            Target::Placed { .. } => true,
        }
    }

    pub(super) fn merge(&self) -> Option<&MergePlan> {
        match &self.target {
            Target::Narrowed(narrowed) => narrowed.merge.as_deref(),
            Target::Fixed(_) | Target::Placed { .. } => None,
        }
    }

    pub(super) fn regroup(&self) -> Option<&RegroupPlan> {
        match &self.target {
            Target::Narrowed(narrowed) => narrowed.regroup.as_deref(),
            Target::Fixed(_) | Target::Placed { .. } => None,
        }
    }

    pub(super) fn instead(&self, input: &Binding<'_>) -> Option<(Instead, ShardSet)> {
        let Target::Narrowed(narrowed) = &self.target else { return None };
        let merges = narrowed.merge.as_ref().is_some_and(|merge| merge.is_loose && merge.limit(input).is_some());
        let instead = match (merges, narrowed.regroup.is_some()) {
            (true, _) => Instead::Merge,
            (false, true) => Instead::Regroup,
            (false, false) => return None,
        };
        let shards = narrowed.shards(input);
        let are_there = shards.len() > 1 && narrowed.at.as_ref().is_none_or(|at| shards.is_subset_of(at));
        are_there.then_some((instead, shards))
    }

    fn bind(&self, input: &Binding<'_>) -> Result<Route, PlanError> {
        let bound = match &self.target {
            Target::Fixed(route) => self.check_copied(input).map(|()| route.clone()),
            Target::Narrowed(narrowed) => narrowed.bind(input),
            Target::Placed { table, key, others } => others.bind_placed(*table, key, input).map(Route::One),
        };
        let route = match bound {
            Err(PlanError::Unsupported { .. }) if self.gather.is_some() => Route::Gather,
            Err(PlanError::Unsupported { .. } | PlanError::KeyNotLiteral { .. }) if self.staged.is_some() => {
                Route::Staged
            }
            other => other?,
        };
        for (table, key) in &self.assigned {
            let is_kept = match &route {
                Route::One(shard) => place(*table, key.as_ref(), input) == Some(Located::Shard(*shard)),
                Route::Any(_) | Route::Staged | Route::Load(_) => true,
                Route::Scatter(_) | Route::Merge(_) | Route::Regroup(_) | Route::Split(_) | Route::Gather => false,
            };
            match (is_kept, &self.staged) {
                (true, _) => {}
                (false, Some(_)) => return Ok(Route::Staged),
                (false, None) => return Err(PlanError::unsupported("changing the shard key")),
            }
        }
        Ok(route)
    }
}

impl RouteTemplate {
    /// The first copy numbers the rows for all, if they are alike: where only some want a number, others that are numbered at
    /// the same time can come between.
    fn check_copied(&self, input: &Binding<'_>) -> Result<(), PlanError> {
        let states: Vec<State> = self.copied.iter().map(|number| number.state(input)).collect();
        let is_given = |state: &State| matches!(state, State::Given(_));
        match states.len() < 2 || states.iter().all(is_given) || states.iter().all(|state| *state == State::Wanted) {
            true => Ok(()),
            false => Err(PlanError::unsupported(
                "an INSERT into a reference table whose servers number some of the rows: give a number to all of them, or to none",
            )),
        }
    }
}

impl Plan {
    /// The number that an UPDATE gives to rows of a table that a sequence numbers, if it is known and above 0.
    pub fn renumbered(&self, input: &Binding<'_>) -> Option<(TableId, u64)> {
        let Action::Route(template) = &self.action else { return None };
        let (table, number) = template.renumbered.as_ref()?;
        match Number::Known(number.clone()).state(input) {
            State::Given(Some(number)) => Some((*table, number)),
            State::Given(None) | State::Wanted | State::Unclear | State::Unknown => None,
        }
    }

    /// Whether the numbers that the first copy of a reference table gives to the rows are to be those of the others.
    pub fn numbers_copies(&self, input: &Binding<'_>) -> bool {
        match &self.action {
            Action::Route(template) => {
                template.copied.iter().any(|number| !matches!(number.state(input), State::Given(_)))
            }
            Action::Insert(_) | Action::Control(_) | Action::LocalSelect(_) => false,
        }
    }
}

fn place(table: TableId, key: Option<&Known>, input: &Binding<'_>) -> Option<Located> {
    Some(table.sharded(input.schema)?.place(&key?.value(input)))
}

impl Narrowed {
    fn bind(&self, input: &Binding<'_>) -> Result<Route, PlanError> {
        if let Some(shard) = self.key_shard(input) {
            return self.one(shard);
        }
        let shards = self.shards(input);
        match shards.len() {
            0 => self.any_shard(input.schema),
            1 => shards.first().map_or_else(|| self.any_shard(input.schema), |shard| self.one(shard)),
            _ => self.several(shards, input),
        }
    }

    /// The shard of `key = value` on one table: the way of most statements, without a set.
    fn key_shard(&self, input: &Binding<'_>) -> Option<ShardId> {
        match (&self.spread, self.tables.as_slice()) {
            (Some((_, narrow)), _) | (None, [(_, narrow)]) => narrow.key_shard(input),
            (None, _) => None,
        }
    }

    fn shards(&self, input: &Binding<'_>) -> ShardSet {
        match &self.spread {
            Some((table, narrow)) => shards_of(*table, narrow, input),
            None => self.shards_of_all(input),
        }
    }

    /// All shards that any of the tables needs.
    fn shards_of_all(&self, input: &Binding<'_>) -> ShardSet {
        let mut all = ShardSet::empty();
        for (table, narrow) in &self.tables {
            all.union_with(&shards_of(*table, narrow, input));
        }
        all
    }

    fn one(&self, shard: ShardId) -> Result<Route, PlanError> {
        match &self.at {
            Some(at) if !at.contains(shard) => Err(PlanError::unsupported("a statement on tables of several shards")),
            _ => Ok(Route::One(shard)),
        }
    }

    /// No row can matter: any shard that has the tables answers with the right columns.
    fn any_shard(&self, schema: &Schema) -> Result<Route, PlanError> {
        let mut shards = ShardSet::empty();
        for (table, _) in &self.tables {
            shards.union_with(&table.table(schema).map(|table| table.shard_set()).unwrap_or_default());
        }
        if let Some(at) = &self.at {
            shards.intersect_with(at);
        }
        match shards.first() {
            Some(first) if self.is_write => Ok(Route::One(first)),
            Some(_) => Ok(Route::Any(shards)),
            None => Err(PlanError::unsupported("a statement on tables of several shards")),
        }
    }

    fn several(&self, shards: ShardSet, input: &Binding<'_>) -> Result<Route, PlanError> {
        self.check_keys(input)?;
        let is_merged = self.merge.as_ref().is_some_and(|merge| !merge.is_loose && merge.limit(input).is_some());
        let is_regrouped = self.regroup.as_ref().is_some_and(|regroup| !regroup.is_loose);
        if let Some(feature) = self.refused.as_ref().filter(|_| !is_merged && !is_regrouped) {
            return Err(PlanError::unsupported(feature.as_str()));
        }
        match &self.at {
            Some(at) if !shards.is_subset_of(at) => {
                Err(PlanError::unsupported("a statement on tables of several shards"))
            }
            _ if is_merged => Ok(Route::Merge(shards)),
            _ if is_regrouped => Ok(Route::Regroup(shards)),
            _ => Ok(Route::Scatter(shards)),
        }
    }

    /// Several shards are needed: for a table whose rule wants the key to be told, only if it is told; and not because it is
    /// not known what a value is beside the key, if the rule refuses that.
    fn check_keys(&self, input: &Binding<'_>) -> Result<(), PlanError> {
        check_keys(&self.tables, self.is_write, input)
    }

    /// Whether everything that is read is on each of `shards` alike.
    pub(super) fn check_within(&self, shards: &ShardSet, input: &Binding<'_>) -> Result<(), PlanError> {
        let read = self.shards_of_all(input);
        let is_read_there = read.is_empty() || shards.len() == 1 && read.is_subset_of(shards);
        let is_there = self.at.as_ref().is_none_or(|at| shards.is_subset_of(at));
        if is_read_there && is_there {
            Ok(())
        } else {
            Err(PlanError::unsupported("an INSERT that reads other shards"))
        }
    }

    /// The shard where a row with this key is stored, if everything that is read is there.
    fn bind_placed(&self, table: TableId, key: &Known, input: &Binding<'_>) -> Result<ShardId, PlanError> {
        let found = table.table(input.schema).zip(table.sharded(input.schema));
        let (of, sharded) = found.ok_or_else(|| PlanError::unsupported("a table without a rule here"))?;
        let value = key.value(input);
        let shard = match sharded.place(&value) {
            Located::Shard(shard) => shard,
            located => return Err(PlanError::unplaced(located, of, sharded, Part::FIRST, &value)),
        };
        if !self.shards_of_all(input).is_subset_of(&ShardSet::single(shard)) {
            return Err(PlanError::unsupported("INSERT ... SELECT from other shards"));
        }
        self.one(shard)?;
        Ok(shard)
    }
}

/// See `Narrowed::check_keys`.
pub(super) fn check_keys(tables: &[(TableId, Narrow)], is_write: bool, input: &Binding<'_>) -> Result<(), PlanError> {
    for (id, narrow) in tables {
        let Some((table, sharded)) = id.table(input.schema).zip(id.sharded(input.schema)) else { continue };
        if narrow.uncertain(input) == Some(*id) {
            let (table, column) = (table.name.clone(), sharded.key_column.clone());
            return Err(PlanError::UncertainKey { table, column, rule: sharded.function.kind() });
        }
        let required = sharded.key_required;
        if (if is_write { required.writes } else { required.reads }) && narrow.shards(input).is_none() {
            let columns = sharded.key_columns().take(sharded.joint.len() + 1);
            let (table, column) = (table.name.clone(), columns.collect::<Vec<_>>().join("' and '"));
            return Err(PlanError::KeyRequired { table, column, rule: sharded.function.kind() });
        }
    }
    Ok(())
}

/// The shards that can hold rows of the table that matter.
fn shards_of(table: TableId, narrow: &Narrow, input: &Binding<'_>) -> ShardSet {
    let all = || table.table(input.schema).map(|table| table.shard_set()).unwrap_or_default();
    narrow.shards(input).unwrap_or_else(all)
}

impl Plan {
    /// The shards that one statement of the plan's shape needs. Allocates nothing where it is one shard and the key's
    /// value is a number or a plain string.
    pub fn bind(&self, input: &Binding<'_>) -> Result<Route, PlanError> {
        match &self.action {
            Action::Route(template) => template.bind(input),
            Action::Insert(template) => template.bind(input),
            Action::Control(_) | Action::LocalSelect(_) => Ok(Route::Any(ShardSet::empty())),
        }
    }

    /// Appends the statement as `shard` must get it to `out`. If that is the client's own text, `out` is left as it
    /// was, and the answer is `false`.
    pub fn render(&self, input: &Binding<'_>, shard: ShardId, out: &mut Vec<u8>) -> bool {
        if !self.is_altered(shard) {
            return false;
        }
        let before = out.len();
        let has_changed = self.names.render(input, shard, 0, input.sql.len(), out);
        if !has_changed {
            out.truncate(before);
        }
        has_changed
    }

    /// How the statement is answered where its route is `Gather`, or where another tier gave up on it.
    pub fn gather(&self) -> Option<&GatherPlan> {
        match &self.action {
            Action::Route(template) => template.gather.as_deref(),
            Action::Insert(_) | Action::Control(_) | Action::LocalSelect(_) => None,
        }
    }

    /// How the statement is staged where its route is `Staged`.
    pub(super) fn staged(&self) -> Option<&StagePlan> {
        match &self.action {
            Action::Route(template) => template.staged.as_deref(),
            Action::Insert(template) => template.staged.as_deref(),
            Action::Control(_) | Action::LocalSelect(_) => None,
        }
    }

    /// Appends the INSERT of `rows` alone to `out`.
    pub fn render_rows(&self, input: &Binding<'_>, rows: &ShardRows, out: &mut Vec<u8>) {
        match &self.action {
            Action::Insert(template) => template.render(&self.names, input, rows, out),
            Action::Route(_) | Action::Control(_) | Action::LocalSelect(_) => {
                if !self.render(input, rows.shard, out) {
                    out.extend_from_slice(input.sql);
                }
            }
        }
    }

    /// An INSERT of rows with RETURNING.
    pub fn returns_rows(&self) -> bool {
        matches!(&self.action, Action::Insert(template) if template.returns)
    }

    /// INSERT that does nothing to rows which are there already.
    pub fn only_adds_rows(&self) -> bool {
        matches!(&self.action, Action::Insert(template) if !template.meets_rows)
    }

    /// INSERT IGNORE
    pub fn ignores_duplicates(&self) -> bool {
        matches!(&self.action, Action::Insert(template) if template.ignores)
    }

    /// INSERT ... ON DUPLICATE KEY UPDATE
    pub fn updates_duplicates(&self) -> bool {
        matches!(&self.action, Action::Insert(template) if template.updates)
    }

    /// The parameters that `render_rows` leaves in the text, in order, as indexes of the whole statement's.
    pub fn params_of(&self, rows: &ShardRows, count: u16) -> Vec<u16> {
        match &self.action {
            Action::Insert(template) => template.params_of(rows, count),
            Action::Route(_) | Action::Control(_) | Action::LocalSelect(_) => (0..count).collect(),
        }
    }

    /// Whether column definitions of a result from `shard` must be changed.
    pub fn is_renamed(&self, shard: ShardId) -> bool {
        self.renamed.contains(shard)
    }

    /// Names that the column definitions of a result from `shard` must have changed, from physical to logical.
    pub fn renames<'s>(&self, schema: &'s Schema, shard: ShardId) -> Renames<'s> {
        if !self.is_renamed(shard) {
            return Renames::default();
        }
        Renames { in_rows: self.tells_names, ..self.names.renames(schema, shard) }
    }
}
