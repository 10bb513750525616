//! The command line: arguments -> config -> the work -> exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use shardgate::server::{self, check, import, offline, operate, place, split};

// Memory of a burst of sessions goes back to the system within seconds (background purging).
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A sharding proxy for MySQL and MariaDB: a fleet of servers that looks like one.
///
/// Exit codes: 0 done, 1 failed, 2 bad arguments or configuration.
#[derive(Debug, Parser)]
#[command(name = "shardgate", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the proxy until SIGTERM or Ctrl-C.
    Serve {
        #[command(flatten)]
        config: ConfigFile,
        #[command(flatten)]
        log: Log,
    },
    /// Start real servers with a sharded demo shop, and the proxy in front of them.
    Playground(Playground),
    /// Validate the configuration; prints every problem with file, line and key. Exit codes: 0 nothing found, 1 warnings,
    /// 2 errors.
    Check {
        #[command(flatten)]
        config: ConfigFile,
        /// Compare with the live servers as well: schemas, tables, columns, keys, engines, rights.
        #[arg(long)]
        connect: bool,
        /// How the findings are printed: lines for people to standard error, or one JSON object to standard output.
        #[arg(long, value_enum, default_value = "text")]
        format: LogFormat,
    },
    /// Create the physical schemas of all shards that do not exist yet.
    Init {
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Print the shard that holds rows with this key.
    ShardOf {
        #[command(flatten)]
        config: ConfigFile,
        /// `database.table`, or just the table where there is one database.
        table: String,
        /// The shard key's value, as an SQL literal or plain text: 42, '42', x; for keys of bytes 0x and hexadecimal digits.
        /// Of a key of several columns a value for each.
        #[arg(allow_hyphen_values = true, required = true, value_name = "KEY")]
        keys: Vec<String>,
    },
    /// Read JSON lines with keys from standard input and write each with what a sharding function computes: to compare
    /// keys of your own with another proxy's. A line: {"system":"cobar","function":"PartitionByLong","params":{...},"key":1}
    Place,
    /// Translate another proxy's configuration: writes shardgate.toml and rules/, and reports what means something else now
    /// and what could not be translated.
    Import {
        /// The proxy that the files are of.
        #[arg(long, value_enum)]
        from: System,
        /// The folder with the proxy's files, or the file.
        path: PathBuf,
        /// The folder to write to: a new one, or an empty one.
        #[arg(long, short)]
        output: PathBuf,
    },
    /// Split a dump (of mysqldump or mariadb-dump) or a CSV file into one file for each shard, which the servers' own tools
    /// then load. Exit codes: 0 done, 1 something has no place (the error names its line).
    Split(Split),
    /// Print the route and the rewritten SQL of a statement, without connecting.
    Explain {
        #[command(flatten)]
        config: ConfigFile,
        /// Logical database that the statement runs in; may be left out where there is one.
        #[arg(long, short)]
        database: Option<String>,
        statement: String,
    },
}

#[derive(Debug, Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(long, short, env = "SHARDGATE_CONFIG", default_value = "shardgate.toml")]
    config: PathBuf,
}

#[derive(Debug, Args)]
struct Log {
    /// Form of log lines; overrides the configuration.
    #[arg(long, value_enum)]
    log_format: Option<LogFormat>,
    /// What is logged, as tracing's filter: info, or shardgate=debug; overrides the configuration.
    #[arg(long, env = "SHARDGATE_LOG")]
    log_level: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// Proxies whose files can be read.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum System {
    Cobar,
    Mycat,
    Dble,
    Kingshard,
    Gaea,
    #[value(name = "shardingsphere")]
    ShardingSphere,
    Vitess,
}

impl From<System> for shardgate::config::import::System {
    fn from(system: System) -> Self {
        match system {
            System::Cobar => Self::Cobar,
            System::Mycat => Self::Mycat,
            System::Dble => Self::Dble,
            System::Kingshard => Self::Kingshard,
            System::Gaea => Self::Gaea,
            System::ShardingSphere => Self::ShardingSphere,
            System::Vitess => Self::Vitess,
        }
    }
}

