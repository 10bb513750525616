//! How long the lexer and the shape pass take: what each statement pays before the plan cache is asked.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use shardgate::sql::{Lexer, Mode, Shape};

fn statements() -> Vec<(&'static str, String)> {
    let c = "83868641912-28773972837-60736120486-75162659906-27563526494-20381887404-41576422241-93426793964-11923891072-50194573961";
    let pad = "67847967377-48000963322-62604785301-91415491898-96926520291";
    let rows: Vec<_> = (0..1000).map(|id| format!("({id},{},'{c}','{pad}')", id * 7)).collect();
    vec![
        ("point_select", "SELECT c FROM sbtest1 WHERE id=4998327512".into()),
        ("range", "SELECT c FROM sbtest1 WHERE id BETWEEN 4961 AND 5060 ORDER BY c".into()),
        ("update", "UPDATE sbtest1 SET k=k+1 WHERE id=49963".into()),
        ("insert", format!("INSERT INTO sbtest1 (id, k, c, pad) VALUES (50087, 50267, '{c}', '{pad}')")),
        ("insert_1000_rows", format!("INSERT INTO sbtest1 (id, k, c, pad) VALUES {}", rows.join(","))),
    ]
}

fn lexer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lexer");
    for (name, sql) in statements() {
        group.throughput(Throughput::Bytes(sql.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), sql.as_bytes(), |bencher, sql| {
            bencher.iter(|| Lexer::new(black_box(sql), Mode::default()).count());
        });
    }
}

fn shape(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("shape");
    let mut shape = Shape::default();
    for (name, sql) in statements() {
        group.throughput(Throughput::Bytes(sql.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), sql.as_bytes(), |bencher, sql| {
            bencher.iter(|| shape.read(black_box(sql), Mode::default()));
        });
    }
}

criterion_group!(benches, lexer, shape);
criterion_main!(benches);
