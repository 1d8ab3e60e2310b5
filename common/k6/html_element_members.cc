#include "common/k6/html_element_members.h"

#include <algorithm>

namespace kload::k6 {

using html::Document;
using html::kNoNode;
using html::NodeId;
using html::Nodes;

bool ListsElement(std::string_view elements, std::string_view name) {
  return elements.find(" " + std::string(name) + " ") != std::string_view::npos;
}

Nodes ElementsWithin(const Document& document, NodeId node, std::string_view names) {
  Nodes found;
  for (NodeId at = node + 1; at < document.end(node); ++at) {
    if (document.is_element(at) && ListsElement(names, document.name(at))) found.push_back(at);
  }
  return found;
}

Nodes ChildrenNamed(const Document& document, NodeId node, std::string_view names) {
  Nodes found = document.Children(node, true);
  std::erase_if(found, [&](NodeId child) { return !ListsElement(names, document.name(child)); });
  return found;
}

NodeId FirstOf(const Nodes& nodes) { return nodes.empty() ? kNoNode : nodes[0]; }

NodeId ElementAround(const Document& document, NodeId node, std::string_view names) {
  NodeId at = document.parent_element(node);
  while (at != kNoNode && !ListsElement(names, document.name(at))) at = document.parent_element(at);
  return at;
}

js::Value PositionIn(Realm& realm, const Nodes& nodes, NodeId node) {
  const auto found = std::find(nodes.begin(), nodes.end(), node);
  return js::Number(realm.cx,
                    found == nodes.end() ? -1 : static_cast<double>(found - nodes.begin()));
}

}  // namespace kload::k6
