//! Gathering: the rows of a table's shards, streamed into a temporary table on another connection.
//!
//! Rows are read from one shard at a time, while the others' servers already work; what they have ready waits in the
//! sockets. A batch of rows becomes one INSERT, and the next is read when that is done, so that memory holds one batch
//! however many rows there are. A budget ends what nobody wants to wait for.

use std::slice;
use std::time::Instant;

use futures_util::future::join_all;

use super::cells::Kind;
use super::columns::unkept;
use super::failure::Failure;
use super::links::Link;
use super::long::Sql;
use super::measured::Measured;
use super::relay;
use super::unread::{self, Unread};
use crate::backend::answer::Answer;
use crate::backend::connection::{Connection, Watch};
use crate::backend::error::Error;
use crate::backend::interrupt::Interrupt;
use crate::plan::gather::Gathered;
use crate::sharding::schema::same_name;
use crate::wire::WireError;
use crate::wire::error_code::{self, ErrorCode};
use crate::wire::packet::HEADER_LEN;
use crate::wire::response::ErrPacket;
use crate::wire::text;
use crate::wire::walker::{AnswerKind, PacketKind};

/// An INSERT is sent when it is so long; every server takes more (`max_allowed_packet` is 1 MiB at least).
const BATCH: usize = 512 * 1024;

/// As SHOW has the type; in MariaDB that of JSON too.
const LONGTEXT: &str = "longtext";

/// What all tables of one statement may take together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub max_rows: u64,
    /// Of the values as text.
    pub max_bytes: u64,
}

/// What was gathered so far for one statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    pub rows: u64,
    pub bytes: u64,
}

/// A temporary table that can be filled.
#[derive(Debug)]
pub struct Scratch {
    /// As the client calls the table that it stands for.
    written: String,
    /// Quoted, with its schema.
    name: String,
    columns: Vec<(String, Kind)>,
    /// Their types, as SHOW COLUMNS has them.
    types: Vec<String>,
    has_key: bool,
}

/// What a temporary table is made from.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    pub gathered: &'a Gathered,
    /// Where the temporary table is made; `None`: wherever the connection is.
    pub schema: Option<&'a str>,
    pub interrupt: &'a Interrupt,
}

/// How a temporary table looks.
#[derive(Debug)]
pub struct Definition {
    /// From the parenthesis on, as SHOW CREATE TABLE has it.
    text: Vec<u8>,
    has_key: bool,
}

