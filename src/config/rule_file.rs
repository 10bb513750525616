//! A rule file: one logical database with its shards and tables.

use std::ops::RangeInclusive;

use super::function::Functions;
use super::key_type;
use super::main_file::unknown;
use super::problem::{Problem, Report};
use super::section::{Item, Section, Source};
use crate::sharding::build::{
    DatabaseSpec, KeyColumnSpec, PhysicalSpec, Place, PlacementSpec, RuleError, RuleProblem, ShardSpec, ShardedSpec,
    ShardsSpec, TableSpec, WithinSpec,
};
use crate::sharding::schema::{is_the_servers, same_name};
use crate::sharding::{Column, KeyRequired, KeyType, Parent, ReplicaSetId, Sequence, SequenceKind};

/// What a rule file says, and where it says it.
#[derive(Debug)]
pub(super) struct RuleFile<'d> {
    pub(super) spec: DatabaseSpec,
    file: Section<'d>,
    shards: Vec<Section<'d>>,
    tables: Vec<Section<'d>>,
    /// Names of tables that are not in `spec`, because they have problems of their own.
    broken_tables: Vec<String>,
}

impl RuleFile<'_> {
    /// Tells the shards that are in the schema which ShardGate keeps for itself.
    pub(super) fn report_own_schema(&self, own: &str) {
        for (shard, section) in self.spec.shards.iter().zip(&self.shards) {
            if same_name(&shard.schema, own) {
                section.problem(
                    "schema",
                    format!("\"{own}\" is ShardGate's own (transactions.schema): give the shard another"),
                );
            }
        }
    }

    /// How many shards are on this replica set.
    pub(super) fn shards_on(&self, set: ReplicaSetId) -> usize {
        self.spec.shards.iter().filter(|shard| shard.replica_set == set).count()
    }

    /// Where the file is.
    pub(super) fn place(&self) -> Problem {
        self.file.place()
    }

    /// Whether the key of this table's rule could not be read.
    fn is_key_unread(&self, table: &str) -> bool {
        self.spec.tables.iter().zip(&self.tables).any(|(spec, section)| {
            let has_none = matches!(&spec.placement, PlacementSpec::Sharded(own) if own.key.is_none());
            has_none && same_name(&spec.name, table) && (section.has("key_type") || section.has("collation"))
        })
    }

    /// Whether an error about a table only follows from what could not be read, here or in the table that this one takes it
    /// from: that has been reported.
    fn follows(&self, error: &RuleError, section: &Section<'_>) -> bool {
        let takes_it = section.has("colocated_with") || section.has("parent");
        match (&error.problem, error.key) {
            (_, "function" | "shards" | "out_of_range") if takes_it && !section.has(error.key) => true,
            (RuleProblem::Missing, key) => section.has(key),
            (RuleProblem::KeyType(_), "function") => section.peek("name").is_some_and(|name| self.is_key_unread(name)),
            // A list that could not be read leaves an empty name.
            (RuleProblem::BadName(_), "shard_key") => section.peek("shard_key").is_none(),
            (_, "shard_key") => section.item("shard_key").is_none_or(|item| !item.is_text() && !item.is_list()),
            _ => false,
        }
    }

    /// Where each table's rule is.
    pub(super) fn table_places(&self) -> impl Iterator<Item = (&str, Problem)> {
        self.spec.tables.iter().zip(&self.tables).map(|(table, section)| (table.name.as_str(), section.place()))
    }
}

