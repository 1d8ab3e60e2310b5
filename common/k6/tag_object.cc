#include "common/k6/tag_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "common/js/function.h"

namespace kload::k6 {
namespace {

JSClassID TagClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

bool IsSymbol(JSContext* cx, JSAtom name) {
  const js::Value value(cx, JS_AtomToValue(cx, name));
  return JS_IsSymbol(value.get());
}

int GetOwn(JSContext* cx, JSPropertyDescriptor* property, JSValueConst, JSAtom name) noexcept {
  return js::Guarded(cx, [&] {
    if (IsSymbol(cx, name)) return 0;
    const std::string wanted = js::AtomText(cx, name);
    for (const auto& [tag, value] : RealmOf(cx).host.GetVuTags()) {
      if (tag != wanted) continue;
      if (property != nullptr) {
        property->flags = JS_PROP_C_W_E;
        property->value = js::String(cx, value).Release();
        property->getter = JS_UNDEFINED;
        property->setter = JS_UNDEFINED;
      }
      return 1;
    }
    return 0;
  });
}

int GetOwnNames(JSContext* cx, JSPropertyEnum** names, uint32_t* count, JSValueConst) noexcept {
  return js::Guarded(cx, [&] {
    const Tags tags = RealmOf(cx).host.GetVuTags();
    auto* list = static_cast<JSPropertyEnum*>(
        js_malloc(cx, sizeof(JSPropertyEnum) * std::max<size_t>(tags.size(), 1)));
    if (list == nullptr) return -1;
    for (size_t i = 0; i < tags.size(); ++i) {
      list[i].is_enumerable = true;
      list[i].atom = JS_NewAtom(cx, tags[i].first.c_str());
    }
    *names = list;
    *count = static_cast<uint32_t>(tags.size());
    return 0;
  });
}

int Delete(JSContext* cx, JSValueConst, JSAtom name) noexcept {
  return js::Guarded(cx, [&] {
    RealmOf(cx).host.SetVuTag(js::AtomText(cx, name), std::nullopt);
    return 1;
  });
}

int DefineOwn(JSContext* cx, JSValueConst, JSAtom name, JSValueConst value, JSValueConst,
              JSValueConst, int) noexcept {
  return js::Guarded(cx, [&] {
    Realm& realm = RealmOf(cx);
    if (RequireRun(realm, "exec.vu.tags").IsException()) return -1;
    const std::string tag = js::AtomText(cx, name);
    if (!JS_IsString(value) && !JS_IsNumber(value) && !JS_IsBool(value)) {
      js::ThrowTypeError(
          cx, fmt::format("exec.vu.tags: the value of '{}' must be a string, a number or a boolean",
                          tag));
      return -1;
    }
    const auto text = js::ToText(cx, value);
    if (!text.has_value()) return -1;
    realm.host.SetVuTag(tag, *text);
    return 1;
  });
}

JSClassExoticMethods& Methods() {
  static JSClassExoticMethods methods = [] {
    JSClassExoticMethods made{};
    made.get_own_property = GetOwn;
    made.get_own_property_names = GetOwnNames;
    made.delete_property = Delete;
    made.define_own_property = DefineOwn;
    return made;
  }();
  return methods;
}

}  // namespace

bool InstallTagClass(Realm& realm) {
  const JSClassDef definition = {.class_name = "Tags",
                                 .finalizer = nullptr,
                                 .gc_mark = nullptr,
                                 .call = nullptr,
                                 .exotic = &Methods()};
  return JS_NewClass(JS_GetRuntime(realm.cx), TagClass(), &definition) >= 0;
}

js::Value NewTagObject(JSContext* cx) {
  const js::Value global(cx, JS_GetGlobalObject(cx));
  const js::Value object = js::Get(cx, global.get(), "Object");
  const js::Value prototype = js::Get(cx, object.get(), "prototype");
  return js::Value(cx, JS_NewObjectProtoClass(cx, prototype.get(), TagClass()));
}

}  // namespace kload::k6
