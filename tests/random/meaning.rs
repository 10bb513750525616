//! How far SQL determines the answer of a statement: which rows there are, in which order, and what each value is.
//!
//! What SQL leaves open is named as narrowly as possible, so that everything else is compared: the spelling of a text
//! that stands for several that are equal, the last digits of sums of floating-point numbers, the order of what
//! GROUP_CONCAT puts together, the order among rows with equal keys. `None` is a statement that servers may answer in
//! more ways than that.

use crate::kind::{Collation, Kind};
use crate::queries::collation_of;
use crate::schema::TableShape;
use crate::scope::Relation;
use crate::tree::{Aggregate, Block, Body, Cte, Expr, From, Item, On, OrderBy, Query, Window};

/// What is certain of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    Exact,
    /// One of several texts that are equal in this collation.
    Loose(Collation),
    /// Up to the last digits.
    Approximate,
    /// Up to the order of the elements.
    Bag,
}

#[derive(Clone, Debug)]
pub struct OutputColumn {
    pub name: String,
    pub kind: Kind,
    pub quality: Quality,
    /// Of a text that is one the session's collation counts, not that of its kind.
    pub is_literal: bool,
}

/// In which order the rows come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    Open,
    /// By these columns first.
    Keys(Vec<usize>),
    Total,
}

/// What is certain of a query's answer.
#[derive(Clone, Debug)]
pub struct Output {
    /// Empty after `*` over joined columns: all are exact.
    pub columns: Vec<OutputColumn>,
    /// Columns no two rows of which are equal.
    pub key: Option<Vec<usize>>,
    pub order: Order,
    /// LIMIT cuts where the order is open.
    pub is_cut: bool,
}

impl Output {
    /// For MySQL, to which JSON arrays are all equal when it sorts (it warns so), and objects too.
    pub fn without_json_keys(mut self) -> Output {
        if let Order::Keys(keys) = &mut self.order {
            let columns = &self.columns;
            let first = keys.iter().position(|key| columns.get(*key).is_none_or(|column| column.kind == Kind::Json));
            keys.truncate(first.unwrap_or(keys.len()));
        }
        self
    }
}

/// Tables and CTEs by name.
#[derive(Clone, Debug, Default)]
pub struct Catalog(Vec<(String, Output)>);

/// What the statement's answer is determined to.
pub fn of(query: &Query, catalog: &Catalog) -> Option<Output> {
    catalog.query(query, None)
}

/// What the rows of a derived table behind LATERAL are determined to.
pub fn of_lateral(query: &Query, catalog: &Catalog, before: &[Relation]) -> Option<Output> {
    let relations = before.iter().map(|relation| {
        let exact = relation.fields.iter().filter(|field| field.is_exact);
        let columns = exact.map(|field| OutputColumn {
            name: field.name.clone(),
            kind: field.kind,
            quality: Quality::Exact,
            is_literal: false,
        });
        let output = Output { columns: columns.collect(), key: None, order: Order::Open, is_cut: false };
        (relation.alias.clone(), output)
    });
    catalog.nested(query, Some(&Env { relations: relations.collect(), outer: None }))
}

/// The relations of a block by alias.
struct Env<'a> {
    relations: Vec<(String, Output)>,
    outer: Option<&'a Env<'a>>,
}

impl Env<'_> {
    fn quality(&self, of: &str, name: &str) -> Option<Quality> {
        match self.relations.iter().find(|(alias, _)| alias == of) {
            Some((_, output)) => Some(output.columns.iter().find(|column| column.name == name)?.quality),
            None => self.outer?.quality(of, name),
        }
    }

    /// The columns that make a row one of a kind.
    fn key(&self) -> Option<Vec<(&str, &str)>> {
        let keys = self.relations.iter().map(|(alias, output)| {
            let names = output.key.as_ref()?.iter().map(|at| (alias.as_str(), output.columns[*at].name.as_str()));
            Some(names.collect::<Vec<_>>())
        });
        Some(keys.collect::<Option<Vec<_>>>()?.concat())
    }

    /// Whether equal values of all of these mean the same row.
    fn is_key(&self, exprs: &[&Expr]) -> bool {
        let names = |alias: &str, column: &str| {
            exprs.iter().any(|expr| matches!(expr, Expr::Column { of, name, .. } if of == alias && name == column))
        };
        self.key().is_some_and(|key| key.iter().all(|(alias, column)| names(alias, column)))
    }
}

