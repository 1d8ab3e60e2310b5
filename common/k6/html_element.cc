// What every Element of k6/html has: the read-only part of the DOM, each member a method. Attributes are in
// html_attribute.cc.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/html/selector.h"
#include "common/js/function.h"
#include "common/k6/html_objects.h"

namespace kload::k6 {
namespace {

using html::Document;
using html::kNoNode;
using html::NodeId;
using html::Nodes;
using html::NodeType;

const ElementRef* SelfOf(const js::Call& call) {
  const ElementRef* element = ElementOf(call.self);
  if (element == nullptr) {
    js::ThrowTypeError(call.cx, "this method is one of an Element of k6/html");
  }
  return element;
}

// ---- Texts ----

enum TextMember {
  kNodeName,
  kNodeValue,
  kId,
  kInnerHtml,
  kTextContent,
  kClassName,
  kLang,
  kNamespaceUri,
  kToString,
};
constexpr std::array kTextNames = {"nodeName",  "nodeValue",    "id",
                                   "innerHTML", "textContent",  "className",
                                   "lang",      "namespaceURI", "toString"};

std::string NodeName(const Document& document, NodeId node) {
  switch (document.type(node)) {
    case NodeType::kText:
      return "#text";
    case NodeType::kComment:
      return "#comment";
    case NodeType::kDocument:
      return "#document";
    default:
      return std::string(document.name(node));
  }
}

const char* NamespaceUri(html::Namespace name_space) {
  switch (name_space) {
    case html::Namespace::kSvg:
      return "http://www.w3.org/2000/svg";
    case html::Namespace::kMathMl:
      return "http://www.w3.org/1998/Math/MathML";
    case html::Namespace::kHtml:
      break;
  }
  return "http://www.w3.org/1999/xhtml";
}

js::Value AttributeOrUndefined(JSContext* cx, const ElementRef& self, std::string_view name) {
  const auto value = self.document().FindAttribute(self.node, name);
  return value.has_value() ? js::String(cx, *value) : js::Undefined(cx);
}

js::Value GetText(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const Document& document = self->document();
  const NodeId node = self->node;
  switch (call.magic) {
    case kNodeName:
      return js::String(call.cx, NodeName(document, node));
    case kNodeValue:
      return document.type(node) == NodeType::kText || document.type(node) == NodeType::kComment
                 ? js::String(call.cx, document.text(node))
                 : js::Undefined(call.cx);
    case kId:
      return js::String(call.cx, document.AttributeOr(node, "id"));
    case kInnerHtml:
      return js::String(call.cx, html::InnerHtml(document, node));
    case kTextContent:
      return js::String(call.cx, document.TextContent(node));
    case kClassName:
      return AttributeOrUndefined(call.cx, *self, "class");
    case kLang:
      return AttributeOrUndefined(call.cx, *self, "lang");
    case kNamespaceUri:
      return js::String(call.cx, NamespaceUri(document.name_space(node)));
    default:
      return js::String(call.cx, "[object html.Node]");
  }
}

// ---- Other nodes ----

enum NodeMember {
  kOwnerDocument,
  kParentNode,
  kParentElement,
  kFirstChild,
  kLastChild,
  kFirstElementChild,
  kLastElementChild,
  kNextSibling,
  kPreviousSibling,
  kNextElementSibling,
  kPreviousElementSibling,
};
constexpr std::array kNodeNames = {
    "ownerDocument",   "parentNode",         "parentElement",         "firstChild",
    "lastChild",       "firstElementChild",  "lastElementChild",      "nextSibling",
    "previousSibling", "nextElementSibling", "previousElementSibling"};

NodeId Neighbour(const Document& document, NodeId node, int member) {
  const auto child = [&](bool elements, bool last) {
    const Nodes children = document.Children(node, elements);
    return children.empty() ? kNoNode : last ? children.back() : children.front();
  };
  switch (member) {
    case kOwnerDocument:
      return node == html::kDocumentNode ? kNoNode : html::kDocumentNode;
    case kParentNode:
      return document.parent(node);
    case kParentElement:
      return document.parent_element(node);
    case kFirstChild:
      return document.first_child(node);
    case kLastChild:
      return child(false, true);
    case kFirstElementChild:
      return child(true, false);
    case kLastElementChild:
      return child(true, true);
    case kNextSibling:
      return document.next(node);
    case kPreviousSibling:
      return document.previous(node);
    case kNextElementSibling:
      return document.next_element(node);
    case kPreviousElementSibling:
      return document.previous_element(node);
    default:
      return kNoNode;
  }
}

js::Value GetNode(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  return NewElement(RealmOf(call.cx), self->page,
                    Neighbour(self->document(), self->node, call.magic));
}

js::Value GetChildren(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  return NewElements(RealmOf(call.cx), self->page,
                     self->document().Children(self->node, call.magic == 1));
}

js::Value ChildElementCount(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  return js::Number(call.cx,
                    static_cast<double>(self->document().Children(self->node, true).size()));
}

js::Value GetNodeType(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  return js::Number(call.cx, static_cast<double>(self->document().type(self->node)));
}

js::Value GetSelection(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  return NewSelection(RealmOf(call.cx), self->page, {self->node});
}

// ---- Yes or no ----

js::Value HasChildNodes(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  return js::Bool(call.cx, self->document().first_child(self->node) != kNoNode);
}

js::Value IsDefaultNamespace(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  return js::Bool(call.cx, self->document().name_space(self->node) == html::Namespace::kHtml);
}

enum Comparison { kSame, kEqual, kContains };

// An Element, or the first node of a Selection; nothing for other values.
std::optional<ElementRef> ReadNode(JSValueConst value) {
  if (const ElementRef* element = ElementOf(value)) return *element;
  if (const Set* set = SelectionOf(value); set != nullptr && !(*set)->nodes.empty()) {
    return ElementRef{(*set)->page, (*set)->nodes[0]};
  }
  return std::nullopt;
}

js::Value CompareNodes(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto other = ReadNode(call.arg(0));
  if (!other.has_value()) return js::Bool(call.cx, false);
  const bool same_page = self->page == other->page;
  switch (call.magic) {
    case kSame:
      return js::Bool(call.cx, same_page && self->node == other->node);
    case kContains:
      return js::Bool(call.cx, same_page && self->document().Contains(self->node, other->node));
    default:
      return js::Bool(call.cx, html::OuterHtml(self->document(), self->node) ==
                                   html::OuterHtml(other->document(), other->node));
  }
}

// ---- Selectors ----

enum Query { kMatches, kQuerySelector, kQuerySelectorAll };
constexpr std::array kQueryNames = {"matches", "querySelector", "querySelectorAll"};

js::Value RunQuery(const js::Call& call) {
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto text = js::ToText(call.cx, call.arg(0));
  if (!text.has_value()) return js::Thrown(call.cx);
  const auto selector = html::Selector::Parse(*text);
  if (!selector.ok()) {
    return js::ThrowError(
        call.cx, fmt::format("Element.{}(): {}", kQueryNames[static_cast<size_t>(call.magic)],
                             Message(selector.status())));
  }
  Realm& realm = RealmOf(call.cx);
  switch (call.magic) {
    case kMatches:
      return js::Bool(call.cx, selector->Matches(self->document(), self->node));
    case kQuerySelector:
      return NewElement(realm, self->page, selector->FindFirst(self->document(), self->node));
    default:
      return NewElements(realm, self->page, selector->Find(self->document(), self->node));
  }
}

// getElementsByTagName(), getElementsByClassName()
js::Value GetElementsBy(const js::Call& call) {
  const bool by_class = call.magic == 1;
  const ElementRef* self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto wanted = js::ToText(call.cx, call.arg(0));
  if (!wanted.has_value()) return js::Thrown(call.cx);
  const Document& document = self->document();
  const std::vector<std::string> classes = Words(*wanted);
  Nodes found;
  for (NodeId node = self->node + 1; node < document.end(self->node); ++node) {
    if (!document.is_element(node)) continue;
    bool matches = *wanted == "*" || document.name(node) == *wanted;
    if (by_class) {
      const std::vector<std::string> own = Words(document.AttributeOr(node, "class"));
      matches = !classes.empty() &&
                std::all_of(classes.begin(), classes.end(), [&](const std::string& name) {
                  return std::find(own.begin(), own.end(), name) != own.end();
                });
    }
    if (matches) found.push_back(node);
  }
  return NewElements(RealmOf(call.cx), self->page, found);
}

}  // namespace

void DefineElement(JSContext* cx, JSValueConst prototype) {
  DefineAttributeAccess(cx, prototype);
  for (size_t i = 0; i < kTextNames.size(); ++i) {
    js::AddMethod<GetText>(cx, prototype, kTextNames[i], 0, static_cast<int>(i));
  }
  for (size_t i = 0; i < kNodeNames.size(); ++i) {
    js::AddMethod<GetNode>(cx, prototype, kNodeNames[i], 0, static_cast<int>(i));
  }
  for (size_t i = 0; i < kQueryNames.size(); ++i) {
    js::AddMethod<RunQuery>(cx, prototype, kQueryNames[i], 1, static_cast<int>(i));
  }
  js::AddMethod<GetChildren>(cx, prototype, "childNodes", 0, 0);
  js::AddMethod<GetChildren>(cx, prototype, "children", 0, 1);
  js::AddMethod<ChildElementCount>(cx, prototype, "childElementCount", 0);
  js::AddMethod<GetNodeType>(cx, prototype, "nodeType", 0);
  js::AddMethod<GetSelection>(cx, prototype, "selection", 0);
  js::AddMethod<HasChildNodes>(cx, prototype, "hasChildNodes", 0);
  js::AddMethod<IsDefaultNamespace>(cx, prototype, "isDefaultNamespace", 0);
  js::AddMethod<CompareNodes>(cx, prototype, "isSameNode", 1, kSame);
  js::AddMethod<CompareNodes>(cx, prototype, "isEqualNode", 1, kEqual);
  js::AddMethod<CompareNodes>(cx, prototype, "contains", 1, kContains);
  js::AddMethod<GetElementsBy>(cx, prototype, "getElementsByTagName", 1, 0);
  js::AddMethod<GetElementsBy>(cx, prototype, "getElementsByClassName", 1, 1);
}

}  // namespace kload::k6
