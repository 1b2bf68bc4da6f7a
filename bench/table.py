#!/usr/bin/env python3
"""Turns the lines of bench/run.sh into a table of medians with ratios to the ceiling.

usage: table.py RESULTS [MARKDOWN]   RESULTS has lines `scenario side {json}`. With MARKDOWN the table also
replaces what stands between the two `bench-table` comments of that file.
"""
import collections
import json
import statistics
import sys

# What a scenario is about: (member of the line, words, is more better).
MEASURES = {
    "chat-100x16": [("delivered_per_s", "delivered/s", True), ("delivery_p99_us", "p99 µs", False)],
    "chat-1000x4": [("delivered_per_s", "delivered/s", True), ("delivery_p99_us", "p99 µs", False)],
    "chat-1KiB": [("delivered_per_s", "delivered/s", True), ("delivery_p99_us", "p99 µs", False)],
    "group-100": [("delivered_per_s", "delivered/s", True), ("delivery_p50_us", "p50 µs", False)],
    "group-100x10": [("delivered_per_s", "delivered/s", True), ("delivery_p99_us", "p99 µs", False)],
    "group-10000": [("delivered_per_s", "delivered/s", True), ("beside_p999_us", "p99.9 µs of a pair beside it", False)],
    "round-trip": [("delivered_per_s", "round trips/s", True), ("delivery_p50_us", "p50 µs", False)],
    "offline": [("stored_per_s", "stored/s", True), ("ack_p99_us", "ack p99 µs", False),
                ("fetched_per_s", "fetched/s", True)],
    "logins": [("logins_per_s", "logins/s", True), ("login_p99_us", "p99 µs", False)],
    "logins-callback": [("logins_per_s", "logins/s", True), ("login_p99_us", "p99 µs", False)],
    "rpc": [("calls_per_s", "calls/s", True), ("call_p99_us", "p99 µs", False)],
    "idle": [("bytes_per_connection", "bytes/connection", False), ("logins_per_s", "logins/s", True)],
    "idle-tls": [("bytes_per_connection", "bytes/connection", False)],
}
# A column each: side, words, and the side that its ratio in brackets is to.
SIDES = [("sara", "tcp (/ ceiling)", "ceiling"), ("tls", "tls (/ tcp)", "sara"), ("ws", "ws (/ tcp)", "sara"),
         ("wss", "wss (/ tcp)", "sara")]
CPU = ("server_cpu_s_per_million", "CPU s/million", False)
FAULTS = ("lost", "repeated", "out_of_order", "unacked", "strange", "failed")


def read(path):
    runs = collections.defaultdict(lambda: collections.defaultdict(list))
    broken = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            scenario, side, text = line.split(" ", 2)
            try:
                run = json.loads(text)
            except ValueError:
                broken.append(f"{scenario} on {side}: {text.strip()}")
                continue
            bad = {name: run[name] for name in FAULTS if run.get(name)}
            if bad:
                broken.append(f"{scenario} on {side}: {bad}")
            runs[scenario][side].append(run)
    return runs, broken


def show(value):
    if value is None:
        return "-"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def rows(runs):
    for scenario, measures in MEASURES.items():
        sides = runs.get(scenario)
        if not sides:
            continue
        for member, words, more_is_better in measures + [CPU]:
            medians = {}
            for side, lines in sides.items():
                values = [line[member] for line in lines if member in line]
                medians[side] = statistics.median(values) if values else None
            better = "more" if more_is_better else "less"
            yield ([scenario, f"{words} ({better} is better)", show(medians.get("ceiling"))] +
                   [cell(medians, side, beside) for side, _, beside in SIDES])


def cell(medians, side, beside):
    value, other = medians.get(side), medians.get(beside)
    return f"{show(value)} ({value / other:.2f})" if value and other else show(value)


def table(runs):
    head = ["scenario", "measure", "ceiling"] + [words for _, words, _ in SIDES]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows(runs)]
    return "\n".join(lines)


def replace(path, text, name="bench-table"):
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    with open(path, encoding="utf-8") as file:
        page = file.read()
    before, rest = page.split(begin, 1)
    after = rest.split(end, 1)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{begin}\n{text}\n{end}{after}")


def main():
    runs, broken = read(sys.argv[1])
    text = table(runs)
    print(text)
    for line in broken:
        print("BROKEN:", line)
    if len(sys.argv) > 2:
        replace(sys.argv[2], text)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
