// digest(), sign() and verify(): hashes, HMAC, ECDSA, RSASSA-PKCS1-v1_5, RSA-PSS.

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <array>
#include <utility>

#include "common/k6/webcrypto.h"

namespace kload::k6::webcrypto {
namespace {

using Result = std::optional<std::string>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)>;

std::string HmacOf(const Key& key, const std::string& data) {
  std::string mac(DigestBytes(key.hash), '\0');
  unsigned size = 0;
  HMAC(DigestOf(key.hash), key.secret.data(), static_cast<int>(key.secret.size()), Bytes(data),
       data.size(), Bytes(mac), &size);
  return mac;
}

// ---- WebCrypto's ECDSA signatures are r and s, one after the other; OpenSSL's are DER ----

Result RawOfDer(const std::string& der, Curve curve) {
  const unsigned char* at = Bytes(der);
  const EcdsaSignature parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())),
                              ECDSA_SIG_free);
  if (parsed == nullptr) return std::nullopt;
  const auto bytes = static_cast<int>(FieldBytes(curve));
  std::string raw(2 * FieldBytes(curve), '\0');
  BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), Bytes(raw), bytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), Bytes(raw) + bytes, bytes);
  return raw;
}

Result DerOfRaw(const std::string& raw, Curve curve) {
  if (raw.size() != 2 * FieldBytes(curve)) return std::nullopt;
  const auto bytes = static_cast<int>(FieldBytes(curve));
  const EcdsaSignature signature(ECDSA_SIG_new(), ECDSA_SIG_free);
  BIGNUM* r = BN_bin2bn(Bytes(raw), bytes, nullptr);
  BIGNUM* s = BN_bin2bn(Bytes(raw) + bytes, bytes, nullptr);
  if (signature == nullptr || r == nullptr || s == nullptr ||
      ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return std::nullopt;
  }
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return std::nullopt;
  std::string text(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return text;
}

// ---- Signatures by EVP_PKEY ----

struct Scheme {
  const EVP_MD* digest = nullptr;
  int salt_bytes = -1;  // RSA-PSS
};

std::optional<Scheme> ReadScheme(JSContext* cx, JSValueConst algorithm, const Key& key) {
  if (key.algorithm == Algorithm::kEcdsa) {
    const js::Value value = JS_IsObject(algorithm) ? js::Get(cx, algorithm, "hash") : js::Value();
    const auto hash = ReadHash(cx, value.get());
    if (!hash.has_value()) return std::nullopt;
    return Scheme{.digest = DigestOf(*hash)};
  }
  Scheme scheme{.digest = DigestOf(key.hash)};
  if (key.algorithm == Algorithm::kRsaPss) {
    const auto salt = ReadInteger(cx, algorithm, "saltLength", 0, 1024);
    if (!salt.has_value()) return std::nullopt;
    scheme.salt_bytes = static_cast<int>(*salt);
  }
  return scheme;
}

bool SetPadding(EVP_PKEY_CTX* context, const Key& key, const Scheme& scheme) {
  if (key.algorithm == Algorithm::kRsaPkcs1) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  }
  if (key.algorithm != Algorithm::kRsaPss) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, scheme.salt_bytes) == 1;
}

Result SignWith(JSContext* cx, const Key& key, const Scheme& scheme, const std::string& data) {
  const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY_CTX* pkey_context = nullptr;  // the digest context's
  std::string signature(static_cast<size_t>(EVP_PKEY_get_size(key.pkey.get())), '\0');
  size_t size = signature.size();
  const bool ok =
      EVP_DigestSignInit(context.get(), &pkey_context, scheme.digest, nullptr, key.pkey.get()) ==
          1 &&
      SetPadding(pkey_context, key, scheme) &&
      EVP_DigestSign(context.get(), Bytes(signature), &size, Bytes(data), data.size()) == 1;
  if (ok) {
    signature.resize(size);
    Result result = key.algorithm == Algorithm::kEcdsa ? RawOfDer(signature, key.curve)
                                                       : Result(std::move(signature));
    if (result.has_value()) return result;
  }
  ThrowOpenSsl(cx, "sign failed:");
  return std::nullopt;
}

