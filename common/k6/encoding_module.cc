// The module `k6/encoding`: b64encode, b64decode.

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "common/js/function.h"
#include "common/k6/binary_text.h"
#include "common/k6/realm.h"

namespace kload::k6 {
namespace {

constexpr size_t kBytesMax = std::numeric_limits<int>::max() / 2;

// Nothing, with an exception pending, for a name that k6 does not have.
std::optional<Base64> ReadKind(const js::Call& call, const char* function) {
  if (js::IsNullish(call.arg(1))) return Base64::kStd;
  const auto name = js::ToText(call.cx, call.arg(1));
  if (!name.has_value()) return std::nullopt;
  if (*name == "std") return Base64::kStd;
  if (*name == "rawstd") return Base64::kRawStd;
  if (*name == "url") return Base64::kUrl;
  if (*name == "rawurl") return Base64::kRawUrl;
  js::ThrowTypeError(call.cx, fmt::format("{}: '{}' is not an encoding; there are std, rawstd, url "
                                          "and rawurl",
                                          function, *name));
  return std::nullopt;
}

js::Value Encode(const js::Call& call) {
  const auto kind = ReadKind(call, "b64encode()");
  if (!kind.has_value()) return js::Thrown(call.cx);
  const auto bytes = ReadBytes(call.cx, call.arg(0));
  if (!bytes.has_value()) return js::Thrown(call.cx);
  if (bytes->size() > kBytesMax) return js::ThrowRangeError(call.cx, "b64encode(): over 1 GiB");
  return js::String(call.cx, EncodeBase64(*bytes, *kind));
}

js::Value Decode(const js::Call& call) {
  const auto kind = ReadKind(call, "b64decode()");
  if (!kind.has_value()) return js::Thrown(call.cx);
  const auto text = js::ToText(call.cx, call.arg(0));
  const auto format =
      JS_IsUndefined(call.arg(2)) ? std::string("b") : js::ToText(call.cx, call.arg(2));
  if (!text.has_value() || !format.has_value()) return js::Thrown(call.cx);
  const auto bytes = text->size() <= kBytesMax ? DecodeBase64(*text, *kind) : std::nullopt;
  if (!bytes.has_value()) {
    return js::ThrowTypeError(call.cx,
                              "b64decode(): the text is not base64 of the encoding asked for");
  }
  return *format == "s" ? js::String(call.cx, *bytes) : js::Bytes(call.cx, *bytes);
}

}  // namespace

js::Value MakeEncodingModule(Realm& realm) {
  js::Value module = js::Object(realm.cx);
  js::Define(realm.cx, module.get(), "b64encode",
             js::NewFunction<Encode>(realm.cx, "b64encode", 2));
  js::Define(realm.cx, module.get(), "b64decode",
             js::NewFunction<Decode>(realm.cx, "b64decode", 3));
  return module;
}

}  // namespace kload::k6
