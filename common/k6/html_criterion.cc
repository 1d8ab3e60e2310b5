#include "common/k6/html_criterion.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/base/status.h"

namespace kload::k6 {

std::optional<Criterion> Criterion::Read(const js::Call& call, int index, const char* method,
                                         Kinds kinds) {
  Criterion criterion;
  JSValueConst argument = call.arg(index);
  if (js::IsNullish(argument)) return criterion;
  if (const Set* set = SelectionOf(argument)) {
    criterion.kind_ = Kind::kNodes;
    criterion.page_ = (*set)->page.get();
    criterion.nodes_ = html::Ordered((*set)->nodes);
  } else if (const ElementRef* element = ElementOf(argument)) {
    criterion.kind_ = Kind::kNodes;
    criterion.page_ = element->page.get();
    criterion.nodes_ = {element->node};
  } else if (JS_IsString(argument)) {
    const auto text = js::ToText(call.cx, argument);
    if (!text.has_value()) return std::nullopt;
    auto selector = html::Selector::Parse(*text);
    if (!selector.ok()) {
      js::ThrowError(call.cx, fmt::format("{}: {}", method, Message(selector.status())));
      return std::nullopt;
    }
    criterion.kind_ = Kind::kSelector;
    criterion.selector_ = *std::move(selector);
  } else if (kinds == Kinds::kFunctionToo && JS_IsFunction(call.cx, argument)) {
    criterion.kind_ = Kind::kFunction;
    criterion.function_ = argument;
  } else {
    js::ThrowTypeError(
        call.cx, fmt::format("{}: expected a selector, a Selection{} an Element, not {}", method,
                             kinds == Kinds::kFunctionToo ? ", a function or" : " or",
                             js::ToTextOr(call.cx, argument)));
    return std::nullopt;
  }
  return criterion;
}

bool Criterion::Passes(const HtmlPage& page, html::NodeId node) const {
  switch (kind_) {
    case Kind::kEverything:
      return true;
    case Kind::kSelector:
      return selector_->Matches(*page.document, node);
    case Kind::kNodes:
      return page_ == &page && std::binary_search(nodes_.begin(), nodes_.end(), node);
    case Kind::kFunction:
      break;
  }
  return false;
}

std::optional<bool> Criterion::Ask(Realm& realm, const Page& page, html::NodeId node,
                                   size_t index) const {
  if (kind_ != Kind::kFunction) return Passes(*page, node);
  const js::Value position = js::Number(realm.cx, static_cast<double>(index));
  const js::Value selection = NewSelection(realm, page, {node});
  if (selection.IsException()) return std::nullopt;
  JSValueConst arguments[] = {position.get(), selection.get()};
  const js::Value answer(realm.cx, JS_Call(realm.cx, function_, JS_UNDEFINED, 2, arguments));
  if (answer.IsException()) return std::nullopt;
  return JS_ToBool(realm.cx, answer.get()) > 0;
}

std::optional<html::Nodes> Criterion::Choose(Realm& realm, const Page& page,
                                             const html::Nodes& nodes, bool wanted) const {
  html::Nodes chosen;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto passes = Ask(realm, page, nodes[i], i);
    if (!passes.has_value()) return std::nullopt;
    if (*passes == wanted) chosen.push_back(nodes[i]);
  }
  return chosen;
}

}  // namespace kload::k6
