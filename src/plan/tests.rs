//! Plans of the statements in `tests/cases/plan`, over an example shop in both physical layouts.
//!
//! A case is a statement, then lines that begin with `=>` and say what comes of it:
//! `one 1`, `any 0 1`, `scatter 0 1 2 3`, `merge 0 1 2 3`, `split 0:0,2 1:1`, `local database`, `refuse ORDER BY`, `error MissingShardKey`,
//! `text 1: SELECT ...` (what shard 1 gets), `given 1: 0 2` (its parameters), `fetch 1: SELECT ...` (what is gathered there), `over SELECT ...` (what runs over
//! gathered rows), `kind Read`, `commits`, `copies`. `schemas:` or `tables:` before it makes it
//! hold for one layout only. Before a statement `@params 5, 'x', NULL`, `@mode pipes_as_concat mysql`, `@database none`
//! hold for that statement. `#` begins a comment.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::sharding::build::{
    DatabaseSpec, KeyColumnSpec, PhysicalSpec, PlacementSpec, SchemaSpec, ShardSpec, ShardedSpec, ShardsSpec,
    TableSpec, WithinSpec,
};
use crate::sharding::function::params::{Param, Params};
use crate::sharding::function::{FunctionSpec, Named, registry};
use crate::sharding::key::KeyType;
use crate::sharding::table::ColumnKind;
use crate::sharding::{Column, KeyRequired, ReplicaSetId, Sequence, SequenceKind};
use crate::value::Charset;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// A schema per shard.
    Schemas,
    /// A table per shard, two shards in each of two schemas.
    Tables,
}

pub(super) fn example_schema(is_tables: bool) -> Schema {
    let layout = if is_tables { Layout::Tables } else { Layout::Schemas };
    let shard = |index: u16| ShardSpec {
        name: format!("s{index}"),
        replica_set: ReplicaSetId(index / 2),
        schema: if is_tables { "data".to_owned() } else { format!("shop_{index}") },
    };
    let sharded =
        |name: &str, key: &str, columns: &str| table(layout, name, columns, by(key, &["s0", "s1", "s2", "s3"]));
    let reference = |name: &str, columns: &str| table(layout, name, columns, PlacementSpec::Reference);
    let shop = DatabaseSpec {
        name: "shop".to_owned(),
        shards: (0..4).map(shard).collect(),
        default_shard: "s0".to_owned(),
        read_write_splitting: false,
        tables: vec![
            sharded("users", "id", "id name email"),
            sharded("orders", "user_id", "id user_id product_id status amount"),
            sharded("order_items", "user_id", "id user_id order_id product_id qty"),
            sharded("anon", "user_id", ""),
            sharded("sales", "user_id", "id:bigint user_id:bigint amount:decimal day:date at:datetime name:varchar"),
            sharded("tickets", "user_id", "+id user_id subject"),
            table(layout, "invoices", "+id user_id total", numbered("user_id")),
            table(layout, "notes", "+id text", numbered("id")),
            table(layout, "carts", "id user_id total", by("user_id", &["s1", "s0", "s3", "s2"])),
            table(layout, "events", "id tenant what", text_key()),
            table(layout, "tiny", "id user_id x", by("user_id", &["s3"])),
            reference("products", "id name price"),
            reference("countries", "code name"),
            reference("numbered", "+id name"),
            table(Layout::Schemas, "logs", "id line", PlacementSpec::Single(Some("s2".to_owned()))),
        ],
    };
    let crm_shard = ShardSpec { name: "c0".to_owned(), replica_set: ReplicaSetId(0), schema: "crm_data".to_owned() };
    let crm = DatabaseSpec {
        name: "crm".to_owned(),
        shards: vec![crm_shard],
        default_shard: "c0".to_owned(),
        read_write_splitting: false,
        tables: Vec::new(),
    };
    SchemaSpec { version: 1, databases: vec![shop, crm] }.build().unwrap()
}

fn by(key: &str, shards: &[&str]) -> PlacementSpec {
    PlacementSpec::Sharded(ShardedSpec {
        key_column: key.to_owned(),
        key: Some(KeyType::INTEGER),
        function: Some(FunctionSpec::Mod),
        shards: Some(ShardsSpec::Even(shards.iter().map(|shard| (*shard).to_owned()).collect())),
        ..ShardedSpec::default()
    })
}

/// With a sequence for `id`.
fn numbered(key: &str) -> PlacementSpec {
    let PlacementSpec::Sharded(spec) = by(key, &["s0", "s1", "s2", "s3"]) else { unreachable!() };
    let sequence = Sequence { column: "id".to_owned(), kind: SequenceKind::Snowflake };
    PlacementSpec::Sharded(ShardedSpec { sequence: Some(sequence), ..spec })
}

/// Sharded by a text, whose shards are as the hash says.
fn text_key() -> PlacementSpec {
    let PlacementSpec::Sharded(spec) = by("tenant", &["s0", "s1", "s2", "s3"]) else { unreachable!() };
    PlacementSpec::Sharded(ShardedSpec {
        key: Some(KeyType::Bytes(None)),
        function: Some(FunctionSpec::Hash { slots: 1024 }),
        ..spec
    })
}

