//! Running plans: the only room where routes meet connections.
//!
//! `links` finds the connection for a shard and keeps those that a session's state needs; `relay` passes one shard's
//! answer on undecoded (but for rows that tell names: `named_rows`); `scatter` concatenates the answers of several, `merged` merges their rows; `write` runs a
//! statement on several shards so that all or none of them keep it (`tally` adds up their answers, `row_numbers` knows whose row they mean); `commit` ends transactions, and `recovery` those that
//! were left halfway; `prepared` brings a statement to the connection that must execute it; `measured` runs one for what
//! it costs; `sequence` has numbers for rows; `gather` brings the rows of tables together on one server (`cells` writes
//! their values, `long` sends values that are too long for a literal), `scratch` puts rows of ShardGate's own into temporary tables; `stage` makes the tables that a staged
//! write works on (`rows` and `columns` carry what is in them), `write_back` says what the shards must be told of it, and
//! `apply` tells them; `feed` brings a file to the servers that load it; `unread` keeps connections of which an answer is not wanted any more.

pub mod failure;
pub mod sink;
pub mod links;
pub mod cancel;
mod named_rows;
pub mod relay;
pub mod scatter;
pub mod unread;
mod stream;
mod layout;
pub mod merged;
mod all;
pub mod feed;
pub mod conditions;
pub mod ddl;
pub mod measured;
pub mod commit;
pub mod recovery;
pub mod tally;
pub mod row_numbers;
pub mod returned;
pub mod write;
pub mod sequence;
pub mod prepared;
pub mod scratch;
pub mod long;
mod cells;
pub mod gather;
pub mod rows;
mod columns;
mod typed_json;
pub mod stage;
pub mod write_back;
pub mod apply;
pub mod cascade;
