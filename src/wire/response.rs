//! The packets that end an answer: OK, ERR, EOF; and the request for a client's file.

use mysql_common::constants::StatusFlags;

use crate::wire::WireError;
use crate::wire::error_code::ErrorCode;
use crate::wire::reader::{NULL_CELL, Reader};
use crate::wire::writer::Put;

/// First payload byte of an OK packet that answers a statement without rows.
pub const OK: u8 = 0x00;
/// First payload byte of an EOF packet, and of the OK packet that ends rows under DEPRECATE_EOF.
pub const EOF: u8 = 0xFE;
/// First payload byte of an ERR packet.
pub const ERR: u8 = 0xFF;
/// First payload byte of a LOCAL INFILE request.
pub const LOCAL_INFILE: u8 = NULL_CELL;

/// Payload bytes of an EOF packet.
pub const EOF_LEN: usize = 5;

/// An OK packet. Whether the last field exists on the wire depends on CLIENT_SESSION_TRACK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OkPacket<'a> {
    pub affected_rows: u64,
    pub last_insert_id: u64,
    pub status: StatusFlags,
    pub warnings: u16,
    /// The human-readable line ("Rows matched: 1 ...").
    pub info: &'a [u8],
    /// The changes of session state, as [`super::session_track`] reads them. Empty: none.
    pub session_state: &'a [u8],
}

impl Default for OkPacket<'_> {
    fn default() -> Self {
        let status = StatusFlags::empty();
        Self { affected_rows: 0, last_insert_id: 0, status, warnings: 0, info: b"", session_state: b"" }
    }
}

impl<'a> OkPacket<'a> {
    /// `payload` begins with [`OK`], or with [`EOF`] where that means OK. `session_track`: the two sides agreed on
    /// CLIENT_SESSION_TRACK.
    pub fn parse(payload: &'a [u8], session_track: bool) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        if !matches!(reader.u8("OK packet")?, OK | EOF) {
            return Err(WireError::Malformed("OK packet"));
        }
        let mut ok = Self {
            affected_rows: reader.lenenc_int("affected rows")?,
            last_insert_id: reader.lenenc_int("last insert id")?,
            status: StatusFlags::from_bits_retain(reader.u16("status flags")?),
            warnings: reader.u16("warnings")?,
            ..Self::default()
        };
        // The manual says that the line ends with the packet where there is no session state. Servers (MySQL 5.7 to 9,
        // MariaDB) put its length before it all the same, and clients read it so.
        if !reader.is_empty() {
            ok.info = reader.lenenc_bytes("info")?;
            if session_track && ok.status.contains(StatusFlags::SERVER_SESSION_STATE_CHANGED) {
                ok.session_state = reader.lenenc_bytes("session state")?;
            }
        }
        Ok(ok)
    }

    /// Appends the payload. `header` is [`OK`], or [`EOF`] to end rows under DEPRECATE_EOF. Without `session_track`
    /// the session state is left out. The flag SERVER_SESSION_STATE_CHANGED is set or cleared to fit.
    pub fn write(&self, out: &mut Vec<u8>, header: u8, session_track: bool) {
        let changed = session_track && !self.session_state.is_empty();
        let mut status = self.status;
        status.set(StatusFlags::SERVER_SESSION_STATE_CHANGED, changed);
        out.put_u8(header);
        out.put_lenenc_int(self.affected_rows);
        out.put_lenenc_int(self.last_insert_id);
        out.put_u16(status.bits());
        out.put_u16(self.warnings);
        if changed || !self.info.is_empty() {
            out.put_lenenc_bytes(self.info);
        }
        if changed {
            out.put_lenenc_bytes(self.session_state);
        }
    }
}

/// An ERR packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrPacket<'a> {
    pub code: ErrorCode,
    pub message: &'a [u8],
}

impl<'a> ErrPacket<'a> {
    /// An error without SQLSTATE (as sent before the capabilities are known) gets HY000.
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        if reader.u8("ERR packet")? != ERR {
            return Err(WireError::Malformed("ERR packet"));
        }
        let number = reader.u16("error number")?;
        let rest = reader.rest();
        let (sqlstate, message) = match rest {
            [b'#', a, b, c, d, e, message @ ..] => ([*a, *b, *c, *d, *e], message),
            _ => (*b"HY000", rest),
        };
        Ok(Self { code: ErrorCode { number, sqlstate }, message })
    }

    /// Appends the payload.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_u8(ERR);
        out.put_u16(self.code.number);
        out.put_u8(b'#');
        out.extend_from_slice(&self.code.sqlstate);
        out.extend_from_slice(self.message);
    }

    /// The form for a client that has not told its capabilities yet: without SQLSTATE.
    pub fn write_before_handshake(&self, out: &mut Vec<u8>) {
        out.put_u8(ERR);
        out.put_u16(self.code.number);
        out.extend_from_slice(self.message);
    }
}

/// An EOF packet, for peers without DEPRECATE_EOF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EofPacket {
    pub warnings: u16,
    pub status: StatusFlags,
}

