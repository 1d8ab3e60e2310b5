// The one door through which JavaScript calls C++. QuickJS' list macros do not compile as C++20; these small
// builders replace them.
//
// Errors: a body reports a JavaScript exception by returning the exception marker (see Throw...()); a C++
//         exception that leaves a body becomes an InternalError here, since none may pass a C frame.
#pragma once

#include <quickjs.h>

#include <cstdint>
#include <exception>
#include <span>
#include <string_view>

#include "common/js/value.h"

namespace kload::js {

// One call from JavaScript; everything in it is borrowed.
struct Call {
  JSContext* cx;
  JSValueConst self;  // for a constructor: new.target
  int argc = 0;
  JSValueConst* argv = nullptr;
  int magic = 0;  // the number the function was made with, so that several can share a body

  // undefined beyond the arguments given.
  JSValueConst arg(int i) const { return i < argc ? argv[i] : JSValue(JS_UNDEFINED); }
};

using Body = Value (*)(const Call&);

// ---- Throwing: sets the pending exception and returns the exception marker ----
Value ThrowError(JSContext* cx, std::string_view message);
Value ThrowTypeError(JSContext* cx, std::string_view message);
Value ThrowRangeError(JSContext* cx, std::string_view message);
Value ThrowReferenceError(JSContext* cx, std::string_view message);
// An InternalError that no catch or finally block sees.
Value ThrowUncatchable(JSContext* cx, std::string_view message);
// The marker for an exception that is already pending.
inline Value Thrown(JSContext* cx) { return Value(cx, JS_EXCEPTION); }

// A promise that is settled already; its reactions run as jobs.
Value SettledPromise(JSContext* cx, Value result, bool rejected);

// Runs the body of another callback of the engine, one that answers with a number: -1, with an exception pending, for a C++
// exception.
template <typename Function>
int Guarded(JSContext* cx, const Function& body) noexcept {
  try {
    return body();
  } catch (const std::exception& error) {
    JS_ThrowInternalError(cx, "%s", error.what());
    return -1;
  }
}

namespace internal {

template <Body body>
JSValue Enter(const Call& call) noexcept {
  try {
    return body(call).Release();
  } catch (const std::exception& error) {
    return JS_ThrowInternalError(call.cx, "%s", error.what());
  }
}

template <Body body>
JSValue EnterFunction(JSContext* cx, JSValueConst self, int argc, JSValueConst* argv,
                      int magic) noexcept {
  return Enter<body>({.cx = cx, .self = self, .argc = argc, .argv = argv, .magic = magic});
}

template <Body body>
JSValue EnterGetter(JSContext* cx, JSValueConst self, int magic) noexcept {
  return Enter<body>({.cx = cx, .self = self, .magic = magic});
}

template <Body body>
JSValue EnterSetter(JSContext* cx, JSValueConst self, JSValueConst value, int magic) noexcept {
  return Enter<body>({.cx = cx, .self = self, .argc = 1, .argv = &value, .magic = magic});
}

}  // namespace internal

// A function object. `length` is what its .length says.
template <Body body>
Value NewFunction(JSContext* cx, const char* name, int length, int magic = 0) {
  return Value(cx, JS_NewCFunctionMagic(cx, internal::EnterFunction<body>, name, length,
                                        JS_CFUNC_generic_magic, magic));
}

// ---- Properties that are made when they are first read: most scripts use few of those there are ----

template <Body body>
JSCFunctionListEntry LazyFunction(const char* name, uint8_t length, int16_t magic = 0,
                                  uint8_t flags = JS_PROP_C_W_E) {
  JSCFunctionListEntry entry{};
  entry.name = name;
  entry.prop_flags = flags;
  entry.def_type = JS_DEF_CFUNC;
  entry.magic = magic;
  entry.u.func.length = length;
  entry.u.func.cproto = JS_CFUNC_generic_magic;
  entry.u.func.cfunc.generic_magic = internal::EnterFunction<body>;
  return entry;
}

// A method as AddMethod() adds it.
template <Body body>
JSCFunctionListEntry LazyMethod(const char* name, uint8_t length, int16_t magic = 0) {
  return LazyFunction<body>(name, length, magic, JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
}

JSCFunctionListEntry LazyString(const char* name, const char* text);

// The entries live as long as the engine: they are static.
void AddLazily(JSContext* cx, JSValueConst object, std::span<const JSCFunctionListEntry> entries);

// Adds a method under its own name: not enumerable, as those of built-in classes.
template <Body body>
void AddMethod(JSContext* cx, JSValueConst object, const char* name, int length, int magic = 0) {
  JS_DefinePropertyValueStr(cx, object, name, NewFunction<body>(cx, name, length, magic).Release(),
                            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
}

// Adds an enumerable accessor; both bodies get the same magic number.
template <Body getter, Body setter>
void AddAccessor(JSContext* cx, JSValueConst object, const char* name, int magic = 0) {
  JSCFunctionType get;
  get.getter_magic = internal::EnterGetter<getter>;
  JSCFunctionType set;
  set.setter_magic = internal::EnterSetter<setter>;
  const Atom atom(cx, name);
  JS_DefinePropertyGetSet(cx, object, atom.get(),
                          JS_NewCFunction2(cx, get.generic, name, 0, JS_CFUNC_getter_magic, magic),
                          JS_NewCFunction2(cx, set.generic, name, 1, JS_CFUNC_setter_magic, magic),
                          JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE);
}

// A constructor whose objects have `prototype`; new.target is the call's self.
template <Body body>
Value NewConstructor(JSContext* cx, const char* name, int length, int magic,
                     JSValueConst prototype) {
  JSCFunctionType function;
  function.constructor_magic = internal::EnterFunction<body>;
  Value constructor(
      cx, JS_NewCFunction2(cx, function.generic, name, length, JS_CFUNC_constructor_magic, magic));
  JS_SetConstructor(cx, constructor.get(), prototype);
  return constructor;
}

// A function that may be called with `new` as well.
template <Body body>
Value NewFunctionOrConstructor(JSContext* cx, const char* name, int length, int magic) {
  JSCFunctionType function;
  function.constructor_magic = internal::EnterFunction<body>;
  return Value(cx, JS_NewCFunction2(cx, function.generic, name, length,
                                    JS_CFUNC_constructor_or_func_magic, magic));
}

// A class id for objects with a C++ pointer, the same for all engines of the process. Call it once per class.
// Thread: any.
JSClassID NewClassId();

}  // namespace kload::js
