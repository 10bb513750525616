//! `[gather]`: what gathering the rows of a statement on one server may take, and which server that is.

use super::main_file::unknown;
use super::section::{Item, Section};
use crate::frontend::options::GatherOptions;

/// The options; `None`, reported, if something is wrong. `sets`: the names of all replica sets.
pub(super) fn read(section: &Section<'_>, sets: &[String]) -> Option<GatherOptions> {
    let default = GatherOptions::default();
    let max_rows = section.item("max_rows").map_or(Some(default.max_rows), |item| item.integer(1..=1_000_000_000_000));
    let max_bytes = section.item("max_bytes").map_or(Some(default.max_bytes), |item| item.size(64 << 10..=1 << 40));
    let scratch = section.item("scratch").map_or(Some(None), |item| read_set(&item, sets).map(Some));
    let ship_from = section.item("ship_from").map_or(Some(default.ship_from), |item| match item.as_boolean() {
        Some(false) => Some(None),
        _ => item.integer(0..=1_000_000_000_000).map(Some),
    });
    section.finish();
    Some(GatherOptions { max_rows: max_rows?, max_bytes: max_bytes?, scratch: scratch?, ship_from: ship_from? })
}

fn read_set(item: &Item<'_>, sets: &[String]) -> Option<String> {
    let name = item.text()?;
    if !sets.contains(&name) {
        let known: Vec<&str> = sets.iter().map(String::as_str).collect();
        item.problem(unknown("replica set", &name, &known));
        return None;
    }
    Some(name)
}
