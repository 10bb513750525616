//! A file on its way to the servers that load it: in pieces, through a queue for each server. A server that is slow slows
//! down who sends, so that no more of the file is held than fits the queues.

use tokio::sync::{mpsc, oneshot};

use super::failure::Failure;
use crate::backend::answer::Answer;
use crate::backend::connection::Connection;
use crate::backend::interrupt::{Interrupt, Limit};
use crate::wire::packet::{HEADER_LEN, MAX_PAYLOAD};

/// Pieces that wait for a server.
const QUEUE: usize = 4;
/// A piece is sent when it has so many bytes, or more by one line.
pub const PIECE: usize = 128 * 1024;

/// Where the file goes in.
#[derive(Debug)]
pub struct Inlet {
    pieces: mpsc::Sender<Piece>,
    asked: Option<oneshot::Receiver<Limit>>,
    filled: Vec<u8>,
    /// How long the server may take for a piece; `None`: it wants no more of the file.
    patience: Option<Limit>,
}

/// What a server loads.
#[derive(Debug)]
pub struct Intake {
    /// LOAD DATA LOCAL.
    pub text: Vec<u8>,
    /// What the server calls the file.
    pub name: Vec<u8>,
    pieces: mpsc::Receiver<Piece>,
    asks: Option<oneshot::Sender<Limit>>,
}

#[derive(Debug)]
enum Piece {
    /// Whole lines, behind room for a packet's header.
    Lines(Vec<u8>),
    End,
    /// Something is wrong with the file: what the server has loaded so far must not stay.
    Refused(Failure),
}

/// The two ends of a file's way to one server.
pub fn feed(text: Vec<u8>, name: Vec<u8>) -> (Inlet, Intake) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let (asks, asked) = oneshot::channel();
    let inlet = Inlet { pieces: sender, asked: Some(asked), filled: vec![0; HEADER_LEN], patience: None };
    (inlet, Intake { text, name, pieces: receiver, asks: Some(asks) })
}

impl Inlet {
    /// Waits until the server asks for the file; false if it does not.
    pub async fn is_wanted(&mut self) -> bool {
        if let Some(asked) = self.asked.take() {
            self.patience = asked.await.ok();
        }
        self.patience.is_some()
    }

    /// More lines. They are sent when there are enough of them.
    pub async fn put(&mut self, lines: &[u8], interrupt: &Interrupt) {
        let mut rest = lines;
        // One line may be longer than a packet.
        while self.filled.len() + rest.len() > MAX_PAYLOAD {
            let (now, later) = rest.split_at(PIECE.min(rest.len()));
            self.filled.extend_from_slice(now);
            rest = later;
            self.send(interrupt).await;
        }
        self.filled.extend_from_slice(rest);
        if self.filled.len() >= PIECE {
            self.send(interrupt).await;
        }
    }

    async fn send(&mut self, interrupt: &Interrupt) {
        let lines = std::mem::replace(&mut self.filled, Vec::with_capacity(PIECE + HEADER_LEN));
        self.filled.resize(HEADER_LEN, 0);
        if lines.len() > HEADER_LEN {
            self.push(Piece::Lines(lines), interrupt).await;
        }
    }

    async fn push(&mut self, piece: Piece, interrupt: &Interrupt) {
        if let Some(patience) = self.patience {
            interrupt.arm(patience);
        }
        if self.pieces.send(piece).await.is_err() {
            self.patience = None;
        }
    }

    /// Whether the server still reads.
    pub fn is_open(&self) -> bool {
        !self.pieces.is_closed()
    }

    /// The file is complete.
    pub async fn end(mut self, interrupt: &Interrupt) {
        self.send(interrupt).await;
        self.push(Piece::End, interrupt).await;
    }

    /// The file cannot be loaded.
    pub async fn refuse(mut self, failure: Failure, interrupt: &Interrupt) {
        self.push(Piece::Refused(failure), interrupt).await;
    }
}

/// Tells the server to load the file, and passes on what comes of it.
pub async fn load(connection: &mut Connection, intake: &mut Intake, interrupt: &Interrupt) -> Result<Answer, Failure> {
    if let Some(answer) = connection.begin_load(&intake.text, &intake.name, interrupt).await? {
        // Who would send the file waits to be asked for it.
        intake.asks = None;
        intake.pieces.close();
        return Ok(answer);
    }
    if let Some(asks) = intake.asks.take() {
        // Nobody waits any more only if the statement has ended.
        let _ = asks.send(connection.response_timeout());
    }
    let mut refused = None;
    while let Some(piece) = intake.pieces.recv().await {
        match piece {
            Piece::Lines(mut lines) => connection.send_part(&mut lines, interrupt).await?,
            Piece::End => break,
            Piece::Refused(failure) => {
                refused = Some(failure);
                break;
            }
        }
    }
    // A server cannot be told that the file is bad: it ends early, and what came of it is taken back.
    let answer = connection.end_file(interrupt).await?;
    match refused {
        Some(failure) => Err(failure),
        None => Ok(answer),
    }
}
