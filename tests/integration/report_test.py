"""`kctl report`: of a file, of a run of a cluster; as a page in a real browser, as Markdown, as JUnit XML."""

import json
import re
import shutil
import subprocess
import sys
import unittest
import xml.etree.ElementTree

from harness import BIN, Cluster, Target, TestCase, has_charts
from synthetic_result import Run

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HOSTILE = "</script><img src=x onerror=document.title='broken'><!-- {{data}} | `x`"
# What a page may name without fetching it: name spaces and the licenses in the library's own text.
NAMED_URLS = {"http://www.apache.org/licenses/LICENSE-2.0", "http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg",
              "http://www.w3.org/2000/xmlns/", "http://www.w3.org/XML/1998/namespace",
              "https://github.com/ecomfe/zrender/blob/master/LICENSE.txt"}
# Zooms the first chart by its slider; then says where each chart begins, and how often one was told to zoom.
ZOOM = """
let events = 0;
const all = [...document.querySelectorAll('.chart')].map((element) => echarts.getInstanceByDom(element))
  .filter((chart) => chart.getOption().dataZoom.length > 0);
for (const chart of all) chart.on('datazoom', () => { ++events; });
all[0].dispatchAction({ type: 'dataZoom', dataZoomIndex: 1, start: 50, end: 90 });
setTimeout(() => {
  document.body.dataset.zoom = JSON.stringify(all.map((chart) => chart.getOption().dataZoom[0].startValue)) + ' ' + events;
}, 1000);
"""
TARGETS = """
response_time:
  - {name: Health, match: "GET */health", target: 60s}
  - {name: Dashboard, match: "GET */dashboard", target: 20ms, critical: 50ms}
"""
SCRIPT = """
import http from 'k6/http';
import { check } from 'k6';
export const options = {
  vus: 4, duration: '3s',
  thresholds: { http_req_duration: ['p(95)<60000'], http_reqs: ['count<1'] },
};
export default function () {
  check(http.get(`${__ENV.API_BASE_URL}/health`), { 'is there': (r) => r.status === 200 });
}
"""


