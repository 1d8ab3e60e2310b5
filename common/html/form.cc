#include "common/html/form.h"

#include <algorithm>
#include <array>

#include "common/html/ascii.h"

namespace kload::html {
namespace {

template <size_t N>
bool IsAnyOf(const Document& document, NodeId node, const std::array<std::string_view, N>& names) {
  return document.is_element(node) &&
         std::find(names.begin(), names.end(), document.name(node)) != names.end();
}

std::string TypeOf(const Document& document, NodeId node) {
  return Lower(document.AttributeOr(node, "type"));
}

bool IsTickable(const Document& document, NodeId node) {
  if (!document.is(node, "input")) return false;
  const std::string type = TypeOf(document, node);
  return type == "checkbox" || type == "radio";
}

// The legend of a disabled field set stays usable.
bool IsInFirstLegend(const Document& document, NodeId fieldset, NodeId node) {
  for (const NodeId child : document.Children(fieldset, true)) {
    if (document.is(child, "legend")) return document.Contains(child, node);
  }
  return false;
}

std::string OptionValue(const Document& document, NodeId option) {
  if (const auto value = document.FindAttribute(option, "value")) return std::string(*value);
  // Its text with blanks collapsed.
  std::string text;
  for (const char c : document.TextContent(option)) {
    if (!IsBlank(c)) {
      text += c;
    } else if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

// Whether a form sends it at all.
bool IsSent(const Document& document, NodeId node) {
  static constexpr std::array<std::string_view, 3> kSent = {"input", "select", "textarea"};
  static constexpr std::array<std::string_view, 5> kButtons = {"submit", "button", "image", "reset",
                                                               "file"};
  if (!IsAnyOf(document, node, kSent) || document.AttributeOr(node, "name").empty() ||
      IsDisabled(document, node)) {
    return false;
  }
  if (!document.is(node, "input")) return true;
  if (IsTickable(document, node)) return document.HasAttribute(node, "checked");
  return std::find(kButtons.begin(), kButtons.end(), TypeOf(document, node)) == kButtons.end();
}

}  // namespace

bool CanBeDisabled(const Document& document, NodeId node) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "button", "input", "select", "textarea", "option", "optgroup", "fieldset"};
  return IsAnyOf(document, node, kNames);
}

bool IsDisabled(const Document& document, NodeId node) {
  if (!CanBeDisabled(document, node)) return false;
  if (document.HasAttribute(node, "disabled")) return true;
  const bool is_option = document.is(node, "option") || document.is(node, "optgroup");
  for (NodeId at = document.parent_element(node); at != kNoNode; at = document.parent_element(at)) {
    if (!document.HasAttribute(at, "disabled")) continue;
    if (is_option ? document.is(at, "optgroup")
                  : document.is(at, "fieldset") && !IsInFirstLegend(document, at, node)) {
      return true;
    }
  }
  return false;
}

bool IsChecked(const Document& document, NodeId node) {
  return (IsTickable(document, node) && document.HasAttribute(node, "checked")) ||
         (document.is(node, "option") && document.HasAttribute(node, "selected"));
}

NodeId FormOwner(const Document& document, NodeId node) {
  if (const auto id = document.FindAttribute(node, "form")) {
    const NodeId form = document.FindById(*id);
    return form != kNoNode && document.is(form, "form") ? form : kNoNode;
  }
  NodeId at = document.parent_element(node);
  while (at != kNoNode && !document.is(at, "form")) at = document.parent_element(at);
  return at;
}

std::vector<NodeId> FormControls(const Document& document, NodeId owner) {
  static constexpr std::array<std::string_view, 7> kListed = {
      "button", "fieldset", "input", "object", "output", "select", "textarea"};
  const bool is_form = document.is(owner, "form");
  std::vector<NodeId> controls;
  for (NodeId node = is_form ? 0 : owner + 1;
       node < (is_form ? document.size() : document.end(owner)); ++node) {
    if (!IsAnyOf(document, node, kListed)) continue;
    if (document.is(node, "input") && TypeOf(document, node) == "image") continue;
    if (!is_form || FormOwner(document, node) == owner) controls.push_back(node);
  }
  return controls;
}

std::vector<NodeId> Options(const Document& document, NodeId select) {
  std::vector<NodeId> options;
  for (NodeId node = select + 1; node < document.end(select); ++node) {
    if (document.is(node, "option")) options.push_back(node);
  }
  return options;
}

std::vector<NodeId> SelectedOptions(const Document& document, NodeId select) {
  const bool multiple = document.HasAttribute(select, "multiple");
  const std::vector<NodeId> options = Options(document, select);
  std::vector<NodeId> selected;
  for (const NodeId option : options) {
    if (document.HasAttribute(option, "selected")) selected.push_back(option);
  }
  if (multiple) return selected;
  if (selected.empty()) {
    const auto usable = std::find_if(options.begin(), options.end(),
                                     [&](NodeId option) { return !IsDisabled(document, option); });
    if (usable != options.end()) selected.push_back(*usable);
  } else {
    selected.erase(selected.begin(), selected.end() - 1);  // the last one wins
  }
  return selected;
}

ControlValue ValueOf(const Document& document, NodeId node) {
  if (!document.is_element(node)) return {};
  const std::string_view name = document.name(node);
  if (name == "textarea")
    return {.is_control = true, .is_list = false, .values = {document.TextContent(node)}};
  if (name == "option")
    return {.is_control = true, .is_list = false, .values = {OptionValue(document, node)}};
  if (name == "select") {
    ControlValue value{
        .is_control = true, .is_list = document.HasAttribute(node, "multiple"), .values = {}};
    for (const NodeId option : SelectedOptions(document, node)) {
      if (value.is_list && IsDisabled(document, option)) continue;
      value.values.push_back(OptionValue(document, option));
    }
    return value;
  }
  if (const auto value = document.FindAttribute(node, "value")) {
    return {.is_control = true, .is_list = false, .values = {std::string(*value)}};
  }
  if (name != "input" && name != "button") return {};
  return {.is_control = true, .is_list = false, .values = {IsTickable(document, node) ? "on" : ""}};
}

std::vector<Field> FieldsOf(const Document& document, const std::vector<NodeId>& nodes) {
  std::vector<NodeId> controls;
  for (const NodeId node : nodes) {
    if (document.is(node, "form") || document.is(node, "fieldset")) {
      const std::vector<NodeId> own = FormControls(document, node);
      controls.insert(controls.end(), own.begin(), own.end());
    } else {
      controls.push_back(node);
    }
  }
  std::sort(controls.begin(), controls.end());
  controls.erase(std::unique(controls.begin(), controls.end()), controls.end());
  std::vector<Field> fields;
  for (const NodeId control : controls) {
    if (!IsSent(document, control)) continue;
    const std::string name(document.AttributeOr(control, "name"));
    for (std::string& value : ValueOf(document, control).values) {
      fields.push_back({name, std::move(value)});
    }
  }
  return fields;
}

}  // namespace kload::html
