//! From the rows that a staged write changed, deleted or inserted on its scratch to the statements that do the same to
//! the shards' own: by primary key, and new rows by shard key.

use std::collections::HashMap;
use std::slice;

use super::columns::Column;
use super::failure::Failure;
use super::long::Sql;
use super::stage::Table;
use crate::plan::PlanError;
use crate::plan::staged::{Insertion, WrittenTable};
use crate::sharding::schema::same_name;
use crate::sharding::{self, Located, Parent, Part, Schema, ShardId, Sharded};
use crate::value::Value;
use crate::wire::{WireError, text};

/// Rows in one statement that names each by its key.
const KEYS: usize = 200;
/// An INSERT is sent when it is so long; every server takes more (`max_allowed_packet` is 1 MiB at least).
const BATCH: usize = 512 * 1024;

/// The shards of rows of a parent table, by the literals that child rows name them with.
pub type Found = HashMap<Vec<u8>, ShardId>;

/// What one shard is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub shard: ShardId,
    pub sql: Sql,
    pub kind: Kind,
    /// Rows that it must find, or inserts.
    pub rows: u64,
}

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Delete,
    Update,
    Insert {
        /// IGNORE
        ignores: bool,
        /// The numbers that the first copy of a reference table gives to the rows are those of the others.
        numbers_copies: bool,
    },
}

/// One table, and where its rows go.
#[derive(Debug)]
pub struct WriteBack<'a> {
    written: &'a WrittenTable,
    table: &'a Table,
    sharded: Option<&'a Sharded>,
    known: Option<&'a sharding::Table>,
    /// Columns of the table that are read back, in order.
    columns: Vec<usize>,
    /// Of `columns`, those that an UPDATE sets.
    set: Vec<usize>,
    /// Of `columns`, those of the shard key in its order, if rows may move; else none.
    key: Vec<usize>,
    /// Of `columns`, the one that a sequence numbers.
    numbered: Option<usize>,
    /// Columns of a row that stand before `columns`.
    before: usize,
    /// Of a child table.
    parents: Found,
    /// New values and the keys of the rows that get them.
    updates: HashMap<(ShardId, Sql), Vec<Vec<u8>>>,
    deletes: HashMap<ShardId, Vec<Vec<u8>>>,
    inserts: HashMap<ShardId, (Sql, u64)>,
    done: Vec<Order>,
    /// UPDATE IGNORE: what each row needs, in its order; the other lists stay empty.
    steps: Option<Vec<Step>>,
    bytes: usize,
    moved: bool,
    /// Whether rows want numbers that copies of a reference table must have alike; `None` before the first row.
    copies_number: Option<bool>,
}

/// Orders for one row, in their order. If the first is refused, none of them is carried out.
pub type Step = Vec<Order>;

/// The places, in `columns`, of the columns of the shard key; none if one of them is not there.
fn key_places(sharded: Option<&Sharded>, table: &Table, columns: &[usize]) -> Vec<usize> {
    let place = |key: &str| columns.iter().position(|at| same_name(&table.columns[*at].name, key));
    let places = sharded.map(|sharded| sharded.key_columns().map(place).collect::<Option<Vec<usize>>>());
    places.flatten().unwrap_or_default()
}

impl<'a> WriteBack<'a> {
    /// Of an UPDATE, or UPDATE IGNORE.
    pub fn of_update(schema: &'a Schema, written: &'a WrittenTable, table: &'a Table, ignores: bool) -> Self {
        let is_assigned = |column: &Column| written.assigned.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
        let sharded = written.table.and_then(|id| id.sharded(schema));
        let is_key = |column: &Column| sharded.is_some_and(|sharded| sharded.part_of(&column.name).is_some());
        let stored = || table.columns.iter().enumerate().filter(|(_, column)| !column.is_generated);
        let may_move = stored().any(|(_, column)| is_key(column) && is_assigned(column));
        let is_set = |column: &Column| is_assigned(column) || column.is_set_on_update;
        let columns: Vec<usize> =
            stored().filter(|(_, column)| may_move || is_set(column)).map(|(place, _)| place).collect();
        let set = (0..columns.len()).filter(|at| is_set(&table.columns[columns[*at]])).collect();
        let key = if may_move { key_places(sharded, table, &columns) } else { Vec::new() };
        let steps = ignores.then(Vec::new);
        Self { columns, set, key, steps, before: 1 + table.key.len(), ..Self::new(schema, written, table) }
    }

