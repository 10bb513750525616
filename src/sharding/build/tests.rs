//! Rules that build, rules that do not, and what both become.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::sharding::collation::TextCollation;
use crate::sharding::function::FunctionSpec;
use crate::sharding::{Placement, Table};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn shard(name: &str, replica_set: u16, schema: &str) -> ShardSpec {
    ShardSpec { name: name.into(), replica_set: ReplicaSetId(replica_set), schema: schema.into() }
}

/// Hashed by `user_id` over all four shards.
fn sharded() -> ShardedSpec {
    ShardedSpec {
        key_column: "user_id".into(),
        function: Some(FunctionSpec::Hash { slots: 16 }),
        shards: Some(ShardsSpec::Even(names(&["s0", "s1", "s2", "s3"]))),
        ..ShardedSpec::default()
    }
}

fn table(name: &str, placement: PlacementSpec) -> TableSpec {
    TableSpec { name: name.into(), physical: None, columns: None, placement }
}

/// Four shards in four schemas of two replica sets.
fn shop(tables: Vec<TableSpec>) -> DatabaseSpec {
    DatabaseSpec {
        name: "shop".into(),
        shards: (0..4).map(|n| shard(&format!("s{n}"), n / 2, &format!("shop_{n}"))).collect(),
        default_shard: "s0".into(),
        read_write_splitting: false,
        tables,
    }
}

fn build(databases: Vec<DatabaseSpec>) -> Result<Schema, Vec<RuleError>> {
    SchemaSpec { version: 7, databases }.build()
}

/// The only problems of these tables, as `key: message`.
fn problems(tables: Vec<TableSpec>) -> Vec<String> {
    let errors = build(vec![shop(tables)]).unwrap_err();
    errors.iter().map(|error| format!("{}: {error}", error.key)).collect()
}

