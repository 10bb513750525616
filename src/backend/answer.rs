//! A small answer, collected whole: what ShardGate's own statements need. Answers to clients are relayed instead.

use std::sync::Arc;

use super::error::{Error, ServerName};
use crate::wire::WireError;
use crate::wire::column::ColumnDefinition;
use crate::wire::command::PrepareOk;
use crate::wire::packet::{HEADER_LEN, parse_header};
use crate::wire::response::{ErrPacket, OkPacket};
use crate::wire::walker::{ResultWalker, Summary};

/// The largest answer that is collected, in bytes.
const LIMIT: usize = 16 * 1024 * 1024;

/// The packets of one answer.
#[derive(Debug, Default)]
pub struct Answer {
    packets: Vec<u8>,
    /// How it ended.
    pub summary: Summary,
}

impl Answer {
    pub(super) fn extend(&mut self, bytes: &[u8]) -> Result<(), WireError> {
        if self.packets.len() + bytes.len() > LIMIT {
            return Err(WireError::PacketTooLarge { limit: LIMIT });
        }
        self.packets.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn finish(&mut self, walker: &ResultWalker) {
        self.summary = *walker.summary();
    }

    /// The payloads in order. (None of them is long enough to be continued: see `LIMIT`.)
    pub fn payloads(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.packets.as_slice();
        std::iter::from_fn(move || {
            let header = parse_header(rest)?;
            let end = HEADER_LEN + header.len as usize;
            let payload = rest.get(HEADER_LEN..end)?;
            rest = &rest[end..];
            Some(payload)
        })
    }

    /// The columns and the rows (as payloads) of a result set; none where the answer is something else.
    pub fn table(&self) -> (Vec<ColumnDefinition<'_>>, Vec<&[u8]>) {
        if !self.summary.has_rows {
            return (Vec::new(), Vec::new());
        }
        let mut payloads = self.payloads();
        let count = payloads.next().and_then(|payload| payload.first().copied()).unwrap_or_default();
        let columns = payloads.by_ref().take(usize::from(count));
        let columns = columns.filter_map(|payload| ColumnDefinition::parse(payload).ok()).collect();
        let rows = usize::try_from(self.summary.rows).unwrap_or(usize::MAX);
        // Without DEPRECATE_EOF an EOF stands between definitions and rows, and one follows the rows.
        let rest: Vec<_> = payloads.collect();
        let before = rest.len().saturating_sub(rows + 1);
        (columns, rest.into_iter().skip(before).take(rows).collect())
    }

    /// The payloads of a result set's column definitions.
    pub fn definitions(&self) -> impl Iterator<Item = &[u8]> {
        let mut payloads = self.payloads();
        let count = payloads.next().filter(|_| self.summary.has_rows).and_then(|payload| payload.first().copied());
        payloads.take(usize::from(count.unwrap_or_default()))
    }

    /// The server's id of the statement, where the answer is one to COM_STMT_PREPARE.
    pub fn prepared_id(&self) -> Option<u32> {
        let first = self.payloads().next()?;
        PrepareOk::parse(first).ok().map(|ok| ok.statement_id)
    }

    /// The server's error, if the answer is one.
    pub fn error(&self) -> Option<ErrPacket<'_>> {
        self.summary.error?;
        self.payloads().last().and_then(|payload| ErrPacket::parse(payload).ok())
    }

    /// The OK packet that ends the answer, where it is one.
    pub fn ok(&self, session_track: bool) -> Option<OkPacket<'_>> {
        self.payloads().last().and_then(|payload| OkPacket::parse(payload, session_track).ok())
    }

    pub fn expect_ok(&self, server: &Arc<ServerName>, what: &'static str) -> Result<(), Error> {
        match self.error() {
            None => Ok(()),
            Some(error) => Err(Error::Refused {
                server: Arc::clone(server),
                what,
                code: error.code,
                message: String::from_utf8_lossy(error.message).into_owned(),
            }),
        }
    }
}
