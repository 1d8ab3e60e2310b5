// Objects of C++ whose properties are made when they are read: nothing is written down that a script does not ask for.
//
// To a script the fields are ordinary properties of the object's own, in order: they can be listed, spread, written as JSON,
// assigned, deleted, frozen. The first change turns all of them into what they seem to be. Unlike others, a frozen one can get
// another prototype.
//
// Thread: that of the engine.
#pragma once

#include <quickjs.h>

#include <cstddef>
#include <memory>

#include "common/js/name_list.h"
#include "common/js/value.h"

namespace kload::js {

// What such an object stands for.
class Fields {
 public:
  // `names`, those of the fields, outlives this.
  explicit Fields(const NameList& names) : names_(names) {}
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
  const NameList& names_;
  bool settled_ = false;  // the fields are ordinary properties now
  bool closed_ = false;   // no more properties can be added
};

// Adds a class of such objects to the engine, with the prototype of its objects. False: an exception is pending.
bool AddFieldClass(JSContext* cx, JSClassID id, const char* name, Value prototype);
// An object of a class that was added.
Value NewFieldObject(JSContext* cx, JSClassID id, std::unique_ptr<Fields> fields);

}  // namespace kload::js
