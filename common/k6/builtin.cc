#include "common/k6/builtin.h"

#include <exception>
#include <string_view>
#include <utility>

#include "common/js/function.h"
#include "common/k6/realm.h"
#include "common/k6/unavailable.h"

namespace kload::k6 {
namespace {

struct Entry {
  std::string_view name;
  js::Value (*make)(Realm&);
};
constexpr Entry kModules[] = {
    {"k6", MakeCoreModule},
    {"k6/crypto", MakeCryptoModule},
    {"k6/crypto/x509", MakeX509Module},
    {"k6/data", MakeDataModule},
    {"k6/execution", MakeExecutionModule},
    {"k6/encoding", MakeEncodingModule},
    {"k6/experimental/webcrypto", MakeWebCryptoModule},
    {"k6/html", MakeHtmlModule},
    {"k6/http", MakeHttpModule},
    {"k6/metrics", MakeMetricsModule},
    {"k6/secrets", MakeSecretsModule},
    {"k6/timers", MakeTimersModule},
};

const Entry* FindModule(std::string_view name) {
  for (const Entry& entry : kModules) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

// Runs when the script's modules are evaluated: gives the exports their values.
int FillExports(JSContext* cx, JSModuleDef* module) {
  const js::Atom name(cx, JS_GetModuleName(cx, module));
  Realm& realm = RealmOf(cx);
  const std::string text = js::AtomText(cx, name.get());
  const js::Value& object = realm.builtins[text];
  for (const std::string& export_name : realm.builtin_exports[text]) {
    // Not what every object inherits, such as toString.
    const js::Atom own(cx, export_name.c_str());
    if (JS_GetOwnProperty(cx, nullptr, object.get(), own.get()) <= 0) continue;
    const js::Value value = js::Get(cx, object.get(), own);
    if (value.IsException()) return -1;
    if (JS_SetModuleExport(cx, module, export_name.c_str(), JS_DupValue(cx, value.get())) < 0)
      return -1;
  }
  return JS_SetModuleExport(cx, module, "default", JS_DupValue(cx, object.get()));
}

int Init(JSContext* cx, JSModuleDef* module) noexcept {
  try {
    return FillExports(cx, module);
  } catch (const std::exception& error) {
    JS_ThrowInternalError(cx, "%s", error.what());
    return -1;
  }
}

}  // namespace

bool HasBuiltinModule(const std::string& name) { return FindModule(name) != nullptr; }

const js::Value& BuiltinModule(Realm& realm, const std::string& name) {
  const auto [place, is_new] = realm.builtins.try_emplace(name);
  if (is_new || place->second.IsException()) place->second = FindModule(name)->make(realm);
  return place->second;
}

JSModuleDef* NewBuiltinModule(JSContext* cx, const std::string& name,
                              const std::set<std::string>& names, bool all) {
  const Entry* entry = FindModule(name);
  if (entry == nullptr) {
    js::ThrowError(cx, UnavailableModule(name));
    return nullptr;
  }
  std::set<std::string> exports = names;
  exports.erase("default");
  if (auto* realm = static_cast<Realm*>(JS_GetContextOpaque(cx))) {
    const js::Value& object = BuiltinModule(*realm, name);
    if (object.IsException()) return nullptr;
    if (all) {
      js::ForEachProperty(cx, object.get(), [&](JSAtom export_name, JSValueConst) {
        exports.insert(js::AtomText(cx, export_name));
        return true;
      });
    }
    realm->builtin_exports[name] = exports;
  }
  exports.insert("default");
  JSModuleDef* module = JS_NewCModule(cx, name.c_str(), Init);
  if (module == nullptr) return nullptr;
  for (const std::string& export_name : exports) {
    if (JS_AddModuleExport(cx, module, export_name.c_str()) < 0) return nullptr;
  }
  return module;
}

}  // namespace kload::k6
