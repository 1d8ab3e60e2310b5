#include "common/html/document.h"

namespace kload::html {

std::string_view Document::name(NodeId node) const {
  const Node& n = nodes_[node];
  return n.type == NodeType::kElement || n.type == NodeType::kDoctype ? View(n.text)
                                                                      : std::string_view();
}

std::string_view Document::text(NodeId node) const {
  const Node& n = nodes_[node];
  return n.type == NodeType::kText || n.type == NodeType::kComment ? View(n.text)
                                                                   : std::string_view();
}

NodeId Document::next(NodeId node) const {
  const NodeId up = parent(node);
  return up != kNoNode && end(node) < end(up) ? end(node) : kNoNode;
}

NodeId Document::parent_element(NodeId node) const {
  const NodeId up = parent(node);
  return up != kNoNode && is_element(up) ? up : kNoNode;
}

NodeId Document::next_element(NodeId node) const {
  NodeId at = next(node);
  while (at != kNoNode && !is_element(at)) at = next(at);
  return at;
}

NodeId Document::previous_element(NodeId node) const {
  NodeId at = previous(node);
  while (at != kNoNode && !is_element(at)) at = previous(at);
  return at;
}

std::vector<NodeId> Document::Children(NodeId node, bool elements_only) const {
  std::vector<NodeId> children;
  for (NodeId at = first_child(node); at != kNoNode; at = next(at)) {
    if (!elements_only || is_element(at)) children.push_back(at);
  }
  return children;
}

Attribute Document::attribute(NodeId node, size_t index) const {
  const StoredAttribute& stored = attributes_[nodes_[node].first_attribute + index];
  return {View(stored.name), View(stored.value)};
}

std::optional<std::string_view> Document::FindAttribute(NodeId node, std::string_view name) const {
  for (size_t i = 0; i < attribute_count(node); ++i) {
    const Attribute candidate = attribute(node, i);
    if (candidate.name == name) return candidate.value;
  }
  return std::nullopt;
}

std::string Document::TextContent(NodeId node) const {
  std::string all;
  for (NodeId at = node; at < end(node); ++at) {
    if (type(at) == NodeType::kText) all += text(at);
  }
  return all;
}

NodeId Document::FindById(std::string_view id) const {
  for (NodeId node = 0; node < size(); ++node) {
    if (is_element(node) && FindAttribute(node, "id") == id) return node;
  }
  return kNoNode;
}

size_t Document::memory_bytes() const {
  return sizeof(*this) + nodes_.capacity() * sizeof(Node) +
         attributes_.capacity() * sizeof(StoredAttribute) + pool_.capacity();
}

}  // namespace kload::html
