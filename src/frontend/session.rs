//! One client's session: its state, and the loop that takes one command after the other.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mysql_common::constants::CapabilityFlags;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use super::client::{Client, ClientError};
use super::diagnostics::Diagnostics;
use super::error::ClientMessage;
use super::explained::Measuring;
use super::handshake::{self, Arrival};
use super::listener::Count;
use super::locks::NamedLocks;
use super::options::User;
use super::prepared::Statements;
use super::registry::Registered;
use super::response::{self, Form};
use super::set_statement::ForOne;
use super::shared::{Setup, Shared};
use super::text_prepared::TextStatements;
use super::user_variables::UserVariables;
use crate::backend::error::Reason;
use crate::backend::interrupt::{Interrupt, Limit};
use crate::backend::pool::WorkerId;
use crate::backend::settings::Settings;
use crate::backend::transport::Transport;
use crate::exec::links::{Link, Links, Need, Side};
use crate::plan::{Plan, StatementKind};
use crate::sharding::schema::{DatabaseId, same_name};
use crate::sharding::{Schema, ShardId, ShardSet};
use crate::sql::shape::Shape;
use crate::sql::tokens::Mode;
use crate::txn::transaction::{Isolation, Transaction};
use crate::txn::waits::Thread;
use crate::txn::xid::Gtrid;
use crate::wire::capability::RelayedCapabilities;
use crate::wire::error_code as codes;
use crate::wire::response::OkPacket;

/// How long a client's host may be silent before it is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Whether the session goes on after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Continue,
    End,
}

/// What the client has selected with USE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Current {
    None,
    Logical(DatabaseId),
    /// `information_schema` and the like, as the servers have them.
    System(Box<str>),
}

/// What functions about the last statement answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Last {
    /// LAST_INSERT_ID()
    pub(super) insert_id: u64,
    /// ROW_COUNT()
    pub(super) row_count: i64,
    /// FOUND_ROWS()
    pub(super) found_rows: u64,
    /// It was answered by a server's error, which the client has: no further statement of its command runs.
    pub(super) failed: bool,
}

impl Default for Last {
    /// As in a fresh session of MySQL; in MariaDB's FOUND_ROWS() is 1.
    fn default() -> Self {
        Last { insert_id: 0, row_count: 0, found_rows: 0, failed: false }
    }
}

/// Of no setup: looked at again before each statement.
const OUTDATED: u64 = u64::MAX;

/// One logged-in client.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    /// The configuration that the statement at hand is run by, and its rules.
    pub(super) setup: Arc<Setup>,
    pub(super) schema: Arc<Schema>,
    edition: u64,
    pub(super) client: Client,
    pub(super) interrupt: Arc<Interrupt>,
    pub(super) registered: Registered,
    pub(super) worker: WorkerId,
    pub(super) user: Arc<User>,
    /// The host part of USER().
    pub(super) peer: SocketAddr,
    pub(super) capabilities: CapabilityFlags,
    pub(super) class: RelayedCapabilities,
    pub(super) idle_timeout: Limit,
    pub(super) current: Current,
    // Session variables.
    pub(super) settings: Arc<Settings>,
    /// What they were after the login.
    first_settings: Arc<Settings>,
    pub(super) mode: Mode,
    /// Collation id of text that ShardGate itself answers with.
    pub(super) results_collation: u16,
    pub(super) autocommit: bool,
    pub(super) for_one: Option<ForOne>,
    /// What the next OK tells a client that tracks the state of its session.
    pub(super) state_changes: Vec<u8>,
    pub(super) user_variables: UserVariables,
    /// Whose they are on connections: another number after each reset of the session.
    pub(super) variables_id: u32,
    // Work on several statements.
    pub(super) txn: Transaction,
    /// What tells how a procedure ends the transaction lies on its connection.
    pub(super) watched_call: Option<Gtrid>,
    pub(super) links: Links,
    pub(super) locks: NamedLocks,
    /// Of the lock functions that the running statement calls, in order; empty where it is not run.
    pub(super) lock_values: Vec<Option<u64>>,
    /// Where EXPLAIN ANALYZE ROUTE asks what moving rows costs; gone when they go another way than it shows.
    pub(super) measuring: Option<Measuring>,
    pub(super) temporary_tables: Vec<String>,
    /// By LOCK TABLES, as the client named them.
    pub(super) locked_tables: Vec<String>,
    pub(super) statements: Statements,
    pub(super) text_statements: TextStatements,
    pub(super) last: Last,
    pub(super) diagnostics: Diagnostics,
    /// Counts statements, to take replicas in turn.
    pub(super) turn: usize,
    /// A read is sent again, because the replica that had it is gone.
    pub(super) avoids_replicas: bool,
    /// A prepared statement is executed: ShardGate's own answers have rows in binary form.
    pub(super) answers_in_binary: bool,
    /// COMMIT RELEASE: the session ends after the answer.
    pub(super) ends: bool,
    /// Scratch of the shape of the statement at hand.
    pub(super) shape: Shape,
}

