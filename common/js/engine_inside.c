/* The engine, and what is told of its inside: see engine_inside.h. */
#include <quickjs.c>

#include "common/js/engine_inside.h"

const void* kload_shape_of(JSValueConst object) {
  if (JS_VALUE_GET_TAG(object) != JS_TAG_OBJECT) return NULL;
  const JSObject* const p = JS_VALUE_GET_OBJ(object);
  return p->class_id == JS_CLASS_OBJECT ? p->shape : NULL;
}

JSValue kload_value_at(JSValueConst object, uint32_t place) {
  return JS_VALUE_GET_OBJ(object)->prop[place].u.value;
}

const char* kload_narrow_text(JSValueConst string, size_t* size) {
  if (JS_VALUE_GET_TAG(string) != JS_TAG_STRING) return NULL;
  const JSString* const p = JS_VALUE_GET_STRING(string);
  if (p->is_wide_char) return NULL;
  *size = p->len;
  return (const char*)p->u.str8;
}
