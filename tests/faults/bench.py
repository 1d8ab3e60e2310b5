"""One test on a cluster of real processes, each on a host of its own, and what the target saw of it."""

import json
import os
import pathlib
import re
import signal
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import BIN, Process, end_all  # noqa: E402

from hosts import Network  # noqa: E402

RATE = 125  # iterations per second of the whole cluster, one request each; 8 ms apart, so that none is rounded
VUS = 6  # looping ones, that sleep
SCRIPT = """
import http from 'k6/http';
import { sleep } from 'k6';
const SECONDS = Number(__ENV.SECONDS);
export const options = { scenarios: {
  rate: { executor: 'constant-arrival-rate', rate: %d, duration: `${SECONDS}s`, preAllocatedVUs: 30, maxVUs: 60,
          exec: 'hit', gracefulStop: '3s' },
  loops: { executor: 'constant-vus', vus: %d, duration: `${SECONDS}s`, exec: 'wait', gracefulStop: '3s' },
}, thresholds: { 'iterations{scenario:rate}': ['count>=0'], 'dropped_iterations{scenario:rate}': ['count>=0'] } };
export function hit() { http.get(`${__ENV.API}/health`, { tags: { name: 'health' } }); }
export function wait() { sleep(0.5); }
""" % (RATE, VUS)


class Bench:
    """A controller, agents and a target that run the script for `seconds`."""

    def __init__(self, seconds, agents=3, spare=0, offsets=(), agent_flags=(), data=None):
        self.seconds = seconds
        self.network = Network()
        self._processes = []
        self._meter = None
        try:
            self._begin(agents, spare, offsets, agent_flags, data)
        except BaseException:
            self.end()
            raise

    def _begin(self, agents, spare, offsets, agent_flags, data):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kload-fault-"))
        self.data = data or self.folder / "data"
        target_host = self.network.host("target")
        self.target = self._start(*target_host.command(BIN / "kushim-target", "--listen", f"{target_host.address}:3001"))
        self.target.wait_for(r":3001")
        self.api = f"http://{target_host.address}:3001/api"
        self.controller_host = self.network.host("controller")
        self.address = f"{self.controller_host.address}:7070"
        self.start_controller()
        self.agent_hosts = [self.network.host(f"a{i}") for i in range(agents + spare)]
        self.agent_flags = agent_flags
        self.agents = [self.start_agent(i, offsets[i] if i < len(offsets) else 0) for i in range(agents + spare)]
        self.wait_until(lambda: len(self.get("agents")) == agents + spare, 20, "the agents")
        script = self.folder / "load.js"
        script.write_text(SCRIPT)
        self.export = self.folder / "summary.json"
        self.kctl = self._start(BIN / "kctl", "--controller", self.address, "start", script, "--agents", agents, "-e",
                                f"API={self.api}", "-e", f"SECONDS={self.seconds}", "--summary-export", self.export)
        self.run_id = self.kctl.wait_for(r"(\d{8}-\d{6}-\d+)").group(1)
        self.wait_until(lambda: self.requests() > 0, 30, "load")
        self.begun = time.monotonic()
        self._points = []
        self._stop = threading.Event()
        self._meter = threading.Thread(target=self._measure, daemon=True)
        self._meter.start()

    def _start(self, *command):
        process = Process(*command)
        self._processes.append(process)
        return process

    def start_controller(self):
        # Without certificates: these hosts are the test's own.
        self.controller = self._start(*self.controller_host.command(
            BIN / "kload-controller", "--listen", self.address, "--http", "", "--data", self.data, "--insecure"))
        self.controller.wait_for(r"listening on")

    def start_agent(self, number, offset=0):
        return self._start(*self.agent_hosts[number].command(
            BIN / "kload-agent", "--controller", self.address, "--name", f"a{number}", "--threads", "1",
            *self.agent_flags, clock_offset=offset))

    # ---- What is seen

    def requests(self):
        with urllib.request.urlopen(f"{self.api}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        return sum(float(value) for labels, value in re.findall(r"^http_requests_total(\{.*\})? (\S+)$", text, re.M)
                   if "/metrics" not in labels)

    def _measure(self):
        while not self._stop.wait(0.1):
            try:
                self._points.append((time.monotonic(), self.requests()))
            except OSError:
                continue

    def get(self, *what):
        process = Process(BIN / "kctl", "--controller", self.address, "get", *what, "-o", "json")
        status = process.wait(20)
        assert status == 0, process.output
        return json.loads(process.output)

    def rate(self, begin, end):
        def near(moment):
            return min(self._points, key=lambda point: abs(point[0] - moment))
        (t1, n1), (t2, n2) = near(begin), near(end)
        return (n2 - n1) / max(t2 - t1, 0.1)

    def recovered_after(self, since):
        """Seconds from `since` until the rate is the plan's again for a second; None: never in time."""
        moment = since + 0.5
        while moment + 1 < time.monotonic():
            if self.rate(moment, moment + 1) >= RATE * 0.95:
                return moment - since
            moment += 0.1
        return None

    def passed(self):
        return time.monotonic() - self.begun

    def run_to(self, second):
        time.sleep(max(0.0, second - self.passed()))

    def finish(self, timeout=60):
        """Waits for the run's end: (exit code, summary)."""
        status = self.kctl.wait(self.seconds + timeout)
        self.seen = int(self.requests())
        self._stop.set()
        self._meter.join(10)
        self.summary = json.loads(self.export.read_text()) if self.export.exists() else None
        return status

    def metric(self, name, key="count"):
        return self.summary["metrics"].get(name, {}).get(key, 0)

    def reported(self):
        return int(self.metric("http_reqs"))

    def planned(self):
        return RATE * self.seconds

    def missing_load(self):
        """Arrivals that nobody began or dropped."""
        return self.planned() - int(self.metric("iterations{scenario:rate}")) - int(
            self.metric("dropped_iterations{scenario:rate}"))

    def lost_agents(self):
        return [note["agent"] for note in self.summary["kload"]["notes"] if note["kind"] == "agent-lost"]

    def wait_until(self, condition, timeout, what):
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"waited {timeout} s for {what}"
            time.sleep(0.05)

    @staticmethod
    def pid_of(process):
        """Of the program itself, not of what put it on its host."""
        pid = process.child.pid
        while True:
            name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            if name.startswith("kload"):
                return pid
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if not children:
                return pid
            pid = int(children[0])

    def starve(self, process, seconds, share):
        """Lets the process run for `share` of the time only, as a quota of processor time does: 200 ms are a period."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.signal(process, signal.SIGSTOP)
            time.sleep(0.2 * (1 - share))
            self.signal(process, signal.SIGCONT)
            time.sleep(0.2 * share)

    def signal(self, process, number):
        os.kill(self.pid_of(process), number)

    def memory(self, process):
        """Resident, in MB."""
        status = pathlib.Path(f"/proc/{self.pid_of(process)}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def end(self):
        if self._meter is not None:
            self._stop.set()
            self._meter.join(10)
        for process in reversed(self._processes):
            try:
                self.signal(process, signal.SIGCONT)
            except OSError:
                pass
        end_all([*reversed(self._processes), self.network])
