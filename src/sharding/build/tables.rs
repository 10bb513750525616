//! The tables of one database: placements, physical names, colocation.

use std::collections::HashMap;

use crate::sharding::colocation;
use crate::sharding::function::{Function, FunctionSpec};
use crate::sharding::key::KeyType;
use crate::sharding::schema::{Schema, compare_names, same_name};
use crate::sharding::shard_set::{ShardId, ShardSet};
use crate::sharding::table::{ColocationId, KeyColumn, KeyFacts, Parent, Physical, Placement, Sharded, Table, Within};

use super::error::{self, Place, RuleError, RuleProblem};
use super::{
    DatabaseSpec, MAX_TABLES, Names, PhysicalSpec, PlacementSpec, ShardedSpec, ShardsSpec, TableSpec, WithinSpec,
    folded,
};

/// What the tables of a database can refer to.
pub(super) struct Scope<'a> {
    pub(super) schema: &'a Schema,
    pub(super) shards: &'a ShardSet,
    pub(super) names: &'a Names,
    /// Index of the database, for places.
    pub(super) database: usize,
}

type Errors = Vec<RuleError>;

impl Scope<'_> {
    /// The database's shard of this name.
    pub(super) fn shard(&self, name: &str) -> Result<ShardId, RuleProblem> {
        let named = self.names.shards.get(&folded(name)).copied();
        let found = named.filter(|shard| self.shards.contains(*shard));
        found.ok_or_else(|| {
            if named.is_some() {
                return RuleProblem::ShardElsewhere(name.to_owned());
            }
            const SHOWN: usize = 16;
            let known = self.shards.iter().map(|shard| self.schema.shard(shard).name.as_str());
            let mut known: Vec<&str> = known.take(SHOWN + 1).collect();
            if known.len() > SHOWN {
                known[SHOWN] = "...";
            }
            RuleProblem::UnknownShard { name: name.to_owned(), known: known.join(", ") }
        })
    }

    /// The tables, sorted by name. Tables in error are left out.
    pub(super) fn build(&self, spec: &DatabaseSpec, default: Option<ShardId>, errors: &mut Errors) -> Vec<Table> {
        let mut built: Vec<(usize, Table)> = Vec::new();
        if spec.tables.len() > MAX_TABLES {
            let problem = RuleProblem::TooMany { what: "tables with a rule", max: MAX_TABLES };
            errors.push(RuleError::new(self.place(MAX_TABLES), "name", problem));
            return Vec::new();
        }
        let by_name = TablesByName::of(spec);
        for (index, table) in spec.tables.iter().enumerate() {
            let at = self.place(index);
            error::check_name(&table.name, at, "name", errors);
            let is_first = by_name.0.get(&folded(&table.name)) == Some(&index);
            if !is_first {
                errors.push(RuleError::new(at, "name", RuleProblem::duplicate("table", &table.name)));
            }
            let wrong_pattern = wrong_pattern(table);
            let is_named = is_first && wrong_pattern.is_none();
            errors.extend(wrong_pattern.map(|reason| RuleError::new(at, "name", RuleProblem::BadName(reason))));
            let placement = self.placement((spec, &by_name), index, default, errors);
            let physical = match &placement {
                Some(placement) => physical_names(table, placement).map(Some),
                None => check_physical_names(table).map(|()| None),
            };
            match (placement, physical) {
                (Some(placement), Ok(Some(physical))) if is_named => {
                    let (name, columns) = (table.name.clone(), table.columns.clone());
                    built.push((index, Table { name, placement, columns, is_mixed: false, physical }));
                }
                (_, Ok(_)) => {}
                // What stands for several tables has no such names; that has been said.
                (_, Err(_)) if is_first && !is_named => {}
                (_, Err(problem)) => errors.push(RuleError::new(at, "physical", problem)),
            }
        }
        self.check_physical(&built, errors);
        let mut tables: Vec<Table> = built.into_iter().map(|(_, table)| table).collect();
        tables.sort_by(|left, right| compare_names(&left.name, &right.name));
        colocation::assign(&mut tables);
        tables
    }

    fn place(&self, table: usize) -> Place {
        Place::Table { database: self.database, table }
    }

    fn placement(
        &self,
        spec: (&DatabaseSpec, &TablesByName),
        index: usize,
        default: Option<ShardId>,
        errors: &mut Errors,
    ) -> Option<Placement> {
        match &spec.0.tables[index].placement {
            PlacementSpec::Reference => Some(Placement::Reference(self.schema.distinct_copies(self.shards))),
            PlacementSpec::Single(None) => default.map(Placement::Single),
            PlacementSpec::Single(Some(name)) => self.named_shard(index, "shard", name, errors).map(Placement::Single),
            PlacementSpec::Sharded(sharded) => self.sharded(spec, index, sharded, errors).map(Placement::Sharded),
        }
    }

    fn named_shard(&self, table: usize, key: &'static str, name: &str, errors: &mut Errors) -> Option<ShardId> {
        self.shard(name).map_err(|unknown| errors.push(RuleError::new(self.place(table), key, unknown))).ok()
    }

    fn sharded(
        &self,
        (spec, by_name): (&DatabaseSpec, &TablesByName),
        index: usize,
        own: &ShardedSpec,
        errors: &mut Errors,
    ) -> Option<Sharded> {
        let at = self.place(index);
        let before = errors.len();
        error::check_name(&own.key_column, at, "shard_key", errors);
        self.check_key_column(&spec.tables[index], own, at, errors);
        let (of, parent) = placed_by(spec, by_name, index)
            .map_err(|problem| errors.push(RuleError::new(at, "parent", problem)))
            .ok()?;
        let effective =
            resolve(spec, by_name, of).map_err(|problem| errors.push(RuleError::new(at, "colocated_with", problem)));
        let effective = effective.ok()?;
        let key = effective.key.unwrap_or(KeyType::INTEGER);
        for (missing, name) in [(effective.function.is_none(), "function"), (effective.shards.is_none(), "shards")] {
            if missing {
                errors.push(RuleError::new(at, name, RuleProblem::Missing));
            }
        }
        let shard_spec = effective.shards?;
        let shards = self.listed_shards(index, shard_spec, errors)?;
        let listed = shard_spec.names().count();
        let mut own_shard = |key: &'static str, name: &Option<String>| {
            name.as_deref().and_then(|name| self.own_shard(index, key, name, (shard_spec, &shards), errors))
        };
        let null_key = own_shard("null_key", &own.null_key);
        let of_parent = match &spec.tables[of].placement {
            PlacementSpec::Sharded(root) if own.parent.is_some() => root.out_of_range.as_ref(),
            _ => None,
        };
        let out_of_range = own_shard("out_of_range", &own.out_of_range.as_ref().or(of_parent).cloned());
        if !own.joint.is_empty() {
            errors.extend(check_joint(own).map(|problem| RuleError::new(at, "shard_key", problem)));
        }
        let within = own.within.as_ref().and_then(|within| {
            let built = build_within(within, own, shard_spec, listed);
            built.map_err(|problem| errors.push(RuleError::new(at, "within", problem))).ok()
        });
        let size_of_parent = parent.as_ref().and_then(|_| size_of_groups(&spec.tables[of]));
        let size = within.as_ref().map(|within| within.size).or(size_of_parent);
        let groups = size.map_or(listed, |size| listed / size.max(1));
        // A child has the function of its first parent, and never asks it.
        let joint = match (&parent, &spec.tables[of].placement) {
            (Some(_), PlacementSpec::Sharded(root)) => &root.joint,
            _ => &own.joint,
        };
        let columns: Vec<KeyType> = std::iter::once(key).chain(joint.iter().map(|column| column.key)).collect();
        let function = build_function(effective.function?, shard_spec, groups, &columns).map_err(|(key, problem)| {
            errors.push(RuleError::new(at, key, problem));
        });
        let joint = own.joint.iter().map(|column| KeyColumn {
            name: column.column.clone(),
            key: column.key,
            key_facts: KeyFacts::default(),
        });
        (errors.len() == before).then_some(Sharded {
            key_column: own.key_column.clone(),
            key,
            function: function.ok()?,
            shards,
            colocation: ColocationId(0),
            null_key,
            out_of_range,
            key_required: own.key_required,
            refuses_uncertain: own.refuses_uncertain,
            auto_increment_per_shard: own.auto_increment_per_shard,
            sequence: own.sequence.clone(),
            within: within.map(Box::new),
            joint: joint.collect(),
            alike: None,
            parent: parent.map(Box::new),
            referred: Vec::new(),
            key_facts: key_facts(&spec.tables[index], own),
        })
    }

    fn check_key_column(&self, table: &TableSpec, own: &ShardedSpec, at: Place, errors: &mut Errors) {
        let Some(columns) = &table.columns else { return };
        let within = own.within.iter().map(|within| (&within.key_column, "within"));
        let joint = own.joint.iter().map(|column| (&column.column, "shard_key"));
        for (name, key) in std::iter::once((&own.key_column, "shard_key")).chain(within).chain(joint) {
            match columns.iter().find(|column| same_name(&column.name, name)) {
                None => {
                    let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
                    let problem = RuleProblem::UnknownColumn { column: name.clone(), known: known.join(", ") };
                    errors.push(RuleError::new(at, key, problem));
                }
                Some(column) if column.auto_increment && own.auto_increment_per_shard => {
                    errors.push(RuleError::new(at, "auto_increment", RuleProblem::NumberedKey));
                }
                Some(_) => {}
            }
        }
    }

    /// The shards of the list that are known; what is wrong with others is reported. `None`, reported, if there are none in it.
    fn listed_shards(&self, table: usize, spec: &ShardsSpec, errors: &mut Errors) -> Option<Vec<ShardId>> {
        let mut shards: Vec<ShardId> = Vec::new();
        let mut listed = ShardSet::empty();
        for name in spec.names() {
            let Some(shard) = self.named_shard(table, "shards", name, errors) else { continue };
            if listed.contains(shard) {
                let problem = RuleProblem::duplicate("shard", name);
                errors.push(RuleError::new(self.place(table), "shards", problem));
            }
            listed.insert(shard);
            shards.push(shard);
        }
        if spec.names().next().is_none() {
            errors.push(RuleError::new(self.place(table), "shards", RuleProblem::Empty("list of shards")));
            return None;
        }
        Some(shards)
    }

    /// The table's shard of this name, which `key` of its rule gives: one of its list, and of those that are known.
    fn own_shard(
        &self,
        table: usize,
        key: &'static str,
        name: &str,
        (list, shards): (&ShardsSpec, &[ShardId]),
        errors: &mut Errors,
    ) -> Option<ShardId> {
        if !list.names().any(|listed| same_name(listed, name)) {
            let own = list.names().collect::<Vec<_>>().join(", ");
            let problem = RuleProblem::ForeignShard { name: name.to_owned(), own };
            errors.push(RuleError::new(self.place(table), key, problem));
        }
        shards.iter().copied().find(|shard| same_name(&self.schema.shard(*shard).name, name))
    }

    /// No two tables, and no two shards of one table, may be the same physical table.
    fn check_physical(&self, tables: &[(usize, Table)], errors: &mut Errors) {
        // By physical name: the tables that have it, and the shards where they do.
        let mut taken: HashMap<String, Vec<(usize, ShardSet)>> = HashMap::new();
        for (position, (index, table)) in tables.iter().enumerate() {
            for (physical, shards) in physical_places(table) {
                let owners = taken.entry(folded(physical)).or_default();
                if let Some(problem) = self.clash(tables, owners, position, physical, &shards) {
                    errors.push(RuleError::new(self.place(*index), "physical", problem));
                    break;
                }
                owners.push((position, shards));
            }
        }
    }

    /// Why a table cannot have this name on these shards.
    fn clash(
        &self,
        tables: &[(usize, Table)],
        owners: &[(usize, ShardSet)],
        position: usize,
        physical: &str,
        shards: &ShardSet,
    ) -> Option<RuleProblem> {
        let here: ShardSet = shards.iter().map(|shard| self.place_of(shard)).collect();
        let problem = |schema: ShardId, other: String| RuleProblem::PhysicalClash {
            physical: physical.to_owned(),
            schema: self.schema.shard(schema).schema.clone(),
            other,
        };
        let named = |shard: ShardId| format!("shard \"{}\"", self.schema.shard(shard).name);
        if here.len() < shards.len() {
            let mut seen = ShardSet::empty();
            let twice = shards.iter().find(|shard| {
                let place = self.place_of(*shard);
                let is_there = seen.contains(place);
                seen.insert(place);
                is_there
            })?;
            let first = shards.iter().find(|shard| self.place_of(*shard) == self.place_of(twice))?;
            return Some(problem(twice, named(first)));
        }
        owners.iter().find_map(|(owner, theirs)| {
            let on = theirs.iter().find(|shard| here.contains(self.place_of(*shard)))?;
            let other = match *owner == position {
                true => named(on),
                false => format!("table \"{}\"", tables[*owner].1.name),
            };
            Some(problem(on, other))
        })
    }

    /// The first shard of the same physical schema.
    fn place_of(&self, shard: ShardId) -> ShardId {
        self.names.first_here.get(usize::from(shard.0)).copied().unwrap_or(shard)
    }
}

