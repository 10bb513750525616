"""Runs the measurements of benches/relay/run and prints them. See there."""
import argparse
import glob
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "site"))
from mysql_client import Session
from stage import PASSWORD, USER, Site, cpu, find, memory_of, resident

ROWS = 100_000
WIDE_ROWS = 200_000
SESSIONS = 2000


class RelaySite(Site):
    sharded = {"sbtest1": "id", "halves": "id"}

    def fill(self, server, remainder):
        """`whole` holds every row, for direct use; `sbtest` the rows that ShardGate's rule puts on this server."""
        self.sql(server, f"""
            CREATE DATABASE whole; CREATE DATABASE sbtest; USE whole;
            CREATE TABLE sbtest1 (id INT NOT NULL PRIMARY KEY, k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '',
              pad CHAR(60) NOT NULL DEFAULT '', KEY k_1 (k));
            INSERT INTO sbtest1 SELECT seq, seq * 7 % {ROWS}, REPEAT(MD5(seq), 3), MD5(seq + 1) FROM seq_1_to_{ROWS};
            CREATE TABLE wide (id INT NOT NULL PRIMARY KEY, t CHAR(196) CHARACTER SET latin1 NOT NULL);
            INSERT INTO wide SELECT seq, RPAD(MD5(seq), 196, 'x') FROM seq_1_to_{WIDE_ROWS};
            CREATE TABLE sbtest.sbtest1 LIKE sbtest1;
            INSERT INTO sbtest.sbtest1 SELECT * FROM sbtest1 WHERE id % 2 = {remainder};
            CREATE TABLE sbtest.wide LIKE wide;
            INSERT INTO sbtest.wide SELECT * FROM wide;
            CREATE TABLE sbtest.halves LIKE wide;
            INSERT INTO sbtest.halves SELECT * FROM wide WHERE id % 2 = {remainder};
            CREATE TABLE halves LIKE wide;
            INSERT INTO halves SELECT * FROM wide;""")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--binary", required=True)
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--threads", type=int, default=32)
    options.add_argument("--proxy-threads", type=int, default=1, help="of HAProxy and of ShardGate alike")
    options.add_argument("--quick", action="store_true", help="one short round")
    options = options.parse_args()
    if options.quick:
        options.seconds, options.rounds = 3, 1
    # Servers are stopped and the folder is removed on the way out, however we are asked to go.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(1))
    with RelaySite(options.binary) as site:
        print("starting and filling two servers ...", flush=True)
        site.servers()
        proxies = {"direct": None, "haproxy": site.haproxy(options.proxy_threads), "shardgate": site.shardgate(workers=options.proxy_threads)}
        # Before anything has touched its memory.
        idle_sessions(site, proxies)
        for mode in ("disable", "auto"):
            point_selects(site, proxies, options, mode)
        large_results(site, proxies, options)
        slow_reader(site, proxies)
        for mode in ("disable", "auto"):
            instructions(site, proxies, options, mode)


# -- point selects

def point_selects(site, proxies, options, mode):
    heading(f"sysbench oltp_point_select, {options.threads} threads, {protocol(mode)}, {options.rounds} rounds of {options.seconds} s")
    results = {name: [] for name in proxies}
    for name, process in proxies.items():
        sysbench(site, name, options.threads, mode, "--time=1")
    for _ in range(options.rounds):
        for name, process in proxies.items():
            before = cpu(process)
            queries, qps, p99 = sysbench(site, name, options.threads, mode, f"--time={options.seconds}")
            user, system = (after - was for after, was in zip(cpu(process), before))
            results[name].append((qps, p99, 1e6 * user / queries, 1e6 * system / queries))
    print(f"{'':<10} {'QPS':>9} {'p99 ms':>8} {'CPU us/query':>13} {'user':>7} {'system':>7}   (medians)")
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in results.items()}
    for name, (qps, p99, user, system) in medians.items():
        print(f"{name:<10} {qps:>9.0f} {p99:>8.2f} {user + system:>13.2f} {user:>7.2f} {system:>7.2f}")
    for name, rows in results.items():
        print(f"  {name} by round: " + ", ".join(f"{qps:.0f}/s {user + system:.1f} us" for qps, _, user, system in rows))
    ratio("QPS", medians["shardgate"][0], medians["haproxy"][0])
    ratio("CPU per query", sum(medians["shardgate"][2:]), sum(medians["haproxy"][2:]))


