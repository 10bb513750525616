//! Whatever a client or a backend does wrong is answered by the error that MySQL has for it, within a bounded time; the
//! session goes on where MySQL's would, and the others notice nothing.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod harness;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use harness::answer::{Answer, ServerError};
use harness::client::{self, Client, ClientError, Login, Param};
use harness::fake_backend::{FakeBackend, Fault, LoginFault};
use harness::stage::{Setup, Stage, World};
use harness::talk::{error_or_end, wait_until, within};

/// For what must not hang; nothing is expected to take that long.
const SOON: Duration = Duration::from_secs(10);

const COM_INIT_DB: u8 = 0x02;
const COM_QUERY: u8 = 0x03;
const COM_FIELD_LIST: u8 = 0x04;
const COM_PROCESS_KILL: u8 = 0x0c;
const COM_PING: u8 = 0x0e;
const COM_CHANGE_USER: u8 = 0x11;
const COM_STMT_EXECUTE: u8 = 0x17;
const COM_STMT_SEND_LONG_DATA: u8 = 0x18;
const COM_STMT_CLOSE: u8 = 0x19;
const COM_STMT_RESET: u8 = 0x1a;
const COM_SET_OPTION: u8 = 0x1b;
const COM_STMT_FETCH: u8 = 0x1c;

/// `frail` has its shards 2 and 3 on a server that tests may kill; `doomed` is on that server alone.
fn world() -> &'static World {
    static WORLD: OnceLock<&'static World> = OnceLock::new();
    WORLD.get_or_init(|| {
        World::start(&[0, 0, 0], &[("shop", [0, 0, 1, 1]), ("frail", [0, 0, 2, 2]), ("doomed", [2, 2, 2, 2])])
    })
}

fn stage(setup: Setup) -> Stage {
    world().stage(setup)
}

fn common() -> &'static Stage {
    world().common()
}

fn server_lines(lines: &str) -> Setup {
    Setup { server: lines.to_owned(), ..Default::default() }
}

/// A connection that has read the greeting and says nothing by itself.
fn raw(stage: &Stage) -> (TcpStream, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", stage.proxy.port)).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.set_write_timeout(Some(SOON)).unwrap();
    let greeting = read_packet(&mut stream).unwrap();
    (stream, greeting)
}

fn read_packet(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    let mut payload = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
    stream.read_exact(&mut payload)?;
    Ok(payload)
}

fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = (payload.len() as u32).to_le_bytes()[..3].to_vec();
    packet.push(sequence);
    packet.extend_from_slice(payload);
    packet
}

/// What comes until the connection ends; panics if it does not end.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => bytes,
        Err(error) => panic!("the connection does not end: {error}"),
    }
}

/// The error in the first packet of `bytes`, or `None` if there is nothing.
fn error_in(bytes: &[u8]) -> Option<ServerError> {
    if bytes.is_empty() {
        return None;
    }
    assert_eq!(bytes.get(4), Some(&0xff), "no error: {bytes:02x?}");
    Some(client::parse_error(&bytes[4..]))
}

/// A handshake response as drivers send it, with a wrong password.
fn response(user: &str, database: &str) -> Vec<u8> {
    let capabilities = client::USUAL | client::CONNECT_WITH_DB | client::CONNECT_ATTRS | client::PLUGIN_AUTH_LENENC;
    let mut body = capabilities.to_le_bytes().to_vec();
    body.extend((1u32 << 24).to_le_bytes());
    body.push(45);
    body.extend([0; 23]);
    body.extend(user.as_bytes());
    body.push(0);
    body.push(20);
    body.extend([7; 20]);
    body.extend(database.as_bytes());
    body.push(0);
    body.extend(b"mysql_native_password\0");
    body.extend(b"\x0a\x03foo\x05bar42");
    body
}

// ---- clients that do not log in properly

#[test]
fn garbage_instead_of_a_handshake_ends_that_connection_only() {
    let stage = common();
    let mut other = stage.connect();
    let mut random = StdRng::seed_from_u64(7);
    let noise: Vec<u8> = (0..300).map(|_| random.r#gen()).collect();
    let cases: [&[u8]; 8] = [
        b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        &[0xff; 64],
        &[0; 64],
        &[0, 0, 0, 1],
        &[1, 0, 0, 1, 0],
        &[4, 0, 0, 1, 0, 0, 0, 0],
        &noise,
    ];
    for case in cases {
        let (mut stream, _) = raw(stage);
        stream.write_all(case).unwrap();
        // Where the connection is closed already there is nothing left to shut.
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = error_in(&rest(&mut stream));
        assert_eq!(other.value("SELECT 1"), "1");
    }
    stage.assert_sound();
}

#[test]
fn a_login_packet_cut_anywhere_is_refused() {
    let stage = common();
    let whole = response("app", stage.database);
    for length in 0..whole.len() {
        let (mut stream, _) = raw(stage);
        stream.write_all(&packet(1, &whole[..length])).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        // Where only the method's name is cut, the client is asked to change to another one.
        let said = rest(&mut stream);
        if said.get(4) != Some(&0xfe)
            && let Some(error) = error_in(&said)
        {
            assert!([1043, 1045].contains(&error.code), "cut at {length}: {error:?}");
        }
    }
    stage.assert_sound();
}

#[test]
fn a_login_packet_with_wrong_bytes_is_refused() {
    let stage = common();
    let whole = response("app", stage.database);
    let mut random = StdRng::seed_from_u64(11);
    for _ in 0..300 {
        let mut bytes = whole.clone();
        for _ in 0..random.gen_range(1..4) {
            // Not the capabilities' bit for TLS, after which the server would wait for a TLS handshake.
            let at = random.gen_range(4..bytes.len());
            bytes[at] = random.r#gen();
        }
        let (mut stream, _) = raw(stage);
        stream.write_all(&packet(1, &bytes)).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let said = rest(&mut stream);
        assert!(said.is_empty() || [0xff, 0xfe, 0x01].contains(&said[4]), "it was let in: {bytes:02x?}: {said:02x?}");
    }
    stage.assert_sound();
}

#[test]
fn a_client_that_says_nothing_is_put_out_after_handshake_timeout() {
    let stage = stage(server_lines("handshake_timeout = \"1s\"\nmax_sessions = 4"));
    within(SOON, "a silent client", || {
        let (mut stream, _) = raw(&stage);
        let _ = error_in(&rest(&mut stream));
    });
    within(SOON, "a client that asks for TLS and then is silent", || {
        let (mut stream, _) = raw(&stage);
        let mut body = (client::USUAL | client::SSL).to_le_bytes().to_vec();
        body.extend([0, 0, 0, 1, 45]);
        body.extend([0; 23]);
        stream.write_all(&packet(1, &body)).unwrap();
        rest(&mut stream);
    });
    within(SOON, "a client that sends a byte now and then", || {
        let (mut stream, _) = raw(&stage);
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        for byte in packet(1, &response("app", stage.database)) {
            if stream.write_all(&[byte]).is_err() {
                return;
            }
            match stream.read(&mut [0; 64]) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                _ => return,
            }
        }
        panic!("it could finish");
    });
    // More of them than there may be sessions: their places are given back.
    let silent: Vec<_> = (0..4).map(|_| raw(&stage)).collect();
    wait_until("places are free again", SOON, || stage.try_connect(&stage.login()).is_ok());
    drop(silent);
    stage.assert_sound();
}

