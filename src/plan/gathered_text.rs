//! The client's statement over the temporary tables into which its rows were gathered.
//!
//! It is the client's own text with the names of tables replaced. Each gets the name that it had as its alias, so that
//! columns stay as they are written. Index hints and partitions go, as temporary tables have neither.

use crate::sharding::ShardId;
use crate::sql::Literal;
use crate::sql::parse::ast::{Item, ItemKind, NamedTable, Span};

use super::Binding;
use super::condensed::{Condensed, write_reading};
use super::cte_copies::{CteTexts, UseId, copy_name};
use super::gather::{Source, temporary_name};
use super::names::{Anchor, NewText, write_quoted};
use super::scope::Scopes;
use super::search::Search;

/// The replacements, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct FinalText {
    edits: Vec<(Anchor, Anchor, Part)>,
}

/// One of them; numbers are those of the sources.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// The table's name.
    Name(usize),
    /// Its name as alias, where the client gave none.
    Alias(usize),
    /// What a temporary table does not have.
    Cut(usize),
    /// A search in the rows of this table, which all meet it where they were gathered.
    Search(usize, Search),
    /// What is replaced whatever the tables are.
    Other(NewText),
    /// The name of a copy in the place of a common table expression's.
    CopyName(String),
    /// That as its alias, where the client gave none.
    CopyAlias(String),
    /// The common table expression once more.
    Copy(CteCopy),
    /// The rows that answer a query, in its place.
    Condensed { number: usize, is_derived: bool },
}

/// A common table expression that stands in the text again, over tables of its own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CteCopy {
    name: String,
    /// What the client calls it.
    written: String,
    /// The client's text that is copied: from behind the name to the closing parenthesis.
    from: Anchor,
    to: Anchor,
    text: FinalText,
}

/// One place that names a table, by the number of its source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'q> {
    pub(super) named: &'q NamedTable,
    /// In the text of which use of a common table expression.
    pub(super) within: Option<UseId>,
    /// Its name is always used as it is.
    pub(super) is_direct: bool,
    /// The name is hidden by a temporary table where the statement runs.
    pub(super) is_written: bool,
    pub(super) is_catalog: bool,
}

