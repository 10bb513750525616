//! Sharding functions: canonical key -> bucket, and a map from buckets to positions in the table's list of shards. One
//! file for each algorithm, one line in [`registry`] for each name. A function never changes what it computes once it has
//! been released: rows lie where it said. The functions of other systems compute what those compute, bit for bit, errors
//! included; `tests/cases/vectors` holds what the originals said.

pub mod compute;
pub mod params;
pub mod registry;
pub mod slots;
pub mod hash;
pub mod modulo;
mod calendar;
mod cobar_expression;
mod crc32_slots;
mod date;
mod dimension2;
mod file_map;
mod inline;
mod java;
mod java_date;
mod jump;
mod ketama;
mod kingshard_date;
mod kingshard_hash;
mod kingshard_range;
mod list;
mod long;
mod map_file;
mod murmur;
mod mycat_date;
mod mycat_dates;
mod mycat_hash_mod;
mod mycat_mod;
mod mycat_month;
mod number_range;
mod padding_mod;
mod pattern;
mod range;
mod scanner;
mod segments;
mod shardingsphere_auto_interval;
mod shardingsphere_hash_mod;
mod shardingsphere_interval;
mod shardingsphere_mod;
mod shardingsphere_range;
mod string;
mod substring;
mod unicode_loose;
mod vitess;
mod vitess_cfc;
mod vitess_ids;
mod vitess_maps;
mod vitess_multicol;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use smallvec::SmallVec;

pub use slots::{SlotMap, SlotMapError};

use self::compute::{Buckets, Compute, Given, Input, Takes};
use self::params::{Param, ParamError, Params, Reader};
use self::registry::Kind;
use super::key::{Digits, Key, KeyType};

/// A sharding function with its parameters, over a table's shards.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Function {
    rule: Rule,
    slots: SlotMap,
}

/// How a key comes to its bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Rule {
    Hash,
    Mod,
    Named(Named),
}

/// A sharding function as a rule names it, before it meets the table's shards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionSpec {
    /// See [`hash`].
    Hash {
        /// How many slots.
        slots: usize,
    },
    /// See [`modulo`].
    Mod,
    /// One of the registry.
    Named(Named),
}

/// A function of the registry with its parameters. Two are the same if their parameters are written alike.
#[derive(Debug, Clone)]
pub struct Named {
    kind: &'static Kind,
    params: Params,
    compute: Arc<dyn Compute>,
}

/// Why a function cannot be used over a list of shards.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// The slots do not fit.
    #[error("{0}")]
    Slots(#[from] SlotMapError),
    /// A list of shards is not as long as the function has buckets.
    #[error(
        "function \"{kind}\" has {buckets} buckets, and {shards} shards are listed: list one for each bucket, or give \
         each shard its buckets, as in {{ s0 = \"0-1\", s1 = \"2-3\" }}"
    )]
    NotOneEach {
        /// The function.
        kind: &'static str,
        /// How many buckets it has.
        buckets: usize,
        /// How many shards there are.
        shards: usize,
    },
    /// The function cannot be used in rules.
    #[error("function \"{kind}\" cannot be used here: {reason}")]
    Unusable {
        /// The function.
        kind: &'static str,
        /// Why not.
        reason: &'static str,
    },
}

impl FunctionError {
    /// The key of the table's rule that the error is about.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Slots(SlotMapError::Count(_) | SlotMapError::TooFew { .. }) | Self::Unusable { .. } => "function",
            Self::Slots(_) | Self::NotOneEach { .. } => "shards",
        }
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.kind.name == other.kind.name && self.params == other.params
    }
}

impl Eq for Named {}

impl Hash for Named {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.name.hash(state);
        self.params.hash(state);
    }
}

impl Named {
    /// The function with these parameters; and the names of those that it knows, as far as it asked for them.
    pub fn read(kind: &'static Kind, params: Params) -> (Result<Self, ParamError>, Vec<&'static str>) {
        let reader = Reader::new(&params);
        let compute = (kind.read)(&reader);
        let asked = reader.asked();
        (compute.map(|compute| Self { kind, params, compute }), asked)
    }

    /// What it computes.
    pub fn compute(&self) -> &dyn Compute {
        &*self.compute
    }

    fn bucket(&self, key: &Key) -> Option<usize> {
        self.compute.bucket(&Given::new(input(key))).ok()
    }

    /// How many buckets there are; `given`: how many a rule speaks of.
    fn buckets(&self, given: usize) -> Result<usize, FunctionError> {
        match self.compute.buckets() {
            Buckets::Count(count) | Buckets::Slots(count) => Ok(count),
            Buckets::Any => Ok(given),
            Buckets::AtLeast(count) => Ok(given.max(count)),
            Buckets::None(reason) => Err(FunctionError::Unusable { kind: self.kind.name, reason }),
        }
    }
}

