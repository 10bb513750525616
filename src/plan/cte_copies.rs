//! Uses of common table expressions, and which of them need a text of their own.
//!
//! MySQL opens the tables in a common table expression once for each time that it is read, and a temporary table only
//! once in a statement (error 1137). So where the rows of its tables are gathered, each further use reads a copy of the
//! expression, under another name, over temporary tables of its own. What such an expression reads may be another one:
//! the copies of its text name copies as well.

use crate::sql::facts::Facts;
use crate::sql::parse::ast::{Cte, NamedTable, Span};

use super::instance::Source;
use super::scope::Scopes;

/// Index into the uses of a statement.
pub(super) type UseId = usize;

/// One place at which a common table expression is read: one within another such expression once for each of its uses.
#[derive(Debug, Clone, Copy)]
struct Use<'q> {
    cte: &'q Cte,
    /// `None`: nothing reads it.
    named: Option<&'q NamedTable>,
    /// The use in whose text it is named.
    within: Option<UseId>,
    /// A recursive query reads itself.
    is_of_itself: bool,
}

/// All uses, in the order in which they are read.
#[derive(Debug, Default)]
pub(super) struct Uses<'q> {
    all: Vec<Use<'q>>,
    open: Vec<UseId>,
}

impl<'q> Uses<'q> {
    /// The one whose text is being read.
    pub(super) fn open(&self) -> Option<UseId> {
        self.open.last().copied()
    }

    /// What is read from here on is within a use of `cte`.
    pub(super) fn begin(&mut self, cte: &'q Cte, named: Option<&'q NamedTable>) {
        let within = self.open();
        self.open.push(self.all.len());
        self.all.push(Use { cte, named, within, is_of_itself: false });
    }

    pub(super) fn end(&mut self) {
        self.open.pop();
    }

    /// Notes that a recursive query reads itself.
    pub(super) fn note_recursion(&mut self, cte: &'q Cte, named: &'q NamedTable) {
        self.all.push(Use { cte, named: Some(named), within: self.open(), is_of_itself: true });
    }

    /// Whether something reads itself.
    pub(super) fn has_recursion(&self) -> bool {
        self.all.iter().any(|one| one.is_of_itself)
    }

    /// The expression that is this query.
    pub(super) fn of_query(&self, span: Span) -> Option<&'q Cte> {
        self.all.iter().map(|one| one.cte).find(|cte| cte.query.span == span)
    }

    /// For each use the one in whose text stands what it reads; `None`: in the statement's own. For a recursive query
    /// that reads itself, that is itself.
    fn regions(&self) -> Vec<Option<UseId>> {
        let mut regions: Vec<Option<UseId>> = Vec::new();
        for one in &self.all {
            let mut place = one.within;
            // A name is looked up in the text where it stands, then in that around what this text defines, and so on.
            while let Some(outer) = place {
                let of_outer = self.all[outer].cte;
                if std::ptr::eq(of_outer, one.cte) || of_outer.query.span.contains(one.cte.span) {
                    break;
                }
                place = regions[outer];
            }
            regions.push(place);
        }
        regions
    }
}

/// Which use gets which text.
#[derive(Debug)]
pub(super) struct CteTexts<'s, 'q> {
    uses: &'s [Use<'q>],
    regions: Vec<Option<UseId>>,
    /// The first of its definition, whose text is the client's.
    is_first: Vec<bool>,
    is_copy: Vec<bool>,
}

impl<'q> Scopes<'_, 'q> {
    /// Who reads the client's own text of a common table expression, and who a copy.
    pub(super) fn cte_texts(&self) -> CteTexts<'_, 'q> {
        let uses = self.uses.all.as_slice();
        let regions = self.uses.regions();
        let mut reads_tables = vec![false; uses.len()];
        for instance in &self.instances {
            if let (Some(id), Source::Sharded(_) | Source::Fixed { .. }) = (instance.within, &instance.source) {
                reads_tables[id] = true;
            }
        }
        for id in (0..uses.len()).rev() {
            if let Some(outer) = uses[id].within {
                reads_tables[outer] |= reads_tables[id];
            }
        }
        let is_first = |id: usize| {
            let is_same = |other: usize| {
                std::ptr::eq(uses[other].cte, uses[id].cte)
                    && regions[other] == regions[id]
                    && !uses[other].is_of_itself
            };
            !uses[id].is_of_itself && !(0..id).any(is_same)
        };
        let is_first: Vec<bool> = (0..uses.len()).map(is_first).collect();
        // MariaDB opens them again.
        let is_copy = |id: usize| !self.ctx.mode.mariadb && !is_first[id] && !uses[id].is_of_itself && reads_tables[id];
        let is_copy = (0..uses.len()).map(is_copy).collect();
        CteTexts { uses, regions, is_first, is_copy }
    }
}

impl<'q> CteTexts<'_, 'q> {
    /// Whether some have a text of their own.
    pub(super) fn has_copies(&self) -> bool {
        self.is_copy.contains(&true)
    }

    /// The uses that read the client's own definitions in the text of `region`.
    pub(super) fn first_uses(&self, region: Option<UseId>) -> impl Iterator<Item = UseId> {
        (0..self.uses.len()).filter(move |id| self.is_first[*id] && self.regions[*id] == region)
    }

    /// The uses that read copies of definitions in the text of `region`.
    pub(super) fn copies(&self, region: Option<UseId>) -> impl Iterator<Item = (UseId, &'q Cte)> {
        let of_region = (0..self.uses.len()).filter(move |id| self.is_copy[*id] && self.regions[*id] == region);
        of_region.map(|id| (id, self.uses[id].cte))
    }

    /// The places in the text of `region` that read a copy, and what this is called.
    pub(super) fn renamed(&self, region: Option<UseId>) -> impl Iterator<Item = (&'q NamedTable, String)> {
        let of_region = (0..self.uses.len()).filter(move |id| self.uses[*id].within == region);
        of_region.filter_map(|id| {
            let read = if self.uses[id].is_of_itself { self.regions[id]? } else { id };
            self.is_copy[read].then_some((self.uses[id].named?, copy_name(read)))
        })
    }

    /// Whether a copy would give other rows than the client's own text.
    pub(super) fn are_uncertain(&self, scopes: &Scopes<'_, '_>, sql: &[u8]) -> bool {
        (0..self.uses.len()).filter(|id| self.is_copy[*id]).any(|id| {
            let span = self.uses[id].cte.query.span;
            let facts =
                Facts::read(sql.get(span.start as usize..span.end as usize).unwrap_or_default(), scopes.ctx.mode);
            facts.nondeterministic || !facts.writes_user_vars.is_empty()
        })
    }
}

/// What a copy is called; nobody else calls anything so.
pub(super) fn copy_name(id: UseId) -> String {
    format!("shardgate_copy_{id}")
}
