// `name{tag:value,...}`: the left side of the option `thresholds`.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "controller/verdict/threshold.h"

namespace kload::controller {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view Trim(std::string_view text, std::string_view what) {
  const size_t begin = text.find_first_not_of(what);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(what) - begin + 1);
}

// Where the value that begins at `from` ends: at the next comma or at `end`, but not within quotes.
size_t EndOfValue(std::string_view text, size_t from, size_t end) {
  const size_t first = text.find_first_not_of(kBlanks, from);
  if (first < end && (text[first] == '"' || text[first] == '\'')) {
    const size_t closing = text.find(text[first], first + 1);
    if (closing < end) {
      const size_t after = std::min(text.find_first_not_of(kBlanks, closing + 1), end);
      if (after == end || text[after] == ',') return after;
    }
  }
  return std::min(text.find(',', from), end);
}

class SelectorParser {
 public:
  explicit SelectorParser(std::string_view text) : text_(text) {}

  absl::StatusOr<Selector> Parse() {
    const size_t open = text_.find('{');
    Selector selector;
    selector.metric = Trim(text_.substr(0, open), kBlanks);
    if (selector.metric.empty()) return Expected("a metric's name", 0);
    if (open == std::string_view::npos) {
      if (const size_t stray = text_.find('}'); stray != std::string_view::npos) {
        return Expected("a { before the }", stray);
      }
      return selector;
    }
    const size_t close = text_.find_last_not_of(kBlanks);
    if (text_[close] != '}') return Expected("a } at the end", close + 1);
    if (Trim(text_.substr(open + 1, close - open - 1), kBlanks).empty()) {
      return Expected("tag:value between { and }", open + 1);
    }
    if (absl::Status tags = ParseTags(open + 1, close, selector.tags); !tags.ok()) return tags;
    return selector;
  }

 private:
  absl::Status ParseTags(size_t from, size_t end, Tags& tags) {
    while (true) {
      const size_t colon = std::min(text_.find(':', from), end);
      if (colon == end || text_.find(',', from) < colon) return Expected("tag:value", from);
      const std::string_view name = Trim(Trim(text_.substr(from, colon - from), kBlanks), "\"'");
      if (name.empty()) return Expected("a tag's name before the colon", from);
      const size_t value_end = EndOfValue(text_, colon + 1, end);
      const std::string_view value =
          Trim(Trim(text_.substr(colon + 1, value_end - colon - 1), kBlanks), "\"'");
      if (FindTag(tags, name) != nullptr) {
        return Expected(fmt::format("tag \"{}\" only once", name), from);
      }
      tags.emplace_back(name, value);
      std::sort(tags.begin(), tags.end());
      if (value_end == end) return absl::OkStatus();
      from = value_end + 1;
    }
  }

  absl::Status Expected(std::string_view what, size_t offset) const {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": expected {} at column {}", text_, what, offset + 1));
  }

  const std::string_view text_;
};

}  // namespace

absl::StatusOr<Selector> ParseSelector(std::string_view text) {
  return SelectorParser(text).Parse();
}

std::vector<std::string> SelectedTags(const std::vector<ThresholdSpec>& specs) {
  std::vector<std::string> names;
  for (const ThresholdSpec& spec : specs) {
    const absl::StatusOr<Selector> selector = ParseSelector(spec.selector);
    if (!selector.ok()) continue;
    for (const auto& [name, value] : selector->tags) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace kload::controller
