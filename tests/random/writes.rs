//! Grows statements that change rows. Their effect is determined: which rows are hit does not hang on an order that SQL
//! leaves open, and no two rows get the same value of a unique key that the shard key is no part of.

use crate::expressions::call;
use crate::kind::Kind;
use crate::queries::Grower;
use crate::schema::{Column, TableShape};
use crate::scope::{Field, Relation, Scope};
use crate::tree::{Expr, Template};

/// A statement, and the table that it changes.
#[derive(Clone, Debug)]
pub struct Write {
    pub template: Template,
    pub table: Option<&'static str>,
}

impl Write {
    /// Whether its rows stand in it, each of which every server looks at.
    pub fn gives_values(&self) -> bool {
        let text = self.template.text();
        !text.contains("SELECT") && (text.starts_with("INSERT") || text.starts_with("REPLACE"))
    }

    /// Whether more than one table, or one of them twice, is read.
    pub fn reads_several(&self) -> bool {
        let text = self.template.text();
        text.contains("SELECT") || text.contains(" JOIN ")
    }

    /// Whether subqueries read the table itself beside several rows, or in an UPDATE. Some of both are refused: rows see those
    /// before them, and MariaDB evaluates a SET of several columns in its own way. (UPDATEs of one column are not told apart.)
    pub fn reads_own_rows(&self) -> bool {
        let text = self.template.text();
        let is_own = |table: &str| text.matches(&format!(" {table} ")).count() > 1;
        let is_several = text.contains(" VALUES (") && text.contains("), (") || text.starts_with("UPDATE");
        is_several && self.table.is_some_and(is_own)
    }
}

const NOTHING: Scope<'static> = Scope { relations: &[], outer: None };

/// The table whose unique key does not have the shard key in it.
const UNIQUE_ELSEWHERE: &str = "delta";

