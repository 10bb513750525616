//! The short way of a command: a statement that one shard answers as it is, on a connection that is free, with an
//! answer that comes in one piece and is taken at once. Most statements are such.
//!
//! All of it is one function that is polled, `poll_short_way`, and allocates nothing. An async function for each step
//! would be clearer, but is a state machine that must be entered anew at each wake-up; together they cost more than what
//! they do. What turns out to be longer leaves as a `Turn`, and goes on in async functions from where it is.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::client::{ClientError, Packet};
use super::commands::{QUERY, STMT_EXECUTE};
use super::error::ClientMessage;
use super::session::{Flow, Session};
use crate::backend::buffer::{Buffer, Scratch};
use crate::backend::connection::Watch;
use crate::backend::error::Error;
use crate::exec::failure::Failure;
use crate::exec::links::{Link, Side};
use crate::exec::prepared;
use crate::exec::relay::Relay;
use crate::plan::Plan;
use crate::sharding::ShardId;
use crate::wire::command::{Kinds, set_statement_id};
use crate::wire::packet;
use crate::wire::walker::{AnswerKind, Summary};

/// How a statement that one shard answers as it is gets there.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) plan: Arc<Plan>,
    pub(super) shard: ShardId,
    pub(super) side: Side,
    pub(super) order: Order,
}

/// What is sent.
#[derive(Debug)]
pub(super) enum Order {
    /// COM_QUERY. `altered`: the command as the shard must get it; empty where that is the packet as it came.
    Text { altered: Scratch },
    /// COM_STMT_EXECUTE. `framed`: the command, but for the server's id of the statement; `altered`: the statement's
    /// text on the shard; empty where that is `text`.
    Execute { text: Arc<[u8]>, altered: Scratch, kinds: Kinds, framed: Scratch },
}

/// A command with its way.
#[derive(Debug)]
pub(super) struct Errand {
    way: Way,
    packet: Packet,
}

impl Errand {
    /// The statement as the client wrote it.
    fn sql(&self) -> &[u8] {
        match &self.way.order {
            Order::Text { .. } => &self.packet.payload()[1..],
            Order::Execute { text, .. } => text,
        }
    }

    fn framed(&self) -> &[u8] {
        match &self.way.order {
            Order::Text { altered } if altered.is_empty() => self.packet.framed().unwrap_or_default(),
            Order::Text { altered } => altered,
            Order::Execute { framed, .. } => framed,
        }
    }

    fn answer_kind(&self) -> AnswerKind {
        match self.way.order {
            Order::Text { .. } => AnswerKind::Query,
            Order::Execute { .. } => AnswerKind::Execute { cursor: false },
        }
    }

    /// The text that must be prepared on a connection before, and what for.
    fn prepared_text(&self) -> Option<(&[u8], Kinds)> {
        match &self.way.order {
            Order::Text { .. } => None,
            Order::Execute { text, altered, kinds, .. } if altered.is_empty() => Some((text, *kinds)),
            Order::Execute { altered, kinds, .. } => Some((altered, *kinds)),
        }
    }

    /// The packet's buffer, where it is of no use any more: the answer may have it.
    fn spare_buffer(&mut self) -> Buffer {
        match (&self.way.order, &mut self.packet) {
            (Order::Execute { .. }, Packet::Buffered(buffer)) => {
                let mut spare = std::mem::take(buffer);
                spare.clear();
                spare
            }
            _ => Buffer::default(),
        }
    }

    /// Puts in the id that the server has given to `prepared_text`.
    fn set_statement_id(&mut self, id: u32) {
        if let Order::Execute { framed, .. } = &mut self.way.order {
            let payload = &mut framed[packet::HEADER_LEN..];
            set_statement_id(payload, id).expect("a command that was made here has room for the id");
        }
    }
}

/// A command under way.
#[derive(Debug)]
pub(super) struct Running {
    errand: Errand,
    /// `None` once it has gone back, behind the answer.
    link: Option<Link>,
    /// Bytes of the command that are sent.
    sent: usize,
    relay: Relay,
}

/// Why an answer does not come.
#[derive(Debug)]
pub(super) enum Stop {
    Reading(Error),
    Relaying(Failure),
}

/// Where the short way ends.
#[derive(Debug)]
pub(super) enum Turn {
    /// A command that has no short way.
    Command(Packet),
    /// It must wait for a connection, or for one to be made ready.
    Obtain(Errand),
    /// Sending or relaying goes on; or reading the answer was ended by this error.
    Continue(Running, Option<Error>),
    /// The answer is with the client and the session must do more, or it failed.
    Ended(Running, Result<Summary, Failure>),
    Refused(ClientMessage),
    /// The client sent no command.
    NoCommand(ClientError),
}

