"""The Grafana dashboards: files that Grafana imports, and every expression in them has data in a real Prometheus.

That Prometheus has scraped two real runs, of which the second one lost an agent, and the demo API with some errors.
Variables are filled in as Grafana fills them in.
"""

import json
import math
import pathlib
import re
import shutil
import signal
import sys
import time
import unittest

import yaml

from harness import ROOT, SCENARIOS, Cluster, Prometheus, Target, TestCase

GRAFANA = ROOT / "deploy" / "grafana"
DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((GRAFANA / "dashboards").glob("*.json"))}
RANGE_SECONDS = 600
# Grafana's own, where our expressions use them.
BUILT_IN = {"__range": f"{RANGE_SECONDS}s", "__rate_interval": "10s", "__interval": "1s"}
VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")


def variables(dashboard):
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def panels(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def graphs(dashboard):
    return [panel for panel in panels(dashboard) if panel["type"] != "row"]


class Files(unittest.TestCase):
    def each(self):
        for name, dashboard in DASHBOARDS.items():
            with self.subTest(dashboard=name):
                yield name, dashboard

    def test_all_four_are_there(self):
        self.assertEqual(set(DASHBOARDS), {"kload", "compare", "agents", "target"})

    def test_grafana_10_imports_them(self):
        for _, dashboard in self.each():
            self.assertGreaterEqual(dashboard["schemaVersion"], 38)
            self.assertRegex(dashboard["uid"], r"^[a-z0-9-]{1,40}$")
            self.assertTrue(dashboard["title"])
            self.assertTrue(dashboard["description"])
            self.assertNotIn("id", dashboard, "a database's number: an import would replace what has it")
            self.assertNotIn("__inputs", dashboard, "provisioning does not ask")
        for key in ("uid", "title"):
            values = [dashboard[key] for dashboard in DASHBOARDS.values()]
            self.assertEqual(len(values), len(set(values)), key)

    def test_panels_say_what_they_show(self):
        for _, dashboard in self.each():
            ids = [panel["id"] for panel in panels(dashboard)]
            self.assertEqual(len(ids), len(set(ids)))
            for panel in graphs(dashboard):
                with self.subTest(panel=panel["title"]):
                    self.assertTrue(panel["title"])
                    self.assertGreater(len(panel["description"]), 5)
                    self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                    self.assertTrue(panel["targets"])
                    refs = [target["refId"] for target in panel["targets"]]
                    self.assertEqual(len(refs), len(set(refs)))
                    for target in panel["targets"]:
                        self.assertTrue(target["legendFormat"])
            titles = [panel["title"] for panel in graphs(dashboard)]
            self.assertGreater(len(titles), 10)

    def test_panels_do_not_overlap(self):
        for _, dashboard in self.each():
            taken = {}
            for panel in panels(dashboard):
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
                self.assertGreater(place["h"] * place["w"], 0, panel["title"])
                for x in range(place["x"], place["x"] + place["w"]):
                    for y in range(place["y"], place["y"] + place["h"]):
                        self.assertNotIn((x, y), taken, f"{panel['title']} lies on {taken.get((x, y))}")
                        taken[x, y] = panel["title"]
            # And leave no gap: Grafana would move them up.
            bottom = max(y for _, y in taken) + 1
            rows = {y for _, y in taken}
            self.assertEqual(rows, set(range(bottom)))

    def test_the_data_source_is_a_variable(self):
        source = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text())["datasources"][0]
        for _, dashboard in self.each():
            chosen = variables(dashboard)["datasource"]
            self.assertEqual((chosen["type"], chosen["query"]), ("datasource", source["type"]))
            self.assertEqual(chosen["current"]["value"], source["uid"], "the provisioned one is chosen at first")
            wanted = {"type": source["type"], "uid": "${datasource}"}
            for panel in graphs(dashboard):
                for part in (panel, *panel["targets"]):
                    self.assertEqual(part["datasource"], wanted, panel["title"])
            for variable in variables(dashboard).values():
                if variable["type"] == "query":
                    self.assertEqual(variable["datasource"], wanted, variable["name"])

    def test_expressions_use_variables_that_exist(self):
        for _, dashboard in self.each():
            known = set(variables(dashboard)) | set(BUILT_IN)
            for panel in graphs(dashboard):
                for target in panel["targets"]:
                    for match in VARIABLE.finditer(target["expr"] + target["legendFormat"]):
                        self.assertIn(match.group(1) or match.group(2), known, panel["title"])
                    # A variable with several values is an alternative of a regular expression.
                    for name, variable in variables(dashboard).items():
                        if variable.get("multi") or variable.get("includeAll"):
                            self.assertNotRegex(target["expr"], rf'[^~]"\${name}"', panel["title"])

    def test_are_provisioned_where_compose_mounts_them(self):
        compose = (ROOT / "docker-compose.yml").read_text()
        provider = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "kload.yml").read_text())["providers"][0]
        folder = provider["options"]["path"]
        self.assertIn(f"./deploy/grafana/dashboards:{folder}:ro", compose)
        home = re.search(r"GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: (\S+)", compose).group(1)
        self.assertEqual(pathlib.PurePosixPath(home).parent, pathlib.PurePosixPath(folder))
        self.assertIn(pathlib.PurePosixPath(home).stem, DASHBOARDS)


