//! The rows of one shard's answer, one after the other, while those of other shards come in between.
//!
//! Of the answer no more is held than the read buffer, and a row that does not fit into it.

use std::ops::Range;

use super::failure::Failure;
use super::links::Link;
use super::relay::more;
use super::sink::Sink;
use super::unread::Unread;
use crate::backend::buffer::Buffer;
use crate::wire::WireError;
use crate::wire::packet::{HEADER_LEN, MAX_PAYLOAD};
use crate::wire::response::ErrPacket;
use crate::wire::walker::{AnswerKind, PacketKind, Phase, ResultWalker};

/// One answer under way.
#[derive(Debug)]
pub(super) struct Stream<'l> {
    pub(super) link: &'l mut Link,
    walker: ResultWalker,
    buffer: Buffer,
    /// Bytes of the buffer that were walked, and may still be in use.
    at: usize,
    killed: bool,
    row: Place,
    /// A row of several packets.
    joined: Vec<u8>,
}

/// Where the last row is.
#[derive(Debug)]
enum Place {
    Buffer(Range<usize>),
    Joined,
}

/// What comes before the rows.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// The definitions' payloads.
    pub(super) columns: Vec<Vec<u8>>,
    /// The payload of the EOF after them, where there is one.
    pub(super) end: Option<Vec<u8>>,
}

/// Packets for the client that were not sent yet.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// The number of the first of them.
    pub(super) first_seq: u8,
    /// Whether the client was sent any before.
    pub(super) has_sent: bool,
    /// How many bytes the client was sent, and how many of its answer come before the rows.
    sent: usize,
    head: usize,
    /// They wait for the first row, or for it to be known that there is none: until then a server may refuse.
    pub(super) is_held: bool,
}

impl Piece {
    pub(super) fn new(sink: &Sink<'_>) -> Self {
        Self { bytes: Vec::new(), first_seq: sink.seq, has_sent: false, sent: 0, head: 0, is_held: true }
    }

    /// The rows come next.
    pub(super) fn end_head(&mut self) {
        self.head = self.sent + self.bytes.len();
    }

    pub(super) fn has_rows(&self) -> bool {
        self.sent + self.bytes.len() > self.head
    }

    pub(super) async fn send(&mut self, sink: &mut Sink<'_>) -> Result<(), Failure> {
        if self.is_held {
            return Ok(());
        }
        self.has_sent |= !self.bytes.is_empty();
        sink.send(&self.bytes).await?;
        self.sent += self.bytes.len();
        self.bytes.clear();
        self.first_seq = sink.seq;
        Ok(())
    }
}

impl<'l> Stream<'l> {
    /// `buffer`: what was read of it already.
    pub(super) fn new(link: &'l mut Link, kind: AnswerKind, buffer: Buffer) -> Self {
        let walker = ResultWalker::new(kind, link.lease.deprecate_eof()).starting_at(link.lease.answer_seq());
        Self { link, walker, buffer, at: 0, killed: false, row: Place::Buffer(0..0), joined: Vec::new() }
    }

    /// Reads up to the first row.
    pub(super) async fn head(&mut self, sink: &Sink<'_>) -> Result<Head, Failure> {
        let mut head = Head::default();
        while self.walker.phase() != Phase::Rows {
            let (kind, range) = self.packet(sink).await?;
            let payload = self.buffer.filled()[range].to_vec();
            match kind {
                PacketKind::ColumnCount => {}
                PacketKind::Column => head.columns.push(payload),
                PacketKind::Eof => head.end = Some(payload),
                _ => return Err(self.malformed("an answer without rows")),
            }
        }
        Ok(head)
    }

    /// Reads the next row, in the place of the one before. False when there is none, and the connection is idle.
    pub(super) async fn next(&mut self, sink: &mut Sink<'_>, out: &mut Piece) -> Result<bool, Failure> {
        if self.walker.is_complete() {
            return Ok(false);
        }
        if !self.has_packet()? {
            // What is ready goes out before anything is waited for.
            out.send(sink).await?;
        }
        let (kind, range) = self.packet(sink).await?;
        match kind {
            PacketKind::Row if range.len() == MAX_PAYLOAD => {
                self.joined.clear();
                self.joined.extend_from_slice(&self.buffer.filled()[range]);
                self.join(sink).await?;
                self.row = Place::Joined;
                Ok(true)
            }
            PacketKind::Row => {
                self.row = Place::Buffer(range);
                Ok(true)
            }
            PacketKind::Eof | PacketKind::Ok if self.walker.is_complete() => {
                self.link.lease.answered();
                Ok(false)
            }
            _ => Err(self.malformed("more than one result")),
        }
    }

    /// The payload of the last row.
    pub(super) fn row(&self) -> &[u8] {
        match &self.row {
            Place::Buffer(range) => self.buffer.filled().get(range.clone()).unwrap_or_default(),
            Place::Joined => &self.joined,
        }
    }

    /// What has not been read.
    pub(super) fn into_unread(self) -> Unread<'l> {
        Unread::rest(self.link, self.walker, self.buffer, self.at)
    }

    /// Reads the further packets of a row.
    async fn join(&mut self, sink: &Sink<'_>) -> Result<(), Failure> {
        loop {
            let (kind, range) = self.packet(sink).await?;
            if kind != PacketKind::Continuation {
                return Err(self.malformed("a row without its end"));
            }
            let is_last = range.len() < MAX_PAYLOAD;
            self.joined.extend_from_slice(&self.buffer.filled()[range]);
            if is_last {
                return Ok(());
            }
        }
    }

    fn has_packet(&mut self) -> Result<bool, Failure> {
        let mut ahead = self.walker;
        match ahead.next_packet(&self.buffer.filled()[self.at..]) {
            Ok(found) => Ok(found.is_some()),
            Err(source) => Err(self.link.lease.protocol(source).into()),
        }
    }

    /// The next packet: what it is, and where in the buffer its payload is. An ERR is a failure.
    async fn packet(&mut self, sink: &Sink<'_>) -> Result<(PacketKind, Range<usize>), Failure> {
        loop {
            let found = self.walker.next_packet(&self.buffer.filled()[self.at..]);
            let found = match found {
                Ok(found) => found.map(|packet| (packet.kind, packet.payload.len())),
                Err(source) => return Err(self.link.lease.protocol(source).into()),
            };
            if let Some((kind, len)) = found {
                let start = self.at + HEADER_LEN;
                self.at = start + len;
                if kind == PacketKind::Err {
                    return Err(self.refused(start..self.at));
                }
                return Ok((kind, start..self.at));
            }
            self.buffer.consume(std::mem::take(&mut self.at));
            if self.buffer.is_full() {
                // A packet larger than the buffer. Rows are bounded by the server's max_allowed_packet.
                self.buffer.grow(2 * self.buffer.filled().len());
            }
            more(&mut sink.watch(), &mut self.link.lease, &mut self.buffer, &mut self.killed).await?;
        }
    }

    fn refused(&mut self, range: Range<usize>) -> Failure {
        match ErrPacket::parse(&self.buffer.filled()[range]) {
            Ok(error) => {
                let failure = error.into();
                self.link.lease.answered();
                failure
            }
            Err(source) => self.link.lease.protocol(source).into(),
        }
    }

    pub(super) fn malformed(&mut self, what: &'static str) -> Failure {
        self.link.lease.protocol(WireError::Malformed(what)).into()
    }
}
