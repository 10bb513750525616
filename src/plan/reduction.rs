//! Rows of a gathered table that an answer in the same statement rules out: the semi-join reduction. Where a column must
//! equal, or be above or below, what a query gives that is answered by itself (`condensed`), that answer is there before the
//! table's rows are asked for, and goes along as a condition.
//!
//! The statement over the gathered rows says the same once more, so that a row too much does no harm. Values that could
//! compare otherwise as literals leave the condition out.

use crate::sharding::schema::same_name;
use crate::sql::parse::ast::{ColumnName, Comparison, Operand, Predicate, Span};

use super::condensed::{Condensed, temporary_name};
use super::condition::mirrored;
use super::gather::{Gathered, Gathering, Source};
use super::names::Anchor;
use super::scope::{InstanceId, QueryId, Scopes};

/// Of more rows no conditions are made: by then most rows of a table may meet one of them.
pub const MAX_ROWS: usize = 10_000;

/// One condition on a column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reduction {
    /// The column, in the client's text.
    pub(super) column: (Anchor, Anchor),
    /// Which of the queries that are answered by themselves, and which column of its answer.
    query: usize,
    output: usize,
    /// What the client calls that column of a derived table.
    name: Option<String>,
    how: How,
    takes: Takes,
}

/// The answer to a query, whose cells are as a text shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The columns' types, as SHOW COLUMNS has them.
    pub types: Vec<String>,
    pub rows: Vec<Vec<Option<Vec<u8>>>>,
}

/// How many values the answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// One, or none.
    Scalar(&'static str),
    Any,
}

/// The types of answers whose values mean the same as literals beside the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Exact,
    Date,
    DateTime,
    /// Answers with moments of an hour that comes twice are not looked at.
    Timestamp,
}

impl Scopes<'_, '_> {
    /// What the answers say of the rows of a table that is gathered.
    pub(super) fn reductions(&self, source: &Source, condensed: &[Condensed]) -> Vec<Reduction> {
        let is_it = |named: Span| Anchor::new(named.start, self.literals) == source.at;
        let mut instances = self.places.iter().filter(|(named, _)| is_it(named.name.table.span)).map(|(_, id)| *id);
        let (Some(id), None) = (instances.next(), instances.next()) else { return Vec::new() };
        let mut found = Vec::new();
        for condition in self.instances[id].filters.iter().filter_map(|rule| self.conditions[*rule]) {
            // What an assignment gives depends on the rows that are looked at.
            if !condition.expression.assigns_variable {
                self.reductions_in(id, &condition.predicate, condensed, &mut found);
            }
        }
        found
    }

    fn reductions_in(&self, id: InstanceId, predicate: &Predicate, condensed: &[Condensed], out: &mut Vec<Reduction>) {
        match predicate {
            Predicate::And(terms) => terms.iter().for_each(|term| self.reductions_in(id, term, condensed, out)),
            Predicate::Compare { left, comparison, right } => {
                out.extend(self.reduction(id, left, (*comparison, right), condensed));
                out.extend(self.reduction(id, right, (mirrored(*comparison), left), condensed));
            }
            Predicate::InQuery { operand, parentheses } => {
                let query = self.condensed_in(*parentheses, condensed);
                out.extend(query.and_then(|query| self.reduction_to(id, operand, How::Any, (query, 0, None))));
            }
            _ => {}
        }
    }

    fn reduction(
        &self,
        id: InstanceId,
        column: &Operand,
        (comparison, other): (Comparison, &Operand),
        condensed: &[Condensed],
    ) -> Option<Reduction> {
        match other {
            Operand::Query(parentheses) => {
                let query = self.condensed_in(*parentheses, condensed)?;
                self.reduction_to(id, column, How::Scalar(written(comparison)?), (query, 0, None))
            }
            Operand::Column(other) if comparison == Comparison::Equal => {
                let (query, output) = self.output(id, other, condensed)?;
                self.reduction_to(id, column, How::Any, (query, output, Some(other.column.text.clone())))
            }
            _ => None,
        }
    }

    fn reduction_to(
        &self,
        id: InstanceId,
        column: &Operand,
        how: How,
        (query, output, name): (usize, usize, Option<String>),
    ) -> Option<Reduction> {
        let Operand::Column(column) = column else { return None };
        if !self.certainly_means(column, id) {
            return None;
        }
        let takes = match self.column_kind(id, column)?.data_type.as_str() {
            "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" => Takes::Exact,
            "date" => Takes::Date,
            "datetime" => Takes::DateTime,
            "timestamp" => Takes::Timestamp,
            _ => return None,
        };
        let start = column.table.as_ref().map_or(column.column.span.start, |table| table.span.start);
        let column = (Anchor::new(start, self.literals), Anchor::new(column.column.span.end, self.literals));
        Some(Reduction { column, query, output, name, how, takes })
    }

    /// Which query is all that is in the parentheses.
    fn condensed_in(&self, parentheses: Span, condensed: &[Condensed]) -> Option<usize> {
        self.place_of(self.query_in(parentheses)?, condensed)
    }

