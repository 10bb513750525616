//! Answers that nobody wants any more, on connections that must not be closed for them: they hold a part of the client's
//! transaction, its temporary tables or its locks. What runs there is ended as KILL QUERY would, and the rest is read.

use std::ops::Range;
use std::time::Duration;

use super::all::all;
use super::cancel;
use super::links::Link;
use crate::backend::buffer::Buffer;
use crate::backend::connection::Watch;
use crate::backend::error::{Error, Reason};
use crate::backend::interrupt::Interrupt;
use crate::wire::packet::HEADER_LEN;
use crate::wire::walker::{AnswerKind, PacketKind, ResultWalker, Summary};

/// How long an answer may take to end by itself before its server is told to end it.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long the server may then take.
const LIMIT: Duration = Duration::from_secs(10);

/// An answer of which something may have been read, and whose.
#[derive(Debug)]
pub(super) struct Unread<'l> {
    pub(super) link: &'l mut Link,
    walker: ResultWalker,
    pub(super) buffer: Buffer,
    /// So many bytes of the buffer were walked over.
    at: usize,
}

impl<'l> Unread<'l> {
    /// The walker is behind everything that is not in the buffer any more, and `at` bytes of that.
    pub(super) fn rest(link: &'l mut Link, walker: ResultWalker, buffer: Buffer, at: usize) -> Self {
        Self { link, walker, buffer, at }
    }

    /// An answer of which nothing was read.
    pub(super) fn whole(link: &'l mut Link, kind: AnswerKind) -> Self {
        Self::begun(link, kind, Buffer::default())
    }

    /// An answer of which all that was read is in the buffer.
    fn begun(link: &'l mut Link, kind: AnswerKind, buffer: Buffer) -> Self {
        let walker = ResultWalker::new(kind, link.lease.deprecate_eof()).starting_at(link.lease.answer_seq());
        Self::rest(link, walker, buffer, 0)
    }

    pub(super) fn walker(&self) -> &ResultWalker {
        &self.walker
    }

    /// How the answer ended; `None` if it was not read to its end, or a server was told to end it.
    pub(super) fn summary(&self) -> Option<Summary> {
        let summary = *self.walker.summary();
        (self.walker.is_complete() && summary.error.is_none()).then_some(summary)
    }

    /// The next packet: what it is, and where in the buffer its payload is. `None`: more must be read first. After the
    /// last one the connection is idle.
    pub(super) fn packet(&mut self) -> Result<Option<(PacketKind, Range<usize>)>, Error> {
        let found = self.walker.next_packet(&self.buffer.filled()[self.at..]);
        let found = found.map_err(|source| self.link.lease.protocol(source))?;
        let Some((kind, len)) = found.map(|packet| (packet.kind, packet.payload.len())) else {
            self.buffer.consume(std::mem::take(&mut self.at));
            if self.buffer.is_full() {
                // A packet larger than the buffer. Rows are bounded by the server's max_allowed_packet.
                self.buffer.grow(2 * self.buffer.filled().len());
            }
            return Ok(None);
        };
        let start = self.at + HEADER_LEN;
        self.at = start + len;
        if self.walker.is_complete() {
            self.link.lease.answered();
        }
        Ok(Some((kind, start..self.at)))
    }

    async fn pass_over(&mut self, interrupt: &Interrupt) {
        if !self.link.lease.is_busy() {
            return;
        }
        let done = tokio::time::timeout(PATIENCE, self.read(interrupt)).await;
        if done.is_ok() || !self.link.pins.any() {
            return;
        }
        cancel::kill_query(&self.link.lease).await;
        let _ = tokio::time::timeout(LIMIT, self.read(interrupt)).await;
    }

    /// Reads to the end. What was read before it was cancelled counts.
    async fn read(&mut self, interrupt: &Interrupt) -> Result<(), Error> {
        while !self.walker.is_complete() {
            if self.packet()?.is_some() {
                continue;
            }
            match self.link.lease.read(&mut self.buffer, &mut Watch { interrupt, client: None }).await {
                // The client may say it again: this is being ended.
                Err(Error::Interrupted(Reason::QueryKilled)) => interrupt.begin_statement(),
                other => other?,
            }
        }
        Ok(())
    }
}

/// The same for links of which nothing was read.
pub async fn pass_over_whole(links: impl Iterator<Item = &mut Link>, kind: AnswerKind, interrupt: &Interrupt) {
    pass_over_begun(links.map(|link| (link, Buffer::default())), kind, interrupt).await;
}

/// The same for links with what was read of their answers, of which nothing was used.
pub async fn pass_over_begun<'l>(
    links: impl Iterator<Item = (&'l mut Link, Buffer)>,
    kind: AnswerKind,
    interrupt: &Interrupt,
) {
    pass_over(links.map(|(link, read)| Unread::begun(link, kind, read)).collect(), interrupt).await;
}

/// Ends all of them at once. Links that something pins are idle afterwards; one that is not must be dropped.
pub(super) async fn pass_over(mut answers: Vec<Unread<'_>>, interrupt: &Interrupt) {
    end_all(&mut answers, interrupt).await;
}

/// The same for answers that are still looked at.
pub(super) async fn end_all(answers: &mut [Unread<'_>], interrupt: &Interrupt) {
    if answers.iter().all(|answer| !answer.link.lease.is_busy()) {
        return;
    }
    interrupt.begin_statement();
    all(answers.iter_mut().map(|answer| answer.pass_over(interrupt)).collect()).await;
}
