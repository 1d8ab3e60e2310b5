#!/usr/bin/env python3
"""Runs every case of cases/ with `kctl run` against a local server and compares with what its head says.

Run one: conformance_test.py -k NAME. `conformance_test.py --table` writes docs/compatibility.md, which must be up to date.
"""

import json
import operator
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from echo_server import Server  # noqa: E402
from harness import BIN, ROOT, SANITIZER, Process, TestCase  # noqa: E402

TABLE = ROOT / "docs" / "compatibility.md"
OPERATORS = {"==": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
# ThreadSanitizer keeps a whole thread's state for each fiber: tens of thousands at once take it minutes.
TOO_MANY_FIBERS_FOR_IT = {"http_async_many.js"}


class Case:
    """What the comment lines at a case's head say: `// key: value`, each key as often as it likes."""

    def __init__(self, path):
        self.path = path
        self.head = {}
        for line in path.read_text().splitlines():
            match = re.match(r"// ([\w-]+): (.*)$", line)
            if not match:
                break
            self.head.setdefault(match.group(1), []).append(match.group(2).strip())

    def first(self, key, default):
        return self.head.get(key, [default])[0]

    @property
    def covers(self):
        return {row.strip() for line in self.head.get("covers", []) for row in line.split(",")}


def all_cases():
    return [Case(path) for path in sorted((HERE / "cases").iterdir()) if path.suffix in (".js", ".ts")]


def metric_value(metrics, name):
    """`http_reqs.count`; the metric may have tags with dots in them."""
    metric, _, key = name.rpartition(".")
    return metrics.get(metric, {}).get(key, 0)


class Conformance(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.echo = Server()
        cls.addClassCleanup(cls.echo.shutdown)
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
        certificate = (folder / "cert.pem", folder / "key.pem")
        cls.tls = Server(certificate=certificate)
        cls.mutual_tls = Server(certificate=certificate, client_ca=folder / "cert.pem")
        cls.addClassCleanup(cls.tls.shutdown)
        cls.addClassCleanup(cls.mutual_tls.shutdown)
        cls.environment = [f"ECHO={cls.echo.begin()}", f"TLS={cls.tls.begin()}", f"MTLS={cls.mutual_tls.begin()}",
                           f"CERT={certificate[0]}", f"KEY={certificate[1]}"]

    def run_case(self, case):
        if SANITIZER == "thread" and case.path.name in TOO_MANY_FIBERS_FOR_IT:
            self.skipTest("ThreadSanitizer cannot have so many fibers")
        export = self.folder() / "summary.json"
        flags = [word for line in case.head.get("flags", []) for word in line.split()]
        run = self.start(Process, BIN / "kctl", "run", case.path, *flags, "--quiet", "--summary-export", export,
                         *(part for entry in self.environment for part in ("-e", entry)), cwd=self.folder())
        status = run.wait(120)
        self.assertEqual(status, int(case.first("exit", "0")), run.output)
        for key in ("log", "stdout"):
            for pattern in case.head.get(key, []):
                self.assertRegex(run.output, pattern)
        for pattern in case.head.get("not", []):
            self.assertNotRegex(run.output, pattern)
        if status in (104, 107) or not export.exists():
            self.assertIn(status, (100, 104, 107, 108), run.output)
            return
        metrics = json.loads(export.read_text())["metrics"]
        for line in case.head.get("metric", []):
            name, sign, wanted = re.match(r"(.+) (==|<=|>=|<|>) (\S+)$", line).groups()
            value = metric_value(metrics, name)
            self.assertTrue(OPERATORS[sign](value, float(wanted)), f"{line}, but it is {value}\n{run.output}")
        self.check_checks(case, metrics, run.output)

    def check_checks(self, case, metrics, output):
        """All checks pass, unless the head says how many do not, or that there are none."""
        wanted = case.first("checks", "" if status_ends_early(case) else "all")
        if wanted in ("", "none"):
            return
        failed = int(wanted.split()[0]) if wanted.endswith("failed") else 0
        checks = metrics.get("checks", {"passes": 0, "fails": 0})
        self.assertEqual(checks["fails"], failed, output)
        if "check(" in case.path.read_text():
            self.assertGreater(checks["passes"], 0, output)

    def test_the_table_is_up_to_date(self):
        self.assertEqual(TABLE.read_text(), table(), "run tests/conformance/conformance_test.py --table")

    def test_cases_cover_rows_that_there_are(self):
        rows = {f"{module}/{name}" for module, names in load_rows().items() for name in names}
        rows |= {name for names in load_rows().values() for name in names if name.startswith("k6/")}
        for case in all_cases():
            unknown = [row for row in case.covers if row not in rows and row != "constants"]
            self.assertEqual(unknown, [], f"{case.path.name} covers what rows.json does not have")


def status_ends_early(case):
    return case.first("exit", "0") not in ("0", "99")


def add_case(case):
    name = "test_case_" + re.sub(r"\W", "_", case.path.stem)
    setattr(Conformance, name, lambda self: self.run_case(case))


def load_rows():
    return json.loads((HERE / "rows.json").read_text())


def table():
    """docs/compatibility.md: each row of rows.json with the cases that show it."""
    shown = {}
    for case in all_cases():
        for row in case.covers:
            shown.setdefault(row, []).append(case.path.name)
    lines = ["# Compatibility with k6", "",
             "What scripts may use, and the case that shows it working, each a script below",
             "[tests/conformance/cases](../tests/conformance/cases) that runs on real processes against a local server. Made by",
             "`tests/conformance/conformance_test.py --table`.", ""]
    covered = total = 0
    body = []
    for module, names in load_rows().items():
        body += ["", f"## {module}", "", "| | shown by |", "| --- | --- |"]
        for name in names:
            cases = sorted(shown.get(name if name.startswith("k6/") else f"{module}/{name}", []))
            total += 1
            covered += bool(cases)
            body.append(f"| {name} | {', '.join(cases) or '**not yet**'} |")
    lines.append(f"**{covered} of {total}** rows are shown by a case.")
    tail = (HERE / "not_available.md").read_text().rstrip("\n").split("\n")
    return "\n".join([*lines, *body, "", *tail]) + "\n"


for each in all_cases():
    add_case(each)

if __name__ == "__main__":
    if "--table" in sys.argv:
        TABLE.write_text(table())
    else:
        unittest.main()
