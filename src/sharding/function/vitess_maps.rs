//! Vitess' functions that read a map in JSON: `vitess-region-json` puts the number of a region before the hash of an id, and
//! `vitess-numeric-static-map` gives some numbers another number as keyspace id.

use std::collections::HashMap;
use std::sync::Arc;

use super::Named;
use super::compute::{Given, Refused, Takes};
use super::params::{ParamError, Params, Reader};
use super::registry::{self, Built};
use super::vitess::{KeyRanges, KeyspaceId, Ranged, id_by, key_bytes, key_number, region_bytes};

/// The key is an id and the name of a region.
#[derive(Debug)]
struct RegionJson {
    regions: HashMap<String, u64>,
    /// Bytes of the region's number at the beginning of the keyspace id.
    bytes: usize,
    hash: Named,
}

#[derive(Debug)]
struct StaticMap {
    numbers: HashMap<u64, u64>,
    /// For numbers that are not in the map; `None`: they are their own.
    fallback: Option<Named>,
}

pub(super) fn region_json(params: &Reader<'_>) -> Built {
    let bytes = region_bytes(params)?;
    let regions = map(params, "region_map")?;
    let function = RegionJson { regions, bytes, hash: plain("hash", "region_map")? };
    Ok(Arc::new(Ranged { function, ranges: KeyRanges::read(params)? }))
}

pub(super) fn numeric_static_map(params: &Reader<'_>) -> Built {
    let numbers = map(params, "json")?.into_iter().map(|(key, number)| match key.parse() {
        Ok(key) => Ok((key, number)),
        Err(_) => Err(ParamError::new("json", format!("\"{key}\" should be a number"))),
    });
    let numbers = numbers.collect::<Result<_, _>>()?;
    let fallback = params.text("fallback_type")?.filter(|name| !name.is_empty());
    let fallback = fallback.map(|name| plain(name, "fallback_type")).transpose()?;
    Ok(Arc::new(Ranged { function: StaticMap { numbers, fallback }, ranges: KeyRanges::read(params)? }))
}

/// Names, each with a number.
fn map(params: &Reader<'_>, key: &'static str) -> Result<HashMap<String, u64>, ParamError> {
    let text = params.text(key)?.ok_or_else(|| {
        ParamError::new(key, "missing: give the map as JSON, { \"name\": 1 }, or { file = \"...\" } with its path")
    })?;
    serde_json::from_str(text)
        .map_err(|error| ParamError::new(key, format!("should be JSON, {{ \"name\": 1 }}: {error}")))
}

/// A function without parameters.
fn plain(name: &str, key: &'static str) -> Result<Named, ParamError> {
    let known = ["binary", "binary_md5", "hash", "numeric", "reverse_bits", "xxhash"];
    let kind = registry::original("vitess", name).filter(|_| known.contains(&name));
    let kind = kind.ok_or_else(|| ParamError::new(key, format!("\"{name}\" should be one of {}", known.join(", "))))?;
    Named::read(kind, Params::new()).0
}

impl KeyspaceId for RegionJson {
    fn id(&self, key: &Given<'_>) -> Result<Vec<u8>, Refused> {
        let [id, region] = key.columns(2)? else { return Err("the function takes 2 values".into()) };
        let of = |input| Given { input, kind: key.kind };
        // Negative ids have none.
        key_number(&of(*id), false)?;
        let name = key_bytes(&of(*region))?;
        let number = std::str::from_utf8(&name).ok().and_then(|name| self.regions.get(name));
        let number = *number.ok_or("the map does not have this region")? as u16;
        let mut bytes = number.to_be_bytes()[2 - self.bytes..].to_vec();
        bytes.extend(id_by(&self.hash, &of(*id))?);
        Ok(bytes)
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }

    fn columns(&self) -> usize {
        2
    }
}

impl KeyspaceId for StaticMap {
    fn id(&self, key: &Given<'_>) -> Result<Vec<u8>, Refused> {
        let number = key_number(key, false)?;
        match (self.numbers.get(&number), &self.fallback) {
            (None, Some(fallback)) => id_by(fallback, key),
            (found, _) => Ok(found.unwrap_or(&number).to_be_bytes().to_vec()),
        }
    }

    fn takes(&self) -> Takes {
        Takes::IntegersAndTexts
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use data_encoding::HEXLOWER;

    use super::super::compute::{Input, Outcome};
    use super::super::params::Param;
    use super::*;

    fn named(kind: &str, params: &[(&str, &str)]) -> Result<Named, ParamError> {
        let all = params.iter().map(|(name, value)| ((*name).to_owned(), Param::Text((*value).to_owned())));
        Named::read(registry::named(kind).unwrap(), all.collect()).0
    }

    fn id(named: &Named, input: Input<'_>) -> Option<String> {
        let Ok(Outcome::KeyspaceId(id)) = named.compute().compute(&Given::new(input)) else { return None };
        Some(HEXLOWER.encode(&id))
    }

    #[test]
    fn a_region_comes_before_the_hash_of_the_id() {
        let map = r#"{ "United States": 1, "Canada": 258 }"#;
        let region = |bytes| named("vitess-region-json", &[("region_bytes", bytes), ("region_map", map)]).unwrap();
        let key = |id, name| [Input::Integer(id), Input::Text(name)];
        // hash(1) is 166b40b44aba4bd6.
        let short = id(&region("1"), Input::Tuple(&key(1, "Canada")));
        assert_eq!(short.as_deref(), Some("02166b40b44aba4bd6"));
        let long = id(&region("2"), Input::Tuple(&key(1, "Canada")));
        assert_eq!(long.as_deref(), Some("0102166b40b44aba4bd6"));
        assert_eq!(id(&region("1"), Input::Tuple(&key(1, "canada"))), None);
        assert_eq!(id(&region("1"), Input::Tuple(&key(-1, "Canada"))), None);
        assert!(named("vitess-region-json", &[("region_bytes", "3"), ("region_map", map)]).is_err());
        assert!(named("vitess-region-json", &[("region_bytes", "1"), ("region_map", "[1]")]).is_err());
    }

    #[test]
    fn numbers_of_the_map_have_another_id() {
        let own = named("vitess-numeric-static-map", &[("json", r#"{ "1": 7, "2": 255 }"#)]).unwrap();
        assert_eq!(id(&own, Input::Integer(2)).as_deref(), Some("00000000000000ff"));
        assert_eq!(id(&own, Input::Text("1")).as_deref(), Some("0000000000000007"));
        assert_eq!(id(&own, Input::Integer(3)).as_deref(), Some("0000000000000003"));
        assert_eq!(id(&own, Input::Integer(-3)), None);
        let params = [("json", r#"{ "7": 8 }"#), ("fallback_type", "hash")];
        let hashed = named("vitess-numeric-static-map", &params).unwrap();
        assert_eq!(id(&hashed, Input::Integer(1)).as_deref(), Some("166b40b44aba4bd6"));
        assert!(named("vitess-numeric-static-map", &[("json", r#"{ "x": 1 }"#)]).is_err());
        assert!(named("vitess-numeric-static-map", &[("json", "{}"), ("fallback_type", "lookup")]).is_err());
    }
}
