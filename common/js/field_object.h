// Objects of C++ whose properties are made when they are read: nothing is written down that a script does not ask for.
//
// To a script the fields are ordinary properties of the object's own, in order: they can be listed, spread, written as JSON,
// assigned, deleted, frozen. The first change turns all of them into what they seem to be.
//
// Thread: that of the engine.
#pragma once

#include <quickjs.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "common/js/value.h"

namespace kload::js {

// The names of a class' fields in one engine, which outlives them.
class FieldNames {
 public:
  static constexpr size_t kMax = 16;

  // At most kMax.
  FieldNames(JSContext* cx, std::span<const char* const> names);
  ~FieldNames();
  FieldNames(const FieldNames&) = delete;
  FieldNames& operator=(const FieldNames&) = delete;

  std::optional<size_t> Find(JSAtom name) const;
  std::span<const JSAtom> atoms() const { return {atoms_.data(), count_}; }

 private:
  JSContext* const cx_;
  size_t count_;
  std::array<JSAtom, kMax> atoms_{};  // JS_ATOM_NULL, which names nothing, behind the last one
};

// What such an object stands for.
class Fields {
 public:
  // `names` outlives this.
  explicit Fields(const FieldNames& names) : names_(names) {}
  virtual ~Fields() = default;
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  // The value of the field of that number; may be asked for again, and may throw.
  virtual Value Make(JSContext* cx, size_t field) = 0;
  // For values of the engine that are kept here: see JSClassDef's gc_mark and finalizer.
  virtual void Mark(JSRuntime*, JS_MarkFunc*) const {}
  virtual void Free(JSRuntime*) {}

 private:
  friend struct FieldObjects;
  const FieldNames& names_;
  bool settled_ = false;  // the fields are ordinary properties now
  bool closed_ = false;   // no more properties can be added
};

// Adds a class of such objects to the engine, with the prototype of its objects. False: an exception is pending.
bool AddFieldClass(JSContext* cx, JSClassID id, const char* name, Value prototype);
// An object of a class that was added.
Value NewFieldObject(JSContext* cx, JSClassID id, std::unique_ptr<Fields> fields);

}  // namespace kload::js
