//! By which values in a shard's rows its sort order can be told: for each element of ORDER BY a column of the result,
//! or select items that are added for it.
//!
//! Text is compared by its weights, which the server computes: `WEIGHT_STRING(x)`. Beside them stands the weight of a
//! blank, or an empty string where the collation does not pad. ENUM and SET sort by their number; FLOAT is rounded when
//! it is written, and TIMESTAMP repeats an hour when summer ends, so these come as the numbers that they are.

use crate::sharding::schema::same_name;
use crate::sharding::table::ColumnKind;
use crate::sql::parse::ast::{ColumnName, Item, ItemKind, Span};
use crate::sql::tokens::{Token, TokenKind, ident};

use super::Guard;
use super::functions;
use super::instance::Source as InstanceSource;
use super::merged::{Element, Statement};
use super::names::Part;
use super::scope::{BlockId, Scopes};

/// One element of ORDER BY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey {
    pub value: SortValue,
    pub descending: bool,
}

/// Which columns tell where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortValue {
    /// The column itself, which is no text.
    Plain(ColumnAt),
    /// The column itself, whose bytes compare.
    Bytes(ColumnAt),
    /// The weights of a text, and of a blank.
    Weights { weights: ColumnAt, blank: ColumnAt },
    /// The weights if the column turns out to be text, else the column.
    ByType { plain: ColumnAt, weights: ColumnAt, blank: ColumnAt },
}

/// A column of the shards' results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnAt {
    /// Of the client's select list, from its start.
    Shown(u16),
    /// Of the added ones.
    Added(u16),
}

/// Names of added select items: this and a number.
const ADDED: &str = "shardgate.";
/// Collations whose weights stand in several levels, and pad: the weights of a longer text do not begin with those of a
/// shorter one. Those of latin7 have weights below that of a blank, and do not sort as they compare.
pub(super) const UNMERGEABLE: &str = "czech_cs|_w2|uca1400.*_(as_c|ai_cs)|^latin7_.*_c[is]$";
/// Collations by bytes (not those of Unicode's sets) in which MariaDB (10.11) sorts expressions otherwise than it compares
/// them: 'a' before 'a ', though they are equal, or 'a ' like 'a', though they differ.
const UNPADDED: &str = "^([^u]|uj).*_(bin|nopad_ci)$|^ucs2_.*bin$";
/// The weight of a blank in the collation of the text that goes between; empty where it does not pad, which names of collations
/// tell. No literal stands beside the text, whose collation could count for more. With weights on both sides: MySQL does not mix a
/// collation that is named with that of weights.
const PADS: [&str; 4] = [
    "IF(COLLATION(",
    ") RLIKE _utf8mb4'nopad|_0900_|^binary$',LEFT(WEIGHT_STRING(LEFT(",
    ",0)),0),WEIGHT_STRING(LEFT(",
    ",0) AS CHAR(1)))",
];

/// The same, but NULL under a collation of these.
pub(super) fn pads_unless(collations: &str) -> [String; 5] {
    let [first, second, third, last] = PADS;
    let known = format!(") RLIKE _utf8mb4'{collations}',NULL,{first}");
    [first.to_owned(), known, second.to_owned(), third.to_owned(), format!("{last})")]
}
/// Two calls give two values.
const FICKLE: &[&str] = &["rand", "uuid", "uuid_short", "sysdate"];
/// Types of MariaDB whose order is not that of their text, in expressions of unknown type.
const STRANGE_TYPES: &[&str] = &["uuid", "inet4", "inet6", "xmltype"];

/// Reads ORDER BY, and collects what must be added to the select list.
pub(super) struct KeyReader<'r, 's, 'a, 'q> {
    statement: &'r Statement<'s, 'a, 'q>,
    pub(super) keys: Vec<SortKey>,
    /// By key: where it is in the select list.
    places: Vec<Option<u16>>,
    /// The added select items, each with a comma before it.
    pub(super) hidden: Vec<Part>,
    /// How many there are.
    pub(super) count: u16,
    pub(super) guards: Vec<Guard>,
}

/// What an element means.
pub(super) struct Meaning {
    span: Span,
    /// Where it is in the client's select list.
    shown: Option<u16>,
    column: Option<ColumnName>,
}

/// How values of a type are compared.
enum Class {
    Plain,
    Bytes,
    Text,
    /// By what this makes of it: text before and after.
    Through(&'static str, &'static str),
    Unknown,
}

