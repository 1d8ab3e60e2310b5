#!/usr/bin/env python3
"""A result file as `kctl run --export` writes them, of a run that never was: what a report has to show, in one place.

    synthetic_result.py FILE [SECONDS]

VUs ramp to 500, the target saturates, a spike breaks it, a database pool runs full, one of two agents is lost. The same
numbers every time: they come from a seeded generator.
"""

import bisect
import json
import math
import random
import sys

HOST = "https://api.example.com/api"
ENDPOINTS = [  # method, name, share of the requests, times the latency
    ("GET", f"{HOST}/health", 0.3, 0.15), ("GET", f"{HOST}/projects?page=1", 0.35, 1.0),
    ("GET", f"{HOST}/projects/:id/dashboard", 0.2, 1.7), ("POST", f"{HOST}/auth/login", 0.15, 1.2)]
AGENT_LOST = 0.62  # of the run's time
SECOND = 10**9


class Histogram:
    """proto/kload/v1/metrics.proto's HistogramDelta, of durations in ms."""

    def __init__(self):
        self.buckets, self.sum, self.low, self.high = {}, 0, math.inf, 0

    def add(self, ms):
        bucket = math.ceil(math.log2(ms / 1000) * 512)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1
        self.sum += round(ms * 2**40)
        self.low, self.high = min(self.low, ms), max(self.high, ms)

    def merge(self, other):
        for bucket, count in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count
        self.sum += other.sum
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)

    def json(self):
        indices = sorted(self.buckets)
        pairs = []
        for before, index in zip([indices[0], *indices], indices):
            pairs += [index - before, self.buckets[index]]
        return {"count": sum(self.buckets.values()), "sum": fixed(self.sum), "min": self.low, "max": self.high,
                "positive_offset": indices[0], "positive": pairs}


def fixed(units):
    return {"high": str(units >> 64), "low": str(units & (2**64 - 1))}


def counter(value):
    return {"counter": fixed(value << 40)}


def heat(values):
    counts = [0] * 84
    for ms in values:
        counts[min(max(math.ceil(math.log2(ms / 0.1) * 4 - 1e-9), 0), 83)] += 1
    while counts and counts[-1] == 0:
        counts.pop()
    return counts


def quantile(ordered, p):
    rank = p * (len(ordered) - 1)
    low = int(rank)
    return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (rank - low)


def vus_at(share):
    """VUs at that share of the run's time: a ramp, a plateau, a spike, the way back."""
    steps = [(0, 0), (0.4, 500), (0.7, 500), (0.72, 1100), (0.8, 1100), (0.82, 500), (0.95, 500), (1, 0)]
    at = min(max(bisect.bisect_right([step[0] for step in steps], share), 1), len(steps) - 1)
    (begin, first), (end, last) = steps[at - 1], steps[at]
    return round(first + (last - first) * (share - begin) / (end - begin))


