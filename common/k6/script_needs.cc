#include "common/k6/script_needs.h"

#include <algorithm>
#include <initializer_list>

namespace kload::k6 {
namespace {

bool NamesAny(std::string_view source, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [source](std::string_view name) {
    return source.find(name) != std::string_view::npos;
  });
}

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// By a name that may be computed.
bool Requires(std::string_view source) {
  constexpr std::string_view kRequire = "require";
  for (size_t at = source.find(kRequire); at != std::string_view::npos;
       at = source.find(kRequire, at)) {
    at += kRequire.size();
    if (at == source.size() || !IsNameChar(source[at])) return true;
  }
  return false;
}

// Of any object: by some of them what is there can be asked for by a name that is computed.
bool IsOfObjects(std::string_view name) {
  return name == "hasOwnProperty" || name == "propertyIsEnumerable" || name == "isPrototypeOf" ||
         name == "valueOf" || name == "toString" || name == "toLocaleString" ||
         name.starts_with("__");
}

// Adds X of every __ENV.X; nothing when __ENV stands in another way.
void AddEnv(std::string_view source, std::optional<std::set<std::string>>& env) {
  constexpr std::string_view kEnv = "__ENV";
  size_t at = source.find(kEnv);
  for (; env && at != std::string_view::npos; at = source.find(kEnv, at)) {
    at += kEnv.size();
    size_t end = at + 1;
    while (end < source.size() && IsNameChar(source[end])) ++end;
    const bool plain = at < source.size() && source[at] == '.' && end > at + 1 &&
                       (end == source.size() || (source[end] != '$' && source[end] != '\\' &&
                                                 static_cast<unsigned char>(source[end]) < 0x80));
    const std::string_view name = plain ? source.substr(at + 1, end - at - 1) : std::string_view();
    if (!plain || IsOfObjects(name)) {
      env.reset();
    } else {
      env->emplace(name);
    }
  }
}

}  // namespace

void ScriptNeeds::Add(std::string_view source) {
  // "global" is also in globalThis.
  if (NamesAny(source, {"global", "eval", "Function", "constructor", "\\u"}) || Requires(source)) {
    *this = All();
    return;
  }
  js::Intrinsics& has = intrinsics;
  has.dates = has.dates || NamesAny(source, {"Date"});
  has.proxies = has.proxies || NamesAny(source, {"Proxy"});
  has.collections = has.collections || NamesAny(source, {"Map", "Set"});
  has.typed_arrays = has.typed_arrays ||
                     NamesAny(source, {"int8", "int16", "int32", "int64", "Int", "Float16",
                                       "Float32", "Float64", "ArrayBuffer", "DataView", "Atomics"});
  has.weak_references =
      has.weak_references || NamesAny(source, {"WeakRef", "FinalizationRegistry"});
  random = random || NamesAny(source, {"random", "Math["});
  AddEnv(source, env);
}

}  // namespace kload::k6
