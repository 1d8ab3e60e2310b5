// What methods of a Selection choose nodes by: a selector, a Selection, an Element, or a function of the script.
//
// Thread: that of the engine. A function runs script code.
#pragma once

#include <optional>

#include "common/html/selector.h"
#include "common/js/function.h"
#include "common/k6/html_objects.h"

namespace kload::k6 {

class Criterion {
 public:
  enum class Kinds { kSelectorOrNodes, kFunctionToo };

  // Reads argument `index` of a call. undefined and null: everything passes. Nullopt, with an exception pending that names
  // `method` ("Selection.filter()"), for other values.
  static std::optional<Criterion> Read(const js::Call& call, int index, const char* method,
                                       Kinds kinds = Kinds::kSelectorOrNodes);

  bool is_everything() const { return kind_ == Kind::kEverything; }
  // Null unless it is one.
  const html::Selector* selector() const { return selector_.has_value() ? &*selector_ : nullptr; }

  // For a criterion that is no function.
  bool Passes(const HtmlPage& page, html::NodeId node) const;
  // For any criterion; `index` is what a function gets besides the Selection of the node. Nullopt: it threw.
  std::optional<bool> Ask(Realm& realm, const Page& page, html::NodeId node, size_t index) const;
  // Those of `nodes` that pass, or that do not when `wanted` is false. Nullopt: a function threw.
  std::optional<html::Nodes> Choose(Realm& realm, const Page& page, const html::Nodes& nodes,
                                    bool wanted = true) const;

 private:
  enum class Kind { kEverything, kSelector, kNodes, kFunction };

  Kind kind_ = Kind::kEverything;
  std::optional<html::Selector> selector_;
  const HtmlPage* page_ = nullptr;        // of nodes_, kept alive by the argument
  html::Nodes nodes_;                     // in document order
  JSValueConst function_ = JS_UNDEFINED;  // borrowed from the call
};

}  // namespace kload::k6
