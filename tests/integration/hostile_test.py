"""Targets that do all that a server must not: each request is a counted error or what it can be, memory stays bounded, nothing
crashes, and nobody waits longer than the request's own timeout."""

import json
import pathlib
import re
import socket
import subprocess
import threading
import time
import unittest
import zlib

from harness import BIN, SANITIZER, TestCase

TIMEOUT = 3  # of each request, seconds
MEMORY_MAX = 700  # MB: one body of 256 MB, which is the most that is kept, and what it takes to hold it

SCRIPT = """
import http from 'k6/http';
export const options = { vus: %d, iterations: %d, insecureSkipTLSVerify: true };
export default function () {
  const r = http.get(__ENV.URL, { timeout: '%ds' });
  console.log(`status=${r.status} code=${r.error_code} error=${r.error}`);
}
"""


class Hostile:
    """A server whose connections are each served by `behave(connection)` on a thread of its own."""

    def __init__(self, behave):
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while self._open:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                self._behave(connection, lambda: self._open)
            except OSError:
                pass  # the client has had enough: that is what is tested

    def end(self):
        self._open = False
        self._listener.close()


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(4096)
        if not more:
            return data
        data += more
    return data


def endless_headers(connection, on):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while on():
        connection.sendall(b"X-More: " + b"x" * 900 + b"\r\n")


def endless_line(connection, on):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while on():
        connection.sendall(b"x" * 4096)


def slow_headers(connection, on):
    read_request(connection)
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" * 100:
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def slow_body(connection, on):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while on():
        connection.sendall(b"x")
        time.sleep(0.2)


def endless_body(connection, on):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    while on():
        connection.sendall(chunk)


def two_gigabytes(connection, on):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n")
    block = b"x" * 1_000_000
    for _ in range(2148):
        connection.sendall(block)


def packed_zeros(megabytes):
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


BOMB = packed_zeros(600)  # some MB, more than twice what is kept of a body


def zip_bomb(connection, on):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB)


def bad_chunks(connection, on):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n")


def huge_chunk_size(connection, on):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello")


def early_close(connection, on):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


def close_at_once(connection, on):
    read_request(connection)


def reset(connection, on):
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def garbage(connection, on):
    read_request(connection)
    connection.sendall(bytes(range(256)) * 100)


def interim_forever(connection, on):
    read_request(connection)
    while on():
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def redirect_loop(connection, on):
    while read_request(connection):
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")


def silence(connection, on):
    while on():
        time.sleep(0.1)


def two_lengths(connection, on):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello")


def unasked_answers(connection, on):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" * 50)


def many_cookies(connection, on):
    while read_request(connection):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
        connection.sendall(head + b"".join(b"Set-Cookie: c%d=%s\r\n" % (i, b"v" * 100) for i in range(300)) + b"\r\n")


# Behaviour, scheme, and what the script is told: a pattern for `status=... code=... error=...`.
CASES = [
    (endless_headers, "http", r"status=0 code=1\d{3} error=.+"),
    (endless_line, "http", r"status=0 code=1\d{3} error=.+"),
    (slow_headers, "http", r"status=0 code=1050 error=request timeout"),
    (slow_body, "http", r"status=0 code=1050 error=request timeout"),
    (endless_body, "http", r"status=0 code=1\d{3} error=.+"),
    (two_gigabytes, "http", r"status=0 code=1\d{3} error=.+"),
    (zip_bomb, "http", r"status=0 code=1701 error=.+"),
    (bad_chunks, "http", r"status=0 code=1\d{3} error=.+"),
    (huge_chunk_size, "http", r"status=0 code=1\d{3} error=.+"),
    (early_close, "http", r"status=0 code=1\d{3} error=.+"),
    (close_at_once, "http", r"status=0 code=1\d{3} error=.+"),
    (reset, "http", r"status=0 code=1220 error=.+"),
    (garbage, "http", r"status=0 code=1\d{3} error=.+"),
    (interim_forever, "http", r"status=0 code=1\d{3} error=.+"),
    (redirect_loop, "http", r"status=302 code=0 error=|status=0 code=1\d{3} error=.+"),
    (silence, "http", r"status=0 code=1050 error=request timeout"),
    (two_lengths, "http", r"status=0 code=1\d{3} error=.+"),
    (unasked_answers, "http", r"status=200 code=0 error="),
    (many_cookies, "http", r"status=200 code=0 error="),
    (garbage, "https", r"status=0 code=1\d{3} error=.+"),
    (close_at_once, "https", r"status=0 code=1\d{3} error=.+"),
    (silence, "https", r"status=0 code=1050 error=request timeout"),
]


class HostileTargets(TestCase):
    def run_against(self, server, scheme, vus, iterations):
        folder = self.folder()
        script = folder / "s.js"
        script.write_text(SCRIPT % (vus, iterations, TIMEOUT))
        export = folder / "summary.json"
        # -v of time(1) is not everywhere: the highest resident size is the kernel's word, in /proc.
        child = subprocess.Popen([BIN / "kctl", "run", script, "-e", f"URL={scheme}://127.0.0.1:{server.port}/", "--quiet",
                                  "--summary-export", export], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        peak = [0.0]

        def watch():
            while child.poll() is None:
                try:
                    status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
                except OSError:
                    return
                if found := re.search(r"VmHWM:\s+(\d+)", status):
                    peak[0] = int(found.group(1)) / 1024
                time.sleep(0.05)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        begun = time.monotonic()
        try:
            output = child.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            child.kill()
            self.fail(f"still running after 60 s: {child.communicate()[0]}")
        watcher.join(5)
        return child.returncode, output, json.loads(export.read_text())["metrics"], peak[0], time.monotonic() - begun

    def assert_memory(self, peak, most):
        if not SANITIZER:  # whose own memory is more than that
            self.assertLess(peak, most, "MB")

    def test_each_is_one_counted_request(self):
        for behave, scheme, expected in CASES:
            with self.subTest(behaviour=behave.__name__, scheme=scheme):
                server = self.start(Hostile, behave)
                code, output, metrics, peak, took = self.run_against(server, scheme, 1, 1)
                self.assertEqual(code, 0, output)
                said = re.search(r"status=\d+ code=\d+ error=[^\"]*", output)
                self.assertIsNotNone(said, output)
                self.assertRegex(said.group(0), expected)
                self.assertEqual(metrics["iterations"]["count"], 1)
                if behave is not redirect_loop:
                    self.assertEqual(metrics["http_reqs"]["count"], 1)
                    self.assertEqual(metrics["http_req_failed"]["value"], 0 if "status=200" in said.group(0) else 1)
                self.assert_memory(peak, MEMORY_MAX)
                self.assertLess(took, TIMEOUT + 8)
                server.end()

    def test_many_at_once_stay_within_memory(self):
        for behave in (endless_headers, slow_body, early_close, reset, interim_forever):
            with self.subTest(behaviour=behave.__name__):
                server = self.start(Hostile, behave)
                code, output, metrics, peak, _ = self.run_against(server, "http", 40, 80)
                self.assertEqual(code, 0, output[-2000:])
                self.assertEqual(metrics["http_reqs"]["count"], 80)
                self.assertEqual(metrics["http_req_failed"]["value"], 1)
                self.assert_memory(peak, 250)
                server.end()


if __name__ == "__main__":
    unittest.main()
