"""What a run shows of its target: breaking point and knee of a ramp, recovery after a spike, symptoms by endpoint."""

import http.server
import json
import re
import subprocess
import threading
import time
import unittest

from harness import BIN, Target, TestCase

# 2 connections of 20 ms: the target answers 100 requests/s, and each VU asks for some 4.5.
RAMP = """
import http from 'k6/http';
import { sleep } from 'k6';
export const options = { stages: [{ duration: '24s', target: 60 }], thresholds: { http_req_duration: ['p(95)<200'] } };
export function setup() { return http.post(`${__ENV.API_BASE_URL}/auth/login`, '{}').json('token'); }
export default function (token) {
  http.get(`${__ENV.API_BASE_URL}/compliance/controls`, { headers: { Authorization: `Bearer ${token}` },
                                                          tags: { name: 'controls' } });
  sleep(0.2);
}
"""

SPIKE = RAMP.replace("stages: [{ duration: '24s', target: 60 }]",
                     "stages: [{ duration: '1s', target: 4 }, { duration: '6s', target: 4 }, "
                     "{ duration: '1s', target: 80 }, { duration: '6s', target: 80 }, { duration: '1s', target: 4 }, "
                     "{ duration: '8s', target: 4 }], startVUs: 4")


SOAK = """
import http from 'k6/http';
import { sleep } from 'k6';
export const options = { vus: 4, duration: '20s' };
export default function () { http.get(`${__ENV.API_BASE_URL}/health`); sleep(0.05); }
"""


class Leaking:
    """A target that gets slower and larger the longer it runs: 5 ms and 1.5 ms more each second, 100 MB and 1 MB more."""

    def __init__(self):
        begun = time.monotonic()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                age = time.monotonic() - begun
                if self.path != "/metrics":
                    time.sleep(0.005 + 0.0015 * age)
                body = f"process_resident_memory_bytes {100e6 + 1e6 * age}\n".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.api = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class Findings(TestCase):
    def run_script(self, text, target, *flags):
        folder = self.folder()
        (folder / "load.js").write_text(text)
        return subprocess.run([BIN / "kctl", "run", folder / "load.js", "--quiet", "--findings", "-e",
                               f"API_BASE_URL={target.api}", *flags], capture_output=True, text=True, timeout=120)

    def test_the_knee_and_the_breaking_point_of_a_ramp(self):
        target = self.start(Target, "--pool", "2", "--query-time", "20ms", "--pool-timeout", "20s")
        done = self.run_script(RAMP, target)
        vus, rate = map(float, re.search(r"Throughput stops growing at (\d+) VUs, ([\d.]+) requests/s",
                                         done.stdout).groups())
        # 100 requests/s, somewhat less for what a query costs beside its 20 ms.
        self.assertGreater(rate, 70, done.stdout)
        self.assertLess(rate, 110)
        self.assertGreater(vus, 14)
        self.assertLess(vus, 32)
        self.assertRegex(done.stdout, r"fit: [\d.]+ requests/s per VU up to there, -?[\d.e-]+ beyond \(R² 0\.\d+")
        # In a queue of N - 20 VUs one waits 10 ms for each: beyond 200 ms from some 40 VUs on.
        broke = float(re.search(r"The target broke at (\d+) VUs", done.stdout).group(1))
        self.assertGreater(broke, 25)
        self.assertLess(broke, 56)
        self.assertIn("GET controls is slow", done.stdout)

    def test_recovery_after_a_spike(self):
        target = self.start(Target, "--pool", "2", "--query-time", "20ms", "--pool-timeout", "20s")
        done = self.run_script(SPIKE, target)
        self.assertRegex(done.stdout, r"Recovered \d+s after the spike", done.stdout + done.stderr)

    def test_drift_at_a_constant_load(self):
        target = self.start(Leaking)
        done = self.run_script(SOAK, target, "--watch-metrics", f"{target.api}/metrics", "--watch",
                               "memory=process_resident_memory_bytes")
        slower = int(re.search(r"problem: Responses get slower at a constant load: \+(\d+) %", done.stdout).group(1))
        # From 5 to 35 ms, with some milliseconds for the way: about the median once more, or more.
        self.assertGreater(slower, 50, done.stdout)
        hourly = float(re.search(r"memory grows at a constant load: memory \+\d+ %\s+\+([\d.e+]+)", done.stdout).group(1))
        self.assertAlmostEqual(hourly / 3600e6, 1, delta=0.1)

    def test_a_healthy_target_has_no_problem(self):
        target = self.start(Target, "--latency", "10ms")
        folder = self.folder()
        (folder / "load.js").write_text(RAMP.replace("duration: '24s', target: 60", "duration: '8s', target: 8"))
        done = subprocess.run([BIN / "kctl", "run", folder / "load.js", "-e", f"API_BASE_URL={target.api}", "-o",
                               "json", "--quiet", "--findings"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        json.loads(done.stdout)
        self.assertNotIn("problem: The target", done.stderr)
        self.assertNotIn("stops growing", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
