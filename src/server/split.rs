//! `shardgate split`: one file for each shard out of a dump or a CSV file, so that a table that has outgrown one server can be
//! loaded into its shards by the servers' own tools. Rows are placed by the same code as those that clients insert.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};

use super::dump::{Fate, Router, Statements, several};
use super::offline;
use crate::config::Config;
use crate::plan::placed_lines::{Default as KeyDefault, Placer};
use crate::sharding::schema::same_name;
use crate::sharding::{Placement, Schema, ShardId, Table};
use crate::sql::lines::{Cutter, Format, Wanted, is_cut_by_bytes};
use crate::value::Charset;

/// Bytes that are read of a file at once.
const CHUNK: usize = 1 << 20;
/// The longest line of a CSV file, in bytes.
const LONGEST_LINE: usize = 256 << 20;

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Options {
    pub file: PathBuf,
    /// A folder that is not there yet, or empty.
    pub output: PathBuf,
    pub database: Option<String>,
    /// The file is a CSV file with rows of this table.
    pub table: Option<String>,
    /// Its columns in their order.
    pub columns: Option<Vec<String>>,
    /// Its first line names them.
    pub header: bool,
    pub charset: String,
    // As LOAD DATA has them; `\t`, `\r` and `\n` stand for what they do there.
    pub field_end: String,
    pub enclosed: String,
    pub escape: String,
    /// `None`: that of the first line.
    pub line_end: Option<String>,
}

/// Writes the files. 1 if something in the file has no place; what was written until then stays.
pub fn split(config: &Path, options: &Options) -> anyhow::Result<ExitCode> {
    let Some(config) = super::load(config) else { return Ok(ExitCode::from(2)) };
    let file = open(&options.file).with_context(|| options.file.display().to_string())?;
    let is_csv = options
        .file
        .extension()
        .is_some_and(|end| ["csv", "tsv", "txt"].iter().any(|known| end.eq_ignore_ascii_case(known)));
    if options.table.is_none() && is_csv {
        bail!("{} is no dump by its name: say whose rows it has with --table, and its columns", options.file.display());
    }
    let mut outputs = Outputs::new(&config.schema, options)?;
    match &options.table {
        Some(table) => split_lines(&config, options, table, file, &mut outputs)?,
        None => split_dump(&config, options, BufReader::with_capacity(CHUNK, file), &mut outputs)?,
    }
    outputs.finish(&config)?;
    Ok(ExitCode::SUCCESS)
}

/// Opens a file behind the mark that some tools put before UTF-8: servers take it for text.
fn open(path: &Path) -> std::io::Result<File> {
    const MARK: &[u8] = "\u{FEFF}".as_bytes();
    let mut file = File::open(path)?;
    let mut begin = Vec::new();
    (&file).take(MARK.len() as u64).read_to_end(&mut begin)?;
    if begin != MARK {
        file.rewind()?;
    }
    Ok(file)
}

/// The files, each made with the first that goes into it.
struct Outputs<'a> {
    schema: &'a Schema,
    folder: &'a Path,
    extension: &'static str,
    /// What each file begins with.
    head: Vec<u8>,
    files: BTreeMap<ShardId, (BufWriter<File>, u64)>,
}

impl<'a> Outputs<'a> {
    fn new(schema: &'a Schema, options: &'a Options) -> anyhow::Result<Self> {
        let folder = options.output.as_path();
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        if fs::read_dir(folder)?.next().is_some() {
            bail!("{} is not empty", folder.display());
        }
        let extension = if options.table.is_some() { "csv" } else { "sql" };
        Ok(Self { schema, folder, extension, head: Vec::new(), files: BTreeMap::new() })
    }

    fn write(&mut self, shard: ShardId, bytes: &[u8], rows: u64) -> anyhow::Result<()> {
        if !self.files.contains_key(&shard) {
            let path = self.folder.join(format!("{}.{}", self.schema.shard(shard).name, self.extension));
            let mut file =
                BufWriter::with_capacity(CHUNK, File::create_new(&path).with_context(|| path.display().to_string())?);
            if self.extension == "sql" {
                writeln!(file, "USE `{}`;", self.schema.shard(shard).schema.replace('`', "``"))?;
            }
            file.write_all(&self.head)?;
            self.files.insert(shard, (file, 0));
        }
        if let Some((file, count)) = self.files.get_mut(&shard) {
            file.write_all(bytes)?;
            *count += rows;
        }
        Ok(())
    }

    /// For every file, also those that are made later.
    fn write_all(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.head.extend_from_slice(bytes);
        for (file, _) in self.files.values_mut() {
            file.write_all(bytes)?;
        }
        Ok(())
    }

    fn finish(self, config: &Config) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        for (shard, (mut file, rows)) in self.files {
            file.flush()?;
            let shard = self.schema.shard(shard);
            let set = &config.backend.replica_sets[usize::from(shard.replica_set.0)];
            let name = self.folder.join(format!("{}.{}", shard.name, self.extension));
            writeln!(
                out,
                "{}: {rows} rows for shard {}, schema {} on replica set {} at {}",
                name.display(),
                shard.name,
                shard.schema,
                set.name,
                set.primary
            )?;
        }
        Ok(())
    }
}

