// covers: options/localIPs, options/dns
// flags: --local-ips=127.0.0.5-127.0.0.6
import http from 'k6/http';
import { check } from 'k6';
const port = __ENV.ECHO.split(':')[1];
export const options = { vus: 2, iterations: 8, dns: { ttl: '0', select: 'first', policy: 'onlyIPv4' } };
export default function () {
  check(http.get(`http://localhost:${port}/echo`), {
    'from the VU\'s own address': (r) => r.json('peer') === `127.0.0.${4 + __VU}` });
}
