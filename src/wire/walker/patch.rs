//! Changes to packets on their way through, in place: what joins the answers of several statements into one.

use mysql_common::constants::StatusFlags;

use crate::wire::packet::HEADER_LEN;

/// How the packets of one answer are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patch {
    /// Added to each sequence number, modulo 256.
    pub seq_delta: u8,
    /// Set in, and cleared from, the status flags of each OK and EOF. The walker itself goes by the flags that came:
    /// setting MORE_RESULTS_EXISTS makes the client wait for the next statement's answer, not the walker.
    pub set: StatusFlags,
    pub clear: StatusFlags,
}

impl Patch {
    pub const NONE: Self = Self { seq_delta: 0, set: StatusFlags::empty(), clear: StatusFlags::empty() };

    fn status(self, bytes: [u8; 2]) -> [u8; 2] {
        let status = StatusFlags::from_bits_retain(u16::from_le_bytes(bytes));
        status.difference(self.clear).union(self.set).bits().to_le_bytes()
    }
}

/// Bytes to walk, which may be changed once they are sure to be forwarded.
pub(super) trait Chunk {
    fn bytes(&self) -> &[u8];
    /// The packet at `at` is forwarded. `status_at`: where its payload has the status flags.
    fn patch(&mut self, at: usize, status_at: Option<usize>);
}

pub(super) struct Plain<'c>(pub(super) &'c [u8]);

impl Chunk for Plain<'_> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.0
    }

    #[inline]
    fn patch(&mut self, _at: usize, _status_at: Option<usize>) {}
}

pub(super) struct Patched<'c> {
    pub(super) bytes: &'c mut [u8],
    pub(super) patch: Patch,
}

impl Chunk for Patched<'_> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.bytes
    }

    #[inline]
    fn patch(&mut self, at: usize, status_at: Option<usize>) {
        self.bytes[at + 3] = self.bytes[at + 3].wrapping_add(self.patch.seq_delta);
        if let Some(status_at) = status_at {
            let at = at + HEADER_LEN + status_at;
            let [low, high] = self.patch.status([self.bytes[at], self.bytes[at + 1]]);
            (self.bytes[at], self.bytes[at + 1]) = (low, high);
        }
    }
}
