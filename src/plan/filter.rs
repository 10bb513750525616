//! Predicates that go along with what the shards are asked for when rows are gathered.
//!
//! They stand in the statement that runs over the gathered rows as well, so that they only keep rows from moving which
//! it would reject by themselves. So a piece of WHERE or ON is taken where it is certainly about one row of the table
//! and about nothing else, and where no row of NULLs comes of a row that is left out (`Instance::filters`).

use crate::sharding::schema::same_name;
use crate::sharding::table::ColumnKind;
use crate::sql::parse::ast::{ColumnName, Constant, Operand, Predicate};
use crate::sql::parse::conjunct::{Conjunct, Reader};
use crate::value::{Charset, Value};

use super::names::Anchor;
use super::scope::{InstanceId, Scopes};
use super::{Binding, functions};

/// One predicate of a table reference.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter {
    from: Anchor,
    to: Anchor,
    params: Vec<Slot>,
}

/// A `?` in it.
#[derive(Debug, Clone, PartialEq)]
struct Slot {
    from: Anchor,
    to: Anchor,
    index: u16,
    takes: Takes,
}

/// Which values of a parameter mean the same as a literal, beside the column that it is compared with. Servers of MySQL
/// give a parameter the type of the column, and convert what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Integer,
    Number,
    Text,
}

impl Scopes<'_, '_> {
    /// The predicates that every row of the place must meet which these instances are.
    pub(super) fn filters_of(&self, instances: &[InstanceId], reader: &Reader<'_>) -> Vec<Filter> {
        let all = instances.iter().map(|id| self.filters_of_instance(*id, reader));
        let in_all = all.reduce(|mut in_all, more| {
            in_all.retain(|filter| more.contains(filter));
            in_all
        });
        in_all.unwrap_or_default()
    }

    fn filters_of_instance(&self, id: InstanceId, reader: &Reader<'_>) -> Vec<Filter> {
        let conditions = self.instances[id].filters.iter().filter_map(|rule| self.conditions[*rule]);
        // What an assignment gives depends on the rows that are looked at.
        let conditions = conditions.filter(|condition| !condition.expression.assigns_variable);
        let conjuncts = conditions.flat_map(|condition| reader.conjuncts(condition.expression.span));
        conjuncts.filter_map(|conjunct| self.filter(id, &conjunct)).collect()
    }

    pub(super) fn filter(&self, id: InstanceId, conjunct: &Conjunct) -> Option<Filter> {
        let is_of_row = !conjunct.columns.is_empty()
            && conjunct.columns.iter().all(|column| self.certainly_means(column, id))
            && conjunct.calls.iter().all(|call| functions::is_of_arguments(call));
        if !is_of_row {
            return None;
        }
        let anchor = |offset| Anchor::new(offset, self.literals);
        let slot = |(index, span): &(u16, crate::sql::parse::ast::Span)| {
            let takes = Takes::of(self.column_kind(id, compared_column(&conjunct.predicate)?)?)?;
            Some(Slot { from: anchor(span.start), to: anchor(span.end), index: *index, takes })
        };
        let params = conjunct.params.iter().map(slot).collect::<Option<_>>()?;
        Some(Filter { from: anchor(conjunct.span.start), to: anchor(conjunct.span.end), params })
    }

    /// Whether a column, named in the block of the instance, is that instance's and can be nobody else's.
    pub(super) fn certainly_means(&self, column: &ColumnName, id: InstanceId) -> bool {
        let instance = &self.instances[id];
        let name = &column.column.text;
        let of_block = || self.blocks[instance.block].instances.iter().map(|id| &self.instances[*id]);
        let is_only = match &column.table {
            Some(table) => {
                let named = of_block().filter(|other| same_name(&other.name, &table.text)).count();
                named == 1 && instance.name == table.text && column.database.is_none()
            }
            None => of_block().filter(|other| other.may_have(name)).count() == 1,
        };
        is_only && instance.certainly_has(name)
    }

