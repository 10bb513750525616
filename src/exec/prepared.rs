//! Prepared statements on the servers: each is prepared on a connection when it is first executed there.

use super::failure::Failure;
use crate::backend::answer::Answer;
use crate::backend::connection::{Connection, Watch};
use crate::backend::interrupt::Interrupt;
use crate::wire::WireError;
use crate::wire::command::{Command, Kinds, PrepareOk, set_statement_id};
use crate::wire::packet;
use crate::wire::walker::AnswerKind;

/// Long data is sent in such pieces: with what a packet has beside it, each is less than `max_allowed_packet` (1 MiB at least).
/// It is the server that says what is too long as a whole.
const PIECE: usize = 512 * 1024;

/// One execution on one shard.
#[derive(Debug, Clone)]
pub struct Execution {
    /// The statement's text on the shard.
    pub text: Vec<u8>,
    pub kinds: Kinds,
    /// The COM_STMT_EXECUTE payload; its statement id is put in when the shard's is known.
    pub payload: Vec<u8>,
    /// Values of parameters that are sent ahead, by position.
    pub long_data: Vec<(u16, Vec<u8>)>,
}

impl Execution {
    /// Bytes that it occupies.
    pub fn size(&self) -> usize {
        self.text.len() + self.payload.len() + self.long_data.iter().map(|(_, data)| data.len()).sum::<usize>()
    }
}

/// The server's id of the statement on this connection for such parameters, preparing it first where it must be.
pub async fn ensure(
    connection: &mut Connection,
    text: &[u8],
    kinds: Kinds,
    interrupt: &Interrupt,
) -> Result<u32, Failure> {
    if let Some(id) = connection.known_statement(text, kinds) {
        return Ok(id);
    }
    let answer = Box::pin(prepare(connection, text, interrupt)).await?;
    if let Some(error) = answer.error() {
        return Err(error.into());
    }
    connection.known_statement(text, kinds).ok_or_else(|| {
        let source = WireError::Malformed("answer to COM_STMT_PREPARE");
        Failure::Backend(connection.protocol(source))
    })
}

/// Prepares the statement on this connection and returns the server's answer, which may be an error.
pub async fn prepare(connection: &mut Connection, text: &[u8], interrupt: &Interrupt) -> Result<Answer, Failure> {
    close_stale(connection, interrupt).await?;
    let answer = connection.prepare(text, interrupt).await?;
    if answer.error().is_none() {
        let first = answer.payloads().next().unwrap_or_default();
        let ok = PrepareOk::parse(first).map_err(|source| connection.protocol(source))?;
        connection.remember_statement(text, ok.statement_id);
    }
    Ok(answer)
}

/// Tells the server of statements that fell out of the connection's cache. There is no answer to wait for.
async fn close_stale(connection: &mut Connection, interrupt: &Interrupt) -> Result<(), Failure> {
    for id in connection.statements.take_stale() {
        let mut payload = Vec::new();
        Command::StmtClose(id).write(&mut payload);
        send_unanswered(connection, &payload, interrupt).await?;
    }
    Ok(())
}

async fn send_unanswered(connection: &mut Connection, payload: &[u8], interrupt: &Interrupt) -> Result<(), Failure> {
    let mut framed = Vec::with_capacity(payload.len() + packet::HEADER_LEN);
    packet::write_packet(&mut framed, &mut 0, payload);
    connection.send(&framed, &mut Watch { interrupt, client: None }).await?;
    connection.answered();
    Ok(())
}

/// Sends parameters that came by COM_STMT_SEND_LONG_DATA.
pub async fn send_long_data(
    connection: &mut Connection,
    statement_id: u32,
    long_data: &[(u16, Vec<u8>)],
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    for (param, data) in long_data {
        // An empty one must be sent, too: else the value would be looked for in the execution.
        let pieces = data.chunks(PIECE).chain(data.is_empty().then_some(&[][..]));
        for data in pieces {
            let mut payload = Vec::with_capacity(data.len() + 8);
            Command::StmtSendLongData { statement_id, param: *param, data }.write(&mut payload);
            send_unanswered(connection, &payload, interrupt).await?;
        }
    }
    Ok(())
}

/// Brings one execution to the server; its answer is the caller's to read.
pub async fn send(connection: &mut Connection, execution: &Execution, watch: &mut Watch<'_>) -> Result<(), Failure> {
    let id = ensure(connection, &execution.text, execution.kinds, watch.interrupt).await?;
    send_long_data(connection, id, &execution.long_data, watch.interrupt).await?;
    let mut payload = execution.payload.clone();
    set_statement_id(&mut payload, id).map_err(|source| connection.protocol(source))?;
    let mut framed = Vec::with_capacity(payload.len() + packet::HEADER_LEN);
    packet::write_packet(&mut framed, &mut 0, &payload);
    Ok(connection.send(&framed, watch).await?)
}

/// Runs one execution whose answer is small.
pub async fn execute_collected(
    connection: &mut Connection,
    execution: &Execution,
    interrupt: &Interrupt,
) -> Result<Answer, Failure> {
    send(connection, execution, &mut Watch { interrupt, client: None }).await?;
    let kind = AnswerKind::Execute { cursor: false };
    Ok(connection.collect(kind, Some(interrupt)).await?)
}
