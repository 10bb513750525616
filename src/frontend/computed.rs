//! SET of user variables, and DO, for which several shards are read, or `information_schema`: the query that computes the values
//! (`plan::computed`) is run as if the client had sent it, and answered as SET and DO are.

use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use super::error::ClientMessage;
use super::session::Session;
use crate::sql::control::Computed;
use crate::wire::packet::HEADER_LEN;
use crate::wire::response::{ErrPacket, OkPacket};
use crate::wire::walker::{PacketKind, ResultWalker};

/// A subquery has several rows, a number is out of range.
const OF_VALUES: [u16; 2] = [1242, 1690];

impl Session {
    pub(super) async fn compute(&mut self, computed: &Computed, more_follows: bool) -> Result<(), ClientMessage> {
        let found_rows = self.last.found_rows;
        let plan = self.plan_or_probe(&computed.query).await?;
        let done = self.answer_aside(&plan, &computed.query, error_in).await;
        let values: Vec<_> =
            computed.variables.iter().map(|(own, name)| (name, self.user_variables.take(own))).collect();
        let is_do = computed.variables.is_empty();
        // MariaDB (10.11) only warns of what DO cannot compute.
        let is_noted = |refused: &ClientMessage| is_do && self.mode.mariadb && OF_VALUES.contains(&refused.code.number);
        if let Some(refused) = done?.filter(|refused| !is_noted(refused)) {
            return Err(refused);
        }
        values.into_iter().for_each(|(name, value)| self.user_variables.set(name, value));
        (self.last.failed, self.last.row_count) = (false, 0);
        // The row of the values counts for DO, and for MariaDB (10.11) that of a subquery for SET.
        self.last.found_rows = if is_do || self.mode.mariadb { 1 } else { found_rows };
        let warnings = u16::try_from(self.diagnostics.warning_count).unwrap_or(u16::MAX);
        self.send_ok(OkPacket { warnings, ..OkPacket::default() }, more_follows).await
    }
}

/// Reads to the end of the stream: the error in it, if there is one.
async fn error_in(mut reader: UnixStream, mut walker: ResultWalker) -> Option<ClientMessage> {
    let (mut unread, mut refused) = (Vec::new(), None);
    while let Ok(1..) = reader.read_buf(&mut unread).await {
        let mut at = 0;
        while let Ok(Some(packet)) = walker.next_packet(&unread[at..]) {
            at += HEADER_LEN + packet.payload.len();
            if packet.kind == PacketKind::Err {
                refused = ErrPacket::parse(packet.payload).ok().map(ClientMessage::from);
            }
        }
        unread.drain(..at);
    }
    refused
}
