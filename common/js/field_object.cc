#include "common/js/field_object.h"

#include <array>
#include <span>

#include "common/js/function.h"

namespace kload::js {

// What the engine does with such objects: see JSClassExoticMethods. It comes here only for names that the object has no
// ordinary property of.
struct FieldObjects {
  static Fields& Of(JSValueConst object) {
    JSClassID id = 0;
    return *static_cast<Fields*>(JS_GetAnyOpaque(object, &id));
  }

  static int GetOwn(JSContext* cx, JSPropertyDescriptor* property, JSValueConst object,
                    JSAtom name) noexcept {
    Fields& fields = Of(object);
    if (fields.settled_) return 0;
    const auto field = fields.names_.Find(name);
    if (!field.has_value()) return 0;
    if (property == nullptr) return 1;
    return Guarded(cx, [&] {
      Value value = fields.Make(cx, *field);
      if (value.IsException()) return -1;
      property->flags = JS_PROP_C_W_E;
      property->value = value.Release();
      property->getter = JS_UNDEFINED;
      property->setter = JS_UNDEFINED;
      return 1;
    });
  }

  static int GetOwnNames(JSContext* cx, JSPropertyEnum** names, uint32_t* count,
                         JSValueConst object) noexcept {
    const Fields& fields = Of(object);
    const auto atoms = fields.settled_ ? std::span<const JSAtom>{} : fields.names_.atoms();
    *names = static_cast<JSPropertyEnum*>(js_mallocz(cx, sizeof(JSPropertyEnum) * NameList::kMax));
    if (*names == nullptr) return -1;
    for (size_t i = 0; i < atoms.size(); ++i) (*names)[i].atom = JS_DupAtom(cx, atoms[i]);
    *count = static_cast<uint32_t>(atoms.size());
    return 0;
  }

  // All or none, unless the memory ends.
  static int Settle(JSContext* cx, JSValueConst object, Fields& fields) {
    if (fields.settled_) return 0;
    const auto atoms = fields.names_.atoms();
    std::array<Value, NameList::kMax> values;
    for (size_t i = 0; i < atoms.size(); ++i) {
      values[i] = fields.Make(cx, i);
      if (values[i].IsException()) return -1;
    }
    fields.settled_ = true;
    for (size_t i = 0; i < atoms.size(); ++i) {
      if (JS_DefinePropertyValue(cx, object, atoms[i], values[i].Release(),
                                 JS_PROP_C_W_E | JS_PROP_NO_EXOTIC) < 0) {
        return -1;  // no memory
      }
    }
    return 0;
  }

  static int Delete(JSContext* cx, JSValueConst object, JSAtom name) noexcept {
    Fields& fields = Of(object);
    if (fields.settled_ || !fields.names_.Find(name).has_value()) return 1;
    return Guarded(cx, [&] {
      if (Settle(cx, object, fields) < 0) return -1;
      return JS_DeleteProperty(cx, object, name, 0);
    });
  }

  // Also what an assignment ends in, be it of a field or of a new property.
  static int DefineOwn(JSContext* cx, JSValueConst object, JSAtom name, JSValueConst value,
                       JSValueConst getter, JSValueConst setter, int flags) noexcept {
    Fields& fields = Of(object);
    const bool is_new = fields.settled_ || !fields.names_.Find(name).has_value();
    if (is_new && fields.closed_) {
      if ((flags & (JS_PROP_THROW | JS_PROP_THROW_STRICT)) == 0) return 0;
      JS_ThrowTypeError(cx, "object is not extensible");
      return -1;
    }
    return Guarded(cx, [&] {
      if (Settle(cx, object, fields) < 0) return -1;
      return JS_DefineProperty(cx, object, name, value, getter, setter, flags | JS_PROP_NO_EXOTIC);
    });
  }

  static int IsExtensible(JSContext*, JSValueConst object) noexcept { return !Of(object).closed_; }

  static int PreventExtensions(JSContext* cx, JSValueConst object) noexcept {
    Fields& fields = Of(object);
    return Guarded(cx, [&] {
      if (Settle(cx, object, fields) < 0) return -1;
      fields.closed_ = true;
      return 1;
    });
  }

  static void Finalize(JSRuntime* runtime, JSValue object) noexcept {
    JSClassID id = 0;
    const std::unique_ptr<Fields> fields(static_cast<Fields*>(JS_GetAnyOpaque(object, &id)));
    if (fields != nullptr) fields->Free(runtime);
  }

  static void Mark(JSRuntime* runtime, JSValueConst object, JS_MarkFunc* mark) noexcept {
    JSClassID id = 0;
    const auto* fields = static_cast<Fields*>(JS_GetAnyOpaque(object, &id));
    if (fields != nullptr) fields->Mark(runtime, mark);
  }

  static JSClassExoticMethods& Methods() {
    static JSClassExoticMethods methods = [] {
      JSClassExoticMethods made{};
      made.get_own_property = GetOwn;
      made.get_own_property_names = GetOwnNames;
      made.delete_property = Delete;
      made.define_own_property = DefineOwn;
      made.is_extensible = IsExtensible;
      made.prevent_extensions = PreventExtensions;
      return made;
    }();
    return methods;
  }
};

bool AddFieldClass(JSContext* cx, JSClassID id, const char* name, Value prototype) {
  if (prototype.IsException()) return false;
  const JSClassDef definition = {.class_name = name,
                                 .finalizer = FieldObjects::Finalize,
                                 .gc_mark = FieldObjects::Mark,
                                 .call = nullptr,
                                 .exotic = &FieldObjects::Methods()};
  if (JS_NewClass(JS_GetRuntime(cx), id, &definition) < 0) return false;
  JS_SetClassProto(cx, id, prototype.Release());
  return true;
}

Value NewFieldObject(JSContext* cx, JSClassID id, std::unique_ptr<Fields> fields) {
  Value object(cx, JS_NewObjectClass(cx, static_cast<int>(id)));
  if (!object.IsException()) JS_SetOpaque(object.get(), fields.release());
  return object;
}

}  // namespace kload::js
