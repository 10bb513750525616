//! The tables that a staged write works on, on its scratch.
//!
//! Such a table hides the scratch's own of the same name. It is made from that one's definition, or where the scratch has
//! none from another server's, so that it converts,
//! checks and fills in what the client's table would. One whose rows are changed also has its keys, one more column that
//! tells which row is which, and one that tells whether the row was changed; one that rows are inserted into has no
//! keys, because only the shards know what is there already.

use super::cascade::Cascade;
use super::columns::{Column, shown};
use super::failure::Failure;
use super::gather::{Budget, Taken};
use super::links::Link;
use super::long::Sql;
use super::rows::Rows;
use super::unread;
use crate::backend::connection::{Connection, Watch};
use crate::backend::interrupt::Interrupt;
use crate::backend::pool::Lease;
use crate::wire::{WireError, error_code, text};

/// An INSERT is sent when it is so long; every server takes more (`max_allowed_packet` is 1 MiB at least).
const BATCH: usize = 512 * 1024;

/// Numbers the rows that were gathered.
const ROW: &str = "`shardgate row`";
/// Set by the server where it changes a row.
const CHANGED: &str = "`shardgate changed`";
const UNCHANGED: &str = "'2000-01-01 00:00:00'";
/// Where the row is: a number, as the caller gives it.
const PLACE: &str = "`shardgate place`";

/// So that `*` does not mean a column: servers have it from MySQL 8.0.23 and MariaDB 10.3.3 on.
const HIDDEN: &str = "/*!80023 INVISIBLE */ /*M!100303 INVISIBLE */";

/// A table of rows that a statement changes, or inserts.
#[derive(Debug)]
pub struct Table {
    /// As the client calls it.
    written: String,
    /// Quoted, with its schema.
    name: String,
    /// The keys of the gathered rows, as they were.
    keys: String,
    definition: Definition,
    pub columns: Vec<Column>,
    /// The columns of the primary key, or of a unique one without NULLs; empty if there is none.
    pub key: Vec<usize>,
    /// The columns that are in some unique key.
    pub unique: Vec<usize>,
    /// Foreign keys whose rows go where the rows of this table go.
    pub followed: Vec<Cascade>,
    /// There are foreign keys to the table whose rows do not follow.
    pub has_other_references: bool,
    rows: u64,
}

/// How rows were stored.
#[derive(Debug, Clone, Copy)]
pub struct Filled {
    /// No two have the same key; otherwise the table must be made anew.
    pub is_distinct: bool,
    /// Predicates had something to say to rows.
    pub has_warnings: bool,
}

/// What a temporary table is made from.
#[derive(Debug)]
struct Definition {
    /// What SHOW CREATE TABLE lists between the outer parentheses.
    elements: Vec<String>,
    /// Character set and collation of columns that name none.
    charset: String,
}

/// Which table is to be made.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// As the client calls it.
    pub written: &'a str,
    /// Schema and name on the scratch, without quotes.
    pub schema: &'a str,
    pub physical: &'a str,
    pub interrupt: &'a Interrupt,
}

impl Site<'_> {
    /// Reads how the table looks that stands in for `model`, a name on this server.
    pub async fn describe(&self, connection: &mut Connection, model: &str) -> Result<Table, Failure> {
        let name = format!("{}.{}", quoted(self.schema), quoted(self.physical));
        let created = run(connection, &format!("SHOW CREATE TABLE {model}"), self.interrupt).await?;
        let text = created.first().and_then(|row| row.get(1)).map(String::as_str).unwrap_or_default();
        let unknown =
            || Failure::Unsupported(format!("a write over several shards of '{}', as it is defined", self.written));
        let definition = Definition::read(text).ok_or_else(unknown)?;
        let columns = run(connection, &format!("SHOW FULL COLUMNS FROM {model}"), self.interrupt).await?;
        let columns: Vec<Column> = columns.iter().filter_map(|row| Column::read(row)).collect();
        let indexes = run(connection, &format!("SHOW INDEX FROM {model}"), self.interrupt).await?;
        let key = key_of(&indexes, &columns);
        let is_unique = |row: &&Vec<String>| row.get(1).is_some_and(|non_unique| non_unique == "0");
        let named = indexes.iter().filter(is_unique).filter_map(|row| row.get(4));
        let unique = named.filter_map(|name| columns.iter().position(|column| column.name == *name)).collect();
        let keys = format!("{}.{}", quoted(self.schema), quoted(&format!("shardgate_keys_{}", self.physical)));
        Ok(Table {
            written: self.written.to_owned(),
            name,
            keys,
            definition,
            columns,
            key,
            unique,
            followed: Vec::new(),
            has_other_references: false,
            rows: 0,
        })
    }
}

