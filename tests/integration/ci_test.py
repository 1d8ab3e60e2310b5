"""The steps of the CI workflow and of the GitHub action, run as the plain shell that they are.

Without a Docker engine `docker` is a stand-in, the only thing that is not real then: its `compose up` finds the cluster and the
demo API that the test has started as processes, its `compose run ... kctl` is kctl. CiWithDocker runs the same workflow where
there is an engine.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest
import xml.etree.ElementTree

import yaml

import compose_test
from github_job import Job
from harness import BIN, ROOT, Cluster, Target, TestCase, has_charts

WORKFLOW = ROOT / ".github" / "workflows" / "load-test.yml"
ACTION = ROOT / "deploy" / "github-action" / "action.yml"
CI = ROOT / "deploy" / "ci"
TIME_SCALE = "0.015"  # ten minutes in nine seconds
SECRETS = {"TEST_USER_EMAIL": "testuser@example.com", "TEST_USER_PASSWORD": "SecureTestPassword123!"}

# What the scripts of deploy/ci ask of docker. STAND_IN is a folder: calls are written there, `states` has what containers are.
STAND_IN = """#!/usr/bin/env bash
set -euo pipefail
echo "$*" >>"$STAND_IN/calls"
case "$1 ${2:-}" in
  "compose version") echo stand-in ;;
  "compose up") touch "$STAND_IN/up" ;;
  "compose ps") [[ ! -e $STAND_IN/up ]] || cut -d' ' -f1 "$STAND_IN/states" ;;
  "compose logs") echo "logs of a stand-in for docker: there is no engine on this machine" ;;
  "compose down") rm -f "$STAND_IN/up" ;;
  "compose run")
    while [[ $1 != kctl ]]; do shift; done
    shift
    arguments=("${@/#controller:7070/$STAND_IN_CONTROLLER}")
    exec "$STAND_IN_KCTL" "${arguments[@]/#API_BASE_URL=http:\\/\\/target:3001/API_BASE_URL=http://$STAND_IN_TARGET}" ;;
  "inspect -f") cat "$STAND_IN/states"; if [[ -e $STAND_IN/next ]]; then mv "$STAND_IN/next" "$STAND_IN/states"; fi ;;
  *) echo "the stand-in for docker does not know: $*" >&2; exit 64 ;;
esac
"""
HEALTHY = "controller healthy running\nagent healthy running\ntarget healthy running\ngrafana running running\n"


def load(path):
    document = yaml.safe_load(path.read_text())
    # YAML 1.1 reads the key `on` as true.
    return {("on" if key is True else key): value for key, value in document.items()}


class Place(TestCase):
    """A checkout with what the workflow needs of it."""

    def setUp(self):
        folder = self.folder()
        self.workspace = folder / "checkout"
        for name in ("deploy", "scripts/load-tests", ".github"):
            shutil.copytree(ROOT / name, self.workspace / name)
        self.stand_in = folder / "stand-in"
        self.stand_in.mkdir()
        docker = self.stand_in / "docker"
        docker.write_text(STAND_IN)
        docker.chmod(0o755)
        (self.stand_in / "calls").write_text("")
        (self.stand_in / "states").write_text(HEALTHY)
        self.env = {"STAND_IN": str(self.stand_in), "STAND_IN_KCTL": str(BIN / "kctl"),
                    "PATH": f"{self.stand_in}:{os.environ['PATH']}"}

    def calls(self):
        return (self.stand_in / "calls").read_text().splitlines()

    def makes_pages(self):
        """Whether the job's kctl does."""
        return has_charts()

    def check_results(self, folder, verdict, code):
        """What a job leaves behind, and that it agrees with itself."""
        names = {path.name for path in folder.iterdir()}
        self.assertLessEqual({"summary.json", "summary.md", "output.txt", "result.json", "junit.xml"}, names)
        self.assertEqual("report.html" in names, self.makes_pages())
        suites = xml.etree.ElementTree.parse(folder / "junit.xml").getroot()
        if verdict == "failed":
            self.assertTrue(any(int(suite.get("failures")) > 0 for suite in suites.iter("testsuite")))
        self.assertFalse([name for name in names if name.startswith("env.")], "the variables are not to be uploaded")
        summary = json.loads((folder / "summary.json").read_text())
        failed = [(name, expression) for name, metric in summary["metrics"].items()
                  for expression, broken in metric.get("thresholds", {}).items() if broken]
        self.assertEqual(bool(failed), code == 99)
        report = (folder / "summary.md").read_text()
        self.assertIn(f"Load test {'passed' if verdict == 'passed' else 'failed'}", report.splitlines()[0])
        self.assertIn(f"| exit code | {code} |", report)
        self.assertIn(f"| run | {summary['kload']['run']} |", report)
        self.assertIn(f"| http_reqs | {summary['metrics']['http_reqs']['count']:,}, ", report)
        self.assertEqual(report.count("| ❌ |"), len(failed), report)
        return summary, report


