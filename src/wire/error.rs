//! What can be wrong with bytes from a peer.

/// A peer broke the protocol. The connection that the bytes came from is of no further use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A payload ends before the field that it announces.
    #[error("packet ends in the middle of {0}")]
    Truncated(&'static str),
    /// A field, or a whole packet, has a value that the protocol does not allow here.
    #[error("malformed packet: {0}")]
    Malformed(&'static str),
    /// Packets are numbered; this one has another number than its place in the exchange asks for.
    #[error("packet out of order: expected number {expected}, got {found}")]
    OutOfOrder { expected: u8, found: u8 },
    /// A server said why it closes the connection, and not in answer to anything: an ERR packet with the number 0.
    #[error("it said: {message} (error {number})")]
    Farewell { number: u16, message: Box<str> },
    /// A payload is longer than the limit, in bytes, that its receiver set.
    #[error("packet of more than {limit} bytes")]
    PacketTooLarge { limit: usize },
    /// The peer wants, or lacks, something without which the two cannot talk.
    #[error("unsupported: {0}")]
    Unsupported(&'static str),
}
