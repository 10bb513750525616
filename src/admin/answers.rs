//! What the console answers: tables of text, made from what sessions, commits and recovery tell of themselves.

use crate::frontend::configuration::Effect;
use crate::frontend::registry::Entry;
use crate::frontend::shared::Shared;
use crate::txn::doubt::Doubt;
use crate::txn::in_flight::InFlight;
use crate::txn::recovery::OwnerState;
use crate::wire::column::ColumnDefinition;
use crate::wire::response::{OkPacket, write_end_of_rows};
use crate::wire::writer::Put;
use crate::wire::{ColumnFlags, ColumnType, StatusFlags};

/// utf8mb4_general_ci.
const COLLATION: u16 = 45;

/// Titles, and rows of as many cells.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) titles: Vec<&'static str>,
    pub(super) rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// The payloads of its packets.
    pub(super) fn payloads(&self) -> Vec<Vec<u8>> {
        let end = OkPacket { status: StatusFlags::SERVER_STATUS_AUTOCOMMIT, ..OkPacket::default() };
        let mut eof = Vec::new();
        write_end_of_rows(&mut eof, &end, false, false);
        let mut count = Vec::new();
        count.put_lenenc_int(self.titles.len() as u64);
        let mut payloads = vec![count];
        payloads.extend(self.titles.iter().map(|title| definition(title)));
        payloads.push(eof.clone());
        payloads.extend(self.rows.iter().map(|row| {
            let mut payload = Vec::new();
            row.iter().for_each(|cell| payload.put_cell(cell.as_deref().map(str::as_bytes)));
            payload
        }));
        payloads.push(eof);
        payloads
    }
}

fn definition(title: &str) -> Vec<u8> {
    let mut payload = Vec::new();
    ColumnDefinition {
        schema: b"",
        table: b"",
        org_table: b"",
        name: title.as_bytes(),
        org_name: b"",
        extended: None,
        charset: COLLATION,
        length: 1024,
        column_type: ColumnType::MYSQL_TYPE_VAR_STRING as u8,
        flags: ColumnFlags::empty(),
        decimals: 31,
        default: None,
    }
    .write(&mut payload);
    payload
}

/// Sessions of all users: those that work first.
pub(super) fn sessions(shared: &Shared) -> Table {
    let titles = vec!["id", "user", "host", "database", "seconds", "state", "statement"];
    let now = shared.watchdog.now_ms();
    let mut rows: Vec<(bool, Vec<Option<String>>)> = Vec::new();
    for entry in shared.registry.all() {
        let (kind, since, text) = entry.activity.look();
        let runs = kind.is_some();
        let state = if runs { "executing" } else { "idle" };
        let statement = runs.then(|| String::from_utf8_lossy(&text).into_owned()).filter(|text| !text.is_empty());
        let cells = vec![
            Some(entry.id.to_string()),
            Some(entry.user.lock().clone()),
            Some(entry.activity.host.lock().clone()),
            entry.activity.database.lock().clone(),
            Some((now.saturating_sub(since) / 1000).to_string()),
            Some(state.to_owned()),
            statement,
        ];
        rows.push((!runs, cells));
    }
    rows.sort_by_key(|(is_idle, _)| *is_idle);
    Table { titles, rows: rows.into_iter().map(|(_, cells)| cells).collect() }
}

/// What has changed of a configuration.
pub(super) fn differences(effects: Vec<Effect>) -> Table {
    let titles = Effect::COLUMNS.map(|(title, _)| title).to_vec();
    Table { titles, rows: effects.into_iter().map(Effect::cells).collect() }
}

/// The rules of all tables.
pub(super) fn rules(rules: Vec<Effect>) -> Table {
    let titles = Effect::RULE_COLUMNS.map(|(title, _)| title).to_vec();
    Table { titles, rows: rules.into_iter().map(Effect::rule_cells).collect() }
}

