#include <algorithm>
#include <limits>

#include "common/base/ascii.h"
#include "common/html/ascii.h"
#include "common/html/form.h"
#include "common/html/selector.h"
#include "common/html/selector_tree.h"

namespace kload::html {
namespace {

bool HasWord(std::string_view text, std::string_view word) {
  if (word.empty()) return false;
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || IsBlank(text[at - 1])) && (end == text.size() || IsBlank(text[end]))) {
      return true;
    }
  }
  return false;
}

bool Begins(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}
bool Ends(std::string_view text, std::string_view with) {
  return text.size() >= with.size() && text.substr(text.size() - with.size()) == with;
}

// `value` as the text has it, or "en" of "en-US".
bool IsDashed(std::string_view text, std::string_view value) {
  return Begins(text, value) && (text.size() == value.size() || text[value.size()] == '-');
}

bool Compare(const Simple& simple, std::string_view text) {
  const std::string_view value = simple.value;
  switch (simple.op) {
    case AttributeOp::kExists:
      return true;
    case AttributeOp::kEquals:
      return text == value;
    case AttributeOp::kNotEquals:
      return text != value;
    case AttributeOp::kWord:
      return HasWord(text, value);
    case AttributeOp::kDash:
      return IsDashed(text, value);
    case AttributeOp::kPrefix:
      return !value.empty() && Begins(text, value);
    case AttributeOp::kSuffix:
      return !value.empty() && Ends(text, value);
    case AttributeOp::kPart:
      return !value.empty() && text.find(value) != std::string_view::npos;
    case AttributeOp::kRegex:
      return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *simple.regex);
  }
  return false;
}

// One document and, for selectors that begin with a combinator, one scope.
class Matcher {
 public:
  Matcher(const Document& document, NodeId scope) : document_(document), scope_(scope) {}

  bool Matches(const SelectorList& list, NodeId node) const {
    return document_.is_element(node) &&
           std::any_of(list.alternatives.begin(), list.alternatives.end(),
                       [&](const Complex& complex) {
                         return MatchesUpTo(complex, complex.compounds.size() - 1, node);
                       });
  }

 private:
  // Whether `node` matches compound `last` and there is something for each one on its left.
  bool MatchesUpTo(const Complex& complex, size_t last, NodeId node) const {
    const Compound& compound = complex.compounds[last];
    for (const Simple& simple : compound.tests) {
      if (!Passes(simple, node)) return false;
    }
    if (last == 0 && !complex.anchored) return true;
    const auto left = [&](NodeId candidate) {
      if (last == 0) return candidate == scope_;
      return document_.is_element(candidate) && MatchesUpTo(complex, last - 1, candidate);
    };
    return AnyOnTheLeft(compound.combinator, node, left);
  }

  bool AnyOnTheLeft(Combinator combinator, NodeId node, const auto& left) const {
    switch (combinator) {
      case Combinator::kChild: {
        const NodeId parent = document_.parent(node);
        return parent != kNoNode && left(parent);
      }
      case Combinator::kDescendant:
        for (NodeId at = document_.parent(node); at != kNoNode; at = document_.parent(at)) {
          if (left(at)) return true;
        }
        return false;
      case Combinator::kNext: {
        const NodeId previous = document_.previous_element(node);
        return previous != kNoNode && left(previous);
      }
      case Combinator::kSubsequent:
        for (NodeId at = document_.previous_element(node); at != kNoNode;
             at = document_.previous_element(at)) {
          if (left(at)) return true;
        }
        return false;
    }
    return false;
  }

  bool Passes(const Simple& simple, NodeId node) const {
    switch (simple.test) {
      case Test::kType:
        return simple.name.empty() || EqualsIgnoringCase(document_.name(node), simple.name);
      case Test::kId:
        return document_.FindAttribute(node, "id") == std::string_view(simple.name);
      case Test::kClass:
        return HasWord(document_.AttributeOr(node, "class"), simple.name);
      case Test::kAttribute:
        return PassesAttribute(simple, node);
      case Test::kNot:
        return !Matches(*simple.inner, node);
      case Test::kIs:
        return Matches(*simple.inner, node);
      case Test::kHas:
      case Test::kHasChild:
        return PassesHas(simple, node);
      default:
        return PassesPseudoClass(simple, node);
    }
  }

  bool PassesAttribute(const Simple& simple, NodeId node) const {
    const auto text = document_.FindAttribute(node, simple.name);
    // As jQuery has it: what is not there is not equal.
    if (!text.has_value()) return simple.op == AttributeOp::kNotEquals;
    return simple.ignore_case ? Compare(simple, Lower(*text)) : Compare(simple, *text);
  }

