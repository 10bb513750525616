//! One byte stream, plain or TLS, towards a server or a client.

use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use rustix::net::{RecvFlags, SendFlags};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsStream;

/// An open stream. TLS runs over TCP only: a Unix socket does not leave the machine.
#[derive(Debug)]
pub enum Transport {
    Tcp(TcpStream),
    Unix(UnixStream),
    /// Boxed: its session is large, and most streams are plain.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Transport {
    pub fn is_tls(&self) -> bool {
        matches!(self, Transport::Tls(_))
    }

    /// True where a secret may be sent in clear: nobody on the way can read it.
    pub fn is_private(&self) -> bool {
        matches!(self, Transport::Tls(_) | Transport::Unix(_))
    }

    /// Reads into `space`; `Ok(0)` is the end of the stream.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, space: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(space);
        let polled = match self {
            Transport::Tcp(stream) => Pin::new(stream).poll_read(cx, &mut buf),
            Transport::Unix(stream) => Pin::new(stream).poll_read(cx, &mut buf),
            Transport::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, &mut buf),
        };
        polled.map_ok(|()| buf.filled().len())
    }

    /// Reads what the event loop has announced: for those who were woken, and cheaper than `poll_read`. `None` where
    /// nothing is there, and under TLS; to wait, or to read on and on, takes `poll_read`, which also yields at times.
    pub fn try_read(&self, space: &mut [u8]) -> Option<io::Result<usize>> {
        match self {
            Transport::Tcp(stream) => try_receive(space, stream, |io| stream.try_io(Interest::READABLE, io)),
            Transport::Unix(stream) => try_receive(space, stream, |io| stream.try_io(Interest::READABLE, io)),
            Transport::Tls(_) => None,
        }
    }

    /// Wakes when there may be something to read. Under TLS that is always, since it may hold decoded bytes.
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Transport::Tcp(stream) => stream.poll_read_ready(cx).map(drop),
            Transport::Unix(stream) => stream.poll_read_ready(cx).map(drop),
            Transport::Tls(_) => Poll::Ready(()),
        }
    }

    /// Writes what can be written at once: all, mostly. 0 where it would have to wait, or TLS is in between.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let wrote = match self {
            Transport::Tcp(stream) => stream.try_io(Interest::WRITABLE, || transmit(stream, bytes)),
            Transport::Unix(stream) => stream.try_io(Interest::WRITABLE, || transmit(stream, bytes)),
            Transport::Tls(_) => return Ok(0),
        };
        match wrote {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            wrote => wrote,
        }
    }

    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Transport::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Transport::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
            Transport::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    /// Pushes out what TLS holds back; nothing to do on plain streams.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Transport::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
            Transport::Tcp(_) | Transport::Unix(_) => Poll::Ready(Ok(())),
        }
    }

    /// Looks whether the peer has closed, without taking bytes. `Ready(false)`: bytes are waiting, so nothing can be
    /// told, and asking again would not wait. Costs no system call while the stream is quiet.
    pub fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let tcp = match self {
            Transport::Tcp(stream) => stream,
            Transport::Tls(stream) => stream.get_ref().0,
            // Tokio cannot peek at a Unix socket; writing to it tells soon enough.
            Transport::Unix(_) => return Poll::Pending,
        };
        let mut byte = [0];
        let mut buf = ReadBuf::new(&mut byte);
        match tcp.poll_peek(cx, &mut buf) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(n)) => Poll::Ready(n == 0),
            Poll::Ready(Err(_)) => Poll::Ready(true),
        }
    }

    /// True when the event loop has seen neither bytes nor an end on an idle stream: it may be used again.
    pub fn is_quiet(&self) -> bool {
        // Tokio runs the closure only where it has seen something; a waker would cost more.
        let seen = match self {
            Transport::Tcp(stream) => stream.try_io(Interest::READABLE, || Ok(())),
            Transport::Unix(stream) => stream.try_io(Interest::READABLE, || Ok(())),
            Transport::Tls(stream) => stream.get_ref().0.try_io(Interest::READABLE, || Ok(())),
        };
        seen.is_err()
    }
}

// Here, where most statements pass, system calls are made without libc: its recv and send can be points of thread
// cancellation, which costs some 45 instructions each.

/// Receives within `try_io` of a stream, and tells the event loop when the socket is empty now: it is if less came than
/// there was room for. (Tokio's own reads do the same; without it the next one would be a system call for nothing.)
fn try_receive<S: AsFd>(
    space: &mut [u8],
    socket: &S,
    try_io: impl FnOnce(&mut dyn FnMut() -> io::Result<()>) -> io::Result<()>,
) -> Option<io::Result<usize>> {
    let mut received = None;
    let seen = try_io(&mut || {
        let (n, _) = rustix::net::recv(socket, &mut *space, RecvFlags::empty())?;
        received = Some(n);
        if 0 < n && n < space.len() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
    });
    match (received, seen) {
        (Some(n), _) => Some(Ok(n)),
        (None, Err(error)) if error.kind() != io::ErrorKind::WouldBlock => Some(Err(error)),
        (None, _) => None,
    }
}

fn transmit<S: AsFd>(socket: &S, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(socket, bytes, SendFlags::NOSIGNAL)?)
}