class Run:
    def __init__(self, seconds, seed=7):
        self.seconds, self.random = seconds, random.Random(seed)
        self.points, self.pool, self.heap = [], [], []
        self.durations = [Histogram() for _ in ENDPOINTS]
        self.statuses = [{} for _ in ENDPOINTS]
        for second in range(1, seconds + 1):
            self.step(second)

    def step(self, second):
        share = second / self.seconds
        vus = vus_at(share)
        load = vus / 420  # of what the target can do
        rate = vus * 0.55 / max(load, 1) ** 1.1
        lost = AGENT_LOST < share < AGENT_LOST + 0.015
        count = round(rate * self.random.uniform(0.95, 1.05) * (0.5 if lost else 1))
        base = 38 / max(1 - min(load, 1) ** 3 * 0.72, 0.2) * max(load, 1) ** 2.2
        values, failed = [], 0
        for _ in range(count):
            which = self.random.choices(range(len(ENDPOINTS)), [each[2] for each in ENDPOINTS])[0]
            ms = base * ENDPOINTS[which][3] * self.random.lognormvariate(0, 0.42)
            status = "200"
            if load > 1.6 and which > 0 and self.random.random() < 0.14:
                status, ms = ("503", ms * 0.2) if self.random.random() < 0.7 else ("0", 5000)
            failed += status != "200"
            values.append(ms)
            self.durations[which].add(ms)
            self.statuses[which][status] = self.statuses[which].get(status, 0) + 1
        ordered = sorted(values) or [0]
        point = {"at_ns": str(second * SECOND), "length_ns": str(SECOND), "vus": str(vus), "iterations": str(count // 4),
                 "requests": str(count), "failed_requests": str(failed), "p50_ms": quantile(ordered, 0.5),
                 "p95_ms": quantile(ordered, 0.95), "p99_ms": quantile(ordered, 0.99), "bytes_sent": str(count * 310),
                 "bytes_received": str(count * 2140), "heat": [str(each) for each in heat(values)]}
        self.points.append(point)
        self.pool.append({"at_ns": str(second * SECOND), "value": min(round(load * 19), 20)})
        self.heap.append({"at_ns": str(second * SECOND),
                          "value": 9e7 + 2.4e7 * share + 1e7 * (second * 7 % 40) / 40})

    def totals(self):
        """(definitions, totals) as GetRunResponse has them."""
        definitions, totals = [], []

        def add(metric, kind, contains, value, tags=()):
            definitions.append({"id": len(definitions) + 1, "metric": metric, "type": f"METRIC_TYPE_{kind}",
                                "contains": f"VALUE_KIND_{contains}", "tags": list(tags)})
            totals.append({"id": len(definitions), **value})

        whole = Histogram()
        for each in self.durations:
            whole.merge(each)
        requests, failed = self.count("requests"), self.count("failed_requests")
        add("http_reqs", "COUNTER", "DEFAULT", counter(requests))
        add("http_req_failed", "RATE", "DEFAULT", {"rate": {"total": str(requests), "nonzero": str(failed)}})
        add("http_req_duration", "TREND", "TIME", {"trend": whole.json()})
        add("iterations", "COUNTER", "DEFAULT", counter(self.count("iterations")))
        add("data_sent", "COUNTER", "DATA", counter(self.count("bytes_sent")))
        add("data_received", "COUNTER", "DATA", counter(self.count("bytes_received")))
        for (method, name, _, _), duration, statuses in zip(ENDPOINTS, self.durations, self.statuses):
            tags = ["method", method, "name", name]
            add("http_req_duration", "TREND", "TIME", {"trend": duration.json()}, tags)
            bad = sum(count for status, count in statuses.items() if status != "200")
            add("http_req_failed", "RATE", "DEFAULT",
                {"rate": {"total": str(sum(statuses.values())), "nonzero": str(bad)}}, tags)
            for status, count in statuses.items():
                code = {"0": ["error_code", "1050"], "503": ["error_code", "1503"]}.get(status, [])
                add("http_reqs", "COUNTER", "DEFAULT", counter(count), [*code, *tags, "status", status])
        self.whole = whole
        return definitions, totals

    def count(self, member):
        return sum(int(point[member]) for point in self.points)

    def value(self, p):
        """A quantile of all durations, from the buckets' upper edges."""
        left = p * sum(self.whole.buckets.values())
        for bucket in sorted(self.whole.buckets):
            left -= self.whole.buckets[bucket]
            if left <= 0:
                return 2 ** (bucket / 512) * 1000

    def thresholds(self):
        p95, failed = self.value(0.95), self.count("failed_requests") / self.count("requests")
        return [{"name": "http_req_duration", "type": "METRIC_TYPE_TREND", "contains": "VALUE_KIND_TIME",
                 "values": {"med": self.value(0.5), "p(95)": p95, "max": self.whole.high},
                 "thresholds": [{"expression": "p(95)<500", "ok": p95 < 500, "method": "p(95)", "observed": p95}]},
                {"name": "http_req_failed", "type": "METRIC_TYPE_RATE", "values": {"rate": failed},
                 "thresholds": [{"expression": "rate<0.05", "ok": failed < 0.05, "method": "rate", "observed": failed}]}]

    def agents(self):
        lost = int(self.seconds * AGENT_LOST * SECOND)
        common = {"deltas": str(self.seconds), "loop_lag_max_ns": "4200000", "cores": 4}
        return [{"name": "a1", "requests": str(self.count("requests") * 2 // 3), "cpu_ratio_max": 1.34,
                 "iterations": str(self.count("iterations") * 2 // 3), "iterations_late": "12", **common},
                {"name": "a2", "requests": str(self.count("requests") // 3), "cpu_ratio_max": 2.9,
                 "iterations": str(self.count("iterations") // 3), "lost": True, "lost_at_ns": str(lost),
                 "lost_until_ns": str(lost + 3_300_000_000), "lost_why": "no heartbeat for 3s", **common}]

    def notes(self):
        at = int(self.seconds * AGENT_LOST * SECOND)
        rows = [(-2 * SECOND, "phase", "", "preparing"), (0, "phase", "", "running"),
                (at, "agent-lost", "a2", "agent 'a2' was lost: no heartbeat for 3s"),
                (at + 3_300_000_000, "re-dealt", "", "its part of the plan goes on on 1 agent"),
                ((self.seconds - 2) * SECOND, "phase", "", "teardown")]
        return [{"at_ns": str(when), "unix_ns": str(1_769_848_200 * SECOND + when), "kind": kind, "agent": agent, "text": text}
                for when, kind, agent, text in rows]

    def json(self):
        definitions, totals = self.totals()
        finding = {"label": "DEGRADED", "reason": "agent 'a2' was lost; 3.3 s of its part of the plan are missing",
                   "agent": "a2", "from_ns": str(int(self.seconds * AGENT_LOST) * SECOND),
                   "to_ns": str(int(self.seconds * AGENT_LOST + 3) * SECOND)}
        requests = self.count("requests")
        summary = {"run_id": "20260131-083000-1", "script": "stress.js", "duration_ns": str(self.seconds * SECOND),
                   "started_unix_ns": str(1_769_848_200 * SECOND), "trend_stats": ["med", "p(95)", "max"],
                   "metrics": self.thresholds(), "agents": self.agents(),
                   "soundness": {"label": "DEGRADED", "findings": [finding]},
                   "root_group": {"groups": [{"name": "login", "path": "::login", "checks": [
                       {"name": "status is 200", "path": "::login::status is 200", "passes": str(requests // 7),
                        "fails": str(self.count("failed_requests"))},
                       {"name": "has a token", "path": "::login::has a token", "passes": str(requests // 7)}]}]}}
        stages = [{"duration_ns": str(int(self.seconds * SECOND * 0.4)), "target": "500"}]
        return {"kload_result": 1, "run": {
            "info": {"run_id": "20260131-083000-1", "script": "stress.js", "state": "finished",
                     "started_unix_ns": str(1_769_848_200 * SECOND), "duration_ns": str(self.seconds * SECOND),
                     "exit_code": 99, "agents": 2, "message": "thresholds on metrics 'http_req_duration' have been crossed"},
            "plan": {"scenarios": [{"name": "default", "executor": "EXECUTOR_KIND_RAMPING_VUS", "exec": "default",
                                    "vus": "1", "iterations": "1", "max_duration_ns": str(600 * SECOND), "stages": stages}],
                     "options": {"system_tags": ["method", "name", "status", "error_code"], "time_scale": 1,
                                 "batch": "20", "batch_per_host": "6"}},
            "summary": summary, "notes": self.notes(), "points": self.points,
            "options_json": json.dumps({"stages": [{"duration": "96s", "target": 500}]}),
            "definitions": definitions, "totals": totals,
            "watched": [{"name": "db pool, active", "expression": 'db_pool_connections{state="active"}', "points": self.pool},
                        {"name": "heap, bytes", "expression": "process_resident_memory_bytes", "points": self.heap}]}}


def main():
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 240
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(Run(seconds).json(), file)


if __name__ == "__main__":
    main()