/// The physical names of a table, each with the shards where it has it: for a reference table one for each copy.
fn physical_places(table: &Table) -> Vec<(&str, ShardSet)> {
    match &table.physical {
        Physical::Same => vec![(table.name.as_str(), table.shard_set())],
        Physical::Renamed(name) => vec![(name.as_str(), table.shard_set())],
        Physical::PerShard(names) => {
            names.iter().map(|(shard, name)| (name.as_str(), ShardSet::single(*shard))).collect()
        }
    }
}

/// Why a name with a star is no pattern.
fn wrong_pattern(table: &TableSpec) -> Option<String> {
    let name = &table.name;
    match (name.matches('*').count(), &table.physical) {
        (0, _) => None,
        (1, _) if table.columns.is_some() => {
            Some(format!("\"{name}\" stands for several tables, so that it has no columns of its own: leave them out"))
        }
        (1, Some(PhysicalSpec::Names(_))) => {
            Some(format!("\"{name}\" stands for several tables, so that physical cannot be a list of names"))
        }
        (1, Some(PhysicalSpec::Pattern(physical))) if !physical.contains("{table}") => {
            Some(format!("\"{name}\" stands for several tables, so that physical must contain {{table}}"))
        }
        (1, _) => None,
        _ => Some(format!("\"{name}\" has more than one *")),
    }
}

