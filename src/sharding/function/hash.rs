//! `hash`: XXH64 (seed 0) of the key's canonical bytes, modulo the number of slots.
//!
//! Canonical bytes: an integer of the signed 64-bit range is its 8 bytes, two's complement, little-endian; a larger one
//! is a byte 1 and the 8 bytes of the unsigned number, little-endian. Texts, bytes and numbers with a
//! fraction are as [`KeyType`] makes them.
//!
//! [`KeyType`]: crate::sharding::KeyType

use xxhash_rust::xxh64::xxh64;

use crate::sharding::key::Key;

/// The slot of a key, of so many.
pub fn slot(key: &Key, slots: usize) -> usize {
    (hash(key) % slots as u64) as usize
}

/// The slot of a key of several columns: of the canonical bytes of all, each after their number as 4 bytes, little-endian.
pub fn slot_of_all(keys: &[&Key], slots: usize) -> usize {
    let mut bytes = Vec::new();
    for key in keys {
        with_bytes(key, |own| {
            bytes.extend_from_slice(&(own.len() as u32).to_le_bytes());
            bytes.extend_from_slice(own);
        });
    }
    (xxh64(&bytes, 0) % slots as u64) as usize
}

fn hash(key: &Key) -> u64 {
    with_bytes(key, |bytes| xxh64(bytes, 0))
}

/// Does something with the canonical bytes of a key.
fn with_bytes<T>(key: &Key, mut take: impl FnMut(&[u8]) -> T) -> T {
    match key {
        Key::Integer(key) => match (i64::try_from(*key), u64::try_from(*key)) {
            (Ok(small), _) => take(&small.to_le_bytes()),
            (Err(_), large) => {
                let mut bytes = [1; 9];
                bytes[1..].copy_from_slice(&large.unwrap_or(u64::MAX).to_le_bytes());
                take(&bytes)
            }
        },
        Key::Bytes(bytes) | Key::Decimal(bytes) => take(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placement_never_changes() {
        // Rows lie where these numbers say. XXH64, seed 0, of the bytes that the module names.
        let cases: &[(Key, u64)] = &[
            (Key::Integer(0), 0x34C96ACDCADB1BBB),
            (Key::Integer(1), 0x9F29CB17A2A49995),
            (Key::Integer(42), 0xB556806FB6D14353),
            (Key::Integer(-1), 0x85D136ADB773C6C9),
            (Key::Integer(i64::MAX as i128), 0xFF70CC60366E770C),
            (Key::Integer(i64::MIN as i128), 0x3F425EACF01544E0),
            (Key::Integer(1 << 63), 0x07A7E2FEA9675861),
            (Key::Integer(u64::MAX as i128), 0xE4A42358FE73E0B6),
            (Key::Bytes(b""[..].into()), 0xEF46DB3751D8E999),
            (Key::Bytes(b"abc"[..].into()), 0x44BC2CF5AD770999),
            (Key::Bytes(b"\0A\0B\0C"[..].into()), 0x902F552EF538DC67),
        ];
        for (key, wanted) in cases {
            assert_eq!(hash(key), *wanted, "{key:?}");
        }
    }

    #[test]
    fn keys_are_spread_evenly() {
        let mut rows = [0_u32; 4];
        (0..10_000).for_each(|key| rows[slot(&Key::Integer(key), 1024) / 256] += 1);
        assert!(rows.iter().all(|count| (2300..2700).contains(count)), "{rows:?}");
    }
}
