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

KeptShapes::KeptShapes(JSContext* cx) : cx_(cx) {
  const Value global(cx, JS_GetGlobalObject(cx));
  const Value function = Get(cx, global.get(), "Function");
  const Value prototype = Get(cx, function.get(), "prototype");
  if (!JS_IsObject(prototype.get())) return;
  KeepEmpty(prototype.get());
  // A function gets `length`, then `name`; shapes with both there are always.
  Value half(cx, JS_NewObjectProto(cx, prototype.get()));
  JS_DefinePropertyValueStr(cx, half.get(), "length", JS_NewInt32(cx, 0), JS_PROP_CONFIGURABLE);
  Keep(std::move(half));
}

void KeptShapes::Keep(Value object) {
  if (object.IsException()) {
    JS_FreeValue(cx_, JS_GetException(cx_));
  } else {
    objects_.push_back(std::move(object));
  }
}

void KeptShapes::KeepEmpty(JSValueConst prototype) {
  Keep(Value(cx_, JS_NewObjectProto(cx_, prototype)));
}

void KeptShapes::KeepLiteral(std::span<const JSPropertyEnum> names) {
  if (names.empty() || names.size() > kNamesMax) return;
  const uint64_t hash = HashOf(names);
  if (std::find(literals_.begin(), literals_.end(), hash) != literals_.end()) return;
  if (literals_.size() == kLiteralsMax) return;
  literals_.push_back(hash);
  for (size_t count = 1; count <= names.size(); ++count) {
    Value object(cx_, JS_NewObject(cx_));
    if (object.IsException()) return Keep(std::move(object));
    for (const JSPropertyEnum& name : names.first(count)) {
      JS_DefinePropertyValue(cx_, object.get(), name.atom, JS_UNDEFINED, JS_PROP_C_W_E);
    }
    Keep(std::move(object));
  }
}

}  // namespace kload::js