impl Site<'_> {
    /// Makes the temporary table with the types of `copy`, a table of this server (quoted).
    pub async fn create(&self, connection: &mut Connection, copy: &[u8]) -> Result<Scratch, Error> {
        let has_key = self.create_like(connection, copy).await?;
        let scratch = self.describe(connection, has_key).await?;
        if scratch.types.iter().any(|kind| kind == LONGTEXT) {
            self.keep_json(connection, copy).await?;
        }
        Ok(scratch)
    }

    /// Makes the temporary table with the columns of a query.
    pub async fn create_for(&self, connection: &mut Connection, query: &[u8]) -> Result<Scratch, Error> {
        let head = format!("CREATE TEMPORARY TABLE {} ENGINE=InnoDB ", self.name());
        run(connection, &[head.as_bytes(), query, b" LIMIT 0"].concat(), self.interrupt).await?;
        self.describe(connection, false).await
    }

    /// The same where this server has no such table.
    pub async fn create_as(&self, connection: &mut Connection, definition: &Definition) -> Result<Scratch, Error> {
        let mut sql = format!("CREATE TEMPORARY TABLE {} ", self.name()).into_bytes();
        sql.extend_from_slice(&definition.text);
        run(connection, &sql, self.interrupt).await?;
        self.describe(connection, definition.has_key).await
    }

    /// How `table` (quoted) looks, for `create_as` on another server. It is found by making a temporary table here, which
    /// is dropped again.
    pub async fn definition(&self, connection: &mut Connection, table: &[u8]) -> Result<Definition, Error> {
        let has_key = self.create_like(connection, table).await?;
        let mut shown = self.shown(connection, self.name().as_bytes()).await?;
        if memchr::memmem::find(&shown, LONGTEXT.as_bytes()).is_some() {
            self.keep_json(connection, table).await?;
            shown = self.shown(connection, self.name().as_bytes()).await?;
        }
        run(connection, format!("DROP TEMPORARY TABLE {}", self.name()).as_bytes(), self.interrupt).await?;
        let start = memchr::memchr(b'(', &shown).unwrap_or(shown.len());
        Ok(Definition { text: shown.split_off(start), has_key })
    }

    /// What SHOW CREATE TABLE says of a table (quoted).
    async fn shown(&self, connection: &mut Connection, table: &[u8]) -> Result<Vec<u8>, Error> {
        let shown = run(connection, &[b"SHOW CREATE TABLE ", table].concat(), self.interrupt).await?;
        let (_, rows) = shown.table();
        let cell = rows.first().and_then(|row| text::cells(row).nth(1)).and_then(Result::ok).flatten();
        Ok(cell.unwrap_or_default().to_vec())
    }

    /// Makes the temporary table from one of the same server; whether it has a primary key. It gets that of the table, so
    /// that rows are met in the order in which the client's table would have them, wherever a statement leaves that open,
    /// and its other keys where all of their columns are there.
    async fn create_like(&self, connection: &mut Connection, table: &[u8]) -> Result<bool, Error> {
        let shown = run(connection, &[b"SHOW INDEX FROM ", table].concat(), self.interrupt).await?;
        let keys = Key::read(&shown);
        let primary = keys.iter().find(|key| key.is_primary);
        let mut columns = self.gathered.columns.clone();
        let mut wanted: Vec<String> = primary.map(Key::definition).into_iter().collect();
        if let Some(columns) = &mut columns {
            let of_primary = primary.iter().flat_map(|key| &key.columns);
            let more: Vec<String> =
                of_primary.filter(|(name, _)| !has_name(columns, name)).map(|(name, _)| name.clone()).collect();
            columns.extend(more);
        }
        let is_there = |key: &&Key| {
            !key.is_primary
                && columns.as_ref().is_none_or(|columns| key.columns.iter().all(|(name, _)| has_name(columns, name)))
        };
        wanted.extend(keys.iter().filter(is_there).map(Key::definition));
        let list = match &columns {
            Some(columns) => columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "),
            None => "*".to_owned(),
        };
        let keys = if wanted.is_empty() { String::new() } else { format!("({})", wanted.join(", ")) };
        // A batch that fails on a key is sent again: the engine must have taken back all of it.
        let mut sql =
            format!("CREATE TEMPORARY TABLE {} {keys} ENGINE=InnoDB SELECT {list} FROM ", self.name()).into_bytes();
        sql.extend_from_slice(table);
        sql.extend_from_slice(b" WHERE FALSE");
        run(connection, &sql, self.interrupt).await?;
        let has_key = primary.is_some();
        self.hide(connection).await?;
        Ok(has_key)
    }

    /// Makes columns invisible: what is made from a query shows them all.
    async fn hide(&self, connection: &mut Connection) -> Result<(), Error> {
        let changes: Vec<(&str, String)> =
            self.gathered.invisible.iter().map(|name| (name.as_str(), "INVISIBLE".to_owned())).collect();
        self.change(connection, &changes).await
    }

    /// Makes columns JSON that are in `table`. MariaDB knows them by their CHECK, which is not made again with what is made from
    /// a query; by it functions know that a text is no string to be quoted.
    async fn keep_json(&self, connection: &mut Connection, table: &[u8]) -> Result<(), Error> {
        if !connection.version().mariadb {
            return Ok(());
        }
        let text = self.shown(connection, table).await?;
        let text = String::from_utf8_lossy(&text);
        let checked = text.lines().filter_map(|line| {
            let name = line.trim_start().strip_prefix('`')?.split("` ").next()?;
            let check = format!("CHECK (json_valid(`{name}`))");
            line.trim_end_matches(',').ends_with(&check).then_some((name, check))
        });
        let changes: Vec<(&str, String)> = checked.collect();
        self.change(connection, &changes).await
    }

    /// Adds something to the definitions of columns, those that are there.
    async fn change(&self, connection: &mut Connection, columns: &[(&str, String)]) -> Result<(), Error> {
        if columns.is_empty() {
            return Ok(());
        }
        let text = self.shown(connection, self.name().as_bytes()).await?;
        let text = String::from_utf8_lossy(&text);
        for (name, more) in columns {
            let is_it = |line: &&str| {
                let names = format!("{} ", quoted(name)).to_lowercase();
                line.trim_start().to_lowercase().starts_with(&names)
            };
            let Some(definition) = text.lines().find(is_it) else { continue };
            let definition = definition.trim().trim_end_matches(',');
            let sql = format!("ALTER TABLE {} MODIFY COLUMN {definition} {more}", self.name());
            run(connection, sql.as_bytes(), self.interrupt).await?;
        }
        Ok(())
    }

    fn name(&self) -> String {
        let name = quoted(&self.gathered.temporary);
        self.schema.map_or(name.clone(), |schema| format!("{}.{name}", quoted(schema)))
    }

    async fn describe(&self, connection: &mut Connection, has_key: bool) -> Result<Scratch, Error> {
        let shown = run(connection, format!("SHOW COLUMNS FROM {}", self.name()).as_bytes(), self.interrupt).await?;
        let (_, rows) = shown.table();
        let described = rows.iter().map(|row| {
            let mut cells = texts(row);
            (cells.next().unwrap_or_default(), cells.next().unwrap_or_default())
        });
        let (names, types): (Vec<String>, Vec<String>) = described.unzip();
        let columns = names.into_iter().zip(types.iter().map(|column_type| Kind::of(column_type))).collect();
        Ok(Scratch { written: self.gathered.written.clone(), name: self.name(), columns, types, has_key })
    }
}

