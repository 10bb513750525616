//! Holds the module graph to its table: who may import whom, that each file opens with its reason, and that
//! ARCHITECTURE.md names the modules that exist. A new edge is a design change: argue it in the commit that adds it here.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// `module: what it may import`. `lib` holds the `mod` lines, `main` is the binary.
const EDGES: &str = "
value:
metrics:
wire: value
sql: value
sharding: value
merge: value
plan: sql sharding merge value
backend: wire sharding value metrics
txn: backend wire sharding metrics
exec: plan merge txn backend sharding wire value metrics
frontend: exec plan sql txn merge backend wire sharding value metrics
admin: frontend txn backend plan sharding wire value metrics
config: frontend admin backend txn sharding wire value
server: config frontend admin exec plan sql txn backend sharding metrics playground wire value
lib: server playground config
playground: config backend wire sharding value
main: server playground config
";

#[test]
fn modules_import_only_what_the_table_allows() {
    let allowed = table();
    let modules = modules();
    let mut strangers = Vec::new();
    for (file, text) in sources() {
        let module = module_of(&file);
        let Some(may) = allowed.get(module.as_str()) else {
            strangers.push(format!("{}: module `{module}` is not in the table", file.display()));
            continue;
        };
        for used in imports(&text).intersection(&modules).filter(|used| **used != module) {
            if !may.contains(used.as_str()) {
                strangers.push(format!("{}: `{module}` may not import `{used}`", file.display()));
            }
        }
    }
    assert!(strangers.is_empty(), "\n{}", strangers.join("\n"));
}

#[test]
fn the_table_has_no_cycle() {
    let allowed = table();
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    while placed.len() < allowed.len() {
        let ready: Vec<&str> = allowed
            .iter()
            .filter(|(module, may)| !placed.contains(*module) && may.is_subset(&placed))
            .map(|(module, _)| *module)
            .collect();
        assert!(!ready.is_empty(), "these import each other: {:?}", allowed.keys().filter(|m| !placed.contains(*m)));
        placed.extend(ready);
    }
}

#[test]
fn each_file_opens_with_its_reason() {
    let silent: Vec<PathBuf> =
        sources().into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(file, _)| file).collect();
    assert!(silent.is_empty(), "these files do not open with `//!`: {silent:?}");
}

#[test]
fn the_map_names_the_modules_that_exist() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let words: BTreeSet<&str> =
        map.split(|c: char| !(c.is_alphanumeric() || "_./".contains(c))).map(|word| word.trim_matches('.')).collect();
    let names =
        |module: &String| [module.clone(), format!("{module}/"), format!("{module}.rs"), format!("src/{module}")];
    let missing: Vec<String> = modules()
        .into_iter()
        .filter(|module| !names(module).iter().any(|name| words.contains(name.as_str())))
        .collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md does not name {missing:?}");
    let gone: Vec<&&str> = words
        .iter()
        .filter(|word| word.starts_with("src/") && !root().join(word.trim_end_matches('/')).exists())
        .collect();
    assert!(gone.is_empty(), "ARCHITECTURE.md names what does not exist: {gone:?}");
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn table() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let lines = EDGES.lines().filter_map(|line| line.split_once(':'));
    lines.map(|(module, may)| (module.trim(), may.split_whitespace().collect())).collect()
}

/// The rooms under src/, without the two crate roots.
fn modules() -> BTreeSet<String> {
    sources().iter().map(|(file, _)| module_of(file)).filter(|name| name != "lib" && name != "main").collect()
}

fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    files.sort();
    files.into_iter().map(|file| (file.clone(), fs::read_to_string(&file).unwrap())).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// First segments of every path that starts at the crate root, grouped imports included.
fn imports(text: &str) -> BTreeSet<String> {
    let code = without_comments(before_tests(text));
    let mut used = BTreeSet::new();
    for start in ["crate::", "shardgate::"] {
        for (at, _) in code.match_indices(start) {
            // `mysql_crate::` is another word.
            if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &code[at + start.len()..];
            match rest.strip_prefix('{') {
                Some(group) => used.extend(group_heads(group)),
                None => used.extend([head(rest)]),
            }
        }
    }
    used
}

/// `a::{b, c}, d}` gives `a` and `d`.
fn group_heads(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut part) = (0, Vec::new(), String::new());
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => heads.push(head(std::mem::take(&mut part).trim())),
            _ => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                part.push(c);
            }
        }
    }
    heads.push(head(part.trim()));
    heads
}

fn head(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Inline test modules stand at the end of their file and may import what they like.
fn before_tests(text: &str) -> &str {
    text.find("#[cfg(test)]").map_or(text, |at| &text[..at])
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| line.split(" // ").next().unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn imports_are_found_in_every_spelling() {
    let text = "//! crate::no\nuse crate::a::B;\nuse crate::{c::{D, E}, f};\nfn g() { crate::h::i() } // crate::no\n\
                #[cfg(test)]\nmod tests { use crate::no; }";
    assert_eq!(imports(text).into_iter().collect::<Vec<_>>(), ["a", "c", "f", "h"]);
}
