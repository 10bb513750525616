//! Sorted streams to one sorted stream, by a heap of their first rows. Rows that compare equal come in the order of the
//! streams. Without keys the streams come one after the other.

use std::cmp::Ordering;

use super::key::{Cells, Encoding, Key, Keys, Values};
use super::limit::Limit;
use super::reach::Reach;
use super::{MergeError, Next};

/// The merge of several streams that are sorted by the same keys.
#[derive(Debug)]
pub struct Sorted {
    keys: Keys,
    has_keys: bool,
    /// By stream: the keys of its first row.
    heads: Vec<Values>,
    /// Room for those of the next one, beside it.
    spare: Values,
    /// Streams with a first row, the least on top.
    heap: Vec<usize>,
    /// Streams whose first row was not seen yet; the next to be asked for is the last.
    unseen: Vec<usize>,
    /// The streams are the first rows only of what their servers have sorted.
    are_cut: bool,
    /// The row on top is done with: its stream's next one is needed.
    top_is_done: bool,
    limit: Limit,
    counts_all: bool,
    counted: u64,
    repeats: Option<Repeats>,
}

/// What is known to tell rows that compare equal to the one before.
#[derive(Debug, Default)]
struct Repeats {
    last: Option<Values>,
    are_given: bool,
    /// So many of the keys say what a repeat is.
    by: usize,
    /// The row that was given last compares equal to the one before.
    is_repeat: bool,
    /// In all keys.
    is_same: bool,
}

impl Sorted {
    pub fn new(streams: usize, keys: Vec<Key>, encoding: Encoding, limit: Limit) -> Self {
        let has_keys = !keys.is_empty();
        let first = if has_keys { streams } else { streams.min(1) };
        Self {
            keys: Keys::new(keys, encoding),
            has_keys,
            heads: vec![Values::default(); streams],
            spare: Values::default(),
            heap: Vec::with_capacity(streams),
            unseen: (0..first).rev().collect(),
            are_cut: false,
            top_is_done: false,
            limit,
            counts_all: false,
            counted: 0,
            repeats: None,
        }
    }

    /// Texts are sorted by no further than this.
    pub fn reaching(mut self, reach: Reach) -> Self {
        self.keys = self.keys.reaching(reach);
        self
    }

    /// The client knows of an order by the first so many of the keys only.
    pub fn asked(mut self, asked: usize) -> Self {
        self.keys = self.keys.asked(asked);
        self
    }

    /// The servers send the first of their rows only.
    pub fn cut(mut self, are_cut: bool) -> Self {
        self.are_cut = are_cut;
        self
    }

    /// Only rows with different keys. The streams must be sorted by exactly these keys, or that is an error.
    pub fn distinct(mut self) -> Self {
        self.keys = self.keys.counting_all();
        self.repeats = Some(Repeats { by: usize::MAX, ..Repeats::default() });
        self
    }

    /// All rows, and `is_repeat` tells those with the same first keys, `by` many of them. The streams must be sorted in the
    /// same way.
    pub fn grouped(mut self, by: usize) -> Self {
        self.keys = self.keys.counting_all();
        self.repeats = Some(Repeats { are_given: true, by, ..Repeats::default() });
        self
    }

    /// Goes on behind the last row of the limit, to count the others.
    pub fn counting_all(mut self) -> Self {
        self.counts_all = true;
        self
    }

    /// Whether the row that was given last has the keys of the one before it.
    pub fn is_repeat(&self) -> bool {
        self.repeats.as_ref().is_some_and(|repeats| repeats.is_repeat)
    }

    /// Whether it has all keys of the one before it.
    pub fn is_same(&self) -> bool {
        self.repeats.as_ref().is_some_and(|repeats| repeats.is_same)
    }

    /// How many rows there were so far, with those before OFFSET: what FOUND_ROWS() says.
    pub fn counted(&self) -> u64 {
        self.counted
    }

    /// What is needed, or comes, next.
    pub fn step(&mut self) -> Next {
        loop {
            if self.limit.is_reached() && !self.counts_all {
                return Next::Done;
            }
            if let Some(stream) = self.unseen.last() {
                return Next::NeedsRow(*stream);
            }
            let Some(top) = self.heap.first().copied() else { return Next::Done };
            if std::mem::replace(&mut self.top_is_done, true) {
                return Next::NeedsRow(top);
            }
            if self.is_given(top) {
                self.counted += 1;
                if self.limit.admits() {
                    return Next::Row(top);
                }
            }
        }
    }