/// Serves one client from its greeting to its end.
pub(super) async fn run(stream: TcpStream, peer: SocketAddr, worker: WorkerId, shared: Arc<Shared>, _count: Count) {
    let interrupt = shared.watchdog.new_interrupt();
    // A client whose host is gone without a word must not hold its locks for ever.
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 6);
    if stream.set_nodelay(true).is_err() || SockRef::from(&stream).set_tcp_keepalive(&keepalive).is_err() {
        return;
    }
    let client = Client::new(Transport::Tcp(stream), handshake::LARGEST_PACKET, shared.setup().options.write_timeout);
    let arrival = Arrival { client, peer, worker, interrupt };
    // Boxed, as it is large and soon over: an idle session must not pay for it.
    let Some(session) = Box::pin(handshake::log_in(arrival, shared)).await else { return };
    let mut session = session;
    session.serve().await;
    Box::pin(session.close()).await;
}

impl Session {
    pub(super) fn new(
        arrival: Arrival,
        shared: Arc<Shared>,
        registered: Registered,
        user: Arc<User>,
        capabilities: CapabilityFlags,
        class: RelayedCapabilities,
    ) -> Session {
        let id = registered.entry.id;
        *registered.entry.activity.host.lock() = arrival.peer.to_string();
        let setup = shared.setup();
        Session {
            edition: shared.edition(),
            schema: Arc::clone(&setup.schema),
            client: arrival.client,
            interrupt: arrival.interrupt,
            registered,
            worker: arrival.worker,
            user,
            peer: arrival.peer,
            capabilities,
            class,
            idle_timeout: setup.options.idle_timeout.into(),
            current: Current::None,
            settings: Arc::default(),
            first_settings: Arc::default(),
            mode: Mode::default(),
            results_collation: 45,
            autocommit: true,
            for_one: None,
            state_changes: Vec::new(),
            user_variables: UserVariables::default(),
            variables_id: id,
            txn: Transaction::default(),
            watched_call: None,
            links: Links::default(),
            locks: NamedLocks::default(),
            lock_values: Vec::new(),
            measuring: None,
            temporary_tables: Vec::new(),
            locked_tables: Vec::new(),
            statements: Statements::default(),
            text_statements: TextStatements::new(),
            last: Last::default(),
            diagnostics: Diagnostics::default(),
            // Sessions that read once each must not all begin with the same replica.
            turn: id as usize,
            avoids_replicas: false,
            answers_in_binary: false,
            ends: false,
            shape: Shape::default(),
            setup,
            shared,
        }
    }

    /// Takes over a configuration, or live columns, that have changed.
    pub(super) fn setup_is_current(&mut self) {
        let edition = self.shared.edition();
        if edition != self.edition {
            self.take_over(edition);
        }
    }

    /// Another configuration counts its shards in another way: connections that are held for some of them, with an open
    /// transaction or the like, go on under the one that they were taken by. A database that is gone, or that the user
    /// may no longer use, is selected no more. A user who is gone keeps the session, as after DROP USER.
    fn take_over(&mut self, edition: u64) {
        let newest = self.shared.setup();
        let holds = !self.links.held().is_empty() || !self.locks.is_empty();
        if newest.generation != self.setup.generation && holds {
            return;
        }
        if let Some(user) = newest.users.get(&self.user.name) {
            self.user = Arc::clone(user);
        }
        if let Current::Logical(id) = self.current {
            let name = &self.schema.database_of(id).name;
            let may_use = self.user.databases.iter().any(|own| same_name(own, name));
            let found = newest.schema.database(name).filter(|_| may_use);
            self.current = found.map_or(Current::None, |(id, _)| Current::Logical(id));
        }
        if self.idle_timeout == self.setup.options.idle_timeout.into() {
            self.idle_timeout = newest.options.idle_timeout.into();
        }
        let is_apart = self.txn.is_apart();
        self.edition = if is_apart { OUTDATED } else { edition };
        self.schema = Arc::clone(if is_apart { newest.schema_apart() } else { &newest.schema });
        self.setup = newest;
    }

