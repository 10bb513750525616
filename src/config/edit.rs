//! Rule files changed by statements: one table's rule is added, altered or taken out, and all else in the file stays as its author
//! wrote it, remarks too. A rule's keys are written one on a line, always in the same order, so that a diff shows what has changed.

use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

use crate::frontend::configuration::RuleChange;
use crate::sharding::schema::same_name;

/// The order of keys in a rule; others stand behind them.
const ORDER: [&str; 20] = [
    "name",
    "kind",
    "physical",
    "columns",
    "shard",
    "shard_key",
    "key_type",
    "collation",
    "scale",
    "function",
    "within",
    "shards",
    "colocated_with",
    "parent",
    "null_key",
    "out_of_range",
    "key_required",
    "uncertain_key",
    "auto_increment",
    "sequence",
];

/// The text of the rule file with the change; or why there is none.
pub fn changed(text: &str, change: &RuleChange) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|error| format!("the rule file is no TOML: {error}"))?;
    let tables = document.entry("tables").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let tables = tables.as_array_of_tables_mut().ok_or("the rule file has no [[tables]], but a list in one line")?;
    let find = |tables: &ArrayOfTables, name: &str| tables.iter().position(|table| is_called(table, name));
    match change {
        RuleChange::Create { table: name, body } => {
            if find(tables, name).is_some() {
                return Err(format!("table '{name}' has a rule: alter it, or drop it first"));
            }
            let mut table = Table::new();
            table.decor_mut().set_prefix("\n");
            table.insert("name", value(name.as_str()));
            put(&mut table, keys_of(body)?);
            tables.push(table);
        }
        RuleChange::Alter { table: name, body } => {
            let keys = keys_of(body)?;
            let found = find(tables, name).and_then(|index| tables.get_mut(index));
            put(found.ok_or_else(|| format!("table '{name}' has no rule"))?, keys);
        }
        RuleChange::Drop { table: name } => {
            let found = find(tables, name).ok_or_else(|| format!("table '{name}' has no rule"))?;
            tables.remove(found);
            if tables.is_empty() {
                document.remove("tables");
            }
        }
    }
    Ok(document.to_string())
}

fn is_called(table: &Table, name: &str) -> bool {
    table.get("name").and_then(Item::as_str).is_some_and(|own| same_name(own, name))
}

/// What stands for DEFAULT among the values: no text that a rule can have.
const TAKEN_OUT: &str = "\\u0001DEFAULT";

