// covers: k6/http/asyncRequest
// metric: http_reqs.count == 40000
// More requests at once than a process may have stacks for wait for each other.
import http from 'k6/http';
import { check } from 'k6';
export const options = { vus: 2, iterations: 2, blacklistIPs: ['127.0.0.9/32'] };
export default async function () {
  const all = [];
  for (let i = 0; i < 20000; ++i) all.push(http.asyncRequest('GET', i % 10 ? 'http://127.0.0.9/' : `http://${__ENV.ECHO}/json`));
  const answers = await Promise.all(all);
  check(answers, { 'each has its answer': (a) => a.length === 20000 &&
    a.every((r, i) => (i % 10 ? r.error_code === 1110 : r.status === 200)) });
}