/// The first table of each name, in lower case.
struct TablesByName(HashMap<String, usize>);

impl TablesByName {
    fn of(spec: &DatabaseSpec) -> Self {
        let mut by_name = HashMap::with_capacity(spec.tables.len());
        for (index, table) in spec.tables.iter().enumerate() {
            by_name.entry(folded(&table.name)).or_insert(index);
        }
        Self(by_name)
    }

    /// The sharded table of this name.
    fn sharded(&self, spec: &DatabaseSpec, name: &str) -> Option<usize> {
        let is_sharded = |index: &usize| matches!(spec.tables[*index].placement, PlacementSpec::Sharded(_));
        self.0.get(&folded(name)).copied().filter(is_sharded)
    }
}

fn key_facts(table: &TableSpec, own: &ShardedSpec) -> KeyFacts {
    let columns = table.columns.as_ref();
    let column = columns.and_then(|columns| columns.iter().find(|column| same_name(&column.name, &own.key_column)));
    KeyFacts { auto_increment: column.map(|column| column.auto_increment), ..KeyFacts::default() }
}

/// What of a rule may come from the table it is colocated with.
#[derive(Clone, Copy)]
struct Effective<'a> {
    key: Option<KeyType>,
    function: Option<&'a FunctionSpec>,
    shards: Option<&'a ShardsSpec>,
}

