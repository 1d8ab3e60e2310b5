#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class WebCryptoTest : public ScriptTest {
 protected:
  // What an async function with this body prints; the test fails when it throws.
  std::vector<std::string> Await(const std::string& body) {
    return Printed("return (async () => {" + body + "})();", kHelpers);
  }
  // `Name: message` of what it throws.
  std::string Rejection(const std::string& body) {
    const auto lines = Await("try { " + body +
                             "; console.log('nothing'); } catch (e) { "
                             "console.log(e.name + ': ' + e.message); }");
    return lines.empty() ? "" : lines.back();
  }

  static constexpr char kHelpers[] =
      "import { hexEncode } from 'k6/crypto'; const s = crypto.subtle; const hex = hexEncode;"
      "const text = t => new TextEncoder().encode(t);"
      "const unhex = t => new Uint8Array((t.match(/../g) || []).map(h => parseInt(h, 16)));"
      "const raw = (h, name, ...usages) => s.importKey('raw', unhex(h), name, true, usages);"
      "const key128 = '2b7e151628aed2a6abf7158809cf4f3c';"
      "const plain = unhex('6bc1bee22e409f96e93d7e117393172a');";
};

// ---- Random ----

TEST_F(WebCryptoTest, Random) {
  EXPECT_THAT(Await("console.log(crypto.randomUUID());")[0],
              MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_THAT(Await("const a = new Uint32Array(4); console.log(crypto.getRandomValues(a) === a,"
                    " a.some(n => n !== 0));"),
              ElementsAre("true true"));
  EXPECT_THAT(Rejection("crypto.getRandomValues(new Uint8Array(65537))"),
              HasSubstr("QuotaExceededError: "));
  EXPECT_THAT(Rejection("crypto.getRandomValues(new Float32Array(1))"),
              HasSubstr("TypeMismatchError: "));
  EXPECT_THAT(Rejection("crypto.getRandomValues([1])"), HasSubstr("TypeError: "));
}

TEST_F(WebCryptoTest, IsAModuleToo) {
  EXPECT_THAT(Printed("console.log(c === crypto);",
                      "import { crypto as c } from 'k6/experimental/webcrypto';"),
              ElementsAre("true"));
}

// ---- Known answers ----

TEST_F(WebCryptoTest, Digests) {
  EXPECT_THAT(Await("console.log(hex(await s.digest('SHA-256', text('abc'))));"
                    "console.log(hex(await s.digest({ name: 'sha-1' }, text('abc').buffer)));"),
              ElementsAre("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                          "a9993e364706816aba3e25717850c26c9cd0d89d"));
  EXPECT_THAT(Rejection("await s.digest('MD5', text('abc'))"), HasSubstr("NotSupportedError: "));
}

TEST_F(WebCryptoTest, Hmac) {
  EXPECT_THAT(
      Await("const k = await s.importKey('raw', text('key'), { name: 'HMAC', hash: 'SHA-256' },"
            " false, ['sign', 'verify']);"
            "const t = text('The quick brown fox jumps over the lazy dog');"
            "const m = await s.sign('HMAC', k, t); console.log(hex(m));"
            "console.log(await s.verify('HMAC', k, m, t), await s.verify('HMAC', k, m, text('x')));"
            "console.log(k.type, k.extractable, k.algorithm, k.usages);"),
      ElementsAre("f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8", "true false",
                  "secret false { name: 'HMAC', hash: { name: 'SHA-256' }, length: 24 } "
                  "[ 'sign', 'verify' ]"));
}

TEST_F(WebCryptoTest, Aes) {
  EXPECT_THAT(
      Await("const iv = unhex('000102030405060708090a0b0c0d0e0f');"
            "const cbc = await raw(key128, 'AES-CBC', 'encrypt', 'decrypt');"
            "const c = await s.encrypt({ name: 'AES-CBC', iv }, cbc, plain); console.log(hex(c));"
            "console.log(hex(await s.decrypt({ name: 'AES-CBC', iv }, cbc, c)));"
            "const ctr = await raw(key128, 'AES-CTR', 'encrypt');"
            "console.log(hex(await s.encrypt({ name: 'AES-CTR', length: 64,"
            " counter: unhex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff') }, ctr, plain)));"
            "const gcm = await raw('00'.repeat(16), 'AES-GCM', 'encrypt', 'decrypt');"
            "const p = { name: 'AES-GCM', iv: new Uint8Array(12) };"
            "console.log(hex(await s.encrypt(p, gcm, new Uint8Array(16))));"),
      ElementsAre("7649abac8119b246cee98e9b12e9197d8964e0b149c10b7b682e6e39aaeb731c",
                  "6bc1bee22e409f96e93d7e117393172a", "874d6191b620e3261bef6864990db6ce",
                  "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"));
}

TEST_F(WebCryptoTest, OnlyTheCountersOwnBitsCount) {
  EXPECT_THAT(
      Await(
          "const k = await raw(key128, 'AES-CTR', 'encrypt');"
          "const e = async (counter, data) => hex(await s.encrypt({ name: 'AES-CTR', length: 9,"
          " counter: unhex(counter) }, k, data));"
          "const zeros = n => new Uint8Array(16 * n); const high = 'f0f1f2f3f4f5f6f7f8f9fafbfcfd';"
          "console.log(await e(high + 'ffff', zeros(2)) ==="
          " await e(high + 'ffff', zeros(1)) + await e(high + 'fe00', zeros(1)));"),
      ElementsAre("true"));
  EXPECT_THAT(Rejection("const k = await raw(key128, 'AES-CTR', 'encrypt'); await s.encrypt({ name:"
                        " 'AES-CTR', length: 1, counter: new Uint8Array(16) }, k,"
                        " new Uint8Array(33))"),
              HasSubstr("count too few blocks"));
}

TEST_F(WebCryptoTest, Pbkdf2) {
  EXPECT_THAT(
      Await(
          "const k = await s.importKey('raw', text('password'), 'PBKDF2', false,"
          " ['deriveBits', 'deriveKey']);"
          "const p = { name: 'PBKDF2', salt: text('salt'), iterations: 4096, hash: 'SHA-1' };"
          "console.log(hex(await s.deriveBits(p, k, 160)));"
          "const a = await s.deriveKey(p, k, { name: 'AES-GCM', length: 128 }, true, ['encrypt']);"
          "console.log(hex(await s.exportKey('raw', a)));"),
      ElementsAre("4b007901b765489abead49d926f721d065a429c1", "4b007901b765489abead49d926f721d0"));
}

// ---- There and back ----

TEST_F(WebCryptoTest, GcmNoticesChanges) {
  EXPECT_THAT(
      Await("const k = await s.generateKey({ name: 'AES-GCM', length: 256 }, true,"
            " ['encrypt', 'decrypt']);"
            "const p = { name: 'AES-GCM', iv: new Uint8Array(12), additionalData: text('a'),"
            " tagLength: 96 };"
            "const c = await s.encrypt(p, k, text('hello')); console.log(c.byteLength);"
            "console.log(new TextDecoder().decode(await s.decrypt(p, k, c)));"
            "try { await s.decrypt({ ...p, additionalData: text('b') }, k, c); } catch (e) {"
            " console.log(e.name, e instanceof Error); }"),
      ElementsAre("17", "hello", "OperationError true"));
}

TEST_F(WebCryptoTest, EcdsaInAllFormats) {
  EXPECT_THAT(
      Await(
          "for (const namedCurve of ['P-256', 'P-384', 'P-521']) {"
          " const a = { name: 'ECDSA', namedCurve }; const p = { name: 'ECDSA', hash: 'SHA-256' };"
          " const pair = await s.generateKey(a, true, ['sign', 'verify']); const ok = [];"
          " for (const f of ['pkcs8', 'jwk']) { const k = await s.importKey(f,"
          "   await s.exportKey(f, pair.privateKey), a, true, ['sign']);"
          "  const m = await s.sign(p, k, text('m')); ok.push(m.byteLength);"
          "  for (const g of ['raw', 'spki', 'jwk']) { const v = await s.importKey(g,"
          "    await s.exportKey(g, pair.publicKey), a, true, ['verify']);"
          "   ok.push(await s.verify(p, v, m, text('m')), await s.verify(p, v, m, text('x'))); } }"
          " console.log(namedCurve, ok.join(' ')); }"),
      ElementsAre("P-256 64 true false true false true false 64 true false true false true false",
                  "P-384 96 true false true false true false 96 true false true false true false",
                  "P-521 132 true false true false true false 132 true false true false true "
                  "false"));
}

TEST_F(WebCryptoTest, EcdhAgrees) {
  EXPECT_THAT(
      Await("const a = { name: 'ECDH', namedCurve: 'P-256' };"
            "const x = await s.generateKey(a, false, ['deriveBits', 'deriveKey']);"
            "const y = await s.generateKey(a, false, ['deriveBits', 'deriveKey']);"
            "const one = await s.deriveBits({ name: 'ECDH', public: y.publicKey }, x.privateKey, "
            "256);"
            "const two = await s.deriveBits({ name: 'ECDH', public: x.publicKey }, y.privateKey);"
            "console.log(hex(one) === hex(two), one.byteLength, y.publicKey.usages);"
            "const k = await s.deriveKey({ name: 'ECDH', public: y.publicKey }, x.privateKey,"
            " { name: 'HMAC', hash: 'SHA-256', length: 256 }, true, ['sign']);"
            "console.log(hex(await s.exportKey('raw', k)) === hex(one));"),
      ElementsAre("true 32 []", "true"));
}

TEST_F(WebCryptoTest, Rsa) {
  EXPECT_THAT(
      Await(
          "const rsa = { modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) };"
          "for (const name of ['RSASSA-PKCS1-v1_5', 'RSA-PSS']) {"
          " const a = { name, hash: 'SHA-256' }; const p = { name, saltLength: 20 };"
          " const pair = await s.generateKey({ ...a, ...rsa }, true, ['sign', 'verify']);"
          " const k = await s.importKey('jwk', await s.exportKey('jwk', pair.privateKey), a, true,"
          "  ['sign']); const v = await s.importKey('spki', await s.exportKey('spki',"
          "  pair.publicKey), a, true, ['verify']);"
          " const m = await s.sign(p, k, text('m')); console.log(name, m.byteLength,"
          "  await s.verify(p, v, m, text('m')), await s.verify(p, v, m, text('x'))); }"
          "const a = { name: 'RSA-OAEP', hash: 'SHA-1' };"
          "const pair = await s.generateKey({ ...a, ...rsa }, true, ['encrypt', 'decrypt']);"
          "const p = { name: 'RSA-OAEP', label: text('l') };"
          "const k = await s.importKey('pkcs8', await s.exportKey('pkcs8', pair.privateKey), a,"
          " false, ['decrypt']); const c = await s.encrypt(p, pair.publicKey, text('hi'));"
          "console.log(new TextDecoder().decode(await s.decrypt(p, k, c)),"
          " (await s.exportKey('jwk', pair.publicKey)).alg, k.algorithm.modulusLength);"),
      ElementsAre("RSASSA-PKCS1-v1_5 128 true false", "RSA-PSS 128 true false",
                  "hi RSA-OAEP 1024"));
}

TEST_F(WebCryptoTest, SecretsAsJwk) {
  EXPECT_THAT(
      Await(
          "const k = await s.importKey('raw', text('secret'), { name: 'HMAC', hash: 'SHA-512' },"
          " true, ['sign']); const j = await s.exportKey('jwk', k); console.log(JSON.stringify(j));"
          "const again = await s.importKey('jwk', j, { name: 'HMAC', hash: 'SHA-512' }, true,"
          " ['sign']); console.log(hex(await s.exportKey('raw', again)));"),
      ElementsAre(R"({"kty":"oct","k":"c2VjcmV0","alg":"HS512","ext":true,"key_ops":["sign"]})",
                  "736563726574"));
}

// ---- Misuse ----

TEST_F(WebCryptoTest, RejectionsAreNamed) {
  EXPECT_THAT(Rejection("await s.wrapKey()"),
              HasSubstr("NotSupportedError: crypto.subtle.wrapKey is not available in kload"));
  EXPECT_THAT(Rejection("await s.generateKey({ name: 'Ed25519' }, true, ['sign'])"),
              HasSubstr("NotSupportedError: algorithm: 'Ed25519' is not available in kload"));
  EXPECT_THAT(Rejection("await raw('00', 'AES-CBC', 'encrypt')"), HasSubstr("DataError: "));
  EXPECT_THAT(Rejection("await raw(key128, 'AES-CBC', 'sign')"), HasSubstr("SyntaxError: "));
  EXPECT_THAT(Rejection("await raw(key128, 'AES-CBC')"), HasSubstr("SyntaxError: "));
  EXPECT_THAT(Rejection("const k = await raw(key128, 'AES-CBC', 'decrypt');"
                        "await s.encrypt({ name: 'AES-CBC', iv: new Uint8Array(16) }, k, plain)"),
              HasSubstr("InvalidAccessError: "));
  EXPECT_THAT(Rejection("const k = await raw(key128, 'AES-CBC', 'encrypt');"
                        "await s.encrypt({ name: 'AES-GCM', iv: new Uint8Array(16) }, k, plain)"),
              HasSubstr("it is for AES-CBC, not for AES-GCM"));
  EXPECT_THAT(Rejection("const k = await s.importKey('raw', text('k'), { name: 'HMAC', hash:"
                        " 'SHA-1' }, false, ['sign']); await s.exportKey('raw', k)"),
              HasSubstr("not extractable"));
  EXPECT_THAT(Rejection("await s.importKey('spki', plain, { name: 'ECDSA', namedCurve: 'P-256' },"
                        " true, ['verify'])"),
              HasSubstr("DataError: "));
  EXPECT_THAT(
      Rejection("const p = await s.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true,"
                " ['sign']); await s.importKey('spki', await s.exportKey('spki',"
                " p.publicKey), { name: 'ECDSA', namedCurve: 'P-384' }, true, ['verify'])"),
      HasSubstr("not of the curve P-384"));
  EXPECT_THAT(Rejection("await s.sign('HMAC', {}, plain)"), HasSubstr("expected a CryptoKey"));
  EXPECT_THAT(Thrown("return crypto.subtle.digest('MD5', new Uint8Array(1));"),
              HasSubstr("Uncaught (in promise) NotSupportedError"));
}

}  // namespace
}  // namespace kload::k6
