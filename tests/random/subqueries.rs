//! Grows the queries inside expressions.

use crate::expressions::call;
use crate::kind::Kind;
use crate::queries::{Grower, names_column};
use crate::scope::Scope;
use crate::tree::{Aggregate, Block, Expr, Item, Limit, Query};

impl Grower<'_> {
    /// A subquery with one row at most, of a value of this kind.
    pub fn scalar_subquery(&mut self, outer: Scope<'_>, kind: Kind) -> Option<Expr> {
        let query = self.inner(outer, |grower, scope, block| {
            let query = match kind {
                Kind::Text(_) | Kind::Json => {
                    let value = grower.expr(scope, kind, 0);
                    block.items = vec![Item::Value { value, alias: None }];
                    let order = scope.key()?.into_iter().map(|key| grower.ordered(key)).collect();
                    let count = Expr::Literal { text: "1".to_owned(), param: None, kind: Kind::Int };
                    let limit = Some(Limit { count, offset: None });
                    Query { order, limit, ..Query::of_block(block.clone()) }
                }
                _ => {
                    // An aggregate of what is around the query alone would be one of that, and the query have many rows.
                    let arg = Some(grower.expr(scope, kind, 1)).filter(|arg| names_some_of(arg, scope));
                    let name = grower.dice.word(&["MIN", "MAX"]);
                    let counts = kind == Kind::Int && grower.dice.percent(50);
                    let args = if counts { Vec::new() } else { vec![arg.or_else(|| own_column(scope, kind))?] };
                    let name = if args.is_empty() { "COUNT" } else { name };
                    let made = Aggregate { name, distinct: false, args, order: Vec::new(), separator: None, kind };
                    let value = Expr::Aggregate(Box::new(made));
                    block.items = vec![Item::Value { value, alias: None }];
                    Query::of_block(block.clone())
                }
            };
            Some(query)
        })?;
        Some(Expr::Subquery { form: "{}", args: Vec::new(), query: Box::new(query), kind })
    }

    /// EXISTS, IN, ANY, ALL and comparisons with a subquery.
    pub fn subquery_predicate(&mut self, outer: Scope<'_>, left: Expr) -> Expr {
        let by_key = if self.dice.percent(25) { self.key_column(outer) } else { None };
        let is_by_key = by_key.is_some();
        let left = by_key.unwrap_or(left);
        let kind = left.kind();
        let fallback = call("{} IS NOT NULL", vec![left.clone()], Kind::Int);
        let (form, args): (&'static str, Vec<Expr>) = match self.dice.below(10) {
            0..=2 => (self.dice.word(&["EXISTS {}", "EXISTS {}", "NOT EXISTS {}"]), Vec::new()),
            3..=5 => (self.dice.word(&["{} IN {}", "{} IN {}", "{} NOT IN {}"]), vec![left]),
            6 => (self.dice.word(&["{} = ANY {}", "{} > ALL {}", "{} <= SOME {}", "{} <> ALL {}"]), vec![left]),
            7 => {
                let other = self.any_expr(outer, 0);
                (self.dice.word(&["({}, {}) IN {}", "({}, {}) NOT IN {}"]), vec![left, other])
            }
            _ => {
                let Some(scalar) = self.scalar_subquery(outer, kind) else {
                    return fallback;
                };
                let form = self.dice.word(&["{} = {}", "{} < {}", "{} >= {}", "{} <> {}"]);
                return call(form, vec![left, scalar], Kind::Int);
            }
        };
        let kinds: Vec<Kind> = args.iter().map(Expr::kind).collect();
        let query = self.inner(outer, |grower, scope, block| {
            let values = match kinds.is_empty() {
                true => vec![grower.literal(Kind::Int)],
                false => kinds.iter().map(|kind| grower.member(scope, *kind, is_by_key)).collect(),
            };
            if values.len() == 1 && !kinds.is_empty() && !matches!(kinds[0], Kind::Text(_)) && grower.dice.percent(15) {
                block.group =
                    values.iter().filter(|value| names_column(value)).cloned().map(Expr::without_params).collect();
                block.having = if grower.dice.percent(50) { vec![grower.having(scope)] } else { Vec::new() };
            }
            let values =
                values.into_iter().map(|value| if block.group.is_empty() { value } else { value.without_params() });
            block.items = values.map(|value| Item::Value { value, alias: None }).collect();
            Some(Query::of_block(block.clone()))
        });
        match query {
            Some(query) => Expr::Subquery { form, args, query: Box::new(query), kind: Kind::Int },
            None => fallback,
        }
    }

    /// What a subquery selects.
    fn member(&mut self, scope: Scope<'_>, kind: Kind, is_by_key: bool) -> Expr {
        let key = if is_by_key { self.key_column(scope) } else { None };
        key.filter(|key| key.kind() == kind).unwrap_or_else(|| self.expr(scope, kind, 1))
    }

    /// A block inside an expression, mostly tied to the block around it.
    pub fn inner(
        &mut self,
        outer: Scope<'_>,
        finish: impl FnOnce(&mut Self, Scope<'_>, &mut Block) -> Option<Query>,
    ) -> Option<Query> {
        if self.nesting >= 2 {
            return None;
        }
        self.nesting += 1;
        let (from, relations) = self.from();
        let scope = Scope { relations: &relations, outer: Some(&outer) };
        let mut block = Block { from: Some(from), is_bare: self.dice.percent(30), ..Block::default() };
        if self.dice.percent(65) {
            block.conditions.extend(self.link(outer.relations, &relations));
        }
        if self.dice.percent(45) {
            let depth = usize::from(self.nesting < 2);
            block.conditions.push(self.predicate(scope, depth));
        }
        let query = finish(self, scope, &mut block);
        self.nesting -= 1;
        query
    }
}

/// Whether the expression names a column of the block itself.
fn names_some_of(expr: &Expr, scope: Scope<'_>) -> bool {
    match expr {
        Expr::Column { of, .. } => scope.relations.iter().any(|relation| relation.alias == *of),
        Expr::Call { args, .. } | Expr::Subquery { args, .. } => args.iter().any(|arg| names_some_of(arg, scope)),
        Expr::Literal { .. } | Expr::Aggregate(_) | Expr::Window(_) => false,
    }
}

fn own_column(scope: Scope<'_>, kind: Kind) -> Option<Expr> {
    scope.columns().into_iter().find(|column| column.kind() == kind)
}
