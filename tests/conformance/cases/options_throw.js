// covers: options/throw
// checks: none
// log: connection refused
// metric: iteration_exceptions.count == 1
import http from 'k6/http';
export const options = { throw: true };
export default function () { http.get('http://127.0.0.1:1/'); }
