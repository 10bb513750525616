//! GROUP BY and aggregate functions over several shards.
//!
//! Each shard groups its own rows and sorts the groups by their keys, so that the parts of a group meet in the merge.
//! COUNT, SUM, MIN, MAX, AVG and BIT_AND, BIT_OR, BIT_XOR of the parts are those of the group; an average needs sum and
//! count beside it. An order that is not that of the keys is made when the groups are complete.

use crate::sharding::schema::same_name;
use crate::sql::Op;
use crate::sql::parse::ast::{Call, Item, ItemKind, Span};

use crate::merge::Deviation;

use super::Guard;
use super::finer::{Arguments, Finer};
use super::functions;
use super::merged::{Element, Statement};
use super::names::Part;
use super::sort_key::{ColumnAt, KeyReader, SortKey, SortValue, is_called, is_column};

/// What the parts of groups become.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupPlan {
    /// Columns that are combined, an average behind its sum and count. The others keep the value of one part.
    pub folds: Vec<Folded>,
    /// What complete groups are sorted by; empty if they come in the right order.
    pub order: Vec<SortKey>,
    /// So many of the keys that rows are merged by tell the groups. The others tell their parts.
    pub by: usize,
    /// There is one group, also where no shard has a part of it.
    pub is_one: bool,
}

/// A column that is combined.
#[derive(Debug, Clone, PartialEq)]
pub struct Folded {
    pub at: ColumnAt,
    pub fold: Fold,
    /// Of equal parts only one counts.
    pub is_once: bool,
}

/// How the values of one column are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    Count,
    Sum,
    Least(SortValue),
    Greatest(SortValue),
    /// The sum of values that have more digits than they show, with all of their digits in the column `exact`.
    RoundedSum {
        exact: ColumnAt,
    },
    /// From `sum` if that is a DOUBLE, else from `exact`.
    Average {
        sum: ColumnAt,
        exact: ColumnAt,
        count: ColumnAt,
    },
    And,
    Or,
    Xor,
    /// Standard deviation or variance, from those of the parts.
    Deviation {
        count: ColumnAt,
        mean: ColumnAt,
        variance: ColumnAt,
        of: Deviation,
    },
    /// Texts one after the other. `size`: bytes of the part on the server; `elements`: how many it was made of; `most`:
    /// bytes that a text may have; `cut`: how it can be cut (`CUT`).
    Texts {
        separator: ColumnAt,
        size: ColumnAt,
        elements: ColumnAt,
        most: ColumnAt,
        cut: ColumnAt,
    },
    /// JSON arrays one after the other; `most`: bytes that a text may have.
    Array {
        most: ColumnAt,
    },
    Object,
}

/// How the text of a GROUP_CONCAT can be cut here, of its values: 2 between characters of UTF-8, 1 between any bytes, 0 not
/// at all, because the server counts the bytes of another character set.
const CUT: [&str; 3] = [
    "IF(CHARSET(MIN(CONCAT(",
    "))) LIKE 'utf8%',2*(IFNULL(@@character_set_results,'utf8') LIKE 'utf8%'),CHARSET(MIN(CONCAT(",
    "))) RLIKE _utf8mb4'^(ascii|armscii8|binary|cp12|cp8|dec8|geostd8|greek|hebrew|hp8|keybcs2|koi8|latin|mac|swe7|tis620)')",
];

/// What a grouped statement comes to.
pub(super) struct Grouping {
    pub(super) plan: GroupPlan,
    /// The client's ORDER BY names the first so many of the keys that groups are merged by, and no more.
    pub(super) asked_keys: usize,
    /// What each shard's groups are sorted by, as text after ORDER BY; empty if there is one group.
    pub(super) order_by: Vec<Part>,
    /// What they are also made by, as text for GROUP BY.
    pub(super) group_by: Vec<Part>,
    /// Each shard's first groups are the first groups of all.
    pub(super) limits_shards: bool,
    /// Another value is as right, but a single server gives that which it comes to by its own order of rows.
    pub(super) is_loose: bool,
}

/// One element of GROUP BY.
struct GroupKey {
    element: Element,
    /// Where it is in the select list.
    shown: Option<u16>,
}

/// What an element of ORDER BY is.
enum Target {
    Key(usize),
    Value(SortValue),
}

