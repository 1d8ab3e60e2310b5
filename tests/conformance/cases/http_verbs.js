// covers: k6/http/get, k6/http/head, k6/http/post, k6/http/put, k6/http/patch, k6/http/del, k6/http/options, k6/http/request, params/headers, metrics/http_reqs
// metric: http_reqs.count == 8
// metric: http_req_failed.value == 0
import http from 'k6/http';
import { check } from 'k6';
const url = `http://${__ENV.ECHO}/echo`;
export default function () {
  const headers = { 'X-Case': 'yes' };
  const seen = (r) => r.json().headers.some(([n, v]) => n === 'X-Case' && v === 'yes');
  check(http.get(url, { headers }), { 'GET': (r) => r.json('method') === 'GET' && seen(r) });
  check(http.head(url), { 'HEAD': (r) => r.status === 200 && r.body === '' });
  check(http.post(url, 'text', { headers }), { 'POST': (r) => r.json('body') === 'text' && seen(r) });
  check(http.put(url, JSON.stringify({ a: 1 })), { 'PUT': (r) => r.json('body') === '{"a":1}' });
  check(http.patch(url, 'p'), { 'PATCH': (r) => r.json('method') === 'PATCH' });
  check(http.del(url, 'd'), { 'DELETE': (r) => r.json('method') === 'DELETE' && r.json('body') === 'd' });
  check(http.options(url), { 'OPTIONS': (r) => r.json('method') === 'OPTIONS' });
  check(http.request('GET', url), { 'request': (r) => r.json('method') === 'GET' });
}
