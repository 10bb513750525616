//! Keeps the configuration that is in force: reads it again when told to, takes it over as a whole, goes back to an earlier
//! one, and keeps what is known of the servers' versions and tables up to date. One task does all of this, so that nothing
//! that was learned under one configuration is taken for another's.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use super::history::{self, History};
use super::tls;
use crate::backend::health::Watch;
use crate::backend::live_schema;
use crate::backend::topology::Topology;
use crate::config::edit;
use crate::config::{self, Change, Config, Texts};
use crate::exec::ddl::{Changed, Seen, Versions};
use crate::frontend::configuration::{Effect, Order, RuleChange, Wish};
use crate::frontend::shared::{Servers, Setup, Shared};
use crate::sharding::schema::{Schema, same_name};

/// How often the live schemas are read again, and how soon after a failure.
const SCHEMA_INTERVAL: Duration = Duration::from_secs(60);
const SCHEMA_RETRY: Duration = Duration::from_secs(1);

/// How soon DDL through another ShardGate is seen.
const VERSION_INTERVAL: Duration = Duration::from_secs(1);

/// How long servers may take to tell what the tables of a new configuration look like, before it is in force.
const LOOK: Duration = Duration::from_secs(5);

/// More changes than these are counted in the log, not listed.
const LOGGED: usize = 100;

/// Changes what is logged.
pub(super) type LogLevel = Box<dyn Fn(&str) -> anyhow::Result<()> + Send + Sync>;

/// See the top of the file.
pub(super) struct Keeper {
    config: Config,
    earlier: History,
    shared: Arc<Shared>,
    monitors: Watch,
    /// Tells recovery.
    fleet: watch::Sender<Arc<Topology>>,
    log_level: Option<LogLevel>,
    versions: Versions,
    generation: u64,
    /// Of schemas.
    version: u64,
    /// Why servers could not be asked for their tables when they were last: it is said once.
    silent: Vec<String>,
}

enum Event {
    AskServers,
    CompareVersions,
    LookAtFiles,
    Order(Order),
}

impl Keeper {
    pub(super) fn new(
        config: Config,
        shared: Arc<Shared>,
        fleet: watch::Sender<Arc<Topology>>,
        log_level: Option<LogLevel>,
    ) -> Keeper {
        let mut monitors = Watch::default();
        monitors.follow(&shared.setup().topology, &config.backend.monitor);
        let earlier = History::open(config.reload.history_of(&config.path));
        Keeper {
            config,
            earlier,
            shared,
            monitors,
            fleet,
            log_level,
            versions: Versions::default(),
            generation: 0,
            version: 0,
            silent: Vec::new(),
        }
    }