/// Reads GROUP BY, the aggregates and ORDER BY. The keys that groups are merged by are left in `reader`.
pub(super) fn read<'s, 'a, 'q>(
    statement: &'s Statement<'s, 'a, 'q>,
    reader: &mut KeyReader<'s, 's, 'a, 'q>,
) -> Option<Grouping> {
    let (folds, shown, finer) = (Vec::new(), Vec::new(), Finer::default());
    let mut grouper = Grouper { statement, reader, folds, shown, finer, is_loose: false };
    if statement.select.items.iter().any(Item::is_wildcard) {
        return None;
    }
    grouper.check_calls()?;
    for (place, item) in statement.select.items.iter().enumerate() {
        let value = grouper.item(ColumnAt::Shown(u16::try_from(place).ok()?), item)?;
        grouper.shown.push(value);
    }
    match &statement.select.group_by {
        Some(group_by) => grouper.groups(group_by.span),
        None => grouper.one_group(),
    }
}

struct Grouper<'g, 's, 'a, 'q> {
    statement: &'s Statement<'s, 'a, 'q>,
    reader: &'g mut KeyReader<'s, 's, 'a, 'q>,
    folds: Vec<Folded>,
    finer: Finer,
    /// By select item: how groups can be sorted by it, if it is an aggregate.
    shown: Vec<Option<SortValue>>,
    is_loose: bool,
}

impl Grouper<'_, '_, '_, '_> {
    /// Aggregates must stand alone, as select items or elements of ORDER BY.
    fn check_calls(&self) -> Option<()> {
        let statement = self.statement;
        let order: Vec<Element> = match &statement.query.order_by {
            Some(order_by) => statement.elements(order_by.span)?,
            None => Vec::new(),
        };
        let stands_alone = |call: &Call| {
            let items = statement.select.items.iter().map(|item| item.expression.span);
            items.chain(order.iter().map(|element| element.span)).any(|span| span == call.span)
        };
        let is_fine = |call: &Call| call.is_plain && (functions::is_scalar(&call.name) || stands_alone(call));
        statement.calls().all(is_fine).then_some(())
    }

    fn item(&mut self, at: ColumnAt, item: &Item) -> Option<Option<SortValue>> {
        match item.expression.calls.iter().find(|call| !functions::is_scalar(&call.name)) {
            Some(call) => self.fold(at, call).map(Some),
            // One group has no row to take it from where a shard has none.
            None if self.statement.select.group_by.is_none() => {
                matches!(item.kind, ItemKind::Constant(_)).then_some(None)
            }
            None => Some(None),
        }
    }

    /// Notes how the column `at`, which is this call, is combined; how groups are sorted by it.
    fn fold(&mut self, at: ColumnAt, call: &Call) -> Option<SortValue> {
        if matches!(call.name.as_str(), "group_concat" | "json_arrayagg" | "json_objectagg") {
            return self.texts(at, call);
        }
        let arguments = Arguments::read(self.statement, call)?;
        if arguments.is_distinct {
            return self.different(at, call, &arguments);
        }
        let [argument] = arguments.elements.as_slice() else { return None };
        if call.name != "count" && self.statement.is_untyped(argument.span) {
            return None;
        }
        // In a temporary table servers round such a sum at each row: what comes out depends on how they group.
        let is_sum = matches!(call.name.as_str(), "sum" | "avg");
        if is_sum && self.rounds(argument) && self.statement.select.group_by.is_some() {
            return None;
        }
        let fold = match call.name.as_str() {
            "count" => Fold::Count,
            "sum" => match self.rounds(argument) {
                true => Fold::RoundedSum { exact: self.exact_sum(argument) },
                false => Fold::Sum,
            },
            "bit_and" => Fold::And,
            "bit_or" => Fold::Or,
            "bit_xor" => Fold::Xor,
            "avg" => {
                let sum = self.reader.add(&["SUM(", ")"], argument.span);
                let count = self.reader.add(&["COUNT(", ")"], argument.span);
                self.push(sum, Fold::Sum);
                self.push(count, Fold::Count);
                let exact = if self.rounds(argument) { self.exact_sum(argument) } else { sum };
                Fold::Average { sum, exact, count }
            }
            "min" => Fold::Least(self.reader.extreme(argument, at, "MIN(")?),
            "max" => Fold::Greatest(self.reader.extreme(argument, at, "MAX(")?),
            name => self.deviation(name, argument)?,
        };
        self.push(at, fold);
        Some(match fold {
            Fold::Least(value) | Fold::Greatest(value) => value,
            _ => SortValue::Plain(at),
        })
    }