impl Table {
    /// Makes the table that rows are inserted into. `is_shown`: the client sees how its columns are described, keys
    /// included. `numbered`: the column that a sequence numbers.
    pub async fn create_for_insert(
        &self,
        connection: &mut Connection,
        is_shown: bool,
        numbered: Option<&str>,
        interrupt: &Interrupt,
    ) -> Result<(), Failure> {
        let has_keys = is_shown && numbered.is_none() && !self.columns.iter().any(|column| column.is_numbered);
        let elements = self.definition.elements.iter().filter(|element| has_keys || !is_key(element));
        let elements: Vec<String> = elements.map(|element| unnumbered(element, numbered)).collect();
        let sql = format!("CREATE TEMPORARY TABLE {} ({}){}", self.name, elements.join(", "), self.definition.charset);
        run(connection, &sql, interrupt).await.map(drop)
    }

    /// Makes the table whose rows are changed. `is_unique`: with the keys of the table; otherwise they do not keep two
    /// rows apart.
    pub async fn create_for_change(
        &mut self,
        connection: &mut Connection,
        is_unique: bool,
        interrupt: &Interrupt,
    ) -> Result<(), Failure> {
        self.rows = 0;
        let drop_it = format!("DROP TEMPORARY TABLE IF EXISTS {}", self.name);
        run(connection, &drop_it, interrupt).await?;
        let elements = self.definition.elements.iter();
        let elements: Vec<String> =
            elements.map(|element| if is_unique { element.clone() } else { with_plain_key(element) }).collect();
        let sql = format!(
            "CREATE TEMPORARY TABLE {} ({}, {PLACE} INT NOT NULL DEFAULT 0 {HIDDEN}, \
             {ROW} BIGINT NOT NULL DEFAULT 0 {HIDDEN}, \
             {CHANGED} DATETIME(6) NOT NULL DEFAULT {UNCHANGED} ON UPDATE CURRENT_TIMESTAMP(6) {HIDDEN}){}",
            self.name,
            elements.join(", "),
            self.definition.charset
        );
        run(connection, &sql, interrupt).await.map(drop)
    }

    /// What a shard is asked for its rows; `tail` begins with FROM.
    pub fn fetch(&self, tail: &[u8]) -> Vec<u8> {
        let expressions: Vec<String> = self.stored().map(|column| column.expression("")).collect();
        let mut sql = format!("SELECT {}", expressions.join(", ")).into_bytes();
        sql.extend_from_slice(tail);
        sql
    }

