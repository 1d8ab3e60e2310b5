// WebCrypto (`crypto.subtle`) on OpenSSL: keys, and what the files webcrypto_*.cc share.
//
// Thread: that of the realm. Every operation is done when it is called and its promise is settled then; reactions run as
//         jobs, like those of any promise. Generating large RSA keys takes its time from the worker's other VUs.
// Errors: functions here report by a pending exception (see js::Call), which the glue in webcrypto_module.cc turns into a
//         rejection. They carry the names of DOMExceptions.
// Source: W3C Web Cryptography API; RFC 7517 and 7518 for JWK.
#pragma once

#include <openssl/evp.h>
#include <quickjs.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/js/function.h"
#include "common/js/value.h"

namespace kload::k6::webcrypto {

enum class Algorithm {
  kHmac,
  kAesCbc,
  kAesCtr,
  kAesGcm,
  kPbkdf2,
  kEcdsa,
  kEcdh,
  kRsaOaep,
  kRsaPkcs1,
  kRsaPss,
};
enum class Hash { kNone, kSha1, kSha256, kSha384, kSha512 };
enum class Curve { kNone, kP256, kP384, kP521 };
enum class KeyType { kSecret, kPublic, kPrivate };

// Bits of Key::usages.
enum Usage : unsigned {
  kEncrypt = 1,
  kDecrypt = 2,
  kSign = 4,
  kVerify = 8,
  kDeriveKey = 16,
  kDeriveBits = 32,
  kWrapKey = 64,
  kUnwrapKey = 128,
};

struct FreePkey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Pkey = std::unique_ptr<EVP_PKEY, FreePkey>;

// What a CryptoKey holds: `secret` or, of asymmetric algorithms, `pkey`.
struct Key {
  Algorithm algorithm = Algorithm::kHmac;
  KeyType type = KeyType::kSecret;
  bool extractable = false;
  unsigned usages = 0;
  Hash hash = Hash::kNone;     // HMAC and RSA
  Curve curve = Curve::kNone;  // ECDSA and ECDH
  std::string secret;
  Pkey pkey;
};

// The algorithm argument of a function, as far as keys go.
struct KeyParams {
  Algorithm algorithm = Algorithm::kHmac;
  Hash hash = Hash::kNone;
  Curve curve = Curve::kNone;
};

bool IsAes(Algorithm algorithm);
bool IsEc(Algorithm algorithm);
bool IsRsa(Algorithm algorithm);

// ---- Names ----
const char* NameOf(Algorithm algorithm);  // "AES-CBC"
const char* NameOf(Hash hash);            // "SHA-256"
const char* NameOf(Curve curve);          // "P-256"
const EVP_MD* DigestOf(Hash hash);
size_t DigestBytes(Hash hash);
size_t BlockBytes(Hash hash);    // what HMAC pads keys to
size_t FieldBytes(Curve curve);  // of a coordinate

// ---- Throwing; each returns the exception marker ----
js::Value ThrowDom(JSContext* cx, const char* name, std::string_view message);
// OperationError with what OpenSSL said last.
js::Value ThrowOpenSsl(JSContext* cx, std::string_view what);

// ---- Reading arguments; nullopt with an exception pending ----
// A string or an object with `name`, in any case.
std::optional<std::string> ReadName(JSContext* cx, JSValueConst algorithm);
std::optional<Hash> ReadHash(JSContext* cx, JSValueConst hash);
// `hash` and `namedCurve` where the algorithm has them.
std::optional<KeyParams> ReadKeyParams(JSContext* cx, JSValueConst algorithm);
// The bytes of an ArrayBuffer or view.
std::optional<std::string> ReadBuffer(JSContext* cx, JSValueConst value, std::string_view what);
std::optional<std::string> ReadBufferOf(JSContext* cx, JSValueConst object, const char* member);
// Empty when the member is absent.
std::optional<std::string> ReadOptionalBuffer(JSContext* cx, JSValueConst object,
                                              const char* member);
// A whole number from `min` to `max`; `fallback` when the member is absent, unless that is negative.
std::optional<int64_t> ReadInteger(JSContext* cx, JSValueConst object, const char* member,
                                   int64_t min, int64_t max, int64_t fallback = -1);
// An array of usages, each of which is among `allowed`.
std::optional<unsigned> ReadUsages(JSContext* cx, JSValueConst usages, unsigned allowed);
// What keys of this kind can be used for.
unsigned AllowedUsages(Algorithm algorithm, KeyType type);

// ---- Keys ----
// Once per runtime.
bool DefineKeyClass(JSContext* cx);
js::Value NewKey(JSContext* cx, Key key);
// Null with an exception pending when the value is no CryptoKey.
const Key* KeyOf(JSContext* cx, JSValueConst value);
// The key, when it is of the algorithm and has the usage.
const Key* KeyFor(JSContext* cx, JSValueConst value, Algorithm algorithm, Usage usage);

// ---- The functions of crypto.subtle, by the arguments of WebCrypto ----
js::Value Digest(const js::Call& call);
js::Value Sign(const js::Call& call);
js::Value Verify(const js::Call& call);
js::Value Encrypt(const js::Call& call);
js::Value Decrypt(const js::Call& call);
js::Value GenerateKey(const js::Call& call);
js::Value ImportKey(const js::Call& call);
js::Value ExportKey(const js::Call& call);
js::Value DeriveBits(const js::Call& call);
js::Value DeriveKey(const js::Call& call);

// ImportKey() for raw bytes.
js::Value ImportSecret(JSContext* cx, const KeyParams& params, std::string bytes, bool extractable,
                       unsigned usages);

inline const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
inline unsigned char* Bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace kload::k6::webcrypto
