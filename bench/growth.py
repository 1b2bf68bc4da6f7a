#!/usr/bin/env python3
"""What a message costs when the server grows: with a second loop, with thousands of silent connections, with a
million stored packets; and how long an ack takes at half of the load that the store can bear.

Each pair of runs goes A B A B on fresh servers, so the ratios hold on a noisy machine. Loopback only; every process
that it starts it ends. Build first: cmake --preset release -DSARA_BENCH=ON && cmake --build --preset release.

usage: growth.py [--repeat N] [--seconds S] [--connections N] [--stored N] [--only NAME] [--write]
  --write   puts the table into docs/performance.md
"""
import argparse
import json
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import table

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"


class Server:
    """A fresh server on free ports; `pin` keeps it on core 0."""

    def __init__(self, folder, loops=1, pin=True):
        conf = folder / "conf.json"
        conf.write_text(json.dumps({
            "bind": "127.0.0.1", "port": 0, "enable_ws": False, "enable_wss": False, "enable_tls": False, "rpcport": 0,
            "loops": loops, "store": "embedded", "datadir": str(folder / "data"), "pidfile": str(folder / "pid"),
            "logfile": "", "loglevel": 1}), encoding="utf-8")
        self.out = open(folder / "out", "w+", encoding="utf-8")
        command = (["taskset", "-c", "0"] if pin else []) + [str(BUILD / "bin" / "sara"), "-c", str(conf)]
        self.process = subprocess.Popen(command, stdout=self.out, stderr=subprocess.STDOUT)
        self.pin = pin
        end = time.monotonic() + 60
        while True:
            text = (folder / "out").read_text(encoding="utf-8")
            ready = re.search(r"ready.*tcp 127\.0\.0\.1:(\d+)", text)
            if ready:
                self.port = int(ready.group(1))
                return
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"growth.py: the server is not ready: {text}")
            time.sleep(0.05)

    def load(self, *arguments):
        command = [str(BUILD / "bench" / "emsg_load"), *map(str, arguments),
                   "--port", str(self.port), "--pid", str(self.process.pid)]
        if self.pin:
            command = ["taskset", "-c", "1"] + command
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise SystemExit(f"growth.py: {' '.join(command)}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self.out.close()


def fresh(**options):
    folder = tempfile.TemporaryDirectory()
    server = Server(pathlib.Path(folder.name), **options)
    server.folder = folder  # lives as long as the server
    return server


def chat(options, *more):
    return ("chat", "--pairs", 100, "--window", 16, "--size", 64, "--seconds", options.seconds, "--warmup", 1, *more)


def loops(options, grown):
    with fresh(loops=2 if grown else 1, pin=False) as server:
        return server.load(*chat(options))["server_cpu_s_per_million"]


def connections(options, grown):
    with fresh() as server:
        silent = options.connections if grown else 0
        return server.load(*chat(options, "--bystanders", silent))["server_cpu_s_per_million"]


def stored(options, grown):
    with fresh() as server:
        if grown:
            server.load("offline", "--users", 1000, "--count", options.stored, "--window", 64, "--keep")
            time.sleep(2)  # what LevelDB still compacts is not the chat's
        return server.load(*chat(options))["server_cpu_s_per_million"]


def half_load(options, grown):
    """p99 of an ack in ms: with every sender pushing, and at half of that rate."""
    store = ("offline", "--users", 20, "--count", 40_000, "--keep")
    with fresh() as server:
        full = server.load(*store, "--window", 64)
    if not grown:
        return full["ack_p99_us"] / 1000
    with fresh() as server:
        half = server.load(*store, "--window", 4000, "--rate", int(full["stored_per_s"] / 2))
        return half["ack_p99_us"] / 1000


CASES = {
    "loops": (loops, "CPU s/million: one loop, two loops on both cores"),
    "connections": (connections, "CPU s/million: 200 connections, {connections:,} silent ones beside them"),
    "stored": (stored, "CPU s/million: empty store, {stored:,} packets stored"),
    "half-load": (half_load, "ack p99 in ms of durable stores: full load, half of that rate"),
}


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ", 1)[1])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--connections", type=int, default=16_000)
    parser.add_argument("--stored", type=int, default=1_000_000)
    parser.add_argument("--only", choices=sorted(CASES))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if options.connections + 400 > hard:
        parser.error(f"--connections {options.connections}: a process may have {hard} files (was {soft})")
    lines = ["| measure | before | after | after / before |", "|---|---|---|---|"]
    for name, (run, words) in CASES.items():
        if options.only in (None, name):
            pairs = [(run(options, False), run(options, True)) for _ in range(options.repeat)]
            before, after = (statistics.median(side) for side in zip(*pairs))
            ratio = statistics.median(b / a for a, b in pairs)
            lines.append(f"| {words.format(**vars(options))} | {before:.3g} | {after:.3g} | {ratio:.2f} |")
            print(lines[-1], flush=True)
    if options.write:
        table.replace(ROOT / "docs" / "performance.md", "\n".join(lines), "growth-table")
    return 0


if __name__ == "__main__":
    sys.exit(main())
