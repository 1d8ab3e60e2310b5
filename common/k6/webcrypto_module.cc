// The global `crypto`, which is also the module `k6/experimental/webcrypto`: its functions as promises.

#include <fmt/format.h>
#include <openssl/rand.h>

#include <array>
#include <string>
#include <utility>

#include "common/js/function.h"
#include "common/k6/builtin.h"
#include "common/k6/realm.h"
#include "common/k6/webcrypto.h"

namespace kload::k6 {
namespace {

constexpr size_t kRandomBytesMax = 65536;
constexpr const char* kModule = "k6/experimental/webcrypto";

// What the body returned or threw, as a promise.
template <js::Body body>
js::Value Promised(const js::Call& call) {
  js::Value result = body(call);
  const bool failed = result.IsException();
  if (failed) result = js::Value(call.cx, JS_GetException(call.cx));
  return js::SettledPromise(call.cx, std::move(result), failed);
}

js::Value WrapKey(const js::Call& call) {
  return webcrypto::ThrowDom(call.cx, "NotSupportedError",
                             fmt::format("crypto.subtle.{} is not available in kload, nor in k6",
                                         call.magic == 0 ? "wrapKey" : "unwrapKey"));
}

// Fills the array that it is given.
js::Value GetRandomValues(const js::Call& call) {
  JSContext* cx = call.cx;
  size_t offset = 0;
  size_t length = 0;
  const js::Value buffer(cx, JS_GetTypedArrayBuffer(cx, call.arg(0), &offset, &length, nullptr));
  if (buffer.IsException()) {
    JS_FreeValue(cx, JS_GetException(cx));
    return js::ThrowTypeError(cx, "crypto.getRandomValues(): expected a typed array of integers");
  }
  const std::string kind =
      js::ToTextOr(cx, js::Get(cx, js::Get(cx, call.arg(0), "constructor").get(), "name").get());
  if (kind.starts_with("Float")) {
    return webcrypto::ThrowDom(cx, "TypeMismatchError",
                               "crypto.getRandomValues(): expected a typed array of integers");
  }
  if (length > kRandomBytesMax) {
    return webcrypto::ThrowDom(cx, "QuotaExceededError",
                               fmt::format("crypto.getRandomValues(): {} bytes are more than {}",
                                           length, kRandomBytesMax));
  }
  size_t size = 0;
  uint8_t* const bytes = JS_GetArrayBuffer(cx, &size, buffer.get());
  if (bytes == nullptr && length > 0) return js::Thrown(cx);
  if (length > 0 && RAND_bytes(bytes + offset, static_cast<int>(length)) != 1) {
    return webcrypto::ThrowOpenSsl(cx, "the system has no random bytes:");
  }
  return js::Value::Share(cx, call.arg(0));
}

// Version 4 of RFC 9562.
js::Value RandomUuid(const js::Call& call) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return webcrypto::ThrowOpenSsl(call.cx, "the system has no random bytes:");
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", bytes[i]);
  }
  return js::String(call.cx, text);
}

js::Value MakeSubtle(JSContext* cx) {
  js::Value subtle = js::Object(cx);
  js::AddMethod<Promised<webcrypto::Digest>>(cx, subtle.get(), "digest", 2);
  js::AddMethod<Promised<webcrypto::Sign>>(cx, subtle.get(), "sign", 3);
  js::AddMethod<Promised<webcrypto::Verify>>(cx, subtle.get(), "verify", 4);
  js::AddMethod<Promised<webcrypto::Encrypt>>(cx, subtle.get(), "encrypt", 3);
  js::AddMethod<Promised<webcrypto::Decrypt>>(cx, subtle.get(), "decrypt", 3);
  js::AddMethod<Promised<webcrypto::GenerateKey>>(cx, subtle.get(), "generateKey", 3);
  js::AddMethod<Promised<webcrypto::ImportKey>>(cx, subtle.get(), "importKey", 5);
  js::AddMethod<Promised<webcrypto::ExportKey>>(cx, subtle.get(), "exportKey", 2);
  js::AddMethod<Promised<webcrypto::DeriveBits>>(cx, subtle.get(), "deriveBits", 3);
  js::AddMethod<Promised<webcrypto::DeriveKey>>(cx, subtle.get(), "deriveKey", 5);
  js::AddMethod<Promised<WrapKey>>(cx, subtle.get(), "wrapKey", 4, 0);
  js::AddMethod<Promised<WrapKey>>(cx, subtle.get(), "unwrapKey", 7, 1);
  return subtle;
}

js::Value GetCrypto(const js::Call& call) {
  const js::Value& module = BuiltinModule(RealmOf(call.cx), kModule);
  if (module.IsException()) return js::Thrown(call.cx);
  return js::Get(call.cx, module.get(), "crypto");
}

// A script's own `crypto` takes the place of the getter.
js::Value SetCrypto(const js::Call& call) {
  js::Define(call.cx, RealmOf(call.cx).engine->global(), "crypto",
             js::Value::Share(call.cx, call.arg(0)));
  return js::Undefined(call.cx);
}

}  // namespace

js::Value MakeWebCryptoModule(Realm& realm) {
  JSContext* cx = realm.cx;
  if (!webcrypto::DefineKeyClass(cx)) return js::Thrown(cx);
  js::Value crypto = js::Object(cx);
  js::AddMethod<GetRandomValues>(cx, crypto.get(), "getRandomValues", 1);
  js::AddMethod<RandomUuid>(cx, crypto.get(), "randomUUID", 0);
  js::Define(cx, crypto.get(), "subtle", MakeSubtle(cx));
  js::Value module = js::Object(cx);
  js::Define(cx, module.get(), "crypto", std::move(crypto));
  return module;
}

void InstallWebCrypto(Realm& realm) {
  js::AddAccessor<GetCrypto, SetCrypto>(realm.cx, realm.engine->global(), "crypto");
}

}  // namespace kload::k6
