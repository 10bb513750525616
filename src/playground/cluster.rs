//! Replica sets of real servers in one folder: a data directory is initialised once and copied for each server, all
//! start at the same time, replicas follow their primary by GTID.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use futures_util::future::{join_all, try_join_all};
use rand::Rng;
use rand::distributions::Alphanumeric;

use super::error::Error;
use super::flavour::{Flavour, find_server};
use super::guardian::Guardian;
use super::server::{Launch, Server};

/// The user as whom ShardGate connects to the servers of a cluster.
pub const SERVICE_USER: &str = "shardgate";
const REPLICATION_USER: &str = "replication";
/// The data directory that is copied for each server.
const TEMPLATE: &str = "template";
const CATCH_UP_SECONDS: u32 = 30;
/// Longest temporary folder under which every server's socket path still fits.
const TEMP_PATH_LIMIT: usize = 60;

/// What to start.
#[derive(Clone, Debug, Default)]
pub struct ClusterOptions {
    /// The server's binary; `None` finds the system's `mariadbd`, else `mysqld`.
    pub server: Option<PathBuf>,
    /// Where everything is put; `None`: a new folder among the system's temporary ones. A folder that holds a kept
    /// cluster of the same shape is started again with its data, and kept again.
    pub dir: Option<PathBuf>,
    /// Leave the folder at the end. Otherwise it is removed with everything in it, unless it was there before.
    pub keep: bool,
    /// Number of replicas of each replica set; they are named `rs0`, `rs1`, ...
    pub replica_sets: Vec<usize>,
    /// More options for each server, as on its command line.
    pub server_options: Vec<String>,
}

/// One primary and its replicas.
#[derive(Debug)]
pub struct ReplicaSet {
    /// `rs0`, `rs1`, ...
    pub name: String,
    /// The writable server.
    pub primary: Server,
    /// Read-only servers that follow it.
    pub replicas: Vec<Server>,
}

impl ReplicaSet {
    /// The primary, then the replicas.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        std::iter::once(&self.primary).chain(&self.replicas)
    }

    /// Returns once every replica has applied what the primary has committed so far.
    pub async fn wait_for_replicas(&self) -> Result<(), Error> {
        let flavour = self.primary.flavour();
        let position: String = first(self.primary.execute(flavour.position()).await?).unwrap_or_default();
        let wait = flavour.wait_for(&position.replace(char::is_whitespace, ""), CATCH_UP_SECONDS);
        for replica in &self.replicas {
            if first::<i64>(replica.execute(&wait).await?) != Some(0) {
                return Err(Error::Lagging(replica.name().to_owned()));
            }
        }
        Ok(())
    }
}

/// Running replica sets. Dropping it ends every server; a temporary folder goes too.
#[derive(Debug)]
pub struct Cluster {
    /// In the order of `ClusterOptions::replica_sets`.
    pub replica_sets: Vec<ReplicaSet>,
    folder: PathBuf,
    temporary: bool,
    service_password: String,
    guardian: Arc<Guardian>,
}

impl Cluster {
    /// Starts everything and returns when each server answers and each replica follows. On failure nothing is left
    /// running.
    pub async fn start(options: ClusterOptions) -> Result<Cluster, Error> {
        let site = Site::prepare(&options)?;
        let sets = options.replica_sets.iter().enumerate();
        let replica_sets = try_join_all(sets.map(|(index, replicas)| site.replica_set(index, *replicas))).await?;
        let service_password = random_password();
        let Site { folder, temporary, guardian, .. } = site;
        let cluster = Cluster { replica_sets, folder, temporary, service_password, guardian };
        try_join_all(cluster.replica_sets.iter().map(|set| cluster.set_up(set))).await?;
        Ok(cluster)
    }

    /// The folder with everything in it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Password of [`SERVICE_USER`] on every server; new on each start.
    pub fn service_password(&self) -> &str {
        &self.service_password
    }

