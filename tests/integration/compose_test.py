"""docker-compose up for real: images from the Dockerfile, health checks, kctl on the host against the cluster.

Grafana's image comes from a registry only, so that service is left out here; Prometheus is built from Debian's
package where its image is not to be had. Everything is removed again but the images.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

from harness import BIN, ROOT, Process, TestCase


def docker_works():
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "info"], capture_output=True, timeout=60).returncode == 0


def compose_command():
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        return ["docker", "compose"]
    return None


WORKS = docker_works() and compose_command()


@unittest.skipUnless(WORKS, "there is no running Docker engine with docker-compose on this machine")
class Compose(TestCase):
    SERVICES = ["controller", "agent", "target", "prometheus"]

    @classmethod
    def compose(cls, *arguments, timeout=2400):
        result = subprocess.run([*compose_command(), "-p", "kload-test", *arguments], cwd=ROOT, capture_output=True,
                                text=True, timeout=timeout, env={**os.environ, "COMPOSE_HTTP_TIMEOUT": "300"})
        assert result.returncode == 0, f"docker-compose {arguments}:\n{result.stdout[-4000:]}\n{result.stderr[-4000:]}"
        return result.stdout

    @classmethod
    def provide_prometheus(cls):
        image = re.search(r"image: (prom/prometheus\S+)", (ROOT / "docker-compose.yml").read_text()).group(1)
        have = subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode == 0
        if not have and subprocess.run(["docker", "pull", "-q", image], capture_output=True, timeout=300).returncode != 0:
            subprocess.run(["docker", "build", "-q", "-t", image, ROOT / "tests/integration/images/prometheus"], check=True,
                           capture_output=True, timeout=600)

    @classmethod
    def setUpClass(cls):
        cls.provide_prometheus()
        cls.compose("build")
        cls.addClassCleanup(cls.compose, "down", "-v", "--remove-orphans")
        cls.compose("up", "-d", *cls.SERVICES)
        cls.wait_until_healthy()
        cls.configure_kctl()

    @classmethod
    def configure_kctl(cls):
        """By the line that the controller has printed, for a user of its own."""
        home = tempfile.mkdtemp(prefix="kload-test-")
        os.environ["XDG_CONFIG_HOME"] = home
        cls.addClassCleanup(os.environ.pop, "XDG_CONFIG_HOME")
        line = re.search(r"for kctl on this host: (docker-compose .*)", cls.compose("logs", "controller")).group(1)
        line = line.replace("docker-compose", " ".join([*compose_command(), "-p", "kload-test"]), 1)
        line = line.replace("| kctl", f"| {BIN / 'kctl'}")
        subprocess.run(line, shell=True, cwd=ROOT, check=True, timeout=60)

    @classmethod
    def wait_until_healthy(cls):
        deadline = time.monotonic() + 120
        states = {}
        while time.monotonic() < deadline:
            ids = cls.compose("ps", "-q").split()
            states = {name: health for name, health in (
                line.split("|") for line in subprocess.run(
                    ["docker", "inspect", "-f", "{{.Name}}|{{.State.Health.Status}}", *ids], capture_output=True, text=True,
                    check=True).stdout.split())}
            if len(states) == 5 and set(states.values()) == {"healthy"}:
                return
            time.sleep(1)
        raise AssertionError(f"not healthy: {states}\n{cls.compose('logs', '--tail', '30')}")

    def test_a_run_from_the_host(self):
        export = self.folder() / "summary.json"
        run = self.start(Process, BIN / "kctl", "start", "stress", "--agents", "2", "--time-scale", "0.01", "--summary-export",
                         export, cwd=self.folder())
        self.assertIn(run.wait(90), (0, 99), run.output)
        requests = json.loads(export.read_text())["metrics"]["http_reqs"]["count"]
        self.assertGreater(requests, 100, run.output)
        self.assertRegex(run.output, r"✓ status is 200")
        self.prometheus_has("sum(k6_http_reqs_total)", requests)
        self.prometheus_has('sum(up{job="target"})', 1)

    def test_prometheus_has_the_alert_rules(self):
        with urllib.request.urlopen("http://127.0.0.1:9090/api/v1/rules", timeout=10) as answer:
            names = {rule["name"] for group in json.loads(answer.read())["data"]["groups"] for rule in group["rules"]}
        self.assertLessEqual({"HighAPILatency", "HighErrorRate", "LoadAgentLost", "LoadControllerDown"}, names)

    def prometheus_has(self, expression, expected):
        url = "http://127.0.0.1:9090/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        deadline = time.monotonic() + 20
        result = None
        while time.monotonic() < deadline:
            with urllib.request.urlopen(url, timeout=10) as answer:
                result = json.loads(answer.read())["data"]["result"]
            if result and float(result[0]["value"][1]) == expected:
                return
            time.sleep(0.5)
        self.fail(f"{expression}: {result} instead of {expected}")


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
