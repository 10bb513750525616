//! Payloads are the same however a client's bytes are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shardgate::wire::WireError;
use shardgate::wire::packet::{Assembled, Assembler};

fn assemble(bytes: &[u8], step: usize) -> (Vec<Vec<u8>>, Option<WireError>) {
    let mut assembler = Assembler::new(1 << 16);
    let (mut payloads, mut start, mut end) = (Vec::new(), 0, 0);
    loop {
        match assembler.next(&bytes[start..end]) {
            Ok(Assembled::Payload { payload, consumed }) => {
                payloads.push(payload.to_vec());
                start += consumed;
            }
            Ok(Assembled::More { consumed, .. }) if end < bytes.len() => {
                start += consumed;
                end = bytes.len().min(end + step);
            }
            Ok(Assembled::More { .. }) => return (payloads, None),
            Err(error) => return (payloads, Some(error)),
        }
    }
}

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = input;
    assert_eq!(assemble(bytes, usize::from(step) + 1), assemble(bytes, bytes.len().max(1)));
});
