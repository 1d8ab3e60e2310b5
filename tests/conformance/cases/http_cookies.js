// covers: k6/http/cookieJar, k6/http/CookieJar, params/cookies, params/jar, Response/cookies, options/noCookiesReset
// flags: -i 2 -u 1
import http from 'k6/http';
import { check } from 'k6';
const url = (path) => `http://${__ENV.ECHO}${path}`;
export default function () {
  check(http.get(url('/cookies')), { 'a new iteration has none': (r) => Object.keys(r.json()).length === 0 });
  check(http.get(url('/cookies/set?sid=abc')), { 'over a redirect': (r) => r.json('sid') === 'abc' });
  check(http.get(url('/cookies'), { cookies: { own: '1', sid: { value: 'x', replace: true } } }), {
    'of the call': (r) => r.json('own') === '1' && r.json('sid') === 'x' });
  const jar = http.cookieJar();
  check(jar.cookiesForURL(url('/')), { 'in the jar': (c) => c.sid[0] === 'abc' });
  jar.set(url('/'), 'set', 'byscript', { path: '/' });
  check(http.get(url('/cookies')), { 'set': (r) => r.json('set') === 'byscript' });
  jar.clear(url('/'));
  check(http.get(url('/cookies')), { 'cleared': (r) => Object.keys(r.json()).length === 0 });
  const other = new http.CookieJar();
  other.set(url('/'), 'o', '1');
  check(http.get(url('/cookies'), { jar: other }), { 'another jar': (r) => r.json('o') === '1' });
  check(http.get(url('/cookies/attributes')).cookies, {
    'attributes': (c) => c.a[0].path === '/cookies' && c.a[0].max_age === 60 && c.a[0].http_only && c.b[0].secure });
}
