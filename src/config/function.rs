//! `function` of a rule: its kind and parameters.

use std::cell::RefCell;
use std::collections::HashMap;

use super::parameter;
use super::problem::nearest;
use super::section::{Item, Section};
use crate::sharding::function::params::{Param, ParamError, Params};
use crate::sharding::function::{FunctionSpec, Named, registry};

/// The functions that were read, by kind and parameters: tables that have the same one share what it was made into, such as
/// the points of a ring.
#[derive(Debug, Default)]
#[expect(clippy::type_complexity, reason = "what reading a function gives, by what it is read from")]
pub(super) struct Functions(RefCell<HashMap<(&'static str, Params), (Named, Vec<&'static str>)>>);

impl Functions {
    /// `{ kind = "hash", slots = 1024 }`
    pub(super) fn read(&self, item: &Item<'_>) -> Option<FunctionSpec> {
        let section = item.section("function = { kind = \"hash\", slots = 1024 }")?;
        let function = match section.required("kind").and_then(|item| read_kind(&item)) {
            Some(Kind::Hash) => {
                let slots = section.required("slots").and_then(|item| item.integer(1..=u64::from(u16::MAX) + 1));
                slots.map(|slots| FunctionSpec::Hash { slots: slots as usize })
            }
            Some(Kind::Mod) => {
                section.refuse("slots", "function \"mod\" has no slots");
                Some(FunctionSpec::Mod)
            }
            Some(Kind::Named(kind)) => Some(FunctionSpec::Named(self.read_named(kind, &section)?)),
            // Which parameters there may be is not known.
            None => return None,
        };
        section.finish();
        function
    }

    /// `None`, reported: then it is not known which other parameters there may be.
    fn read_named(&self, kind: &'static registry::Kind, section: &Section<'_>) -> Option<Named> {
        let entries = section.entries();
        let params = entries.iter().filter(|(name, _)| name != "kind");
        let params: Vec<Option<(String, Param)>> =
            params.map(|(name, item)| Some((name.clone(), parameter::read(item, section.file())?))).collect();
        let (named, asked) = self.named(kind, params.into_iter().collect::<Option<Params>>()?);
        section.know(&asked);
        named.map_err(|error| section.problem(error.key, error.message)).ok()
    }

    fn named(&self, kind: &'static registry::Kind, params: Params) -> (Result<Named, ParamError>, Vec<&'static str>) {
        if let Some((named, asked)) = self.0.borrow().get(&(kind.name, params.clone())) {
            return (Ok(named.clone()), asked.clone());
        }
        let (named, asked) = Named::read(kind, params.clone());
        if let Ok(named) = &named {
            self.0.borrow_mut().insert((kind.name, params), (named.clone(), asked.clone()));
        }
        (named, asked)
    }
}

fn read_kind(item: &Item<'_>) -> Option<Kind> {
    let name = item.text()?;
    let known = match name.as_str() {
        "hash" => Some(Kind::Hash),
        "mod" => Some(Kind::Mod),
        name => registry::named(name).map(Kind::Named),
    };
    if known.is_none() {
        let names = || ["hash", "mod"].into_iter().chain(registry::NAMED.iter().map(|kind| kind.name));
        let hint = match nearest(&name, names()) {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
        };
        item.problem(format!("\"{name}\" is no sharding function; {hint}"));
    }
    known
}

/// Kinds of function.
#[derive(Clone, Copy)]
enum Kind {
    Hash,
    Mod,
    Named(&'static registry::Kind),
}