    fn stored(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.is_generated)
    }

    /// Reads all rows of the answer to a `fetch` that was sent on `link`, and stores them as those of `place`. What is left
    /// of the connections on failures is as for `gather::Scratch::fill`.
    pub async fn fill(
        &mut self,
        into: &mut Connection,
        (link, place): (&mut Link, usize),
        budget: Budget,
        taken: &mut Taken,
        mut watch: Watch<'_>,
    ) -> Result<Filled, Failure> {
        let mut rows = Rows::new(&link.lease);
        let filled = self.store_all(into, (&mut link.lease, place, &mut rows), budget, taken, &mut watch).await;
        if filled.as_ref().err().is_some_and(Failure::leaves_client) {
            unread::pass_over(vec![rows.unread(link)], watch.interrupt).await;
        }
        filled
    }

    async fn store_all(
        &mut self,
        into: &mut Connection,
        (from, place, rows): (&mut Lease, usize, &mut Rows),
        budget: Budget,
        taken: &mut Taken,
        watch: &mut Watch<'_>,
    ) -> Result<Filled, Failure> {
        let names: Vec<String> = self.stored().map(|column| quoted(&column.name)).collect();
        let head = format!("INSERT INTO {} ({}, {PLACE}, {ROW}) VALUES ", self.name, names.join(", "));
        let mut sql = Sql::default();
        let mut is_distinct = true;
        while let Some(row) = rows.next(from, watch).await? {
            let (start, text) = (sql.len(), sql.text.len());
            sql.text.extend_from_slice(if text == 0 { head.as_bytes() } else { b"," });
            sql.text.push(b'(');
            let mut cells = text::cells(row);
            for column in self.columns.iter().filter(|column| !column.is_generated) {
                let cell = cells.next().ok_or(WireError::Malformed("a row with too few cells"));
                let cell = cell.and_then(|cell| cell).map_err(|source| from.protocol(source))?;
                column.store(cell, text, &mut sql)?;
                sql.text.push(b',');
            }
            self.rows += 1;
            sql.text.extend_from_slice(format!("{place},{})", self.rows).as_bytes());
            taken.rows += 1;
            taken.bytes += (sql.len() - start) as u64;
            budget.check(&self.written, *taken)?;
            if sql.len() >= BATCH && is_distinct {
                is_distinct = store(into, &mut sql, watch.interrupt).await?;
            }
        }
        let is_distinct = is_distinct && store(into, &mut sql, watch.interrupt).await?;
        Ok(Filled { is_distinct, has_warnings: rows.warnings() > 0 })
    }

    /// Notes the keys of all rows, before the statement changes them.
    pub async fn keep_keys(&self, connection: &mut Connection, interrupt: &Interrupt) -> Result<(), Failure> {
        let mut kept = self.key.clone();
        for (_, place) in self.followed.iter().flat_map(|cascade| &cascade.columns) {
            if !kept.contains(place) {
                kept.push(*place);
            }
        }
        let columns: Vec<String> = kept.iter().map(|place| quoted(&self.columns[*place].name)).collect();
        let sql = format!(
            "CREATE TEMPORARY TABLE {} (PRIMARY KEY ({ROW})) SELECT {ROW}, {PLACE}, {} FROM {}",
            self.keys,
            columns.join(", "),
            self.name
        );
        run(connection, &sql, interrupt).await.map(drop)
    }

    /// Asks for the rows that were changed: their place, their key as it was, and these columns as they are now.
    pub fn changed(&self, columns: &[usize]) -> String {
        let now: Vec<String> = columns.iter().map(|place| self.columns[*place].expression("t.")).collect();
        let columns = [self.key_expressions(), now].concat();
        format!(
            "SELECT k.{PLACE}, {} FROM {} AS t JOIN {} AS k ON k.{ROW} = t.{ROW} WHERE t.{CHANGED} <> {UNCHANGED}",
            columns.join(", "),
            self.name,
            self.keys
        )
    }

    /// Asks for what a foreign key refers to in the rows in which the statement changed that: as it was, and as it is.
    pub fn rekeyed(&self, cascade: &Cascade) -> String {
        let columns = || cascade.columns.iter().map(|(_, place)| &self.columns[*place]);
        let expressions: Vec<String> =
            ["k.", "t."].iter().flat_map(|of| columns().map(move |column| column.expression(of))).collect();
        let is_same: Vec<String> = columns().map(|column| format!("k.{0} <=> t.{0}", quoted(&column.name))).collect();
        format!(
            "SELECT {} FROM {} AS t JOIN {} AS k ON k.{ROW} = t.{ROW} WHERE t.{CHANGED} <> {UNCHANGED} AND NOT ({})",
            expressions.join(", "),
            self.name,
            self.keys,
            is_same.join(" AND ")
        )
    }

    /// Leaves the keys of the rows that are gone.
    pub async fn keep_deleted(&self, connection: &mut Connection, interrupt: &Interrupt) -> Result<(), Failure> {
        let sql = format!("DELETE k FROM {} AS k JOIN {} AS t ON t.{ROW} = k.{ROW}", self.keys, self.name);
        run(connection, &sql, interrupt).await.map(drop)
    }

    /// Asks for place and key of the rows that are gone.
    pub fn deleted(&self) -> String {
        format!("SELECT k.{PLACE}, {} FROM {} AS k", self.key_expressions().join(", "), self.keys)
    }

    /// How many rows were stored.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Asks for all rows that are there after the statement, in the order in which they were stored.
    pub fn left(&self) -> String {
        format!("{} ORDER BY {ROW}", self.inserted())
    }

    /// Asks for all rows that were inserted, in their order.
    pub fn inserted(&self) -> String {
        let columns: Vec<String> = self.stored().map(|column| column.expression("")).collect();
        format!("SELECT {} FROM {}", columns.join(", "), self.name)
    }

    fn key_expressions(&self) -> Vec<String> {
        self.key.iter().map(|place| self.columns[*place].expression("k.")).collect()
    }
}