impl<'r, 's, 'a, 'q> KeyReader<'r, 's, 'a, 'q> {
    pub(super) fn new(statement: &'r Statement<'s, 'a, 'q>) -> Self {
        Self { statement, keys: Vec::new(), places: Vec::new(), hidden: Vec::new(), count: 0, guards: Vec::new() }
    }

    /// Reads one element; `None` if it cannot be told what the server sorts by.
    pub(super) fn read(&mut self, element: &Element) -> Option<()> {
        if self.is_out_of_range(element) {
            // A server says so that is asked for no hidden columns.
            return None;
        }
        let meaning = self.meaning(element)?;
        self.push(meaning, element.descending)
    }

    fn push(&mut self, meaning: Meaning, descending: bool) -> Option<()> {
        if !self.is_of_groups(&meaning) {
            return None;
        }
        let collations = match self.scopes().ctx.mode.mariadb {
            true => format!("{UNMERGEABLE}|{UNPADDED}"),
            false => UNMERGEABLE.to_owned(),
        };
        let value = self.value(&meaning, ("", ""), &collations)?;
        self.places.push(meaning.shown);
        self.keys.push(SortKey { value, descending });
        Some(())
    }

    /// Whether it may be put into the select list once more, if the statement groups rows: MariaDB (10.11) does not always
    /// find an expression of GROUP BY again.
    fn is_of_groups(&self, meaning: &Meaning) -> bool {
        let span = meaning.span;
        let aggregates = || {
            self.statement
                .calls()
                .filter(|call| span.contains(call.span))
                .any(|call| functions::is_aggregate(&call.name))
        };
        !self.scopes().has_whole_groups(self.statement.block) || meaning.column.is_some() || aggregates()
    }

    fn class(&self, column: Option<&ColumnName>) -> Option<Class> {
        match column.and_then(|column| self.scopes().kind_of(self.statement.block, column)) {
            Some(kind) => class_of(kind),
            None if self.scopes().has_strange_types() => None,
            None => Some(Class::Unknown),
        }
    }

    /// How values compare. `wrap` is put around an expression whose weights are asked for, and those of `collations`
    /// cannot be merged.
    fn value(&mut self, meaning: &Meaning, wrap: (&str, &str), collations: &str) -> Option<SortValue> {
        if self.statement.is_untyped(meaning.span) {
            return None;
        }
        Some(match self.class(meaning.column.as_ref())? {
            Class::Plain => SortValue::Plain(self.plain(meaning)),
            Class::Bytes => SortValue::Bytes(self.plain(meaning)),
            Class::Through(before, after) => SortValue::Plain(self.add(&[before, after], meaning.span)),
            Class::Text => {
                let (weights, blank) = self.weights(meaning.span, None, wrap);
                SortValue::Weights { weights, blank }
            }
            Class::Unknown => {
                let plain = self.plain(meaning);
                let (weights, blank) = self.weights(meaning.span, Some(collations), wrap);
                SortValue::ByType { plain, weights, blank }
            }
        })
    }

    /// Adds all columns of the result that are no keys yet; their positions, from 1. `None` if they are not known, or if
    /// rows are sorted by something else as well.
    pub(super) fn read_all_columns(&mut self) -> Option<Vec<u16>> {
        let is_constant = |item: &Item| matches!(item.kind, ItemKind::Constant(_));
        // Of constants MariaDB reads one row only, and then leaves out OFFSET.
        if self.places.iter().any(Option::is_none) || self.statement.select.items.iter().all(is_constant) {
            return None;
        }
        let mut positions = Vec::new();
        for place in 0..self.statement.select.items.len() {
            let position = u16::try_from(place + 1).ok()?;
            if !self.places.contains(&Some(position - 1)) {
                let meaning = self.shown(place)?;
                self.push(meaning, false)?;
                positions.push(position);
            }
        }
        Some(positions)
    }

    /// How the results of MIN or MAX (`function`) of `argument`, which are the column `at`, compare.
    pub(super) fn extreme(&mut self, argument: &Element, at: ColumnAt, function: &str) -> Option<SortValue> {
        let column = self.statement.column_in(&argument.tokens);
        let span = argument.span;
        Some(match self.class(column.as_ref())? {
            Class::Plain => SortValue::Plain(at),
            Class::Bytes => SortValue::Bytes(at),
            // The servers compare their text.
            Class::Through(_, "+0") => return None,
            Class::Through(before, after) => {
                SortValue::Plain(self.add(&[&format!("{function}{before}"), &format!("{after})")], span))
            }
            Class::Text => {
                let (weights, blank) = self.weights(span, None, (function, ")"));
                SortValue::Weights { weights, blank }
            }
            Class::Unknown => {
                let (weights, blank) = self.weights(span, Some(UNMERGEABLE), (function, ")"));
                SortValue::ByType { plain: at, weights, blank }
            }
        })
    }

