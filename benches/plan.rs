//! What a statement costs when its plan is known (shape, lookup, bind), and when it is not.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};

use shardgate::plan::cache::{Cache, Key, Limits};
use shardgate::plan::{Binding, Context, Gathers, plan};
use shardgate::sharding::build::{
    DatabaseSpec, PlacementSpec, SchemaSpec, ShardSpec, ShardedSpec, ShardsSpec, TableSpec,
};
use shardgate::sharding::function::FunctionSpec;
use shardgate::sharding::key::KeyType;
use shardgate::sharding::{DatabaseId, ReplicaSetId, Schema};
use shardgate::sql::{Mode, Shape};

const STATEMENTS: &[(&str, &str)] = &[
    ("point select", "SELECT c FROM sbtest1 WHERE id = 4711"),
    ("update", "UPDATE sbtest1 SET k = k + 1 WHERE id = 4711"),
    ("insert", "INSERT INTO sbtest1 (id, k, c, pad) VALUES (4711, 5, 'abc-def', 'xyz')"),
    ("in list", "SELECT c FROM sbtest1 WHERE id IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)"),
    (
        "join",
        "SELECT a.c, b.c FROM sbtest1 a JOIN sbtest2 b ON b.id = a.id LEFT JOIN sbtest2 d ON d.id = a.id WHERE a.id = 7",
    ),
];

fn schema() -> Option<Schema> {
    let names = ["s0", "s1"];
    let shard = |index: usize| ShardSpec {
        name: names[index].to_owned(),
        replica_set: ReplicaSetId(index as u16),
        schema: "sbtest".to_owned(),
    };
    let table = |name: &str| TableSpec {
        name: name.to_owned(),
        physical: None,
        columns: None,
        placement: PlacementSpec::Sharded(ShardedSpec {
            key_column: "id".to_owned(),
            key: Some(KeyType::INTEGER),
            function: Some(FunctionSpec::Hash { slots: 1024 }),
            shards: Some(ShardsSpec::Even(names.map(str::to_owned).to_vec())),
            ..ShardedSpec::default()
        }),
    };
    let database = DatabaseSpec {
        name: "sbtest".to_owned(),
        shards: vec![shard(0), shard(1)],
        default_shard: "s0".to_owned(),
        read_write_splitting: false,
        tables: vec![table("sbtest1"), table("sbtest2")],
    };
    SchemaSpec { version: 1, databases: vec![database] }.build().ok()
}

fn plans(criterion: &mut Criterion) {
    let Some(schema) = schema() else { return };
    let mode = Mode::default();
    let ctx =
        Context { schema: &schema, database: Some(DatabaseId(0)), in_catalog: false, mode, gathers: Gathers::IfNeeded };
    let cache = Cache::new(Limits::default());
    for (name, sql) in STATEMENTS {
        let sql = sql.as_bytes();
        let mut shape = Shape::default();
        shape.read(sql, mode);
        criterion.bench_function(&format!("plan/{name}"), |bench| bench.iter(|| plan(black_box(sql), &shape, &ctx)));
        let Ok(plan) = plan(sql, &shape, &ctx) else { continue };
        let key = Key::new(1, ctx.database, mode, shape.key());
        cache.put(&key, Arc::new(plan));
        criterion.bench_function(&format!("hit/{name}"), |bench| {
            bench.iter(|| {
                shape.read(black_box(sql), mode);
                let key = Key::new(1, ctx.database, mode, shape.key());
                let plan = cache.get(&key, sql, shape.literals())?;
                let input = Binding { schema: &schema, sql, literals: shape.literals(), params: &[], mode };
                plan.bind(&input).ok()
            });
        });
    }
}

criterion_group!(benches, plans);
criterion_main!(benches);
