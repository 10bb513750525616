//! The RSA keys with which a client without TLS can send its password to `caching_sha2_password`.

use std::fmt;

use rsa::pkcs8::{DecodePublicKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{Oaep, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::scramble::xor_with;
use crate::wire::handshake::SCRAMBLE_LEN;

const KEY_BITS: usize = 2048;
/// The longest public key, in bytes of PEM, that is read from a backend: 4096 bits take some 800.
const MAX_PEM: usize = 4096;

/// Why no key could be made or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("cannot make an RSA key: {0}")]
    Generate(String),
    #[error("the server's RSA public key cannot be used")]
    PublicKey,
}

/// A key pair, made once and shared by all sessions.
pub struct ServerKeys {
    private: RsaPrivateKey,
    public_pem: String,
}

impl ServerKeys {
    /// Takes some tenths of a second.
    pub fn generate() -> Result<Self, KeyError> {
        let private = RsaPrivateKey::new(&mut rand::thread_rng(), KEY_BITS);
        let private = private.map_err(|error| KeyError::Generate(error.to_string()))?;
        let public_pem = private.to_public_key().to_public_key_pem(LineEnding::LF);
        let public_pem = public_pem.map_err(|error| KeyError::Generate(error.to_string()))?;
        Ok(Self { private, public_pem })
    }

    pub(super) fn public_pem(&self) -> &[u8] {
        self.public_pem.as_bytes()
    }

    /// Bytes of an encrypted password.
    pub(super) fn cipher_len(&self) -> usize {
        self.private.size()
    }

    /// The password (with its NUL) that a client encrypted for us; None if it did not.
    pub(super) fn decrypt(&self, cipher: &[u8], scramble: &[u8; SCRAMBLE_LEN]) -> Option<Zeroizing<Vec<u8>>> {
        let plain = self.private.decrypt_blinded(&mut rand::thread_rng(), Oaep::new::<Sha1>(), cipher).ok()?;
        let mut plain = Zeroizing::new(plain);
        xor_with(scramble, &mut plain);
        Some(plain)
    }
}

impl fmt::Debug for ServerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerKeys").field("bits", &(self.private.size() * 8)).finish_non_exhaustive()
    }
}

/// Encrypts `password` (a NUL is added) with the key that a backend sent.
pub(super) fn encrypt(password: &str, scramble: &[u8; SCRAMBLE_LEN], pem: &[u8]) -> Result<Vec<u8>, KeyError> {
    let pem = std::str::from_utf8(pem).ok().filter(|pem| pem.len() <= MAX_PEM).ok_or(KeyError::PublicKey)?;
    let key = RsaPublicKey::from_public_key_pem(pem.trim_end_matches('\0')).map_err(|_| KeyError::PublicKey)?;
    let mut plain = Zeroizing::new(Vec::with_capacity(password.len() + 1));
    plain.extend_from_slice(password.as_bytes());
    plain.push(0);
    xor_with(scramble, &mut plain);
    key.encrypt(&mut rand::thread_rng(), Oaep::new::<Sha1>(), &plain).map_err(|_| KeyError::PublicKey)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_password_passes_encrypted() {
        let keys = ServerKeys::generate().unwrap();
        let scramble = *b"abcdefghijklmnopqrst";
        let password = "a rather long passphrase with ünïcode";
        let cipher = encrypt(password, &scramble, keys.public_pem()).unwrap();
        assert_eq!(cipher.len(), keys.cipher_len());
        let plain = keys.decrypt(&cipher, &scramble).unwrap();
        assert_eq!(plain.as_slice(), [password.as_bytes(), b"\0"].concat());
        assert!(keys.decrypt(&[7; 256], &scramble).is_none());
        assert!(keys.decrypt(b"", &scramble).is_none());
        for pem in [&b""[..], b"\xFF", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
            assert_eq!(encrypt("pw", &scramble, pem), Err(KeyError::PublicKey));
        }
        // Too long for the key: an error, not a panic.
        assert_eq!(encrypt(&"x".repeat(300), &scramble, keys.public_pem()), Err(KeyError::PublicKey));
        assert!(!format!("{keys:?}").contains("private"));
    }
}
