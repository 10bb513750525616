//! `key_type` of a shard key's column, with `collation` or `scale` beside it.

use super::section::{Item, Section};
use crate::sharding::KeyType;
use crate::sharding::collation::TextCollation;
use crate::sharding::key::{Digits, NO_FLOAT, NO_TIMESTAMP};

/// What a rule can say.
#[derive(Clone, Copy, PartialEq)]
enum Word {
    Text,
    Enum,
    Decimal,
    Plain(KeyType),
}

/// Digits behind the point of a DECIMAL column.
const SCALES: std::ops::RangeInclusive<u64> = 0..=30;

/// `Some(None)`: the rule does not say.
pub(super) fn read(section: &Section<'_>) -> Option<Option<KeyType>> {
    let word = match section.item("key_type") {
        Some(item) => Some(read_word(&item)?),
        None => None,
    };
    if word != Some(Word::Decimal) {
        section.refuse("scale", "has a meaning only beside key_type = \"decimal\"");
    }
    match (word, section.item("collation")) {
        (Some(Word::Text), Some(item)) => Some(Some(KeyType::Text(read_collation(&item, true)?, None))),
        (Some(Word::Enum), Some(item)) => Some(Some(KeyType::Enum(read_collation(&item, false)?))),
        (Some(word @ (Word::Text | Word::Enum)), None) => {
            let word = if word == Word::Text { "text" } else { "enum" };
            let missing =
                format!("missing: key_type = \"{word}\" needs the collation of the column, as in \"utf8mb4_bin\"");
            section.problem("collation", missing);
            None
        }
        (_, Some(item)) => {
            item.problem("has a meaning only beside key_type = \"text\" and \"enum\"");
            None
        }
        (Some(Word::Decimal), None) => {
            let scale = section.integer("scale", 0, SCALES)?;
            Some(Some(KeyType::Decimal(Digits { scale: scale as u8, precision: None })))
        }
        (Some(Word::Plain(key_type)), None) => Some(Some(key_type)),
        (None, None) => Some(None),
    }
}

fn read_word(item: &Item<'_>) -> Option<Word> {
    const WORDS: &[(&str, Word)] = &[
        ("integer", Word::Plain(KeyType::INTEGER)),
        ("text", Word::Text),
        ("bytes", Word::Plain(KeyType::Bytes(None))),
        ("date", Word::Plain(KeyType::Date)),
        ("datetime", Word::Plain(KeyType::DateTime)),
        ("time", Word::Plain(KeyType::Time)),
        ("year", Word::Plain(KeyType::Year)),
        ("decimal", Word::Decimal),
        ("bit", Word::Plain(KeyType::Bit(64))),
        ("enum", Word::Enum),
        ("uuid", Word::Plain(KeyType::Uuid)),
    ];
    const IMPOSSIBLE: &[(&str, &str)] = &[
        ("timestamp", NO_TIMESTAMP),
        ("float", NO_FLOAT),
        ("json", "JSON has many spellings of one value, so that it is no shard key: take a column of another type"),
    ];
    let given = item.is_text().then(|| item.text()).flatten();
    let meant = match given.as_deref() {
        Some("double" | "real") => Some("float"),
        other => other,
    };
    match IMPOSSIBLE.iter().find(|(word, _)| Some(*word) == meant) {
        Some((_, reason)) => {
            item.problem(*reason);
            None
        }
        None => item.choice(WORDS),
    }
}

fn read_collation(item: &Item<'_>, warns: bool) -> Option<TextCollation> {
    let name = item.text()?;
    let collation = TextCollation::from_mysql_name(&name).map_err(|unsupported| item.problem(unsupported.to_string()));
    if warns && collation.is_ok_and(TextCollation::is_as_written) {
        item.warning(
            "keys are taken as they are written: rows whose key is equal for the column but written otherwise \
             (letter case, accents, trailing spaces) are on another shard, and are not found",
        );
    }
    collation.ok()
}
