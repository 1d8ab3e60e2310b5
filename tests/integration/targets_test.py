"""`--targets FILE` and TARGET_* of an --env-file: verdicts per row, checked against what the target really did."""

import re
import subprocess
import unittest

from harness import BIN, SCENARIOS, Target, TestCase

SCRIPT = """
import http from 'k6/http';
export const options = { vus: 4, duration: '4s' };
export default function () {
  http.post(`${__ENV.API_BASE_URL}/auth/login`, '{}');
  http.get(`${__ENV.API_BASE_URL}/health`, { timeout: '400ms' });
}
"""

ROWS = """
response_time:
  - {name: Health checks, match: "GET */health", target: %s, critical: %s}
  - {name: Login, match: "POST */auth/login", target: 900ms}
reliability:
  error_rate: <1%%
  timeout_rate: <0.5%%
  uptime: 99.9%%
"""


def verdict(output, name):
    return re.search(rf"^. {re.escape(name)}.*?(met|missed target|critical|unknown)(?:\s|$)", output, re.M).group(1)


class Targets(TestCase):
    def run_with(self, target, *flags):
        folder = self.folder()
        script = folder / "load.js"
        script.write_text(SCRIPT)
        return subprocess.run([BIN / "kctl", "run", script, "--quiet", "-e", f"API_BASE_URL={target.api}", *flags],
                              capture_output=True, text=True, timeout=120)

    def written(self, text, name="targets.yaml"):
        path = self.folder() / name
        path.write_text(text)
        return path

    def test_met_missed_and_critical(self):
        target = self.start(Target, "--latency", "60ms")
        met = self.run_with(target, "--targets", self.written(ROWS % ("350ms", "390ms")), "--fail-on", "missed")
        self.assertEqual(met.returncode, 0, met.stdout + met.stderr)
        self.assertEqual(verdict(met.stdout, "Health checks p95"), "met")
        self.assertEqual(verdict(met.stdout, "error rate"), "met")
        self.assertEqual(verdict(met.stdout, "uptime"), "met")
        missed = self.run_with(target, "--targets", self.written(ROWS % ("50ms", "390ms")))
        self.assertEqual(missed.returncode, 0, missed.stdout + missed.stderr)
        self.assertEqual(verdict(missed.stdout, "Health checks p95"), "missed target")
        strict = self.run_with(target, "--targets", self.written(ROWS % ("50ms", "390ms")), "--fail-on", "missed")
        self.assertEqual(strict.returncode, 99)
        critical = self.run_with(target, "--targets", self.written(ROWS % ("30ms", "50ms")))
        self.assertEqual(critical.returncode, 99)
        self.assertEqual(verdict(critical.stdout, "Health checks p95"), "critical")

    def test_timeouts_and_uptime_are_what_the_target_did(self):
        # From 1 s on, for 2 s, no answer comes in time.
        target = self.start(Target, "--latency", "5ms", "--stall", "at=2s,for=2s", "--stall-route", "/api/health")
        done = self.run_with(target, "--targets", self.written(ROWS % ("350ms", "399ms")))
        self.assertEqual(verdict(done.stdout, "timeout rate"), "missed target", done.stdout)
        timeouts, requests = map(int, re.search(r"(\d+) of (\d+) requests", done.stdout[done.stdout.index("timeout rate"):])
                                 .groups())
        # 4 VUs, one at a time, 0.4 s each, while 2 s last.
        self.assertGreaterEqual(timeouts, 8)
        self.assertLessEqual(timeouts, 28)
        self.assertGreater(requests, timeouts)

    def test_the_guides_table(self):
        target = self.start(Target, "--latency", "2ms")
        done = self.run_with(target, "--targets", SCENARIOS / "targets.yaml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(verdict(done.stdout, "Health checks p95"), "met")
        self.assertEqual(verdict(done.stdout, "Authentication p95"), "met")
        self.assertEqual(verdict(done.stdout, "Simple queries p95"), "unknown")
        self.assertEqual(verdict(done.stdout, "concurrent users peak"), "unknown")
        self.assertRegex(done.stdout, r"\d+ met, \d+ missed, 0 critical, \d+ unknown")

    def test_what_the_file_watches_is_watched_and_judged(self):
        target = self.start(Target)
        path = self.written(f"""
throughput:
  pool_size: 10-20
  no_such: ">1"
watch:
  url: {target.api}/metrics
  metrics:
    pool_size: db_pool_connections
    no_such: no_such_metric
""")
        done = self.run_with(target, "--targets", path)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"\n +pool_size +10\.\.10 +█")
        self.assertEqual(verdict(done.stdout, "pool size"), "met", done.stdout)
        self.assertEqual(verdict(done.stdout, "no such"), "unknown", done.stdout)

    def test_errors_name_the_place(self):
        target = self.start(Target)
        path = self.written("response_time:\n  - {name: A, match: x, target: 200}\n")
        wrong = self.run_with(target, "--targets", path)
        self.assertEqual(wrong.returncode, 104)
        self.assertIn(f"{path}:2:33: expected a time with its unit", wrong.stderr)
        self.assertEqual(target.requests(), 0, "nothing is sent before the files are right")
        self.assertEqual(self.run_with(target, "--targets", "nowhere.yaml").returncode, 104)

    def test_target_variables_of_an_env_file_are_thresholds(self):
        target = self.start(Target, "--latency", "60ms", "--error-rate", "0.2")
        strict = self.written("TARGET_P95_LATENCY=20\nTARGET_ERROR_RATE=0.9\n", ".env.load-test")
        failed = self.run_with(target, "--env-file", strict)
        self.assertEqual(failed.returncode, 99, failed.stdout)
        self.assertRegex(failed.stdout, r"✗ 'p\(95\)<20'")
        self.assertRegex(failed.stdout, r"✓ 'rate<0.9'")
        bad = self.run_with(target, "--env-file", self.written("TARGET_ERROR_RATE=1%\n", ".env.load-test"))
        self.assertEqual(bad.returncode, 104)
        self.assertIn("TARGET_ERROR_RATE=1% is not a rate between 0 and 1", bad.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