def sysbench(site, name, threads, mode, limit):
    direct = name == "direct"
    port = site.ports["one"] if direct else site.ports[name]
    database = "sbtest" if name == "shardgate" else "whole"
    command = [
        "sysbench", "oltp_point_select", "--db-driver=mysql", "--mysql-host=127.0.0.1", f"--mysql-port={port}", f"--mysql-user={USER}",
        f"--mysql-password={PASSWORD}", f"--mysql-db={database}", "--tables=1", f"--table-size={ROWS}", f"--threads={threads}",
        f"--db-ps-mode={mode}", "--rand-type=uniform", "--percentile=99", limit, *(["--time=0"] if "events" in limit else []), "run"]
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"sysbench on {name} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    queries = int(re.search(r"queries:\s+(\d+)", done.stdout)[1])
    qps = float(re.search(r"queries:.*\(([\d.]+) per sec", done.stdout)[1])
    p99 = float(re.search(r"99th percentile:\s+([\d.]+)", done.stdout)[1])
    return queries, qps, p99


# -- user-mode instructions

def instructions(site, proxies, options, mode):
    heading(f"user-mode instructions of the proxy per point select, {options.threads} threads, {protocol(mode)}, a run of its own")
    counted = {}
    for name in ("haproxy", "shardgate"):
        counted[name] = with_perf(site, name, proxies[name], options, mode)
    if None not in counted.values():
        how = "perf stat -e instructions:u"
    elif shutil.which("valgrind"):
        how = "valgrind --tool=callgrind (perf cannot count instructions here)"
        counted = {name: with_callgrind(site, name, options, mode) for name in counted}
    else:
        print("not measured: perf cannot count instructions here, and valgrind is not installed")
        return
    print(how)
    for name, count in counted.items():
        print(f"{name:<10} {count:>9.0f}")
    ratio("instructions", counted["shardgate"], counted["haproxy"])


def with_perf(site, name, process, options, mode):
    if not shutil.which("perf"):
        return None
    perf = subprocess.Popen(["perf", "stat", "-x,", "-e", "instructions:u", "-p", str(process.pid)], stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    if perf.poll() is not None:
        return None
    queries, _, _ = sysbench(site, name, options.threads, mode, f"--time={max(3, options.seconds // 2)}")
    perf.send_signal(signal.SIGINT)
    count = perf.communicate()[1].split(",")[0].strip().split("\n")[-1]
    return int(count) / queries if count.isdigit() else None


def with_callgrind(site, name, options, mode):
    """Two runs that differ in the number of queries only: their difference leaves out connections and logins."""
    out, port = site.path(f"callgrind.{name}.{mode}"), site.ports[name]
    wrapper = [find("valgrind"), "--tool=callgrind", f"--callgrind-out-file={out}"]
    threads = options.proxy_threads
    process = site.shardgate(wrapper, threads) if name == "shardgate" else site.haproxy(threads, wrapper)
    sysbench(site, name, options.threads, mode, "--events=2000")
    counts = []
    for events in (2000, 12000):
        # Each dump sets the counters to zero.
        dump(process, f"before {events}")
        sysbench(site, name, options.threads, mode, f"--events={events}")
        dump(process, f"after {events}")
        newest = max(glob.glob(f"{out}.*"), key=lambda path: int(path.rsplit(".", 1)[1]))
        with open(newest) as file:
            counts.append(int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M)[1]))
    site.stop(process)
    site.ports[name] = port
    return (counts[1] - counts[0]) / 10_000


def dump(process, why):
    subprocess.run([find("callgrind_control"), f"--dump={why}", str(process.pid)], check=True, capture_output=True)


# -- large results