/// A canonical key as functions take it. Canonical texts are as they were written where the collation compares by code
/// points; a function that reads texts is not used under another.
fn input(key: &Key) -> Input<'_> {
    match key {
        Key::Integer(value) => Input::Integer(*value),
        Key::Bytes(bytes) => std::str::from_utf8(bytes).map_or(Input::Bytes(bytes), Input::Text),
        Key::Decimal(text) => Input::Decimal(std::str::from_utf8(text).unwrap_or_default()),
    }
}

impl FunctionSpec {
    /// The name in rule files.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Hash { .. } => "hash",
            Self::Mod => "mod",
            Self::Named(named) => named.kind.name,
        }
    }

    /// The function over so many shards: slots in equal shares, else one bucket each.
    pub fn even(&self, shards: usize) -> Result<Function, FunctionError> {
        match self {
            Self::Hash { slots } => Ok(Function { rule: Rule::Hash, slots: SlotMap::even(*slots, shards)? }),
            Self::Mod => Ok(Function { rule: Rule::Mod, slots: SlotMap::even(shards, shards)? }),
            Self::Named(named) => {
                let buckets = named.buckets(shards)?;
                let is_shared_out = matches!(named.compute.buckets(), Buckets::Slots(_));
                if buckets != shards && !is_shared_out {
                    return Err(FunctionError::NotOneEach { kind: named.kind.name, buckets, shards });
                }
                Ok(Function { rule: Rule::Named(named.clone()), slots: SlotMap::even(buckets, shards)? })
            }
        }
    }

    /// The function over shards of which each has the buckets of these inclusive ranges.
    pub fn mapped(&self, shards: &[Vec<(usize, usize)>]) -> Result<Function, FunctionError> {
        let last = shards.iter().flatten().map(|(_, last)| *last).max();
        let given = last.map_or(0, |last| last.saturating_add(1));
        let (rule, slots) = match self {
            Self::Hash { slots } => (Rule::Hash, *slots),
            Self::Mod => (Rule::Mod, given),
            Self::Named(named) => (Rule::Named(named.clone()), named.buckets(given)?),
        };
        Ok(Function { rule, slots: SlotMap::mapped(slots, shards)? })
    }
}

