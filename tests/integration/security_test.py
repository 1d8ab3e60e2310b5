"""No stranger takes part in a cluster: certificates, tokens, limits, where agents may send to. Real processes on loopback."""

import base64
import json
import os
import pathlib
import re
import ssl
import subprocess
import unittest
import urllib.error
import urllib.request

from harness import BIN, Process, Target, TestCase, free_port

SCRIPT = """
import http from 'k6/http';
export const options = { iterations: 5, vus: 1 };
export default function () { http.get(`${__ENV.API}/health`); }
"""


def run(*command, env=None):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **(env or {})})


class Security(TestCase):
    def setUp(self):
        super().setUp()
        self.home = self.folder()
        self.certs = self.home / "certs"
        self.made = run(BIN / "kctl", "certs", "init", self.certs)
        self.assertEqual(self.made.returncode, 0, self.made.stderr)
        self.script = self.home / "s.js"
        self.script.write_text(SCRIPT)

    def token(self, role):
        return (self.certs / f"{role}.token").read_text().strip()

    def controller(self, *flags, certs=True):
        self.address = f"127.0.0.1:{free_port()}"
        self.http = f"127.0.0.1:{free_port()}"
        if certs:
            flags = ("--certs", self.certs, *flags)
        process = self.start(Process, BIN / "kload-controller", "--listen", self.address, "--http", self.http, *flags)
        process.wait_for(re.escape(self.address))
        return process

    def agent(self, certs, *flags):
        return self.start(Process, BIN / "kload-agent", "--controller", self.address, "--name", "a1", "--threads", "1",
                          *(("--certs", certs) if certs else ()), *flags)

    def kctl(self, *arguments, **env):
        return run(BIN / "kctl", "--controller", self.address, *arguments, env={"HOME": str(self.home), **env})

    def test_a_cluster_with_certificates_runs_a_test(self):
        target = self.start(Target)
        controller = self.controller()
        agent = self.agent(self.certs)
        agent.wait_for("connected to the controller")
        env = {"KCTL_CERTS": str(self.certs), "KCTL_TOKEN": self.token("operator")}
        done = self.kctl("start", self.script, "--agents", "1", "-e", f"API={target.api}", **env)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(target.requests(), 5)
        # Nothing secret in what anybody says, nor in the arguments of a process.
        lists = "".join(pathlib.Path(f"/proc/{each.child.pid}/cmdline").read_bytes().decode(errors="replace")
                        for each in (controller, agent))
        for secret in (self.token("operator"), self.token("viewer")):
            for text in (controller.output, agent.output, done.stdout, done.stderr, self.made.stdout, lists):
                self.assertNotIn(secret, text)

    def test_agents_without_a_certificate_of_the_cluster_stay_outside(self):
        controller = self.controller()
        plain = self.agent(None)
        plain.wait_for("cannot reach a controller")
        other = self.home / "other"
        run(BIN / "kctl", "certs", "init", other)
        stranger = self.agent(other)
        stranger.wait_for("cannot reach a controller")
        # The operator's certificate is good, but not for an agent.
        disguised = self.home / "disguised"
        disguised.mkdir()
        for source, name in (("ca.pem", "ca.pem"), ("operator.pem", "agent.pem"), ("operator.key", "agent.key")):
            (disguised / name).write_bytes((self.certs / source).read_bytes())
        liar = self.agent(disguised)
        liar.wait_for("is not an agent's")
        controller.wait_for("was refused: the certificate of .*kload-operator.* is not an agent's")
        # One that trusts the controller, but has nothing to show: its certificate is another authority's.
        mixed = self.home / "mixed"
        mixed.mkdir()
        (mixed / "ca.pem").write_bytes((self.certs / "ca.pem").read_bytes())
        for name in ("agent.pem", "agent.key"):
            (mixed / name).write_bytes((other / name).read_bytes())
        refused = self.agent(mixed)
        self.assertEqual(refused.wait(20), 255)
        self.assertIn("was not signed by the authority of ca.pem", refused.output)
        agents = self.kctl("get", "agents", "-o", "json", KCTL_CERTS=str(self.certs))
        self.assertEqual(json.loads(agents.stdout), [], agents.stderr)

    def test_an_expired_certificate_is_said_at_once(self):
        short = self.home / "short"
        made = run(BIN / "kctl", "certs", "init", short, "--days", "1")
        self.assertEqual(made.returncode, 0, made.stderr)
        asked = run("openssl", "req", "-new", "-key", short / "agent.key", "-subj", "/CN=kload-agent", "-out",
                    short / "agent.csr")
        self.assertEqual(asked.returncode, 0, asked.stderr)
        expired = run("openssl", "x509", "-req", "-in", short / "agent.csr", "-CA", short / "ca.pem", "-CAkey",
                      short / "ca.key", "-CAcreateserial", "-days", "-1", "-out", short / "old.pem")
        self.assertEqual(expired.returncode, 0, expired.stderr)
        (short / "old.pem").replace(short / "agent.pem")
        self.address = f"127.0.0.1:{free_port()}"
        agent = self.agent(short)
        self.assertEqual(agent.wait(20), 255)
        self.assertIn("it has expired", agent.output)

    def test_roles(self):
        self.controller()
        trust = {"KCTL_CERTS": str(self.home / "trust")}
        (self.home / "trust").mkdir()
        (self.home / "trust" / "ca.pem").write_bytes((self.certs / "ca.pem").read_bytes())
        nobody = self.kctl("get", "runs", **trust)
        self.assertEqual(nobody.returncode, 255)
        self.assertIn("KCTL_TOKEN", nobody.stderr)
        wrong = self.kctl("get", "runs", KCTL_TOKEN="kload_" + "0" * 64, **trust)
        self.assertIn("nobody's", wrong.stderr)
        viewer = self.token("viewer")
        self.assertEqual(self.kctl("get", "runs", KCTL_TOKEN=viewer, **trust).returncode, 0)
        for verb in (("start", self.script), ("stop", "x"), ("scale", "x", "--agents", "2")):
            refused = self.kctl(*verb, KCTL_TOKEN=viewer, **trust)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("this token is a viewer's; only an operator may do that", refused.stderr, verb)
        stop = self.kctl("stop", "x", KCTL_TOKEN_FILE=str(self.certs / "operator.token"), **trust)
        self.assertIn('there is no run "x"', stop.stderr)
        watch = self.kctl("watch", "x", **trust)
        self.assertIn("KCTL_TOKEN", watch.stderr)
        # The operator's certificate stands for a token.
        self.assertEqual(self.kctl("get", "runs", KCTL_CERTS=str(self.certs)).returncode, 0)

    def test_a_token_of_the_command_and_an_imported_config(self):
        made = run(BIN / "kctl", "token", "create", "--role", "operator", "--name", "ci", "--file",
                   self.certs / "tokens")
        self.assertRegex(made.stdout, r"^kload_[0-9a-f]{64}\n$")
        self.controller()
        config = json.loads((self.certs / "kctl.json").read_text())
        config["controller"] = self.address
        config["token"] = made.stdout.strip()
        (self.home / "mine.json").write_text(json.dumps(config))
        imported = run(BIN / "kctl", "config", "import", self.home / "mine.json", env={"HOME": str(self.home)})
        self.assertEqual(imported.returncode, 0, imported.stderr)
        kept = self.home / ".config" / "kload" / "kctl.json"
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        listed = run(BIN / "kctl", "get", "runs", env={"HOME": str(self.home)})
        self.assertEqual(listed.returncode, 0, listed.stderr)
        shown = run(BIN / "kctl", "config", "show", env={"HOME": str(self.home)})
        self.assertIn(self.address, shown.stdout)
        self.assertNotIn(made.stdout.strip(), shown.stdout)

    def test_metrics_want_a_token(self):
        self.controller()
        trust = ssl.create_default_context(cafile=self.certs / "ca.pem")

        def get(path, **headers):
            request = urllib.request.Request(f"https://{self.http}{path}", headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=10, context=trust) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                error.read()
                return error.code

        self.assertEqual(get("/metrics"), 401)
        self.assertEqual(get("/metrics", Authorization="Bearer nonsense"), 401)
        self.assertEqual(get("/metrics", Authorization=f"Bearer {self.token('viewer')}"), 200)
        basic = base64.b64encode(f"me:{self.token('viewer')}".encode()).decode()
        self.assertEqual(get("/metrics", Authorization=f"Basic {basic}"), 200)
        self.assertEqual(get("/metrics", Authorization="Basic ???"), 401)
        self.assertIn(get("/healthz"), (200, 503))
        with self.assertRaises(OSError):
            urllib.request.urlopen(f"http://{self.http}/metrics", timeout=10)

    def test_beyond_loopback_it_wants_certificates(self):
        for flags in (("--listen", "0.0.0.0:0", "--http", ""), ("--listen", "127.0.0.1:0", "--http", "0.0.0.0:0")):
            refused = run(BIN / "kload-controller", *flags)
            self.assertEqual(refused.returncode, 255)
            self.assertIn("kctl certs init", refused.stderr)
            self.assertIn("--insecure", refused.stderr)
            bold = self.start(Process, BIN / "kload-controller", *flags, "--insecure")
            bold.wait_for("listening on")
        wrong = run(BIN / "kload-controller", "--listen", "127.0.0.1:0", "--http", "", "--certs", self.home)
        self.assertEqual(wrong.returncode, 255)
        self.assertIn("ca.pem", wrong.stderr)

    def test_an_agent_sends_only_where_it_may(self):
        target = self.start(Target)
        self.controller(certs=False)
        agent = self.agent(None, "--allow", "10.1.0.0/16,api.example")
        agent.wait_for("connected to the controller")
        export = self.home / "summary.json"
        done = self.kctl("start", self.script, "--agents", "1", "-e", f"API={target.api}", "--summary-export", export)
        self.assertEqual(done.returncode, 0, done.stderr)
        metrics = json.loads(export.read_text())["metrics"]
        self.assertEqual(metrics["http_req_failed"]["value"], 1)
        self.assertEqual(target.requests(), 0)
        self.assertIn("this agent may not send to", done.stderr + done.stdout)
        agent.end()
        agent = self.agent(None, "--allow", "127.0.0.0/8")
        agent.wait_for("connected to the controller")
        done = self.kctl("start", self.script, "--agents", "1", "-e", f"API={target.api}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(target.requests(), 5)
        bad = self.agent(None, "--allow", "http://x")
        self.assertEqual(bad.wait(20), 255)
        self.assertIn("--allow", bad.output)

    def test_a_large_bundle_is_refused(self):
        self.controller("--max-bundle", "1", certs=False)
        (self.home / "big.txt").write_text("x" * 2_000_000)
        self.script.write_text("const big = open('./big.txt'); export default function () {}")
        refused = self.kctl("start", self.script, "--agents", "1")
        self.assertEqual(refused.returncode, 255)
        self.assertIn("--max-bundle", refused.stderr)

    def test_the_history_has_a_bound(self):
        target = self.start(Target)
        self.controller("--keep-runs", "2", certs=False)
        self.agent(None).wait_for("connected to the controller")
        for _ in range(4):
            done = self.kctl("start", self.script, "--agents", "1", "-e", f"API={target.api}")
            self.assertEqual(done.returncode, 0, done.stderr)
        runs = json.loads(self.kctl("get", "runs", "-o", "json").stdout)
        self.assertEqual([each["run_id"].split("-")[-1] for each in runs], ["4", "3"])


if __name__ == "__main__":
    unittest.main()
