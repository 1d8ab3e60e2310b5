"""The alert rules: promtool fires each of them and shows what does not; every name in them is one that really exists."""

import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import yaml

from harness import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
GOLDEN = ROOT / "tests" / "golden" / "export" / "metrics.txt"
SOURCES = [ROOT / "tests" / "target" / "counters.cc", ROOT / "controller" / "export" / "cluster_families.cc"]
# What Prometheus adds by itself.
OWN = {"up"}


def rules():
    return [rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]]


def metric_names(expression):
    """Names of series in a PromQL expression: words that are no function, label, keyword or string."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|(?:by|on|without|ignoring)\s*\([^)]*\)', " ", expression)
    return {word for word in re.findall(r"[a-z_]\w*\b(?!\s*\()", bare) if word not in {"and", "or", "unless", "bool", "sum"}
            and not re.match(r"\d", word)}


class Alerts(unittest.TestCase):
    def promtool(self, *arguments):
        if not shutil.which("promtool"):
            self.skipTest("there is no promtool on this machine (Debian: apt-get install prometheus)")
        done = subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_promtool_accepts_the_rules(self):
        self.promtool("check", "rules", "--lint=all", "--lint-fatal", "alerts.yml")

    def test_promtool_fires_each_and_all_stay_silent_when_all_is_well(self):
        self.promtool("test", "rules", "alerts_test.yml")

    def test_each_rule_has_a_case_that_fires_it_and_one_that_does_not(self):
        fired, silent = set(), set()
        for test in yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]:
            for case in test.get("alert_rule_test", []):
                if case.get("exp_alerts"):
                    fired |= {(case["alertname"], each["exp_labels"].get("measured_by")) for each in case["exp_alerts"]}
                else:
                    silent.add(case["alertname"])
        wanted = {(rule["alert"], rule["labels"].get("measured_by")) for rule in rules()}
        self.assertEqual(fired, wanted)
        self.assertEqual(silent, {name for name, _ in wanted})

    def test_the_rules_of_the_guide_are_there(self):
        found = {(rule["alert"], rule["labels"].get("measured_by")): rule for rule in rules()}
        for measured_by in ("target", "load"):
            latency = found["HighAPILatency", measured_by]
            self.assertEqual((latency["for"], latency["labels"]["severity"]), ("5m", "warning"))
            self.assertRegex(latency["expr"], r"> 0\.2\b")
            errors = found["HighErrorRate", measured_by]
            self.assertEqual((errors["for"], errors["labels"]["severity"]), ("2m", "critical"))
            self.assertRegex(errors["expr"], r"> 0\.01\b")

    def test_every_name_is_on_a_real_page(self):
        pages = GOLDEN.read_text() + "".join(path.read_text() for path in SOURCES)
        for rule in rules():
            names = metric_names(rule["expr"])
            self.assertTrue(names, rule["expr"])
            for name in names - OWN:
                self.assertRegex(pages, rf"\b{name}\b", rule["expr"])

    def test_prometheus_loads_them(self):
        config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
        self.assertEqual(config["rule_files"], ["alerts.yml"])
        prometheus = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["prometheus"]
        mounted = dict(volume.split(":")[:2] for volume in prometheus["volumes"])
        folder = pathlib.PurePosixPath(mounted["./deploy/prometheus"])
        self.assertIn(f"--config.file={folder / 'prometheus.yml'}", prometheus["command"])
        jobs = {job["job_name"] for job in config["scrape_configs"]}
        for rule in rules():
            self.assertLessEqual(set(re.findall(r'job="(\w+)"', rule["expr"])), jobs, rule["expr"])


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
