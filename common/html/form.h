// What HTML says of forms: which control belongs to which form, what it holds, and what a form sends.
#pragma once

#include <string>
#include <vector>

#include "common/html/document.h"

namespace kload::html {

// Buttons, inputs, selects, textareas, options, option groups and field sets.
bool CanBeDisabled(const Document& document, NodeId node);
// By its own attribute, by a disabled option group, or by a disabled field set around it (but for its legend).
bool IsDisabled(const Document& document, NodeId node);
// A ticked checkbox or radio button, or a selected option.
bool IsChecked(const Document& document, NodeId node);

// The form that a control belongs to: the one that its attribute `form` names, else the one around it.
NodeId FormOwner(const Document& document, NodeId node);
// The controls of a form in document order: buttons, field sets, inputs (but for images), objects, outputs, selects and
// textareas; `owner` may be a fieldset too.
std::vector<NodeId> FormControls(const Document& document, NodeId owner);

std::vector<NodeId> Options(const Document& document, NodeId select);
// Those that are selected; of a drop-down without one, the first that is not disabled.
std::vector<NodeId> SelectedOptions(const Document& document, NodeId select);

// What a control holds.
struct ControlValue {
  bool is_control = false;  // false: the element has no value
  bool is_list = false;     // of a select with `multiple`: any number of values; else exactly one
  std::vector<std::string> values;
};
// "" for an input without `value`, "on" for a checkbox or radio button without one. No values for a drop-down without
// options.
ControlValue ValueOf(const Document& document, NodeId node);

struct Field {
  std::string name;
  std::string value;
  friend bool operator==(const Field&, const Field&) = default;
};
// What the nodes would send, in document order: forms all of their controls, controls themselves. As with jQuery's
// serializeArray(), only what has a name, is not disabled, and is ticked if it can be; no buttons, no files.
std::vector<Field> FieldsOf(const Document& document, const std::vector<NodeId>& nodes);

}  // namespace kload::html
