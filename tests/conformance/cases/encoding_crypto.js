// covers: k6/encoding, k6/crypto, k6/crypto/webcrypto, globals/TextEncoder, globals/crypto
import encoding from 'k6/encoding';
import crypto from 'k6/crypto';
import { check } from 'k6';
export default async function () {
  check(null, {
    'b64': () => encoding.b64encode('hällo') === 'aMOkbGxv' && encoding.b64decode('aMOkbGxv', 'std', 's') === 'hällo',
    'url': () => encoding.b64encode('>>>???', 'rawurl') === 'Pj4-Pz8_',
    'sha256': () => crypto.sha256('a', 'hex') === 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
    'md5 base64': () => crypto.md5('a', 'base64') === 'DMF1ucDxtqgxw5niaXcmYQ==',
    'hmac': () => crypto.hmac('sha256', 'key', 'data', 'hex') ===
      '5031fe3d989c6d1537a013fa6e739da23463fdaec3b70137d828e36ace221bd0',
    'createHash': () => { const h = crypto.createHash('sha1'); h.update('a'); return h.digest('hex') ===
      '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8'; },
    'randomBytes': () => crypto.randomBytes(8).byteLength === 8,
    'text': () => new TextDecoder().decode(new TextEncoder().encode('ü')) === 'ü',
    'uuid': () => /^[0-9a-f]{8}-[0-9a-f]{4}-4/.test(globalThis.crypto.randomUUID()),
  });
  const digest = await globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode('a'));
  const key = await globalThis.crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']);
  const iv = globalThis.crypto.getRandomValues(new Uint8Array(12));
  const secret = await globalThis.crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new TextEncoder().encode('hi'));
  const plain = await globalThis.crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, secret);
  check(null, { 'digest': () => new Uint8Array(digest)[0] === 0xca,
    'AES-GCM': () => new TextDecoder().decode(new Uint8Array(plain)) === 'hi' });
}
