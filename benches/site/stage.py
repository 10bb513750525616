"""Where measurements take place: two private MariaDB servers, HAProxy and ShardGate in front of them, all in one temporary
folder; and what /proc says of them."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

USER, PASSWORD = "bench", "bench"
TICKS = os.sysconf("SC_CLK_TCK")


class Site:
    """A measurement derives from it: `fill` makes its tables, `sharded` names those that lie on both servers, with their shard keys."""

    sharded = {}
    # More options for each server.
    server_options = []

    def __init__(self, binary):
        self.binary = os.path.abspath(binary)
        self.folder = tempfile.mkdtemp(prefix="shardgate-bench-")
        self.processes = []
        self.ports = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def start(self, name, command, **more):
        log = open(self.path(f"{name}.log"), "ab")
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **more)
        self.processes.append(process)
        return process

    def stop(self, process):
        """The process ends by itself on SIGTERM, so that tools that follow it can write what they counted."""
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.processes.remove(process)

    def sql(self, server, text):
        command = ["mariadb", "--no-defaults", "-uroot", "-S", self.path(server, "socket"), "--batch", "-N"]
        return subprocess.run(command, input=text, text=True, check=True, capture_output=True).stdout

    def servers(self):
        root = ["--user=root"] if os.getuid() == 0 else []
        template = self.path("template")
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={template}", "--auth-root-authentication-method=normal"]
        subprocess.run(install + ["--skip-test-db"] + root, check=True, capture_output=True)
        for server in ("one", "two"):
            os.mkdir(self.path(server))
            shutil.copytree(template, self.path(server, "data"))
            self.ports[server] = free_port()
            self.start(server, [
                find("mariadbd"), "--no-defaults", f"--datadir={self.path(server, 'data')}", f"--socket={self.path(server, 'socket')}",
                f"--port={self.ports[server]}", "--bind-address=127.0.0.1", "--skip-name-resolve", "--performance-schema=OFF",
                "--innodb-buffer-pool-size=256M", "--innodb-flush-log-at-trx-commit=0", "--max-connections=4000",
                "--thread-cache-size=64", "--max-allowed-packet=64M"] + self.server_options + root)
        for server in ("one", "two"):
            wait_for_port(self.ports[server])
            self.sql(server, f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO {USER}@'%';")
            self.fill(server, 0 if server == "one" else 1)

    def fill(self, server, remainder):
        raise NotImplementedError

    def haproxy(self, threads, wrapper=()):
        self.ports["haproxy"] = free_port()
        config = self.path("haproxy.cfg")
        with open(config, "w") as file:
            file.write(f"""
global
  nbthread {threads}
  maxconn 8000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen mysql
  bind 127.0.0.1:{self.ports['haproxy']}
  server one 127.0.0.1:{self.ports['one']}
""")
        process = self.start("haproxy", [*wrapper, find("haproxy"), "-db", "-f", config])
        wait_for_port(self.ports["haproxy"])
        return process

    def shardgate(self, wrapper=(), workers=0):
        """`workers`: threads that serve sessions; 0: one for each core."""
        port = self.ports["shardgate"] = free_port()
        os.makedirs(self.path("rules"), exist_ok=True)
        with open(self.path("shardgate.toml"), "w") as file:
            file.write(f"""
rules = ["rules/*.toml"]

[server]
listen = "127.0.0.1:{port}"
max_sessions = 8000
workers = {workers}

[[users]]
name = "{USER}"
password = "{PASSWORD}"
databases = ["sbtest"]
""")
            for name, server in (("rs0", "one"), ("rs1", "two")):
                file.write(f"""
[[replica_sets]]
name = "{name}"
primary = "127.0.0.1:{self.ports[server]}"
user = "{USER}"
password = "{PASSWORD}"
pool = {{ max = 128, min = 4 }}
""")
        with open(self.path("rules", "sbtest.toml"), "w") as file:
            file.write('database = "sbtest"\ndefault_shard = "s0"\n')
            for shard in (0, 1):
                file.write(f'\n[[shards]]\nname = "s{shard}"\nreplica_set = "rs{shard}"\nschema = "sbtest"\n')
            for table, key in self.sharded.items():
                file.write(f'\n[[tables]]\nname = "{table}"\nshard_key = "{key}"\nfunction = {{ kind = "mod" }}\nshards = ["s0", "s1"]\n')
        return self.serve(port, wrapper)

    def serve(self, port, wrapper):
        command = [*wrapper, self.binary, "serve", "--config", self.path("shardgate.toml")]
        process = self.start("shardgate", command, env={**os.environ, "RUST_LOG": "warn"})
        wait_for_port(port)
        return process


class SchemaPerShardSite(Site):
    """Shard n is the schema `shard_n`, on the two servers in turn; ShardGate shards one table by `id` over all of them."""

    shards = 0
    table = ""
    # A sharding function, and more options of each replica set, as in the config files.
    function = ""
    replica_set_options = ""

    def shardgate(self, wrapper=(), workers=0):
        servers = ("one", "two")
        port = self.ports["shardgate"] = free_port()
        os.makedirs(self.path("rules"), exist_ok=True)
        with open(self.path("shardgate.toml"), "w") as file:
            file.write(f'rules = ["rules/*.toml"]\n[server]\nlisten = "127.0.0.1:{port}"\nworkers = {workers}\n'
                       f'[[users]]\nname = "{USER}"\npassword = "{PASSWORD}"\n')
            for number, server in enumerate(servers):
                file.write(f'[[replica_sets]]\nname = "rs{number}"\nprimary = "127.0.0.1:{self.ports[server]}"\n'
                           f'user = "{USER}"\npassword = "{PASSWORD}"\n{self.replica_set_options}\n')
        with open(self.path("rules", "bench.toml"), "w") as file:
            file.write('database = "bench"\ndefault_shard = "s0"\n')
            for shard in range(self.shards):
                file.write(f'[[shards]]\nname = "s{shard}"\nreplica_set = "rs{shard % len(servers)}"\nschema = "shard_{shard}"\n')
            names = ", ".join(f'"s{shard}"' for shard in range(self.shards))
            file.write(f'[[tables]]\nname = "{self.table}"\nshard_key = "id"\nfunction = {self.function}\nshards = [{names}]\n')
        return self.serve(port, wrapper)


def find(program):
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    return shutil.which(program, path=path) or program


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit(f"nothing listens on port {port}")
            time.sleep(0.05)


def cpu_time(process):
    """CPU time of all of a process' threads that live, in seconds, to the nanosecond: for what takes few ticks."""
    threads = f"/proc/{process.pid}/task"
    return sum(int(open(f"{threads}/{thread}/schedstat").read().split()[0]) for thread in os.listdir(threads)) / 1e9


def cpu(process):
    """User and system CPU seconds so far; zeros for no process."""
    if process is None:
        return 0.0, 0.0
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) / TICKS, int(fields[12]) / TICKS


def resident(process):
    return memory_of(process, "VmRSS")


def memory_of(process, field):
    if process is None:
        return 0
    with open(f"/proc/{process.pid}/status") as file:
        return int(re.search(rf"{field}:\s+(\d+)", file.read())[1]) * 1024
