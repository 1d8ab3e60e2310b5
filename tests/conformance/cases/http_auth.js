// covers: http/basic authentication, http/digest authentication, params/auth
// metric: http_reqs.count == 4
// metric: http_req_failed.passes == 1
import http from 'k6/http';
import { check } from 'k6';
export default function () {
  check(http.get(`http://anna:secret@${__ENV.ECHO}/basic/anna/secret`), { 'basic': (r) => r.status === 200 });
  check(http.get(`http://anna:wrong@${__ENV.ECHO}/basic/anna/secret`), { 'refused': (r) => r.status === 401 });
  check(http.get(`http://anna:secret@${__ENV.ECHO}/digest/anna/secret`, { auth: 'digest' }), {
    'digest': (r) => r.status === 200 && r.json('authenticated') });
}
