//! The main file, `shardgate.toml`, and from it all the others.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::files::SeenFile;
use super::problem::{Problem, Problems, Report, Texts, nearest};
use super::rule_file::RuleFile;
use super::section::{Section, Source};
use super::users::UserEntry;
use super::{
    Config, Places, console, gather, log, monitor, reload, replica_sets, rule_file, secret, server, transactions, users,
};
use crate::backend::options::{Options, ReplicaSetOptions};
use crate::frontend::options::User;
use crate::sharding::build::SchemaSpec;
use crate::sharding::schema::same_name;
use crate::sharding::{ReplicaSetId, Schema};

/// See [`load`](super::load).
pub(super) fn load(path: &Path, instead: Texts) -> Result<Config, Problems> {
    let report = Report::on(instead);
    let mut files = vec![path.display().to_string()];
    let config = read_source(path, &report).map_err(|problem| report.problem(problem)).ok().and_then(|main| {
        let folder = path.parent().unwrap_or(Path::new(""));
        let section = main.parse(&report)?;
        let sources = rule_sources(&section, folder, &report);
        files.extend(sources.iter().map(|source| source.file.clone()));
        report.saw(SeenFile::settings(&main.file, &main.text));
        sources.iter().for_each(|source| report.saw(SeenFile::settings(&source.file, &source.text)));
        let config = read_all(&section, folder, &sources, &report)?;
        Some(Config { path: path.to_owned(), ..config })
    });
    let seen = report.take_files();
    let warnings = report.finish(&files)?;
    let unread = || {
        let message = "could not be read".to_owned();
        Problems(vec![Problem { file: path.display().to_string(), line: None, key: String::new(), message }])
    };
    config.map(|config| Config { warnings, files: seen, ..config }).ok_or_else(unread)
}

fn read_source(path: &Path, report: &Report) -> Result<Source, Problem> {
    let file = path.display().to_string();
    match report.read(path) {
        Ok(text) => Ok(Source::new(file, text)),
        Err(error) => {
            Err(Problem { file, line: None, key: String::new(), message: format!("cannot read the file: {error}") })
        }
    }
}

fn read_all(main: &Section<'_>, folder: &Path, sources: &[Source], report: &Report) -> Option<Config> {
    let frontend = optional(main, "server", |section| server::read(section, folder));
    let log = optional(main, "log", log::read);
    let monitor = optional(main, "monitor", monitor::read);
    let reload = optional(main, "reload", reload::read);
    let console = optional(main, "console", |section| console::read(section, folder));
    let transactions = match main.item("transactions") {
        Some(item) => item.section("[transactions]").and_then(|section| transactions::read(&section)),
        None => Some(transactions::default()),
    };
    let user_sections = main.sections("users");
    let users: Vec<UserEntry<'_>> = user_sections.iter().map(|user| users::read(user, folder)).collect();
    let set_sections = main.sections("replica_sets");
    // Names of sets that have problems of their own are known all the same.
    let set_names: Vec<String> =
        set_sections.iter().map(|set| set.peek("name").unwrap_or_default().to_owned()).collect();
    let replica_sets = read_replica_sets(&set_sections, &set_names, folder);
    let gather = optional(main, "gather", |section| gather::read(section, &set_names));
    main.finish();
    if main.is_without("users") {
        main.problem("users", "there are no users; add [[users]] with name and password");
    }
    if main.is_without("replica_sets") {
        main.problem(
            "replica_sets",
            "there are no replica sets; add [[replica_sets]] with name, primary, user and password",
        );
    }
    let rules: Vec<RuleFile<'_>> =
        sources.iter().filter_map(|source| rule_file::read(source, report, &set_names)).collect();
    let schema = build_schema(&rules);
    if let Some(transactions) = &transactions {
        rules.iter().for_each(|file| file.report_own_schema(&transactions.schema));
    }
    warn_small_pools(&set_sections, &replica_sets, &rules);
    if let (Some(console), Some(frontend)) = (&console, &frontend)
        && !console.users.is_empty()
        && console.listen.port() != 0
        && frontend.listen.contains(&console.listen)
    {
        main.problem("console", format!("it cannot listen on {}, where clients connect", console.listen));
    }
    let places = places(&set_sections, &set_names, &rules);
    report_users_there_twice(&users);
    // What a rule file that could not be read is called is not known.
    if rules.len() == sources.len() && !sources.is_empty() {
        report_unknown_databases(&users, &rules);
    }
    let all: Vec<String> = rules.iter().map(|file| file.spec.name.clone()).collect();
    let users = users.into_iter().filter_map(|entry| entry.user).map(|user| with_databases(user, &all)).collect();
    warn_shared_servers(&set_sections, &replica_sets);
    warn_readable_passwords(main, user_sections.iter().chain(&set_sections));
    Some(Config {
        frontend: crate::frontend::options::Options { users, gather: gather?, ..frontend? },
        backend: Options { replica_sets, monitor: monitor? },
        transactions: transactions?,
        console: console?,
        log: log?,
        reload: reload?,
        schema: schema?,
        warnings: Vec::new(),
        path: PathBuf::new(),
        files: Vec::new(),
        places,
    })
}

