// Which series of a page an expression means: name{label="v",label!="v",label=~"re",label!~"re"}.
//
// Thread: values; Matches() may be called by any thread, by one at a time.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "controller/watch/exposition.h"

namespace re2 {
class RE2;
}

namespace kload::watch {

enum class MatchOp { kEqual, kNotEqual, kMatches, kNotMatches };

struct Matcher {
  std::string label;
  MatchOp op = MatchOp::kEqual;
  std::string value;  // a text, or a regular expression that the whole value has to match
  std::shared_ptr<const re2::RE2> re;  // of kMatches and kNotMatches; copies share it
};

struct Selector {
  std::string name;
  std::vector<Matcher> matchers;

  // A label that a series does not have is one with the empty text. The name is not looked at.
  bool Matches(const Labels& labels) const;
};

// Errors: InvalidArgument with RE2's words for a pattern that it does not take, or that takes more than 1 MiB.
absl::StatusOr<Matcher> MakeMatcher(std::string label, MatchOp op, std::string value);

}  // namespace kload::watch
