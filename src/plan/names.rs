//! Logical names in a statement's text, and what stands in their place on a shard. A text in which nothing differs goes
//! out as the client wrote it.
//!
//! A renamed table gets its logical name as an alias, so that columns that are qualified by it, and the names of result
//! columns, stay as they are. Where SQL allows no alias (INSERT, DELETE of one table) the qualifiers are replaced too.

use std::borrow::Cow;
use std::ops::Range;

use smallvec::SmallVec;

use crate::sharding::schema::same_name;
use crate::sharding::{DatabaseId, Schema, ShardId, ShardSet};
use crate::sql::Literal;
use crate::sql::parse::ast::Span;
use crate::value::Charset;

use super::Binding;
use super::catalog::places::place_of;
use super::catalog::text;
use super::key_lists::KeyList;
use super::narrow::TableId;

/// A place in every text of a shape: some bytes behind the end of the last literal before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Anchor {
    literals_before: u32,
    distance: u32,
}

impl Anchor {
    /// The place at `offset` of a text with these literals.
    pub(super) fn new(offset: u32, literals: &[Literal]) -> Self {
        let literals_before = literals.partition_point(|literal| literal.end <= offset);
        let behind = if literals_before == 0 { 0 } else { literals[literals_before - 1].end };
        Self { literals_before: literals_before as u32, distance: offset - behind }
    }

    /// The same place in another text of the shape.
    pub(super) fn offset(self, literals: &[Literal]) -> usize {
        let last = (self.literals_before as usize).checked_sub(1).and_then(|index| literals.get(index));
        last.map_or(0, |literal| literal.end as usize) + self.distance as usize
    }
}

/// What a stretch of text is replaced with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NewText {
    /// The physical schema; `written` is what the client calls it.
    Schema { written: String },
    /// The table's physical name; `written` is what the client calls it.
    Table { table: TableId, written: String },
    /// ` AS written`, if the physical name of the table differs.
    Alias { table: TableId, written: String },
    /// Nothing, if the physical name of the table differs.
    Dropped { table: TableId, written: String },
    /// The name of a foreign key, which a schema has but once: the physical name is appended, if it differs.
    Constraint { table: TableId, written: String },
    /// The logical database as DATABASE() would give it, which would give the physical schema. `None`: NULL.
    CurrentDatabase { name: Option<String> },
    /// ` AS` and the text between the anchors as a name: what a select item without an alias is called.
    Title { from: Anchor, to: Anchor },
}

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    from: Anchor,
    to: Anchor,
    text: NewText,
}

/// A stretch of text that is replaced only where several shards get the statement, whatever they call things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) from: Anchor,
    pub(super) to: Anchor,
    pub(super) parts: Vec<Part>,
}

/// A part of what is put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    /// The statement's own text between these places, in the shard's names.
    Copy(Anchor, Anchor),
    /// How many rows of a shard can be needed.
    Rows,
}

/// All replacements of a statement, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Edits {
    list: Vec<Edit>,
    /// Lists of which each of several shards gets its own part.
    lists: Vec<KeyList>,
    /// No list of several values is cut down to one.
    keeps_two_values: bool,
    tables: Vec<TableId>,
    database: Option<DatabaseId>,
    /// Databases that the statement names, as it writes them.
    qualifiers: Vec<String>,
    /// Tables that the statement names, as it writes them.
    mentioned: Vec<String>,
}

impl Edits {
    /// Notes that the statement names this table.
    pub(super) fn note_mention(&mut self, name: &str) {
        if !self.mentioned.iter().any(|known| same_name(known, name)) {
            self.mentioned.push(name.to_owned());
        }
    }

    pub(super) fn mentioned(&self) -> &[String] {
        &self.mentioned
    }

    /// Notes that the statement names this database.
    pub(super) fn note_qualifier(&mut self, name: &str) {
        if !self.qualifiers.iter().any(|known| same_name(known, name)) {
            self.qualifiers.push(name.to_owned());
        }
    }

