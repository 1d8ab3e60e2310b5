// covers: options/rps
// flags: --agents 2
// metric: http_reqs.count <= 27
// metric: http_reqs.count >= 15
// checks: none
import http from 'k6/http';
export const options = { vus: 6, duration: '2s', rps: 10, gracefulStop: '1s' };
export default function () { http.get(`http://${__ENV.ECHO}/echo`); }
