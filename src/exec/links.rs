//! The connections that a session holds between statements, and how it gets one for the next.
//!
//! Outside transactions nothing is held: a connection is taken for a statement and given back after it. What keeps
//! one is a `Pin`; when the last pin of a connection is gone it goes back to its pool.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use mysql_common::constants::StatusFlags;
use smallvec::SmallVec;

use super::all::all;
use super::{cancel, commit};
use crate::backend::error::Error;
use crate::backend::interrupt::Interrupt;
use crate::backend::pool::{Lease, Wanted, WorkerId};
use crate::backend::replica_set::Server;
use crate::backend::settings::Settings;
use crate::backend::topology::Topology;
use crate::sharding::{Schema, ShardId, ShardSet};
use crate::txn::in_flight::InFlight;
use crate::txn::transaction::{Beginning, Transaction, XaState};
use crate::txn::visibility::Purpose;
use crate::txn::xid::Xid;
use crate::wire::capability::RelayedCapabilities;

/// How long snapshots on several shards may take, while which commits over several wait.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(5);

/// Which servers of a replica set may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Primary,
    Replica,
}

/// Why a session keeps a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pins {
    pub transaction: bool,
    pub temporary_tables: bool,
    pub table_locks: bool,
    pub cursors: bool,
}

impl Pins {
    pub fn any(self) -> bool {
        self.transaction || self.temporary_tables || self.table_locks || self.cursors
    }

    /// State that a mere ROLLBACK does not remove.
    fn outlives_transaction(self) -> bool {
        self.temporary_tables || self.table_locks || self.cursors
    }
}

/// A connection in use for a shard.
#[derive(Debug)]
pub struct Link {
    pub shard: ShardId,
    pub side: Side,
    /// It was given a SET TRANSACTION for one statement.
    pub told_next: bool,
    pub pins: Pins,
    /// Where the transaction is an XA branch: its name, until the branch has ended.
    pub xid: Option<Xid>,
    pub lease: Lease,
}

/// What a statement needs of any connection.
#[derive(Debug, Clone, Copy)]
pub struct Need<'a> {
    pub topology: &'a Topology,
    pub in_flight: &'a InFlight,
    pub schema: &'a Schema,
    pub class: RelayedCapabilities,
    pub settings: &'a Arc<Settings>,
    pub session: u32,
    /// Which of the replicas' turns it is; the same for all of one statement.
    pub turn: usize,
    pub worker: WorkerId,
    /// Schema to be in, where it is not the shard's own (`USE information_schema`).
    pub system_schema: Option<&'a str>,
    pub interrupt: &'a Interrupt,
}

impl<'a> Need<'a> {
    fn server(&self, shard: ShardId, side: Side) -> Result<&'a Arc<Server>, Error> {
        let set = self.topology.set(self.schema.shard(shard).replica_set);
        match side {
            Side::Primary => set.primary(),
            Side::Replica => set.reader(self.turn),
        }
    }

    /// A connection to the server whose turn it is. Where a replica cannot be reached, which it takes the monitor a while to
    /// see, nothing has been sent yet: the next server answers.
    async fn checkout(&self, shard: ShardId, side: Side, wanted: &Wanted<'_>) -> Result<Lease, Error> {
        let server = self.server(shard, side)?;
        let failed = match server.pool.checkout(wanted).await {
            Err(error @ (Error::Connect { .. } | Error::Lost { .. })) if side == Side::Replica => error,
            done => return done,
        };
        for other in self.topology.set(self.schema.shard(shard).replica_set).readers_beside(server) {
            if let Ok(lease) = other.pool.checkout(wanted).await {
                return Ok(lease);
            }
        }
        Err(failed)
    }

    /// The name of the shard's replica set.
    pub fn replica_set(&self, shard: ShardId) -> &'a str {
        &self.topology.set(self.schema.shard(shard).replica_set).options.name
    }

    /// Begins the shard's part in the session's transaction. Where that fails the connection must be dropped.
    async fn open(&self, link: &mut Link, txn: &mut Transaction) -> Result<(), Error> {
        for sql in self.opening(link, txn) {
            link.lease.execute("the start of a transaction", &sql, self.interrupt).await?;
            txn.enlist(link.shard);
            link.pins.transaction = true;
        }
        Ok(())
    }

    /// What begins the shard's part, which the link is named after.
    fn opening(&self, link: &mut Link, txn: &mut Transaction) -> Vec<String> {
        let opening = txn.opening(Beginning {
            names: &self.in_flight.names,
            table: &self.in_flight.table,
            decider: txn.first_shard().map_or("", |first| self.replica_set(first)),
            connection: link.lease.thread_id(),
            level_variable: link.lease.variable_name("transaction_isolation"),
        });
        link.xid = opening.xid;
        opening.statements
    }

    /// A further connection to the shard's primary, with a transaction of its own, whatever the session says of its next.
    pub async fn begin_apart(&self, shard: ShardId) -> Result<Link, Error> {
        let mut link = Link::apart(self, shard, Side::Primary).await?;
        link.lease.execute("the start of a transaction", "START TRANSACTION READ WRITE", self.interrupt).await?;
        link.pins.transaction = true;
        Ok(link)
    }

    fn wanted(&self, shard: ShardId) -> Wanted<'a> {
        let schema = self.system_schema.unwrap_or(&self.schema.shard(shard).schema);
        Wanted {
            class: self.class,
            schema: Some(schema),
            settings: self.settings,
            session: self.session,
            worker: self.worker,
        }
    }
}

