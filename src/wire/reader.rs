//! A cursor over one payload: every read is checked, and what is read is borrowed.

use crate::wire::WireError;

type Result<T> = std::result::Result<T, WireError>;

/// The first byte of a row cell that is NULL, and of a LOCAL INFILE request.
pub const NULL_CELL: u8 = 0xFB;

/// What is left of a payload. Each method takes its field off the front, or leaves the cursor where it is and fails.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(payload: &'a [u8]) -> Self {
        Self { rest: payload }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Bytes not read yet.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next byte, which stays unread.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// All that is left; the cursor is at the end afterwards.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    pub fn bytes(&mut self, len: usize, what: &'static str) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(WireError::Truncated(what))?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn skip(&mut self, len: usize, what: &'static str) -> Result<()> {
        self.bytes(len, what).map(|_| ())
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(WireError::Truncated(what))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub fn u8(&mut self, what: &'static str) -> Result<u8> {
        self.array::<1>(what).map(|[byte]| byte)
    }

    pub fn u16(&mut self, what: &'static str) -> Result<u16> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub fn u24(&mut self, what: &'static str) -> Result<u32> {
        self.array(what).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    pub fn u32(&mut self, what: &'static str) -> Result<u32> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub fn u64(&mut self, what: &'static str) -> Result<u64> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// A length-encoded integer.
    pub fn lenenc_int(&mut self, what: &'static str) -> Result<u64> {
        let mut ahead = *self;
        let value = match ahead.u8(what)? {
            byte @ 0..=0xFA => u64::from(byte),
            0xFC => u64::from(ahead.u16(what)?),
            0xFD => u64::from(ahead.u24(what)?),
            0xFE => ahead.u64(what)?,
            NULL_CELL | 0xFF => return Err(WireError::Malformed(what)),
        };
        *self = ahead;
        Ok(value)
    }

    /// A string with its length-encoded length before it.
    pub fn lenenc_bytes(&mut self, what: &'static str) -> Result<&'a [u8]> {
        let mut ahead = *self;
        let len = ahead.lenenc_int(what)?;
        let taken = ahead.bytes(usize::try_from(len).unwrap_or(usize::MAX), what)?;
        *self = ahead;
        Ok(taken)
    }

    /// A cell of a text row: None is NULL.
    pub fn cell(&mut self) -> Result<Option<&'a [u8]>> {
        if self.peek() == Some(NULL_CELL) {
            self.rest = &self.rest[1..];
            return Ok(None);
        }
        self.lenenc_bytes("row cell").map(Some)
    }

    /// A string that a NUL byte ends; the NUL is taken but not returned.
    pub fn nul_bytes(&mut self, what: &'static str) -> Result<&'a [u8]> {
        let end = memchr::memchr(0, self.rest).ok_or(WireError::Truncated(what))?;
        let taken = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Ok(taken)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn length_encoded_integers_have_four_sizes() {
        let cases: &[(&[u8], u64)] = &[
            (&[0x00], 0),
            (&[0xFA], 250),
            (&[0xFC, 0xFB, 0x00], 251),
            (&[0xFD, 0x00, 0x00, 0x01], 65536),
            (&[0xFE, 0, 0, 0, 1, 0, 0, 0, 0], 1 << 24),
        ];
        for (bytes, value) in cases {
            let mut reader = Reader::new(bytes);
            assert_eq!(reader.lenenc_int("n").unwrap(), *value);
            assert!(reader.is_empty());
        }
    }

    #[test]
    fn a_failed_read_leaves_the_cursor() {
        let cases: &[&[u8]] = &[&[], &[0xFB], &[0xFF], &[0xFC, 1], &[0xFD, 1, 2], &[0xFE, 0, 0, 0, 0, 0, 0, 0]];
        for bytes in cases {
            let mut reader = Reader::new(bytes);
            assert!(reader.lenenc_int("n").is_err(), "{bytes:?}");
            assert_eq!(reader.remaining(), bytes.len());
        }
        let huge = [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, b'x'];
        let mut reader = Reader::new(&huge);
        assert_eq!(reader.lenenc_bytes("s"), Err(WireError::Truncated("s")));
        assert_eq!(reader.remaining(), huge.len());
    }

    #[test]
    fn null_cells_differ_from_empty_ones() {
        let mut reader = Reader::new(&[0xFB, 0x00, 0x01, b'a']);
        assert_eq!(reader.cell().unwrap(), None);
        assert_eq!(reader.cell().unwrap(), Some(&b""[..]));
        assert_eq!(reader.cell().unwrap(), Some(&b"a"[..]));
        assert!(reader.cell().is_err());
    }

    #[test]
    fn a_string_needs_its_nul() {
        let mut reader = Reader::new(b"ab\0c");
        assert_eq!(reader.nul_bytes("s").unwrap(), b"ab");
        assert_eq!(reader.nul_bytes("s"), Err(WireError::Truncated("s")));
        assert_eq!(reader.rest(), b"c");
    }
}
