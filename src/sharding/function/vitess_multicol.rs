//! `vitess-multicol` and `vitess-region-experimental`: a keyspace id of several columns, each of which has some of its bytes. The first
//! columns alone tell with what the id begins.

use std::sync::Arc;

use super::Named;
use super::compute::{Given, Input, Refused, Takes};
use super::params::{ParamError, Params, Reader};
use super::registry::{self, Built};
use super::vitess::{KeyRanges, KeyspaceId, Ranged, id_by, key_number, region_bytes};

/// As long as an id may be, and longer.
const LONGEST: usize = 64;

#[derive(Debug)]
struct Multicol {
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    part: Part,
    /// How many bytes of the id are this column's, at most.
    bytes: usize,
}

#[derive(Debug)]
enum Part {
    /// The beginning of the id that a function makes.
    Function(Named),
    /// The lowest bytes of the number.
    Number,
}

pub(super) fn multicol(params: &Reader<'_>) -> Built {
    const MOST: i64 = 8;
    let count = params.required_integer("column_count")?;
    if !(1..=MOST).contains(&count) {
        return Err(ParamError::new("column_count", format!("{count} should be from 1 to {MOST}")));
    }
    let bytes = column_bytes(params, count as usize)?;
    let names: Vec<&str> = params.text("column_vindex")?.map(|text| text.split(',').collect()).unwrap_or_default();
    if names.len() > bytes.len() {
        return Err(ParamError::new("column_vindex", "names more functions than there are columns"));
    }
    let columns = bytes.into_iter().enumerate().map(|(place, bytes)| {
        let name = names.get(place).map(|name| name.trim()).filter(|name| !name.is_empty()).unwrap_or("hash");
        let kind = registry::original("vitess", name)
            .filter(|_| !matches!(name, "multicol" | "region_experimental" | "cfc"))
            .ok_or_else(|| ParamError::new("column_vindex", format!("\"{name}\" makes no part of an id")))?;
        Ok(Column { part: Part::Function(Named::read(kind, Params::new()).0?), bytes })
    });
    ranged(columns.collect::<Result<_, ParamError>>()?, params)
}

pub(super) fn region_experimental(params: &Reader<'_>) -> Built {
    let bytes = region_bytes(params)?;
    let Some(hash) = registry::original("vitess", "hash") else {
        return Err(ParamError::new("region_bytes", "there is no hash"));
    };
    let columns = vec![
        Column { part: Part::Number, bytes },
        Column { part: Part::Function(Named::read(hash, Params::new()).0?), bytes: 8 },
    ];
    ranged(columns, params)
}

fn ranged(columns: Vec<Column>, params: &Reader<'_>) -> Built {
    Ok(Arc::new(Ranged { function: Multicol { columns }, ranges: KeyRanges::read(params)? }))
}

/// The bytes of each column: as given, and what is left of 8 shared out, the first ones getting more.
fn column_bytes(params: &Reader<'_>, count: usize) -> Result<Vec<usize>, ParamError> {
    const KEY: &str = "column_bytes";
    let text = params.text(KEY)?.unwrap_or_default();
    let given: Vec<&str> = if text.is_empty() { Vec::new() } else { text.split(',').collect() };
    if given.len() > count {
        return Err(ParamError::new(KEY, "has more numbers than there are columns"));
    }
    let number = |text: &&str| match text.is_empty() {
        true => Some(None),
        false => text.parse::<usize>().ok().filter(|bytes| *bytes <= LONGEST).map(Some),
    };
    let given: Option<Vec<Option<usize>>> = given.iter().map(number).collect();
    let mut given = given.ok_or_else(|| ParamError::new(KEY, format!("\"{text}\" should be numbers, as in 1,7")))?;
    given.resize(count, None);
    let used: usize = given.iter().flatten().sum();
    let (mut pending, left) = (given.iter().filter(|bytes| bytes.is_none()).count(), 8_usize.checked_sub(used));
    let mut left = match left {
        Some(left) if pending <= left => left,
        _ if pending == 0 => 0,
        _ => return Err(ParamError::new(KEY, "there are more than 8 bytes in all")),
    };
    let each = given.into_iter().map(|bytes| {
        bytes.unwrap_or_else(|| {
            let share = left.div_ceil(pending);
            left -= share;
            pending -= 1;
            share
        })
    });
    Ok(each.collect())
}

