//! What an importer has found, in ShardGate's terms; and its files as text.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::path::PathBuf;

/// The files to write, and what there is to say of them.
#[derive(Debug)]
pub struct Imported {
    /// Paths relative to the folder, with their text.
    pub files: Vec<(PathBuf, String)>,
    /// In the order in which it was found.
    pub notes: Vec<Note>,
}

/// One thing to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// It means the same.
    Translated(String),
    /// It means something else; how.
    Changed(String),
    /// It was left out; what to do.
    NotTranslated(String),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Translated(text) | Self::Changed(text) | Self::NotTranslated(text) => f.write_str(text),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) users: Vec<User>,
    pub(super) sets: Vec<ReplicaSet>,
    pub(super) databases: Vec<Database>,
    pub(super) notes: Vec<Note>,
}

#[derive(Debug)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) password: String,
    pub(super) databases: Vec<String>,
}

#[derive(Debug)]
pub(super) struct ReplicaSet {
    pub(super) name: String,
    pub(super) primary: String,
    pub(super) replicas: Vec<Replica>,
    pub(super) user: String,
    pub(super) password: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replica {
    pub(super) address: String,
    /// Where the old file gives one: how many of the reads it gets beside the others.
    pub(super) weight: Option<u32>,
}

impl Replica {
    pub(super) fn at(address: &str) -> Self {
        Self { address: address.to_owned(), weight: None }
    }

    /// `host:port@weight`, and what Gaea writes behind it, `#data center`; empty for one that is switched off.
    pub(super) fn weighted(text: &str) -> Self {
        let text = text.split('#').next().unwrap_or_default();
        match text.split_once('@') {
            Some((address, weight)) => Self { address: address.trim().to_owned(), weight: weight.trim().parse().ok() },
            None => Self::at(text.trim()),
        }
    }

