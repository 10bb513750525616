//! The operator's side: a console that speaks MySQL's protocol on an address of its own, with accounts of its own. It
//! shows and ends distributed transactions, and works when no server behind ShardGate does.

pub mod options;
pub mod console;
mod login;
mod channel;
mod command;
mod answers;
