// What WebCrypto's functions take: names, numbers, bytes, usages.

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "common/base/ascii.h"
#include "common/k6/webcrypto.h"

namespace kload::k6::webcrypto {
namespace {

constexpr std::array<std::pair<Algorithm, const char*>, 10> kAlgorithms = {{
    {Algorithm::kHmac, "HMAC"},
    {Algorithm::kAesCbc, "AES-CBC"},
    {Algorithm::kAesCtr, "AES-CTR"},
    {Algorithm::kAesGcm, "AES-GCM"},
    {Algorithm::kPbkdf2, "PBKDF2"},
    {Algorithm::kEcdsa, "ECDSA"},
    {Algorithm::kEcdh, "ECDH"},
    {Algorithm::kRsaOaep, "RSA-OAEP"},
    {Algorithm::kRsaPkcs1, "RSASSA-PKCS1-v1_5"},
    {Algorithm::kRsaPss, "RSA-PSS"},
}};

struct HashInfo {
  Hash hash;
  const char* name;
  size_t digest_bytes;
  size_t block_bytes;
  const EVP_MD* (*digest)();
};
constexpr std::array<HashInfo, 4> kHashes = {{
    {Hash::kSha1, "SHA-1", 20, 64, EVP_sha1},
    {Hash::kSha256, "SHA-256", 32, 64, EVP_sha256},
    {Hash::kSha384, "SHA-384", 48, 128, EVP_sha384},
    {Hash::kSha512, "SHA-512", 64, 128, EVP_sha512},
}};

struct CurveInfo {
  Curve curve;
  const char* name;
  size_t field_bytes;
};
constexpr std::array<CurveInfo, 3> kCurves = {{
    {Curve::kP256, "P-256", 32},
    {Curve::kP384, "P-384", 48},
    {Curve::kP521, "P-521", 66},
}};

constexpr std::array<std::pair<unsigned, const char*>, 8> kUsages = {{
    {kEncrypt, "encrypt"},
    {kDecrypt, "decrypt"},
    {kSign, "sign"},
    {kVerify, "verify"},
    {kDeriveKey, "deriveKey"},
    {kDeriveBits, "deriveBits"},
    {kWrapKey, "wrapKey"},
    {kUnwrapKey, "unwrapKey"},
}};

const HashInfo& InfoOf(Hash hash) {
  return *std::find_if(kHashes.begin(), kHashes.end(),
                       [&](const HashInfo& info) { return info.hash == hash; });
}

const CurveInfo& InfoOf(Curve curve) {
  return *std::find_if(kCurves.begin(), kCurves.end(),
                       [&](const CurveInfo& info) { return info.curve == curve; });
}

std::optional<Curve> ReadCurve(JSContext* cx, JSValueConst algorithm) {
  const js::Value value = js::Get(cx, algorithm, "namedCurve");
  const auto name = js::ToText(cx, value.get());
  if (!name.has_value()) return std::nullopt;
  for (const CurveInfo& info : kCurves) {
    if (*name == info.name) return info.curve;
  }
  ThrowDom(cx, "NotSupportedError",
           fmt::format("namedCurve: '{}' is none of P-256, P-384, P-521", *name));
  return std::nullopt;
}

}  // namespace

bool IsAes(Algorithm algorithm) {
  return algorithm == Algorithm::kAesCbc || algorithm == Algorithm::kAesCtr ||
         algorithm == Algorithm::kAesGcm;
}
bool IsEc(Algorithm algorithm) {
  return algorithm == Algorithm::kEcdsa || algorithm == Algorithm::kEcdh;
}
bool IsRsa(Algorithm algorithm) {
  return algorithm == Algorithm::kRsaOaep || algorithm == Algorithm::kRsaPkcs1 ||
         algorithm == Algorithm::kRsaPss;
}

const char* NameOf(Algorithm algorithm) {
  return std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                      [&](const auto& entry) { return entry.first == algorithm; })
      ->second;
}
const char* NameOf(Hash hash) { return InfoOf(hash).name; }
const char* NameOf(Curve curve) { return InfoOf(curve).name; }
const EVP_MD* DigestOf(Hash hash) { return InfoOf(hash).digest(); }
size_t DigestBytes(Hash hash) { return InfoOf(hash).digest_bytes; }
size_t BlockBytes(Hash hash) { return InfoOf(hash).block_bytes; }
size_t FieldBytes(Curve curve) { return InfoOf(curve).field_bytes; }