impl Session {
    /// Takes commands and answers them, until something takes longer.
    pub(super) fn poll_short_way(&mut self, cx: &mut Context<'_>, running: &mut Option<Running>) -> Poll<Turn> {
        // What was not there a moment ago is looked for only after the next wake-up.
        let mut woken = true;
        loop {
            if let Some(current) = running {
                let Poll::Ready(answer) = self.poll_answer(cx, current, woken) else {
                    if self.interrupt.is_long() {
                        self.show(&current.errand);
                    }
                    return Poll::Pending;
                };
                if !matches!(answer, Ok(true)) || !self.wind_up(current) {
                    return leave(running, answer);
                }
                *running = None;
                self.await_command();
                woken = false;
            }
            let packet = match ready!(self.client.poll_packet(cx, &self.interrupt, woken)) {
                Ok(packet) => packet,
                Err(error) => return Poll::Ready(Turn::NoCommand(error)),
            };
            if let Err(turn) = self.set_out(packet, running) {
                return Poll::Ready(*turn);
            }
            woken = false;
        }
    }

    /// What is waited for next is a command.
    pub(super) fn await_command(&mut self) {
        self.registered.entry.activity.end(self.now_ms());
        self.client.expect_command();
        self.interrupt.waits_for_none();
        self.interrupt.arm(self.idle_timeout);
    }

    /// Finds the command's way and sends it off. A function apart: the other half of `poll_short_way`, which runs as often,
    /// should not set up what only this one needs.
    #[inline(never)]
    fn set_out(&mut self, packet: Packet, running: &mut Option<Running>) -> Result<(), Box<Turn>> {
        self.interrupt.begin_statement();
        self.turn = self.turn.wrapping_add(1);
        let way = match packet.payload() {
            [QUERY, sql @ ..] => self.query_way(sql, packet.framed().is_some()),
            [STMT_EXECUTE, body @ ..] => self.execute_way(body),
            _ => None,
        };
        let Some(way) = way else { return Err(Box::new(Turn::Command(packet))) };
        let link = self.obtain_now(way.shard, way.side);
        let mut errand = Errand { way, packet };
        let mut link = match link {
            Ok(Some(link)) => link,
            Ok(None) => return Err(Box::new(Turn::Obtain(errand))),
            Err(message) => return Err(Box::new(Turn::Refused(message))),
        };
        if let Some((text, kinds)) = errand.prepared_text() {
            let Some(id) = link.lease.known_statement(text, kinds) else {
                self.links.put(link);
                return Err(Box::new(Turn::Obtain(errand)));
            };
            errand.set_statement_id(id);
        }
        self.send_off(errand, link, running)
    }

    /// Sends the command, as far as the server takes it at once. Always inlined: what is moved here is large.
    #[inline(always)]
    fn send_off(&self, mut errand: Errand, mut link: Link, running: &mut Option<Running>) -> Result<(), Box<Turn>> {
        let framed = errand.framed();
        let began = link.lease.begin_send(framed, &self.interrupt);
        let is_sent = matches!(began, Ok(sent) if sent == framed.len());
        let sent = *began.as_ref().unwrap_or(&0);
        let buffer = errand.spare_buffer();
        let relay = Relay::new(errand.answer_kind(), &link.lease, self.client.seq, buffer);
        *running = Some(Running { errand, link: Some(link), sent, relay });
        if is_sent {
            return Ok(());
        }
        match (running.take(), began) {
            (Some(begun), Err(error)) => Err(Box::new(Turn::Ended(begun, Err(error.into())))),
            (Some(begun), Ok(_)) => Err(Box::new(Turn::Continue(begun, None))),
            (None, _) => Ok(()),
        }
    }