    pub(super) fn qualifiers(&self) -> &[String] {
        &self.qualifiers
    }

    /// Replaces the text of `span`.
    pub(super) fn replace(&mut self, span: Span, text: NewText, literals: &[Literal]) {
        let edit = Edit { from: Anchor::new(span.start, literals), to: Anchor::new(span.end, literals), text };
        let at = self.list.partition_point(|other| other.from <= edit.from);
        // A common table expression is read once for each of its uses.
        let is_known =
            self.list[..at].iter().rev().take_while(|other| other.from == edit.from).any(|other| *other == edit);
        if !is_known {
            self.list.insert(at, edit);
        }
    }

    /// Puts text in at `offset`.
    pub(super) fn insert(&mut self, offset: u32, text: NewText, literals: &[Literal]) {
        self.replace(Span { start: offset, end: offset }, text, literals);
    }

    /// All replacements, in the order of the text.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Anchor, Anchor, &NewText)> {
        self.list.iter().map(|edit| (edit.from, edit.to, &edit.text))
    }

    /// Whether a replacement lies within `span`.
    pub(super) fn touch(&self, span: Span, literals: &[Literal]) -> bool {
        let (from, to) = (Anchor::new(span.start, literals), Anchor::new(span.end, literals));
        self.list.iter().any(|edit| edit.from >= from && edit.to <= to)
    }

    /// Notes that columns of this table can be in the result.
    pub(super) fn note_table(&mut self, table: TableId) {
        if !self.tables.contains(&table) {
            self.tables.push(table);
        }
    }

    /// Notes whose physical schema the shards' result columns name.
    pub(super) fn note_database(&mut self, database: Option<DatabaseId>) {
        self.database = self.database.or(database);
    }

    /// Notes a list that can be split.
    pub(super) fn split(&mut self, list: KeyList) {
        // A common table expression is read once for each of its uses.
        if !self.lists.contains(&list) {
            self.lists.push(list);
        }
    }

    pub(super) fn keep_two_values(&mut self) {
        self.keeps_two_values = true;
    }

    pub(super) fn keeps_two_values(&self) -> bool {
        self.keeps_two_values
    }

    pub(super) fn lists(&self) -> &[KeyList] {
        &self.lists
    }

    /// Writes the bytes `from..to` of the statement as `shard` must get them. Whether anything differs.
    pub(super) fn render(
        &self,
        input: &Binding<'_>,
        shard: ShardId,
        from: usize,
        to: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        self.render_where(input, shard, from..to, |_| true, out)
    }

    /// The same, with some of the replacements only.
    fn render_where(
        &self,
        input: &Binding<'_>,
        shard: ShardId,
        range: Range<usize>,
        is_wanted: impl Fn(&Edit) -> bool,
        out: &mut Vec<u8>,
    ) -> bool {
        let Range { start: from, end: to } = range;
        let mut done = from;
        let mut has_changed = false;
        for edit in self.list.iter().filter(|edit| is_wanted(edit)) {
            let (start, end) = (edit.from.offset(input.literals), edit.to.offset(input.literals));
            if start < done || end > to {
                continue;
            }
            out.extend_from_slice(input.sql.get(done..start).unwrap_or_default());
            done = start;
            if edit.text.write(input, shard, out) {
                done = end;
                has_changed = true;
            }
        }
        out.extend_from_slice(input.sql.get(done..to).unwrap_or_default());
        has_changed
    }

    /// What `render` does, where other shards get the statement as well: the shard gets its own part of lists.
    pub(super) fn render_share(
        &self,
        input: &Binding<'_>,
        shard: ShardId,
        range: Range<usize>,
        out: &mut Vec<u8>,
    ) -> bool {
        self.render_share_where(input, shard, range, |_| true, out)
    }

    fn render_share_where(
        &self,
        input: &Binding<'_>,
        shard: ShardId,
        range: Range<usize>,
        is_wanted: impl Fn(&Edit) -> bool,
        out: &mut Vec<u8>,
    ) -> bool {
        let mut lists: Vec<(Range<usize>, &KeyList)> =
            self.lists.iter().map(|list| (list.range(input.literals), list)).collect();
        lists.sort_by_key(|(place, _)| place.start);
        let mut done = range.start;
        let mut has_changed = false;
        for (place, list) in lists {
            if place.start < done || place.end > range.end {
                continue;
            }
            if let Some(own) = list.own(input, shard, self.keeps_two_values) {
                self.render_where(input, shard, done..place.start, &is_wanted, out);
                out.extend_from_slice(&own);
                done = place.end;
                has_changed = true;
            }
        }
        self.render_where(input, shard, done..range.end, &is_wanted, out) || has_changed
    }

    /// Writes the whole statement as `shard` must get it, with `splices` (in the order of the text) put in. `rows`: how
    /// many rows of the shard can be needed.
    pub(super) fn render_spliced(
        &self,
        input: &Binding<'_>,
        shard: ShardId,
        splices: &[Splice],
        rows: u64,
        out: &mut Vec<u8>,
    ) {
        let mut done = 0;
        for splice in splices {
            self.render_share_between(input, shard, done..splice.from.offset(input.literals), out);
            for part in &splice.parts {
                self.render_part(part, input, shard, rows, out);
            }
            done = splice.to.offset(input.literals);
        }
        self.render_share_between(input, shard, done..input.sql.len(), out);
    }

    /// Writes what stands between two places at which something else is put in. What other replacements put in at such
    /// a place stands before it.
    pub(super) fn render_between(&self, input: &Binding<'_>, shard: ShardId, range: Range<usize>, out: &mut Vec<u8>) {
        let start = range.start;
        let is_new = |edit: &Edit| start == 0 || edit.from != edit.to || edit.from.offset(input.literals) > start;
        self.render_where(input, shard, range, is_new, out);
    }

    /// The same for one of several shards.
    pub(super) fn render_share_between(
        &self,
        input: &Binding<'_>,
        shard: ShardId,
        range: Range<usize>,
        out: &mut Vec<u8>,
    ) {
        let start = range.start;
        let is_new = |edit: &Edit| start == 0 || edit.from != edit.to || edit.from.offset(input.literals) > start;
        self.render_share_where(input, shard, range, is_new, out);
    }

    /// Writes a text that was put together, all of it.
    pub(super) fn render_parts(&self, parts: &[Part], input: &Binding<'_>, shard: ShardId, out: &mut Vec<u8>) {
        parts.iter().for_each(|part| self.render_part(part, input, shard, u64::MAX, out));
    }

    fn render_part(&self, part: &Part, input: &Binding<'_>, shard: ShardId, rows: u64, out: &mut Vec<u8>) {
        match part {
            Part::Text(text) => out.extend_from_slice(text.as_bytes()),
            Part::Rows => out.extend_from_slice(rows.to_string().as_bytes()),
            Part::Copy(from, to) => {
                let range = from.offset(input.literals)..to.offset(input.literals);
                // What a select item is called is no part of its value.
                let is_value = |edit: &Edit| !matches!(edit.text, NewText::Title { .. });
                self.render_where(input, shard, range, is_value, out);
            }
        }
    }

    /// The shards that must get another text than the client's.
    pub(super) fn altered(&self, schema: &Schema) -> ShardSet {
        let shards = (0..schema.shards.len()).map(|index| ShardId(index as u16));
        shards.filter(|shard| self.list.iter().any(|edit| edit.text.differs(schema, *shard))).collect()
    }

    /// The shards whose result columns must be renamed.
    pub(super) fn renamed(&self, schema: &Schema) -> ShardSet {
        let shards = (0..schema.shards.len()).map(|index| ShardId(index as u16));
        shards.filter(|shard| !self.renames(schema, *shard).is_empty()).collect()
    }

    /// What result columns from `shard` must be renamed from and to.
    pub(super) fn renames<'s>(&self, schema: &'s Schema, shard: ShardId) -> Renames<'s> {
        let mut renames = Renames::default();
        if let Some(database) = self.database {
            let (physical, logical) = (&schema.shard(shard).schema, &schema.database_of(database).name);
            renames.schema = (physical != logical).then_some((physical.as_str(), logical.as_str()));
            renames.origin = Some((schema, database, shard));
        }
        for table in self.tables.iter().filter_map(|id| id.table(schema)) {
            let physical = table.physical_name(shard);
            if physical != table.name {
                renames.tables.push((physical, &table.name));
            }
        }
        renames
    }
}

