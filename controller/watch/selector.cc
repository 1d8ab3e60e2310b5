#include "controller/watch/selector.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <utility>

namespace kload::watch {
namespace {

constexpr int64_t kPatternBytesMax = 1024 * 1024;  // compiled

bool MatchesOne(const Matcher& matcher, const std::string& value) {
  switch (matcher.op) {
    case MatchOp::kEqual:
      return value == matcher.value;
    case MatchOp::kNotEqual:
      return value != matcher.value;
    case MatchOp::kMatches:
      return re2::RE2::FullMatch(value, *matcher.re);
    case MatchOp::kNotMatches:
      return !re2::RE2::FullMatch(value, *matcher.re);
  }
  return false;
}

}  // namespace

bool Selector::Matches(const Labels& labels) const {
  static const std::string none;
  return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& matcher) {
    const auto found = labels.find(matcher.label);
    return MatchesOne(matcher, found == labels.end() ? none : found->second);
  });
}

absl::StatusOr<Matcher> MakeMatcher(std::string label, MatchOp op, std::string value) {
  Matcher matcher{std::move(label), op, std::move(value), nullptr};
  if (op == MatchOp::kEqual || op == MatchOp::kNotEqual) return matcher;
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternBytesMax);
  matcher.re = std::make_shared<const re2::RE2>(matcher.value, options);
  if (matcher.re->ok()) return matcher;
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is no regular expression: {}", matcher.value, matcher.re->error()));
}

}  // namespace kload::watch
