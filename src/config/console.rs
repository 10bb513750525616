//! `[console]`: where operators connect, and who they are.

use std::path::Path;

use super::section::Section;
use super::users::credential;
use crate::admin::options::{Operator, Options};

/// The options; `None`, reported, if something is wrong.
pub(super) fn read(section: &Section<'_>, folder: &Path) -> Option<Options> {
    let default = Options::default();
    let listen = section.item("listen").map_or(Some(default.listen), |item| item.listen_address());
    let sections = section.sections("users");
    let users: Vec<Operator> = sections.iter().filter_map(|user| operator(user, folder)).collect();
    section.finish();
    if section.is_without("users") {
        section.problem("users", "nobody could log in; add [[console.users]] with name and password");
        return None;
    }
    for (index, (user, place)) in users.iter().zip(&sections).enumerate() {
        if users[..index].iter().any(|other| other.name == user.name) {
            place.problem("name", format!("user \"{}\" is there twice", user.name));
        }
    }
    (users.len() == sections.len()).then_some(Options { listen: listen?, users })
}

fn operator(section: &Section<'_>, folder: &Path) -> Option<Operator> {
    let name = section.required_text("name");
    let credential = section.required("password").and_then(|item| credential(&item, folder));
    section.finish();
    Some(Operator { name: name?, credential: credential? })
}