/// Sends an INSERT of rows; false if two have the same key.
async fn store(into: &mut Connection, sql: &mut Sql, interrupt: &Interrupt) -> Result<bool, Failure> {
    if sql.is_empty() {
        return Ok(true);
    }
    let answer = sql.run(into, interrupt).await?;
    sql.clear();
    match answer.error() {
        None => Ok(true),
        Some(error) if error.code == error_code::DUP_ENTRY => Ok(false),
        Some(error) => Err(error.into()),
    }
}

async fn run(connection: &mut Connection, sql: &str, interrupt: &Interrupt) -> Result<Vec<Vec<String>>, Failure> {
    let answer = connection.query(sql.as_bytes(), interrupt).await?;
    answer.expect_ok(connection.server(), "a temporary table")?;
    Ok(answer.table().1.iter().map(|row| shown(row)).collect())
}

/// The columns of the primary key in SHOW INDEX, or of the first unique key that has no NULLs.
fn key_of(indexes: &[Vec<String>], columns: &[Column]) -> Vec<usize> {
    let mut keys: Vec<(&str, Option<Vec<usize>>)> = Vec::new();
    for row in indexes {
        let [_, non_unique, name, _, column, _, _, part, _, null, ..] = row.as_slice() else { continue };
        let place = columns.iter().position(|known| known.name == *column);
        let place = place.filter(|_| non_unique == "0" && part.is_empty() && null != "YES");
        match keys.iter_mut().find(|(known, _)| known == name) {
            Some((_, places)) => {
                *places = places.take().zip(place).map(|(mut all, place)| {
                    all.push(place);
                    all
                })
            }
            None => keys.push((name, place.map(|place| vec![place]))),
        }
    }
    let primary = keys.iter().find(|(name, _)| *name == "PRIMARY");
    primary
        .or_else(|| keys.iter().find(|(_, places)| places.is_some()))
        .and_then(|(_, key)| key.clone())
        .unwrap_or_default()
}

impl Definition {
    /// From SHOW CREATE TABLE. `None`: it has something that a temporary table cannot have, or that is not known.
    fn read(text: &str) -> Option<Self> {
        // The name is in backticks, and may have any character in it.
        let name = text.find('`')? + 1;
        let start = name + text[name..].find("` (")? + 2;
        let mut elements = Vec::new();
        let (mut depth, mut quote, mut begun) = (0, None, start + 1);
        let mut bytes = text.bytes().enumerate().skip(start);
        let mut end = None;
        while let Some((at, byte)) = bytes.next() {
            match (quote, byte) {
                (Some(b'\''), b'\\') => drop(bytes.next()),
                (Some(open), byte) if byte == open => quote = None,
                (Some(_), _) => {}
                (None, b'\'' | b'`' | b'"') => quote = Some(byte),
                (None, b'(') => depth += 1,
                (None, b')' | b',') if depth == 1 => {
                    elements.push(text.get(begun..at)?.trim().to_owned());
                    begun = at + 1;
                    if byte == b')' {
                        end = Some(at + 1);
                        break;
                    }
                }
                (None, b')') => depth -= 1,
                (None, _) => {}
            }
        }
        if elements.iter().any(|element| is_strange(element)) {
            return None;
        }
        elements.retain(|element| !is_dropped(element));
        Some(Self { elements, charset: charset_of(text.get(end?..)?) })
    }
}

/// `CHARSET=x COLLATE=y` of a table's options.
fn charset_of(options: &str) -> String {
    let words = options.split_ascii_whitespace().take_while(|word| !word.starts_with("COMMENT="));
    let named = words.filter(|word| word.starts_with("CHARSET=") || word.starts_with("COLLATE="));
    named.fold(" ENGINE=InnoDB".to_owned(), |text, word| text + " " + word)
}