impl Multicol {
    /// The beginning of the id, by the first columns.
    fn prefix(&self, keys: &[Input<'_>], kind: &str) -> Result<Vec<u8>, Refused> {
        let (mut id, mut least) = (Vec::new(), 0);
        for (column, key) in self.columns.iter().zip(keys) {
            let given = Given { input: *key, kind };
            let part = match &column.part {
                Part::Function(function) => id_by(function, &given)?,
                Part::Number => key_number(&given, true)?.to_be_bytes()[8 - column.bytes..].to_vec(),
            };
            // A column that gave fewer bytes than it has is filled up before the next.
            id.resize(id.len().max(least), 0);
            id.extend(part.into_iter().take(column.bytes));
            least += column.bytes;
        }
        Ok(id)
    }
}

impl KeyspaceId for Multicol {
    fn id(&self, key: &Given<'_>) -> Result<Vec<u8>, Refused> {
        self.prefix(key.columns(self.columns.len())?, key.kind)
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }

    fn columns(&self) -> usize {
        self.columns.len()
    }

    fn between(&self, first: &[Input<'_>]) -> Option<(Vec<u8>, Vec<u8>)> {
        if first.is_empty() {
            return None;
        }
        let low = self.prefix(first, "").ok()?;
        let mut high = low.clone();
        high.resize(LONGEST.max(low.len()) * 2, 0xFF);
        Some((low, high))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use data_encoding::HEXLOWER;

    use super::super::compute::Outcome;
    use super::super::params::Param;
    use super::*;

    fn named(kind: &str, params: &[(&str, &str)]) -> Named {
        let text = |text: &str| Param::Text(text.to_owned());
        let mut all: Params = params.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect();
        all.insert("ranges".to_owned(), Param::List(["-40", "40-80", "80-"].map(text).to_vec()));
        Named::read(registry::named(kind).unwrap(), all).0.unwrap()
    }

    fn id(named: &Named, keys: &[Input<'_>]) -> String {
        let Ok(Outcome::KeyspaceId(id)) = named.compute().compute(&Given::new(Input::Tuple(keys))) else { panic!() };
        HEXLOWER.encode(&id)
    }

    #[test]
    fn each_column_has_its_bytes() {
        let one = Input::Integer(1);
        // hash(1) is 166b40b44aba4bd6.
        let halves = named("vitess-multicol", &[("column_count", "2")]);
        assert_eq!(id(&halves, &[one, one]), "166b40b4166b40b4");
        let given = [("column_count", "3"), ("column_bytes", "1,,3"), ("column_vindex", "hash,binary,numeric")];
        let given = named("vitess-multicol", &given);
        // What binary gives is short, and filled up.
        assert_eq!(id(&given, &[one, Input::Text("a"), one]), "1661000000000000");
        let region = named("vitess-region-experimental", &[("region_bytes", "2")]);
        assert_eq!(id(&region, &[Input::Integer(0x8001), one]), "8001166b40b44aba4bd6");
    }

    #[test]
    fn the_first_columns_tell_where_ids_begin() {
        let region = named("vitess-region-experimental", &[("region_bytes", "1")]);
        let of = |key: &[Option<Input<'_>>]| region.compute().buckets_of(key);
        assert_eq!(of(&[Some(Input::Integer(0x40)), None]), Some(vec![1]));
        assert_eq!(of(&[Some(Input::Integer(0x80)), Some(Input::Integer(5))]), Some(vec![2]));
        assert_eq!(of(&[None, Some(Input::Integer(5))]), None);
        let halves = named("vitess-multicol", &[("column_count", "2")]);
        assert_eq!(halves.compute().buckets_of(&[Some(Input::Integer(1)), None]), Some(vec![0]));
    }
}
