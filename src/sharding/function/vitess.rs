//! What Vitess' functions have in common: keys as bytes, and keyspace ids, of which each shard has a range.

use super::compute::{Given, Input, Refused};
use super::params::{ParamError, Reader};

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

    /// Whether some id from `low` to `high`, both included, is in the bucket.
    pub(super) fn meets(&self, bucket: usize, low: &[u8], high: &[u8]) -> bool {
        let Some(range) = self.0.get(bucket) else { return false };
        range.start.as_slice() <= high && (range.end.is_empty() || low < range.end.as_slice())
    }

    pub(super) fn label(&self, bucket: usize) -> Option<String> {
        let range = self.0.get(bucket)?;
        let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Some(format!("{}-{}", hexadecimal(&range.start), hexadecimal(&range.end)))
    }

    pub(super) fn buckets(&self) -> super::compute::Buckets {
        match self.0.len() {
            0 => super::compute::Buckets::None(
                "ranges is missing: the keyspace ids of each shard, as in [\"-80\", \"80-\"]",
            ),
            count => super::compute::Buckets::Count(count),
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
            let text = text.trim_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
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
