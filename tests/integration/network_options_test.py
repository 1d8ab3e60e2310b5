#!/usr/bin/env python3
"""Network options over two agents: hosts, blockHostnames and rps, seen from the target."""

import http.server
import json
import sys
import threading
import time
import unittest

from harness import Cluster, TestCase

RPS = 10
ITERATIONS = 40
AGENTS = 2

SCRIPT = """
import http from 'k6/http';
import { check } from 'k6';
export const options = {
  vus: 12,
  iterations: %(iterations)d,
  rps: %(rps)d,
  hosts: { '*.kload.test': '%(address)s' },
  blockHostnames: ['blocked.kload.test'],
  thresholds: { checks: ['rate==1'], iterations: ['count==%(iterations)d'] },
};
export function setup() {
  const response = http.get('http://blocked.kload.test/');
  check(response, { blocked: (r) => r.status === 0 && r.error_code === 1111 });
}
export default function () {
  const response = http.get('http://api.kload.test/');
  check(response, { found: (r) => r.status === 200 && r.remote_ip === '127.0.0.1' });
}
"""


class RecordingTarget:
    """Notes when each request comes, and for which host."""

    def __init__(self):
        self.requests = []
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                target.requests.append((time.monotonic(), self.headers["Host"]))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class NetworkOptions(TestCase):
    def test_two_agents_keep_to_one_rate(self):
        target = self.start(RecordingTarget)
        cluster = self.start(Cluster, agents=AGENTS)
        script = self.folder() / "script.js"
        script.write_text(SCRIPT % {"iterations": ITERATIONS, "rps": RPS, "address": target.address})
        run = cluster.kctl("start", script, "--agents", AGENTS)
        self.addCleanup(run.end)
        self.assertEqual(run.wait(), 0, run.output)

        self.assertEqual({host for _, host in target.requests}, {"api.kload.test"})
        times = sorted(at for at, _ in target.requests)
        self.assertEqual(len(times), ITERATIONS)
        self.assertGreater(times[-1] - times[0], (ITERATIONS - 1 - AGENTS) / RPS)
        for first in times:
            window = sum(first <= at < first + 1 for at in times)
            self.assertLessEqual(window, RPS + AGENTS, [round(at - times[0], 3) for at in times])

    def test_what_is_wrong_is_said_before_any_load(self):
        cluster = self.start(Cluster, agents=1)
        script = self.folder() / "script.js"
        script.write_text("export const options = " + json.dumps({
            "hosts": {"a.*.com": "127.0.0.1"},
            "tlsAuth": [{"cert": "client.pem", "key": "client.key"}],
            "rps": -1,
        }) + ";\nexport default function () {}\n")
        run = cluster.kctl("start", script, "--agents", 1)
        self.addCleanup(run.end)
        self.assertEqual(run.wait(), 104, run.output)
        for place in ('options.hosts["a.*.com"]: ', "options.tlsAuth[0].cert: ", "options.rps: "):
            self.assertIn(place, run.output)


if __name__ == "__main__":
    sys.exit(unittest.main())
