// Keeps alive the shapes of objects that a script makes and drops in every iteration.
//
// QuickJS describes the properties of an object by a shape, which objects with the same prototype and the same names in the
// same order share; with its last object a shape is freed. An iteration that makes `{ headers: {…} }` and a function, and has
// dropped both at its end, pays for new shapes each time: an allocation, a copy and two walks of a hash table per property. An
// object that nobody sees, with the same properties, keeps the shape for the next iteration to find.
//
// Thread: that of the engine.
#pragma once

#include <quickjs.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "common/js/value.h"

namespace kload::js {

// The name of a property.
struct PropertyName {
  JSAtom atom;
  const std::string* known;  // its text, if it was turned into one before

  std::string Text(JSContext* cx) const { return known != nullptr ? *known : AtomText(cx, atom); }
};

class KeptShapes {
 public:
  using Visit = std::function<bool(const PropertyName& name, JSValueConst value)>;

  // Literals that are kept, and names of one: some 250 bytes for each name.
  static constexpr size_t kLiteralsMax = 16;
  static constexpr size_t kNamesMax = 8;

  // Keeps the shapes of functions that are being made. Before a script has run: uses the global `Function`. No exception
  // stays behind, here and below; without memory less is kept.
  explicit KeptShapes(JSContext* cx);

  // The shape of objects without properties of their own.
  void KeepEmpty(JSValueConst prototype);
  // The shapes on the way to a plain object with these properties, made in this order by a literal. Cheap when they
  // are kept already. Does nothing beyond the bounds.
  void KeepLiteral(std::span<const JSPropertyEnum> names);

  // As js::ForEachProperty() of an object that is mostly a literal, whose shape is kept from the first time on. Where the
  // engine tells it, the next object of that shape is read without asking for its names.
  bool ForEach(JSValueConst object, const Visit& visit);

  // Objects that are kept.
  size_t objects() const { return objects_.size(); }

 private:
  struct Name {
    JSAtom atom;  // which the kept object keeps
    std::string text;
  };
  struct Literal {
    uint64_t hash;  // of the names
    std::vector<Name> names;
  };

  void KeepFunctions();
  void ForgetException();
  // Null: another shape, or nothing is known of shapes.
  const Literal* Find(JSValueConst object) const;
  bool ForEachOf(const Literal& literal, JSValueConst object, const Visit& visit);

  JSContext* const cx_;
  std::array<const void*, kLiteralsMax> shapes_{};  // of the literals, see engine_inside.h
  std::vector<Literal> literals_;
  std::vector<Value> objects_;
};

}  // namespace kload::js
