"""Runs the measurements of benches/commit/run and prints them. See there."""
import argparse
import itertools
import os
import signal
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "site"))
from mysql_client import Session
from stage import PASSWORD, USER, SchemaPerShardSite, cpu_time

SHARDS = 8
SERVERS = ("one", "two")
NUMBERS = itertools.count()


class CommitSite(SchemaPerShardSite):
    server_options = ["--log-bin=binlog", "--binlog-format=ROW", "--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1"]
    shards = SHARDS
    table = "t"
    function = "{ kind = \"mod\" }"
    replica_set_options = "pool = { max = 64, min = 8 }"

    def fill(self, server, remainder):
        """Shard n is the schema `shard_n`, on the servers in turn, and has the row n."""
        for shard in range(remainder, SHARDS, len(SERVERS)):
            self.sql(server, f"CREATE DATABASE shard_{shard}; CREATE TABLE shard_{shard}.t (id INT PRIMARY KEY, n INT NOT NULL);"
                             f"INSERT INTO shard_{shard}.t VALUES ({shard}, 0);"
                             f"CREATE TABLE shard_{shard}.decision (xid VARCHAR(64) PRIMARY KEY);")

    def session(self, shard=None):
        """Through ShardGate, or directly to a shard's server."""
        if shard is None:
            return Session(self.ports["shardgate"], USER, PASSWORD, "bench")
        return Session(self.ports[SERVERS[shard % len(SERVERS)]], USER, PASSWORD, f"shard_{shard}")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--binary", required=True)
    options.add_argument("--rounds", type=int, default=1000)
    options = options.parse_args()
    # Servers are stopped and the folder is removed on the way out, however we are asked to go.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(1))
    with CommitSite(options.binary) as site:
        print("starting two servers ...", flush=True)
        site.servers()
        process = site.shardgate()
        direct, through = [site.session(shard) for shard in (0, 1)], [site.session() for _ in range(2)]
        atomic = site.session()
        ways = {
            "one shard, direct": lambda: transaction([(direct[0], [0])]),
            "one shard": lambda: transaction([(through[0], [0])]),
            "two shards, direct, not atomic": lambda: transaction([(direct[0], [0]), (direct[1], [1])]),
            "two shards, not atomic": lambda: transaction([(through[0], [0]), (through[1], [1])]),
            "two shards, the bare protocol": lambda: bare_protocol(*direct),
            "two shards": lambda: transaction([(atomic, [0, 1])]),
            "four shards": lambda: transaction([(atomic, range(4))]),
            "eight shards": lambda: transaction([(atomic, range(8))]),
        }
        report(measure(process, ways, options.rounds), options.rounds)


def measure(process, ways, rounds):
    """By name: times of the commits and of the whole transactions, and ShardGate's CPU time for all of them, in seconds."""
    results = {name: ([], [], 0.0) for name in ways}
    block = 20
    for number in range(-1, max(1, rounds // block)):
        for name, run in ways.items():
            before = cpu_time(process)
            done = [run() for _ in range(block)]
            if number >= 0:
                commits, whole, used = results[name]
                commits.extend(commit for commit, _ in done)
                whole.extend(all_of_it for _, all_of_it in done)
                results[name] = (commits, whole, used + cpu_time(process) - before)
    return results


def transaction(parts):
    """One row of each shard is changed, then all sessions commit at the same time: seconds of the commit, and of everything."""
    begun = time.monotonic()
    for session, shards in parts:
        ask(session, "BEGIN")
        for shard in shards:
            ask(session, f"UPDATE t SET n = n + 1 WHERE id = {shard}")
    decided = time.monotonic()
    for session, _ in parts:
        session.query("COMMIT")
    for session, _ in parts:
        check(session.packet(), "COMMIT")
    ended = time.monotonic()
    return ended - decided, ended - begun


def bare_protocol(decider, branch):
    """What two-phase commit costs at least on these servers and this disk: its steps, sent by hand."""
    begun = time.monotonic()
    xid = f"'bare','{next(NUMBERS)}'"
    ask(decider, "BEGIN")
    ask(decider, "UPDATE t SET n = n + 1 WHERE id = 0")
    ask(branch, f"XA START {xid}")
    ask(branch, "UPDATE t SET n = n + 1 WHERE id = 1")
    written = time.monotonic()
    decider.query(f"INSERT INTO decision (xid) VALUES (\"{xid}\")")
    ask(branch, f"XA END {xid}")
    ask(branch, f"XA PREPARE {xid}")
    check(decider.packet(), "INSERT")
    ask(decider, "COMMIT")
    ask(branch, f"XA COMMIT {xid}")
    ended = time.monotonic()
    return ended - written, ended - begun


def ask(session, sql):
    session.query(sql)
    check(session.packet(), sql)


def check(answer, sql):
    if answer[:1] != b"\0":
        raise SystemExit(f"{sql}: {answer[9:].decode(errors='replace')}")


def report(results, rounds):
    print(f"\n{rounds} transactions each, one session; each row changes one row of each shard")
    print(f"{'':<32} {'COMMIT ms':>10} {'90 %':>8} {'all ms':>8} {'CPU us':>8}")
    medians = {}
    for name, (commits, whole, used) in results.items():
        medians[name] = statistics.median(commits)
        ninety = statistics.quantiles(commits, n=10)[-1]
        cpu_us = 1e6 * used / len(commits)
        print(f"{name:<32} {1e3 * medians[name]:>10.2f} {1e3 * ninety:>8.2f} {1e3 * statistics.median(whole):>8.2f} {cpu_us:>8.0f}")
    used = {name: result[2] for name, result in results.items()}
    print(f"\none shard, beside direct:                 {medians['one shard'] / medians['one shard, direct']:.2f} x the latency of COMMIT")
    print(f"two shards, beside not atomic (direct):    {medians['two shards'] / medians['two shards, direct, not atomic']:.2f} x")
    print(f"two shards, beside not atomic:             {medians['two shards'] / medians['two shards, not atomic']:.2f} x, "
          f"CPU {used['two shards'] / max(used['two shards, not atomic'], 1e-9):.2f} x")
    print(f"two shards, beside the bare protocol:      {medians['two shards'] / medians['two shards, the bare protocol']:.2f} x")
    print(f"four shards, beside two:                   {medians['four shards'] / medians['two shards']:.2f} x")
    print(f"eight shards, beside two:                  {medians['eight shards'] / medians['two shards']:.2f} x", flush=True)


main()
