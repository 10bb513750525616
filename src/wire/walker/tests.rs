//! Whole answers, by hand, and cut anywhere.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use proptest::prelude::*;

const AUTOCOMMIT: u16 = 2;
const MORE: u16 = 8;
const CURSOR: u16 = 0x40;
const STATE_CHANGED: u16 = 0x4000;
const COLUMN: &[u8] = b"\x03def\x01d\x01t\x01t\x01a\x01a\x0C\x3F\x00\x0B\x00\x00\x00\x03\x00\x00\x00\x00\x00";

/// Packets of the given payloads, numbered from `seq`.
fn stream_from(mut seq: u8, payloads: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for payload in payloads {
        crate::wire::packet::write_packet(&mut out, &mut seq, payload);
    }
    out
}

fn stream(payloads: &[&[u8]]) -> Vec<u8> {
    stream_from(1, payloads)
}

fn eof(status: u16) -> Vec<u8> {
    let [a, b] = status.to_le_bytes();
    vec![0xFE, 1, 0, a, b]
}

fn ok(header: u8, affected: u8, id: u8, status: u16) -> Vec<u8> {
    let [a, b] = status.to_le_bytes();
    vec![header, affected, id, a, b, 3, 0]
}

/// Walks `bytes` as a relay would, with a buffer of `room` bytes filled in pieces of `sizes`. Returns all that was
/// forwarded, the walker, and how it ended; an end of the stream before the end of the answer is `State::More`.
fn relay(
    mut walker: ResultWalker,
    bytes: &[u8],
    sizes: &[usize],
    room: usize,
    patch: Patch,
) -> (Vec<u8>, ResultWalker, Result<State, WireError>) {
    let (mut buffer, mut out, mut at, mut turn, mut room) = (Vec::new(), Vec::new(), 0, 0, room);
    loop {
        let is_full = buffer.len() >= room;
        let progress = match walker.walk_patched(&mut buffer, is_full, patch) {
            Ok(progress) => progress,
            Err(error) => return (out, walker, Err(error)),
        };
        out.extend(buffer.drain(..progress.forward));
        match progress.state {
            State::SessionState { .. } | State::NextResult => continue,
            State::Complete | State::LocalInfile => return (out, walker, Ok(progress.state)),
            State::MoreRoom(needed) => room = needed,
            State::More => {}
        }
        if at == bytes.len() {
            return (out, walker, Ok(State::More));
        }
        let step = sizes[turn % sizes.len()].clamp(1, room - buffer.len().min(room - 1));
        let end = (at + step).min(bytes.len());
        buffer.extend_from_slice(&bytes[at..end]);
        (at, turn) = (end, turn + 1);
    }
}

/// The answer ends exactly at the end of `bytes`, all of it is forwarded, and bytes behind it are not.
fn check(kind: AnswerKind, deprecate_eof: bool, bytes: &[u8]) -> ResultWalker {
    let mut walker = ResultWalker::new(kind, deprecate_eof);
    let mut more = bytes.to_vec();
    more.extend_from_slice(b"\x01\x00\x00\x01x");
    let progress = walker.walk(&more).unwrap();
    assert_eq!(progress, Progress { forward: bytes.len(), state: State::Complete });
    for size in 1..9 {
        let (out, pieces, end) = relay(ResultWalker::new(kind, deprecate_eof), bytes, &[size], 16, Patch::NONE);
        assert_eq!(end, Ok(State::Complete), "in pieces of {size}");
        assert_eq!(out, bytes);
        assert_eq!(pieces.summary(), walker.summary());
        assert_eq!(pieces.next_seq(), walker.next_seq());
    }
    assert!(walker.is_complete() && walker.is_at_boundary());
    walker
}

#[test]
fn a_statement_without_rows() {
    let walker = check(AnswerKind::Query, true, &stream(&[&ok(0, 5, 9, AUTOCOMMIT)]));
    let summary = walker.summary();
    assert_eq!((summary.affected_rows, summary.last_insert_id, summary.warnings), (5, 9, 3));
    assert_eq!(summary.status, Some(StatusFlags::SERVER_STATUS_AUTOCOMMIT));
    assert!(!summary.has_rows && summary.error.is_none());
    assert_eq!(walker.next_seq(), 2);
}

