//! What the servers' catalogues (SHOW, `information_schema`) say, in the client's names: each logical table once, with
//! sizes summed over its shards, and nothing of the physical schemas and tables behind it.
//!
//! Everything here is about rows and texts that servers gave; who asks them is the frontend's concern.

pub mod columns;
pub mod definition;
pub mod places;
pub mod rows;
pub mod text;
pub mod wanted;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;

/// Rows in text form; `None` is NULL.
pub type Row = Vec<Option<Vec<u8>>>;