/// The body with the word DEFAULT, which is none of TOML's, as a text.
fn with_defaults(body: &str) -> String {
    let (mut text, mut rest, mut quote) = (String::new(), body, None);
    while let Some(letter) = rest.chars().next() {
        let is_word_end = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
        let is_value = text.trim_end().ends_with('=');
        match (quote, rest.get(..7)) {
            (None, Some(word)) if is_value && word.eq_ignore_ascii_case("DEFAULT") && is_word_end(&rest[7..]) => {
                text.push_str(&format!("\"{TAKEN_OUT}\""));
                rest = &rest[7..];
                continue;
            }
            (None, _) if matches!(letter, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if letter == open => quote = None,
            (Some('"'), _) if letter == '\\' => {
                text.push(letter);
                rest = &rest[1..];
            }
            _ => {}
        }
        let next = rest.chars().next().unwrap_or(letter);
        text.push(next);
        rest = &rest[next.len_utf8().min(rest.len())..];
    }
    text
}

/// The keys and values of a rule's body.
fn keys_of(body: &str) -> Result<InlineTable, String> {
    let text = format!("rule = {{ {} }}\n", with_defaults(body.trim().trim_end_matches(',')));
    let read: Result<DocumentMut, _> = text.parse();
    let fail = |reason: String| {
        format!(
            "the rule should be as in (shard_key = \"id\", function = {{ kind = \"mod\" }}, shards = [\"s0\", \"s1\"]): {reason}"
        )
    };
    let document = read.map_err(|error| fail(error.message().to_owned()))?;
    match document.as_table().iter().collect::<Vec<_>>().as_slice() {
        [(_, Item::Value(Value::InlineTable(keys)))] if keys.contains_key("name") => {
            Err(fail("the table's name stands before it, and is not among its keys".to_owned()))
        }
        [(_, Item::Value(Value::InlineTable(keys)))] => Ok(keys.clone()),
        _ => Err(fail("there is more than one".to_owned())),
    }
}

/// The same value, written as all values are, so that two spellings of a rule are one in the file.
fn as_usual(value: Value) -> Value {
    match value {
        Value::String(text) => text.value().as_str().into(),
        Value::Integer(number) => (*number.value()).into(),
        Value::Float(number) => (*number.value()).into(),
        Value::Boolean(value) => (*value.value()).into(),
        Value::Datetime(time) => (*time.value()).into(),
        Value::Array(values) => Value::Array(values.into_iter().map(as_usual).collect()),
        Value::InlineTable(keys) => {
            Value::InlineTable(keys.into_iter().map(|(key, value)| (key.to_string(), as_usual(value))).collect())
        }
    }
}

/// Sets the keys of a rule, and takes those out that are to have their default. New ones come to stand where they belong.
fn put(table: &mut Table, keys: InlineTable) {
    for (key, mut new) in keys {
        if new.as_str().is_some_and(|text| text == "\u{1}DEFAULT") {
            table.remove(&key);
            continue;
        }
        new = as_usual(new);
        match table.get_mut(&key).and_then(Item::as_value_mut) {
            Some(old) => {
                let decor = old.decor().clone();
                *old = new;
                *old.decor_mut() = decor;
            }
            None => {
                table.insert(&key, Item::Value(new));
            }
        }
    }
    let place = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
    table.sort_values_by(|one, _, other, _| place(one.get()).cmp(&place(other.get())));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const FILE: &str = "database = \"shop\"\n\n# Users.\n[[tables]]\nname = \"users\" # who buys\nshard_key = \"id\"\n\
                        shards = [\"s0\"]\n\n# Where they are.\n[[tables]]\nname = \"countries\"\nkind = \"reference\"\n";

    fn create(table: &str, body: &str) -> RuleChange {
        RuleChange::Create { table: table.to_owned(), body: body.to_owned() }
    }

    #[test]
    fn a_new_rule_stands_at_the_end_with_its_keys_in_order() {
        let body = "shards=[\"s0\",  \"s1\"], function = {kind=\"mod\"},shard_key = \"user_id\"";
        let text = changed(FILE, &create("orders", body)).unwrap();
        let added = "\n[[tables]]\nname = \"orders\"\nshard_key = \"user_id\"\nfunction = { kind = \"mod\" }\n\
                     shards = [\"s0\", \"s1\"]\n";
        assert_eq!(text, format!("{FILE}{added}"));
        let first = changed("database = \"shop\"\n", &create("t", "kind = \"reference\"")).unwrap();
        assert_eq!(first, "database = \"shop\"\n\n[[tables]]\nname = \"t\"\nkind = \"reference\"\n");
    }

    #[test]
    fn altering_and_dropping_leave_the_rest_alone() {
        let body = "null_key = \"s0\", shards = [\"s0\", \"s1\"]".to_owned();
        let text = changed(FILE, &RuleChange::Alter { table: "USERS".to_owned(), body }).unwrap();
        let wanted = FILE.replace("shards = [\"s0\"]\n", "shards = [\"s0\", \"s1\"]\nnull_key = \"s0\"\n");
        assert_eq!(text, wanted);
        let with_key = text;
        let body = "null_key = default, shards = [\"s0\"]".to_owned();
        let text = changed(&with_key, &RuleChange::Alter { table: "users".to_owned(), body }).unwrap();
        assert_eq!(text, FILE);
        let text = changed(FILE, &RuleChange::Drop { table: "countries".to_owned() }).unwrap();
        assert_eq!(text, FILE.split("\n# Where").next().unwrap());
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let cases = [
            (create("Users", "kind = \"reference\""), "has a rule"),
            (RuleChange::Drop { table: "x".to_owned() }, "no rule"),
            (RuleChange::Alter { table: "x".to_owned(), body: "kind = \"single\"".to_owned() }, "no rule"),
            (create("x", "shard_key = id"), "should be as in"),
            (create("x", "kind = \"single\" }\n[evil]\na = {"), "should be as in"),
            (create("x", "name = \"y\", kind = \"single\""), "stands before it"),
            (create("x", "shard_key = \"= DEFAULT\", kind = DEFAULTS"), "should be as in"),
        ];
        for (change, wanted) in cases {
            let error = changed(FILE, &change).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
