//! Many streams of rows in, one out. It decides and does nothing: what it is told of rows are the cells that it
//! compares, and what it says is whose row comes next.
//!
//! `step` is asked in a loop. It names a stream whose next row it must know (`offer` it, or `end` the stream), or the
//! stream whose row is the next of the result, or says that no more rows are needed. Rows stay where the caller has
//! them; of each stream only the first is known here.
//!
//! `key` compares cells as the server would (`reach`: how much of long ones), `sorted` merges, `group` makes one row of a group's parts (`texts` and `json`
//! are two of its aggregates), `limit` cuts.

pub mod group;
mod json;
pub mod key;
pub mod limit;
pub mod reach;
mod real;
pub mod sorted;
mod texts;
pub mod top;

use thiserror::Error;

pub use group::{Aggregate, Combine, Cuts, Deviation, Group};
pub use key::{Compare, Encoding, Key, Source};
pub use limit::Limit;
pub use reach::Reach;
pub use sorted::Sorted;
pub use top::Top;

/// What the merge needs, or has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The row that was offered last by this stream is the next of the result.
    Row(usize),
    /// The next row of this stream must be known first.
    NeedsRow(usize),
    /// No stream has a row that is needed.
    Done,
}

/// Rows that cannot be merged: what a server sent is not what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MergeError {
    #[error("a sort key that cannot be read")]
    UnreadableKey,
    #[error("a part of an aggregate that cannot be read")]
    UnreadableCell,
    #[error("a sum that is out of range")]
    TooLarge,
    #[error(
        "a text over several shards that is longer than group_concat_max_len, in a character set that is not the result's"
    )]
    LongText,
    #[error("what is put together for one group is larger than merge_memory")]
    LargeGroup,
    #[error("more groups than merge_memory has room for")]
    TooManyGroups,
    #[error("text whose collation cannot be compared here")]
    UnknownCollation,
    #[error("rows that a server sorted in another way: their keys may be longer than max_sort_length")]
    Unsorted,
    #[error("texts of which only a server knows whether they differ before max_sort_length")]
    InDoubt,
}
