//! Smaller statements: everything that is left when one thing is taken away.

use crate::kind::Kind;
use crate::tree::{Body, Expr, From, Item, On, OrderBy, OrderItem, Query};

/// Each statement that comes from this one by leaving out one thing, the shortest first.
pub fn smaller(query: &Query) -> Vec<Query> {
    let mut found = of_query(query);
    found.sort_by_cached_key(|query| query.text().len());
    found
}

/// Every list that comes from this one by leaving out one element, or by making one smaller.
fn of_list<T: Clone>(list: &[T], of_one: impl Fn(&T) -> Vec<T>) -> Vec<Vec<T>> {
    let mut found = Vec::new();
    for at in 0..list.len() {
        let mut shorter = list.to_vec();
        shorter.remove(at);
        found.push(shorter);
        found.extend(of_one(&list[at]).into_iter().map(|one| {
            let mut changed = list.to_vec();
            changed[at] = one;
            changed
        }));
    }
    found
}

/// The same length, but one element smaller.
fn within<T: Clone>(list: &[T], of_one: impl Fn(&T) -> Vec<T>) -> Vec<Vec<T>> {
    of_list(list, of_one).into_iter().filter(|changed| changed.len() == list.len()).collect()
}

fn of_query(query: &Query) -> Vec<Query> {
    let mut found = Vec::new();
    let of_cte = |cte: &crate::tree::Cte| {
        of_query(&cte.query).into_iter().map(|query| crate::tree::Cte { query, ..cte.clone() }).collect()
    };
    found.extend(of_list(&query.ctes, of_cte).into_iter().map(|ctes| Query { ctes, ..query.clone() }));
    found.extend(of_list(&query.order, of_order).into_iter().map(|order| Query { order, ..query.clone() }));
    if let Some(limit) = &query.limit {
        found.push(Query { limit: None, ..query.clone() });
        if limit.offset.is_some() {
            let limit = Some(crate::tree::Limit { offset: None, ..limit.clone() });
            found.push(Query { limit, ..query.clone() });
        }
    }
    if query.lock.is_some() {
        found.push(Query { lock: None, ..query.clone() });
    }
    match &query.body {
        Body::Set { operator, left, right } => {
            let hoisted = [left, right].map(|side| Query { ctes: query.ctes.clone(), ..(**side).clone() });
            found.extend(hoisted);
            let set = |left: Query, right: Query| {
                let body = Body::Set { operator, left: Box::new(left), right: Box::new(right) };
                Query { body, ..query.clone() }
            };
            found.extend(of_query(left).into_iter().map(|left| set(left, (**right).clone())));
            found.extend(of_query(right).into_iter().map(|right| set((**left).clone(), right)));
            // Both sides must have as many items.
            found.extend(without_item(left).into_iter().zip(without_item(right)).map(|(left, right)| set(left, right)));
        }
        Body::Block(block) => {
            if let Some(From::Derived { query: inner, .. }) = &block.from {
                found.push(Query { ctes: query.ctes.clone(), ..(**inner).clone() });
            }
            found.extend(
                of_block(block).into_iter().map(|block| Query { body: Body::Block(Box::new(block)), ..query.clone() }),
            );
        }
    }
    found
}

fn without_item(query: &Query) -> Vec<Query> {
    let Some(block) = query.block().filter(|block| block.items.len() > 1) else {
        return Vec::new();
    };
    let lists = of_list(&block.items, |_| Vec::new());
    let with = |items| Query::of_block(crate::tree::Block { items, ..block.clone() });
    lists.into_iter().map(|items| Query { body: with(items).body, ..query.clone() }).collect()
}

fn of_block(block: &crate::tree::Block) -> Vec<crate::tree::Block> {
    let mut found = Vec::new();
    let with = |change: &dyn Fn(&mut crate::tree::Block)| {
        let mut changed = block.clone();
        change(&mut changed);
        changed
    };
    for (is_set, changed) in [
        (block.distinct, with(&|block| block.distinct = false)),
        (block.counts_found, with(&|block| block.counts_found = false)),
        (block.rollup, with(&|block| block.rollup = false)),
        (block.is_bare, with(&|block| block.is_bare = false)),
        (block.groups_by_items, with(&|block| block.groups_by_items = false)),
    ] {
        found.extend(is_set.then_some(changed));
    }
    let of_item = |item: &Item| match item {
        Item::Value { value, alias } => {
            let smaller = of_expr(value).into_iter();
            smaller.map(|value| Item::Value { value, alias: alias.clone() }).collect()
        }
        Item::Star | Item::AllOf(_) => Vec::new(),
    };
    let items = of_list(&block.items, of_item).into_iter().filter(|items| !items.is_empty());
    found.extend(items.map(|items| crate::tree::Block { items, ..block.clone() }));
    let conditions = of_list(&block.conditions, of_expr).into_iter();
    found.extend(conditions.map(|conditions| crate::tree::Block { conditions, ..block.clone() }));
    let having = of_list(&block.having, of_expr).into_iter();
    found.extend(having.map(|having| crate::tree::Block { having, ..block.clone() }));
    let group = of_list(&block.group, of_expr).into_iter();
    found.extend(group.map(|group| crate::tree::Block { group, ..block.clone() }));
    if let Some(from) = &block.from {
        found.extend(of_from(from).into_iter().map(|from| crate::tree::Block { from: Some(from), ..block.clone() }));
        // A group key and what is selected of it only go together.
        for by in &block.group {
            for smaller in of_expr(by) {
                let mut changed = block.clone();
                changed.group.iter_mut().filter(|other| *other == by).for_each(|other| *other = smaller.clone());
                for item in &mut changed.items {
                    if let Item::Value { value, .. } = item
                        && value == by
                    {
                        *value = smaller.clone();
                    }
                }
                found.push(changed);
            }
        }
    }
    found
}

