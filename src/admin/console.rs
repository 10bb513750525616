//! The console: listens, lets operators in, and carries out one command after the other.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::answers::{self, Table};
use super::channel::Channel;
use super::command::{Command, HELP, parse};
use super::login::log_in;
use super::options::Options;
use crate::backend::error::Reason;
use crate::frontend::configuration::{self, Effect, Wish};
use crate::frontend::ddl_journal;
use crate::frontend::registry::KillOutcome;
use crate::frontend::shared::Shared;
use crate::txn::doubt::{self, Report};
use crate::wire::StatusFlags;
use crate::wire::command::Command as Packet;
use crate::wire::error_code as codes;
use crate::wire::error_code::ErrorCode;
use crate::wire::response::{self, ErrPacket, OkPacket};

/// Operators at once; others wait to be greeted.
const MOST: usize = 16;
/// An operator who says nothing for so long is disconnected.
const IDLE: Duration = Duration::from_secs(8 * 3600);
/// Longest wait for recovery, which asks all servers.
const RECOVERY: Duration = Duration::from_secs(60);

/// The listening socket, bound.
#[derive(Debug)]
pub struct Console {
    socket: TcpListener,
    options: Arc<Options>,
}

impl Console {
    /// Port 0 takes a free one.
    pub async fn bind(options: &Options) -> io::Result<Console> {
        let bound = TcpListener::bind(options.listen).await;
        let socket = bound
            .map_err(|e| io::Error::new(e.kind(), format!("the console cannot listen on {}: {e}", options.listen)))?;
        Ok(Console { socket, options: Arc::new(options.clone()) })
    }

