#include "controller/merge/selector.h"

#include <algorithm>

namespace kload::controller {

bool Matches(const Selector& selector, const Tags& tags) {
  return std::all_of(selector.tags.begin(), selector.tags.end(), [&](const auto& wanted) {
    const std::string* value = FindTag(tags, wanted.first);
    return value != nullptr && *value == wanted.second;
  });
}

std::string ToString(const Selector& selector) {
  if (selector.tags.empty()) return selector.metric;
  std::string text = selector.metric + "{";
  for (const auto& [name, value] : selector.tags) {
    if (text.back() != '{') text += ',';
    text += name + ":" + value;
  }
  return text + "}";
}

}  // namespace kload::controller