/// What a constraint is called where shards share a schema: what a server would have called it keeps that form.
fn constraint(written: &str, logical: &str, physical: &str) -> String {
    match written.strip_prefix(logical).filter(|rest| ["_ibfk_", "_chk_"].iter().any(|infix| rest.starts_with(infix))) {
        Some(rest) => format!("{physical}{rest}"),
        None => format!("{written}@{physical}"),
    }
}

/// The schema of the catalogue.
const CATALOG: &str = "information_schema";

/// Whether a table is a temporary one of ShardGate's.
fn is_own(table: &str) -> bool {
    table.starts_with("shardgate_")
}

impl NewText {
    /// Whether the shard calls it something else than the client.
    fn differs(&self, schema: &Schema, shard: ShardId) -> bool {
        match self {
            Self::Schema { written } => !same_name(&schema.shard(shard).schema, written),
            Self::Table { table, written } | Self::Alias { table, written } | Self::Dropped { table, written } => {
                table.table(schema).is_some_and(|table| !same_name(table.physical_name(shard), written))
            }
            Self::Constraint { table, .. } => {
                table.table(schema).is_some_and(|table| !same_name(table.physical_name(shard), &table.name))
            }
            Self::CurrentDatabase { name: Some(name) } => *name != schema.shard(shard).schema,
            Self::CurrentDatabase { name: None } | Self::Title { .. } => true,
        }
    }

