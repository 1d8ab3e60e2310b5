#include "common/js/kept_shapes.h"

#include <algorithm>
#include <utility>

namespace kload::js {
namespace {

// A mistake of two lists for each other costs speed only: one of them is not kept.
uint64_t HashOf(std::span<const JSPropertyEnum> names) {
  constexpr uint64_t kFactor = 0x9e3779b97f4a7c15;  // 2^64 by the golden ratio
  uint64_t hash = names.size();
  for (const JSPropertyEnum& name : names) hash = (hash ^ name.atom) * kFactor;
  return hash;
}

}  // namespace

KeptShapes::KeptShapes(JSContext* cx) : cx_(cx) { KeepFunctions(); }

void KeptShapes::KeepFunctions() {
  const Value global(cx_, JS_GetGlobalObject(cx_));
  const Value function = Get(cx_, global.get(), "Function");
  const Value prototype = Get(cx_, function.get(), "prototype");
  if (!JS_IsObject(prototype.get())) return ForgetException();
  KeepEmpty(prototype.get());
  // A function gets `length`, then `name`; shapes with both there are always.
  Value half(cx_, JS_NewObjectProto(cx_, prototype.get()));
  if (half.IsException() ||
      JS_DefinePropertyValueStr(cx_, half.get(), "length", JS_NewInt32(cx_, 0),
                                JS_PROP_CONFIGURABLE) < 0) {
    return ForgetException();
  }
  objects_.push_back(std::move(half));
}

void KeptShapes::ForgetException() { JS_FreeValue(cx_, JS_GetException(cx_)); }

void KeptShapes::KeepEmpty(JSValueConst prototype) {
  Value object(cx_, JS_NewObjectProto(cx_, prototype));
  if (object.IsException()) return ForgetException();
  objects_.push_back(std::move(object));
}

void KeptShapes::KeepLiteral(std::span<const JSPropertyEnum> names) {
  if (names.empty() || names.size() > kNamesMax) return;
  const uint64_t hash = HashOf(names);
  if (std::find(literals_.begin(), literals_.end(), hash) != literals_.end()) return;
  if (literals_.size() == kLiteralsMax) return;
  literals_.push_back(hash);
  for (size_t count = 1; count <= names.size(); ++count) {
    Value object(cx_, JS_NewObject(cx_));
    if (object.IsException()) return ForgetException();
    for (const JSPropertyEnum& name : names.first(count)) {
      if (JS_DefinePropertyValue(cx_, object.get(), name.atom, JS_UNDEFINED, JS_PROP_C_W_E) < 0) {
        return ForgetException();
      }
    }
    objects_.push_back(std::move(object));
  }
}

}  // namespace kload::js
