//! Statements as trees: what the generator grows, the shrinker cuts, and servers get as text.

use crate::harness::client::Param;
use crate::kind::Kind;

/// A whole SELECT, at the top or nested.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub ctes: Vec<Cte>,
    pub body: Body,
    pub order: Vec<OrderItem>,
    pub limit: Option<Limit>,
    /// FOR UPDATE and its kin, at the end.
    pub lock: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cte {
    pub name: String,
    /// Names of its columns, if it lists them.
    pub columns: Vec<String>,
    pub query: Query,
    /// The right side of its UNION reads itself.
    pub is_recursive: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Block(Box<Block>),
    Set { operator: &'static str, left: Box<Query>, right: Box<Query> },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    pub count: Expr,
    pub offset: Option<Expr>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// SQL_CALC_FOUND_ROWS
    pub counts_found: bool,
    pub distinct: bool,
    /// The columns of its only relation are named without it, where that means them.
    pub is_bare: bool,
    pub items: Vec<Item>,
    pub from: Option<From>,
    /// All of them.
    pub conditions: Vec<Expr>,
    pub group: Vec<Expr>,
    /// GROUP BY names select items, or counts them, where it can.
    pub groups_by_items: bool,
    pub rollup: bool,
    pub having: Vec<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Value {
        value: Expr,
        alias: Option<String>,
    },
    Star,
    /// `alias.*`
    AllOf(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum From {
    Table {
        name: String,
        alias: String,
    },
    /// Behind LATERAL it may name what stands before it.
    Derived {
        query: Box<Query>,
        alias: String,
        is_lateral: bool,
    },
    Cte {
        name: String,
        alias: String,
    },
    Join {
        word: &'static str,
        left: Box<From>,
        right: Box<From>,
        on: On,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum On {
    Nothing,
    All(Vec<Expr>),
    Using(Vec<String>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    pub by: OrderBy,
    pub descending: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum OrderBy {
    /// Counted from 0.
    Position(usize),
    Alias(String),
    Value(Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Column {
        of: String,
        name: String,
        kind: Kind,
    },
    Literal {
        text: String,
        param: Option<Param>,
        kind: Kind,
    },
    /// Each `{}` of the form stands for one argument.
    Call {
        form: &'static str,
        args: Vec<Expr>,
        kind: Kind,
    },
    Aggregate(Box<Aggregate>),
    Window(Box<Window>),
    /// Each `{}` of the form stands for one argument, the last for the query in parentheses.
    Subquery {
        form: &'static str,
        args: Vec<Expr>,
        query: Box<Query>,
        kind: Kind,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// `SUM`, `COUNT`, `GROUP_CONCAT` ...; `COUNT` without arguments is COUNT(*).
    pub name: &'static str,
    pub distinct: bool,
    pub args: Vec<Expr>,
    pub order: Vec<OrderItem>,
    pub separator: Option<&'static str>,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    pub name: &'static str,
    pub args: Vec<Expr>,
    pub partition: Vec<Expr>,
    pub order: Vec<OrderItem>,
    /// `ROWS BETWEEN ...`, `RANGE ...` or nothing.
    pub frame: &'static str,
    pub kind: Kind,
}

impl Expr {
    pub fn kind(&self) -> Kind {
        match self {
            Expr::Column { kind, .. }
            | Expr::Literal { kind, .. }
            | Expr::Call { kind, .. }
            | Expr::Subquery { kind, .. } => *kind,
            Expr::Aggregate(aggregate) => aggregate.kind,
            Expr::Window(window) => window.kind,
        }
    }

    /// The same with its literals written out wherever it stands: a GROUP BY must find its own expressions again.
    pub fn without_params(mut self) -> Expr {
        match &mut self {
            Expr::Literal { param, .. } => *param = None,
            Expr::Call { args, .. } | Expr::Subquery { args, .. } => {
                args.iter_mut().for_each(|arg| *arg = arg.clone().without_params());
            }
            Expr::Column { .. } | Expr::Aggregate(_) | Expr::Window(_) => {}
        }
        self
    }
}

fn opened(condition: &Expr) -> Expr {
    Expr::Call { form: "({} OR @unset)", args: vec![condition.clone()], kind: Kind::Int }
}

impl From {
    /// With each condition of a join behind `join`, and each query in it behind `query`.
    fn changed(&self, join: fn(&Expr) -> Expr, query: fn(&Query) -> Query) -> From {
        match self {
            From::Table { .. } | From::Cte { .. } => self.clone(),
            From::Derived { query: derived, alias, is_lateral } => {
                From::Derived { query: Box::new(query(derived)), alias: alias.clone(), is_lateral: *is_lateral }
            }
            From::Join { word, left, right, on } => From::Join {
                word,
                left: Box::new(left.changed(join, query)),
                right: Box::new(right.changed(join, query)),
                on: match on {
                    On::All(conditions) => On::All(conditions.iter().map(join).collect()),
                    On::Nothing | On::Using(_) => on.clone(),
                },
            },
        }
    }
}

impl Block {
    /// The relation whose columns are named without it.
    fn bare(&self) -> Option<&String> {
        match &self.from {
            Some(From::Table { alias, .. } | From::Derived { alias, .. } | From::Cte { alias, .. }) if self.is_bare => {
                Some(alias)
            }
            _ => None,
        }
    }

    /// Names of items that are not columns of that name.
    fn renamed(&self) -> Vec<String> {
        let names = self.items.iter().filter_map(|item| match item {
            Item::Value { value: Expr::Column { name, .. }, alias: Some(alias) } if name == alias => None,
            Item::Value { alias, .. } => alias.clone(),
            Item::Star | Item::AllOf(_) => None,
        });
        names.collect()
    }
}

impl Query {
    pub fn of_block(block: Block) -> Query {
        Query { ctes: Vec::new(), body: Body::Block(Box::new(block)), order: Vec::new(), limit: None, lock: None }
    }

    /// The same answer, with conditions of joins and WHERE that are not known to be false before they are evaluated: each may also
    /// be met by a variable that is not set.
    pub fn with_open_conditions(&self) -> Query {
        self.changed(Query::with_open_conditions, |block| Block {
            from: block.from.as_ref().map(|from| from.changed(opened, Query::with_open_conditions)),
            conditions: block.conditions.iter().map(opened).collect(),
            ..block.clone()
        })
    }

    /// What it says of the rows that it would have without WHERE and HAVING, also in the tables that it reads.
    pub fn without_conditions(&self) -> Query {
        self.changed(Query::without_conditions, |block| Block {
            from: block.from.as_ref().map(|from| from.changed(opened, Query::without_conditions)),
            conditions: Vec::new(),
            having: Vec::new(),
            ..block.clone()
        })
    }

    /// With each of its common tables and operands behind `query`, or itself behind `block`. What reads itself needs conditions to
    /// come to an end.
    fn changed(&self, query: fn(&Query) -> Query, block: fn(&Block) -> Block) -> Query {
        let ctes = self.ctes.iter().map(|cte| {
            let of_cte = if cte.is_recursive { Query::with_open_conditions } else { query };
            Cte { query: of_cte(&cte.query), ..cte.clone() }
        });
        let body = match &self.body {
            Body::Block(own) => Body::Block(Box::new(block(own))),
            Body::Set { operator, left, right } => {
                Body::Set { operator, left: Box::new(query(left)), right: Box::new(query(right)) }
            }
        };
        Query { ctes: ctes.collect(), body, ..self.clone() }
    }

    pub fn block(&self) -> Option<&Block> {
        match &self.body {
            Body::Block(block) => Some(block),
            Body::Set { .. } => None,
        }
    }

    /// As text, with literals written in.
    pub fn text(&self) -> String {
        let mut writer = Writer::default();
        writer.query(self);
        writer.sql
    }

    /// With `?`, and what to bind.
    pub fn prepared(&self) -> (String, Vec<Param>) {
        let mut writer = Writer { binds: true, ..Writer::default() };
        writer.query(self);
        (writer.sql, writer.params)
    }
}

/// A statement as text with values in between.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Text(String),
    Value(Expr),
}

impl Template {
    pub fn push(&mut self, text: impl Into<String>) {
        self.parts.push(Part::Text(text.into()));
    }

    pub fn value(&mut self, value: Expr) {
        self.parts.push(Part::Value(value));
    }

    pub fn text(&self) -> String {
        self.written(Writer::default()).sql
    }

    /// With `?`, and what to bind.
    pub fn prepared(&self) -> (String, Vec<Param>) {
        let writer = self.written(Writer { binds: true, ..Writer::default() });
        (writer.sql, writer.params)
    }

    fn written(&self, mut writer: Writer) -> Writer {
        for part in &self.parts {
            match part {
                Part::Text(text) => writer.push(text),
                Part::Value(value) => writer.expr(value),
            }
        }
        writer
    }
}

#[derive(Default)]
struct Writer {
    sql: String,
    params: Vec<Param>,
    binds: bool,
    /// The relation whose columns are named without it, where it is the one that is meant.
    bare: Option<String>,
    /// Names of select items that are not columns of that name, and whether they are meant first where this is written.
    renamed: Vec<String>,
    sees_items: bool,
}

impl Writer {
    fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    fn list<T>(&mut self, between: &str, of: &[T], mut each: impl FnMut(&mut Writer, &T)) {
        for (number, one) in of.iter().enumerate() {
            if number > 0 {
                self.push(between);
            }
            each(self, one);
        }
    }

    fn clause<T>(&mut self, word: &str, between: &str, of: &[T], each: impl FnMut(&mut Writer, &T)) {
        if !of.is_empty() {
            self.push(word);
            self.list(between, of, each);
        }
    }

    fn query(&mut self, query: &Query) {
        let around = (self.bare.take(), std::mem::take(&mut self.renamed), std::mem::take(&mut self.sees_items));
        if !query.ctes.is_empty() {
            let recursive = query.ctes.iter().any(|cte| cte.is_recursive);
            self.push(if recursive { "WITH RECURSIVE " } else { "WITH " });
            self.list(", ", &query.ctes, Writer::cte);
            self.push(" ");
        }
        match &query.body {
            Body::Block(block) => {
                (self.bare, self.renamed) = (block.bare().cloned(), block.renamed());
                self.block(block);
            }
            Body::Set { operator, left, right } => {
                self.operand(left);
                self.push(&format!(" {operator} "));
                self.operand(right);
            }
        }
        self.where_items_are_seen(|writer| writer.clause(" ORDER BY ", ", ", &query.order, Writer::order_item));
        if let Some(limit) = &query.limit {
            self.push(" LIMIT ");
            self.expr(&limit.count);
            if let Some(offset) = &limit.offset {
                self.push(" OFFSET ");
                self.expr(offset);
            }
        }
        if let Some(lock) = query.lock {
            self.push(&format!(" {lock}"));
        }
        (self.bare, self.renamed, self.sees_items) = around;
    }

    fn where_items_are_seen(&mut self, write: impl FnOnce(&mut Writer)) {
        self.sees_items = true;
        write(self);
        self.sees_items = false;
    }

    fn cte(&mut self, cte: &Cte) {
        self.push(&cte.name);
        if !cte.columns.is_empty() {
            self.push(&format!(" ({})", cte.columns.join(", ")));
        }
        self.push(" AS (");
        self.query(&cte.query);
        self.push(")");
    }

    /// A side of UNION and its kin.
    fn operand(&mut self, query: &Query) {
        let is_plain = query.block().is_some() && query.ctes.is_empty() && query.order.is_empty();
        if is_plain && query.limit.is_none() {
            return self.query(query);
        }
        self.push("(");
        self.query(query);
        self.push(")");
    }

    fn block(&mut self, block: &Block) {
        self.push("SELECT ");
        if block.counts_found {
            self.push("SQL_CALC_FOUND_ROWS ");
        }
        if block.distinct {
            self.push("DISTINCT ");
        }
        self.list(", ", &block.items, |writer, item| match item {
            Item::Value { value, alias } => {
                writer.expr(value);
                if let Some(alias) = alias {
                    writer.push(&format!(" AS {alias}"));
                }
            }
            Item::Star => writer.push("*"),
            Item::AllOf(alias) => writer.push(&format!("{alias}.*")),
        });
        if let Some(from) = &block.from {
            self.push(" FROM ");
            self.from(from);
        }
        self.clause(" WHERE ", " AND ", &block.conditions, Writer::expr);
        self.clause(" GROUP BY ", ", ", &block.group, |writer, by| writer.group_key(block, by));
        if block.rollup {
            self.push(" WITH ROLLUP");
        }
        self.where_items_are_seen(|writer| writer.clause(" HAVING ", " AND ", &block.having, Writer::expr));
    }

    fn group_key(&mut self, block: &Block, by: &Expr) {
        let is_it = |item: &Item| matches!(item, Item::Value { value, .. } if value == by);
        match block.items.iter().position(is_it).filter(|_| block.groups_by_items) {
            None => self.expr(by),
            Some(position) => match &block.items[position] {
                Item::Value { alias: Some(alias), .. } => self.push(alias),
                _ => self.push(&(position + 1).to_string()),
            },
        }
    }

    fn from(&mut self, from: &From) {
        match from {
            From::Table { name, alias } | From::Cte { name, alias } if name == alias => self.push(name),
            From::Table { name, alias } | From::Cte { name, alias } => self.push(&format!("{name} {alias}")),
            From::Derived { query, alias, is_lateral } => {
                self.push(if *is_lateral { "LATERAL (" } else { "(" });
                self.query(query);
                self.push(&format!(") {alias}"));
            }
            From::Join { word, left, right, on } => {
                self.from(left);
                self.push(&format!(" {word} "));
                let is_nested = matches!(**right, From::Join { .. });
                self.push(if is_nested { "(" } else { "" });
                self.from(right);
                self.push(if is_nested { ")" } else { "" });
                match on {
                    On::Nothing => {}
                    On::All(conditions) => self.clause(" ON ", " AND ", conditions, Writer::expr),
                    On::Using(names) => self.push(&format!(" USING ({})", names.join(", "))),
                }
            }
        }
    }

    fn order_item(&mut self, item: &OrderItem) {
        match &item.by {
            OrderBy::Position(position) => self.push(&(position + 1).to_string()),
            OrderBy::Alias(alias) => self.push(alias),
            OrderBy::Value(value) => self.expr(value),
        }
        self.push(if item.descending { " DESC" } else { "" });
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Column { of, name, .. } if self.bare.as_ref() == Some(of) && !self.is_hidden(name) => self.push(name),
            Expr::Column { of, name, .. } => self.push(&format!("{of}.{name}")),
            Expr::Literal { param: Some(param), .. } if self.binds => {
                self.push("?");
                self.params.push(param.clone());
            }
            Expr::Literal { text, .. } => self.push(text),
            Expr::Call { form, args, .. } => self.form(form, args, None),
            Expr::Subquery { form, args, query, .. } => self.form(form, args, Some(query)),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate),
            Expr::Window(window) => self.window(window),
        }
    }

    fn is_hidden(&self, name: &String) -> bool {
        self.sees_items && self.renamed.contains(name)
    }

    fn form(&mut self, form: &str, args: &[Expr], query: Option<&Query>) {
        let mut args = args.iter();
        for (number, part) in form.split("{}").enumerate() {
            if number > 0 {
                match (args.next(), query) {
                    (Some(arg), _) => self.expr(arg),
                    (None, Some(query)) => {
                        self.push("(");
                        self.query(query);
                        self.push(")");
                    }
                    (None, None) => panic!("{form} has more places than arguments"),
                }
            }
            self.push(part);
        }
    }

    fn aggregate(&mut self, aggregate: &Aggregate) {
        self.push(&format!("{}({}", aggregate.name, if aggregate.distinct { "DISTINCT " } else { "" }));
        if aggregate.args.is_empty() {
            self.push("*");
        }
        self.list(", ", &aggregate.args, Writer::expr);
        self.clause(" ORDER BY ", ", ", &aggregate.order, Writer::order_item);
        if let Some(separator) = aggregate.separator {
            self.push(&format!(" SEPARATOR '{separator}'"));
        }
        self.push(")");
    }

    fn window(&mut self, window: &Window) {
        self.push(&format!("{}(", window.name));
        if window.args.is_empty() && window.name == "COUNT" {
            self.push("*");
        }
        self.list(", ", &window.args, Writer::expr);
        self.push(") OVER (");
        let around = std::mem::replace(&mut self.sees_items, true);
        self.clause("PARTITION BY ", ", ", &window.partition, Writer::expr);
        let word = if window.partition.is_empty() { "ORDER BY " } else { " ORDER BY " };
        self.clause(word, ", ", &window.order, Writer::order_item);
        self.sees_items = around;
        self.push(&format!(" {})", window.frame));
    }
}