impl Link {
    /// A connection beside those that the session holds, outside of its transaction and without its temporary tables.
    /// What is left behind on it must be reset before anyone else gets it; dropped, it is closed.
    pub async fn apart(need: &Need<'_>, shard: ShardId, side: Side) -> Result<Link, Error> {
        let wanted = need.wanted(shard);
        let mut lease = need.checkout(shard, side, &wanted).await?;
        lease.prepare_for(&wanted, true, need.interrupt).await?;
        Ok(Link { shard, side, pins: Pins::default(), xid: None, told_next: false, lease })
    }

    /// Brings the connection to the variables of `need`.
    pub async fn adapt(&mut self, need: &Need<'_>) -> Result<(), Error> {
        self.lease.prepare_for(&need.wanted(self.shard), !self.pins.any(), need.interrupt).await
    }
}

/// The connections that one session holds.
#[derive(Debug, Default)]
pub struct Links {
    held: SmallVec<[Link; 1]>,
}

impl Links {
    /// A connection for `shard`, ready for the session's next statement: in the right schema, with the session's
    /// variables, in its transaction. It must come back through `settle`; dropped, it is closed.
    pub async fn obtain(
        &mut self,
        need: &Need<'_>,
        shard: ShardId,
        side: Side,
        txn: &mut Transaction,
    ) -> Result<Link, Error> {
        let link = match self.obtain_now(need, shard, side, txn)? {
            Some(link) => link,
            None => Box::pin(self.obtain_slowly(need, need.wanted(shard), shard, side, txn)).await?,
        };
        txn.bind_xa();
        Ok(link)
    }

    /// The same where nothing must be waited for: with an idle connection that is as the session needs it, or with the
    /// one that its transaction holds.
    pub fn obtain_now(
        &mut self,
        need: &Need<'_>,
        shard: ShardId,
        side: Side,
        txn: &Transaction,
    ) -> Result<Option<Link>, Error> {
        let wanted = need.wanted(shard);
        if !self.held.is_empty() || txn.is_open() {
            return Ok(self.take_ready(&wanted, shard, side, txn));
        }
        let lease = need.server(shard, side)?.pool.try_checkout(&wanted);
        Ok(lease.map(|lease| Link { shard, side, pins: Pins::default(), xid: None, told_next: false, lease }))
    }

    /// The held connection of a shard that takes part in the transaction, if nothing must be done to it first.
    fn take_ready(&mut self, wanted: &Wanted<'_>, shard: ShardId, side: Side, txn: &Transaction) -> Option<Link> {
        let at = self.held.iter().position(|link| link.shard == shard && link.side == side)?;
        let is_ready = txn.has_branch(shard) && self.held[at].lease.needs_nothing(wanted);
        is_ready.then(|| self.held.swap_remove(at))
    }