    fn deviation(&mut self, name: &str, argument: &Element) -> Option<Fold> {
        let of = match name {
            "std" | "stddev" | "stddev_pop" => Deviation { is_sample: false, is_root: true },
            "stddev_samp" => Deviation { is_sample: true, is_root: true },
            "variance" | "var_pop" => Deviation { is_sample: false, is_root: false },
            "var_samp" => Deviation { is_sample: true, is_root: false },
            _ => return None,
        };
        self.is_loose = true;
        // Of a DOUBLE all digits are shown.
        let count = self.reader.add(&["COUNT(", ")"], argument.span);
        let mean = self.reader.add(&["AVG((", ")+0e0)"], argument.span);
        let variance = self.reader.add(&["VAR_POP((", ")+0e0)"], argument.span);
        Some(Fold::Deviation { count, mean, variance, of })
    }

    fn push(&mut self, at: ColumnAt, fold: Fold) {
        self.folds.push(Folded { at, fold, is_once: false });
    }

    /// An aggregate of different values: of each the shards send one part, which counts once.
    fn different(&mut self, at: ColumnAt, call: &Call, arguments: &Arguments) -> Option<SortValue> {
        self.finer.add(self.statement, arguments)?;
        self.is_loose = true;
        let span = arguments.values;
        let fold = match (call.name.as_str(), arguments.elements.as_slice()) {
            ("count", _) => Fold::Count,
            ("sum", [argument]) if !self.rounds(argument) => Fold::Sum,
            ("avg", [argument]) if !self.rounds(argument) => {
                let sum = self.reader.add(&["SUM(DISTINCT ", ")"], span);
                let count = self.reader.add(&["COUNT(DISTINCT ", ")"], span);
                let parts = [(sum, Fold::Sum), (count, Fold::Count)];
                self.folds.extend(parts.map(|(at, fold)| Folded { at, fold, is_once: true }));
                Fold::Average { sum, exact: sum, count }
            }
            _ => return None,
        };
        self.folds.push(Folded { at, fold, is_once: true });
        Some(SortValue::Plain(at))
    }

    /// GROUP_CONCAT, and what makes JSON of several rows.
    fn texts(&mut self, at: ColumnAt, call: &Call) -> Option<SortValue> {
        let arguments = Arguments::read(self.statement, call)?;
        let span = arguments.values;
        let most = |grouper: &mut Self| grouper.reader.add(&["@@group_concat_max_len"], span);
        let fold = match call.name.as_str() {
            "json_arrayagg" => Fold::Array { most: most(self) },
            "json_objectagg" => Fold::Object,
            _ => {
                let separator = match arguments.separator {
                    Some(separator) => self.reader.add(&["", ""], separator),
                    None => self.reader.add(&["','"], span),
                };
                let (size, elements) = match arguments.is_distinct {
                    true => (["CAST(MAX(LENGTH(CONCAT(", "))) AS SIGNED)"], ["COUNT(DISTINCT ", ")"]),
                    false => (["CAST(SUM(LENGTH(CONCAT(", "))) AS SIGNED)"], ["COUNT(CONCAT(", "))"]),
                };
                let (size, elements) = (self.reader.add(&size, span), self.reader.add(&elements, span));
                let (most, cut) = (most(self), self.reader.add(&CUT, span));
                Fold::Texts { separator, size, elements, most, cut }
            }
        };
        self.finer.add(self.statement, &arguments)?;
        self.is_loose = true;
        self.folds.push(Folded { at, fold, is_once: arguments.is_distinct });
        Some(SortValue::Plain(at))
    }

    /// Whether the values may be rounded when they are written: a quotient has digits that its type does not show, and
    /// a sum counts them.
    fn rounds(&self, argument: &Element) -> bool {
        let statement = self.statement;
        let divides = argument.tokens.iter().any(|token| token.is_op(Op::Slash));
        let instances = &statement.scopes.blocks[statement.block].instances;
        let is_table = |id: &usize| statement.scopes.instances[*id].table().is_some();
        divides || !instances.iter().all(is_table)
    }

    fn exact_sum(&mut self, argument: &Element) -> ColumnAt {
        let exact = self.reader.add(&["SUM(CAST(", " AS DECIMAL(65,30)))"], argument.span);
        self.push(exact, Fold::Sum);
        exact
    }

