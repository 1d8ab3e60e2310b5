// covers: k6/http/batch, k6/http/asyncRequest, options/batch, options/batchPerHost, lifecycle/promises and async functions
// metric: http_reqs.count == 14
import http from 'k6/http';
import { check } from 'k6';
export const options = { batch: 4, batchPerHost: 4 };
const url = (path) => `http://${__ENV.ECHO}${path}`;
export default async function () {
  const before = Date.now();
  const all = http.batch([...Array(8).keys()].map((i) => ['GET', url(`/delay/0.2?i=${i}`)]));
  const took = Date.now() - before;
  check(all, { 'all came': (a) => a.length === 8 && a.every((r) => r.status === 200),
    'four at a time': () => took >= 390 && took < 1500 });
  const named = http.batch({ a: url('/json'), b: { method: 'POST', url: url('/echo'), body: 'x' } });
  check(named, { 'by key': (n) => n.a.json('total') === 3 && n.b.json('body') === 'x' });
  const began = Date.now();
  const four = await Promise.all([1, 2, 3, 4].map(() => http.asyncRequest('GET', url('/delay/0.2'))));
  check(four, { 'async': (f) => f.every((r) => r.status === 200) && Date.now() - began < 700 });
}
