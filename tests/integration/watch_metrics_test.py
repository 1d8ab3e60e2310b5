"""The target's own metrics are read during the run and kept beside the run's: what is kept is what the target says."""

import http.server
import re
import signal
import threading
import unittest

from harness import BIN, Cluster, Process, Target, TestCase

SCRIPT = """
import http from 'k6/http';
export const options = {
  scenarios: { rate: { executor: 'constant-arrival-rate', rate: 50, duration: __ENV.FOR || '3s', preAllocatedVUs: 10 } },
};
export function setup() { return http.post(`${__ENV.API}/auth/login`, '{}').json('token'); }
export default function (token) {
  http.get(`${__ENV.API}/compliance/stats`, { headers: { Authorization: `Bearer ${token}` } });
  http.get(`${__ENV.API}/health`);
}
"""
WATCHED = {
    "requests": "http_requests_total",
    "request rate": "sum(rate(http_requests_total[1250ms]))",
    "hits": "cache_hits_total",
    "hit rate %": "100 * cache_hits_total / (cache_hits_total + cache_misses_total)",
    "pool": "db_pool_connections",
    "jobs": "db_pool_jobs_total",
    "health share": "sum(http_requests_total{route=~\".*/health\",status!=\"500\"}) / http_requests_total",
}


def watch_flags(url, watched=None, interval="500ms"):
    flags = ["--watch-metrics", url, "--watch-interval", interval]
    for name, expression in (watched or WATCHED).items():
        flags += ["--watch", f"{name}={expression}"]
    return flags


class Page:
    """Serves one answer to everybody, and counts how often."""

    def __init__(self, status, body, content_type="text/plain"):
        page = self
        self.asked = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page.asked += 1
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass  # who has had enough hangs up

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/metrics"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def first_points(cluster, run_id):
    """Those of the first series so far: it is stored with its first reading."""
    return [point for series in cluster.json("get", "run", run_id)["watched"][:1] for point in series["points"]]


