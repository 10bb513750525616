"""Runs the measurements of benches/reads/run and prints them. See there."""
import argparse
import os
import signal
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "site"))
from mysql_client import Session
from stage import PASSWORD, USER, Site, cpu, memory_of, resident

USERS, ITEMS = 10_000, 10_000
GROUPS = 1_000

QUERIES = [
    ("COUNT(*) over all", "SELECT COUNT(*) FROM events"),
    ("top 10 by ORDER BY", "SELECT * FROM events ORDER BY x DESC, id LIMIT 10"),
    (f"GROUP BY, {GROUPS:,} groups", "SELECT grp, COUNT(*), SUM(x), MAX(x) FROM events GROUP BY grp"),
    ("colocated join", "SELECT u.country, o.amount FROM users u JOIN orders o ON o.user_id = u.user_id WHERE o.amount > 990"),
    (f"join off the shard key, {ITEMS:,} x {ITEMS:,}", "SELECT COUNT(*), SUM(a.amount) FROM items a JOIN offers b ON b.code = a.code"),
]
SCAN = "SELECT * FROM events"
SORTED = "SELECT * FROM events ORDER BY id"


class ReadsSite(Site):
    sharded = {"events": "id", "users": "user_id", "orders": "user_id", "items": "id", "offers": "id"}
    rows = 0

    def fill(self, server, remainder):
        """`whole` holds every row, for direct use; `sbtest` the rows that ShardGate's rules put on this server."""
        orders = 10 * USERS
        self.sql(server, f"""
            CREATE DATABASE whole; CREATE DATABASE sbtest; USE whole;
            CREATE TABLE events (id INT NOT NULL PRIMARY KEY, x INT NOT NULL, grp INT NOT NULL, t CHAR(184) CHARACTER SET latin1 NOT NULL);
            INSERT INTO events SELECT seq, seq * 7919 % 1000003, seq * 31 % {GROUPS}, RPAD(MD5(seq), 184, 'x') FROM seq_1_to_{self.rows};
            CREATE TABLE users (user_id INT NOT NULL PRIMARY KEY, country CHAR(2) NOT NULL);
            INSERT INTO users SELECT seq, CHAR(65 + seq % 26, 65 + seq % 7) FROM seq_1_to_{USERS};
            CREATE TABLE orders (id INT NOT NULL, user_id INT NOT NULL, amount INT NOT NULL, PRIMARY KEY (user_id, id));
            INSERT INTO orders SELECT seq, seq % {USERS} + 1, seq * 37 % 1000 FROM seq_1_to_{orders};
            CREATE TABLE items (id INT NOT NULL PRIMARY KEY, code INT NOT NULL, amount INT NOT NULL, KEY (code));
            INSERT INTO items SELECT seq, seq * 17 % {ITEMS}, seq % 100 FROM seq_1_to_{ITEMS};
            CREATE TABLE offers (id INT NOT NULL PRIMARY KEY, code INT NOT NULL, KEY (code));
            INSERT INTO offers SELECT seq, seq * 23 % {ITEMS} FROM seq_1_to_{ITEMS};""")
        for table, key in self.sharded.items():
            self.sql(server, f"CREATE TABLE sbtest.{table} LIKE whole.{table};"
                             f"INSERT INTO sbtest.{table} SELECT * FROM whole.{table} WHERE {key} % 2 = {remainder};"
                             f"ANALYZE TABLE sbtest.{table}, whole.{table};")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--binary", required=True)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--rows", type=int, default=1_000_000)
    options = options.parse_args()
    # Servers are stopped and the folder is removed on the way out, however we are asked to go.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(1))
    ReadsSite.rows = options.rows
    with ReadsSite(options.binary) as site:
        print(f"starting and filling two servers with {options.rows:,} rows ...", flush=True)
        site.servers()
        process = site.shardgate()
        compare(site, process, options.rounds)
        merge(site, process, options)


def compare(site, process, rounds):
    print(f"\n{'medians of ' + str(rounds) + ' rounds':<42} {'plain ms':>9} {'ShardGate ms':>13} {'ratio':>6} {'CPU ms':>7}", flush=True)
    for about, sql in QUERIES:
        report(site, process, rounds, about, lambda name: run(site, name, sql)[1])
    report(site, process, rounds, "first row of a full scan", lambda name: run(site, name, SCAN)[0])


def report(site, process, rounds, about, measure):
    times = {"plain": [], "shardgate": []}
    used = []
    for name in times:
        measure(name)
    for _ in range(rounds):
        for name, taken in times.items():
            before = sum(cpu(process))
            taken.append(1000 * measure(name))
            if name == "shardgate":
                used.append(1000 * (sum(cpu(process)) - before))
    plain, ours = (statistics.median(taken) for taken in times.values())
    print(f"{about:<42} {plain:>9.1f} {ours:>13.1f} {ours / plain:>6.2f} {statistics.median(used):>7.0f}", flush=True)


def merge(site, process, options):
    """Sorted streams of both shards become one. CPU time of a scan that only concatenates is shown beside it."""
    print(f"\n{options.rows:,} rows of 200 bytes from both shards")
    begun = resident(process)
    for about, sql in (("concatenated", SCAN), ("merged by ORDER BY", SORTED)):
        before = sum(cpu(process))
        _, seconds, size = run(site, "shardgate", sql)
        used = sum(cpu(process)) - before
        peak = memory_of(process, "VmHWM") / 2**20
        print(f"{about:<20} {1e6 * used / options.rows:>6.2f} us of CPU per row, {size / seconds / 1e6:.0f} MB/s, peak RSS {peak:.1f} MiB "
              f"({begun / 2**20:.1f} before)", flush=True)


def run(site, name, sql):
    """Seconds to the first row, seconds to the end, bytes of the answer."""
    plain = name == "plain"
    session = Session(site.ports["one" if plain else name], USER, PASSWORD, "whole" if plain else "sbtest")
    begun = time.monotonic()
    session.query(sql)
    columns = session.packet()
    if columns[:1] == b"\xff":
        raise SystemExit(f"{name} refused {sql}: {columns[9:].decode()}")
    for _ in range(columns[0] + 1):
        session.packet()
    first = time.monotonic() - begun
    size = drain(session)
    done = time.monotonic() - begun
    session.close()
    return first, done, size


def drain(session):
    """Reads to the OK packet that ends the result: length 7, a sequence id, 0xfe, five bytes without surprises."""
    buffer = bytearray(1 << 20)
    tail, size = session.buffer[-16:], len(session.buffer)
    while not (len(tail) >= 11 and tail[-11:-8] == b"\x07\0\0" and tail[-7] == 0xFE):
        count = session.socket.recv_into(buffer)
        assert count, "the connection was closed in the middle of the result"
        size += count
        tail = (tail + bytes(buffer[max(0, count - 16):count]))[-16:]
    return size


main()