    /// The next row of the stream that `step` asked for.
    pub fn offer(&mut self, stream: usize, row: &(impl Cells + ?Sized)) -> Result<(), MergeError> {
        let is_first = self.unseen.last() == Some(&stream);
        let head = &mut self.heads[stream];
        let is_long = !is_first && self.keys.are_long(head);
        if self.repeats.is_some() || is_long {
            self.keys.read(row, &mut self.spare)?;
            if self.repeats.is_some()
                && !is_first
                && self.keys.compare_first(usize::MAX, &self.spare, head) == Ordering::Less
            {
                return Err(MergeError::Unsorted);
            }
            if is_long {
                // A shard that has read them by an index has sorted long texts as a whole. One that needs the first few
                // of its rows may do it otherwise than a server with more of them.
                self.keys.check_next(&self.spare, head, self.are_cut)?;
            }
            std::mem::swap(&mut self.spare, head);
        } else {
            self.keys.read(row, head)?;
        }
        if is_first {
            self.unseen.pop();
            self.heap.push(stream);
            self.sift_up(self.heap.len() - 1);
        } else {
            self.top_is_done = false;
            self.sift_down();
        }
        self.keys.check()
    }

    /// The stream that `step` asked for has no more rows.
    pub fn end(&mut self, stream: usize) -> Result<(), MergeError> {
        if self.unseen.last() == Some(&stream) {
            self.unseen.pop();
        } else {
            self.heap.swap_remove(0);
            self.top_is_done = false;
            self.sift_down();
        }
        if !self.has_keys && stream + 1 < self.heads.len() {
            self.unseen.push(stream + 1);
        }
        self.keys.check()
    }

    fn is_given(&mut self, top: usize) -> bool {
        let Some(repeats) = &mut self.repeats else { return true };
        let head = &self.heads[top];
        let last = repeats.last.as_ref();
        repeats.is_same = last.is_some_and(|last| self.keys.compare_first(usize::MAX, last, head) == Ordering::Equal);
        let is_repeat = |last| self.keys.compare_first(repeats.by, last, head) == Ordering::Equal;
        repeats.is_repeat = repeats.is_same || last.is_some_and(is_repeat);
        if !repeats.is_same {
            repeats.last.get_or_insert_default().clone_from(head);
        }
        repeats.are_given || !repeats.is_repeat
    }

    fn is_before(&self, one: usize, other: usize) -> bool {
        let (one, other) = (self.heap[one], self.heap[other]);
        self.keys.compare(&self.heads[one], &self.heads[other]).then(one.cmp(&other)) == Ordering::Less
    }

