// covers: params/timeout, params/tags, params/responseType, params/throw, params/redirects, params/compression, http/error codes
// log: Request failed.*request timeout
// metric: http_req_duration{kind:tagged}.count == 1
import http from 'k6/http';
import { check } from 'k6';
export const options = { thresholds: { 'http_req_duration{kind:tagged}': ['max>=0'] }, summaryTrendStats: ['max', 'count'] };
const url = (path) => `http://${__ENV.ECHO}${path}`;
export default function () {
  check(http.get(url('/delay/5'), { timeout: '200ms' }), { 'timeout': (r) => r.status === 0 && r.error_code === 1050 });
  http.get(url('/echo'), { tags: { kind: 'tagged' } });
  const binary = http.get(url('/bytes/300'), { responseType: 'binary' });
  check(binary, { 'binary': (r) => r.body.byteLength === 300 && new Uint8Array(r.body)[255] === 255 });
  check(http.get(url('/json'), { responseType: 'none' }), { 'none': (r) => r.body === null });
  check(http.get(url('/redirect/2'), { redirects: 0 }), { 'not followed': (r) => r.status === 302 });
  check(http.get(url('/redirect/2'), { redirects: 1 }), { 'at the limit': (r) => r.status === 302 });
  check(http.get(url('/redirect/2')), { 'followed': (r) => r.status === 200 && r.url === url('/echo') });
  const body = 'compress me '.repeat(50);
  check(http.post(url('/decode'), body, { compression: 'gzip' }), { 'gzip': (r) => r.json('body') === body });
  check(http.post(url('/decode'), body, { compression: 'deflate' }), { 'deflate': (r) => r.json('body') === body });
  let thrown = '';
  try { http.get('http://127.0.0.1:1/', { throw: true }); } catch (e) { thrown = String(e); }
  check(thrown, { 'throws': (t) => t.includes('connection refused') });
  check(http.get('http://127.0.0.1:1/'), { 'refused': (r) => r.error_code === 1212 });
  check(http.get(url('/close')), { 'closed': (r) => r.status === 0 && r.error !== '' });
}
