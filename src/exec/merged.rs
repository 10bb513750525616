//! A read on several shards whose rows are merged.
//!
//! All shards get the statement at once and work in parallel. Of each no more is read than its next row needs, so that
//! memory does not grow with the result; what a shard has ready before it is asked waits in the sockets' buffers. The
//! client gets the first shard's definitions, without the columns that were added for the merge, and the rows in their
//! order. Once there are enough of them, what the shards still have is read if it is little. If not, a connection that
//! nothing pins is given up, and on others the server is told to end the statement.

use super::failure::Failure;
use super::layout::{Folding, Layout};
use super::links::Link;
use super::relay::define;
use super::scatter::{Status, check_locks, warnings_again};
use super::sink::Sink;
use super::stream::{Head, Piece, Stream};
use super::unread::{self, Unread};
use crate::backend::buffer::Buffer;
use crate::merge::key::Cells;
use crate::merge::{Cuts, Group, Limit, MergeError, Next, Reach, Sorted, Top};
use crate::plan::Renames;
use crate::plan::merged::{Counting, MergePlan};
use crate::wire::cells::CellPlaces;
use crate::wire::error_code::ErrorCode;
use crate::wire::packet;
use crate::wire::response::{self, OkPacket};
use crate::wire::walker::{AnswerKind, Summary};
use crate::wire::writer::Put;

/// Rows are sent in pieces of this size, or before something is waited for.
const PIECE: usize = 32 * 1024;

/// What is to be merged.
#[derive(Debug)]
pub struct Job<'j> {
    pub plan: &'j MergePlan,
    /// The definitions of the client's columns, where those of the shards are others.
    pub described: Option<&'j [Vec<u8>]>,
    pub limit: Limit,
    pub kind: AnswerKind,
    /// Of the first shard.
    pub renames: Renames<'j>,
    pub status: Status,
    /// Bytes that groups may occupy which wait for others.
    pub memory: usize,
    /// How much of a text the shards sort by.
    pub reach: Reach,
    /// Every answer is read to its end, although the client needs no more rows.
    pub reads_all: bool,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    Merged {
        /// By link; `None` where the answer was given up. The connection must be too, unless it is idle again.
        summaries: Vec<Option<Summary>>,
        /// With those before OFFSET.
        found_rows: u64,
        /// Texts that grew too long. What the servers say of their parts is not to be told.
        cuts: Cuts,
    },
    /// Nothing was sent: a server did not accept the altered text, or found its first rows to be wrong.
    Refused { code: ErrorCode, message: String },
    /// Nothing was sent, and nothing can be: columns of a type that only a server can sort, more groups than there is
    /// memory for. Links that nothing pins may be in the middle of their answers.
    Unsuitable(String),
}

/// Merges the answers of links to which the statement was sent, and of which `ahead` was read already. On failure those that are still busy must be dropped; of
/// those with pins, only lost ones are.
pub async fn merge(
    sink: &mut Sink<'_>,
    links: &mut [Link],
    ahead: Vec<Buffer>,
    job: &Job<'_>,
) -> Result<Outcome, Failure> {
    let streams = links.iter_mut().zip(ahead).map(|(link, ahead)| Stream::new(link, job.kind, ahead));
    let mut streams: Vec<Stream<'_>> = streams.collect();
    let done = merge_streams(sink, &mut streams, job).await;
    let leaves_client = done.as_ref().err().is_none_or(Failure::leaves_client);
    if leaves_client && !matches!(done, Ok(Outcome::Merged { .. })) {
        unread::pass_over(streams.into_iter().map(Stream::into_unread).collect(), sink.interrupt).await;
    }
    done
}

