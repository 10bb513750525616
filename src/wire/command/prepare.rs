//! The first packet of the answer to COM_STMT_PREPARE.

use crate::wire::WireError;
use crate::wire::reader::Reader;
use crate::wire::response::OK;
use crate::wire::writer::Put;

/// What the server made of a statement. Definitions of parameters, then of columns, follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrepareOk {
    pub statement_id: u32,
    pub columns: u16,
    pub params: u16,
    pub warnings: u16,
}

impl PrepareOk {
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        if reader.u8("PREPARE_OK")? != OK {
            return Err(WireError::Malformed("PREPARE_OK"));
        }
        let statement_id = reader.u32("statement id")?;
        let columns = reader.u16("number of columns")?;
        let params = reader.u16("number of parameters")?;
        reader.skip(1, "PREPARE_OK")?;
        let warnings = if reader.is_empty() { 0 } else { reader.u16("warnings")? };
        Ok(Self { statement_id, columns, params, warnings })
    }

    /// Appends the payload.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_u8(OK);
        out.put_u32(self.statement_id);
        out.put_u16(self.columns);
        out.put_u16(self.params);
        out.put_u8(0);
        out.put_u16(self.warnings);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(payload in prop::collection::vec(any::<u8>(), 0..20)) {
            let _ = PrepareOk::parse(&payload);
        }

        #[test]
        fn answers_come_back(statement_id in any::<u32>(), columns in any::<u16>(), params in any::<u16>(), warnings in any::<u16>()) {
            let ok = PrepareOk { statement_id, columns, params, warnings };
            let mut out = Vec::new();
            ok.write(&mut out);
            prop_assert_eq!(out.len(), 12);
            prop_assert_eq!(PrepareOk::parse(&out).unwrap(), ok);
        }
    }
}
