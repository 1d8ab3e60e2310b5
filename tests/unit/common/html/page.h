// Helpers of the tests of common/html: pages and sets of nodes as short texts.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/html/document.h"
#include "common/html/selector.h"

namespace kload::html {

using Page = std::shared_ptr<const Document>;

inline Page Parse(std::string_view source) {
  auto document = Document::Parse(source);
  EXPECT_TRUE(document.ok()) << Message(document.status());
  return document.ok() ? *document : nullptr;
}

// "p#a" for an element with an id, "p" without, "'text'", "<!--comment-->", "document", "doctype".
inline std::string Show(const Document& page, NodeId node) {
  if (node == kNoNode) return "none";
  switch (page.type(node)) {
    case NodeType::kDocument:
      return "document";
    case NodeType::kDoctype:
      return "doctype";
    case NodeType::kText:
      return "'" + std::string(page.text(node)) + "'";
    case NodeType::kComment:
      return "<!--" + std::string(page.text(node)) + "-->";
    case NodeType::kElement:
      break;
  }
  const auto id = page.FindAttribute(node, "id");
  return std::string(page.name(node)) + (id ? "#" + std::string(*id) : "");
}

inline std::vector<std::string> Show(const Document& page, const std::vector<NodeId>& nodes) {
  std::vector<std::string> shown;
  for (const NodeId node : nodes) shown.push_back(Show(page, node));
  return shown;
}

inline std::vector<NodeId> Find(const Document& page, std::string_view selector,
                                NodeId scope = kDocumentNode) {
  const auto parsed = Selector::Parse(selector);
  EXPECT_TRUE(parsed.ok()) << Message(parsed.status());
  return parsed.ok() ? parsed->Find(page, scope) : std::vector<NodeId>();
}

// The first one; kNoNode fails the test.
inline NodeId One(const Document& page, std::string_view selector) {
  const std::vector<NodeId> found = Find(page, selector);
  EXPECT_FALSE(found.empty()) << selector;
  return found.empty() ? kDocumentNode : found[0];
}

}  // namespace kload::html
