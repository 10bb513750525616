//! The servers behind ShardGate: connections that speak MySQL, pools of them, replica sets with their health, and the
//! session state that a pooled connection carries from one client to the next.
//!
//! Nothing here knows of clients, statements or plans; `exec` says what to send and where.

pub mod options;
pub mod error;
pub mod interrupt;
pub mod buffer;
pub mod transport;
pub mod tls;
pub mod settings;
pub mod statements;
pub mod answer;
pub mod connection;
pub mod login;
pub mod pool;
pub mod replica_set;
pub mod topology;
pub mod control;
pub mod health;
pub mod live_schema;
pub mod survey;
mod live_table;
pub mod lock_waits;
pub mod table_checks;
pub mod rights;
pub mod comparison;