fn split_dump(config: &Config, options: &Options, file: impl BufRead, outputs: &mut Outputs<'_>) -> anyhow::Result<()> {
    let schema = &config.schema;
    let database = match &options.database {
        Some(name) => Some(offline::database_named(schema, name)?.0),
        None if schema.databases.len() == 1 => Some(crate::sharding::DatabaseId(0)),
        None => None,
    };
    let mut router = Router::new(schema, database);
    let mut statements = Statements::new(file);
    while let Some(statement) = statements.next()? {
        for sql in several(&statement, statements.mode) {
            let fate = router.fate(&sql, statements.mode).with_context(|| format!("line {}", statement.line))?;
            let ended = |text: &[u8]| match &statement.delimiter {
                None => [text, b";\n"].concat(),
                Some(end) => [b"DELIMITER ", &end[..], b"\n", text, end, b"\nDELIMITER ;\n"].concat(),
            };
            match fate {
                Fate::None => {}
                Fate::All => outputs.write_all(&ended(&sql))?,
                Fate::Shards(texts) => {
                    for (shard, text, rows) in texts {
                        outputs.write(shard, &ended(&text), rows)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn split_lines(
    config: &Config,
    options: &Options,
    table: &str,
    mut file: File,
    outputs: &mut Outputs<'_>,
) -> anyhow::Result<()> {
    let name = match (&options.database, table.contains('.')) {
        (Some(database), false) => format!("{database}.{table}"),
        _ => table.to_owned(),
    };
    let (_, table) = offline::find(&config.schema, &name)?;
    let sharded = match &table.placement {
        Placement::Sharded(sharded) => match &sharded.parent {
            Some(parent) => bail!(
                "{} is a child table, whose rows are where those of {} are: load the file with LOAD DATA LOCAL",
                table.name,
                parent.table
            ),
            None => sharded,
        },
        Placement::Reference(shards) => {
            let all: Vec<ShardId> = shards.iter().collect();
            return copy(file, &all, outputs);
        }
        Placement::Single(shard) => return copy(file, &[*shard], outputs),
    };
    let format = Format {
        field_end: unescaped(&options.field_end),
        enclosed: options.enclosed.bytes().next(),
        escape: options.escape.bytes().next(),
        line_start: Vec::new(),
        line_end: options.line_end.as_deref().map_or_else(|| line_end(&options.file), |end| Ok(unescaped(end)))?,
    };
    if !format.has_lines() {
        bail!("fields and lines must each have an end, and not the same one");
    }
    if !is_cut_by_bytes(&options.charset) {
        bail!("a file in {} cannot be cut into lines: convert it to utf8mb4", options.charset);
    }
    let charset = Charset::from_mysql_name(&options.charset);
    let wanted = |columns: &[String], ignored: u64| -> anyhow::Result<Wanted> {
        let key = columns.iter().position(|column| same_name(column, &sharded.key_column));
        let key = key.ok_or_else(|| {
            anyhow!("none of the columns {} is the shard key {}", columns.join(", "), sharded.key_column)
        })?;
        Ok(Wanted {
            format: format.clone(),
            fields: columns.len(),
            values: vec![key],
            ignored,
            is_utf8: charset == Charset::Utf8,
            longest: LONGEST_LINE,
        })
    };
    let mut chunk = vec![0; CHUNK];
    let mut begun = Vec::new();
    if options.header {
        begun = first_line(&mut file, &format)?;
        outputs.head.clone_from(&begun);
    }
    let columns = columns(options, &format, table, &begun)?;
    let placer = Placer { table, sharded, charset, default: KeyDefault::Unknown, numbers: None };
    let mut cutter = Cutter::new(wanted(&columns, 0)?);
    let before = u64::from(options.header);
    loop {
        let read = file.read(&mut chunk)?;
        cutter.push(&chunk[..read]);
        while let Some(line) = cutter.next(read == 0)? {
            let shard = placer.place(&line).with_context(|| format!("line {}", line.number + before))?;
            outputs.write(shard, line.text, 1)?;
        }
        if read == 0 {
            return Ok(());
        }
    }
}

/// The whole file for each of these.
fn copy(mut file: File, shards: &[ShardId], outputs: &mut Outputs<'_>) -> anyhow::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        shards.iter().try_for_each(|shard| outputs.write(*shard, &chunk[..read], 0))?;
    }
}

fn unescaped(text: &str) -> Vec<u8> {
    text.replace("\\t", "\t").replace("\\r", "\r").replace("\\n", "\n").into_bytes()
}

/// `\r\n` if the first line ends so.
fn line_end(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(File::open(path)?.take(CHUNK as u64)).read_until(b'\n', &mut line)?;
    Ok(if line.ends_with(b"\r\n") { b"\r\n".to_vec() } else { b"\n".to_vec() })
}

/// Byte by byte, so that the rest stays in the file.
fn first_line(file: &mut File, format: &Format) -> anyhow::Result<Vec<u8>> {
    const LONGEST_HEADER: usize = 1 << 20;
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(&format.line_end) && file.read(&mut byte)? == 1 {
        line.push(byte[0]);
        if line.len() > LONGEST_HEADER {
            bail!("line 1 is longer than {LONGEST_HEADER} bytes: it names no columns");
        }
    }
    Ok(line)
}

fn columns(options: &Options, format: &Format, table: &Table, header: &[u8]) -> anyhow::Result<Vec<String>> {
    if let Some(columns) = &options.columns {
        return Ok(columns.clone());
    }
    if options.header {
        let text = String::from_utf8_lossy(header);
        let end = String::from_utf8_lossy(&format.line_end).into_owned();
        let field_end = String::from_utf8_lossy(&format.field_end).into_owned();
        let names = text.trim_end_matches(end.as_str()).trim_end_matches('\r').split(field_end.as_str());
        let quote = format.enclosed.map_or('"', char::from);
        return Ok(names.map(|name| name.trim().trim_matches(quote).to_owned()).collect());
    }
    match &table.columns {
        Some(columns) => {
            Ok(columns.iter().filter(|column| !column.invisible).map(|column| column.name.clone()).collect())
        }
        None => bail!("say --columns a,b,c, or --header if the first line names them"),
    }
}
