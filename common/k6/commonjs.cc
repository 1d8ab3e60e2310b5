#include "common/k6/commonjs.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/js/function.h"
#include "common/k6/builtin.h"
#include "common/k6/module_loader.h"
#include "common/k6/specifier.h"
#include "common/k6/unavailable.h"

namespace kload::k6 {
namespace {

js::Value Require(const js::Call& call);

// Names a module as being run, for as long as this lives.
class Running {
 public:
  Running(Realm& realm, std::string name) : realm_(realm) {
    realm_.requiring.push_back(std::move(name));
  }
  ~Running() { realm_.requiring.pop_back(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Realm& realm_;
};

// The function(module, exports, require) of a module.
js::Value ReadFunction(Realm& realm, const std::string& name) {
  JSContext* cx = realm.cx;
  if (realm.program->commonjs.contains(name)) {
    const std::string& bytes = realm.program->bytecode.at(name);
    js::Value code(cx, JS_ReadObject(cx, reinterpret_cast<const uint8_t*>(bytes.data()),
                                     bytes.size(), JS_READ_OBJ_BYTECODE));
    if (code.IsException()) return code;
    return js::Value(cx, JS_EvalFunction(cx, code.Release()));
  }
  const auto source = realm.program->files->ReadModule(name);
  if (!source.ok()) return js::ThrowError(cx, Message(source.status()));
  const std::string wrapped = WrapCommonJs(*source);
  return js::Value(cx,
                   JS_Eval(cx, wrapped.c_str(), wrapped.size(), name.c_str(), JS_EVAL_TYPE_GLOBAL));
}

// Runs the function; `module` is known already, so that a circle finds what it has exported so far.
bool RunBody(Realm& realm, const std::string& name, const js::Value& function,
             const js::Value& module) {
  JSContext* cx = realm.cx;
  const Running running(realm, name);
  const js::Value exports = js::Get(cx, module.get(), "exports");
  const js::Value require = js::NewFunction<Require>(cx, "require", 1);
  std::vector<JSValueConst> args = {module.get(), exports.get(), require.get()};
  const js::Value result(
      cx, JS_Call(cx, function.get(), exports.get(), static_cast<int>(args.size()), args.data()));
  return !result.IsException();
}

// Runs a function that was read before, unless the module has run.
js::Value RunCommonJs(Realm& realm, const std::string& name, const js::Value& function) {
  JSContext* cx = realm.cx;
  js::Value module = js::Object(cx);
  js::Define(cx, module.get(), "exports", js::Object(cx));
  realm.commonjs[name] = js::Value::Share(cx, module.get());
  if (!RunBody(realm, name, function, module)) {
    realm.commonjs.erase(name);
    return js::Thrown(cx);
  }
  return js::Get(cx, module.get(), "exports");
}

// ---- Import statements ----

js::Value ExportOf(JSContext* cx, const js::Value& exports, const std::string& name) {
  if (js::IsNullish(exports.get())) return js::Undefined(cx);
  return js::Get(cx, exports.get(), name.c_str());
}

std::set<std::string> AskedNames(const Realm& realm, const std::string& name) {
  const auto asked = realm.program->asked_names.find(name);
  std::set<std::string> names;
  if (asked != realm.program->asked_names.end()) names = asked->second;
  names.insert("default");
  return names;
}

int FillExports(Realm& realm, JSModuleDef* module, const std::string& name) {
  JSContext* cx = realm.cx;
  if (const auto error = realm.eager_errors.find(name); error != realm.eager_errors.end()) {
    JS_Throw(cx, JS_DupValue(cx, error->second.get()));
    return -1;
  }
  const js::Value exports = RequireCommonJs(realm, name);
  if (exports.IsException()) return -1;
  std::set<std::string> names = AskedNames(realm, name);
  if (const auto eager = realm.eager_names.find(name); eager != realm.eager_names.end()) {
    names.insert(eager->second.begin(), eager->second.end());
  }
  for (const std::string& export_name : names) {
    js::Value value = ExportOf(cx, exports, export_name);
    if (value.IsException()) return -1;
    if (export_name == "default" && value.IsUndefined()) {
      value = js::Value::Share(cx, exports.get());
    }
    if (JS_SetModuleExport(cx, module, export_name.c_str(), value.Release()) < 0) return -1;
  }
  return 0;
}

int Init(JSContext* cx, JSModuleDef* module) noexcept {
  try {
    const js::Atom name(cx, JS_GetModuleName(cx, module));
    return FillExports(RealmOf(cx), module, js::AtomText(cx, name.get()));
  } catch (const std::exception& error) {
    JS_ThrowInternalError(cx, "%s", error.what());
    return -1;
  }
}

// ---- require() of ES modules ----

// Whether the import statements of `from`, and of what it imports, lead to a module that is being run: the engine cannot
// evaluate it within that.
bool LeadsToRunning(const Realm& realm, const std::string& from, std::set<std::string>& seen) {
  if (!seen.insert(from).second) return false;
  if (std::find(realm.requiring.begin(), realm.requiring.end(), from) != realm.requiring.end()) {
    return true;
  }
  const auto imports = realm.program->imports.find(from);
  if (imports == realm.program->imports.end()) return false;
  return std::any_of(imports->second.begin(), imports->second.end(), [&](const ImportSite& site) {
    const auto target = ResolveImport(from, site.specifier);
    return target.ok() && LeadsToRunning(realm, *target, seen);
  });
}

// The promise's reason becomes an exception here, and so is not reported as unhandled.
js::Value ThrowReason(Realm& realm, const js::Value& promise) {
  js::Value reason(realm.cx, JS_PromiseResult(realm.cx, promise.get()));
  realm.engine->ForgetRejections(reason.get());
  return js::Value(realm.cx, JS_Throw(realm.cx, reason.Release()));
}

js::Value RequireEsModule(Realm& realm, const std::string& name) {
  JSContext* cx = realm.cx;
  std::set<std::string> seen;
  if (LeadsToRunning(realm, name, seen)) {
    return js::ThrowError(
        cx, fmt::format("require('{}'): an ES module that imports, directly or not, a module that "
                        "is still running; use import in one of them",
                        name));
  }
  js::Value module;
  if (const auto known = realm.es_modules.find(name); known != realm.es_modules.end()) {
    module = js::Value(cx, JS_DupValue(cx, JS_MKPTR(JS_TAG_MODULE, known->second)));
  } else {
    module = ReadEsModule(realm, name);
    if (module.IsException()) return module;
    if (JS_ResolveModule(cx, module.get()) < 0) return js::Thrown(cx);
  }
  auto* const definition = static_cast<JSModuleDef*>(JS_VALUE_GET_PTR(module.get()));
  const js::Value promise(cx, JS_EvalFunction(cx, module.Release()));
  if (promise.IsException()) return js::Thrown(cx);
  switch (JS_PromiseState(cx, promise.get())) {
    case JS_PROMISE_REJECTED:
      return ThrowReason(realm, promise);
    case JS_PROMISE_PENDING:
      return js::ThrowError(
          cx, fmt::format("require('{}'): a module that awaits at its top level can only be "
                          "imported",
                          name));
    case JS_PROMISE_FULFILLED:
      break;
  }
  return js::Value(cx, JS_GetModuleNamespace(cx, definition));
}

// ---- require() ----

// k6's modules: their functions, and `default` for code that was compiled from import statements.
js::Value RequireBuiltin(Realm& realm, const std::string& name) {
  JSContext* cx = realm.cx;
  if (!HasBuiltinModule(name)) return js::ThrowError(cx, UnavailableModule(name));
  const auto known = realm.commonjs.find(name);
  if (known != realm.commonjs.end()) return js::Value::Share(cx, known->second.get());
  const js::Value& object = BuiltinModule(realm, name);
  if (object.IsException()) return js::Thrown(cx);
  js::Value exports = js::Object(cx);
  js::ForEachProperty(cx, object.get(), [&](JSAtom member, JSValueConst value) {
    JS_DefinePropertyValue(cx, exports.get(), member, JS_DupValue(cx, value), JS_PROP_C_W_E);
    return true;
  });
  js::Define(cx, exports.get(), "default", js::Value::Share(cx, object.get()));
  JS_DefinePropertyValueStr(cx, exports.get(), "__esModule", JS_TRUE, JS_PROP_CONFIGURABLE);
  realm.commonjs[name] = js::Value::Share(cx, exports.get());
  return exports;
}

// A module that was not found when the script was compiled: its name is computed, or it is not there.
js::Value RequireUnknown(Realm& realm, const std::string& name) {
  const auto source = realm.program->files->ReadModule(name);
  if (!source.ok()) {
    realm.open_problem = Annotate(source.status(), fmt::format("require('{}')", name));
    return js::ThrowError(realm.cx, Message(realm.open_problem));
  }
  const js::Value function = ReadFunction(realm, name);
  if (!function.IsException()) return RunCommonJs(realm, name, function);
  JS_FreeValue(realm.cx, JS_GetException(realm.cx));
  return RequireEsModule(realm, name);
}

js::Value Require(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  if (auto wrong = RequireInit(realm, "require()"); wrong.IsException()) return wrong;
  if (!JS_IsString(call.arg(0))) {
    return js::ThrowTypeError(call.cx, "require(): the first argument is a module's name");
  }
  const auto specifier = js::ToText(call.cx, call.arg(0));
  if (!specifier.has_value()) return js::Thrown(call.cx);
  // Relative to the file whose code calls it, one frame above this one.
  const JSAtom caller = JS_GetScriptOrModuleName(call.cx, 1);
  std::string importer = realm.program->main;
  if (caller != JS_ATOM_NULL) importer = js::AtomText(call.cx, js::Atom(call.cx, caller).get());
  const auto name = ResolveImport(importer, *specifier);
  if (!name.ok()) return js::ThrowTypeError(call.cx, Message(name.status()));
  if (IsBuiltinName(*name)) return RequireBuiltin(realm, *name);
  const Running running(realm, importer);
  if (realm.program->commonjs.contains(*name) || realm.commonjs.contains(*name)) {
    return RequireCommonJs(realm, *name);
  }
  if (realm.program->bytecode.contains(*name) || realm.es_modules.contains(*name)) {
    return RequireEsModule(realm, *name);
  }
  return RequireUnknown(realm, *name);
}

}  // namespace

js::Value RequireCommonJs(Realm& realm, const std::string& name) {
  const auto known = realm.commonjs.find(name);
  if (known != realm.commonjs.end()) return js::Get(realm.cx, known->second.get(), "exports");
  const js::Value function = ReadFunction(realm, name);
  if (function.IsException()) return js::Thrown(realm.cx);
  return RunCommonJs(realm, name, function);
}

JSModuleDef* NewCommonJsModule(Realm& realm, const std::string& name,
                               const std::set<std::string>& names) {
  JSContext* cx = realm.cx;
  std::set<std::string> all = names;
  all.insert("default");
  if (realm.program->star_imported.contains(name) || realm.main_resolved) {
    const js::Value exports = RequireCommonJs(realm, name);
    if (exports.IsException()) {
      // Thrown again at the import's turn: the engine keeps modules whose loading failed, but cannot link them.
      realm.eager_errors[name] = js::Value(cx, JS_GetException(cx));
    } else if (JS_IsObject(exports.get())) {
      js::ForEachProperty(cx, exports.get(), [&](JSAtom member, JSValueConst) {
        all.insert(js::AtomText(cx, member));
        return true;
      });
    }
    realm.eager_names[name] = all;
  }
  JSModuleDef* module = JS_NewCModule(cx, name.c_str(), Init);
  if (module == nullptr) return nullptr;
  for (const std::string& export_name : all) {
    if (JS_AddModuleExport(cx, module, export_name.c_str()) < 0) return nullptr;
  }
  return module;
}

void InstallRequire(Realm& realm) {
  js::Define(realm.cx, realm.engine->global(), "require",
             js::NewFunction<Require>(realm.cx, "require", 1));
}

}  // namespace kload::k6
