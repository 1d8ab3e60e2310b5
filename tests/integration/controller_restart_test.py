"""A controller is killed in the middle of a run and started again: the agents go on, and no request is lost or counted twice."""

import json
import pathlib
import re
import signal
import unittest

from harness import BIN, Cluster, Process, Target, TestCase

SCRIPT = """
import http from 'k6/http';
export const options = {
  scenarios: {
    rate: { executor: 'constant-arrival-rate', rate: 60, duration: '9s', preAllocatedVUs: 12, exec: 'hit' },
    fixed: { executor: 'shared-iterations', vus: 3, iterations: 60, exec: 'slow' },
  },
  thresholds: { http_reqs: ['count>=600'], 'iterations{scenario:fixed}': ['count==60'] },
};
import { sleep } from 'k6';
export function setup() { return { greeting: 'hello' }; }
export function hit() { http.get(`${__ENV.API}/health`); }
export function slow() { http.get(`${__ENV.API}/health`); sleep(0.2); }
export function teardown(data) { console.log(`teardown says ${data.greeting}`); }
"""


class Restart(TestCase):
    def start_again(self, cluster):
        cluster.controller = self.start(Process, *cluster.controller.command)
        cluster.controller.wait_for(re.escape(cluster.address))

    def begin(self, cluster, target):
        folder = self.folder()
        script = folder / "script.js"
        script.write_text(SCRIPT)
        self.export = folder / "summary.json"
        run = cluster.kctl("start", script, "--agents", "3", "-e", f"API={target.api}", "--summary-export", self.export)
        self.addCleanup(run.end)
        return run

    def test_a_killed_controller_takes_its_run_up_again(self):
        target = self.start(Target)
        cluster = self.start(Cluster, agents=3)
        before = target.requests()
        run = self.begin(cluster, target)
        run.wait_for(r"running \(.*[1-9]\d{2} complete", timeout=30)
        cluster.controller.signal(signal.SIGKILL)
        cluster.controller.child.wait(10)
        self.start_again(cluster)
        self.assertEqual(run.wait(60), 0, run.output)
        self.assertRegex(run.output, r"the controller was away for .* and has taken the run up again")
        self.assertIn("teardown says hello", run.output)
        metrics = json.loads(self.export.read_text())["metrics"]
        self.assertEqual(metrics["http_reqs"]["count"], target.requests() - before, run.output)
        self.assertEqual(metrics["iterations{scenario:fixed}"]["count"], 60)
        runs = cluster.json("get", "runs")
        self.assertEqual([each["state"] for each in runs], ["finished"])
        history = cluster.json("get", "run", runs[0]["run_id"])
        self.assertEqual(sum(second["requests"] for second in history["series"]), metrics["http_reqs"]["count"])
        self.assertIn("controller", [note["kind"] for note in history["notes"]])
        self.assertEqual(history["summary"]["metrics"]["http_reqs"]["count"], metrics["http_reqs"]["count"])

    def test_agents_spools_stand_for_a_controller_that_is_gone_for_good(self):
        target = self.start(Target)
        spools = self.folder()
        cluster = self.start(Cluster, agents=3, agent_flags=("--spool", spools, "--orphan-timeout", "2s"))
        before = target.requests()
        run = self.begin(cluster, target)
        run.wait_for(r"running \(.*[1-9]\d{2} complete", timeout=30)
        cluster.controller.signal(signal.SIGKILL)
        run.end()
        for agent in cluster.agents:
            agent.wait_for("is stopped early: the controller was away", timeout=30)
            agent.end()
        recover = self.start(Process, BIN / "kctl", "recover", spools, "--summary-export", self.folder() / "r.json")
        self.assertIn(recover.wait(30), (0, 99), recover.output)
        self.assertIn("rebuilt from the spools of 3 of 3 agents", recover.output)
        metrics = json.loads((pathlib.Path(recover.command[-1])).read_text())["metrics"]
        # A request that was cut off when the load stopped reached the target, but is no sample.
        cut_off = metrics.get("http_reqs_interrupted", {}).get("count", 0)
        self.assertEqual(metrics["http_reqs"]["count"] + cut_off, target.requests() - before, recover.output)

    def test_a_finished_run_leaves_no_spool(self):
        target = self.start(Target)
        spools = self.folder()
        cluster = self.start(Cluster, agents=2, agent_flags=("--spool", spools))
        script = self.folder() / "short.js"
        script.write_text("import http from 'k6/http'; export const options = { iterations: 20 };"
                          "export default () => http.get(`${__ENV.API}/health`);")
        run = cluster.kctl("start", script, "--agents", "2", "-e", f"API={target.api}")
        self.addCleanup(run.end)
        self.assertEqual(run.wait(30), 0, run.output)
        self.wait_until(lambda: not list(spools.iterdir()), 10, "the spools to go")

    def test_a_second_controller_keeps_away_from_the_first_ones_store(self):
        cluster = self.start(Cluster, agents=1)
        second = self.start(Process, BIN / "kload-controller", "--listen", "127.0.0.1:0", "--http", "", "--data",
                            cluster.folder / "data")
        self.assertNotEqual(second.wait(20), 0)
        self.assertIn("another controller uses this folder", second.output)


if __name__ == "__main__":
    unittest.main()
