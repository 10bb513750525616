//! Statements of a dump, one after the other, and where each of them goes.

use std::collections::HashMap;
use std::io::BufRead;

use anyhow::{Context as _, bail};

use crate::plan::{self, Action, Binding, Context, Gathers, PlanError, Route};
use crate::sharding::table::ColumnKind;
use crate::sharding::{Column, DatabaseId, Placement, Schema, ShardId};
use crate::sql::control::Control;
use crate::sql::definition;
use crate::sql::parse::{self, ast::DdlKind, ast::Statement as Parsed};
use crate::sql::{Lexer, Mode, Op, Shape, TokenKind, split};

/// The longest statement that is taken, in bytes: the most that a server takes.
const LONGEST: usize = 1 << 30;

/// A statement without what ends it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// The line of the file that it begins on.
    pub(super) line: u64,
    pub(super) text: Vec<u8>,
    /// Another end than `;`.
    pub(super) delimiter: Option<Vec<u8>>,
}

/// Reads statements as the servers' command-line clients do. Comments between statements are left out.
pub(super) struct Statements<R> {
    file: R,
    pub(super) mode: Mode,
    delimiter: Vec<u8>,
    line: u64,
}

impl<R: BufRead> Statements<R> {
    pub(super) fn new(file: R) -> Self {
        Self { file, mode: Mode::default(), delimiter: b";".to_vec(), line: 0 }
    }

    pub(super) fn next(&mut self) -> anyhow::Result<Option<Statement>> {
        let (mut text, mut begun) = (Vec::new(), 0);
        loop {
            let before = text.len();
            if self.file.read_until(b'\n', &mut text).with_context(|| format!("line {}", self.line + 1))? == 0 {
                let is_empty = text.trim_ascii().is_empty();
                return Ok((!is_empty).then(|| self.statement(begun, &text)));
            }
            self.line += 1;
            if before == 0 {
                begun = self.line;
                if self.is_apart(&text) {
                    text.clear();
                    continue;
                }
            }
            let whole = text.trim_ascii_end();
            if whole.ends_with(&self.delimiter) && self.is_over(whole) {
                let end = whole.len() - self.delimiter.len();
                return Ok(Some(self.statement(begun, &text[..end])));
            }
            if text.len() > LONGEST {
                bail!("line {begun}: the statement is longer than {LONGEST} bytes");
            }
        }
    }

    fn statement(&self, line: u64, text: &[u8]) -> Statement {
        let delimiter = (self.delimiter != b";").then(|| self.delimiter.clone());
        Statement { line, text: text.trim_ascii().to_vec(), delimiter }
    }

    /// A line between statements that is none, and what it says.
    fn is_apart(&mut self, line: &[u8]) -> bool {
        let line = line.trim_ascii();
        if line.starts_with(b"-- MariaDB dump") || line.starts_with(b"/*M!999999") {
            self.mode.mariadb = true;
            self.mode.server_version = MARIADB;
        }
        if let Some(delimiter) = line.get(.."DELIMITER ".len()).filter(|word| word.eq_ignore_ascii_case(b"DELIMITER "))
        {
            self.delimiter = line[delimiter.len()..].trim_ascii().to_vec();
            return true;
        }
        let is_comment = line.starts_with(b"#") || line == b"--" || line.starts_with(b"-- ");
        line.is_empty() || is_comment || line.starts_with(b"/*M!999999")
    }

    /// Whether the `;` at the end of the text is no part of a string or comment.
    fn is_over(&self, text: &[u8]) -> bool {
        if self.delimiter != b";" {
            return true;
        }
        let mut last = None;
        for token in Lexer::new(text, self.mode) {
            if token.kind == TokenKind::Invalid {
                return false;
            }
            last = Some(token);
        }
        last.is_some_and(|token| token.is_op(Op::Semicolon) && token.end as usize == text.len())
    }
}

/// Of comments that only MariaDB reads, those up to this version are read.
const MARIADB: u32 = 120_000;

/// What becomes of a statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Each shard gets its text, with so many rows of a table in it.
    Shards(Vec<(ShardId, Vec<u8>, u64)>),
    /// It is about the session that loads the dump: every shard gets it.
    All,
    /// Nobody needs it.
    None,
}

/// Sends statements to shards, as ShardGate would.
pub(super) struct Router {
    /// As the rules have it.
    base: Schema,
    /// With the columns of the tables that the dump has made so far.
    pub(super) schema: Schema,
    database: Option<DatabaseId>,
    columns: HashMap<(String, String), Vec<Column>>,
    /// The dump says NO_AUTO_VALUE_ON_ZERO, as dumps do.
    keeps_zero: bool,
    shape: Shape,
}

impl Router {
    pub(super) fn new(schema: &Schema, database: Option<DatabaseId>) -> Self {
        let (base, schema) = (schema.clone(), schema.clone());
        Self { base, schema, database, columns: HashMap::new(), keeps_zero: false, shape: Shape::default() }
    }

