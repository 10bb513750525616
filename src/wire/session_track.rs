//! Changes of session state, as an OK packet carries them under CLIENT_SESSION_TRACK.

use crate::wire::WireError;
use crate::wire::reader::Reader;
use crate::wire::writer::Put;

const SYSTEM_VARIABLE: u8 = 0;
const SCHEMA: u8 = 1;
const STATE_CHANGE: u8 = 2;
const GTIDS: u8 = 3;
const TRANSACTION_CHARACTERISTICS: u8 = 4;
const TRANSACTION_STATE: u8 = 5;

/// One change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateChange<'a> {
    SystemVariable {
        name: &'a [u8],
        value: &'a [u8],
    },
    /// The default database; empty if there is none now.
    Schema(&'a [u8]),
    /// Whether session state that could not be restored has changed (`session_track_state_change`).
    StateChanged(bool),
    /// Transactions that the statement committed, as GTIDs.
    Gtids(&'a [u8]),
    /// The SQL that would restore the transaction's characteristics.
    TransactionCharacteristics(&'a [u8]),
    /// Eight letters, such as `T_______`.
    TransactionState(&'a [u8]),
    /// A kind that is not known here.
    Other(u8),
}

/// The changes in `session_state` (see [`super::response::OkPacket`]). After an error nothing follows.
pub fn changes(session_state: &[u8]) -> impl Iterator<Item = Result<StateChange<'_>, WireError>> {
    let mut reader = Reader::new(session_state);
    std::iter::from_fn(move || {
        if reader.is_empty() {
            return None;
        }
        let change = read(&mut reader);
        if change.is_err() {
            reader.rest();
        }
        Some(change)
    })
}

fn read<'a>(reader: &mut Reader<'a>) -> Result<StateChange<'a>, WireError> {
    let kind = reader.u8("state change")?;
    let mut data = Reader::new(reader.lenenc_bytes("state change")?);
    let change = match kind {
        SYSTEM_VARIABLE => StateChange::SystemVariable {
            name: data.lenenc_bytes("variable name")?,
            value: data.lenenc_bytes("variable value")?,
        },
        SCHEMA => StateChange::Schema(data.lenenc_bytes("schema name")?),
        STATE_CHANGE => StateChange::StateChanged(data.lenenc_bytes("state change")? == b"1"),
        GTIDS => {
            data.skip(1, "GTID encoding")?;
            StateChange::Gtids(data.lenenc_bytes("GTIDs")?)
        }
        TRANSACTION_CHARACTERISTICS => {
            StateChange::TransactionCharacteristics(data.lenenc_bytes("transaction characteristics")?)
        }
        TRANSACTION_STATE => StateChange::TransactionState(data.lenenc_bytes("transaction state")?),
        kind => {
            data.rest();
            StateChange::Other(kind)
        }
    };
    if data.is_empty() { Ok(change) } else { Err(WireError::Malformed("state change")) }
}

impl StateChange<'_> {
    /// Appends the change to a session state. [`Self::Other`] has nothing that could be written.
    pub fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::SystemVariable { name, value } => {
                let mut data = Vec::with_capacity(name.len() + value.len() + 6);
                data.put_lenenc_bytes(name);
                data.put_lenenc_bytes(value);
                entry(out, SYSTEM_VARIABLE, &data);
            }
            Self::Schema(name) => string(out, SCHEMA, name),
            Self::StateChanged(changed) => string(out, STATE_CHANGE, if changed { b"1" } else { b"0" }),
            Self::Gtids(gtids) => {
                let mut data = vec![0];
                data.put_lenenc_bytes(gtids);
                entry(out, GTIDS, &data);
            }
            Self::TransactionCharacteristics(sql) => string(out, TRANSACTION_CHARACTERISTICS, sql),
            Self::TransactionState(state) => string(out, TRANSACTION_STATE, state),
            Self::Other(_) => {}
        }
    }
}

fn entry(out: &mut Vec<u8>, kind: u8, data: &[u8]) {
    out.put_u8(kind);
    out.put_lenenc_bytes(data);
}

fn string(out: &mut Vec<u8>, kind: u8, value: &[u8]) {
    let mut data = Vec::with_capacity(value.len() + 9);
    data.put_lenenc_bytes(value);
    entry(out, kind, &data);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Vec<Result<StateChange<'_>, WireError>> {
        changes(bytes).collect()
    }

    #[test]
    fn a_server_changes_several_things_at_once() {
        let bytes = b"\x00\x0F\x0Aautocommit\x03OFF\x01\x05\x04test\x02\x02\x011\x03\x05\x00\x03a:1\x05\x09\x08T_______\x63\x01x";
        let found: Vec<_> = changes(bytes).map(Result::unwrap).collect();
        assert_eq!(
            found,
            [
                StateChange::SystemVariable { name: b"autocommit", value: b"OFF" },
                StateChange::Schema(b"test"),
                StateChange::StateChanged(true),
                StateChange::Gtids(b"a:1"),
                StateChange::TransactionState(b"T_______"),
                StateChange::Other(0x63),
            ]
        );
        let mut out = Vec::new();
        found.iter().for_each(|change| change.write(&mut out));
        assert_eq!(out, bytes[..bytes.len() - 3]);
    }

    #[test]
    fn an_error_ends_the_changes() {
        let found = all(b"\x01\x05\x09test\x01\x05\x04test");
        assert_eq!(found, [Err(WireError::Truncated("schema name"))]);
        assert_eq!(all(b"\x01\x06\x04testx"), [Err(WireError::Malformed("state change"))]);
        assert!(all(b"").is_empty());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = all(&bytes);
        }

        #[test]
        fn variables_come_back(name in prop::collection::vec(any::<u8>(), 0..300), value in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut out = Vec::new();
            let change = StateChange::SystemVariable { name: &name, value: &value };
            change.write(&mut out);
            StateChange::Schema(&name).write(&mut out);
            prop_assert_eq!(all(&out), [Ok(change), Ok(StateChange::Schema(&name))]);
        }
    }
}
