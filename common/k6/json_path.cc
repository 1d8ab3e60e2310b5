#include "common/k6/json_path.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "common/base/status.h"
#include "common/k6/json_walk.h"

namespace kload::k6 {
namespace {

using Operator = JsonQuery::Operator;

constexpr int kNestingMax = 16;

constexpr std::array<std::pair<std::string_view, Operator>, 9> kOperators = {{
    {"==", Operator::kEqual},
    {"!=", Operator::kNotEqual},
    {"!%", Operator::kNotLike},
    {"<=", Operator::kAtMost},
    {">=", Operator::kAtLeast},
    {"=", Operator::kEqual},
    {"<", Operator::kLess},
    {">", Operator::kGreater},
    {"%", Operator::kLike},
}};

absl::Status Wrong(std::string_view path, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("json selector '{}': {}", path, what));
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// Behind the string that begins at `at`.
size_t StringEnd(std::string_view text, size_t at) {
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      return i + 1;
  }
  return text.size();
}

// Where the parenthesis at `at` is closed.
std::optional<size_t> ClosingOf(std::string_view text, size_t at) {
  int depth = 0;
  for (size_t i = at; i < text.size(); ++i) {
    if (text[i] == '"')
      i = StringEnd(text, i) - 1;
    else if (text[i] == '(')
      ++depth;
    else if (text[i] == ')' && --depth == 0)
      return i;
  }
  return std::nullopt;
}

// Where the operator of a query is, and which; not within strings or inner queries.
std::optional<std::pair<size_t, size_t>> FindOperator(std::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      i = StringEnd(text, i) - 1;
      continue;
    }
    if (text[i] == '(') ++depth;
    if (text[i] == ')') --depth;
    if (depth > 0) continue;
    for (size_t k = 0; k < kOperators.size(); ++k) {
      if (text.substr(i).starts_with(kOperators[k].first)) return std::pair(i, k);
    }
  }
  return std::nullopt;
}

absl::StatusOr<JsonPath> Parse(std::string_view path, int nesting);

absl::StatusOr<JsonQuery> ParseQuery(std::string_view text, int nesting) {
  JsonQuery query;
  const auto found = FindOperator(text);
  const std::string_view left = Trim(text.substr(0, found ? found->first : text.size()));
  if (!left.empty()) {
    KLOAD_ASSIGN_OR_RETURN(query.path, Parse(left, nesting + 1));
  }
  if (!found) return query;
  query.op = kOperators[found->second].second;
  const std::string_view right =
      Trim(text.substr(found->first + kOperators[found->second].first.size()));
  query.quoted = right.size() > 1 && right.front() == '"' && right.back() == '"';
  query.value = query.quoted ? UnescapeJson(right.substr(1, right.size() - 2)) : std::string(right);
  return query;
}

absl::StatusOr<JsonPath> Parse(std::string_view path, int nesting) {
  if (nesting > kNestingMax) return Wrong(path, "its queries are nested too deeply");
  JsonPath parts(1);
  for (size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    JsonPart& part = parts.back();
    if (c == '\\' && i + 1 < path.size()) {
      part.key += path[++i];
    } else if (c == '.') {
      parts.emplace_back();
    } else if (c == '(' && part.key == "#") {
      const auto end = ClosingOf(path, i);
      if (!end) return Wrong(path, "the query #(...) is not closed");
      KLOAD_ASSIGN_OR_RETURN(JsonQuery query,
                             ParseQuery(path.substr(i + 1, *end - i - 1), nesting));
      query.all = *end + 1 < path.size() && path[*end + 1] == '#';
      i = *end + (query.all ? 1 : 0);
      part.query = std::make_shared<const JsonQuery>(std::move(query));
    } else if (c == '|' || (c == '@' && part.key.empty())) {
      return Wrong(path, fmt::format("'{}' is not available in kload; use json() and plain "
                                     "JavaScript",
                                     c));
    } else {
      part.wildcard |= c == '*' || c == '?';
      part.key += c;
    }
  }
  for (JsonPart& part : parts) part.each = part.key == "#" && part.query == nullptr;
  return parts;
}

}  // namespace

absl::StatusOr<JsonPath> ParseJsonPath(std::string_view path) { return Parse(path, 0); }

bool MatchesWildcard(std::string_view pattern, std::string_view text) {
  // The last * and what it stands for so far: when the rest fails, it takes one more.
  size_t star = std::string_view::npos;
  size_t retry = 0;
  size_t p = 0;
  size_t t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace kload::k6