    /// How groups compare by an element of GROUP BY, which may be in the select list.
    pub(super) fn group_value(&mut self, element: &Element, shown: Option<u16>) -> Option<SortValue> {
        let meaning = match shown {
            Some(place) => self.shown(usize::from(place))?,
            None => Meaning { span: element.span, shown: None, column: self.statement.column_in(&element.tokens) },
        };
        // Any row of the group will do, but not every server knows that of an expression. MySQL warns of MIN where a date is
        // NULL, and MariaDB does not have ANY_VALUE.
        let wrap = match (&meaning.column, self.scopes().ctx.mode.mariadb) {
            (Some(_), _) => ("", ""),
            (None, true) => ("MIN(", ")"),
            (None, false) => ("ANY_VALUE(", ")"),
        };
        self.value(&meaning, wrap, UNMERGEABLE)
    }

    pub(super) fn column_of(&self, element: &Element) -> Option<ColumnName> {
        self.statement.column_in(&element.tokens)
    }

    fn scopes(&self) -> &'r Scopes<'a, 'q> {
        self.statement.scopes
    }

    /// A position that no select item has.
    fn is_out_of_range(&mut self, element: &Element) -> bool {
        let items = &self.statement.select.items;
        let [token] = element.tokens.as_slice() else { return false };
        let Some(literal) = self.statement.literal_at(token.start).filter(|_| token.kind == TokenKind::Integer) else {
            return false;
        };
        let text = token.text(self.statement.sql);
        let position = std::str::from_utf8(text).ok().and_then(|text| text.parse::<usize>().ok());
        let has_wildcard = items.iter().any(Item::is_wildcard);
        let is_there = has_wildcard || position.is_some_and(|position| (1..=items.len()).contains(&position));
        if !is_there {
            self.guards.push(Guard { literal, text: text.to_vec() });
        }
        !is_there
    }

    /// What the element stands for. Names are looked for in the select list first, and only where they stand alone.
    fn meaning(&mut self, element: &Element) -> Option<Meaning> {
        let statement = self.statement;
        if let [token] = element.tokens.as_slice()
            && token.kind == TokenKind::Integer
        {
            let literal = statement.literal_at(token.start)?;
            let text = token.text(statement.sql);
            let position = std::str::from_utf8(text).ok()?.parse::<usize>().ok()?.checked_sub(1)?;
            self.guards.push(Guard { literal, text: text.to_vec() });
            return self.shown(position);
        }
        match statement.column_in(&element.tokens) {
            Some(column) if column.table.is_none() => self.bare(element, column),
            Some(column) => Some(self.qualified(element, column)),
            None if statement.may_be_place(&element.tokens) => None,
            None => self.expression(element),
        }
    }

    /// The select item at this place, if that is its place in the result too.
    fn shown(&self, place: usize) -> Option<Meaning> {
        let items = &self.statement.select.items;
        let item = items.get(place)?;
        let is_placed = !items[..=place].iter().any(Item::is_wildcard);
        let is_steady =
            item.expression.queries.is_empty() && !is_fickle(item.expression.calls.iter().map(|call| &call.name));
        let column = match &item.kind {
            ItemKind::Column(column) => Some(column.clone()),
            _ => None,
        };
        (is_placed && is_steady).then(|| Meaning {
            span: item.expression.span,
            shown: u16::try_from(place).ok(),
            column,
        })
    }

    fn bare(&self, element: &Element, column: ColumnName) -> Option<Meaning> {
        let items = &self.statement.select.items;
        let name = &column.column.text;
        let mut named = (0..items.len()).filter(|place| is_called(&items[*place], name, self.statement.sql));
        let has_wildcard = items.iter().any(Item::is_wildcard);
        match (named.next(), named.next()) {
            (None, _) => Some(Meaning { span: element.span, shown: None, column: Some(column) }),
            (Some(only), None) if !has_wildcard => self.shown(only),
            // The same column twice, or once more in `*`.
            (Some(first), _) => {
                let is_plain = |item: &Item| !is_called(item, name, self.statement.sql) || is_column(item, name);
                items.iter().all(is_plain).then_some(())?;
                match &items[first].kind {
                    ItemKind::Column(found) if !has_wildcard => {
                        let same = |item: &Item| match &item.kind {
                            ItemKind::Column(other) => is_same_column(found, other),
                            _ => false,
                        };
                        let all = items.iter().filter(|item| is_called(item, name, self.statement.sql)).all(same);
                        all.then(|| self.shown(first))?
                    }
                    _ => Some(Meaning { span: element.span, shown: None, column: Some(column) }),
                }
            }
        }
    }

    fn qualified(&self, element: &Element, column: ColumnName) -> Meaning {
        let items = &self.statement.select.items;
        let is_it = |item: &Item| matches!(&item.kind, ItemKind::Column(other) if is_same_column(other, &column));
        let place = items.iter().position(is_it);
        let shown = place.and_then(|place| self.shown(place)).and_then(|meaning| meaning.shown);
        Meaning { span: element.span, shown, column: Some(column) }
    }

    /// An expression means columns of FROM, unless one of its words is what a select item is called.
    pub(super) fn expression(&self, element: &Element) -> Option<Meaning> {
        let statement = self.statement;
        let names = element.tokens.iter().filter_map(|token| ident(*token, statement.sql, self.scopes().ctx.mode));
        let names: Vec<String> = names.map(|name| name.into_owned()).collect();
        let is_renaming = |item: &Item| {
            let alias = item.alias.as_ref().map(|alias| alias.text.as_str());
            alias.is_some_and(|alias| names.iter().any(|name| same_name(name, alias)) && !is_column(item, alias))
        };
        let has_query =
            names.iter().any(|name| name.eq_ignore_ascii_case("select") || name.eq_ignore_ascii_case("with"));
        if statement.select.items.iter().any(is_renaming) || has_query || is_fickle(names.iter()) {
            return None;
        }
        Some(Meaning { span: element.span, shown: None, column: None })
    }

    fn plain(&mut self, meaning: &Meaning) -> ColumnAt {
        match meaning.shown {
            Some(place) => ColumnAt::Shown(place),
            None => self.add(&["", ""], meaning.span),
        }
    }

    /// Adds the weights of a text and that of a blank. The latter is NULL where the text is, and also where it cannot be
    /// compared: under one of `collations`, where that is not known. `wrap` is put around each occurrence of the text.
    fn weights(&mut self, span: Span, collations: Option<&str>, wrap: (&str, &str)) -> (ColumnAt, ColumnAt) {
        let weights = self.add_wrapped(&["WEIGHT_STRING(", ")"], span, wrap);
        let Some(collations) = collations else { return (weights, self.add_wrapped(&PADS, span, wrap)) };
        let blank = pads_unless(collations);
        (weights, self.add_wrapped(&blank.each_ref().map(String::as_str), span, wrap))
    }

    fn add_wrapped(&mut self, texts: &[&str], span: Span, (before, after): (&str, &str)) -> ColumnAt {
        let last = texts.len() - 1;
        let texts: Vec<String> = texts
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let (closing, opening) = (if index > 0 { after } else { "" }, if index < last { before } else { "" });
                format!("{closing}{text}{opening}")
            })
            .collect();
        self.add(&texts.iter().map(String::as_str).collect::<Vec<_>>(), span)
    }

    /// Adds a select item: these texts, with the text of `span` between them.
    pub(super) fn add(&mut self, texts: &[&str], span: Span) -> ColumnAt {
        self.hidden.push(Part::Text(format!(", {}", texts[0])));
        for text in &texts[1..] {
            self.hidden.push(self.statement.copy(span));
            self.hidden.push(Part::Text((*text).to_owned()));
        }
        self.hidden.push(Part::Text(format!(" AS `{ADDED}{}`", self.count)));
        self.count += 1;
        ColumnAt::Added(self.count - 1)
    }
}