/// `+` before a column: AUTO_INCREMENT; `:` behind it: its type. No columns: they are not known.
fn table(layout: Layout, name: &str, columns: &str, placement: PlacementSpec) -> TableSpec {
    let column = |written: &str| {
        let (name, data_type) = written.split_once(':').unwrap_or((written, ""));
        let kind = ColumnKind { data_type: data_type.to_owned(), ..ColumnKind::default() };
        let named = Column::named(name.trim_start_matches('+'));
        Column { auto_increment: name.starts_with('+'), kind: (!data_type.is_empty()).then_some(kind), ..named }
    };
    let is_renamed = layout == Layout::Tables && matches!(placement, PlacementSpec::Sharded(_));
    TableSpec {
        name: name.to_owned(),
        physical: is_renamed.then(|| PhysicalSpec::Pattern("{table}_{index}".to_owned())),
        columns: (!columns.is_empty()).then(|| columns.split(' ').map(column).collect()),
        placement,
    }
}

#[derive(Debug, Default, Clone)]
struct Case {
    place: String,
    statement: String,
    params: Vec<Value<'static>>,
    mode: Mode,
    database: Option<&'static str>,
    wanted: Vec<String>,
}

fn new_case() -> Case {
    let mode = Mode { charset: Charset::Utf8, server_version: 101119, mariadb: true, ..Mode::default() };
    Case { mode, database: Some("shop"), ..Case::default() }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/plan");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().flat_map(|file| cases_in(file)).collect()
}

fn cases_in(file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).unwrap();
    let (mut cases, mut case) = (Vec::new(), new_case());
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if !case.wanted.is_empty() && !line.starts_with("=>") {
            cases.push(std::mem::replace(&mut case, new_case()));
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(wanted) = line.strip_prefix("=>") {
            case.wanted.push(wanted.trim().to_owned());
        } else if let Some(option) = line.strip_prefix('@').filter(|_| case.statement.is_empty()) {
            set_option(&mut case, option);
        } else {
            if case.statement.is_empty() {
                case.place = format!("{}:{}", file.file_name().unwrap().to_string_lossy(), number + 1);
            } else {
                case.statement.push('\n');
            }
            case.statement.push_str(line);
        }
    }
    cases.extend((!case.wanted.is_empty()).then_some(case));
    cases
}

fn set_option(case: &mut Case, option: &str) {
    let (name, values) = option.split_once(' ').unwrap();
    match name {
        "params" => case.params = values.split(", ").map(param).collect(),
        "database" => case.database = (values != "none").then(|| Box::leak(values.to_owned().into_boxed_str()) as &str),
        "mode" => values.split(' ').for_each(|word| match word {
            "ansi_quotes" => case.mode.ansi_quotes = true,
            "pipes_as_concat" => case.mode.pipes_as_concat = true,
            "no_auto_value_on_zero" => case.mode.no_auto_value_on_zero = true,
            "mysql" => (case.mode.mariadb, case.mode.server_version) = (false, 80036),
            other => panic!("unknown mode {other}"),
        }),
        other => panic!("unknown option {other}"),
    }
}

fn param(text: &str) -> Value<'static> {
    match text {
        "NULL" => Value::Null,
        "unknown" => Value::Unknown,
        _ => match text.strip_prefix('\'') {
            Some(rest) => {
                Value::Text { bytes: rest.trim_end_matches('\'').as_bytes().to_vec().into(), charset: Charset::Utf8 }
            }
            None => Value::Int(text.parse().unwrap()),
        },
    }
}

struct Outcome {
    plan: Plan,
    route: Result<Route, PlanError>,
}