    /// Until the task is aborted; `first` is told when the servers have been asked once.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>, first: Arc<Notify>) {
        let mut stamps = self.config.stamps();
        // Before the tables are read, so that no change between the two goes unseen.
        self.tables_have_changed().await;
        let mut ask_at = self.read_servers().await;
        first.notify_one();
        let mut look_at = self.next_look();
        let mut compare_at = Instant::now() + VERSION_INTERVAL;
        loop {
            let event = tokio::select! {
                () = tokio::time::sleep_until(ask_at) => Event::AskServers,
                () = tokio::time::sleep_until(compare_at) => Event::CompareVersions,
                () = tokio::time::sleep_until(look_at.unwrap_or(ask_at)), if look_at.is_some() => Event::LookAtFiles,
                Some(order) = orders.recv() => Event::Order(order),
            };
            let began = SystemTime::now();
            match event {
                Event::AskServers => {
                    ask_at = self.read_servers().await;
                    continue;
                }
                Event::CompareVersions => {
                    if self.tables_have_changed().await {
                        ask_at = self.read_servers().await;
                    }
                    compare_at = Instant::now() + VERSION_INTERVAL;
                    continue;
                }
                Event::LookAtFiles if self.config.stamps() == stamps => {
                    look_at = self.next_look();
                    continue;
                }
                Event::LookAtFiles => drop(self.carry_out(Wish::Reload).await),
                Event::Order(Order { wish, answer }) => {
                    let outcome = self.carry_out(wish).await;
                    // Who asked may have gone.
                    let _ = answer.send(outcome);
                }
            }
            // What could not be taken over is not tried again before it changes.
            stamps = self.config.stamps();
            stamps.iter_mut().for_each(|stamp| *stamp = stamp.filter(|(changed, _)| is_settled(*changed, began)));
            look_at = self.next_look();
        }
    }

    /// By DDL through any ShardGate.
    async fn tables_have_changed(&mut self) -> bool {
        let (setup, in_flight) = (self.shared.setup(), &self.shared.in_flight);
        let asked = std::time::Instant::now();
        let seen = self.versions.look(&setup.topology, &in_flight.journal, &in_flight.options.cluster).await;
        match seen {
            Seen::Nothing => {}
            Seen::Unchanged => self.shared.sequences.note_unchanged(asked),
            Seen::Changed => self.shared.sequences.note_changed(),
        }
        seen == Seen::Changed
    }

    /// The tables of DDL that is not done on all shards.
    async fn unfinished(&mut self, topology: &Topology) -> Unfinished {
        let in_flight = &self.shared.in_flight;
        self.versions.unfinished(topology, &in_flight.journal, &in_flight.options.cluster).await
    }

    fn next_look(&self) -> Option<Instant> {
        self.config.reload.watch.map(|interval| Instant::now() + interval)
    }

    async fn carry_out(&mut self, wish: Wish) -> Result<Vec<Effect>, Vec<String>> {
        let outcome = match wish {
            Wish::Reload => self.reload().await,
            Wish::Rollback => self.roll_back().await,
            Wish::ShowRules => Ok(self.rules()),
            Wish::ChangeRule { database, change } => self.change_rule(&database, &change).await,
            Wish::LookAtTables => {
                self.read_servers().await;
                Ok(Vec::new())
            }
        };
        if let Err(reasons) = &outcome {
            tracing::error!("the configuration was not changed");
            reasons.iter().for_each(|reason| tracing::error!("{reason}"));
        }
        outcome
    }

    async fn reload(&mut self) -> Result<Vec<Effect>, Vec<String>> {
        let newer = self.read_files(Texts::default()).await?;
        self.take_over(newer).await
    }

    /// The files with these texts in the place of some.
    async fn read_files(&self, instead: Texts) -> Result<Config, Vec<String>> {
        let path = self.config.path.clone();
        let read = tokio::task::spawn_blocking(move || config::load_with(&path, instead)).await;
        let read = read.map_err(|error| vec![format!("reading it has failed: {error}")])?;
        read.map_err(|problems| problems.0.iter().map(ToString::to_string).collect())
    }

    async fn take_over(&mut self, newer: Config) -> Result<Vec<Effect>, Vec<String>> {
        let effects = effects(&self.config, &newer);
        if effects.iter().all(|effect| effect.effect == WARNING) {
            tracing::info!("the configuration has not changed");
            return Ok(effects);
        }
        self.apply(&newer).await?;
        let before = std::mem::replace(&mut self.config, newer);
        self.earlier.push(before.texts());
        log("configuration reloaded", &effects);
        Ok(effects)
    }

    /// The rules in force, by table, as they are written.
    fn rules(&self) -> Vec<Effect> {
        let file = |key: &str| {
            let database = key.split('.').next().unwrap_or_default();
            self.config.rule_file(database).map_or_else(String::new, |path| path.display().to_string())
        };
        let effect =
            |(key, rule): (String, String)| Effect { effect: file(&key), key, before: None, after: Some(rule) };
        self.config.rules().into_iter().map(effect).collect()
    }

    /// Changes a table's rule in its file, and runs by it. Nothing has changed, in the file neither, if something is wrong.
    async fn change_rule(&mut self, database: &str, change: &RuleChange) -> Result<Vec<Effect>, Vec<String>> {
        let fail = |reason: String| Err(vec![reason]);
        let Some(path) = self.config.rule_file(database).map(Path::to_owned) else {
            return fail(format!("database '{database}' has no rule file"));
        };
        let place = path.display().to_string();
        let read = tokio::fs::read_to_string(&path).await;
        let text = read.map_err(|error| vec![format!("cannot read {place}: {error}")])?;
        let text = edit::changed(&text, change).map_err(|reason| vec![reason])?;
        let newer =
            self.read_files(Texts { files: BTreeMap::from([(path.clone(), text.clone())]), is_whole: false }).await?;
        // The file goes first: what it does not say would be gone after a restart.
        let before = tokio::fs::read(&path).await.map_err(|error| vec![format!("cannot read {place}: {error}")])?;
        let mode = std::fs::metadata(&path).map_or(0o644, |facts| facts.permissions().mode() & 0o7777);
        history::replace(&path, text.as_bytes(), mode)
            .map_err(|error| vec![format!("cannot write {place}: {error}")])?;
        let outcome = self.take_over(newer).await;
        if outcome.is_err()
            && let Err(error) = history::replace(&path, &before, mode)
        {
            tracing::error!(file = %place, %error, "the rule that was not taken over is still in its file");
        }
        outcome
    }

    /// The files stay as they are.
    async fn roll_back(&mut self) -> Result<Vec<Effect>, Vec<String>> {
        let Some(texts) = self.earlier.last().cloned() else {
            return Err(vec!["there is no earlier one".to_owned()]);
        };
        let older = self.read_files(texts).await?;
        self.apply(&older).await?;
        let effects = effects(&self.config, &older);
        self.earlier.pop();
        self.config = older;
        log("went back to the configuration before", &effects);
        tracing::warn!(
            "the files still have the newer configuration: it is in force again after RELOAD CONFIG or a restart"
        );
        Ok(effects)
    }

    /// Puts a configuration in force. Nothing has changed if that fails.
    async fn apply(&mut self, config: &Config) -> Result<(), Vec<String>> {
        let before = self.shared.setup();
        let tls = tls::server_config(&config.frontend.tls).map_err(|error| vec![format!("server.tls: {error:#}")])?;
        let topology = before.topology.changed_to(&config.backend).map_err(|error| vec![error.to_string()])?;
        let topology = Arc::new(topology);
        self.version += 1;
        let unfinished = self.unfinished(&topology).await;
        let schema = live(&topology, &config.schema, &before.schema, &unfinished, self.version).await;
        self.generation += 1;
        // What counts at start only stays what it was, and so it is told.
        let (listen, workers) = (before.options.listen.clone(), before.options.workers);
        let plan_cache = before.options.plan_cache;
        let options = crate::frontend::options::Options { listen, workers, plan_cache, ..config.frontend.clone() };
        let setup = Setup::new(self.generation, options, Arc::new(schema), Arc::clone(&topology), tls);
        self.shared.replace_setup(setup);
        self.monitors.follow(&topology, &config.backend.monitor);
        for set in before.topology.sets.iter().filter(|set| !topology.has(set)) {
            set.retire();
        }
        self.fleet.send_replace(topology);
        if let Some(Err(error)) = self.log_level.as_ref().map(|change| change(&config.log.level)) {
            tracing::error!(%error, "cannot change the log level");
        }
        Ok(())
    }

    /// Asks the servers, and says when to ask again. Tables of those that do not answer stay as they were known.
    async fn read_servers(&mut self) -> Instant {
        let setup = self.shared.setup();
        // Of an earlier configuration some may have drained meanwhile.
        self.monitors.follow(&setup.topology, &self.config.backend.monitor);
        match live_schema::server_facts(&setup.topology).await {
            Ok((version, sql_mode, sort_length)) => self.shared.learn(Servers::of(version, sql_mode, sort_length)),
            Err(error) => {
                tracing::warn!(%error, "no server tells its version");
                return Instant::now() + SCHEMA_RETRY;
            }
        }
        self.version += 1;
        let unfinished = self.unfinished(&setup.topology).await;
        let (found, failed) =
            read(&setup.topology, &self.config.schema, &setup.schema, &unfinished, self.version).await;
        if failed != self.silent {
            warn_silent(&failed);
        }
        let is_complete = failed.is_empty();
        self.silent = failed;
        // An unchanged schema keeps its version, and with it the plans.
        if !live_schema::is_same(&setup.schema, &found) {
            self.shared.replace_setup(setup.with_schema(Arc::new(found)));
        }
        Instant::now() + if is_complete { SCHEMA_INTERVAL } else { SCHEMA_RETRY }
    }
}

