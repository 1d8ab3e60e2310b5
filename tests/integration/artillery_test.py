"""Artillery's YAML tests on real processes: the guide's own, every kind of step, processors, and what is refused."""

import collections
import http.server
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import unittest

from harness import BIN, GUIDE_FOLDER, ROOT, Cluster, Process, Target, TestCase

HELPER = ROOT / "scripts" / "load-tests" / "helpers" / "auth.js"
Request = collections.namedtuple("Request", "method path headers body")


class Recorder:
    """An HTTP server that remembers each request."""

    def __init__(self):
        self.requests = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                recorder.requests.append(Request(self.command, self.path, headers, body))
                status, kind, payload = recorder.page(self.path.split("?")[0])
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(payload)))
                self.send_header("X-Request-Id", "r-17")
                if self.path.startswith("/login"):
                    self.send_header("Set-Cookie", "session=abc; Path=/")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(payload.encode())

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def page(path):
        if path.startswith("/status/"):
            return int(path.split("/")[2]), "text/plain", "as you wish"
        if path == "/html":
            return 200, "text/html", "<form><input name='csrf' value='c-5'><a>one</a><a>two</a></form>"
        if path == "/login":
            items = [{"id": 1, "price": 5}, {"id": 2, "price": 50}]
            return 200, "application/json", json.dumps({"token": "t-1", "user": {"id": 7}, "items": items})
        return 200, "application/json", json.dumps({"ok": True, "more": 2 if path == "/page" else 0})

    def paths(self):
        return [request.path for request in self.requests]

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class ArtilleryCase(TestCase):
    def setUp(self):
        self.place = self.folder()
        self.recorder = self.start(Recorder)

    def written(self, flow, config="", phases="[{duration: 1, arrivalCount: 1}]", name="test.yml", top=""):
        path = self.place / name
        path.write_text(f"config:\n  target: {self.recorder.url}\n  phases: {phases}\n{config}{top}"
                        f"scenarios:\n  - name: only\n    flow:\n{flow}")
        return path

    def processor(self, source, name="helper.js"):
        (self.place / name).write_text(source)
        return f"  processor: ./{name}\n"

    def kctl(self, *arguments, code=0, env=None, verb="run"):
        run = self.start(Process, BIN / "kctl", verb, *arguments, env=env)
        self.assertEqual(run.wait(120), code, run.output)
        return run

    def report(self, path, *flags, code=0):
        """The JSON of --output, and the finished process."""
        file = self.place / "out" / "report.json"
        run = self.kctl(path, "--output", file, *flags, code=code)
        return json.loads(file.read_text()), run

    def counters(self, path, *flags, code=0):
        return self.report(path, *flags, code=code)[0]["aggregate"]["counters"]


