//! `[server]`: the side of the clients.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::section::{Item, Section};
use super::tls;
use crate::frontend::options::Options;
use crate::wire::auth::AuthPlugin;

const AUTH: &[(&str, AuthPlugin)] = &[
    ("mysql_native_password", AuthPlugin::NativePassword),
    ("caching_sha2_password", AuthPlugin::CachingSha2Password),
];

/// The options, without users; `None`, reported, if something is wrong.
pub(super) fn read(section: &Section<'_>, folder: &Path) -> Option<Options> {
    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_secs(3600);
    let default = Options::default();
    let listen = section.item("listen").map_or(Some(default.listen), |item| read_listen(&item));
    let tls = section.item("tls").map_or(Some(default.tls), |item| tls::read_frontend(&item, folder));
    let max_sessions = section.integer("max_sessions", default.max_sessions, 1..=1_000_000);
    let idle_timeout = section.duration("idle_timeout", default.idle_timeout, SECOND..=365 * 24 * HOUR);
    let handshake_timeout = section.duration("handshake_timeout", default.handshake_timeout, SECOND..=HOUR);
    let write_timeout = section.duration("write_timeout", default.write_timeout, SECOND..=24 * HOUR);
    let max_packet =
        section.item("max_packet").map_or(Some(default.max_packet as u64), |item| item.size(1024..=1 << 30));
    let merge_memory =
        section.item("merge_memory").map_or(Some(default.merge_memory as u64), |item| item.size(64 * 1024..=64 << 30));
    let default_auth = section.item("default_auth").map_or(Some(default.default_auth), |item| item.choice(AUTH));
    let server_version = section.item("server_version").map(|item| read_version(&item));
    // 0 says in words what leaving it out does: one for each core.
    let workers = section.integer("workers", 0, 0..=1024);
    let plan_cache = section.integer("plan_cache", default.plan_cache, 1..=10_000_000);
    let max_prepared = section.integer("max_prepared", default.max_prepared, 1..=1_000_000);
    section.finish();
    Some(Options {
        listen: listen?,
        tls: tls?,
        max_sessions: max_sessions?,
        idle_timeout: idle_timeout?,
        handshake_timeout: handshake_timeout?,
        write_timeout: write_timeout?,
        max_packet: max_packet? as usize,
        default_auth: default_auth?,
        server_version: server_version.map_or(Some(None), |version| version.map(Some))?,
        users: Vec::new(),
        workers: Some(workers?).filter(|workers| *workers > 0).unwrap_or(default.workers),
        plan_cache: plan_cache?,
        max_prepared: max_prepared?,
        merge_memory: merge_memory? as usize,
        ..default
    })
}

/// One address or several.
fn read_listen(item: &Item<'_>) -> Option<Vec<SocketAddr>> {
    const EXAMPLE: &str = "listen = [\"127.0.0.1:8066\", \"[::1]:8066\"]";
    if !item.is_list() {
        return Some(vec![item.listen_address()?]);
    }
    let places = item.list(EXAMPLE)?;
    let mut addresses = Vec::new();
    for place in &places {
        let Some(address) = place.listen_address() else { continue };
        if addresses.contains(&address) {
            place.problem(format!("{address} is there twice"));
        }
        addresses.push(address);
    }
    if places.is_empty() {
        item.problem(format!("the list is empty; write it as in {EXAMPLE}"));
    }
    (addresses.len() == places.len()).then_some(addresses)
}

/// Clients read numbers from its start.
fn read_version(item: &Item<'_>) -> Option<String> {
    let text = item.text()?;
    let mut parts = text.splitn(3, '.');
    let is_number =
        |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let starts_well = is_number(parts.next()) && is_number(parts.next());
    if !starts_well || !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.len() > 60 {
        item.problem(format!(
            "\"{}\" is no version; write it as in \"8.0.36\" or \"10.11.6-MariaDB\"",
            text.escape_debug()
        ));
        return None;
    }
    Some(text)
}
