//! One table's rule: where its rows lie, what is known of its columns, and which shard a key value leads to.

use std::sync::Arc;

use crate::value::Value;

use super::function::Function;
use super::key::{Canonical, Digits, IntegerRange, Key, KeyType};
use super::members::Members;
use super::schema::same_name;
use super::shard_set::{ShardId, ShardSet};

/// A table that has a rule.
#[derive(Debug, Clone)]
pub struct Table {
    /// The logical name.
    pub name: String,
    /// Where its rows lie.
    pub placement: Placement,
    /// All columns in order, where the config lists them or the live table was read.
    pub columns: Option<Vec<Column>>,
    /// Shards have the columns in different orders, after a change that is not done everywhere.
    pub is_mixed: bool,
    pub(super) physical: Physical,
}

impl Table {
    /// The table's name on this shard. Equals `name` in the schema-per-shard layout.
    pub fn physical_name(&self, shard: ShardId) -> &str {
        match &self.physical {
            Physical::Same => &self.name,
            Physical::Renamed(name) => name,
            Physical::PerShard(names) => {
                let found = names.binary_search_by_key(&shard, |(on, _)| *on);
                found.map_or(&self.name, |index| &names[index].1)
            }
        }
    }

    /// Whether the table has another name on some shard than for the client.
    pub fn is_renamed(&self) -> bool {
        match &self.physical {
            Physical::Same => false,
            Physical::Renamed(name) => *name != self.name,
            Physical::PerShard(names) => names.iter().any(|(_, name)| *name != self.name),
        }
    }

    /// The column of this name, if the columns are known.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.as_ref()?.iter().find(|column| same_name(&column.name, name))
    }

    /// Every shard that the rule names: for a reference table one for each physical copy.
    pub fn shard_set(&self) -> ShardSet {
        match &self.placement {
            Placement::Sharded(sharded) => sharded.shard_set(),
            Placement::Reference(shards) => shards.clone(),
            Placement::Single(shard) => ShardSet::single(*shard),
        }
    }
}

/// Physical names of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Physical {
    /// The logical name, everywhere.
    Same,
    /// Another name, the same everywhere.
    Renamed(String),
    /// A name of its own on each shard, sorted by shard.
    PerShard(Vec<(ShardId, String)>),
}

/// Where a table's rows lie.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one for each table, and most are sharded")]
pub enum Placement {
    /// Spread over shards by the shard key.
    Sharded(Sharded),
    /// A full copy in every physical schema of the database. The set has one shard for each copy.
    Reference(ShardSet),
    /// All rows on one shard.
    Single(ShardId),
}

/// One column, as far as placement and INSERT need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Column {
    /// As the server spells it.
    pub name: String,
    /// Whether the server numbers rows that leave it out (or give NULL or 0).
    pub auto_increment: bool,
    /// Not among the columns that `INSERT INTO t VALUES (...)` and `SELECT *` mean.
    pub invisible: bool,
    /// What the live table says; `None` where only the config lists the column.
    pub kind: Option<ColumnKind>,
}

impl Column {
    /// A column of which only the name is known.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

/// A column's type, in the words of `information_schema.columns`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnKind {
    /// DATA_TYPE: `int`, `bigint`, `varchar` ...
    pub data_type: String,
    /// Whether COLUMN_TYPE says `unsigned`.
    pub unsigned: bool,
    /// IS_NULLABLE.
    pub nullable: bool,
    /// Computed by the server from other columns (GENERATION_EXPRESSION).
    pub generated: bool,
    /// CHARACTER_MAXIMUM_LENGTH: characters of CHAR and VARCHAR, bytes of TEXT, BINARY, VARBINARY and BLOB.
    pub max_length: Option<u64>,
    /// COLLATION_NAME; `None` for types that are no text.
    pub collation: Option<String>,
    /// What stands in parentheses in COLUMN_TYPE: `10,2`, `'a','b'`.
    pub arguments: String,
    /// COLUMN_DEFAULT, without the physical schema in it.
    pub default: Option<String>,
    /// An UPDATE of a row sets it to the time (EXTRA).
    pub on_update: bool,
}

