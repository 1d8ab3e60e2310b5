// CryptoKey: objects that hold a key and tell what it is for; how keys come to be by chance and by derivation.

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <array>
#include <utility>

#include "common/k6/webcrypto.h"

namespace kload::k6::webcrypto {
namespace {

constexpr int64_t kModulusBitsMax = 16384;
constexpr int64_t kIterationsMax = 100'000'000;
constexpr int64_t kHmacBitsMax = 8 * 65536;

JSClassID KeyClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

void FreeKey(JSRuntime*, JSValue value) {
  delete static_cast<Key*>(JS_GetOpaque(value, KeyClass()));
}

js::Value UsageNames(JSContext* cx, unsigned usages) {
  constexpr std::array<std::pair<unsigned, const char*>, 8> kNames = {{{kEncrypt, "encrypt"},
                                                                       {kDecrypt, "decrypt"},
                                                                       {kSign, "sign"},
                                                                       {kVerify, "verify"},
                                                                       {kDeriveKey, "deriveKey"},
                                                                       {kDeriveBits, "deriveBits"},
                                                                       {kWrapKey, "wrapKey"},
                                                                       {kUnwrapKey, "unwrapKey"}}};
  js::Value names = js::Array(cx);
  uint32_t count = 0;
  for (const auto& [usage, name] : kNames) {
    if ((usages & usage) == 0) continue;
    JS_SetPropertyUint32(cx, names.get(), count++, js::String(cx, name).Release());
  }
  return names;
}

// `algorithm` of a key: its name and what else makes it.
js::Value Describe(JSContext* cx, const Key& key) {
  js::Value algorithm = js::Object(cx);
  js::Define(cx, algorithm.get(), "name", js::String(cx, NameOf(key.algorithm)));
  if (key.hash != Hash::kNone) {
    js::Value hash = js::Object(cx);
    js::Define(cx, hash.get(), "name", js::String(cx, NameOf(key.hash)));
    js::Define(cx, algorithm.get(), "hash", std::move(hash));
  }
  if (key.curve != Curve::kNone) {
    js::Define(cx, algorithm.get(), "namedCurve", js::String(cx, NameOf(key.curve)));
  }
  if (key.algorithm == Algorithm::kHmac || IsAes(key.algorithm)) {
    js::Define(cx, algorithm.get(), "length",
               js::Number(cx, static_cast<double>(key.secret.size() * 8)));
  }
  if (IsRsa(key.algorithm)) {
    js::Define(cx, algorithm.get(), "modulusLength",
               js::Number(cx, EVP_PKEY_get_bits(key.pkey.get())));
  }
  return algorithm;
}

std::optional<std::string> RandomBytes(JSContext* cx, size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(Bytes(bytes), static_cast<int>(count)) == 1) return bytes;
  ThrowOpenSsl(cx, "the system has no random bytes:");
  return std::nullopt;
}

// ---- generateKey() ----

// Bits of a secret key to be made; nullopt with an exception pending.
std::optional<size_t> SecretBits(JSContext* cx, const KeyParams& params, JSValueConst algorithm) {
  if (params.algorithm == Algorithm::kHmac) {
    const auto block = static_cast<int64_t>(8 * BlockBytes(params.hash));
    const auto bits = ReadInteger(cx, algorithm, "length", 8, kHmacBitsMax, block);
    if (!bits.has_value()) return std::nullopt;
    return static_cast<size_t>(*bits);
  }
  const auto bits = ReadInteger(cx, algorithm, "length", 1, kHmacBitsMax);
  if (!bits.has_value()) return std::nullopt;
  if (*bits == 128 || *bits == 192 || *bits == 256) return static_cast<size_t>(*bits);
  ThrowDom(cx, "OperationError", fmt::format("length: {} is none of 128, 192, 256", *bits));
  return std::nullopt;
}

js::Value GenerateSecret(JSContext* cx, const KeyParams& params, const js::Call& call) {
  const auto usages =
      ReadUsages(cx, call.arg(2), AllowedUsages(params.algorithm, KeyType::kSecret));
  const auto bits = usages.has_value() ? SecretBits(cx, params, call.arg(0)) : std::nullopt;
  const auto bytes = bits.has_value() ? RandomBytes(cx, (*bits + 7) / 8) : std::nullopt;
  if (!bytes.has_value()) return js::Thrown(cx);
  return ImportSecret(cx, params, *bytes, JS_ToBool(cx, call.arg(1)) == 1, *usages);
}

Pkey GenerateRsa(int bits, const std::string& exponent) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr), EVP_PKEY_CTX_free);
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> e(
      BN_bin2bn(Bytes(exponent), static_cast<int>(exponent.size()), nullptr), BN_free);
  EVP_PKEY* key = nullptr;
  const bool ok = context != nullptr && e != nullptr && EVP_PKEY_keygen_init(context.get()) == 1 &&
                  EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), bits) == 1 &&
                  EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), e.get()) == 1 &&
                  EVP_PKEY_generate(context.get(), &key) == 1;
  return Pkey(ok ? key : nullptr);
}

