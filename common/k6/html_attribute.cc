// Attributes of Elements: their texts, and the objects that stand for them.
#include <string>
#include <utility>
#include <vector>

#include "common/html/ascii.h"
#include "common/js/function.h"
#include "common/k6/html_objects.h"

namespace kload::k6 {
namespace {

const ElementRef* SelfOf(const js::Call& call) {
  const ElementRef* element = ElementOf(call.self);
  if (element == nullptr) {
    js::ThrowTypeError(call.cx, "this method is one of an Element of k6/html");
  }
  return element;
}

js::Value ClassList(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  return NewWords(call.cx, self->document().AttributeOr(self->node, "class"));
}

js::Value NewAttribute(Realm& realm, const html::Attribute& attribute, const js::Value& owner) {
  JSContext* cx = realm.cx;
  js::Value object(cx, JS_NewObjectProto(cx, HtmlObjectsOf(realm)->attribute_prototype.get()));
  if (object.IsException()) return object;
  js::Define(cx, object.get(), "name", js::String(cx, attribute.name));
  js::Define(cx, object.get(), "value", js::String(cx, attribute.value));
  js::Define(cx, object.get(), "ownerElement", js::Value::Share(cx, owner.get()));
  return object;
}

js::Value Attributes(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const js::Value owner = js::Value::Share(call.cx, call.self);
  js::Value all = js::Object(call.cx);
  for (size_t i = 0; i < self->document().attribute_count(self->node); ++i) {
    const html::Attribute attribute = self->document().attribute(self->node, i);
    js::Value object = NewAttribute(RealmOf(call.cx), attribute, owner);
    if (object.IsException()) return object;
    js::Define(call.cx, all.get(), std::string(attribute.name).c_str(), std::move(object));
  }
  return all;
}

js::Value GetAttribute(const js::Call& call) {
  const bool as_object = call.magic == 1;
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto name = js::ToText(call.cx, call.arg(0));
  if (!name.has_value()) return js::Thrown(call.cx);
  const auto value = self->document().FindAttribute(self->node, *name);
  if (!value.has_value()) return js::Undefined(call.cx);
  if (!as_object) return js::String(call.cx, *value);
  return NewAttribute(RealmOf(call.cx), {*name, *value}, js::Value::Share(call.cx, call.self));
}

js::Value HasAttribute(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto name = js::ToText(call.cx, call.arg(0));
  if (!name.has_value()) return js::Thrown(call.cx);
  return js::Bool(call.cx, self->document().HasAttribute(self->node, *name));
}

js::Value HasAttributes(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  return js::Bool(call.cx, self->document().attribute_count(self->node) > 0);
}

// ---- Attribute objects ----

enum NamePart { kLocalName, kPrefix, kUri };

js::Value GetNamePart(const js::Call& call) {
  const js::Value name = js::Get(call.cx, call.self, "name");
  const auto text = js::ToText(call.cx, name.get());
  if (!text.has_value()) return js::Thrown(call.cx);
  const size_t colon = text->find(':');
  const std::string prefix = colon == std::string::npos ? "" : text->substr(0, colon);
  switch (call.magic) {
    case kLocalName:
      return js::String(call.cx, colon == std::string::npos ? *text : text->substr(colon + 1));
    case kPrefix:
      return js::String(call.cx, prefix);
    default:
      return js::String(call.cx, prefix == "xlink"   ? "http://www.w3.org/1999/xlink"
                                 : prefix == "xml"   ? "http://www.w3.org/XML/1998/namespace"
                                 : prefix == "xmlns" ? "http://www.w3.org/2000/xmlns/"
                                                     : "");
  }
}

}  // namespace

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  bool within = false;
  for (const char c : text) {
    if (html::IsBlank(c)) {
      within = false;
      continue;
    }
    if (!std::exchange(within, true)) words.emplace_back();
    words.back() += c;
  }
  return words;
}

js::Value NewWords(JSContext* cx, std::string_view text) {
  js::Value array = js::Array(cx);
  uint32_t i = 0;
  for (const std::string& word : Words(text)) {
    JS_DefinePropertyValueUint32(cx, array.get(), i++, js::String(cx, word).Release(),
                                 JS_PROP_C_W_E);
  }
  return array;
}

void DefineAttributeAccess(JSContext* cx, JSValueConst prototype) {
  js::AddMethod<ClassList>(cx, prototype, "classList", 0);
  js::AddMethod<Attributes>(cx, prototype, "attributes", 0);
  js::AddMethod<GetAttribute>(cx, prototype, "getAttribute", 1, 0);
  js::AddMethod<GetAttribute>(cx, prototype, "getAttributeNode", 1, 1);
  js::AddMethod<HasAttribute>(cx, prototype, "hasAttribute", 1);
  js::AddMethod<HasAttributes>(cx, prototype, "hasAttributes", 0);
}

void DefineAttribute(JSContext* cx, JSValueConst prototype) {
  js::AddMethod<GetNamePart>(cx, prototype, "localName", 0, kLocalName);
  js::AddMethod<GetNamePart>(cx, prototype, "prefix", 0, kPrefix);
  js::AddMethod<GetNamePart>(cx, prototype, "namespaceURI", 0, kUri);
}

}  // namespace kload::k6
