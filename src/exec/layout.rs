//! What the rows of all shards look like, by the definitions of their columns: how the columns compare that the merge
//! looks at, and how a row is written without those that only the merge needs.

use super::merged::Job;
use super::stream::Head;
use crate::merge::{Aggregate, Combine, Compare, Encoding, Group, Key, Limit, Source, Top};
use crate::plan::grouped::Fold;
use crate::plan::sort_key::{ColumnAt, SortKey, SortValue};
use crate::wire::cells::{CellPlaces, cut_binary, write_binary};
use crate::wire::column::ColumnDefinition;
use crate::wire::walker::AnswerKind;
use crate::wire::{ColumnFlags, ColumnType, packet, text};

/// The number of decimals of a DOUBLE that is written with all of its digits.
const ALL_DIGITS: u8 = 31;

/// More decimals no DECIMAL of MySQL has (manual, "Precision Math").
const MOST_DECIMALS: u8 = 30;

/// What makes groups of rows.
pub(super) struct Folding {
    pub(super) group: Group,
    /// Where the groups come in another order than the client wants.
    pub(super) top: Option<Top>,
    /// So many keys tell the groups.
    pub(super) by: usize,
    /// There is exactly one.
    pub(super) is_one: bool,
    pub(super) limit: Limit,
}

/// What the rows of all shards look like.
pub(super) struct Layout {
    pub(super) encoding: Encoding,
    columns: Vec<Column>,
    types: Vec<u8>,
    /// Columns that the client sees; the others follow them.
    pub(super) shown: usize,
}

/// What matters of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Column {
    column_type: u8,
    flags: ColumnFlags,
    decimals: u8,
}

impl Layout {
    /// An error says why the rows cannot be merged.
    pub(super) fn of(heads: &[Head], job: &Job<'_>) -> Result<Self, String> {
        // A server that reads rows from a temporary table of its own may call a BIT a number.
        let differ = || "columns of different types on different shards".to_owned();
        let columns = |head: &Head| -> Option<Vec<Column>> {
            head.columns
                .iter()
                .map(|payload| ColumnDefinition::parse(payload).ok().map(|found| Column::of(&found)))
                .collect()
        };
        let first = heads.first().and_then(columns).ok_or_else(differ)?;
        let is_alike = |head: &Head| {
            columns(head).is_some_and(|other| {
                other.len() == first.len() && first.iter().zip(&other).all(|(one, other)| one.is_read_like(other))
            })
        };
        let shown = first.len().checked_sub(usize::from(job.plan.hidden)).filter(|shown| *shown > 0);
        let shown = shown.filter(|_| heads.iter().all(is_alike)).ok_or_else(differ)?;
        let encoding = match job.kind {
            AnswerKind::Execute { .. } => Encoding::Binary,
            _ => Encoding::Text,
        };
        let types = first.iter().map(|column| column.column_type).collect();
        Ok(Self { encoding, columns: first, types, shown })
    }

    /// Whether the client can read the rows by the definitions that it is sent.
    pub(super) fn check_described(&self, job: &Job<'_>) -> Result<(), String> {
        let Some(described) = job.described else { return Ok(()) };
        let is_alike = |(payload, own): (&Vec<u8>, &Column)| {
            let found = ColumnDefinition::parse(payload).map(|found| Column::of(&found));
            // How many decimals a text has says nothing.
            found.is_ok_and(|found| {
                found.is_text() && own.is_text() || found.is_read_like(own) && found.decimals == own.decimals
            })
        };
        let are_alike = described.len() == self.shown && described.iter().zip(&self.columns).all(is_alike);
        are_alike.then_some(()).ok_or_else(|| "columns of other types on the shards than in the answer".to_owned())
    }

    /// How the rows are compared, or why they cannot be.
    pub(super) fn keys(&self, keys: &[SortKey]) -> Result<Vec<Key>, String> {
        keys.iter().map(|key| self.key(key.value, key.descending)).collect()
    }

    fn key(&self, value: SortValue, descending: bool) -> Result<Key, String> {
        Ok(Key { source: self.source(value)?, descending })
    }

    /// How groups are made of rows, if they are; or why they cannot be.
    pub(super) fn folding(&self, job: &Job<'_>) -> Result<Option<Folding>, String> {
        let Some(groups) = &job.plan.groups else { return Ok(None) };
        let mut aggregates = Vec::new();
        for folded in &groups.folds {
            let combine = self.combine(folded.at, folded.fold)?;
            aggregates.push(Aggregate { cell: self.index(folded.at), combine, is_once: folded.is_once });
        }
        let order = self.keys(&groups.order)?;
        let top = (!order.is_empty())
            .then(|| Top::new(order, self.encoding, job.limit.of_each(), job.memory).reaching(job.reach));
        let group = Group::new(self.columns.len(), aggregates, self.encoding, job.memory);
        Ok(Some(Folding { group, top, by: groups.by, is_one: groups.is_one, limit: job.limit }))
    }

