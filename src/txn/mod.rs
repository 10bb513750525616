//! Transactions over shards: which shards take part, what each must be told, and what is not allowed yet.
//!
//! A transaction begins lazily on each shard, with the first statement that touches it. Until there is two-phase
//! commit only one shard may be written in a transaction; a second one is refused before anything is sent to it.

pub mod transaction;
