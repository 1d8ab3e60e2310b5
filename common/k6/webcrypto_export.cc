// exportKey(): raw, jwk, pkcs8, spki.

#include <fmt/format.h>
#include <openssl/x509.h>

#include "common/k6/binary_text.h"
#include "common/k6/webcrypto.h"
#include "common/k6/webcrypto_jwk.h"

namespace kload::k6::webcrypto {
namespace {

std::string Padded(const BIGNUM* number, size_t bytes) {
  std::string text(bytes, '\0');
  BN_bn2binpad(number, Bytes(text), static_cast<int>(bytes));
  return text;
}

Bignum NumberOf(const EVP_PKEY* key, const char* param) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, param, &number) != 1) number = nullptr;
  return Bignum(number, BN_free);
}

// 04, x, y: the point of an EC key.
std::optional<std::string> PointOf(const Key& key) {
  const Bignum x = NumberOf(key.pkey.get(), OSSL_PKEY_PARAM_EC_PUB_X);
  const Bignum y = NumberOf(key.pkey.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
  if (x == nullptr || y == nullptr) return std::nullopt;
  return "\x04" + Padded(x.get(), FieldBytes(key.curve)) + Padded(y.get(), FieldBytes(key.curve));
}

js::Value Text64(JSContext* cx, std::string_view bytes) {
  return js::String(cx, EncodeBase64(bytes, Base64::kRawUrl));
}

void AddEcMembers(JSContext* cx, const Key& key, const js::Value& jwk) {
  const std::string point = PointOf(key).value_or(std::string());
  const size_t bytes = FieldBytes(key.curve);
  js::Define(cx, jwk.get(), "kty", js::String(cx, "EC"));
  js::Define(cx, jwk.get(), "crv", js::String(cx, NameOf(key.curve)));
  if (point.size() == 1 + 2 * bytes) {
    js::Define(cx, jwk.get(), "x", Text64(cx, point.substr(1, bytes)));
    js::Define(cx, jwk.get(), "y", Text64(cx, point.substr(1 + bytes)));
  }
  if (key.type != KeyType::kPrivate) return;
  const Bignum d = NumberOf(key.pkey.get(), OSSL_PKEY_PARAM_PRIV_KEY);
  if (d != nullptr) js::Define(cx, jwk.get(), "d", Text64(cx, Padded(d.get(), bytes)));
}

void AddRsaMembers(JSContext* cx, const Key& key, const js::Value& jwk) {
  js::Define(cx, jwk.get(), "kty", js::String(cx, "RSA"));
  for (const auto& [member, param] : kRsaComponents) {
    const bool is_public = std::string_view(member) == "n" || std::string_view(member) == "e";
    if (!is_public && key.type != KeyType::kPrivate) continue;
    const Bignum number = NumberOf(key.pkey.get(), param);
    if (number == nullptr) continue;
    const auto size = static_cast<size_t>(BN_num_bytes(number.get()));
    js::Define(cx, jwk.get(), member, Text64(cx, Padded(number.get(), size)));
  }
}

js::Value ExportJwk(const js::Call& call, const Key& key) {
  JSContext* cx = call.cx;
  js::Value jwk = js::Object(cx);
  if (IsEc(key.algorithm)) {
    AddEcMembers(cx, key, jwk);
  } else if (IsRsa(key.algorithm)) {
    AddRsaMembers(cx, key, jwk);
  } else {
    js::Define(cx, jwk.get(), "kty", js::String(cx, "oct"));
    js::Define(cx, jwk.get(), "k", Text64(cx, key.secret));
  }
  const std::string alg =
      JwkAlgorithm({.algorithm = key.algorithm, .hash = key.hash}, key.secret.size());
  if (!alg.empty()) js::Define(cx, jwk.get(), "alg", js::String(cx, alg));
  js::Define(cx, jwk.get(), "ext", js::Bool(cx, key.extractable));
  js::Define(cx, jwk.get(), "key_ops", js::Get(cx, call.arg(1), "usages"));
  return jwk;
}

js::Value Der(JSContext* cx, unsigned char* der, int size) {
  if (size <= 0) return ThrowOpenSsl(cx, "exportKey failed:");
  js::Value bytes = js::Bytes(
      cx, std::string_view(reinterpret_cast<const char*>(der), static_cast<size_t>(size)));
  OPENSSL_free(der);
  return bytes;
}

js::Value ExportPkcs8(JSContext* cx, const Key& key) {
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, decltype(&PKCS8_PRIV_KEY_INFO_free)> info(
      EVP_PKEY2PKCS8(key.pkey.get()), PKCS8_PRIV_KEY_INFO_free);
  unsigned char* der = nullptr;
  const int size = info == nullptr ? 0 : i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der);
  return Der(cx, der, size);
}

js::Value ExportSpki(JSContext* cx, const Key& key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.pkey.get(), &der);
  return Der(cx, der, size);
}

js::Value ExportRaw(JSContext* cx, const Key& key) {
  if (key.type == KeyType::kSecret) return js::Bytes(cx, key.secret);
  const auto point =
      IsEc(key.algorithm) && key.type == KeyType::kPublic ? PointOf(key) : std::nullopt;
  if (point.has_value()) return js::Bytes(cx, *point);
  return ThrowDom(cx, "InvalidAccessError", "exportKey: such a key has no raw form");
}

}  // namespace

std::string JwkAlgorithm(const KeyParams& params, size_t secret_bytes) {
  const size_t bits = params.hash == Hash::kNone ? 0 : DigestBytes(params.hash) * 8;
  const std::string size = params.hash == Hash::kSha1 ? "1" : std::to_string(bits);
  switch (params.algorithm) {
    case Algorithm::kHmac:
      return "HS" + size;
    case Algorithm::kAesCbc:
      return fmt::format("A{}CBC", secret_bytes * 8);
    case Algorithm::kAesCtr:
      return fmt::format("A{}CTR", secret_bytes * 8);
    case Algorithm::kAesGcm:
      return fmt::format("A{}GCM", secret_bytes * 8);
    case Algorithm::kRsaOaep:
      return params.hash == Hash::kSha1 ? "RSA-OAEP" : "RSA-OAEP-" + size;
    case Algorithm::kRsaPkcs1:
      return "RS" + size;
    case Algorithm::kRsaPss:
      return "PS" + size;
    case Algorithm::kEcdsa:
    case Algorithm::kEcdh:
    case Algorithm::kPbkdf2:
      break;
  }
  return "";
}

js::Value ExportKey(const js::Call& call) {
  JSContext* cx = call.cx;
  const auto format = js::ToText(cx, call.arg(0));
  const Key* key = format.has_value() ? KeyOf(cx, call.arg(1)) : nullptr;
  if (key == nullptr) return js::Thrown(cx);
  if (!key->extractable) {
    return ThrowDom(cx, "InvalidAccessError", "exportKey: the key is not extractable");
  }
  if (*format == "jwk") return ExportJwk(call, *key);
  if (*format == "raw") return ExportRaw(cx, *key);
  if (*format == "pkcs8" && key->type == KeyType::kPrivate) return ExportPkcs8(cx, *key);
  if (*format == "spki" && key->type == KeyType::kPublic) return ExportSpki(cx, *key);
  if (*format == "pkcs8" || *format == "spki") {
    return ThrowDom(cx, "InvalidAccessError",
                    fmt::format("exportKey: such a key has no {} form", *format));
  }
  return ThrowDom(cx, "NotSupportedError",
                  fmt::format("exportKey: '{}' is none of raw, jwk, spki, pkcs8", *format));
}

}  // namespace kload::k6::webcrypto