impl Grower<'_> {
    /// The next statement of a session that has a transaction open, or not.
    pub fn write(&mut self, in_transaction: bool) -> Write {
        self.nesting = 1;
        self.bare_names.clear();
        if let Some(word) = self.transaction_word(in_transaction) {
            let mut template = Template::default();
            template.push(word);
            return Write { template, table: None };
        }
        let shape = self.dice.pick(&self.schema.shapes).clone();
        let template = match self.dice.below(100) {
            0..=39 => self.insert(&shape),
            40..=47 => self.insert_select(&shape),
            48..=74 => self.update(&shape),
            75..=81 => self.joined_update(&shape),
            82..=93 => self.delete(&shape),
            _ => self.joined_delete(&shape),
        };
        Write { template, table: Some(shape.name) }
    }

    fn transaction_word(&mut self, in_transaction: bool) -> Option<&'static str> {
        let roll = self.dice.below(100);
        Some(match (in_transaction, roll) {
            (false, 0..=9) => "BEGIN",
            (true, 0..=5) => "SAVEPOINT one",
            (true, 6..=9) => "ROLLBACK TO one",
            (true, 10..=17) => "COMMIT",
            (true, 18..=20) => "ROLLBACK",
            (true, 21) => "RELEASE SAVEPOINT one",
            _ => return None,
        })
    }

    fn insert(&mut self, shape: &TableShape) -> Template {
        let mut template = Template::default();
        let verb = match shape.name {
            // What is a duplicate there is so on one shard only.
            UNIQUE_ELSEWHERE => "INSERT",
            _ => self.dice.word(&["INSERT", "INSERT", "INSERT IGNORE", "REPLACE"]),
        };
        let columns = self.inserted_columns(shape);
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        template.push(format!("{verb} INTO {} ({}) VALUES ", shape.name, names.join(", ")));
        let updates = verb == "INSERT" && shape.name != UNIQUE_ELSEWHERE && self.dice.percent(25);
        for row in 0..self.dice.between(1, 4) {
            template.push(if row == 0 { "(" } else { ", (" });
            for (at, column) in columns.iter().enumerate() {
                template.push(if at == 0 { "" } else { ", " });
                let value = self.inserted_value(shape, column);
                template.value(value);
            }
            template.push(")");
        }
        if updates {
            self.on_duplicate(shape, &columns, &mut template);
        }
        template
    }

    /// The key's columns, and most of the others.
    fn inserted_columns(&mut self, shape: &TableShape) -> Vec<Column> {
        let must = |column: &Column| shape.key.contains(&column.name.as_str()) || !column.nullable;
        let leaves_out = self.dice.percent(40);
        let columns = shape.columns.iter().filter(|column| column.generated.is_none());
        columns.filter(|column| must(column) || !leaves_out || self.dice.percent(70)).cloned().collect()
    }

    fn inserted_value(&mut self, shape: &TableShape, column: &Column) -> Expr {
        if shape.key.first() == Some(&&*column.name) {
            return self.key_value(shape, column);
        }
        if column.nullable && self.dice.percent(20) {
            return text_value("NULL", column.kind);
        }
        if column.nullable && self.dice.percent(5) {
            return text_value("DEFAULT", column.kind);
        }
        match self.dice.percent(80) {
            true => self.literal(column.kind),
            false => self.expr(NOTHING, column.kind, 1),
        }
    }

    fn key_value(&mut self, shape: &TableShape, column: &Column) -> Expr {
        if shape.name == UNIQUE_ELSEWHERE {
            self.names += 1;
            return text_value(&(100_000 + self.names).to_string(), column.kind);
        }
        if column.kind != Kind::Int {
            return self.literal(column.kind);
        }
        let number = self.dice.below(40).to_string();
        match self.dice.below(12) {
            0 => call("({} + 1)", vec![text_value(&number, column.kind)], column.kind),
            1 => text_value(&format!("'{number}'"), column.kind),
            2 => text_value(&format!("0x{:02x}", self.dice.below(40)), column.kind),
            3 => text_value(&format!("{number}.4"), column.kind),
            4 => text_value(&format!("-{number}"), column.kind),
            _ => {
                let param = number.parse().ok().map(crate::harness::client::Param::Int);
                Expr::Literal { text: number, param, kind: column.kind }
            }
        }
    }

    fn on_duplicate(&mut self, shape: &TableShape, columns: &[Column], template: &mut Template) {
        let free: Vec<&Column> = changeable(shape, columns).collect();
        let Some(first) = free.first() else { return };
        let column = if self.dice.percent(50) { first } else { *self.dice.pick(&free) };
        template.push(format!(" ON DUPLICATE KEY UPDATE {} = ", column.name));
        if self.dice.percent(60) {
            template.push(format!("VALUES({})", column.name));
        } else {
            let value = self.literal(column.kind);
            template.value(value);
        }
    }

    /// Rows of another table, or of the same, under new keys.
    fn insert_select(&mut self, shape: &TableShape) -> Template {
        let mut template = Template::default();
        let source = self.dice.pick(&self.schema.shapes).clone();
        let Some(number) = source.columns.iter().find(|column| source.key.contains(&column.name.as_str())) else {
            return self.insert(shape);
        };
        if number.kind != Kind::Int || shape.columns[0].kind != Kind::Int {
            return self.insert(shape);
        }
        self.names += 1;
        let mut by = 1000 * (1 + self.names % 20);
        if shape.name == UNIQUE_ELSEWHERE {
            // Each statement has numbers of its own there, as many as its MEDIUMINT has room for.
            if source.key.len() > 1 || source.name == shape.name || self.far_keys == 7 {
                return self.insert(shape);
            }
            self.far_keys += 1;
            by = 1_000_000 * self.far_keys;
        }
        let relation = relation(&source, "source");
        let relations = [relation];
        let scope = Scope { relations: &relations, outer: None };
        let columns = self.inserted_columns(shape);
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        template.push(format!("INSERT INTO {} ({}) SELECT ", shape.name, names.join(", ")));
        for (at, column) in columns.iter().enumerate() {
            template.push(if at == 0 { "" } else { ", " });
            if at == 0 {
                template.push(format!("source.{} + {by}", source.key.last().unwrap()));
            } else {
                let value = match column.nullable {
                    true => self.expr(scope, column.kind, 1),
                    false => self.literal(column.kind),
                };
                template.value(value);
            }
        }
        template.push(format!(" FROM {} source", source.name));
        self.condition(scope, &mut template);
        template
    }

    fn update(&mut self, shape: &TableShape) -> Template {
        let mut template = Template::default();
        let relations = [relation(shape, shape.name)];
        let scope = Scope { relations: &relations, outer: None };
        let verb = if self.dice.percent(8) { "UPDATE IGNORE" } else { "UPDATE" };
        template.push(format!("{verb} {} SET ", shape.name));
        self.assignments(shape, None, scope, &mut template);
        self.condition(scope, &mut template);
        self.first_rows(shape, &mut template);
        template
    }

    fn assignments(&mut self, shape: &TableShape, prefix: Option<&str>, scope: Scope<'_>, template: &mut Template) {
        let free: Vec<Column> = changeable(shape, &shape.columns).cloned().collect();
        let prefix = prefix.map_or(String::new(), |alias| format!("{alias}."));
        let moves = shape.name != UNIQUE_ELSEWHERE && shape.columns[0].kind == Kind::Int && self.dice.percent(15);
        if moves || free.is_empty() {
            self.names += 1;
            let key = &shape.columns[0].name;
            let by = 50 * (1 + self.names % 9);
            return template.push(match shape.columns[0].kind {
                Kind::Int => format!("{prefix}{key} = {prefix}{key} + {by}"),
                _ => format!("{prefix}{key} = {prefix}{key}"),
            });
        }
        let mut assigned: Vec<String> = Vec::new();
        for _ in 0..self.dice.between(1, 3) {
            let column = self.dice.pick(&free).clone();
            // What a column that is assigned twice becomes is each server's own affair.
            if assigned.contains(&column.name) {
                continue;
            }
            let at = assigned.len();
            assigned.push(column.name.clone());
            template.push(format!("{}{prefix}{} = ", if at == 0 { "" } else { ", " }, column.name));
            let value = match self.dice.below(10) {
                0 if column.nullable => text_value("NULL", column.kind),
                0..=4 => self.literal(column.kind),
                _ => self.expr(scope, column.kind, 1),
            };
            template.value(value);
        }
    }

    fn delete(&mut self, shape: &TableShape) -> Template {
        let mut template = Template::default();
        let relations = [relation(shape, shape.name)];
        let scope = Scope { relations: &relations, outer: None };
        template.push(format!("DELETE FROM {}", shape.name));
        self.condition(scope, &mut template);
        self.first_rows(shape, &mut template);
        template
    }

    /// Each row of the changed table meets at most one of the other.
    fn joined_update(&mut self, shape: &TableShape) -> Template {
        let Some((other, on)) = self.partner(shape) else { return self.update(shape) };
        let mut template = Template::default();
        let relations = [relation(shape, "a"), relation(&other, "b")];
        let scope = Scope { relations: &relations, outer: None };
        let word = self.dice.word(&["JOIN", "LEFT JOIN"]);
        template.push(format!("UPDATE {} a {word} {} b ON {on} SET ", shape.name, other.name));
        self.assignments(shape, Some("a"), scope, &mut template);
        self.condition(scope, &mut template);
        template
    }

    fn joined_delete(&mut self, shape: &TableShape) -> Template {
        let Some((other, on)) = self.partner(shape) else { return self.delete(shape) };
        let mut template = Template::default();
        let relations = [relation(shape, "a"), relation(&other, "b")];
        let scope = Scope { relations: &relations, outer: None };
        let form = match self.dice.percent(50) {
            true => format!("DELETE a FROM {} a JOIN {} b ON {on}", shape.name, other.name),
            false => format!("DELETE FROM a USING {} a JOIN {} b ON {on}", shape.name, other.name),
        };
        template.push(form);
        self.condition(scope, &mut template);
        template
    }

    /// A table with a key of one column, and how a column of `shape` equals it.
    fn partner(&mut self, shape: &TableShape) -> Option<(TableShape, String)> {
        let other = self.dice.pick(&self.schema.shapes).clone();
        let [key] = other.key[..] else { return None };
        let kind = other.columns.iter().find(|column| column.name == key)?.kind;
        let same: Vec<&Column> = shape.columns.iter().filter(|column| column.kind == kind).collect();
        if same.is_empty() || other.name == shape.name {
            return None;
        }
        let column = self.dice.pick(&same).name.clone();
        Some((other, format!("a.{column} = b.{key}")))
    }

    fn condition(&mut self, scope: Scope<'_>, template: &mut Template) {
        let mut conditions = Vec::new();
        if self.dice.percent(35) {
            conditions.extend(self.on_few_shards(scope));
        }
        if conditions.is_empty() || self.dice.percent(40) {
            conditions.push(self.predicate(scope, 1));
        }
        for (at, condition) in conditions.into_iter().enumerate() {
            template.push(if at == 0 { " WHERE " } else { " AND " });
            template.value(call("({})", vec![condition], Kind::Int));
        }
    }

    fn first_rows(&mut self, shape: &TableShape, template: &mut Template) {
        if self.dice.percent(20) {
            let keys: Vec<String> = shape.key.iter().map(|key| format!("{key} DESC")).collect();
            template.push(format!(" ORDER BY {} LIMIT {}", keys.join(", "), self.dice.below(6)));
        }
    }
}

/// Columns that are no part of a unique key.
fn changeable<'a>(shape: &'a TableShape, columns: &'a [Column]) -> impl Iterator<Item = &'a Column> {
    columns.iter().filter(|column| column.generated.is_none() && !shape.key.contains(&column.name.as_str()))
}

fn relation(shape: &TableShape, alias: &str) -> Relation {
    let fields =
        shape.columns.iter().map(|column| Field { name: column.name.clone(), kind: column.kind, is_exact: true });
    let key = Some(shape.key.iter().map(|name| (*name).to_owned()).collect());
    Relation { alias: alias.to_owned(), fields: fields.collect(), key }
}

fn text_value(text: &str, kind: Kind) -> Expr {
    Expr::Literal { text: text.to_owned(), param: None, kind }
}