    fn one_group(mut self) -> Option<Grouping> {
        let (mut order_by, group_by) = (Vec::new(), Vec::new());
        let group_by = self.finer_keys(&mut order_by, group_by)?;
        let is_one = !group_by.is_empty();
        let plan = GroupPlan { folds: self.folds, order: Vec::new(), by: 0, is_one };
        Some(Grouping { plan, asked_keys: 0, order_by, group_by, limits_shards: false, is_loose: self.is_loose })
    }

    /// Has the shards make and sort parts of groups where an aggregate needs that: the text for GROUP BY.
    fn finer_keys(&mut self, order_by: &mut Vec<Part>, mut group_by: Vec<Part>) -> Option<Vec<Part>> {
        for element in std::mem::take(&mut self.finer).keys(self.statement)? {
            self.reader.expression(&element)?;
            if self.names_aggregate(&element) || self.statement.hands_on_values(element.span) {
                return None;
            }
            for list in [&mut group_by, &mut *order_by] {
                if !list.is_empty() {
                    list.push(Part::Text(", ".to_owned()));
                }
                list.push(self.statement.copy(element.span));
            }
            order_by.push(Part::Text(if element.descending { " DESC" } else { "" }.to_owned()));
            let value = self.reader.group_value(&element, None)?;
            self.reader.keys.push(SortKey { value, descending: element.descending });
        }
        Some(group_by)
    }

    fn groups(mut self, group_by: Span) -> Option<Grouping> {
        let mut keys = Vec::new();
        for element in self.statement.elements(group_by)? {
            let key = self.group_key(element)?;
            let shown = key.shown.and_then(|place| self.statement.select.items.get(usize::from(place)));
            let spans = shown.map(|item| item.expression.span).into_iter().chain([key.element.span]);
            if spans.into_iter().any(|span| self.statement.hands_on_values(span)) {
                return None;
            }
            keys.push(key);
        }
        let mut order = Vec::new();
        if let Some(order_by) = &self.statement.query.order_by {
            for element in self.statement.elements(order_by.span)? {
                let is_null = matches!(element.tokens.as_slice(), [token] if token.is_word(self.statement.sql, "NULL"));
                if !is_null {
                    order.push((self.target(&element, &keys)?, element.descending));
                }
            }
        }
        let of_keys = |(target, descending): &(Target, bool)| match target {
            Target::Key(key) => Some((*key, *descending)),
            Target::Value(_) => None,
        };
        let by_keys: Option<Vec<(usize, bool)>> = order.iter().map(of_keys).collect();
        let is_ordered = by_keys.is_some();
        let mut sorted = by_keys.unwrap_or_default();
        let asked_keys = sorted.len();
        for key in 0..keys.len() {
            if !sorted.iter().any(|(known, _)| *known == key) {
                sorted.push((key, false));
            }
        }
        let mut order_by = Vec::new();
        for (key, descending) in &sorted {
            if !order_by.is_empty() {
                order_by.push(Part::Text(", ".to_owned()));
            }
            order_by.push(self.statement.copy(keys[*key].element.span));
            order_by.push(Part::Text(if *descending { " DESC" } else { "" }.to_owned()));
            let GroupKey { element, shown } = &keys[*key];
            let value = self.reader.group_value(element, *shown)?;
            self.reader.keys.push(SortKey { value, descending: *descending });
        }
        let mut by_value = Vec::new();
        if !is_ordered {
            for (target, descending) in order {
                let value = match target {
                    Target::Value(value) => value,
                    Target::Key(key) => {
                        let place = sorted.iter().position(|(known, _)| *known == key)?;
                        self.reader.keys.get(place)?.value
                    }
                };
                by_value.push(SortKey { value, descending });
            }
        }
        let by = self.reader.keys.len();
        let group_by = self.finer_keys(&mut order_by, Vec::new())?;
        let limits_shards = is_ordered && group_by.is_empty();
        let plan = GroupPlan { folds: self.folds, order: by_value, by, is_one: false };
        Some(Grouping { plan, asked_keys, order_by, group_by, limits_shards, is_loose: self.is_loose })
    }

