//! The columns of FROM that a statement uses outside of its aggregates, and what stands for them over the groups.
//!
//! A column keeps its name, so that names without a qualifier mean what they meant. Where a word can be a column or
//! something else, nothing is guessed: there is no such plan, or one more column.

use crate::sharding::schema::same_name;
use crate::sql::Op;
use crate::sql::parse::ast::{ColumnName, ItemKind, Span};
use crate::sql::tokens::{Token, TokenKind};

use super::read::{Clause, Reader};
use super::{Piece, Role};
use crate::plan::scope::InstanceId;

/// Words of expressions that are not reserved: where a column is called so, it is not known what is meant.
const WORDS: &[&str] = &[
    "any",
    "at",
    "boolean",
    "byte",
    "current",
    "date",
    "datetime",
    "day",
    "duplicate",
    "end",
    "escape",
    "expansion",
    "first",
    "following",
    "hour",
    "json",
    "language",
    "last",
    "local",
    "microsecond",
    "minute",
    "mode",
    "month",
    "nchar",
    "next",
    "nulls",
    "offset",
    "preceding",
    "quarter",
    "query",
    "respect",
    "rollup",
    "second",
    "signed",
    "some",
    "sql_tsi_day",
    "sql_tsi_hour",
    "sql_tsi_minute",
    "sql_tsi_month",
    "sql_tsi_quarter",
    "sql_tsi_second",
    "sql_tsi_week",
    "sql_tsi_year",
    "text",
    "time",
    "timestamp",
    "ties",
    "unbounded",
    "unicode",
    "unknown",
    "value",
    "week",
    "weight_string",
    "without",
    "year",
    "zone",
];

/// Where columns of FROM are used.
pub(super) struct References {
    /// What replaces their names where that must be.
    pub(super) edits: Vec<(Span, Vec<Piece>)>,
    known: Vec<Known>,
}

/// A column of FROM.
struct Known {
    instance: InstanceId,
    name: String,
    /// Its column of the groups.
    column: usize,
}

/// What a column's values must be told apart by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// Equal values are the same.
    Value,
    /// Equal ones may be written differently.
    Text,
}

/// How a word is used.
struct Use {
    span: Span,
    is_qualified: bool,
    is_group_element: bool,
    is_distinct: bool,
}

impl References {
    pub(super) fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
        let mut references = Self { edits: Vec::new(), known: Vec::new() };
        let mut uses: Vec<(InstanceId, String, Use)> = Vec::new();
        for region in reader.regions.clone() {
            let tokens = reader.statement.tokens_in(region.span).to_vec();
            let mut at = 0;
            while at < tokens.len() {
                let len = name_len(&tokens, at);
                if len > 0 && !reader.is_replaced(tokens[at].start) {
                    let found = reader.found(&tokens, at, len, region.clause)?;
                    uses.extend(found);
                }
                at += len.max(1);
            }
        }
        for (instance, name, _) in &uses {
            references.add(reader, *instance, name, &uses)?;
        }
        for (instance, name, found) in &uses {
            references.replace(reader, *instance, name, found)?;
        }
        Some(references)
    }

    /// Makes a column of the groups, once for each column.
    fn add(
        &mut self,
        reader: &mut Reader<'_, '_, '_>,
        instance: InstanceId,
        name: &str,
        uses: &[(InstanceId, String, Use)],
    ) -> Option<()> {
        if self.find(instance, name).is_some() {
            return Some(());
        }
        let nature = reader.nature(instance, name)?;
        let of_it =
            || uses.iter().filter(|(other, called, _)| *other == instance && called == name).map(|(_, _, it)| it);
        let is_grouped = of_it().any(|it| it.is_group_element) && !of_it().any(|it| it.is_distinct);
        let role = if nature == Nature::Text && !is_grouped { Role::ExactKey } else { Role::Key };
        let value = vec![reader.statement.copy(of_it().next()?.span)];
        let is_taken = self.known.iter().any(|known| same_name(&known.name, name));
        let column = reader.column((!is_taken).then(|| name.to_owned()), value, role);
        self.known.push(Known { instance, name: name.to_owned(), column });
        Some(())
    }

    fn find(&self, instance: InstanceId, name: &str) -> Option<&Known> {
        self.known.iter().find(|known| known.instance == instance && known.name == name)
    }

    fn replace(&mut self, reader: &Reader<'_, '_, '_>, instance: InstanceId, name: &str, found: &Use) -> Option<()> {
        let column = self.find(instance, name)?.column;
        let has_name = reader.columns[column].name == name;
        if has_name && !found.is_qualified {
            return Some(());
        }
        let mut pieces = vec![Piece::Column(column)];
        let items = &reader.statement.select.items;
        let item = items.iter().find(|item| item.expression.span == found.span && item.alias.is_none());
        if let Some(ItemKind::Column(written)) = item.map(|item| &item.kind)
            && !has_name
        {
            pieces.push(Piece::Text(format!(" AS `{}`", written.column.text.replace('`', "``"))));
        }
        self.edits.push((found.span, pieces));
        Some(())
    }
}

