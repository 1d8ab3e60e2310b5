// covers: http/TLS verification
import http from 'k6/http';
import { check } from 'k6';
export default function () {
  check(http.get(`https://${__ENV.TLS}/json`), { 'unknown authority': (r) => r.error_code === 1310 && r.status === 0 });
}
