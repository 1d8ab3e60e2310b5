// CSS selectors: parsed once, matched against elements of a tree.
//
// Thread: immutable once parsed.
// Source: CSS selectors level 3, and of level 4 and jQuery what k6's own selectors have. See README.md for the list.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/html/document.h"

namespace kload::html {

struct SelectorList;

class Selector {
 public:
  static constexpr size_t kTextBytesMax = 16 << 10;
  // Of selectors within :not() and its like, and of compounds ("a b > c" has three) in each: matching recurses over
  // them, on small stacks.
  static constexpr int kDepthMax = 8;
  static constexpr size_t kCompoundsMax = 32;

  // Errors: InvalidArgument, `selector "li:foo": :foo is no pseudo-class that kload knows`.
  static absl::StatusOr<Selector> Parse(std::string_view text);

  // Whether the node is an element that matches. `scope` is what a leading combinator, as in "> li", begins at.
  bool Matches(const Document& document, NodeId node, NodeId scope = kNoNode) const;
  // Descendants of `scope` that match, in document order. What stands to the left of them in the selector may lie
  // outside of `scope`, as with the DOM's querySelectorAll().
  std::vector<NodeId> Find(const Document& document, NodeId scope) const;
  // The first of those, or kNoNode.
  NodeId FindFirst(const Document& document, NodeId scope) const;

 private:
  std::shared_ptr<const SelectorList> list_;
};

}  // namespace kload::html