    /// Before a statement of a transaction that locks rows of a table that is not sharded: from here on to its end, the
    /// connections of other shards in the same physical schema, who would wait for these locks and would not see what is
    /// written under them, leave such tables alone. Whether the statement must be planned again.
    pub(super) fn keep_apart(&mut self, plan: &Plan) -> bool {
        if !plan.meets_shared || self.txn.is_apart() {
            return false;
        }
        let locks = match plan.kind {
            StatementKind::Read | StatementKind::Show => self.is_in_transaction() && self.is_serializable(),
            // Without a transaction, the shards' connections are still beside each other for a moment, and skip what is locked.
            StatementKind::LockingRead => true,
            _ => self.is_in_transaction(),
        };
        let is_new = locks && !self.links.has_table_locks();
        if is_new {
            self.txn.keep_apart();
            // Until the transaction has ended.
            self.edition = OUTDATED;
            self.setup_is_current();
        }
        is_new
    }

    /// Whether what a statement locks stays locked after it.
    pub(super) fn is_in_transaction(&self) -> bool {
        self.txn.is_open() || !self.autocommit
    }

    /// Whether plain reads of the transaction lock what they read.
    fn is_serializable(&self) -> bool {
        match self.txn.isolation() {
            Some(level) => level == Isolation::Serializable,
            None => self.settings.get("transaction_isolation") == Some(Isolation::Serializable.variable_value()),
        }
    }

    /// As after login, but for user and database: COM_RESET_CONNECTION, and part of COM_CHANGE_USER.
    pub(super) async fn start_afresh(&mut self) {
        self.links.reset_all(&self.interrupt).await;
        let calm = self.shared.watchdog.new_interrupt();
        self.release_named_locks(&calm).await;
        self.txn = Transaction::default();
        self.temporary_tables.clear();
        self.locked_tables.clear();
        self.statements = Statements::default();
        self.text_statements.clear();
        self.user_variables.clear();
        self.variables_id = self.registered.fresh_id();
        self.last = Last::default();
        self.diagnostics.clear();
        self.autocommit = true;
        self.idle_timeout = self.setup.options.idle_timeout.into();
        self.begin_with(Arc::clone(&self.first_settings));
    }

    /// With the settings that the client's login asks for.
    pub(super) fn begin_with(&mut self, settings: Arc<Settings>) {
        self.first_settings = Arc::clone(&settings);
        self.settings = settings;
        self.settings_changed();
    }

    async fn serve(&mut self) {
        loop {
            self.await_command();
            let mut running = None;
            let turn = poll_fn(|cx| self.poll_short_way(cx, &mut running)).await;
            // Boxed, as it is large: an idle session must not pay for it.
            let flow = Box::pin(self.take_turn(turn)).await;
            if flow == Flow::End || self.ends {
                return;
            }
        }
    }

    /// The client sent no command but nonsense, nothing for too long, or the end of its stream.
    pub(super) async fn no_command(&mut self, error: ClientError) -> Flow {
        let message = match error {
            ClientError::Closed | ClientError::Io(_) => return Flow::End,
            ClientError::Interrupted(Reason::QueryKilled | Reason::ServerDown | Reason::Deadlocked) => {
                // Nothing was running.
                self.interrupt.begin_statement();
                return Flow::Continue;
            }
            ClientError::Interrupted(Reason::Deadline) => ClientMessage::fatal(
                codes::CLIENT_INTERACTION_TIMEOUT,
                "The client was disconnected by the server because of inactivity",
            ),
            ClientError::Interrupted(reason) => reason.into(),
            ClientError::Wire(error) => handshake::wire_message(error),
            ClientError::TooLarge => {
                let text = "Got a packet bigger than 'max_allowed_packet' bytes";
                let message = ClientMessage::new(codes::NET_PACKET_TOO_LARGE, text);
                return self.refuse(&message).await;
            }
        };
        self.client.begin_answer();
        let _ = self.refuse(&message).await;
        Flow::End
    }

    /// Rolls back and cleans what is held, so that nobody inherits it.
    async fn close(mut self) {
        self.interrupt.disarm();
        if !self.links.held().is_empty() || !self.locks.is_empty() {
            // A reason that ended the session must not keep its connections from being cleaned.
            let calm = self.shared.watchdog.new_interrupt();
            self.links.reset_all(&calm).await;
            self.release_named_locks(&calm).await;
        }
        tracing::debug!(session = self.registered.entry.id, "session closed");
    }

    /// Sends an ERR packet; the session goes on unless the error is fatal or cannot be sent.
    pub(super) async fn refuse(&mut self, message: &ClientMessage) -> Flow {
        self.last.row_count = -1;
        self.diagnostics.failed(message);
        let mut out = Vec::new();
        response::error(&mut out, &mut self.client.seq, message);
        match self.client.send(&out, &self.interrupt).await {
            Ok(()) if !message.fatal => Flow::Continue,
            _ => Flow::End,
        }
    }