    /// Of a DELETE.
    pub fn of_delete(schema: &'a Schema, written: &'a WrittenTable, table: &'a Table) -> Self {
        Self::new(schema, written, table)
    }

    /// Of an INSERT.
    pub fn of_insert(schema: &'a Schema, written: &'a WrittenTable, table: &'a Table) -> Self {
        let stored = table.columns.iter().enumerate().filter(|(_, column)| !column.is_generated);
        let columns: Vec<usize> = stored.map(|(place, _)| place).collect();
        let sharded = written.table.and_then(|id| id.sharded(schema));
        let key = key_places(sharded, table, &columns);
        let sequence = sharded.and_then(|sharded| sharded.sequence.as_ref());
        let is_numbered =
            |place: &usize| sequence.is_some_and(|sequence| same_name(&sequence.column, &table.columns[*place].name));
        let numbered = columns.iter().position(is_numbered);
        Self { columns, key, numbered, ..Self::new(schema, written, table) }
    }

    fn new(schema: &'a Schema, written: &'a WrittenTable, table: &'a Table) -> Self {
        Self {
            written,
            table,
            sharded: written.table.and_then(|id| id.sharded(schema)),
            known: written.table.and_then(|id| id.table(schema)),
            columns: Vec::new(),
            set: Vec::new(),
            key: Vec::new(),
            numbered: None,
            before: 0,
            parents: Found::new(),
            updates: HashMap::new(),
            deletes: HashMap::new(),
            inserts: HashMap::new(),
            done: Vec::new(),
            steps: None,
            bytes: 0,
            moved: false,
            copies_number: None,
        }
    }

