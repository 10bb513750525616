//! Transactions over shards: which shards take part, what each must be told, and how several commit as one.
//!
//! A transaction begins lazily on each shard, with the first statement that touches it: on the first as a plain local
//! transaction, on each further one as an XA branch. If several have written, `coordinator` commits them in two phases,
//! and what a crash leaves prepared is ended by `recovery`. Nothing here does I/O: `exec` sends what this says.

pub mod transaction;
pub mod options;
pub mod xid;
pub mod ddl;
pub mod ddl_lines;
pub mod ddl_journal;
pub mod decision;
pub mod coordinator;
pub mod recovery;
pub mod doubt;
pub mod in_flight;
pub mod waits;
pub mod visibility;
#[cfg(test)]
mod model;