    pub(super) fn column_kind(&self, id: InstanceId, column: &ColumnName) -> Option<&ColumnKind> {
        let table = self.instances[id].table()?.table(self.ctx.schema)?;
        table.column(&column.column.text)?.kind.as_ref()
    }
}

/// The column that a predicate compares with constants, if it does nothing else.
fn compared_column(predicate: &Predicate) -> Option<&ColumnName> {
    let is_plain = |operand: &Operand| match operand {
        Operand::Constant(Constant::Param { is_negative, .. }) => !is_negative,
        Operand::Constant(_) => true,
        Operand::Column(_) | Operand::Row(_) | Operand::Query(_) | Operand::Opaque => false,
    };
    match predicate {
        Predicate::Compare { left: Operand::Column(column), right: other, .. }
        | Predicate::Compare { left: other, right: Operand::Column(column), .. } => is_plain(other).then_some(column),
        Predicate::In { operand: Operand::Column(column), list, .. } => list.iter().all(is_plain).then_some(column),
        Predicate::Between { operand: Operand::Column(column), low, high } => {
            (is_plain(low) && is_plain(high)).then_some(column)
        }
        _ => None,
    }
}

impl Takes {
    fn of(kind: &ColumnKind) -> Option<Self> {
        match kind.data_type.as_str() {
            "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Some(Self::Integer),
            "decimal" => Some(Self::Number),
            "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "date" | "datetime"
            | "timestamp" => Some(Self::Text),
            _ => None,
        }
    }

    /// Writes the value as a literal; `false`: not certain to be the same.
    fn write(self, value: &Value<'_>, input: &Binding<'_>, out: &mut Vec<u8>) -> bool {
        match (self, value) {
            (_, Value::Null) => out.extend_from_slice(b"NULL"),
            (Self::Integer | Self::Number, Value::Int(number)) => out.extend_from_slice(number.to_string().as_bytes()),
            (Self::Integer | Self::Number, Value::UInt(number)) => out.extend_from_slice(number.to_string().as_bytes()),
            (Self::Number, Value::Decimal(digits)) => out.extend_from_slice(digits),
            (Self::Text, Value::Text { bytes, charset: Charset::Utf8 })
                if input.mode.charset == Charset::Utf8 && std::str::from_utf8(bytes).is_ok() =>
            {
                write_string(bytes, input.mode.no_backslash_escapes, out);
            }
            _ => return false,
        }
        true
    }
}

pub(super) fn write_string(bytes: &[u8], no_escapes: bool, out: &mut Vec<u8>) {
    out.push(b'\'');
    for byte in bytes {
        if *byte == b'\'' || *byte == b'\\' && !no_escapes {
            out.push(*byte);
        }
        out.push(*byte);
    }
    out.push(b'\'');
}

/// Writes ` WHERE` and the filters, or nothing if there are none. What cannot be said with this statement's parameters is
/// left out. Whether nothing was.
pub(super) fn write_all(filters: &[Filter], input: &Binding<'_>, out: &mut Vec<u8>) -> bool {
    let (mut joint, mut are_all): (&[u8], bool) = (b" WHERE (", true);
    for filter in filters {
        let before = out.len();
        out.extend_from_slice(joint);
        if filter.write(input, out) {
            out.push(b')');
            joint = b" AND (";
        } else {
            out.truncate(before);
            are_all = false;
        }
    }
    are_all
}

impl Filter {
    fn write(&self, input: &Binding<'_>, out: &mut Vec<u8>) -> bool {
        let mut done = self.from.offset(input.literals);
        let end = self.to.offset(input.literals);
        for slot in &self.params {
            let at = slot.from.offset(input.literals);
            out.extend_from_slice(input.sql.get(done..at).unwrap_or_default());
            let value = input.params.get(usize::from(slot.index)).unwrap_or(&Value::Unknown);
            if !slot.takes.write(value, input, out) {
                return false;
            }
            done = slot.to.offset(input.literals);
        }
        out.extend_from_slice(input.sql.get(done..end).unwrap_or_default());
        true
    }
}
