"""An HTTP server with the endpoints that the conformance cases need. Also by hand: python3 echo_server.py PORT."""

import base64
import gzip
import hashlib
import http.server
import json
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse
import zlib

PLAIN = b"hello from a compressed body"
# Python has neither: what the tools of those names make of PLAIN.
BROTLI = base64.b64decode("GxsA+I2Ubt6qBAkbq7a3HESRVnIHb16ys87lBQ==")
ZSTD = base64.b64decode("KLUv/SQc4QAAaGVsbG8gZnJvbSBhIGNvbXByZXNzZWQgYm9keUJovqs=")

PAGE = b"""<!DOCTYPE html><html><head><title>Shop</title></head><body>
<h1 id="top" class="big red">Welcome</h1>
<ul><li class="item" data-price="3">one</li><li class="item">two</li><li>three</li></ul>
<a href="/echo?from=link">next</a>
<form action="/form" method="post"><input name="user" value="anna"><input type="hidden" name="token" value="t1">
<input type="checkbox" name="keep" checked><select name="size"><option value="s">S</option>
<option value="m" selected>M</option></select><input type="submit" name="go" value="Go"></form>
</body></html>"""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status=200, body=b"", headers=(), content_type="application/json"):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length) if length else b""
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        parts = [urllib.parse.unquote(part) for part in url.path.strip("/").split("/")]
        with self.server.lock:
            self.server.requests += 1
        handler = getattr(self, "on_" + (parts[0] or "echo").replace("-", "_"), None)
        if handler is None:
            return self.answer(404, {"error": "no such endpoint"})
        return handler(*parts[1:])

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = serve

    def on_echo(self, *_):
        self.answer(200, {"method": self.command, "path": self.path, "query": self.query,
                          "headers": [[name, value] for name, value in self.headers.items()],
                          "body": self.body.decode("latin-1"), "peer": self.client_address[0]})

    def on_status(self, code):
        self.answer(int(code), {"status": int(code)})

    def on_redirect(self, count):
        left = int(count) - 1
        self.answer(302, b"", [("Location", f"/redirect/{left}" if left > 0 else "/echo")])

    def on_redirect_to(self):
        self.answer(int(self.query.get("code", 302)), b"", [("Location", self.query["url"])])

    def on_cookies(self, *action):
        if action == ("set",):
            cookies = [("Set-Cookie", f"{name}={value}; Path=/") for name, value in self.query.items()]
            return self.answer(302, b"", [*cookies, ("Location", "/cookies")])
        if action == ("attributes",):
            return self.answer(200, {}, [("Set-Cookie", "a=1; Path=/cookies; Max-Age=60; HttpOnly"),
                                         ("Set-Cookie", "b=2; Secure")])
        pairs = [pair.split("=", 1) for pair in (self.headers.get("Cookie") or "").split("; ") if "=" in pair]
        return self.answer(200, dict(pairs))

    def on_encoded(self, kind):
        body = {"gzip": gzip.compress(PLAIN), "deflate": zlib.compress(PLAIN), "br": BROTLI, "zstd": ZSTD}[kind]
        self.answer(200, body, [("Content-Encoding", kind)], "text/plain")

    def on_decode(self):
        kind = self.headers.get("Content-Encoding")
        plain = {"gzip": gzip.decompress, "deflate": zlib.decompress}[kind](self.body)
        self.answer(200, {"encoding": kind, "body": plain.decode()})

    def on_basic(self, user, password):
        wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        if self.headers.get("Authorization") == wanted:
            return self.answer(200, {"authenticated": True})
        return self.answer(401, {}, [("WWW-Authenticate", 'Basic realm="case"')])

    def on_digest(self, user, password):
        given = self.headers.get("Authorization", "")
        fields = dict(part.strip().split("=", 1) for part in given.removeprefix("Digest ").split(",") if "=" in part)
        fields = {name: value.strip('"') for name, value in fields.items()}
        md5 = lambda text: hashlib.md5(text.encode()).hexdigest()
        if fields:
            secret = md5(f"{user}:case:{password}")
            asked = md5(f"{self.command}:{self.path}")
            wanted = md5(":".join([secret, "nonce1", fields["nc"], fields["cnonce"], "auth", asked]))
            if fields["response"] == wanted and fields["uri"] == self.path:
                return self.answer(200, {"authenticated": True})
        return self.answer(401, {}, [("WWW-Authenticate", 'Digest realm="case", nonce="nonce1", qop="auth"')])

    def on_chunked(self, count):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for i in range(int(count)):
            piece = f"piece {i};".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def on_delay(self, seconds):
        time.sleep(min(float(seconds), 10))
        self.answer(200, {"delay": float(seconds)})

    def on_bytes(self, count):
        self.answer(200, bytes(i % 256 for i in range(int(count))), content_type="application/octet-stream")

    def on_json(self):
        self.answer(200, {"user": {"name": "anna", "tags": ["a", "b"]}, "total": 3,
                          "items": [{"id": 1, "ok": True}, {"id": 2, "ok": False}, {"id": 3, "ok": True}],
                          "dotted.key": "x"})

    def on_html(self):
        self.answer(200, PAGE, content_type="text/html; charset=utf-8")

    def on_form(self):
        self.answer(200, dict(urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True)))

    def on_close(self):
        self.close_connection = True
        self.connection.shutdown(2)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address=("127.0.0.1", 0), certificate=None, client_ca=None):
        super().__init__(address, Handler)
        self.lock = threading.Lock()
        self.requests = 0
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            if client_ca:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(client_ca)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request, client_address):
        pass  # clients that go away are part of the cases

    def begin(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return f"127.0.0.1:{self.server_address[1]}"


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1]))).serve_forever()
