//! Lists of values that a shard key is compared with: `key IN (1, 2, 3)`. Of several shards that get such a statement
//! each gets the values that its rows can have.
//!
//! A row is where its key leads, so a value that leads to another shard is equal to no key there, and the condition says
//! the same without it. In a prepared statement the text stays as it is, the same for all shards and executions: in the
//! place of a parameter for another shard stands one of the shard's own.
//!
//! A column that is equal to one value is a constant to a server: groups by it need no temporary table, and MariaDB (10.11)
//! then tells other types of aggregates. So where rows are grouped, a list that has several values keeps two of them.

use crate::sharding::{KeyType, Located, ShardId, Sharded};
use crate::sql::Literal;
use crate::sql::parse::ast::{Constant, Operand, Predicate, Span};
use crate::value::{Charset, Value};

use super::names::Anchor;
use super::narrow::{Known, TableId};
use super::scope::{BlockId, Scopes};
use super::{Binding, Plan};

/// One list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct KeyList {
    table: TableId,
    values: Vec<Listed>,
}

/// One element of a list: what is said of the key, and where in the text.
#[derive(Debug, Clone, PartialEq)]
struct Listed {
    from: Anchor,
    to: Anchor,
    key: Known,
}

/// How the values of a list are compared. Those of one kind are compared without regard to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text(Charset),
}

impl Scopes<'_, '_> {
    /// Notes the lists of a WHERE whose columns are those of `block`.
    pub(super) fn note_key_lists(&mut self, block: BlockId, predicate: &Predicate) {
        match predicate {
            Predicate::And(terms) | Predicate::Or(terms) => {
                terms.iter().for_each(|term| self.note_key_lists(block, term));
            }
            Predicate::In { operand, list, spans } => {
                let columns = match operand {
                    Operand::Row(columns) => columns.as_slice(),
                    single => std::slice::from_ref(single),
                };
                let is_row = matches!(operand, Operand::Row(_));
                let found = columns.iter().enumerate().find_map(|(place, column)| {
                    let Operand::Column(column) = column else { return None };
                    let key = self.key_of(block, column).filter(|id| self.is_placed_by_key(*id))?;
                    Some((place, self.instances[key].key.as_ref()?.table))
                });
                let Some((place, table)) = found else { return };
                let listed = list.iter().zip(spans).map(|(element, span)| {
                    let key = match element {
                        Operand::Row(values) if is_row && values.len() == columns.len() && are_written(values) => {
                            values.get(place)?
                        }
                        single if !is_row => single,
                        _ => return None,
                    };
                    listed(key, *span, self.literals)
                });
                if let Some(values) = listed.collect::<Option<Vec<_>>>().filter(|values| values.len() > 1) {
                    self.edits.split(KeyList { table, values });
                }
            }
            _ => {}
        }
    }
}

/// A row that leaves the text must not take parameters with it.
fn are_written(values: &[Operand]) -> bool {
    let is_param = |value: &Operand| matches!(value, Operand::Constant(Constant::Param { .. }));
    values.iter().all(|value| matches!(value, Operand::Constant(_)) && !is_param(value))
}

fn listed(key: &Operand, span: Span, literals: &[Literal]) -> Option<Listed> {
    let Operand::Constant(constant) = key else { return None };
    let key = Known::of(constant, literals)?;
    Some(Listed { from: Anchor::new(span.start, literals), to: Anchor::new(span.end, literals), key })
}

impl KeyList {
    /// Where its values stand in a text.
    pub(super) fn range(&self, literals: &[Literal]) -> std::ops::Range<usize> {
        let ends = self.values.first().zip(self.values.last());
        ends.map_or(0..0, |(first, last)| first.from.offset(literals)..last.to.offset(literals))
    }