/// How many tokens the name that begins here has; none if it is a call, or no name.
fn name_len(tokens: &[Token], at: usize) -> usize {
    let is_name = |index: usize| {
        tokens.get(index).is_some_and(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent))
    };
    if !is_name(at) {
        return 0;
    }
    let mut len = 1;
    while tokens.get(at + len).is_some_and(|token| token.is_op(Op::Dot)) && is_name(at + len + 1) {
        len += 2;
    }
    let is_call = tokens.get(at + len).is_some_and(|token| token.is_op(Op::LParen));
    if is_call { 0 } else { len }
}

impl Reader<'_, '_, '_> {
    /// The column of FROM that a name is, if it is one. Outer `None`: that is not known.
    fn found(
        &self,
        tokens: &[Token],
        at: usize,
        len: usize,
        clause: Clause,
    ) -> Option<Option<(InstanceId, String, Use)>> {
        let found = &tokens[at..at + len];
        let span = Span { start: found[0].start, end: found[len - 1].end };
        let statement = self.statement;
        let Some(column) = statement.column_in(found) else { return Some(None) };
        let is_distinct = self.distinct.iter().any(|distinct| distinct.contains(span));
        let is_whole = self.is_element(tokens, at, len);
        let is_qualified = column.table.is_some();
        let instance = match is_qualified {
            true => {
                let instance = statement.scopes.resolve_qualified(statement.block, None, &column)?;
                (statement.scopes.instances[instance].block == statement.block).then_some(instance)?
            }
            false => {
                let owners = self.owners(&column.column.text);
                let [owner] = owners.as_slice() else {
                    // An alias, or a word; or the column of several tables.
                    return owners.is_empty().then_some(None);
                };
                if found[0].kind == TokenKind::Word && WORDS.iter().any(|word| same_name(word, &column.column.text)) {
                    return None;
                }
                if self.is_alias(&column, clause, is_whole, is_distinct)? {
                    return Some(None);
                }
                *owner
            }
        };
        let columns = statement.scopes.instances[instance].columns.as_ref()?;
        let name = columns.iter().find(|name| same_name(name, &column.column.text))?.clone();
        let is_group_element = clause == Clause::GroupBy && is_whole;
        Some(Some((instance, name, Use { span, is_qualified, is_group_element, is_distinct })))
    }

    /// Whether the name of a column of FROM means a select item that has it as its alias. `None`: that is not known.
    fn is_alias(&self, column: &ColumnName, clause: Clause, is_whole: bool, is_distinct: bool) -> Option<bool> {
        let name = &column.column.text;
        let items = &self.statement.select.items;
        let is_renaming = |item: &crate::sql::parse::ast::Item| {
            let is_called = item.alias.as_ref().is_some_and(|alias| same_name(&alias.text, name));
            let is_it = matches!(&item.kind, ItemKind::Column(it) if same_name(&it.column.text, name));
            is_called && !is_it
        };
        let has_alias = items.iter().any(is_renaming);
        match clause {
            _ if !has_alias => Some(false),
            // Columns of FROM come first.
            Clause::Item | Clause::GroupBy => Some(false),
            Clause::OrderBy if is_whole && !is_distinct => Some(true),
            Clause::Having if !is_distinct && !self.groups_by(name)? => Some(true),
            Clause::OrderBy | Clause::Having | Clause::Window => None,
        }
    }

    fn groups_by(&self, name: &str) -> Option<bool> {
        let is_it = |tokens: &[Token]| {
            self.statement.column_in(tokens).is_some_and(|column| same_name(&column.column.text, name))
        };
        Some(self.group_elements()?.iter().any(|element| is_it(&element.tokens)))
    }

    /// Whether the name is an element of its list by itself.
    fn is_element(&self, tokens: &[Token], at: usize, len: usize) -> bool {
        let depth = |token: &Token| i32::from(token.is_op(Op::LParen)) - i32::from(token.is_op(Op::RParen));
        let is_outside = tokens[..at].iter().map(depth).sum::<i32>() == 0;
        let before = at.checked_sub(1).and_then(|index| tokens.get(index));
        let is_end = |token: &Token| {
            token.is_op(Op::Comma) || ["ASC", "DESC", "WITH"].into_iter().any(|word| self.statement.is(token, word))
        };
        is_outside && before.is_none_or(|token| token.is_op(Op::Comma)) && tokens.get(at + len).is_none_or(is_end)
    }

    /// The tables of FROM that have a column of this name, or may.
    pub(super) fn owners(&self, name: &str) -> Vec<InstanceId> {
        let scopes = self.statement.scopes;
        let instances = scopes.blocks[self.statement.block].instances.iter();
        instances.copied().filter(|id| scopes.instances[*id].may_have(name)).collect()
    }

    /// `None`: values of this type do not travel.
    fn nature(&self, instance: InstanceId, name: &str) -> Option<Nature> {
        let instance = &self.statement.scopes.instances[instance];
        let Some(table) = instance.table() else { return Some(Nature::Text) };
        let column = table.table(self.statement.scopes.ctx.schema)?.column(name)?;
        let Some(kind) = column.kind.as_ref() else { return Some(Nature::Text) };
        Some(match kind.data_type.as_str() {
            "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" | "year" | "bit" => Nature::Value,
            "decimal" | "numeric" | "double" | "float" | "date" | "datetime" | "time" | "timestamp" => Nature::Value,
            "enum" | "set" | "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Nature::Value,
            "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => Nature::Text,
            _ => return None,
        })
    }
}