fn is_strange(element: &str) -> bool {
    element.starts_with("PERIOD ") || element.contains(" GENERATED ALWAYS AS ROW ")
}

/// Indexes that temporary tables do not have, and references to other tables.
fn is_dropped(element: &str) -> bool {
    ["FULLTEXT ", "SPATIAL ", "VECTOR "].iter().any(|word| element.starts_with(word))
        || element.starts_with("CONSTRAINT ") && element.contains(" FOREIGN KEY ")
}

fn is_key(element: &str) -> bool {
    ["PRIMARY KEY", "UNIQUE KEY", "KEY "].iter().any(|word| element.starts_with(word))
}

/// A key that does not keep two rows apart.
fn with_plain_key(element: &str) -> String {
    match element.strip_prefix("PRIMARY KEY").or_else(|| element.strip_prefix("UNIQUE KEY")) {
        Some(rest) => format!("KEY{rest}"),
        None => element.to_owned(),
    }
}

/// A column without AUTO_INCREMENT, which may be NULL where the server, or a sequence (`numbered`), is to number the row.
fn unnumbered(element: &str, numbered: Option<&str>) -> String {
    const WORD: &str = " AUTO_INCREMENT";
    let before_comment = element.find(" COMMENT '").unwrap_or(element.len());
    match element[..before_comment].find(WORD) {
        Some(at) if element.starts_with('`') => {
            let definition = element[..at].replace(" NOT NULL", " NULL");
            format!("{definition}{}", &element[at + WORD.len()..])
        }
        None if numbered.is_some_and(|name| names_column(element, name)) => {
            let (definition, comment) = element.split_at(before_comment);
            format!("{}{comment}", definition.replace(" NOT NULL", " NULL"))
        }
        _ => element.to_owned(),
    }
}

/// Whether it defines the column of this name, in whatever letter case.
fn names_column(element: &str, name: &str) -> bool {
    let quoted = quoted(name);
    element.get(..quoted.len()).is_some_and(|start| start.eq_ignore_ascii_case(&quoted))
}

pub fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "CREATE TABLE `a(b` (\n  `id` int(11) NOT NULL AUTO_INCREMENT COMMENT 'x, (y) AUTO_INCREMENT',\n  \
        `c` decimal(9,2) DEFAULT NULL,\n  `d` enum('a,b','it''s)') NOT NULL DEFAULT 'a,b',\n  PRIMARY KEY (`id`),\n  \
        UNIQUE KEY `u` (`c`,`d`),\n  FULLTEXT KEY `f` (`d`),\n  KEY `k` (`d`),\n  \
        CONSTRAINT `fk` FOREIGN KEY (`c`) REFERENCES `p` (`c`),\n  CONSTRAINT `ck` CHECK (`c` > 0)\n\
        ) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci COMMENT='COLLATE=x'\n PARTITION BY HASH (`id`)";

    #[test]
    fn definitions_are_cut_into_elements() {
        let read = Definition::read(TABLE).expect("it is one");
        let starts: Vec<&str> = read.elements.iter().map(|element| &element[..7]).collect();
        assert_eq!(starts, ["`id` in", "`c` dec", "`d` enu", "PRIMARY", "UNIQUE ", "KEY `k`", "CONSTRA"]);
        assert_eq!(read.charset, " ENGINE=InnoDB CHARSET=latin1 COLLATE=latin1_swedish_ci");
    }

    #[test]
    fn a_numbered_column_loses_its_numbers() {
        assert_eq!(unnumbered("`id` int NOT NULL AUTO_INCREMENT COMMENT 'a'", None), "`id` int NULL COMMENT 'a'");
        assert_eq!(
            unnumbered("`id` int NOT NULL COMMENT ' AUTO_INCREMENT'", None),
            "`id` int NOT NULL COMMENT ' AUTO_INCREMENT'"
        );
        assert_eq!(unnumbered("`ID` int NOT NULL", Some("id")), "`ID` int NULL");
        assert_eq!(unnumbered("`idx` int NOT NULL", Some("id")), "`idx` int NOT NULL");
    }
}