/// The table whose rule says where a table's rows may be: its own, or that of the first of its parents; and for a child table
/// what places its rows. A child of its parent's shard key is colocated with it, by values.
fn placed_by(
    spec: &DatabaseSpec,
    by_name: &TablesByName,
    index: usize,
) -> Result<(usize, Option<Parent>), RuleProblem> {
    let own = |index: usize| match &spec.tables[index].placement {
        PlacementSpec::Sharded(own) => Some(own),
        PlacementSpec::Reference | PlacementSpec::Single(_) => None,
    };
    let mut chain = vec![index];
    let mut nearest: Option<Parent> = None;
    let mut is_by_value = true;
    while let Some(parent) = own(chain[chain.len() - 1]).and_then(|own| own.parent.as_ref()) {
        let next = by_name.sharded(spec, &parent.table).ok_or_else(|| unknown_table(spec, &parent.table))?;
        if chain.contains(&next) {
            let names: Vec<&str> = chain.iter().chain([&next]).map(|at| spec.tables[*at].name.as_str()).collect();
            return Err(RuleProblem::Circle(names.join(" -> ")));
        }
        chain.push(next);
        // What refers to the key of its parent is where that is, and for the same reason.
        is_by_value &= own(next).is_some_and(|above| {
            above.within.is_none() && above.joint.is_empty() && same_name(&above.key_column, &parent.column)
        });
        if !is_by_value && nearest.is_none() {
            nearest = Some(parent.clone());
        }
    }
    Ok((chain[chain.len() - 1], nearest))
}

