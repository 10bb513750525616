//! What a backend may send: greetings, the packets of a login, answers, column definitions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shardgate::wire::Secret;
use shardgate::wire::auth::ClientAuth;
use shardgate::wire::column::{ColumnDefinition, rename};
use shardgate::wire::command::PrepareOk;
use shardgate::wire::handshake::Greeting;
use shardgate::wire::response::{EofPacket, ErrPacket, OkPacket};
use shardgate::wire::{session_track, text};

fuzz_target!(|input: (&[u8], &[u8], bool)| {
    let (first, second, is_secure) = input;
    if let Ok(Greeting::Handshake(handshake)) = Greeting::parse(first) {
        let mut login = ClientAuth::new(&handshake, Secret::new("password"), is_secure);
        let _ = login.first_response();
        let _ = login.on_packet(second);
        let _ = login.on_packet(second);
    }
    if let Ok(ok) = OkPacket::parse(second, is_secure) {
        session_track::changes(ok.session_state).for_each(drop);
    }
    let _ = ErrPacket::parse(second);
    let _ = EofPacket::parse(second);
    let _ = PrepareOk::parse(second);
    let _ = ColumnDefinition::parse(second);
    let _ = rename(second, |_| Some(b"name"), &mut Vec::new());
    text::cells(second).for_each(drop);
});