/// Reads the file; `None`, reported, if it is no TOML or names no database. What is wrong in one table or shard does not
/// keep the others from being compared.
pub(super) fn read<'d>(source: &'d Source, report: &'d Report, replica_sets: &[String]) -> Option<RuleFile<'d>> {
    let file = source.parse(report)?;
    let name = file.required_text("database");
    if let Some(own) = name.as_deref().filter(|name| is_the_servers(name)) {
        file.problem("database", format!("\"{own}\" is a schema of the servers' own, and no client could use it"));
    }
    let default_shard = file.required_text("default_shard");
    let read_write_splitting = file.item("read_write_splitting").and_then(|item| item.boolean()).unwrap_or(false);
    let (shards, shard_specs): (Vec<_>, Vec<_>) = with_specs(file.sections("shards"), |section, index| {
        // Of a shard with an unknown replica set the rest is right: it gets one of its own.
        read_shard(section, replica_sets, ReplicaSetId(u16::MAX - index as u16))
    });
    let table_sections = file.sections("tables");
    let mut broken_tables: Vec<String> =
        table_sections.iter().filter_map(|table| table.peek("name").map(str::to_owned)).collect();
    let functions = Functions::default();
    let (tables, table_specs) = with_specs(table_sections, |section, _| read_table(section, &functions));
    broken_tables.retain(|name| !table_specs.iter().any(|table| table.name == *name));
    file.finish();
    if file.is_without("shards") {
        file.problem("shards", "there are no shards; add [[shards]] with name, replica_set and schema");
    }
    let first_shard = || shard_specs.first().map(|shard| shard.name.clone());
    let spec = DatabaseSpec {
        name: name?,
        default_shard: default_shard.or_else(first_shard)?,
        shards: shard_specs,
        read_write_splitting,
        tables: table_specs,
    };
    (!spec.shards.is_empty()).then_some(RuleFile { spec, file, shards, tables, broken_tables })
}

/// The sections that could be read, and what was read.
fn with_specs<'d, T>(
    sections: Vec<Section<'d>>,
    read: impl Fn(&Section<'d>, usize) -> Option<T>,
) -> (Vec<Section<'d>>, Vec<T>) {
    let read = sections.into_iter().enumerate().filter_map(|(index, section)| {
        let spec = read(&section, index)?;
        Some((section, spec))
    });
    read.unzip()
}