    /// Every server, primaries before their replicas.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        self.replica_sets.iter().flat_map(ReplicaSet::servers)
    }

    /// Lets the service user (and so ShardGate) do everything with the data of `schema`, a LIKE pattern.
    pub async fn grant(&self, schema: &str) -> Result<(), Error> {
        let grant = format!("GRANT ALL ON `{schema}`.* TO {SERVICE_USER}@'%'");
        try_join_all(self.replica_sets.iter().map(|set| set.primary.execute(&grant))).await?;
        Ok(())
    }

    /// Returns once no replica is behind.
    pub async fn wait_for_replicas(&self) -> Result<(), Error> {
        try_join_all(self.replica_sets.iter().map(ReplicaSet::wait_for_replicas)).await?;
        Ok(())
    }

    /// Process `pid`, a child of ours, is ended with the servers if we die. It is not ended by dropping the cluster.
    pub fn adopt(&self, pid: u32) {
        self.guardian.started(pid);
    }

    /// Process `pid` is gone and waited for.
    pub fn release(&self, pid: u32) {
        self.guardian.ended(pid);
    }

    /// Shuts every server down cleanly, all at the same time.
    pub async fn stop(&self) -> Result<(), Error> {
        join_all(self.servers().map(Server::stop)).await.into_iter().collect()
    }

    /// Users, then replication: the replicas get the users from the primary's binary log.
    async fn set_up(&self, set: &ReplicaSet) -> Result<(), Error> {
        let flavour = set.primary.flavour();
        let replication_password = random_password();
        let mut users = vec![
            user(SERVICE_USER, &self.service_password),
            user(REPLICATION_USER, &replication_password),
            format!("GRANT ALL ON `shardgate`.* TO {SERVICE_USER}@'%'"),
            format!("GRANT REPLICATION SLAVE ON *.* TO {REPLICATION_USER}@'%'"),
        ];
        let privileges = flavour.service_privileges().iter();
        users.extend(privileges.map(|(what, on)| format!("GRANT {what} ON {on} TO {SERVICE_USER}@'%'")));
        set.primary.execute(&users.join(";")).await?;
        for replica in &set.replicas {
            for statement in flavour.follow(set.primary.port(), REPLICATION_USER, &replication_password) {
                replica.execute(&statement).await?;
            }
        }
        set.wait_for_replicas().await
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Data that is thrown away needs no clean shutdown.
        let clean = !self.temporary;
        std::thread::scope(|scope| {
            for server in self.servers() {
                scope.spawn(move || server.end(clean));
            }
        });
    }
}

/// The folder and what all servers in it have in common.
struct Site {
    program: PathBuf,
    flavour: Flavour,
    folder: PathBuf,
    temporary: bool,
    as_root: bool,
    guardian: Arc<Guardian>,
    server_options: Vec<String>,
}

impl Site {
    fn prepare(options: &ClusterOptions) -> Result<Site, Error> {
        let program = options.server.clone().map_or_else(find_server, Ok)?;
        let flavour = Flavour::of(&program)?;
        let wanted = options.dir.clone().unwrap_or_else(temporary_folder);
        let was_there = holds_a_cluster(&wanted)?;
        let temporary = !options.keep && !was_there;
        let folder = make_private_folder(&wanted)?;
        let guardian = Arc::new(Guardian::start(temporary.then_some(folder.as_path()))?);
        let as_root = is_owned_by_root(&folder)?;
        let server_options = options.server_options.clone();
        let site = Site { program, flavour, folder, temporary, as_root, guardian, server_options };
        site.make_template()?;
        Ok(site)
    }

    async fn replica_set(&self, index: usize, replicas: usize) -> Result<ReplicaSet, Error> {
        let name = format!("rs{index}");
        let members = (0..=replicas).map(|member| self.server(&name, index, member));
        let mut servers = try_join_all(members).await?.into_iter();
        let primary = servers.next().ok_or(Error::NoPort)?;
        Ok(ReplicaSet { name, primary, replicas: servers.collect() })
    }

    /// Member 0 is the primary.
    async fn server(&self, set: &str, index: usize, member: usize) -> Result<Server, Error> {
        let name = if member == 0 { format!("{set}-primary") } else { format!("{set}-replica{member}") };
        let folder = self.folder.join(&name);
        if !folder.join("data").exists() {
            std::fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
            copy_folder(&self.template(), &folder.join("data"))?;
        }
        let launch = Launch {
            program: self.program.clone(),
            flavour: self.flavour,
            folder: folder.clone(),
            server_id: u32::try_from(index * 100 + member + 1).unwrap_or(u32::MAX),
            read_only: member > 0,
            as_root: self.as_root,
            extra: self.server_options.clone(),
        };
        let last_port = std::fs::read_to_string(folder.join("port")).ok().and_then(|text| text.trim().parse().ok());
        let server = Server::launch(&name, launch, last_port, self.guardian.clone()).await?;
        let port = folder.join("port");
        std::fs::write(&port, server.port().to_string()).map_err(Error::io(&port))?;
        Ok(server)
    }