#[derive(Debug, Args)]
struct Playground {
    /// Where data and logs go; a new folder under the system's temporary folder if not given.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Port of the proxy. Without it: 8066 if that is free, else any free one.
    #[arg(long)]
    port: Option<u16>,
    /// The server program to start: a path to mariadbd or to MySQL's mysqld.
    #[arg(long)]
    server: Option<PathBuf>,
    /// Keep the data when stopped.
    #[arg(long)]
    keep: bool,
}

#[derive(Debug, Args)]
struct Split {
    #[command(flatten)]
    config: ConfigFile,
    /// The dump, or with --table the CSV file.
    file: PathBuf,
    /// The folder to write to: a new one, or an empty one. SHARD.sql or SHARD.csv are made in it.
    #[arg(long, short)]
    output: PathBuf,
    /// The logical database; may be left out where there is one, or where the dump says USE.
    #[arg(long, short)]
    database: Option<String>,
    /// The file has rows of this table, one a line.
    #[arg(long)]
    table: Option<String>,
    /// The table's columns in the order of the fields. Without it: the header's, or those that the rule lists.
    #[arg(long, value_delimiter = ',', requires = "table")]
    columns: Option<Vec<String>>,
    /// The first line names the columns; each file gets it too.
    #[arg(long, requires = "table")]
    header: bool,
    /// The file's character set.
    #[arg(long, default_value = "utf8mb4", requires = "table")]
    charset: String,
    /// What stands between fields; \t is a tab.
    #[arg(long, default_value = ",", requires = "table")]
    fields_terminated_by: String,
    /// The character around fields; empty: none.
    #[arg(long, default_value = "\"", requires = "table")]
    enclosed_by: String,
    /// The character before one that stands for itself, as LOAD DATA has it; empty, the default: none.
    #[arg(long, default_value = "", requires = "table")]
    escaped_by: String,
    /// What ends lines. Without it: \r\n if the first line ends so, else \n.
    #[arg(long, requires = "table")]
    lines_terminated_by: Option<String>,
}

impl Split {
    fn options(self) -> split::Options {
        split::Options {
            field_end: self.fields_terminated_by,
            enclosed: self.enclosed_by,
            escape: self.escaped_by,
            line_end: self.lines_terminated_by,
            file: self.file,
            output: self.output,
            database: self.database,
            table: self.table,
            columns: self.columns,
            header: self.header,
            charset: self.charset,
        }
    }
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("shardgate: {}", told(&error));
            ExitCode::from(1)
        }
    }
}

/// The error and its causes, without those that it tells itself.
fn told(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |told, cause| match cause.to_string() {
        cause if told.is_empty() => cause,
        cause if told.contains(&cause) => told,
        cause => format!("{told}: {cause}"),
    })
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve { config, log } => {
            let json = log.log_format.map(|format| matches!(format, LogFormat::Json));
            server::serve(&config.config, json, log.log_level.as_deref())
        }
        Command::Playground(options) => server::playground(shardgate::playground::Options {
            dir: options.dir,
            port: options.port,
            server: options.server,
            keep: options.keep,
        }),
        Command::Check { config, connect, format } => {
            check::check(&config.config, connect, matches!(format, LogFormat::Json))
        }
        Command::Init { config } => operate::init(&config.config),
        Command::ShardOf { config, table, keys } => offline::shard_of(&config.config, &table, &keys),
        Command::Place => place::place(std::io::stdin().lock(), std::io::BufWriter::new(std::io::stdout().lock())),
        Command::Import { from, path, output } => import::import(from.into(), &path, &output),
        Command::Split(options) => split::split(&options.config.config.clone(), &options.options()),
        Command::Explain { config, database, statement } => {
            offline::explain(&config.config, database.as_deref(), &statement)
        }
    }
}