    fn combine(&self, at: ColumnAt, fold: Fold) -> Result<Combine, String> {
        let unsuitable = || "an aggregate of values of this type over several shards".to_owned();
        let column = self.columns.get(self.index(at)).ok_or_else(unsuitable)?;
        let is_integer = column.is(ColumnType::MYSQL_TYPE_LONGLONG);
        let is_json = column.is(ColumnType::MYSQL_TYPE_JSON);
        let is_exact = matches!(column.compare(self.encoding), Some(Compare::Decimal));
        let is_real = column.is(ColumnType::MYSQL_TYPE_DOUBLE) && column.compare(self.encoding).is_some();
        Ok(match fold {
            Fold::Count if is_integer => Combine::Count,
            Fold::And if is_integer => Combine::And,
            Fold::Or if is_integer => Combine::Or,
            Fold::Xor if is_integer => Combine::Xor,
            Fold::Sum if is_exact => Combine::Sum,
            Fold::Sum if is_real => Combine::RealSum,
            Fold::RoundedSum { exact } if is_exact => {
                Combine::Rounded { sum: self.index(exact), decimals: usize::from(column.decimals) }
            }
            Fold::RoundedSum { .. } if is_real => Combine::RealSum,
            Fold::Average { sum, exact, count } => {
                let (sum, exact, count) = (self.index(sum), self.index(exact), self.index(count));
                match (is_exact, is_real) {
                    // MySQL (9.7) computes as many decimals as the values have by themselves, which a parameter's do not show.
                    (true, _) if column.decimals >= MOST_DECIMALS => return Err(unsuitable()),
                    (true, _) => Combine::Average { sum: exact, count, decimals: usize::from(column.decimals) },
                    (_, true) => Combine::RealAverage { sum, count },
                    _ => return Err(unsuitable()),
                }
            }
            Fold::Least(value) | Fold::Greatest(value) => {
                let key = self.key(value, false)?;
                let mut with = vec![self.index(at)];
                match key.source {
                    Source::Plain { cell, .. } => with.push(cell),
                    Source::Weights { cell, blank } => with.extend([cell, blank]),
                }
                Combine::Extreme { key, is_greatest: matches!(fold, Fold::Greatest(_)), with }
            }
            Fold::Deviation { count, mean, variance, of } if column.is(ColumnType::MYSQL_TYPE_DOUBLE) => {
                let decimals = (column.decimals != ALL_DIGITS).then_some(usize::from(column.decimals));
                let (count, mean, variance) = (self.index(count), self.index(mean), self.index(variance));
                Combine::Deviation { count, mean, variance, of, decimals }
            }
            Fold::Texts { separator, size, elements, most, cut } if column.is_text() => Combine::Texts {
                separator: self.index(separator),
                size: self.index(size),
                elements: self.index(elements),
                most: self.index(most),
                cut: self.index(cut),
            },
            Fold::Array { .. } if is_json => Combine::Array { is_value: true, most: None },
            Fold::Array { most } if column.is_text() => {
                Combine::Array { is_value: false, most: Some(self.index(most)) }
            }
            Fold::Object if is_json || column.is_text() => Combine::Object { is_value: is_json },
            Fold::Deviation { .. } | Fold::Texts { .. } | Fold::Array { .. } | Fold::Object => {
                return Err(unsuitable());
            }
            Fold::Count | Fold::And | Fold::Or | Fold::Xor | Fold::Sum | Fold::RoundedSum { .. } => {
                return Err(unsuitable());
            }
        })
    }

    fn source(&self, value: SortValue) -> Result<Source, String> {
        let weights = |weights, blank| Source::Weights { cell: self.index(weights), blank: self.index(blank) };
        let plain = |at: ColumnAt, compare| Source::Plain { cell: self.index(at), compare };
        let unsuitable = || "ORDER BY a value of this type over several shards".to_owned();
        Ok(match value {
            SortValue::Weights { weights: at, blank } => weights(at, blank),
            SortValue::Bytes(at) => plain(at, Compare::Bytes),
            SortValue::Plain(at) => plain(at, self.compare(at).ok_or_else(unsuitable)?),
            SortValue::ByType { plain: at, weights: of, blank } => match self.compare(at) {
                Some(compare) => plain(at, compare),
                None if self.columns.get(self.index(at)).is_some_and(Column::is_text) => weights(of, blank),
                None => return Err(unsuitable()),
            },
        })
    }

