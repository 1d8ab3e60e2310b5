// Methods of a Selection that read what its nodes hold.
#include <cctype>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/html/form.h"
#include "common/js/function.h"
#include "common/k6/form.h"
#include "common/k6/html_objects.h"

namespace kload::k6 {
namespace {

// Null, with an exception pending, when a method was called on something else.
const NodeSet* SelfOf(const js::Call& call) {
  if (const Set* set = SelectionOf(call.self)) return set->get();
  js::ThrowTypeError(call.cx, "this method is one of a Selection of k6/html");
  return nullptr;
}

// kNoNode, when the set is empty or begins with a text or comment.
html::NodeId FirstElement(const NodeSet& set) {
  return !set.nodes.empty() && set.document().is_element(set.nodes[0]) ? set.nodes[0]
                                                                       : html::kNoNode;
}

js::Value Text(const js::Call& call) {
  const NodeSet* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  std::string text;
  for (const html::NodeId node : self->nodes) text += self->document().TextContent(node);
  return js::String(call.cx, text);
}

js::Value Html(const js::Call& call) {
  const NodeSet* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  if (self->nodes.empty()) return js::Value::Share(call.cx, call.arg(0));
  return js::String(call.cx, html::InnerHtml(self->document(), self->nodes[0]));
}

js::Value Attr(const js::Call& call) {
  const NodeSet* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto name = js::ToText(call.cx, call.arg(0));
  if (!name.has_value()) return js::Thrown(call.cx);
  const html::NodeId node = FirstElement(*self);
  const auto value =
      node == html::kNoNode ? std::nullopt : self->document().FindAttribute(node, *name);
  return value.has_value() ? js::String(call.cx, *value) : js::Value::Share(call.cx, call.arg(1));
}

js::Value Strings(JSContext* cx, const std::vector<std::string>& texts) {
  js::Value array = js::Array(cx);
  for (uint32_t i = 0; i < texts.size(); ++i) {
    JS_DefinePropertyValueUint32(cx, array.get(), i, js::String(cx, texts[i]).Release(),
                                 JS_PROP_C_W_E);
  }
  return array;
}

js::Value Val(const js::Call& call) {
  const NodeSet* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const html::NodeId node = FirstElement(*self);
  if (node == html::kNoNode) return js::Value::Share(call.cx, call.arg(0));
  const html::ControlValue value = html::ValueOf(self->document(), node);
  if (!value.is_control) return js::Value::Share(call.cx, call.arg(0));
  if (value.is_list) return Strings(call.cx, value.values);
  return value.values.empty() ? js::Undefined(call.cx) : js::String(call.cx, value.values[0]);
}

// ---- data() ----

// "testId" -> "data-test-id", which is what "test-id" becomes too.
std::string DataAttribute(std::string_view key) {
  std::string name = "data-";
  for (const char c : key) {
    if (c >= 'A' && c <= 'Z') {
      name += '-';
      name += static_cast<char>(c - 'A' + 'a');
    } else {
      name += c;
    }
  }
  return name;
}

// "data-test-id" -> "testId"
std::string DataKey(std::string_view attribute) {
  std::string key;
  bool upper = false;
  for (const char c : attribute.substr(5)) {
    if (c == '-') {
      if (upper) key += '-';
      upper = true;
      continue;
    }
    if (upper && !(c >= 'a' && c <= 'z')) key += '-';
    key += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  if (upper) key += '-';
  return key;
}

// As jQuery reads it: true, false, null, numbers that keep their spelling, and JSON objects and arrays; else the text.
js::Value DataValue(JSContext* cx, std::string_view value) {
  if (value == "true" || value == "false") return js::Bool(cx, value == "true");
  if (value == "null") return js::Null(cx);
  js::Value text = js::String(cx, value);
  if (value.empty() || text.IsException()) return text;
  if (std::isdigit(static_cast<unsigned char>(value.back())) != 0) {
    const auto number = js::ToNumber(cx, text.get());
    if (!number.has_value()) return js::Thrown(cx);
    js::Value as_number = js::Number(cx, *number);
    if (js::ToTextOr(cx, as_number.get()) == value) return as_number;
  }
  if ((value.front() == '{' && value.back() == '}') ||
      (value.front() == '[' && value.back() == ']')) {
    js::Value parsed = js::ParseJson(cx, std::string(value));
    if (!parsed.IsException()) return parsed;
    JS_FreeValue(cx, JS_GetException(cx));
  }
  return text;
}

js::Value AllData(JSContext* cx, const html::Document& document, html::NodeId node) {
  js::Value all = js::Object(cx);
  for (size_t i = 0; i < document.attribute_count(node); ++i) {
    const html::Attribute attribute = document.attribute(node, i);
    if (attribute.name.size() <= 5 || attribute.name.substr(0, 5) != "data-") continue;
    js::Value value = DataValue(cx, attribute.value);
    if (value.IsException()) return value;
    js::Define(cx, all.get(), DataKey(attribute.name).c_str(), std::move(value));
  }
  return all;
}

js::Value Data(const js::Call& call) {
  const NodeSet* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const html::NodeId node = FirstElement(*self);
  if (node == html::kNoNode) return js::Undefined(call.cx);
  if (JS_IsUndefined(call.arg(0))) return AllData(call.cx, self->document(), node);
  const auto key = js::ToText(call.cx, call.arg(0));
  if (!key.has_value()) return js::Thrown(call.cx);
  const auto value = self->document().FindAttribute(node, DataAttribute(*key));
  return value.has_value() ? DataValue(call.cx, *value) : js::Undefined(call.cx);
}

// ---- serialize() and its like ----

std::optional<std::vector<html::Field>> ReadFields(const js::Call& call) {
  const NodeSet* self = SelfOf(call);
  if (self == nullptr) return std::nullopt;
  return html::FieldsOf(self->document(), self->nodes);
}

js::Value Serialize(const js::Call& call) {
  const auto fields = ReadFields(call);
  if (!fields.has_value()) return js::Thrown(call.cx);
  std::string encoded;
  for (const html::Field& field : *fields) {
    if (!encoded.empty()) encoded += '&';
    encoded += EncodeForm({{field.name, {field.value}}});
  }
  return js::String(call.cx, encoded);
}

js::Value SerializeArray(const js::Call& call) {
  const auto fields = ReadFields(call);
  if (!fields.has_value()) return js::Thrown(call.cx);
  js::Value array = js::Array(call.cx);
  for (uint32_t i = 0; i < fields->size(); ++i) {
    js::Value field = js::Object(call.cx);
    js::Define(call.cx, field.get(), "name", js::String(call.cx, (*fields)[i].name));
    js::Define(call.cx, field.get(), "value", js::String(call.cx, (*fields)[i].value));
    JS_DefinePropertyValueUint32(call.cx, array.get(), i, field.Release(), JS_PROP_C_W_E);
  }
  return array;
}

js::Value SerializeObject(const js::Call& call) {
  const auto fields = ReadFields(call);
  if (!fields.has_value()) return js::Thrown(call.cx);
  return FieldsToObject(call.cx, *fields);
}

}  // namespace

js::Value FieldsToObject(JSContext* cx, const std::vector<html::Field>& fields) {
  std::vector<std::pair<std::string, std::vector<std::string>>> by_name;
  for (const html::Field& field : fields) {
    auto known = by_name.begin();
    while (known != by_name.end() && known->first != field.name) ++known;
    if (known == by_name.end()) known = by_name.insert(known, {field.name, {}});
    known->second.push_back(field.value);
  }
  js::Value object = js::Object(cx);
  for (const auto& [name, values] : by_name) {
    js::Define(cx, object.get(), name.c_str(),
               values.size() == 1 ? js::String(cx, values[0]) : Strings(cx, values));
  }
  return object;
}

void DefineContent(JSContext* cx, JSValueConst prototype) {
  js::AddMethod<Text>(cx, prototype, "text", 0);
  js::AddMethod<Html>(cx, prototype, "html", 0);
  js::AddMethod<Attr>(cx, prototype, "attr", 1);
  js::AddMethod<Val>(cx, prototype, "val", 0);
  js::AddMethod<Data>(cx, prototype, "data", 1);
  js::AddMethod<Serialize>(cx, prototype, "serialize", 0);
  js::AddMethod<SerializeArray>(cx, prototype, "serializeArray", 0);
  js::AddMethod<SerializeObject>(cx, prototype, "serializeObject", 0);
}

}  // namespace kload::k6
