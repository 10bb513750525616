//! `mod`: the key modulo the number of shards, never negative: -1 on four shards is 3.

use crate::sharding::key::Key;

/// Position of the key in a list of `shards` shards; `None` for keys that are no integers.
pub fn position(key: &Key, shards: usize) -> Option<usize> {
    match key {
        Key::Integer(key) => match u64::try_from(*key) {
            // Division of 128 bits is a function, not an instruction.
            Ok(key) => key.checked_rem(shards as u64).map(|position| position as usize),
            Err(_) => key.checked_rem_euclid(shards as i128).map(|position| position as usize),
        },
        Key::Bytes(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remainders_are_never_negative() {
        let cases = [(0, 0), (5, 1), (-1, 3), (-4, 0), (-5, 3), (i128::from(u64::MAX), 3), (i128::from(i64::MIN), 0)];
        for (key, position_wanted) in cases {
            assert_eq!(position(&Key::Integer(key), 4), Some(position_wanted), "{key}");
        }
    }

    #[test]
    fn text_and_empty_lists_have_no_position() {
        assert_eq!(position(&Key::Bytes(b"5"[..].into()), 4), None);
        assert_eq!(position(&Key::Integer(5), 0), None);
    }
}