    /// Connections for several shards, in their order. Where there is nothing to keep in order they are had at the same
    /// time, so that new ones cost one login and not many. With an error come those that were had.
    pub async fn obtain_all(
        &mut self,
        need: &Need<'_>,
        shards: &[ShardId],
        side: Side,
        txn: &mut Transaction,
    ) -> (Vec<Link>, Option<Error>) {
        let mut all = Vec::with_capacity(shards.len());
        if self.held.is_empty() && !txn.is_open() {
            all = join_all(shards.iter().map(|shard| Link::apart(need, *shard, side))).await;
        } else {
            for shard in shards {
                let link = self.obtain(need, *shard, side, txn).await;
                let has_failed = link.is_err();
                all.push(link);
                if has_failed {
                    break;
                }
            }
        }
        let (mut links, mut failed) = (Vec::with_capacity(all.len()), None);
        for link in all {
            match link {
                Ok(link) => links.push(link),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        (links, failed)
    }

    /// Begins a transaction on all of these shards, as nearly at the same moment as can be; the first of them, or one whose
    /// connection cannot be in a branch, is the plain part. After an error the transaction must be rolled back.
    pub async fn begin_everywhere(
        &mut self,
        need: &Need<'_>,
        shards: &ShardSet,
        txn: &mut Transaction,
    ) -> Result<(), Error> {
        let mut shards: Vec<ShardId> = shards.iter().collect();
        let is_pinned =
            |shard: &ShardId| self.held.iter().any(|link| link.shard == *shard && link.side == Side::Primary);
        shards.sort_by_key(|shard| !is_pinned(shard));
        let mut links = Vec::new();
        let mut missing = Vec::new();
        for shard in &shards {
            match self.take(*shard, Side::Primary) {
                Some(mut link) => {
                    let ready = link.adapt(need).await;
                    links.push(link);
                    ready?;
                }
                None => missing.push(*shard),
            }
        }
        for link in join_all(missing.into_iter().map(|shard| Link::apart(need, shard, Side::Primary))).await {
            links.push(link?);
        }
        let mut last = Vec::new();
        for link in &mut links {
            let mut statements = need.opening(link, txn);
            txn.enlist(link.shard);
            // The last one makes the snapshot.
            last.extend(statements.pop());
            for sql in statements {
                link.lease.execute("the start of a transaction", &sql, need.interrupt).await?;
            }
        }
        let pass = need.in_flight.enter(Purpose::Snapshots).await;
        let opening = links
            .iter_mut()
            .zip(&last)
            .map(|(link, sql)| async { link.lease.execute("the start of a transaction", sql, need.interrupt).await });
        let opened = tokio::time::timeout(SNAPSHOT_TIMEOUT, all(opening.collect())).await;
        drop(pass);
        for mut link in links {
            link.pins.transaction = true;
            self.put(link);
        }
        let Ok(opened) = opened else { return Err(Error::SnapshotTimeout { waited: SNAPSHOT_TIMEOUT }) };
        opened.into_iter().collect::<Result<Vec<_>, _>>().map(drop)
    }

    async fn obtain_slowly(
        &mut self,
        need: &Need<'_>,
        wanted: Wanted<'_>,
        shard: ShardId,
        side: Side,
        txn: &mut Transaction,
    ) -> Result<Link, Error> {
        self.open_pinned_first(need, shard, txn).await?;
        let mut link = match self.take(shard, side) {
            Some(link) => link,
            None if txn.has_branch(shard) => {
                // A new connection would run the statement outside the transaction.
                txn.mark_lost();
                return Err(Error::TransactionLost);
            }
            None => {
                let lease = need.checkout(shard, side, &wanted).await?;
                Link { shard, side, pins: Pins::default(), xid: None, told_next: false, lease }
            }
        };
        if !link.lease.needs_nothing(&wanted)
            && let Err(error) = link.lease.prepare_for(&wanted, !link.pins.any(), need.interrupt).await
        {
            // Where it only refuses a variable, what it holds is not lost.
            self.put(link);
            return Err(error);
        }
        if !txn.has_branch(shard) {
            self.leave_unbound(need, txn).await?;
            if !txn.may_spread() {
                self.put(link);
                return Err(match txn.xa_state() {
                    Some(state) if state != XaState::Active => Error::XaEnded { state: state.name() },
                    _ => Error::SecondShardOfXa,
                });
            }
            need.open(&mut link, txn).await?;
        }
        Ok(link)
    }

    /// Ends a client's XA branch where it has seen no table: it begins again on the shard that its next statement needs.
    async fn leave_unbound(&mut self, need: &Need<'_>, txn: &mut Transaction) -> Result<(), Error> {
        let Some((shard, statements)) = txn.take_unbound_xa() else { return Ok(()) };
        let Some(mut link) = self.take(shard, Side::Primary) else {
            txn.mark_lost();
            return Err(Error::TransactionLost);
        };
        for sql in statements {
            link.lease.execute("the end of an empty XA branch", &sql, need.interrupt).await?;
        }
        link.pins.transaction = false;
        self.put(link);
        Ok(())
    }

    /// Servers of MySQL let no temporary table into an XA branch. So a shard that holds some begins first, as the plain
    /// local transaction.
    async fn open_pinned_first(&mut self, need: &Need<'_>, shard: ShardId, txn: &mut Transaction) -> Result<(), Error> {
        let is_first = txn.was_begun() && txn.branches().is_empty();
        let pinned = |link: &&mut Link| link.pins.temporary_tables && link.side == Side::Primary;
        let Some(link) = self.held.iter_mut().find(pinned).filter(|link| is_first && link.shard != shard) else {
            return Ok(());
        };
        link.adapt(need).await?;
        need.open(link, txn).await
    }

    /// The held connection of a shard, if there is one. In a transaction reads follow it to the primary.
    pub fn take(&mut self, shard: ShardId, side: Side) -> Option<Link> {
        let at = self.held.iter().position(|link| link.shard == shard && link.side == side)?;
        Some(self.held.swap_remove(at))
    }

    /// After a statement: keeps the connection while something pins it, else gives it back. `status` is what the
    /// server said last.
    pub fn settle(&mut self, mut link: Link, status: StatusFlags, txn: &mut Transaction) {
        // An XA branch ends by XA statements only.
        link.pins.transaction = link.xid.is_some() || status.contains(StatusFlags::SERVER_STATUS_IN_TRANS);
        if link.pins.transaction {
            txn.enlist(link.shard);
        } else {
            txn.forget(link.shard);
        }
        self.put(link);
    }

    /// As `settle`, where the state of the transaction is known to the caller. A connection in the middle of an answer is closed,
    /// whatever it holds: what is asked there next would get that answer.
    pub fn put(&mut self, mut link: Link) {
        if link.lease.is_busy() {
            return cancel::abandon(link);
        }
        if link.pins.any() {
            return self.held.push(link);
        }
        if link.told_next {
            // A statement that reads no table leaves it to the next transaction, which would be another session's.
            link.lease.spoil();
        }
        link.lease.give_back();
    }

    /// All held connections, taken out.
    pub fn take_all(&mut self) -> SmallVec<[Link; 1]> {
        std::mem::take(&mut self.held)
    }

    pub fn held(&self) -> &[Link] {
        &self.held
    }

    pub fn held_mut(&mut self) -> &mut [Link] {
        &mut self.held
    }

    /// Gives back what no pin keeps any more, and closes what is in the middle of an answer.
    pub fn give_back_unpinned(&mut self) {
        for link in self.take_all() {
            self.put(link);
        }
    }

    /// The session ends or starts afresh: what is held is rolled back and cleaned before anyone else gets it.
    pub async fn reset_all(&mut self, interrupt: &Interrupt) {
        let mut links = self.take_all();
        commit::roll_back(links.iter_mut().collect(), interrupt).await;
        for mut link in links {
            // A connection that cannot be reset is dropped, which closes it.
            if link.lease.reset(interrupt).await.is_ok() {
                link.pins = Pins::default();
                link.lease.give_back();
            }
        }
    }

    pub fn has_table_locks(&self) -> bool {
        self.held.iter().any(|link| link.pins.table_locks)
    }

    /// A connection that keeps tables locked, or a place in one.
    pub fn has_locks_or_cursors(&self) -> bool {
        self.held.iter().any(|link| link.pins.table_locks || link.pins.cursors)
    }

    /// A shard whose connection is kept for reasons other than a transaction.
    pub fn has_lasting_pins(&self) -> bool {
        self.held.iter().any(|link| link.pins.outlives_transaction())
    }
}