    /// The text of the shard's own values, with one more if there must be two; `None` where that is all of them, or where they
    /// must stay together.
    pub(super) fn own(&self, input: &Binding<'_>, shard: ShardId, keeps_two: bool) -> Option<Vec<u8>> {
        let led = self.led(input)?;
        let is_param = |place: usize| matches!(self.values[place].key, Known::Param { .. });
        let is_own = |place: usize| is_param(place) || led[place].is_none_or(|leads| leads == shard);
        let text = |place: usize| {
            let Listed { from, to, .. } = &self.values[place];
            input.sql.get(from.offset(input.literals)..to.offset(input.literals))
        };
        let own: Vec<usize> = (0..led.len()).filter(|place| is_own(*place)).collect();
        if own.is_empty() || own.len() == led.len() {
            return None;
        }
        let is_one = own.iter().all(|place| text(*place) == text(own[0]));
        let second = (keeps_two && is_one).then(|| (0..led.len()).find(|place| !is_own(*place))).flatten();
        let texts = (0..led.len()).filter(|place| is_own(*place) || second == Some(*place)).filter_map(text);
        Some(texts.collect::<Vec<_>>().join(&b", "[..]))
    }

    /// By value: the only shard that can have it, if there is one. `None`: the values are not compared alike.
    fn led(&self, input: &Binding<'_>) -> Option<Vec<Option<ShardId>>> {
        let sharded = self.table.sharded(input.schema)?;
        // Beside other columns a list means something else with fewer values in it: bits are compared with a number or with bytes.
        if !matches!(sharded.key, KeyType::Integer(_) | KeyType::Text(..) | KeyType::Bytes(_)) {
            return None;
        }
        let mut kinds = Vec::new();
        let led = self.values.iter().map(|listed| {
            let value = listed.key.value(input);
            match kind(&value) {
                Ok(found) => kinds.extend(found),
                Err(()) => return None,
            }
            Some(leads(sharded, &value))
        });
        let led: Vec<Option<ShardId>> = led.collect::<Option<_>>()?;
        kinds.dedup();
        (kinds.len() < 2).then_some(led)
    }

    /// Puts parameters of the shard's own in the place of those for other shards, but for one if there must be two values.
    fn redirect(&self, input: &Binding<'_>, shard: ShardId, keeps_two: bool, params: &mut [u16]) {
        let Some(led) = self.led(input) else { return };
        let param = |place: usize| match self.values[place].key {
            Known::Param { index, is_negative: false } => Some(index),
            _ => None,
        };
        let own = (0..led.len()).filter(|place| led[*place] == Some(shard)).find_map(param);
        let Some(own) = own else { return };
        let others = (0..led.len()).filter(|place| led[*place].is_some_and(|leads| leads != shard)).filter_map(param);
        for other in others.skip(usize::from(keeps_two)) {
            params.iter_mut().filter(|index| **index == other).for_each(|index| *index = own);
        }
    }
}

fn leads(sharded: &Sharded, value: &Value<'_>) -> Option<ShardId> {
    match sharded.locate(value) {
        Located::Shard(shard) => Some(shard),
        Located::Nowhere | Located::Null | Located::Unplaced | Located::Anywhere => None,
    }
}

/// `Ok(None)`: it makes no difference. An error: how it is compared is not known.
fn kind(value: &Value<'_>) -> Result<Option<Kind>, ()> {
    match value {
        Value::Null | Value::Unknown => Ok(None),
        Value::Int(_) | Value::UInt(_) => Ok(Some(Kind::Number)),
        Value::Text { charset, .. } => Ok(Some(Kind::Text(*charset))),
        Value::Decimal(_) | Value::Double(_) | Value::Binary(_) | Value::Hex(_) | Value::Temporal(_) => Err(()),
    }
}

impl Plan {
    /// What `render` does, for one of several shards that get the statement.
    pub fn render_share(&self, input: &Binding<'_>, shard: ShardId, out: &mut Vec<u8>) -> bool {
        if !self.is_altered(shard) && self.names.lists().is_empty() {
            return false;
        }
        let before = out.len();
        let has_changed = self.names.render_share(input, shard, 0..input.sql.len(), out);
        if !has_changed {
            out.truncate(before);
        }
        has_changed
    }

    /// The parameters of one of several shards, of which those of its text are `params`.
    pub fn params_of_share(&self, input: &Binding<'_>, shard: ShardId, params: &[u16]) -> Vec<u16> {
        let mut params = params.to_vec();
        let keeps_two = self.names.keeps_two_values();
        self.names.lists().iter().for_each(|list| list.redirect(input, shard, keeps_two, &mut params));
        params
    }
}
