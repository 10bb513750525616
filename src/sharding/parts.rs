//! Keys of two columns: the first decides a group of shards, the second the shard in it. A condition on one of them leads to the
//! shards that it leaves, a row needs both. The two may be the same column, by two functions.

use crate::value::Value;

use super::function::Function;
use super::key::{Canonical, Key, KeyType};
use super::schema::same_name;
use super::shard_set::{ShardId, ShardSet};
use super::table::{KeyFacts, KeyRange, Located, Part, Sharded, Within};

/// One column of the key.
struct Column<'a> {
    key: &'a KeyType,
    function: &'a Function,
    facts: &'a KeyFacts,
}

impl Column<'_> {
    /// The positions that may have rows whose key equals the value; `None`: any.
    fn positions(&self, value: &Value<'_>) -> Option<Vec<usize>> {
        match self.facts.compared(self.key, value) {
            // The rule has no place for such a row, and it may be there from before the rule.
            Canonical::Key(key) => self.function.position(&key).map(|position| vec![position]),
            Canonical::Nowhere | Canonical::Null => Some(Vec::new()),
            Canonical::Unknown => None,
        }
    }

    fn range(&self, low: Option<(&Value<'_>, bool)>, high: Option<(&Value<'_>, bool)>) -> Option<Vec<usize>> {
        match KeyRange::of_values(self.key, low, high)? {
            KeyRange::Empty => Some(Vec::new()),
            KeyRange::Each(keys) => keys.map(|key| self.function.position(&Key::Integer(key))).collect(),
            KeyRange::Between(low, high) => self.function.range(low.as_ref(), high.as_ref()),
        }
    }

    /// The position that a row with this value is stored at.
    fn place(&self, value: &Value<'_>) -> Result<usize, Located> {
        let key = stored(self.key, self.facts, value)?;
        self.function.position(&key).ok_or(Located::Unplaced)
    }
}

/// What the server makes of this value in a column of the key.
pub(super) fn stored(key: &KeyType, facts: &KeyFacts, value: &Value<'_>) -> Result<Key, Located> {
    match facts.stored(key, value) {
        // The server would number the row: it stores neither NULL nor 0.
        Canonical::Null | Canonical::Key(Key::Integer(0)) if facts.auto_increment == Some(true) => {
            Err(Located::Anywhere)
        }
        Canonical::Key(key) => Ok(key),
        Canonical::Nowhere => Err(Located::Nowhere),
        Canonical::Null => Err(Located::Null),
        Canonical::Unknown => Err(Located::Anywhere),
    }
}

impl Sharded {
    /// For predicates: the shards that may hold rows of which this column of the key equals `value`; `None`: any.
    pub fn locate_part(&self, part: Part, value: &Value<'_>) -> Option<ShardSet> {
        if !self.joint.is_empty() {
            return self.locate_joint(&[(part, vec![value.clone()])]);
        }
        let (within, column) = self.column(part)?;
        let mut shards = column.positions(value).map(|positions| self.shards_at(within, part, &positions))?;
        // One column may be both.
        if same_name(&self.key_column, &within.key_column) {
            let (_, second) = self.column(Part::SECOND)?;
            if let Some(positions) = second.positions(value) {
                shards.intersect_with(&self.shards_at(within, Part::SECOND, &positions));
            }
        }
        Some(shards)
    }

    /// The same for values between two bounds, each with whether it is included.
    pub fn locate_part_range(
        &self,
        part: Part,
        low: Option<(&Value<'_>, bool)>,
        high: Option<(&Value<'_>, bool)>,
    ) -> Option<ShardSet> {
        let (within, column) = self.column(part)?;
        column.range(low, high).map(|positions| self.shards_at(within, part, &positions))
    }

    /// For INSERT: on which shard the row must be stored whose key has several columns, by their values in order; or the column
    /// whose value leads to none, and why.
    pub fn place_all(&self, values: &[Value<'_>]) -> Result<ShardId, (Part, Located)> {
        let [first, second] = values else { return self.place_joint(values) };
        if !self.joint.is_empty() {
            return self.place_joint(values);
        }
        let columns = self.column(Part::FIRST).zip(self.column(Part::SECOND));
        let ((within, of_first), (_, of_second)) = columns.ok_or((Part::FIRST, Located::Anywhere))?;
        let group = of_first.place(first).map_err(|located| (Part::FIRST, located))?;
        let position = of_second.place(second).map_err(|located| (Part::SECOND, located))?;
        Ok(self.shards[group * within.size + position])
    }

    /// `None`: one of the columns contradicts the rule, or the key has one.
    fn column(&self, part: Part) -> Option<(&Within, Column<'_>)> {
        let within = self.within.as_deref()?;
        if self.key_facts.contradicts || within.key_facts.contradicts {
            return None;
        }
        let column = match part {
            Part::FIRST => Column { key: &self.key, function: &self.function, facts: &self.key_facts },
            _ => Column { key: &within.key, function: &within.function, facts: &within.key_facts },
        };
        Some((within, column))
    }

    fn shards_at(&self, within: &Within, part: Part, positions: &[usize]) -> ShardSet {
        let is_there = |index: usize| match part {
            Part::FIRST => positions.contains(&(index / within.size)),
            _ => positions.contains(&(index % within.size)),
        };
        self.shards.iter().enumerate().filter(|(index, _)| is_there(*index)).map(|(_, shard)| *shard).collect()
    }
}
