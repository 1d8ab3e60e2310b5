// The module `k6/data`: SharedArray.

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/js/function.h"
#include "common/k6/realm.h"
#include "common/k6/shared_arrays.h"

namespace kload::k6 {
namespace {

using Elements = std::shared_ptr<const SharedElements>;

JSClassID SourceClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

void FreeSource(JSRuntime*, JSValue value) {
  delete static_cast<Elements*>(JS_GetOpaque(value, SourceClass()));
}

// What a script holds: looks like an array, reads elements from `source` when they are asked for, frozen, and refuses
// every change.
constexpr std::string_view kWrapper = R"((source, length) => {
  const freeze = (value) => {
    if (typeof value === 'object' && value !== null) {
      Object.values(value).forEach(freeze);
      Object.freeze(value);
    }
    return value;
  };
  const has = (key) => {
    if (typeof key !== 'string') return false;
    const index = +key;
    return index >= 0 && index < length && String(Math.trunc(index)) === key;
  };
  const refuse = () => { throw new TypeError('SharedArray is immutable'); };
  return new Proxy([], {
    get: (target, key) =>
      has(key) ? freeze(source.at(+key)) : key === 'length' ? length : target[key],
    has: (target, key) => has(key) || key in target,
    ownKeys: () => [...Array.from({ length }, (_, index) => String(index)), 'length'],
    getOwnPropertyDescriptor: (target, key) => {
      if (key === 'length') {
        return { value: length, writable: true, enumerable: false, configurable: false };
      }
      if (!has(key)) return undefined;
      return { value: freeze(source.at(+key)), writable: true, enumerable: true, configurable: true };
    },
    set: refuse, deleteProperty: refuse, defineProperty: refuse, setPrototypeOf: refuse,
    preventExtensions: refuse,
  });
})";

js::Value At(const js::Call& call) {
  const auto* elements = static_cast<Elements*>(JS_GetOpaque2(call.cx, call.self, SourceClass()));
  if (elements == nullptr) return js::Thrown(call.cx);
  const auto index = js::ToNumber(call.cx, call.arg(0));
  if (!index.has_value()) return js::Thrown(call.cx);
  if (!(*index >= 0 && *index < static_cast<double>((*elements)->size()))) {
    return js::Undefined(call.cx);
  }
  return js::ParseJson(call.cx, (**elements)[static_cast<size_t>(*index)]);
}

// The function's result as JSON texts. Nothing, with an exception pending, when it threw or gave no array.
std::optional<SharedElements> Make(JSContext* cx, const std::string& name, JSValueConst function) {
  const js::Value array(cx, JS_Call(cx, function, JS_UNDEFINED, 0, nullptr));
  if (array.IsException()) return std::nullopt;
  if (JS_IsArray(cx, array.get()) <= 0) {
    js::ThrowTypeError(
        cx, fmt::format("new SharedArray('{}'): the function must return an array", name));
    return std::nullopt;
  }
  const js::Value length = js::Get(cx, array.get(), "length");
  const auto count = js::ToNumber(cx, length.get());
  SharedElements elements;
  for (uint32_t i = 0; count.has_value() && i < *count; ++i) {
    const js::Value element(cx, JS_GetPropertyUint32(cx, array.get(), i));
    if (element.IsException()) return std::nullopt;
    const js::Value json(cx, JS_JSONStringify(cx, element.get(), JS_UNDEFINED, JS_UNDEFINED));
    if (json.IsException()) return std::nullopt;
    auto text = json.IsUndefined() ? std::string("null") : js::ToText(cx, json.get());
    if (!text.has_value()) return std::nullopt;
    elements.push_back(*std::move(text));
  }
  return elements;
}

js::Value Wrap(JSContext* cx, Elements elements) {
  const auto length = static_cast<double>(elements->size());
  const js::Value source(cx, JS_NewObjectClass(cx, static_cast<int>(SourceClass())));
  if (source.IsException()) return js::Thrown(cx);
  JS_SetOpaque(source.get(), std::make_unique<Elements>(std::move(elements)).release());
  if (!js::RequireProxies(cx)) return js::Thrown(cx);
  const js::Value wrapper(cx, JS_Eval(cx, kWrapper.data(), kWrapper.size(), "k6/data",
                                      JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_STRICT));
  if (wrapper.IsException()) return js::Thrown(cx);
  const js::Value count = js::Number(cx, length);
  JSValueConst arguments[] = {source.get(), count.get()};
  return js::Value(cx, JS_Call(cx, wrapper.get(), JS_UNDEFINED, 2, arguments));
}

js::Value Construct(const js::Call& call) {
  Realm& realm = RealmOf(call.cx);
  if (auto wrong = RequireInit(realm, "new SharedArray()"); wrong.IsException()) return wrong;
  const auto name = js::ToText(call.cx, call.arg(0));
  if (!name.has_value()) return js::Thrown(call.cx);
  if (!JS_IsString(call.arg(0)) || name->empty()) {
    return js::ThrowTypeError(call.cx, "new SharedArray(): the first argument is the array's name");
  }
  if (!JS_IsFunction(call.cx, call.arg(1))) {
    return js::ThrowTypeError(
        call.cx, fmt::format("new SharedArray('{}'): the second argument is a function that "
                             "returns the array",
                             *name));
  }
  Elements elements = realm.program->shared_arrays->GetOrMake(
      *name, [&] { return Make(call.cx, *name, call.arg(1)); });
  return elements == nullptr ? js::Thrown(call.cx) : Wrap(call.cx, std::move(elements));
}

}  // namespace

js::Value MakeDataModule(Realm& realm) {
  JSContext* cx = realm.cx;
  const JSClassDef definition = {.class_name = "SharedArraySource",
                                 .finalizer = FreeSource,
                                 .gc_mark = nullptr,
                                 .call = nullptr,
                                 .exotic = nullptr};
  if (JS_NewClass(JS_GetRuntime(cx), SourceClass(), &definition) < 0) return js::Thrown(cx);
  js::Value source_prototype = js::Object(cx);
  js::AddMethod<At>(cx, source_prototype.get(), "at", 1);
  JS_SetClassProto(cx, SourceClass(), source_prototype.Release());
  js::Value module = js::Object(cx);
  const js::Value prototype = js::Object(cx);
  js::Define(cx, module.get(), "SharedArray",
             js::NewConstructor<Construct>(cx, "SharedArray", 2, 0, prototype.get()));
  return module;
}

}  // namespace kload::k6
