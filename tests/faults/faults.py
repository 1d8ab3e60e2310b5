#!/usr/bin/env python3
"""Real faults on real processes: what breaks, whether the promises hold, and in figures how well.

Each fault is a function that runs a test on a cluster whose parts have a host each (see hosts.py), does something to it, and
checks promises with check(). The target's own count of requests is the truth. `scripts/faults` runs all of them and prints a
table; CTest runs those that are short.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import hosts
from bench import RATE, VUS, Bench, end_all

FAULTS = []
# From a loss to the plan's rate again: three heartbeats, and the lead of the change.
RECOVERY_MAX = 5.0


class Broken(Exception):
    pass


def check(holds, otherwise):
    if not holds:
        raise Broken(otherwise)


def fault(name, long=False):
    def add(function):
        FAULTS.append((name, function, long))
        return function
    return add


def figures(bench, recovered=None, **more):
    missing = bench.planned() - int(bench.metric("iterations{scenario:rate}"))
    row = {"target saw": bench.seen, "reported": bench.reported(), "load missing": f"{missing} of {bench.planned()}",
           "shortfall VU·s": round(max(missing, 0) / RATE * VUS, 1)}
    if recovered is not None:
        row["recovered after"] = f"{recovered:.1f} s"
    return {**row, **more}


def check_account(bench, unreported=0):
    """What the target saw is what was reported, but for what a killed process had not sent yet."""
    gap = bench.seen - bench.reported()
    check(0 <= gap <= unreported, f"the target saw {bench.seen} requests, {bench.reported()} are reported")


# What a process of some 40 requests per second has not reported: the second at hand, and the one that is on its way.
UNREPORTED = 2 * RATE // 3 + 10


@fault("none")
def nothing(bench_of):
    bench = bench_of(6)
    check(bench.finish() == 0, bench.kctl.output)
    check_account(bench)
    check(bench.missing_load() == 0, f"{bench.missing_load()} arrivals are missing")
    check(bench.lost_agents() == [], "an agent is said to be lost")
    return figures(bench)


@fault("agent killed (SIGKILL)")
def agent_killed(bench_of):
    bench = bench_of(11)
    bench.run_to(3)
    bench.signal(bench.agents[1], signal.SIGKILL)
    since = time.monotonic()
    check(bench.finish() == 0, bench.kctl.output)
    recovered = bench.recovered_after(since)
    check(recovered is not None and recovered <= RECOVERY_MAX, f"the load was back after {recovered} s")
    check(set(bench.lost_agents()) == {"a1"}, f"{bench.lost_agents()} are said to be lost")
    check_account(bench, UNREPORTED)
    check(bench.missing_load() <= RATE / 3 * RECOVERY_MAX + UNREPORTED, f"{bench.missing_load()} arrivals are missing")
    return figures(bench, recovered)


@fault("agent stopped for 8 s (SIGSTOP)", long=True)
def agent_stopped(bench_of):
    bench = bench_of(18)
    bench.run_to(4)
    bench.signal(bench.agents[1], signal.SIGSTOP)
    since = time.monotonic()
    bench.run_to(12)
    bench.signal(bench.agents[1], signal.SIGCONT)
    check(bench.finish() == 0, bench.kctl.output)
    recovered = bench.recovered_after(since)
    check(recovered is not None and recovered <= RECOVERY_MAX, f"the load was back after {recovered} s")
    check("stopped early: this process did not run for" in bench.agents[1].output, "it did not stop itself on waking")
    check_account(bench)
    return figures(bench, recovered)


@fault("agent stopped for 1 s")
def agent_stopped_briefly(bench_of):
    bench = bench_of(9)
    bench.run_to(3)
    bench.signal(bench.agents[1], signal.SIGSTOP)
    time.sleep(1)
    bench.signal(bench.agents[1], signal.SIGCONT)
    check(bench.finish() == 0, bench.kctl.output)
    check(bench.lost_agents() == [], "it counts as lost")
    check_account(bench)
    check(bench.missing_load() == 0, f"{bench.missing_load()} arrivals are missing")
    return figures(bench)


@fault("agent told to end (SIGTERM)")
def agent_leaves(bench_of):
    bench = bench_of(10)
    bench.run_to(4)
    bench.signal(bench.agents[1], signal.SIGTERM)
    since = time.monotonic()
    check(bench.finish() == 0, bench.kctl.output)
    recovered = bench.recovered_after(since)
    check(recovered is not None and recovered <= 2, f"the load was back after {recovered} s")
    check_account(bench)
    check(bench.agents[1].wait(10) == 0, "it did not end well")
    return figures(bench, recovered)


@fault("agent killed, back at once under its name")
def agent_restarted(bench_of):
    bench = bench_of(10)
    bench.run_to(3)
    bench.signal(bench.agents[1], signal.SIGKILL)
    since = time.monotonic()
    bench.start_agent(1)
    check(bench.finish() == 0, bench.kctl.output)
    recovered = bench.recovered_after(since)
    check(recovered is not None and recovered <= RECOVERY_MAX, f"the load was back after {recovered} s")
    check_account(bench, UNREPORTED)
    return figures(bench, recovered)


@fault("agent cut off for 10 s, no one is told", long=True)
def agent_cut_off(bench_of):
    bench = bench_of(20)
    bench.run_to(4)
    bench.agent_hosts[1].cut()
    since = time.monotonic()
    time.sleep(10)
    bench.agent_hosts[1].heal()
    check(bench.finish() == 0, bench.kctl.output)
    recovered = bench.recovered_after(since)
    check(recovered is not None and recovered <= RECOVERY_MAX, f"the load was back after {recovered} s")
    check("a1" in bench.lost_agents(), "its loss is not said")
    # Its target was cut off with the controller: requests under way then failed, which the target may have seen or not.
    gap = bench.seen - bench.reported()
    check(abs(gap) <= 30 + UNREPORTED, f"the target saw {bench.seen} requests, {bench.reported()} are reported")
    return figures(bench, recovered)


@fault("agent's words to the controller lost for 10 s, one way", long=True)
def agent_muted(bench_of):
    bench = bench_of(20)
    bench.run_to(4)
    bench.agent_hosts[1].mute(bench.controller_host)
    since = time.monotonic()
    time.sleep(10)
    bench.agent_hosts[1].unmute(bench.controller_host)
    check(bench.finish() == 0, bench.kctl.output)
    check("a1" in bench.lost_agents(), "its loss is not said")
    # It goes on while others run its part, see docs/faults.md: more than planned, and none of it uncounted.
    check_account(bench)
    check(bench.seen <= bench.planned() + RATE / 3 * 15, f"the target saw {bench.seen} of {bench.planned()} requests")
    check(bench.rate(since, since + 9) >= RATE * 0.9, "there was less load than planned")
    return figures(bench)


@fault("agent starved (a tenth of the processor) for 5 s")
def agent_starved(bench_of):
    bench = bench_of(10)
    bench.run_to(3)
    bench.starve(bench.agents[1], 5, 0.1)
    check(bench.finish() == 0, bench.kctl.output)
    check(bench.lost_agents() == [], "it counts as lost")
    check_account(bench)
    check(bench.missing_load() == 0, f"{bench.missing_load()} arrivals are missing")
    kload = bench.summary["kload"]
    check(kload["label"] != "trustworthy", "the result is said to be trustworthy")
    check(any(finding["agent"] == "a1" for finding in kload["findings"]), f"nobody names a1: {kload['findings']}")
    return figures(bench, agent=kload["label"])


@fault("controller cut off for 6 s, no one is told")
def controller_cut_off(bench_of):
    bench = bench_of(15)
    bench.run_to(3)
    bench.controller_host.cut()
    time.sleep(6)
    bench.controller_host.heal()
    status = bench.finish()
    if bench.summary is None:
        raise Broken(f"no result, exit code {status}: {bench.kctl.output[-500:]}")
    check(bench.seen >= bench.planned() * 0.98, f"the target saw {bench.seen} of {bench.planned()} planned requests")
    check_account(bench, 0)
    return figures(bench)


@fault("controller killed, back after 3 s")
def controller_restarted(bench_of):
    bench = bench_of(11)
    bench.run_to(3)
    bench.signal(bench.controller, signal.SIGKILL)
    time.sleep(3)
    bench.start_controller()
    check(bench.finish() == 0, bench.kctl.output)
    check_account(bench)
    check(bench.missing_load() == 0, f"{bench.missing_load()} arrivals are missing")
    return figures(bench)


@fault("controller stopped for 6 s (SIGSTOP)", long=True)
def controller_stopped(bench_of):
    bench = bench_of(14)
    bench.run_to(4)
    bench.signal(bench.controller, signal.SIGSTOP)
    time.sleep(6)
    bench.signal(bench.controller, signal.SIGCONT)
    check(bench.finish() == 0, bench.kctl.output)
    check(bench.lost_agents() == [], "agents count as lost")
    check_account(bench)
    check(bench.missing_load() == 0, f"{bench.missing_load()} arrivals are missing")
    return figures(bench)


@fault("slow link of an agent (64 kbit/s) for 8 s", long=True)
def slow_link(bench_of):
    bench = bench_of(16)
    before = bench.memory(bench.agents[1])
    bench.run_to(3)
    # Between agent and controller alone: load to the target has a path of its own.
    bench.controller_host.slow("64kbit", "100ms 50ms")
    time.sleep(8)
    most = bench.memory(bench.agents[1])
    bench.controller_host.fast()
    check(bench.finish() == 0, bench.kctl.output)
    check_account(bench)
    check(bench.missing_load() == 0, f"{bench.missing_load()} arrivals are missing: VUs waited for the link")
    check(most - before < 50, f"an agent grew from {before:.0f} to {most:.0f} MB")
    return figures(bench, **{"agent": f"{before:.0f} to {most:.0f} MB"})


@fault("steady clocks 5 and 10 s apart")
def clocks_apart(bench_of):
    # Not below the machine's own: a clock does not begin before 0.
    bench = bench_of(6, offsets=(5, 0, 10))
    check(bench.finish() == 0, bench.kctl.output)
    check_account(bench)
    check(bench.missing_load() == 0, f"{bench.missing_load()} arrivals are missing")
    return figures(bench)


@fault("controller's disk full")
def disk_full(bench_of):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kload-fault-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    try:
        bench = bench_of(12, data=folder / "data")
        bench.run_to(4)
        try:
            with open(folder / "filler", "wb", buffering=0) as filler:
                while True:
                    filler.write(b"x" * 4096)
        except OSError:
            pass
        check(bench.finish() == 0, bench.kctl.output)
        check("the record of the run is not complete" in bench.kctl.output, "nobody was told of the full disk")
        check_account(bench)
        check(bench.missing_load() == 0, f"{bench.missing_load()} arrivals are missing")
        row = figures(bench)
        (folder / "filler").unlink()
        bench.wait_until(lambda: bench.get("runs")[0]["state"] == "finished", 10, "the result to be stored after all")
        return row
    finally:
        # The controller has it open until its bench ends.
        subprocess.run(["umount", "-l", folder], check=False)


@fault("agents join and retire (kctl scale)")
def agents_join(bench_of):
    bench = bench_of(12, agents=2, spare=1)
    bench.run_to(3)
    for agents in (3, 1):
        scaled = subprocess.run([str(part) for part in (
            pathlib.Path(os.environ.get("KLOAD_BIN", "build/bin")) / "kctl", "--controller", bench.address, "scale",
            bench.run_id, "--agents", agents)], capture_output=True, text=True, timeout=20)
        check(scaled.returncode == 0, scaled.stderr)
        time.sleep(3.5)
    check(bench.finish() == 0, bench.kctl.output)
    check_account(bench)
    check(bench.missing_load() == 0, f"{bench.missing_load()} arrivals are missing")
    return figures(bench)


@fault("controller gone for good, agents end by themselves", long=True)
def orphans(bench_of):
    bench = bench_of(40, agent_flags=("--orphan-timeout", "4s", "--spool", tempfile.mkdtemp(prefix="kload-fault-")))
    bench.run_to(3)
    bench.signal(bench.controller, signal.SIGKILL)
    since = time.monotonic()
    quiet = None
    while time.monotonic() < since + 15:
        time.sleep(0.5)
        if bench.rate(time.monotonic() - 1.5, time.monotonic()) < 1:
            quiet = time.monotonic() - since
            break
    check(quiet is not None and quiet <= 8, f"the load went on for {quiet} s")
    bench._stop.set()
    seen = int(bench.requests())
    spool = bench.agent_flags[3]
    recovered = subprocess.run([str(part) for part in (
        pathlib.Path(os.environ.get("KLOAD_BIN", "build/bin")) / "kctl", "recover", spool, "-o", "json")],
        capture_output=True, text=True, timeout=20)
    check(recovered.returncode in (0, 99), recovered.stderr)
    metrics = json.loads(recovered.stdout)["metrics"]
    reported = int(metrics["http_reqs"]["count"]) + int(metrics.get("http_reqs_interrupted", {}).get("count", 0))
    check(abs(seen - reported) <= 3, f"the target saw {seen} requests, the spools have {reported}")
    return {"target saw": seen, "reported": f"{reported} (kctl recover)", "recovered after": f"quiet after {quiet:.1f} s"}


# ---- The runner

COLUMNS = ("recovered after", "target saw", "reported", "load missing", "shortfall VU·s", "agent")


def run_one(name, function):
    benches = []

    def bench_of(*arguments, **options):
        benches.append(Bench(*arguments, **options))
        return benches[-1]

    try:
        return {"fault": name, "kept": True, **function(bench_of)}
    except Broken as broken:
        return {"fault": name, "kept": False, "why": str(broken)}
    except Exception:
        return {"fault": name, "kept": False, "why": traceback.format_exc(limit=3)}
    finally:
        end_all(benches)


def table(rows):
    cells = [["fault", "", *COLUMNS]]
    for row in rows:
        cells.append([row["fault"], "kept" if row["kept"] else "BROKEN", *(str(row.get(column, "–")) for column in COLUMNS)])
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], epilog=(
        "Needs root, iproute2, and a kernel with network namespaces; exit code 77 without. Exit code 1 when a promise is "
        "broken."))
    parser.add_argument("faults", nargs="*", help="parts of names; all without")
    parser.add_argument("--short", action="store_true", help="leave out those that take long")
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table")
    options = parser.parse_args()
    chosen = [each for each in FAULTS if not options.faults or any(part in each[0] for part in options.faults)]
    if options.short:
        chosen = [each for each in chosen if not each[2]]
    if options.list or not chosen:
        print("\n".join(each[0] for each in FAULTS))
        return 0 if options.list else 255
    if why := hosts.why_not():
        print(f"faults: skipped: {why}", file=sys.stderr)
        return 77
    rows = []
    for name, function, _ in chosen:
        print(f"faults: {name} ...", file=sys.stderr, flush=True)
        rows.append(run_one(name, function))
        if not rows[-1]["kept"]:
            print(f"faults: BROKEN: {rows[-1]['why']}", file=sys.stderr, flush=True)
    print(json.dumps(rows, indent=2, ensure_ascii=False) if options.output == "json" else table(rows))
    return 0 if all(row["kept"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
