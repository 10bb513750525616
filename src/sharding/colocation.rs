//! Which tables are sharded alike. It follows from the rules, whether or not they say `colocated_with`: the same
//! function with the same parameters over the same shards (and the same one for keys out of its range), and keys whose equality is the same.

use std::collections::HashMap;

use super::function::Function;
use super::key::KeyType;
use super::shard_set::ShardId;
use super::table::{ColocationId, Placement, Sharded, Table};

/// What colocated tables have in common, beside keys whose equality is the same.
#[derive(PartialEq, Eq, Hash)]
struct Likeness {
    function: Function,
    shards: Vec<ShardId>,
    out_of_range: Option<ShardId>,
}

/// Gives equal ids to tables of one database whose rows with equal keys are on the same shard.
pub(super) fn assign(tables: &mut [Table]) {
    let mut groups: HashMap<Likeness, Vec<(KeyType, u16)>> = HashMap::new();
    // There are at most `MAX_TABLES` groups.
    let mut next = 0..;
    for table in tables {
        let Placement::Sharded(sharded) = &mut table.placement else { continue };
        // Nothing is like a table whose live key column contradicts its rule, or that one value alone leads nowhere in.
        if !sharded.is_led_by_one() {
            sharded.colocation = ColocationId(next.next().unwrap_or(u16::MAX));
            continue;
        }
        let alike = groups.entry(Likeness::of(sharded)).or_default();
        let found = alike.iter().find(|(key, _)| key.agrees_with(&sharded.key)).map(|(_, group)| *group);
        let group = found.unwrap_or_else(|| {
            let group = next.next().unwrap_or(u16::MAX);
            alike.push((sharded.key, group));
            group
        });
        sharded.colocation = ColocationId(group);
    }
}

impl Likeness {
    fn of(sharded: &Sharded) -> Self {
        Self { function: sharded.function.clone(), shards: sharded.shards.clone(), out_of_range: sharded.out_of_range }
    }
}
