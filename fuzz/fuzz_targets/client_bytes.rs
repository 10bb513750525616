//! What a client may send: logins, changes of user, commands.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shardgate::wire::CapabilityFlags;
use shardgate::wire::command::Command;
use shardgate::wire::handshake::{ChangeUser, ClientHello};

fuzz_target!(|input: (u32, &[u8])| {
    let (bits, payload) = input;
    if let Ok(ClientHello::Login(login)) = ClientHello::parse(payload) {
        login.attributes.iter().for_each(drop);
        let mut out = Vec::new();
        if login.capabilities.contains(CapabilityFlags::CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA)
            && login.plugin.is_none_or(|p| !p.contains(&0))
        {
            login.write(&mut out);
            assert!(ClientHello::parse(&out).is_ok());
        }
    }
    let _ = ChangeUser::parse(payload, CapabilityFlags::from_bits_retain(bits));
    let _ = Command::parse(payload);
});
