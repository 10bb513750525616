//! Passwords as `caching_sha2_password` stores them: SHA-crypt with SHA-256 (the algorithm of glibc's `$5$`), but with
//! 20 bytes of salt where the specification, and so every library, stops at 16.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const SALT_LEN: usize = 20;
const HASH_LEN: usize = 43;

/// A stored password, taken apart: `$A$`, three hexadecimal digits of thousands of rounds, `$`, salt, hash.
#[derive(Clone, Copy)]
pub(super) struct Stored<'a> {
    rounds: u32,
    salt: &'a [u8; SALT_LEN],
    hash: &'a [u8; HASH_LEN],
}

impl<'a> Stored<'a> {
    pub(super) fn parse(stored: &'a str) -> Option<Self> {
        let rest = stored.as_bytes().strip_prefix(b"$A$")?;
        let (digits, rest) = rest.split_first_chunk::<3>()?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let thousands = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().filter(|n| *n > 0)?;
        let (salt, hash) = rest.strip_prefix(b"$")?.split_first_chunk()?;
        Some(Self { rounds: thousands * 1000, salt, hash: hash.try_into().ok()? })
    }

    /// Some milliseconds of computation, for MySQL's 5000 rounds.
    pub(super) fn is_of(&self, password: &[u8]) -> bool {
        let hash = encode(&sha256_crypt(password, self.salt, self.rounds));
        hash.ct_eq(self.hash).into()
    }
}

/// The digest of the specification (https://www.akkadia.org/drepper/SHA-crypt.txt); the numbers are its steps.
fn sha256_crypt(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
    // 13 to 16: the sequence P.
    let mut digest = Sha256::new();
    for _ in 0..password.len() {
        digest.update(password);
    }
    let p = repeat(&digest.finalize().into(), password.len());
    let a = first_digest(password, salt);
    // 17 to 20: the sequence S.
    let mut digest = Sha256::new();
    for _ in 0..16 + usize::from(a[0]) {
        digest.update(salt);
    }
    let s = repeat(&digest.finalize().into(), salt.len());
    // 21
    let mut c = a;
    for round in 0..rounds {
        let (odd, mut digest) = (round % 2 == 1, Sha256::new());
        digest.update(if odd { &p[..] } else { &c[..] });
        if round % 3 != 0 {
            digest.update(&s);
        }
        if round % 7 != 0 {
            digest.update(&p);
        }
        digest.update(if odd { &c[..] } else { &p[..] });
        c = digest.finalize().into();
    }
    c
}

/// 1 to 12.
fn first_digest(password: &[u8], salt: &[u8]) -> [u8; 32] {
    let b: [u8; 32] = Sha256::new_with_prefix(password).chain_update(salt).chain_update(password).finalize().into();
    let mut digest = Sha256::new_with_prefix(password).chain_update(salt);
    digest.update(repeat(&b, password.len()));
    let mut bits = password.len();
    while bits > 0 {
        digest.update(if bits & 1 == 1 { &b[..] } else { password });
        bits >>= 1;
    }
    digest.finalize().into()
}

/// `digest`, as often as it takes to fill `len` bytes.
fn repeat(digest: &[u8; 32], len: usize) -> Vec<u8> {
    digest.iter().copied().cycle().take(len).collect()
}

/// 22: base64 of its own kind, over the bytes in an order of its own.
fn encode(digest: &[u8; 32]) -> [u8; HASH_LEN] {
    const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut out = [0; HASH_LEN];
    for (i, chars) in out.chunks_mut(4).enumerate() {
        let mut bits = match i {
            10 => u32::from(digest[31]) << 8 | u32::from(digest[30]),
            // Each group takes three bytes that are ten apart, and begins with another of the three.
            _ => [0, 1, 2].iter().fold(0, |bits, turn| bits << 8 | u32::from(digest[(i * 21 + turn * 10) % 30])),
        };
        for char in chars {
            *char = DIGITS[(bits & 63) as usize];
            bits >>= 6;
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_openssl() {
        let cases: &[(&str, &str, u32, &str)] = &[
            ("Hello world!", "saltstring", 5000, "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
            ("Hello world!", "saltstringsaltst", 10000, "3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"),
            ("This is just a test", "toolongsaltstrin", 5000, "Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5"),
            (
                "the minimum number is still observed",
                "roundstoolow",
                1000,
                "yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC",
            ),
        ];
        for (password, salt, rounds, hash) in cases {
            let found = encode(&sha256_crypt(password.as_bytes(), salt.as_bytes(), *rounds));
            assert_eq!(std::str::from_utf8(&found).unwrap(), *hash, "{password}");
        }
    }

    #[test]
    fn what_mysql_9_stored() {
        let stored =
            "$A$00A$Ci\x19\".\x02\x03\x12n\x0F(\x7Fi\x0B\x10\x15#T\x04,Q/nfRrAmmbNwvyM0CFnJTD4QY7jUrsndr8nhqtX.Ox5";
        let password = "a rather long passphrase, longer than thirty-two bytes, with ünïcode";
        let stored = Stored::parse(stored).unwrap();
        assert_eq!(stored.rounds, 10_000);
        assert!(stored.is_of(password.as_bytes()) && !stored.is_of(&password.as_bytes()[1..]));
    }

    #[test]
    fn malformed_hashes_are_none() {
        let good = format!("$A$005${}{}", "s".repeat(20), "h".repeat(43));
        assert!(Stored::parse(&good).is_some_and(|stored| stored.rounds == 5000));
        for bad in [
            &good[1..],
            &good[..good.len() - 1],
            &format!("{good}x"),
            &good.replace("005", "000"),
            &good.replace("005", "+05"),
            "",
        ] {
            assert!(Stored::parse(bad).is_none(), "{bad}");
        }
    }
}
