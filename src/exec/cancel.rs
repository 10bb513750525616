//! Ending a statement on its server, from another connection.

use super::links::Link;
use crate::backend::control;
use crate::backend::pool::Lease;

/// What to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kill {
    /// The statement; connection and transaction go on.
    Query,
    /// The connection, whose answer nobody will read.
    Connection,
}

/// Gives up a connection whose answer nobody will read: what runs there is ended, and it is closed.
pub fn abandon(link: Link) {
    if link.lease.is_busy() {
        kill(&link.lease, Kill::Connection);
    }
}

/// Asks the server to end what runs on `lease`. Returns at once; the request has a time-out of its own.
pub fn kill(lease: &Lease, kill: Kill) {
    let (options, address) = lease.pool().dialer().target();
    let (options, address, thread_id) = (options.clone(), address.clone(), lease.thread_id());
    tokio::spawn(async move {
        let words = match kill {
            Kill::Query => "KILL QUERY",
            Kill::Connection => "KILL",
        };
        let done = control::run(&options, &address, &format!("{words} {thread_id}")).await;
        if let Err(error) = done {
            // Error 1094: it has ended by itself.
            tracing::debug!(server = %address, %error, "could not end a statement");
        }
    });
}
