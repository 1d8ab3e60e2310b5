// covers: options/minIterationDuration, options/noVUConnectionReuse, options/noConnectionReuse
// metric: iterations.count <= 12
// metric: iterations.count >= 6
import http from 'k6/http';
import { check } from 'k6';
export const options = { vus: 2, duration: '1s', minIterationDuration: '200ms', noVUConnectionReuse: true, gracefulStop: '1s' };
export default function () {
  check(http.get(`http://${__ENV.ECHO}/echo`), { 'new connection': (r) => r.timings.connecting > 0 });
  check(http.get(`http://${__ENV.ECHO}/echo`), { 'kept within': (r) => r.timings.connecting === 0 });
}