/// Reports what is wrong with the rules as a whole, where it is written.
pub(super) fn report_error(rules: &[RuleFile<'_>], error: &RuleError) {
    let (Place::Database { database } | Place::Shard { database, .. } | Place::Table { database, .. }) = error.at;
    let Some(file) = rules.get(database) else { return };
    let section = match error.at {
        Place::Database { .. } => Some(&file.file),
        Place::Shard { shard, .. } => file.shards.get(shard),
        Place::Table { table, .. } => file.tables.get(table),
    };
    let is_broken = |name: &str| file.broken_tables.iter().any(|broken| same_name(broken, name));
    match (&error.problem, section) {
        // The table is there; what is wrong with it has been reported.
        (RuleProblem::UnknownTable { name, .. }, _) if is_broken(name) => {}
        (RuleProblem::NotAlike { table, .. }, _) if file.is_key_unread(table) => {}
        (_, Some(section)) if file.follows(error, section) => {}
        (_, Some(section)) => section.problem(error.key, error.to_string()),
        (_, None) => {}
    }
}

fn read_shard(section: &Section<'_>, replica_sets: &[String], unknown_set: ReplicaSetId) -> Option<ShardSpec> {
    let name = section.required_text("name");
    let replica_set = section.required_text("replica_set").map(|name| {
        let found = replica_sets.iter().position(|known| same_name(known, &name));
        if found.is_none() {
            let known: Vec<&str> = replica_sets.iter().map(String::as_str).collect();
            section.problem("replica_set", unknown("replica set", &name, &known));
        }
        found.map_or(unknown_set, |index| ReplicaSetId(index as u16))
    });
    let schema = section.required_text("schema");
    if let Some(own) = schema.as_deref().filter(|schema| is_the_servers(schema)) {
        section.problem("schema", format!("\"{own}\" is a schema of the server's own: give the shard another"));
    }
    section.finish();
    let name = name?;
    // Whatever is missing has been reported; others may refer to the shard.
    let schema = schema.unwrap_or_else(|| name.clone());
    Some(ShardSpec { name, replica_set: replica_set.unwrap_or(unknown_set), schema })
}

/// Kinds of table.
#[derive(Clone, Copy, PartialEq)]
enum TableKind {
    Sharded,
    Reference,
    Single,
}

fn read_table(section: &Section<'_>, functions: &Functions) -> Option<TableSpec> {
    const KINDS: &[(&str, TableKind)] =
        &[("sharded", TableKind::Sharded), ("reference", TableKind::Reference), ("single", TableKind::Single)];
    let name = section.required_text("name");
    let kind = match section.item("kind") {
        Some(item) => item.choice(KINDS),
        None if section.has("shard_key") => Some(TableKind::Sharded),
        None => {
            section.problem("kind", "missing: give shard_key, or kind = \"reference\" or \"single\"");
            None
        }
    };
    let physical = section.item("physical").map(|item| read_physical(&item));
    let columns = section.item("columns").map(|item| read_columns(&item));
    let placement = read_placement(section, kind, functions);
    section.finish();
    let physical = physical.map_or(Some(None), |physical| physical.map(Some))?;
    Some(TableSpec { name: name?, physical, columns: columns.flatten(), placement: placement? })
}

/// A pattern, or a list of names.
fn read_physical(item: &Item<'_>) -> Option<PhysicalSpec> {
    if !item.is_list() {
        return item.text().map(PhysicalSpec::Pattern);
    }
    let names = item.list("[\"orders_1\", \"orders_2\"]")?;
    names.iter().map(Item::text).collect::<Option<Vec<_>>>().map(PhysicalSpec::Names)
}

fn read_placement(section: &Section<'_>, kind: Option<TableKind>, functions: &Functions) -> Option<PlacementSpec> {
    const SHARDED_ONLY: [&str; 15] = [
        "shard_key",
        "key_type",
        "collation",
        "scale",
        "function",
        "shards",
        "within",
        "colocated_with",
        "parent",
        "null_key",
        "out_of_range",
        "key_required",
        "uncertain_key",
        "auto_increment",
        "sequence",
    ];
    let refuse = |keys: &[&'static str], what: &str| {
        keys.iter().for_each(|key| section.refuse(key, &format!("has no meaning for a {what} table")));
    };
    let Some(kind) = kind else {
        // What the table is has to be said first; then what of this has a meaning is told.
        SHARDED_ONLY.iter().chain(&["shard"]).for_each(|key| drop(section.item(key)));
        return None;
    };
    match kind {
        TableKind::Reference => {
            refuse(&SHARDED_ONLY, "reference");
            refuse(&["shard"], "reference");
            Some(PlacementSpec::Reference)
        }
        TableKind::Single => {
            refuse(&SHARDED_ONLY, "single");
            section.item("shard").map_or(Some(None), |item| item.text().map(Some)).map(PlacementSpec::Single)
        }
        TableKind::Sharded => {
            section.refuse("shard", "has no meaning for a sharded table; its shards are named by \"shards\"");
            Some(PlacementSpec::Sharded(read_sharded(section, functions)))
        }
    }
}

/// What could not be read is left out: the rest can be looked at all the same.
fn read_sharded(section: &Section<'_>, functions: &Functions) -> ShardedSpec {
    let (key_column, key, joint) = match section.item("shard_key").filter(Item::is_list) {
        Some(item) => read_key_list(section, &item),
        None => (section.required_text("shard_key"), key_type::read(section), Some(Vec::new())),
    };
    let function = section.item("function").map(|item| functions.read(&item));
    let shards = section.item("shards").map(|item| read_shards(&item));
    let within = section.item("within").map(|item| read_within(&item, functions));
    let colocated_with = section.text("colocated_with");
    let parent = section.item("parent").map(|item| read_parent(&item));
    if parent.is_some() {
        const OF_PARENT: [&str; 10] = [
            "key_type",
            "collation",
            "scale",
            "function",
            "shards",
            "within",
            "colocated_with",
            "null_key",
            "out_of_range",
            "uncertain_key",
        ];
        let reason = "has no meaning beside parent: rows are where the parent's are, and servers compare the columns";
        OF_PARENT.iter().for_each(|key| section.refuse(key, reason));
    }
    let null_key = section.text("null_key");
    let out_of_range = section.text("out_of_range");
    let key_required = section.item("key_required").map(|item| read_key_required(&item));
    let uncertain = section.item("uncertain_key").map(|item| item.choice(&[("all-shards", false), ("refuse", true)]));
    let auto_increment = section.item("auto_increment").map(|item| item.choice(&[("per-shard", true)]));
    let sequence = section.item("sequence").map(|item| read_sequence(&item));
    if sequence.is_some() {
        section.refuse("auto_increment", "contradicts \"sequence\": either the shards number rows, or a sequence does");
    }
    // Which buckets there are to be is not known then.
    let is_within_unread = matches!(within, Some(None)) || joint.is_none();
    ShardedSpec {
        key_column: key_column.unwrap_or_default(),
        key: key.flatten(),
        function: function.flatten().filter(|_| !is_within_unread),
        shards: shards.flatten(),
        within: within.flatten(),
        joint: joint.unwrap_or_default(),
        colocated_with,
        parent: parent.flatten(),
        null_key,
        out_of_range,
        key_required: key_required.flatten().unwrap_or_default(),
        refuses_uncertain: uncertain.flatten().unwrap_or_default(),
        auto_increment_per_shard: auto_increment.flatten().unwrap_or_default(),
        sequence: sequence.flatten(),
    }
}

/// The columns of a key, of which one function takes the values of all: names, or tables with a type. The first one, its type,
/// and the others.
fn read_key_list(
    section: &Section<'_>,
    item: &Item<'_>,
) -> (Option<String>, Option<Option<KeyType>>, Option<Vec<KeyColumnSpec>>) {
    /// As many as one index of MySQL's takes.
    const MOST: usize = 16;
    const EXAMPLE: &str = "shard_key = [\"a\", { column = \"b\", key_type = \"text\", collation = \"utf8mb4_bin\" }]";
    let in_the_list = "belongs to a column where shard_key is a list, as in { column = \"b\", key_type = \"date\" }";
    ["key_type", "collation", "scale"].iter().for_each(|key| section.refuse(key, in_the_list));
    let Some(items) = item.list(EXAMPLE) else { return (None, None, None) };
    if !(2..=MOST).contains(&items.len()) {
        item.problem(format!("a list has 2 to {MOST} columns; a key of one column is a text"));
    }
    let columns: Vec<Option<KeyColumnSpec>> = items.iter().map(read_key_column).collect();
    let mut columns = columns.into_iter().collect::<Option<Vec<_>>>().unwrap_or_default().into_iter();
    let Some(first) = columns.next() else { return (None, None, None) };
    let others: Vec<KeyColumnSpec> = columns.collect();
    let is_good = (1..MOST).contains(&others.len());
    (Some(first.column), Some(Some(first.key)), is_good.then_some(others))
}

fn read_key_column(item: &Item<'_>) -> Option<KeyColumnSpec> {
    if !item.is_table() {
        return Some(KeyColumnSpec { column: item.text()?, key: KeyType::INTEGER });
    }
    let section = item.section("{ column = \"b\", key_type = \"date\" }")?;
    let (column, key) = (section.required_text("column"), key_type::read(&section));
    section.finish();
    Some(KeyColumnSpec { column: column?, key: key?.unwrap_or(KeyType::INTEGER) })
}

/// What places the rows of a child table.
fn read_parent(item: &Item<'_>) -> Option<Parent> {
    let section = item.section("{ table = \"orders\", column = \"id\" }")?;
    let (table, column) = (section.required_text("table"), section.required_text("column"));
    section.finish();
    Some(Parent { table: table?, column: column? })
}

/// The second column of a key.
fn read_within(item: &Item<'_>, functions: &Functions) -> Option<WithinSpec> {
    let section = item.section("{ shard_key = \"id\", function = { kind = \"mod\" }, shards = 4 }")?;
    let key_column = section.required_text("shard_key");
    let key = key_type::read(&section);
    let function = section.required("function").and_then(|item| functions.read(&item));
    let shards = section.required("shards").and_then(|item| item.integer(1..=1024));
    section.finish();
    Some(WithinSpec { key_column: key_column?, key: key?, function: function?, shards: shards? as usize })
}

/// What numbers the rows of a table.
fn read_sequence(item: &Item<'_>) -> Option<Sequence> {
    #[derive(Clone, Copy)]
    enum Word {
        Segment,
        Snowflake,
    }
    const SIZES: RangeInclusive<u64> = 1..=10_000_000;
    const SIZE: usize = 1000;
    let section = item.section("{ column = \"id\", kind = \"segment\" }")?;
    let column = section.required_text("column");
    let kind =
        section.item("kind").map(|item| item.choice(&[("segment", Word::Segment), ("snowflake", Word::Snowflake)]));
    let kind = match kind.unwrap_or(Some(Word::Segment)) {
        Some(Word::Segment) => {
            section.integer("size", SIZE, SIZES).map(|size| SequenceKind::Segment { size: size as u32 })
        }
        Some(Word::Snowflake) => {
            section.refuse("size", "has no meaning for a sequence of kind \"snowflake\"");
            Some(SequenceKind::Snowflake)
        }
        None => None,
    };
    section.finish();
    Some(Sequence { column: column?, kind: kind? })
}

/// `true`, `false`, `"reads"` or `"writes"`.
fn read_key_required(item: &Item<'_>) -> Option<KeyRequired> {
    if let Some(both) = item.as_boolean() {
        return Some(KeyRequired { reads: both, writes: both });
    }
    if !item.is_text() {
        item.expected("true, false, \"reads\" or \"writes\"");
        return None;
    }
    let (reads, writes) = (KeyRequired { reads: true, writes: false }, KeyRequired { reads: false, writes: true });
    item.choice(&[("reads", reads), ("writes", writes)])
}

/// A list of names, or slots for each name.
fn read_shards(item: &Item<'_>) -> Option<ShardsSpec> {
    const EXAMPLE: &str = "shards = [\"s0\", \"s1\"] or shards = { s0 = \"0-511\", s1 = [\"512-1022\", 1023] }";
    if item.is_table() {
        let entries = item.section(EXAMPLE)?.entries();
        let slots: Vec<_> = entries.iter().map(|(name, item)| Some((name.clone(), read_slots(item)?))).collect();
        return slots.into_iter().collect::<Option<Vec<_>>>().map(ShardsSpec::Slots);
    }
    let names: Vec<Option<String>> = item.list(EXAMPLE)?.iter().map(Item::text).collect();
    names.into_iter().collect::<Option<Vec<_>>>().map(ShardsSpec::Even)
}

/// `"0-511"`, `7`, or a list of these.
fn read_slots(item: &Item<'_>) -> Option<Vec<(usize, usize)>> {
    if item.is_list() {
        let ranges: Vec<Option<(usize, usize)>> = item.list("[\"0-511\", 700]")?.iter().map(read_range).collect();
        return ranges.into_iter().collect();
    }
    read_range(item).map(|range| vec![range])
}

fn read_range(item: &Item<'_>) -> Option<(usize, usize)> {
    const EXAMPLE: &str = "slots, as in \"0-511\" or 700";
    if let Some(integer) = item.as_integer() {
        let slot = usize::try_from(integer).ok().map(|slot| (slot, slot));
        if slot.is_none() {
            item.expected(EXAMPLE);
        }
        return slot;
    }
    if !item.is_text() {
        item.expected(EXAMPLE);
        return None;
    }
    let text = item.text()?;
    let number = |text: &str| text.trim().parse::<usize>().ok();
    let range = match text.split_once('-') {
        Some((first, last)) => number(first).zip(number(last)),
        None => number(&text).map(|slot| (slot, slot)),
    };
    let range = range.filter(|(first, last)| first <= last);
    if range.is_none() {
        item.problem(format!("\"{text}\" should be {EXAMPLE}"));
    }
    range
}

/// Names, or tables with name and `auto_increment`, in the order of the table.
fn read_columns(item: &Item<'_>) -> Option<Vec<Column>> {
    const EXAMPLE: &str = "columns = [\"id\", { name = \"n\", auto_increment = true }]";
    let items = item.list(EXAMPLE)?;
    if items.is_empty() {
        item.problem("the list is empty; name all columns of the table in their order, or leave the key out");
        return None;
    }
    let mut columns: Vec<Column> = Vec::new();
    for item in &items {
        let column = read_column(item)?;
        if columns.iter().any(|other| same_name(&other.name, &column.name)) {
            item.problem(format!("column \"{}\" is there twice (letter case does not count)", column.name));
        }
        columns.push(column);
    }
    Some(columns)
}

fn read_column(item: &Item<'_>) -> Option<Column> {
    if !item.is_table() {
        return item.text().map(|name| Column::named(&name));
    }
    let section = item.section("{ name = \"id\", auto_increment = true }")?;
    let name = section.required_text("name");
    let auto_increment = section.item("auto_increment").map_or(Some(false), |item| item.boolean());
    section.finish();
    Some(Column { auto_increment: auto_increment?, ..Column::named(&name?) })
}