impl Scopes<'_, '_> {
    /// What the live table says of a column, where it is certain which one is meant.
    pub(super) fn kind_of(&self, block: BlockId, column: &ColumnName) -> Option<&ColumnKind> {
        let name = &column.column.text;
        let instance = if column.table.is_some() {
            self.resolve_qualified(block, None, column)?
        } else {
            let instances = &self.blocks[block].instances;
            let are_known = instances.iter().all(|id| self.instances[*id].columns.is_some());
            let mut owners = instances.iter().filter(|id| self.instances[**id].may_have(name));
            let owner = *owners.next().filter(|_| are_known)?;
            owners.next().is_none().then_some(owner)?
        };
        let table = self.instances[instance].table()?.table(self.ctx.schema)?;
        table.column(name)?.kind.as_ref()
    }

    /// Whether an expression may be of a type that looks like text and does not sort so.
    pub(super) fn has_strange_types(&self) -> bool {
        let tables = self.instances.iter().filter(|instance| !matches!(instance.source, InstanceSource::Nowhere));
        let mut columns = tables
            .filter_map(|instance| instance.table()?.table(self.ctx.schema)?.columns.as_deref())
            .flatten()
            .filter_map(|column| column.kind.as_ref());
        columns.any(|kind| STRANGE_TYPES.contains(&kind.data_type.as_str()))
    }
}

