//! LIMIT and OFFSET of a merged result.

/// How many rows are still to be left out, and then to be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub offset: u64,
    pub count: u64,
}

impl Limit {
    /// All rows.
    pub const NONE: Limit = Limit { offset: 0, count: u64::MAX };

    /// So many rows of each stream can be needed.
    pub fn of_each(self) -> u64 {
        self.offset.saturating_add(self.count)
    }

    /// Whether no further row is needed.
    pub fn is_reached(self) -> bool {
        self.count == 0
    }

    /// Counts one row; whether it belongs to the result.
    pub fn admits(&mut self) -> bool {
        match (self.offset, self.count) {
            (0, 0) => false,
            // There are never so many rows: this is no limit.
            (0, u64::MAX) => true,
            (0, _) => {
                self.count -= 1;
                true
            }
            _ => {
                self.offset -= 1;
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_left_out_and_then_counted() {
        let given = |offset, count| {
            let mut limit = Limit { offset, count };
            (0..6).filter(|_| limit.admits()).collect::<Vec<_>>()
        };
        assert_eq!(given(0, 0), Vec::<i32>::new());
        assert_eq!(given(2, 3), [2, 3, 4]);
        assert_eq!(given(0, u64::MAX), [0, 1, 2, 3, 4, 5]);
        assert_eq!(given(4, u64::MAX), [4, 5]);
        assert_eq!(Limit { offset: 5, count: u64::MAX }.of_each(), u64::MAX);
        assert!(Limit { offset: 5, count: 0 }.is_reached());
    }
}
