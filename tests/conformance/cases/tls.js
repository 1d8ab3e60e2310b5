// covers: http/TLS, options/insecureSkipTLSVerify, options/tlsVersion, Response/tls fields
import http from 'k6/http';
import { check } from 'k6';
export const options = { insecureSkipTLSVerify: true, tlsVersion: { min: 'tls1.2', max: 'tls1.3' } };
export default function () {
  check(http.get(`https://${__ENV.TLS}/json`), {
    'TLS': (r) => r.status === 200 && r.tls_version === http.TLS_1_3 && r.tls_cipher_suite !== '',
    'ocsp': (r) => r.ocsp.status === http.OCSP_STATUS_UNKNOWN,
    'handshake': (r) => r.timings.tls_handshaking > 0 });
  check(http.get(`https://${__ENV.TLS}/json`), { 'kept': (r) => r.timings.tls_handshaking === 0 });
}
