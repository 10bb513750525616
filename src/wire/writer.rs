//! The fields of the protocol, appended to a buffer.

/// Appends fields in the protocol's own forms; integers are little-endian.
pub trait Put {
    fn put_u8(&mut self, value: u8);
    fn put_u16(&mut self, value: u16);
    /// The lower 24 bits.
    fn put_u24(&mut self, value: u32);
    fn put_u32(&mut self, value: u32);
    fn put_u64(&mut self, value: u64);
    fn put_lenenc_int(&mut self, value: u64);
    /// A string with its length-encoded length before it.
    fn put_lenenc_bytes(&mut self, bytes: &[u8]);
    /// A cell of a text row: None is NULL.
    fn put_cell(&mut self, cell: Option<&[u8]>);
    /// A string with a NUL after it. The string itself must have none.
    fn put_nul_bytes(&mut self, bytes: &[u8]);
}

impl Put for Vec<u8> {
    fn put_u8(&mut self, value: u8) {
        self.push(value);
    }

    fn put_u16(&mut self, value: u16) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_u24(&mut self, value: u32) {
        self.extend_from_slice(&value.to_le_bytes()[..3]);
    }

    fn put_u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_u64(&mut self, value: u64) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_lenenc_int(&mut self, value: u64) {
        match value {
            0..=0xFA => self.push(value as u8),
            0xFB..=0xFFFF => {
                self.push(0xFC);
                self.put_u16(value as u16);
            }
            0x1_0000..=0xFF_FFFF => {
                self.push(0xFD);
                self.put_u24(value as u32);
            }
            _ => {
                self.push(0xFE);
                self.put_u64(value);
            }
        }
    }

    fn put_lenenc_bytes(&mut self, bytes: &[u8]) {
        self.put_lenenc_int(bytes.len() as u64);
        self.extend_from_slice(bytes);
    }

    fn put_cell(&mut self, cell: Option<&[u8]>) {
        match cell {
            Some(bytes) => self.put_lenenc_bytes(bytes),
            None => self.push(super::reader::NULL_CELL),
        }
    }

    fn put_nul_bytes(&mut self, bytes: &[u8]) {
        debug_assert!(!bytes.contains(&0), "a NUL would end the string early");
        self.extend_from_slice(bytes);
        self.push(0);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::wire::reader::Reader;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integers_come_back(value in any::<u64>(), shift in 0u32..64) {
            let value = value >> shift;
            let mut out = Vec::new();
            out.put_lenenc_int(value);
            out.put_u24(value as u32);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.lenenc_int("n").unwrap(), value);
            prop_assert_eq!(reader.u24("n").unwrap(), value as u32 & 0xFF_FFFF);
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn cells_come_back(cells in prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..300)), 0..8)) {
            let mut out = Vec::new();
            for cell in &cells {
                out.put_cell(cell.as_deref());
            }
            let mut reader = Reader::new(&out);
            for cell in &cells {
                prop_assert_eq!(reader.cell().unwrap(), cell.as_deref());
            }
            prop_assert!(reader.is_empty());
        }
    }
}
