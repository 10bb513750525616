//! The rows of an INSERT, bound to shards. A row is a stretch of the client's text, so that a statement of many rows is
//! cut without being parsed value by value.

use crate::sharding::{Located, Part, ShardId, ShardSet, Sharded, Table};
use crate::value::Value;

use super::bind::Narrowed;
use super::names::{Anchor, Edits};
use super::narrow::{Known, TableId};
use super::numbering::{Number, Numbering, State};
use super::staged::StagePlan;
use super::{Binding, PlanError, Route};

/// An INSERT of rows into a sharded table.
#[derive(Debug, Clone)]
pub struct InsertTemplate {
    pub(super) table: TableId,
    pub(super) rows: Vec<RowTemplate>,
    /// The table's only shard, where keys do not matter.
    pub(super) only: Option<ShardId>,
    /// What the statement may not do on several shards.
    pub(super) refused: Option<String>,
    /// What subqueries read.
    pub(super) others: Narrowed,
    /// Where a sequence numbers rows.
    pub(super) numbering: Option<Numbering>,
    /// How rows are inserted whose key is an expression, or which are made of what other shards hold.
    pub(super) staged: Option<Box<StagePlan>>,
    /// INSERT IGNORE
    pub(super) ignores: bool,
    /// IGNORE, REPLACE, ON DUPLICATE KEY UPDATE: rows that are there already are met, and locked.
    pub(super) meets_rows: bool,
    /// ON DUPLICATE KEY UPDATE
    pub(super) updates: bool,
    /// RETURNING
    pub(super) returns: bool,
}

#[derive(Debug, Clone)]
pub(super) struct RowTemplate {
    pub(super) key: RowKey,
    /// Of a key of several columns those behind the first.
    pub(super) others: Vec<RowKey>,
    /// What it says of the column whose numbers the shards must not make.
    pub(super) number: Number,
    pub(super) from: Anchor,
    pub(super) to: Anchor,
    /// `params.0..params.1` are in the row.
    pub(super) params: (u16, u16),
    /// What may be NULL of what it gives to NOT NULL columns, where a server stores the type's default for that in a statement
    /// of several rows.
    pub(super) nulls: Vec<Known>,
}

#[derive(Debug, Clone)]
pub(super) enum RowKey {
    Known(Known),
    Opaque,
}

/// The rows of an INSERT that one shard gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardRows {
    pub shard: ShardId,
    /// Numbers of rows, from 0, ascending.
    pub rows: Vec<u32>,
}

impl InsertTemplate {
    /// Whether its values come from other tables, as by a subquery.
    pub(super) fn reads_others(&self) -> bool {
        self.staged.as_ref().is_some_and(|staged| staged.reads_others())
    }

    /// A shard that has the table, and what is read beside it if one has both.
    pub(super) fn example_shard(&self, schema: &crate::sharding::Schema) -> Option<ShardId> {
        let shards = self.table.table(schema)?.shard_set();
        let mut with_others = shards.clone();
        if let Some(at) = &self.others.at {
            with_others.intersect_with(at);
        }
        self.only.or_else(|| with_others.first()).or_else(|| shards.first())
    }

    pub(super) fn bind(&self, input: &Binding<'_>) -> Result<Route, PlanError> {
        match self.bind_rows(input) {
            Err(PlanError::Unsupported { .. } | PlanError::KeyNotLiteral { .. }) if self.staged.is_some() => {
                Ok(Route::Staged)
            }
            Err(PlanError::NullShardKey { .. }) if self.staged.is_some() && self.gives_null(input) => Ok(Route::Staged),
            Ok(Route::Split(parts)) if self.staged.is_some() && self.leaves_null_alone(&parts, input) => {
                Ok(Route::Staged)
            }
            bound => bound,
        }
    }

    fn gives_null(&self, input: &Binding<'_>) -> bool {
        self.rows.iter().any(|row| row.gives_null(input))
    }

    /// Whether a shard would get one row alone that gives NULL to a NOT NULL column, which is an error then.
    fn leaves_null_alone(&self, parts: &[ShardRows], input: &Binding<'_>) -> bool {
        let alone = parts.iter().filter_map(|part| match part.rows[..] {
            [only] => self.rows.get(only as usize),
            _ => None,
        });
        alone.into_iter().any(|row| row.gives_null(input))
    }

