"""Real processes on loopback for the integration tests: start, wait until ready, collect output, end.

Nothing here sleeps for luck: readiness is a line that a program prints or a port that answers.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("KLOAD_BIN", ROOT / "build" / "bin"))
SCENARIOS = ROOT / "scripts" / "load-tests"
GUIDE_FOLDER = ROOT.parent / "shared" / "seed"
# What the programs were built with (scripts/sanitize): "address", "thread", or nothing. What memory and time they take is then
# no measure of kload.
SANITIZER = os.environ.get("KLOAD_SANITIZER", "")
# How its report begins.
SANITIZER_REPORT = re.compile(r"(ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|:\d+:\d+: runtime error): ")


def has_charts():
    """Whether this kctl was built with what draws the charts of `kctl report`."""
    said = subprocess.run([BIN / "kctl", "report", "none.json"], capture_output=True, text=True, timeout=20).stderr
    return "built without ECharts" not in said


def end_all(started):
    """Ends them in this order; also when one has something to complain of, the others."""
    with contextlib.ExitStack() as ending:
        for each in reversed(started):
            ending.callback(each.end)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A child process whose output is collected by a thread; killed with its test."""

    def __init__(self, *command, env=None, cwd=None):
        self.command = [str(part) for part in command]
        self.output = ""
        self._lines = threading.Condition()
        self.child = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                      errors="replace", env={**os.environ, **(env or {})}, cwd=cwd)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.child.stdout:
            with self._lines:
                self.output += line
                self._lines.notify_all()
        with self._lines:
            self._lines.notify_all()

    def wait_for(self, pattern, timeout=20):
        """The match of `pattern` in the output so far or to come."""
        deadline = time.monotonic() + timeout
        with self._lines:
            while True:
                match = re.search(pattern, self.output)
                if match:
                    return match
                left = deadline - time.monotonic()
                if left <= 0 or (self.child.poll() is not None and not self._reader.is_alive()):
                    raise AssertionError(f"{self.command}: no {pattern!r} in its output:\n{self.output}")
                self._lines.wait(min(left, 0.5))

    def wait(self, timeout=60):
        """The exit status, once it has ended by itself."""
        try:
            status = self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.command} is still running after {timeout} s:\n{self.output}") from None
        self._reader.join(5)
        return status

    def signal(self, number):
        self.child.send_signal(number)

    def end(self):
        """Tells it to end, if it has not yet; what a sanitizer found in it up to the very end is a failure of the test."""
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self._reader.join(5)
        self.child.stdout.close()
        if report := SANITIZER_REPORT.search(self.output):
            raise AssertionError(f"{self.command}:\n{self.output[report.start():]}")


class Target:
    """kushim-target and what it counted itself."""

    def __init__(self, *flags):
        self.process = Process(BIN / "kushim-target", "--listen", "127.0.0.1:0", *flags)
        self.address = self.process.wait_for(r"(127\.0\.0\.1:\d+)").group(1)
        self.api = f"http://{self.address}/api"

    def metrics(self):
        """{(name, labels as text): value} of /api/metrics."""
        with urllib.request.urlopen(f"{self.api}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        values = {}
        for line in text.splitlines():
            match = re.match(r"([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)$", line)
            if match:
                values[(match.group(1), match.group(2) or "")] = float(match.group(3))
        return values

    def requests(self):
        """Requests that reached the API, all routes but /api/metrics itself."""
        return int(sum(value for (name, labels), value in self.metrics().items()
                       if name == "http_requests_total" and "/metrics" not in labels))


class Cluster:
    """A controller and agents, each a process of its own."""

    def __init__(self, agents=3, folder=None, controller_flags=(), agent_flags=()):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="kload-test-"))
        self.address = f"127.0.0.1:{free_port()}"
        self.http = f"127.0.0.1:{free_port()}"
        self.controller = Process(BIN / "kload-controller", "--listen", self.address, "--http", self.http, "--data",
                                  self.folder / "data", "--scenarios", SCENARIOS, *controller_flags)
        self.controller.wait_for(re.escape(self.address))
        self.sample_logs = [self.folder / f"samples-a{i + 1}.ndjson" for i in range(agents)]
        self.agents = [Process(BIN / "kload-agent", "--controller", self.address, "--name", f"a{i + 1}",
                               "--threads", "2", "--sample-log", log, *agent_flags)
                       for i, log in enumerate(self.sample_logs)]

    def kctl(self, *arguments, env=None, cwd=None):
        """kctl with this cluster's address, started."""
        return Process(BIN / "kctl", "--controller", self.address, *arguments, env=env, cwd=cwd)

    def json(self, *arguments):
        return json.loads(subprocess.run([BIN / "kctl", "--controller", self.address, *arguments, "-o", "json"],
                                         capture_output=True, text=True, check=True, timeout=20).stdout)

    def samples(self):
        """Every raw sample that the agents logged: {metric: [values]}, and empties the logs."""
        values = {}
        for log in self.sample_logs:
            if log.exists():
                for line in log.read_text().splitlines():
                    sample = json.loads(line)
                    values.setdefault(sample["metric"], []).append(sample)
        return values

    def end(self):
        end_all([*self.agents, self.controller])