#[test]
fn a_failing_statement() {
    let walker = check(AnswerKind::Query, false, &stream(&[b"\xFF\x28\x04#42000You have an error"]));
    let summary = walker.summary();
    assert_eq!(summary.error, Some(crate::wire::error_code::PARSE_ERROR));
    assert_eq!(summary.status, None);
}

#[test]
fn rows_in_both_styles() {
    // An empty string, NULL, and a binary row begin with 0x00 and 0xFB: they are rows here, not OK or LOCAL INFILE.
    let rows: [&[u8]; 4] = [b"\x00", b"\xFB", b"\x00\x00\x07\x00\x00\x00", b"\x01x"];
    let end = eof(AUTOCOMMIT);
    for kind in [AnswerKind::Query, AnswerKind::Execute { cursor: false }, AnswerKind::Execute { cursor: true }] {
        let old = check(kind, false, &stream(&[&[1], COLUMN, &end, rows[0], rows[1], rows[2], rows[3], &end]));
        let end = ok(0xFE, 0, 0, AUTOCOMMIT);
        let new = check(kind, true, &stream(&[&[1], COLUMN, rows[0], rows[1], rows[2], rows[3], &end]));
        for walker in [&old, &new] {
            assert_eq!(walker.summary().rows, 4);
            assert!(walker.summary().has_rows);
        }
        assert_eq!((old.summary().warnings, new.summary().warnings), (1, 3));
        assert_eq!((old.next_seq(), new.next_seq()), (9, 8));
    }
}

#[test]
fn many_rows_wrap_the_sequence() {
    let end = eof(AUTOCOMMIT);
    let mut payloads: Vec<&[u8]> = vec![&[1], COLUMN, &end];
    payloads.extend(std::iter::repeat_n(&b"\x01x"[..], 1000));
    payloads.push(&end);
    assert_eq!(check(AnswerKind::Query, false, &stream(&payloads)).summary().rows, 1000);
}

#[test]
fn an_error_in_the_middle_of_rows() {
    let end = eof(AUTOCOMMIT);
    let walker = check(AnswerKind::Query, false, &stream(&[&[1], COLUMN, &end, b"\x01x", b"\xFF\x25\x05#70100killed"]));
    assert_eq!(walker.summary().rows, 1);
    assert_eq!(walker.summary().error.unwrap().number, 1317);
}

#[test]
fn a_chain_of_results() {
    let (more, last) = (eof(AUTOCOMMIT | MORE), ok(0, 0, 0, AUTOCOMMIT));
    let walker = check(
        AnswerKind::Query,
        false,
        &stream(&[&[1], COLUMN, &more, b"\x01x", &more, &[1], COLUMN, &more, b"\x01y", b"\x01z", &more, &last]),
    );
    assert_eq!(walker.summary().rows, 2);
    assert!(!walker.summary().has_rows);
    let more = ok(0xFE, 0, 0, MORE);
    let walker =
        check(AnswerKind::Query, true, &stream(&[&ok(0, 1, 0, MORE), &[1], COLUMN, &more, b"\xFF\x28\x04#42000x"]));
    assert!(walker.summary().error.is_some() && !walker.summary().has_rows);
}

#[test]
fn results_can_be_taken_one_by_one() {
    let (more, last) = (eof(AUTOCOMMIT | MORE), b"\xFF\x28\x04#42000x");
    let first_len = stream(&[&[1], COLUMN, &more, b"\x01x", &more]).len();
    let bytes = stream(&[&[1], COLUMN, &more, b"\x01x", &more, &[1], COLUMN, &more, b"\x01x", last]);
    let mut walker = ResultWalker::new(AnswerKind::Query, false);
    walker.pause_between_results();
    let first = walker.walk(&bytes).unwrap();
    assert_eq!(first, Progress { forward: first_len, state: State::NextResult });
    let rest = &bytes[first.forward..];
    let before = walker;
    assert_eq!(walker.walk(rest).unwrap(), Progress { forward: rest.len(), state: State::Complete });
    assert_eq!(before.last_packet(rest), rest.len() - last.len() - HEADER_LEN);
}