class Workflow(Place):
    def job(self, **inputs):
        self.target = self.start(Target)
        cluster = self.start(Cluster, agents=2, folder=self.folder())
        env = {**self.env, "STAND_IN_CONTROLLER": cluster.address, "STAND_IN_TARGET": self.target.address}
        return Job(self.workspace / WORKFLOW.relative_to(ROOT), self.workspace,
                   inputs={"time-scale": TIME_SCALE, **inputs}, secrets=SECRETS, env=env)

    def test_passes(self):
        # With less haste: the thresholds are the baseline's own.
        job = self.job(**{"time-scale": "0.03"})
        self.assertTrue(job.run(), job.log)
        outputs = job.outputs("load")
        self.assertEqual((outputs["verdict"], outputs["exit-code"]), ("passed", "0"), job.log)
        folder = job.artifacts / "load-test-results"
        summary, report = self.check_results(folder, "passed", 0)
        self.assertEqual(outputs["run"], summary["kload"]["run"])
        self.assertTrue((self.workspace / outputs["summary"]).exists())
        self.assertEqual(job.step_summary.read_text(), report)
        self.assertEqual(summary["metrics"]["http_reqs"]["count"], self.target.requests())
        self.assertTrue((folder / "services.log").exists())
        calls = self.calls()
        self.assertIn("compose up -d --build", calls)
        self.assertIn("compose down -v --remove-orphans", calls[-1])
        said = job.log + "\n".join(calls) + "".join(path.read_text() for path in folder.iterdir())
        self.assertNotIn(SECRETS["TEST_USER_PASSWORD"], said, "neither on a command line nor in a log")

    def test_a_failed_threshold_fails_the_job(self):
        job = self.job(thresholds="http_req_duration=p(95)<0.001")
        self.assertFalse(job.run(), job.log)
        self.assertEqual(job.codes["Verdict"], 99, job.log)
        outputs = job.outputs("load")
        self.assertEqual((outputs["verdict"], outputs["exit-code"]), ("failed", "99"), job.log)
        _, report = self.check_results(job.artifacts / "load-test-results", "failed", 99)
        self.assertRegex(report, r"\| ❌ \| http_req_duration \| p\(95\)&lt;0\.001 \| [\d.]+ ms \|")
        self.assertEqual(job.step_summary.read_text(), report)
        self.assertIn("compose down -v --remove-orphans", self.calls()[-1], "torn down all the same")

    def test_services_that_do_not_come_up_fail_the_job(self):
        (self.stand_in / "states").write_text("controller healthy running\nagent unhealthy exited\n")
        job = self.job()
        self.assertFalse(job.run())
        self.assertNotIn("Run baseline load test", job.ran)
        self.assertIn("agent has ended", job.log)
        self.assertIn("compose down -v --remove-orphans", self.calls()[-1])

    def test_is_what_the_guide_asks_for(self):
        workflow = load(WORKFLOW)
        self.assertEqual(workflow["on"]["push"]["branches"], ["main", "develop"])
        self.assertEqual(workflow["on"]["schedule"], [{"cron": "0 2 * * 0"}])
        steps = workflow["jobs"]["load-test"]["steps"]
        self.assertNotIn("sleep", WORKFLOW.read_text())
        self.assertEqual(steps[-1]["name"], "Tear down")
        for step in steps[-3:]:
            self.assertEqual(step["if"], "always()", step["name"])
        for step in steps:
            self.assertFalse("${{" in step.get("run", ""), "text of others does not belong into a script")


