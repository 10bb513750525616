//! The client's side of a session: commands in, framed answers out.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::ServerConfig;
use tokio_rustls::{TlsAcceptor, TlsStream};

use crate::backend::buffer::Buffer;
use crate::backend::error::Reason;
use crate::backend::interrupt::Interrupt;
use crate::backend::transport::Transport;
use crate::exec::sink::{Cursor, Sink, SinkError, write_all};
use crate::wire::WireError;
use crate::wire::packet::{self, Assembled, Assembler};

/// How long the rest of a command that is too long anyway is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why no further command can be had from a client, or no answer given to it.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    #[error("the client closed the connection")]
    Closed,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A command was longer than `max_packet`, and was passed over.
    #[error("the command is too long")]
    TooLarge,
    #[error("{0:?}")]
    Interrupted(Reason),
}

impl From<SinkError> for ClientError {
    fn from(error: SinkError) -> Self {
        match error {
            SinkError::Io(error) => ClientError::Io(error),
            SinkError::Interrupted(reason) => ClientError::Interrupted(reason),
        }
    }
}

/// The client's stream, and what was read of it ahead of time.
#[derive(Debug)]
pub(super) struct Client {
    transport: Transport,
    assembler: Assembler,
    /// Bytes after the current command: the client did not wait for its answer.
    ahead: Buffer,
    /// Number of the next packet to the client.
    pub seq: u8,
    /// It was sent something since the current statement began.
    has_begun_answer: bool,
    /// What the statement under way has to say of one.
    cursor: Cursor,
    write_timeout: Duration,
    is_logged_in: bool,
}

/// One whole payload from the client.
#[derive(Debug)]
pub(super) enum Packet {
    /// In the read buffer, with its header before it and nothing after it.
    Buffered(Buffer),
    /// Too long for the buffer, or from several packets.
    Joined(Vec<u8>),
}

impl Packet {
    pub(super) fn payload(&self) -> &[u8] {
        match self {
            Packet::Buffered(buffer) => &buffer.filled()[packet::HEADER_LEN..],
            Packet::Joined(bytes) => bytes,
        }
    }

    /// Header and payload as they came, where they are still together.
    pub(super) fn framed(&self) -> Option<&[u8]> {
        match self {
            Packet::Buffered(buffer) => Some(buffer.filled()),
            Packet::Joined(_) => None,
        }
    }
}

