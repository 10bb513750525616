//! Buckets onto shards: a function gives each key a bucket, and a map gives each bucket a shard. To split a shard, some
//! of its buckets are moved in the map: the function stays.

/// The most buckets that a map may have.
pub const MAX_SLOTS: usize = 65_536;

/// For each bucket the position of its shard in the table's list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SlotMap {
    /// Never empty.
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
    /// Not each slot has one shard.
    #[error("{}", .0.text())]
    Unfit(Unfit),
}

/// All that is wrong with explicit slots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unfit {
    /// Slots configured.
    slots: usize,
    /// Ends of ranges that do not exist.
    beyond: Vec<usize>,
    /// Slots that several shards have.
    several: Vec<usize>,
    /// Slots that no shard has.
    missing: Vec<usize>,
}

impl Unfit {
    fn text(&self) -> String {
        let beyond = self.beyond.iter().map(|slot| {
            format!("slot {slot} does not exist: the function has slots 0 to {}", self.slots.saturating_sub(1))
        });
        let several = (!self.several.is_empty())
            .then(|| format!("slots given to more than one shard: {}", ranges(&self.several)));
        let missing = (!self.missing.is_empty()).then(|| format!("slots without a shard: {}", ranges(&self.missing)));
        beyond.chain(several).chain(missing).collect::<Vec<_>>().join("; ")
    }
}

impl SlotMap {
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
        let mut unfit = Unfit { slots, ..Unfit::default() };
        for (shard, ranges) in shards.iter().enumerate() {
            for &(first, last) in ranges {
                if last >= slots {
                    unfit.beyond.push(last);
                }
                for (slot, position) in positions.iter_mut().enumerate().take(last.saturating_add(1)).skip(first) {
                    if position.replace(shard as u16).is_some() {
                        unfit.several.push(slot);
                    }
                }
            }
        }
        unfit.several.sort_unstable();
        unfit.missing = (0..slots).filter(|slot| positions[*slot].is_none()).collect();
        if !(unfit.beyond.is_empty() && unfit.several.is_empty() && unfit.missing.is_empty()) {
            return Err(SlotMapError::Unfit(unfit));
        }
        Ok(Self { positions: positions.into_iter().flatten().collect() })
    }

    /// How many slots there are.
    pub fn slots(&self) -> usize {
        self.positions.len()
    }

    /// Position of the slot's shard in the table's list; `None` for a slot that does not exist.
    pub fn position(&self, slot: usize) -> Option<usize> {
        self.positions.get(slot).map(|position| usize::from(*position))
    }

    /// The slots of the shard at this position.
    pub fn slots_of(&self, position: usize) -> impl Iterator<Item = usize> {
        let of = self.positions.iter().enumerate().filter(move |(_, shard)| usize::from(**shard) == position);
        of.map(|(slot, _)| slot)
    }
}

fn check_count(slots: usize) -> Result<(), SlotMapError> {
    if (1..=MAX_SLOTS).contains(&slots) { Ok(()) } else { Err(SlotMapError::Count(slots)) }
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
    fn slots_are_spread_in_contiguous_ranges() {
        assert_eq!(*SlotMap::even(8, 4).unwrap().positions, [0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!(*SlotMap::even(8, 3).unwrap().positions, [0, 0, 0, 1, 1, 1, 2, 2]);
        let mapped = SlotMap::mapped(8, &[vec![(0, 2), (7, 7)], vec![(3, 6)]]).unwrap();
        assert_eq!(*mapped.positions, [0, 0, 0, 1, 1, 1, 1, 0]);
        assert_eq!(mapped.slots_of(0).collect::<Vec<_>>(), [0, 1, 2, 7]);
        // The same slots, written otherwise.
        assert_eq!(SlotMap::mapped(4, &[vec![(0, 1)], vec![(2, 3)]]).unwrap(), SlotMap::even(4, 2).unwrap());
    }

    #[test]
    fn wrong_slot_maps_are_refused() {
        let message = |result: Result<SlotMap, SlotMapError>| result.unwrap_err().to_string();
        assert!(message(SlotMap::even(0, 1)).contains("not 0"));
        assert!(message(SlotMap::even(MAX_SLOTS + 1, 1)).contains("not 65537"));
        assert!(message(SlotMap::even(2, 3)).contains("2 slots cannot be spread over 3 shards"));
        assert!(message(SlotMap::mapped(9, &[vec![(0, 1), (4, 4)]])).ends_with("2-3, 5-8"));
        assert!(message(SlotMap::mapped(4, &[vec![(0, 3)], vec![(2, 2)]])).ends_with("more than one shard: 2"));
        assert!(message(SlotMap::mapped(4, &[vec![(0, 4)]])).contains("slot 4 does not exist"));
        let all = message(SlotMap::mapped(8, &[vec![(0, 4)], vec![(4, 6), (9, 9)]]));
        let wanted = "slot 9 does not exist: the function has slots 0 to 7; slots given to more than one shard: 4; slots without a \
                      shard: 7";
        assert_eq!(all, wanted);
    }
}
