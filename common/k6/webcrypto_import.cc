// importKey(): raw, jwk, pkcs8, spki.

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <array>
#include <utility>
#include <vector>

#include "common/k6/binary_text.h"
#include "common/k6/webcrypto.h"
#include "common/k6/webcrypto_jwk.h"

namespace kload::k6::webcrypto {
namespace {

// ---- Making EVP_PKEYs of numbers ----

class ParamBuilder {
 public:
  ParamBuilder() : builder_(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free) {}
  void AddText(const char* name, const char* text) {
    OSSL_PARAM_BLD_push_utf8_string(builder_.get(), name, text, 0);
  }
  void AddBytes(const char* name, const std::string& bytes) {
    OSSL_PARAM_BLD_push_octet_string(builder_.get(), name, bytes.data(), bytes.size());
  }
  void AddNumber(const char* name, const std::string& bytes) {
    numbers_.emplace_back(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr),
                          BN_free);
    OSSL_PARAM_BLD_push_BN(builder_.get(), name, numbers_.back().get());
  }
  Pkey Make(const char* type, int selection) {
    const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> params(
        OSSL_PARAM_BLD_to_param(builder_.get()), OSSL_PARAM_free);
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), EVP_PKEY_CTX_free);
    EVP_PKEY* key = nullptr;
    const bool ok = params != nullptr && context != nullptr &&
                    EVP_PKEY_fromdata_init(context.get()) == 1 &&
                    EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) == 1;
    return Pkey(ok ? key : nullptr);
  }

 private:
  std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder_;
  std::vector<Bignum> numbers_;
};

Pkey EcKey(Curve curve, const std::string& point, const std::string& secret) {
  ParamBuilder builder;
  builder.AddText(OSSL_PKEY_PARAM_GROUP_NAME, NameOf(curve));
  builder.AddBytes(OSSL_PKEY_PARAM_PUB_KEY, point);
  if (!secret.empty()) builder.AddNumber(OSSL_PKEY_PARAM_PRIV_KEY, secret);
  return builder.Make("EC", secret.empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR);
}

// ---- import ----

struct Import {
  JSContext* cx;
  KeyParams params;
  bool extractable = false;
  JSValueConst usages;
};

// OpenSSL knows curves by two names.
int CurveId(const char* name) {
  const int nist = EC_curve_nist2nid(name);
  return nist != NID_undef ? nist : OBJ_txt2nid(name);
}

// An asymmetric key, once its usages and its kind are checked.
js::Value FinishPair(const Import& order, KeyType type, Pkey pkey) {
  JSContext* cx = order.cx;
  if (pkey == nullptr) return ThrowDom(cx, "DataError", "importKey: these are not a key's bytes");
  const bool is_ec = IsEc(order.params.algorithm);
  if (EVP_PKEY_is_a(pkey.get(), is_ec ? "EC" : "RSA") != 1) {
    return ThrowDom(cx, "DataError",
                    fmt::format("importKey: no key for {}", NameOf(order.params.algorithm)));
  }
  std::array<char, 80> group{};
  if (is_ec && (EVP_PKEY_get_group_name(pkey.get(), group.data(), group.size(), nullptr) != 1 ||
                CurveId(group.data()) != CurveId(NameOf(order.params.curve)))) {
    return ThrowDom(
        cx, "DataError",
        fmt::format("importKey: the key is not of the curve {}", NameOf(order.params.curve)));
  }
  const auto usages = ReadUsages(cx, order.usages, AllowedUsages(order.params.algorithm, type));
  if (!usages.has_value()) return js::Thrown(cx);
  if (type == KeyType::kPrivate && *usages == 0) {
    return ThrowDom(cx, "SyntaxError", "keyUsages: the private key would be of no use");
  }
  return NewKey(cx, {.algorithm = order.params.algorithm,
                     .type = type,
                     .extractable = order.extractable,
                     .usages = *usages,
                     .hash = order.params.hash,
                     .curve = order.params.curve,
                     .secret = "",
                     .pkey = std::move(pkey)});
}