#[test]
fn known_and_unknown_users_are_refused_alike() {
    let stage = common();
    for plugin in ["mysql_native_password", "caching_sha2_password"] {
        for password in ["wrong", ""] {
            let refused = |user: &str| {
                let login = Login::new(user, password).plugin(plugin);
                match stage.try_connect(&login) {
                    Err(ClientError::Refused(error)) => error,
                    other => panic!("{user}, {plugin}: {other:?}"),
                }
            };
            let (known, unknown) = (refused("app"), refused("apq"));
            assert_eq!((known.code, known.sqlstate.as_str()), (1045, "28000"));
            assert_eq!(ServerError { message: known.message.replace("'app'", "'apq'"), ..known }, unknown);
            let used = if password.is_empty() { "NO" } else { "YES" };
            assert!(unknown.message.ends_with(&format!("(using password: {used})")), "{unknown:?}");
        }
    }
    stage.assert_sound();
}

#[test]
fn known_and_unknown_users_take_the_same_steps() {
    // The packets that follow a login, by their first bytes, must not say which users there are.
    let stage = common();
    for plugin in ["mysql_native_password", "caching_sha2_password"] {
        let steps = |user: &str| {
            let (mut stream, greeting) = raw(stage);
            let salt: Vec<u8> = greeting[greeting.iter().position(|byte| *byte == 0).unwrap() + 5..][..8].to_vec();
            let capabilities = client::USUAL;
            let mut body = capabilities.to_le_bytes().to_vec();
            body.extend((1u32 << 24).to_le_bytes());
            body.push(45);
            body.extend([0; 23]);
            body.extend(user.as_bytes());
            body.push(0);
            let proof = client::scramble(plugin, b"not the password", &salt);
            body.push(proof.len() as u8);
            body.extend(proof);
            body.extend(plugin.as_bytes());
            body.push(0);
            stream.write_all(&packet(1, &body)).unwrap();
            let mut steps = Vec::new();
            let mut sequence = 3;
            while let Ok(said) = read_packet(&mut stream) {
                steps.push(said[..said.len().min(2)].to_vec());
                match said[..] {
                    [0xff, ..] => break,
                    // A public key is asked for, and an answer given that cannot be right.
                    [1, 4] => stream.write_all(&packet(sequence, &[2])).unwrap(),
                    [1, 3] => continue,
                    [1, ..] => stream.write_all(&packet(sequence, &[9; 256])).unwrap(),
                    _ => stream.write_all(&packet(sequence, &[9; 20])).unwrap(),
                }
                sequence += 2;
            }
            steps
        };
        assert_eq!(steps("app"), steps("nobody"), "{plugin}");
    }
    stage.assert_sound();
}

#[test]
fn databases_that_are_unknown_or_not_allowed() {
    let stage = common();
    let refused = |database: &str| match stage.try_connect(&stage.login().database(database)) {
        Err(ClientError::Refused(error)) => (error.code, error.sqlstate),
        other => panic!("{database}: {other:?}"),
    };
    let hidden = format!("{}_hidden", stage.database);
    assert_eq!(refused("nowhere"), (1049, "42000".into()));
    assert_eq!(refused(&hidden), (1044, "42000".into()));

    let mut client = stage.connect();
    for database in ["nowhere", &hidden] {
        let code = if database == hidden { 1044 } else { 1049 };
        let answer = client.simple(COM_INIT_DB, database.as_bytes()).unwrap();
        assert_eq!(answer.error().unwrap().code, code, "COM_INIT_DB {database}");
        assert_eq!(client.error(format!("USE {database}")).code, code);
        assert_eq!(client.value("SELECT DATABASE()"), stage.database, "the old one stays selected");
    }
    // A name in a statement must not open what USE does not.
    assert!([1044, 1142].contains(&client.error(format!("SELECT * FROM {hidden}.settings")).code));
    let physical = client.error(format!("SELECT * FROM {}_0.settings", stage.database));
    assert!([1044, 1049, 1142, 1146].contains(&physical.code), "{physical:?}");
    stage.assert_sound();
}

#[test]
fn sessions_over_max_sessions_are_refused_until_one_ends() {
    let stage = stage(server_lines("max_sessions = 3"));
    let mut sessions: Vec<Client> = (0..3).map(|_| stage.connect()).collect();
    for _ in 0..5 {
        match within(SOON, "a session too many", || stage.try_connect(&stage.login())) {
            // Without SQLSTATE, as servers send what comes before the capabilities are known.
            Err(ClientError::Refused(error)) => assert_eq!(error.code, 1040),
            other => panic!("{other:?}"),
        }
    }
    for session in &mut sessions {
        assert_eq!(session.value("SELECT 1"), "1");
    }
    drop(sessions.pop());
    wait_until("the place of the session that ended", SOON, || stage.try_connect(&stage.login()).is_ok());
    assert_eq!(sessions[0].value("SELECT 1"), "1");
}

// ---- packets

#[test]
fn a_packet_that_breaks_off_ends_its_session_only() {
    let stage = stage(server_lines("max_sessions = 2"));
    let mut other = stage.connect();
    for cut in [1, 3, 4, 10] {
        wait_until("the last one's place", SOON, || match stage.try_connect(&stage.login()) {
            Ok(client) => {
                let whole = packet(0, b"\x03SELECT SLEEP(0) FROM items");
                client.tcp().write_all(&whole[..cut]).unwrap();
                true
            }
            Err(_) => false,
        });
        assert_eq!(other.value("SELECT 1"), "1");
    }
    wait_until("the place of the last", SOON, || stage.try_connect(&stage.login()).is_ok());
    drop(other);
    wait_until("everybody's place", SOON, || stage.try_connect(&stage.login()).is_ok());
}