    /// Where it listens, with the port that was found.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until it is cancelled; the sessions end with it.
    pub async fn run(self, shared: Arc<Shared>) {
        let places = Arc::new(Semaphore::new(MOST));
        let mut sessions = JoinSet::new();
        for id in 1.. {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            while sessions.try_join_next().is_some() {}
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    let (options, shared) = (Arc::clone(&self.options), Arc::clone(&shared));
                    sessions.spawn(async move {
                        if let Err(error) = serve(stream, id, &options, &shared).await {
                            tracing::info!(%peer, %error, "a console session ended");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::error!(%error, "the console cannot accept an operator");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

async fn serve(stream: TcpStream, id: u32, options: &Options, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut channel = Channel::new(stream);
    let name = log_in(&mut channel, id, options, &shared.keys).await?;
    accept(&mut channel, 0).await?;
    loop {
        let payload = match channel.receive(IDLE).await {
            Ok(payload) => payload,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        match Packet::parse(&payload) {
            Ok(Packet::Quit) => return Ok(()),
            Ok(Packet::Ping | Packet::InitDb(_)) => accept(&mut channel, 0).await?,
            Ok(Packet::Query(text)) => answer(&mut channel, text, &name, shared).await?,
            Ok(_) | Err(_) => {
                refuse(&mut channel, codes::UNKNOWN_COM_ERROR, "the console takes COM_QUERY only").await?
            }
        }
    }
}

async fn answer(channel: &mut Channel, text: &[u8], name: &str, shared: &Shared) -> io::Result<()> {
    let command = match parse(text) {
        Ok(command) => command,
        Err(reason) => return refuse(channel, codes::PARSE_ERROR, &reason).await,
    };
    match command {
        Command::Ignored => accept(channel, 0).await,
        Command::Help => send(channel, &help()).await,
        Command::ShowTransactions => send(channel, &answers::transactions(shared)).await,
        Command::ShowMetrics => send(channel, &answers::metrics(shared)).await,
        Command::ShowSessions => send(channel, &answers::sessions(shared)).await,
        Command::Kill { id, query_only } => {
            tracing::info!(operator = %name, session = id, query_only, "an operator ends a session or its statement");
            kill(channel, id, query_only, shared).await
        }
        Command::ShowRules => order(channel, Wish::ShowRules, answers::rules, shared).await,
        Command::ReloadConfig => {
            tracing::info!(operator = %name, "an operator wants the configuration read again");
            order(channel, Wish::Reload, answers::differences, shared).await
        }
        Command::RollbackConfig => {
            tracing::info!(operator = %name, "an operator wants the configuration before");
            order(channel, Wish::Rollback, answers::differences, shared).await
        }
        Command::RecoverTransactions => match wish(shared, doubt::Wish::Look).await {
            Ok(report) => send(channel, &reported(report)).await,
            Err(reason) => refuse(channel, codes::ERROR_DURING_COMMIT, &reason).await,
        },
        Command::ShowDdl => match ddl_journal::show(shared).await {
            Ok(rows) => send(channel, &Table { titles: ddl_journal::SHOWN.to_vec(), rows }).await,
            Err(error) => refuse(channel, codes::UNKNOWN_ERROR, &error.to_string()).await,
        },
        Command::MendDdl(verb, id) => {
            tracing::info!(operator = %name, ?verb, id, "an operator mends an unfinished change of tables");
            match ddl_journal::carry_out(shared, verb, id, None).await {
                Ok(rows) => send(channel, &Table { titles: ddl_journal::ENDED.to_vec(), rows }).await,
                Err(error) => refuse(channel, codes::UNKNOWN_ERROR, &error.to_string()).await,
            }
        }
        Command::End(gtrid, decision) => {
            tracing::info!(operator = %name, transaction = %gtrid, ?decision, "an operator wants a transaction ended");
            match wish(shared, doubt::Wish::End(gtrid, decision)).await {
                Ok(report) => accept(channel, report.ended as u64).await,
                Err(reason) => refuse(channel, codes::ERROR_DURING_COMMIT, &reason).await,
            }
        }
    }
}

/// What the keeper of the configuration is asked for, as a table.
async fn order(
    channel: &mut Channel,
    wish: Wish,
    table: impl Fn(Vec<Effect>) -> Table,
    shared: &Shared,
) -> io::Result<()> {
    match configuration::ordered(shared, wish).await {
        Ok(effects) => send(channel, &table(effects)).await,
        Err(reasons) => refuse(channel, codes::UNKNOWN_ERROR, &configuration::not_changed(&reasons)).await,
    }
}

async fn kill(channel: &mut Channel, id: u32, query_only: bool, shared: &Shared) -> io::Result<()> {
    let reason = if query_only { Reason::QueryKilled } else { Reason::SessionKilled };
    match shared.registry.kill(id, reason, None) {
        KillOutcome::Done => accept(channel, 1).await,
        KillOutcome::NoSuchSession | KillOutcome::NotOwner => {
            refuse(channel, codes::NO_SUCH_THREAD, &format!("Unknown thread id: {id}")).await
        }
    }
}

async fn wish(shared: &Shared, wish: doubt::Wish) -> Result<Report, String> {
    match tokio::time::timeout(RECOVERY, shared.in_flight.wish(wish)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err("recovery has stopped".to_owned()),
        Err(_) => Err(format!("recovery has not answered within {RECOVERY:?}; it goes on")),
    }
}

fn help() -> Table {
    let rows = HELP.iter().map(|(command, about)| vec![Some((*command).to_owned()), Some((*about).to_owned())]);
    Table { titles: vec!["command", "what it does"], rows: rows.collect() }
}

fn reported(report: Report) -> Table {
    let Report { ended, left, silent } = report;
    let row = [ended, left, silent].into_iter().map(|number| Some(number.to_string())).collect();
    Table { titles: vec!["ended", "left", "replica sets without an answer"], rows: vec![row] }
}

async fn send(channel: &mut Channel, table: &Table) -> io::Result<()> {
    let payloads = table.payloads();
    channel.send(payloads.iter().map(Vec::as_slice)).await
}

async fn accept(channel: &mut Channel, affected_rows: u64) -> io::Result<()> {
    let mut payload = Vec::new();
    let status = StatusFlags::SERVER_STATUS_AUTOCOMMIT;
    OkPacket { affected_rows, status, ..OkPacket::default() }.write(&mut payload, response::OK, false);
    channel.send([payload.as_slice()]).await
}

async fn refuse(channel: &mut Channel, code: ErrorCode, reason: &str) -> io::Result<()> {
    let mut payload = Vec::new();
    ErrPacket { code, message: reason.as_bytes() }.write(&mut payload);
    channel.send([payload.as_slice()]).await
}
