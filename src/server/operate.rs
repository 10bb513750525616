//! Commands for operators that look at the servers.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use crate::backend::comparison::has_schema;
use crate::backend::control::{ANSWER_TIMEOUT, ControlError, within};
use crate::backend::options::ReplicaSetOptions;
use crate::backend::survey::{Finding, Primary, survey};
use crate::exec::recovery::create_table;
use crate::sharding::{ReplicaSetId, Schema};
use crate::txn::decision::DecisionTable;
use crate::txn::transaction::quoted;

/// `1 shard`, `4 shards`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `shardgate init`: creates the schemas of all shards, and ShardGate's own tables, that are not there yet. 1 if that failed somewhere; everywhere else
/// it was done all the same.
pub fn init(path: &Path) -> anyhow::Result<ExitCode> {
    let Some(config) = super::load(path) else { return Ok(ExitCode::from(2)) };
    let failed = super::control_runtime()?.block_on(async {
        let mut failed = 0;
        for (id, set) in (0u16..).map(ReplicaSetId).zip(&config.backend.replica_sets) {
            let decisions = DecisionTable::new(&config.transactions.schema);
            failed += usize::from(!init_set(set, &schemas_of(&config.schema, id), &decisions).await?);
        }
        anyhow::Ok(failed)
    })?;
    if failed > 0 {
        eprintln!("shardgate: {} could not be prepared", counted(failed, "replica set"));
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::SUCCESS)
}

/// The physical schemas of a replica set, each once.
fn schemas_of(schema: &Schema, id: ReplicaSetId) -> Vec<String> {
    let mut names: Vec<String> =
        schema.shards.iter().filter(|shard| shard.replica_set == id).map(|shard| shard.schema.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// Whether all schemas are there now.
async fn init_set(set: &ReplicaSetOptions, schemas: &[String], decisions: &DecisionTable) -> anyhow::Result<bool> {
    let looked = survey(set).await;
    // With several writable servers nobody knows which one the others follow.
    let is_split = looked.findings.iter().any(Finding::is_split);
    let primary = looked.primary.filter(|primary| primary.is_writable && !is_split);
    for finding in &looked.findings {
        eprintln!("{}{finding}", if primary.is_some() { "warning: " } else { "" });
    }
    let Some(mut primary) = primary else { return Ok(false) };
    let mut is_done = true;
    for schema in schemas {
        let said = match create(&mut primary, schema).await {
            Ok(true) => format!("{}: created schema {schema} on {}", set.name, primary.address),
            Ok(false) => format!("{}: schema {schema} is on {} already", set.name, primary.address),
            Err(error) => {
                eprintln!("replica set {}: cannot create schema {schema} on {}: {error}", set.name, primary.address);
                is_done = false;
                continue;
            }
        };
        writeln!(std::io::stdout().lock(), "{said}")?;
    }
    if let Err(error) = create_table(&mut primary.connection, decisions).await {
        eprintln!("replica set {}: cannot create {decisions} on {}: {error}", set.name, primary.address);
        is_done = false;
    }
    let _ = primary.connection.disconnect().await;
    Ok(is_done)
}

/// Whether it was not there yet.
async fn create(primary: &mut Primary, schema: &str) -> Result<bool, ControlError> {
    use mysql_async::prelude::Queryable;
    if has_schema(&mut primary.connection, schema).await? {
        return Ok(false);
    }
    let sql = format!("CREATE DATABASE IF NOT EXISTS {}", quoted(schema));
    within(ANSWER_TIMEOUT, primary.connection.query_drop(sql)).await?;
    Ok(true)
}
