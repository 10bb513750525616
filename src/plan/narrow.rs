//! Conditions on a shard key, ready to be evaluated with the values of one statement: which shards can hold rows that
//! matter. What is not proven is all shards.

use std::borrow::Cow;

use crate::sharding::{Alternatives, DatabaseId, Located, Part, Placement, Schema, ShardId, ShardSet, Sharded, Table};
use crate::sql::parse::ast::{Cell, Comparison, Constant, Insert, Row, Source, Statement};
use crate::sql::parse::parse;
use crate::sql::{LiteralKind, Mode, Shape, literal};
use crate::value::{Charset, Value};

use super::Binding;

/// A table that has a rule: its database, and its place among the database's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TableId {
    pub database: DatabaseId,
    pub index: u32,
}

impl TableId {
    /// The id of the table of this name, if it has a rule.
    pub fn find(schema: &Schema, database: DatabaseId, name: &str) -> Option<Self> {
        let index = schema.database_of(database).table_index(name)?;
        Some(Self { database, index: index as u32 })
    }

    /// The table, in the schema that gave the id.
    pub fn table(self, schema: &Schema) -> Option<&Table> {
        schema.database_of(self.database).table_at(self.index as usize)
    }

    /// The rule, if the table is sharded.
    pub fn sharded(self, schema: &Schema) -> Option<&Sharded> {
        match &self.table(schema)?.placement {
            Placement::Sharded(sharded) => Some(sharded),
            Placement::Reference(_) | Placement::Single(_) => None,
        }
    }
}

/// A value of the statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    Null,
    /// TRUE and FALSE are 1 and 0.
    Int(i64),
    /// `count` literals, which are strings if there are several, from the `index`th of the shape on.
    Literal {
        index: u32,
        count: u16,
        is_negative: bool,
    },
    Param {
        index: u16,
        is_negative: bool,
    },
}

impl Known {
    /// The value that `constant` stands for; `literals` are of the text that it was read from.
    pub(super) fn of(constant: &Constant, literals: &[crate::sql::Literal]) -> Option<Self> {
        Some(match *constant {
            Constant::Null => Self::Null,
            Constant::Bool(value) => Self::Int(i64::from(value)),
            Constant::Param { index, is_negative } => Self::Param { index, is_negative },
            Constant::Literal { start, count, is_negative } => {
                let index = literals.binary_search_by_key(&start, |literal| literal.start).ok()? as u32;
                Self::Literal { index, count, is_negative }
            }
        })
    }

    /// The value in the statement of `input`. Allocates only for texts with escapes, and for several in a row.
    pub fn value<'a>(&self, input: &Binding<'a>) -> Value<'a> {
        match *self {
            Self::Null => Value::Null,
            Self::Int(value) => Value::Int(value),
            Self::Param { index, is_negative } => {
                let value = input.params.get(usize::from(index)).cloned().unwrap_or(Value::Unknown);
                if is_negative { literal::negated(value) } else { value }
            }
            Self::Literal { index, count: 1, is_negative } => {
                let value = input
                    .literals
                    .get(index as usize)
                    .map_or(Value::Unknown, |found| literal::value_of(*found, input.sql, input.mode));
                if is_negative { literal::negated(value) } else { value }
            }
            Self::Literal { index, count, .. } => joined(input, index, count),
        }
    }
}

/// The value that a literal is where INSERT has it in a row. `None`: the text is something else.
pub fn literal_of(text: &[u8], mode: Mode) -> Option<Value<'static>> {
    let sql = [b"INSERT INTO t VALUES (", text, b")"].concat();
    let mut shape = Shape::default();
    shape.read(&sql, mode);
    let Ok(Statement::Insert(Insert { source: Source::Rows(rows), .. })) = parse(&sql, mode) else { return None };
    let [Row { values, .. }] = rows.as_slice() else { return None };
    let [Cell::Constant(constant)] = values.as_slice() else { return None };
    let schema = Schema::default();
    let binding = Binding { schema: &schema, sql: &sql, literals: shape.literals(), params: &[], mode };
    Some(Known::of(constant, shape.literals())?.value(&binding).into_owned())
}

/// `'a' 'b'` is `'ab'`.
fn joined<'a>(input: &Binding<'a>, index: u32, count: u16) -> Value<'a> {
    let literals = input.literals.get(index as usize..).unwrap_or_default();
    let strings = literals.iter().filter(|literal| literal.kind != LiteralKind::Comment).take(usize::from(count));
    let (mut whole, mut of_all) = (Vec::new(), None);
    for string in strings {
        let Value::Text { bytes, charset } = literal::value_of(*string, input.sql, input.mode) else {
            return Value::Unknown;
        };
        whole.extend_from_slice(&bytes);
        // _latin1'a' 'b': the server takes all of it for latin1, but the lexer does not.
        if *of_all.get_or_insert(charset) != charset {
            return Value::Unknown;
        }
    }
    let charset = of_all.unwrap_or(Charset::Other);
    Value::Text { bytes: Cow::Owned(whole), charset }
}