js::Value ThrowDom(JSContext* cx, const char* name, std::string_view message) {
  const js::Value error(cx, JS_NewError(cx));
  if (error.IsException()) return js::Thrown(cx);
  for (const auto& [member, text] :
       {std::pair<const char*, std::string_view>{"name", name}, {"message", message}}) {
    JS_DefinePropertyValueStr(cx, error.get(), member, js::String(cx, text).Release(),
                              JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  }
  return js::Value(cx, JS_Throw(cx, JS_DupValue(cx, error.get())));
}

js::Value ThrowOpenSsl(JSContext* cx, std::string_view what) {
  std::array<char, 256> reason{};
  const unsigned long code = ERR_peek_last_error();
  if (code != 0) ERR_error_string_n(code, reason.data(), reason.size());
  ERR_clear_error();
  return ThrowDom(cx, "OperationError", fmt::format("{} {}", what, reason.data()));
}

std::optional<std::string> ReadName(JSContext* cx, JSValueConst algorithm) {
  if (JS_IsString(algorithm)) return js::ToText(cx, algorithm);
  const js::Value name = JS_IsObject(algorithm) ? js::Get(cx, algorithm, "name") : js::Value();
  if (name.IsException()) return std::nullopt;
  if (JS_IsString(name.get())) return js::ToText(cx, name.get());
  js::ThrowTypeError(cx, "algorithm: expected a name or an object with one");
  return std::nullopt;
}

std::optional<Hash> ReadHash(JSContext* cx, JSValueConst hash) {
  const auto name = ReadName(cx, hash);
  if (!name.has_value()) return std::nullopt;
  for (const HashInfo& info : kHashes) {
    if (EqualsIgnoringCase(*name, info.name)) return info.hash;
  }
  ThrowDom(cx, "NotSupportedError",
           fmt::format("hash: '{}' is none of SHA-1, SHA-256, SHA-384, SHA-512", *name));
  return std::nullopt;
}

std::optional<KeyParams> ReadKeyParams(JSContext* cx, JSValueConst algorithm) {
  const auto name = ReadName(cx, algorithm);
  if (!name.has_value()) return std::nullopt;
  const auto found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(), [&](const auto& entry) {
    return EqualsIgnoringCase(*name, entry.second);
  });
  if (found == kAlgorithms.end()) {
    ThrowDom(cx, "NotSupportedError",
             fmt::format("algorithm: '{}' is not available in kload", *name));
    return std::nullopt;
  }
  KeyParams params{.algorithm = found->first};
  if (!JS_IsObject(algorithm)) return params;
  if (params.algorithm == Algorithm::kHmac || IsRsa(params.algorithm)) {
    const js::Value hash = js::Get(cx, algorithm, "hash");
    if (!hash.IsUndefined()) {
      const auto read = ReadHash(cx, hash.get());
      if (!read.has_value()) return std::nullopt;
      params.hash = *read;
    }
  }
  const js::Value curve = js::Get(cx, algorithm, "namedCurve");
  if (IsEc(params.algorithm) && !curve.IsUndefined()) {
    const auto read = ReadCurve(cx, algorithm);
    if (!read.has_value()) return std::nullopt;
    params.curve = *read;
  }
  return params;
}

std::optional<std::string> ReadBuffer(JSContext* cx, JSValueConst value, std::string_view what) {
  if (const auto bytes = js::ViewBytes(cx, value)) return std::string(*bytes);
  js::ThrowTypeError(cx, fmt::format("{}: expected an ArrayBuffer or a typed array", what));
  return std::nullopt;
}

std::optional<std::string> ReadBufferOf(JSContext* cx, JSValueConst object, const char* member) {
  const js::Value value = js::Get(cx, object, member);
  if (value.IsException()) return std::nullopt;
  return ReadBuffer(cx, value.get(), member);
}

std::optional<std::string> ReadOptionalBuffer(JSContext* cx, JSValueConst object,
                                              const char* member) {
  const js::Value value = JS_IsObject(object) ? js::Get(cx, object, member) : js::Value();
  if (value.IsException()) return std::nullopt;
  if (js::IsNullish(value.get())) return std::string();
  return ReadBuffer(cx, value.get(), member);
}

std::optional<int64_t> ReadInteger(JSContext* cx, JSValueConst object, const char* member,
                                   int64_t min, int64_t max, int64_t fallback) {
  const js::Value value = JS_IsObject(object) ? js::Get(cx, object, member) : js::Value();
  if (value.IsException()) return std::nullopt;
  if (js::IsNullish(value.get()) && fallback >= 0) return fallback;
  const auto number = js::ToNumber(cx, value.get());
  if (!number.has_value()) return std::nullopt;
  if (*number >= static_cast<double>(min) && *number <= static_cast<double>(max) &&
      std::floor(*number) == *number) {
    return static_cast<int64_t>(*number);
  }
  ThrowDom(cx, "OperationError",
           fmt::format("{}: expected a whole number from {} to {}", member, min, max));
  return std::nullopt;
}

std::optional<unsigned> ReadUsages(JSContext* cx, JSValueConst usages, unsigned allowed) {
  if (!JS_IsArray(cx, usages)) {
    js::ThrowTypeError(cx, "keyUsages: expected an array such as ['sign', 'verify']");
    return std::nullopt;
  }
  unsigned read = 0;
  const bool ok = js::ForEachProperty(cx, usages, [&](JSAtom, JSValueConst value) {
    const auto name = js::ToText(cx, value);
    if (!name.has_value()) return false;
    for (const auto& [usage, usage_name] : kUsages) {
      if (*name != usage_name || (usage & allowed) == 0) continue;
      read |= usage;
      return true;
    }
    ThrowDom(cx, "SyntaxError",
             fmt::format("keyUsages: '{}' is not possible with such a key", *name));
    return false;
  });
  if (!ok) return std::nullopt;
  return read;
}

unsigned AllowedUsages(Algorithm algorithm, KeyType type) {
  const bool is_public = type == KeyType::kPublic;
  switch (algorithm) {
    case Algorithm::kHmac:
      return kSign | kVerify;
    case Algorithm::kAesCbc:
    case Algorithm::kAesCtr:
    case Algorithm::kAesGcm:
      return kEncrypt | kDecrypt | kWrapKey | kUnwrapKey;
    case Algorithm::kPbkdf2:
      return kDeriveKey | kDeriveBits;
    case Algorithm::kEcdh:
      return is_public ? 0 : kDeriveKey | kDeriveBits;
    case Algorithm::kRsaOaep:
      return is_public ? kEncrypt | kWrapKey : kDecrypt | kUnwrapKey;
    case Algorithm::kEcdsa:
    case Algorithm::kRsaPkcs1:
    case Algorithm::kRsaPss:
      return is_public ? kVerify : kSign;
  }
  return 0;
}

}  // namespace kload::k6::webcrypto
