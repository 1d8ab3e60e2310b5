// What controls and forms have besides their attributes.
#include <array>
#include <charconv>
#include <string>

#include "common/html/ascii.h"
#include "common/html/form.h"
#include "common/html/url.h"
#include "common/k6/html_element_members.h"

namespace kload::k6 {
namespace {

using html::Document;
using html::kNoNode;
using html::NodeId;
using html::Nodes;

js::Value Text(Realm& realm, std::string_view text) { return js::String(realm.cx, text); }
js::Value Count(Realm& realm, size_t count) {
  return js::Number(realm.cx, static_cast<double>(count));
}

NodeId Owner(const ElementRef& self) { return html::FormOwner(self.document(), self.node); }

// A button's own `formmethod` and its like, else the form's `method`.
std::string OwnOrForms(const ElementRef& self, std::string_view own, std::string_view forms) {
  if (const auto value = self.document().FindAttribute(self.node, own)) return std::string(*value);
  const NodeId form = Owner(self);
  return form == kNoNode ? "" : std::string(self.document().AttributeOr(form, forms));
}

std::string MethodOr(std::string_view method) {
  const std::string lower = Lower(method);
  return lower == "post" || lower == "dialog" ? lower : "get";
}

std::string Either(std::string text, const char* otherwise) {
  return text.empty() ? otherwise : text;
}

NodeId LabelledControl(const Document& document, NodeId label) {
  if (const auto id = document.FindAttribute(label, "for")) return document.FindById(*id);
  for (const NodeId node : ElementsWithin(document, label,
                                          " button input keygen meter output progress "
                                          "select textarea ")) {
    if (Lower(document.AttributeOr(node, "type")) != "hidden") return node;
  }
  return kNoNode;
}

js::Value Labels(Realm& realm, const ElementRef& self) {
  Nodes labels = ElementsWithin(self.document(), html::kDocumentNode, " label ");
  std::erase_if(labels,
                [&](NodeId label) { return LabelledControl(self.document(), label) != self.node; });
  return NewElements(realm, self.page, labels);
}

std::string FirstValue(const Document& document, NodeId node) {
  const html::ControlValue value = html::ValueOf(document, node);
  return value.values.empty() ? "" : value.values[0];
}

double ProgressNumber(const ElementRef& self, std::string_view name, double otherwise) {
  const std::string_view text = self.document().AttributeOr(self.node, name);
  double number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

constexpr std::string_view kFields = " button input ";
constexpr std::string_view kOwned =
    " button fieldset input keygen legend object option output select textarea ";
constexpr std::string_view kLabelled =
    " button input keygen meter output progress select textarea ";

constexpr std::array kMembers = {
    ElementMember{kOwned, "form",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElement(realm, self.page, Owner(self));
                  }},
    ElementMember{kLabelled, "labels", Labels},
    ElementMember{kFields, "formAction",
                  [](Realm& realm, const ElementRef& self) {
                    return Text(realm, html::ResolveUrl(self.page->url,
                                                        OwnOrForms(self, "formaction", "action")));
                  }},
    ElementMember{kFields, "formEnctype",
                  [](Realm& realm, const ElementRef& self) {
                    return Text(realm, Either(OwnOrForms(self, "formenctype", "enctype"),
                                              "application/x-www-form-urlencoded"));
                  }},
    ElementMember{kFields, "formMethod",
                  [](Realm& realm, const ElementRef& self) {
                    return Text(realm, MethodOr(OwnOrForms(self, "formmethod", "method")));
                  }},
    ElementMember{kFields, "formNoValidate",
                  [](Realm& realm, const ElementRef& self) {
                    const NodeId form = Owner(self);
                    return js::Bool(
                        realm.cx,
                        self.document().HasAttribute(self.node, "formnovalidate") ||
                            (form != kNoNode && self.document().HasAttribute(form, "novalidate")));
                  }},
    ElementMember{kFields, "formTarget",
                  [](Realm& realm, const ElementRef& self) {
                    return Text(realm, Either(OwnOrForms(self, "formtarget", "target"), "_self"));
                  }},
    ElementMember{" button ", "value",
                  [](Realm& realm, const ElementRef& self) {
                    const auto value = self.document().FindAttribute(self.node, "value");
                    return Text(realm, value.has_value()
                                           ? std::string(*value)
                                           : html::InnerHtml(self.document(), self.node));
                  }},
    ElementMember{" input option select textarea ", "value",
                  [](Realm& realm, const ElementRef& self) {
                    return Text(realm, FirstValue(self.document(), self.node));
                  }},
    ElementMember{" output ", "value",
                  [](Realm& realm, const ElementRef& self) {
                    return Text(realm, self.document().TextContent(self.node));
                  }},
    ElementMember{" output textarea ", "defaultValue",
                  [](Realm& realm, const ElementRef& self) {
                    return Text(realm, self.document().TextContent(self.node));
                  }},
    ElementMember{" fieldset output textarea ", "type",
                  [](Realm& realm, const ElementRef& self) {
                    return Text(realm, self.document().name(self.node));
                  }},
    ElementMember{" fieldset ", "validity",
                  [](Realm& realm, const ElementRef&) { return js::Undefined(realm.cx); }},
    ElementMember{" fieldset form ", "elements",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElements(realm, self.page,
                                       html::FormControls(self.document(), self.node));
                  }},
    ElementMember{" form ", "length",
                  [](Realm& realm, const ElementRef& self) {
                    return Count(realm, html::FormControls(self.document(), self.node).size());
                  }},
    ElementMember{" form ", "method",
                  [](Realm& realm, const ElementRef& self) {
                    return Text(realm, MethodOr(self.document().AttributeOr(self.node, "method")));
                  }},
    ElementMember{" label ", "control",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElement(realm, self.page,
                                      LabelledControl(self.document(), self.node));
                  }},
    ElementMember{" label ", "form",
                  [](Realm& realm, const ElementRef& self) {
                    const NodeId control = LabelledControl(self.document(), self.node);
                    return NewElement(
                        realm, self.page,
                        control == kNoNode ? kNoNode : html::FormOwner(self.document(), control));
                  }},
    ElementMember{" datalist select ", "options",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElements(realm, self.page, html::Options(self.document(), self.node));
                  }},
    ElementMember{" option ", "disabled",
                  [](Realm& realm, const ElementRef& self) {
                    return js::Bool(realm.cx, html::IsDisabled(self.document(), self.node));
                  }},
    ElementMember{" option ", "index",
                  [](Realm& realm, const ElementRef& self) {
                    const NodeId list =
                        ElementAround(self.document(), self.node, " select datalist ");
                    if (list == kNoNode) return Count(realm, 0);
                    return PositionIn(realm, html::Options(self.document(), list), self.node);
                  }},
    ElementMember{" option ", "label",
                  [](Realm& realm, const ElementRef& self) {
                    const auto label = self.document().FindAttribute(self.node, "label");
                    return Text(realm, label.has_value() ? std::string(*label)
                                                         : self.document().TextContent(self.node));
                  }},
    ElementMember{" select ", "length",
                  [](Realm& realm, const ElementRef& self) {
                    return Count(realm, html::Options(self.document(), self.node).size());
                  }},
    ElementMember{" select ", "selectedIndex",
                  [](Realm& realm, const ElementRef& self) {
                    return PositionIn(realm, html::Options(self.document(), self.node),
                                      FirstOf(html::SelectedOptions(self.document(), self.node)));
                  }},
    ElementMember{" select ", "selectedOptions",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElements(realm, self.page,
                                       html::SelectedOptions(self.document(), self.node));
                  }},
    ElementMember{" select ", "size",
                  [](Realm& realm, const ElementRef& self) {
                    const bool multiple = self.document().HasAttribute(self.node, "multiple");
                    return js::Number(realm.cx, ProgressNumber(self, "size", multiple ? 4 : 1));
                  }},
    ElementMember{" select ", "type",
                  [](Realm& realm, const ElementRef& self) {
                    return Text(realm, self.document().HasAttribute(self.node, "multiple")
                                           ? "select-multiple"
                                           : "select-one");
                  }},
    ElementMember{" textarea ", "length",
                  [](Realm& realm, const ElementRef& self) {
                    return Count(realm, self.document().TextContent(self.node).size());
                  }},
    ElementMember{" progress ", "max",
                  [](Realm& realm, const ElementRef& self) {
                    return js::Number(realm.cx, ProgressNumber(self, "max", 1));
                  }},
    ElementMember{" progress ", "value",
                  [](Realm& realm, const ElementRef& self) {
                    return js::Number(realm.cx, ProgressNumber(self, "value", 0));
                  }},
    ElementMember{" progress ", "position",
                  [](Realm& realm, const ElementRef& self) {
                    const double value = ProgressNumber(self, "value", -1);
                    return js::Number(realm.cx,
                                      value < 0 ? -1 : value / ProgressNumber(self, "max", 1));
                  }},
};

}  // namespace

std::span<const ElementMember> FormMembers() { return kMembers; }

}  // namespace kload::k6
