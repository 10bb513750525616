//! The client's statement over the temporary tables into which its rows were gathered.
//!
//! It is the client's own text with the names of tables replaced. Each gets the name that it had as its alias, so that
//! columns stay as they are written. Index hints and partitions go, as temporary tables have neither.

use crate::sharding::ShardId;
use crate::sql::parse::ast::{Item, ItemKind, NamedTable, Span};

use super::Binding;
use super::gather::{Source, temporary_name};
use super::names::{Anchor, NewText, write_quoted};
use super::scope::Scopes;

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
    /// What is replaced whatever the tables are.
    Other(NewText),
}

impl Scopes<'_, '_> {
    /// The text of a statement that names these tables. Those that are `direct` are always used as they are.
    pub(super) fn final_text(&self, named: &[&NamedTable], direct: &[bool], is_catalog: &[bool]) -> FinalText {
        let anchor = |offset| Anchor::new(offset, self.literals);
        let is_place = |span: (Anchor, Anchor)| {
            named.iter().zip(direct).filter(|(_, direct)| !**direct).any(|(table, _)| {
                let name = table.name.table.span;
                span == (anchor(name.start), anchor(name.end))
                    || span == (anchor(table.alias_at), anchor(table.alias_at))
            })
        };
        let kept = self.edits.iter().filter(|(from, to, _)| !is_place((*from, *to)));
        let mut edits: Vec<(Anchor, Anchor, Part)> =
            kept.map(|(from, to, text)| (from, to, Part::Other(text.clone()))).collect();
        for (place, table) in named.iter().enumerate().filter(|(place, _)| !direct[*place]) {
            let mut add = |span: Span, part| edits.push((anchor(span.start), anchor(span.end), part));
            // The schema is replaced with the name: it is none that others know by another.
            let database = table.name.database.as_ref().filter(|_| is_catalog[place]);
            let start = database.map_or(table.name.table.span.start, |database| database.span.start);
            add(Span { start, end: table.name.table.span.end }, Part::Name(place));
            if table.alias.is_none() && table.takes_alias {
                add(Span { start: table.alias_at, end: table.alias_at }, Part::Alias(place));
            }
            for span in [table.partition, table.index_hints].into_iter().flatten() {
                add(span, Part::Cut(place));
            }
        }
        self.keep_titles(&mut edits);
        edits.sort_by_key(|(from, to, _)| (*from, *to));
        FinalText { edits }
    }

    /// A select item without an alias is called by its text: where that changes, the name must be given.
    fn keep_titles(&self, edits: &mut Vec<(Anchor, Anchor, Part)>) {
        let anchor = |offset| Anchor::new(offset, self.literals);
        let items = self.blocks.iter().filter_map(|block| block.select).flat_map(|select| &select.items);
        let is_untitled = |item: &&Item| item.alias.is_none() && matches!(item.kind, ItemKind::Other);
        for item in items.filter(is_untitled) {
            let (from, to) = (anchor(item.expression.span.start), anchor(item.expression.span.end));
            let is_touched =
                edits.iter().any(|(start, end, part)| *start >= from && *end <= to && part.place().is_some());
            let title = Part::Other(NewText::Title { from, to });
            if is_touched && !edits.iter().any(|(start, _, part)| *start == to && *part == title) {
                edits.push((to, to, title));
            }
        }
    }
}

impl FinalText {
    /// Writes the statement as the scratch gets it. Sources that are `direct` are the scratch's own tables.
    pub(super) fn render(
        &self,
        input: &Binding<'_>,
        scratch: ShardId,
        sources: &[Source],
        direct: &[bool],
        out: &mut Vec<u8>,
    ) {
        let mut done = 0;
        for (from, to, part) in &self.edits {
            let (start, end) = (from.offset(input.literals), to.offset(input.literals));
            if start < done {
                continue;
            }
            out.extend_from_slice(input.sql.get(done..start).unwrap_or_default());
            done = start;
            if part.write(input, scratch, sources, direct, out) {
                done = end;
            }
        }
        out.extend_from_slice(input.sql.get(done..).unwrap_or_default());
    }
}

impl Part {
    /// Writes what stands in the place of the client's text; `false`: that text itself does.
    fn write(
        &self,
        input: &Binding<'_>,
        scratch: ShardId,
        sources: &[Source],
        direct: &[bool],
        out: &mut Vec<u8>,
    ) -> bool {
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
            Self::Alias(place) => {
                out.extend_from_slice(b" AS ");
                write_quoted(sources[*place].written.as_bytes(), out);
            }
            Self::Cut(place) => return !direct[*place],
            Self::Other(text) => return text.write(input, scratch, out),
        }
        true
    }
}
