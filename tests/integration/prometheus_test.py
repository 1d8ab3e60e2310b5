"""A real Prometheus scrapes a real controller during and after a real run; what it then knows is what the summary says."""

import json
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

from harness import BIN, SCENARIOS, Cluster, Target, TestCase
from harness import Prometheus as PrometheusServer


@unittest.skipUnless(shutil.which("prometheus") and shutil.which("promtool"),
                     "there is no prometheus on this machine (Debian: apt-get install prometheus)")
class Prometheus(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = Target("--latency", "lognormal:4ms,0.4")
        cls.addClassCleanup(cls.target.process.end)
        certs = pathlib.Path(tempfile.mkdtemp(prefix="kload-test-")) / "certs"
        subprocess.run([BIN / "kctl", "certs", "init", certs, "--quiet"], check=True, timeout=20)
        cls.token = (certs / "viewer.token").read_text().strip()
        cls.trust = ssl.create_default_context(cafile=certs / "ca.pem")
        os.environ["KCTL_CERTS"] = str(certs)
        cls.addClassCleanup(os.environ.pop, "KCTL_CERTS")
        cls.cluster = Cluster(agents=2, controller_flags=("--certs", certs), agent_flags=("--certs", certs))
        cls.addClassCleanup(cls.cluster.end)
        prometheus = PrometheusServer(cls.cluster, cls.target, certs)
        cls.addClassCleanup(prometheus.process.end)
        cls.query = staticmethod(prometheus.query)
        export = cls.cluster.folder / "summary.json"
        run = cls.cluster.kctl("start", SCENARIOS / "baseline.js", "--agents", "2", "--time-scale", "0.02", "--quiet",
                               "--summary-export", export, "--summary-trend-stats", "avg,min,med,max,count,p(95),p(99)",
                               "-e", f"API_BASE_URL={cls.target.api}")
        status = run.wait(90)
        assert status in (0, 99), run.output
        cls.metrics = json.loads(export.read_text())["metrics"]

    def value(self, expression):
        result = self.query(expression)
        self.assertEqual(len(result), 1, f"{expression}: {result}")
        return float(result[0]["value"][1])

    def scraped(self):
        request = urllib.request.Request(f"https://{self.cluster.http}/metrics",
                                         headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=10, context=self.trust) as answer:
            return answer.read().decode()

    def eventually(self, expression, expected):
        """The last scrape may be a second old."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            result = self.query(expression)
            if len(result) == 1 and abs(float(result[0]["value"][1]) - expected) <= 1e-9 * max(1, abs(expected)):
                return
            time.sleep(0.2)
        self.fail(f"{expression} is {self.query(expression)} instead of {expected}")

    def test_promtool_finds_nothing(self):
        check = subprocess.run(["promtool", "check", "metrics"], input=self.scraped(), capture_output=True, text=True, timeout=30)
        self.assertEqual((check.returncode, check.stdout + check.stderr), (0, ""))

    def test_counts_equal_the_summary(self):
        self.eventually("sum(k6_http_reqs_total)", self.metrics["http_reqs"]["count"])
        self.eventually("sum(k6_iterations_total)", self.metrics["iterations"]["count"])
        self.eventually("sum(k6_http_req_duration_seconds_count)", self.metrics["http_req_duration"]["count"])

    def test_target_counted_the_same(self):
        self.eventually('sum(http_requests_total{route!="/api/metrics"})', self.metrics["http_reqs"]["count"])

    def test_quantiles_are_in_seconds(self):
        self.eventually("sum(k6_http_reqs_total)", self.metrics["http_reqs"]["count"])
        highest = self.value("max(k6_http_req_duration_p99)")
        self.assertGreaterEqual(highest * 1000, self.metrics["http_req_duration"]["p(95)"] * 0.99)
        self.assertLessEqual(highest * 1000, self.metrics["http_req_duration"]["max"] * 1.01)

    def test_agents_are_up(self):
        self.assertEqual(self.value("sum(kload_agent_up)"), 2)
        self.assertEqual(self.value("kload_agents_connected"), 2)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
