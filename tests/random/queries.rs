//! Grows statements: query blocks and set operations, with ORDER BY and LIMIT.
//!
//! What grows is mostly determined: [`crate::meaning`] says whether it is, and what is not is thrown away.

use crate::dice::Dice;
use crate::expressions::call;
use crate::kind::{Collation, Kind};
use crate::meaning::{self, Catalog};
use crate::schema::Schema;
use crate::scope::{Relation, Scope};
use crate::tree::{Aggregate, Block, Body, Expr, Item, Limit, OrderBy, OrderItem, Query, Window};

/// Grows one statement after the other.
#[derive(Debug)]
pub struct Grower<'a> {
    pub dice: Dice,
    pub schema: &'a Schema,
    pub is_mysql: bool,
    pub names: usize,
    /// How many statements have put other tables' keys into the one whose unique key has no shard key in it.
    pub far_keys: usize,
    pub ctes: Vec<Relation>,
    pub catalog: Catalog,
    /// Inside how many other queries.
    pub nesting: usize,
    /// Tables that stand without an alias.
    pub bare_names: Vec<String>,
}

/// A block, and by what it may be ordered.
struct Grown {
    block: Block,
    /// What makes every row's place certain.
    total: Option<Vec<Expr>>,
    /// Other things to order by that are no select item.
    others: Vec<Expr>,
}

const LOCKS: [&str; 3] = ["FOR UPDATE", "LOCK IN SHARE MODE", "FOR UPDATE SKIP LOCKED"];

impl<'a> Grower<'a> {
    pub fn new(dice: Dice, schema: &'a Schema, is_mysql: bool) -> Grower<'a> {
        let catalog = Catalog::of_tables(&schema.shapes);
        Grower {
            dice,
            schema,
            is_mysql,
            names: 0,
            far_keys: 0,
            ctes: Vec::new(),
            catalog,
            nesting: 0,
            bare_names: Vec::new(),
        }
    }

    /// A statement whose answer is determined, but for what [`meaning::Output`] names.
    pub fn statement(&mut self) -> Query {
        loop {
            self.names = 0;
            self.nesting = 0;
            self.bare_names.clear();
            self.ctes.clear();
            self.catalog = Catalog::of_tables(&self.schema.shapes);
            let mut query = self.top();
            if self.dice.percent(3) && query.block().is_some_and(|block| block.group.is_empty() && !block.distinct) {
                query.lock = Some(self.dice.word(&LOCKS));
            }
            let catalog = Catalog::of_tables(&self.schema.shapes);
            if meaning::of(&query, &catalog).is_some() {
                return query;
            }
        }
    }

    fn top(&mut self) -> Query {
        let mut ctes = Vec::new();
        if self.dice.percent(14) {
            for _ in 0..self.dice.between(1, 2) {
                ctes.extend(self.cte());
            }
        }
        let mut query = self.query(false);
        query.ctes = ctes;
        if let Body::Block(block) = &mut query.body {
            // The single row of an aggregate without groups is counted as one or two, by how MariaDB found it.
            let is_single = block.is_grouped() && block.group.is_empty();
            block.counts_found = !is_single && self.dice.percent(if query.limit.is_some() { 12 } else { 1 });
        }
        if self.dice.percent(15) {
            self.rename(&mut query);
        }
        query
    }

    /// Calls an item as a column is called, which it may hide.
    fn rename(&mut self, query: &mut Query) {
        let shape = self.dice.pick(&self.schema.shapes);
        let name = self.dice.pick(&shape.columns).name.clone();
        let Body::Block(block) = &mut query.body else { return };
        // GROUP BY means the column first.
        let Some(Item::Value { alias, .. }) = block.items.first_mut().filter(|_| !block.groups_by_items) else {
            return;
        };
        for item in &mut query.order {
            if matches!((&item.by, &*alias), (OrderBy::Alias(by), Some(alias)) if by == alias) {
                item.by = OrderBy::Alias(name.clone());
            }
        }
        *alias = Some(name);
    }

    pub fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// A query that refers to nothing around it.
    pub fn query(&mut self, nested: bool) -> Query {
        if self.dice.percent(if nested { 8 } else { 12 }) {
            return self.set_operation(nested);
        }
        let grown = self.block(nested);
        let positions = grown.block.items.len();
        let has_star = !grown.block.items.iter().all(|item| matches!(item, Item::Value { .. }));
        let mut query = Query::of_block(grown.block);
        if query.block().is_some_and(|block| block.rollup) {
            return query;
        }
        let positions = if has_star { 0 } else { positions };
        self.arrange(&mut query, positions, grown.total, &grown.others, nested);
        query
    }

    /// ORDER BY and LIMIT.
    fn arrange(
        &mut self,
        query: &mut Query,
        positions: usize,
        total: Option<Vec<Expr>>,
        others: &[Expr],
        nested: bool,
    ) {
        let roll = self.dice.below(100);
        if roll < if nested { 70 } else { 25 } {
            return;
        }
        let is_total = total.is_some() && roll < 88;
        for _ in 0..self.dice.between(usize::from(!is_total), 2) {
            let by = if is_total && !others.is_empty() && self.dice.percent(50) {
                OrderBy::Value(self.dice.pick(others).clone())
            } else if positions > 0 {
                self.position(query, positions)
            } else {
                continue;
            };
            query.order.push(OrderItem { by, descending: self.dice.percent(40) });
        }
        if is_total {
            let keys: Vec<OrderItem> = total.unwrap_or_default().into_iter().map(|key| self.ordered(key)).collect();
            query.order.extend(keys);
        } else if self.dice.percent(30) {
            for position in 0..positions {
                query.order.push(OrderItem { by: OrderBy::Position(position), descending: false });
            }
        }
        if self.dice.percent(if is_total { 50 } else { 15 }) {
            let limit = |grower: &mut Grower<'_>, most| {
                let count = grower.dice.below(most).to_string();
                let param = count.parse().ok().map(crate::harness::client::Param::Int);
                let param = param.filter(|_| grower.dice.percent(40));
                Expr::Literal { text: count, param, kind: Kind::Int }
            };
            let offset = self.dice.percent(40).then(|| limit(self, 9));
            query.limit = Some(Limit { count: limit(self, 12), offset });
        }
    }

