// Steps from a set of nodes to another, as jQuery takes them.
//
// Shape: sets are vectors of distinct nodes. Results are in document order; those of steps up or back (parents,
//        prevAll ...) in its reverse, nearest first.
#pragma once

#include <functional>
#include <vector>

#include "common/html/document.h"

namespace kload::html {

using Nodes = std::vector<NodeId>;
using NodeTest = std::function<bool(NodeId)>;

enum class Step {
  kChildren,
  kContents,  // children that are no elements too
  kNext,
  kNextAll,
  kPrev,
  kPrevAll,
  kParent,
  kParents,
  kSiblings,
};

// `until`: where walking steps (kNextAll, kPrevAll, kParents) stop, without that node; null: nowhere.
Nodes Walk(const Document& document, const Nodes& from, Step step, const NodeTest& until = nullptr);

// For each node the first that passes of itself and the elements around it.
Nodes Closest(const Document& document, const Nodes& from, const NodeTest& test);

// Into document order, without repetitions.
Nodes Ordered(Nodes nodes);

}  // namespace kload::html