impl Client {
    pub(super) fn new(transport: Transport, max_packet: usize, write_timeout: Duration) -> Client {
        Client {
            transport,
            assembler: Assembler::new(max_packet),
            ahead: Buffer::default(),
            seq: 0,
            has_begun_answer: false,
            cursor: Cursor::Unwanted,
            write_timeout,
            is_logged_in: false,
        }
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// How long it may take nothing, or leave a packet unfinished.
    pub(super) fn write_timeout(&self) -> Duration {
        self.write_timeout
    }

    /// Puts another stream in the place of the client's, which is given back.
    pub(super) fn replace_transport(&mut self, other: Transport) -> Transport {
        std::mem::replace(&mut self.transport, other)
    }

    /// Largest payload accepted from now on, in bytes. One that is longer is read to its end and reported.
    pub(super) fn set_max_packet(&mut self, bytes: usize) {
        self.assembler.set_max_packet(bytes);
        self.assembler.pass_over_too_large();
        self.is_logged_in = true;
    }

    /// Changes to TLS, as the client has asked for.
    pub(super) async fn accept_tls(self, config: Arc<ServerConfig>, limit: Duration) -> Result<Client, ClientError> {
        let Client { transport, assembler, ahead, seq, has_begun_answer, cursor, write_timeout, is_logged_in } = self;
        let Transport::Tcp(stream) = transport else {
            return Err(WireError::Malformed("a second request for TLS").into());
        };
        let accepted = tokio::time::timeout(limit, TlsAcceptor::from(config).accept(stream)).await;
        let stream = accepted.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        let transport = Transport::Tls(Box::new(TlsStream::Server(stream)));
        Ok(Client { transport, assembler, ahead, seq, has_begun_answer, cursor, write_timeout, is_logged_in })
    }

    /// Where one answer goes. Its number is to be put back into `seq` when it has been written.
    pub(super) fn sink<'s>(&'s mut self, interrupt: &'s Interrupt, more_follows: bool) -> Sink<'s> {
        let Client { transport, seq, has_begun_answer: has_begun, cursor, write_timeout, .. } = self;
        Sink { transport, interrupt, seq: *seq, has_begun, more_follows, cursor, write_timeout: *write_timeout }
    }

    /// What the current statement's client wants of a cursor from now on; what it was before.
    pub(super) fn replace_cursor(&mut self, cursor: Cursor) -> Cursor {
        std::mem::replace(&mut self.cursor, cursor)
    }

    /// A statement begins, of whose answer it `has` been sent something, or not.
    pub(super) fn begin_statement(&mut self, has: bool) {
        self.has_begun_answer = has;
    }

    /// Whether it was sent anything of the answer to the current statement.
    pub(super) fn has_begun_answer(&self) -> bool {
        self.has_begun_answer
    }

    /// Sets the number of the next packet to that of a first answer, although no whole command has come.
    pub(super) fn begin_answer(&mut self) {
        self.seq = self.assembler.next_seq().max(1);
    }

    /// A command comes next, and not the rest of another exchange.
    pub(super) fn expect_command(&mut self) {
        self.assembler.expect(0);
    }

    /// The client's part of an exchange in which the two sides take turns.
    pub(super) async fn next_packet_in_turn(&mut self, interrupt: &Interrupt) -> Result<Packet, ClientError> {
        self.assembler.expect(self.seq);
        self.next_packet(interrupt).await
    }

    async fn next_packet(&mut self, interrupt: &Interrupt) -> Result<Packet, ClientError> {
        poll_fn(|cx| self.poll_packet(cx, interrupt, true)).await
    }

    /// The next packet, as long as the interrupt's deadline allows. What was read and is not yet a packet stays in
    /// `ahead`. `woken`: the task was woken since the last look, so that bytes may have come.
    pub(super) fn poll_packet(
        &mut self,
        cx: &mut Context<'_>,
        interrupt: &Interrupt,
        woken: bool,
    ) -> Poll<Result<Packet, ClientError>> {
        let mut may_have_come = woken;
        let mut has_read = false;
        loop {
            if !self.ahead.is_empty()
                && let Some(packet) = self.packet_ahead()?
            {
                return Poll::Ready(Ok(packet));
            }
            let too_large = self.assembler.passes_over();
            let is_inside = !self.ahead.is_empty() || self.assembler.is_inside_packet();
            if self.is_logged_in && has_read && is_inside {
                // Who has begun a packet must go on with it. (Login as a whole has a time-out.)
                interrupt.arm(if too_large.is_some() { PATIENCE } else { self.write_timeout });
            }
            match (ready!(self.poll_more(cx, interrupt, may_have_come)), too_large) {
                (Err(ClientError::Interrupted(Reason::Deadline)), Some(error)) => {
                    return Poll::Ready(Err(error.into()));
                }
                (read, _) => read?,
            }
            may_have_come = false;
            has_read = true;
        }
    }

    /// Takes the packet that `ahead` begins with, if it is whole.
    fn packet_ahead(&mut self) -> Result<Option<Packet>, ClientError> {
        match self.assembler.next(self.ahead.filled())? {
            Assembled::Payload { payload, consumed } => {
                let is_in_buffer = payload.len() + packet::HEADER_LEN == consumed
                    && payload.as_ptr() == self.ahead.filled()[packet::HEADER_LEN..].as_ptr();
                let joined = (!is_in_buffer).then(|| payload.to_vec());
                self.seq = self.assembler.next_seq();
                Ok(Some(self.take_packet(consumed, joined)))
            }
            Assembled::More { consumed, .. } => {
                self.ahead.consume(consumed);
                Ok(None)
            }
            Assembled::TooLarge { consumed } => {
                self.seq = self.assembler.next_seq();
                self.ahead.consume(consumed);
                Err(ClientError::TooLarge)
            }
        }
    }

    /// The first packet of a TLS upgrade: not one byte more than it is read, since what follows is not ours to read.
    pub(super) async fn next_packet_exactly(
        &mut self,
        limit: usize,
        interrupt: &Interrupt,
    ) -> Result<Vec<u8>, ClientError> {
        let mut header = [0; packet::HEADER_LEN];
        self.read_exactly(&mut header, interrupt).await?;
        let Some(parsed) = packet::parse_header(&header) else { return Err(ClientError::Closed) };
        if parsed.seq != self.seq {
            return Err(WireError::OutOfOrder { expected: self.seq, found: parsed.seq }.into());
        }
        if parsed.len as usize > limit {
            return Err(WireError::PacketTooLarge { limit }.into());
        }
        let mut payload = vec![0; parsed.len as usize];
        self.read_exactly(&mut payload, interrupt).await?;
        self.seq = parsed.seq.wrapping_add(1);
        Ok(payload)
    }

    async fn read_exactly(&mut self, space: &mut [u8], interrupt: &Interrupt) -> Result<(), ClientError> {
        let mut filled = 0;
        while filled < space.len() {
            let read = poll_fn(|cx| match self.transport.poll_read(cx, &mut space[filled..]) {
                Poll::Ready(read) => Poll::Ready(read.map_err(ClientError::from)),
                Poll::Pending => interrupt.poll(cx).map(|reason| Err(ClientError::Interrupted(reason))),
            });
            match read.await? {
                0 => return Err(ClientError::Closed),
                n => filled += n,
            }
        }
        Ok(())
    }

    fn take_packet(&mut self, consumed: usize, joined: Option<Vec<u8>>) -> Packet {
        let mut buffer = std::mem::take(&mut self.ahead);
        if buffer.filled().len() > consumed {
            self.ahead.append(&buffer.filled()[consumed..]);
            buffer.truncate(consumed);
        }
        match joined {
            Some(bytes) => Packet::Joined(bytes),
            None => Packet::Buffered(buffer),
        }
    }

    /// Reads more into `ahead`. An idle session has no buffer: it is given back where there is nothing to read.
    fn poll_more(
        &mut self,
        cx: &mut Context<'_>,
        interrupt: &Interrupt,
        may_have_come: bool,
    ) -> Poll<Result<(), ClientError>> {
        if !may_have_come && self.transport.poll_readable(cx).is_pending() {
            return interrupt.poll(cx).map(|reason| Err(ClientError::Interrupted(reason)));
        }
        let known = self.transport.try_read(self.ahead.space());
        let read = known.map_or_else(|| self.transport.poll_read(cx, self.ahead.space()), Poll::Ready);
        match read {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(ClientError::Closed)),
            Poll::Ready(Ok(n)) => {
                self.ahead.advance(n);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error.into())),
            Poll::Pending => {
                self.ahead.release();
                interrupt.poll(cx).map(|reason| Err(ClientError::Interrupted(reason)))
            }
        }
    }

    /// Sends framed bytes. A client that takes none of them for the write time-out is given up.
    pub(super) async fn send(&mut self, bytes: &[u8], interrupt: &Interrupt) -> Result<(), ClientError> {
        self.has_begun_answer = true;
        Ok(write_all(&mut self.transport, bytes, self.write_timeout, interrupt).await?)
    }
}
