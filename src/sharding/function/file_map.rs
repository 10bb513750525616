//! A list of keys with their nodes: `cobar-file-map`, `mycat-file-map`, `dble-enum`.

use std::collections::HashMap;
use std::sync::Arc;

use super::compute::{Buckets, Compute, Given, Input, Outcome, Refused, Takes};
use super::java;
use super::long::is_null;
use super::map_file;
use super::params::Reader;
use super::registry::Built;

#[derive(Debug)]
struct FileMap {
    system: System,
    /// Keys are integers of 32 bits, else texts.
    are_integers: bool,
    nodes: HashMap<String, i64>,
    default: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum System {
    /// Integers match nothing.
    Cobar,
    Mycat,
    Dble,
}

pub(super) fn cobar(params: &Reader<'_>) -> Built {
    let default = params.integer("defaultNode")?;
    let map = map_file::required(params, "fileMap")?;
    let lines = map_file::lines(map).filter_map(|(key, node)| Some((key.to_owned(), java::parse_int(node)?.into())));
    Ok(Arc::new(FileMap { system: System::Cobar, are_integers: false, nodes: lines.collect(), default }))
}

pub(super) fn mycat(params: &Reader<'_>) -> Built {
    read(params, System::Mycat)
}

pub(super) fn dble(params: &Reader<'_>) -> Built {
    read(params, System::Dble)
}

fn read(params: &Reader<'_>, system: System) -> Built {
    /// Where MyCAT keeps the default, so that a line with this key sets it too.
    const DEFAULT: &str = "DEFAULT_NODE";
    let are_integers = params.integer("type")?.unwrap_or(0) == 0;
    let key = |key: &str| match are_integers {
        true => java::parse_int(key).map(|key| key.to_string()),
        false => Some(key.to_owned()),
    };
    let lines = map_file::lines(map_file::required(params, "mapFile")?);
    let nodes = lines.filter_map(|(left, right)| Some((key(left)?, java::parse_int(right)?.into())));
    let mut nodes: HashMap<String, i64> = nodes.collect();
    nodes.extend(map_file::default_node(params)?.map(|node| (DEFAULT.to_owned(), node)));
    let default = nodes.get(DEFAULT).copied();
    Ok(Arc::new(FileMap { system, are_integers, nodes, default }))
}

impl FileMap {
    fn node(&self, input: Input<'_>) -> Result<Option<i64>, Refused> {
        let is_default = match (self.system, input) {
            (System::Cobar, Input::Integer(_) | Input::Huge(_) | Input::Decimal(_) | Input::Float(_)) => true,
            (System::Mycat, Input::Null) => !self.are_integers,
            (System::Dble, _) => is_null(input),
            _ => false,
        };
        if is_default {
            return Ok(self.default);
        }
        let text = input.need_text()?;
        let found = match self.are_integers {
            true => {
                let key = java::parse_int(&text).ok_or_else(|| format!("\"{}\" is no integer of 32 bits", &*text))?;
                self.nodes.get(&key.to_string())
            }
            false => self.nodes.get(&*text),
        };
        Ok(found.copied().or(self.default))
    }
}

impl Compute for FileMap {
    fn compute(&self, key: &Given<'_>) -> Result<Outcome, Refused> {
        let node = self.node(key.input)?;
        node.map(Outcome::Number).ok_or_else(|| "the key is not in the list, and there is no default".into())
    }

    fn buckets(&self) -> Buckets {
        let most = self.nodes.values().copied().chain(self.default).max().unwrap_or(0);
        Buckets::Count(usize::try_from(most).unwrap_or(0) + 1)
    }

    fn takes(&self) -> Takes {
        if self.are_integers { Takes::IntegersAndTexts } else { Takes::Anything }
    }
}