    fn place_of(&self, query: QueryId, condensed: &[Condensed]) -> Option<usize> {
        let Span { start, end } = self.queries[query].ast.span;
        let span = (Anchor::new(start, self.literals), Anchor::new(end, self.literals));
        condensed.iter().position(|one| (one.from, one.to) == span)
    }

    /// The column of an answer that a name means beside the instance, which is qualified with that of a derived table.
    fn output(&self, beside: InstanceId, column: &ColumnName, condensed: &[Condensed]) -> Option<(usize, usize)> {
        let (Some(table), None) = (&column.table, &column.database) else { return None };
        let block = &self.blocks[self.instances[beside].block];
        let mut named = block.instances.iter().filter(|id| same_name(&self.instances[**id].name, &table.text));
        let (Some(id), None) = (named.next(), named.next()) else { return None };
        let query = self.instances[*id].query()?;
        let number = self.place_of(query, condensed)?;
        let names = self.answer_names(query, self.instances[beside].block)?;
        let is_it = |name: &Option<&str>| name.is_some_and(|name| same_name(name, &column.column.text));
        Some((number, names.iter().position(is_it)?))
    }
}

fn written(comparison: Comparison) -> Option<&'static str> {
    Some(match comparison {
        Comparison::Equal => "=",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
        Comparison::NullSafeEqual | Comparison::NotEqual => return None,
    })
}

impl Reduction {
    /// The condition on `column`, where the answer's column is of this type and has these values. `None`: it is not certain
    /// to be the same.
    fn condition(&self, column: &[u8], column_type: &str, values: &[Option<&Vec<u8>>]) -> Option<Vec<u8>> {
        let literals: Vec<Vec<u8>> =
            values.iter().flatten().map(|value| self.takes.literal(column_type, value)).collect::<Option<_>>()?;
        match (self.how, literals.as_slice()) {
            // More than one value is an error that the statement itself tells.
            (How::Scalar(_), _) if values.len() > 1 => None,
            // Nothing equals NULL, nor is above or below it.
            (_, []) => Some(b"FALSE".to_vec()),
            (How::Scalar(comparison), [literal]) => Some([column, b" ", comparison.as_bytes(), b" ", literal].concat()),
            (_, literals) => Some([column, b" IN (", &literals.join(&b", "[..]), b")"].concat()),
        }
    }

    /// The same as it is shown where the answer is not there: with the table that it will be in.
    fn shown(&self, column: &[u8]) -> Vec<u8> {
        let compared = match self.how {
            How::Scalar(comparison) => comparison,
            How::Any => "IN",
        };
        let name = self.name.as_deref().unwrap_or("*");
        let table = temporary_name(self.query);
        [column, format!(" {compared} (SELECT {name} FROM {table})").as_bytes()].concat()
    }
}

impl Gathering {
    /// Whether conditions follow from the answer to the query of this number.
    pub fn is_reduced_by(&self, query: usize) -> bool {
        let mut all = self.sources.iter().flat_map(|source| &source.reductions);
        all.any(|(_, reduction)| reduction.query == query)
    }

    /// Asks the shards for no rows that the answers rule out. `None`: the answer to the query of that number is not looked at.
    pub fn reduce(&mut self, answers: &[Option<Answer>]) {
        for source in &mut self.sources {
            for (column, reduction) in std::mem::take(&mut source.reductions) {
                let Some(Some(answer)) = answers.get(reduction.query) else { continue };
                let Some(column_type) = answer.types.get(reduction.output) else { continue };
                let values = answer.rows.iter().map(|row| row.get(reduction.output).and_then(Option::as_ref));
                let condition = reduction.condition(&column, column_type, &values.collect::<Vec<_>>());
                condition.iter().for_each(|condition| source.narrow(condition));
            }
        }
    }
}

impl Gathered {
    /// Puts what will follow from the answers into the conditions that are shown.
    pub(super) fn show_reductions(&mut self) {
        for (column, reduction) in std::mem::take(&mut self.reductions) {
            self.narrow(&reduction.shown(&column));
        }
    }

    fn narrow(&mut self, condition: &[u8]) {
        self.filter.extend_from_slice(if self.filter.is_empty() { b" WHERE (" } else { b" AND (" });
        self.filter.extend_from_slice(condition);
        self.filter.push(b')');
    }
}

impl Takes {
    fn literal(self, column_type: &str, value: &[u8]) -> Option<Vec<u8>> {
        let word = column_type.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let is_of = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
        match self {
            Self::Exact if is_of(&["tinyint", "smallint", "mediumint", "int", "bigint", "decimal"]) => {
                Some([b"(", value, b")"].concat())
            }
            Self::Date if is_of(&["date"]) => moment(value),
            Self::DateTime if is_of(&["datetime"]) => moment(value),
            Self::Timestamp if is_of(&["timestamp"]) => moment(value),
            Self::Exact | Self::Date | Self::DateTime | Self::Timestamp => None,
        }
    }
}

/// A day, and a time, as a literal. Those with a zero in them may not be ones.
fn moment(value: &[u8]) -> Option<Vec<u8>> {
    let has_zero =
        value.starts_with(b"0000") || value.get(4..).is_none_or(|rest| rest.windows(3).any(|part| part == b"-00"));
    (!has_zero).then(|| [b"'", value, b"'"].concat())
}
