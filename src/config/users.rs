//! `[[users]]`.

use std::path::Path;

use super::secret;
use super::section::{Item, Section};
use crate::frontend::options::User;
use crate::wire::Secret;
use crate::wire::auth::Credential;

const NATIVE_FORM: &str = "a native_hash is * and 40 hexadecimal digits, as PASSWORD('...') shows it";
const SHA256_FORM: &str =
    "a sha256_hash is $A$005$, 20 bytes of salt and 43 characters, as authentication_string of mysql.user has it";

/// A user as the file has it.
#[derive(Debug)]
pub(super) struct UserEntry<'d> {
    /// The name, and where it is.
    pub(super) name: Option<(String, Item<'d>)>,
    /// Names of databases, and where they are; without the key in the file none, and all databases are meant.
    pub(super) databases: Vec<(String, Item<'d>)>,
    /// The user, with these databases; `None`, reported, if something is wrong.
    pub(super) user: Option<User>,
}

/// Reads a user.
pub(super) fn read<'d>(section: &Section<'d>, folder: &Path) -> UserEntry<'d> {
    let name = section.required("name").and_then(|item| Some((item.text()?, item)));
    let credential = section.required("password").and_then(|item| credential(&item, folder));
    let databases = section.item("databases").map_or_else(Vec::new, |item| databases(&item));
    let read_write_splitting = section.item("read_write_splitting").map(|item| item.boolean());
    let admin = section.item("admin").map_or(Some(false), |item| item.boolean());
    section.finish();
    if let Some((_, item)) = name.as_ref().filter(|(name, _)| name.is_empty()) {
        item.problem("a user name cannot be empty");
    }
    let user = name.as_ref().zip(credential).map(|((name, _), credential)| User {
        name: name.clone(),
        credential,
        databases: databases.iter().map(|(name, _)| name.clone()).collect(),
        read_write_splitting: read_write_splitting.flatten(),
        admin: admin.unwrap_or(false),
    });
    UserEntry { name, databases, user }
}

fn databases<'d>(item: &Item<'d>) -> Vec<(String, Item<'d>)> {
    let list = item.list("databases = [\"shop\"]");
    if list.as_ref().is_some_and(Vec::is_empty) {
        item.problem("the list is empty; name a database, or leave the key out for all");
    }
    list.unwrap_or_default().into_iter().filter_map(|item| Some((item.text()?, item))).collect()
}

/// A password, or a hash as a server stores it.
pub(super) fn credential(item: &Item<'_>, folder: &Path) -> Option<Credential> {
    const EXAMPLE: &str = "a text, { env = \"VARIABLE\" }, { file = \"path\" }, { native_hash = \"*..\" } or { sha256_hash = \"$A$005$..\" }";
    if item.is_text() {
        return item.text().map(|text| Secret::from(text).into());
    }
    if !item.is_table() {
        item.expected(EXAMPLE);
        return None;
    }
    let section = item.section(EXAMPLE)?;
    let native = section.item("native_hash").map(|item| hash(&item, Credential::native_hash, NATIVE_FORM));
    let sha256 = section.item("sha256_hash").map(|item| hash(&item, Credential::sha256_crypt, SHA256_FORM));
    let secret = secret::from_section(&section, folder).map(|secret| secret.map(Credential::from));
    let mixed = [native.is_some(), sha256.is_some(), section.has("env") || section.has("file")];
    section.finish();
    match (mixed, native.or(sha256).or(secret)) {
        ([true, false, false] | [false, true, false] | [false, false, true], Some(credential)) => credential,
        _ => {
            item.problem(format!("a password is one of: {EXAMPLE}"));
            None
        }
    }
}

/// A stored hash in the form that `read` takes.
fn hash(item: &Item<'_>, read: fn(&str) -> Option<Credential>, form: &str) -> Option<Credential> {
    let credential = read(&item.text()?);
    if credential.is_none() {
        item.problem(form);
    }
    credential
}
