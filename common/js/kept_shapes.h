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

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/js/value.h"

namespace kload::js {

class KeptShapes {
 public:
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

  // Objects that are kept.
  size_t objects() const { return objects_.size(); }

 private:
  void KeepFunctions();
  void ForgetException();

  JSContext* const cx_;
  std::vector<uint64_t> literals_;  // hashes of their names
  std::vector<Value> objects_;
};

}  // namespace kload::js