fn places(sets: &[Section<'_>], names: &[String], rules: &[RuleFile<'_>]) -> Places {
    let mut places = Places::default();
    places.replica_sets.extend(names.iter().zip(sets).map(|(name, set)| (name.to_lowercase(), set.place())));
    for file in rules {
        let database = file.spec.name.to_lowercase();
        let tables = file.table_places().map(|(name, place)| (format!("{database}.{}", name.to_lowercase()), place));
        places.tables.extend(tables);
        places.databases.insert(database.clone(), file.place());
    }
    places
}

/// Without the section its defaults.
fn optional<T: Default>(main: &Section<'_>, key: &'static str, read: impl Fn(&Section<'_>) -> Option<T>) -> Option<T> {
    let Some(item) = main.item(key) else { return Some(T::default()) };
    read(&item.section(&format!("[{key}]"))?)
}

/// All problems of all rules are reported where they are written.
fn build_schema(rules: &[RuleFile<'_>]) -> Option<Schema> {
    let databases = rules.iter().map(|file| file.spec.clone()).collect();
    let built = SchemaSpec { version: 0, databases }.build();
    built.map_err(|errors| errors.iter().for_each(|error| rule_file::report_error(rules, error))).ok()
}

fn report_unknown_databases(users: &[UserEntry<'_>], rules: &[RuleFile<'_>]) {
    let known: Vec<&str> = rules.iter().map(|file| file.spec.name.as_str()).collect();
    for (name, item) in users.iter().flat_map(|user| &user.databases) {
        if !known.iter().any(|database| same_name(database, name)) {
            item.problem(unknown("database", name, &known));
        }
    }
}

fn report_users_there_twice(users: &[UserEntry<'_>]) {
    let names: Vec<_> = users.iter().filter_map(|user| user.name.as_ref()).collect();
    for (index, (name, item)) in names.iter().enumerate() {
        if names[..index].iter().any(|(other, _)| other == name) {
            item.problem(format!("user \"{name}\" is there twice"));
        }
    }
}

/// Who names no database may use all.
fn with_databases(user: User, all: &[String]) -> User {
    if user.databases.is_empty() { User { databases: all.to_vec(), ..user } } else { user }
}

fn read_replica_sets(sections: &[Section<'_>], names: &[String], folder: &Path) -> Vec<ReplicaSetOptions> {
    for (index, (section, name)) in sections.iter().zip(names).enumerate() {
        if names[..index].iter().any(|other| same_name(other, name)) {
            section.problem("name", format!("replica set \"{name}\" is there twice (letter case does not count)"));
        }
    }
    sections.iter().filter_map(|section| replica_sets::read(section, folder)).collect()
}

/// A server in two sets is legal, as on a small test machine, and rarely meant.
fn warn_shared_servers(sections: &[Section<'_>], sets: &[ReplicaSetOptions]) {
    let mut seen: HashSet<String> = HashSet::new();
    for (section, set) in sections.iter().zip(sets) {
        let own: HashSet<String> = std::iter::once(&set.primary)
            .chain(set.replicas.iter().map(|replica| &replica.address))
            .map(ToString::to_string)
            .collect();
        if let (Some(shared), Some(item)) =
            (own.iter().find(|address| seen.contains(*address)), section.item("primary"))
        {
            item.warning(format!("the server {shared} is in another replica set too"));
        }
        seen.extend(own);
    }
}

/// A statement over all shards has a connection for each at once.
fn warn_small_pools(sections: &[Section<'_>], sets: &[ReplicaSetOptions], rules: &[RuleFile<'_>]) {
    // Of sets that could not be read it is not known which is which.
    if sections.len() != sets.len() {
        return;
    }
    for ((index, set), section) in (0..).zip(sets).zip(sections) {
        let shards = rules.iter().map(|file| file.shards_on(ReplicaSetId(index))).max().unwrap_or_default();
        if let Some(item) = section.item("pool").filter(|_| set.pool.max < shards) {
            item.warning(format!(
                "max = {} is less than the {shards} shards of a database that are here: statements over all of them cannot run",
                set.pool.max
            ));
        }
    }
}

/// Said once, at the first password that stands in the open.
fn warn_readable_passwords<'s, 'd: 's>(main: &Section<'_>, mut sections: impl Iterator<Item = &'s Section<'d>>) {
    if !secret::is_world_readable(Path::new(main.file())) {
        return;
    }
    let is_open = |section: &&Section<'_>| section.peek("password").is_some_and(|password| !password.is_empty());
    if let Some(item) = sections.find(is_open).and_then(|section| section.item("password")) {
        item.warning(
            "this file can be read by every user of this machine: chmod o-rwx it, or give its passwords as \
             { env = \"VARIABLE\" } or { file = \"path\" }",
        );
    }
}

/// `unknown database "shp"; known databases: shop, blog`.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(meant) => format!("unknown {what} \"{name}\"; did you mean \"{meant}\"?"),
        None => format!("unknown {what} \"{name}\"; known {what}s: {}", known.join(", ")),
    }
}

/// The texts of the rule files, in the order of their paths.
fn rule_sources(main: &Section<'_>, folder: &Path, report: &Report) -> Vec<Source> {
    let Some(item) = main.required("rules") else { return Vec::new() };
    let mut paths: Vec<PathBuf> = Vec::new();
    if main.is_without("rules") {
        item.problem("the list is empty; name the rule files, as in rules = [\"rules/*.toml\"]");
    }
    for place in item.list("rules = [\"rules/*.toml\"]").unwrap_or_default() {
        let Some(pattern) = place.text() else { continue };
        match matching_files(folder, &pattern, report) {
            Ok(found) if found.is_empty() => {
                place.problem(format!("there is no file \"{pattern}\" (from the folder of this file)"))
            }
            Ok(found) => paths.extend(found),
            Err(reason) => place.problem(reason),
        }
    }
    paths.sort();
    paths.dedup();
    let sources =
        paths.iter().filter_map(|path| read_source(path, report).map_err(|problem| report.problem(problem)).ok());
    sources.collect()
}

/// The files of a path relative to `folder`; its last part may have `*` for any characters.
fn matching_files(folder: &Path, pattern: &str, report: &Report) -> Result<Vec<PathBuf>, String> {
    let (parent, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let base = if pattern.starts_with('/') { PathBuf::from(format!("{parent}/")) } else { folder.join(parent) };
    if parent.contains('*') {
        return Err(format!("\"{pattern}\": only the last part of a path may have a *"));
    }
    if let Some(texts) = report.whole() {
        let is_meant = |path: &&PathBuf| {
            let found = path.file_name().and_then(|found| found.to_str());
            path.parent() == Some(base.as_path()) && found.is_some_and(|found| matches(name, found))
        };
        return Ok(texts.keys().filter(is_meant).cloned().collect());
    }
    if !name.contains('*') {
        let path = base.join(name);
        return Ok(if path.is_file() { vec![path] } else { Vec::new() });
    }
    let reading = if base.as_os_str().is_empty() { Path::new(".") } else { &base };
    report.saw(SeenFile::folder(reading));
    let entries = match std::fs::read_dir(reading) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("cannot read the folder {}: {error}", reading.display())),
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let matching = names.filter(|found| !found.starts_with('.') && matches(name, found));
    Ok(matching.map(|found| base.join(found)).filter(|path| path.is_file()).collect())
}

fn matches(pattern: &str, name: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return pattern == name };
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_characters() {
        let cases = [
            ("*.toml", "shop.toml", true),
            ("*.toml", ".toml", true),
            ("*.toml", "shop.toml~", false),
            ("sh*op*.toml", "shXop.toml", true),
            ("sh*op.toml", "shop.tom", false),
            ("*a*", "bab", true),
            ("a*a", "a", false),
        ];
        for (pattern, name, wanted) in cases {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
