//! A read on several shards whose rows are merged.
//!
//! All shards get the statement at once and work in parallel. Of each no more is read than its next row needs, so that
//! memory does not grow with the result; what a shard has ready before it is asked waits in the sockets' buffers. The
//! client gets the first shard's definitions, without the columns that were added for the merge, and the rows in their
//! order. Once there are enough of them, what the shards still have is read if it is little, and given up if not.

use std::time::Duration;

use super::failure::Failure;
use super::links::Link;
use super::relay::rename;
use super::sink::Sink;
use super::stream::{Head, Piece, Stream};
use crate::merge::key::Cells;
use crate::merge::{Compare, Encoding, Key, Limit, MergeError, Next, Sorted, Source};
use crate::plan::Renames;
use crate::plan::merged::MergePlan;
use crate::plan::sort_key::{ColumnAt, SortValue};
use crate::wire::cells::{CellPlaces, cut_binary};
use crate::wire::column::ColumnDefinition;
use crate::wire::error_code::ErrorCode;
use crate::wire::packet;
use crate::wire::response::{self, OkPacket};
use crate::wire::walker::{AnswerKind, Summary};
use crate::wire::writer::Put;
use crate::wire::{ColumnFlags, ColumnType, StatusFlags};

/// Rows are sent in pieces of this size, or before something is waited for.
const PIECE: usize = 32 * 1024;
/// How long rows that nobody needs are read, to keep the connection.
const PATIENCE: Duration = Duration::from_millis(20);
/// The number of decimals of a DOUBLE that is written with all of its digits.
const ALL_DIGITS: u8 = 31;

/// What is to be merged.
#[derive(Debug)]
pub struct Job<'j> {
    pub plan: &'j MergePlan,
    pub limit: Limit,
    pub kind: AnswerKind,
    /// Of the first shard.
    pub renames: Renames<'j>,
    /// The session's status flags.
    pub status: StatusFlags,
    /// A connection that is in the middle of its answer may be closed.
    pub may_abandon: bool,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    Merged {
        /// By link; `None` where the answer was given up, and the connection must be too.
        summaries: Vec<Option<Summary>>,
        /// With those before OFFSET.
        found_rows: u64,
    },
    /// Nothing was sent: a server did not accept the altered text.
    Refused { code: ErrorCode, message: String },
    /// Nothing was sent, and nothing can be: columns of a type that only a server can sort. Links may be in the middle of
    /// their answers if they may be abandoned.
    Unsuitable(String),
}

/// Merges the answers of links to which the statement was sent. On failure those that are still busy must be dropped.
pub async fn merge(sink: &mut Sink<'_>, links: &mut [Link], job: &Job<'_>) -> Result<Outcome, Failure> {
    let mut streams: Vec<Stream<'_>> = links.iter_mut().map(|link| Stream::new(link, job.kind)).collect();
    let mut heads = Vec::with_capacity(streams.len());
    for stream in &mut streams {
        match stream.head(sink).await {
            Ok(head) => heads.push(head),
            Err(Failure::Server { code, message }) => return Ok(Outcome::Refused { code, message }),
            Err(failure) => return Err(failure),
        }
    }
    let mut out = Piece::new(sink);
    let done = rows(sink, &mut streams, &heads, job, &mut out).await;
    if done.is_err() {
        // What was numbered and not sent never comes.
        sink.seq = out.first_seq;
    }
    done
}

