//! Which tables are sharded alike. It follows from the rules, whether or not they say `colocated_with`: the same
//! function with the same parameters over the same shards (and the same one for keys out of its range), and keys whose equality is the same.
//! Keys of several columns are alike column by column.
//! Child tables are alike if the same column of the same parent places them.

use std::collections::HashMap;

use super::build::folded;
use super::function::Function;
use super::key::KeyType;
use super::schema::same_name;
use super::shard_set::ShardId;
use super::table::{ColocationId, Parent, Part, Placement, Sharded, Table};

/// What colocated tables have in common, beside keys whose equality is the same.
#[derive(PartialEq, Eq, Hash)]
struct Likeness {
    function: Function,
    shards: Vec<ShardId>,
    out_of_range: Option<ShardId>,
    /// The function of the second column, and how many shards it shares out.
    within: Option<(Function, usize)>,
    /// Whether both columns of a key of two are one.
    is_twice: bool,
}

/// Gives equal ids to tables of one database whose rows with equal keys are on the same shard.
pub(super) fn assign(tables: &mut [Table]) {
    let mut groups: HashMap<Likeness, Vec<(Vec<KeyType>, u16)>> = HashMap::new();
    // There are at most `MAX_TABLES` groups.
    let mut next = 0..;
    for table in tables.iter_mut() {
        let Placement::Sharded(sharded) = &mut table.placement else { continue };
        sharded.alike = None;
        // Nothing is like a table whose live key column contradicts its rule.
        if !sharded.is_led_by_one() {
            sharded.colocation = ColocationId(next.next().unwrap_or(u16::MAX));
            if !sharded.is_led_by_several() {
                continue;
            }
        }
        let types: Vec<KeyType> = (0..).zip(sharded.key_columns()).map(|(at, _)| *sharded.key_type(Part(at))).collect();
        let agree = |others: &[KeyType]| {
            others.len() == types.len() && types.iter().zip(others).all(|(own, other)| own.agrees_with(other))
        };
        let alike = groups.entry(Likeness::of(sharded)).or_default();
        let found = alike.iter().find(|(others, _)| agree(others)).map(|(_, group)| *group);
        let group = ColocationId(found.unwrap_or_else(|| {
            let group = next.next().unwrap_or(u16::MAX);
            alike.push((types, group));
            group
        }));
        match sharded.has_several_columns() {
            true => sharded.alike = Some(group),
            false => sharded.colocation = group,
        }
    }
    link(tables, next);
}

/// Gives child tables the id of the column that places them, and tells their parents of it.
fn link(tables: &mut [Table], mut next: impl Iterator<Item = u16>) {
    let parent_of = |table: &Table| match &table.placement {
        Placement::Sharded(sharded) => sharded.parent.as_deref().cloned(),
        Placement::Reference(_) | Placement::Single(_) => None,
    };
    let children: Vec<(usize, Parent)> =
        tables.iter().enumerate().filter_map(|(index, table)| Some((index, parent_of(table)?))).collect();
    for table in tables.iter_mut() {
        if let Placement::Sharded(sharded) = &mut table.placement {
            sharded.referred.clear();
        }
    }
    if children.is_empty() {
        return;
    }
    let places: HashMap<String, usize> =
        tables.iter().enumerate().map(|(index, table)| (folded(&table.name), index)).collect();
    for (child, of) in children {
        let Some(parent) = places.get(&folded(&of.table)) else { continue };
        let Placement::Sharded(parent) = &mut tables[*parent].placement else { continue };
        let known = parent.referred.iter().find(|(column, _)| same_name(column, &of.column)).map(|(_, id)| *id);
        let id = known.unwrap_or_else(|| {
            let id = ColocationId(next.next().unwrap_or(u16::MAX));
            parent.referred.push((of.column, id));
            id
        });
        if let Placement::Sharded(child) = &mut tables[child].placement {
            child.colocation = id;
        }
    }
}

impl Likeness {
    fn of(sharded: &Sharded) -> Self {
        let within = sharded.within.as_deref();
        Self {
            function: sharded.function.clone(),
            shards: sharded.shards.clone(),
            out_of_range: sharded.out_of_range,
            within: within.map(|within| (within.function.clone(), within.size)),
            is_twice: within.is_some_and(|within| same_name(&within.key_column, &sharded.key_column)),
        }
    }
}
