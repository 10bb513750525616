//! Grows what stands behind FROM: tables, derived tables, CTEs and the joins between them.

use crate::expressions::call;
use crate::kind::Kind;
use crate::meaning::{self, Output, Quality};
use crate::queries::Grower;
use crate::scope::{Field, Relation, Scope};
use crate::tree::{Block, Body, Cte, Expr, From, Item, On, Query};

impl Grower<'_> {
    /// What stands behind FROM, and what can be named of it.
    pub fn from(&mut self) -> (From, Vec<Relation>) {
        let count = match self.nesting {
            0 => *self.dice.pick(&[1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4]),
            _ => *self.dice.pick(&[1, 1, 1, 2]),
        };
        let (mut from, relation) = self.leaf();
        let mut relations = vec![relation];
        for number in 1..count {
            let (right, mut new) = if number + 1 < count && self.dice.percent(8) {
                let (left, one) = self.leaf();
                let (right, other) = self.leaf();
                let (mut both, others) = (vec![one], vec![other]);
                let joined = self.join(left, &mut both, right, others, false);
                (joined, both)
            } else {
                let lateral = if self.is_mysql && self.dice.percent(8) { self.lateral(&relations) } else { None };
                let (leaf, relation) = lateral.unwrap_or_else(|| self.leaf());
                (leaf, vec![relation])
            };
            from = self.join(from, &mut relations, right, std::mem::take(&mut new), number + 1 == count);
        }
        (from, relations)
    }

    /// Joins, and adds the right side's relations to those of the left.
    fn join(
        &mut self,
        left: From,
        relations: &mut Vec<Relation>,
        right: From,
        new: Vec<Relation>,
        is_last: bool,
    ) -> From {
        let common = common_names(relations, &new);
        let is_simple = relations.len() == 1 && new.len() == 1 && !common.is_empty();
        let (mut word, mut on) = match self.dice.below(100) {
            0..=6 if is_simple => ("JOIN", On::Using(vec![self.dice.pick(&common).clone()])),
            7..=9 if is_simple => ("LEFT JOIN", On::Using(common.clone())),
            10..=13 if is_simple => (self.dice.word(&["NATURAL JOIN", "NATURAL LEFT JOIN"]), On::Nothing),
            14..=17 if is_last => (self.dice.word(&[",", "CROSS JOIN"]), On::Nothing),
            18..=42 => ("LEFT JOIN", On::All(Vec::new())),
            43..=51 => ("RIGHT JOIN", On::All(Vec::new())),
            52..=54 => ("STRAIGHT_JOIN", On::All(Vec::new())),
            55..=60 => ("INNER JOIN", On::All(Vec::new())),
            _ => ("JOIN", On::All(Vec::new())),
        };
        if let On::All(conditions) = &mut on {
            conditions.extend(self.link(relations, &new));
            if self.dice.percent(20) {
                let both: Vec<Relation> = relations.iter().chain(&new).cloned().collect();
                conditions.push(self.predicate(Scope { relations: &both, outer: None }, 0));
            }
            if conditions.is_empty() {
                (word, on) = ("CROSS JOIN", On::Nothing);
            }
        }
        relations.extend(new);
        From::Join { word, left: Box::new(left), right: Box::new(right), on }
    }

    /// An equality between a column of each side: of the same name, or only of the same kind.
    pub fn link(&mut self, left: &[Relation], right: &[Relation]) -> Option<Expr> {
        let pairs: Vec<(Expr, Expr, bool)> = left
            .iter()
            .flat_map(|one| one.exact_columns())
            .flat_map(|one| {
                let others = right.iter().flat_map(|other| other.exact_columns());
                others
                    .filter_map(move |other| {
                        (one.kind() == other.kind()).then(|| (one.clone(), other.clone(), names_same(&one, &other)))
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        let same: Vec<_> = pairs.iter().filter(|(_, _, is_same)| *is_same).collect();
        let chosen = match !same.is_empty() && self.dice.percent(75) {
            true => *self.dice.pick(&same),
            false if pairs.is_empty() => return None,
            false => self.dice.pick(&pairs),
        };
        Some(call("{} = {}", vec![chosen.0.clone(), chosen.1.clone()], Kind::Int))
    }

    fn leaf(&mut self) -> (From, Relation) {
        if self.nesting < 2
            && self.dice.percent(12)
            && let Some(derived) = self.derived()
        {
            return derived;
        }
        if !self.ctes.is_empty() && self.dice.percent(50) {
            let mut relation = self.dice.pick(&self.ctes).clone();
            let (name, alias) = (relation.alias.clone(), self.fresh("c"));
            relation.alias = alias.clone();
            return (From::Cte { name, alias }, relation);
        }
        self.table()
    }

    fn table(&mut self) -> (From, Relation) {
        let weighted = [0, 0, 1, 1, 2, 2, 3, 3, 4, 5];
        let shape = &self.schema.shapes[*self.dice.pick(&weighted)];
        let bare = self.nesting == 0 && self.dice.percent(35) && !self.bare_names.iter().any(|name| name == shape.name);
        let alias = if bare { shape.name.to_owned() } else { self.fresh("t") };
        if bare {
            self.bare_names.push(alias.clone());
        }
        let fields =
            shape.columns.iter().map(|column| Field { name: column.name.clone(), kind: column.kind, is_exact: true });
        let key = Some(shape.key.iter().map(|name| (*name).to_owned()).collect());
        let relation = Relation { alias: alias.clone(), fields: fields.collect(), key };
        (From::Table { name: shape.name.to_owned(), alias }, relation)
    }

    fn derived(&mut self) -> Option<(From, Relation)> {
        self.nesting += 1;
        let query = self.query(true);
        self.nesting -= 1;
        let alias = self.fresh("d");
        let relation = relation_of(meaning::of(&query, &self.catalog)?, &alias);
        Some((From::Derived { query: Box::new(query), alias, is_lateral: false }, relation))
    }

    /// A derived table that may name what stands before it.
    fn lateral(&mut self, before: &[Relation]) -> Option<(From, Relation)> {
        let outer = Scope { relations: before, outer: None };
        let query = self.inner(outer, |grower, scope, block| {
            block.items = grower.values(scope, true);
            Some(Query::of_block(block.clone()))
        })?;
        let alias = self.fresh("d");
        let relation = relation_of(meaning::of_lateral(&query, &self.catalog, before)?, &alias);
        Some((From::Derived { query: Box::new(query), alias, is_lateral: true }, relation))
    }

    pub fn cte(&mut self) -> Option<Cte> {
        if self.dice.percent(25) {
            return Some(self.recursive_cte());
        }
        self.nesting += 1;
        let query = self.query(true);
        self.nesting -= 1;
        let name = self.fresh("w");
        let relation = relation_of(meaning::of(&query, &self.catalog)?, &name);
        let cte = Cte { name, columns: Vec::new(), query, is_recursive: false };
        self.catalog = self.catalog.with_cte(&cte)?;
        self.ctes.push(relation);
        Some(cte)
    }

    /// Numbers up to a limit, or the rows of a table followed along its column `k`.
    fn recursive_cte(&mut self) -> Cte {
        let name = self.fresh("w");
        let int = |text: &str| Expr::Literal { text: text.to_owned(), param: None, kind: Kind::Int };
        let own = |column: &str| Expr::Column { of: name.clone(), name: column.to_owned(), kind: Kind::Int };
        let value = |value: Expr| Item::Value { value, alias: None };
        let itself = || From::Cte { name: name.clone(), alias: name.clone() };
        let below = |limit: usize| call("{} < {}", vec![own("depth"), int(&limit.to_string())], Kind::Int);
        let next = call("({} + 1)", vec![own("depth")], Kind::Int);
        let with_k: Vec<_> =
            self.schema.shapes.iter().filter(|shape| shape.columns.iter().any(|column| column.name == "k")).collect();
        let shape = *self.dice.pick(&with_k);
        let number = shape.columns.iter().find(|column| column.kind == Kind::Int).map(|column| column.name.clone());
        let (first, second) = match number {
            Some(number) if self.dice.percent(60) => {
                let (alias, other) = (self.fresh("t"), self.fresh("t"));
                let of = |alias: &str, name: &str| Expr::Column {
                    of: alias.to_owned(),
                    name: name.to_owned(),
                    kind: Kind::Int,
                };
                let table = |alias: &str| From::Table { name: shape.name.to_owned(), alias: alias.to_owned() };
                let first = Block {
                    items: vec![value(of(&alias, &number)), value(int("0"))],
                    from: Some(table(&alias)),
                    conditions: vec![call("{} < {}", vec![of(&alias, &number), int("3")], Kind::Int)],
                    ..Block::default()
                };
                let link = call("{} = {}", vec![of(&other, "k"), own("n")], Kind::Int);
                let from = From::Join {
                    word: "JOIN",
                    left: Box::new(table(&other)),
                    right: Box::new(itself()),
                    on: On::All(vec![link]),
                };
                let second = Block {
                    items: vec![value(of(&other, &number)), value(next)],
                    from: Some(from),
                    conditions: vec![below(2)],
                    ..Block::default()
                };
                (first, second)
            }
            _ => {
                let first = Block { items: vec![value(int("1")), value(int("0"))], ..Block::default() };
                let doubled = call("({} * 2)", vec![own("n")], Kind::Int);
                let second = Block {
                    items: vec![value(doubled), value(next)],
                    from: Some(itself()),
                    conditions: vec![below(5)],
                    ..Block::default()
                };
                (first, second)
            }
        };
        let operator = self.dice.word(&["UNION ALL", "UNION"]);
        let body =
            Body::Set { operator, left: Box::new(Query::of_block(first)), right: Box::new(Query::of_block(second)) };
        let query = Query { ctes: Vec::new(), body, order: Vec::new(), limit: None, lock: None };
        let columns = vec!["n".to_owned(), "depth".to_owned()];
        let cte = Cte { name: name.clone(), columns: columns.clone(), query, is_recursive: true };
        let fields = columns.into_iter().map(|name| Field { name, kind: Kind::Int, is_exact: true }).collect();
        if let Some(catalog) = self.catalog.with_cte(&cte) {
            self.catalog = catalog;
            self.ctes.push(Relation { alias: name, fields, key: None });
        }
        cte
    }
}

fn relation_of(output: Output, alias: &str) -> Relation {
    let fields = output.columns.iter().map(|column| Field {
        name: column.name.clone(),
        kind: column.kind,
        is_exact: column.quality == Quality::Exact,
    });
    let key = output.key.map(|key| key.iter().map(|position| output.columns[*position].name.clone()).collect());
    Relation { alias: alias.to_owned(), fields: fields.collect(), key }
}

fn names_same(one: &Expr, other: &Expr) -> bool {
    matches!((one, other), (Expr::Column { name, .. }, Expr::Column { name: other, .. }) if name == other)
}

fn common_names(left: &[Relation], right: &[Relation]) -> Vec<String> {
    let named = |name: &str| right.iter().any(|relation| relation.field(name).is_some());
    let names = left.iter().flat_map(|relation| &relation.fields).map(|field| field.name.clone());
    names.filter(|name| named(name)).collect()
}
