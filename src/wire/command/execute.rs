//! COM_STMT_EXECUTE: parameters in binary form, as a client sends them and as a shard is sent some of them.
//!
//! A client names the types of its parameters once, and leaves them out until they change: [`Arguments`] remembers
//! them, and is kept with the prepared statement. Reading allocates nothing once its buffers have grown.

use super::param::ParamType;
use crate::value::{Charset, Value};
use crate::wire::reader::Reader;
use crate::wire::writer::Put;
use crate::wire::{ColumnType, WireError};

/// The flag of a cursor, which the rows are then fetched from.
const CURSOR_TYPE_READ_ONLY: u8 = 0x01;

/// The type of a BIGINT UNSIGNED, as it is sent.
const UNSIGNED: [u8; 2] = [ColumnType::MYSQL_TYPE_LONGLONG as u8, 0x80];

/// The fields before the parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Execute {
    pub statement_id: u32,
    /// The cursor's type, as it came.
    pub flags: u8,
    /// The size of the fields before the NULL bitmap.
    head_len: usize,
}

impl Execute {
    /// `body` follows the command byte.
    pub fn parse(body: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(body);
        let statement_id = reader.u32("statement id")?;
        let flags = reader.u8("cursor type")?;
        reader.u32("iteration count")?;
        Ok(Self { statement_id, flags, head_len: body.len() - reader.remaining() })
    }

    /// Whether rows are left for COM_STMT_FETCH.
    pub fn wants_cursor(&self) -> bool {
        self.flags & CURSOR_TYPE_READ_ONLY != 0
    }
}

/// Puts another statement id into `payload` (with its command byte) of a COM_STMT_* command.
pub fn set_statement_id(payload: &mut [u8], statement_id: u32) -> Result<(), WireError> {
    let place = payload.get_mut(1..5).ok_or(WireError::Truncated("statement id"))?;
    place.copy_from_slice(&statement_id.to_le_bytes());
    Ok(())
}

/// A COM_STMT_EXECUTE payload (the statement id is to be put in) with strings of bytes for parameters.
pub fn execute_with_bytes(values: &[&[u8]]) -> (Kinds, Vec<u8>) {
    let (kinds, mut payload) = execute_with_long_data(values.len());
    values.iter().for_each(|value| payload.put_lenenc_bytes(value));
    (kinds, payload)
}

/// The same where the values are sent before, by COM_STMT_SEND_LONG_DATA.
pub fn execute_with_long_data(values: usize) -> (Kinds, Vec<u8>) {
    let ty = ParamType::from_bytes(ColumnType::MYSQL_TYPE_BLOB as u8, 0);
    let mut payload = vec![super::STMT_EXECUTE, 0, 0, 0, 0, 0, 1, 0, 0, 0];
    payload.resize(payload.len() + values.div_ceil(8), 0);
    payload.push(1);
    payload.extend(ty.to_bytes().repeat(values));
    (Kinds::of((0..values).map(|_| ty.kind())), payload)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Argument {
    Null,
    /// Sent before, by COM_STMT_SEND_LONG_DATA.
    LongData,
    /// `raw` is the value with the length before it, if its type has one; `start` is where that length ends.
    Value {
        raw: u32,
        start: u32,
        end: u32,
    },
}

/// An argument of an execution that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// The client's, by its index.
    Own(u16),
    /// A BIGINT UNSIGNED.
    Number(u64),
}

/// What MySQL (from 8.0.22 on) fixes when a statement is first executed: the kinds of its parameters, into which it converts
/// the values of later executions, and whether there is a cursor. A statement of a server is executed with one of these only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kinds(u64);

impl Kinds {
    /// So many of them have their bits to themselves.
    const EXACT: usize = 15;

    fn of(kinds: impl Iterator<Item = u8>) -> Self {
        let join = |all: u64, (place, kind): (usize, u8)| match place < Self::EXACT {
            true => all << 4 | u64::from(kind),
            false => (all ^ u64::from(kind)).wrapping_mul(0x0000_0100_0000_01B3),
        };
        Self(kinds.enumerate().fold(0, join))
    }

    pub fn with_cursor(self) -> Self {
        Self(self.0 ^ 1 << 63)
    }

    #[cfg(test)]
    pub(crate) fn numbered(number: u64) -> Self {
        Self(number)
    }
}