class Action(Place):
    SCRIPT = """
import http from 'k6/http';
import { check } from 'k6';
export const options = { vus: 2, iterations: 10, thresholds: { http_req_duration: ['p(95)<5000'], checks: ['rate>0.99'] } };
export default function () {
  const answer = http.get(`${__ENV.API_BASE_URL}/health`);
  check(answer, { 'is | up': (r) => r.status === 200, 'knows its words': () => __ENV.WORDS === 'it # is "so"' });
}
"""

    def run_action(self, script=SCRIPT, **inputs):
        """A workflow of one step that uses the action, without a cluster."""
        self.target = self.start(Target)
        (self.workspace / "mine.js").write_text(script)
        given = {"script": "mine.js", "target": self.target.api, "kctl": str(BIN / "kctl"), "env": "WORDS='it # is \"so\"'",
                 **inputs}
        workflow = self.workspace / "workflow.yml"
        workflow.write_text(yaml.safe_dump({"jobs": {"j": {"steps": [{"uses": "./deploy/github-action", "id": "load", "with": given},
                                                                     {"name": "Next", "run": "true"}]}}}))
        job = Job(workflow, self.workspace, env=self.env)
        return job.run(), job

    def test_passes(self):
        passed, job = self.run_action(agents="2", thresholds="http_req_failed=rate<0.01\nhttp_reqs=count==10\n", strict="true",
                                      results="out")
        self.assertTrue(passed, job.log)
        self.assertEqual(job.outputs("load")["verdict"], "passed")
        summary, report = self.check_results(self.workspace / "out", "passed", 0)
        self.assertEqual(summary["metrics"]["http_reqs"]["thresholds"], {"count==10": False})
        self.assertEqual(summary["metrics"]["checks"]["thresholds"], {"rate>0.99": False}, "the script's own hold as well")
        self.assertIn("| ✅ | http_reqs | count==10 | 10 |", report)
        self.assertEqual(self.target.requests(), 10)

    def test_a_secret_may_have_any_characters(self):
        secret = 'it\'s "50$" \\ # back\\n\nand a line'
        script = self.SCRIPT.replace("export default function () {", f"""export default function () {{
  check(__ENV.WORD, {{ 'is the secret': (word) => word === {json.dumps(secret)} }});""")
        self.assertNotEqual(script, self.SCRIPT)
        self.env["WORD"] = secret
        passed, job = self.run_action(script=script, variables="WORD NOT_SET")
        self.assertTrue(passed, job.log)
        self.assertEqual([], list(self.workspace.glob(".load-test-env*")))

    def test_a_failed_check_is_shown(self):
        passed, job = self.run_action(env="WORDS=others")
        self.assertFalse(passed, job.log)
        self.assertNotIn("Next", job.ran)
        _, report = self.check_results(self.workspace / "results", "failed", 99)
        self.assertIn("| knows its words | 0 | 10 |", report)
        self.assertIn("| ❌ | checks | rate>0.99 | 50.00% |", report)

    def test_the_job_may_go_on_and_judge_for_itself(self):
        passed, job = self.run_action(thresholds="http_reqs=count>10", fail="false")
        self.assertTrue(passed, job.log)
        self.assertIn("Next", job.ran)
        self.assertEqual((job.outputs("load")["verdict"], job.outputs("load")["exit-code"]), ("failed", "99"))

    def test_a_script_that_does_not_run_is_an_error(self):
        passed, job = self.run_action(script="export default function ( {}\n")
        self.assertFalse(passed, job.log)
        self.assertEqual((job.outputs("load")["verdict"], job.codes["Verdict"]), ("error", 107), job.log)
        report = job.step_summary.read_text()
        self.assertIn("❌ Load test failed: the script failed", report)
        self.assertIn("mine.js:2:1: SyntaxError", report)

    def test_no_script_at_all_is_an_error(self):
        passed, job = self.run_action(script="", **{"kctl": "no-such-kctl"})
        self.assertFalse(passed, job.log)
        self.assertEqual(job.outputs("load")["exit-code"], "127", job.log)

    def test_inputs_and_outputs_belong_together(self):
        action = load(ACTION)
        for kind in ("inputs", "outputs"):
            for name, declared in action[kind].items():
                self.assertTrue(declared["description"], name)
        used = set(re.findall(r"inputs\.([\w-]+)", ACTION.read_text()))
        self.assertEqual(used, set(action["inputs"]))
        script = (CI / "run-load-test.sh").read_text()
        written = set(re.findall(r'echo "([\w-]+)=', script))
        self.assertEqual(written, set(action["outputs"]))
        known = set(re.findall(r"LOAD_TEST_\w+", script))
        self.assertEqual(set(action["runs"]["steps"][0]["env"]), known)
        for step in load(WORKFLOW)["jobs"]["load-test"]["steps"]:
            if step.get("uses") == "./deploy/github-action":
                self.assertLessEqual(set(step["with"]), set(action["inputs"]))