async fn merge_streams(sink: &mut Sink<'_>, streams: &mut Vec<Stream<'_>>, job: &Job<'_>) -> Result<Outcome, Failure> {
    let mut heads = Vec::with_capacity(streams.len());
    for stream in &mut *streams {
        match stream.head(sink).await {
            Ok(head) => heads.push(head),
            Err(Failure::Server { code, message }) => return Ok(Outcome::Refused { code, message }),
            Err(failure) => return Err(failure),
        }
    }
    let mut out = Piece::new(sink);
    let first_seq = out.first_seq;
    let done = rows(sink, streams, &heads, job, &mut out).await;
    if done.is_err() {
        // What was numbered and not sent never comes.
        sink.seq = out.first_seq;
    }
    match done {
        Err(Failure::Unsupported(reason)) if !out.has_sent => {
            sink.seq = first_seq;
            Ok(Outcome::Unsuitable(reason))
        }
        Err(Failure::Server { code, message }) if !out.has_sent => {
            sink.seq = first_seq;
            Ok(Outcome::Refused { code, message })
        }
        done => done,
    }
}

/// What follows the definitions of all shards.
async fn rows(
    sink: &mut Sink<'_>,
    streams: &mut Vec<Stream<'_>>,
    heads: &[Head],
    job: &Job<'_>,
    out: &mut Piece,
) -> Result<Outcome, Failure> {
    let class = streams.first().map(|stream| stream.link.lease.class());
    let understood = Layout::of(heads, job).and_then(|layout| {
        layout.check_described(job)?;
        let (keys, folding) = (layout.keys(&job.plan.keys)?, layout.folding(job)?);
        Ok((layout, keys, folding))
    });
    let (layout, keys, folding) = match understood {
        Ok(understood) => understood,
        Err(reason) => return Ok(Outcome::Unsuitable(reason)),
    };
    let counts_all = job.plan.counting() == Counting::All;
    let sorted = |limit| {
        let merge = Sorted::new(heads.len(), keys, layout.encoding, limit);
        merge.reaching(job.reach).asked(job.plan.asked_keys).cut(job.plan.cuts_shards())
    };
    let mut cuts = Cuts::default();
    let found_rows = match folding {
        None => {
            let mut merge = sorted(job.limit);
            if job.plan.is_distinct {
                merge = merge.distinct();
            }
            if counts_all {
                merge = merge.counting_all();
            }
            begin(heads, &layout, job, streams, sink, out)?;
            pour(sink, streams, &mut merge, &layout, out).await?;
            merge.counted()
        }
        Some(Folding { group, top: None, by, is_one: true, mut limit }) => {
            let mut groups = Groups::new(sorted(Limit::NONE).grouped(by), group, &layout);
            // Without any row a server alone can tell what the aggregates come to.
            let Some(cells) = groups.next(sink, streams, out).await? else {
                return Ok(Outcome::Unsuitable("an aggregate of no rows over several shards".to_owned()));
            };
            begin(heads, &layout, job, streams, sink, out)?;
            if limit.admits() {
                layout.write_cells(cells, &mut sink.seq, &mut out.bytes);
            }
            cuts.clone_from(groups.group.cuts());
            1
        }
        Some(Folding { group, top: None, by, is_one: false, limit }) => {
            let mut groups = Groups::new(sorted(Limit::NONE).grouped(by), group, &layout);
            begin(heads, &layout, job, streams, sink, out)?;
            let found_rows = pour_groups(sink, streams, &mut groups, limit, counts_all, out).await?;
            cuts.clone_from(groups.group.cuts());
            found_rows
        }
        Some(Folding { group, top: Some(top), by, limit, .. }) => {
            let mut groups = Groups::new(sorted(Limit::NONE).grouped(by), group, &layout);
            // The client is sent nothing before it is known that there is room for all groups.
            let kept = keep_groups(sink, streams, &mut groups, top, out).await?;
            cuts.clone_from(groups.group.cuts());
            match kept {
                Kept::All { top, found_rows } => {
                    let rows = top.into_rows().map_err(unmergeable)?;
                    begin(heads, &layout, job, streams, sink, out)?;
                    pour_kept(sink, rows, &layout, limit, out).await?;
                    if counts_all { found_rows } else { found_rows.min(limit.of_each()) }
                }
                Kept::TooMany(error) => return Ok(Outcome::Unsuitable(error.to_string())),
            }
        }
    };
    out.is_held = false;
    if job.reads_all {
        for stream in &mut *streams {
            while stream.next(sink, out).await? {}
        }
    }
    // The rows are on their way while the servers are told that no more are needed.
    out.send(sink).await?;
    let mut rests: Vec<Unread<'_>> = std::mem::take(streams).into_iter().map(Stream::into_unread).collect();
    unread::end_all(&mut rests, sink.interrupt).await;
    let summaries: Vec<Option<Summary>> = rests.iter().map(Unread::summary).collect();
    check_locks(job.status, rests.iter_mut().map(|rest| &mut *rest.link), sink.interrupt).await?;
    if let Some(class) = class {
        let ended =
            rests.iter_mut().zip(&summaries).filter_map(|(rest, summary)| Some((&mut *rest.link, summary.as_ref()?)));
        let again = warnings_again(job.status, ended, sink.interrupt).await;
        let mut ok = end(&summaries, job, &cuts, again, sink.more_follows);
        ok.status |= sink.cursor.tell(out.has_rows());
        let at = packet::begin(&mut out.bytes);
        response::write_end_of_rows(&mut out.bytes, &ok, class.deprecate_eof(), class.session_track());
        packet::finish(&mut out.bytes, at, &mut sink.seq);
    }
    out.send(sink).await?;
    Ok(Outcome::Merged { summaries, found_rows, cuts })
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
                    merge.end(index).map_err(unmergeable)?;
                    continue;
                }
                let read = layout.read(stream.row(), &mut places[index]);
                read.map_err(|source| stream.link.lease.protocol(source))?;
                merge.offer(index, &Row { payload: stream.row(), places: &places[index] }).map_err(unmergeable)?;
            }
            Next::Row(index) => {
                out.is_held = false;
                layout.write(streams[index].row(), &places[index], &mut sink.seq, &mut out.bytes);
                if out.bytes.len() >= PIECE {
                    out.send(sink).await?;
                }
            }
        }
    }
}