/// What a key is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    Equal(Known),
    /// `<=>`. Where the row may be missing (an outer join), NULL may mean that.
    NullSafeEqual {
        known: Known,
        may_be_missing: bool,
    },
    In(Vec<Known>),
    /// Both ends, where there are any, with whether they are in the range themselves.
    Range {
        low: Option<(Known, bool)>,
        high: Option<(Known, bool)>,
    },
    IsNull,
}

/// A condition as far as it restricts the shards of one key.
#[derive(Debug, Clone, PartialEq)]
pub enum Narrow {
    /// No restriction.
    All,
    Key {
        table: TableId,
        part: Part,
        test: Test,
    },
    /// What is said of several columns of one key, where one function takes all: each is equal to one of its values.
    Joint {
        table: TableId,
        columns: Vec<(Part, Vec<Known>)>,
    },
    /// A condition without columns: all or nothing.
    Truth(Known),
    Compare {
        left: Known,
        comparison: Comparison,
        right: Known,
    },
    And(Vec<Narrow>),
    Or(Vec<Narrow>),
}

impl Narrow {
    /// The shards that can hold rows for which the condition is true; `None`: any.
    pub fn shards(&self, input: &Binding<'_>) -> Option<ShardSet> {
        match self {
            Self::All => None,
            Self::Key { table, part, test } => test.shards(table.sharded(input.schema)?, *part, input),
            Self::Truth(known) => nothing_if(is_false(&known.value(input))),
            Self::Compare { left, comparison, right } => {
                nothing_if(is_refuted(&left.value(input), *comparison, &right.value(input)))
            }
            Self::Joint { table, columns } => {
                let values = columns.iter().map(|(part, known)| {
                    let values: Vec<Value<'_>> = known.iter().map(|known| known.value(input)).collect();
                    (*part, values)
                });
                table.sharded(input.schema)?.locate_joint(&values.collect::<Vec<Alternatives<'_>>>())
            }
            Self::And(terms) => terms.iter().filter_map(|term| term.shards(input)).reduce(|mut both, more| {
                both.intersect_with(&more);
                both
            }),
            Self::Or(terms) => {
                let mut either = ShardSet::empty();
                for term in terms {
                    either.union_with(&term.shards(input)?);
                }
                Some(either)
            }
        }
    }

    /// Whether a condition on the key leads nowhere for certain, for a table whose rule refuses that; the table.
    pub(super) fn uncertain(&self, input: &Binding<'_>) -> Option<TableId> {
        match self {
            Self::Key { table, part, test } => {
                let sharded = table.sharded(input.schema).filter(|sharded| sharded.refuses_uncertain)?;
                test.has_uncertain_value(sharded, *part, input).then_some(*table)
            }
            Self::And(terms) | Self::Or(terms) => terms.iter().find_map(|term| term.uncertain(input)),
            // Its parts are there by themselves.
            Self::All | Self::Joint { .. } | Self::Truth(_) | Self::Compare { .. } => None,
        }
    }

    /// The shard, where the condition is `key = value` and leads to one.
    pub(super) fn key_shard(&self, input: &Binding<'_>) -> Option<ShardId> {
        let Self::Key { table, part: Part::FIRST, test: Test::Equal(known) } = self else { return None };
        match table.sharded(input.schema)?.locate(&known.value(input)) {
            Located::Shard(shard) => Some(shard),
            Located::Nowhere | Located::Null | Located::Unplaced | Located::Anywhere => None,
        }
    }

    /// The conjunction of `terms`, without what adds nothing.
    pub(super) fn all_of(mut terms: Vec<Self>) -> Self {
        terms.retain(|term| *term != Self::All);
        match terms.len() {
            0 => Self::All,
            1 => terms.remove(0),
            _ => Self::And(terms),
        }
    }

    /// The conjunction of `terms` of a table of whose key one function takes all columns.
    pub(super) fn all_of_joint(mut terms: Vec<Self>, table: TableId) -> Self {
        let mut found = Vec::new();
        alternatives(&terms, table, &mut found);
        if found.len() > 1 {
            let columns = found.into_iter().map(|(part, known)| (part, known.to_vec())).collect();
            terms.push(Self::Joint { table, columns });
        }
        Self::all_of(terms)
    }

    /// The disjunction of `terms`.
    pub(super) fn any_of(terms: Vec<Self>) -> Self {
        if terms.contains(&Self::All) { Self::All } else { Self::Or(terms) }
    }
}

/// The conditions `key column = value` and `IN` that must all be true, of the table's columns.
fn alternatives<'n>(terms: &'n [Narrow], of: TableId, found: &mut Vec<(Part, &'n [Known])>) {
    for term in terms {
        match term {
            Narrow::And(terms) => alternatives(terms, of, found),
            Narrow::Key { table, part, test } if *table == of => match test {
                Test::Equal(known) => found.push((*part, std::slice::from_ref(known))),
                Test::In(list) => found.push((*part, list)),
                // That may mean NULL, which the key of a row from before the rule can be.
                Test::NullSafeEqual { .. } | Test::Range { .. } | Test::IsNull => {}
            },
            _ => {}
        }
    }
}

fn nothing_if(is_nothing: bool) -> Option<ShardSet> {
    is_nothing.then(ShardSet::empty)
}

fn is_false(value: &Value<'_>) -> bool {
    matches!(value, Value::Null | Value::Int(0))
}

/// Whether a comparison of two values is certainly not true.
fn is_refuted(left: &Value<'_>, comparison: Comparison, right: &Value<'_>) -> bool {
    let (left, right) = match (left, right) {
        (Value::Int(left), Value::Int(right)) => (left, right),
        (Value::Null, Value::Unknown) | (Value::Unknown, Value::Null) => return false,
        (Value::Null, Value::Null) => return comparison != Comparison::NullSafeEqual,
        (Value::Null, _) | (_, Value::Null) => return true,
        _ => return false,
    };
    !match comparison {
        Comparison::Equal | Comparison::NullSafeEqual => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Less => left < right,
        Comparison::LessOrEqual => left <= right,
        Comparison::Greater => left > right,
        Comparison::GreaterOrEqual => left >= right,
    }
}

impl Test {
    /// Whether what one of its values is beside the key is not known.
    fn has_uncertain_value(&self, sharded: &Sharded, part: Part, input: &Binding<'_>) -> bool {
        let is_uncertain = |known: &Known| match known.value(input) {
            Value::Null => false,
            value => sharded.is_uncertain(part, &value),
        };
        match self {
            Self::Equal(known) | Self::NullSafeEqual { known, .. } => is_uncertain(known),
            Self::In(list) => list.iter().any(is_uncertain),
            Self::Range { low, high } => [low, high].into_iter().flatten().any(|(known, _)| is_uncertain(known)),
            Self::IsNull => false,
        }
    }