    /// By number or by name.
    fn position(&mut self, query: &Query, positions: usize) -> OrderBy {
        let position = self.dice.below(positions);
        let alias = query.block().and_then(|block| match &block.items[position] {
            Item::Value { alias, .. } => alias.clone(),
            Item::Star | Item::AllOf(_) => None,
        });
        match alias {
            Some(alias) if self.dice.percent(60) => OrderBy::Alias(alias),
            _ => OrderBy::Position(position),
        }
    }

    fn set_operation(&mut self, nested: bool) -> Query {
        let kinds: Vec<Kind> =
            (0..self.dice.between(1, 3)).map(|_| crate::expressions::any_kind(&mut self.dice)).collect();
        let mut query = self.block_of_kinds(&kinds);
        for _ in 0..self.dice.between(1, 2) {
            // MySQL 9.7 gives wrong rows for an INTERSECT in a common table expression that is read twice.
            let most = if nested && self.is_mysql { 5 } else { 7 };
            let operator = self
                .dice
                .word(&["UNION", "UNION ALL", "UNION ALL", "UNION", "UNION DISTINCT", "INTERSECT", "EXCEPT"][..most]);
            let right = self.block_of_kinds(&kinds);
            let body = Body::Set { operator, left: Box::new(query), right: Box::new(right) };
            query = Query { ctes: Vec::new(), body, order: Vec::new(), limit: None, lock: None };
        }
        self.arrange(&mut query, kinds.len(), None, &[], nested);
        query
    }

    fn block_of_kinds(&mut self, kinds: &[Kind]) -> Query {
        let (from, relations) = self.from();
        let scope = Scope { relations: &relations, outer: None };
        let mut block = Block { from: Some(from), ..Block::default() };
        block.conditions = self.conditions(scope);
        block.items = kinds
            .iter()
            .map(|kind| {
                let value = self.expr(scope, *kind, 1);
                self.item(value, true)
            })
            .collect();
        block.distinct = self.dice.percent(10);
        let mut query = Query::of_block(block);
        if self.dice.percent(12) {
            self.arrange(&mut query, kinds.len(), scope.key(), &[], false);
        }
        query
    }

    fn item(&mut self, value: Expr, named: bool) -> Item {
        let alias = (named || self.dice.percent(50)).then(|| self.fresh("x"));
        Item::Value { value, alias }
    }

    fn conditions(&mut self, scope: Scope<'_>) -> Vec<Expr> {
        let count = *self.dice.pick(&[0, 0, 1, 1, 2]);
        let depth = 2_usize.saturating_sub(self.nesting);
        let mut conditions: Vec<Expr> = (0..count).map(|_| self.predicate(scope, depth)).collect();
        if self.dice.percent(12) {
            conditions.extend(self.on_few_shards(scope));
        }
        conditions
    }

