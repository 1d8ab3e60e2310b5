"""kushim-target does what its README says: the other tests take its counters as the truth."""

import concurrent.futures
import gzip
import http.client
import json
import signal
import socket
import sys
import time
import unittest
import urllib.error
import urllib.request

from harness import BIN, Process, Target, TestCase


def fetch(url, headers=None, data=None):
    """(status, body, headers); an HTTP error status is a value, not an exception."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}, data=data), timeout=10) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def wait_until(condition, what, timeout=10):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s in vain for {what}")
        time.sleep(0.02)


def total(target, name="http_requests_total", **labels):
    """The sum of a counter over all series that carry `labels`."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    return int(sum(value for (sample, have), value in target.metrics().items()
                   if sample == name and all(pair in have for pair in wanted)))


def settle(target):
    """Waits until every request that arrived has its answer."""
    wait_until(lambda: total(target, "http_requests_in_flight") == 0, "the target to finish its requests")


class TargetTest(TestCase):
    def target(self, *flags):
        target = self.start(Target, *flags)
        self.token = None
        return target

    def login(self, target, **body):
        status, text, _ = fetch(f"{target.api}/auth/login", data=json.dumps(body).encode(),
                                headers={"Content-Type": "application/json"})
        return status, json.loads(text)

    def get(self, target, path, **headers):
        if self.token is None:
            self.token = self.login(target)[1]["token"]
        headers.setdefault("Authorization", f"Bearer {self.token}")
        status, text, _ = fetch(f"{target.api}{path}", headers=headers)
        return status, json.loads(text)

    def test_logs_in(self):
        target = self.target()
        email = "testuser@example.com"
        for password in ["password123", "SecureTestPassword123!"]:
            status, answer = self.login(target, email=email, password=password)
            self.assertEqual((200, email), (status, answer["user"]))
        self.assertEqual(401, self.login(target, email=email, password="wrong")[0])
        self.assertEqual(401, self.login(target, email="nobody@example.com", password="password123")[0])
        self.assertEqual(400, self.login(target, email=email)[0])
        self.assertEqual("demo@kushim.io", self.login(target)[1]["user"])
        self.assertEqual(400, fetch(f"{target.api}/auth/login", data=b"{")[0])

    def test_makes_accounts_for_an_admin(self):
        target = self.target()
        admin = self.login(target, email="testuser@example.com", password="password123")[1]["token"]
        viewer = self.login(target)[1]["token"]

        def create(token, **body):
            status, text, _ = fetch(f"{target.api}/users", data=json.dumps(body).encode(),
                                    headers={"Authorization": f"Bearer {token}"})
            return status, json.loads(text)

        ann = {"email": "ann@example.com", "password": "password of ann"}
        self.assertEqual(401, create("", **ann)[0])
        self.assertEqual(403, create(viewer, **ann)[0])
        self.assertEqual(401, self.login(target, **ann)[0])
        status, account = create(admin, **ann)
        self.assertEqual((201, "ann@example.com", "viewer"), (status, account["email"], account["role"]))
        self.assertEqual(409, create(admin, email=ann["email"], password="another password")[0])
        self.assertEqual(200, self.login(target, **ann)[0])
        self.assertEqual(401, self.login(target, email=ann["email"], password="another password")[0])
        token = self.login(target, **ann)[1]["token"]
        self.assertEqual(403, create(token, email="bob@example.com", password="password of bob")[0])
        profile = json.loads(fetch(f"{target.api}/users/profile", headers={"Authorization": f"Bearer {token}"})[1])
        self.assertEqual(account, profile)
        for wrong in [{"email": "ann"}, {"email": "@example.com"}, {"email": "a n@example.com"}, {"email": 1}, {},
                      {"email": "a" * 250 + "@b.de"}, {"email": "bob@example.com", "password": "short"},
                      {"email": "bob@example.com", "password": "x" * 1025}, {"email": "bob@example.com", "password": None}]:
            self.assertEqual(400, create(admin, **{"password": "password of bob", **wrong})[0], wrong)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda i: create(admin, email=f"u{i % 10}@example.com", password="password")[0], range(40)))
        self.assertEqual([201] * 10 + [409] * 30, sorted(answers))

    def test_anonymous_login_can_be_refused(self):
        self.assertEqual(400, self.login(self.target("--no-anonymous-login"))[0])

    def test_checks_the_token(self):
        target = self.target()
        token = self.login(target)[1]["token"]
        forged = token[:-1] + ("0" if token[-1] != "0" else "1")
        for value in ["", "Bearer", "Bearer undefined", f"Bearer {forged}", f"Basic {token}"]:
            status, _, _ = fetch(f"{target.api}/users/profile", headers={"Authorization": value})
            self.assertEqual(401, status, value)
        self.assertEqual(200, fetch(f"{target.api}/users/profile", headers={"Authorization": f"Bearer {token}"})[0])
        self.assertEqual(200, fetch(f"{target.api}/health")[0])

    def test_answers_every_endpoint_of_the_guide(self):
        target = self.target()
        controls = self.get(target, "/compliance/controls")[1]
        self.assertIsInstance(controls, list)
        self.assertEqual(40, len(controls))
        self.assertNotIn("checks", controls[0])
        self.assertEqual(3, len(self.get(target, "/compliance/controls?includeChecks=true")[1][0]["checks"]))
        self.assertEqual(40, self.get(target, "/compliance/stats")[1]["controls"])
        names = [item["name"] for item in self.get(target, "/integrations")[1]]
        for name in ["aws", "github", "okta", "jira"]:
            self.assertIn(name, names)
            for what in ["status", "health"]:
                status, body = self.get(target, f"/integrations/{name}/{what}")
                self.assertEqual((200, name), (status, body["name"]))
        self.assertEqual(404, self.get(target, "/integrations/none/status")[0])
        self.assertEqual(20, len(self.get(target, "/evidence")[1]["items"]))
        items = self.get(target, "/evidence?limit=50&includeMetadata=true")[1]["items"]
        self.assertEqual(50, len(items))
        self.assertIn("sha256", items[0]["metadata"])
        self.assertEqual(100, len(self.get(target, "/audit/logs?limit=100")[1]["items"]))
        self.assertEqual(400, self.get(target, "/evidence?limit=many")[0])
        self.assertEqual("demo@kushim.io", self.get(target, "/users/profile")[1]["email"])
        self.assertEqual(404, self.get(target, "/nowhere")[0])
        self.assertEqual(405, self.get(target, "/auth/login")[0])

    def test_counts_exactly_under_concurrency(self):
        target = self.target()
        token = self.login(target)[1]["token"]
        host = target.address

        def client(number):
            connection = http.client.HTTPConnection(host, timeout=30)
            for i in range(50):
                path = ["/api/evidence?limit=5", "/api/health", "/api/integrations/aws/status"][i % 3]
                connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
                response = connection.getresponse()
                response.read()
                if response.status != 200:
                    raise AssertionError(f"client {number}: {response.status}")
            connection.close()

        with concurrent.futures.ThreadPoolExecutor(20) as clients:
            list(clients.map(client, range(20)))
        settle(target)
        self.assertEqual(1001, total(target))
        self.assertEqual(340, total(target, route="/api/evidence", status="200"))
        self.assertEqual(1, total(target, method="POST", route="/api/auth/login"))
        values = target.metrics()
        self.assertGreater(values["http_request_duration_seconds", '{route="/api/evidence",quantile="0.95"}'], 0)
        self.assertEqual(340, values["http_request_duration_seconds_count", '{route="/api/evidence"}'])
        # 20 clients with 50 requests each over kept-alive connections, 1 login, and a connection per look.
        looks = values["http_request_duration_seconds_count", '{route="/api/metrics"}'] + 1
        self.assertEqual(21, values["http_connections_total", ""] - looks)

    def test_a_scrape_is_not_counted(self):
        target = self.target()
        before = total(target)
        total(target)
        self.assertEqual(before, total(target))

    def test_injects_errors_by_seed(self):
        counts = []
        for seed in ["7", "7", "8"]:
            target = self.target("--error-rate", "0.2", "--seed", seed)
            statuses = [fetch(f"{target.api}/health")[0] for _ in range(200)]
            counts.append([status == 500 for status in statuses])
            settle(target)
            self.assertEqual(sum(counts[-1]), total(target, status="500"))
            target.process.end()
        self.assertEqual(counts[0], counts[1])
        self.assertNotEqual(counts[0], counts[2])
        self.assertTrue(20 <= sum(counts[0]) <= 60, sum(counts[0]))

    def test_adds_latency(self):
        target = self.target("--latency", "100ms")
        began = time.monotonic()
        self.get(target, "/users/profile")  # and a login
        self.assertGreaterEqual(time.monotonic() - began, 0.2)

    def test_stalls_one_route(self):
        target = self.target("--stall", "at=0s,for=30s", "--stall-route", "/api/integrations")
        self.get(target, "/users/profile")
        with socket.create_connection(target.address.split(":"), timeout=0.5) as stalled:
            stalled.sendall(f"GET /api/integrations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode())
            self.assertRaises(TimeoutError, stalled.recv, 1)
        self.assertEqual(1, total(target, "http_requests_in_flight"))
        self.assertEqual(0, total(target, route="/api/integrations"))
        self.assertEqual(200, self.get(target, "/integrations/aws/status")[0])

    def test_a_stall_ends(self):
        target = self.target("--stall", "at=0s,for=1s")
        self.assertEqual(200, fetch(f"{target.api}/health")[0])

    def test_the_pool_runs_out(self):
        target = self.target("--pool", "1", "--query-time", "300ms", "--pool-timeout", "100ms")
        self.get(target, "/users/profile")
        with concurrent.futures.ThreadPoolExecutor(5) as clients:
            answers = list(clients.map(lambda _: self.get(target, "/users/profile"), range(5)))
        statuses = [status for status, _ in answers]
        self.assertEqual({200: 1, 503: 4}, {status: statuses.count(status) for status in set(statuses)})
        self.assertIn("Connection pool exhausted", [body.get("message") for _, body in answers])
        self.assertEqual(4, total(target, "db_pool_exhausted_total"))
        self.assertEqual(1, total(target, "db_pool_connections"))

    def test_keeps_answers_that_are_the_same_for_everybody(self):
        target = self.target("--cache", "1h")
        answers = [self.get(target, "/compliance/stats") for _ in range(3)]
        self.assertEqual(answers[0], answers[2])
        self.get(target, "/compliance/controls?includeChecks=true")
        self.get(target, "/users/profile")
        self.get(target, "/users/profile")
        self.assertEqual(2, total(target, "cache_hits_total"))
        self.assertEqual(2, total(target, "cache_misses_total"))
        self.assertEqual(5, total(target, "db_pool_jobs_total"), "the login, two of the cached routes, two profiles")

    def test_without_a_cache_every_answer_asks_the_database(self):
        target = self.target()
        for _ in range(3):
            self.get(target, "/compliance/stats")
        self.assertEqual(0, total(target, "cache_hits_total") + total(target, "cache_misses_total"))
        self.assertEqual(4, total(target, "db_pool_jobs_total"))

    def test_compresses_when_asked(self):
        target = self.target("--gzip")
        self.get(target, "/users/profile")
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Encoding": "gzip, deflate"}
        _, packed, answer = fetch(f"{target.api}/compliance/controls", headers=headers)
        self.assertEqual("gzip", answer["Content-Encoding"])
        self.assertEqual(40, len(json.loads(gzip.decompress(packed))))
        _, plain, answer = fetch(f"{target.api}/compliance/controls",
                                 headers={"Authorization": f"Bearer {self.token}"})
        self.assertIsNone(answer["Content-Encoding"])
        self.assertEqual(40, len(json.loads(plain)))

    def test_survives_bytes_that_are_not_http(self):
        target = self.target()
        host, port = target.address.split(":")
        with socket.create_connection((host, int(port)), timeout=10) as raw:
            raw.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
            self.assertEqual(b"", raw.recv(100))
        wait_until(lambda: total(target, "http_malformed_requests_total") == 1, "the malformed request")
        self.assertEqual(200, fetch(f"{target.api}/health")[0])

    def test_ends_cleanly(self):
        target = self.target("--latency", "5s")
        host, port = target.address.split(":")
        with socket.create_connection((host, int(port))) as waiting:
            waiting.sendall(b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n")
            target.process.signal(signal.SIGTERM)
            self.assertEqual(0, target.process.wait(5))

    def test_refuses_bad_flags(self):
        for flags, words in [(["--latency", "fast"], "--latency"), (["--latency", "lognormal:20ms"], "lognormal:20ms,0.5"),
                             (["--stall", "at=1s"], "for=DURATION"), (["--error-rate", "2"], "--error-rate"),
                             (["--pool", "0"], "--pool"), (["--bogus"], "--bogus")]:
            process = self.start(Process, BIN / "kushim-target", "--listen", "127.0.0.1:0", *flags)
            self.assertEqual(2, process.wait(10), flags)
            self.assertIn(words, process.output)

    def test_names_a_port_in_use(self):
        target = self.target()
        second = self.start(Process, BIN / "kushim-target", "--listen", target.address)
        self.assertEqual(1, second.wait(10))
        self.assertIn(target.address, second.output)
        self.assertIn("in use", second.output)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