Pkey GeneratePair(JSContext* cx, const KeyParams& params, JSValueConst algorithm) {
  Pkey pair;
  if (IsEc(params.algorithm)) {
    pair.reset(EVP_EC_gen(NameOf(params.curve)));
  } else {
    const auto bits = ReadInteger(cx, algorithm, "modulusLength", 512, kModulusBitsMax);
    const auto exponent =
        bits.has_value() ? ReadBufferOf(cx, algorithm, "publicExponent") : std::nullopt;
    if (!exponent.has_value()) return nullptr;
    pair = GenerateRsa(static_cast<int>(*bits), *exponent);
  }
  if (pair == nullptr) ThrowOpenSsl(cx, "generateKey failed:");
  return pair;
}

js::Value GenerateKeyPair(JSContext* cx, const KeyParams& params, const js::Call& call) {
  const unsigned public_usages = AllowedUsages(params.algorithm, KeyType::kPublic);
  const unsigned private_usages = AllowedUsages(params.algorithm, KeyType::kPrivate);
  const auto usages = ReadUsages(cx, call.arg(2), public_usages | private_usages);
  if (!usages.has_value()) return js::Thrown(cx);
  if ((*usages & private_usages) == 0) {
    return ThrowDom(cx, "SyntaxError", "keyUsages: the private key would be of no use");
  }
  Pkey pair = GeneratePair(cx, params, call.arg(0));
  if (pair == nullptr) return js::Thrown(cx);
  EVP_PKEY_up_ref(pair.get());
  Key half{.algorithm = params.algorithm,
           .type = KeyType::kPublic,
           .extractable = true,
           .usages = *usages & public_usages,
           .hash = params.hash,
           .curve = params.curve,
           .secret = "",
           .pkey = Pkey(pair.get())};
  js::Value result = js::Object(cx);
  js::Define(cx, result.get(), "publicKey", NewKey(cx, std::move(half)));
  half = Key{.algorithm = params.algorithm,
             .type = KeyType::kPrivate,
             .extractable = JS_ToBool(cx, call.arg(1)) == 1,
             .usages = *usages & private_usages,
             .hash = params.hash,
             .curve = params.curve,
             .secret = "",
             .pkey = std::move(pair)};
  js::Define(cx, result.get(), "privateKey", NewKey(cx, std::move(half)));
  return result;
}

// ---- deriveBits(), deriveKey() ----

std::optional<std::string> DerivePbkdf2(JSContext* cx, JSValueConst algorithm, const Key& key,
                                        size_t bytes) {
  const js::Value hash_value = js::Get(cx, algorithm, "hash");
  const auto hash = ReadHash(cx, hash_value.get());
  const auto salt = hash.has_value() ? ReadBufferOf(cx, algorithm, "salt") : std::nullopt;
  const auto iterations =
      salt.has_value() ? ReadInteger(cx, algorithm, "iterations", 1, kIterationsMax) : std::nullopt;
  if (!iterations.has_value()) return std::nullopt;
  std::string derived(bytes, '\0');
  if (PKCS5_PBKDF2_HMAC(key.secret.data(), static_cast<int>(key.secret.size()), Bytes(*salt),
                        static_cast<int>(salt->size()), static_cast<int>(*iterations),
                        DigestOf(*hash), static_cast<int>(bytes), Bytes(derived)) == 1) {
    return derived;
  }
  ThrowOpenSsl(cx, "PBKDF2 failed:");
  return std::nullopt;
}