    /// The client has its answer, but what the session must know of it could not be had: warnings, insert id, whether
    /// the transaction goes on. No second answer may be sent, and the next one might be wrong: the session ends, as on
    /// a server that went away behind its answer.
    pub(super) fn lose_track(&self, message: &ClientMessage) {
        tracing::warn!(session = self.registered.entry.id, reason = %message.text, "session ended behind an answer");
        self.interrupt.raise(Reason::SessionKilled);
    }

    /// Sends an OK packet of ShardGate's own.
    pub(super) async fn accept(&mut self, more_follows: bool) -> Result<(), ClientMessage> {
        self.last.row_count = 0;
        self.send_ok(OkPacket::default(), more_follows).await
    }

    pub(super) async fn send_ok(&mut self, ok: OkPacket<'_>, more_follows: bool) -> Result<(), ClientMessage> {
        let mut ok = ok;
        ok.status = self.status();
        ok.status.set(crate::wire::StatusFlags::SERVER_MORE_RESULTS_EXISTS, more_follows);
        let changes = std::mem::take(&mut self.state_changes);
        ok.session_state = &changes;
        let mut out = Vec::new();
        let form = self.form();
        response::ok(&mut out, &mut self.client.seq, &ok, form);
        self.send(&out).await
    }

    /// Sends framed bytes of an answer.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), ClientMessage> {
        self.client
            .send(bytes, &self.interrupt)
            .await
            .map_err(|error| ClientMessage::fatal(codes::NET_ERROR_ON_WRITE, error.to_string()))
    }

    pub(super) fn form(&self) -> Form {
        Form {
            deprecate_eof: self.class.deprecate_eof(),
            session_track: self.class.session_track(),
            extended_metadata: self.class.extended_metadata(),
            binary: self.answers_in_binary,
        }
    }

    /// By the watchdog's clock, which costs nothing.
    pub(super) fn now_ms(&self) -> u64 {
        self.shared.watchdog.now_ms()
    }

    pub(super) fn database(&self) -> Option<DatabaseId> {
        match self.current {
            Current::Logical(id) => Some(id),
            Current::None | Current::System(_) => None,
        }
    }

    /// Where statements go that name no table: the default shard of the current database, or of the first one that
    /// the user may use; in a client's XA transaction the shard that it is on.
    pub(super) fn home_shard(&self, schema: &Schema) -> ShardId {
        if let Some(bound) = self.txn.first_shard().filter(|_| self.txn.is_client_xa()) {
            return bound;
        }
        let of_user = || self.user.databases.iter().find_map(|name| schema.database(name)).map(|(id, _)| id);
        let database = self.database().or_else(of_user);
        database.map_or(ShardId(0), |id| schema.database_of(id).default_shard)
    }

    pub(super) fn current_shards(&self) -> ShardSet {
        match self.database() {
            Some(id) => self.schema.database_of(id).shards.clone(),
            None => ShardSet::single(self.home_shard(&self.schema)),
        }
    }

    /// A connection for `shard` on which the session's next statement can run.
    pub(super) async fn obtain(&mut self, shard: ShardId, side: Side) -> Result<Link, ClientMessage> {
        let (links, txn, need) = self.need();
        let link = links.obtain(&need, shard, side, txn).await?;
        if self.txn.is_open() || !self.autocommit {
            self.tell_of_part(&link, self.txn.gtrid());
        }
        Ok(link)
    }

    /// The link's shard takes part in a transaction, as SHOW TRANSACTIONS and the search for deadlocks are to know.
    pub(super) fn tell_of_part(&self, link: &Link, gtrid: Option<&Gtrid>) {
        let replica_set = self.schema.shard(link.shard).replica_set;
        let thread = Thread { replica_set: replica_set.0, id: link.lease.thread_id() };
        self.registered.entry.activity.joined(link.shard, thread, gtrid, self.now_ms());
    }

    /// The same where nothing must be waited for.
    pub(super) fn obtain_now(&mut self, shard: ShardId, side: Side) -> Result<Option<Link>, ClientMessage> {
        let (links, txn, need) = self.need();
        let link = links.obtain_now(&need, shard, side, txn)?;
        if link.is_some() {
            txn.bind_xa();
        }
        Ok(link)
    }

    pub(super) fn need(&mut self) -> (&mut Links, &mut Transaction, Need<'_>) {
        let system_schema = match &self.current {
            Current::System(name) => Some(name.as_ref()),
            Current::None | Current::Logical(_) => None,
        };
        let need = Need {
            topology: &self.setup.topology,
            in_flight: &self.shared.in_flight,
            schema: &self.schema,
            class: self.class,
            settings: &self.settings,
            session: self.variables_id,
            turn: self.turn,
            worker: self.worker,
            system_schema,
            interrupt: &self.interrupt,
        };
        (&mut self.links, &mut self.txn, need)
    }
}
