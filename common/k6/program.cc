#include "common/k6/program.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "common/base/status.h"
#include "common/js/engine.h"
#include "common/js/function.h"
#include "common/k6/builtin.h"
#include "common/k6/specifier.h"
#include "common/k6/unavailable.h"

namespace kload::k6 {
namespace {

// On the module's own first line, so that lines stay.
constexpr std::string_view kCommonJsPrefix = "(function(module,exports,require){";

// Other modules' maps, such as those of packers, name sources that are not in the bundle.
std::optional<SourceMap> MapOf(const std::string& name, const std::string& text) {
  return IsTypeScriptName(name) ? SourceMap::OfModule(text) : std::nullopt;
}

// By eye, a comment behind the word counting as well: what looks like one and is none costs a little memory.
bool HasDynamicImport(std::string_view text) {
  constexpr std::string_view kImport = "import";
  for (size_t at = text.find(kImport); at != text.npos; at = text.find(kImport, at + 1)) {
    const size_t next = text.find_first_not_of(" \t\r\n", at + kImport.size());
    if (next != text.npos && (text[next] == '(' || text[next] == '/')) return true;
  }
  return false;
}

// One compilation. The engine calls back for every import; the first problem is kept as a Status, since an
// exception's text has no code and no place.
class Compiler {
 public:
  Compiler(js::Engine& engine, Program& program) : engine_(engine), program_(program) {
    engine_.SetModuleLoader({.normalize = Normalize, .load = Load, .opaque = this});
  }

  absl::Status CompileMain() {
    engine_.Enter(std::nullopt);
    const JSModuleDef* main = Compile(program_.main, "");
    if (main != nullptr) return absl::OkStatus();
    JS_FreeValue(engine_.cx(), JS_GetException(engine_.cx()));
    if (!problem_.ok()) return problem_;
    return absl::InternalError(fmt::format("{}: the engine could not compile it", program_.main));
  }

 private:
  static char* Normalize(JSContext* cx, const char* importer, const char* specifier,
                         void* self) noexcept {
    auto* compiler = static_cast<Compiler*>(self);
    try {
      const auto name = compiler->Resolve(importer, specifier);
      if (name.ok()) return js_strdup(cx, name->c_str());
      compiler->Fail(name.status());
    } catch (const std::exception& error) {
      compiler->Fail(absl::InternalError(error.what()));
    }
    return nullptr;
  }

  static JSModuleDef* Load(JSContext* cx, const char* name, void* self) noexcept {
    auto* compiler = static_cast<Compiler*>(self);
    try {
      if (IsBuiltinName(name)) {
        return NewBuiltinModule(cx, name, compiler->program_.asked_names[name], false);
      }
      return compiler->Compile(name, compiler->place_);
    } catch (const std::exception& error) {
      compiler->Fail(absl::InternalError(error.what()));
    }
    return nullptr;
  }

  absl::StatusOr<std::string> Resolve(const std::string& importer, const std::string& specifier) {
    place_ = PlaceOfImport(program_, importer, specifier);
    auto name = ResolveImport(importer, specifier);
    if (!name.ok()) {
      return absl::Status(name.status().code(), place_ + Message(name.status()));
    }
    if (IsBuiltinName(*name) && !HasBuiltinModule(*name)) {
      return absl::InvalidArgumentError(place_ + UnavailableModule(*name));
    }
    return name;
  }

  // `place` is where it is imported, empty for the main module.
  JSModuleDef* Compile(const std::string& name, const std::string& place) {
    auto source = program_.files->ReadModule(name);
    if (!source.ok()) {
      const std::string what = place.empty() ? "" : place + "import: ";
      return Fail(absl::Status(source.status().code(), what + Message(source.status())));
    }
    if (program_.bytecode.contains(name)) return Stub(name);  // required before it is imported
    seen_.insert(name);
    const std::string text(WithoutMark(*source));
    program_.imports_dynamically = program_.imports_dynamically || HasDynamicImport(text);
    program_.needs.Add(text);
    if (program_.imports_dynamically) program_.needs = ScriptNeeds::All();
    JSModuleDef* module = nullptr;
    if (TryCommonJs(name, text)) {
      module = Stub(name);
    } else {
      module = CompileEsModule(name, text);
      if (module == nullptr) return nullptr;
    }
    CompileRequired(name, text);
    return module;
  }

  // Whether the text is CommonJS; its bytecode is kept then.
  bool TryCommonJs(const std::string& name, const std::string& text) {
    JSContext* cx = engine_.cx();
    const std::string wrapped = WrapCommonJs(text);
    const js::Value function(cx, JS_Eval(cx, wrapped.c_str(), wrapped.size(), name.c_str(),
                                         JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY));
    if (function.IsException()) {
      commonjs_error_ = SyntaxError(name, kCommonJsPrefix.size());
      program_.places.Add(name, 0, MapOf(name, text));
      return false;
    }
    program_.places.Add(name, static_cast<int>(kCommonJsPrefix.size()), MapOf(name, text));
    program_.commonjs.insert(name);
    program_.needs = ScriptNeeds::All();
    return Keep(name, function.get());
  }

  JSModuleDef* CompileEsModule(const std::string& name, const std::string& text) {
    Note(name, text);
    if (text.find("import.meta") != std::string::npos) program_.meta_users.insert(name);
    JSContext* cx = engine_.cx();
    const js::Value module(cx, JS_Eval(cx, text.c_str(), text.size(), name.c_str(),
                                       JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY));
    if (module.IsException()) {
      const absl::Status error = SyntaxError(name, 0);
      return Fail(LooksLikeModule(text) ? error : commonjs_error_);
    }
    if (!Keep(name, module.get())) return nullptr;
    // The context holds the module; the value was one reference more.
    return static_cast<JSModuleDef*>(JS_VALUE_GET_PTR(module.get()));
  }