/// How many shards a group of the table has, if its key has two columns.
fn size_of_groups(table: &TableSpec) -> Option<usize> {
    match &table.placement {
        PlacementSpec::Sharded(own) => own.within.as_ref().map(|within| within.shards),
        PlacementSpec::Reference | PlacementSpec::Single(_) => None,
    }
}

/// The rule with what it takes from the tables that it is colocated with, and must have in common with them.
fn resolve<'s>(spec: &'s DatabaseSpec, by_name: &TablesByName, index: usize) -> Result<Effective<'s>, RuleProblem> {
    let mut chain = vec![index];
    let mut result: Option<Effective<'_>> = None;
    loop {
        let table = &spec.tables[*chain.last().unwrap_or(&index)];
        let PlacementSpec::Sharded(own) = &table.placement else { break };
        let mine = Effective { key: own.key, function: own.function.as_ref(), shards: own.shards.as_ref() };
        result = Some(match result {
            None => mine,
            Some(_) if own.within.is_some() || !own.joint.is_empty() => {
                let detail = "its key has several columns".to_owned();
                return Err(RuleProblem::NotAlike { table: table.name.clone(), detail });
            }
            Some(below) => below.inherit(mine, &table.name)?,
        });
        let Some(next) = &own.colocated_with else { break };
        let next = by_name.sharded(spec, next).ok_or_else(|| unknown_table(spec, next))?;
        if chain.contains(&next) {
            let names: Vec<&str> = chain.iter().chain([&next]).map(|at| spec.tables[*at].name.as_str()).collect();
            return Err(RuleProblem::Circle(names.join(" -> ")));
        }
        chain.push(next);
    }
    let mut result = result.unwrap_or(Effective { key: None, function: None, shards: None });
    // The last table of the chain has no more to take from: an unnamed key type is its default.
    let last = chain.last().map(|at| &spec.tables[*at]).filter(|_| chain.len() > 1);
    if let Some(TableSpec { name, placement: PlacementSpec::Sharded(ShardedSpec { key: None, .. }), .. }) = last {
        let default = Effective { key: Some(KeyType::INTEGER), ..result };
        result = result.inherit(default, name)?;
    }
    Ok(result)
}

impl<'a> Effective<'a> {
    /// Takes what it lacks; what both have must agree.
    fn inherit(self, from: Effective<'a>, table: &str) -> Result<Self, RuleProblem> {
        let differs = |detail: String| Err(RuleProblem::NotAlike { table: table.to_owned(), detail });
        match (&self.key, &from.key) {
            (Some(mine), Some(theirs)) if !mine.agrees_with(theirs) => {
                return differs(format!("the key is {mine} here and {theirs} there"));
            }
            _ => {}
        }
        match (self.function, from.function) {
            (Some(mine), Some(theirs)) if mine != theirs => {
                return differs(format!("the function is {mine} here and {theirs} there"));
            }
            _ => {}
        }
        match (self.shards, from.shards) {
            (Some(mine), Some(theirs)) if mine != theirs => {
                return differs("the shards, their order or their slots are others".to_owned());
            }
            _ => {}
        }
        Ok(Effective {
            key: self.key.or(from.key),
            function: self.function.or(from.function),
            shards: self.shards.or(from.shards),
        })
    }
}

fn unknown_table(spec: &DatabaseSpec, name: &str) -> RuleProblem {
    let sharded = spec.tables.iter().filter(|table| matches!(table.placement, PlacementSpec::Sharded(_)));
    let known: Vec<&str> = sharded.map(|table| table.name.as_str()).collect();
    RuleProblem::UnknownTable { name: name.to_owned(), known: known.join(", ") }
}

