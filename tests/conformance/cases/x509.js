// covers: k6/crypto/x509
import x509 from 'k6/crypto/x509';
import { check } from 'k6';
export default function () {
  let message = '';
  try { x509.parse('nonsense'); } catch (e) { message = String(e); }
  check(message, { 'an error that says so': (m) => m !== '' });
}
