//! Keys of several columns of which one function takes all values together. Conditions on all of them lead to few shards; on
//! some, where the function can tell from those alone.

use smallvec::SmallVec;

use crate::value::Value;

use super::key::{Canonical, Key};
use super::parts::stored;
use super::shard_set::{ShardId, ShardSet};
use super::table::{Located, Part, Sharded};

/// Values that a column is compared with, of which one is equal.
pub type Alternatives<'v> = (Part, Vec<Value<'v>>);

impl Sharded {
    /// For predicates: the shards that may hold rows of which each of these columns of the key equals one of its values; `None`:
    /// any.
    pub fn locate_joint(&self, columns: &[Alternatives<'_>]) -> Option<ShardSet> {
        /// More combinations are not looked at one by one.
        const MOST: usize = 256;
        let width = self.joint.len() + 1;
        if self.contradicts() {
            return None;
        }
        let mut keys: Vec<Option<Vec<Key>>> = vec![None; width];
        for (part, values) in columns {
            let key_type = self.key_type(*part);
            let mut known = Vec::with_capacity(values.len());
            let mut is_certain = true;
            for value in values {
                match self.facts(*part).compared(key_type, value) {
                    Canonical::Key(key) => known.push(key),
                    // Equal to no row.
                    Canonical::Nowhere | Canonical::Null => {}
                    Canonical::Unknown => is_certain = false,
                }
            }
            let column = keys.get_mut(usize::from(part.0))?;
            // Of several conditions on a column one is enough.
            if is_certain && column.is_none() {
                *column = Some(known);
            }
        }
        let count = keys.iter().flatten().try_fold(1_usize, |count, keys| count.checked_mul(keys.len()));
        count.filter(|count| *count <= MOST)?;
        let mut found = ShardSet::empty();
        let mut chosen: SmallVec<[Option<&Key>; 4]> = SmallVec::from_elem(None, width);
        self.add_combinations(&keys, 0, &mut chosen, &mut found).then_some(found)
    }

    /// Adds the shards of all combinations; `false` if those of one are not known.
    fn add_combinations<'k>(
        &self,
        keys: &'k [Option<Vec<Key>>],
        at: usize,
        chosen: &mut SmallVec<[Option<&'k Key>; 4]>,
        found: &mut ShardSet,
    ) -> bool {
        match keys.get(at) {
            None => match self.function.positions(chosen) {
                Some(positions) => {
                    found.union_with(&positions.into_iter().map(|position| self.shards[position]).collect());
                    true
                }
                None => false,
            },
            Some(None) => self.add_combinations(keys, at + 1, chosen, found),
            Some(Some(values)) => values.iter().all(|key| {
                chosen[at] = Some(key);
                self.add_combinations(keys, at + 1, chosen, found)
            }),
        }
    }

    pub(super) fn place_joint(&self, values: &[Value<'_>]) -> Result<ShardId, (Part, Located)> {
        if self.contradicts() || values.len() != self.joint.len() + 1 {
            return Err((Part::FIRST, Located::Anywhere));
        }
        let facts = std::iter::once(&self.key_facts).chain(self.joint.iter().map(|column| &column.key_facts));
        let mut keys: SmallVec<[Key; 4]> = SmallVec::new();
        for ((place, value), facts) in (0_u8..).zip(values).zip(facts) {
            let key = stored(self.key_type(Part(place)), facts, value).map_err(|located| (Part(place), located))?;
            keys.push(key);
        }
        let all: SmallVec<[Option<&Key>; 4]> = keys.iter().map(Some).collect();
        match self.function.positions(&all).as_deref() {
            Some([position]) => Ok(self.shards[*position]),
            _ => Err((Part::FIRST, Located::Unplaced)),
        }
    }

    /// Of a key of several columns the bucket that a row with these values is in, and how many there are. Where the second column
    /// counts within the bucket of the first, they are counted through.
    pub fn bucket_of_all(&self, values: &[Value<'_>]) -> Option<(usize, usize)> {
        let shard = self.place_all(values).ok()?;
        if self.joint.is_empty() {
            return Some((self.shards.iter().position(|own| *own == shard)?, self.shards.len()));
        }
        let stored = (0_u8..).zip(values).map(|(place, value)| {
            match self.facts(Part(place)).stored(self.key_type(Part(place)), value) {
                Canonical::Key(key) => Some(key),
                Canonical::Nowhere | Canonical::Null | Canonical::Unknown => None,
            }
        });
        let keys: Vec<Key> = stored.collect::<Option<_>>()?;
        let all: SmallVec<[Option<&Key>; 4]> = keys.iter().map(Some).collect();
        match self.function.buckets_of(&all)?.as_slice() {
            [bucket] => Some((*bucket, self.function.buckets())),
            _ => None,
        }
    }

    /// Whether a live column is of another type than the rule says.
    fn contradicts(&self) -> bool {
        self.key_facts.contradicts || self.joint.iter().any(|column| column.key_facts.contradicts)
    }
}
