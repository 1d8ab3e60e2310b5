"""Test data: create-users.js makes users through the API, lib/users.js gives each VU of a cluster one of its own.

The target's audit log has a line for each login: it is the truth about who was used.
"""

import collections
import json
import re
import sys
import unittest
import urllib.request

from harness import BIN, GUIDE_FOLDER, ROOT, SCENARIOS, Cluster, Process, Target, TestCase

CREATE = SCENARIOS / "create-users.js"
USERS = 24
ITERATIONS = 3

# Each VU looks at its own profile a few times, and says who it was.
SCRIPT = """
import http from 'k6/http';
import { check, sleep } from 'k6';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';
import { BASE_URL, signedIn } from '%(library)s/api.js';
import { ownSession, ownUser } from '%(library)s/users.js';

const used = new Counter('user_used');
export const options = {
  scenarios: { all: { executor: 'per-vu-iterations', vus: Number(__ENV.VUS), iterations: Number(__ENV.ITERATIONS) } },
  thresholds: { checks: ['rate==1'] },
};

export default function () {
  const profile = http.get(`${BASE_URL}/users/profile`, signedIn(ownSession()));
  check(profile, { 'is itself': (r) => r.json('email') === ownUser().email });
  used.add(1, { user: profile.json('email'), vu_id: String(exec.vu.idInTest) });
  sleep(0.1);
}
"""


