//! Names inside of texts: view definitions, CREATE statements, messages of errors.

use super::definition::{self, Name};
use super::places::Place;
use crate::sharding::schema::same_name;

/// A table's definition, or an expression of one, in logical names; `None` if it has no others.
pub fn in_definition(text: &[u8], place: &Place<'_>) -> Option<Vec<u8>> {
    definition::renamed(text, |name| match name {
        Name::Schema(name) => place.database_of(name).filter(|new| *new != name).map(str::to_owned),
        Name::Table(name) => place.renamed(name).map(str::to_owned),
        Name::Constraint(name) => place.constraint(name),
    })
}

/// A text of SQL in logical names; `None` if it has no other names. What is in quotes for strings stays.
pub fn in_sql(text: &[u8], place: &Place<'_>) -> Option<Vec<u8>> {
    if definition::is_one(text) {
        return in_definition(text, place);
    }
    let mut out = Vec::new();
    let mut done = 0;
    for word in words(text) {
        if word.in_string || word.start < done {
            continue;
        }
        let name = String::from_utf8_lossy(&text[word.start..word.end]);
        if is_marked(text, &word, place) {
            out.extend_from_slice(&text[done..word.start - 1]);
            done = word.end;
            continue;
        }
        let ahead = &text[..word.start];
        let new = match word.qualifies {
            true => place.database_of(&name).filter(|new| *new != name).or_else(|| table(place, &name)),
            false if is_column(ahead, place) || is_title(ahead) => None,
            false => table(place, &name),
        };
        // The name of a database stands alone after CREATE DATABASE, and in plans.
        let is_alone = is_created_database(ahead) || ahead.ends_with(b"\"schema_name\": \"");
        let new = new.or_else(|| is_alone.then(|| place.database_of(&name)).flatten());
        let new = new.map(str::to_owned).or_else(|| place.constraint(&name));
        if let Some(new) = new {
            out.extend_from_slice(&text[done..word.start]);
            out.extend_from_slice(new.as_bytes());
            // The alias that keeps the client's name is none where the table has that name.
            let alias = format!("` `{new}");
            let is_aliased = text[word.end..].strip_prefix(alias.as_bytes()).is_some_and(|rest| rest.starts_with(b"`"));
            done = if is_aliased { word.end + alias.len() } else { word.end };
        }
    }
    if done == 0 {
        return None;
    }
    out.extend_from_slice(&text[done..]);
    Some(out)
}

/// What stands in messages before the name of a stored routine.
const ROUTINES: [&[u8]; 3] = [b"PROCEDURE ", b"FUNCTION ", b" for routine "];

/// A server's message in logical names; `None` if it has no others.
///
/// Names stand in backticks (in double quotes under ANSI_QUOTES), or as `'schema.table'`, or as `'table.key'`; values of the
/// client's are left as they are.
pub fn in_message(message: &str, place: &Place<'_>) -> Option<String> {
    let text = message.as_bytes();
    let from = values_end(text);
    let mut out = text[..from].to_vec();
    let mut done = from;
    let all = words(text).into_iter().filter(|word| word.start >= from);
    let mut schema_before = None;
    for word in all {
        let name = &message[word.start..word.end];
        if is_marked(text, &word, place) {
            out.extend_from_slice(&text[done..word.start - 1]);
            done = word.end;
            continue;
        }
        let (before, behind) = (text[..word.start].last(), text.get(word.end));
        let ahead = &text[..word.start];
        let is_of_routine = word.qualifies && ROUTINES.iter().any(|words| ahead.ends_with(words));
        let is_listed = before == Some(&b',') && text.starts_with(b"Unknown ");
        let is_quoted = before == Some(&b'"') && behind == Some(&b'"');
        let opens = matches!(before, Some(b'\'' | b'`')) || is_quoted || is_of_routine || is_listed;
        let is_behind_schema = schema_before == Some(word.start);
        schema_before = None;
        let database = place.database_of(name).filter(|_| opens);
        let new = match database {
            Some(new) if word.qualifies => {
                let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'`' | b'"'));
                let quotes = usize::from(is_quote(behind));
                let opening = usize::from(is_quote(text.get(word.end + quotes + 1)));
                schema_before = Some(word.end + quotes + 1 + opening);
                Some(new)
            }
            Some(new) if text[..word.start - 1].to_ascii_lowercase().ends_with(b"database ") => Some(new),
            _ if is_behind_schema => table(place, name),
            _ if opens && (word.qualifies || !is_of_column(ahead)) => table(place, name),
            _ => None,
        };
        let new = new.map(str::to_owned).or_else(|| place.constraint(name).filter(|_| opens));
        if let Some(new) = new.filter(|new| *new != name) {
            out.extend_from_slice(&text[done..word.start]);
            out.extend_from_slice(new.as_bytes());
            done = word.end;
        }
    }
    if done == from {
        return None;
    }
    out.extend_from_slice(&text[done..]);
    String::from_utf8(out).ok()
}