/// What is wrong with a list of key columns, beside the columns themselves.
fn check_joint(own: &ShardedSpec) -> Option<RuleProblem> {
    let names: Vec<&str> = std::iter::once(&own.key_column)
        .chain(own.joint.iter().map(|column| &column.column))
        .map(String::as_str)
        .collect();
    let twice = names.iter().enumerate().find(|(at, name)| names[..*at].iter().any(|other| same_name(other, name)));
    if let Some((_, name)) = twice {
        return Some(RuleProblem::duplicate("column", name));
    }
    if let Some(name) = names.iter().find(|name| name.is_empty() || name.chars().count() > 64) {
        return Some(RuleProblem::Within(format!("column \"{name}\" is empty or longer than 64 characters")));
    }
    let is_beside = own.within.is_some()
        || own.null_key.is_some()
        || own.out_of_range.is_some()
        || own.colocated_with.is_some()
        || own.parent.is_some();
    is_beside.then(|| {
        let reason =
            "within, null_key, out_of_range, colocated_with and parent have no meaning beside a list of columns";
        RuleProblem::Within(reason.to_owned())
    })
}

/// The second column of the key, with its function over the shards of each bucket of the first.
fn build_within(spec: &WithinSpec, own: &ShardedSpec, list: &ShardsSpec, shards: usize) -> Result<Within, RuleProblem> {
    let fail = |reason: String| Err(RuleProblem::Within(reason));
    let key = spec.key.unwrap_or(KeyType::INTEGER);
    if matches!(list, ShardsSpec::Slots(_)) {
        return fail(
            "beside it shards must be a list: all shards of the first bucket, then all of the second ...".to_owned(),
        );
    }
    if spec.shards == 0 || !shards.is_multiple_of(spec.shards) {
        return fail(format!("{shards} shards cannot be shared out in groups of {}", spec.shards));
    }
    if own.null_key.is_some() || own.out_of_range.is_some() || own.colocated_with.is_some() {
        return fail("null_key, out_of_range and colocated_with have no meaning beside it".to_owned());
    }
    let function = spec.function.even(spec.shards)?;
    function.accepts_number(1).and_then(|()| function.accepts(&key)).map_err(RuleProblem::KeyType)?;
    let (key_column, size) = (spec.key_column.clone(), spec.shards);
    Ok(Within { key_column, key, function, size, key_facts: KeyFacts::default() })
}

/// The function over the table's shards, or groups of them; an error comes with the key of the rule that it is about.
fn build_function(
    spec: &FunctionSpec,
    shards: &ShardsSpec,
    groups: usize,
    columns: &[KeyType],
) -> Result<Function, (&'static str, RuleProblem)> {
    let function = match shards {
        ShardsSpec::Even(_) => spec.even(groups),
        ShardsSpec::Slots(shards) => {
            let slots: Vec<Vec<(usize, usize)>> = shards.iter().map(|(_, slots)| slots.clone()).collect();
            spec.mapped(&slots)
        }
    };
    let function = function.map_err(|error| (error.key(), RuleProblem::Function(error)))?;
    let accepted = function.accepts_number(columns.len());
    let accepted = columns.iter().fold(accepted, |accepted, key| accepted.and_then(|()| function.accepts(key)));
    accepted.map_err(|reason| ("function", RuleProblem::KeyType(reason)))?;
    Ok(function)
}

/// Physical names by the table's pattern.
fn physical_names(table: &TableSpec, placement: &Placement) -> Result<Physical, RuleProblem> {
    let pattern = match (&table.physical, placement) {
        (None, _) => return Ok(Physical::Same),
        (Some(PhysicalSpec::Pattern(pattern)), _) => pattern,
        (Some(PhysicalSpec::Names(names)), Placement::Sharded(sharded)) => return listed_names(names, &sharded.shards),
        (Some(PhysicalSpec::Names(names)), _) => {
            return Err(RuleProblem::PhysicalNames { names: names.len(), shards: 1 });
        }
    };
    let name = |place| physical_name(pattern, &table.name, place);
    match placement {
        Placement::Sharded(sharded) => {
            let size = sharded.within.as_ref().map_or(1, |within| within.size);
            let is_labelled = pattern.contains("{bucket");
            let label = |index: usize| match &sharded.within {
                _ if !is_labelled => None,
                Some(within) => within.function.label(index % size),
                None => sharded.function.label(index),
            };
            let place = |index| Some(Numbers { index, group: index / size, within: index % size, label: label(index) });
            let names = sharded.shards.iter().enumerate().map(|(index, shard)| Ok((*shard, name(place(index))?)));
            let mut names = names.collect::<Result<Vec<_>, RuleProblem>>()?;
            names.sort_by_key(|(shard, _)| *shard);
            Ok(Physical::PerShard(names))
        }
        Placement::Reference(_) | Placement::Single(_) => name(None).map(Physical::Renamed),
    }
}

