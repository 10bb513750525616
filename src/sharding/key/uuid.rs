//! Keys of MariaDB's UUID columns: 32 digits in lower case, with hyphens where MariaDB writes them. Texts are read in that form
//! only, in any case; others are left to the server.

use crate::sharding::collation::KeyBytes;
use crate::value::Value;

use super::{Canonical, Key};

const LENGTH: usize = 36;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// The key that a value is compared with, and stored as.
pub(super) fn canonical(value: &Value<'_>) -> Canonical {
    let Value::Text { bytes, .. } = value else { return Canonical::Unknown };
    let is_in_place = |(at, byte): (usize, &u8)| match HYPHENS.contains(&at) {
        true => *byte == b'-',
        false => byte.is_ascii_hexdigit(),
    };
    if bytes.len() != LENGTH || !bytes.iter().enumerate().all(is_in_place) {
        return Canonical::Unknown;
    }
    Canonical::Key(Key::Bytes(KeyBytes::from_slice(&bytes.to_ascii_lowercase())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Charset;

    #[test]
    fn letter_case_does_not_count() {
        let of = |text: &str| canonical(&Value::Text { bytes: text.as_bytes().into(), charset: Charset::Utf8 });
        let small = of("123e4567-e89b-12d3-a456-42661417400f");
        assert!(matches!(small, Canonical::Key(_)));
        assert_eq!(of("123E4567-E89B-12D3-A456-42661417400F"), small);
        for other in ["", "123e4567e89b12d3a45642661417400f", "123e4567-e89b-12d3-a456-42661417400g"] {
            assert_eq!(of(other), Canonical::Unknown, "{other}");
        }
    }
}
