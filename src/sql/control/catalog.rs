//! The SHOW statements whose answers name databases and tables.

use std::ops::Range;

use super::show::{ShowFilter, filter};
use super::{Control, Parsed, syntax};
use crate::sql::cursor::{Cursor, TableName};

/// What a SHOW is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// SHOW TABLES, SHOW TABLE STATUS, SHOW OPEN TABLES, SHOW TRIGGERS: a list of what concerns tables. LIKE is about
    /// their names.
    Tables,
    /// SHOW EVENTS: a list of other things in one database. LIKE is about their names.
    Objects,
    /// SHOW PROCEDURE STATUS and its kind: things in all databases.
    Everywhere,
    /// SHOW INDEX: of one table.
    Index,
    /// SHOW CREATE TABLE, SHOW CREATE VIEW.
    CreateTable,
    /// SHOW CREATE PROCEDURE and its kind: what is not a table.
    CreateOther,
    /// SHOW CREATE DATABASE.
    CreateDatabase,
}

impl Shown {
    /// Whether it lists things, however many there are.
    pub fn is_list(self) -> bool {
        match self {
            Self::Tables | Self::Objects | Self::Everywhere | Self::Index => true,
            Self::CreateTable | Self::CreateOther | Self::CreateDatabase => false,
        }
    }
}

/// A name in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<T> {
    pub name: T,
    pub at: Range<usize>,
}

/// One such statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowCatalog {
    pub shown: Shown,
    /// `FROM db`, or of SHOW CREATE DATABASE.
    pub database: Option<Place<String>>,
    /// The table, or what else SHOW CREATE shows.
    pub subject: Option<Place<TableName>>,
    pub filter: Option<ShowFilter>,
    /// Where LIKE or WHERE begins; the end of the statement if there is none.
    pub filter_at: usize,
}

/// After SHOW. `None` for what is none of these; the cursor is where it was then.
pub(super) fn show(cursor: &mut Cursor<'_>) -> Option<Parsed<Control>> {
    let start = cursor.clone();
    let shown = shown(cursor);
    if shown.is_none() {
        *cursor = start;
    }
    Some(rest(cursor, shown?).map(Control::ShowCatalog))
}

fn shown(cursor: &mut Cursor<'_>) -> Option<Shown> {
    if cursor.eat_word("CREATE") {
        return shown_create(cursor);
    }
    let is_open = cursor.eat_word("OPEN");
    if !is_open {
        while cursor.eat_word("FULL") || cursor.eat_word("EXTENDED") {}
    }
    if cursor.eat_word("TABLES") || !is_open && (cursor.eat_words(&["TABLE", "STATUS"]) || cursor.eat_word("TRIGGERS"))
    {
        return Some(Shown::Tables);
    }
    if is_open {
        return None;
    }
    if cursor.eat_one_of(&["INDEX", "INDEXES", "KEYS"]) {
        return Some(Shown::Index);
    }
    if cursor.eat_word("EVENTS") {
        return Some(Shown::Objects);
    }
    let is_routine = cursor.eat_one_of(&["PROCEDURE", "FUNCTION", "PACKAGE"]);
    if is_routine {
        cursor.eat_word("BODY");
    }
    (is_routine && cursor.eat_word("STATUS")).then_some(Shown::Everywhere)
}

fn shown_create(cursor: &mut Cursor<'_>) -> Option<Shown> {
    if cursor.eat_one_of(&["TABLE", "VIEW"]) {
        return Some(Shown::CreateTable);
    }
    if cursor.eat_one_of(&["DATABASE", "SCHEMA"]) {
        return Some(Shown::CreateDatabase);
    }
    if cursor.eat_word("PACKAGE") {
        cursor.eat_word("BODY");
        return Some(Shown::CreateOther);
    }
    let others = ["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "SEQUENCE"];
    cursor.eat_one_of(&others).then_some(Shown::CreateOther)
}

fn rest(cursor: &mut Cursor<'_>, shown: Shown) -> Parsed<ShowCatalog> {
    let mut show = ShowCatalog { shown, database: None, subject: None, filter: None, filter_at: 0 };
    match shown {
        Shown::CreateDatabase => {
            cursor.eat_words(&["IF", "NOT", "EXISTS"]);
            show.database = Some(database(cursor)?);
        }
        Shown::CreateTable | Shown::CreateOther => show.subject = Some(table(cursor)?),
        Shown::Index => {
            if !cursor.eat_one_of(&["FROM", "IN"]) {
                return Err(syntax(cursor));
            }
            show.subject = Some(table(cursor)?);
            show.database = from(cursor)?;
        }
        Shown::Tables | Shown::Objects => show.database = from(cursor)?,
        Shown::Everywhere => {}
    }
    show.filter_at = cursor.taken_to();
    let takes_filter = !matches!(shown, Shown::CreateDatabase | Shown::CreateTable | Shown::CreateOther);
    if takes_filter {
        show.filter = filter(cursor)?;
    }
    Ok(show)
}

/// `[FROM db | IN db]`
fn from(cursor: &mut Cursor<'_>) -> Parsed<Option<Place<String>>> {
    if !cursor.eat_one_of(&["FROM", "IN"]) {
        return Ok(None);
    }
    database(cursor).map(Some)
}

fn database(cursor: &mut Cursor<'_>) -> Parsed<Place<String>> {
    let start = cursor.position();
    let name = cursor.eat_ident().ok_or_else(|| syntax(cursor))?;
    Ok(Place { name, at: start..cursor.taken_to() })
}

pub(super) fn table(cursor: &mut Cursor<'_>) -> Parsed<Place<TableName>> {
    let start = cursor.position();
    let name = cursor.eat_table().ok_or_else(|| syntax(cursor))?;
    Ok(Place { name, at: start..cursor.taken_to() })
}
