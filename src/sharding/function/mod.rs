//! Sharding functions: canonical key -> position in the table's list of shards. One file each, and one line in each
//! `match` here. A function never changes what it computes once it has been released: rows lie where it said.

pub mod hash;
pub mod modulo;

use std::fmt;

pub use hash::{Hash, SlotMapError};

use super::key::{Key, KeyType};

/// A sharding function with its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Function {
    /// A hash of the key onto slots, and slots onto shards.
    Hash(Hash),
    /// The key, an integer, modulo the number of shards.
    Mod,
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
}

/// Why a function cannot be used over a list of shards.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// The slots do not fit.
    #[error("{0}")]
    Slots(#[from] SlotMapError),
    /// Slots were given to a function that has none.
    #[error("function \"{0}\" has no slots: give a list of shards")]
    NoSlots(&'static str),
}

impl FunctionError {
    /// The key of the table's rule that the error is about.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Slots(SlotMapError::Count(_) | SlotMapError::TooFew { .. }) => "function",
            Self::Slots(_) | Self::NoSlots(_) => "shards",
        }
    }
}

impl FunctionSpec {
    /// The names in rule files.
    pub const KINDS: &[&str] = &["hash", "mod"];

    /// The name in rule files.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Hash { .. } => "hash",
            Self::Mod => "mod",
        }
    }

    /// The function over so many shards, each with an equal share.
    pub fn even(&self, shards: usize) -> Result<Function, FunctionError> {
        match self {
            Self::Hash { slots } => Ok(Function::Hash(Hash::even(*slots, shards)?)),
            Self::Mod => Ok(Function::Mod),
        }
    }

    /// The function over shards of which each has the slots of these inclusive ranges.
    pub fn mapped(&self, shards: &[Vec<(usize, usize)>]) -> Result<Function, FunctionError> {
        match self {
            Self::Hash { slots } => Ok(Function::Hash(Hash::mapped(*slots, shards)?)),
            Self::Mod => Err(FunctionError::NoSlots(self.kind())),
        }
    }
}

impl fmt::Display for FunctionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hash { slots } => write!(f, "hash over {slots} slots"),
            Self::Mod => f.write_str("mod"),
        }
    }
}

impl Function {
    /// Position, in a list of `shards` shards, of the one that holds this key; `None` if the function takes no keys of
    /// this kind.
    pub fn position(&self, key: &Key, shards: usize) -> Option<usize> {
        match self {
            Self::Hash(hash) => Some(hash.position(key)),
            Self::Mod => modulo::position(key, shards),
        }
    }

    /// The slot of this key and how many slots there are, if the function has slots.
    pub fn slot(&self, key: &Key) -> Option<(usize, usize)> {
        match self {
            Self::Hash(hash) => Some((hash.slot(key), hash.slots())),
            Self::Mod => None,
        }
    }

    /// Whether the function takes keys of this type; if not, why.
    pub fn accepts(&self, key: &KeyType) -> Result<(), &'static str> {
        match (self, key) {
            (Self::Hash(_), _) | (Self::Mod, KeyType::Integer(_)) => Ok(()),
            (Self::Mod, KeyType::Text(..) | KeyType::Bytes(_)) => {
                Err("function \"mod\" takes integer keys only; use \"hash\" for this key type")
            }
        }
    }
}
