//! What Vitess' functions have in common: keys as bytes, and keyspace ids, of which each shard has a range.

use std::fmt::Debug;

use data_encoding::HEXLOWER;
use smallvec::SmallVec;

use super::Named;
use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::params::{ParamError, Reader};

/// A function that gives each key one keyspace id. The rest follows from it and the shards' ranges: see [`Ranged`].
pub(super) trait KeyspaceId: Debug + Send + Sync {
    /// The keyspace id of a key.
    fn id(&self, key: &Given<'_>) -> Result<Vec<u8>, Refused>;

    /// As of [`Compute`].
    fn takes(&self) -> Takes;

    /// As of [`Compute`].
    fn columns(&self) -> usize {
        1
    }

    /// Whether ids are unsigned numbers in the order of their keys.
    fn keeps_order(&self) -> bool {
        false
    }

    /// With what all ids begin whose first columns, but not all, have these values; and an id behind them all. `None`: they may be any.
    fn between(&self, _first: &[Input<'_>]) -> Option<(Vec<u8>, Vec<u8>)> {
        None
    }
}

/// A function over the shards' ranges of its ids.
#[derive(Debug)]
pub(super) struct Ranged<F> {
    pub(super) function: F,
    pub(super) ranges: KeyRanges,
}

impl<F: KeyspaceId> Compute for Ranged<F> {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        self.function.id(key).map(Outcome::KeyspaceId)
    }

    fn bucket(&self, key: &Given<'_>) -> Result<usize, Refused> {
        self.ranges.bucket(&self.function.id(key)?)
    }

    fn buckets(&self) -> Buckets {
        self.ranges.buckets()
    }

    fn takes(&self) -> Takes {
        self.function.takes()
    }

    fn columns(&self) -> usize {
        self.function.columns()
    }

    fn buckets_of(&self, key: &[Option<Input<'_>>]) -> Option<Vec<usize>> {
        let first: SmallVec<[Input<'_>; 4]> = key.iter().copied().map_while(|input| input).collect();
        if first.len() == key.len() {
            let input = if let [only] = first.as_slice() { *only } else { Input::Tuple(&first) };
            return self.bucket(&Given::new(input)).ok().map(|bucket| vec![bucket]);
        }
        let (low, high) = self.function.between(&first)?;
        Some(self.ranges.meeting(&low, &high))
    }

    fn range(&self, low: Option<Input<'_>>, high: Option<Input<'_>>, _buckets: usize) -> Option<Vec<usize>> {
        let bound = |end: Option<Input<'_>>, open: u64| match end {
            None => Some(open),
            Some(Input::Integer(value)) => Some(u64::try_from(value.max(0)).unwrap_or(u64::MAX)),
            Some(_) => None,
        };
        if !self.keeps_order() {
            return None;
        }
        let (low, high) = (bound(low, 0)?, bound(high, u64::MAX)?);
        Some(self.ranges.meeting(&low.to_be_bytes(), &high.to_be_bytes()))
    }

    fn keeps_order(&self) -> bool {
        self.function.keeps_order()
    }

    fn label(&self, bucket: usize) -> Option<String> {
        self.ranges.label(bucket)
    }
}

/// The id that another of Vitess' functions gives.
pub(super) fn id_by(function: &Named, key: &Given<'_>) -> Result<Vec<u8>, Refused> {
    match function.compute().compute(key)? {
        Outcome::KeyspaceId(id) => Ok(id),
        _ => Err("the function gives no keyspace id".into()),
    }
}

/// `region_bytes`: how many bytes of an id tell the region.
pub(super) fn region_bytes(params: &Reader<'_>) -> Result<usize, ParamError> {
    match params.required_integer("region_bytes")? {
        1 => Ok(1),
        2 => Ok(2),
        bytes => Err(ParamError::new("region_bytes", format!("{bytes} should be 1 or 2"))),
    }
}

/// The shards' ranges of keyspace ids, in the order of the rule. A bucket is an index into it.
#[derive(Debug, Default)]
pub(super) struct KeyRanges(Vec<KeyRange>);

/// From `start` to before `end`, by bytes; an empty end is open.
#[derive(Debug)]
struct KeyRange {
    start: Vec<u8>,
    end: Vec<u8>,
}

impl KeyRanges {
    /// `ranges = ["-80", "80-"]`; none if it is left out, which only a rule minds.
    pub(super) fn read(params: &Reader<'_>) -> Result<Self, ParamError> {
        let Some(list) = params.list("ranges")? else { return Ok(Self::default()) };
        let ranges: Option<Vec<KeyRange>> = list.iter().map(|text| KeyRange::parse(text)).collect();
        let ranges =
            ranges.ok_or_else(|| ParamError::new("ranges", "should be ranges as in [\"-80\", \"80-\"] or [\"-\"]"))?;
        let ranges = Self(ranges);
        if !ranges.are_whole() {
            return Err(ParamError::new("ranges", "overlap, or leave something out: each keyspace id must be in one"));
        }
        Ok(ranges)
    }

    /// Whether each id is in exactly one range.
    fn are_whole(&self) -> bool {
        let mut sorted: Vec<&KeyRange> = self.0.iter().collect();
        sorted.sort_by(|left, right| left.start.cmp(&right.start));
        let meets = |pair: &[&KeyRange]| pair[0].end == pair[1].start && !pair[0].end.is_empty();
        let is_open =
            |edge: Option<&&KeyRange>, end: fn(&KeyRange) -> &[u8]| edge.is_some_and(|range| end(range).is_empty());
        sorted.windows(2).all(meets)
            && is_open(sorted.first(), |range| &range.start)
            && is_open(sorted.last(), |range| &range.end)
    }

    /// The bucket of an id.
    pub(super) fn bucket(&self, id: &[u8]) -> Result<usize, Refused> {
        let found = self.0.iter().position(|range| range.contains(id));
        found.ok_or_else(|| "no range has the keyspace id".into())
    }

    /// The buckets that ids from `low` to `high`, both included, may be in.
    fn meeting(&self, low: &[u8], high: &[u8]) -> Vec<usize> {
        let meets =
            |range: &KeyRange| range.start.as_slice() <= high && (range.end.is_empty() || low < range.end.as_slice());
        self.0.iter().enumerate().filter(|(_, range)| meets(range)).map(|(bucket, _)| bucket).collect()
    }

    pub(super) fn label(&self, bucket: usize) -> Option<String> {
        let range = self.0.get(bucket)?;
        Some(format!("{}-{}", HEXLOWER.encode(&range.start), HEXLOWER.encode(&range.end)))
    }

    pub(super) fn buckets(&self) -> Buckets {
        match self.0.len() {
            0 => Buckets::None("ranges is missing: the keyspace ids of each shard, as in [\"-80\", \"80-\"]"),
            count => Buckets::Count(count),
        }
    }
}

impl KeyRange {
    fn parse(text: &str) -> Option<Self> {
        let (start, end) = text.split_once('-')?;
        Some(Self { start: decoded(start)?, end: decoded(end)? })
    }

    fn contains(&self, id: &[u8]) -> bool {
        self.start.as_slice() <= id && (self.end.is_empty() || id < self.end.as_slice())
    }
}

/// Pairs of hexadecimal digits.
fn decoded(digits: &str) -> Option<Vec<u8>> {
    if digits.len() % 2 == 1 || !digits.is_ascii() {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

/// The bytes of a key, as Vitess hashes them: numbers as their text, `0x61`, `x'61'` and `0b1` as what they stand for, NULL as
/// nothing.
pub(super) fn key_bytes(key: &Given<'_>) -> Result<Vec<u8>, Refused> {
    let fail = || Refused::from("the key should have an even number of hexadecimal digits");
    match (key.input, key.kind) {
        (Input::Null, _) => Ok(Vec::new()),
        (Input::Bytes(bytes), _) => Ok(bytes.to_vec()),
        (Input::Text(text), "HEXNUM") => decoded(text.get(2..).unwrap_or_default()).ok_or_else(fail),
        (Input::Text(text), "HEXVAL") => {
            let digits = text.get(2..text.len().saturating_sub(1)).unwrap_or_default();
            decoded(digits).ok_or_else(fail)
        }
        (Input::Text(text), "BITNUM") => {
            let number = u64::from_str_radix(text.get(2..).unwrap_or_default(), 2);
            let number = number.map_err(|_| "the key should have at most 64 bits")?;
            Ok(number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect())
        }
        (input, _) => Ok(input.need_text()?.as_bytes().to_vec()),
    }
}

/// The key as 64 bits: a signed integer keeps them if `signed`.
pub(super) fn key_number(key: &Given<'_>, signed: bool) -> Result<u64, Refused> {
    let fail = || Refused::from("the key is no unsigned integer of 64 bits");
    match (key.input, key.kind) {
        (_, "HEXNUM" | "HEXVAL" | "BITNUM") => Err(fail()),
        (Input::Integer(value), _) => match (u64::try_from(value), i64::try_from(value)) {
            (Ok(value), _) => Ok(value),
            (_, Ok(value)) if signed => Ok(value as u64),
            _ => Err(fail()),
        },
        (Input::Text(text) | Input::Decimal(text), _) => {
            let text = text.trim_matches([' ', '\t']);
            let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_digits.then(|| text.parse().ok()).flatten().ok_or_else(fail)
        }
        (Input::Bytes(bytes), _) => {
            let text = std::str::from_utf8(bytes).map_err(|_| fail())?;
            key_number(&Given::new(Input::Text(text)), signed)
        }
        _ => Err(fail()),
    }
}
