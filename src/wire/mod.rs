//! The MySQL protocol, both ends, as functions and small state machines over bytes. No sockets, clocks or SQL: callers
//! read and write the bytes, this room says what they mean.
//!
//! Everything that reads bytes from a peer returns [`WireError`] on bad input and never panics. Lengths are checked
//! before anything is allocated for them. Results that pass through undecoded are followed by [`walker`]; all else
//! goes through the parsers and writers of single payloads.
//!
//! Left out: compression, query attributes, MariaDB's own capabilities but one, replication commands.

pub mod error;

// Framing and fields.
pub mod packet;
pub mod reader;
pub mod writer;

// How a connection begins.
pub mod auth;
pub mod capability;
pub mod handshake;
pub mod secret;

pub mod command;

// Answers.
pub mod binary;
pub mod cells;
pub mod column;
pub mod error_code;
pub mod response;
pub mod session_track;
pub mod text;
pub mod walker;

pub use error::WireError;
pub use mysql_common::constants::{CapabilityFlags, ColumnFlags, ColumnType, StatusFlags};
pub use secret::Secret;
