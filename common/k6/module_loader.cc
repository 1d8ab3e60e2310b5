#include "common/k6/module_loader.h"

#include <fmt/format.h>

#include <exception>
#include <set>

#include "common/base/status.h"
#include "common/js/function.h"
#include "common/k6/builtin.h"
#include "common/k6/commonjs.h"
#include "common/k6/specifier.h"

namespace kload::k6 {
namespace {

char* Normalize(JSContext* cx, const char* importer, const char* specifier, void*) noexcept {
  try {
    const auto name = ResolveImport(importer, specifier);
    if (name.ok()) return js_strdup(cx, name->c_str());
    js::ThrowTypeError(cx, Message(name.status()));
  } catch (const std::exception& error) {
    JS_ThrowInternalError(cx, "%s", error.what());
  }
  return nullptr;
}

JSModuleDef* LoadNamed(Realm& realm, const std::string& name) {
  const auto asked = realm.program->asked_names.find(name);
  const std::set<std::string> names =
      asked == realm.program->asked_names.end() ? std::set<std::string>() : asked->second;
  if (IsBuiltinName(name)) {
    const Program& program = *realm.program;
    const bool all = realm.exports_all || program.imports_dynamically ||
                     asked == program.asked_names.end() || program.star_imported.contains(name);
    return NewBuiltinModule(realm.cx, name, names, all);
  }
  if (realm.program->commonjs.contains(name)) return NewCommonJsModule(realm, name, names);
  const js::Value module = ReadEsModule(realm, name);
  // The context holds the module; the value was one reference more.
  return module.IsException() ? nullptr : static_cast<JSModuleDef*>(JS_VALUE_GET_PTR(module.get()));
}

JSModuleDef* Load(JSContext* cx, const char* name, void* opaque) noexcept {
  try {
    return LoadNamed(*static_cast<Realm*>(opaque), name);
  } catch (const std::exception& error) {
    JS_ThrowInternalError(cx, "%s", error.what());
  }
  return nullptr;
}

}  // namespace

namespace {

// import.meta.resolve(specifier)
js::Value ResolveSpecifier(const js::Call& call) {
  const auto specifier = js::ToText(call.cx, call.arg(0));
  if (!specifier.has_value()) return js::Thrown(call.cx);
  const JSAtom caller = JS_GetScriptOrModuleName(call.cx, 1);
  if (caller == JS_ATOM_NULL) {
    return js::ThrowTypeError(call.cx, "import.meta.resolve(): called by no module");
  }
  const std::string importer = js::AtomText(call.cx, js::Atom(call.cx, caller).get());
  if (IsBuiltinName(*specifier)) return js::String(call.cx, *specifier);
  return js::String(call.cx, ToFileUrl(ResolvePath(importer, *specifier)));
}

void AddMeta(Realm& realm, JSModuleDef* module) {
  const js::Value meta(realm.cx, JS_GetImportMeta(realm.cx, module));
  if (meta.IsException()) return;
  js::Define(realm.cx, meta.get(), "resolve",
             js::NewFunction<ResolveSpecifier>(realm.cx, "resolve", 1));
}

}  // namespace

void InstallModuleLoader(Realm& realm) {
  realm.engine->SetModuleLoader({.normalize = Normalize, .load = Load, .opaque = &realm});
}

js::Value ReadEsModule(Realm& realm, const std::string& name) {
  JSContext* cx = realm.cx;
  js::Value module;
  if (const auto found = realm.program->bytecode.find(name);
      found != realm.program->bytecode.end()) {
    module = js::Value(cx, JS_ReadObject(cx, reinterpret_cast<const uint8_t*>(found->second.data()),
                                         found->second.size(), JS_READ_OBJ_BYTECODE));
  } else {
    const auto source = realm.program->files->ReadModule(name);
    if (!source.ok()) {
      return js::ThrowReferenceError(cx, fmt::format("import('{}'): not a part of the script: {}",
                                                     name, Message(source.status())));
    }
    const std::string text(WithoutMark(*source));
    module = js::Value(cx, JS_Eval(cx, text.c_str(), text.size(), name.c_str(),
                                   JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY));
  }
  if (!module.IsException()) {
    auto* const definition = static_cast<JSModuleDef*>(JS_VALUE_GET_PTR(module.get()));
    realm.es_modules[name] = definition;
    if (realm.program->meta_users.contains(name)) AddMeta(realm, definition);
  }
  return module;
}

}  // namespace kload::k6