  bool Keep(const std::string& name, JSValueConst compiled) {
    size_t size = 0;
    uint8_t* bytes = JS_WriteObject(engine_.cx(), &size, compiled, JS_WRITE_OBJ_BYTECODE);
    if (bytes == nullptr) return Fail(absl::InternalError(name + ": no bytecode")) != nullptr;
    program_.bytecode[name].assign(reinterpret_cast<const char*>(bytes), size);
    js_free(engine_.cx(), bytes);
    return true;
  }

  // Stands for a CommonJS module while others are compiled, which asks for no more than its being there.
  JSModuleDef* Stub(const std::string& name) {
    return JS_NewCModule(engine_.cx(), name.c_str(), [](JSContext*, JSModuleDef*) { return 0; });
  }

  // What is not there, or does not compile, is an exception of require() if it is ever called.
  void CompileRequired(const std::string& name, const std::string& text) {
    for (const ImportSite& site : ScanRequires(text)) {
      const auto target = ResolveImport(name, site.specifier);
      if (!target.ok() || IsBuiltinName(*target) || seen_.contains(*target)) continue;
      const absl::Status before = problem_;
      if (Compile(*target, place_) == nullptr) {
        problem_ = before;
        JS_FreeValue(engine_.cx(), JS_GetException(engine_.cx()));
      }
    }
  }

  // Remembers the module's imports, and names asked of built-in modules before those are made.
  void Note(const std::string& name, const std::string& text) {
    const auto& sites = program_.imports[name] = ScanImports(text);
    for (const ImportSite& site : sites) {
      const auto target = ResolveImport(name, site.specifier);
      if (!target.ok()) continue;
      program_.asked_names[*target].insert(site.names.begin(), site.names.end());
      if (site.star) program_.star_imported.insert(*target);
    }
  }

  // Takes the pending exception. `shift`: of columns in the first line.
  absl::Status SyntaxError(const std::string& name, size_t shift) {
    JSContext* cx = engine_.cx();
    const js::Value error(cx, JS_GetException(cx));
    const std::string text = js::ToTextOr(cx, error.get());
    const auto line = js::ToNumber(cx, js::Get(cx, error.get(), "lineNumber").get());
    const auto column = js::ToNumber(cx, js::Get(cx, error.get(), "columnNumber").get());
    if (!line.has_value() || !column.has_value() || !(*line >= 1 && *column >= 1)) {
      return absl::InvalidArgumentError(fmt::format("{}: {}", name, text));
    }
    Position place{.line = static_cast<int>(*line), .column = static_cast<int>(*column)};
    const int columns = static_cast<int>(shift);
    if (place.line == 1 && place.column > columns) place.column -= columns;
    return absl::InvalidArgumentError(
        fmt::format("{}:{}:{}: {}", name, place.line, place.column, text));
  }

  // Keeps the first problem, the innermost one, and makes sure that an exception is pending.
  JSModuleDef* Fail(const absl::Status& status) {
    if (problem_.ok()) problem_ = status;
    if (!JS_HasException(engine_.cx())) js::ThrowError(engine_.cx(), "module not loaded");
    return nullptr;
  }

  js::Engine& engine_;
  Program& program_;
  absl::Status problem_;
  std::set<std::string> seen_;   // modules that are or were compiled
  absl::Status commonjs_error_;  // why the last module is no CommonJS
  std::string place_;            // of the import that is being resolved
};

}  // namespace

std::string_view WithoutMark(std::string_view source) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return source.starts_with(kMark) ? source.substr(kMark.size()) : source;
}

std::string WrapCommonJs(std::string_view source) {
  std::string body(WithoutMark(source));
  if (body.starts_with("#!")) body.replace(0, 2, "//");  // is a comment at the very begin only
  return fmt::format("{}{}\n}})", kCommonJsPrefix, body);
}

absl::StatusOr<std::shared_ptr<const Program>> CompileProgram(std::unique_ptr<Files> files,
                                                              const std::string& main) {
  auto engine = js::Engine::Create({});
  if (!engine.ok()) return engine.status();
  auto program = std::make_shared<Program>();
  program->main = main;
  program->files = std::move(files);
  Compiler compiler(**engine, *program);
  KLOAD_RETURN_IF_ERROR(compiler.CompileMain());
  return std::shared_ptr<const Program>(std::move(program));
}

std::string PlaceOfImport(const Program& program, const std::string& module,
                          const std::string& specifier) {
  const auto imports = program.imports.find(module);
  if (imports != program.imports.end()) {
    for (const ImportSite& site : imports->second) {
      if (site.specifier == specifier) {
        const Position place =
            program.places.Original(module, {.line = site.line, .column = site.column});
        return fmt::format("{}:{}:{}: ", module, place.line, place.column);
      }
    }
  }
  return module + ": ";
}

std::string PlaceMissingExport(const Program& program, const std::string& text) {
  if (text.find("Could not find export '") == std::string::npos) return text;
  for (const auto& [module, sites] : program.imports) {
    for (const ImportSite& site : sites) {
      const auto target = ResolveImport(module, site.specifier);
      if (!target.ok() || text.find("in module '" + *target + "'") == std::string::npos) continue;
      for (const std::string& name : site.names) {
        if (text.find("export '" + name + "'") == std::string::npos) continue;
        return PlaceOfImport(program, module, site.specifier) + text;
      }
    }
  }
  return text;
}

}  // namespace kload::k6