    pub(super) fn fate(&mut self, sql: &[u8], mode: Mode) -> anyhow::Result<Fate> {
        let mut words = Lexer::new(sql, mode).map(|token| token.text(sql).to_ascii_uppercase());
        let words: Vec<Vec<u8>> = words.by_ref().take(3).collect();
        let word = |at: usize| words.get(at).map_or(&[][..], Vec::as_slice);
        match (word(0), word(1)) {
            (b"", _) => return Ok(Fate::None),
            (b"SET", _) if words_have(sql, mode, b"GTID_PURGED") => return Ok(Fate::None),
            (b"SET", b"NAMES") if !is_utf8(word(2)) => {
                bail!("texts are read as UTF-8: make the dump with --default-character-set=utf8mb4");
            }
            (b"SET", _) => {
                self.keeps_zero |= words_have(sql, mode, b"NO_AUTO_VALUE_ON_ZERO'");
                return Ok(Fate::All);
            }
            (b"INSERT" | b"REPLACE", _) | (_, b"TABLE") if names_in_double_quotes(sql, mode) => {
                bail!("names in double quotes are not read: make the dump without --compatible=ansi");
            }
            (b"LOCK" | b"UNLOCK", b"TABLES" | b"TABLE") => return Ok(Fate::None),
            (b"ALTER", b"TABLE") if words_have(sql, mode, b"KEYS") => return Ok(Fate::None),
            _ => {}
        }
        let mode = Mode { no_auto_value_on_zero: self.keeps_zero, ..mode };
        self.shape.read(sql, mode);
        let context = Context {
            schema: &self.schema,
            database: self.database,
            in_catalog: false,
            mode,
            gathers: Gathers::IfNeeded,
        };
        let plan = plan::plan(sql, &self.shape, &context).map_err(told)?;
        if let Action::Control(control) = &plan.action {
            return self.of_session(control);
        }
        let binding = Binding { schema: &self.schema, sql, literals: self.shape.literals(), params: &[], mode };
        let render = |shard: ShardId| {
            let mut text = Vec::new();
            if !plan.render(&binding, shard, &mut text) {
                text.extend_from_slice(sql);
            }
            (shard, text, plan.rows() as u64)
        };
        let texts = match plan.bind(&binding).map_err(told)? {
            Route::One(shard) => vec![render(self.home(sql, mode, shard))],
            Route::Any(shards) => shards.first().map(|shard| render(self.home(sql, mode, shard))).into_iter().collect(),
            Route::Scatter(shards) => shards.iter().map(render).collect(),
            Route::Split(parts) => parts
                .iter()
                .map(|part| {
                    let mut text = Vec::new();
                    plan.render_rows(&binding, part, &mut text);
                    (part.shard, text, part.rows.len() as u64)
                })
                .collect(),
            Route::Merge(_) | Route::Regroup(_) | Route::Gather | Route::Staged | Route::Load(_) => {
                bail!("only a running server can tell where this statement's rows belong: run it through ShardGate")
            }
        };
        self.learn(sql, mode);
        Ok(Fate::Shards(texts))
    }

    /// Of the shards in the schema of this one, the one to whose file the statement belongs: where a table is made that is not
    /// sharded, its rows go as well.
    fn home(&self, sql: &[u8], mode: Mode, shard: ShardId) -> ShardId {
        let target = match parse::parse(sql, mode) {
            Ok(Parsed::Insert(insert)) => Some(insert.target),
            _ => None,
        };
        let made = target.and_then(|target| {
            let named = target.database.as_ref().map(|name| self.schema.database(&name.text));
            let id = named.map_or(self.database, |found| found.map(|(id, _)| id))?;
            let database = self.schema.database_of(id);
            match database.table(&target.table.text).map(|table| &table.placement) {
                Some(Placement::Single(shard)) => Some(*shard),
                Some(Placement::Sharded(_) | Placement::Reference(_)) => None,
                None => Some(database.default_shard),
            }
        });
        let is_beside = |own: &ShardId| self.schema.shard(*own).is_same_place(self.schema.shard(shard));
        made.filter(is_beside).unwrap_or(shard)
    }

    fn of_session(&mut self, control: &Control) -> anyhow::Result<Fate> {
        match control {
            Control::Use(name) => {
                let Some((id, _)) = self.schema.database(name) else { bail!("unknown database '{name}'") };
                self.database = Some(id);
                Ok(Fate::None)
            }
            Control::LockTables(_) | Control::UnlockTables | Control::Database { .. } => Ok(Fate::None),
            Control::Begin { .. } | Control::Commit { .. } | Control::Rollback { .. } => Ok(Fate::All),
            _ => bail!("this statement has no place in a dump"),
        }
    }

