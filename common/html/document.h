// One parsed HTML page: an immutable tree, numbered in document order.
//
// Thread: immutable once parsed; its reference count may be shared between threads.
// Shape:  node 0 is the document. A node's descendants are the nodes from its number + 1 up to, and without, end(node):
//         document order is the order of numbers, and no walk over the tree needs a stack.
// Source: parsing by gumbo, which follows the HTML5 algorithm; what scripts see of it in README.md.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kload::html {

using NodeId = uint32_t;
constexpr NodeId kNoNode = UINT32_MAX;
constexpr NodeId kDocumentNode = 0;

// The DOM's numbers.
enum class NodeType : uint8_t {
  kElement = 1,
  kText = 3,
  kComment = 8,
  kDocument = 9,
  kDoctype = 10
};
enum class Namespace : uint8_t { kHtml, kSvg, kMathMl };

struct Attribute {
  std::string_view name;  // lower case in HTML; with its prefix ("xlink:href") in SVG and MathML
  std::string_view value;
};

class Document {
 public:
  // Of one page; a larger one is refused.
  static constexpr size_t kSourceBytesMax = size_t{64} << 20;
  // What parsing one may take; mostly some fifteen times its source. Beyond it, the page is refused.
  static constexpr size_t kParseBytesMax = size_t{256} << 20;
  // Elements within each other, as far as a look at the tags can tell; a deeper page is refused. The HTML5 algorithm walks
  // up through all open elements for every tag: at this depth that costs microseconds, without a bound it could stop a
  // worker for minutes.
  static constexpr size_t kDepthMax = 10000;

  // Any text is a page: missing parts (html, head, body) are added and mistakes repaired as browsers do.
  // Errors: ResourceExhausted for a source above a bound.
  static absl::StatusOr<std::shared_ptr<const Document>> Parse(std::string_view source);

  NodeId size() const { return static_cast<NodeId>(nodes_.size()); }
  NodeType type(NodeId node) const { return nodes_[node].type; }
  bool is_element(NodeId node) const { return type(node) == NodeType::kElement; }
  Namespace name_space(NodeId node) const { return nodes_[node].name_space; }

  // Of an element or a doctype; lower case in HTML. Empty for other nodes.
  std::string_view name(NodeId node) const;
  bool is(NodeId node, std::string_view element_name) const {
    return is_element(node) && name(node) == element_name;
  }
  // Of a text or comment node. Empty for other nodes.
  std::string_view text(NodeId node) const;

  // ---- Neighbours; kNoNode where there is none ----
  NodeId parent(NodeId node) const { return nodes_[node].parent; }
  NodeId end(NodeId node) const { return nodes_[node].end; }
  NodeId first_child(NodeId node) const { return node + 1 < end(node) ? node + 1 : kNoNode; }
  NodeId next(NodeId node) const;
  NodeId previous(NodeId node) const { return nodes_[node].previous; }
  NodeId parent_element(NodeId node) const;
  NodeId next_element(NodeId node) const;
  NodeId previous_element(NodeId node) const;
  // A node contains itself.
  bool Contains(NodeId outer, NodeId inner) const { return outer <= inner && inner < end(outer); }
  std::vector<NodeId> Children(NodeId node, bool elements_only) const;

  // ---- Attributes ----
  size_t attribute_count(NodeId node) const { return nodes_[node].attribute_count; }
  Attribute attribute(NodeId node, size_t index) const;
  std::optional<std::string_view> FindAttribute(NodeId node, std::string_view name) const;
  bool HasAttribute(NodeId node, std::string_view name) const {
    return FindAttribute(node, name).has_value();
  }
  // The value, or the empty string.
  std::string_view AttributeOr(NodeId node, std::string_view name) const {
    return FindAttribute(node, name).value_or(std::string_view());
  }

  // All text within, of the node itself for a text node.
  std::string TextContent(NodeId node) const;
  // The first element with this id.
  NodeId FindById(std::string_view id) const;

  // What the tree takes in memory.
  size_t memory_bytes() const;

 private:
  friend class Builder;
  struct Piece {  // of `pool_`
    uint32_t offset = 0;
    uint32_t size = 0;
  };
  struct Node {
    NodeType type = NodeType::kDocument;
    Namespace name_space = Namespace::kHtml;
    NodeId parent = kNoNode;
    NodeId end = 0;
    NodeId previous = kNoNode;
    Piece text;  // name of an element or doctype, content of a text or comment
    uint32_t first_attribute = 0;
    uint32_t attribute_count = 0;
  };
  struct StoredAttribute {
    Piece name;
    Piece value;
  };

  Document() = default;
  std::string_view View(Piece piece) const {
    return std::string_view(pool_).substr(piece.offset, piece.size);
  }

  std::vector<Node> nodes_;
  std::vector<StoredAttribute> attributes_;  // of a doctype: "public" and "system"
  std::string pool_;
};

// ---- Markup (render.cc) ----
// As Go's renderer writes it, which is what k6 shows: void elements end with "/>", and & < > ' " are escaped in texts
// and attributes.
std::string OuterHtml(const Document& document, NodeId node);
std::string InnerHtml(const Document& document, NodeId node);

}  // namespace kload::html
