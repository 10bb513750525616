//! What it costs to follow an answer through: per point select, and per byte of a large result.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use shardgate::wire::StatusFlags;
use shardgate::wire::packet::write_packet;
use shardgate::wire::walker::{AnswerKind, Patch, Phase, ResultWalker, State};

const COLUMN: &[u8] =
    b"\x03def\x06sbtest\x07sbtest1\x07sbtest1\x01c\x01c\x0C\x2D\x00\xE0\x01\x00\x00\xFE\x01\x00\x00\x00\x00";
const END: &[u8] = b"\xFE\x00\x00\x02\x00\x00\x00";

/// A result set of one column under DEPRECATE_EOF.
fn answer(rows: usize, row_len: usize) -> Vec<u8> {
    let (mut out, mut seq) = (Vec::new(), 1);
    let row = [&[row_len as u8 - 1][..], &vec![b'x'; row_len - 1]].concat();
    write_packet(&mut out, &mut seq, &[1]);
    write_packet(&mut out, &mut seq, COLUMN);
    for _ in 0..rows {
        write_packet(&mut out, &mut seq, &row);
    }
    write_packet(&mut out, &mut seq, END);
    out
}

fn walk(bytes: &[u8], chunk_len: usize) -> u64 {
    let mut walker = ResultWalker::new(AnswerKind::Query, true);
    let mut at = 0;
    loop {
        let chunk = &bytes[at..bytes.len().min(at + chunk_len)];
        let progress = walker.walk(black_box(chunk)).expect("the answer is well formed");
        at += progress.forward;
        if progress.state == State::Complete {
            return walker.summary().rows;
        }
    }
}

/// Column definitions one by one, as for a result whose names are rewritten, the rest at once.
fn walk_by_packet(bytes: &[u8]) -> u64 {
    let mut walker = ResultWalker::new(AnswerKind::Query, true);
    let mut rest = bytes;
    while walker.phase() != Phase::Rows {
        let packet = walker.next_packet(black_box(rest)).expect("the answer is well formed");
        let packet = packet.expect("the chunk holds the whole answer");
        rest = &rest[packet.payload.len() + 4..];
    }
    walker.walk(rest).expect("the answer is well formed");
    walker.summary().rows
}

fn packet_walk(criterion: &mut Criterion) {
    let point = answer(1, 121);
    let mut group = criterion.benchmark_group("packet_walk");
    group.bench_function("point_select", |b| b.iter(|| walk(&point, 64 * 1024)));
    group.bench_function("point_select_by_packet", |b| b.iter(|| walk_by_packet(&point)));
    let patch = Patch { seq_delta: 3, set: StatusFlags::SERVER_MORE_RESULTS_EXISTS, clear: StatusFlags::empty() };
    group.bench_function("point_select_patched", |b| {
        let patched = |mut bytes: Vec<u8>| {
            let mut walker = ResultWalker::new(AnswerKind::Query, true);
            walker.walk_patched(&mut bytes, false, patch).expect("the answer is well formed").forward
        };
        b.iter_batched(|| point.clone(), patched, BatchSize::SmallInput);
    });
    for row_len in [12, 200] {
        let rows = answer(100_000, row_len);
        group.throughput(Throughput::Bytes(rows.len() as u64));
        group.bench_function(format!("rows_of_{row_len}"), |b| b.iter(|| walk(&rows, 64 * 1024)));
    }
    group.finish();
}

criterion_group!(benches, packet_walk);
criterion_main!(benches);