std::optional<std::string> DeriveEcdh(JSContext* cx, JSValueConst algorithm, const Key& key) {
  const js::Value value = js::Get(cx, algorithm, "public");
  const Key* peer = KeyOf(cx, value.get());
  if (peer == nullptr) return std::nullopt;
  if (peer->algorithm != Algorithm::kEcdh || peer->type != KeyType::kPublic ||
      peer->curve != key.curve) {
    ThrowDom(cx, "InvalidAccessError", "public: expected a public ECDH key of the same curve");
    return std::nullopt;
  }
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key.pkey.get(), nullptr), EVP_PKEY_CTX_free);
  std::string shared(FieldBytes(key.curve), '\0');
  size_t size = shared.size();
  if (context != nullptr && EVP_PKEY_derive_init(context.get()) == 1 &&
      EVP_PKEY_derive_set_peer(context.get(), peer->pkey.get()) == 1 &&
      EVP_PKEY_derive(context.get(), Bytes(shared), &size) == 1) {
    return shared;
  }
  ThrowOpenSsl(cx, "ECDH failed:");
  return std::nullopt;
}

// `bits`: as many, or all that there are when absent.
std::optional<std::string> Derive(const js::Call& call, Usage usage, std::optional<size_t> bits) {
  JSContext* cx = call.cx;
  const auto params = ReadKeyParams(cx, call.arg(0));
  if (!params.has_value()) return std::nullopt;
  const Key* key = KeyFor(cx, call.arg(1), params->algorithm, usage);
  if (key == nullptr) return std::nullopt;
  if (params->algorithm != Algorithm::kEcdh) {
    if (bits.has_value() && *bits % 8 == 0 && *bits > 0) {
      return DerivePbkdf2(cx, call.arg(0), *key, *bits / 8);
    }
    ThrowDom(cx, "OperationError", "length: expected a multiple of 8");
    return std::nullopt;
  }
  auto shared = DeriveEcdh(cx, call.arg(0), *key);
  if (!shared.has_value() || !bits.has_value()) return shared;
  if (*bits > shared->size() * 8) {
    ThrowDom(cx, "OperationError",
             fmt::format("length: this curve gives {} bits", shared->size() * 8));
    return std::nullopt;
  }
  shared->resize((*bits + 7) / 8);
  if (*bits % 8 != 0) {
    shared->back() =
        static_cast<char>(static_cast<unsigned char>(shared->back()) & (0xff << (8 - *bits % 8)));
  }
  return shared;
}

}  // namespace

bool DefineKeyClass(JSContext* cx) {
  const JSClassDef definition = {.class_name = "CryptoKey",
                                 .finalizer = FreeKey,
                                 .gc_mark = nullptr,
                                 .call = nullptr,
                                 .exotic = nullptr};
  if (JS_NewClass(JS_GetRuntime(cx), KeyClass(), &definition) < 0) return false;
  JS_SetClassProto(cx, KeyClass(), js::Object(cx).Release());
  return true;
}

js::Value NewKey(JSContext* cx, Key key) {
  js::Value object(cx, JS_NewObjectClass(cx, static_cast<int>(KeyClass())));
  if (object.IsException()) return object;
  constexpr std::array<const char*, 3> kTypes = {"secret", "public", "private"};
  js::Define(cx, object.get(), "type", js::String(cx, kTypes[static_cast<size_t>(key.type)]));
  js::Define(cx, object.get(), "extractable", js::Bool(cx, key.extractable));
  js::Define(cx, object.get(), "algorithm", Describe(cx, key));
  js::Define(cx, object.get(), "usages", UsageNames(cx, key.usages));
  JS_SetOpaque(object.get(), std::make_unique<Key>(std::move(key)).release());
  return object;
}

