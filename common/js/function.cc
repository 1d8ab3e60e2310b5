#include "common/js/function.h"

#include <array>
#include <mutex>
#include <utility>

namespace kload::js {
namespace {

// QuickJS formats messages into 256 bytes; ours name files and remedies, so the text is put in afterwards.
Value ThrowWith(JSContext* cx, std::string_view message, bool catchable) {
  const Value error(cx, JS_GetException(cx));
  if (JS_IsObject(error.get())) {
    JS_DefinePropertyValueStr(cx, error.get(), "message", String(cx, message).Release(),
                              JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    if (!catchable) JS_SetUncatchableError(cx, error.get(), 1);
  }
  return Value(cx, JS_Throw(cx, JS_DupValue(cx, error.get())));
}

}  // namespace

Value ThrowError(JSContext* cx, std::string_view message) {
  // A plain Error gets its stack when it reaches the first JavaScript frame.
  const Value error(cx, JS_NewError(cx));
  if (error.IsException()) return Thrown(cx);
  JS_DefinePropertyValueStr(cx, error.get(), "message", String(cx, message).Release(),
                            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  return Value(cx, JS_Throw(cx, JS_DupValue(cx, error.get())));
}

Value ThrowTypeError(JSContext* cx, std::string_view message) {
  JS_ThrowTypeError(cx, "%s", "");
  return ThrowWith(cx, message, true);
}

Value ThrowRangeError(JSContext* cx, std::string_view message) {
  JS_ThrowRangeError(cx, "%s", "");
  return ThrowWith(cx, message, true);
}

Value ThrowReferenceError(JSContext* cx, std::string_view message) {
  JS_ThrowReferenceError(cx, "%s", "");
  return ThrowWith(cx, message, true);
}

Value ThrowUncatchable(JSContext* cx, std::string_view message) {
  JS_ThrowInternalError(cx, "%s", "");
  return ThrowWith(cx, message, false);
}

Value SettledPromise(JSContext* cx, Value result, bool rejected) {
  std::array<JSValue, 2> settle{};
  Value promise(cx, JS_NewPromiseCapability(cx, settle.data()));
  if (promise.IsException()) return promise;
  const Value resolve(cx, settle[0]);
  const Value reject(cx, settle[1]);
  JSValueConst argument = result.get();
  const Value called(
      cx, JS_Call(cx, rejected ? reject.get() : resolve.get(), JS_UNDEFINED, 1, &argument));
  return called.IsException() ? Thrown(cx) : std::move(promise);
}

JSClassID NewClassId() {
  // QuickJS counts class ids in a plain static variable: engines are made on several threads.
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  JSClassID id = 0;
  return JS_NewClassID(&id);
}

JSCFunctionListEntry LazyString(const char* name, const char* text) {
  JSCFunctionListEntry entry{};
  entry.name = name;
  entry.prop_flags = JS_PROP_C_W_E;
  entry.def_type = JS_DEF_PROP_STRING;
  entry.u.str = text;
  return entry;
}

void AddLazily(JSContext* cx, JSValueConst object, std::span<const JSCFunctionListEntry> entries) {
  JS_SetPropertyFunctionList(cx, object, entries.data(), static_cast<int>(entries.size()));
}

}  // namespace kload::js