class Scripts(Place):
    def wait_healthy(self, *arguments):
        return subprocess.run([CI / "wait-healthy.sh", *arguments], env={**os.environ, **self.env}, capture_output=True, text=True,
                              timeout=30)

    def test_waits_until_all_are_healthy(self):
        (self.stand_in / "up").touch()
        (self.stand_in / "states").write_text("controller healthy running\nagent starting running\n")
        (self.stand_in / "next").write_text("controller healthy running\nagent healthy running\n")
        done = self.wait_healthy("20")
        self.assertEqual((done.returncode, done.stdout), (0, "wait-healthy: 2 containers are up\n"), done.stderr)
        self.assertEqual(sum(call.startswith("inspect") for call in self.calls()), 2)

    def test_gives_up_and_says_on_whom(self):
        (self.stand_in / "up").touch()
        (self.stand_in / "states").write_text("controller healthy running\nagent starting running\n")
        done = self.wait_healthy("1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not healthy after 1 s: agent: starting", done.stderr)
        self.assertIn("logs of a stand-in", done.stderr)

    def test_no_container_is_not_healthy(self):
        done = self.wait_healthy("1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no container", done.stderr)

    def test_the_summary_is_markdown_whatever_a_script_calls_things(self):
        metrics = {"a|b": {"count": 3, "rate": 1.5, "thresholds": {"count>5": True, "rate<2": False}},
                   "iteration_duration": {"avg": 12345.6, "p(95)": 9.5, "thresholds": {"p(95)<10": False}},
                   "errors": {"value": 0.25, "passes": 1, "fails": 3, "thresholds": {"rate<0.01": True}}}
        group = {"checks": {"c": {"name": "<b> | c", "passes": 2, "fails": 1}}, "groups": {}}
        summary = self.workspace / "summary.json"

        def rendered(label, *arguments):
            findings = [] if label == "trustworthy" else [{"label": label, "reason": "agent 'a|1' was lost"}]
            summary.write_text(json.dumps({"metrics": metrics, "root_group": {"checks": {}, "groups": {"g": {"name": "g", **group}}},
                                           "kload": {"run": "r-1", "label": label, "findings": findings}}))
            return subprocess.run([CI / "summary.py", summary, *arguments], capture_output=True, text=True, check=True, timeout=30).stdout

        report = rendered("trustworthy", "--exit-code", "99")
        self.assertIn("## ❌ Load test failed: a threshold failed", report)
        # Those that failed come first.
        rows = [line for line in report.splitlines() if line.startswith(("| ✅", "| ❌"))]
        self.assertEqual(rows, ["| ❌ | a\\|b | count>5 | 3 |", "| ❌ | errors | rate&lt;0.01 | 25.00% |", "| ✅ | a\\|b | rate&lt;2 | 1.50 |",
                                "| ✅ | iteration_duration | p(95)&lt;10 | 9.50 ms |"])
        self.assertIn("avg=12.35 s", report)
        self.assertIn("| g › &lt;b> \\| c | 2 | 1 |", report)
        report = rendered("degraded", "--exit-code", "0")
        self.assertIn("## ⚠️ Load test passed: all thresholds hold, but the result is degraded", report)
        self.assertIn("- degraded: agent 'a\\|1' was lost", report)
        self.assertEqual(rendered("trustworthy", "--run-id"), "r-1\n")

    def test_shellcheck_finds_nothing(self):
        if not shutil.which("shellcheck"):
            self.skipTest("there is no shellcheck on this machine (Debian: apt-get install shellcheck)")
        done = subprocess.run(["shellcheck", *sorted(CI.glob("*.sh"))], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_shellcheck_finds_nothing_in_the_steps(self):
        if not shutil.which("shellcheck"):
            self.skipTest("there is no shellcheck on this machine (Debian: apt-get install shellcheck)")
        steps = load(WORKFLOW)["jobs"]["load-test"]["steps"] + load(ACTION)["runs"]["steps"]
        for step in steps:
            if "run" in step:
                done = subprocess.run(["shellcheck", "-s", "bash", "-"], input=step["run"], capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stdout)


@unittest.skipUnless(compose_test.WORKS, "there is no running Docker engine with docker-compose on this machine: the workflow's steps run "
                     "with a stand-in for docker only")
class CiWithDocker(Place):
    def setUp(self):
        super().setUp()
        compose_test.Compose.provide_prometheus()
        self.provide_grafana()

    def makes_pages(self):
        # Where the image was built no npm registry may have been in reach.
        said = subprocess.run(["docker", "run", "--rm", "kload", "kctl", "report", "none.json"], capture_output=True, text=True,
                              timeout=60).stderr
        return "built without ECharts" not in said

    def provide_grafana(self):
        """Its image comes from a registry only: a container that does nothing stands for it where there is none."""
        image = re.search(r"image: (grafana/grafana\S+)", (ROOT / "docker-compose.yml").read_text()).group(1)
        for look in (["image", "inspect", image], ["pull", "-q", image]):
            if subprocess.run(["docker", *look], capture_output=True, timeout=300).returncode == 0:
                return
        subprocess.run(["docker", "build", "-q", "-t", image, "-"], input="FROM debian:bookworm-slim\nCMD [\"sleep\", \"600\"]\n",
                       text=True, check=True, capture_output=True, timeout=300)
        self.addCleanup(subprocess.run, ["docker", "rmi", image], capture_output=True, timeout=60)

    def test_the_workflow_with_nothing_replaced(self):
        for name in ("docker-compose.yml", "docker", "CMakeLists.txt", "cmake", "proto", "common", "controller", "agent", "kctl",
                     "tests/CMakeLists.txt", "tests/target", "scripts/bootstrap", ".dockerignore"):
            source, copy = ROOT / name, self.workspace / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, copy) if source.is_dir() else shutil.copy2(source, copy)
        job = Job(self.workspace / WORKFLOW.relative_to(ROOT), self.workspace, inputs={"time-scale": TIME_SCALE}, secrets=SECRETS,
                  env={"COMPOSE_PROJECT_NAME": "kload-test-ci"})
        self.assertTrue(job.run(), job.log)
        self.check_results(job.artifacts / "load-test-results", "passed", 0)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
