#include "common/js/intrinsics.h"

#include "common/js/value.h"

namespace kload::js {
namespace {

bool HasGlobal(JSContext* cx, const char* name) {
  const Value global(cx, JS_GetGlobalObject(cx));
  const Atom atom(cx, name);
  return JS_HasProperty(cx, global.get(), atom.get()) > 0;
}

}  // namespace

// In the order of JS_NewContext(). What compiles, and what modules and our own functions rest upon, is always there.
JSContext* NewContext(JSRuntime* runtime, const Intrinsics& intrinsics) {
  JSContext* const cx = JS_NewContextRaw(runtime);
  if (cx == nullptr) return nullptr;
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

void RequireTypedArrays(JSContext* cx) {
  if (!HasGlobal(cx, "ArrayBuffer")) JS_AddIntrinsicTypedArrays(cx);
}

void RequireProxies(JSContext* cx) {
  if (!HasGlobal(cx, "Proxy")) JS_AddIntrinsicProxy(cx);
}

}  // namespace kload::js