    /// A name means a column of FROM first, and then what a select item is called.
    fn group_key(&mut self, element: Element) -> Option<GroupKey> {
        let statement = self.statement;
        let items = &statement.select.items;
        let is_directed = element.descending || element.has_direction;
        if is_directed || self.names_aggregate(&element) || statement.may_be_place(&element.tokens) {
            return None;
        }
        if let Some(place) = self.position(&element) {
            return Some(GroupKey { element, shown: Some(u16::try_from(place?).ok()?) });
        }
        let place = self.same_item(&element);
        match self.reader.column_of(&element) {
            Some(column) if column.table.is_none() => {
                let name = &column.column.text;
                let named: Vec<usize> =
                    (0..items.len()).filter(|place| is_called(&items[*place], name, statement.sql)).collect();
                let shown = match named.as_slice() {
                    [] => None,
                    [only] if statement.scopes.certainly_lacks(statement.block, name) => Some(*only),
                    all if all.iter().all(|place| is_column(&items[*place], name)) => Some(all[0]),
                    _ => return None,
                };
                Some(GroupKey { element, shown: shown.and_then(|place| u16::try_from(place).ok()) })
            }
            Some(_) => Some(GroupKey { element, shown: place.and_then(|place| u16::try_from(place).ok()) }),
            None => {
                self.reader.expression(&element)?;
                Some(GroupKey { element, shown: place.and_then(|place| u16::try_from(place).ok()) })
            }
        }
    }

    fn names_aggregate(&self, element: &Element) -> bool {
        self.statement.calls().any(|call| element.span.contains(call.span) && !functions::is_scalar(&call.name))
    }

    /// The place that a number means: inner `None` if there is no such place.
    fn position(&mut self, element: &Element) -> Option<Option<usize>> {
        let [token] = element.tokens.as_slice() else { return None };
        let text = token.text(self.statement.sql);
        let place = std::str::from_utf8(text).ok()?.parse::<usize>().ok()?;
        let literal = self.statement.literal_at(token.start)?;
        self.reader.guards.push(Guard { literal, text: text.to_vec() });
        Some(place.checked_sub(1).filter(|place| *place < self.statement.select.items.len()))
    }

    /// The select item that is written like the element.
    fn same_item(&mut self, element: &Element) -> Option<usize> {
        let statement = self.statement;
        let guards = &mut self.reader.guards;
        statement.select.items.iter().position(|item| statement.are_alike(item.expression.span, element.span, guards))
    }

    fn target(&mut self, element: &Element, keys: &[GroupKey]) -> Option<Target> {
        let statement = self.statement;
        let of_place = |place: usize| keys.iter().position(|key| key.shown == u16::try_from(place).ok());
        let place = match self.position(element) {
            Some(place) => Some(place?),
            None => match self.reader.column_of(element) {
                Some(column) if column.table.is_none() => {
                    let items = &statement.select.items;
                    let mut named =
                        (0..items.len()).filter(|place| is_called(&items[*place], &column.column.text, statement.sql));
                    match (named.next(), named.next()) {
                        (Some(_), Some(_)) => return None,
                        (only, _) => only,
                    }
                }
                Some(_) => self.same_item(element),
                None if self.names_aggregate(element) => self.same_item(element),
                None if statement.may_be_place(&element.tokens) => return None,
                None => {
                    self.reader.expression(element)?;
                    self.same_item(element)
                }
            },
        };
        if let Some(key) = place.and_then(of_place) {
            return Some(Target::Key(key));
        }
        match place {
            Some(place) => match self.shown.get(place)? {
                Some(value) => Some(Target::Value(*value)),
                None => {
                    let span = statement.select.items[place].expression.span;
                    let element = Element { tokens: statement.tokens_in(span).to_vec(), span, ..element.clone() };
                    self.reader.group_value(&element, u16::try_from(place).ok()).map(Target::Value)
                }
            },
            None if self.names_aggregate(element) => {
                let call = statement.calls().find(|call| call.span == element.span)?;
                let at = self.reader.add(&["", ""], element.span);
                self.fold(at, call).map(Target::Value)
            }
            None => {
                let guards = &mut self.reader.guards;
                let mut is_unshown_key =
                    |key: &GroupKey| key.shown.is_none() && statement.are_alike(key.element.span, element.span, guards);
                keys.iter().position(&mut is_unshown_key).map(Target::Key)
            }
        }
    }
}

impl super::scope::Scopes<'_, '_> {
    /// Whether no table of the block has a column of this name.
    fn certainly_lacks(&self, block: super::scope::BlockId, name: &str) -> bool {
        self.blocks[block].instances.iter().all(|id| {
            let columns = self.instances[*id].columns.as_ref();
            columns.is_some_and(|columns| !columns.iter().any(|column| same_name(column, name)))
        })
    }
}
