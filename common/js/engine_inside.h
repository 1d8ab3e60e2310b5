/* What QuickJS' interface does not tell: the shape of an object (what properties it has, in which order), its values by place,
   and the bytes of a string. It takes the engine's own structures, so engine_inside.c is compiled as one with the engine's source.
   Where the engine is the system's library nothing is known here, and callers go the way of the interface.

   Thread: that of the engine. Nothing here runs code of a script or allocates. */
#pragma once

#include <quickjs.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef KLOAD_ENGINE_INSIDE

/* The same for all objects with the same prototype and the same properties, made in the same order; as long as one of them
   lives no other shape has the address. NULL: not an ordinary object. */
const void* kload_shape_of(JSValueConst object);
/* Borrowed: the value of the property at `place` of an object with a shape, all of whose properties have plain values. */
JSValue kload_value_at(JSValueConst object, uint32_t place);
/* Borrowed: the characters of a string whose characters are below 256, one byte each. NULL: another value. */
const char* kload_narrow_text(JSValueConst string, size_t* size);

#else

static inline const void* kload_shape_of(JSValueConst object) {
  (void)object;
  return NULL;
}
static inline JSValue kload_value_at(JSValueConst object, uint32_t place) {
  (void)object;
  (void)place;
  return JS_UNDEFINED;
}
static inline const char* kload_narrow_text(JSValueConst string, size_t* size) {
  (void)string;
  (void)size;
  return NULL;
}

#endif

#ifdef __cplusplus
}
#endif
