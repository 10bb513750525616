//! Configurations of our own making, in the systems' formats (`tests/cases/import`), come out as such that `check` takes;
//! and what cannot be translated as such that it refuses.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

use super::*;
use crate::config::{Config, Problems, load};

fn folder(system: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/import").join(system)
}

/// The files written out and read as a configuration, and the notes.
fn loaded(from: System, path: &Path) -> (Result<Config, Problems>, Vec<Note>) {
    let imported = import(from, path).unwrap_or_else(|error| panic!("{error}"));
    let out = tempfile::tempdir().unwrap();
    std::fs::create_dir(out.path().join("rules")).unwrap();
    for (file, text) in &imported.files {
        std::fs::write(out.path().join(file), text).unwrap();
    }
    (load(&out.path().join("shardgate.toml")), imported.notes)
}

#[test]
fn examples_come_out_as_what_check_takes() {
    let cases = [
        (System::Cobar, "cobar", 4, 4),
        (System::Mycat, "mycat", 3, 5),
        (System::Dble, "dble", 4, 5),
        (System::Kingshard, "kingshard", 11, 3),
        (System::Gaea, "gaea", 12, 6),
        (System::ShardingSphere, "shardingsphere", 10, 4),
        (System::Vitess, "vitess", 2, 4),
    ];
    for (system, name, shards, tables) in cases {
        let (config, notes) = loaded(system, &folder(name));
        let config = config.unwrap_or_else(|problems| panic!("{name}: {problems}"));
        let found: usize = config.schema.databases.iter().map(|database| database.tables().count()).sum();
        assert_eq!((config.schema.shards.len(), found), (shards, tables), "{name}: {notes:?}");
        assert!(notes.iter().any(|note| matches!(note, Note::Translated(_))), "{name}: {notes:?}");
    }
}

#[test]
fn what_cannot_be_translated_is_refused_by_check() {
    let copy = tempfile::tempdir().unwrap();
    for file in ["schema.xml", "rule.xml", "server.xml"] {
        let text = std::fs::read_to_string(folder("cobar").join(file)).unwrap();
        let text = text.replace("byString(${member_id})", "byLong(${a}) % 2 + byLong(${b})");
        std::fs::write(copy.path().join(file), text).unwrap();
    }
    let (config, notes) = loaded(System::Cobar, copy.path());
    let problems = config.unwrap_err().to_string();
    assert!(problems.contains("function: missing"), "{problems}");
    assert!(
        notes.iter().any(|note| matches!(note, Note::NotTranslated(text) if text.contains("byMember"))),
        "{notes:?}"
    );
}

#[test]
fn external_entities_are_not_read() {
    let copy = tempfile::tempdir().unwrap();
    let secret = copy.path().join("secret.txt");
    std::fs::write(&secret, "hidden").unwrap();
    let rule = format!(
        "<!DOCTYPE r [<!ENTITY x SYSTEM \"file://{}\">]><r><function name=\"f\">&x;</function></r>",
        secret.display()
    );
    std::fs::write(copy.path().join("rule.xml"), rule).unwrap();
    assert!(import(System::Cobar, copy.path()).is_err());
}