    fn bind_rows(&self, input: &Binding<'_>) -> Result<Route, PlanError> {
        if let Some(shard) = self.only {
            return self.checked(Route::One(shard), input);
        }
        let Some((table, sharded)) = self.table.table(input.schema).zip(self.table.sharded(input.schema)) else {
            return Err(PlanError::unsupported("an INSERT planned for another schema"));
        };
        let mut first = None;
        let mut split: Vec<ShardRows> = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            self.check_number(row, table, input)?;
            let shard = row.place(table, sharded, input)?;
            if *first.get_or_insert(shard) == shard && split.is_empty() {
                continue;
            }
            if split.is_empty() {
                split.push(ShardRows { shard: first.unwrap_or(shard), rows: (0..index as u32).collect() });
            }
            match split.iter_mut().find(|rows| rows.shard == shard) {
                Some(rows) => rows.rows.push(index as u32),
                None => split.push(ShardRows { shard, rows: vec![index as u32] }),
            }
        }
        split.sort_by_key(|rows| rows.shard);
        let route = match first {
            Some(shard) if split.is_empty() => Route::One(shard),
            Some(_) => Route::Split(split),
            None => Route::Any(sharded.shard_set()),
        };
        self.checked(route, input)
    }

    /// The shards would each number rows from 1 on.
    fn check_number(&self, row: &RowTemplate, table: &Table, input: &Binding<'_>) -> Result<(), PlanError> {
        match (row.number.state(input), &self.numbering) {
            (State::Given(_), _) => Ok(()),
            (State::Unknown, None) => Ok(()),
            (State::Unclear | State::Unknown, Some(numbering)) => Err(unclear(table, &numbering.column)),
            (State::Wanted | State::Unclear, _) => Err(numbered(table)),
        }
    }

    /// The same for EXPLAIN, which one shard must answer.
    pub(super) fn explained(self) -> Self {
        Self { refused: Some("EXPLAIN over several shards".to_owned()), staged: None, ..self }
    }

    /// Whether everything that is read is where the rows are written.
    fn checked(&self, route: Route, input: &Binding<'_>) -> Result<Route, PlanError> {
        let shards: ShardSet = match &route {
            Route::One(shard) => ShardSet::single(*shard),
            Route::Split(rows) => rows.iter().map(|rows| rows.shard).collect(),
            Route::Any(_)
            | Route::Scatter(_)
            | Route::Merge(_)
            | Route::Regroup(_)
            | Route::Gather
            | Route::Staged
            | Route::Load(_) => {
                return Ok(route);
            }
        };
        if shards.len() > 1
            && let Some(feature) = &self.refused
        {
            return Err(PlanError::unsupported(feature.as_str()));
        }
        self.others.check_within(&shards, input)?;
        Ok(route)
    }

    pub(super) fn render(&self, names: &Edits, input: &Binding<'_>, of: &ShardRows, out: &mut Vec<u8>) {
        let place = |anchor: Anchor| anchor.offset(input.literals);
        let (Some(first), Some(last)) = (self.rows.first(), self.rows.last()) else { return };
        names.render(input, of.shard, 0, place(first.from), out);
        for (index, row) in of.rows.iter().filter_map(|row| self.rows.get(*row as usize)).enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            names.render(input, of.shard, place(row.from), place(row.to), out);
        }
        names.render(input, of.shard, place(last.to), input.sql.len(), out);
    }

    pub(super) fn params_of(&self, of: &ShardRows, count: u16) -> Vec<u16> {
        let behind_rows = self.rows.last().map_or(0, |row| row.params.1);
        let rows = of.rows.iter().filter_map(|row| self.rows.get(*row as usize));
        rows.flat_map(|row| row.params.0..row.params.1).chain(behind_rows..count).collect()
    }
}

impl RowTemplate {
    fn gives_null(&self, input: &Binding<'_>) -> bool {
        self.nulls.iter().any(|known| known.value(input) == Value::Null)
    }

    fn place(&self, table: &Table, sharded: &Sharded, input: &Binding<'_>) -> Result<ShardId, PlanError> {
        let value = |key: &RowKey| match key {
            RowKey::Known(known) => known.value(input),
            RowKey::Opaque => Value::Unknown,
        };
        let first = value(&self.key);
        if self.others.is_empty() {
            return match sharded.place_as(&first, input.mode.no_auto_value_on_zero) {
                Located::Shard(shard) => Ok(shard),
                located => Err(PlanError::unplaced(located, table, sharded, Part::FIRST, &first)),
            };
        }
        let values: Vec<Value<'_>> = std::iter::once(first).chain(self.others.iter().map(value)).collect();
        sharded
            .place_all(&values)
            .map_err(|(part, located)| PlanError::unplaced(located, table, sharded, part, &values[usize::from(part.0)]))
    }
}

pub(super) fn numbered(table: &Table) -> PlanError {
    PlanError::Numbered { table: table.name.clone() }
}

fn unclear(table: &Table, column: &str) -> PlanError {
    let text = format!(
        "a value of '{}.{column}' that is neither an integer, NULL nor DEFAULT: a sequence numbers it",
        table.name
    );
    PlanError::unsupported(text)
}