class Prometheus:
    """A real Prometheus with the configuration of deploy/, its alert rules included, and the addresses of these processes.
    `certs`: the folder of the cluster's certificates; None where it has none."""

    def __init__(self, cluster, target, certs=None):
        self.address = f"127.0.0.1:{free_port()}"
        folder = ROOT / "deploy" / "prometheus"
        text = (folder / "prometheus.yml").read_text()
        text = text.replace("controller:7071", cluster.http).replace("target:3001", target.address)
        text = text.replace("scrape_interval: 2s", "scrape_interval: 1s").replace("- alerts.yml", f"- {folder / 'alerts.yml'}")
        if certs:
            text = text.replace("/certs", str(certs))
        else:
            text = re.sub(r" *scheme: https\n *tls_config:\n.*\n *authorization:\n.*\n", "", text)
        config = cluster.folder / "prometheus.yml"
        config.write_text(text)
        self.process = Process("prometheus", f"--config.file={config}", f"--storage.tsdb.path={cluster.folder / 'tsdb'}",
                               f"--web.listen-address={self.address}")
        self.process.wait_for(r"Server is ready")

    def ask(self, path, **parameters):
        """The `data` of an answer of its HTTP API; its words when it refuses."""
        url = f"http://{self.address}/api/v1/{path}?" + urllib.parse.urlencode(parameters, doseq=True)
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.loads(answer.read())["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from None

    def query(self, expression, **parameters):
        return self.ask("query", query=expression, **parameters)["result"]


class TestCase(unittest.TestCase):
    def start(self, factory, *arguments, **options):
        """factory(...) whose .end() (or process) ends with the test."""
        started = factory(*arguments, **options)
        self.addCleanup(getattr(started, "end", None) or started.process.end)
        return started

    def wait_until(self, condition, timeout, what):
        """Polls until condition() holds; fails after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"waited {timeout} s for {what}")
            time.sleep(0.05)

    def folder(self):
        folder = tempfile.TemporaryDirectory(prefix="kload-test-")
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name)


def guide_scripts():
    """{file name: source} of the six k6 scripts in the load-testing guide, verbatim; {} where it is absent."""
    scripts = {}
    if GUIDE_FOLDER.is_dir():
        for page in sorted(GUIDE_FOLDER.iterdir()):
            for match in re.finditer(r"\*\*k6 Script:\*\* `scripts/load-tests/(\w+\.js)`\s*```javascript\n(.*?)```",
                                     page.read_text(), re.S):
                scripts[match.group(1)] = match.group(2)
    return scripts


def quantile(values, p):
    """k6's percentile of a sorted list: rank p (n - 1), linear between neighbours."""
    rank = p * (len(values) - 1)
    low = int(rank)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (rank - low)


def ramping_steps(start, stages):
    """k6's ramping-vus plan as [(nanoseconds, VUs)], by its published rule: the count becomes n when the straight line
    from stage start to stage end reaches n. `stages` is [(nanoseconds, target)]."""
    steps = [(0, start)]
    begin, current = 0, start
    for duration, target in stages:
        end = begin + duration
        if duration == 0:
            if target != current:
                steps.append((end, target))
        elif target > current:
            for n in range(current + 1, target + 1):
                steps.append((end - duration * (target - n) // (target - current), n))
        else:
            for n in range(current, target, -1):
                steps.append((end - duration * (n - 1 - target) // (current - target), n - 1))
        begin, current = end, target
    steps.append((begin, 0))
    return steps


def vus_at(steps, at):
    return next((vus for when, vus in reversed(steps) if when <= at), 0)


def interrupt(process):
    process.signal(signal.SIGINT)
