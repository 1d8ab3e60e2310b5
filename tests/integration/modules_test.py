"""A TypeScript script with CommonJS and remote modules, on real processes: bundled by kctl, run by agents that never fetch."""

import functools
import http.server
import re
import ssl
import subprocess
import sys
import threading
import unittest

from harness import BIN, Cluster, Process, Target, TestCase

SCRIPT = """import http from 'k6/http';
import { check } from 'k6';
import { Options } from 'k6/options';
import { randomIntBetween } from '%(url)s/utils/index.js';
import users, { first } from './users.cjs';

interface Answer { status: string }

export const options: Options = { vus: 2, iterations: 6, thresholds: { checks: ['rate==1'] } };

export default function (): void {
  const path: string = randomIntBetween(1, 1) === 1 ? 'health' : 'nowhere';
  const response = http.get(`${__ENV.API_BASE_URL}/${path}`);
  check(response, {
    'status is 200': (r) => r.status === 200,
    'module exports': () => users.length === 2 && first === 'ann',
  });
}
"""


class ModuleServer:
    """https with a certificate of its own authority; remembers the paths that were asked for."""

    def __init__(self, folder, pages):
        self.asked = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path)
                body = pages.get(self.path.split("?")[0])
                self.send_response(404 if body is None else 200)
                payload = (body or "").encode()
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *arguments):
                pass

        openssl = functools.partial(subprocess.run, check=True, capture_output=True, cwd=folder)
        openssl(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                 "-keyout", "key.pem", "-out", "ca.pem", "-subj", "/CN=kload test authority",
                 "-addext", "subjectAltName=DNS:localhost"])
        self.authority = folder / "ca.pem"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority, folder / "key.pem")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class Modules(TestCase):
    def setUp(self):
        self.target = self.start(Target)
        self.place = self.folder()
        self.modules = self.start(ModuleServer, self.folder(), {
            "/utils/index.js": "export { randomIntBetween } from './random.js';\n",
            "/utils/random.js": "export function randomIntBetween(min, max) {\n"
                                "  return Math.floor(Math.random() * (max - min + 1) + min);\n}\n",
            "/local.js": "import 'file:///etc/hostname';\n"})
        self.env = {"XDG_CACHE_HOME": str(self.place / "cache"), "SSL_CERT_FILE": str(self.modules.authority),
                    "no_proxy": "localhost"}
        (self.place / "users.cjs").write_text("const names = ['ann', 'bob'];\nmodule.exports = names;\n"
                                              "module.exports.first = require('k6').check && names[0];\n")

    def script(self, source, name="shop.ts"):
        path = self.place / name
        path.write_text(source)
        return path

    def run_script(self, path, *flags, env=None):
        return self.start(Process, BIN / "kctl", "run", "-e", f"API_BASE_URL={self.target.api}", *flags, path,
                          env={**self.env, **(env or {})})

    def test_on_a_cluster_whose_agents_never_fetch(self):
        cluster = self.start(Cluster, agents=2, folder=self.folder())
        path = self.script(SCRIPT % {"url": self.modules.url})
        run = self.start(cluster.kctl, "start", path, "--agents", "2", "-v", "-e", f"API_BASE_URL={self.target.api}",
                         env=self.env)
        self.assertEqual(run.wait(60), 0, run.output)
        self.assertRegex(run.output, rf"module {re.escape(self.modules.url)}/utils/index\.js sha256=[0-9a-f]{{64}}")
        self.assertEqual(sorted(self.modules.asked), ["/utils/index.js?_k6=1", "/utils/random.js?_k6=1"])
        self.assertEqual(self.target.requests(), 6)

    def test_by_name(self):
        scripts = self.place / "scripts" / "load-tests"
        scripts.mkdir(parents=True)
        (scripts / "shop.ts").write_text("const n: number = 1;\nexport default (): void => { console.log(`ran ${n}`); };\n")
        run = self.start(Process, BIN / "kctl", "run", "shop", env=self.env, cwd=self.place)
        self.assertEqual(run.wait(60), 0, run.output)
        self.assertRegex(run.output, "ran 1")

    def test_the_cache_stands_in_for_the_network(self):
        path = self.script(SCRIPT % {"url": self.modules.url})
        self.assertEqual(self.run_script(path).wait(60), 0)
        asked = len(self.modules.asked)
        self.assertEqual(self.run_script(path, "--refresh-modules").wait(60), 0)
        self.assertEqual(len(self.modules.asked), 2 * asked)
        self.modules.end()
        again = self.run_script(path)
        self.assertEqual(again.wait(60), 0, again.output)
        refreshed = self.run_script(path, "--refresh-modules")
        self.assertEqual(refreshed.wait(60), 107, refreshed.output)
        self.assertRegex(refreshed.output, r"shop\.ts:4:1: import: cannot fetch https://localhost:\d+/utils/index\.js: .*")

    def test_remote_main_script(self):
        run = self.run_script(f"{self.modules.url}/utils/index.js")
        self.assertEqual(run.wait(60), 104, run.output)
        self.assertRegex(run.output, "default")

    def test_places_are_those_of_the_typescript(self):
        run = self.run_script(self.script("type A = number;\ntype B = string;\n\nexport default function (): void {\n"
                                          "  const a: A = 1;\n  explode(a);\n}\n\nfunction explode(a: A): never {\n"
                                          "  throw new Error(`on purpose ${a}`);\n}\n"))
        self.assertEqual(run.wait(60), 0, run.output)
        self.assertRegex(run.output, r"on purpose 1")
        self.assertRegex(run.output, r"explode \(shop\.ts:10:")
        self.assertRegex(run.output, r"shop\.ts:6:")

    def test_errors(self):
        for source, *patterns in (
                ("let a: = 1;\n", r"shop\.ts:1:8: SyntaxError"),
                (f"\nimport '{self.modules.url}/none.js';\n", r"shop\.ts:2:1: import: cannot fetch https://", "answered 404",
                 "save the module beside the script"),
                (f"import '{self.modules.url}/local.js';\n", r"/local\.js:1:1: .*cannot import files of this machine"),
                ("import 'http://localhost/a.js';\n", r"shop\.ts:1:1: .*https only"),
                ("import './data.json';\n", r"shop\.ts:1:1: .*JSON\.parse"),
                ("throw new Error('no' as string);\n", r"shop\.ts:1:")):
            with self.subTest(source):
                run = self.run_script(self.script(source))
                self.assertEqual(run.wait(60), 107, run.output)
                for pattern in patterns:
                    self.assertRegex(run.output, pattern)

    def test_an_authority_that_nobody_trusts(self):
        run = self.run_script(self.script(f"import '{self.modules.url}/utils/index.js';\n"),
                              env={"SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt"})
        self.assertEqual(run.wait(60), 107, run.output)
        self.assertRegex(run.output, "certificate")

    def test_without_esbuild(self):
        run = self.run_script(self.script("export default function (): void {}\n"), env={"PATH": str(self.place)})
        self.assertEqual(run.wait(60), 255, run.output)
        self.assertRegex(run.output, "apt-get install esbuild")


if __name__ == "__main__":
    sys.exit(unittest.main())
