#include "common/js/intrinsics.h"

namespace kload::js {
namespace {

// Nullptr of a context that somebody else has made, which has everything.
Intrinsics* Of(JSContext* cx) {
  return static_cast<Intrinsics*>(JS_GetRuntimeOpaque(JS_GetRuntime(cx)));
}

bool Require(JSContext* cx, bool Intrinsics::*part, void (*add)(JSContext*)) {
  Intrinsics* const has = Of(cx);
  if (has == nullptr || has->*part) return true;
  has->*part = true;
  add(cx);
  return !JS_HasException(cx);
}

}  // namespace

// In the order of JS_NewContext(). What compiles, and what modules and our own functions rest upon, is always there.
JSContext* NewContext(JSRuntime* runtime, Intrinsics& intrinsics) {
  JSContext* const cx = JS_NewContextRaw(runtime);
  if (cx == nullptr) return nullptr;
  JS_SetRuntimeOpaque(runtime, &intrinsics);
  JS_AddIntrinsicBaseObjects(cx);
  if (intrinsics.dates) JS_AddIntrinsicDate(cx);
  JS_AddIntrinsicEval(cx);
  JS_AddIntrinsicStringNormalize(cx);
  JS_AddIntrinsicRegExp(cx);
  JS_AddIntrinsicJSON(cx);
  if (intrinsics.proxies) JS_AddIntrinsicProxy(cx);
  if (intrinsics.collections) JS_AddIntrinsicMapSet(cx);
  if (intrinsics.typed_arrays) JS_AddIntrinsicTypedArrays(cx);
  JS_AddIntrinsicPromise(cx);
  if (intrinsics.weak_references) JS_AddIntrinsicWeakRef(cx);
  return cx;
}

bool RequireTypedArrays(JSContext* cx) {
  return Require(cx, &Intrinsics::typed_arrays, JS_AddIntrinsicTypedArrays);
}

bool RequireProxies(JSContext* cx) {
  return Require(cx, &Intrinsics::proxies, JS_AddIntrinsicProxy);
}

}  // namespace kload::js
