"""Agents are killed, told to end, and added while a run goes on: its load returns to the plan, and its result says what
is missing.

What the target counted is the truth.
"""

import json
import re
import signal
import threading
import time
import unittest

from harness import Cluster, Target, TestCase

RATE = 100  # iterations per second, one request each
VUS = 6  # that do a request and sleep in turn
SLEEP = 0.2

SCRIPT = """
import http from 'k6/http';
import { sleep } from 'k6';
const SECONDS = Number(__ENV.SECONDS);
export const options = { thresholds: { 'iterations{scenario:rate}': ['count>=0'],
                                       'dropped_iterations{scenario:rate}': ['count>=0'] }, scenarios: {
  rate: { executor: 'constant-arrival-rate', rate: %d, duration: `${SECONDS}s`, preAllocatedVUs: 30, maxVUs: 30,
          exec: 'hit', gracefulStop: '5s' },
  ramp: { executor: 'ramping-vus', startVUs: %d, stages: [{ duration: `${SECONDS}s`, target: %d }], exec: 'loop',
          gracefulStop: '5s' },
} };
export function hit() { http.get(`${__ENV.API}/health`); }
export function loop() { http.get(`${__ENV.API}/health`); sleep(%s); }
""" % (RATE, VUS, VUS, SLEEP)

ITERATIONS = """
import http from 'k6/http';
import { sleep } from 'k6';
export const options = { scenarios: { all: { executor: 'shared-iterations', vus: 12, iterations: 600 } } };
export default function () { http.get(`${__ENV.API}/health`); sleep(0.2); }
"""


class Meter:
    """The target's count of requests over time, taken by a thread."""

    def __init__(self, target):
        self._target = target
        self._points = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self):
        while not self._stop.wait(0.1):
            count = self._target.requests()
            self._points.append((time.monotonic(), count))

    def end(self):
        self._stop.set()
        self._thread.join(10)

    def rate(self, begin, end):
        """Requests per second between two moments, from the nearest counts."""
        def near(moment):
            return min(self._points, key=lambda point: abs(point[0] - moment))
        (t1, n1), (t2, n2) = near(begin), near(end)
        return (n2 - n1) / (t2 - t1)

    def now(self):
        return self._points[-1][0] if self._points else 0