#[test]
fn a_cursor_leaves_the_rows_for_fetch() {
    let columns_end = eof(AUTOCOMMIT | CURSOR);
    check(AnswerKind::Execute { cursor: true }, false, &stream(&[&[1], COLUMN, &columns_end]));
    check(AnswerKind::Execute { cursor: true }, true, &stream(&[&[1], COLUMN, &ok(0xFE, 0, 0, CURSOR)]));
    // The flag means nothing where no cursor was asked for.
    check(AnswerKind::Query, false, &stream(&[&[1], COLUMN, &columns_end, b"\x01x", &eof(AUTOCOMMIT)]));
    // A procedure's own cursor leaves it behind.
    let (more, last) = (eof(CURSOR | MORE), ok(0, 0, 0, AUTOCOMMIT));
    check(AnswerKind::Execute { cursor: true }, false, &stream(&[&[1], COLUMN, &more, b"\x00\x00\x01", &more, &last]));
    let walker = check(AnswerKind::Fetch, false, &stream(&[b"\x00\x00\x01", &eof(CURSOR)]));
    assert_eq!(walker.summary().rows, 1);
    check(AnswerKind::Fetch, true, &stream(&[&ok(0xFE, 0, 0, CURSOR | MORE)]));
}

#[test]
fn prepare_with_parameters_and_columns() {
    let prepare_ok = |columns: u8, params: u8| vec![0, 1, 0, 0, 0, columns, 0, params, 0, 0, 4, 0];
    let end = eof(AUTOCOMMIT);
    let walker = check(AnswerKind::Prepare, true, &stream(&[&prepare_ok(0, 0)]));
    assert_eq!(walker.summary().warnings, 4);
    check(AnswerKind::Prepare, true, &stream(&[&prepare_ok(1, 2), COLUMN, COLUMN, COLUMN]));
    check(AnswerKind::Prepare, true, &stream(&[&prepare_ok(0, 1), COLUMN]));
    check(AnswerKind::Prepare, false, &stream(&[&prepare_ok(1, 2), COLUMN, COLUMN, &end, COLUMN, &end]));
    check(AnswerKind::Prepare, false, &stream(&[&prepare_ok(1, 0), COLUMN, &end]));
    check(AnswerKind::Prepare, false, &stream(&[&prepare_ok(0, 1), COLUMN, &end]));
    check(AnswerKind::Prepare, false, &stream(&[b"\xFF\x28\x04#42000x"]));
}

#[test]
fn single_answers_and_field_lists() {
    check(AnswerKind::Single, true, &stream(&[&ok(0, 0, 0, MORE)]));
    check(AnswerKind::Single, true, &stream(&[&ok(0xFE, 0, 0, AUTOCOMMIT)]));
    check(AnswerKind::Single, false, &stream(&[&eof(AUTOCOMMIT)]));
    check(AnswerKind::FieldList, false, &stream(&[COLUMN, COLUMN, &eof(AUTOCOMMIT)]));
    check(AnswerKind::FieldList, true, &stream(&[&ok(0xFE, 0, 0, AUTOCOMMIT)]));
}

#[test]
fn a_long_command_moves_the_first_number() {
    let mut walker = ResultWalker::new(AnswerKind::Query, true).starting_at(3);
    let bytes = stream_from(3, &[&ok(0, 0, 0, 0)]);
    assert_eq!(walker.walk(&bytes).unwrap().state, State::Complete);
}

