//! `shardgate playground`: a cluster with the demo shop, ShardGate in front of it, and a few lines that say how to talk
//! to it. Runs until Ctrl-C.

use std::fmt::Display;
use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::sharding::{Schema, ShardId};

use super::cluster::{Cluster, ClusterOptions};
use super::error::Error;
use super::files::{self, OPERATOR, OPERATOR_PASSWORD, USER, USER_PASSWORD};
use super::ports;
use super::server::Server;
use super::shop;

/// Cobar's users know it.
const DEFAULT_PORT: u16 = 8066;
/// And its operators this one.
const CONSOLE_PORT: u16 = 9066;
const MARK_OF_DATA: &str = "shop.loaded";
const SERVE_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The folder for everything; `None`: a temporary one.
    pub dir: Option<PathBuf>,
    /// Leave the folder and its data at the end; a later start with the same `dir` goes on with them.
    pub keep: bool,
    /// ShardGate's port; `None`: 8066 if it is free, else any.
    pub port: Option<u16>,
    /// The server's binary; `None`: the system's.
    pub server: Option<PathBuf>,
}

/// Resolves when it is time to end.
pub type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts the cluster, fills it, calls `serve` with the path of `shardgate.toml`, and returns after SIGINT, SIGTERM or
/// SIGHUP, or when `serve` ends by itself. `serve` should end soon after its `Stop` resolves; it is dropped if it does
/// not. Nothing that was started here runs any more when this returns.
pub async fn run<S, F, E>(options: Options, serve: S) -> Result<(), Error>
where
    S: FnOnce(PathBuf, Stop) -> F,
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    let (stop, stopped) = watch::channel(false);
    tokio::pin! {
        let interrupted = interrupted()?;
    }
    let prepared = tokio::select! {
        prepared = prepare(&options) => prepared?,
        () = &mut interrupted => return Ok(()),
    };
    let serving = serve(prepared.config.clone(), wait_for(stopped));
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return ended.map_err(|error| Error::Serve(error.to_string())),
        () = &mut interrupted => {}
        () = async {
            announce(&prepared).await;
            std::future::pending().await
        } => {}
    }
    say("\nstopping ...");
    stop.send_replace(true);
    let _ = tokio::time::timeout(STOP_TIMEOUT, &mut serving).await;
    Ok(())
}

/// A cluster that is ready to be served.
struct Prepared {
    cluster: Cluster,
    config: PathBuf,
    port: u16,
    console: u16,
}

async fn prepare(options: &Options) -> Result<Prepared, Error> {
    let begun = std::time::Instant::now();
    say("starting two primaries, each with a replica ...");
    let cluster = Cluster::start(ClusterOptions {
        server: options.server.clone(),
        dir: options.dir.clone(),
        keep: options.keep,
        replica_sets: vec![1, 1],
        server_options: Vec::new(),
    })
    .await?;
    let port = options.port.unwrap_or(DEFAULT_PORT);
    let port = if options.port.is_none() && !ports::is_free(port) { ports::free_port()? } else { port };
    let console = if ports::is_free(CONSOLE_PORT) { CONSOLE_PORT } else { ports::free_port()? };
    let config = files::write(&cluster, port, console)?;
    cluster.grant("shop\\_%").await?;
    fill(&cluster, &files::schema(&config)?).await?;
    say(&format!("four servers with four shards are up after {:.1} s", begun.elapsed().as_secs_f32()));
    Ok(Prepared { cluster, config, port, console })
}

/// Loads the shop unless an earlier run has.
async fn fill(cluster: &Cluster, schema: &Schema) -> Result<(), Error> {
    let mark = cluster.folder().join(MARK_OF_DATA);
    if mark.exists() {
        return Ok(());
    }
    let scripts = shop::scripts(schema)?;
    try_join_all(scripts.iter().map(|(shard, script)| fill_shard(cluster, schema, *shard, script))).await?;
    cluster.wait_for_replicas().await?;
    std::fs::write(&mark, "").map_err(Error::io(&mark))
}

async fn fill_shard(cluster: &Cluster, schema: &Schema, shard: ShardId, script: &str) -> Result<(), Error> {
    let shard = schema.shard(shard);
    let physical = &shard.schema;
    let primary = &cluster.replica_sets[usize::from(shard.replica_set.0)].primary;
    // A start that was broken off may have left half of it.
    let fresh = format!("DROP DATABASE IF EXISTS {physical}; CREATE DATABASE {physical}; USE {physical};");
    primary.execute(&format!("{fresh}{}", script.trim_end().trim_end_matches(';'))).await?;
    Ok(())
}

