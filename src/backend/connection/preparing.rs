//! COM_STMT_PREPARE: the server's description of a statement, whole even where the server counts more than it describes.

use std::time::Duration;

use mysql_common::constants::Command;

use super::{Connection, Watch};
use crate::backend::answer::Answer;
use crate::backend::buffer::Buffer;
use crate::backend::error::Error;
use crate::backend::interrupt::Interrupt;
use crate::wire::WireError;
use crate::wire::command;
use crate::wire::packet::{self, HEADER_LEN};
use crate::wire::response::OK;
use crate::wire::walker::{AnswerKind, ResultWalker, State};

/// How long a server that has begun to describe a statement may be silent before it is asked whether that was all.
const PAUSE: Duration = Duration::from_millis(500);

impl Connection {
    /// Prepares a statement. The answer may be an error.
    pub async fn prepare(&mut self, text: &[u8], interrupt: &Interrupt) -> Result<Answer, Error> {
        self.send_command(&[&[Command::COM_STMT_PREPARE as u8], text].concat(), interrupt).await?;
        if self.version.mariadb {
            return self.collect(AnswerKind::Prepare, Some(interrupt)).await;
        }
        let (mut bytes, mut buffer) = (Vec::new(), Buffer::default());
        loop {
            let mut watch = Watch { interrupt, client: None };
            match tokio::time::timeout(PAUSE, self.read(&mut buffer, &mut watch)).await {
                Ok(read) => read?,
                // It still works on it.
                Err(_) if bytes.is_empty() => continue,
                Err(_) => {
                    self.read_to_pong(&mut bytes, interrupt).await?;
                    let whole = command::completed(payloads(&bytes));
                    bytes = whole.ok_or_else(|| self.protocol(WireError::Malformed("answer to COM_STMT_PREPARE")))?;
                }
            }
            bytes.extend_from_slice(buffer.filled());
            buffer.consume(buffer.filled().len());
            if let Some(answer) = self.whole(&bytes)? {
                self.answered();
                return Ok(answer);
            }
        }
    }

    /// Reads what is left of an answer, which ends where the answer to a ping begins.
    async fn read_to_pong(&mut self, bytes: &mut Vec<u8>, interrupt: &Interrupt) -> Result<(), Error> {
        self.send_command(&[Command::COM_PING as u8], interrupt).await?;
        let mut buffer = Buffer::default();
        loop {
            self.read(&mut buffer, &mut Watch { interrupt, client: None }).await?;
            bytes.extend_from_slice(buffer.filled());
            buffer.consume(buffer.filled().len());
            // No definition begins so.
            let last = payloads(bytes).skip(1).find(|payload| payload.first() == Some(&OK)).map(<[u8]>::len);
            if let Some(len) = last {
                bytes.truncate(bytes.len() - HEADER_LEN - len);
                return Ok(());
            }
        }
    }

    fn whole(&mut self, bytes: &[u8]) -> Result<Option<Answer>, Error> {
        let mut walker = ResultWalker::new(AnswerKind::Prepare, self.deprecate_eof()).starting_at(self.answer_seq);
        let progress = walker.walk(bytes).map_err(|source| self.protocol(source))?;
        if progress.state != State::Complete {
            return Ok(None);
        }
        let mut answer = Answer::default();
        answer.extend(bytes).map_err(|source| self.protocol(source))?;
        answer.finish(&walker);
        Ok(Some(answer))
    }
}

/// Of the whole packets.
fn payloads(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let header = packet::parse_header(rest)?;
        let payload = rest.get(HEADER_LEN..HEADER_LEN + header.len as usize)?;
        rest = &rest[HEADER_LEN + payload.len()..];
        Some(payload)
    })
}