/// A key of a table.
struct Key {
    name: String,
    is_primary: bool,
    /// With what follows each in the definition: a length, a direction.
    columns: Vec<(String, String)>,
}

impl Key {
    /// Those of SHOW INDEX that a temporary table can have.
    fn read(shown: &Answer) -> Vec<Self> {
        let mut keys: Vec<Self> = Vec::new();
        let mut odd: Vec<String> = Vec::new();
        for row in shown.table().1 {
            let cells: Vec<String> = texts(row).collect();
            let [_, _, name, _, column, direction, _, part, _, _, kind, ..] = cells.as_slice() else { continue };
            if column.is_empty() || !matches!(kind.as_str(), "BTREE" | "HASH") {
                // An expression, or FULLTEXT, which only tables that last can have.
                odd.push(name.clone());
                continue;
            }
            let length = if part.is_empty() { String::new() } else { format!("({part})") };
            let direction = if direction == "D" { " DESC" } else { "" };
            let column = (column.clone(), length + direction);
            match keys.iter_mut().find(|key| key.name == *name) {
                Some(key) => key.columns.push(column),
                None => keys.push(Self { name: name.clone(), is_primary: name == "PRIMARY", columns: vec![column] }),
            }
        }
        keys.retain(|key| !odd.contains(&key.name));
        keys
    }

    /// As CREATE TABLE takes it. Only the primary one stays unique.
    fn definition(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|(name, more)| format!("{}{more}", quoted(name))).collect();
        let word = if self.is_primary { "PRIMARY KEY" } else { "KEY" };
        format!("{word} ({})", columns.join(", "))
    }
}

fn has_name(names: &[String], name: &str) -> bool {
    names.iter().any(|known| same_name(known, name))
}

/// The cells of a row as text; NULL is empty.
fn texts(row: &[u8]) -> impl Iterator<Item = String> {
    text::cells(row).map(|cell| String::from_utf8_lossy(cell.ok().flatten().unwrap_or_default()).into_owned())
}

async fn run(connection: &mut Connection, sql: &[u8], interrupt: &Interrupt) -> Result<Answer, Error> {
    let answer = connection.query(sql, interrupt).await?;
    answer.expect_ok(connection.server(), "a temporary table")?;
    Ok(answer)
}