/// Transactions of this process, then what is prepared on the servers, by whomever.
pub(super) fn transactions(shared: &Shared) -> Table {
    let titles = vec!["xid", "state", "seconds", "session", "user", "shards", "statement"];
    let mut rows: Vec<Vec<Option<String>>> = Vec::new();
    let mut committing = shared.in_flight.all_committing();
    for entry in shared.registry.all() {
        let Some(open) = entry.activity.transaction() else { continue };
        let at = committing.iter().position(|(gtrid, _)| open.gtrid.as_ref() == Some(gtrid));
        let state = at.map_or("open", |at| state_of_commit(committing.swap_remove(at).1));
        let seconds = shared.watchdog.now_ms().saturating_sub(open.since_ms) / 1000;
        let schema = &shared.setup().schema;
        let names = open.shards.iter().filter_map(|shard| schema.shards.get(usize::from(shard.0)));
        let names: Vec<&str> = names.map(|shard| shard.name.as_str()).collect();
        let name = open.gtrid.as_ref().map(ToString::to_string);
        rows.push(row(name, state, seconds, Some(&entry), names.join(",")));
    }
    // Statements of several shards that are transactions by themselves.
    for (gtrid, is_decided) in committing {
        rows.push(row(Some(gtrid.to_string()), state_of_commit(is_decided), 0, None, String::new()));
    }
    for doubt in shared.in_flight.doubts() {
        let place = format!("replica set {}", doubt.replica_set);
        rows.push(row(Some(doubt.name.clone()), state_of_doubt(&doubt), doubt.seen.as_secs(), None, place));
    }
    Table { titles, rows }
}

fn row(
    name: Option<String>,
    state: &str,
    seconds: u64,
    session: Option<&Entry>,
    shards: String,
) -> Vec<Option<String>> {
    let statement = session.map(|entry| String::from_utf8_lossy(&entry.activity.look().2).into_owned());
    vec![
        name,
        Some(state.to_owned()),
        Some(seconds.to_string()),
        session.map(|entry| entry.id.to_string()),
        session.map(|entry| entry.user.lock().clone()),
        Some(shards),
        statement,
    ]
}

fn state_of_commit(is_decided: bool) -> &'static str {
    if is_decided { "committing" } else { "preparing" }
}

fn state_of_doubt(doubt: &Doubt) -> &'static str {
    match doubt.owner {
        None => "of others",
        Some(OwnerState::Committing) => "prepared, being committed",
        Some(OwnerState::Forgotten) => "in doubt",
        Some(OwnerState::Alive) => "in doubt, its ShardGate is alive",
        Some(OwnerState::Gone) => "in doubt, its ShardGate is gone",
    }
}

/// Names and numbers.
pub(super) fn metrics(shared: &Shared) -> Table {
    let InFlight { counters, .. } = &*shared.in_flight;
    let in_doubt = shared.in_flight.doubts().iter().filter(|doubt| doubt.owner.is_some()).count() as u64;
    let oldest = shared.in_flight.doubts().iter().map(|doubt| doubt.seen.as_secs()).max().unwrap_or_default();
    let numbers = [
        ("sessions", shared.registry.len() as u64),
        ("commits_two_phase", counters.committed.get()),
        ("commits_one_phase_branch", counters.committed_alone.get()),
        ("deadlocks_across_servers", counters.deadlocks.get()),
        ("commits_rolled_back", counters.rolled_back.get()),
        ("commits_unknown", counters.unknown.get()),
        ("commits_left_to_recovery", counters.unsettled.get()),
        ("commits_under_way", shared.in_flight.all_committing().len() as u64),
        ("recovered_commits", counters.recovered_commits.get()),
        ("recovered_rollbacks", counters.recovered_rollbacks.get()),
        ("branches_in_doubt", in_doubt),
        ("oldest_branch_seconds", oldest),
    ];
    let rows = numbers.into_iter().map(|(name, number)| vec![Some(name.to_owned()), Some(number.to_string())]);
    Table { titles: vec!["name", "value"], rows: rows.collect() }
}
