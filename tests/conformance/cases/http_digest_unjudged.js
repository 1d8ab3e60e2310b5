// covers: k6/http/setResponseCallback
// metric: http_req_failed.passes == 0
// metric: http_req_failed.fails == 0
// Without a callback nothing is judged, the question for credentials neither.
import http from 'k6/http';
import { check } from 'k6';
export const options = { iterations: 1 };
http.setResponseCallback(null);
export default function () {
  check(http.get(`http://u:p@${__ENV.ECHO}/digest/u/p`, { auth: 'digest' }), { in: (r) => r.status === 200 });
}
