// The tree as markup.
#include <algorithm>
#include <array>

#include "common/html/document.h"

namespace kload::html {
namespace {

constexpr std::array<std::string_view, 17> kVoid = {
    "area", "base", "br",    "col",    "embed", "hr",  "img",   "input",  "keygen",
    "link", "meta", "param", "source", "track", "wbr", "frame", "command"};
// Their texts have no escapes.
constexpr std::array<std::string_view, 8> kRaw = {"iframe",    "noembed", "noframes", "noscript",
                                                  "plaintext", "script",  "style",    "xmp"};

bool IsOneOf(std::string_view name, const auto& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void AppendEscaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\r':
        out += "&#13;";
        break;
      default:
        out += c;
    }
  }
}

class Renderer {
 public:
  explicit Renderer(const Document& document) : document_(document) {}

  // Nodes from `begin` up to `end`, whole subtrees.
  std::string Run(NodeId begin, NodeId end) {
    for (NodeId node = begin; node < end; ++node) {
      CloseBefore(node);
      Open(node);
    }
    CloseBefore(end);
    return std::move(out_);
  }

 private:
  void CloseBefore(NodeId node) {
    while (!open_.empty() && document_.end(open_.back()) <= node) {
      out_.append("</").append(document_.name(open_.back())) += '>';
      open_.pop_back();
    }
  }

  void Open(NodeId node) {
    switch (document_.type(node)) {
      case NodeType::kDocument:
        return;
      case NodeType::kDoctype:
        return Doctype(node);
      case NodeType::kComment:
        out_.append("<!--").append(document_.text(node)) += "-->";
        return;
      case NodeType::kText:
        return Text(node);
      case NodeType::kElement:
        return Element(node);
    }
  }

  void Doctype(NodeId node) {
    out_.append("<!DOCTYPE ").append(document_.name(node));
    const std::string_view public_id = document_.attribute(node, 0).value;
    const std::string_view system_id = document_.attribute(node, 1).value;
    if (!public_id.empty()) {
      out_.append(" PUBLIC \"").append(public_id) += '"';
    } else if (!system_id.empty()) {
      out_ += " SYSTEM";
    }
    if (!system_id.empty()) out_.append(" \"").append(system_id) += '"';
    out_ += '>';
  }

  void Text(NodeId node) {
    const NodeId parent = document_.parent_element(node);
    if (parent != kNoNode && IsOneOf(document_.name(parent), kRaw)) {
      out_ += document_.text(node);
    } else {
      AppendEscaped(out_, document_.text(node));
    }
  }

  void Element(NodeId node) {
    const std::string_view name = document_.name(node);
    out_.append("<").append(name);
    for (size_t i = 0; i < document_.attribute_count(node); ++i) {
      const Attribute attribute = document_.attribute(node, i);
      out_.append(" ").append(attribute.name) += "=\"";
      AppendEscaped(out_, attribute.value);
      out_ += '"';
    }
    if (IsOneOf(name, kVoid)) {
      out_ += "/>";
      return;
    }
    out_ += '>';
    // The parser drops the first line break in these.
    const NodeId child = document_.first_child(node);
    if (child != kNoNode && document_.text(child).substr(0, 1) == "\n" &&
        (name == "pre" || name == "textarea" || name == "listing")) {
      out_ += '\n';
    }
    open_.push_back(node);
  }

  const Document& document_;
  std::string out_;
  std::vector<NodeId> open_;
};

}  // namespace

std::string OuterHtml(const Document& document, NodeId node) {
  return Renderer(document).Run(node, document.end(node));
}

std::string InnerHtml(const Document& document, NodeId node) {
  return Renderer(document).Run(node + 1, document.end(node));
}

}  // namespace kload::html