impl EofPacket {
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        match *payload {
            [EOF, w0, w1, s0, s1] => Ok(Self {
                warnings: u16::from_le_bytes([w0, w1]),
                status: StatusFlags::from_bits_retain(u16::from_le_bytes([s0, s1])),
            }),
            _ => Err(WireError::Malformed("EOF packet")),
        }
    }

    /// Appends the payload.
    pub fn write(self, out: &mut Vec<u8>) {
        out.put_u8(EOF);
        out.put_u16(self.warnings);
        out.put_u16(self.status.bits());
    }
}

/// Appends the payload that ends the rows of a result set, in the form agreed on.
pub fn write_end_of_rows(out: &mut Vec<u8>, ok: &OkPacket<'_>, deprecate_eof: bool, session_track: bool) {
    if deprecate_eof {
        ok.write(out, EOF, session_track);
    } else {
        EofPacket { warnings: ok.warnings, status: ok.status }.write(out);
    }
}

/// The name in a LOCAL INFILE request.
pub fn parse_local_infile(payload: &[u8]) -> Result<&[u8], WireError> {
    match payload {
        [LOCAL_INFILE, name @ ..] if !name.is_empty() => Ok(name),
        _ => Err(WireError::Malformed("LOCAL INFILE request")),
    }
}

/// Appends the payload of a LOCAL INFILE request.
pub fn write_local_infile(out: &mut Vec<u8>, name: &[u8]) {
    out.put_u8(LOCAL_INFILE);
    out.extend_from_slice(name);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ok_without_session_track() {
        let payload = b"\x00\x03\xFC\x00\x01\x02\x00\x07\x00\x0FRows matched: 3";
        let ok = OkPacket::parse(payload, false).unwrap();
        assert_eq!((ok.affected_rows, ok.last_insert_id, ok.warnings), (3, 256, 7));
        assert_eq!(ok.status, StatusFlags::SERVER_STATUS_AUTOCOMMIT);
        assert_eq!(ok.info, b"Rows matched: 3");
        let mut out = Vec::new();
        ok.write(&mut out, OK, false);
        assert_eq!(out, payload);
    }

    #[test]
    fn ok_with_session_track() {
        // USE test: an empty info, then the schema that changed.
        let payload = b"\x00\x00\x00\x02\x40\x00\x00\x00\x07\x01\x05\x04test";
        let ok = OkPacket::parse(payload, true).unwrap();
        assert_eq!(ok.session_state, b"\x01\x05\x04test");
        let mut out = Vec::new();
        ok.write(&mut out, OK, true);
        assert_eq!(out, payload);
        out.clear();
        ok.write(&mut out, OK, false);
        assert_eq!(out, b"\x00\x00\x00\x02\x00\x00\x00");
    }

    #[test]
    fn err_with_and_without_sqlstate() {
        let err = ErrPacket::parse(b"\xFF\x28\x04#42000Bad").unwrap();
        assert_eq!((err.code, err.message), (crate::wire::error_code::PARSE_ERROR, &b"Bad"[..]));
        let err = ErrPacket::parse(b"\xFF\x10\x04Too many connections").unwrap();
        assert_eq!((err.code.number, err.code.sqlstate), (1040, *b"HY000"));
        assert_eq!(err.message, b"Too many connections");
        assert!(ErrPacket::parse(b"\xFF\x28").is_err());
    }

    #[test]
    fn rows_end_in_two_forms() {
        let ok = OkPacket { warnings: 1, status: StatusFlags::SERVER_STATUS_AUTOCOMMIT, ..OkPacket::default() };
        let mut out = Vec::new();
        write_end_of_rows(&mut out, &ok, false, true);
        assert_eq!(out, b"\xFE\x01\x00\x02\x00");
        assert_eq!(EofPacket::parse(&out).unwrap().warnings, 1);
        out.clear();
        write_end_of_rows(&mut out, &ok, true, true);
        assert_eq!(out, b"\xFE\x00\x00\x02\x00\x01\x00");
        assert_eq!(OkPacket::parse(&out, true).unwrap(), ok);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(payload in prop::collection::vec(any::<u8>(), 0..60), track in any::<bool>()) {
            let _ = OkPacket::parse(&payload, track);
            let _ = ErrPacket::parse(&payload);
            let _ = EofPacket::parse(&payload);
            let _ = parse_local_infile(&payload);
        }

        #[test]
        fn ok_comes_back(
            affected_rows in any::<u64>(), last_insert_id in any::<u64>(), warnings in any::<u16>(),
            bits in any::<u16>(), info in prop::collection::vec(any::<u8>(), 0..300),
            state in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut status = StatusFlags::from_bits_retain(bits);
            status.set(StatusFlags::SERVER_SESSION_STATE_CHANGED, !state.is_empty());
            let ok = OkPacket { affected_rows, last_insert_id, status, warnings, info: &info, session_state: &state };
            let mut out = Vec::new();
            ok.write(&mut out, OK, true);
            prop_assert_eq!(OkPacket::parse(&out, true).unwrap(), ok);
        }

        #[test]
        fn err_comes_back(number in any::<u16>(), message in prop::collection::vec(any::<u8>(), 0..100)) {
            let err = ErrPacket { code: ErrorCode::new(number, b"42S02"), message: &message };
            let mut out = Vec::new();
            err.write(&mut out);
            prop_assert_eq!(ErrPacket::parse(&out).unwrap(), err);
        }
    }
}