/// Says how to connect, once somebody can.
async fn announce(prepared: &Prepared) {
    let answers = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", prepared.port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(SERVE_TIMEOUT, answers).await.is_err() {
        say(&format!("ShardGate does not listen on port {} yet; see its log", prepared.port));
        return;
    }
    say(&welcome((prepared.port, prepared.console), prepared.cluster.folder(), prepared.cluster.servers()));
}

fn welcome<'a>((port, console): (u16, u16), folder: &Path, servers: impl Iterator<Item = &'a Server>) -> String {
    let servers: String = servers
        .map(|server| format!("  {:<14} mariadb -u root -S {}\n", server.name(), server.socket().display()))
        .collect();
    let folder = folder.display();
    format!(
        "
ShardGate listens on 127.0.0.1:{port}. Connect with any MySQL client or driver:

  mariadb --host 127.0.0.1 --port {port} --user {USER} --password={USER_PASSWORD} shop

  Python   pymysql.connect(host='127.0.0.1', port={port}, user='{USER}', password='{USER_PASSWORD}', database='shop')
  Node     mysql2.createConnection({{host: '127.0.0.1', port: {port}, user: '{USER}', password: '{USER_PASSWORD}', database: 'shop'}})

Five statements to try:

  SELECT * FROM users WHERE user_id = 42;
  EXPLAIN ROUTE SELECT * FROM users WHERE user_id = 42;
  SELECT u.name, c.name, o.order_id, o.total FROM users u JOIN orders o ON o.user_id = u.user_id
    JOIN countries c ON c.code = u.country_code WHERE u.user_id = 42;
  SELECT user_id, name FROM users WHERE country_code = 'IS';
  INSERT INTO users VALUES (1001, 'One', 'one@example.org', 'FR', NOW()), (1002, 'Two', 'two@example.org', 'JP', NOW());

This user may also change rules (SHOW RULES; ALTER SHARDED TABLE RULE ...; RELOAD CONFIG). The operator's console:

  mariadb --host 127.0.0.1 --port {console} --user {OPERATOR} --password={OPERATOR_PASSWORD} -e 'SHOW HELP'

The servers behind it:

{servers}
Config, rules, data and logs are in {folder}. Ctrl-C stops everything.
"
    )
}

/// Resolves on the first signal that asks the process to end.
fn interrupted() -> Result<impl Future<Output = ()>, Error> {
    let listen = |kind| signal(kind).map_err(Error::io("signals"));
    let (mut int, mut term, mut hup) =
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?, listen(SignalKind::hangup())?);
    Ok(async move {
        tokio::select! {
            _ = int.recv() => {}
            _ = term.recv() => {}
            _ = hup.recv() => {}
        }
    })
}

fn wait_for(mut stopped: watch::Receiver<bool>) -> Stop {
    Box::pin(async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    })
}

/// What the user reads goes to stdout; who closed it does not want to read.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use mysql_async::prelude::Queryable;
    use mysql_async::{Conn, OptsBuilder};

    use super::*;

    async fn count(folder: &Path, server: &str, sql: &str) -> i64 {
        let socket = folder.join(server).join("socket").display().to_string();
        let opts = OptsBuilder::default().socket(Some(socket)).user(Some("root"));
        Conn::new(opts).await.unwrap().query_first(sql).await.unwrap().unwrap()
    }

    async fn users(config: PathBuf) -> Result<i64, String> {
        let folder = config.parent().unwrap();
        let mut all = 0;
        for (server, shard) in [("rs0-primary", 0), ("rs0-replica1", 1), ("rs1-primary", 2), ("rs1-replica1", 3)] {
            let here = count(folder, server, &format!("SELECT COUNT(*) FROM shop_{shard}.users")).await;
            assert!(here > 50, "shard {shard} has only {here} users");
            all += here;
        }
        assert_eq!(count(folder, "rs1-replica1", "SELECT COUNT(*) FROM shop_3.countries").await, 8);
        Ok(all)
    }

    #[tokio::test]
    async fn a_kept_playground_goes_on_with_its_data() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("kept");
        let options = Options { dir: Some(dir.clone()), keep: true, port: Some(1), ..Default::default() };
        run(options.clone(), |config: PathBuf, _| async move {
            let folder = config.parent().unwrap();
            assert_eq!(users(config.clone()).await?, 600);
            count(folder, "rs0-primary", "DELETE FROM shop_0.users LIMIT 1 RETURNING 1").await;
            Ok::<(), String>(())
        })
        .await
        .unwrap();
        // The second start keeps what was changed, although --keep is not said again.
        let options = Options { keep: false, ..options };
        let again = |config, _| async { users(config).await.map(|all| assert_eq!(all, 599)) };
        run(options, again).await.unwrap();
        assert!(dir.join("rs0-primary/data").is_dir());
    }
}
