"""`kctl run`: controller and agents in one process, the same results as a cluster."""

import json
import sys
import unittest

from harness import BIN, SCENARIOS, Process, Target, TestCase


class RunEmbedded(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = Target()
        cls.addClassCleanup(cls.target.process.end)

    def run_script(self, script, *flags, status=0):
        run = self.start(Process, BIN / "kctl", "run", script, "-e", f"API_BASE_URL={self.target.api}", *flags)
        self.assertEqual(run.wait(90), status, run.output)
        return run.output

    def test_counts_what_the_target_counts(self):
        for agents in ("1", "2"):
            with self.subTest(agents=agents):
                export = self.folder() / "summary.json"
                before = self.target.requests()
                self.run_script(SCENARIOS / "baseline.js", "--agents", agents, "--time-scale", "0.01", "--quiet",
                                "--summary-export", export)
                metrics = json.loads(export.read_text())["metrics"]
                sent = metrics["http_reqs"]["count"] + metrics.get("http_reqs_interrupted", {}).get("count", 0)
                self.assertEqual(sent, self.target.requests() - before)

    def test_no_options_is_one_iteration(self):
        script = self.folder() / "once.js"
        script.write_text("import http from 'k6/http';\nexport default function () {"
                          " console.log('vu', __VU, 'iteration', __ITER); http.get(`${__ENV.API_BASE_URL}/health`); }\n")
        before = self.target.requests()
        output = self.run_script(script)
        self.assertEqual(self.target.requests() - before, 1)
        self.assertRegex(output, r"vu 1 iteration 0")

    def test_vus_are_numbered_over_all_agents(self):
        script = self.folder() / "vus.js"
        script.write_text("export default function () { console.log(`i am ${__VU}`); }\n")
        output = self.run_script(script, "--agents", "2", "-u", "5", "-i", "5")
        for vu in range(1, 6):
            self.assertRegex(output, rf"i am {vu}\b")

    def test_arrivals_are_the_plans_over_all_agents(self):
        script = self.folder() / "arrivals.js"
        script.write_text("import http from 'k6/http';\n"
                          "export const options = { scenarios: {\n"
                          "  steady: { executor: 'constant-arrival-rate', rate: 100, duration: '2s', preAllocatedVUs: 20 },\n"
                          "  ramp: { executor: 'ramping-arrival-rate', stages: [{ duration: '2s', target: 100 }],"
                          " preAllocatedVUs: 20 } } };\n"
                          "export default function () { http.get(`${__ENV.API_BASE_URL}/health`); }\n")
        for agents in ("1", "3"):
            with self.subTest(agents=agents):
                export = self.folder() / "summary.json"
                before = self.target.requests()
                self.run_script(script, "--agents", agents, "--summary-export", export)
                metrics = json.loads(export.read_text())["metrics"]
                # 100 a second for 2 s, and the area of a ramp from 0 to 100 a second in 2 s.
                self.assertEqual(metrics["iterations"]["count"], 200 + 100)
                self.assertNotIn("dropped_iterations", metrics)
                self.assertEqual(self.target.requests() - before, 300)
                self.assertGreaterEqual(metrics["http_req_duration_intended"]["max"], metrics["http_req_duration"]["min"])

    def test_the_script_says_which_statuses_it_expects(self):
        script = self.folder() / "expected.js"
        script.write_text("import http from 'k6/http';\n"
                          "export const options = { iterations: 4, thresholds: { http_req_failed: ['rate==0'] } };\n"
                          "http.setResponseCallback(http.expectedStatuses(404));\n"
                          "export default function () { http.get(`${__ENV.API_BASE_URL}/nowhere`);"
                          " http.get(`${__ENV.API_BASE_URL}/health`, { responseCallback: null }); }\n")
        export = self.folder() / "summary.json"
        self.run_script(script, "--summary-export", export)
        metrics = json.loads(export.read_text())["metrics"]
        self.assertEqual(metrics["http_reqs"]["count"], 8)
        self.assertEqual((metrics["http_req_failed"]["passes"], metrics["http_req_failed"]["fails"]), (0, 4))

    def test_a_shared_array_is_made_once_per_agent(self):
        folder = self.folder()
        (folder / "users.json").write_text(json.dumps([{"name": f"user{i}"} for i in range(100)]))
        script = folder / "shared.js"
        script.write_text("import { SharedArray } from 'k6/data';\n"
                          "import { b64encode } from 'k6/encoding';\n"
                          "const users = new SharedArray('users', () => {"
                          " console.log('made'); return JSON.parse(open('./users.json')); });\n"
                          "export const options = { vus: 6, iterations: 6 };\n"
                          "export default function () {"
                          " console.log(`i am ${users[__VU].name} of ${users.length}, ${b64encode(users[__VU].name)}`); }\n")
        output = self.run_script(script, "--agents", "2", "--threads", "2")
        self.assertEqual(output.count("made"), 2, output)
        for vu in range(1, 7):
            self.assertIn(f"i am user{vu} of 100", output)
        self.assertIn("dXNlcjE=", output)

    def test_setup_data_reaches_every_vu_and_teardown(self):
        script = self.folder() / "data.js"
        script.write_text("export const options = { vus: 3, duration: '1s' };\n"
                          "import { sleep } from 'k6';\n"
                          "export function setup() { console.log('set up'); return { word: 'salt' }; }\n"
                          "export default function (data) { if (data.word !== 'salt') console.log('LOST'); sleep(0.3); }\n"
                          "export function teardown(data) { console.log('tear down ' + data.word); }\n")
        output = self.run_script(script, "--agents", "2")
        self.assertEqual(output.count("set up"), 1, output)
        self.assertEqual(output.count("tear down salt"), 1, output)
        self.assertNotIn("LOST", output)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
