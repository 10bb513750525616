//! An answer is the same however a backend's bytes are cut, and no bytes make the walker panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shardgate::wire::WireError;
use shardgate::wire::walker::{AnswerKind, ResultWalker, State, Summary};

type End = Result<(usize, State, Summary), WireError>;

fn relay(kind: AnswerKind, deprecate_eof: bool, bytes: &[u8], step: usize, mut room: usize) -> End {
    let mut walker = ResultWalker::new(kind, deprecate_eof);
    let (mut start, mut end) = (0, 0);
    loop {
        let chunk = &bytes[start..end];
        let progress = if chunk.len() >= room { walker.walk_full(chunk)? } else { walker.walk(chunk)? };
        start += progress.forward;
        match progress.state {
            State::SessionState { .. } => continue,
            State::Complete | State::LocalInfile => {
                return Ok((start, progress.state, *walker.summary()));
            }
            State::MoreRoom(needed) => room = needed,
            State::More => {}
        }
        if end == bytes.len() {
            return Ok((0, State::More, *walker.summary()));
        }
        end = (end + step).min(bytes.len()).min(start + room);
    }
}

fuzz_target!(|input: (u8, bool, u8, u8, &[u8])| {
    let (kind, deprecate_eof, step, room, bytes) = input;
    let kind = match kind % 6 {
        0 => AnswerKind::Query,
        1 => AnswerKind::Execute { cursor: true },
        2 => AnswerKind::Prepare,
        3 => AnswerKind::Fetch,
        4 => AnswerKind::FieldList,
        _ => AnswerKind::Single,
    };
    let whole = relay(kind, deprecate_eof, bytes, bytes.len() + 1, bytes.len() + 1);
    let pieces = relay(kind, deprecate_eof, bytes, usize::from(step) + 1, usize::from(room) + 5);
    match (whole, pieces) {
        // A row that is not all there counts once a part of it has passed.
        (Ok((_, State::More, _)), Ok((_, State::More, _))) => {}
        (whole, pieces) => assert_eq!(whole, pieces),
    }
});
