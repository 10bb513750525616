//! Parameters of sharding functions: texts, numbers, lists, tables, and the contents of files.

use std::path::Path;

use super::section::Item;
use crate::sharding::function::params::{Param, Params};

/// The longest file that a parameter may name.
const MAX_FILE: u64 = 16 << 20;

/// The parameter's value; `{ file = "..." }` is the file's contents, its path relative to the file `beside`.
pub(super) fn read(item: &Item<'_>, beside: &str) -> Option<Param> {
    if item.is_list() {
        let items = item.list("[1, 2]")?;
        let params: Vec<Option<Param>> = items.iter().map(|item| read(item, beside)).collect();
        return params.into_iter().collect::<Option<Vec<_>>>().map(Param::List);
    }
    if item.is_table() {
        let section = item.section("{ file = \"map.txt\" }")?;
        if !section.has("file") {
            let entries = section.entries();
            let params = entries.iter().map(|(name, item)| Some((name.clone(), read(item, beside)?)));
            return params.collect::<Vec<_>>().into_iter().collect::<Option<Params>>().map(Param::Table);
        }
        let file = section.required_text("file");
        section.finish();
        return read_file(item, &Path::new(beside).with_file_name(file?)).map(Param::Text);
    }
    let scalar = item.as_scalar();
    if scalar.is_none() {
        item.expected("a text, a number, a list, or { file = \"...\" }");
    }
    scalar.map(Param::Text)
}

fn read_file(item: &Item<'_>, path: &Path) -> Option<String> {
    let is_too_long = std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > MAX_FILE);
    let read = match is_too_long {
        true => Err(std::io::Error::other(format!("it is longer than {MAX_FILE} bytes"))),
        false => item.read_file(path),
    };
    let text = read.map_err(|error| item.problem(format!("cannot read {}: {error}", path.display()))).ok()?;
    item.saw_map(path, &text);
    Some(text)
}