  bool PassesPseudoClass(const Simple& simple, NodeId node) const {
    switch (simple.test) {
      case Test::kNthChild:
        return PassesCount(simple, node);
      case Test::kOnlyChild:
        return PositionOf(node, simple.of_type, false, 1) == 1 &&
               PositionOf(node, simple.of_type, true, 1) == 1;
      case Test::kEmpty:
        return IsEmpty(node);
      case Test::kRoot:
        return document_.parent(node) == kDocumentNode;
      case Test::kInput:
        return document_.is(node, "input") || document_.is(node, "select") ||
               document_.is(node, "textarea") || document_.is(node, "button");
      case Test::kChecked:
        return IsChecked(document_, node);
      case Test::kEnabled:
        return CanBeDisabled(document_, node) && !IsDisabled(document_, node);
      case Test::kDisabled:
        return IsDisabled(document_, node);
      case Test::kLink:
        return (document_.is(node, "a") || document_.is(node, "area") ||
                document_.is(node, "link")) &&
               document_.HasAttribute(node, "href");
      case Test::kLang:
        return PassesLang(simple, node);
      case Test::kContains:
        return Lower(TextOf(node, simple.own)).find(simple.value) != std::string::npos;
      case Test::kMatchesRegex:
        return re2::RE2::PartialMatch(TextOf(node, simple.own), *simple.regex);
      default:
        return false;
    }
  }

  bool PassesHas(const Simple& simple, NodeId node) const {
    const Matcher within(document_, node);
    for (const Complex& complex : simple.inner->alternatives) {
      const bool beside =
          complex.anchored && (complex.compounds[0].combinator == Combinator::kNext ||
                               complex.compounds[0].combinator == Combinator::kSubsequent);
      const NodeId parent = document_.parent(node);
      const NodeId end = beside && parent != kNoNode ? document_.end(parent) : document_.end(node);
      for (NodeId at = node + 1; at < end; ++at) {
        if (!document_.is_element(at)) continue;
        if (simple.test == Test::kHasChild && document_.parent(at) != node) continue;
        if (within.MatchesUpTo(complex, complex.compounds.size() - 1, at)) return true;
      }
    }
    return false;
  }

  bool PassesCount(const Simple& simple, NodeId node) const {
    // Beyond the last position that can match, counting is no use.
    const int last = simple.step > 0 ? std::numeric_limits<int>::max() : simple.offset;
    const int rest = PositionOf(node, simple.of_type, simple.from_end, last) - simple.offset;
    return simple.step == 0 ? rest == 0 : rest % simple.step == 0 && rest / simple.step >= 0;
  }

  // From 1, among the element's siblings; some number above `last` when it is one.
  int PositionOf(NodeId node, bool of_type, bool from_end, int last) const {
    int position = 1;
    for (NodeId at = node; position <= last;) {
      at = from_end ? document_.next_element(at) : document_.previous_element(at);
      if (at == kNoNode) break;
      if (!of_type || document_.name(at) == document_.name(node)) ++position;
    }
    return position;
  }

  bool IsEmpty(NodeId node) const {
    for (NodeId at = node + 1; at < document_.end(node); ++at) {
      if (document_.type(at) != NodeType::kComment) return false;
    }
    return true;
  }

  bool PassesLang(const Simple& simple, NodeId node) const {
    for (NodeId at = node; at != kNoNode; at = document_.parent_element(at)) {
      if (const auto lang = document_.FindAttribute(at, "lang")) {
        return IsDashed(Lower(*lang), simple.value);
      }
    }
    return false;
  }

  std::string TextOf(NodeId node, bool own) const {
    if (!own) return document_.TextContent(node);
    std::string text;
    for (NodeId at = document_.first_child(node); at != kNoNode; at = document_.next(at)) {
      if (document_.type(at) == NodeType::kText) text += document_.text(at);
    }
    return text;
  }

  const Document& document_;
  const NodeId scope_;
};

}  // namespace

bool Selector::Matches(const Document& document, NodeId node, NodeId scope) const {
  return Matcher(document, scope).Matches(*list_, node);
}

std::vector<NodeId> Selector::Find(const Document& document, NodeId scope) const {
  std::vector<NodeId> found;
  const Matcher matcher(document, scope);
  for (NodeId node = scope + 1; node < document.end(scope); ++node) {
    if (matcher.Matches(*list_, node)) found.push_back(node);
  }
  return found;
}

NodeId Selector::FindFirst(const Document& document, NodeId scope) const {
  const Matcher matcher(document, scope);
  for (NodeId node = scope + 1; node < document.end(scope); ++node) {
    if (matcher.Matches(*list_, node)) return node;
  }
  return kNoNode;
}

}  // namespace kload::html
