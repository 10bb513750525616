//! ShardGate: a sharding database proxy for MySQL and MariaDB.

pub mod value;
pub mod metrics;
pub mod wire;
pub mod sql;
pub mod sharding;
pub mod merge;
pub mod plan;
pub mod backend;
pub mod txn;
pub mod exec;
pub mod frontend;
pub mod admin;
pub mod config;
pub mod playground;
pub mod server;
