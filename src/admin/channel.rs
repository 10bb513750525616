//! Packets to and from one operator, each with a time limit.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::wire::packet;

/// No command of an operator is longer.
const LONGEST: usize = 64 * 1024;

/// How long an operator may take to read an answer, or to send the rest of a packet.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection.
#[derive(Debug)]
pub(super) struct Channel {
    stream: TcpStream,
    /// Number of the next packet to send.
    seq: u8,
}

impl Channel {
    pub(super) fn new(stream: TcpStream) -> Channel {
        Channel { stream, seq: 0 }
    }

    /// The next packet's payload; waits for its beginning at most `limit`.
    pub(super) async fn receive(&mut self, limit: Duration) -> io::Result<Vec<u8>> {
        let mut header = [0; packet::HEADER_LEN];
        within(limit, self.stream.read_exact(&mut header)).await?;
        let parsed = packet::parse_header(&header).ok_or(io::ErrorKind::InvalidData)?;
        let length = parsed.len as usize;
        if length > LONGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a command of more than 64 KiB"));
        }
        let mut payload = vec![0; length];
        within(PATIENCE, self.stream.read_exact(&mut payload)).await?;
        self.seq = parsed.seq.wrapping_add(1);
        Ok(payload)
    }

    /// Sends payloads, a packet each.
    pub(super) async fn send<'p>(&mut self, payloads: impl IntoIterator<Item = &'p [u8]>) -> io::Result<()> {
        let mut out = Vec::new();
        for payload in payloads {
            packet::write_packet(&mut out, &mut self.seq, payload);
        }
        within(PATIENCE, self.stream.write_all(&out)).await
    }
}

async fn within<T>(limit: Duration, done: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(limit, done).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}