/// Whether a message has a word that is the name of a physical table here.
pub fn has_table_of(message: &str, place: &Place<'_>) -> bool {
    words(message.as_bytes()).iter().any(|word| table(place, &message[word.start..word.end]).is_some())
}

/// What the client calls a table. Words that are another only by letter case may be anything.
fn table<'s>(place: &Place<'s>, name: &str) -> Option<&'s str> {
    place.renamed(name).filter(|new| !same_name(new, name))
}

/// What stands before a word, without the quote that opens it.
fn before_quote(ahead: &[u8]) -> &[u8] {
    ahead.strip_suffix(b"`").or_else(|| ahead.strip_suffix(b"\"")).unwrap_or(ahead)
}

/// Whether a word is qualified by something that is no schema.
fn is_column(ahead: &[u8], place: &Place<'_>) -> bool {
    let Some(qualifier) = before_quote(ahead).strip_suffix(b".") else { return false };
    let qualifier = before_quote(qualifier);
    let start = qualifier.iter().rposition(|byte| !is_part(*byte)).map_or(0, |at| at + 1);
    let is_schema = std::str::from_utf8(&qualifier[start..]).is_ok_and(|name| place.database_of(name).is_some());
    start < qualifier.len() && !is_schema
}

/// Whether a word is what a column of a result is to be called.
fn is_title(ahead: &[u8]) -> bool {
    before_quote(ahead).to_ascii_lowercase().ends_with(b" as ")
}

/// Whether a word in a message is said to be a column, a key or the like, and no table.
fn is_of_column(ahead: &[u8]) -> bool {
    const SAID: &[&[u8]] = &[
        b"column ",
        b"columns ",
        b"field ",
        b"key ",
        b"index ",
        b"constraint ",
        b"variable ",
        b"drop ",
        b"user ",
        b"column name ",
        b"key name ",
        b"index name ",
        b"constraint name ",
        b"default value for ",
        // A list of columns, or what is qualified by a table.
        b"(",
        b"`,",
        b"`, ",
        b".",
    ];
    let ahead = ahead.strip_suffix(b"'").unwrap_or_else(|| before_quote(ahead)).to_ascii_lowercase();
    SAID.iter().any(|said| ahead.ends_with(said))
}

/// Whether a word is what tells the constraints of one shard from those of another.
fn is_marked(text: &[u8], word: &Word, place: &Place<'_>) -> bool {
    let name = std::str::from_utf8(&text[word.start..word.end]);
    text[..word.start].ends_with(b"@") && name.is_ok_and(|name| place.renamed(name).is_some())
}

/// Where a message comes to names, after a value that it repeats.
fn values_end(message: &[u8]) -> usize {
    let last = |needle: &[u8]| message.windows(needle.len()).rposition(|window| window == needle);
    if message.starts_with(b"Duplicate entry") {
        return last(b" for key ").unwrap_or(message.len());
    }
    let has_value = message.windows(8).any(|window| window == b"value: '");
    if has_value { last(b" for column ").unwrap_or(message.len()) } else { 0 }
}