/// The tables of DDL that is not done on all shards; `None`: nobody has told.
type Unfinished = Option<Vec<Changed>>;

/// Whether a file had been written when it was read, at the earliest at `began`: else it may have been read as it was before.
fn is_settled(changed: SystemTime, began: SystemTime) -> bool {
    /// Clocks of file systems tick seldom.
    const TICK: Duration = Duration::from_millis(20);
    began.duration_since(changed).is_ok_and(|before| before > TICK)
}

/// The effect of what is only said.
const WARNING: &str = "warning";

/// What changes, and what is doubtful about it.
fn effects(before: &Config, after: &Config) -> Vec<Effect> {
    let effect = |change: Change| Effect {
        effect: if change.needs_restart { "needs a restart" } else { "applied" }.to_owned(),
        key: change.key,
        before: change.before,
        after: change.after,
    };
    let mut effects: Vec<Effect> = before.changes_to(after).into_iter().map(effect).collect();
    effects.extend(after.warnings.iter().map(|warning| Effect {
        key: warning.to_string(),
        before: None,
        after: None,
        effect: WARNING.to_owned(),
    }));
    effects
}

fn log(message: &str, effects: &[Effect]) {
    tracing::info!(changes = effects.len(), "{message}");
    for Effect { key, before, after, effect } in effects.iter().take(LOGGED) {
        let [before, after] = [before, after].map(|text| text.as_deref().unwrap_or("-"));
        tracing::info!(%key, %before, %after, "{effect}");
    }
    if effects.len() > LOGGED {
        tracing::info!("and {} more changes", effects.len() - LOGGED);
    }
}