impl ColumnKind {
    /// What an integer column holds.
    pub fn integers(&self) -> Option<IntegerRange> {
        let bits = match self.data_type.to_ascii_lowercase().as_str() {
            "tinyint" => 8,
            "smallint" => 16,
            "mediumint" => 24,
            "int" | "integer" => 32,
            "bigint" => 64,
            _ => return None,
        };
        let values = 1_u64.checked_shl(bits).map_or(u64::MAX, |count| count - 1);
        Some(match self.unsigned {
            true => IntegerRange { min: 0, max: values },
            false => IntegerRange { min: -((values / 2) as i64) - 1, max: values / 2 },
        })
    }
}

/// Tables of equal id are sharded alike: rows with equal (and not NULL) keys are on the same shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColocationId(pub u16);

/// The rule of a sharded table.
#[derive(Debug, Clone)]
pub struct Sharded {
    /// The column whose value decides.
    pub key_column: String,
    /// How values are compared with that column, and stored in it.
    pub key: KeyType,
    /// Key to position in `shards`.
    pub function: Function,
    /// In the order that the function counts in.
    pub shards: Vec<ShardId>,
    /// Equal ids: colocated tables.
    pub colocation: ColocationId,
    /// Equal ids, of keys of several columns: rows whose keys are equal, column by column, are on the same shard. `None`: the
    /// key has one column.
    pub alike: Option<ColocationId>,
    /// Where, of `shards`, rows whose key is NULL are stored; without it such rows are refused.
    pub null_key: Option<ShardId>,
    /// Where, of `shards`, rows are stored for whose key the function has no bucket; without it such rows are refused.
    pub out_of_range: Option<ShardId>,
    /// Which statements must tell the key, or a condition on it that leads to few shards.
    pub key_required: KeyRequired,
    /// A statement whose condition on the key leads nowhere for certain (`id = 42.5`, a number beside a text) is refused, and
    /// not asked of all shards.
    pub refuses_uncertain: bool,
    /// Whether the shards may number rows of an AUTO_INCREMENT column, each on its own.
    pub auto_increment_per_shard: bool,
    /// What numbers rows over all shards.
    pub sequence: Option<Sequence>,
    /// The second column of the key: the shards of each bucket of the first are shared out by it.
    pub within: Option<Box<Within>>,
    /// Further columns of the key, where `function` takes the values of all together.
    pub joint: Vec<KeyColumn>,
    /// A child table: a row is where the row of the parent is that its key names, and `function` decides nothing.
    pub parent: Option<Box<Parent>>,
    /// Columns by which rows of child tables are placed, with the id that those children have.
    pub referred: Vec<(String, ColocationId)>,
    /// What is known of the key column beyond its type.
    pub(super) key_facts: KeyFacts,
}

/// The second column of a shard key. Of a table with one, `function` gives a position among groups of shards, and this one
/// the position within the group.
#[derive(Debug, Clone)]
pub struct Within {
    /// The column.
    pub key_column: String,
    /// How values are compared with that column, and stored in it.
    pub key: KeyType,
    /// Key to position within a group.
    pub function: Function,
    /// How many shards a group has.
    pub size: usize,
    pub(super) key_facts: KeyFacts,
}

/// A further column of a shard key of which one function takes all columns.
#[derive(Debug, Clone)]
pub struct KeyColumn {
    /// The column.
    pub name: String,
    /// How values are compared with that column, and stored in it.
    pub key: KeyType,
    pub(super) key_facts: KeyFacts,
}

/// What places the rows of a child table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The logical name of the parent table, of the same database.
    pub table: String,
    /// The column of the parent that the child's key is equal to.
    pub column: String,
}

/// Which column of a shard key, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Part(pub u8);

impl Part {
    /// The only one of most keys.
    pub const FIRST: Self = Self(0);
    /// Of a key of several columns.
    pub const SECOND: Self = Self(1);
}

