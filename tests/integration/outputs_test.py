"""`--out`: every raw sample of a run in k6's formats, on one machine and on a cluster."""

import csv
import datetime
import gzip
import json
import re
import shutil
import sys
import threading
import time
import unittest
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

from harness import BIN, Cluster, Process, Target, TestCase, free_port

SCRIPT = """
import http from 'k6/http';
import { check, group } from 'k6';
export const options = {
  vus: 6, iterations: 120, tags: { team: 'blue' },
  thresholds: { http_req_duration: ['p(95)<60000'], 'http_reqs{status:200}': ['count>1'] },
};
export function setup() { http.get(`${__ENV.API_BASE_URL}/health`); }
export default function () {
  group('look', () => check(http.get(`${__ENV.API_BASE_URL}/health?vu=${__VU}`), { 'is there': (r) => r.status === 200 }));
}
export function teardown() { http.get(`${__ENV.API_BASE_URL}/health`); }
"""
POINT_KEYS = {"time", "value", "tags"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
COLUMNS = ("metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,"
           "service,status,subproto,tls_version,url,extra_tags,metadata").split(",")


def unix(text):
    return datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", text).replace("Z", "+00:00")).timestamp()


class Outputs(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = Target()
        cls.addClassCleanup(cls.target.process.end)

    def setUp(self):
        self.out = self.folder()
        self.script = self.out / "script.js"
        self.script.write_text(SCRIPT)

    def follow(self, process, status=0):
        self.assertEqual(process.wait(90), status, process.output)
        return process.output

    def run_locally(self, *flags, status=0, env=None):
        return self.follow(self.start(Process, BIN / "kctl", "run", self.script, "-e",
                                      f"API_BASE_URL={self.target.api}", *flags, env=env, cwd=self.out), status)

    def check_json(self, lines, began, requests):
        """Every line has k6's shape; points are as many as the target and the summary counted."""
        metrics, counts, sums = {}, {}, {}
        for line in lines:
            record = json.loads(line)
            self.assertEqual(set(record), {"type", "data", "metric"})
            name, data = record["metric"], record["data"]
            if record["type"] == "Metric":
                self.assertNotIn(name, metrics, "a metric has one line")
                self.assertEqual(set(data), {"name", "type", "contains", "thresholds", "submetrics"})
                self.assertEqual(data["name"], name)
                metrics[name] = data
                continue
            self.assertEqual(record["type"], "Point")
            self.assertIn(name, metrics, "a metric's line comes before its points")
            self.assertEqual(set(data), POINT_KEYS)
            self.assertRegex(data["time"], TIME)
            self.assertTrue(began - 1 <= unix(data["time"]) <= time.time() + 1, data["time"])
            self.assertEqual(data["tags"]["team"], "blue")
            counts[name] = counts.get(name, 0) + 1
            sums[name] = sums.get(name, 0) + data["value"]
        summary = json.loads((self.out / "summary.json").read_text())["metrics"]
        self.assertEqual(counts["http_reqs"], requests)
        self.assertEqual(counts["http_reqs"], summary["http_reqs"]["count"])
        self.assertEqual(counts["iterations"], 120)
        self.assertEqual(counts["iterations"], summary["iterations"]["count"])
        self.assertEqual(counts["checks"], 120)
        self.assertEqual(counts["http_req_duration"], requests)
        self.assertAlmostEqual(sums["http_req_duration"] / requests, summary["http_req_duration"]["avg"], places=6)
        self.assertEqual(sums["data_sent"], summary["data_sent"]["count"])
        self.assertEqual(counts["vus"], counts["vus_max"])
        self.assertGreaterEqual(counts["vus"], 1)
        self.assertEqual(set(counts), set(summary) - {n for n in summary if "{" in n})
        self.assertEqual(metrics["http_req_duration"]["type"], "trend")
        self.assertEqual(metrics["http_req_duration"]["contains"], "time")
        self.assertEqual(metrics["http_req_duration"]["thresholds"], ["p(95)<60000"])
        self.assertEqual(metrics["http_reqs"]["submetrics"],
                         [{"name": "http_reqs{status:200}", "suffix": "status:200", "tags": {"status": "200"}}])
        self.assertIsNone(metrics["iterations"]["submetrics"])

    def test_json_in_one_process(self):
        for agents in ("1", "2"):
            with self.subTest(agents=agents):
                began, before = time.time(), self.target.requests()
                self.run_locally("--agents", agents, "--out", "json=out.json", "--summary-export", "summary.json")
                self.check_json((self.out / "out.json").read_text().splitlines(), began,
                                self.target.requests() - before)

    def test_json_of_a_cluster(self):
        cluster = self.start(Cluster, agents=2)
        began, before = time.time(), self.target.requests()
        output = self.follow(cluster.kctl("start", self.script, "--agents", "2", "-e", f"API_BASE_URL={self.target.api}",
                                          "--out", "json=out.json.gz", "--out", "csv=out.csv",
                                          "--summary-export", "summary.json", cwd=self.out))
        self.assertIn("output: json (out.json.gz), csv (out.csv)", output)
        with gzip.open(self.out / "out.json.gz", "rt") as lines:
            self.check_json(list(lines), began, self.target.requests() - before)
        rows = list(csv.DictReader((self.out / "out.csv").read_text().splitlines()))
        self.assertEqual(sum(row["metric_name"] == "http_reqs" for row in rows), self.target.requests() - before)
        logged = cluster.samples()
        written = [row for row in rows if row["metric_name"] == "http_req_waiting"]
        self.assertEqual(sorted(row["metric_value"] for row in written),
                         sorted(f"{sample['value']:.6f}" for sample in logged["http_req_waiting"]))

    def test_csv_has_k6s_columns(self):
        self.run_locally(env={"K6_OUT": "csv=out.csv", "K6_CSV_TIME_FORMAT": "unix_milli"})
        lines = (self.out / "out.csv").read_text().splitlines()
        self.assertEqual(lines[0], ",".join(COLUMNS))
        rows = list(csv.DictReader(lines))
        self.assertTrue(all(abs(int(row["timestamp"]) / 1000 - time.time()) < 100 for row in rows))
        self.assertTrue(all(re.fullmatch(r"-?\d+\.\d{6}", row["metric_value"]) for row in rows))
        requests = [row for row in rows if row["metric_name"] == "http_reqs"]
        self.assertEqual(len(requests), 122)
        grouped = [row for row in requests if row["group"] == "::look"]
        self.assertEqual(len(grouped), 120)
        for row in grouped:
            self.assertEqual((row["method"], row["status"], row["scenario"], row["proto"], row["expected_response"]),
                             ("GET", "200", "default", "HTTP/1.1", "true"))
            self.assertRegex(row["url"], r"/health\?vu=\d$")
            self.assertEqual(row["extra_tags"], "team=blue")
        self.assertEqual({row["check"] for row in rows if row["metric_name"] == "checks"}, {"is there"})

    def test_json_on_stdout(self):
        output = self.run_locally("--out", "json", "--quiet")
        points = [line for line in output.splitlines() if line.startswith('{"metric":"http_reqs","type":"Point"')]
        self.assertEqual(len(points), 122)
        self.assertIn("TOTAL RESULTS", output)

    def test_misuse(self):
        before = self.target.requests()
        for out, words in (("jsn=x", "there are json, csv, experimental-prometheus-rw and prometheus"),
                           ("statsd", "statsd: this output of k6 is not available in kload"),
                           ("influxdb=http://localhost:8086", "not available in kload"),
                           ("cloud", "not available in kload"),
                           ("json=/no/such/folder/x.json", "cannot write /no/such/folder/x.json")):
            with self.subTest(out=out):
                self.assertIn(words, self.run_locally("--out", out, status=255))
        detached = self.start(Process, BIN / "kctl", "start", self.script, "--detach", "--out", "json=x.json")
        self.assertIn("--detach cannot be combined with --out json", self.follow(detached, 255))
        self.assertEqual(self.target.requests(), before, "nothing was sent")

    def test_a_full_disk_does_not_disturb_the_run(self):
        before = self.target.requests()
        output = self.run_locally("--out", "json=/dev/full", status=255)
        self.assertIn("cannot write /dev/full", output)
        self.assertEqual(self.target.requests() - before, 122)
        self.assertIn("TOTAL RESULTS", output)


# One url and one status, so that each metric of requests is one series and its percentile that of the summary.
PUSHED = """
import http from 'k6/http';
import { check } from 'k6';
export const options = { vus: 4, duration: '3s', summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(95)', 'p(99.9)', 'count'] };
export default function () { check(http.get(`${__ENV.API_BASE_URL}/health`), { 'is there': (r) => r.status === 200 }); }
"""


class Receiver:
    """Takes remote writes and answers with the statuses in turn, the last one for ever."""

    def __init__(self, *statuses):
        received = self.received = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = statuses[min(len(received), len(statuses) - 1)]
                received.append((self.path, dict(self.headers), body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class RemoteWrite(TestCase):
    """What the controller pushes, to a real Prometheus and to one that says no."""

    @classmethod
    def setUpClass(cls):
        cls.target = Target("--latency", "lognormal:4ms,0.4")
        cls.addClassCleanup(cls.target.process.end)

    def setUp(self):
        self.out = self.folder()
        self.script = self.out / "script.js"
        self.script.write_text(PUSHED)

    def prometheus(self, *flags):
        if not shutil.which("prometheus"):
            self.skipTest("there is no prometheus on this machine (Debian: apt-get install prometheus)")
        address = f"127.0.0.1:{free_port()}"
        config = self.out / "prometheus.yml"
        config.write_text("global: { scrape_interval: 1h }\n")
        process = self.start(Process, "prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.out / 'tsdb'}",
                             f"--web.listen-address={address}", "--web.enable-remote-write-receiver", *flags)
        process.wait_for(r"Server is ready")
        return address

    def query(self, address, expression):
        url = f"http://{address}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.loads(answer.read())["data"]["result"]

    def value(self, address, expression):
        result = self.query(address, expression)
        self.assertEqual(len(result), 1, f"{expression}: {result}")
        return float(result[0]["value"][1])

    def run_with(self, *flags, env=None, status=0):
        run = self.start(Process, BIN / "kctl", "run", self.script, "-e", f"API_BASE_URL={self.target.api}",
                         "--summary-export", self.out / "summary.json", *flags, env=env)
        self.assertEqual(run.wait(90), status, run.output)
        return run.output

    def summary(self):
        return json.loads((self.out / "summary.json").read_text())["metrics"]

    def check_stats(self, address):
        """What Prometheus knows when kctl has ended is the summary."""
        summary = self.summary()
        self.assertEqual(self.value(address, "sum(k6_http_reqs_total)"), summary["http_reqs"]["count"])
        self.assertEqual(self.value(address, "k6_iterations_total"), summary["iterations"]["count"])
        self.assertEqual(self.value(address, "k6_http_req_duration_count"), summary["http_reqs"]["count"])
        for stat, name in (("p(95)", "p95"), ("p(99.9)", "p999"), ("avg", "avg"), ("max", "max")):
            self.assertAlmostEqual(self.value(address, f"k6_http_req_duration_{name}") * 1000,
                                   summary["http_req_duration"][stat], places=6)
        self.assertEqual(self.value(address, 'k6_checks_rate{check="is there"}'), 1)
        self.assertEqual(self.value(address, "k6_vus"), summary["vus"]["value"])

    def test_a_real_prometheus_knows_what_the_summary_says(self):
        address = self.prometheus()
        output = self.run_with("--agents", "2", "--out", f"prometheus={address}",
                               env={"K6_PROMETHEUS_RW_TREND_STATS": "p(95),p(99.9),avg,max,count",
                                    "K6_PROMETHEUS_RW_PUSH_INTERVAL": "500ms"})
        self.assertIn(f"output: Prometheus remote write (http://{address}/api/v1/write)", output)
        self.assertNotIn("push", output.split("output:")[1].split("\n", 1)[1])
        self.check_stats(address)
        labels = self.query(address, "k6_http_reqs_total")[0]["metric"]
        self.assertEqual((labels["status"], labels["method"], labels["scenario"]), ("200", "GET", "default"))
        self.assertNotIn("group", labels, "tags without a value are no labels")
        points = self.value(address, "count_over_time(k6_iterations_total[1m])")
        self.assertGreaterEqual(points, 3, "the run was pushed while it went on")

    def test_a_cluster_pushes_while_nobody_follows(self):
        address = self.prometheus()
        cluster = self.start(Cluster, agents=2)
        env = {"K6_OUT": "experimental-prometheus-rw", "K6_PROMETHEUS_RW_SERVER_URL": f"http://{address}/api/v1/write",
               "K6_PROMETHEUS_RW_TREND_STATS": "p(95),p(99.9),avg,max,count"}
        start = cluster.kctl("start", self.script, "--agents", "2", "-e", f"API_BASE_URL={self.target.api}", "--detach",
                             env=env)
        self.assertEqual(start.wait(30), 0, start.output)
        watch = cluster.kctl("watch", start.output.strip(), "--summary-export", self.out / "summary.json")
        self.assertEqual(watch.wait(60), 0, watch.output)
        self.check_stats(address)

    def test_native_histograms(self):
        address = self.prometheus("--enable-feature=native-histograms")
        self.run_with("--out", f"prometheus={address}", env={"K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM": "true"})
        summary = self.summary()
        self.assertEqual(self.value(address, "histogram_count(k6_http_req_duration_seconds)"), summary["http_reqs"]["count"])
        total = summary["http_req_duration"]["avg"] * summary["http_reqs"]["count"] / 1000
        self.assertAlmostEqual(self.value(address, "histogram_sum(k6_http_req_duration_seconds)"), total, places=6)
        p95 = self.value(address, "histogram_quantile(0.95, k6_http_req_duration_seconds)") * 1000
        exact = summary["http_req_duration"]["p(95)"]
        self.assertTrue(exact / 1.1 <= p95 <= exact * 1.1, (p95, exact))

    def test_stale_markers_end_the_series(self):
        address = self.prometheus()
        self.run_with("--out", f"prometheus={address}", env={"K6_PROMETHEUS_RW_STALE_MARKERS": "true"})
        self.assertEqual(self.query(address, "k6_http_reqs_total"), [])
        last = self.value(address, "last_over_time(k6_http_reqs_total[1m])")
        self.assertEqual(last, self.summary()["http_reqs"]["count"])

    def test_requests_carry_what_the_protocol_and_the_user_want(self):
        receiver = self.start(Receiver, 204)
        self.run_with("--out", f"experimental-prometheus-rw=http://{receiver.address}/push", "-d", "1s",
                      env={"K6_PROMETHEUS_RW_HTTP_HEADERS": "X-Scope-OrgID:team", "K6_PROMETHEUS_RW_USERNAME": "me",
                           "K6_PROMETHEUS_RW_PASSWORD": "secret"})
        path, headers, body = receiver.received[-1]
        self.assertEqual(path, "/push")
        self.assertEqual(headers["Content-Encoding"], "snappy")
        self.assertEqual(headers["Content-Type"], "application/x-protobuf")
        self.assertEqual(headers["X-Prometheus-Remote-Write-Version"], "0.1.0")
        self.assertEqual(headers["X-Scope-OrgID"], "team")
        self.assertEqual(headers["Authorization"], "Basic bWU6c2VjcmV0")
        self.assertGreater(len(body), 100)

    def test_failures_are_warnings_that_name_the_url(self):
        for refusing in ("it says no", "nobody is there"):
            with self.subTest(refusing):
                address = self.start(Receiver, 500).address if refusing == "it says no" else f"127.0.0.1:{free_port()}"
                before = self.target.requests()
                output = self.run_with("--out", f"prometheus=http://me:secret@{address}", "-d", "2s",
                                       env={"K6_PROMETHEUS_RW_PUSH_INTERVAL": "500ms"})
                self.assertIn(f"could not push to Prometheus at http://{address}/api/v1/write", output)
                self.assertRegex(output, rf"pushes to Prometheus at http://{address}\S+ failed")
                self.assertNotIn("secret", output)
                self.assertEqual(self.summary()["http_reqs"]["count"], self.target.requests() - before)

    def test_misuse(self):
        for variable, value, words in (
                ("SIGV4_REGION", "eu-west-1", "K6_PROMETHEUS_RW_SIGV4_REGION: is not available in kload"),
                ("TREND_STATS", "p95", 'K6_PROMETHEUS_RW_TREND_STATS: "p95" is none of'),
                ("PUSH_INTERVAL", "soon", "K6_PROMETHEUS_RW_PUSH_INTERVAL"),
                ("SERVER_URL", "localhost", "is no URL such as http://localhost:9090/api/v1/write")):
            with self.subTest(variable):
                self.assertIn(words, self.run_with("--out", "experimental-prometheus-rw", status=255,
                                                   env={f"K6_PROMETHEUS_RW_{variable}": value}))


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