    /// The columns that must be asked for.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// What places the rows, if they are those of a child table and may be on several shards.
    pub fn parent(&self) -> Option<&'a Parent> {
        let parent = self.sharded?.parent.as_deref()?;
        (self.key.len() == 1 && self.written.places.len() > 1).then_some(parent)
    }

    /// The column by which a child row names its parent.
    pub fn parent_key(&self) -> Option<&str> {
        Some(self.table.columns[self.columns[*self.key.first()?]].name.as_str())
    }

    /// The literal of the parent that a row names, of those that `update` and `insert` take; `None`: it names none.
    pub fn named_parent(&self, row: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let cells = self.cells(row, self.before + self.columns.len())?;
        self.key.first().map_or(Ok(None), |at| self.literal(*at, cells[self.before + at]))
    }

    fn literal(&self, at: usize, cell: Option<&[u8]>) -> Result<Option<Vec<u8>>, Failure> {
        let Some(cell) = cell else { return Ok(None) };
        let mut literal = Vec::new();
        self.table.columns[self.columns[at]].write(Some(cell), &mut literal)?;
        Ok(Some(literal))
    }

    /// Where the parents are of the rows that come next.
    pub fn know(&mut self, parents: Found) {
        self.parents = parents;
    }

    /// Some row leaves its shard.
    pub fn moves_rows(&self) -> bool {
        self.moved
    }

    /// Bytes of what was not taken yet.
    pub fn size(&self) -> usize {
        self.bytes
    }

    /// A row of `Table::changed`.
    pub fn update(&mut self, row: &[u8]) -> Result<(), Failure> {
        let cells = self.cells(row, 1 + self.table.key.len() + self.columns.len())?;
        let (place, key, values) = self.parts(&cells)?;
        let from = self.shards_of(place)?;
        let to = if self.key.is_empty() { None } else { self.place(values)? };
        if let (Some(to), [old]) = (to, from.as_slice())
            && to != *old
        {
            self.moved = true;
            self.bytes += key.len();
            let all: Vec<(usize, Option<&[u8]>)> = self.columns.iter().copied().zip(values.iter().copied()).collect();
            self.insert_on(to, &all, None)?;
            match self.steps.is_some() {
                false => self.deletes.entry(*old).or_default().push(key),
                true => {
                    self.end_insert(to, None);
                    let gone = self.deleting(*old, &[key]);
                    self.end_step(gone);
                }
            }
            return Ok(());
        }
        let mut set = Sql::default();
        for at in &self.set {
            let column = &self.table.columns[self.columns[*at]];
            set.text.extend_from_slice(if set.is_empty() { b" SET " } else { b", " });
            set.text.extend_from_slice(quoted(&column.name).as_bytes());
            set.text.extend_from_slice(b" = ");
            column.store(values[*at], 0, &mut set)?;
        }
        self.bytes += key.len() + set.len();
        if self.steps.is_some() {
            let orders = from.into_iter().flat_map(|shard| self.updating(shard, &set, slice::from_ref(&key))).collect();
            self.end_step(orders);
            return Ok(());
        }
        for shard in from {
            self.updates.entry((shard, set.clone())).or_default().push(key.clone());
        }
        Ok(())
    }

    /// A row of `Table::deleted`.
    pub fn delete(&mut self, row: &[u8]) -> Result<(), Failure> {
        let cells = self.cells(row, 1 + self.table.key.len())?;
        let (place, key, _) = self.parts(&cells)?;
        self.bytes += key.len();
        for shard in self.shards_of(place)? {
            self.deletes.entry(shard).or_default().push(key.clone());
        }
        Ok(())
    }

    /// What a row of `Table::inserted` says of the column that a sequence numbers; `None` if the table has none.
    pub fn number(&self, row: &[u8], keeps_zero: bool) -> Result<Option<Given>, Failure> {
        let Some(numbered) = self.numbered else { return Ok(None) };
        let cells = self.cells(row, self.columns.len())?;
        let number = cells.get(numbered).copied().flatten();
        Ok(Some(match is_left_out(number, keeps_zero) {
            true => Given::Nothing,
            false => Given::Number(number.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())),
        }))
    }

    /// A row of `Table::inserted`. `keeps_zero`: the server numbers rows for NULL only. `number`: the row's, if a sequence
    /// gives it one.
    pub fn insert(
        &mut self,
        row: &[u8],
        how: &Insertion,
        keeps_zero: bool,
        number: Option<u64>,
    ) -> Result<(), Failure> {
        let cells = self.cells(row, self.columns.len())?;
        let mut values: Vec<(usize, Option<&[u8]>)> = self.columns.iter().copied().zip(cells).collect();
        let digits = number.map(|number| number.to_string());
        let mut wants_number = false;
        for (at, (place, cell)) in values.iter_mut().enumerate() {
            match &digits {
                Some(digits) if self.numbered == Some(at) => {
                    self.check_returned(how.returns)?;
                    *cell = Some(digits.as_bytes());
                }
                _ if self.table.columns[*place].is_numbered && is_left_out(*cell, keeps_zero) => {
                    *cell = None;
                    self.check_returned(how.returns)?;
                    self.check_number()?;
                    wants_number = true;
                }
                _ => {}
            }
        }
        self.check_copies(wants_number)?;
        let shards = match self.key.is_empty() {
            true if self.sharded.is_some() && self.written.places.len() > 1 => {
                let key = self.sharded.map_or("", |sharded| &sharded.key_column);
                return Err(Failure::Unsupported(format!(
                    "an INSERT into '{}', which has not all columns that its rule shards by (such as '{key}')",
                    self.written.written
                )));
            }
            false => {
                let cells: Vec<Option<&[u8]>> = values.iter().map(|(_, cell)| *cell).collect();
                self.place(&cells)?.into_iter().collect()
            }
            true => self.written.places.iter().map(|(shard, _)| *shard).collect::<Vec<_>>(),
        };
        for shard in shards {
            self.insert_on(shard, &values, Some(how))?;
        }
        Ok(())
    }

    /// The client would get the rows as they were before they had numbers.
    fn check_returned(&self, returns: bool) -> Result<(), Failure> {
        let table = &self.written.written;
        match returns {
            true => Err(Failure::Unsupported(format!("RETURNING of numbers that are given to rows of '{table}'"))),
            false => Ok(()),
        }
    }

    /// Shards would each number rows from 1 on.
    fn check_number(&self) -> Result<(), Failure> {
        match self.sharded {
            Some(sharded) if self.written.places.len() > 1 && !sharded.auto_increment_per_shard => {
                let table = &self.written.written;
                Err(Failure::Unsupported(format!("AUTO_INCREMENT of '{table}' over several shards")))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Copies number rows alike if all of them want a number, or none: others that are numbered at the same time could come
    /// between.
    fn check_copies(&mut self, wants_number: bool) -> Result<(), Failure> {
        let is_copied = self.sharded.is_none() && self.written.places.len() > 1;
        if is_copied && *self.copies_number.get_or_insert(wants_number) != wants_number {
            return Err(Failure::Unsupported(format!(
                "AUTO_INCREMENT of reference table '{}' for some rows of a statement: give a number to all of them, or to none",
                self.written.written
            )));
        }
        Ok(())
    }

    /// The shard that a row with these values of `columns` belongs to.
    fn place(&self, cells: &[Option<&[u8]>]) -> Result<Option<ShardId>, Failure> {
        let Some(sharded) = self.sharded else { return Ok(None) };
        if let [only] = self.written.places.as_slice() {
            return Ok(Some(only.0));
        }
        if let (Some(_), [at]) = (self.parent(), self.key.as_slice()) {
            return self.place_by_parent(sharded, *at, cells[*at]);
        }
        let columns: Vec<&Column> = self.key.iter().map(|at| &self.table.columns[self.columns[*at]]).collect();
        let values: Vec<Value<'_>> =
            columns.iter().zip(&self.key).map(|(column, at)| column.value(cells[*at])).collect();
        let placed = match values.as_slice() {
            // What was staged is stored as it is.
            [key] => match sharded.place_as(key, true) {
                Located::Shard(shard) => Ok(shard),
                located => Err((Part::FIRST, located)),
            },
            [] => Err((Part::FIRST, Located::Anywhere)),
            keys => sharded.place_all(keys),
        };
        let index = |part: Part| usize::from(part.0);
        match (placed, self.known) {
            (Ok(shard), _) => Ok(Some(shard)),
            (Err((part, located @ (Located::Null | Located::Unplaced))), Some(known)) => {
                let unplaced = PlanError::unplaced(located, known, sharded, part, &values[index(part)]);
                Err(Failure::Unplaced(unplaced))
            }
            (Err((part, _)), Some(known)) => {
                let value = values.get(index(part)).unwrap_or(&Value::Unknown);
                Err(Failure::Unplaced(PlanError::nowhere(known, sharded, part, value)))
            }
            (Err((_, _)), None) => Err(Failure::Unsupported(format!(
                "rows of '{}' whose shard key leads to no shard",
                self.written.written
            ))),
        }
    }

    fn place_by_parent(&self, sharded: &Sharded, at: usize, cell: Option<&[u8]>) -> Result<Option<ShardId>, Failure> {
        let found = self.literal(at, cell)?.and_then(|literal| self.parents.get(&literal));
        match (found, self.known) {
            (Some(shard), _) => Ok(Some(*shard)),
            (None, Some(known)) if cell.is_none() => {
                let (table, column) = (known.name.clone(), sharded.key_column.clone());
                Err(Failure::Unplaced(PlanError::NullShardKey { table, column, rule: "parent" }))
            }
            (None, _) => Err(Failure::Unsupported(format!("a row of '{}' without a place", self.written.written))),
        }
    }

    fn cells<'r>(&self, row: &'r [u8], count: usize) -> Result<Vec<Option<&'r [u8]>>, Failure> {
        let cells: Result<Vec<_>, WireError> = text::cells(row).collect();
        match cells {
            Ok(cells) if cells.len() == count => Ok(cells),
            _ => Err(Failure::Unsupported(format!("a row of '{}' that could not be read back", self.written.written))),
        }
    }

    /// Place, condition on the key, and values of a row.
    #[expect(clippy::type_complexity, reason = "parts of one row")]
    fn parts<'c, 'r>(
        &self,
        cells: &'c [Option<&'r [u8]>],
    ) -> Result<(usize, Vec<u8>, &'c [Option<&'r [u8]>]), Failure> {
        let place = cells[0].and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        let place = place.ok_or_else(|| Failure::Unsupported("a row without a place".to_owned()))?;
        let (key, values) = cells[1..].split_at(self.table.key.len());
        let mut condition = Vec::new();
        for (column, cell) in self.table.key.iter().zip(key) {
            let column = &self.table.columns[*column];
            condition.extend_from_slice(if condition.is_empty() { b"" } else { b" AND " });
            condition.extend_from_slice(quoted(&column.name).as_bytes());
            condition.extend_from_slice(b" = ");
            column.write_compared(*cell, &mut condition)?;
        }
        Ok((place, condition, values))
    }

    /// The shards that have a row of this place: of a table that is not sharded, all.
    fn shards_of(&self, place: usize) -> Result<Vec<ShardId>, Failure> {
        match (self.sharded, self.written.places.get(place)) {
            (Some(_), Some((shard, _))) => Ok(vec![*shard]),
            (None, _) => Ok(self.written.places.iter().map(|(shard, _)| *shard).collect()),
            (Some(_), None) => Err(Failure::Unsupported("a row without a place".to_owned())),
        }
    }

    fn insert_on(
        &mut self,
        shard: ShardId,
        values: &[(usize, Option<&[u8]>)],
        how: Option<&Insertion>,
    ) -> Result<(), Failure> {
        let name = self.name_on(shard);
        let (sql, rows) = self.inserts.entry(shard).or_default();
        let (before, text) = (sql.len(), sql.text.len());
        // Its parameters are those of what follows the rows.
        let has_params = how.is_some_and(|how| how.params.0 < how.params.1);
        if sql.is_empty() {
            let names: Vec<String> = values.iter().map(|(place, _)| quoted(&self.table.columns[*place].name)).collect();
            sql.text.extend_from_slice(how.map_or("INSERT", |how| how.verb).as_bytes());
            sql.text.extend_from_slice(b" INTO ");
            sql.text.extend_from_slice(&name);
            sql.text.extend_from_slice(format!(" ({}) VALUES (", names.join(", ")).as_bytes());
        } else {
            sql.text.extend_from_slice(b", (");
        }
        for (at, (place, cell)) in values.iter().enumerate() {
            if at > 0 {
                sql.text.push(b',');
            }
            let column = &self.table.columns[*place];
            match has_params {
                true => column.write(*cell, &mut sql.text)?,
                false => column.store(*cell, text, sql)?,
            }
        }
        sql.text.push(b')');
        *rows += 1;
        self.bytes += sql.len() - before;
        if sql.len() >= BATCH {
            self.end_insert(shard, how);
        }
        Ok(())
    }

    fn end_insert(&mut self, shard: ShardId, how: Option<&Insertion>) {
        let Some((mut sql, rows)) = self.inserts.remove(&shard) else { return };
        let tail = how.and_then(|how| how.tails.iter().find(|(known, _)| *known == shard));
        sql.text.extend_from_slice(tail.map_or(&[], |(_, tail)| tail.as_slice()));
        let ignores = how.is_some_and(|how| how.verb == "INSERT IGNORE");
        let numbers_copies =
            self.sharded.is_none() && self.written.places.len() > 1 && self.copies_number == Some(true);
        self.done.push(Order { shard, sql, kind: Kind::Insert { ignores, numbers_copies }, rows });
    }

    fn name_on(&self, shard: ShardId) -> Vec<u8> {
        let found = self.written.places.iter().find(|(known, _)| *known == shard);
        found.map_or_else(Vec::new, |(_, name)| [name.as_slice(), &self.written.partition].concat())
    }

    /// Whether an UPDATE sets a column of a unique key.
    fn may_collide(&self) -> bool {
        self.set.iter().any(|at| self.table.unique.contains(&self.columns[*at]))
    }

    /// Everything that was not taken yet, for each shard in the order in which it must be done: rows that go make room for
    /// those that come.
    pub fn take(&mut self, how: Option<&Insertion>) -> Vec<Order> {
        let mut orders = Vec::new();
        for (shard, keys) in std::mem::take(&mut self.deletes) {
            orders.extend(self.deleting(shard, &keys));
        }
        for ((shard, set), keys) in std::mem::take(&mut self.updates) {
            orders.extend(self.updating(shard, &set, &keys));
        }
        let shards: Vec<ShardId> = self.inserts.keys().copied().collect();
        shards.into_iter().for_each(|shard| self.end_insert(shard, how));
        orders.append(&mut self.done);
        self.bytes = 0;
        orders
    }
}

