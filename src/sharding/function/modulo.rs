//! `mod`: the key modulo the number of buckets, never negative: -1 of four buckets is in 3.

use crate::sharding::key::Key;

/// The bucket of the key, of so many; `None` for keys that are no integers.
pub fn bucket(key: &Key, buckets: usize) -> Option<usize> {
    match key {
        Key::Integer(key) => match u64::try_from(*key) {
            // Division of 128 bits is a function, not an instruction.
            Ok(key) => key.checked_rem(buckets as u64).map(|bucket| bucket as usize),
            Err(_) => key.checked_rem_euclid(buckets as i128).map(|bucket| bucket as usize),
        },
        Key::Bytes(_) | Key::Decimal(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remainders_are_never_negative() {
        let cases = [(0, 0), (5, 1), (-1, 3), (-4, 0), (-5, 3), (i128::from(u64::MAX), 3), (i128::from(i64::MIN), 0)];
        for (key, wanted) in cases {
            assert_eq!(bucket(&Key::Integer(key), 4), Some(wanted), "{key}");
        }
    }

    #[test]
    fn text_and_no_buckets_have_no_bucket() {
        assert_eq!(bucket(&Key::Bytes(b"5"[..].into()), 4), None);
        assert_eq!(bucket(&Key::Integer(5), 0), None);
    }
}