/// Numbers for rows that an INSERT leaves without one, unique over all shards and all ShardGates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// The column that is numbered.
    pub column: String,
    pub kind: SequenceKind,
}

/// Where the numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SequenceKind {
    /// Ranges of so many numbers, leased from a table on a server.
    Segment { size: u32 },
    /// 41 bits of milliseconds, 10 of the node, 12 of a counter.
    Snowflake,
}

/// Which statements on a sharded table must say on which of its shards they work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyRequired {
    /// SELECT.
    pub reads: bool,
    /// UPDATE, DELETE, and reads that lock.
    pub writes: bool,
}

/// What the live key column is beyond its type. `None`: not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KeyFacts {
    /// The live column is of another type than the rule says: no value leads to a shard.
    pub(super) contradicts: bool,
    pub(super) auto_increment: Option<bool>,
    pub(super) nullable: Option<bool>,
    /// Of an ENUM or SET.
    pub(super) members: Option<Arc<Members>>,
}

impl KeyFacts {
    /// [`KeyType::compared`], beside the live column.
    pub(super) fn compared(&self, key: &KeyType, value: &Value<'_>) -> Canonical {
        match &self.members {
            Some(members) => members.compared(key, value),
            None => key.compared(value),
        }
    }

    /// [`KeyType::stored`], in the live column.
    pub(super) fn stored(&self, key: &KeyType, value: &Value<'_>) -> Canonical {
        match &self.members {
            Some(members) => members.stored(key, value),
            None => key.stored(value),
        }
    }
}

/// Where a key value leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Located {
    /// To this shard and to no other.
    Shard(ShardId),
    /// To none: no row can equal it (an integer beyond 64 bits on an integer column).
    Nowhere,
    /// The value is NULL, which equals nothing; and no shard is named for rows with a NULL key (`place`).
    Null,
    /// The function has no place for it, and the rule names none (`place`).
    Unplaced,
    /// Not provable: any shard of the table.
    Anywhere,
}

/// Keys between two bounds.
pub(super) enum KeyRange {
    Empty,
    /// Few integers.
    Each(std::ops::RangeInclusive<i128>),
    /// Both included; `None`: no bound.
    Between(Option<Key>, Option<Key>),
}

impl KeyRange {
    /// More integers than these are not looked at one by one.
    const FEW: i128 = 64;

