//! The key `tls`, of `[server]` and of `[[replica_sets]]`: a mode, or a table with a mode and files. The files must be
//! there; what is in them is read when they are used.

use std::path::{Path, PathBuf};

use super::section::{Item, Section};
use crate::{backend, frontend};

const FRONTEND_MODES: &[(&str, frontend::options::TlsMode)] = &[
    ("off", frontend::options::TlsMode::Off),
    ("optional", frontend::options::TlsMode::Optional),
    ("required", frontend::options::TlsMode::Required),
];

const BACKEND_MODES: &[(&str, backend::options::TlsMode)] = &[
    ("off", backend::options::TlsMode::Off),
    ("required", backend::options::TlsMode::Required),
    ("verify-ca", backend::options::TlsMode::VerifyCa),
    ("verify-identity", backend::options::TlsMode::VerifyIdentity),
];

/// TLS from clients.
pub(super) fn read_frontend(item: &Item<'_>, folder: &Path) -> Option<frontend::options::TlsOptions> {
    if !item.is_table() {
        return Some(frontend::options::TlsOptions { mode: item.choice(FRONTEND_MODES)?, identity: None });
    }
    let section = item.section("tls = { mode = \"required\", cert = \"cert.pem\", key = \"key.pem\" }")?;
    let mode = section.required("mode").and_then(|item| item.choice(FRONTEND_MODES));
    let identity = identity(&section, folder);
    section.finish();
    Some(frontend::options::TlsOptions { mode: mode?, identity: identity? })
}

/// TLS to servers.
pub(super) fn read_backend(item: &Item<'_>, folder: &Path) -> Option<backend::options::TlsOptions> {
    use backend::options::{TlsMode, TlsOptions};
    if !item.is_table() {
        return Some(TlsOptions { mode: item.choice(BACKEND_MODES)?, ..TlsOptions::default() });
    }
    let section = item.section("tls = { mode = \"verify-identity\", ca = \"ca.pem\" }")?;
    let mode = section.required("mode").and_then(|item| item.choice(BACKEND_MODES));
    let ca = file(&section, "ca", folder);
    let identity = identity(&section, folder);
    section.finish();
    if section.has("ca") && matches!(mode, Some(TlsMode::Off | TlsMode::Required)) {
        section.problem("ca", "is used with mode \"verify-ca\" or \"verify-identity\" only");
        return None;
    }
    Some(TlsOptions { mode: mode?, ca: ca?, identity: identity? })
}

/// `cert` and `key`: both or none. `None`: reported.
fn identity(section: &Section<'_>, folder: &Path) -> Option<Option<(PathBuf, PathBuf)>> {
    let (cert, key) = (file(section, "cert", folder), file(section, "key", folder));
    let (there, missing) = match (section.has("cert"), section.has("key")) {
        (true, false) => ("cert", "key"),
        (false, true) => ("key", "cert"),
        (true, true) | (false, false) => return Some(cert?.zip(key?)),
    };
    section.problem(there, format!("{there} needs {missing} beside it"));
    None
}

/// A file that can be opened. `None`: reported; `Some(None)`: the key is left out.
fn file(section: &Section<'_>, key: &'static str, folder: &Path) -> Option<Option<PathBuf>> {
    let Some(item) = section.item(key) else { return Some(None) };
    let path = folder.join(item.text()?);
    match std::fs::read(&path) {
        Ok(bytes) => {
            item.saw(&path, &bytes);
            Some(Some(path))
        }
        Err(error) => {
            item.problem(format!("cannot read {}: {error}", path.display()));
            None
        }
    }
}