fn run<T>(case: &Case, layout: Layout, then: impl FnOnce(Result<(&Outcome, &Binding<'_>), &PlanError>) -> T) -> T {
    let schema = example_schema(layout == Layout::Tables);
    let database = case.database.map(|name| schema.database(name).unwrap().0);
    let sql = case.statement.as_bytes();
    let shape = Shape::of(sql, case.mode);
    let ctx = Context { schema: &schema, database, in_catalog: false, mode: case.mode, gathers: Gathers::IfNeeded };
    let input = Binding { schema: &schema, sql, literals: shape.literals(), params: &case.params, mode: case.mode };
    match plan(sql, &shape, &ctx) {
        Ok(plan) => {
            let route = plan.bind(&input);
            then(Ok((&Outcome { plan, route }, &input)))
        }
        Err(error) => then(Err(&error)),
    }
}

fn described(outcome: Result<(&Outcome, &Binding<'_>), &PlanError>) -> String {
    let list = |shards: &ShardSet| shards.iter().map(|shard| shard.0.to_string()).collect::<Vec<_>>().join(" ");
    let error = |error: &PlanError| match error {
        PlanError::Unsupported { feature } => format!("refuse {feature}"),
        other => format!("error {other:?}"),
    };
    match outcome {
        Err(problem) => error(problem),
        Ok((outcome, _)) => match (&outcome.plan.action, &outcome.route) {
            (Action::Control(control), _) => format!("control {control:?}"),
            (Action::LocalSelect(items), _) => {
                let names = items.iter().map(|item| format!("{:?}", item.value).to_lowercase());
                format!("local {}", names.collect::<Vec<_>>().join(" "))
            }
            (_, Err(problem)) => error(problem),
            (_, Ok(Route::One(shard))) => format!("one {}", shard.0),
            (_, Ok(Route::Any(shards))) => format!("any {}", list(shards)),
            (_, Ok(Route::Scatter(shards))) => format!("scatter {}", list(shards)),
            (_, Ok(Route::Merge(shards))) => format!("merge {}", list(shards)),
            (_, Ok(Route::Regroup(shards))) => format!("regroup {}", list(shards)),
            (_, Ok(Route::Gather)) => "gather".to_owned(),
            (_, Ok(Route::Staged)) => "staged".to_owned(),
            (_, Ok(Route::Load(shards))) => match outcome.plan.load().and_then(|load| load.split.as_ref()) {
                Some(split) => format!("load {} by field {} of {}", list(shards), split.key, split.fields),
                None => format!("load {}", list(shards)),
            },
            (_, Ok(Route::Split(parts))) => {
                let part = |part: &ShardRows| {
                    let rows = part.rows.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
                    format!("{}:{rows}", part.shard.0)
                };
                format!("split {}", parts.iter().map(part).collect::<Vec<_>>().join(" "))
            }
        },
    }
}

fn text_for(outcome: &Outcome, input: &Binding<'_>, shard: u16) -> String {
    let mut out = Vec::new();
    match &outcome.route {
        Ok(Route::Split(parts)) => {
            let part = parts.iter().find(|part| part.shard.0 == shard).unwrap();
            outcome.plan.render_rows(input, part, &mut out);
        }
        Ok(Route::Merge(shards)) => {
            let texts = outcome.plan.render_merged(outcome.plan.merge().unwrap(), input, shards);
            out = texts.into_iter().find(|(id, _)| id.0 == shard).unwrap().1;
        }
        Ok(Route::Load(_)) => out = outcome.plan.render_load(input, ShardId(shard)),
        Ok(Route::Regroup(shards)) => {
            let regrouping = outcome.plan.regrouping(input, shards).unwrap();
            out = regrouping.groups.iter().find(|(id, _)| id.0 == shard).unwrap().1.clone();
        }
        Ok(Route::Scatter(_)) => {
            if !outcome.plan.render_share(input, ShardId(shard), &mut out) {
                out.extend_from_slice(input.sql);
            }
        }
        _ => {
            if !outcome.plan.render(input, ShardId(shard), &mut out) {
                assert!(out.is_empty());
                out.extend_from_slice(input.sql);
            }
        }
    }
    String::from_utf8(out).unwrap()
}

/// The parameters of one of several shards.
fn params_for(outcome: &Outcome, input: &Binding<'_>, shard: u16) -> String {
    let own: Vec<u16> = (0..input.params.len() as u16).collect();
    let params = match &outcome.route {
        Ok(Route::Merge(_)) => outcome.plan.merge().unwrap().params(),
        _ => &own,
    };
    let given = outcome.plan.params_of_share(input, ShardId(shard), params);
    given.iter().map(u16::to_string).collect::<Vec<_>>().join(" ")
}

/// The statement over what was gathered, and which parameters it has, where these are not the client's own.
fn text_over(outcome: &Outcome, input: &Binding<'_>) -> String {
    let choice =
        gather::Choice { preferred: &ShardSet::empty(), may_use_copies: true, may_filter: true, may_condense: true };
    let gathering = outcome.plan.gather().unwrap().bind(input, choice);
    let text = String::from_utf8(gathering.text).unwrap().replace("shardgate_", "");
    match gathering.params {
        Some(params) if !params.is_empty() => format!("{text} {params:?}"),
        _ => text,
    }
}

/// What a shard is asked for when rows are gathered.
fn fetched_from(outcome: &Outcome, input: &Binding<'_>, shard: &str) -> Vec<String> {
    let steps = explain::steps(&outcome.plan, input).unwrap();
    let is_there = |step: &explain::Step| step.shard == format!("s{shard}") && !step.follows_others;
    steps.iter().filter(|step| is_there(step)).map(|step| String::from_utf8(step.sql.clone()).unwrap()).collect()
}

/// Steps where queries are answered by themselves: these, without a shard, or what a shard is asked then.
fn condensed_in(outcome: &Outcome, input: &Binding<'_>, shard: &str) -> Vec<String> {
    let steps = explain::condensed_steps(&outcome.plan, input);
    let is_one = |step: &&explain::Step| match shard {
        "" => step.merge == explain::ITS_ANSWER,
        shard => step.shard == format!("s{shard}") && !step.follows_others,
    };
    let text = |step: &explain::Step| String::from_utf8(step.sql.clone()).unwrap().replace("shardgate_", "");
    steps.iter().filter(is_one).map(text).collect()
}

/// The text with the numbers 101, 102 ... in it.
fn numbered_text(outcome: &Outcome, input: &Binding<'_>) -> String {
    match outcome.plan.numbers(input) {
        Some(numbers) => {
            let taken: Vec<u64> = (101..).take(numbers.wanted).collect();
            let above = numbers.highest.map_or(String::new(), |highest| format!(" above {highest}"));
            String::from_utf8(outcome.plan.numbered(input, &taken)).unwrap() + &above
        }
        None => "nothing".to_owned(),
    }
}

fn numbered_parameters(outcome: &Outcome, input: &Binding<'_>) -> String {
    let taken: Vec<u64> = (101..).take(outcome.plan.numbers(input).unwrap().wanted).collect();
    let (text, parameters) = outcome.plan.numbered_by_parameters(input, &taken);
    let parameters = parameters.iter().map(|parameter| match parameter {
        Parameter::Own(own) => format!("?{own}"),
        Parameter::Number(number) => number.to_string(),
    });
    format!("{} | {}", String::from_utf8(text).unwrap(), parameters.collect::<Vec<_>>().join(" "))
}

fn different(wanted: &str, found: String) -> String {
    if found == wanted { String::new() } else { found }
}

/// What is wrong with one expectation; empty if nothing is.
fn mismatch(wanted: &str, found: Result<(&Outcome, &Binding<'_>), &PlanError>) -> String {
    let is_met = match (wanted.split_once(' '), found) {
        (Some(("refuse" | "error" | "control", _)), _) => described(found).starts_with(wanted),
        (Some(("over:", text)), Ok((outcome, input))) => {
            let Ok(Route::Regroup(shards)) = &outcome.route else { return described(found) };
            let shown = outcome.plan.regrouping(input, shards).unwrap().shown();
            let shown = String::from_utf8(shown).unwrap();
            return if shown == text { String::new() } else { shown };
        }
        (Some(("text", rest)), Ok((outcome, input))) => {
            let (shard, text) = rest.split_once(": ").unwrap();
            let rendered = text_for(outcome, input, shard.parse().unwrap());
            return different(text, rendered);
        }
        (Some(("given", rest)), Ok((outcome, input))) => {
            let (shard, params) = rest.split_once(": ").unwrap();
            return different(params, params_for(outcome, input, shard.parse().unwrap()));
        }
        (Some(("numbered", text)), Ok((outcome, input))) => return different(text, numbered_text(outcome, input)),
        (Some(("parameters", text)), Ok((outcome, input))) => {
            return different(text, numbered_parameters(outcome, input));
        }
        (Some(("over", text)), Ok((outcome, input))) => {
            let rendered = text_over(outcome, input);
            return if rendered == text { String::new() } else { format!("over {rendered}") };
        }
        (Some(("fetch", rest)), Ok((outcome, input))) => {
            let (shard, text) = rest.split_once(": ").unwrap();
            let fetched = fetched_from(outcome, input, shard);
            return if fetched.iter().any(|sql| sql == text) { String::new() } else { format!("{fetched:?}") };
        }
        (Some((kind @ ("condensed" | "reduced"), rest)), Ok((outcome, input))) => {
            let (shard, text) = if kind == "reduced" { rest.split_once(": ").unwrap() } else { ("", rest) };
            let condensed = condensed_in(outcome, input, shard);
            return if condensed.iter().any(|sql| sql == text) { String::new() } else { format!("{condensed:?}") };
        }
        (Some(("kind", kind)), Ok((outcome, _))) => format!("{:?}", outcome.plan.kind) == kind,
        (None, Ok((outcome, _))) if wanted == "commits" => outcome.plan.implicit_commit,
        (None, Ok((outcome, _))) if wanted == "copies" => outcome.plan.writes_copies,
        (None, Ok((outcome, _))) if wanted == "uncached" => !outcome.plan.is_cacheable,
        _ => described(found) == wanted,
    };
    if is_met { String::new() } else { described(found) }
}

#[test]
fn statements_go_where_the_cases_say() {
    let (mut failures, mut count) = (String::new(), 0);
    for case in cases() {
        count += 1;
        for layout in [Layout::Schemas, Layout::Tables] {
            let (own, other) =
                if layout == Layout::Schemas { ("schemas:", "tables:") } else { ("tables:", "schemas:") };
            for wanted in case.wanted.iter().filter(|wanted| !wanted.starts_with(other)) {
                let wanted = wanted.strip_prefix(own).unwrap_or(wanted).trim();
                let found = run(&case, layout, |found| mismatch(wanted, found));
                if !found.is_empty() {
                    let statement = &case.statement;
                    writeln!(
                        failures,
                        "{} {layout:?}\n  {statement}\n  wanted: {wanted}\n  found:  {found}",
                        case.place
                    )
                    .unwrap();
                }
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(count >= 200, "only {count} cases were found");
}

/// Pieces of SQL that statements of every kind are made of.
const SOUP: &[&str] = &[
    "SELECT",
    "FROM",
    "orders",
    "users",
    "o",
    "u",
    "JOIN",
    "LEFT",
    "ON",
    "USING",
    "(",
    ")",
    "(",
    ")",
    ",",
    ".",
    "*",
    "=",
    "<=>",
    "<",
    "5",
    "-",
    "'a'",
    "?",
    "NULL",
    "WHERE",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "IS",
    "user_id",
    "id",
    "WITH",
    "AS",
    "RECURSIVE",
    "UNION",
    "INSERT",
    "INTO",
    "VALUES",
    "SET",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "products",
    "settings",
    "shop",
    "ORDER",
    "BY",
    "LIMIT",
    "GROUP",
    "COUNT",
    "CASE",
    "WHEN",
    "THEN",
    "END",
    "EXISTS",
    "ROW",
    ";",
    "@a",
    ":=",
    "||",
    "XOR",
    "NATURAL",
    "LATERAL",
    "CREATE",
    "TABLE",
    "DROP",
    "SHOW",
    "EXPLAIN",
    "/*!",
    "*/",
    "`",
    "\"",
    "{",
    "}",
    "FOR",
    "DUPLICATE",
    "KEY",
    "DEFAULT",
    "LIKE",
    "RETURNING",
    "_utf8mb4",
    "x'41'",
    "1.5",
    "é",
];

fn plan_of(text: &str, is_tables: bool) -> Option<(Schema, Plan)> {
    let schema = example_schema(is_tables);
    let database = schema.database("shop").map(|(id, _)| id);
    let mode = Mode { mariadb: true, ..Mode::default() };
    let shape = Shape::of(text.as_bytes(), mode);
    let plan = plan(
        text.as_bytes(),
        &shape,
        &Context { schema: &schema, database, in_catalog: false, mode, gathers: Gathers::IfNeeded },
    )
    .ok()?;
    let input = Binding { schema: &schema, sql: text.as_bytes(), literals: shape.literals(), params: &[], mode };
    let _ = explain::steps(&plan, &input);
    Some((schema, plan))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_makes_it_panic(words in prop::collection::vec(prop::sample::select(SOUP), 0..60), is_tables in any::<bool>()) {
        plan_of(&words.join(" "), is_tables);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut shape = Shape::default();
        let schema = example_schema(false);
        shape.read(&bytes, Mode::default());
        let ctx = Context { schema: &schema, database: None, in_catalog: false, mode: Mode::default(), gathers: Gathers::IfNeeded };
        let _ = plan(&bytes, &shape, &ctx);
    }

    /// Whatever is added by AND can only take shards away.
    #[test]
    fn a_condition_more_is_never_a_shard_more(key in 0..40_i64, more in prop::collection::vec(prop::sample::select(SOUP), 0..8)) {
        let statement = format!("SELECT * FROM orders WHERE user_id = {key} AND ({})", more.join(" "));
        if let Some((schema, plan)) = plan_of(&statement, false) {
            let mut shape = Shape::default();
            let mode = Mode { mariadb: true, ..Mode::default() };
            shape.read(statement.as_bytes(), mode);
            let input =
                Binding { schema: &schema, sql: statement.as_bytes(), literals: shape.literals(), params: &[], mode };
            if let Ok(Route::One(shard)) = plan.bind(&input) {
                prop_assert!(shard.0 == (key % 4) as u16, "{statement}: {shard:?}");
            }
        }
    }
}

#[test]
fn deep_nesting_is_read_in_little_time_and_stack() {
    let deep = |open: &str, close: &str, inner: &str| format!("{}{inner}{}", open.repeat(10_000), close.repeat(10_000));
    for text in [
        format!("SELECT * FROM orders WHERE user_id = 5 AND {}", deep("(", ")", "1")),
        format!("SELECT {} FROM orders", deep("(", ")", "SELECT 1")),
        format!("SELECT * FROM {}", deep("(", ")", "orders")),
        format!("SELECT {} FROM orders", deep("(SELECT ", ")", "1")),
        format!("SELECT * FROM orders WHERE {}", deep("(user_id = 5 OR ", ")", "1")),
        format!("SELECT * FROM orders WHERE {}", deep("NOT (", ")", "1")),
        format!("SELECT {}1", "CASE WHEN 1 THEN ".repeat(10_000)),
        format!("SELECT * FROM orders WHERE user_id = {} 5", "- ".repeat(10_000)),
        format!("SELECT * FROM orders WHERE user_id = 5 {}", "AND user_id = 5 ".repeat(10_000)),
        "(".repeat(100_000),
    ] {
        plan_of(&text, true);
    }
}

#[test]
fn one_plan_serves_all_statements_of_a_shape() {
    let first = "SELECT shop.orders.id+1 FROM shop.orders WHERE status = 'a' AND user_id = 5 LIMIT 1";
    let other =
        "SELECT shop.orders.id+100 FROM shop.orders WHERE status = 'long, longer' AND user_id = 1234567 LIMIT 999";
    let (schema, plan) = plan_of(first, true).unwrap();
    let shape = Shape::of(other.as_bytes(), Mode::default());
    let input = Binding {
        schema: &schema,
        sql: other.as_bytes(),
        literals: shape.literals(),
        params: &[],
        mode: Mode::default(),
    };
    assert_eq!(plan.bind(&input), Ok(Route::One(ShardId(3))));
    let mut text = Vec::new();
    assert!(plan.render(&input, ShardId(3), &mut text));
    let wanted = "SELECT `data`.orders.id+100 AS `shop.orders.id+100` FROM `data`.`orders_3` AS `orders` \
                  WHERE status = 'long, longer' AND user_id = 1234567 LIMIT 999";
    assert_eq!(String::from_utf8(text).unwrap(), wanted);
    let renames = plan.renames(&schema, ShardId(3));
    assert_eq!((renames.schema, renames.tables), (Some(("data", "shop")), smallvec::smallvec![("orders_3", "orders")]));
}

/// Each statement's route begins so.
fn check_routes(schema: &Schema, cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        let (sql, mode) = (text.as_bytes(), Mode::default());
        let shape = Shape::of(sql, mode);
        let context =
            Context { schema, database: Some(DatabaseId(0)), in_catalog: false, mode, gathers: Gathers::IfNeeded };
        let input = Binding { schema, sql, literals: shape.literals(), params: &[], mode };
        let route = plan(sql, &shape, &context).and_then(|plan| plan.bind(&input));
        let shown = match &route {
            Ok(Route::Scatter(shards)) => {
                let shards: Vec<String> = shards.iter().map(|shard| shard.0.to_string()).collect();
                format!("Ok(Scatter({{{}}}))", shards.join(", "))
            }
            other => format!("{other:?}"),
        };
        assert!(shown.starts_with(wanted), "{text}: {shown}");
    }
}

/// Tables by a range of ids: `strict` has no place for keys below 0 and wants the key, `loose` has and does not, but wants to know
/// what it is.
fn ranged_schema() -> Schema {
    let text = |text: &str| Param::Text(text.to_owned());
    let params = [("bounds", Param::List(vec![text("100"), text("200")])), ("min", text("0"))];
    let params: Params = params.map(|(name, param)| (name.to_owned(), param)).into();
    let range = Named::read(registry::named("range").unwrap(), params).0.unwrap();
    let table = |name: &str, out_of_range: Option<&str>, required: bool| {
        let PlacementSpec::Sharded(spec) = by("id", &["s0", "s1", "s2"]) else { unreachable!() };
        let placement = PlacementSpec::Sharded(ShardedSpec {
            function: Some(FunctionSpec::Named(range.clone())),
            out_of_range: out_of_range.map(str::to_owned),
            key_required: KeyRequired { reads: required, writes: required },
            refuses_uncertain: !required,
            ..spec
        });
        table(Layout::Schemas, name, "id note", placement)
    };
    let shard = |index: u16| ShardSpec {
        name: format!("s{index}"),
        replica_set: ReplicaSetId(0),
        schema: format!("ranged_{index}"),
    };
    let database = DatabaseSpec {
        name: "ranged".to_owned(),
        shards: (0..3).map(shard).collect(),
        default_shard: "s0".to_owned(),
        read_write_splitting: false,
        tables: vec![table("strict", None, true), table("loose", Some("s2"), false)],
    };
    SchemaSpec { version: 1, databases: vec![database] }.build().unwrap()
}

/// `orders` by the user modulo 2, and within that by the order modulo 2.
fn two_column_schema() -> Schema {
    let PlacementSpec::Sharded(spec) = by("user_id", &["s0", "s1", "s2", "s3"]) else { unreachable!() };
    let within = WithinSpec { key_column: "id".to_owned(), key: None, function: FunctionSpec::Mod, shards: 2 };
    let placement =
        PlacementSpec::Sharded(ShardedSpec { function: Some(FunctionSpec::Mod), within: Some(within), ..spec });
    let shard = |index: u16| ShardSpec {
        name: format!("s{index}"),
        replica_set: ReplicaSetId(0),
        schema: format!("two_{index}"),
    };
    let database = DatabaseSpec {
        name: "two".to_owned(),
        shards: (0..4).map(shard).collect(),
        default_shard: "s0".to_owned(),
        read_write_splitting: false,
        tables: vec![
            table(Layout::Schemas, "orders", "id user_id note", placement.clone()),
            table(Layout::Schemas, "lines", "id user_id note", placement),
        ],
    };
    SchemaSpec { version: 1, databases: vec![database] }.build().unwrap()
}

#[test]
fn keys_of_two_columns_narrow_by_each_and_need_both() {
    let schema = two_column_schema();
    let cases = [
        ("SELECT * FROM orders WHERE user_id = 3 AND id = 4", "Ok(One(ShardId(2)))"),
        ("SELECT * FROM orders WHERE id = 5 AND user_id = 2", "Ok(One(ShardId(1)))"),
        ("SELECT * FROM orders WHERE user_id = 3", "Ok(Scatter({2, 3}))"),
        ("SELECT * FROM orders WHERE id = 4", "Ok(Scatter({0, 2}))"),
        ("SELECT * FROM orders WHERE (user_id, id) = (3, 5)", "Ok(One(ShardId(3)))"),
        ("SELECT * FROM orders WHERE user_id = 3 OR id = 4", "Ok(Scatter({0, 2, 3}))"),
        ("SELECT * FROM orders WHERE user_id IN (1, 2) AND id IN (2, 4)", "Ok(Scatter({0, 2}))"),
        ("SELECT * FROM orders WHERE user_id BETWEEN 4 AND 4 AND id > 5 AND id < 7", "Ok(One(ShardId(0)))"),
        ("SELECT * FROM orders WHERE user_id > 1 AND id < 3", "Ok(Scatter({0, 1, 2, 3}))"),
        ("SELECT * FROM orders WHERE id = NULL", "Ok(Any"),
        ("SELECT * FROM orders WHERE id IS NULL", "Ok(Scatter({0, 1, 2, 3}))"),
        ("SELECT COUNT(*) FROM orders WHERE user_id = 1 GROUP BY user_id", "Ok(Merge"),
        // Equal users are not on one shard.
        ("SELECT * FROM orders JOIN lines USING (user_id) WHERE user_id = 1", "Ok(Gather)"),
        ("SELECT * FROM orders a JOIN orders b ON a.user_id = b.user_id", "Ok(Gather)"),
        ("SELECT * FROM orders JOIN lines USING (user_id) WHERE orders.id = 1 AND orders.user_id = 1", "Ok(Gather)"),
        // Equal users and orders are.
        ("SELECT * FROM orders o JOIN lines l ON o.user_id = l.user_id AND l.id = o.id", "Ok(Scatter({0, 1, 2, 3}))"),
        (
            "SELECT * FROM orders o, lines l WHERE (o.user_id, o.id) = (l.user_id, l.id) AND l.user_id = 3",
            "Ok(Scatter({2, 3}))",
        ),
        (
            "SELECT * FROM orders o JOIN lines l USING (id, user_id) WHERE o.user_id = 3 AND l.id = 4",
            "Ok(One(ShardId(2)))",
        ),
        ("SELECT * FROM orders o NATURAL JOIN lines l WHERE l.id = 4", "Ok(Scatter({0, 2}))"),
        (
            "SELECT * FROM orders o LEFT JOIN lines l ON l.user_id = o.user_id AND l.id = o.id WHERE o.user_id = 3",
            "Ok(Scatter({2, 3}))",
        ),
        // The rows of the left table need not meet what ON says of the right one.
        (
            "SELECT * FROM orders o LEFT JOIN lines l ON l.user_id = o.user_id AND l.id = o.id AND l.user_id = 3",
            "Ok(Scatter({0, 1, 2, 3}))",
        ),
        (
            "SELECT * FROM orders o JOIN lines l ON l.user_id = o.user_id AND l.id = o.id JOIN lines m ON m.user_id = \
             l.user_id AND m.id = o.id WHERE m.user_id = 1 AND l.id = 1",
            "Ok(One(ShardId(3)))",
        ),
        (
            "SELECT * FROM orders o WHERE EXISTS (SELECT 1 FROM lines l WHERE l.user_id = o.user_id AND l.id = o.id)",
            "Ok(Scatter({0, 1, 2, 3}))",
        ),
        ("SELECT * FROM orders o WHERE EXISTS (SELECT 1 FROM lines l WHERE l.user_id = o.user_id)", "Ok(Gather)"),
        ("SELECT * FROM orders o JOIN lines l ON o.user_id = l.user_id AND o.id <=> l.id", "Ok(Gather)"),
        ("SELECT * FROM orders o JOIN lines l ON o.user_id = l.user_id OR l.id = o.id", "Ok(Gather)"),
        ("SELECT * FROM orders o JOIN lines l ON o.user_id = l.id AND o.id = l.user_id", "Ok(Gather)"),
        ("SELECT * FROM orders o JOIN lines l ON o.user_id = l.user_id AND o.id = l.id + 0", "Ok(Gather)"),
        ("UPDATE orders o JOIN lines l USING (user_id, id) SET o.note = l.note", "Ok(Scatter({0, 1, 2, 3}))"),
        (
            "DELETE o FROM orders o JOIN lines l USING (user_id, id) WHERE l.user_id = 1 AND o.id = 1",
            "Ok(One(ShardId(3)))",
        ),
        ("INSERT INTO orders (id, user_id) VALUES (4, 3)", "Ok(One(ShardId(2)))"),
        ("INSERT INTO orders (id, user_id) VALUES (4, 3), (5, 3)", "Ok(Split"),
        (
            "INSERT INTO orders VALUES (NULL, 3, 'x')",
            "Err(NullShardKey { table: \"orders\", column: \"id\", rule: \"mod\"",
        ),
        ("INSERT INTO orders (user_id) VALUES (3)", "Ok(Staged)"),
        ("INSERT INTO orders (id, user_id) SELECT id, user_id FROM lines", "Ok(Staged)"),
        ("UPDATE orders SET note = 'x' WHERE id = 4 AND user_id = 3", "Ok(One(ShardId(2)))"),
        ("UPDATE orders SET id = 7 WHERE id = 4 AND user_id = 3", "Ok(Staged)"),
        ("UPDATE orders SET id = user_id WHERE id = 4 AND user_id = 3", "Ok(Staged)"),
        ("DELETE FROM orders WHERE id = 4", "Ok(Scatter({0, 2}))"),
    ];
    check_routes(&schema, &cases);
}

/// `orders` by the user, the order and the note together.
fn joint_schema() -> Schema {
    let PlacementSpec::Sharded(spec) = by("user_id", &["s0", "s1", "s2", "s3"]) else { unreachable!() };
    let joint = ["id", "note"].map(|column| KeyColumnSpec { column: column.to_owned(), key: KeyType::INTEGER });
    let text = |text: &str| Param::Text(text.to_owned());
    let params: Params = [
        ("expression".to_owned(), text("(${user_id} + ${id} + ${note}) % 4")),
        ("columns".to_owned(), Param::List(["user_id", "id", "note"].map(text).to_vec())),
    ]
    .into();
    let function = Named::read(registry::named("cobar-expression").unwrap(), params).0.unwrap();
    let placement = PlacementSpec::Sharded(ShardedSpec {
        function: Some(FunctionSpec::Named(function)),
        joint: joint.to_vec(),
        ..spec
    });
    let shard = |index: u16| ShardSpec {
        name: format!("s{index}"),
        replica_set: ReplicaSetId(0),
        schema: format!("joint_{index}"),
    };
    let database = DatabaseSpec {
        name: "joint".to_owned(),
        shards: (0..4).map(shard).collect(),
        default_shard: "s0".to_owned(),
        read_write_splitting: false,
        tables: vec![table(Layout::Schemas, "orders", "id user_id note more", placement)],
    };
    SchemaSpec { version: 1, databases: vec![database] }.build().unwrap()
}

#[test]
fn keys_whose_columns_are_taken_together_need_all_of_them() {
    let schema = joint_schema();
    let all = "Ok(Scatter({0, 1, 2, 3}))";
    let cases = [
        ("SELECT * FROM orders WHERE user_id = 1 AND id = 2 AND note = 3", "Ok(One(ShardId(2)))"),
        ("SELECT * FROM orders WHERE note = 3 AND (id = 2 AND user_id = 1) AND more > 5", "Ok(One(ShardId(2)))"),
        ("SELECT * FROM orders WHERE (user_id, id, note) = (1, 2, 4)", "Ok(One(ShardId(3)))"),
        ("SELECT * FROM orders WHERE user_id = 1 AND id IN (2, 6) AND note = 3", "Ok(One(ShardId(2)))"),
        ("SELECT * FROM orders WHERE user_id IN (1, 2) AND id = 2 AND note = 3", "Ok(Scatter({2, 3}))"),
        (
            "SELECT * FROM orders WHERE user_id = 1 AND id = 2 AND note = 3 OR user_id = 0 AND id = 0 AND note = 0",
            "Ok(Scatter({0, 2}))",
        ),
        ("SELECT * FROM orders WHERE user_id = 1 AND id = 2", all),
        ("SELECT * FROM orders WHERE user_id = 1", all),
        ("SELECT * FROM orders WHERE user_id = 1 AND id = 2 AND note = 3.5", all),
        ("SELECT * FROM orders WHERE user_id = 1 AND id = 2 AND note <=> 3", all),
        ("SELECT * FROM orders WHERE user_id = 1 AND id = 2 AND note IS NULL", all),
        ("SELECT * FROM orders WHERE user_id = 1 AND id = 2 OR note = 3", all),
        ("SELECT * FROM orders WHERE user_id = NULL AND id = 2", "Ok(Any"),
        // A negative number is no shard's: rows may be anywhere.
        ("SELECT * FROM orders WHERE user_id = -6 AND id = 2 AND note = 1", all),
        ("SELECT * FROM orders a JOIN orders b USING (user_id, id, note)", all),
        ("SELECT * FROM orders a JOIN orders b USING (user_id, id)", "Ok(Gather)"),
        (
            "SELECT * FROM orders a JOIN orders b USING (user_id, id, note) WHERE a.user_id = 1 AND b.id = 2 AND a.note = 3",
            "Ok(One(ShardId(2)))",
        ),
        ("SELECT COUNT(*) FROM orders GROUP BY user_id, id, note", "Ok(Merge"),
        ("INSERT INTO orders (id, user_id, note) VALUES (1, 2, 3)", "Ok(One(ShardId(2)))"),
        ("INSERT INTO orders (id, user_id, note) VALUES (1, 2, 3), (1, 2, 4)", "Ok(Split"),
        (
            "INSERT INTO orders (id, user_id, note) VALUES (1, 2, NULL)",
            "Err(NullShardKey { table: \"orders\", column: \"note\"",
        ),
        ("INSERT INTO orders (id, user_id, note) VALUES (1, 2, -9)", "Err(KeyOutOfRange"),
        ("INSERT INTO orders (id, user_id) VALUES (1, 2)", "Ok(Staged)"),
        ("UPDATE orders SET more = 1 WHERE user_id = 1 AND id = 2 AND note = 3", "Ok(One(ShardId(2)))"),
        ("UPDATE orders SET note = 1 WHERE user_id = 1 AND id = 2 AND note = 3", "Ok(Staged)"),
        ("DELETE FROM orders WHERE note = 3", all),
    ];
    check_routes(&schema, &cases);
}

#[test]
fn rules_say_what_becomes_of_keys_out_of_range_and_of_statements_without_a_key() {
    let schema = ranged_schema();
    let cases = [
        ("SELECT * FROM strict WHERE id = 150", "Ok(One(ShardId(1)))"),
        ("SELECT * FROM strict WHERE id BETWEEN 50 AND 150", "Ok(Scatter({0, 1}))"),
        ("SELECT * FROM strict WHERE id IN (1, 250)", "Ok(Scatter({0, 2}))"),
        ("SELECT * FROM strict WHERE id > 100", "Ok(Scatter({1, 2}))"),
        ("SELECT * FROM strict", "Err(KeyRequired"),
        ("SELECT * FROM strict WHERE note = 'x'", "Err(KeyRequired"),
        ("SELECT * FROM strict WHERE id + 1 = 5", "Err(KeyRequired"),
        ("SELECT * FROM strict WHERE id = -1", "Err(KeyRequired"),
        ("SELECT COUNT(*) FROM strict, loose WHERE loose.id = 5", "Err(KeyRequired"),
        ("UPDATE strict SET note = 'x'", "Err(KeyRequired"),
        ("DELETE FROM strict WHERE id < 150", "Ok(Scatter({0, 1}))"),
        (
            "INSERT INTO strict (id) VALUES (-1)",
            "Err(KeyOutOfRange { table: \"strict\", column: \"id\", rule: \"range\", value: \"-1\" }",
        ),
        (
            "INSERT INTO strict (id) VALUES (NULL)",
            "Err(NullShardKey { table: \"strict\", column: \"id\", rule: \"range\"",
        ),
        // A server knows whether the column has a default, and what it is.
        ("INSERT INTO strict (note) VALUES ('x')", "Ok(Staged)"),
        ("UPDATE strict SET id = id + 1", "Err(KeyRequired"),
        ("UPDATE strict SET id = id + 1 WHERE id = 150", "Ok(Staged)"),
        ("UPDATE strict SET id = 5 WHERE id = 150", "Ok(Staged)"),
        ("INSERT INTO loose (id) VALUES (-1)", "Ok(One(ShardId(2)))"),
        ("SELECT * FROM loose WHERE id = -1", "Ok(One(ShardId(2)))"),
        ("SELECT * FROM loose WHERE id BETWEEN -5 AND 5", "Ok(Scatter({0, 2}))"),
        ("SELECT * FROM loose WHERE id < 50", "Ok(Scatter({0, 2}))"),
        ("SELECT * FROM loose", "Ok(Scatter({0, 1, 2}))"),
        ("SELECT * FROM loose WHERE id = 42.5", "Err(UncertainKey"),
        ("SELECT * FROM loose WHERE id IN (42, 0.5)", "Err(UncertainKey"),
        ("SELECT * FROM loose WHERE id = 42 AND id > 0.5", "Ok(One(ShardId(0)))"),
        ("SELECT * FROM loose WHERE id > NULL", "Ok(Any"),
        ("SELECT * FROM loose WHERE note = 0.5", "Ok(Scatter({0, 1, 2}))"),
        // Rows of the same id may be on different shards.
        ("SELECT * FROM loose JOIN strict USING (id) WHERE loose.id = -1", "Err("),
    ];
    check_routes(&schema, &cases);
}