    /// As TOML.
    fn text(&self) -> String {
        let address = quoted(&self.address);
        match self.weight {
            Some(weight) if weight != 1 => format!("{{ address = {address}, weight = {} }}", weight.min(1000)),
            _ => address,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Database {
    pub(super) name: String,
    pub(super) default_shard: String,
    pub(super) shards: Vec<Shard>,
    pub(super) tables: Vec<Table>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shard {
    pub(super) name: String,
    pub(super) set: String,
    pub(super) schema: String,
}

#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) physical: Option<String>,
    /// One for each shard, where no pattern makes them.
    pub(super) names: Vec<String>,
    pub(super) placement: Placement,
    /// Keys of a sharded table that need no more than their value, as TOML.
    pub(super) more: Vec<(&'static str, String)>,
}

impl Table {
    pub(super) fn new(name: &str, placement: Placement) -> Self {
        Self { name: name.to_owned(), physical: None, names: Vec::new(), placement, more: Vec::new() }
    }

    pub(super) fn named(mut self, physical: Option<String>) -> Self {
        self.physical = physical;
        self
    }

    /// It has these names on its shards, in their order.
    pub(super) fn listed(mut self, names: Vec<String>) -> Self {
        self.names = names;
        self
    }

    /// Statements must tell the key.
    pub(super) fn requiring_key(mut self, is_required: bool) -> Self {
        if is_required && self.is_sharded() {
            self.more.push(("key_required", "true".to_owned()));
        }
        self
    }

    /// Rows are numbered.
    pub(super) fn numbered(mut self, column: &str, kind: &str) -> Self {
        self.number(column, kind);
        self
    }

    /// The same for a table that is there.
    pub(super) fn number(&mut self, column: &str, kind: &str) {
        if self.is_sharded() {
            self.more.push(("sequence", format!("{{ column = {}, kind = {} }}", quoted(column), quoted(kind))));
        }
    }

    fn is_sharded(&self) -> bool {
        matches!(self.placement, Placement::Sharded { .. } | Placement::Colocated { .. } | Placement::Child { .. })
    }
}

/// The second column of a key.
#[derive(Debug, Clone)]
pub(super) struct Within {
    pub(super) key: String,
    pub(super) key_type: &'static str,
    pub(super) function: Function,
    pub(super) shards: usize,
}

#[derive(Debug)]
pub(super) enum Placement {
    Reference,
    Single(String),
    Sharded {
        key: String,
        /// Empty: an integer.
        key_type: &'static str,
        /// Further columns, with their types, where the function takes all together.
        joint: Vec<(String, &'static str)>,
        /// `None`: `check` refuses the table until someone gives one.
        function: Option<Function>,
        /// Of a key of two columns.
        within: Option<Within>,
        /// One for each bucket.
        shards: Vec<String>,
    },
    Colocated {
        key: String,
        with: String,
    },
    /// Where the row of the parent is whose column the key equals.
    Child {
        key: String,
        parent: String,
        column: String,
    },
}

impl Placement {
    /// Of a table whose rule was not translated: `check` refuses it until someone gives it one.
    pub(super) fn untranslated(shards: Vec<String>) -> Self {
        Self::Sharded { key: "id".to_owned(), key_type: "", joint: Vec::new(), function: None, within: None, shards }
    }
}

/// A function's name and its parameters, each as TOML.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) kind: String,
    pub(super) params: Vec<(String, String)>,
}

impl Function {
    pub(super) fn new(kind: &str) -> Self {
        Self { kind: kind.to_owned(), params: Vec::new() }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.push((name.to_owned(), value.into()));
        self
    }

    /// As TOML.
    pub(super) fn text(&self) -> String {
        let params: String = self.params.iter().map(|(name, value)| format!(", {name} = {value}")).collect();
        format!("{{ kind = {}{params} }}", quoted(&self.kind))
    }

    pub(super) fn with_text(self, name: &str, value: &str) -> Self {
        self.with(name, quoted(value))
    }
}

/// A text in TOML.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

pub(super) fn quoted_list<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    format!("[{}]", texts.into_iter().map(quoted).collect::<Vec<_>>().join(", "))
}

impl Draft {
    pub(super) fn translated(&mut self, text: impl Into<String>) {
        self.note(Note::Translated(text.into()));
    }

    pub(super) fn changed(&mut self, text: impl Into<String>) {
        self.note(Note::Changed(text.into()));
    }

    pub(super) fn not_translated(&mut self, text: impl Into<String>) {
        self.note(Note::NotTranslated(text.into()));
    }

    /// Once, though it may be found at several places.
    fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The replica set with this primary; a new one if there is none.
    pub(super) fn set(&mut self, primary: &str, replicas: &[Replica], user: &str, password: &str) -> String {
        let others = replicas.iter().filter(|replica| replica.address != primary);
        if let Some(known) = self.sets.iter_mut().find(|set| set.primary == primary) {
            for replica in others {
                if !known.replicas.iter().any(|other| other.address == replica.address) {
                    known.replicas.push(replica.clone());
                }
            }
            return known.name.clone();
        }
        let name = format!("rs{}", self.sets.len());
        let replicas = others.cloned().collect();
        let (user, password) = (user.to_owned(), password.to_owned());
        self.sets.push(ReplicaSet { name: name.clone(), primary: primary.to_owned(), replicas, user, password });
        name
    }

    pub(super) fn finish(mut self) -> Imported {
        self.keep_schemas_apart();
        let mut files = vec![(PathBuf::from("shardgate.toml"), self.main_file())];
        for database in &self.databases {
            let name: String =
                database.name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
            files.push((PathBuf::from(format!("rules/{name}.toml")), database.rule_file()));
        }
        Imported { files, notes: self.notes }
    }

    /// Two logical databases cannot share a physical schema here: `check` will say where they do.
    fn keep_schemas_apart(&mut self) {
        let mut owners: BTreeMap<(String, String), String> = BTreeMap::new();
        // By the two databases.
        let mut shared: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for database in &self.databases {
            for shard in &database.shards {
                let place = (shard.set.clone(), shard.schema.clone());
                let owner = owners.entry(place).or_insert_with(|| database.name.clone());
                if *owner != database.name {
                    let schemas = shared.entry((database.name.clone(), owner.clone())).or_default();
                    if !schemas.contains(&shard.schema) {
                        schemas.push(shard.schema.clone());
                    }
                }
            }
        }
        for ((database, owner), schemas) in shared {
            const SHOWN: usize = 3;
            let what = match schemas.len() {
                1 => format!("the physical schema {}", schemas[0]),
                count if count <= SHOWN => format!("the physical schemas {}", schemas.join(", ")),
                count => format!("{count} physical schemas ({} ...)", schemas[..SHOWN].join(", ")),
            };
            self.notes.push(Note::NotTranslated(format!(
                "database {database} shares {what} with {owner}; here each logical database has schemas of its own: merge the two \
                 rule files"
            )));
        }
    }

    fn main_file(&self) -> String {
        let mut out = String::from("rules = [\"rules/*.toml\"]\n");
        for user in &self.users {
            let _ = write!(out, "\n[[users]]\nname = {}\npassword = {}\n", quoted(&user.name), quoted(&user.password));
            if !user.databases.is_empty() {
                let _ = writeln!(out, "databases = {}", quoted_list(user.databases.iter().map(String::as_str)));
            }
        }
        for set in &self.sets {
            let _ =
                write!(out, "\n[[replica_sets]]\nname = {}\nprimary = {}\n", quoted(&set.name), quoted(&set.primary));
            if !set.replicas.is_empty() {
                let replicas: Vec<String> = set.replicas.iter().map(Replica::text).collect();
                let _ = writeln!(out, "replicas = [{}]", replicas.join(", "));
            }
            let _ = write!(out, "user = {}\npassword = {}\n", quoted(&set.user), quoted(&set.password));
        }
        out
    }
}

impl Database {
    fn rule_file(&self) -> String {
        let mut out = format!("database = {}\ndefault_shard = {}\n", quoted(&self.name), quoted(&self.default_shard));
        for shard in &self.shards {
            let (name, set, schema) = (quoted(&shard.name), quoted(&shard.set), quoted(&shard.schema));
            let _ = write!(out, "\n[[shards]]\nname = {name}\nreplica_set = {set}\nschema = {schema}\n");
        }
        for table in &self.tables {
            table.write(&mut out);
        }
        out
    }
}

impl Table {
    fn write(&self, out: &mut String) {
        let _ = write!(out, "\n[[tables]]\nname = {}\n", quoted(&self.name));
        if let Some(physical) = &self.physical {
            let _ = writeln!(out, "physical = {}", quoted(physical));
        } else if !self.names.is_empty() {
            let _ = writeln!(out, "physical = {}", quoted_list(self.names.iter().map(String::as_str)));
        }
        match &self.placement {
            Placement::Reference => out.push_str("kind = \"reference\"\n"),
            Placement::Single(shard) => {
                let _ = write!(out, "kind = \"single\"\nshard = {}\n", quoted(shard));
            }
            Placement::Colocated { key, with } => {
                let _ = write!(out, "shard_key = {}\ncolocated_with = {}\n", quoted(key), quoted(with));
            }
            Placement::Child { key, parent, column } => {
                let (key, parent, column) = (quoted(key), quoted(parent), quoted(column));
                let _ = write!(out, "shard_key = {key}\nparent = {{ table = {parent}, column = {column} }}\n");
            }
            Placement::Sharded { key, key_type, joint, function, within, shards } => {
                if joint.is_empty() {
                    let _ = writeln!(out, "shard_key = {}", quoted(key));
                    for (key, value) in key_type_of(key_type) {
                        let _ = writeln!(out, "{key} = {value}");
                    }
                } else {
                    let first = std::iter::once((key.as_str(), *key_type));
                    let others = joint.iter().map(|(column, key_type)| (column.as_str(), *key_type));
                    let columns: Vec<String> = first.chain(others).map(|(name, of)| key_column(name, of)).collect();
                    let _ = writeln!(out, "shard_key = [{}]", columns.join(", "));
                }
                match function {
                    Some(function) => {
                        let _ = writeln!(out, "function = {}", function.text());
                    }
                    None => out.push_str("# function = ?  See the report: this table needs a decision.\n"),
                }
                if let Some(within) = within {
                    let types = key_type_of(within.key_type).map(|(key, value)| format!(", {key} = {value}"));
                    let _ = writeln!(
                        out,
                        "within = {{ shard_key = {}{}, function = {}, shards = {} }}",
                        quoted(&within.key),
                        types.collect::<String>(),
                        within.function.text(),
                        within.shards
                    );
                }
                let _ = writeln!(out, "shards = {}", quoted_list(shards.iter().map(String::as_str)));
            }
        }
        for (key, value) in &self.more {
            let _ = writeln!(out, "{key} = {value}");
        }
    }
}

/// One of several columns of a key.
fn key_column(name: &str, key_type: &str) -> String {
    if key_type.is_empty() {
        return quoted(name);
    }
    let types = key_type_of(key_type).map(|(key, value)| format!(", {key} = {value}"));
    format!("{{ column = {}{} }}", quoted(name), types.collect::<String>())
}

/// The keys that say what the column is. The old systems hash texts as they are written, whatever the column's collation.
fn key_type_of(key_type: &str) -> impl Iterator<Item = (&'static str, String)> {
    let collation = (key_type == "text").then(|| ("collation", quoted("as-written")));
    (!key_type.is_empty()).then(|| ("key_type", quoted(key_type))).into_iter().chain(collation)
}

/// `a,b$0-2,c` as `a`, `b0`, `b1`, `b2`, `c`; `form` makes a name of a stem and a number.
pub(super) fn expanded(text: &str, form: impl Fn(&str, usize) -> String) -> Vec<String> {
    /// More shards than there can be.
    const MOST: usize = 4096;
    let mut names = Vec::new();
    for part in text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
        let range = part.split_once('$').and_then(|(stem, range)| {
            let (first, last) = range.split_once('-')?;
            Some((stem, first.trim().parse::<usize>().ok()?, last.trim().parse::<usize>().ok()?))
        });
        match range {
            Some((stem, first, last)) => names.extend((first..=last).take(MOST).map(|number| form(stem, number))),
            None => names.push(part.to_owned()),
        }
    }
    names
}

/// A name that rules can use: `dn[0]` is `dn_0`.
pub(super) fn plain(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).collect();
    plain.trim_matches('_').replace("__", "_")
}
