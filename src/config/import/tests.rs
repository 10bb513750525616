//! Configurations of our own making, in the systems' formats (`tests/cases/import`), come out as such that `check` takes;
//! and what cannot be translated as such that it refuses.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

use super::*;
use crate::config::{Config, Problems, load};
use crate::sharding::function::compute::{Given, Input, Outcome};
use crate::sharding::function::params::{Param, Params};
use crate::sharding::function::{Named, registry};
use crate::sharding::{Located, Placement};
use crate::value::{Charset, Value};

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
        (System::Cobar, "cobar", 4, 8),
        (System::Mycat, "mycat", 6, 9),
        (System::Dble, "dble", 4, 5),
        (System::Kingshard, "kingshard", 11, 5),
        (System::Kingshard, "kingshard_old", 9, 1),
        (System::Gaea, "gaea", 12, 6),
        (System::ShardingSphere, "shardingsphere", 16, 7),
        (System::Vitess, "vitess", 2, 11),
    ];
    for (system, name, shards, tables) in cases {
        let (config, notes) = loaded(system, &folder(name));
        let config = config.unwrap_or_else(|problems| panic!("{name}: {problems}"));
        let found: usize = config.schema.databases.iter().map(|database| database.tables().count()).sum();
        assert_eq!((config.schema.shards.len(), found), (shards, tables), "{name}: {notes:?}");
        assert!(notes.iter().any(|note| matches!(note, Note::Translated(_))), "{name}: {notes:?}");
    }
}

/// Dimension2PartitionFunction as a key of two columns leads where the function itself does.
#[test]
fn two_dimensions_lead_where_cobar_has_them() {
    let (config, _) = loaded(System::Cobar, &folder("cobar"));
    let config = config.unwrap();
    let table = config.schema.database("trade").unwrap().1.table("stock").unwrap();
    let Placement::Sharded(sharded) = &table.placement else { panic!("not sharded") };
    assert_eq!(sharded.key_columns().collect::<Vec<_>>(), ["code", "shop_id"]);
    let text = |text: &str| Param::Text(text.to_owned());
    let params = [
        ("keyTypeX", text("long")),
        ("partitionCountX", text("2")),
        ("partitionLengthX", text("512")),
        ("keyTypeY", text("string")),
        ("partitionCountY", text("2")),
        ("partitionLengthY", text("512")),
        ("hashLengthY", text("4")),
    ];
    let params: Params = params.map(|(name, param)| (name.to_owned(), param)).into();
    let kind = registry::original("cobar", "Dimension2PartitionFunction").unwrap();
    let original = Named::read(kind, params).0.unwrap();
    for (shop, code) in [(0_i64, "a"), (511, "zz"), (512, "a"), (1023, "zzzz"), (-1, "quite long"), (77, "")] {
        let pair = [Input::Integer(i128::from(shop)), Input::Text(code)];
        let Ok(Outcome::Numbers(nodes)) = original.compute().compute(&Given::new(Input::Tuple(&pair))) else {
            panic!("{shop} {code}")
        };
        let code_value = Value::Text { bytes: code.as_bytes().into(), charset: Charset::Utf8 };
        let shard = sharded.place_all(&[code_value, Value::Int(shop)]).unwrap();
        assert_eq!(sharded.shards.iter().position(|own| *own == shard), Some(nodes[0] as usize), "{shop} {code}");
    }
}

/// Algorithms that compute with functions lead where Cobar's own arithmetic does.
#[test]
fn arithmetic_of_cobar_is_translated() {
    let (config, _) = loaded(System::Cobar, &folder("cobar"));
    let config = config.unwrap();
    let database = config.schema.database("trade").unwrap().1;
    let lead = |table: &str, values: &[i64]| {
        let Placement::Sharded(sharded) = &database.table(table).unwrap().placement else { panic!("not sharded") };
        let values: Vec<Value<'_>> = values.iter().map(|value| Value::Int(*value)).collect();
        let shard = match values.as_slice() {
            [only] => match sharded.place(only) {
                Located::Shard(shard) => Some(shard),
                _ => None,
            },
            several => sharded.place_all(several).ok(),
        };
        shard.and_then(|shard| sharded.shards.iter().position(|own| *own == shard))
    };
    assert_eq!(lead("nested", &[1300]), Some(1));
    assert_eq!(lead("nested", &[-1]), Some(3));
    assert_eq!(lead("tickets", &[6]), Some(3));
    assert_eq!(lead("tickets", &[-3]), None);
    assert_eq!(lead("deals", &[300, 800]), Some(0));
    assert_eq!(lead("deals", &[1023, 256]), Some(0));
    assert_eq!(lead("deals", &[1023, 0]), Some(3));
}

