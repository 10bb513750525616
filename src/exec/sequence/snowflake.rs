//! Numbers of time, node and counter: 41 bits of milliseconds since 2020, 10 of the node, 12 of a counter.
//!
//! A clock that is put back does not make a number come twice: time goes on from the last number's then. It never passes
//! `bound`, behind which the next holder of the node begins.

/// 2020-01-01 00:00:00 UTC, in milliseconds since 1970.
pub(super) const EPOCH_MS: u64 = 1_577_836_800_000;

/// Numbers of one node in a millisecond.
const PER_MS: u64 = 1 << COUNTER_BITS;
const COUNTER_BITS: u32 = 12;
const NODE_BITS: u32 = 10;

/// How many nodes there can be.
pub(super) const NODES: u32 = 1 << NODE_BITS;

/// The numbers of one node.
#[derive(Debug)]
pub(super) struct Generator {
    pub(super) node: u32,
    /// The millisecond of the next number, and its counter.
    ms: u64,
    counter: u64,
    /// The first millisecond that is not this holder's.
    pub(super) bound: u64,
}

impl Generator {
    /// `from`: the millisecond that the holder before was bound by.
    pub(super) fn new(node: u32, from: u64, bound: u64) -> Generator {
        Generator { node, ms: from, counter: 0, bound }
    }

    /// The millisecond that the next number would have.
    pub(super) fn now(&self, clock: u64) -> u64 {
        self.ms.max(clock)
    }

    /// So many numbers, ascending, and consecutive if a millisecond has so many. `None`: the bound is reached.
    pub(super) fn take(&mut self, clock: u64, wanted: usize) -> Option<Vec<u64>> {
        if clock > self.ms {
            (self.ms, self.counter) = (clock, 0);
        }
        if self.counter + wanted as u64 > PER_MS && self.counter > 0 {
            (self.ms, self.counter) = (self.ms + 1, 0);
        }
        let last = self.ms + (self.counter + wanted as u64).saturating_sub(1) / PER_MS;
        if last >= self.bound {
            return None;
        }
        let mut numbers = Vec::with_capacity(wanted);
        for _ in 0..wanted {
            if self.counter == PER_MS {
                (self.ms, self.counter) = (self.ms + 1, 0);
            }
            let since = self.ms.saturating_sub(EPOCH_MS);
            numbers.push(since << (NODE_BITS + COUNTER_BITS) | u64::from(self.node) << COUNTER_BITS | self.counter);
            self.counter += 1;
        }
        Some(numbers)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const NOW: u64 = EPOCH_MS + 1000;

    #[test]
    fn numbers_ascend_whatever_the_clock_does() {
        let mut generator = Generator::new(5, 0, NOW + 1_000_000);
        let mut last = 0;
        for (clock, wanted) in [(NOW, 1), (NOW, 4000), (NOW, 200), (NOW - 500, 3), (NOW + 7, 2), (0, 4096), (0, 4097)] {
            let numbers = generator.take(clock, wanted).unwrap();
            assert_eq!(numbers.len(), wanted);
            for number in &numbers {
                assert!(*number > last, "{number} after {last}");
                assert_eq!(number >> COUNTER_BITS & u64::from(NODES - 1), 5);
                last = *number;
            }
            if wanted <= 4096 {
                assert_eq!(
                    numbers[wanted - 1] - numbers[0],
                    wanted as u64 - 1,
                    "a statement's numbers follow each other"
                );
            }
        }
    }

    #[test]
    fn a_holder_keeps_between_the_one_before_and_its_bound() {
        let mut generator = Generator::new(0, NOW + 10, NOW + 12);
        let first = generator.take(NOW, 1).unwrap()[0];
        assert_eq!(first >> 22, 1010);
        assert_eq!(generator.take(NOW, 4096).unwrap()[0] >> 22, 1011);
        assert_eq!(generator.take(NOW, 1), None);
        generator.bound += 1;
        assert_eq!(generator.take(NOW, 1).unwrap()[0] >> 22, 1012);
    }
}
