// covers: options/httpDebug
// flags: --http-debug=full
// log: POST /echo HTTP/1.1
// log: HTTP/1.1 200 OK
// log: a body
import http from 'k6/http';
import { check } from 'k6';
export default function () { check(http.post(`http://${__ENV.ECHO}/echo`, 'a body'), { ok: (r) => r.status === 200 }); }