class Steps(ArtilleryCase):
    def test_requests(self):
        path = self.written("""
      - post:
          url: /login
          json: {user: "{{ name }}", list: ["{{ number }}", true], id: "{{ $uuid }}"}
          capture:
            - {json: $.token, as: token}
            - {json: "$.items[?(@.price > 10)].id", as: dear}
            - {header: x-request-id, as: request}
            - {regexp: '"id": (?<first>\\d+)', group: first, as: user.id}
            - {json: $.none, as: absent, strict: false}
      - get:
          url: "/items/{{ dear }}"
          qs: {q: "a b", n: "{{ user.id }}", many: [1, 2]}
          headers: {Authorization: "Bearer {{ token }}", X-Request: "{{ request }}"}
      - put: {url: /put, body: "plain {{ $randomNumber(3, 3) }}"}
      - patch: {url: /patch, form: {a: "1 2", b: "{{ name }}"}}
      - delete: {url: /delete, auth: {user: ann, pass: "{{ token }}"}, cookie: {flavour: "{{ name }}"}}
      - head: {url: /head}
      - post: {url: /form, formData: {text: hi, file: {fromFile: ./note.txt}}}
      - get: {url: /html, capture: [{selector: "input[name=csrf]", attr: value, as: csrf}, {selector: a, index: last, as: last}]}
      - get: {url: "/after/{{ csrf }}/{{ last }}/{{ absent }}"}
      - get: {url: /never, ifTrue: "number > 10"}
      - get: {url: /sometimes, ifTrue: 'number < 10 and name == "ann"'}
      - get: {url: /improbable, probability: 0}
      - log: "the token is {{ token }}"
""", "  variables: {name: ann, number: 5}\n")
        (self.place / "note.txt").write_text("from a file")
        report, run = self.report(path)
        seen = {request.path.split("?")[0]: request for request in self.recorder.requests}
        login = json.loads(seen["/login"].body)
        self.assertEqual((login["user"], login["list"]), ("ann", [5, True]))
        self.assertRegex(login["id"], r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        self.assertEqual(seen["/login"].headers["content-type"], "application/json")
        self.assertEqual(seen["/items/2"].path, "/items/2?q=a%20b&n=7&many=1&many=2")
        self.assertEqual(seen["/items/2"].headers["authorization"], "Bearer t-1")
        self.assertEqual(seen["/items/2"].headers["x-request"], "r-17")
        self.assertEqual(seen["/items/2"].headers["cookie"], "session=abc")
        self.assertEqual(seen["/put"].body, "plain 3")
        self.assertEqual(seen["/patch"].body, "a=1+2&b=ann")
        self.assertEqual(seen["/delete"].headers["authorization"], "Basic YW5uOnQtMQ==")
        self.assertIn("flavour=ann", seen["/delete"].headers["cookie"])
        self.assertIn("from a file", seen["/form"].body)
        self.assertIn("/after/c-5/two/undefined", seen)
        self.assertIn("/sometimes", seen)
        self.assertNotIn("/never", seen)
        self.assertNotIn("/improbable", seen)
        self.assertIn("the token is t-1", run.output)
        self.assertEqual(report["aggregate"]["counters"]["vusers.completed"], 1)

    def test_loops_and_parallel(self):
        path = self.written("""
      - loop:
          - get: {url: "/count/{{ $loopCount }}"}
        count: 3
      - loop:
          - get: {url: "/over/{{ $loopElement.id }}"}
        over: things
      - loop:
          - get: {url: "/list/{{ each }}-{{ at }}"}
        over: [a, "{{ letter }}"]
        loopElement: each
        loopValue: at
      - loop:
          - get: {url: "/deep/{{ $loopElement.id }}"}
        over: [{id: "{{ letter }}{{ $loopCount }}"}]
      - loop:
          - get: {url: "/range/{{ $loopCount }}"}
        count: "2-4"
      - loop:
          - get: {url: /page, capture: {json: $.more, as: more}}
          - function: spend
        whileTrue: hasMore
      - parallel:
          - get: {url: /p/1, capture: {json: $.ok, as: first}}
          - loop: [{get: {url: "/p/2"}}, {think: 0.01}]
            count: 2
          - think: 0.05
        limit: 2
      - get: {url: "/end/{{ first }}"}
""", self.processor("""
module.exports = {
  spend(context, events, done) { context.vars.left = (context.vars.left ?? 3) - 1; done(); },
  hasMore(context, next) { next(context.vars.left > 0); },
};
""") + "  variables: {letter: b, things: [[{id: x}, {id: y}]]}\n")
        self.kctl(path)
        paths = self.recorder.paths()
        in_turn = ["/count/0", "/count/1", "/count/2", "/over/x", "/over/y", "/list/a-0", "/list/b-1", "/deep/b2",
                   "/range/2", "/range/3", "/page", "/page", "/page"]
        self.assertEqual(paths[:len(in_turn)], in_turn)
        self.assertEqual(sorted(paths[len(in_turn):-1]), ["/p/1", "/p/2", "/p/2"])
        self.assertEqual(paths[-1], "/end/true")

    def test_payloads(self):
        (self.place / "users.csv").write_text('name,age\n"ann, a",30\nbob,40\ncid,50\n')
        path = self.written("""
      - get: {url: "/row/{{ name }}/{{ age }}"}
      - loop: [{get: {url: "/all/{{ $loopElement[0] }}"}}]
        over: everybody
""", "  payload:\n"
            "    - {path: users.csv, fields: [name, age], order: sequence, skipHeader: true}\n"
            "    - {path: users.csv, loadAll: true, name: everybody, skipHeader: true}\n",
            phases="[{duration: 1, arrivalCount: 2}, {duration: 1, arrivalCount: 2}]")
        self.kctl(path)
        rows = sorted(path for path in self.recorder.paths() if path.startswith("/row/"))
        self.assertEqual(rows, ["/row/ann,%20a/30", "/row/ann,%20a/30", "/row/bob/40", "/row/cid/50"])
        self.assertEqual(sum(path.startswith("/all/") for path in self.recorder.paths()), 12)

    def test_payload_by_flag(self):
        other = self.folder() / "other.csv"
        other.write_text("x-1\n")
        path = self.written("      - get: {url: '/{{ a }}'}\n", "  payload: {path: absent.csv, fields: [a]}\n")
        self.kctl(path, "--payload", other)
        self.assertEqual(self.recorder.paths(), ["/x-1"])
        run = self.kctl(path, code=107)
        self.assertIn("absent.csv", run.output)

    def test_each_vuser_is_new(self):
        path = self.written("      - get: {url: '/first/{{ seen }}'}\n      - get: {url: /login, capture: {json: $.token, as: seen}}\n",
                              phases="[{duration: 1, arrivalCount: 4, maxVusers: 1}]")
        self.kctl(path)
        firsts = [request for request in self.recorder.requests if request.path.startswith("/first/")]
        self.assertGreaterEqual(len(firsts), 2)
        for request in firsts:
            self.assertEqual(request.path, "/first/undefined")
            self.assertNotIn("cookie", request.headers)


class Processors(ArtilleryCase):
    def test_styles_and_hooks(self):
        (self.place / "lib").mkdir()
        (self.place / "lib" / "names.js").write_text("exports.name = 'from-lib';\n")
        config = self.processor("""
const { name } = require('./lib/names.js');
module.exports = {
  byCallback(context, events, done) {
    context.vars.a = name;
    setTimeout(() => done(), 5);
  },
  byPromise: async (context, events) => {
    const answer = await fetch(`${context.vars.target}/login`, { method: 'POST', body: JSON.stringify({ from: 'fetch' }) });
    const { token } = await answer.json();
    context.vars.b = `${token}-${answer.status}-${answer.ok}-${answer.headers.get('x-request-id')}`;
    events.emit('counter', 'mine.calls', 2);
    events.emit('histogram', 'mine.time', 40);
    events.emit('rate', 'mine.rate');
  },
  before(request, context, events, next) {
    request.headers['X-Hook'] = `${context.vars.a}/${request.method}`;
    request.json = { changed: true, secret: process.env.SECRET };
    next();
  },
  async after(request, response, context) {
    context.vars.seen = `${response.statusCode}-${JSON.parse(response.body).ok}-${response.headers['x-request-id']}`;
  },
};
""")
        path = self.place / "hooks.yml"
        path.write_text(f"""
config:
  target: {self.recorder.url}
{config}
scenarios:
  - name: hooked
    beforeScenario: byCallback
    afterScenario: [last]
    flow:
      - function: byPromise
      - post: {{url: "/p/{{{{ b }}}}", json: {{a: 1}}, beforeRequest: before, afterResponse: after}}
      - get: {{url: "/q/{{{{ seen }}}}"}}
""".replace("[last]", "byCallback"))
        report, run = self.report(path, "-e", "SECRET=s3")
        self.assertEqual(self.recorder.paths(), ["/login", "/p/t-1-200-true-r-17", "/q/200-true-r-17"])
        posted = self.recorder.requests[1]
        self.assertEqual(posted.headers["x-hook"], "from-lib/POST")
        self.assertEqual(json.loads(posted.body), {"changed": True, "secret": "s3"})
        aggregate = report["aggregate"]
        self.assertEqual(aggregate["counters"]["mine.calls"], 2)
        self.assertEqual(aggregate["summaries"]["mine.time"]["max"], 40)
        self.assertIn("mine.rate", aggregate["rates"])
        self.assertEqual(aggregate["counters"]["vusers.created_by_name.hooked"], 1)
        # `artillery report FILE` here: the file has the whole result in it.
        self.kctl(self.place / "out" / "report.json", "--markdown", self.place / "report.md", verb="report")
        self.assertIn("| `POST /p/{{ b }}` | 1 |", (self.place / "report.md").read_text())

    def test_hooks_see_what_is_sent(self):
        config = self.processor("""
const tell = ({ method, url, name, json, body, form }, { vars }) =>
  fetch(`${vars.target}/told`, { method: 'POST', body: JSON.stringify({ method, url, name, json, body, form }) });
module.exports = {
  change(request, context, events, next) { request.json.more = '{{ who }}'; next(); },
  after: async (request, response, context) => tell(request, context),
  wrong: async (error, request, context) => tell(request, context),
};
""") + "  variables: {who: ann}\n"
        path = self.written("""
      - post: {url: "/{{ who }}", name: "a {{ who }}", json: {a: ["{{ who }}"], n: "{{ $randomNumber(1, 1000000000) }}"}, afterResponse: after}
      - post: {url: /body, body: "I am {{ who }} {{ $randomNumber(1, 1000000000) }}", afterResponse: after}
      - post: {url: /form, form: {a: "{{ who }}"}, afterResponse: after}
      - post: {url: /changed, json: {a: "{{ who }}"}, beforeRequest: change, afterResponse: after}
      - post: {url: /error, json: {a: "{{ who }}"}, capture: {json: $.none, as: none}}
""", config)
        path.write_text(path.read_text().replace("- name: only", "- name: only\n    onError: wrong"))
        self.kctl(path)
        told = [json.loads(request.body) for request in self.recorder.requests if request.path == "/told"]
        sent = {request.path: request.body for request in self.recorder.requests}
        url = self.recorder.url
        self.assertEqual(told, [
            {"method": "POST", "url": f"{url}/ann", "name": "a ann", "json": json.loads(sent["/ann"])},
            {"method": "POST", "url": f"{url}/body", "body": sent["/body"]},
            {"method": "POST", "url": f"{url}/form", "form": {"a": "ann"}},
            {"method": "POST", "url": f"{url}/changed", "json": {"a": "ann", "more": "ann"}},
            {"method": "POST", "url": f"{url}/error", "json": {"a": "ann"}}])
        self.assertEqual((told[0]["json"]["a"], sent["/body"][:9]), (["ann"], "I am ann "))
        self.assertEqual((sent["/form"], json.loads(sent["/changed"])), ("a=ann", told[3]["json"]))

    def test_es_module(self):
        config = self.processor("export async function go(context) { context.vars.x = 'esm'; }\n", "helper.mjs")
        self.kctl(self.written("      - function: go\n      - get: {url: '/{{ x }}'}\n", config))
        self.assertEqual(self.recorder.paths(), ["/esm"])

    def test_an_error_ends_the_vuser(self):
        config = self.processor("exports.fails = (context, events, done) => done(new Error('no luck'));\n")
        counters = self.counters(self.written("      - function: fails\n      - get: {url: /never}\n", config))
        self.assertEqual((counters["vusers.failed"], counters["errors.no luck"]), (1, 1))
        self.assertEqual(self.recorder.paths(), [])

    def test_a_missing_function_names_what_is_there(self):
        config = self.processor("exports.other = () => {};\n")
        run = self.kctl(self.written("      - function: login\n", config), code=107)
        self.assertRegex(run.output, r"test\.yml:8:9: \./helper\.js exports no function 'login'; it has other")


class Outcomes(ArtilleryCase):
    def test_failures_are_counted(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
            path = self.written(f"""
      - get: {{url: /status/503}}
      - get: {{url: /login, capture: {{json: $.nothing, as: x}}, ifTrue: "kind == 1"}}
      - get: {{url: "http://127.0.0.1:{port}/"}}
""", "  payload: {path: kinds.csv, fields: [kind], order: sequence}\n", phases="[{duration: 1, arrivalCount: 4}]")
            (self.place / "kinds.csv").write_text("1\n2\n")
            counters = self.counters(path)
        self.assertEqual(counters["vusers.created"], 4)
        self.assertEqual(counters["vusers.failed"], 4)
        self.assertEqual(counters["errors.Failed capture or match"], 2)
        self.assertEqual(counters["errors.ECONNREFUSED"], 2)
        self.assertEqual(counters["http.codes.503"], 4)
        self.assertEqual(counters["http.codes.200"], 2)
        self.assertEqual(counters["http.requests"], 8)
        self.assertEqual(counters["http.responses"], 6)
        self.assertNotIn("vusers.completed", counters)

    def test_expectations(self):
        flow = """
      - get:
          url: /login
          name: sign in
          expect:
            - statusCode: [200, 201]
            - contentType: json
            - hasProperty: user.id
            - notHasProperty: user.name
            - hasHeader: x-request-id
            - headerEquals: [x-request-id, r-17]
            - matchesRegexp: "tok.n"
            - equals: ["a", "{{ a }}"]
            - statusCode: %s
"""
        config = "  variables: {a: a}\n  plugins: {expect: {}}\n"
        report, run = self.report(self.written(flow % 200, config))
        self.assertEqual(report["aggregate"]["counters"]["plugins.expect.ok"], 9)
        self.assertEqual(report["aggregate"]["counters"]["plugins.expect.ok.statusCode"], 2)
        self.assertIn("GET sign in: contentType json", run.output)
        report, run = self.report(self.written(flow % 500, config), code=99)
        self.assertEqual(report["aggregate"]["counters"]["plugins.expect.failed.statusCode"], 1)
        self.assertEqual(report["aggregate"]["counters"]["vusers.completed"], 1)
        strict = "  variables: {a: a}\n  plugins: {expect: {reportFailuresAsErrors: true, useOnlyRequestNames: true}}\n"
        counters = self.counters(self.written(flow % 500, strict), code=99)
        self.assertEqual(counters["errors.Failed expectations for request sign in"], 1)

    def test_expectations_of_all_and_of_hooks(self):
        flow = "      - get: {url: /status/404}\n"
        report, run = self.report(self.written(flow, "  plugins: {expect: {expectDefault200: true}}\n"), code=99)
        self.assertEqual(report["aggregate"]["counters"]["plugins.expect.failed.statusCode"], 1)
        self.kctl(self.written(flow, "  plugins: {expect: {expectDefault200: false}}\n"))
        for hook in ("before", "after"):
            top = f"{hook}: {{flow: [{{get: {{url: /login, expect: {{statusCode: %s}}}}}}]}}\n"
            self.kctl(self.written(flow, "  plugins: {expect: {}}\n", top=top % 404), code=99)
            self.kctl(self.written(flow, "  plugins: {expect: {}}\n", top=top % 200))

    def test_endpoints_are_named_without_query(self):
        flow = "      - get: {url: '/a?x=1'}\n      - get: {url: '/a?x=2'}\n"
        for config, names in (("", ["/a"]), ("  plugins: {expect: {}}\n", ["/a"]),
                              ("  plugins: {metrics-by-endpoint: {}}\n", ["/a?x=1", "/a?x=2"]),
                              ("  plugins: {metrics-by-endpoint: {stripQueryString: true}}\n", ["/a"])):
            with self.subTest(config):
                counters = self.counters(self.written(flow, config))
                self.assertEqual(sorted(name for name in counters if name.endswith(".codes.200") and "endpoint" in name),
                                 [f"plugins.metrics-by-endpoint.{name}.codes.200" for name in names])

    def test_ensure(self):
        for ensure, code in (("{maxErrorRate: 0}", 0), ("{thresholds: [{http.response_time.p95: 0.0001}]}", 99),
                             ("{conditions: [{expression: http.codes.404 < 1 and vusers.created == 2}]}", 99),
                             ("{conditions: [{expression: http.codes.404 == 2}]}", 0),
                             ("{thresholds: [{plugins.metrics-by-endpoint./status/404.codes.404: 2}]}", 99),
                             ("{thresholds: [{plugins.metrics-by-endpoint./status/404.codes.404: 3}]}", 0)):
            with self.subTest(ensure):
                path = self.written("      - get: {url: /status/404}\n", f"  plugins: {{ensure: {ensure}}}\n",
                                      phases="[{duration: 1, arrivalCount: 2}]")
                self.kctl(path, code=code)

    def test_environments_before_and_after(self):
        path = self.place / "env.yml"
        path.write_text(f"""
config:
  target: http://127.0.0.1:1
  environments:
    local:
      target: {self.recorder.url}
      variables: {{greeting: hello}}
before:
  flow:
    - post: {{url: /login, capture: {{json: $.token, as: token}}}}
after:
  flow:
    - get: {{url: "/bye/{{{{ token }}}}"}}
scenarios:
  - flow:
      - get: {{url: "/{{{{ greeting }}}}/{{{{ token }}}}/{{{{ $environment }}}}/{{{{ $processEnvironment.WHO }}}}/{{{{ $env.WHO }}}}"}}
""")
        self.kctl(path, "-e", "local", "-e", "WHO=ann")
        self.assertEqual(self.recorder.paths(), ["/login", "/hello/t-1/local/ann/ann", "/bye/t-1"])
        self.recorder.requests.clear()
        self.kctl(path, "--environment", "local", "--variables", '{"greeting": "hi"}', "--overrides",
                  '{"config": {"phases": [{"duration": 1, "arrivalCount": 2}]}}', env={"WHO": "bob"})
        self.assertEqual(self.recorder.paths(), ["/login", "/hi/t-1/local/bob/bob", "/hi/t-1/local/bob/bob", "/bye/t-1"])

    def test_the_target_has_variables(self):
        path = self.written("      - get: {url: /}\n      - get: {url: '{{ target }}/again'}\n")
        path.write_text(path.read_text().replace(self.recorder.url, "'http://{{ host }}'"))
        self.kctl(path, "--variables", json.dumps({"host": self.recorder.url.removeprefix("http://")}))
        self.assertEqual(self.recorder.paths(), ["/", "/again"])
        run = self.kctl(path, code=107)
        self.assertIn("test.yml:2:11: config.target: {{ host }} has no value here", run.output)

    def test_weights(self):
        path = self.place / "weights.yml"
        path.write_text(f"config: {{target: '{self.recorder.url}', phases: [{{duration: 1, arrivalCount: 60}}]}}\n"
                        "scenarios:\n  - {name: often, weight: 9, flow: [{get: {url: /often}}]}\n"
                        "  - {name: seldom, flow: [{get: {url: /seldom}}]}\n"
                        "  - {name: never, weight: 0, flow: [{get: {url: /never}}]}\n")
        self.kctl(path)
        times = collections.Counter(self.recorder.paths())
        self.assertEqual(times["/often"] + times["/seldom"], 60)
        self.assertGreater(times["/often"], 35)
        self.recorder.requests.clear()
        self.kctl(path, "--scenario-name", "seldom")
        self.assertEqual(self.recorder.paths(), ["/seldom"] * 60)

    def test_output(self):
        path = self.written("      - get: {url: /a}\n      - get: {url: '/b/{{ $uuid }}'}\n",
                              phases="[{duration: 2, arrivalRate: 5}]")
        report, run = self.report(path)
        aggregate = report["aggregate"]
        self.assertEqual(sorted(aggregate), sorted(["counters", "rates", "summaries", "histograms", "firstCounterAt",
                                                    "firstHistogramAt", "lastCounterAt", "lastHistogramAt",
                                                    "firstMetricAt", "lastMetricAt", "period"]))
        self.assertEqual(aggregate["counters"]["http.codes.200"], 20)
        self.assertEqual(aggregate["counters"]["plugins.metrics-by-endpoint./b/{{ $uuid }}.codes.200"], 10)
        for name in ("http.response_time", "vusers.session_length", "plugins.metrics-by-endpoint.response_time./a"):
            self.assertEqual(sorted(aggregate["summaries"][name]), sorted(
                ["min", "max", "count", "mean", "p50", "median", "p75", "p90", "p95", "p99", "p999"]), name)
        self.assertEqual(aggregate["summaries"]["http.response_time"]["count"], 20)
        self.assertGreaterEqual(len(report["intermediate"]), 2)
        self.assertEqual(sum(period["counters"]["http.requests"] for period in report["intermediate"]), 20)
        self.assertLess(aggregate["firstMetricAt"], aggregate["lastMetricAt"])


@unittest.skipUnless(shutil.which("artillery"), "artillery is not on PATH")
class BesideArtillery(ArtilleryCase):
    def test_the_same_requests(self):
        path = self.written("""
      - function: byCallback
      - post:
          url: /login
          json: {user: "{{ name }}", list: ["{{ number }}", true], deep: {a: "x{{ number }}"}}
          capture:
            - {json: $.token, as: token}
            - {json: "$.items[?(@.price > 10)].id", as: dear}
            - {json: "$.items[0]", as: item}
            - {regexp: '"id": (?<first>\\d+)', group: first, as: first}
            - {json: $.none, as: absent, strict: false}
      - get: {url: "/items/{{ dear }}/{{ item.price }}/{{ absent }}/{{ nowhere }}", headers: {Authorization: "Bearer {{ token }}"}}
      - get: {url: "/item?x=1", qs: {b: "{{ first }}", a: [1, 2]}}
      - put: {url: /put, body: "plain {{ number }} {{ item }}"}
      - patch: {url: /patch, form: {a: "1 2", b: "{{ name }}"}}
      - delete: {url: /delete, auth: {user: ann, pass: "{{ token }}"}, cookie: {flavour: "{{ name }}"}}
      - loop: [{get: {url: "/count/{{ $loopCount }}"}}]
        count: 3
      - loop: [{get: {url: "/over/{{ $loopElement }}/{{ $loopCount }}"}}]
        over: [a, b]
      - loop: [{get: {url: "/range/{{ $loopCount }}"}}]
        count: "2-4"
      - get: {url: /never, ifTrue: "number > 10"}
      - get: {url: /sometimes, ifTrue: "number < 10"}
      - post: {url: /hooked, headers: {}, json: {a: 1}, beforeRequest: before, afterResponse: behind}
      - get: {url: "/seen/{{ seen }}"}
      - get: {url: /status/500}
      - get: {url: /strict, capture: {json: $.none, as: none}}
      - get: {url: /unreached}
""", "  variables: {name: ann, number: 5}\n" + self.processor("""
module.exports = {
  byCallback(context, events, done) { events.emit('counter', 'mine', 3); done(); },
  before(request, context, events, next) { request.json = { b: context.vars.token }; request.headers.extra = 'e'; next(); },
  behind(request, response, context, events, next) { context.vars.seen = response.statusCode; next(); },
};
"""))
        seen, counters = [], []
        for name, command in (("ours", [BIN / "kctl"]), ("theirs", ["artillery"])):
            self.recorder.requests.clear()
            file = self.place / f"{name}.json"
            subprocess.run([*command, "run", "--output", file, path], check=False, capture_output=True, timeout=120)
            seen.append([(request.method, request.path, request.body,
                          {key: request.headers.get(key) for key in ("authorization", "cookie", "content-type", "extra")})
                         for request in self.recorder.requests])
            counters.append(json.loads(file.read_text())["aggregate"]["counters"])
        self.maxDiff = None
        self.assertEqual(seen[0], seen[1])
        for name in sorted(counters[1]):
            if "plugins" not in name and "bytes" not in name:
                self.assertEqual(counters[0].get(name), counters[1][name], name)


class Refusals(ArtilleryCase):
    def test_errors_name_place_and_remedy(self):
        for flow, config, pattern in (
                ("      - get: {ulr: /}\n", "", r"test\.yml:7:15: scenarios\[0\]\.flow\[0\]\.get\.ulr: unknown key; did you mean url\?"),
                ("      - get: {url: /}\n", "  engines: {playwright: {}}\n",
                 r"test\.yml:4:3: config\.engines: is not available in kload; kload's only engine is http"),
                ("      - get: {url: /, ifTrue: 'a =='}\n", "", r"test\.yml:7:9: 'a ==': it ends too early"),
                ("      - get: {url: /, capture: {json: '$.a[', as: b}}\n", "", r"test\.yml:7:9: JSONPath '\$\.a\['"),
                ("      - get: {url: /}\n", "  processor: ./none.js\n", r"none\.js")):
            with self.subTest(pattern):
                run = self.kctl(self.written(flow, config), code=107)
                self.assertRegex(run.output, pattern)

    def test_flags_of_artillery_tests_only(self):
        script = self.place / "script.js"
        script.write_text("export default function () {}\n")
        run = self.kctl(script, "--target", "http://h", code=255)
        self.assertIn("--target: is for Artillery tests", run.output)

    def test_inspect_and_archive(self):
        path = self.written("      - get: {url: /}\n", phases="[{duration: 60, arrivalRate: 5, name: steady}]")
        shown = subprocess.run([BIN / "kctl", "inspect", "--execution-requirements", path], capture_output=True, text=True,
                               check=True, timeout=60)
        self.assertEqual(json.loads(shown.stdout)["scenarios"]["steady"]["rate"], 5)
        archive = self.place / "test.tar"
        self.kctl(self.written("      - get: {url: /archived}\n"), "-O", archive, verb="archive")
        self.kctl(archive)
        self.assertEqual(self.recorder.paths(), ["/archived"])


class OnTheTarget(TestCase):
    def setUp(self):
        self.target = self.start(Target)

    def guide(self):
        """The YAML of the load-testing guide, verbatim."""
        for page in sorted(GUIDE_FOLDER.iterdir()) if GUIDE_FOLDER.is_dir() else []:
            match = re.search(r"`scripts/load-tests/artillery-baseline\.yml`\s*```yaml\n(.*?)```", page.read_text(), re.S)
            if match:
                return match.group(1)
        return self.skipTest("the guide is not here")

    def summary(self, *arguments, runner=None):
        file = self.folder() / "summary.json"
        run = self.start(*(runner or (Process, BIN / "kctl", "run")), *arguments, "--summary-export", file)
        self.assertEqual(run.wait(180), 0, run.output)
        return json.loads(file.read_text())["metrics"], run

    def test_the_guides_own(self):
        place = self.folder()
        (place / "helpers").mkdir()
        shutil.copy(HELPER, place / "helpers")
        (place / "artillery-baseline.yml").write_text(self.guide())
        metrics, run = self.summary(place / "artillery-baseline.yml", "--target", self.target.api, "--time-scale", "0.02")
        self.assertEqual(metrics["vusers_completed"]["count"], 24 + 300 + 6, run.output)
        self.assertEqual(self.target.requests(), 4 * 330)
        self.assertEqual(metrics["http_req_failed"]["passes"], 0)

    def test_ours(self):
        path = ROOT / "scripts" / "load-tests" / "artillery-baseline.yml"
        metrics, run = self.summary(path, "--target", self.target.api, "--time-scale", "0.02", "--no-thresholds",
                                    "--overrides", '{"config": {"phases": [{"duration": 50, "arrivalRate": 5}]}}')
        self.assertEqual(metrics["vusers_completed"]["count"], 5, run.output)
        self.assertEqual((metrics["checks"]["passes"], metrics["checks"]["fails"]), (20, 0))

    def test_on_a_cluster(self):
        cluster = self.start(Cluster, agents=2, folder=self.folder())
        path = self.folder() / "cluster.yml"
        path.write_text(f"config:\n  target: {self.target.api}\n  phases:\n"
                        "    - {duration: 1, arrivalRate: 20, rampTo: 40}\n    - {pause: 1}\n    - {duration: 2, arrivalCount: 37}\n"
                        "scenarios:\n  - flow: [{get: {url: /health}}, {think: 0.1}]\n")
        metrics, run = self.summary("start", path, "--agents", "2", runner=(cluster.kctl,))
        self.assertEqual(metrics["vusers_created"]["count"], 30 + 37, run.output)
        self.assertEqual(self.target.requests(), 67)

    @unittest.skipUnless(shutil.which("artillery"), "artillery is not on PATH")
    def test_beside_artillery(self):
        place = self.folder()
        path = place / "both.yml"
        path.write_text(f"config:\n  target: {self.target.api}\n  phases: [{{duration: 2, arrivalCount: 10}}]\n"
                        "scenarios:\n  - flow: [{get: {url: /health}}, {get: {url: /compliance/stats}}]\n")
        counters = []
        for name, command in (("ours", [BIN / "kctl"]), ("theirs", ["artillery"])):
            file = place / f"{name}.json"
            subprocess.run([*command, "run", "--output", file, path], check=True, capture_output=True, timeout=120)
            counters.append(json.loads(file.read_text())["aggregate"]["counters"])
        for name in ("vusers.created", "vusers.completed", "http.requests", "http.responses", "http.codes.200", "http.codes.401"):
            self.assertEqual(counters[0].get(name), counters[1].get(name), name)


if __name__ == "__main__":
    sys.exit(unittest.main())
