//! The two sides against each other.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::wire::error_code::ACCESS_DENIED_ERROR;
use crate::wire::handshake::{Greeting, Handshake};
use crate::wire::{CapabilityFlags, StatusFlags};

static KEYS: LazyLock<ServerKeys> = LazyLock::new(|| ServerKeys::generate().unwrap());
const SCRAMBLE: [u8; 20] = *b"abcdefghijklmnopqrst";
/// What MySQL 9.7 stored for the password `sesame`.
const STORED: &str = "$A$00A$&S;FlkAE1m~\x12!w}t\x01IR\x03xmvYX9aRrH7GowOzqpERu5LXB2SY6z7fbZv0d8Otjx6";

fn handshake(plugin: &str) -> Handshake<'_> {
    Handshake {
        server_version: b"8.0.36",
        connection_id: 1,
        scramble: SCRAMBLE,
        capabilities: CapabilityFlags::all(),
        extended_metadata: false,
        charset: 45,
        status: StatusFlags::empty(),
        plugin: plugin.as_bytes(),
    }
}

fn known(credential: Credential) -> Account {
    Account { credential, known: true, cached_digest: None }
}

struct Exchange {
    verdict: ServerStep,
    /// First bytes of what the server sent, and how long it was.
    server_sent: Vec<(u8, usize)>,
    client_sent: Vec<Vec<u8>>,
}

/// Lets a client of ours log in at a server of ours.
fn exchange(account: Account, password: &str, proposed: AuthPlugin, is_secure: bool) -> Exchange {
    let mut client = ClientAuth::new(&handshake(proposed.name()), Secret::new(password), is_secure);
    let (plugin, response) = client.first_response();
    let login = Login {
        scramble: SCRAMBLE,
        plugin: Some(plugin.name().as_bytes()),
        response: &response,
        is_secure,
        default_plugin: AuthPlugin::CachingSha2Password,
    };
    let (mut server, mut step) = ServerAuth::start(account, login);
    let (mut server_sent, mut client_sent) = (Vec::new(), vec![response.clone()]);
    loop {
        match step {
            ServerStep::Send(payload) => {
                server_sent.push((payload[0], payload.len()));
                let ClientStep::Send(answer) = client.on_packet(&payload).unwrap() else { panic!("{payload:?}") };
                step = server.on_packet(&answer, &KEYS);
                client_sent.push(answer);
            }
            ServerStep::Accept { ref send, .. } => {
                if let Some(payload) = send {
                    assert_eq!(client.on_packet(payload), Ok(ClientStep::Wait));
                }
                assert_eq!(client.on_packet(b"\0\0\0\x02\0\0\0"), Ok(ClientStep::Done));
                return Exchange { verdict: step, server_sent, client_sent };
            }
            ServerStep::Reject { .. } => {
                return Exchange { verdict: step, server_sent, client_sent };
            }
        }
    }
}

fn credentials() -> [Credential; 3] {
    let native = scramble::native_hash(b"sesame");
    [
        Credential::Plain(Secret::new("sesame")),
        Credential::NativeHash(native),
        Credential::Sha256Crypt(STORED.to_owned()),
    ]
}

#[test]
fn every_credential_works_with_every_method_and_transport() {
    for credential in credentials() {
        for plugin in [AuthPlugin::NativePassword, AuthPlugin::CachingSha2Password] {
            for is_secure in [false, true] {
                let account = known(credential.clone());
                let good = exchange(account.clone(), "sesame", plugin, is_secure);
                assert!(matches!(good.verdict, ServerStep::Accept { .. }), "{credential:?} {plugin:?}");
                for wrong in ["", "sesam", "Sesame", &"x".repeat(200)] {
                    let bad = exchange(account.clone(), wrong, plugin, is_secure);
                    let using_password = !wrong.is_empty();
                    let denied = ServerStep::Reject { reason: RejectReason::Denied, using_password };
                    assert_eq!(bad.verdict, denied, "{credential:?} {plugin:?} {wrong}");
                }
            }
        }
    }
}

#[test]
fn no_password_means_none() {
    for plugin in [AuthPlugin::NativePassword, AuthPlugin::CachingSha2Password] {
        let good = exchange(known(Credential::Empty), "", plugin, false);
        assert_eq!(good.verdict, ServerStep::Accept { send: None, digest: None });
        let bad = exchange(known(Credential::Empty), "x", plugin, false);
        assert!(matches!(bad.verdict, ServerStep::Reject { .. }));
    }
}

#[test]
fn the_password_passes_in_clear_only_inside_tls() {
    let account = known(Credential::Sha256Crypt(STORED.to_owned()));
    let secure = exchange(account.clone(), "sesame", AuthPlugin::CachingSha2Password, true);
    assert_eq!(secure.client_sent[1], b"sesame\0");
    let plain = exchange(account.clone(), "sesame", AuthPlugin::CachingSha2Password, false);
    assert_eq!(plain.client_sent[1], [REQUEST_PUBLIC_KEY]);
    assert_eq!(plain.client_sent[2].len(), 256);
    // And is not taken either.
    let login = Login {
        scramble: SCRAMBLE,
        plugin: Some(b"caching_sha2_password"),
        response: &[7; 32],
        is_secure: false,
        default_plugin: AuthPlugin::NativePassword,
    };
    let (mut server, step) = ServerAuth::start(account, login);
    assert_eq!(step, ServerStep::Send(vec![AUTH_MORE_DATA, PERFORM_FULL_AUTH]));
    assert!(matches!(server.on_packet(b"sesame\0", &KEYS), ServerStep::Reject { .. }));
}

