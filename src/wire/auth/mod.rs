//! Who a client is, and who we are to a backend: `mysql_native_password` and `caching_sha2_password`, both ends.
//!
//! A password is never sent in clear over a plain connection, and never accepted so. Comparisons take constant time; a
//! login of an unknown user takes the same steps as one of a known user (see [`Account`]).
//!
//! Left out: `sha256_password`, `mysql_clear_password` (it would hand backends' passwords to whoever answers),
//! MariaDB's `ed25519` and `parsec`, multi-factor authentication.

mod client;
mod crypt;
#[cfg(test)]
mod exchange_tests;
mod keys;
mod scramble;
mod server;

use std::fmt;

use crate::wire::Secret;

pub use client::{ClientAuth, ClientStep, LoginError};
pub use keys::{KeyError, ServerKeys};
pub use server::{Account, Login, RejectReason, ServerAuth, ServerStep};

/// The longest password, in bytes, that a client may send: MySQL's own limit.
const MAX_PASSWORD: usize = 256;

// First payload bytes, and the contents of caching_sha2_password's AuthMoreData.
const AUTH_MORE_DATA: u8 = 0x01;
const AUTH_SWITCH: u8 = 0xFE;
const REQUEST_PUBLIC_KEY: u8 = 0x02;
const FAST_AUTH_SUCCESS: u8 = 0x03;
const PERFORM_FULL_AUTH: u8 = 0x04;

/// An authentication method that ShardGate knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthPlugin {
    NativePassword,
    CachingSha2Password,
}

impl AuthPlugin {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NativePassword => "mysql_native_password",
            Self::CachingSha2Password => "caching_sha2_password",
        }
    }

    pub fn from_name(name: &[u8]) -> Option<Self> {
        [Self::NativePassword, Self::CachingSha2Password].into_iter().find(|plugin| plugin.name().as_bytes() == name)
    }
}

/// What is kept of a client's password.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// The user has no password.
    Empty,
    Plain(Secret),
    /// `mysql_native_password`'s hash: SHA1(SHA1(password)).
    NativeHash([u8; 20]),
    /// `caching_sha2_password`'s hash as MySQL stores it: `$A$005$`, 20 characters of salt, 43 of hash. [`Self::sha256_crypt`]
    /// checks the form; one that has another form matches no password.
    Sha256Crypt(String),
}

impl Credential {
    /// The credential that MySQL's `authentication_string` for `caching_sha2_password` stands for; None if malformed.
    pub fn sha256_crypt(stored: &str) -> Option<Self> {
        crypt::Stored::parse(stored).map(|_| Self::Sha256Crypt(stored.to_owned()))
    }

    /// The credential for `*` and 40 hexadecimal digits, as `mysql_native_password` stores it; None if malformed.
    pub fn native_hash(stored: &str) -> Option<Self> {
        let digits = stored.strip_prefix('*').filter(|digits| digits.len() == 40 && digits.is_ascii())?;
        let mut hash = [0; 20];
        for (i, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).ok()?;
        }
        Some(Self::NativeHash(hash))
    }
}

/// A password that is the empty string is none.
impl From<Secret> for Credential {
    fn from(password: Secret) -> Self {
        if password.is_empty() { Self::Empty } else { Self::Plain(password) }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "Empty",
            Self::Plain(_) => "Plain(***)",
            Self::NativeHash(_) => "NativeHash(***)",
            Self::Sha256Crypt(_) => "Sha256Crypt(***)",
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn stored_forms_are_checked() {
        let hash = "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19";
        let Credential::NativeHash(bytes) = Credential::native_hash(hash).unwrap() else { panic!() };
        assert_eq!(bytes[..2], [0x24, 0x70]);
        for bad in [
            "",
            "*",
            "2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19",
            "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E1",
            "*+470C0C06DEE42FD1618BB99005ADCA2EC9D1E1é",
        ] {
            assert_eq!(Credential::native_hash(bad), None, "{bad}");
        }
        assert_eq!(Credential::sha256_crypt("$A$005$short"), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", [Credential::from(Secret::new("hunter2")), Credential::NativeHash([65; 20])]);
        assert!(!shown.contains("hunter2") && !shown.contains("65"), "{shown}");
    }

    #[test]
    fn plugins_have_names() {
        for plugin in [AuthPlugin::NativePassword, AuthPlugin::CachingSha2Password] {
            assert_eq!(AuthPlugin::from_name(plugin.name().as_bytes()), Some(plugin));
        }
        assert_eq!(AuthPlugin::from_name(b"mysql_clear_password"), None);
    }
}
