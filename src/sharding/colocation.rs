//! Which tables are sharded alike. It follows from the rules, whether or not they say `colocated_with`: the same
//! function with the same parameters over the same shards (and the same one for keys out of its range), and keys whose equality is the same.

use super::function::Function;
use super::key::KeyType;
use super::shard_set::ShardId;
use super::table::{ColocationId, Placement, Sharded, Table};

/// What colocated tables have in common.
#[derive(Debug)]
struct Group {
    function: Function,
    shards: Vec<ShardId>,
    out_of_range: Option<ShardId>,
    key: KeyType,
    /// Of a table whose live key column contradicts its rule: nothing is like it.
    is_alone: bool,
}

/// Gives equal ids to tables of one database whose rows with equal keys are on the same shard.
pub(super) fn assign(tables: &mut [Table]) {
    let mut groups: Vec<Group> = Vec::new();
    for table in tables {
        let Placement::Sharded(sharded) = &mut table.placement else { continue };
        let group = groups.iter().position(|group| group.has(sharded)).unwrap_or_else(|| {
            groups.push(Group::of(sharded));
            groups.len() - 1
        });
        // There are at most `MAX_TABLES` groups.
        sharded.colocation = ColocationId(group as u16);
    }
}

impl Group {
    fn of(sharded: &Sharded) -> Self {
        Self {
            function: sharded.function.clone(),
            shards: sharded.shards.clone(),
            out_of_range: sharded.out_of_range,
            key: sharded.key,
            is_alone: sharded.key_facts.contradicts,
        }
    }

    fn has(&self, sharded: &Sharded) -> bool {
        !self.is_alone
            && !sharded.key_facts.contradicts
            && self.function == sharded.function
            && self.shards == sharded.shards
            && self.out_of_range == sharded.out_of_range
            && self.key.agrees_with(&sharded.key)
    }
}