#[test]
fn a_huge_length_costs_no_memory() {
    let stage = stage(server_lines("max_packet = \"1MiB\"\nhandshake_timeout = \"2s\""));
    let mut other = stage.connect();
    let before = stage.proxy.resident();
    let clients: Vec<Client> = (0..50)
        .map(|_| {
            let client = stage.connect();
            // The first of the packets that a payload of 1 GB would be sent in, and a little of what it announces.
            client.tcp().write_all(&[0xff, 0xff, 0xff, 0, COM_QUERY]).unwrap();
            client.tcp().write_all(&[b' '; 20_000]).unwrap();
            client
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    let grown = stage.proxy.resident().saturating_sub(before);
    assert!(grown < 32 << 20, "50 announcements cost {grown} bytes");
    drop(clients);
    assert_eq!(other.value("SELECT 1"), "1");

    // 1 GB that does come is read past, and not kept.
    let client = stage.connect();
    let payload = vec![b' '; 0xff_ffff];
    for sequence in 0..64u8 {
        client.tcp().write_all(&[0xff, 0xff, 0xff, sequence]).unwrap();
        client.tcp().write_all(&payload).unwrap();
    }
    let grown = stage.proxy.resident().saturating_sub(before);
    assert!(grown < 32 << 20, "1 GB costs {grown} bytes");
    drop(client);

    // The same before login.
    let (mut stream, _) = raw(&stage);
    stream.write_all(&[0xff, 0xff, 0xff, 1, 0, 0, 0, 0]).unwrap();
    let _ = error_in(&within(SOON, "16 MB before login", || rest(&mut stream)));
    // And as a length within the login packet.
    let mut body = response("app", "shop");
    let at = 4 + 4 + 1 + 23 + 4;
    body.splice(at..at + 1, [0xfe, 0, 0, 0, 0x40, 0, 0, 0, 0]);
    let (mut stream, _) = raw(&stage);
    stream.write_all(&packet(1, &body)).unwrap();
    let error = error_in(&within(SOON, "1 GB of proof", || rest(&mut stream)));
    assert!(error.is_none_or(|error| [1043, 1045].contains(&error.code)));
    stage.assert_sound();
}

#[test]
fn a_statement_over_max_packet_gets_error_1153() {
    let stage = stage(server_lines("max_packet = \"1MiB\""));
    let mut client = stage.connect();
    let fits = format!("SELECT LENGTH('{}')", "x".repeat((1 << 20) - 100));
    assert_eq!(client.value(&fits), ((1 << 20) - 100).to_string());
    for length in [1 << 20, 2 << 20, 0xff_fffe, 0xff_ffff, 40 << 20] {
        let long = format!("SELECT LENGTH('{}')", "x".repeat(length - 17));
        assert_eq!(client.refusal(long), (1153, "08S01".into()), "{length}");
        assert_eq!(client.value("SELECT 1"), "1", "the session goes on");
    }
    let statement = client.prepare(b"SELECT LENGTH(?)").unwrap().unwrap();
    let answer = client.execute(&statement, &[Param::Bytes(vec![7; 2 << 20])]).unwrap().remove(0);
    assert_eq!(answer.error().map(|error| error.code), Some(1153), "{answer:?}");
    stage.assert_sound();
}

#[test]
fn packets_out_of_order_end_the_session() {
    let stage = common();
    for sequence in [1, 2, 255] {
        let client = stage.connect();
        client.tcp().write_all(&packet(sequence, b"\x03SELECT 1")).unwrap();
        client.tcp().set_read_timeout(Some(SOON)).unwrap();
        let said = rest(&mut client.tcp().try_clone().unwrap());
        if let Some(error) = error_in(&said) {
            assert_eq!((error.code, error.sqlstate.as_str()), (1156, "08S01"));
        }
        assert!(said.iter().filter(|byte| **byte == 0xff).count() <= 1, "nothing but an error: {said:02x?}");
    }
    let (mut stream, _) = raw(stage);
    stream.write_all(&packet(9, &response("app", stage.database))).unwrap();
    if let Some(error) = error_in(&rest(&mut stream)) {
        assert!([1043, 1156].contains(&error.code), "{error:?}");
    }
    stage.assert_sound();
}

// ---- commands

/// Sends a command and demands an error, after which the session still works.
fn refused(client: &mut Client, command: u8, body: &[u8]) -> ServerError {
    let answer = client.simple(command, body);
    let answer = answer.unwrap_or_else(|error| panic!("command {command:#04x} {body:02x?}: {error}"));
    let error = answer.error().unwrap_or_else(|| panic!("command {command:#04x} {body:02x?}: {answer:?}")).clone();
    assert!(matches!(client.simple(COM_PING, &[]), Ok(Answer::Ok(_))), "after command {command:#04x} {body:02x?}");
    error
}

#[test]
fn unknown_commands_get_1047_and_the_session_goes_on() {
    let stage = common();
    let mut client = stage.connect();
    let unknown = [0x05, 0x06, 0x0a, 0x0b, 0x0d, 0x0f, 0x10, 0x12, 0x13, 0x14, 0x15, 0x1d, 0x1e, 0x20];
    for command in unknown.into_iter().chain(0x21..=0xff) {
        for body in [&b""[..], b"abc\0\0\0\0"] {
            let error = refused(&mut client, command, body);
            assert_eq!((error.code, error.sqlstate.as_str()), (1047, "08S01"), "command {command:#04x}");
        }
    }
    assert_eq!(client.value("SELECT 1"), "1");
}

#[test]
fn an_empty_command_is_answered() {
    let stage = common();
    let mut client = stage.connect();
    client.tcp().write_all(&packet(0, b"")).unwrap();
    client.command_was_sent();
    let _ = error_or_end(
        client.read_packet().map(|packet| Answer::Error { error: client::parse_error(&packet), after: None }),
    );
    stage.assert_sound();
}

#[test]
fn statements_that_do_not_exist() {
    let stage = common();
    let mut client = stage.connect();
    let closed = client.prepare(b"SELECT 1").unwrap().unwrap();
    client.close(&closed).unwrap();
    for id in [0, closed.id, 77, u32::MAX] {
        let mut execute = id.to_le_bytes().to_vec();
        execute.extend([0, 1, 0, 0, 0]);
        let mut fetch = id.to_le_bytes().to_vec();
        fetch.extend([1, 0, 0, 0]);
        for (command, body) in
            [(COM_STMT_EXECUTE, &execute), (COM_STMT_FETCH, &fetch), (COM_STMT_RESET, &id.to_le_bytes().to_vec())]
        {
            let error = refused(&mut client, command, body);
            assert_eq!((error.code, error.sqlstate.as_str()), (1243, "HY000"), "{command:#04x} {id}");
        }
        // These two have no answer, whatever they name.
        client.command(COM_STMT_CLOSE, &id.to_le_bytes()).unwrap();
        client.command(COM_STMT_SEND_LONG_DATA, &[&id.to_le_bytes()[..], &[0, 0], b"data"].concat()).unwrap();
    }
    assert_eq!(client.value("SELECT 1"), "1");
    stage.assert_sound();
}

#[test]
fn an_execute_cut_anywhere_is_refused() {
    let stage = common();
    let (mut client, id) = (stage.connect(), world().ids());
    client.run(&format!("INSERT INTO items (id, note) VALUES ({id}, 'it')"));
    let statement =
        client.prepare(b"SELECT note, ?, ?, ? FROM items WHERE id = ?").unwrap().unwrap_or_else(|e| panic!("{e:?}"));
    let params = [Param::Text("text".into()), Param::Double(1.5), Param::Null, Param::Int(id)];
    let mut whole = statement.id.to_le_bytes().to_vec();
    whole.extend([0, 1, 0, 0, 0]);
    client::encode_params(&params, &mut whole);
    for length in 0..whole.len() {
        let mut client = stage.connect();
        let other = client.prepare(b"SELECT note, ?, ?, ? FROM items WHERE id = ?").unwrap().unwrap();
        let mut cut = whole.clone();
        cut[..4].copy_from_slice(&other.id.to_le_bytes());
        cut.truncate(length);
        let error = refused(&mut client, COM_STMT_EXECUTE, &cut);
        assert!([1835, 1243, 1210, 1047, 2027].contains(&error.code), "cut at {length}: {error:?}");
        let answer = client.execute(&other, &params).unwrap().remove(0);
        assert!(matches!(&answer, Answer::Rows { rows, .. } if rows.len() == 1), "after a cut at {length}: {answer:?}");
    }
    stage.assert_sound();
}

#[test]
fn an_execute_without_types_is_refused_unless_they_are_known() {
    let stage = common();
    let (mut client, id) = (stage.connect(), world().ids());
    client.run(&format!("INSERT INTO items (id, note) VALUES ({id}, 'a'), ({}, 'b')", id + 1));
    let statement = client.prepare(b"SELECT note FROM items WHERE id = ?").unwrap().unwrap();
    let execute = |bound: u8, key: i64| {
        let mut body = statement.id.to_le_bytes().to_vec();
        body.extend([0, 1, 0, 0, 0, 0, bound]);
        if bound == 1 {
            body.extend([8, 0]);
        }
        body.extend(key.to_le_bytes());
        body
    };
    let error = refused(&mut client, COM_STMT_EXECUTE, &execute(0, id));
    assert!([1835, 1210, 2027].contains(&error.code), "{error:?}");
    let mut note = |bound, key| {
        client.command(COM_STMT_EXECUTE, &execute(bound, key)).unwrap();
        client.answers(true).unwrap().remove(0).text()
    };
    assert_eq!(note(1, id), [["a"]]);
    assert_eq!(note(0, id + 1), [["b"]], "types of the execution before, on another shard");
    assert_eq!(note(0, id), [["a"]]);
    stage.assert_sound();
}

#[test]
fn executes_made_of_noise_never_hurt() {
    let stage = common();
    let mut client = stage.connect();
    let statement = client.prepare(b"SELECT ?, ?, note FROM items WHERE id = ?").unwrap().unwrap();
    let mut random = StdRng::seed_from_u64(3);
    for round in 0..2000 {
        let mut body = statement.id.to_le_bytes().to_vec();
        // Flags: no cursor, so that whatever comes back is whole.
        body.extend([0, 1, 0, 0, 0]);
        if round % 2 == 0 {
            body.extend([0, 1]);
            let kinds = [0u8, 1, 2, 3, 4, 5, 7, 8, 10, 11, 12, 13, 15, 16, 17, 245, 246, 250, 252, 253, 254, 255];
            for _ in 0..3 {
                body.push(kinds[random.gen_range(0..kinds.len())]);
                body.push(if random.r#gen() { 0x80 } else { 0 });
            }
        }
        let length = random.gen_range(0..40);
        body.extend((0..length).map(|_| random.r#gen::<u8>()));
        client.command(COM_STMT_EXECUTE, &body).unwrap();
        client.answers(true).unwrap_or_else(|error| panic!("round {round}, {body:02x?}: {error}"));
    }
    assert_eq!(client.value("SELECT 1"), "1");
    stage.assert_sound();
}

#[test]
fn other_commands_with_bodies_too_short_or_strange() {
    let stage = common();
    let mut client = stage.connect();
    let statement = client.prepare(b"SELECT ?").unwrap().unwrap();
    let id = statement.id.to_le_bytes();
    let cases: [(u8, &[u8]); 11] = [
        (COM_STMT_FETCH, &[]),
        (COM_STMT_FETCH, &id[..3]),
        (COM_STMT_FETCH, &[&id[..], &[1]].concat()),
        (COM_STMT_RESET, &id[..2]),
        (COM_STMT_EXECUTE, &[]),
        (COM_SET_OPTION, &[]),
        (COM_SET_OPTION, &[7, 0]),
        (COM_PROCESS_KILL, &[1]),
        (COM_PROCESS_KILL, &[0xff, 0xff, 0xff, 0xff]),
        (COM_FIELD_LIST, b"no_such_table\0"),
        (0x16, b""),
    ];
    for (command, body) in cases {
        refused(&mut client, command, body);
    }
    // No answer even if the number is nonsense: that is found when the statement is executed.
    client.command(COM_STMT_SEND_LONG_DATA, &[&id[..], &[9, 0], b"x"].concat()).unwrap();
    assert_eq!(client.value("SELECT 1"), "1");
    // Whether these are answered differs between servers; they must not hurt.
    for (command, body) in [(COM_STMT_CLOSE, &id[..1]), (COM_STMT_CLOSE, &[]), (COM_STMT_SEND_LONG_DATA, &id[..2])] {
        stage.connect().command(command, body).unwrap();
    }
    stage.assert_sound();
}

#[test]
fn a_change_of_user_cut_anywhere_is_refused() {
    let stage = common();
    let mut body = b"app\0\x14".to_vec();
    body.extend([5; 20]);
    body.extend(stage.database.as_bytes());
    body.extend(b"\0\x2d\0mysql_native_password\0");
    for length in 0..body.len() {
        let mut client = stage.connect();
        client.command(COM_CHANGE_USER, &body[..length]).unwrap();
        // An AuthSwitchRequest, or an error, or the end; not a session.
        let said = client.read_packet().unwrap_or_default();
        let last = if said.first() == Some(&0xfe) {
            client.write_packet(&[5; 20]).unwrap();
            client.read_packet().unwrap_or_default()
        } else {
            said
        };
        assert!(last.is_empty() || last[0] == 0xff, "cut at {length}: {last:02x?}");
    }
    stage.assert_sound();
}

// ---- statements

#[test]
fn sql_that_does_not_parse_gets_1064_and_the_session_goes_on() {
    let stage = common();
    let mut client = stage.connect();
    let cases: [&[u8]; 16] = [
        b"SELEC 1",
        b"SELECT FROM WHERE",
        b"SELECT 'open",
        b"SELECT \"open",
        b"SELECT `open",
        b"SELECT * FROM items WHERE",
        b"SELECT * FROM items WHERE id = ",
        b"SELECT * FROM items WHERE (id = 1",
        b"SELECT * FROM items WHERE id = 1)",
        b"INSERT INTO items VALUES (1, 2",
        b"INSERT INTO items (id VALUES (1)",
        b"UPDATE items SET WHERE id = 1",
        b"DELETE FORM items",
        b"\xff\xfe\xfd",
        b"SELECT 1 1 1",
        b"nonsense",
    ];
    for sql in cases {
        assert_eq!(client.refusal(sql), (1064, "42000".into()), "{}", String::from_utf8_lossy(sql));
        let prepared = client.prepare(sql).unwrap().unwrap_err();
        assert_eq!(prepared.code, 1064, "prepared: {}", String::from_utf8_lossy(sql));
        assert_eq!(client.value("SELECT 1"), "1");
    }
    // What is no statement at all is answered as the servers do, which let comments pass.
    let mut server = world().root(0);
    for empty in ["", " ", ";", "-- nothing", "/* nothing */", "# nothing", "/*! */", "/* nothing */;"] {
        assert_eq!(client.one(empty).error(), server.one(empty).error(), "{empty:?}");
    }
    // In a transaction: it goes on too.
    client.run("BEGIN");
    assert_eq!(client.error("SELEC 1").code, 1064);
    assert_eq!(client.run("DO 1").status & client::IN_TRANSACTION, client::IN_TRANSACTION);
    client.run("ROLLBACK");
    stage.assert_sound();
}

#[test]
fn deep_and_long_statements_do_not_overflow_anything() {
    // One of its own: if it dies of this, other tests should not.
    let stage = stage(Setup::default());
    let mut other = stage.connect();
    let deep = |open: &str, inner: &str, close: &str, depth: usize| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    let cases = [
        format!("SELECT {}", deep("(", "1", ")", 50_000)),
        format!("SELECT {}", deep("(SELECT ", "1", ")", 20_000)),
        format!("SELECT * FROM items WHERE {}", deep("(", "id = 1", ")", 20_000)),
        format!("SELECT * FROM items WHERE {} id = 1", "NOT ".repeat(50_000)),
        format!("SELECT {} 1", "- ".repeat(50_000)),
        format!("SELECT {} 1", "~".repeat(50_000)),
        format!("SELECT {}", deep("ABS(", "1", ")", 20_000)),
        format!("SELECT {}", deep("CASE WHEN 1 THEN ", "1", " END", 20_000)),
        format!("SELECT * FROM items WHERE {}", vec!["id = 1"; 50_000].join(" OR ")),
        format!("SELECT * FROM items WHERE id = 1 {}", "AND id = 1 ".repeat(50_000)),
        format!("SELECT * FROM items WHERE id IN ({})", vec!["4"; 100_000].join(",")),
        format!("SELECT {}", vec!["1"; 50_000].join("+")),
        format!("SELECT * FROM {}", deep("(", "items", ")", 20_000)),
        format!("SELECT * FROM {}", deep("(SELECT * FROM ", "items", ") AS x", 5_000)),
        vec!["SELECT 1"; 5_000].join(" UNION ALL "),
        deep("(", "SELECT 1", ")", 20_000),
        format!("SELECT * FROM items {}", "JOIN colours ".repeat(5_000)),
        format!("SELECT {}", deep("/*! ", "1", " */", 20_000)),
        format!("INSERT INTO items (id, note) VALUES (4, {})", deep("(", "1", ")", 20_000)),
        format!("EXPLAIN ROUTE SELECT {}", deep("(", "1", ")", 20_000)),
        deep("EXPLAIN ", "SELECT 1", "", 20_000),
        format!("SET @x = {}", deep("(", "1", ")", 20_000)),
        // Nobody has this id.
        format!("KILL {}", deep("(", "4000000000", ")", 20_000)),
    ];
    for sql in cases {
        let head = &sql[..60];
        let mut client = stage.connect();
        let answer = client.query(&sql).unwrap_or_else(|error| panic!("{head}: {error}"));
        assert!(!answer.is_empty(), "{head}");
        let _ = client.prepare(sql.as_bytes()).unwrap_or_else(|error| panic!("prepared {head}: {error}"));
        assert_eq!(client.value("SELECT 1"), "1", "after {head}");
        assert_eq!(other.value("SELECT 1"), "1", "after {head}");
    }
    stage.assert_sound();
}

#[test]
fn names_that_do_not_exist() {
    let stage = common();
    let (mut client, id) = (stage.connect(), world().ids());
    let cases = [
        (format!("SELECT nothing FROM items WHERE id = {id}"), 1054),
        ("SELECT nothing FROM items".to_owned(), 1054),
        (format!("SELECT * FROM items WHERE nothing = 1 AND id = {id}"), 1054),
        ("SELECT * FROM items WHERE nothing = 1".to_owned(), 1054),
        (format!("UPDATE items SET nothing = 1 WHERE id = {id}"), 1054),
        (format!("INSERT INTO items (id, nothing) VALUES ({id}, 1)"), 1054),
        ("SELECT nothing FROM colours".to_owned(), 1054),
        ("SELECT nothing FROM settings".to_owned(), 1054),
        ("SELECT * FROM nowhere".to_owned(), 1146),
        ("SELECT nothing()".to_owned(), 1305),
        ("SELECT @@nothing".to_owned(), 1193),
        ("SET nothing = 1".to_owned(), 1193),
    ];
    for (sql, code) in cases {
        assert_eq!(client.error(&sql).code, code, "{sql}");
        assert_eq!(client.value("SELECT 1"), "1");
    }
    for sql in ["SELECT nothing FROM items WHERE id = ?", "SELECT nothing FROM items"] {
        assert_eq!(client.prepare(sql.as_bytes()).unwrap().unwrap_err().code, 1054, "{sql}");
    }
    stage.assert_sound();
}

#[test]
fn rows_without_a_shard_key() {
    let stage = common();
    let (mut client, id) = (stage.connect(), world().ids());
    let everything = format!("SELECT COUNT(*) FROM shop_0.items WHERE id BETWEEN {id} AND {}", id + 9_999);
    for (sql, code) in [
        ("INSERT INTO items (note) VALUES ('x')".to_owned(), 1364),
        ("REPLACE INTO items (note) VALUES ('x')".to_owned(), 1364),
        ("INSERT INTO items SET note = 'x'".to_owned(), 1364),
        ("INSERT INTO items (id, note) VALUES (NULL, 'x')".to_owned(), 1048),
        (format!("INSERT INTO items (id, note) VALUES ({id}, 'x'), (NULL, 'y')"), 1048),
        (format!("INSERT INTO items (id, note) VALUES ({id}, 'x'), ({})", id + 1), 1136),
        (format!("INSERT INTO items VALUES ({id}, 'x', 1, NULL), ({})", id + 1), 1136),
    ] {
        assert_eq!(client.error(&sql).code, code, "{sql}");
    }
    assert_eq!(world().root(0).value(&everything), "0", "nothing was written");
    stage.assert_sound();
}

// ---- backends

/// Shards 2 and 3 of `frail` behind this backend.
fn behind(backend: &FakeBackend, replica_set: &str) -> Stage {
    let primaries = [(2, backend.address())].into();
    world().stage_of("frail", Setup { primaries, replica_set: replica_set.to_owned(), ..Default::default() })
}

/// The tests that stop the third server take turns.
fn third_server() -> std::sync::MutexGuard<'static, ()> {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn start_third_server() {
    world().block_on(world().cluster.replica_sets[2].primary.start()).unwrap();
}

/// Gives the third server back in order, whatever happened in the test.
struct Restore;

impl Drop for Restore {
    fn drop(&mut self) {
        let server = &world().cluster.replica_sets[2].primary;
        let _ = server.resume();
        let _ = world().block_on(server.start());
    }
}

/// No connection could be made.
const NOT_REACHED: u16 = 1429;
/// The connection was lost (or nothing but lies came over it), was silent for too long, or could not be made.
const LOST: [u16; 3] = [1158, 1159, NOT_REACHED];

#[test]
fn every_lie_of_a_backend_is_found_out() {
    let _turn = third_server();
    let server = &world().cluster.replica_sets[2].primary;
    let fake = FakeBackend::start(server.port());
    let stage = behind(&fake, "response_timeout = \"1s\"\npool = { max = 4, wait = \"1s\" }");
    let base = world().ids();
    let (good, bad) = (base, base + 2);
    let (mut client, mut other) = (stage.connect(), stage.connect());
    client.run(&format!("INSERT INTO items (id, note) VALUES ({good}, 'good'), ({bad}, 'bad')"));
    for fault in Fault::ALL {
        let word = fault.word();
        let one = format!("SELECT id, note, '{word}' FROM items WHERE id = {bad}");
        let many = format!("SELECT id, note, '{word}' FROM items WHERE id IN ({good}, {bad})");
        for sql in [&one, &many] {
            let answers = within(SOON, &word, || client.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}")));
            match &answers[..] {
                // What comes after a whole answer belongs to no statement.
                [Answer::Rows { rows, .. }] if [Fault::Surplus, Fault::LostBehind].contains(&fault) => {
                    assert_eq!(rows.len(), if sql == &one { 1 } else { 2 })
                }
                [Answer::Error { error, .. }] => assert!(LOST.contains(&error.code), "{sql}: {error:?}"),
                answers => panic!("{sql}: {answers:?}"),
            }
            // The session goes on, on the good shard and on the bad one; another one too.
            for session in [&mut client, &mut other] {
                assert_eq!(session.value(&format!("SELECT note FROM items WHERE id = {good}")), "good", "after {word}");
                assert_eq!(session.value(&format!("SELECT note FROM items WHERE id = {bad}")), "bad", "after {word}");
            }
        }
    }
    stage.assert_sound();
}

#[test]
fn a_backend_lost_behind_its_answer_spoils_nothing() {
    // Warnings, insert ids and user variables are asked for behind the answer, which the client has by then: nothing
    // more may be sent to it.
    let _turn = third_server();
    let fake = FakeBackend::start(world().cluster.replica_sets[2].primary.port());
    let stage = behind(&fake, "response_timeout = \"1s\"");
    let base = world().ids();
    let mut client = stage.connect();
    client.run(&format!("INSERT INTO items (id, note) VALUES ({base}, '1x'), ({}, '1x')", base + 2));
    let word = Fault::LostBehind.word();
    for sql in [
        format!("SELECT CAST(note AS SIGNED), '{word}' FROM items WHERE id = {}", base + 2),
        format!("SELECT CAST(note AS SIGNED), '{word}' FROM items WHERE id IN ({base}, {})", base + 2),
        format!("SELECT @seen := id, '{word}' FROM items WHERE id = {}", base + 2),
        format!("SELECT SQL_CALC_FOUND_ROWS id, '{word}' FROM items WHERE id = {} LIMIT 1", base + 2),
        format!("UPDATE items SET note = '{word}', amount = LAST_INSERT_ID(7) WHERE id = {}", base + 2),
        format!("SELECT CAST('1x' AS SIGNED), nothing, '{word}' FROM items WHERE id = {}", base + 2),
    ] {
        within(SOON, &sql, || client.query(&sql).unwrap_or_else(|error| panic!("{sql}: {error}")));
        let look = format!("SELECT id FROM items WHERE id IN ({base}, {})", base + 2);
        match client.query(&look) {
            Ok(answers) if answers[0].error().is_none() => {
                assert_eq!(answers[0].text().len(), 2, "{look} behind {sql}")
            }
            // Better no session than one whose state is not known.
            Ok(answers) => assert_eq!(answers[0].error().unwrap().code, 1317, "{look} behind {sql}: {answers:?}"),
            Err(ClientError::Io(_)) => {}
            Err(error) => panic!("{look} behind {sql}: {error}"),
        }
        client = stage.connect();
    }
    stage.assert_sound();
}

#[test]
fn a_lie_within_a_transaction_ends_the_transaction() {
    let _turn = third_server();
    let fake = FakeBackend::start(world().cluster.replica_sets[2].primary.port());
    let stage = behind(&fake, "response_timeout = \"1s\"");
    let id = world().ids() + 2;
    let mut client = stage.connect();
    client.run(&format!("INSERT INTO items (id, amount) VALUES ({id}, 1)"));
    for fault in [Fault::Garbage, Fault::Closed, Fault::Silent, Fault::NoEnd] {
        client.run("BEGIN");
        client.run(&format!("UPDATE items SET amount = amount + 1 WHERE id = {id}"));
        let error = client.error(format!("SELECT id, note, '{}' FROM items WHERE id = {id}", fault.word()));
        assert!(LOST.contains(&error.code), "{error:?}");
        // What was written is gone: COMMIT may not say that it was kept.
        let commit = client.one("COMMIT");
        assert!(commit.error().is_some(), "{fault:?}: {commit:?}");
        let mut fresh = stage.connect();
        assert_eq!(fresh.value(&format!("SELECT amount FROM items WHERE id = {id}")), "1", "{fault:?}");
        assert_eq!(client.value(&format!("SELECT amount FROM items WHERE id = {id}")), "1", "{fault:?}");
        assert_eq!(client.run("DO 1").status & client::IN_TRANSACTION, 0);
    }
    stage.assert_sound();
}

#[test]
fn a_backend_that_lets_nobody_in() {
    let _turn = third_server();
    let fake = FakeBackend::start(world().cluster.replica_sets[2].primary.port());
    let base = world().ids();
    for fault in [
        LoginFault::Silent,
        LoginFault::Garbage,
        LoginFault::HalfGreeting,
        LoginFault::TooManyConnections,
        LoginFault::Refused,
        LoginFault::Closed,
    ] {
        fake.misbehave_at_login(fault);
        let stage = behind(&fake, "connect_timeout = \"1s\"");
        let mut client = stage.connect();
        let bad = format!("SELECT note FROM items WHERE id = {}", base + 2);
        let answer = within(SOON, "a refused login", || client.one(&bad));
        let error = answer.error().unwrap_or_else(|| panic!("{fault:?}: {answer:?}"));
        // The servers' own errors about ShardGate's account would mislead the client.
        assert!(LOST.contains(&error.code), "{fault:?}: {error:?}");
        assert!(!error.message.contains(world().cluster.service_password()), "{error:?}");
        assert_eq!(client.one(format!("SELECT note FROM items WHERE id = {base}")).text().len(), 0, "{fault:?}");
        let all = within(SOON, "a refused login", || client.one("SELECT id FROM items WHERE note = 'nothing'"));
        assert!(LOST.contains(&all.error().unwrap_or_else(|| panic!("{fault:?}: {all:?}")).code), "{all:?}");
        fake.misbehave_at_login(LoginFault::None);
        wait_until("it is used again", SOON, || client.one(&bad).error().is_none());
        stage.assert_sound();
    }
}

#[test]
fn a_backend_that_is_down_at_start_is_used_once_it_is_up() {
    let _turn = third_server();
    let _restore = Restore;
    let server = &world().cluster.replica_sets[2].primary;
    server.kill9();
    let stage = world().stage_of("frail", Setup::default());
    let base = world().ids();
    let mut client = stage.connect();
    let insert = |key: i64| format!("INSERT INTO items (id, note) VALUES ({key}, 'x')");
    client.run(&insert(base));
    for sql in [
        insert(base + 2),
        format!("SELECT * FROM items WHERE id = {}", base + 3),
        "SELECT * FROM items WHERE note = 'x'".to_owned(),
        "UPDATE items SET amount = 9 WHERE note = 'x'".to_owned(),
        format!("INSERT INTO items (id, note) VALUES ({}, 'x'), ({}, 'x')", base + 4, base + 6),
    ] {
        let error = within(SOON, &sql, || client.error(&sql));
        assert_eq!((error.code, error.sqlstate.as_str()), (NOT_REACHED, "HY000"), "{sql}: {error:?}");
        assert_eq!(client.value("SELECT COUNT(*) FROM colours"), "3");
    }
    let mine = format!("SELECT id, amount FROM items WHERE id IN ({base}, {})", base + 4);
    assert_eq!(client.rows(&mine), [[base.to_string(), "0".into()]], "nothing was written in part");
    start_third_server();
    wait_until("it is used", SOON, || client.one(insert(base + 2)).error().is_none());
    assert_eq!(client.rows(&format!("SELECT note FROM items WHERE id IN ({base}, {})", base + 2)).len(), 2);
    stage.assert_sound();
}

#[test]
fn clients_can_log_in_while_all_backends_are_down() {
    let _turn = third_server();
    let _restore = Restore;
    world().cluster.replica_sets[2].primary.kill9();
    let stage = world().stage_of("doomed", Setup::default());
    let mut client = within(SOON, "login", || stage.connect());
    let error = within(SOON, "a statement", || client.error("SELECT * FROM settings"));
    assert_eq!(error.code, NOT_REACHED, "{error:?}");
    assert_eq!(client.value("SELECT DATABASE()"), "doomed");
    start_third_server();
    wait_until("it is used", SOON, || client.one("SELECT * FROM settings").error().is_none());
    assert_eq!(client.value("SELECT COUNT(*) FROM items WHERE id = 1"), "0");
}

/// 40 MB on shards 2 and 3: more than the sockets on the way can hold.
fn many_megabytes(client: &mut Client, base: i64) {
    for key in [base + 2, base + 3] {
        let rows: Vec<String> = (0..200).map(|number| format!("({key}, {number})")).collect();
        client.run(&format!("INSERT INTO parts (item_id, part_no) VALUES {}", rows.join(",")));
    }
}

#[test]
fn a_backend_that_dies_in_the_middle_of_a_result_ends_it_with_an_error() {
    let _turn = third_server();
    let _restore = Restore;
    let stage = world().stage_of("frail", Setup::default());
    let base = world().ids();
    let (mut client, mut other) = (stage.connect(), stage.connect());
    many_megabytes(&mut client, base);
    client.run(&format!("INSERT INTO items (id, note) VALUES ({base}, 'here')"));
    for keys in [format!("{}", base + 2), format!("{base}, {}, {}", base + 2, base + 3)] {
        let sql = format!("SELECT REPEAT('x', 100000) FROM parts WHERE item_id IN ({keys})");
        client.command(COM_QUERY, sql.as_bytes()).unwrap();
        // The column count, its definition and the first rows, so that the result is certainly under way.
        let first: Vec<Vec<u8>> = (0..5).map(|_| client.read_packet().unwrap()).collect();
        assert_eq!(first[0], [1], "{keys}");
        world().cluster.replica_sets[2].primary.kill9();
        let begun = Instant::now();
        let end = loop {
            let packet = client.read_packet().unwrap_or_else(|error| panic!("{keys}: {error}"));
            if packet.len() < 1000 {
                break packet;
            }
        };
        assert!(begun.elapsed() < SOON, "it took {:?}", begun.elapsed());
        assert_eq!(end[0], 0xff, "{keys}: a clean end of a result that is not whole: {end:02x?}");
        let error = client::parse_error(&end);
        assert_eq!((error.code, error.sqlstate.as_str()), (1158, "08S01"), "{error:?}");
        for session in [&mut client, &mut other] {
            assert_eq!(session.value(&format!("SELECT note FROM items WHERE id = {base}")), "here");
            let error = within(SOON, "a dead server", || session.error(&sql));
            assert!(LOST.contains(&error.code), "{error:?}");
        }
        start_third_server();
        wait_until("it is used again", SOON, || client.one("SELECT id FROM items WHERE note = 'q'").error().is_none());
    }
    stage.assert_sound();
}

#[test]
fn a_backend_that_dies_during_a_statement_or_transaction() {
    let _turn = third_server();
    let _restore = Restore;
    let stage = world().stage_of("frail", Setup::default());
    let base = world().ids();
    let (mut sleeper, mut writer, mut other) = (stage.connect(), stage.connect(), stage.connect());
    writer.run(&format!("INSERT INTO items (id, amount) VALUES ({base}, 1), ({}, 1)", base + 2));
    writer.run("BEGIN");
    writer.run(&format!("UPDATE items SET amount = 2 WHERE id = {}", base + 2));
    sleeper.command(COM_QUERY, format!("SELECT SLEEP(60) FROM items WHERE id = {}", base + 2).as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    world().cluster.replica_sets[2].primary.kill9();
    let answer = within(SOON, "the sleeper", || sleeper.answers(false).unwrap().remove(0));
    assert!(LOST.contains(&answer.error().unwrap().code), "{answer:?}");
    let commit = within(SOON, "COMMIT", || writer.one("COMMIT"));
    assert!(commit.error().is_some(), "{commit:?}");
    assert_eq!(other.value(&format!("SELECT amount FROM items WHERE id = {base}")), "1");
    start_third_server();
    let amount = format!("SELECT amount FROM items WHERE id = {}", base + 2);
    for session in [&mut writer, &mut sleeper, &mut other] {
        wait_until("it is used again", SOON, || session.one(&amount).error().is_none());
        assert_eq!(session.value(&amount), "1");
    }
    stage.assert_sound();
}

fn are_all_threads_stopped(pid: u32) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let mut states = tasks.map(|task| std::fs::read_to_string(task.path().join("stat")).unwrap_or_default());
    // pid (name) state ..
    states.all(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T')))
}

#[test]
fn a_backend_that_stops_answering_is_declared_down() {
    let _turn = third_server();
    let _restore = Restore;
    let more = "[monitor]\ninterval = \"200ms\"\ntimeout = \"500ms\"".to_owned();
    let replica_set = "connect_timeout = \"1s\"".to_owned();
    let stage = world().stage_of("frail", Setup { more, replica_set, ..Default::default() });
    let base = world().ids();
    let (mut client, mut other, mut writer) = (stage.connect(), stage.connect(), stage.connect());
    let (mut reader, mut later, mut several) = (stage.connect(), stage.connect(), stage.connect());
    client.run(&format!("INSERT INTO items (id, note) VALUES ({base}, 'good'), ({}, 'bad')", base + 2));
    later.run("BEGIN");
    later.run(&format!("SELECT note FROM items WHERE id IN ({base}, {}) ORDER BY id", base + 2));
    let bad = format!("SELECT note FROM items WHERE id = {}", base + 2);
    writer.run("BEGIN");
    writer.run(&format!("UPDATE items SET note = 'lost' WHERE id = {base}"));
    writer.run(&format!("UPDATE items SET note = 'lost' WHERE id = {}", base + 2));
    // The second statement of a packet waits for the writer's row, and has nothing to do with the server of the first.
    let waiting = format!("{bad}; UPDATE items SET amount = 7 WHERE id = {base}");
    several.command(COM_QUERY, waiting.as_bytes()).unwrap();
    wait_until("it waits", SOON, || {
        let running =
            "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'UPDATE items SET amount = 7%'";
        (0..2).any(|set| world().root(set).value(running) != "0")
    });
    let server = &world().cluster.replica_sets[2].primary;
    server.pause().unwrap();
    // The signal is sent; threads on other cores stop a moment later.
    wait_until("every thread has stopped", SOON, || are_all_threads_stopped(server.pid().unwrap()));
    writer.command(COM_QUERY, b"SAVEPOINT a").unwrap();
    let all = "SELECT id, note FROM items ORDER BY id";
    reader.command(COM_QUERY, all.as_bytes()).unwrap();
    for session in [&mut client, &mut other] {
        let error = within(SOON, "a frozen server", || session.error(&bad));
        assert!(LOST.contains(&error.code), "{error:?}");
        assert_eq!(session.value(&format!("SELECT note FROM items WHERE id = {base}")), "good");
    }
    let error = within(SOON, "a server known to be down", || client.error("SELECT id FROM items WHERE note = 'q'"));
    assert!(LOST.contains(&error.code), "{error:?}");
    let savepoint = within(SOON, "SAVEPOINT", || writer.answers(false).unwrap().remove(0));
    assert!(savepoint.error().is_some_and(|error| LOST.contains(&error.code)), "{savepoint:?}");
    let read = within(SOON, "a read of all shards", || reader.answers(false).unwrap().remove(0));
    assert!(read.error().is_some_and(|error| LOST.contains(&error.code)), "{read:?}");
    let error = within(SOON, "a transaction that holds a connection to it", || later.error(&bad));
    assert!(LOST.contains(&error.code), "{error:?}");
    let both = within(SOON, "two statements", || several.answers(false).unwrap());
    assert!(both.len() == 2 && both.iter().all(|answer| answer.error().is_none()), "{both:?}");
    server.resume().unwrap();
    wait_until("it is used again", SOON, || client.one(&bad).error().is_none());
    assert_eq!(client.value(&bad), "bad");
    // Its transaction is over, and no answer that came too late is taken for another one.
    for sql in [bad.as_str(), "SELECT 7", "COMMIT"] {
        assert_eq!(writer.error(sql).code, 1180, "{sql}");
    }
    assert_eq!(writer.value(&bad), "bad");
    assert_eq!(writer.value(&format!("SELECT note FROM items WHERE id = {base}")), "good");
    stage.assert_sound();
}

#[test]
fn a_silent_backend_does_not_fill_up_the_proxy() {
    // Connections whose statement was given up are closed, not kept waiting for an answer.
    let _turn = third_server();
    let fake = FakeBackend::start(world().cluster.replica_sets[2].primary.port());
    let stage = behind(&fake, "response_timeout = \"1s\"\npool = { max = 2, wait = \"500ms\" }");
    let id = world().ids() + 2;
    let mut sessions: Vec<Client> = (0..4).map(|_| stage.connect()).collect();
    for session in &mut sessions {
        let sql = format!("SELECT id, '{}' FROM items WHERE id = {id}", Fault::Silent.word());
        session.command(COM_QUERY, sql.as_bytes()).unwrap();
    }
    for session in &mut sessions {
        let answer = session.answers(false).unwrap().remove(0);
        let error = answer.error().unwrap_or_else(|| panic!("{answer:?}"));
        assert!([1159, 1158, 1040].contains(&error.code), "{error:?}");
    }
    wait_until("the given-up connections are closed", SOON, || fake.connections() <= 4);
    for session in &mut sessions {
        assert_eq!(session.one(format!("SELECT id FROM items WHERE id = {id}")).text().len(), 0);
    }
    stage.assert_sound();
}
