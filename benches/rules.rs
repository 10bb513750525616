//! A large configuration: what reading 2,000 tables on 256 shards costs, and that a statement of a known shape costs no more
//! under it than under a small one.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

use shardgate::config::{self, Config};
use shardgate::plan::cache::{Cache, Key, Limits};
use shardgate::plan::{Binding, Context, Gathers, Route, plan};
use shardgate::sharding::DatabaseId;
use shardgate::sql::{Mode, Shape};

const SERVERS: usize = 16;

fn write(folder: &Path, tables: usize, shards: usize) -> std::io::Result<()> {
    let mut main = "rules = [\"shop.toml\"]\n[[users]]\nname = \"app\"\npassword = { env = \"PATH\" }\n".to_owned();
    for server in 0..SERVERS {
        let _ = write!(
            main,
            "[[replica_sets]]\nname = \"rs{server}\"\nprimary = \"10.0.0.{server}:3306\"\nuser = \"proxy\"\n\
             password = {{ env = \"PATH\" }}\n"
        );
    }
    let mut rules = "database = \"shop\"\ndefault_shard = \"s0\"\n".to_owned();
    for shard in 0..shards {
        let set = shard % SERVERS;
        let _ =
            write!(rules, "[[shards]]\nname = \"s{shard}\"\nreplica_set = \"rs{set}\"\nschema = \"shop_{shard}\"\n");
    }
    let names: Vec<String> = (0..shards).map(|shard| format!("\"s{shard}\"")).collect();
    let names = names.join(", ");
    for table in 0..tables {
        // Every second one has another name on each shard.
        let physical = if table % 2 == 0 { "" } else { "physical = \"{table}_{index:04}\"\n" };
        let _ = write!(
            rules,
            "[[tables]]\nname = \"t{table}\"\nshard_key = \"id\"\nfunction = {{ kind = \"hash\", slots = 1024 }}\n\
             shards = [{names}]\n{physical}"
        );
    }
    std::fs::write(folder.join("shardgate.toml"), main)?;
    std::fs::write(folder.join("shop.toml"), rules)
}

fn load(folder: &Path) -> Option<Config> {
    config::load(&folder.join("shardgate.toml")).map_err(|problems| eprintln!("{problems}")).ok()
}

fn rules(criterion: &mut Criterion) {
    for (name, tables, shards) in [("2 tables on 2 shards", 2, 2), ("2,000 tables on 256 shards", 2_000, 256)] {
        let Ok(folder) = tempfile::tempdir() else { return };
        if write(folder.path(), tables, shards).is_err() {
            return;
        }
        let Some(config) = load(folder.path()) else { return };
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10).measurement_time(Duration::from_secs(10));
        group.bench_function("load", |bench| bench.iter(|| black_box(load(folder.path()))));
        let (schema, mode) = (&config.schema, Mode::default());
        let sql = format!("SELECT c FROM t{} WHERE id = 4711", tables - 1);
        let sql = sql.as_bytes();
        let ctx =
            Context { schema, database: Some(DatabaseId(0)), in_catalog: false, mode, gathers: Gathers::IfNeeded };
        let mut shape = Shape::default();
        shape.read(sql, mode);
        let Ok(planned) = plan(sql, &shape, &ctx) else { return };
        let cache = Cache::new(Limits::default());
        cache.put(&Key::new(1, ctx.database, mode, shape.key()), Arc::new(planned));
        let mut text = Vec::new();
        group.bench_function("a known statement", |bench| {
            bench.iter(|| {
                shape.read(black_box(sql), mode);
                let plan = cache.get(&Key::new(1, ctx.database, mode, shape.key()), sql, shape.literals())?;
                let input = Binding { schema, sql, literals: shape.literals(), params: &[], mode };
                let Ok(Route::One(shard)) = plan.bind(&input) else { return None };
                text.clear();
                Some((plan.render(&input, shard, &mut text), text.len()))
            });
        });
        shape.read(sql, mode);
        group.bench_function("a new statement", |bench| bench.iter(|| black_box(plan(sql, &shape, &ctx))));
        group.finish();
    }
}

criterion_group!(benches, rules);
criterion_main!(benches);
