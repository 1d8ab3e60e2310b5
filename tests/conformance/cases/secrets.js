// covers: k6/secrets
// flags: --secret-source=mock=key=topsecretvalue
// log: got \*\*\*SECRET_REDACTED\*\*\*
// not: topsecretvalue
import secrets from 'k6/secrets';
import { check } from 'k6';
export default async function () {
  const value = await secrets.get('key');
  console.log(`got ${value}`);
  check(value, { 'length': (v) => v.length === 14 });
}