def large_results(site, proxies, options):
    for table, about in (("wide", "one shard"), ("halves", "both shards")):
        heading(f"SELECT of {WIDE_ROWS} rows of 200 bytes from {about}, {options.rounds} rounds of 5")
        results, grown = {}, {}
        for name, process in proxies.items():
            if process:
                large(site, name, table)
        for _ in range(options.rounds):
            for name, process in proxies.items():
                before, memory, begun = cpu(process), resident(process), time.monotonic()
                size = sum(large(site, name, table) for _ in range(5))
                seconds = time.monotonic() - begun
                used = sum(after - was for after, was in zip(cpu(process), before))
                results.setdefault(name, []).append((1e9 * used / size, size / seconds / 1e6))
                grown.setdefault(name, []).append((resident(process) - memory) / 1024)
        print(f"{'':<10} {'CPU s/GB':>9} {'MB/s':>8} {'RSS MiB':>8} {'grown KiB':>10} {'peak MiB':>9}")
        for name, process in proxies.items():
            per_gb, speed = (statistics.median(column) for column in zip(*results[name]))
            rss, peak = resident(process) / 2**20, memory_of(process, "VmHWM") / 2**20
            print(f"{name:<10} {per_gb:>9.2f} {speed:>8.0f} {rss:>8.1f} {statistics.median(grown[name]):>10.0f} {peak:>9.1f}")
        per_gb = {name: statistics.median(row[0] for row in rows) for name, rows in results.items()}
        ratio("CPU per GB", per_gb["shardgate"], per_gb["haproxy"])


def large(site, name, table):
    """Returns the bytes of the result's rows."""
    session = connect(site, name)
    session.query(f"SELECT * FROM {table}")
    buffer, size, tail = bytearray(1 << 20), 0, b""
    while True:
        count = session.socket.recv_into(buffer)
        assert count, "the connection was closed in the middle of the result"
        size += count
        tail = (tail + bytes(buffer[max(0, count - 16):count]))[-16:]
        # The OK packet that ends the result: length 7, a sequence id, 0xfe, five bytes without surprises.
        if len(tail) >= 11 and tail[-11:-8] == b"\x07\0\0" and tail[-7] == 0xFE:
            session.close()
            return size


def slow_reader(site, proxies):
    heading("a reader that stops in the middle of the large result")
    for name in ("haproxy", "shardgate"):
        process = proxies[name]
        before = resident(process)
        session = connect(site, name)
        session.query("SELECT * FROM wide")
        session.socket.recv(1 << 16)
        time.sleep(3)
        print(f"{name:<10} grew by {(resident(process) - before) / 1024:.0f} KiB while {200 * WIDE_ROWS / 2**20:.0f} MiB waited")
        session.close()


# -- idle sessions

def idle_sessions(site, proxies):
    heading(f"{SESSIONS} idle authenticated sessions")
    for name in ("haproxy", "shardgate"):
        process = proxies[name]
        connect(site, name).close()
        time.sleep(1)
        before = resident(process)
        sessions = [connect(site, name) for _ in range(SESSIONS)]
        time.sleep(1)
        opened = resident(process)
        for session in sessions:
            session.close()
        time.sleep(1)
        at_once = resident(process)
        time.sleep(12)
        after = resident(process)
        given_back = 100 * (opened - after) / max(1, opened - before)
        print(
            f"{name:<10} {(opened - before) / 1024 / SESSIONS:.1f} KiB a session (RSS {before / 2**20:.1f} -> {opened / 2**20:.1f} MiB); "
            f"{at_once / 2**20:.1f} MiB a second after they left, {after / 2**20:.1f} after 13 s: {given_back:.0f} % given back")


def connect(site, name):
    port = site.ports["one" if name == "direct" else name]
    return Session(port, USER, PASSWORD, "sbtest" if name == "shardgate" else "whole")


# -- printing

def protocol(mode):
    return "text protocol" if mode == "disable" else "prepared statements"


def heading(text):
    print(f"\n== {text}", flush=True)


def ratio(what, ours, theirs):
    print(f"  {what}: {ours / theirs:.2f} x HAProxy's" if theirs else f"  {what}: HAProxy's is zero", flush=True)


main()
