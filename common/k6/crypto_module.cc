// The module `k6/crypto`: hashes, HMACs, random bytes; OpenSSL does the work.

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/js/function.h"
#include "common/k6/binary_text.h"
#include "common/k6/realm.h"

namespace kload::k6 {
namespace {

constexpr double kRandomBytesMax = 1 << 20;

struct Algorithm {
  const char* name;          // k6's
  const char* openssl_name;  // OpenSSL's
};
constexpr std::array<Algorithm, 9> kAlgorithms = {{
    {"md4", "MD4"},
    {"md5", "MD5"},
    {"sha1", "SHA1"},
    {"sha256", "SHA256"},
    {"sha384", "SHA384"},
    {"sha512", "SHA512"},
    {"sha512_224", "SHA512-224"},
    {"sha512_256", "SHA512-256"},
    {"ripemd160", "RIPEMD160"},
}};

// What an algorithm makes of bytes; with a key, its HMAC. Nothing when this OpenSSL does not have it.
std::optional<std::string> Digest(const Algorithm& algorithm, const std::optional<std::string>& key,
                                  std::string_view bytes) {
  const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> hash(
      EVP_MD_fetch(nullptr, algorithm.openssl_name, nullptr), EVP_MD_free);
  if (hash == nullptr) return std::nullopt;
  std::string result(EVP_MAX_MD_SIZE, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(result.data());
  const auto* const in = reinterpret_cast<const unsigned char*>(bytes.data());
  unsigned size = 0;
  const bool ok = key.has_value()
                      ? HMAC(hash.get(), key->data(), static_cast<int>(key->size()), in,
                             bytes.size(), out, &size) != nullptr
                      : EVP_Digest(in, bytes.size(), out, &size, hash.get(), nullptr) == 1;
  if (!ok) return std::nullopt;
  result.resize(size);
  return result;
}

js::Value Encoded(JSContext* cx, const std::string& bytes, JSValueConst encoding) {
  const auto name = js::IsNullish(encoding) ? std::string("hex") : js::ToText(cx, encoding);
  if (!name.has_value()) return js::Thrown(cx);
  if (*name == "hex") return js::String(cx, EncodeHex(bytes));
  if (*name == "base64") return js::String(cx, EncodeBase64(bytes, Base64::kStd));
  if (*name == "base64url") return js::String(cx, EncodeBase64(bytes, Base64::kUrl));
  if (*name == "base64rawurl") return js::String(cx, EncodeBase64(bytes, Base64::kRawUrl));
  if (*name == "binary") return js::Bytes(cx, bytes);
  return js::ThrowTypeError(cx, fmt::format("crypto: '{}' is not an encoding; there are hex, "
                                            "base64, base64url, base64rawurl and binary",
                                            *name));
}

js::Value Finish(JSContext* cx, const Algorithm& algorithm, const std::optional<std::string>& key,
                 std::string_view bytes, JSValueConst encoding) {
  const auto digest = Digest(algorithm, key, bytes);
  if (!digest.has_value()) {
    return js::ThrowError(cx, fmt::format("crypto: {} is not available in the OpenSSL of this "
                                          "machine",
                                          algorithm.name));
  }
  return Encoded(cx, *digest, encoding);
}

// Null, with an exception pending, for an unknown name.
const Algorithm* FindAlgorithm(JSContext* cx, JSValueConst value) {
  const auto name = js::ToText(cx, value);
  if (!name.has_value()) return nullptr;
  for (const Algorithm& algorithm : kAlgorithms) {
    if (*name == algorithm.name) return &algorithm;
  }
  js::ThrowTypeError(cx,
                     fmt::format("crypto: '{}' is not a hash; there are md4, md5, sha1, sha256, "
                                 "sha384, sha512, sha512_224, sha512_256 and ripemd160",
                                 *name));
  return nullptr;
}

// crypto.sha256(data, encoding) and its like.
js::Value Hash(const js::Call& call) {
  const auto bytes = ReadBytes(call.cx, call.arg(0));
  if (!bytes.has_value()) return js::Thrown(call.cx);
  return Finish(call.cx, kAlgorithms[static_cast<size_t>(call.magic)], std::nullopt, *bytes,
                call.arg(1));
}

// crypto.hmac(name, secret, data, encoding)
js::Value Hmac(const js::Call& call) {
  const Algorithm* algorithm = FindAlgorithm(call.cx, call.arg(0));
  if (algorithm == nullptr) return js::Thrown(call.cx);
  const auto key = ReadBytes(call.cx, call.arg(1));
  const auto bytes = key.has_value() ? ReadBytes(call.cx, call.arg(2)) : std::nullopt;
  if (!bytes.has_value()) return js::Thrown(call.cx);
  return Finish(call.cx, *algorithm, key, *bytes, call.arg(3));
}

// ---- createHash(), createHMAC() ----

struct Hasher {
  const Algorithm* algorithm = nullptr;
  std::optional<std::string> key;
  std::string bytes;  // of all updates
};

JSClassID HasherClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

void FreeHasher(JSRuntime*, JSValue value) {
  delete static_cast<Hasher*>(JS_GetOpaque(value, HasherClass()));
}

js::Value Update(const js::Call& call) {
  auto* hasher = static_cast<Hasher*>(JS_GetOpaque2(call.cx, call.self, HasherClass()));
  if (hasher == nullptr) return js::Thrown(call.cx);
  const auto bytes = ReadBytes(call.cx, call.arg(0));
  if (!bytes.has_value()) return js::Thrown(call.cx);
  hasher->bytes += *bytes;
  return js::Value::Share(call.cx, call.self);
}

js::Value HasherDigest(const js::Call& call) {
  const auto* hasher = static_cast<Hasher*>(JS_GetOpaque2(call.cx, call.self, HasherClass()));
  if (hasher == nullptr) return js::Thrown(call.cx);
  return Finish(call.cx, *hasher->algorithm, hasher->key, hasher->bytes, call.arg(0));
}

enum Keyed { kPlain = 0, kKeyed = 1 };

js::Value CreateHasher(const js::Call& call) {
  auto hasher = std::make_unique<Hasher>();
  hasher->algorithm = FindAlgorithm(call.cx, call.arg(0));
  if (hasher->algorithm == nullptr) return js::Thrown(call.cx);
  if (call.magic == kKeyed) {
    hasher->key = ReadBytes(call.cx, call.arg(1));
    if (!hasher->key.has_value()) return js::Thrown(call.cx);
  }
  js::Value object(call.cx, JS_NewObjectClass(call.cx, static_cast<int>(HasherClass())));
  if (object.IsException()) return object;
  JS_SetOpaque(object.get(), hasher.release());
  return object;
}

// ---- the rest ----

js::Value RandomBytes(const js::Call& call) {
  const auto count = js::ToNumber(call.cx, call.arg(0));
  if (!count.has_value()) return js::Thrown(call.cx);
  if (!(*count >= 1 && *count <= kRandomBytesMax)) {
    return js::ThrowRangeError(call.cx, "crypto.randomBytes(): expected 1 to 1048576 bytes");
  }
  std::string bytes(static_cast<size_t>(*count), '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) !=
      1) {
    return js::ThrowError(call.cx, "crypto.randomBytes(): the system has no random bytes");
  }
  return js::Bytes(call.cx, bytes);
}

js::Value HexEncode(const js::Call& call) {
  const auto bytes = ReadBytes(call.cx, call.arg(0));
  if (!bytes.has_value()) return js::Thrown(call.cx);
  return js::String(call.cx, EncodeHex(*bytes));
}

}  // namespace

js::Value MakeCryptoModule(Realm& realm) {
  JSContext* cx = realm.cx;
  const JSClassDef definition = {.class_name = "Hasher",
                                 .finalizer = FreeHasher,
                                 .gc_mark = nullptr,
                                 .call = nullptr,
                                 .exotic = nullptr};
  if (JS_NewClass(JS_GetRuntime(cx), HasherClass(), &definition) < 0) return js::Thrown(cx);
  js::Value prototype = js::Object(cx);
  js::AddMethod<Update>(cx, prototype.get(), "update", 1);
  js::AddMethod<HasherDigest>(cx, prototype.get(), "digest", 1);
  JS_SetClassProto(cx, HasherClass(), prototype.Release());

  js::Value module = js::Object(cx);
  for (size_t i = 0; i < kAlgorithms.size(); ++i) {
    js::Define(cx, module.get(), kAlgorithms[i].name,
               js::NewFunction<Hash>(cx, kAlgorithms[i].name, 2, static_cast<int>(i)));
  }
  js::Define(cx, module.get(), "hmac", js::NewFunction<Hmac>(cx, "hmac", 4));
  js::Define(cx, module.get(), "createHash",
             js::NewFunction<CreateHasher>(cx, "createHash", 1, kPlain));
  js::Define(cx, module.get(), "createHMAC",
             js::NewFunction<CreateHasher>(cx, "createHMAC", 2, kKeyed));
  js::Define(cx, module.get(), "randomBytes", js::NewFunction<RandomBytes>(cx, "randomBytes", 1));
  js::Define(cx, module.get(), "hexEncode", js::NewFunction<HexEncode>(cx, "hexEncode", 1));
  return module;
}

}  // namespace kload::k6