    /// Writes the text; `false` (and nothing written) where the client's own is right on this shard.
    pub(super) fn write(&self, input: &Binding<'_>, shard: ShardId, out: &mut Vec<u8>) -> bool {
        if !self.differs(input.schema, shard) {
            return false;
        }
        match self {
            Self::Schema { .. } => write_quoted(input.schema.shard(shard).schema.as_bytes(), out),
            Self::Table { table, written } => {
                let physical = table.table(input.schema).map_or(written.as_str(), |table| table.physical_name(shard));
                write_quoted(physical.as_bytes(), out);
            }
            Self::Alias { written, .. } => {
                out.extend_from_slice(b" AS ");
                write_quoted(written.as_bytes(), out);
            }
            Self::Dropped { .. } => {}
            Self::Constraint { table, written } => {
                let physical = table.table(input.schema).map_or("", |table| table.physical_name(shard));
                let logical = table.table(input.schema).map_or("", |table| &table.name);
                write_quoted(constraint(written, logical, physical).as_bytes(), out);
            }
            Self::CurrentDatabase { name: Some(name) } => {
                // The server takes type and width from both branches, and the value from one.
                out.extend_from_slice(format!("IF(FALSE, DATABASE(), '{}')", name.replace('\'', "''")).as_bytes());
            }
            Self::CurrentDatabase { name: None } => out.extend_from_slice(b"NULL"),
            Self::Title { from, to } => {
                let text = input.sql.get(from.offset(input.literals)..to.offset(input.literals)).unwrap_or_default();
                write_title(text, input.mode.charset, out);
            }
        }
        true
    }
}

/// Gives a select item the name that one with this text has.
pub(super) fn write_title(text: &[u8], charset: Charset, out: &mut Vec<u8>) {
    out.extend_from_slice(b" AS ");
    write_quoted(&title(text, charset), out);
}