#[test]
fn what_cannot_be_translated_is_refused_by_check() {
    let copy = tempfile::tempdir().unwrap();
    for file in ["schema.xml", "rule.xml", "server.xml"] {
        let text = std::fs::read_to_string(folder("cobar").join(file)).unwrap();
        let text = text.replace("byString(${member_id})", "byLong(${member_id}) * 2");
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

/// What has no counterpart: the report says what to do about each, and `check` refuses the tables until it is done.
#[test]
fn what_has_no_counterpart_is_said() {
    let cases: [(System, &str, &[&str]); 6] = [
        (
            System::ShardingSphere,
            "odd/shardingsphere",
            &[
                "t_hinted: a hint strategy (by_hint)",
                "algorithm of_own is a class of your own (org.example.Own)",
                "t_three: a complex strategy (of_three)",
                "algorithm cosid of type COSID_MOD is not known",
                "rule !ENCRYPT",
            ],
        ),
        (
            System::Vitess,
            "odd/vitess",
            &[
                "vindex regions: its map countries.json could not be read",
                "named: its primary vindex names (lookup) looks name up in names",
                "bare has no vindex",
                "routing_rules",
            ],
        ),
        (
            System::Mycat,
            "odd/mycat",
            &[
                "class OwnPartition",
                "class PartitionByHotDate",
                "node dn9",
                "dn5: 1 names for 1 of dataHost and 2 databases",
            ],
        ),
        (
            System::Cobar,
            "odd/cobar",
            &[
                "dataSource two: 10.0.0.$1-2:3306/shop$0-1 has more than one range",
                "dataNode dn[2]: there is no dataSource ds[2]",
                "dataNode dn[1]: there is no dataSource standby[1]: give it its replicas",
                "table a: rule other is not in rule.xml",
                "there is no server.xml",
            ],
        ),
        (
            System::Kingshard,
            "odd/kingshard",
            &[
                "table shop.orders: node \"node3\" is not among the nodes",
                "table shop.items: 1 nodes and 2 locations",
                "ks.yaml: wonder: nothing was made of this",
            ],
        ),
        (
            System::Gaea,
            "odd/gaea",
            &[
                "table shop.orders: slice \"slice-9\" is not among the slices",
                "table shop.parts: 1 slices, 1 locations or date_range with 5 parts, 4 databases do not fit together",
                "user reader may only read",
            ],
        ),
    ];
    for (system, name, wanted) in cases {
        let (config, notes) = loaded(system, &folder(name));
        let untranslated: Vec<&str> = notes
            .iter()
            .filter_map(|note| match note {
                Note::NotTranslated(text) => Some(text.as_str()),
                Note::Translated(_) | Note::Changed(_) => None,
            })
            .collect();
        for words in wanted {
            assert!(untranslated.iter().any(|text| text.contains(words)), "{words}: {untranslated:#?}");
        }
        let problems = config.unwrap_err().to_string();
        let is_refused = ["function: missing", "unknown replica set"].iter().any(|words| problems.contains(words));
        assert!(is_refused, "{name}: {problems}");
    }
    let (_, notes) = loaded(System::ShardingSphere, &folder("odd/shardingsphere"));
    assert!(notes.iter().any(|note| note.to_string().contains("DML_SHARDING_CONDITIONS")), "{notes:?}");
}

/// What was done by the old proxy and is not by ShardGate has a line for each thing, also what nobody has thought of.
#[test]
fn what_is_dropped_is_said() {
    let (config, notes) = loaded(System::Mycat, &folder("mycat"));
    let config = config.unwrap();
    let sets = &config.backend.replica_sets;
    let weights: Vec<u32> = sets.iter().flat_map(|set| set.replicas.iter().map(|replica| replica.weight)).collect();
    assert_eq!(weights, [3], "{sets:?}");
    let wanted = [
        "dataHost host1: balance: reads go to replicas only",
        "schema TESTDB: sqlMaxLimit: results were cut",
        "user reporting: readOnly: users are not kept from writing",
        "user reporting: privileges: statements are not forbidden",
        "server.xml: firewall: addresses",
    ];
    for words in wanted {
        assert!(notes.iter().any(|note| note.to_string().contains(words)), "{words}: {notes:#?}");
    }
}

/// dble 2 has MyCAT's files, with functions of its own.
#[test]
fn files_of_dble_2_are_read() {
    let copy = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(copy.path().join(name), text).unwrap();
    file(
        "schema.xml",
        "<dble:schema xmlns:dble='http://dble.cloud/'><schema name='testdb'><table name='t' dataNode='dn$1-2' rule='by_id'/></schema>\
         <dataNode name='dn$1-2' dataHost='h' database='db_$1-2'/><dataHost name='h' maxCon='10' minCon='1' balance='0'>\
         <heartbeat>show slave status</heartbeat><writeHost host='m' url='10.0.0.1:3306' user='u' password='p'>\
         <readHost host='r' url='10.0.0.2:3306' user='u' password='other'/></writeHost></dataHost></dble:schema>",
    );
    file(
        "rule.xml",
        "<dble:rule xmlns:dble='http://dble.cloud/'><tableRule name='by_id'><rule><columns>id</columns><algorithm>f</algorithm></rule>\
         </tableRule><function name='f' class='hash'><property name='partitionCount'>2</property><property \
         name='partitionLength'>1</property></function></dble:rule>",
    );
    file(
        "server.xml",
        "<dble:server xmlns:dble='http://dble.cloud/'><user name='root'><property name='password'>x</property><property \
         name='schemas'>testdb</property></user></dble:server>",
    );
    let (config, notes) = loaded(System::Dble, copy.path());
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    let Placement::Sharded(sharded) = &config.schema.databases[0].table("t").unwrap().placement else {
        panic!("not sharded")
    };
    assert_eq!((sharded.function.kind(), sharded.shards.len()), ("dble-hash", 2));
    assert!(notes.iter().any(|note| note.to_string().contains("another user or password")), "{notes:?}");
}

#[test]
fn files_of_version_4_are_said_to_be_such() {
    let copy = tempfile::tempdir().unwrap();
    let text = "schemaName: db4\ndataSources:\n  ds_0: {url: 'jdbc:mysql://10.0.0.1:3306/db4', username: u, password: p}\n\
                shardingRule:\n  tables:\n    t: {actualDataNodes: 'ds_0.t'}\n";
    std::fs::write(copy.path().join("config-sharding.yaml"), text).unwrap();
    let (_, notes) = loaded(System::ShardingSphere, copy.path());
    let is_said = |note: &Note| matches!(note, Note::NotTranslated(text) if text.contains("version 4"));
    assert!(notes.iter().any(is_said), "{notes:?}");
}

/// `<<` takes the entries of another mapping, and a data node may name the source that a group writes to.
#[test]
fn groups_and_merged_mappings_of_shardingsphere_are_followed() {
    let copy = tempfile::tempdir().unwrap();
    let text = "databaseName: shop\ndataSources:\n  \
                ds_0: &ds {username: root, password: secret, url: 'jdbc:mysql://10.0.0.1:3306/shop_0?useSSL=false'}\n  \
                ds_1: {<<: *ds, url: 'jdbc:mysql://10.0.0.2:3306/shop_1'}\n  \
                ds_1_read: {<<: *ds, url: 'jdbc:mysql://10.0.0.3:3306/shop_1'}\nrules:\n- !READWRITE_SPLITTING\n  \
                dataSourceGroups:\n    rw_1: {writeDataSourceName: ds_1, readDataSourceNames: [ds_1_read]}\n- !SHARDING\n  tables:\n    \
                t:\n      actualDataNodes: ds_${0..1}.t\n      \
                databaseStrategy: {standard: {shardingColumn: id, shardingAlgorithmName: by_id}}\n  shardingAlgorithms:\n    \
                by_id: {type: INLINE, props: {algorithm-expression: '<GROOVY>ds_${id % 2}'}}\n";
    std::fs::write(copy.path().join("config-sharding.yaml"), text).unwrap();
    let (config, notes) = loaded(System::ShardingSphere, copy.path());
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    let sets = &config.backend.replica_sets;
    assert_eq!(sets.iter().map(|set| set.user.as_str()).collect::<Vec<_>>(), ["root", "root"], "{notes:?}");
    assert_eq!(sets[1].replicas.len(), 1);
    let table = config.schema.database("shop").unwrap().1.table("t").unwrap();
    let Placement::Sharded(sharded) = &table.placement else { panic!("not sharded") };
    assert_eq!(sharded.shards.len(), 2);
    assert_eq!(sharded.locate(&Value::Int(3)), Located::Shard(sharded.shards[1]));
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
