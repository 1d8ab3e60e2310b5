#include "common/k6/json_select.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "common/k6/json_path.h"
#include "common/k6/json_walk.h"

namespace kload::k6 {
namespace {

// The elements of an array, or the member values of an object that match a key; all of them or just the first.
std::vector<std::string_view> Members(std::string_view value, const JsonPart* key) {
  std::vector<std::string_view> found;
  JsonCursor cursor(value);
  const bool keyed = value.front() == '{';
  cursor.Take(value.front());
  for (cursor.SkipBlanks(); cursor.peek() != '}' && cursor.peek() != ']'; cursor.SkipBlanks()) {
    bool take = true;
    if (keyed) {
      const size_t begin = cursor.at();
      if (!cursor.SkipString()) break;
      const std::string name = UnescapeJson(value.substr(begin + 1, cursor.at() - begin - 2));
      take = key == nullptr || (key->wildcard ? MatchesWildcard(key->key, name) : key->key == name);
      cursor.SkipBlanks();
      cursor.Take(':');
    }
    cursor.SkipBlanks();
    const size_t begin = cursor.at();
    if (!cursor.SkipValue()) break;
    if (take) found.push_back(value.substr(begin, cursor.at() - begin));
    if (take && keyed) break;
    cursor.SkipBlanks();
    if (!cursor.Take(',')) break;
  }
  return found;
}

using Part = const JsonPart*;

std::optional<std::string> Select(std::string_view value, Part part, Part end);

std::optional<double> NumberOf(std::string_view text) {
  double number = 0;
  const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || last != text.data() + text.size()) return std::nullopt;
  return number;
}

template <typename T>
bool Compare(JsonQuery::Operator op, const T& left, const T& right) {
  using Operator = JsonQuery::Operator;
  switch (op) {
    case Operator::kEqual:
      return left == right;
    case Operator::kNotEqual:
      return left != right;
    case Operator::kLess:
      return left < right;
    case Operator::kAtMost:
      return left <= right;
    case Operator::kGreater:
      return left > right;
    case Operator::kAtLeast:
      return left >= right;
    default:
      return false;
  }
}

// Values of different types are different, and in no order.
bool Answers(std::string_view element, const JsonQuery& query) {
  using Operator = JsonQuery::Operator;
  const std::optional<std::string> left =
      query.path.empty()
          ? std::string(element)
          : Select(element, query.path.data(), query.path.data() + query.path.size());
  if (!left.has_value()) return false;
  if (query.op == Operator::kExists) return true;
  if (left->front() == '"') {
    const std::string text = UnescapeJson(std::string_view(*left).substr(1, left->size() - 2));
    if (query.op == Operator::kLike) return MatchesWildcard(query.value, text);
    if (query.op == Operator::kNotLike) return !MatchesWildcard(query.value, text);
    const bool other_type = !query.quoted && (NumberOf(query.value) || query.value == "true" ||
                                              query.value == "false" || query.value == "null");
    return other_type ? query.op == Operator::kNotEqual : Compare(query.op, text, query.value);
  }
  const auto number = NumberOf(*left);
  const auto wanted = query.quoted ? std::nullopt : NumberOf(query.value);
  if (number && wanted) return Compare(query.op, *number, *wanted);
  const bool same = !query.quoted && *left == query.value;  // true, false, null
  if (query.op == Operator::kEqual) return same;
  return query.op == Operator::kNotEqual && !same;
}

// The rest of the path in each of the elements, as an array of where it leads somewhere.
std::string SelectEach(const std::vector<std::string_view>& elements, Part part, Part end) {
  std::string joined;
  for (const std::string_view element : elements) {
    const auto selected = Select(element, part, end);
    if (selected.has_value()) joined += (joined.empty() ? "" : ",") + *selected;
  }
  return "[" + joined + "]";
}

std::optional<std::string> SelectElement(const std::vector<std::string_view>& elements, Part part,
                                         Part end) {
  if (part->query != nullptr) {
    std::vector<std::string_view> found;
    for (const std::string_view element : elements) {
      if (!Answers(element, *part->query)) continue;
      if (!part->query->all) return Select(element, part + 1, end);
      found.push_back(element);
    }
    if (!part->query->all) return std::nullopt;
    return SelectEach(found, part + 1, end);
  }
  if (part->each) {
    if (part + 1 == end) return fmt::format("{}", elements.size());
    return SelectEach(elements, part + 1, end);
  }
  const std::string& key = part->key;
  const bool index =
      !key.empty() && key.size() <= 9 && key.find_first_not_of("0123456789") == std::string::npos;
  if (!index || std::stoul(key) >= elements.size()) return std::nullopt;
  return Select(elements[std::stoul(key)], part + 1, end);
}

std::optional<std::string> Select(std::string_view value, Part part, Part end) {
  if (part == end) return std::string(value);
  if (value.front() == '{') {
    const auto found = Members(value, part);
    if (found.empty()) return std::nullopt;
    return Select(found.front(), part + 1, end);
  }
  if (value.front() != '[') return std::nullopt;
  return SelectElement(Members(value, nullptr), part, end);
}

}  // namespace

std::optional<size_t> FindJsonError(std::string_view text) {
  JsonCursor cursor(text);
  if (!cursor.SkipValue()) return cursor.at();
  cursor.SkipBlanks();
  if (!cursor.done()) return cursor.at();
  return std::nullopt;
}

std::string LineAndColumn(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t newline = before.rfind('\n');
  const size_t column = newline == std::string_view::npos ? offset : offset - newline - 1;
  return fmt::format("line {}, column {}", line, column + 1);
}

absl::StatusOr<std::optional<std::string>> SelectJson(std::string_view text,
                                                      std::string_view path) {
  const auto parts = ParseJsonPath(path);
  if (!parts.ok()) return parts.status();
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return std::nullopt;
  return Select(text.substr(begin), parts->data(), parts->data() + parts->size());
}

}  // namespace kload::k6
