// covers: Response/status, Response/headers, Response/body, Response/timings, Response/request, Response/json(), Response/json(selector), Response/url, Response/error fields, Response/cookies, Response/ocsp, constants
import http from 'k6/http';
import { check } from 'k6';
export default function () {
  const r = http.get(`http://${__ENV.ECHO}/json`);
  check(r, {
    'status': (x) => x.status === 200 && x.status_text === '200 OK' && x.proto === 'HTTP/1.1',
    'headers are canonical': (x) => x.headers['Content-Type'] === 'application/json',
    'remote': (x) => x.remote_ip === '127.0.0.1' && x.remote_port > 0,
    'timings': (x) => ['duration', 'blocked', 'looking_up', 'connecting', 'tls_handshaking', 'sending', 'waiting',
      'receiving'].every((k) => typeof x.timings[k] === 'number'),
    'duration is its parts': (x) => Math.abs(x.timings.duration -
      (x.timings.sending + x.timings.waiting + x.timings.receiving)) < 1e-9,
    'request': (x) => x.request.method === 'GET' && x.request.url.endsWith('/json'),
    'json': (x) => x.json().user.tags[1] === 'b',
    'json path': (x) => x.json('user.name') === 'anna' && x.json('items.#') === 3 && x.json('items.1.id') === 2,
    'json pluck': (x) => x.json('items.#.id').join() === '1,2,3' && x.json('dotted\\.key') === 'x',
    'json query': (x) => x.json('items.#(id==2).ok') === false && x.json('items.#(ok==true)#.id').length === 2,
    'json nothing': (x) => x.json('none.at.all') === undefined,
    'no error': (x) => x.error === '' && x.error_code === 0,
    'ocsp': (x) => x.ocsp.status === '' && x.ocsp.produced_at === 0,
    'fields can be listed': (x) => Object.keys(x).slice(0, 4).join() === 'remote_ip,remote_port,url,status' &&
      { ...x }.status_text === '200 OK' && JSON.parse(JSON.stringify(x)).timings.duration === x.timings.duration &&
      Object.keys(x.timings).length === 8,
    'fields can be changed': (x) => { const y = { ...x.timings }; y.waiting = -1; return x.timings.waiting >= 0; },
    'constants': () => http.TLS_1_2 === 'tls1.2' && http.OCSP_STATUS_GOOD === 'good',
  });
  const none = http.get(`http://${__ENV.ECHO}/status/503`);
  check(none, { 'error code': (x) => x.error_code === 1503 && x.status === 503 });
}
