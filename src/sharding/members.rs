//! Keys of ENUM and SET columns. They are compared as texts and kept as numbers, so that it takes the column's list of members to
//! tell what a text is stored as: `'2'` may be the second member. A text that is no member as the column writes it may be
//! compared by its number where the server looks by an index; that is left to the servers.

use crate::value::Value;

use super::key::{Canonical, KeyType};

/// What the values of an ENUM or SET column are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Members {
    /// In the column's order.
    texts: Vec<String>,
    is_set: bool,
}

impl Members {
    /// From what stands in parentheses behind the type: `'a','it''s'`. `None`: it is no ENUM or SET, or cannot be read for certain.
    pub(super) fn read(data_type: &str, arguments: &str) -> Option<Self> {
        let is_set = match data_type.to_ascii_lowercase().as_str() {
            "enum" => false,
            "set" => true,
            _ => return None,
        };
        let mut rest = arguments.trim();
        let mut texts = Vec::new();
        // Servers differ in how they write backslashes here.
        if rest.contains('\\') {
            return None;
        }
        loop {
            let (text, behind) = member(rest.strip_prefix('\'')?)?;
            texts.push(text);
            match behind.trim_start().strip_prefix(',') {
                Some(more) => rest = more.trim_start(),
                None if behind.trim().is_empty() => return Some(Self { texts, is_set }),
                None => return None,
            }
        }
    }

    /// What a value is compared as.
    pub(super) fn compared(&self, key: &KeyType, value: &Value<'_>) -> Canonical {
        match value {
            Value::Null => Canonical::Null,
            Value::Text { bytes, charset } => {
                let written = charset.decode(bytes).and_then(|text| self.written_as(key, &text));
                found(key, written)
            }
            _ => Canonical::Unknown,
        }
    }

    /// What is stored for a value: a member by its text or its number, members of a set in the column's order. An ENUM stores ''
    /// for what is none, if it is stored at all.
    pub(super) fn stored(&self, key: &KeyType, value: &Value<'_>) -> Canonical {
        match value {
            Value::Int(number) => match u64::try_from(*number) {
                Ok(number) => found(key, self.by_number(number)),
                Err(_) => found(key, self.for_none()),
            },
            Value::UInt(number) => found(key, self.by_number(*number)),
            Value::Text { bytes, charset } => {
                let text = charset.decode(bytes);
                let written = text.as_ref().and_then(|text| self.written_as(key, text));
                let is_none = text.is_some_and(|text| is_compared_by(key) && is_word(&text));
                found(key, written.or_else(|| self.for_none().filter(|_| is_none)))
            }
            _ => self.compared(key, value),
        }
    }

    fn for_none(&self) -> Option<String> {
        (!self.is_set).then(String::new)
    }

    /// The member that is equal to a text, as the column writes it; or the members of a set.
    fn written_as(&self, key: &KeyType, text: &str) -> Option<String> {
        let place = |text: &str| {
            let wanted = key.of_text(text)?;
            self.texts.iter().position(|own| key.of_text(own).as_ref() == Some(&wanted))
        };
        if !self.is_set {
            return Some(self.texts[place(text)?].clone());
        }
        let mut behind = 0;
        // Each once, in the column's order.
        let parts: &mut dyn Iterator<Item = &str> =
            if text.is_empty() { &mut std::iter::empty() } else { &mut text.split(',') };
        let mut written = Vec::new();
        for part in parts {
            let place = place(part)?;
            if place < behind {
                return None;
            }
            behind = place + 1;
            written.push(self.texts[place].as_str());
        }
        Some(written.join(","))
    }

    fn by_number(&self, number: u64) -> Option<String> {
        if !self.is_set {
            let place = number.checked_sub(1).and_then(|place| usize::try_from(place).ok());
            return place.and_then(|place| self.texts.get(place).cloned()).or_else(|| self.for_none());
        }
        let count = self.texts.len();
        if count < 64 && number >> count != 0 {
            return None;
        }
        let chosen = self.texts.iter().enumerate().filter(|(place, _)| number >> place & 1 == 1);
        Some(chosen.map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(","))
    }
}