fn of_from(from: &From) -> Vec<From> {
    match from {
        From::Table { .. } | From::Cte { .. } => Vec::new(),
        From::Derived { query, alias, is_lateral } => {
            let (smaller, is_lateral) = (of_query(query).into_iter(), *is_lateral);
            smaller.map(|query| From::Derived { query: Box::new(query), alias: alias.clone(), is_lateral }).collect()
        }
        From::Join { word, left, right, on } => {
            let join = |left: &From, right: &From, on: On, word: &'static str| From::Join {
                word,
                left: Box::new(left.clone()),
                right: Box::new(right.clone()),
                on,
            };
            let mut found = vec![(**left).clone(), (**right).clone()];
            if let On::All(conditions) = on {
                let lists = of_list(conditions, of_expr).into_iter().filter(|list| !list.is_empty());
                found.extend(lists.map(|list| join(left, right, On::All(list), word)));
                if *word != "JOIN" {
                    found.push(join(left, right, on.clone(), "JOIN"));
                }
            }
            found.extend(of_from(left).into_iter().map(|left| join(&left, right, on.clone(), word)));
            found.extend(of_from(right).into_iter().map(|right| join(left, &right, on.clone(), word)));
            found
        }
    }
}

fn of_order(item: &OrderItem) -> Vec<OrderItem> {
    let mut found = Vec::new();
    if item.descending {
        found.push(OrderItem { descending: false, ..item.clone() });
    }
    if let OrderBy::Value(value) = &item.by {
        found.extend(of_expr(value).into_iter().map(|value| OrderItem { by: OrderBy::Value(value), ..item.clone() }));
    }
    found
}

fn of_expr(expr: &Expr) -> Vec<Expr> {
    let mut found = Vec::new();
    match expr {
        Expr::Column { .. } => {}
        Expr::Literal { param, .. } => {
            if param.is_some() {
                found.push(expr.clone().without_params());
            }
        }
        Expr::Call { form, args, kind } => {
            found.extend(args.iter().cloned());
            let lists = within(args, of_expr).into_iter();
            found.extend(lists.map(|args| Expr::Call { form, args, kind: *kind }));
        }
        Expr::Subquery { form, args, query, kind } => {
            found.push(Expr::Literal { text: "1".to_owned(), param: None, kind: Kind::Int });
            let with =
                |args: Vec<Expr>, query: Query| Expr::Subquery { form, args, query: Box::new(query), kind: *kind };
            found.extend(of_query(query).into_iter().map(|query| with(args.clone(), query)));
            found.extend(within(args, of_expr).into_iter().map(|args| with(args, (**query).clone())));
        }
        Expr::Aggregate(aggregate) => {
            let with = |change: &dyn Fn(&mut crate::tree::Aggregate)| {
                let mut changed = aggregate.clone();
                change(&mut changed);
                Expr::Aggregate(changed)
            };
            found.extend(aggregate.distinct.then(|| with(&|aggregate| aggregate.distinct = false)));
            found.extend(aggregate.separator.is_some().then(|| with(&|aggregate| aggregate.separator = None)));
            for order in of_list(&aggregate.order, of_order) {
                found.push(with(&|aggregate| aggregate.order.clone_from(&order)));
            }
            for args in of_list(&aggregate.args, of_expr).into_iter().filter(|args| !args.is_empty()) {
                found.push(with(&|aggregate| aggregate.args.clone_from(&args)));
            }
        }
        Expr::Window(window) => {
            let with = |change: &dyn Fn(&mut crate::tree::Window)| {
                let mut changed = window.clone();
                change(&mut changed);
                Expr::Window(changed)
            };
            found.extend((!window.frame.is_empty()).then(|| with(&|window| window.frame = "")));
            for order in of_list(&window.order, of_order) {
                found.push(with(&|window| window.order.clone_from(&order)));
            }
            for partition in of_list(&window.partition, of_expr) {
                found.push(with(&|window| window.partition.clone_from(&partition)));
            }
            for args in within(&window.args, of_expr) {
                found.push(with(&|window| window.args.clone_from(&args)));
            }
        }
    }
    found
}
