//! SET of user variables whose values are read on several shards, or of `information_schema`: the query that computes them
//! (`plan::assigned`) is run as if the client had sent it, and answered as SET is.

use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use super::error::ClientMessage;
use super::session::Session;
use crate::sql::control::SetSelected;
use crate::wire::packet::HEADER_LEN;
use crate::wire::response::{ErrPacket, OkPacket};
use crate::wire::walker::{PacketKind, ResultWalker};

impl Session {
    pub(super) async fn set_selected(&mut self, set: &SetSelected, more_follows: bool) -> Result<(), ClientMessage> {
        let found_rows = self.last.found_rows;
        let plan = self.plan_or_probe(&set.query).await?;
        let done = self.answer_aside(&plan, &set.query, error_in).await;
        let values: Vec<_> = set.variables.iter().map(|(own, name)| (name, self.user_variables.take(own))).collect();
        if let Some(refused) = done? {
            return Err(refused);
        }
        values.into_iter().for_each(|(name, value)| self.user_variables.set(name, value));
        self.last.row_count = 0;
        // For MariaDB (10.11) the row of a subquery was found.
        self.last.found_rows = if self.mode.mariadb { 1 } else { found_rows };
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