/// Runs it on each of the connections at the same time, to its end on all of them; how many warnings that gave.
async fn run_on_all(links: &mut [Link], sql: &Sql, interrupt: &Interrupt) -> Result<u64, Failure> {
    let runs = links.iter_mut().map(async |link| {
        let answer = sql.run(&mut link.lease, interrupt).await?;
        answer.error().map_or(Ok(answer.summary.warnings), |error| Err(Failure::from(error)))
    });
    join_all(runs).await.into_iter().map(|warnings| Ok(u64::from(warnings?))).sum()
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

impl Scratch {
    /// The columns' types, as SHOW COLUMNS has them.
    pub fn types(&self) -> &[String] {
        &self.types
    }

    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// What a shard is asked; `tail` begins with FROM.
    pub fn fetch(&self, tail: &[u8]) -> Vec<u8> {
        let expressions = self.columns.iter().map(|(name, kind)| kind.expression(&quoted(name)));
        let mut sql = format!("SELECT {}", expressions.collect::<Vec<_>>().join(", ")).into_bytes();
        sql.extend_from_slice(tail);
        sql
    }

    /// The same for values as an answer shows them. `None`: a column does not take them all. MariaDB's JSON is LONGTEXT, and
    /// no more known to be JSON in a table that was made for an answer.
    pub fn for_what_is_shown(mut self) -> Option<Self> {
        for ((_, kind), column_type) in self.columns.iter_mut().zip(&self.types) {
            *kind = match *kind {
                Kind::Bytes if column_type == LONGTEXT => return None,
                // An empty text may be a member, and is shown for what is none.
                Kind::Member if column_type.contains("''") => return None,
                // The least of some is shown by digits.
                Kind::Bytes if column_type.starts_with("bit") => return None,
                Kind::Float | Kind::Json => return None,
                Kind::Member | Kind::Moment => Kind::Bytes,
                Kind::Number | Kind::Bytes | Kind::Ascii => *kind,
            };
        }
        Some(self)
    }

    /// The columns that hold texts or bytes, by number.
    pub fn texts(&self) -> impl Iterator<Item = usize> {
        const WORDS: [&str; 6] = ["char", "text", "binary", "blob", "enum", "set("];
        let is_text = |kind: &str| WORDS.iter().any(|word| kind.contains(word));
        (0..self.types.len()).filter(move |column| is_text(&self.types[*column]))
    }

    /// The collations of the columns that hold texts; those of bytes have an empty one.
    pub async fn collations(&self, connection: &mut Connection, interrupt: &Interrupt) -> Result<Vec<String>, Error> {
        let shown = run(connection, format!("SHOW FULL COLUMNS FROM {}", self.name).as_bytes(), interrupt).await?;
        let (_, rows) = shown.table();
        Ok(self.texts().filter_map(|column| texts(rows.get(column)?).nth(2)).collect())
    }

    /// Stores rows of an answer, whose values are in the columns' own character sets, and in the time zone that the connection
    /// has. `false`: some may have become others.
    pub async fn keep(
        &mut self,
        into: &mut Link,
        rows: Vec<Vec<u8>>,
        (budget, taken): (Budget, &mut Taken),
        interrupt: &Interrupt,
    ) -> Result<bool, Failure> {
        let mut batch = Batch { insert: self, sql: Sql::default(), row: Vec::new() };
        let mut warnings = 0;
        for row in rows {
            batch.row = row;
            batch.end_row(taken, |source| into.lease.protocol(source))?;
            budget.check(&batch.insert.written, *taken)?;
            if batch.sql.len() >= BATCH {
                warnings += batch.send(slice::from_mut(into), interrupt).await?;
            }
        }
        warnings += batch.send(slice::from_mut(into), interrupt).await?;
        Ok(warnings == 0 && !self.is_ambiguous(into, interrupt).await?)
    }

    /// Whether a TIMESTAMP that is stored is shown like another one, at the end of summer time.
    async fn is_ambiguous(&self, of: &mut Link, interrupt: &Interrupt) -> Result<bool, Error> {
        const SHIFTS: [i32; 6] = [-7200, -3600, -1800, 1800, 3600, 7200];
        let columns =
            self.columns.iter().zip(&self.types).filter(|(_, column_type)| column_type.starts_with("timestamp"));
        let is_shown_twice = columns.flat_map(|((name, _), _)| {
            let name = quoted(name);
            SHIFTS.map(|shift| format!("FROM_UNIXTIME(UNIX_TIMESTAMP({name}) + {shift}) = {name}"))
        });
        let any = is_shown_twice.collect::<Vec<_>>().join(" OR ");
        if any.is_empty() {
            return Ok(false);
        }
        let sql = format!("SELECT COUNT(*) FROM {} WHERE {any}", self.name);
        let answer = run(&mut of.lease, sql.as_bytes(), interrupt).await?;
        let count = answer.table().1.first().and_then(|row| texts(row).next());
        Ok(count.as_deref() != Some("0"))
    }

    /// Takes out what was stored.
    pub async fn empty(&self, into: &mut [Link], interrupt: &Interrupt) -> Result<(), Failure> {
        let sql = Sql::from(format!("DELETE FROM {}", self.name).into_bytes());
        run_on_all(into, &sql, interrupt).await.map(drop)
    }

    /// Reads all rows of the answer to a `fetch` that was sent on `from`, and stores them in the tables of this name on each
    /// of `into`; gives the number of warnings, and what the answer was since it was asked for at `begun`.
    /// On success, and where the server refused it, `from` is idle. On other failures either may be in the middle of an
    /// answer; where something pins `from`, only if it is lost.
    pub async fn fill(
        &mut self,
        into: &mut [Link],
        from: &mut Link,
        begun: Instant,
        (budget, taken): (Budget, &mut Taken),
        mut watch: Watch<'_>,
    ) -> Result<(u16, Measured), Failure> {
        let interrupt = watch.interrupt;
        let mut answer = Unread::whole(from, AnswerKind::Query);
        let filled = self.store(into, &mut answer, begun, (budget, taken), &mut watch).await;
        if filled.as_ref().err().is_some_and(Failure::leaves_client) {
            unread::pass_over(vec![answer], interrupt).await;
        }
        filled
    }

    async fn store(
        &mut self,
        into: &mut [Link],
        answer: &mut Unread<'_>,
        begun: Instant,
        (budget, taken): (Budget, &mut Taken),
        watch: &mut Watch<'_>,
    ) -> Result<(u16, Measured), Failure> {
        let (before, mut measured) = (taken.rows, Measured::default());
        let mut batch = Batch { insert: self, sql: Sql::default(), row: Vec::new() };
        let (mut refused, mut killed) = (None, false);
        while !answer.walker().is_complete() {
            let Some((kind, range)) = answer.packet()? else {
                relay::more(watch, &mut answer.link.lease, &mut answer.buffer, &mut killed).await?;
                continue;
            };
            if measured.bytes == 0 {
                measured.first = begun.elapsed();
            }
            let payload = &answer.buffer.filled()[range];
            measured.bytes += (HEADER_LEN + payload.len()) as u64;
            match kind {
                PacketKind::Row | PacketKind::Continuation => {
                    batch.row.extend_from_slice(payload);
                    if answer.walker().is_at_boundary() {
                        batch.end_row(taken, |source| answer.link.lease.protocol(source))?;
                        budget.check(&batch.insert.written, *taken)?;
                    }
                }
                PacketKind::Err => {
                    let error = ErrPacket::parse(payload).map_err(|source| answer.link.lease.protocol(source))?;
                    refused = Some(error.into());
                }
                PacketKind::ColumnCount | PacketKind::Column | PacketKind::Eof | PacketKind::Ok => {}
                _ => return Err(answer.link.lease.protocol(WireError::Malformed("an answer without rows")).into()),
            }
            if batch.sql.len() >= BATCH {
                batch.send(into, watch.interrupt).await?;
            }
        }
        match refused {
            Some(failure) => Err(failure),
            None => {
                batch.send(into, watch.interrupt).await?;
                measured.rows = taken.rows - before;
                measured.total = begun.elapsed();
                Ok((answer.walker().summary().warnings, measured))
            }
        }
    }
}

impl Budget {
    /// For rows that are only passed on.
    pub const NONE: Budget = Budget { max_rows: u64::MAX, max_bytes: u64::MAX };

    /// Whether so much may be gathered, the last of it from `table`.
    pub(super) fn check(self, table: &str, taken: Taken) -> Result<(), Failure> {
        let over = |setting, limit| Failure::OverBudget { table: table.to_owned(), setting, limit, taken };
        match () {
            () if taken.rows > self.max_rows => Err(over("max_rows", self.max_rows)),
            () if taken.bytes > self.max_bytes => Err(over("max_bytes", self.max_bytes)),
            () => Ok(()),
        }
    }
}

/// Whether an error tells that a value cannot be computed or compared, and nothing of the transaction.
pub fn is_of_values(code: ErrorCode) -> bool {
    const OF_VALUES: &[u16] = &[
        1139, // a regular expression
        1264, 1292, 1365, 1411, 1426, 1427, 1441, 1525, 1690, // numbers and times
        1267, 1270, 1271, 1300, 3854, 3995, // character sets and collations
        1582, 1583, // arguments of functions
    ];
    // Those of JSON, of regular expressions and of geometry.
    let ranges = [3032..3060, 3140..3160, 3685..3700, 4036..4045];
    OF_VALUES.contains(&code.number) || ranges.iter().any(|range| range.contains(&code.number))
}

/// Rows that are not stored yet.
struct Batch<'s> {
    insert: &'s mut Scratch,
    sql: Sql,
    /// The payload of the row that is being read.
    row: Vec<u8>,
}

