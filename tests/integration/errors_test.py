"""Misuse and mishaps, as a user meets them: what is said, where, with which exit code, and that no load was sent."""

import re
import signal
import sys
import time
import unittest

from harness import BIN, Cluster, Process, Target, TestCase, free_port

SMALL = "import http from 'k6/http';\nimport { sleep } from 'k6';\n"


class BeforeAnyLoad(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = Target()
        cls.addClassCleanup(cls.target.process.end)
        cls.cluster = Cluster(agents=1)
        cls.addClassCleanup(cls.cluster.end)

    def refuse(self, source, status, *patterns, flags=()):
        script = self.folder() / "broken.js"
        script.write_text(source)
        before = self.target.requests()
        run = self.cluster.kctl("start", script, "--agents", "1", "-e", f"API_BASE_URL={self.target.api}", *flags)
        self.assertEqual(run.wait(30), status, run.output)
        for pattern in patterns:
            self.assertRegex(run.output, pattern)
        self.assertEqual(self.target.requests(), before, "load was sent")

    def test_no_such_script(self):
        run = self.cluster.kctl("start", "no/such/script.js", "--agents", "1")
        self.assertEqual(run.wait(30), 255, run.output)
        self.assertRegex(run.output, r"no/such/script\.js")

    def test_no_such_scenario_lists_those_there_are(self):
        run = self.cluster.kctl("start", "bassline", "--agents", "1", cwd=self.folder())
        self.assertEqual(run.wait(30), 255, run.output)
        self.assertRegex(run.output, r"bassline")
        self.assertRegex(run.output, r"baseline")

    def test_scenario_of_the_library_is_found_by_name(self):
        run = self.cluster.kctl("start", "database", "--agents", "1", "-d", "1s", "-u", "1", "-e",
                                f"API_BASE_URL={self.target.api}", cwd=self.folder())
        self.assertEqual(run.wait(60), 0, run.output)

    def test_syntax_error(self):
        self.refuse("import http from 'k6/http';\n\nexport default function () {\n  const = 3;\n}\n", 107, r"broken\.js:4")

    def test_missing_import(self):
        self.refuse("import { x } from './nowhere.js';\nexport default function () {}\n", 107, r"nowhere\.js", r"broken\.js")

    def test_exception_in_init_code(self):
        self.refuse("const config = undefined;\nconst url = config.url;\nexport default function () {}\n", 107,
                    r"broken\.js:2")

    def test_unknown_executor(self):
        self.refuse("export const options = { scenarios: { s: { executor: 'ramping-users' } } };\n"
                    "export default function () {}\n", 104, r"options\.scenarios\.s\.executor", r"ramping-users", r"ramping-vus")

    def test_bad_duration(self):
        self.refuse("export const options = { stages: [{ duration: '1m', target: 1 }, { duration: 'ten', target: 1 }] };\n"
                    "export default function () {}\n", 104, r"options\.stages\[1\]\.duration", r"ten")

    def test_bad_target(self):
        self.refuse("export const options = { stages: [{ duration: '1m', target: 'many' }] };\n"
                    "export default function () {}\n", 104, r"options\.stages\[0\]\.target")

    def test_malformed_threshold(self):
        self.refuse("export const options = { thresholds: { http_req_duration: ['p(95)<<200'] } };\n"
                    "export default function () {}\n", 104, r"p\(95\)<<200", r"http_req_duration")

    def test_threshold_on_unknown_metric(self):
        self.refuse("export const options = { thresholds: { http_req_durations: ['p(95)<200'] } };\n"
                    "export default function () {}\n", 104, r"http_req_durations")

    def test_missing_exec(self):
        self.refuse("export const options = { scenarios: { s: { executor: 'constant-vus', duration: '1s', exec: 'shop' } } };\n"
                    "export default function () {}\n", 104, r"shop")

    def test_unavailable_module_is_named(self):
        self.refuse("import { browser } from 'k6/browser';\nexport default function () {}\n", 107,
                    r"k6/browser is not available in kload")

    def test_fewer_agents_than_asked(self):
        script = self.folder() / "fine.js"
        script.write_text(SMALL + "export default function () { http.get(`${__ENV.API_BASE_URL}/health`); }\n")
        before = self.target.requests()
        run = self.cluster.kctl("start", script, "--agents", "3", "--agents-timeout", "1s", "-e",
                                f"API_BASE_URL={self.target.api}")
        self.assertEqual(run.wait(30), 255, run.output)
        self.assertRegex(run.output, r"1 of 3")
        self.assertEqual(self.target.requests(), before)


class WithoutParts(TestCase):
    def test_no_agents(self):
        cluster = self.start(Cluster, agents=0, folder=self.folder())
        script = self.folder() / "fine.js"
        script.write_text("export default function () {}\n")
        run = cluster.kctl("start", script, "--agents", "2", "--agents-timeout", "1s")
        self.assertEqual(run.wait(30), 255, run.output)
        self.assertRegex(run.output, r"(no agent|0 of 2)")

    def test_no_controller(self):
        port = free_port()
        run = self.start(Process, BIN / "kctl", "--controller", f"127.0.0.1:{port}", "get", "agents")
        self.assertEqual(run.wait(20), 255, run.output)
        self.assertRegex(run.output, rf"127\.0\.0\.1:{port}")

    def test_port_in_use(self):
        cluster = self.start(Cluster, agents=0, folder=self.folder())
        second = self.start(Process, BIN / "kload-controller", "--listen", cluster.address, "--http", f"127.0.0.1:{free_port()}")
        self.assertEqual(second.wait(20), 255, second.output)
        self.assertRegex(second.output, re.escape(cluster.address))
        third = self.start(Process, BIN / "kload-controller", "--listen", f"127.0.0.1:{free_port()}", "--http", cluster.http)
        self.assertEqual(third.wait(20), 255, third.output)
        self.assertRegex(third.output, re.escape(cluster.http))


class DuringTheRun(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = Target()
        cls.addClassCleanup(cls.target.process.end)
        cls.cluster = Cluster(agents=2)
        cls.addClassCleanup(cls.cluster.end)

    def begin(self, source, *flags):
        script = self.folder() / "run.js"
        script.write_text(SMALL + source)
        return self.start(self.cluster.kctl, "start", script, "--agents", "2", "-e", f"API_BASE_URL={self.target.api}", *flags)

    def test_exception_in_an_iteration_is_logged_and_the_run_goes_on(self):
        run = self.begin("export const options = { vus: 2, duration: '2s' };\n"
                         "function explode() { throw new Error('on purpose'); }\n"
                         "export default function () { sleep(0.2); if (__ITER === 1) explode(); }\n")
        self.assertEqual(run.wait(60), 0, run.output)
        self.assertRegex(run.output, r"on purpose")
        self.assertRegex(run.output, r"explode.*run\.js:4")
        self.assertRegex(run.output, r"iterations\.+: (1[0-9]|20)\b")

    def test_setup_exception(self):
        run = self.begin("export function setup() { throw new Error('no login'); }\nexport default function () { sleep(1); }\n")
        self.assertEqual(run.wait(60), 107, run.output)
        self.assertRegex(run.output, r"no login")

    def test_setup_timeout(self):
        run = self.begin("export const options = { setupTimeout: '500ms' };\n"
                         "export function setup() { sleep(30); }\nexport default function () {}\n")
        self.assertEqual(run.wait(60), 100, run.output)

    def test_abort_on_fail(self):
        began = time.monotonic()
        run = self.begin("export const options = { vus: 2, duration: '60s', thresholds: { http_req_failed: "
                         "[{ threshold: 'rate<0.5', abortOnFail: true }] } };\n"
                         "export default function () { http.get(`${__ENV.API_BASE_URL}/nowhere`); sleep(0.2); }\n")
        self.assertEqual(run.wait(60), 99, run.output)
        self.assertLess(time.monotonic() - began, 30)
        self.assertRegex(run.output, r"✗ 'rate<0.5'")

    def test_threshold_on_a_tag(self):
        run = self.begin("export const options = { vus: 1, duration: '1s', thresholds: {"
                         " 'http_reqs{name:a}': ['count>0'], 'http_reqs{name:b}': ['count<1'] } };\n"
                         "export default function () { for (const name of ['a', 'b'])"
                         " http.get(`${__ENV.API_BASE_URL}/health`, { tags: { name } }); sleep(0.2); }\n")
        self.assertEqual(run.wait(60), 99, run.output)
        self.assertRegex(run.output, r"✓ 'count>0'")
        self.assertRegex(run.output, r"✗ 'count<1'")

    def test_stop(self):
        run = self.begin("export const options = { vus: 2, duration: '60s' };\nexport default function () { sleep(0.1); }\n")
        run_id = self.running_id()
        stop = self.cluster.kctl("stop", run_id)
        self.assertEqual(stop.wait(20), 0, stop.output)
        self.assertEqual(run.wait(45), 103, run.output)
        self.assertRegex(run.output, r"iterations\.+:")

    def test_interrupt(self):
        run = self.begin("export const options = { vus: 2, duration: '60s' };\nexport default function () { sleep(0.1); }\n"
                         "export function teardown() { console.log('tore down'); }\n")
        self.running_id()
        run.signal(signal.SIGINT)
        self.assertEqual(run.wait(45), 105, run.output)
        self.assertRegex(run.output, r"tore down")
        self.assertRegex(run.output, r"iterations\.+:")

    def running_id(self):
        """The id of the run, once all agents have reported their first second of it."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            agents = self.cluster.json("get", "agents")
            if all(agent["vus_active"] > 0 for agent in agents):
                return agents[0]["run_id"]
            time.sleep(0.1)
        self.fail("no run is running")


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