    fn shards(&self, sharded: &Sharded, part: Part, input: &Binding<'_>) -> Option<ShardSet> {
        let of_value = |known: &Known| of_value(sharded, part, &known.value(input));
        match self {
            Self::Equal(known) => of_value(known),
            Self::NullSafeEqual { known, may_be_missing } => match known.value(input) {
                Value::Null if *may_be_missing => None,
                Value::Null => of_null(sharded),
                _ => of_value(known),
            },
            Self::In(list) => {
                let mut either = ShardSet::empty();
                for known in list {
                    either.union_with(&of_value(known)?);
                }
                Some(either)
            }
            Self::Range { low, high } => of_range(sharded, part, (low.as_ref(), high.as_ref()), input),
            Self::IsNull => of_null(sharded),
        }
    }
}

fn of_value(sharded: &Sharded, part: Part, value: &Value<'_>) -> Option<ShardSet> {
    if sharded.has_several_columns() {
        return sharded.locate_part(part, value);
    }
    match sharded.locate(value) {
        Located::Shard(shard) => Some(ShardSet::single(shard)),
        Located::Nowhere | Located::Null => Some(ShardSet::empty()),
        Located::Unplaced | Located::Anywhere => None,
    }
}

/// Rows with a NULL key are all on one shard, if the rule allows them. Where it does not, some may be there all the
/// same, from before the rule was made.
fn of_null(sharded: &Sharded) -> Option<ShardSet> {
    sharded.null_key.map(ShardSet::single)
}

type End = (Known, bool);

fn of_range(
    sharded: &Sharded,
    part: Part,
    (low, high): (Option<&End>, Option<&End>),
    input: &Binding<'_>,
) -> Option<ShardSet> {
    let end = |end: Option<&End>| end.map(|(known, is_included)| (known.value(input), *is_included));
    let (low, high) = (end(low), end(high));
    if [&low, &high].iter().any(|end| matches!(end, Some((Value::Null, _)))) {
        return Some(ShardSet::empty());
    }
    match sharded.within {
        Some(_) => sharded.locate_part_range(part, as_bound(&low), as_bound(&high)),
        None => sharded.locate_range(as_bound(&low), as_bound(&high)),
    }
}

fn as_bound<'v, 's>(end: &'v Option<(Value<'s>, bool)>) -> Option<(&'v Value<'s>, bool)> {
    end.as_ref().map(|(value, is_included)| (value, *is_included))
}
