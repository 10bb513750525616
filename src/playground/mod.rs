//! A local cluster of real servers: the demo that `shardgate playground` shows, and the ground under the
//! integration tests.
//!
//! It promises that every server lives in a folder of its own, listens on the loopback address only, and is gone
//! when the [`Cluster`] is dropped or its process dies, however it dies. It knows nothing of
//! ShardGate's composition: whoever runs it passes in how to serve a config file.

pub mod run;
pub mod files;
pub mod shop;
pub mod cluster;
pub mod server;
pub mod flavour;
pub mod ports;
pub mod guardian;
pub mod error;

pub use cluster::{Cluster, ClusterOptions, ReplicaSet};
pub use error::Error;
pub use run::{Options, Stop, run};
pub use server::Server;
