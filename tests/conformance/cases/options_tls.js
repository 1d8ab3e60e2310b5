// covers: options/tlsCipherSuites
import http from 'k6/http';
import { check } from 'k6';
export const options = { insecureSkipTLSVerify: true, tlsVersion: 'tls1.2',
  tlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] };
export default function () {
  check(http.get(`https://${__ENV.TLS}/json`), { 'TLS 1.2': (r) => r.tls_version === 'tls1.2',
    'suite': (r) => r.tls_cipher_suite.includes('AES_256_GCM') || r.tls_cipher_suite.includes('AES256-GCM') });
}