    fn index(&self, at: ColumnAt) -> usize {
        match at {
            ColumnAt::Shown(place) => usize::from(place),
            ColumnAt::Added(place) => self.shown + usize::from(place),
        }
    }

    fn compare(&self, at: ColumnAt) -> Option<Compare> {
        self.columns.get(self.index(at))?.compare(self.encoding)
    }

    pub(super) fn read(&self, payload: &[u8], places: &mut CellPlaces) -> Result<(), crate::wire::WireError> {
        match self.encoding {
            Encoding::Text => places.read_text(payload, self.types.len()),
            Encoding::Binary => places.read_binary(payload, &self.types),
        }
    }

    /// Appends the row as the client gets it.
    pub(super) fn write(&self, payload: &[u8], places: &CellPlaces, seq: &mut u8, out: &mut Vec<u8>) {
        let is_whole = self.shown == self.types.len();
        match self.encoding {
            _ if is_whole => packet::write_packet(out, seq, payload),
            Encoding::Text => packet::write_packet(out, seq, &payload[..places.end_of(self.shown)]),
            Encoding::Binary => {
                let at = packet::begin(out);
                cut_binary(payload, places, self.types.len(), self.shown, out);
                packet::finish(out, at, seq);
            }
        }
    }

    /// Appends a row that was made here.
    pub(super) fn write_cells(&self, cells: &[Option<Vec<u8>>], seq: &mut u8, out: &mut Vec<u8>) {
        let at = packet::begin(out);
        let cells = cells.iter().take(self.shown).map(Option::as_deref);
        match self.encoding {
            Encoding::Text => text::write_row(out, cells),
            Encoding::Binary => write_binary(cells, &self.types, out),
        }
        packet::finish(out, at, seq);
    }
}

impl Column {
    fn of(definition: &ColumnDefinition<'_>) -> Self {
        let ColumnDefinition { column_type, flags, decimals, .. } = *definition;
        Self { column_type, flags, decimals }
    }

    /// Whether its cells are written and compared in the same way.
    fn is_read_like(&self, other: &Self) -> bool {
        let of_value = ColumnFlags::UNSIGNED_FLAG | ColumnFlags::ENUM_FLAG | ColumnFlags::SET_FLAG;
        self.column_type == other.column_type && self.flags & of_value == other.flags & of_value
    }

    fn is(&self, column_type: ColumnType) -> bool {
        self.column_type == column_type as u8
    }

    fn is_text(&self) -> bool {
        use ColumnType::*;
        let types = [
            MYSQL_TYPE_VARCHAR,
            MYSQL_TYPE_VAR_STRING,
            MYSQL_TYPE_STRING,
            MYSQL_TYPE_TINY_BLOB,
            MYSQL_TYPE_BLOB,
            MYSQL_TYPE_MEDIUM_BLOB,
            MYSQL_TYPE_LONG_BLOB,
        ];
        let sorts_by_number = self.flags.intersects(ColumnFlags::ENUM_FLAG | ColumnFlags::SET_FLAG);
        types.into_iter().any(|column_type| self.is(column_type)) && !sorts_by_number
    }

    /// How values compare that are no text; `None` where the value as it is written does not tell.
    fn compare(&self, encoding: Encoding) -> Option<Compare> {
        use ColumnType::*;
        let is_any = |types: &[ColumnType]| types.iter().any(|column_type| self.is(*column_type));
        let integers = [MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_INT24, MYSQL_TYPE_LONG, MYSQL_TYPE_LONGLONG];
        if is_any(&integers) || self.is(MYSQL_TYPE_YEAR) {
            let unsigned = self.flags.contains(ColumnFlags::UNSIGNED_FLAG) || self.is(MYSQL_TYPE_YEAR);
            return Some(Compare::Integer { unsigned });
        }
        let is_exact = encoding == Encoding::Binary || self.decimals == ALL_DIGITS;
        match () {
            () if is_any(&[MYSQL_TYPE_DECIMAL, MYSQL_TYPE_NEWDECIMAL]) => Some(Compare::Decimal),
            () if self.is(MYSQL_TYPE_DOUBLE) && is_exact => Some(Compare::Real),
            () if self.is(MYSQL_TYPE_FLOAT) && encoding == Encoding::Binary => Some(Compare::Real),
            () if is_any(&[MYSQL_TYPE_DATE, MYSQL_TYPE_NEWDATE, MYSQL_TYPE_DATETIME]) => Some(Compare::Moment),
            () if self.is(MYSQL_TYPE_TIME) => Some(Compare::Duration),
            () if self.is(MYSQL_TYPE_BIT) => Some(Compare::Bits),
            // Nothing but NULL.
            () if self.is(MYSQL_TYPE_NULL) => Some(Compare::Bytes),
            () => None,
        }
    }
}
