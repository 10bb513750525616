//! The challenges of the two methods: what proves, over a plain connection, that a peer has the password.

use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::wire::handshake::SCRAMBLE_LEN;

type Scramble = [u8; SCRAMBLE_LEN];

/// SHA1(SHA1(password)): what `mysql_native_password` stores.
pub(super) fn native_hash(password: &[u8]) -> [u8; 20] {
    Sha1::digest(Sha1::digest(password)).into()
}

/// Whether `response` is SHA1(password) XOR SHA1(scramble, stored), where stored is SHA1(SHA1(password)).
pub(super) fn is_native(response: &[u8], scramble: &Scramble, stored: &[u8; 20]) -> bool {
    let mask: [u8; 20] = Sha1::new_with_prefix(scramble).chain_update(stored).finalize().into();
    let Ok(response) = <[u8; 20]>::try_from(response) else {
        return false;
    };
    let stage1: [u8; 20] = std::array::from_fn(|i| response[i] ^ mask[i]);
    let hash: [u8; 20] = Sha1::digest(stage1).into();
    hash.ct_eq(stored).into()
}

/// SHA256(SHA256(password)): what `caching_sha2_password` keeps in memory after a full authentication.
pub(super) fn sha2_digest(password: &[u8]) -> [u8; 32] {
    Sha256::digest(Sha256::digest(password)).into()
}

/// Whether `response` is SHA256(password) XOR SHA256(digest, scramble), where digest is SHA256(SHA256(password)).
pub(super) fn is_sha2(response: &[u8], scramble: &Scramble, digest: &[u8; 32]) -> bool {
    let mask: [u8; 32] = Sha256::new_with_prefix(digest).chain_update(scramble).finalize().into();
    let Ok(response) = <[u8; 32]>::try_from(response) else {
        return false;
    };
    let stage1: [u8; 32] = std::array::from_fn(|i| response[i] ^ mask[i]);
    let hash: [u8; 32] = Sha256::digest(stage1).into();
    hash.ct_eq(digest).into()
}

/// Mixes a password with the scramble before it is encrypted, or the other way round.
pub(super) fn xor_with(scramble: &Scramble, bytes: &mut [u8]) {
    for (byte, mask) in bytes.iter_mut().zip(scramble.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use mysql_common::scramble::{scramble_native, scramble_sha256};

    #[test]
    fn what_a_client_makes_is_recognised() {
        let scramble = *b"abcdefghijklmnopqrst";
        let native = scramble_native(&scramble, b"pw").unwrap();
        assert!(is_native(&native, &scramble, &native_hash(b"pw")));
        assert!(!is_native(&native, &scramble, &native_hash(b"other")));
        assert!(!is_native(&native[1..], &scramble, &native_hash(b"pw")));
        assert!(!is_native(&native, b"abcdefghijklmnopqrsT", &native_hash(b"pw")));
        let sha2 = scramble_sha256(&scramble, b"pw").unwrap();
        assert!(is_sha2(&sha2, &scramble, &sha2_digest(b"pw")));
        assert!(!is_sha2(&sha2, &scramble, &sha2_digest(b"other")));
        assert!(!is_sha2(b"", &scramble, &sha2_digest(b"pw")));
    }

    #[test]
    fn mysqls_own_native_hash() {
        // SELECT PASSWORD('password')
        assert_eq!(native_hash(b"password")[..4], [0x24, 0x70, 0xC0, 0xC0]);
    }
}