    fn template(&self) -> PathBuf {
        self.folder.join(TEMPLATE)
    }

    fn make_template(&self) -> Result<(), Error> {
        let template = self.template();
        if template.exists() {
            return Ok(());
        }
        // Made under another name first: a half made template must not be taken for a whole one.
        let half = self.folder.join("template.new");
        let _ = std::fs::remove_dir_all(&half);
        std::fs::create_dir_all(&half).map_err(Error::io(&half))?;
        let mut command = self.flavour.initialise(&self.program, &half, self.as_root)?;
        let output = command.stdin(Stdio::null()).output().map_err(Error::io(&self.program))?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            let detail = format!("{}\n{}", output.status, String::from_utf8_lossy(&said));
            return Err(Error::Program { program: command.get_program().into(), detail });
        }
        // Each MySQL server makes a UUID of its own when this file is missing.
        let _ = std::fs::remove_file(half.join("auto.cnf"));
        std::fs::rename(&half, &template).map_err(Error::io(&template))
    }
}

fn user(name: &str, password: &str) -> String {
    format!(
        "CREATE USER IF NOT EXISTS {name}@'%' IDENTIFIED BY '{password}'; \
         ALTER USER {name}@'%' IDENTIFIED BY '{password}'"
    )
}

fn random_password() -> String {
    rand::thread_rng().sample_iter(Alphanumeric).take(20).map(char::from).collect()
}

fn temporary_folder() -> PathBuf {
    let base = std::env::temp_dir();
    let base = if base.as_os_str().len() > TEMP_PATH_LIMIT { PathBuf::from("/tmp") } else { base };
    base.join(format!("shardgate-{}-{:08x}", std::process::id(), rand::random::<u32>()))
}

/// Whether a cluster was kept there. A folder with anything else in it is refused: it would be removed, or written into.
fn holds_a_cluster(folder: &Path) -> Result<bool, Error> {
    if folder.join(TEMPLATE).exists() {
        return Ok(true);
    }
    let is_empty = std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    if is_empty { Ok(false) } else { Err(Error::ForeignFolder(folder.to_owned())) }
}

/// Passwords and data lie in it: nobody else may look.
fn make_private_folder(path: &Path) -> Result<PathBuf, Error> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(Error::io(path))?;
    path.canonicalize().map_err(Error::io(path))
}

/// Servers refuse to run as root unless told to; who owns what we just made is who we are.
fn is_owned_by_root(folder: &Path) -> Result<bool, Error> {
    use std::os::unix::fs::MetadataExt;
    Ok(std::fs::metadata(folder).map_err(Error::io(folder))?.uid() == 0)
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(to).map_err(Error::io(to))?;
    for entry in std::fs::read_dir(from).map_err(Error::io(from))? {
        let entry = entry.map_err(Error::io(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().map_err(Error::io(&source))? {
            kind if kind.is_dir() => copy_folder(&source, &target)?,
            kind if kind.is_file() => drop(std::fs::copy(&source, &target).map_err(Error::io(&source))?),
            _ => {}
        }
    }
    Ok(())
}

fn first<T: mysql_async::prelude::FromValue>(rows: Vec<mysql_async::Row>) -> Option<T> {
    rows.into_iter().next()?.take_opt(0)?.ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_replica_follows_its_primary_and_nothing_is_left_behind() {
        let options = ClusterOptions { replica_sets: vec![1], ..Default::default() };
        let cluster = Cluster::start(options).await.unwrap();
        let set = &cluster.replica_sets[0];
        set.primary.execute("CREATE DATABASE d; CREATE TABLE d.t (a INT); INSERT INTO d.t VALUES (7)").await.unwrap();
        cluster.wait_for_replicas().await.unwrap();
        let rows = set.replicas[0].execute("SELECT a, @@read_only FROM d.t").await.unwrap();
        assert_eq!(mysql_async::from_row::<(i64, i64)>(rows[0].clone()), (7, 1));

        set.primary.kill9();
        assert!(set.primary.execute("DO 1").await.is_err());
        set.primary.start().await.unwrap();
        assert_eq!(first::<i64>(set.primary.execute("SELECT COUNT(*) FROM d.t").await.unwrap()), Some(1));

        let pids: Vec<u32> = cluster.servers().filter_map(Server::pid).collect();
        let folder = cluster.folder().to_owned();
        drop(cluster);
        assert!(!folder.exists());
        assert!(pids.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists()));
    }
}
