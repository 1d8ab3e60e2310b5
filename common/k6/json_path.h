// A selector of Response.json(), taken apart.
//
// Thread: plain values, pure functions.
// Source: the path syntax that k6's documentation refers to (gjson), without its modifiers and pipes.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kload::k6 {

struct JsonQuery;

// What stands between two dots.
struct JsonPart {
  std::string key;
  bool wildcard = false;  // * and ? in the key stand for others
  bool each = false;      // #: the length, or the rest of the path in every element
  std::shared_ptr<const JsonQuery>
      query;  // #(...): the first element that answers it; #(...)#: all
};
using JsonPath = std::vector<JsonPart>;

// path op value; an empty path means the element itself. Without an operator: the path leads somewhere.
struct JsonQuery {
  enum class Operator {
    kExists,
    kEqual,
    kNotEqual,
    kLess,
    kAtMost,
    kGreater,
    kAtLeast,
    kLike,
    kNotLike
  };
  JsonPath path;  // empty: the element
  Operator op = Operator::kExists;
  std::string value;    // as written; a string without its quotes
  bool quoted = false;  // it was a string
  bool all = false;
};

// Errors: InvalidArgument for a query that is not closed, and for what kload does not have: modifiers @, pipes |.
absl::StatusOr<JsonPath> ParseJsonPath(std::string_view path);

// Whether the text is what the pattern, with * and ?, stands for.
bool MatchesWildcard(std::string_view pattern, std::string_view text);

}  // namespace kload::k6