    fn sift_up(&mut self, mut at: usize) {
        while at > 0 && self.is_before(at, (at - 1) / 2) {
            self.heap.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    fn sift_down(&mut self) {
        let mut at = 0;
        loop {
            let mut least = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < self.heap.len() && self.is_before(child, least) {
                    least = child;
                }
            }
            if least == at {
                return;
            }
            self.heap.swap(at, least);
            at = least;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::merge::key::{Compare, Source};
    use proptest::prelude::*;

    type Row = (Option<i64>, i64);

    fn keys() -> Vec<Key> {
        let source = |cell| Source::Plain { cell, compare: Compare::Integer { unsigned: false } };
        vec![Key { source: source(0), descending: true }, Key { source: source(1), descending: false }]
    }

    fn order(one: &Row, other: &Row) -> Ordering {
        other.0.cmp(&one.0).then(one.1.cmp(&other.1))
    }

    /// The rows that come out, and how many of each stream were asked for.
    fn merged(streams: &[Vec<Row>], mut sorted: Sorted) -> (Vec<Row>, Vec<usize>) {
        let mut asked = vec![0; streams.len()];
        let mut out = Vec::new();
        loop {
            match sorted.step() {
                Next::Done => return (out, asked),
                Next::Row(stream) => out.push(streams[stream][asked[stream] - 1]),
                Next::NeedsRow(stream) => match streams[stream].get(asked[stream]) {
                    Some((first, second)) => {
                        asked[stream] += 1;
                        let cells = [first.map(|value| value.to_string()), Some(second.to_string())];
                        let row: Vec<Option<&[u8]>> =
                            cells.iter().map(|cell| cell.as_deref().map(str::as_bytes)).collect();
                        sorted.offer(stream, row.as_slice()).unwrap();
                    }
                    None => sorted.end(stream).unwrap(),
                },
            }
        }
    }

    fn streams() -> impl Strategy<Value = Vec<Vec<Row>>> {
        let row = (prop::option::of(-3..3_i64), -3..3_i64);
        prop::collection::vec(prop::collection::vec(row, 0..12), 0..6).prop_map(|mut streams| {
            streams.iter_mut().for_each(|stream| stream.sort_by(order));
            streams
        })
    }

    proptest! {
        #[test]
        fn a_merge_is_the_sort_of_all_rows(streams in streams(), offset in 0..20_u64, count in 0..40_u64) {
            let limit = Limit { offset, count };
            let (out, asked) = merged(&streams, Sorted::new(streams.len(), keys(), Encoding::Text, limit));
            let mut all: Vec<Row> = streams.concat();
            all.sort_by(order);
            let wanted: Vec<Row> = all.into_iter().skip(offset as usize).take(count as usize).collect();
            prop_assert_eq!(out, wanted);
            prop_assert!(asked.iter().all(|asked| *asked as u64 <= offset + count), "more rows than can be needed");
        }

        #[test]
        fn equal_rows_are_given_once(streams in streams()) {
            let (out, _) = merged(&streams, Sorted::new(streams.len(), keys(), Encoding::Text, Limit::NONE).distinct());
            let mut all: Vec<Row> = streams.concat();
            all.sort_by(order);
            all.dedup();
            prop_assert_eq!(out, all);
        }

        #[test]
        fn without_keys_streams_follow_each_other(streams in streams(), count in 0..40_u64) {
            let limit = Limit { offset: 0, count };
            let (out, _) = merged(&streams, Sorted::new(streams.len(), Vec::new(), Encoding::Text, limit));
            prop_assert_eq!(out, streams.concat().into_iter().take(count as usize).collect::<Vec<_>>());
        }
    }

    #[test]
    fn groups_are_told_by_their_first_keys() {
        let mut sorted = Sorted::new(2, keys(), Encoding::Text, Limit::NONE).grouped(1);
        let rows = [vec![("2", "1"), ("2", "3"), ("1", "3")], vec![("2", "3"), ("1", "3")]];
        let (mut asked, mut told) = ([0, 0], Vec::new());
        loop {
            match sorted.step() {
                Next::Done => break,
                Next::Row(_) => told.push((sorted.is_repeat(), sorted.is_same())),
                Next::NeedsRow(stream) => match rows[stream].get(asked[stream]) {
                    Some((first, second)) => {
                        asked[stream] += 1;
                        sorted.offer(stream, [Some(first.as_bytes()), Some(second.as_bytes())].as_slice()).unwrap();
                    }
                    None => sorted.end(stream).unwrap(),
                },
            }
        }
        assert_eq!(told, [(false, false), (true, false), (true, true), (false, false), (true, true)]);
    }

    /// The merge of two streams by text and number.
    fn by_text(reach: Reach) -> Sorted {
        let text = Key { source: Source::Plain { cell: 0, compare: Compare::Bytes }, descending: false };
        Sorted::new(2, vec![text, keys()[1]], Encoding::Text, Limit::NONE).reaching(reach)
    }

    /// The second cells of its rows.
    fn of_texts(mut sorted: Sorted, streams: [&[(&str, &str)]; 2]) -> Result<Vec<String>, MergeError> {
        let (mut asked, mut out) = ([0, 0], Vec::new());
        loop {
            match sorted.step() {
                Next::Done => return Ok(out),
                Next::Row(stream) => out.push(streams[stream][asked[stream] - 1].1.to_owned()),
                Next::NeedsRow(stream) => match streams[stream].get(asked[stream]) {
                    Some((text, number)) => {
                        asked[stream] += 1;
                        let text = format!("{}{text}", "a".repeat(62));
                        sorted.offer(stream, [Some(text.as_bytes()), Some(number.as_bytes())].as_slice())?;
                    }
                    None => sorted.end(stream)?,
                },
            }
        }
    }

    #[test]
    fn a_doubtful_order_is_one_that_the_next_key_contradicts() {
        let agree: [&[_]; 2] = [&[("1", "1"), ("3", "3")], &[("2", "2")]];
        let differ: [&[_]; 2] = [&[("1", "1"), ("3", "2")], &[("2", "3")]];
        for reach in [Reach::Whole, Reach::MariaDb(64)] {
            assert_eq!(of_texts(by_text(reach), agree), Ok(["1", "2", "3"].map(str::to_owned).to_vec()), "{reach:?}");
        }
        let by_texts = Ok(["1", "3", "2"].map(str::to_owned).to_vec());
        let doubtful = || by_text(Reach::MariaDb(64));
        assert_eq!(of_texts(by_text(Reach::Whole), differ), by_texts);
        assert_eq!(of_texts(doubtful(), differ), Err(MergeError::InDoubt));
        // Nobody asked for the next key.
        assert_eq!(of_texts(doubtful().asked(1), differ), by_texts);
        assert_eq!(of_texts(doubtful().grouped(2).asked(0), differ), by_texts);
        // What one stream says of itself is in no doubt if it has all rows.
        let alone: [&[_]; 2] = [&[("1", "3"), ("2", "2")], &[]];
        assert_eq!(of_texts(doubtful(), alone), Ok(["3", "2"].map(str::to_owned).to_vec()));
        assert_eq!(of_texts(doubtful().cut(true), alone), Err(MergeError::InDoubt));
        assert_eq!(of_texts(doubtful().cut(true).asked(1), alone), Ok(["3", "2"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn rows_in_another_order_are_no_groups() {
        let mut sorted = Sorted::new(1, keys(), Encoding::Text, Limit::NONE).distinct();
        assert_eq!(sorted.step(), Next::NeedsRow(0));
        sorted.offer(0, [Some(&b"1"[..]), Some(b"1")].as_slice()).unwrap();
        assert_eq!((sorted.step(), sorted.step()), (Next::Row(0), Next::NeedsRow(0)));
        assert_eq!(sorted.offer(0, [Some(&b"2"[..]), Some(b"1")].as_slice()), Err(MergeError::Unsorted));
    }
}