impl Catalog {
    pub fn of_tables(shapes: &[TableShape]) -> Catalog {
        let table = |shape: &TableShape| {
            let columns = shape.columns.iter().map(|column| OutputColumn {
                name: column.name.clone(),
                kind: column.kind,
                quality: Quality::Exact,
                is_literal: false,
            });
            let key = (0..shape.key.len()).collect();
            let output = Output { columns: columns.collect(), key: Some(key), order: Order::Open, is_cut: false };
            (shape.name.to_owned(), output)
        };
        Catalog(shapes.iter().map(table).collect())
    }

    /// With the CTE's name; `None` if it is not determined.
    pub fn with_cte(&self, cte: &Cte) -> Option<Catalog> {
        let mut catalog = self.clone();
        let output = match &cte.query.body {
            Body::Set { left, right, .. } if cte.is_recursive => {
                let first = named(self.nested(left, None)?, &cte.columns);
                catalog.0.push((cte.name.clone(), first.clone()));
                let second = catalog.nested(right, None)?;
                catalog.0.pop();
                let all_exact = |output: &Output| output.columns.iter().all(|column| column.quality == Quality::Exact);
                (all_exact(&first) && all_exact(&second)).then_some(Output { key: None, ..first })?
            }
            _ => named(self.nested(&cte.query, None)?, &cte.columns),
        };
        catalog.0.push((cte.name.clone(), output));
        Some(catalog)
    }

    fn relation(&self, name: &str) -> Option<&Output> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, output)| output)
    }

    /// A query inside another: which rows it has must be certain.
    fn nested(&self, query: &Query, outer: Option<&Env<'_>>) -> Option<Output> {
        self.query(query, outer).filter(|output| !output.is_cut && !output.columns.is_empty())
    }

    fn query(&self, query: &Query, outer: Option<&Env<'_>>) -> Option<Output> {
        let mut catalog = None;
        for cte in &query.ctes {
            catalog = Some(catalog.as_ref().unwrap_or(self).with_cte(cte)?);
        }
        let catalog = catalog.as_ref().unwrap_or(self);
        let mut output = match &query.body {
            Body::Block(block) => catalog.block(block, query, outer)?,
            Body::Set { operator, left, right } => {
                let (left, right) = (catalog.nested(left, outer)?, catalog.nested(right, outer)?);
                let output = united(operator, left, &right)?;
                ordered_by_columns(output, query)?
            }
        };
        output.is_cut = query.limit.is_some() && output.order != Order::Total;
        Some(output)
    }

    fn block(&self, block: &Block, query: &Query, outer: Option<&Env<'_>>) -> Option<Output> {
        let mut env = Env { relations: Vec::new(), outer };
        if let Some(from) = &block.from {
            self.from(from, &mut env)?;
        }
        let reader = Reader { catalog: self, env: &env, block, is_grouped: block.is_grouped() };
        block.from.iter().try_for_each(|from| reader.joins(from))?;
        let mut wheres = block.conditions.iter();
        wheres.all(|condition| reader.row(condition) == Some(Quality::Exact)).then_some(())?;
        block.having.iter().all(|having| reader.value(having) == Some(Quality::Exact)).then_some(())?;
        block.group.iter().all(|by| reader.groups_by(by)).then_some(())?;
        // See the generator: a shrunk statement could count such a row as well.
        (!block.counts_found || !block.is_grouped() || !block.group.is_empty()).then_some(())?;
        let output = Output { columns: reader.columns()?, key: reader.key(), order: Order::Open, is_cut: false };
        reader.ordered(output, query)
    }

    fn from(&self, from: &From, env: &mut Env<'_>) -> Option<()> {
        let (alias, output) = match from {
            From::Table { name, alias } | From::Cte { name, alias } => (alias, self.relation(name)?.clone()),
            From::Derived { query, alias, is_lateral } => (alias, self.nested(query, is_lateral.then_some(&*env))?),
            From::Join { left, right, .. } => {
                self.from(left, env)?;
                return self.from(right, env);
            }
        };
        env.relations.push((alias.clone(), output));
        Some(())
    }
}