    /// Each end with whether it is included; `None`: what it is beside the column is not known, or keys are not in order.
    pub(super) fn of_values(
        key: &KeyType,
        low: Option<(&Value<'_>, bool)>,
        high: Option<(&Value<'_>, bool)>,
    ) -> Option<Self> {
        match key {
            KeyType::Integer(_) | KeyType::Year | KeyType::Bit(_) | KeyType::Decimal(Digits { scale: 0, .. }) => {
                Some(Self::of_integers(bound(key, low)?, bound(key, high)?))
            }
            KeyType::Date | KeyType::DateTime | KeyType::Decimal(_) => {
                let end = |bound: Option<(Key, bool)>| bound.map(|(key, _)| key);
                Some(Self::Between(end(bound(key, low)?), end(bound(key, high)?)))
            }
            // Texts are ordered otherwise than their canonical bytes, and so are times.
            KeyType::Text(..) | KeyType::Enum(_) | KeyType::Bytes(_) | KeyType::Time | KeyType::Uuid => None,
        }
    }

    fn of_integers(low: Option<(Key, bool)>, high: Option<(Key, bool)>) -> Self {
        let included = |end: Option<(Key, bool)>, inwards: i128| match end {
            Some((Key::Integer(key), is_included)) => Some(if is_included { key } else { key + inwards }),
            Some((Key::Bytes(_) | Key::Decimal(_), _)) | None => None,
        };
        match (included(low, 1), included(high, -1)) {
            (Some(low), Some(high)) if low > high => Self::Empty,
            (Some(low), Some(high)) if high - low < Self::FEW => Self::Each(low..=high),
            (low, high) => Self::Between(low.map(Key::Integer), high.map(Key::Integer)),
        }
    }
}

/// `None`: it is not known what the value is beside the column.
#[expect(clippy::option_option, reason = "there may be no bound, and a bound may be unknown")]
fn bound(key: &KeyType, end: Option<(&Value<'_>, bool)>) -> Option<Option<(Key, bool)>> {
    let Some((value, is_included)) = end else { return Some(None) };
    match key.compared(value) {
        Canonical::Key(key) => Some(Some((key, is_included))),
        Canonical::Nowhere | Canonical::Null | Canonical::Unknown => None,
    }
}

impl Sharded {
    /// Whether rows whose keys are equal for the column are on one shard, as far as the live column tells.
    pub fn is_placed_by_key(&self) -> bool {
        match (&self.parent, &self.key) {
            // Other types of child and parent may call equal what the other does not.
            (Some(_), key) => !self.key_facts.contradicts && matches!(key, KeyType::Integer(_)),
            (None, KeyType::Text(collation, _)) if collation.is_as_written() => false,
            (None, _) => self.is_led_by_one(),
        }
    }

    /// Whether the key's value leads to one shard: not of a key of several columns, nor of one that contradicts its rule, nor
    /// of a child table.
    pub fn is_led_by_one(&self) -> bool {
        !self.key_facts.contradicts && !self.has_several_columns() && self.parent.is_none()
    }

    /// Whether the values of several columns lead to one shard together.
    pub(super) fn is_led_by_several(&self) -> bool {
        let within = self.within.as_deref().is_none_or(|within| !within.key_facts.contradicts);
        let joint = self.joint.iter().all(|column| !column.key_facts.contradicts);
        self.has_several_columns() && !self.key_facts.contradicts && within && joint
    }

    /// Whether the key has more than one column.
    pub fn has_several_columns(&self) -> bool {
        self.within.is_some() || !self.joint.is_empty()
    }

    /// The id that tables have whose rows of equal keys are on the same shards as this one's.
    pub fn shared_colocation(&self) -> Option<ColocationId> {
        (self.is_led_by_one() || self.parent.is_some() && self.is_placed_by_key()).then_some(self.colocation)
    }

    /// Which column of the key this is.
    pub fn part_of(&self, column: &str) -> Option<Part> {
        let place = self.key_columns().position(|key| same_name(key, column))?;
        Some(Part(place as u8))
    }

    /// Whether this is a column whose values the server makes, or a sequence.
    pub fn is_numbered(&self, column: &str) -> bool {
        let is_key = same_name(&self.key_column, column) && self.key_facts.auto_increment == Some(true);
        is_key || self.sequence.as_ref().is_some_and(|sequence| same_name(&sequence.column, column))
    }

    /// The columns of the key.
    pub fn key_columns(&self) -> impl Iterator<Item = &str> {
        let within = self.within.iter().map(|within| within.key_column.as_str());
        let joint = self.joint.iter().map(|column| column.name.as_str());
        std::iter::once(self.key_column.as_str()).chain(within).chain(joint)
    }

    /// How values are compared with a column of the key.
    pub fn key_type(&self, part: Part) -> &KeyType {
        match (part, &self.within) {
            (Part::FIRST, _) => &self.key,
            (_, Some(within)) => &within.key,
            (Part(place), None) => self.joint.get(usize::from(place) - 1).map_or(&self.key, |column| &column.key),
        }
    }

    /// What is known of the live column.
    pub(super) fn facts(&self, part: Part) -> &KeyFacts {
        match (part, &self.within) {
            (Part::FIRST, _) => &self.key_facts,
            (_, Some(within)) => &within.key_facts,
            (Part(place), None) => {
                self.joint.get(usize::from(place) - 1).map_or(&self.key_facts, |column| &column.key_facts)
            }
        }
    }

    /// For predicates: which shard may hold rows whose key equals `value`, by MySQL's comparison rules under the
    /// column's own collation. (A predicate with a COLLATE clause, or with BINARY on the column, is not asked here.)
    /// NULL is `Null` whatever `null_key` says: for `IS NULL` and `<=> NULL` look at that field.
    /// Of a key of several columns one alone leads to no single shard: see `locate_part`.
    pub fn locate(&self, value: &Value<'_>) -> Located {
        if !self.is_led_by_one() {
            return Located::Anywhere;
        }
        match self.shard_of(self.key_facts.compared(&self.key, value)) {
            // The rule has no place for such a row, and it may be there from before the rule.
            Located::Unplaced => Located::Anywhere,
            located => located,
        }
    }

    /// Whether it is not known what the value is beside this column of the key.
    pub fn is_uncertain(&self, part: Part, value: &Value<'_>) -> bool {
        self.facts(part).compared(self.key_type(part), value) == Canonical::Unknown
    }

    /// For INSERT: on which shard the row must be stored once the server has converted `value` to the column's type.
    /// `Anywhere` where it is not known what the server will store.
    pub fn place(&self, value: &Value<'_>) -> Located {
        self.place_as(value, false)
    }

    /// The same; `keeps_zero`: under NO_AUTO_VALUE_ON_ZERO, where the server stores 0 as it is.
    pub fn place_as(&self, value: &Value<'_>, keeps_zero: bool) -> Located {
        if !self.is_led_by_one() {
            return Located::Anywhere;
        }
        let stored = self.key_facts.stored(&self.key, value);
        let is_numbered = self.key_facts.auto_increment == Some(true);
        match (&stored, self.null_key) {
            // The server would number the row: it stores neither NULL nor 0.
            (Canonical::Null, _) if is_numbered => Located::Anywhere,
            (Canonical::Key(Key::Integer(0)), _) if is_numbered && !keeps_zero => Located::Anywhere,
            // A column that is NOT NULL makes 0 of it where the server is not strict.
            (Canonical::Null, Some(shard)) if self.key_facts.nullable != Some(false) => Located::Shard(shard),
            _ => self.shard_of(stored),
        }
    }

    /// For predicates: the shards that may hold rows whose key is between these values, each with whether it is included
    /// itself; `None`: any of the table.
    pub fn locate_range(&self, low: Option<(&Value<'_>, bool)>, high: Option<(&Value<'_>, bool)>) -> Option<ShardSet> {
        if !self.is_led_by_one() {
            return None;
        }
        match KeyRange::of_values(&self.key, low, high)? {
            KeyRange::Empty => Some(ShardSet::empty()),
            KeyRange::Each(keys) => keys.map(|key| self.shard_of_key(&Key::Integer(key))).collect(),
            KeyRange::Between(low, high) => {
                let positions = self.function.range(low.as_ref(), high.as_ref())?;
                // Some of the keys between may be of those without a bucket.
                Some(positions.into_iter().map(|position| self.shards[position]).chain(self.out_of_range).collect())
            }
        }
    }

    /// The bucket that a row with this key is in and how many buckets there are, where that is known.
    pub fn bucket(&self, value: &Value<'_>) -> Option<(usize, usize)> {
        match self.key_facts.stored(&self.key, value) {
            Canonical::Key(key) => Some((self.function.bucket(&key)?, self.function.buckets())),
            Canonical::Nowhere | Canonical::Null | Canonical::Unknown => None,
        }
    }

    fn shard_of_key(&self, key: &Key) -> Option<ShardId> {
        self.function.position(key).map(|position| self.shards[position]).or(self.out_of_range)
    }

    /// All shards of the table.
    pub fn shard_set(&self) -> ShardSet {
        self.shards.iter().copied().collect()
    }

    fn shard_of(&self, key: Canonical) -> Located {
        match key {
            Canonical::Key(key) => self.shard_of_key(&key).map_or(Located::Unplaced, Located::Shard),
            Canonical::Nowhere => Located::Nowhere,
            Canonical::Null => Located::Null,
            Canonical::Unknown => Located::Anywhere,
        }
    }
}