fn sharded_of(table: &Table) -> &crate::sharding::Sharded {
    match &table.placement {
        Placement::Sharded(sharded) => sharded,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_schema_answers_by_name_whatever_the_case() {
    let tables = vec![
        table("orders", PlacementSpec::Sharded(sharded())),
        table("countries", PlacementSpec::Reference),
        table("settings", PlacementSpec::Single(None)),
        table("audit", PlacementSpec::Single(Some("s2".into()))),
    ];
    let schema = build(vec![shop(tables)]).unwrap();
    assert_eq!((schema.version, schema.shards.len()), (7, 4));
    let (id, database) = schema.database("SHOP").unwrap();
    assert_eq!(schema.database_of(id).name, "shop");
    assert_eq!(database.table("Orders").unwrap().physical_name(ShardId(2)), "orders");
    assert_eq!(database.table("countries").unwrap().shard_set().len(), 4);
    assert_eq!(database.table("settings").unwrap().shard_set(), ShardSet::single(ShardId(0)));
    assert_eq!(database.table("audit").unwrap().shard_set(), ShardSet::single(ShardId(2)));
    assert!(database.table("order").is_none() && schema.database("sho").is_none());
    let in_order: Vec<&str> = database.tables().map(|table| table.name.as_str()).collect();
    assert_eq!(in_order, ["audit", "countries", "orders", "settings"]);
}

#[test]
fn a_table_for_each_shard_in_one_schema_has_one_copy_of_reference_tables() {
    let mut orders = table("orders", PlacementSpec::Sharded(sharded()));
    orders.physical = Some(PhysicalSpec::Pattern("{table}_{index:04}".into()));
    let mut renamed = table("countries", PlacementSpec::Reference);
    renamed.physical = Some(PhysicalSpec::Pattern("ref_{table}".into()));
    let mut database = shop(vec![orders, renamed]);
    for (index, shard) in database.shards.iter_mut().enumerate() {
        shard.schema = if index < 2 { "shop".into() } else { "Shop".into() };
    }
    let schema = build(vec![database]).unwrap();
    let (_, database) = schema.database("shop").unwrap();
    let orders = database.table("orders").unwrap();
    assert!(orders.is_renamed());
    assert_eq!(orders.physical_name(ShardId(3)), "orders_0003");
    let countries = database.table("countries").unwrap();
    assert_eq!(countries.physical_name(ShardId(2)), "ref_countries");
    assert_eq!(countries.shard_set().iter().collect::<Vec<_>>(), [ShardId(0), ShardId(2)]);
}

#[test]
fn tables_that_are_sharded_alike_are_colocated() {
    let heir = |name: &str| ShardedSpec {
        key_column: "id".into(),
        colocated_with: Some(name.into()),
        ..ShardedSpec::default()
    };
    let text = KeyType::Text(TextCollation::from_mysql_name("utf8mb4_bin").unwrap(), None);
    let tables = vec![
        table("orders", PlacementSpec::Sharded(heir("users"))),
        table("users", PlacementSpec::Sharded(sharded())),
        table("order_items", PlacementSpec::Sharded(heir("Orders"))),
        table("alike", PlacementSpec::Sharded(sharded())),
        table("names", PlacementSpec::Sharded(ShardedSpec { key: Some(text), ..sharded() })),
        table("modulo", PlacementSpec::Sharded(ShardedSpec { function: Some(FunctionSpec::Mod), ..sharded() })),
    ];
    let schema = build(vec![shop(tables)]).unwrap();
    let (_, database) = schema.database("shop").unwrap();
    let id = |name: &str| sharded_of(database.table(name).unwrap()).colocation;
    assert!(["orders", "order_items", "alike"].iter().all(|name| id(name) == id("users")));
    assert!(id("names") != id("users") && id("modulo") != id("users") && id("modulo") != id("names"));
}

#[test]
fn wrong_rules_are_reported_with_key_and_reason() {
    let with = |change: &dyn Fn(&mut ShardedSpec)| {
        let mut spec = sharded();
        change(&mut spec);
        vec![table("users", PlacementSpec::Sharded(sharded())), table("t", PlacementSpec::Sharded(spec))]
    };
    let text = KeyType::Text(TextCollation::from_mysql_name("ascii_bin").unwrap(), None);
    let slots = |ranges: &[(&str, usize, usize)]| {
        let slots = ranges.iter().map(|(name, first, last)| ((*name).to_owned(), vec![(*first, *last)]));
        Some(ShardsSpec::Slots(slots.collect()))
    };
    let cases: Vec<(Vec<TableSpec>, &str)> = vec![
        (
            with(&|spec| spec.shards = Some(ShardsSpec::Even(names(&["s9"])))),
            "shards: unknown shard \"s9\"; known shards: s0, s1, s2, s3",
        ),
        (with(&|spec| spec.shards = Some(ShardsSpec::Even(Vec::new()))), "shards: the list of shards is empty"),
        (
            with(&|spec| spec.shards = Some(ShardsSpec::Even(names(&["s0", "S0"])))),
            "shards: shard \"S0\" is there twice",
        ),
        (with(&|spec| spec.shards = slots(&[("s0", 0, 14)])), "shards: slots without a shard: 15"),
        (
            with(&|spec| spec.shards = slots(&[("s0", 0, 8), ("s1", 8, 15)])),
            "shards: slots given to more than one shard: 8",
        ),
        (
            with(&|spec| spec.shards = slots(&[("s0", 0, 16)])),
            "shards: slot 16 does not exist: the function has slots 0 to 15",
        ),
        (
            with(&|spec| spec.function = Some(FunctionSpec::Hash { slots: 0 })),
            "function: slots must be from 1 to 65536, not 0",
        ),
        (
            with(&|spec| spec.function = Some(FunctionSpec::Hash { slots: 3 })),
            "function: 3 slots cannot be spread over 4 shards",
        ),
        (with(&|spec| spec.shards = None), "shards: missing: a sharded table needs it"),
        (with(&|spec| spec.function = None), "function: missing: a sharded table needs it"),
        (
            with(&|spec| {
                spec.function = Some(FunctionSpec::Mod);
                spec.shards = slots(&[("s0", 0, 1), ("s1", 3, 3)]);
            }),
            "shards: slots without a shard: 2",
        ),
        (
            with(&|spec| {
                spec.function = Some(FunctionSpec::Mod);
                spec.key = Some(text);
            }),
            "function: function \"mod\" takes integer keys only",
        ),
        (with(&|spec| spec.null_key = Some("s7".into())), "null_key: shard \"s7\" is none of the table's"),
        (
            with(&|spec| spec.colocated_with = Some("users2".into())),
            "colocated_with: unknown table \"users2\"; sharded tables of this database: users, t",
        ),
        (
            with(&|spec| spec.colocated_with = Some("t".into())),
            "colocated_with: tables are colocated with each other, or children of each other, in a circle: t -> t",
        ),
        (
            with(&|spec| {
                spec.colocated_with = Some("users".into());
                spec.function = Some(FunctionSpec::Hash { slots: 32 });
            }),
            "colocated_with: differs from table \"users\", which this table is colocated with: the function is hash over 32 \
             slots here and hash over 16 slots there",
        ),
        (
            with(&|spec| {
                spec.colocated_with = Some("users".into());
                spec.key = Some(text);
            }),
            "colocated_with: differs from table \"users\", which this table is colocated with: the key is text (ascii_bin) \
             here and integer there",
        ),
        (with(&|spec| spec.key_column = String::new()), "shard_key: a name cannot be empty"),
        (
            vec![table("a", PlacementSpec::Reference), table("A", PlacementSpec::Reference)],
            "name: table \"A\" is there twice",
        ),
        (vec![table("a", PlacementSpec::Single(Some("x".into())))], "shard: unknown shard \"x\""),
        (
            vec![TableSpec {
                physical: Some(PhysicalSpec::Pattern("{tabel}".into())),
                ..table("a", PlacementSpec::Reference)
            }],
            "physical: \"{tabel}\": unknown placeholder; known are {table}, {index}, {index:04}, {group}, {within} and {bucket}",
        ),
        (
            vec![TableSpec {
                physical: Some(PhysicalSpec::Pattern("a_{index}".into())),
                ..table("a", PlacementSpec::Reference)
            }],
            "physical: \"a_{index}\": only a sharded table has an {index}",
        ),
        (
            vec![
                TableSpec { physical: Some(PhysicalSpec::Pattern("b".into())), ..table("a", PlacementSpec::Reference) },
                table("b", PlacementSpec::Single(None)),
            ],
            "physical: the physical table \"b\" of schema \"shop_0\" is that of table \"a\" too",
        ),
    ];
    for (tables, wanted) in cases {
        let found = problems(tables);
        assert!(found.iter().any(|problem| problem.starts_with(wanted)), "wanted {wanted}\nfound {found:#?}");
        assert_eq!(found.len(), 1, "{found:#?}");
    }
}

#[test]
fn shards_of_one_schema_need_names_of_their_own() {
    let mut database = shop(vec![table("orders", PlacementSpec::Sharded(sharded()))]);
    database.shards[1].schema = "SHOP_0".into();
    let errors = build(vec![database]).unwrap_err();
    let problem = errors[0].to_string();
    assert!(problem.contains("is that of shard \"s0\" too") && problem.contains("{table}_{index}"), "{problem}");
    assert_eq!(errors[0].at, Place::Table { database: 0, table: 0 });
}

#[test]
fn problems_of_all_databases_are_reported_at_once() {
    let mut second = shop(vec![table("t", PlacementSpec::Single(Some("s9".into())))]);
    second.default_shard = "nowhere".into();
    let errors = build(vec![shop(Vec::new()), second]).unwrap_err();
    let places: Vec<(Place, &str)> = errors.iter().map(|error| (error.at, error.key)).collect();
    assert!(places.contains(&(Place::Database { database: 1 }, "database")));
    assert!(places.contains(&(Place::Shard { database: 1, shard: 3 }, "name")));
    assert!(places.contains(&(Place::Shard { database: 1, shard: 3 }, "schema")));
    assert!(places.contains(&(Place::Database { database: 1 }, "default_shard")));
    assert!(places.contains(&(Place::Table { database: 1, table: 0 }, "shard")));
}
