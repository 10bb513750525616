//! Rows that are all seen before the first is given: groups in an order that is not that of their keys. Of more rows
//! than can be needed only the first in the order are kept.

use super::MergeError;
use super::key::{Cells, Encoding, Key, Keys, Values};
use super::reach::Reach;

/// What a row occupies beside its cells, roughly.
const ROW_BYTES: usize = 128;

/// The first rows in an order, within a budget of bytes.
#[derive(Debug)]
pub struct Top {
    keys: Keys,
    rows: Vec<Kept>,
    /// So many rows can be needed.
    wanted: usize,
    bytes: usize,
    budget: usize,
}

#[derive(Debug)]
struct Kept {
    values: Values,
    cells: Vec<Option<Vec<u8>>>,
}

impl Kept {
    fn bytes(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.as_ref().map_or(0, Vec::len) + size_of::<Option<Vec<u8>>>());
        ROW_BYTES + 2 * cells.sum::<usize>()
    }
}

impl Top {
    /// `budget`: bytes that the rows may occupy, roughly.
    pub fn new(keys: Vec<Key>, encoding: Encoding, wanted: u64, budget: usize) -> Self {
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        Self { keys: Keys::new(keys, encoding), rows: Vec::new(), wanted, bytes: 0, budget }
    }

    /// Texts are sorted by no further than this.
    pub fn reaching(mut self, reach: Reach) -> Self {
        self.keys = self.keys.reaching(reach);
        self
    }

    /// Adds a row. Rows that compare equal stay in the order in which they came.
    pub fn push(&mut self, cells: &[Option<Vec<u8>>]) -> Result<(), MergeError> {
        let mut kept = Kept { values: Values::default(), cells: cells.to_vec() };
        self.keys.read(cells, &mut kept.values)?;
        self.bytes += kept.bytes();
        self.rows.push(kept);
        if self.rows.len() / 2 > self.wanted || self.bytes > self.budget {
            self.cut();
        }
        if self.bytes > self.budget { Err(MergeError::TooManyGroups) } else { Ok(()) }
    }

    fn cut(&mut self) {
        self.rows.sort_by(|one, other| self.keys.compare(&one.values, &other.values));
        self.rows.truncate(self.wanted);
        self.bytes = self.rows.iter().map(Kept::bytes).sum();
    }

    /// The rows in order.
    pub fn into_rows(mut self) -> Result<impl Iterator<Item = Vec<Option<Vec<u8>>>>, MergeError> {
        self.cut();
        self.keys.check()?;
        Ok(self.rows.into_iter().map(|kept| kept.cells))
    }
}

impl Cells for [Option<Vec<u8>>] {
    fn cell(&self, index: usize) -> Option<&[u8]> {
        self.get(index)?.as_deref()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::merge::key::{Compare, Source};
    use proptest::prelude::*;

    fn top(wanted: u64, budget: usize) -> Top {
        let source = Source::Plain { cell: 0, compare: Compare::Integer { unsigned: false } };
        Top::new(vec![Key { source, descending: true }], Encoding::Text, wanted, budget)
    }

    proptest! {
        #[test]
        fn the_first_rows_of_an_order(numbers in prop::collection::vec(-20..20_i64, 0..60), wanted in 0..20_u64) {
            let mut kept = top(wanted, usize::MAX);
            for (index, number) in numbers.iter().enumerate() {
                kept.push(&[Some(number.to_string().into_bytes()), Some(vec![index as u8])]).unwrap();
            }
            let rows: Vec<_> = kept.into_rows().unwrap().collect();
            let mut all: Vec<_> = numbers.iter().enumerate().map(|(index, number)| (-number, index)).collect();
            all.sort_unstable();
            let wanted: Vec<_> = all.into_iter().take(wanted as usize)
                .map(|(number, index)| vec![Some((-number).to_string().into_bytes()), Some(vec![index as u8])]).collect();
            prop_assert_eq!(rows, wanted);
        }
    }

    #[test]
    fn a_budget_that_is_not_enough_is_an_error() {
        let row = [Some(b"1".to_vec())];
        let mut kept = top(u64::MAX, 1000);
        assert!((0..100).any(|_| kept.push(&row) == Err(MergeError::TooManyGroups)));
        let mut kept = top(2, 1000);
        (0..100).for_each(|_| kept.push(&row).unwrap());
    }
}