class WatchMetrics(TestCase):
    def script(self):
        path = self.folder() / "script.js"
        path.write_text(SCRIPT)
        return path

    def run_here(self, target, *flags, env=None):
        run = self.start(Process, BIN / "kctl", "run", self.script(), "-q", "-e", f"API={target.api}", *flags, env=env)
        run.wait(60)
        return run

    def last_values(self, history):
        return {series["name"]: series["points"][-1]["value"] for series in history["watched"]}

    def check_against(self, target, history):
        """The last values are those of the target's page, now that nobody sends requests any more."""
        self.assertEqual([series["name"] for series in history["watched"]], list(WATCHED))
        self.assertEqual([series["problem"] for series in history["watched"]], [""] * len(WATCHED))
        page = target.metrics()
        requests = target.requests()
        hits, misses = page["cache_hits_total", ""], page["cache_misses_total", ""]
        health = sum(value for (name, labels), value in page.items()
                     if name == "http_requests_total" and "/api/health" in labels)
        last = self.last_values(history)
        self.assertEqual(last["requests"], requests)
        self.assertEqual(last["hits"], hits)
        self.assertAlmostEqual(last["hit rate %"], 100 * hits / (hits + misses))
        self.assertEqual(last["pool"], page["db_pool_connections", ""])
        self.assertEqual(last["jobs"], page["db_pool_jobs_total", ""])
        self.assertAlmostEqual(last["health share"], health / requests)
        self.assertEqual(hits + misses, health, "one of each per iteration")
        self.assertGreater(hits, 0)
        self.assertEqual(last["jobs"], misses + 1, "what the cache answers is no job, the login is one")

    def check_rates(self, history):
        """Each rate is that between the counter's values at the window's ends."""
        series = {each["name"]: each["points"] for each in history["watched"]}
        counter = [(point["at_s"], point["value"]) for point in series["requests"]]
        checked = 0
        for point in series["request rate"]:
            within = [(at, value) for at, value in counter if point["at_s"] - 1.25 <= at <= point["at_s"]]
            if point["at_s"] < 1.25 or len(within) < 2:
                continue  # it looks at pages from before the load
            (first, before), (last, after) = within[0], within[-1]
            self.assertAlmostEqual(point["value"], (after - before) / (last - first), places=3)
            checked += 1
        self.assertGreaterEqual(checked, 2, series)

    def test_a_cluster_keeps_what_the_target_says(self):
        target = self.start(Target, "--cache", "300ms")
        cluster = self.start(Cluster, agents=2)
        run = cluster.kctl("start", self.script(), "--agents", "2", "-e", f"API={target.api}",
                           *watch_flags(target.api + "/metrics"))
        self.addCleanup(run.end)
        run_id = run.wait_for(r"\b(\d{8}-\d{6}-\d+)\b").group(1)
        # While it goes on, too.
        self.wait_until(lambda: first_points(cluster, run_id), 30, "a first point")
        self.assertEqual(run.wait(60), 0, run.output)
        history = cluster.json("get", "run", run_id)
        self.check_against(target, history)
        self.check_rates(history)
        for series in history["watched"]:
            times = [point["at_s"] for point in series["points"]]
            self.assertEqual(times, sorted(set(times)))
            self.assertGreaterEqual(times[0], 0)
            self.assertGreaterEqual(len(times), 4, series)
        requests = int(self.last_values(history)["requests"])
        self.assertRegex(run.output, rf"█ TARGET \n\n +requests +[\d.]+\.\.{requests} +\S")
        table = cluster.kctl("get", "run", run_id)
        self.addCleanup(table.end)
        table.wait(20)
        self.assertRegex(table.output, rf"\nrequests +[\d.]+\.\.{requests} +\S")

    def test_a_run_in_one_process_shows_them_after_its_summary(self):
        target = self.start(Target, "--cache", "300ms")
        run = self.run_here(target, *watch_flags(target.api + "/metrics"))
        self.assertEqual(run.wait(), 0, run.output)
        self.assertRegex(run.output, rf"\n +requests +[\d.]+\.\.{target.requests()} +\S")
        jobs = int(target.metrics()["db_pool_jobs_total", ""])
        self.assertRegex(run.output, rf"\n +jobs +[\d.]+\.\.{jobs} +\S")
        self.assertNotIn("no values", run.output)

    def test_a_killed_controller_goes_on_watching(self):
        target = self.start(Target, "--cache", "300ms")
        cluster = self.start(Cluster, agents=2)
        run = cluster.kctl("start", self.script(), "--agents", "2", "-e", f"API={target.api}", "-e", "FOR=8s",
                           *watch_flags(target.api + "/metrics"))
        self.addCleanup(run.end)
        run_id = run.wait_for(r"\b(\d{8}-\d{6}-\d+)\b").group(1)

        self.wait_until(lambda: len(first_points(cluster, run_id)) >= 3, 30, "three points")
        before = first_points(cluster, run_id)
        cluster.controller.signal(signal.SIGKILL)
        cluster.controller.child.wait(10)
        cluster.controller.end()
        cluster.controller = self.start(Process, *cluster.controller.command)
        cluster.controller.wait_for(re.escape(cluster.address))
        self.assertEqual(run.wait(60), 0, run.output)
        history = cluster.json("get", "run", run_id)
        self.check_against(target, history)
        after = history["watched"][0]["points"]
        # All but what the last tick had not made durable.
        self.assertEqual(after[:len(before) - 1], before[:-1])
        self.assertGreater(len(after), len(before) + 2)

    def test_a_page_that_cannot_be_read_stops_nothing(self):
        target = self.start(Target)
        for status, body, said in [
                (500, b"x 1\n", "answered 500"),
                (302, b"", "answered 302, and redirects are not followed"),
                (200, b"a 1\n" * (9 * 1024 * 1024 // 4), "the page is larger than 8 MiB"),
                (200, b"a 1\n" * 100_001, "the page has more than 100000 samples"),
                (200, b"<!DOCTYPE html>\n", "this is no Prometheus page: line 1: expected the name of a metric")]:
            with self.subTest(said):
                page = self.start(Page, status, body)
                run = self.run_here(target, *watch_flags(page.url, {"pool": "db_pool"}), env={"FOR": "1s"})
                self.assertEqual(run.wait(), 0, run.output)
                self.assertGreaterEqual(page.asked, 2)
                self.assertEqual(run.output.count("could not be read from"), 1, run.output)
                self.assertRegex(run.output, rf"could not be read from {re.escape(page.url)}: {re.escape(said)}")
                self.assertRegex(run.output, rf"\n +pool has no values: \d+ of \d+ pages could not be read: {re.escape(said)}")

    def test_an_expression_that_finds_nothing_is_said_once(self):
        target = self.start(Target)
        run = self.run_here(target, *watch_flags(target.api + "/metrics", {"a": "no_such_metric", "pool": "db_pool_connections"}),
                            env={"FOR": "1s"})
        self.assertEqual(run.wait(), 0, run.output)
        self.assertEqual(run.output.count("watching a: no series of the page matches no_such_metric"), 1, run.output)
        self.assertIn("    a has no values: no series of the page matches no_such_metric", run.output)
        self.assertRegex(run.output, r"\n +pool +10\.\.10 +█")

    def test_what_is_wrong_is_said_before_any_load(self):
        target = self.start(Target)
        url = target.api + "/metrics"
        for code, flags, said in [
                (104, watch_flags("ftp://t/", {"a": "x"}), "--watch-metrics: "),
                (104, watch_flags(url, {"a": "rate(x)"}), r"--watch a: column 7: expected a window such as \[10s\]"),
                (104, watch_flags(url, {"a": "sum by (le) (x)"}), "--watch a: column 5: there is no by"),
                (104, watch_flags(url, {"a": "x"}, "10ms"), "--watch-interval: 10ms is not between 100ms and"),
                (255, ["--watch-metrics", url], "Give --watch NAME=EXPRESSION"),
                (255, ["--watch", "a=x"], "--watch: say where"),
                (255, ["--watch-metrics", url, "--watch", "x"], "is not NAME=EXPRESSION")]:
            with self.subTest(said):
                run = self.run_here(target, *flags)
                self.assertEqual(run.wait(), code, run.output)
                self.assertRegex(run.output, said)
        self.assertEqual(target.requests(), 0)


if __name__ == "__main__":
    unittest.main()
