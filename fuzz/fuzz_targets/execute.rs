//! The arguments of a prepared statement: read, turned into values, and written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shardgate::value::Charset;
use shardgate::wire::command::Arguments;

fuzz_target!(|input: (u8, u64, &[u8], &[u8])| {
    let (params, long, first, second) = input;
    let params = u16::from(params);
    let is_long = |index: u16| index < 64 && long >> index & 1 == 1;
    let mut arguments = Arguments::default();
    for body in [first, second] {
        if arguments.read(body, params, is_long).is_err() {
            continue;
        }
        let all: Vec<u16> = (0..params).collect();
        let mut out = Vec::new();
        arguments.write(body, &all, 1, 0, &mut out).expect("what was read can be written");
        let mut again = Arguments::default();
        again.read(&out[1..], params, is_long).expect("what was written can be read");
        for index in all {
            let (old, new) =
                (arguments.value(index, body, Charset::Utf8), again.value(index, &out[1..], Charset::Utf8));
            assert_eq!(format!("{old:?}"), format!("{new:?}"));
        }
    }
});