impl Batch<'_> {
    fn end_row(&mut self, taken: &mut Taken, malformed: impl FnOnce(WireError) -> Error) -> Result<(), Failure> {
        let start = self.sql.len();
        let row = self.sql.text.len();
        if self.sql.is_empty() {
            // Without their names invisible columns would not be meant.
            let names = self.insert.columns.iter().map(|(name, _)| quoted(name)).collect::<Vec<_>>().join(", ");
            self.sql.text.extend_from_slice(format!("INSERT INTO {} ({names}) VALUES (", self.insert.name).as_bytes());
        } else {
            self.sql.text.extend_from_slice(b",(");
        }
        let mut cells = text::cells(&self.row);
        for (index, (name, kind)) in self.insert.columns.iter().enumerate() {
            let cell = cells.next().ok_or(WireError::Malformed("a row with too few cells"));
            let cell = match cell.and_then(|cell| cell) {
                Ok(cell) => cell,
                Err(source) => return Err(malformed(source).into()),
            };
            if index > 0 {
                self.sql.text.push(b',');
            }
            kind.store(cell, row, &mut self.sql).map_err(|_| unkept(name))?;
        }
        self.sql.text.push(b')');
        drop(cells);
        taken.rows += 1;
        taken.bytes += (self.sql.len() - start) as u64;
        self.row.clear();
        Ok(())
    }

    /// How many warnings that gave.
    async fn send(&mut self, into: &mut [Link], interrupt: &Interrupt) -> Result<u64, Failure> {
        if self.sql.is_empty() {
            return Ok(0);
        }
        let warnings = match run_on_all(into, &self.sql, interrupt).await {
            // The shards number their rows each on its own. All tables have the same rows, and so refuse the same.
            Err(Failure::Server { code: error_code::DUP_ENTRY, .. }) if self.insert.has_key => {
                let drop_key = Sql::from(format!("ALTER TABLE {} DROP PRIMARY KEY", self.insert.name).into_bytes());
                run_on_all(into, &drop_key, interrupt).await?;
                self.insert.has_key = false;
                run_on_all(into, &self.sql, interrupt).await?
            }
            other => other?,
        };
        self.sql.clear();
        Ok(warnings)
    }
}