impl Block {
    /// Whether its rows are groups.
    pub fn is_grouped(&self) -> bool {
        let of_item = |item: &Item| matches!(item, Item::Value { value, .. } if has_aggregate(value));
        !self.group.is_empty() || self.items.iter().any(of_item) || self.having.iter().any(has_aggregate)
    }
}

fn has_aggregate(expr: &Expr) -> bool {
    match expr {
        Expr::Aggregate(_) => true,
        Expr::Call { args, .. } | Expr::Subquery { args, .. } => args.iter().any(has_aggregate),
        Expr::Column { .. } | Expr::Literal { .. } | Expr::Window(_) => false,
    }
}

fn has_average(expr: &Expr) -> bool {
    match expr {
        Expr::Aggregate(aggregate) => aggregate.name == "AVG",
        Expr::Call { args, .. } | Expr::Subquery { args, .. } => args.iter().any(has_average),
        Expr::Column { .. } | Expr::Literal { .. } | Expr::Window(_) => false,
    }
}

/// Whether the expression can differ from row to row; of subqueries it is not known.
fn names_a_column(expr: &Expr) -> bool {
    match expr {
        Expr::Literal { .. } | Expr::Subquery { .. } => false,
        Expr::Call { args, .. } => args.iter().any(names_a_column),
        Expr::Column { .. } | Expr::Aggregate(_) | Expr::Window(_) => true,
    }
}

/// Reads the expressions of one block.
struct Reader<'a> {
    catalog: &'a Catalog,
    env: &'a Env<'a>,
    block: &'a Block,
    is_grouped: bool,
}

