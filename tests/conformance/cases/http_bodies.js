// covers: k6/http/form bodies, k6/http/file, k6/http/multipart, http/encodings, http/chunked
import http from 'k6/http';
import { check } from 'k6';
const url = (path) => `http://${__ENV.ECHO}${path}`;
export default function () {
  check(http.post(url('/form'), { b: 2, a: 'x y', list: [1, 2] }), {
    'form': (r) => r.json('a') === 'x y' && r.json('b') === '2' });
  check(http.post(url('/echo'), { f: http.file('data', 'name.txt', 'text/plain'), v: 'w' }), {
    'multipart': (r) => r.json('body').includes('filename="name.txt"') && r.json('body').includes('data'),
    'type': (r) => r.json('headers').some(([n, v]) => n === 'Content-Type' && v.startsWith('multipart/form-data; boundary=')),
  });
  check(http.post(url('/echo'), new Uint8Array([104, 105]).buffer), { 'bytes': (r) => r.json('body') === 'hi' });
  for (const kind of ['gzip', 'deflate', 'br', 'zstd']) {
    check(http.get(url(`/encoded/${kind}`)), { [kind]: (r) => r.body === 'hello from a compressed body' });
  }
  check(http.get(url('/chunked/20')), { 'chunked': (r) => r.body.endsWith('piece 19;') });
}
