//! `hash`: XXH64 (seed 0) of the key's canonical bytes, modulo the number of slots; a map gives each slot a shard.
//! To split a shard, slots are moved in the map: the function stays.
//!
//! Canonical bytes: an integer of the signed 64-bit range is its 8 bytes, two's complement, little-endian; a larger one
//! is a byte 1 and the 8 bytes of the unsigned number, little-endian. Texts and bytes are as [`KeyType`] makes them.
//!
//! [`KeyType`]: crate::sharding::KeyType

use xxhash_rust::xxh64::xxh64;

use crate::sharding::key::Key;

/// The most slots that a map may have.
pub const MAX_SLOTS: usize = 65_536;

/// The function `hash` with its slot map.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hash {
    /// For each slot the position of its shard in the table's list. Never empty.
    positions: Box<[u16]>,
}

/// Why a slot map is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlotMapError {
    /// The number of slots is out of bounds.
    #[error("slots must be from 1 to {MAX_SLOTS}, not {0}")]
    Count(usize),
    /// There are fewer slots than shards.
    #[error("{slots} slots cannot be spread over {shards} shards: give at least one slot for each")]
    TooFew {
        /// Slots configured.
        slots: usize,
        /// Shards listed.
        shards: usize,
    },
    /// A slot has no shard.
    #[error("slots without a shard: {}", ranges(.0))]
    Missing(Vec<usize>),
    /// A slot has two shards.
    #[error("slots given to more than one shard: {}", ranges(.0))]
    Overlap(Vec<usize>),
    /// A slot that does not exist.
    #[error("slot {slot} does not exist: the function has slots 0 to {}", .slots - 1)]
    OutOfRange {
        /// The slot named.
        slot: usize,
        /// Slots configured.
        slots: usize,
    },
}

impl Hash {
    /// Slots in equal, contiguous ranges: the first shard has the lowest. Where they do not divide evenly, earlier
    /// shards have one more.
    pub fn even(slots: usize, shards: usize) -> Result<Self, SlotMapError> {
        check_count(slots)?;
        if shards == 0 || slots < shards {
            return Err(SlotMapError::TooFew { slots, shards });
        }
        let (share, more) = (slots / shards, slots % shards);
        let runs = (0..shards).flat_map(|shard| std::iter::repeat_n(shard as u16, share + usize::from(shard < more)));
        Ok(Self { positions: runs.collect() })
    }

    /// Explicit slots: inclusive ranges for each position of the table's list of shards. Each slot exactly once.
    pub fn mapped(slots: usize, shards: &[Vec<(usize, usize)>]) -> Result<Self, SlotMapError> {
        check_count(slots)?;
        let mut positions: Vec<Option<u16>> = vec![None; slots];
        let mut overlap = Vec::new();
        for (shard, ranges) in shards.iter().enumerate() {
            for &(first, last) in ranges {
                if last >= slots {
                    return Err(SlotMapError::OutOfRange { slot: last, slots });
                }
                for (slot, position) in positions.iter_mut().enumerate().take(last + 1).skip(first) {
                    if position.replace(shard as u16).is_some() {
                        overlap.push(slot);
                    }
                }
            }
        }
        if !overlap.is_empty() {
            overlap.sort_unstable();
            return Err(SlotMapError::Overlap(overlap));
        }
        let missing: Vec<usize> = (0..slots).filter(|slot| positions[*slot].is_none()).collect();
        if !missing.is_empty() {
            return Err(SlotMapError::Missing(missing));
        }
        Ok(Self { positions: positions.into_iter().flatten().collect() })
    }

    /// How many slots there are.
    pub fn slots(&self) -> usize {
        self.positions.len()
    }

    /// The slot of a key.
    pub fn slot(&self, key: &Key) -> usize {
        (hash(key) % self.positions.len() as u64) as usize
    }

    /// Position of the key's shard in the table's list.
    pub fn position(&self, key: &Key) -> usize {
        usize::from(self.positions[self.slot(key)])
    }
}

fn check_count(slots: usize) -> Result<(), SlotMapError> {
    if (1..=MAX_SLOTS).contains(&slots) { Ok(()) } else { Err(SlotMapError::Count(slots)) }
}

fn hash(key: &Key) -> u64 {
    match key {
        Key::Integer(key) => match (i64::try_from(*key), u64::try_from(*key)) {
            (Ok(small), _) => xxh64(&small.to_le_bytes(), 0),
            (Err(_), large) => {
                let mut bytes = [1; 9];
                bytes[1..].copy_from_slice(&large.unwrap_or(u64::MAX).to_le_bytes());
                xxh64(&bytes, 0)
            }
        },
        Key::Bytes(bytes) => xxh64(bytes, 0),
    }
}

/// `[1, 2, 3, 7]` as `1-3, 7`, cut off after a few.
fn ranges(slots: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &slot in slots {
        match runs.last_mut() {
            Some((_, last)) if slot <= *last + 1 => *last = slot,
            _ => runs.push((slot, slot)),
        }
    }
    let shown = runs.iter().take(8).map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    let text = shown.collect::<Vec<_>>().join(", ");
    if runs.len() > 8 { text + ", ..." } else { text }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
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
    fn slots_are_spread_in_contiguous_ranges() {
        assert_eq!(*Hash::even(8, 4).unwrap().positions, [0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!(*Hash::even(8, 3).unwrap().positions, [0, 0, 0, 1, 1, 1, 2, 2]);
        let mapped = Hash::mapped(8, &[vec![(0, 2), (7, 7)], vec![(3, 6)]]).unwrap();
        assert_eq!(*mapped.positions, [0, 0, 0, 1, 1, 1, 1, 0]);
        // The same slots, written otherwise.
        assert_eq!(Hash::mapped(4, &[vec![(0, 1)], vec![(2, 3)]]).unwrap(), Hash::even(4, 2).unwrap());
    }

    #[test]
    fn keys_are_spread_evenly() {
        let hash = Hash::even(1024, 4).unwrap();
        let mut rows = [0_u32; 4];
        (0..10_000).for_each(|key| rows[hash.position(&Key::Integer(key))] += 1);
        assert!(rows.iter().all(|count| (2300..2700).contains(count)), "{rows:?}");
    }

    #[test]
    fn wrong_slot_maps_are_refused() {
        let message = |result: Result<Hash, SlotMapError>| result.unwrap_err().to_string();
        assert!(message(Hash::even(0, 1)).contains("not 0"));
        assert!(message(Hash::even(MAX_SLOTS + 1, 1)).contains("not 65537"));
        assert!(message(Hash::even(2, 3)).contains("2 slots cannot be spread over 3 shards"));
        assert!(message(Hash::mapped(9, &[vec![(0, 1), (4, 4)]])).ends_with("2-3, 5-8"));
        assert!(message(Hash::mapped(4, &[vec![(0, 3)], vec![(2, 2)]])).ends_with("more than one shard: 2"));
        assert!(message(Hash::mapped(4, &[vec![(0, 4)]])).contains("slot 4 does not exist"));
    }
}
