//! What differs between MariaDB's and MySQL's servers: finding and initialising them, their options, and the words
//! of their replication statements.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::Error;

/// Whose server a binary is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// MariaDB 10.5 or later.
    MariaDb,
    /// MySQL 8.0.26 or later.
    MySql,
}

/// Folders outside PATH in which distributions and vendors put the server.
const FOLDERS: [&str; 5] = ["/usr/sbin", "/usr/libexec", "/usr/local/sbin", "/usr/local/bin", "/usr/local/mysql/bin"];
const INSTALLER: &str = "mariadb-install-db";

/// The server to start when none was named: MariaDB's if there is one, else MySQL's.
pub fn find_server() -> Result<PathBuf, Error> {
    find("mariadbd")
        .or_else(|| find("mysqld"))
        .ok_or_else(|| Error::NoServer { searched: format!("mariadbd, mysqld in PATH, {}", FOLDERS.join(", ")) })
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(FOLDERS.iter().map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

impl Flavour {
    /// Asks the binary for its version.
    pub fn of(server: &Path) -> Result<Flavour, Error> {
        let output = Command::new(server).arg("--version").output().map_err(Error::io(server))?;
        let text = String::from_utf8_lossy(&output.stdout);
        if text.contains("MariaDB") {
            return Ok(Flavour::MariaDb);
        }
        if output.status.success() && text.contains("Ver ") {
            return Ok(Flavour::MySql);
        }
        Err(Error::Program { program: server.to_owned(), detail: "it does not look like a database server".into() })
    }

    /// The command that fills the empty folder `data` with system tables, with a root that has no password and can
    /// only come through the local socket.
    pub(crate) fn initialise(self, server: &Path, data: &Path, as_root: bool) -> Result<Command, Error> {
        let mut command = match self {
            Flavour::MariaDb => {
                let mut command = Command::new(installer(server)?);
                command.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
                command.args(["--skip-name-resolve", "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M"]);
                if let Some(base) = vendor_base(server) {
                    command.arg(format!("--basedir={}", base.display()));
                }
                command
            }
            Flavour::MySql => {
                let mut command = Command::new(server);
                command.args(["--no-defaults", "--initialize-insecure", "--secure-file-priv="]);
                command.arg("--loose-innodb-redo-log-capacity=8M");
                command
            }
        };
        command.arg(format!("--datadir={}", data.display()));
        if let Some(folder) = data.parent() {
            // In a folder that it shares, a server that starts deletes what look like temporary tables left behind.
            command.env("TMPDIR", folder);
        }
        if as_root {
            command.arg("--user=root");
        }
        Ok(command)
    }

    /// Options that only this flavour knows.
    pub(crate) fn options(self) -> &'static [&'static str] {
        match self {
            Flavour::MariaDb => &["--innodb-log-file-size=8M", "--aria-pagecache-buffer-size=1M"],
            Flavour::MySql => &[
                "--mysqlx=OFF",
                "--secure-file-priv=",
                "--gtid-mode=ON",
                "--enforce-gtid-consistency=ON",
                "--loose-innodb-redo-log-capacity=8M",
            ],
        }
    }

    /// Statements that make a server follow the primary on `port`, from where it left off.
    pub(crate) fn follow(self, port: u16, user: &str, password: &str) -> Vec<String> {
        match self {
            Flavour::MariaDb => vec![
                "STOP SLAVE".into(),
                format!(
                    "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {port}, MASTER_USER = '{user}', \
                     MASTER_PASSWORD = '{password}', MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos"
                ),
                "START SLAVE".into(),
            ],
            Flavour::MySql => vec![
                "STOP REPLICA".into(),
                format!(
                    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = {port}, SOURCE_USER = '{user}', \
                     SOURCE_PASSWORD = '{password}', SOURCE_CONNECT_RETRY = 1, SOURCE_AUTO_POSITION = 1, \
                     GET_SOURCE_PUBLIC_KEY = 1"
                ),
                "START REPLICA".into(),
            ],
        }
    }

    /// A query for a primary's position, as one string.
    pub(crate) fn position(self) -> &'static str {
        match self {
            Flavour::MariaDb => "SELECT @@GLOBAL.gtid_binlog_pos",
            Flavour::MySql => "SELECT @@GLOBAL.gtid_executed",
        }
    }

    /// A query that returns 0 once a replica has reached `position`, and something else after `seconds`.
    pub(crate) fn wait_for(self, position: &str, seconds: u32) -> String {
        match self {
            Flavour::MariaDb => format!("SELECT MASTER_GTID_WAIT('{position}', {seconds})"),
            Flavour::MySql => format!("SELECT WAIT_FOR_EXECUTED_GTID_SET('{position}', {seconds})"),
        }
    }

    /// Privileges on `*.*` that ShardGate's own user needs besides those on data: to read replication state.
    /// Not SUPER and not READ ONLY ADMIN: a write that strays to a replica must fail there.
    pub(crate) fn service_privileges(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Flavour::MariaDb => &[("PROCESS, REPLICATION CLIENT, SLAVE MONITOR", "*.*")],
            Flavour::MySql => {
                &[("PROCESS, REPLICATION CLIENT, XA_RECOVER_ADMIN", "*.*"), ("SELECT", "performance_schema.*")]
            }
        }
    }
}

/// Beside the server, where a tarball has it, or in PATH.
fn installer(server: &Path) -> Result<PathBuf, Error> {
    let base = vendor_base(server);
    let beside = base.iter().flat_map(|base| ["bin", "scripts"].map(|folder| base.join(folder).join(INSTALLER)));
    beside.into_iter().find(|file| file.is_file()).or_else(|| find(INSTALLER)).ok_or(Error::NoInstaller(INSTALLER))
}

/// The unpacked distribution that `server` is a part of, unless it is the system's.
fn vendor_base(server: &Path) -> Option<PathBuf> {
    let base = server.canonicalize().ok()?.parent()?.parent()?.to_owned();
    (base != Path::new("/usr") && base.join("share").is_dir()).then_some(base)
}
