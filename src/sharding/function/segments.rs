//! `partitionCount` and `partitionLength`: so many partitions of so many slots each, as Cobar, MyCAT, dble and Gaea have
//! them.

use super::java;
use super::params::{ParamError, Reader};

/// For each slot its partition.
#[derive(Debug, Clone)]
pub(super) struct Segments {
    partition: Box<[u16]>,
    partitions: usize,
}

/// What the system asks of the slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Total {
    /// So many.
    Exactly(usize),
    /// At most so many, and no count or length of 0.
    UpTo(usize),
}

impl Segments {
    pub(super) fn read(
        params: &Reader<'_>,
        count_key: &'static str,
        length_key: &'static str,
        total: Total,
    ) -> Result<Self, ParamError> {
        let counts = numbers(params, count_key)?;
        let lengths = numbers(params, length_key)?;
        if counts.len() != lengths.len() {
            let (wanted, given) = (counts.len(), lengths.len());
            let message = format!("has {given} numbers, and {count_key} has {wanted}: they belong together");
            return Err(ParamError::new(length_key, message));
        }
        let sum = counts.iter().zip(&lengths).map(|(count, length)| count * length).sum::<u64>() as usize;
        let is_right = match total {
            Total::Exactly(wanted) => sum == wanted,
            Total::UpTo(most) => (1..=most).contains(&sum) && !counts.contains(&0) && !lengths.contains(&0),
        };
        if !is_right {
            let wanted = match total {
                Total::Exactly(wanted) => format!("must be {wanted}"),
                Total::UpTo(most) => format!("must be at most {most}, and none of them 0"),
            };
            return Err(ParamError::new(
                length_key,
                format!("the sum of {count_key} times {length_key} is {sum}, and {wanted}"),
            ));
        }
        let each =
            counts.iter().zip(&lengths).flat_map(|(count, length)| std::iter::repeat_n(*length, *count as usize));
        let mut partition = Vec::with_capacity(sum);
        let mut partitions = 0;
        for length in each {
            partition.extend(std::iter::repeat_n(partitions as u16, length as usize));
            partitions += 1;
        }
        Ok(Self { partition: partition.into(), partitions })
    }

    /// How many slots there are.
    pub(super) fn slots(&self) -> usize {
        self.partition.len()
    }

    /// How many partitions there are.
    pub(super) fn partitions(&self) -> usize {
        self.partitions
    }

    /// The partition of a slot.
    pub(super) fn partition(&self, slot: usize) -> i64 {
        i64::from(self.partition[slot])
    }
}

fn numbers(params: &Reader<'_>, key: &'static str) -> Result<Vec<u64>, ParamError> {
    /// More slots than any system has, so that sums cannot overflow.
    const MOST: u64 = 65_536;
    let text = params.required(key)?;
    let number = |part: &str| {
        let number = java::parse_int(java::trim(part)).and_then(|number| u64::try_from(number).ok());
        number.filter(|number| *number <= MOST)
    };
    let parts: Option<Vec<u64>> = text.split(',').map(number).collect();
    parts.ok_or_else(|| ParamError::new(key, format!("\"{text}\" should be whole numbers with commas, as in 2,1")))
}
