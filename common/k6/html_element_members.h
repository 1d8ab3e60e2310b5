// What some elements have that is more than the text of an attribute: parts of a link, the controls of a form, the rows
// of a table ...
#pragma once

#include <span>
#include <string_view>

#include "common/js/function.h"
#include "common/k6/html_objects.h"

namespace kload::k6 {

struct ElementMember {
  std::string_view elements;  // names between blanks
  const char* name;
  js::Value (*get)(Realm& realm, const ElementRef& self);
};

std::span<const ElementMember> FormMembers();  // html_form_members.cc
std::span<const ElementMember> PageMembers();  // html_page_members.cc

// The body of the methods of one of these lists; magic: the index in it.
template <std::span<const ElementMember> (*members)()>
js::Value CallElementMember(const js::Call& call) {
  const ElementRef* self = ElementOf(call.self);
  if (self == nullptr) {
    return js::ThrowTypeError(call.cx, "this method is one of an Element of k6/html");
  }
  return members()[static_cast<size_t>(call.magic)].get(RealmOf(call.cx), *self);
}

// ---- For those who write members; `names` are names between blanks ----
bool ListsElement(std::string_view names, std::string_view name);
html::Nodes ElementsWithin(const html::Document& document, html::NodeId node,
                           std::string_view names);
html::Nodes ChildrenNamed(const html::Document& document, html::NodeId node,
                          std::string_view names);
// The next one around `node`; kNoNode without one.
html::NodeId ElementAround(const html::Document& document, html::NodeId node,
                           std::string_view names);
html::NodeId FirstOf(const html::Nodes& nodes);
// From 0; -1 when it is not there.
js::Value PositionIn(Realm& realm, const html::Nodes& nodes, html::NodeId node);

}  // namespace kload::k6
