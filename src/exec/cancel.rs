//! Ending a statement on its server, from another connection.

use super::links::Link;
use crate::backend::control;
use crate::backend::pool::Lease;

/// Gives up a connection whose answer nobody will read: what runs there is ended, and it is closed.
pub fn abandon(link: Link) {
    if link.lease.is_busy() {
        kill_connection(&link.lease);
    }
}

/// Asks the server to end the connection, whose answer nobody will read. Returns at once; the request has a time-out of
/// its own.
pub fn kill_connection(lease: &Lease) {
    let done = kill("KILL", lease);
    tokio::spawn(done);
}

/// Asks the server to end the statement; connection and transaction go on. Returns when the server has been told: later it
/// would end whatever runs there next.
pub async fn kill_query(lease: &Lease) {
    kill("KILL QUERY", lease).await;
}

fn kill(words: &'static str, lease: &Lease) -> impl Future<Output = ()> + use<> {
    let (options, address) = lease.pool().dialer().target();
    let (options, address, thread_id) = (options.clone(), address.clone(), lease.thread_id());
    async move {
        let done = control::run(&options, &address, &format!("{words} {thread_id}")).await;
        if let Err(error) = done {
            // Error 1094: it has ended by itself.
            tracing::debug!(server = %address, %error, "could not end a statement");
        }
    }
}
