//! How often the heap is asked for memory by a point select whose plan is cached: ShardGate in this process, between a
//! client that allocates nothing and a real server.
//!
//! `cargo bench --bench allocations [-- QUERIES]` prints allocations and bytes per query, in the text protocol and for
//! prepared statements. Everything in the process is counted, the monitor's queries too: its interval is an hour here.

use std::alloc::System;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};

use mysql_common::scramble::scramble_native;
use shardgate::playground::cluster::SERVICE_USER;
use shardgate::playground::{Cluster, ClusterOptions};
use shardgate::server::Proxy;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const WARM_UP: usize = 500;
const QUERIES: usize = 20_000;
const KEYS: u32 = 1000;

/// PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH, CONNECT_WITH_DB, DEPRECATE_EOF, TRANSACTIONS and the long ones.
const CAPABILITIES: u32 = 0x0108_A20F;

fn main() -> anyhow::Result<()> {
    let queries = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(QUERIES);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let cluster =
        runtime.block_on(Cluster::start(ClusterOptions { replica_sets: vec![0, 0], ..Default::default() }))?;
    runtime.block_on(fill(&cluster))?;
    let config = shardgate::config::load(&write_config(&cluster)?).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let proxy = runtime.block_on(Proxy::start(&config, None))?;
    report("text", queries, &mut Client::connect(proxy.addresses()[0])?, Client::select)?;
    let mut client = Client::connect(proxy.addresses()[0])?;
    client.prepare("SELECT c FROM t WHERE id = ?")?;
    report("prepared", queries, &mut client, Client::execute)?;
    drop(client);
    runtime.block_on(proxy.stop());
    Ok(())
}

fn report(
    name: &str,
    queries: usize,
    client: &mut Client,
    query: impl Fn(&mut Client, u32) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut key = 0;
    let mut run = |queries| {
        (0..queries).try_for_each(|_| {
            key = (key + 7) % KEYS;
            query(client, key)
        })
    };
    run(WARM_UP)?;
    let region = Region::new(ALLOCATOR);
    run(queries)?;
    let change = region.change();
    let (count, bytes) = (change.allocations + change.reallocations, change.bytes_allocated);
    let each = |all: usize| all as f64 / queries as f64;
    eprintln!("{name}: {count} allocations, {bytes} bytes in {queries} queries: {:.4} a query", each(count));
    Ok(())
}

async fn fill(cluster: &Cluster) -> anyhow::Result<()> {
    cluster.grant("bench%").await?;
    for set in &cluster.replica_sets {
        let rows = format!("INSERT INTO t SELECT seq, REPEAT('c', 119) FROM seq_0_to_{KEYS}");
        let sql = format!("CREATE DATABASE bench; USE bench; CREATE TABLE t (id INT PRIMARY KEY, c CHAR(120)); {rows}");
        set.primary.execute(&sql).await?;
    }
    Ok(())
}

fn write_config(cluster: &Cluster) -> anyhow::Result<PathBuf> {
    let path = cluster.folder().join("shardgate.toml");
    let mut main = String::from(
        "rules = [\"rules.toml\"]\n[server]\nlisten = \"127.0.0.1:0\"\nworkers = 1\n[monitor]\ninterval = \"1h\"\n\
         [[users]]\nname = \"bench\"\npassword = \"bench\"\ndatabases = [\"bench\"]\n",
    );
    let mut rules = String::from("database = \"bench\"\ndefault_shard = \"s0\"\n");
    for (index, set) in cluster.replica_sets.iter().enumerate() {
        main += &format!(
            "[[replica_sets]]\nname = \"{0}\"\nprimary = \"{1}\"\nuser = \"{2}\"\npassword = \"{3}\"\n",
            set.name,
            set.primary.address(),
            SERVICE_USER,
            cluster.service_password()
        );
        rules += &format!("[[shards]]\nname = \"s{index}\"\nreplica_set = \"{}\"\nschema = \"bench\"\n", set.name);
    }
    rules += "[[tables]]\nname = \"t\"\nshard_key = \"id\"\nfunction = { kind = \"mod\" }\nshards = [\"s0\", \"s1\"]\n";
    write(&path, &main)?;
    write(&cluster.folder().join("rules.toml"), &rules)?;
    Ok(path)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    Ok(std::fs::write(path, text)?)
}