/// What follows the definitions of all shards.
async fn rows(
    sink: &mut Sink<'_>,
    streams: &mut [Stream<'_>],
    heads: &[Head],
    job: &Job<'_>,
    out: &mut Piece,
) -> Result<Outcome, Failure> {
    let class = streams.first().map(|stream| stream.link.lease.class());
    let layout = Layout::of(heads, job)?;
    let keys = match layout.keys(job.plan) {
        Ok(keys) => keys,
        Err(reason) => {
            for stream in streams {
                finish(stream, sink, out, job.may_abandon).await?;
            }
            return Ok(Outcome::Unsuitable(reason));
        }
    };
    if let Some(head) = heads.first() {
        write_head(head, &layout, &job.renames, sink, &mut out.bytes).map_err(|source| match streams.first_mut() {
            Some(stream) => stream.link.lease.protocol(source).into(),
            None => Failure::Unsupported("no shards".to_owned()),
        })?;
    }
    let mut merge = Sorted::new(streams.len(), keys, layout.encoding, job.limit);
    pour(sink, streams, &mut merge, &layout, out).await?;
    for stream in &mut *streams {
        finish(stream, sink, out, job.may_abandon).await?;
    }
    let summaries: Vec<Option<Summary>> = streams.iter().map(Stream::summary).collect();
    if let Some(class) = class {
        let ok = end(&summaries, job.status, sink.more_follows);
        let at = packet::begin(&mut out.bytes);
        response::write_end_of_rows(&mut out.bytes, &ok, class.deprecate_eof(), class.session_track());
        packet::finish(&mut out.bytes, at, &mut sink.seq);
    }
    out.send(sink).await?;
    Ok(Outcome::Merged { summaries, found_rows: merge.counted() })
}

/// Sends the rows.
async fn pour(
    sink: &mut Sink<'_>,
    streams: &mut [Stream<'_>],
    merge: &mut Sorted,
    layout: &Layout,
    out: &mut Piece,
) -> Result<(), Failure> {
    // Of each stream's row that waits for its turn.
    let mut places = vec![CellPlaces::default(); streams.len()];
    loop {
        match merge.step() {
            Next::Done => return Ok(()),
            Next::NeedsRow(index) => {
                let stream = &mut streams[index];
                if !stream.next(sink, out).await? {
                    merge.end(index);
                    continue;
                }
                let read = layout.read(stream.row(), &mut places[index]);
                read.map_err(|source| stream.link.lease.protocol(source))?;
                merge.offer(index, &Row { payload: stream.row(), places: &places[index] }).map_err(unmergeable)?;
            }
            Next::Row(index) => {
                layout.write(streams[index].row(), &places[index], &mut sink.seq, &mut out.bytes);
                if out.bytes.len() >= PIECE {
                    out.send(sink).await?;
                }
            }
        }
    }
}

fn unmergeable(error: MergeError) -> Failure {
    Failure::Unsupported(format!("merging the rows of several shards here: {error}"))
}

/// Reads what is left of an answer. Where that takes its time, the connection is left in the middle of it.
async fn finish(
    stream: &mut Stream<'_>,
    sink: &mut Sink<'_>,
    out: &mut Piece,
    may_abandon: bool,
) -> Result<(), Failure> {
    let drained = async {
        while stream.next(sink, out).await? {}
        Ok(())
    };
    if !may_abandon {
        return drained.await;
    }
    // Whatever becomes of it, the rows that are needed are there.
    let _ = tokio::time::timeout(PATIENCE, drained).await;
    Ok(())
}

/// What ends the rows says.
fn end<'o>(summaries: &[Option<Summary>], status: StatusFlags, more_follows: bool) -> OkPacket<'o> {
    let read = || summaries.iter().flatten();
    let mut status = read().filter_map(|summary| summary.status).fold(status, |all, one| all | one);
    status.set(StatusFlags::SERVER_MORE_RESULTS_EXISTS, more_follows);
    status.remove(StatusFlags::SERVER_SESSION_STATE_CHANGED);
    let warnings = read().fold(0u16, |sum, summary| sum.saturating_add(summary.warnings));
    OkPacket { status, warnings, ..OkPacket::default() }
}

fn write_head(
    head: &Head,
    layout: &Layout,
    renames: &Renames<'_>,
    sink: &mut Sink<'_>,
    out: &mut Vec<u8>,
) -> Result<(), crate::wire::WireError> {
    let at = packet::begin(out);
    out.put_lenenc_int(layout.shown as u64);
    packet::finish(out, at, &mut sink.seq);
    for payload in &head.columns[..layout.shown] {
        let at = packet::begin(out);
        match renames.is_empty() {
            true => out.extend_from_slice(payload),
            false => rename(payload, renames, out)?,
        }
        packet::finish(out, at, &mut sink.seq);
    }
    if let Some(end) = &head.end {
        packet::write_packet(out, &mut sink.seq, end);
    }
    Ok(())
}

/// A row for the merge to look at.
struct Row<'r> {
    payload: &'r [u8],
    places: &'r CellPlaces,
}

impl Cells for Row<'_> {
    fn cell(&self, index: usize) -> Option<&[u8]> {
        self.places.cell(index, self.payload)
    }
}