#[test]
fn local_infile_pauses_and_resumes() {
    let mut walker = ResultWalker::new(AnswerKind::Query, false);
    let progress = walker.walk(&stream(&[b"\xFBrows.csv"])).unwrap();
    assert_eq!(progress, Progress { forward: 13, state: State::LocalInfile });
    assert_eq!(walker.walk(b"").unwrap().state, State::LocalInfile);
    walker.resume(4);
    assert_eq!(walker.walk(&stream_from(4, &[&ok(0, 7, 0, 0)])).unwrap().state, State::Complete);
    assert_eq!(walker.summary().affected_rows, 7);
}

#[test]
fn session_state_is_shown_to_the_caller() {
    let mut packet = ok(0, 0, 0, STATE_CHANGED | MORE);
    packet.extend_from_slice(b"\x00\x07\x01\x05\x04test");
    let bytes = stream(&[&packet, &ok(0, 0, 0, 0)]);
    let mut walker = ResultWalker::new(AnswerKind::Query, true);
    let progress = walker.walk(&bytes).unwrap();
    let State::SessionState { start, end } = progress.state else { panic!("{progress:?}") };
    assert_eq!(&bytes[start..end], packet);
    assert_eq!(progress.forward, end);
    let progress = walker.walk(&bytes[end..]).unwrap();
    assert_eq!(progress, Progress { forward: bytes.len() - end, state: State::Complete });
}

#[test]
fn a_row_longer_than_the_buffer_passes_in_parts() {
    let row = [&b"\xFC\x88\x13"[..], &[b'x'; 5000]].concat();
    let end = eof(AUTOCOMMIT);
    let bytes = stream(&[&[1], COLUMN, &end, &row, &row, &end]);
    let (out, walker, state) = relay(ResultWalker::new(AnswerKind::Query, false), &bytes, &[100], 512, Patch::NONE);
    assert_eq!((state, walker.summary().rows), (Ok(State::Complete), 2));
    assert_eq!(out, bytes);

    let mut walker = ResultWalker::new(AnswerKind::Query, false);
    let start = walker.walk(&bytes[..100]).unwrap().forward;
    assert!(walker.is_at_boundary());
    assert_eq!(walker.walk(&bytes[start..start + 512]).unwrap(), Progress { forward: 0, state: State::More });
    let progress = walker.walk_full(&bytes[start..start + 512]).unwrap();
    assert_eq!(progress, Progress { forward: 512, state: State::More });
    assert!(!walker.is_at_boundary());
}

#[test]
fn only_rows_pass_in_parts() {
    let mut walker = ResultWalker::new(AnswerKind::Query, false);
    let error = [&b"\xFF\x28\x04#42000"[..], &[b'x'; 500]].concat();
    let bytes = stream(&[&error]);
    let progress = walker.walk_full(&bytes[..64]).unwrap();
    assert_eq!(progress, Progress { forward: 0, state: State::MoreRoom(bytes.len()) });
    let long = Header { len: MAX_CONTROL as u32 + 1, seq: 1 }.to_bytes();
    assert!(walker.walk_full(&[&long[..], b"\x00\x00"].concat()).is_err());
}

#[test]
fn a_row_of_several_packets_is_one_row() {
    let end = eof(AUTOCOMMIT);
    for len in [MAX_PAYLOAD, MAX_PAYLOAD + 1, 2 * MAX_PAYLOAD, 2 * MAX_PAYLOAD + 9] {
        // The first cell's length has eight bytes, so the row begins with 0xFE; and 0xFF begins the second packet.
        let mut row = vec![0xFF; len];
        row[0] = 0xFE;
        row[1..9].copy_from_slice(&(len as u64 - 9).to_le_bytes());
        for deprecate_eof in [false, true] {
            let last = ok(0xFE, 0, 0, AUTOCOMMIT);
            let bytes = if deprecate_eof {
                stream(&[&[1], COLUMN, &row, b"\x01x", &last])
            } else {
                stream(&[&[1], COLUMN, &end, &row, b"\x01x", &end])
            };
            let walker = ResultWalker::new(AnswerKind::Query, deprecate_eof);
            let (out, walker, state) = relay(walker, &bytes, &[10_000, 3], 16_384, Patch::NONE);
            assert_eq!((state, walker.summary().rows), (Ok(State::Complete), 2), "{len}");
            assert!(out == bytes);
            let mut walker = ResultWalker::new(AnswerKind::Query, deprecate_eof);
            assert_eq!(walker.walk(&bytes).unwrap(), Progress { forward: bytes.len(), state: State::Complete });
            assert_eq!(walker.summary().rows, 2);
        }
    }
}

