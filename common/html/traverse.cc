#include "common/html/traverse.h"

#include <algorithm>

namespace kload::html {
namespace {

NodeId Follow(const Document& document, NodeId node, Step step) {
  switch (step) {
    case Step::kNext:
    case Step::kNextAll:
      return document.next_element(node);
    case Step::kPrev:
    case Step::kPrevAll:
      return document.previous_element(node);
    default:
      return document.parent_element(node);
  }
}

void Append(Nodes& nodes, const Nodes& more) {
  nodes.insert(nodes.end(), more.begin(), more.end());
}

void WalkFrom(const Document& document, NodeId node, Step step, const NodeTest& until,
              Nodes& reached) {
  switch (step) {
    case Step::kChildren:
      return Append(reached, document.Children(node, true));
    case Step::kContents:
      return Append(reached, document.Children(node, false));
    case Step::kSiblings:
      if (document.parent(node) == kNoNode) return;
      for (const NodeId child : document.Children(document.parent(node), true)) {
        if (child != node) reached.push_back(child);
      }
      return;
    case Step::kNext:
    case Step::kPrev:
    case Step::kParent:
      if (const NodeId at = Follow(document, node, step); at != kNoNode) reached.push_back(at);
      return;
    case Step::kNextAll:
    case Step::kPrevAll:
    case Step::kParents:
      for (NodeId at = Follow(document, node, step); at != kNoNode && !(until && until(at));
           at = Follow(document, at, step)) {
        reached.push_back(at);
      }
  }
}

}  // namespace

Nodes Walk(const Document& document, const Nodes& from, Step step, const NodeTest& until) {
  Nodes reached;
  for (const NodeId node : from) WalkFrom(document, node, step, until, reached);
  reached = Ordered(std::move(reached));
  if (step == Step::kPrevAll || step == Step::kParents) {
    std::reverse(reached.begin(), reached.end());
  }
  return reached;
}

Nodes Closest(const Document& document, const Nodes& from, const NodeTest& test) {
  Nodes found;
  for (const NodeId node : from) {
    NodeId at = document.is_element(node) ? node : document.parent_element(node);
    while (at != kNoNode && !test(at)) at = document.parent_element(at);
    if (at != kNoNode) found.push_back(at);
  }
  return Ordered(std::move(found));
}

Nodes Ordered(Nodes nodes) {
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

}  // namespace kload::html