/// The rules with the live columns, so that no statement has to do without them; with those that were known where the
/// servers take too long.
async fn live(topology: &Topology, rules: &Schema, known: &Schema, unfinished: &Unfinished, version: u64) -> Schema {
    match tokio::time::timeout(LOOK, read(topology, rules, known, unfinished, version)).await {
        Ok((schema, failed)) => {
            warn_silent(&failed);
            schema
        }
        Err(_) => {
            tracing::warn!(after = ?LOOK, "the servers have not told their tables in time");
            let is_mixed = |database: &str, table: &str| is_known_as_mixed(known, database, table);
            rules.with_live(version, |database, table| known_columns(known, database, table), is_mixed)
        }
    }
}

fn warn_silent(failed: &[String]) {
    failed.iter().for_each(|error| tracing::warn!("cannot read the tables from the servers: {error}"));
}

/// The rules with the live columns, and which replica sets could not be asked, with the reasons.
async fn read(
    topology: &Topology,
    rules: &Schema,
    known: &Schema,
    unfinished: &Unfinished,
    version: u64,
) -> (Schema, Vec<String>) {
    let is_unfinished = |database: &str, table: &str| {
        let is_it = |changed: &Changed| same_name(&changed.database, database) && same_name(&changed.table, table);
        unfinished.as_ref().is_some_and(|tables| tables.iter().any(is_it))
    };
    let live = live_schema::load(topology, rules, is_unfinished).await;
    let columns = |database: &str, table: &str| {
        let (id, _) = rules.database(database)?;
        match live.columns.get(&(id, table.to_owned())) {
            Some(columns) => Some(columns.clone()).filter(|columns| !columns.is_empty()),
            None => known_columns(known, database, table),
        }
    };
    // What could not be read is as it was known.
    let is_mixed = |database: &str, table: &str| match rules.database(database) {
        Some((id, _)) if unfinished.is_none() || is_unfinished(database, table) => {
            let read = live.mixed.get(&(id, table.to_owned())).copied();
            read.unwrap_or_else(|| is_known_as_mixed(known, database, table))
        }
        _ => false,
    };
    let found = rules.with_live(version, columns, is_mixed);
    for mismatch in live_schema::mismatches(&found) {
        tracing::error!("{mismatch}");
    }
    (found, live.failed.iter().map(|(set, error)| format!("{set}: {error}")).collect())
}

fn is_known_as_mixed(known: &Schema, database: &str, table: &str) -> bool {
    known.database(database).and_then(|(_, found)| found.table(table)).is_some_and(|table| table.is_mixed)
}

fn known_columns(known: &Schema, database: &str, table: &str) -> Option<Vec<crate::sharding::Column>> {
    known.database(database)?.1.table(table)?.columns.clone()
}