/// A blocking client that reuses its buffers.
struct Client {
    stream: TcpStream,
    /// The command being sent, header included.
    out: Vec<u8>,
    answer: Vec<u8>,
}

impl Client {
    fn connect(address: SocketAddr) -> anyhow::Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut client = Client { stream, out: Vec::with_capacity(4096), answer: vec![0; 65536] };
        let greeting = client.receive()?;
        let version = greeting[5..].iter().position(|byte| *byte == 0).unwrap_or_default();
        let salt = 5 + version + 1 + 4;
        let nonce = [&greeting[salt..salt + 8], &greeting[salt + 27..salt + 39]].concat();
        let proof = scramble_native(&nonce, b"bench").unwrap_or_default();
        let mut hello = [&CAPABILITIES.to_le_bytes()[..], &[0, 0, 0, 64, 45], &[0; 23], b"bench\0", &[20]].concat();
        hello.extend_from_slice(&proof);
        hello.extend_from_slice(b"bench\0mysql_native_password\0");
        client.send(1, &[&hello])?;
        let answer = client.receive()?;
        if answer[4] == 0xFE {
            // The server's default is another plugin: once more, with this one's nonce.
            let nonce = answer[5..].split(|byte| *byte == 0).nth(1).unwrap_or_default();
            let proof = scramble_native(nonce, b"bench").unwrap_or_default();
            client.send(3, &[&proof])?;
            anyhow::ensure!(client.receive()?[4] == 0, "login failed");
        } else {
            anyhow::ensure!(answer[4] == 0, "login failed");
        }
        Ok(client)
    }

    fn select(&mut self, key: u32) -> anyhow::Result<()> {
        let digits = [1000, 100, 10, 1].map(|unit| b'0' + (key / unit % 10) as u8);
        self.send(0, &[b"\x03SELECT c FROM t WHERE id=", &digits])?;
        self.row()
    }

    /// The statement's id is 1: it is the session's first.
    fn execute(&mut self, key: u32) -> anyhow::Result<()> {
        self.send(0, &[b"\x17\x01\0\0\0\0\x01\0\0\0\0\x01\x03\0", &key.to_le_bytes()])?;
        self.row()
    }

    fn prepare(&mut self, sql: &str) -> anyhow::Result<()> {
        self.send(0, &[b"\x16", sql.as_bytes()])?;
        // PREPARE_OK, a parameter and a column.
        self.packets(3)
    }

    /// One row: column count, definition, row and OK.
    fn row(&mut self) -> anyhow::Result<()> {
        self.packets(4)
    }

    fn packets(&mut self, wanted: usize) -> anyhow::Result<()> {
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.answer[filled..])?;
            anyhow::ensure!(read > 0, "the connection was closed");
            filled += read;
            let (mut at, mut seen) = (0, 0);
            while let Some(&[a, b, c, _, first]) = self.answer[at..filled].first_chunk() {
                anyhow::ensure!(first != 0xFF, "{}", String::from_utf8_lossy(&self.answer[at..filled]));
                at += 4 + u32::from_le_bytes([a, b, c, 0]) as usize;
                seen += 1;
            }
            if at == filled && seen == wanted {
                return Ok(());
            }
            anyhow::ensure!(seen <= wanted, "more packets than expected");
        }
    }

    fn send(&mut self, seq: u8, parts: &[&[u8]]) -> anyhow::Result<()> {
        let len = parts.iter().map(|part| part.len()).sum::<usize>() as u32;
        self.out.clear();
        self.out.extend_from_slice(&len.to_le_bytes()[..3]);
        self.out.push(seq);
        parts.iter().for_each(|part| self.out.extend_from_slice(part));
        Ok(self.stream.write_all(&self.out)?)
    }

    /// One packet of the login, header included.
    fn receive(&mut self) -> anyhow::Result<Vec<u8>> {
        let read = self.stream.read(&mut self.answer)?;
        anyhow::ensure!(read > 4 && self.answer[4] != 0xFF, "{}", String::from_utf8_lossy(&self.answer[..read]));
        Ok(self.answer[..read].to_vec())
    }
}
