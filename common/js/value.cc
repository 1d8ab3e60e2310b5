#include "common/js/value.h"

#include <cstdint>
#include <cstring>

#include "common/js/engine_inside.h"
#include "common/js/intrinsics.h"

namespace kload::js {
namespace {

bool IsAscii(std::string_view text) {
  uint64_t seen = 0;
  size_t at = 0;
  for (; at + sizeof(seen) <= text.size(); at += sizeof(seen)) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof(word));
    seen |= word;
  }
  for (; at < text.size(); ++at) seen |= static_cast<unsigned char>(text[at]);
  return (seen & 0x8080808080808080) == 0;
}

}  // namespace

Value Undefined(JSContext* cx) { return Value(cx, JS_UNDEFINED); }
Value Null(JSContext* cx) { return Value(cx, JS_NULL); }
Value Bool(JSContext* cx, bool value) { return Value(cx, JS_NewBool(cx, value)); }
Value Number(JSContext* cx, double value) { return Value(cx, JS_NewFloat64(cx, value)); }
Value String(JSContext* cx, std::string_view text) {
  return Value(cx, JS_NewStringLen(cx, text.data(), text.size()));
}
Value Object(JSContext* cx) { return Value(cx, JS_NewObject(cx)); }
Value Array(JSContext* cx) { return Value(cx, JS_NewArray(cx)); }
Value Bytes(JSContext* cx, std::string_view bytes) {
  if (!RequireTypedArrays(cx)) return Value(cx, JS_EXCEPTION);
  return Value(
      cx, JS_NewArrayBufferCopy(cx, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}
Value ParseJson(JSContext* cx, const std::string& text) {
  return Value(cx, JS_ParseJSON(cx, text.c_str(), text.size(), "<json>"));
}

std::optional<std::string> ToText(JSContext* cx, JSValueConst value) {
  size_t size = 0;
  if (const char* narrow = kload_narrow_text(value, &size); narrow != nullptr) {
    const std::string_view text(narrow, size);
    if (IsAscii(text)) return std::string(text);
  }
  const char* text = JS_ToCStringLen(cx, &size, value);
  if (text == nullptr) return std::nullopt;
  std::string result(text, size);
  JS_FreeCString(cx, text);
  return result;
}

std::string ToTextOr(JSContext* cx, JSValueConst value) {
  if (auto text = ToText(cx, value)) return *std::move(text);
  JS_FreeValue(cx, JS_GetException(cx));
  return "?";
}

std::optional<double> ToNumber(JSContext* cx, JSValueConst value) {
  double number = 0;
  if (JS_ToFloat64(cx, &number, value) < 0) return std::nullopt;
  return number;
}

bool IsNullish(JSValueConst value) { return JS_IsNull(value) || JS_IsUndefined(value); }

std::optional<std::string_view> ViewBytes(JSContext* cx, JSValueConst value) {
  if (!JS_IsObject(value)) return std::nullopt;
  size_t size = 0;
  if (const uint8_t* data = JS_GetArrayBuffer(cx, &size, value)) {
    return std::string_view(reinterpret_cast<const char*>(data), size);
  }
  JS_FreeValue(cx, JS_GetException(cx));
  size_t offset = 0;
  size_t length = 0;
  const Value buffer(cx, JS_GetTypedArrayBuffer(cx, value, &offset, &length, nullptr));
  if (buffer.IsException()) {
    JS_FreeValue(cx, JS_GetException(cx));
    return std::nullopt;
  }
  const uint8_t* data = JS_GetArrayBuffer(cx, &size, buffer.get());
  if (data == nullptr) {  // empty or detached
    JS_FreeValue(cx, JS_GetException(cx));
    return std::string_view();
  }
  return std::string_view(reinterpret_cast<const char*>(data) + offset, length);
}

Value Get(JSContext* cx, JSValueConst object, const char* name) {
  return Value(cx, JS_GetPropertyStr(cx, object, name));
}

Value Get(JSContext* cx, JSValueConst object, const Atom& name) {
  return Value(cx, JS_GetProperty(cx, object, name.get()));
}

void Define(JSContext* cx, JSValueConst object, const char* name, Value value) {
  JS_DefinePropertyValueStr(cx, object, name, value.Release(), JS_PROP_C_W_E);
}

void Define(JSContext* cx, JSValueConst object, const Atom& name, Value value) {
  JS_DefinePropertyValue(cx, object, name.get(), value.Release(), JS_PROP_C_W_E);
}

void Append(JSContext* cx, JSValueConst array, Value value) {
  int64_t length = 0;
  const Value known = Get(cx, array, "length");
  JS_ToInt64(cx, &length, known.get());
  JS_DefinePropertyValueUint32(cx, array, static_cast<uint32_t>(length), value.Release(),
                               JS_PROP_C_W_E);
}

PropertyNames::PropertyNames(JSContext* cx, JSValueConst object)
    : cx_(cx),
      ok_(JS_GetOwnPropertyNames(cx, &names_, &count_, object,
                                 JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) >= 0) {}

PropertyNames::~PropertyNames() {
  for (const JSPropertyEnum& name : get()) JS_FreeAtom(cx_, name.atom);
  js_free(cx_, names_);
}

bool ForEachProperty(JSContext* cx, JSValueConst object, const PropertyNames& names,
                     const std::function<bool(JSAtom name, JSValueConst value)>& fn) {
  for (const JSPropertyEnum& name : names.get()) {
    const Value value(cx, JS_GetProperty(cx, object, name.atom));
    if (value.IsException() || !fn(name.atom, value.get())) return false;
  }
  return names.ok();
}

bool ForEachProperty(JSContext* cx, JSValueConst object,
                     const std::function<bool(JSAtom name, JSValueConst value)>& fn) {
  return ForEachProperty(cx, object, PropertyNames(cx, object), fn);
}

std::string AtomText(JSContext* cx, JSAtom atom) {
  const char* text = JS_AtomToCString(cx, atom);
  if (text == nullptr) {
    JS_FreeValue(cx, JS_GetException(cx));
    return "?";
  }
  std::string result(text);
  JS_FreeCString(cx, text);
  return result;
}

}  // namespace kload::js