def kctl(*arguments, status=0):
    done = subprocess.run([BIN / "kctl", *arguments], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != status:
        raise AssertionError(f"kctl {arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def data_of(page):
    """What the page draws, as it is in the page."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S).group(1))


class ReportTestCase(TestCase):
    @classmethod
    def setUpClass(cls):
        if not has_charts():
            raise unittest.SkipTest("this kctl was built without ECharts: scripts/bootstrap could not get it")

    def check_page(self, page):
        """It is alone: nothing in it is fetched from elsewhere."""
        own = page.replace(re.search(r'id="data">(.*?)</script>', page, re.S).group(1), "")
        self.assertEqual(set(re.findall(r"https?://[\w./-]+", own)) - NAMED_URLS, set())
        markup = re.sub(r"(<script[^>]*>).*?</script>", r"\1", page, flags=re.S)
        self.assertNotRegex(markup, r"<(link|img|iframe|object)\b|<script[^>]+src=|@import|url\(")
        self.assertIn("default-src 'none'", page)

    def check_in_browser(self, file, charts):
        """A browser draws `charts` of them, and complains about nothing."""
        if BROWSER is None:
            self.skipTest("no chromium on PATH: what the page draws is not checked (apt-get install chromium)")
        done = subprocess.run(
            [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={self.folder()}",
             "--enable-logging=stderr", "--window-size=1400,1000", "--virtual-time-budget=20000", "--dump-dom",
             file.resolve().as_uri()], capture_output=True, text=True, timeout=100, check=True)
        self.assertEqual([line for line in done.stderr.splitlines() if "CONSOLE" in line], [])
        dom = done.stdout
        self.assertEqual(len(re.findall(r'class="chart [^"]*"', dom)), charts)
        self.assertEqual(len(re.findall(r'class="chart [^>]*data-drawn="true"', dom)), charts)
        self.assertGreaterEqual(dom.count("<canvas"), charts)
        shown = re.sub(r"<(script|pre|style).*?</\1>", "", dom, flags=re.S)
        self.assertNotRegex(shown, r"(?<![\w-])(undefined|null|NaN|(?:false)+|\[object)(?![\w-])")
        return dom


class OfAFile(ReportTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.result = Run(120).json()

    def setUp(self):
        self.file = self.folder() / "result.json"
        self.file.write_text(json.dumps(self.result))

    def test_is_a_page_beside_the_file(self):
        done = kctl("report", self.file)
        page = self.file.with_suffix(".html")
        self.assertIn(f"{page} is written", done.stderr)
        self.assertEqual(done.stdout, "")
        self.check_page(page.read_text())
        data = data_of(page.read_text())
        self.assertEqual(len(data["points"]["at"]), 120)
        self.assertEqual(len(data["endpoints"]), 4)
        self.assertEqual(data["run"]["verdict"]["text"], "thresholds failed")
        dom = self.check_in_browser(page, charts=9)
        for text in ("agent 'a2' was lost", "db pool, active", "/auth/", "p(95)&lt;500", "timed out (1050)"):
            self.assertIn(text, dom)

    def test_charts_over_time_zoom_together(self):
        kctl("report", self.file)
        page = self.file.with_suffix(".html")
        text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text())
        end = text.rindex("</body>")
        page.write_text(f"{text[:end]}<script>{ZOOM}</script>{text[end:]}")
        dom = self.check_in_browser(page, charts=9)
        starts, events = (json.loads(each) for each in re.search(r'data-zoom="(.*?) (.*?)"', dom).groups())
        self.assertEqual(len(starts), 8, "all but the histogram are over time")
        self.assertLess(max(starts) - min(starts), 1000, starts)
        self.assertGreater(min(starts), 50_000)
        self.assertLess(events, 100, "the charts answer each other")

    def test_names_are_no_markup(self):
        text = json.dumps(self.result).replace("https://api.example.com/api/health", json.dumps(HOSTILE)[1:-1])
        result = json.loads(text)
        result["run"]["info"]["script"] = HOSTILE
        result["run"]["notes"][2]["text"] = HOSTILE
        self.file.write_text(json.dumps(result))
        kctl("report", self.file)
        page = self.file.with_suffix(".html")
        self.assertIn(HOSTILE, [endpoint["name"] for endpoint in data_of(page.read_text())["endpoints"]])
        dom = self.check_in_browser(page, charts=9)
        self.assertNotIn("<img", re.sub(r"<script.*?</script>", "", dom, flags=re.S))
        self.assertIn("<title>&lt;/script&gt;", dom)

    def test_a_run_of_two_hours(self):
        self.file.write_text(json.dumps(Run(7200).json()))
        kctl("report", self.file)
        page = self.file.with_suffix(".html")
        self.assertLess(page.stat().st_size, 3_500_000)
        self.check_in_browser(page, charts=9)

    def test_is_markdown_on_stdout(self):
        done = kctl("report", self.file, "--markdown", "-")
        self.assertTrue(done.stdout.startswith("## ❌ stress.js: thresholds failed\n"), done.stdout)
        for heading in ("Thresholds", "Findings", "Endpoints", "Checks", "Agents"):
            self.assertIn(f"\n### {heading}\n\n", done.stdout)
        for table in re.findall(r"(?:^\|.*\n)+", done.stdout, re.M):
            columns = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            self.assertEqual(len(columns), 1, table)
        self.assertEqual([path.name for path in self.file.parent.iterdir()], ["result.json"])

    def test_is_junit(self):
        junit = self.file.with_name("junit.xml")
        kctl("report", self.file, "--junit", junit, "--quiet")
        suites = {suite.get("name"): suite for suite in xml.etree.ElementTree.parse(junit).getroot()}
        failed = [case for case in suites["thresholds"] if case.find("failure") is not None]
        self.assertEqual([case.get("name") for case in failed], ["http_req_duration: p(95)<500"])
        self.assertRegex(failed[0].find("failure").get("message"), r"observed [\d.]+ ms, wanted p\(95\)<500")
        self.assertEqual(suites["thresholds"].get("failures"), "1")
        self.assertEqual(suites["run"].get("errors"), "0")
        self.assertIsNotNone(suites["soundness"][0].find("system-out"))

    def test_targets_are_judged(self):
        targets = self.file.with_name("targets.yaml")
        targets.write_text(TARGETS)
        done = kctl("report", self.file, "--targets", targets, "--markdown", "-")
        self.assertIn("### Targets", done.stdout)
        self.assertRegex(done.stdout, r"❌ (missed target|critical) \|")
        targets.write_text("response_time: [")
        self.assertIn("targets.yaml:1:", kctl("report", self.file, "--targets", targets, status=255).stderr)

    def test_exports_what_it_read(self):
        copy = self.file.with_name("copy.json")
        kctl("report", self.file, "--export", copy)
        self.assertEqual(kctl("report", copy, "--markdown", "-").stdout, kctl("report", self.file, "--markdown", "-").stdout)

    def test_says_what_is_wrong(self):
        self.file.write_text("{}")
        self.assertIn("result.json: is not a result of kload", kctl("report", self.file, status=255).stderr)
        self.assertIn("cannot read", kctl("report", "absent.json", status=255).stderr)
        self.file.write_text(json.dumps(self.result))
        self.assertIn("--html: cannot write", kctl("report", self.file, "--html", "/absent/x.html", status=255).stderr)


class OfARun(ReportTestCase):
    def test_by_its_id_and_as_a_file(self):
        folder = self.folder()
        target = self.start(Target)
        cluster = self.start(Cluster, agents=2)
        script = folder / "script.js"
        script.write_text(SCRIPT)
        run = self.start(cluster.kctl, "start", script, "--agents", "2", "-e", f"API_BASE_URL={target.api}", "--export",
                         folder / "run.json", cwd=folder)
        self.assertEqual(run.wait(90), 99, run.output)
        run_id = cluster.json("get", "runs")[0]["run_id"]
        by_id = self.start(cluster.kctl, "report", run_id, cwd=folder)
        self.assertEqual(by_id.wait(), 0, by_id.output)
        kctl("report", folder / "run.json", "--junit", folder / "run.xml", "--html", folder / "run.html")
        by_id, by_file = (data_of((folder / name).read_text()) for name in (f"{run_id}.html", "run.html"))
        self.assertEqual(by_id, by_file)
        self.assertEqual(sum(row["requests"] for row in by_id["endpoints"]), target.requests())
        self.assertEqual(sum(bar[2] for bar in by_id["histogram"]["bars"]), target.requests())
        self.assertEqual(sum(cell[3] for cell in by_id["heat"]["cells"]), target.requests())
        self.assertEqual([row["name"] for row in by_id["agents"]], ["a1", "a2"])
        suites = xml.etree.ElementTree.parse(folder / "run.xml").getroot()
        self.assertEqual(suites.get("failures"), "1")
        self.check_page((folder / "run.html").read_text())
        self.check_in_browser(folder / "run.html", charts=7)


if __name__ == "__main__":
    sys.exit(unittest.main())
