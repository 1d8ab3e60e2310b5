#include "common/js/kept_shapes.h"

#include <algorithm>
#include <utility>

#include "common/js/engine_inside.h"

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
  const auto has_it = [hash](const Literal& literal) { return literal.hash == hash; };
  if (std::any_of(literals_.begin(), literals_.end(), has_it)) return;
  if (literals_.size() == kLiteralsMax) return;
  Literal& literal = literals_.emplace_back(Literal{hash, {}});
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
  for (const JSPropertyEnum& name : names) {
    literal.names.push_back({name.atom, AtomText(cx_, name.atom)});
    if (literal.names.back().text == "?") return;  // perhaps there was no memory for it
  }
  shapes_[literals_.size() - 1] = kload_shape_of(objects_.back().get());
}

const KeptShapes::Literal* KeptShapes::Find(JSValueConst object) const {
  const void* const shape = kload_shape_of(object);
  if (shape == nullptr) return nullptr;
  const auto end = shapes_.begin() + static_cast<ptrdiff_t>(literals_.size());
  const auto found = std::find(shapes_.begin(), end, shape);
  return found == end ? nullptr : &literals_[static_cast<size_t>(found - shapes_.begin())];
}

bool KeptShapes::ForEach(JSValueConst object, const Visit& visit) {
  if (const Literal* const literal = Find(object)) return ForEachOf(*literal, object, visit);
  const PropertyNames names(cx_, object);
  KeepLiteral(names.get());
  return ForEachProperty(cx_, object, names, [&visit](JSAtom atom, JSValueConst value) {
    return visit({atom, nullptr}, value);
  });
}

// Code of the script that a visit runs may change the object, or make literals that are kept as well: the names stay where they are.
bool KeptShapes::ForEachOf(const Literal& literal, JSValueConst object, const Visit& visit) {
  const void* const shape = kload_shape_of(object);
  uint32_t place = 0;
  for (const Name& name : std::span(literal.names)) {
    const Value value = kload_shape_of(object) == shape
                            ? Value::Share(cx_, kload_value_at(object, place))
                            : Value(cx_, JS_GetProperty(cx_, object, name.atom));
    if (value.IsException() || !visit({name.atom, &name.text}, value.get())) return false;
    ++place;
  }
  return true;
}

}  // namespace kload::js
