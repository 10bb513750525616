//! `list`: each bucket has its keys, written in the rule. `lookup`: the same from a file, which can be changed and reloaded.
//! `prefix`: each bucket has the beginnings of its keys, of which the longest that fits decides.

use std::collections::HashMap;
use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Outcome, Refused, Takes};
use super::map_file;
use super::params::{Param, ParamError, Reader};
use super::registry::Built;

#[derive(Debug)]
struct List {
    buckets: HashMap<String, usize>,
    count: usize,
    /// Of all other keys.
    default: Option<usize>,
    /// The file may come to name more buckets.
    grows: bool,
    /// The beginning of a key is enough; of so many bytes at most.
    prefix: Option<usize>,
}

pub(super) fn list(params: &Reader<'_>) -> Built {
    read(params, "values", false)
}

pub(super) fn prefix(params: &Reader<'_>) -> Built {
    read(params, "prefixes", true)
}

/// Lines `key=bucket`.
pub(super) fn lookup(params: &Reader<'_>) -> Built {
    let mut buckets = HashMap::new();
    for (key, bucket) in map_file::lines(map_file::required(params, "map")?) {
        let number = bucket.parse().ok().filter(|number| *number < super::slots::MAX_SLOTS);
        let fail =
            || ParamError::new("map", format!("\"{key}={bucket}\" should be a key and the number of its bucket"));
        add(&mut buckets, "map", key, number.ok_or_else(fail)?)?;
    }
    Ok(Arc::new(List { grows: true, ..build(params, buckets, None)? }))
}

fn read(params: &Reader<'_>, key: &'static str, is_prefix: bool) -> Built {
    let Some(Param::List(lists)) = params.get(key) else {
        return Err(ParamError::new(
            key,
            "should be a list with the list of each bucket, as in [[\"a\", \"b\"], [\"c\"]]",
        ));
    };
    let mut buckets = HashMap::new();
    for (bucket, list) in lists.iter().enumerate() {
        let items = match list {
            Param::List(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        for item in items {
            let Param::Text(text) = item else {
                return Err(ParamError::new(key, "should have texts or numbers in it"));
            };
            add(&mut buckets, key, text, bucket)?;
        }
    }
    let longest = buckets.keys().map(String::len).max().unwrap_or(0);
    Ok(Arc::new(build(params, buckets, is_prefix.then_some(longest))?))
}

fn add(buckets: &mut HashMap<String, usize>, key: &'static str, text: &str, bucket: usize) -> Result<(), ParamError> {
    match buckets.insert(text.to_owned(), bucket) {
        Some(other) if other != bucket => {
            Err(ParamError::new(key, format!("\"{text}\" is in bucket {other} and in bucket {bucket}")))
        }
        _ => Ok(()),
    }
}

fn build(params: &Reader<'_>, buckets: HashMap<String, usize>, prefix: Option<usize>) -> Result<List, ParamError> {
    let default = match params.integer("default")? {
        None => None,
        Some(number) => match usize::try_from(number).ok().filter(|number| *number < super::slots::MAX_SLOTS) {
            None => return Err(ParamError::new("default", format!("{number} should be the number of a bucket"))),
            bucket => bucket,
        },
    };
    let count = buckets.values().copied().chain(default).max().map_or(0, |last| last + 1);
    Ok(List { buckets, count, default, grows: false, prefix })
}

impl Compute for List {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let text = key.input.need_text()?;
        let found = match self.prefix {
            None => self.buckets.get(&*text),
            Some(longest) => (0..=longest.min(text.len())).rev().find_map(|end| self.buckets.get(text.get(..end)?)),
        };
        let bucket = found.copied().or(self.default).ok_or("the key is in no list, and there is no default")?;
        Ok(Outcome::Number(bucket as i64))
    }

    fn buckets(&self) -> Buckets {
        if self.grows { Buckets::AtLeast(self.count) } else { Buckets::Count(self.count) }
    }

    fn takes(&self) -> Takes {
        Takes::Anything
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::super::params::Params;
    use super::super::{Named, registry};
    use super::*;

    /// A shard can be listed before the file names it.
    #[test]
    fn a_lookup_may_have_more_shards_than_its_file_names() {
        let text = |text: &str| Param::Text(text.to_owned());
        let params: Params = [("map".to_owned(), text("acme=0\nglobex=1"))].into();
        let lookup = Named::read(registry::named("lookup").unwrap(), params).0.unwrap();
        assert_eq!([1, 2, 3].map(|shards| lookup.buckets(shards).unwrap()), [2, 2, 3]);
        let params: Params = [("values".to_owned(), Param::List(vec![text("a"), text("b")]))].into();
        let list = Named::read(registry::named("list").unwrap(), params).0.unwrap();
        assert_eq!([1, 3].map(|shards| list.buckets(shards).unwrap()), [2, 2]);
    }
}