/// Sends a row for each group; gives their number, with those before OFFSET.
async fn pour_groups(
    sink: &mut Sink<'_>,
    streams: &mut [Stream<'_>],
    groups: &mut Groups<'_>,
    mut limit: Limit,
    counts_all: bool,
    out: &mut Piece,
) -> Result<u64, Failure> {
    let (layout, mut found_rows) = (groups.layout, 0);
    while counts_all || !limit.is_reached() {
        let Some(cells) = groups.next(sink, streams, out).await? else { break };
        found_rows += 1;
        out.is_held = false;
        match limit.admits() {
            true => layout.write_cells(cells, &mut sink.seq, &mut out.bytes),
            false => groups.group.pass_over(),
        }
        if out.bytes.len() >= PIECE {
            out.send(sink).await?;
        }
    }
    Ok(found_rows)
}

/// Groups that come in another order than the client wants.
enum Kept {
    All { top: Top, found_rows: u64 },
    TooMany(MergeError),
}

/// Reads all groups, and keeps those that the client may want.
async fn keep_groups(
    sink: &mut Sink<'_>,
    streams: &mut [Stream<'_>],
    groups: &mut Groups<'_>,
    mut top: Top,
    out: &mut Piece,
) -> Result<Kept, Failure> {
    let mut found_rows = 0;
    while let Some(cells) = groups.next(sink, streams, out).await? {
        found_rows += 1;
        match top.push(cells) {
            Ok(()) => {}
            Err(error @ MergeError::TooManyGroups) => return Ok(Kept::TooMany(error)),
            Err(error) => return Err(unmergeable(error)),
        }
    }
    Ok(Kept::All { top, found_rows })
}

/// Sends the groups that were kept.
async fn pour_kept(
    sink: &mut Sink<'_>,
    rows: impl Iterator<Item = Vec<Option<Vec<u8>>>>,
    layout: &Layout,
    mut limit: Limit,
    out: &mut Piece,
) -> Result<(), Failure> {
    out.is_held = false;
    for cells in rows {
        if limit.admits() {
            layout.write_cells(&cells, &mut sink.seq, &mut out.bytes);
        }
        if out.bytes.len() >= PIECE {
            out.send(sink).await?;
        }
    }
    Ok(())
}

/// The groups of all shards, one after the other.
struct Groups<'l> {
    merge: Sorted,
    group: Group,
    layout: &'l Layout,
    /// Of each stream's row that waits for its turn.
    places: Vec<CellPlaces>,
    /// The stream whose row begins the next group.
    begins: Option<usize>,
}

impl<'l> Groups<'l> {
    fn new(merge: Sorted, group: Group, layout: &'l Layout) -> Self {
        Self { merge, group, layout, places: Vec::new(), begins: None }
    }

    /// The cells of the next group; `None` if there is none.
    async fn next(
        &mut self,
        sink: &mut Sink<'_>,
        streams: &mut [Stream<'_>],
        out: &mut Piece,
    ) -> Result<Option<&[Option<Vec<u8>>]>, Failure> {
        self.places.resize(streams.len(), CellPlaces::default());
        if let Some(index) = self.begins.take() {
            let row = Row { payload: streams[index].row(), places: &self.places[index] };
            self.group.begin(&row).map_err(unmergeable)?;
        }
        loop {
            match self.merge.step() {
                Next::NeedsRow(index) => self.read(index, sink, streams, out).await?,
                Next::Row(index) => {
                    let row = Row { payload: streams[index].row(), places: &self.places[index] };
                    match (self.group.is_open(), self.merge.is_repeat()) {
                        (true, true) => self.group.add(&row, self.merge.is_same()).map_err(unmergeable)?,
                        (true, false) => {
                            self.begins = Some(index);
                            break;
                        }
                        (false, _) => self.group.begin(&row).map_err(unmergeable)?,
                    }
                }
                Next::Done if self.group.is_open() => break,
                Next::Done => return Ok(None),
            }
        }
        self.group.finish().map_err(unmergeable).map(Some)
    }

    async fn read(
        &mut self,
        index: usize,
        sink: &mut Sink<'_>,
        streams: &mut [Stream<'_>],
        out: &mut Piece,
    ) -> Result<(), Failure> {
        let stream = &mut streams[index];
        if !stream.next(sink, out).await? {
            return self.merge.end(index).map_err(unmergeable);
        }
        let read = self.layout.read(stream.row(), &mut self.places[index]);
        read.map_err(|source| stream.link.lease.protocol(source))?;
        let row = Row { payload: stream.row(), places: &self.places[index] };
        self.merge.offer(index, &row).map_err(unmergeable)
    }
}

fn unmergeable(error: MergeError) -> Failure {
    Failure::Unsupported(format!("merging the rows of several shards here: {error}"))
}

/// What ends the rows says.
fn end<'o>(summaries: &[Option<Summary>], job: &Job<'_>, cuts: &Cuts, again: u16, more_follows: bool) -> OkPacket<'o> {
    let read = || summaries.iter().flatten();
    let status = job.status.and(read(), more_follows);
    let warnings = read().fold(0u16, |sum, summary| sum.saturating_add(summary.warnings)).saturating_sub(again);
    // Each server has warned of the parts that it cut.
    let warnings = u64::from(warnings).saturating_sub(cuts.parts).saturating_add(cuts.count);
    let warnings = u16::try_from(warnings).unwrap_or(u16::MAX);
    OkPacket { status, warnings, ..OkPacket::default() }
}

/// Writes what comes before the rows.
fn begin(
    heads: &[Head],
    layout: &Layout,
    job: &Job<'_>,
    streams: &mut [Stream<'_>],
    sink: &mut Sink<'_>,
    out: &mut Piece,
) -> Result<(), Failure> {
    let Some((head, stream)) = heads.first().zip(streams.first_mut()) else { return Ok(()) };
    let written = write_head(head, layout, job, sink, &mut out.bytes);
    out.end_head();
    written.map_err(|source| stream.link.lease.protocol(source).into())
}

fn write_head(
    head: &Head,
    layout: &Layout,
    job: &Job<'_>,
    sink: &mut Sink<'_>,
    out: &mut Vec<u8>,
) -> Result<(), crate::wire::WireError> {
    let at = packet::begin(out);
    out.put_lenenc_int(layout.shown as u64);
    packet::finish(out, at, &mut sink.seq);
    for (place, payload) in job.described.unwrap_or(&head.columns[..layout.shown]).iter().enumerate() {
        let at = packet::begin(out);
        match job.described.is_some() || job.renames.is_empty() {
            true => out.extend_from_slice(payload),
            false => define(payload, job.renames.definitions.get(place), &job.renames, out)?,
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