impl WriteBack<'_> {
    fn deleting(&self, shard: ShardId, keys: &[Vec<u8>]) -> Vec<Order> {
        let head = [b"DELETE FROM ", self.name_on(shard).as_slice()].concat();
        by_keys(shard, Kind::Delete, &head.into(), keys.chunks(KEYS))
    }

    fn updating(&self, shard: ShardId, set: &Sql, keys: &[Vec<u8>]) -> Vec<Order> {
        let mut head = Sql::from([b"UPDATE ", self.name_on(shard).as_slice()].concat());
        head.append(set);
        // A row whose unique key is taken for now is tried again by itself.
        let most = if self.may_collide() { 1 } else { KEYS };
        by_keys(shard, Kind::Update, &head, keys.chunks(most))
    }

    /// All that was not taken yet, and then `orders`, is what one row needs.
    fn end_step(&mut self, orders: Vec<Order>) {
        let mut step = std::mem::take(&mut self.done);
        step.extend(orders);
        if let Some(steps) = &mut self.steps {
            steps.push(step);
        }
    }

    /// All rows of a table that is on one shard go, to be inserted anew; there were so many.
    pub fn delete_all(&mut self, rows: u64) {
        if let Some((shard, name)) = self.written.places.first() {
            let sql = Sql::from([b"DELETE FROM ", name.as_slice()].concat());
            self.done.push(Order { shard: *shard, sql, kind: Kind::Delete, rows });
        }
    }

    /// What the rows of an UPDATE IGNORE need, each for itself.
    pub fn take_steps(&mut self) -> Vec<Step> {
        self.bytes = 0;
        self.steps.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

/// What a row says of the column that a sequence numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// It wants a number.
    Nothing,
    /// `None`: not a number above 0.
    Number(Option<u64>),
}

fn is_left_out(number: Option<&[u8]>, keeps_zero: bool) -> bool {
    number.is_none_or(|digits| !keeps_zero && digits == b"0")
}

fn by_keys<'k>(shard: ShardId, kind: Kind, head: &Sql, parts: impl Iterator<Item = &'k [Vec<u8>]>) -> Vec<Order> {
    let order = |some: &[Vec<u8>]| {
        let mut sql = head.clone();
        for (index, key) in some.iter().enumerate() {
            sql.text.extend_from_slice(if index == 0 { b" WHERE (" } else { b" OR (" });
            sql.text.extend_from_slice(key);
            sql.text.push(b')');
        }
        Order { shard, sql, kind, rows: some.len() as u64 }
    };
    parts.map(order).collect()
}

fn quoted(name: &str) -> String {
    super::stage::quoted(name)
}