/// `None`: the type has no order that can be told here.
fn class_of(kind: &ColumnKind) -> Option<Class> {
    Some(match kind.data_type.as_str() {
        "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" | "year" => Class::Plain,
        "decimal" | "numeric" | "double" | "date" | "datetime" | "time" | "bit" => Class::Plain,
        "float" => Class::Through("", "+0e0"),
        "timestamp" => Class::Through("UNIX_TIMESTAMP(", ")"),
        "enum" | "set" => Class::Through("", "+0"),
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Class::Bytes,
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => {
            let collation = kind.collation.as_deref()?;
            let levels = ["czech_cs", "_w2"].iter().any(|part| collation.contains(part))
                || collation.contains("uca1400") && (collation.contains("_as_c") || collation.contains("_ai_cs"));
            // The blanks behind a CHAR are sorted by, and do not show.
            let hides_blanks = kind.data_type == "char" && collation.contains("nopad");
            let has_less_than_blank = collation.starts_with("latin7_") && !collation.ends_with("_bin");
            (!levels && !hides_blanks && !has_less_than_blank).then_some(Class::Text)?
        }
        _ => return None,
    })
}

/// Whether the select item goes by this name.
pub(super) fn is_called(item: &Item, name: &str, sql: &[u8]) -> bool {
    match (&item.alias, &item.kind) {
        (Some(alias), _) => same_name(&alias.text, name),
        (None, ItemKind::Column(column)) => same_name(&column.column.text, name),
        (None, ItemKind::Wildcard(_)) => false,
        (None, _) => {
            let span = item.expression.span;
            let text = sql.get(span.start as usize..span.end as usize).unwrap_or_default();
            // A string is called by what is in it; a plan is for items with such texts only.
            let text = text.iter().position(|byte| matches!(byte, b'\'' | b'"')).map_or(text, |quote| {
                let inner = &text[quote + 1..];
                let end = inner.iter().position(|byte| *byte == text[quote]).unwrap_or(inner.len());
                if matches!(item.kind, ItemKind::Constant(_)) { &inner[..end] } else { text }
            });
            text.eq_ignore_ascii_case(name.as_bytes())
        }
    }
}

/// Whether the select item is a column of this name.
pub(super) fn is_column(item: &Item, name: &str) -> bool {
    matches!(&item.kind, ItemKind::Column(column) if same_name(&column.column.text, name))
}

fn is_same_column(one: &ColumnName, other: &ColumnName) -> bool {
    let same =
        |one: &Option<crate::sql::parse::ast::Ident>, other: &Option<crate::sql::parse::ast::Ident>| match (one, other)
        {
            (Some(one), Some(other)) => one.text == other.text,
            (None, None) => true,
            _ => false,
        };
    same_name(&one.column.text, &other.column.text)
        && same(&one.table, &other.table)
        && same(&one.database, &other.database)
}

impl Statement<'_, '_, '_> {
    /// Whether two evaluations of the same text may give two values.
    pub(super) fn is_fickle(&self, tokens: &[Token]) -> bool {
        tokens.iter().any(|token| FICKLE.iter().any(|word| self.is(token, word)))
    }
}

/// Whether a function with one of these names gives another value each time.
pub(super) fn is_fickle<'n>(mut names: impl Iterator<Item = &'n String>) -> bool {
    names.any(|name| FICKLE.iter().any(|fickle| name.eq_ignore_ascii_case(fickle)))
}