#[test]
fn a_full_authentication_makes_the_next_one_fast() {
    let mut account = known(Credential::Sha256Crypt(STORED.to_owned()));
    let full = exchange(account.clone(), "sesame", AuthPlugin::CachingSha2Password, true);
    let ServerStep::Accept { digest: Some(digest), .. } = full.verdict else { panic!() };
    account.cached_digest = Some(digest);
    let fast = exchange(account.clone(), "sesame", AuthPlugin::CachingSha2Password, false);
    assert_eq!(fast.verdict, ServerStep::Accept { send: Some(vec![1, 3]), digest: None });
    assert!(fast.server_sent.is_empty());
    // A stale digest costs a full authentication, no more.
    account.cached_digest = Some([7; 32]);
    let full = exchange(account, "sesame", AuthPlugin::CachingSha2Password, false);
    assert!(matches!(full.verdict, ServerStep::Accept { digest: Some(_), .. }));
}

#[test]
fn an_unknown_user_looks_like_a_wrong_password() {
    for credential in credentials().into_iter().chain([Credential::Empty]) {
        for plugin in [AuthPlugin::NativePassword, AuthPlugin::CachingSha2Password] {
            let wrong = exchange(known(credential.clone()), "wrong", plugin, false);
            // Even the decoy's own password does not help.
            for password in ["wrong", "sesame"] {
                let account = Account { credential: credential.clone(), known: false, cached_digest: None };
                let unknown = exchange(account, password, plugin, false);
                assert_eq!(unknown.verdict, wrong.verdict);
                assert_eq!(unknown.server_sent, wrong.server_sent);
            }
        }
    }
}

#[test]
fn a_client_without_plugins_is_not_asked_to_switch() {
    let response = mysql_common::scramble::scramble_native(&SCRAMBLE, b"sesame").unwrap();
    let default_plugin = AuthPlugin::CachingSha2Password;
    let login = Login { scramble: SCRAMBLE, plugin: None, response: &response, is_secure: false, default_plugin };
    let [plain, native, sha2] = credentials();
    for credential in [plain, native] {
        let (_, step) = ServerAuth::start(known(credential), login);
        assert!(matches!(step, ServerStep::Accept { .. }));
    }
    let (_, step) = ServerAuth::start(known(sha2), login);
    assert_eq!(step, ServerStep::Reject { reason: RejectReason::ClientTooOld, using_password: true });
}

#[test]
fn a_client_with_an_unknown_method_is_asked_for_the_default() {
    let login = Login {
        scramble: SCRAMBLE,
        plugin: Some(b"dialog"),
        response: b"",
        is_secure: false,
        default_plugin: AuthPlugin::NativePassword,
    };
    let (_, step) = ServerAuth::start(known(Credential::Plain(Secret::new("x"))), login);
    let ServerStep::Send(payload) = step else { panic!("{step:?}") };
    assert_eq!(payload, b"\xFEmysql_native_password\0abcdefghijklmnopqrst\0");
}

#[test]
fn a_backend_cannot_coax_the_password_out() {
    let mut client = ClientAuth::new(&handshake("caching_sha2_password"), Secret::new("sesame"), false);
    for method in ["mysql_clear_password", "dialog", "sha256_password"] {
        let request = format!("\u{1}{method}\0{}", "x".repeat(21)).into_bytes();
        let request = [&[AUTH_SWITCH], &request[1..]].concat();
        assert_eq!(client.on_packet(&request), Err(LoginError::Method(method.to_owned())));
    }
    assert_eq!(client.on_packet(&[AUTH_SWITCH]), Err(LoginError::Method("mysql_old_password".to_owned())));
    assert_eq!(client.on_packet(&[1, 4]), Ok(ClientStep::Send(vec![REQUEST_PUBLIC_KEY])));
    assert!(matches!(client.on_packet(b"\x01no key"), Err(LoginError::Key(_))));
    let refused = client.on_packet(b"\xFF\x15\x04#28000Access denied").unwrap_err();
    assert_eq!(refused, LoginError::Refused { code: ACCESS_DENIED_ERROR, message: "Access denied".to_owned() });
    assert!(!format!("{client:?}").contains("sesame"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_bytes_do_not_panic_and_let_nobody_in(
        kind in 0usize..3, response in prop::collection::vec(any::<u8>(), 0..40), plugin in any::<bool>(),
        is_secure in any::<bool>(), payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..3),
    ) {
        let plugin = if plugin { AuthPlugin::NativePassword } else { AuthPlugin::CachingSha2Password };
        let default_plugin = AuthPlugin::NativePassword;
        let login = Login { scramble: SCRAMBLE, plugin: Some(plugin.name().as_bytes()), response: &response, is_secure, default_plugin };
        let (mut server, mut step) = ServerAuth::start(known(credentials()[kind].clone()), login);
        let mut client = ClientAuth::new(&handshake(plugin.name()), Secret::new("sesame"), is_secure);
        for payload in &payloads {
            let is_accepted = matches!(step, ServerStep::Accept { .. });
            prop_assert!(!is_accepted);
            if matches!(step, ServerStep::Send(_)) {
                step = server.on_packet(payload, &KEYS);
            }
            let _ = client.on_packet(payload);
            let _ = client.on_packet(&[&[AUTH_SWITCH], payload.as_slice()].concat());
            let _ = Greeting::parse(payload);
        }
    }
}