/// Whether `text` is LIKE `pattern`: `%`, `_`, and `\` before a character that stands for itself.
pub fn is_like(text: &[u8], pattern: &[u8], ignore_case: bool) -> bool {
    let same = |one: u8, other: u8| if ignore_case { one.eq_ignore_ascii_case(&other) } else { one == other };
    // Where the last `%` was, and how much of the text it has swallowed: going back to it is enough.
    let (mut at, mut next) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        let matched = match pattern.get(next) {
            Some(b'%') => {
                back = Some((next + 1, at));
                next += 1;
                continue;
            }
            Some(b'_') if at < text.len() => Some((1, character(&text[at..]))),
            Some(b'\\') if next + 1 < pattern.len() => {
                text.get(at).filter(|byte| same(**byte, pattern[next + 1])).map(|_| (2, 1))
            }
            Some(b'_') | None => None,
            Some(byte) => text.get(at).filter(|own| same(**own, *byte)).map(|_| (1, 1)),
        };
        match (matched, &mut back) {
            (Some((used, read)), _) => {
                next += used;
                at += read;
            }
            (None, _) if next == pattern.len() && at == text.len() => return true,
            (None, Some((after, swallowed))) if *swallowed < text.len() => {
                *swallowed += character(&text[*swallowed..]);
                (next, at) = (*after, *swallowed);
            }
            (None, _) => return false,
        }
    }
}

/// Bytes of the first character of UTF-8.
fn character(text: &[u8]) -> usize {
    1 + text.iter().skip(1).take_while(|byte| **byte & 0xC0 == 0x80).count()
}

fn is_created_database(before: &[u8]) -> bool {
    let before = before.strip_suffix(b"`").or_else(|| before.strip_suffix(b"\"")).unwrap_or(before);
    before.trim_ascii_end() == b"CREATE DATABASE"
        || before.starts_with(b"CREATE DATABASE /*") && before.trim_ascii_end().ends_with(b"IF NOT EXISTS*/")
}

/// A run of characters that names are made of.
struct Word {
    start: usize,
    end: usize,
    /// A dot follows, perhaps after a closing quote.
    qualifies: bool,
    in_string: bool,
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// The words of a text of SQL. Single quotes are for strings; a quote within one is doubled or escaped.
fn words(text: &[u8]) -> Vec<Word> {
    let mut all = Vec::new();
    let (mut at, mut in_string) = (0, false);
    while at < text.len() {
        match text[at] {
            b'\\' if in_string => {
                // What it escapes is a whole character.
                let rest = text.get(at + 2..).unwrap_or_default();
                at += 2 + rest.iter().take_while(|byte| matches!(byte, 0x80..=0xBF)).count();
            }
            b'\'' => {
                in_string = !in_string;
                at += 1;
            }
            byte if is_part(byte) => {
                let start = at;
                at += text[start..].iter().take_while(|byte| is_part(**byte)).count();
                let behind = text[at..].strip_prefix(b"`").or_else(|| text[at..].strip_prefix(b"\""));
                let qualifies = behind.unwrap_or(&text[at..]).starts_with(b".");
                all.push(Word { start, end: at, qualifies, in_string });
            }
            _ => at += 1,
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn like_patterns() {
        let cases = [
            ("shop", "sh%", true),
            ("shop", "s_op", true),
            ("shop", "%o%", true),
            ("shop", "%", true),
            ("", "%", true),
            ("a_b", "a\\_b", true),
            ("acb", "a\\_b", false),
            ("shop", "sh", false),
            ("", "_", false),
            ("ééx", "__x", true),
            ("aaab", "a%ab", true),
            ("aaab", "%b%b", false),
            ("shop", "SHOP", false),
        ];
        for (text, pattern, expected) in cases {
            assert_eq!(is_like(text.as_bytes(), pattern.as_bytes(), false), expected, "{text} LIKE {pattern}");
        }
        assert!(is_like(b"shop", b"SH%", true));
    }

    #[test]
    fn a_hard_pattern_does_not_take_forever() {
        assert!(!is_like(&[b'a'; 200], &b"%a".repeat(100).iter().chain(b"b").copied().collect::<Vec<_>>(), false));
    }
}