#[test]
fn packets_one_by_one_then_in_bulk() {
    let end = ok(0xFE, 0, 0, AUTOCOMMIT);
    let bytes = stream(&[&[2], COLUMN, COLUMN, b"\x01x\x01y", &end]);
    let mut walker = ResultWalker::new(AnswerKind::Query, true);
    let (mut at, mut kinds) = (0, Vec::new());
    while walker.phase() != Phase::Rows {
        let packet = walker.next_packet(&bytes[at..]).unwrap().unwrap();
        kinds.push(packet.kind);
        at += HEADER_LEN + packet.payload.len();
    }
    assert_eq!(kinds, [PacketKind::ColumnCount, PacketKind::Column, PacketKind::Column]);
    assert_eq!(walker.next_packet(&bytes[at..at + 5]).unwrap(), None);
    assert_eq!(walker.walk(&bytes[at..]).unwrap().state, State::Complete);
    assert_eq!(walker.next_packet(b"\x01\x00\x00\x05x").unwrap(), None);
}

#[test]
fn a_server_that_closes_may_say_why() {
    let said = stream_from(0, &[b"\xFF\xBF\x0F#HY000You were idle."]);
    let error = ResultWalker::new(AnswerKind::Query, true).walk(&said).unwrap_err();
    assert_eq!(error, WireError::Farewell { number: 4031, message: "You were idle.".into() });
    let cut = ResultWalker::new(AnswerKind::Query, true).walk(&said[..20]).unwrap_err();
    assert_eq!(cut, WireError::OutOfOrder { expected: 1, found: 0 });
}

#[test]
fn impossible_bytes_are_errors_and_leave_the_walker() {
    let end = eof(AUTOCOMMIT);
    let cases: &[(&str, AnswerKind, bool, Vec<u8>)] = &[
        ("wrong first number", AnswerKind::Query, true, stream_from(2, &[&ok(0, 0, 0, 0)])),
        ("empty packet", AnswerKind::Query, true, stream(&[b""])),
        ("EOF first", AnswerKind::Query, false, stream(&[&end])),
        ("no columns", AnswerKind::Query, true, stream(&[b"\xFC\x00\x00"])),
        ("column count with a tail", AnswerKind::Query, true, stream(&[&[1, 1]])),
        ("too many columns", AnswerKind::Query, true, stream(&[b"\xFD\x00\x00\x01"])),
        ("a row for a column", AnswerKind::Query, true, stream(&[&[1], b"\x01x"])),
        ("no EOF after columns", AnswerKind::Query, false, stream(&[&[1], COLUMN, b"\x01x"])),
        ("OK for EOF", AnswerKind::Query, false, stream(&[&[1], COLUMN, &end, &ok(0xFE, 0, 0, 0)])),
        ("long OK for EOF", AnswerKind::Query, false, stream(&[&[1], COLUMN, &end, &[0xFE; 12]])),
        ("empty row", AnswerKind::Query, false, stream(&[&[1], COLUMN, &end, b""])),
        ("short OK", AnswerKind::Query, true, stream(&[b"\x00\x00"])),
        ("short ERR", AnswerKind::Query, true, stream(&[b"\xFF\x00"])),
        ("infile without a name", AnswerKind::Query, true, stream(&[b"\xFB"])),
        ("rows for a ping", AnswerKind::Single, true, stream(&[&[1]])),
        ("rows for a prepare", AnswerKind::Prepare, true, stream(&[&[1]])),
    ];
    for (name, kind, deprecate_eof, bytes) in cases {
        let mut walker = ResultWalker::new(*kind, *deprecate_eof);
        assert!(walker.walk(bytes).is_err(), "{name}");
        assert_eq!(walker.next_seq(), 1, "{name}");
        let (.., state) = relay(walker, bytes, &[1], 64, Patch::NONE);
        assert!(state.is_err(), "{name} in pieces");
    }
}