class AgentLoss(TestCase):
    def begin(self, seconds, *flags, agents=3, running=3, source=SCRIPT):
        self.target = self.start(Target)
        self.cluster = self.start(Cluster, agents=agents)
        self.wait_until(lambda: len(self.cluster.json("get", "agents")) == agents, 20, "the agents")
        script = self.folder() / "load.js"
        script.write_text(source)
        self.export = script.with_name("summary.json")
        self.seconds = seconds
        self.run_ = self.cluster.kctl("start", script, "--agents", str(running), "-e", f"API={self.target.api}", "-e",
                                      f"SECONDS={seconds}", "--summary-export", self.export, *flags)
        self.addCleanup(self.run_.end)
        self.run_id = self.run_.wait_for(r"(\d{8}-\d{6}-\d+)").group(1)
        self.wait_until(lambda: self.target.requests() > 100, 30, "load")

    def metric(self, name, key="count"):
        return json.loads(self.export.read_text())["metrics"].get(name, {}).get(key, 0)

    def arrivals(self):
        """Those of the arrival rate that were begun or dropped, and reported."""
        return self.metric("iterations{scenario:rate}") + self.metric("dropped_iterations{scenario:rate}")

    def kctl(self, *arguments):
        process = self.cluster.kctl(*arguments)
        self.addCleanup(process.end)
        return process.wait(20), process.output

    def states(self):
        return {agent["name"]: agent["state"] for agent in self.cluster.json("get", "agents")}

    def test_the_load_of_a_killed_agent_goes_on_elsewhere(self):
        self.begin(24)
        meter = self.start(Meter, self.target)
        self.wait_until(lambda: meter.now() > 0, 10, "the meter")
        begun = meter.now()
        self.wait_until(lambda: meter.now() > begun + 3, 30, "three seconds of load")
        before = meter.rate(begun, begun + 3)
        killed = time.monotonic()
        self.cluster.agents[1].signal(signal.SIGKILL)
        self.run_.wait_for(r"agent 'a2' was lost at [\dm.]+s .*the others run its part \(12 of 36 VUs\) from", timeout=20)
        said = time.monotonic() - killed
        self.assertEqual(self.states()["a2"], "lost")
        self.wait_until(lambda: meter.now() > killed + 10, 30, "ten seconds after the loss")
        gap = meter.rate(killed + 1, killed + 3)
        after = meter.rate(killed + 5, killed + 10)
        self.assertEqual(self.run_.wait(60), 0, self.run_.output)
        seen = self.target.requests()
        reported = self.metric("http_reqs")
        print(f"\nrequests/s: {before:.0f} before, {gap:.0f} without the agent, {after:.0f} from 5 s on; said after "
              f"{said:.1f} s; target saw {seen}, reported {reported}: {seen - reported} unreported of the killed agent")
        # A share of its rate is gone until the others take over, not after.
        self.assertLess(gap, before * 0.85)
        self.assertGreater(after, before * 0.93)
        self.assertLess(after, before * 1.07)
        # Nothing is counted that did not happen; what is missing is what the agent did since its last delta.
        self.assertGreaterEqual(seen, reported)
        self.assertLess(seen - reported, (RATE + VUS / SLEEP) / 3 * 3)
        warning = re.search(r"! (agent 'a2' was lost at .*)", self.run_.output).group(1)
        missing = int(re.search(r"(\d+) iterations that were due", warning).group(1))
        self.assertIn("VU·s", warning)
        # The plan's arrivals: begun and reported, dropped, or said to be missing; no more than that.
        self.assertLessEqual(self.arrivals(), RATE * self.seconds)
        self.assertGreaterEqual(self.arrivals() + missing, RATE * self.seconds)
        self.assertRegex(self.run_.output, r"✗ a2 .*lost at [\dm.]+s, its part ran elsewhere from [\dm.]+s on")

    def test_a_fixed_number_of_iterations_is_reached_whoever_is_killed(self):
        self.begin(0, source=ITERATIONS)
        self.cluster.agents[0].signal(signal.SIGKILL)
        self.run_.wait_for(r"agent 'a1' was lost at [\dm.]+s .*run again", timeout=20)
        self.assertEqual(self.run_.wait(60), 0, self.run_.output)
        seen = self.target.requests()
        print(f"\n600 iterations planned, reported {self.metric('iterations')}; the target saw {seen}")
        self.assertEqual(self.metric("iterations"), 600)
        self.assertGreaterEqual(seen, 600)

    def test_a_run_may_be_told_to_end_when_an_agent_is_lost(self):
        self.begin(60, "--on-agent-loss", "abort")
        self.cluster.agents[2].signal(signal.SIGKILL)
        self.assertEqual(self.run_.wait(40), 97, self.run_.output)
        self.assertIn("agent 'a3' was lost, and the run was started with --on-agent-loss=abort", self.run_.output)

    def test_an_agent_that_is_told_to_end_hands_its_part_over(self):
        self.begin(15)
        self.cluster.agents[0].signal(signal.SIGTERM)
        self.run_.wait_for(r"agent 'a1' left at [\dm.]+s .*the others run its part", timeout=10)
        self.assertEqual(self.cluster.agents[0].wait(15), 0, self.cluster.agents[0].output)
        self.assertEqual(self.run_.wait(60), 0, self.run_.output)
        seen, reported = self.target.requests(), self.metric("http_reqs")
        interrupted = self.metric("http_reqs_interrupted")
        print(f"\ntarget saw {seen}, reported {reported}, interrupted {interrupted}")
        self.assertLessEqual(reported, seen)
        self.assertLessEqual(seen - reported, interrupted)

    def test_agents_join_and_leave_without_a_request_too_many_or_unreported(self):
        self.begin(20, running=2)
        code, text = self.kctl("scale", self.run_id, "--agents", "5")
        self.assertEqual(code, 255)
        self.assertIn("1 more could join it", text)
        self.assertEqual(self.kctl("scale", self.run_id, "--agents", "3")[0], 0)
        self.run_.wait_for(r"agent 'a3' runs 12 of 36 VUs from", timeout=20)
        self.wait_until(lambda: all(agent["vus_active"] > 0 for agent in self.cluster.json("get", "agents")), 15,
                        "load on the agent that joined")
        self.assertEqual(self.kctl("scale", self.run_id, "--agents", "1")[0], 0)
        self.run_.wait_for(r"agent 'a2' gives its part to the others at", timeout=10)
        code, text = self.kctl("scale", self.run_id, "--rate", "50", "--scenario", "ramp")
        self.assertEqual(code, 255)
        self.assertIn("ramping-vus", text)
        self.assertEqual(self.run_.wait(60), 0, self.run_.output)
        seen, reported = self.target.requests(), self.metric("http_reqs")
        planned = RATE * self.seconds
        print(f"\ntarget saw {seen}, reported {reported}; {planned} arrivals planned")
        self.assertEqual(reported, seen)
        # Every planned arrival was begun once or dropped, whoever had it.
        self.assertEqual(self.arrivals(), planned)

    def test_an_agent_that_was_stopped_hands_over_what_it_had_measured(self):
        self.begin(20)
        agent = self.cluster.agents[2]
        agent.signal(signal.SIGSTOP)
        self.run_.wait_for(r"agent 'a3' was lost at [\dm.]+s .*the others run its part", timeout=20)
        agent.signal(signal.SIGCONT)
        self.run_.wait_for(r"agent 'a3' is back at", timeout=20)
        self.run_.wait_for(r"agent 'a3' was lost until it came back late", timeout=20)
        self.wait_until(lambda: self.states()["a3"] == "idle", 10, "the agent to be free")
        self.assertEqual(self.run_.wait(60), 0, self.run_.output)
        seen, reported = self.target.requests(), self.metric("http_reqs")
        interrupted = self.metric("http_reqs_interrupted")
        print(f"\ntarget saw {seen}, reported {reported}, interrupted {interrupted}")
        self.assertLessEqual(reported, seen)
        self.assertLessEqual(seen - reported, interrupted)


if __name__ == "__main__":
    unittest.main()