impl<'q> Scopes<'_, 'q> {
    /// The text of a statement that names these tables.
    pub(super) fn final_text(
        &self,
        places: &[Place<'_>],
        ctes: &CteTexts<'_, 'q>,
        searches: impl Iterator<Item = (usize, Search)>,
    ) -> FinalText {
        let mut edits = Vec::new();
        self.edit_region(None, places, ctes, &mut edits);
        for (place, search) in searches {
            self.put(search.span, Part::Search(place, search), &mut edits);
        }
        self.finished(edits, None, places)
    }

    /// Adds the edits of the text of one use, and of what it defines.
    fn edit_region(
        &self,
        region: Option<UseId>,
        places: &[Place<'_>],
        ctes: &CteTexts<'_, 'q>,
        edits: &mut Vec<(Anchor, Anchor, Part)>,
    ) {
        let of_region = |place: &&(usize, &Place<'_>)| place.1.within == region;
        for (number, place) in places.iter().enumerate().filter(|place| of_region(&place)) {
            if !place.is_direct {
                self.edit_place(number, place, edits);
            }
            if !place.is_direct || place.is_written {
                self.cut_hints(number, place.named, edits);
            }
        }
        for (named, name) in ctes.renamed(region) {
            let alias = (named.alias.is_none() && named.takes_alias).then(|| named.name.table.text.clone());
            self.put(named.name.table.span, Part::CopyName(name), edits);
            if let Some(alias) = alias {
                self.put(Span { start: named.alias_at, end: named.alias_at }, Part::CopyAlias(alias), edits);
            }
        }
        for first in ctes.first_uses(region) {
            self.edit_region(Some(first), places, ctes, edits);
        }
        for (id, cte) in ctes.copies(region) {
            let mut own = Vec::new();
            self.edit_region(Some(id), places, ctes, &mut own);
            let span = Span { start: cte.name.span.end, end: cte.span.end };
            let copy = CteCopy {
                name: copy_name(id),
                written: cte.name.text.clone(),
                from: Anchor::new(span.start, self.literals),
                to: Anchor::new(span.end, self.literals),
                text: self.finished(own, Some(span), places),
            };
            self.put(Span { start: cte.span.end, end: cte.span.end }, Part::Copy(copy), edits);
        }
    }

    fn put(&self, span: Span, part: Part, edits: &mut Vec<(Anchor, Anchor, Part)>) {
        edits.push((Anchor::new(span.start, self.literals), Anchor::new(span.end, self.literals), part));
    }

    fn edit_place(&self, number: usize, place: &Place<'_>, edits: &mut Vec<(Anchor, Anchor, Part)>) {
        let table = place.named;
        // The schema is replaced with the name: it is none that others know by another.
        let database = table.name.database.as_ref().filter(|_| place.is_catalog);
        let start = database.map_or(table.name.table.span.start, |database| database.span.start);
        self.put(Span { start, end: table.name.table.span.end }, Part::Name(number), edits);
        if table.alias.is_none() && table.takes_alias {
            self.put(Span { start: table.alias_at, end: table.alias_at }, Part::Alias(number), edits);
        }
    }

    fn cut_hints(&self, number: usize, table: &NamedTable, edits: &mut Vec<(Anchor, Anchor, Part)>) {
        for span in [table.partition, table.index_hints].into_iter().flatten() {
            self.put(span, Part::Cut(number), edits);
        }
    }

    /// The edits with those that are made wherever the statement goes, within `span` or everywhere.
    fn finished(&self, mut edits: Vec<(Anchor, Anchor, Part)>, span: Option<Span>, places: &[Place<'_>]) -> FinalText {
        let anchor = |offset| Anchor::new(offset, self.literals);
        let is_place = |span: (Anchor, Anchor)| {
            places.iter().filter(|place| !place.is_direct).any(|place| {
                let name = place.named.name.table.span;
                span == (anchor(name.start), anchor(name.end))
                    || span == (anchor(place.named.alias_at), anchor(place.named.alias_at))
            })
        };
        let bounds = span.map(|span| (anchor(span.start), anchor(span.end)));
        let is_within = |from: Anchor, to: Anchor| bounds.is_none_or(|(start, end)| start <= from && to <= end);
        let kept = self.edits.iter().filter(|(from, to, _)| is_within(*from, *to) && !is_place((*from, *to)));
        edits.extend(kept.map(|(from, to, text)| (from, to, Part::Other(text.clone()))));
        self.keep_titles(&mut edits, is_within);
        edits.sort_by_key(|(from, to, _)| (*from, *to));
        FinalText { edits }
    }

    /// A select item without an alias is called by its text: where that changes, the name must be given.
    fn keep_titles(&self, edits: &mut Vec<(Anchor, Anchor, Part)>, is_within: impl Fn(Anchor, Anchor) -> bool) {
        let anchor = |offset| Anchor::new(offset, self.literals);
        let items = self.blocks.iter().filter_map(|block| block.select).flat_map(|select| &select.items);
        let is_untitled = |item: &&Item| item.alias.is_none() && matches!(item.kind, ItemKind::Other);
        for item in items.filter(is_untitled) {
            let (from, to) = (anchor(item.expression.span.start), anchor(item.expression.span.end));
            let is_touched = is_within(from, to)
                && edits.iter().any(|(start, end, part)| *start >= from && *end <= to && part.names_table());
            let title = Part::Other(NewText::Title { from, to });
            if is_touched && !edits.iter().any(|(start, _, part)| *start == to && *part == title) {
                edits.push((to, to, title));
            }
        }
    }
}

/// What a statement is written with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writing<'w> {
    pub(super) input: &'w Binding<'w>,
    pub(super) scratch: ShardId,
    pub(super) sources: &'w [Source],
    /// Which of the sources are the scratch's own tables.
    pub(super) direct: &'w [bool],
    /// Queries that are answered by themselves are not in the text.
    pub(super) condenses: bool,
}

impl Writing<'_> {
    /// Whether no table is a temporary one.
    fn is_all_direct(&self) -> bool {
        self.direct.iter().all(|direct| *direct)
    }
}

impl FinalText {
    /// These queries can be answered by themselves.
    pub(super) fn condense(&mut self, all: &[Condensed]) {
        let part = |(number, one): (usize, &Condensed)| {
            (one.from, one.to, Part::Condensed { number, is_derived: one.is_derived })
        };
        self.edits.extend(all.iter().enumerate().map(part));
        self.edits.sort_by_key(|(from, to, _)| (*from, *to));
    }

    /// Writes the statement as the scratch gets it.
    pub(super) fn render(&self, writing: &Writing<'_>, out: &mut Vec<u8>) {
        self.render_between(writing, (0, writing.input.sql.len()), out);
    }

    /// Writes a stretch of it.
    pub(super) fn render_between(&self, writing: &Writing<'_>, (mut done, to): (usize, usize), out: &mut Vec<u8>) {
        let input = writing.input;
        let mut left_out = None;
        for (from, end, part) in &self.edits {
            let (start, end) = (from.offset(input.literals), end.offset(input.literals));
            // An alias may stand at the very end of what is left out.
            if start < done || left_out == Some(start) && matches!(part, Part::Alias(_)) {
                continue;
            }
            if start > to {
                break;
            }
            out.extend_from_slice(input.sql.get(done..start).unwrap_or_default());
            done = start;
            if part.write(writing, out) {
                done = end;
                left_out = matches!(part, Part::Condensed { .. }).then_some(end);
            }
        }
        out.extend_from_slice(input.sql.get(done..to).unwrap_or_default());
    }

    /// The copies in it by name, each with what the client calls it.
    pub(super) fn copies(&self) -> Vec<(String, String)> {
        let copies = self.edits.iter().filter_map(|(_, _, part)| match part {
            Part::Copy(copy) => Some(copy),
            _ => None,
        });
        copies
            .flat_map(|copy| {
                let own = (copy.name.clone(), copy.written.clone());
                std::iter::once(own).chain(copy.text.copies())
            })
            .collect()
    }

    /// The parameters in the written text, as indexes of the statement's own, which stand at `offsets`.
    pub(super) fn params(&self, offsets: &[u32], literals: &[Literal]) -> Vec<u16> {
        let mut params = Vec::new();
        self.add_params(offsets, literals, (0, u32::MAX), &mut params);
        params
    }

    fn add_params(&self, offsets: &[u32], literals: &[Literal], (mut done, to): (u32, u32), params: &mut Vec<u16>) {
        let place = |offset: u32| offsets.partition_point(|param| *param < offset) as u16;
        for (from, _, part) in &self.edits {
            let Part::Copy(copy) = part else { continue };
            let start = from.offset(literals) as u32;
            params.extend(place(done)..place(start));
            done = start;
            let range = (copy.from.offset(literals) as u32, copy.to.offset(literals) as u32);
            copy.text.add_params(offsets, literals, range, params);
        }
        params.extend(place(done)..place(to));
    }
}

impl Part {
    /// Whether it is about a name in FROM.
    fn names_table(&self) -> bool {
        !matches!(self, Self::Other(_))
    }

    /// Writes what stands in the place of the client's text; `false`: that text itself does.
    fn write(&self, writing: &Writing<'_>, out: &mut Vec<u8>) -> bool {
        let Writing { input, scratch, sources, direct, condenses } = *writing;
        match self {
            Self::Name(place) if direct[*place] => {
                let table = sources[*place].table.and_then(|id| id.table(input.schema));
                let Some(table) = table else { return false };
                write_quoted(table.physical_name(scratch).as_bytes(), out);
            }
            Self::Name(place) => {
                if sources[*place].is_catalog() {
                    write_quoted(input.schema.shard(scratch).schema.as_bytes(), out);
                    out.push(b'.');
                }
                write_quoted(temporary_name(*place).as_bytes(), out);
            }
            Self::Alias(place) if direct[*place] && sources[*place].is_catalog() => return false,
            Self::Alias(place) => write_alias(&sources[*place].written, out),
            Self::Cut(place) => return !direct[*place],
            Self::Search(place, search) => return !direct[*place] && search.write_met(input, out),
            Self::Other(text) => return text.write(input, scratch, out),
            // Tables that last can be opened as often as they are named.
            Self::CopyName(_) | Self::CopyAlias(_) | Self::Copy(_) if writing.is_all_direct() => return false,
            Self::Condensed { number, is_derived } if condenses => {
                write_reading(*number, *is_derived, input.schema, scratch, out);
            }
            Self::Condensed { .. } => return false,
            Self::CopyName(name) => write_quoted(name.as_bytes(), out),
            Self::CopyAlias(written) => write_alias(written, out),
            Self::Copy(copy) => {
                out.extend_from_slice(b", ");
                write_quoted(copy.name.as_bytes(), out);
                let range = (copy.from.offset(input.literals), copy.to.offset(input.literals));
                copy.text.render_between(writing, range, out);
            }
        }
        true
    }
}

fn write_alias(written: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b" AS ");
    write_quoted(written.as_bytes(), out);
}