/// What the rows of all shards look like.
struct Layout {
    encoding: Encoding,
    columns: Vec<Column>,
    types: Vec<u8>,
    /// Columns that the client sees; the others follow them.
    shown: usize,
}

/// What matters of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Column {
    column_type: u8,
    flags: ColumnFlags,
    decimals: u8,
}

impl Layout {
    fn of(heads: &[Head], job: &Job<'_>) -> Result<Self, Failure> {
        let differ = || Failure::Unsupported("tables that have different columns on different shards".to_owned());
        let columns = |head: &Head| -> Option<Vec<Column>> {
            head.columns
                .iter()
                .map(|payload| ColumnDefinition::parse(payload).ok().map(|found| Column::of(&found)))
                .collect()
        };
        let first = heads.first().and_then(columns).ok_or_else(differ)?;
        let is_alike = |head: &Head| {
            columns(head).is_some_and(|other| {
                other.len() == first.len() && first.iter().zip(&other).all(|(one, other)| one.is_read_like(other))
            })
        };
        let shown = first.len().checked_sub(usize::from(job.plan.hidden)).filter(|shown| *shown > 0);
        let shown = shown.filter(|_| heads.iter().all(is_alike)).ok_or_else(differ)?;
        let encoding = match job.kind {
            AnswerKind::Execute { .. } => Encoding::Binary,
            _ => Encoding::Text,
        };
        let types = first.iter().map(|column| column.column_type).collect();
        Ok(Self { encoding, columns: first, types, shown })
    }

    /// How the rows are compared, or why they cannot be.
    fn keys(&self, plan: &MergePlan) -> Result<Vec<Key>, String> {
        let keys = plan.keys.iter().map(|key| {
            let source = self.source(key.value)?;
            Ok(Key { source, descending: key.descending })
        });
        keys.collect()
    }

    fn source(&self, value: SortValue) -> Result<Source, String> {
        let weights = |weights, blank| Source::Weights { cell: self.index(weights), blank: self.index(blank) };
        let plain = |at: ColumnAt, compare| Source::Plain { cell: self.index(at), compare };
        let unsuitable = || "ORDER BY a value of this type over several shards".to_owned();
        Ok(match value {
            SortValue::Weights { weights: at, blank } => weights(at, blank),
            SortValue::Bytes(at) => plain(at, Compare::Bytes),
            SortValue::Plain(at) => plain(at, self.compare(at).ok_or_else(unsuitable)?),
            SortValue::ByType { plain: at, weights: of, blank } => match self.compare(at) {
                Some(compare) => plain(at, compare),
                None if self.columns.get(self.index(at)).is_some_and(Column::is_text) => weights(of, blank),
                None => return Err(unsuitable()),
            },
        })
    }

    fn index(&self, at: ColumnAt) -> usize {
        match at {
            ColumnAt::Shown(place) => usize::from(place),
            ColumnAt::Added(place) => self.shown + usize::from(place),
        }
    }

    fn compare(&self, at: ColumnAt) -> Option<Compare> {
        self.columns.get(self.index(at))?.compare(self.encoding)
    }

