//! Settings of the other proxies that nothing is made of: each is said, with what to do instead. Importers name what they read,
//! so that a setting that nobody has thought of is said as well.

use super::draft::Draft;

/// What becomes of a setting.
#[derive(Clone, Copy, PartialEq)]
enum Loss {
    /// ShardGate does it otherwise.
    Otherwise,
    /// Nobody does it any more.
    Gone,
}

use Loss::{Gone, Otherwise};

/// By name, in lower case without `_` and `-`.
const ADVICE: &[(&[&str], Loss, &str)] = &[
    (
        &[
            "serverport",
            "managerport",
            "addr",
            "bindip",
            "port",
            "fakemysqlversion",
            "serverversion",
            "webaddr",
            "webuser",
            "webpassword",
            "proxyport",
            "managerip",
        ],
        Otherwise,
        "see listen and server_version in [server], and [console]",
    ),
    (
        &["charset", "proxycharset", "defaultcharset", "defaultcollation", "collation"],
        Otherwise,
        "clients say which character set they use, and the servers' defaults hold",
    ),
    (
        &[
            "poolsize",
            "maxcon",
            "mincon",
            "maxconnslimit",
            "capacity",
            "maxcapacity",
            "idletimeout",
            "maxpoolsize",
            "minpoolsize",
            "connectiontimeoutmilliseconds",
            "idletimeoutmilliseconds",
            "maxlifetimemilliseconds",
            "initconnect",
            "maxclientconnections",
            "healthchecksql",
            "fusecond",
        ],
        Otherwise,
        "see pool of [[replica_sets]], and max_sessions",
    ),
    (
        &[
            "heartbeat",
            "heartbeatsql",
            "downafternoalive",
            "switchtype",
            "slavethreshold",
            "writetype",
            "delaythreshold",
            "secondsbehindmaster",
            "errorretrycount",
            "temprreadhostavailable",
            "tempreadhostavailable",
            "downconnthreshold",
        ],
        Otherwise,
        "servers are watched, and what is writable is followed: see [monitor] and max_replica_lag",
    ),
    (
        &["balance", "rwsplitmode", "rwsplit", "readwritesplitting", "loadbalancers"],
        Otherwise,
        "reads go to replicas only with read_write_splitting = true, in the rule file or for a user",
    ),
    (
        &["logsql", "loglevel", "logpath", "props", "mode", "sqllogmode"],
        Otherwise,
        "settings of the old process: see [log], [server] and [monitor]",
    ),
    (
        &[
            "system",
            "processors",
            "processorhandler",
            "processorexecutor",
            "initexecutor",
            "timerexecutor",
            "managerexecutor",
            "threads",
            "clusterheartbeatuser",
            "clusterheartbeatpass",
            "group",
        ],
        Otherwise,
        "settings of the old process, which have no counterpart but workers in [server]",
    ),
    (
        &["checksqlschema", "keepsqlschema", "needaddlimit"],
        Otherwise,
        "names with a database before them are resolved as MySQL does",
    ),
    (
        &["sqlmaxlimit", "maxsqlresultsize", "maxresultsize"],
        Gone,
        "results were cut at so many rows, and are not here: where programs count on that, give them a LIMIT",
    ),
    (&["sqlmode"], Gone, "the servers' own sql_mode holds: set it there, and the same on all"),
    (
        &["usingdecrypt", "encryption"],
        Gone,
        "the password in the file is encrypted and was taken as it is: write the plain one, or { file = \"...\" }",
    ),
    (
        &["readonly"],
        Gone,
        "users are not kept from writing here: give them an account on the servers that cannot write",
    ),
    (
        &["privileges", "privilege", "blsfile", "blacklist", "blacklistsql", "blacksql", "sqlblacklist"],
        Gone,
        "statements are not forbidden here: take the rights from the account on the servers",
    ),
    (
        &["allowips", "allowedip", "whiteips", "whitehost", "firewall", "quarantine"],
        Gone,
        "addresses are not looked at here: leave that to a firewall",
    ),
    (&["cluster", "clusters"], Gone, "ShardGates know nothing of each other: put a load balancer before them"),
    (
        &["slowlogtime", "slowsqltime", "sqlslowtime", "slowlog"],
        Gone,
        "slow statements are not logged here: let the servers log them",
    ),
];

/// Says what becomes of these settings of `place`.
pub(super) fn tell<T: AsRef<str>>(place: &str, unread: &[T], draft: &mut Draft) {
    let folded = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    let (mut known, mut unknown): (Vec<(usize, &str)>, Vec<&str>) = (Vec::new(), Vec::new());
    for name in unread.iter().map(AsRef::as_ref) {
        match ADVICE.iter().position(|(names, ..)| names.contains(&folded(name).as_str())) {
            Some(at) => known.push((at, name)),
            None => unknown.push(name),
        }
    }
    for (at, (_, loss, advice)) in ADVICE.iter().enumerate() {
        let names: Vec<&str> = known.iter().filter(|(of, _)| *of == at).map(|(_, name)| *name).collect();
        let note = || format!("{place}: {}: {advice}", names.join(", "));
        match loss {
            _ if names.is_empty() => {}
            Otherwise => draft.changed(note()),
            Gone => draft.not_translated(note()),
        }
    }
    if !unknown.is_empty() {
        let names = unknown.join(", ");
        draft.not_translated(format!("{place}: {names}: nothing was made of this; see whether you need it"));
    }
}
