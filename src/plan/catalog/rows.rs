//! The rows that shards gave about their tables, put together to one row for each thing that the client knows.

use std::collections::HashMap;

use super::Row;
use super::columns::{self, Content};
use super::places::{Part, Place};
use super::text;
use crate::sharding::schema::same_name;

/// One answer in the making.
#[derive(Debug)]
pub struct Collector {
    names: Vec<String>,
    contents: Vec<Content>,
    /// By what tells a row from the others.
    found: HashMap<Vec<u8>, usize>,
    rows: Vec<Row>,
    /// Of tables whose own row has not come yet.
    shares: Vec<(Vec<u8>, Row)>,
}

impl Collector {
    /// For answers with these columns.
    pub fn new(names: Vec<String>, contents: Vec<Content>) -> Self {
        Self { names, contents, found: HashMap::new(), rows: Vec::new(), shares: Vec::new() }
    }

    /// Takes a row that was read at `place`. One that is not for the client is dropped.
    pub fn add(&mut self, place: &Place<'_>, mut row: Row) {
        let at = |wanted: Content| self.contents.iter().position(|content| *content == wanted);
        let schema = at(Content::Schema).and_then(|at| row.get(at)?.as_ref());
        if schema.is_some_and(|name| !same_name(&String::from_utf8_lossy(name), place.schema)) {
            return;
        }
        let physical = at(Content::Table)
            .and_then(|at| row.get(at)?.as_ref())
            .map(|name| String::from_utf8_lossy(name).into_owned());
        let part = match &physical {
            Some(physical) => match place.table(physical) {
                Some(known) => known.part,
                None => return,
            },
            // What belongs to no table belongs to the default shard, but for constraints, of which no shard has all.
            None if place.is_default || self.contents.contains(&Content::Constraint) => Part::First,
            None => return,
        };
        self.to_logical(place, &mut row);
        let identity = self.identity(&row);
        // Of what several shards tell without naming a table.
        let is_told = |found: &HashMap<_, _>| {
            physical.is_none() && self.contents.contains(&Content::Constraint) && found.contains_key(&identity)
        };
        match part {
            Part::First if is_told(&self.found) => {}
            Part::First => {
                self.found.insert(identity, self.rows.len());
                self.rows.push(row);
            }
            Part::Share => self.shares.push((identity, row)),
            Part::Copy => {}
        }
    }

    /// All rows, those of tables by the tables' names.
    pub fn finish(mut self) -> Vec<Row> {
        for (identity, share) in std::mem::take(&mut self.shares) {
            if let Some(index) = self.found.get(&identity) {
                let (names, contents) = (&self.names, &self.contents);
                add_up(names, contents, &mut self.rows[*index], &share);
            }
        }
        let schema = self.contents.iter().position(|content| *content == Content::Schema);
        if let Some(table) = self.contents.iter().position(|content| *content == Content::Table) {
            let key = |row: &Row| (schema.and_then(|at| row.get(at).cloned()), row.get(table).cloned());
            self.rows.sort_by_cached_key(key);
        }
        self.rows
    }

    /// A row that was read at `place`, whatever it is about.
    pub fn in_logical_names(&self, place: &Place<'_>, mut row: Row) -> Row {
        self.to_logical(place, &mut row);
        row
    }

    fn to_logical(&self, place: &Place<'_>, row: &mut Row) {
        for (content, cell) in self.contents.iter().zip(row) {
            let Some(bytes) = cell else { continue };
            let name = || String::from_utf8_lossy(bytes).into_owned();
            let new = match content {
                Content::Schema => place.database_of(&name()).map(|name| name.as_bytes().to_vec()),
                Content::Table | Content::OtherTable => place.renamed(&name()).map(|name| name.as_bytes().to_vec()),
                Content::Constraint => place.constraint(&name()).map(String::into_bytes),
                Content::Text => text::in_sql(bytes, place),
                Content::Expression => text::in_definition(bytes, place),
                _ => None,
            };
            if let Some(new) = new {
                *cell = Some(new);
            }
        }
    }

    fn identity(&self, row: &Row) -> Vec<u8> {
        let mut identity = Vec::new();
        for ((name, content), cell) in self.names.iter().zip(&self.contents).zip(row) {
            if matches!(content, Content::Table | Content::Schema) || columns::is_identity(name) {
                identity.extend_from_slice(cell.as_deref().unwrap_or(b"\xFF"));
                identity.push(0);
            }
        }
        identity
    }
}

/// Adds what another shard said of the same thing.
fn add_up(names: &[String], contents: &[Content], row: &mut Row, share: &Row) {
    for ((content, cell), other) in contents.iter().zip(row.iter_mut()).zip(share) {
        let Some(other) = other else { continue };
        let Some(own) = cell.as_ref() else {
            if content.is_collected() {
                *cell = Some(other.clone());
            }
            continue;
        };
        let new = match content {
            Content::Sum => sum(own, other),
            // Numbers without leading zeros, or times: the longer or the later in the alphabet.
            Content::Greatest => {
                Some(if (other.len(), other) > (own.len(), own) { other.clone() } else { own.clone() })
            }
            Content::Least => Some(if (other.len(), other) < (own.len(), own) { other.clone() } else { own.clone() }),
            Content::Average
            | Content::Plain
            | Content::Schema
            | Content::Table
            | Content::OtherTable
            | Content::Constraint
            | Content::Text
            | Content::Expression => None,
        };
        *cell = new.or_else(|| cell.take());
    }
    average(names, contents, row);
}

fn average(names: &[String], contents: &[Content], row: &mut Row) {
    let number = |is: fn(&str) -> bool| {
        let at = names.iter().position(|name| is(name))?;
        row.get(at)?.as_deref().and_then(parse)
    };
    let (rows, length) = (number(columns::is_rows), number(columns::is_data_length));
    let at = contents.iter().position(|content| *content == Content::Average);
    if let (Some(at), Some(rows), Some(length)) = (at, rows, length) {
        row[at] = Some(length.checked_div(rows).unwrap_or_default().to_string().into_bytes());
    }
}

fn sum(left: &[u8], right: &[u8]) -> Option<Vec<u8>> {
    Some(parse(left)?.saturating_add(parse(right)?).to_string().into_bytes())
}

fn parse(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}
