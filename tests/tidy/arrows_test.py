#!/usr/bin/env python3
"""The layout is the data path: an #include may only point at a folder that comes before its own.

ALLOWED says, for each folder, which of ours it may include; PACKAGE_DOORS says which folders may include a
third-party header at all. A folder that is missing here fails the test, so that a new one is a decision.
"""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

COMMON = ["common/base", "common/net", "common/plan", "common/metric", "common/http", "common/summary", "common/js",
          "common/k6", "common/wire"]
ALLOWED = {
    "common/base": [],
    "common/net": ["common/base"],
    "common/security": ["common/base", "common/net"],
    "common/plan": ["common/base", "common/net"],
    "common/metric": ["common/base"],
    "common/http": ["common/base"],
    "common/summary": ["common/base", "common/metric"],
    "common/html": ["common/base"],
    "common/js": ["common/base"],
    "common/k6": ["common/base", "common/html", "common/js", "common/metric", "common/http"],
    "common/modules": ["common/base", "common/k6"],
    "common/wire": ["common/base", "common/net", "common/plan", "common/metric", "common/summary", "common/k6", "kload/v1"],
    "common/spool": ["common/base", "common/metric", "common/wire", "kload/v1"],
    "common/yaml": ["common/base"],
    "common/result": ["common/base", "common/metric", "common/plan", "common/summary", "common/wire", "kload/v1"],
    "common/analysis": ["common/base", "common/metric", "common/plan", "common/summary", "common/yaml", "common/result"],
    "agent/fiber": ["common/base"],
    "agent/http": ["common/base", "common/net", "common/http", "agent/fiber"],
    "agent/record": ["common/base", "common/metric", "common/http"],
    "agent/vu": COMMON[:-1] + ["agent/fiber", "agent/http", "agent/record"],
    "agent/worker": COMMON[:-1] + ["agent/fiber", "agent/http", "agent/record", "agent/vu"],
    "agent/link": COMMON + ["common/spool", "kload/v1", "agent/vu", "agent/worker"],
    "agent": COMMON + ["common/security", "kload/v1", "agent", "agent/link", "agent/worker", "agent/vu", "agent/record"],
    "controller/access": ["common/security"],
    "controller/script": COMMON[:-1],
    "controller/roster": ["common/base"],
    "controller/merge": ["common/base", "common/metric"],
    "controller/verdict": ["common/base", "common/plan", "common/metric", "common/summary", "controller/merge"],
    "controller/watch": ["common/base", "kload/v1"],
    "controller/run": COMMON + ["common/modules", "common/spool", "kload/v1", "controller/watch", "controller/script", "controller/roster", "controller/merge",
                                "controller/verdict"],
    "controller/export": ["common/base", "common/metric", "common/summary", "controller/merge", "kload/remote_write"],
    "controller/journal": ["common/base", "common/wire", "kload/v1", "controller/run"],
    "controller/store": ["common/base", "common/summary"],
    "controller/core": COMMON + ["kload/v1", "controller/roster", "controller/merge", "controller/run",
                                 "controller/export", "controller/journal", "controller/store", "controller/watch"],
    "controller/link": COMMON + ["kload/v1", "controller/roster", "controller/access", "controller/run", "controller/core"],
    "controller/api": COMMON + ["kload/v1", "controller/access", "controller/run", "controller/core"],
    "controller": COMMON + ["common/security", "kload/v1", "controller", "controller/access", "controller/script", "controller/roster", "controller/merge",
                            "controller/verdict", "controller/run", "controller/export", "controller/store",
                            "controller/core", "controller/link", "controller/api", "controller/watch"],
    "kctl/output": COMMON + ["kload/v1"],
    "kctl/report": ["common/base", "common/metric", "common/modules", "common/result", "common/summary", "common/analysis", "kctl/report"],
    # agent/http and agent/fiber: handleSummary() sends requests, too.
    "kctl": COMMON + ["common/analysis", "common/modules", "common/result", "common/security", "common/spool", "controller/run", "kload/v1", "agent", "agent/fiber", "agent/http", "controller", "kctl", "kctl/output", "kctl/report"],
}
PACKAGE_DOORS = {
    r"quickjs": ["common/js", "common/k6"],
    r"boost/beast|openssl/": ["common/http", "common/security", "agent/http", "controller/access", "controller/export", "common/k6", "common/modules",
                               "common/net", "common/summary"],
    r"grpcpp/": ["agent", "agent/link", "controller", "controller/access", "controller/link", "controller/api", "kctl"],
    r"prometheus/": ["controller/export"],
    r"sqlite3": ["controller/store"],
    r"gumbo": ["common/html"],
    r"re2/": ["common/html", "controller/watch"],
    r"archive(_entry)?\.h": ["kctl"],
    r"curl/": ["common/modules", "controller/export", "controller/watch"],
    r"snappy": ["controller/export"],
    r"yaml-cpp/": ["common/yaml"],
}


def sources():
    listed = subprocess.run(["git", "ls-files", "common", "agent", "controller", "kctl"], cwd=ROOT,
                            capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / name for name in listed if name.endswith((".h", ".cc"))]


class Arrows(unittest.TestCase):
    def test_includes_point_backwards(self):
        wrong = []
        for path in sources():
            folder = str(path.parent.relative_to(ROOT))
            if folder not in ALLOWED:
                wrong.append(f"{path.relative_to(ROOT)}: folder {folder} is not in ALLOWED")
                continue
            text = path.read_text()
            for name in re.findall(r'#include "([^"]+)"', text):
                target = str(pathlib.PurePath(name).parent)
                if target != folder and target not in ALLOWED[folder]:
                    wrong.append(f"{path.relative_to(ROOT)} includes {name}: {folder} may not use {target}")
            for name in re.findall(r"#include <([^>]+)>", text):
                for pattern, doors in PACKAGE_DOORS.items():
                    if re.match(pattern, name) and folder not in doors:
                        wrong.append(f"{path.relative_to(ROOT)} includes <{name}>: only {', '.join(doors)} may")
        self.assertEqual([], wrong, "\n" + "\n".join(wrong))


if __name__ == "__main__":
    sys.exit(unittest.main())
