//! What a write of several shards returns (RETURNING): a row for each of the statement's, in their order.

use super::failure::Failure;
use super::row_numbers::OwnRows;
use super::tally::Written;
use crate::backend::answer::Answer;
use crate::wire::ColumnFlags;
use crate::wire::column::ColumnDefinition;

/// Rows, in the form in which they were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Returned {
    /// Payloads of the columns' definitions.
    pub definitions: Vec<Vec<u8>>,
    /// Payloads of the rows.
    pub rows: Vec<Vec<u8>>,
    /// The places in the statement, from 0, of the rows that they are about, where a shard has some of them only.
    places: Vec<u32>,
}

impl Returned {
    /// Of one server's answer, if it has rows.
    pub fn of(answer: &Answer) -> Option<Self> {
        answer.summary.has_rows.then(|| Self {
            definitions: answer.definitions().map(<[u8]>::to_vec).collect(),
            rows: answer.table().1.into_iter().map(<[u8]>::to_vec).collect(),
            places: Vec::new(),
        })
    }

    /// Those of a shard that got these rows of the statement.
    pub(super) fn about(self, own: &OwnRows) -> Result<Self, Failure> {
        match self.rows.len() == own.places.len() {
            true => Ok(Self { places: own.places.clone(), ..self }),
            false => {
                Err(Failure::Unsupported("RETURNING over several shards where not each row returns one".to_owned()))
            }
        }
    }

    fn kinds(&self) -> Vec<Option<(u8, bool)>> {
        let kind = |payload: &Vec<u8>| {
            let column = ColumnDefinition::parse(payload).ok()?;
            Some((column.column_type, column.flags.contains(ColumnFlags::UNSIGNED_FLAG)))
        };
        self.definitions.iter().map(kind).collect()
    }
}

/// Whether rows of all shards can be read by the definitions of one.
pub(super) fn check_alike(parts: &[Written]) -> Result<(), Failure> {
    let mut kinds = parts.iter().filter_map(|part| part.returned.as_ref()).map(Returned::kinds);
    let first = kinds.next();
    match kinds.all(|kinds| first.as_ref() == Some(&kinds)) {
        true => Ok(()),
        false => Err(Failure::Unsupported("RETURNING of columns that have other types on other shards".to_owned())),
    }
}

/// The rows of all shards, in the statement's order.
pub fn together(parts: impl Iterator<Item = Returned>) -> Option<Returned> {
    let (mut definitions, mut placed) = (None, Vec::new());
    for part in parts {
        definitions.get_or_insert(part.definitions);
        placed.extend(part.places.into_iter().zip(part.rows));
    }
    placed.sort_by_key(|(place, _)| *place);
    let (places, rows) = placed.into_iter().unzip();
    Some(Returned { definitions: definitions?, rows, places })
}
