//! Other proxies' configurations -> ShardGate's files, and a report of what was translated, what now means something else,
//! and what could not be translated. What could not is written so that `check` refuses it until someone has decided: a
//! table that silently went to the default shard would lose its rows.

mod document;
mod draft;
mod leftover;
mod cobar;
mod gaea;
mod kingshard;
mod mycat;
mod shardingsphere;
mod shardingsphere_nodes;
mod vitess;

use std::path::Path;

pub use draft::{Imported, Note};

/// The proxies whose files can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    Cobar,
    Mycat,
    Dble,
    Kingshard,
    Gaea,
    ShardingSphere,
    Vitess,
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct ImportError {
    /// The file or folder.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads the configuration at `path`: a file, or the folder with the files that the system has.
pub fn import(from: System, path: &Path) -> Result<Imported, ImportError> {
    let draft = match from {
        System::Cobar => cobar::read(path),
        System::Mycat => mycat::read(path),
        System::Dble => mycat::read_dble(path),
        System::Kingshard => kingshard::read(path),
        System::Gaea => gaea::read(path),
        System::ShardingSphere => shardingsphere::read(path),
        System::Vitess => vitess::read(path),
    };
    draft.map(draft::Draft::finish)
}

#[cfg(test)]
mod tests;