/// Whether the key's texts are equal if and only if they are for the server.
fn is_compared_by(key: &KeyType) -> bool {
    matches!(key, KeyType::Enum(collation) if !collation.is_as_written())
}

/// Whether a text is neither a member's number nor becomes another when it is stored.
fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A text up to its closing quote, with doubled quotes made single, and what follows.
fn member(text: &str) -> Option<(String, &str)> {
    let mut found = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('\'')?;
        found.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(more) => {
                found.push('\'');
                rest = more;
            }
            None => return Some((found, rest)),
        }
    }
}

fn found(key: &KeyType, written: Option<String>) -> Canonical {
    written.and_then(|text| key.of_text(&text)).map_or(Canonical::Unknown, Canonical::Key)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::sharding::collation::TextCollation;
    use crate::sharding::key::Key;
    use crate::value::Charset;

    fn text(text: &str) -> Value<'_> {
        Value::Text { bytes: text.as_bytes().into(), charset: Charset::Utf8 }
    }

    fn key(collation: &str) -> KeyType {
        KeyType::Enum(TextCollation::from_mysql_name(collation).unwrap())
    }

    fn shown(canonical: Canonical) -> String {
        match canonical {
            Canonical::Key(Key::Bytes(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn lists_are_read_as_servers_write_them() {
        let members = |arguments| Members::read("enum", arguments).map(|members| members.texts.join("|"));
        assert_eq!(members("'a','it''s',' b, c'").as_deref(), Some("a|it's| b, c"));
        assert_eq!(members("''").as_deref(), Some(""));
        for unreadable in ["", "'a", "'a' 'b'", "'a\\\\b'", "10,2"] {
            assert_eq!(members(unreadable), None, "{unreadable}");
        }
        assert_eq!(Members::read("int", "11"), None);
    }

    #[test]
    fn members_are_told_by_text_or_number() {
        let (members, key) = (Members::read("enum", "'new','2','done'").unwrap(), key("utf8mb4_bin"));
        // Value, compared, stored.
        let cases = [
            (text("new"), "new", "new"),
            (text("new "), "new", "new"),
            (text("NEW"), "Unknown", ""),
            (text("2"), "2", "2"),
            // The first by its number.
            (text("1"), "Unknown", "Unknown"),
            (Value::Int(1), "Unknown", "new"),
            // The error member.
            (Value::Int(0), "Unknown", ""),
            (Value::Int(4), "Unknown", ""),
            (Value::Int(-1), "Unknown", ""),
            (text("nope"), "Unknown", ""),
            (text("7"), "Unknown", "Unknown"),
            (text(" x"), "Unknown", "Unknown"),
            (text(""), "Unknown", "Unknown"),
        ];
        for (value, compared, stored) in cases {
            assert_eq!(shown(members.compared(&key, &value)), compared, "compared: {value:?}");
            assert_eq!(shown(members.stored(&key, &value)), stored, "stored: {value:?}");
        }
        let general = self::key("utf8mb4_general_ci");
        assert_eq!(members.stored(&general, &text("NEW")), members.stored(&general, &Value::Int(1)));
        // As the column writes it, however it was spelt.
        let lenient = Members::read("enum", "'New'").unwrap();
        assert_eq!(shown(lenient.stored(&self::key("as-written"), &text("new"))), "Unknown");
        assert_eq!(shown(lenient.stored(&self::key("as-written"), &Value::Int(7))), "");
    }

    #[test]
    fn sets_are_in_the_order_of_the_column() {
        let (members, key) = (Members::read("set", "'a','b','c'").unwrap(), key("utf8mb4_bin"));
        let cases = [
            (text("a"), "a", "a"),
            (text("a,c"), "a,c", "a,c"),
            (text("c,a"), "Unknown", "Unknown"),
            (text("a,a"), "Unknown", "Unknown"),
            (text(""), "", ""),
            (Value::Int(5), "Unknown", "a,c"),
            (Value::Int(0), "Unknown", ""),
            (Value::Int(8), "Unknown", "Unknown"),
        ];
        for (value, compared, stored) in cases {
            assert_eq!(shown(members.compared(&key, &value)), compared, "compared: {value:?}");
            assert_eq!(shown(members.stored(&key, &value)), stored, "stored: {value:?}");
        }
    }
}