/// The arguments of one execution, as places in its body; and the types, which outlive it.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    types: Vec<ParamType>,
    /// Of each parameter the kind that it had last, for NULL has none.
    kinds: Vec<u8>,
    values: Vec<Argument>,
    /// The types came with this execution.
    types_came: bool,
}

impl Arguments {
    /// Reads the arguments in `body`. `params`: how many the statement has; `is_long`: whether one was sent as long
    /// data. On an error the arguments are of no use, and the client has to name the types again.
    pub fn read(&mut self, body: &[u8], params: u16, is_long: impl Fn(u16) -> bool) -> Result<Execute, WireError> {
        self.values.clear();
        let head = Execute::parse(body)?;
        let result = self.read_values(&body[head.head_len..], head.head_len, params, is_long);
        if result.is_err() {
            self.types.clear();
            self.values.clear();
        }
        result.map(|()| head)
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether the client named the types with this execution. If not, its body only makes sense to a backend
    /// statement that was executed with them before.
    pub fn types_came(&self) -> bool {
        self.types_came
    }

    /// The value of one argument of `body`, which is what was read last. Text is in `charset`, the client's. What the
    /// server would convert in ways not known here is [`Value::Unknown`]; so is an index that is too high.
    pub fn value<'b>(&self, index: u16, body: &'b [u8], charset: Charset) -> Value<'b> {
        let index = usize::from(index);
        match (self.values.get(index), self.types.get(index)) {
            (Some(Argument::Null), _) => Value::Null,
            (Some(&Argument::Value { start, end, .. }), Some(ty)) => match body.get(start as usize..end as usize) {
                Some(bytes) => ty.value(bytes, charset),
                None => Value::Unknown,
            },
            (Some(Argument::LongData) | Some(Argument::Value { .. }) | None, _) => Value::Unknown,
        }
    }

    /// The kinds of arguments that are written.
    pub fn kinds(&self, which: impl Iterator<Item = Given>) -> Kinds {
        Kinds::of(which.map(|given| match given {
            Given::Own(index) => self.kinds.get(usize::from(index)).copied().unwrap_or_default(),
            Given::Number(_) => ParamType::from_bytes(UNSIGNED[0], UNSIGNED[1]).kind(),
        }))
    }

    /// Appends a COM_STMT_EXECUTE payload with the arguments `which` of `body`, in that order, and their types.
    pub fn write(
        &self,
        body: &[u8],
        which: impl ExactSizeIterator<Item = u16> + Clone,
        statement_id: u32,
        flags: u8,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        self.write_given(body, which.map(Given::Own), statement_id, flags, out)
    }

    /// The same with arguments among them that the client did not send.
    pub fn write_given(
        &self,
        body: &[u8],
        which: impl ExactSizeIterator<Item = Given> + Clone,
        statement_id: u32,
        flags: u8,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        let [a, b, c, d] = statement_id.to_le_bytes();
        // The iteration count is always 1.
        out.extend_from_slice(&[super::STMT_EXECUTE, a, b, c, d, flags, 1, 0, 0, 0]);
        if which.len() == 0 {
            return Ok(());
        }
        let bitmap = out.len();
        out.resize(bitmap + which.len().div_ceil(8), 0);
        out.push(1);
        for (place, given) in which.clone().enumerate() {
            let Given::Own(index) = given else {
                out.extend_from_slice(&UNSIGNED);
                continue;
            };
            let (ty, argument) = self.at(index)?;
            out.extend_from_slice(&ty.to_bytes());
            if argument == Argument::Null {
                out[bitmap + place / 8] |= 1 << (place % 8);
            }
        }
        for given in which {
            match given {
                Given::Number(number) => out.extend_from_slice(&number.to_le_bytes()),
                Given::Own(index) => {
                    if let (_, Argument::Value { raw, end, .. }) = self.at(index)? {
                        let bytes = body.get(raw as usize..end as usize).ok_or(WireError::Truncated("parameter"))?;
                        out.extend_from_slice(bytes);
                    }
                }
            }
        }
        Ok(())
    }

    fn at(&self, index: u16) -> Result<(ParamType, Argument), WireError> {
        let index = usize::from(index);
        match (self.types.get(index), self.values.get(index)) {
            (Some(ty), Some(argument)) => Ok((*ty, *argument)),
            _ => Err(WireError::Malformed("number of parameters")),
        }
    }

    fn read_values(
        &mut self,
        rest: &[u8],
        offset: usize,
        params: u16,
        is_long: impl Fn(u16) -> bool,
    ) -> Result<(), WireError> {
        self.types_came = false;
        if params == 0 {
            self.types.clear();
            return Ok(());
        }
        if u32::try_from(offset + rest.len()).is_err() {
            return Err(WireError::PacketTooLarge { limit: u32::MAX as usize });
        }
        let mut reader = Reader::new(rest);
        let nulls = reader.bytes(usize::from(params).div_ceil(8), "NULL bitmap")?;
        match reader.u8("parameter types")? {
            0 if self.types.len() == usize::from(params) => {}
            0 => return Err(WireError::Malformed("parameters without types")),
            1 => self.read_types(&mut reader, params)?,
            _ => return Err(WireError::Malformed("parameter types")),
        }
        let end = offset + rest.len();
        for index in 0..params {
            let is_null = nulls[usize::from(index) / 8] >> (index % 8) & 1 == 1;
            let ty = self.types[usize::from(index)];
            let argument = if is_long(index) {
                Argument::LongData
            } else if is_null || ty.is_null() {
                Argument::Null
            } else {
                let raw = end - reader.remaining();
                let len = ty.read(&mut reader)?;
                let value_end = end - reader.remaining();
                Argument::Value { raw: raw as u32, start: (value_end - len) as u32, end: value_end as u32 }
            };
            self.values.push(argument);
        }
        if reader.is_empty() { Ok(()) } else { Err(WireError::Malformed("bytes after the parameters")) }
    }

    fn read_types(&mut self, reader: &mut Reader<'_>, params: u16) -> Result<(), WireError> {
        let types = reader.bytes(usize::from(params) * 2, "parameter types")?;
        let (pairs, _) = types.as_chunks::<2>();
        self.types.clear();
        self.types.extend(pairs.iter().map(|[code, flags]| ParamType::from_bytes(*code, *flags)));
        self.kinds.resize(usize::from(params), 0);
        for (kind, ty) in self.kinds.iter_mut().zip(&self.types).filter(|(_, ty)| !ty.is_null()) {
            *kind = ty.kind();
        }
        self.types_came = true;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &[u8] = b"\x07\0\0\0\x00\x01\0\0\0";

    fn body(rest: &[u8]) -> Vec<u8> {
        [HEAD, rest].concat()
    }

    fn read(rest: &[u8], params: u16) -> Result<Vec<String>, WireError> {
        let (body, mut arguments) = (body(rest), Arguments::default());
        let head = arguments.read(&body, params, |_| false)?;
        assert_eq!((head.statement_id, head.wants_cursor(), arguments.len()), (7, false, params.into()));
        Ok((0..params).map(|i| format!("{:?}", arguments.value(i, &body, Charset::Utf8))).collect())
    }

    fn one(code: ColumnType, flags: u8, bytes: &[u8]) -> Result<String, WireError> {
        Ok(read(&[&[0, 1, code as u8, flags], bytes].concat(), 1)?.remove(0))
    }

    #[test]
    fn strings_of_bytes_read_back() {
        let (kinds, payload) = execute_with_bytes(&[b"a", b"", b"\xFF'"]);
        let mut arguments = Arguments::default();
        arguments.read(&payload[1..], 3, |_| false).unwrap();
        let read = |index| format!("{:?}", arguments.value(index, &payload[1..], Charset::Utf8));
        assert_eq!([read(0), read(1), read(2)], ["Binary([97])", "Binary([])", "Binary([255, 39])"]);
        assert_eq!(arguments.kinds([0, 1, 2].map(Given::Own).into_iter()), kinds);
    }

    #[test]
    fn values_of_each_type() {
        use ColumnType::*;
        let cases: &[(ColumnType, u8, &[u8], &str)] = &[
            (MYSQL_TYPE_TINY, 0, b"\xFF", "Int(-1)"),
            (MYSQL_TYPE_TINY, 0x80, b"\xFF", "Int(255)"),
            (MYSQL_TYPE_SHORT, 0, b"\x00\x80", "Int(-32768)"),
            (MYSQL_TYPE_LONG, 0, b"\x2A\0\0\0", "Int(42)"),
            (MYSQL_TYPE_LONGLONG, 0, b"\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "Int(-2)"),
            (MYSQL_TYPE_LONGLONG, 0x80, b"\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "UInt(18446744073709551614)"),
            (MYSQL_TYPE_LONGLONG, 0x80, b"\x01\0\0\0\0\0\0\0", "Int(1)"),
            (MYSQL_TYPE_DOUBLE, 0, b"\0\0\0\0\0\0\xF8\x3F", "Double(1.5)"),
            (MYSQL_TYPE_FLOAT, 0, b"\0\0\xC0\x3F", "Double(1.5)"),
            (MYSQL_TYPE_NEWDECIMAL, 0, b"\x06-12.50", "Decimal([45, 49, 50, 46, 53, 48])"),
            (MYSQL_TYPE_NEWDECIMAL, 0, b"\x031e5", "Unknown"),
            (MYSQL_TYPE_NEWDECIMAL, 0, b"\x021.", "Unknown"),
            (MYSQL_TYPE_VAR_STRING, 0, b"\x01a", "Text { bytes: [97], charset: Utf8 }"),
            (MYSQL_TYPE_BLOB, 0, b"\x01a", "Binary([97])"),
            (MYSQL_TYPE_DATE, 0, b"\x04\xE8\x07\x01\x02", "Temporal([50, 48, 50, 52, 45, 48, 49, 45, 48, 50])"),
            (MYSQL_TYPE_DATE, 0, b"\x00", "Unknown"),
            (
                MYSQL_TYPE_DATETIME,
                0,
                b"\x04\xE8\x07\x01\x02",
                "Temporal([50, 48, 50, 52, 45, 48, 49, 45, 48, 50, 32, 48, 48, 58, 48, 48, 58, 48, 48])",
            ),
            (
                MYSQL_TYPE_TIMESTAMP,
                0,
                b"\x07\xE8\x07\x01\x02\x03\x04\x05",
                "Temporal([50, 48, 50, 52, 45, 48, 49, 45, 48, 50, 32, 48, 51, 58, 48, 52, 58, 48, 53])",
            ),
            (MYSQL_TYPE_TIME, 0, b"\x00", "Unknown"),
            (MYSQL_TYPE_YEAR, 0, b"\xE8\x07", "Unknown"),
            (MYSQL_TYPE_NULL, 0, b"", "Null"),
        ];
        for (code, flags, bytes, wanted) in cases {
            assert_eq!(one(*code, *flags, bytes).unwrap(), *wanted, "{code:?}");
            if !bytes.is_empty() {
                assert!(one(*code, *flags, &bytes[..bytes.len() - 1]).is_err(), "{code:?} cut short");
            }
            assert!(one(*code, *flags, &[*bytes, b"x"].concat()).is_err(), "{code:?} with a tail");
        }
        assert!(one(MYSQL_TYPE_DATE, 0, b"\x05\0\0\0\0\0").is_err());
        assert!(one(MYSQL_TYPE_STRING, 0, b"\xFB").is_err());
        assert!(read(&[0, 1, 0x20, 0], 1).is_err(), "an unknown type");
    }

    #[test]
    fn types_are_remembered() {
        let mut arguments = Arguments::default();
        let first = body(b"\x00\x01\x03\x00\x05\0\0\0");
        let second = body(b"\x00\x00\x06\0\0\0");
        assert_eq!(arguments.read(&second, 1, |_| false), Err(WireError::Malformed("parameters without types")));
        arguments.read(&first, 1, |_| false).unwrap();
        assert!(arguments.types_came());
        arguments.read(&second, 1, |_| false).unwrap();
        assert!(!arguments.types_came());
        assert_eq!(arguments.value(0, &second, Charset::Utf8), Value::Int(6));
        assert_eq!(arguments.value(1, &second, Charset::Utf8), Value::Unknown);
        assert!(arguments.read(&second, 2, |_| false).is_err(), "types of another number of parameters");
        assert!(arguments.read(&second, 1, |_| false).is_err(), "an error forgets the types");
    }

    #[test]
    fn kinds_tell_what_mysql_tells_apart() {
        let mut arguments = Arguments::default();
        let mut kinds = |types: &[u8]| {
            let rest = [&[0xFF, 1][..], types].concat();
            arguments.read(&body(&rest), types.len() as u16 / 2, |_| false).unwrap();
            arguments.kinds((0..types.len() as u16 / 2).map(Given::Own))
        };
        let text = kinds(&[0xFD, 0, 3, 0]);
        assert_eq!(kinds(&[0xFE, 0, 8, 0]), text, "widths do not matter");
        assert_eq!(kinds(&[6, 0, 1, 0]), text, "NULL is what was there before");
        assert_ne!(kinds(&[0xFD, 0, 8, 0x80]), text, "signs do");
        assert_ne!(kinds(&[0xFC, 0, 8, 0]), text, "so do bytes and texts");
        assert_ne!(kinds(&[8, 0, 0xFD, 0]), text, "and places");
        assert_ne!(text.with_cursor(), text);
        let many = |last: u8| Kinds::of((0..40).map(|place| if place == 39 { last } else { 1 }));
        assert_ne!(many(1), many(10));
    }

    #[test]
    fn long_data_has_no_value_here() {
        let mut arguments = Arguments::default();
        let body = body(b"\x01\x01\xFC\x00\x03\x00\x05\0\0\0");
        arguments.read(&body, 2, |index| index == 0).unwrap();
        assert_eq!(arguments.value(0, &body, Charset::Utf8), Value::Unknown);
        assert_eq!(arguments.value(1, &body, Charset::Utf8), Value::Int(5));
        let mut out = Vec::new();
        arguments.write(&body, [1, 0].into_iter(), 9, 0, &mut out).unwrap();
        assert_eq!(out, b"\x17\x09\0\0\0\x00\x01\0\0\0\x00\x01\x03\x00\xFC\x00\x05\0\0\0");
    }

    #[test]
    fn some_arguments_in_another_order() {
        let mut arguments = Arguments::default();
        // 5, NULL, 'ab', unsigned 1
        let body = body(b"\x02\x01\x03\x00\x03\x00\xFD\x00\x01\x80\x05\0\0\0\x02ab\x01");
        arguments.read(&body, 4, |_| false).unwrap();
        let mut out = Vec::new();
        arguments.write_given(&body, [Given::Number(7), Given::Own(1)].into_iter(), 9, 0, &mut out).unwrap();
        assert_eq!(out, b"\x17\x09\0\0\0\0\x01\0\0\0\x02\x01\x08\x80\x03\x00\x07\0\0\0\0\0\0\0");
        out.clear();
        arguments.write(&body, [3, 1, 2, 2].into_iter(), 9, 1, &mut out).unwrap();
        assert_eq!(out, b"\x17\x09\0\0\0\x01\x01\0\0\0\x02\x01\x01\x80\x03\x00\xFD\x00\xFD\x00\x01\x02ab\x02ab");
        assert!(arguments.write(&body, [4].into_iter(), 9, 0, &mut out).is_err());
        set_statement_id(&mut out, 0x0A0B).unwrap();
        assert_eq!(out[..6], [0x17, 0x0B, 0x0A, 0, 0, 1]);
        assert!(set_statement_id(&mut out[..4], 1).is_err());
    }

    #[test]
    fn no_parameters() {
        let mut arguments = Arguments::default();
        let cursor = b"\x07\0\0\0\x01\x01\0\0\0";
        assert!(arguments.read(cursor, 0, |_| false).unwrap().wants_cursor());
        let mut out = Vec::new();
        arguments.write(cursor, [].into_iter(), 8, 0, &mut out).unwrap();
        assert_eq!(out, b"\x17\x08\0\0\0\0\x01\0\0\0");
        assert!(arguments.read(&cursor[..8], 0, |_| false).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(rest in prop::collection::vec(any::<u8>(), 0..60), params in 0u16..12, typed in any::<bool>()) {
            let mut body = body(&rest);
            if typed {
                // Past the bitmap, so that types and values are reached more often.
                let flag = HEAD.len() + usize::from(params).div_ceil(8);
                if let Some(byte) = body.get_mut(flag) {
                    *byte = 1;
                }
            }
            let mut arguments = Arguments::default();
            if arguments.read(&body, params, |i| i % 5 == 4).is_ok() {
                for index in 0..=params {
                    let _ = arguments.value(index, &body, Charset::Utf8);
                }
                let mut out = Vec::new();
                let all: Vec<u16> = (0..params).collect();
                arguments.write(&body, all.iter().copied(), 7, 0, &mut out).unwrap();
                let mut again = Arguments::default();
                again.read(&out[1..], params, |i| i % 5 == 4).unwrap();
                for index in 0..params {
                    let (a, b) = (arguments.value(index, &body, Charset::Utf8), again.value(index, &out[1..], Charset::Utf8));
                    prop_assert_eq!(format!("{a:?}"), format!("{b:?}"));
                }
            }
        }
    }
}