impl Reader<'_> {
    fn joins(&self, from: &From) -> Option<()> {
        let From::Join { left, right, on, word } = from else {
            return Some(());
        };
        self.joins(left)?;
        self.joins(right)?;
        let names_are_exact = |is_used: &dyn Fn(&str) -> bool| {
            let columns = self.env.relations.iter().flat_map(|(_, output)| &output.columns);
            columns.into_iter().all(|column| column.quality == Quality::Exact || !is_used(&column.name))
        };
        let is_certain = match on {
            On::All(conditions) => conditions.iter().all(|condition| self.row(condition) == Some(Quality::Exact)),
            On::Using(names) => names_are_exact(&|name| names.iter().any(|used| used == name)),
            On::Nothing if word.starts_with("NATURAL") => names_are_exact(&|_| true),
            On::Nothing => true,
        };
        is_certain.then_some(())
    }

    /// A select item, HAVING or ORDER BY.
    fn value(&self, expr: &Expr) -> Option<Quality> {
        match self.is_grouped {
            true => self.of_group(expr),
            false => self.row(expr),
        }
    }

    /// Over one row of FROM.
    fn row(&self, expr: &Expr) -> Option<Quality> {
        match expr {
            Expr::Column { of, name, .. } => self.env.quality(of, name),
            Expr::Literal { .. } => Some(Quality::Exact),
            Expr::Call { args, .. } => self.all_exact(args).then_some(Quality::Exact),
            Expr::Subquery { form, args, query, .. } => {
                self.all_exact(args).then_some(())?;
                self.of_subquery(form, self.catalog.nested(query, Some(self.env))?)
            }
            Expr::Window(window) if !self.is_grouped => {
                self.window(window, &|expr| self.row(expr), &|by| self.env.is_key(by))
            }
            Expr::Aggregate(_) | Expr::Window(_) => None,
        }
    }

    fn of_subquery(&self, form: &str, output: Output) -> Option<Quality> {
        match (form, output.columns.as_slice()) {
            ("EXISTS {}" | "NOT EXISTS {}", _) => Some(Quality::Exact),
            ("{}", [column]) => Some(column.quality),
            (_, columns) => columns.iter().all(|column| column.quality == Quality::Exact).then_some(Quality::Exact),
        }
    }

    fn all_exact(&self, exprs: &[Expr]) -> bool {
        exprs.iter().all(|expr| self.row(expr) == Some(Quality::Exact))
    }

    fn groups_by(&self, expr: &Expr) -> bool {
        matches!(self.row(expr), Some(Quality::Exact | Quality::Loose(_)))
    }

    fn of_group(&self, expr: &Expr) -> Option<Quality> {
        if self.block.group.contains(expr) {
            return Some(any_of_equals(expr.kind()));
        }
        match expr {
            Expr::Literal { .. } => Some(Quality::Exact),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate),
            Expr::Call { args, .. } => {
                // How many digits of an average count in what is computed of it depends on the server's plan.
                (!args.iter().any(has_average)).then_some(())?;
                args.iter().all(|arg| self.of_group(arg) == Some(Quality::Exact)).then_some(Quality::Exact)
            }
            Expr::Subquery { form, args, query, .. } => {
                args.iter().all(|arg| self.of_group(arg) == Some(Quality::Exact)).then_some(())?;
                self.of_subquery(form, self.catalog.nested(query, None)?)
            }
            Expr::Window(window) => {
                let is_total = |by: &[&Expr]| self.block.group.iter().all(|key| by.contains(&key));
                self.window(window, &|expr| self.of_group(expr), &is_total)
            }
            Expr::Column { .. } => None,
        }
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Option<Quality> {
        let of_args: Vec<Quality> = aggregate.args.iter().map(|arg| self.row(arg)).collect::<Option<_>>()?;
        let comparable = of_args.iter().all(|quality| matches!(quality, Quality::Exact | Quality::Loose(_)));
        let exact = of_args.iter().all(|quality| *quality == Quality::Exact);
        let kind = aggregate.args.first().map_or(Kind::Int, Expr::kind);
        match aggregate.name {
            "COUNT" => comparable.then_some(Quality::Exact),
            "MIN" | "MAX" if collation_of(kind).is_some() => comparable.then_some(any_of_equals(kind)),
            _ if !exact => None,
            "SUM" | "AVG" if kind == Kind::Double => Some(Quality::Approximate),
            "GROUP_CONCAT" => self.concatenated(aggregate, kind),
            "JSON_ARRAYAGG" => Some(Quality::Bag),
            name if name.starts_with("STD") || name.starts_with("VAR") => Some(Quality::Approximate),
            _ => Some(Quality::Exact),
        }
    }

    fn concatenated(&self, aggregate: &Aggregate, kind: Kind) -> Option<Quality> {
        let is_text = collation_of(kind).is_some();
        if aggregate.order.is_empty() {
            return (!aggregate.distinct || !is_text).then_some(Quality::Bag);
        }
        let by = values(&aggregate.order)?;
        by.iter().all(|expr| self.row(expr) == Some(Quality::Exact)).then_some(())?;
        let by_itself = !is_text && by.contains(&&aggregate.args[0]);
        (by_itself || !aggregate.distinct && self.env.is_key(&by)).then_some(Quality::Exact)
    }

    /// Of rows, or of groups: `quality` is that of an expression, and `is_key` tells whether no two have equal values of some.
    fn window(
        &self,
        window: &Window,
        quality: &dyn Fn(&Expr) -> Option<Quality>,
        is_key: &dyn Fn(&[&Expr]) -> bool,
    ) -> Option<Quality> {
        let by = values(&window.order)?;
        let all = window.args.iter().chain(&window.partition).chain(by.iter().copied());
        all.into_iter().all(|expr| quality(expr) == Some(Quality::Exact)).then_some(())?;
        // MariaDB sorts another window's rows wrongly where this one has them all in one place.
        by.iter().all(|expr| names_a_column(expr)).then_some(())?;
        let is_total = is_key(&by) && !by.is_empty();
        let kind = window.args.first().map_or(Kind::Int, Expr::kind);
        let needs_total = match window.name {
            "RANK" | "DENSE_RANK" => false,
            "SUM" | "AVG" | "COUNT" | "MIN" | "MAX" => window.frame.starts_with("ROWS"),
            _ => true,
        };
        match window.name {
            _ if needs_total && !is_total => None,
            "SUM" | "AVG" if kind == Kind::Double => Some(Quality::Approximate),
            "MIN" | "MAX" => Some(any_of_equals(kind)),
            _ => Some(Quality::Exact),
        }
    }

    /// Of the result; none where `*` makes them and all are exact.
    fn columns(&self) -> Option<Vec<OutputColumn>> {
        let mut columns = Vec::new();
        for item in &self.block.items {
            match item {
                Item::Value { value, alias } => {
                    let quality = self.value(value)?;
                    let name = match (alias, value) {
                        (Some(alias), _) => alias.clone(),
                        (None, Expr::Column { name, .. }) => name.clone(),
                        (None, _) => String::new(),
                    };
                    let is_literal = matches!(value, Expr::Literal { .. });
                    columns.push(OutputColumn { name, kind: value.kind(), quality, is_literal });
                }
                Item::Star | Item::AllOf(_) => {
                    let mut all = self.env.relations.iter().flat_map(|(_, output)| &output.columns);
                    let is_exact = all.all(|column| column.quality == Quality::Exact);
                    return (is_exact && self.block.items.len() == 1 && !self.is_grouped && !self.block.distinct)
                        .then(Vec::new);
                }
            }
        }
        if self.block.distinct {
            return columns.into_iter().map(deduplicated).collect();
        }
        Some(columns)
    }

    fn key(&self) -> Option<Vec<usize>> {
        let items = &self.block.items;
        let position = |is_it: &dyn Fn(&Expr) -> bool| {
            items.iter().position(|item| matches!(item, Item::Value { value, .. } if is_it(value)))
        };
        if self.block.rollup {
            return None;
        }
        if self.is_grouped {
            return self.block.group.iter().map(|by| position(&|value| value == by)).collect();
        }
        if self.block.distinct {
            return Some((0..items.len()).collect());
        }
        let key = self.env.key()?;
        let column = |alias: &str, column: &str| {
            position(&|value| matches!(value, Expr::Column { of, name, .. } if of == alias && name == column))
        };
        key.iter().map(|(alias, name)| column(alias, name)).collect()
    }

    /// The output with its order, which a block may name by expressions that are not selected.
    fn ordered(&self, output: Output, query: &Query) -> Option<Output> {
        let (mut exprs, mut keys, mut is_visible) = (Vec::new(), Vec::new(), true);
        for item in &query.order {
            let position = self.position(&item.by)?;
            let expr = match (&item.by, position) {
                (OrderBy::Value(value), _) => value,
                (_, Some(position)) => self.item(position)?,
                (_, None) => return None,
            };
            let quality = match position {
                Some(position) => output.columns.get(position)?.quality,
                None => self.value(expr)?,
            };
            matches!(quality, Quality::Exact | Quality::Loose(_)).then_some(())?;
            (position.is_some() || !self.block.distinct).then_some(())?;
            exprs.push(expr);
            is_visible &= position.is_some();
            keys.extend(position.filter(|_| is_visible));
        }
        let is_total = match self.is_grouped {
            true => !self.block.rollup && self.block.group.iter().all(|by| exprs.contains(&by)),
            false => !self.block.distinct && self.block.from.is_some() && self.env.is_key(&exprs),
        };
        let order = match is_total {
            true => Order::Total,
            false if keys.is_empty() => Order::Open,
            false => Order::Keys(keys),
        };
        (is_total || is_visible || query.limit.is_none()).then_some(Output { order, ..output })
    }

    fn item(&self, position: usize) -> Option<&Expr> {
        match self.block.items.get(position)? {
            Item::Value { value, .. } => Some(value),
            Item::Star | Item::AllOf(_) => None,
        }
    }

    /// The select item that is ordered by, if it is one; the outer `None` is a name that leads nowhere.
    fn position(&self, by: &OrderBy) -> Option<Option<usize>> {
        let items = &self.block.items;
        let is_named =
            |item: &Item, wanted: &String| matches!(item, Item::Value { alias: Some(alias), .. } if alias == wanted);
        match by {
            OrderBy::Position(position) => (*position < items.len()).then_some(Some(*position)),
            OrderBy::Alias(alias) => items.iter().position(|item| is_named(item, alias)).map(Some),
            OrderBy::Value(by) => {
                Some(items.iter().position(|item| matches!(item, Item::Value { value, .. } if value == by)))
            }
        }
    }
}

