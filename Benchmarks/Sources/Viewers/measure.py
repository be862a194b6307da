"""Measures the delivery of events to viewers, case by case, and sets each figure beside the bar it has to reach.

Run:    ./lesson bench viewers [--seconds 10] [--scale 1] [--python a/venv/bin/python]
Expect: one table, after some five minutes. A case that finds a gap or a double counts as missed.
        Without --python the Python server is left out; its packages are in peer.py.
        --scale 0.1 is a rehearsal with a tenth of the viewers: it shows that all works, and says nothing of speed.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

parser = argparse.ArgumentParser(prog="./lesson bench viewers")
parser.add_argument("--seconds", type=int, default=10, help="how long events are written in each case")
parser.add_argument("--scale", type=float, default=1, help="the share of all viewers and streams")
parser.add_argument("--python", help="a Python that has what peer.py needs")
parser.add_argument("--only", choices=["one", "idle", "many", "other"], help="one group of cases: one stream, idle viewers …")
parser.add_argument("--check", action="store_true", help="end with an error if a bar is missed")
options = parser.parse_args()
folder = pathlib.Path(__file__).resolve().parent
rows = []


def scaled(count):
    return max(10, round(count * options.scale))


def measure(kind="ours", seconds=None, **words):
    """One round of contest.sh: what the generator says, by name."""
    command = ["bash", str(folder / "contest.sh"), kind, "--seconds", str(seconds or options.seconds)]
    for name, value in words.items():
        command += [f"--{name}", str(value)]
    environment = dict(os.environ, PYTHON=options.python or "python3")
    text = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=240, check=True).stdout
    figures = {
        "delivered": r"delivered: (\d+) events/s", "all": r"in time, (\d+) in all", "p99": r"p99 ([\d.]+) ms",
        "memory": r"memory: ([\d.]+) KB", "cpu": r"server CPU: ([\d.]+) us", "connections": r"Redis connections: (\d+)",
    }
    found = {name: re.search(pattern, text) for name, pattern in figures.items()}
    result = {name: float(match[1]) if match else float("nan") for name, match in found.items()}
    result["good"] = "The generator found faults." not in text
    if not result["good"]:
        print(text, file=sys.stderr)
    return result


def row(case, figure, bar, is_met, result):
    connections = f"{result['connections']:.0f}"
    rows.append((case, figure, bar, connections, "yes" if is_met and result["good"] else "NO"))
    print(f"{case}: {figure}", file=sys.stderr, flush=True)


def one_stream():
    viewers = scaled(1_000)
    # Two more than the bar needs: what is written in the last moment is not read in it.
    full = measure(viewers=viewers, rate=102)
    bar = viewers * 100
    row(f"{viewers:,} viewers of one stream, 102 events/s each", f"{full['delivered']:,.0f} events/s", f">= {bar:,}",
        full["delivered"] >= bar, full)
    row("the server's CPU for an event of these", f"{full['cpu']:.2f} us", "<= 4.6", full["cpu"] <= 4.6, full)
    half = measure(viewers=viewers, rate=50)
    row("half as many: 99 % arrive within", f"{half['p99']:.1f} ms", "< 50", half["p99"] < 50, half)
    if options.python:
        peer = measure("python", viewers=viewers, rate=100)
        ratio = peer["cpu"] / full["cpu"]
        row(f"the Python server's CPU ({peer['cpu']:.1f} us), of ours", f"{ratio:.1f} x", ">= 4", ratio >= 4,
            peer | {"good": True})


def idle_viewers():
    viewers = scaled(5_000)
    idle = measure(viewers=viewers, rate=0, seconds=1)
    row(f"{viewers:,} idle viewers: memory of each", f"{idle['memory']:.1f} KB", "< 20", idle["memory"] < 20, idle)


def many_streams():
    streams = scaled(2_000)
    many = measure(viewers=streams, streams=streams, rate=5)
    due = streams * 5
    row(f"{streams:,} streams with one viewer each, 5 events/s", f"{many['delivered']:,.0f} events/s", f"99 % of {due:,}",
        many["delivered"] >= .99 * due, many)


def other_streams():
    results = {}
    for others in map(scaled, [10, 100, 1_000, 5_000]):
        results[others] = measure(viewers=others + 10, streams=others + 10, busy=10, rate=100)
    least = min(result["cpu"] for result in results.values())
    for others, result in results.items():
        ratio = result["cpu"] / least
        row(f"10 streams, beside {others:,} silent ones: CPU for an event", f"{result['cpu']:.1f} us ({ratio:.2f} x)",
            "<= 1.5 x", ratio <= 1.5, result)


def table():
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    lines = [("case", "measured", "bar", "Redis connections", "met"), ("---",) * 5, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\nLoad averages at the end: {load}"


for part in [one_stream, idle_viewers, many_streams, other_streams]:
    if not options.only or part.__name__.startswith(options.only):
        part()
print(table())
sys.exit(1 if options.check and any(row[-1] == "NO" for row in rows) else 0)
