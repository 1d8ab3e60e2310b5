// An owning handle on a QuickJS value: what new references are put into the moment they exist.
//
// Thread: that of the engine it belongs to; never outlives it.
#pragma once

#include <quickjs.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kload::js {

// One reference. Borrowed values stay plain JSValueConst. A Value may be the marker "an exception is pending in
// the context" (IsException()), which is how functions here report that JavaScript code threw.
class Value {
 public:
  Value() = default;
  // Takes over the reference.
  Value(JSContext* cx, JSValue value) : cx_(cx), value_(value) {}
  ~Value() { Reset(); }
  Value(Value&& other) noexcept : cx_(other.cx_), value_(other.Release()) {}
  Value& operator=(Value&& other) noexcept {
    if (this != &other) {
      Reset();
      cx_ = other.cx_;
      value_ = other.Release();
    }
    return *this;
  }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;

  // A new reference to a borrowed value.
  static Value Share(JSContext* cx, JSValueConst value) {
    return Value(cx, JS_DupValue(cx, value));
  }

  JSValueConst get() const { return value_; }
  JSContext* cx() const { return cx_; }
  // Gives the reference away.
  [[nodiscard]] JSValue Release() { return std::exchange(value_, JSValue(JS_UNDEFINED)); }
  void Reset() {
    if (cx_ != nullptr) JS_FreeValue(cx_, value_);
    value_ = JS_UNDEFINED;
  }

  bool IsException() const { return JS_IsException(value_); }
  bool IsUndefined() const { return JS_IsUndefined(value_); }

 private:
  JSContext* cx_ = nullptr;
  JSValue value_ = JS_UNDEFINED;
};

// A property name, looked up once.
class Atom {
 public:
  Atom(JSContext* cx, const char* name) : cx_(cx), atom_(JS_NewAtom(cx, name)) {}
  // Takes over the reference.
  Atom(JSContext* cx, JSAtom atom) : cx_(cx), atom_(atom) {}
  ~Atom() {
    if (cx_ != nullptr) JS_FreeAtom(cx_, atom_);
  }
  Atom(Atom&& other) noexcept : cx_(std::exchange(other.cx_, nullptr)), atom_(other.atom_) {}
  Atom& operator=(Atom&&) = delete;
  Atom(const Atom&) = delete;
  Atom& operator=(const Atom&) = delete;
  JSAtom get() const { return atom_; }

 private:
  JSContext* cx_;
  JSAtom atom_;
};

// ---- Making values ----
Value Undefined(JSContext* cx);
Value Null(JSContext* cx);
Value Bool(JSContext* cx, bool value);
Value Number(JSContext* cx, double value);
// UTF-8; invalid sequences become U+FFFD.
Value String(JSContext* cx, std::string_view text);
Value Object(JSContext* cx);
Value Array(JSContext* cx);
// A copy of the bytes as an ArrayBuffer.
Value Bytes(JSContext* cx, std::string_view bytes);
// Parses JSON; the exception marker with a pending SyntaxError when it is none.
Value ParseJson(JSContext* cx, const std::string& text);

// ---- Reading values ----
// String(value) in UTF-8; null when that threw (the exception is pending).
std::optional<std::string> ToText(JSContext* cx, JSValueConst value);
// The same without ever leaving an exception behind: "?" then.
std::string ToTextOr(JSContext* cx, JSValueConst value);
// Number(value); null when that threw.
std::optional<double> ToNumber(JSContext* cx, JSValueConst value);
bool IsNullish(JSValueConst value);
// Contents of an ArrayBuffer or typed array; null for anything else. Valid while the value is not
// changed. No exception stays behind.
std::optional<std::string_view> ViewBytes(JSContext* cx, JSValueConst value);
Value Get(JSContext* cx, JSValueConst object, const char* name);
Value Get(JSContext* cx, JSValueConst object, const Atom& name);

// Sets an own property (enumerable, writable, configurable). Does not call setters.
void Define(JSContext* cx, JSValueConst object, const char* name, Value value);
void Define(JSContext* cx, JSValueConst object, const Atom& name, Value value);

// Adds an element to the end of an array.
void Append(JSContext* cx, JSValueConst array, Value value);

// The names of an object's own enumerable properties with a string key, in order.
class PropertyNames {
 public:
  PropertyNames(JSContext* cx, JSValueConst object);
  ~PropertyNames();
  PropertyNames(const PropertyNames&) = delete;
  PropertyNames& operator=(const PropertyNames&) = delete;

  // False: JavaScript code threw; the exception is pending, and there are no names.
  bool ok() const { return ok_; }
  std::span<const JSPropertyEnum> get() const { return {names_, count_}; }

 private:
  JSContext* const cx_;
  JSPropertyEnum* names_ = nullptr;
  uint32_t count_ = 0;
  bool ok_ = false;
};

// Calls fn(name, value) for each of these names, until fn returns false.
// Returns false when JavaScript code threw (the exception is pending) or fn returned false.
bool ForEachProperty(JSContext* cx, JSValueConst object, const PropertyNames& names,
                     const std::function<bool(JSAtom name, JSValueConst value)>& fn);
// The same for all names of PropertyNames.
bool ForEachProperty(JSContext* cx, JSValueConst object,
                     const std::function<bool(JSAtom name, JSValueConst value)>& fn);
// The atom's text in UTF-8.
std::string AtomText(JSContext* cx, JSAtom atom);

}  // namespace kload::js