    /// Of a table that is made, keys are stored as its columns store them, and rows need no column list.
    fn learn(&mut self, sql: &[u8], mode: Mode) {
        let Ok(Parsed::Ddl(ddl)) = parse::parse(sql, mode) else { return };
        let ([table], DdlKind::CreateTable) = (ddl.targets.as_slice(), ddl.kind) else { return };
        let named = table.database.as_ref().and_then(|name| self.schema.database(&name.text));
        let database = named.map(|(id, _)| id).or(self.database);
        let Some(database) = database else { return };
        // The rules of a pattern make the table when it is first named.
        let _ = self.base.database_of(database).table(&table.table.text);
        let database = self.schema.database_of(database).name.clone();
        let columns: Vec<Column> = definition::columns(sql, mode).into_iter().map(known).collect();
        if columns.is_empty() {
            return;
        }
        self.columns.insert((database, table.table.text.to_lowercase()), columns);
        let columns = &self.columns;
        self.schema = self.base.with_columns(self.schema.version + 1, |database, table| {
            columns.get(&(database.to_owned(), table.to_lowercase())).cloned()
        });
    }
}

/// In front of what stands in parentheses, in which such are texts.
fn names_in_double_quotes(sql: &[u8], mode: Mode) -> bool {
    let mut tokens = Lexer::new(sql, mode).take_while(|token| !token.is_op(Op::LParen));
    tokens.any(|token| token.text(sql).starts_with(b"\""))
}

/// Whether SET NAMES says this of UTF-8, or of what its bytes are left to.
fn is_utf8(charset: &[u8]) -> bool {
    let name = charset.trim_ascii().strip_prefix(b"'").and_then(|name| name.strip_suffix(b"'")).unwrap_or(charset);
    [&b"UTF8"[..], b"UTF8MB3", b"UTF8MB4", b"BINARY", b"ASCII", b"DEFAULT"].contains(&name)
}

fn words_have(sql: &[u8], mode: Mode, word: &[u8]) -> bool {
    let is_it = |text: &[u8]| text.to_ascii_uppercase().ends_with(word);
    Lexer::new(sql, mode).any(|token| is_it(token.text(sql)))
}

/// A column as rules know it. Of a text whose collation is not told the type is not known either.
fn known(column: definition::Column) -> Column {
    let is_text = ["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"]
        .contains(&column.data_type.as_str());
    let collation = column.collation.filter(|collation| is_text && !collation.is_empty());
    let kind = (!is_text || collation.is_some()).then(|| ColumnKind {
        max_length: column.length.or(match column.data_type.as_str() {
            "char" | "binary" => Some(1),
            "tinytext" | "tinyblob" => Some(255),
            "text" | "blob" => Some(65_535),
            "mediumtext" | "mediumblob" => Some(16_777_215),
            "longtext" | "longblob" => Some(4_294_967_295),
            _ => None,
        }),
        data_type: column.data_type,
        unsigned: column.is_unsigned,
        nullable: column.is_nullable,
        generated: column.is_generated,
        collation,
        arguments: column.arguments,
        ..ColumnKind::default()
    });
    Column { name: column.name, auto_increment: column.auto_increment, invisible: column.is_invisible, kind }
}

fn told(error: PlanError) -> anyhow::Error {
    match error {
        PlanError::NoDatabase => anyhow::anyhow!("no database selected: say --database NAME"),
        PlanError::UnknownColumns { .. } => {
            anyhow::anyhow!("{error}, or list them in the rule, or let the dump have its CREATE TABLE")
        }
        other => anyhow::anyhow!(other),
    }
}

/// The statements of one text.
pub(super) fn several(statement: &Statement, mode: Mode) -> Vec<Vec<u8>> {
    match statement.delimiter {
        Some(_) => vec![statement.text.clone()],
        None => {
            let ranges = split::statements(&statement.text, mode);
            ranges.into_iter().map(|range| statement.text[range].to_vec()).collect()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    fn statements(dump: &str) -> Vec<(u64, String, bool)> {
        let mut statements = Statements::new(dump.as_bytes());
        let mut all = Vec::new();
        while let Some(found) = statements.next().unwrap() {
            all.push((found.line, String::from_utf8(found.text).unwrap(), found.delimiter.is_some()));
        }
        all
    }

    #[test]
    fn statements_end_as_clients_end_them() {
        let dump = "-- a dump; of\n\nSELECT 1;\nINSERT INTO t VALUES ('a;\nb;\n');\nDELIMITER ;;\nCREATE TRIGGER x\nBEGIN a; END ;;\n\
                    DELIMITER ;\n/*!40000 ALTER TABLE t DISABLE KEYS */;\nSELECT 2";
        let found = statements(dump);
        let found: Vec<_> = found.iter().map(|(line, text, other)| (*line, text.as_str(), *other)).collect();
        assert_eq!(
            found,
            [
                (3, "SELECT 1", false),
                (4, "INSERT INTO t VALUES ('a;\nb;\n')", false),
                (8, "CREATE TRIGGER x\nBEGIN a; END", true),
                (11, "/*!40000 ALTER TABLE t DISABLE KEYS */", false),
                (12, "SELECT 2", false),
            ]
        );
    }
}
