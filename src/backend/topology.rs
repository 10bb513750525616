//! All replica sets, in the order of the configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::interrupt::Watchdog;
use super::login::Dialer;
use super::options::{Address, Options, ReplicaSetOptions};
use super::pool::Pool;
use super::replica_set::{ReplicaSet, Server};
use super::settings::Interner;
use super::tls::{TlsSetupError, client_config};
use crate::sharding::schema::ReplicaSetId;

/// The fleet. It is never changed: another configuration makes another one, which takes over what is alike in both.
#[derive(Debug)]
pub struct Topology {
    pub sets: Vec<Arc<ReplicaSet>>,
    pub interner: Arc<Interner>,
    pub watchdog: Arc<Watchdog>,
    workers: usize,
    /// Counts all servers of the process.
    next_index: Arc<AtomicU32>,
}

impl Topology {
    /// Builds pools for all servers; connects to none.
    pub fn new(options: &Options, workers: usize, watchdog: Arc<Watchdog>) -> Result<Topology, TlsSetupError> {
        let none =
            Topology { sets: Vec::new(), interner: Arc::default(), watchdog, workers, next_index: Arc::default() };
        none.changed_to(options)
    }

    /// The fleet of another configuration. Replica sets that are the same in both keep their pools; of those that have
    /// changed the servers are new, and what is known of them is taken over.
    pub fn changed_to(&self, options: &Options) -> Result<Topology, TlsSetupError> {
        let sets = options.replica_sets.iter().map(|set| self.set_for(set)).collect::<Result<_, _>>()?;
        let (interner, watchdog) = (Arc::clone(&self.interner), Arc::clone(&self.watchdog));
        Ok(Topology { sets, interner, watchdog, workers: self.workers, next_index: Arc::clone(&self.next_index) })
    }

    fn set_for(&self, options: &ReplicaSetOptions) -> Result<Arc<ReplicaSet>, TlsSetupError> {
        let known = self.sets.iter().find(|set| set.options.name == options.name);
        if let Some(same) = known.filter(|set| *set.options == *options) {
            return Ok(Arc::clone(same));
        }
        let options = Arc::new(options.clone());
        let tls = client_config(&options.tls)?;
        let replicas = options.replicas.iter().map(|replica| (&replica.address, replica.weight));
        let members = std::iter::once((&options.primary, 0)).chain(replicas);
        let servers = members.map(|(address, weight)| Arc::new(self.server(&options, address, weight, tls.clone())));
        let set = ReplicaSet::new(Arc::clone(&options), servers.collect());
        if let Some(known) = known {
            set.take_over(known);
        }
        Ok(Arc::new(set))
    }

    fn server(
        &self,
        set: &Arc<ReplicaSetOptions>,
        address: &Address,
        weight: u32,
        tls: Option<Arc<rustls::ClientConfig>>,
    ) -> Server {
        let index = self.next_index.fetch_add(1, Ordering::Relaxed);
        let dialer = Dialer::new(index, address.clone(), Arc::clone(set), tls, Arc::clone(&self.watchdog));
        Server::new(index, address.clone(), Pool::new(dialer, set.pool.clone(), self.workers), weight)
    }

    pub fn set(&self, id: ReplicaSetId) -> &Arc<ReplicaSet> {
        &self.sets[usize::from(id.0)]
    }

    pub fn servers(&self) -> impl Iterator<Item = &Arc<Server>> {
        self.sets.iter().flat_map(|set| &set.servers)
    }

    /// Whether this very set, not one of the same name, is part of the fleet.
    pub fn has(&self, set: &Arc<ReplicaSet>) -> bool {
        self.sets.iter().any(|own| Arc::ptr_eq(own, set))
    }
}