#[test]
fn patches_join_the_answers_of_two_statements() {
    let patch = Patch {
        seq_delta: 250,
        set: StatusFlags::SERVER_MORE_RESULTS_EXISTS,
        clear: StatusFlags::SERVER_STATUS_IN_TRANS,
    };
    let (before, after) = (eof(AUTOCOMMIT | 1), eof(AUTOCOMMIT | MORE));
    let bytes = stream(&[&[1], COLUMN, &before, b"\x01x", &before]);
    let wanted = stream_from(251, &[&[1], COLUMN, &after, b"\x01x", &after]);
    for size in 1..40 {
        let (out, walker, state) = relay(ResultWalker::new(AnswerKind::Query, false), &bytes, &[size], 64, patch);
        assert_eq!(state, Ok(State::Complete));
        assert_eq!(out, wanted);
        assert_eq!(walker.next_seq(), 6, "the walker counts the backend's packets");
    }
}

/// A payload such as an answer may have, or nonsense.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(COLUMN.to_vec()),
        Just(vec![1]),
        Just(vec![2]),
        (0u16..16, any::<bool>()).prop_map(|(status, is_eof)| if is_eof {
            eof(status)
        } else {
            ok(0xFE, 0, 0, status)
        }),
        (0u16..16, any::<bool>()).prop_map(|(status, track)| ok(
            0,
            1,
            2,
            if track { status | STATE_CHANGED } else { status }
        )),
        Just(b"\xFF\x28\x04#42000x".to_vec()),
        Just([&b"\x00\x00"[..], &[7; 300]].concat()),
        Just(b"\x01x".to_vec()),
        Just(b"\x00\x01\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00".to_vec()),
        prop::collection::vec(any::<u8>(), 0..20),
    ]
}

fn kind() -> impl Strategy<Value = AnswerKind> {
    prop_oneof![
        Just(AnswerKind::Query),
        Just(AnswerKind::Execute { cursor: true }),
        Just(AnswerKind::Prepare),
        Just(AnswerKind::Fetch),
        Just(AnswerKind::FieldList),
        Just(AnswerKind::Single),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn cutting_changes_nothing(
        kind in kind(), deprecate_eof in any::<bool>(), starts_well in any::<bool>(),
        mut payloads in prop::collection::vec(payload(), 1..14),
        sizes in prop::collection::vec(1usize..70, 1..6), room in 5usize..200,
    ) {
        if starts_well {
            payloads.splice(0..0, [vec![1], COLUMN.to_vec(), eof(2)].into_iter().take(if deprecate_eof { 2 } else { 3 }));
        }
        let bytes = stream(&payloads.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let whole = relay(ResultWalker::new(kind, deprecate_eof), &bytes, &[bytes.len()], bytes.len() + 1, Patch::NONE);
        let pieces = relay(ResultWalker::new(kind, deprecate_eof), &bytes, &sizes, room, Patch::NONE);
        prop_assert_eq!(&whole.2, &pieces.2);
        if whole.2.is_ok() {
            prop_assert_eq!(whole.0, pieces.0);
            prop_assert_eq!(whole.1.summary(), pieces.1.summary());
            prop_assert_eq!(whole.1.next_seq(), pieces.1.next_seq());
        }
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(
        kind in kind(), deprecate_eof in any::<bool>(), bytes in prop::collection::vec(any::<u8>(), 0..120),
        sizes in prop::collection::vec(1usize..30, 1..4), room in 1usize..40,
    ) {
        let _ = relay(ResultWalker::new(kind, deprecate_eof), &bytes, &sizes, room, Patch::NONE);
        let mut walker = ResultWalker::new(kind, deprecate_eof);
        let mut at = 0;
        while let Ok(Some(packet)) = walker.next_packet(&bytes[at..]) {
            at += HEADER_LEN + packet.payload.len();
        }
    }
}