class Users(TestCase):
    def setUp(self):
        self.target = self.start(Target)
        self.place = self.folder()
        self.script = self.place / "profiles.js"
        self.script.write_text(SCRIPT % {"library": SCENARIOS / "lib"})

    def api(self, path, token=None, **body):
        request = urllib.request.Request(self.target.api + path, data=json.dumps(body).encode() if body else None,
                                         headers={"Authorization": f"Bearer {token}"} if token else {})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def logins(self):
        """{e-mail: logins} of users that create-users.js made."""
        token = self.api("/auth/login", email="testuser@example.com", password="password123")["token"]
        lines = self.api("/audit/logs?limit=500", token)["items"]
        self.assertLess(lines[-1]["id"], 1001, "the log is longer than what was asked of it")
        return collections.Counter(line["actor"] for line in lines
                                   if line["action"] == "login" and line["actor"].startswith("load-user-"))

    def create(self, *flags, users=USERS):
        export = self.place / "created.json"
        run = self.start(Process, BIN / "kctl", "run", CREATE, "--quiet", "--summary-export", export, "-e", f"USERS={users}",
                         "-e", f"API_BASE_URL={self.target.api}", *flags)
        status = run.wait(60)
        metrics = json.loads(export.read_text())["metrics"] if export.exists() else {}
        return status, run.output, {name: metrics.get(f"users_{name}", {}).get("count", 0) for name in ("created", "existing")}

    def test_creates_users_once(self):
        status, output, users = self.create()
        self.assertEqual((status, users), (0, {"created": USERS, "existing": 0}), output)
        written = {labels: value for (name, labels), value in self.target.metrics().items()
                   if name == "http_requests_total" and "POST" in labels}
        self.assertEqual(sorted(written.values()), [1, USERS], f"one login and the users, nothing else: {written}")
        status, output, users = self.create(users=USERS + 6)
        self.assertEqual((status, users), (0, {"created": 6, "existing": USERS}), output)
        answer = self.api("/auth/login", email=f"load-user-{USERS + 6}@example.com", password="SecureLoadPassword123!")
        self.assertEqual(answer["user"], f"load-user-{USERS + 6}@example.com")

    def test_says_who_may_not_create(self):
        status, output, users = self.create("-e", "TEST_USER_EMAIL=load-test@kushim.io", "-e",
                                            "TEST_USER_PASSWORD=SecurePassword123", users=3)
        self.assertEqual((status, users), (99, {"created": 0, "existing": 0}), output)
        self.assertRegex(output, r"load-user-1@example\.com: 403 .*only an admin may make accounts")

    def test_refuses_what_is_no_number(self):
        status, output, _ = self.create(users="many")
        self.assertNotEqual(status, 0)
        self.assertIn('USERS="many" is not a number of users', output)

    def test_the_example_of_an_env_file_has_the_variables_of_the_guide(self):
        example = ROOT / ".env.load-test.example"
        have = dict(re.findall(r"^(\w+)=(.*)$", example.read_text(), re.M))
        self.assertEqual({name: have[name] for name in ("TARGET_P95_LATENCY", "TARGET_ERROR_RATE", "TARGET_CACHE_HIT_RATE")},
                         {"TARGET_P95_LATENCY": "200", "TARGET_ERROR_RATE": "0.01", "TARGET_CACHE_HIT_RATE": "0.70"})
        pages = [path.read_text() for path in GUIDE_FOLDER.iterdir()] if GUIDE_FOLDER.is_dir() else []
        for block in re.findall(r"Create `\.env\.load-test`.*?```bash\n(.*?)```", "".join(pages), re.S):
            self.assertLessEqual(dict(re.findall(r"^(\w+)=(.*)$", block, re.M)).items(), have.items())
        # Its account may make users.
        status, output, users = self.create("-e", f"TEST_USER_EMAIL={have['TEST_USER_EMAIL']}",
                                            "-e", f"TEST_USER_PASSWORD={have['TEST_USER_PASSWORD']}", users=have["USERS"])
        self.assertEqual((status, users), (0, {"created": 100, "existing": 0}), output)
        inspected = self.start(Process, BIN / "kctl", "inspect", SCENARIOS / "baseline.js", "--env-file", example)
        self.assertEqual(inspected.wait(20), 0, inspected.output)

    def run_on_two_agents(self, *flags, vus):
        cluster = self.start(Cluster, agents=2, folder=self.folder())
        samples = self.place / "samples.json"
        run = self.start(cluster.kctl, "start", self.script, "--agents", "2", "--quiet", "--out", f"json={samples}",
                         "-e", f"VUS={vus}", "-e", f"ITERATIONS={ITERATIONS}", "-e", f"USERS={USERS}",
                         "-e", f"API_BASE_URL={self.target.api}", *flags)
        status = run.wait(90)
        points = [json.loads(line) for line in samples.read_text().splitlines()] if samples.exists() else []
        used = collections.Counter((point["data"]["tags"]["vu_id"], point["data"]["tags"]["user"]) for point in points
                                   if point["type"] == "Point" and point["metric"] == "user_used")
        shares = [sum("user_used" == json.loads(line)["metric"] for line in log.read_text().splitlines())
                  for log in cluster.sample_logs if log.exists()]
        return status, run.output, used, shares

    def test_each_vu_of_two_agents_is_a_user_of_its_own(self):
        self.assertEqual(self.create()[0], 0)
        status, output, used, shares = self.run_on_two_agents(vus=USERS)
        self.assertEqual(status, 0, output)
        everybody = {f"load-user-{number}@example.com" for number in range(1, USERS + 1)}
        # What the target saw: nobody missing, nobody twice, so USERS VUs that sign in once are USERS users.
        self.assertEqual(self.logins(), {user: 1 for user in everybody})
        # And who they were, from the samples: VU k is user k in each of its iterations.
        self.assertEqual(used, {(str(number), f"load-user-{number}@example.com"): ITERATIONS for number in range(1, USERS + 1)})
        self.assertEqual(shares, [USERS // 2 * ITERATIONS] * 2, "both agents had a half")

    def test_more_vus_than_users_is_an_error(self):
        self.assertEqual(self.create()[0], 0)
        status, output, _, _ = self.run_on_two_agents(vus=USERS + 1)
        self.assertEqual(status, 108, output)
        self.assertIn(f"VU {USERS + 1} has no user of its own, USERS is {USERS}", output)

    def test_more_vus_than_users_share_them_when_asked(self):
        self.assertEqual(self.create()[0], 0)
        status, output, used, _ = self.run_on_two_agents("-e", "USERS_WRAP=true", vus=USERS + 4)
        self.assertEqual(status, 0, output)
        self.assertEqual(self.logins(), {f"load-user-{number}@example.com": 2 if number <= 4 else 1
                                         for number in range(1, USERS + 1)})
        self.assertEqual(len(used), USERS + 4)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
