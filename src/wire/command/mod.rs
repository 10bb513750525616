//! Commands: what a client asks for, in the first payload of an exchange.

mod execute;
mod param;
mod prepare;

use crate::wire::WireError;
use crate::wire::reader::Reader;
use crate::wire::writer::Put;

pub use execute::{Arguments, Execute, Given, Kinds, execute_with_bytes, execute_with_long_data, set_statement_id};
pub use param::ParamType;
pub use prepare::{PrepareOk, completed, is_definition};

// Command numbers.
const QUIT: u8 = 0x01;
const INIT_DB: u8 = 0x02;
const QUERY: u8 = 0x03;
const FIELD_LIST: u8 = 0x04;
const STATISTICS: u8 = 0x09;
const PROCESS_KILL: u8 = 0x0C;
const PING: u8 = 0x0E;
const CHANGE_USER: u8 = 0x11;
const STMT_PREPARE: u8 = 0x16;
const STMT_EXECUTE: u8 = 0x17;
const STMT_SEND_LONG_DATA: u8 = 0x18;
const STMT_CLOSE: u8 = 0x19;
const STMT_RESET: u8 = 0x1A;
const SET_OPTION: u8 = 0x1B;
const STMT_FETCH: u8 = 0x1C;
const RESET_CONNECTION: u8 = 0x1F;

/// One command. Those with a body of their own grammar hold it unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    Quit,
    InitDb(&'a [u8]),
    Query(&'a [u8]),
    FieldList {
        table: &'a [u8],
        wildcard: &'a [u8],
    },
    Statistics,
    ProcessKill(u32),
    Ping,
    /// See [`super::handshake::ChangeUser`].
    ChangeUser(&'a [u8]),
    StmtPrepare(&'a [u8]),
    /// See [`Execute`].
    StmtExecute(&'a [u8]),
    /// Has no response.
    StmtSendLongData {
        statement_id: u32,
        param: u16,
        data: &'a [u8],
    },
    /// Has no response.
    StmtClose(u32),
    StmtReset(u32),
    /// 0: several statements in one query from now on; 1: no more.
    SetOption(u16),
    StmtFetch {
        statement_id: u32,
        rows: u32,
    },
    ResetConnection,
    /// Any other: its number.
    Unknown(u8),
}

impl<'a> Command<'a> {
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        Ok(match reader.u8("command")? {
            QUIT => Self::Quit,
            INIT_DB => Self::InitDb(reader.rest()),
            QUERY => Self::Query(reader.rest()),
            FIELD_LIST => Self::FieldList { table: reader.nul_bytes("table name")?, wildcard: reader.rest() },
            STATISTICS => Self::Statistics,
            PROCESS_KILL => Self::ProcessKill(reader.u32("connection id")?),
            PING => Self::Ping,
            CHANGE_USER => Self::ChangeUser(reader.rest()),
            STMT_PREPARE => Self::StmtPrepare(reader.rest()),
            STMT_EXECUTE => Self::StmtExecute(reader.rest()),
            STMT_SEND_LONG_DATA => Self::StmtSendLongData {
                statement_id: reader.u32("statement id")?,
                param: reader.u16("parameter number")?,
                data: reader.rest(),
            },
            STMT_CLOSE => Self::StmtClose(reader.u32("statement id")?),
            STMT_RESET => Self::StmtReset(reader.u32("statement id")?),
            SET_OPTION => Self::SetOption(reader.u16("option")?),
            STMT_FETCH => {
                Self::StmtFetch { statement_id: reader.u32("statement id")?, rows: reader.u32("number of rows")? }
            }
            RESET_CONNECTION => Self::ResetConnection,
            number => Self::Unknown(number),
        })
    }

    /// Appends the payload.
    pub fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Quit => out.put_u8(QUIT),
            Self::InitDb(name) => with_bytes(out, INIT_DB, name),
            Self::Query(sql) => with_bytes(out, QUERY, sql),
            Self::FieldList { table, wildcard } => {
                out.put_u8(FIELD_LIST);
                out.put_nul_bytes(table);
                out.extend_from_slice(wildcard);
            }
            Self::Statistics => out.put_u8(STATISTICS),
            Self::ProcessKill(id) => with_id(out, PROCESS_KILL, id),
            Self::Ping => out.put_u8(PING),
            Self::ChangeUser(body) => with_bytes(out, CHANGE_USER, body),
            Self::StmtPrepare(sql) => with_bytes(out, STMT_PREPARE, sql),
            Self::StmtExecute(body) => with_bytes(out, STMT_EXECUTE, body),
            Self::StmtSendLongData { statement_id, param, data } => {
                with_id(out, STMT_SEND_LONG_DATA, statement_id);
                out.put_u16(param);
                out.extend_from_slice(data);
            }
            Self::StmtClose(id) => with_id(out, STMT_CLOSE, id),
            Self::StmtReset(id) => with_id(out, STMT_RESET, id),
            Self::SetOption(option) => {
                out.put_u8(SET_OPTION);
                out.put_u16(option);
            }
            Self::StmtFetch { statement_id, rows } => {
                with_id(out, STMT_FETCH, statement_id);
                out.put_u32(rows);
            }
            Self::ResetConnection => out.put_u8(RESET_CONNECTION),
            Self::Unknown(number) => out.put_u8(number),
        }
    }

    /// Whether the server sends nothing back.
    pub fn is_unanswered(&self) -> bool {
        matches!(self, Self::Quit | Self::StmtClose(_) | Self::StmtSendLongData { .. })
    }
}

fn with_bytes(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.put_u8(number);
    out.extend_from_slice(bytes);
}

fn with_id(out: &mut Vec<u8>, number: u8, id: u32) {
    out.put_u8(number);
    out.put_u32(id);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commands_come_back() {
        let id = 0x01020304;
        let cases = [
            Command::Quit,
            Command::InitDb(b"shop"),
            Command::Query(b"SELECT 1"),
            Command::Query(b""),
            Command::FieldList { table: b"t", wildcard: b"a%" },
            Command::Statistics,
            Command::ProcessKill(id),
            Command::Ping,
            Command::ChangeUser(b"me\0\0\0"),
            Command::StmtPrepare(b"SELECT ?"),
            Command::StmtExecute(b"\x01\0\0\0\0\x01\0\0\0"),
            Command::StmtSendLongData { statement_id: id, param: 2, data: b"x" },
            Command::StmtClose(id),
            Command::StmtReset(id),
            Command::SetOption(1),
            Command::StmtFetch { statement_id: id, rows: 5 },
            Command::ResetConnection,
            Command::Unknown(0xFA),
        ];
        for command in cases {
            let mut out = Vec::new();
            command.write(&mut out);
            assert_eq!(Command::parse(&out), Ok(command));
        }
    }

    #[test]
    fn short_bodies_are_errors() {
        let cases: &[&[u8]] =
            &[b"", b"\x04t", b"\x0C\0\0", b"\x18\0\0\0\0\0", b"\x19", b"\x1A\0", b"\x1B\0", b"\x1C\0\0\0\0\0"];
        for payload in cases {
            assert!(Command::parse(payload).is_err(), "{payload:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(payload in prop::collection::vec(any::<u8>(), 0..30)) {
            let _ = Command::parse(&payload);
        }
    }
}