@unittest.skipUnless(shutil.which("prometheus"), "there is no prometheus on this machine (Debian: apt-get install prometheus)")
class Expressions(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = Target("--latency", "lognormal:4ms,0.4", "--error-rate", "0.03")
        cls.addClassCleanup(cls.target.process.end)
        cls.cluster = Cluster(agents=3)
        cls.addClassCleanup(cls.cluster.end)
        cls.prometheus = Prometheus(cls.cluster, cls.target)
        cls.addClassCleanup(cls.prometheus.process.end)
        cls.runs = [cls.one_run("0.02"), cls.one_run("0.03", lose=cls.cluster.agents[2])]
        cls.eventually('sum(kload_agents{state="lost"}) == 1', "the lost agent")
        cls.eventually('ALERTS{alertname="LoadAgentLost",alertstate="firing"}', "the alert for the lost agent")
        cls.end = time.time()

    @classmethod
    def one_run(cls, time_scale, lose=None):
        """The run's id, when the Prometheus has its end. `lose`: an agent to kill in its midst."""
        export = cls.cluster.folder / "summary.json"
        run = cls.cluster.kctl("start", SCENARIOS / "baseline.js", "--agents", "3", "--time-scale", time_scale, "--quiet",
                               "--summary-export", export, "-e", f"API_BASE_URL={cls.target.api}")
        cls.addClassCleanup(run.end)
        if lose:
            cls.eventually('sum(kload_agents{state="busy"}) == 3 and on() sum(kload_agent_vus_scheduled) > 20', "a run at work")
            lose.signal(signal.SIGKILL)
        assert run.wait(90) in (0, 99), run.output
        summary = json.loads(export.read_text())
        run_id = summary["kload"]["run"]
        cls.eventually(f'sum(k6_http_reqs_total{{testid="{run_id}"}}) == {summary["metrics"]["http_reqs"]["count"]}',
                       f"the end of run {run_id}")
        cls.eventually(f'kload_run_state{{testid="{run_id}",state="finished"}} == 1', f"the end of run {run_id}")
        return run_id

    @classmethod
    def eventually(cls, expression, what, timeout=30):
        deadline = time.monotonic() + timeout
        while not cls.prometheus.query(expression):
            assert time.monotonic() < deadline, f"waited {timeout} s for {what}: {expression}"
            time.sleep(0.2)

    # What Grafana does with a variable: its values, and the one that is chosen.

    def values(self, variable, chosen):
        query = self.substituted(variable["query"]["query"], chosen)
        found = re.fullmatch(r"label_values\((\w+), (\w+)\)", query)
        if found:
            return self.prometheus.ask(f"label/{found.group(2)}/values", **{"match[]": found.group(1)})
        found = re.fullmatch(r"query_result\((.*)\)", query, re.S)
        self.assertTrue(found, f"no way to evaluate {query}")
        texts = []
        for row in self.prometheus.query(found.group(1), time=self.end):
            labels = ",".join(f'{name}="{value}"' for name, value in row["metric"].items())
            texts.append(f"{{{labels}}} {row['value'][1]} {row['value'][0] * 1000:.0f}")
        if variable["regex"]:
            matches = [re.search(variable["regex"].strip("/"), text) for text in texts]
            texts = [match.group(1) for match in matches if match]
        return texts

    def substituted(self, text, chosen):
        return VARIABLE.sub(lambda match: {**BUILT_IN, **chosen}[match.group(1) or match.group(2)], text)

    def chosen(self, dashboard):
        chosen = {}
        for name, variable in variables(dashboard).items():
            if variable["type"] == "datasource":
                continue
            values = self.values(variable, chosen)
            self.assertTrue(values, f"the variable {name} has no values")
            if variable.get("includeAll"):
                chosen[name] = variable["allValue"]
            elif name in ("run_a", "run_b"):
                chosen[name] = self.runs[name == "run_b"]
                self.assertIn(chosen[name], values)
            else:
                self.assertEqual(len(values), 1, name)
                chosen[name] = values[0]
        return chosen

    def series(self, target, chosen):
        """The numbers that a panel would draw."""
        expression = self.substituted(target["expr"], chosen)
        if target.get("instant"):
            rows = [[row["value"]] for row in self.prometheus.query(expression, time=self.end)]
        else:
            begin = self.end - RANGE_SECONDS
            answer = self.prometheus.ask("query_range", query=expression, start=begin, end=self.end, step=1)
            rows = [row["values"] for row in answer["result"]]
        return [[float(value) for _, value in row] for row in rows]

    def test_every_expression_has_data(self):
        asked = 0
        for name, dashboard in DASHBOARDS.items():
            chosen = self.chosen(dashboard)
            for panel in graphs(dashboard):
                for target in panel["targets"]:
                    with self.subTest(dashboard=name, panel=panel["title"], expression=target["expr"]):
                        numbers = [number for row in self.series(target, chosen) for number in row]
                        self.assertTrue(any(math.isfinite(number) for number in numbers), f"no data: {numbers[:10]}")
                        asked += 1
        self.assertGreater(asked, 90)

    def test_zeros_stand_for_what_may_be_missing_and_not_for_a_wrong_name(self):
        names = set(self.prometheus.ask("label/__name__/values"))
        # These two did not happen to our runs.
        self.assertIn('"dropped_iterations"', (ROOT / "controller" / "export" / "help_text.cc").read_text())
        names.add("k6_dropped_iterations_total")
        absent = ("k6_dropped_iterations_total", 'alertname=~"High')
        bare = 0
        for name, dashboard in DASHBOARDS.items():
            chosen = self.chosen(dashboard)
            for panel in graphs(dashboard):
                for target in panel["targets"]:
                    with self.subTest(dashboard=name, panel=panel["title"], expression=target["expr"]):
                        used = set(re.findall(r"\b(?:k6|kload|http|db)_\w+(?=[{\[\s)]|$)", target["expr"]))
                        self.assertLessEqual(used, names)
                        without = re.sub(r" or vector\(-?\d+\)", "", target["expr"])
                        if without != target["expr"] and not any(part in without for part in absent):
                            self.assertTrue(self.series({**target, "expr": without}, chosen), "no data without its zero")
                            bare += 1
        self.assertGreater(bare, 10)

    def panel(self, dashboard, title):
        return next(panel for panel in graphs(DASHBOARDS[dashboard]) if panel["title"] == title)

    def test_the_comparison_moves_a_to_the_start_of_b(self):
        chosen = self.chosen(DASHBOARDS["compare"])
        shift = int(chosen["shift"])
        starts = [float(self.prometheus.query(f'max(last_over_time(kload_run_start_time_seconds{{testid="{run}"}}[600s]))',
                                              time=self.end)[0]["value"][1]) for run in self.runs]
        self.assertLessEqual(abs(shift - (starts[1] - starts[0])), 0.5)
        # Both rise at about the same time; a run that has to wait for the machine begins its load a little after it was asked for.
        begins = []
        for target in self.panel("compare", "VUs")["targets"]:
            answer = self.prometheus.ask("query_range", query=self.substituted(target["expr"], chosen), step=1,
                                         start=self.end - RANGE_SECONDS, end=self.end)
            begins.append(next(at for at, value in answer["result"][0]["values"] if float(value) > 5))
        self.assertLess(abs(begins[0] - begins[1]), shift / 2, begins)
        swapped = {**chosen, "shift": str(-shift), "run_a": chosen["run_b"], "run_b": chosen["run_a"]}
        for target in self.panel("compare", "Requests per second")["targets"]:
            self.assertTrue(self.series(target, swapped), "A may be the later one")
        same = {**chosen, "run_b": chosen["run_a"]}
        (same["shift"],) = self.values(variables(DASHBOARDS["compare"])["shift"], same)
        self.assertTrue(self.series(self.panel("compare", "VUs")["targets"][0], same), "A may be B")

    def test_alerts_of_a_lost_agent_fire(self):
        for alert in ("LoadAgentLost", "LoadRunNotTrustworthy"):
            self.eventually(f'ALERTS{{alertname="{alert}",alertstate="firing"}}', alert)
        broken = [rule for group in self.prometheus.ask("rules")["groups"] for rule in group["rules"] if rule["health"] == "err"]
        self.assertEqual(broken, [])
        wanted = {rule["alert"] for group in yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())["groups"]
                  for rule in group["rules"]}
        self.assertEqual({rule["name"] for group in self.prometheus.ask("rules")["groups"] for rule in group["rules"]}, wanted)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