fn values(order: &[crate::tree::OrderItem]) -> Option<Vec<&Expr>> {
    let value = |item: &'_ crate::tree::OrderItem| -> Option<()> { matches!(item.by, OrderBy::Value(_)).then_some(()) };
    order.iter().try_for_each(value)?;
    Some(
        order.iter().filter_map(|item| if let OrderBy::Value(value) = &item.by { Some(value) } else { None }).collect(),
    )
}

/// What stands for a set of equal values.
fn any_of_equals(kind: Kind) -> Quality {
    collation_of(kind).map_or(Quality::Exact, Quality::Loose)
}

fn deduplicated(column: OutputColumn) -> Option<OutputColumn> {
    let quality = match column.quality {
        Quality::Exact => any_of_equals(column.kind),
        Quality::Loose(collation) => Quality::Loose(collation),
        Quality::Approximate | Quality::Bag => return None,
    };
    Some(OutputColumn { quality, ..column })
}

fn named(mut output: Output, names: &[String]) -> Output {
    output.columns.iter_mut().zip(names).for_each(|(column, name)| column.name.clone_from(name));
    output
}

fn united(operator: &str, left: Output, right: &Output) -> Option<Output> {
    (left.columns.len() == right.columns.len()).then_some(())?;
    // Of a column and a literal the column's collation counts, and here it is not known which is which.
    let collations = left.columns.iter().zip(&right.columns).map(|(one, other)| (one.kind, other.kind));
    let are_alike = |(one, other): (Kind, Kind)| collation_of(one) == collation_of(other);
    collations.into_iter().all(are_alike).then_some(())?;
    let is_of_session = |(one, other): (&OutputColumn, &OutputColumn)| {
        one.is_literal && other.is_literal && collation_of(one.kind).is_some()
    };
    (!left.columns.iter().zip(&right.columns).any(is_of_session)).then_some(())?;
    let worse = |one: Quality, other: Quality| if one == Quality::Exact { other } else { one };
    let pairs = left.columns.into_iter().zip(&right.columns);
    let columns = pairs.map(|(column, other)| {
        let quality = worse(column.quality, other.quality);
        let column = OutputColumn { quality, ..column };
        if operator == "UNION ALL" { Some(column) } else { deduplicated(column) }
    });
    let columns: Vec<OutputColumn> = columns.collect::<Option<_>>()?;
    let key = (operator != "UNION ALL").then(|| (0..columns.len()).collect());
    Some(Output { columns, key, order: Order::Open, is_cut: false })
}

/// The order of a set operation, which is by its columns only.
fn ordered_by_columns(output: Output, query: &Query) -> Option<Output> {
    let mut keys = Vec::new();
    for item in &query.order {
        let position = match &item.by {
            OrderBy::Position(position) => *position,
            OrderBy::Alias(alias) => output.columns.iter().position(|column| column.name == *alias)?,
            OrderBy::Value(_) => return None,
        };
        let quality = output.columns.get(position)?.quality;
        matches!(quality, Quality::Exact | Quality::Loose(_)).then_some(())?;
        keys.push(position);
    }
    let order = if keys.is_empty() { Order::Open } else { Order::Keys(keys) };
    Some(Output { order, ..output })
}
