"""The guide's six scenarios, on a controller and three agents, against a target that counts for itself.

Each runs with its times scaled down, and then everything must agree:
what kload counted = what the target counted; VUs at sampled instants = the schedule; p95 and p99 = those of the raw
samples, within the histogram's bound; thresholds = what the data says; exit code = what the thresholds say.
"""

import json
import re
import sys
import time
import unittest

from harness import SANITIZER, SCENARIOS, Cluster, Target, TestCase, guide_scripts, quantile, ramping_steps, vus_at

SECOND = 10**9
MINUTE = 60 * SECOND
# name: (stages as (ns, target) or (vus, ns), factor of the run's times, thresholds)
STAGES = {
    "baseline": [(2 * MINUTE, 10), (5 * MINUTE, 50), (2 * MINUTE, 50), (1 * MINUTE, 0)],
    "stress": [(2 * MINUTE, 50), (3 * MINUTE, 100), (3 * MINUTE, 200), (3 * MINUTE, 300), (2 * MINUTE, 500),
               (2 * MINUTE, 0)],
    "spike": [(1 * MINUTE, 10), (30 * SECOND, 300), (3 * MINUTE, 300), (30 * SECOND, 10), (2 * MINUTE, 10)],
    "soak": [(5 * MINUTE, 50), (110 * MINUTE, 50), (5 * MINUTE, 0)],
    "integrations": [(2 * MINUTE, 10), (6 * MINUTE, 20), (2 * MINUTE, 0)],
}
SCALE = {"baseline": 0.015, "stress": 0.01, "spike": 0.02, "soak": 0.00125, "database": 0.03, "integrations": 0.015}
# A quantile lies within a bucket's half width, 2^(1/1024) - 1; a microsecond for the clocks.
RELATIVE_ERROR = 0.0007
CLOCK_MS = 0.001


def schedule(name, scale):
    """The planned VUs of the scenario, from the guide's figures alone."""
    if name == "database":
        return [(0, 100), (round(5 * MINUTE * scale), 0)]
    return ramping_steps(1, [(round(duration * scale), target) for duration, target in STAGES[name]])


class SixScenarios(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = Target("--latency", "lognormal:4ms,0.4")
        cls.addClassCleanup(cls.target.process.end)

    def poll_vus(self, cluster, run):
        """{run time in ns: {agent: scheduled VUs}} until the run ends."""
        seen = {}
        while run.child.poll() is None:
            for agent in cluster.json("get", "agents"):
                at = round(agent["vus_at_s"] * SECOND)
                if agent["state"] == "busy" and at > 0:
                    seen.setdefault(at, {})[agent["name"]] = (agent["vus_scheduled"], agent["vus_active"])
            time.sleep(0.2)
        return seen

    def check_vus(self, name, seen):
        steps = schedule(name, SCALE[name])
        complete = {at: agents for at, agents in seen.items() if len(agents) == 3}
        # With a sanitizer kctl asks less often, and agents answer later.
        self.assertGreaterEqual(len(complete), 1 if SANITIZER else 3, f"too few instants with all agents: {seen}")
        for at, agents in complete.items():
            scheduled = sum(pair[0] for pair in agents.values())
            active = sum(pair[1] for pair in agents.values())
            self.assertEqual(scheduled, vus_at(steps, at), f"planned VUs at {at / SECOND} s: {agents}")
            self.assertGreaterEqual(active, scheduled, f"running VUs at {at / SECOND} s: {agents}")

    def check_quantiles(self, metrics, samples):
        for metric in ("http_req_duration", "http_req_waiting", "iteration_duration"):
            values = sorted(sample["value"] for sample in samples[metric])
            row = metrics[metric]
            self.assertEqual(row["count"], len(values), metric)
            self.assertAlmostEqual(row["min"], values[0], places=6)
            self.assertAlmostEqual(row["max"], values[-1], places=6)
            self.assertAlmostEqual(row["avg"], sum(values) / len(values), places=6)
            for stat, p in (("med", 0.5), ("p(95)", 0.95), ("p(99)", 0.99)):
                exact = quantile(values, p)
                self.assertLessEqual(abs(row[stat] - exact), RELATIVE_ERROR * exact + CLOCK_MS,
                                     f"{metric} {stat}: {row[stat]} instead of {exact}")

    def check_thresholds(self, metrics, samples, status):
        """Judges the expressions again, from the raw samples alone."""
        failed_any = False
        for name, row in metrics.items():
            for expression, failed in row.get("thresholds", {}).items():
                values = sorted(sample["value"] for sample in samples.get(name, []))
                method, bound = re.fullmatch(r"(.+)<([\d.]+)", expression).groups()
                if method == "rate":
                    observed = sum(values) / len(values) if values else 0
                else:
                    observed = quantile(values, float(re.fullmatch(r"p\((.+)\)", method).group(1)) / 100)
                self.assertEqual(failed, not observed < float(bound), f"{name} {expression}: observed {observed}")
                failed_any |= failed
        self.assertEqual(status, 99 if failed_any else 0)

    def run_scenario(self, name, script):
        cluster = self.start(Cluster, agents=3, folder=self.folder())
        export = cluster.folder / "summary.json"
        before = self.target.requests()
        run = cluster.kctl("start", script, "--agents", "3", "--time-scale", str(SCALE[name]), "--summary-export", export,
                           "--summary-trend-stats", "avg,min,med,max,count,p(95),p(99)",
                           "-e", f"API_BASE_URL={self.target.api}")
        seen = self.poll_vus(cluster, run)
        status = run.wait(90)
        self.assertIn(status, (0, 99), run.output)
        metrics = json.loads(export.read_text())["metrics"]
        sent = metrics["http_reqs"]["count"] + metrics.get("http_reqs_interrupted", {}).get("count", 0)
        self.assertEqual(sent, self.target.requests() - before, run.output)
        self.assertGreater(metrics["iterations"]["count"], 10, run.output)
        cluster.end()
        samples = cluster.samples()
        self.check_vus(name, seen)
        self.check_quantiles(metrics, samples)
        self.check_thresholds(metrics, samples, status)


def add_cases(prefix, scripts):
    for name, prepare in scripts.items():
        def case(self, name=name, prepare=prepare):
            self.run_scenario(name, prepare(self))
        setattr(SixScenarios, f"test_{prefix}_{name}", case)


def from_guide(name, source):
    def prepare(test):
        path = test.folder() / name
        path.write_text(source)
        return path
    return prepare


GUIDE = guide_scripts()
add_cases("ours", {path.stem: (lambda test, path=path: path) for path in (SCENARIOS / f"{name}.js" for name in sorted(SCALE))})
add_cases("guide", {name.removesuffix(".js"): from_guide(name, source) for name, source in GUIDE.items()})


class Guide(unittest.TestCase):
    @unittest.skipUnless(GUIDE, "the load-testing guide is not beside this checkout: its scripts cannot be run verbatim")
    def test_has_six_scripts(self):
        self.assertEqual(sorted(GUIDE), sorted(f"{name}.js" for name in SCALE))


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
