"""Where options come from, seen at real processes: config file, script, K6_ variables, flags, archives, --env-file; and
what is shown of them: `kctl inspect`, log files, the full summary."""

import json
import os
import re
import subprocess
import sys
import tarfile
import unittest

from harness import BIN, Cluster, TestCase

SCRIPT = """import { check } from 'k6';
import { word } from './lib/word.js';
const data = open('./lib/data.txt');
export const options = { vus: 2, iterations: 6, tags: { from: 'script' }, thresholds: { checks: ['rate==1'] } };
export default function () {
  console.log(`${word} ${data.trim()} ${__ENV.WHO}`);
  check(1, { 'is one': (v) => v === 1 });
}
"""


# What a sanitizer's build is told must reach it.
SANITIZERS = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}


class Options(TestCase):
    def write(self, source=SCRIPT):
        folder = self.folder()
        (folder / "lib").mkdir()
        (folder / "lib" / "word.js").write_text("export const word = 'salt';\n")
        (folder / "lib" / "data.txt").write_text("bread\n")
        (folder / "script.js").write_text(source)
        return folder / "script.js"

    def kctl(self, *arguments, env=None, status=0, stdin=None):
        """(stdout, stderr) of a kctl that ends with `status`; no config file but the one in `env`."""
        run = subprocess.run([BIN / "kctl", *map(str, arguments)], capture_output=True, timeout=60, input=stdin,
                             env={"PATH": "/usr/bin:/bin", **SANITIZERS, **(env or {})}, check=False)
        output = run.stdout.decode(errors="replace"), run.stderr.decode(errors="replace")
        self.assertEqual(run.returncode, status, "\n".join(output))
        return output

    def iterations(self, script, *flags, env=None):
        export = self.folder() / "summary.json"
        self.kctl("run", script, "--quiet", "--summary-export", export, *flags, env=env)
        return json.loads(export.read_text())["metrics"]["iterations"]["count"]

    # ---- Layers ----

    def test_the_stronger_layer_wins(self):
        script = self.write()
        bare = self.write(SCRIPT.replace("vus: 2, iterations: 6, ", ""))
        home = self.folder()
        (home / "kload").mkdir()
        (home / "kload" / "config.json").write_text('{"iterations": 3}')
        other = self.folder() / "other.json"
        other.write_text('{"iterations": 4}')
        default = {"XDG_CONFIG_HOME": str(home)}
        self.assertEqual(self.iterations(bare, env=default), 3)
        self.assertEqual(self.iterations(bare, "--config", other, env=default), 4)
        self.assertEqual(self.iterations(bare, env={**default, "K6_CONFIG": str(other)}), 4)
        self.assertEqual(self.iterations(script, env=default), 6)
        environment = {**default, "K6_ITERATIONS": "8"}
        self.assertEqual(self.iterations(script, env=environment), 8)
        self.assertEqual(self.iterations(script, "-i", "10", env=environment), 10)

    def test_thresholds_of_the_environment_replace_the_scripts(self):
        script = self.write()
        strict = {"K6_THRESHOLDS": '{"iterations": ["count>100"]}'}
        self.kctl("run", script, "--quiet", env=strict, status=99)
        self.kctl("run", script, "--quiet", env={**strict, "K6_NO_THRESHOLDS": "true"})

    def test_a_wrong_layer_is_named_before_any_load(self):
        script = self.write()
        _, error = self.kctl("run", script, env={"K6_VUS": "many"}, status=104)
        self.assertIn("K6_VUS: \"many\" is not a whole number", error)
        _, error = self.kctl("run", script, env={"K6_VUS": "0"}, status=104)
        self.assertIn("environment.vus: ", error)
        _, error = self.kctl("run", script, "--config", "/no/such.json", status=255)
        self.assertIn("/no/such.json", error)
        config = self.folder() / "config.json"
        config.write_text("vus = 3")
        _, error = self.kctl("run", script, "--config", config, status=104)
        self.assertIn("is not a JSON object", error)

    # ---- Variables, logs ----

    def test_env_files_are_weaker_than_flags(self):
        script = self.write()
        variables = self.folder() / "test.env"
        variables.write_text('# who\nexport WHO="a b"\n')
        _, log = self.kctl("run", script, "--env-file", variables, "-q", env={"WHO": "environment"})
        self.assertIn("salt bread a b", log)
        _, log = self.kctl("run", script, "--env-file", variables, "-e", "WHO=flag", "-q")
        self.assertIn("salt bread flag", log)
        _, log = self.kctl("run", script, "--include-system-env-vars=false", "-q", env={"WHO": "environment"})
        self.assertIn("salt bread undefined", log)

    def test_console_output_takes_what_the_script_prints(self):
        console = self.folder() / "console.log"
        _, log = self.kctl("run", self.write(), "-q", "--console-output", console, "-e", "WHO=me")
        self.assertNotIn("salt", log)
        self.assertEqual(console.read_text().count('msg="salt bread me"'), 6)

    def test_log_lines_go_where_they_are_told(self):
        file = self.folder() / "all.log"
        _, log = self.kctl("run", self.write(), "-q", "--log-output", f"file={file}", "--log-format", "json")
        self.assertEqual(log, "")
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        self.assertEqual(sum(line["msg"].startswith("salt bread") and line["source"].startswith("console")
                             for line in lines), 6, lines)
        _, error = self.kctl("run", self.write(), "--log-output", "syslog", status=255)
        self.assertIn("syslog", error)

    def test_no_summary_prints_nothing(self):
        output, _ = self.kctl("run", self.write(), "--quiet", "--no-summary")
        self.assertEqual(output, "")

    def test_what_cannot_be_is_said(self):
        _, error = self.kctl("run", self.write(), "-p", status=255)
        self.assertIn("start the run when the load shall begin", error)

    def test_a_full_summary_has_groups_and_scenarios(self):
        script = self.write("import { check, group } from 'k6';\n"
                            "import { Counter } from 'k6/metrics';\n"
                            "const sold = new Counter('sold');\n"
                            "const once = { executor: 'per-vu-iterations', vus: 2, iterations: 3 };\n"
                            "export const options = { scenarios: { buy: once, look: { ...once, iterations: 1 } } };\n"
                            "export default function () { group('shop', () => { sold.add(1);"
                            " group('cart', () => { sold.add(2); check(1, { ok: true }); }); }); }\n")
        output, _ = self.kctl("run", script, "--quiet", "--agents", "2", "--summary-mode", "full")
        parts = dict(re.findall(r"(TOTAL RESULTS|(?:GROUP|SCENARIO): \w+) \n\n(.*?)\n\n\n", output, re.S))
        sold = {part: int(re.search(r"sold\.+: (\d+)", text).group(1)) for part, text in parts.items()}
        self.assertEqual(sold, {"TOTAL RESULTS": 24, "GROUP: shop": 8, "GROUP: cart": 16, "SCENARIO: buy": 18,
                                "SCENARIO: look": 6})
        self.assertIn("✓ ok", parts["GROUP: cart"])
        self.assertNotIn("✓ ok", parts["GROUP: shop"])
        self.assertRegex(parts["SCENARIO: look"], r"iterations\.+: 2 ")
        output, _ = self.kctl("run", script, "--quiet")
        self.assertNotIn("GROUP", output)

    # ---- inspect ----

    def test_inspect_prints_the_scripts_options(self):
        script = self.write()
        output, _ = self.kctl("inspect", script, env={"K6_VUS": "9"})
        shown = json.loads(output)
        self.assertEqual(list(shown)[:6], ["paused", "vus", "duration", "iterations", "stages", "scenarios"])
        self.assertEqual((shown["vus"], shown["iterations"], shown["scenarios"]), (2, 6, None))
        self.assertNotIn("maxVUs", shown)

    def test_execution_requirements_merge_and_derive(self):
        output, _ = self.kctl("inspect", "--execution-requirements", self.write(), env={"K6_VUS": "5"})
        shown = json.loads(output)
        self.assertEqual(shown["scenarios"]["default"]["executor"], "shared-iterations")
        self.assertEqual(list(shown)[-2:], ["totalDuration", "maxVUs"])
        self.assertEqual((shown["totalDuration"], shown["maxVUs"]), ("10m30s", 5))

    def test_inspect_fails_as_a_run_does(self):
        self.kctl("inspect", self.write("export const options = {\n"), status=107)
        wrong = self.write("export const options = { vus: 0 };\nexport default function () {}\n")
        self.kctl("inspect", wrong)
        _, error = self.kctl("inspect", "--execution-requirements", wrong, status=104)
        self.assertIn("options.vus", error)

    # ---- Archives ----

    def archive(self, *flags, env=None):
        path = self.folder() / "test.tar"
        self.kctl("archive", self.write(), "-O", path, *flags, env=env)
        return path

    def test_an_archive_has_k6s_layout(self):
        path = self.archive("-e", "WHO=me", "-u", "3")
        with tarfile.open(path) as tar:
            self.assertEqual(tar.getnames(), ["metadata.json", "data", "file/lib/data.txt", "file/lib/word.js",
                                              "file/script.js"])
            metadata = json.load(tar.extractfile("metadata.json"))
            self.assertEqual(tar.extractfile("data").read().decode(), SCRIPT)
        self.assertEqual(metadata["type"], "js")
        self.assertEqual(metadata["filename"], "file:///script.js")
        self.assertEqual(metadata["env"], {"WHO": "me"})
        self.assertEqual((metadata["options"]["vus"], metadata["options"]["scenarios"]), (3, None))

    def test_an_archive_runs_anywhere(self):
        path = self.archive("-e", "WHO=archive")
        _, log = self.kctl("run", path, "-q")
        self.assertEqual(log.count("salt bread archive"), 6)
        _, log = self.kctl("run", path, "-q", "-e", "WHO=flag", "-i", "2", "-u", "1")
        self.assertEqual(log.count("salt bread flag"), 2)
        _, log = self.kctl("run", "-", "-q", stdin=path.read_bytes())
        self.assertEqual(log.count("salt bread archive"), 6)
        _, log = self.kctl("run", self.archive("-e", "WHO=archive", "--exclude-env-vars"), "-q")
        self.assertEqual(log.count("salt bread undefined"), 6)

    def test_an_archives_options_stand_for_the_scripts(self):
        path = self.archive(env={"K6_ITERATIONS": "4"})
        self.assertEqual(self.iterations(path), 4)
        self.assertEqual(self.iterations(path, env={"K6_ITERATIONS": "5"}), 5)
        shown = json.loads(self.kctl("inspect", path)[0])
        self.assertEqual((shown["vus"], shown["iterations"]), (2, 4))

    def test_an_archive_runs_on_the_cluster(self):
        cluster = self.start(Cluster, agents=2)
        run = self.start(cluster.kctl, "start", self.archive("-e", "WHO=archive"), "--agents", "2")
        self.assertEqual(run.wait(60), 0, run.output)
        self.assertEqual(run.output.count("salt bread archive"), 6, run.output)

    def test_an_archive_of_another_tool_is_read(self):
        path = self.folder() / "foreign.tar"
        folder = self.folder()
        files = {"metadata.json": json.dumps({
                     "type": "js", "filename": "file:///home/nobody/t%20x/script.js", "pwd": "file:///home/nobody/t%20x",
                     "options": {"paused": None, "iterations": 2, "vus": 1, "dns": {"ttl": None, "select": None,
                                                                                   "policy": None}},
                     "env": {"WHO": "foreign"}, "k6version": "2.2.0", "compatibilityMode": "extended", "goos": "linux"}),
                 "data": SCRIPT, "file/home/nobody/t x/script.js": SCRIPT,
                 "file/home/nobody/t x/lib/word.js": "export const word = 'oil';",
                 "file/home/nobody/t x/lib/data.txt": "wine"}
        with tarfile.open(path, "w") as tar:
            for number, (name, content) in enumerate(files.items()):
                (folder / str(number)).write_text(content)
                tar.add(folder / str(number), arcname=name)
        _, log = self.kctl("run", path, "-q")
        self.assertEqual(log.count("oil wine foreign"), 2)

    def test_what_is_no_archive_is_refused(self):
        _, error = self.kctl("run", "--type", "archive", self.write(), status=255)
        self.assertIn("script.js: ", error)
        _, error = self.kctl("archive", self.write(), "-O", "/no/such/folder/a.tar", status=255)
        self.assertIn("/no/such/folder/a.tar", error)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