    /// The first column of a table's key.
    pub fn key_column(&mut self, scope: Scope<'_>) -> Option<Expr> {
        let relation = self.dice.pick(scope.relations);
        let field = relation.field(relation.key.as_ref()?.first()?).filter(|field| field.is_exact)?;
        Some(relation.column(field))
    }

    /// A condition on the first column of a table's key, which is the shard key of most.
    pub fn on_few_shards(&mut self, scope: Scope<'_>) -> Option<Expr> {
        let column = self.key_column(scope)?;
        let values = [self.literal(column.kind()), self.literal(column.kind())];
        Some(match self.dice.percent(60) {
            true => call("{} = {}", vec![column, values[0].clone()], Kind::Int),
            false => call("{} IN ({}, {})", [vec![column], values.to_vec()].concat(), Kind::Int),
        })
    }

    fn block(&mut self, nested: bool) -> Grown {
        let (from, relations) = self.from();
        let scope = Scope { relations: &relations, outer: None };
        let mut block = Block { from: Some(from), is_bare: self.dice.percent(40), ..Block::default() };
        block.conditions = self.conditions(scope);
        match self.dice.below(100) {
            0..=44 => self.plain_block(block, scope, nested),
            45..=54 => self.distinct_block(block, scope, nested),
            55..=77 => self.grouped_block(block, scope, nested),
            78..=89 => self.aggregated_block(block, scope, nested),
            _ => self.window_block(block, scope, nested),
        }
    }

    fn plain_block(&mut self, mut block: Block, scope: Scope<'_>, nested: bool) -> Grown {
        if !nested && self.dice.percent(12) {
            block.items = match self.dice.percent(50) {
                true => vec![Item::Star],
                false => vec![Item::AllOf(self.dice.pick(scope.relations).alias.clone())],
            };
        } else {
            block.items = self.values(scope, nested);
        }
        let others = vec![self.any_expr(scope, 1), self.any_expr(scope, 0)];
        Grown { block, total: scope.key(), others: others.into_iter().filter(names_column).collect() }
    }

    /// Select items; a derived table's key is among them more often than not, so that its rows can be ordered.
    pub fn values(&mut self, scope: Scope<'_>, nested: bool) -> Vec<Item> {
        let mut values = Vec::new();
        if self.dice.percent(50) {
            values.extend(scope.key().unwrap_or_default());
        }
        for _ in 0..self.dice.between(1, 4) {
            let inexact: Vec<Expr> = scope.relations.iter().flat_map(Relation::columns).collect();
            values.push(match self.dice.below(100) {
                0..=14 => self.dice.pick(&inexact).clone(),
                15..=21 => self.predicate(scope, 1),
                _ => self.any_expr(scope, 2),
            });
        }
        values.into_iter().map(|value| self.item(value, nested)).collect()
    }

    fn distinct_block(&mut self, mut block: Block, scope: Scope<'_>, nested: bool) -> Grown {
        block.distinct = true;
        let mut values: Vec<Expr> = (0..self.dice.between(1, 3)).map(|_| self.any_expr(scope, 1)).collect();
        // Of constants alone MariaDB 10.11 reads one row, and forgets OFFSET.
        if self.dice.percent(20) || !values.iter().any(names_column) {
            values.extend(self.key_column(scope).or_else(|| self.any_column(scope)));
        }
        block.items = values.into_iter().map(|value| self.item(value, nested)).collect();
        Grown { block, total: None, others: Vec::new() }
    }

    fn grouped_block(&mut self, mut block: Block, scope: Scope<'_>, nested: bool) -> Grown {
        for _ in 0..self.dice.between(1, 2) {
            let depth = self.dice.below(2);
            let by = self.any_expr(scope, depth).without_params();
            if names_column(&by) {
                block.group.push(by);
            }
        }
        if self.dice.percent(25) {
            block.group.extend(self.key_column(scope));
        }
        let mut values = self.dice.some(&block.group, 80);
        for by in &block.group.clone() {
            if by.kind() == Kind::Int && self.dice.percent(30) {
                values.push(call("({} + 1)", vec![by.clone()], Kind::Int));
            }
        }
        for _ in 0..self.dice.between(1, 3) {
            values.push(self.of_aggregates(scope));
        }
        if self.dice.percent(10) && !block.group.is_empty() {
            values.push(self.window_over_groups(scope, &block.group));
        }
        block.items = values.into_iter().map(|value| self.item(value, nested)).collect();
        if self.dice.percent(25) {
            block.having = vec![self.having(scope)];
        }
        block.groups_by_items = self.dice.percent(20);
        let has_window = block.items.iter().any(|item| matches!(item, Item::Value { value: Expr::Window(_), .. }));
        block.rollup = !block.group.is_empty() && !has_window && self.dice.percent(8);
        let total = (!block.rollup).then(|| block.group.clone());
        Grown { total, others: vec![self.aggregate(scope)], block }
    }