    fn read(&self, payload: &[u8], places: &mut CellPlaces) -> Result<(), crate::wire::WireError> {
        match self.encoding {
            Encoding::Text => places.read_text(payload, self.types.len()),
            Encoding::Binary => places.read_binary(payload, &self.types),
        }
    }

    /// Appends the row as the client gets it.
    fn write(&self, payload: &[u8], places: &CellPlaces, seq: &mut u8, out: &mut Vec<u8>) {
        let is_whole = self.shown == self.types.len();
        match self.encoding {
            _ if is_whole => packet::write_packet(out, seq, payload),
            Encoding::Text => packet::write_packet(out, seq, &payload[..places.end_of(self.shown)]),
            Encoding::Binary => {
                let at = packet::begin(out);
                cut_binary(payload, places, self.types.len(), self.shown, out);
                packet::finish(out, at, seq);
            }
        }
    }
}

impl Column {
    fn of(definition: &ColumnDefinition<'_>) -> Self {
        let ColumnDefinition { column_type, flags, decimals, .. } = *definition;
        Self { column_type, flags, decimals }
    }

    /// Whether its cells are written and compared in the same way.
    fn is_read_like(&self, other: &Self) -> bool {
        let of_value = ColumnFlags::UNSIGNED_FLAG | ColumnFlags::ENUM_FLAG | ColumnFlags::SET_FLAG;
        self.column_type == other.column_type && self.flags & of_value == other.flags & of_value
    }

    fn is(&self, column_type: ColumnType) -> bool {
        self.column_type == column_type as u8
    }

    fn is_text(&self) -> bool {
        use ColumnType::*;
        let types = [
            MYSQL_TYPE_VARCHAR,
            MYSQL_TYPE_VAR_STRING,
            MYSQL_TYPE_STRING,
            MYSQL_TYPE_TINY_BLOB,
            MYSQL_TYPE_BLOB,
            MYSQL_TYPE_MEDIUM_BLOB,
            MYSQL_TYPE_LONG_BLOB,
        ];
        let sorts_by_number = self.flags.intersects(ColumnFlags::ENUM_FLAG | ColumnFlags::SET_FLAG);
        types.into_iter().any(|column_type| self.is(column_type)) && !sorts_by_number
    }

    /// How values compare that are no text; `None` where the value as it is written does not tell.
    fn compare(&self, encoding: Encoding) -> Option<Compare> {
        use ColumnType::*;
        let is_any = |types: &[ColumnType]| types.iter().any(|column_type| self.is(*column_type));
        let integers = [MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_INT24, MYSQL_TYPE_LONG, MYSQL_TYPE_LONGLONG];
        if is_any(&integers) || self.is(MYSQL_TYPE_YEAR) {
            let unsigned = self.flags.contains(ColumnFlags::UNSIGNED_FLAG) || self.is(MYSQL_TYPE_YEAR);
            return Some(Compare::Integer { unsigned });
        }
        let is_exact = encoding == Encoding::Binary || self.decimals == ALL_DIGITS;
        match () {
            () if is_any(&[MYSQL_TYPE_DECIMAL, MYSQL_TYPE_NEWDECIMAL]) => Some(Compare::Decimal),
            () if self.is(MYSQL_TYPE_DOUBLE) && is_exact => Some(Compare::Real),
            () if self.is(MYSQL_TYPE_FLOAT) && encoding == Encoding::Binary => Some(Compare::Real),
            () if is_any(&[MYSQL_TYPE_DATE, MYSQL_TYPE_NEWDATE, MYSQL_TYPE_DATETIME]) => Some(Compare::Moment),
            () if self.is(MYSQL_TYPE_TIME) => Some(Compare::Duration),
            () if self.is(MYSQL_TYPE_BIT) => Some(Compare::Bits),
            // Nothing but NULL.
            () if self.is(MYSQL_TYPE_NULL) => Some(Compare::Bytes),
            () => None,
        }
    }
}
