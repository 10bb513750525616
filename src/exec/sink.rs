//! Where an answer goes: the client's stream, with the numbering of its packets.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use crate::backend::connection::Watch;
use crate::backend::error::Reason;
use crate::backend::interrupt::Interrupt;
use crate::backend::transport::Transport;
use crate::wire::StatusFlags;

/// What a client that asks for a cursor gets where there is none: all rows. The drivers that understand no EOF behind the columns' definitions
/// (CLIENT_DEPRECATE_EOF) look at the next packet: a row tells them that there is no cursor. The end of the rows would be taken for the end of
/// the definitions, and rows waited for, so an answer without rows says that there is a cursor. It has none to fetch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cursor {
    #[default]
    Unwanted,
    Wanted,
    /// The client was told of one.
    Told,
}

impl Cursor {
    /// The flag for the end of an answer.
    pub(super) fn tell(&mut self, has_rows: bool) -> StatusFlags {
        if *self != Self::Wanted || has_rows {
            return StatusFlags::empty();
        }
        *self = Self::Told;
        StatusFlags::SERVER_STATUS_CURSOR_EXISTS
    }
}

/// The client end of one statement.
#[derive(Debug)]
pub struct Sink<'s> {
    pub transport: &'s mut Transport,
    pub interrupt: &'s Interrupt,
    /// Number of the next packet to the client.
    pub seq: u8,
    /// Whether the client was sent something, set and never cleared here. (Numbers come again after 256 packets.)
    pub has_begun: &'s mut bool,
    /// Another statement of the same command follows: answers carry SERVER_MORE_RESULTS_EXISTS.
    pub more_follows: bool,
    pub cursor: &'s mut Cursor,
    pub write_timeout: Duration,
}

/// A client that takes no bytes any more.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0:?}")]
    Interrupted(Reason),
}

impl Sink<'_> {
    /// For a server's answer on its way to the client.
    pub(super) fn watch(&self) -> Watch<'_> {
        Watch { interrupt: self.interrupt, client: Some(&*self.transport) }
    }

    /// Sends framed bytes; waits while the client is slow, and so slows down who calls.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), SinkError> {
        *self.has_begun |= !bytes.is_empty();
        write_all(self.transport, bytes, self.write_timeout, self.interrupt).await
    }
}

/// Writes all of `bytes` and pushes them out. Gives up when none are taken for `limit`. Whatever deadline was armed
/// before holds again afterwards, less this wait.
pub async fn write_all(
    transport: &mut Transport,
    bytes: &[u8],
    limit: Duration,
    interrupt: &Interrupt,
) -> Result<(), SinkError> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut sent = transport.try_write(bytes)?;
    if sent == bytes.len() && !transport.is_tls() {
        return Ok(());
    }
    let outer = interrupt.suspend();
    while sent < bytes.len() {
        interrupt.arm(limit);
        let wrote = poll_fn(|cx| match transport.poll_write(cx, &bytes[sent..]) {
            Poll::Ready(wrote) => Poll::Ready(wrote.map_err(SinkError::Io)),
            Poll::Pending => interrupt.poll_while_writing(cx).map(|reason| Err(SinkError::Interrupted(reason))),
        });
        match wrote.await? {
            0 => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
            n => sent += n,
        }
    }
    if transport.is_tls() {
        poll_fn(|cx| match transport.poll_flush(cx) {
            Poll::Ready(flushed) => Poll::Ready(flushed.map_err(SinkError::Io)),
            Poll::Pending => interrupt.poll_while_writing(cx).map(|reason| Err(SinkError::Interrupted(reason))),
        })
        .await?;
    }
    interrupt.resume(outer);
    Ok(())
}
