// covers: lifecycle/handleSummary
// log: no file can be made at /nowhere/x.txt|/nowhere/x.txt
// stdout: posted 200 after a nap, 3 at once
// metric: http_reqs.count == 2
// What handleSummary() sends is no part of the result; a file that cannot be written leaves the exit code alone.
import http from 'k6/http';
import { check, sleep } from 'k6';
export const options = { iterations: 2 };
const url = (path) => `http://${__ENV.ECHO}${path}`;
export default function () { check(http.get(url('/json')), { ok: (r) => r.status === 200 }); }
export function handleSummary(data) {
  const before = Date.now();
  sleep(0.3);
  const slept = Date.now() - before >= 290;
  const sent = http.post(url('/echo'), JSON.stringify({ requests: data.metrics.http_reqs.values.count }),
    { headers: { 'Content-Type': 'application/json' } });
  const all = http.batch([url('/delay/0.1'), url('/json'), url('/status/404')]);
  const right = JSON.parse(sent.json('body')).requests === 2 && all[2].status === 404;
  return { stdout: `posted ${sent.status} after ${slept ? 'a nap' : 'nothing'}, ${right ? all.length : 0} at once\n`,
    '/nowhere/x.txt': 'text' };
}
