//! Child rows that follow the row they refer to: what ON UPDATE CASCADE does on one server, where the row goes to another
//! shard, and is deleted there and inserted here.

use super::failure::Failure;
use super::stage::{Table, quoted};
use crate::wire::{WireError, text};

/// Rows whose keys change in one statement, where others follow them.
const MOST: usize = 10_000;

/// A foreign key whose rows follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cascade {
    /// The child table, quoted, with its logical database.
    pub child: String,
    /// The columns of the key, and the places of those that they refer to.
    pub columns: Vec<(String, usize)>,
    /// Columns of the child that its server would set in an UPDATE, which a cascade is not.
    pub kept: Vec<String>,
}

/// The UPDATE of the child rows of one statement.
#[derive(Debug)]
pub struct Following<'a> {
    cascade: &'a Cascade,
    table: &'a Table,
    /// Of `cascade.columns`, the one that changes.
    changed: usize,
    /// Literals of the key before the statement, and of the column that changes after it.
    rows: Vec<(Vec<Vec<u8>>, Vec<u8>)>,
}

impl<'a> Following<'a> {
    /// `assigned`: what the statement sets.
    pub fn new(cascade: &'a Cascade, table: &'a Table, assigned: &[String]) -> Result<Self, Failure> {
        let is_assigned = |(_, place): &(String, usize)| {
            assigned.iter().any(|name| name.eq_ignore_ascii_case(&table.columns[*place].name))
        };
        let mut changed = cascade.columns.iter().enumerate().filter(|(_, column)| is_assigned(column));
        match (changed.next(), changed.next()) {
            (Some((changed, _)), None) => Ok(Self { cascade, table, changed, rows: Vec::new() }),
            _ => Err(Failure::Unsupported(format!(
                "changing several columns that rows of {} refer to, so that a row moves",
                cascade.child
            ))),
        }
    }

    /// A row of `Table::rekeyed`.
    pub fn push(&mut self, row: &[u8]) -> Result<(), Failure> {
        let cells: Result<Vec<Option<&[u8]>>, WireError> = text::cells(row).collect();
        let count = self.cascade.columns.len();
        let cells = cells.ok().filter(|cells| cells.len() == 2 * count);
        let cells = cells.ok_or_else(|| Failure::Unsupported("keys that could not be read back".to_owned()))?;
        let (old, new) = cells.split_at(count);
        // Nothing refers to NULL.
        if old.iter().any(Option::is_none) {
            return Ok(());
        }
        if self.rows.len() == MOST {
            return Err(Failure::Unsupported(format!(
                "changing the keys of more than {MOST} rows at once that rows of {} follow",
                self.cascade.child
            )));
        }
        let columns = || self.cascade.columns.iter().map(|(_, place)| &self.table.columns[*place]);
        let mut key = Vec::with_capacity(count);
        for (column, cell) in columns().zip(old) {
            let mut literal = Vec::new();
            column.write_compared(*cell, &mut literal)?;
            key.push(literal);
        }
        let mut literal = Vec::new();
        self.table.columns[self.cascade.columns[self.changed].1].write(new[self.changed], &mut literal)?;
        self.rows.push((key, literal));
        Ok(())
    }

    /// The statement; `None` if no key has changed.
    pub fn statement(&self) -> Result<Option<Vec<u8>>, Failure> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        let is_left = |new: &Vec<u8>| self.rows.iter().any(|(old, _)| old[self.changed] == *new);
        if self.rows.iter().any(|(_, new)| is_left(new)) {
            let table = &self.cascade.child;
            return Err(Failure::Unsupported(format!(
                "giving a row a key that another row gives up in the same statement, while rows of {table} follow both"
            )));
        }
        let name = quoted(&self.cascade.columns[self.changed].0);
        let mut sql = format!("UPDATE {} SET {name} = CASE", self.cascade.child).into_bytes();
        for (old, new) in &self.rows {
            sql.extend_from_slice(b" WHEN ");
            self.matching(old, &mut sql);
            sql.extend_from_slice(b" THEN ");
            sql.extend_from_slice(new);
        }
        sql.extend_from_slice(format!(" ELSE {name} END").as_bytes());
        for kept in self.cascade.kept.iter().map(|name| quoted(name)) {
            sql.extend_from_slice(format!(", {kept} = {kept}").as_bytes());
        }
        for (at, (old, _)) in self.rows.iter().enumerate() {
            sql.extend_from_slice(if at == 0 { b" WHERE " } else { b" OR " });
            self.matching(old, &mut sql);
        }
        Ok(Some(sql))
    }

    fn matching(&self, old: &[Vec<u8>], sql: &mut Vec<u8>) {
        for (at, ((name, _), literal)) in self.cascade.columns.iter().zip(old).enumerate() {
            sql.extend_from_slice(if at == 0 { b"" } else { b" AND " });
            sql.extend_from_slice(quoted(name).as_bytes());
            sql.extend_from_slice(b" = ");
            sql.extend_from_slice(literal);
        }
    }
}
