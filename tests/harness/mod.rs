//! What integration tests stand on: real servers with known rows, ShardGate as a process in front of them, a client
//! that hides nothing, and cases as data.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its share")]
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

pub mod fixture;
pub mod stage;
pub mod talk;
pub mod fake_backend;
pub mod layout;
pub mod tables;
pub mod proxy;
pub mod relay;
pub mod cases;
pub mod contents;
pub mod client;
pub mod tls;
pub mod answer;
pub mod other_ways;