/// What is wrong with the physical names of a table whose placement is, so far as that can be told.
fn check_physical_names(table: &TableSpec) -> Result<(), RuleProblem> {
    let own = match &table.placement {
        PlacementSpec::Sharded(own) => Some(own),
        PlacementSpec::Reference | PlacementSpec::Single(_) => None,
    };
    match (&table.physical, own.map(|own| &own.shards)) {
        (Some(PhysicalSpec::Pattern(pattern)), _) => {
            let place = own.map(|_| Numbers { index: 0, group: 0, within: 0, label: Some("0".to_owned()) });
            physical_name(pattern, &table.name, place).map(drop)
        }
        (Some(PhysicalSpec::Names(names)), Some(Some(shards))) if names.len() != shards.names().count() => {
            Err(RuleProblem::PhysicalNames { names: names.len(), shards: shards.names().count() })
        }
        _ => Ok(()),
    }
}

/// A physical name by the table's pattern.
fn physical_name(pattern: &str, table: &str, place: Option<Numbers>) -> Result<String, RuleProblem> {
    let fail = |reason| Err(RuleProblem::Pattern { pattern: pattern.to_owned(), reason });
    match expand(pattern, table, place) {
        Ok(name) if name.is_empty() || name.chars().count() > 64 => {
            fail("the name is empty or longer than 64 characters")
        }
        Ok(name) => Ok(name),
        Err(reason) => fail(reason),
    }
}

fn listed_names(names: &[String], shards: &[ShardId]) -> Result<Physical, RuleProblem> {
    if names.len() != shards.len() {
        return Err(RuleProblem::PhysicalNames { names: names.len(), shards: shards.len() });
    }
    if let Some(name) = names.iter().find(|name| name.is_empty() || name.chars().count() > 64) {
        return Err(RuleProblem::BadName(format!("\"{name}\" is empty or longer than 64 characters")));
    }
    let mut names: Vec<(ShardId, String)> = shards.iter().copied().zip(names.iter().cloned()).collect();
    names.sort_by_key(|(shard, _)| *shard);
    Ok(Physical::PerShard(names))
}

/// What the placeholders of one shard's name stand for.
struct Numbers {
    index: usize,
    /// By a key of two columns: the place of the shard's group, and of the shard in the group.
    group: usize,
    within: usize,
    label: Option<String>,
}

/// The pattern with its placeholders filled in. Without an index `{index}` is an error, and without a label `{bucket}`.
fn expand(pattern: &str, table: &str, place: Option<Numbers>) -> Result<String, &'static str> {
    let mut name = String::new();
    let mut rest = pattern;
    while let Some(open) = rest.find(['{', '}']) {
        name.push_str(&rest[..open]);
        let inner = rest[open..].strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let (placeholder, after) = inner.ok_or("a brace is not closed or not opened")?;
        let (word, width) = match placeholder.split_once(":0") {
            Some((word, width)) => (word, width.parse::<usize>().ok().filter(|width| (1..=9).contains(width))),
            None => (placeholder, Some(1)),
        };
        match (word, width, &place) {
            ("table", ..) => name.push_str(table),
            ("index" | "group" | "within", Some(width), Some(numbers)) => {
                let number = match word {
                    "index" => numbers.index,
                    "group" => numbers.group,
                    _ => numbers.within,
                };
                name.push_str(&format!("{number:0width$}"));
            }
            ("bucket", Some(width), Some(numbers)) => {
                let label = numbers.label.as_ref().ok_or("a shard with several buckets has no {bucket}")?;
                name.push_str(&format!("{label:0>width$}"));
            }
            ("index", _, None) => return Err("only a sharded table has an {index}"),
            ("bucket", _, None) => return Err("only a sharded table has a {bucket}"),
            _ => return Err("unknown placeholder"),
        }
        rest = after;
    }
    name.push_str(rest);
    Ok(name)
}
