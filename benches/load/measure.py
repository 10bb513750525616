"""Runs the measurements of benches/load/run and prints them. See there."""
import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "site"))
from stage import PASSWORD, USER, SchemaPerShardSite, cpu, memory_of

SHARDS = 4
SERVERS = ("one", "two")
TABLE = ("CREATE TABLE visits (id BIGINT NOT NULL PRIMARY KEY, who INT NOT NULL, at DATETIME NOT NULL, page VARCHAR(80), "
         "cost DECIMAL(10,2), KEY by_who (who)) ENGINE=InnoDB")


class LoadSite(SchemaPerShardSite):
    server_options = ["--local-infile=ON", "--innodb-buffer-pool-size=512M", "--innodb-log-file-size=512M"]
    shards = SHARDS
    table = "visits"
    function = "{ kind = \"hash\", slots = 1024 }"

    def fill(self, server, remainder):
        """Shard n is the schema `shard_n`, on the servers in turn; the first server also has everything in `plain`."""
        if remainder == 0:
            self.sql(server, f"CREATE DATABASE plain; USE plain; {TABLE};")
        for shard in range(remainder, SHARDS, len(SERVERS)):
            self.sql(server, f"CREATE DATABASE shard_{shard}; USE shard_{shard}; {TABLE};")

    def load(self, port, database):
        """Seconds that the client's LOAD DATA took; the table is empty before."""
        client = ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{port}", f"-u{USER}", f"-p{PASSWORD}", "--local-infile=1", database, "-e"]
        subprocess.run(client + ["TRUNCATE TABLE visits"], check=True)
        statement = f"LOAD DATA LOCAL INFILE '{self.path('visits.csv')}' INTO TABLE visits FIELDS TERMINATED BY ','"
        start = time.monotonic()
        subprocess.run(client + [statement], check=True)
        return time.monotonic() - start


def write_file(path, rows):
    """Keys in no order, as in a file that was not made for the table's primary key."""
    dice = random.Random(7)
    keys = list(range(rows))
    dice.shuffle(keys)
    with open(path, "w") as file:
        for key in keys:
            file.write(f"{key},{key % 9973},2024-01-{key % 28 + 1:02} 10:{key % 60:02}:00,/pages/{key % 1000}/{'x' * (key % 40)},{key % 500}.25\n")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--binary", required=True)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--rows", type=int, default=1_000_000)
    options = options.parse_args()
    # Servers are stopped and the folder is removed on the way out, however we are asked to go.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(1))
    with LoadSite(options.binary) as site:
        print("starting two servers ...", flush=True)
        site.servers()
        process = site.shardgate()
        write_file(site.path("visits.csv"), options.rows)
        report(measure(site, process, options.rounds), os.path.getsize(site.path("visits.csv")), options)


def measure(site, process, rounds):
    """In turns, so that what disturbs the machine disturbs both."""
    plain, sharded, own = [], [], []
    for _ in range(rounds):
        plain.append(site.load(site.ports["one"], "plain"))
        before = sum(cpu(process))
        sharded.append(site.load(site.ports["shardgate"], "bench"))
        own.append(sum(cpu(process)) - before)
    count = site.sql("one", "SELECT COUNT(*) FROM plain.visits").strip()
    parts = [int(site.sql(SERVERS[shard % 2], f"SELECT COUNT(*) FROM shard_{shard}.visits")) for shard in range(SHARDS)]
    assert sum(parts) == int(count), (parts, count)
    return plain, sharded, own, memory_of(process, "VmHWM")


def report(measured, size, options):
    plain, sharded, own, memory = measured
    print(f"{options.rows} rows, {size / 1e6:.0f} MB, medians of {options.rounds} rounds in turns")
    print(f"  one plain server       {statistics.median(plain):6.2f} s  {size / 1e6 / statistics.median(plain):6.1f} MB/s")
    print(f"  four shards            {statistics.median(sharded):6.2f} s  {size / 1e6 / statistics.median(sharded):6.1f} MB/s")
    ratios = [one / four for one, four in zip(plain, sharded)]
    print(f"  four shards are {statistics.median(ratios):.2f} times as fast (from {min(ratios):.2f} to {max(ratios):.2f})")
    print(f"  ShardGate's CPU time   {statistics.median(own):6.2f} s; its memory at most {memory // 1024 // 1024} MiB")


if __name__ == "__main__":
    main()
