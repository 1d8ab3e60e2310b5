"""`kctl compare`: runs against targets whose difference is known."""

import json
import subprocess
import unittest
import xml.etree.ElementTree

from harness import BIN, Cluster, Target, TestCase

SCRIPT = """
import http from 'k6/http';
import { sleep } from 'k6';
export const options = { vus: 12, duration: '8s' };
export default function () {
  http.get(`${__ENV.API_BASE_URL}/health`);
  http.get(`${__ENV.API_BASE_URL}/auth/me`, { tags: { name: 'me' } });
  sleep(0.02);
}
"""


def compare(*arguments):
    return subprocess.run([BIN / "kctl", "compare", *arguments], capture_output=True, text=True, timeout=60)


class Compare(TestCase):
    def run_once(self, script, target, into, *flags):
        done = subprocess.run([BIN / "kctl", "run", script, "--quiet", "-e", f"API_BASE_URL={target.api}", "--export",
                               into, *flags], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return into

    def test_a_known_shift_is_found_and_none_is_not(self):
        fast = self.start(Target, "--latency", "lognormal:20ms,0.4", "--seed", "3")
        slow = self.start(Target, "--latency", "lognormal:28ms,0.4", "--seed", "4")
        folder = self.folder()
        script = folder / "load.js"
        script.write_text(SCRIPT)
        before = self.run_once(script, fast, folder / "before.json")
        again = self.run_once(script, fast, folder / "again.json")
        after = self.run_once(script, slow, folder / "after.json")

        # --force: a machine that was busy meanwhile may have degraded a run; what is asked here is the change.
        same = compare(before, again, "--force", "--min-change", "10")
        self.assertEqual(same.returncode, 0, same.stdout + same.stderr)
        worse = compare(before, after, "--force", "--format", "json")
        self.assertEqual(worse.returncode, 99, worse.stdout)
        report = json.loads(worse.stdout)
        self.assertEqual(report["verdict"], "worse")
        p50 = next(row for row in report["rows"] if row["requests"] == "all requests" and row["figure"] == "p50")
        # 20 ms to 28 ms, and what the way there takes.
        self.assertLess(p50["difference_low"], 8)
        self.assertGreater(p50["difference_high"], 8)
        self.assertGreater(p50["difference_low"], 0)
        self.assertEqual({"all requests", "GET me", "GET /api/health"}, {row["requests"] for row in report["rows"]})
        rate = next(row for row in report["rows"] if row["figure"] == "requests/s")
        self.assertEqual(rate["verdict"], "worse", "VUs that wait longer send less")
        better = compare(after, before, "--force")
        self.assertEqual(better.returncode, 0)
        self.assertIn("\nbetter: ", better.stdout)

    def test_formats_and_what_cannot_be_compared(self):
        target = self.start(Target, "--latency", "5ms")
        folder = self.folder()
        script = folder / "load.js"
        script.write_text(SCRIPT)
        one = self.run_once(script, target, folder / "one.json", "-d", "3s")
        other = self.run_once(script, target, folder / "other.json", "-d", "3s", "-u", "3")
        refused = compare(one, other)
        self.assertEqual(refused.returncode, 98, refused.stdout)
        self.assertIn("Not comparable: another load in scenario \"default\": 12 looping VUs", refused.stdout)
        suite = xml.etree.ElementTree.fromstring(compare(one, other, "--format", "junit").stdout).find("testsuite")
        self.assertEqual(suite.find("testcase/failure").get("message"), "the runs cannot be compared")
        markdown = compare(one, other, "--format", "markdown").stdout
        self.assertIn("| requests | figure |", markdown)
        self.assertIn("**Not comparable:**", markdown)
        self.assertEqual(compare(one).returncode, 255)
        self.assertIn("is not a result of kload", compare(one, self.written(folder / "x.json", "{}")).stderr)
        self.assertEqual(compare(one, folder / "missing.json").returncode, 255)

    def written(self, path, text):
        path.write_text(text)
        return path

    def test_a_baseline_is_kept_by_the_controller(self):
        target = self.start(Target, "--latency", "5ms")
        cluster = self.start(Cluster, agents=2, controller_flags=("--keep-runs", "1"))
        script = self.folder() / "load.js"
        script.write_text(SCRIPT)
        ids = []
        for _ in range(2):
            run = self.start(cluster.kctl, "start", script, "--agents", "2", "-d", "3s", "-e",
                             f"API_BASE_URL={target.api}")
            self.assertEqual(run.wait(), 0, run.output)
            newest = cluster.json("get", "runs")[0]["run_id"]
            ids.append(newest)
            if len(ids) == 1:
                self.assertEqual(self.start(cluster.kctl, "baseline", "set", "main", newest).wait(), 0)
        self.assertEqual(sorted(run["run_id"] for run in cluster.json("get", "runs")), sorted(ids),
                         "the baseline is not forgotten")
        listed = self.start(cluster.kctl, "baseline", "list")
        self.assertEqual(listed.wait(), 0)
        self.assertRegex(listed.output, rf"main\s+{ids[0]}")
        compared = self.start(cluster.kctl, "compare", "--baseline", "main", ids[1], "--force")
        compared.wait()
        self.assertIn(f"{ids[1]} ({script}) against {ids[0]}", compared.output)
        self.assertEqual(self.start(cluster.kctl, "compare", "@main", "@main").wait(), 0)
        self.assertEqual(self.start(cluster.kctl, "baseline", "remove", "main").wait(), 0)
        gone = self.start(cluster.kctl, "compare", "--baseline", "main", ids[1])
        self.assertEqual(gone.wait(), 255)
        self.assertIn("there is no baseline \"main\"", gone.output)
        bad = self.start(cluster.kctl, "baseline", "set", "../x", ids[1])
        self.assertEqual(bad.wait(), 255)
        self.assertIn("is no name of a baseline", bad.output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