js::Value ImportRaw(const Import& order, std::string bytes) {
  JSContext* cx = order.cx;
  if (IsRsa(order.params.algorithm)) {
    return ThrowDom(cx, "NotSupportedError", "importKey: RSA keys are spki, pkcs8 or jwk");
  }
  if (IsEc(order.params.algorithm)) {
    return FinishPair(order, KeyType::kPublic, EcKey(order.params.curve, bytes, ""));
  }
  const auto usages =
      ReadUsages(cx, order.usages, AllowedUsages(order.params.algorithm, KeyType::kSecret));
  if (!usages.has_value()) return js::Thrown(cx);
  return ImportSecret(cx, order.params, std::move(bytes), order.extractable, *usages);
}

// A base64url member of a JWK; empty when it is absent. Nullopt with a DataError pending.
std::optional<std::string> Member(JSContext* cx, JSValueConst jwk, const char* name) {
  const js::Value value = js::Get(cx, jwk, name);
  if (value.IsException()) return std::nullopt;
  if (js::IsNullish(value.get())) return std::string();
  const auto text = js::ToText(cx, value.get());
  if (!text.has_value()) return std::nullopt;
  auto bytes = DecodeBase64(*text, Base64::kRawUrl);
  if (!bytes.has_value()) ThrowDom(cx, "DataError", fmt::format("jwk.{}: no base64url", name));
  return bytes;
}

js::Value ImportEcJwk(const Import& order, JSValueConst jwk) {
  JSContext* cx = order.cx;
  const std::string curve = js::ToTextOr(cx, js::Get(cx, jwk, "crv").get());
  if (curve != NameOf(order.params.curve)) {
    return ThrowDom(cx, "DataError",
                    fmt::format("jwk.crv: '{}' is not {}", curve, NameOf(order.params.curve)));
  }
  const auto x = Member(cx, jwk, "x");
  const auto y = x.has_value() ? Member(cx, jwk, "y") : std::nullopt;
  const auto d = y.has_value() ? Member(cx, jwk, "d") : std::nullopt;
  if (!d.has_value()) return js::Thrown(cx);
  const size_t bytes = FieldBytes(order.params.curve);
  if (x->size() != bytes || y->size() != bytes || d->size() > bytes) {
    return ThrowDom(cx, "DataError", fmt::format("jwk: x and y have {} bytes each", bytes));
  }
  return FinishPair(order, d->empty() ? KeyType::kPublic : KeyType::kPrivate,
                    EcKey(order.params.curve, "\x04" + *x + *y, *d));
}

js::Value ImportRsaJwk(const Import& order, JSValueConst jwk) {
  JSContext* cx = order.cx;
  ParamBuilder builder;
  bool has_secret = false;
  for (const auto& [member, param] : kRsaComponents) {
    const auto bytes = Member(cx, jwk, member);
    if (!bytes.has_value()) return js::Thrown(cx);
    if (bytes->empty()) continue;
    has_secret |= std::string_view(member) == "d";
    builder.AddNumber(param, *bytes);
  }
  return FinishPair(order, has_secret ? KeyType::kPrivate : KeyType::kPublic,
                    builder.Make("RSA", has_secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY));
}

js::Value ImportJwk(const Import& order, JSValueConst jwk) {
  JSContext* cx = order.cx;
  if (!JS_IsObject(jwk)) return js::ThrowTypeError(cx, "keyData: expected a JWK, an object");
  const Algorithm algorithm = order.params.algorithm;
  const char* const kind = IsEc(algorithm) ? "EC" : IsRsa(algorithm) ? "RSA" : "oct";
  const std::string type = js::ToTextOr(cx, js::Get(cx, jwk, "kty").get());
  if (type != kind) {
    return ThrowDom(cx, "DataError", fmt::format("jwk.kty: '{}' is not '{}'", type, kind));
  }
  const js::Value exportable = js::Get(cx, jwk, "ext");
  if (JS_IsBool(exportable.get()) && JS_ToBool(cx, exportable.get()) == 0 && order.extractable) {
    return ThrowDom(cx, "DataError", "jwk.ext: the key may not be extractable");
  }
  if (IsEc(algorithm)) return ImportEcJwk(order, jwk);
  const js::Value alg = js::Get(cx, jwk, "alg");
  const auto secret = IsRsa(algorithm) ? std::string() : Member(cx, jwk, "k");
  if (!secret.has_value()) return js::Thrown(cx);
  const std::string expected = JwkAlgorithm(order.params, secret->size());
  if (JS_IsString(alg.get()) && js::ToTextOr(cx, alg.get()) != expected) {
    return ThrowDom(
        cx, "DataError",
        fmt::format("jwk.alg: '{}' is not '{}'", js::ToTextOr(cx, alg.get()), expected));
  }
  return IsRsa(algorithm) ? ImportRsaJwk(order, jwk) : ImportRaw(order, *secret);
}

