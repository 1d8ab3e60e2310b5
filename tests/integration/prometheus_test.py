"""A real Prometheus scrapes a real controller during and after a real run; what it then knows is what the summary says."""

import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

from harness import BIN, ROOT, SCENARIOS, Cluster, Process, Target, TestCase, free_port

DASHBOARD = ROOT / "deploy" / "grafana" / "dashboards" / "kload.json"


def dashboard_expressions():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"].replace('testid=~"$testid"', 'testid=~".*"')
            for panel in panels for target in panel.get("targets", [])]


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
        cls.address = f"127.0.0.1:{free_port()}"
        config = cls.cluster.folder / "prometheus.yml"
        config.write_text((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text()
                          .replace("controller:7071", cls.cluster.http).replace("target:3001", cls.target.address)
                          .replace("scrape_interval: 2s", "scrape_interval: 1s").replace("/certs", str(certs))
                          .replace("- alerts.yml", f"- {ROOT / 'deploy' / 'prometheus' / 'alerts.yml'}"))
        prometheus = Process("prometheus", f"--config.file={config}", f"--storage.tsdb.path={cls.cluster.folder / 'tsdb'}",
                             f"--web.listen-address={cls.address}")
        cls.addClassCleanup(prometheus.end)
        prometheus.wait_for(r"Server is ready")
        export = cls.cluster.folder / "summary.json"
        run = cls.cluster.kctl("start", SCENARIOS / "baseline.js", "--agents", "2", "--time-scale", "0.02", "--quiet",
                               "--summary-export", export, "--summary-trend-stats", "avg,min,med,max,count,p(95),p(99)",
                               "-e", f"API_BASE_URL={cls.target.api}")
        status = run.wait(90)
        assert status in (0, 99), run.output
        cls.metrics = json.loads(export.read_text())["metrics"]

    def query(self, expression):
        url = f"http://{self.address}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.loads(answer.read())["data"]["result"]

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

    def test_every_panel_of_the_dashboard_has_data(self):
        expressions = dashboard_expressions()
        self.assertGreater(len(expressions), 15)
        # Rates over the last ten seconds need a run within them: ask for the time that the run was at work.
        busy = self.query("timestamp(max_over_time(k6_vus[5m]))")
        self.assertTrue(busy)
        for expression in expressions:
            with self.subTest(expression=expression):
                url = f"http://{self.address}/api/v1/query_range?" + urllib.parse.urlencode(
                    {"query": expression, "start": time.time() - 120, "end": time.time(), "step": 1})
                with urllib.request.urlopen(url, timeout=10) as answer:
                    self.assertTrue(json.loads(answer.read())["data"]["result"], "no data")


class Dashboard(unittest.TestCase):
    def test_is_provisioned_where_compose_mounts_it(self):
        compose = (ROOT / "docker-compose.yml").read_text()
        provider = (ROOT / "deploy" / "grafana" / "provisioning" / "dashboards" / "kload.yml").read_text()
        folder = re.search(r"path: (\S+)", provider).group(1)
        self.assertIn(f"./deploy/grafana/dashboards:{folder}:ro", compose)
        source = (ROOT / "deploy" / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text()
        uid = re.search(r"uid: (\S+)", source).group(1)
        uids = {target["datasource"]["uid"] for panel in json.loads(DASHBOARD.read_text())["panels"]
                for target in panel.get("targets", [])}
        self.assertEqual(uids, {uid})


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
