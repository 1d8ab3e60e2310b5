"""`kctl scale`: scenarios get another size on all agents while they run."""

import json
import re
import unittest

from harness import Cluster, TestCase

SCRIPT = """
import { sleep } from 'k6';
export const options = { scenarios: { peak: { executor: 'externally-controlled', vus: 1, maxVUs: 9, duration: '0' } } };
export default function () { sleep(0.1); }
"""

ARRIVALS = """
export const options = { scenarios: { orders: { executor: 'constant-arrival-rate', rate: 40, duration: '10s',
                                                preAllocatedVUs: 9, maxVUs: 9 } } };
export default function () {}
"""


class Scale(TestCase):
    def test_a_rate_changes_at_one_instant_on_all_agents(self):
        cluster = self.start(Cluster, agents=3)
        script = self.folder() / "arrivals.js"
        script.write_text(ARRIVALS)
        export = self.folder() / "summary.json"
        run = cluster.kctl("start", script, "--agents", "3", "--summary-export", export)
        self.addCleanup(run.end)
        run_id = run.wait_for(r"(\d{8}-\d{6}-\d+)").group(1)
        run.wait_for(r"[1-9]\d* complete", timeout=20)
        self.assertEqual(self.kctl(cluster, "scale", run_id, "--vus", "2"), 255, "not that executor")
        self.assertEqual(self.kctl(cluster, "scale", run_id, "--rate", "0"), 255)
        self.assertEqual(self.kctl(cluster, "scale", run_id, "--rate", "90"), 0)
        self.assertEqual(run.wait(), 0, run.output)
        minutes, at = re.search(r"at (?:(\d+)m)?([\d.]+)s scenario orders was scaled to a rate of 90", run.output).groups()
        self.assertIsNone(minutes)
        metrics = json.loads(export.read_text())["metrics"]
        arrivals = metrics["iterations"]["count"] + metrics.get("dropped_iterations", {}).get("count", 0)
        # To the one at the change: its instant is written in milliseconds.
        self.assertAlmostEqual(arrivals, 40 * float(at) + 90 * (10 - float(at)), delta=2)

    def test_an_agent_that_joins_after_a_change_of_rate_has_the_new_one(self):
        cluster = self.start(Cluster, agents=3)
        self.wait_until(lambda: len(cluster.json("get", "agents")) == 3, 20, "the agents")
        script = self.folder() / "arrivals.js"
        script.write_text(ARRIVALS.replace("10s", "20s"))
        export = self.folder() / "summary.json"
        run = cluster.kctl("start", script, "--agents", "2", "--summary-export", export)
        self.addCleanup(run.end)
        run_id = run.wait_for(r"(\d{8}-\d{6}-\d+)").group(1)
        run.wait_for(r"[1-9]\d* complete", timeout=20)
        self.assertEqual(self.kctl(cluster, "scale", run_id, "--rate", "90"), 0)
        self.assertEqual(self.kctl(cluster, "scale", run_id, "--agents", "3"), 0)
        run.wait_for(r"agent 'a\d' runs \d of 9 VUs from", timeout=20)
        self.assertEqual(run.wait(), 0, run.output)
        at = float(re.search(r"at ([\d.]+)s scenario orders was scaled to a rate of 90", run.output).group(1))
        metrics = json.loads(export.read_text())["metrics"]
        arrivals = metrics["iterations"]["count"] + metrics.get("dropped_iterations", {}).get("count", 0)
        self.assertAlmostEqual(arrivals, 40 * at + 90 * (20 - at), delta=2)

    def test_vus_follow_on_all_agents(self):
        cluster = self.start(Cluster, agents=3)
        script = self.folder() / "controlled.js"
        script.write_text(SCRIPT)
        export = self.folder() / "summary.json"
        run = cluster.kctl("start", script, "--agents", "3", "--summary-export", export)
        self.addCleanup(run.end)
        run_id = run.wait_for(r"(\d{8}-\d{6}-\d+)").group(1)
        run.wait_for(r"1/9 VUs|[1-9]\d* complete", timeout=20)

        def active():
            return sum(agent["vus_active"] for agent in cluster.json("get", "agents"))

        self.assertEqual(self.kctl(cluster, "scale", run_id, "--vus", "7"), 0)
        self.wait_until(lambda: active() == 7, 10, "7 VUs")
        self.assertEqual([agent["vus_active"] for agent in cluster.json("get", "agents")], [3, 2, 2])
        self.assertEqual(self.kctl(cluster, "scale", run_id, "--vus", "2"), 0)
        self.wait_until(lambda: active() == 2, 10, "2 VUs")
        self.assertEqual(self.kctl(cluster, "scale", run_id, "--vus", "10"), 255, "more than maxVUs")
        self.assertEqual(self.kctl(cluster, "scale", "nonsense", "--vus", "1"), 255)
        self.assertEqual(self.kctl(cluster, "stop", run_id), 0)
        self.assertEqual(run.wait(), 103, run.output)
        self.assertRegex(run.output, r"scenario peak was scaled to 7 VUs")
        vus = json.loads(export.read_text())["metrics"]["vus"]
        self.assertEqual(vus["max"], 7)
        self.assertEqual(self.kctl(cluster, "scale", run_id, "--vus", "1"), 255, "the run has ended")

    def kctl(self, cluster, *arguments):
        process = cluster.kctl(*arguments)
        self.addCleanup(process.end)
        return process.wait(20)


if __name__ == "__main__":
    unittest.main()
