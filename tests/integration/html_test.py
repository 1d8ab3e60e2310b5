"""Pages and forms on a real process: a script logs in by the form it was given, follows a link, and reads a table."""

import http.server
import json
import sys
import threading
import unittest
import urllib.parse

from harness import BIN, Process, TestCase

SCRIPT = """
import http from 'k6/http';
import { check } from 'k6';
import { parseHTML } from 'k6/html';

export const options = { vus: 4, iterations: 20, thresholds: { checks: ['rate==1'] } };

export default function () {
  const page = http.get(`${__ENV.SITE}/login?from=test`);
  const account = page.submitForm({ fields: { user: 'me', password: 'p&ss w0rd' }, submitSelector: '#in' });
  check(account, {
    'logged in': (r) => r.url.endsWith('/account/') && r.html('h1').text() === 'Hello me',
    'rows': (r) => r.html().find('tr:has(td)').map((i, row) => row.children('td').last().text()).join() === '10,20,30',
    'deep page': (r) => r.html().find('div').last().text() === 'deep',
  });
  const out = account.clickLink({ selector: 'a:contains("log out")' });
  check(out, { 'logged out': (r) => r.status === 200 && parseHTML(r.body).find('#bye').data('user') === 'me' });
  const found = account.submitForm({ formSelector: '#search' });
  check(found, { 'searched': (r) => r.json('q') === 'a b' && r.json('lang.#') === 2 });
}
"""
LOGIN = """<!DOCTYPE html><title>Log in</title>
<form action="session" method="post"><input type="hidden" name="token" value="{token}">
<input name="user"><input name="password" type="password"><input type="checkbox" name="remember" checked>
<button type="submit" id="help" name="help" value="1">?</button>
<button type="submit" id="in" name="go" value="in">Log in</button></form>"""
ACCOUNT = """<!DOCTYPE html><h1>Hello {user}</h1><table><tr><th>n<th>value<tr><td>1<td>10<tr><td>2<td>20<tr><td>3<td>30</table>
<nav><a href="/">home</a> <a href="../logout">Log out</a></nav>
<form id="search" action="/search#results"><input name="q" value="a b"><select name="lang" multiple>
<option selected>en<option>fr<option selected>de</select></form>""" + "<div>" * 2000 + "deep"


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sessions = 0
    logins = []  # fields of every log-in
    lock = threading.Lock()

    def log_message(self, *arguments):
        pass

    def answer(self, status, body="", **headers):
        data = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def user(self):
        name, _, value = self.headers.get("Cookie", "").partition("=")
        return value if name == "user" else None

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/login":
            with Site.lock:
                Site.sessions += 1
                token = f"t&{Site.sessions}"
            self.answer(200, LOGIN.format(token=token.replace("&", "&amp;")))
        elif url.path == "/account/" and self.user():
            self.answer(200, ACCOUNT.format(user=self.user()))
        elif url.path == "/logout" and self.user():
            self.answer(200, f"<p id=bye data-user={self.user()}>")
        elif url.path == "/search":
            fields = urllib.parse.parse_qs(url.query)
            self.answer(200, json.dumps({"q": fields["q"][0], "lang": fields["lang"]}))
        else:
            self.answer(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path != "/session" or self.headers["Content-Type"] != "application/x-www-form-urlencoded":
            self.answer(404)
            return
        fields = dict(urllib.parse.parse_qsl(body))
        with Site.lock:
            Site.logins.append(fields)
        self.answer(303, Location="/account/", Set_Cookie=f"user={fields['user']}; Path=/")


class Html(TestCase):
    def test_logs_in_by_a_form(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(lambda: (server.shutdown(), thread.join(), server.server_close()))
        script = self.folder() / "forms.js"
        script.write_text(SCRIPT)
        run = self.start(Process, BIN / "kctl", "run", script, "--agents", "2", "-e",
                         f"SITE=http://127.0.0.1:{server.server_port}")
        self.assertEqual(run.wait(60), 0, run.output)
        self.assertEqual(len(Site.logins), 20)
        self.assertEqual({fields.pop("token") for fields in Site.logins}, {f"t&{i + 1}" for i in range(20)})
        for fields in Site.logins:
            self.assertEqual(fields, {"user": "me", "password": "p&ss w0rd", "remember": "on", "go": "in"})

    def test_what_is_not_there_is_an_exception(self):
        script = self.folder() / "wrong.js"
        script.write_text("import { parseHTML } from 'k6/html';\nexport const options = { iterations: 1 };\n"
                          "export default function () {\n  parseHTML('<p>').find('p:nth-letter(2)');\n}\n")
        run = self.start(Process, BIN / "kctl", "run", script)
        run.wait(60)
        self.assertRegex(run.output, r'Selection.find\(\): selector .*: :nth-letter is not available in kload')
        self.assertRegex(run.output, r"wrong\.js:4")


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