    /// True when the answer is complete; false when there is more to read, or to send.
    fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
        running: &mut Running,
        woken: bool,
    ) -> Poll<Result<bool, Box<Stop>>> {
        let Running { errand: Errand { way, .. }, link, relay, .. } = running;
        let Some(link) = link else { return Poll::Ready(Ok(false)) };
        let mut watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
        if let Err(error) = ready!(relay.poll_first_read(cx, &mut link.lease, &mut watch, woken)) {
            return Poll::Ready(Err(Box::new(Stop::Reading(error))));
        }
        if relay.is_patched() || way.plan.is_renamed(way.shard) {
            return Poll::Ready(Ok(false));
        }
        let passed = relay.pass_on_now(self.client.transport(), &mut link.lease);
        Poll::Ready(passed.map_err(|failure| Box::new(Stop::Relaying(failure))))
    }

    /// Lets others see the statement in the list of sessions. Most are over before anyone could look.
    #[cold]
    fn show(&self, errand: &Errand) {
        let kind = match errand.way.order {
            Order::Text { .. } => QUERY,
            Order::Execute { .. } => STMT_EXECUTE,
        };
        self.registered.entry.activity.begin(kind, self.now_ms(), errand.sql());
    }

    /// Gives the connection back after a whole answer. False, and nothing done, where the session must do more.
    fn wind_up(&mut self, running: &mut Running) -> bool {
        let Running { errand, link, relay, .. } = running;
        if !self.needs_no_more(&errand.way.plan, relay.summary()) {
            return false;
        }
        if let Some(link) = link.take() {
            self.conclude(&errand.way.plan, errand.sql(), link, relay.summary());
        }
        true
    }

    /// Goes on where the short way ended.
    pub(super) async fn take_turn(&mut self, turn: Turn) -> Flow {
        if !matches!(turn, Turn::Continue(..) | Turn::Ended(..)) {
            self.interrupt.disarm();
        }
        let done = match turn {
            Turn::Command(packet) => return self.command(packet).await,
            Turn::NoCommand(error) => return self.no_command(error).await,
            Turn::Obtain(errand) => {
                self.show(&errand);
                Box::pin(self.run_errand(errand)).await
            }
            Turn::Continue(running, failed) => {
                self.show(&running.errand);
                pin!(self.run_on(running, failed)).await
            }
            Turn::Ended(running, ended) => self.end_errand(running, ended).await,
            Turn::Refused(message) => Err(message),
        };
        match done {
            Ok(()) => Flow::Continue,
            Err(message) => self.refuse(&message).await,
        }
    }

    /// Runs a statement whose connection must be waited for, or must be prepared for it.
    async fn run_errand(&mut self, mut errand: Errand) -> Result<(), ClientMessage> {
        let mut link = self.obtain(errand.way.shard, errand.way.side).await?;
        if let Some((text, kinds)) = errand.prepared_text() {
            match prepared::ensure(&mut link.lease, text, kinds, &self.interrupt).await {
                Ok(id) => errand.set_statement_id(id),
                Err(failure) => return Err(self.not_prepared(failure, link).await),
            }
        }
        let mut running = None;
        let turn = match self.send_off(errand, link, &mut running) {
            Ok(()) => running.map(|running| Turn::Continue(running, None)),
            Err(turn) => Some(*turn),
        };
        match turn {
            Some(Turn::Continue(running, _)) => self.run_on(running, None).await,
            Some(Turn::Ended(running, ended)) => self.end_errand(running, ended).await,
            _ => Ok(()),
        }
    }

    /// Sends what is left of the command, and relays what is left of the answer.
    async fn run_on(&mut self, running: Running, failed: Option<Error>) -> Result<(), ClientMessage> {
        let Running { errand, link: Some(mut link), sent, mut relay } = running else { return Ok(()) };
        self.client.begin_statement(relay.has_begun());
        let rest = &errand.framed()[sent..];
        let mut watch = Watch { interrupt: &self.interrupt, client: Some(self.client.transport()) };
        let unsent = if rest.is_empty() { None } else { link.lease.send_rest(rest, &mut watch).await.err() };
        let ended = match unsent {
            Some(error) => Err(error.into()),
            None => pin!(self.relay_rest(&errand.way.plan, &mut link, &mut relay, failed, false)).await,
        };
        let done = pin!(self.answered(&errand.way.plan, errand.sql(), link, ended)).await;
        self.or_run_again(errand, done).await
    }

    async fn end_errand(&mut self, running: Running, ended: Result<Summary, Failure>) -> Result<(), ClientMessage> {
        let Running { errand, link: Some(link), relay, .. } = running else { return Ok(()) };
        self.client.begin_statement(relay.has_begun());
        self.client.seq = relay.next_seq();
        let done = self.answered(&errand.way.plan, errand.sql(), link, ended).await;
        self.or_run_again(errand, done).await
    }

    /// Asks the primary what a replica that is gone has left unanswered.
    async fn or_run_again(&mut self, mut errand: Errand, done: Result<(), ClientMessage>) -> Result<(), ClientMessage> {
        if !self.may_read_again(&errand.way.plan, &done) {
            return done;
        }
        errand.way.side = Side::Primary;
        self.interrupt.forget_servers();
        self.avoids_replicas = true;
        let done = Box::pin(self.run_errand(errand)).await;
        self.avoids_replicas = false;
        done
    }
}

/// The short way ends in the middle of an answer, or behind it.
#[cold]
fn leave(running: &mut Option<Running>, answer: Result<bool, Box<Stop>>) -> Poll<Turn> {
    let Some(running) = running.take() else { return Poll::Pending };
    Poll::Ready(match answer.map_err(|stop| *stop) {
        Ok(true) => {
            let summary = *running.relay.summary();
            Turn::Ended(running, Ok(summary))
        }
        Ok(false) => Turn::Continue(running, None),
        Err(Stop::Reading(error)) => Turn::Continue(running, Some(error)),
        Err(Stop::Relaying(failure)) => Turn::Ended(running, Err(failure)),
    })
}