/// What a select item with this text is called: servers cut names of columns after 255 bytes, and have no characters of
/// four bytes in names.
fn title(text: &[u8], charset: Charset) -> Cow<'_, [u8]> {
    if charset != Charset::Utf8 || !text.iter().any(|byte| *byte >= 0xF0) {
        return Cow::Borrowed(cut(text));
    }
    let known = String::from_utf8_lossy(text);
    let replaced: String = known.chars().map(|c| if c.len_utf8() == 4 { '?' } else { c }).collect();
    Cow::Owned(cut(replaced.as_bytes()).to_vec())
}

fn cut(name: &[u8]) -> &[u8] {
    const MAX: usize = 255;
    let is_boundary = |at: &usize| name.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80);
    let end = (0..=MAX).rev().find(is_boundary).unwrap_or(MAX);
    name.get(..end).unwrap_or(name)
}

/// Writes a name between backticks.
pub(super) fn write_quoted(name: &[u8], out: &mut Vec<u8>) {
    out.push(b'`');
    for byte in name {
        if *byte == b'`' {
            out.push(b'`');
        }
        out.push(*byte);
    }
    out.push(b'`');
}

/// Names in a result's column definitions: from what the shard calls them to what the client does. Empty where nothing
/// differs.
#[derive(Debug, Clone, Default)]
pub struct Renames<'s> {
    pub schema: Option<(&'s str, &'s str)>,
    /// Of `org_table`, and of `table` where no alias hides it.
    pub tables: SmallVec<[(&'s str, &'s str); 2]>,
    /// Where the answer comes from, for names in the messages of errors.
    pub origin: Option<(&'s Schema, DatabaseId, ShardId)>,
    /// The rows tell names as well: as SQL, or in messages.
    pub in_rows: bool,
    /// What the server says of its own columns, and what a server with the client's tables says, by place.
    pub definitions: &'s [Described],
}

/// Two definitions of one result column, when the statement was prepared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Described {
    /// On the server that answers.
    pub here: Vec<u8>,
    /// On one that has the client's tables.
    pub there: Vec<u8>,
}

impl Renames<'_> {
    /// Whether all names are the client's.
    pub fn is_empty(&self) -> bool {
        self.schema.is_none() && self.tables.is_empty() && self.definitions.is_empty()
    }

    /// Whether the schema stands for that of the catalogue.
    fn is_of_catalog(&self) -> bool {
        self.schema.is_some_and(|(_, to)| to == CATALOG)
    }

    /// A message about tables that stand for those of the catalogue; `None` if it names none of them.
    fn of_catalog(&self, message: &str) -> Option<String> {
        let (from, to) = self.schema.filter(|_| self.is_of_catalog())?;
        let places = [format!("{from}."), format!("`{from}`.")];
        let found = places.iter().find(|place| message.contains(*place))?;
        Some(message.replace(found.as_str(), &found.replace(from, to)))
    }

    /// A text of SQL, or of a plan, with the client's names; `None` if it has no others.
    pub fn sql(&self, text: &[u8]) -> Option<Vec<u8>> {
        let (schema, database, shard) = self.origin?;
        text::in_sql(text, &place_of(schema, database, shard))
    }

    /// A server's message with the client's names; `None` if it has no others.
    pub fn message(&self, message: &str) -> Option<String> {
        let origin = self.origin.filter(|_| !self.is_of_catalog());
        let named =
            origin.and_then(|(schema, database, shard)| text::in_message(message, &place_of(schema, database, shard)));
        let named = self.of_catalog(named.as_deref().unwrap_or(message)).or(named);
        let own = self.tables.iter().filter(|(from, _)| is_own(from) && message.contains(from));
        own.fold(named, |text, (from, to)| Some(text.as_deref().unwrap_or(message).replace(from, to)))
    }
}