const Key* KeyOf(JSContext* cx, JSValueConst value) {
  const auto* key = static_cast<const Key*>(JS_GetOpaque(value, KeyClass()));
  if (key == nullptr) js::ThrowTypeError(cx, "key: expected a CryptoKey");
  return key;
}

const Key* KeyFor(JSContext* cx, JSValueConst value, Algorithm algorithm, Usage usage) {
  const Key* key = KeyOf(cx, value);
  if (key == nullptr) return nullptr;
  if (key->algorithm == algorithm && (key->usages & usage) != 0) return key;
  ThrowDom(cx, "InvalidAccessError",
           key->algorithm == algorithm ? std::string("key: its usages do not allow this")
                                       : fmt::format("key: it is for {}, not for {}",
                                                     NameOf(key->algorithm), NameOf(algorithm)));
  return nullptr;
}

js::Value GenerateKey(const js::Call& call) {
  JSContext* cx = call.cx;
  const auto params = ReadKeyParams(cx, call.arg(0));
  if (!params.has_value()) return js::Thrown(cx);
  const bool wants_hash = params->algorithm == Algorithm::kHmac || IsRsa(params->algorithm);
  if (wants_hash && params->hash == Hash::kNone) {
    return js::ThrowTypeError(cx, "algorithm.hash: expected the name of a hash");
  }
  if (IsEc(params->algorithm) && params->curve == Curve::kNone) {
    return js::ThrowTypeError(cx, "algorithm.namedCurve: expected P-256, P-384 or P-521");
  }
  if (params->algorithm == Algorithm::kPbkdf2) {
    return ThrowDom(cx, "NotSupportedError", "generateKey: PBKDF2 keys are imported");
  }
  return IsEc(params->algorithm) || IsRsa(params->algorithm) ? GenerateKeyPair(cx, *params, call)
                                                             : GenerateSecret(cx, *params, call);
}

js::Value DeriveBits(const js::Call& call) {
  std::optional<size_t> bits;
  if (!js::IsNullish(call.arg(2))) {
    const auto number = js::ToNumber(call.cx, call.arg(2));
    if (!number.has_value()) return js::Thrown(call.cx);
    if (!(*number >= 0 && *number <= 1 << 20)) {
      return ThrowDom(call.cx, "OperationError", "length: expected 0 to 1048576 bits");
    }
    bits = static_cast<size_t>(*number);
  }
  const auto derived = Derive(call, kDeriveBits, bits);
  return derived.has_value() ? js::Bytes(call.cx, *derived) : js::Thrown(call.cx);
}

js::Value DeriveKey(const js::Call& call) {
  JSContext* cx = call.cx;
  const auto params = ReadKeyParams(cx, call.arg(2));
  if (!params.has_value()) return js::Thrown(cx);
  if (params->algorithm != Algorithm::kHmac && !IsAes(params->algorithm)) {
    return ThrowDom(
        cx, "NotSupportedError",
        fmt::format("deriveKey: cannot derive a key for {}", NameOf(params->algorithm)));
  }
  if (params->algorithm == Algorithm::kHmac && params->hash == Hash::kNone) {
    return js::ThrowTypeError(cx, "derivedKeyType.hash: expected the name of a hash");
  }
  const auto usages =
      ReadUsages(cx, call.arg(4), AllowedUsages(params->algorithm, KeyType::kSecret));
  const auto bits = usages.has_value() ? SecretBits(cx, *params, call.arg(2)) : std::nullopt;
  auto derived = bits.has_value() ? Derive(call, kDeriveKey, bits) : std::nullopt;
  if (!derived.has_value()) return js::Thrown(cx);
  return ImportSecret(cx, *params, *std::move(derived), JS_ToBool(cx, call.arg(3)) == 1, *usages);
}

}  // namespace kload::k6::webcrypto
