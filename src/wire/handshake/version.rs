//! Which server, and which version: what the lexer's version comments and some quirks go by.

/// A server's kind and version, from the text in its greeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ServerVersion {
    /// As version comments write it: 80036, 101119.
    pub number: u32,
    pub mariadb: bool,
}

impl ServerVersion {
    /// Reads `8.0.36`, `10.11.19-MariaDB-deb12`, `5.5.5-10.11.19-MariaDB` (MariaDB before 11 puts an old number in
    /// front for old replicas). What cannot be read counts as 0.
    pub fn parse(text: &[u8]) -> Self {
        let mariadb = text.windows(7).any(|word| word.eq_ignore_ascii_case(b"mariadb"));
        let text = if mariadb { text.strip_prefix(b"5.5.5-").unwrap_or(text) } else { text };
        let mut parts = text.split(|byte| !byte.is_ascii_digit()).map(number);
        let [major, minor, patch] = std::array::from_fn(|_| parts.next().unwrap_or(0));
        Self { number: major * 10_000 + minor * 100 + patch, mariadb }
    }
}

fn number(digits: &[u8]) -> u32 {
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).filter(|number| *number < 100).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_both_families() {
        let cases: &[(&str, u32, bool)] = &[
            ("8.0.36", 80036, false),
            ("9.7.0-debian", 90700, false),
            ("5.7.44-log", 50744, false),
            ("5.5.5-10.11.19-MariaDB-0+deb12u1", 101119, true),
            ("11.4.2-MariaDB", 110402, true),
            ("5.5.5", 50505, false),
            ("", 0, false),
            ("99999999999.1", 100, false),
        ];
        for (text, number, mariadb) in cases {
            assert_eq!(
                ServerVersion::parse(text.as_bytes()),
                ServerVersion { number: *number, mariadb: *mariadb },
                "{text}"
            );
        }
    }
}
