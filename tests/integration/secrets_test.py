"""Secrets on real processes: scripts get them, requests carry them, and nothing that people read shows them."""

import pathlib
import sys
import unittest

from harness import BIN, Cluster, Process, Target, TestCase

SCRIPT = """import http from 'k6/http';
import secrets from 'k6/secrets';
import { check, sleep } from 'k6';

export const options = { vus: 1, iterations: 2, thresholds: { checks: ['rate==1'] } };

export async function setup() { return { length: (await secrets.get('token')).length }; }

export default async function (data) {
  const token = await secrets.get('token');
  const other = await secrets.source('other').get('token');
  console.log(`token ${token} and ${other}`, { token });
  check(null, { value: () => data.length === 14 && other === 'cornflower-x2' });
  http.get(`${__ENV.API_BASE_URL}/health?key=${token}`, { tags: { name: 'health' } });
  http.get(`http://127.0.0.1:1/${token}`);
  sleep(Number(__ENV.NAP || 0));
  if (__ITER === 1) throw new Error(`failed with ${token}`);
}
"""
TOKEN = "periwinkle-123"
OTHER = "cornflower-x2"


class Secrets(TestCase):
    def setUp(self):
        self.target = self.start(Target)
        self.place = self.folder()
        self.file = self.place / "vault.secret"
        self.file.write_text(f"token={TOKEN}\n")
        self.script = self.place / "secret.js"
        self.script.write_text(SCRIPT)
        self.flags = ("--secret-source", f"file=default,filename={self.file}",
                      "--secret-source", f"mock=name=other,token={OTHER}", "-e", f"API_BASE_URL={self.target.api}")

    def assert_hidden(self, text):
        self.assertNotIn(TOKEN, text)
        self.assertNotIn(OTHER, text)

    def test_on_a_cluster(self):
        cluster = self.start(Cluster, agents=2, folder=self.folder())
        export = self.place / "summary.json"
        run = self.start(cluster.kctl, "start", self.script, "--agents", "2", "--summary-export", export, *self.flags)
        self.assertEqual(run.wait(60), 0, run.output)
        self.assertRegex(run.output, r"token \*\*\*SECRET_REDACTED\*\*\* and \*\*\*SECRET_REDACTED\*\*\*")
        self.assertRegex(run.output, r"failed with \*\*\*SECRET_REDACTED\*\*\*")
        self.assert_hidden(run.output)
        self.assert_hidden(export.read_text())
        self.assertEqual(self.target.requests(), 2)
        cluster.end()
        for process in [cluster.controller, *cluster.agents]:
            self.assert_hidden(process.output)
        for path in (cluster.folder / "data").rglob("*"):
            if path.is_file():
                self.assertNotIn(TOKEN.encode(), path.read_bytes(), path)

    def test_the_list_of_processes_does_not_show_them(self):
        run = self.start(Process, BIN / "kctl", "run", self.script, *self.flags, "-e", "NAP=0.2")
        run.wait_for("SECRET_REDACTED")
        arguments = pathlib.Path(f"/proc/{run.child.pid}/cmdline").read_bytes().decode()
        self.assertIn("mock=", arguments)
        self.assert_hidden(arguments)
        self.assertEqual(run.wait(60), 0, run.output)

    def test_setup_that_fails_with_one(self):
        self.script.write_text("import secrets from 'k6/secrets';\nexport async function setup() {\n"
                               "  throw new Error(await secrets.get('token'));\n}\nexport default function () {}\n")
        run = self.start(Process, BIN / "kctl", "run", self.script, *self.flags)
        self.assertEqual(run.wait(60), 107, run.output)
        self.assertRegex(run.output, r"\*\*\*SECRET_REDACTED\*\*\*")
        self.assert_hidden(run.output)

    def test_mistakes(self):
        for flag, pattern in (("file=/no/such/file", r"cannot read /no/such/file"), ("url=https://x", r"not available in kload")):
            run = self.start(Process, BIN / "kctl", "run", self.script, "--secret-source", flag)
            self.assertEqual(run.wait(60), 255, run.output)
            self.assertRegex(run.output, pattern)


if __name__ == "__main__":
    sys.exit(unittest.main())
