//! The rules, compiled: which logical databases and tables there are, where their rows lie, and which shard holds a
//! given key value. Plain values and functions; `config` builds them from files.
//!
//! What it promises: a key value leads to one shard only where MySQL's own comparison (in a predicate) or conversion
//! (in an INSERT) proves it. Whatever is not proven is [`Located::Anywhere`].

pub mod build;
pub mod collation;
mod colocation;
pub mod function;
mod joint;
pub mod key;
pub mod live;
mod members;
mod parts;
mod pattern;
pub mod schema;
pub mod shard_set;
pub mod table;

pub use function::Function;
pub use joint::Alternatives;
pub use key::KeyType;
pub use schema::{Copied, Database, DatabaseId, ReplicaSetId, Schema, Shard};
pub use shard_set::{ShardId, ShardSet};
pub use table::{
    ColocationId, Column, KeyColumn, KeyRequired, Located, Parent, Part, Placement, Sequence, SequenceKind, Sharded,
    Table, Within,
};
