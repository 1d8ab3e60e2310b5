// The module `k6/secrets`: get() of the default source, source(name) for the others.

#include <fmt/format.h>

#include <string>

#include "common/js/function.h"
#include "common/k6/realm.h"
#include "common/k6/secrets.h"

namespace kload::k6 {
namespace {

js::Value Rejected(JSContext* cx, std::string_view message) {
  js::ThrowError(cx, message);
  return js::SettledPromise(cx, js::Value(cx, JS_GetException(cx)), true);
}

js::Value GetFrom(const js::Call& call, std::string_view source_name) {
  JSContext* cx = call.cx;
  Realm& realm = RealmOf(cx);
  if (auto wrong = RequireRun(realm, "secrets.get()"); wrong.IsException()) return wrong;
  const auto key = js::ToText(cx, call.arg(0));
  if (!key.has_value()) return js::Thrown(cx);
  const SecretSource* source =
      realm.settings.secrets == nullptr ? nullptr : realm.settings.secrets->Find(source_name);
  if (source == nullptr) {
    return Rejected(cx, source_name.empty()
                            ? std::string("secrets.get(): there is no secret source; name one by "
                                          "--secret-source file=PATH")
                            : fmt::format("secrets.source(): no secret source is named '{}'; name "
                                          "it by --secret-source file=name={},filename=PATH",
                                          source_name, source_name));
  }
  const auto value = source->values.find(*key);
  if (value == source->values.end()) {
    return Rejected(
        cx, fmt::format("secrets.get(): the source '{}' has no secret '{}'", source->name, *key));
  }
  return js::SettledPromise(cx, js::String(cx, value->second), false);
}

js::Value Get(const js::Call& call) { return GetFrom(call, ""); }

js::Value GetOfSource(const js::Call& call) {
  const auto name = js::ToText(call.cx, js::Get(call.cx, call.self, "name").get());
  if (!name.has_value()) return js::Thrown(call.cx);
  return GetFrom(call, *name);
}

js::Value Source(const js::Call& call) {
  JSContext* cx = call.cx;
  const auto name = js::ToText(cx, call.arg(0));
  if (!name.has_value()) return js::Thrown(cx);
  js::Value source = js::Object(cx);
  js::Define(cx, source.get(), "name", js::String(cx, *name));
  js::AddMethod<GetOfSource>(cx, source.get(), "get", 1);
  return source;
}

}  // namespace

js::Value MakeSecretsModule(Realm& realm) {
  JSContext* cx = realm.cx;
  js::Value module = js::Object(cx);
  js::Define(cx, module.get(), "get", js::NewFunction<Get>(cx, "get", 1));
  js::Define(cx, module.get(), "source", js::NewFunction<Source>(cx, "source", 1));
  return module;
}

}  // namespace kload::k6
