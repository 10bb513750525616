//! Clients: how they get in, what their sessions know, and how each command finds its answer.
//!
//! `listener` hands a client to a worker, `handshake` lets it in, `session` takes its commands, `commands` sorts them;
//! most statements take the `short_way`, for which `query` and `prepared` find the shard; `statement` is for whatever is
//! not the common case, `several` and `merging` are for more shards than one, `gathered` for what only all rows
//! together can answer, `staged` for writes of that kind, and `load` for files that clients send.

pub mod options;
pub mod shared;
pub mod registry;
pub mod listener;
mod client;
mod handshake;
mod session;
mod short_way;
mod commands;
mod condensed;
mod query;
mod statement;
mod called;
mod several;
mod moment;
mod merging;
mod numbered;
mod regrouped;
mod load;
mod gathered;
mod gather_load;
mod shipped;
pub mod configuration;
mod shard_of;
mod staged;
mod writing_back;
mod cascades;
mod parents;
mod control;
mod copies;
mod maintenance;
mod catalog;
mod catalog_rows;
mod session_list;
mod local;
mod transactions;
mod xa;
pub mod deadlocks;
mod variables;
mod set_statement;
mod set_selected;
mod user_variables;
mod lock_board;
mod locks;
mod diagnostics;
mod explained;
mod prepared;
mod executions;
mod preparing;
mod table_locks;
mod text_prepared;
mod response;
mod ddl;
pub mod ddl_journal;
mod create_select;
mod error;