bool VerifyWith(const Key& key, const Scheme& scheme, const std::string& signature,
                const std::string& data) {
  const Result der =
      key.algorithm == Algorithm::kEcdsa ? DerOfRaw(signature, key.curve) : Result(signature);
  if (!der.has_value()) return false;
  const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY_CTX* pkey_context = nullptr;
  return EVP_DigestVerifyInit(context.get(), &pkey_context, scheme.digest, nullptr,
                              key.pkey.get()) == 1 &&
         SetPadding(pkey_context, key, scheme) &&
         EVP_DigestVerify(context.get(), Bytes(*der), der->size(), Bytes(data), data.size()) == 1;
}

// The key of sign() and verify(); null with an exception pending.
const Key* ReadSigner(const js::Call& call, Usage usage) {
  const auto params = ReadKeyParams(call.cx, call.arg(0));
  if (!params.has_value()) return nullptr;
  const Algorithm algorithm = params->algorithm;
  if (algorithm == Algorithm::kHmac || algorithm == Algorithm::kEcdsa ||
      algorithm == Algorithm::kRsaPkcs1 || algorithm == Algorithm::kRsaPss) {
    return KeyFor(call.cx, call.arg(1), algorithm, usage);
  }
  ThrowDom(call.cx, "NotSupportedError", fmt::format("{} does not sign", NameOf(algorithm)));
  return nullptr;
}

}  // namespace

js::Value Digest(const js::Call& call) {
  const auto hash = ReadHash(call.cx, call.arg(0));
  const auto data = hash.has_value() ? ReadBuffer(call.cx, call.arg(1), "data") : std::nullopt;
  if (!data.has_value()) return js::Thrown(call.cx);
  std::string digest(DigestBytes(*hash), '\0');
  unsigned size = 0;
  if (EVP_Digest(data->data(), data->size(), Bytes(digest), &size, DigestOf(*hash), nullptr) != 1) {
    return ThrowOpenSsl(call.cx, "digest failed:");
  }
  return js::Bytes(call.cx, digest);
}

js::Value Sign(const js::Call& call) {
  JSContext* cx = call.cx;
  const Key* key = ReadSigner(call, kSign);
  const auto data = key != nullptr ? ReadBuffer(cx, call.arg(2), "data") : std::nullopt;
  if (!data.has_value()) return js::Thrown(cx);
  if (key->algorithm == Algorithm::kHmac) return js::Bytes(cx, HmacOf(*key, *data));
  const auto scheme = ReadScheme(cx, call.arg(0), *key);
  const Result signature = scheme.has_value() ? SignWith(cx, *key, *scheme, *data) : std::nullopt;
  return signature.has_value() ? js::Bytes(cx, *signature) : js::Thrown(cx);
}

js::Value Verify(const js::Call& call) {
  JSContext* cx = call.cx;
  const Key* key = ReadSigner(call, kVerify);
  const auto signature = key != nullptr ? ReadBuffer(cx, call.arg(2), "signature") : std::nullopt;
  const auto data = signature.has_value() ? ReadBuffer(cx, call.arg(3), "data") : std::nullopt;
  if (!data.has_value()) return js::Thrown(cx);
  if (key->algorithm == Algorithm::kHmac) {
    const std::string mac = HmacOf(*key, *data);
    return js::Bool(cx, mac.size() == signature->size() &&
                            CRYPTO_memcmp(mac.data(), signature->data(), mac.size()) == 0);
  }
  const auto scheme = ReadScheme(cx, call.arg(0), *key);
  if (!scheme.has_value()) return js::Thrown(cx);
  return js::Bool(cx, VerifyWith(*key, *scheme, *signature, *data));
}

}  // namespace kload::k6::webcrypto
