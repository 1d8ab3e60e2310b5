// covers: options/tlsAuth
import http from 'k6/http';
import { check } from 'k6';
export const options = { insecureSkipTLSVerify: true,
  tlsAuth: [{ cert: open(__ENV.CERT), key: open(__ENV.KEY), domains: ['127.0.0.1'] }] };
export default function () {
  check(http.get(`https://${__ENV.MTLS}/json`), { 'the server has seen the certificate': (r) => r.status === 200 });
}