js::Value ImportDer(const Import& order, const std::string& der, bool is_private) {
  const unsigned char* at = Bytes(der);
  const auto size = static_cast<long>(der.size());
  if (!is_private) return FinishPair(order, KeyType::kPublic, Pkey(d2i_PUBKEY(nullptr, &at, size)));
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, decltype(&PKCS8_PRIV_KEY_INFO_free)> info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, size), PKCS8_PRIV_KEY_INFO_free);
  return FinishPair(order, KeyType::kPrivate,
                    Pkey(info == nullptr ? nullptr : EVP_PKCS82PKEY(info.get())));
}

}  // namespace

js::Value ImportSecret(JSContext* cx, const KeyParams& params, std::string bytes, bool extractable,
                       unsigned usages) {
  if (usages == 0) return ThrowDom(cx, "SyntaxError", "keyUsages: the key would be of no use");
  if (IsAes(params.algorithm) && bytes.size() != 16 && bytes.size() != 24 && bytes.size() != 32) {
    return ThrowDom(
        cx, "DataError",
        fmt::format("importKey: an AES key of {} bytes; there are 16, 24 and 32", bytes.size()));
  }
  if (params.algorithm == Algorithm::kHmac && bytes.empty()) {
    return ThrowDom(cx, "DataError", "importKey: an HMAC key without bytes");
  }
  if (params.algorithm == Algorithm::kPbkdf2 && extractable) {
    return ThrowDom(cx, "SyntaxError", "importKey: a PBKDF2 key cannot be extractable");
  }
  return NewKey(cx, {.algorithm = params.algorithm,
                     .type = KeyType::kSecret,
                     .extractable = extractable,
                     .usages = usages,
                     .hash = params.hash,
                     .curve = Curve::kNone,
                     .secret = std::move(bytes),
                     .pkey = nullptr});
}

js::Value ImportKey(const js::Call& call) {
  JSContext* cx = call.cx;
  const auto format = js::ToText(cx, call.arg(0));
  const auto params = format.has_value() ? ReadKeyParams(cx, call.arg(2)) : std::nullopt;
  if (!params.has_value()) return js::Thrown(cx);
  const bool wants_hash = params->algorithm == Algorithm::kHmac || IsRsa(params->algorithm);
  if (wants_hash && params->hash == Hash::kNone) {
    return js::ThrowTypeError(cx, "algorithm.hash: expected the name of a hash");
  }
  if (IsEc(params->algorithm) && params->curve == Curve::kNone) {
    return js::ThrowTypeError(cx, "algorithm.namedCurve: expected P-256, P-384 or P-521");
  }
  const Import order{.cx = cx,
                     .params = *params,
                     .extractable = JS_ToBool(cx, call.arg(3)) == 1,
                     .usages = call.arg(4)};
  if (*format == "jwk") return ImportJwk(order, call.arg(1));
  if (*format != "raw" && *format != "spki" && *format != "pkcs8") {
    return ThrowDom(cx, "NotSupportedError",
                    fmt::format("importKey: '{}' is none of raw, jwk, spki, pkcs8", *format));
  }
  auto bytes = ReadBuffer(cx, call.arg(1), "keyData");
  if (!bytes.has_value()) return js::Thrown(cx);
  if (*format == "raw") return ImportRaw(order, *std::move(bytes));
  if (!IsEc(params->algorithm) && !IsRsa(params->algorithm)) {
    return ThrowDom(cx, "NotSupportedError", "importKey: secret keys are raw or jwk");
  }
  return ImportDer(order, *bytes, *format == "pkcs8");
}

}  // namespace kload::k6::webcrypto