impl fmt::Display for FunctionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hash { slots } => write!(f, "hash over {slots} slots"),
            Self::Mod => f.write_str("mod"),
            Self::Named(named) => {
                f.write_str(named.kind.name)?;
                for (index, (name, value)) in named.params.iter().enumerate() {
                    let separator = if index == 0 { " with" } else { "," };
                    match value {
                        Param::Text(text) => write!(f, "{separator} {name} = {text}")?,
                        Param::Null | Param::List(_) | Param::Table(_) => write!(f, "{separator} {name} = ...")?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl Function {
    /// The name in rule files.
    pub fn kind(&self) -> &'static str {
        match &self.rule {
            Rule::Hash => "hash",
            Rule::Mod => "mod",
            Rule::Named(named) => named.kind.name,
        }
    }

    /// Whether it takes the values of so many columns together; if not, why.
    pub fn accepts_number(&self, columns: usize) -> Result<(), String> {
        let taken = match &self.rule {
            Rule::Hash => return Ok(()),
            Rule::Mod => 1,
            Rule::Named(named) => named.compute.columns(),
        };
        match (columns, taken) {
            (columns, taken) if columns == taken => Ok(()),
            (1, _) => Err(format!(
                "function \"{}\" takes the values of {taken} columns: name them, as in shard_key = [\"a\", \"b\"]",
                self.kind()
            )),
            (_, 1) => Err(format!(
                "function \"{}\" takes the value of one column, and the key has {columns}; \"hash\" and \"inline\" take several",
                self.kind()
            )),
            _ => Err(format!(
                "function \"{}\" takes the values of {taken} columns, and the key has {columns}",
                self.kind()
            )),
        }
    }

    /// Positions of the shards that rows may be on of which the columns of the key have these values, and those that are `None`
    /// any; `None` if any shard may have some. A key without a bucket is told as `None`, too.
    pub fn positions(&self, keys: &[Option<&Key>]) -> Option<Vec<usize>> {
        self.buckets_of(keys)?.into_iter().map(|bucket| self.slots.position(bucket)).collect()
    }

    /// The same for buckets.
    pub fn buckets_of(&self, keys: &[Option<&Key>]) -> Option<Vec<usize>> {
        match &self.rule {
            Rule::Hash => {
                let all: SmallVec<[&Key; 4]> = keys.iter().copied().collect::<Option<_>>()?;
                Some(vec![hash::slot_of_all(&all, self.slots.slots())])
            }
            Rule::Mod => None,
            Rule::Named(named) => {
                let inputs: SmallVec<[Option<Input<'_>>; 4]> = keys.iter().map(|key| key.map(input)).collect();
                named.compute.buckets_of(&inputs)
            }
        }
    }

    /// Position, in the table's list, of the shard that holds this key; `None` if the function has no place for it.
    pub fn position(&self, key: &Key) -> Option<usize> {
        self.slots.position(self.bucket(key)?)
    }

    /// The bucket of this key; `None` if the function has none for it.
    pub fn bucket(&self, key: &Key) -> Option<usize> {
        match &self.rule {
            Rule::Hash => Some(hash::slot(key, self.slots.slots())),
            Rule::Mod => modulo::bucket(key, self.slots.slots()),
            Rule::Named(named) => named.bucket(key),
        }
    }

    /// How many buckets there are.
    pub fn buckets(&self) -> usize {
        self.slots.slots()
    }

    /// Positions of all shards with keys from `low` to `high` (included; `None`: no bound), each once; `None` if any shard
    /// may have some.
    pub fn range(&self, low: Option<&Key>, high: Option<&Key>) -> Option<Vec<usize>> {
        let Rule::Named(named) = &self.rule else { return None };
        let buckets = named.compute.range(low.map(input), high.map(input), self.slots.slots())?;
        let mut positions: Vec<usize> = buckets.iter().filter_map(|bucket| self.slots.position(*bucket)).collect();
        positions.sort_unstable();
        positions.dedup();
        Some(positions)
    }

    /// What stands for the shard at this position in physical names: its bucket's name, if it has just one.
    pub fn label(&self, position: usize) -> Option<String> {
        let mut buckets = self.slots.slots_of(position);
        let only = buckets.next().filter(|_| buckets.next().is_none())?;
        match &self.rule {
            Rule::Hash | Rule::Mod => Some(only.to_string()),
            Rule::Named(named) => Some(named.compute.label(only).unwrap_or_else(|| only.to_string())),
        }
    }

    /// Whether the function takes keys of this type; if not, why.
    pub fn accepts(&self, key: &KeyType) -> Result<(), String> {
        let (kind, takes) = match &self.rule {
            Rule::Hash => return Ok(()),
            Rule::Mod => ("mod", Takes::Integers),
            Rule::Named(named) => (named.kind.name, named.compute.takes()),
        };
        if let (KeyType::Date | KeyType::DateTime, Rule::Named(named)) = (key, &self.rule)
            && let Some(reason) = named.compute.unfit_for_dates(*key == KeyType::DateTime)
        {
            return Err(format!("function \"{kind}\" {reason}"));
        }
        let reason = match (takes, key) {
            (Takes::Times, KeyType::Integer(_) | KeyType::Year | KeyType::Bit(_) | KeyType::Decimal(_)) => {
                "takes dates; give key_type = \"date\", \"datetime\" or \"text\""
            }
            (_, KeyType::Integer(_) | KeyType::Year | KeyType::Bit(_)) => return Ok(()),
            (_, KeyType::Decimal(Digits { scale: 0, .. })) => return Ok(()),
            (Takes::Anything | Takes::Numbers | Takes::IntegersAndTexts, KeyType::Decimal(_)) => return Ok(()),
            (Takes::Anything, KeyType::Bytes(_) | KeyType::Time | KeyType::Uuid) => return Ok(()),
            (Takes::Anything | Takes::Times, KeyType::Date | KeyType::DateTime) => return Ok(()),
            (Takes::Integers, KeyType::Decimal(_)) => {
                "takes whole numbers only: a decimal with scale = 0, or \"hash\" or \"range\" for this key type"
            }
            (Takes::Numbers, _) => {
                "has whole numbers as bounds, and the key is no number: give bounds that are texts in quotes"
            }
            (Takes::Integers, _) => "takes integer keys only; use \"hash\" for this key type",
            (_, KeyType::Text(collation, _) | KeyType::Enum(collation)) if collation.keeps_text() => return Ok(()),
            (_, KeyType::Text(..) | KeyType::Enum(_)) => {
                "reads texts as they are written, and the collation takes different ones for equal; use \"hash\", or a \
                 column with a _bin collation, or collation = \"as-written\""
            }
            (Takes::IntegersAndTexts, KeyType::Date | KeyType::DateTime) => "takes integers, not dates",
            (Takes::IntegersAndTexts | Takes::Times, KeyType::Bytes(_)) => "takes no bytes",
            (Takes::IntegersAndTexts | Takes::Times, KeyType::Time | KeyType::Uuid) => {
                "takes neither times of day nor UUIDs; use \"hash\" for this key type"
            }
        };
        Err(format!("function \"{kind}\" {reason}"))
    }
}