    /// A window whose rows are the groups.
    fn window_over_groups(&mut self, scope: Scope<'_>, group: &[Expr]) -> Expr {
        let name = self.dice.word(&["SUM", "RANK", "ROW_NUMBER", "MAX", "LAG"]);
        let args = if name.ends_with('K') || name == "ROW_NUMBER" { Vec::new() } else { vec![self.aggregate(scope)] };
        let kind = args.first().map_or(Kind::Int, Expr::kind);
        let partition = if self.dice.percent(30) { vec![self.dice.pick(group).clone()] } else { Vec::new() };
        let mut order = Vec::new();
        if self.dice.percent(60) {
            let by = self.aggregate(scope);
            order.push(self.ordered(by));
        }
        if name != "RANK" || order.is_empty() {
            order.extend(group.iter().map(|by| self.ordered(by.clone())).collect::<Vec<_>>());
        }
        Expr::Window(Box::new(Window { name, args, partition, order, frame: "", kind }))
    }

    pub fn having(&mut self, scope: Scope<'_>) -> Expr {
        let count = Aggregate {
            name: "COUNT",
            distinct: false,
            args: Vec::new(),
            order: Vec::new(),
            separator: None,
            kind: Kind::Int,
        };
        let left = match self.aggregate(scope) {
            aggregate if matches!(aggregate.kind(), Kind::Int | Kind::Decimal) => aggregate,
            _ => Expr::Aggregate(Box::new(count)),
        };
        let right = self.literal(left.kind());
        let form = self.dice.word(&["{} > {}", "{} <= {}", "{} <> {}", "{} BETWEEN 1 AND {}"]);
        call(form, vec![left, right], Kind::Int)
    }

    /// An aggregate, or an expression over some.
    fn of_aggregates(&mut self, scope: Scope<'_>) -> Expr {
        let one = self.aggregate(scope);
        if !self.dice.percent(25) {
            return one;
        }
        match one.kind() {
            Kind::Int => {
                let other = self.aggregate(scope);
                match other.kind() {
                    Kind::Int => call("({} - {})", vec![one, other], Kind::Int),
                    Kind::Decimal => call("({} / NULLIF({}, 0) + 1)", vec![other, one], Kind::Decimal),
                    _ => call("({} + 1)", vec![one], Kind::Int),
                }
            }
            Kind::Decimal => call("COALESCE({}, -1)", vec![one], Kind::Decimal),
            Kind::Date => call("YEAR({})", vec![one], Kind::Int),
            _ => call("({} IS NULL)", vec![one], Kind::Int),
        }
    }

    fn aggregated_block(&mut self, mut block: Block, scope: Scope<'_>, nested: bool) -> Grown {
        let values: Vec<Expr> = (0..self.dice.between(1, 5)).map(|_| self.of_aggregates(scope)).collect();
        block.items = values.into_iter().map(|value| self.item(value, nested)).collect();
        if self.dice.percent(12) {
            block.having = vec![self.having(scope)];
        }
        Grown { block, total: Some(Vec::new()), others: Vec::new() }
    }

    fn window_block(&mut self, mut block: Block, scope: Scope<'_>, nested: bool) -> Grown {
        block.items = self.values(scope, nested);
        for _ in 0..self.dice.between(1, 2) {
            let window = self.window(scope);
            block.items.push(self.item(window, nested));
        }
        Grown { block, total: scope.key(), others: Vec::new() }
    }
}

/// Whether it is more than literals, which GROUP BY and ORDER BY would read as positions.
pub fn names_column(expr: &Expr) -> bool {
    match expr {
        Expr::Column { .. } => true,
        Expr::Literal { .. } | Expr::Subquery { .. } => false,
        Expr::Call { args, .. } => args.iter().any(names_column),
        Expr::Aggregate(_) | Expr::Window(_) => true,
    }
}

/// The collation in which a value is compared, if it is text.
pub fn collation_of(kind: Kind) -> Option<Collation> {
    match kind {
        Kind::Text(collation) => Some(collation),
        _ => None,
    }
}
