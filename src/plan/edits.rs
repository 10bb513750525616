//! Where physical names go into a statement's text.

use crate::sharding::schema::{is_the_servers, same_name};
use crate::sql::parse::ast::{ColumnName, Expression, Ident, Item, ItemKind, Span, TableName};

use super::names::{Anchor, NewText};
use super::narrow::TableId;
use super::scope::{InstanceId, Scopes};

impl Scopes<'_, '_> {
    /// A select item without an alias is called by its text: where that changes, the name must be given.
    pub(super) fn keep_title(&mut self, item: &Item) {
        let span = item.expression.span;
        let is_titled = item.alias.is_some() || !matches!(item.kind, ItemKind::Other | ItemKind::BareCall(_));
        if !is_titled && self.edits.touch(span, self.literals) {
            let anchor = |offset| Anchor::new(offset, self.literals);
            let text = NewText::Title { from: anchor(span.start), to: anchor(span.end) };
            self.edits.insert(span.end, text, self.literals);
        }
    }

    /// Whether it is a table of the servers' own.
    fn is_system(&self, name: &TableName) -> bool {
        match &name.database {
            Some(database) => is_the_servers(&database.text),
            None => self.ctx.in_catalog,
        }
    }

    /// Puts physical names in the place of a table's name.
    pub(super) fn edit_table_name(&mut self, name: &TableName, table: Option<TableId>) {
        self.edit_database(name.database.as_ref());
        if !self.is_system(name) {
            self.edits.note_mention(&name.table.text);
        }
        let database = self.database_of(name).ok();
        self.edits.note_database(database);
        let Some(id) = table else { return };
        if id.table(self.ctx.schema).is_some_and(|table| table.is_renamed()) {
            self.edits.note_table(id);
            let written = name.table.text.clone();
            self.edits.replace(name.table.span, NewText::Table { table: id, written }, self.literals);
        }
    }

    pub(super) fn edit_database(&mut self, database: Option<&Ident>) {
        let Some(written) = database else { return };
        let is_logical = self.ctx.schema.database(&written.text).is_some();
        if is_logical || is_the_servers(&written.text) {
            self.edits.note_qualifier(&written.text);
        }
        if is_logical {
            self.edits.replace(written.span, NewText::Schema { written: written.text.clone() }, self.literals);
        }
    }

    /// Puts physical names in the place of a column's qualifiers.
    pub(super) fn edit_column(&mut self, column: &ColumnName, of: Option<InstanceId>) {
        self.edit_database(column.database.as_ref());
        let Some(instance) = of.map(|id| &self.instances[id]).filter(|instance| instance.is_spliced) else { return };
        let table = instance.table().zip(column.table.as_ref());
        let is_renamed = |id: TableId| id.table(self.ctx.schema).is_some_and(|table| table.is_renamed());
        if let Some((id, name)) = table.filter(|(id, name)| is_renamed(*id) && self.is_table_name(*id, name)) {
            self.edits.replace(name.span, NewText::Table { table: id, written: name.text.clone() }, self.literals);
        }
    }

    /// Puts physical names in the place of a name before the FROM of a DELETE.
    pub(super) fn edit_delete_target(&mut self, name: &TableName, target: InstanceId) {
        let Some(database) = &name.database else { return };
        let table = self.instances[target].table();
        let is_renamed = |id: &TableId| id.table(self.ctx.schema).is_some_and(|table| table.is_renamed());
        match table.filter(|id| is_renamed(id) && self.is_table_name(*id, &name.table)) {
            // The server looks for the alias, which belongs to no database.
            Some(table) => {
                let span = Span { start: database.span.start, end: name.table.span.start };
                let written = name.table.text.clone();
                self.edits.replace(span, NewText::Dropped { table, written }, self.literals);
            }
            None => self.edit_database(Some(database)),
        }
    }

    /// Whether `name` is the table's own, not an alias.
    fn is_table_name(&self, id: TableId, name: &Ident) -> bool {
        id.table(self.ctx.schema).is_some_and(|table| same_name(&table.name, &name.text))
    }

    /// Puts the logical database in the place of DATABASE(), and physical schemas before names of functions.
    pub(super) fn edit_calls(&mut self, expression: &Expression) {
        for call in &expression.calls {
            self.edit_database(call.database.as_ref());
        }
        for call in expression.calls.iter().filter(|call| call.is_plain && call.arguments.start == call.arguments.end) {
            if matches!(call.name.as_str(), "database" | "schema") {
                let name = self.ctx.database_name();
                self.edits.replace(call.span, NewText::CurrentDatabase { name }, self.literals);
            }
        }
    }
}
