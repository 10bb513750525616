//! Durations, sizes and addresses as people write them.

use std::net::SocketAddr;
use std::time::Duration;

use super::section::Item;
use crate::backend::options::Address;

impl Item<'_> {
    /// A duration within these bounds: `"500ms"`, `"10s"`, `"1h 30m"`.
    pub(super) fn duration(&self, range: std::ops::RangeInclusive<Duration>) -> Option<Duration> {
        if !self.is_text() {
            self.expected("a duration in quotes, as in \"500ms\", \"10s\" or \"1h 30m\"");
            return None;
        }
        let text = self.text()?;
        let Ok(duration) = humantime::parse_duration(&text) else {
            self.problem(format!("\"{text}\" is no duration; write it as in \"500ms\", \"10s\" or \"1h 30m\""));
            return None;
        };
        if !range.contains(&duration) {
            let [from, to] = [*range.start(), *range.end()].map(spoken);
            self.problem(format!("\"{text}\" should be from {from} to {to}"));
            return None;
        }
        Some(duration)
    }

    /// A number of bytes within these bounds: `65536`, `"64KiB"`, `"16M"`.
    pub(super) fn size(&self, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        const EXAMPLE: &str = "a size, as in 65536, \"64KiB\" or \"16MiB\"";
        if !self.is_text() && self.as_integer().is_none() {
            self.expected(EXAMPLE);
            return None;
        }
        let given = match self.as_integer() {
            Some(bytes) => bytes.to_string(),
            None => self.text()?,
        };
        let Some(bytes) = parse_size(&given) else {
            self.problem(format!("\"{given}\" is not {EXAMPLE}"));
            return None;
        };
        if !range.contains(&bytes) {
            let [from, to] = [*range.start(), *range.end()].map(spoken_size);
            self.problem(format!("{given} should be from {from} to {to}"));
            return None;
        }
        Some(bytes)
    }

    /// Where a MySQL server listens: `"host:port"` or `"unix:/path"`.
    pub(super) fn address(&self) -> Option<Address> {
        if !self.is_text() {
            self.expected("an address, as in \"10.0.0.5:3306\", \"[::1]:3306\" or \"unix:/run/mysqld.sock\"");
        }
        let text = self.peek()?;
        let address = Address::parse(text);
        if address.is_none() {
            self.problem(format!("\"{text}\" is no address; write it as in \"10.0.0.5:3306\", \"[::1]:3306\" or \"unix:/run/mysqld.sock\""));
        }
        address
    }

    /// Where to listen: `"127.0.0.1:8066"`.
    pub(super) fn listen_address(&self) -> Option<SocketAddr> {
        if !self.is_text() {
            self.expected("an address, as in \"127.0.0.1:8066\" or \"[::]:8066\"");
        }
        let text = self.peek()?;
        let address = text.parse();
        if address.is_err() {
            self.problem(format!(
                "\"{text}\" is no address to listen on; write it as in \"127.0.0.1:8066\" or \"[::]:8066\""
            ));
        }
        address.ok()
    }
}

/// A bound in its largest unit that fits: `30 days`, `100 ms`.
fn spoken(duration: Duration) -> String {
    let (ms, units) = (duration.as_millis(), [(86_400_000, "day"), (3_600_000, "h"), (60_000, "min"), (1000, "s")]);
    match units.into_iter().find(|(unit, _)| ms > 0 && ms.is_multiple_of(*unit)) {
        Some((unit, name)) if name == "day" && ms > unit => format!("{} days", ms / unit),
        Some((unit, name)) => format!("{} {name}", ms / unit),
        None => format!("{ms} ms"),
    }
}

/// 1024 bytes or more in the largest unit that fits: `64 MiB`.
fn spoken_size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

fn parse_size(text: &str) -> Option<u64> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let factor: u64 = match unit.trim_start() {
        "" | "B" => 1,
        "K" | "KiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_units() {
        let cases = [
            ("64MiB", Some(64 << 20)),
            ("16M", Some(16 << 20)),
            ("1 KiB", Some(1024)),
            ("7", Some(7)),
            ("MiB", None),
            ("1MB", None),
            ("-1", None),
            ("99999999999999G", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(parse_size(text), wanted, "{text}");
        }
    }
}
